//! ECS service deployments and revisions: what is being rolled out, and stopping it. Called through the table in `ecs`.

use super::{asked_for, cluster, described, listed, required_service};
use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::state::{ServiceDeployment, ServiceDeploymentStatus, ServiceRevision};

pub(super) fn list_service_deployments(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    if params.has("cluster") || !params.required("service")?.starts_with("arn:") {
        cluster(world, params)?;
    }
    let service = &required_service(world, params, "service")?.name;
    let statuses = params.strings("status");
    let window = params.structure("createdAt");
    let edge = |name: &str| window.map_or(Ok(None), |window| window.time(name));
    let (after, before) = (edge("after")?, edge("before")?);
    let found = world
        .ecs
        .service_deployments
        .iter()
        .rev()
        .filter(|deployment| deployment.service == *service)
        .filter(|deployment| statuses.is_empty() || statuses.contains(&deployment.status.as_str()))
        .filter(|deployment| after.is_none_or(|after| deployment.created_at >= after))
        .filter(|deployment| before.is_none_or(|before| deployment.created_at <= before))
        .map(|deployment| brief(world, deployment))
        .collect();
    let question = format!("ListServiceDeployments {service} {statuses:?} {after:?} {before:?}");
    listed(params, "serviceDeployments", found, 20, &question)
}

pub(super) fn describe_service_deployments(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = asked_for(params, "serviceDeploymentArns", 20)?;
    let render = |given: &str| find(world, given).map(|deployment| describe(world, deployment));
    Ok(described("serviceDeployments", asked, render, |id| format!("service-deployment/{id}")))
}

pub(super) fn describe_service_revisions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = asked_for(params, "serviceRevisionArns", 20)?;
    let render = |given: &str| {
        let revision = world.ecs.service_revisions.iter().find(|revision| revision.arn == given)?;
        Some(describe_revision(world, revision))
    };
    Ok(described("serviceRevisions", asked, render, |id| format!("service-revision/{id}")))
}

pub(super) fn stop_service_deployment(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let arn = params.required("serviceDeploymentArn")?;
    let stop_type = params.one_of("stopType", &["ABORT", "ROLLBACK"])?.unwrap_or("ROLLBACK");
    let going_back = find(world, arn).is_some_and(|deployment| {
        use ServiceDeploymentStatus::{RollbackInProgress, RollbackRequested};
        matches!(deployment.status, RollbackRequested | RollbackInProgress)
    });
    // Asking twice is not an error: the rollback is already on its way.
    if !going_back {
        world.stop_service_deployment(arn, stop_type)?;
    }
    Ok(object! { "serviceDeploymentArn" => arn })
}

fn find<'w>(world: &'w World, arn: &str) -> Option<&'w ServiceDeployment> {
    world.ecs.service_deployments.iter().find(|deployment| deployment.arn == arn)
}

fn service_arn(world: &World, name: &str) -> String {
    world.ecs.services.get(name).map(|service| service.arn.clone()).unwrap_or_default()
}

fn brief(world: &World, deployment: &ServiceDeployment) -> Value {
    object! {
        "serviceDeploymentArn" => &deployment.arn,
        "serviceArn" => service_arn(world, &deployment.service),
        "clusterArn" => &world.ecs.cluster.arn,
        "startedAt" => Value::time(deployment.started_at),
        "createdAt" => Value::time(deployment.created_at),
        "finishedAt" => Value::time(deployment.finished_at),
        "targetServiceRevisionArn" => &deployment.target_revision,
        "status" => deployment.status.as_str(),
        "statusReason" => deployment.status_reason.as_deref(),
    }
}

fn describe(world: &World, deployment: &ServiceDeployment) -> Value {
    let service = world.ecs.services.get(&deployment.service);
    let sources = deployment.source_revisions.iter().map(|arn| {
        let old = service.and_then(|service| service.deployments.iter().find(|old| old.service_revision == *arn));
        object! {
            "arn" => arn,
            "requestedTaskCount" => old.map_or(0, |old| old.desired_count),
            "runningTaskCount" => old.map_or(0, |old| old.running_count),
            "pendingTaskCount" => old.map_or(0, |old| old.pending_count),
        }
    });
    let rollback = deployment.rollback_revision.as_ref().map(|revision| {
        object! {
            "reason" => deployment.rollback_reason.as_deref(),
            "startedAt" => Value::time(deployment.rollback_started_at),
            "serviceRevisionArn" => revision,
        }
    });
    object! {
        "serviceDeploymentArn" => &deployment.arn,
        "serviceArn" => service_arn(world, &deployment.service),
        "clusterArn" => &world.ecs.cluster.arn,
        "createdAt" => Value::time(deployment.created_at),
        "startedAt" => Value::time(deployment.started_at),
        "finishedAt" => Value::time(deployment.finished_at),
        "stoppedAt" => Value::time(deployment.stopped_at),
        "updatedAt" => Value::time(deployment.updated_at),
        "sourceServiceRevisions" => Value::members(sources),
        "targetServiceRevision" => object! {
            "arn" => &deployment.target_revision,
            "requestedTaskCount" => deployment.requested_tasks,
            "runningTaskCount" => deployment.running_tasks,
            "pendingTaskCount" => deployment.pending_tasks,
        },
        "status" => deployment.status.as_str(),
        "statusReason" => deployment.status_reason.as_deref(),
        "lifecycleStage" => deployment.status.is_open().then_some("SCALE_UP"),
        "deploymentConfiguration" => service.map(|service| object! {
            "deploymentCircuitBreaker" => object! {
                "enable" => service.circuit_breaker,
                "rollback" => service.circuit_breaker_rollback,
            },
            "maximumPercent" => service.maximum_percent,
            "minimumHealthyPercent" => service.minimum_healthy_percent,
            "strategy" => "ROLLING",
        }),
        "rollback" => rollback,
        "deploymentCircuitBreaker" => object! {
            "status" => deployment.breaker_status,
            "failureCount" => deployment.failure_count,
            "threshold" => deployment.failure_threshold,
        },
        "alarms" => object! {
            "status" => "DISABLED",
            "alarmNames" => Value::members::<Value>([]),
            "triggeredAlarmNames" => Value::members::<Value>([]),
        },
    }
}

fn describe_revision(world: &World, revision: &ServiceRevision) -> Value {
    let service = world.ecs.services.get(&revision.service);
    object! {
        "serviceRevisionArn" => &revision.arn,
        "serviceArn" => service_arn(world, &revision.service),
        "clusterArn" => &world.ecs.cluster.arn,
        "taskDefinition" => &revision.task_definition,
        "launchType" => "FARGATE",
        "platformVersion" => service.map(|service| service.platform_version.as_str()),
        "platformFamily" => "Linux",
        "containerImages" => Value::members([object! {
            "containerName" => &revision.container_name,
            "image" => &revision.image,
            "imageDigest" => &revision.image_digest,
        }]),
        "guardDutyEnabled" => false,
        "createdAt" => Value::time(revision.created_at),
    }
}
