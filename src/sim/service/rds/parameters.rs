//! The parameters of the database's parameter group: those that matter to this stack.
//! Called through the table in `rds`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;

use super::paged;

/// (name, value, source, apply type, description): the parameters that matter to this stack.
const PARAMETERS: &[(&str, Option<&str>, &str, &str, &str)] = &[
    ("autovacuum", Some("1"), "engine-default", "dynamic", "Starts the autovacuum subprocess."),
    (
        "autovacuum_max_workers",
        Some("GREATEST({DBInstanceClassMemory/64371566592},3)"),
        "system",
        "static",
        "Sets the maximum number of simultaneously running autovacuum worker processes.",
    ),
    ("checkpoint_timeout", Some("300"), "system", "dynamic", "Sets the maximum time between automatic WAL checkpoints."),
    (
        "effective_cache_size",
        Some("{DBInstanceClassMemory/16384}"),
        "system",
        "dynamic",
        "Sets the planners assumption about the size of the disk cache.",
    ),
    (
        "idle_in_transaction_session_timeout",
        Some("60000"),
        "user",
        "dynamic",
        "Sets the maximum allowed duration of any idling transaction.",
    ),
    ("log_lock_waits", Some("1"), "user", "dynamic", "Logs long lock waits."),
    (
        "log_min_duration_statement",
        Some("1000"),
        "user",
        "dynamic",
        "Sets the minimum execution time above which statements will be logged.",
    ),
    ("log_temp_files", Some("10240"), "user", "dynamic", "Log the use of temporary files larger than this number of kilobytes."),
    (
        "maintenance_work_mem",
        Some("GREATEST({DBInstanceClassMemory*1024/63963136},65536)"),
        "system",
        "dynamic",
        "Sets the maximum memory to be used for maintenance operations.",
    ),
    (
        "max_connections",
        Some("LEAST({DBInstanceClassMemory/9531392},5000)"),
        "system",
        "static",
        "Sets the maximum number of concurrent connections.",
    ),
    ("max_locks_per_transaction", Some("64"), "system", "static", "Sets the maximum number of locks per transaction."),
    (
        "max_parallel_workers",
        Some("GREATEST({DBInstanceVCPU/2},8)"),
        "system",
        "dynamic",
        "Sets the maximum number of parallel workers than can be active at one time.",
    ),
    ("max_wal_size", Some("2048"), "system", "dynamic", "Sets the WAL size that triggers the checkpoint."),
    ("random_page_cost", Some("1.1"), "user", "dynamic", "Sets the planners estimate of the cost of a nonsequentially fetched disk page."),
    ("rds.allowed_extensions", Some("*"), "system", "dynamic", "Allowed extensions for users."),
    ("rds.force_ssl", Some("1"), "system", "dynamic", "Force SSL connections."),
    ("rds.log_retention_period", Some("4320"), "system", "dynamic", "Amazon RDS log retention period in minutes."),
    ("rds.logical_replication", Some("0"), "engine-default", "static", "Enables logical decoding."),
    (
        "shared_buffers",
        Some("{DBInstanceClassMemory/32768}"),
        "system",
        "static",
        "Sets the number of shared memory buffers used by the server.",
    ),
    ("shared_preload_libraries", Some("pg_stat_statements"), "user", "static", "Lists shared libraries to preload into server."),
    ("ssl", Some("1"), "engine-default", "static", "Enables SSL connections."),
    ("statement_timeout", Some("30000"), "user", "dynamic", "Sets the maximum allowed duration of any statement."),
    ("timezone", Some("UTC"), "engine-default", "dynamic", "Sets the time zone for displaying and interpreting time stamps."),
    ("track_io_timing", Some("1"), "user", "dynamic", "Collects timing statistics on database IO activity."),
    ("wal_buffers", None, "engine-default", "static", "Sets the number of disk-page buffers in shared memory for WAL."),
    ("work_mem", Some("16384"), "user", "dynamic", "Sets the maximum memory to be used for query workspaces."),
];

pub(super) fn describe_db_parameters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let group = params.required("DBParameterGroupName")?;
    if group != world.rds.instance.parameter_group {
        return Err(ApiError::new("DBParameterGroupNotFound", format!("DBParameterGroup not found: {group}")).with_status(404));
    }
    let source = params.str("Source");
    let found = PARAMETERS
        .iter()
        .filter(|(_, _, from, _, _)| source.is_none_or(|source| source == *from))
        .map(|(name, value, from, apply, description)| {
            object! {
                "ParameterName" => *name,
                "ParameterValue" => *value,
                "Description" => *description,
                "Source" => *from,
                "ApplyType" => *apply,
                "DataType" => "string",
                "IsModifiable" => true,
                "ApplyMethod" => "pending-reboot",
            }
        })
        .collect();
    paged(params, ("Parameters", "Parameter"), found, &format!("DescribeDBParameters {source:?}"))
}
