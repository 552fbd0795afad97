#!/usr/bin/env python3
"""Ask the emulator every read operation of the dashboard, and print what it refuses and which members are absent.

    probe.py http://127.0.0.1:4566        (after provision.py; reads only)

One line per operation: ok / REFUSED code, milliseconds, and the members that the dashboard reads and that are absent
or empty everywhere in the answer. README.md is written from this list and from the raw answers.
"""

import datetime as dt
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

N = "production-nextcore"
G = f"/ecs/{N}"


def values(node, path):
    """All values at a path such as `services.events.message`, through lists."""
    if isinstance(node, list):
        return [v for item in node for v in values(item, path)]
    if not path:
        return [node]
    return values(node[path[0]], path[1:]) if isinstance(node, dict) and path[0] in node else []


def network(ask, values, first):
    balancer = ask("elbv2", "describe_load_balancers", "LoadBalancers.VpcId", Names=[N])
    vpc = first(balancer, "LoadBalancers.VpcId")
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    ask("ec2", "describe_vpcs", "Vpcs.CidrBlock Vpcs.State", VpcIds=[vpc])
    ask("ec2", "describe_subnets", " ".join(f"Subnets.{m}" for m in (
        "SubnetId CidrBlock AvailabilityZone AvailableIpAddressCount MapPublicIpOnLaunch State").split()), Filters=of_vpc)
    ask("ec2", "describe_internet_gateways", "InternetGateways.Attachments.State",
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])
    ask("ec2", "describe_availability_zones", " ".join(f"AvailabilityZones.{m}" for m in (
        "ZoneName ZoneId RegionName State").split()))
    ask("ec2", "describe_nat_gateways", " ".join(f"NatGateways.{m}" for m in (
        "State SubnetId ConnectivityType AvailabilityMode NatGatewayAddresses").split()), Filters=of_vpc)
    ask("ec2", "describe_addresses", "Addresses.PublicIp Addresses.AllocationId Addresses.AssociationId")
    ask("ec2", "describe_route_tables", " ".join(f"RouteTables.{m}" for m in (
        "Tags Routes.DestinationCidrBlock Routes.NatGatewayId Routes.GatewayId Routes.State Associations.SubnetId "
        "Associations.Main").split()), Filters=of_vpc)
    groups = values(ask("ec2", "describe_security_groups", "SecurityGroups.GroupName", Filters=of_vpc),
                    ["SecurityGroups", "GroupId"])
    ask("ec2", "describe_security_group_rules", " ".join(f"SecurityGroupRules.{m}" for m in (
        "SecurityGroupRuleId IsEgress IpProtocol FromPort CidrIpv4 ReferencedGroupInfo.GroupId").split()),
        Filters=[{"Name": "group-id", "Values": groups}])


def edge(ask, values, first):
    zone = first(ask("route53", "list_hosted_zones_by_name", "HostedZones.Name", DNSName="nextcore.ai."), "HostedZones.Id")
    ask("route53", "list_resource_record_sets", "ResourceRecordSets.AliasTarget.DNSName ResourceRecordSets.HealthCheckId",
        HostedZoneId=zone)
    for check in values(ask("route53", "list_health_checks", "HealthChecks.HealthCheckConfig.Type"), ["HealthChecks", "Id"]):
        ask("route53", "get_health_check_status", "HealthCheckObservations", HealthCheckId=check)
    ask("route53", "test_dns_answer", "ResponseCode RecordData", HostedZoneId=zone, RecordName="nextcore.ai.", RecordType="A")
    ours = first(ask("cloudfront", "list_distributions", "DistributionList.Items.Aliases.Items DistributionList.Items.Origins.Items"),
                 "DistributionList.Items.Id")
    ask("cloudfront", "get_distribution", " ".join(f"Distribution.{m}" for m in (
        "Status ARN DomainName LastModifiedTime InProgressInvalidationBatches DistributionConfig.Enabled "
        "DistributionConfig.Origins.Items.DomainName DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy").split()), Id=ours)
    ask("cloudfront", "list_invalidations", "InvalidationList.Items.Status", DistributionId=ours)
    ask("cloudfront", "get_monitoring_subscription", "MonitoringSubscription", DistributionId=ours)


