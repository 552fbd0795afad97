#!/usr/bin/env python3
"""Create the NextCore stack, whole, in an independent AWS emulator (ministack).

    provision.py http://127.0.0.1:4566 [--minutes 60] [--feed SECONDS] [--strict]

Credentials are dummies, the region is ap-southeast-2. The script may be run again at any time: what exists is
left alone, and metrics and log lines are continued from the newest one that is stored. A step that the emulator
refuses is reported by name on stdout and the script goes on. Exit status: 0 if anything worked; with --strict the
refusals and substitutions are listed at the end with their error, and any of them makes the status 1.
"""

import argparse
import datetime as dt
import json
import math
import sys
import time

import systems
from cloud import (AZS, BUCKETS, DB, LOG_GROUP, NAME, REDIS, REGION, REPOSITORIES, SERVICES, TG_OF, Cloud, Steps, by_tag, spec, tag)


# ---------------------------------------------------------------- network


def network(c, s):
    found = s.run("ec2 DescribeVpcs", lambda: by_tag(c.ec2.describe_vpcs()["Vpcs"], "VpcId"), quiet=True) or {}
    vpc = found.get(f"{NAME}-vpc")
    if vpc:
        s.already("vpc")
    else:
        vpc = s.run("vpc", lambda: c.ec2.create_vpc(
            CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc", f"{NAME}-vpc"))["Vpc"]["VpcId"])
    if not vpc:
        return None, {}, {}

    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    existing = by_tag(c.ec2.describe_subnets(Filters=of_vpc)["Subnets"], "SubnetId")
    subnets = {}
    for base, tier in ((0, "public"), (10, "private"), (20, "database")):
        for i, az in enumerate(AZS, 1):
            name = f"{NAME}-{tier}-{az[-1]}"
            if name in existing:
                s.already(f"subnet {name}")
                subnet = existing[name]
            else:
                subnet = s.run(f"subnet {name}", lambda: c.ec2.create_subnet(
                    VpcId=vpc, CidrBlock=f"10.0.{base + i}.0/24", AvailabilityZone=az,
                    TagSpecifications=spec("subnet", name))["Subnet"]["SubnetId"])
            if subnet:
                subnets.setdefault(tier, []).append(subnet)
    systems.gateways(c, s, vpc, subnets)

    groups = {g["GroupName"]: g["GroupId"] for g in c.ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]}
    sg = {}
    for short in ("alb", "ecs", "rds", "redis"):
        name = f"{NAME}-{short}"
        if name in groups:
            s.already(f"security group {name}")
            sg[short] = groups[name]
        else:
            sg[short] = s.run(f"security group {name}", lambda: c.ec2.create_security_group(
                GroupName=name, Description=f"NextCore {short}", VpcId=vpc,
                TagSpecifications=spec("security-group", name))["GroupId"])

    def rule(direction, short, port, peer):
        permission = {"IpProtocol": "-1"} if port is None else {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        if peer == "world":
            permission["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]
        else:
            permission["UserIdGroupPairs"] = [{"GroupId": sg[peer]}]
        call = {"ingress": c.ec2.authorize_security_group_ingress, "egress": c.ec2.authorize_security_group_egress,
                "revoke egress": c.ec2.revoke_security_group_egress}[direction]
        s.run(f"{direction} {short} {port or 'all'} {peer}", lambda: call(GroupId=sg[short], IpPermissions=[permission]))

    # A new group lets everything out; the seed lets out what it names, and nothing from the database and Redis.
    egress = {g["GroupId"]: g.get("IpPermissionsEgress", []) for g in c.ec2.describe_security_groups(
        GroupIds=[g for g in sg.values() if g])["SecurityGroups"]}
    for short, group in sg.items():
        if any(p["IpProtocol"] == "-1" for p in egress.get(group, [])):
            rule("revoke egress", short, None, "world")
    for one in (("ingress", "alb", 80, "world"), ("ingress", "alb", 443, "world"),
                ("egress", "alb", 8000, "ecs"), ("egress", "alb", 3000, "ecs"),
                ("ingress", "ecs", 8000, "alb"), ("ingress", "ecs", 3000, "alb"), ("ingress", "ecs", None, "ecs"),
                ("egress", "ecs", 5432, "rds"), ("egress", "ecs", 6379, "redis"), ("egress", "ecs", 443, "world"),
                ("ingress", "rds", 5432, "ecs"), ("ingress", "redis", 6379, "ecs")):
        rule(*one)
    return vpc, subnets, sg


# ---------------------------------------------------------------- load balancer


def load_balancer(c, s, vpc, subnets, sg):
    # ministack does not take the VPC from the subnets, but from a parameter that AWS does not have.
    c.elbv2.meta.events.register("before-call.elastic-load-balancing-v2.CreateLoadBalancer",
                                 lambda params, **_: params["body"].update(VpcId=vpc))
    lb = s.run("alb", lambda: c.elbv2.create_load_balancer(
        Name=NAME, Subnets=subnets["public"], SecurityGroups=[sg["alb"]], Scheme="internet-facing",
        Type="application", IpAddressType="ipv4", Tags=tag(NAME))["LoadBalancers"][0])
    if not lb:
        lb = s.run("elbv2 DescribeLoadBalancers", lambda: c.elbv2.describe_load_balancers(
            Names=[NAME])["LoadBalancers"][0], quiet=True)
    groups = {}
    for service, _, _, _, _, _, port, path in SERVICES:
        name = TG_OF.get(service)
        if not name:
            continue
        group = s.run(f"target group {name}", lambda: c.elbv2.create_target_group(
            Name=name, Protocol="HTTP", Port=port, VpcId=vpc, TargetType="ip", HealthCheckPath=path,
            HealthCheckIntervalSeconds=30, HealthCheckTimeoutSeconds=5, HealthyThresholdCount=2,
            UnhealthyThresholdCount=3, Matcher={"HttpCode": "200"}, Tags=tag(name))["TargetGroups"][0])
        if not group:
            group = s.run("elbv2 DescribeTargetGroups", lambda: c.elbv2.describe_target_groups(
                Names=[name])["TargetGroups"][0], quiet=True)
        if group:
            groups[service] = group["TargetGroupArn"]
            s.run(f"target group attributes {name}", lambda: c.elbv2.modify_target_group_attributes(
                TargetGroupArn=group["TargetGroupArn"],
                Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]))
    if not lb:
        return None, groups
    arn = lb["LoadBalancerArn"]
    s.substitute("alb", "the VPC is given in a parameter of ministack: it does not take it from the subnets")

    listeners = s.run("elbv2 DescribeListeners", lambda: {
        item["Port"]: item["ListenerArn"]
        for item in c.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]}, quiet=True) or {}
    redirect = {"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301", "Host": "#{host}", "Path": "/#{path}",
        "Query": "#{query}"}}
    if 80 in listeners:
        s.already("listener 80")
    else:
        s.run("listener 80 redirect", lambda: c.elbv2.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[redirect]))

    https = listeners.get(443)
    if https:
        s.already("listener 443")
    elif "web" in groups:
        forward = [{"Type": "forward", "TargetGroupArn": groups["web"]}]
        certificate = s.run("acm certificate", lambda: c.acm.request_certificate(
            DomainName="nextcore.ai", ValidationMethod="DNS", IdempotencyToken="nextcore")["CertificateArn"])
        certificate = certificate or f"arn:aws:acm:{REGION}:000000000000:certificate/00000000-nextcore"
        made = s.run("listener 443 HTTPS", lambda: c.elbv2.create_listener(
            LoadBalancerArn=arn, Protocol="HTTPS", Port=443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[{"CertificateArn": certificate}], DefaultActions=forward)["Listeners"][0]["ListenerArn"])
        if not made:
            made = s.run("listener 443 HTTP", lambda: c.elbv2.create_listener(
                LoadBalancerArn=arn, Protocol="HTTP", Port=443, DefaultActions=forward)
                ["Listeners"][0]["ListenerArn"])
            if made:
                s.substitute("listener 443", "HTTP instead of HTTPS")
        https = made
    if https and "control-plane" in groups:
        rules = s.run("elbv2 DescribeRules", lambda: [
            r for r in c.elbv2.describe_rules(ListenerArn=https)["Rules"] if not r.get("IsDefault")],
            quiet=True) or []
        if rules:
            s.already("rule /api/*")
        else:
            s.run("rule /api/*", lambda: c.elbv2.create_rule(
                ListenerArn=https, Priority=10,
                Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}],
                Actions=[{"Type": "forward", "TargetGroupArn": groups["control-plane"]}]))
    return arn, groups


