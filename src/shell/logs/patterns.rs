//! `logs patterns`: the lines of a window grouped by what they have in common, most frequent first: how many, whether they grow, of which
//! services. How lines are grouped is `core::log::pattern`'s. Called by `logs`.

use std::collections::HashMap;
use std::process::ExitCode;

use serde_json::json;

use super::pick::Pick;
use super::{Source, ended};
use crate::config::Settings;
use crate::config::logs::{Selection, TableFormat};
use crate::shell::failure::{Failure, say};
use crate::shell::headless::print;
use nextcore_core::log::pattern::{Pattern, Patterns};
use nextcore_core::log::ready::ready;

/// Patterns that are told apart at once: what is rarer gives way, and how many did is said.
const MOST: usize = 5000;

/// Lines of a pattern in the first and in the second half of the window.
type Halves = HashMap<u64, (u64, u64)>;

/// Prints them.
pub(super) async fn run(selection: &Selection, format: TableFormat, limit: u64, settings: &Settings) -> Result<ExitCode, Failure> {
    let pick = Pick::of(selection)?;
    let source = Source::open(selection, settings).await?;
    let (from, until) = source.window(selection)?;
    let middle = from + (until - from) / 2;
    let mut reader = source.reader(selection, from, until, false);
    let (mut patterns, mut halves, mut lines) = (Patterns::new(MOST), Halves::new(), 0_u64);
    while let Some(events) = reader.next(&source.clients).await? {
        for event in events.iter().filter(|e| pick.wants(e)) {
            let id = patterns.add(&event.message, event.at, event.service(), ready(&event.message, true).level);
            let half = halves.entry(id).or_default();
            *(if event.at < middle { &mut half.0 } else { &mut half.1 }) += 1;
            lines += 1;
        }
    }
    let top: Vec<&Pattern> = patterns.top().into_iter().take(limit as usize).collect();
    let of = |p: &Pattern| halves.get(&p.id).copied().unwrap_or_default();
    match format {
        TableFormat::Json => {
            for pattern in &top {
                let (first, second) = of(pattern);
                let services: Vec<&str> = pattern.services.iter().map(|(name, _)| name.as_str()).collect();
                print(
                    &json!({
                        "count": pattern.count, "first_half": first, "second_half": second, "level": pattern.level.word(),
                        "services": services, "template": pattern.template(), "sample": pattern.sample,
                        "first": pattern.first, "last": pattern.last,
                    })
                    .to_string(),
                )?;
            }
        }
        TableFormat::Table if !top.is_empty() => print(&table(&top, of))?,
        TableFormat::Table => say("no lines"),
    }
    if patterns.dropped() > 0 {
        say(&format!(
            "nextcore-top: {} patterns that came rarely found no room\n  next: a smaller window, or --service",
            patterns.dropped()
        ));
    }
    ended(&reader, lines)
}

fn table(top: &[&Pattern], of: impl Fn(&Pattern) -> (u64, u64)) -> String {
    let services = |p: &Pattern| p.services.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",");
    let width = top.iter().map(|p| services(p).chars().count()).max().unwrap_or_default().clamp(8, 30);
    let mut lines = vec![format!("{:>7}  {:<13}  {:<8}  {:<width$}  PATTERN", "COUNT", "TREND", "LEVEL", "SERVICES")];
    for p in top {
        let template = p.template().replace('\n', " ");
        let level = if p.level.word() == "none" { "-" } else { p.level.word() };
        lines.push(format!("{:>7}  {:<13}  {level:<8}  {:<width$}  {template}", p.count, trend(of(p)), services(p)));
    }
    lines.join("\n")
}

/// How it changed from the first half of the window to the second.
fn trend((first, second): (u64, u64)) -> String {
    match (first, second) {
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        (a, b) if b >= 2 * a => format!("up {a}->{b}"),
        (a, b) if a >= 2 * b => format!("down {a}->{b}"),
        _ => "steady".to_owned(),
    }
}
