//! ECS: the operation table and what its parts share (cluster look-up, failures, pages).
//! `service`, `task`, `exec`, `deployment` and `definition` hold the operations. Called through the service table.

use super::{Operation, Service};
use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::names::arn;
use crate::world::state::{Cluster, Service as EcsService};

mod cluster;
mod definition;
mod deployment;
mod exec;
mod service;
mod task;

pub(super) const SERVICE: Service = Service {
    name: "ecs",
    iam_prefix: "ecs",
    signing_name: "ecs",
    targets: &["AmazonEC2ContainerServiceV20141113"],
    namespace: "",
    dialect: Dialect { missing: "InvalidParameterException", invalid: "InvalidParameterException" },
    operations: &[
        Operation::read("DescribeClusters", cluster::describe_clusters),
        Operation::read("ListClusters", cluster::list_clusters),
        Operation::read("ListServices", service::list_services),
        Operation::read("DescribeServices", service::describe_services),
        Operation::read("ListTasks", task::list_tasks),
        Operation::read("DescribeTasks", task::describe_tasks),
        Operation::read("ListServiceDeployments", deployment::list_service_deployments),
        Operation::read("DescribeServiceDeployments", deployment::describe_service_deployments),
        Operation::read("DescribeServiceRevisions", deployment::describe_service_revisions),
        Operation::read("DescribeTaskDefinition", definition::describe_task_definition),
        Operation::read("ListTaskDefinitions", definition::list_task_definitions),
        Operation::write("UpdateClusterSettings", cluster::update_cluster_settings),
        Operation::write("UpdateService", service::update_service),
        Operation::write("StopTask", task::stop_task),
        Operation::write("ExecuteCommand", exec::execute_command),
        Operation::write("StopServiceDeployment", deployment::stop_service_deployment),
    ],
};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// Whether `given`, a name or an ARN, names the resource with this name and ARN.
fn names(given: &str, name: &str, arn: &str) -> bool {
    given == name || given == arn
}

/// The cluster that the request names. Without one it is `default`, which this stack does not have.
fn cluster<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Cluster, ApiError> {
    let cluster = &world.ecs.cluster;
    params
        .str("cluster")
        .filter(|given| names(given, &cluster.name, &cluster.arn))
        .map(|_| cluster)
        .ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))
}

/// The service that `given`, a name or an ARN, names.
fn find_service<'w>(world: &'w World, given: &str) -> Option<&'w EcsService> {
    world.ecs.services.values().find(|service| names(given, &service.name, &service.arn))
}

/// The service that the request names under `member`.
fn required_service<'w>(world: &'w World, params: &Params<'_>, member: &str) -> Result<&'w EcsService, ApiError> {
    find_service(world, params.required(member)?).ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))
}

/// The names of a describe call, refused when there are none or too many.
fn asked_for<'a>(params: &Params<'a>, member: &str, limit: usize) -> Result<Vec<&'a str>, ApiError> {
    let given = params.strings(member);
    if given.is_empty() {
        return Err(invalid(format!("{} cannot be empty.", capitalised(member))));
    }
    if given.len() > limit {
        return Err(invalid(format!("{} can have at most {limit} items.", capitalised(member))));
    }
    Ok(given)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Describes what was asked for: what `find` does not know goes to `failures`, as ECS does.
fn described<'a>(
    member: &'static str,
    asked: Vec<&'a str>,
    mut find: impl FnMut(&'a str) -> Option<Value>,
    resource: impl Fn(&str) -> String,
) -> Value {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        match find(given) {
            Some(value) => found.push(value),
            None if given.starts_with("arn:") => failures.push(missing(given)),
            None => failures.push(missing(&arn("ecs", resource(given)))),
        }
    }
    object! { member => Value::members(found), "failures" => Value::members(failures) }
}

fn missing(arn: &str) -> Value {
    object! { "arn" => arn, "reason" => "MISSING" }
}

/// One page of a list operation under `member`; ECS counts with `maxResults` and `nextToken`.
fn listed(params: &Params<'_>, member: &'static str, items: Vec<Value>, default: i64, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("maxResults", 1..=100, default)?;
    let Page { items, next } = page(items, limit as usize, params.str("nextToken"), question).ok_or_else(|| invalid("Invalid token."))?;
    Ok(object! { member => Value::members(items), "nextToken" => next })
}
