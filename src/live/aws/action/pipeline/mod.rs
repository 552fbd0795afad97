//! Start, retry and stop the pipeline. The execution that is meant is named by its id from the answer or from the plan: an execution that
//! looks like it is not taken for it.

use std::time::Duration;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params::{RetryStage, StartPipeline, StopPipeline};
use nextcore_core::model::delivery::{ActionCategory, Pipeline, PipelineAction, PipelineExecution, PipelineStage, PipelineStatus};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step, StepState};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::Services;
use nextcore_core::model::text;

use super::common::{arn, quoted, seen, since, waited};
use super::service::failed;
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const START: Op = Op::write("CodePipeline", "StartPipelineExecution", "codepipeline:StartPipelineExecution").on(Scope::Pipeline);
const RETRY: Op = Op::write("CodePipeline", "RetryStageExecution", "codepipeline:RetryStageExecution").on(Scope::Pipeline);
const STOP: Op = Op::write("CodePipeline", "StopPipelineExecution", "codepipeline:StopPipelineExecution").on(Scope::Pipeline);

const NEEDS: &[SectionKey] = &[Identity::KEY, Pipeline::KEY];
/// A pipeline moves in tens of seconds.
const EVERY: Duration = Duration::from_secs(10);

pub(super) struct Start;
pub(super) struct Retry;
pub(super) struct Stop;

impl Action for Start {
    type Params = StartPipeline;
    const NAME: &'static str = "pipeline start";
    const WRITES: &'static [Op] = &[START];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = &[Pipeline::KEY];
    const EVERY: Duration = EVERY;

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        gather(desk).await
    }

    fn draft(facts: &Facts<'_>, _: &Request) -> Result<(Draft, StartPipeline), Refusal> {
        let pipeline = find(facts)?;
        let running = running(pipeline).map_or_else(String::new, |e| format!("execution {} is in progress", short(&e.id)));
        let latest = pipeline.executions.first();
        let plan = draft(facts, pipeline).change("newest execution", latest.map_or("none", |e| short(&e.id)), "new").must(
            running.is_empty(),
            "no execution in progress",
            running,
        );
        let stages: Vec<&str> = pipeline.stages.iter().map(|s| s.name.as_str()).collect();
        let before = latest.map(|e| e.id.clone());
        let plan = reach(calm(open(plan, pipeline, 0), facts), pipeline, 0)
            .note(format!("runs {}", stages.join(" → ")))
            .undo("pipeline stop while it runs; after its deployment: rollback SERVICE", Some(Request::new(Stop::NAME, "")))
            .call(&START, format!("aws codepipeline start-pipeline-execution --name {}", quoted(&pipeline.name)))
            .takes(480, 1500, 5400)
            .rests("version", pipeline.version);
        Ok((plan, StartPipeline { pipeline: pipeline.name.clone(), before }))
    }

    async fn send(sender: Sender, params: StartPipeline) -> Result<Receipt, SendError> {
        let call = sender.clients.pipeline.start_pipeline_execution().name(&params.pipeline).client_request_token(&sender.token);
        let answer = call.customize().interceptor(sender.warrant(&START)?).send().await.map_err(|e| SendError::of(START, &e))?;
        Ok(Receipt::of(&answer).made(answer.pipeline_execution_id()))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &StartPipeline) -> Sight {
        let Ok(pipeline) = find(facts) else { return Sight::default() };
        let Some(id) = run.made.as_deref() else { return without_answer(pipeline, run, params.before.as_deref()) };
        let Some(execution) = pipeline.executions.iter().find(|e| e.id == id) else { return unlisted(pipeline, id) };
        let mut steps = vec![Step::new(format!("execution {} {}", short(id), execution.status), true, true)];
        steps.extend(pipeline.stages.iter().map(|s| stage_step(s, id, execution.status == PipelineStatus::Succeeded)));
        let took = text::duration(waited(facts, run));
        let end = match &execution.status {
            PipelineStatus::Succeeded => Some((Outcome::Done, format!("execution {} succeeded: {took}", short(id)))),
            PipelineStatus::Failed => {
                let why = pipeline.stages.iter().filter(|s| s.execution == id).find_map(broken).unwrap_or_default();
                Some((Outcome::Failed, format!("execution {} failed{why}", short(id))))
            }
            PipelineStatus::Stopped | PipelineStatus::Superseded | PipelineStatus::Cancelled => {
                Some((Outcome::Failed, format!("execution {} ended before its last stage: {}", short(id), execution.status)))
            }
            _ => None,
        };
        Sight { steps, applied: Some(true), end }
    }
}

