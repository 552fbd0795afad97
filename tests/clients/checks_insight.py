"""Performance Insights, Enhanced Monitoring, dashboards, and the reads beside them: every operation, its pages and its errors."""

import datetime
import json
import urllib.request

import cbor2

from harness import MS, NOW, aware, both, has, some

DB = "production-nextcore-db"
OS_GROUP = "RDSOSMetrics"
HOUR = datetime.timedelta(hours=1)


def close(a, b, part=0.02):
    return abs(a - b) <= part * max(abs(a), abs(b), 1e-9)


def run(h):
    instance = h.call("rds", "DescribeDBInstances", has("DBInstances[].DbiResourceId"))["DBInstances"][0]
    resource = {"ServiceType": "RDS", "Identifier": instance["DbiResourceId"]}
    load(h, resource)
    keys(h, resource)
    catalogue(h, resource)
    cbor(h, resource)
    host(h, instance)
    dashboards(h)
    reads(h, instance)


def load(h, resource):
    end = NOW.replace(second=0, microsecond=0) - datetime.timedelta(minutes=3)
    window = {"StartTime": end - HOUR, "EndTime": end, "PeriodInSeconds": 60}
    metric = lambda name, **more: {"Metric": name, **more}  # noqa: E731
    by = lambda group, **more: {"Group": group, **more}  # noqa: E731
    answer = h.call("pi", "GetResourceMetrics", both(
        has("MetricList[].Key.Metric", "MetricList[].DataPoints[].Timestamp", "MetricList[].DataPoints[].Value", "Identifier"),
        aware("AlignedStartTime", "AlignedEndTime", "MetricList.0.DataPoints.0.Timestamp"),
        lambda a: None if len(a["MetricList"][0]["DataPoints"]) == 60 else f"{len(a['MetricList'][0]['DataPoints'])} points"),
        MetricQueries=[metric("db.load.avg")], PeriodAlignment="START_TIME", **resource, **window)
    cloudwatch = h.call("cloudwatch", "GetMetricStatistics", some("Datapoints"), Namespace="AWS/RDS", MetricName="DBLoad",
                        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": DB}], Statistics=["Average"], Period=60,
                        StartTime=end - HOUR, EndTime=end)
    theirs = {p["Timestamp"]: p["Average"] for p in cloudwatch["Datapoints"]}
    wrong = [p for p in answer["MetricList"][0]["DataPoints"] if p["Timestamp"] in theirs and not close(p["Value"], theirs[p["Timestamp"]])]
    h.report("db.load.avg of every minute is its DBLoad", f"{wrong[:2]}" if wrong or len(theirs) < 50 else None)

    def adds_up(a):
        total, parts = a["MetricList"][0]["DataPoints"], [m["DataPoints"] for m in a["MetricList"][1:]]
        if not parts or any("Dimensions" not in m["Key"] for m in a["MetricList"][1:]):
            return "no dimensions"
        sums = {}
        for points in parts:
            for point in points:
                sums[point["Timestamp"]] = sums.get(point["Timestamp"], 0) + point["Value"]
        return None if all(close(sums[p["Timestamp"]], p["Value"]) for p in total) else "the parts are not the whole"

    for group in ("db.wait_event", "db.sql_tokenized", "db.user", "db.application", "db.session_type", "db.wait_event_type", "db"):
        h.call("pi", "GetResourceMetrics", adds_up, MetricQueries=[metric("db.load.avg", GroupBy=by(group, Limit=25))], **resource, **window)
    h.call("pi", "GetResourceMetrics", lambda a: None if len(a["MetricList"]) == 3 else str(len(a["MetricList"])),
           MetricQueries=[metric("db.load.avg", GroupBy=by("db.wait_event", Limit=2, Dimensions=["db.wait_event.name"]))], **resource, **window)
    h.call("pi", "GetResourceMetrics", lambda a: None if 0 < a["MetricList"][0]["DataPoints"][0]["Value"] < answer["MetricList"][0][
        "DataPoints"][0]["Value"] else "not a part", MetricQueries=[metric("db.load.avg", Filter={"db.wait_event.name": "CPU"})],
           **resource, **window)
    names = ["os.cpuUtilization.total.avg", "os.memory.free.avg", "db.Transactions.xact_commit.avg", "db.Cache.blks_hit.avg",
             "db.User.numbackends.max", "os.cpuUtilization.idle.min", "db.IO.blks_read.sum"]
    h.call("pi", "GetResourceMetrics", lambda a: None if [m["Key"]["Metric"] for m in a["MetricList"]] == names else "names",
           MetricQueries=[metric(n) for n in names], **resource, **window)
    for period, most in ((1, 125), (300, 13), (3600, 3)):
        h.call("pi", "GetResourceMetrics", lambda a: None if 0 < len(a["MetricList"][0]["DataPoints"]) <= most else "points",
               MetricQueries=[metric("db.load.avg")], **resource, StartTime=end - (HOUR if period > 1 else HOUR / 30), EndTime=end,
               PeriodInSeconds=period)
    # GetResourceMetrics has no paginator in botocore.
    query = [metric("db.load.avg", GroupBy=by("db.sql_tokenized", Limit=10))]
    first = h.call("pi", "GetResourceMetrics", some("NextToken"), MetricQueries=query, MaxResults=4, **resource, **window)
    second = h.call("pi", "GetResourceMetrics", lambda a: None if a["MetricList"][0]["Key"] != first["MetricList"][0]["Key"] else "same page",
                    MetricQueries=query, MaxResults=4, NextToken=first["NextToken"], **resource, **window)
    h.call("pi", "GetResourceMetrics", lambda a: None if len(a["MetricList"]) == 3 and not a.get("NextToken") else "not the last page",
           MetricQueries=query, MaxResults=4, NextToken=second["NextToken"], **resource, **window)
    bad = "InvalidArgumentException"
    for queries in ([metric("db.load.p99")], [metric("db.nothing.avg")], [metric("os.cpuUtilization.total.p50")],
                    [metric("db.load.avg", GroupBy=by("db.host"))], [metric("db.load.avg", Filter={"db.colour": "red"})],
                    [metric("os.memory.free.avg", GroupBy=by("db.user"))]):
        h.call("pi", "GetResourceMetrics", bad, MetricQueries=queries, **resource, **window)
    h.call("pi", "GetResourceMetrics", bad, MetricQueries=query, **resource, StartTime=end, EndTime=end - HOUR)
    h.call("pi", "GetResourceMetrics", bad, MetricQueries=query, **resource, StartTime=end - HOUR, EndTime=end, PeriodInSeconds=7)
    h.call("pi", "GetResourceMetrics", bad, MetricQueries=query, NextToken="rubbish", **resource, **window)
    h.call("pi", "GetResourceMetrics", "NotAuthorizedException", MetricQueries=query, ServiceType="RDS", Identifier="db-NOPE", **window)
    h.call("pi", "GetResourceMetrics", "NotAuthorizedException", MetricQueries=query, **{**resource, "ServiceType": "DOCDB"}, **window)
    h.aws("pi", "get-resource-metrics", "--service-type", "RDS", "--identifier", resource["Identifier"], "--metric-queries",
          json.dumps(query), "--start-time", (end - HOUR).isoformat(), "--end-time", end.isoformat(), "--period-in-seconds", "300",
          expect=some("MetricList"))