# ---------------------------------------------------------------- ECS, autoscaling


def ecs(c, s, subnets, sg, groups, account, secrets):
    s.run("ecs cluster", lambda: c.ecs.create_cluster(
        clusterName=NAME, settings=[{"name": "containerInsights", "value": "enabled"}],
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]))
    living = s.run("ecs DescribeServices", lambda: {
        x["serviceName"] for x in c.ecs.describe_services(
            cluster=NAME, services=[name for name, *_ in SERVICES])["services"] if x["status"] == "ACTIVE"},
        quiet=True) or set()
    for name, desired, _, _, cpu, memory, port, path in SERVICES:
        if name in living:
            s.already(f"service {name}")
            continue
        container = {
            "name": name, "essential": True,
            "image": f"{account}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORIES[name]}:v1",
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": LOG_GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": name}},
            "environment": [{"name": "DJANGO_SETTINGS_MODULE", "value": "nextcore.settings"}],
            "secrets": [{"name": short.upper(), "valueFrom": arn} for short, arn in secrets.items()],
        }
        if port:
            container["portMappings"] = [{"containerPort": port, "protocol": "tcp"}]
            container["healthCheck"] = {"command": ["CMD-SHELL", f"curl -fs http://localhost:{port}{path} || exit 1"],
                                        "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60}
        definition = s.run(f"task definition {name}", lambda: c.ecs.register_task_definition(
            family=f"{NAME}-{name}", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu=str(cpu),
            memory=str(memory), executionRoleArn=f"arn:aws:iam::{account}:role/{NAME}-ecs-execution",
            taskRoleArn=f"arn:aws:iam::{account}:role/{NAME}-ecs-task",
            containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"])
        request = {
            "cluster": NAME, "serviceName": name, "taskDefinition": definition or f"{NAME}-{name}",
            "desiredCount": desired, "launchType": "FARGATE", "platformVersion": "1.4.0",
            "enableExecuteCommand": True, "propagateTags": "SERVICE",
            "deploymentConfiguration": {
                "maximumPercent": 200, "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            "networkConfiguration": {"awsvpcConfiguration": {
                "subnets": subnets.get("private", []), "securityGroups": [sg["ecs"]], "assignPublicIp": "DISABLED"}},
        }
        if name in groups:
            request["healthCheckGracePeriodSeconds"] = 60
            request["loadBalancers"] = [
                {"targetGroupArn": groups[name], "containerName": name, "containerPort": port}]
        s.run(f"service {name}", lambda: c.ecs.create_service(**request))


def tasks(c, s):
    """The running tasks of each service, as DescribeTasks shows them."""
    result = {}
    for name, *_ in SERVICES:
        def running(service=name):
            arns = c.ecs.list_tasks(cluster=NAME, serviceName=service)["taskArns"]
            return c.ecs.describe_tasks(cluster=NAME, tasks=arns)["tasks"] if arns else []
        result[name] = s.run(f"ecs tasks of {name}", running, quiet=True) or []
    return result


def targets(c, s, groups, running):
    """Register the task addresses, unless the emulator did it when it created the service.

    ministack without docker gives its tasks no network interface, hence no address and no target: the addresses
    are then invented, one per task, so that the target groups are not empty. They cannot be joined to the tasks.
    """
    for k, (service, group) in enumerate(groups.items()):
        port = next(x[6] for x in SERVICES if x[0] == service)
        wanted = {d["value"] for t in running[service] for a in t.get("attachments", [])
                  for d in a.get("details", []) if d["name"] == "privateIPv4Address"}
        if not wanted and running[service]:
            wanted = {f"10.0.{11 + i % 3}.{20 + 40 * k + i // 3}" for i in range(len(running[service]))}
            s.substitute(f"targets of {service}", "the tasks have no address: invented ones are registered")
        have = s.run(f"target health {service}", lambda: {
            d["Target"]["Id"] for d in c.elbv2.describe_target_health(
                TargetGroupArn=group)["TargetHealthDescriptions"]}, quiet=True) or set()
        if have == wanted:
            s.already(f"targets of {service}")
        if wanted - have:
            s.run(f"targets of {service}", lambda: c.elbv2.register_targets(
                TargetGroupArn=group, Targets=[{"Id": ip, "Port": port} for ip in sorted(wanted - have)]))
        if have - wanted:
            s.run(f"old targets of {service}", lambda: c.elbv2.deregister_targets(
                TargetGroupArn=group, Targets=[{"Id": ip, "Port": port} for ip in sorted(have - wanted)]))


def autoscaling(c, s):
    for name, _, low, high, *_ in SERVICES:
        scope = {"ServiceNamespace": "ecs", "ResourceId": f"service/{NAME}/{name}",
                 "ScalableDimension": "ecs:service:DesiredCount"}
        s.run(f"scalable target {name} {low}-{high}", lambda: c.aas.register_scalable_target(
            **scope, MinCapacity=low, MaxCapacity=high))
        for metric, value in (("CPUUtilization", 70.0), ("MemoryUtilization", 80.0)):
            s.run(f"scaling policy {name} {metric}", lambda: c.aas.put_scaling_policy(
                **scope, PolicyName=f"{NAME}-{name}-{metric[:3].lower()}", PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": value, "ScaleInCooldown": 300, "ScaleOutCooldown": 60,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": f"ECSServiceAverage{metric}"}}))


