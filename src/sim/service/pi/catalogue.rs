//! What Performance Insights can tell about the database: its counters, its dimensions, its features.
//! The table of counters is also what GetResourceMetrics reads. Called through the table in `pi`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::insight::{WAITS, cpu_split, memory_split};
use crate::world::state::{DbFigures, DbInstance};

use super::dimensions::GROUPS;
use super::{invalid, paged, resource};

/// A counter, named without its statistic.
pub(super) struct Counter {
    /// `os.cpuUtilization.total`.
    pub(super) name: &'static str,
    unit: &'static str,
    description: &'static str,
    /// Its value in a span.
    pub(super) read: fn(&DbFigures, &DbInstance) -> f64,
}

const fn counter(name: &'static str, unit: &'static str, description: &'static str, read: fn(&DbFigures, &DbInstance) -> f64) -> Counter {
    Counter { name, unit, description, read }
}

/// The sessions that wait for the end of somebody else's transaction.
fn blocked(figures: &DbFigures) -> f64 {
    figures.on_writes * WAITS.iter().find(|wait| wait.kind == "Lock").map_or(0.0, |wait| wait.shares[2])
}

/// The counters of the host and of PostgreSQL that the world knows.
pub(super) const COUNTERS: &[Counter] = &[
    counter("os.cpuUtilization.total", "Percent", "The total percentage of the CPU in use", |f, _| f.cpu_percent),
    counter("os.cpuUtilization.user", "Percent", "The percentage of CPU in use by user programs", |f, db| cpu_split(f, db.vcpus()).user),
    counter("os.cpuUtilization.system", "Percent", "The percentage of CPU in use by the kernel", |f, db| cpu_split(f, db.vcpus()).system),
    counter("os.cpuUtilization.wait", "Percent", "The percentage of CPU unused while waiting for I/O access", |f, db| {
        cpu_split(f, db.vcpus()).wait
    }),
    counter("os.cpuUtilization.steal", "Percent", "The percentage of CPU in use by other virtual machines", |f, db| {
        cpu_split(f, db.vcpus()).steal
    }),
    counter("os.cpuUtilization.idle", "Percent", "The percentage of CPU that is idle", |f, db| cpu_split(f, db.vcpus()).idle),
    counter("os.memory.total", "KB", "The total amount of memory", |_, db| (db.memory() * 0.967 / 1024.0).round()),
    counter("os.memory.free", "KB", "The amount of unassigned memory", |f, _| memory_split(f)[0]),
    counter("os.memory.cached", "KB", "The amount of memory used for caching file system-based I/O", |f, _| memory_split(f)[1]),
    counter("os.diskIO.rdsdev.readIOsPS", "Requests per second", "The number of read operations per second", |f, _| f.reads),
    counter("os.diskIO.rdsdev.writeIOsPS", "Requests per second", "The number of write operations per second", |f, _| f.writes),
    counter("os.general.numVCPUs", "vCPUs", "The number of virtual CPUs for the DB instance", |_, db| db.vcpus()),
    counter("db.User.numbackends", "Connections", "Number of backends currently connected to this database", |f, _| f.connections),
    counter("db.Transactions.active_transactions", "Transactions", "Number of active transactions", |f, _| f.load()),
    counter("db.Transactions.blocked_transactions", "Transactions", "Number of blocked transactions", |f, _| blocked(f)),
    counter(
        "db.Transactions.xact_commit",
        "Commits per second",
        "Number of transactions in this database that have been committed",
        |f, _| f.api_queries / 6.0 + f.job_queries / 10.0,
    ),
    counter("db.Cache.blks_hit", "Blocks per second", "Number of times disk blocks were found already in the buffer cache", |f, _| {
        f.queries() * 62.0
    }),
    counter("db.IO.blks_read", "Blocks per second", "Number of disk blocks read in this database", |f, _| f.reads * 1.7),
    counter("db.Concurrency.deadlocks", "Deadlocks per minute", "Number of deadlocks detected in this database", |_, _| 0.0),
];

/// What is said of the load itself.
pub(super) const LOAD: [(&str, &str, &str); 2] = [
    ("db.load.avg", "AAS", "A scaled representation of the number of active sessions for the database engine"),
    ("db.sampledload.avg", "AAS", "The raw number of active sessions for the database engine"),
];

/// The statistics of a counter.
pub(super) const STATISTICS: [&str; 4] = ["avg", "min", "max", "sum"];

pub(super) fn list_available_resource_metrics(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    resource(world, params)?;
    let types = params.strings("MetricTypes");
    if types.is_empty() {
        return Err(params.missing("MetricTypes"));
    }
    let mut found = Vec::new();
    let entry = |metric: String, unit: &str, text: &str| object! { "Metric" => metric, "Unit" => unit, "Description" => text };
    for kind in &types {
        match *kind {
            "os" | "db" => {
                let prefix = format!("{kind}.");
                let mine = COUNTERS.iter().filter(|counter| counter.name.starts_with(&prefix));
                found.extend(mine.flat_map(|c| STATISTICS.map(|stat| entry(format!("{}.{stat}", c.name), c.unit, c.description))));
                if *kind == "db" {
                    found.extend(LOAD.map(|(name, unit, text)| entry(name.to_owned(), unit, text)));
                }
            }
            // Statistics per statement exist in AWS; they are not kept here.
            "db.sql.stats" | "db.sql_tokenized.stats" => {}
            other => return Err(invalid(format!("The metric type {other} is not a known metric type"))),
        }
    }
    paged(params, Value::EMPTY, "Metrics", found, &format!("ListAvailableResourceMetrics {types:?}"))
}

pub(super) fn list_available_resource_dimensions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    resource(world, params)?;
    let asked = params.strings("Metrics");
    if asked.is_empty() || asked.len() > 5 {
        return Err(invalid("Metrics must have 1 to 5 items."));
    }
    let groups = GROUPS.iter().map(|group| {
        let dimensions = group.dimensions.iter().map(|(name, _)| object! { "Identifier" => *name });
        object! { "Group" => group.name, "Dimensions" => Value::members(dimensions) }
    });
    let groups: Vec<Value> = groups.collect();
    let mut found = Vec::new();
    for metric in &asked {
        if !matches!(*metric, "db.load" | "db.load.avg" | "db.sampledload" | "db.sampledload.avg") {
            return Err(invalid(format!("The metric {metric} has no dimensions for current resource")));
        }
        found.push(object! { "Metric" => *metric, "Groups" => Value::members(groups.clone()) });
    }
    paged(params, Value::EMPTY, "MetricDimensions", found, &format!("ListAvailableResourceDimensions {asked:?}"))
}

pub(super) fn get_resource_metadata(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = resource(world, params)?;
    let feature = |status: &str| object! { "Status" => status };
    Ok(object! {
        "Identifier" => id,
        "Features" => object! {
            "SQL_STATISTICS" => feature("DISABLED"),
            "SQL_DIGEST_STATISTICS" => feature("DISABLED"),
            "COUNTER_METRICS" => feature("ENABLED"),
            "DB_LOAD" => feature("ENABLED"),
        },
    })
}
