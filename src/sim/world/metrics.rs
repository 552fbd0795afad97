//! The CloudWatch metric store: per-minute points with statistics, percentiles and a publication lag.
//! Not the publisher (see `publish`). Queried by the CloudWatch handler and by the alarms.

use std::collections::{BTreeMap, VecDeque};

use super::names::{DAY, HOUR, MIN, Ms, SEC};

/// How long points stay at their own resolution; older ones are merged to five minutes.
pub const FINE: Ms = 3 * HOUR;
/// The publication lag of the slowest point, measured from the point's timestamp (start of its minute).
pub const MAX_LAG: Ms = 100 * SEC;
const COARSE: Ms = 5 * MIN;

/// Statistics of one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// Sum of the samples.
    pub sum: f64,
    /// Smallest sample.
    pub min: f64,
    /// Largest sample.
    pub max: f64,
    /// Number of samples.
    pub count: f64,
    /// p50, p90, p95, p99, where the metric has a distribution.
    pub percentiles: Option<[f64; 4]>,
}

impl Stats {
    /// A single sample.
    pub const fn one(value: f64) -> Self {
        Self { sum: value, min: value, max: value, count: 1.0, percentiles: None }
    }

    /// A count metric: `value` events (each a sample of 1, as AWS publishes most ALB counts).
    pub const fn events(value: f64) -> Self {
        Self { sum: value, min: 1.0, max: 1.0, count: value, percentiles: None }
    }

    fn merge(&mut self, other: &Self) {
        if let (Some(mine), Some(theirs)) = (self.percentiles.as_mut(), other.percentiles) {
            let total = (self.count + other.count).max(1e-9);
            for (a, b) in mine.iter_mut().zip(theirs) {
                // Percentiles do not add up; the weighted mean is the usual approximation.
                *a = (*a * self.count + b * other.count) / total;
            }
        }
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count += other.count;
    }

    /// The value of a statistic by its CloudWatch name (`Sum`, `Average`, `p99`, ...); `None` for an unknown name.
    pub fn value(&self, stat: &str) -> Option<f64> {
        let average = if self.count > 0.0 { self.sum / self.count } else { 0.0 };
        match stat {
            "Sum" => Some(self.sum),
            "Average" => Some(average),
            "Minimum" => Some(self.min),
            "Maximum" => Some(self.max),
            "SampleCount" => Some(self.count),
            _ => {
                let p = stat.strip_prefix('p')?.parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p))?;
                Some(self.percentile(p, average))
            }
        }
    }

    fn percentile(&self, p: f64, average: f64) -> f64 {
        let Some([p50, p90, p95, p99]) = self.percentiles else {
            return average;
        };
        let marks = [(0.0, self.min), (50.0, p50), (90.0, p90), (95.0, p95), (99.0, p99), (100.0, self.max)];
        for pair in marks.windows(2) {
            if let [(p0, v0), (p1, v1)] = *pair
                && p <= p1
            {
                return v0 + (v1 - v0) * (p - p0) / (p1 - p0);
            }
        }
        self.max
    }
}

/// Running statistics of a gauge within a minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gauge {
    sum: f64,
    min: f64,
    max: f64,
    count: f64,
}

impl Gauge {
    /// Adds a sample.
    pub fn add(&mut self, value: f64) {
        if self.count == 0.0 {
            (self.min, self.max) = (value, value);
        } else {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        self.sum += value;
        self.count += 1.0;
    }

    fn merge(&mut self, other: &Self) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
            self.sum += other.sum;
            self.count += other.count;
        }
    }

    /// The statistics, if there was a sample.
    pub fn stats(&self) -> Option<Stats> {
        (self.count > 0.0).then_some(Stats { sum: self.sum, min: self.min, max: self.max, count: self.count, percentiles: None })
    }

    /// The mean, 0 without samples.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }
}

/// Buckets of a [`Histogram`]: 1 ms to about 40 s in steps of 8 %.
const BUCKETS: usize = 128;
const STEP: f64 = 0.083;