# ---------------------------------------------------------------- database, cache


def database(c, s, subnets, sg, key):
    s.run("db subnet group", lambda: c.rds.create_db_subnet_group(
        DBSubnetGroupName=DB, DBSubnetGroupDescription="NextCore", SubnetIds=subnets.get("database", [])))
    s.run("db parameter group", lambda: c.rds.create_db_parameter_group(
        DBParameterGroupName=DB, DBParameterGroupFamily="postgres15", Description="NextCore"))
    s.run("db parameters", lambda: c.rds.modify_db_parameter_group(DBParameterGroupName=DB, Parameters=[
        {"ParameterName": "rds.allowed_extensions", "ParameterValue": "vector,pg_stat_statements", "ApplyMethod": "immediate"},
        {"ParameterName": "max_connections", "ParameterValue": "400", "ApplyMethod": "pending-reboot"}]))
    s.run("db instance", lambda: c.rds.create_db_instance(
        DBInstanceIdentifier=DB, Engine="postgres", EngineVersion="15.8", DBInstanceClass="db.t3.large",
        AllocatedStorage=100, StorageType="gp3", MultiAZ=True, StorageEncrypted=True, BackupRetentionPeriod=7,
        MasterUsername="nextcore", MasterUserPassword="not-a-secret", DBName="nextcore", DBSubnetGroupName=DB, DBParameterGroupName=DB,
        VpcSecurityGroupIds=[sg["rds"]], PubliclyAccessible=False, EnablePerformanceInsights=True,
        **({"KmsKeyId": key} if key else {}),
        MonitoringInterval=60, DeletionProtection=True,
        MonitoringRoleArn="arn:aws:iam::000000000000:role/rds-monitoring"))


