//! Stop one task: its service starts another (AWS map §3, "stop task"). It is over once the task has stopped and another serves.

use std::sync::Arc;

use crate::aws::op::{Op, Scope};
use crate::model::action::Request;
use crate::model::balancer::Targets;
use crate::model::identity::Identity;
use crate::model::plan::{Outcome, Plan, Refusal, Run, Step, Verdict};
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Service, Services, StoppedTasks, Task, Tasks};

use super::service::{failed, healthy, settling};
use super::task::{draft, find, in_service, service, short_id};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const STOP: Op = Op::write("ECS", "StopTask", "ecs:StopTask").on(Scope::Cluster);

/// What a task says of itself that was stopped by a call.
const BY_USER: &str = "UserInitiated";

/// Seconds after which a service that is settled needs no other task: its desired count was lowered meanwhile.
const NO_OTHER: i64 = 60;

pub(super) struct StopTask;

impl Action for StopTask {
    const NAME: &'static str = "stop-task";
    const WRITES: &'static [Op] = &[STOP];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Tasks::KEY, Services::KEY];
    const WATCHES: &'static [SectionKey] = &[Tasks::KEY, StoppedTasks::KEY, Services::KEY, Targets::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        // How many will be left is the point: read now. Without it there is a check less.
        let _ = desk.fetch(Targets::KEY).await;
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<Draft, Refusal> {
        let task = find(facts, &request.target)?;
        let service = service(facts, task);
        let mut plan = draft(task).must(task.desired_status != "STOPPED", "the task is meant to run", "the task is being stopped already");
        plan = match service {
            Some(service) => left(plan, facts, service, task),
            None => plan.check(Verdict::Warn, "no watched service starts another task in its place"),
        };
        if let Some(d) = service.and_then(Service::deploying) {
            plan = plan.check(Verdict::Warn, format!("a deployment to {} is running", d.revision()));
        }
        let behind = service.is_some_and(|s| !s.target_groups.is_empty());
        let expect = match (service.is_some(), behind) {
            (_, true) => "requests in flight may fail where they take longer than the task is given (30 s after SIGTERM)",
            (true, false) => "a job that runs in it ends; Celery queues it again only with acks_late",
            (false, false) => "whatever the task does ends",
        };
        plan = if service.is_some() { plan.note("ECS starts another task in its place; the desired count stays") } else { plan };
        // Who stops it is known when it is sent.
        let call = format!("aws ecs stop-task --cluster {} --task {} --reason \"nextcore-top: $USER\"", facts.stack.cluster, task.id());
        Ok(plan
            .change("task", "running", "stopped")
            .call(&STOP, call)
            .reach(expect, "this task only")
            .undo("nothing to take back: ECS starts another task", None)
            .takes(60, 240, 900))
    }

    async fn send(sender: Sender, plan: Arc<Plan>) -> Result<Receipt, SendError> {
        let call = sender.clients.ecs.stop_task().cluster(&sender.stack.cluster).task(plan.fact("task"));
        let answer = call.reason(format!("nextcore-top: {}", sender.who)).send().await.map_err(|e| SendError::of(STOP, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run) -> Sight {
        let arn = run.plan.fact("task");
        let of = |tasks: &[Task]| tasks.iter().find(|t| t.arn == arn).cloned();
        let stopping = facts.store.get::<StoppedTasks>().and_then(|t| of(&t.tasks));
        let Some(task) = stopping else {
            let runs = facts.store.get::<Tasks>().and_then(|t| of(&t.tasks));
            let status = runs.as_ref().map_or("not listed", |t| t.status.as_str());
            let applied = runs.is_some().then_some(false);
            return Sight { steps: vec![Step::new(format!("the task is {status}"), false, true)], applied, end: None };
        };
        let id = short_id(task.id());
        let code = task.stop_code.as_deref().unwrap_or_default();
        if !matches!(code, "" | BY_USER) {
            let why = task.stopped_reason.as_deref().unwrap_or("no reason given");
            let text = format!("task {id} was stopped by something else first ({code}: {why})");
            return Sight { steps: vec![failed(text.clone())], applied: Some(false), end: Some((Outcome::Failed, text)) };
        }
        let stopped = task.status == "STOPPED";
        let mut steps = vec![Step::new(format!("task {id} is {}", task.status), stopped, true)];
        let Some(service) = service(facts, &task) else {
            return Sight { steps, applied: Some(true), end: stopped.then(|| (Outcome::Done, format!("task {id} has stopped"))) };
        };
        let (more, settled) = replaced(facts, service, &task);
        steps.extend(more);
        let end = (stopped && settled)
            .then(|| (Outcome::Done, format!("task {id} has stopped; {} runs {} tasks", service.name, service.running)));
        Sight { steps, applied: Some(true), end }
    }
}

/// Whether enough is left while the other task starts.
fn left(plan: Draft, facts: &Facts<'_>, service: &Service, task: &Task) -> Draft {
    let name = &service.name;
    if service.target_groups.is_empty() {
        let tasks = facts.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
        let others = tasks.iter().filter(|t| t.service == *name && t.arn != task.arn && t.status == "RUNNING").count();
        let text = format!("{others} other tasks of {name} are running");
        return plan.should(others >= 1, text, format!("no other task of {name} is running: it does nothing until another has started"));
    }
    let Some(now) = healthy(facts, service) else {
        return plan.check(Verdict::Unknown, format!("whether other targets of {name} are healthy is not known"));
    };
    let left = now.saturating_sub(usize::from(in_service(facts, service, task).unwrap_or(true)));
    plan.should(
        left >= 2,
        format!("{left} healthy targets of {name} will be left"),
        format!("only {left} healthy target{} of {name} will be left", if left == 1 { "" } else { "s" }),
    )
}

/// The other task: one that was asked for after this one had to stop, by AWS's own clock.
fn replaced(facts: &Facts<'_>, service: &Service, task: &Task) -> (Vec<Step>, bool) {
    let tasks = facts.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let newer = tasks.iter().filter(|t| t.service == service.name && t.arn != task.arn && t.created_at >= task.stopping_at);
    let other = newer.max_by_key(|t| (t.status == "RUNNING", t.created_at));
    let runs = other.is_some_and(|t| t.status == "RUNNING");
    let text = match other {
        Some(t) => format!("task {} in its place is {}", short_id(t.id()), t.status),
        None => "another task in its place is not asked for yet".to_owned(),
    };
    let mut steps = vec![Step::new(text, runs, true)];
    let (more, settled) = settling(facts, service, service.desired);
    steps.extend(more);
    let none_needed = task.stopped_at.is_some_and(|at| (facts.now - at).num_seconds() >= NO_OTHER) && other.is_none();
    if none_needed && settled {
        steps.remove(0);
    }
    (steps, settled && (runs || none_needed))
}

#[cfg(test)]
#[path = "tests/stop_task.rs"]
mod tests;