impl Action for Retry {
    type Params = RetryStage;
    const NAME: &'static str = "pipeline retry";
    const WRITES: &'static [Op] = &[RETRY];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = &[Pipeline::KEY];
    const EVERY: Duration = EVERY;

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        gather(desk).await
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, RetryStage), Refusal> {
        let pipeline = find(facts)?;
        let (at, stage) = stage(pipeline, request.arg("stage").unwrap_or("failed"))?;
        let again: Vec<&PipelineAction> = stage.actions.iter().filter(|a| a.status != PipelineStatus::Succeeded).collect();
        let names = again.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
        let newer = pipeline.executions.first().filter(|e| e.id != stage.execution);
        let mut plan = draft(facts, pipeline)
            .change(&format!("stage {}", stage.name), &stage.status, format!("runs again: {names}"))
            .must(
                matches!(stage.status, PipelineStatus::Failed | PipelineStatus::Stopped),
                format!("stage {} has {}", stage.name, stage.status.as_str().to_lowercase()),
                format!("stage {} is {}: only failed or stopped stages can be retried", stage.name, or_new(&stage.status)),
            )
            .should(
                newer.is_none(),
                "no newer execution",
                newer.map_or_else(String::new, |e| format!("execution {} is newer ({})", short(&e.id), e.status)),
            );
        for action in again.iter().filter(|a| !a.summary.is_empty()) {
            plan = plan.note(format!("{}: {}", action.name, action.summary));
        }
        plan.object = Some(format!("{}, stage {}", pipeline.name, stage.name));
        plan.permission_on = plan.permission_on.iter().map(|arn| format!("{arn}/{}", stage.name)).collect();
        let (name, execution) = (quoted(&pipeline.name), &stage.execution);
        let cli = format!(
            "aws codepipeline retry-stage-execution --pipeline-name {name} --stage-name {} --pipeline-execution-id {execution} --retry-mode FAILED_ACTIONS",
            quoted(&stage.name)
        );
        let params = RetryStage { pipeline: pipeline.name.clone(), stage: stage.name.clone(), execution: execution.clone() };
        let plan = reach(calm(open(plan, pipeline, at + 1), facts), pipeline, at)
            .undo("pipeline stop while it runs; after its deployment: rollback SERVICE", Some(Request::new(Stop::NAME, "")))
            .call(&RETRY, cli)
            .takes(60, 900, 3600);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: RetryStage) -> Result<Receipt, SendError> {
        use aws_sdk_codepipeline::types::StageRetryMode;
        let call = sender.clients.pipeline.retry_stage_execution().pipeline_name(&params.pipeline).stage_name(&params.stage);
        let call = call.pipeline_execution_id(&params.execution).retry_mode(StageRetryMode::FailedActions);
        let answer = call.customize().interceptor(sender.warrant(&RETRY)?).send().await.map_err(|e| SendError::of(RETRY, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &RetryStage) -> Sight {
        let Ok(pipeline) = find(facts) else { return Sight::default() };
        let (name, id) = (params.stage.as_str(), params.execution.as_str());
        let Some(at) = pipeline.stages.iter().position(|s| s.name == name) else { return Sight::default() };
        let (Some(stage), next) = (pipeline.stages.get(at), pipeline.stages.get(at + 1)) else { return Sight::default() };
        if stage.execution != id {
            let text = format!("execution {} is now in stage {name}: the end of {} was not seen", short(&stage.execution), short(id));
            return Sight { steps: vec![failed(text.clone())], applied: None, end: Some((Outcome::Unknown, text)) };
        }
        // It had failed before: only what has changed since counts.
        let changed = stage.actions.iter().any(|a| since(a.changed_at, run));
        let again = seen(run, 0) || changed || matches!(stage.status, PipelineStatus::InProgress | PipelineStatus::Succeeded);
        let beginning = if again { "stage running again".to_owned() } else { format!("stage {name} {}", stage.status) };
        let mut steps = vec![Step::new(beginning, again, true)];
        steps.extend(stage.actions.iter().map(|a| action_step(a, again)));
        steps.push(Step::new(format!("stage {name} succeeded"), again && stage.status == PipelineStatus::Succeeded, again));
        let took = text::duration(waited(facts, run));
        let end = match &stage.status {
            PipelineStatus::Succeeded => {
                let on = next.map_or_else(String::new, |s| format!("; the execution continues with {}", s.name));
                Some((Outcome::Done, format!("stage {name} of execution {} succeeded: {took}{on}", short(id))))
            }
            PipelineStatus::Failed if again => {
                Some((Outcome::Failed, format!("stage {name} failed again{}", broken(stage).unwrap_or_default())))
            }
            PipelineStatus::Stopped | PipelineStatus::Cancelled if again => Some((Outcome::Failed, format!("stage {name} was stopped"))),
            _ => None,
        };
        Sight { steps, applied: Some(again), end }
    }
}

impl Action for Stop {
    type Params = StopPipeline;
    const NAME: &'static str = "pipeline stop";
    const WRITES: &'static [Op] = &[STOP];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = &[Pipeline::KEY];

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, StopPipeline), Refusal> {
        let (pipeline, abandon) = (find(facts)?, request.has("abandon"));
        let Some(execution) = running(pipeline) else {
            return Err(Refusal::Check(format!("no execution of {} in progress: nothing to stop", pipeline.name)));
        };
        let id = &execution.id;
        let stage = pipeline.stages.iter().find(|s| s.execution == *id && s.status == PipelineStatus::InProgress);
        let mut plan = draft(facts, pipeline).change(&format!("execution {}", short(id)), &execution.status, PipelineStatus::Stopped).must(
            abandon || execution.status != PipelineStatus::Stopping,
            "not stopping yet",
            format!("execution {} is already stopping: --abandon does not wait for its actions", short(id)),
        );
        plan.object = Some(format!("{}, execution {}", pipeline.name, short(id)));
        let others = pipeline.executions.iter().filter(|e| e.id != *id && e.status.is_open()).count();
        if others > 0 {
            plan = plan.note(format!("{others} more in progress: they continue"));
        }
        let expect = if abandon {
            "running actions are abandoned: a build or deployment that they started continues"
        } else {
            "running actions finish, including a deployment; no further actions start"
        };
        let (undo, back) = match stage {
            Some(stage) => {
                let words = format!("pipeline retry --stage {}, after it has stopped", quoted(&stage.name));
                (words, Request::new(Retry::NAME, "").with("stage", &stage.name))
            }
            None => ("pipeline start: a new execution, this one does not continue".to_owned(), Request::new(Start::NAME, "")),
        };
        let (name, flag) = (quoted(&pipeline.name), if abandon { "--abandon" } else { "--no-abandon" });
        let cli = format!("aws codepipeline stop-pipeline-execution --pipeline-name {name} --pipeline-execution-id {id} {flag}");
        let (usually, limit) = if abandon { (30, 300) } else { (900, 3600) };
        let params = StopPipeline { pipeline: pipeline.name.clone(), execution: id.clone(), abandon };
        let plan = plan
            .reach(expect, "this execution only; what is already deployed stays")
            .undo(undo, Some(back))
            .call(&STOP, cli)
            .takes(5, usually, limit);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: StopPipeline) -> Result<Receipt, SendError> {
        let call = sender.clients.pipeline.stop_pipeline_execution().pipeline_name(&params.pipeline);
        let call = call.pipeline_execution_id(&params.execution).abandon(params.abandon);
        let call = call.reason(format!("nextcore-top: {}", sender.who)).customize().interceptor(sender.warrant(&STOP)?);
        let answer = call.send().await.map_err(|e| SendError::of(STOP, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &StopPipeline) -> Sight {
        let Ok(pipeline) = find(facts) else { return Sight::default() };
        let id = params.execution.as_str();
        let Some(execution) = pipeline.executions.iter().find(|e| e.id == id) else { return unlisted(pipeline, id) };
        let (stopped, running) = (execution.status == PipelineStatus::Stopped, execution.status.is_open());
        let asked = stopped || execution.status == PipelineStatus::Stopping || seen(run, 0);
        let mut steps = vec![Step::new(format!("execution {} {}", short(id), execution.status), asked, true)];
        let acting = pipeline
            .stages
            .iter()
            .filter(|s| s.execution == id)
            .flat_map(|s| &s.actions)
            .filter(|a| a.status == PipelineStatus::InProgress);
        steps.extend(acting.map(|a| Step::new(format!("{} finishes first", a.name), false, true)));
        steps.push(Step::new("stopped", stopped, asked));
        let end = if stopped {
            Some((Outcome::Done, format!("execution {} stopped: {}", short(id), text::duration(waited(facts, run)))))
        } else {
            (!running).then(|| (Outcome::Failed, format!("execution {} ended as {} before it was stopped", short(id), execution.status)))
        };
        Sight { steps, applied: Some(asked), end }
    }
}

async fn gather(desk: &mut Desk) -> Result<(), Refusal> {
    desk.fetch_all(NEEDS).await.map_err(|p| unread(&p))?;
    desk.glance(Services::KEY).await;
    Ok(())
}

/// The stack's pipeline; it is optional.
fn find<'a>(facts: &Facts<'a>) -> Result<&'a Pipeline, Refusal> {
    let pipeline = facts.need::<Pipeline>()?;
    if pipeline.exists {
        return Ok(pipeline);
    }
    Err(Refusal::Check(format!("no pipeline '{}'\n  next: check stack.pipeline in the configuration", pipeline.name)))
}

