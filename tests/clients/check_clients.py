#!/usr/bin/env python3
"""Runs every operation of the embedded cloud with AWS's own clients, boto3 and awscli.

    check_clients.py ENDPOINT [TOPIC...]      e.g. http://127.0.0.1:4566, or http://127.0.0.1:4566 network storage

Prints one line per check and `N passed, N failed`; exit code 0 when all passed. It calls the writes too (scale, redeploy,
fail over), so start a fresh cloud for each run. Here: the core services; every other topic is a file `checks_<topic>.py`.
Needs awscli, boto3 and cbor2:

    python3 -m venv ~/.cache/nextcore-top/venv && ~/.cache/nextcore-top/venv/bin/pip install awscli boto3 cbor2
"""

import contextlib
import datetime
import importlib
import json
import sys

import botocore.exceptions

from harness import ACCOUNT, MS, NOW, Harness, aware, both, has, some

# The other topics, in the order in which they run; the core comes first.
TOPICS = [
    "network",
    "edge",
    "storage",
    "security",
    "delivery",
    "insight",
    "drift",
]

if len(sys.argv) < 2:
    sys.exit(__doc__)
h = Harness(sys.argv[1])
report, call, pages, aws = h.report, h.call, h.pages, h.aws
CLUSTER = "production-nextcore"
SERVICES = ["control-plane", "web", "celery-worker"]
DB = "production-nextcore-db"
REDIS = "production-nextcore-redis"
GROUP = "/ecs/production-nextcore"


