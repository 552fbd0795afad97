//! Stop one task: its service starts another. It is over once the task has stopped and another serves.

use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params;
use nextcore_core::model::balancer::Targets;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, Verdict};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{Service, Services, StopCode, StoppedTasks, Task, TaskStatus, Tasks};

use super::service::{failed, healthy, settling};
use super::task::{draft, find, in_service, service, short_id};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const STOP: Op = Op::write("ECS", "StopTask", "ecs:StopTask").on(Scope::Cluster);

/// Seconds after which a service that is settled needs no other task: its desired count was lowered meanwhile.
const NO_OTHER: i64 = 60;

pub(super) struct StopTask;

impl Action for StopTask {
    type Params = params::StopTask;
    const NAME: &'static str = "stop-task";
    const WRITES: &'static [Op] = &[STOP];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Tasks::KEY];
    const WATCHES: &'static [SectionKey] = &[Tasks::KEY, StoppedTasks::KEY];
    const BESIDE: &'static [SectionKey] = &[Services::KEY, Targets::KEY];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        // How many will be left is the point: read now.
        for key in [Services::KEY, Targets::KEY] {
            desk.try_fetch(key).await;
        }
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::StopTask), Refusal> {
        let task = find(facts, &request.target)?;
        let service = service(facts, task);
        let mut plan =
            draft(task).must(task.desired_status != TaskStatus::Stopped, "task not stopping yet", "the task is already stopping");
        plan = match service {
            Some(service) => left(plan, facts, service, task),
            None if facts.store.get::<Services>().is_none() => {
                plan.unknown(facts, Services::KEY, "unknown whether its service starts a replacement")
            }
            None => plan.check(Verdict::Warn, "no watched service starts a replacement"),
        };
        if let Some(d) = service.and_then(Service::deploying) {
            plan = plan.check(Verdict::Warn, format!("a deployment to {} is in progress", d.revision()));
        }
        let behind = service.is_some_and(|s| !s.groups().is_empty());
        let expect = match (service.is_some(), behind) {
            (_, true) => "requests in flight may fail if they take longer than the stop timeout (30 s after SIGTERM)",
            (true, false) => "a job running in it is killed; Celery requeues it only with acks_late",
            (false, false) => "whatever the task is doing stops",
        };
        plan = if service.is_some() { plan.note("ECS starts a replacement; the desired count stays") } else { plan };
        // Who stops it is known when it is sent.
        let call = format!("aws ecs stop-task --cluster {} --task {} --reason \"nextcore-top: $USER\"", facts.stack.cluster, task.id());
        let undo = match service {
            Some(_) => "none needed: ECS starts a replacement",
            None => "none: a stopped task does not start again; its service, if any, starts a replacement",
        };
        let params = params::StopTask { cluster: facts.stack.cluster.clone(), task: task.arn.clone() };
        let plan = plan
            .change("task", "running", "stopped")
            .call(&STOP, call)
            .reach(expect, "this task only")
            .undo(undo, None)
            .takes(60, 240, 900);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::StopTask) -> Result<Receipt, SendError> {
        let call = sender.clients.ecs.stop_task().cluster(&params.cluster).task(&params.task);
        let call = call.reason(format!("nextcore-top: {}", sender.who)).customize().interceptor(sender.warrant(&STOP)?);
        let answer = call.send().await.map_err(|e| SendError::of(STOP, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &params::StopTask) -> Sight {
        let of = |tasks: &[Task]| tasks.iter().find(|t| t.arn == params.task).cloned();
        let stopping = facts.store.get::<StoppedTasks>().and_then(|t| of(&t.tasks));
        let Some(task) = stopping else {
            let runs = facts.store.get::<Tasks>().and_then(|t| of(&t.tasks));
            let status = runs.as_ref().map_or("not listed", |t| t.status.as_str());
            let applied = runs.is_some().then_some(false);
            return Sight { steps: vec![Step::new(format!("the task is {status}"), false, true)], applied, end: None };
        };
        let id = short_id(task.id());
        let code = task.stop_code.clone().unwrap_or_default();
        if !matches!(code, StopCode::Unstated | StopCode::UserInitiated) {
            let why = task.stopped_reason.as_deref().unwrap_or("no reason given");
            let text = format!("task {id} was stopped by something else first ({code}: {why})");
            return Sight { steps: vec![failed(text.clone())], applied: Some(false), end: Some((Outcome::Failed, text)) };
        }
        let stopped = task.status == TaskStatus::Stopped;
        let mut steps = vec![Step::new(format!("task {id} is {}", task.status), stopped, true)];
        let Some(service) = service(facts, &task) else {
            return Sight { steps, applied: Some(true), end: stopped.then(|| (Outcome::Done, format!("task {id} stopped"))) };
        };
        let (more, settled) = replaced(facts, run, service, &task);
        steps.extend(more);
        let end =
            (stopped && settled).then(|| (Outcome::Done, format!("task {id} stopped; {} runs {} tasks", service.name, service.running)));
        Sight { steps, applied: Some(true), end }
    }
}

/// Whether enough is left while the other task starts.
fn left(plan: Draft, facts: &Facts<'_>, service: &Service, task: &Task) -> Draft {
    let name = &service.name;
    if service.groups().is_empty() {
        let tasks = facts.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
        let others = tasks.iter().filter(|t| t.service == *name && t.arn != task.arn && t.status == TaskStatus::Running).count();
        let text = format!("{others} other tasks of {name} are running");
        return plan.should(others >= 1, text, format!("no other task of {name} is running: it is down until the replacement starts"));
    }
    let Some(now) = healthy(facts, service) else {
        return plan.unknown(facts, Targets::KEY, &format!("unknown whether other targets of {name} are healthy"));
    };
    let left = now.saturating_sub(usize::from(in_service(facts, service, task).unwrap_or(true)));
    plan.should(
        left >= 2,
        format!("{left} healthy targets of {name} will remain"),
        format!("only {left} healthy target{} of {name} will remain", if left == 1 { "" } else { "s" }),
    )
}

/// The other task: one that was asked for after this one had to stop, by AWS's own clock. Where that clock tells only seconds, or not at
/// all, no task is taken for it that was there before this process sent anything.
fn replaced(facts: &Facts<'_>, run: &Run, service: &Service, task: &Task) -> (Vec<Step>, bool) {
    let tasks = facts.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let others = || tasks.iter().filter(|t| t.service == service.name && t.arn != task.arn);
    let other =
        others().filter(|t| is_after(t.created_at, task.stopping_at)).max_by_key(|t| (t.status == TaskStatus::Running, t.created_at));
    // It may be the one, or have been there before: nobody can tell.
    let perhaps = other.is_none() && others().any(|t| may_be_after(t.created_at, task.stopping_at, run));
    let runs = other.is_some_and(|t| t.status == TaskStatus::Running);
    let text = match other {
        Some(t) => format!("replacement task {} is {}", short_id(t.id()), t.status),
        None if perhaps => "replacement task unknown: ECS does not report exact task creation times".to_owned(),
        None => "no replacement requested yet".to_owned(),
    };
    let mut steps = vec![Step::new(text, runs, true)];
    let (more, settled) = settling(facts, service, service.desired);
    steps.extend(more);
    // Settled for long after it stopped: whichever task it is, or none, nothing more is to come.
    let long_ago = task.stopped_at.is_some_and(|at| (facts.now - at).num_seconds() >= NO_OTHER);
    let over = long_ago && !runs && other.is_none();
    if over && settled && !perhaps {
        steps.remove(0);
    }
    (steps, settled && (runs || over))
}

/// Whether a moment is surely after another: within one second only where both tell more than seconds.
fn is_after(at: Option<Time>, than: Option<Time>) -> bool {
    let exact = |t: Time| t.timestamp_subsec_nanos() != 0;
    at.zip(than).is_some_and(|(at, than)| {
        at.timestamp() > than.timestamp() || (at.timestamp() == than.timestamp() && exact(at) && exact(than) && at >= than)
    })
}

/// Whether a task may have been asked for after this one had to stop, although its times do not prove it.
fn may_be_after(at: Option<Time>, than: Option<Time>, run: &Run) -> bool {
    match (at, than) {
        (None, _) => true,
        (Some(at), Some(than)) => at.timestamp() == than.timestamp(),
        (Some(at), None) => at.timestamp() >= run.sent_at.timestamp() - 1,
    }
}

#[cfg(test)]
#[path = "tests/stop_task.rs"]
mod tests;
