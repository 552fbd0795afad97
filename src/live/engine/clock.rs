//! The one clock of a process: the system's, or the embedded cloud's virtual time that may run faster. Handed to whoever needs an instant.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::Instant;

use nextcore_core::model::Time;

/// Where time comes from.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System,
    Virtual { origin: Instant, base: Time, speed: f64 },
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// Virtual time that is `base` now and runs `speed` times as fast as tokio's clock (which tests may pause).
    pub fn virtual_from(base: Time, speed: f64) -> Self {
        Self(Kind::Virtual { origin: Instant::now(), base, speed: speed.max(0.001) })
    }

    /// The current instant.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told to use")]
    pub fn now(&self) -> Time {
        match &self.0 {
            Kind::System => Utc::now(),
            Kind::Virtual { origin, base, speed } => {
                let elapsed = origin.elapsed().as_secs_f64() * speed;
                *base + TimeDelta::milliseconds((elapsed * 1000.0) as i64)
            }
        }
    }

    /// How many seconds of this clock pass in one second on the wall.
    pub fn speed(&self) -> f64 {
        match &self.0 {
            Kind::System => 1.0,
            Kind::Virtual { speed, .. } => *speed,
        }
    }

    /// A span of this clock as a span on the wall.
    pub fn on_the_wall(&self, span: Duration) -> Duration {
        span.div_f64(self.speed())
    }
}
