//! ECS services: listing, describing and updating them. Called through the table in `ecs`.
//! The rolling itself is the scheduler's work, in `world`.

use super::{asked_for, cluster, described, find_service, listed, required_service};
use crate::wire::{ApiError, Params, Value, object};
use crate::world::state::{Deployment, Service, TaskSet};
use crate::world::{DeploymentChange, NetworkChange, UpdateService, World};

pub(super) fn list_services(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    cluster(world, params)?;
    let arns = world
        .ecs
        .services
        .values()
        .filter(|_| matches!(params.str("launchType"), None | Some("FARGATE")))
        .filter(|_| matches!(params.str("schedulingStrategy"), None | Some("REPLICA")))
        .map(|service| Value::from(&service.arn))
        .collect();
    listed(params, "serviceArns", arns, 10, "ListServices")
}

pub(super) fn describe_services(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cluster = cluster(world, params)?;
    let asked = asked_for(params, "services", 10)?;
    let render = |given: &str| find_service(world, given).map(|service| describe(world, service));
    Ok(described("services", asked, render, |name| format!("service/{}/{name}", cluster.name)))
}

pub(super) fn update_service(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    cluster(world, params)?;
    let name = required_service(world, params, "service")?.name.clone();
    let desired = params.int("desiredCount")?;
    let change = UpdateService {
        desired_count: desired
            .map(|count| u32::try_from(count).ok().filter(|count| *count <= 5000))
            .map(|count| count.ok_or_else(|| super::invalid("desiredCount must be between 0 and 5000.")))
            .transpose()?,
        force: params.bool("forceNewDeployment")?.unwrap_or(false),
        task_definition: params.str("taskDefinition").map(str::to_owned),
        network: network_change(params)?,
        deployment: deployment_change(params)?,
        grace_seconds: whole(params, "healthCheckGracePeriodSeconds")?,
    };
    let cluster = world.ecs.cluster.name.clone();
    world.update_service(&cluster, &name, change)?;
    Ok(object! { "service" => find_service(world, &name).map(|service| describe(world, service)) })
}

fn whole(params: &Params<'_>, name: &str) -> Result<Option<u32>, ApiError> {
    let number = params.int(name)?;
    number.map(|n| u32::try_from(n).ok().ok_or_else(|| super::invalid(format!("{name} must not be negative.")))).transpose()
}

