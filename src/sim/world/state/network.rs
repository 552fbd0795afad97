//! The network as EC2 tells it: the VPC, its subnets, gateways, route tables, addresses and security groups.
//! No behaviour beyond looking things up; what traffic makes of it is `world::network`. Read by the EC2 handler and
//! wherever a resource names its network.

use super::super::names::{Az, Ms};

/// The network of the stack.
#[derive(Debug, Clone)]
pub struct Network {
    /// VPC id (10.0.0.0/16).
    pub vpc_id: String,
    /// Address range of the VPC.
    pub cidr: String,
    /// Public subnets 10.0.1-3.0/24, one per zone.
    pub public: SubnetIds,
    /// Private subnets 10.0.11-13.0/24, one per zone.
    pub private: SubnetIds,
    /// Database subnets 10.0.21-23.0/24, one per zone.
    pub database: SubnetIds,
    /// The same subnets with all that EC2 knows of them.
    pub subnets: Vec<Subnet>,
    /// Security group of the load balancer.
    pub alb_sg: String,
    /// Security group of the tasks.
    pub ecs_sg: String,
    /// Security group of the database.
    pub rds_sg: String,
    /// Security group of the cache.
    pub redis_sg: String,
    /// Every security group of the VPC.
    pub groups: Vec<SecurityGroup>,
    /// NAT gateways, one per zone.
    pub nats: [Nat; 3],
    /// The internet gateway.
    pub gateway: InternetGateway,
    /// Route tables, the VPC's main one among them.
    pub route_tables: Vec<RouteTable>,
    /// Elastic IP addresses.
    pub addresses: Vec<Address>,
    /// Physics: something that traffic depends on was changed since it was last looked at.
    pub changed: bool,
}

impl Network {
    /// The NAT gateway called `id`.
    pub fn nat(&self, id: &str) -> Option<&Nat> {
        self.nats.iter().find(|nat| nat.id == id)
    }

    /// The security group called `id`.
    pub fn group(&self, id: &str) -> Option<&SecurityGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The table that routes for a subnet: its own, else the main one.
    pub fn table_of(&self, subnet: &str) -> Option<&RouteTable> {
        let own = self.route_tables.iter().find(|table| table.associations.iter().any(|a| a.subnet.as_deref() == Some(subnet)));
        own.or_else(|| self.route_tables.iter().find(|table| table.is_main()))
    }

    /// Whether a route leads to something that is there: `active` on the wire, else `blackhole`.
    pub fn is_active(&self, route: &Route) -> bool {
        match &route.target {
            RouteTarget::Local => true,
            RouteTarget::Gateway(id) => *id == self.gateway.id && self.gateway.attached,
            RouteTarget::Nat(id) => self.nat(id).is_some_and(|nat| nat.state == NatState::Available),
        }
    }
}

/// One subnet id per zone.
#[derive(Debug, Clone)]
pub struct SubnetIds(pub [String; 3]);

impl SubnetIds {
    /// The subnet of `az`.
    pub fn of(&self, az: Az) -> &str {
        let [a, b, c] = &self.0;
        match az {
            Az::A => a,
            Az::B => b,
            Az::C => c,
        }
    }
}

/// What a subnet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Load balancer and NAT gateways.
    Public,
    /// Tasks and cache nodes.
    Private,
    Database,
}

impl Tier {
    /// As it stands in names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Database => "database",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Subnet {
    /// `subnet-...`.
    pub id: String,
    /// Address range, a /24.
    pub cidr: String,
    /// Zone.
    pub az: Az,
    /// What it is for.
    pub tier: Tier,
}

/// `NatGateways[].State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatState {
    /// Serving.
    Available,
    /// Never came up; what it says is in `failure`.
    Failed,
    /// On its way out: passes nothing any more.
    Deleting,
    /// Gone; described for about an hour.
    Deleted,
}

impl NatState {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct Nat {
    /// `nat-...`.
    pub id: String,
    /// Zone.
    pub az: Az,
    /// State. Most real impairments do not show here.
    pub state: NatState,
    /// Public subnet in which it stands.
    pub subnet: String,
    /// Creation time.
    pub created_at: Ms,
    /// Deletion time; lies ahead while it is being deleted.
    pub deleted_at: Option<Ms>,
    /// Code and message of a failure.
    pub failure: Option<(&'static str, &'static str)>,
    /// Its Elastic IP.
    pub allocation: String,
    /// Its network interface.
    pub eni: String,
    /// Its address in the subnet.
    pub private_ip: String,
}

#[derive(Debug, Clone)]
pub struct InternetGateway {
    /// `igw-...`.
    pub id: String,
    /// Whether it is attached to the VPC.
    pub attached: bool,
}

#[derive(Debug, Clone)]
pub struct RouteTable {
    /// `rtb-...`.
    pub id: String,
    /// `Name` tag; the VPC's own main table has none.
    pub name: Option<String>,
    /// What it routes for.
    pub associations: Vec<Association>,
    /// Routes, the local one first.
    pub routes: Vec<Route>,
}

impl RouteTable {
    /// Whether it routes for the subnets that have no table of their own.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet.is_none())
    }

    /// The route to everywhere.
    pub fn default_route(&self) -> Option<&Route> {
        self.routes.iter().find(|route| route.destination == "0.0.0.0/0")
    }
}

/// What a route table routes for.
#[derive(Debug, Clone)]
pub struct Association {
    /// `rtbassoc-...`.
    pub id: String,
    /// The subnet; none is the main association.
    pub subnet: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Route {
    /// Address range.
    pub destination: String,
    /// Where it leads.
    pub target: RouteTarget,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// Within the VPC.
    Local,
    /// An internet gateway.
    Gateway(String),
    /// A NAT gateway.
    Nat(String),
}

/// An Elastic IP address.
#[derive(Debug, Clone)]
pub struct Address {
    /// `eipalloc-...`.
    pub allocation: String,
    /// The address.
    pub ip: String,
    /// `eipassoc-...` while it is associated.
    pub association: Option<String>,
    /// Network interface and private address while it is associated.
    pub interface: Option<(String, String)>,
    /// `Name` tag.
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct SecurityGroup {
    /// `sg-...`.
    pub id: String,
    pub name: String,
    pub description: String,
    /// Rules of both directions.
    pub rules: Vec<GroupRule>,
}

/// A rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// `sgr-...`.
    pub id: String,
    /// Out of the group, not into it.
    pub egress: bool,
    /// What it lets through.
    pub permission: Permission,
    pub description: Option<String>,
}

/// What a rule lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `tcp`, `udp`, `icmp` or `-1` for all.
    pub protocol: String,
    /// First and last port; -1 and -1 when all protocols are meant.
    pub ports: (i32, i32),
    /// The other side.
    pub peer: Peer,
}

impl Permission {
    /// One TCP port.
    pub fn tcp(port: u16, peer: Peer) -> Self {
        Self { protocol: "tcp".into(), ports: (i32::from(port), i32::from(port)), peer }
    }

    /// Everything.
    pub fn all(peer: Peer) -> Self {
        Self { protocol: "-1".into(), ports: (-1, -1), peer }
    }
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// An IPv4 address range.
    Cidr(String),
    /// An IPv6 address range.
    Cidr6(String),
    /// The members of a security group.
    Group(String),
}