/// The distribution of a minute's latencies.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: [u16; BUCKETS],
    gauge: Gauge,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], gauge: Gauge::default() }
    }
}

impl Histogram {
    /// Adds a latency in seconds.
    pub fn add(&mut self, seconds: f64) {
        self.gauge.add(seconds);
        let index = ((seconds * 1_000.0).max(1.0).ln() / STEP) as usize;
        if let Some(bucket) = self.buckets.get_mut(index.min(BUCKETS - 1)) {
            *bucket = bucket.saturating_add(1);
        }
    }

    /// Adds what another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine = mine.saturating_add(theirs);
        }
        self.gauge.merge(&other.gauge);
    }

    /// The latency that the share `p` of the samples does not exceed.
    fn percentile(&self, p: f64) -> f64 {
        let want = p * self.gauge.count;
        let mut seen = 0.0;
        for (index, count) in self.buckets.iter().enumerate() {
            let count = f64::from(*count);
            if count > 0.0 && seen + count >= want {
                let within = ((want - seen) / count).clamp(0.0, 1.0);
                let value = ((index as f64 + within) * STEP).exp() / 1_000.0;
                return value.clamp(self.gauge.min, self.gauge.max);
            }
            seen += count;
        }
        self.gauge.max
    }

    /// Statistics, the samples standing for `requests` requests; `None` without samples or requests.
    pub fn stats(&self, requests: f64) -> Option<Stats> {
        if self.gauge.count == 0.0 || requests <= 0.0 {
            return None;
        }
        Some(Stats {
            sum: self.gauge.mean() * requests,
            min: self.gauge.min,
            max: self.gauge.max,
            count: requests,
            percentiles: Some([0.50, 0.90, 0.95, 0.99].map(|p| self.percentile(p))),
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Start of its period.
    pub t: Ms,
    /// When a query sees it.
    pub visible_at: Ms,
    /// Statistics.
    pub stats: Stats,
}

/// One metric with its points.
#[derive(Debug, Clone)]
pub struct Series {
    pub namespace: &'static str,
    /// Metric name.
    pub name: &'static str,
    /// Dimensions as (name, value), sorted by name.
    pub dims: Vec<(String, String)>,
    pub unit: &'static str,
    /// One point a day: kept for a fortnight and never merged.
    pub daily: bool,
    /// Points at their own resolution, oldest first.
    pub fine: VecDeque<Point>,
    /// Older points merged to five minutes, oldest first.
    pub coarse: VecDeque<Point>,
}

#[derive(Debug, Clone, Default)]
pub struct MetricStore {
    /// Series by canonical key (`namespace|name|dim=value|...`).
    pub series: BTreeMap<String, Series>,
    /// How much later than usual points become visible.
    pub(super) late: Ms,
    key: String,
}

/// What a metric is: namespace, name, sorted dimensions, unit.
#[derive(Debug, Clone, Copy)]
pub struct MetricRef<'a> {
    pub namespace: &'static str,
    /// Metric name.
    pub name: &'static str,
    /// Dimensions sorted by name.
    pub dims: &'a [(&'a str, &'a str)],
    pub unit: &'static str,
}

fn write_key<'a>(key: &mut String, ns: &str, name: &str, dims: impl Iterator<Item = (&'a str, &'a str)>) {
    key.clear();
    key.push_str(ns);
    key.push('|');
    key.push_str(name);
    for (k, v) in dims {
        key.push('|');
        key.push_str(k);
        key.push('=');
        key.push_str(v);
    }
}

