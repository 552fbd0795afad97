//! Metrics of the ECS services and of Container Insights, as the cluster's setting says: none, per service, or enhanced.

use super::super::World;
use super::super::load::MinuteAcc;
use super::super::metrics::Stats;
use super::super::names::{CLUSTER, Ms, SERVICES};

const NS: &str = "AWS/ECS";
const INSIGHTS: &str = "ECS/ContainerInsights";
/// Gigabytes of a Fargate task's own disk, and what the images and their scratch files take of it.
const EPHEMERAL: f64 = 20.0;
const EPHEMERAL_USED: [f64; 3] = [2.9, 2.1, 3.6];

/// What Container Insights says of a service or of the whole cluster.
const NAMES: [(&str, &str); 11] = [
    ("RunningTaskCount", "Count"),
    ("DesiredTaskCount", "Count"),
    ("PendingTaskCount", "Count"),
    ("DeploymentCount", "Count"),
    ("NetworkRxBytes", "Bytes/Second"),
    ("NetworkTxBytes", "Bytes/Second"),
    ("StorageReadBytes", "Bytes/Second"),
    ("CpuUtilized", "None"),
    ("MemoryUtilized", "Megabytes"),
    ("EphemeralStorageUtilized", "Gigabytes"),
    ("EphemeralStorageReserved", "Gigabytes"),
];

impl World {
    /// The minute of the services. Nothing is published for a service without a running task.
    pub(super) fn publish_ecs(&mut self, t: Ms, minute: &MinuteAcc) {
        for (i, service) in SERVICES.into_iter().enumerate() {
            let dims = [("ClusterName", CLUSTER), ("ServiceName", service)];
            if let Some(stats) = minute.cpu[i].stats() {
                self.put(NS, "CPUUtilization", &dims, "Percent", (t, stats));
            }
            if let Some(stats) = minute.memory[i].stats() {
                self.put(NS, "MemoryUtilization", &dims, "Percent", (t, stats));
            }
        }
        match self.container_insights() {
            "disabled" => {}
            setting => {
                let enhanced = setting == "enhanced";
                self.publish_insights(t, minute, enhanced);
            }
        }
    }

    fn publish_insights(&mut self, t: Ms, minute: &MinuteAcc, enhanced: bool) {
        let mut totals = [0.0; NAMES.len()];
        for (i, service) in SERVICES.into_iter().enumerate() {
            let dims = [("ClusterName", CLUSTER), ("ServiceName", service)];
            let Some(s) = self.ecs.services.get(service) else { continue };
            let (cpu_reserved, memory_reserved) = if i == 1 { (512.0, 1_024.0) } else { (1_024.0, 2_048.0) };
            let running = f64::from(s.running_count);
            let requests = minute.groups.get(i).map_or(minute.jobs * 2.0, |g| g.requests.iter().sum());
            let values = [
                running,
                f64::from(s.desired_count),
                f64::from(s.pending_count),
                s.deployments.len() as f64,
                requests * 2_300.0 / 60.0,
                requests * 9_100.0 / 60.0,
                minute.jobs * 600.0 / 60.0,
                running * cpu_reserved * minute.cpu[i].mean() / 100.0,
                running * memory_reserved * minute.memory[i].mean() / 100.0,
                running * EPHEMERAL_USED[i],
                running * EPHEMERAL,
            ];
            for (sum, value) in totals.iter_mut().zip(values) {
                *sum += value;
            }
            self.insights(&dims, values, t);
            let reserved = [("CpuReserved", "None", cpu_reserved * running), ("MemoryReserved", "Megabytes", memory_reserved * running)];
            for (name, unit, value) in reserved {
                self.put(INSIGHTS, name, &dims, unit, (t, Stats::one(value)));
            }
            self.put(INSIGHTS, "RestartCount", &dims, "Count", (t, Stats::one(0.0)));
            if enhanced {
                for (name, gauge) in [("TaskCpuUtilization", &minute.cpu[i]), ("TaskMemoryUtilization", &minute.memory[i])] {
                    if let Some(stats) = gauge.stats() {
                        self.put(INSIGHTS, name, &dims, "Percent", (t, stats));
                    }
                }
            }
        }
        let cluster = [("ClusterName", CLUSTER)];
        self.insights(&cluster, totals, t);
        self.put(INSIGHTS, "ServiceCount", &cluster, "Count", (t, Stats::one(SERVICES.len() as f64)));
        let tasks = totals.first().copied().unwrap_or(0.0);
        self.put(INSIGHTS, "TaskCount", &cluster, "Count", (t, Stats::one(tasks)));
    }

    fn insights(&mut self, dims: &[(&str, &str)], values: [f64; NAMES.len()], t: Ms) {
        for ((name, unit), value) in NAMES.into_iter().zip(values) {
            self.put(INSIGHTS, name, dims, unit, (t, Stats::one(value)));
        }
    }
}