def cache(c, s, subnets, sg):
    s.run("cache subnet group", lambda: c.elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=REDIS, CacheSubnetGroupDescription="NextCore", SubnetIds=subnets.get("private", [])))

    def create(shards):
        return c.elasticache.create_replication_group(
            ReplicationGroupId=REDIS, ReplicationGroupDescription="NextCore cache and broker", Engine="redis",
            EngineVersion="7.0", CacheNodeType="cache.t3.medium", NumNodeGroups=shards, ReplicasPerNodeGroup=1,
            AutomaticFailoverEnabled=True, MultiAZEnabled=True, TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=True, AuthToken="not-a-secret-token-0", CacheSubnetGroupName=REDIS,
            SecurityGroupIds=[sg["redis"]], SnapshotRetentionLimit=7)

    have = {g["ReplicationGroupId"]: len(g["NodeGroups"]) for g in s.run(
        "elasticache DescribeReplicationGroups",
        lambda: c.elasticache.describe_replication_groups()["ReplicationGroups"], quiet=True) or []}
    if REDIS in have:
        s.already("replication group")
        if have[REDIS] != 2:
            s.substitute("replication group", f"{have[REDIS]} node groups instead of 2")
    elif not s.run("replication group, 2 node groups", lambda: create(2)):
        if s.run("replication group, 3 node groups", lambda: create(3)):
            s.substitute("replication group", "3 node groups instead of 2")


# ---------------------------------------------------------------- alarms, metrics, logs


