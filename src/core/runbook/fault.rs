//! What is wrong in a runbook's text, and where. Made by the parser, by `fill` and by `lint`; printed as editors understand it.

use std::fmt;

use serde::Serialize;

use crate::model::text;

/// One thing that is wrong. Line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl Fault {
    pub(super) fn new(file: &str, line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, column, message: text::sanitize(&message.into()) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for Fault {}
