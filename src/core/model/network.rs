//! The VPC: subnets by tier, gateways, routes, NAT gateways, security groups and their rules.

mod states;

use serde::{Deserialize, Serialize};

use super::section::{Section, SectionKey};
use super::system::System;
pub use states::{AttachmentState, AvailabilityMode, AvailabilityZoneState, ConnectivityType, NatState, RouteState, SubnetState, VpcState};

/// The tier of a subnet: by its CIDR block in the configuration, else by `TierSigns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubnetTier {
    /// Load balancer and NAT gateways.
    Public,
    /// Tasks and Redis.
    Private,
    Database,
    /// Not in the configuration.
    #[default]
    Other,
}

/// What tells the tiers of subnets apart where no address plan does: who uses them, and where their traffic goes.
#[derive(Debug, Default)]
pub struct TierSigns<'a> {
    /// Of a load balancer that faces the internet.
    pub balancer: Vec<&'a str>,
    /// Of the services.
    pub services: Vec<&'a str>,
    /// Of the database's subnet group.
    pub database: Vec<&'a str>,
    pub routes: Option<&'a Routes>,
}

impl TierSigns<'_> {
    /// The tier of a subnet; one that nothing of the stack uses and that leads nowhere is none of its tiers.
    pub fn tier(&self, subnet: &str) -> SubnetTier {
        let route = self.routes.and_then(|r| r.of(subnet)).and_then(RouteTable::default_route);
        let public = route.is_some_and(|r| r.target.starts_with("igw-"));
        match subnet {
            s if self.balancer.contains(&s) || public => SubnetTier::Public,
            s if self.services.contains(&s) => SubnetTier::Private,
            s if self.database.contains(&s) => SubnetTier::Database,
            _ if route.is_some() => SubnetTier::Private,
            _ => SubnetTier::Other,
        }
    }
}

impl SubnetTier {
    /// In a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Database => "database",
            Self::Other => "other",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subnet {
    pub id: String,
    /// CIDR block.
    pub cidr: String,
    /// Zone name.
    pub zone: String,
    pub tier: SubnetTier,
    /// Addresses that are free: Fargate takes one per task.
    pub free_addresses: i32,
    /// Instances get a public address; `None` = EC2 does not say.
    pub public_addresses: Option<bool>,
    /// `available`, `pending`, ...
    pub state: SubnetState,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InternetGateway {
    pub id: String,
    /// (VPC id, `available`).
    pub attachments: Vec<(String, AttachmentState)>,
}

/// One availability zone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Zone {
    /// `ap-southeast-2a`.
    pub name: String,
    /// `apse2-az1`.
    pub id: String,
    /// Region name.
    pub region: String,
    /// `available`, `impaired`, ...
    pub state: AvailabilityZoneState,
    /// AWS's messages.
    pub messages: Vec<String>,
}

/// `a` of `ap-southeast-2a`; the whole name if it does not end in a letter after a digit.
pub fn zone_letter(name: &str) -> &str {
    let letter = name.get(name.len().saturating_sub(1)..).filter(|l| l.bytes().all(|b| b.is_ascii_lowercase()));
    letter.filter(|_| name.bytes().rev().nth(1).is_some_and(|b| b.is_ascii_digit())).unwrap_or(name)
}

/// ec2:DescribeVpcs, DescribeSubnets, DescribeInternetGateways of the load balancer's VPC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Network {
    /// VPC id.
    pub vpc: String,
    /// CIDR block.
    pub cidr: String,
    /// `available`.
    pub state: VpcState,
    /// By tier, then zone.
    pub subnets: Vec<Subnet>,
    /// Attached to this VPC.
    pub internet_gateways: Vec<InternetGateway>,
}

impl Section for Network {
    const KEY: SectionKey = SectionKey("network");
    const TITLE: &'static str = "VPC";
    const OF: Option<System> = Some(System::Vpc);
}

impl Network {
    /// The subnets of one tier.
    pub fn of(&self, tier: SubnetTier) -> impl Iterator<Item = &Subnet> {
        self.subnets.iter().filter(move |s| s.tier == tier)
    }

    pub fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|s| s.id == id)
    }
}

/// ec2:DescribeAvailabilityZones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Zones {
    /// By name.
    pub zones: Vec<Zone>,
}

