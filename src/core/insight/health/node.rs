//! Who judges which system of the diagram. What each rests on is the table of systems; no thresholds, no memory.
//! A new system with health is one file in `rules` and one arm here. Called by `watch`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Time;
use crate::model::balancer::Targets;
use crate::model::health::{Level, ReasonKind};
use crate::model::metric::Metrics;
use crate::model::section::{Section, SectionKey};
use crate::model::system::{NodeId, SYSTEMS, System, SystemSpec};

use crate::insight::health::facts::Facts;
use crate::insight::health::finding::Finding;
use crate::insight::health::rules::{
    alarms, balancer, cache, cdn, dashboards, database, delivery, dns, ecr, logs, nat, network, security, security_groups, service,
    storage, target_group,
};
use crate::insight::health::standing;
use crate::insight::health::window::Window;

/// Sections whose unread parts each concern one node alone: its rules say so.
const TOLD_BY_RULES: &[SectionKey] = &[Targets::KEY];

/// What is said of a system that the configuration does not name.
const UNUSED: &str = "not used";

/// The evidence about one node at one moment.
#[derive(Debug, Default)]
pub(crate) struct Assessment {
    /// The level without any finding: healthy, or absent.
    pub base: Level,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// When the oldest was seen of what it is judged by: mandatory sections, and the figures that its rules read.
    pub as_of: Option<Time>,
    /// Since when all has been well, if the cloud says.
    pub calm_since: Option<Time>,
}

impl Assessment {
    /// Adds what the state of the sections says, and puts the worst first.
    pub(crate) fn of(facts: &Facts<'_>, ground: &SystemSpec, findings: Vec<Finding>) -> Self {
        let mut all = findings;
        let mut base = Level::Healthy;
        let read = |keys: &'static [SectionKey]| keys.iter().filter(|key| facts.stack.reads(**key));
        for key in read(ground.mandatory).rev() {
            let Some(mut finding) = standing::mandatory(facts.store, *key, facts.now) else { continue };
            if finding.level == Level::Down {
                finding.level = ground.missing;
                base = base.min(ground.missing);
            }
            if ground.mandatory.len() > 1 && finding.kind != ReasonKind::Loading {
                finding = finding.prefixed(&standing::title(*key));
            }
            // What could not be decided comes before what was seen last.
            all.insert(0, finding);
        }
        all.extend(read(ground.supporting).filter_map(|key| standing::supporting(facts.store, *key, facts.now)));
        if ground.supporting.contains(&Metrics::KEY) {
            all.extend(facts.silence(ground.word));
        }
        let both = read(ground.mandatory).chain(read(ground.supporting));
        all.extend(both.filter(|key| !TOLD_BY_RULES.contains(key)).flat_map(|key| standing::unread(facts.store, *key)));
        all.sort_by_key(|f| std::cmp::Reverse(f.level));
        let mut seen = BTreeSet::new();
        all.retain(|f| seen.insert(f.text.clone()));
        let seen_at = read(ground.mandatory).filter_map(|key| facts.store.entry(*key)?.at).min();
        let figures = facts.window().and_then(Window::take_oldest);
        let as_of = seen_at.map(|at| figures.map_or(at, |figures| at.min(figures)));
        Self { base, findings: all, as_of, calm_since: None }
    }

