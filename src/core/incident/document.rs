//! The state document as rules read it, kept from one store to the next: only sections that have answered are written down again, so that
//! asking every rule at every answer stays cheap. Called by `detector`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::insight::conformance::section;
use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::health::Verdict;
use crate::model::metric::{Metrics, Series};
use crate::model::section::{Section, SectionKey};
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::{SectionState, Store};

/// Points of a series that expressions can see; windows read the store.
const POINTS: usize = 4;

/// What a section was like when it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    revision: u64,
    failures: u64,
    standing: Standing,
}

/// The document of the newest store.
#[derive(Debug)]
pub(super) struct Document {
    json: Json,
    stamps: BTreeMap<SectionKey, Stamp>,
    nodes: BTreeMap<NodeId, Verdict>,
    stack: Option<Stack>,
    /// The sections that were written down at the last update.
    pub(super) fresh: BTreeSet<&'static str>,
    /// Whether the health of anything is another since then.
    pub(super) judged_anew: bool,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            json: json!({ "sections": {}, "nodes": {} }),
            stamps: BTreeMap::new(),
            nodes: BTreeMap::new(),
            stack: None,
            fresh: BTreeSet::new(),
            judged_anew: false,
        }
    }
}

impl Document {
    pub(super) fn json(&self) -> &Json {
        &self.json
    }

    /// Brings it up to date as far as rules read it.
    pub(super) fn update(&mut self, store: &Store, judgement: &Judgement, stack: &Stack, now: Time, wanted: &BTreeSet<&'static str>) {
        self.fresh.clear();
        for (key, entry) in store.entries() {
            let standing = Standing::of(Some(entry), now);
            let stamp = Stamp { revision: entry.revision, failures: entry.failures, standing };
            if self.stamps.insert(key, stamp) != Some(stamp) {
                self.fresh.insert(key.0);
                if let Some(sections) = self.json.get_mut("sections").and_then(Json::as_object_mut) {
                    let written = if wanted.contains(key.0) { written(key, entry, now) } else { standing_of(entry, now) };
                    sections.insert(key.0.to_owned(), written);
                }
            }
        }
        self.judged_anew = self.nodes != judgement.nodes;
        if self.judged_anew {
            self.nodes.clone_from(&judgement.nodes);
            let top = [("nodes", json!(judgement.nodes)), ("counts", json!(judgement.counts)), ("worst", json!(judgement.worst))];
            for (name, value) in top {
                self.set(name, value);
            }
        }
        if self.stack.as_ref() != Some(stack) {
            self.stack = Some(stack.clone());
            self.set("stack", json!(stack));
        }
        self.set("as_of", json!(now));
    }

    fn set(&mut self, name: &str, value: Json) {
        if let Some(members) = self.json.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }
}

/// How a section stands whose data no rule reads.
fn standing_of(entry: &SectionState, now: Time) -> Json {
    json!({ "state": Standing::of(Some(entry), now).word(), "at": entry.at, "problem": entry.problem })
}

/// A section; of metrics only the newest points.
fn written(key: SectionKey, entry: &SectionState, now: Time) -> Json {
    let metrics = entry.value.as_ref().filter(|_| key == Metrics::KEY).and_then(|v| v.as_any().downcast_ref::<Metrics>());
    let Some(metrics) = metrics else { return section(entry, now) };
    let newest = |(id, series): (&String, &Series)| {
        let skip = series.points.len().saturating_sub(POINTS);
        (id.clone(), Series { points: series.points.iter().skip(skip).copied().collect(), ..*series })
    };
    let series = metrics.series.iter().map(newest).collect();
    let short = Metrics { series, refused: metrics.refused.clone(), asked_at: metrics.asked_at.clone() };
    section(&SectionState { value: Some(Arc::new(short)), ..entry.clone() }, now)
}
