//! ECS task definitions: describing and listing revisions. Called through the table in `ecs`.

use super::listed;
use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::state::TaskDefinition;

pub(super) fn describe_task_definition(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let definition = find(world, params.required("taskDefinition")?)
        .ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
    Ok(object! { "taskDefinition" => describe(definition), "tags" => Value::members::<Value>([]) })
}

pub(super) fn list_task_definitions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let family = params.str("familyPrefix");
    let status = params.one_of("status", &["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"])?.unwrap_or("ACTIVE");
    let sort = params.one_of("sort", &["ASC", "DESC"])?.unwrap_or("ASC");
    let mut arns: Vec<Value> = world
        .ecs
        .task_definitions
        .values()
        // Despite its name the parameter is the whole family name.
        .filter(|definition| family.is_none_or(|family| definition.family == family))
        .filter(|definition| self::status(definition) == status)
        .map(|definition| Value::from(&definition.arn))
        .collect();
    if sort == "DESC" {
        arns.reverse();
    }
    listed(params, "taskDefinitionArns", arns, 100, &format!("ListTaskDefinitions {family:?} {status} {sort}"))
}

/// The revision that `given` names: an ARN, `family:revision`, or a family (its latest active revision).
pub(super) fn find<'w>(world: &'w World, given: &str) -> Option<&'w TaskDefinition> {
    let name = given.rsplit('/').next()?;
    let definitions = &world.ecs.task_definitions;
    match name.split_once(':') {
        Some((family, revision)) => {
            definitions.get(&(family.to_owned(), revision.parse().ok()?)).filter(|definition| given == name || given == definition.arn)
        }
        None => definitions
            .values()
            .filter(|definition| definition.active && definition.family == name)
            .max_by_key(|definition| definition.revision),
    }
}

fn status(definition: &TaskDefinition) -> &'static str {
    if definition.active { "ACTIVE" } else { "INACTIVE" }
}

fn describe(definition: &TaskDefinition) -> Value {
    let empty = || Value::members::<Value>([]);
    object! {
        "taskDefinitionArn" => &definition.arn,
        "containerDefinitions" => Value::members([container(definition)]),
        "family" => &definition.family,
        "taskRoleArn" => &definition.task_role_arn,
        "executionRoleArn" => &definition.execution_role_arn,
        "networkMode" => "awsvpc",
        "revision" => definition.revision,
        "volumes" => empty(),
        "status" => status(definition),
        "placementConstraints" => empty(),
        "compatibilities" => Value::members(["EC2", "FARGATE"]),
        "requiresCompatibilities" => Value::members(["FARGATE"]),
        "runtimePlatform" => object! { "cpuArchitecture" => "X86_64", "operatingSystemFamily" => "LINUX" },
        "cpu" => definition.cpu.to_string(),
        "memory" => definition.memory.to_string(),
        "registeredAt" => Value::time(definition.registered_at),
        "registeredBy" => "arn:aws:sts::111122223333:assumed-role/production-nextcore-codepipeline/1795402740000",
    }
}

fn container(definition: &TaskDefinition) -> Value {
    let pair = |key: &'static str, value: &'static str| move |(name, text): &(String, String)| object! { key => name, value => text };
    let options = definition.log_options.iter().map(|(name, value)| (name.clone().into(), Value::from(value)));
    object! {
        "name" => &definition.container_name,
        "image" => &definition.image,
        "cpu" => 0,
        "portMappings" => Value::members(definition.container_port.iter().map(|port| object! {
            "containerPort" => *port, "hostPort" => *port, "protocol" => "tcp",
        })),
        "essential" => true,
        "command" => Value::members(&definition.command),
        "environment" => Value::members(definition.environment.iter().map(pair("name", "value"))),
        "secrets" => Value::members(definition.secrets.iter().map(pair("name", "valueFrom"))),
        "mountPoints" => Value::members::<Value>([]),
        "volumesFrom" => Value::members::<Value>([]),
        "readonlyRootFilesystem" => true,
        "logConfiguration" => object! { "logDriver" => "awslogs", "options" => Value::Map(options.collect()) },
        "healthCheck" => object! {
            "command" => Value::members(["CMD-SHELL", definition.health_check.trim_start_matches("CMD-SHELL ")]),
            "interval" => 15, "timeout" => 5, "retries" => 3, "startPeriod" => 30,
        },
    }
}
