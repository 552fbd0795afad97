//! ECS tasks: listing, describing and stopping them. Called through the table in `ecs`.
//! How a task lives and dies is `world`'s.

use super::{asked_for, cluster, described, find_service, invalid, listed};
use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::state::{ContainerState, StopCode, Task};

pub(super) fn list_tasks(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    cluster(world, params)?;
    let service = match params.str("serviceName") {
        Some(given) => Some(
            find_service(world, given)
                .map(|service| service.name.as_str())
                .ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?,
        ),
        None => None,
    };
    let family = params.str("family");
    let desired = params.one_of("desiredStatus", &["RUNNING", "PENDING", "STOPPED"])?.unwrap_or("RUNNING");
    let in_family =
        |task: &Task| family.is_none_or(|family| super::definition::find(world, &task.task_definition).is_some_and(|d| d.family == family));
    let arns = world
        .ecs
        .tasks
        .values()
        .filter(|task| task.desired_status() == desired)
        .filter(|task| service.is_none_or(|service| task.service == service))
        .filter(|task| params.str("startedBy").is_none_or(|by| task.deployment == by))
        .filter(|task| in_family(task))
        .map(|task| Value::from(&task.arn))
        .collect();
    listed(params, "taskArns", arns, 100, &format!("ListTasks {service:?} {family:?} {desired}"))
}

pub(super) fn describe_tasks(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cluster = cluster(world, params)?;
    let asked = asked_for(params, "tasks", 100)?;
    let render = |given: &str| find(world, given).map(|task| describe(world, task));
    Ok(described("tasks", asked, render, |id| format!("task/{}/{id}", cluster.name)))
}

pub(super) fn stop_task(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    cluster(world, params)?;
    let id =
        find(world, params.required("task")?).map(|task| task.id.clone()).ok_or_else(|| invalid("The referenced task was not found."))?;
    let cluster = world.ecs.cluster.name.clone();
    world.stop_task(&cluster, &id, params.str("reason"))?;
    Ok(object! { "task" => find(world, &id).map(|task| describe(world, task)) })
}

/// The task that `given`, an id or an ARN, names.
pub(super) fn find<'w>(world: &'w World, given: &str) -> Option<&'w Task> {
    let id = given.rsplit('/').next().unwrap_or(given);
    world.ecs.tasks.get(id).filter(|task| given == id || given == task.arn)
}

fn describe(world: &World, task: &Task) -> Value {
    let detail = |name: &str, value: &str| object! { "name" => name, "value" => value };
    let attachment = object! {
        "id" => &task.attachment_id,
        "type" => "ElasticNetworkInterface",
        "status" => if task.stopped_at.is_some() { "DELETED" } else { "ATTACHED" },
        "details" => Value::members([
            detail("subnetId", &task.subnet),
            detail("networkInterfaceId", &task.eni),
            detail("macAddress", &task.mac),
            detail("privateIPv4Address", &task.private_ip),
        ]),
    };
    object! {
        "attachments" => Value::members([attachment]),
        "attributes" => Value::members([detail("ecs.cpu-architecture", "x86_64")]),
        "availabilityZone" => task.az.name(),
        "clusterArn" => &world.ecs.cluster.arn,
        "connectivity" => task.connected.then_some("CONNECTED"),
        "connectivityAt" => Value::time(task.connectivity_at),
        "containers" => Value::members([container(world, task, &task.container)]),
        "cpu" => task.cpu.to_string(),
        "createdAt" => Value::time(task.created_at),
        "desiredStatus" => task.desired_status(),
        "enableExecuteCommand" => super::exec::is_enabled(world, task),
        "executionStoppedAt" => Value::time(task.execution_stopped_at),
        "group" => format!("service:{}", task.service),
        "healthStatus" => task.container.health.as_str(),
        "lastStatus" => task.last_status.as_str(),
        "launchType" => "FARGATE",
        "memory" => task.memory.to_string(),
        "overrides" => object! {
            "containerOverrides" => Value::members([object! { "name" => &task.container.name }]),
            "inferenceAcceleratorOverrides" => Value::members::<Value>([]),
        },
        "platformVersion" => "1.4.0",
        "platformFamily" => "Linux",
        "pullStartedAt" => Value::time(task.pull_started_at),
        "pullStoppedAt" => Value::time(task.pull_stopped_at),
        "startedAt" => Value::time(task.started_at),
        "startedBy" => &task.deployment,
        "stopCode" => task.stop_code.map(StopCode::as_str),
        "stoppedAt" => Value::time(task.stopped_at),
        "stoppedReason" => task.stopped_reason.as_deref(),
        "stoppingAt" => Value::time(task.stopping_at),
        "tags" => Value::members::<Value>([]),
        "taskArn" => &task.arn,
        "taskDefinitionArn" => &task.task_definition,
        "version" => task.version,
        "ephemeralStorage" => object! { "sizeInGiB" => 20 },
    }
}

/// The ARN of a task's one container.
pub(super) fn container_arn(task: &Task) -> String {
    task.arn.replacen(":task/", ":container/", 1) + "/" + &task.attachment_id
}

fn container(world: &World, task: &Task, container: &ContainerState) -> Value {
    let agent = super::exec::is_enabled(world, task).then(|| {
        object! {
            "name" => "ExecuteCommandAgent",
            "lastStatus" => container.exec_agent,
            "lastStartedAt" => Value::time(task.started_at),
        }
    });
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    object! {
        "containerArn" => container_arn(task),
        "taskArn" => &task.arn,
        "name" => &container.name,
        "image" => &container.image,
        "imageDigest" => known(&container.image_digest),
        "runtimeId" => known(&container.runtime_id),
        "lastStatus" => container.last_status,
        "exitCode" => container.exit_code,
        "reason" => container.reason.as_deref(),
        "networkBindings" => Value::members::<Value>([]),
        "networkInterfaces" => Value::members([object! {
            "attachmentId" => &task.attachment_id,
            "privateIpv4Address" => &task.private_ip,
        }]),
        "healthStatus" => container.health.as_str(),
        "managedAgents" => Value::members(agent),
        "cpu" => "0",
    }
}
