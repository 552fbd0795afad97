//! What one system in one zone says, in one line or in several. What is not known says so: it never looks like something that is absent.
//! Called by the grid of the zones pane.

use crate::insight::NodeId;
use crate::insight::panes::zones::{DatabasePlace, ZoneCacheNode, ZoneMap, ZoneMember, ZoneService, ZoneState, ZoneSystem};
use crate::insight::topology::egress::Egress;
use crate::model::balancer::{Balancer, Targets};
use crate::model::cache::{ReplicationGroup, engine_title};
use crate::model::database::{Database, InstanceStatus};
use crate::model::health::Level;
use crate::model::network::{NatGateways, NatState, Network, SubnetTier};
use crate::model::service::Tasks;
use crate::model::system::System;
use crate::model::text;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::widget::Phrase;

/// More tasks than this are a number.
const DOTS: usize = 6;
/// Names are padded up to this, so that the tasks stand under each other.
const NAMES: usize = 18;

/// The lines of a cell; `full` = there is room for more than one.
pub(super) fn lines<'a>(v: &View<'a>, map: &'a ZoneMap, zone: &'a ZoneState, system: &ZoneSystem, full: bool) -> Vec<Phrase<'a>> {
    let level = map.level(&zone.letter, system);
    match system {
        ZoneSystem::Zone => Vec::new(),
        ZoneSystem::Balancer => balancer(v, zone, level, full),
        ZoneSystem::Nat => nat(v, zone, level, full),
        ZoneSystem::Service(name) => match zone.services.iter().find(|s| s.name == *name) {
            Some(placed) => vec![service(v, zone, placed, level, full)],
            None => Vec::new(),
        },
        ZoneSystem::Redis => redis(v, zone, level, full),
        ZoneSystem::Addresses => addresses(v, zone, level),
        ZoneSystem::Database => database(v, zone, level, full),
        ZoneSystem::Member(node) => match zone.others.iter().find(|m| m.node == *node) {
            Some(other) => member(v, other, level, full),
            None => Vec::new(),
        },
    }
}

/// Another load balancer, cache or database: its name stands beside what it is.
fn member<'a>(v: &View<'a>, other: &'a ZoneMember, level: Level, full: bool) -> Vec<Phrase<'a>> {
    let name = other.node.name();
    if !other.known {
        return unknown(name);
    }
    let named = |level: Level, what: &'static str| head(level, what).and(" ", Role::Text).and(name, Role::Muted);
    let own = v.level(&other.node).unwrap_or(Level::Unknown);
    match other.node.system() {
        System::Balancer if other.balancer => vec![named(level, "ALB")],
        System::Balancer => absent(name),
        System::Cache if other.cache.is_empty() => absent(name),
        System::Cache => cache_nodes(&other.cache, ("cache", name), level, full),
        _ => match other.database {
            DatabasePlace::Primary => vec![named(level.max(own), "PRIMARY")],
            DatabasePlace::Standby => vec![named(level, "STANDBY")],
            DatabasePlace::Reader => vec![named(level, "READER")],
            DatabasePlace::Reserved | DatabasePlace::None => absent(name),
        },
    }
}

/// The glyph of a level in front of what it is about.
fn head(level: Level, name: &str) -> Phrase<'_> {
    let (mark, role) = glyph(level);
    Phrase::of(mark, role).and(" ", Role::Text).and(name, Role::Text)
}

fn unknown(name: &str) -> Vec<Phrase<'_>> {
    vec![Phrase::of("? ", Role::Unknown).and(name, Role::Muted)]
}

fn absent(text: &str) -> Vec<Phrase<'_>> {
    vec![Phrase::of("– ", Role::Muted).and(text, Role::Muted)]
}

fn balancer<'a>(v: &View<'a>, zone: &'a ZoneState, level: Level, full: bool) -> Vec<Phrase<'a>> {
    if v.store.get::<Balancer>().is_none() {
        return unknown("ALB");
    }
    if !zone.balancer.present {
        return vec![head(level.max(Level::Degraded), "no ALB node")];
    }
    let (healthy, total) = zone.balancer.groups.iter().fold((0, 0), |(h, t), g| (h + g.healthy, t + g.total));
    let short = healthy < total;
    let line = head(if short { level.max(Level::Degraded) } else { level }, "ALB ");
    let line = match (v.store.get::<Targets>(), total) {
        (None, _) => line.and("targets ?", Role::Unknown),
        (_, 0) if zone.balancer.unplaced > 0 => line.and("targets ?", Role::Unknown),
        (_, 0) => line.and("no targets", Role::Muted),
        _ => line.and(format!("{healthy}/{total} healthy"), if short { Role::Warn } else { Role::Text }),
    };
    let mut lines = vec![line];
    for group in zone.balancer.groups.iter().filter(|_| full) {
        let role = if group.healthy < group.total { Role::Warn } else { Role::Text };
        lines.push(
            Phrase::of("  ", Role::Text).and(v.short(&group.name), Role::Muted).and(format!(" {}/{}", group.healthy, group.total), role),
        );
    }
    lines
}

