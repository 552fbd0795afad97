//! Reads metric series minute by minute: `n of m` limits, shares and means over complete minutes, with CloudWatch's lateness in mind.
//! A series that is missing, or too old, gives no answer: then its rule does not apply. Called by the rules.

use std::cell::Cell;

use crate::model::Time;
use crate::model::metric::{Metrics, Readings, Series, SeriesId, Silence};

use crate::insight::health::limits::{Bound, Share};

const MINUTE: i64 = 60;

/// What is asked for more seldom says nothing about how old the figures of a node are.
const SELDOM: i64 = 300;
/// A figure that has been over for longer says its minute.
const OLD: i64 = 2 * MINUTE;

/// A limit that was crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Breach {
    /// The newest bad value.
    pub value: f64,
    /// Bad minutes.
    pub n: usize,
    /// Minutes looked at.
    pub of: usize,
    /// It is the newest minute of which anything is known.
    newest: bool,
    /// Its minute, where it must be said: another figure of newer minutes stands beside it, or it is old.
    said: Option<Time>,
}

impl Breach {
    /// ` for 5 min`, ` in 3 of 5 min`, ` at 02:31, in 3 of 5 min`, or nothing for a single point.
    pub(crate) fn span(&self) -> String {
        let at = self.said.map(|at| format!(" at {}", at.format("%H:%M")));
        let minutes = match (self.n, self.of) {
            (_, 1) => String::new(),
            (n, of) if n == of => format!(" for {of} min"),
            (n, of) => format!(" in {n} of {of} min"),
        };
        match at {
            Some(at) if minutes.is_empty() => at,
            Some(at) => format!("{at},{minutes}"),
            None => minutes,
        }
    }
}

/// Values of some minutes, newest first, each with its minute.
type Slots = Vec<(i64, Option<f64>)>;

/// The metrics section at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Window<'a> {
    readings: Readings<'a>,
    /// The oldest minute that was looked at since it was last taken.
    oldest: Cell<Option<i64>>,
}

impl<'a> Window<'a> {
    pub(crate) fn new(metrics: &'a Metrics, now: Time) -> Self {
        Self { readings: Readings::over(Some(metrics), now), oldest: Cell::new(None) }
    }

    /// When the oldest minute was over that the rules have looked at since the last call; what is asked for seldom does not count.
    pub(crate) fn take_oldest(&self) -> Option<Time> {
        Time::from_timestamp(self.oldest.take()? + MINUTE, 0)
    }

    fn note(&self, series: &Series, at: i64) {
        if series.every <= SELDOM {
            self.oldest.set(Some(self.oldest.get().map_or(at, |old| old.min(at))));
        }
    }

    /// The beginning of the first of the minutes, up to the newest one, in which a series was zero.
    pub(crate) fn since_zero(&self, id: impl Into<SeriesId>) -> Option<Time> {
        let id = id.into();
        let (series, end) = (self.readings.series(&id)?, self.up_to(&id)?);
        let newest = series.points.iter().rev().skip_while(|(at, _)| *at > end);
        let first = newest.take_while(|(_, value)| *value <= 0.0).last()?;
        Time::from_timestamp(first.0, 0)
    }

    /// The start of the newest minute that a series speaks for.
    fn up_to(&self, id: &SeriesId) -> Option<i64> {
        let (series, end) = (self.readings.series(id)?, self.readings.of(id).minute()?);
        self.note(series, end);
        Some(end)
    }

