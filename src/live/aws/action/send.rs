//! Sending: what an action sends with, what comes back, and whether a failure says that nothing happened or leaves it open. Called by the
//! actions; the engine decides what an open failure means.

use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::aws::Clients;
use crate::aws::authority::{Ticket, Warrant};
use crate::aws::error::{Reach, find, problem_of, reach};
use crate::aws::gate;
use crate::aws::op::Op;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::Stack;

/// What an action sends with.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Gated clients: a write leaves only with a warrant.
    pub clients: Clients,
    /// The stack's names.
    pub stack: Arc<Stack>,
    /// Who does it, for reasons that AWS keeps: `maya`.
    pub who: String,
    /// Unique for this run: tokens by which AWS tells a repetition.
    pub token: String,
    /// The warrants of this run, which no other has.
    pub warrants: Warrants,
}

impl Sender {
    /// The run's warrant for one request of this operation; goes with the request.
    pub fn warrant(&self, op: &Op) -> Result<Ticket, SendError> {
        let without = || SendError::No(format!("{}: not a call of the plan: nothing was sent; report this as a bug", op.label()));
        self.warrants.0.iter().find(|w| w.is_for(op)).map(Warrant::ticket).ok_or_else(without)
    }
}

/// The warrants of one run; taken back with the last clone.
#[derive(Debug, Clone, Default)]
pub struct Warrants(Arc<Vec<Warrant>>);

impl From<Vec<Warrant>> for Warrants {
    fn from(warrants: Vec<Warrant>) -> Self {
        Self(Arc::new(warrants))
    }
}

/// What AWS answered.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    /// What AWS called the requests.
    pub request_ids: Vec<String>,
    /// The id of what was made, by which the run is watched.
    pub made: Option<String>,
    /// A session to hand the terminal to.
    pub handoff: Option<Handoff>,
}

impl Receipt {
    /// The receipt of one answer.
    pub fn of(answer: &impl RequestId) -> Self {
        Self { request_ids: answer.request_id().map(ToOwned::to_owned).into_iter().collect(), ..Self::default() }
    }

    /// The same, and another answer after it.
    #[must_use]
    pub fn and(mut self, answer: &impl RequestId) -> Self {
        self.request_ids.extend(answer.request_id().map(ToOwned::to_owned));
        self
    }

    /// The same, with the id of what was made, where the answer names it.
    #[must_use]
    pub fn made(mut self, id: Option<&str>) -> Self {
        self.made = id.filter(|id| !id.is_empty()).map(ToOwned::to_owned);
        self
    }
}

/// What `session-manager-plugin` is started with. It holds a secret: it is neither printed nor kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The plugin's arguments, in its order.
    pub arguments: Vec<String>,
    /// The session's id, for the audit log.
    pub session: String,
    /// The task's id.
    pub task: String,
}

impl std::fmt::Debug for Handoff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handoff").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Why there is no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// AWS said no, or nothing was sent: nothing has happened.
    #[error("{0}")]
    No(String),
    /// AWS said no to a later request of the plan: what was sent before it has happened, and stays.
    #[error("{text}")]
    Half {
        /// What AWS said, and what was done before.
        text: String,
        /// What AWS called the requests that it has accepted.
        request_ids: Vec<String>,
    },
    /// Sent, and no answer that says what came of it.
    #[error("{0}")]
    Open(String),
}

impl SendError {
    /// The same failure, after something was done already.
    #[must_use]
    pub fn after(self, receipt: &Receipt, what: &str) -> Self {
        if receipt.request_ids.is_empty() {
            return self;
        }
        match self {
            Self::No(text) | Self::Half { text, .. } => {
                Self::Half { text: format!("{text} ({what} before that)"), request_ids: receipt.request_ids.clone() }
            }
            Self::Open(text) => Self::Open(format!("{text} ({what} before that)")),
        }
    }

    /// What a failed request of `op` means.
    pub fn of<E>(op: Op, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if let Some(refusal) = find::<gate::Refusal>(error) {
            return Self::No(format!("{refusal}: nothing was sent"));
        }
        let problem = problem_of(op, error);
        let text = words(&problem);
        match error {
            // The gate's refusal, and missing credentials, are before the wire.
            _ if reach(error) == Reach::NotSent => Self::No(text),
            SdkError::ServiceError(e) if says_no(e.err().code(), e.raw().status().as_u16(), problem.kind) => Self::No(text),
            _ => Self::Open(text),
        }
    }
}

/// Refusals that travel as a failure of the server.
const REFUSALS: &[&str] = &["ConcurrentUpdateException"];

fn says_no(code: Option<&str>, status: u16, kind: ProblemKind) -> bool {
    code.is_some_and(|code| status < 500 || kind == ProblemKind::Throttled || REFUSALS.contains(&code))
}

fn words(problem: &Problem) -> String {
    match (problem.kind, problem.hint.as_str()) {
        // What is advised there is for polls.
        (ProblemKind::Timeout | ProblemKind::Throttled, _) | (_, "") => problem.headline.clone(),
        (_, hint) => format!("{}; {hint}", problem.headline.trim_end_matches('.')),
    }
}
