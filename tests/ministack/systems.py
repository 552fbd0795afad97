"""The systems around the core of the stack: gateways and routes, DNS, CDN, buckets, identity, delivery, dashboards.

Called by provision.py, step by step; everything may be called again, and what exists is left alone."""

import datetime as dt
import hashlib
import json
import time

from cloud import (AZS, BUCKETS, DB, KEYS, NAME, PROJECTS, REGION, REPOSITORIES, ROLES, SECRETS, SERVICES, ZONE, by_tag, spec)


# ---------------------------------------------------------------- gateways and routes


def gateways(c, s, vpc, subnets):
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    for subnet in subnets.get("public", []):
        s.run(f"public addresses in {subnet}", lambda: c.ec2.modify_subnet_attribute(
            SubnetId=subnet, MapPublicIpOnLaunch={"Value": True}))

    found = by_tag(s.run("ec2 DescribeInternetGateways", lambda: c.ec2.describe_internet_gateways()["InternetGateways"],
                         quiet=True) or [], "InternetGatewayId")
    internet = found.get(f"{NAME}-igw")
    if internet:
        s.already("internet gateway")
    else:
        internet = s.run("internet gateway", lambda: c.ec2.create_internet_gateway(
            TagSpecifications=spec("internet-gateway", f"{NAME}-igw"))["InternetGateway"]["InternetGatewayId"])
        s.run("internet gateway of the VPC", lambda: c.ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc))

    have = by_tag([g for g in s.run("ec2 DescribeNatGateways", lambda: c.ec2.describe_nat_gateways(
        Filters=of_vpc)["NatGateways"], quiet=True) or [] if g["State"] != "deleted"], "NatGatewayId")
    nat = {}
    for az, subnet in zip(AZS, subnets.get("public", [])):
        name = f"{NAME}-nat-{az[-1]}"
        if name in have:
            s.already(f"NAT gateway {name}")
            nat[az] = have[name]
            continue
        address = s.run(f"elastic IP of {name}", lambda: c.ec2.allocate_address(
            Domain="vpc", TagSpecifications=spec("elastic-ip", name))["AllocationId"])
        nat[az] = s.run(f"NAT gateway {name}", lambda: c.ec2.create_nat_gateway(
            SubnetId=subnet, AllocationId=address, ConnectivityType="public",
            TagSpecifications=spec("natgateway", name))["NatGateway"]["NatGatewayId"])

    tables = by_tag(s.run("ec2 DescribeRouteTables", lambda: c.ec2.describe_route_tables(Filters=of_vpc)["RouteTables"],
                          quiet=True) or [], "RouteTableId")

    def table(name, members, default):
        if f"{NAME}-{name}" in tables:
            s.already(f"route table {name}")
            return
        made = s.run(f"route table {name}", lambda: c.ec2.create_route_table(
            VpcId=vpc, TagSpecifications=spec("route-table", f"{NAME}-{name}"))["RouteTable"]["RouteTableId"])
        if default:
            s.run(f"default route of {name}", lambda: c.ec2.create_route(
                RouteTableId=made, DestinationCidrBlock="0.0.0.0/0", **default))
        for subnet in members:
            s.run(f"route table {name} of {subnet}", lambda: c.ec2.associate_route_table(RouteTableId=made, SubnetId=subnet))

    table("public", subnets.get("public", []), {"GatewayId": internet})
    for az, subnet in zip(AZS, subnets.get("private", [])):
        table(f"private-{az[-1]}", [subnet], {"NatGatewayId": nat[az]} if nat.get(az) else None)
    table("database", subnets.get("database", []), None)


