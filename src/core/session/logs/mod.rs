//! The log view: what is shown of the tail (filter, context, search), and the place in it, which is that of an event: what arrives, comes
//! late, leaves or is filtered moves it nowhere else. Called by `update`; read by `view`.

pub(crate) mod detail;
pub(crate) mod found;
mod go;
pub(crate) mod kinds;
pub(crate) mod lines;
pub(crate) mod older;
pub(crate) mod place;
pub(crate) mod prompt;
pub(crate) mod rates;
mod save;
pub(crate) mod times;

use std::collections::BTreeSet;

use found::Found;
use lines::Lines;
use place::{Place, nearest};
pub(crate) use prompt::{Ask, Prompt};
pub(crate) use times::{Times, Zone};

use crate::log::level::Level;
use crate::log::query::{self, Query};
use crate::model::log::LogTail;

/// One event that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) place: Place,
    /// It stands beside a match and is none.
    pub(crate) is_context: bool,
    /// There are others between this one and the one above it.
    pub(crate) is_apart: bool,
}

/// Where it was paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The event under the cursor.
    pub(crate) place: Place,
    /// The newest one then: what arrives is not drawn in under the eyes.
    end: Place,
    /// How many lines there were, and how many of them had been dropped.
    total: u64,
    dropped: u64,
}

/// State of the log pane.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogView {
    /// The pane was opened: until then nothing is indexed.
    is_open: bool,
    lines: Lines,
    /// What the chips and the filter let through.
    filter: Found,
    /// What was typed as filter, and could be read.
    typed: Query,
    /// The service that the log was opened for.
    service: Option<String>,
    /// Only what is warn or worse.
    problems: bool,
    /// Lines before and after each match.
    context: usize,
    search: Found,
    /// Which of the shown items the search found.
    hits: Vec<usize>,
    shown: Vec<Item>,
    /// `None` = following.
    pin: Option<Pin>,
    total: u64,
    dropped: u64,
    pub(crate) prompt: Option<Prompt>,
    history: prompt::History,
    /// Long lines are wrapped.
    pub(crate) wrap: bool,
    /// How times are written.
    pub(crate) times: Times,
    pub(crate) zone: Zone,
    /// How many cells of long lines are out of sight on the left.
    pub(crate) shift: usize,
    /// The events that were marked.
    pub(crate) marks: BTreeSet<Place>,
    /// The event that is open.
    pub(crate) detail: Option<detail::Detail>,
    kinds: kinds::Kinds,
    /// How far back older lines are wanted.
    older: older::Older,
}

/// More lines of context are no context.
const MOST_CONTEXT: usize = 50;

impl LogView {
    /// Takes in what is new in the tail: work in proportion to the new lines.
    pub(crate) fn observe(&mut self, tail: &LogTail) {
        if !self.is_open {
            return;
        }
        (self.total, self.dropped) = (tail.total - tail.back.taken.min(tail.total), tail.dropped);
        self.older.observe(tail);
        if self.lines.observe(tail) {
            self.filter.follow(&self.lines);
            self.search.follow(&self.lines);
            if let Some(front) = self.lines.front() {
                self.marks.retain(|m| *m >= front);
            }
            self.show();
        }
    }

    /// The pane is open: from now on there is an index.
    pub(crate) fn wake(&mut self, tail: Option<&LogTail>) {
        self.is_open = true;
        if let Some(tail) = tail {
            self.observe(tail);
        }
    }

    /// Opens the log anew: by a service or a filter, following.
    pub(crate) fn open(&mut self, service: Option<String>, filter: Query, tail: Option<&LogTail>) {
        self.wake(tail);
        (self.service, self.typed, self.problems) = (service, filter, false);
        self.search = Found::default();
        self.prompt = None;
        self.detail = None;
        self.pin = None;
        self.ask();
    }

    /// Asks again what is shown: something of the filter has changed.
    fn ask(&mut self) {
        let service = self.service.as_deref().map(Query::of_service).unwrap_or_default();
        let problems = if self.problems { Query::at_least(Level::Warn) } else { Query::default() };
        self.filter = Found::of(service.and(problems).and(self.typed.clone()), &self.lines);
        self.show();
    }

    /// Works out what is shown.
    fn show(&mut self) {
        let item = |place: Place| Item { place, is_context: false, is_apart: false };
        let order = self.lines.order();
        self.shown = if self.filter.is_empty() {
            order.iter().map(|u| item(u.place)).collect()
        } else if self.context == 0 {
            self.filter.places().iter().copied().map(item).collect()
        } else {
            let mut places = self.filter.places().iter().peekable();
            let is_match = |u: &lines::Unit| places.next_if(|p| **p == u.place).is_some();
            let matches: Vec<bool> = order.iter().map(is_match).collect();
            let at: Vec<usize> = matches.iter().enumerate().filter(|(_, m)| **m).map(|(i, _)| i).collect();
            let mut shown = Vec::new();
            for range in query::context(&at, self.context, order.len()) {
                for i in range.clone() {
                    let Some(unit) = order.get(i) else { continue };
                    let is_context = !matches.get(i).copied().unwrap_or_default();
                    shown.push(Item { place: unit.place, is_context, is_apart: i == range.start && !shown.is_empty() });
                }
            }
            shown
        };
        self.mark_hits();
    }

