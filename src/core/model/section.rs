//! `Section`: what one source yields, one pane reads and one report prints. `Loadable`: the five states in which it can be seen.
//! `Problem`: why a poll failed, already in words that an operator can act on.

use std::any::Any;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::Time;
use super::system::System;

/// Names a section in the store, in `snapshot` JSON and in expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SectionKey(pub &'static str);

impl std::fmt::Display for SectionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A kind of observed data. One source yields it, whole, at each poll.
pub trait Section: Serialize + for<'de> Deserialize<'de> + Debug + Clone + PartialEq + Send + Sync + 'static {
    /// Where it lives in the store.
    const KEY: SectionKey;
    /// How it is called in a sentence: `Loading services…`.
    const TITLE: &'static str;
    /// Which system it tells of: a stack without that system has no such section. `None`: every stack has it.
    const OF: Option<System>;
}

/// `Section` with its type erased, as the store keeps it.
pub trait AnySection: Any + Debug + Send + Sync {
    /// For the way back to the type.
    fn as_any(&self) -> &dyn Any;
    /// The section as a JSON value, for reports, journals and expressions.
    fn to_json(&self) -> serde_json::Value;
    /// Whether `other` is the same section with the same content: then nothing needs to be drawn.
    fn same(&self, other: &dyn AnySection) -> bool;
}

impl<T: Section> AnySection for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }
    fn same(&self, other: &dyn AnySection) -> bool {
        other.as_any().downcast_ref::<T>().is_some_and(|o| o == self)
    }
}

/// What kind of failure a poll met; decides back-off, colour and exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The identity lacks a permission.
    Denied,
    /// The API asked to slow down.
    Throttled,
    /// Credentials have expired or are missing.
    Credentials,
    /// Credentials of another account than the one that the configuration pins.
    WrongAccount,
    /// This machine's clock is off: signatures are refused for their time.
    Clock,
    /// The named resource does not exist.
    NotFound,
    /// No answer in time.
    Timeout,
    /// The endpoint cannot be reached.
    Offline,
    /// The answer could not be read.
    Malformed,
    /// The service answered with an error of its own, or does not implement the operation.
    Service,
    /// This program's own budget of requests held it back.
    Held,
    /// The answer goes on for longer than this program reads: a list without end, a body too large.
    CutOff,
    /// Another section that this one builds on has not arrived; which one is not part of a document.
    Waiting(#[serde(skip)] Option<SectionKey>),
}

/// Why the last poll of a section failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: ProblemKind,
    /// What failed, on which operation: `ecs:DescribeServices: access denied`.
    pub headline: String,
    /// What to do next; empty if there is nothing to do but wait.
    pub hint: String,
    /// The IAM action that is missing, for `Denied`.
    pub permission: Option<String>,
}

impl ProblemKind {
    /// Whether the next try may get past it.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Held | Self::Timeout | Self::Offline)
    }

    /// Whether the next poll will be answered the same: somebody has to change something first.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Denied | Self::WrongAccount | Self::Credentials | Self::Clock | Self::CutOff)
    }
}

impl Problem {
    /// A section that builds on another, which has not arrived.
    pub fn waiting(for_key: SectionKey, title: &str) -> Self {
        Self { kind: ProblemKind::Waiting(Some(for_key)), headline: format!("waiting for {title}"), hint: String::new(), permission: None }
    }

    /// Whether it is only that another section has not arrived.
    pub fn is_waiting(&self) -> bool {
        matches!(self.kind, ProblemKind::Waiting(_))
    }

    /// Why there is no value, in few words: the permission that would mend it, where one would.
    pub fn why(&self) -> String {
        self.permission.as_ref().map_or_else(|| self.headline.clone(), |permission| format!("access denied: {permission}"))
    }
}

/// A part of a section that could not be read while the rest could: it is not known, and nothing is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What it is: `policies of production-nextcore-ecs-task`.
    pub part: String,
    /// The thing of the section's list that it belongs to, by its name or id; empty: it belongs to the section itself.
    pub item: String,
    /// The field that it would fill; empty: the whole thing.
    pub field: String,
    /// Why: `access denied: iam:ListAttachedRolePolicies`.
    pub why: String,
    /// A rule of health rests on it: without it nothing is healthy. Else it is only not shown.
    pub judged: bool,
}

/// A section as it can be seen at one moment.
#[derive(Debug)]
pub enum Loadable<'a, T> {
    /// Nothing has been asked yet (nothing on the screen needs it).
    Idle,
    /// The first answer is on its way, since then.
    Loading {
        /// When the first poll began.
        since: Option<Time>,
    },
    /// Fresh.
    Ready(&'a T),
    /// The last good value, too old to be trusted as current.
    Stale {
        /// The last good value.
        value: &'a T,
        /// When it was fetched.
        since: Time,
        /// Why there is nothing newer.
        why: &'a str,
    },
    /// Never succeeded: a permission is missing.
    Denied {
        /// The IAM action.
        permission: &'a str,
    },
    /// Never succeeded.
    Failed(&'a Problem),
}

impl<'a, T> Loadable<'a, T> {
    /// The value, fresh or stale.
    pub fn value(&self) -> Option<&'a T> {
        match self {
            Self::Ready(value) | Self::Stale { value, .. } => Some(value),
            _ => None,
        }
    }
}
