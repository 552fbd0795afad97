//! The nodes of the diagram: which sections each rests on, and which tables of rules decide it. No thresholds and no memory.
//! Called by `watch`.

use std::collections::BTreeMap;

use crate::model::Time;
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cache::{CacheEvents, CacheNodes, ReplicationGroup};
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::health::Level;
use crate::model::log::{LogGroup, LogTail};
use crate::model::metric::Metrics;
use crate::model::scaling::Scaling;
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Service, ServiceDeployments, Services, StoppedTasks, Tasks};

use super::facts::Facts;
use super::finding::{Finding, down};
use super::judgement::NodeId;
use super::phrase::group_name;
use super::rules::target_group::Group;
use super::rules::{alarms, apply, balancer, cache, database, gauges, logs, service, target_group};
use super::standing;

/// The evidence about one node at one moment.
#[derive(Debug, Default)]
pub(crate) struct Assessment {
    /// The level without any finding: healthy, or absent.
    pub base: Level,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// The oldest success among the mandatory sections.
    pub as_of: Option<Time>,
    /// Since when all has been well, if the cloud says.
    pub calm_since: Option<Time>,
}

impl Assessment {
    /// The worst finding, or the base; notes do not count.
    pub(crate) fn level(&self) -> Level {
        self.findings.iter().map(|f| f.level).filter(|l| *l > Level::Healthy).max().unwrap_or(self.base)
    }

    /// The findings that set the level.
    pub(crate) fn deciding(&self) -> impl Iterator<Item = &Finding> {
        let level = self.level();
        self.findings.iter().filter(move |f| f.level == level)
    }
}

/// What a node rests on: without a mandatory section it cannot be judged, without a supporting one it only loses rules.
pub(crate) struct Ground {
    /// Unknown without them, down when the cloud says that they do not exist.
    pub mandatory: &'static [SectionKey],
    /// A note when they fail.
    pub supporting: &'static [SectionKey],
}

const BALANCER: Ground = Ground { mandatory: &[Balancer::KEY, Targets::KEY], supporting: &[Routing::KEY, Metrics::KEY] };
const TARGET_GROUP: Ground = Ground { mandatory: &[Targets::KEY], supporting: &[Metrics::KEY] };
const SERVICE: Ground = Ground {
    mandatory: &[Services::KEY],
    supporting: &[Targets::KEY, Tasks::KEY, StoppedTasks::KEY, ServiceDeployments::KEY, Scaling::KEY, Metrics::KEY],
};
const CACHE: Ground = Ground { mandatory: &[ReplicationGroup::KEY], supporting: &[CacheNodes::KEY, CacheEvents::KEY, Metrics::KEY] };
const DATABASE: Ground = Ground { mandatory: &[Database::KEY], supporting: &[DatabaseEvents::KEY, DatabaseSettings::KEY, Metrics::KEY] };
const ALARMS: Ground = Ground { mandatory: &[Alarms::KEY], supporting: &[] };
const LOGS: Ground = Ground { mandatory: &[LogTail::KEY], supporting: &[LogGroup::KEY, Metrics::KEY] };

/// Every node of the stack.
pub(crate) fn assess(facts: &Facts<'_>) -> BTreeMap<NodeId, Assessment> {
    let mut nodes = BTreeMap::new();
    let mut groups = Vec::new();
    for spec in &facts.stack.services {
        let found = facts.service(&spec.name);
        let own = found.map_or_else(Vec::new, groups_of);
        nodes.insert(NodeId::service(&spec.name), of_service(facts, &spec.name, found, &own));
        groups.extend(own);
    }
    let mut children = Vec::new();
    for group in &groups {
        let mut findings = apply(target_group::RULES, facts, TARGET_GROUP.mandatory, group);
        findings.extend(apply(target_group::TRAFFIC, facts, TARGET_GROUP.mandatory, group));
        children.extend(findings.iter().filter(|f| f.level > Level::Info).map(|f| f.clone().prefixed(&group.name)));
        nodes.insert(NodeId::target_group(&group.name), finish(facts, &TARGET_GROUP, findings));
    }
    let mut findings = facts.store.get::<Balancer>().map_or_else(Vec::new, |b| apply(balancer::RULES, facts, BALANCER.mandatory, b));
    findings.extend(children);
    findings.extend(apply(balancer::TRAFFIC, facts, BALANCER.mandatory, facts.stack));
    findings.extend(gauges(balancer::GAUGES, facts, ""));
    nodes.insert(NodeId::balancer(), finish(facts, &BALANCER, findings));
    nodes.insert(NodeId::cache(), of_cache(facts));
    let mut findings = facts.store.get::<Database>().map_or_else(Vec::new, |db| apply(database::RULES, facts, DATABASE.mandatory, db));
    findings.extend(gauges(database::GAUGES, facts, ""));
    nodes.insert(NodeId::database(), finish(facts, &DATABASE, findings));
    let alarms = facts.store.get::<Alarms>().into_iter().flat_map(Alarms::for_people);
    let findings = alarms.flat_map(|a| apply(alarms::RULES, facts, ALARMS.mandatory, a)).collect();
    nodes.insert(NodeId::alarms(), finish(facts, &ALARMS, findings));
    let findings = facts.store.get::<LogTail>().map_or_else(Vec::new, |tail| apply(logs::RULES, facts, LOGS.mandatory, tail));
    nodes.insert(NodeId::logs(), finish(facts, &LOGS, findings));
    nodes
}

