//! Rules about one ECS service and its tasks: counts, deployments, stops, autoscaling, CPU and memory.

use crate::model::balancer::Routing;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::section::Section;
use crate::model::service::{
    RolloutState, Service, ServiceDeploymentStatus, ServiceDeployments, ServiceStatus, Services, StopCode, StoppedTasks, Task, TaskHealth,
    Tasks, short_revision,
};
use crate::model::stack::Dependency;
use crate::model::{Time, text};

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info};
use crate::insight::health::limits;
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::health::window::Breach;
use crate::insight::timeline::phrase;
use crate::insight::topology::paths::{ClosedPath, End};
use crate::model::health::Level;
use crate::model::network::{SecurityGroups, zone_letter};
use crate::model::system::SystemSpec;

use super::{Gauge, Rule, apply, gauges, nat, security_groups, target_group, unseen};

/// Whether there still is one.
pub(crate) const STATUS: &[Rule<Service>] =
    &[Rule { id: "svc.status", doc: "ACTIVE; DRAINING is changing, INACTIVE is deleted", needs: &[Services::KEY], check: status }];

/// About the service.
pub(crate) const RULES: &[Rule<Service>] = &[
    Rule { id: "svc.running", doc: "running = desired; none running is down", needs: &[Services::KEY], check: running },
    Rule { id: "svc.pending", doc: "no task pending", needs: &[Services::KEY], check: pending },
    Rule {
        id: "svc.rollout",
        doc: "deployment COMPLETED; in progress is info, {deployment_time}, and so is FAILED",
        needs: &[Services::KEY],
        check: rollout,
    },
    Rule { id: "svc.failed_tasks", doc: "no task of the deployment failed to start", needs: &[Services::KEY], check: failed_tasks },
    Rule {
        id: "svc.cannot_start",
        doc: "event `unable to consistently start` or `unable to place`",
        needs: &[Services::KEY],
        check: cannot_start,
    },
    Rule { id: "svc.rollback", doc: "the last deployment was not rolled back", needs: &[ServiceDeployments::KEY], check: rollback },
    Rule {
        id: "svc.stops",
        doc: "task stops in 10 min that nobody asked for: {task_stops}; a crash loop: {crash_loop}",
        needs: &[StoppedTasks::KEY],
        check: stops,
    },
    Rule {
        id: "svc.zone_starts",
        doc: "tasks do not fail to start in one zone alone; says what is wrong with its way out",
        needs: &[StoppedTasks::KEY],
        check: zone_starts,
    },
    Rule { id: "svc.bounds", doc: "desired within autoscaling bounds", needs: &[Services::KEY, Scaling::KEY], check: bounds },
    Rule { id: "svc.suspended", doc: "autoscaling not suspended", needs: &[Scaling::KEY], check: suspended },
    Rule { id: "svc.cpu", doc: "CPU {service_cpu} at max capacity", needs: &[Services::KEY, Metrics::KEY], check: cpu },
    Rule {
        id: "svc.figures",
        doc: "CPU figures of a task that has run for 10 min; without them unknown",
        needs: &[Services::KEY, Tasks::KEY, Metrics::KEY],
        check: figures,
    },
    Rule {
        id: "svc.paths",
        doc: "the security groups permit the ways that it needs",
        needs: &[Services::KEY, SecurityGroups::KEY],
        check: paths,
    },
    Rule { id: "task.slow", doc: "PROVISIONING/PENDING/ACTIVATING {task_start}", needs: &[Tasks::KEY], check: slow },
    Rule {
        id: "task.listed",
        doc: "the tasks that ECS counts are listed; none of them is unknown",
        needs: &[Services::KEY, Tasks::KEY],
        check: listed,
    },
    Rule {
        id: "task.checked",
        doc: "the health of some task is known; without it unknown where its check is written down, else a note",
        needs: &[Services::KEY, Tasks::KEY],
        check: checked,
    },
    Rule { id: "task.unhealthy", doc: "no task UNHEALTHY", needs: &[Tasks::KEY], check: unhealthy },
];

