//! Health levels and verdicts: what `insight` decides and every view, report and exit code reads. It decides nothing itself.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::SectionKey;

/// How a node of the diagram is doing; ordered so that `max` is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The node is optional and absent, or scaled to zero on purpose.
    Absent,
    /// Everything that was looked at is as it should be.
    Healthy,
    /// Something is moving on purpose (a deployment); nobody needs to act.
    Info,
    /// Not decided yet, or not decidable: no data, no permission, stale.
    #[default]
    Unknown,
    /// Works with less redundancy, headroom or speed than it should.
    Degraded,
    /// Does not do its job, or is about to stop doing it.
    Down,
}

impl Level {
    /// The word that reports and titles print.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "n/a",
            Self::Healthy => "healthy",
            Self::Info => "changing",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// The sign of a level, as the screen draws it and every report prints it, and its stand-in where only ASCII can be shown.
const SIGNS: [(&str, &str); 6] = [("○", "o"), ("●", "."), ("◐", "*"), ("?", "?"), ("▲", "!"), ("✖", "X")];

impl Level {
    /// Its sign: the one table of screen, help and reports.
    pub fn sign(self) -> &'static str {
        SIGNS.get(self as usize).map_or("?", |s| s.0)
    }

    /// The same in ASCII.
    pub fn ascii_sign(self) -> &'static str {
        SIGNS.get(self as usize).map_or("?", |s| s.1)
    }
}

/// One piece of evidence behind a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// How bad this piece alone is.
    pub level: Level,
    /// Short, present tense, with the figure that decided: `1 of 2 targets unhealthy (Target.Timeout)`.
    pub text: String,
    /// What kind of evidence it is.
    #[serde(skip)]
    pub kind: ReasonKind,
}

/// What a piece of evidence says: something about the resource, or that it could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasonKind {
    /// Something that was seen.
    #[default]
    Seen,
    /// The first answer of a section is on its way.
    Loading,
    /// A section has no current value.
    Unread(SectionKey),
}

impl Reason {
    /// A reason of this level.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), kind: ReasonKind::Seen }
    }
}

/// What is known about one node of the diagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst of the reasons, after hysteresis.
    pub level: Level,
    /// Worst first; empty when healthy.
    pub reasons: Vec<Reason>,
    /// When `level` last changed, as far as this process (or the cloud's own time stamps) can tell.
    pub since: Option<Time>,
    /// When the oldest was seen of what it is judged by, its figures by the end of their minute; `None` before the first.
    pub as_of: Option<Time>,
}

impl Verdict {
    /// Whether the node is not judged only because first answers are on their way.
    pub fn is_loading(&self) -> bool {
        self.level == Level::Unknown && self.reasons.iter().all(|r| r.level < Level::Unknown || r.kind == ReasonKind::Loading)
    }

    /// The first (worst) reason's text, or the level's word.
    pub fn headline(&self) -> &str {
        self.reasons.first().map_or(self.level.word(), |r| r.text.as_str())
    }
}

/// What an event is one of: which of them stand as marks on charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// What a service, a data store or the platform says besides.
    #[default]
    Note,
    Health,
    Alarm,
    /// A task ended.
    Stop,
    Scaling,
    /// A pipeline, a build, an image.
    Delivery,
    Secret,
    Deployment,
    /// A data store failed over, restarted or was lost.
    Failover,
    /// What was done from here.
    Action,
    Acknowledged,
    Incident,
}
