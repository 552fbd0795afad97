//! CodePipeline: the pipeline, its state and executions, and what can be done with them.
//! Progress is made in `world`; `render` has the structures. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::state::{Execution, Pipeline, RunStatus};

use super::{CALLER_ARN, Operation, Service};

mod render;

pub(super) const SERVICE: Service = Service {
    name: "codepipeline",
    iam_prefix: "codepipeline",
    signing_name: "codepipeline",
    targets: &["CodePipeline_20150709"],
    namespace: "",
    dialect: Dialect { missing: "ValidationException", invalid: "ValidationException" },
    operations: &[
        Operation::read("ListPipelines", list_pipelines),
        Operation::read("GetPipeline", get_pipeline),
        Operation::read("GetPipelineState", get_pipeline_state),
        Operation::read("ListPipelineExecutions", list_pipeline_executions),
        Operation::read("GetPipelineExecution", get_pipeline_execution),
        Operation::read("ListActionExecutions", list_action_executions),
        Operation::write("StartPipelineExecution", start_pipeline_execution),
        Operation::write("StopPipelineExecution", stop_pipeline_execution),
        Operation::write("RetryStageExecution", retry_stage_execution),
        Operation::write("RollbackStage", rollback_stage),
        Operation::write("DisableStageTransition", disable_stage_transition),
        Operation::write("EnableStageTransition", enable_stage_transition),
    ],
};

/// The pipeline that the request names under `member`.
fn pipeline<'w>(world: &'w World, params: &Params<'_>, member: &str) -> Result<&'w Pipeline, ApiError> {
    world.check_pipeline(params.required(member)?)?;
    Ok(&world.codepipeline.pipeline)
}

fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("maxResults", 1..=100, 100)?;
    let Page { items, next } = page(items, limit as usize, params.str("nextToken"), question)
        .ok_or_else(|| ApiError::new("InvalidNextTokenException", "The next token is invalid."))?;
    Ok(object! { member => Value::members(items), "nextToken" => next })
}

fn list_pipelines(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = &world.codepipeline.pipeline;
    let summary = object! {
        "name" => &pipeline.name,
        "version" => pipeline.version,
        "pipelineType" => "V2",
        "executionMode" => "QUEUED",
        "created" => Value::time(pipeline.created_at),
        "updated" => Value::time(pipeline.updated_at),
    };
    paged(params, "pipelines", vec![summary], "ListPipelines")
}

fn get_pipeline(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = pipeline(world, params, "name")?;
    if params.int("version")?.is_some_and(|version| version != i64::from(pipeline.version)) {
        let text = format!("The pipeline {} does not have the specified version.", pipeline.name);
        return Err(ApiError::new("PipelineVersionNotFoundException", text));
    }
    Ok(object! {
        "pipeline" => render::definition(pipeline),
        "metadata" => object! {
            "pipelineArn" => pipeline.arn(),
            "created" => Value::time(pipeline.created_at),
            "updated" => Value::time(pipeline.updated_at),
        },
    })
}

fn get_pipeline_state(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = pipeline(world, params, "name")?;
    let stages = pipeline.stages.iter().enumerate().map(|(index, stage)| render::stage_state(world, index, stage));
    Ok(object! {
        "pipelineName" => &pipeline.name,
        "pipelineVersion" => pipeline.version,
        "stageStates" => Value::members(stages),
        "created" => Value::time(pipeline.created_at),
        "updated" => Value::time(pipeline.updated_at),
    })
}

fn list_pipeline_executions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = pipeline(world, params, "pipelineName")?;
    let stage = params.structure("filter").and_then(|filter| filter.structure("succeededInStage")).and_then(|f| f.str("stageName"));
    let index = match stage {
        Some(name) => Some(pipeline.stage(name).ok_or_else(|| params.invalid("stageName", name, "Member must name a stage"))?),
        None => None,
    };
    let passes = |execution: &&Execution| {
        index.is_none_or(|index| execution.stages.iter().any(|run| run.stage == index && run.status == RunStatus::Succeeded))
    };
    // The newest start first, as AWS lists them.
    let mut all: Vec<&Execution> = world.codepipeline.executions.iter().rev().filter(passes).collect();
    all.sort_by_key(|execution| std::cmp::Reverse(execution.started_at));
    let found = all.into_iter().map(render::summary).collect();
    paged(params, "pipelineExecutionSummaries", found, &format!("ListPipelineExecutions {stage:?}"))
}

