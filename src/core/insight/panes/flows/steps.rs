//! The steps of one run of a delivery, one function a step, in the order of the written architecture's drawing. Called by `delivery`.

use super::parts::Parts;
use super::run::{ServiceRun, Stage};
use super::{Step, StepKind, StepState};
use crate::insight::NodeId;
use crate::insight::health::limits;
use crate::insight::topology::images::short_digest;
use crate::model::balancer::{TargetState, Targets};
use crate::model::delivery::{Build, BuildStatus, PhaseType, PipelineStatus, ScanStatus, Severity};
use crate::model::health::Level;
use crate::model::service::{
    BreakerStatus, Deployment, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus, Task, TaskHealth, TaskStatus,
};
use crate::model::{Time, text};

/// All steps that the stack has: what it does not use is no gap.
pub(super) fn all(parts: &Parts<'_>, line: &ServiceRun<'_>) -> Vec<Step> {
    let stack = parts.stack();
    let steps = vec![
        from_source(line),
        pipeline(line),
        build(line),
        test(line),
        scan(line),
        push(line),
        update(parts, line),
        health(parts, line),
        breaker(line, stack.is_the_seeds()),
        rollback(line),
    ];
    steps.into_iter().filter(|s| s.kind.is_used(stack)).collect()
}

fn step(kind: StepKind, state: StepState, detail: impl Into<String>) -> Step {
    let level = match state {
        StepState::Failed => Level::Degraded,
        StepState::Running => Level::Info,
        _ => Level::Healthy,
    };
    Step { kind, state, since: None, seconds: None, detail: detail.into(), level }
}

impl Step {
    fn over(mut self, from: Option<Time>, to: Option<Time>) -> Self {
        self.since = if self.state == StepState::Running { from } else { to.or(from) };
        self.seconds = from.zip(to).map(|(from, to)| (to - from).num_seconds().max(0));
        self
    }
}

/// A step that the run has not reached: it may still, or it will not.
fn ahead(kind: StepKind, line: &ServiceRun<'_>) -> Step {
    if line.is_stuck() { step(kind, StepState::Unused, "not reached") } else { step(kind, StepState::Waiting, "") }
}

fn from_source(line: &ServiceRun<'_>) -> Step {
    let said = line.execution.map(|e| e.revision.as_str()).filter(|r| !r.is_empty());
    let Some((_, action)) = line.source() else {
        // The stage shows a later run already.
        if let Some(said) = said {
            let began = line.execution.and_then(|e| e.started_at);
            return step(StepKind::Source, StepState::Done, text::clip(said, 60)).over(began, began);
        }
        let commit = line.build.map(|b| b.version.as_str()).filter(|v| !v.is_empty());
        return match commit {
            Some(commit) => step(StepKind::Source, StepState::Done, text::clip(commit, 12)),
            None => step(StepKind::Source, StepState::Unknown, ""),
        };
    };
    step(StepKind::Source, pipe_state(&action.status), text::clip(said.unwrap_or(&action.revision), 60))
        .over(action.changed_at, action.changed_at)
}

/// The state of a pipeline's stage, action or execution.
fn pipe_state(status: &PipelineStatus) -> StepState {
    match status {
        PipelineStatus::InProgress | PipelineStatus::Stopping => StepState::Running,
        PipelineStatus::Succeeded => StepState::Done,
        PipelineStatus::Failed => StepState::Failed,
        PipelineStatus::Unstated => StepState::Waiting,
        _ => StepState::Unused,
    }
}

