//! The merging of what polls bring into the tail: every event once, in the order of its time, with a word for what is missing. Pure: no
//! request, no clock. Where a poll begins is decided here, too. Called by `tail`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;

use nextcore_core::model::Time;
use nextcore_core::model::log::{Cut, LogEvent, LogGap, LogTail, Progress};

/// How far back the first poll reaches.
pub(super) const FIRST_LOOK: TimeDelta = TimeDelta::minutes(2);
/// The window: what is later than this behind the newest arrival is not looked for.
const NARROWEST: TimeDelta = TimeDelta::seconds(20);
const WIDEST: TimeDelta = TimeDelta::minutes(5);
/// So often it is looked as far back as the widest window, for who is later than anybody was before.
const PROBE: TimeDelta = TimeDelta::minutes(1);
/// Clocks of people's machines differ from AWS's by no more: beyond, nothing they sign is accepted.
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// Clocks of writers differ by so much: what is further ahead of its receipt comes from the future.
const AHEAD: TimeDelta = TimeDelta::seconds(5);
/// Events kept, and bytes of their texts.
pub(super) const KEEP: usize = 100_000;
pub(super) const KEEP_BYTES: usize = 64 << 20;
/// Gaps that are remembered.
const GAPS: usize = 100;
/// How the word of a gap begins that the next polls will close.
const OPEN: &str = "still being read";

/// An event as a page has it.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) event: LogEvent,
    /// When it reached CloudWatch.
    pub(super) ingested: Time,
}

impl Taken {
    /// Marks what comes from the future.
    pub(super) fn new(event: LogEvent, ingested: Time) -> Self {
        let received = Some(ingested).filter(|ingested| event.at - *ingested > AHEAD);
        Self { event: LogEvent { received, ..event }, ingested }
    }
}

/// What one poll read of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    pub(super) group: String,
    /// Where it began.
    pub(super) start: Time,
    pub(super) events: Vec<Taken>,
    pub(super) pages: usize,
    /// There is more behind the last event: why it was not read.
    pub(super) cut: Option<String>,
}

/// Where the next poll of a group begins.
pub(super) fn start(progress: &Progress, now: Time) -> Time {
    match (&progress.cut, progress.horizon) {
        (Some(cut), _) => cut.at,
        (None, None) => now - FIRST_LOOK,
        (None, Some(horizon)) => {
            let is_time = progress.probed.is_none_or(|at| now - at >= PROBE);
            horizon - if is_time && progress.pages <= 1 { WIDEST } else { window(progress) }
        }
    }
}

fn window(progress: &Progress) -> TimeDelta {
    TimeDelta::milliseconds(progress.window_ms).clamp(NARROWEST, WIDEST)
}

/// Takes in what the groups brought. Texts are moved, and those that are there are not touched.
pub(super) fn merge(mut tail: LogTail, batches: Vec<Batch>, now: Time) -> LogTail {
    tail.gaps.retain(|gap| !gap.why.starts_with(OPEN));
    let Some(from) = batches.iter().map(|b| b.start).min() else { return tail };
    let mut overlap: Vec<Arc<LogEvent>> = Vec::new();
    while tail.events.back().is_some_and(|e| e.arrived() >= from) {
        overlap.extend(tail.events.pop_back());
    }
    // What comes from the future is fetched until its time is over, and stands where it arrived.
    let ahead = tail.events.iter().filter(|e| e.received.is_some());
    let mut known = Known::of(overlap.iter().chain(ahead).map(AsRef::as_ref));
    let mut fresh: Vec<(Taken, String)> = Vec::new();
    let before: Before = tail.progress.iter().map(|(name, p)| (name.clone(), (p.newest, p.horizon))).collect();
    for mut batch in batches {
        let taken: Vec<Taken> = std::mem::take(&mut batch.events);
        let last = taken.iter().map(|t| t.event.at).max();
        let ingested = taken.iter().map(|t| t.ingested).max();
        let old = fresh.len();
        let began = *tail.progress.entry(batch.group.clone()).or_default().began.get_or_insert(batch.start);
        fresh.extend(taken.into_iter().filter(|t| t.event.arrived() >= began && known.is_new(&t.event)).map(|t| (t, batch.group.clone())));
        let (gap, slowest) = {
            let new = fresh.get(old..).unwrap_or_default();
            let slowest = new.iter().map(|(t, _)| t.ingested - t.event.at).max();
            let progress = tail.progress.entry(batch.group.clone()).or_default();
            lateness(progress, slowest);
            (advance(progress, &batch, last, ingested, new.len(), now), slowest)
        };
        tail.gaps.extend(gap);
        if let (Some(slowest), Some(followed)) = (slowest, tail.groups.iter_mut().find(|g| g.name == batch.group)) {
            followed.lateness_ms = Some(slowest.num_milliseconds().max(0));
        }
    }
    drop(known);
    fresh.sort_by_key(|(t, _)| t.event.arrived());
    take(&mut tail, overlap, fresh, &before);
    trim(&mut tail);
    close(&mut tail, now);
    tail
}

