//! One incident for one cause: which nodes follow from which incident, and what is left that nothing explains. It knows no rule by name.
//! Called by `detector`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use super::record::{Incident, Symptom};
use super::rule::Rule;
use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::health::{Level, Verdict};
use crate::model::network::zone_letter;
use crate::model::service::Services;
use crate::model::stack::{Dependency, Stack};
use crate::model::store::Store;
use crate::model::system::System;
use crate::model::text;

/// What was seen so long before an incident may still follow from it: polls differ, and a figure is of its minute.
const SLACK: TimeDelta = TimeDelta::minutes(4);

/// For so long what is left of an incident that is over is no incident of its own: figures are late by so much, and what goes on longer is.
const AFTERMATH: TimeDelta = TimeDelta::minutes(3);

/// What rests on what, of one store.
#[derive(Debug, Default)]
pub(super) struct Users {
    of: BTreeMap<System, BTreeSet<NodeId>>,
    /// The target groups of each service.
    groups: BTreeMap<String, BTreeSet<NodeId>>,
}

impl Users {
    pub(super) fn new(store: &Store, stack: &Stack) -> Self {
        let mut users = Self::default();
        for service in store.get::<Services>().iter().flat_map(|s| &s.services) {
            let groups = service.target_groups.iter().filter_map(|arn| arn.split(":targetgroup/").nth(1)?.split('/').next());
            let groups: BTreeSet<NodeId> = groups.map(|name| NodeId::named(System::TargetGroup, name)).collect();
            users.groups.insert(service.name.clone(), groups);
        }
        let needed = [(Dependency::Database, System::Database), (Dependency::Cache, System::Cache)];
        for spec in &stack.services {
            for (_, system) in needed.iter().filter(|(dependency, _)| spec.needs(*dependency)) {
                let all = users.groups.get(&spec.name).cloned().unwrap_or_default();
                let of = users.of.entry(*system).or_default();
                of.insert(NodeId::service(&spec.name));
                of.extend(all);
            }
        }
        users
    }

    /// Whether a pattern of a rule means this node: `db`, `svc/*`, `tg/{it}`, `nat/{zone}`, `uses db`, `groups of {it}`.
    fn fits(&self, pattern: &str, node: &NodeId, it: &str, zone: &str) -> bool {
        if let Some(system) = pattern.strip_prefix("uses ") {
            let system = system.parse::<NodeId>().map(|n| n.system());
            return system.is_ok_and(|s| self.of.get(&s).is_some_and(|all| all.contains(node)));
        }
        if let Some(service) = pattern.strip_prefix("groups of ") {
            return self.groups.get(&service.replace("{it}", it)).is_some_and(|all| all.contains(node));
        }
        if pattern.contains("{zone}") && zone.is_empty() {
            return false;
        }
        let (pattern, written) = (pattern.replace("{it}", it).replace("{zone}", zone_letter(zone)), node.to_string());
        match pattern.strip_suffix('*') {
            Some(begins) => written.starts_with(begins),
            None => written == pattern,
        }
    }

    /// What a node cannot be well without.
    fn rests_on(&self, node: &NodeId, other: &NodeId) -> bool {
        let system = other.system();
        match node.system() {
            System::Balancer => matches!(system, System::TargetGroup | System::Service | System::Database | System::Cache),
            System::TargetGroup => {
                let of = self.groups.iter().any(|(service, groups)| groups.contains(node) && *other == NodeId::service(service));
                of || self.of.get(&system).is_some_and(|all| all.contains(node))
            }
            System::Service => self.of.get(&system).is_some_and(|all| all.contains(node)),
            System::Cdn | System::Dns => matches!(system, System::Balancer | System::TargetGroup | System::Service),
            System::Alarms => system != System::Alarms,
            _ => false,
        }
    }
}

/// Whether a node that is not well follows from an incident.
pub(super) fn follows(rule: &Rule, incident: &Incident, node: &NodeId, verdict: &Verdict, users: &Users) -> bool {
    let meant = rule.explains.iter().any(|pattern| users.fits(pattern, node, &incident.of, &incident.zone));
    meant && verdict.since.is_none_or(|since| since >= incident.since - SLACK)
}

/// Whether a node that is not well is what an incident that is over has left behind: a figure tells of minutes that have passed.
pub(super) fn lingers(rule: &Rule, over: &Incident, node: &NodeId, verdict: &Verdict, users: &Users, now: Time) -> bool {
    let Some(closed) = over.closed_at.filter(|at| now - *at <= AFTERMATH) else { return false };
    verdict.since.is_some_and(|since| since <= closed + SLACK) && follows(rule, over, node, verdict, users)
}

/// What is not well: what follows from an incident, and the rest.
pub(super) fn unwell(judgement: &Judgement) -> impl Iterator<Item = (&NodeId, &Verdict)> {
    judgement.nodes.iter().filter(|(_, v)| v.level >= Level::Degraded)
}

/// Notes what follows from an incident now, and what has ended.
pub(super) fn note(incident: &mut Incident, following: &BTreeMap<&NodeId, &Verdict>, now: Time) {
    for symptom in incident.symptoms.iter_mut().filter(|s| s.until.is_none() && !following.contains_key(&s.node)) {
        symptom.until = Some(now);
    }
    for (node, verdict) in following {
        match incident.symptoms.iter_mut().find(|s| s.node == **node) {
            Some(symptom) => {
                symptom.until = None;
                if verdict.level >= symptom.level {
                    symptom.level = verdict.level;
                    verdict.headline().clone_into(&mut symptom.text);
                }
            }
            None => incident.symptoms.push(Symptom {
                node: (*node).clone(),
                level: verdict.level,
                since: verdict.since,
                text: text::clip(verdict.headline(), 120).into_owned(),
                until: None,
            }),
        }
    }
}

/// What nothing explains, the roots of it only: what rests on something else that is not well is not a thing of its own.
pub(super) fn rest(judgement: &Judgement, explained: &BTreeSet<NodeId>, users: &Users, now: Time) -> Json {
    let left: Vec<(&NodeId, &Verdict)> = unwell(judgement).filter(|(node, _)| !explained.contains(*node)).collect();
    let is_root = |node: &NodeId| !unwell(judgement).any(|(other, _)| other != node && users.rests_on(node, other));
    let told = left.iter().filter(|(node, _)| is_root(node)).map(|(node, verdict)| {
        json!({
            "node": node,
            "level": verdict.level,
            "text": verdict.headline(),
            "serves": node.system().spec().serves,
            "for_s": verdict.since.map_or(0, |since| (now - since).num_seconds()),
        })
    });
    told.collect()
}