/// Its metrics, by service name.
pub(crate) const GAUGES: &[Gauge<metric::Svc>] = &[
    Gauge { id: "svc.mem", series: metric::Svc::Mem, label: "memory", limit: Limit::ServiceMemory, show: text::percent },
    Gauge { id: "svc.mem_max", series: metric::Svc::MemMax, label: "memory of one task", limit: Limit::TaskMemory, show: text::percent },
];

/// Judges every configured service.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    for spec in &facts.stack.services {
        nodes.insert(NodeId::service(&spec.name), of(facts, ground, &spec.name));
    }
}

fn of(facts: &Facts<'_>, ground: &SystemSpec, name: &str) -> Assessment {
    let Some(service) = facts.service(name) else {
        let mut findings = Vec::new();
        if let Some(all) = facts.fresh::<Services>() {
            let why = all.missing.iter().find(|(n, _)| n == name).map_or("not in the response", |(_, why)| why.as_str());
            findings.push(Finding { basis: vec![Services::KEY], ..down(format!("missing ({why})")) });
        }
        return Assessment::of(facts, ground, findings);
    };
    if service.status == ServiceStatus::Inactive {
        // ECS goes on to show it for a while: what it says of counts and deployments is over.
        return Assessment::of(facts, ground, apply(STATUS, facts, ground.mandatory, service));
    }
    let mut findings = apply(STATUS, facts, ground.mandatory, service);
    findings.extend(apply(RULES, facts, ground.mandatory, service));
    findings.extend(target_group::of_service(facts, ground, service));
    findings.extend(gauges(GAUGES, facts, name));
    let mut assessment = Assessment::of(facts, ground, findings);
    let scaled = service.desired == 0 && service.running == 0 && service.status != ServiceStatus::Draining;
    if scaled && assessment.base == Level::Healthy {
        assessment.is_absent("scaled to zero".to_owned());
    }
    assessment.calm_since = steady_since(service);
    assessment
}

/// The first `steady state` after the last event that was none: AWS repeats it every six hours.
fn steady_since(service: &Service) -> Option<Time> {
    let calm = |m: &str| m.contains("steady state") || m.contains("deployment completed") || m.contains("is AZ balanced");
    service.events.iter().take_while(|e| calm(&e.message)).filter(|e| e.message.contains("steady state")).last()?.at
}

fn status(_: &Facts<'_>, service: &Service) -> Option<Finding> {
    match &service.status {
        ServiceStatus::Active | ServiceStatus::Unstated => None,
        ServiceStatus::Inactive => Some(down("deleted")),
        ServiceStatus::Draining => Some(info(format!("draining: deleted, {} left", text::plural(service.running.max(0) as u32, "task")))),
        other @ ServiceStatus::Other(_) => Some(down(format!("status {other}"))),
    }
}

fn running(_: &Facts<'_>, service: &Service) -> Option<Finding> {
    let (running, desired) = (service.running, service.desired);
    let pending = if service.pending > 0 { format!(" ({} pending)", service.pending) } else { String::new() };
    match running {
        _ if running >= desired => None,
        0 => Some(down(format!("running 0 of {desired}{pending}"))),
        _ => Some(degraded(format!("running {running} of {desired}{pending}"))),
    }
}

fn figures(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let old = |task: &Task| task.started_at.is_some_and(|at| facts.now - at > limits::FIRST_FIGURES);
    facts.tasks_of(&service.name).any(old).then(|| unseen(facts, metric::Svc::Cpu.of(&service.name), "CPU figures")).flatten()
}

fn pending(_: &Facts<'_>, service: &Service) -> Option<Finding> {
    let surplus = service.pending > 0 && service.running >= service.desired && service.deploying().is_none();
    surplus.then(|| info(format!("{} pending", text::plural(service.pending as u32, "task"))))
}

