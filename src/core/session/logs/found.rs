//! What a query has found, kept up with what arrives and leaves: only new lines are asked. Called by `LogView`.

use super::lines::Lines;
use super::place::Place;
use crate::log::query::Query;

/// A query and the first lines of the events that it lets through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    query: Query,
    /// In their order.
    places: Vec<Place>,
    /// What stands in the index from here on was not asked.
    next: u64,
    era: u64,
}

impl Found {
    pub(crate) fn of(query: Query, lines: &Lines) -> Self {
        let places = if query.is_empty() { Vec::new() } else { lines.search(&query, 0) };
        Self { query, places, next: lines.end(), era: lines.era() }
    }

    pub(crate) fn query(&self) -> &Query {
        &self.query
    }

    /// The empty query finds nothing: it lets everything through.
    pub(crate) fn is_empty(&self) -> bool {
        self.query.is_empty()
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Takes in what the lines have taken in.
    pub(crate) fn follow(&mut self, lines: &Lines) {
        if self.is_empty() {
            return;
        }
        if self.era != lines.era() {
            *self = Self::of(std::mem::take(&mut self.query), lines);
            return;
        }
        let left = lines.front().map_or(self.places.len(), |front| self.places.partition_point(|p| *p < front));
        self.places.drain(..left);
        if !lines.revised().is_empty() {
            self.places.retain(|p| !lines.revised().contains(p));
        }
        self.places.extend(lines.search(&self.query, self.next));
        self.places.sort();
        self.next = lines.end();
    }
}
