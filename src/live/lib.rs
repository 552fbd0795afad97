//! The side of the dashboard that talks to AWS; the only crate that names the SDK.
//!
//! `aws` builds the clients behind the gate, reads (`source`, one file per service) and writes (`action`, one file per action);
//! `engine` schedules the reads, keeps the store and the history, and runs actions to their end.

pub mod aws;
pub mod engine;
