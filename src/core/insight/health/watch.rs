//! Judgement over time: a fold over stores with the memory that hysteresis and `since` need. It knows no rules.
//! Down needs two observations of new data (the first is shown as degraded), degraded one, recovery two. Only what is
//! polled fast and can flicker is held back so: configuration and metrics over several minutes count at once.

use std::collections::BTreeMap;

use crate::model::Time;
use crate::model::balancer::Targets;
use crate::model::cache::{CacheNodes, ReplicationGroup};
use crate::model::database::Database;
use crate::model::health::{Level, Reason, ReasonKind, Verdict};
use crate::model::metric::Metrics;
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Services, StoppedTasks, Tasks};
use crate::model::stack::Stack;
use crate::model::store::Store;

use crate::insight::health::cause::{self, Interruptions};
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::Finding;
use crate::insight::health::node::{Assessment, assess, assess_one};
use crate::insight::judgement::{Cause, Counts, Judgement, NodeId};
use crate::insight::timeline::Timeline;

/// How often each section has answered: two observations with the same stamps saw the same data.
type Stamps = BTreeMap<SectionKey, u64>;

/// States that are polled every few seconds: one answer may catch a moment that is over in the next.
const FLICKERS: &[SectionKey] =
    &[Targets::KEY, Services::KEY, Tasks::KEY, StoppedTasks::KEY, Database::KEY, ReplicationGroup::KEY, CacheNodes::KEY];

/// What is remembered between two observations.
#[derive(Debug, Default)]
pub struct Watch {
    nodes: BTreeMap<NodeId, Memory>,
    interrupted: Interruptions,
    timeline: Timeline,
    /// Those of each resource beside the first of its kind.
    members: BTreeMap<NodeId, Watch>,
    last: Option<Last>,
}

/// The last judgement, for as long as nothing that it shows can have changed: same store, same stack, same second.
#[derive(Debug)]
struct Last {
    version: u64,
    second: i64,
    stack: Stack,
    judgement: Judgement,
}

#[derive(Debug)]
struct Memory {
    verdict: Verdict,
    /// The sections that set the level: only new data of these can clear it.
    cause: Vec<SectionKey>,
    /// What it says of figures: it is said no longer than they do.
    figures: Vec<String>,
    /// Whether figures alone set the level: they were watched for minutes, and its end is not looked at twice.
    figures_alone: bool,
    pending: Option<Pending>,
}

/// A change that has been seen once.
#[derive(Debug)]
struct Pending {
    to_down: bool,
    stamps: Stamps,
}

impl Watch {
    /// Judges a store, with the memory of those before it. May be called as often as wanted: the same data counts once.
    pub fn observe(&mut self, store: &Store, stack: &Stack, now: Time) -> Judgement {
        let (version, second) = (store.version, now.timestamp());
        if let Some(last) = self.last.as_ref().filter(|l| l.version == version && l.second == second && l.stack == *stack) {
            return last.judgement.clone();
        }
        let facts = Facts::new(store, stack, now);
        self.remember(assess(&facts), &facts);
        let mut nodes = self.nodes.iter().map(|(id, m)| (id.clone(), m.verdict.clone())).collect();
        let causes = cause::tell(&mut nodes, &self.interrupted, &facts);
        let mut timeline = self.timeline.of(store, now);
        self.members.retain(|node, _| stack.members().any(|n| n == *node));
        each_member(store, stack, |node, store, stack| {
            let watch = self.members.entry(node.clone()).or_default();
            let facts = Facts::of_member(store, stack, now);
            watch.remember(assess_one(&facts, node.system()), &facts);
            place(&mut nodes, node, watch.nodes.iter().map(|(id, m)| (id.clone(), m.verdict.clone())));
            timeline.extend(watch.timeline.of_member(node, store, now));
        });
        let judgement = summary(nodes, in_order(timeline, stack), causes);
        self.last = Some(Last { version, second, stack: stack.clone(), judgement: judgement.clone() });
        judgement
    }
}

impl Watch {
    fn remember(&mut self, seen: BTreeMap<NodeId, Assessment>, facts: &Facts<'_>) {
        let mut old = std::mem::take(&mut self.nodes);
        for (id, seen) in seen {
            let memory = Memory::next(old.remove(&id), &seen, facts.store, facts.now);
            cause::note(&mut self.interrupted, &id, &seen, &memory.verdict, facts.now);
            self.nodes.insert(id, memory);
        }
    }
}

