#!/usr/bin/env python3
"""Holds what the program said of ministack against what ministack is known to have and to lack.

    check.py FOLDER

FOLDER has, from `run`: state.json and verify.json with their exit codes in state.code and verify.code, the same of a
region that is empty (empty.*) and after drift.py (drift.*, ill.*), *.code of verify with --only, and the screens of the live view.
What ministack lacks must be a state of that one section, with its reason; everything else must be there, and be judged."""

import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
read = lambda name: (folder / name).read_text()  # noqa: E731
passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAIL  {what}: {detail}"[:1500])


state, code = json.loads(read("state.json")), int(read("state.code"))
sections = state["sections"]

# ---------------------------------------------------------------- sections

# What it lacks: the state, the kind of the problem, and the operation that it names.
LACKS = {
    "scaling": ("failed", "service", "application-autoscaling:Describe"),
    "scaling_activities": ("failed", "service", "application-autoscaling:DescribeScalingActivities"),
    "pipeline": ("failed", "service", "codepipeline:GetPipelineState"),
    "dashboards": ("failed", "malformed", "cloudwatch:ListDashboards"),  # dates as text in CBOR
    "cache_events": ("failed", "malformed", "elasticache:DescribeEvents"),  # dates as seconds in XML
}
for key, section in sorted(sections.items()):
    problem = section.get("problem") or {}
    if key in LACKS:
        how, kind, operation = LACKS[key]
        check(f"{key} says why it has nothing", (section["state"], problem.get("kind")) == (how, kind)
              and problem["headline"].startswith(operation), section)
    else:
        check(f"{key} is ready", section["state"] == "ready", problem)
check("every lack is of a section", not LACKS.keys() - sections.keys(), LACKS.keys() - sections.keys())


def data(key):
    return sections[key].get("data") or {}


def items(key, member):
    return data(key).get(member, [])


names = [s["name"] for s in items("services", "services")]
check("three services", names == ["control-plane", "web", "celery-worker"], names)
groups = data("targets").get("groups", {})
check("two target groups with targets", len(groups) == 2 and all(groups.values()), groups)
check("the target groups of the rules", len(items("routing", "target_groups")) == 2)
check("three shards", len(items("cache", "node_groups")) == 3)
check("PostgreSQL 15", data("database").get("version", "").startswith("15"))
check("the database names its key", data("database").get("kms_key"))
check("parameters of the database", data("database_settings").get("max_connections") == 400
      and "vector" in (data("database_settings").get("allowed_extensions") or ""), data("database_settings"))
check("nine alarms", len(items("alarms", "alarms")) == 9)
check("log events", items("logs", "events"))
check("Container Insights is on", data("cluster").get("settings", {}).get("containerInsights") == "enabled", data("cluster"))

subnets = items("network", "subnets")
check("the VPC", data("network").get("cidr") == "10.0.0.0/16", data("network"))
check("nine subnets, three a tier, one a zone", sorted((s["tier"], s["zone"][-1]) for s in subnets)
      == [(tier, zone) for tier in ("database", "private", "public") for zone in "abc"], subnets)
check("an internet gateway that is attached", len(items("network", "internet_gateways")) == 1)
nats = items("nat", "gateways")
check("a NAT gateway in each zone", [(n["zone"][-1], n["state"]) for n in nats] == [(z, "available") for z in "abc"], nats)
check("three elastic IPs", len(items("nat", "elastic_ips")) == 3)
tables = {t["name"].removeprefix("production-nextcore-"): t for t in items("routes", "tables")}
check("the way out of every private subnet is the NAT of its zone", all(
    any(r["destination"] == "0.0.0.0/0" and r["target"] == n["id"] for r in tables[f"private-{n['zone'][-1]}"]["routes"])
    for n in nats), tables)
check("no way out of the database subnets", all(r["target"] == "local" for r in tables["database"]["routes"]), tables["database"])
rules = {g["roles"][0]: sorted((r["egress"], r["from_port"], r["protocol"]) for r in g["rules"])
         for g in items("security_groups", "groups") if g["roles"]}
check("the rules of the security groups", rules == {
    "alb": [(False, 80, "tcp"), (False, 443, "tcp"), (True, 3000, "tcp"), (True, 8000, "tcp")],
    "ecs": [(False, -1, "-1"), (False, 3000, "tcp"), (False, 8000, "tcp"), (True, 443, "tcp"), (True, 5432, "tcp"), (True, 6379, "tcp")],
    "rds": [(False, 5432, "tcp")], "redis": [(False, 6379, "tcp")]}, rules)

