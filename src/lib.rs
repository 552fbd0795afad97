//! The live operations dashboard of the NextCore AI Cloud stack on AWS.
//!
//! One way through the house: `aws/source → model → engine (store) → insight → session → view → shell`.
pub mod model;
pub mod insight;
