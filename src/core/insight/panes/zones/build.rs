//! What stands in each zone: gathered from the sections, one zone at a time. It judges nothing.

use crate::model::metric::{self, Readings};
use crate::model::system::System;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    DatabasePlace, ZoneBalancer, ZoneCacheNode, ZoneGateway, ZoneMember, ZoneNat, ZoneService, ZoneState, ZoneSystem, ZoneTargets,
};
use crate::insight::health::standing;
use crate::insight::topology::egress;
use crate::insight::topology::entry::balancer_nodes;
use crate::insight::topology::roles::redis_roles;
use crate::insight::topology::unplaced::named_zone;
use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::balancer::{Balancer, Routing, Target, TargetState, Targets, group_name};
use crate::model::cache::{CacheNodes, ReplicationGroup};
use crate::model::database::Database;
use crate::model::health::Level;
use crate::model::network::{NatGateways, Network, Routes, SubnetTier, Zones, zone_letter};
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Services, TaskStatus, Tasks};
use crate::model::stack::{AddressPlan, ServiceSpec, Stack};
use crate::model::store::Store;

/// The sections that the picture is made of.
const SECTIONS: &[SectionKey] = &[
    Network::KEY,
    Zones::KEY,
    NatGateways::KEY,
    Routes::KEY,
    Balancer::KEY,
    Targets::KEY,
    Services::KEY,
    Tasks::KEY,
    ReplicationGroup::KEY,
    CacheNodes::KEY,
    Database::KEY,
];

/// What cannot be drawn, or is not current, and why.
pub(super) fn missing(store: &Store, stack: &Stack, now: Time) -> Vec<String> {
    let why = |key: &SectionKey| match store.entry(*key) {
        None => Some(standing::LOADING.to_owned()),
        entry => standing::explain(entry, now),
    };
    SECTIONS.iter().filter(|key| stack.reads(**key)).filter_map(|key| Some(format!("{}: {}", standing::title(*key), why(key)?))).collect()
}

/// A service in one zone, while it is being counted.
#[derive(Default)]
struct Count {
    running: usize,
    starting: usize,
    healthy: usize,
}

/// The place of targets whose zone nobody knows.
const NOWHERE: &str = "";

/// (target group, service) → (healthy, total).
type Groups<'a> = BTreeMap<(&'a str, &'a str), (usize, usize)>;

/// Everything that is placed by zone, gathered in one pass over tasks and targets.
struct Placed<'a> {
    /// By (zone, service).
    services: HashMap<(&'a str, &'a str), Count>,
    /// By zone.
    groups: HashMap<&'a str, Groups<'a>>,
    /// Services behind the balancer.
    behind: HashSet<&'a str>,
}