def nat_ids(c, s, vpc):
    return s.run("ec2 DescribeNatGateways", lambda: [
        g["NatGatewayId"] for g in c.ec2.describe_nat_gateways(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NatGateways"]], quiet=True) or []


# ---------------------------------------------------------------- edge


def cdn(c, s):
    """The distribution in front of the static bucket, with one invalidation."""
    bucket = BUCKETS[1]
    alias = f"static.{ZONE}"
    items = c.cloudfront.list_distributions()["DistributionList"].get("Items", [])
    found = next((d["Id"] for d in items if alias in d.get("Aliases", {}).get("Items", [])), None)
    if found:
        s.already("distribution")
        return found
    config = {
        "CallerReference": NAME, "Comment": "NextCore static assets and media", "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [alias]},
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "static", "DomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "static", "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    }
    made = s.run("distribution", lambda: c.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"])
    if made:
        s.run("invalidation", lambda: c.cloudfront.create_invalidation(DistributionId=made, InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "release-1"}))
    return made


def dns(c, s, alb):
    """The public zone: its apex is an alias of the load balancer, with a health check of the API."""
    name = f"{ZONE}."
    zone = next((z["Id"] for z in c.route53.list_hosted_zones_by_name(DNSName=name)["HostedZones"] if z["Name"] == name), None)
    if zone:
        s.already("hosted zone")
    else:
        zone = s.run("hosted zone", lambda: c.route53.create_hosted_zone(Name=name, CallerReference=NAME)["HostedZone"]["Id"])
    checks = {h["CallerReference"]: h["Id"] for h in c.route53.list_health_checks()["HealthChecks"]}
    check = checks.get(NAME)
    if check:
        s.already("health check")
    else:
        check = s.run("health check", lambda: c.route53.create_health_check(CallerReference=NAME, HealthCheckConfig={
            "Type": "HTTPS", "FullyQualifiedDomainName": ZONE, "ResourcePath": "/api/health/", "Port": 443,
            "RequestInterval": 30, "FailureThreshold": 3})["HealthCheck"]["Id"])
    lb = s.run("elbv2 DescribeLoadBalancers", lambda: c.elbv2.describe_load_balancers(
        LoadBalancerArns=[alb])["LoadBalancers"][0], quiet=True) if alb else None
    if lb and zone:
        s.run("alias of the load balancer", lambda: c.route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {
                "Name": name, "Type": "A", **({"HealthCheckId": check} if check else {}), "AliasTarget": {
                    "HostedZoneId": lb["CanonicalHostedZoneId"], "DNSName": f"dualstack.{lb['DNSName']}.",
                    "EvaluateTargetHealth": True}}}]}))
    return check


# ---------------------------------------------------------------- identity, keys, secrets


def roles(c, s):
    for name, service in ROLES.items():
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        s.run(f"role {name}", lambda: c.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)))
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}
        s.run(f"policy of {name}", lambda: c.iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document)))
        account = c.sts.get_caller_identity()["Account"]
        s.run(f"policy attached to {name}", lambda: c.iam.attach_role_policy(
            RoleName=name, PolicyArn=f"arn:aws:iam::{account}:policy/{name}"))


