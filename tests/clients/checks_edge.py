"""Route 53 and CloudFront of the embedded cloud, and where their figures are."""

import datetime
import uuid

from harness import NOW, aware, both, has, some

ZONE = "Z08452613NEXTCOREAI0"
CDN = "E2NEXTCOREAI0T"


def run(h):
    zones(h)
    checks = health(h)
    distribution(h)
    invalidations(h)
    figures(h, checks)
    cli(h)


def zones(h):
    s = "route53"
    h.call(s, "ListHostedZonesByName", lambda a: None if (z := a["HostedZones"][0])["Name"] == "nextcore.ai." and z["Id"].endswith(ZONE)
           and not z["Config"]["PrivateZone"] else str(a), DNSName="nextcore.ai", MaxItems="1")
    h.call(s, "ListHostedZonesByName", lambda a: None if not a["HostedZones"] else "not empty", DNSName="zzz.com")
    h.call(s, "ListHostedZones", lambda a: None if len(a["HostedZones"]) == 1 and not a["IsTruncated"] else str(a))
    h.call(s, "ListHostedZones", "InvalidInput", Marker="rubbish")
    h.call(s, "GetHostedZone", both(has("DelegationSet.NameServers"), lambda a: None if a["HostedZone"]["ResourceRecordSetCount"] == 8
           else str(a)), Id=ZONE)
    h.call(s, "GetHostedZone", "NoSuchHostedZone", Id="Z1")

    def alias(a):
        records = {(r["Name"], r["Type"]): r for r in a["ResourceRecordSets"]}
        site, static = records["nextcore.ai.", "A"]["AliasTarget"], records["static.nextcore.ai.", "A"]["AliasTarget"]
        good = site["DNSName"].startswith("dualstack.") and site["DNSName"].endswith(".elb.amazonaws.com.") and site["EvaluateTargetHealth"]
        return None if good and static["HostedZoneId"] == "Z2FDTNDATAQYW2" and ("nextcore.ai.", "AAAA") in records else str(records)

    whole = h.call(s, "ListResourceRecordSets", both(alias, has("ResourceRecordSets[].ResourceRecords[].Value")), HostedZoneId=ZONE)
    h.call(s, "ListResourceRecordSets", "NoSuchHostedZone", HostedZoneId="Z1")
    h.call(s, "ListResourceRecordSets", "InvalidInput", HostedZoneId=ZONE, StartRecordType="A")
    found, start = [], {}
    for _ in range(20):
        page = h.client(s).list_resource_record_sets(HostedZoneId=ZONE, MaxItems="3", **start)
        found += page["ResourceRecordSets"]
        if not page["IsTruncated"]:
            break
        start = {"StartRecordName": page["NextRecordName"], "StartRecordType": page["NextRecordType"]}
    h.report("boto3 route53 ListResourceRecordSets by pages of 3", None if found == whole["ResourceRecordSets"] else "pages differ")
    h.call(s, "TestDNSAnswer", lambda a: None if a["ResponseCode"] == "NOERROR" and len(a["RecordData"]) >= 2 else str(a),
           HostedZoneId=ZONE, RecordName="nextcore.ai", RecordType="A")
    h.call(s, "TestDNSAnswer", lambda a: None if a["ResponseCode"] == "NXDOMAIN" else str(a), HostedZoneId=ZONE,
           RecordName="nope.nextcore.ai", RecordType="A")
    h.call(s, "TestDNSAnswer", "InvalidInput", HostedZoneId=ZONE, RecordName="example.com", RecordType="A")


def health(h):
    s = "route53"
    checks = h.call(s, "ListHealthChecks", lambda a: None if (c := a["HealthChecks"][0]["HealthCheckConfig"])["Type"] == "HTTPS" and (
        c["FullyQualifiedDomainName"], c["ResourcePath"]) == ("nextcore.ai", "/api/health/") else str(a))
    check = checks["HealthChecks"][0]["Id"]
    h.call(s, "GetHealthCheckStatus", both(
        lambda a: None if len({o["Region"] for o in a["HealthCheckObservations"]}) >= 8 else "regions",
        lambda a: None if all("HTTP Status Code" in o["StatusReport"]["Status"] or "timeout" in o["StatusReport"]["Status"]
                              for o in a["HealthCheckObservations"]) else str(a),
        aware("HealthCheckObservations.0.StatusReport.CheckedTime")), HealthCheckId=check)
    h.call(s, "GetHealthCheckStatus", "NoSuchHealthCheck", HealthCheckId="nope")
    return check


def distribution(h):
    s = "cloudfront"
    h.call(s, "ListDistributions", both(has("DistributionList.Items[].Aliases.Items[]", "DistributionList.Items[].Origins.Items[].DomainName"),
        lambda a: None if (d := a["DistributionList"]["Items"][0])["Id"] == CDN and d["Enabled"] and d["Status"] == "Deployed" else str(a)))

    def as_seed(a):
        config = a["Distribution"]["DistributionConfig"]
        names = {o["DomainName"] for o in config["Origins"]["Items"]}
        good = config["Enabled"] and config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
        good = good and "nextcore-static.s3.ap-southeast-2.amazonaws.com" in names and any("elb" in n for n in names)
        return None if good and config["Aliases"]["Items"] == ["static.nextcore.ai"] and a["ETag"] else str(a)

    h.call(s, "GetDistribution", both(as_seed, aware("Distribution.LastModifiedTime"), has("Distribution.InProgressInvalidationBatches")), Id=CDN)
    h.call(s, "GetDistribution", "NoSuchDistribution", Id="E1")
    h.call(s, "GetMonitoringSubscription", has(
        "MonitoringSubscription.RealtimeMetricsSubscriptionConfig.RealtimeMetricsSubscriptionStatus"), DistributionId=CDN)
    h.call(s, "GetMonitoringSubscription", "NoSuchDistribution", DistributionId="E1")


