#!/usr/bin/env python3
"""Changes the provisioned stack in a dozen places, as an operator or an accident would: `verify` must see each, and nothing else.

    drift.py http://127.0.0.1:4566        (after provision.py; check.py knows the statements that these break)"""

import sys

from cloud import BUCKETS, DB, NAME, REGION, ZONE, Cloud, by_tag

c = Cloud(sys.argv[1], REGION)
groups = {g["GroupName"]: g["GroupId"] for g in c.ec2.describe_security_groups()["SecurityGroups"]}
world = [{"CidrIp": "0.0.0.0/0"}]


def tcp(port):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": world}]


# S03: the load balancer takes SSH from the world; S16: so does the database for its own port.
c.ec2.authorize_security_group_ingress(GroupId=groups[f"{NAME}-alb"], IpPermissions=tcp(22))
c.ec2.authorize_security_group_ingress(GroupId=groups[f"{NAME}-rds"], IpPermissions=tcp(5432))
# V15: the public subnets lose the internet; V21: the private subnet of c loses its way out.
tables = by_tag(c.ec2.describe_route_tables()["RouteTables"], "RouteTableId")
for table in ("public", "private-c"):
    c.ec2.delete_route(RouteTableId=tables[f"{NAME}-{table}"], DestinationCidrBlock="0.0.0.0/0")
# B05: versions of the static bucket are no longer kept; B08: no other origin may use it.
c.s3.put_bucket_versioning(Bucket=BUCKETS[1], VersioningConfiguration={"Status": "Suspended"})
c.s3.delete_bucket_cors(Bucket=BUCKETS[1])
# K03: the key of the secrets is disabled; X02: Django's secret is being deleted; I03: builds lose their role.
c.kms.disable_key(KeyId=c.kms.describe_key(KeyId=f"alias/{NAME}-secrets")["KeyMetadata"]["KeyId"])
c.secretsmanager.delete_secret(SecretId=f"{NAME}/django_secret_key", RecoveryWindowInDays=7)
role = f"{NAME}-codebuild"
for policy in c.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
    c.iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
c.iam.delete_role(RoleName=role)
# CF01: the distribution is switched off; R02: the name no longer leads to the load balancer.
ours = next(d["Id"] for d in c.cloudfront.list_distributions()["DistributionList"]["Items"])
got = c.cloudfront.get_distribution_config(Id=ours)
c.cloudfront.update_distribution(Id=ours, IfMatch=got["ETag"], DistributionConfig={**got["DistributionConfig"], "Enabled": False})
zone = c.route53.list_hosted_zones_by_name(DNSName=f"{ZONE}.")["HostedZones"][0]["Id"]
alias = next(r for r in c.route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] if r["Type"] == "A")
alias["AliasTarget"]["DNSName"] = "elsewhere.example.com."
c.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": alias}]})
# E14, H08: a web task is stopped, and ministack does not replace it; D08: a day of backups in place of seven.
c.ecs.stop_task(cluster=NAME, task=c.ecs.list_tasks(cluster=NAME, serviceName="web")["taskArns"][0])
c.rds.modify_db_instance(DBInstanceIdentifier=DB, BackupRetentionPeriod=1, ApplyImmediately=True)
