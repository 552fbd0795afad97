//! The admin door: rehearsals over HTTP, under a path that no AWS service has. A pure function of method, path and body.
//! It answers JSON; whether anybody but this machine may knock is the listener's business.

use serde_json::{Map, Value, json};

use super::Cloud;
use super::world::names::SERVICES;
use super::world::state::{AlarmState, TargetState};
use super::world::{Az, InForce, SCENARIOS, Scenario, ScenarioRow, World};

/// What the paths of the door begin with.
const ROOT: &str = "/_nextcore-top/";

impl Cloud {
    /// Whether a path is one of the admin door's.
    pub fn is_admin(path: &str) -> bool {
        path.starts_with(ROOT)
    }

    /// Answers one request to the admin door: HTTP status and JSON body.
    pub fn admin(&self, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let path = path.split('?').next().unwrap_or(path);
        let name = path.strip_prefix(ROOT).unwrap_or_default();
        let wanted = match name {
            "scenarios" | "truth" => "GET",
            "inject" | "heal" => "POST",
            _ => {
                return (
                    404,
                    json!({ "error": format!("there is nothing at {path}; there are scenarios, inject, heal and truth under {ROOT}") }),
                );
            }
        };
        if method != wanted {
            return (405, json!({ "error": format!("{path} is asked with {wanted}, not with {method}") }));
        }
        match name {
            "scenarios" => self.world(|world| (200, json!({ "scenarios": table(), "inForce": in_force(world) }))),
            "truth" => self.world(|world| (200, truth(world))),
            "heal" => {
                self.heal();
                self.world(|world| (200, json!({ "inForce": in_force(world) })))
            }
            _ => self.ask_inject(body),
        }
    }

    fn ask_inject(&self, body: &[u8]) -> (u16, Value) {
        let asked = serde_json::from_slice::<Value>(body).ok();
        let Some(text) = asked.as_ref().and_then(|body| body.get("scenario")).and_then(Value::as_str) else {
            return (400, json!({ "error": "the body has to be {\"scenario\":\"NAME[:ARG]\"}" }));
        };
        match Scenario::parse(text) {
            Err(error) => (400, json!({ "error": error.to_string() })),
            Ok(scenario) => {
                self.inject(&scenario);
                self.world(|world| (200, json!({ "injected": scenario.to_string(), "at": world.now, "inForce": in_force(world) })))
            }
        }
    }
}

fn table() -> Vec<Value> {
    let told = |row: &ScenarioRow| {
        let argument = row.argument.map(|a| json!({ "kind": a.kind, "choices": a.choices, "default": a.default }));
        json!({ "name": row.name, "argument": argument, "summary": row.summary })
    };
    SCENARIOS.iter().map(told).collect()
}

fn in_force(world: &World) -> Vec<Value> {
    let told = |fault: InForce| json!({ "scenario": fault.name, "since": fault.since, "until": fault.until });
    world.in_force().into_iter().map(told).collect()
}

/// What is so, whatever the APIs show yet.
fn truth(world: &World) -> Value {
    let alarms: Vec<&str> = world.alarms.iter().filter(|a| a.state == AlarmState::Alarm).map(|a| a.name.as_str()).collect();
    json!({
        "now": world.now,
        "inForce": in_force(world),
        "recovered": world.recovered(),
        "services": services(world),
        "database": database(world),
        "cache": cache(world),
        "zonesDown": world.zones_down().iter().map(|az| az.name()).collect::<Vec<_>>(),
        "jobsWaiting": world.redis.backlog.round(),
        "users": users(world),
        "alarms": alarms,
    })
}

/// What the visitors got in the last second: asked for, answered by tasks, and of that failed.
fn users(world: &World) -> Value {
    let told = |group: usize, asked: f64| {
        let of = |counts: &[u32; 2]| counts.get(group).copied().unwrap_or(0);
        json!({ "asked": asked.round(), "answered": of(&world.load.served), "failed": of(&world.load.errors) })
    };
    json!({ "api": told(0, world.traffic.api_rate), "web": told(1, world.traffic.web_rate) })
}

fn services(world: &World) -> Value {
    let mut all = Map::new();
    for service in SERVICES.iter().filter_map(|name| world.ecs.services.get(*name)) {
        let group = world.alb.target_groups.iter().find(|group| group.service == service.name);
        let targets = group.map(|group| {
            let count = |state| group.targets.iter().filter(|target| target.state == state).count();
            json!({
                "healthy": count(TargetState::Healthy), "unhealthy": count(TargetState::Unhealthy),
                "initial": count(TargetState::Initial), "draining": count(TargetState::Draining),
            })
        });
        let told = json!({
            "desired": service.desired_count, "running": service.running_count, "pending": service.pending_count,
            "targets": targets, "well": world.service_is_well(service),
        });
        all.insert(service.name.clone(), told);
    }
    Value::Object(all)
}

fn database(world: &World) -> Value {
    let db = &world.rds.instance;
    json!({
        "status": db.status.as_str(), "answers": db.accepting, "zone": db.az.name(), "standby": db.secondary_az.map(Az::name),
        "cpu": db.cpu.round(), "connections": db.connections.round(), "maxConnections": db.max_connections(),
        "freeStoragePercent": (db.free_storage / db.volume() * 1_000.0).round() / 10.0, "well": world.database_is_well(),
    })
}

fn cache(world: &World) -> Value {
    let node = |node: &super::world::state::RedisNode| {
        json!({
            "id": node.id, "status": node.status.as_str(), "up": node.up, "primary": node.primary,
            "memoryPercent": (node.memory_percent() * 10.0).round() / 10.0,
        })
    };
    json!({ "status": world.redis.group.status, "nodes": world.redis.nodes.iter().map(node).collect::<Vec<_>>(), "well": world.cache_is_well() })
}