/// One state a zone, by name.
pub(super) fn zones(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> Vec<ZoneState> {
    let placed = placed(store);
    let read = Readings::new(store, now);
    let roles = redis_roles(store, now);
    let others: Vec<(NodeId, Store, BTreeMap<String, bool>)> = stack
        .members()
        .map(|node| {
            let own = store.of_member(&node);
            let roles = redis_roles(&own, now);
            (node, own, roles)
        })
        .collect();
    let mut names = names(store, stack);
    names.extend(others.iter().flat_map(|(_, own, _)| of_data(own)));
    names.remove("");
    let mut zones: Vec<ZoneState> = names.into_iter().map(|name| zone(&name, store, judgement, stack, &read, (&placed, &roles))).collect();
    let carries = |z: &ZoneState| z.nat.gateway.as_ref().and_then(|g| g.bytes_per_second).is_some_and(|bytes| bytes > 0.0);
    let carried = zones.iter().any(carries);
    for zone in &mut zones {
        let none = zone.nat.gateway.as_ref().is_some_and(|g| g.bytes_per_second.is_some()) && !carries(zone);
        zone.nat.silent = none && carried && zone.services.iter().any(|s| s.running > 0);
        zone.others = others.iter().map(|(node, own, roles)| member(&zone.name, node, own, roles)).collect();
    }
    zones
}

/// Another load balancer, cache or database in one zone; `own` is the store as it is to be seen.
fn member(zone: &str, node: &NodeId, own: &Store, roles: &BTreeMap<String, bool>) -> ZoneMember {
    let mut member =
        ZoneMember { node: node.clone(), known: false, balancer: false, cache: Vec::new(), database: DatabasePlace::default() };
    match node.system() {
        System::Balancer => {
            member.known = own.get::<Balancer>().is_some();
            member.balancer = balancer_nodes(own).iter().any(|(z, _)| *z == zone);
        }
        System::Cache => {
            member.known = own.get::<ReplicationGroup>().is_some();
            member.cache = redis(zone, own, roles);
        }
        _ => {
            member.known = own.get::<Database>().is_some();
            member.database = database(zone, own);
        }
    }
    member
}

/// The zones in which anything of the stack stands.
fn names(store: &Store, stack: &Stack) -> BTreeSet<String> {
    let subnets = || store.get::<Network>().into_iter().flat_map(|n| &n.subnets);
    let mut names = BTreeSet::new();
    if stack.addresses == AddressPlan::default() {
        // Without a plan a subnet in which nothing stands is not the stack's.
        let used: BTreeSet<&str> =
            store.get::<Services>().into_iter().flat_map(|s| &s.services).flat_map(|s| &s.subnets).map(String::as_str).collect();
        names.extend(subnets().filter(|s| used.contains(s.id.as_str())).map(|s| s.zone.clone()));
    } else {
        names.extend(egress::zones(store));
        names.extend(subnets().filter(|s| s.tier != SubnetTier::Other).map(|s| s.zone.clone()));
    }
    names.extend(balancer_nodes(store).into_iter().map(|(zone, _)| zone.to_owned()));
    let tasks: BTreeSet<&str> = store.get::<Tasks>().into_iter().flat_map(|t| &t.tasks).map(|t| t.zone.as_str()).collect();
    names.extend(tasks.into_iter().map(str::to_owned));
    names.extend(of_data(store));
    names
}

/// Where cache and database stand.
fn of_data(store: &Store) -> impl Iterator<Item = String> {
    let members = store.get::<ReplicationGroup>().into_iter().flat_map(|g| &g.node_groups).flat_map(|s| &s.members);
    let database = store.get::<Database>().into_iter().flat_map(|db| [Some(db.zone.clone()), db.secondary_zone.clone()]).flatten();
    members.map(|m| m.zone.clone()).chain(database)
}

fn placed(store: &Store) -> Placed<'_> {
    let mut placed = Placed { services: HashMap::new(), groups: HashMap::new(), behind: HashSet::new() };
    let tasks = store.get::<Tasks>().map_or(&[][..], |t| t.tasks.as_slice());
    // Neighbours share service and zone: one look-up a run, not one a task.
    for run in tasks.chunk_by(|a, b| a.service == b.service && a.zone == b.zone) {
        let Some(first) = run.first() else { continue };
        let count = placed.services.entry((&first.zone, &first.service)).or_default();
        count.running += run.iter().filter(|t| t.status == TaskStatus::Running).count();
        count.starting += run.iter().filter(|t| t.status.is_starting()).count();
    }
    let Some(targets) = store.get::<Targets>() else { return placed };
    // AWS names the zone of a target only sometimes; the task with its address knows.
    let silent = targets.groups.values().flatten().any(|t| named_zone(t).is_none());
    let zone_of: HashMap<&str, &str> = tasks.iter().filter(|_| silent).filter_map(|t| Some((t.ip.as_deref()?, t.zone.as_str()))).collect();
    for service in store.get::<Services>().into_iter().flat_map(|s| &s.services) {
        for arn in service.serving(store.get::<Routing>()).unwrap_or_default() {
            placed.behind.insert(&service.name);
            let all = targets.groups.get(arn).map_or(&[][..], Vec::as_slice);
            for (zone, (healthy, total)) in by_zone(all, &zone_of) {
                placed.services.entry((zone, &service.name)).or_default().healthy += healthy;
                placed.groups.entry(zone).or_default().insert((arn, &service.name), (healthy, total));
            }
        }
    }
    placed
}

/// (healthy, registered) of one group's targets by zone: a handful of zones, so that a list is quicker than a map.
fn by_zone<'a>(targets: &'a [Target], zone_of: &HashMap<&'a str, &'a str>) -> Vec<(&'a str, (usize, usize))> {
    let mut counts: Vec<(&str, (usize, usize))> = Vec::new();
    for target in targets.iter().filter(|t| !t.state.is_draining()) {
        let zone = named_zone(target).or_else(|| zone_of.get(target.id.as_str()).copied()).unwrap_or(NOWHERE);
        let healthy = usize::from(target.state == TargetState::Healthy);
        match counts.iter_mut().find(|(z, _)| *z == zone) {
            Some((_, (h, total))) => (*h, *total) = (*h + healthy, *total + 1),
            None => counts.push((zone, (healthy, 1))),
        }
    }
    counts
}

