//! What a metric series says about now: one answer for rules, screens, reports and actions. A value that is too old is not current, and the
//! silence of a count is a zero only where CloudWatch has spoken since. It judges nothing.

use chrono::TimeDelta;

use super::{Metrics, Series, SeriesId, sound};
use crate::model::Time;
use crate::model::store::Store;

/// CloudWatch is 1-3 min late: a missing count is a zero only when it is older than this.
pub(crate) const PUBLISH_LAG: TimeDelta = TimeDelta::minutes(3);

const MINUTE: i64 = 60;
/// The points of CloudWatch's own metrics are five minutes apart at most.
const SLOWEST: i64 = 300;
/// Points are that late at most while all is well, with the wait for the question.
const LATE: i64 = 300;

/// What a series says about now. Moments are the beginnings of minutes, in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// The newest value of a minute that is over.
    Value {
        value: f64,
        /// Its minute.
        at: i64,
    },
    /// A count that CloudWatch has written no point of, as it does for a zero.
    Zero {
        /// The first silent minute; none when there never was a point.
        since: Option<i64>,
        /// The newest minute that is certainly silent.
        at: i64,
    },
    /// The newest value there is, which says nothing about now any more.
    Stale {
        value: f64,
        /// Its minute.
        at: i64,
    },
    /// There was never a point, and nothing says that it should be zero.
    Unknown,
}

impl Reading {
    /// Of a series that stands alone: nothing tells its silence from lateness.
    pub(crate) fn alone(series: &Series, now: Time) -> Self {
        Self::of(series, now.timestamp(), None)
    }

    /// `silent` is the newest minute of which a missing point is a zero, if the series is a count. A minute that still runs is left out:
    /// its count still grows.
    fn of(series: &Series, now: i64, silent: Option<i64>) -> Self {
        let own = series.points.iter().rev().copied().find(|(at, _)| at + MINUTE <= now);
        let speaks = |at: i64| now - at <= age_limit(series);
        let silent = silent.filter(|at| series.zero_fill && speaks(*at) && own.is_none_or(|(own, _)| *at > own));
        match (own, silent) {
            (own, Some(at)) => Self::Zero { since: own.map(|(own, _)| own + MINUTE), at },
            (Some((at, value)), None) => match sound(value) {
                Some(value) if speaks(at) => Self::Value { value, at },
                Some(value) => Self::Stale { value, at },
                None => Self::Unknown,
            },
            (None, None) => Self::Unknown,
        }
    }

    /// The value now, if it is known.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value { value, .. } => Some(value),
            Self::Zero { .. } => Some(0.0),
            Self::Stale { .. } | Self::Unknown => None,
        }
    }

    /// The newest point of a minute that is over, however old it is: its minute and its value.
    pub fn newest(self) -> Option<(i64, f64)> {
        match self {
            Self::Value { value, at } | Self::Stale { value, at } => Some((at, value)),
            Self::Zero { .. } | Self::Unknown => None,
        }
    }

    /// The minute that the value is of, if it is known.
    pub fn minute(self) -> Option<i64> {
        match self {
            Self::Value { at, .. } | Self::Zero { at, .. } => Some(at),
            Self::Stale { .. } | Self::Unknown => None,
        }
    }
}

/// How old the newest point of a series may be and still speak for now, in seconds from the beginning of its minute: the time between two
/// questions for it, two periods of the slowest metrics at least, and what points are late by. So it is 15 minutes for what is asked for
/// every minute or every fifth, and 20 for what is asked for every fifteenth.
fn age_limit(series: &Series) -> i64 {
    series.every.max(2 * SLOWEST) + LATE
}

/// Figures whose minutes are at most that far apart are read of one minute; what is older says its age.
const TOGETHER: i64 = 2 * MINUTE;

/// Reads the series of one store at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Readings<'a> {
    metrics: Option<&'a Metrics>,
    now: i64,
    /// The newest minute of any series that is over: what CloudWatch has published so far.
    published: Option<i64>,
    /// The minute of which the figures of one line are, as far as they are known of it.
    line: Option<i64>,
}

/// CloudWatch publishes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// For so many seconds.
    For(i64),
    /// It never has.
    Always,
}

