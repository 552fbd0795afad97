//! The timeline: what changed, newest first, in the cloud's own words.

use ratatui::layout::Rect;

use super::{List, full_text, tabs, text};
use crate::insight::Event;
use crate::model::health::Level;
use crate::session::pane::timeline as timeline_rows;
use crate::session::{Screen, rows};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock, glyph, name, short_clock, tone};
use crate::view::widget::table::{Column, Fill};
use crate::view::widget::{Ink, Phrase};

/// The newest events as plain rows.
pub(crate) fn draw_rows(v: &View<'_>, events: &[&Event], area: Rect, ink: &mut Ink<'_>) {
    for (i, event) in events.iter().take(usize::from(area.height)).enumerate() {
        let y = area.y + i as u16;
        let (mark, role) = glyph(event.level);
        // Only what is bad by itself carries a colour; the rest is history.
        let role = if event.level <= Level::Info { Role::Muted } else { role };
        let x = ink.put(area.x, y, area.x + 8, &short_clock(event.at, v.now), Role::Muted);
        ink.put(x + 1, y, area.right(), mark, role);
        ink.put(x + 3, y, x + 17, &name(&event.node), Role::Text);
        ink.put(x + 18, y, area.right(), &event.text, tone(event.level.max(Level::Info)));
    }
}

const COLUMNS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("when (UTC)", 12, 0),
    Column::right("ago", 7, 2),
    Column::left("where", 14, 0),
    Column::of("what", 40, 1, Fill::Left, 0),
];

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let inner = tabs(v, screen, Phrase::new(), area, ink);
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = timeline_rows::timeline(v.session, &state.filter);
    let empty = "no changes yet: deployments, tasks, failovers, alarms and scaling appear here as they happen";
    let list = List { panel: 0, columns: COLUMNS, rows: all.len(), empty };
    list.draw(v, screen, inner, ink, |i| {
        all.get(i).map_or_else(Vec::new, |e| {
            let (mark, role) = glyph(e.level);
            let role = if e.level <= Level::Info { Role::Muted } else { role };
            vec![
                Phrase::of(mark, role),
                Phrase::of(clock(Some(e.at), v.now), Role::Muted),
                text(ago(Some(e.at), v.now)),
                text(name(&e.node)),
                Phrase::of(e.text.as_str(), tone(e.level.max(Level::Info))),
            ]
        })
    });
    let ids = rows::ids(v.session, screen.pane, &screen.subject, 0);
    if let Some(event) = all.get(state.position(&ids)) {
        full_text(&event.text, all.len(), inner, ink);
    }
}
