//! CodePipeline as data: the one pipeline and its executions, stage by stage, action by action.
//! No progress is made here (see `delivery` beside `state`). Read by the CodePipeline handler.

use std::collections::VecDeque;

use super::super::names::{Ms, STACK, arn};

/// All of CodePipeline.
#[derive(Debug, Clone)]
pub struct CodePipeline {
    pub pipeline: Pipeline,
    /// Executions, oldest first.
    pub executions: VecDeque<Execution>,
    /// The newest commit of the branch that the pipeline follows.
    pub head: Commit,
}

impl CodePipeline {
    /// The execution with this id.
    pub fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().rev().find(|execution| execution.id == id)
    }

    /// The execution that entered a stage last, with its run of it.
    pub fn latest_in(&self, stage: usize) -> Option<(&Execution, &StageRun)> {
        let runs = self.executions.iter().filter_map(|e| e.stages.iter().rfind(|run| run.stage == stage).map(|run| (e, run)));
        runs.max_by_key(|(_, run)| run.started_at)
    }

    /// Executions that wait before a stage, oldest first.
    pub fn waiting_for(&self, stage: usize) -> impl Iterator<Item = &Execution> {
        self.executions.iter().filter(move |e| e.status.is_open() && e.next_stage() == Some(stage))
    }
}

/// A commit of the monorepository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// 40 hex digits: also the tag of the images that are built of it.
    pub id: String,
    /// First line of its message.
    pub message: String,
    /// Who wrote it.
    pub author: &'static str,
    /// When it reached the branch.
    pub at: Ms,
    /// The services whose folders it touches.
    pub touches: Vec<&'static str>,
}

/// A pipeline: Source, Build, Deploy.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub name: String,
    /// Version of its definition.
    pub version: u32,
    /// Creation time.
    pub created_at: Ms,
    /// Last change of the definition.
    pub updated_at: Ms,
    /// Bucket of its artifacts.
    pub bucket: String,
    /// ARN of the connection to GitHub.
    pub connection: String,
    pub stages: Vec<Stage>,
}

impl Pipeline {
    /// Full ARN.
    pub fn arn(&self) -> String {
        arn("codepipeline", &self.name)
    }

    /// The index of the stage called `name`.
    pub fn stage(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.name == name)
    }
}

/// A stage of the definition.
#[derive(Debug, Clone)]
pub struct Stage {
    pub name: &'static str,
    /// `Source`, `Build` or `Deploy`.
    pub category: &'static str,
    /// `CodeStarSourceConnection`, `CodeBuild` or `ECS`.
    pub provider: &'static str,
    /// Actions as (name, service), all in run order 1; the Source action has no service.
    pub actions: Vec<(&'static str, Option<&'static str>)>,
    /// The way into the stage.
    pub inbound: Transition,
}

/// The transition into a stage.
#[derive(Debug, Clone)]
pub struct Transition {
    /// Whether executions pass.
    pub enabled: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Who changed it last, and when.
    pub changed: Option<(String, Ms)>,
}

/// Status of an execution, a stage or an action. Not every one of them has every status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Under way.
    InProgress,
    /// Asked to stop; its actions may end.
    Stopping,
    Stopped,
    /// An action that was given up.
    Abandoned,
    /// Done.
    Succeeded,
    Failed,
}

impl RunStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Abandoned => "Abandoned",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// Whether it goes on.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// An execution of the pipeline.
#[derive(Debug, Clone)]
pub struct Execution {
    /// UUID.
    pub id: String,
    pub status: RunStatus,
    /// Start.
    pub started_at: Ms,
    /// Last change.
    pub updated_at: Ms,
    /// `WebhookV2`, `StartPipelineExecution`, `ManualRollback`; and its detail.
    pub trigger: (&'static str, String),
    /// The commit it carries.
    pub commit: Commit,
    /// Whether every image is built, touched or not.
    pub builds_all: bool,
    /// The execution that it goes back to, for a rollback.
    pub rollback_of: Option<String>,
    /// Why it was asked to stop.
    pub stop_reason: Option<String>,
    /// The caller's token.
    pub token: Option<String>,
    /// Runs of the stages it entered, in order.
    pub stages: Vec<StageRun>,
    /// What its builds made: service, image reference, digest.
    pub artifacts: Vec<(&'static str, String, String)>,
    /// Physics: lengths of the builds of planned releases, by service.
    pub paces: Vec<(&'static str, super::Pace)>,
    /// Physics: the commit cannot be fetched.
    pub unknown_commit: bool,
    /// Physics: containers of the images that it builds exit with this code.
    pub exits_with: Option<i32>,
}

impl Execution {
    /// The stage that it waits to enter; absent while it is in one, and at its end.
    pub fn next_stage(&self) -> Option<usize> {
        match self.stages.last() {
            None => Some(0),
            Some(run) if run.status == RunStatus::Succeeded && self.rollback_of.is_none() => Some(run.stage + 1),
            Some(_) => None,
        }
    }
}

/// A stage as one execution ran it.
#[derive(Debug, Clone)]
pub struct StageRun {
    /// Index of the stage.
    pub stage: usize,
    pub status: RunStatus,
    /// When it was entered.
    pub started_at: Ms,
    /// Times it was retried by hand.
    pub retries: u32,
    pub actions: Vec<ActionRun>,
}

/// An action as one execution ran it.
#[derive(Debug, Clone)]
pub struct ActionRun {
    /// UUID.
    pub id: String,
    pub name: &'static str,
    /// The service it is about.
    pub service: Option<&'static str>,
    pub status: RunStatus,
    /// Start.
    pub started_at: Ms,
    /// Last change.
    pub updated_at: Ms,
    /// What it says about itself.
    pub summary: Option<String>,
    /// Id of the build or of the deployment.
    pub external_id: Option<String>,
    /// Error code and message.
    pub error: Option<(&'static str, String)>,
    /// Physics: ARN of the service deployment that it watches.
    pub record: Option<String>,
    /// Physics: when its next step is due.
    pub due: Ms,
}

/// The ARN of the role that the pipeline assumes.
pub fn role_arn() -> String {
    format!("arn:aws:iam::{}:role/{STACK}-codepipeline", super::super::names::ACCOUNT)
}
