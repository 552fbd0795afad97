//! Rules about Redis: the replication group, each shard, each node. Roles come from `roles`, because the API does not tell them.

use crate::model::system::{System, SystemSpec};
use std::collections::BTreeSet;

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info, note};
use crate::insight::health::limits;
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::timeline::phrase::failover;
use crate::insight::topology::paths::End;
use crate::model::cache::{AutomaticFailover, CacheEvents, CacheMember, CacheNodes, CacheStatus, Engine, NodeGroup, ReplicationGroup};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics, SeriesId};
use crate::model::section::Section;
use crate::model::security::Keys;
use crate::model::state::Serving;
use crate::model::{Time, text};

use super::security::key_trouble;
use super::{Gauge, Rule, apply, gauges, lost, security_groups};

const GROUP: &[crate::model::section::SectionKey] = &[ReplicationGroup::KEY];

/// About the replication group.
pub(crate) const RULES: &[Rule<ReplicationGroup>] = &[
    Rule {
        id: "redis.status",
        doc: "available or a status that serves; create-failed, deleting, ... are down",
        needs: GROUP,
        check: status,
    },
    Rule { id: "redis.auto_failover", doc: "automatic failover enabled, where there is a replica", needs: GROUP, check: auto_failover },
    Rule { id: "redis.replica", doc: "something to fail over to: a note where it was built without", needs: GROUP, check: no_failover },
    Rule {
        id: "redis.failing_over",
        doc: "no failover event of the last 15 min without `Finished recovery`",
        needs: &[CacheEvents::KEY],
        check: failing_over,
    },
    Rule {
        id: "redis.connections",
        doc: "not 0 connections on all nodes",
        needs: &[ReplicationGroup::KEY, Metrics::KEY],
        check: connections,
    },
    Rule {
        id: "redis.commands",
        doc: "commands do not stop on all nodes for 3 min",
        needs: &[ReplicationGroup::KEY, Metrics::KEY],
        check: commands,
    },
    Rule { id: "redis.key", doc: "its KMS key is enabled: a note", needs: &[ReplicationGroup::KEY, Keys::KEY], check: key },
];

/// About one shard.
pub(crate) const SHARDS: &[Rule<NodeGroup>] = &[
    Rule { id: "shard.status", doc: "node group available", needs: GROUP, check: shard_status },
    Rule { id: "shard.nodes", doc: "an available node, and a replica beside it", needs: GROUP, check: shard_nodes },
    Rule { id: "shard.zones", doc: "members in two zones", needs: GROUP, check: shard_zones },
    Rule {
        id: "shard.primary",
        doc: "one primary; 0 or 2 for 2 min is down",
        needs: &[ReplicationGroup::KEY, Metrics::KEY],
        check: primaries,
    },
];

/// About the nodes of a cache cluster by itself.
const ALONE: &[Rule<NodeGroup>] = &[Rule { id: "nodes.available", doc: "every node available", needs: GROUP, check: alone_nodes }];

/// About one node.
pub(crate) const NODES: &[Rule<CacheMember>] = &[
    Rule { id: "node.status", doc: "node available", needs: &[CacheNodes::KEY], check: node_status },
    Rule {
        id: "node.lost",
        doc: "memory, while there are other figures; without it unknown",
        needs: &[ReplicationGroup::KEY, Metrics::KEY],
        check: lost_memory,
    },
    Rule { id: "node.link", doc: "a replica's link to its primary, 2 min", needs: &[Metrics::KEY], check: link },
];

/// Metrics of one node.
pub(crate) const GAUGES: &[Gauge<metric::Redis>] = &[
    Gauge { id: "node.cpu", series: metric::Redis::Cpu, label: "cpu", limit: Limit::CacheCpu, show: text::percent },
    Gauge { id: "node.engine", series: metric::Redis::Engine, label: "engine cpu", limit: Limit::CacheEngineCpu, show: text::percent },
    Gauge { id: "node.memory", series: metric::Redis::Memory, label: "memory", limit: Limit::CacheMemory, show: text::percent },
    Gauge {
        id: "node.evictions",
        series: metric::Redis::Evictions,
        label: "evictions/min",
        limit: Limit::CacheEvictions,
        show: text::count,
    },
    Gauge { id: "node.swap", series: metric::Redis::Swap, label: "swap", limit: Limit::CacheSwap, show: text::bytes },
    Gauge { id: "node.lag", series: metric::Redis::Lag, label: "replication lag", limit: Limit::CacheLag, show: text::latency },
    Gauge { id: "node.credits", series: metric::Redis::Credits, label: "cpu credits", limit: Limit::CacheCredits, show: text::rate },
];