impl MetricStore {
    /// Appends a point with timestamp `t`; it becomes visible 65 to 100 s after `t`.
    pub fn put(&mut self, metric: MetricRef<'_>, t: Ms, stats: Stats) {
        let mut key = std::mem::take(&mut self.key);
        write_key(&mut key, metric.namespace, metric.name, metric.dims.iter().copied());
        // The lag differs from series to series and from minute to minute, without costing a random draw.
        let mix = (key.len() as u64 * 2_654_435_761) ^ ((t / MIN) as u64 * 40_503);
        let visible_at = t + 65 * SEC + (mix % 35_000) as Ms + self.late;
        let point = Point { t, visible_at, stats };
        if let Some(series) = self.series.get_mut(key.as_str()) {
            series.fine.push_back(point);
        } else {
            let dims = metric.dims.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let series = Series {
                namespace: metric.namespace,
                name: metric.name,
                dims,
                unit: metric.unit,
                daily: false,
                fine: VecDeque::from([point]),
                coarse: VecDeque::new(),
            };
            self.series.insert(key.clone(), series);
        }
        self.key = key;
    }

    /// Points are on time again, and those that are late arrive within a minute.
    pub(super) fn catch_up(&mut self, now: Ms) {
        let late = std::mem::take(&mut self.late);
        for (index, series) in self.series.values_mut().enumerate() {
            let soon = now + (index % 50 + 10) as Ms * SEC;
            for point in series.fine.iter_mut().rev().take_while(|point| point.t > now - 2 * late) {
                // One that is not late stays as it is.
                point.visible_at = point.visible_at.min(soon.max(point.t + MAX_LAG));
            }
        }
    }

    /// Appends a point of a metric that is told once a day.
    pub fn put_daily(&mut self, metric: MetricRef<'_>, t: Ms, stats: Stats) {
        self.put(metric, t, stats);
        // `put` leaves the key of the series that it wrote to.
        if let Some(series) = self.series.get_mut(&self.key) {
            series.daily = true;
        }
    }

    /// Merges points older than three hours to five minutes and forgets those older than a day.
    pub fn thin(&mut self, now: Ms) {
        for series in self.series.values_mut() {
            if series.daily {
                while series.fine.front().is_some_and(|p| p.t < now - 14 * DAY) {
                    series.fine.pop_front();
                }
                continue;
            }
            while let Some(point) = series.fine.front().copied()
                && point.t < now - FINE
            {
                series.fine.pop_front();
                let bucket = point.t - point.t.rem_euclid(COARSE);
                match series.coarse.back_mut() {
                    Some(last) if last.t == bucket => last.stats.merge(&point.stats),
                    _ => series.coarse.push_back(Point { t: bucket, ..point }),
                }
            }
            while series.coarse.front().is_some_and(|p| p.t < now - DAY) {
                series.coarse.pop_front();
            }
        }
        self.series.retain(|_, s| !(s.fine.is_empty() && s.coarse.is_empty()));
    }

    /// The series with exactly these dimensions (in any order).
    pub fn find(&self, ns: &str, name: &str, dims: &[(String, String)]) -> Option<&Series> {
        let mut sorted: Vec<(&str, &str)> = dims.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        sorted.sort_unstable();
        let mut key = String::new();
        write_key(&mut key, ns, name, sorted.into_iter());
        self.series.get(&key)
    }
}

impl Series {
    /// Points of `stat` in `start..end` seen at `now`, aggregated to `period` seconds, ascending.
    pub fn query(&self, now: Ms, stat: &str, period: i64, (start, end): (Ms, Ms)) -> Vec<(Ms, f64)> {
        let period = period.max(1) * SEC;
        let mut out: Vec<(Ms, Stats)> = Vec::new();
        for point in self.coarse.iter().chain(&self.fine) {
            if point.t < start || point.t >= end || point.visible_at > now {
                continue;
            }
            let bucket = point.t - point.t.rem_euclid(period);
            match out.last_mut() {
                Some((t, stats)) if *t == bucket => stats.merge(&point.stats),
                _ => out.push((bucket, point.stats)),
            }
        }
        out.into_iter().filter_map(|(t, s)| s.value(stat).map(|v| (t, v))).collect()
    }

    /// The statistics of the point with timestamp `t` if it is seen at `now`, among those at their own resolution.
    pub fn at(&self, t: Ms, now: Ms) -> Option<&Stats> {
        self.fine.iter().rev().take_while(|p| p.t >= t).find(|p| p.t == t && p.visible_at <= now).map(|p| &p.stats)
    }
}
