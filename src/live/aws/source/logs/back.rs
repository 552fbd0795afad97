//! Older lines of all followed groups, because a person asked for them: window by window back from what is there, each read whole or not at
//! all, until what is wanted is there or the buffer is full. What is new is `tail`'s. Called by `tail`.

use std::sync::Arc;

use chrono::TimeDelta;

use super::merge::{KEEP, KEEP_BYTES};
use super::window::Window;
use crate::aws::Clients;
use nextcore_core::model::Time;
use nextcore_core::model::log::{LogEvent, LogGap, LogTail};
use nextcore_core::model::section::Problem;
use nextcore_core::model::stack::LogGroupSpec;

/// Pages that one poll reads: the lines of now are waited for, too.
const PAGES: usize = 8;
/// Pages of one window of one group; where there are more, the window is too wide.
const OF_WINDOW: usize = 4;
const WIDEST: TimeDelta = TimeDelta::minutes(5);
const NARROWEST: TimeDelta = TimeDelta::seconds(5);
/// Older lines leave room for those to come: as many as a busy stack writes in some minutes.
const ROOM: usize = KEEP / 10;

/// A window as far as it was read.
enum Read {
    Whole(Vec<LogEvent>),
    /// It has more pages than one reads.
    Wider(Vec<LogEvent>),
}

/// Reads on, back to what is wanted; the pages of this poll may end before.
pub(super) async fn read_back(clients: &Clients, groups: &[LogGroupSpec], tail: &mut LogTail, wanted: Time) -> Result<(), Problem> {
    let mut pages = 0;
    while pages < PAGES {
        let Some(to) = tail.back.to.filter(|to| wanted < *to && tail.back.end.is_none()) else { return Ok(()) };
        let is_full = tail.events.len() + ROOM > KEEP || tail.events.iter().map(|e| e.message.len()).sum::<usize>() > KEEP_BYTES / 10 * 9;
        if is_full {
            tail.back.end = Some(format!("the buffer is full at {} lines", tail.events.len()));
            return Ok(());
        }
        let span = TimeDelta::milliseconds(tail.back.span_ms).clamp(NARROWEST, WIDEST);
        let from = (to - span).max(wanted);
        let mut all: Vec<LogEvent> = Vec::new();
        let mut wider = Vec::new();
        for group in groups {
            match window(clients, group, from, to, &mut pages).await? {
                Read::Whole(events) => all.extend(events),
                Read::Wider(_) if span > NARROWEST => {
                    tail.back.span_ms = (span / 4).num_milliseconds();
                    wider.push(group.name.clone());
                    break;
                }
                Read::Wider(events) => {
                    wider.push(group.name.clone());
                    all.extend(events);
                }
            }
        }
        if !wider.is_empty() && span > NARROWEST {
            continue;
        }
        let why = |name: String| LogGap { from, to, why: format!("more was written to {name} in a moment than is read at once") };
        tail.gaps.extend(wider.into_iter().map(why));
        take(tail, groups, all, from);
        // It is quieter further back: the next window may be wider again.
        tail.back.span_ms = (span * 2).min(WIDEST).num_milliseconds();
    }
    Ok(())
}

async fn window(clients: &Clients, group: &LogGroupSpec, from: Time, to: Time, pages: &mut usize) -> Result<Read, Problem> {
    // Both ends belong to what AWS answers, and the later one was read.
    let mut window = Window::new(group.clone(), from, to - TimeDelta::milliseconds(1));
    let mut events = Vec::new();
    for _ in 0..OF_WINDOW {
        *pages += 1;
        match window.next(clients).await? {
            Some(page) => events.extend(page),
            None => return Ok(Read::Whole(events)),
        }
    }
    Ok(if window.is_over() { Read::Whole(events) } else { Read::Wider(events) })
}

/// Puts them before what is there, under numbers of their own.
pub(super) fn take(tail: &mut LogTail, groups: &[LogGroupSpec], mut events: Vec<LogEvent>, from: Time) {
    events.sort_by_key(|e| e.at);
    let taken = events.len() as u64;
    let numbered: Vec<Arc<LogEvent>> = events.into_iter().zip(tail.total..).map(|(e, seq)| Arc::new(LogEvent { seq, ..e })).collect();
    for event in numbered.into_iter().rev() {
        tail.events.push_front(event);
    }
    // What comes from the future stands where it arrived, and that may be among these.
    let order = |e: &Arc<LogEvent>| (e.arrived(), e.seq);
    if !tail.events.iter().map(order).is_sorted() {
        tail.events.make_contiguous().sort_by_key(order);
    }
    tail.total += taken;
    tail.back.taken += taken;
    tail.back.to = Some(from);
    // What comes late to these is late, and no longer of another time.
    for group in groups {
        tail.progress.entry(group.name.clone()).or_default().began = Some(from);
    }
}
