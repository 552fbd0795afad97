//! The health of every node of the diagram: rules with their limits, and the memory that hysteresis and `since` need.
//! `node` says what each system rests on, `rules` judges it (one file per system), `watch` folds the judgements of a store over time.
//! It judges what was observed, not whether that is what somebody wrote down: that is `conformance`.

mod cause;
pub(crate) mod facts;
pub(crate) mod finding;
pub mod limits;
mod node;
pub(crate) mod rules;
pub(crate) mod standing;
mod watch;
pub(crate) mod window;
pub mod written;

pub use node::sections;
pub use rules::catalogue::{RuleDoc, catalogue};
pub use watch::{Watch, judge};
