//! What the spread over the zones shows: imbalance, single points of failure, and a zone in which nothing works.
//! One function a question, all of them in `CHECKS`. Called by `zones`.

use crate::model::system::System;
use std::collections::{BTreeMap, HashMap};

use super::{DatabasePlace, Mark, ZoneMap, ZoneState, ZoneSystem};
use crate::insight::topology::egress::Egress;
use crate::insight::topology::unplaced::unplaced;
use crate::insight::{Judgement, NodeId};
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::database::{Database, Redundancy};
use crate::model::health::Level;
use crate::model::limits::{Limit, Limits};
use crate::model::network::{AvailabilityZoneState, Network, SubnetTier, zone_letter};
use crate::model::service::{Service, Services, Tasks};
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::model::text;

/// What a check looks at.
struct Scene<'a> {
    zones: &'a [ZoneState],
    store: &'a Store,
    judgement: &'a Judgement,
    limits: &'a Limits,
    /// Something is written down about the stack: that each thing has a second one, among others.
    written: bool,
}

/// All questions.
const CHECKS: &[fn(&Scene<'_>) -> Vec<Mark>] =
    &[suspects, zone_states, balancer, nat, spread, single_targets, shards, database, primaries_together, addresses];

/// Answers them, worst first, and tells each zone its worst.
pub(super) fn add(map: &mut ZoneMap, store: &Store, judgement: &Judgement, stack: &Stack) {
    let scene = Scene { zones: &map.zones, store, judgement, limits: &stack.limits, written: stack.is_the_seeds() };
    let mut marks: Vec<Mark> = CHECKS.iter().flat_map(|check| check(&scene)).collect();
    marks.sort_by_key(|m| std::cmp::Reverse(m.level));
    for zone in &mut map.zones {
        let mut own = marks.iter().filter(|m| m.zone.as_deref() == Some(&zone.letter));
        zone.suspect = own.clone().any(|m| m.system == ZoneSystem::Zone && m.level == Level::Down);
        zone.level = own.next().map_or(Level::Healthy, |m| m.level);
    }
    map.marks = marks;
}

fn mark(level: Level, zone: &str, system: ZoneSystem, text: String) -> Mark {
    Mark { level, text, zone: Some(zone.to_owned()), system }
}

/// What a zone has lost, in words, and whether anything there still works.
fn losses(zone: &ZoneState) -> (Vec<String>, bool) {
    let mut lost = Vec::new();
    let (healthy, total) = zone.balancer.groups.iter().fold((0, 0), |(h, t), g| (h + g.healthy, t + g.total));
    if total > 0 && healthy == 0 {
        lost.push(format!("0 of {} healthy", text::plural(total as u32, "target")));
    }
    let serving = zone.redis.iter().filter(|n| n.serves()).count();
    if !zone.redis.is_empty() && serving == 0 {
        lost.push(format!("{} not available", text::plural(zone.redis.len() as u32, "Redis node")));
    }
    let worked = healthy + serving > 0;
    if zone.nat.level == Level::Down {
        lost.push("no outbound route".to_owned());
    }
    (lost, worked)
}

/// Two systems lost in one zone, nothing left of them there, and the other zones well.
fn suspects(scene: &Scene<'_>) -> Vec<Mark> {
    let all: Vec<_> = scene.zones.iter().map(|z| (z, losses(z))).collect();
    let mut marks = Vec::new();
    for (zone, (lost, worked)) in &all {
        let elsewhere = all.iter().filter(|(z, _)| z.name != zone.name);
        let well = elsewhere.clone().any(|(_, (_, worked))| *worked) && elsewhere.clone().all(|(_, (lost, _))| lost.is_empty());
        if *worked || !well || lost.is_empty() {
            continue;
        }
        if lost.len() > 1 {
            marks.push(mark(Level::Down, &zone.letter, ZoneSystem::Zone, format!("zone {} suspect: {}", zone.letter, lost.join(", "))));
        } else if zone.balancer.groups.iter().filter(|g| g.total > 0).count() > 1 {
            marks.push(mark(
                Level::Degraded,
                &zone.letter,
                ZoneSystem::Zone,
                format!("no healthy targets in {}: {}", zone.letter, lost.join(", ")),
            ));
        }
    }
    marks
}

/// What AWS says of its zones is evidence, not a verdict.
fn zone_states(scene: &Scene<'_>) -> Vec<Mark> {
    let odd = scene.zones.iter().filter(|z| !matches!(z.state, AvailabilityZoneState::Unstated | AvailabilityZoneState::Available));
    odd.map(|z| mark(Level::Healthy, &z.letter, ZoneSystem::Zone, format!("AWS reports {}: {}", z.name, z.state))).collect()
}

fn balancer(scene: &Scene<'_>) -> Vec<Mark> {
    let known = scene.store.get::<Balancer>().is_some_and(|b| !b.zones.is_empty());
    let without = scene.zones.iter().filter(|z| known && !z.balancer.present);
    without.map(|z| mark(Level::Degraded, &z.letter, ZoneSystem::Balancer, format!("no load balancer node in {}", z.letter))).collect()
}

fn nat(scene: &Scene<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for zone in scene.zones {
        let letter = &zone.letter;
        let level = match &zone.nat.egress {
            Egress::Unknown | Egress::Isolated => continue,
            Egress::Own { .. } | Egress::Shared { .. } => {
                // The route is right: what the metrics say is the judgement's business.
                let verdict = scene.judgement.of(&NodeId::named(System::Nat, letter)).filter(|v| v.level >= Level::Degraded);
                marks.extend(verdict.map(|v| mark(v.level, letter, ZoneSystem::Nat, v.headline().to_owned())));
                continue;
            }
            other => other.level(),
        };
        let text = match &zone.nat.egress {
            Egress::Rerouted { via, .. } => format!("{letter} rerouted via {via}: two zones share one NAT gateway"),
            other => format!("{letter}: {}", other.words()),
        };
        marks.push(mark(level, letter, ZoneSystem::Nat, text));
    }
    marks
}

/// `2 in a, 0 in c`, in the order of the zones.
fn listed(counts: &[(&str, usize)]) -> String {
    counts.iter().map(|(zone, n)| format!("{n} in {zone}")).collect::<Vec<_>>().join(", ")
}

/// The zones that tasks can be placed in.
fn placeable<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a ZoneState> + use<'a> {
    let network = scene.store.get::<Network>();
    let private = move |z: &&ZoneState| network.is_none_or(|n| n.of(SubnetTier::Private).any(|s| s.zone == z.name));
    scene.zones.iter().filter(private)
}

fn spread(scene: &Scene<'_>) -> Vec<Mark> {
    let Some(services) = scene.store.get::<Services>().filter(|_| scene.store.get::<Tasks>().is_some()) else { return Vec::new() };
    let by_name: BTreeMap<&str, &Service> = services.services.iter().map(|s| (s.name.as_str(), s)).collect();
    let zones: Vec<&ZoneState> = placeable(scene).collect();
    let mut marks = Vec::new();
    for (i, placed) in zones.first().map_or(&[][..], |z| &z.services).iter().enumerate() {
        let Some(service) = by_name.get(placed.name.as_str()) else { continue };
        let at = |z: &&&ZoneState| z.services.get(i).map_or(0, |s| s.running + s.starting);
        let counts: Vec<(&str, usize)> = zones.iter().map(|z| (z.letter.as_str(), at(&z))).collect();
        let (most, least) = (counts.iter().max_by_key(|c| c.1), counts.iter().map(|c| c.1).min());
        let (Some((crowded, most)), Some(least)) = (most, least) else { continue };
        let wanted = zones.len().min(3).min(service.desired.max(0) as usize);
        let used = counts.iter().filter(|c| c.1 > 0).count();
        if *most == 0 {
            continue;
        }
        if used >= wanted && most - least <= 1 {
            // As spread as so few tasks can be: which zone is without one is worth knowing when another is lost.
            let without: Vec<&str> = counts.iter().filter(|c| c.1 == 0).map(|c| c.0).collect();
            let note = |zone: &&str| {
                let text = format!("{}: no task in {}", service.name, without.join(", "));
                mark(Level::Healthy, zone, ZoneSystem::Service(service.name.clone()), text)
            };
            marks.extend(without.first().map(note));
            continue;
        }
        // While tasks come and go on purpose the spread is on its way, not wrong.
        let moving = service.deploying().is_some() || service.pending > 0 || service.running != service.desired;
        let level = if moving { Level::Info } else { Level::Degraded };
        let text = if used < wanted {
            format!("{}: tasks in {used} of {wanted} zones ({})", service.name, listed(&counts))
        } else {
            format!("{}: uneven, {}", service.name, listed(&counts))
        };
        marks.push(mark(level, crowded, ZoneSystem::Service(service.name.clone()), text));
    }
    marks
}

fn single_targets(scene: &Scene<'_>) -> Vec<Mark> {
    let (Some(services), Some(_)) = (scene.store.get::<Services>(), scene.store.get::<Targets>()) else { return Vec::new() };
    let mut healthy: HashMap<&str, Vec<(&ZoneState, usize)>> = HashMap::new();
    for zone in scene.zones {
        for group in zone.balancer.groups.iter().filter(|g| g.healthy > 0) {
            healthy.entry(&group.service).or_default().push((zone, group.healthy));
        }
    }
    let mut marks = Vec::new();
    let serves = |s: &&Service| s.serving(scene.store.get::<Routing>()).is_some_and(|groups| !groups.is_empty());
    for service in services.services.iter().filter(|s| s.desired > 0).filter(serves) {
        let system = ZoneSystem::Service(service.name.clone());
        let (working, silent) = unplaced(scene.store, service);
        if working > 0 {
            let text = format!("{}: zone of {} not known", service.name, text::plural(silent as u32, "target"));
            marks.push(Mark { level: Level::Unknown, text, zone: None, system });
            continue;
        }
        match healthy.get(service.name.as_str()).map_or(&[][..], Vec::as_slice) {
            [(zone, 1)] => {
                let text = format!("{}: one healthy target, in {}", service.name, zone.letter);
                marks.push(mark(Level::Degraded, &zone.letter, system, text));
            }
            [] => marks.push(Mark { level: Level::Down, text: format!("{}: no healthy targets", service.name), zone: None, system }),
            _ => {}
        }
    }
    marks
}

fn shards(scene: &Scene<'_>) -> Vec<Mark> {
    // By the name of the cache, where it is not the first one, and the shard.
    let mut shards: BTreeMap<(&str, &str), Vec<(&str, bool)>> = BTreeMap::new();
    for zone in scene.zones {
        let others = zone.others.iter().flat_map(|m| m.cache.iter().map(|node| (m.node.name(), node)));
        for (name, node) in zone.redis.iter().map(|node| ("", node)).chain(others) {
            shards.entry((name, &node.shard)).or_default().push((&zone.letter, node.serves()));
        }
    }
    let mut marks = Vec::new();
    for ((name, shard), nodes) in shards {
        let Some((zone, _)) = nodes.iter().find(|n| n.1).or(nodes.first()) else { continue };
        let serving = nodes.iter().filter(|n| n.1).count();
        let together = nodes.len() > 1 && nodes.iter().all(|n| n.0 == *zone);
        let shard = if name.is_empty() { format!("shard {shard}") } else { format!("{name} shard {shard}") };
        let (level, text) = match serving {
            0 => (Level::Down, format!("{shard}: no node available")),
            // Built with one node it has lost nothing.
            1 if nodes.len() == 1 && !scene.written => (Level::Healthy, format!("{shard}: one node, in {zone}")),
            1 => (Level::Degraded, format!("{shard}: no replica, one node in {zone}")),
            _ if together => (Level::Degraded, format!("{shard}: all {} nodes in {zone}", nodes.len())),
            _ => continue,
        };
        let system = if name.is_empty() { ZoneSystem::Redis } else { ZoneSystem::Member(NodeId::named(System::Cache, name)) };
        marks.push(mark(level, zone, system, text));
    }
    marks
}

fn database(scene: &Scene<'_>) -> Vec<Mark> {
    let own = scene.store.get::<Database>().map(|db| (ZoneSystem::Database, "the database".to_owned(), db, scene.written));
    let others = scene.store.members().filter(|(node, _)| node.system() == System::Database).filter_map(|(node, _)| {
        let db = scene.store.of::<Database>(node)?;
        Some((ZoneSystem::Member(node.clone()), node.name().to_owned(), db, false))
    });
    own.into_iter().chain(others).filter_map(|(system, name, db, written)| alone(system, &name, db, written)).collect()
}

/// What is said of a database that is in one zone only, or of which that is not known.
fn alone(system: ZoneSystem, name: &str, db: &Database, written: bool) -> Option<Mark> {
    let letter = zone_letter(&db.zone);
    let level = if written { Level::Degraded } else { Level::Healthy };
    let (level, text) = match db.redundancy() {
        Redundancy::Standby(_) | Redundancy::Readers => return None,
        // AWS says that there is one, and not where: it is being made, or this cloud does not tell.
        Redundancy::StandbyPending => (Level::Unknown, format!("zone of the standby of {name} not known")),
        Redundancy::Unknown => (Level::Unknown, format!("not known whether {name} has a standby")),
        Redundancy::ReadersBeside => (level, format!("no reader in another zone: {name} is only in {letter}")),
        Redundancy::SingleAz | Redundancy::NoReader | Redundancy::ReadReplica(_) => {
            (level, format!("no standby: {name} is only in {letter}"))
        }
    };
    Some(mark(level, letter, system, text))
}

/// Losing that zone would fail everything over at once. Worth knowing, not worth a warning.
fn primaries_together(scene: &Scene<'_>) -> Vec<Mark> {
    let home = scene.zones.iter().find(|z| z.database == DatabasePlace::Primary);
    let Some(home) = home else { return Vec::new() };
    let nodes = || scene.zones.iter().flat_map(|z| z.redis.iter().map(move |n| (z, n)));
    let primaries: Vec<&ZoneState> = nodes().filter(|(_, n)| n.primary == Some(true)).map(|(z, _)| z).collect();
    let known = nodes().all(|(_, n)| n.primary.is_some());
    if !known || primaries.is_empty() || primaries.iter().any(|z| z.name != home.name) {
        return Vec::new();
    }
    let text = format!("all primaries in {}: the database and {}", home.letter, text::plural(primaries.len() as u32, "Redis shard"));
    vec![mark(Level::Healthy, &home.letter, ZoneSystem::Zone, text)]
}

fn addresses(scene: &Scene<'_>) -> Vec<Mark> {
    let Some(network) = scene.store.get::<Network>() else { return Vec::new() };
    let is_tight = |free: i32| scene.limits.level(Limit::FreeAddresses, f64::from(free)) > Level::Healthy;
    let tight = network.subnets.iter().filter(|s| s.tier == SubnetTier::Private && is_tight(s.free_addresses));
    tight
        .map(|s| {
            let text = format!("{}: {} free addresses, each task takes one", s.cidr, s.free_addresses);
            mark(Level::Degraded, zone_letter(&s.zone), ZoneSystem::Addresses, text)
        })
        .collect()
}
