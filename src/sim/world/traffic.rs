//! How much the world asks of the stack: the business day of eastern Australia, with noise.
//! Not what the stack makes of it (see `load`). Stepped once a second.

use super::names::{DAY, HOUR, Ms};
use super::rng::Dice;

/// Requests per second to `/api/*` at the height of a business day.
pub const API_PEAK: f64 = 42.0;
/// Requests per second to the portal at the height of a business day.
pub const WEB_PEAK: f64 = 30.0;

/// Share of the peak in each hour of a business day, Brisbane time (UTC+10, no summer time to get wrong).
const DAY_SHAPE: [f64; 24] = [
    0.34, 0.32, 0.31, 0.31, 0.32, 0.34, 0.40, 0.52, 0.74, 0.92, 1.00, 1.00, 0.93, 0.95, 1.00, 0.99, 0.94, 0.82, 0.66, 0.56, 0.50, 0.46,
    0.41, 0.37,
];

/// The state of the demand.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Slow wander (tens of minutes), around 0.
    pub slow: f64,
    /// Fast wander (tens of seconds), around 0.
    pub fast: f64,
    /// Offered API requests per second now.
    pub api_rate: f64,
    /// Offered web requests per second now.
    pub web_rate: f64,
    /// Requests per second that a spike adds: API, web.
    pub extra: [f64; 2],
}

/// Share of the peak at time `t`, without noise.
pub fn shape(t: Ms) -> f64 {
    let local = t + 10 * HOUR;
    let day = local.div_euclid(DAY);
    let hours = local.rem_euclid(DAY) as f64 / HOUR as f64;
    let at = |h: usize| DAY_SHAPE.get(h % 24).copied().unwrap_or(0.5);
    let from = hours.floor() as usize;
    let value = at(from) + (at(from + 1) - at(from)) * hours.fract();
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    if weekday >= 5 { 0.28 + 0.25 * value } else { value }
}

impl Traffic {
    /// Moves the noise on by a second and sets the rates for time `t`.
    pub fn step(&mut self, t: Ms, dice: &mut Dice) {
        self.slow += -self.slow / 1_200.0 + 0.0018 * dice.normal();
        self.fast += -self.fast / 25.0 + 0.008 * dice.normal();
        let level = shape(t) * (1.0 + self.slow + self.fast).clamp(0.6, 1.4);
        let [api, web] = self.extra;
        self.api_rate = API_PEAK * level + api;
        self.web_rate = WEB_PEAK * level * (1.0 + 0.3 * self.slow) + web;
    }
}
