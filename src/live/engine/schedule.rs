//! When to poll next: a pure function of the interval, the attention and how the last polls went. Called by the polling tasks.

use std::time::Duration;

use nextcore_core::model::section::ProblemKind;

/// How the last polls of a source went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The last poll succeeded.
    Good,
    /// The last `failures` polls failed, the last one like this.
    Bad {
        /// Kind of the last failure.
        kind: ProblemKind,
        /// Consecutive failures, at least one.
        failures: u32,
    },
}

/// An interval is never stretched beyond this by throttling.
const THROTTLE_CAP: Duration = Duration::from_mins(1);
/// A failed poll that may succeed at once is repeated after this, then twice as long, up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(2);
/// A poll that another section will make possible.
const WAIT: Duration = Duration::from_millis(50);
const LONG_WAIT: Duration = Duration::from_secs(1);
const SHORT_WAITS: u32 = 40;
/// What the service answered with an error of its own is asked again after this, then twice as long, up to the interval.
const SERVICE_RETRY: Duration = Duration::from_secs(20);
/// What is denied is asked rarely: somebody has to change a policy first.
const DENIED: Duration = Duration::from_secs(30);
/// What our own budget held back fits into it again soon; what needs most of it, when it has filled again.
const HELD: Duration = Duration::from_secs(10);
const HELD_CAP: Duration = Duration::from_mins(2);
/// An answer that was too long costs the most and will be as long again.
const CUT_OFF: Duration = Duration::from_mins(1);
const CUT_OFF_CAP: Duration = Duration::from_mins(15);
/// Nobody looks at it: asked so many times less often, but not less often than `IDLE_CAP`.
const IDLE_FACTOR: u32 = 4;
const IDLE_CAP: Duration = Duration::from_mins(5);
/// Up to here a delay counts as short.
const SHORT: Duration = Duration::from_secs(15);
/// The terminal is not focused.
const UNFOCUSED_FACTOR: u32 = 3;
/// A pane about something else is open.
const BEHIND_FACTOR: u32 = 2;
/// Asked for by hand: never sooner than the first, always after the second.
const LEAST_FLOOR: Duration = Duration::from_secs(2);
const MOST_FLOOR: Duration = Duration::from_secs(30);
/// Up to here an interval counts as fast.
const FAST: Duration = Duration::from_secs(5);

/// How a source is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It is what the open pane is about.
    Front,
    /// Something on the screen reads it.
    Needed,
    /// Something reads it, but a pane about something else is open.
    Behind,
    /// Nothing reads it.
    Idle,
}

/// The interval in force: what the source asks for, shorter while a pane is about it, stretched while nobody looks.
pub fn interval(every: Duration, closely: Option<Duration>, look: Look, focused: bool) -> Duration {
    let mut interval = match look {
        Look::Front => closely.unwrap_or(every),
        Look::Needed => every,
        // The fast polls decide the health in the header: they keep their pace behind a pane.
        Look::Behind if every <= FAST => every,
        Look::Behind => (every * BEHIND_FACTOR).min(IDLE_CAP.max(every)),
        Look::Idle => (every * IDLE_FACTOR).min(IDLE_CAP.max(every)),
    };
    if !focused {
        interval *= UNFOCUSED_FACTOR;
    }
    interval
}

/// How soon after a poll began it may be asked for again by hand: a third of its interval, and never twice in two seconds.
pub fn floor(interval: Duration) -> Duration {
    (interval / 3).clamp(LEAST_FLOOR, MOST_FLOOR)
}

/// How long to wait after a poll.
pub fn delay(interval: Duration, outcome: Outcome) -> Duration {
    match outcome {
        Outcome::Good => interval,
        Outcome::Bad { kind, failures } => {
            let doublings = failures.saturating_sub(1).min(10);
            match kind {
                ProblemKind::Waiting(_) if failures <= SHORT_WAITS => WAIT,
                ProblemKind::Waiting(_) => LONG_WAIT,
                ProblemKind::Throttled => (interval * 2_u32.pow(doublings + 1)).min(THROTTLE_CAP.max(interval)),
                ProblemKind::Denied => interval.max(DENIED),
                ProblemKind::Held => (HELD * 2_u32.pow(doublings)).min(HELD_CAP).max(interval),
                ProblemKind::CutOff => (CUT_OFF * 2_u32.pow(doublings)).min(CUT_OFF_CAP).max(interval),
                // It may be gone with the next answer, or never: neither wait a quarter of an hour, nor ask twice a second.
                ProblemKind::NotFound | ProblemKind::Service => (SERVICE_RETRY * 2_u32.pow(doublings)).min(interval),
                ProblemKind::Timeout
                | ProblemKind::Offline
                | ProblemKind::Malformed
                | ProblemKind::Credentials
                | ProblemKind::Clock
                | ProblemKind::WrongAccount => (FIRST_RETRY * 2_u32.pow(doublings)).min(interval),
            }
        }
    }
}

