//! Counts what really left this process: requests a minute and what they cost in a month. Fed by the gate's connector, read by the engine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::store::Usage;

/// US dollars for one metric asked for through GetMetricData (AWS map §5; there is no free tier).
const DOLLARS_PER_METRIC: f64 = 0.01 / 1000.0;
/// Hours of a month in AWS's price examples.
const HOURS_PER_MONTH: f64 = 730.0;
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// A price is not extrapolated from less than this: the first poll asks for everything at once.
const LEAST_WINDOW: Duration = Duration::from_mins(5);

#[derive(Debug)]
struct Counters {
    started: Instant,
    recent: VecDeque<Instant>,
    metrics: VecDeque<(Instant, u64)>,
    by_operation: BTreeMap<String, u64>,
    metrics_total: u64,
}

/// A shared counter of sent requests.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Mutex<Counters>>);

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Counters {
            started: Instant::now(),
            recent: VecDeque::new(),
            metrics: VecDeque::new(),
            by_operation: BTreeMap::new(),
            metrics_total: 0,
        })))
    }
}

impl Meter {
    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Calls in the last minute, and the month's price at the last hour's rate.
    pub fn usage(&self, speed: f64) -> Usage {
        let now = Instant::now();
        let c = self.lock();
        let calls = c.recent.iter().filter(|t| now - **t <= MINUTE).count();
        let window = (now - c.started).clamp(LEAST_WINDOW, HOUR);
        let metrics: u64 = c.metrics.iter().map(|(_, n)| n).sum();
        // On a clock that runs faster than the wall the polls do too; the figures are those of the same schedule at speed 1.
        let per_hour = metrics as f64 * 3600.0 / window.as_secs_f64() / speed.max(1.0);
        Usage {
            calls_per_min: calls as f64 / speed.max(1.0),
            dollars_per_month: per_hour * HOURS_PER_MONTH * DOLLARS_PER_METRIC,
            by_operation: c.by_operation.clone(),
            metrics_requested: c.metrics_total,
        }
    }
}
