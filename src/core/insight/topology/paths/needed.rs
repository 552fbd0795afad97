//! The ways that this stack's traffic takes, by what AWS says of its parts: the listeners' ports, the targets', the data stores'. What was
//! written down about the stack is not asked: `expected` holds that. Called by `check` for what is closed, and as the table of a stack of
//! which nothing is written down.

use std::collections::BTreeSet;

use super::{EXPECTED, End, ExpectedRule};
use crate::model::balancer::{Balancer, Routing};
use crate::model::cache::{CacheNodes, ReplicationGroup};
use crate::model::database::Database;
use crate::model::network::{GroupRole, Network, SubnetTier};
use crate::model::service::{Service, Services};
use crate::model::stack::{Dependency, Stack};
use crate::model::store::Store;
use crate::model::system::System;

/// What the groups of one stack are held against.
pub(super) struct Table {
    /// The rules, as written down or as needed.
    pub rules: Vec<ExpectedRule>,
    /// They are written down: a rule beside them deviates.
    pub strict: bool,
    /// Who has groups in this stack, and whose are not known yet.
    pub carriers: Vec<GroupRole>,
    pub unread: Vec<GroupRole>,
    pub needs: Vec<Need>,
    blocks: Vec<(End, Vec<String>)>,
}

impl Table {
    pub(super) fn of(store: &Store, stack: &Stack) -> Self {
        let (strict, needs) = (stack.is_the_seeds(), needs(store, stack));
        let rules = if strict { EXPECTED.to_vec() } else { needs.iter().flat_map(|n| n.rules()).collect() };
        let carriers: Vec<GroupRole> = GroupRole::ALL.into_iter().filter(|role| stack.has(system(*role))).collect();
        // Where nothing is written down somebody may do without groups, as a network load balancer does.
        let unread = carriers.iter().copied().filter(|role| strict || !carries(store, *role)).collect();
        let blocks = End::ALL.iter().map(|end| (*end, blocks(store, stack, *end))).collect();
        Self { rules, strict, carriers, unread, needs, blocks }
    }

    /// The address blocks in which an end lives.
    pub(super) fn blocks(&self, end: End) -> &[String] {
        self.blocks.iter().find(|(e, _)| *e == end).map_or(&[], |(_, blocks)| blocks.as_slice())
    }
}

fn system(role: GroupRole) -> System {
    match role {
        GroupRole::Alb => System::Balancer,
        GroupRole::Ecs => System::Service,
        GroupRole::Rds => System::Database,
        GroupRole::Redis => System::Cache,
    }
}

/// One way, from an end to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub from: End,
    pub to: End,
    /// TCP port.
    pub port: i32,
}

impl Need {
    /// The rules that it rests on, one at each end that has groups.
    pub(super) fn rules(self) -> impl Iterator<Item = ExpectedRule> {
        let side = |own: End, egress: bool, peer: End| {
            own.role().map(|group| ExpectedRule { id: "", group, egress, peer, port: Some(self.port), required: true })
        };
        [side(self.from, true, self.to), side(self.to, false, self.from)].into_iter().flatten()
    }
}

/// The services of the stack that are there.
fn services<'a>(store: &'a Store, stack: &'a Stack) -> impl Iterator<Item = &'a Service> {
    store.get::<Services>().into_iter().flat_map(|s| &s.services).filter(|s| stack.service(&s.name).is_some())
}

/// In the order in which requests take them.
fn needs(store: &Store, stack: &Stack) -> Vec<Need> {
    let mut all = Vec::new();
    let routing = store.get::<Routing>();
    if store.get::<Balancer>().is_some_and(|b| b.scheme != "internal") {
        let ports: BTreeSet<i32> = routing.into_iter().flat_map(|r| &r.listeners).map(|l| l.port).collect();
        all.extend(ports.into_iter().map(|port| Need { from: End::Internet, to: End::Alb, port }));
    }
    let behind: Vec<&str> = services(store, stack).flat_map(Service::groups).collect();
    // What only another load balancer forwards to, this one need not reach.
    let named = |r: &Routing| r.target_groups.iter().filter(|g| r.share(&g.arn, &[]).is_some()).cloned().collect::<Vec<_>>();
    let groups = routing.map(named).unwrap_or_default().into_iter().filter(|g| behind.contains(&g.arn.as_str()) && g.port > 0);
    let ports: BTreeSet<i32> = groups.map(|g| g.port).collect();
    all.extend(ports.into_iter().rev().map(|port| Need { from: End::Alb, to: End::Ecs, port }));
    let needs = |dependency| stack.services.iter().any(|s| s.needs(dependency));
    if let Some(database) = store.get::<Database>().filter(|_| needs(Dependency::Database)) {
        all.push(Need { from: End::Ecs, to: End::Rds, port: database_port(database) });
    }
    if let Some(cache) = store.get::<ReplicationGroup>().filter(|_| needs(Dependency::Cache)) {
        all.push(Need { from: End::Ecs, to: End::Redis, port: cache.port.map_or(6379, i32::from) });
    }
    // Images, secrets and logs: over HTTPS, wherever their endpoints are.
    if services(store, stack).next().is_some() {
        all.push(Need { from: End::Ecs, to: End::Internet, port: 443 });
    }
    all
}

/// As its endpoint says; before it has said anything, the engine's usual one.
fn database_port(database: &Database) -> i32 {
    let usual = if matches!(database.engine.as_str(), "mysql" | "mariadb" | "aurora-mysql") { 3306 } else { 5432 };
    database.port.map_or(usual, i32::from)
}

/// The address blocks in which an end lives: as planned, else those of the subnets that AWS names.
fn blocks(store: &Store, stack: &Stack, end: End) -> Vec<String> {
    let planned = match end {
        End::Alb => &stack.addresses.public,
        End::Ecs | End::Redis => &stack.addresses.private,
        End::Rds => &stack.addresses.database,
        End::Internet | End::Other => return Vec::new(),
    };
    if !planned.is_empty() {
        return planned.clone();
    }
    let Some(network) = store.get::<Network>() else { return Vec::new() };
    let ids: Vec<&str> = match end {
        End::Alb => store.get::<Balancer>().into_iter().flat_map(|b| &b.zones).map(|(_, subnet)| subnet.as_str()).collect(),
        End::Ecs => services(store, stack).flat_map(|s| &s.subnets).map(String::as_str).collect(),
        End::Rds => store.get::<Database>().into_iter().flat_map(|d| &d.subnets).map(|(subnet, _)| subnet.as_str()).collect(),
        End::Redis | End::Internet | End::Other => network.of(SubnetTier::Private).map(|s| s.id.as_str()).collect(),
    };
    network.subnets.iter().filter(|s| ids.contains(&s.id.as_str())).map(|s| s.cidr.clone()).collect()
}

/// Whether the sections that name the groups of a system have answered: before that no group of it is known to be missing.
fn carries(store: &Store, role: GroupRole) -> bool {
    match role {
        GroupRole::Alb => store.get::<Balancer>().is_some(),
        GroupRole::Ecs => store.get::<Services>().is_some(),
        GroupRole::Rds => store.get::<Database>().is_some(),
        GroupRole::Redis => store.get::<CacheNodes>().is_some(),
    }
}
