//! A plan: what an action would do, before anything is sent; and a run: what became of it. Data for the engine that carries it out, the
//! screen and the commands that show it, and the audit log that keeps it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Time;
use super::action::params::Params;
use super::action::{Request, Tier};
use super::obligation::{Owed, Standing};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// It can be done, but look.
    Warn,
    /// Could not be found out.
    Unknown,
    /// The action is not carried out.
    Fail,
}

/// One pre-flight check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it came out.
    pub verdict: Verdict,
    /// What was found: `available, Multi-AZ, standby present`.
    pub text: String,
}

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What: `desired count`.
    pub what: String,
    /// Now.
    pub before: String,
    pub after: String,
}

/// One API call that will be sent, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// SDK service id.
    pub service: String,
    pub operation: String,
    /// The call as an `aws` command line.
    pub cli: String,
    /// The IAM action that it needs.
    pub iam: String,
}

/// What the action is done to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resource {
    /// `ECS service`.
    pub kind: String,
    /// What people call it, and what is typed to confirm an outage.
    pub name: String,
    /// Its ARN, or the id by which AWS knows it.
    pub arn: String,
    /// What it is, shortly: `PostgreSQL 15.7  db.t3.large`.
    pub detail: String,
}

/// How long it takes, in seconds: usually from-to, and after how long the watch gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Duration {
    /// Usually at least.
    pub from: i64,
    /// Usually at most.
    pub to: i64,
    /// The watch ends.
    pub limit: i64,
}

/// What an action would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What was asked for.
    pub request: Request,
    /// `Scale web`.
    pub title: String,
    /// What it risks.
    pub tier: Tier,
    /// What it is done to.
    pub resource: Resource,
    pub account: String,
    pub region: String,
    /// Who would do it: the ARN that STS knows.
    pub principal: String,
    /// Before and after.
    pub changes: Vec<Change>,
    /// What autoscaling will do with it, what differs between two revisions.
    pub notes: Vec<String>,
    /// The checks, in the order in which they matter.
    pub checks: Vec<Check>,
    /// What users notice meanwhile.
    pub expect: String,
    /// What it can reach.
    pub blast: String,
    /// How to take it back.
    pub undo: String,
    /// The request that takes it back, where one does.
    pub undo_request: Option<Request>,
    /// What can be done where a check forbids it.
    pub instead: Option<Request>,
    /// What is sent.
    pub calls: Vec<Call>,
    /// What is owed from then on.
    pub owes: Option<Owed>,
    /// How long it takes.
    pub takes: Duration,
    /// What is sent, and what the run is measured by.
    pub params: Params,
    /// What must be typed before it is sent, if anything.
    pub confirm: Option<String>,
    /// What must not move before it is sent, by name. Only compared, never read: what is sent stands in `params`.
    pub rests_on: BTreeMap<String, String>,
    /// When it was made.
    pub made_at: Time,
    /// Names everything that must be the same when it is sent.
    pub hash: String,
}

impl Plan {
    /// The checks that forbid it.
    pub fn refusals(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|c| c.verdict == Verdict::Fail)
    }

    /// Whether anything forbids it.
    pub fn is_refused(&self) -> bool {
        self.refusals().next().is_some()
    }

    /// What must be typed before it is sent, if anything.
    pub fn confirmation(&self) -> Option<&str> {
        self.confirm.as_deref()
    }
}

/// Where a step of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Todo,
    /// Under way.
    Doing,
    /// Seen to be done.
    Done,
    /// Seen to have failed.
    Failed,
}

/// One step on the way to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What: `2 of 4 tasks running`.
    pub text: String,
    /// Where it stands.
    pub state: StepState,
}

impl Step {
    /// Done, or under way, or not begun: in this order of facts.
    pub fn new(text: impl Into<String>, done: bool, begun: bool) -> Self {
        let state = match (done, begun) {
            (true, _) => StepState::Done,
            (false, true) => StepState::Doing,
            (false, false) => StepState::Todo,
        };
        Self { text: text.into(), state }
    }
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Seen to be done.
    Done,
    /// Refused or failed: nothing more will come of it.
    Failed,
    /// It was done, and somebody else or AWS itself has taken it back.
    TakenBack,
    /// It was sent, and nobody knows what came of it.
    Unknown,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TakenBack => "taken back",
            Self::Unknown => "unknown",
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How.
    pub outcome: Outcome,
    /// What changed, or why not, in words.
    pub text: String,
    /// What to do next, or how to take it back; may be empty.
    pub next: String,
    /// When.
    pub at: Time,
}

/// An action that was sent, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Names it in this process and in the audit log.
    pub id: String,
    /// What was confirmed.
    pub plan: Arc<Plan>,
    /// When the first call left.
    pub sent_at: Time,
    /// When it was last looked at.
    pub seen_at: Time,
    /// What AWS called the requests.
    pub request_ids: Vec<String>,
    /// The id of what the answer says was made: a deployment, a build, an execution, an invalidation.
    pub made: Option<String>,
    /// The way to the end.
    pub steps: Vec<Step>,
    /// The last look, and what went wrong with it; the look is repeated.
    pub trouble: Option<String>,
    /// Why what happened is not in the audit log; it is tried again for a while.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unrecorded: Option<String>,
    /// The end, once there is one.
    pub end: Option<End>,
}

impl Run {
    /// Seconds since it was sent, or that it took.
    pub fn elapsed(&self, now: Time) -> i64 {
        (self.end.as_ref().map_or(now, |e| e.at) - self.sent_at).num_seconds().max(0)
    }
}

/// Why there is no plan, or why a plan was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The request itself makes no sense: exit code 2.
    Usage(String),
    /// It would do nothing, or a check forbids it: exit code 1.
    Check(String),
    /// What it rests on could not be read: exit code 3.
    CannotTell(String),
    /// This process may not write: exit code 4.
    ReadOnly(String),
}

impl Refusal {
    /// What the plan rests on is no longer so.
    pub fn moved() -> Self {
        Self::Check("the state changed since the plan: nothing was sent".to_owned())
    }

    /// The words.
    pub fn text(&self) -> &str {
        match self {
            Self::Usage(t) | Self::Check(t) | Self::CannotTell(t) | Self::ReadOnly(t) => t,
        }
    }
}

/// What the engine tells a session about actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The plan that was asked for.
    Planned(Arc<Plan>),
    /// There is no plan, or it was not sent.
    Refused(Request, Refusal),
    /// Something moved since the plan: here is the new one; nothing was sent.
    Moved(Arc<Plan>),
    /// A run began, moved on or ended.
    Running(Arc<Run>),
    /// Intents of the audit log that have no outcome: what was meant, when, by whom.
    Unfinished(Vec<Unfinished>),
    /// Everything that is owed, by this process and by those before it.
    Owed(Arc<Vec<Standing>>),
}

/// An intent without an outcome: the process ended between the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The run's name in the log.
    pub id: String,
    /// When it was meant.
    pub at: Time,
    /// Who meant it.
    pub who: String,
    /// What.
    pub request: Request,
    /// The plan's title.
    pub title: String,
}
