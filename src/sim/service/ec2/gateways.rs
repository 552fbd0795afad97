//! NAT gateways, route tables and Elastic IP addresses, the deleting of a gateway and the replacing of a route. Called through the table in `ec2`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::names::{ACCOUNT, HOUR, REGION, STACK};
use crate::world::state::{Address, Nat, NatState, Network, Route, RouteTable, RouteTarget};

use super::{Item, Listing, answer, check_dry_run, one};

pub(super) fn describe_nat_gateways(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeNatGateways",
        ids: "NatGatewayId",
        set: "natGatewaySet",
        unknown: ("NatGatewayNotFound", "NatGateway"),
        pages: Some((5, 1000)),
    };
    let told = |nat: &&Nat| nat.deleted_at.is_none_or(|at| world.now < at + HOUR);
    answer(&listing, params, world.network.nats.iter().filter(told).map(|nat| describe_nat(&world.network, nat)).collect())
}

pub(super) fn delete_nat_gateway(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("NatGatewayId")?;
    world.check_nat_deletion(id)?;
    check_dry_run(params)?;
    world.begin_nat_deletion(id)?;
    Ok(object! { "natGatewayId" => id })
}

fn describe_nat(net: &Network, nat: &Nat) -> Item {
    let address = net.addresses.iter().find(|address| address.allocation == nat.allocation);
    let letter = nat.az.name().chars().last().unwrap_or('a');
    let primary = address.map(|address| {
        object! {
            "allocationId" => &address.allocation,
            "associationId" => address.association.as_deref(),
            "publicIp" => &address.ip,
            "privateIp" => &nat.private_ip,
            "networkInterfaceId" => &nat.eni,
            "isPrimary" => true,
            "status" => if nat.failure.is_some() { "failed" } else { "succeeded" },
            "availabilityZone" => nat.az.name(),
            "availabilityZoneId" => nat.az.zone_id(),
        }
    });
    Item::new(
        &nat.id,
        vec![
            ("nat-gateway-id", one(&nat.id)),
            ("state", one(nat.state.as_str())),
            ("subnet-id", one(&nat.subnet)),
            ("vpc-id", one(&net.vpc_id)),
        ],
        vec![
            ("natGatewayId", Value::from(&nat.id)),
            ("state", Value::from(nat.state.as_str())),
            ("subnetId", Value::from(&nat.subnet)),
            ("vpcId", Value::from(&net.vpc_id)),
            ("createTime", Value::time(nat.created_at)),
            ("deleteTime", Value::time(nat.deleted_at.filter(|_| nat.state == NatState::Deleted))),
            ("failureCode", Value::from(nat.failure.map(|(code, _)| code))),
            ("failureMessage", Value::from(nat.failure.map(|(_, message)| message))),
            ("connectivityType", Value::from("public")),
            ("availabilityMode", Value::from("zonal")),
            ("natGatewayAddressSet", Value::list("item", primary)),
        ],
    )
    .named(Some(format!("{STACK}-nat-{letter}")))
}

pub(super) fn describe_route_tables(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeRouteTables",
        ids: "RouteTableId",
        set: "routeTableSet",
        unknown: ("InvalidRouteTableID.NotFound", "routeTable"),
        pages: Some((5, 100)),
    };
    answer(&listing, params, world.network.route_tables.iter().map(|table| describe_table(&world.network, table)).collect())
}

fn describe_table(net: &Network, table: &RouteTable) -> Item {
    let of_routes = |field: fn(&Network, &Route) -> Option<String>| table.routes.iter().filter_map(|route| field(net, route)).collect();
    let associations = table.associations.iter().map(|association| {
        object! {
            "routeTableAssociationId" => &association.id,
            "routeTableId" => &table.id,
            "subnetId" => association.subnet.as_deref(),
            "main" => association.subnet.is_none(),
            "associationState" => object! { "state" => "associated" },
        }
    });
    Item::new(
        &table.id,
        vec![
            ("route-table-id", one(&table.id)),
            ("vpc-id", one(&net.vpc_id)),
            ("owner-id", one(ACCOUNT)),
            ("association.main", one(table.is_main().to_string())),
            ("association.subnet-id", table.associations.iter().filter_map(|a| a.subnet.clone()).collect()),
            ("association.route-table-association-id", table.associations.iter().map(|a| a.id.clone()).collect()),
            ("route.destination-cidr-block", of_routes(|_, route| Some(route.destination.clone()))),
            ("route.nat-gateway-id", of_routes(|_, route| nat_of(route).map(str::to_owned))),
            ("route.gateway-id", of_routes(|_, route| gateway_of(route).map(str::to_owned))),
            ("route.state", of_routes(|net, route| Some(state_of(net, route).to_owned()))),
        ],
        vec![
            ("routeTableId", Value::from(&table.id)),
            ("vpcId", Value::from(&net.vpc_id)),
            ("ownerId", Value::from(ACCOUNT)),
            ("routeSet", Value::list("item", table.routes.iter().map(|route| describe_route(net, route)))),
            ("associationSet", Value::list("item", associations)),
            ("propagatingVgwSet", Value::list::<Value>("item", [])),
        ],
    )
    .named(table.name.clone())
}

