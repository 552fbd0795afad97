//! The moments of an incident and how long it took from one to the next. A moment that is not known says why. Called by the post-mortem.

use super::acted::First;
use super::{foreign, moment};
use crate::incident::{Incident, Phase};
use crate::model::Time;
use crate::model::text::duration;

/// A moment, or why there is none.
type Moment = Result<Time, &'static str>;

/// The two tables.
pub(super) fn times(incident: &Incident, first: Option<&First>) -> Vec<String> {
    let acknowledged = incident.acknowledged.as_ref();
    let (recovered, closed) = (recovered(incident), closed(incident));
    let mut out = header(["Moment", "When", "By whom, or from where"]);
    // With one moment for both nothing else says when it began.
    let seen_first = incident.since == incident.detected_at;
    let from = if seen_first { "first seen by nextcore-top: AWS names no earlier moment" } else { "as AWS says" };
    out.push(row(["Began", &moment(incident.since), from]));
    out.push(row(["Detected", &moment(incident.detected_at), &format!("rule {}", foreign(&incident.rule))]));
    out.push(match acknowledged {
        Some(a) => row(["Acknowledged", &moment(a.at), &foreign(&a.by)]),
        None => row(["Acknowledged", &unknown(NOBODY), ""]),
    });
    out.push(match first {
        Some(f) => row(["First own action", &moment(f.at), &format!("{}: {}", foreign(&f.by), foreign(&f.what))]),
        None => row(["First own action", &unknown(NO_ACTION), ""]),
    });
    out.push(row(["Recovered", &recovered.map_or_else(unknown, moment), ""]));
    out.push(row(["Closed", &closed.map_or_else(unknown, moment), ""]));

    out.push(String::new());
    out.extend(header(["Duration", "From, to", "Took"]));
    let began = if seen_first { Err("AWS does not say when it began") } else { Ok(incident.since) };
    let detected = Ok(incident.detected_at);
    let acknowledged = acknowledged.map(|a| a.at).ok_or(NOBODY);
    let spans = [
        ("To detect", "began, detected", took(began, detected)),
        ("To acknowledge", "detected, acknowledged", took(detected, acknowledged)),
        ("To mitigate", "began, first own action", took(Ok(incident.since), first.map(|f| f.at).ok_or(NO_ACTION))),
        ("To recover", "began, recovered", took(Ok(incident.since), recovered)),
    ];
    out.extend(spans.iter().map(|(name, between, took)| row([name, between, took])));
    out
}

const NOBODY: &str = "nobody has acknowledged it";
const NO_ACTION: &str = "the audit log has no action of its time that AWS accepted";

fn recovered(incident: &Incident) -> Moment {
    let why = if incident.part_of.is_some() { "it was folded into another one before" } else { "it has not recovered" };
    // What recovered and failed again has not.
    incident.recovered_at.filter(|_| incident.phase != Phase::Open).ok_or(why)
}

fn closed(incident: &Incident) -> Moment {
    incident.closed_at.filter(|_| incident.phase == Phase::Closed).ok_or("it is not closed")
}

fn took(from: Moment, to: Moment) -> String {
    match (from, to) {
        (Err(why), _) | (_, Err(why)) => unknown(why),
        (Ok(from), Ok(to)) if to < from => unknown("the moments contradict each other"),
        (Ok(from), Ok(to)) => duration((to - from).num_seconds()),
    }
}

fn unknown(why: &str) -> String {
    format!("not known: {why}")
}

/// The head of a table.
pub(super) fn header<const N: usize>(cells: [&str; N]) -> Vec<String> {
    vec![row(cells), format!("|{}", "---|".repeat(N))]
}

/// A row of a table; the cells are escaped already.
pub(super) fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |", cells.join(" | "))
}
