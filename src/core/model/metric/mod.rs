//! Metric series as the dashboard asks for them: one batch a minute, by the ids of `id`, such as `svc/web/cpu`.

mod id;
mod reading;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::section::{Section, SectionKey};
use super::system::System;

pub(crate) use reading::{PUBLISH_LAG, Silence};

pub use reading::{Reading, Readings};

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

impl Series {
    /// The value of one minute; a missing minute of a zero-filled series is zero, one that cannot be is not known.
    pub fn at(&self, start: i64) -> Option<f64> {
        let minute = start.div_euclid(60);
        let found = self.points.binary_search_by_key(&minute, |p| p.0.div_euclid(60)).ok();
        match found.and_then(|i| self.points.get(i)) {
            Some((_, value)) => sound(*value),
            None => self.zero_fill.then_some(0.0),
        }
    }

    /// Merges newer points over older ones (late points are corrected by CloudWatch) and keeps `keep` of them.
    pub fn merge(&mut self, points: impl IntoIterator<Item = (i64, f64)>, keep: usize) {
        let mut all: BTreeMap<i64, f64> = self.points.drain(..).collect();
        all.extend(points);
        let skip = all.len().saturating_sub(keep);
        self.points = all.into_iter().skip(skip).collect();
    }
}

/// A value that can be: every metric that is read here counts or measures from zero up. Below it is no zero either (`-0/s`).
fn sound(value: f64) -> Option<f64> {
    (value.is_finite() && value >= 0.0).then_some(value.abs())
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
    const OF: Option<System> = None;
}

impl Metrics {
    /// One series.
    pub fn get(&self, id: impl Into<SeriesId>) -> Option<&Series> {
        self.series.get(id.into().as_str())
    }
}
