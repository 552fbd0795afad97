//! One piece of evidence while it is being judged: a reason, the cloud's own time stamp for it, and the sections that it rests on.

use crate::model::Time;
use crate::model::health::{Level, Reason, ReasonKind};
use crate::model::section::SectionKey;

/// What one rule found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// How bad.
    pub level: Level,
    /// With the figure that decided.
    pub text: String,
    /// Since when, if the cloud says.
    pub since: Option<Time>,
    /// The sections that decided: new data of these confirms it or clears it.
    pub basis: Vec<SectionKey>,
    /// What kind of evidence it is.
    pub kind: ReasonKind,
    /// It does not serve meanwhile, in a word: `failed over`. What rests on it fails with it.
    pub interrupts: Option<&'static str>,
}

impl Finding {
    /// Degraded, down, ...: the basis is filled in from the rule's row.
    pub(crate) fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), since: None, basis: Vec::new(), kind: ReasonKind::Seen, interrupts: None }
    }

    /// The cloud's own time stamp.
    #[must_use]
    pub(crate) fn since(mut self, since: Option<Time>) -> Self {
        self.since = since;
        self
    }

    /// Says that it does not serve meanwhile.
    #[must_use]
    pub(crate) fn interrupting(mut self, what: &'static str) -> Self {
        self.interrupts = Some(what);
        self
    }

    /// Says whose finding it is, when a parent repeats it.
    #[must_use]
    pub(crate) fn prefixed(mut self, who: &str) -> Self {
        self.text = format!("{who}: {}", self.text);
        self
    }

    pub(crate) fn reason(&self) -> Reason {
        Reason { level: self.level, text: self.text.clone(), kind: self.kind }
    }
}

pub(crate) fn degraded(text: impl Into<String>) -> Finding {
    Finding::new(Level::Degraded, text)
}

pub(crate) fn down(text: impl Into<String>) -> Finding {
    Finding::new(Level::Down, text)
}

/// Changing on purpose.
pub(crate) fn info(text: impl Into<String>) -> Finding {
    Finding::new(Level::Info, text)
}

/// Worth a note, not a level.
pub(crate) fn note(text: impl Into<String>) -> Finding {
    Finding::new(Level::Healthy, text)
}
