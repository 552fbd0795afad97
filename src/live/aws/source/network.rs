//! EC2: the load balancer's VPC with its subnets and gateways (5 min), NAT gateways and route tables (60 s), availability zones
//! (2 min), and the security groups that the stack's resources carry (5 min). Left out of a build without the `ec2` feature.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::types as sdk;
use futures_util::future::{try_join, try_join3};

use super::{Context, FAST, MEDIUM, MINUTE, Part, SLOW, TWO_MINUTES};
use crate::aws::convert::{text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::balancer::Balancer;
use nextcore_core::model::cache::CacheNodes;
use nextcore_core::model::database::Database;
use nextcore_core::model::network::{
    GroupRole, GroupRule, InternetGateway, NatAddress, NatGateway, NatGateways, Network, Peer, Route, RouteTable, Routes, SecurityGroup,
    SecurityGroups, Subnet, SubnetTier, TierSigns, Zone, Zones,
};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::service::Services;
use nextcore_core::model::stack::AddressPlan;
use nextcore_core::model::store::Store;
use nextcore_core::model::system::System;

const VPCS: Op = Op::read("EC2", "DescribeVpcs", "ec2:DescribeVpcs").on(Scope::Any);
const SUBNETS: Op = Op::read("EC2", "DescribeSubnets", "ec2:DescribeSubnets").on(Scope::Any);
const GATEWAYS: Op = Op::read("EC2", "DescribeInternetGateways", "ec2:DescribeInternetGateways").on(Scope::Any);
const ZONES: Op = Op::read("EC2", "DescribeAvailabilityZones", "ec2:DescribeAvailabilityZones").on(Scope::Any);
const NATS: Op = Op::read("EC2", "DescribeNatGateways", "ec2:DescribeNatGateways").on(Scope::Any);
const ADDRESSES: Op = Op::read("EC2", "DescribeAddresses", "ec2:DescribeAddresses").on(Scope::Any);
const ROUTES: Op = Op::read("EC2", "DescribeRouteTables", "ec2:DescribeRouteTables").on(Scope::Any);
const GROUPS: Op = Op::read("EC2", "DescribeSecurityGroups", "ec2:DescribeSecurityGroups").on(Scope::Any);
const RULES: Op = Op::read("EC2", "DescribeSecurityGroupRules", "ec2:DescribeSecurityGroupRules").on(Scope::Any);

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> sdk::Filter {
    sdk::Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

/// Where the stack stands: where its load balancer does, else where the network was found.
fn vpc(cx: &Context) -> Result<String, Problem> {
    if cx.stack.has(System::Balancer) { Ok(cx.needs::<Balancer>()?.vpc.clone()) } else { Ok(cx.needs::<Network>()?.vpc.clone()) }
}

fn in_vpc(cx: &Context) -> Result<sdk::Filter, Problem> {
    Ok(filter("vpc-id", [vpc(cx)?]))
}

/// The VPC of the subnets in which the services' tasks start.
async fn vpc_of_services(cx: &Context) -> Result<String, Problem> {
    let services = cx.needs::<Services>()?;
    let Some(subnet) = services.services.iter().find_map(|s| s.subnets.first()) else {
        return Err(Problem {
            kind: ProblemKind::NotFound,
            headline: "the services name no subnets".to_owned(),
            hint: "set stack.balancer in the configuration: the VPC is that of the load balancer".to_owned(),
            permission: None,
        });
    };
    let out = cx.clients.ec2.describe_subnets().subnet_ids(subnet).send().await.map_err(|e| problem_of(SUBNETS, &e))?;
    Ok(text(sent(SUBNETS, "subnets", out.subnets.as_ref())?.first().and_then(|s| s.vpc_id())))
}

pub(super) struct VpcSource;

impl super::Source for VpcSource {
    type Out = Network;
    const READS: &'static [Op] = &[VPCS, SUBNETS, GATEWAYS];

    fn every(store: &Store) -> Duration {
        // Without a load balancer the first answer comes before the routes that tell the tiers apart.
        let untold = store.get::<Network>().is_some_and(|n| n.subnets.iter().all(|s| s.tier == SubnetTier::Other));
        if untold && store.at::<Routes>() > store.at::<Network>() { FAST } else { SLOW }
    }

    async fn poll(cx: Arc<Context>) -> Result<Network, Problem> {
        let vpc = if cx.stack.has(System::Balancer) { vpc(&cx)? } else { vpc_of_services(&cx).await? };
        let attached = filter("attachment.vpc-id", [vpc.clone()]);
        let (vpcs, subnets, gateways) = try_join3(
            async {
                let answer = cx.clients.ec2.describe_vpcs().vpc_ids(&vpc).send().await;
                cx.side(Part::judged("state of the VPC", "", "state"), answer.map_err(|e| problem_of(VPCS, &e)))
            },
            subnets(&cx, &vpc),
            async {
                let answer = cx.clients.ec2.describe_internet_gateways().filters(attached).send().await;
                cx.side(Part::judged("internet gateways", "", "internet_gateways"), answer.map_err(|e| problem_of(GATEWAYS, &e)))
            },
        )
        .await?;
        let found = vpcs.as_ref().and_then(|v| v.vpcs().first());
        Ok(Network {
            vpc,
            cidr: text(found.and_then(|v| v.cidr_block())),
            state: text(found.and_then(|v| v.state()).map(sdk::VpcState::as_str)).into(),
            subnets,
            internet_gateways: gateways
                .iter()
                .flat_map(aws_sdk_ec2::operation::describe_internet_gateways::DescribeInternetGatewaysOutput::internet_gateways)
                .map(internet_gateway)
                .collect(),
        })
    }
}

async fn subnets(cx: &Context, vpc: &str) -> Result<Vec<Subnet>, Problem> {
    let signs = signs(cx)?;
    let request = cx.clients.ec2.describe_subnets().filters(filter("vpc-id", [vpc.to_owned()]));
    let ask = |token| request.clone().set_next_token(token).send();
    let all = page::all(SUBNETS, ask, |out| (out.subnets, out.next_token)).await?;
    all.iter().try_for_each(|s| sent(SUBNETS, "count of free addresses", s.available_ip_address_count()).map(drop))?;
    let subnet = |s: &sdk::Subnet| Subnet {
        id: text(s.subnet_id()),
        cidr: text(s.cidr_block()),
        zone: text(s.availability_zone()),
        tier: signs.as_ref().map_or_else(
            || planned(&cx.stack.addresses, s.cidr_block().unwrap_or_default()),
            |signs| signs.tier(s.subnet_id().unwrap_or_default()),
        ),
        free_addresses: s.available_ip_address_count().unwrap_or_default(),
        public_addresses: s.map_public_ip_on_launch(),
        state: text(s.state().map(sdk::SubnetState::as_str)).into(),
    };
    let mut found: Vec<Subnet> = all.iter().map(subnet).collect();
    found.sort_by(|a, b| (a.tier, &a.zone, &a.cidr).cmp(&(b.tier, &b.zone, &b.cidr)));
    Ok(found)
}

/// What tells the tiers apart where no plan does. The first poll of a stack without a load balancer has no routes yet, and comes again.
fn signs(cx: &Context) -> Result<Option<TierSigns<'_>>, Problem> {
    if cx.stack.addresses != AddressPlan::default() {
        return Ok(None);
    }
    let mut signs = TierSigns::default();
    if cx.stack.has(System::Balancer) {
        let balancer = cx.needs::<Balancer>()?;
        if balancer.scheme != "internal" {
            signs.balancer = balancer.zones.iter().map(|(_, subnet)| subnet.as_str()).collect();
        }
        signs.routes = Some(cx.needs::<Routes>()?);
    } else {
        signs.routes = cx.store.get::<Routes>();
    }
    if cx.stack.has(System::Service) {
        signs.services = cx.needs::<Services>()?.services.iter().flat_map(|s| &s.subnets).map(String::as_str).collect();
    }
    let database = cx.store.get::<Database>().into_iter();
    signs.database = database.flat_map(|d| &d.subnets).map(|(subnet, _)| subnet.as_str()).collect();
    Ok(Some(signs))
}

fn planned(plan: &AddressPlan, cidr: &str) -> SubnetTier {
    let tiers = [(&plan.public, SubnetTier::Public), (&plan.private, SubnetTier::Private), (&plan.database, SubnetTier::Database)];
    tiers.into_iter().find(|(blocks, _)| blocks.iter().any(|b| b == cidr)).map_or(SubnetTier::Other, |(_, tier)| tier)
}

fn internet_gateway(g: &sdk::InternetGateway) -> InternetGateway {
    let attachment = |a: &sdk::InternetGatewayAttachment| (text(a.vpc_id()), text(a.state().map(sdk::AttachmentStatus::as_str)).into());
    InternetGateway { id: text(g.internet_gateway_id()), attachments: g.attachments().iter().map(attachment).collect() }
}

pub(super) struct ZonesSource;

impl super::Source for ZonesSource {
    type Out = Zones;
    const READS: &'static [Op] = &[ZONES];

    fn every(_: &Store) -> Duration {
        TWO_MINUTES
    }

    async fn poll(cx: Arc<Context>) -> Result<Zones, Problem> {
        let out = cx.clients.ec2.describe_availability_zones().send().await.map_err(|e| problem_of(ZONES, &e))?;
        let mut zones: Vec<Zone> = sent(ZONES, "availability zones", out.availability_zones.as_ref())?
            .iter()
            .map(|z| Zone {
                name: text(z.zone_name()),
                id: text(z.zone_id()),
                region: text(z.region_name()),
                state: text(z.state().map(sdk::AvailabilityZoneState::as_str)).into(),
                messages: z.messages().iter().map(|m| text(m.message())).collect(),
            })
            .collect();
        zones.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Zones { zones })
    }
}

