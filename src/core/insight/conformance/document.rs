//! The state document as evaluation needs it: a section's data if it can be trusted, and if not, why not, in words.
//! Reads the shape that `report::json` writes, and writes the part of it that statements read. Called by `evaluate` and the pane.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::insight::Judgement;
use crate::insight::health::standing::Standing;
use crate::insight::topology::inventory::inventory;
use crate::model::section::Unread;
use crate::model::stack::Stack;
use crate::model::store::{SectionState, Store};
use crate::model::{Time, text};

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

fn section(entry: &SectionState, now: Time) -> Json {
    json!({
        "state": Standing::of(Some(entry), now).word(),
        "at": entry.at,
        "age_s": entry.at.map(|at| (now - at).num_seconds().max(0)),
        "problem": entry.problem,
        "unread": entry.unread,
        "data": entry.value.as_ref().map(|v| v.to_json()),
    })
}

/// The document without what was not read: a statement that asks for it cannot be decided, and others can.
pub(super) fn without_unread(document: &Json) -> Cow<'_, Json> {
    let parts = |section: &Json| section.get("unread").and_then(|all| serde_json::from_value::<Vec<Unread>>(all.clone()).ok());
    let sections = document.get("sections").and_then(Json::as_object);
    let unread: Vec<(String, Unread)> = sections
        .into_iter()
        .flatten()
        .flat_map(|(key, section)| parts(section).unwrap_or_default().into_iter().map(|part| (key.clone(), part)))
        .collect();
    if unread.is_empty() {
        return Cow::Borrowed(document);
    }
    let mut known = document.clone();
    for (key, part) in &unread {
        if let Some(data) = known.pointer_mut(&format!("/sections/{key}/data")) {
            leave_out(data, part);
        }
    }
    Cow::Owned(known)
}

fn leave_out(data: &mut Json, unread: &Unread) {
    let named = |thing: &Json| ["name", "id", "arn"].iter().any(|key| thing.get(key).and_then(Json::as_str) == Some(&unread.item));
    let Some(all) = data.as_object_mut() else { return };
    if unread.item.is_empty() {
        all.remove(&unread.field);
        return;
    }
    for thing in all.values_mut().filter_map(Json::as_array_mut).flatten().filter(|thing| named(thing)) {
        thing.as_object_mut().map(|fields| fields.remove(&unread.field));
    }
}

/// The state document.
#[derive(Clone, Copy)]
pub(super) struct Document<'d>(pub(super) &'d Json);

/// Why something is not decided, and as what it counts.
pub(super) type Verdict = (Outcome, String);

impl<'d> Document<'d> {
    /// A member of the document itself.
    pub(super) fn top(self, name: &str) -> Option<&'d Json> {
        self.0.get(name)
    }

    /// A string inside the document; empty if it is not there.
    pub(super) fn string(self, pointer: &str) -> String {
        self.0.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
    }

    fn section(self, key: &str) -> Option<&'d Json> {
        self.0.get("sections")?.get(key)
    }

    fn standing(self, key: &str) -> Standing {
        let word = self.section(key).and_then(|s| s.get("state")).and_then(Json::as_str);
        word.and_then(Standing::named).unwrap_or(Standing::Idle)
    }

    /// A section's data, if it is current.
    pub(super) fn current(self, key: &str) -> Option<&'d Json> {
        if self.standing(key) == Standing::Ready { self.last(key) } else { None }
    }

    /// A section's data, however old.
    pub(super) fn last(self, key: &str) -> Option<&'d Json> {
        self.section(key)?.get("data").filter(|d| !d.is_null())
    }

    /// Why a field that is not there was not read.
    pub(super) fn unread(self, field: &str) -> Option<String> {
        let sections = self.0.get("sections")?.as_object()?;
        let parts = sections.values().filter_map(|s| s.get("unread")?.as_array()).flatten();
        let said = |part: &Json, name: &str| part.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let mut parts = parts.filter(|part| said(part, "field") == field);
        parts.next().map(|part| format!("{}: {}", said(part, "part"), said(part, "why")))
    }

    /// What the lack of a section's data means: a resource that is not there does not conform, anything else cannot be told.
    pub(super) fn lack(self, key: &str) -> Verdict {
        let said = |name: &str| self.section(key)?.get("problem")?.get(name)?.as_str();
        let headline = said("headline").unwrap_or("not loaded yet");
        let title = key.replace('_', " ");
        match self.standing(key) {
            Standing::Missing => (Outcome::Fail, format!("{title}: missing ({headline})")),
            Standing::Denied => {
                let why = said("permission").map_or_else(|| headline.to_owned(), |p| format!("access denied: {p}"));
                (Outcome::Unknown, format!("{title}: {why}"))
            }
            Standing::Stale => {
                let age = self.section(key).and_then(|s| s.get("age_s")).and_then(Json::as_i64).unwrap_or_default();
                let why = said("permission").map_or_else(|| headline.to_owned(), |p| format!("access denied: {p}"));
                (Outcome::Unknown, format!("{title}: stale for {}: {why}", text::duration(age)))
            }
            Standing::Failed => (Outcome::Unknown, format!("{title}: {headline}")),
            Standing::Loading => (Outcome::Unknown, format!("{title}: loading")),
            Standing::Ready => (Outcome::Unknown, format!("{title}: empty")),
            Standing::Idle => (Outcome::Unknown, format!("{title}: not loaded")),
        }
    }
}
