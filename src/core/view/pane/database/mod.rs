//! The pane of the database: facts, charts, events; what Performance Insights says of its load and Enhanced Monitoring of
//! its host. What is drawn above the lists belongs to the focused one.

mod host;
mod load;

use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Columns, Detail, keeping, left_over, over, selected, spread};
use super::{Panels, beside, data_events, facts, heading, spacious, split, text};
use crate::insight::NodeId;
use crate::insight::objectives::{Aim, objectives};
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings, Redundancy};
use crate::model::profile::{DatabaseHost, DatabaseLoad};
use crate::session::Screen;
use crate::session::pane::database as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::database as card;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Ink, Phrase};

const EVENTS: usize = 0;
const STATEMENTS: usize = 1;
const WAITS: usize = 2;
const PROCESSES: usize = 3;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let mut title = card::name(v).and(" ", Role::Title);
    if !v.session.stack.other_databases.is_empty() {
        title = title.and(v.stack.database.as_str(), Role::Text).and(" ", Role::Text);
    }
    if let Some(db) = v.store.get::<Database>() {
        title = title
            .and(db.version.as_str(), Role::Text)
            .and("  ", Role::Text)
            .then(card::status(db))
            .and("  ", Role::Text)
            .then(card::zones(db, true));
    }
    let inner = heading(v, &[NodeId::of(System::Database)], title, &freshness::<Database>(v), area, ink);
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return explain(&lines, inner, ink),
    };
    let y = facts(&header(v, db, inner.height < 24), inner, ink);
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    if spacious(area) {
        return wide(v, screen, rest, ink);
    }
    let height = match rest.height {
        0..14 => 0,
        h => super::spare(v, screen, h).min(h * 2 / 5),
    };
    let (top, lists) = split(rest, height);
    picture(v, screen.panel, Rect { y: top.y + 1, height: top.height.saturating_sub(1), ..top }, ink);
    let beneath = match screen.panel {
        // An event is told in full in its own list.
        EVENTS => keeping(v, screen, &PANELS, 0, lists, ink),
        _ => over(v, screen, &PANELS, lists, ink),
    };
    if let Some(found) = detail(v, screen) {
        found.draw(beneath, ink);
    }
}

/// CloudWatch on the left, load and host on the right, the lists beneath.
fn wide(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let height = left_over(v, screen, COLUMNS, area.height, 8);
    let (top, below) = split(area, height);
    let top = Rect { y: top.y + 1, height: top.height.saturating_sub(2), ..top };
    let (left, right) = beside(top, top.width * COLUMNS.percent / 100);
    picture(v, EVENTS, left, ink);
    let (load, host) = split(right, right.height.saturating_sub(host::HEIGHT + 1));
    picture(v, STATEMENTS, load, ink);
    picture(v, PROCESSES, Rect { y: host.y + 1, height: host.height.saturating_sub(1), ..host }, ink);
    let (_, beneath) = spread(v, screen, &PANELS, COLUMNS, below, ink);
    if let Some(found) = detail(v, screen) {
        found.draw(beneath, ink);
    }
}

const COLUMNS: &Columns = &Columns { left: &[EVENTS, PROCESSES], right: &[WAITS, STATEMENTS], percent: 50 };

const PANELS: Panels = Panels {
    fresh: |v, panel| match panel {
        EVENTS => freshness::<DatabaseEvents>(v),
        PROCESSES => freshness::<DatabaseHost>(v),
        _ => freshness::<DatabaseLoad>(v),
    },
    draw: |v, screen, panel, area, ink| match panel {
        EVENTS => events(v, screen, area, ink),
        PROCESSES => host::processes(v, screen, area, ink),
        _ => load::parts(v, screen, panel, area, ink),
    },
};

/// What belongs to a list at one glance.
fn picture(v: &View<'_>, panel: usize, area: Rect, ink: &mut Ink<'_>) {
    match panel {
        EVENTS => grid(&card::charts(v), area, 24, ink),
        PROCESSES => host::draw(v, area, ink),
        _ => load::chart(v, area, ink),
    }
}

fn events(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    match ready::<DatabaseEvents>(v) {
        Ok(_) => {
            let filter = v.session.list(screen.pane, &screen.subject, EVENTS).filter;
            data_events(v, screen, EVENTS, &rows::events(v.store, &filter), area, ink);
        }
        Err(lines) => explain(&lines, area, ink),
    }
}

fn detail<'a>(v: &View<'a>, screen: &Screen) -> Option<Detail<'a>> {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let at = selected(v, screen, screen.panel);
    match screen.panel {
        EVENTS => None,
        PROCESSES => rows::processes(v.store, &state).get(at).map(|(_, p)| host::process(p)),
        panel => load::rows_of(v, panel, &state.filter).get(at).map(|part| load::detail(v, panel, part)),
    }
}

