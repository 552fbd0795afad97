//! `panes!`: one row per pane with the sections that it reads, its panels, and what Enter on their rows does. One file per
//! pane holds its row and the functions that yield the rows of its lists. The drawing functions stand in `view::pane`, so
//! that a session never sees a view. Called by `session` (needs, panels, rows) and `view` (titles, rows).

pub(crate) mod alarms;
pub(crate) mod balancer;
pub(crate) mod cache;
pub(crate) mod charts;
pub(crate) mod dashboards;
pub(crate) mod database;
pub(crate) mod delivery;
pub(crate) mod edge;
pub(crate) mod flows;
pub(crate) mod incidents;
pub(crate) mod json;
pub(crate) mod logs;
pub(crate) mod network;
pub(crate) mod problems;
pub(crate) mod queries;
pub(crate) mod runbook;
pub(crate) mod security;
pub(crate) mod service;
pub(crate) mod stack;
pub(crate) mod storage;
pub(crate) mod timeline;
pub(crate) mod verify;
pub(crate) mod zones;

use super::ListState;
use super::Session;
use super::column::Column;
use super::rows::Ids;
use crate::input::Jump;
use crate::insight::NodeId;
use crate::model::identity::Identity;
use crate::model::network::Zones;
use crate::model::resource::Resource;
use crate::model::section::Section;
use crate::model::section::SectionKey;
use crate::model::service::Cluster;

/// Which rows of a list are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// What the pane is about: a service's name, else empty.
    pub subject: &'q str,
    /// Which rows are shown, and in which order.
    pub(crate) list: &'q ListState,
}

/// Where Enter on a row leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// To what a node's box opens.
    Node(NodeId),
    /// To the log, filtered by this.
    Logs(String),
    /// To a runbook of this name.
    Runbook(String),
    /// Back to a walk, by its id.
    Walk(String),
    /// To what a query of this name costs.
    Query(String),
    /// To another panel of the same pane.
    Panel(usize),
}

/// The identities of a list's rows, in the order in which they are shown.
pub(crate) type Rows = for<'a> fn(&'a Session, &Query<'_>) -> Ids<'a>;

/// What Enter on the row of that index does.
pub(crate) type Enter = fn(&Session, &Query<'_>, usize) -> Option<Lead>;

/// What the row of that index is in AWS.
pub(crate) type Is = fn(&Session, &Query<'_>, usize) -> Option<Resource>;

/// One panel of a pane.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    /// Its name in the tab strip and its own title.
    pub title: &'static str,
    /// Its rows, if it is a list.
    pub rows: Option<Rows>,
    /// Where its rows lead, if they do.
    pub enter: Option<Enter>,
    /// What its rows are in AWS, if they are.
    pub(crate) is: Option<Is>,
    /// Its columns, where it is a table that can be sorted.
    pub(crate) columns: &'static [Column],
}

impl Panel {
    /// Whose rows are this in AWS.
    const fn is(self, is: Is) -> Self {
        Self { is: Some(is), ..self }
    }

    /// Whose rows are sorted by one of these columns.
    const fn columns(self, columns: &'static [Column]) -> Self {
        Self { columns, ..self }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaneRow {
    /// Names it.
    pub id: PaneId,
    /// The key's place that leads here from anywhere.
    pub place: Option<Jump>,
    /// The sections that it reads beyond ALWAYS, or reads more closely while it is open.
    pub needs: &'static [SectionKey],
    /// Its panels in reading order.
    pub panels: &'static [Panel],
}

const fn list(title: &'static str, rows: Rows) -> Panel {
    Panel { title, rows: Some(rows), enter: None, is: None, columns: &[] }
}

const fn opens(title: &'static str, rows: Rows, enter: Enter) -> Panel {
    Panel { title, rows: Some(rows), enter: Some(enter), is: None, columns: &[] }
}

/// What every screen shows beside the health of the nodes, whose sections `insight` knows.
pub(crate) const ALWAYS: &[SectionKey] = &[Identity::KEY, Cluster::KEY, Zones::KEY];

macro_rules! panes {
    ($($(#[$doc:meta])* $pane:ident => $row:expr,)+) => {
        /// Names a pane.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PaneId {
            $($(#[$doc])* $pane),+
        }

        pub(crate) const PANES: &[&PaneRow] = &[$($row),+];

        /// The row of a pane.
        pub(crate) fn row(id: PaneId) -> &'static PaneRow {
            match id {
                $(PaneId::$pane => $row,)+
            }
        }
    };
}

panes! {
    /// The diagram.
    Stack => stack::ROW,
    /// One ECS service.
    Service => service::ROW,
    /// The load balancer.
    Balancer => balancer::ROW,
    /// Redis.
    Cache => cache::ROW,
    Database => database::ROW,
    Alarms => alarms::ROW,
    /// The log tail.
    Logs => logs::ROW,
    /// What changed.
    Timeline => timeline::ROW,
    /// What is happening, and what happened before.
    Incidents => incidents::ROW,
    /// Everything that is not healthy.
    Problems => problems::ROW,
    /// Route 53 and CloudFront.
    Edge => edge::ROW,
    /// VPC, NAT gateways, security groups.
    Network => network::ROW,
    /// S3.
    Storage => storage::ROW,
    /// IAM, KMS, Secrets Manager.
    Security => security::ROW,
    /// ECR, CodeBuild, CodePipeline.
    Delivery => delivery::ROW,
    /// CloudWatch dashboards and Container Insights.
    Dashboards => dashboards::ROW,
    /// Availability zones.
    Zones => zones::ROW,
    /// The flows of the written architecture.
    Flows => flows::ROW,
    /// The live stack against the written architecture.
    Verify => verify::ROW,
    /// The runbooks that there are.
    Runbooks => runbook::LIST,
    /// One walk through a runbook.
    Runbook => runbook::WALK,
    /// The charts of one box in full.
    Charts => charts::ROW,
    /// Queries of Logs Insights.
    Queries => queries::ROW,
    /// One box's part of the state document.
    Json => json::ROW,
}