impl Section for Zones {
    const KEY: SectionKey = SectionKey("zones");
    const TITLE: &'static str = "availability zones";
    const OF: Option<System> = Some(System::Vpc);
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NatGateway {
    pub id: String,
    /// `available`, `failed`, `deleting`, `deleted`, ...
    pub state: NatState,
    /// Zone of its subnet; empty for a regional gateway.
    pub zone: String,
    /// Subnet id.
    pub subnet: String,
    /// `zonal` or `regional`.
    pub availability: AvailabilityMode,
    /// `public` or `private`.
    pub connectivity: ConnectivityType,
    /// AWS's words when it failed.
    pub failure: Option<String>,
    pub addresses: Vec<NatAddress>,
}

/// One address of a NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NatAddress {
    /// Public IPv4 address.
    pub public_ip: String,
    /// Elastic IP allocation id.
    pub allocation: String,
    /// `succeeded`, ...; empty if AWS does not say.
    pub status: String,
    /// Zone, for a regional gateway.
    pub zone: String,
}

/// ec2:DescribeNatGateways of the VPC, and ec2:DescribeAddresses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NatGateways {
    /// By zone; deleted ones that AWS still lists included.
    pub gateways: Vec<NatGateway>,
    /// Elastic IPs of the account in the region: (public address, allocation id, associated).
    pub elastic_ips: Vec<(String, String, bool)>,
}

impl Section for NatGateways {
    const KEY: SectionKey = SectionKey("nat");
    const TITLE: &'static str = "NAT gateways";
    const OF: Option<System> = Some(System::Nat);
}

impl NatGateways {
    /// By id.
    pub fn get(&self, id: &str) -> Option<&NatGateway> {
        self.gateways.iter().find(|g| g.id == id)
    }

    /// The gateways that carry traffic of a zone's subnet.
    pub fn of<'a>(&'a self, zone: &'a str) -> impl Iterator<Item = &'a NatGateway> {
        self.gateways.iter().filter(move |g| g.zone == zone && !g.state.is_going())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// Destination CIDR block (or prefix list).
    pub destination: String,
    /// `local`, `igw-…`, `nat-…`, ...
    pub target: String,
    /// `active` or `blackhole`.
    pub state: RouteState,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RouteTable {
    pub id: String,
    /// `Name` tag.
    pub name: String,
    /// Subnets without a table of their own use it.
    pub main: bool,
    /// Subnet ids.
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

impl RouteTable {
    pub fn default_route(&self) -> Option<&Route> {
        self.routes.iter().find(|r| r.destination == "0.0.0.0/0")
    }
}

/// ec2:DescribeRouteTables of the VPC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Routes {
    /// By name.
    pub tables: Vec<RouteTable>,
}

impl Section for Routes {
    const KEY: SectionKey = SectionKey("routes");
    const TITLE: &'static str = "route tables";
    const OF: Option<System> = Some(System::Vpc);
}

impl Routes {
    /// The table that a subnet uses: its own, else the main one.
    pub fn of(&self, subnet: &str) -> Option<&RouteTable> {
        let own = self.tables.iter().find(|t| t.subnets.iter().any(|s| s == subnet));
        own.or_else(|| self.tables.iter().find(|t| t.main))
    }
}

/// Who a security group protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRole {
    /// The load balancer.
    Alb,
    /// The tasks.
    Ecs,
    /// The database.
    Rds,
    Redis,
}

impl GroupRole {
    /// All of them, in the order of the written architecture.
    pub const ALL: [Self; 4] = [Self::Alb, Self::Ecs, Self::Rds, Self::Redis];

    /// As the written architecture writes it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Alb => "ALB",
            Self::Ecs => "ECS",
            Self::Rds => "RDS",
            Self::Redis => "Redis",
        }
    }
}

/// The other end of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A CIDR block, IPv4 or IPv6.
    Cidr(String),
    /// A security group.
    Group(String),
    PrefixList(String),
}

/// One rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// Rule id.
    pub id: String,
    /// Outbound.
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, `-1` = all.
    pub protocol: String,
    /// First port; -1 = all.
    pub from_port: i32,
    /// Last port; -1 = all.
    pub to_port: i32,
    /// The other end.
    pub peer: Peer,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    /// Who carries it, as far as the stack's resources say.
    pub roles: Vec<GroupRole>,
    /// Inbound first.
    pub rules: Vec<GroupRule>,
}

/// ec2:DescribeSecurityGroups and DescribeSecurityGroupRules of the groups that the stack's resources carry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityGroups {
    /// By role.
    pub groups: Vec<SecurityGroup>,
}

impl Section for SecurityGroups {
    const KEY: SectionKey = SectionKey("security_groups");
    const TITLE: &'static str = "security groups";
    const OF: Option<System> = Some(System::SecurityGroups);
}

impl SecurityGroups {
    /// The groups of one role.
    pub fn of(&self, role: GroupRole) -> impl Iterator<Item = &SecurityGroup> {
        self.groups.iter().filter(move |g| g.roles.contains(&role))
    }
}