    /// Values of the `m` minutes up to `end`, newest first; those that say nothing about now any more are not known.
    fn slots(&self, id: &SeriesId, end: i64, m: usize) -> impl Iterator<Item = (i64, Option<f64>)> + use<'a> {
        let (readings, id) = (self.readings, id.clone());
        let minutes = (0..m as i64).map(move |back| end - back * MINUTE);
        let speaks = move |at: i64| readings.series(&id).is_some_and(|s| readings.speaks(s, at)).then(|| readings.at(&id, at)).flatten();
        minutes.map(move |at| (at, speaks(at)))
    }

    /// What CloudWatch said instead of telling a series, if nothing of it is known for now: of a count nothing is that was not told.
    pub(crate) fn refused(&self, id: impl Into<SeriesId>) -> Option<&'a str> {
        let id = id.into();
        let said = self.readings.refused(&id)?;
        let lost = self.readings.series(&id).is_none_or(|s| s.zero_fill) || self.readings.value(&id).is_none();
        lost.then_some(said)
    }

    /// Whether a series is among those that were asked for.
    pub(crate) fn has(&self, id: impl Into<SeriesId>) -> bool {
        self.readings.series(id).is_some()
    }

    /// For how long CloudWatch has published nothing at all: see `Readings::silence`.
    pub(crate) fn silence(&self) -> Option<Silence> {
        self.readings.silence()
    }

    fn dated(&self, id: impl Into<SeriesId>, m: usize) -> Option<Slots> {
        let id = id.into();
        let end = self.up_to(&id)?;
        Some(self.slots(&id, end, m).collect())
    }

    /// Values of the newest `m` complete minutes, newest first; `None` where nothing is known.
    pub(crate) fn minutes(&self, id: impl Into<SeriesId>, m: usize) -> Option<Vec<Option<f64>>> {
        Some(self.dated(id, m)?.into_iter().map(|(_, value)| value).collect())
    }

    /// Values of several series in the same `m` minutes: the newest of any of them. One that has ended meanwhile has none there.
    pub(crate) fn aligned(&self, ids: impl IntoIterator<Item = SeriesId>, m: usize) -> Option<Vec<Vec<Option<f64>>>> {
        let all: Vec<(SeriesId, i64)> = ids.into_iter().map(|id| self.up_to(&id).map(|end| (id, end))).collect::<Option<_>>()?;
        let end = all.iter().map(|(_, end)| *end).max()?;
        Some(all.iter().map(|(id, _)| self.slots(id, end, m).map(|(_, value)| value).collect()).collect())
    }

    /// Values of two series in the newest `m` complete minutes of the first.
    pub(crate) fn both(&self, a: impl Into<SeriesId>, b: impl Into<SeriesId>, m: usize) -> Option<Vec<(Option<f64>, Option<f64>)>> {
        let (a, b) = (a.into(), b.into());
        let end = self.up_to(&a)?;
        self.readings.series(&b)?;
        Some(self.slots(&a, end, m).zip(self.slots(&b, end, m)).map(|((_, a), (_, b))| (a, b)).collect())
    }

    /// The newest complete value that still speaks for now.
    pub(crate) fn latest(&self, id: impl Into<SeriesId>) -> Option<f64> {
        let id = id.into();
        self.readings.at(&id, self.up_to(&id)?)
    }

    /// Whether a limit is crossed.
    pub(crate) fn breach(&self, id: impl Into<SeriesId>, limit: &Bound) -> Option<Breach> {
        let minutes = self.dated(id, limit.of)?;
        self.over(minutes, limit)
    }

    /// Whether the sum of two series crosses a limit; both must be known in a minute.
    pub(crate) fn breach_of_sum(&self, a: impl Into<SeriesId>, b: impl Into<SeriesId>, limit: &Bound) -> Option<Breach> {
        let (a, b) = (a.into(), b.into());
        let end = self.up_to(&a)?.min(self.up_to(&b)?);
        let sum =
            self.slots(&a, end, limit.of).zip(self.slots(&b, end, limit.of)).map(|((at, a), (_, b))| (at, a.zip(b).map(|(a, b)| a + b)));
        self.over(sum.collect(), limit)
    }

    /// The worst share of failed requests: (critical?, share of the newest bad minute, breach).
    pub(crate) fn share(&self, errors: impl Into<SeriesId>, requests: impl Into<SeriesId>, rule: &Share) -> Option<(bool, Breach)> {
        let (errors, requests) = (errors.into(), requests.into());
        let end = self.readings.minute_of(std::slice::from_ref(&errors), &requests)?;
        self.readings.series(&requests)?;
        self.note(self.readings.series(&errors)?, end);
        let check = |(share, n, of): (f64, usize, usize)| {
            let shares = self.slots(&errors, end, of).zip(self.slots(&requests, end, of));
            let shares = shares.map(|((at, e), (_, r))| (at, e.zip(r).and_then(|(e, r)| failed_share(e, r, rule))));
            let breach = self.breached(shares.collect(), |s| s >= share, n)?;
            // Who is served again is served, whatever was minutes ago.
            Some(breach).filter(|b| b.newest)
        };
        check(rule.critical).map(|b| (true, b)).or_else(|| check(rule.warn).map(|b| (false, b)))
    }

    fn over(&self, minutes: Slots, limit: &Bound) -> Option<Breach> {
        self.breached(minutes, |v| limit.is_bad(v), limit.n)
    }

    /// Whether at least `n` of these minutes are bad.
    fn breached(&self, minutes: Slots, is_bad: impl Fn(f64) -> bool, n: usize) -> Option<Breach> {
        let (newest, of) = (minutes.first()?.0, minutes.len());
        let known: Vec<(i64, f64)> = minutes.into_iter().filter_map(|(at, v)| Some((at, v?))).collect();
        let last = known.first()?.0;
        let bad: Vec<(i64, f64)> = known.into_iter().filter(|(_, v)| is_bad(*v)).collect();
        let (at, value) = *bad.first().filter(|_| bad.len() >= n)?;
        let said = (at < newest || self.readings.age(at) > OLD).then(|| Time::from_timestamp(at, 0)).flatten();
        Some(Breach { value, n: bad.len(), of, newest: at == last, said })
    }

    /// Mean of the `m` minutes before the newest `skip` ones.
    pub(crate) fn mean_before(&self, id: impl Into<SeriesId>, skip: usize, m: usize) -> Option<f64> {
        let id = id.into();
        let end = self.up_to(&id)?;
        // What was usual before may be as old as it is.
        let values: Vec<f64> = (skip..skip + m).filter_map(|back| self.readings.at(&id, end - back as i64 * MINUTE)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Every point of the last `seconds` is above zero, and they cover nearly all of it.
    pub(crate) fn positive_throughout(&self, id: impl Into<SeriesId>, seconds: i64) -> Option<f64> {
        let id = id.into();
        let (series, end) = (self.readings.series(&id)?, self.up_to(&id)?);
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
