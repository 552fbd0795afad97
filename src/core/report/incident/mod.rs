//! Incidents as text: a list and one of them for a terminal, and the draft of a post-mortem in Markdown. Facts of the incident, of the audit
//! log and of the store; what is not known says so. Pure: text out. Called by `incident list`, `incident show` and `incident export`.

mod acted;
mod chart;
mod export;
pub mod rules;
mod show;
mod svg;
mod times;
mod told;
mod walked;

#[cfg(test)]
mod tests;

use crate::incident::{Incident, Phase};
use crate::model::Time;
use crate::model::text::{duration, sanitize};

use super::Look;
use super::rows::{laid_out, whole};

pub use export::{PostMortem, export};
pub use show::show;

/// The incidents as a table, the newest first; those that turned out to be part of another one stand indented below it.
pub fn list(incidents: &[Incident], now: Time, look: Look) -> String {
    if incidents.is_empty() {
        return "no incidents\n".to_owned();
    }
    let mut table = laid_out(look);
    table.set_header(["ID", "SINCE", "LASTS", "SEVERITY", "PHASE", "NAME", "ACKNOWLEDGED"]);
    let mut newest: Vec<&Incident> = incidents.iter().collect();
    newest.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.id.cmp(&b.id)));
    for incident in newest.iter().filter(|i| top(incidents, i) == i.id) {
        table.add_row(row(incident, false, now));
        for part in newest.iter().filter(|part| part.id != incident.id && top(incidents, part) == incident.id) {
            table.add_row(row(part, true, now));
        }
    }
    whole(&mut table, &[0]);
    table.trim_fmt() + "\n"
}

/// The incident that one is part of in the end, as far as it is in the list: what was folded may have had parts of its own.
fn top<'i>(incidents: &'i [Incident], part: &'i Incident) -> &'i str {
    let mut own = part;
    for _ in 0..=incidents.len() {
        let above = own.part_of.as_ref().and_then(|id| incidents.iter().find(|i| i.id == *id));
        let Some(above) = above else { return &own.id };
        own = above;
    }
    // Whoever writes into the state folder could lead us round in a ring: then it is nobody's part.
    &part.id
}

fn row(incident: &Incident, below: bool, now: Time) -> [String; 7] {
    let phase = match &incident.part_of {
        Some(above) if !below => format!("part of {}", sanitize(above)),
        Some(_) => "part".to_owned(),
        None => incident.phase.word().to_owned(),
    };
    [
        format!("{}{}", if below { "  " } else { "" }, sanitize(&incident.id)),
        moment(incident.since),
        lasts(incident, now),
        incident.severity.word().to_owned(),
        phase,
        sanitize(&incident.name),
        incident.acknowledged.as_ref().map_or_else(|| "-".to_owned(), |a| sanitize(&a.by)),
    ]
}

/// Until when it is told of: until it was closed, or until now.
fn until(incident: &Incident, now: Time) -> Time {
    incident.closed_at.filter(|_| incident.phase == Phase::Closed).unwrap_or(now).max(incident.since)
}

fn lasts(incident: &Incident, now: Time) -> String {
    duration(incident.lasts(now).num_seconds().max(0))
}

fn moment(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Foreign text in Markdown: one line, no cell ends early, and no tag, link, code or style begins.
fn foreign(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitize(text).chars() {
        // `://` would make a link by itself.
        if matches!(c, '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<' | '>' | '|' | '&' | '#' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out.replace("://", "\\://")
}

/// The same where there may be nothing.
fn or_unknown(text: &str, unknown: &str) -> String {
    if text.trim().is_empty() { unknown.to_owned() } else { foreign(text) }
}
