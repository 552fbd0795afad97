//! Figures that are made of the readings of metric series, neutral of how they are written: what the flow and zone models and the reports
//! show. It judges nothing.

use crate::model::metric::{Readings, SeriesId};

/// What a figure counts; how it is written is the reader's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Things per second.
    PerSecond,
    Bytes,
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
    pub unit: Unit,
}

impl Measure {
    /// A figure.
    pub fn new(label: &'static str, value: f64, unit: Unit) -> Self {
        Self { label, value, unit }
    }
}

impl Readings<'_> {
    /// A sum per minute as a rate per second.
    pub(crate) fn per_second(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.value(id).map(|v| v / 60.0)
    }

    /// Percent of `whole` that `part` is in the newest minute for which both were asked; both are counts.
    pub(crate) fn share(&self, part: impl Into<SeriesId>, whole: impl Into<SeriesId>) -> Option<f64> {
        self.share_of(&[part.into()], whole)
    }

    /// The same for several parts together: all of them must be known. One that was asked for and never published counts for nothing; one
    /// that was refused or left out is not nothing.
    pub(crate) fn share_of(&self, parts: &[impl Into<SeriesId> + Clone], whole: impl Into<SeriesId>) -> Option<f64> {
        let (parts, whole): (Vec<SeriesId>, SeriesId) = (parts.iter().map(|id| id.clone().into()).collect(), whole.into());
        let at = self.minute_of(&parts, &whole)?;
        let part: f64 = parts.iter().map(|id| self.at(id, at)).sum::<Option<f64>>()?;
        // Requests that found no target are not counted: what failed is then all of them.
        let all = Some(self.at(whole, at)?.max(part)).filter(|v| *v > 0.0)?;
        Some((part / all * 100.0).clamp(0.0, 100.0))
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
