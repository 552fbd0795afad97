//! Reads metric series minute by minute: `n of m` limits, shares and means over complete minutes, with CloudWatch's lateness in mind.
//! A series that is missing, or too old, gives no answer: then its rule does not apply. Called by the rules.

use crate::model::Time;
use crate::model::metric::{Metrics, Readings, Series, SeriesId};

use crate::insight::health::limits::{Bound, Share};

const MINUTE: i64 = 60;

/// A limit that was crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Breach {
    /// The newest bad value.
    pub value: f64,
    /// Bad minutes.
    pub n: usize,
    /// Minutes looked at.
    pub of: usize,
}

impl Breach {
    /// ` for 5 min`, ` in 3 of 5 min`, or nothing for a single point.
    pub(crate) fn span(&self) -> String {
        match (self.n, self.of) {
            (_, 1) => String::new(),
            (n, of) if n == of => format!(" for {of} min"),
            (n, of) => format!(" in {n} of {of} min"),
        }
    }
}

/// The metrics section at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a>(Readings<'a>);

impl<'a> Window<'a> {
    pub(crate) fn new(metrics: &'a Metrics, now: Time) -> Self {
        Self(Readings::over(Some(metrics), now))
    }

    /// A series, and the start of the newest minute that it speaks for.
    fn up_to(&self, id: impl Into<SeriesId>) -> Option<(&'a Series, i64)> {
        let id = id.into();
        Some((self.0.series(&id)?, self.0.of(&id).minute()?))
    }

    /// Values of the `m` minutes up to `end`, newest first.
    fn slots(series: &Series, end: i64, m: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        (0..m as i64).map(move |back| series.at(end - back * MINUTE))
    }

    /// Values of the newest `m` complete minutes, newest first; `None` where nothing is known.
    pub(crate) fn minutes(&self, id: impl Into<SeriesId>, m: usize) -> Option<Vec<Option<f64>>> {
        let (series, end) = self.up_to(id)?;
        Some(Self::slots(series, end, m).collect())
    }

    /// Values of two series in the newest `m` complete minutes of the first.
    pub(crate) fn both(&self, a: impl Into<SeriesId>, b: impl Into<SeriesId>, m: usize) -> Option<Vec<(Option<f64>, Option<f64>)>> {
        let ((a, end), b) = (self.up_to(a)?, self.0.series(b)?);
        Some(Self::slots(a, end, m).zip(Self::slots(b, end, m)).collect())
    }

    /// The newest complete value that still speaks for now.
    pub(crate) fn latest(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.0.value(id)
    }

    /// Whether a limit is crossed.
    pub(crate) fn breach(&self, id: impl Into<SeriesId>, limit: &Bound) -> Option<Breach> {
        let values = if limit.of == 1 { vec![self.latest(id)] } else { self.minutes(id, limit.of)? };
        over(values.iter().copied(), limit)
    }

    /// Whether the sum of two series crosses a limit; both must be known in a minute.
    pub(crate) fn breach_of_sum(&self, a: impl Into<SeriesId>, b: impl Into<SeriesId>, limit: &Bound) -> Option<Breach> {
        let (a, b) = (self.minutes(a, limit.of)?, self.minutes(b, limit.of)?);
        over(a.into_iter().zip(b).map(|(a, b)| Some(a? + b?)), limit)
    }

    /// The worst share of failed requests: (critical?, share of the newest bad minute, breach).
    pub(crate) fn share(&self, errors: impl Into<SeriesId>, requests: impl Into<SeriesId>, rule: &Share) -> Option<(bool, Breach)> {
        let (errors, requests) = (errors.into(), requests.into());
        // Both are counts: a minute that one of them has, the other has too (as zero).
        let end = self.0.of(&requests).minute().max(self.0.of(&errors).minute())?;
        let (errors, requests) = (self.0.series(errors)?, self.0.series(requests)?);
        // But not before it was asked for.
        let end = end.min(self.0.asked(errors)).min(self.0.asked(requests));
        let check = |(share, n, of): (f64, usize, usize)| {
            let bad: Vec<f64> = Self::slots(errors, end, of)
                .zip(Self::slots(requests, end, of))
                .filter_map(|(e, r)| failed_share(e?, r?, rule))
                .filter(|s| *s >= share)
                .collect();
            (bad.len() >= n).then_some(Breach { value: *bad.first()?, n: bad.len(), of })
        };
        check(rule.critical).map(|b| (true, b)).or_else(|| check(rule.warn).map(|b| (false, b)))
    }

    /// Mean of the `m` minutes before the newest `skip` ones.
    pub(crate) fn mean_before(&self, id: impl Into<SeriesId>, skip: usize, m: usize) -> Option<f64> {
        let values: Vec<f64> = self.minutes(id, skip + m)?.into_iter().skip(skip).flatten().collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Every point of the last `seconds` is above zero, and they cover nearly all of it.
    pub(crate) fn positive_throughout(&self, id: impl Into<SeriesId>, seconds: i64) -> Option<f64> {
        let (series, end) = self.up_to(id)?;
        let points: Vec<_> = series.points.iter().filter(|p| p.0 <= end && p.0 > end - seconds).collect();
        let covered = points.last()?.0 - points.first()?.0;
        let all = points.iter().all(|p| p.1 > 0.0);
        (all && covered >= seconds - 10 * MINUTE).then(|| points.last().map_or(0.0, |p| p.1))
    }
}

/// A share in 0..=1, if the minute counts. Requests that found no target are not in RequestCount: errors alone are then all of them.
fn failed_share(errors: f64, requests: f64, rule: &Share) -> Option<f64> {
    let all = requests.max(errors);
    (all > 0.0 && errors >= rule.floor_errors && requests >= rule.floor_requests).then(|| errors / all)
}

fn over(values: impl Iterator<Item = Option<f64>>, limit: &Bound) -> Option<Breach> {
    let bad: Vec<f64> = values.flatten().filter(|v| limit.is_bad(*v)).collect();
    (bad.len() >= limit.n).then_some(Breach { value: *bad.first()?, n: bad.len(), of: limit.of })
}