/// The newest that was taken of each group, and how far it was read, before this poll.
type Before = HashMap<String, (Option<Time>, Option<Time>)>;

/// Numbers what is new and puts it in its place.
fn take(tail: &mut LogTail, mut overlap: Vec<Arc<LogEvent>>, fresh: Vec<(Taken, String)>, before: &Before) {
    let (mut beyond, mut earliest): (u64, Option<Time>) = (0, None);
    for (taken, group) in fresh {
        let arrived = taken.event.arrived();
        let (newest, horizon) = before.get(&group).copied().unwrap_or_default();
        if let Some(progress) = tail.progress.get_mut(&group) {
            progress.newest = progress.newest.max(Some(arrived));
        }
        if tail.floor.is_some_and(|floor| arrived <= floor) {
            // Read and gone already, unless it reached CloudWatch after all that was read.
            if horizon.is_none_or(|horizon| taken.ingested > horizon) {
                beyond += 1;
                earliest = Some(earliest.map_or(arrived, |at: Time| at.min(arrived)));
            }
            continue;
        }
        let late = newest.is_some_and(|newest| arrived < newest);
        overlap.push(Arc::new(LogEvent { seq: tail.total, late, ..taken.event }));
        tail.total += 1;
    }
    overlap.sort_by_key(|e| (e.arrived(), e.seq));
    tail.events.extend(overlap);
    if let Some(from) = earliest {
        tail.total += beyond;
        tail.dropped += beyond;
        let to = tail.events.front().map_or(from, |e| e.arrived());
        tail.gaps.push(LogGap { from, to, why: format!("{beyond} events came later than the kept lines reach back") });
    }
}

/// The window grows at once with who is later, and shrinks slowly.
fn lateness(progress: &mut Progress, slowest: Option<TimeDelta>) {
    let Some(slowest) = slowest else { return };
    let wanted = (slowest + slowest / 2 + TimeDelta::seconds(5)).clamp(NARROWEST, WIDEST);
    let window = window(progress);
    let next = if wanted > window { wanted } else { window - (window - wanted) / 32 };
    progress.window_ms = next.num_milliseconds();
}