    fn mark_hits(&mut self) {
        if self.search.is_empty() {
            return self.hits.clear();
        }
        let mut found = self.search.places().iter().peekable();
        self.hits = (0..self.shown.len())
            .filter(|i| {
                let Some(item) = self.shown.get(*i) else { return false };
                while found.next_if(|p| **p < item.place).is_some() {}
                found.next_if(|p| **p == item.place).is_some()
            })
            .collect();
    }

    /// What is shown, in its order.
    pub(crate) fn shown(&self) -> &[Item] {
        &self.shown
    }

    /// What was typed as filter.
    pub(crate) fn filter(&self) -> &Query {
        &self.typed
    }

    /// The whole filter: with the service and the level.
    pub(crate) fn whole_filter(&self) -> &Query {
        self.filter.query()
    }

    /// How many of the shown events the filter found; the others stand beside them.
    pub(crate) fn matches(&self) -> usize {
        if self.filter.is_empty() { self.shown.len() } else { self.filter.places().len() }
    }

    /// What is searched for.
    pub(crate) fn search(&self) -> &Query {
        self.search.query()
    }

    /// Which of the shown events the search found.
    pub(crate) fn hits(&self) -> &[usize] {
        &self.hits
    }

    pub(crate) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    pub(crate) fn problems(&self) -> bool {
        self.problems
    }

    pub(crate) fn context(&self) -> usize {
        self.context
    }

    /// Where it was paused; `None` while following.
    pub(crate) fn pin(&self) -> Option<Pin> {
        self.pin
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(crate) fn set_filter(&mut self, typed: Query) {
        self.typed = typed;
        self.ask();
    }

    pub(crate) fn set_search(&mut self, query: Query) {
        self.search = Found::of(query, &self.lines);
        self.mark_hits();
    }

    pub(crate) fn toggle_problems(&mut self) {
        self.problems = !self.problems;
        self.ask();
    }

    /// More or fewer lines round the matches; 0 for none.
    pub(crate) fn set_context(&mut self, lines: usize) {
        self.context = lines.min(MOST_CONTEXT);
        self.show();
    }

    /// Takes back the last of an open event, search, filter, and what stands before the filter; `false` if there is none of it.
    pub(crate) fn back(&mut self) -> bool {
        if self.detail.take().is_some() {
            // Its line is under the cursor.
        } else if !self.search.is_empty() {
            self.set_search(Query::default());
        } else if !self.typed.is_empty() {
            self.set_filter(Query::default());
        } else if self.problems || self.service.is_some() {
            (self.problems, self.service) = (false, None);
            self.ask();
        } else {
            return false;
        }
        true
    }

    /// Where the cursor is among what is shown: on its event, or on the one that is nearest in time; the last while following.
    pub(crate) fn position(&self) -> usize {
        let last = self.shown.len().saturating_sub(1);
        self.pin.and_then(|pin| nearest(&self.shown, pin.place, |i| i.place)).unwrap_or(last)
    }

    /// Which of what is shown stands in the last of `height` rows. While paused, what arrives moves nothing.
    pub(crate) fn bottom(&self, height: usize) -> usize {
        let at = self.position();
        let Some(pin) = self.pin else { return at };
        let then = self.shown.partition_point(|i| i.place <= pin.end);
        at.max((at + height / 2).min(then.saturating_sub(1)))
    }

    /// How many lines have arrived since it was paused.
    pub(crate) fn behind(&self) -> u64 {
        self.pin.map_or(0, |pin| self.total.saturating_sub(pin.total))
    }

    /// How many lines were dropped since it was paused, where the one that it was paused at is among them.
    pub(crate) fn lost(&self) -> Option<u64> {
        let pin = self.pin.filter(|pin| self.lines.front().is_none_or(|front| pin.place < front))?;
        Some(self.dropped.saturating_sub(pin.dropped)).filter(|n| *n > 0)
    }

    /// Stops following at the newest line.
    pub(crate) fn pause(&mut self) {
        let newest = self.lines.order().back().map(|u| u.place);
        let last = self.shown.last().map(|i| i.place).or(newest);
        if let (None, Some(place), Some(end)) = (self.pin, last, newest) {
            self.pin = Some(Pin { place, end, total: self.total, dropped: self.dropped });
        }
    }

    /// Follows again.
    pub(crate) fn follow(&mut self) {
        self.pin = None;
    }

    /// Puts the cursor on that one of what is shown.
    pub(crate) fn put(&mut self, index: usize) {
        self.pause();
        let place = self.shown.get(index).map(|i| i.place);
        if let (Some(pin), Some(place)) = (&mut self.pin, place) {
            pin.place = place;
        }
    }

    /// Moves the cursor by rows; moving up pauses, moving down past the end follows.
    pub(crate) fn scroll(&mut self, rows: isize) {
        if self.pin.is_none() && rows > 0 {
            return;
        }
        self.pause();
        let to = self.position().saturating_add_signed(rows);
        if to >= self.shown.len() { self.follow() } else { self.put(to) }
    }
}
