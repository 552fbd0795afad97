//! ECS as data: cluster, services with their deployments and events, tasks, task definitions.
//! No scheduling here (see `ecs` beside `state`). Read by the ECS handler.

use std::collections::{BTreeMap, VecDeque};

use super::super::names::Ms;
use super::task::{Task, TaskDefinition};

#[derive(Debug, Clone)]
pub struct Ecs {
    pub cluster: Cluster,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Tasks by task id (32 hex digits), stopped ones included for one hour after they stopped.
    pub tasks: BTreeMap<String, Task>,
    /// Task definitions by (family, revision).
    pub task_definitions: BTreeMap<(String, u32), TaskDefinition>,
    /// Service deployments, oldest first, of all services.
    pub service_deployments: Vec<ServiceDeployment>,
    /// Service revisions, oldest first, of all services.
    pub service_revisions: Vec<ServiceRevision>,
}

/// An ECS cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Full ARN.
    pub arn: String,
    pub name: String,
    /// `ACTIVE`.
    pub status: String,
    /// Settings as (name, value): `containerInsights` = `enabled`.
    pub settings: Vec<(String, String)>,
    /// `FARGATE`, `FARGATE_SPOT`.
    pub capacity_providers: Vec<String>,
}

/// Where a service's tasks are registered.
#[derive(Debug, Clone)]
pub struct LoadBalancerRef {
    pub target_group_arn: String,
    /// Container whose port is registered.
    pub container_name: String,
    pub container_port: u16,
    /// What ECS swaps it with, where it deploys blue/green.
    pub blue_green: Option<BlueGreen>,
}

/// `advancedConfiguration` of a registration.
#[derive(Debug, Clone)]
pub struct BlueGreen {
    pub alternate_target_group_arn: String,
    /// ARN of the rule that sends the users' requests to one of the two.
    pub production_listener_rule: String,
    pub role_arn: String,
}

/// Who deploys a service, how, and on what.
#[derive(Debug, Clone)]
pub struct Deployer {
    /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`.
    pub controller: &'static str,
    /// `ROLLING`, `BLUE_GREEN`, ...
    pub strategy: &'static str,
    /// What others than ECS deploy.
    pub task_sets: Vec<TaskSet>,
    /// Capacity providers with weight and base, in the place of the launch type.
    pub capacity: Vec<(String, u32, u32)>,
}

impl Default for Deployer {
    fn default() -> Self {
        Self { controller: "ECS", strategy: "ROLLING", task_sets: Vec::new(), capacity: Vec::new() }
    }
}

/// A task set of a service that CodeDeploy deploys.
#[derive(Debug, Clone)]
pub struct TaskSet {
    /// `ecs-svc/123`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `DRAINING`.
    pub status: &'static str,
    /// `d-ABC`.
    pub external_id: String,
    pub task_definition: String,
    pub desired_count: u32,
    pub running_count: u32,
    pub target_group_arn: String,
    pub created_at: Ms,
}

/// An ECS service (controller ECS, launch type FARGATE, rolling deployments).
#[derive(Debug, Clone)]
pub struct Service {
    pub name: String,
    /// Full ARN.
    pub arn: String,
    /// `ACTIVE`.
    pub status: String,
    /// Tasks wanted.
    pub desired_count: u32,
    /// Tasks whose last status is RUNNING (refreshed every second).
    pub running_count: u32,
    /// Tasks on their way to RUNNING (refreshed every second).
    pub pending_count: u32,
    /// ARN of the task definition of the PRIMARY deployment.
    pub task_definition: String,
    /// `minimumHealthyPercent` of the deployment configuration.
    pub minimum_healthy_percent: u32,
    /// `maximumPercent` of the deployment configuration.
    pub maximum_percent: u32,
    /// Whether the deployment circuit breaker is on.
    pub circuit_breaker: bool,
    /// Whether it rolls back what it stops.
    pub circuit_breaker_rollback: bool,
    pub deployer: Deployer,
    /// The load balancer registration, absent for the worker.
    pub load_balancer: Option<LoadBalancerRef>,
    /// Grace after task start in which failing ELB checks are ignored, seconds (only with a load balancer).
    pub health_check_grace_seconds: Option<u32>,
    /// `1.4.0`.
    pub platform_version: String,
    /// Always true here.
    pub enable_execute_command: bool,
    /// `ENABLED`.
    pub availability_zone_rebalancing: String,
    /// Private subnets.
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    /// Whether its tasks get public addresses.
    pub assign_public_ip: bool,
    /// Creation time.
    pub created_at: Ms,
    /// Deployments, PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Events, newest first, at most 100.
    pub events: VecDeque<ServiceEvent>,
    /// ARN of the service deployment in progress, else of the latest one.
    pub current_service_deployment: Option<String>,
    /// ARN of the service revision of the PRIMARY deployment.
    pub current_service_revision: Option<String>,
    /// Scheduler: consecutive task starts that failed (drives the back-off and the "unable to" event).
    pub consecutive_failures: u32,
    /// Scheduler: no new task before this time (restart back-off).
    pub backoff_until: Ms,
    /// Scheduler: next time the service is looked at.
    pub next_look: Ms,
    /// Scheduler: whether the steady-state event was written since the last change.
    pub steady: bool,
    /// Scheduler: when the last steady-state event was written (repeated every 6 h).
    pub last_steady: Ms,
    /// Scheduler: whether the "not AZ balanced" event was written and rebalancing is under way.
    pub rebalancing: bool,
}

/// One line of a service's event list.
#[derive(Debug, Clone)]
pub struct ServiceEvent {
    /// UUID.
    pub id: String,
    /// Time of the event.
    pub created_at: Ms,
    /// Exact AWS text.
    pub message: String,
}

/// `deployments[].status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentStatus {
    /// The one being rolled out or in force.
    Primary,
    /// An older one that still has tasks.
    Active,
}

impl DeploymentStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
        }
    }
}

