//! An incident from its beginning to what is told of it: how it begins, how it becomes a better known one, what the newest answers change, and
//! what differs between two moments. Called by `detector`.

use std::sync::Arc;

use chrono::TimeDelta;

use super::detector::Happening;
use super::record::{Change, Incident, Phase};
use super::rule::Rule;
use super::tell::Telling;
use crate::insight::timeline::changes;
use crate::model::Time;
use crate::model::store::Store;

/// Changes so long before an incident are told beside it.
const CHANGES: TimeDelta = TimeDelta::hours(2);
/// How many of them.
const CHANGES_KEPT: usize = 8;

pub(super) fn begin(rule: &Rule, it: &str, telling: Telling, store: &Store, now: Time) -> Incident {
    // A moment that a wrong clock made up is none.
    let since = telling.since.filter(|since| *since <= now).unwrap_or(now);
    let mut changes = changes(store, since - CHANGES, since + TimeDelta::seconds(30));
    changes.truncate(CHANGES_KEPT);
    let subject: String = it.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let subject = if subject.is_empty() { subject } else { format!("-{subject}") };
    Incident {
        id: format!("{}-{}{subject}", since.format("%Y%m%d-%H%M"), rule.id),
        rule: rule.id.clone(),
        of: it.to_owned(),
        name: rule.name.replace("{it}", it),
        systems: rule.systems.iter().map(|system| system.spec().word.to_owned()).collect(),
        severity: rule.severity,
        phase: Phase::Open,
        since,
        detected_at: now,
        recovered_at: None,
        closed_at: None,
        evidence: telling.evidence,
        cause: telling.cause,
        confidence: telling.confidence,
        zone: telling.zone,
        symptoms: Vec::new(),
        changes,
        runbook: rule.runbook.clone(),
        values: telling.values,
        aws: rule.aws.clone(),
        part_of: None,
        acknowledged: None,
    }
}

/// An incident that turned out to be another one keeps its id, its beginning and what was done about it.
pub(super) fn know_better(own: &mut Incident, other: Incident) {
    let kept = own.clone();
    *own = Incident {
        id: kept.id,
        since: kept.since.min(other.since),
        detected_at: kept.detected_at,
        symptoms: kept.symptoms,
        acknowledged: kept.acknowledged,
        ..other
    };
}

/// What the newest answers say of an open incident; when it began stays as it was told first.
pub(super) fn refresh(incident: &mut Arc<Incident>, telling: Telling) {
    let Telling { evidence, cause, confidence, values, .. } = telling;
    let same = incident.evidence == evidence && incident.cause == cause && incident.values == values;
    if same || evidence.is_empty() {
        return;
    }
    let incident = Arc::make_mut(incident);
    incident.evidence = evidence;
    // What was certain once stays so.
    if confidence >= incident.confidence && !cause.is_empty() {
        (incident.cause, incident.confidence) = (cause, confidence);
    }
    incident.values.extend(values);
}

/// What differs between two moments, the oldest first.
pub(super) fn happenings(before: &[Arc<Incident>], after: &[Arc<Incident>], now: Time) -> Vec<Happening> {
    let mut all: Vec<Happening> = after
        .iter()
        .filter_map(|incident| {
            let old = before.iter().find(|old| old.id == incident.id);
            let change = match old {
                None => Change::Opened,
                Some(old) if old.part_of != incident.part_of => Change::Folded,
                Some(old) if old.phase != incident.phase => match incident.phase {
                    Phase::Open => Change::Reopened,
                    Phase::Recovering => Change::Recovering,
                    Phase::Closed => Change::Closed,
                },
                Some(old) if (&old.name, old.severity, &old.cause) != (&incident.name, incident.severity, &incident.cause) => {
                    Change::Changed
                }
                Some(_) => return None,
            };
            Some(Happening { at: now, change, incident: Arc::clone(incident) })
        })
        .collect();
    all.reverse();
    all
}
