//! The nodes of the diagram as a table: which sections each system rests on, and which file of rules judges it. No thresholds, no memory.
//! A new node is one file in `rules` and one row in `NODES`. Called by `watch`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Time;
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cache::{CacheEvents, CacheNodes, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::health::Level;
use crate::model::log::{LogGroup, LogTail};
use crate::model::metric::Metrics;
use crate::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use crate::model::scaling::Scaling;
use crate::model::section::{Section, SectionKey};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{ServiceDeployments, Services, StoppedTasks, Tasks};
use crate::model::storage::Buckets;

use crate::insight::health::facts::Facts;
use crate::insight::health::finding::Finding;
use crate::insight::health::rules::{
    alarms, balancer, cache, cdn, dashboards, database, delivery, dns, ecr, logs, nat, network, security, security_groups, service,
    storage, target_group,
};
use crate::insight::health::standing;
use crate::insight::judgement::NodeId;

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
    /// Adds what the state of the sections says, and puts the worst first.
    pub(crate) fn of(facts: &Facts<'_>, ground: &Ground, findings: Vec<Finding>) -> Self {
        let mut all = findings;
        let mut base = Level::Healthy;
        for key in ground.mandatory {
            let Some(mut finding) = standing::mandatory(facts.store, *key, facts.now) else { continue };
            if finding.level == Level::Down {
                finding.level = ground.missing;
                base = base.min(ground.missing);
            }
            if ground.mandatory.len() > 1 && finding.text != "loading" {
                finding = finding.prefixed(&standing::title(*key));
            }
            // What could not be decided comes before what was seen last.
            all.insert(0, finding);
        }
        all.extend(ground.supporting.iter().filter_map(|key| standing::supporting(facts.store, *key, facts.now)));
        all.sort_by_key(|f| std::cmp::Reverse(f.level));
        let mut seen = BTreeSet::new();
        all.retain(|f| seen.insert(f.text.clone()));
        let as_of = ground.mandatory.iter().filter_map(|key| facts.store.entry(*key)?.at).min();
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

/// What a node rests on: without a mandatory section it cannot be judged, without a supporting one it only loses rules.
pub(crate) struct Ground {
    /// Unknown without them.
    pub mandatory: &'static [SectionKey],
    /// A note when they fail.
    pub supporting: &'static [SectionKey],
    /// What it means when the cloud says that a mandatory one does not exist: down, or less for what is optional or only CI.
    pub missing: Level,
}

const fn ground(mandatory: &'static [SectionKey], supporting: &'static [SectionKey]) -> Ground {
    Ground { mandatory, supporting, missing: Level::Down }
}

const fn lesser(mandatory: &'static [SectionKey], supporting: &'static [SectionKey], missing: Level) -> Ground {
    Ground { mandatory, supporting, missing }
}

/// One system of the diagram: what it rests on, and who judges it. It may be one node, or a parent with children.
struct Row {
    ground: Ground,
    assess: fn(&Facts<'_>, &Ground, &mut Nodes),
}

/// Every system. Children come before the parent that repeats what is wrong with them.
const NODES: &[Row] = &[
    Row { ground: lesser(&[Dns::KEY], &[Metrics::KEY], Level::Absent), assess: dns::assess },
    Row { ground: lesser(&[Cdn::KEY], &[Metrics::KEY], Level::Absent), assess: cdn::assess },
    Row {
        ground: ground(
            &[Services::KEY],
            &[Targets::KEY, Tasks::KEY, StoppedTasks::KEY, ServiceDeployments::KEY, Scaling::KEY, Metrics::KEY],
        ),
        assess: service::assess,
    },
    Row { ground: ground(&[Targets::KEY], &[Metrics::KEY]), assess: target_group::assess },
    Row { ground: ground(&[Balancer::KEY, Targets::KEY], &[Routing::KEY, Metrics::KEY]), assess: balancer::assess },
    Row { ground: ground(&[Network::KEY], &[Routes::KEY, Zones::KEY]), assess: network::assess },
    Row { ground: ground(&[NatGateways::KEY], &[Routes::KEY, Network::KEY, Metrics::KEY]), assess: nat::assess },
    Row { ground: ground(&[SecurityGroups::KEY], &[]), assess: security_groups::assess },
    Row { ground: ground(&[ReplicationGroup::KEY], &[CacheNodes::KEY, CacheEvents::KEY, Metrics::KEY]), assess: cache::assess },
    Row { ground: ground(&[Database::KEY], &[DatabaseEvents::KEY, DatabaseSettings::KEY, Metrics::KEY]), assess: database::assess },
    Row { ground: ground(&[Buckets::KEY], &[Metrics::KEY]), assess: storage::assess },
    Row { ground: ground(&[Roles::KEY], &[]), assess: security::assess_roles },
    Row { ground: ground(&[Keys::KEY], &[]), assess: security::assess_keys },
    Row { ground: ground(&[Secrets::KEY], &[]), assess: security::assess_secrets },
    Row { ground: ground(&[Repositories::KEY], &[Tasks::KEY]), assess: ecr::assess },
    Row { ground: lesser(&[Builds::KEY], &[], Level::Degraded), assess: delivery::assess_builds },
    Row { ground: lesser(&[Pipeline::KEY], &[], Level::Absent), assess: delivery::assess_pipeline },
    Row { ground: ground(&[Alarms::KEY], &[]), assess: alarms::assess },
    Row { ground: lesser(&[Dashboards::KEY], &[], Level::Absent), assess: dashboards::assess },
    Row { ground: ground(&[LogTail::KEY], &[LogGroup::KEY, Metrics::KEY]), assess: logs::assess },
];

/// Every section that a node rests on: what a screen of the whole stack needs.
pub fn sections() -> BTreeSet<SectionKey> {
    NODES.iter().flat_map(|row| row.ground.mandatory.iter().chain(row.ground.supporting)).copied().collect()
}

/// The nodes judged so far.
#[derive(Default)]
pub(crate) struct Nodes {
    all: BTreeMap<NodeId, Assessment>,
    /// What is wrong with children, for the parent that comes next.
    below: Vec<Finding>,
}

impl Nodes {
    pub(crate) fn insert(&mut self, id: NodeId, assessment: Assessment) {
        self.all.insert(id, assessment);
    }

    /// A node below another, which repeats its findings under `name`.
    pub(crate) fn child(&mut self, facts: &Facts<'_>, ground: &Ground, id: NodeId, name: &str, findings: Vec<Finding>) {
        self.below.extend(findings.iter().filter(|f| f.level > Level::Info).map(|f| f.clone().prefixed(name)));
        self.insert(id, Assessment::of(facts, ground, findings));
    }

    /// What is wrong with the children inserted since the last parent, for a parent that puts it in a place of its own.
    pub(crate) fn take_below(&mut self, findings: &mut Vec<Finding>) {
        findings.append(&mut self.below);
    }

    /// The node above the children inserted since the last parent: the worst child wins.
    pub(crate) fn parent(&mut self, facts: &Facts<'_>, ground: &Ground, id: NodeId, mut findings: Vec<Finding>) {
        self.take_below(&mut findings);
        self.insert(id, Assessment::of(facts, ground, findings));
    }
}

/// Every node of the stack.
pub(crate) fn assess(facts: &Facts<'_>) -> BTreeMap<NodeId, Assessment> {
    let mut nodes = Nodes::default();
    for row in NODES {
        (row.assess)(facts, &row.ground, &mut nodes);
    }
    nodes.all
}
