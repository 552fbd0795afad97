//! Going to a place in the log: to matches, marks, times; sideways. Called by `update`.

use super::{LogView, place};
use crate::model::Time;
use crate::model::log::LogTail;
use crate::model::store::Store;
use crate::session::logs::place::Place;

/// Cells that a step sideways goes.
const SIDEWAYS: usize = 16;
/// Further is no text.
const FURTHEST: usize = 9000;

impl LogView {
    /// Goes to the next match of the search, or to the one before; `None` if there is none, else whether it went on round the end.
    pub(crate) fn next_hit(&mut self, forward: bool) -> Option<bool> {
        let at = self.position();
        let behind = self.hits.partition_point(|h| *h <= at);
        let before = self.hits.partition_point(|h| *h < at).checked_sub(1);
        let (next, round) =
            if forward { (self.hits.get(behind), self.hits.first()) } else { (before.and_then(|i| self.hits.get(i)), self.hits.last()) };
        let is_round = next.is_none();
        let to = *next.or(round)?;
        self.put(to);
        Some(is_round)
    }

    /// Marks the line under the cursor, or takes its mark away; whether it is marked now.
    pub(crate) fn toggle_mark(&mut self) -> Option<bool> {
        let place = self.shown().get(self.position())?.place;
        self.pause();
        let is_new = self.marks.insert(place);
        if !is_new {
            self.marks.remove(&place);
        }
        Some(is_new)
    }

    /// Goes to the next mark that is shown, round the end; `false` if there is none.
    pub(crate) fn next_mark(&mut self) -> bool {
        let at = self.position();
        let index = |mark: &Place| self.shown().binary_search_by(|i| i.place.cmp(mark)).ok();
        let places: Vec<usize> = self.marks.iter().filter_map(index).collect();
        let is_pinned = self.pin().is_some();
        let next = places.iter().find(|i| is_pinned && **i > at).or(places.first()).copied();
        next.is_some_and(|to| {
            self.put(to);
            true
        })
    }

    /// Goes to the first line of that time or later; words, where there is none or the oldest is later.
    pub(crate) fn go_to(&mut self, at: Time, now: Time) -> Option<String> {
        let shown = self.shown();
        let (oldest, newest) = (shown.first()?.place.at, shown.last()?.place.at);
        if self.reached().is_some_and(|reached| at < reached) && at < oldest {
            return self.want_back_to(at, now);
        }
        let index = shown.partition_point(|i| i.place.at < at).min(shown.len() - 1);
        self.put(index);
        let clock = |at| self.times.clock(&self.zone, at, now).trim_start().to_owned();
        let label = self.times.label(&self.zone, now);
        if at > newest {
            return Some(format!("nothing after that: the newest line is of {} {label}", clock(newest)));
        }
        (at < oldest).then(|| format!("nothing before that: the oldest line is of {} {label}", clock(oldest)))
    }

    /// The time of the line that was stopped at; none while new lines are followed.
    pub(crate) fn chosen_time(&self) -> Option<Time> {
        self.pin()?;
        self.shown().get(self.position()).map(|i| i.place.at)
    }

    /// Shows what lies further left or right.
    pub(crate) fn sideways(&mut self, right: bool) {
        self.shift = if right { (self.shift + SIDEWAYS).min(FURTHEST) } else { self.shift.saturating_sub(SIDEWAYS) };
    }

    /// Moves along the lines of the open event.
    pub(crate) fn scroll_event(&mut self, rows: isize, width: usize) {
        if let Some(detail) = &mut self.detail {
            let last = detail.body(width).len().saturating_sub(1);
            detail.at = detail.at.min(last).saturating_add_signed(rows).min(last);
        }
    }

    /// The text of an event with all lines that belong to it.
    pub(crate) fn text(&self, tail: &LogTail, place: Place) -> Option<String> {
        let mut text = place::event(tail, place)?.message.clone();
        for rest in self.lines.rest(place).iter().filter_map(|p| place::event(tail, *p)) {
            text.push('\n');
            text.push_str(&rest.message);
        }
        Some(text)
    }

    /// Lists the kinds of lines anew.
    pub(crate) fn list_kinds(&mut self, store: &Store, now: Time) {
        if let Some(tail) = store.get::<LogTail>() {
            self.kinds.observe(tail, &self.lines);
        }
        self.kinds.derive(store, now);
    }

    /// The kinds of lines of the last quarter of an hour, most of them first.
    pub(crate) fn kinds(&self) -> &[super::kinds::Kind] {
        self.kinds.list()
    }
}