fn pipeline(line: &ServiceRun<'_>) -> Step {
    let Some(pipeline) = line.pipeline else {
        let (state, detail) = if line.knows_pipeline { (StepState::Unused, "none (optional)") } else { (StepState::Unknown, "unknown") };
        return step(StepKind::Pipeline, state, detail);
    };
    if pipeline.executions.is_empty() {
        return step(StepKind::Pipeline, StepState::Waiting, "never ran");
    }
    let Some(execution) = line.execution else {
        // Only the newest executions are listed.
        let piped = line.build.is_some_and(|b| b.initiator.starts_with("codepipeline"));
        let (state, detail) = if piped { (StepState::Unknown, "execution not listed") } else { (StepState::Unused, "not by the pipeline") };
        return step(StepKind::Pipeline, state, detail);
    };
    let state = pipe_state(&execution.status);
    let ended = (state != StepState::Running).then_some(execution.updated_at).flatten();
    let stage = pipeline
        .stages
        .iter()
        .filter(|s| line.is_in(s))
        .find(|s| pipe_state(&s.status) == state && matches!(state, StepState::Running | StepState::Failed));
    let failed =
        stage.and_then(|s| s.actions.iter().find(|a| a.status == PipelineStatus::Failed)).map(|a| a.summary.as_str()).unwrap_or_default();
    let detail = match stage {
        Some(stage) if failed.is_empty() => stage.name.clone(),
        Some(stage) => format!("{}: {}", stage.name, text::clip(failed, 60)),
        None => execution.trigger.clone(),
    };
    step(StepKind::Pipeline, state, detail).over(execution.started_at, ended.or((state == StepState::Running).then_some(line.now)))
}

/// Whether a phase comes before POST_BUILD, which pushes the image.
fn is_early(phase: &PhaseType) -> bool {
    matches!(
        phase,
        PhaseType::Submitted
            | PhaseType::Queued
            | PhaseType::Provisioning
            | PhaseType::DownloadSource
            | PhaseType::Install
            | PhaseType::PreBuild
            | PhaseType::Build
    )
}

/// The state of a part of a build: `early` = up to and with BUILD, else what follows.
fn build_state(build: &Build, early: bool) -> StepState {
    let at = build.failed_phase().map_or(&build.phase, |p| &p.kind);
    match (&build.status, early, is_early(at)) {
        (BuildStatus::Succeeded, ..) | (BuildStatus::InProgress, true, false) => StepState::Done,
        (BuildStatus::InProgress, true, true) | (BuildStatus::InProgress, false, false) => StepState::Running,
        (BuildStatus::InProgress, false, true) => StepState::Waiting,
        (BuildStatus::Stopped, ..) | (_, false, true) => StepState::Unused,
        (_, true, true) | (_, false, false) => StepState::Failed,
        (_, true, false) => StepState::Done,
    }
}

fn build(line: &ServiceRun<'_>) -> Step {
    if line.stage == Stage::Begun {
        return ahead(StepKind::Build, line);
    }
    let Some(build) = line.build else { return step(StepKind::Build, StepState::Unknown, "no build known") };
    let state = build_state(build, true);
    let detail = match (state, build.failed_phase()) {
        (StepState::Failed, Some(phase)) => format!("{}: {}", phase.kind, text::clip(&phase.message, 80)),
        (StepState::Failed, None) => build.status.to_string(),
        (StepState::Running, _) => build.phase.to_string(),
        _ => build.project.clone(),
    };
    step(StepKind::Build, state, detail).over(build.started_at, build.ended_at.or((state == StepState::Running).then_some(line.now)))
}

/// Tests run inside the build: only a report group makes them visible.
fn test(line: &ServiceRun<'_>) -> Step {
    if line.stage == Stage::Begun {
        return ahead(StepKind::Test, line);
    }
    let Some(build) = line.build else { return step(StepKind::Test, StepState::Unknown, "") };
    if build.reports.is_empty() && build_state(build, true) != StepState::Failed {
        return step(StepKind::Test, StepState::Unknown, "no test report: inside the build");
    }
    let state = build_state(build, true);
    let failing = build.failed_phase().is_some_and(|p| p.message.to_lowercase().contains("test"));
    match state {
        StepState::Failed if !failing => step(StepKind::Test, StepState::Unused, "not reached"),
        state => step(StepKind::Test, state, format!("{} reports", build.reports.len())),
    }
}

