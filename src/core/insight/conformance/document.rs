//! The part of the state document that statements read, and what it means for a statement that something in it is missing.
//! Called by `evaluate` and the pane.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::expression::{Missing, Why};
use crate::insight::Judgement;
use crate::insight::topology::inventory::inventory;
use crate::model::Time;
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};

use super::outcome::Outcome;

/// The state document as far as `verify` reads it: what `report::json` writes, with these sections alone.
///
/// A hundred thousand log lines that no statement asks for are not worth writing down.
pub fn state(store: &Store, judgement: &Judgement, stack: &Stack, now: Time, sections: &BTreeSet<&'static str>) -> Json {
    let wanted = store.entries().filter(|(key, _)| sections.contains(key.0));
    let sections: Map<String, Json> = wanted.map(|(key, entry)| (key.0.to_owned(), section(entry, now))).collect();
    json!({
        "stack": stack,
        "as_of": now,
        "worst": judgement.worst,
        "counts": judgement.counts,
        "nodes": judgement.nodes,
        "timeline": judgement.timeline,
        "inventory": inventory(store, stack, now),
        "usage": store.usage,
        "sections": sections,
    })
}

pub(crate) fn section(entry: &SectionState, now: Time) -> Json {
    json!({
        "state": Standing::of(Some(entry), now).word(),
        "at": entry.at,
        "age_s": entry.at.map(|at| (now - at).num_seconds().max(0)),
        "problem": entry.problem,
        "unread": entry.unread,
        "data": entry.value.as_ref().map(|v| v.to_json()),
    })
}

/// Why something is not decided, and as what it counts.
pub(super) type Verdict = (Outcome, String);

/// What the lack of something means: a resource that is not there does not conform, anything else cannot be told.
pub(super) fn lack(missing: &Missing) -> Verdict {
    let outcome = if matches!(missing.why, Why::NotThere(_)) { Outcome::Fail } else { Outcome::Unknown };
    (outcome, missing.to_string())
}