fn nat<'a>(v: &View<'a>, zone: &'a ZoneState, level: Level, full: bool) -> Vec<Phrase<'a>> {
    if v.store.get::<NatGateways>().is_none() {
        return unknown("NAT");
    }
    let level = level.max(zone.nat.level);
    let Some(gateway) = &zone.nat.gateway else {
        let mut lines = vec![head(level, "no NAT gateway").then(way(&zone.nat.egress))];
        lines.extend(full.then(|| said(&zone.nat.egress)));
        return lines;
    };
    let mut line = head(level, "NAT ");
    line = match (&gateway.state, gateway.bytes_per_second) {
        (NatState::Available | NatState::Unstated, Some(bytes)) => {
            let role = if zone.nat.silent { Role::Warn } else { Role::Text };
            line.and(format!("{}/s", text::bytes(bytes)), role).and(if full { " in and out" } else { "" }, Role::Muted)
        }
        (NatState::Available | NatState::Unstated, None) => line.and("traffic ?", Role::Unknown),
        (state, _) => line.and(state.as_str(), Role::Warn),
    };
    let mut lines = vec![line.then(way(&zone.nat.egress))];
    if full {
        lines.push(Phrase::of("  ", Role::Text).and(gateway.id.as_str(), Role::Muted));
        lines.push(said(&zone.nat.egress));
    }
    lines
}

/// Where the private subnets' traffic goes, when that is not simply through the zone's own gateway.
fn way(egress: &Egress) -> Phrase<'_> {
    let (words, role) = match egress {
        Egress::Own { .. } => return Phrase::new(),
        Egress::Shared { via, .. } => return Phrase::of(format!(" → {via}"), Role::Muted),
        Egress::Isolated => (" no route", Role::Muted),
        Egress::Rerouted { via, .. } => return Phrase::of(format!(" → {via}"), Role::Warn),
        Egress::Unknown => (" route ?", Role::Unknown),
        Egress::Pending { .. } => (" route pending", Role::Info),
        Egress::Elsewhere { .. } => (" route to other target", Role::Warn),
        Egress::Nowhere { .. } => (" no route", Role::Crit),
        Egress::Broken { .. } => (" route broken", Role::Crit),
        Egress::Blackhole { .. } => (" blackhole", Role::Crit),
    };
    Phrase::of(words, role)
}

/// The same in full.
fn said(egress: &Egress) -> Phrase<'_> {
    let line = Phrase::of("  ", Role::Text);
    match egress {
        Egress::Own { .. } => line.and("via its own NAT gateway", Role::Muted),
        other => line.and(other.words(), if *other == Egress::Unknown { Role::Unknown } else { Role::Warn }),
    }
}

fn service<'a>(v: &View<'a>, zone: &ZoneState, placed: &'a ZoneService, level: Level, full: bool) -> Phrase<'a> {
    if v.store.get::<Tasks>().is_none() {
        return Phrase::of("? ", Role::Unknown).and(placed.name.as_str(), Role::Muted);
    }
    let longest = zone.services.iter().map(|s| s.name.len()).max().unwrap_or(0).min(NAMES);
    let tasks = placed.running + placed.starting;
    if tasks == 0 {
        let (mark, role) = if level > Level::Healthy { glyph(level) } else { ("–", Role::Muted) };
        return Phrase::of(mark, role).and(format!(" {:longest$}  none", placed.name), Role::Muted);
    }
    let sick = placed.healthy.map_or(0, |h| placed.running.saturating_sub(h));
    let known = placed.healthy.is_none() || v.store.get::<Targets>().is_some();
    let parts = if known {
        [("●", Role::Ok, placed.running - sick), ("▲", Role::Warn, sick), ("◐", Role::Info, placed.starting)]
    } else {
        [("?", Role::Unknown, placed.running), ("", Role::Text, 0), ("◐", Role::Info, placed.starting)]
    };
    let (mark, role) = glyph(if known && sick > 0 { level.max(Level::Degraded) } else { level });
    let mut line = Phrase::of(mark, role).and(format!(" {:longest$}  ", placed.name), Role::Text);
    for (mark, role, n) in parts.into_iter().filter(|p| p.2 > 0) {
        line = line.and(if tasks > DOTS { format!("{mark}{n} ") } else { mark.repeat(n) }, role);
    }
    if full && known && sick > 0 { line.and(format!(" {sick} unhealthy"), Role::Warn) } else { line }
}

