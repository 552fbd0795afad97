//! The kinds of lines of the last quarter of an hour: how many, how that was before, who writes them. Called by the pane.

use ratatui::layout::Rect;

use super::super::{List, tabs};
use crate::log::level::Level;
use crate::session::Screen;
use crate::session::pane::{Query, logs};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::table::Column;
use crate::view::widget::{Ink, Phrase};

const COLUMNS: &[Column] = &[
    Column::right("15 min", 7, 0),
    Column::left("hour before", 11, 1),
    Column::left("", 3, 0),
    Column::left("level", 8, 2),
    Column::left("last", 8, 3),
    Column::left("first", 8, 4),
    Column::left("services", 14, 2),
    Column::wide("pattern", 24, 0),
];

/// Draws the panel.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let times = &v.session.logs.times;
    let zone = &v.session.logs.zone;
    let right = Phrase::of("last 15 minutes", Role::Muted).and("  ", Role::Text).and(times.label(zone, v.now), Role::Muted);
    let inner = tabs(v, screen, right, area, ink);
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let kinds = logs::kinds(v.session, &Query { subject: &screen.subject, list: &state });
    let list = List { panel: 1, columns: COLUMNS, rows: kinds.len(), empty: "no lines in the last 15 minutes" };
    list.draw(v, screen, inner, ink, |i| {
        kinds.get(i).map_or_else(Vec::new, |k| {
            let (sign, role) = match k.level {
                Level::Critical | Level::Error => ("✖ ", Role::Crit),
                Level::Warn => ("▲ ", Role::Warn),
                _ => ("", Role::Text),
            };
            vec![
                Phrase::of(k.recent.to_string(), Role::Text),
                Phrase::of(k.trend.as_str(), Role::Text),
                Phrase::of(if k.is_new { "new" } else { "" }, Role::Accent),
                Phrase::of(sign, role).and(if k.level == Level::None { "" } else { k.level.word() }, role),
                Phrase::of(times.clock(zone, k.last, v.now), Role::Muted),
                Phrase::of(times.clock(zone, k.first, v.now), Role::Muted),
                Phrase::of(k.services.as_str(), Role::Muted),
                Phrase::of(k.template.as_str(), Role::Text),
            ]
        })
    });
}