def storage(ask):
    for bucket in ("nextcore-documents", "nextcore-static", "nextcore-reports"):
        ask("s3", "head_bucket", "BucketRegion", Bucket=bucket)
        ask("s3", "get_bucket_versioning", "Status", Bucket=bucket)
        ask("s3", "get_bucket_lifecycle_configuration", "Rules.Status Rules.Filter.Prefix", Bucket=bucket)
        ask("s3", "get_bucket_cors", "CORSRules.AllowedOrigins", Bucket=bucket)
        ask("s3", "get_bucket_encryption", "ServerSideEncryptionConfiguration.Rules", Bucket=bucket)
        ask("s3", "get_public_access_block", "PublicAccessBlockConfiguration.BlockPublicAcls", Bucket=bucket)
        ask("s3", "get_bucket_replication", "ReplicationConfiguration", Bucket=bucket)


def security(ask):
    for role in ("ecs-task", "ecs-execution", "codebuild"):
        ask("iam", "get_role", "Role.Arn Role.AssumeRolePolicyDocument Role.RoleLastUsed.LastUsedDate", RoleName=f"{N}-{role}")
        ask("iam", "list_attached_role_policies", "AttachedPolicies.PolicyName", RoleName=f"{N}-{role}")
    for key in ("rds", "s3", "secrets"):
        ask("kms", "describe_key", "KeyMetadata.Arn KeyMetadata.KeyState KeyMetadata.KeyManager", KeyId=f"alias/{N}-{key}")
        ask("kms", "get_key_rotation_status", "KeyRotationEnabled", KeyId=f"alias/{N}-{key}")
    for secret in ("database_url", "django_secret_key", "redis_url"):
        ask("secretsmanager", "describe_secret", "ARN KmsKeyId LastChangedDate LastAccessedDate", SecretId=f"{N}/{secret}")


def delivery(ask, values, first):
    ask("ecr", "describe_registry", "registryId replicationConfiguration")
    for name in ("nextcore/control", "nextcore/web", "nextcore/worker"):
        ask("ecr", "describe_repositories", " ".join(f"repositories.{m}" for m in (
            "repositoryUri imageTagMutability imageScanningConfiguration.scanOnPush encryptionConfiguration.encryptionType").split()),
            repositoryNames=[name])
        ask("ecr", "batch_get_repository_scanning_configuration", "scanningConfigurations", repositoryNames=[name])
        ask("ecr", "describe_images", " ".join(f"imageDetails.{m}" for m in (
            "imageDigest imageTags imagePushedAt imageSizeInBytes imageScanStatus.status lastRecordedPullTime").split()),
            repositoryName=name)
    projects = [f"{N}-{p}" for p in ("control", "web", "worker")]
    ask("codebuild", "batch_get_projects", "projects.environment.privilegedMode projects.source.type projects.serviceRole",
        names=projects)
    builds = ask("codebuild", "list_builds_for_project", "ids", projectName=projects[0])
    ask("codebuild", "batch_get_builds", " ".join(f"builds.{m}" for m in (
        "buildStatus currentPhase startTime endTime initiator sourceVersion resolvedSourceVersion phases.phaseType "
        "phases.durationInSeconds reportArns logs.groupName").split()), ids=[first(builds, "ids")])
    ask("codepipeline", "get_pipeline_state", "stageStates", name=N)
    ask("codepipeline", "get_pipeline", "pipeline", name=N)
    ask("codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", pipelineName=N)


