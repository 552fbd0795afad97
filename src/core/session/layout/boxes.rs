//! The boxes: what each system's box needs and opens. A new system is one arm here and one arm of `face` in `view::stack`; where its tier
//! stands is `form`'s. Called by `plan`, by `update` (what Enter opens), by `selected` and by `view` (ages).

use crate::insight::topology::entry::is_fronted;
use crate::insight::{Judgement, NodeId};
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Listener, Routing, Targets};
use crate::model::cache::{CacheNodes, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::{Database, DatabaseEvents};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::log::{LogGroup, LogTail};
use crate::model::metric::Metrics;
use crate::model::network::{NatGateway, NatGateways, Network, Routes, SecurityGroups, zone_letter};
use crate::model::resource::{Kind, Resource};
use crate::model::section::{Section, SectionKey};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{Cluster, Services, Tasks};
use crate::model::stack::Stack;
use crate::model::storage::Buckets;
use crate::model::store::Store;
use crate::model::system::{SYSTEMS, System};
use crate::session::pane::PaneId;

/// Rows that a list has to show; `None` = as many as there is room for.
type Wanted = fn(&Store, &Judgement) -> Option<u16>;

/// One row of the table: everything that differs from box to box.
#[derive(Debug, Clone, Copy)]
pub struct BoxSpec {
    /// Its nodes, where there are several.
    pub nodes: Option<fn(&Stack) -> Vec<NodeId>>,
    /// The sections whose age the box shows, the one that makes it first.
    pub sections: &'static [SectionKey],
    /// The pane that Enter opens, and its focused panel.
    pub pane: (PaneId, usize),
    /// What that pane is about.
    pub subject: fn(&NodeId) -> String,
    /// A digit jumps to it.
    pub digit: bool,
    /// Its reasons are told in it.
    pub tells: bool,
    /// Lines that it needs where no boxes are drawn.
    pub lines: fn(&Stack, &Store) -> u16,
    /// The same in a column of its own.
    pub column: u16,
    /// Cells that it needs and can use where it shares a line; 0 = it never does.
    pub cells: (u16, u16),
    /// It takes what is left over in a column.
    pub stretches: bool,
    /// Rows that it can fill as a list.
    pub rows: Wanted,
    /// Rows of figures inside a border that no reason may push out.
    pub figures: fn(&Stack, &Store) -> u16,
    /// What it is in AWS, where that is one resource.
    pub is: fn(&Stack, &Store, &NodeId) -> Option<Resource>,
}

/// What most rows share.
const PLAIN: BoxSpec = BoxSpec {
    nodes: None,
    sections: &[],
    pane: (PaneId::Timeline, 0),
    subject: |_| String::new(),
    digit: false,
    tells: true,
    lines: |_, _| 1,
    column: 1,
    cells: (0, 0),
    stretches: false,
    rows: |_, _| None,
    figures: |_, _| 2,
    is: |_, _, _| None,
};

/// As much as there is.
const REST: u16 = u16::MAX;

/// A box that is one line among others: sections, pane, cells.
const fn small(sections: &'static [SectionKey], pane: (PaneId, usize), cells: (u16, u16)) -> BoxSpec {
    BoxSpec { sections, pane, cells, ..PLAIN }
}

/// The boxes of the diagram, in reading order: tier by tier.
pub fn boxes() -> Vec<(System, &'static BoxSpec)> {
    let mut all: Vec<_> = SYSTEMS.iter().filter(|s| s.spec().part_of.is_none()).map(|s| (*s, spec(*s))).collect();
    all.sort_by_key(|(system, _)| system.spec().tier);
    all
}

const DNS: BoxSpec = BoxSpec {
    figures: |_, _| 1,
    is: |_, store, _| store.get::<Dns>()?.zone.as_ref().map(|z| Resource::new(Kind::HostedZone, &z.id)),
    ..small(&[Dns::KEY], (PaneId::Edge, 0), (29, 37))
};

const CDN: BoxSpec = BoxSpec {
    figures: |_, _| 1,
    is: |_, store, _| store.get::<Cdn>()?.distribution.as_ref().map(|d| Resource::new(Kind::Distribution, &d.id).told(&d.arn)),
    ..small(&[Cdn::KEY, Metrics::KEY], (PaneId::Edge, 1), (28, REST))
};

const VPC: BoxSpec = BoxSpec {
    is: |_, store, _| store.get::<Network>().map(|n| Resource::new(Kind::Vpc, &n.vpc)),
    ..small(&[Network::KEY, Routes::KEY], (PaneId::Network, 0), (18, 29))
};

const SECURITY_GROUPS: BoxSpec = small(&[SecurityGroups::KEY], (PaneId::Network, 3), (9, 18));

const BALANCER: BoxSpec = BoxSpec {
    sections: &[Balancer::KEY, Routing::KEY, Targets::KEY],
    nodes: Some(|stack| all_of(stack, System::Balancer)),
    subject: |node| node.name().to_owned(),
    pane: (PaneId::Balancer, 0),
    digit: true,
    lines: |stack, store| 1 + rule_lines(stack, store),
    cells: (28, REST),
    figures: |stack, store| 1 + rule_lines(stack, store),
    is: balancer,
    ..PLAIN
};

const NAT: BoxSpec = BoxSpec { figures: |_, _| 3, is: gateway, ..small(&[NatGateways::KEY, Routes::KEY], (PaneId::Network, 2), (26, 30)) };

const SERVICE: BoxSpec = BoxSpec {
    nodes: Some(|stack| stack.services.iter().map(|s| NodeId::service(&s.name)).collect()),
    sections: &[Services::KEY, Tasks::KEY],
    pane: (PaneId::Service, 0),
    subject: |node| node.as_service().unwrap_or_default().to_owned(),
    digit: true,
    figures: |_, _| 4,
    is: |stack, store, node| {
        let name = node.as_service()?;
        let arn = store.get::<Services>().and_then(|s| s.get(name)).map_or("", |s| &s.arn);
        Some(Resource::new(Kind::Service { cluster: stack.cluster.clone() }, name).told(arn))
    },
    ..PLAIN
};

const CACHE: BoxSpec = BoxSpec {
    sections: &[ReplicationGroup::KEY, CacheNodes::KEY],
    nodes: Some(|stack| all_of(stack, System::Cache)),
    subject: |node| node.name().to_owned(),
    pane: (PaneId::Cache, 0),
    digit: true,
    figures: |_, _| 3,
    is: |stack, store, _| Some(cache(stack, store)),
    ..PLAIN
};

const DATABASE: BoxSpec = BoxSpec {
    sections: &[Database::KEY],
    nodes: Some(|stack| all_of(stack, System::Database)),
    subject: |node| node.name().to_owned(),
    pane: (PaneId::Database, 0),
    digit: true,
    is: |stack, store, _| Some(database(stack, store)),
    ..PLAIN
};

const BUCKETS: BoxSpec = BoxSpec {
    column: 4,
    is: |_, _, node| Some(Resource::new(Kind::Bucket, node.name())),
    ..small(&[Buckets::KEY], (PaneId::Storage, 0), (7, 16))
};

const ROLES: BoxSpec = small(&[Roles::KEY], (PaneId::Security, 0), (8, 14));

const KEYS: BoxSpec = small(&[Keys::KEY], (PaneId::Security, 1), (8, 13));

const SECRETS: BoxSpec = BoxSpec { column: 3, ..small(&[Secrets::KEY], (PaneId::Security, 2), (12, 24)) };

const REPOSITORIES: BoxSpec = small(&[Repositories::KEY], (PaneId::Delivery, 2), (8, 19));

const BUILDS: BoxSpec = BoxSpec { column: 2, ..small(&[Builds::KEY], (PaneId::Delivery, 1), (10, 15)) };

const PIPELINE: BoxSpec = BoxSpec {
    column: 2,
    is: |stack, _, _| Some(Resource::new(Kind::Pipeline, &stack.pipeline)),
    ..small(&[Pipeline::KEY], (PaneId::Delivery, 0), (16, 16))
};

const ALARMS: BoxSpec = BoxSpec {
    tells: false,
    digit: true,
    stretches: true,
    rows: |store, _| Some(store.get::<Alarms>().map_or(4, |a| a.for_people().count().min(12) as u16)),
    ..small(&[Alarms::KEY], (PaneId::Alarms, 0), (13, 13))
};

const DASHBOARDS: BoxSpec = BoxSpec { column: 2, ..small(&[Dashboards::KEY, Cluster::KEY], (PaneId::Dashboards, 0), (9, 15)) };

const TIMELINE: BoxSpec = BoxSpec {
    digit: true,
    tells: false,
    rows: |_, judgement| Some(judgement.timeline.len().clamp(4, 40) as u16),
    ..small(&[Services::KEY, DatabaseEvents::KEY], (PaneId::Timeline, 0), (0, 0))
};

const LOGS: BoxSpec = BoxSpec {
    digit: true,
    tells: false,
    is: |stack, store, _| {
        let name = stack.first_log_group();
        let told = store.get::<LogGroup>().filter(|g| g.name == name).map_or("", |g| &g.arn);
        Some(Resource::new(Kind::LogGroup, name).told(told))
    },
    ..small(&[LogTail::KEY], (PaneId::Logs, 0), (0, 0))
};

/// The load balancer, or the target group of that name.
fn balancer(stack: &Stack, store: &Store, node: &NodeId) -> Option<Resource> {
    if node.system() == System::TargetGroup {
        let group = store.get::<Routing>()?.target_groups.iter().find(|g| g.name == node.name())?;
        return Some(Resource::new(Kind::TargetGroup, &group.name).told(&group.arn));
    }
    let told = store.get::<Balancer>().map_or("", |b| &b.arn);
    Some(Resource::new(Kind::Balancer, &stack.balancer).told(told))
}

/// The way out of a zone, by its letter.
fn gateway(_: &Stack, store: &Store, node: &NodeId) -> Option<Resource> {
    let gateways = &store.get::<NatGateways>()?.gateways;
    let own = |g: &&NatGateway| !node.name().is_empty() && zone_letter(&g.zone) == node.name() && !g.state.is_going();
    gateways.iter().find(own).map(|g| Resource::new(Kind::NatGateway, &g.id))
}

/// Whether it is a group or a cache cluster by itself is known once it was read: until then there is a name and no ARN.
fn cache(stack: &Stack, store: &Store) -> Resource {
    let Some(group) = store.get::<ReplicationGroup>() else { return Resource::new(Kind::All(System::Cache), &stack.cache) };
    Resource::new(Kind::Cache { engine: group.engine.as_str().to_owned(), alone: group.alone }, &group.id)
}

/// Whether it is an instance or a cluster is known once it was read: until then there is a name and no ARN.
fn database(stack: &Stack, store: &Store) -> Resource {
    let Some(found) = store.get::<Database>() else { return Resource::new(Kind::All(System::Database), &stack.database) };
    Resource::new(Kind::Database { cluster: found.cluster.is_some() }, found.name())
}

/// The first resource of a kind, and the others.
fn all_of(stack: &Stack, system: System) -> Vec<NodeId> {
    let others = stack.others(system).iter().map(|name| NodeId::named(system, name));
    std::iter::once(NodeId::of(system)).chain(others).collect()
}

/// The box of a system; a part has the box of what it is part of.
pub fn spec(system: System) -> &'static BoxSpec {
    match system {
        System::Dns => &DNS,
        System::Cdn => &CDN,
        System::Vpc => &VPC,
        System::SecurityGroups => &SECURITY_GROUPS,
        System::Balancer | System::TargetGroup => &BALANCER,
        System::Nat => &NAT,
        System::Service => &SERVICE,
        System::Cache => &CACHE,
        System::Database => &DATABASE,
        System::Buckets => &BUCKETS,
        System::Roles => &ROLES,
        System::Keys => &KEYS,
        System::Secrets => &SECRETS,
        System::Repositories => &REPOSITORIES,
        System::Builds => &BUILDS,
        System::Pipeline => &PIPELINE,
        System::Alarms => &ALARMS,
        System::Dashboards => &DASHBOARDS,
        System::Timeline => &TIMELINE,
        System::Logs => &LOGS,
    }
}

/// How many forwarding rules the balancer's box lists.
fn rule_lines(stack: &Stack, store: &Store) -> u16 {
    let served = stack.services.iter().filter(|s| is_fronted(store, s)).count();
    let rules = store.get::<Routing>().map_or(served, |r| {
        let forwarding = |l: &Listener| l.rules.iter().filter(|r| !r.target_groups.is_empty()).count();
        r.listeners.iter().map(forwarding).max().unwrap_or(0)
    });
    rules.clamp(1, 4) as u16
}