fn redis<'a>(v: &View<'a>, zone: &'a ZoneState, level: Level, full: bool) -> Vec<Phrase<'a>> {
    if v.store.get::<ReplicationGroup>().is_none() {
        return unknown("Redis");
    }
    if zone.redis.is_empty() {
        return absent("no cache node");
    }
    cache_nodes(&zone.redis, (engine_title(v.store), ""), level, full)
}

/// Under what it is, and its name where it has to be told apart.
fn cache_nodes<'a>(nodes: &'a [ZoneCacheNode], (what, name): (&'a str, &'a str), level: Level, full: bool) -> Vec<Phrase<'a>> {
    let worst = if nodes.iter().all(ZoneCacheNode::serves) { level } else { level.max(Level::Degraded) };
    let mut line = head(worst, what).and(if name.is_empty() { "" } else { " " }, Role::Text).and(name, Role::Muted);
    let mut lines = Vec::new();
    for node in nodes {
        let (letter, name) = match node.primary {
            Some(true) => ("P", "primary"),
            Some(false) => ("R", "replica"),
            None => ("?", "role ?"),
        };
        let role = if !node.serves() {
            Role::Warn
        } else if node.primary.is_none() {
            Role::Unknown
        } else {
            Role::Text
        };
        if full {
            let bold = if node.primary == Some(true) && node.serves() { Role::Title } else { role };
            let status = if node.serves() { "" } else { node.status.as_str() };
            let row =
                Phrase::of("  ", Role::Text).and(node.shard.as_str(), Role::Muted).and(format!(" {name} "), bold).and(status, Role::Warn);
            lines.push(row);
        } else {
            line = line.and(format!(" {}", node.shard), Role::Muted).and(format!(" {letter}"), role);
        }
    }
    lines.insert(0, line);
    lines
}

fn addresses<'a>(v: &View<'a>, zone: &'a ZoneState, level: Level) -> Vec<Phrase<'a>> {
    if v.store.get::<Network>().is_none() {
        return unknown("free addresses");
    }
    match zone.free.iter().find(|(tier, _)| *tier == SubnetTier::Private) {
        None => absent("no private subnet"),
        Some((_, free)) => {
            let (mark, role) = glyph(level);
            let line = Phrase::of(mark, role).and(format!(" {free}"), if level > Level::Info { role } else { Role::Text });
            vec![line.and(" free addresses", Role::Muted)]
        }
    }
}

fn database<'a>(v: &View<'a>, zone: &'a ZoneState, level: Level, full: bool) -> Vec<Phrase<'a>> {
    let Some(db) = v.store.get::<Database>() else { return unknown("RDS") };
    let (name, level) = match zone.database {
        DatabasePlace::Primary => ("RDS PRIMARY", level.max(v.level(&NodeId::of(System::Database)).unwrap_or(Level::Unknown))),
        DatabasePlace::Standby => ("RDS STANDBY", level),
        DatabasePlace::Reader => ("RDS READER", level),
        DatabasePlace::Reserved => return absent("reserved"),
        DatabasePlace::None => return absent("no database subnet"),
    };
    let (mark, role) = glyph(level);
    let mut line = Phrase::of(mark, role).and(" ", Role::Text).and(name, Role::Title);
    if zone.database == DatabasePlace::Primary && db.status != InstanceStatus::Available {
        line = line.and(format!(" {}", db.status), Role::Warn);
    }
    let mut lines = vec![line];
    if full {
        let what = if zone.database == DatabasePlace::Primary {
            format!("  {} {}", db.version, db.class)
        } else {
            "  takes over on failover".to_owned()
        };
        lines.push(Phrase::of(what, Role::Muted));
    }
    lines
}