dns = data("dns")
check("the zone and its alias of the load balancer", (dns.get("zone") or {}).get("name") == "nextcore.ai." and any(
    r["kind"] == "A" and r["alias"] and data("balancer")["dns_name"] in r["alias"]["dns_name"] for r in dns["records"]), dns)
check("a health check without observers, no answer", dns.get("answer", 0) is None
      and [c["observations"] for c in dns.get("health_checks", [])] == [[]], dns)
distribution = data("cdn").get("distribution") or {}
check("the distribution with its invalidation", distribution.get("enabled") and distribution.get("status") == "Deployed"
      and distribution["origins"] == ["nextcore-static.s3.ap-southeast-2.amazonaws.com"]
      and [i["status"] for i in distribution["invalidations"]] == ["Completed"], distribution)
for bucket in items("buckets", "buckets"):
    check(f"{bucket['name']}: settings and size", bucket["exists"] and bucket["versioning"] == "Enabled" and not bucket["unread"]
          and bucket["encryption"] == "aws:kms" and bucket["public_access_blocked"] and bucket["bytes"] and bucket["objects"], bucket)
check("three roles that services may take on", [r["trusts"] for r in items("roles", "roles")]
      == [["ecs-tasks.amazonaws.com"]] * 2 + [["codebuild.amazonaws.com"]], data("roles"))
check("a policy each", all(r["policies"] for r in items("roles", "roles")), data("roles"))
check("three keys that rotate", [(k["state"], k["manager"], k["rotation"]) for k in items("keys", "keys")]
      == [("Enabled", "CUSTOMER", True)] * 3, data("keys"))
check("three secrets with a key", len(items("secrets", "secrets")) == 3 and all(s["kms_key"] for s in items("secrets", "secrets")))
check("three repositories with an image, scanned on push", [(r["scan_frequency"], r["encryption"], [i["tags"] for i in r["images"]])
      for r in items("repositories", "repositories")] == [("SCAN_ON_PUSH", "KMS", [["v1"]])] * 3, data("repositories"))
check("three projects with a build", [b["status"] for b in items("builds", "builds")] == ["SUCCEEDED"] * 3
      and not data("builds")["missing"] and all(p["privileged"] for p in data("builds")["projects"]), data("builds"))

series = data("metrics").get("series", {})
wanted = ["alb/requests", "alb/p99", "svc/web/cpu", "svc/web/mem", "db/cpu", "db/connections", "logs/events", "cdn/requests",
          "cdn/5xx", "s3/nextcore-static/requests", "insights/web/rx"]
wanted += [f"nat/{n['id']}/bytes_in" for n in nats] + [f"dns/{c['id']}/status" for c in dns.get("health_checks", [])]
for metric in wanted:
    check(f"metric {metric}", series.get(metric, {}).get("points"), sorted(k for k, v in series.items() if v["points"]))

# ---------------------------------------------------------------- judgement and inventory

# What rests on an answer that ministack does not give is not called healthy, and says why: no Application Auto Scaling, cache events whose
# times cannot be read.
UNSEEN = {"redis": "cache events", "svc/control-plane": "scaling", "svc/web": "scaling", "svc/celery-worker": "scaling"}
LEVELS = {"db": "degraded", "dashboards": "unknown", "pipeline": "unknown"} | dict.fromkeys(UNSEEN, "unknown")
for node, what in UNSEEN.items():
    reasons = [r["text"] for r in state["nodes"][node]["reasons"]]
    check(f"{node} says that its {what} are not seen", any(r.startswith(f"{what}: ") for r in reasons), reasons)
for node, verdict in sorted(state["nodes"].items()):
    check(f"{node} is {LEVELS.get(node, 'healthy')}", verdict["level"] == LEVELS.get(node, "healthy"), verdict)
expected = {"alb", "vpc", "sg", "nat", "nat/a", "nat/b", "nat/c", "svc/control-plane", "svc/web", "svc/celery-worker", "redis", "db", "dns",
            "cdn", "s3", "s3/nextcore-documents", "s3/nextcore-static", "s3/nextcore-reports", "iam", "kms", "secrets", "ecr", "build",
            "pipeline", "alarms", "dashboards", "logs"}
