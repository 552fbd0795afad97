//! The lines of the audit log: an intent before a call leaves, an outcome after it, and what else is worth keeping. Data only: written and
//! read by the engine, listed by `report`.

use serde::{Deserialize, Serialize};

use super::Time;
use super::action::Request;
use super::obligation::Obligation;

/// Who runs this process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Who {
    /// The operating system's user.
    pub user: String,
    /// The SSH client's address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ssh: Option<String>,
    /// The ARN that STS knows.
    pub arn: String,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Told {
    /// About to be sent.
    Intent {
        /// Who means it.
        who: Who,
        /// The process.
        pid: u32,
        /// What was asked for.
        request: Request,
        /// The plan's title.
        title: String,
        /// The resource's ARN.
        resource: String,
        /// The stack's name.
        stack: String,
        account: String,
        region: String,
        /// The plan's hash.
        plan: String,
        /// The calls, as `aws` command lines.
        calls: Vec<String>,
    },
    /// What the call answered.
    Outcome {
        /// `accepted`, `failed`, `unknown`.
        result: String,
        /// What AWS called the requests.
        request_ids: Vec<String>,
        /// In words.
        text: String,
        /// How long the answer took, in milliseconds.
        millis: i64,
    },
    /// Sent by itself later, as the plan said.
    Later {
        /// `accepted`, `failed`, `unknown`.
        result: String,
        /// What AWS called the requests.
        request_ids: Vec<String>,
        /// In words.
        text: String,
    },
    /// From now on something is owed: before the first call.
    Owed {
        /// What, until when, by whom.
        obligation: Box<Obligation>,
    },
    /// It is owed no more.
    Settled {
        /// What AWS showed, and how it came about.
        text: String,
    },
    /// What the watch saw in the end.
    End {
        /// `done`, `failed`, `unknown`.
        outcome: String,
        /// In words.
        text: String,
        /// From sending to the end.
        seconds: i64,
    },
    /// Asked for and not sent.
    Refused {
        /// Who asked.
        who: Who,
        /// What was asked for.
        request: Request,
        /// Why not.
        text: String,
    },
    /// An intent without an outcome was looked at by a person.
    Seen {
        /// By whom.
        who: Who,
    },
}

impl Told {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Intent { .. } => "intent",
            Self::Outcome { .. } => "outcome",
            Self::Later { .. } => "later",
            Self::Owed { .. } => "owed",
            Self::Settled { .. } => "settled",
            Self::End { .. } => "end",
            Self::Refused { .. } => "refused",
            Self::Seen { .. } => "seen",
        }
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Time,
    /// The run that it is about.
    pub id: String,
    /// What it tells.
    #[serde(flatten)]
    pub told: Told,
}
