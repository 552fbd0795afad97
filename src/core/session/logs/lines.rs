//! The lines of the tail made searchable: each event is folded, levelled and indexed once, when it was taken; what comes late is only
//! put into its place in the order. Not what is shown of them: `mod`. Called by `LogView` for every new tail.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::place::{Place, event, newer};
use super::rates::Rates;
use crate::log::event::{Folder, Part, level_with};
use crate::log::level::Level;
use crate::log::query::Query;
use crate::log::search::Index;
use crate::model::log::{LogEvent, LogTail};

/// An event with the lines that belong to it, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(crate) place: Place,
    /// Its number in the index; changes when lines are added to it.
    number: u64,
}

/// What belongs to a first line.
#[derive(Debug, Clone, Default)]
struct Fold {
    rest: Vec<Place>,
    /// Of the first line.
    level: Level,
}

/// All lines that are held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    index: Index,
    /// Whose text each number of the index is; `None` when it has left or was put again under a later number.
    owners: VecDeque<Option<Place>>,
    /// All units in the order in which they are shown.
    order: VecDeque<Unit>,
    /// By the number of the first line's event.
    folds: HashMap<u64, Fold>,
    folder: Folder,
    /// The first line of the event that is open in each stream.
    open: HashMap<String, Place>,
    /// What was put again under another number by the last tail.
    revised: Vec<Place>,
    /// The number of the next event.
    next: u64,
    /// The tail that was taken in last: how many were dropped, its newest event and that one's id.
    seen: Option<(u64, Place, String)>,
    /// Changes when everything began anew.
    era: u64,
    pub(crate) rates: Rates,
}

/// More streams are not remembered; `Folder` has the same bound.
const MOST_STREAMS: usize = 4096;
/// Bytes of an event of many lines that are searched.
const REACH: usize = 256 << 10;

/// A new event whose text is not yet indexed.
struct Fresh<'t> {
    event: &'t LogEvent,
    level: Level,
    is_json: bool,
    /// It was counted before.
    is_known: bool,
}

/// What is left of an event whose first line has been dropped.
struct Orphans {
    head: Place,
    rest: Vec<Place>,
}

impl Lines {
    /// Takes in what is new in the tail, by the number of each event; `false` where nothing is.
    pub(crate) fn observe(&mut self, tail: &LogTail) -> bool {
        self.revised.clear();
        let newest = tail.events.iter().map(|e| (e.seq, e)).next_back().map(|(_, e)| (Place::of(e), e.id.as_str()));
        let same = self.seen.as_ref().is_some_and(|(dropped, place, id)| {
            *dropped == tail.dropped && newest == Some((*place, id.as_str())) && self.next == tail.total
        });
        if same || (tail.events.is_empty() && self.order.is_empty()) {
            return false;
        }
        // Where a heap of what has left is larger than what is held, it is cheaper to begin anew.
        let waste = self.owners.len() > 4 * tail.events.len() + 4096;
        if waste || self.is_rewritten(tail) {
            *self = Self { era: self.era + 1, ..Self::default() };
        }
        let orphans = self.leave(tail);
        self.take(tail, orphans);
        self.next = tail.total;
        self.seen = newest.map(|(place, id)| (tail.dropped, place, id.to_owned()));
        true
    }

    /// The numbers no longer mean the same events: another process follows the groups.
    fn is_rewritten(&self, tail: &LogTail) -> bool {
        let Some((_, place, id)) = &self.seen else { return false };
        let held = event(tail, *place).map(|e| e.id == *id);
        let left = tail.events.front().is_some_and(|front| Place::of(front) > *place);
        tail.total < self.next || !held.unwrap_or(left)
    }

