//! One rule and one subject over time: for how long what opens it has held, whether it is open, for how long what closes it has held.
//! A state machine over answers; it knows no rule. Called by `detector`.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::window::Past;
use crate::expression::Answer;
use crate::model::Time;

/// What is remembered of it.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) state: State,
    /// When its last incident was over: what was before does not open another one.
    pub(super) closed_at: Option<Time>,
    /// What its windows remember.
    pub(super) past: BTreeMap<String, Past>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    #[default]
    Quiet,
    /// What opens it has held since then.
    Met(Time),
    Open,
    /// What closes it has held since then.
    Recovering(Time),
}

/// What the newest answers made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Opens,
    Recovers,
    Reopens,
    Closes,
}

impl Track {
    /// Takes in the newest answers. What cannot be told changes nothing.
    pub(super) fn step(&mut self, opens: &Answer, closes: &Answer, holds: i64, closes_after: i64, now: Time) -> Step {
        let held = |since: Time, seconds: i64| now - since >= TimeDelta::seconds(seconds);
        let over = *closes == Answer::True;
        match self.state {
            State::Quiet | State::Met(_) if *opens == Answer::False || over => {
                self.state = State::Quiet;
                Step::Nothing
            }
            State::Quiet if *opens == Answer::True => {
                self.state = State::Met(now);
                if holds > 0 { Step::Nothing } else { self.open() }
            }
            State::Met(since) if *opens == Answer::True && held(since, holds) => self.open(),
            State::Open if over && closes_after > 0 => {
                self.state = State::Recovering(now);
                Step::Recovers
            }
            State::Open if over => self.close(now),
            State::Recovering(_) if *closes == Answer::False => {
                self.state = State::Open;
                Step::Reopens
            }
            State::Recovering(since) if over && held(since, closes_after) => self.close(now),
            State::Quiet | State::Met(_) | State::Open | State::Recovering(_) => Step::Nothing,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Recovering(_))
    }

    fn open(&mut self) -> Step {
        self.state = State::Open;
        Step::Opens
    }

    fn close(&mut self, now: Time) -> Step {
        self.state = State::Quiet;
        self.closed_at = Some(now);
        Step::Closes
    }
}
