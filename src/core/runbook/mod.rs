//! Runbooks: Markdown in, steps and their progress out. Pure: no file, no clock, nothing is run here; the shell reads folders and passes
//! times and answers in.
//!
//! `parse` makes a `Runbook` of a text, `fill` puts the asked values in, `command` reads a line of a block, `lint` finds what would fail at
//! three in the morning, `progress` is one walk through, `kept` joins what two dashboards did in it, `transcript` tells it, `library` holds
//! what is built in, `about` says of which boxes, `plain` is prose for a screen.

mod about;
mod command;
mod fault;
mod fill;
mod front;
mod kept;
mod library;
mod lint;
mod parse;
mod plain;
mod progress;
mod transcript;

#[cfg(test)]
mod tests;

pub use command::{Command, LogQuery};
pub use fault::Fault;
pub use front::{Asked, Front, Kind, Source};
pub use library::{BUILTIN, Library};
pub use lint::{lint, unreadable};
pub use parse::{Block, Line, Link, Runbook, Step};
pub use plain::{Piece, plain};
pub use progress::{Note, Outcome, Progress, ProgressError, Said, State, StepProgress};
pub use transcript::transcript;