fn draft(facts: &Facts<'_>, pipeline: &Pipeline) -> Draft {
    let stages = pipeline.stages.len();
    Draft::of("pipeline", &pipeline.name, &arn(facts, "codepipeline", &pipeline.name))
        .detail(format!("{stages} stages, version {}", pipeline.version))
}

/// The newest execution that is under way.
fn running(pipeline: &Pipeline) -> Option<&PipelineExecution> {
    pipeline.executions.iter().find(|e| e.status.is_open())
}

/// `7f3a1c22` of `7f3a1c22-…`.
fn short(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

fn or_new(status: &PipelineStatus) -> &str {
    if status.is_empty() { "not run yet" } else { status.as_str() }
}

/// The stage that is to be retried, and its place.
fn stage<'a>(pipeline: &'a Pipeline, wanted: &str) -> Result<(usize, &'a PipelineStage), Refusal> {
    let mut stages = pipeline.stages.iter().enumerate();
    if let Some(found) = stages.clone().find(|(_, s)| s.name.eq_ignore_ascii_case(wanted)) {
        return Ok(found);
    }
    if wanted == "failed" {
        let none = || Refusal::Check(format!("no stage of {} has failed: nothing to retry", pipeline.name));
        return stages.find(|(_, s)| s.status == PipelineStatus::Failed).ok_or_else(none);
    }
    let known: Vec<&str> = pipeline.stages.iter().map(|s| s.name.as_str()).collect();
    Err(Refusal::Check(format!("{} has no stage '{wanted}'\n  next: choose one of {}", pipeline.name, known.join(", "))))
}

