//! The live operations dashboard of the NextCore AI Cloud stack on AWS.
//!
//! One way through the house: `aws/source → model → engine (store) → insight → session → view → shell`.
pub mod aws;
pub mod engine;
pub mod insight;
pub mod model;