/// Visits every resource beside the first of its kind with store and stack as it sees them.
fn each_member(store: &Store, stack: &Stack, mut visit: impl FnMut(&NodeId, &Store, &Stack)) {
    for node in stack.members() {
        if let Some(own) = stack.of_member(&node) {
            visit(&node, &store.of_member(&node), &own);
        }
    }
}

/// Puts the verdicts of such a resource among all: its own under its name, those of its parts where the first one has none of them.
fn place(nodes: &mut BTreeMap<NodeId, Verdict>, node: &NodeId, own: impl Iterator<Item = (NodeId, Verdict)>) {
    for (id, verdict) in own {
        if id == NodeId::of(node.system()) {
            nodes.insert(node.clone(), verdict);
        } else {
            nodes.entry(id).or_insert(verdict);
        }
    }
}

/// The newest first: what was told by several is sorted again.
fn in_order(mut timeline: Vec<crate::insight::Event>, stack: &Stack) -> Vec<crate::insight::Event> {
    if stack.members().next().is_some() {
        timeline.sort_by_key(|e| std::cmp::Reverse(e.at));
    }
    timeline
}

/// Judges a store by itself: one poll decides, `since` is only what the cloud says. For `snapshot`.
pub fn judge(store: &Store, stack: &Stack, now: Time) -> Judgement {
    let facts = Facts::new(store, stack, now);
    let (mut nodes, mut interrupted) = (BTreeMap::new(), Interruptions::new());
    for (id, seen) in assess(&facts) {
        let verdict = verdict(&seen, seen.level(), reasons(&seen), stamp(&seen));
        cause::note(&mut interrupted, &id, &seen, &verdict, now);
        nodes.insert(id, verdict);
    }
    let causes = cause::tell(&mut nodes, &interrupted, &facts);
    let mut timeline = Timeline::default().of(store, now);
    each_member(store, stack, |node, store, stack| {
        let seen = assess_one(&Facts::of_member(store, stack, now), node.system());
        place(&mut nodes, node, seen.iter().map(|(id, seen)| (id.clone(), verdict(seen, seen.level(), reasons(seen), stamp(seen)))));
        timeline.extend(Timeline::default().of_member(node, store, now));
    });
    summary(nodes, in_order(timeline, stack), causes)
}

fn summary(nodes: BTreeMap<NodeId, Verdict>, timeline: Vec<crate::insight::Event>, causes: Vec<Cause>) -> Judgement {
    let mut counts = Counts::default();
    for verdict in nodes.values() {
        let count = match verdict.level {
            Level::Absent => &mut counts.absent,
            Level::Healthy => &mut counts.healthy,
            Level::Info => &mut counts.info,
            Level::Unknown => &mut counts.unknown,
            Level::Degraded => &mut counts.degraded,
            Level::Down => &mut counts.down,
        };
        *count += 1;
    }
    let worst = nodes.values().map(|v| v.level).max().unwrap_or_default();
    Judgement { nodes, counts, worst, timeline, causes }
}

fn verdict(seen: &Assessment, level: Level, reasons: Vec<Reason>, since: Option<Time>) -> Verdict {
    Verdict { level, reasons, since, as_of: seen.as_of }
}

fn reasons(seen: &Assessment) -> Vec<Reason> {
    seen.findings.iter().map(Finding::reason).collect()
}

/// What the reasons say of figures.
fn figures(seen: &Assessment) -> Vec<String> {
    seen.findings.iter().filter(|f| of_figures(f)).map(|f| f.text.clone()).collect()
}

fn of_figures(finding: &Finding) -> bool {
    finding.kind == ReasonKind::Seen && finding.basis.contains(&Metrics::KEY)
}

/// The cloud's own time stamp of the level: the earliest of the findings that set it.
fn stamp(seen: &Assessment) -> Option<Time> {
    match seen.level() {
        Level::Healthy => seen.calm_since,
        _ => seen.deciding().filter_map(|f| f.since).min(),
    }
}