fn rollout(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    if let Some(next) = service.next_set() {
        let spent = next.created_at.map_or_else(String::new, |at| format!(" {}", text::age(at, facts.now)));
        let what = format!("{} deployment {}/{} in progress{spent}", service.deployer(), next.running, next.desired);
        return Some(info(what).since(next.created_at));
    }
    let primary = service.primary()?;
    match primary.rollout_state {
        RolloutState::Failed => {
            let why = primary.rollout_reason.trim_start_matches("ECS deployment ").trim_end_matches('.');
            let why = if why.is_empty() { String::new() } else { format!(": {}", text::clip(why, 80)) };
            Some(degraded(format!("deployment failed{why}")).since(primary.updated_at))
        }
        RolloutState::InProgress => {
            let age = primary.created_at.map(|at| facts.now - at);
            let spent = primary.created_at.map_or_else(String::new, |at| format!(" {}", text::age(at, facts.now)));
            let text = format!("deployment {}/{} in progress{spent}", primary.running, primary.desired);
            if age.is_some_and(|a| a > facts.limits().span(Limit::DeploymentTime)) {
                return Some(degraded(text).since(primary.created_at.map(|at| at + facts.limits().span(Limit::DeploymentTime))));
            }
            Some(info(text).since(primary.created_at))
        }
        _ => None,
    }
}

fn failed_tasks(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    // AWS counts on after the rollout is over: what failed on its way says nothing of a deployment that has arrived.
    let arrived = |at: Option<Time>| at.is_some_and(|at| facts.now - at > limits::STOPS_WINDOW);
    let primary = service.primary().filter(|d| d.failed > 0)?;
    if primary.rollout_state == RolloutState::Completed && service.running >= service.desired && arrived(primary.updated_at) {
        return None;
    }
    let what = text::plural(primary.failed as u32, "task");
    Some(degraded(format!("{what} of {} failed to start", short_revision(&primary.task_definition))))
}

fn cannot_start(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let recent = |at: Option<Time>| at.is_some_and(|at| facts.now - at <= limits::STOPS_WINDOW);
    let newest = service.events.iter().take_while(|e| recent(e.at));
    let at = newest.clone().position(|e| e.message.contains("unable to consistently start") || e.message.contains("unable to place"))?;
    // A steady state after it clears it.
    if newest.take(at).any(|e| e.message.contains("steady state")) {
        return None;
    }
    let event = service.events.get(at)?;
    let (_, text) = phrase::read(phrase::SERVICE, &event.message);
    Some(degraded(text).since(event.at))
}

fn rollback(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let all = &facts.fresh::<ServiceDeployments>()?.deployments;
    let last = all.iter().filter(|d| d.service == service.name).max_by_key(|d| d.created_at)?;
    if !last.status.is_rollback() {
        return None;
    }
    let why = last.rollback_reason.as_deref().filter(|r| !r.is_empty()).unwrap_or(&last.reason).trim_end_matches('.');
    let why = if why.is_empty() { String::new() } else { format!(": {}", text::clip(why, 80)) };
    let word = match last.status {
        ServiceDeploymentStatus::RollbackSuccessful => "last deployment rolled back",
        ServiceDeploymentStatus::RollbackFailed => "rollback of the last deployment failed",
        _ => "deployment rolling back",
    };
    // What serves is the revision before, and well: that the new one is not live is still told, as what it is.
    let over = |at: Time| facts.now - at > limits::ROLLBACK_WINDOW;
    let settled = last.status == ServiceDeploymentStatus::RollbackSuccessful && last.finished_at.is_some_and(over);
    let level = if settled { Level::Info } else { Level::Degraded };
    Some(Finding::new(level, format!("{word}{why}")).since(last.finished_at))
}