pub(super) struct NatSource;

impl super::Source for NatSource {
    type Out = NatGateways;
    const READS: &'static [Op] = &[NATS, ADDRESSES];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<NatGateways, Problem> {
        // The zone of a gateway is that of its subnet.
        let zones: BTreeMap<&str, &str> = cx.needs::<Network>()?.subnets.iter().map(|s| (s.id.as_str(), s.zone.as_str())).collect();
        let (mut gateways, elastic_ips) = try_join(nat_gateways(&cx), elastic_ips(&cx)).await?;
        for gateway in &mut gateways {
            gateway.zone = zones.get(gateway.subnet.as_str()).map(|z| (*z).to_owned()).unwrap_or_default();
        }
        gateways.sort_by(|a, b| (&a.zone, &a.id).cmp(&(&b.zone, &b.id)));
        Ok(NatGateways { gateways, elastic_ips })
    }
}

/// Elastic IPs seldom change: they are asked for in one minute of five.
async fn elastic_ips(cx: &Context) -> Result<Vec<(String, String, bool)>, Problem> {
    let read = cx.store.unread::<NatGateways>("", "elastic_ips").is_none();
    if let Some(known) = cx.store.get::<NatGateways>().filter(|_| read && cx.now.timestamp().rem_euclid(SLOW.as_secs() as i64) >= 60) {
        return Ok(known.elastic_ips.clone());
    }
    let answer = cx.clients.ec2.describe_addresses().send().await.map_err(|e| problem_of(ADDRESSES, &e));
    let Some(out) = cx.side(Part::shown("elastic IPs", "", "elastic_ips"), answer)? else { return Ok(Vec::new()) };
    let elastic_ip = |a: &sdk::Address| (text(a.public_ip()), text(a.allocation_id()), a.association_id().is_some_and(|id| !id.is_empty()));
    Ok(out.addresses().iter().map(elastic_ip).collect())
}

