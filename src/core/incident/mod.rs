//! Incidents: what is happening, in one line with a name. `rule` reads rules (TOML, conditions in CEL over the state document, `window`s over
//! what was before), `library` has those of the program, `detector` opens, folds and closes, `record` is an incident as it is shown and kept.
//!
//! Pure: time comes in, the state folder is the shell's. Rules see what AWS's APIs say and what `insight` judges of it, nothing else.

mod course;
mod detector;
mod document;
mod fold;
mod library;
mod record;
mod rule;
mod said;
mod scene;
mod tell;
mod track;
mod window;

#[cfg(test)]
mod tests;

pub use detector::{Detector, Happening};
pub use library::{built_in, with_own};
pub use record::{Acknowledged, Change, Confidence, Evidence, Incident, Phase, Severity, Symptom, Tally};
pub use rule::{BadRule, Rule, Rules};
