//! Judgement, pure: the health of every node of the diagram with its reasons, and the timeline of what changed.
//! No clock and no I/O: `Watch` is a fold over stores. Called by the session loop, `snapshot` and the tests.

mod judgement;

pub use judgement::{Counts, Event, Judgement, NodeId};