def keys(h, resource):
    s, o = "pi", "DescribeDimensionKeys"
    window = {"StartTime": NOW - HOUR, "EndTime": NOW}
    ask = {"Metric": "db.load.avg", **resource, **window}
    falling = lambda a: None if all(x["Total"] >= y["Total"] for x, y in zip(a["Keys"], a["Keys"][1:])) else "order"  # noqa: E731
    waits = h.call(s, o, both(has("Keys[].Dimensions", "Keys[].Total"), falling, lambda a: None if {
        "CPU", "IO:DataFileRead"} <= {k["Dimensions"]["db.wait_event.name"] for k in a["Keys"]} else "waits"),
        GroupBy={"Group": "db.wait_event"}, **ask)
    statements = h.call(s, o, both(falling, lambda a: None if any(
        "<=>" in k["Dimensions"]["db.sql_tokenized.statement"] for k in a["Keys"]) else "no vector search"),
        GroupBy={"Group": "db.sql_tokenized", "Limit": 25}, **ask)
    total = lambda a: sum(k["Total"] for k in a["Keys"])  # noqa: E731
    h.report("statements and wait events are the same load", None if close(total(waits), total(statements)) else f"{total(waits)} {total(statements)}")

    def crossed(a):
        columns = len(a["PartitionKeys"])
        good = all(len(k["Partitions"]) == columns and close(sum(k["Partitions"]), k["Total"]) for k in a["Keys"])
        return None if good and columns > 3 else "partitions"

    h.call(s, o, crossed, GroupBy={"Group": "db.sql_tokenized"}, PartitionBy={"Group": "db.wait_event", "Limit": 25}, **ask)
    h.call(s, o, lambda a: None if [k["Dimensions"]["db.user.name"] for k in a["Keys"]] == ["nextcore_app", "rdsadmin"] else str(a["Keys"]),
           GroupBy={"Group": "db.user"}, **ask)
    first = h.call(s, o, some("NextToken"), GroupBy={"Group": "db.sql_tokenized"}, MaxResults=3, **ask)
    h.call(s, o, lambda a: None if a["Keys"][0]["Total"] <= first["Keys"][-1]["Total"] else "order", GroupBy={"Group": "db.sql_tokenized"},
           MaxResults=3, NextToken=first["NextToken"], **ask)
    h.call(s, o, "InvalidArgumentException", GroupBy={"Group": "db.wait_event"}, **{**ask, "Metric": "os.cpuUtilization.total.avg"})
    h.call(s, o, "InvalidArgumentException", GroupBy={"Group": "db.wait_event", "Dimensions": ["db.user.name"]}, **ask)
    h.call(s, o, "NotAuthorizedException", GroupBy={"Group": "db.wait_event"}, **{**ask, "Identifier": "db-NOPE"})
    top = statements["Keys"][0]["Dimensions"]
    h.call(s, "GetDimensionKeyDetails", lambda a: None if a["Dimensions"][0]["Value"].startswith(top["db.sql_tokenized.statement"][:50])
           else str(a), Group="db.sql", GroupIdentifier=top["db.sql_tokenized.id"], RequestedDimensions=["statement"], **resource)
    h.call(s, "GetDimensionKeyDetails", "InvalidArgumentException", Group="db.sql", GroupIdentifier="0", **resource)
    h.aws("pi", "describe-dimension-keys", "--service-type", "RDS", "--identifier", resource["Identifier"], "--metric", "db.load.avg",
          "--group-by", '{"Group":"db.wait_event"}', "--start-time", (NOW - HOUR).isoformat(), "--end-time", NOW.isoformat(),
          expect=some("Keys"))


