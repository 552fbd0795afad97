//! An incident as it is shown, kept in the state folder and written up: plain data. Times are AWS's where AWS says them.
//! Made by `detector`; read by views, reports and `watch`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::insight::{Event, NodeId};
use crate::model::Time;
use crate::model::health::Level;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It limits what can be seen or done; users notice nothing.
    #[default]
    Notice,
    /// Less redundancy, headroom or speed than there should be.
    Warning,
    /// Users notice, or are about to.
    Critical,
}

impl Severity {
    /// The word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The level whose sign and colour it has.
    pub fn level(self) -> Level {
        match self {
            Self::Notice => Level::Unknown,
            Self::Warning => Level::Degraded,
            Self::Critical => Level::Down,
        }
    }
}

/// How sure it is that this is the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Nothing says what the cause is.
    #[default]
    Unknown,
    /// One sign of it.
    Suspected,
    /// Several signs agree.
    Likely,
    /// AWS says so.
    Certain,
}

impl Confidence {
    /// The word beside the cause.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Suspected => "suspected",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Open,
    /// What closes it holds, but not for long enough yet.
    Recovering,
    Closed,
}

impl Phase {
    /// The word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Recovering => "recovering",
            Self::Closed => "closed",
        }
    }
}

/// One thing that was seen and on which it rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `status is rebooting, zone ap-southeast-2a`.
    pub text: String,
    /// The sections of the state document that say it: `database, database_events`.
    pub source: String,
    /// When they were read; none where nothing says.
    pub at: Option<Time>,
}

/// A node of the diagram that is not well because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symptom {
    pub node: NodeId,
    /// The worst that it was.
    pub level: Level,
    /// Since when, as far as that is known.
    pub since: Option<Time>,
    /// What was said of it when it was worst.
    pub text: String,
    /// When it was over; none while it goes on.
    pub until: Option<Time>,
}

/// Something that a person did to the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    pub by: String,
    pub at: Time,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// `20261130-0244-rds-failover`: the same for everybody who sees it.
    pub id: String,
    /// The rule that found it.
    pub rule: String,
    /// Which one of several it is about: a service, a zone, a node; empty where there is one.
    #[serde(default)]
    pub of: String,
    /// `RDS failover`.
    pub name: String,
    /// The words of the systems that it is about: what failed. The others follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    pub severity: Severity,
    #[serde(default)]
    pub phase: Phase,
    /// When it began, as AWS says; where it says nothing, when it was first seen.
    pub since: Time,
    /// When the rule was met.
    pub detected_at: Time,
    #[serde(default)]
    pub recovered_at: Option<Time>,
    #[serde(default)]
    pub closed_at: Option<Time>,
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The cause that is suspected; empty where nothing says one.
    #[serde(default)]
    pub cause: String,
    #[serde(default)]
    pub confidence: Confidence,
    /// The zone that failed, where it is one.
    #[serde(default)]
    pub zone: String,
    /// What follows from it.
    #[serde(default)]
    pub symptoms: Vec<Symptom>,
    /// What was changed before it, the newest first.
    #[serde(default)]
    pub changes: Vec<Event>,
    /// The runbook to walk through, and the values that it asks for as far as they are known.
    #[serde(default)]
    pub runbook: String,
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The AWS page that the rule rests on.
    #[serde(default)]
    pub aws: String,
    /// The incident that this one turned out to be part of.
    #[serde(default)]
    pub part_of: Option<String>,
    #[serde(default)]
    pub acknowledged: Option<Acknowledged>,
}

impl Incident {
    /// Whether a node is of what it is about, and does not only follow.
    pub fn is_about(&self, node: &NodeId) -> bool {
        self.systems.iter().any(|word| word == node.system().spec().word)
    }

    /// Whether it stands by itself and is not over.
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Closed && self.part_of.is_none()
    }

    /// Whether it says why a node is not well now.
    pub fn explains(&self, node: &NodeId) -> bool {
        self.symptoms.iter().any(|s| s.node == *node && s.until.is_none())
    }

    /// How long it went on, or goes on.
    pub fn lasts(&self, now: Time) -> chrono::TimeDelta {
        self.recovered_at.or(self.closed_at).unwrap_or(now) - self.since
    }

    /// What users and the systems behind it notice, in one line.
    pub fn consequences(&self) -> String {
        let going_on: Vec<&Symptom> = self.symptoms.iter().filter(|s| s.until.is_none()).collect();
        let said: Vec<String> = going_on.iter().take(2).map(|s| format!("{} {}", s.node, s.text)).collect();
        let more = going_on.len().saturating_sub(said.len());
        let more = if more > 0 { format!(" · {more} more") } else { String::new() };
        format!("{}{more}", said.join(" · "))
    }
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Opened,
    /// The name, the severity, the cause or the evidence is another.
    Changed,
    Recovering,
    /// It was recovering, and is not any more.
    Reopened,
    Closed,
    /// It turned out to be part of another one.
    Folded,
    Acknowledged,
}

impl Change {
    /// The word in lines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Recovering => "recovering",
            Self::Reopened => "open again",
            Self::Closed => "closed",
            Self::Folded => "part of another",
            Self::Acknowledged => "acknowledged",
        }
    }
}

/// How many are open, for a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub open: usize,
    pub worst: Severity,
}

impl Tally {
    /// Of these.
    pub fn of<'i>(all: impl IntoIterator<Item = &'i Incident>) -> Self {
        let open: Vec<&Incident> = all.into_iter().filter(|i| i.is_open()).collect();
        Self { open: open.len(), worst: open.iter().map(|i| i.severity).max().unwrap_or_default() }
    }
}
