//! What a screen says that is too small for the dashboard.

use ratatui::layout::Rect;

use crate::session::SMALLEST;
use crate::theme::Role;
use crate::view::widget::Ink;

/// Needed size first: it is what remains of one row. Then the current size, and that `q` still works.
pub(crate) fn draw(area: Rect, ink: &mut Ink<'_>) {
    let lines = [
        (format!("needs {} × {}", SMALLEST.0, SMALLEST.1), Role::Title),
        (format!("is {} × {}", area.width, area.height), Role::Warn),
        ("screen too small".to_owned(), Role::Text),
        ("q quits".to_owned(), Role::Muted),
    ];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (i, (text, role)) in lines.iter().enumerate() {
        let y = top + i as u16;
        let x = area.x + area.width.saturating_sub(text.chars().count() as u16) / 2;
        if y < area.bottom() {
            ink.put(x, y, area.right(), text, *role);
        }
    }
}
