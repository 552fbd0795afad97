//! VPC, subnets, availability zones and the internet gateway. Called through the table in `ec2`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::names::{ACCOUNT, Az, REGION, STACK, arn};
use crate::world::state::{Subnet, Tier};

use super::{Item, Listing, answer, one};

pub(super) fn describe_vpcs(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeVpcs",
        ids: "VpcId",
        set: "vpcSet",
        unknown: ("InvalidVpcID.NotFound", "vpc"),
        pages: Some((5, 1000)),
    };
    let net = &world.network;
    let association = object! {
        "associationId" => "vpc-cidr-assoc-0b7d2f6a4c9e1835f",
        "cidrBlock" => &net.cidr,
        "cidrBlockState" => object! { "state" => "associated" },
    };
    let vpc = Item::new(
        &net.vpc_id,
        vec![
            ("vpc-id", one(&net.vpc_id)),
            ("cidr", one(&net.cidr)),
            ("cidr-block-association.cidr-block", one(&net.cidr)),
            ("state", one("available")),
            ("is-default", one("false")),
            ("owner-id", one(ACCOUNT)),
        ],
        vec![
            ("vpcId", Value::from(&net.vpc_id)),
            ("ownerId", Value::from(ACCOUNT)),
            ("state", Value::from("available")),
            ("cidrBlock", Value::from(&net.cidr)),
            ("cidrBlockAssociationSet", Value::list("item", [association])),
            ("dhcpOptionsId", Value::from("dopt-0c4f7a1e9b3d58260")),
            ("instanceTenancy", Value::from("default")),
            ("isDefault", Value::from(false)),
        ],
    );
    answer(&listing, params, vec![vpc.named(Some(format!("{STACK}-vpc")))])
}

pub(super) fn describe_subnets(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeSubnets",
        ids: "SubnetId",
        set: "subnetSet",
        unknown: ("InvalidSubnetID.NotFound", "subnet"),
        pages: Some((5, 1000)),
    };
    answer(&listing, params, world.network.subnets.iter().map(|subnet| describe_subnet(world, subnet)).collect())
}

fn describe_subnet(world: &World, subnet: &Subnet) -> Item {
    let (vpc, az) = (&world.network.vpc_id, subnet.az);
    let free = world.available_addresses(subnet);
    let public = subnet.tier == Tier::Public;
    let letter = az.name().chars().last().unwrap_or('a');
    Item::new(
        &subnet.id,
        vec![
            ("subnet-id", one(&subnet.id)),
            ("vpc-id", one(vpc)),
            ("cidr", one(&subnet.cidr)),
            ("cidr-block", one(&subnet.cidr)),
            ("availability-zone", one(az.name())),
            ("availabilityZone", one(az.name())),
            ("availability-zone-id", one(az.zone_id())),
            ("available-ip-address-count", one(free.to_string())),
            ("map-public-ip-on-launch", one(public.to_string())),
            ("default-for-az", one("false")),
            ("state", one("available")),
            ("owner-id", one(ACCOUNT)),
        ],
        vec![
            ("subnetId", Value::from(&subnet.id)),
            ("subnetArn", Value::from(arn("ec2", format_args!("subnet/{}", subnet.id)))),
            ("state", Value::from("available")),
            ("ownerId", Value::from(ACCOUNT)),
            ("vpcId", Value::from(vpc)),
            ("cidrBlock", Value::from(&subnet.cidr)),
            ("availableIpAddressCount", Value::from(free)),
            ("availabilityZone", Value::from(az.name())),
            ("availabilityZoneId", Value::from(az.zone_id())),
            ("defaultForAz", Value::from(false)),
            ("mapPublicIpOnLaunch", Value::from(public)),
            ("mapCustomerOwnedIpOnLaunch", Value::from(false)),
            ("assignIpv6AddressOnCreation", Value::from(false)),
            ("enableDns64", Value::from(false)),
            ("ipv6Native", Value::from(false)),
            ("ipv6CidrBlockAssociationSet", Value::list::<Value>("item", [])),
        ],
    )
    .named(Some(format!("{STACK}-{}-{letter}", subnet.tier.as_str())))
}

pub(super) fn describe_availability_zones(_: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeAvailabilityZones",
        ids: "ZoneName",
        set: "availabilityZoneInfo",
        unknown: ("InvalidParameterValue", "zone"),
        pages: None,
    };
    let by_id = params.strings("ZoneId");
    let zones = Az::ALL.into_iter().filter(|az| by_id.is_empty() || by_id.contains(&az.zone_id()));
    answer(&listing, params, zones.map(describe_zone).collect())
}

fn describe_zone(az: Az) -> Item {
    Item::new(
        az.name(),
        vec![
            ("zone-name", one(az.name())),
            ("zone-id", one(az.zone_id())),
            ("zone-type", one("availability-zone")),
            ("region-name", one(REGION)),
            ("group-name", one(format!("{REGION}-zg-1"))),
            ("network-border-group", one(REGION)),
            ("opt-in-status", one("opt-in-not-required")),
            // AWS rarely says that a zone is impaired.
            ("state", one("available")),
        ],
        vec![
            ("zoneName", Value::from(az.name())),
            ("zoneId", Value::from(az.zone_id())),
            ("zoneState", Value::from("available")),
            ("zoneType", Value::from("availability-zone")),
            ("regionName", Value::from(REGION)),
            ("groupName", Value::from(format!("{REGION}-zg-1"))),
            ("networkBorderGroup", Value::from(REGION)),
            ("optInStatus", Value::from("opt-in-not-required")),
            ("messageSet", Value::list::<Value>("item", [])),
        ],
    )
    .untaggable()
}

pub(super) fn describe_internet_gateways(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeInternetGateways",
        ids: "InternetGatewayId",
        set: "internetGatewaySet",
        unknown: ("InvalidInternetGatewayID.NotFound", "internetGateway"),
        pages: Some((5, 1000)),
    };
    let (gateway, vpc) = (&world.network.gateway, &world.network.vpc_id);
    let attached = |text: &str| if gateway.attached { one(text) } else { Vec::new() };
    // The model's enumeration says `attached`; what EC2 sends is `available`.
    let attachment = gateway.attached.then(|| object! { "vpcId" => vpc, "state" => "available" });
    let item = Item::new(
        &gateway.id,
        vec![
            ("internet-gateway-id", one(&gateway.id)),
            ("attachment.vpc-id", attached(vpc)),
            ("attachment.state", attached("available")),
            ("owner-id", one(ACCOUNT)),
        ],
        vec![
            ("internetGatewayId", Value::from(&gateway.id)),
            ("ownerId", Value::from(ACCOUNT)),
            ("attachmentSet", Value::list("item", attachment)),
        ],
    );
    answer(&listing, params, vec![item.named(Some(format!("{STACK}-igw")))])
}