/// The ways into the stages that are still to come.
fn open(plan: Draft, pipeline: &Pipeline, from: usize) -> Draft {
    let closed = pipeline.stages.iter().skip(from).find(|s| !s.transition_enabled);
    let text = closed.map_or_else(String::new, |s| {
        let why = if s.disabled_reason.is_empty() { String::new() } else { format!(" ({})", s.disabled_reason) };
        format!("the transition into {} is disabled{why}: it will stop there", s.name)
    });
    plan.should(closed.is_none(), "all stage transitions enabled", text)
}

fn calm(plan: Draft, facts: &Facts<'_>) -> Draft {
    let Some(services) = facts.store.get::<Services>() else {
        return plan.unknown(facts, Services::KEY, "unknown whether a deployment is in progress");
    };
    let busy: Vec<&str> = services.services.iter().filter(|s| s.deploying().is_some()).map(|s| s.name.as_str()).collect();
    plan.should(busy.is_empty(), "no deployment in progress", format!("a deployment is in progress: {}", busy.join(", ")))
}

/// What comes of it: a pipeline ends in a deployment.
fn reach(plan: Draft, pipeline: &Pipeline, from: usize) -> Draft {
    let ahead = || pipeline.stages.iter().skip(from).flat_map(|s| &s.actions);
    let names =
        |category: ActionCategory| ahead().filter(|a| a.category == category).map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    let (deploys, approvals) = (names(ActionCategory::Deploy), names(ActionCategory::Approval));
    let blast = if deploys.is_empty() { "no deploy stage".to_owned() } else { format!("ends in a deployment: {deploys}") };
    let plan = if approvals.is_empty() { plan } else { plan.note(format!("needs approval: {approvals}")) };
    plan.reach("nothing until it deploys; then new tasks replace the old ones", blast)
}

