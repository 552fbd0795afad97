//! The state document: what `snapshot --format json` prints, and what expressions, checks and recordings read. `read` is the way back.
//!
//! `{stack, as_of, worst, counts, nodes: {id: {level, reasons: [{level, text}], since, as_of}}, timeline: [{at, node, level, text}],
//! sections: {key: {state, at, age_s, interval_s, problem, data, unread: [{part, item, field, why}]}}, others: {id of a resource beside the first of its kind: {key: as in sections}}, inventory: {total, by_type, not_seen: [{type, why}]}, usage, place: {profile, region, partition, endpoints: [{url, origin, services}], ...}, identity}`;
//! times are RFC 3339 UTC, what is not known is null.

use serde_json::{Map, Value, json as object};

use crate::insight::Judgement;
use crate::insight::topology::inventory::inventory;
use crate::model::Time;
use crate::model::identity::Identity;
use crate::model::section::{Section, SectionKey};
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};

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
