//! The network when history begins: as the written architecture draws it, rule by rule.
//! Not the load balancer in it (see `platform`).

use super::super::names::{Az, Ms, STACK};
use super::super::state::{
    Address, Association, GroupRule, InternetGateway, Nat, NatState, Network, Peer, Permission, Route, RouteTable, RouteTarget,
    SecurityGroup, Subnet, SubnetIds, Tier,
};
use super::platform::AGE;

const EVERYWHERE: &str = "0.0.0.0/0";
const GATEWAY: &str = "igw-0e5a17c93b2d8f640";
const ALB: &str = "sg-0a1b6f3c9d2e84715";
const ECS: &str = "sg-0b2c7e4d8a1f95826";
const RDS: &str = "sg-0c3d8f5e7b2a06937";
const REDIS: &str = "sg-0d4e9a6f6c3b17a48";
const DEFAULT: &str = "sg-0f6a1c8d2e7b39405";

const fn letter(az: Az) -> char {
    match az {
        Az::A => 'a',
        Az::B => 'b',
        Az::C => 'c',
    }
}

pub(super) fn network(begin: Ms) -> Network {
    let ids = |tier: &str| SubnetIds(Az::ALL.map(|az| format!("subnet-0{tier}7d41c93e5f8b2{}4", letter(az))));
    let (public, private, database) = (ids("1f0"), ids("2a0"), ids("3d0"));
    let tiers = [(Tier::Public, 1, &public), (Tier::Private, 11, &private), (Tier::Database, 21, &database)];
    let subnet =
        |tier, first: usize, az: Az, id: &str| Subnet { id: id.into(), cidr: format!("10.0.{}.0/24", first + az.index()), az, tier };
    let subnets = tiers.iter().flat_map(|(tier, first, ids)| Az::ALL.map(|az| subnet(*tier, *first, az, ids.of(az)))).collect();
    let nats = Az::ALL.map(|az| nat(az, public.of(az), begin));
    Network {
        vpc_id: "vpc-0a6c2f81d94be3057".into(),
        cidr: "10.0.0.0/16".into(),
        route_tables: route_tables(&public, &private, &database, &nats),
        addresses: nats.iter().map(address).collect(),
        subnets,
        public,
        private,
        database,
        alb_sg: ALB.into(),
        ecs_sg: ECS.into(),
        rds_sg: RDS.into(),
        redis_sg: REDIS.into(),
        groups: groups(),
        nats,
        gateway: InternetGateway { id: GATEWAY.into(), attached: true },
        changed: true,
    }
}

fn nat(az: Az, subnet: &str, begin: Ms) -> Nat {
    let n = az.index() + 1;
    // As in AWS: ids that are shortened still differ.
    let id = match az {
        Az::A => "nat-015e8c1d7a39b2f60",
        Az::B => "nat-0b72d40f6e1c9a583",
        Az::C => "nat-0c9f3a8e52d74b016",
    };
    Nat {
        id: id.to_owned(),
        az,
        state: NatState::Available,
        subnet: subnet.into(),
        created_at: begin - AGE,
        deleted_at: None,
        failure: None,
        allocation: format!("eipalloc-0{n}9c4e72b1d6f8a35"),
        eni: format!("eni-0{n}7d3b95e2c8a1f460"),
        private_ip: format!("10.0.{n}.11"),
    }
}

fn address(nat: &Nat) -> Address {
    let n = nat.az.index() + 1;
    Address {
        allocation: nat.allocation.clone(),
        ip: format!("203.0.113.{}", 20 + n),
        association: Some(format!("eipassoc-0{n}4f8d1a6c3e7b295")),
        interface: Some((nat.eni.clone(), nat.private_ip.clone())),
        name: format!("{STACK}-nat-{}", letter(nat.az)),
    }
}

fn route_tables(public: &SubnetIds, private: &SubnetIds, database: &SubnetIds, nats: &[Nat; 3]) -> Vec<RouteTable> {
    let table = |n: usize, name: Option<String>, subnets: &[&str], target: Option<RouteTarget>| {
        let association = |(k, subnet): (usize, &&str)| Association {
            id: format!("rtbassoc-0{n}{k}b6e91d4c7f2a38"),
            subnet: (!subnet.is_empty()).then(|| (*subnet).to_owned()),
        };
        let local = Route { destination: "10.0.0.0/16".into(), target: RouteTarget::Local };
        let default = target.map(|target| Route { destination: EVERYWHERE.into(), target });
        RouteTable {
            id: format!("rtb-0{n}8a3d5f7c1e9b264"),
            name: name.map(|name| format!("{STACK}-{name}")),
            associations: subnets.iter().enumerate().map(association).collect(),
            routes: std::iter::once(local).chain(default).collect(),
        }
    };
    let all = |ids: &SubnetIds| Az::ALL.map(|az| ids.of(az).to_owned());
    let (public, database) = (all(public), all(database));
    let mut tables =
        vec![table(1, Some("public".into()), &public.each_ref().map(String::as_str), Some(RouteTarget::Gateway(GATEWAY.into())))];
    for nat in nats {
        let name = format!("private-{}", letter(nat.az));
        tables.push(table(2 + nat.az.index(), Some(name), &[private.of(nat.az)], Some(RouteTarget::Nat(nat.id.clone()))));
    }
    tables.push(table(5, Some("database".into()), &database.each_ref().map(String::as_str), None));
    tables.push(table(6, None, &[""], None));
    tables
}

/// Id, name, description, and the rules as (out of the group, what).
type Drawn = (&'static str, &'static str, &'static str, Vec<(bool, Permission)>);

fn groups() -> Vec<SecurityGroup> {
    let everywhere = || Peer::Cidr(EVERYWHERE.into());
    let group = |id: &str| Peer::Group(id.into());
    let tables: [Drawn; 5] = [
        (
            ALB,
            "alb",
            "Load balancer",
            vec![
                (false, Permission::tcp(80, everywhere())),
                (false, Permission::tcp(443, everywhere())),
                (true, Permission::tcp(8000, group(ECS))),
                (true, Permission::tcp(3000, group(ECS))),
            ],
        ),
        (
            ECS,
            "ecs-tasks",
            "ECS tasks",
            vec![
                (false, Permission::tcp(8000, group(ALB))),
                (false, Permission::tcp(3000, group(ALB))),
                (false, Permission::all(group(ECS))),
                (true, Permission::tcp(5432, group(RDS))),
                (true, Permission::tcp(6379, group(REDIS))),
                (true, Permission::tcp(443, everywhere())),
            ],
        ),
        (RDS, "rds", "PostgreSQL", vec![(false, Permission::tcp(5432, group(ECS)))]),
        (REDIS, "redis", "Redis", vec![(false, Permission::tcp(6379, group(ECS)))]),
        (DEFAULT, "", "default VPC security group", vec![(false, Permission::all(group(DEFAULT))), (true, Permission::all(everywhere()))]),
    ];
    let rule = |g: usize, (k, (egress, permission)): (usize, (bool, Permission))| GroupRule {
        id: format!("sgr-0{g}{k:x}7c2e9b5d1f8a463"),
        egress,
        permission,
        description: None,
    };
    let made = tables.into_iter().enumerate().map(|(g, (id, name, description, rules))| SecurityGroup {
        id: id.into(),
        name: if name.is_empty() { "default".into() } else { format!("{STACK}-{name}") },
        description: description.into(),
        rules: rules.into_iter().enumerate().map(|entry| rule(g, entry)).collect(),
    });
    made.collect()
}
