//! ECS Exec: opening a session in a container. Called through the table in `ecs`. Nobody listens at the stream's address: what speaks
//! there is Systems Manager's, and the plugin's.

use super::{cluster, invalid, task};
use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::names::REGION;
use crate::world::state::Task;

const OFF: &str = "The execute command failed because execute command was not enabled when the task was run or the execute command \
    agent isn't running. Wait and try again or run a new task with execute command enabled and try again.";

/// Whether the task was started with ECS Exec.
pub(super) fn is_enabled(world: &World, task: &Task) -> bool {
    world.ecs.services.get(&task.service).is_some_and(|service| service.enable_execute_command)
}

pub(super) fn execute_command(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    cluster(world, params)?;
    let command = params.required("command")?;
    if command.trim().is_empty() {
        return Err(invalid("command must not be blank."));
    }
    if params.bool("interactive")? != Some(true) {
        return Err(invalid("Interactive is the only mode supported currently."));
    }
    let found = task::find(world, params.required("task")?).ok_or_else(|| invalid("The referenced task was not found."))?;
    let container = &found.container;
    if params.str("container").is_some_and(|name| name != container.name) {
        return Err(invalid("The container name provided does not exist in the task."));
    }
    if !is_enabled(world, found) {
        return Err(invalid(OFF));
    }
    if container.last_status != "RUNNING" || container.exec_agent != "RUNNING" || !found.connected {
        let message = "The execute command failed due to an internal error. Try again later.";
        return Err(ApiError::new("TargetNotConnectedException", message));
    }
    let (task_arn, name) = (found.arn.clone(), container.name.clone());
    let container_arn = task::container_arn(found);
    let cluster_arn = world.ecs.cluster.arn.clone();
    let session = format!("ecs-execute-command-{}", world.rng.ids.alnum(26));
    let token = world.rng.ids.alnum(120);
    Ok(object! {
        "clusterArn" => cluster_arn,
        "containerArn" => container_arn,
        "containerName" => name,
        "interactive" => true,
        "session" => object! {
            "sessionId" => &session,
            "streamUrl" => format!("wss://ssmmessages.{REGION}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"),
            "tokenValue" => token,
        },
        "taskArn" => task_arn,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{ask, text};
    use super::super::SERVICE;
    use super::*;

    fn exec(world: &mut World, task: &str, container: &str) -> Result<Value, ApiError> {
        let cluster = world.ecs.cluster.name.clone();
        let members = object! {
            "cluster" => cluster, "task" => task, "container" => container, "command" => "/bin/sh", "interactive" => true,
        };
        ask(world, &SERVICE, "ExecuteCommand", members)
    }

    #[test]
    fn the_exec_action_opens_a_session_or_is_refused_as_ecs_does() {
        let mut world = World::new(7, 1_795_392_000_000);
        // Tasks that autoscaling stopped lately are known, too.
        let task = world.ecs.tasks.values().find(|t| t.service == "web" && t.is_running()).cloned().unwrap();
        let answer = exec(&mut world, &task.id, "web").unwrap();
        let session = answer.get("session").unwrap();
        assert!(text(session, "sessionId").starts_with("ecs-execute-command-"));
        assert!(text(session, "streamUrl").starts_with("wss://ssmmessages.") && !text(session, "tokenValue").is_empty());
        let code = |answer: Result<Value, ApiError>| answer.unwrap_err().code.into_owned();
        assert_eq!(code(exec(&mut world, "0123456789abcdef", "web")), "InvalidParameterException");
        assert_eq!(code(exec(&mut world, &task.id, "nginx")), "InvalidParameterException");
        world.ecs.tasks.get_mut(&task.id).unwrap().container.exec_agent = "STOPPED";
        assert_eq!(code(exec(&mut world, &task.id, "web")), "TargetNotConnectedException");
        world.ecs.services.get_mut("web").unwrap().enable_execute_command = false;
        assert_eq!(code(exec(&mut world, &task.id, "web")), "InvalidParameterException");
    }
}
