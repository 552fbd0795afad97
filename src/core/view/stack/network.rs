//! The boxes of the network: the VPC and the security groups on their rule, and the NAT gateways zone by zone.

use super::small::{Small, fact, no_charts, no_more};
use crate::insight::NodeId;
use crate::insight::topology::egress::{self, Egress};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::network::{
    InternetGateway, NatGateway, NatGateways, NatState, Network, SecurityGroups, SubnetState, VpcState, zone_letter,
};
use crate::model::system::System;
use crate::model::text::{cells, clip};
use crate::theme::Role;
use crate::view::figures::{glyph, tone};
use crate::view::state::{Missing, known};
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Phrase, Unit};
use crate::view::{View, reason};

pub(super) const VPC: Small = Small { name: "VPC", short: ("VPC", 0), framed: true, facts: vpc, more: no_more, charts: no_charts };

pub(super) const GROUPS: Small =
    Small { name: "security groups", short: ("SG", 30), framed: true, facts: groups, more: no_more, charts: no_charts };

pub(super) const NAT: Small = Small { name: "NAT", short: ("NAT", 0), framed: false, facts: nat, more: gateways, charts: no_charts };

fn vpc<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let network = known::<Network>(v)?;
    let node = NodeId::of(System::Vpc);
    if let Some(worst) = reason::reasons(v, &node).first() {
        // On a rule there is no row beneath to say it.
        return Ok(vec![fact(0, clip(&worst.text, room), tone(worst.level))]);
    }
    let plan = &v.session.stack.addresses;
    // Without a plan there are as many as there are.
    let wanted = plan.public.len() + plan.private.len() + plan.database.len();
    let there = network.subnets.iter().filter(|s| matches!(s.state, SubnetState::Available | SubnetState::Unstated)).count();
    let cidr = if network.cidr.is_empty() { "?" } else { network.cidr.as_str() };
    let mut facts = vec![Fact::new(0, Phrase::of(cidr, Role::Text))];
    if network.state != VpcState::Available {
        facts.push(fact(0, network.state.as_str(), Role::Warn));
    }
    facts.push(if network.internet_gateways.iter().any(is_attached) {
        Fact::new(1, Phrase::of("IGW ", Role::Muted).and("●", Role::Ok))
    } else {
        fact(0, "no internet gateway", Role::Crit)
    });
    let role = if there < wanted { Role::Crit } else { Role::Text };
    let count = if there < wanted { format!("{there} of {wanted}") } else { there.to_string() };
    facts.push(Fact::new(if there < wanted { 0 } else { 2 }, Phrase::of(count, role).and(" subnets", Role::Muted)));
    if let Some(fewest) = network.subnets.iter().min_by_key(|s| s.free_addresses) {
        let free = f64::from(fewest.free_addresses);
        let role = v.graded(Limit::FreeAddresses, Some(free));
        let rank = if v.is_bad(Limit::FreeAddresses, free) { 0 } else { 3 };
        facts.push(Fact::new(rank, Phrase::of("free ≥ ", Role::Muted).and(fewest.free_addresses.to_string(), role)));
    }
    Ok(facts)
}

fn groups<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let known = known::<SecurityGroups>(v)?;
    let verdict = v.judgement.of(&NodeId::of(System::SecurityGroups)).filter(|j| j.level >= Level::Degraded);
    let Some(verdict) = verdict else { return Ok(vec![fact(0, known.groups.len().to_string(), Role::Text)]) };
    let role = glyph(verdict.level).1;
    let n = verdict.reasons.iter().filter(|r| r.level >= Level::Degraded).count();
    if let Some(worst) = verdict.reasons.first().filter(|r| r.level == Level::Down) {
        return Ok(vec![fact(0, closed(&worst.text, n, room), role)]);
    }
    let words = if n == 1 { "1 deviation".to_owned() } else { format!("{n} deviations") };
    Ok(vec![fact(0, if words.len() <= room { words } else { n.to_string() }, role)])
}

/// The path that is closed, in as many words as there is room for: which one it is comes before all that else deviates.
fn closed(reason: &str, deviations: usize, room: usize) -> String {
    let path = reason.split_once(" (").map_or(reason, |(path, _)| path);
    let more = if deviations > 1 { format!("{path} +{}", deviations - 1) } else { path.to_owned() };
    let bare = path.trim_end_matches(" missing");
    let (dense, tight) = (path.replace(" → ", "→"), bare.replace(" → ", "→"));
    let shown = [more.as_str(), path, &dense, bare, &tight].into_iter().find(|t| cells(t) <= room);
    shown.map_or_else(|| deviations.to_string(), str::to_owned)
}