fn header<'a>(v: &View<'a>, db: &'a Database, short: bool) -> Vec<(&'static str, Phrase<'a>)> {
    let restorable = db.latest_restorable.map(|at| at.format("  %H:%M:%SZ").to_string()).unwrap_or_default();
    let members = db.cluster.iter().flat_map(|c| &c.members).map(|m| (m.role(), card::member(m)));
    let mut pairs = vec![
        ("connections", card::connections(v, db)),
        ("free storage", card::storage(v, db)),
        ("restore point", card::restore_lag(v, db).and(restorable, Role::Muted)),
        ("class", text(db.class.as_str())),
    ];
    let pending =
        || db.pending.iter().chain(v.store.get::<DatabaseSettings>().into_iter().flat_map(|s| &s.maintenance)).cloned().collect::<Vec<_>>();
    let waiting = pending();
    let waiting = if waiting.is_empty() { Phrase::of("nothing", Role::Muted) } else { Phrase::of(waiting.join(", "), Role::Info) };
    pairs.extend(members);
    if short {
        return pairs;
    }
    pairs.extend(db.cluster.as_ref().map(|c| ("cluster", text(c.id.as_str()).and(format!("  {}", c.kind()), Role::Muted))));
    pairs.extend(db.replica_of.as_deref().map(|source| ("replica of", text(source))));
    let unknown = || Phrase::of("?", Role::Unknown);
    let on = |on: Option<bool>| match on {
        Some(true) => text("on"),
        Some(false) => Phrase::of("off", Role::Warn),
        None => unknown(),
    };
    let every = |seconds: i32| if seconds > 0 { format!("every {seconds} s") } else { "off".to_owned() };
    let earliest = v.store.get::<DatabaseSettings>().and_then(|s| s.earliest_restorable).map(|at| at.format("%d %b %H:%MZ").to_string());
    let stand = objectives(v.store, v.stack, v.now);
    let promised =
        |aim| stand.iter().find(|o| o.aim == aim).map_or_else(unknown, |o| card::objective(o).and(format!("  {}", o.says), Role::Muted));
    pairs.extend([
        ("pending", waiting),
        ("storage", allocated(db)),
        ("multi-AZ", if db.redundancy() == Redundancy::SingleAz { text("single-AZ") } else { on(db.multi_az) }),
        ("encrypted", on(db.encrypted)),
        ("backups", db.backup_retention.map_or_else(unknown, |days| text(format!("{days} days")))),
        ("restore from", text(earliest.unwrap_or_else(|| "?".to_owned()))),
        ("last failover", promised(Aim::Failover)),
        ("newest backup", promised(Aim::Backup)),
        ("restore test", promised(Aim::RestoreTest)),
        ("monitoring", db.monitoring_interval.map_or_else(unknown, |seconds| text(every(seconds)))),
        ("insights", on(db.performance_insights)),
        ("public", db.public.map_or_else(unknown, |public| if public { Phrase::of("yes", Role::Warn) } else { text("no") })),
        ("parameters", text(db.parameter_group.as_deref().unwrap_or("—"))),
        ("endpoint", text(db.endpoint.as_deref().unwrap_or("—"))),
    ]);
    pairs.extend(db.cluster.as_ref().and_then(|c| c.reader_endpoint.as_deref()).map(|e| ("readers at", text(e))));
    pairs
}

/// What is allocated; of Aurora nothing is.
fn allocated(db: &Database) -> Phrase<'_> {
    match db.allocated_gib {
        _ if db.engine.is_aurora() => text(db.storage_type.as_str()),
        Some(gib) => text(format!("{gib} GiB {}", db.storage_type)),
        None => Phrase::of("? ", Role::Unknown).and(db.storage_type.as_str(), Role::Text),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ratatui::buffer::Buffer;

    use super::*;
    use crate::insight::Judgement;
    use crate::model::mode::Mode;
    use crate::model::section::{Problem, ProblemKind, Section};
    use crate::model::stack::Stack;
    use crate::model::store::Store;
    use crate::session::pane::PaneId;
    use crate::session::{Msg, Session, SessionOptions, update};
    use crate::theme::Theme;

    #[test]
    fn what_is_switched_off_is_said_where_it_would_stand() {
        let now = chrono::DateTime::from_timestamp(1_000_000, 0).unwrap();
        let off = |what: &str| Problem { kind: ProblemKind::Service, headline: what.into(), hint: "turn it on".into(), permission: None };
        for (panel, what) in
            [(STATEMENTS, "Performance Insights is off"), (WAITS, "Performance Insights is off"), (PROCESSES, "Enhanced Monitoring is off")]
        {
            for size in [(80, 24), (120, 40), (200, 60)] {
                let mut store = Store::default();
                store.put(Database { status: "available".into(), ..Database::default() }, now, Duration::from_secs(5));
                store.fail(DatabaseLoad::KEY, off("Performance Insights is off"), now);
                store.fail(DatabaseHost::KEY, off("Enhanced Monitoring is off"), now);
                let mut session = Session::new(SessionOptions { stack: Stack::default(), mode: Mode::Safe, simulated: true, size, now });
                update(&mut session, Msg::Observed(Arc::new(store), Judgement::default()));
                session.screens.push(Screen { pane: PaneId::Database, subject: String::new(), panel });
                let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
                crate::view::draw(&session, &Theme::terminal(), buffer.area, &mut buffer);
                let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
                assert!(text.contains(what) && text.contains("turn it on"), "panel {panel} at {size:?}");
            }
        }
    }
}