def metric_specs(c, s, alb, groups, edge):
    """(namespace, name, dimensions, unit, function of the minute -> value or list of values)."""
    def wave(middle, swing, period, phase=0.0):
        return lambda m: max(0.0, middle + swing * math.sin(2 * math.pi * (m / period) + phase))

    def flat(value):
        return lambda m: float(value)

    specs = []

    def add(namespace, dimensions, rows):
        dims = [{"Name": k, "Value": v} for k, v in dimensions.items()]
        specs.extend((namespace, name, dims, unit, value) for name, unit, value in rows)

    for i, (name, desired, *_rest) in enumerate(SERVICES):
        where = {"ClusterName": NAME, "ServiceName": name}
        add("AWS/ECS", where, [
            ("CPUUtilization", "Percent", wave(34 + 9 * i, 12, 23, i)),
            ("MemoryUtilization", "Percent", wave(52 + 5 * i, 4, 41, i))])
        add("ECS/ContainerInsights", where, [
            ("RunningTaskCount", "Count", flat(desired)), ("DesiredTaskCount", "Count", flat(desired)),
            ("PendingTaskCount", "Count", flat(0)), ("RestartCount", "Count", flat(0)),
            ("NetworkRxBytes", "Bytes/Second", wave(48e3, 9e3, 21, i)),
            ("NetworkTxBytes", "Bytes/Second", wave(91e3, 20e3, 21, i)), ("StorageReadBytes", "Bytes", flat(4096 * (1 + i)))])
    if alb:
        requests = wave(1400, 350, 37)
        latency = lambda m: [0.02 + 0.004 * k + 0.002 * (m % 7) for k in range(9)] + [0.18 + 0.01 * (m % 5)]  # noqa: E731
        dims = {"LoadBalancer": alb.split(":loadbalancer/")[-1]}
        add("AWS/ApplicationELB", dims, [
            ("RequestCount", "Count", requests), ("HTTPCode_Target_2XX_Count", "Count", lambda m: requests(m) * 0.97),
            ("HTTPCode_Target_4XX_Count", "Count", lambda m: requests(m) * 0.02),
            ("HTTPCode_Target_5XX_Count", "Count", lambda m: float(m % 3)),
            ("HTTPCode_ELB_5XX_Count", "Count", flat(0)), ("TargetResponseTime", "Seconds", latency),
            ("ActiveConnectionCount", "Count", wave(220, 40, 29)), ("RejectedConnectionCount", "Count", flat(0)),
            ("TargetConnectionErrorCount", "Count", flat(0))])
        for service, group in groups.items():
            share = 0.65 if service == "control-plane" else 0.35
            add("AWS/ApplicationELB", {**dims, "TargetGroup": group.split(":")[-1]}, [
                ("HealthyHostCount", "Count", flat(2)), ("UnHealthyHostCount", "Count", flat(0)),
                ("RequestCount", "Count", lambda m, share=share: requests(m) * share),
                ("RequestCountPerTarget", "Count", lambda m, share=share: requests(m) * share / 2),
                ("HTTPCode_Target_4XX_Count", "Count", lambda m, share=share: requests(m) * 0.02 * share),
                ("HTTPCode_Target_5XX_Count", "Count", lambda m: float(m % 2)),
                ("TargetResponseTime", "Seconds", latency)])
    gib = 1024.0 ** 3
    add("AWS/RDS", {"DBInstanceIdentifier": DB}, [
        ("CPUUtilization", "Percent", wave(31, 9, 31)), ("DatabaseConnections", "Count", wave(74, 10, 19)),
        ("FreeStorageSpace", "Bytes", lambda m: 62 * gib - (m % 60) * 4e6),
        ("FreeableMemory", "Bytes", wave(2.9 * gib, 0.2 * gib, 43)), ("SwapUsage", "Bytes", flat(12e6)),
        ("ReadLatency", "Seconds", wave(0.0014, 0.0004, 17)), ("WriteLatency", "Seconds", wave(0.0031, 0.0006, 17)),
        ("ReadIOPS", "Count/Second", wave(310, 60, 13)), ("WriteIOPS", "Count/Second", wave(190, 50, 13)),
        ("DiskQueueDepth", "Count", wave(0.4, 0.2, 11)), ("CPUCreditBalance", "Count", flat(611)),
        ("DBLoad", "Count", wave(0.8, 0.3, 21))])
    nodes = s.run("elasticache DescribeCacheClusters", lambda: c.elasticache.describe_cache_clusters(
        ShowCacheNodeInfo=True)["CacheClusters"], quiet=True) or []
    for i, node in enumerate(n for n in nodes if n.get("ReplicationGroupId") == REDIS):
        identifier = node["CacheClusterId"]
        primary = identifier.endswith("-001")
        rows = [
            ("CPUUtilization", "Percent", wave(14, 4, 27, i)), ("EngineCPUUtilization", "Percent", wave(11, 4, 27, i)),
            ("DatabaseMemoryUsagePercentage", "Percent", wave(38 + i, 2, 47, i)),
            ("CurrConnections", "Count", wave(48 if primary else 9, 4, 15, i)),
            ("NewConnections", "Count", wave(6, 2, 15, i)), ("Evictions", "Count", flat(0)),
            ("CacheHits", "Count", wave(5200, 700, 25, i)), ("CacheMisses", "Count", wave(240, 40, 25, i)),
            ("CacheHitRate", "Percent", wave(95.4, 0.6, 25, i)), ("SwapUsage", "Bytes", flat(0)),
            ("IsMaster", "Count", flat(1 if primary else 0))]
        if not primary:
            rows += [("ReplicationLag", "Seconds", wave(0.3, 0.2, 9)), ("MasterLinkHealthStatus", "Count", flat(1))]
        add("AWS/ElastiCache", {"CacheClusterId": identifier, "CacheNodeId": "0001"}, rows)
    add("AWS/Logs", {"LogGroupName": LOG_GROUP}, [
        ("IncomingLogEvents", "Count", wave(420, 60, 33)), ("IncomingBytes", "Bytes", wave(84e3, 9e3, 33))])
    for i, gateway in enumerate(edge["nat"]):
        add("AWS/NATGateway", {"NatGatewayId": gateway}, [
            ("BytesInFromDestination", "Bytes", wave(6e6, 1e6, 19, i)), ("BytesOutToDestination", "Bytes", wave(2e6, 4e5, 19, i)),
            ("ErrorPortAllocation", "Count", flat(0)), ("PacketsDropCount", "Count", flat(0)),
            ("ConnectionAttemptCount", "Count", wave(300, 40, 17, i)),
            ("ConnectionEstablishedCount", "Count", wave(298, 40, 17, i)), ("ActiveConnectionCount", "Count", wave(90, 12, 17, i))])
    if edge["distribution"]:
        add("AWS/CloudFront", {"DistributionId": edge["distribution"], "Region": "Global"}, [
            ("Requests", "None", wave(2600, 500, 37)), ("5xxErrorRate", "Percent", flat(0.05)),
            ("4xxErrorRate", "Percent", wave(1.2, 0.3, 23)), ("BytesDownloaded", "None", wave(9e7, 1e7, 37))])
    if edge["check"]:
        add("AWS/Route53", {"HealthCheckId": edge["check"]}, [
            ("HealthCheckStatus", "None", flat(1)), ("HealthCheckPercentageHealthy", "Percent", flat(100))])
    for i, bucket in enumerate(BUCKETS):
        add("AWS/S3", {"BucketName": bucket, "FilterId": "EntireBucket"}, [
            ("AllRequests", "Count", wave(120 + 40 * i, 30, 27, i)), ("4xxErrors", "Count", flat(1)), ("5xxErrors", "Count", flat(0)),
            ("FirstByteLatency", "Milliseconds", wave(21, 4, 19, i))])
        add("AWS/S3", {"BucketName": bucket, "StorageType": "StandardStorage"}, [
            ("BucketSizeBytes", "Daily Bytes", flat((40 + 25 * i) * gib))])
        add("AWS/S3", {"BucketName": bucket, "StorageType": "AllStorageTypes"}, [
            ("NumberOfObjects", "Daily Count", flat(12000 + 7000 * i))])
    return specs


