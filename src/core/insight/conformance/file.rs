//! A file of statements as TOML: what its keys mean, and errors that name the file, the line, the statement and the key.
//! Reads text, decides nothing. Called by `statements` for the built-in files and for a user's.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Table};

/// Why a file of statements was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong there: `D08: pass: no field ...`.
    pub message: String,
}

impl std::fmt::Display for StatementError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for StatementError {}

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The heading that its statements stand under.
    pub group: Option<String>,
    /// Names for expressions that several statements use.
    #[serde(default, rename = "let")]
    pub names: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub statement: Vec<Spanned<Raw>>,
}

/// One `[[statement]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// `V01`; instead of `each`.
    pub id: Option<String>,
    /// One statement per entry: its `id`, and values that the expressions read as `it.name` and the title as `{name}`.
    #[serde(default)]
    pub each: Vec<Spanned<Table>>,
    /// The statement, in the words of the architecture.
    pub title: String,
    /// AWS operation and members that decide.
    #[serde(default)]
    pub source: String,
    /// The statement applies only when this is true; else it is `n/a`.
    pub when: Option<Spanned<String>>,
    /// Why it is `n/a`, when it is not simply an optional system.
    pub na: Option<String>,
    /// True: pass.
    pub pass: Option<Spanned<String>>,
    /// Not pass, but this is true: warn.
    pub warn: Option<Spanned<String>>,
    /// What was really found.
    pub found: Option<Spanned<String>>,
    /// What to know when it does not pass.
    pub explain: Option<String>,
    /// What to do by hand, when neither pass nor warn is true (without it: fail).
    pub manual: Option<String>,
    /// The optional system that it is about.
    pub optional: Option<String>,
    /// Implied by the architecture, not written in it.
    #[serde(default)]
    pub inferred: bool,
}

/// A text with its name, for errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The file's name.
    pub file: &'a str,
    pub text: &'a str,
}

impl Text<'_> {
    /// An error at a place of the text.
    pub(super) fn error(self, span: &Range<usize>, message: impl Into<String>) -> StatementError {
        let line = self.text.get(..span.start).map(|before| before.matches('\n').count() + 1);
        StatementError { file: self.file.to_owned(), line, message: message.into() }
    }

    /// The file, with its keys and types checked.
    pub(super) fn parse(self) -> Result<File, StatementError> {
        toml::from_str(self.text).map_err(|e| self.error(&e.span().unwrap_or(0..0), e.message()))
    }
}
