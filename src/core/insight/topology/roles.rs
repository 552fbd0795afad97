//! Which Redis node is primary: not in the API in cluster mode, so metrics and failover events are read together.
//! Called by the rules, the panes and the reports.

use std::collections::BTreeMap;

use crate::model::Time;
use crate::model::cache::{CacheEvents, NodeGroup, ReplicationGroup};
use crate::model::metric::{self, Reading, Readings};
use crate::model::store::Store;

use crate::insight::timeline::phrase::failover;

/// Node id → whether it is the primary; nodes of which nothing is known are left out.
///
/// The API's `CurrentRole` wins; else the newest failover event, if it is newer than the metric's newest minute; else the metric.
pub(crate) fn redis_roles(store: &Store, now: Time) -> BTreeMap<String, bool> {
    let readings = Readings::new(store, now);
    let mut roles = BTreeMap::new();
    for shard in store.get::<ReplicationGroup>().iter().flat_map(|g| &g.node_groups) {
        shard_roles(store, &readings, shard, &mut roles);
    }
    roles
}

fn shard_roles(store: &Store, readings: &Readings<'_>, shard: &NodeGroup, roles: &mut BTreeMap<String, bool>) {
    if shard.members.iter().any(|m| m.role.is_some()) {
        for member in &shard.members {
            if let Some(role) = &member.role {
                roles.insert(member.id.clone(), role.is_primary());
            }
        }
        return;
    }
    let said: Vec<(&str, Reading)> = shard.members.iter().map(|m| (m.id.as_str(), readings.of(metric::Redis::Primary.of(&m.id)))).collect();
    let newest = said.iter().filter_map(|(_, r)| r.newest()).map(|p| p.0).max();
    if let Some((_, to)) = newest_failover(store, shard).filter(|(at, _)| newest.is_none_or(|n| at.timestamp() > n)) {
        roles.extend(shard.members.iter().map(|m| (m.id.clone(), m.id == to)));
        return;
    }
    // What the metric of no node says any more is not known.
    if said.iter().all(|(_, r)| r.value().is_none()) {
        return;
    }
    for (id, reading) in said {
        // A node whose series stopped while its neighbours' go on is not the primary any more.
        if let (Some((at, value)), Some(newest)) = (reading.newest(), newest) {
            roles.insert(id.to_owned(), value >= 0.5 && newest - at <= 180);
        }
    }
}

/// When the shard last failed over, and to which node.
fn newest_failover(store: &Store, shard: &NodeGroup) -> Option<(Time, String)> {
    let events = &store.get::<CacheEvents>()?.events;
    events
        .iter()
        .filter_map(|e| failover(&e.message).map(|(_, to)| (e.at, to)))
        .filter(|(_, to)| shard.members.iter().any(|m| &m.id == to))
        .filter_map(|(at, to)| Some((at?, to.to_owned())))
        .max_by_key(|(at, _)| *at)
}
