//! A Logs Insights query as data: what is asked, what it may cost, how far it is, what it found. No section: nobody polls it, a person asks.

use super::Time;
use super::section::Problem;

/// Names and values, in the order in which AWS gives them.
pub type Row = Vec<(String, String)>;

/// A query over groups and a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub text: String,
    pub groups: Vec<String>,
    pub from: Time,
    pub until: Time,
}

/// What is stored of the window, as far as AWS tells: a group's bytes, spread evenly over its age or retention.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimate {
    pub bytes: f64,
    /// Groups of which AWS tells no size.
    pub unknown: Vec<String>,
}

/// One group as DescribeLogGroups tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub bytes: i64,
    pub since: Option<Time>,
    pub retention_days: Option<i32>,
}

impl Stored {
    /// The share of the window: all of it, where the group is no older than the window is long.
    pub fn within(&self, from: Time, until: Time, now: Time) -> f64 {
        let kept = self.retention_days.map(|days| now - chrono::TimeDelta::days(i64::from(days)));
        let first = self.since.into_iter().chain(kept).max();
        let Some(first) = first.filter(|first| *first < now) else { return self.bytes as f64 };
        let inside = until.min(now) - from.max(first);
        let share = inside.num_milliseconds() as f64 / (now - first).num_milliseconds() as f64;
        self.bytes as f64 * share.clamp(0.0, 1.0)
    }
}

/// Where a query is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Scheduled,
    Running,
    Complete,
    Cancelled,
    Failed,
    Timeout,
    /// What AWS may say tomorrow.
    Other(String),
}

impl Status {
    pub fn read(text: &str) -> Self {
        match text {
            "Scheduled" => Self::Scheduled,
            "Running" => Self::Running,
            "Complete" => Self::Complete,
            "Cancelled" => Self::Cancelled,
            "Failed" => Self::Failed,
            "Timeout" => Self::Timeout,
            other => Self::Other(other.to_owned()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Timeout => "timed out",
            Self::Other(word) => word,
        }
    }

    /// How it ended, in a sentence.
    pub fn ended(&self) -> &str {
        match self {
            Self::Cancelled => "was cancelled",
            other => other.word(),
        }
    }

    /// Whether there is nothing more to come. What is not known goes on: AWS is asked again, and it may be stopped.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::Failed | Self::Timeout)
    }
}

/// What GetQueryResults says.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: Status,
    pub rows: Vec<Row>,
    pub matched: f64,
    pub scanned: f64,
    pub bytes: f64,
}

/// What a person asks of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What may this cost?
    Estimate(Asked),
    /// Run it.
    Run(Asked),
    /// Stop what runs, at AWS.
    Stop,
}

/// What the engine tells of it.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Estimated(Asked, Result<Estimate, Problem>),
    /// It goes on, and has found so much.
    Progress(Answer),
    Ended(End),
}

/// How a query ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// As AWS says: complete, failed, timed out, or cancelled by somebody else.
    Over(Answer),
    /// AWS does not understand it; nothing was scanned.
    Malformed(Problem),
    /// It did not start, or could not be read any more and was stopped.
    Failed(Problem),
    /// A person stopped it; what it had scanned by then, if that is known.
    Stopped(Option<Answer>),
    /// It could not be stopped and may go on.
    GoesOn { id: String, why: Problem },
}
