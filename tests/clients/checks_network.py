"""EC2 of the embedded cloud: the network, told, filtered and changed."""

import time

from harness import aware, both, has, some

EVERYWHERE = "0.0.0.0/0"


def run(h):
    vpc = vpc_and_subnets(h)
    nats = gateways(h, vpc)
    routes(h, nats)
    groups(h, vpc)
    cli(h)
    nat_loss(h, nats)


def only(member, count):
    return lambda a: None if len(a[member]) == count else f"{len(a[member])} {member}, not {count}"


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


def vpc_and_subnets(h):
    answer = h.call("ec2", "DescribeVpcs", both(only("Vpcs", 1), has(
        "Vpcs[].CidrBlockAssociationSet[].CidrBlockState.State", "Vpcs[].Tags[].Key"),
        lambda a: None if (a["Vpcs"][0]["CidrBlock"], a["Vpcs"][0]["State"]) == ("10.0.0.0/16", "available") else str(a)))
    vpc = answer["Vpcs"][0]["VpcId"]
    h.call("ec2", "DescribeVpcs", only("Vpcs", 1), VpcIds=[vpc], Filters=by("tag:Name", "production-nextcore-*"))
    h.call("ec2", "DescribeVpcs", only("Vpcs", 0), Filters=by("cidr", "10.1.0.0/16"))
    h.call("ec2", "DescribeVpcs", "InvalidVpcID.NotFound", VpcIds=["vpc-1"])
    h.call("ec2", "DescribeVpcs", "InvalidParameterValue", Filters=by("color", "red"))
    h.call("ec2", "DescribeVpcs", "DryRunOperation", DryRun=True)
    subnets = h.call("ec2", "DescribeSubnets", both(only("Subnets", 9), has("Subnets[].SubnetArn", "Subnets[].AvailabilityZoneId"),
        lambda a: None if all(0 < s["AvailableIpAddressCount"] <= 251 for s in a["Subnets"]) else "addresses",
        lambda a: None if sum(s["MapPublicIpOnLaunch"] for s in a["Subnets"]) == 3 else "public"), Filters=by("vpc-id", vpc))
    want = {f"10.0.{tier + n}.0/24" for tier in (1, 11, 21) for n in range(3)}
    h.report("subnet ranges", None if {s["CidrBlock"] for s in subnets["Subnets"]} == want else str(subnets))
    h.call("ec2", "DescribeSubnets", only("Subnets", 3), Filters=by("availability-zone", "ap-southeast-2b"))
    h.call("ec2", "DescribeSubnets", only("Subnets", 1), Filters=[*by("tag:Name", "*private*"), *by("availability-zone", "*-2?", "x"),
                                                                  *by("cidr-block", "10.0.12.0/24")])
    h.call("ec2", "DescribeSubnets", "InvalidSubnetID.NotFound", SubnetIds=["subnet-1"])
    h.call("ec2", "DescribeSubnets", "InvalidParameterCombination", SubnetIds=[subnets["Subnets"][0]["SubnetId"]], MaxResults=5)
    h.call("ec2", "DescribeSubnets", "InvalidNextToken", NextToken="rubbish")
    h.pages("ec2", "DescribeSubnets", "Subnets", 5)
    h.call("ec2", "DescribeAvailabilityZones", both(only("AvailabilityZones", 3), lambda a: None if all(
        z["State"] == "available" for z in a["AvailabilityZones"]) else str(a)), Filters=by("region-name", "ap-southeast-2"))
    h.call("ec2", "DescribeAvailabilityZones", only("AvailabilityZones", 1), ZoneNames=["ap-southeast-2c"])
    h.call("ec2", "DescribeInternetGateways", lambda a: None if a["InternetGateways"][0]["Attachments"] == [
        {"State": "available", "VpcId": vpc}] else str(a), Filters=by("attachment.vpc-id", vpc))
    h.call("ec2", "DescribeInternetGateways", "InvalidInternetGatewayID.NotFound", InternetGatewayIds=["igw-1"])
    return vpc


def gateways(h, vpc):
    answer = h.call("ec2", "DescribeNatGateways", both(only("NatGateways", 3), has(
        "NatGateways[].NatGatewayAddresses[].AllocationId", "NatGateways[].NatGatewayAddresses[].PublicIp",
        "NatGateways[].SubnetId", "NatGateways[].ConnectivityType"), aware("NatGateways.0.CreateTime")), Filter=by("vpc-id", vpc))
    nats = sorted(answer["NatGateways"], key=lambda n: n["NatGatewayAddresses"][0]["AvailabilityZone"])
    h.call("ec2", "DescribeNatGateways", only("NatGateways", 3), Filter=by("state", "available", "pending"))
    h.call("ec2", "DescribeNatGateways", only("NatGateways", 1), NatGatewayIds=[nats[0]["NatGatewayId"]])
    h.call("ec2", "DescribeNatGateways", "NatGatewayNotFound", NatGatewayIds=["nat-1"])
    allocations = {n["NatGatewayAddresses"][0]["AllocationId"] for n in nats}
    h.call("ec2", "DescribeAddresses", lambda a: None if {x["AllocationId"] for x in a["Addresses"]} == allocations and all(
        x["AssociationId"] and x["NetworkInterfaceId"] for x in a["Addresses"]) else str(a))
    h.call("ec2", "DescribeAddresses", only("Addresses", 1), Filters=by("allocation-id", *list(allocations)[:1]))
    h.call("ec2", "DescribeAddresses", "InvalidAllocationID.NotFound", AllocationIds=["eipalloc-1"])
    h.call("ec2", "DescribeAddresses", "InvalidAddress.NotFound", PublicIps=["192.0.2.1"])
    return nats


