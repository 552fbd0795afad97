//! When AWS's APIs first show what a rule opens on: looked up in the world as the embedded cloud's operations would answer at that second.
//! Metrics count from the moment at which a point can be asked for, minutes after it was measured. It sees what nobody has polled yet: the delay
//! from here to the name is the polls', the rule's `holds` and what a name waits for.

use nextcore_sim::world::state::{NodeStatus, RolloutState, StopCode, Target, TargetReason, TargetState, Task};
use nextcore_sim::world::{Az, Ms, World};

const SEC: Ms = 1_000;
const MIN: Ms = 60_000;

/// The newest points that can be asked for, the oldest first: of the resource that has this value among its dimensions.
fn points(w: &World, metric: (&str, &str), of: &str, stat: &str, minutes: i64) -> Vec<(Ms, f64)> {
    let fits = |dims: &[(String, String)]| dims.iter().any(|(_, value)| value == of) && !dims.iter().any(|(k, _)| k == "AvailabilityZone");
    let found = w.metrics.series.values().find(|s| (s.namespace, s.name) == metric && fits(&s.dims));
    found.map(|s| s.query(w.now, stat, 60, (w.now - minutes * MIN, w.now))).unwrap_or_default()
}

fn last(points: &[(Ms, f64)]) -> f64 {
    points.last().map_or(0.0, |p| p.1)
}

/// Tasks of a service that have stopped or are about to since then, for this code.
fn stopped<'w>(w: &'w World, service: &'w str, since: Ms, code: StopCode) -> impl Iterator<Item = &'w Task> {
    let own = move |t: &&Task| (service == "*" || t.service == service) && t.stop_code == Some(code);
    w.ecs.tasks.values().filter(own).filter(move |t| t.stopping_at.or(t.stopped_at).is_some_and(|at| at >= since))
}

fn event(w: &World, since: Ms, text: &str) -> bool {
    w.rds.events.iter().any(|e| e.date >= since && e.message.contains(text))
}

/// At once: the API itself, or what it shows without delay.
pub(super) fn at_once(_: &World, _: Ms) -> bool {
    true
}

/// A storm refuses the calls of one API first, which may be that API's own trouble, and half a minute later those of all.
pub(super) fn storm(w: &World, since: Ms) -> bool {
    w.now - since >= 30 * SEC
}

/// Two things are lost in zone a, and one of them is not the database or the cache.
pub(super) fn zone_a(w: &World, since: Ms) -> bool {
    let timeout = |t: &Target| t.state == TargetState::Unhealthy && t.reason == Some(TargetReason::Timeout);
    let groups = w.alb.target_groups.iter().filter(|g| {
        let here = || g.targets.iter().filter(|t| t.az == Az::A);
        here().any(timeout) && here().all(|t| t.state != TargetState::Healthy)
    });
    let groups = groups.count();
    let cache =
        usize::from(w.redis.nodes.iter().any(|n| n.az == Az::A && n.status != NodeStatus::Available) || failover_of_a_node(w, since));
    let database = usize::from(event(w, since, "failover started"));
    groups > 0 && groups + cache + database >= 2
}

pub(super) fn database_failover(w: &World, since: Ms) -> bool {
    event(w, since, "failover started")
}

fn failover_of_a_node(w: &World, since: Ms) -> bool {
    w.redis.events.iter().any(|e| e.date >= since && e.message.contains("Failover from primary node"))
}

/// Its failover, or where it was a replica that it is recovered.
pub(super) fn cache_node(w: &World, since: Ms) -> bool {
    failover_of_a_node(w, since) || w.redis.nodes.iter().any(|n| n.status != NodeStatus::Available)
}

/// Three minutes without a byte, or two tasks that could not start for the network.
pub(super) fn gateway_a(w: &World, since: Ms) -> bool {
    let network =
        |t: &&Task| t.az == Az::A && t.stopped_reason.as_ref().is_some_and(|r| r.contains("registry auth") || r.contains("i/o timeout"));
    let Some(nat) = w.network.nats.iter().find(|n| n.az == Az::A) else { return false };
    let bytes = points(w, ("AWS/NATGateway", "BytesInFromDestination"), &nat.id, "Sum", 8);
    let silent = bytes.len() >= 3 && bytes.iter().rev().take(3).all(|p| p.1 <= 0.0);
    silent || stopped(w, "*", since, StopCode::TaskFailedToStart).filter(network).count() >= 2
}

