//! What an action sends, and what its run is measured by: one type for each kind of plan. A parameter that is missing does not compile,
//! and none has a default. Made by the drafts of `aws::action`, hashed and shown with the plan; nothing that is sent comes from elsewhere.

use serde::{Deserialize, Serialize};

/// Least and most of a service's autoscaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Least.
    pub min: i32,
    /// Most.
    pub max: i32,
}

impl Range {
    /// Least and most.
    pub fn new(min: i32, max: i32) -> Self {
        Self { min, max }
    }

    /// Whether a count is within.
    pub fn holds(self, count: i32) -> bool {
        (self.min..=self.max).contains(&count)
    }
}

impl std::fmt::Display for Range {
    /// `3-6`, as people write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.min, self.max)
    }
}

/// An ECS service, as every call on one names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnService {
    pub cluster: String,
    pub service: String,
}

/// Autoscaling that takes a count back by itself, as far as the plan could tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeBack {
    /// The alarm that fires already.
    pub alarm: String,
}

/// A desired count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// Of which service.
    pub on: OnService,
    /// How many tasks before.
    pub from: i32,
    /// How many tasks.
    pub wanted: i32,
    /// Set before the count, so that autoscaling keeps it.
    pub register: Option<Range>,
    /// Who will take it back.
    pub take_back: Option<TakeBack>,
}

/// The bounds of a service's autoscaling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBounds {
    /// Of which service.
    pub on: OnService,
    /// The new bounds.
    pub bounds: Range,
    /// The count to which the call pulls the service at once, if it does.
    pub clamp: Option<i32>,
}

/// Autoscaling suspended or working, all three flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Of which service.
    pub on: OnService,
    /// Suspended; else working.
    pub suspended: bool,
    /// The count to which the call pulls the service at once, if it does.
    pub clamp: Option<i32>,
}

/// What new tasks are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deploys {
    /// The task definition that runs.
    Same,
    /// This one: an ARN, or `family:revision`.
    Definition(String),
}

/// A new deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Of which service.
    pub on: OnService,
    /// Of what.
    pub deploys: Deploys,
    /// The deployment that was the primary one before.
    pub before: Option<String>,
}

/// A deployment stopped and rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopDeployment {
    /// Of which service.
    pub service: String,
    /// The record of the deployment, by its ARN.
    pub deployment: String,
    /// The task definition that it leads back to, where that is known.
    pub back: Option<String>,
}

/// One task stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopTask {
    pub cluster: String,
    /// The task, by its ARN.
    pub task: String,
}

/// A shell in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    pub cluster: String,
    /// The task, by its ARN.
    pub task: String,
    pub container: String,
    /// The container's id of the runtime, by which the session names it.
    pub runtime: String,
    /// What is run.
    pub command: String,
}

/// A failover of the database: a reboot of the instance, or a promotion in its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailOverDatabase {
    /// The instance that takes the writes before.
    pub instance: String,
    /// The zone of the primary before.
    pub from: String,
    /// The cluster, where it is one's: then nothing is rebooted.
    pub promotion: Option<Promotion>,
}

/// A reader that is to take the writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    pub cluster: String,
    /// Which; a Multi-AZ cluster of MySQL chooses itself.
    pub to: Option<String>,
}

/// A test failover of one node group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailOverCache {
    /// The replication group.
    pub group: String,
    /// The node group's id.
    pub node_group: String,
}

impl FailOverCache {
    /// `GROUP-0001`, as events and people name it.
    pub fn shard(&self) -> String {
        format!("{}-{}", self.group, self.node_group)
    }
}

/// A default route replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reroute {
    /// The route table.
    pub table: String,
    /// The destination of the route.
    pub destination: String,
    /// What it led to before.
    pub from: String,
    /// The NAT gateway that takes over.
    pub to: String,
}

/// Alarm actions off for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteAlarm {
    pub alarm: String,
    /// Seconds until they are on again.
    pub seconds: i64,
}

/// Alarm actions on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmuteAlarm {
    pub alarm: String,
}

/// A run of the pipeline from its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPipeline {
    pub pipeline: String,
    /// The newest execution before.
    pub before: Option<String>,
}

/// The failed actions of a stage once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryStage {
    pub pipeline: String,
    pub stage: String,
    /// The execution that is in it.
    pub execution: String,
}

/// An execution stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopPipeline {
    pub pipeline: String,
    pub execution: String,
    /// Without waiting for its actions.
    pub abandon: bool,
}

/// A build of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartBuild {
    pub project: String,
    /// The version, if it is not the project's own.
    pub version: Option<String>,
    /// The newest build before.
    pub before: Option<String>,
}

/// A build once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryBuild {
    pub project: String,
    /// The build, by its id.
    pub build: String,
}

/// A build stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopBuild {
    pub project: String,
    /// The build, by its id.
    pub build: String,
}

/// Paths of a distribution fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidate {
    pub distribution: String,
    pub paths: Vec<String>,
}

/// The parameters of one kind of plan, among those of all.
pub trait Parameters: Into<Params> + Clone + Send + Sync + 'static {
    /// These, if they are of this kind.
    fn of(params: &Params) -> Option<&Self>;
}

macro_rules! params {
    ($($kind:ident),* $(,)?) => {
        /// What a plan sends: of whichever kind it is.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "sends", rename_all = "snake_case")]
        pub enum Params {
            $(
                #[doc = concat!("See [`", stringify!($kind), "`].")]
                $kind($kind),
            )*
        }
        $(
            impl From<$kind> for Params {
                fn from(params: $kind) -> Self {
                    Self::$kind(params)
                }
            }
            impl Parameters for $kind {
                fn of(params: &Params) -> Option<&Self> {
                    if let Params::$kind(params) = params { Some(params) } else { None }
                }
            }
        )*
    };
}

params!(
    Scale,
    SetBounds,
    Suspension,
    Rollout,
    StopDeployment,
    StopTask,
    Exec,
    FailOverDatabase,
    FailOverCache,
    Reroute,
    MuteAlarm,
    UnmuteAlarm,
    StartPipeline,
    RetryStage,
    StopPipeline,
    StartBuild,
    RetryBuild,
    StopBuild,
    Invalidate,
);