fn nat_of(route: &Route) -> Option<&str> {
    match &route.target {
        RouteTarget::Nat(id) => Some(id),
        _ => None,
    }
}

fn gateway_of(route: &Route) -> Option<&str> {
    match &route.target {
        RouteTarget::Gateway(id) => Some(id),
        RouteTarget::Local => Some("local"),
        RouteTarget::Nat(_) => None,
    }
}

fn state_of(net: &Network, route: &Route) -> &'static str {
    if net.is_active(route) { "active" } else { "blackhole" }
}

fn describe_route(net: &Network, route: &Route) -> Value {
    object! {
        "destinationCidrBlock" => &route.destination,
        "gatewayId" => gateway_of(route),
        "natGatewayId" => nat_of(route),
        "state" => state_of(net, route),
        "origin" => if route.target == RouteTarget::Local { "CreateRouteTable" } else { "CreateRoute" },
    }
}

pub(super) fn describe_addresses(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listing = Listing {
        operation: "DescribeAddresses",
        ids: "AllocationId",
        set: "addressesSet",
        unknown: ("InvalidAllocationID.NotFound", "allocation"),
        pages: None,
    };
    let asked = params.strings("PublicIp");
    let known = |ip: &&&str| !world.network.addresses.iter().any(|address| address.ip == **ip);
    if let Some(ip) = asked.iter().find(known) {
        return Err(ApiError::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let ours = world.network.addresses.iter().filter(|address| asked.is_empty() || asked.contains(&address.ip.as_str()));
    answer(&listing, params, ours.map(describe_address).collect())
}

fn describe_address(address: &Address) -> Item {
    let (interface, private) = address.interface.as_ref().map(|(eni, ip)| (eni.as_str(), ip.as_str())).unzip();
    let filled = |value: Option<&str>| value.map(str::to_owned).into_iter().collect();
    Item::new(
        &address.allocation,
        vec![
            ("allocation-id", one(&address.allocation)),
            ("association-id", filled(address.association.as_deref())),
            ("public-ip", one(&address.ip)),
            ("network-interface-id", filled(interface)),
            ("private-ip-address", filled(private)),
            ("domain", one("vpc")),
            ("network-border-group", one(REGION)),
        ],
        vec![
            ("allocationId", Value::from(&address.allocation)),
            ("publicIp", Value::from(&address.ip)),
            ("domain", Value::from("vpc")),
            ("associationId", Value::from(address.association.as_deref())),
            ("networkInterfaceId", Value::from(interface)),
            ("networkInterfaceOwnerId", Value::from(interface.map(|_| ACCOUNT))),
            ("privateIpAddress", Value::from(private)),
            ("publicIpv4Pool", Value::from("amazon")),
            ("networkBorderGroup", Value::from(REGION)),
        ],
    )
    .named(Some(address.name.clone()))
}

pub(super) fn replace_route(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (table, destination) = (params.required("RouteTableId")?, params.required("DestinationCidrBlock")?);
    let targets = ["NatGatewayId", "GatewayId", "InstanceId", "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId"];
    let given: Vec<(&str, &str)> = targets.iter().filter_map(|name| Some((*name, params.str(name)?))).collect();
    let target = match given.as_slice() {
        [("NatGatewayId", id)] => RouteTarget::Nat((*id).to_owned()),
        [("GatewayId", id)] => RouteTarget::Gateway((*id).to_owned()),
        [] => return Err(ApiError::new("MissingParameter", "The request must contain exactly one route target.")),
        [(name, id)] => return Err(ApiError::new("InvalidParameterValue", format!("The {name} '{id}' does not exist"))),
        _ => return Err(ApiError::new("InvalidParameterCombination", "The request must contain exactly one route target.")),
    };
    world.check_replace_route(table, destination, &target)?;
    check_dry_run(params)?;
    world.replace_route(table, destination, target)?;
    Ok(object! { "return" => true })
}