def catalogue(h, resource):
    s = "pi"
    h.call(s, "ListAvailableResourceMetrics", both(has("Metrics[].Metric", "Metrics[].Description", "Metrics[].Unit"),
                                                   some("NextToken")), MetricTypes=["os", "db"], **resource)
    h.call(s, "ListAvailableResourceMetrics", "InvalidArgumentException", MetricTypes=["colour"], **resource)
    h.call(s, "ListAvailableResourceDimensions", has("MetricDimensions[].Groups[].Dimensions[].Identifier"), Metrics=["db.load"], **resource)
    h.call(s, "GetResourceMetadata", has("Features"), **resource)


def cbor(h, resource):
    """The Rust SDK speaks CBOR to this service; the installed botocore speaks JSON."""
    body = {"MetricQueries": [{"Metric": "db.load.avg", "GroupBy": {"Group": "db.wait_event"}}], "StartTime": NOW - HOUR, "EndTime": NOW, **resource}

    def post(body):
        request = urllib.request.Request(
            f"{h.endpoint}/service/PerformanceInsightsv20180227/operation/GetResourceMetrics",
            data=cbor2.dumps(body, datetime_as_timestamp=True),
            headers={"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor"})
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, cbor2.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, cbor2.loads(error.read())

    status, answer = post(body)
    point = answer["MetricList"][1]["DataPoints"][0]
    good = status == 200 and isinstance(point["Value"], float) and isinstance(point["Timestamp"], datetime.datetime)
    h.report("pi GetResourceMetrics over CBOR", None if good else str(answer)[:300])
    status, answer = post({**body, "Identifier": "db-NOPE"})
    h.report("pi errors over CBOR", None if (status, answer["__type"].split("#")[-1]) == (400, "NotAuthorizedException") else str(answer))


