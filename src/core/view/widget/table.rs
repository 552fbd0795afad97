//! Tables: fixed columns, a header, a selection, and only the visible rows laid out. Columns give way whole when narrow.

use ratatui::layout::Rect;

use super::Ink;
use super::phrase::Phrase;
use crate::model::text::{cells, clip, clip_middle};
use crate::session::column::Order;
pub(crate) use crate::session::column::{Column, Fill};
use crate::session::first_visible;
use crate::theme::Role;

pub(crate) type Cell<'a> = Phrase<'a>;

/// A table over `rows` rows of which only the visible ones are asked for.
pub(crate) struct Table<'a> {
    pub(crate) columns: &'a [Column],
    /// How many rows there are.
    pub(crate) rows: usize,
    /// The selected row, and whether the table has the focus; `None` draws no selection.
    pub(crate) selected: Option<(usize, bool)>,
    /// By which column the rows are sorted.
    pub(crate) order: Option<Order>,
}

impl Table<'_> {
    /// Draws header and visible rows; `row` yields the cells of one row, one per column.
    pub(crate) fn draw<'r>(&self, area: Rect, ink: &mut Ink<'_>, row: impl Fn(usize) -> Vec<Cell<'r>>) {
        if area.height < 2 {
            return;
        }
        let places = self.places(area.width);
        for (column, x, w) in &places {
            let place = Rect { x: area.x + x, y: area.y, width: *w, height: 1 };
            let order = self.order.filter(|order| self.columns.get(order.column).is_some_and(|c| std::ptr::eq(c, *column)));
            draw_cell(ink, place, column, &Phrase::of(column.title, if order.is_some() { Role::Title } else { Role::Muted }));
            if let Some(order) = order {
                // Behind the heading, in the gap between columns where that is as wide as its column.
                let behind = if column.fill == Fill::Right { *w } else { (cells(column.title) as u16).min(*w) };
                ink.put(place.x + behind, area.y, place.x + behind + 1, order.arrow(), Role::Accent);
            }
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