impl<'a> Readings<'a> {
    /// Of a store at a moment.
    pub fn new(store: &'a Store, now: Time) -> Self {
        Self::over(store.get::<Metrics>(), now)
    }

    /// Of the metrics at a moment.
    pub(crate) fn over(metrics: Option<&'a Metrics>, now: Time) -> Self {
        let now = now.timestamp();
        let newest = |s: &Series| s.points.iter().rev().map(|p| p.0).find(|at| at + MINUTE <= now);
        Self { metrics, now, published: metrics.and_then(|m| m.series.values().filter_map(newest).max()), line: None }
    }

    /// The same for figures that stand on one line: all of one minute, the newest that they have in common. What is not known of it says
    /// its age: see `late`.
    #[must_use]
    pub fn line<M: Into<SeriesId>>(self, ids: impl IntoIterator<Item = M>) -> Self {
        let alone = Self { line: None, ..self };
        let minutes: Vec<i64> = ids.into_iter().filter_map(|id| alone.of(id).minute()).collect();
        let newest = minutes.iter().max().copied();
        let line = newest.and_then(|newest| minutes.into_iter().filter(|at| newest - at <= TOGETHER).min());
        Self { line, ..self }
    }

    /// The age in seconds of a figure of this minute, where it is not of the minute of its line.
    pub fn late(&self, minute: Option<i64>) -> Option<i64> {
        let (minute, line) = (minute?, self.line?);
        (minute != line).then(|| self.age(minute))
    }

    /// How long a minute has been over, in seconds.
    pub(crate) fn age(&self, minute: i64) -> i64 {
        (self.now - minute - MINUTE).max(0)
    }

    /// Whether a point of this minute still speaks for now.
    pub(crate) fn speaks(&self, series: &Series, minute: i64) -> bool {
        self.now - minute <= age_limit(series)
    }