def boto_sts():
    call("sts", "GetCallerIdentity", lambda a: None if (a["Arn"], a["Account"]) == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/OnCall/ops", ACCOUNT) else str(a))


def boto_ecs():
    c = {"cluster": CLUSTER}
    call("ecs", "ListClusters", has("clusterArns"))
    call("ecs", "DescribeClusters", has("clusters[].status", "clusters[].settings[].name", "clusters[].runningTasksCount",
                                        "clusters[].capacityProviders"), clusters=[CLUSTER], include=["SETTINGS", "STATISTICS"])
    call("ecs", "DescribeClusters", has("failures[].reason"), clusters=["nope"])
    call("ecs", "ListServices", lambda a: None if len(a["serviceArns"]) == 3 else str(a), **c)
    pages("ecs", "ListServices", "serviceArns", 2, **c)
    call("ecs", "ListServices", "ClusterNotFoundException", cluster="nope")
    call("ecs", "ListServices", "InvalidParameterException", nextToken="rubbish", **c)
    services = call("ecs", "DescribeServices", both(
        lambda a: None if len(a["services"]) == 3 and a["failures"][0]["reason"] == "MISSING" else "not 3 and a failure",
        has("services[].deployments[].rolloutState", "services[].deployments[].updatedAt", "services[].events[].message",
            "services[].currentServiceDeployment", "services[].healthCheckGracePeriodSeconds", "services[].loadBalancers[].targetGroupArn"),
        aware("services.0.createdAt", "services.0.events.0.createdAt", "services.0.deployments.0.createdAt")),
        services=[*SERVICES, "nope"], **c)
    call("ecs", "DescribeServices", "InvalidParameterException", services=[f"s{n}" for n in range(11)], **c)
    tasks = call("ecs", "ListTasks", lambda a: None if len(a["taskArns"]) >= 7 else str(a), **c)["taskArns"]
    call("ecs", "ListTasks", has("taskArns"), serviceName="web", **c)
    call("ecs", "ListTasks", "ServiceNotFoundException", serviceName="nope", **c)
    call("ecs", "ListTasks", lambda a: None, desiredStatus="STOPPED", **c)
    call("ecs", "ListTasks", lambda a: None if not a["taskArns"] else "PENDING never matches", desiredStatus="PENDING", **c)
    pages("ecs", "ListTasks", "taskArns", 3, **c)
    call("ecs", "DescribeTasks", both(
        has("tasks[].containers[].networkInterfaces[].privateIpv4Address", "tasks[].attachments[].details[].value",
            "tasks[].healthStatus", "tasks[].startedBy", "tasks[].containers[].managedAgents[].lastStatus",
            "tasks[].containers[].runtimeId", "tasks[].containers[].imageDigest", "tasks[].startedAt"),
        aware("tasks.0.createdAt")), tasks=[*tasks, "0" * 32], **c)
    deployments = call("ecs", "ListServiceDeployments", both(
        has("serviceDeployments[].targetServiceRevisionArn"), aware("serviceDeployments.0.createdAt")), service="web", **c)
    arn = deployments["serviceDeployments"][0]["serviceDeploymentArn"]
    described = call("ecs", "DescribeServiceDeployments", has(
        "serviceDeployments[].status", "serviceDeployments[].deploymentCircuitBreaker.threshold",
        "serviceDeployments[].targetServiceRevision.runningTaskCount", "serviceDeployments[].alarms.status"),
        serviceDeploymentArns=[arn, arn + "x"])
    call("ecs", "DescribeServiceRevisions", has("serviceRevisions[].containerImages[].imageDigest", "serviceRevisions[].taskDefinition"),
         serviceRevisionArns=[described["serviceDeployments"][0]["targetServiceRevision"]["arn"]])
    definition = services["services"][0]["taskDefinition"]
    call("ecs", "DescribeTaskDefinition", both(has(
        "taskDefinition.containerDefinitions[].logConfiguration.options", "taskDefinition.containerDefinitions[].secrets[].valueFrom",
        "taskDefinition.cpu", "taskDefinition.taskRoleArn", "taskDefinition.networkMode"), aware("taskDefinition.registeredAt")),
         taskDefinition=definition)
    call("ecs", "DescribeTaskDefinition", "ClientException", taskDefinition="nope:1")
    family = definition.rsplit("/", 1)[1].split(":")[0]
    call("ecs", "ListTaskDefinitions", lambda a: None if a["taskDefinitionArns"][0] >= a["taskDefinitionArns"][-1] else "order",
         familyPrefix=family, sort="DESC")
    pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", 1)
    ecs_writes(c, tasks, arn)


def ecs_writes(c, tasks, arn):
    call("ecs", "UpdateService", lambda a: None if a["service"]["desiredCount"] == 3 else "not 3", service="web", desiredCount=3, **c)
    call("ecs", "UpdateService", "ServiceNotFoundException", service="nope", desiredCount=3, **c)
    call("ecs", "UpdateService", "ClientException", service="web", taskDefinition="nope:7", **c)
    call("ecs", "StopTask", has("task.taskArn", "task.desiredStatus"), task=tasks[0], reason="check_clients", **c)
    call("ecs", "StopTask", "InvalidParameterException", task="0" * 32, **c)
    call("ecs", "StopServiceDeployment", "ConflictException", serviceDeploymentArn=arn, stopType="ROLLBACK")
    call("ecs", "StopServiceDeployment", "ServiceDeploymentNotFoundException", serviceDeploymentArn=arn + "x", stopType="ROLLBACK")
    call("ecs", "UpdateService", lambda a: None if len(a["service"]["deployments"]) >= 1 else "no deployment",
         service="celery-worker", forceNewDeployment=True, **c)
    rolling = call("ecs", "ListServiceDeployments", has("serviceDeployments[].status"), service="celery-worker",
                   status=["PENDING", "IN_PROGRESS"], **c)
    call("ecs", "StopServiceDeployment", has("serviceDeploymentArn"),
         serviceDeploymentArn=rolling["serviceDeployments"][0]["serviceDeploymentArn"], stopType="ROLLBACK")
    call("ecs", "CreateCluster", "UnknownOperationException", clusterName="x")


def boto_elbv2():
    balancers = call("elbv2", "DescribeLoadBalancers", both(has(
        "LoadBalancers[].State.Code", "LoadBalancers[].AvailabilityZones[].SubnetId", "LoadBalancers[].SecurityGroups",
        "LoadBalancers[].DNSName", "LoadBalancers[].CanonicalHostedZoneId"), aware("LoadBalancers.0.CreatedTime")))
    arn = balancers["LoadBalancers"][0]["LoadBalancerArn"]
    call("elbv2", "DescribeLoadBalancers", "LoadBalancerNotFound", Names=["nope"])
    call("elbv2", "DescribeLoadBalancers", "LoadBalancerNotFound", LoadBalancerArns=[arn + "x"])
    listeners = call("elbv2", "DescribeListeners", has(
        "Listeners[].Port", "Listeners[].SslPolicy", "Listeners[].Certificates[].CertificateArn",
        "Listeners[].DefaultActions[].RedirectConfig.StatusCode"), LoadBalancerArn=arn)
    pages("elbv2", "DescribeListeners", "Listeners", 1, LoadBalancerArn=arn)
    https = next(l for l in listeners["Listeners"] if l["Port"] == 443)["ListenerArn"]
    call("elbv2", "DescribeRules", has("Rules[].Conditions[].PathPatternConfig.Values", "Rules[].Priority",
                                       "Rules[].Actions[].ForwardConfig.TargetGroups[].Weight"), ListenerArn=https)
    call("elbv2", "DescribeRules", "ListenerNotFound", ListenerArn=https + "x")
    groups = call("elbv2", "DescribeTargetGroups", has("TargetGroups[].Matcher.HttpCode", "TargetGroups[].HealthCheckPath",
                                                       "TargetGroups[].HealthyThresholdCount"), LoadBalancerArn=arn)
    call("elbv2", "DescribeTargetGroups", "TargetGroupNotFound", Names=["nope"])
    call("elbv2", "DescribeTargetGroups", "ValidationError", PageSize=401)
    for group in groups["TargetGroups"]:
        target = group["TargetGroupArn"]
        call("elbv2", "DescribeTargetGroupAttributes", has("Attributes[].Key"), TargetGroupArn=target)
        call("elbv2", "DescribeTargetHealth", has("TargetHealthDescriptions[].Target.AvailabilityZone",
                                                  "TargetHealthDescriptions[].TargetHealth.State",
                                                  "TargetHealthDescriptions[].AnomalyDetection.Result"),
             TargetGroupArn=target, Include=["All"])
    call("elbv2", "DescribeTargetHealth", lambda a: None if a["TargetHealthDescriptions"][0]["TargetHealth"]["State"] == "unused"
         else str(a), TargetGroupArn=target, Targets=[{"Id": "10.9.9.9", "Port": 80}])
    call("elbv2", "DescribeTargetHealth", "TargetGroupNotFound", TargetGroupArn=target + "x")


def boto_autoscaling():
    n = {"ServiceNamespace": "ecs"}
    s = "application-autoscaling"
    targets = call(s, "DescribeScalableTargets", both(has("ScalableTargets[].SuspendedState.DynamicScalingInSuspended",
                                                          "ScalableTargets[].MinCapacity"),
                                                      aware("ScalableTargets.0.CreationTime")), **n)
    pages(s, "DescribeScalableTargets", "ScalableTargets", 1, **n)
    call(s, "DescribeScalableTargets", "InvalidNextTokenException", NextToken="rubbish", **n)
    call(s, "DescribeScalableTargets", "ValidationException", MaxResults=51, **n)
    call(s, "DescribeScalableTargets", lambda a: None if not a["ScalableTargets"] else "not empty", ServiceNamespace="dynamodb")
    call(s, "DescribeScalingPolicies", has(
        "ScalingPolicies[].TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
        "ScalingPolicies[].Alarms[].AlarmName"), **n)
    call(s, "DescribeScalingActivities", lambda a: None, IncludeNotScaledActivities=True, **n)
    target = next(t for t in targets["ScalableTargets"] if t["ResourceId"].endswith("/web"))
    bounds = {"ResourceId": target["ResourceId"], "ScalableDimension": target["ScalableDimension"], **n}
    call(s, "RegisterScalableTarget", has("ScalableTargetARN"), MinCapacity=3, MaxCapacity=6, **bounds)
    call(s, "RegisterScalableTarget", has("ScalableTargetARN"), SuspendedState={
        "DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}, **bounds)
    call(s, "DescribeScalableTargets", lambda a: None if (a["ScalableTargets"][0]["MinCapacity"], a["ScalableTargets"][0][
        "SuspendedState"]["ScheduledScalingSuspended"]) == (3, True) else str(a), ResourceIds=[target["ResourceId"]], **n)
    call(s, "RegisterScalableTarget", "ValidationException", MinCapacity=9, MaxCapacity=2, **bounds)
    call(s, "DescribeScalingActivities", lambda a: None, ResourceId=target["ResourceId"], **n)


def boto_rds():
    answer = call("rds", "DescribeDBInstances", both(has(
        "DBInstances[].SecondaryAvailabilityZone", "DBInstances[].LatestRestorableTime", "DBInstances[].DbiResourceId",
        "DBInstances[].DBSubnetGroup.Subnets[].SubnetAvailabilityZone.Name", "DBInstances[].CertificateDetails.ValidTill",
        "DBInstances[].VpcSecurityGroups[].VpcSecurityGroupId", "DBInstances[].DBParameterGroups[].DBParameterGroupName",
        "DBInstances[].Endpoint.Address", "DBInstances[].MonitoringRoleArn", "DBInstances[].PendingModifiedValues"),
        aware("DBInstances.0.LatestRestorableTime")))
    instance = answer["DBInstances"][0]
    call("rds", "DescribeDBInstances", "DBInstanceNotFound", DBInstanceIdentifier="nope")
    call("rds", "DescribeDBInstances", "InvalidParameterValue", MaxRecords=5)
    call("rds", "DescribeDBInstances", lambda a: None if len(a["DBInstances"]) == 1 else "filter",
         Filters=[{"Name": "db-instance-id", "Values": [DB]}])
    call("rds", "DescribeDBInstances", lambda a: None if not a["DBInstances"] else "filter",
         Filters=[{"Name": "engine", "Values": ["mysql"]}])
    call("rds", "DescribeEvents", has("Events[].EventCategories", "Events[].Date"), SourceIdentifier=DB, SourceType="db-instance",
         Duration=14 * 24 * 60)
    call("rds", "DescribeEvents", lambda a: None, StartTime=NOW - datetime.timedelta(hours=3), EventCategories=["failover"])
    call("rds", "DescribeEvents", "InvalidParameterCombination", SourceIdentifier=DB)
    call("rds", "DescribePendingMaintenanceActions", has("PendingMaintenanceActions"), ResourceIdentifier=instance["DBInstanceArn"])
    call("rds", "DescribeDBInstanceAutomatedBackups", both(
        has("DBInstanceAutomatedBackups[].Status"), aware("DBInstanceAutomatedBackups.0.RestoreWindow.LatestTime")),
        DBInstanceIdentifier=DB)
    group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
    call("rds", "DescribeDBParameters", has("Parameters[].ParameterValue", "Parameters[].ApplyMethod"), DBParameterGroupName=group)
    pages("rds", "DescribeDBParameters", "Parameters", 20, DBParameterGroupName=group)
    call("rds", "DescribeDBParameters", "DBParameterGroupNotFound", DBParameterGroupName="nope")
    call("rds", "DescribeDBClusters", lambda a: None if not a["DBClusters"] else "there is no cluster")
    call("rds", "DescribeDBClusters", "DBClusterNotFoundFault", DBClusterIdentifier="nope")
    call("rds", "FailoverDBCluster", "DBClusterNotFoundFault", DBClusterIdentifier="nope")
    call("rds", "RebootDBInstance", "DBInstanceNotFound", DBInstanceIdentifier="nope")
    call("rds", "RebootDBInstance", has("DBInstance.DBInstanceStatus"), DBInstanceIdentifier=DB, ForceFailover=True)
    call("rds", "RebootDBInstance", "InvalidDBInstanceState", DBInstanceIdentifier=DB, ForceFailover=True)


def boto_elasticache():
    s = "elasticache"
    call(s, "DescribeServerlessCaches", lambda a: None if not a["ServerlessCaches"] else "there is no serverless cache")
    call(s, "DescribeServerlessCaches", "ServerlessCacheNotFoundFault", ServerlessCacheName="nope")
    call(s, "DescribeReplicationGroups", both(has(
        "ReplicationGroups[].NodeGroups[].Slots", "ReplicationGroups[].NodeGroups[].NodeGroupMembers[].PreferredAvailabilityZone",
        "ReplicationGroups[].MemberClusters", "ReplicationGroups[].ConfigurationEndpoint.Address"),
        aware("ReplicationGroups.0.ReplicationGroupCreateTime")), ReplicationGroupId=REDIS)
    call(s, "DescribeReplicationGroups", "ReplicationGroupNotFoundFault", ReplicationGroupId="nope")
    call(s, "DescribeReplicationGroups", "InvalidParameterValue", MaxRecords=101)
    call(s, "DescribeCacheClusters", both(
        lambda a: None if len(a["CacheClusters"]) == 4 else "not 4 nodes",
        has("CacheClusters[].CacheNodes[].CacheNodeStatus", "CacheClusters[].SecurityGroups[].SecurityGroupId",
            "CacheClusters[].EngineVersion")), ShowCacheNodeInfo=True)
    call(s, "DescribeCacheClusters", lambda a: None if len(a["CacheClusters"]) == 1 else "not 1", CacheClusterId=f"{REDIS}-0001-001")
    call(s, "DescribeCacheClusters", "CacheClusterNotFound", CacheClusterId="nope")
    call(s, "DescribeEvents", lambda a: None, Duration=14 * 24 * 60)
    call(s, "DescribeEvents", lambda a: None, StartTime=NOW - datetime.timedelta(hours=3), SourceType="replication-group")
    call(s, "DescribeUpdateActions", has("UpdateActions"), ReplicationGroupIds=[REDIS])
    call(s, "DescribeCacheSubnetGroups", has("CacheSubnetGroups[].Subnets[].SubnetIdentifier"))
    call(s, "DescribeCacheSubnetGroups", "CacheSubnetGroupNotFoundFault", CacheSubnetGroupName="nope")
    call(s, "TestFailover", has("ReplicationGroup.Status"), ReplicationGroupId=REDIS, NodeGroupId="0001")
    call(s, "TestFailover", "InvalidReplicationGroupState", ReplicationGroupId=REDIS, NodeGroupId="0001")
    call(s, "TestFailover", "NodeGroupNotFoundFault", ReplicationGroupId=REDIS, NodeGroupId="0009")
    call(s, "TestFailover", "ReplicationGroupNotFoundFault", ReplicationGroupId="nope", NodeGroupId="0001")


def metric_query(id, service, stat="Average", period=60):
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": [
        {"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": service}]}, "Period": period, "Stat": stat}}