/// Whether a stop is one that nobody asked for: not a user's, and not the scheduler's own replacing and scaling (§1.3, note of ECS task).
pub(crate) fn is_failure(task: &Task) -> bool {
    let reason = task.stopped_reason.as_deref().unwrap_or_default().to_lowercase();
    match &task.stop_code {
        Some(StopCode::UserInitiated) => false,
        Some(code) if code.is_of_capacity() => false,
        Some(StopCode::ServiceSchedulerInitiated | StopCode::Unstated) | None => {
            reason.contains("failed") || reason.contains("unhealthy") || reason.contains("error")
        }
        _ => true,
    }
}

/// Why a task stopped: `exit 137, OutOfMemoryError: …`, else AWS's sentence.
pub(crate) fn stop_cause(task: &Task) -> String {
    let died = task.containers.iter().find(|c| c.exit_code.is_some_and(|code| code != 0) || c.reason.is_some());
    let mut parts = Vec::new();
    if let Some(container) = died {
        parts.extend(container.exit_code.filter(|c| *c != 0).map(|code| format!("exit {code}")));
        parts.extend(container.reason.as_deref().map(|r| text::clip(r.split(':').next().unwrap_or(r).trim(), 40).into_owned()));
    }
    if parts.is_empty() {
        let sentence = task.stopped_reason.as_deref().or(task.stop_code.as_ref().map(StopCode::as_str)).unwrap_or("no reason given");
        let bare = sentence.split(" in (target-group").next().unwrap_or(sentence);
        parts.push(text::clip(bare.trim_end_matches('.').trim(), 60).into_owned());
    }
    parts.join(", ")
}

fn stops(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let at = |t: &Task| t.stopped_at.or(t.stopping_at);
    let mut failed: Vec<&Task> = facts
        .stopped_of(&service.name)
        .filter(|t| is_failure(t) && at(t).is_some_and(|at| facts.now - at <= limits::STOPS_WINDOW))
        .collect();
    failed.sort_by_key(|t| at(t));
    let newest = failed.last()?;
    let minutes = limits::STOPS_WINDOW.num_minutes();
    let text = format!("{} task stops in {minutes} min ({})", failed.len(), stop_cause(newest));
    let since = failed.first().and_then(|t| at(t));
    let is_bad = |limit: Limit| facts.limits().level(limit, failed.len() as f64) > Level::Healthy;
    if is_bad(Limit::CrashLoop) {
        return Some(degraded(format!("crash loop: {text}")).since(since));
    }
    is_bad(Limit::TaskStops).then(|| degraded(text).since(since))
}

/// Starts that fail in one zone alone have their cause in that zone: most often its way out.
fn zone_starts(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let recent = |at: Option<Time>| at.is_some_and(|at| facts.now - at <= limits::STOPS_WINDOW);
    let failed = facts.stopped_of(&service.name).filter(|t| t.stop_code == Some(StopCode::TaskFailedToStart));
    let failed: Vec<&Task> = failed.filter(|t| recent(t.stopped_at.or(t.stopping_at)) && !t.zone.is_empty()).collect();
    let zone = &failed.first()?.zone;
    let few = facts.limits().level(Limit::TaskStops, failed.len() as f64) == Level::Healthy;
    if few || failed.iter().any(|t| t.zone != *zone) {
        return None;
    }
    let sign = nat::sign(facts, zone).map_or_else(String::new, |sign| format!(", where {sign}"));
    Some(degraded(format!("{} tasks failed to start, all in zone {}{sign}", failed.len(), zone_letter(zone))))
}

fn scaling<'a>(facts: &Facts<'a>, service: &Service) -> Option<&'a ScalableTarget> {
    facts.fresh::<Scaling>()?.get(&service.name)
}

fn bounds(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let target = scaling(facts, service)?;
    let outside = service.desired > 0 && (service.desired < target.min || service.desired > target.max);
    outside.then(|| degraded(format!("desired {} outside bounds {}-{}", service.desired, target.min, target.max)))
}

