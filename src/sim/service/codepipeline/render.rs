//! The structures of CodePipeline as they look on the wire: definition, state, executions. Called by its operations.

use crate::wire::{Value, object};
use crate::world::World;
use crate::world::names::{ACCOUNT, CLUSTER, REGION};
use crate::world::state::{ActionRun, Execution, Pipeline, RunStatus, Stage, StageRun, role_arn};

const REPOSITORY: &str = "nextcore/platform";

/// Name and service of an action of the definition.
type Action = (&'static str, Option<&'static str>);

fn project_of(action: &str) -> String {
    format!("production-nextcore-{}", action.trim_start_matches("Build").to_lowercase())
}

fn artifact_of(action: &str) -> String {
    format!("{}Output", action.trim_start_matches("Build").trim_start_matches("Deploy"))
}

fn commit_url(id: &str) -> String {
    format!("https://github.com/{REPOSITORY}/commit/{id}")
}

fn type_id(stage: &Stage) -> Value {
    object! { "category" => stage.category, "owner" => "AWS", "provider" => stage.provider, "version" => "1" }
}

fn configuration(pipeline: &Pipeline, stage: &Stage, (name, service): Action) -> Value {
    match stage.category {
        "Source" => object! {
            "ConnectionArn" => &pipeline.connection,
            "FullRepositoryId" => REPOSITORY,
            "BranchName" => "main",
            "OutputArtifactFormat" => "CODE_ZIP",
            "DetectChanges" => "true",
        },
        "Build" => object! { "ProjectName" => project_of(name) },
        _ => object! { "ClusterName" => CLUSTER, "ServiceName" => service, "FileName" => "imagedefinitions.json" },
    }
}

fn action_definition(pipeline: &Pipeline, stage: &Stage, action: Action) -> Value {
    let artifact = |name: String| Value::members([object! { "name" => name }]);
    let none = || Value::members::<Value>([]);
    let (inputs, outputs) = match stage.category {
        "Source" => (none(), artifact("SourceOutput".to_owned())),
        "Build" => (artifact("SourceOutput".to_owned()), artifact(artifact_of(action.0))),
        _ => (artifact(artifact_of(action.0)), none()),
    };
    object! {
        "name" => action.0,
        "actionTypeId" => type_id(stage),
        "runOrder" => 1,
        "configuration" => configuration(pipeline, stage, action),
        "outputArtifacts" => outputs,
        "inputArtifacts" => inputs,
        "region" => REGION,
        "namespace" => (stage.category == "Source").then_some("SourceVariables"),
    }
}

/// `pipeline` of GetPipeline.
pub(super) fn definition(pipeline: &Pipeline) -> Value {
    let stages = pipeline.stages.iter().map(|stage| {
        let actions = stage.actions.iter().map(|action| action_definition(pipeline, stage, *action));
        object! { "name" => stage.name, "actions" => Value::members(actions) }
    });
    let branch = object! { "branches" => object! { "includes" => Value::members(["main"]) } };
    object! {
        "name" => &pipeline.name,
        "roleArn" => role_arn(),
        "artifactStore" => object! { "type" => "S3", "location" => &pipeline.bucket },
        "stages" => Value::members(stages),
        "version" => pipeline.version,
        "executionMode" => "QUEUED",
        "pipelineType" => "V2",
        "triggers" => Value::members([object! {
            "providerType" => "CodeStarSourceConnection",
            "gitConfiguration" => object! { "sourceActionName" => "GitHub", "push" => Value::members([branch]) },
        }]),
    }
}

fn stage_execution(execution: &Execution, status: RunStatus) -> Value {
    object! { "pipelineExecutionId" => &execution.id, "status" => status.as_str(), "type" => kind(execution) }
}

fn kind(execution: &Execution) -> &'static str {
    if execution.rollback_of.is_some() { "ROLLBACK" } else { "STANDARD" }
}

