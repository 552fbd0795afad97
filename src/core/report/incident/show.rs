//! One incident for a terminal: what it is and since when, why, what was seen, what followed, what was changed before, what to do.
//! It decides nothing. Called by `incident show`.

use std::fmt::Write as _;

use super::{lasts, moment};
use crate::incident::{Confidence, Incident};
use crate::model::Time;
use crate::model::text::sanitize;

/// Everything that is known of it.
pub fn show(incident: &Incident, now: Time) -> String {
    let mut text = format!(
        "{}: {}, {}, since {} ({})\n",
        sanitize(&incident.name),
        incident.severity.word(),
        incident.phase.word(),
        moment(incident.since),
        lasts(incident, now)
    );
    let about = [("id", &incident.id), ("rule", &incident.rule), ("of", &incident.of), ("zone", &incident.zone)];
    for (label, value) in about.iter().filter(|(_, value)| !value.is_empty()) {
        line(&mut text, label, &sanitize(value));
    }
    if let Some(above) = &incident.part_of {
        line(&mut text, "part of", &sanitize(above));
    }
    line(&mut text, "detected", &moment(incident.detected_at));
    for (label, at) in [("recovered", incident.recovered_at), ("closed", incident.closed_at)] {
        if let Some(at) = at {
            line(&mut text, label, &moment(at));
        }
    }
    line(&mut text, "cause", &cause(incident));
    let acknowledged = incident.acknowledged.as_ref();
    let by = acknowledged.map_or_else(|| "by nobody".to_owned(), |a| format!("{} at {}", sanitize(&a.by), moment(a.at)));
    line(&mut text, "acknowledged", &by);

    section(&mut text, "evidence", "none was kept", evidence(incident));
    section(&mut text, "symptoms", "none", symptoms(incident));
    section(&mut text, "changed before it, the newest first", "nothing that was read", changes(incident));
    section(&mut text, "what to do", "no runbook is known for it", runbook(incident));
    if !incident.aws.is_empty() {
        line(&mut text, "\nAWS", &sanitize(&incident.aws));
    }
    text
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "{label:<13} {value}");
}

fn section(text: &mut String, title: &str, none: &str, lines: Vec<String>) {
    let _ = writeln!(text, "\n{title}");
    if lines.is_empty() {
        let _ = writeln!(text, "  {none}");
    }
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn cause(incident: &Incident) -> String {
    match (incident.cause.is_empty(), incident.confidence) {
        (true, _) => "not known: nothing that was read says one".to_owned(),
        (false, Confidence::Unknown) => format!("{} (how sure is not known)", sanitize(&incident.cause)),
        (false, sure) => format!("{} ({})", sanitize(&incident.cause), sure.word()),
    }
}

fn evidence(incident: &Incident) -> Vec<String> {
    let one = |e: &crate::incident::Evidence| {
        let at = e.at.map_or_else(|| "when is not known".to_owned(), moment);
        format!("{}   [{}, {at}]", sanitize(&e.text), sanitize(&e.source))
    };
    incident.evidence.iter().map(one).collect()
}

fn symptoms(incident: &Incident) -> Vec<String> {
    let one = |s: &crate::incident::Symptom| {
        let since = s.since.map_or_else(|| "not known".to_owned(), moment);
        let until = s.until.map_or_else(|| "going on".to_owned(), |at| format!("until {}", moment(at)));
        let node = sanitize(&s.node.to_string());
        format!("{} {:<8} {node}  {}   [since {since}, {until}]", s.level.sign(), s.level.word(), sanitize(&s.text))
    };
    incident.symptoms.iter().map(one).collect()
}

fn changes(incident: &Incident) -> Vec<String> {
    let one = |e: &crate::insight::Event| format!("{}  {}  {}", moment(e.at), sanitize(&e.node.to_string()), sanitize(&e.text));
    incident.changes.iter().map(one).collect()
}

/// The command that walks the runbook, with the values that are known.
fn runbook(incident: &Incident) -> Vec<String> {
    command(incident).into_iter().collect()
}

/// `nextcore-top runbook run rds-failover --set service=web`; none without a runbook.
pub(super) fn command(incident: &Incident) -> Option<String> {
    if incident.runbook.is_empty() {
        return None;
    }
    let mut command = format!("nextcore-top runbook run {}", word(&incident.runbook));
    for (name, value) in &incident.values {
        let _ = write!(command, " --set {}", word(&format!("{name}={value}")));
    }
    Some(command)
}

/// One word of a shell, whatever stands in it: it is meant to be pasted.
fn word(text: &str) -> String {
    let text = sanitize(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:@,".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
