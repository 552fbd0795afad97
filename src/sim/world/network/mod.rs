//! Network physics: which way traffic takes and whether it arrives, by routes, gateways and security groups.
//! Not the state (see `state::network`) nor its changes (see `change`). Looked at before every second of load.

mod change;

use super::World;
use super::names::Az;
use super::scenario::Scenario;
use super::state::{NatState, Network, Peer, Permission, RouteTarget, Subnet, Tier};

/// Addresses that AWS keeps of a /24.
const RESERVED: u32 = 5;

/// What reaches what at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reach {
    /// The NAT gateway (by index) that the private subnet of each zone leads to, whether or not it works.
    pub nat: [Option<usize>; 3],
    /// Whether tasks of each zone reach the internet.
    pub egress: [bool; 3],
    /// Whether clients reach the load balancer.
    pub front: bool,
    /// Whether the load balancer reaches its targets: API, web.
    pub targets: [bool; 2],
    /// Whether tasks reach the database.
    pub database: bool,
    /// Whether tasks reach the cache.
    pub cache: bool,
    /// A failure was in force: look again, it may end.
    strained: bool,
}

impl World {
    /// Looks at the network again if anything about it may have changed.
    pub(super) fn step_network(&mut self) {
        self.end_nat_deletions();
        if self.network.changed || self.reach.strained || !self.faults.is_empty() {
            self.network.changed = false;
            self.reach = self.look_at_network();
        }
    }

    fn look_at_network(&self) -> Reach {
        let net = &self.network;
        let nat = Az::ALL.map(|az| net.nat_of(az));
        let out = net.lets((&net.ecs_sg, None), 443);
        let port = |group: usize| self.alb.target_groups.get(group).map_or(0, |group| group.port);
        Reach {
            nat,
            egress: nat.map(|nat| out && nat.is_some_and(|nat| self.nat_works(nat))),
            front: self.dns.leads_to(&self.alb.dns_name)
                && Az::ALL.iter().any(|az| net.is_public(net.public.of(*az)))
                && net.admits(&net.alb_sg, None, 443),
            targets: [0, 1].map(|group| net.connects(&net.alb_sg, &net.ecs_sg, port(group))),
            database: net.connects(&net.ecs_sg, &net.rds_sg, self.rds.instance.port),
            cache: net.connects(&net.ecs_sg, &net.redis_sg, self.redis.group.port),
            strained: !self.faults.is_empty(),
        }
    }

    fn nat_works(&self, index: usize) -> bool {
        let Some(nat) = self.network.nats.get(index) else { return false };
        let broken = self.faults.iter().any(|f| f.scenario == (Scenario::NatFailure { az: nat.az }));
        nat.state == NatState::Available && !broken && !self.zone_down(nat.az.index()) && self.network.is_public(&nat.subnet)
    }

    /// Whether a NAT gateway passes nothing although it is there.
    pub(super) fn nat_broken(&self, index: usize) -> bool {
        !self.nat_works(index)
    }

    /// Whether tasks in `az` cannot reach the internet.
    pub(super) fn cut_off(&self, az: Az) -> bool {
        let [a, b, c] = self.reach.egress;
        !match az {
            Az::A => a,
            Az::B => b,
            Az::C => c,
        }
    }

    /// Share of the running tasks that reach the internet.
    pub(super) fn connected_share(&self) -> f64 {
        if self.reach.egress == [true; 3] {
            return 1.0;
        }
        let running = || self.ecs.tasks.values().filter(|task| task.is_running());
        let (all, through) = (running().count(), running().filter(|task| !self.cut_off(task.az)).count());
        if all == 0 { 0.0 } else { through as f64 / all as f64 }
    }

    /// Share of their connections to the database over which tasks still reach it.
    pub(super) fn database_reached(&self) -> f64 {
        if self.reach.database { 1.0 } else { self.strain.kept_database }
    }

    /// Share of what tasks ask of the database that it answers.
    pub(super) fn database_share(&self) -> f64 {
        if self.rds.instance.accepting { self.database_reached() } else { 0.0 }
    }

    /// Share of their connections to the cache over which tasks still reach it.
    pub(super) fn cache_reached(&self) -> f64 {
        if self.reach.cache { 1.0 } else { self.strain.kept_cache }
    }

    /// Share of the cache that tasks cannot use.
    pub(super) fn cache_lost(&self) -> f64 {
        let lost = self.shards_lost() as f64 / 2.0;
        if self.reach.cache { lost } else { lost * (1.0 - self.strain.kept_cache) }
    }

