#!/usr/bin/env python3
"""Holds what `snapshot` and the live view said of ministack against what ministack is known to have and to lack.

    check.py EXIT_CODE STATE.json SCREEN.txt

What it lacks must be a state of that one section, with its reason; everything else must be there."""

import json
import sys

code, state, screen = int(sys.argv[1]), json.load(open(sys.argv[2])), open(sys.argv[3]).read()
passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + what + (f": {detail}" if detail and not ok else ""))


sections = state["sections"]
# Application Auto Scaling does not exist there; ElastiCache events carry dates that the SDK refuses; RDS has no parameters or backups.
lacks = {"scaling", "scaling_activities", "cache_events", "database_settings"}
for key, section in sorted(sections.items()):
    if key in lacks:
        check(f"{key}: says why it has nothing", section["state"] in ("failed", "missing") and section["problem"]["headline"], section)
    else:
        check(f"{key}: ready", section["state"] == "ready", section.get("problem"))
data = lambda key: sections[key]["data"]
names = [s["name"] for s in data("services")["services"]]
check("three services", names == ["control-plane", "web", "celery-worker"], names)
check("two target groups with targets", all(data("targets")["groups"].values()) and len(data("targets")["groups"]) == 2, data("targets"))
check("three shards", len(data("cache")["node_groups"]) == 3, data("cache"))
check("PostgreSQL 15", data("database")["version"].startswith("15"), data("database"))
check("nine alarms", len(data("alarms")["alarms"]) == 9, len(data("alarms")["alarms"]))
check("log events", len(data("logs")["events"]) > 0)
series = data("metrics")["series"]
for metric in ("alb/requests", "svc/web/cpu", "svc/web/mem", "db/cpu", "db/connections"):
    check(f"metric {metric}", series.get(metric, {}).get("points"), sorted(k for k, v in series.items() if v["points"]))
check("the target groups of the rules", len(data("routing")["target_groups"]) == 2)
for node in ("alb", "svc/control-plane", "svc/web", "svc/celery-worker", "redis", "db", "alarms", "logs"):
    level = state["nodes"][node]["level"]
    check(f"{node} is judged ({level})", level not in ("unknown", "absent"), state["nodes"][node])
check(f"exit code {code} is the worst level {state['worst']}", code == {"healthy": 0, "info": 0, "degraded": 1, "down": 2}.get(state["worst"], 3))
for word in ("control-plane", "celery-worker", "PostgreSQL", "Redis", "ALB", "ap-southeast-2"):
    check(f"the live view shows {word}", word in screen)
if failed:
    print(screen)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
