//! `incident list|show|export`: what the state folder keeps of incidents, as tables and as a post-mortem draft. It reads; a file that cannot be
//! read is named, and the exit code is 3 then.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use super::super::acts::audit;
use super::super::backend::Target;
use super::super::failure::{Failure, say};
use super::super::headless::{look, observe, print};
use super::folder::Folder;
use crate::config::Settings;
use crate::config::args::{Format, Observe};
use crate::config::environment::Environment;
use crate::config::incident::IncidentCommand;
use nextcore_core::incident::Incident;
use nextcore_core::model::Time;
use nextcore_core::report::incident::{PostMortem, export, list, show};
use nextcore_live::engine::clock::Clock;

/// Runbooks that were written so long after an incident are of it, too: people write up what they did.
const AFTERWARDS: chrono::TimeDelta = chrono::TimeDelta::minutes(30);

/// Runs it.
pub(in super::super) async fn run(command: &IncidentCommand, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if let IncidentCommand::Rules { format } = command {
        return super::rules::show(*format, settings.incidents.rules.as_deref(), look(settings));
    }
    let kept = Folder::of(&Target::Aws, settings, env).read();
    for line in &kept.damage {
        say(&format!("nextcore-top: {line}"));
    }
    let now = Clock::system().now();
    match command {
        IncidentCommand::Rules { .. } => {}
        IncidentCommand::List { format: Format::Json } => {
            kept.incidents.iter().try_for_each(|i| print(&serde_json::to_string(i).map_err(Failure::cannot_tell)?))?;
        }
        IncidentCommand::List { .. } if kept.incidents.is_empty() => say("no incidents are kept"),
        IncidentCommand::List { .. } => print(list(&kept.incidents, now, look(settings)).trim_end())?,
        IncidentCommand::Show { id, format } => {
            let incident = find(&kept.incidents, id)?;
            match format {
                Format::Json => print(&serde_json::to_string_pretty(incident).map_err(Failure::cannot_tell)?)?,
                Format::Table | Format::Markdown => print(show(incident, now).trim_end())?,
            }
        }
        IncidentCommand::Export { id, out, charts, timeout } => {
            let incident = find(&kept.incidents, id)?;
            let text = written(incident, &kept.incidents, charts.then_some(*timeout), settings, env, now).await?;
            match out {
                Some(path) => keep(path, &text)?,
                None => print(text.trim_end())?,
            }
        }
    }
    Ok(ExitCode::from(if kept.damage.is_empty() { 0 } else { 3 }))
}

/// The one whose id begins so.
fn find<'i>(all: &'i [Incident], id: &str) -> Result<&'i Incident, Failure> {
    let next = "'nextcore-top incident list' shows the ids";
    if id == "last" {
        let newest = all.iter().find(|i| i.part_of.is_none());
        return newest.ok_or_else(|| Failure::usage(format!("no incidents are kept\n  next: {next}")));
    }
    if let Some(exact) = all.iter().find(|i| i.id == id) {
        return Ok(exact);
    }
    let found: Vec<&Incident> = all.iter().filter(|i| i.id.starts_with(id) || i.id.ends_with(id)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!("no incident '{id}' is kept\n  next: {next}"))),
        several => {
            let ids: Vec<&str> = several.iter().map(|i| i.id.as_str()).collect();
            Err(Failure::usage(format!("'{id}' means {} incidents: {}\n  next: say more of the id", ids.len(), ids.join(", "))))
        }
    }
}

async fn written(
    incident: &Incident,
    all: &[Incident],
    charts: Option<u64>,
    settings: &Settings,
    env: &Environment,
    now: Time,
) -> Result<String, Failure> {
    let seen = match charts {
        Some(timeout) => Some(observe(&Observe { timeout, demo: false }, settings).await?),
        None => None,
    };
    let (entries, damage) = audit(&Target::Aws, env, None).read(Some(incident.since - chrono::TimeDelta::hours(1)));
    for line in &damage {
        say(&format!("nextcore-top: {line}"));
    }
    let parts: Vec<Incident> = all.iter().filter(|i| i.part_of.as_deref() == Some(incident.id.as_str())).cloned().collect();
    let until = incident.closed_at.unwrap_or(now) + AFTERWARDS;
    let transcripts = env.runs_folder().map(|folder| transcripts(&folder, incident.since, until)).unwrap_or_default();
    let store = seen.as_ref().map(|s| &*s.store);
    Ok(export(&PostMortem { incident, parts: &parts, audit: &entries, store, stack: &settings.stack, transcripts: &transcripts, now }))
}

/// What was written down of runbooks in this time, the oldest first.
fn transcripts(folder: &Path, from: Time, until: Time) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let moment = |at: SystemTime| chrono::DateTime::<chrono::Utc>::from(at);
    let files = entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "md"));
    let written = files.filter_map(|path| Some((moment(fs::metadata(&path).ok()?.modified().ok()?), path)));
    let mut all: Vec<_> = written.filter(|(at, _)| (from..=until).contains(at)).collect();
    all.sort();
    all.into_iter().filter_map(|(_, path)| fs::read_to_string(path).ok()).collect()
}

fn keep(path: &Path, text: &str) -> Result<(), Failure> {
    let told = |e| Failure::cannot_tell(format!("post-mortem {}: {e}\n  next: --out FILE", path.display()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(told)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(told)?;
    say(&format!("written: {}", path.display()));
    Ok(())
}
