//! One event of the log in full. What its lines are stands in `session::logs::detail`. Called by the pane.

use ratatui::layout::Rect;

use crate::session::first_visible;
use crate::session::logs::detail::Detail;
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::{Ink, Phrase};

/// Draws it in the place of the lines.
pub(super) fn draw(v: &View<'_>, detail: &Detail, area: Rect, ink: &mut Ink<'_>) {
    let body = detail.body(v.session.detail_width());
    let title = Phrase::of("Event", Role::Title).and("  ", Role::Text).and(detail.event.service(), Role::Muted);
    let place = Phrase::of(format!("{}/{}", (detail.at + 1).min(body.len()), body.len()), Role::Text);
    let right = Phrase::of("y copy  Esc back", Role::Muted).and("  ", Role::Text).then(place);
    let inner = ink.rule(area, &title, &right, true);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let facts: Vec<(&str, Phrase<'_>)> =
        detail.facts(v.session).into_iter().map(|(label, value)| (label, Phrase::of(value, Role::Text))).collect();
    let mut y = inner.y;
    for (label, value) in facts {
        if y >= inner.bottom() {
            return;
        }
        ink.put(inner.x, y, inner.right(), label, Role::Muted);
        ink.phrase(inner.x + 10, y, inner.right(), &value);
        y += 1;
    }
    if y < inner.bottom() {
        ink.put(inner.x, y, inner.right(), &"─".repeat(usize::from(inner.width)), Role::Faint);
        y += 1;
    }
    let rows = usize::from(inner.bottom().saturating_sub(y));
    let first = first_visible(detail.at, body.len(), rows);
    for (i, line) in body.iter().enumerate().skip(first).take(rows) {
        let x = inner.x + line.indent as u16;
        let x = ink.put(x, y, inner.right(), &line.key, Role::Muted);
        ink.put(x, y, inner.right(), &line.text, Role::Text);
        if i == detail.at.min(body.len().saturating_sub(1)) {
            ink.wash(Rect { y, height: 1, ..inner }, Role::Selection);
        }
        y += 1;
    }
}
