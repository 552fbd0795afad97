//! Counts what really left this process: requests a minute and what they cost in a month. Fed by the gate's connector, read by the engine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::budget::Budget;
use nextcore_core::model::store::Usage;

/// US dollars for one metric asked for through GetMetricData.
const DOLLARS_PER_METRIC: f64 = 0.01 / 1000.0;
/// Hours of a month in AWS's price examples.
const HOURS_PER_MONTH: f64 = 730.0;
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
const SECONDS_PER_HOUR: f64 = 3600.0;
/// Requests for metrics that are so close together are one poll: it is asked of two regions, in parts.
const ONE_POLL: f64 = 10.0;
/// What is not asked every minute is asked every fifth or every fifteenth (`source::metrics::table`): the first poll asks for all of it.
const SLOW_TURN: f64 = 300.0;
const RARE_TURN: f64 = 900.0;

#[derive(Debug)]
struct Counters {
    started: Instant,
    recent: VecDeque<Instant>,
    metrics: VecDeque<(Instant, u64)>,
    by_operation: BTreeMap<String, u64>,
    metrics_total: u64,
}

/// A shared counter of sent requests, and the budget that they come out of.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Mutex<Counters>>, Budget);

impl Default for Meter {
    fn default() -> Self {
        let counters = Counters {
            started: Instant::now(),
            recent: VecDeque::new(),
            metrics: VecDeque::new(),
            by_operation: BTreeMap::new(),
            metrics_total: 0,
        };
        Self(Arc::new(Mutex::new(counters)), Budget::default())
    }
}

impl Meter {
    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be sent.
    pub fn budget(&self) -> &Budget {
        &self.1
    }

    /// One request is about to leave.
    pub fn sent(&self, name: &str) {
        let now = Instant::now();
        let mut c = self.lock();
        c.recent.push_back(now);
        while c.recent.front().is_some_and(|t| now - *t > MINUTE) {
            c.recent.pop_front();
        }
        *c.by_operation.entry(name.to_owned()).or_default() += 1;
    }

    /// A GetMetricData request asks for so many distinct metrics.
    pub fn metrics(&self, count: u64) {
        let now = Instant::now();
        let mut c = self.lock();
        c.metrics.push_back((now, count));
        while c.metrics.front().is_some_and(|(t, _)| now - *t > HOUR) {
            c.metrics.pop_front();
        }
        c.metrics_total += count;
    }

    /// Calls in the last minute, and the month's price at the last hour's rate; no price before the second poll.
    pub fn usage(&self, speed: f64) -> Usage {
        let now = Instant::now();
        let c = self.lock();
        let calls = c.recent.iter().filter(|t| now - **t <= MINUTE).count();
        // On a clock that runs faster than the wall the polls do too; the figures are those of the same schedule at speed 1.
        let speed = speed.max(1.0);
        let since = |at: Instant| (at - c.started).as_secs_f64() * speed;
        let polls = polls(c.metrics.iter().map(|(at, n)| (since(*at), *n as f64)));
        // The first hour's first poll is the back-fill; later the oldest is one of many.
        let metrics_per_hour = match polls.as_slice() {
            [] => 0.0,
            all if now - c.started > HOUR => all.iter().map(|(_, n)| n).sum::<f64>() * SECONDS_PER_HOUR / (HOUR.as_secs_f64() * speed),
            [first, rest @ ..] => per_hour(*first, rest, since(now)),
        };
        Usage {
            calls_per_min: calls as f64 / speed,
            dollars_per_month: metrics_per_hour * HOURS_PER_MONTH * DOLLARS_PER_METRIC,
            by_operation: c.by_operation.clone(),
            metrics_requested: c.metrics_total,
        }
    }
}

/// Moments and sizes of whole polls.
fn polls(requests: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut polls: Vec<(f64, f64)> = Vec::new();
    for (at, metrics) in requests {
        match polls.last_mut() {
            Some((begun, all)) if at - *begun < ONE_POLL => *all += metrics,
            _ => polls.push((at, metrics)),
        }
    }
    polls
}

/// Metrics in an hour, from the polls since the first one. The first asks for everything at once and is no measure of the rate, but it
/// tells how much there is that has its turn only later.
fn per_hour((began, everything): (f64, f64), rest: &[(f64, f64)], now: f64) -> f64 {
    let (Some((last, _)), window) = (rest.last(), now - began) else { return 0.0 };
    if window >= RARE_TURN {
        return rest.iter().map(|(_, n)| n).sum::<f64>() * SECONDS_PER_HOUR / window;
    }
    let mut sizes: Vec<f64> = rest.iter().map(|(_, n)| *n).collect();
    sizes.sort_by(f64::total_cmp);
    let usual = sizes.get((sizes.len() - 1) / 2).copied().unwrap_or_default();
    let every_time = usual * SECONDS_PER_HOUR * rest.len() as f64 / (last - began).max(1.0);
    let later = (everything - usual).max(0.0);
    // Which part of it is slow and which is rare shows when the slow one had its turn; until then, half of each.
    let slow = match sizes.last() {
        Some(most) if window > SLOW_TURN && *most > usual => (most - usual).min(later),
        _ => later / 2.0,
    };
    every_time + slow * SECONDS_PER_HOUR / SLOW_TURN + (later - slow) * SECONDS_PER_HOUR / RARE_TURN
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A calm hour of polls as `source::metrics` makes them; the price shown after so many seconds.
    async fn shown(speed: f64, golden: u64, slow: u64, rare: u64, at: &[u64]) -> Vec<f64> {
        let meter = Meter::default();
        let mut shown = Vec::new();
        for second in 0..=4 * 3600_u64 {
            if second % 61 == 3 {
                let turn = second / 61;
                let due = |every: u64| u64::from(turn.is_multiple_of(every));
                meter.metrics(golden + slow * due(5) + rare * due(15));
                // The other region.
                meter.metrics(4);
            }
            if at.contains(&second) {
                shown.push(meter.usage(speed).dollars_per_month);
            }
            tokio::time::advance(Duration::from_secs(1).div_f64(speed)).await;
        }
        shown
    }

    #[tokio::test(start_paused = true)]
    async fn the_price_is_that_of_the_hour_after_two_minutes() {
        for (golden, slow, rare) in [(28, 40, 60), (28, 90, 10), (28, 5, 100), (40, 0, 0)] {
            for speed in [1.0, 10.0] {
                let shown = shown(speed, golden, slow, rare, &[30, 120, 240, 330, 600, 901, 1800, 3599, 3700, 14_000]).await;
                let (first, later) = shown.split_first().unwrap();
                assert!(first.abs() < 1e-9, "nothing is said of the first poll alone: {first}");
                let hour = later.last().unwrap();
                for price in later {
                    assert!((price / hour - 1.0).abs() < 0.2, "{golden} {slow} {rare} at speed {speed}: {later:?}");
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_those_of_the_last_minute() {
        let meter = Meter::default();
        for _ in 0..90 {
            meter.sent("ecs:ListTasks");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let usage = meter.usage(1.0);
        assert!((59.0..=61.0).contains(&usage.calls_per_min), "{usage:?}");
        assert_eq!(usage.by_operation["ecs:ListTasks"], 90);
    }
}
