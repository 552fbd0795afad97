//! ECS: the cluster, its services with deployments and events, tasks (running and stopped), service deployments, task definitions.

mod groups;
mod states;
mod task_set;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::stack::ServiceRole;
use super::system::System;
pub use groups::Duty;
pub use states::{
    AgentStatus, BreakerStatus, ClusterSetting, Controller, DefinitionStatus, DeploymentStatus, RolloutState, ServiceDeploymentStatus,
    ServiceStatus, Stability, StopCode, Strategy, TaskHealth, TaskSetStatus, TaskStatus,
};
pub use task_set::TaskSet;

/// ecs:DescribeClusters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cluster {
    pub name: String,
    /// `ACTIVE`, ...
    pub status: String,
    /// Tasks running.
    pub running: i32,
    /// Tasks pending.
    pub pending: i32,
    pub services: i32,
    /// `containerInsights` → `enabled`.
    pub settings: BTreeMap<String, ClusterSetting>,
}

impl Cluster {
    /// What is set for Container Insights; `None` = nothing.
    pub(crate) fn container_insights(&self) -> Option<&ClusterSetting> {
        self.settings.get("containerInsights")
    }
}

impl Section for Cluster {
    const KEY: SectionKey = SectionKey("cluster");
    const TITLE: &'static str = "cluster";
    const OF: Option<System> = Some(System::Service);
}