    /// The series of that id.
    pub(crate) fn series(&self, id: impl Into<SeriesId>) -> Option<&'a Series> {
        self.metrics?.get(id)
    }

    /// What a series says about now.
    pub fn of(&self, id: impl Into<SeriesId>) -> Reading {
        let id = id.into();
        let Some(series) = self.series(&id) else { return Reading::Unknown };
        // What CloudWatch refused to tell is not silent.
        let own = Reading::of(series, self.now, self.silent(series).filter(|_| self.refused(&id).is_none()));
        let at = self.line.filter(|line| own.minute().is_some_and(|at| at > *line));
        at.and_then(|at| Some(Reading::Value { value: series.at(at)?, at })).unwrap_or(own)
    }

    /// What CloudWatch said instead of telling a series.
    pub(crate) fn refused(&self, id: impl Into<SeriesId>) -> Option<&'a str> {
        self.metrics?.refused.get(id.into().as_str()).map(String::as_str)
    }

    /// The value of a minute. What CloudWatch has refused to tell since its last point is not zero.
    pub(crate) fn at(&self, id: impl Into<SeriesId>, minute: i64) -> Option<f64> {
        let id = id.into();
        let series = self.series(&id)?;
        let told = self.refused(&id).is_none() || series.points.last().is_some_and(|(at, _)| *at >= minute);
        series.at(minute).filter(|_| told)
    }

    /// How long CloudWatch has published nothing at all, if that is too long for its last figures to speak for now. Of no series at all
    /// nothing was asked.
    pub(crate) fn silence(&self) -> Option<Silence> {
        let asked = self.metrics.is_some_and(|m| !m.series.is_empty());
        match self.published.map(|at| self.age(at)).filter(|_| asked) {
            Some(age) => (age > 2 * SLOWEST + LATE).then_some(Silence::For(age)),
            None => asked.then_some(Silence::Always),
        }
    }

    /// The newest minute of which a whole and its parts are known together. All are counts: a minute that one of them has, the others have
    /// too (as zero), but not before they were asked for.
    pub(crate) fn minute_of(&self, parts: &[SeriesId], whole: &SeriesId) -> Option<i64> {
        let alone = Self { line: None, ..*self };
        let all = || parts.iter().chain([whole]);
        let newest = all().filter_map(|id| alone.of(id).minute()).max()?;
        let asked = all().filter_map(|id| Some(self.asked(self.series(id)?))).min()?;
        let own = newest.min(asked);
        Some(self.line.map_or(own, |line| line.min(own)))
    }

    /// The newest minute whose missing point is a zero: CloudWatch has published it of some series, it is late no more, and it was asked
    /// for.
    fn silent(&self, series: &Series) -> Option<i64> {
        let settled = (self.now - MINUTE - PUBLISH_LAG.num_seconds()).div_euclid(MINUTE) * MINUTE;
        Some(self.published?.min(settled).min(self.asked(series)))
    }

    /// The newest minute that was asked for when CloudWatch could have it: later ones are not silent, but unknown. What was asked together
    /// with the series of every minute is as far as they are.
    pub(crate) fn asked(&self, series: &Series) -> i64 {
        let asked = |every: i64| self.metrics.and_then(|m| m.asked_at.get(&every));
        let at = asked(series.every).filter(|at| series.every > MINUTE && asked(MINUTE) != Some(*at));
        at.map_or(i64::MAX, |at| (at - PUBLISH_LAG.num_seconds()).div_euclid(MINUTE) * MINUTE)
    }

    /// The value of a series now; none while it is not known or too old.
    pub fn value(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.of(id).value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::{Alb, Db, Tg};

    /// (minutes ago, value), oldest first.
    type Points = &'static [(i64, f64)];

    /// 12:00:30 of some day.
    const NOW: i64 = 1_772_366_430;

    fn minute(ago: i64) -> i64 {
        NOW.div_euclid(MINUTE) * MINUTE - ago * MINUTE
    }

    fn metrics(series: &[(SeriesId, Points, bool, i64)]) -> Metrics {
        let of = |(id, points, zero_fill, every): &(SeriesId, Points, bool, i64)| {
            let points = points.iter().map(|(ago, value)| (minute(*ago), *value)).collect();
            (id.to_string(), Series { points, zero_fill: *zero_fill, every: *every })
        };
        Metrics { series: series.iter().map(of).collect(), ..Metrics::default() }
    }

    fn read(metrics: &Metrics, id: impl Into<SeriesId>) -> Reading {
        Readings::over(Some(metrics), Time::from_timestamp(NOW, 0).unwrap()).of(id)
    }

    fn value(value: f64, ago: i64) -> Reading {
        Reading::Value { value, at: minute(ago) }
    }

    fn stale(value: f64, ago: i64) -> Reading {
        Reading::Stale { value, at: minute(ago) }
    }

    #[test]
    fn a_gauge_is_its_newest_whole_minute_until_it_is_too_old() {
        let table: [(&str, Points, i64, Reading); 9] = [
            ("no points", &[], 60, Reading::Unknown),
            ("a minute that is over", &[(2, 5.0), (1, 7.0)], 60, value(7.0, 1)),
            ("a point in the running minute", &[(1, 7.0), (0, 9.0)], 60, value(7.0, 1)),
            ("nothing but the running minute", &[(0, 9.0)], 60, Reading::Unknown),
            ("a gap before the newest", &[(9, 5.0), (2, 7.0)], 60, value(7.0, 2)),
            ("as old as it may be", &[(14, 7.0)], 60, value(7.0, 14)),
            ("too old", &[(15, 7.0)], 60, stale(7.0, 15)),
            ("asked for rarely", &[(19, 7.0)], 900, value(7.0, 19)),
            ("too old for that, too", &[(20, 7.0)], 900, stale(7.0, 20)),
        ];
        for (name, points, every, reading) in table {
            assert_eq!(read(&metrics(&[(Db::Cpu.id(), points, false, every)]), Db::Cpu), reading, "{name}");
        }
    }

    #[test]
    fn a_silent_count_is_zero_as_far_as_cloudwatch_has_spoken() {
        let zero = |since: Option<i64>, ago: i64| Reading::Zero { since: since.map(minute), at: minute(ago) };
        let heard: Points = &[(2, 50.0)];
        let table: [(&str, Points, Points, Reading); 8] = [
            ("never a point, others have some", &[], heard, zero(None, 4)),
            ("never a point, nor of any other", &[], &[], Reading::Unknown),
            ("a point", &[(2, 3.0)], heard, value(3.0, 2)),
            ("a point that is late", &[(4, 3.0)], heard, value(3.0, 4)),
            ("silent since", &[(9, 3.0), (6, 4.0)], heard, zero(Some(5), 4)),
            ("silent for long", &[(90, 3.0)], heard, zero(Some(89), 4)),
            ("a point in the running minute", &[(6, 3.0), (0, 9.0)], heard, zero(Some(5), 4)),
            ("all are silent for long", &[(30, 3.0)], &[(20, 50.0)], stale(3.0, 30)),
        ];
        for (name, points, others, reading) in table {
            let metrics = metrics(&[(Alb::Requests.id(), points, true, 60), (Db::Cpu.id(), others, false, 60)]);
            assert_eq!(read(&metrics, Alb::Requests), reading, "{name}");
        }
    }

    #[test]
    fn minutes_that_were_not_asked_for_are_not_silent() {
        let (id, busy) = (Tg::Target5xx.of("web"), Db::Cpu.id());
        let mut metrics = metrics(&[(id.clone(), &[(8, 3.0)], true, 300), (busy, &[(1, 50.0)], false, 60)]);
        metrics.asked_at.insert(300, minute(5));
        assert_eq!(read(&metrics, &id), value(3.0, 8), "asked five minutes ago, when three minutes were not published yet");
        metrics.asked_at.insert(300, minute(0));
        assert_eq!(read(&metrics, &id), Reading::Zero { since: Some(minute(7)), at: minute(4) });
        let newest = |metrics: &Metrics| {
            let all = Readings::over(Some(metrics), Time::from_timestamp(NOW, 0).unwrap());
            all.asked(metrics.get(&id).unwrap())
        };
        assert_eq!(newest(&metrics), minute(3), "nothing says that the others were asked then");
        metrics.asked_at.insert(60, minute(0));
        assert_eq!(newest(&metrics), i64::MAX, "asked together with them");
        metrics.refused.insert(id.to_string(), "Forbidden".to_owned());
        assert_eq!(read(&metrics, &id), value(3.0, 8), "what is refused is not silent");
    }

    #[test]
    fn figures_of_one_line_are_of_one_minute_or_say_their_age() {
        let falling: Points = &[(4, 40.0), (3, 30.0), (2, 20.0), (1, 10.0)];
        let metrics = metrics(&[
            (Alb::Requests.id(), falling, true, 60),
            (Alb::P50.id(), &[(4, 4.0), (3, 3.0)], false, 60),
            (Alb::P99.id(), &[(9, 9.0), (7, 7.0)], false, 300),
            (Alb::Active.id(), &[(9, 9.0), (1, 1.0)], false, 60),
            (Db::Cpu.id(), &[(40, 7.0)], false, 60),
        ]);
        let all = [Alb::Requests.id(), Alb::P50.id(), Alb::P99.id(), Alb::Active.id(), Db::Cpu.id()];
        let line = Readings::over(Some(&metrics), Time::from_timestamp(NOW, 0).unwrap()).line(&all);
        let said = |id: &SeriesId| (line.of(id), line.late(line.of(id).minute()));
        let table = [
            (value(30.0, 3), None),
            (value(3.0, 3), None),
            (value(7.0, 7), Some(390)),
            // A minute that it has no point of.
            (value(1.0, 1), Some(30)),
            (stale(7.0, 40), None),
        ];
        for (id, expected) in all.iter().zip(table) {
            assert_eq!(said(id), expected, "{id}");
        }
        assert_eq!(line.minute_of(&[], &Alb::Requests.id()), Some(minute(3)));
        let alone = Readings::over(Some(&metrics), Time::from_timestamp(NOW, 0).unwrap());
        assert_eq!((alone.of(Alb::Requests), alone.late(Some(minute(9)))), (value(10.0, 1), None), "a figure that stands alone");
    }

    #[test]
    fn only_what_is_current_has_a_value() {
        let table = [
            (Reading::Value { value: 2.0, at: 60 }, Some(2.0), Some(60), Some((60, 2.0))),
            (Reading::Zero { since: None, at: 60 }, Some(0.0), Some(60), None),
            (Reading::Stale { value: 2.0, at: 60 }, None, None, Some((60, 2.0))),
            (Reading::Unknown, None, None, None),
        ];
        for (reading, value, minute, newest) in table {
            assert_eq!((reading.value(), reading.minute(), reading.newest()), (value, minute, newest), "{reading:?}");
        }
    }
}
