//! The written architecture's three flows as data: user requests, background jobs, delivery. Hops, edges with live figures, and the place of trouble.
//! Pure; `requests`, `jobs` and `delivery` beside it build one flow each. Called by the flows pane and by the edges of the stack view.

mod delivery;
mod jobs;
mod parts;
mod requests;
mod run;
mod steps;

use crate::model::Time;
use crate::model::health::Level;
use crate::model::stack::{ServiceRole, Stack};
use crate::model::store::Store;
use crate::model::system::System;

use crate::insight::reading::Measure;
use crate::insight::{Judgement, NodeId};

/// The three flows of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    /// Users → CloudFront → ALB → services → data.
    pub requests: Flow,
    /// Control plane → broker → workers → data.
    pub jobs: Flow,
    /// GitHub → pipeline → build → ECR → service, per service: those in progress first, then the newest.
    pub deliveries: Vec<Delivery>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// What the written architecture calls it.
    pub title: &'static str,
    /// Places, in the order of the flow.
    pub hops: Vec<Hop>,
    /// Ways between places, in the order of the flow.
    pub edges: Vec<Edge>,
    /// Where it fails or is slow; `None` = nowhere.
    pub trouble: Option<Trouble>,
    /// What cannot be seen, in words.
    pub notes: Vec<String>,
}

/// One place that a flow passes.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// Unique in its flow: `users`, `cdn`, `alb`, `svc/web`, `db`, `broker`, ...
    pub id: String,
    /// What the written architecture calls it: `Control plane`.
    pub title: String,
    /// The resource's own name; empty if it says nothing more.
    pub name: String,
    /// Its box of the diagram.
    pub node: Option<NodeId>,
    /// How it does by itself.
    pub level: Level,
    /// Why, when it is not healthy.
    pub reason: Option<String>,
    /// Live figures of the place.
    pub figures: Vec<Measure>,
    /// Short facts: `2/2 running`, `queue depth: not in any AWS API`.
    pub facts: Vec<String>,
}

/// One way between two places.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Id of the hop that it leaves.
    pub from: String,
    /// Id of the hop that it reaches.
    pub to: String,
    /// `/api/*`, `443`, ...
    pub label: String,
    /// Rate, latency, error share, as far as they are measured.
    pub figures: Vec<Measure>,
    /// How it does.
    pub level: Level,
    /// Why, when it is not healthy.
    pub reason: Option<String>,
}

/// A place or a way of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowPart {
    /// Index in `hops`.
    Hop(usize),
    /// Index in `edges`.
    Edge(usize),
}

/// Where a flow fails or is slow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The first such place in the order of the flow: where users notice it.
    pub first: FlowPart,
    /// The last such place downstream of it: where it most likely comes from. May be the same.
    pub origin: FlowPart,
    /// The worst level on the way between them.
    pub level: Level,
    /// What is wrong at the origin.
    pub text: String,
}

/// The delivery of one service: the newest, or the one in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub service: String,
    /// What it is for.
    pub role: ServiceRole,
    /// Something of it is in progress.
    pub active: bool,
    /// Task definition revision that is rolled out: `web:119`; empty if not known, or before it is rolled out.
    pub revision: String,
    /// Commit; empty if not known.
    pub commit: String,
    /// First 12 characters of the image digest, without `sha256:`; empty if not known.
    pub digest: String,
    /// The steps of the written architecture's drawing, in order.
    pub steps: Vec<Step>,
    /// The step that runs, or failed; `None` = all done.
    pub at: Option<usize>,
    /// When anything of it last began.
    pub began: Option<Time>,
    /// The worst step.
    pub level: Level,
}

/// Which step of the written architecture's delivery drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// GitHub.
    Source,
    /// CodePipeline.
    Pipeline,
    /// The image is built.
    Build,
    Test,
    /// ECR's scan.
    Scan,
    /// Push to ECR.
    Push,
    /// ECS service update.
    Update,
    /// Health checks of the new tasks.
    Health,
    /// Deployment circuit breaker.
    Breaker,
    /// Automatic rollback.
    Rollback,
}

impl StepKind {
    /// Whether a stack has it: what it does not use is no gap.
    pub(super) fn is_used(self, stack: &Stack) -> bool {
        match self {
            Self::Source => stack.has(System::Pipeline) || stack.has(System::Builds),
            Self::Pipeline => stack.has(System::Pipeline),
            Self::Build | Self::Test => stack.has(System::Builds),
            Self::Scan | Self::Push => stack.has(System::Builds) || stack.has(System::Repositories),
            Self::Update | Self::Health | Self::Breaker | Self::Rollback => true,
        }
    }

    /// What the written architecture calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "GitHub",
            Self::Pipeline => "CodePipeline",
            Self::Build => "build image",
            Self::Test => "run tests",
            Self::Scan => "security scan",
            Self::Push => "push to ECR",
            Self::Update => "service update",
            Self::Health => "health check",
            Self::Breaker => "circuit breaker",
            Self::Rollback => "rollback",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not reached yet.
    Waiting,
    /// In progress.
    Running,
    /// Succeeded.
    Done,
    Failed,
    /// There is nothing to do: no pipeline, nothing to roll back.
    Unused,
    /// Not known, or in no AWS API.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// How far.
    pub state: StepState,
    /// Since when it is so.
    pub since: Option<Time>,
    /// How long it took, or has taken so far.
    pub seconds: Option<i64>,
    /// `1/2 running`, `0 CRITICAL`, AWS's words of a failure, ...
    pub detail: String,
    /// How bad; CI is never worse than degraded.
    pub level: Level,
}

/// Draws the flows of one moment.
pub(crate) fn flows(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> Flows {
    let parts = parts::Parts::new(store, judgement, stack, now);
    Flows { requests: requests::flow(&parts), jobs: jobs::flow(&parts), deliveries: delivery::deliveries(&parts) }
}