def boto_cloudwatch():
    s = "cloudwatch"
    window = {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW}
    queries = [metric_query("web", "web"), metric_query("api", "control-plane", "Maximum"), metric_query("none", "nope")]
    whole = call(s, "GetMetricData", both(
        lambda a: None if [r["Id"] for r in a["MetricDataResults"]] == ["web", "api", "none"] else "ids",
        lambda a: None if len(a["MetricDataResults"][0]["Values"]) > 50 else "too few values",
        lambda a: None if a["MetricDataResults"][0]["Timestamps"][0] > a["MetricDataResults"][0]["Timestamps"][-1] else "not newest first",
        lambda a: None if not a["MetricDataResults"][2]["Values"] else "values of nothing",
        aware("MetricDataResults.0.Timestamps.0")), MetricDataQueries=queries, **window)
    made, merged, count = h.client(s), {}, 0
    for page in made.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, PaginationConfig={"PageSize": 17}, **window):
        count += 1
        for result in page["MetricDataResults"]:
            merged.setdefault(result["Id"], []).extend(result["Values"])
    same = all(merged.get(r["Id"]) == r["Values"] for r in whole["MetricDataResults"])
    report(f"boto3 cloudwatch GetMetricData in {count} pages", None if same and count > 3 else "pages differ from the whole")
    call(s, "GetMetricData", lambda a: None if a["MetricDataResults"][0]["Timestamps"] == sorted(
        a["MetricDataResults"][0]["Timestamps"]) else "order", MetricDataQueries=queries, ScanBy="TimestampAscending", **window)
    call(s, "GetMetricData", lambda a: None, MetricDataQueries=[metric_query("p", "web", "p99", 300)], **window)
    call(s, "GetMetricData", "ValidationError", MetricDataQueries=[{"Id": "e1", "Expression": "m1*2"}], **window)
    call(s, "GetMetricData", "ValidationError", MetricDataQueries=queries, StartTime=NOW, EndTime=NOW - datetime.timedelta(hours=1))
    call(s, "GetMetricData", "InvalidNextToken", MetricDataQueries=queries, NextToken="rubbish", **window)
    metric = queries[0]["MetricStat"]["Metric"]
    call(s, "GetMetricStatistics", both(has("Datapoints[].Average", "Datapoints[].Maximum", "Datapoints[].Unit"),
                                        aware("Datapoints.0.Timestamp")), Period=300, Statistics=["Average", "Maximum"], **metric, **window)
    call(s, "GetMetricStatistics", has("Datapoints[].ExtendedStatistics"), Period=300, ExtendedStatistics=["p50", "p99"], **metric, **window)
    call(s, "GetMetricStatistics", "InvalidParameterCombination", Period=1, Statistics=["Sum"], **metric, **window)
    call(s, "ListMetrics", has("Metrics[].Dimensions[].Name"), Namespace="AWS/ECS", RecentlyActive="PT3H")
    call(s, "ListMetrics", lambda a: None if a["Metrics"] else "none", Dimensions=[{"Name": "ClusterName"}])
    alarms = call(s, "DescribeAlarms", both(has(
        "MetricAlarms[].StateValue", "MetricAlarms[].StateReason", "MetricAlarms[].Threshold", "MetricAlarms[].Dimensions[].Value",
        "MetricAlarms[].AlarmActions", "MetricAlarms[].DatapointsToAlarm", "MetricAlarms[].TreatMissingData"),
        aware("MetricAlarms.0.StateUpdatedTimestamp", "MetricAlarms.0.StateTransitionedTimestamp")))
    pages(s, "DescribeAlarms", "MetricAlarms", 2)
    call(s, "DescribeAlarms", lambda a: None if not a["MetricAlarms"] else "types", AlarmTypes=["CompositeAlarm"])
    call(s, "DescribeAlarms", lambda a: None if all(x["StateValue"] == "OK" for x in a["MetricAlarms"]) else "state", StateValue="OK")
    name = next(a["AlarmName"] for a in alarms["MetricAlarms"] if "TargetTracking" not in a["AlarmName"])
    call(s, "DisableAlarmActions", lambda a: None, AlarmNames=[name, "nope"])
    call(s, "DescribeAlarms", lambda a: None if a["MetricAlarms"][0]["ActionsEnabled"] is False else "still on", AlarmNames=[name])
    call(s, "DescribeAlarmHistory", both(has("AlarmHistoryItems[].HistorySummary"), aware("AlarmHistoryItems.0.Timestamp")),
         AlarmName=name, HistoryItemType="ConfigurationUpdate")
    call(s, "EnableAlarmActions", lambda a: None, AlarmNames=[name])
    call(s, "DescribeAlarmHistory", lambda a: None, StartDate=NOW - datetime.timedelta(hours=3), EndDate=NOW, ScanBy="TimestampAscending")