    /// Lets go of what the tail has dropped; what belonged to a first line that is gone, and is still held, is returned.
    fn leave(&mut self, tail: &LogTail) -> Vec<Orphans> {
        let mut orphans = Vec::new();
        let front = tail.events.front().map(|e| Place::of(e));
        while let Some(unit) = self.order.front().copied().filter(|u| front.is_none_or(|f| u.place < f)) {
            self.order.pop_front();
            self.disown(unit.number);
            if let Some(fold) = self.folds.remove(&unit.place.seq) {
                let mut rest: Vec<Place> = fold.rest.into_iter().filter(|p| front.is_some_and(|f| *p >= f)).collect();
                rest.sort_unstable();
                orphans.push(Orphans { head: unit.place, rest });
            }
        }
        let first = self.index.end() - self.owners.len() as u64;
        let gone = self.owners.iter().take_while(|o| o.is_none()).count();
        self.owners.drain(..gone);
        self.index.forget(first + gone as u64);
        orphans
    }

    fn disown(&mut self, number: u64) {
        let first = self.index.end() - self.owners.len() as u64;
        let at = number.checked_sub(first).map(|i| i as usize);
        if let Some(owner) = at.and_then(|i| self.owners.get_mut(i)) {
            *owner = None;
        }
    }

    fn take(&mut self, tail: &LogTail, orphans: Vec<Orphans>) {
        let mut heads: Vec<Fresh<'_>> = orphans.into_iter().filter_map(|o| self.adopt(tail, o)).collect();
        let mut grown: Vec<Place> = Vec::new();
        let front = tail.events.front().map(|e| Place::of(e));
        for event in newer(tail, self.next) {
            let (level, is_json) = Level::and_json(&event.message);
            let fresh = Fresh { event, level, is_json, is_known: false };
            match self.head_of(&fresh, front) {
                Some(head) => {
                    let fold = self.folds.entry(head.seq).or_default();
                    fold.rest.push(Place::of(event));
                    grown.push(head);
                }
                None => heads.push(fresh),
            }
        }
        grown.sort_unstable();
        grown.dedup();
        let mut units = Vec::with_capacity(heads.len());
        for fresh in heads {
            let place = Place::of(fresh.event);
            if let Some(fold) = self.folds.get_mut(&place.seq) {
                fold.level = fresh.level;
            }
            units.push(Unit { place, number: self.put(tail, &fresh) });
        }
        self.order.extend(units.iter().copied());
        if !self.order.iter().zip(self.order.iter().skip(1)).all(|(a, b)| a <= b) {
            self.order.make_contiguous().sort();
        }
        self.grow(tail, &grown);
    }

