//! Rules about the alarms that are for people; those of scaling policies are noise and are left out before.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::alarm::{Alarm, AlarmState, Alarms, EvaluationState};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::model::system::{System, SystemSpec};
use crate::model::text;

use super::{Rule, apply};

/// About one alarm.
pub(crate) const RULES: &[Rule<Alarm>] = &[
    Rule {
        id: "alarm.firing",
        doc: "ALARM counts as its severity: down if its name says critical, else degraded",
        needs: &[Alarms::KEY],
        check: firing,
    },
    Rule {
        id: "alarm.silent",
        doc: "INSUFFICIENT_DATA {alarm_silence}, but for counts that are missing by the alarm's own policy",
        needs: &[Alarms::KEY],
        check: silent,
    },
    Rule { id: "alarm.evaluated", doc: "its last evaluation saw all data and did not fail", needs: &[Alarms::KEY], check: evaluated },
    Rule { id: "alarm.muted", doc: "actions enabled", needs: &[Alarms::KEY], check: muted },
];

/// Judges them all.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Alarms>();
    let alarms = found.into_iter().flat_map(Alarms::for_people);
    let findings = alarms.flat_map(|a| apply(RULES, facts, ground.mandatory, a)).collect();
    let mut assessment = Assessment::of(facts, ground, findings);
    if found.is_some_and(|a| a.for_people().next().is_none()) {
        let prefix = &facts.stack.alarm_prefix;
        assessment.is_absent(if prefix.is_empty() { "no alarms".to_owned() } else { format!("no alarm with prefix {prefix}") });
    }
    nodes.insert(NodeId::of(System::Alarms), assessment);
}

/// Whether the name asks for a person at once: CloudWatch knows no severities.
fn is_critical(name: &str) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| matches!(w, "critical" | "crit" | "sev1" | "p1" | "page"))
}

fn firing(_: &Facts<'_>, alarm: &Alarm) -> Option<Finding> {
    if alarm.state != AlarmState::Alarm {
        return None;
    }
    let why = short_reason(alarm);
    let text = if why.is_empty() { format!("alarm {}", alarm.name) } else { format!("alarm {}: {why}", alarm.name) };
    let text = match &alarm.suppressed {
        Some(by) => format!("{text}; nobody is told: suppressed ({by})"),
        None => text,
    };
    let finding = if is_critical(&alarm.name) { down(text) } else { degraded(text) };
    Some(finding.since(alarm.since))
}

fn silent(facts: &Facts<'_>, alarm: &Alarm) -> Option<Finding> {
    let since = alarm
        .since
        .filter(|_| alarm.state == AlarmState::InsufficientData && !alarm.is_quiet_without_data())
        .filter(|at| facts.now - *at > facts.limits().span(Limit::AlarmSilence))?;
    Some(
        degraded(format!("alarm {}: no data for {}", alarm.name, text::age(since, facts.now)))
            .since(Some(since + facts.limits().span(Limit::AlarmSilence))),
    )
}

/// Its state is not certain.
fn evaluated(_: &Facts<'_>, alarm: &Alarm) -> Option<Finding> {
    let text = match alarm.evaluation.as_ref()? {
        EvaluationState::PartialData => format!("alarm {}: judged by a part of its data only", alarm.name),
        other => format!("alarm {}: not evaluated ({other})", alarm.name),
    };
    Some(Finding::new(Level::Unknown, text))
}

fn muted(_: &Facts<'_>, alarm: &Alarm) -> Option<Finding> {
    match alarm.actions_enabled {
        Some(true) => None,
        Some(false) => Some(degraded(format!("alarm {}: actions disabled", alarm.name))),
        None => Some(Finding::new(Level::Unknown, format!("alarm {}: not known whether its actions are enabled", alarm.name))),
    }
}

/// `CPUUtilization 91.3 > 80` from CloudWatch's `Threshold Crossed: 2 out of the last 2 datapoints [91.3 (…), …] were greater than …`;
/// else the start of its sentence.
pub(crate) fn short_reason(alarm: &Alarm) -> String {
    let value = alarm.reason.split_once('[').and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | 'E')).collect();
        digits.parse::<f64>().ok()
    });
    match (value, alarm.comparison.sign(), alarm.threshold) {
        (Some(value), Some(sign), Some(threshold)) if !alarm.subject().is_empty() && !alarm.composite => {
            format!("{} {} {sign} {}", text::clip(alarm.subject(), 40), trim(value), trim(threshold))
        }
        (Some(value), ..) if alarm.band => format!("{} {} outside its band", alarm.subject(), trim(value)),
        _ => text::clip(alarm.reason.trim_start_matches("Threshold Crossed: ").trim_end_matches('.'), 80).into_owned(),
    }
}

/// At most two decimals, none that are zero.
fn trim(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