def boto_logs():
    s, g = "logs", {"logGroupName": GROUP}
    groups = call(s, "DescribeLogGroups", has("logGroups[].retentionInDays", "logGroups[].storedBytes", "logGroups[].arn",
                                              "logGroups[].logGroupClass"), logGroupNamePrefix="/ecs/")
    streams = call(s, "DescribeLogStreams", both(has("logStreams[].lastEventTimestamp", "logStreams[].lastIngestionTime"),
                   lambda a: None if a["logStreams"][0]["lastEventTimestamp"] >= a["logStreams"][-1]["lastEventTimestamp"] else "order"),
                   orderBy="LastEventTime", descending=True, **g)
    pages(s, "DescribeLogStreams", "logStreams", 3, **g)
    call(s, "DescribeLogStreams", "ResourceNotFoundException", logGroupName="/nope")
    call(s, "DescribeLogStreams", "InvalidParameterException", limit=51, **g)
    since = MS(NOW - datetime.timedelta(minutes=10))
    call(s, "FilterLogEvents", both(has("events[].eventId", "events[].logStreamName"), lambda a: None if all(
        x["timestamp"] <= y["timestamp"] for x, y in zip(a["events"], a["events"][1:])) else "order"), startTime=since, limit=50, **g)
    fixed = {"startTime": since, "endTime": MS(NOW - datetime.timedelta(minutes=2)), **g}
    pages(s, "FilterLogEvents", "events", 500, **fixed)
    call(s, "FilterLogEvents", lambda a: None if all("GET" in e["message"] for e in a["events"]) else "pattern",
         filterPattern="GET -POST", **fixed)
    call(s, "FilterLogEvents", "InvalidParameterException", filterPattern='"open', **g)
    call(s, "FilterLogEvents", "InvalidParameterException", nextToken="rubbish", **g)
    call(s, "FilterLogEvents", "ResourceNotFoundException", logGroupName="/nope")
    name = streams["logStreams"][0]["logStreamName"]
    last = call(s, "GetLogEvents", has("events[].message", "nextForwardToken", "nextBackwardToken"), logStreamName=name, limit=5, **g)
    call(s, "GetLogEvents", lambda a: None if all(e["timestamp"] <= last["events"][0]["timestamp"] for e in a["events"])
         else "not older", logStreamName=name, limit=5, nextToken=last["nextBackwardToken"], **g)
    call(s, "GetLogEvents", "ResourceNotFoundException", logStreamName="nope", **g)
    call(s, "StartLiveTail", "InvalidParameterException", logGroupIdentifiers=[groups["logGroups"][0]["arn"]])
    live_tail(groups["logGroups"][0]["logGroupArn"])