fn scan(line: &ServiceRun<'_>) -> Step {
    let Some(image) = line.image else {
        return if line.stage == Stage::Rolled { step(StepKind::Scan, StepState::Unknown, "") } else { ahead(StepKind::Scan, line) };
    };
    let (critical, high) = (image.count(&Severity::Critical), image.count(&Severity::High));
    let state = match &image.scan_status {
        ScanStatus::Complete | ScanStatus::Active => StepState::Done,
        ScanStatus::InProgress | ScanStatus::Pending => StepState::Running,
        ScanStatus::Unstated => return Step { level: Level::Degraded, ..step(StepKind::Scan, StepState::Unknown, "never scanned") },
        status => return step(StepKind::Scan, StepState::Failed, status.as_str()),
    };
    let mut scanned = step(StepKind::Scan, state, format!("{critical} CRITICAL, {high} HIGH"));
    scanned.since = image.pushed_at;
    if critical + high > 0 {
        scanned.level = Level::Degraded;
    }
    scanned
}

fn push(line: &ServiceRun<'_>) -> Step {
    let kind = StepKind::Push;
    if let Some(image) = line.image {
        let tag = image.tags.first().cloned().unwrap_or_else(|| "untagged".to_owned());
        return step(kind, StepState::Done, tag).over(image.pushed_at, None);
    }
    if line.stage == Stage::Begun {
        return ahead(kind, line);
    }
    let Some(repository) = line.repository.map(|r| r.name.as_str()) else { return step(kind, StepState::Unknown, "") };
    let state = match line.build.filter(|_| line.stage == Stage::Built || line.undone) {
        Some(build) => build_state(build, false),
        None => StepState::Done,
    };
    if state != StepState::Done {
        return step(kind, state, repository);
    }
    // It should be there by now, if the repository was read since: it is read seldom.
    let since = if line.stage == Stage::Built { line.build.and_then(|b| b.ended_at) } else { line.rolled_at() };
    if line.read_at < since.map(|at| at + limits::IMAGE_LAG) {
        return step(kind, StepState::Unknown, format!("{repository} not polled since"));
    }
    match line.digest {
        Some(digest) => {
            let text = format!("{} is not in {repository}", short_digest(digest));
            Step { level: Level::Degraded, ..step(kind, StepState::Unknown, text) }
        }
        None => step(kind, StepState::Unknown, format!("no matching image in {repository}")),
    }
}

/// The rollout of a run that was rolled back; what is in place again is named as such.
fn undone(line: &ServiceRun<'_>, record: &ServiceDeployment) -> Step {
    let new = line.rollout.map_or("the new revision", |d| d.revision());
    let back = line.primary.map(|d| format!(", {} again", d.revision())).unwrap_or_default();
    step(StepKind::Update, StepState::Failed, format!("{new} rolled back{back}")).over(record.started_at, record.finished_at)
}

fn update(parts: &Parts<'_>, line: &ServiceRun<'_>) -> Step {
    if line.is_stuck() {
        let stays = line.primary.map(|d| format!("{} stays", d.revision())).unwrap_or_default();
        return step(StepKind::Update, StepState::Unused, stays);
    }
    if line.stage != Stage::Rolled {
        return elsewhere(StepKind::Update, line).unwrap_or_else(|| ahead(StepKind::Update, line));
    }
    if let Some(record) = line.record.filter(|_| line.undone) {
        return undone(line, record);
    }
    let Some(d) = line.rollout else {
        return elsewhere(StepKind::Update, line).unwrap_or_else(|| step(StepKind::Update, StepState::Unknown, ""));
    };
    let state = match d.rollout_state {
        RolloutState::InProgress => StepState::Running,
        RolloutState::Failed => StepState::Failed,
        _ => StepState::Done,
    };
    let detail = format!("{} {}/{} running", d.revision(), d.running, d.desired);
    let ended = line.record.filter(|r| r.created_at >= d.created_at).and_then(|r| r.finished_at).or(d.updated_at);
    let mut update =
        step(StepKind::Update, state, detail).over(d.created_at, if state == StepState::Running { Some(line.now) } else { ended });
    if state == StepState::Running && d.created_at.is_some_and(|at| line.now - at > line.patience) {
        update.level = Level::Degraded;
    }
    if let Some(verdict) = parts.judgement.of(&NodeId::service(&line.spec.name)).filter(|v| v.level == Level::Down && line.deploying()) {
        update.detail = format!("{}; {}", update.detail, verdict.headline());
    }
    update
}