fn stage_step(stage: &PipelineStage, id: &str, over: bool) -> Step {
    if stage.execution != id {
        return Step::new(&stage.name, over, false);
    }
    let waits = stage.actions.iter().find(|a| a.awaits_approval);
    let text = match waits {
        Some(action) => format!("{}: {} needs approval", stage.name, action.name),
        None => format!("{} {}", stage.name, stage.status),
    };
    match stage.status {
        PipelineStatus::Failed | PipelineStatus::Stopped | PipelineStatus::Cancelled => failed(text),
        _ => Step::new(text, over || stage.status == PipelineStatus::Succeeded, true),
    }
}

fn action_step(action: &PipelineAction, again: bool) -> Step {
    let text =
        if action.awaits_approval { format!("{} needs approval", action.name) } else { format!("{} {}", action.name, action.status) };
    let state = match action.status {
        PipelineStatus::Succeeded => StepState::Done,
        PipelineStatus::Failed | PipelineStatus::Abandoned if again => StepState::Failed,
        PipelineStatus::InProgress => StepState::Doing,
        _ => StepState::Todo,
    };
    Step { text, state }
}

/// ` in Build, BuildWeb: AWS's words`.
fn broken(stage: &PipelineStage) -> Option<String> {
    let action = stage.actions.iter().find(|a| a.status == PipelineStatus::Failed)?;
    let said = if action.summary.is_empty() { String::new() } else { format!(": {}", action.summary) };
    Some(format!(" in {}, {}{said}", stage.name, action.name))
}

fn unlisted(pipeline: &Pipeline, id: &str) -> Sight {
    let text = format!("execution {} is not in the {} listed executions", short(id), pipeline.executions.len());
    Sight { steps: vec![Step::new(text, false, true)], applied: None, end: None }
}

/// No answer came back: one that is newer may be ours, a push's or somebody else's.
fn without_answer(pipeline: &Pipeline, run: &Run, before: Option<&str>) -> Sight {
    let newer = pipeline.executions.first().filter(|e| Some(e.id.as_str()) != before && since(e.started_at, run));
    let (text, applied) = match newer {
        Some(e) => (format!("possibly execution {} ({}): its owner is not listed", short(&e.id), e.trigger), None),
        None => ("no newer execution".to_owned(), Some(false)),
    };
    Sight { steps: vec![Step::new(text, false, true)], applied, end: None }
}

#[cfg(test)]
mod tests;
