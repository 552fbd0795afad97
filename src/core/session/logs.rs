//! The log view: follow or pause, cursor, filter with an index that grows with the tail. Lines are named by their number
//! since the start of the tail (`LogTail::total` counts them), so eviction moves nothing. Called by `update`; read by `view`.

use std::collections::VecDeque;

use super::filter::Filter;
use crate::model::log::{LogEvent, LogTail};

/// State of the log pane.
#[derive(Debug, Clone, Default)]
pub struct LogView {
    /// The line under the cursor while paused; `None` = following.
    pub cursor: Option<u64>,
    /// How many lines there were when it was paused.
    pub paused_at: u64,
    /// Long lines are wrapped.
    pub wrap: bool,
    filter: Filter,
    /// Numbers of the lines that the filter lets through; unused while the filter is empty.
    matches: VecDeque<u64>,
    /// Lines below this number have been filtered.
    seen: u64,
    /// The newest line that was filtered, to notice when the tail was rewritten.
    seen_id: String,
}

/// The number of the first line still held.
pub(crate) fn first(tail: &LogTail) -> u64 {
    tail.total.saturating_sub(tail.events.len() as u64)
}

/// The line of that number.
pub(crate) fn line(tail: &LogTail, number: u64) -> Option<&LogEvent> {
    tail.events.get(number.checked_sub(first(tail))? as usize).map(AsRef::as_ref)
}

impl LogView {
    /// What is filtered by.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Filters anew by this.
    pub(crate) fn set_filter(&mut self, filter: Filter, tail: Option<&LogTail>) {
        self.filter = filter;
        self.rebuild();
        if let Some(tail) = tail {
            self.observe(tail);
        }
    }

    fn rebuild(&mut self) {
        self.matches.clear();
        self.seen = 0;
        self.seen_id.clear();
    }

    /// Takes in what is new in the tail: work in proportion to the new lines, not to all.
    pub fn observe(&mut self, tail: &LogTail) {
        let start = first(tail);
        if self.cursor.is_some_and(|c| c < start) {
            self.cursor = Some(start);
        }
        if self.filter.is_empty() {
            return;
        }
        let last_seen = self.seen.checked_sub(1).filter(|n| *n >= start);
        let same = last_seen.and_then(|n| line(tail, n)).is_some_and(|e| e.id == self.seen_id);
        if !same {
            // Evicted, restarted, or late lines were sorted in: the numbers no longer mean the same lines.
            self.rebuild();
        }
        while self.matches.front().is_some_and(|n| *n < start) {
            self.matches.pop_front();
        }
        let from = self.seen.max(start);
        for (number, event) in (from..).zip(tail.events.iter().skip((from - start) as usize)) {
            if self.filter.matches(&event.stream, &event.message) {
                self.matches.push_back(number);
            }
        }
        self.seen = tail.total;
        self.seen_id = tail.events.back().map(|e| e.id.clone()).unwrap_or_default();
    }

    /// How many lines the filter lets through.
    pub fn count(&self, tail: &LogTail) -> usize {
        if self.filter.is_empty() { tail.events.len() } else { self.matches.len() }
    }

    /// The number of the `index`th line that is shown.
    pub fn number(&self, tail: &LogTail, index: usize) -> Option<u64> {
        if self.filter.is_empty() {
            (index < tail.events.len()).then(|| first(tail) + index as u64)
        } else {
            self.matches.get(index).copied()
        }
    }

    /// Where the cursor is among the lines that are shown; the last line while following.
    pub fn position(&self, tail: &LogTail) -> usize {
        let count = self.count(tail);
        let last = count.saturating_sub(1);
        let Some(cursor) = self.cursor else { return last };
        let index = if self.filter.is_empty() {
            cursor.saturating_sub(first(tail)) as usize
        } else {
            self.matches.partition_point(|n| *n < cursor)
        };
        index.min(last)
    }

    /// Which of the lines that are shown stands in the last of `height` rows. While paused, what arrives moves nothing.
    pub fn bottom(&self, tail: &LogTail, height: usize) -> usize {
        let at = self.position(tail);
        if self.cursor.is_none() {
            return at;
        }
        let then = if self.filter.is_empty() {
            self.paused_at.saturating_sub(first(tail)) as usize
        } else {
            self.matches.partition_point(|n| *n < self.paused_at)
        };
        at.max((at + height / 2).min(then.saturating_sub(1)))
    }

    /// How many lines have arrived since it was paused.
    pub fn behind(&self, tail: &LogTail) -> u64 {
        if self.cursor.is_some() { tail.total.saturating_sub(self.paused_at) } else { 0 }
    }

    /// Stops following at the newest line.
    pub fn pause(&mut self, tail: &LogTail) {
        if self.cursor.is_none() {
            let last = self.count(tail).saturating_sub(1);
            self.cursor = self.number(tail, last);
            self.paused_at = tail.total;
        }
    }

    /// Follows again.
    pub fn follow(&mut self) {
        self.cursor = None;
    }

    /// Moves the cursor by rows; moving up pauses, moving down past the end follows.
    pub(crate) fn scroll(&mut self, tail: &LogTail, rows: isize) {
        if self.cursor.is_none() && rows > 0 {
            return;
        }
        self.pause(tail);
        let at = self.position(tail);
        let to = at.saturating_add_signed(rows);
        if to >= self.count(tail) {
            self.follow();
        } else {
            self.cursor = self.number(tail, to);
        }
    }
}
