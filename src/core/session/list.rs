//! The state of one list: selection by identity, so that a refresh never moves it to another thing.

use std::borrow::Cow;

use super::column::{Column, Order, Value, sorted};
use super::filter::Filter;

/// Selection and filter of one list.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// The identity of the selected row.
    pub id: Option<String>,
    /// Where it was: the neighbour takes over when the row is gone.
    pub index: usize,
    /// What is shown.
    pub filter: Filter,
    /// By which column it is sorted; `None` = in the pane's own order.
    pub(crate) order: Option<Order>,
}

impl ListState {
    /// Where the selection is among these rows.
    pub fn position(&self, ids: &[Cow<'_, str>]) -> usize {
        let found = self.id.as_ref().and_then(|id| ids.iter().position(|row| row == id));
        found.unwrap_or_else(|| self.index.min(ids.len().saturating_sub(1)))
    }

    /// Rows in the order that is asked for.
    pub(crate) fn sorted<T>(&self, rows: Vec<T>, columns: &[Column], value: impl Fn(&T, &str) -> Value) -> Vec<T> {
        sorted(rows, self.order, columns, value)
    }

    /// Selects the row at `index`, or the last.
    pub fn select(&mut self, ids: &[Cow<'_, str>], index: usize) {
        self.index = index.min(ids.len().saturating_sub(1));
        self.id = ids.get(self.index).map(|id| id.clone().into_owned());
    }
}

/// The first of `height` visible rows, so that the selection is in the middle whenever there is room on both sides.
pub(crate) fn first_visible(selected: usize, rows: usize, height: usize) -> usize {
    selected.saturating_sub(height / 2).min(rows.saturating_sub(height))
}
