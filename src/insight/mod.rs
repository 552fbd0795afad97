//! Judgement, pure: the health of every node of the diagram with its reasons, and the timeline of what changed.
//! No clock and no I/O: `Watch` is a fold over stores. Called by the session loop, `snapshot` and the tests.

mod facts;
mod finding;
mod judgement;
mod limits;
mod node;
mod phrase;
pub mod roles;
mod rules;
pub mod standing;
mod timeline;
mod watch;
mod window;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use judgement::{Counts, Event, Judgement, NodeId};
pub use rules::catalogue::{RuleDoc, catalogue};
pub use watch::{Watch, judge};