fn suspended(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let target = scaling(facts, service)?;
    let flags = [(target.in_suspended, "in"), (target.out_suspended, "out"), (target.scheduled_suspended, "scheduled")];
    let on: Vec<&str> = flags.iter().filter(|f| f.0).map(|f| f.1).collect();
    (!on.is_empty()).then(|| degraded(format!("autoscaling suspended ({})", on.join(", "))))
}

fn cpu(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let window = facts.window()?;
    let id = metric::Svc::Cpu.of(&service.name);
    let at_max = scaling(facts, service).is_some_and(|t| service.desired >= t.max);
    let place = if at_max { " at max capacity" } else { "" };
    let say = |b: Breach| format!("cpu {}{}{place}", text::percent(b.value), b.span());
    let bounds = facts.limits().bounds(Limit::ServiceCpu);
    let critical = bounds.critical.filter(|_| at_max).and_then(|l| window.breach(&id, &l));
    critical.map(|b| down(say(b))).or_else(|| Some(degraded(say(window.breach(&id, &bounds.warn?)?))))
}

/// What a service needs by its role, and the way to its own port; the doors themselves are the security groups' business.
fn paths(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let spec = facts.stack.service(&service.name)?;
    let routing = facts.store.get::<Routing>().into_iter().flat_map(|r| &r.target_groups);
    let ports: Vec<i32> = routing.filter(|g| service.groups().contains(&g.arn.as_str())).map(|g| g.port).collect();
    let needs = |path: &&ClosedPath| match (path.from, path.to) {
        (End::Ecs, End::Rds) => spec.needs(Dependency::Database),
        (End::Ecs, End::Redis) => spec.needs(Dependency::Cache),
        (End::Ecs, _) => true,
        (_, End::Ecs) => ports.contains(&path.port),
        _ => false,
    };
    security_groups::refused(facts.closed.iter().filter(needs))
}

fn slow(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let mut late: Vec<(&Task, Time)> = facts
        .tasks_of(&service.name)
        .filter(|t| t.status.is_starting())
        .filter_map(|t| Some((t, t.created_at.filter(|at| facts.now - *at > facts.limits().span(Limit::TaskStart))?)))
        .collect();
    late.sort_by_key(|(_, at)| *at);
    let (task, at) = late.first()?;
    let more = if late.len() > 1 { format!(" and {} more", late.len() - 1) } else { String::new() };
    let text = format!("task {} {} for {}{more}", text::short_id(task.id()), task.status, text::age(*at, facts.now));
    Some(degraded(text).since(Some(*at + facts.limits().span(Limit::TaskStart))))
}

/// While tasks come and go the list may be behind the count.
fn listed(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let settled = service.pending == 0 && service.deploying().is_none() && service.running == service.desired;
    let none = settled && service.running > 0 && facts.tasks_of(&service.name).next().is_none();
    none.then(|| Finding::new(Level::Unknown, format!("tasks not listed: {} running", service.running)))
}

/// ECS says UNKNOWN of a container without a health check, too.
fn checked(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let begun = |t: &&Task| t.started_at.is_some_and(|at| facts.now - at > facts.limits().span(Limit::TaskStart));
    let mut tasks = facts.tasks_of(&service.name).filter(begun).peekable();
    tasks.peek()?;
    let all = tasks.clone().all(|t| t.health == TaskHealth::Unknown);
    let level = if facts.written { Level::Unknown } else { Level::Healthy };
    all.then(|| Finding::new(level, format!("health of {} UNKNOWN", text::plural(tasks.count() as u32, "task"))))
}

fn unhealthy(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let tasks = facts.tasks_of(&service.name);
    let bad = tasks.clone().filter(|t| t.health == TaskHealth::Unhealthy).count();
    (bad > 0).then(|| degraded(format!("{bad} of {} tasks UNHEALTHY", tasks.count())))
}
