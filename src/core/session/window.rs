//! The stretch of time that is looked at, and the moment in it: one for charts, timeline and log, so that what is found in one of them is
//! looked up in the others. Pure state; `update` moves it, `view` draws it.

use chrono::TimeDelta;

use crate::model::Time;

/// How much of the past is shown. CloudWatch's points are kept for three hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Span {
    Quarter,
    #[default]
    Hour,
    ThreeHours,
}

impl Span {
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::Quarter => 15 * 60,
            Self::Hour => 3600,
            Self::ThreeHours => 3 * 3600,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::ThreeHours => "3h",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Quarter => Self::Hour,
            Self::Hour => Self::ThreeHours,
            Self::ThreeHours => Self::Quarter,
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Window {
    pub(crate) span: Span,
    /// The moment that is looked at; none = now.
    pub(crate) cursor: Option<Time>,
    /// The chart of a box that is looked at, counted round.
    pub(crate) chart: isize,
}

impl Window {
    /// The next width.
    pub(crate) fn widen(&mut self) {
        self.span = self.span.next();
    }

    /// The moment one minute (or a tenth of the window) earlier or later; past the end it is now again.
    pub(crate) fn step(&mut self, by: i64, now: Time) {
        let minute = |at: Time| at - TimeDelta::seconds(at.timestamp().rem_euclid(60));
        let from = self.cursor.unwrap_or(now);
        let to = minute(from + TimeDelta::minutes(by));
        let first = now - TimeDelta::seconds(self.span.seconds());
        self.cursor = (to < now).then(|| to.max(minute(first) + TimeDelta::minutes(1)));
    }

    /// The epoch second in which the shown stretch ends: the moment is always inside it.
    pub(crate) fn end(&self, newest: i64) -> i64 {
        match self.cursor {
            // What lies before the moment matters as much as what lies after it.
            Some(at) if at.timestamp() < newest - self.span.seconds() => at.timestamp() + self.span.seconds() / 2,
            _ => newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::from_timestamp(1_764_158_400 + second, 0).unwrap()
    }

    #[test]
    fn a_moment_goes_minute_by_minute_stays_in_the_window_and_ends_as_now() {
        let mut window = Window { span: Span::Quarter, ..Window::default() };
        let now = at(30);
        window.step(-1, now);
        assert_eq!(window.cursor, Some(at(-60)));
        window.step(-100, now);
        assert_eq!(window.cursor, Some(at(-14 * 60)), "not beyond what is shown");
        window.step(10, now);
        assert_eq!(window.cursor, Some(at(-4 * 60)));
        window.step(10, now);
        assert_eq!(window.cursor, None, "past the end it is now");
    }

    #[test]
    fn a_moment_that_is_long_ago_is_in_the_middle_of_what_is_shown() {
        let mut window = Window::default();
        assert_eq!(window.end(at(0).timestamp()), at(0).timestamp());
        window.cursor = Some(at(-1800));
        assert_eq!(window.end(at(0).timestamp()), at(0).timestamp());
        window.cursor = Some(at(-7200));
        assert_eq!(window.end(at(0).timestamp()), at(-5400).timestamp());
    }
}