/// One of `stageStates` of GetPipelineState.
pub(super) fn stage_state(world: &World, index: usize, stage: &Stage) -> Value {
    let latest = world.codepipeline.latest_in(index);
    let waiting: Vec<Value> = world.codepipeline.waiting_for(index).map(|e| stage_execution(e, RunStatus::InProgress)).collect();
    let actions = stage.actions.iter().map(|(name, _)| {
        let run = latest.and_then(|(execution, run)| Some((execution, run.actions.iter().find(|action| action.name == *name)?)));
        action_state(stage, name, run)
    });
    let inbound = &stage.inbound;
    let (by, at) = inbound.changed.as_ref().map_or((None, None), |(by, at)| (Some(by.as_str()), Some(*at)));
    object! {
        "stageName" => stage.name,
        "inboundExecution" => waiting.first().cloned().unwrap_or(Value::Null),
        "inboundExecutions" => (!waiting.is_empty()).then(|| Value::members(waiting.clone())),
        "inboundTransitionState" => object! {
            "enabled" => inbound.enabled,
            "lastChangedBy" => by,
            "lastChangedAt" => Value::time(at),
            "disabledReason" => inbound.reason.as_deref(),
        },
        "actionStates" => Value::members(actions),
        // A stage that is stopped in the middle says so; a stage knows no `Abandoned`.
        "latestExecution" => latest.map(|(execution, run)| {
            let stopping = run.status == RunStatus::InProgress && execution.status == RunStatus::Stopping;
            stage_execution(execution, if stopping { RunStatus::Stopping } else { run.status })
        }),
        "retryStageMetadata" => latest.filter(|(_, run)| run.retries > 0).map(|(_, run)| object! {
            "manualStageRetryAttempt" => run.retries,
            "latestRetryTrigger" => "ManualStageRetry",
        }),
    }
}

fn error_details(action: &ActionRun) -> Option<Value> {
    action.error.as_ref().map(|(code, message)| object! { "code" => *code, "message" => message })
}

/// Where the work of an action can be looked at.
fn external_url(stage: &Stage, action: &ActionRun) -> Option<String> {
    let id = action.external_id.as_ref()?;
    let console = format!("https://{REGION}.console.aws.amazon.com");
    Some(match stage.category {
        "Source" => commit_url(id),
        "Build" => {
            let project = project_of(action.name);
            format!("{console}/codesuite/codebuild/{ACCOUNT}/projects/{project}/build/{id}/view/new?region={REGION}")
        }
        _ => format!("{console}/ecs/v2/clusters/{CLUSTER}/services/{}/deployments?region={REGION}", action.service.unwrap_or_default()),
    })
}

fn action_state(stage: &Stage, name: &str, run: Option<(&Execution, &ActionRun)>) -> Value {
    let entity = match stage.category {
        "Source" => format!("https://github.com/{REPOSITORY}/tree/main"),
        "Build" => format!("https://{REGION}.console.aws.amazon.com/codesuite/codebuild/{ACCOUNT}/projects/{}/view/new", project_of(name)),
        _ => format!("https://{REGION}.console.aws.amazon.com/ecs/v2/clusters/{CLUSTER}/services?region={REGION}"),
    };
    let fetched = run.filter(|(_, action)| stage.category == "Source" && action.status == RunStatus::Succeeded);
    object! {
        "actionName" => name,
        "currentRevision" => fetched.map(|(execution, action)| object! {
            "revisionId" => &execution.commit.id,
            "revisionChangeId" => &execution.commit.id,
            "created" => Value::time(action.updated_at),
        }),
        "latestExecution" => run.map(|(_, action)| object! {
            "actionExecutionId" => &action.id,
            "status" => action.status.as_str(),
            "summary" => action.summary.as_deref(),
            "lastStatusChange" => Value::time(action.updated_at),
            "externalExecutionId" => action.external_id.as_deref(),
            "externalExecutionUrl" => external_url(stage, action),
            "errorDetails" => error_details(action),
        }),
        "entityUrl" => entity,
        "revisionUrl" => fetched.map(|(execution, _)| commit_url(&execution.commit.id)),
    }
}