def host(h, instance):
    stream = {"logGroupName": OS_GROUP, "logStreamName": instance["DbiResourceId"]}
    h.call("logs", "DescribeLogGroups", lambda a: None if a["logGroups"][0]["retentionInDays"] == 30 else str(a), logGroupNamePrefix=OS_GROUP)
    h.call("logs", "DescribeLogStreams", lambda a: None if [x["logStreamName"] for x in a["logStreams"]] == [
        instance["DbiResourceId"]] else str(a), logGroupName=OS_GROUP)
    last = h.call("logs", "GetLogEvents", both(has("events[].message", "nextForwardToken", "nextBackwardToken"),
                                               lambda a: None if len(a["events"]) == 3 else "limit"), limit=3, **stream)
    event = json.loads(last["events"][-1]["message"])
    want = {"engine", "instanceID", "instanceResourceID", "timestamp", "version", "uptime", "numVCPUs", "cpuUtilization", "loadAverageMinute",
            "memory", "tasks", "swap", "network", "diskIO", "fileSys", "processList"}
    fields = {"guest", "irq", "system", "wait", "idle", "user", "total", "steal", "nice"}
    h.report("an Enhanced Monitoring event has its fields",
             None if want <= event.keys() and fields == event["cpuUtilization"].keys() and event["engine"] == "POSTGRES" else str(event)[:400])
    older = h.call("logs", "GetLogEvents", lambda a: None if a["events"][-1]["timestamp"] < last["events"][0]["timestamp"] else "not older",
                   limit=3, nextToken=last["nextBackwardToken"], **stream)
    h.call("logs", "GetLogEvents", lambda a: None if a["events"] == last["events"][: len(a["events"])] else "not the next ones", limit=3,
           nextToken=older["nextForwardToken"], **stream)
    h.call("logs", "GetLogEvents", lambda a: None if a["nextForwardToken"] == last["nextForwardToken"] or a["events"] else "token moved",
           limit=3, nextToken=last["nextForwardToken"], **stream)
    first = h.call("logs", "GetLogEvents", lambda a: None if a["events"][0]["timestamp"] < MS(NOW - 2 * HOUR) else "not from the head",
                   startFromHead=True, limit=2, **stream)
    h.call("logs", "GetLogEvents", lambda a: None if all(e["timestamp"] > first["events"][-1]["timestamp"] for e in a["events"]) else "order",
           limit=2, nextToken=first["nextForwardToken"], **stream)
    h.aws("logs", "get-log-events", "--log-group-name", OS_GROUP, "--log-stream-name", instance["DbiResourceId"], "--limit", "1",
          expect=some("events"))


