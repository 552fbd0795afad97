//! Enhanced Monitoring: the host of the database as RDS writes it to the log group `RDSOSMetrics`, one JSON text per interval.
//! Every figure follows from the interval's load; nothing is drawn. Called when an interval is over.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::World;
use super::super::names::{CONTROL, DAY, HOUR, MIN, Ms, SEC, arn};
use super::super::state::{DbFigures, DbInstance, LogEvent, LogStream};

/// The log group that Enhanced Monitoring writes to.
const GROUP: &str = super::super::names::OS_METRICS_GROUP;
/// Events that are kept, whatever the interval.
const KEEP: usize = 400;
/// Bytes CloudWatch adds to each event.
const OVERHEAD: u64 = 26;

/// How the CPU time of the host is spent, percent.
#[derive(Debug, Clone, Copy)]
pub struct CpuSplit {
    /// In processes.
    pub user: f64,
    /// In the kernel.
    pub system: f64,
    /// Waiting for the disk.
    pub wait: f64,
    /// Taken by the hypervisor.
    pub steal: f64,
    /// Not spent.
    pub idle: f64,
}

/// Splits the CPU time of `figures` on a host with `vcpus`. Waiting for the disk counts as idle time of a CPU.
pub fn cpu_split(figures: &DbFigures, vcpus: f64) -> CpuSplit {
    let total = figures.cpu_percent.clamp(0.0, 100.0);
    let steal = 0.02 * total;
    let system = 0.17 * total;
    let wait = (figures.waiting() / vcpus * 60.0).min(100.0 - total);
    CpuSplit { user: total - steal - system, system, wait, steal, idle: (100.0 - total - wait).max(0.0) }
}

/// The memory of the host in KiB: free, cached, buffers. Together they are what CloudWatch calls freeable.
pub fn memory_split(figures: &DbFigures) -> [f64; 3] {
    [0.14, 0.83, 0.03].map(|share| (figures.freeable * share / 1024.0).round())
}

