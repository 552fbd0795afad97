//! Judgement, pure: what is wrong, what changed, how things hang together. No clock and no I/O; time comes in.
//!
//! `health` judges the nodes of the diagram, `conformance` holds a stack against what somebody wrote down, `objectives` tells of loss and
//! recovery, `topology` joins sections, `timeline` tells what changed, `panes` are the models of two panes. Called by the session loop, the
//! reports and the commands.

pub mod conformance;
pub(crate) mod document;
pub mod health;
mod judgement;
pub mod objectives;
pub(crate) mod panes;
pub(crate) mod reading;
pub(crate) mod timeline;
pub(crate) mod topology;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use health::{RuleDoc, Watch, catalogue, judge, sections};
pub use judgement::{Cause, Counts, Event, EventKind, Judgement, NodeId};
