//! Where the private subnets of a zone leave to the internet: their default route held against the NAT gateways.
//! The written architecture's "traffic routes through other AZ NAT gateways" is a state of this, not a feature of AWS. Called by `zones` and the NAT rules.

use std::collections::BTreeSet;

use crate::model::health::Level;
use crate::model::network::{
    AvailabilityMode, NatGateway, NatGateways, NatState, Network, RouteState, Routes, Subnet, SubnetTier, zone_letter,
};
use crate::model::stack::Stack;
use crate::model::store::Store;

/// Where a default route leads; ordered so that `max` is the worst.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Egress {
    /// Subnets or routes are not known.
    #[default]
    Unknown,
    /// Through the zone's own gateway, or a regional one.
    Own {
        /// Gateway id.
        gateway: String,
    },
    /// Through a gateway that several zones share: nobody wrote that each has its own, and this one has none.
    Shared {
        /// Gateway id.
        gateway: String,
        /// Letter of its zone.
        via: String,
    },
    /// No private subnet of the stack has a default route: what it needs of AWS it reaches by endpoints.
    Isolated,
    /// To something that is no NAT gateway of the VPC: `igw-…`, `tgw-…`.
    Elsewhere {
        /// The route's target.
        target: String,
    },
    /// Through another zone's gateway.
    Rerouted {
        /// Gateway id.
        gateway: String,
        /// Letter of its zone.
        via: String,
    },
    /// Through a gateway that is being created.
    Pending {
        /// Gateway id.
        gateway: String,
    },
    /// No default route at all.
    Nowhere {
        /// Subnet id.
        subnet: String,
    },
    /// Through a gateway that does not work.
    Broken {
        /// Gateway id.
        gateway: String,
        /// `failed`, `deleting`, `deleted`.
        state: String,
    },
    /// The target of the route is gone.
    Blackhole {
        /// What it was.
        target: String,
    },
}

impl Egress {
    /// The gateway that carries the traffic, if one does.
    pub fn gateway(&self) -> Option<&str> {
        match self {
            Self::Own { gateway } | Self::Rerouted { gateway, .. } | Self::Shared { gateway, .. } => Some(gateway),
            _ => None,
        }
    }

    /// How bad that is.
    pub fn level(&self) -> Level {
        match self {
            Self::Unknown => Level::Unknown,
            Self::Own { .. } | Self::Shared { .. } | Self::Isolated => Level::Healthy,
            Self::Pending { .. } => Level::Info,
            Self::Elsewhere { .. } | Self::Rerouted { .. } => Level::Degraded,
            Self::Nowhere { .. } | Self::Broken { .. } | Self::Blackhole { .. } => Level::Down,
        }
    }

    /// In words: `rerouted via b`.
    pub fn words(&self) -> String {
        match self {
            Self::Unknown => "route unknown".to_owned(),
            Self::Own { gateway } => format!("via {gateway}"),
            Self::Shared { via, .. } => format!("via {via}"),
            Self::Isolated => "no default route".to_owned(),
            Self::Elsewhere { target } => format!("default route to {target}"),
            Self::Rerouted { via, .. } => format!("rerouted via {via}"),
            Self::Pending { gateway } => format!("{gateway} is being created"),
            Self::Nowhere { subnet } => format!("no default route in {subnet}"),
            Self::Broken { gateway, state } => format!("{gateway} is {state}"),
            Self::Blackhole { target } => format!("default route is a blackhole ({target})"),
        }
    }
}

/// The zones that have a private subnet, else those that have a gateway.
pub(crate) fn zones(store: &Store) -> BTreeSet<String> {
    let subnets = store.get::<Network>().into_iter().flat_map(|n| n.of(SubnetTier::Private)).map(|s| s.zone.clone());
    let private: BTreeSet<String> = subnets.collect();
    if private.is_empty() {
        let gateways = store.get::<NatGateways>().into_iter().flat_map(|n| &n.gateways);
        return gateways.map(|g| g.zone.clone()).filter(|z| !z.is_empty()).collect();
    }
    private
}

/// The gateway of a zone's own: a working one before one that is gone.
pub(crate) fn own_gateway<'a>(store: &'a Store, zone: &str) -> Option<&'a NatGateway> {
    let all = &store.get::<NatGateways>()?.gateways;
    let mut own: Vec<&NatGateway> = all.iter().filter(|g| serves(g, zone)).collect();
    own.sort_by_key(|g| (g.state != NatState::Available, g.state != NatState::Pending));
    own.first().copied()
}

/// Whether a gateway is a zone's own: it stands there, or is regional and has not failed there. A regional one adds a zone by itself.
fn serves(gateway: &NatGateway, zone: &str) -> bool {
    let lost = || gateway.addresses.iter().any(|a| a.zone == zone && a.status == "failed");
    gateway.zone == zone || gateway.availability == AvailabilityMode::Regional && !lost()
}

/// The worst way out of the private subnets of a zone, whoever has designed it.
pub(crate) fn seen(store: &Store, zone: &str) -> Egress {
    let (Some(network), Some(routes), Some(nat)) = (store.get::<Network>(), store.get::<Routes>(), store.get::<NatGateways>()) else {
        return Egress::Unknown;
    };
    let private = network.of(SubnetTier::Private).filter(|s| s.zone == zone);
    private.map(|subnet| of_subnet(routes, nat, subnet)).max().unwrap_or_default()
}

/// The same as this stack is built: a gateway of its own for each zone is the written architecture's.
pub(crate) fn of(store: &Store, stack: &Stack, zone: &str) -> Egress {
    match seen(store, zone) {
        way if stack.is_the_seeds() => way,
        // Even one that has failed would be listed for an hour.
        Egress::Rerouted { gateway, via } if own_gateway(store, zone).is_none() => Egress::Shared { gateway, via },
        Egress::Nowhere { .. } if no_private_subnet_leads_out(store) => Egress::Isolated,
        way => way,
    }
}

fn no_private_subnet_leads_out(store: &Store) -> bool {
    let (Some(network), Some(routes)) = (store.get::<Network>(), store.get::<Routes>()) else { return false };
    network.of(SubnetTier::Private).all(|s| routes.of(&s.id).is_none_or(|t| t.default_route().is_none()))
}

fn of_subnet(routes: &Routes, nat: &NatGateways, subnet: &Subnet) -> Egress {
    let Some(route) = routes.of(&subnet.id).and_then(|t| t.default_route()) else { return Egress::Nowhere { subnet: subnet.id.clone() } };
    if route.state == RouteState::Blackhole {
        return Egress::Blackhole { target: route.target.clone() };
    }
    let Some(gateway) = nat.get(&route.target) else {
        // A NAT gateway that is not in the list of the VPC's gateways was deleted long ago.
        let target = route.target.clone();
        return if target.starts_with("nat-") {
            Egress::Broken { gateway: target, state: "gone".to_owned() }
        } else {
            Egress::Elsewhere { target }
        };
    };
    let id = gateway.id.clone();
    match &gateway.state {
        NatState::Available | NatState::Unstated if serves(gateway, &subnet.zone) => Egress::Own { gateway: id },
        NatState::Available | NatState::Unstated => Egress::Rerouted { gateway: id, via: zone_letter(&gateway.zone).to_owned() },
        NatState::Pending => Egress::Pending { gateway: id },
        state => Egress::Broken { gateway: id, state: state.to_string() },
    }
}