def default_route(table):
    return next((r for r in table["Routes"] if r["DestinationCidrBlock"] == EVERYWHERE), None)


def routes(h, nats):
    answer = h.call("ec2", "DescribeRouteTables", both(only("RouteTables", 6), has("RouteTables[].Associations[].SubnetId"),
        lambda a: None if sum(any(x["Main"] for x in t["Associations"]) for t in a["RouteTables"]) == 1 else "main table"))
    h.pages("ec2", "DescribeRouteTables", "RouteTables", 5)
    h.call("ec2", "DescribeRouteTables", "InvalidParameterValue", MaxResults=101)
    h.call("ec2", "DescribeRouteTables", only("RouteTables", 0), Filters=by("route.state", "blackhole"))
    h.call("ec2", "DescribeRouteTables", only("RouteTables", 1), Filters=by("association.main", "true"))
    own = nats[0]["NatGatewayId"]
    table = next(t for t in answer["RouteTables"] if (default_route(t) or {}).get("NatGatewayId") == own)
    route = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": EVERYWHERE, "NatGatewayId": nats[1]["NatGatewayId"]}
    h.call("ec2", "ReplaceRoute", "DryRunOperation", DryRun=True, **route)
    h.call("ec2", "ReplaceRoute", "InvalidRoute.NotFound", **{**route, "DestinationCidrBlock": "1.2.3.0/24"})
    h.call("ec2", "ReplaceRoute", "InvalidNatGatewayID.NotFound", **{**route, "NatGatewayId": "nat-1"})
    h.call("ec2", "ReplaceRoute", "InvalidNatGatewayID.NotFound", DryRun=True, **{**route, "NatGatewayId": "nat-1"})
    h.call("ec2", "ReplaceRoute", "InvalidRouteTableID.NotFound", **{**route, "RouteTableId": "rtb-1"})
    h.call("ec2", "ReplaceRoute", "InvalidParameterValue", **{**route, "DestinationCidrBlock": "10.0.0.0/16"})
    leads = lambda nat: lambda a: None if default_route(a["RouteTables"][0])["NatGatewayId"] == nat else str(a)  # noqa: E731
    for nat in (nats[1]["NatGatewayId"], own):
        h.call("ec2", "ReplaceRoute", None, **{**route, "NatGatewayId": nat})
        h.call("ec2", "DescribeRouteTables", leads(nat), RouteTableIds=[table["RouteTableId"]])


def nat_loss(h, nats):
    """A gateway is deleted for good; its zone then goes out through another one, so that the other topics find their network."""
    gone, other = nats[2]["NatGatewayId"], nats[1]["NatGatewayId"]
    holes = by("route.state", "blackhole")
    h.call("ec2", "DeleteNatGateway", "DryRunOperation", DryRun=True, NatGatewayId=gone)
    h.call("ec2", "DeleteNatGateway", "NatGatewayNotFound", NatGatewayId="nat-1")
    h.call("ec2", "DeleteNatGateway", lambda a: None if a["NatGatewayId"] == gone else str(a), NatGatewayId=gone)
    h.call("ec2", "DescribeNatGateways", only("NatGateways", 1), Filter=by("state", "deleting"))
    table = h.call("ec2", "DescribeRouteTables", only("RouteTables", 1), Filters=holes)["RouteTables"][0]["RouteTableId"]
    h.call("ec2", "ReplaceRoute", "InvalidNatGatewayID.NotFound", RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=gone)
    h.call("ec2", "ReplaceRoute", None, RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=other)
    h.call("ec2", "DescribeRouteTables", only("RouteTables", 0), Filters=holes)
    for _ in range(30):
        state = h.client("ec2").describe_nat_gateways(NatGatewayIds=[gone])["NatGateways"][0]["State"]
        if state != "deleting":
            break
        time.sleep(2)
    h.report("a deleted NAT gateway is gone within a minute", None if state == "deleted" else state)
    h.call("ec2", "DeleteNatGateway", "NatGatewayNotFound", NatGatewayId=gone)
    h.aws("ec2", "delete-nat-gateway", "--nat-gateway-id", gone, expect="NatGatewayNotFound")