/// Spreads polls by up to a twentieth of the delay, so that sources and dashboards do not march in step; `noise` is 0..1.
/// Short delays only become shorter (a failure is to be seen within one fast poll), long ones longer (they are paid for).
pub fn jitter(delay: Duration, noise: f64) -> Duration {
    let shift = 0.05 * noise.clamp(0.0, 1.0);
    delay.mul_f64(if delay <= SHORT { 1.0 - shift } else { 1.0 + shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    const S5: Duration = Duration::from_secs(5);
    const S60: Duration = Duration::from_mins(1);
    const S300: Duration = Duration::from_mins(5);

    fn bad(kind: ProblemKind, failures: u32) -> Outcome {
        Outcome::Bad { kind, failures }
    }

    #[test]
    fn the_interval_stretches_while_nobody_looks() {
        let close = Some(Duration::from_secs(3));
        for (every, closely, look, focused, seconds) in [
            (S5, None, Look::Needed, true, 5),
            (S5, None, Look::Idle, true, 20),
            (S5, None, Look::Needed, false, 15),
            (S5, None, Look::Behind, true, 5),
            (S60, None, Look::Behind, true, 120),
            (S60, None, Look::Idle, false, 720),
            (S300, None, Look::Idle, false, 900),
            (S60, close, Look::Front, true, 3),
            (S60, close, Look::Front, false, 9),
            (S60, close, Look::Needed, true, 60),
            (S60, None, Look::Front, true, 60),
        ] {
            assert_eq!(interval(every, closely, look, focused).as_secs(), seconds, "{every:?} {look:?} {focused}");
        }
    }

    #[test]
    fn failures_back_off_up_to_the_interval_and_throttling_beyond_it() {
        for (every, outcome, seconds) in [
            (S5, Outcome::Good, 5),
            (S60, bad(ProblemKind::Timeout, 1), 2),
            (S60, bad(ProblemKind::Timeout, 2), 4),
            (S60, bad(ProblemKind::Timeout, 99), 60),
            (S5, bad(ProblemKind::Offline, 99), 5),
            (S5, bad(ProblemKind::Throttled, 1), 10),
            (S5, bad(ProblemKind::Throttled, 2), 20),
            (S5, bad(ProblemKind::Throttled, 99), 60),
            (S300, bad(ProblemKind::Throttled, 5), 300),
            (S5, bad(ProblemKind::Denied, 1), 30),
            (S5, bad(ProblemKind::Held, 1), 10),
            (S5, bad(ProblemKind::Held, 2), 20),
            (S5, bad(ProblemKind::Held, 9), 120),
            (S300, bad(ProblemKind::Held, 9), 300),
            (S5, bad(ProblemKind::CutOff, 1), 60),
            (S5, bad(ProblemKind::CutOff, 2), 120),
            (S300, bad(ProblemKind::CutOff, 99), 900),
            (S5, bad(ProblemKind::Service, 7), 5),
            (S300, bad(ProblemKind::Service, 1), 20),
            (S300, bad(ProblemKind::Service, 99), 300),
        ] {
            assert_eq!(delay(every, outcome).as_secs(), seconds, "{every:?} {outcome:?}");
        }
    }

    #[test]
    fn jitter_never_delays_a_fast_poll_nor_hurries_a_paid_one() {
        for noise in [-1.0, 0.0, 0.5, 1.0, 2.0] {
            let (fast, slow) = (jitter(S5, noise), jitter(S60, noise));
            assert!(fast <= S5 && fast >= S5.mul_f64(0.95), "{noise}: {fast:?}");
            assert!(slow >= S60 && slow <= S60.mul_f64(1.05), "{noise}: {slow:?}");
        }
    }
}