check("every system has a level", expected <= state["nodes"].keys(), expected - state["nodes"].keys())
EXITS = {"healthy": 0, "info": 0, "degraded": 1, "down": 2}
check(f"exit code {code} is the worst level {state['worst']}", code == EXITS.get(state["worst"], 3) == 1)
counted = {
    "AWS::EC2::VPC": 1, "AWS::EC2::Subnet": 9, "AWS::EC2::NatGateway": 3, "AWS::EC2::InternetGateway": 1, "AWS::EC2::SecurityGroup": 4,
    "AWS::EC2::SecurityGroupIngress": 7, "AWS::EC2::SecurityGroupEgress": 5, "AWS::ECS::Service": 3, "AWS::ECS::Task": 7,
    "AWS::CloudFront::Distribution": 1, "AWS::CodeBuild::Project": 3, "AWS::CloudWatch::Alarm": 9}
by_type = state["inventory"]["by_type"]
check("the inventory counts what was created", {k: by_type.get(k) for k in counted} == counted, by_type)

# ---------------------------------------------------------------- the architecture

verify, drift, empty = (json.loads(read(f"{name}.json")) for name in ("verify", "drift", "empty"))
# What ministack is not: everything that is not named here passes.
NOT_PASSED = {
    "V19": "fail",  # NAT gateways without addresses
    "S09": "warn",  # the seed lets tasks in from each other, but not out
    "E16 E17 E18 E19 E20 E21": "unknown",  # no Application Auto Scaling
    "E27 E28 E29 H06": "fail",  # all tasks in zone a
    "E36": "warn",  # rolling, not blue/green
    "C02": "fail",  # three shards
    "A13 C09 C10 H02": "warn",  # the rule /, a broker with shards, the drawing of Redis, a failover that nobody measured
    "P11 H04": "manual",
    "D05 D06 H09": "fail",  # no standby zone
    "P07 P08 P09": "unknown",  # tasks do not say which image they run
    "P12 P13 P14": "unknown",  # no CodePipeline
    "M06 M07": "unknown",  # dashboards whose dates cannot be read
    "H01": "n/a",
    "H03": "fail",  # no copy in another region
    "H05": "warn",  # zonal NAT gateways
}
expected = {i: outcome.replace("n/a", "not_applicable") for ids, outcome in NOT_PASSED.items() for i in ids.split()}


def outcomes(report):
    return {r["id"]: r["outcome"].replace("n/a", "not_applicable") for r in report["rows"]}


def differences(found, wanted):
    return {i: f"{wanted.get(i, 'pass')} expected, {outcome}" for i, outcome in found.items() if outcome != wanted.get(i, "pass")}


found = outcomes(verify)
check("verify decides as it should", not differences(found, expected), differences(found, expected))
check("no statement is lost", len(found) >= 173 and expected.keys() <= found.keys(), expected.keys() - found.keys())
check("what is unknown has its reason", all(r.get("why") for r in verify["rows"] if r["outcome"] == "unknown"))
check("what passed says what was found", sum(bool(r.get("found")) for r in verify["rows"] if r["outcome"] == "pass") > 120)
for name, wanted_code in (("verify", 1), ("only_pass", 0), ("only_unknown", 3), ("drift", 1)):
    check(f"verify exits with {wanted_code} ({name})", read(f"{name}.code").strip() == str(wanted_code), read(f"{name}.code"))

# drift.py changed these, and nothing else.
broken = ("S03", "S16", "V15", "V21", "B05", "B08", "K03", "X02", "I03", "CF01", "R02", "E14", "D08")
drifted = {**expected, **dict.fromkeys(broken, "fail"), "H08": "warn"}
found = outcomes(drift)
check("verify sees what drifted, and only that", not differences(found, drifted), differences(found, drifted))

ill = json.loads(read("ill.json"))
LEVELS |= {"cdn": "down", "kms": "down", "nat": "down", "nat/c": "down", "secrets": "down", "vpc": "down", "dns": "degraded",
           "iam": "degraded", "s3": "degraded", "s3/nextcore-static": "degraded", "sg": "degraded", "svc/web": "degraded"}
for node, verdict in sorted(ill["nodes"].items()):
    level = LEVELS.get(node, "healthy")
    check(f"after the drift {node} is {level}", verdict["level"] == level, verdict)
check("a drifted stack exits with 2", (ill["worst"], read("ill.code").strip()) == ("down", "2"), ill["worst"])

# ---------------------------------------------------------------- an empty region