def invalidations(h):
    s = "cloudfront"
    batch = lambda *paths, quantity=None: {"DistributionId": CDN, "InvalidationBatch": {  # noqa: E731
        "Paths": {"Quantity": quantity or len(paths), "Items": list(paths)}, "CallerReference": str(uuid.uuid4())}}
    one = batch("/static/*", "/media/a&b.png")
    made = h.call(s, "CreateInvalidation", lambda a: None if a["Location"].endswith(a["Invalidation"]["Id"]) and a["Invalidation"]["Status"]
                  == "InProgress" and a["ResponseMetadata"]["HTTPStatusCode"] == 201 and a["Invalidation"]["InvalidationBatch"] == one[
                      "InvalidationBatch"] else str(a), **one)
    again = h.call(s, "CreateInvalidation", None, **one)
    h.report("the same batch again", None if again["Invalidation"]["Id"] == made["Invalidation"]["Id"] else "another invalidation")
    h.call(s, "CreateInvalidation", "InconsistentQuantities", **batch("/a", quantity=2))
    h.call(s, "CreateInvalidation", "InvalidArgument", **batch("no-slash"))
    h.call(s, "CreateInvalidation", "NoSuchDistribution", **{**batch("/a"), "DistributionId": "E1"})
    for n in range(14):
        h.client(s).create_invalidation(**batch(f"/{n}/*"))
    h.call(s, "CreateInvalidation", "TooManyInvalidationsInProgress", **batch("/more/*"))
    h.call(s, "GetInvalidation", lambda a: None if a["Invalidation"]["InvalidationBatch"]["Paths"]["Quantity"] == 2 else str(a),
           DistributionId=CDN, Id=made["Invalidation"]["Id"])
    h.call(s, "GetInvalidation", "NoSuchInvalidation", DistributionId=CDN, Id="I1")
    h.call(s, "ListInvalidations", both(lambda a: None if a["InvalidationList"]["Quantity"] >= 17 else str(a),
           lambda a: None if {i["Status"] for i in a["InvalidationList"]["Items"]} == {"InProgress", "Completed"} else str(a),
           aware("InvalidationList.Items.0.CreateTime")), DistributionId=CDN)
    h.pages(s, "ListInvalidations", "InvalidationList.Items", 5, DistributionId=CDN)
    h.call(s, "GetDistribution", lambda a: None if a["Distribution"]["InProgressInvalidationBatches"] >= 15 else str(a), Id=CDN)


def query(namespace, name, dimensions):
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()]}
    return {"Id": name.lower() if name[0].isalpha() else "e" + name.lower(), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}


def figures(h, check):
    window = {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW}
    cdn = {"DistributionId": CDN, "Region": "Global"}
    names = ["Requests", "BytesDownloaded", "4xxErrorRate", "5xxErrorRate", "TotalErrorRate", "CacheHitRate", "OriginLatency"]
    edge = [query("AWS/CloudFront", n, cdn) for n in names]
    edge += [query("AWS/Route53", n, {"HealthCheckId": check}) for n in ("HealthCheckStatus", "HealthCheckPercentageHealthy")]
    home = [query("AWS/ECS", "CPUUtilization", {"ClusterName": "production-nextcore", "ServiceName": "web"})]
    counts = lambda a: [len(r["Values"]) for r in a["MetricDataResults"]]  # noqa: E731
    here = lambda a: None if all(n > 50 for n in counts(a)) else str(counts(a))  # noqa: E731
    nowhere = lambda a: None if not any(counts(a)) else str(counts(a))  # noqa: E731
    virginia = h.at("us-east-1")
    virginia.call("cloudwatch", "GetMetricData", here, MetricDataQueries=edge, **window)
    virginia.call("cloudwatch", "GetMetricData", nowhere, MetricDataQueries=home, **window)
    h.call("cloudwatch", "GetMetricData", nowhere, MetricDataQueries=edge, **window)
    h.call("cloudwatch", "GetMetricData", here, MetricDataQueries=home, **window)
    spaces = lambda a: {m["Namespace"] for m in a["Metrics"]}  # noqa: E731
    virginia.call("cloudwatch", "ListMetrics", lambda a: None if spaces(a) == {"AWS/CloudFront", "AWS/Route53"} else str(spaces(a)))
    h.call("cloudwatch", "ListMetrics", lambda a: None if not a["Metrics"] else "at home", Namespace="AWS/CloudFront")
    virginia.call("cloudwatch", "DescribeAlarms", lambda a: None if not a["MetricAlarms"] else "alarms of another region")
    metric = edge[0]["MetricStat"]["Metric"]
    virginia.call("cloudwatch", "GetMetricStatistics", has("Datapoints[].Sum"), Period=300, Statistics=["Sum"], **metric, **window)
    h.call("cloudwatch", "GetMetricStatistics", lambda a: None if not a["Datapoints"] else "at home", Period=300, Statistics=["Sum"],
           **metric, **window)


def cli(h):
    h.aws("route53", "list-resource-record-sets", "--hosted-zone-id", f"/hostedzone/{ZONE}", "--max-items", "2", expect=some("ResourceRecordSets"))
    h.aws("route53", "get-hosted-zone", "--id", "Z1", expect="NoSuchHostedZone")
    h.aws("cloudfront", "list-invalidations", "--distribution-id", CDN, "--max-items", "2", expect=some("InvalidationList"))
    h.aws("cloudfront", "get-distribution", "--id", "E1", expect="NoSuchDistribution")