fn trigger(execution: &Execution) -> Value {
    object! { "triggerType" => execution.trigger.0, "triggerDetail" => &execution.trigger.1 }
}

/// What the Source action of GitHub says about a commit.
fn revision_summary(execution: &Execution) -> String {
    format!("{{\"ProviderType\":\"GitHub\",\"CommitMessage\":\"{}\"}}", execution.commit.message.replace('"', "'"))
}

/// The commit is known once the Source action has fetched it.
fn fetched(execution: &Execution) -> bool {
    execution.rollback_of.is_some() || execution.stages.first().is_some_and(|run| run.status == RunStatus::Succeeded)
}

fn rollback(execution: &Execution) -> Option<Value> {
    execution.rollback_of.as_ref().map(|id| object! { "rollbackTargetPipelineExecutionId" => id })
}

/// One of `pipelineExecutionSummaries`.
pub(super) fn summary(execution: &Execution) -> Value {
    let revision = fetched(execution).then(|| {
        object! {
            "actionName" => "GitHub",
            "revisionId" => &execution.commit.id,
            "revisionSummary" => revision_summary(execution),
            "revisionUrl" => commit_url(&execution.commit.id),
        }
    });
    object! {
        "pipelineExecutionId" => &execution.id,
        "status" => execution.status.as_str(),
        "startTime" => Value::time(execution.started_at),
        "lastUpdateTime" => Value::time(execution.updated_at),
        "sourceRevisions" => Value::members(revision),
        "trigger" => trigger(execution),
        "stopTrigger" => execution.stop_reason.as_ref().map(|reason| object! { "reason" => reason }),
        "executionMode" => "QUEUED",
        "executionType" => kind(execution),
        "rollbackMetadata" => rollback(execution),
    }
}

/// `pipelineExecution` of GetPipelineExecution.
pub(super) fn execution(pipeline: &Pipeline, execution: &Execution) -> Value {
    let revision = fetched(execution).then(|| {
        object! {
            "name" => "SourceOutput",
            "revisionId" => &execution.commit.id,
            "revisionSummary" => revision_summary(execution),
            "created" => Value::time(execution.commit.at),
            "revisionUrl" => commit_url(&execution.commit.id),
        }
    });
    object! {
        "pipelineName" => &pipeline.name,
        "pipelineVersion" => pipeline.version,
        "pipelineExecutionId" => &execution.id,
        "status" => execution.status.as_str(),
        "statusSummary" => execution.stop_reason.as_deref(),
        "artifactRevisions" => Value::members(revision),
        "trigger" => trigger(execution),
        "executionMode" => "QUEUED",
        "executionType" => kind(execution),
        "rollbackMetadata" => rollback(execution),
    }
}

/// One of `actionExecutionDetails`.
pub(super) fn action_detail(pipeline: &Pipeline, execution: &Execution, run: &StageRun, action: &ActionRun) -> Value {
    let Some(stage) = pipeline.stages.get(run.stage) else { return Value::EMPTY };
    let result = object! {
        "externalExecutionId" => action.external_id.as_deref(),
        "externalExecutionSummary" => action.summary.as_deref(),
        "externalExecutionUrl" => external_url(stage, action),
        "errorDetails" => error_details(action),
    };
    object! {
        "pipelineExecutionId" => &execution.id,
        "actionExecutionId" => &action.id,
        "pipelineVersion" => pipeline.version,
        "stageName" => stage.name,
        "actionName" => action.name,
        "startTime" => Value::time(action.started_at),
        "lastUpdateTime" => Value::time(action.updated_at),
        "status" => action.status.as_str(),
        "input" => object! {
            "actionTypeId" => type_id(stage),
            "configuration" => configuration(pipeline, stage, (action.name, action.service)),
            "region" => REGION,
        },
        "output" => object! { "executionResult" => result },
    }
}
