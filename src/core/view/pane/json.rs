//! One box's part of the state document, line by line; keys, texts and numbers each in a role of their own.

use ratatui::layout::Rect;

use super::detail::selected;
use super::position;
use crate::insight::NodeId;
use crate::session::json::{Line, Token, shown};
use crate::session::{Screen, first_visible};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::name;
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let node: Option<NodeId> = screen.subject.parse().ok();
    let title = Phrase::of("JSON ", Role::Title).and(node.as_ref().map(name).unwrap_or_default(), Role::Text);
    let right = Phrase::of("Y copies all", Role::Muted).and("  ", Role::Text).then(position(v, screen, 0));
    let inner = ink.rule(area, &title, &right, true);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let filter = v.session.list(screen.pane, &screen.subject, 0).filter;
    let lines = shown(v.session.json(), &filter);
    if lines.is_empty() {
        let text = format!("no lines match “{}”; Esc clears the filter", filter.text());
        ink.prose(inner, if filter.is_empty() { "nothing is known of it yet" } else { &text }, Role::Muted);
        return;
    }
    let at = selected(v, screen, 0);
    let first = first_visible(at, lines.len(), usize::from(inner.height));
    for (y, (i, line)) in (inner.y..inner.bottom()).zip(lines.iter().enumerate().skip(first)) {
        ink.phrase(inner.x, y, inner.right(), &phrase(line));
        if i == at {
            ink.wash(Rect { y, height: 1, ..inner }, Role::Selection);
        }
    }
}

fn phrase(line: &Line) -> Phrase<'_> {
    let role = match line.token {
        Token::Bracket => Role::Muted,
        Token::Text => Role::Text,
        Token::Number => Role::Series1,
        Token::Word => Role::Series2,
    };
    let end = if line.more { "," } else { "" };
    Phrase::of("  ".repeat(line.depth), Role::Text).and(line.key.as_str(), Role::Title).and(line.value.as_str(), role).and(end, Role::Muted)
}
