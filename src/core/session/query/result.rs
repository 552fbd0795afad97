//! What a query found, as rows that are sorted, filtered, copied and saved. Read by the pane of queries.

use super::Question;
use crate::log::insights::Table;
use crate::model::Time;
use crate::model::query::Answer;
use crate::session::filter::Filter;

/// What a query found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) table: Table,
    /// When it was over.
    pub(crate) at: Time,
    /// By which column its rows stand, and whether the largest come first; none = as AWS gives them.
    pub(crate) sorted: Option<(usize, bool)>,
    /// As AWS gives them.
    unsorted: Table,
}

impl Found {
    pub(super) fn new(question: Question, answer: Answer, at: Time) -> Self {
        let table = Table::of(&answer.rows);
        Self { question, answer, unsorted: table.clone(), table, at, sorted: None }
    }

    /// Sorts by the next column; after the last one the rows stand as AWS gives them. Numbers begin with the largest.
    pub(crate) fn sort_next(&mut self) {
        let next = self.sorted.map_or(0, |(column, _)| column + 1);
        self.sorted = (next < self.table.columns.len()).then(|| (next, self.table.is_numeric(next)));
        self.sort();
    }

    /// Turns the order round.
    pub(crate) fn turn(&mut self) {
        self.sorted = Some(self.sorted.map_or((0, false), |(column, descending)| (column, !descending)));
        self.sort();
    }

    fn sort(&mut self) {
        self.table = self.unsorted.clone();
        if let Some((column, descending)) = self.sorted {
            self.table.sort(column, descending);
        }
    }

    /// The rows that a filter shows, with their numbers.
    pub(crate) fn rows(&self, filter: &Filter) -> Vec<(usize, &Vec<String>)> {
        let shown = |row: &Vec<String>| filter.matches_fields(&row.iter().map(String::as_str).collect::<Vec<_>>());
        self.table.rows.iter().enumerate().filter(|(_, row)| shown(row)).collect()
    }

    /// The name of a file with it.
    pub(super) fn file_name(&self) -> String {
        format!("query-{}.csv", self.at.format("%Y-%m-%dT%H-%M-%SZ"))
    }

    /// The rows that a filter shows, as CSV.
    pub(super) fn csv(&self, filter: &Filter) -> String {
        let rows = self.rows(filter).into_iter().map(|(_, row)| row.clone()).collect();
        Table { columns: self.table.columns.clone(), rows }.csv() + "\n"
    }

    /// One row as an object.
    pub(crate) fn json(&self, row: usize) -> Option<String> {
        let rows = vec![self.table.rows.get(row)?.clone()];
        Some(Table { columns: self.table.columns.clone(), rows }.json())
    }
}