/// `networkConfiguration`: what is left out of it is taken out of the service, too, except for the security groups.
fn network_change(params: &Params<'_>) -> Result<Option<NetworkChange>, ApiError> {
    let Some(network) = params.structure("networkConfiguration").and_then(|network| network.structure("awsvpcConfiguration")) else {
        return Ok(None);
    };
    let texts = |name: &str| network.strings(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let change = NetworkChange {
        subnets: texts("subnets"),
        security_groups: texts("securityGroups"),
        public_ip: network.one_of("assignPublicIp", &["ENABLED", "DISABLED"])? == Some("ENABLED"),
    };
    if change.subnets.is_empty() {
        return Err(super::invalid("subnets can not be empty."));
    }
    Ok(Some(change))
}

fn deployment_change(params: &Params<'_>) -> Result<Option<DeploymentChange>, ApiError> {
    let Some(configuration) = params.structure("deploymentConfiguration") else { return Ok(None) };
    if configuration.str("strategy").is_some_and(|strategy| strategy != "ROLLING") {
        return Err(super::invalid("The embedded cloud has rolling deployments only."));
    }
    let breaker = configuration.structure("deploymentCircuitBreaker");
    let flag = |name: &str| breaker.map(|breaker| breaker.bool(name)).transpose().map(Option::flatten);
    Ok(Some(DeploymentChange {
        circuit_breaker: flag("enable")?.zip(flag("rollback")?),
        minimum_healthy_percent: whole(&configuration, "minimumHealthyPercent")?,
        maximum_percent: whole(&configuration, "maximumPercent")?,
    }))
}

fn describe(world: &World, service: &Service) -> Value {
    let load_balancers = service.load_balancer.iter().map(|registered| {
        object! {
            "targetGroupArn" => &registered.target_group_arn,
            "containerName" => &registered.container_name,
            "containerPort" => registered.container_port,
            "advancedConfiguration" => registered.blue_green.as_ref().map(|other| object! {
                "alternateTargetGroupArn" => &other.alternate_target_group_arn,
                "productionListenerRule" => &other.production_listener_rule,
                "roleArn" => &other.role_arn,
            }),
        }
    });
    let deployer = &service.deployer;
    // ECS leaves the launch type out where capacity providers are used.
    let launch_type = deployer.capacity.is_empty().then_some("FARGATE");
    let capacity = deployer.capacity.iter().map(|(provider, weight, base)| {
        object! { "capacityProvider" => provider, "weight" => *weight, "base" => *base }
    });
    let is_ecs = deployer.controller == "ECS";
    // The breaker is for rolling deployments.
    let breaker = (deployer.strategy == "ROLLING" && is_ecs).then(|| {
        object! { "enable" => service.circuit_breaker, "rollback" => service.circuit_breaker_rollback }
    });
    let events = service.events.iter().map(|event| {
        object! { "id" => &event.id, "createdAt" => Value::time(event.created_at), "message" => &event.message }
    });
    object! {
        "serviceArn" => &service.arn,
        "serviceName" => &service.name,
        "clusterArn" => &world.ecs.cluster.arn,
        "loadBalancers" => Value::members(load_balancers),
        "serviceRegistries" => Value::members::<Value>([]),
        "status" => &service.status,
        "desiredCount" => service.desired_count,
        "runningCount" => service.running_count,
        "pendingCount" => service.pending_count,
        "launchType" => launch_type,
        "capacityProviderStrategy" => Value::members(capacity),
        "platformVersion" => &service.platform_version,
        "platformFamily" => "Linux",
        "taskDefinition" => &service.task_definition,
        "deploymentConfiguration" => object! {
            "deploymentCircuitBreaker" => breaker,
            "maximumPercent" => service.maximum_percent,
            "minimumHealthyPercent" => service.minimum_healthy_percent,
            "strategy" => deployer.strategy,
            "bakeTimeInMinutes" => 0,
        },
        "deployments" => Value::members(service.deployments.iter().filter(|_| is_ecs).map(|item| describe_deployment(service, item))),
        "taskSets" => Value::members(deployer.task_sets.iter().map(describe_task_set)),
        "events" => Value::members(events),
        "createdAt" => Value::time(service.created_at),
        "currentServiceDeployment" => service.current_service_deployment.as_deref(),
        "currentServiceRevisions" => Value::members(service.current_service_revision.iter().map(|arn| object! {
            "arn" => arn,
            "requestedTaskCount" => service.desired_count,
            "runningTaskCount" => service.running_count,
            "pendingTaskCount" => service.pending_count,
        })),
        "placementConstraints" => Value::members::<Value>([]),
        "placementStrategy" => Value::members::<Value>([]),
        "networkConfiguration" => network(service),
        "healthCheckGracePeriodSeconds" => service.health_check_grace_seconds,
        "schedulingStrategy" => "REPLICA",
        "deploymentController" => object! { "type" => deployer.controller },
        "enableECSManagedTags" => true,
        "propagateTags" => "SERVICE",
        "enableExecuteCommand" => service.enable_execute_command,
        "availabilityZoneRebalancing" => &service.availability_zone_rebalancing,
    }
}

fn describe_task_set(set: &TaskSet) -> Value {
    let registered = object! { "targetGroupArn" => &set.target_group_arn };
    object! {
        "id" => &set.id,
        "startedBy" => "CODE_DEPLOY",
        "externalId" => &set.external_id,
        "status" => set.status,
        "taskDefinition" => &set.task_definition,
        "computedDesiredCount" => set.desired_count,
        "runningCount" => set.running_count,
        "pendingCount" => set.desired_count.saturating_sub(set.running_count),
        "createdAt" => Value::time(set.created_at),
        "updatedAt" => Value::time(set.created_at),
        "launchType" => "FARGATE",
        "loadBalancers" => Value::members([registered]),
        "scale" => object! { "value" => 100.0, "unit" => "PERCENT" },
        "stabilityStatus" => if set.running_count < set.desired_count { "STABILIZING" } else { "STEADY_STATE" },
        "stabilityStatusAt" => Value::time(set.created_at),
    }
}

fn describe_deployment(service: &Service, deployment: &Deployment) -> Value {
    object! {
        "id" => &deployment.id,
        "status" => deployment.status.as_str(),
        "taskDefinition" => &deployment.task_definition,
        "desiredCount" => deployment.desired_count,
        "pendingCount" => deployment.pending_count,
        "runningCount" => deployment.running_count,
        "failedTasks" => deployment.failed_tasks,
        "createdAt" => Value::time(deployment.created_at),
        "updatedAt" => Value::time(deployment.updated_at),
        "launchType" => "FARGATE",
        "platformVersion" => &service.platform_version,
        "platformFamily" => "Linux",
        "networkConfiguration" => network(service),
        "rolloutState" => deployment.rollout_state.as_str(),
        "rolloutStateReason" => &deployment.rollout_state_reason,
    }
}

fn network(service: &Service) -> Value {
    object! { "awsvpcConfiguration" => object! {
        "subnets" => Value::members(&service.subnets),
        "securityGroups" => Value::members(&service.security_groups),
        "assignPublicIp" => if service.assign_public_ip { "ENABLED" } else { "DISABLED" },
    } }
}