def main():
    endpoint = sys.argv[1]
    session = boto3.session.Session("test", "test", None, "ap-southeast-2")
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=30)
    clients = {}

    def ask(service, operation, members, /, **request):
        client = clients.setdefault(service, session.client(service, endpoint_url=endpoint, config=config))
        began, answer = time.monotonic(), {}
        try:
            answer = getattr(client, operation)(**request)
            verdict = "ok"
        except ClientError as error:
            verdict = f"REFUSED {error.response['ResponseMetadata'].get('HTTPStatusCode')} " \
                      f"{error.response['Error'].get('Code')}"
        except BotoCoreError as error:
            verdict = f"FAILED {type(error).__name__}"
        absent = [m for m in members.split() if verdict == "ok"
                  and not any(v not in (None, "", [], {}) for v in values(answer, m.split(".")))]
        print(f"{service + ':' + operation:58} {verdict:34} {1000 * (time.monotonic() - began):6.0f} ms  "
              f"{'absent: ' + ' '.join(absent) if absent else ''}", flush=True)
        return answer

    def first(answer, path):
        return next(iter(values(answer, path.split("."))), "none")

    now = dt.datetime.now(dt.timezone.utc)
    ms = int(now.timestamp() * 1000)
    ask("sts", "get_caller_identity", "Account Arn UserId")

    ask("ecs", "describe_clusters", "clusters.status clusters.runningTasksCount clusters.activeServicesCount "
        "clusters.settings clusters.capacityProviders", clusters=[N], include=["SETTINGS", "STATISTICS"])
    ask("ecs", "list_services", "serviceArns", cluster=N)
    ask("ecs", "describe_services", " ".join(f"services.{m}" for m in (
        "serviceArn status desiredCount runningCount pendingCount taskDefinition launchType platformVersion "
        "enableExecuteCommand healthCheckGracePeriodSeconds availabilityZoneRebalancing currentServiceDeployment "
        "deployments.id deployments.status deployments.rolloutState deployments.rolloutStateReason "
        "deployments.failedTasks deployments.updatedAt events.id events.createdAt events.message").split()),
        cluster=N, services=["control-plane", "web", "celery-worker"])
    tasks = ask("ecs", "list_tasks", "taskArns", cluster=N)["taskArns"]
    ask("ecs", "list_tasks", "taskArns", cluster=N, desiredStatus="STOPPED")
    ask("ecs", "describe_tasks", " ".join(f"tasks.{m}" for m in (
        "taskArn group lastStatus desiredStatus healthStatus availabilityZone taskDefinitionArn createdAt startedAt "
        "stoppingAt stoppedAt stopCode stoppedReason startedBy connectivity attachments containers.name "
        "containers.lastStatus containers.exitCode containers.reason containers.healthStatus containers.imageDigest "
        "containers.runtimeId containers.networkInterfaces containers.managedAgents").split()),
        cluster=N, tasks=tasks)
    deployments = ask("ecs", "list_service_deployments", "serviceDeployments", cluster=N, service="web")
    ask("ecs", "describe_service_deployments", "serviceDeployments", serviceDeploymentArns=[
        first(deployments, "serviceDeployments.serviceDeploymentArn")])
    ask("ecs", "describe_service_revisions", "serviceRevisions", serviceRevisionArns=["none"])
    ask("ecs", "describe_task_definition", " ".join(f"taskDefinition.{m}" for m in (
        "family revision status cpu memory networkMode taskRoleArn executionRoleArn containerDefinitions.name "
        "containerDefinitions.image containerDefinitions.portMappings "
        "containerDefinitions.logConfiguration.options").split()), taskDefinition=f"{N}-web")
    ask("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=f"{N}-web", sort="DESC")

    lb = ask("elbv2", "describe_load_balancers", " ".join(f"LoadBalancers.{m}" for m in (
        "LoadBalancerArn DNSName CanonicalHostedZoneId Scheme Type VpcId State.Code AvailabilityZones.ZoneName "
        "SecurityGroups").split()), Names=[N])
    arn = first(lb, "LoadBalancers.LoadBalancerArn")
    listeners = ask("elbv2", "describe_listeners", " ".join(f"Listeners.{m}" for m in (
        "Port Protocol SslPolicy Certificates DefaultActions.Type DefaultActions.TargetGroupArn "
        "DefaultActions.RedirectConfig.StatusCode").split()), LoadBalancerArn=arn)
    for listener in values(listeners, ["Listeners", "ListenerArn"]):
        ask("elbv2", "describe_rules", "Rules.Priority Rules.Actions.Type Rules.IsDefault", ListenerArn=listener)
    groups = ask("elbv2", "describe_target_groups", " ".join(f"TargetGroups.{m}" for m in (
        "TargetGroupName Port Protocol TargetType HealthCheckPath HealthCheckIntervalSeconds "
        "HealthyThresholdCount Matcher.HttpCode LoadBalancerArns").split()))
    group = first(groups, "TargetGroups.TargetGroupArn")
    ask("elbv2", "describe_target_group_attributes", "Attributes", TargetGroupArn=group)
    ask("elbv2", "describe_target_health", " ".join(f"TargetHealthDescriptions.{m}" for m in (
        "Target.Id Target.Port Target.AvailabilityZone TargetHealth.State TargetHealth.Reason "
        "AdministrativeOverride AnomalyDetection").split()), TargetGroupArn=group, Include=["All"])

    scale = {"ServiceNamespace": "ecs"}
    ask("application-autoscaling", "describe_scalable_targets", "ScalableTargets", **scale)
    ask("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", **scale)
    ask("application-autoscaling", "describe_scaling_activities", "ScalingActivities", **scale)

    ask("rds", "describe_db_instances", " ".join(f"DBInstances.{m}" for m in (
        "DBInstanceStatus Engine EngineVersion DBInstanceClass MultiAZ AvailabilityZone SecondaryAvailabilityZone "
        "LatestRestorableTime AllocatedStorage StorageType StorageEncrypted KmsKeyId BackupRetentionPeriod "
        "PubliclyAccessible MonitoringInterval MonitoringRoleArn PerformanceInsightsEnabled DatabaseInsightsMode "
        "DbiResourceId Endpoint.Address PendingModifiedValues DBParameterGroups VpcSecurityGroups "
        "DBSubnetGroup.Subnets CertificateDetails.ValidTill StorageVolumeStatus").split()),
        DBInstanceIdentifier=f"{N}-db")
    ask("rds", "describe_events", "Events.Message Events.Date Events.EventCategories", SourceType="db-instance",
        SourceIdentifier=f"{N}-db", Duration=1440)
    ask("rds", "describe_pending_maintenance_actions", "PendingMaintenanceActions")
    ask("rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups", DBInstanceIdentifier=f"{N}-db")
    ask("rds", "describe_db_parameters", "Parameters", DBParameterGroupName="default.postgres15")

    ask("elasticache", "describe_replication_groups", " ".join(f"ReplicationGroups.{m}" for m in (
        "Status ClusterEnabled MultiAZ AutomaticFailover AuthTokenEnabled TransitEncryptionEnabled "
        "AtRestEncryptionEnabled KmsKeyId CacheNodeType MemberClusters ConfigurationEndpoint.Address "
        "NodeGroups.NodeGroupId NodeGroups.Status NodeGroups.Slots NodeGroups.NodeGroupMembers.CacheClusterId "
        "NodeGroups.NodeGroupMembers.PreferredAvailabilityZone NodeGroups.NodeGroupMembers.CurrentRole "
        "PendingModifiedValues").split()), ReplicationGroupId=f"{N}-redis")
    ask("elasticache", "describe_cache_clusters", " ".join(f"CacheClusters.{m}" for m in (
        "CacheClusterStatus Engine EngineVersion ReplicationGroupId PreferredAvailabilityZone CacheSubnetGroupName "
        "SecurityGroups CacheNodes.CacheNodeId CacheNodes.CacheNodeStatus").split()), ShowCacheNodeInfo=True)
    ask("elasticache", "describe_events", "Events.Message Events.Date Events.SourceType", Duration=1440)
    ask("elasticache", "describe_update_actions", "UpdateActions", ReplicationGroupIds=[f"{N}-redis"])
    ask("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups.Subnets.SubnetIdentifier",
        CacheSubnetGroupName=f"{N}-redis")

    ask("cloudwatch", "describe_alarms", " ".join(f"MetricAlarms.{m}" for m in (
        "AlarmName AlarmArn StateValue StateReason StateTransitionedTimestamp StateUpdatedTimestamp ActionsEnabled "
        "AlarmActions Namespace MetricName Dimensions Statistic Threshold ComparisonOperator Period "
        "EvaluationPeriods DatapointsToAlarm TreatMissingData EvaluationState").split()) + " CompositeAlarms LogAlarms",
        AlarmNamePrefix=N, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    ask("cloudwatch", "describe_alarm_history", "AlarmHistoryItems.HistorySummary", AlarmName=f"{N}-web-cpu-high")
    for stat in ("Average", "p99"):
        answer = ask("cloudwatch", "get_metric_data", "MetricDataResults.Values MetricDataResults.Timestamps",
                     StartTime=now - dt.timedelta(minutes=15), EndTime=now, ScanBy="TimestampDescending",
                     MetricDataQueries=[{"Id": "a", "MetricStat": {"Period": 60, "Stat": stat, "Metric": {
                         "Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime",
                         "Dimensions": [{"Name": "LoadBalancer", "Value": arn.split(":loadbalancer/")[-1]}]}}}])
        stamps = values(answer, ["MetricDataResults", "Timestamps"])
        if stamps != sorted(stamps, reverse=True):
            print("    ScanBy=TimestampDescending is not obeyed: oldest first")
    ask("cloudwatch", "list_metrics", "Metrics", Namespace="AWS/ECS", RecentlyActive="PT3H")

    for entry in values(ask("cloudwatch", "list_dashboards", "DashboardEntries.DashboardName DashboardEntries.LastModified",
                            DashboardNamePrefix=N), ["DashboardEntries", "DashboardName"]):
        ask("cloudwatch", "get_dashboard", "DashboardBody", DashboardName=entry)
    network(ask, values, first)
    edge(ask, values, first)
    storage(ask)
    security(ask)
    delivery(ask, values, first)
    resource = first(ask("rds", "describe_db_instances", "DBInstances.DbiResourceId", DBInstanceIdentifier=f"{N}-db"),
                     "DBInstances.DbiResourceId")
    load = {"ServiceType": "RDS", "Identifier": resource, "StartTime": now - dt.timedelta(hours=1), "EndTime": now}
    ask("pi", "get_resource_metrics", "MetricList", **load, MetricQueries=[{"Metric": "db.load.avg"}], PeriodInSeconds=60)
    ask("pi", "describe_dimension_keys", "Keys", **load, Metric="db.load.avg", GroupBy={"Group": "db.wait_event"})
    ask("logs", "get_log_events", "events.message", logGroupName="RDSOSMetrics", logStreamName=resource, limit=1)

    ask("logs", "describe_log_groups", "logGroups.logGroupName logGroups.arn logGroups.retentionInDays "
        "logGroups.storedBytes logGroups.kmsKeyId logGroups.logGroupClass", logGroupNamePrefix=G)
    ask("logs", "describe_log_streams", "logStreams.logStreamName logStreams.lastIngestionTime "
        "logStreams.lastEventTimestamp", logGroupName=G, orderBy="LastEventTime", descending=True, limit=10)
    for more in ({}, {"filterPattern": "ERROR"}, {"filterPattern": "?ERROR ?WARNING"}, {"limit": 5},
                 {"logStreamNamePrefix": "web/"}):
        answer = ask("logs", "filter_log_events", "events.message events.timestamp events.logStreamName events.eventId "
                     + ("nextToken" if "limit" in more else ""), logGroupName=G, startTime=ms - 3_600_000, **more)
        streams = {name.split("/")[0] for name in values(answer, ["events", "logStreamName"])}
        print(f"    {more}: {len(answer.get('events', []))} events of {sorted(streams)}")
    query = ask("logs", "start_query", "queryId", logGroupName=G, queryString="fields @message | limit 1",
                startTime=ms // 1000 - 3600, endTime=ms // 1000)
    answer = ask("logs", "get_query_results", "status results", queryId=first(query, "queryId"))
    print(f"    `limit 1`: {len(answer.get('results', []))} results")
    ask("logs", "stop_query", "success", queryId=first(query, "queryId"))


if __name__ == "__main__":
    main()