/// How many tasks of the newest deployment are healthy: targets for a service behind the balancer, tasks for the others.
fn healthy(parts: &Parts<'_>, line: &ServiceRun<'_>, d: &Deployment) -> (usize, usize) {
    let behind: Vec<_> = line.service.iter().flat_map(|s| s.groups()).collect();
    let targets = parts.store().get::<Targets>();
    let new = parts.facts.tasks_of(&line.spec.name).filter(|t| t.task_definition.is_empty() || t.task_definition == d.task_definition);
    let listed = |t: &Task| {
        behind
            .iter()
            .any(|arn| targets.and_then(|x| x.groups.get(*arn)).is_some_and(|all| all.iter().any(|x| Some(&x.id) == t.ip.as_ref())))
    };
    let total = behind.iter().filter_map(|arn| targets?.healthy(arn)).fold((0, 0), |sum, (good, all)| (sum.0 + good, sum.1 + all));
    if total.1 > 0 && !new.clone().any(listed) {
        // Instances are registered, or the tasks' addresses are not told: the groups speak for all tasks.
        return (total.0, total.1 - total.0);
    }
    let mut counts = (0, 0);
    for task in new {
        let state = behind.iter().find_map(|arn| targets?.groups.get(*arn)?.iter().find(|t| Some(&t.id) == task.ip.as_ref()));
        let (good, bad) = match state {
            Some(target) => (target.state == TargetState::Healthy, target.state.is_unhealthy()),
            None => (
                behind.is_empty() && task.status == TaskStatus::Running && task.health != TaskHealth::Unhealthy,
                task.health == TaskHealth::Unhealthy,
            ),
        };
        counts = (counts.0 + usize::from(good), counts.1 + usize::from(bad));
    }
    counts
}

/// ECS tells nothing of a rollout: of one that others make that is no gap.
fn elsewhere(kind: StepKind, line: &ServiceRun<'_>) -> Option<Step> {
    let service = line.service.filter(|s| !s.controller.is_ecs() && line.rollout.is_none())?;
    Some(not_of_ecs(kind, service))
}

/// What a deployment of this kind does not have.
fn not_of_ecs(kind: StepKind, service: &Service) -> Step {
    step(kind, StepState::Unused, format!("n/a ({})", service.deployer()))
}

/// How many tasks of the rollout run, where nothing checks them: behind no load balancer, and with no health check in their containers.
fn unchecked(parts: &Parts<'_>, line: &ServiceRun<'_>, d: &Deployment) -> Option<usize> {
    let service = line.service.filter(|s| s.groups().is_empty())?;
    let mut tasks = parts.facts.tasks_of(&service.name).filter(|t| t.task_definition.is_empty() || t.task_definition == d.task_definition);
    let checked = |t: &Task| !matches!(t.health, TaskHealth::Unknown | TaskHealth::Unstated);
    let running = tasks.clone().filter(|t| t.status == TaskStatus::Running).count();
    (running > 0 && !tasks.any(checked)).then_some(running)
}