def keys(c, s):
    """Use -> key ARN; customer keys with rotation, under their aliases."""
    have = {a["AliasName"]: a.get("TargetKeyId") for a in s.run(
        "kms ListAliases", lambda: c.kms.list_aliases()["Aliases"], quiet=True) or []}
    found = {}
    for use in KEYS:
        alias = f"alias/{NAME}-{use}"
        if alias in have:
            s.already(f"key {alias}")
            key = have[alias]
        else:
            key = s.run(f"key {alias}", lambda: c.kms.create_key(Description=f"NextCore {use}")["KeyMetadata"]["KeyId"])
            s.run(f"rotation of {alias}", lambda: c.kms.enable_key_rotation(KeyId=key))
            s.run(alias, lambda: c.kms.create_alias(AliasName=alias, TargetKeyId=key))
        arn = s.run(f"kms DescribeKey {use}", lambda: c.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"], quiet=True)
        if arn:
            found[use] = arn
    return found


def secrets(c, s, keys):
    """Name -> ARN."""
    found = {}
    for short in SECRETS:
        name = f"{NAME}/{short}"
        s.run(f"secret {name}", lambda: c.secretsmanager.create_secret(
            Name=name, SecretString="not-a-secret", **({"KmsKeyId": keys["secrets"]} if "secrets" in keys else {})))
        arn = s.run("secretsmanager DescribeSecret", lambda: c.secretsmanager.describe_secret(SecretId=name)["ARN"], quiet=True)
        if arn:
            found[short] = arn
    return found


# ---------------------------------------------------------------- buckets


def buckets(c, s, keys):
    documents, static, reports = BUCKETS
    lifecycle = {
        documents: {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": ""},
                    "Transitions": [{"Days": 90, "StorageClass": "STANDARD_IA"}],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 90}},
        reports: {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365},
                  "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
    }
    have = {b["Name"] for b in s.run("s3 ListBuckets", lambda: c.s3.list_buckets()["Buckets"], quiet=True) or []}
    for name in BUCKETS:
        if name in have:
            s.already(f"bucket {name}")
            continue
        s.run(f"bucket {name}", lambda: c.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}))
        s.run(f"versioning of {name}", lambda: c.s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration={"Status": "Enabled"}))
        s.run(f"encryption of {name}", lambda: c.s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": keys["s3"]} if "s3" in keys else {})},
                "BucketKeyEnabled": True}]}))
        s.run(f"public access block of {name}", lambda: c.s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration={
                "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}))
        if name in lifecycle:
            s.run(f"lifecycle of {name}", lambda: c.s3.put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": [lifecycle[name]]}))
        if name == static:
            s.run(f"CORS of {name}", lambda: c.s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [
                {"AllowedOrigins": [f"https://{ZONE}"], "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["*"]}]}))


# ---------------------------------------------------------------- delivery


def repositories(c, s, keys):
    for service, name in REPOSITORIES.items():
        s.run(f"repository {name}", lambda: c.ecr.create_repository(
            repositoryName=name, imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True},
            encryptionConfiguration={"encryptionType": "KMS", **({"kmsKey": keys["s3"]} if "s3" in keys else {})}))
        layer = hashlib.sha256(service.encode()).hexdigest()
        manifest = {
            "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": f"sha256:{layer}"},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 61_000_000,
                        "digest": f"sha256:{layer[::-1]}"}]}
        have = s.run("ecr DescribeImages", lambda: c.ecr.describe_images(repositoryName=name)["imageDetails"], quiet=True)
        if have:
            s.already(f"image {name}:v1")
        else:
            s.run(f"image {name}:v1", lambda: c.ecr.put_image(
                repositoryName=name, imageManifest=json.dumps(manifest), imageTag="v1"))


def builds(c, s, account):
    have = s.run("codebuild ListProjects", lambda: c.codebuild.list_projects()["projects"], quiet=True) or []
    for short in PROJECTS:
        name = f"{NAME}-{short}"
        if name in have:
            s.already(f"project {name}")
            continue
        s.run(f"project {name}", lambda: c.codebuild.create_project(
            name=name, serviceRole=f"arn:aws:iam::{account}:role/{NAME}-codebuild",
            source={"type": "GITHUB", "location": f"https://github.com/nextcore/{short}.git", "buildspec": "buildspec.yml"},
            artifacts={"type": "NO_ARTIFACTS"}, environment={
                "type": "LINUX_CONTAINER", "image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                "computeType": "BUILD_GENERAL1_SMALL", "privilegedMode": True}))
        s.run(f"build of {name}", lambda: c.codebuild.start_build(projectName=name, sourceVersion="main"))


def pipeline(c, s, account):
    def action(name, category, provider, owner="AWS", **configuration):
        return {"name": name, "configuration": configuration, "actionTypeId": {
            "category": category, "owner": owner, "provider": provider, "version": "1"}}

    stages = [
        {"name": "Source", "actions": [{**action(
            "GitHub", "Source", "CodeStarSourceConnection", FullRepositoryId="nextcore/nextcore", BranchName="main",
            ConnectionArn=f"arn:aws:codeconnections:{REGION}:{account}:connection/0"), "outputArtifacts": [{"name": "source"}]}]},
        {"name": "Build", "actions": [{**action("Build", "Build", "CodeBuild", ProjectName=f"{NAME}-control"),
                                       "inputArtifacts": [{"name": "source"}], "outputArtifacts": [{"name": "image"}]}]},
        {"name": "Deploy", "actions": [{**action(
            "Deploy", "Deploy", "ECS", ClusterName=NAME, ServiceName=SERVICES[0][0], FileName="imagedefinitions.json"),
            "inputArtifacts": [{"name": "image"}]}]},
    ]
    s.run("pipeline", lambda: c.codepipeline.create_pipeline(pipeline={
        "name": NAME, "roleArn": f"arn:aws:iam::{account}:role/{NAME}-codebuild", "stages": stages,
        "artifactStore": {"type": "S3", "location": BUCKETS[0]}}))


# ---------------------------------------------------------------- dashboards, Enhanced Monitoring


def dashboards(c, s, alb):
    lb = (alb or f"app/{NAME}/0").split(":loadbalancer/")[-1]

    def widget(title, *metrics):
        return {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
            "title": title, "region": REGION, "stat": "Average", "period": 60, "metrics": list(metrics)}}

    bodies = {
        f"{NAME}-services": [
            widget("CPU", *[["AWS/ECS", "CPUUtilization", "ClusterName", NAME, "ServiceName", name] for name, *_ in SERVICES]),
            widget("Requests", ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", lb],
                   [".", "HTTPCode_Target_5XX_Count", ".", "."])],
        f"{NAME}-database": [
            widget("Load", ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", DB], [".", "DatabaseConnections", ".", "."])],
    }
    have = {d["DashboardName"] for d in s.run(
        "cloudwatch ListDashboards", lambda: c.cloudwatch.list_dashboards()["DashboardEntries"], quiet=True) or []}
    for name, widgets in bodies.items():
        if name in have:
            s.already(f"dashboard {name}")
        else:
            s.run(f"dashboard {name}", lambda: c.cloudwatch.put_dashboard(
                DashboardName=name, DashboardBody=json.dumps({"widgets": widgets})))


def enhanced_monitoring(c, s):
    """One event of the operating system of the database, as RDS writes them."""
    resource = s.run("rds DescribeDBInstances", lambda: c.rds.describe_db_instances(
        DBInstanceIdentifier=DB)["DBInstances"][0].get("DbiResourceId"), quiet=True)
    if not resource:
        return
    group = "RDSOSMetrics"
    s.run(f"log group {group}", lambda: c.logs.create_log_group(logGroupName=group))
    s.run(f"log stream {group}", lambda: c.logs.create_log_stream(logGroupName=group, logStreamName=resource))
    now = time.time()
    event = {
        "engine": "POSTGRES", "instanceID": DB, "instanceResourceID": resource, "version": 1, "uptime": "3 days, 02:11:40",
        "timestamp": dt.datetime.fromtimestamp(now, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "numVCPUs": 2,
        "cpuUtilization": {"total": 31.5, "user": 22.1, "system": 6.0, "wait": 2.4, "steal": 0.3, "idle": 68.5},
        "loadAverageMinute": {"one": 0.81, "five": 0.74, "fifteen": 0.66},
        "memory": {"total": 8_024_000, "free": 1_410_000, "cached": 4_300_000, "active": 3_900_000, "buffers": 120_000},
        "swap": {"total": 4_095_996, "free": 4_083_000}, "tasks": {"running": 2, "sleeping": 131, "total": 133},
        "fileSys": [{"name": "rdsfilesys", "mountPoint": "/rdsdbdata", "usedPercent": 37.2}],
        "diskIO": [{"device": "rdsdev", "readIOsPS": 310.0, "writeIOsPS": 190.0, "await": 1.3}],
        "processList": [{"name": "postgres: nextcore", "cpuUsedPc": 9.1, "memoryUsedPc": 3.4, "id": 1201}]}
    s.run("event of Enhanced Monitoring", lambda: c.logs.put_log_events(
        logGroupName=group, logStreamName=resource, logEvents=[{"timestamp": int(now * 1000), "message": json.dumps(event)}]))