fn zone(
    name: &str,
    store: &Store,
    judgement: &Judgement,
    stack: &Stack,
    read: &Readings<'_>,
    (placed, roles): (&Placed<'_>, &BTreeMap<String, bool>),
) -> ZoneState {
    let letter = zone_letter(name).to_owned();
    let said = store.get::<Zones>().and_then(|z| z.zones.iter().find(|z| z.name == name));
    let gateway = egress::own_gateway(store, name).map(|g| ZoneGateway {
        id: g.id.clone(),
        state: g.state.clone(),
        bytes_per_second: read.sum([metric::Nat::BytesIn, metric::Nat::BytesOut].map(|m| m.of(&g.id))).map(|v| v / 60.0),
    });
    let level = judgement.of(&NodeId::named(System::Nat, &letter)).map_or(Level::Unknown, |v| v.level);
    ZoneState {
        name: name.to_owned(),
        letter,
        state: said.map(|z| z.state.clone()).unwrap_or_default(),
        level: Level::Healthy,
        suspect: false,
        balancer: balancer(name, store, placed),
        nat: ZoneNat { gateway, egress: egress::of(store, stack, name), level, silent: false },
        services: stack.services.iter().map(|spec| service(name, spec, placed)).collect(),
        redis: redis(name, store, roles),
        database: database(name, store),
        others: Vec::new(),
        free: free(name, store),
        unused: unused(stack),
    }
}

fn balancer(zone: &str, store: &Store, placed: &Placed<'_>) -> ZoneBalancer {
    let subnet = balancer_nodes(store).into_iter().find(|(z, _)| *z == zone).map(|(_, subnet)| subnet.to_owned());
    let groups = placed.groups.get(zone).into_iter().flatten().map(|((arn, service), (healthy, total))| ZoneTargets {
        name: group_name(arn).unwrap_or(arn).to_owned(),
        service: (*service).to_owned(),
        healthy: *healthy,
        total: *total,
    });
    let unplaced = placed.groups.get(NOWHERE).into_iter().flatten().map(|(_, (_, total))| total).sum();
    ZoneBalancer { present: subnet.is_some(), subnet, groups: groups.collect(), unplaced }
}

fn service(zone: &str, spec: &ServiceSpec, placed: &Placed<'_>) -> ZoneService {
    let name = spec.name.as_str();
    let count = placed.services.get(&(zone, name));
    // Targets that nobody places may be these tasks': how many of them are healthy here is not known.
    let unplaced = placed.groups.get(NOWHERE).is_some_and(|g| g.keys().any(|(_, service)| *service == name));
    ZoneService {
        name: name.to_owned(),
        role: spec.role.clone(),
        running: count.map_or(0, |c| c.running),
        starting: count.map_or(0, |c| c.starting),
        healthy: (placed.behind.contains(name) && !unplaced).then(|| count.map_or(0, |c| c.healthy)),
    }
}

fn redis(zone: &str, store: &Store, roles: &BTreeMap<String, bool>) -> Vec<ZoneCacheNode> {
    let mut nodes = Vec::new();
    for shard in store.get::<ReplicationGroup>().into_iter().flat_map(|g| &g.node_groups) {
        for member in shard.members.iter().filter(|m| m.zone == zone) {
            let known = store.get::<CacheNodes>().and_then(|n| n.nodes.iter().find(|n| n.id == member.id));
            nodes.push(ZoneCacheNode {
                id: member.id.clone(),
                shard: shard.id.clone(),
                primary: roles.get(&member.id).copied(),
                status: known.map(|n| n.status.clone()).unwrap_or_default(),
            });
        }
    }
    nodes
}

fn database(zone: &str, store: &Store) -> DatabasePlace {
    let db = store.get::<Database>();
    if db.is_some_and(|db| db.zone == zone) {
        return DatabasePlace::Primary;
    }
    if db.and_then(|db| db.cluster.as_ref()).is_some_and(|c| c.readers().any(|r| r.zone == zone)) {
        return DatabasePlace::Reader;
    }
    if db.is_some_and(|db| db.secondary_zone.as_deref() == Some(zone)) {
        return DatabasePlace::Standby;
    }
    let tier = store.get::<Network>().is_some_and(|n| n.of(SubnetTier::Database).any(|s| s.zone == zone));
    let group = db.is_some_and(|db| db.subnets.iter().any(|(_, z)| z == zone));
    if tier || group { DatabasePlace::Reserved } else { DatabasePlace::None }
}

fn unused(stack: &Stack) -> Vec<ZoneSystem> {
    let all = [
        (System::Balancer, ZoneSystem::Balancer),
        (System::Nat, ZoneSystem::Nat),
        (System::Cache, ZoneSystem::Redis),
        (System::Database, ZoneSystem::Database),
    ];
    all.into_iter().filter(|(system, _)| !stack.has(*system)).map(|(_, drawn)| drawn).collect()
}

fn free(zone: &str, store: &Store) -> Vec<(SubnetTier, i32)> {
    let Some(network) = store.get::<Network>() else { return Vec::new() };
    let mut free: BTreeMap<SubnetTier, i32> = BTreeMap::new();
    for subnet in network.subnets.iter().filter(|s| s.zone == zone && s.tier != SubnetTier::Other) {
        *free.entry(subnet.tier).or_default() += subnet.free_addresses;
    }
    free.into_iter().collect()
}
