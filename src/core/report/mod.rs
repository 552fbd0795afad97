//! Reports: a store and its judgement as a table, as Markdown and as the state document (JSON), and the exit code.
//! Pure: text out, nothing printed. Called by `snapshot` and by whatever reads the state document.

pub mod action;
pub mod conformance;
mod exit;
mod figures;
pub mod incident;
mod markdown;
mod objectives;
pub mod obligation;
mod read;
mod rows;
mod table;

#[cfg(test)]
mod tests;

pub use crate::insight::document::json;
pub use exit::exit_code;
pub use figures::{Figure, figures};
pub use markdown::markdown;
pub use objectives::objectives;
pub use read::{Document, ReadError, read};
pub use rows::rows;
pub use table::{Look, table};