async fn nat_gateways(cx: &Context) -> Result<Vec<NatGateway>, Problem> {
    let request = cx.clients.ec2.describe_nat_gateways().filter(in_vpc(cx)?);
    let ask = |token| request.clone().set_next_token(token).send();
    Ok(page::all(NATS, ask, |out| (out.nat_gateways, out.next_token)).await?.iter().map(nat_gateway).collect())
}

fn nat_gateway(g: &sdk::NatGateway) -> NatGateway {
    let address = |a: &sdk::NatGatewayAddress| NatAddress {
        public_ip: text(a.public_ip()),
        allocation: text(a.allocation_id()),
        status: text(a.status().map(sdk::NatGatewayAddressStatus::as_str)),
        zone: text(a.availability_zone()),
    };
    NatGateway {
        id: text(g.nat_gateway_id()),
        state: text(g.state().map(sdk::NatGatewayState::as_str)).into(),
        zone: String::new(),
        subnet: text(g.subnet_id()),
        availability: text(g.availability_mode().map(sdk::AvailabilityMode::as_str)).into(),
        connectivity: text(g.connectivity_type().map(sdk::ConnectivityType::as_str)).into(),
        failure: match (text_opt(g.failure_code()), text_opt(g.failure_message())) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.or(message),
        },
        addresses: g.nat_gateway_addresses().iter().map(address).collect(),
    }
}

