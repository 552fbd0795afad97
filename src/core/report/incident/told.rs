//! The timeline of a post-mortem: changes, AWS's events, symptoms, evidence, phases, our own actions and the lines of runbooks, in one list
//! by time. Called by the post-mortem.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::acted::Acted;
use super::export::PostMortem;
use super::times::{header, row};
use super::walked::timed;
use super::{foreign, moment, until};
use crate::incident::{Incident, Phase};
use crate::insight::Event;
use crate::insight::timeline::between;
use crate::model::Time;
use crate::model::system::System;

/// Lines that are written.
const MOST: usize = 300;
/// Events of the store that are taken.
const EVENTS: usize = 100;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    at: Time,
    /// Where it comes from.
    from: &'static str,
    /// Not escaped yet.
    text: String,
}

/// The timeline as a table, the oldest first.
pub(super) fn timeline(post: &PostMortem, acted: &Acted, systems: &[System]) -> Vec<String> {
    let mut lines: BTreeSet<Line> = BTreeSet::new();
    let mut add = |at: Time, from: &'static str, text: String| {
        lines.insert(Line { at, from, text });
    };
    let incident = post.incident;
    for event in incident.changes.iter().chain(post.parts.iter().flat_map(|p| &p.changes)) {
        add(event.at, "change", said(event));
    }
    for event in events(post, systems) {
        add(event.at, "AWS", said(&event));
    }
    of_incident(incident, &mut add);
    for part in post.parts {
        of_part(part, &mut add);
    }
    for (at, text) in acted.lines() {
        add(at, "action", text);
    }
    for (at, text) in post.transcripts.iter().flat_map(|t| timed(t)) {
        add(at, "runbook", text);
    }
    let more = lines.len().saturating_sub(MOST);
    let mut out = header(["When", "From", "What"]);
    out.extend(lines.iter().take(MOST).map(|l| row([&moment(l.at), l.from, &foreign(&l.text)])));
    if more > 0 {
        out.extend([String::new(), format!("{more} more lines are left out.")]);
    }
    out
}

fn said(event: &Event) -> String {
    format!("{}: {}", event.node, event.text)
}

/// What the store still tells of its time, about what it is about; changes are told already.
fn events(post: &PostMortem, systems: &[System]) -> Vec<Event> {
    let Some(store) = post.store else { return Vec::new() };
    let incident = post.incident;
    let is_meant = |e: &Event| {
        let named = incident.symptoms.iter().any(|s| s.node == e.node);
        let told = incident.changes.iter().chain(post.parts.iter().flat_map(|p| &p.changes)).any(|c| c == e);
        !told && (named || (systems.contains(&e.node.system()) && (e.node.name().is_empty() || e.node.name() == incident.of)))
    };
    let mut all = between(store, incident.since - TimeDelta::minutes(5), until(incident, post.now));
    all.retain(is_meant);
    // The oldest ones are kept: they say how it began.
    all.reverse();
    all.truncate(EVENTS);
    all
}

fn of_incident(incident: &Incident, add: &mut impl FnMut(Time, &'static str, String)) {
    add(incident.since, "incident", format!("{}: began", incident.name));
    add(incident.detected_at, "incident", format!("detected: {}", incident.severity.word()));
    if let Some(at) = incident.recovered_at.filter(|_| incident.phase != Phase::Open) {
        add(at, "incident", "recovered".to_owned());
    }
    if let Some(at) = incident.closed_at.filter(|_| incident.phase == Phase::Closed) {
        add(at, "incident", "closed".to_owned());
    }
    if let Some(acknowledged) = &incident.acknowledged {
        add(acknowledged.at, "person", format!("acknowledged by {}", acknowledged.by));
    }
    for symptom in &incident.symptoms {
        if let Some(at) = symptom.since {
            add(at, "symptom", format!("{}: {}: {}", symptom.node, symptom.level.word(), symptom.text));
        }
        if let Some(at) = symptom.until {
            add(at, "symptom", format!("{}: over", symptom.node));
        }
    }
    for evidence in &incident.evidence {
        if let Some(at) = evidence.at {
            add(at, "evidence", format!("{} ({})", evidence.text, evidence.source));
        }
    }
}

fn of_part(part: &Incident, add: &mut impl FnMut(Time, &'static str, String)) {
    add(part.detected_at, "part", format!("{}: detected: {}", part.name, part.severity.word()));
    if let Some(at) = part.closed_at {
        add(at, "part", format!("{}: folded into this one", part.name));
    }
    if let Some(acknowledged) = &part.acknowledged {
        add(acknowledged.at, "person", format!("{}: acknowledged by {}", part.name, acknowledged.by));
    }
}
