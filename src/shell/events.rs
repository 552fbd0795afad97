//! `events`: the timeline that the dashboard shows, on stdout, oldest first. It decides nothing: `insight` tells what changed. Exit 0 events, 1
//! none, 3 cannot tell.

use std::process::ExitCode;

use serde_json::json;

use super::failure::Failure;
use super::headless::{Observed, observe, print};
use super::logs::time;
use crate::config::Settings;
use crate::config::logs::{EventsArgs, TableFormat};
use nextcore_core::insight::{self, Event};

/// Prints it.
pub(super) async fn run(args: &EventsArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    let Observed { store, stack, now } = observe(&args.observe, settings).await?;
    let judgement = insight::judge(&store, &stack, now);
    let (since, grep) = (time(args.since, now, false), args.grep.as_ref().map(|g| g.to_lowercase()));
    let is_of = |node: &str| {
        args.systems.is_empty()
            || args.systems.iter().any(|s| node == s || node.strip_prefix(s.as_str()).is_some_and(|r| r.starts_with('/')))
    };
    let wanted = |e: &&Event| {
        e.at >= since
            && args.severity.is_none_or(|least| e.level >= least)
            && is_of(&e.node.to_string())
            && grep.as_ref().is_none_or(|g| e.text.to_lowercase().contains(g.as_str()))
    };
    let mut events: Vec<&Event> = judgement.timeline.iter().filter(wanted).collect();
    events.sort_by_key(|e| e.at);
    let width = events.iter().map(|e| e.node.to_string().chars().count()).max().unwrap_or_default();
    for e in &events {
        let at = e.at.format("%Y-%m-%dT%H:%M:%SZ");
        print(&match args.format {
            TableFormat::Json => {
                json!({ "at": e.at, "system": e.node.to_string(), "severity": e.level.word(), "text": e.text }).to_string()
            }
            TableFormat::Table => format!("{at}  {:<8}  {:<width$}  {}", e.level.word(), e.node.to_string(), e.text.replace('\n', " ")),
        })?;
    }
    Ok(ExitCode::from(u8::from(events.is_empty())))
}