    /// Whether the database answers the tasks.
    pub(super) fn database_answers(&self) -> bool {
        self.rds.instance.accepting && self.reach.database
    }

    /// Node groups of the cache that the tasks cannot use.
    pub(super) fn shards_lost(&self) -> usize {
        if self.reach.cache { self.shards_down() } else { self.redis.group.node_groups.len() }
    }

    /// Addresses left in a subnet: what runs in it holds the others.
    pub fn available_addresses(&self, subnet: &Subnet) -> u32 {
        use super::state::TaskStatus::Stopped;
        let used = match subnet.tier {
            // A node of the load balancer, and the NAT gateway.
            Tier::Public => 1 + self.network.nats.iter().filter(|nat| nat.subnet == subnet.id && nat.state == NatState::Available).count(),
            Tier::Private => {
                self.ecs.tasks.values().filter(|task| task.az == subnet.az && task.last_status != Stopped).count()
                    + self.redis.nodes.iter().filter(|node| node.az == subnet.az).count()
            }
            Tier::Database => {
                usize::from(self.rds.instance.az == subnet.az) + usize::from(self.rds.instance.secondary_az == Some(subnet.az))
            }
        };
        (256 - RESERVED).saturating_sub(used as u32)
    }
}

impl Network {
    /// The NAT gateway (by index) that the private subnet of a zone leads to.
    fn nat_of(&self, az: Az) -> Option<usize> {
        match &self.table_of(self.private.of(az))?.default_route()?.target {
            RouteTarget::Nat(id) => self.nats.iter().position(|nat| nat.id == *id && nat.state == NatState::Available),
            _ => None,
        }
    }

    /// Whether a subnet has a way to and from the internet.
    fn is_public(&self, subnet: &str) -> bool {
        let route = self.table_of(subnet).and_then(|table| table.default_route());
        route.is_some_and(|route| matches!(route.target, RouteTarget::Gateway(_)) && self.is_active(route))
    }

    /// Whether members of one group may open connections to members of another.
    fn connects(&self, from: &str, to: &str, port: u16) -> bool {
        self.lets((from, Some(to)), port) && self.admits(to, Some(from), port)
    }

    /// Whether a group lets connections out: to a group, or to everywhere.
    fn lets(&self, (group, to): (&str, Option<&str>), port: u16) -> bool {
        self.passes(group, true, to, port)
    }

    /// Whether a group lets connections in: from a group, or from everywhere.
    fn admits(&self, group: &str, from: Option<&str>, port: u16) -> bool {
        self.passes(group, false, from, port)
    }

    fn passes(&self, group: &str, egress: bool, peer: Option<&str>, port: u16) -> bool {
        let rules = self.group(group).map(|group| group.rules.as_slice()).unwrap_or_default();
        rules.iter().any(|rule| rule.egress == egress && rule.permission.covers_port(port) && self.covers(&rule.permission.peer, peer))
    }

    fn covers(&self, rule: &Peer, peer: Option<&str>) -> bool {
        match (rule, peer) {
            (Peer::Group(id), Some(peer)) => id == peer,
            (Peer::Cidr(range), None) => range == "0.0.0.0/0",
            (Peer::Cidr(range), Some(peer)) => {
                let tier = if peer == self.alb_sg {
                    Tier::Public
                } else if peer == self.rds_sg {
                    Tier::Database
                } else {
                    Tier::Private
                };
                self.subnets.iter().filter(|subnet| subnet.tier == tier).all(|subnet| contains(range, &subnet.cidr))
            }
            _ => false,
        }
    }
}

impl Permission {
    fn covers_port(&self, port: u16) -> bool {
        let (first, last) = self.ports;
        self.protocol == "-1" || (self.protocol == "tcp" && (first..=last).contains(&i32::from(port)))
    }
}

/// First address and prefix length of an IPv4 range; `None` when it is none.
pub fn parse_range(range: &str) -> Option<(u32, u32)> {
    let (address, length) = range.split_once('/')?;
    let (address, length) = (address.parse::<std::net::Ipv4Addr>().ok()?, length.parse::<u32>().ok().filter(|length| *length <= 32)?);
    Some((address.to_bits(), length))
}

/// Whether one IPv4 range holds another.
fn contains(outer: &str, inner: &str) -> bool {
    let (Some((outer, length)), Some((inner, finer))) = (parse_range(outer), parse_range(inner)) else { return false };
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    length <= finer && outer & mask == inner & mask
}