/// Judges the group, its shards and its nodes as one.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let mut findings = Vec::new();
    if let Some(group) = facts.store.get::<ReplicationGroup>() {
        findings = apply(RULES, facts, ground.mandatory, group);
        for shard in &group.node_groups {
            // The nodes of a cluster by itself are no replicas of each other.
            let rules = if group.alone { ALONE } else { SHARDS };
            findings.extend(apply(rules, facts, ground.mandatory, shard));
            for member in &shard.members {
                let short = member.id.strip_prefix(&group.id).map_or(member.id.as_str(), |rest| rest.trim_start_matches('-'));
                let mut own = apply(NODES, facts, ground.mandatory, member);
                own.extend(gauges(GAUGES, facts, &member.id));
                findings.extend(own.into_iter().map(|f| f.prefixed(short)));
            }
        }
    }
    findings.extend(security_groups::closed_to(facts, End::Redis));
    nodes.insert(NodeId::of(System::Cache), Assessment::of(facts, ground, findings));
}

fn key(facts: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    key_trouble(facts, group.kms_key.as_deref()).map(note)
}

fn status(_: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    let finding = by_status(&group.status, &format!("status {}", group.status))?;
    // The group as a whole does not come up, or goes: a part of it that does not answer is judged where it is.
    let gone = matches!(
        group.status,
        CacheStatus::Creating
            | CacheStatus::CreateFailed
            | CacheStatus::Deleted
            | CacheStatus::Deleting
            | CacheStatus::IncompatibleNetwork
            | CacheStatus::RestoreFailed
    );
    Some(if gone { Finding { level: Level::Down, ..finding }.interrupting("failed") } else { finding })
}

/// What a status of a group, a shard or a node says; AWS says nothing of some.
fn by_status(status: &CacheStatus, text: &str) -> Option<Finding> {
    match status.serving() {
        _ if status.is_empty() => None,
        Serving::Fully => (*status == CacheStatus::Snapshotting).then(|| note(text)),
        Serving::Changing => Some(info(text)),
        Serving::Act | Serving::No => Some(degraded(text)),
        Serving::Unknown => Some(Finding::new(Level::Unknown, format!("{text}: not known whether it serves"))),
    }
}

/// What was built without a replica is not degraded for it.
fn no_failover(_: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    match group.engine {
        Engine::Memcached => None,
        _ if group.alone => Some(note("a single cache cluster: no replica")),
        _ => None,
    }
}

fn auto_failover(_: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    let state = &group.automatic_failover;
    if group.no_failover().is_some() {
        return None;
    }
    let odd = !matches!(state, AutomaticFailover::Enabled | AutomaticFailover::Unstated);
    odd.then(|| degraded(format!("automatic failover {state}")))
}

/// `0001` of `group-0001-002`.
fn shard_of(node: &str) -> &str {
    node.rsplit_once('-').map_or(node, |(shard, _)| shard)
}

fn failing_over(facts: &Facts<'_>, _: &ReplicationGroup) -> Option<Finding> {
    let events = &facts.fresh::<CacheEvents>()?.events;
    let recent = |at: &Time| facts.now - *at <= limits::CACHE_RECOVERY;
    let ended = |node: &str, begun: Time| {
        events.iter().any(|e| {
            e.message.to_lowercase().contains("finished recovery")
                && e.at.is_some_and(|at| at >= begun)
                && (e.source == node || shard_of(&e.source) == shard_of(node))
        })
    };
    let mut open: Vec<(Time, String)> = events
        .iter()
        .filter_map(|e| {
            let at = e.at.filter(recent)?;
            if let Some((from, to)) = failover(&e.message) {
                return (!ended(from, at)).then(|| (at, format!("failed over {from} → {to}, not recovered yet")));
            }
            let recovering = e.message.to_lowercase().contains("recovering cache node");
            (recovering && !ended(&e.source, at)).then(|| (at, format!("{} recovering", e.source)))
        })
        .collect();
    open.sort();
    // The failover that began it all says more than the recovery that follows it.
    let (at, text) = open.iter().find(|(_, t)| t.contains('→')).or(open.first())?;
    Some(degraded(format!("{text} ({})", text::age(*at, facts.now))).since(Some(*at)).interrupting("failed over"))
}

fn connections(facts: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    let window = facts.window()?;
    let minutes = limits::NO_CONNECTION_MINUTES;
    let members: Vec<&CacheMember> = group.members().collect();
    let silent = |m: &&CacheMember| {
        let values = window.minutes(metric::Redis::Connections.of(&m.id), minutes);
        values.is_some_and(|v| v.iter().all(|v| v.is_some_and(|v| v <= 0.0)))
    };
    let none = !members.is_empty() && members.iter().all(silent);
    none.then(|| down(format!("0 connections on all {} nodes for {minutes} min", members.len())).interrupting("lost its connections"))
}

/// Nobody asks any more: connections alone may stay open behind a way that is closed.
fn commands(facts: &Facts<'_>, group: &ReplicationGroup) -> Option<Finding> {
    let window = facts.window()?;
    let (minutes, mean_minutes) = (limits::NO_COMMAND_MINUTES, limits::COMMAND_MEAN_MINUTES);
    let members = group.node_groups.iter().flat_map(|g| &g.members);
    let ids: Vec<SeriesId> = members.flat_map(|m| [metric::Redis::Gets, metric::Redis::Sets].map(|metric| metric.of(&m.id))).collect();
    let known: Vec<(&SeriesId, Vec<Option<f64>>)> = ids.iter().filter_map(|id| Some((id, window.minutes(id, minutes)?))).collect();
    let silent = !known.is_empty() && known.iter().all(|(_, values)| values.iter().all(|v| v.is_some_and(|v| v <= 0.0)));
    let mean: f64 = known.iter().filter_map(|(id, _)| window.mean_before(*id, minutes, mean_minutes)).sum();
    (silent && mean > limits::TRAFFIC_FLOOR).then(|| degraded(format!("no commands for {minutes} min, mean {}/min", text::count(mean))))
}