/// One entry of services[].deployments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/123`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`.
    pub status: DeploymentStatus,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`; empty if absent.
    pub rollout_state: RolloutState,
    /// AWS's sentence.
    pub rollout_reason: String,
    /// Task definition ARN.
    pub task_definition: String,
    /// Desired tasks.
    pub desired: i32,
    /// Running tasks.
    pub running: i32,
    /// Pending tasks.
    pub pending: i32,
    /// Tasks that failed to start.
    pub failed: i32,
    /// Begun.
    pub created_at: Option<Time>,
    /// Last change.
    pub updated_at: Option<Time>,
}

impl Deployment {
    /// `app:42` of the task definition ARN.
    pub fn revision(&self) -> &str {
        short_revision(&self.task_definition)
    }
}

/// `family:revision` of a task definition ARN.
pub fn short_revision(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// Event id.
    pub id: String,
    /// When.
    pub at: Option<Time>,
    /// AWS's sentence.
    pub message: String,
}

/// Where a service registers its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Registration {
    /// Target group ARN.
    pub target_group: String,
    pub container: String,
    /// Container port.
    pub port: i32,
    /// The other target group of a service that ECS deploys blue/green: the two take turns.
    #[serde(default)]
    pub alternate: Option<String>,
    /// ARN of the rule that sends the users' requests to one of the two; of the listener, for a network load balancer.
    #[serde(default)]
    pub production_rule: Option<String>,
    /// ARN of the rule that sends test requests to the new tasks.
    #[serde(default)]
    pub test_rule: Option<String>,
}

/// One ECS service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    /// What it is for.
    pub role: Option<ServiceRole>,
    pub arn: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: ServiceStatus,
    /// Desired count.
    pub desired: i32,
    /// Running count.
    pub running: i32,
    /// Pending count.
    pub pending: i32,
    /// Task definition ARN.
    pub task_definition: String,
    /// `FARGATE`, or the capacity providers with their weights: `FARGATE_SPOT 4, FARGATE 1`.
    pub launch_type: String,
    pub platform_version: String,
    /// Whether ECS exec is on.
    pub exec_enabled: bool,
    /// Health check grace period, seconds.
    pub grace_period: Option<i32>,
    /// Target group ARNs it registers in.
    pub target_groups: Vec<String>,
    /// The same, with container and port.
    pub registrations: Vec<Registration>,
    /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`.
    pub controller: Controller,
    /// Subnet ids.
    pub subnets: Vec<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`.
    pub assign_public_ip: String,
    /// Circuit breaker (enabled, rollback).
    pub circuit_breaker: Option<(bool, bool)>,
    /// Minimum healthy percent.
    pub minimum_healthy: Option<i32>,
    /// Maximum percent.
    pub maximum: Option<i32>,
    /// `ROLLING`, `BLUE_GREEN`; empty if AWS does not say.
    pub strategy: Strategy,
    /// Made.
    #[serde(default)]
    pub created_at: Option<Time>,
    /// What CodeDeploy or somebody else deploys; empty where ECS does.
    #[serde(default)]
    pub task_sets: Vec<TaskSet>,
    /// Newest first.
    pub deployments: Vec<Deployment>,
    /// Newest first, at most 100.
    pub events: Vec<ServiceEvent>,
}

impl Service {
    /// Whether something of that time is this service's: another of the same name may have been deleted before it was made.
    pub fn is_own(&self, at: Option<Time>) -> bool {
        self.created_at.is_none_or(|made| at.is_none_or(|at| at >= made))
    }

    /// The deployment that is being rolled out or in place.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// Whether ECS's circuit breaker is for it at all: it is for rolling deployments of ECS's own.
    pub fn may_have_breaker(&self) -> bool {
        self.controller.is_ecs() && self.strategy.is_rolling()
    }

    /// Who deploys it and how, where it has no circuit breaker for that: `CODE_DEPLOY`, `BLUE_GREEN`.
    pub fn deployer(&self) -> &str {
        if self.controller.is_ecs() { self.strategy.as_str() } else { self.controller.as_str() }
    }

    /// The deployment in progress, if any.
    pub fn deploying(&self) -> Option<&Deployment> {
        // Where two target groups take turns ECS need not say a rollout state: two deployments are one in progress.
        let turning = self.controller.is_ecs() && !self.strategy.is_rolling() && self.deployments.len() > 1;
        let under_way = |d: &&Deployment| d.rollout_state == RolloutState::InProgress || (turning && d.rollout_state.is_empty());
        self.primary().filter(under_way)
    }
}

/// ecs:DescribeServices of the configured services.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Services {
    /// In the configured order.
    pub services: Vec<Service>,
    /// Names that ECS does not know, with its reason (`MISSING`).
    pub missing: Vec<(String, String)>,
}

impl Section for Services {
    const KEY: SectionKey = SectionKey("services");
    const TITLE: &'static str = "services";
    const OF: Option<System> = Some(System::Service);
}

impl Services {
    /// By name.
    pub fn get(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name == name)
    }
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    /// `RUNNING`, `STOPPED`, ...
    pub status: TaskStatus,
    /// Exit code once stopped.
    pub exit_code: Option<i32>,
    /// AWS's reason, e.g. `OutOfMemoryError: ...`.
    pub reason: Option<String>,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: TaskHealth,
    pub image_digest: Option<String>,
    /// By which Session Manager knows it: `0123abcd-1234567890`.
    #[serde(default)]
    pub runtime_id: Option<String>,
    /// `RUNNING`, `STOPPED`, ... of the agent for ECS Exec; `None` = it has none.
    #[serde(default)]
    pub exec_agent: Option<AgentStatus>,
}

/// One ECS task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Task {
    pub arn: String,
    /// The service's name (from `group`), empty for a standalone task.
    pub service: String,
    /// `RUNNING`, `PENDING`, ...
    pub status: TaskStatus,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: TaskStatus,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: TaskHealth,
    /// Zone name.
    pub zone: String,
    /// Task definition ARN.
    pub task_definition: String,
    /// Private IPv4 address: joins it to a target.
    pub ip: Option<String>,
    /// Asked for.
    pub created_at: Option<Time>,
    /// Containers running.
    pub started_at: Option<Time>,
    /// Stop asked for.
    pub stopping_at: Option<Time>,
    pub stopped_at: Option<Time>,
    /// `EssentialContainerExited`, `TaskFailedToStart`, ...
    pub stop_code: Option<StopCode>,
    /// AWS's sentence.
    pub stopped_reason: Option<String>,
    /// `ecs-svc/123` or a user.
    pub started_by: Option<String>,
    pub containers: Vec<Container>,
}

impl Task {
    /// The task id: the last part of the ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }
}

/// Tasks whose desired status is RUNNING.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tasks {
    /// By service, then zone, then id.
    pub tasks: Vec<Task>,
}

impl Section for Tasks {
    const KEY: SectionKey = SectionKey("tasks");
    const TITLE: &'static str = "tasks";
    const OF: Option<System> = Some(System::Service);
}

impl Tasks {
    /// The tasks of one service.
    pub fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Task> {
        self.tasks.iter().filter(move |t| t.service == service)
    }
}

/// Tasks that stopped in the last hour or so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoppedTasks {
    /// Newest first.
    pub tasks: Vec<Task>,
}

impl Section for StoppedTasks {
    const KEY: SectionKey = SectionKey("stopped_tasks");
    const TITLE: &'static str = "stopped tasks";
    const OF: Option<System> = Some(System::Service);
}

/// One ecs service deployment record (90 days of history).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceDeployment {
    pub arn: String,
    /// The service's name.
    pub service: String,
    /// `SUCCESSFUL`, `IN_PROGRESS`, `ROLLBACK_SUCCESSFUL`, ...
    pub status: ServiceDeploymentStatus,
    /// AWS's sentence.
    pub reason: String,
    /// Asked for.
    pub created_at: Option<Time>,
    /// Begun.
    pub started_at: Option<Time>,
    /// Ended.
    pub finished_at: Option<Time>,
    /// Target service revision ARN.
    pub target_revision: String,
    /// Circuit breaker: (status, failures, threshold).
    pub breaker: Option<(BreakerStatus, i32, i32)>,
    /// Why it was rolled back.
    pub rollback_reason: Option<String>,
}

/// ecs:ListServiceDeployments + DescribeServiceDeployments of every service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceDeployments {
    /// Newest first.
    pub deployments: Vec<ServiceDeployment>,
}

impl Section for ServiceDeployments {
    const KEY: SectionKey = SectionKey("deployments");
    const TITLE: &'static str = "deployments";
    const OF: Option<System> = Some(System::Service);
}

/// What matters of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskDefinition {
    pub arn: String,
    /// CPU units.
    pub cpu: String,
    /// Memory, MiB.
    pub memory: String,
    /// (container, image).
    pub images: Vec<(String, String)>,
    /// Container ports.
    pub ports: Vec<i32>,
    /// Log driver: `awslogs`.
    pub log_driver: Option<String>,
    /// awslogs group.
    pub log_group: Option<String>,
    /// awslogs stream prefix.
    pub log_prefix: Option<String>,
    /// Task role ARN.
    pub task_role: Option<String>,
    /// Execution role ARN.
    pub execution_role: Option<String>,
    /// (name, ARN that it comes from) of every container.
    pub secrets: Vec<(String, String)>,
    /// Names of environment variables; values may be secrets.
    pub environment: Vec<String>,
}

/// The task definition of every configured service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskDefinitions {
    /// By ARN.
    pub definitions: BTreeMap<String, TaskDefinition>,
}

impl Section for TaskDefinitions {
    const KEY: SectionKey = SectionKey("task_definitions");
    const TITLE: &'static str = "task definitions";
    const OF: Option<System> = Some(System::Service);
}