fn health(parts: &Parts<'_>, line: &ServiceRun<'_>) -> Step {
    if line.stage != Stage::Rolled {
        return elsewhere(StepKind::Health, line).unwrap_or_else(|| ahead(StepKind::Health, line));
    }
    if line.undone {
        let failed = line
            .record
            .and_then(|r| r.breaker.as_ref())
            .filter(|(status, failures, _)| *status == BreakerStatus::Triggered || *failures > 0);
        return match failed {
            Some((_, failures, _)) => step(StepKind::Health, StepState::Failed, format!("{failures} tasks failed")),
            None => step(StepKind::Health, StepState::Unused, "stopped before"),
        };
    }
    let Some(d) = line.rollout else {
        return elsewhere(StepKind::Health, line).unwrap_or_else(|| step(StepKind::Health, StepState::Unknown, ""));
    };
    if let Some(running) = unchecked(parts, line, d) {
        return step(StepKind::Health, StepState::Unused, format!("not health-checked, {running} of {} running", d.desired))
            .over(d.created_at, None);
    }
    let (good, bad) = healthy(parts, line, d);
    let wanted = d.desired.max(0) as usize;
    let detail = if bad > 0 { format!("{good} of {wanted} healthy, {bad} unhealthy") } else { format!("{good} of {wanted} healthy") };
    let state = match d.rollout_state {
        _ if bad > 0 => StepState::Failed,
        RolloutState::Failed => StepState::Failed,
        _ if good >= wanted => StepState::Done,
        RolloutState::InProgress => StepState::Running,
        _ => StepState::Unknown,
    };
    step(StepKind::Health, state, detail).over(d.created_at, None)
}

fn breaker(line: &ServiceRun<'_>, written: bool) -> Step {
    let kind = StepKind::Breaker;
    if let Some(service) = line.service.filter(|s| !s.may_have_breaker()) {
        return not_of_ecs(kind, service);
    }
    let armed = line.service.and_then(|s| s.circuit_breaker).map(|(on, _)| on);
    let Some((status, failures, threshold)) = line.record.filter(|_| line.stage == Stage::Rolled).and_then(|r| r.breaker.as_ref()) else {
        return match armed {
            Some(true) => step(kind, StepState::Waiting, "armed"),
            // That it should be on is written of one stack.
            Some(false) if written => Step { level: Level::Degraded, ..step(kind, StepState::Unused, "off") },
            Some(false) => step(kind, StepState::Unused, "off"),
            None => step(kind, StepState::Unknown, ""),
        };
    };
    let state = match status {
        BreakerStatus::Triggered => StepState::Failed,
        BreakerStatus::Monitoring => StepState::Running,
        BreakerStatus::MonitoringComplete => StepState::Done,
        BreakerStatus::Disabled => StepState::Unused,
        _ => StepState::Unknown,
    };
    step(kind, state, format!("{failures} of {threshold} failures")).over(line.record.and_then(|r| r.started_at), None)
}

fn rollback(line: &ServiceRun<'_>) -> Step {
    let kind = StepKind::Rollback;
    let record = line.record.filter(|r| line.stage == Stage::Rolled && r.status.is_rollback());
    let Some(record) = record else {
        if let Some(service) = line.service.filter(|s| !s.may_have_breaker()) {
            return not_of_ecs(kind, service);
        }
        return match line.service.and_then(|s| s.circuit_breaker) {
            Some((true, true)) => step(kind, StepState::Unused, "not needed"),
            Some(_) => Step { level: Level::Degraded, ..step(kind, StepState::Unused, "automatic rollback off") },
            None => step(kind, StepState::Unknown, ""),
        };
    };
    let state = match record.status {
        ServiceDeploymentStatus::RollbackSuccessful => StepState::Done,
        ServiceDeploymentStatus::RollbackFailed => StepState::Failed,
        _ => StepState::Running,
    };
    let why = record.rollback_reason.as_deref().filter(|r| !r.is_empty()).unwrap_or(&record.reason);
    Step {
        level: Level::Degraded,
        ..step(kind, state, text::clip(why.trim_end_matches('.'), 80)).over(record.started_at, record.finished_at)
    }
}
