//! Rules about the VPC: subnets, internet gateway, and the routes of the public and database tiers. The private tier's is `nat`'s business.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, note};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::network::{
    AttachmentState, AvailabilityZoneState, Network, RouteState, RouteTable, Routes, Subnet, SubnetState, SubnetTier, VpcState, Zone, Zones,
};
use crate::model::section::Section;
use crate::model::system::{System, SystemSpec};

use super::{Rule, apply, apply_written};

/// About the VPC.
pub(crate) const RULES: &[Rule<Network>] = &[
    Rule { id: "vpc.state", doc: "available", needs: &[Network::KEY], check: state },
    Rule { id: "vpc.gateway", doc: "an internet gateway is attached; none is down", needs: &[Network::KEY], check: gateway },
];

/// About one subnet.
pub(crate) const SUBNETS: &[Rule<Subnet>] = &[
    Rule { id: "subnet.state", doc: "available; anything else is down", needs: &[Network::KEY], check: subnet_state },
    Rule {
        id: "subnet.addresses",
        doc: "free addresses {free_addresses}: Fargate takes one per task",
        needs: &[Network::KEY],
        check: addresses,
    },
    Rule {
        id: "subnet.public",
        doc: "public: default route to the internet gateway; missing or blackhole is down",
        needs: &[Network::KEY, Routes::KEY],
        check: public,
    },
];

/// What is written down about one.
pub(crate) const WRITTEN: &[Rule<Subnet>] =
    &[Rule { id: "subnet.isolated", doc: "database: no default route", needs: &[Network::KEY, Routes::KEY], check: isolated }];

/// About one zone: what AWS says is evidence, not a level.
pub(crate) const ZONES: &[Rule<Zone>] =
    &[Rule { id: "zone.state", doc: "what AWS says of the zone: a note", needs: &[Zones::KEY], check: zone }];

/// Judges it.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let mut findings = Vec::new();
    if let Some(network) = facts.store.get::<Network>() {
        findings = apply(RULES, facts, ground.mandatory, network);
        for subnet in network.subnets.iter().filter(|s| s.tier != SubnetTier::Other) {
            let mut own = apply(SUBNETS, facts, ground.mandatory, subnet);
            own.extend(apply_written(WRITTEN, facts, ground.mandatory, subnet));
            findings.extend(own.into_iter().map(|f| f.prefixed(&subnet.cidr)));
        }
        let used = |z: &&Zone| network.subnets.iter().any(|s| s.zone == z.name);
        for zone in facts.store.get::<Zones>().into_iter().flat_map(|z| &z.zones).filter(used) {
            findings.extend(apply(ZONES, facts, ground.mandatory, zone));
        }
    }
    nodes.insert(NodeId::of(System::Vpc), Assessment::of(facts, ground, findings));
}

fn state(_: &Facts<'_>, network: &Network) -> Option<Finding> {
    let odd = !matches!(network.state, VpcState::Available | VpcState::Unstated);
    odd.then(|| down(format!("VPC {}", network.state)))
}

fn gateway(facts: &Facts<'_>, network: &Network) -> Option<Finding> {
    // What is only reached from inside needs none.
    let inside = !facts.written && network.of(SubnetTier::Public).next().is_none();
    if inside || facts.store.unread::<Network>("", "internet_gateways").is_some() {
        return None;
    }
    let attachments = network.internet_gateways.iter().flat_map(|g| &g.attachments);
    let mut states = attachments.filter(|(vpc, _)| *vpc == network.vpc).map(|(_, state)| state);
    if states.clone().any(|s| s.is_attached() || *s == AttachmentState::Unstated) {
        return None;
    }
    Some(states.next().map_or_else(|| down("no internet gateway attached"), |s| down(format!("internet gateway {s}"))))
}

fn subnet_state(_: &Facts<'_>, subnet: &Subnet) -> Option<Finding> {
    let odd = !matches!(subnet.state, SubnetState::Available | SubnetState::Unstated);
    odd.then(|| down(format!("subnet {}", subnet.state)))
}

fn addresses(facts: &Facts<'_>, subnet: &Subnet) -> Option<Finding> {
    let few = facts.limits().level(Limit::FreeAddresses, f64::from(subnet.free_addresses)) > Level::Healthy;
    few.then(|| degraded(format!("{} free addresses", subnet.free_addresses)))
}

/// The table that a subnet uses.
fn table<'a>(facts: &Facts<'a>, subnet: &Subnet) -> Option<&'a RouteTable> {
    facts.fresh::<Routes>()?.of(&subnet.id)
}

fn public(facts: &Facts<'_>, subnet: &Subnet) -> Option<Finding> {
    if subnet.tier != SubnetTier::Public {
        return None;
    }
    match table(facts, subnet)?.default_route() {
        None => Some(down("no route to the internet")),
        Some(route) if route.state == RouteState::Blackhole => Some(down(format!("default route is a blackhole ({})", route.target))),
        Some(route) if !route.target.starts_with("igw-") => Some(degraded(format!("default route to {}", route.target))),
        Some(_) => None,
    }
}

fn isolated(facts: &Facts<'_>, subnet: &Subnet) -> Option<Finding> {
    if subnet.tier != SubnetTier::Database {
        return None;
    }
    let route = table(facts, subnet)?.default_route()?;
    Some(degraded(format!("database subnet has a default route to {}", route.target)))
}

fn zone(_: &Facts<'_>, zone: &Zone) -> Option<Finding> {
    let odd = !matches!(zone.state, AvailabilityZoneState::Available | AvailabilityZoneState::Unstated);
    odd.then(|| note(format!("AWS reports {}: {}", zone.name, zone.state)))
}