fn groups_of(service: &Service) -> Vec<Group> {
    let desired = service.desired.max(0) as usize;
    let named = |arn: &String| {
        let name = group_name(arn)?.to_owned();
        Some(Group { arn: arn.clone(), name, service: service.name.clone(), desired })
    };
    service.target_groups.iter().filter_map(named).collect()
}

fn of_service(facts: &Facts<'_>, name: &str, found: Option<&Service>, groups: &[Group]) -> Assessment {
    let Some(service) = found else {
        let mut findings = Vec::new();
        if let Some(all) = facts.fresh::<Services>() {
            let why = all.missing.iter().find(|(n, _)| n == name).map_or("not in the answer", |(_, why)| why.as_str());
            findings.push(Finding { basis: vec![Services::KEY], ..down(format!("missing ({why})")) });
        }
        return finish(facts, &SERVICE, findings);
    };
    let mut findings = apply(service::RULES, facts, SERVICE.mandatory, service);
    for group in groups {
        findings.extend(apply(target_group::RULES, facts, SERVICE.mandatory, group));
    }
    findings.extend(gauges(service::GAUGES, facts, name));
    let mut assessment = finish(facts, &SERVICE, findings);
    if service.desired == 0 && service.running == 0 && assessment.base == Level::Healthy {
        assessment.base = Level::Absent;
        assessment.findings.push(Finding::new(Level::Absent, "scaled to zero"));
    }
    assessment.calm_since = steady_since(service);
    assessment
}

/// The first `steady state` after the last event that was none: AWS repeats it every six hours.
fn steady_since(service: &Service) -> Option<Time> {
    let calm = |m: &str| m.contains("steady state") || m.contains("deployment completed") || m.contains("is AZ balanced");
    service.events.iter().take_while(|e| calm(&e.message)).filter(|e| e.message.contains("steady state")).last()?.at
}

fn of_cache(facts: &Facts<'_>) -> Assessment {
    let Some(group) = facts.store.get::<ReplicationGroup>() else { return finish(facts, &CACHE, Vec::new()) };
    let mut findings = apply(cache::RULES, facts, CACHE.mandatory, group);
    for shard in &group.node_groups {
        findings.extend(apply(cache::SHARDS, facts, CACHE.mandatory, shard));
        for member in &shard.members {
            let short = member.id.strip_prefix(&group.id).map_or(member.id.as_str(), |rest| rest.trim_start_matches('-'));
            let mut own = apply(cache::NODES, facts, CACHE.mandatory, member);
            own.extend(gauges(cache::GAUGES, facts, &member.id));
            findings.extend(own.into_iter().map(|f| f.prefixed(short)));
        }
    }
    finish(facts, &CACHE, findings)
}

/// Adds what the state of the sections says, and puts the worst first.
fn finish(facts: &Facts<'_>, ground: &Ground, findings: Vec<Finding>) -> Assessment {
    let mut all = findings;
    for key in ground.mandatory {
        let Some(mut finding) = standing::mandatory(facts.store, *key, facts.now) else { continue };
        if ground.mandatory.len() > 1 && finding.text != "loading" {
            finding = finding.prefixed(&standing::title(*key));
        }
        // What could not be decided comes before what was seen last.
        all.insert(0, finding);
    }
    all.extend(ground.supporting.iter().filter_map(|key| standing::supporting(facts.store, *key, facts.now)));
    all.sort_by_key(|f| std::cmp::Reverse(f.level));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|f| seen.insert(f.text.clone()));
    let as_of = ground.mandatory.iter().filter_map(|key| facts.store.entry(*key)?.at).min();
    Assessment { base: Level::Healthy, findings: all, as_of, calm_since: None }
}
