//! The live operations dashboard of the NextCore AI Cloud stack on AWS.
//!
//! One way through the house: `aws/source → model → engine (store) → insight → session → view → Buffer → shell`, and back as effects.
//! `sim` is the embedded cloud behind the same SDK clients; `config`, `theme`, `input` and `report` serve the rest.
//! `tests/suite/architecture.rs` holds which folder may import which.

pub mod aws;
pub mod config;
pub mod engine;
pub mod input;
pub mod insight;
pub mod model;
pub mod report;
pub mod session;
pub mod shell;
pub mod sim;
pub mod theme;
pub mod view;
