//! Current figures from the metric series, neutral of how they are written: what the flow and zone models and the reports show.
//! It judges nothing. A count or gauge that is too old is not current, and is left out.

use chrono::TimeDelta;

use crate::insight::health::limits::PUBLISH_LAG;
use crate::model::Time;
use crate::model::metric::{Metrics, Series, SeriesId};
use crate::model::store::Store;

/// A figure older than this is not shown as current: slow metrics are asked for every fifth minute, and published late.
pub(crate) const CURRENT: TimeDelta = TimeDelta::minutes(15);

/// What a figure counts; how it is written is the reader's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Things per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Seconds, of latency or age.
    Seconds,
    /// 0 to 100.
    Percent,
}

/// One figure with its name and unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// What it is: `requests`, `p95`, `5xx`, ...
    pub label: &'static str,
    /// The value in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl Measure {
    /// A figure.
    pub fn new(label: &'static str, value: f64, unit: Unit) -> Self {
        Self { label, value, unit }
    }
}

/// Reads series of one store at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    metrics: Option<&'a Metrics>,
    now: Time,
}

impl<'a> Reading<'a> {
    /// Of a store at a moment.
    pub(crate) fn new(store: &'a Store, now: Time) -> Self {
        Self { metrics: store.get::<Metrics>(), now }
    }

    /// The newest value whose minute is over; a count that fell silent is zero.
    pub(crate) fn value(&self, id: impl Into<SeriesId>) -> Option<f64> {
        let series = self.metrics?.get(id)?;
        series.settled(self.now, CURRENT).map(|p| p.1).or((series.zero_fill && !series.points.is_empty()).then_some(0.0))
    }

    /// A sum per minute as a rate per second.
    pub(crate) fn per_second(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.value(id).map(|v| v / 60.0)
    }

    /// Percent of `whole` that `part` is in the newest minute for which both were asked; both are counts.
    pub(crate) fn share(&self, part: impl Into<SeriesId>, whole: impl Into<SeriesId>) -> Option<f64> {
        self.share_of(&[part.into()], whole)
    }

    /// The same for several parts together; one that was never published counts for nothing, unless none was.
    pub(crate) fn share_of(&self, parts: &[impl Into<SeriesId> + Clone], whole: impl Into<SeriesId>) -> Option<f64> {
        let (metrics, late) = (self.metrics?, PUBLISH_LAG.num_seconds());
        let parts: Vec<&Series> = parts.iter().filter_map(|id| metrics.get(id.clone())).collect();
        let whole = metrics.get(whole)?;
        let asked = |s: &&Series| metrics.asked_at.get(&s.every).filter(|_| s.every > 60).map_or(i64::MAX, |at| at - late);
        let at = whole.settled(self.now, CURRENT)?.0.min(parts.iter().map(asked).min()?);
        let whole = whole.at(at).filter(|v| *v > 0.0)?;
        let part = parts.iter().filter_map(|s| s.at(at)).reduce(|a, b| a + b)?;
        Some((part / whole.max(part) * 100.0).clamp(0.0, 100.0))
    }

    /// The sum of several series; `None` when none is known.
    pub(crate) fn sum(&self, ids: impl IntoIterator<Item: Into<SeriesId>>) -> Option<f64> {
        ids.into_iter().filter_map(|id| self.value(id)).reduce(|a, b| a + b)
    }

    /// The greatest of several series.
    pub(crate) fn max(&self, ids: impl IntoIterator<Item: Into<SeriesId>>) -> Option<f64> {
        ids.into_iter().filter_map(|id| self.value(id)).reduce(f64::max)
    }
}
