//! The healthy document as statements read it, and ways to change it: by section, with the model's own types.

use std::sync::LazyLock;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::insight::fixture::{HEALTHY, World, group_rule};
use crate::model::Time;
use crate::model::network::{GroupRule, Peer, SecurityGroups};
use crate::model::section::Section;

use super::super::Only;
use super::builtin;

pub(super) use crate::insight::fixture::{DISTRIBUTION, arn as target_group, now, zone_name as zone};

pub(super) fn seconds_ago(seconds: i64) -> Time {
    now() - TimeDelta::seconds(seconds)
}

/// What no statement reads of the items of a section's list.
const UNREAD: &[(&str, &str, &str)] = &[
    ("alarms", "alarms", "dimensions"),
    ("alarms", "alarms", "reason"),
    ("builds", "builds", "phases"),
    ("dashboards", "dashboards", "widgets"),
    ("services", "services", "deployments"),
    ("services", "services", "events"),
];

/// Leaves what statements read: the rest is most of the document, and every test changes a copy of it.
fn as_read(document: &mut Value) {
    let series =
        |id: &str| matches!(id, "alb/requests" | "alb/p95") || id.starts_with("svc/") && (id.ends_with("/cpu") || id.ends_with("/mem"));
    let needed = builtin().needs(&Only::all());
    document["timeline"] = json!([]);
    let sections = document["sections"].as_object_mut().unwrap();
    sections.retain(|key, _| needed.contains(key.as_str()));
    sections["metrics"]["data"]["series"].as_object_mut().unwrap().retain(|id, _| series(id));
    for (section, list, unread) in UNREAD {
        for item in sections[*section]["data"][*list].as_array_mut().unwrap() {
            let field = &mut item[*unread];
            *field = if field.is_string() { json!("") } else { json!([]) };
        }
    }
    // Of what is told newest first the newest is what runs.
    sections["builds"]["data"]["builds"].as_array_mut().unwrap().truncate(3);
    for repository in sections["repositories"]["data"]["repositories"].as_array_mut().unwrap() {
        repository["images"].as_array_mut().unwrap().truncate(1);
    }
    sections["pipeline"]["data"]["executions"] = json!([]);
    sections["dns"]["data"]["health_checks"] = json!([]);
}

/// A state document under construction.
pub(super) struct Seed(Value);

impl Seed {
    /// The healthy one: exactly as the architecture says, with the optional systems.
    pub(super) fn new() -> Self {
        static HEALTHY_ONE: LazyLock<Value> = LazyLock::new(|| {
            let mut document: Value = serde_json::from_str(HEALTHY).unwrap();
            as_read(&mut document);
            document
        });
        Self(HEALTHY_ONE.clone())
    }

    pub(super) fn document(&self) -> &Value {
        &self.0
    }

    fn section<T: Section>(&mut self) -> &mut Value {
        &mut self.0["sections"][T::KEY.0]
    }

    pub(super) fn put<T: Section>(&mut self, value: T) {
        *self.section::<T>() = json!({"state": "ready", "at": seconds_ago(5), "age_s": 5, "problem": null, "data": value});
    }

    pub(super) fn edit<T: Section>(&mut self, change: impl FnOnce(&mut T)) {
        let mut value: T = serde_json::from_value(self.section::<T>()["data"].take()).unwrap();
        let before = value.clone();
        change(&mut value);
        assert_ne!(before, value, "a drift that changes nothing");
        self.put(value);
    }

    /// The section could not be read: `denied`, `failed`, `missing`, `loading`; the data is gone.
    pub(super) fn lose<T: Section>(&mut self, state: &str, problem: Value) {
        *self.section::<T>() = json!({"state": state, "at": null, "age_s": null, "problem": problem, "data": null});
    }

    /// The section is too old.
    pub(super) fn age<T: Section>(&mut self, seconds: i64, headline: &str) {
        let entry = self.section::<T>();
        entry["state"] = "stale".into();
        entry["age_s"] = seconds.into();
        entry["problem"] = json!({"kind": "timeout", "headline": headline, "hint": "", "permission": null});
    }

    pub(super) fn forget<T: Section>(&mut self) {
        drop(self.0["sections"].as_object_mut().unwrap().remove(T::KEY.0));
    }
}

/// A rule of a security group; `port` below zero = everything.
pub(super) fn rule(egress: bool, port: i32, peer: Peer) -> GroupRule {
    group_rule("sgr", egress, port, peer)
}

pub(super) fn cidr(block: &str) -> Peer {
    Peer::Cidr(block.to_owned())
}

/// Whoever has the stack's group of this name.
pub(super) fn group(name: &str) -> Peer {
    let world = World::healthy();
    let groups = &world.store.get::<SecurityGroups>().unwrap().groups;
    Peer::Group(groups.iter().find(|g| g.name == format!("production-nextcore-{name}")).unwrap().id.clone())
}
