//! What a verification says: the outcome of every statement with its evidence, the counts, and the exit code.
//! Plain data; the words and tables are in `report::conformance`.

use std::sync::Arc;

use serde::Serialize;

use crate::model::health::Level;

/// The result of one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Outcome {
    /// The stack is as the statement says.
    #[serde(rename = "pass")]
    Pass,
    /// Nearly, or only as long as nothing else happens.
    #[serde(rename = "warn")]
    Warn,
    /// The stack is not as the statement says.
    #[serde(rename = "fail")]
    Fail,
    /// The statement is about something optional that this stack does not have, or about something that has not happened.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// What decides could not be read.
    #[serde(rename = "unknown")]
    Unknown,
    /// AWS does not say: a person has to look.
    #[serde(rename = "manual")]
    Manual,
}

impl Outcome {
    /// Its sign and the stand-in in ASCII: those of the health that it resembles, but for what a person has to look at.
    pub fn signs(self) -> (&'static str, &'static str) {
        let level = match self {
            Self::Pass => Level::Healthy,
            Self::Warn => Level::Degraded,
            Self::Fail => Level::Down,
            Self::NotApplicable => Level::Absent,
            Self::Unknown => Level::Unknown,
            Self::Manual => return ("▸", ">"),
        };
        (level.sign(), level.ascii_sign())
    }

    /// All of them, in the order of summaries.
    pub const ALL: [Self; 6] = [Self::Pass, Self::Warn, Self::Fail, Self::NotApplicable, Self::Unknown, Self::Manual];

    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotApplicable => "n/a",
            Self::Unknown => "unknown",
            Self::Manual => "manual",
        }
    }
}

/// What does not change about a statement: the words that reports and panes show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct About {
    /// `V01`.
    pub id: String,
    /// The heading that it stands under.
    pub group: String,
    /// The statement, in the words of the architecture.
    pub title: String,
    /// AWS operation and members that decide.
    pub source: String,
    /// What to know when it does not pass, and what the architecture itself gets wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
    /// What to do by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<String>,
    /// The optional system that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<String>,
    /// Implied by the architecture, not written in it.
    pub inferred: bool,
    /// The file that it comes from.
    pub file: String,
}

/// One statement's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementResult {
    /// The statement.
    #[serde(flatten)]
    pub about: Arc<About>,
    /// The result.
    pub outcome: Outcome,
    /// What was really found.
    pub found: Option<String>,
    /// Why it is unknown, not applicable or manual; or which resource is missing.
    pub why: Option<String>,
}

impl StatementResult {
    /// The lines that explain a result that is not a plain pass: why it is not decided, or what to know about a warning or a failure.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let told = matches!(self.outcome, Outcome::Warn | Outcome::Fail);
        let explain = self.about.explain.as_deref().filter(|_| told);
        self.why.as_deref().into_iter().chain(explain)
    }
}

/// How many statements have which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub pass: usize,
    pub warn: usize,
    pub fail: usize,
    pub not_applicable: usize,
    pub unknown: usize,
    pub manual: usize,
}

impl Counts {
    /// Of some rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a StatementResult>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *counts.slot(row.outcome) += 1;
        }
        counts
    }

    /// The count of one outcome.
    pub fn get(mut self, outcome: Outcome) -> usize {
        *self.slot(outcome)
    }

    /// All statements.
    pub fn total(self) -> usize {
        Outcome::ALL.into_iter().map(|outcome| self.get(outcome)).sum()
    }

    fn slot(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Warn => &mut self.warn,
            Outcome::Fail => &mut self.fail,
            Outcome::NotApplicable => &mut self.not_applicable,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Manual => &mut self.manual,
        }
    }
}

/// The whole verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The stack's name.
    pub stack: String,
    pub region: String,
    /// The endpoints that were asked instead of AWS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// The moment of the state document, RFC 3339.
    pub as_of: String,
    /// Rows by outcome.
    pub counts: Counts,
    /// In the order of the statements.
    pub rows: Vec<StatementResult>,
}

impl Report {
    /// 0 all as stated (also with a warning, or beside what is not applicable or manual), 1 something is not, 3 cannot tell; what is known to
    /// be wrong wins.
    ///
    /// Nothing that was decided is 3, too: a script that asks for one manual statement must not read it as kept.
    pub fn exit_code(&self) -> u8 {
        let Counts { pass, warn, fail, unknown, .. } = self.counts;
        if fail > 0 {
            1
        } else if unknown > 0 || pass + warn == 0 {
            3
        } else {
            0
        }
    }

    /// `142 statements: 131 pass, 6 warn, 1 fail, 2 unknown, 2 manual`; outcomes that nothing has are left out.
    pub fn summary(&self) -> String {
        let parts = Outcome::ALL.into_iter().map(|o| (self.counts.get(o), o.word())).filter(|p| p.0 > 0);
        let parts: Vec<String> = parts.map(|(n, word)| format!("{n} {word}")).collect();
        let total = self.counts.total();
        let noun = if total == 1 { "statement" } else { "statements" };
        let parts = if parts.is_empty() { "nothing to verify".to_owned() } else { parts.join(", ") };
        format!("{total} {noun}: {parts}")
    }

    /// The rows under their headings, in order.
    pub fn groups(&self) -> Vec<(&str, Vec<&StatementResult>)> {
        let mut groups: Vec<(&str, Vec<&StatementResult>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(name, _)| *name == row.about.group) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((&row.about.group, vec![row])),
            }
        }
        groups
    }
}