/// CIDR blocks in one expression where only one number counts up: `10.0.1-3.0/24`.
pub(super) fn blocks(blocks: &[String]) -> String {
    let run = || {
        let parts: Vec<Vec<&str>> = blocks.iter().map(|b| b.split('.').collect()).collect();
        let (first, last) = (parts.first()?, parts.last()?);
        let at = (0..first.len()).find(|i| first.get(*i) != last.get(*i))?;
        let numbers: Vec<u32> = parts.iter().map(|p| p.get(at)?.parse().ok()).collect::<Option<_>>()?;
        let counts_up = numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| a + 1 == *b);
        let same = parts.iter().all(|p| p.len() == first.len() && (0..p.len()).all(|i| i == at || p.get(i) == first.get(i)));
        let range = format!("{}-{}", first.get(at)?, last.get(at)?);
        let joined: Vec<&str> = first.iter().enumerate().map(|(i, p)| if i == at { range.as_str() } else { p }).collect();
        (counts_up && same).then(|| joined.join("."))
    };
    run().unwrap_or_else(|| blocks.join(" "))
}

/// What one zone's way out looks like: glyph and what is wrong with it.
fn exit(v: &View<'_>, zone: &str) -> (&'static str, Role, Option<String>) {
    let egress = egress::of(v.store, &v.session.stack, zone);
    let own = egress::own_gateway(v.store, zone);
    let judged = v.level(&NodeId::named(System::Nat, zone_letter(zone))).unwrap_or(Level::Unknown);
    let (level, words) = match &egress {
        Egress::Own { .. } => (Level::Healthy, None),
        Egress::Isolated => (egress.level(), Some("isolated".to_owned())),
        Egress::Unknown => {
            (own.map_or(Level::Unknown, |g| if g.state == NatState::Available { Level::Healthy } else { Level::Down }), None)
        }
        Egress::Rerouted { via, .. } | Egress::Shared { via, .. } => (egress.level(), Some(format!("via {via}"))),
        Egress::Pending { .. } => (egress.level(), Some("pending".to_owned())),
        Egress::Blackhole { .. } => (egress.level(), Some("blackhole".to_owned())),
        Egress::Broken { state, .. } => (egress.level(), Some(state.clone())),
        Egress::Nowhere { .. } => (egress.level(), Some("no route".to_owned())),
        Egress::Elsewhere { target } => (egress.level(), Some(target.split('-').next().unwrap_or("?").to_owned())),
    };
    let level = level.max(if judged == Level::Unknown { level } else { judged });
    let (mark, role) = glyph(level);
    (mark, role, words)
}

/// Bytes per minute of a gateway towards the internet.
fn rate(v: &View<'_>, gateway: &str) -> Option<f64> {
    v.value(metric::Nat::BytesOut.of(gateway))
}

/// As people read it: per second.
fn per_second(bytes: Option<f64>) -> Phrase<'static> {
    bytes.map_or_else(
        || Phrase::of(format!("{:>9}", "?"), Role::Unknown),
        |b| Phrase::of(format!("{:>9}", Unit::Throughput.text(b)), Role::Text),
    )
}

/// Bytes per minute of all gateways.
pub(super) fn egress_rate(v: &View<'_>) -> Option<f64> {
    v.store.get::<NatGateways>()?.gateways.iter().filter_map(|g| rate(v, &g.id)).reduce(|a, b| a + b)
}

fn nat<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    known::<NatGateways>(v)?;
    let zones = egress::zones(v.store);
    if zones.is_empty() {
        let role = if v.session.stack.is_the_seeds() { Role::Crit } else { Role::Muted };
        return Ok(vec![fact(0, "no NAT gateways", role)]);
    }
    let mut facts: Vec<Fact<'a>> = zones
        .iter()
        .map(|zone| {
            let (mark, role, words) = exit(v, zone);
            let phrase = Phrase::of(zone_letter(zone).to_owned(), Role::Muted).and(" ", Role::Text).and(mark, role);
            Fact::new(0, words.filter(|_| room > 30).map_or(phrase.clone(), |w| phrase.and(format!(" {w}"), role)))
        })
        .collect();
    facts.push(Fact::new(1, per_second(egress_rate(v))));
    Ok(facts)
}

