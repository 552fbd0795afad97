//! Lines of before the dashboard began: how far back they are wanted, how far they are read, and why no further. Reading them is the
//! engine's. Called by `update`; read by the pane's head.

use chrono::TimeDelta;

use super::LogView;
use crate::model::Time;
use crate::model::log::LogTail;
use crate::session::Effect;

/// So much older with each key.
const STEP: TimeDelta = TimeDelta::minutes(15);
/// Further back is for `logs --since` and for queries.
const FURTHEST: TimeDelta = TimeDelta::hours(24);

/// What is wanted of the past.
#[derive(Debug, Clone, Default)]
pub(crate) struct Older {
    /// From there on.
    wanted: Option<Time>,
    /// The time that was to be gone to, once its lines are there.
    aim: Option<Time>,
    /// From there on all is there.
    reached: Option<Time>,
    /// Why no more can be read.
    end: Option<String>,
    /// What was asked of the engine last.
    told: Option<Time>,
}

impl Older {
    pub(super) fn observe(&mut self, tail: &LogTail) {
        let first = tail.progress.values().filter_map(|p| p.began).min();
        self.reached = tail.back.to.or(first);
        self.end.clone_from(&tail.back.end);
    }

    /// Whether lines are on their way.
    fn is_reading(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.reached.is_none_or(|reached| wanted < reached)) && self.end.is_none()
    }
}

impl LogView {
    /// Wants a quarter of an hour more; words, where that cannot be.
    pub(crate) fn want_older(&mut self, now: Time) -> Option<String> {
        let from = self.older.wanted.into_iter().chain(self.older.reached).min()?;
        self.want(from - STEP, now)
    }

    /// Wants the lines from that time on, and to be led there.
    pub(super) fn want_back_to(&mut self, at: Time, now: Time) -> Option<String> {
        self.older.aim = Some(at);
        self.want(at, now)
    }

    fn want(&mut self, at: Time, now: Time) -> Option<String> {
        if let Some(end) = &self.older.end {
            self.older.aim = None;
            return Some(format!("no older lines: {end}; 'nextcore-top logs --since' reads them"));
        }
        if now - at > FURTHEST {
            self.older.aim = None;
            return Some("that is more than a day ago: 'nextcore-top logs --since', or Q for a query".to_owned());
        }
        self.older.wanted = Some(at);
        None
    }

    /// Wants no more than is there; `false` where nothing is on its way.
    pub(crate) fn stop_older(&mut self) -> bool {
        let was = self.older.is_reading();
        if was {
            (self.older.wanted, self.older.aim) = (None, None);
        }
        was
    }

    /// How far back it is read, and how far it is to be.
    pub(crate) fn older(&self) -> Option<(Option<Time>, Time)> {
        self.older.wanted.filter(|_| self.older.is_reading()).map(|wanted| (self.older.reached, wanted))
    }

    /// The oldest time of which all lines are there.
    pub(crate) fn reached(&self) -> Option<Time> {
        self.older.reached
    }

    /// What the engine is to do from now on, where that has changed.
    pub(crate) fn tell_older(&mut self) -> Option<Effect> {
        let now = self.older.wanted.filter(|_| self.older.is_reading());
        let was = std::mem::replace(&mut self.older.told, now);
        (now != was).then_some(Effect::Older(now))
    }

    /// What was waited for is there, or nothing more comes: the time to go to, and what there is to say.
    pub(crate) fn older_done(&mut self, now: Time) -> Option<String> {
        if self.older.wanted.is_none() || self.older.is_reading() {
            return None;
        }
        let (wanted, aim) = (self.older.wanted.take()?, self.older.aim.take());
        if let Some(end) = &self.older.end {
            return Some(format!("no older lines: {end}; 'nextcore-top logs --since' reads them"));
        }
        let led = aim.and_then(|at| self.go_to(at, now));
        led.or_else(|| {
            Some(format!(
                "all lines since {} {}",
                self.times.clock(&self.zone, wanted, now).trim_start(),
                self.times.label(&self.zone, now)
            ))
        })
    }
}