pub(super) struct RoutesSource;

impl super::Source for RoutesSource {
    type Out = Routes;
    const READS: &'static [Op] = &[ROUTES];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<Routes, Problem> {
        let request = cx.clients.ec2.describe_route_tables().filters(in_vpc(&cx)?);
        let ask = |token| request.clone().set_next_token(token).send();
        let all = page::all(ROUTES, ask, |out| (out.route_tables, out.next_token)).await?;
        let mut tables: Vec<RouteTable> = all.iter().map(route_table).collect();
        tables.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(Routes { tables })
    }
}

fn route_table(t: &sdk::RouteTable) -> RouteTable {
    RouteTable {
        id: text(t.route_table_id()),
        name: name_tag(t.tags()),
        main: t.associations().iter().any(|a| a.main().unwrap_or_default()),
        subnets: t.associations().iter().filter_map(|a| text_opt(a.subnet_id())).collect(),
        routes: t.routes().iter().map(route).collect(),
    }
}

fn name_tag(tags: &[sdk::Tag]) -> String {
    text(tags.iter().find(|t| t.key() == Some("Name")).and_then(|t| t.value()))
}

fn route(r: &sdk::Route) -> Route {
    let targets = [
        r.nat_gateway_id(),
        r.gateway_id(),
        r.transit_gateway_id(),
        r.vpc_peering_connection_id(),
        r.network_interface_id(),
        r.egress_only_internet_gateway_id(),
        r.instance_id(),
    ];
    let destinations = [r.destination_cidr_block(), r.destination_ipv6_cidr_block(), r.destination_prefix_list_id()];
    let first = |all: &[Option<&str>]| text(all.iter().flatten().copied().find(|v| !v.is_empty()));
    Route { destination: first(&destinations), target: first(&targets), state: text(r.state().map(sdk::RouteState::as_str)).into() }
}

pub(super) struct GroupsSource;