    /// The node is optional, and the cloud says that there is none; what cannot be said now stays said.
    pub(crate) fn is_absent(&mut self, why: String) {
        self.base = Level::Absent;
        self.findings.push(Finding::new(Level::Absent, why));
    }

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

/// Who judges a system.
fn judge_of(system: System) -> fn(&Facts<'_>, &SystemSpec, &mut Nodes) {
    match system {
        System::Dns => dns::assess,
        System::Cdn => cdn::assess,
        System::Vpc => network::assess,
        System::Balancer => balancer::assess,
        System::TargetGroup => target_group::assess,
        System::Nat => nat::assess,
        System::SecurityGroups => security_groups::assess,
        System::Service => service::assess,
        System::Cache => cache::assess,
        System::Database => database::assess,
        System::Buckets => storage::assess,
        System::Roles => security::assess_roles,
        System::Keys => security::assess_keys,
        System::Secrets => security::assess_secrets,
        System::Repositories => ecr::assess,
        System::Builds => delivery::assess_builds,
        System::Pipeline => delivery::assess_pipeline,
        System::Alarms => alarms::assess,
        System::Dashboards => dashboards::assess,
        System::Timeline => |_, _, _| {},
        System::Logs => logs::assess,
    }
}

/// Every section that a node rests on: what a screen of the whole stack needs.
pub fn sections() -> BTreeSet<SectionKey> {
    SYSTEMS.iter().flat_map(|s| s.spec().mandatory.iter().chain(s.spec().supporting)).copied().collect()
}

/// The nodes judged so far.
#[derive(Default)]
pub(crate) struct Nodes {
    all: BTreeMap<NodeId, Assessment>,
    /// What is wrong with children, for the parent that comes next.
    below: Vec<Finding>,
    /// When the oldest was seen of what they are judged by.
    below_as_of: Option<Time>,
}

impl Nodes {
    pub(crate) fn insert(&mut self, id: NodeId, assessment: Assessment) {
        self.all.insert(id, assessment);
    }

    /// A node that is optional in this stack, and that it has not; what is wrong with it stays said.
    pub(crate) fn absent(&mut self, id: &NodeId, why: &str) {
        if let Some(assessment) = self.all.get_mut(id) {
            assessment.is_absent(why.to_owned());
        }
    }

    /// The parts of a system, and the system.
    fn judge(&mut self, facts: &Facts<'_>, system: System) {
        for part in SYSTEMS.iter().copied().filter(|s| s.spec().part_of == Some(system)).chain([system]) {
            judge_of(part)(facts, part.spec(), self);
        }
    }

    /// A system that the stack does not have: its own node says so, if it has one.
    fn unused(&mut self, system: System) {
        if !system.spec().title.is_empty() {
            let mut nothing = Assessment::default();
            nothing.is_absent(UNUSED.to_owned());
            self.insert(NodeId::of(system), nothing);
        }
    }

    /// A node below another, which repeats its findings under `name`.
    pub(crate) fn child(&mut self, facts: &Facts<'_>, ground: &SystemSpec, id: NodeId, name: &str, findings: Vec<Finding>) {
        self.below.extend(findings.iter().filter(|f| f.level > Level::Info).map(|f| f.clone().prefixed(name)));
        let assessment = Assessment::of(facts, ground, findings);
        self.below_as_of = self.below_as_of.into_iter().chain(assessment.as_of).min();
        self.insert(id, assessment);
    }

    /// What is wrong with the children inserted since the last parent, for a parent that puts it in a place of its own.
    pub(crate) fn take_below(&mut self, findings: &mut Vec<Finding>) {
        findings.append(&mut self.below);
    }

    /// The node above the children inserted since the last parent: the worst child wins.
    pub(crate) fn parent(&mut self, facts: &Facts<'_>, ground: &SystemSpec, id: NodeId, mut findings: Vec<Finding>) {
        self.take_below(&mut findings);
        let below = self.below_as_of.take();
        let mut assessment = Assessment::of(facts, ground, findings);
        assessment.as_of = assessment.as_of.into_iter().chain(below).min();
        self.insert(id, assessment);
    }
}

/// Every node of the stack; the parts of a system before the system that repeats what is wrong with them.
pub(crate) fn assess(facts: &Facts<'_>) -> BTreeMap<NodeId, Assessment> {
    let mut nodes = Nodes::default();
    for system in SYSTEMS.iter().filter(|s| s.spec().part_of.is_none()) {
        if facts.stack.has(*system) {
            nodes.judge(facts, *system);
        } else {
            nodes.unused(*system);
        }
    }
    nodes.all
}

/// The nodes of one system alone.
pub(crate) fn assess_one(facts: &Facts<'_>, system: System) -> BTreeMap<NodeId, Assessment> {
    let mut nodes = Nodes::default();
    nodes.judge(facts, system);
    nodes.all
}
