//! What ECS states of services, deployments and tasks, as its API writes it.
//! What holds these states is in the file above; sources fill them, rules, panes and actions match on them.

use crate::model::state::states;

states! {
    /// `status` of a service in the ECS API's `DescribeServices`.
    pub enum ServiceStatus {
        Active = "ACTIVE",
        Draining = "DRAINING",
        Inactive = "INACTIVE",
    }
}

states! {
    /// `status` of a deployment in the ECS API's `DescribeServices`.
    pub enum DeploymentStatus {
        Primary = "PRIMARY",
        Active = "ACTIVE",
        Inactive = "INACTIVE",
    }
}

states! {
    /// `rolloutState` of a deployment in the ECS API's `DescribeServices`.
    pub enum RolloutState {
        Completed = "COMPLETED",
        Failed = "FAILED",
        InProgress = "IN_PROGRESS",
    }
}

states! {
    /// `lastStatus` and `desiredStatus` of a task, and `lastStatus` of its containers, in the ECS API's `DescribeTasks`.
    pub enum TaskStatus {
        Provisioning = "PROVISIONING",
        Pending = "PENDING",
        Activating = "ACTIVATING",
        Running = "RUNNING",
        Deactivating = "DEACTIVATING",
        Stopping = "STOPPING",
        Deprovisioning = "DEPROVISIONING",
        Stopped = "STOPPED",
        Deleted = "DELETED",
    }
}

impl TaskStatus {
    /// On its way to `RUNNING`.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(self, Self::Provisioning | Self::Pending | Self::Activating)
    }
}

states! {
    /// `healthStatus` of a task and of its containers in the ECS API's `DescribeTasks`.
    pub enum TaskHealth {
        Healthy = "HEALTHY",
        Unhealthy = "UNHEALTHY",
        Unknown = "UNKNOWN",
    }
}

states! {
    /// `stopCode` of a task in the ECS API's `DescribeTasks`.
    pub enum StopCode {
        TaskFailedToStart = "TaskFailedToStart",
        EssentialContainerExited = "EssentialContainerExited",
        UserInitiated = "UserInitiated",
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
        SpotInterruption = "SpotInterruption",
        TerminationNotice = "TerminationNotice",
        InfrastructureHealth = "InfrastructureHealth",
    }
}

impl StopCode {
    /// AWS took the capacity back, or replaces the machine under the task: nothing is wrong with the task.
    pub fn is_of_capacity(&self) -> bool {
        matches!(self, Self::SpotInterruption | Self::TerminationNotice | Self::InfrastructureHealth)
    }
}

states! {
    /// `status` of the ECS API's `DescribeServiceDeployments`.
    pub enum ServiceDeploymentStatus {
        Pending = "PENDING",
        Successful = "SUCCESSFUL",
        Stopped = "STOPPED",
        StopRequested = "STOP_REQUESTED",
        InProgress = "IN_PROGRESS",
        RollbackRequested = "ROLLBACK_REQUESTED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        RollbackFailed = "ROLLBACK_FAILED",
    }
}

impl ServiceDeploymentStatus {
    /// Still moving: it can be stopped, or is on its way back.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::InProgress | Self::StopRequested) || self.is_going_back()
    }

    /// On its way back, and not there yet.
    pub fn is_going_back(&self) -> bool {
        matches!(self, Self::RollbackRequested | Self::RollbackInProgress)
    }

    /// Rolled back, or on its way there.
    pub fn is_rollback(&self) -> bool {
        match self {
            Self::RollbackSuccessful | Self::RollbackFailed => true,
            Self::Other(word) => word.starts_with("ROLLBACK"),
            _ => self.is_going_back(),
        }
    }
}

states! {
    /// `deploymentCircuitBreaker.status` of the ECS API's `DescribeServiceDeployments`.
    pub enum BreakerStatus {
        Triggered = "TRIGGERED",
        Monitoring = "MONITORING",
        MonitoringComplete = "MONITORING_COMPLETE",
        Disabled = "DISABLED",
    }
}

states! {
    /// `deploymentController.type` of the ECS API's `DescribeServices`.
    pub enum Controller {
        CodeDeploy = "CODE_DEPLOY",
        Ecs = "ECS",
        External = "EXTERNAL",
    }
}

impl Controller {
    /// ECS itself deploys: where AWS does not say who does, it is ECS.
    pub fn is_ecs(&self) -> bool {
        matches!(self, Self::Ecs | Self::Unstated)
    }
}

states! {
    /// `deploymentConfiguration.strategy` in the ECS API's `DescribeServices`.
    pub enum Strategy {
        BlueGreen = "BLUE_GREEN",
        Canary = "CANARY",
        Linear = "LINEAR",
        Rolling = "ROLLING",
    }
}

impl Strategy {
    /// Tasks are replaced few by few in the same target group: where AWS does not say how, it is so.
    pub fn is_rolling(&self) -> bool {
        matches!(self, Self::Rolling | Self::Unstated)
    }
}

states! {
    /// `status` of a task set in the ECS API's `DescribeServices`.
    pub enum TaskSetStatus {
        Active = "ACTIVE",
        Draining = "DRAINING",
        Primary = "PRIMARY",
    }
}

states! {
    /// `stabilityStatus` of a task set in the ECS API's `DescribeServices`.
    pub enum Stability {
        Stabilizing = "STABILIZING",
        SteadyState = "STEADY_STATE",
    }
}

states! {
    /// `lastStatus` of a container's managed agent in the ECS API's `DescribeTasks`.
    pub enum AgentStatus {
        Pending = "PENDING",
        Running = "RUNNING",
        Stopped = "STOPPED",
    }
}

states! {
    /// `status` of the ECS API's `DescribeTaskDefinition`.
    pub enum DefinitionStatus {
        Active = "ACTIVE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        Inactive = "INACTIVE",
    }
}

states! {
    /// `settings.value` of the ECS API's `DescribeClusters`.
    pub enum ClusterSetting {
        Disabled = "disabled",
        Enabled = "enabled",
        Enhanced = "enhanced",
    }
}

impl ClusterSetting {
    /// Container Insights measures, simply or with more detail.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self, Self::Enabled | Self::Enhanced)
    }
}
