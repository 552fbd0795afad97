//! Judgement, pure: the health of every node of the diagram with its reasons, and the timeline of what changed.
//! No clock and no I/O: `Watch` is a fold over stores. Called by the session loop, `snapshot` and the tests.

pub mod conformance;
pub mod egress;
pub mod entry;
mod facts;
mod finding;
pub mod flows;
pub(crate) mod images;
pub mod inventory;
mod judgement;
mod limits;
mod node;
pub mod paths;
mod phrase;
pub mod reading;
pub mod roles;
mod rules;
pub mod standing;
mod timeline;
mod watch;
mod window;
pub mod zones;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use judgement::{Counts, Event, Judgement, NodeId};
pub use node::sections;
pub use rules::catalogue::{RuleDoc, catalogue};
pub use watch::{Watch, judge};