fn get_pipeline_execution(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = pipeline(world, params, "pipelineName")?;
    let id = params.required("pipelineExecutionId")?;
    let missing = || {
        let text = format!("Pipeline execution with id '{id}' does not exist in pipeline '{}'", pipeline.name);
        ApiError::new("PipelineExecutionNotFoundException", text)
    };
    let execution = world.codepipeline.execution(id).ok_or_else(missing)?;
    Ok(object! { "pipelineExecution" => render::execution(pipeline, execution) })
}

fn list_action_executions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let pipeline = pipeline(world, params, "pipelineName")?;
    let filter = params.structure("filter");
    let wanted = filter.and_then(|filter| {
        filter.str("pipelineExecutionId").or_else(|| filter.structure("latestInPipelineExecution")?.str("pipelineExecutionId"))
    });
    if let Some(id) = wanted.filter(|id| world.codepipeline.execution(id).is_none()) {
        let text = format!("Pipeline execution with id '{id}' does not exist in pipeline '{}'", pipeline.name);
        return Err(ApiError::new("PipelineExecutionNotFoundException", text));
    }
    let mut found = Vec::new();
    for execution in world.codepipeline.executions.iter().rev().filter(|e| wanted.is_none_or(|id| e.id == id)) {
        for run in execution.stages.iter().rev() {
            found.extend(run.actions.iter().rev().map(|action| render::action_detail(pipeline, execution, run, action)));
        }
    }
    paged(params, "actionExecutionDetails", found, &format!("ListActionExecutions {wanted:?}"))
}

fn start_pipeline_execution(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = pipeline(world, params, "name")?.name.clone();
    let mut commit = None;
    for revision in params.structures("sourceRevisions") {
        let action = revision.required("actionName")?;
        if action != "GitHub" {
            return Err(params.invalid("sourceRevisions", action, "The action is not a source action of the pipeline"));
        }
        if revision.required("revisionType")? != "COMMIT_ID" {
            return Err(params.invalid("revisionType", "other", "The source action takes COMMIT_ID only"));
        }
        commit = Some(revision.required("revisionValue")?);
    }
    let token = params.str("clientRequestToken").map(str::to_owned);
    let id = world.start_pipeline(&name, commit, token, CALLER_ARN)?;
    Ok(object! { "pipelineExecutionId" => id })
}

fn stop_pipeline_execution(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, id) = (params.required("pipelineName")?, params.required("pipelineExecutionId")?);
    world.stop_pipeline(name, id, params.bool("abandon")?.unwrap_or(false), params.str("reason"))?;
    Ok(object! { "pipelineExecutionId" => id })
}

fn retry_stage_execution(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, stage) = (params.required("pipelineName")?, params.required("stageName")?);
    let id = params.required("pipelineExecutionId")?;
    let mode = params.one_of("retryMode", &["FAILED_ACTIONS", "ALL_ACTIONS"])?.ok_or_else(|| params.missing("retryMode"))?;
    world.retry_stage(name, stage, id, mode == "ALL_ACTIONS")?;
    Ok(object! { "pipelineExecutionId" => id })
}

fn rollback_stage(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, stage) = (params.required("pipelineName")?, params.required("stageName")?);
    let target = params.required("targetPipelineExecutionId")?;
    Ok(object! { "pipelineExecutionId" => world.rollback_stage(name, stage, target, CALLER_ARN)? })
}

/// Pipeline and stage of a transition. Only the way into a stage can be closed here.
fn transition<'a>(params: &Params<'a>) -> Result<(&'a str, &'a str), ApiError> {
    let kind = params.one_of("transitionType", &["Inbound", "Outbound"])?.ok_or_else(|| params.missing("transitionType"))?;
    if kind != "Inbound" {
        return Err(params.invalid("transitionType", kind, "Only inbound transitions are supported"));
    }
    Ok((params.required("pipelineName")?, params.required("stageName")?))
}

fn disable_stage_transition(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, stage) = transition(params)?;
    world.set_transition(name, stage, Some(params.required("reason")?), CALLER_ARN)?;
    Ok(Value::EMPTY)
}

fn enable_stage_transition(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, stage) = transition(params)?;
    world.set_transition(name, stage, None, CALLER_ARN)?;
    Ok(Value::EMPTY)
}