/// One line per zone: how much leaves, and through which address; where there is room, the internet gateway behind them, and how many
/// connections each carries.
fn gateways<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let mut lines = exits(v, width);
    let all = v.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    let alive = all.iter().filter(|g| g.state == NatState::Available);
    lines.extend(v.store.get::<Network>().map(way_out));
    lines.extend(alive.map(|g| connections(v, g, width)));
    lines
}

/// `a  424 conns  in 45 MiB/s`, and what is lost.
fn connections<'a>(v: &View<'a>, gateway: &NatGateway, width: usize) -> Phrase<'a> {
    use metric::Nat;
    let v = &v.line([Nat::Active, Nat::BytesIn, Nat::PortErrors, Nat::Drops].map(|m| m.of(&gateway.id)));
    let value = |metric: Nat| v.value(metric.of(&gateway.id));
    let late = |metric: Nat| Phrase::of(v.late_of([metric.of(&gateway.id)]), Role::Muted);
    let count = |n: Option<f64>| n.map_or_else(|| Phrase::of("?", Role::Unknown), |n| Phrase::of(Unit::Count.text(n), Role::Text));
    let zone = if gateway.zone.is_empty() { "all" } else { zone_letter(&gateway.zone) };
    let mut facts = vec![
        Fact::new(0, Phrase::of(zone.to_owned(), Role::Muted)),
        Fact::new(0, count(value(Nat::Active)).and(" conns", Role::Muted).then(late(Nat::Active))),
        Fact::new(2, Phrase::of("in", Role::Muted).then(per_second(value(Nat::BytesIn))).then(late(Nat::BytesIn))),
    ];
    let errors = v.graded(Limit::NatPortErrors, value(Nat::PortErrors));
    for (metric, words, role) in [(Nat::PortErrors, "port errors", errors), (Nat::Drops, "drops", v.graded_drops(&gateway.id))] {
        // A zero is not worth the cells.
        let lost = value(metric).map(|n| Unit::Count.text(n)).filter(|n| n != "0");
        facts.extend(lost.map(|n| Fact::new(1, Phrase::of(format!("{n} {words}"), role).then(late(metric)))));
    }
    fit(facts, width, 2)
}

/// The VPC's own way to and from the internet, which every gateway needs.
fn way_out(network: &Network) -> Phrase<'_> {
    let label = Phrase::of("IGW ", Role::Muted);
    match network.internet_gateways.iter().find(|g| is_attached(g)) {
        Some(gateway) => label.and("● ", Role::Ok).and(gateway.id.as_str(), Role::Muted),
        None => label.and("✖ none attached", Role::Crit),
    }
}

fn is_attached(gateway: &InternetGateway) -> bool {
    gateway.attachments.iter().any(|(_, state)| state.is_attached())
}

fn exits<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let lines = egress::zones(v.store).into_iter().map(|zone| {
        let (mark, role, words) = exit(v, &zone);
        let own = egress::own_gateway(v.store, &zone);
        let address = own.and_then(|g| g.addresses.first()).map_or("", |a| a.public_ip.as_str());
        let bytes = own.and_then(|g| rate(v, &g.id));
        let label = Phrase::of(zone_letter(&zone).to_owned(), Role::Muted).and(" ", Role::Text).and(mark, role);
        let mut facts = vec![Fact::new(0, label)];
        match words {
            Some(words) => facts.push(fact(0, words, role)),
            None => facts.push(Fact::new(0, per_second(bytes))),
        }
        if let Some(gateway) = own {
            facts.push(Fact::new(1, v.spark(metric::Nat::BytesOut.of(&gateway.id), 10, Unit::Throughput)));
        }
        facts.push(Fact::new(2, Phrase::of(address, Role::Muted)));
        fit(facts, width, 2)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_differ_in_one_number_are_one_expression() {
        for (all, one) in [
            (&["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"][..], "10.0.1-3.0/24"),
            (&["10.0.11.0/24"], "10.0.11.0/24"),
            (&["10.0.1.0/24", "10.1.2.0/24"], "10.0.1.0/24 10.1.2.0/24"),
            (&["10.0.1.0/24", "10.0.1.0/25"], "10.0.1.0/24 10.0.1.0/25"),
            (&["10.0.1.0/24", "10.0.5.0/24"], "10.0.1.0/24 10.0.5.0/24"),
            (&[], ""),
        ] {
            let owned: Vec<String> = all.iter().map(|b| (*b).to_owned()).collect();
            assert_eq!(blocks(&owned), one);
        }
    }
}
