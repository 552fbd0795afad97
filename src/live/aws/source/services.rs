//! ECS DescribeServices of the configured services (5 s, one call for ten names), and their task definitions (5 min).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types as sdk;
use futures_util::future::try_join_all;

use super::{Context, FAST, SLOW};
use crate::aws::convert::{text, text_opt, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::sent;
use nextcore_core::model::section::Problem;
use nextcore_core::model::service::{Deployment, Registration, Service, ServiceEvent, Services, TaskDefinition, TaskDefinitions, TaskSet};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

const DESCRIBE: Op = Op::read("ECS", "DescribeServices", "ecs:DescribeServices").on(Scope::Cluster);
const DEFINITION: Op = Op::read("ECS", "DescribeTaskDefinition", "ecs:DescribeTaskDefinition").on(Scope::Any);
/// ECS refuses more names in one call.
const NAMES_PER_CALL: usize = 10;

pub(super) struct ServicesSource;

impl super::Source for ServicesSource {
    type Out = Services;
    const READS: &'static [Op] = &[DESCRIBE];

    fn every(_: &Store) -> Duration {
        FAST
    }

    async fn poll(cx: Arc<Context>) -> Result<Services, Problem> {
        let names: Vec<String> = cx.stack.services.iter().map(|s| s.name.clone()).collect();
        let calls = names
            .chunks(NAMES_PER_CALL)
            .map(|chunk| cx.clients.ecs.describe_services().cluster(&cx.stack.cluster).set_services(Some(chunk.to_vec())).send());
        let mut services = Services::default();
        for out in try_join_all(calls).await.map_err(|e| problem_of(DESCRIBE, &e))? {
            for found in sent(DESCRIBE, "services", out.services.as_ref())? {
                sent(DESCRIBE, "status of a service", found.status())?;
                let counts = [found.desired_count(), found.running_count(), found.pending_count()];
                sent(DESCRIBE, "count of tasks", counts.iter().all(|n| *n >= 0).then_some(()))?;
                services.services.push(service(found, &cx.stack));
            }
            services.missing.extend(out.failures().iter().map(|f| (name_of(f.arn().unwrap_or_default()), text(f.reason()))));
        }
        services.services.sort_by_key(|s| names.iter().position(|n| *n == s.name));
        Ok(services)
    }
}

fn name_of(arn: &str) -> String {
    text(arn.rsplit('/').next())
}

fn service(s: &sdk::Service, stack: &Stack) -> Service {
    let network = s.network_configuration().and_then(|n| n.awsvpc_configuration());
    let config = s.deployment_configuration();
    Service {
        name: text(s.service_name()),
        role: stack.services.iter().find(|n| Some(n.name.as_str()) == s.service_name()).map(|n| n.role.clone()),
        arn: text(s.service_arn()),
        status: text(s.status()).into(),
        desired: s.desired_count(),
        running: s.running_count(),
        pending: s.pending_count(),
        task_definition: text(s.task_definition()),
        launch_type: launch_type(s),
        platform_version: text(s.platform_version()),
        exec_enabled: s.enable_execute_command(),
        grace_period: s.health_check_grace_period_seconds(),
        registrations: s.load_balancers().iter().map(registration).collect(),
        controller: text(s.deployment_controller().map(|c| c.r#type().as_str())).into(),
        target_groups: s.load_balancers().iter().filter_map(|l| text_opt(l.target_group_arn())).collect(),
        subnets: network.map(|n| texts(n.subnets())).unwrap_or_default(),
        security_groups: network.map(|n| texts(n.security_groups())).unwrap_or_default(),
        assign_public_ip: text(network.and_then(|n| n.assign_public_ip()).map(sdk::AssignPublicIp::as_str)),
        circuit_breaker: config.and_then(|c| c.deployment_circuit_breaker()).map(|b| (b.enable(), b.rollback())),
        minimum_healthy: config.and_then(sdk::DeploymentConfiguration::minimum_healthy_percent),
        maximum: config.and_then(sdk::DeploymentConfiguration::maximum_percent),
        strategy: text(config.and_then(|c| c.strategy()).map(sdk::DeploymentStrategy::as_str)).into(),
        created_at: time(s.created_at()),
        task_sets: s.task_sets().iter().map(task_set).collect(),
        deployments: deployments(s),
        // Of a service that was made anew under the same name only what is its own.
        events: s
            .events()
            .iter()
            .filter(|e| e.created_at().is_none_or(|at| s.created_at().is_none_or(|made| at >= made)))
            .map(|e| ServiceEvent { id: text(e.id()), at: time(e.created_at()), message: text(e.message()) })
            .collect(),
    }
}

fn registration(l: &sdk::LoadBalancer) -> Registration {
    let advanced = l.advanced_configuration();
    Registration {
        target_group: text(l.target_group_arn()),
        container: text(l.container_name()),
        port: l.container_port().unwrap_or_default(),
        alternate: advanced.and_then(|a| text_opt(a.alternate_target_group_arn())),
        production_rule: advanced.and_then(|a| text_opt(a.production_listener_rule())),
        test_rule: advanced.and_then(|a| text_opt(a.test_listener_rule())),
    }
}

fn launch_type(s: &sdk::Service) -> String {
    let own = s.launch_type().map_or_else(|| providers(s.capacity_provider_strategy()), |l| text(Some(l.as_str())));
    let sets = || s.task_sets().iter().find(|t| t.status() == Some("PRIMARY")).map(|t| task_set(t).launch_type);
    Some(own).filter(|o| !o.is_empty()).or_else(sets).unwrap_or_default()
}

/// `FARGATE_SPOT`, `FARGATE_SPOT weight 4, FARGATE weight 1 base 2`.
fn providers(strategy: &[sdk::CapacityProviderStrategyItem]) -> String {
    let words = |p: &sdk::CapacityProviderStrategyItem| {
        let base = if p.base() > 0 { format!(" base {}", p.base()) } else { String::new() };
        let weight = if strategy.len() > 1 { format!(" weight {}", p.weight()) } else { String::new() };
        format!("{}{weight}{base}", text(Some(p.capacity_provider())))
    };
    strategy.iter().map(words).collect::<Vec<_>>().join(", ")
}

fn task_set(t: &sdk::TaskSet) -> TaskSet {
    TaskSet {
        id: text(t.id()),
        status: text(t.status()).into(),
        started_by: text(t.started_by()),
        external_id: text(t.external_id()),
        task_definition: text(t.task_definition()),
        desired: t.computed_desired_count(),
        running: t.running_count(),
        pending: t.pending_count(),
        stability: text(t.stability_status().map(sdk::StabilityStatus::as_str)).into(),
        created_at: time(t.created_at()),
        updated_at: time(t.updated_at()),
        target_groups: t.load_balancers().iter().filter_map(|l| text_opt(l.target_group_arn())).collect(),
        launch_type: t.launch_type().map_or_else(|| providers(t.capacity_provider_strategy()), |l| text(Some(l.as_str()))),
    }
}

/// What others than ECS deploy is in the task sets: the deployments are empty then.
fn deployments(s: &sdk::Service) -> Vec<Deployment> {
    if s.deployments().is_empty() {
        return s.task_sets().iter().map(|t| task_set(t).as_deployment()).collect();
    }
    s.deployments().iter().map(deployment).collect()
}

fn deployment(d: &sdk::Deployment) -> Deployment {
    Deployment {
        id: text(d.id()),
        status: text(d.status()).into(),
        rollout_state: text(d.rollout_state().map(sdk::DeploymentRolloutState::as_str)).into(),
        rollout_reason: text(d.rollout_state_reason()),
        task_definition: text(d.task_definition()),
        desired: d.desired_count(),
        running: d.running_count(),
        pending: d.pending_count(),
        failed: d.failed_tasks(),
        created_at: time(d.created_at()),
        updated_at: time(d.updated_at()),
    }
}

pub(super) struct DefinitionsSource;

impl super::Source for DefinitionsSource {
    type Out = TaskDefinitions;
    const READS: &'static [Op] = &[DEFINITION];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<TaskDefinitions, Problem> {
        let services = &cx.needs::<Services>()?.services;
        let mut arns: Vec<&str> = services.iter().map(|s| s.task_definition.as_str()).filter(|a| !a.is_empty()).collect();
        arns.sort_unstable();
        arns.dedup();
        // A revision never changes: only new ones are asked for.
        let known = cx.store.get::<TaskDefinitions>().map(|d| &d.definitions);
        let (old, new): (Vec<&str>, Vec<&str>) = arns.into_iter().partition(|arn| known.is_some_and(|k| k.contains_key(*arn)));
        let kept = old.iter().filter_map(|arn| Some(((*arn).to_owned(), known?.get(*arn)?.clone())));
        let calls = new.iter().map(|arn| cx.clients.ecs.describe_task_definition().task_definition(*arn).send());
        let found = try_join_all(calls).await.map_err(|e| problem_of(DEFINITION, &e))?;
        let found = found.iter().filter_map(|out| out.task_definition()).map(|d| (text(d.task_definition_arn()), definition(d)));
        let definitions: BTreeMap<_, _> = found.chain(kept).collect();
        Ok(TaskDefinitions { definitions })
    }
}

/// A task definition as the model knows it; for rolling back, too.
pub(in crate::aws) fn definition(d: &sdk::TaskDefinition) -> TaskDefinition {
    let containers = d.container_definitions();
    let log_option = |key: &str| {
        let options = containers.iter().filter_map(|c| c.log_configuration()).filter_map(|l| l.options());
        options.filter_map(|o| o.get(key)).map(|v| text(Some(v))).next()
    };
    TaskDefinition {
        arn: text(d.task_definition_arn()),
        cpu: text(d.cpu()),
        memory: text(d.memory()),
        images: containers.iter().map(|c| (text(c.name()), text(c.image()))).collect(),
        ports: containers
            .iter()
            .flat_map(aws_sdk_ecs::types::ContainerDefinition::port_mappings)
            .filter_map(sdk::PortMapping::container_port)
            .collect(),
        log_driver: containers.iter().filter_map(|c| c.log_configuration()).map(|l| text(Some(l.log_driver().as_str()))).next(),
        log_group: log_option("awslogs-group"),
        log_prefix: log_option("awslogs-stream-prefix"),
        task_role: text_opt(d.task_role_arn()),
        execution_role: text_opt(d.execution_role_arn()),
        secrets: containers
            .iter()
            .flat_map(aws_sdk_ecs::types::ContainerDefinition::secrets)
            .map(|s| (text(Some(s.name())), text(Some(s.value_from()))))
            .collect(),
        environment: containers.iter().flat_map(aws_sdk_ecs::types::ContainerDefinition::environment).map(|v| text(v.name())).collect(),
    }
}