def dashboards(h):
    s = "cloudwatch"
    names = ["production-nextcore-database-performance", "production-nextcore-service-health"]
    listed = h.call(s, "ListDashboards", both(has("DashboardEntries[].DashboardArn", "DashboardEntries[].Size"),
                                              aware("DashboardEntries.0.LastModified"),
                                              lambda a: None if [d["DashboardName"] for d in a["DashboardEntries"]] == names else str(a)))
    h.call(s, "ListDashboards", lambda a: None if len(a["DashboardEntries"]) == 1 else str(a), DashboardNamePrefix="production-nextcore-s")
    h.call(s, "ListDashboards", "InvalidNextToken", NextToken="rubbish")
    for name in names:
        body = json.loads(h.call(s, "GetDashboard", has("DashboardArn", "DashboardName"), DashboardName=name)["DashboardBody"])
        spaces = {m[0] for w in body["widgets"] for m in w["properties"]["metrics"]}
        wanted = {"AWS/ApplicationELB", "AWS/ECS"} if name.endswith("health") else {"AWS/RDS", "AWS/ElastiCache"}
        h.report(f"{name} shows {sorted(spaces)}", None if wanted <= spaces else "namespaces")
    h.call(s, "GetDashboard", "ResourceNotFound", DashboardName="nope")
    body = json.dumps({"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# hello"}}]})
    h.call(s, "PutDashboard", has("DashboardValidationMessages"), DashboardName="check-clients", DashboardBody=body)
    h.call(s, "GetDashboard", lambda a: None if a["DashboardBody"] == body else a["DashboardBody"], DashboardName="check-clients")
    h.call(s, "PutDashboard", "InvalidParameterInput", DashboardName="check-clients", DashboardBody="{")
    h.call(s, "PutDashboard", "InvalidParameterInput", DashboardName="check clients", DashboardBody=body)
    h.call(s, "DeleteDashboards", "ResourceNotFound", DashboardNames=["check-clients", "nope"])
    h.call(s, "DeleteDashboards", lambda a: None, DashboardNames=["check-clients"])
    h.call(s, "ListDashboards", lambda a: None if a["DashboardEntries"] == listed["DashboardEntries"] else str(a))
    h.aws("cloudwatch", "list-dashboards", expect=some("DashboardEntries"))
    h.aws("cloudwatch", "get-dashboard", "--dashboard-name", names[0], expect=some("DashboardBody"))
    h.aws("cloudwatch", "get-dashboard", "--dashboard-name", "nope", expect="ResourceNotFound")


def reads(h, instance):
    """What was already there, with the members that conformance reads."""
    h.call("rds", "DescribeDBInstances", has(
        "DBInstances[].StorageEncryptionType", "DBInstances[].DatabaseInsightsMode", "DBInstances[].MonitoringRoleArn",
        "DBInstances[].DBInstanceAutomatedBackupsReplications", "DBInstances[].CertificateDetails.ValidTill",
        "DBInstances[].DBSubnetGroup.Subnets[].SubnetAvailabilityZone.Name"), DBInstanceIdentifier=DB)
    group = instance["DBSubnetGroup"]["DBSubnetGroupName"]
    h.call("rds", "DescribeDBSubnetGroups", has("DBSubnetGroups[].Subnets[].SubnetIdentifier"), DBSubnetGroupName=group)
    h.call("rds", "DescribeDBSubnetGroups", "DBSubnetGroupNotFoundFault", DBSubnetGroupName="nope")
    h.aws("rds", "describe-db-subnet-groups", expect=some("DBSubnetGroups"))
    parameters = {p["ParameterName"] for page in h.client("rds").get_paginator("describe_db_parameters").paginate(
        DBParameterGroupName=instance["DBParameterGroups"][0]["DBParameterGroupName"], PaginationConfig={"PageSize": 20})
        for p in page["Parameters"]}
    wanted = {"max_connections", "rds.allowed_extensions", "shared_preload_libraries", "rds.force_ssl"}
    h.report("rds parameters", None if wanted <= parameters else f"missing {wanted - parameters}")
    h.call("ecs", "DescribeClusters", has("clusters[].settings[].value"), clusters=["production-nextcore"], include=["SETTINGS"])
    h.call("elasticache", "DescribeReplicationGroups", has("ReplicationGroups[].AuthTokenEnabled", "ReplicationGroups[].MultiAZ"))
    metrics = h.call("cloudwatch", "ListMetrics", some("Metrics"), Namespace="ECS/ContainerInsights", MetricName="EphemeralStorageUtilized")
    h.report("ephemeral storage of cluster and services", None if len(metrics["Metrics"]) == 4 else str(metrics["Metrics"]))