fn shard_status(_: &Facts<'_>, shard: &NodeGroup) -> Option<Finding> {
    by_status(&shard.status, &format!("shard {} {}", shard.id, shard.status))
}

/// A node's status; nodes of which nothing is known count as available.
fn is_available(facts: &Facts<'_>, member: &CacheMember) -> bool {
    let nodes = facts.fresh::<CacheNodes>();
    let known = nodes.and_then(|n| n.nodes.iter().find(|n| n.id == member.id));
    // `snapshotting` and `modifying` nodes serve.
    known.is_none_or(|n| n.status.serves())
}

fn shard_nodes(facts: &Facts<'_>, shard: &NodeGroup) -> Option<Finding> {
    let total = shard.members.len();
    if total == 0 {
        return Some(Finding::new(Level::Unknown, format!("shard {}: nodes not listed", shard.id)));
    }
    let available = shard.members.iter().filter(|m| is_available(facts, m)).count();
    match available {
        0 => Some(down(format!("shard {}: 0 of {total} nodes available", shard.id)).interrupting("failed")),
        1 => Some(degraded(format!("shard {}: no replica, 1 of {total} nodes available", shard.id))),
        _ => None,
    }
}

/// Each holds a part of what is cached, or all of it: none that answers is down, some is degraded.
fn alone_nodes(facts: &Facts<'_>, nodes: &NodeGroup) -> Option<Finding> {
    let total = nodes.members.len();
    match nodes.members.iter().filter(|m| is_available(facts, m)).count() {
        _ if total == 0 => Some(Finding::new(Level::Unknown, "nodes not listed")),
        available if available == total => None,
        0 => Some(down(format!("0 of {total} nodes available"))),
        available => Some(degraded(format!("{available} of {total} nodes available"))),
    }
}

fn shard_zones(_: &Facts<'_>, shard: &NodeGroup) -> Option<Finding> {
    let zones: BTreeSet<&str> = shard.members.iter().map(|m| m.zone.as_str()).filter(|z| !z.is_empty()).collect();
    let known = shard.members.iter().all(|m| !m.zone.is_empty());
    let zone = zones.first()?;
    (known && shard.members.len() > 1 && zones.len() == 1).then(|| degraded(format!("shard {}: all nodes in {zone}", shard.id)))
}

fn primaries(facts: &Facts<'_>, shard: &NodeGroup) -> Option<Finding> {
    // The API's own roles, and a failover that the metric has not caught up with, are better evidence.
    if shard.members.iter().any(|m| m.role.is_some()) {
        return None;
    }
    let window = facts.window()?;
    let minutes = limits::PRIMARY_MINUTES;
    // Of the same minutes: a node that is gone was primary in minutes of its own.
    let series = window.aligned(shard.members.iter().map(|m| metric::Redis::Primary.of(&m.id)), minutes)?;
    let count = |minute: usize| -> Option<usize> {
        let known: Vec<f64> = series.iter().filter_map(|s| s.get(minute).copied().flatten()).collect();
        (known.len() == series.len()).then(|| known.iter().filter(|v| **v >= 0.5).count())
    };
    let counts: Vec<usize> = (0..minutes).map(count).collect::<Option<_>>()?;
    let now = *counts.first()?;
    let wrong = now != 1 && counts.iter().all(|c| *c == now) && !shard.members.is_empty();
    let word = if now == 0 { "no primary".to_owned() } else { format!("{now} primaries") };
    wrong.then(|| down(format!("shard {}: {word} for {minutes} min", shard.id)))
}

fn node_status(facts: &Facts<'_>, member: &CacheMember) -> Option<Finding> {
    let node = facts.fresh::<CacheNodes>()?.nodes.iter().find(|n| n.id == member.id)?;
    by_status(&node.status, &format!("node {}", node.status))
}

/// Memcached publishes no share of its memory.
fn lost_memory(facts: &Facts<'_>, member: &CacheMember) -> Option<Finding> {
    let measured = facts.store.get::<ReplicationGroup>()?.engine != Engine::Memcached && is_available(facts, member);
    measured.then(|| lost(facts, metric::Redis::Memory, &member.id, "memory")).flatten()
}

fn link(facts: &Facts<'_>, member: &CacheMember) -> Option<Finding> {
    if facts.roles.get(&member.id).copied() != Some(false) {
        return None;
    }
    let minutes = limits::LINK_MINUTES;
    let values = facts.window()?.minutes(metric::Redis::Link.of(&member.id), minutes)?;
    let broken = values.iter().all(|v| v.is_some_and(|v| v < 0.5));
    broken.then(|| degraded(format!("replica's link to its primary down for {minutes} min")))
}
