//! Tables: fixed columns, a header, a selection, and only the visible rows laid out. Columns give way whole when narrow.

use ratatui::layout::Rect;

use super::Ink;
use super::phrase::Phrase;
use crate::model::text::{clip, clip_middle};
use crate::session::first_visible;
use crate::theme::Role;

/// How a column is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Text from the left, cut at its end.
    Left,
    /// Figures from the right.
    Right,
    /// Text from the left, cut in its middle.
    Middle,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// The cells that it needs.
    pub(crate) width: u16,
    /// Its share of what is left over; 0 = never wider.
    pub(crate) grow: u16,
    /// How it is filled.
    pub(crate) fill: Fill,
    /// The larger, the earlier it gives way; 0 stays.
    pub(crate) rank: u8,
}

impl Column {
    /// A column of text.
    pub(crate) const fn left(title: &'static str, width: u16, rank: u8) -> Self {
        Self { title, width, grow: 0, fill: Fill::Left, rank }
    }

    /// A column of figures.
    pub(crate) const fn right(title: &'static str, width: u16, rank: u8) -> Self {
        Self { title, width, grow: 0, fill: Fill::Right, rank }
    }

    /// A column that takes what is left over.
    pub(crate) const fn wide(title: &'static str, width: u16, rank: u8) -> Self {
        Self { title, width, grow: 1, fill: Fill::Left, rank }
    }
}

pub(crate) type Cell<'a> = Phrase<'a>;

/// A table over `rows` rows of which only the visible ones are asked for.
pub(crate) struct Table<'a> {
    pub(crate) columns: &'a [Column],
    /// How many rows there are.
    pub(crate) rows: usize,
    /// The selected row, and whether the table has the focus; `None` draws no selection.
    pub(crate) selected: Option<(usize, bool)>,
}

impl Table<'_> {
    /// Draws header and visible rows; `row` yields the cells of one row, one per column.
    pub(crate) fn draw<'r>(&self, area: Rect, ink: &mut Ink<'_>, row: impl Fn(usize) -> Vec<Cell<'r>>) {
        if area.height < 2 {
            return;
        }
        let places = self.places(area.width);
        for (column, x, w) in &places {
            let title = Phrase::of(column.title, Role::Muted);
            draw_cell(ink, Rect { x: area.x + x, y: area.y, width: *w, height: 1 }, column, &title);
        }
        let height = usize::from(area.height - 1);
        let first = first_visible(self.selected.map_or(0, |s| s.0), self.rows, height);
        for (i, index) in (first..self.rows).take(height).enumerate() {
            let y = area.y + 1 + i as u16;
            let cells = row(index);
            for (column, x, w) in &places {
                let place = self.columns.iter().position(|c| std::ptr::eq(c, *column));
                if let Some(cell) = place.and_then(|p| cells.get(p)) {
                    draw_cell(ink, Rect { x: area.x + x, y, width: *w, height: 1 }, column, cell);
                }
            }
            match self.selected {
                Some((selected, true)) if selected == index => ink.wash(Rect { y, height: 1, ..area }, Role::Selection),
                Some((selected, false)) if selected == index => ink.wash(Rect { y, height: 1, ..area }, Role::SelectionInactive),
                _ => {}
            }
        }
    }

    /// (column, start, width) of the columns that fit.
    fn places(&self, width: u16) -> Vec<(&Column, u16, u16)> {
        const GAP: u16 = 2;
        let mut kept: Vec<&Column> = self.columns.iter().collect();
        let used = |kept: &[&Column]| kept.iter().map(|c| c.width + GAP).sum::<u16>().saturating_sub(GAP);
        while used(&kept) > width {
            let worst = kept.iter().enumerate().filter(|(_, c)| c.rank > 0).max_by_key(|(i, c)| (c.rank, *i)).map(|(i, _)| i);
            let Some(worst) = worst else { break };
            kept.remove(worst);
        }
        let mut spare = width.saturating_sub(used(&kept));
        let mut grows: u16 = kept.iter().map(|c| c.grow).sum();
        let mut x = 0;
        let mut places = Vec::with_capacity(kept.len());
        for column in kept {
            let extra = (spare * column.grow).checked_div(grows).unwrap_or(0);
            spare -= extra;
            grows -= column.grow;
            let w = (column.width + extra).min(width.saturating_sub(x));
            places.push((column, x, w));
            x += w + GAP;
        }
        places
    }
}

fn draw_cell(ink: &mut Ink<'_>, place: Rect, column: &Column, cell: &Phrase<'_>) {
    match column.fill {
        Fill::Right => {
            ink.phrase_right(place.y, place.right(), cell);
        }
        Fill::Left => {
            ink.phrase(place.x, place.y, place.right(), cell);
        }
        Fill::Middle => {
            let mut x = place.x;
            for (text, role) in &cell.runs {
                let room = usize::from(place.right().saturating_sub(x));
                let text = clip_middle(text, room);
                x = ink.put(x, place.y, place.right(), &clip(&text, room), *role);
            }
        }
    }
}