impl super::Source for GroupsSource {
    type Out = SecurityGroups;
    const READS: &'static [Op] = &[GROUPS, RULES];
    const UNWELL: Option<Duration> = Some(MEDIUM); // A rule that was taken away shows by what it breaks.

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<SecurityGroups, Problem> {
        let carriers = carriers(&cx)?;
        if carriers.is_empty() {
            return Ok(SecurityGroups::default());
        }
        let ids: Vec<String> = carriers.keys().cloned().collect();
        let (groups, rules) = try_join(
            async {
                let request = cx.clients.ec2.describe_security_groups().set_group_ids(Some(ids.clone()));
                request.send().await.map_err(|e| problem_of(GROUPS, &e))
            },
            rules(&cx, ids.clone()),
        )
        .await?;
        let mut groups: Vec<SecurityGroup> = sent(GROUPS, "security groups", groups.security_groups.as_ref())?
            .iter()
            .map(|g| {
                let id = text(g.group_id());
                let mut own: Vec<GroupRule> = rules.iter().filter(|(group, _)| *group == id).map(|(_, rule)| rule.clone()).collect();
                own.sort_by(|a, b| (a.egress, a.from_port, &a.peer).cmp(&(b.egress, b.from_port, &b.peer)));
                let roles = carriers.get(&id).into_iter().flatten().copied().collect();
                SecurityGroup { id, name: text(g.group_name()), roles, rules: own }
            })
            .collect();
        groups.sort_by(|a, b| (&a.roles, &a.id).cmp(&(&b.roles, &b.id)));
        Ok(SecurityGroups { groups })
    }
}

/// Who carries which group, as far as the sections that name groups have answered; the load balancer must have.
fn carriers(cx: &Context) -> Result<BTreeMap<String, BTreeSet<GroupRole>>, Problem> {
    let mut carried: Vec<(GroupRole, &[String])> = Vec::new();
    if cx.stack.has(System::Balancer) {
        carried.push((GroupRole::Alb, &cx.needs::<Balancer>()?.security_groups));
    }
    let services = if cx.stack.has(System::Service) { Some(cx.needs::<Services>()?) } else { None };
    carried.extend(services.into_iter().flat_map(|s| &s.services).map(|s| (GroupRole::Ecs, s.security_groups.as_slice())));
    // A stack without database or Redis has still groups to show: only wait for them, do not depend on them.
    match cx.needs::<Database>() {
        _ if !cx.stack.has(System::Database) => {}
        Ok(database) => carried.push((GroupRole::Rds, &database.security_groups)),
        Err(p) if p.is_waiting() => return Err(p),
        Err(_) => {}
    }
    match cx.needs::<CacheNodes>() {
        _ if !cx.stack.has(System::Cache) => {}
        Ok(nodes) => carried.extend(nodes.nodes.iter().map(|n| (GroupRole::Redis, n.security_groups.as_slice()))),
        Err(p) if p.is_waiting() => return Err(p),
        Err(_) => {}
    }
    let mut by_id: BTreeMap<String, BTreeSet<GroupRole>> = BTreeMap::new();
    for (role, ids) in carried {
        for id in ids {
            by_id.entry(id.clone()).or_default().insert(role);
        }
    }
    Ok(by_id)
}

async fn rules(cx: &Context, ids: Vec<String>) -> Result<Vec<(String, GroupRule)>, Problem> {
    let request = cx.clients.ec2.describe_security_group_rules().filters(filter("group-id", ids));
    let ask = |token| request.clone().set_next_token(token).send();
    let all = page::all(RULES, ask, |out| (out.security_group_rules, out.next_token)).await?;
    let mut found = Vec::new();
    for r in &all {
        let cidr = r.cidr_ipv4().or(r.cidr_ipv6()).filter(|c| !c.is_empty());
        let group = r.referenced_group_info().and_then(|g| g.group_id()).filter(|g| !g.is_empty());
        let peer = match (cidr, group) {
            (Some(cidr), _) => Peer::Cidr(text(Some(cidr))),
            (None, Some(group)) => Peer::Group(text(Some(group))),
            (None, None) => Peer::PrefixList(text(r.prefix_list_id())),
        };
        found.push((
            text(r.group_id()),
            GroupRule {
                id: text(r.security_group_rule_id()),
                egress: sent(RULES, "direction of a rule", r.is_egress())?,
                protocol: text(r.ip_protocol()),
                from_port: r.from_port().unwrap_or(-1),
                to_port: r.to_port().unwrap_or(-1),
                peer,
                description: text(r.description()),
            },
        ));
    }
    Ok(found)
}