lost = {k: s["state"] for k, s in empty["sections"].items()}
check("an empty region is down", (empty["worst"], read("empty.code").strip()) == ("down", "2"), empty["worst"])
for key in ("balancer", "services", "database", "cache", "network", "nat", "routes", "security_groups", "cluster", "log_group"):
    check(f"in an empty region {key} is missing", lost[key] == "missing", empty["sections"][key])
for key in ("keys", "secrets", "repositories", "builds", "buckets", "roles", "cdn", "dns"):
    check(f"in an empty region {key} is an answer", lost[key] == "ready", empty["sections"][key])
elsewhere = (empty["sections"]["buckets"].get("data") or {}).get("buckets", [])
check("buckets of another region are there, their settings are not told", len(elsewhere) == 3 and all(
    b["exists"] and b["region"] == "ap-southeast-2" and len(b["unread"]) == 6 for b in elsewhere), elsewhere)

# ---------------------------------------------------------------- a stack of another shape

shop, found = json.loads(read("shop.json")), json.loads(read("found.json"))
# The shop has no metrics at all: how what serves does by them is not seen, and that is said.
UNSEEN = ("alb", "alb/shop-internal", "nat", "nat/a", "nat/b", "tg/shop-api", "tg/shop-storefront", "tg/shop-billing")
SHOP = {"vpc": "healthy", "sg": "healthy", "alarms": "absent", **{node: "unknown" for node in UNSEEN},
        # ministack has no autoscaling, and not the parameter group of MySQL that it names.
        **{f"svc/{name}": "unknown" for name in ("api", "storefront", "worker", "celery-beat", "billing")},
        "logs": "healthy", "db": "unknown", "db/shop-orders": "unknown"}
for node, verdict in sorted(shop["nodes"].items()):
    level = SHOP.get(node, "absent")
    check(f"of the shop {node} is {level}", verdict["level"] == level, verdict)
    if node not in SHOP:
        check(f"the shop does not use {node}", verdict["reasons"][0]["text"] == "not used", verdict)
for node in UNSEEN:
    said = [r["text"] for r in shop["nodes"][node]["reasons"]]
    check(f"of the shop {node} is unknown for its figures alone", all("no data from CloudWatch" in text for text in said), said)
check("nothing of the shop is bad", shop["worst"] == "unknown", shop["worst"])
check("the shop asks for nothing that it does not have", not {"cache", "dns", "buckets", "pipeline"} & shop["sections"].keys())
tiers = sorted((s["tier"], s["cidr"]) for s in shop["sections"]["network"]["data"]["subnets"])
check("the tiers of the shop are those of its routes", tiers == sorted(
    (tier, f"10.40.{base + i}.0/24") for base, tier in ((0, "public"), (100, "private"), (200, "database")) for i in (0, 1)), tiers)
for key in ("cluster", "balancer", "other_balancers", "database", "other_databases", "cache", "log_group"):
    check(f"init finds {key}", found["stack"][key] == shop["stack"][key], found["stack"])
check("init finds the services", [s["name"] for s in found["stack"]["services"]] == ["api", "storefront", "billing", "celery-beat", "worker"],
      found["stack"]["services"])
others = shop["others"]
check("each of two databases is itself", [others["db/shop-orders"]["database"]["data"]["id"], shop["sections"]["database"]["data"]["id"]] == [
    "shop-orders", "shop-mysql"], others.keys())
check("each of two load balancers has its own listeners", [[x["port"] for x in s["routing"]["data"]["listeners"]] for s in (
    others["alb/shop-internal"], shop["sections"])] == [[80], [443]])
check("init says why", "its security group lets the services in" in read("found.txt"), read("found.txt"))
check("init reads no value", "not to be read" not in read("found.txt") + read("found.toml"))
worse = {n: v["level"] for n, v in found["nodes"].items() if v["level"] == "down"}
check("what init finds is as well as the shop, but for the images that were never pushed", worse.keys() <= {"ecr"}, worse)

# ---------------------------------------------------------------- the live view

screen = read("screen.txt")
for word in ("control-plane", "celery-worker", "PostgreSQL", "Redis", "ALB", "NAT", "CloudFront", "Route 53", "S3", "KMS", "CodeBuild",
             "endpoint 127.0.0.1"):
    check(f"the live view shows {word}", word in screen, screen)
check("the architecture in the live view", "Verify architecture" in read("verify.txt"), read("verify.txt"))
database = read("database.txt")
check("the processes of the database host", "postgres: nextcore" in database, database)
check("Performance Insights says why it has nothing", "pi:" in database, database)
if failed:
    print(screen)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
