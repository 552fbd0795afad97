//! Log lines: made safe, told apart, folded, found and counted. Pure functions and stores over text; which group is read stands in the
//! source, what is on the screen in `session`. Called by the log pane.

pub mod clean;
pub mod event;
mod field;
mod grammar;
pub mod insights;
pub mod json;
pub mod level;
pub mod mask;
pub mod pattern;
mod prefix;
pub mod query;
pub mod ready;
pub mod search;
mod template;
mod trace;
mod walk;

#[cfg(test)]
mod tests;
