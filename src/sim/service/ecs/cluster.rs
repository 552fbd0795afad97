//! ECS clusters: there is one. Called through the table in `ecs`.

use super::{described, listed, names};
use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;

pub(super) fn describe_clusters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let mut asked = params.strings("clusters");
    if asked.is_empty() {
        asked.push("default");
    }
    if asked.len() > 100 {
        return Err(super::invalid("Clusters can have at most 100 items."));
    }
    let include = params.strings("include");
    let cluster = &world.ecs.cluster;
    let render = |given: &str| names(given, &cluster.name, &cluster.arn).then(|| describe(world, &include));
    Ok(described("clusters", asked, render, |name| format!("cluster/{name}")))
}

pub(super) fn list_clusters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let arns = vec![Value::from(&world.ecs.cluster.arn)];
    listed(params, "clusterArns", arns, 100, "ListClusters")
}

pub(super) fn update_cluster_settings(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    params.required("cluster")?;
    super::cluster(world, params)?;
    let settings = params.structures("settings");
    if settings.is_empty() {
        return Err(super::invalid("Settings cannot be empty."));
    }
    for setting in settings {
        let name = setting.required("name")?;
        let value = setting.required("value")?;
        if name != "containerInsights" {
            return Err(super::invalid(format!("Unrecognized setting name: {name}")));
        }
        if !matches!(value, "enabled" | "enhanced" | "disabled") {
            return Err(super::invalid(format!("Invalid value for containerInsights: {value}")));
        }
        world.set_container_insights(value);
    }
    Ok(object! { "cluster" => describe(world, &["SETTINGS"]) })
}

fn describe(world: &World, include: &[&str]) -> Value {
    let cluster = &world.ecs.cluster;
    let running: u32 = world.ecs.services.values().map(|service| service.running_count).sum();
    let pending: u32 = world.ecs.services.values().map(|service| service.pending_count).sum();
    let pair = |name: &str, value: &str| object! { "name" => name, "value" => value };
    let settings = cluster.settings.iter().map(|(name, value)| pair(name, value));
    let statistics = [
        pair("runningFargateTasksCount", &running.to_string()),
        pair("pendingFargateTasksCount", &pending.to_string()),
        pair("activeFargateServiceCount", &world.ecs.services.len().to_string()),
    ];
    object! {
        "clusterArn" => &cluster.arn,
        "clusterName" => &cluster.name,
        "status" => &cluster.status,
        "registeredContainerInstancesCount" => 0,
        "runningTasksCount" => running,
        "pendingTasksCount" => pending,
        "activeServicesCount" => world.ecs.services.len(),
        "statistics" => Value::members(if include.contains(&"STATISTICS") { statistics.to_vec() } else { Vec::new() }),
        "settings" => if include.contains(&"SETTINGS") { Value::members(settings) } else { Value::members::<Value>([]) },
        "tags" => Value::members::<Value>([]),
        "capacityProviders" => Value::members(&cluster.capacity_providers),
        "defaultCapacityProviderStrategy" => Value::members::<Value>([]),
    }
}
