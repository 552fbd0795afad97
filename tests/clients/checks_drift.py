"""Changes that take the stack away from how it was designed, through AWS's own operations, and back again."""

import time

from harness import NOW, both, has, some

CLUSTER = "production-nextcore"
DB = "production-nextcore-db"
REDIS = "production-nextcore-redis"
LOGS = "/ecs/production-nextcore"


def run(h):
    for part in (balancer, services, scaling, alarms, logs, cache, database):
        part(h)


def balancer(h):
    s = "elbv2"
    groups = h.call(s, "DescribeTargetGroups", some("TargetGroups"))["TargetGroups"]
    api = next(g for g in groups if g["Port"] == 8000)
    arn = api["TargetGroupArn"]
    h.call(s, "ModifyTargetGroup", lambda a: None if (a["TargetGroups"][0]["HealthCheckPath"], a["TargetGroups"][0]["Matcher"]["HttpCode"]) == (
        "/api/health", "200-399") else str(a), TargetGroupArn=arn, HealthCheckPath="/api/health", Matcher={"HttpCode": "200-399"})
    h.call(s, "ModifyTargetGroup", "TargetGroupNotFound", TargetGroupArn=arn + "x", HealthCheckPath="/")
    h.call(s, "ModifyTargetGroup", "ValidationError", TargetGroupArn=arn, HealthCheckTimeoutSeconds=60)
    h.call(s, "ModifyTargetGroup", "ValidationError", TargetGroupArn=arn, HealthCheckPath="health")
    h.call(s, "ModifyTargetGroup", "InvalidConfigurationRequest", TargetGroupArn=arn, HealthCheckEnabled=False)
    h.aws(s, "modify-target-group", "--target-group-arn", arn, "--health-check-path", api["HealthCheckPath"], "--matcher", "HttpCode=200",
          expect=lambda a: None if a["TargetGroups"][0]["HealthCheckPath"] == api["HealthCheckPath"] else str(a))
    balancers = h.call(s, "DescribeLoadBalancers", some("LoadBalancers"))["LoadBalancers"]
    listeners = h.call(s, "DescribeListeners", some("Listeners"), LoadBalancerArn=balancers[0]["LoadBalancerArn"])["Listeners"]
    http, https = (next(x for x in listeners if x["Port"] == port) for port in (80, 443))
    redirect = lambda code: [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": code}}]  # noqa: E731
    h.call(s, "ModifyListener", lambda a: None if a["Listeners"][0]["DefaultActions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_302"
           else str(a), ListenerArn=http["ListenerArn"], DefaultActions=redirect("HTTP_302"))
    h.call(s, "DescribeRules", lambda a: None if a["Rules"][-1]["Actions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_302" else str(a),
           ListenerArn=http["ListenerArn"])
    h.call(s, "ModifyListener", has("Listeners[].DefaultActions"), ListenerArn=http["ListenerArn"], DefaultActions=redirect("HTTP_301"))
    h.call(s, "ModifyListener", "TargetGroupNotFound", ListenerArn=https["ListenerArn"],
           DefaultActions=[{"Type": "forward", "TargetGroupArn": arn + "x"}])
    h.call(s, "ModifyListener", "ListenerNotFound", ListenerArn=http["ListenerArn"] + "x", DefaultActions=redirect("HTTP_301"))
    h.aws(s, "modify-listener", "--listener-arn", https["ListenerArn"], "--ssl-policy", "ELBSecurityPolicy-TLS13-1-2-2021-06",
          expect=some("Listeners"))
    rules = h.call(s, "DescribeRules", some("Rules"), ListenerArn=https["ListenerArn"])["Rules"]
    rule, default = rules[0], rules[-1]
    paths = lambda *values: [{"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}]  # noqa: E731
    h.call(s, "ModifyRule", lambda a: None if a["Rules"][0]["Conditions"][0]["Values"] == ["/v2/*"] else str(a), RuleArn=rule["RuleArn"],
           Conditions=paths("/v2/*"))
    h.call(s, "ModifyRule", lambda a: None if a["Rules"][0]["Conditions"][0]["Values"] == ["/api/*"] else str(a), RuleArn=rule["RuleArn"],
           Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}])
    h.call(s, "ModifyRule", "OperationNotPermitted", RuleArn=default["RuleArn"], Conditions=paths("/x"))
    h.call(s, "ModifyRule", "RuleNotFound", RuleArn=rule["RuleArn"] + "x", Conditions=paths("/x"))
    h.aws(s, "modify-rule", "--rule-arn", rule["RuleArn"], "--actions", f"Type=forward,TargetGroupArn={arn}", expect=some("Rules"))


def services(h):
    s, c = "ecs", {"cluster": CLUSTER}
    setting = lambda value: [{"name": "containerInsights", "value": value}]  # noqa: E731
    for value in ("disabled", "enhanced"):
        h.call(s, "UpdateClusterSettings", lambda a: None if a["cluster"]["settings"] == setting(value) else str(a), settings=setting(value), **c)
    h.call(s, "UpdateClusterSettings", "InvalidParameterException", settings=setting("loud"), **c)
    h.call(s, "UpdateClusterSettings", "ClusterNotFoundException", settings=setting("enabled"), cluster="nope")
    h.aws(s, "update-cluster-settings", "--cluster", CLUSTER, "--settings", "name=containerInsights,value=enabled", expect=some("cluster"))
    rules = lambda on: {"deploymentCircuitBreaker": {"enable": on, "rollback": on}, "minimumHealthyPercent": 50}  # noqa: E731
    h.call(s, "UpdateService", lambda a: None if a["service"]["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": False, "rollback": False} and a["service"]["deploymentConfiguration"]["minimumHealthyPercent"] == 50 else str(a),
           service="celery-worker", deploymentConfiguration=rules(False), **c)
    h.call(s, "UpdateService", has("service.deploymentConfiguration"), service="celery-worker", deploymentConfiguration={
        **rules(True), "minimumHealthyPercent": 100}, **c)
    network = h.call(s, "DescribeServices", some("services"), services=["celery-worker"], **c)["services"][0]["networkConfiguration"]
    fewer = {"awsvpcConfiguration": {**network["awsvpcConfiguration"], "subnets": network["awsvpcConfiguration"]["subnets"][:2]}}
    h.call(s, "UpdateService", lambda a: None if a["service"]["networkConfiguration"] == fewer and len(a["service"]["deployments"]) > 1
           else str(a["service"]["networkConfiguration"]), service="celery-worker", networkConfiguration=fewer, **c)
    h.call(s, "UpdateService", lambda a: None if a["service"]["networkConfiguration"] == network else "not back", service="celery-worker",
           networkConfiguration=network, **c)
    h.call(s, "UpdateService", "InvalidParameterException", service="celery-worker",
           networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-nope"]}}, **c)
    h.call(s, "UpdateService", lambda a: None if a["service"]["healthCheckGracePeriodSeconds"] == 90 else "grace", service="web",
           healthCheckGracePeriodSeconds=90, **c)


def scaling(h):
    s = "application-autoscaling"
    target = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/celery-worker", "ScalableDimension": "ecs:service:DesiredCount"}
    policy = h.call(s, "DescribeScalingPolicies", some("ScalingPolicies"), ServiceNamespace="ecs", ResourceId=target["ResourceId"])["ScalingPolicies"][0]
    alarm = policy["Alarms"][0]["AlarmName"]
    h.call(s, "DeleteScalingPolicy", "ObjectNotFoundException", PolicyName="nope", **target)
    h.call(s, "DeleteScalingPolicy", lambda a: None, PolicyName=policy["PolicyName"], **target)
    h.call(s, "DescribeScalingPolicies", lambda a: None if not a["ScalingPolicies"] else "still there", ServiceNamespace="ecs",
           ResourceId=target["ResourceId"])
    h.call("cloudwatch", "DescribeAlarms", lambda a: None if not a["MetricAlarms"] else "its alarms are left", AlarmNames=[alarm])
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    h.call(s, "PutScalingPolicy", has("PolicyARN", "Alarms[].AlarmARN"), PolicyName=policy["PolicyName"], PolicyType="TargetTrackingScaling",
           TargetTrackingScalingPolicyConfiguration=tracking, **target)
    h.call(s, "PutScalingPolicy", "ObjectNotFoundException", PolicyName="x", PolicyType="TargetTrackingScaling",
           TargetTrackingScalingPolicyConfiguration=tracking, **{**target, "ResourceId": f"service/{CLUSTER}/nope"})
    h.aws(s, "put-scaling-policy", "--policy-name", policy["PolicyName"], "--service-namespace", "ecs", "--resource-id", target["ResourceId"],
          "--scalable-dimension", target["ScalableDimension"], "--policy-type", "TargetTrackingScaling",
          "--target-tracking-scaling-policy-configuration",
          '{"TargetValue":60,"PredefinedMetricSpecification":{"PredefinedMetricType":"ECSServiceAverageCPUUtilization"}}',
          expect=some("PolicyARN"))


def alarms(h):
    s, name = "cloudwatch", "production-nextcore-rds-load-high"
    alarm = {"AlarmName": name, "Namespace": "AWS/RDS", "MetricName": "DBLoad", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 5,
             "DatapointsToAlarm": 3, "Threshold": 2, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "breaching",
             "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": DB}], "AlarmDescription": "sessions above the vCPUs"}
    h.call(s, "PutMetricAlarm", lambda a: None, **alarm)
    h.call(s, "DescribeAlarms", lambda a: None if all(a["MetricAlarms"][0][k] == v for k, v in alarm.items()) and a["MetricAlarms"][0][
        "StateValue"] == "INSUFFICIENT_DATA" else str(a["MetricAlarms"]), AlarmNames=[name])
    h.call(s, "PutMetricAlarm", lambda a: None, **{**alarm, "Threshold": 3.5})
    h.call(s, "DescribeAlarms", lambda a: None if a["MetricAlarms"][0]["Threshold"] == 3.5 else str(a), AlarmNames=[name])
    h.call(s, "DescribeAlarmHistory", lambda a: None if [i["HistorySummary"].split()[-1] for i in a["AlarmHistoryItems"]][:2] == [
        "updated", "created"] else str(a), AlarmName=name)
    h.call(s, "PutMetricAlarm", "ValidationError", **{**alarm, "DatapointsToAlarm": 6})
    h.call(s, "PutMetricAlarm", "InvalidParameterCombination", **{k: v for k, v in alarm.items() if k != "Statistic"})
    h.call(s, "DeleteAlarms", "ResourceNotFound", AlarmNames=[name, "nope"])
    h.call(s, "DeleteAlarms", lambda a: None, AlarmNames=[name])
    h.call(s, "DescribeAlarms", lambda a: None if not a["MetricAlarms"] else "still there", AlarmNames=[name])
    h.aws(s, "put-metric-alarm", "--alarm-name", name, "--namespace", "AWS/RDS", "--metric-name", "DBLoad", "--statistic", "Maximum",
          "--period", "60", "--evaluation-periods", "1", "--threshold", "4", "--comparison-operator", "LessThanOrEqualToThreshold")
    h.aws(s, "delete-alarms", "--alarm-names", name)


def logs(h):
    s, g = "logs", {"logGroupName": LOGS}
    kept = lambda a: a["logGroups"][0].get("retentionInDays")  # noqa: E731
    h.call(s, "PutRetentionPolicy", lambda a: None, retentionInDays=7, **g)
    h.call(s, "DescribeLogGroups", lambda a: None if kept(a) == 7 else str(a), logGroupNamePrefix=LOGS)
    h.call(s, "PutRetentionPolicy", "InvalidParameterException", retentionInDays=8, **g)
    h.call(s, "PutRetentionPolicy", "ResourceNotFoundException", logGroupName="/nope", retentionInDays=7)
    h.call(s, "DeleteRetentionPolicy", lambda a: None, **g)
    h.call(s, "DescribeLogGroups", lambda a: None if kept(a) is None else str(a), logGroupNamePrefix=LOGS)
    h.call(s, "DeleteRetentionPolicy", "ResourceNotFoundException", logGroupName="/nope")
    h.aws(s, "put-retention-policy", "--log-group-name", LOGS, "--retention-in-days", "30")


def until(h, name, seconds, done):
    """Waits for what takes its time in AWS, too."""
    for _ in range(seconds // 3):
        if done():
            return h.report(name)
        time.sleep(3)
    return h.report(name, f"not within {seconds} s")


def cache(h):
    s, g = "elasticache", {"ReplicationGroupId": REDIS}
    group = lambda: h.client(s).describe_replication_groups(**g)["ReplicationGroups"][0]  # noqa: E731
    if group()["Status"] != "available":
        # The core checks fail a node over; it comes back after minutes, and until then nothing can be changed.
        h.call(s, "ModifyReplicationGroup", "InvalidReplicationGroupState", MultiAZEnabled=False, ApplyImmediately=True, **g)
    else:
        h.call(s, "ModifyReplicationGroup", lambda a: None if a["ReplicationGroup"]["MultiAZ"] == "disabled" else str(a), MultiAZEnabled=False,
               ApplyImmediately=True, **g)
        h.aws(s, "modify-replication-group", "--replication-group-id", REDIS, "--multi-az-enabled", "--apply-immediately",
              expect=lambda a: None if a["ReplicationGroup"]["MultiAZ"] == "enabled" else str(a))
    h.call(s, "ModifyReplicationGroup", "InvalidParameterCombination", AutomaticFailoverEnabled=False, ApplyImmediately=True, **g)
    h.call(s, "ModifyReplicationGroup", "ReplicationGroupNotFoundFault", ReplicationGroupId="nope", MultiAZEnabled=True)


def database(h):
    s, i = "rds", {"DBInstanceIdentifier": DB}
    instance = lambda: h.client(s).describe_db_instances(**i)["DBInstances"][0]  # noqa: E731
    available = lambda: instance()["DBInstanceStatus"] == "available"  # noqa: E731
    until(h, "the database is available", 240, available)
    now = {"ApplyImmediately": True, **i}
    h.call(s, "ModifyDBInstance", lambda a: None if (a["DBInstance"]["BackupRetentionPeriod"], a["DBInstance"]["PubliclyAccessible"]) == (
        3, True) else str(a), BackupRetentionPeriod=3, PubliclyAccessible=True, **now)
    h.call(s, "ModifyDBInstance", lambda a: None if a["DBInstance"]["PerformanceInsightsEnabled"] is False else str(a),
           EnablePerformanceInsights=False, **now)
    h.call("pi", "GetResourceMetadata", "NotAuthorizedException", ServiceType="RDS", Identifier=instance()["DbiResourceId"])
    h.call(s, "ModifyDBInstance", lambda a: None if a["DBInstance"]["PendingModifiedValues"] == {
        "AllocatedStorage": 200, "DBInstanceClass": "db.t3.xlarge"} else str(a["DBInstance"]["PendingModifiedValues"]),
           AllocatedStorage=200, DBInstanceClass="db.t3.xlarge", **i)
    h.call(s, "ModifyDBInstance", lambda a: None if a["DBInstance"]["PendingModifiedValues"] == {} else str(a["DBInstance"]["PendingModifiedValues"]),
           AllocatedStorage=100, DBInstanceClass="db.t3.large", **i)
    for code, change in (("InvalidParameterValue", {"BackupRetentionPeriod": 99}), ("InvalidParameterValue", {"DBInstanceClass": "db.x"}),
                         ("InvalidParameterCombination", {"AllocatedStorage": 20}), ("InvalidParameterValue", {"MonitoringInterval": 7})):
        h.call(s, "ModifyDBInstance", code, **change, **now)
    h.call(s, "ModifyDBInstance", "DBInstanceNotFound", DBInstanceIdentifier="nope", MultiAZ=False)
    h.call(s, "ModifyDBInstance", lambda a: None if a["DBInstance"]["PendingModifiedValues"] == {"MultiAZ": False} else str(a),
           MultiAZ=False, **now)
    until(h, "the database has no standby", 200, lambda: not instance()["MultiAZ"] and available())
    h.report("and tells so", None if "SecondaryAvailabilityZone" not in instance() else "a secondary zone")
    h.call(s, "ModifyDBInstance", lambda a: None if a["DBInstance"]["MonitoringInterval"] == 0 and a["DBInstance"][
        "DBInstanceStatus"] == "configuring-enhanced-monitoring" else str(a), MonitoringInterval=0, **now)
    h.call(s, "ModifyDBInstance", "InvalidDBInstanceState", MonitoringInterval=60, **now)
    events = h.call(s, "DescribeEvents", some("Events"), SourceIdentifier=DB, SourceType="db-instance", StartTime=NOW)["Events"]
    h.report("the changes are among the events", None if any("configuration change" in e["EventCategories"] for e in events) else str(events))
    until(h, "monitoring is configured", 90, available)
    h.aws(s, "modify-db-instance", "--db-instance-identifier", DB, "--backup-retention-period", "7", "--no-publicly-accessible",
          "--enable-performance-insights", "--monitoring-interval", "60", "--apply-immediately",
          expect=both(some("DBInstance"), lambda a: None if a["DBInstance"]["BackupRetentionPeriod"] == 7 else str(a)))
