//! The live operations dashboard of the NextCore AI Cloud stack on AWS: configuration, and the shell around three crates.
//!
//! One way through the house: `aws/source -> model -> engine (store) -> insight -> session -> view -> Buffer -> shell`, and back as
//! effects. `nextcore-core` (`src/core`) knows, judges and draws; `nextcore-live` (`src/live`) talks to AWS; `nextcore-sim`
//! (`src/sim`) is the embedded cloud behind the same SDK clients. `ARCHITECTURE.md` is the map.

pub mod config;
pub mod shell;
