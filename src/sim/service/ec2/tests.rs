//! Ids, filters, pages and dry runs of the describe operations, and the two forms of a rule.

use super::*;
use crate::service::tests::{ask, items, text};
use crate::world::World;

fn world() -> World {
    World::new(7, 1_795_392_000_000)
}

fn filter(name: &'static str, values: &[&'static str]) -> Value {
    Value::members([object! { "Name" => name, "Value" => Value::members(values.iter().copied()) }])
}

#[test]
fn patterns_match_as_in_ec2() {
    for (pattern, text, expected) in [
        ("vpc-1", "vpc-1", true),
        ("vpc-?", "vpc-1", true),
        ("vpc-?", "vpc-12", false),
        ("*private*", "production-nextcore-private-a", true),
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abbcd", false),
        ("", "x", false),
    ] {
        assert_eq!(like(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
    }
}

#[test]
fn filters_are_alternatives_within_and_conditions_between() {
    let mut world = world();
    let mut count = |operation: &str, set: &str, filters: Value| {
        items(&ask(&mut world, &SERVICE, operation, object! { "Filter" => filters }).unwrap(), set).len()
    };
    assert_eq!(count("DescribeSubnets", "subnetSet", filter("availability-zone", &["ap-southeast-2a", "ap-southeast-2c"])), 6);
    let both = Value::members([
        object! { "Name" => "tag:Name", "Value" => Value::members(["*-database-*"]) },
        object! { "Name" => "availability-zone", "Value" => Value::members(["ap-southeast-2b"]) },
    ]);
    assert_eq!(count("DescribeSubnets", "subnetSet", both), 1);
    assert_eq!(count("DescribeSubnets", "subnetSet", filter("tag-key", &["Stack"])), 9);
    assert_eq!(count("DescribeRouteTables", "routeTableSet", filter("route.gateway-id", &["igw-*"])), 1);
    assert_eq!(count("DescribeSecurityGroups", "securityGroupInfo", filter("group-name", &["default"])), 1);
    assert_eq!(count("DescribeNatGateways", "natGatewaySet", filter("state", &["deleted"])), 0);
    let error = ask(&mut world, &SERVICE, "DescribeSubnets", object! { "Filter" => filter("colour", &["red"]) }).unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
}

#[test]
fn pages_cover_everything_and_belong_to_their_question() {
    let mut world = world();
    let (mut ids, mut token) = (Vec::new(), None::<String>);
    loop {
        let question = object! { "MaxResults" => "5", "NextToken" => token.clone() };
        let page = ask(&mut world, &SERVICE, "DescribeSecurityGroupRules", question).unwrap();
        ids.extend(items(&page, "securityGroupRuleSet").iter().map(|rule| text(rule, "securityGroupRuleId")));
        token = Some(text(&page, "nextToken")).filter(|token| !token.is_empty());
        if let Some(token) = &token {
            let other = object! { "NextToken" => token, "MaxResults" => "5" };
            assert_eq!(ask(&mut world, &SERVICE, "DescribeSubnets", other).unwrap_err().code, "InvalidNextToken");
        } else {
            break;
        }
    }
    let all: usize = world.network.groups.iter().map(|group| group.rules.len()).sum();
    assert_eq!((ids.len(), ids.iter().collect::<std::collections::HashSet<_>>().len()), (all, all));
    for (members, code) in [
        (object! { "MaxResults" => "4" }, "InvalidParameterValue"),
        (object! { "MaxResults" => "x" }, "InvalidParameterValue"),
        (object! { "DryRun" => "true" }, "DryRunOperation"),
        (object! { "SubnetId" => Value::members(["subnet-1"]) }, "InvalidSubnetID.NotFound"),
    ] {
        assert_eq!(ask(&mut world, &SERVICE, "DescribeSubnets", members).unwrap_err().code, code);
    }
}

#[test]
fn a_detached_gateway_and_a_black_hole_are_told() {
    let mut world = world();
    world.attach_internet_gateway(false);
    world.delete_nat_gateway(crate::world::Az::B);
    let gateways = ask(&mut world, &SERVICE, "DescribeInternetGateways", Value::EMPTY).unwrap();
    assert!(items(&items(&gateways, "internetGatewaySet")[0], "attachmentSet").is_empty());
    let holes = object! { "Filter" => filter("route.state", &["blackhole"]) };
    let tables = ask(&mut world, &SERVICE, "DescribeRouteTables", holes).unwrap();
    let names: Vec<String> = items(&tables, "routeTableSet").iter().map(|table| text(table, "routeTableId")).collect();
    assert_eq!(names, [world.network.route_tables[0].id.as_str(), world.network.route_tables[2].id.as_str()]);
    let nats = ask(&mut world, &SERVICE, "DescribeNatGateways", object! { "Filter" => filter("state", &["deleted"]) }).unwrap();
    assert!(items(&nats, "natGatewaySet")[0].get("deleteTime").is_some());
    world.fail_nat_gateway(crate::world::Az::C);
    let nats = ask(&mut world, &SERVICE, "DescribeNatGateways", object! { "Filter" => filter("state", &["failed"]) }).unwrap();
    assert_eq!(text(&items(&nats, "natGatewaySet")[0], "failureCode"), "InternalError");
    let free = ask(&mut world, &SERVICE, "DescribeAddresses", Value::EMPTY).unwrap();
    assert_eq!(items(&free, "addressesSet").iter().filter(|address| address.get("associationId").is_none()).count(), 2);
}

#[test]
fn a_nat_gateway_is_deleted_in_two_steps() {
    let mut world = world();
    let id = world.network.nats[1].id.clone();
    let delete = |world: &mut World, id: &str| ask(world, &SERVICE, "DeleteNatGateway", object! { "NatGatewayId" => id });
    let states = |world: &mut World| -> Vec<String> {
        let nats = ask(world, &SERVICE, "DescribeNatGateways", Value::EMPTY).unwrap();
        items(&nats, "natGatewaySet").iter().map(|nat| text(nat, "state")).collect()
    };
    let holes = |world: &mut World| {
        let tables = ask(world, &SERVICE, "DescribeRouteTables", object! { "Filter" => filter("route.state", &["blackhole"]) }).unwrap();
        items(&tables, "routeTableSet").len()
    };
    assert_eq!(delete(&mut world, "nat-1").unwrap_err().code, "NatGatewayNotFound");
    assert_eq!(ask(&mut world, &SERVICE, "DeleteNatGateway", Value::EMPTY).unwrap_err().code, "MissingParameter");
    assert_eq!(text(&delete(&mut world, &id).unwrap(), "natGatewayId"), id);
    assert_eq!((states(&mut world), holes(&mut world)), (["available", "deleting", "available"].map(str::to_owned).to_vec(), 1));
    delete(&mut world, &id).unwrap();
    world.advance_to(world.now + 35_000);
    assert_eq!((states(&mut world), holes(&mut world)), (["available", "deleted", "available"].map(str::to_owned).to_vec(), 1));
    assert_eq!(delete(&mut world, &id).unwrap_err().code, "NatGatewayNotFound");
    let free = ask(&mut world, &SERVICE, "DescribeAddresses", Value::EMPTY).unwrap();
    assert_eq!(items(&free, "addressesSet").iter().filter(|address| address.get("associationId").is_none()).count(), 1);
    world.advance_to(world.now + 61 * 60_000);
    assert_eq!(states(&mut world).len(), 2, "told for an hour");
}

#[test]
fn a_dry_run_of_a_write_writes_nothing() {
    let mut world = world();
    let before = world.digest();
    let (table, nat) = (world.network.route_tables[1].id.clone(), world.network.nats[2].id.clone());
    let route = object! { "RouteTableId" => table, "DestinationCidrBlock" => "0.0.0.0/0", "NatGatewayId" => nat, "DryRun" => "true" };
    let rule = object! {
        "GroupId" => &world.network.ecs_sg, "IpProtocol" => "tcp", "FromPort" => "22", "ToPort" => "22", "CidrIp" => "0.0.0.0/0",
        "DryRun" => "true",
    };
    let gateway = object! { "NatGatewayId" => &world.network.nats[2].id, "DryRun" => "true" };
    for (operation, members) in [("ReplaceRoute", route), ("AuthorizeSecurityGroupIngress", rule), ("DeleteNatGateway", gateway)] {
        let error = ask(&mut world, &SERVICE, operation, members).unwrap_err();
        assert_eq!((error.code.as_ref(), error.status), ("DryRunOperation", 412), "{operation}");
    }
    assert_eq!(world.digest(), before);
}

#[test]
fn rules_come_in_two_forms_and_go_by_either() {
    let mut world = world();
    let ecs = world.network.ecs_sg.clone();
    let plain = |extra: Vec<(&'static str, &'static str)>| {
        let members = [("GroupId", ecs.as_str())].into_iter().chain(extra);
        Value::Map(members.map(|(name, value)| (name.into(), Value::from(value))).collect())
    };
    let ssh = vec![("IpProtocol", "tcp"), ("FromPort", "22"), ("ToPort", "22"), ("CidrIp", "198.51.100.0/24")];
    let made = ask(&mut world, &SERVICE, "AuthorizeSecurityGroupIngress", plain(ssh.clone())).unwrap();
    assert_eq!(text(&items(&made, "securityGroupRuleSet")[0], "cidrIpv4"), "198.51.100.0/24");
    let ranges = Value::members([object! { "CidrIp" => "198.51.100.0/24" }]);
    let permission = object! { "IpProtocol" => "6", "FromPort" => "22", "ToPort" => "22", "IpRanges" => ranges };
    let question = object! { "GroupId" => &ecs, "IpPermissions" => Value::members([permission]) };
    ask(&mut world, &SERVICE, "RevokeSecurityGroupIngress", question).unwrap();
    for (members, code) in [
        (plain(ssh), "InvalidPermission.NotFound"),
        (plain(vec![]), "MissingParameter"),
        (plain(vec![("IpProtocol", "tcp"), ("FromPort", "1"), ("ToPort", "70000"), ("CidrIp", "0.0.0.0/0")]), "InvalidParameterValue"),
    ] {
        assert_eq!(ask(&mut world, &SERVICE, "RevokeSecurityGroupIngress", members).unwrap_err().code, code);
    }
}
