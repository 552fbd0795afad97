//! Where an event stands among all: by the time of its arrival, then by its number. What was late is put into its place by it, and a
//! place means the same event whatever arrives or leaves. Called by all of `logs`.

use crate::model::Time;
use crate::model::log::{LogEvent, LogTail};

/// The place of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) at: Time,
    pub(crate) seq: u64,
}

impl Place {
    pub(crate) fn of(event: &LogEvent) -> Self {
        Self { at: event.arrived(), seq: event.seq }
    }
}

/// The event that stands there.
pub(crate) fn event(tail: &LogTail, place: Place) -> Option<&LogEvent> {
    let at = tail.events.binary_search_by(|e| Place::of(e).cmp(&place)).ok()?;
    tail.events.get(at).map(AsRef::as_ref)
}

/// The events from that number on, in the order of their numbers; looked for no further back than they can be.
pub(crate) fn newer(tail: &LogTail, next: u64) -> Vec<&LogEvent> {
    let mut missing = tail.total.saturating_sub(next);
    let mut new: Vec<&LogEvent> = Vec::new();
    for event in tail.events.iter().rev() {
        // All were found: what is older is known.
        if missing == 0 {
            break;
        }
        if event.seq >= next {
            new.push(event);
            missing -= 1;
        }
    }
    new.sort_unstable_by_key(|e| e.seq);
    new
}

/// Which of sorted places is nearest in time; the later one where two are as near.
pub(crate) fn nearest<T>(sorted: &[T], place: Place, of: impl Fn(&T) -> Place) -> Option<usize> {
    let behind = sorted.partition_point(|item| of(item) < place);
    let away = |i: usize| sorted.get(i).map(|item| (of(item).at - place.at).abs());
    match (behind.checked_sub(1).and_then(away), away(behind)) {
        (Some(before), Some(after)) if before < after => Some(behind - 1),
        (_, Some(_)) => Some(behind),
        (Some(_), None) => Some(behind - 1),
        (None, None) => None,
    }
}