/// How far a group is read after a poll; with a gap that will not be closed any more.
fn advance(progress: &mut Progress, batch: &Batch, last: Option<Time>, ingested: Option<Time>, new: usize, now: Time) -> Option<LogGap> {
    if progress.cut.is_none() && progress.horizon.is_none_or(|h| batch.start <= h - WIDEST) {
        progress.probed = Some(now);
    }
    progress.pages = batch.pages;
    let chain = progress.cut.take();
    // What was read first is the oldest knowledge: later arrivals among it are looked for once the rest is read.
    let horizon = chain.as_ref().map_or(ingested, |c| c.horizon).max(progress.horizon);
    let Some(why) = &batch.cut else {
        progress.horizon = horizon.max(Some(chain.map_or(now, |c| c.since) - SKEW));
        return None;
    };
    let at = last.unwrap_or(batch.start);
    let read = chain.as_ref().map_or(0, |c| c.read) + new;
    let since = chain.as_ref().map_or(now, |c| c.since);
    if read >= KEEP && now - FIRST_LOOK > at {
        // All of it would have left again: nobody reads what is hours old line by line.
        progress.cut = Some(Cut { at: now - FIRST_LOOK, horizon, since: now, read: 0 });
        return Some(LogGap { from: at, to: now - FIRST_LOOK, why: format!("more came to {} than can be read: {why}", batch.group) });
    }
    if at <= batch.start && new == 0 {
        // More events of one millisecond than one poll reads.
        let next = at + TimeDelta::milliseconds(1);
        progress.cut = Some(Cut { at: next, horizon, since, read });
        return Some(LogGap { from: at, to: next, why: format!("more of one moment in {} than can be read: {why}", batch.group) });
    }
    progress.cut = Some(Cut { at, horizon, since, read });
    None
}

/// Says what is still being read, and forgets gaps that lie before what is kept.
fn close(tail: &mut LogTail, now: Time) {
    if let Some(first) = tail.events.front().map(|e| e.arrived()).filter(|_| tail.dropped > 0) {
        tail.gaps.retain(|gap| gap.to >= first);
    }
    let surplus = tail.gaps.len().saturating_sub(GAPS);
    tail.gaps.drain(..surplus);
    let open = tail.progress.iter().filter_map(|(name, p)| Some((name, p.cut.as_ref()?)));
    let open = open.map(|(name, cut)| LogGap { from: cut.at, to: now, why: format!("{OPEN}: more came to {name} than one poll reads") });
    tail.gaps.extend(open.collect::<Vec<_>>());
    tail.gaps.sort_by_key(|g| (g.from, g.to));
    tail.truncated = tail.progress.values().any(|p| p.cut.is_some());
}

fn trim(tail: &mut LogTail) {
    let mut bytes: usize = tail.events.iter().map(|e| e.message.len()).sum();
    while tail.events.len() > KEEP || bytes > KEEP_BYTES && tail.events.len() > 1 {
        let Some(gone) = tail.events.pop_front() else { break };
        bytes -= gone.message.len();
        tail.floor = tail.floor.max(Some(gone.arrived()));
        tail.dropped += 1;
    }
}

/// What is there already: by id, or where a cloud gives none by all that an event says, as often as it was said.
struct Known<'e> {
    ids: HashSet<(&'e str, &'e str, &'e str)>,
    fetched: HashSet<(String, String, String)>,
    said: HashMap<(Arc<str>, String, Time, String), usize>,
}

impl<'e> Known<'e> {
    fn of(events: impl Iterator<Item = &'e LogEvent>) -> Self {
        let mut known = Self { ids: HashSet::new(), fetched: HashSet::new(), said: HashMap::new() };
        for e in events {
            if e.id.is_empty() {
                *known.said.entry(words(e)).or_default() += 1;
            } else {
                known.ids.insert((&*e.of, &e.stream, &e.id));
            }
        }
        known
    }

    /// Whether an event of a page was not there; it is from now on.
    fn is_new(&mut self, event: &LogEvent) -> bool {
        if event.id.is_empty() {
            return match self.said.get_mut(&words(event)) {
                Some(times) if *times > 0 => {
                    *times -= 1;
                    false
                }
                _ => true,
            };
        }
        !self.ids.contains(&(&*event.of, event.stream.as_str(), event.id.as_str()))
            && self.fetched.insert((event.of.to_string(), event.stream.clone(), event.id.clone()))
    }
}

fn words(event: &LogEvent) -> (Arc<str>, String, Time, String) {
    (Arc::clone(&event.of), event.stream.clone(), event.at, event.message.clone())
}
