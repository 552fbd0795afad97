//! How times are written in the log (UTC, local, how long ago) and how one is typed to go to. There is no clock here and no zone: now
//! is the session's, and the offset of a moment is asked of a function that the shell sets. Called by `update` and `view`.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveTime, Offset, TimeDelta, Utc};

use crate::model::{Time, text};
use crate::session::Session;

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Times {
    #[default]
    Utc,
    Local,
    Ago,
}

/// What the user's zone is ahead of UTC at a moment; UTC where nobody has said.
#[derive(Clone, Default)]
pub(crate) struct Zone(Option<Arc<dyn Fn(Time) -> FixedOffset + Send + Sync>>);

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Zone" } else { "Zone(UTC)" })
    }
}

impl Zone {
    fn offset(&self, at: Time) -> FixedOffset {
        self.0.as_ref().map_or_else(|| Utc.fix(), |of| of(at))
    }

    fn local(&self, at: Time) -> DateTime<FixedOffset> {
        at.with_timezone(&self.offset(at))
    }

    /// The moment at which a local clock shows this; of two such moments the later.
    fn moment(&self, local: chrono::NaiveDateTime) -> Time {
        let by = |offset: FixedOffset| local.and_utc() - TimeDelta::seconds(i64::from(offset.local_minus_utc()));
        by(self.offset(by(self.offset(local.and_utc()))))
    }
}

impl Session {
    /// Sets how far the user's clock is ahead of UTC at a moment: asked for each moment, so that an hour of summer time is right. Without
    /// it local time is UTC.
    pub fn set_zone(&mut self, offset_at: Arc<dyn Fn(Time) -> FixedOffset + Send + Sync>) {
        self.logs.zone = Zone(Some(offset_at));
        self.dirty = true;
    }
}

impl Times {
    /// The next way to write times.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Ago,
            Self::Ago => Self::Utc,
        }
    }

    /// What the times are: `UTC`, `UTC+11:00`, `ago`.
    pub(crate) fn label(self, zone: &Zone, now: Time) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Local => format!("UTC{}", zone.offset(now)),
            Self::Ago => "ago".to_owned(),
        }
    }

    /// A time in eight cells.
    pub(crate) fn clock(self, zone: &Zone, at: Time, now: Time) -> String {
        match self {
            Self::Utc => at.format("%H:%M:%S").to_string(),
            Self::Local => zone.local(at).format("%H:%M:%S").to_string(),
            Self::Ago => format!("{:>8}", text::age(at, now)),
        }
    }

    /// The moment that was typed: `14:02`, `14:02:10`, `-10m`. A time of day is the last one that there was, by the clock that is shown.
    pub(crate) fn read(self, typed: &str, zone: &Zone, now: Time) -> Result<Time, String> {
        let typed = typed.trim();
        let wrong = || format!("no time: {typed} (14:02, 14:02:10 or -10m)");
        if let Some(back) = typed.strip_prefix('-') {
            let digits = back.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let n: i64 = digits.parse().ok().filter(|n| (0..=1_000_000).contains(n)).ok_or_else(wrong)?;
            let seconds = match back.get(digits.len()..).unwrap_or_default() {
                "s" => 1,
                "" | "m" => 60,
                "h" => 3600,
                _ => return Err(wrong()),
            };
            return Ok(now - TimeDelta::seconds(n * seconds));
        }
        let time = ["%H:%M:%S", "%H:%M"].iter().find_map(|f| NaiveTime::parse_from_str(typed, f).ok()).ok_or_else(wrong)?;
        let utc = Zone::default();
        let zone = if self == Self::Local { zone } else { &utc };
        let day = zone.local(now).date_naive();
        let today = zone.moment(day.and_time(time));
        Ok(if today > now { zone.moment((day - TimeDelta::days(1)).and_time(time)) } else { today })
    }
}

/// A moment in full, as the detail shows it: `2026-11-30 14:02:10.123`.
pub(crate) fn whole(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The same by the user's clock, with what that is ahead of UTC.
pub(crate) fn whole_local(zone: &Zone, at: Time) -> String {
    zone.local(at).format("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
}
