//! The way back from a state document to the store that it was made of: values, ages, intervals and problems. What was judged then is read
//! as a timeline only, for a judgement is made anew. The place is not read back: a document was made elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::insight::{Event, NodeId};
use crate::model::Time;
use crate::model::kinds::Kind;
use crate::model::section::{Problem, Unread};
use crate::model::stack::Stack;
use crate::model::store::{Store, Usage};

/// What a state document holds.
#[derive(Debug, Clone)]
pub struct Document {
    /// What was watched.
    pub stack: Stack,
    /// The moment that it is of: ages are reckoned from here.
    pub as_of: Time,
    /// Every section.
    pub store: Store,
    /// What had changed until then, the newest first.
    pub timeline: Vec<Event>,
}

/// Why a text cannot be read as a state document.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the shape of one.
    #[error("not a state document: {0}\n  next: make one with 'nextcore-top snapshot --format json'")]
    Shape(#[source] serde_json::Error),
    /// It has a section of a name that this version does not have: a part of it would silently be missing.
    #[error("unknown section '{0}'\n  next: read it with the version that wrote it")]
    Unknown(String),
    /// A section is not as this version writes it.
    #[error("cannot read section '{key}': {why}\n  next: read it with the version that wrote it")]
    Section {
        /// Its name.
        key: String,
        /// What is wrong in it.
        #[source]
        why: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Written {
    stack: Stack,
    as_of: Time,
    sections: BTreeMap<String, WrittenSection>,
    #[serde(default)]
    others: BTreeMap<NodeId, BTreeMap<String, WrittenSection>>,
    timeline: Vec<Event>,
    usage: Usage,
}

#[derive(Deserialize)]
struct WrittenSection {
    at: Option<Time>,
    interval_s: u64,
    problem: Option<Problem>,
    data: Option<Value>,
    #[serde(default)]
    unread: Vec<Unread>,
}

/// Reads what `json` has written.
pub fn read(text: &str) -> Result<Document, ReadError> {
    let Written { stack, as_of, sections, others, timeline, usage } = serde_json::from_str(text).map_err(ReadError::Shape)?;
    let mut store = Store::default();
    fill(&mut store, sections, as_of)?;
    for (node, sections) in others {
        store.change_member(&node, |own| fill(own, sections, as_of))?;
    }
    store.usage = usage;
    Ok(Document { stack, as_of, store, timeline })
}

fn fill(store: &mut Store, sections: BTreeMap<String, WrittenSection>, as_of: Time) -> Result<(), ReadError> {
    for (key, section) in sections {
        let Some(kind) = Kind::named(&key) else { return Err(ReadError::Unknown(key)) };
        let value = section.data.map(kind.read).transpose().map_err(|why| ReadError::Section { key, why })?;
        if let Some(problem) = section.problem {
            store.fail(kind.key, problem, as_of);
        }
        let entry = store.entry_mut(kind.key);
        entry.asked_at = Some(section.at.unwrap_or(as_of));
        entry.revision = u64::from(value.is_some());
        entry.value = value;
        entry.unread = section.unread;
        entry.at = section.at;
        entry.interval = Duration::from_secs(section.interval_s);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;
    use crate::insight::fixture::World;
    use crate::model::alarm::Alarms;
    use crate::model::scaling::Scaling;
    use crate::model::section::{Loadable, ProblemKind, Section};
    use crate::model::service::Services;

    fn written(world: &World, now: Time) -> Value {
        super::super::json(&world.store, &world.judge(), &world.stack, now)
    }

    /// A denied section, a stale one and fresh ones: all of them must come back as they were.
    fn world() -> World {
        let mut world = World::healthy();
        world.forget(Scaling::KEY);
        world.fail(Scaling::KEY, ProblemKind::Denied, "application-autoscaling:DescribeScalableTargets: access denied");
        world.store.entry_mut(Alarms::KEY).at = Some(world.now - TimeDelta::minutes(9));
        world
    }

    #[test]
    fn a_store_comes_back_as_it_was_written_with_its_ages_and_problems() {
        let world = world();
        let document = read(&written(&world, world.now).to_string()).unwrap();
        assert_eq!(document.as_of, world.now);
        assert_eq!(document.store.entries().count(), world.store.entries().count());
        for (key, entry) in world.store.entries() {
            let back = document.store.entry(key).unwrap();
            assert_eq!((back.at, back.interval, &back.problem), (entry.at, entry.interval, &entry.problem), "{key}");
            match (&back.value, &entry.value) {
                (Some(back), Some(value)) => assert!(back.same(value.as_ref()), "{key}"),
                (back, value) => assert_eq!(back.is_some(), value.is_some(), "{key}"),
            }
        }
        assert!(matches!(document.store.load::<Alarms>(world.now), Loadable::Stale { .. }));
        assert!(matches!(document.store.load::<Scaling>(world.now), Loadable::Denied { .. } | Loadable::Failed(_)));
        assert!(matches!(document.store.load::<Services>(world.now), Loadable::Ready(_)));
        let again = super::super::json(&document.store, &world.judge(), &document.stack, document.as_of);
        assert_eq!(again["sections"], written(&world, world.now)["sections"]);
    }

    #[test]
    fn a_section_of_another_version_is_refused_by_its_name() {
        let world = world();
        let mut document = written(&world, world.now);
        document["sections"]["queues"] = json!({"state": "ready", "at": null, "age_s": null, "interval_s": 5, "problem": null, "data": {}});
        assert!(read(&document.to_string()).unwrap_err().to_string().contains("unknown section 'queues'"));
        let mut document = written(&world, world.now);
        document["sections"]["services"]["data"] = json!({"services": 3});
        let why = read(&document.to_string()).unwrap_err().to_string();
        assert!(why.contains("cannot read section 'services': ") && why.contains("invalid type"), "{why}");
        assert!(read("{\"a\": 1}").unwrap_err().to_string().contains("missing field `stack`"));
    }
}