    /// The first of what is left of an event stands for it from now on.
    fn adopt<'t>(&mut self, tail: &'t LogTail, orphans: Orphans) -> Option<Fresh<'t>> {
        let (head, rest) = orphans.rest.split_first()?;
        for place in self.open.values_mut().filter(|p| **p == orphans.head) {
            *place = *head;
        }
        if !rest.is_empty() {
            self.folds.insert(head.seq, Fold { rest: rest.to_vec(), level: Level::None });
        }
        let event = event(tail, *head)?;
        let (level, is_json) = Level::and_json(&event.message);
        Some(Fresh { event, level, is_json, is_known: true })
    }

    /// The first line that an event belongs to.
    fn head_of(&mut self, fresh: &Fresh<'_>, front: Option<Place>) -> Option<Place> {
        let event = fresh.event;
        let stream: Cow<'_, str> =
            if event.of.is_empty() { event.stream.as_str().into() } else { format!("{} {}", event.of, event.stream).into() };
        let place = Place::of(event);
        let part = self.folder.part(&stream, event.at, &event.message, fresh.level);
        let head = self.open.get(stream.as_ref()).copied().filter(|head| {
            // What stands before its first line, or whose first line has left, is shown by itself.
            part == Part::Rest && *head <= place && front.is_none_or(|f| *head >= f)
        });
        match self.open.get_mut(stream.as_ref()) {
            _ if head.is_some() => {}
            Some(open) => *open = place,
            None => {
                if self.open.len() >= MOST_STREAMS {
                    self.open.clear();
                }
                self.open.insert(stream.into_owned(), place);
            }
        }
        head
    }

    /// Indexes an event with all that belongs to it.
    fn put(&mut self, tail: &LogTail, fresh: &Fresh<'_>) -> u64 {
        let Fresh { event, .. } = fresh;
        let place = Place::of(event);
        let (text, level, is_json) = match self.folds.get(&place.seq) {
            None => (Cow::Borrowed(event.message.as_str()), fresh.level, fresh.is_json),
            Some(fold) => {
                let (text, level) = joined(tail, event, fold);
                let is_json = Level::and_json(&text).1;
                (Cow::Owned(text), level, is_json)
            }
        };
        let number = self.index.end();
        self.index.push(&text, level, event.service(), &event.stream, is_json);
        self.owners.push_back(Some(place));
        if !fresh.is_known {
            self.rates.count(event.service(), event.at, level, event.seq);
        }
        number
    }

    /// Puts again what has grown and was indexed before this tail.
    fn grow(&mut self, tail: &LogTail, grown: &[Place]) {
        for head in grown.iter().filter(|h| h.seq < self.next).copied().collect::<Vec<_>>() {
            let Ok(at) = self.order.binary_search_by(|u| u.place.cmp(&head)) else { continue };
            let Some(event) = event(tail, head) else { continue };
            let number = self.order.get(at).map(|u| u.number).unwrap_or_default();
            let level = self.index.line(number).map(|l| l.level).unwrap_or_default();
            let is_json = self.index.line(number).is_some_and(|l| l.is_json);
            if let Some(fold) = self.folds.get_mut(&head.seq)
                && fold.level == Level::None
            {
                fold.level = level;
            }
            self.disown(number);
            let number = self.put(tail, &Fresh { event, level, is_json, is_known: false });
            if let Some(unit) = self.order.get_mut(at) {
                unit.number = number;
            }
            self.revised.push(head);
        }
    }

    pub(crate) fn order(&self) -> &VecDeque<Unit> {
        &self.order
    }

    /// The oldest place that is held.
    pub(crate) fn front(&self) -> Option<Place> {
        self.order.front().map(|u| u.place)
    }

    pub(crate) fn revised(&self) -> &[Place] {
        &self.revised
    }

    /// Changes when places that were found no longer mean anything.
    pub(crate) fn era(&self) -> u64 {
        self.era
    }

    /// The number that the next text will have.
    pub(crate) fn end(&self) -> u64 {
        self.index.end()
    }

    /// The places of the units that a query lets through, of those that were indexed from that number on; in their order.
    pub(crate) fn search(&self, query: &Query, from: u64) -> Vec<Place> {
        let first = self.index.end() - self.owners.len() as u64;
        let found = self.index.search(query, from);
        let owner = |n: u64| n.checked_sub(first).and_then(|i| self.owners.get(i as usize)).copied().flatten();
        let mut places: Vec<Place> = found.into_iter().filter_map(owner).collect();
        places.sort();
        places
    }

    fn unit(&self, place: Place) -> Option<Unit> {
        let at = self.order.binary_search_by(|u| u.place.cmp(&place)).ok()?;
        self.order.get(at).copied()
    }

    /// Whether it is a first line.
    pub(crate) fn is_head(&self, place: Place) -> bool {
        self.unit(place).is_some()
    }

    /// The level of an event, with all that belongs to it, and whether it is an object.
    pub(crate) fn level(&self, place: Place) -> (Level, bool) {
        let line = self.unit(place).and_then(|u| self.index.line(u.number));
        line.map(|l| (l.level, l.is_json)).unwrap_or_default()
    }

    /// Where the lines stand that belong to that first line.
    pub(crate) fn rest(&self, place: Place) -> &[Place] {
        self.folds.get(&place.seq).map(|f| f.rest.as_slice()).unwrap_or_default()
    }
}

/// The text of an event with all lines that belong to it, and how bad it is.
fn joined(tail: &LogTail, head: &LogEvent, fold: &Fold) -> (String, Level) {
    let mut text = head.message.clone();
    let mut level = if fold.level == Level::None { Level::of(&head.message) } else { fold.level };
    for rest in fold.rest.iter().filter_map(|p| event(tail, *p)) {
        level = level_with(level, &rest.message);
        if text.len() < REACH {
            text.push('\n');
            text.push_str(&rest.message);
        }
    }
    (text, level)
}