/// Two decimals, as RDS writes its figures.
fn two(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// `54 days, 1:53:04`.
fn uptime(since: Ms, now: Ms) -> String {
    let age = (now - since).max(0);
    let (days, hours, minutes, seconds) = (age / DAY, age % DAY / HOUR, age % HOUR / MIN, age % MIN / SEC);
    format!("{days} days, {hours}:{minutes:02}:{seconds:02}")
}

fn cpu(figures: &DbFigures, db: &DbInstance) -> Value {
    let split = cpu_split(figures, db.vcpus());
    json!({
        "guest": 0.0, "irq": 0.0, "nice": 0.0,
        "system": two(split.system), "wait": two(split.wait), "idle": two(split.idle), "user": two(split.user), "steal": two(split.steal),
        "total": two(split.user + split.system + split.steal),
    })
}

fn memory(figures: &DbFigures, db: &DbInstance) -> Value {
    let [free, cached, buffers] = memory_split(figures);
    // The kernel and the hypervisor keep some of what the class promises.
    let total = (db.memory() * 0.967 / 1024.0).round();
    let used = (total - free - cached - buffers).max(0.0);
    json!({
        "writeback": 0, "hugePagesFree": 0, "hugePagesRsvd": 0, "hugePagesSurp": 0, "hugePagesSize": 2048, "hugePagesTotal": 0,
        "cached": cached as u64, "free": free as u64, "buffers": buffers as u64, "total": total as u64,
        "inactive": (cached * 0.46).round() as u64, "active": (used * 0.91 + cached * 0.4).round() as u64,
        "mapped": (used * 0.55).round() as u64, "pageTables": (figures.connections * 1_150.0 + 21_000.0).round() as u64,
        "dirty": (figures.writes * 38.0 + 260.0).round() as u64, "slab": (total * 0.021).round() as u64,
    })
}

fn disk(figures: &DbFigures, device: &str, share: f64, seconds: f64) -> Value {
    let (reads, writes) = (figures.reads * share, figures.writes * share);
    let (read_kb, write_kb) = (reads * 13.9, writes * 11.0);
    let per_second = reads + writes;
    let queue = reads * figures.read_latency + writes * figures.write_latency;
    json!({
        "device": device,
        "readIOsPS": two(reads), "writeIOsPS": two(writes), "tps": two(per_second),
        "readKbPS": two(read_kb), "writeKbPS": two(write_kb),
        "readKb": (read_kb * seconds).round() as u64, "writeKb": (write_kb * seconds).round() as u64,
        "await": two(queue / per_second.max(1e-9) * 1000.0), "avgQueueLen": two(queue),
        "avgReqSz": two((read_kb + write_kb) / per_second.max(1e-9)),
        "rrqmPS": 0, "wrqmPS": two(writes * 0.12), "util": two((per_second / 30.0).min(100.0)),
    })
}

fn file_system(db: &DbInstance) -> Value {
    // A file system keeps a little of the volume for itself.
    let total = f64::from(db.allocated_gib) * 1_048_576.0 * 0.984;
    let used = (f64::from(db.allocated_gib) * 1_048_576.0 - db.free_storage / 1024.0).clamp(0.0, total);
    let (files, most) = (4_180.0, f64::from(db.allocated_gib) * 65_536.0);
    json!({
        "name": "rdsfilesys", "mountPoint": "/rdsdbdata",
        "total": total.round() as u64, "used": used.round() as u64, "usedPercent": two(used / total * 100.0),
        "usedFiles": files as u64, "maxFiles": most as u64, "usedFilePercent": two(files / most * 100.0),
    })
}

impl World {
    /// Sessions of the application with the busiest first, RDS's own processes, and the rest of the host.
    fn processes(&self, figures: &DbFigures) -> Value {
        let db = &self.rds.instance;
        let total = db.memory() / 1024.0;
        let mut list = Vec::new();
        let mut clients: Vec<&str> = self
            .ecs
            .tasks
            .values()
            .filter(|t| t.is_running() && t.service != super::super::names::WEB)
            .map(|t| t.private_ip.as_str())
            .collect();
        clients.sort_unstable_by_key(|ip| (!self.ecs.tasks.values().any(|t| t.private_ip == **ip && t.service == CONTROL), *ip));
        let mut process = |name: String, id: u64, cpu: f64, rss_kb: f64| {
            list.push(json!({
                "name": name, "id": id, "tgid": id, "parentID": u8::from(id != 0),
                "cpuUsedPc": two(cpu), "memoryUsedPc": two(rss_kb / total * 100.0),
                "rss": rss_kb.round() as u64, "vss": (rss_kb * 2.6 + 1_900_000.0).round() as u64, "vmlimit": 0,
            }));
        };
        for (rank, (ip, share)) in clients.into_iter().zip([0.21, 0.16, 0.11]).enumerate() {
            let last: u64 = ip.rsplit('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            let name = format!("postgres: nextcore_app nextcore {ip}({}) SELECT", 32_768 + last * 61 % 28_000);
            process(name, 4_200 + last * 7 + rank as u64, figures.cpu_percent * share, 148_000.0 + 9_000.0 * share * 100.0);
        }
        process("postgres: walwriter".into(), 812, (figures.writes * 0.02).min(figures.cpu_percent * 0.08), 21_400.0);
        process("postgres: checkpointer".into(), 810, (figures.writes * 0.012).min(figures.cpu_percent * 0.06), 1_240_000.0);
        process("RDS processes".into(), 0, 1.1, 402_000.0);
        process("OS processes".into(), 0, 0.3, 61_000.0);
        Value::Array(list)
    }

    fn host_event(&self, figures: &DbFigures) -> String {
        let (db, insight) = (&self.rds.instance, &self.rds.insight);
        let seconds = f64::from(db.monitoring_interval);
        let queries = figures.queries();
        let [one, five, fifteen] = insight.load_average;
        let sessions = figures.connections.round() as u64;
        let running = figures.on_cpu.round() as u64 + 1;
        let swap = 4_194_300;
        json!({
            "engine": "POSTGRES",
            "instanceID": db.id,
            "instanceResourceID": db.resource_id,
            "timestamp": chrono::DateTime::from_timestamp_millis(self.now).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "version": 1.0,
            "uptime": uptime(insight.host_since, self.now),
            "numVCPUs": db.vcpus() as u64,
            "cpuUtilization": cpu(figures, db),
            "loadAverageMinute": { "one": two(one), "five": two(five), "fifteen": two(fifteen) },
            "memory": memory(figures, db),
            "tasks": {
                "total": 196 + sessions, "running": running, "sleeping": 196 + sessions - running,
                "blocked": figures.waiting().round() as u64, "stopped": 0, "zombie": 0,
            },
            "swap": { "total": swap, "free": swap - 30_274, "cached": 1_180, "in": 0, "out": 0 },
            "network": [{ "interface": "eth0", "rx": two(queries * 780.0), "tx": two(queries * 3_900.0) }],
            "diskIO": [disk(figures, "filesystem", 1.0, seconds), disk(figures, "rdsdev", 1.0, seconds)],
            "physicalDeviceIO": [disk(figures, "nvme1n1", 1.0, seconds)],
            "fileSys": [file_system(db)],
            "processList": self.processes(figures),
        })
        .to_string()
    }

    /// Writes the event of the interval that just ended.
    pub(super) fn write_host_event(&mut self, figures: &DbFigures) {
        let now = self.now;
        let message = self.host_event(figures);
        let name = self.rds.instance.resource_id.as_str();
        let Some(group) = self.logs.groups.get_mut(GROUP) else { return };
        let stream = group.streams.entry(name.to_owned()).or_insert_with(|| LogStream {
            arn: arn("logs", format_args!("log-group:{GROUP}:log-stream:{name}")),
            name: Arc::from(name),
            created_at: now,
            first_event: Some(now),
            last_event: None,
            last_ingestion: None,
        });
        (stream.last_event, stream.last_ingestion) = (Some(now), Some(now));
        let stream = Arc::clone(&stream.name);
        group.stored_bytes += message.len() as u64 + OVERHEAD;
        let id = group.next_id;
        group.next_id += 1;
        group.events.push_back(LogEvent { id, timestamp: now, ingestion_time: now, stream, message });
        while group.events.len() > KEEP {
            group.events.pop_front();
        }
    }
}
