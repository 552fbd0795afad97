//! Tasks and task definitions as data. No life cycle here (see `ecs::life` beside `state`).
//! Read by the ECS handler.

use super::super::names::{Az, Ms};

/// `tasks[].lastStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskStatus {
    /// Network interface being made.
    Provisioning,
    /// Image being pulled.
    Pending,
    /// Being registered.
    Activating,
    /// Up.
    Running,
    /// Being deregistered and drained.
    Deactivating,
    /// SIGTERM sent.
    Stopping,
    /// Network interface being removed.
    Deprovisioning,
    /// Gone (still described for an hour).
    Stopped,
}

impl TaskStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// `tasks[].stopCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCode {
    /// It never ran.
    TaskFailedToStart,
    /// The container ended by itself.
    EssentialContainerExited,
    /// StopTask.
    UserInitiated,
    /// Scale-in, deployment or failed health checks.
    ServiceSchedulerInitiated,
}

impl StopCode {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
        }
    }
}

/// Container health check result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskHealth {
    /// Not evaluated yet.
    Unknown,
    /// Passing.
    Healthy,
    /// Failing.
    Unhealthy,
}

impl TaskHealth {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

/// The one container of a task.
#[derive(Debug, Clone)]
pub struct ContainerState {
    /// Container name (the service's name).
    pub name: String,
    /// `<task id>-<number>`, empty before it runs.
    pub runtime_id: String,
    /// Image reference.
    pub image: String,
    /// Image digest, empty before it was pulled.
    pub image_digest: String,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub last_status: &'static str,
    /// Exit code once it ended.
    pub exit_code: Option<i32>,
    /// Reason text (out of memory, pull errors).
    pub reason: Option<String>,
    pub health: TaskHealth,
    /// Status of the ECS exec agent: `PENDING`, `RUNNING` or `STOPPED`.
    pub exec_agent: &'static str,
}

#[derive(Debug, Clone)]
pub struct Task {
    /// 32 hex digits.
    pub id: String,
    /// Full ARN.
    pub arn: String,
    /// Service name (`group` on the wire is `service:<name>`).
    pub service: String,
    /// Deployment id (`startedBy` on the wire).
    pub deployment: String,
    /// Task definition ARN.
    pub task_definition: String,
    /// Where it is in its life.
    pub last_status: TaskStatus,
    /// True once it is to stop (`desiredStatus` STOPPED).
    pub stopping: bool,
    /// Zone.
    pub az: Az,
    /// Subnet of that zone.
    pub subnet: String,
    /// Private IPv4 address.
    pub private_ip: String,
    /// Network interface id.
    pub eni: String,
    /// Attachment UUID.
    pub attachment_id: String,
    /// MAC address.
    pub mac: String,
    /// CPU units.
    pub cpu: u32,
    /// Memory, MiB.
    pub memory: u32,
    /// `createdAt`.
    pub created_at: Ms,
    /// `pullStartedAt`.
    pub pull_started_at: Option<Ms>,
    /// `pullStoppedAt`.
    pub pull_stopped_at: Option<Ms>,
    /// `connectivityAt`.
    pub connectivity_at: Option<Ms>,
    /// `startedAt`.
    pub started_at: Option<Ms>,
    /// `stoppingAt`.
    pub stopping_at: Option<Ms>,
    /// `executionStoppedAt`.
    pub execution_stopped_at: Option<Ms>,
    /// `stoppedAt`.
    pub stopped_at: Option<Ms>,
    /// `stopCode`.
    pub stop_code: Option<StopCode>,
    /// `stoppedReason`.
    pub stopped_reason: Option<String>,
    /// `connectivity` is `CONNECTED` when true.
    pub connected: bool,
    pub container: ContainerState,
    /// `version` counter.
    pub version: u32,
    /// Physics: when the next transition is due.
    pub next_at: Ms,
    /// Physics: seconds of boot before the application answers.
    pub boot_until: Ms,
    /// Physics: CPU over the last second, percent of its reservation.
    pub cpu_percent: f64,
    /// Physics: memory, percent of its reservation.
    pub memory_percent: f64,
    /// Physics: memory level that this task drifts around.
    pub memory_base: f64,
    /// Physics: memory that it does not give back, percent.
    pub leaked_memory: f64,
    /// Physics: database connections that it does not give back.
    pub leaked_connections: f64,
    /// Physics: a fault makes the container exit at this time with this code.
    pub crash_at: Option<(Ms, i32)>,
    /// Physics: whether it has ever been in service.
    pub was_healthy: bool,
    /// Physics: when the scheduler first saw it unhealthy.
    pub unhealthy_since: Option<Ms>,
}

impl Task {
    /// Whether it counts towards its service: not told to stop.
    pub const fn is_wanted(&self) -> bool {
        !self.stopping
    }

    /// RUNNING and not told to stop.
    pub fn is_running(&self) -> bool {
        !self.stopping && self.last_status == TaskStatus::Running
    }

    /// On its way to RUNNING.
    pub fn is_starting(&self) -> bool {
        !self.stopping && self.last_status < TaskStatus::Running
    }

    /// `RUNNING` or `STOPPED`.
    pub const fn desired_status(&self) -> &'static str {
        if self.stopping { "STOPPED" } else { "RUNNING" }
    }

    /// The name of its log stream.
    pub fn log_stream(&self) -> String {
        format!("{0}/{0}/{1}", self.service, self.id)
    }
}

/// A task-definition revision (one container each).
#[derive(Debug, Clone)]
pub struct TaskDefinition {
    /// Full ARN.
    pub arn: String,
    pub family: String,
    pub revision: u32,
    /// `ACTIVE` or `INACTIVE`.
    pub active: bool,
    /// CPU units.
    pub cpu: u32,
    /// Memory, MiB.
    pub memory: u32,
    pub task_role_arn: String,
    pub execution_role_arn: String,
    pub container_name: String,
    /// Image reference.
    pub image: String,
    /// Container port, if any.
    pub container_port: Option<u16>,
    pub command: Vec<String>,
    /// Environment as (name, value).
    pub environment: Vec<(String, String)>,
    /// Secrets as (name, valueFrom ARN): never the values.
    pub secrets: Vec<(String, String)>,
    /// Container health check command (`CMD-SHELL ...`).
    pub health_check: String,
    /// Options of the awslogs driver as (name, value).
    pub log_options: Vec<(String, String)>,
    /// Registration time.
    pub registered_at: Ms,
    /// Physics: a broken build whose container exits with this code soon after start.
    pub exits_with: Option<i32>,
}
