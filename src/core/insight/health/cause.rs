//! Cause and consequence: what failed first among the things that others rest on, and what failed after it. It is said only where the order
//! in time and the dependency are both known. It changes words, never a level. Called by `watch`.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::insight::health::facts::Facts;
use crate::insight::health::node::Assessment;
use crate::insight::health::rules::target_group::groups_of;
use crate::insight::judgement::Cause;
use crate::model::Time;
use crate::model::health::{Level, ReasonKind, Verdict};
use crate::model::stack::{Dependency, ServiceSpec};
use crate::model::system::{NodeId, System};

/// What failed with it may take so long to recover: until then it is still said.
const AFTERMATH: TimeDelta = TimeDelta::minutes(10);

/// A node that did not serve, and when that was seen last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interrupted {
    since: Time,
    what: &'static str,
    seen: Time,
}

/// What is remembered of nodes that did not serve.
pub(crate) type Interruptions = BTreeMap<NodeId, Interrupted>;

/// Takes in what was seen of a node.
pub(crate) fn note(all: &mut Interruptions, id: &NodeId, seen: &Assessment, verdict: &Verdict, now: Time) {
    let stopped = seen.findings.iter().filter(|f| f.level >= Level::Degraded).find_map(|f| Some((f.interrupts?, f.since)));
    let since = stopped.and_then(|(what, since)| Some((what, since.or(verdict.since)?)));
    if let Some((what, since)) = since {
        // What goes on began when it was first seen.
        let since = all.get(id).filter(|old| now - old.seen <= AFTERMATH).map_or(since, |old| old.since.min(since));
        all.insert(id.clone(), Interrupted { since, what, seen: now });
    }
    all.retain(|_, old| now - old.seen <= AFTERMATH);
}

/// Says in the consequences what they came after; returns what failed, the earliest first.
pub(crate) fn tell(nodes: &mut BTreeMap<NodeId, Verdict>, all: &Interruptions, facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes: Vec<Cause> =
        all.iter().map(|(id, i)| Cause { node: id.clone(), at: i.since, what: i.what.to_owned(), then: 0 }).collect();
    causes.sort_by_key(|c| c.at);
    for (id, verdict) in nodes.iter_mut().filter(|(_, v)| v.level >= Level::Degraded) {
        let Some(since) = verdict.since else { continue };
        let below = rests_on(id, facts);
        let Some(cause) = causes.iter_mut().find(|c| below.contains(&c.node) && c.at <= since) else { continue };
        let Some(first) = verdict.reasons.first_mut().filter(|r| r.kind == ReasonKind::Seen && r.level >= Level::Degraded) else {
            continue;
        };
        first.text = format!("{}, after {}", first.text, cause.words());
        cause.then += 1;
    }
    causes
}

/// What a node cannot do its work without.
fn rests_on(node: &NodeId, facts: &Facts<'_>) -> Vec<NodeId> {
    let below = |spec: &ServiceSpec| {
        let needed = [(Dependency::Database, System::Database), (Dependency::Cache, System::Cache)];
        let data = needed.into_iter().filter(|(dependency, _)| spec.needs(*dependency)).map(|(_, system)| system);
        data.chain([System::Nat]).map(NodeId::of).collect::<Vec<_>>()
    };
    let services = || facts.stack.services.iter();
    match node.system() {
        System::Service => services().filter(|s| s.name == node.name()).flat_map(below).collect(),
        System::TargetGroup | System::Balancer => {
            let is_behind = |name: &str| {
                let groups = facts.service(name).map(|s| groups_of(facts, s)).unwrap_or_default();
                groups.iter().any(|g| node.name().is_empty() || g.name == node.name())
            };
            services().filter(|s| is_behind(&s.name)).flat_map(below).collect()
        }
        _ => Vec::new(),
    }
}
