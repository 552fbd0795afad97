//! What the layers of actions share: a framed panel over the body with lines that scroll, pinned lines beneath them and keys in its lower
//! edge. It knows phrases, nothing of actions. Called by the layers beside it.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// The cells of a label at the head of a line.
const LABEL: usize = 8;

/// A panel over the body.
pub(super) struct Panel<'a> {
    pub(super) title: Phrase<'a>,
    pub(super) right: Phrase<'a>,
    /// What scrolls where there is no room.
    pub(super) lines: Vec<Phrase<'a>>,
    /// What is always to be seen, beneath.
    pub(super) pinned: Vec<Phrase<'a>>,
    /// What the keys do, in the lower edge.
    pub(super) keys: &'a [(&'a str, &'a str)],
    pub(super) scroll: usize,
    /// Cells at the most.
    pub(super) width: u16,
}

impl<'a> Panel<'a> {
    pub(super) fn new(title: Phrase<'a>, keys: &'a [(&'a str, &'a str)]) -> Self {
        Self { title, right: Phrase::new(), lines: Vec::new(), pinned: Vec::new(), keys, scroll: 0, width: 92 }
    }

    /// The cells of a line in this panel.
    pub(super) fn room(&self, body: Rect) -> usize {
        usize::from(body.width.min(self.width).saturating_sub(4))
    }

    /// Draws it in the middle of the body.
    pub(super) fn draw(mut self, body: Rect, ink: &mut Ink<'_>) {
        let width = body.width.min(self.width);
        // Beside a long title there is no room in the upper edge, and the lower one is for keys.
        if self.title.width() + self.right.width() + 10 > usize::from(width) {
            self.lines.insert(0, std::mem::take(&mut self.right));
        }
        let inside = usize::from(body.height.saturating_sub(2));
        if self.lines.len() + self.pinned.len() > inside {
            // Blank lines are the first to go.
            self.lines.retain(|l| !l.is_empty());
        }
        let rows = (self.lines.len() + self.pinned.len()).min(inside) as u16;
        let height = rows + 2;
        let place = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
        ink.blank(place);
        let room = usize::from(rows).saturating_sub(self.pinned.len());
        let hidden = self.lines.len().saturating_sub(room);
        let first = self.scroll.min(hidden);
        let inner = ink.frame(place, &self.title, &self.right, true);
        for (i, line) in self.lines.iter().skip(first).take(room).enumerate() {
            ink.phrase(inner.x, inner.y + i as u16, inner.right(), line);
        }
        for (i, line) in self.pinned.iter().enumerate() {
            let y = inner.bottom().saturating_sub(self.pinned.len() as u16) + i as u16;
            ink.phrase(inner.x, y, inner.right(), line);
        }
        self.edge(place, hidden > 0, ink);
    }

    fn edge(&self, place: Rect, scrolls: bool, ink: &mut Ink<'_>) {
        let (y, end) = (place.bottom() - 1, place.right().saturating_sub(2));
        let mut x = place.x + 2;
        let more: &[(&str, &str)] = if scrolls { &[("↑↓", "scroll")] } else { &[] };
        for (key, word) in self.keys.iter().chain(more) {
            let cells = key.chars().count() + word.chars().count() + 3;
            if usize::from(end.saturating_sub(x)) < cells {
                break;
            }
            x = ink.put(x, y, end, " ", Role::Text);
            x = ink.put(x, y, end, key, Role::Key);
            x = ink.put(x, y, end, " ", Role::Text);
            x = ink.put(x, y, end, word, Role::Muted);
            x = ink.put(x, y, end, " ", Role::Text);
        }
    }
}

/// A label and what it says, wrapped beside it.
pub(super) fn labelled<'a>(label: &'a str, text: &str, role: Role, room: usize) -> Vec<Phrase<'a>> {
    let mut lines = wrap(text, room.saturating_sub(LABEL + 1)).into_iter();
    let first = lines.next().unwrap_or_default();
    let head = Phrase::of(format!("{label:<LABEL$} "), Role::Muted).and(first, role);
    std::iter::once(head).chain(lines.map(|l| Phrase::of(" ".repeat(LABEL + 1), Role::Text).and(l, role))).collect()
}

/// A mark and a sentence, wrapped behind the mark.
pub(super) fn marked<'a>(mark: &'a str, mark_role: Role, text: &str, role: Role, room: usize) -> Vec<Phrase<'a>> {
    let mut lines = wrap(text, room.saturating_sub(2)).into_iter();
    let first = lines.next().unwrap_or_default();
    let head = Phrase::of(mark, mark_role).and(" ", Role::Text).and(first, role);
    std::iter::once(head).chain(lines.map(|l| Phrase::of("  ", Role::Text).and(l, role))).collect()
}

/// A line of text that is being typed.
pub(super) fn typed<'a>(label: &'a str, text: &'a str) -> Phrase<'a> {
    Phrase::of(label, Role::Text).and(" ", Role::Text).and(text, Role::Title).and("█", Role::Accent)
}
