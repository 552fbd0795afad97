//! The command line of `check`, `watch` and `runbook`, as clap reads it. Decides nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{Format, Observe};
use super::program::{ListArgs, Listing};
use nextcore_core::model::text;

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Expression over the state document of `snapshot --format json`: 'db.status == "available"'
    #[arg(value_name = "EXPR")]
    pub expression: String,
    /// Wait for it to become true: 90s, 3m, 1h
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    pub within: Option<u64>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// What it looks at.
    #[command(flatten)]
    pub observe: Observe,
}

/// A day: who waits longer wants `watch`.
const LONGEST: i64 = 86_400;

fn seconds(text: &str) -> Result<u64, String> {
    let seconds = text::parse_span(text).filter(|s| (0..=LONGEST).contains(s)).ok_or("a span such as 90s, 3m or 1h, up to 24h")?;
    Ok(seconds.unsigned_abs())
}

/// `watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// Output format; JSON: one line per change
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Run this command at every event of an incident, with the event as JSON on its standard input
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,
    /// Seconds after which such a command is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "exec", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub exec_timeout: u64,
    /// End (exit 0) when this expression becomes true
    #[arg(long, value_name = "EXPR")]
    pub until: Option<String>,
    /// Use the embedded cloud instead of AWS
    #[arg(long)]
    pub demo: bool,
}

/// `runbook`.
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    /// List the runbooks: those that are built in, and those of the folder that the configuration names
    List(ListArgs),
    /// Print a runbook as Markdown
    Show {
        /// Its name
        name: String,
    },
    /// Check runbooks: unknown commands, bad expressions, actions without a check, dead links; exit 1 if anything is wrong
    Lint {
        /// Files [default: all that `list` shows]
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Output format; JSON: one line per fault
        #[arg(long, value_enum, default_value_t)]
        format: Listing,
    },
    /// Walk through a runbook: run its checks and, once confirmed, its actions; stops at what fails
    Run(RunArgs),
}

/// `runbook run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Its name
    pub name: String,
    /// Value that the runbook asks for: service=web
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = value)]
    pub values: Vec<(String, String)>,
    /// Begin at this step, counted from 1
    #[arg(long, value_name = "STEP", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=999))]
    pub from: u16,
    /// Leave out this step, for this reason: 3="done by hand"; the transcript says so
    #[arg(long = "skip", value_name = "STEP=REASON", value_parser = skipped)]
    pub skips: Vec<(u16, String)>,
    /// Run its actions without asking; needs --write
    #[arg(long)]
    pub yes: bool,
    /// Write the transcript to this file instead of the state directory
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Seconds to wait for sources that do not respond
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub timeout: u64,
}

fn skipped(text: &str) -> Result<(u16, String), String> {
    let wanted = "STEP=REASON, such as 3=\"done by hand\"";
    let (step, reason) = text.split_once('=').filter(|(_, reason)| !reason.trim().is_empty()).ok_or(wanted)?;
    let step = step.parse().ok().filter(|step| *step > 0).ok_or(wanted)?;
    Ok((step, reason.trim().to_owned()))
}

fn value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
