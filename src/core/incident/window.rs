//! Windows over what was: a metric's last minutes, how often an event was told, how a value changed. Each becomes a small object that the
//! rule's expressions read as `window.NAME`. The memory that `value` needs is passed in. Called by `scene`.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta};
use regex::Regex;
use serde_json::{Value as Json, json};

use super::scene::Moment;
use crate::expression::{Expression, Facts};
use crate::model::Time;
use crate::model::metric::{Metrics, Series};

/// Values that are remembered of one window.
const KEEP: usize = 64;

/// What is looked at, over how many seconds.
#[derive(Debug)]
pub(super) enum Window {
    /// `{points, last, first, mean, min, max, rate, silent}`: rate per minute, silent in seconds. `*`: only for how long all are silent.
    Series { id: String, over: i64 },
    /// `{count, first, last, text}`: of the events that match, the moments and the newest one's message.
    Events { of: Expression, matching: Option<Regex>, over: i64 },
    /// `{changed, before, at}`: whether the value was another, which, and when the new one was first seen.
    Value { of: Expression, over: i64 },
}

/// Values that differed from the one before, with the moment of the first sight.
pub(super) type Past = VecDeque<(Time, Json)>;

impl Window {
    pub(super) fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Series { .. } => None,
            Self::Events { of, .. } | Self::Value { of, .. } => Some(of),
        }
    }

    pub(super) fn is_series(&self) -> bool {
        matches!(self, Self::Series { .. })
    }

    /// What it shows now; null where it cannot be told. Nothing that was before `after` counts: an incident that is over is not opened again
    /// by what opened it.
    pub(super) fn look(&self, facts: &Facts, it: &str, past: &mut Past, moment: Moment, after: Option<Time>) -> Json {
        let Moment { metrics, now } = moment;
        match self {
            Self::Series { id, over } => {
                if id == "*" {
                    return metrics.map_or(Json::Null, |m| silence(m, now.timestamp()));
                }
                let series = metrics.and_then(|m| m.series.get(&id.replace("{it}", it)));
                series.map_or(Json::Null, |s| figures(s, now.timestamp(), *over))
            }
            Self::Events { of, matching, over } => {
                let from = after.map_or(now - TimeDelta::seconds(*over), |after| after.max(now - TimeDelta::seconds(*over)));
                let events = of.json(facts);
                events.map_or(Json::Null, |all| told(&all, matching.as_ref(), from))
            }
            Self::Value { of, over } => match of.json(facts) {
                Some(value) => changed(value, past, now, TimeDelta::seconds(*over), after),
                None => Json::Null,
            },
        }
    }
}

/// How long nothing at all has been published that is asked for every minute.
fn silence(metrics: &Metrics, now: i64) -> Json {
    let newest = metrics.series.values().filter(|s| s.every == 60).filter_map(|s| s.points.last()).map(|(at, _)| *at).max();
    json!({ "silent": newest.map(|at| (now - at - 60).max(0)) })
}

/// The points of minutes that are over.
#[expect(clippy::cast_precision_loss, reason = "a few dozen points, and minutes between them")]
fn figures(series: &Series, now: i64, over: i64) -> Json {
    let ended = series.points.iter().filter(|(at, _)| at + 60 <= now);
    let points: Vec<(i64, f64)> = ended.filter(|(at, _)| *at > now - over).copied().collect();
    let silent = series.points.last().map(|(at, _)| (now - at - 60).max(0));
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return json!({ "points": 0, "silent": silent }) };
    let values = || points.iter().map(|p| p.1);
    let minutes = (last.0 - first.0) as f64 / 60.0;
    json!({
        "points": points.len(),
        "first": first.1,
        "last": last.1,
        "at": DateTime::from_timestamp(last.0, 0),
        "mean": values().sum::<f64>() / points.len() as f64,
        "min": values().fold(f64::INFINITY, f64::min),
        "max": values().fold(f64::NEG_INFINITY, f64::max),
        "rate": if minutes > 0.0 { (last.1 - first.1) / minutes } else { 0.0 },
        "silent": silent,
    })
}

fn told(events: &Json, matching: Option<&Regex>, from: Time) -> Json {
    let all = events.as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |event: &&Json| {
        let text = event.get("message").and_then(Json::as_str).unwrap_or_default();
        matching.is_none_or(|m| m.is_match(text))
    };
    let moment = |event: &Json| Some(DateTime::parse_from_rfc3339(event.get("at")?.as_str()?).ok()?.to_utc());
    let mut found: Vec<(Time, &Json)> =
        all.iter().filter(fits).filter_map(|e| Some((moment(e)?, e))).filter(|(at, _)| *at >= from).collect();
    found.sort_by_key(|(at, _)| *at);
    let text = found.last().and_then(|(_, e)| e.get("message")).cloned().unwrap_or_default();
    json!({
        "count": found.len(),
        "first": found.first().map(|f| f.0),
        "last": found.last().map(|f| f.0),
        "text": text,
    })
}

fn changed(value: Json, past: &mut Past, now: Time, over: TimeDelta, after: Option<Time>) -> Json {
    if past.back().is_none_or(|(_, last)| *last != value) {
        past.push_back((now, value));
    }
    // The one that was in force when the window began is kept.
    while past.len() > KEEP || past.get(1).is_some_and(|(at, _)| *at <= now - over) {
        past.pop_front();
    }
    let new = past.back().is_some_and(|(at, _)| after.is_none_or(|after| *at > after));
    let before = past.len().checked_sub(2).filter(|_| new).and_then(|i| past.get(i)).map(|(_, v)| v.clone());
    let at = past.back().map(|(at, _)| *at).filter(|_| before.is_some());
    json!({ "changed": before.is_some(), "before": before, "at": at })
}
