//! Metric series as the dashboard asks for them: one batch a minute, by the ids of `id`, such as `svc/web/cpu`.

mod id;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};

pub use id::{Alb, Cdn, CdnRealtime, Db, Dns, Family, Insights, Logs, Nat, Redis, S3, SeriesId, Svc, Tg};

/// Points of one metric, oldest first, one a minute at most.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    /// (epoch seconds of the period's start, value).
    pub points: Vec<(i64, f64)>,
    /// Missing minutes mean zero (ALB counts), not unknown.
    pub zero_fill: bool,
    /// Seconds between two questions for it; 0 = not known.
    #[serde(default)]
    pub every: i64,
}

/// Points arrive this late after their minute, and are asked for a little later still.
const LATE: i64 = 300;

impl Series {
    /// The newest value.
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|p| p.1)
    }

    /// Up to what age a point can be the newest that there is: what is asked rarely is seldom young.
    fn patience(&self, max_age: chrono::TimeDelta) -> i64 {
        let rarely = if self.every > 60 { self.every + LATE } else { 0 };
        max_age.num_seconds().max(rarely)
    }

    /// The newest value if it is not older than `max_age` (or than the series is asked for) at `now`; a zero-filled series is zero after
    /// that, and before its first point.
    pub fn current(&self, now: Time, max_age: chrono::TimeDelta) -> Option<f64> {
        match self.points.last() {
            Some((at, value)) if now.timestamp() - at <= self.patience(max_age) => Some(*value),
            _ if self.zero_fill => Some(0.0),
            _ => None,
        }
    }

    /// The newest point whose minute is over and that is not older than `max_age` at `now`: a count that still grows would mislead.
    pub fn settled(&self, now: Time, max_age: chrono::TimeDelta) -> Option<(i64, f64)> {
        let (now, patience) = (now.timestamp(), self.patience(max_age));
        self.points.iter().rev().copied().find(|p| p.0 + 60 <= now).filter(|p| now - p.0 <= patience)
    }

    /// The value of one minute; a missing minute of a zero-filled series is zero.
    pub fn at(&self, start: i64) -> Option<f64> {
        let minute = start.div_euclid(60);
        let found = self.points.binary_search_by_key(&minute, |p| p.0.div_euclid(60)).ok();
        found.and_then(|i| self.points.get(i)).map(|p| p.1).or(self.zero_fill.then_some(0.0))
    }

    /// The newest `n` values, oldest first.
    pub fn tail(&self, n: usize) -> impl Iterator<Item = f64> + '_ {
        let skip = self.points.len().saturating_sub(n);
        self.points.iter().skip(skip).map(|p| p.1)
    }

    /// Mean over the points of the last `span` before `now`.
    pub fn mean(&self, now: Time, span: chrono::TimeDelta) -> Option<f64> {
        let from = now.timestamp() - span.num_seconds();
        let (sum, n) = self.points.iter().filter(|p| p.0 >= from).fold((0.0, 0_u32), |(s, n), p| (s + p.1, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// Merges newer points over older ones (late points are corrected by CloudWatch) and keeps `keep` of them.
    pub fn merge(&mut self, points: impl IntoIterator<Item = (i64, f64)>, keep: usize) {
        let mut all: BTreeMap<i64, f64> = self.points.drain(..).collect();
        all.extend(points);
        let skip = all.len().saturating_sub(keep);
        self.points = all.into_iter().skip(skip).collect();
    }
}

/// cloudwatch:GetMetricData of everything that the stack's panes and rules read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// By the text of their [`SeriesId`].
    pub series: BTreeMap<String, Series>,
    /// Ids that CloudWatch answered with an error, and what it said.
    pub refused: BTreeMap<String, String>,
    /// When the series of a turn (by its seconds) were last asked for, epoch seconds.
    #[serde(default)]
    pub asked_at: BTreeMap<i64, i64>,
}

impl Section for Metrics {
    const KEY: SectionKey = SectionKey("metrics");
    const TITLE: &'static str = "metrics";
}

impl Metrics {
    /// One series.
    pub fn get(&self, id: impl Into<SeriesId>) -> Option<&Series> {
        self.series.get(id.into().as_str())
    }
}
