//! The state document: what `snapshot --format json` prints, and what expressions, checks and recordings read; and the part of
//! it that is about one node. `report::read` is the way back.
//!
//! `{stack, as_of, worst, counts, nodes: {id: {level, reasons: [{level, text}], since, as_of}}, timeline: [{at, node, level, text}],
//! sections: {key: {state, at, age_s, interval_s, problem, data, unread: [{part, item, field, why}]}}, others: {id of a resource beside the first of its kind: {key: as in sections}}, inventory: {total, by_type, not_seen: [{type, why}]}, usage, place: {profile, region, partition, endpoints: [{url, origin, services}], ...}, identity}`;
//! times are RFC 3339 UTC, what is not known is null.

use serde_json::{Map, Value, json as object};

use super::Judgement;
use super::topology::inventory::inventory;
use crate::model::Time;
use crate::model::identity::Identity;
use crate::model::kinds::KINDS;
use crate::model::log::LogTail;
use crate::model::metric::Metrics;
use crate::model::section::{Section, SectionKey};
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};
use crate::model::system::{NodeId, System};

/// The state document of one moment.
pub fn json(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> Value {
    let sections = written(store.entries(), now);
    let mut document = object!({
        "stack": stack,
        "as_of": now,
        "worst": judgement.worst,
        "counts": judgement.counts,
        "nodes": judgement.nodes,
        "timeline": judgement.timeline,
        "sections": sections,
        "inventory": inventory(store, stack, now),
        "usage": store.usage,
        "place": *store.place,
        "identity": store.entry(Identity::KEY).and_then(|e| e.value.as_ref()).map(|v| v.to_json()),
    });
    let others: Map<String, Value> = store.members().map(|(node, own)| (node.to_string(), written(own, now))).collect();
    if let Some(all) = document.as_object_mut().filter(|_| !others.is_empty()) {
        all.insert("others".to_owned(), others.into());
    }
    document
}

fn written<'a>(entries: impl Iterator<Item = (SectionKey, &'a SectionState)>, now: Time) -> Value {
    entries.map(|(key, entry)| (key.0.to_owned(), section(entry, now))).collect::<Map<String, Value>>().into()
}

fn section(entry: &SectionState, now: Time) -> Value {
    let mut written = object!({
        "state": Standing::of(Some(entry), now).word(),
        "at": entry.at,
        "age_s": entry.at.map(|at| (now - at).num_seconds().max(0)),
        "interval_s": entry.interval.as_secs(),
        "problem": entry.problem,
        "data": entry.value.as_ref().map(|v| v.to_json()),
    });
    if let Some(all) = written.as_object_mut().filter(|_| !entry.unread.is_empty()) {
        all.insert("unread".to_owned(), object!(entry.unread));
    }
    written
}

/// The sections that tell of a system, but for series and log lines: those are thousands of lines that other panes show better.
pub(crate) fn sections_of(system: System) -> impl Iterator<Item = SectionKey> {
    let spec = system.spec();
    let named = spec.mandatory.iter().chain(spec.supporting).chain(spec.history).copied();
    let own = KINDS.iter().filter(move |kind| kind.of == Some(system)).map(|kind| kind.key);
    let all: std::collections::BTreeSet<SectionKey> = named.chain(own).collect();
    all.into_iter().filter(|key| *key != Metrics::KEY && *key != LogTail::KEY)
}

/// The part of the document that is about one node, in its places in the document. Of a service, what tells of the other services is left out.
pub(crate) fn about(store: &Store, judgement: &Judgement, node: &NodeId, now: Time) -> Value {
    let id = node.to_string();
    let is_member = store.members().any(|(member, _)| member == node);
    let entry = |key| if is_member { store.entry_of(node, key) } else { store.entry(key) };
    let mut sections = Map::new();
    for key in sections_of(node.system()) {
        let Some(found) = entry(key) else { continue };
        let mut written = section(found, now);
        if let (Some(service), Some(data)) = (node.as_service(), written.get_mut("data")) {
            keep(data, service);
        }
        sections.insert(key.0.to_owned(), written);
    }
    let mut document = Map::new();
    document.insert("as_of".to_owned(), object!(now));
    if let Some(verdict) = judgement.nodes.get(node) {
        document.insert("nodes".to_owned(), object!({ id.as_str(): verdict }));
    }
    let timeline: Vec<_> = judgement.timeline.iter().filter(|e| e.node == *node).collect();
    document.insert("timeline".to_owned(), object!(timeline));
    if is_member {
        document.insert("others".to_owned(), object!({ id.as_str(): sections }));
    } else {
        document.insert("sections".to_owned(), sections.into());
    }
    document.into()
}

/// Of the lists in a section's data, what is of one service: what names a service at all, in `service`, or is one, by its `name`.
fn keep(data: &mut Value, service: &str) {
    let Some(lists) = data.as_object_mut() else { return };
    for (name, list) in lists.iter_mut() {
        let Some(list) = list.as_array_mut() else { continue };
        let field = if name == "services" { "name" } else { "service" };
        list.retain(|item| item.get(field).and_then(Value::as_str).is_none_or(|of| of == service));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::fixture::World;

    #[test]
    fn the_part_about_a_node_stands_where_it_stands_in_the_document() {
        let world = World::healthy();
        let judgement = world.judge();
        let whole = json(&world.store, &judgement, &world.stack, world.now);
        for (id, pointers) in [
            ("db", &["/nodes/db", "/sections/database", "/sections/database_events", "/as_of"][..]),
            ("redis", &["/nodes/redis", "/sections/cache", "/sections/cache_nodes"]),
            ("alb", &["/nodes/alb", "/sections/balancer", "/sections/routing", "/sections/targets"]),
            ("svc/web", &["/nodes/svc~1web", "/sections/cluster", "/sections/services/state"]),
        ] {
            let part = about(&world.store, &judgement, &id.parse().unwrap(), world.now);
            for pointer in pointers {
                assert!(part.pointer(pointer).is_some() && part.pointer(pointer) == whole.pointer(pointer), "{id} {pointer}");
            }
            assert!(part.pointer("/sections/metrics").is_none() && part.pointer("/sections/buckets").is_none(), "{id}");
        }
    }

    #[test]
    fn of_a_service_nothing_is_told_of_the_others() {
        let world = World::healthy();
        let part = about(&world.store, &world.judge(), &NodeId::service("web"), world.now);
        let tasks = part.pointer("/sections/tasks/data/tasks").and_then(Value::as_array).unwrap();
        assert!(!tasks.is_empty() && tasks.iter().all(|t| t["service"] == "web"), "{tasks:?}");
        let services = part.pointer("/sections/services/data/services").and_then(Value::as_array).unwrap();
        assert_eq!(services.iter().map(|s| s["name"].as_str().unwrap()).collect::<Vec<_>>(), ["web"]);
        let deployments = part.pointer("/sections/deployments/data/deployments").and_then(Value::as_array).unwrap();
        assert!(deployments.iter().all(|d| d["service"] == "web"));
    }
}
