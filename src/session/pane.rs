//! PANES: one row per pane with the sections that it reads and the panels that it has. The drawing functions stand in
//! `view::pane`, so that a session never sees a view. Called by `session` (needs, panels) and `view` (titles).

use crate::model::section::SectionKey;

/// Names a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaneId {
    /// The diagram.
    Stack,
    /// One ECS service.
    Service,
    /// The load balancer.
    Balancer,
    /// Redis.
    Cache,
    /// The database.
    Database,
    /// Alarms.
    Alarms,
    /// The log tail.
    Logs,
    /// What changed.
    Timeline,
}

/// One panel of a pane.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    /// Its name in the tab strip and its own title.
    pub title: &'static str,
    /// It has rows that can be selected.
    pub list: bool,
    /// Enter on a row leads somewhere.
    pub opens: bool,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct PaneRow {
    /// Names it.
    pub id: PaneId,
    /// The sections that it reads.
    pub needs: &'static [SectionKey],
    /// Its panels in reading order.
    pub panels: &'static [Panel],
}

const fn k(name: &'static str) -> SectionKey {
    SectionKey(name)
}

const fn list(title: &'static str) -> Panel {
    Panel { title, list: true, opens: false }
}

const fn opens(title: &'static str) -> Panel {
    Panel { title, list: true, opens: true }
}

/// What header and health need on every screen.
pub const ALWAYS: &[SectionKey] = &[
    k("identity"),
    k("balancer"),
    k("routing"),
    k("targets"),
    k("services"),
    k("tasks"),
    k("stopped_tasks"),
    k("deployments"),
    k("scaling"),
    k("cluster"),
    k("cache"),
    k("cache_nodes"),
    k("cache_events"),
    k("database"),
    k("database_events"),
    k("database_settings"),
    k("alarms"),
    k("metrics"),
];

/// All panes.
pub const PANES: &[PaneRow] = &[
    PaneRow { id: PaneId::Stack, needs: &[k("scaling_activities"), k("logs")], panels: &[] },
    PaneRow {
        id: PaneId::Service,
        needs: &[k("scaling_activities"), k("task_definitions"), k("logs")],
        panels: &[opens("Tasks"), list("Deployments"), list("Events"), list("Scaling")],
    },
    PaneRow { id: PaneId::Balancer, needs: &[], panels: &[list("Targets"), list("Listeners and rules"), list("Target groups")] },
    PaneRow { id: PaneId::Cache, needs: &[], panels: &[list("Nodes"), list("Events")] },
    PaneRow { id: PaneId::Database, needs: &[], panels: &[list("Events")] },
    PaneRow { id: PaneId::Alarms, needs: &[k("alarm_history")], panels: &[list("Alarms"), list("History")] },
    PaneRow { id: PaneId::Logs, needs: &[k("logs"), k("log_group")], panels: &[Panel { title: "Log", list: false, opens: false }] },
    PaneRow { id: PaneId::Timeline, needs: &[k("scaling_activities"), k("alarm_history")], panels: &[opens("Timeline")] },
];

/// The row of a pane; every id has one (a test holds that).
pub fn row(id: PaneId) -> &'static PaneRow {
    const NONE: &PaneRow = &PaneRow { id: PaneId::Stack, needs: &[], panels: &[] };
    PANES.iter().find(|p| p.id == id).unwrap_or(NONE)
}
