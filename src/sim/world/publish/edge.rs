//! Metrics of the edge: the health check, the distribution and the buckets.
//! The first two are in us-east-1 only; who sees what is the CloudWatch handler's matter.

use super::super::World;
use super::super::load::MinuteAcc;
use super::super::metrics::Stats;
use super::super::names::{DISTRIBUTION, HEALTH_CHECK, Ms, STATIC_BUCKET};

const DNS: &str = "AWS/Route53";
const CDN: &str = "AWS/CloudFront";
const S3: &str = "AWS/S3";
/// Static files of one page, and those of its requests that go on to the application.
const FILES: f64 = 11.0;
const APP_SHARE: f64 = 0.03;
/// A site is healthy as long as more than this share of the checkers says so.
const QUORUM: f64 = 18.0;

impl World {
    /// The minute of the health check.
    pub(super) fn publish_dns(&mut self, t: Ms) {
        let dims = [("HealthCheckId", HEALTH_CHECK)];
        let healthy = self.healthy_checkers();
        self.put(DNS, "HealthCheckPercentageHealthy", &dims, "Percent", (t, Stats::one(healthy)));
        self.put(DNS, "HealthCheckStatus", &dims, "None", (t, Stats::one(f64::from(u8::from(healthy > QUORUM)))));
    }

    /// The minute of the distribution: browsers fetch the files of the pages that the portal served.
    pub(super) fn publish_cdn(&mut self, t: Ms, minute: &MinuteAcc) {
        let portal = &minute.groups[1];
        let (pages, failed): (f64, f64) = (portal.requests.iter().sum(), portal.c5xx.iter().sum());
        let noise = 1.0 + 0.04 * self.rng.edge.normal();
        // Pages that are open already ask for files too, whatever becomes of new ones.
        let requests = ((pages - failed).max(0.0) * FILES * 0.94 + 140.0 * noise).round();
        let misses = (0.062 + 0.55 * self.cdn.cold) * noise.clamp(0.8, 1.2);
        let hit_rate = (1.0 - misses).clamp(0.05, 0.99);
        let app_lost = self.app_origin_errors(minute);
        let serves = self.cdn.enabled || self.cdn.deploying_until.is_some();
        // What the bucket refuses (its key cannot be used) reaches the browser as S3 says it.
        let refused = if self.is_locked(STATIC_BUCKET) { (1.0 - APP_SHARE) * (1.0 - hit_rate) * 100.0 } else { 0.0 };
        let (rate_4xx, rate_5xx) =
            if serves { (0.31 * noise + refused, APP_SHARE * app_lost * 100.0 + 0.004 * noise) } else { (100.0, 0.0) };
        if serves {
            self.fetch(STATIC_BUCKET, requests * (1.0 - APP_SHARE) * (1.0 - hit_rate));
        }
        let latency = 38.0 * noise + 900.0 * APP_SHARE * app_lost;
        let dims = [("DistributionId", DISTRIBUTION), ("Region", "Global")];
        let values: [(&'static str, &'static str, f64); 8] = [
            ("Requests", "None", requests),
            ("BytesDownloaded", "None", if serves { requests * 31_400.0 * noise } else { requests * 920.0 }),
            ("BytesUploaded", "None", 0.0),
            ("4xxErrorRate", "Percent", rate_4xx),
            ("5xxErrorRate", "Percent", rate_5xx),
            ("TotalErrorRate", "Percent", rate_4xx + rate_5xx),
            ("CacheHitRate", "Percent", if serves { hit_rate * 100.0 } else { 0.0 }),
            ("OriginLatency", "Milliseconds", latency),
        ];
        for (name, unit, value) in values {
            self.put(CDN, name, &dims, unit, (t, Stats::one(value)));
        }
    }

    /// Share of the requests for the application that fail: with the load balancer's errors or with the portal's.
    fn app_origin_errors(&self, minute: &MinuteAcc) -> f64 {
        if !self.reach.front {
            return 1.0;
        }
        let sum = |values: &[f64; 3]| values.iter().sum::<f64>();
        let portal = &minute.groups[1];
        let lost = sum(&minute.elb_502) + sum(&minute.elb_503) + sum(&minute.elb_504);
        let all = sum(&minute.requests).max(1.0);
        (lost / all + sum(&portal.c5xx) / sum(&portal.requests).max(1.0)).clamp(0.0, 1.0)
    }

    /// The minute of the buckets: request metrics of their `EntireBucket` filters.
    pub(super) fn publish_buckets(&mut self, t: Ms) {
        for index in 0..self.buckets.len() {
            let Some(bucket) = self.buckets.get_mut(index) else { continue };
            let minute = std::mem::take(&mut bucket.minute);
            let (name, all) = (bucket.name.clone(), (minute.gets + minute.puts).round());
            if all < 1.0 {
                continue;
            }
            let missing = f64::from(self.rng.edge.binomial(all as u32, 0.004));
            let missing = if self.is_locked(&name) { all } else { missing };
            let failed = f64::from(self.rng.edge.binomial(all as u32, 0.000_02));
            let first_byte = (24.0 + 9.0 * self.rng.edge.unit()) * if name == STATIC_BUCKET { 0.8 } else { 1.0 };
            let dims = [("BucketName", name.as_str()), ("FilterId", "EntireBucket")];
            // Of the errors the average is the rate: every request is a sample of 0 or 1.
            let share = |sum: f64| Stats { sum, min: 0.0, max: sum.min(1.0), count: all, percentiles: None };
            let count = |n: f64| Stats { sum: n, min: 1.0, max: 1.0, count: n, percentiles: None };
            for (metric, unit, stats) in [
                ("AllRequests", "Count", count(all)),
                ("GetRequests", "Count", count(minute.gets.round().max(1.0))),
                ("4xxErrors", "Count", share(missing)),
                ("5xxErrors", "Count", share(failed)),
                (
                    "FirstByteLatency",
                    "Milliseconds",
                    Stats { sum: first_byte * all, min: first_byte * 0.4, max: first_byte * 4.0, count: all, percentiles: None },
                ),
            ] {
                self.put(S3, metric, &dims, unit, (t, stats));
            }
        }
    }
}
