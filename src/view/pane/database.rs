//! The pane of the database: facts, restore point, pending changes, charts, events.

use ratatui::layout::Rect;

use super::{Panels, data_events, facts, heading, split, text};
use crate::insight::NodeId;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::session::Screen;
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::database as card;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let mut title = Phrase::of("PostgreSQL ", Role::Title);
    if let Some(db) = v.store.get::<Database>() {
        title = title
            .and(db.version.as_str(), Role::Text)
            .and("  ", Role::Text)
            .then(card::status(db))
            .and("  ", Role::Text)
            .then(card::zones(db, true));
    }
    let inner = heading(v, &NodeId::database(), title, &freshness::<Database>(v), area, ink);
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return explain(&lines, inner, ink),
    };
    let y = facts(&header(v, db, inner.height < 24), inner, ink);
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let charts = super::spare(v, screen, rest.height);
    let (top, list) = split(rest, charts);
    if charts > 0 {
        grid(&card::charts(v), Rect { y: top.y + 1, height: top.height - 1, ..top }, 24, v.now, ink);
    }
    PANELS.draw(v, screen, list, ink);
}

const PANELS: Panels = Panels { fresh: |v, _| freshness::<DatabaseEvents>(v), draw: events };

fn events(v: &View<'_>, screen: &Screen, panel: usize, area: Rect, ink: &mut Ink<'_>) {
    match ready::<DatabaseEvents>(v) {
        Ok(_) => data_events(v, screen, panel, area, ink),
        Err(lines) => explain(&lines, area, ink),
    }
}

fn header<'a>(v: &View<'a>, db: &'a Database, short: bool) -> Vec<(&'static str, Phrase<'a>)> {
    let restorable = db.latest_restorable.map(|at| at.format("  %H:%M:%SZ").to_string()).unwrap_or_default();
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
    if short {
        return pairs;
    }
    let on = |on: bool| if on { text("on") } else { Phrase::of("off", Role::Warn) };
    let earliest = v.store.get::<DatabaseSettings>().and_then(|s| s.earliest_restorable).map(|at| at.format("%d %b %H:%MZ").to_string());
    pairs.extend([
        ("pending", waiting),
        ("storage", text(format!("{} GiB {}", db.allocated_gib, db.storage_type))),
        ("multi-AZ", on(db.multi_az)),
        ("encrypted", on(db.encrypted)),
        ("backups", text(format!("{} days", db.backup_retention))),
        ("restore from", text(earliest.unwrap_or_else(|| "?".to_owned()))),
        ("monitoring", text(if db.monitoring_interval > 0 { format!("every {} s", db.monitoring_interval) } else { "off".to_owned() })),
        ("insights", on(db.performance_insights)),
        ("public", if db.public { Phrase::of("yes", Role::Warn) } else { text("no") }),
        ("parameters", text(db.parameter_group.as_deref().unwrap_or("—"))),
        ("endpoint", text(db.endpoint.as_deref().unwrap_or("—"))),
    ]);
    pairs
}