/// `deployments[].rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutState {
    /// Steady state reached.
    Completed,
    /// The circuit breaker tripped or it was stopped.
    Failed,
    /// Rolling.
    InProgress,
}

impl RolloutState {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::InProgress => "IN_PROGRESS",
        }
    }
}

/// One entry of `services[].deployments`.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `ecs-svc/<19 digits>`.
    pub id: String,
    /// PRIMARY or ACTIVE.
    pub status: DeploymentStatus,
    /// Task definition ARN.
    pub task_definition: String,
    /// Service revision ARN this deployment rolls out.
    pub service_revision: String,
    /// Service deployment ARN this belongs to.
    pub service_deployment: String,
    /// Tasks wanted of this deployment.
    pub desired_count: u32,
    /// RUNNING tasks of it (refreshed every second).
    pub running_count: u32,
    /// Starting tasks of it (refreshed every second).
    pub pending_count: u32,
    /// Tasks that failed to start while it was in progress.
    pub failed_tasks: u32,
    /// Creation time.
    pub created_at: Ms,
    /// Last change.
    pub updated_at: Ms,
    /// Progress.
    pub rollout_state: RolloutState,
    /// Text beside the state.
    pub rollout_state_reason: String,
}

/// `serviceDeployments[].status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceDeploymentStatus {
    /// Accepted, not begun.
    Pending,
    /// Rolling.
    InProgress,
    /// Done.
    Successful,
    /// Replaced by a newer deployment before it was done.
    Stopped,
    /// StopServiceDeployment was called.
    RollbackRequested,
    /// Going back to the previous revision.
    RollbackInProgress,
    /// Back on the previous revision.
    RollbackSuccessful,
    /// The rollback failed as well.
    RollbackFailed,
}

impl ServiceDeploymentStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether it can still be stopped.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

/// A service deployment record.
#[derive(Debug, Clone)]
pub struct ServiceDeployment {
    /// `arn:aws:ecs:...:service-deployment/<cluster>/<service>/<id>`.
    pub arn: String,
    /// Service name.
    pub service: String,
    pub status: ServiceDeploymentStatus,
    /// Why it has that status.
    pub status_reason: Option<String>,
    /// Creation time.
    pub created_at: Ms,
    /// When it began to roll.
    pub started_at: Option<Ms>,
    /// When it ended.
    pub finished_at: Option<Ms>,
    /// When a stop was asked for.
    pub stopped_at: Option<Ms>,
    /// Last change.
    pub updated_at: Ms,
    /// Revisions it came from.
    pub source_revisions: Vec<String>,
    /// Revision it goes to.
    pub target_revision: String,
    /// Tasks asked of the target revision.
    pub requested_tasks: u32,
    /// Tasks of the target revision that run (refreshed every second while open).
    pub running_tasks: u32,
    /// Tasks of the target revision that are starting (refreshed every second while open).
    pub pending_tasks: u32,
    /// Circuit breaker: failures so far.
    pub failure_count: u32,
    /// Circuit breaker: failures that trip it.
    pub failure_threshold: u32,
    /// Circuit breaker: `MONITORING`, `MONITORING_COMPLETE` or `TRIGGERED`.
    pub breaker_status: &'static str,
    /// Why it was rolled back.
    pub rollback_reason: Option<String>,
    /// When the rollback began.
    pub rollback_started_at: Option<Ms>,
    /// Revision it was rolled back to.
    pub rollback_revision: Option<String>,
}

/// A service revision record.
#[derive(Debug, Clone)]
pub struct ServiceRevision {
    /// `arn:aws:ecs:...:service-revision/<cluster>/<service>/<number>`.
    pub arn: String,
    /// Service name.
    pub service: String,
    /// Task definition ARN.
    pub task_definition: String,
    pub container_name: String,
    /// Image reference.
    pub image: String,
    pub image_digest: String,
    /// Creation time.
    pub created_at: Ms,
}
