//! The store: every section's last good value, its age and its problem. Cheap to clone; the engine writes it, all others read a copy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;
use super::balancer::Routing;
use super::place::Place;
use super::section::{AnySection, Loadable, Problem, ProblemKind, Section, SectionKey, Unread};
use super::stack::is_own;
use super::system::NodeId;

/// A section counts as stale after this many intervals without success.
const STALE_INTERVALS: i32 = 3;
/// Never call a section stale earlier than this: one slow answer is not news.
const STALE_FLOOR: chrono::TimeDelta = chrono::TimeDelta::seconds(15);
/// What is asked for rarely is asked again soon when it fails: only when that fails, too, is the old value called stale.
const STALE_FAILING: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// Everything known about one section.
#[derive(Debug, Clone, Default)]
pub struct SectionState {
    /// The last good value.
    pub value: Option<Arc<dyn AnySection>>,
    /// When `value` was fetched.
    pub at: Option<Time>,
    /// Parts that the last good poll could not read.
    pub unread: Vec<Unread>,
    /// Why the last poll failed, if it did.
    pub problem: Option<Problem>,
    /// When the current run of failures began.
    pub failing_since: Option<Time>,
    /// When the first poll began.
    pub asked_at: Option<Time>,
    /// When the next poll is due.
    pub next_at: Option<Time>,
    /// The interval in force (longer while throttled or unfocused).
    pub interval: Duration,
    /// When the last poll began.
    pub begun_at: Option<Time>,
    /// How soon after that it may be asked for again by hand.
    pub floor: Duration,
    /// Counts successes: a verdict that needs two polls looks at this.
    pub revision: u64,
    /// Counts failed polls: a resource that is missing twice is missing.
    pub failures: u64,
}

/// Why a section is not asked for sooner, whoever wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It was asked so many seconds ago.
    Asked(i64),
    /// Its service, or our budget, wants to be left alone for so many seconds more.
    BackOff(ProblemKind, i64),
}

/// A section that is denied may be asked for again by hand after this: somebody may have changed the policy.
const DENIED: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

impl SectionState {
    /// Why it is not asked for at `now`, although somebody wants it; `None`: it is.
    pub fn hold(&self, now: Time) -> Option<Hold> {
        let begun = self.begun_at?;
        let kind = self.problem.as_ref().map(|p| p.kind);
        let until = match kind {
            Some(ProblemKind::Throttled | ProblemKind::Held | ProblemKind::CutOff) => self.next_at,
            Some(ProblemKind::Denied) => Some(begun + DENIED),
            _ => None,
        };
        if let Some((kind, until)) = kind.zip(until).filter(|(_, until)| *until > now) {
            return Some(Hold::BackOff(kind, whole_seconds(until - now)));
        }
        let floor = chrono::TimeDelta::from_std(self.floor).unwrap_or_default();
        (now - begun < floor).then(|| Hold::Asked((now - begun).num_seconds().max(0)))
    }

    /// Whether the value says nothing about `now` any more: it is too old, or its polls keep failing. What is refused will not come by
    /// itself: then it is at once.
    pub fn is_stale(&self, now: Time) -> bool {
        let Some(at) = self.at else { return false };
        let interval = chrono::TimeDelta::from_std(self.interval).unwrap_or_default();
        let old = now - at > (interval * STALE_INTERVALS).max(STALE_FLOOR);
        let refused = self.problem.as_ref().is_some_and(|p| p.kind.is_refusal());
        let failing = self.failing_since.is_some_and(|since| self.problem.is_some() && now - since > STALE_FAILING);
        old || refused || failing
    }

    /// Whether its last poll failed: the value, if there is one, is what was seen before.
    pub fn is_failing(&self) -> bool {
        self.problem.as_ref().is_some_and(|p| !p.is_waiting() && p.kind != ProblemKind::NotFound)
    }
}

/// Rounded up: nobody is told to wait for nothing.
fn whole_seconds(span: chrono::TimeDelta) -> i64 {
    (span.num_milliseconds() + 999) / 1000
}

/// What the engine has sent so far, from the wire: basis of calls/min and $/month.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Requests sent in the last full minute of the engine's clock.
    pub calls_per_min: f64,
    /// What the requests of the last hour would cost in a month of 730 hours, in US dollars.
    pub dollars_per_month: f64,
    /// Requests sent since the start, by `service:Operation`.
    pub by_operation: BTreeMap<String, u64>,
    /// Metrics asked for through GetMetricData since the start.
    pub metrics_requested: u64,
}

/// All sections, and what fetching them costs.
#[derive(Debug, Clone, Default)]
pub struct Store {
    entries: BTreeMap<SectionKey, SectionState>,
    /// What is known of each resource beside the first of its kind.
    members: BTreeMap<NodeId, BTreeMap<SectionKey, SectionState>>,
    /// What was really sent.
    pub usage: Usage,
    /// Where all of it was asked, and as whom.
    pub place: Arc<Place>,
    /// What a person has to know beside the sections: something that is waited for, a clock that is off.
    pub notices: Vec<String>,
    /// Counts every change: two stores with the same number are the same.
    pub version: u64,
}

impl Store {
    /// An empty one of this place.
    pub fn at_place(place: Place) -> Self {
        Self { place: Arc::new(place), ..Self::default() }
    }

