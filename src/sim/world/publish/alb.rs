//! Metrics of the load balancer and its target groups, per zone and in total. Counts only when not zero.

use super::super::World;
use super::super::load::{MinuteAcc, TargetGroupAcc};
use super::super::metrics::{Histogram, Stats};
use super::super::names::{ALB_DIM, Az, Ms, TG_API_DIM, TG_WEB_DIM};

const NS: &str = "AWS/ApplicationELB";

fn total(values: &[f64; 3]) -> f64 {
    values.iter().sum()
}

impl World {
    /// A count with and without its zone: totals and one point per zone, left out when zero.
    fn counts(&mut self, name: &'static str, base: &[(&str, &str)], values: &[f64; 3], t: Ms) {
        if total(values) < 0.5 {
            return;
        }
        self.put(NS, name, base, "Count", (t, Stats::events(total(values).round())));
        for az in Az::ALL {
            let value = values[az.index()].round();
            if value > 0.0 {
                let mut dims = vec![("AvailabilityZone", az.name())];
                dims.extend_from_slice(base);
                self.put(NS, name, &dims, "Count", (t, Stats::events(value)));
            }
        }
    }

    fn latency(&mut self, base: &[(&str, &str)], latencies: &[Histogram; 3], requests: &[f64; 3], t: Ms) {
        let mut all = Histogram::default();
        for zone in latencies {
            all.merge(zone);
        }
        if let Some(stats) = all.stats(total(requests).round()) {
            self.put(NS, "TargetResponseTime", base, "Seconds", (t, stats));
        }
        for az in Az::ALL {
            if let Some(stats) = latencies[az.index()].stats(requests[az.index()].round()) {
                let mut dims = vec![("AvailabilityZone", az.name())];
                dims.extend_from_slice(base);
                self.put(NS, "TargetResponseTime", &dims, "Seconds", (t, stats));
            }
        }
    }

    /// The minute of the load balancer.
    pub(super) fn publish_alb(&mut self, t: Ms, minute: &MinuteAcc) {
        let lb = [("LoadBalancer", ALB_DIM)];
        let mut five = [0.0; 3];
        for (zone, sum) in five.iter_mut().enumerate() {
            *sum = minute.elb_502[zone] + minute.elb_503[zone] + minute.elb_504[zone];
        }
        self.counts("RequestCount", &lb, &minute.requests, t);
        self.counts("HTTPCode_ELB_5XX_Count", &lb, &five, t);
        self.counts("HTTPCode_ELB_502_Count", &lb, &minute.elb_502, t);
        self.counts("HTTPCode_ELB_503_Count", &lb, &minute.elb_503, t);
        self.counts("HTTPCode_ELB_504_Count", &lb, &minute.elb_504, t);
        self.counts("ActiveConnectionCount", &lb, &minute.active, t);
        self.counts("NewConnectionCount", &lb, &minute.requests.map(|n| n * 0.31), t);
        self.counts("ProcessedBytes", &lb, &minute.requests.map(|n| n * 9_400.0), t);
        let mut sums = [[0.0; 3]; 5];
        let mut latencies: [Histogram; 3] = Default::default();
        for (acc, dimension) in minute.groups.iter().zip([TG_API_DIM, TG_WEB_DIM]) {
            self.publish_group(t, acc, dimension);
            for (mine, theirs) in latencies.iter_mut().zip(&acc.latencies) {
                mine.merge(theirs);
            }
            for zone in 0..3 {
                let failed = acc.c4xx[zone] + acc.c5xx[zone];
                let [ok, c4, c5, errors, requests] = &mut sums;
                ok[zone] += (acc.requests[zone] - failed).max(0.0);
                c4[zone] += acc.c4xx[zone];
                c5[zone] += acc.c5xx[zone];
                errors[zone] += acc.connection_errors[zone];
                requests[zone] += acc.requests[zone];
            }
        }
        let [ok, c4, c5, errors, requests] = sums;
        self.counts("HTTPCode_Target_2XX_Count", &lb, &ok, t);
        self.counts("HTTPCode_Target_4XX_Count", &lb, &c4, t);
        self.counts("HTTPCode_Target_5XX_Count", &lb, &c5, t);
        self.counts("TargetConnectionErrorCount", &lb, &errors, t);
        self.latency(&lb, &latencies, &requests, t);
    }

    fn publish_group(&mut self, t: Ms, acc: &TargetGroupAcc, dimension: &str) {
        let base = [("LoadBalancer", ALB_DIM), ("TargetGroup", dimension)];
        let mut ok = [0.0; 3];
        for (zone, n) in ok.iter_mut().enumerate() {
            *n = (acc.requests[zone] - acc.c4xx[zone] - acc.c5xx[zone]).max(0.0);
        }
        self.counts("RequestCount", &base, &acc.requests, t);
        self.counts("HTTPCode_Target_2XX_Count", &base, &ok, t);
        self.counts("HTTPCode_Target_4XX_Count", &base, &acc.c4xx, t);
        self.counts("HTTPCode_Target_5XX_Count", &base, &acc.c5xx, t);
        self.counts("TargetConnectionErrorCount", &base, &acc.connection_errors, t);
        self.latency(&base, &acc.latencies, &acc.requests, t);
        let healthy = acc.healthy_all.mean().max(1.0);
        let per_target = total(&acc.requests) / healthy;
        if per_target > 0.0 {
            let stats = Stats { sum: per_target, min: 0.0, max: 1.0, count: total(&acc.requests).round(), percentiles: None };
            self.put(NS, "RequestCountPerTarget", &base, "Count", (t, stats));
        }
        for (name, all, zones) in
            [("HealthyHostCount", &acc.healthy_all, &acc.healthy), ("UnHealthyHostCount", &acc.unhealthy_all, &acc.unhealthy)]
        {
            if let Some(stats) = all.stats() {
                self.put(NS, name, &base, "Count", (t, stats));
            }
            for az in Az::ALL {
                // A zone without targets says 0.
                let Some(stats) = zones[az.index()].stats() else { continue };
                let mut dims = vec![("AvailabilityZone", az.name())];
                dims.extend_from_slice(&base);
                self.put(NS, name, &dims, "Count", (t, stats));
            }
        }
    }
}
