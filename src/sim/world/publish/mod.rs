//! Publishing: once a minute the sums of `load` become points of the metric store, under AWS's names.
//! Not the store (see `metrics`). One file per family of metrics.

mod alb;
mod data;
mod delivery;
mod ecs;
mod edge;
mod nat;

use super::World;
use super::metrics::{MetricRef, Stats};
use super::names::{LOG_GROUP, MIN, Ms};

impl World {
    /// Publishes the minute that just ended and begins a new one.
    pub(super) fn publish_minute(&mut self) {
        let minute = std::mem::take(&mut self.load.minute);
        let t = self.now - MIN;
        self.publish_alb(t, &minute);
        self.publish_ecs(t, &minute);
        self.publish_rds(t, &minute);
        self.publish_redis(t, &minute);
        self.publish_nat(t, &minute);
        self.publish_dns(t);
        self.publish_cdn(t, &minute);
        self.publish_buckets(t);
        self.publish_delivery(t);
        let dims = [("LogGroupName", LOG_GROUP)];
        if minute.log_events > 0.0 {
            self.put("AWS/Logs", "IncomingLogEvents", &dims, "None", (t, Stats { count: 1.0, ..Stats::one(minute.log_events) }));
            self.put("AWS/Logs", "IncomingBytes", &dims, "Bytes", (t, Stats::one(minute.log_bytes)));
        }
    }

    /// One point.
    fn put(&mut self, namespace: &'static str, name: &'static str, dims: &[(&str, &str)], unit: &'static str, (t, stats): (Ms, Stats)) {
        self.metrics.put(MetricRef { namespace, name, dims, unit }, t, stats);
    }
}
