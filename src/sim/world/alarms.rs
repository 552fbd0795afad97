//! Alarm evaluation: M out of N datapoints, missing data, and state reasons in AWS's words.
//! Not what alarms lead to (see `autoscale`). Each alarm is evaluated once a minute.

use std::fmt::Write as _;

use chrono::DateTime;

use super::World;
use super::metrics::{MAX_LAG, MetricStore};
use super::names::{MIN, Ms, SEC};
use super::state::{Alarm, AlarmHistoryItem, AlarmState, MissingData};

/// History items kept.
const HISTORY: usize = 500;

/// A time as alarm reasons show it: `23/11/26 09:02:00`.
fn reason_time(t: Ms) -> String {
    DateTime::from_timestamp_millis(t).map(|d| d.format("%d/%m/%y %H:%M:%S").to_string()).unwrap_or_default()
}

/// A time as reason data shows it: `2026-11-23T09:02:00.000+0000`.
pub(super) fn data_time(t: Ms) -> String {
    DateTime::from_timestamp_millis(t).map(|d| d.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()).unwrap_or_default()
}

/// A number as Java prints a double: always with a decimal point.
fn number(value: f64) -> String {
    format!("{value:?}")
}

/// The datapoints of one evaluation, newest first: `None` is missing.
fn datapoints(metrics: &MetricStore, alarm: &Alarm, now: Ms) -> Vec<(Ms, Option<f64>)> {
    let period = i64::from(alarm.period) * SEC;
    let newest = (now - MAX_LAG) - (now - MAX_LAG).rem_euclid(period);
    let series = metrics.find(&alarm.namespace, &alarm.metric, &alarm.dimensions);
    (0..i64::from(alarm.evaluation_periods))
        .map(|i| {
            let t = newest - i * period;
            (t, series.and_then(|s| s.at(t, now)).and_then(|s| s.value(alarm.statistic)))
        })
        .collect()
}

/// Whether a datapoint breaches.
fn breaches(alarm: &Alarm, value: f64) -> bool {
    alarm.comparison.breaches(value, alarm.threshold)
}

/// The state the datapoints call for.
fn judge(alarm: &Alarm, points: &[(Ms, Option<f64>)]) -> AlarmState {
    let counts = alarm.missing == MissingData::Breaching;
    let breaching = points.iter().filter(|(_, v)| v.map_or(counts, |v| breaches(alarm, v))).count();
    let all_missing = points.iter().all(|(_, v)| v.is_none());
    if breaching >= alarm.datapoints_to_alarm as usize {
        AlarmState::Alarm
    } else if all_missing && alarm.missing == MissingData::Missing {
        AlarmState::InsufficientData
    } else if all_missing && alarm.missing == MissingData::Ignore {
        alarm.state
    } else {
        AlarmState::Ok
    }
}

/// The reason of a state, in AWS's words.
fn explain(alarm: &Alarm, state: AlarmState, points: &[(Ms, Option<f64>)]) -> String {
    let total = points.len();
    let present: Vec<(Ms, f64)> = points.iter().filter_map(|(t, v)| v.map(|v| (*t, v))).collect();
    if state == AlarmState::InsufficientData {
        return format!("Insufficient Data: {total} datapoints were unknown.");
    }
    if present.is_empty() {
        return format!(
            "Threshold Crossed: no datapoints were received for {total} periods and {total} missing datapoints were \
             treated as [{}].",
            if state == AlarmState::Alarm { "Breaching" } else { "NonBreaching" }
        );
    }
    let alarmed = state == AlarmState::Alarm;
    let shown: Vec<(Ms, f64)> = present.into_iter().filter(|(_, v)| breaches(alarm, *v) == alarmed).collect();
    let list: Vec<String> = shown.iter().map(|(t, v)| format!("{} ({})", number(*v), reason_time(*t))).collect();
    let need = if alarmed { alarm.datapoints_to_alarm } else { alarm.evaluation_periods - alarm.datapoints_to_alarm + 1 };
    format!(
        "Threshold Crossed: {} out of the last {total} datapoints [{}] {}{} {} the threshold ({}) (minimum {need} {} \
         for {} transition).",
        shown.len(),
        list.join(", "),
        if shown.len() == 1 { "was" } else { "were" },
        if alarmed { "" } else { " not" },
        alarm.comparison.words(),
        number(alarm.threshold),
        if need == 1 { "datapoint" } else { "datapoints" },
        if alarmed { "OK -> ALARM" } else { "ALARM -> OK" }
    )
}

fn reason_data(alarm: &Alarm, points: &[(Ms, Option<f64>)], now: Ms) -> String {
    let recent: Vec<String> = points.iter().rev().filter_map(|(_, v)| v.map(number)).collect();
    let start = points.last().map_or(now, |(t, _)| *t);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{{\"version\":\"1.0\",\"queryDate\":\"{}\",\"startDate\":\"{}\",\"statistic\":\"{}\",\"period\":{},\
         \"recentDatapoints\":[{}],\"threshold\":{}}}",
        data_time(now),
        data_time(start),
        alarm.statistic,
        alarm.period,
        recent.join(","),
        number(alarm.threshold)
    );
    out
}

impl World {
    /// Evaluates the alarms whose turn it is in this second of the minute.
    pub(super) fn step_alarms(&mut self) {
        let second = (self.now.rem_euclid(MIN) / SEC) as usize;
        for index in 0..self.alarms.len() {
            // Three seconds apart, all before the policies look at second 45.
            if index * 2 % 40 + 2 == second {
                self.evaluate(index);
            }
        }
    }

    fn evaluate(&mut self, index: usize) {
        let now = self.now;
        let Some(alarm) = self.alarms.get_mut(index) else { return };
        // The first minutes of history have no past of their own: the alarm keeps the state it was built with.
        let needs = Ms::from(alarm.evaluation_periods + 3) * MIN;
        if now < self.start - super::HISTORY + needs {
            return;
        }
        let points = datapoints(&self.metrics, alarm, now);
        let state = judge(alarm, &points);
        if state == alarm.state {
            return;
        }
        let reason = explain(alarm, state, &points);
        let data = reason_data(alarm, &points, now);
        let summary = format!("Alarm updated from {} to {}", alarm.state.as_str(), state.as_str());
        let history = format!(
            "{{\"version\":\"1.0\",\"oldState\":{{\"stateValue\":\"{}\"}},\"newState\":{{\"stateValue\":\"{}\",\
             \"stateReason\":\"{reason}\",\"stateReasonData\":{data}}}}}",
            alarm.state.as_str(),
            state.as_str()
        );
        alarm.state = state;
        alarm.state_reason = reason;
        alarm.state_reason_data = data;
        alarm.state_updated = now;
        alarm.state_transitioned = now;
        let name = alarm.name.clone();
        let acts = alarm.actions_enabled && state == AlarmState::Alarm;
        let action = alarm.alarm_actions.first().filter(|_| acts).cloned();
        let mut push = |item_type, summary, data| {
            self.alarm_history.push_front(AlarmHistoryItem { alarm: name.clone(), timestamp: now, item_type, summary, data });
        };
        push("StateUpdate", summary, history);
        if let Some(action) = action {
            let data = format!("{{\"actionState\":\"Succeeded\",\"notificationResource\":\"{action}\"}}");
            push("Action", format!("Successfully executed action {action}"), data);
        }
        self.alarm_history.truncate(HISTORY);
    }
}
