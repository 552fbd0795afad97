//! Metrics of the database and the cache nodes.

use super::super::World;
use super::super::load::MinuteAcc;
use super::super::metrics::{Gauge, Stats};
use super::super::names::{MIN, Ms};
use super::super::state::CacheMode;

const RDS: &str = "AWS/RDS";
const CACHE: &str = "AWS/ElastiCache";
const GIB: f64 = 1_073_741_824.0;

impl World {
    /// The minute of the database.
    pub(super) fn publish_rds(&mut self, t: Ms, minute: &MinuteAcc) {
        let id = self.rds.instance.id.clone();
        let dims = [("DBInstanceIdentifier", id.as_str())];
        let gauges: [(&'static str, &'static str, &Gauge); 6] = [
            ("CPUUtilization", "Percent", &minute.db_cpu),
            ("DatabaseConnections", "Count", &minute.db_connections),
            ("ReadIOPS", "Count/Second", &minute.db_read),
            ("WriteIOPS", "Count/Second", &minute.db_write),
            ("ReadLatency", "Seconds", &minute.db_read_latency),
            ("WriteLatency", "Seconds", &minute.db_write_latency),
        ];
        for (name, unit, gauge) in gauges {
            if let Some(stats) = gauge.stats() {
                self.put(RDS, name, &dims, unit, (t, stats));
            }
        }
        let noise = 1.0 + 0.02 * self.rng.noise.normal();
        let db = &self.rds.instance;
        let (read, write) = (minute.db_read.mean(), minute.db_write.mean());
        let (on_cpu, waiting) = (minute.db_load_cpu.mean(), minute.db_load_wait.mean());
        let queue = read * minute.db_read_latency.mean() + write * minute.db_write_latency.mean();
        let (queries, filling) = (self.load.queries, self.strain.filling);
        let io_balance = (100.0 - (read + write - 2_400.0).max(0.0) / 30.0).clamp(0.0, 100.0);
        let wal = 6.4e8 + (t / MIN % 45) as f64 * 3.1e6;
        let values: [(&'static str, &'static str, f64); 17] = [
            ("FreeStorageSpace", "Bytes", db.free_storage),
            ("FreeableMemory", "Bytes", db.freeable() * noise),
            ("SwapUsage", "Bytes", 31.0e6 * noise),
            ("DiskQueueDepth", "Count", queue),
            ("ReadThroughput", "Bytes/Second", read * 14_200.0),
            ("WriteThroughput", "Bytes/Second", write * 11_300.0 + filling),
            ("NetworkReceiveThroughput", "Bytes/Second", queries * 780.0 * noise),
            ("NetworkTransmitThroughput", "Bytes/Second", queries * 3_900.0 * noise),
            ("DBLoad", "None", on_cpu + waiting),
            ("DBLoadCPU", "None", on_cpu),
            ("DBLoadNonCPU", "None", waiting),
            ("EBSIOBalance%", "Percent", io_balance),
            ("EBSByteBalance%", "Percent", 99.0),
            ("MaximumUsedTransactionIDs", "Count", db.used_xids.round()),
            ("TransactionLogsDiskUsage", "Bytes", wal),
            // -1: there is no replication slot.
            ("OldestReplicationSlotLag", "Bytes", -1.0),
            ("CheckpointLag", "Seconds", 40.0 * noise),
        ];
        // The load is Performance Insights' own figure.
        let insights = db.performance_insights;
        for (name, unit, value) in values.into_iter().filter(|(name, _, _)| insights || !name.starts_with("DBLoad")) {
            self.put(RDS, name, &dims, unit, (t, Stats::one(value)));
        }
        // Only burstable classes have credits.
        if t.rem_euclid(5 * MIN) == 0 && self.rds.instance.class.starts_with("db.t") {
            let credits = self.rds.instance.credits;
            let used = minute.db_cpu.mean() / 100.0 * self.rds.instance.vcpus() * 5.0;
            let credit_values: [(&'static str, f64); 4] = [
                ("CPUCreditBalance", credits),
                ("CPUCreditUsage", used),
                ("CPUSurplusCreditBalance", 0.0),
                ("CPUSurplusCreditsCharged", 0.0),
            ];
            for (name, value) in credit_values {
                self.put(RDS, name, &dims, "Count", (t, Stats::one(value)));
            }
        }
    }

    /// The minute of the cache nodes. A node that is down publishes nothing.
    pub(super) fn publish_redis(&mut self, t: Ms, minute: &MinuteAcc) {
        for (index, acc) in minute.nodes.iter().enumerate() {
            let noise = 1.0 + 0.03 * self.rng.noise.normal();
            let Some(node) = self.redis.nodes.get_mut(index) else { continue };
            let opened = std::mem::take(&mut node.new_connections);
            if !node.up {
                continue;
            }
            let (id, primary, used, credits) = (node.id.clone(), node.primary, node.used_bytes, node.credits);
            let memory = node.memory_percent();
            // The nodes of a cluster by itself are told apart by their numbers.
            let number = format!("{:04}", index + 1);
            let alone = self.redis.group.mode == CacheMode::Alone;
            let (cluster, cache_node) = if alone { (self.redis.group.id.clone(), number.as_str()) } else { (id.clone(), "0001") };
            let dims = [("CacheClusterId", cluster.as_str()), ("CacheNodeId", cache_node)];
            let gauges: [(&'static str, &'static str, &Gauge); 3] = [
                ("CPUUtilization", "Percent", &acc.cpu),
                ("EngineCPUUtilization", "Percent", &acc.engine),
                ("CurrConnections", "Count", &acc.connections),
            ];
            for (name, unit, gauge) in gauges {
                if let Some(stats) = gauge.stats() {
                    self.put(CACHE, name, &dims, unit, (t, stats));
                }
            }
            let commands = acc.gets + acc.sets;
            let looked = (acc.hits + acc.misses).max(1.0);
            let values: [(&'static str, &'static str, f64); 18] = [
                ("DatabaseMemoryUsagePercentage", "Percent", memory),
                ("BytesUsedForCache", "Bytes", used),
                ("FreeableMemory", "Bytes", (3.4 * GIB - used).max(0.0)),
                ("SwapUsage", "Bytes", 0.0),
                ("Evictions", "Count", acc.evictions.round()),
                ("CurrItems", "Count", (used / 2_150.0).round()),
                ("NewConnections", "Count", opened.round()),
                ("CacheHits", "Count", acc.hits.round()),
                ("CacheMisses", "Count", acc.misses.round()),
                ("CacheHitRate", "Percent", acc.hits / looked * 100.0),
                ("GetTypeCmds", "Count", acc.gets.round()),
                ("SetTypeCmds", "Count", acc.sets.round()),
                ("NetworkBytesIn", "Bytes", commands * 410.0 * noise),
                ("NetworkBytesOut", "Bytes", commands * 1_720.0 * noise),
                ("IsMaster", "Count", f64::from(u8::from(primary))),
                ("NetworkBandwidthInAllowanceExceeded", "Count", 0.0),
                ("NetworkBandwidthOutAllowanceExceeded", "Count", 0.0),
                ("TrafficManagementActive", "Count", 0.0),
            ];
            for (name, unit, value) in values {
                self.put(CACHE, name, &dims, unit, (t, Stats::one(value)));
            }
            if primary {
                self.put(CACHE, "ReplicationBytes", &dims, "Bytes", (t, Stats::one(acc.sets * 260.0)));
            } else {
                let group = id.rsplit_once('-').map(|(head, _)| head.to_owned()).unwrap_or_default();
                let linked = self.redis.nodes.iter().any(|n| n.primary && n.up && n.id.starts_with(&group));
                self.put(CACHE, "MasterLinkHealthStatus", &dims, "Count", (t, Stats::one(f64::from(u8::from(linked)))));
                if let Some(stats) = acc.lag.stats() {
                    self.put(CACHE, "ReplicationLag", &dims, "Seconds", (t, stats));
                }
            }
            if t.rem_euclid(5 * MIN) == 0 {
                let usage = acc.cpu.mean() / 100.0 * 2.0 * 5.0;
                self.put(CACHE, "CPUCreditBalance", &dims, "Count", (t, Stats::one(credits)));
                self.put(CACHE, "CPUCreditUsage", &dims, "Count", (t, Stats::one(usage)));
            }
        }
    }
}