pub(super) fn task_of_web(w: &World, since: Ms) -> bool {
    stopped(w, "web", since, StopCode::EssentialContainerExited).next().is_some()
}

/// A task of the new revision has exited, or ECS counts it.
pub(super) fn deployment_of_control(w: &World, since: Ms) -> bool {
    let counted = w.ecs.services.get("control-plane").is_some_and(|s| {
        s.deployments.iter().any(|d| d.rollout_state == RolloutState::Failed || (d.created_at >= since && d.failed_tasks > 0))
    });
    counted || stopped(w, "control-plane", since, StopCode::EssentialContainerExited).next().is_some()
}

pub(super) fn loop_of_web(w: &World, since: Ms) -> bool {
    stopped(w, "web", since, StopCode::EssentialContainerExited).count() >= 2
}

pub(super) fn memory_of_worker(w: &World, since: Ms) -> bool {
    let killed = |t: &Task| t.container.reason.as_ref().is_some_and(|r| r.contains("OutOfMemory"));
    let killed = stopped(w, "celery-worker", since, StopCode::EssentialContainerExited).any(killed);
    killed || last(&points(w, ("AWS/ECS", "MemoryUtilization"), "celery-worker", "Maximum", 8)) >= 97.0
}

pub(super) fn database_cpu(w: &World, _: Ms) -> bool {
    let cpu = points(w, ("AWS/RDS", "CPUUtilization"), &w.rds.instance.id, "Average", 8);
    cpu.len() >= 2 && cpu.iter().rev().take(2).all(|p| p.1 >= 90.0)
}

pub(super) fn database_connections(w: &World, _: Ms) -> bool {
    let open = points(w, ("AWS/RDS", "DatabaseConnections"), &w.rds.instance.id, "Average", 8);
    last(&open) >= 0.8 * w.rds.instance.max_connections()
}

/// RDS tells it, or the space will last no two hours.
pub(super) fn storage(w: &World, since: Ms) -> bool {
    let db = &w.rds.instance;
    let free = points(w, ("AWS/RDS", "FreeStorageSpace"), &db.id, "Average", 10);
    let size = f64::from(db.allocated_gib) * 1_073_741_824.0;
    let told = event(w, since, "storage");
    let (Some(first), Some(newest)) = (free.first(), free.last()) else { return told };
    let minutes = (newest.0 - first.0) as f64 / MIN as f64;
    let rate = if minutes > 0.0 { (newest.1 - first.1) / minutes } else { 0.0 };
    told || newest.1 < 0.1 * size || (free.len() >= 4 && rate < 0.0 && newest.1 / -rate < 120.0 && newest.1 < 0.6 * size)
}

pub(super) fn cache_memory(w: &World, _: Ms) -> bool {
    let used = |id: &str| last(&points(w, ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"), id, "Average", 8));
    w.redis.nodes.iter().any(|n| used(&n.id) > 90.0)
}

fn at_most(w: &World, service: &str) -> bool {
    let most = w.scaling.targets.values().find(|t| t.service == service).map(|t| t.max);
    w.ecs.services.get(service).zip(most).is_some_and(|(s, most)| s.desired_count >= most)
}

fn cpu_of(w: &World, service: &str) -> Vec<(Ms, f64)> {
    points(w, ("AWS/ECS", "CPUUtilization"), service, "Average", 6)
}

/// A service behind the balancer runs as many tasks as it may, and they are busy.
pub(super) fn spike(w: &World, _: Ms) -> bool {
    ["control-plane", "web"].iter().any(|s| at_most(w, s) && last(&cpu_of(w, s)) > 75.0)
}

pub(super) fn backlog(w: &World, _: Ms) -> bool {
    let cpu = cpu_of(w, "celery-worker");
    at_most(w, "celery-worker") && cpu.len() >= 2 && cpu.iter().rev().take(2).all(|p| p.1 > 80.0)
}

/// Nothing newer than five minutes can be asked for.
pub(super) fn late(w: &World, _: Ms) -> bool {
    let newest = points(w, ("AWS/RDS", "CPUUtilization"), &w.rds.instance.id, "Average", 30).last().map(|p| p.0);
    newest.is_some_and(|at| w.now - at - MIN > 300 * SEC)
}

pub(super) fn image(w: &World, since: Ms) -> bool {
    let pull = |t: &Task| t.stopped_reason.as_ref().is_some_and(|r| r.contains("CannotPull"));
    stopped(w, "control-plane", since, StopCode::TaskFailedToStart).any(pull)
}
