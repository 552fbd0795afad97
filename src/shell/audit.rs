//! `audit`: lists the audit log. Lines that are not whole are named on stderr, the others listed all the same; the exit code is 3 then.

use std::collections::BTreeSet;
use std::process::ExitCode;

use super::acts::audit;
use super::backend::Target;
use super::failure::{Failure, say};
use super::headless::print;
use super::obligations;
use crate::config::args::{AuditArgs, Format, World};
use crate::config::environment::Environment;
use nextcore_core::model::audit::{AuditEntry, Told};
use nextcore_core::report;
use nextcore_live::engine::clock::Clock;

/// Prints what was meant and what became of it.
pub(super) fn run(args: &AuditArgs, env: &Environment) -> Result<ExitCode, Failure> {
    let target = if args.demo { Target::demo(World::calm(0)) } else { Target::Aws };
    let since = args.since.map(|minutes| Clock::system().now() - chrono::TimeDelta::minutes(minutes));
    let (entries, damage) = audit(&target, env, None).read(since);
    for line in &damage {
        say(&format!("nextcore-top: {line}"));
    }
    let shown = chosen(entries, args);
    // What is owed is in a folder of its own: a day's file that is gone or torn does not settle it.
    let owed = if args.open { obligations::found(&target, env) } else { Vec::new() };
    match args.format {
        Format::Json => {
            for standing in &owed {
                print(&serde_json::to_string(standing).map_err(Failure::cannot_tell)?)?;
            }
            for entry in &shown {
                print(&serde_json::to_string(entry).map_err(Failure::cannot_tell)?)?;
            }
        }
        Format::Table | Format::Markdown if shown.is_empty() && owed.is_empty() => {
            say("no entries");
        }
        Format::Table | Format::Markdown => {
            if !owed.is_empty() {
                print(&report::obligation::list(&owed, Clock::system().now()))?;
            }
            if !shown.is_empty() {
                print(&report::action::audit(&shown))?;
            }
        }
    }
    if damage.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let lines = if damage.len() == 1 { "1 place".to_owned() } else { format!("{} places", damage.len()) };
    Err(Failure::cannot_tell(format!(
        "the audit log is damaged in {lines}: the list is incomplete\n  next: check the files named above, and move them away"
    )))
}

/// The runs that the filters mean, with all their lines.
fn chosen(entries: Vec<AuditEntry>, args: &AuditArgs) -> Vec<AuditEntry> {
    let settled: BTreeSet<String> = entries.iter().filter(|e| !matches!(e.told, Told::Intent { .. })).map(|e| e.id.clone()).collect();
    let means = |e: &AuditEntry| {
        let (request, resource, who) = match &e.told {
            Told::Intent { request, resource, who, .. } => (request, resource.as_str(), who),
            Told::Refused { request, who, .. } => (request, "", who),
            _ => return false,
        };
        let open = matches!(e.told, Told::Intent { .. }) && !settled.contains(&e.id);
        args.action.as_ref().is_none_or(|a| request.action.starts_with(a.as_str()))
            && args.resource.as_ref().is_none_or(|r| request.target == *r || resource.contains(r.as_str()))
            && args.user.as_ref().is_none_or(|u| who.user == *u || who.arn.ends_with(u.as_str()))
            && (!args.open || open)
    };
    let ids: BTreeSet<String> = entries.iter().filter(|e| means(e)).map(|e| e.id.clone()).collect();
    entries.into_iter().filter(|e| ids.contains(&e.id)).collect()
}