    /// The same place, and nothing known of it.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { place: Arc::clone(&self.place), version: self.version + 1, ..Self::default() }
    }

    /// The entry of a section, if anything was ever asked of it.
    pub fn entry(&self, key: SectionKey) -> Option<&SectionState> {
        self.entries.get(&key)
    }

    /// The entry for writing; marks the store as changed.
    pub fn entry_mut(&mut self, key: SectionKey) -> &mut SectionState {
        self.version += 1;
        self.entries.entry(key).or_default()
    }

    /// All entries, by name.
    pub fn entries(&self) -> impl Iterator<Item = (SectionKey, &SectionState)> {
        self.entries.iter().map(|(k, e)| (*k, e))
    }

    /// As one resource beside the first of its kind is to be seen: its own sections in the place of the first one's, the others shared.
    #[must_use]
    pub fn of_member(&self, node: &NodeId) -> Self {
        let shared = self.entries.iter().filter(|(key, _)| !is_own(**key, node.system())).map(|(key, entry)| (*key, entry.clone()));
        let own = self.members.get(node).into_iter().flatten().map(|(key, entry)| (*key, entry.clone()));
        let (usage, place, notices) = (self.usage.clone(), Arc::clone(&self.place), self.notices.clone());
        Self { entries: shared.chain(own).collect(), members: BTreeMap::new(), usage, place, notices, version: self.version }
    }

    /// Changes what is known of that resource; its sections are shown and written as a store's are.
    pub fn change_member<R>(&mut self, node: &NodeId, change: impl FnOnce(&mut Self) -> R) -> R {
        let entries = self.members.remove(node).unwrap_or_default();
        let mut own = Self { entries, version: self.version, place: Arc::clone(&self.place), ..Self::default() };
        let result = change(&mut own);
        self.version = own.version;
        self.members.insert(node.clone(), own.entries);
        result
    }

    /// The entry of a section of that resource, if anything was ever asked of it.
    pub fn entry_of(&self, node: &NodeId, key: SectionKey) -> Option<&SectionState> {
        self.members.get(node)?.get(&key)
    }

    /// The section of one resource beside the first of its kind: the last good value.
    pub fn of<T: Section>(&self, node: &NodeId) -> Option<&T> {
        self.entry_of(node, T::KEY)?.value.as_ref()?.as_any().downcast_ref()
    }

    /// The section of every resource of its kind: the first one's, then the others'.
    pub fn all<T: Section>(&self) -> impl Iterator<Item = &T> {
        let all = std::iter::once(&self.entries).chain(self.members.values());
        all.filter_map(|entries| entries.get(&T::KEY)?.value.as_ref()?.as_any().downcast_ref())
    }

    /// The rules of one of several load balancers that name this target group; those of the first are not among them.
    pub fn routing_to(&self, target_group: &str) -> Option<&Routing> {
        let first = self.get::<Routing>().is_some();
        self.all::<Routing>().skip(usize::from(first)).find(|r| r.share(target_group, &[]).is_some())
    }

    /// The resources beside the first of their kind of which something is known, with their sections.
    pub fn members(&self) -> impl Iterator<Item = (&NodeId, impl Iterator<Item = (SectionKey, &SectionState)>)> {
        self.members.iter().map(|(node, entries)| (node, entries.iter().map(|(key, entry)| (*key, entry))))
    }

    /// The last good value, however old.
    pub fn get<T: Section>(&self) -> Option<&T> {
        self.entries.get(&T::KEY)?.value.as_ref()?.as_any().downcast_ref()
    }

    /// The section as it can be seen at `now`.
    pub fn load<T: Section>(&self, now: Time) -> Loadable<'_, T> {
        let Some(entry) = self.entries.get(&T::KEY) else { return Loadable::Idle };
        let value = entry.value.as_ref().and_then(|v| v.as_any().downcast_ref::<T>());
        match (value, entry.at, &entry.problem) {
            (Some(value), Some(at), problem) if entry.is_stale(now) => {
                Loadable::Stale { value, since: at, why: problem.as_ref().map_or("not loaded yet", |p| p.headline.as_str()) }
            }
            (Some(value), _, _) => Loadable::Ready(value),
            // Waiting for another section is part of loading, not a failure.
            (None, _, None | Some(Problem { kind: ProblemKind::Waiting(_), .. })) => Loadable::Loading { since: entry.asked_at },
            (None, _, Some(Problem { permission: Some(permission), .. })) => Loadable::Denied { permission },
            (None, _, Some(problem)) => Loadable::Failed(problem),
        }
    }

    /// Why a part of a section could not be read.
    pub fn unread<T: Section>(&self, item: &str, field: &str) -> Option<&str> {
        let parts = self.entries.get(&T::KEY).map(|e| e.unread.as_slice()).unwrap_or_default();
        parts.iter().find(|u| u.item == item && (u.field == field || u.field.is_empty())).map(|u| u.why.as_str())
    }

    /// When the section was last fetched.
    pub fn at<T: Section>(&self) -> Option<Time> {
        self.entries.get(&T::KEY)?.at
    }

    /// Puts a value as a successful poll at `at` would; for tests and replay.
    pub fn put<T: Section>(&mut self, value: T, at: Time, interval: Duration) {
        let entry = self.entry_mut(T::KEY);
        entry.value = Some(Arc::new(value));
        entry.at = Some(at);
        entry.asked_at.get_or_insert(at);
        entry.interval = interval;
        entry.unread = Vec::new();
        entry.problem = None;
        entry.failing_since = None;
        entry.revision += 1;
    }

    /// Records a failed poll, keeping the last good value; for the engine, tests and replay.
    pub fn fail(&mut self, key: SectionKey, problem: Problem, at: Time) {
        let entry = self.entry_mut(key);
        entry.asked_at.get_or_insert(at);
        entry.failing_since.get_or_insert(at);
        entry.failures += 1;
        entry.problem = Some(problem);
    }
}
