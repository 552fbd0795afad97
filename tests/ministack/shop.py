#!/usr/bin/env python3
"""Create another team's stack in ministack: two zones, one NAT gateway, HTTPS only, two load balancers, two databases, no cache, no address plan of the seed's.

    shop.py http://127.0.0.1:4566

Everything that it has is in shop.toml, which check.py holds a snapshot against. Nothing is continued: run it once."""

import sys

from cloud import Cloud, Steps

REGION, NAME = "eu-west-1", "shop"
AZS = [REGION + "a", REGION + "b"]
# name, desired, port, rule
SERVICES = [("api", 2, 8080, "/api/*"), ("storefront", 2, 4000, None), ("worker", 1, None, None), ("celery-beat", 1, None, None),
            ("billing", 1, 9000, None)]


def network(c, s):
    vpc = c.ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    internet = c.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    c.ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    subnets = {tier: [c.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{base + i}.0/24", AvailabilityZone=az)["Subnet"]["SubnetId"]
                      for i, az in enumerate(AZS)] for base, tier in ((0, "public"), (100, "app"), (200, "data"))}
    address = c.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = c.ec2.create_nat_gateway(SubnetId=subnets["public"][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    for tier, default in (("public", {"GatewayId": internet}), ("app", {"NatGatewayId": nat}), ("data", None)):
        table = c.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        if default:
            c.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **default)
        for subnet in subnets[tier]:
            c.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    sg = {n: c.ec2.create_security_group(GroupName=f"{NAME}-{n}", Description=n, VpcId=vpc)["GroupId"] for n in ("lb", "app", "db")}

    def enter(group, port, peer):
        peer = {"IpRanges": [{"CidrIp": peer}]} if "/" in peer else {"UserIdGroupPairs": [{"GroupId": sg[peer]}]}
        c.ec2.authorize_security_group_ingress(
            GroupId=sg[group], IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}])

    for rule in (("lb", 443, "0.0.0.0/0"), ("app", 8080, "lb"), ("app", 4000, "lb"), ("app", 9000, "app"), ("lb", 80, "10.40.0.0/16"), ("app", 9000, "lb"), ("db", 3306, "app")):
        enter(*rule)
    return vpc, subnets, sg


def balancer(c, s, vpc, subnets, sg):
    c.elbv2.meta.events.register("before-call.elastic-load-balancing-v2.CreateLoadBalancer",
                                 lambda params, **_: params["body"].update(VpcId=vpc))
    arn = c.elbv2.create_load_balancer(
        Name=f"{NAME}-lb", Subnets=subnets["public"], SecurityGroups=[sg["lb"]], Scheme="internet-facing")["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {name: c.elbv2.create_target_group(
        Name=f"{NAME}-{name}", Protocol="HTTP", Port=port, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        for name, _, port, _ in SERVICES if port}
    forward = lambda name: [{"Type": "forward", "TargetGroupArn": groups[name]}]  # noqa: E731
    listener = c.elbv2.create_listener(
        LoadBalancerArn=arn, Protocol="HTTPS", Port=443, DefaultActions=forward("storefront"),
        Certificates=[{"CertificateArn": f"arn:aws:acm:{REGION}:000000000000:certificate/shop"}])["Listeners"][0]["ListenerArn"]
    c.elbv2.create_rule(ListenerArn=listener, Priority=10, Actions=forward("api"),
                        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}])
    internal = c.elbv2.create_load_balancer(
        Name=f"{NAME}-internal", Subnets=subnets["app"], SecurityGroups=[sg["lb"]], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
    c.elbv2.create_listener(LoadBalancerArn=internal, Protocol="HTTP", Port=80, DefaultActions=forward("billing"))
    return groups


def services(c, s, subnets, sg, groups):
    c.ecs.create_cluster(clusterName=NAME)
    c.logs.create_log_group(logGroupName=f"/{NAME}/services")
    for k, (name, desired, port, _) in enumerate(SERVICES):
        container = {"name": name, "essential": True, "image": f"000000000000.dkr.ecr.{REGION}.amazonaws.com/{NAME}/{name}:1",
                     "logConfiguration": {"logDriver": "awslogs", "options": {
                         "awslogs-group": f"/{NAME}/services", "awslogs-region": REGION, "awslogs-stream-prefix": name}},
                     "environment": [{"name": "DATABASE_HOST", "value": "not to be read"}]}
        if port:
            container["portMappings"] = [{"containerPort": port, "protocol": "tcp"}]
        definition = c.ecs.register_task_definition(
            family=f"{NAME}-{name}", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]
        more = {"loadBalancers": [{"targetGroupArn": groups[name], "containerName": name, "containerPort": port}]} if port else {}
        c.ecs.create_service(
            cluster=NAME, serviceName=name, taskDefinition=definition, desiredCount=desired, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets["app"], "securityGroups": [sg["app"]]}}, **more)
        if port:
            # ministack gives its tasks no address: what is registered stands for them.
            c.elbv2.register_targets(TargetGroupArn=groups[name], Targets=[{"Id": f"10.40.{100 + i}.{10 + k}", "Port": port} for i in range(desired)])


def main():
    c, s = Cloud(sys.argv[1], REGION), Steps(False)
    vpc, subnets, sg = network(c, s)
    groups = balancer(c, s, vpc, subnets, sg)
    services(c, s, subnets, sg, groups)
    c.rds.create_db_subnet_group(DBSubnetGroupName=NAME, DBSubnetGroupDescription=NAME, SubnetIds=subnets["data"])
    for name in ("mysql", "orders"):
        c.rds.create_db_instance(
            DBInstanceIdentifier=f"{NAME}-{name}", Engine="mysql", EngineVersion="8.0", DBInstanceClass="db.t3.medium", AllocatedStorage=20,
            MasterUsername="shop", MasterUserPassword="only-for-the-emulator", DBSubnetGroupName=NAME, VpcSecurityGroupIds=[sg["db"]])


if __name__ == "__main__":
    main()