def groups(h, vpc):
    answer = h.call("ec2", "DescribeSecurityGroups", both(only("SecurityGroups", 5), has(
        "SecurityGroups[].IpPermissions[].UserIdGroupPairs[].GroupId", "SecurityGroups[].IpPermissionsEgress[].IpRanges[].CidrIp")),
        Filters=by("vpc-id", vpc))
    h.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", 5)
    ids = {g["GroupName"].removeprefix("production-nextcore-"): g["GroupId"] for g in answer["SecurityGroups"]}
    alb, ecs, rds = ids["alb"], ids["ecs-tasks"], ids["rds"]
    h.call("ec2", "DescribeSecurityGroups", "InvalidGroup.NotFound", GroupIds=["sg-1"])

    def as_seed(a):
        found = {(r["IsEgress"], r["FromPort"], r.get("CidrIpv4") or r["ReferencedGroupInfo"]["GroupId"]) for r in a["SecurityGroupRules"]}
        want = {(False, 8000, alb), (False, 3000, alb), (False, -1, ecs), (True, 5432, rds), (True, 6379, ids["redis"]), (True, 443, EVERYWHERE)}
        return None if found == want else str(found)

    rules = h.call("ec2", "DescribeSecurityGroupRules", both(as_seed, has("SecurityGroupRules[].SecurityGroupRuleArn")), Filters=by("group-id", ecs))
    h.call("ec2", "DescribeSecurityGroupRules", lambda a: None if not any(r["IsEgress"] for r in a["SecurityGroupRules"]) else "egress",
           Filters=by("group-id", rds, ids["redis"]))
    h.pages("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", 7)
    ssh = {"GroupId": ecs, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [
        {"CidrIp": "198.51.100.0/24", "Description": "drift"}], "UserIdGroupPairs": [{"GroupId": alb}]}]}
    h.call("ec2", "AuthorizeSecurityGroupIngress", "DryRunOperation", DryRun=True, **ssh)
    made = h.call("ec2", "AuthorizeSecurityGroupIngress", both(only("SecurityGroupRules", 2), lambda a: None if a["Return"] else "false"), **ssh)
    h.call("ec2", "AuthorizeSecurityGroupIngress", "InvalidPermission.Duplicate", **ssh)
    h.call("ec2", "AuthorizeSecurityGroupIngress", "InvalidParameterValue", GroupId=ecs, IpProtocol="tcp", FromPort=1, ToPort=2, CidrIp="x")
    h.call("ec2", "AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", **{**ssh, "GroupId": "sg-1"})
    h.call("ec2", "DescribeSecurityGroupRules", only("SecurityGroupRules", len(rules["SecurityGroupRules"]) + 2), Filters=by("group-id", ecs))
    h.call("ec2", "RevokeSecurityGroupIngress", only("RevokedSecurityGroupRules", 1), GroupId=ecs,
           SecurityGroupRuleIds=[made["SecurityGroupRules"][0]["SecurityGroupRuleId"]])
    left = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    peers = {"CidrIpv4": ("IpRanges", "CidrIp"), "ReferencedGroupInfo": ("UserIdGroupPairs", "GroupId")}
    rest = made["SecurityGroupRules"][1]
    member, (kind, key) = next((m, p) for m, p in peers.items() if m in rest)
    value = rest[member]["GroupId"] if isinstance(rest[member], dict) else rest[member]
    revoke = {"GroupId": ecs, "IpPermissions": [{**left, kind: [{key: value}]}]}
    h.call("ec2", "RevokeSecurityGroupIngress", only("RevokedSecurityGroupRules", 1), **revoke)
    h.call("ec2", "RevokeSecurityGroupIngress", "InvalidPermission.NotFound", **revoke)
    h.call("ec2", "RevokeSecurityGroupIngress", "InvalidSecurityGroupRuleId.NotFound", GroupId=ecs, SecurityGroupRuleIds=["sgr-1"])
    out = {"GroupId": rds, "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}]}
    h.call("ec2", "AuthorizeSecurityGroupEgress", only("SecurityGroupRules", 1), **out)
    h.call("ec2", "RevokeSecurityGroupEgress", only("RevokedSecurityGroupRules", 1), **out)
    h.call("ec2", "DescribeSecurityGroupRules", as_seed, Filters=by("group-id", ecs))
    h.call("ec2", "RunInstances", "InvalidAction", MinCount=1, MaxCount=1)


def cli(h):
    h.aws("ec2", "describe-nat-gateways", "--filter", "Name=state,Values=available", expect=some("NatGateways"))
    h.aws("ec2", "describe-subnets", "--page-size", "5", expect=lambda a: None if len(a["Subnets"]) == 9 else str(a))
    h.aws("ec2", "describe-route-tables", "--route-table-ids", "rtb-1", expect="InvalidRouteTableID.NotFound")