/// Whether a finding could be gone with the next poll. Metrics were watched for minutes before they count, and what is read every few
/// minutes would be shown as half as bad as it is until it is read again.
fn flickers(finding: &Finding) -> bool {
    !of_figures(finding) && finding.basis.iter().any(|key| FLICKERS.contains(key))
}

fn stamps(store: &Store, keys: &[SectionKey]) -> Stamps {
    let count = |key: &SectionKey| store.entry(*key).map_or(0, |e| e.revision + e.failures);
    keys.iter().map(|key| (*key, count(key))).collect()
}

impl Memory {
    fn next(old: Option<Self>, seen: &Assessment, store: &Store, now: Time) -> Self {
        let raw = seen.level();
        let cause: Vec<SectionKey> = seen.deciding().flat_map(|f| f.basis.iter().copied()).collect();
        let shown = old.as_ref().map(|m| m.verdict.level);
        if raw == Level::Down && shown != Some(Level::Down) && seen.deciding().all(flickers) {
            let pending = old.as_ref().and_then(|m| m.pending.as_ref()).filter(|p| p.to_down);
            if !pending.is_some_and(|p| p.has_news(store)) {
                // Bad enough to be degraded at once; down when the next data says the same.
                let stamps = pending.map_or_else(|| stamps(store, &cause), |p| p.stamps.clone());
                let since = since(old.as_ref(), Level::Degraded, seen, now);
                let verdict = verdict(seen, Level::Degraded, reasons(seen), since);
                let pending = Some(Pending { to_down: true, stamps });
                return Self { verdict, cause, figures: figures(seen), figures_alone: false, pending };
            }
        }
        match old {
            Some(old) if old.is_recovery(raw) => old.recover(seen, cause, store, now),
            old => Self::at(raw, old.as_ref(), seen, cause, now),
        }
    }

    /// The level as it was seen.
    fn at(level: Level, old: Option<&Self>, seen: &Assessment, cause: Vec<SectionKey>, now: Time) -> Self {
        let since = since(old, level, seen, now);
        let figures_alone = seen.deciding().all(of_figures);
        Self { verdict: verdict(seen, level, reasons(seen), since), cause, figures: figures(seen), figures_alone, pending: None }
    }

    /// Better than what is shown, by knowledge and not by the loss of it. A verdict does not outlive the figures that it rests on.
    fn is_recovery(&self, raw: Level) -> bool {
        self.verdict.level >= Level::Degraded && raw < self.verdict.level && raw != Level::Unknown && !self.figures_alone
    }

    fn recover(self, seen: &Assessment, cause: Vec<SectionKey>, store: &Store, now: Time) -> Self {
        let pending = self.pending.as_ref().filter(|p| !p.to_down);
        if pending.is_some_and(|p| p.has_news(store)) {
            return Self::at(seen.level(), Some(&self), seen, cause, now);
        }
        let pending = match self.pending {
            Some(pending) if !pending.to_down => pending,
            _ => Pending { to_down: false, stamps: stamps(store, &self.cause) },
        };
        let mut held = self.verdict;
        let note = Reason::new(Level::Healthy, "improved in the last poll, one more to confirm");
        if !held.reasons.contains(&note) {
            held.reasons.push(note);
        }
        held.reasons.retain(|r| !self.figures.contains(&r.text) || seen.findings.iter().any(|f| f.text == r.text));
        held.as_of = seen.as_of;
        Self { verdict: held, pending: Some(pending), ..self }
    }
}

impl Pending {
    /// Any of the sections that decided has answered again; a change that rests on no section needs no second look.
    fn has_news(&self, store: &Store) -> bool {
        let keys: Vec<SectionKey> = self.stamps.keys().copied().collect();
        keys.is_empty() || stamps(store, &keys) != self.stamps
    }
}

/// The cloud's time stamp, else when this process saw the level change; a first look is no change.
fn since(old: Option<&Memory>, level: Level, seen: &Assessment, now: Time) -> Option<Time> {
    match (old, stamp(seen)) {
        (Some(old), stamp) if old.verdict.level == level => match (old.verdict.since, stamp) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
        (_, Some(stamp)) => Some(stamp),
        (Some(_), None) => Some(now),
        (None, None) => None,
    }
}