def metrics(c, s, specs, minutes):
    """Datapoints of the last minutes, continued from the newest that is stored."""
    now = int(time.time() // 60)
    first = now - minutes + 1
    stored = s.run("cloudwatch GetMetricStatistics", lambda: c.cloudwatch.get_metric_statistics(
        Namespace="AWS/RDS", MetricName="CPUUtilization", Dimensions=[{"Name": "DBInstanceIdentifier", "Value": DB}],
        StartTime=dt.datetime.fromtimestamp(first * 60, dt.timezone.utc),
        EndTime=dt.datetime.fromtimestamp(now * 60 + 60, dt.timezone.utc), Period=60,
        Statistics=["Average"])["Datapoints"], quiet=True) or []
    if stored:
        first = max(first, int(max(p["Timestamp"] for p in stored).timestamp() // 60) + 1)
    if first > now:
        s.already("metrics up to this minute")
        return
    namespaces = {}
    for namespace, name, dims, unit, value in specs:
        rows = namespaces.setdefault(namespace, [])
        # S3 measures its buckets once a day.
        when = [now - 90] if unit.startswith("Daily ") else range(first, now + 1)
        for minute in when:
            datum = {"MetricName": name, "Dimensions": dims, "Unit": unit.removeprefix("Daily "),
                     "Timestamp": dt.datetime.fromtimestamp(minute * 60, dt.timezone.utc)}
            v = value(minute)
            datum.update({"Values": v} if isinstance(v, list) else {"Value": v})
            rows.append(datum)
    for namespace, rows in namespaces.items():
        client = c.metrics_of_edge if namespace in ("AWS/CloudFront", "AWS/Route53") else c.cloudwatch

        def put(rows=rows, namespace=namespace, client=client):
            for i in range(0, len(rows), 1000):
                client.put_metric_data(Namespace=namespace, MetricData=rows[i:i + 1000])
        s.run(f"metrics {namespace} ({len(rows)} datapoints)", put)


def alarms(c, s, alb):
    wanted = []
    for name, *_ in SERVICES:
        dims = [{"Name": "ClusterName", "Value": NAME}, {"Name": "ServiceName", "Value": name}]
        wanted.append((f"{NAME}-{name}-cpu-high", "AWS/ECS", "CPUUtilization", dims, "Average", 80.0))
        wanted.append((f"{NAME}-{name}-memory-high", "AWS/ECS", "MemoryUtilization", dims, "Average", 80.0))
    lb = [{"Name": "LoadBalancer", "Value": (alb or f"app/{NAME}/0").split(":loadbalancer/")[-1]}]
    wanted.append((f"{NAME}-alb-5xx", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", lb, "Sum", 10.0))
    wanted.append((f"{NAME}-target-5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", lb, "Sum", 50.0))
    wanted.append((f"{NAME}-db-cpu-high", "AWS/RDS", "CPUUtilization",
                   [{"Name": "DBInstanceIdentifier", "Value": DB}], "Average", 80.0))
    have = s.run("cloudwatch DescribeAlarms", lambda: {
        a["AlarmName"] for a in c.cloudwatch.describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"]}, quiet=True) or set()
    for name, namespace, metric, dims, stat, threshold in wanted:
        if name in have:  # PutMetricAlarm again would reset the state
            s.already(f"alarm {name}")
            continue
        s.run(f"alarm {name}", lambda: c.cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace=namespace, MetricName=metric, Dimensions=dims, Statistic=stat, Period=60,
            EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=threshold, TreatMissingData="notBreaching",
            ComparisonOperator="GreaterThanThreshold", ActionsEnabled=True,
            AlarmActions=[f"arn:aws:sns:{REGION}:000000000000:{NAME}-alerts"]))


LINES = {
    "control-plane": ["INFO django.request GET /api/agents/ 200 38ms", "INFO django.request POST /api/tasks/ 201 91ms",
                      "WARNING django.request slow query 612ms table=documents", "INFO django.request GET /api/health/ 200 2ms",
                      "ERROR django.request POST /api/policies/ 500 OperationalError: connection reset"],
    "web": ["info GET / 200 in 21ms", "info GET /dashboard 200 in 44ms", "info GET /health 200 in 1ms",
            "warn fetch retry /api/agents/ attempt=2"],
    "celery-worker": ["INFO celery.worker Task documents.embed[%s] received", "INFO celery.app.trace Task documents.embed[%s] "
                      "succeeded in 2.41s", "WARNING celery.worker Task reports.render[%s] retry in 30s",
                      "ERROR celery.app.trace Task policies.sync[%s] raised TimeoutError"],
}


def logs(c, s, running, minutes):
    """A line every 6 s per task, continued from the newest that is stored."""
    s.run("log group", lambda: c.logs.create_log_group(logGroupName=LOG_GROUP))
    s.run("log retention", lambda: c.logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30))
    now = int(time.time() * 1000)
    have = s.run("logs DescribeLogStreams", lambda: {
        x["logStreamName"]: x.get("lastEventTimestamp", 0)
        for x in c.logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"]}, quiet=True) or {}
    for name, items in running.items():
        for k, task in enumerate(items):
            stream = f"{name}/{name}/{task['taskArn'].split('/')[-1]}"
            if stream not in have:
                s.run(f"log stream {stream}", lambda: c.logs.create_log_stream(
                    logGroupName=LOG_GROUP, logStreamName=stream))
            at = max(have.get(stream) or 0, now - minutes * 60_000)
            events = []
            while (at := at + 6000) <= now:
                n = at // 6000 + k
                line = LINES[name][n % len(LINES[name])]
                if "%s" in line:
                    line %= f"{n % 0xffffffff:08x}"
                stamp = dt.datetime.fromtimestamp(at / 1000, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
                events.append({"timestamp": at, "message": f"{stamp} {line}"})
            if events:
                s.run(f"log events {name}/{k + 1} ({len(events)})", lambda: c.logs.put_log_events(
                    logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events))


# ---------------------------------------------------------------- main


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("endpoint", help="endpoint URL of the emulator")
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--minutes", type=int, default=60, help="history of metrics (a tenth of it for logs)")
    parser.add_argument("--feed", type=float, metavar="SECONDS",
                        help="afterwards stay, and continue metrics and logs every SECONDS until interrupted")
    parser.add_argument("--strict", action="store_true",
                        help="list refusals and substitutions at the end, and fail if there are any")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the steps that worked, too")
    args = parser.parse_args()

    began = time.monotonic()
    c, s = Cloud(args.endpoint, args.region), Steps(args.verbose)
    account = s.run("sts GetCallerIdentity", lambda: c.sts.get_caller_identity()["Account"]) or "000000000000"
    vpc, subnets, sg = s.run("network", lambda: network(c, s), quiet=True) or (None, {}, {})
    sg = {"alb": "sg-alb", "ecs": "sg-ecs", "rds": "sg-rds", "redis": "sg-redis", **{k: v for k, v in sg.items() if v}}
    keys = systems.keys(c, s)
    systems.roles(c, s)
    secrets = systems.secrets(c, s, keys)
    systems.buckets(c, s, keys)
    systems.repositories(c, s, keys)
    alb, groups = s.run("load balancer", lambda: load_balancer(c, s, vpc, subnets, sg), quiet=True) or (None, {})
    s.run("ecs", lambda: ecs(c, s, subnets, sg, groups, account, secrets), quiet=True)
    running = tasks(c, s)
    targets(c, s, groups, running)
    autoscaling(c, s)
    database(c, s, subnets, sg, keys.get("rds"))
    cache(c, s, subnets, sg)
    systems.builds(c, s, account)
    systems.pipeline(c, s, account)
    distribution = s.run("cdn", lambda: systems.cdn(c, s), quiet=True)
    check = s.run("dns", lambda: systems.dns(c, s, alb), quiet=True)
    edge = {"nat": systems.nat_ids(c, s, vpc), "distribution": distribution, "check": check}
    systems.dashboards(c, s, alb)
    systems.enhanced_monitoring(c, s)
    alarms(c, s, alb)
    specs = metric_specs(c, s, alb, groups, edge)
    metrics(c, s, specs, args.minutes)
    logs(c, s, running, max(1, args.minutes // 10))

    print(json.dumps({
        "created": s.done, "existed": s.found, "refused": len(s.refused), "substituted": len(s.changed),
        "tasks": {k: len(v) for k, v in running.items()}, "seconds": round(time.monotonic() - began, 2)}), flush=True)
    if args.strict:
        for name, why in s.refused:
            print(f"strict: refused {name}: {why}")
        for name, what in s.changed:
            print(f"strict: instead {name}: {what}")
    while args.feed:
        try:
            time.sleep(args.feed)
            metrics(c, s, specs, args.minutes)
            logs(c, s, tasks(c, s), 1)
        except KeyboardInterrupt:
            break
    if not s.done and not s.found:
        return 1
    return 1 if args.strict and (s.refused or s.changed) else 0


if __name__ == "__main__":
    sys.exit(main())
