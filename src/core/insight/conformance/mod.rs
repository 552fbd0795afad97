//! Conformance: the live stack held against the written architecture, statement by statement. The statements are rows of data
//! (`statements/*.toml`), their rules CEL expressions over the state document; a user's file of the same form adds and overrides.
//! Pure: no clock, no I/O. Called by `verify`, its pane and its reports; judges statements, not health.

mod catalogue;
mod document;
mod evaluate;
mod file;
mod outcome;
mod select;
mod statements;

#[cfg(test)]
mod tests;

pub use catalogue::EXAMPLE;
pub(crate) use document::section;
pub use document::state;
pub use evaluate::verify;
pub use file::StatementError;
pub use outcome::{About, Counts, Outcome, Report, StatementResult};
pub use select::Only;
pub use statements::{Statement, Statements};
