//! How a section stands, without its type: its word in documents, and what of its entry makes it. One word for rules, reports and
//! expressions; what it means for a node is `insight::health::standing`.

use super::Time;
use super::section::ProblemKind;
use super::store::SectionState;

/// The state of one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never asked.
    Idle,
    /// Asked, no answer yet.
    Loading,
    /// Current.
    Ready,
    /// The last good value is too old.
    Stale,
    /// A permission is missing, and there is no value.
    Denied,
    /// The cloud says that the resource does not exist.
    Missing,
    /// Failed otherwise, and there is no value.
    Failed,
}

impl Standing {
    /// In the order in which a section comes to them.
    pub(crate) const ALL: [Self; 7] = [Self::Idle, Self::Loading, Self::Ready, Self::Stale, Self::Denied, Self::Missing, Self::Failed];

    /// Of an entry at `now`. A resource that existed and is now reported missing is missing at once, not after three intervals.
    pub(crate) fn of(entry: Option<&SectionState>, now: Time) -> Self {
        let Some(entry) = entry else { return Self::Idle };
        match (&entry.problem, &entry.value) {
            (Some(p), _) if p.kind == ProblemKind::NotFound => Self::Missing,
            (_, Some(_)) if entry.is_stale(now) => Self::Stale,
            (_, Some(_)) => Self::Ready,
            (Some(p), None) if p.kind == ProblemKind::Denied => Self::Denied,
            (Some(_), None) => Self::Failed,
            (None, None) => Self::Loading,
        }
    }

    /// The word in documents and reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Stale => "stale",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }

    /// What a document calls so; a word that nobody knows says nothing of the section.
    pub(crate) fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|standing| standing.word() == word).unwrap_or(Self::Idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_is_found_again_by_its_word() {
        for standing in Standing::ALL {
            assert_eq!(Standing::named(standing.word()), standing, "{}", standing.word());
        }
        assert_eq!(Standing::named("levitating"), Standing::Idle);
    }
}