def live_tail(arn):
    try:
        began, seen, lines = datetime.datetime.now(), [], 0
        stream = h.client("logs").start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
        for event in stream:
            seen.append(next(iter(event)))
            lines += len(event.get("sessionUpdate", {}).get("sessionResults", []))
            if len(seen) == 5:
                break
        stream.close()
        took = (datetime.datetime.now() - began).total_seconds()
        good = seen == ["sessionStart"] + ["sessionUpdate"] * 4 and lines and 3 < took < 7
        report(f"boto3 logs StartLiveTail ({lines} lines in {took:.1f} s)", None if good else f"{seen}")
    except Exception as error:  # noqa: BLE001
        report("boto3 logs StartLiveTail", repr(error))


def cli():
    c = ["--cluster", CLUSTER]
    aws("sts", "get-caller-identity", expect=some("Arn"))
    aws("ecs", "list-clusters", expect=some("clusterArns"))
    aws("ecs", "describe-clusters", "--clusters", CLUSTER, "--include", "SETTINGS", "STATISTICS", expect=some("clusters"))
    aws("ecs", "list-services", *c, "--max-items", "2", expect=lambda a: None if len(a["serviceArns"]) == 2 and a["NextToken"] else str(a))
    aws("ecs", "list-services", *c, "--page-size", "1", expect=lambda a: None if len(a["serviceArns"]) == 3 else str(a))
    aws("ecs", "list-services", "--cluster", "nope", expect="ClusterNotFoundException")
    aws("ecs", "describe-services", *c, "--services", *SERVICES, expect=some("services"))
    tasks = aws("ecs", "list-tasks", *c, "--page-size", "3", expect=some("taskArns"))["taskArns"]
    aws("ecs", "describe-tasks", *c, "--tasks", *tasks, expect=some("tasks"))
    arn = aws("ecs", "list-service-deployments", *c, "--service", "web", expect=some("serviceDeployments"))[
        "serviceDeployments"][0]["serviceDeploymentArn"]
    found = aws("ecs", "describe-service-deployments", "--service-deployment-arns", arn, expect=some("serviceDeployments"))
    revision = found["serviceDeployments"][0]["targetServiceRevision"]["arn"]
    aws("ecs", "describe-service-revisions", "--service-revision-arns", revision, expect=some("serviceRevisions"))
    definitions = aws("ecs", "list-task-definitions", "--max-items", "3", expect=some("taskDefinitionArns"))
    aws("ecs", "describe-task-definition", "--task-definition", definitions["taskDefinitionArns"][0], expect=some("taskDefinition"))
    balancer = aws("elbv2", "describe-load-balancers", expect=some("LoadBalancers"))["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer, "--page-size", "1", expect=some("Listeners"))
    for listener in listeners["Listeners"]:
        aws("elbv2", "describe-rules", "--listener-arn", listener["ListenerArn"], expect=some("Rules"))
    group = aws("elbv2", "describe-target-groups", "--max-items", "1", expect=some("TargetGroups"))["TargetGroups"][0]["TargetGroupArn"]
    aws("elbv2", "describe-target-group-attributes", "--target-group-arn", group, expect=some("Attributes"))
    aws("elbv2", "describe-target-health", "--target-group-arn", group, expect=some("TargetHealthDescriptions"))
    scaling = ["application-autoscaling"]
    aws(*scaling, "describe-scalable-targets", "--service-namespace", "ecs", "--max-items", "1", expect=some("ScalableTargets"))
    aws(*scaling, "describe-scaling-policies", "--service-namespace", "ecs", expect=some("ScalingPolicies"))
    aws(*scaling, "describe-scaling-activities", "--service-namespace", "ecs")
    instance = aws("rds", "describe-db-instances", expect=some("DBInstances"))["DBInstances"][0]
    aws("rds", "describe-db-instances", "--db-instance-identifier", "nope", expect="DBInstanceNotFound")
    aws("rds", "describe-events", "--duration", "20160", "--max-items", "3", expect=some("Events"))
    aws("rds", "describe-pending-maintenance-actions")
    aws("rds", "describe-db-instance-automated-backups", expect=some("DBInstanceAutomatedBackups"))
    parameters = instance["DBParameterGroups"][0]["DBParameterGroupName"]
    aws("rds", "describe-db-parameters", "--db-parameter-group-name", parameters, "--page-size", "20", expect=some("Parameters"))
    aws("elasticache", "describe-replication-groups", expect=some("ReplicationGroups"))
    aws("elasticache", "describe-cache-clusters", "--show-cache-node-info", expect=some("CacheClusters"))
    aws("elasticache", "describe-events", "--duration", "20160")
    aws("elasticache", "describe-update-actions")
    aws("elasticache", "describe-cache-subnet-groups", expect=some("CacheSubnetGroups"))
    cli_cloudwatch()
    cli_writes(c, tasks)


def cli_cloudwatch():
    window = ["--start-time", (NOW - datetime.timedelta(hours=1)).isoformat(), "--end-time", NOW.isoformat()]
    aws("cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps([metric_query("m1", "web")]), *window,
        expect=lambda a: None if len(a["MetricDataResults"][0]["Values"]) > 50 else str(a))
    aws("cloudwatch", "get-metric-statistics", "--namespace", "AWS/ECS", "--metric-name", "CPUUtilization", "--dimensions",
        f"Name=ClusterName,Value={CLUSTER}", "Name=ServiceName,Value=web", "--statistics", "Average", "--period", "300", *window,
        expect=some("Datapoints"))
    aws("cloudwatch", "list-metrics", "--namespace", "AWS/RDS", "--recently-active", "PT3H", expect=some("Metrics"))
    alarms = aws("cloudwatch", "describe-alarms", "--max-items", "2", expect=some("MetricAlarms"))
    aws("cloudwatch", "describe-alarms", "--starting-token", alarms["NextToken"], expect=some("MetricAlarms"))
    aws("cloudwatch", "describe-alarm-history", "--max-items", "2")
    aws("logs", "describe-log-groups", expect=some("logGroups"))
    stream = aws("logs", "describe-log-streams", "--log-group-name", GROUP, "--max-items", "2", expect=some("logStreams"))
    aws("logs", "filter-log-events", "--log-group-name", GROUP, "--max-items", "5", "--filter-pattern", "?GET ?POST", expect=some("events"))
    aws("logs", "get-log-events", "--log-group-name", GROUP, "--log-stream-name", stream["logStreams"][0]["logStreamName"],
        "--limit", "3")


def cli_writes(c, tasks):
    alarm = aws("cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm", expect=some("MetricAlarms"))["MetricAlarms"][0]["AlarmName"]
    aws("cloudwatch", "disable-alarm-actions", "--alarm-names", alarm)
    aws("cloudwatch", "enable-alarm-actions", "--alarm-names", alarm)
    aws("application-autoscaling", "register-scalable-target", "--service-namespace", "ecs", "--resource-id",
        f"service/{CLUSTER}/web", "--scalable-dimension", "ecs:service:DesiredCount", "--suspended-state",
        "DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false")
    aws("ecs", "update-service", *c, "--service", "web", "--desired-count", "4", expect=some("service"))
    aws("ecs", "stop-task", *c, "--task", tasks[-1], "--reason", "check_clients", expect=some("task"))
    aws("ecs", "update-service", *c, "--service", "control-plane", "--force-new-deployment", expect=some("service"))
    rolling = aws("ecs", "list-service-deployments", *c, "--service", "control-plane", "--status", "PENDING", "IN_PROGRESS",
                  expect=some("serviceDeployments"))
    aws("ecs", "stop-service-deployment", "--service-deployment-arn",
        rolling["serviceDeployments"][0]["serviceDeploymentArn"], "--stop-type", "ROLLBACK", expect=some("serviceDeploymentArn"))
    # Rebooting, however long ago it was rebooted last: a busy machine takes its time to come here.
    with contextlib.suppress(botocore.exceptions.ClientError):
        h.client("rds").reboot_db_instance(DBInstanceIdentifier=DB, ForceFailover=True)
    aws("rds", "reboot-db-instance", "--db-instance-identifier", DB, "--force-failover", expect="InvalidDBInstanceState")
    aws("elasticache", "test-failover", "--replication-group-id", REDIS, "--node-group-id", "0009", expect="NodeGroupNotFoundFault")


def core():
    for part in (boto_sts, boto_ecs, boto_elbv2, boto_autoscaling, boto_rds, boto_elasticache, boto_cloudwatch, boto_logs, cli):
        attempt(part.__name__, part)


def attempt(name, part):
    try:
        part()
    except Exception as error:  # noqa: BLE001
        report(name, repr(error))


def main():
    asked = sys.argv[2:]
    if not asked or "core" in asked:
        core()
    for topic in asked or TOPICS:
        if topic != "core":
            attempt(topic, lambda: importlib.import_module(f"checks_{topic}").run(h))
    print(f"{h.count.passed} passed, {h.count.failed} failed")
    sys.exit(1 if h.count.failed else 0)


main()
