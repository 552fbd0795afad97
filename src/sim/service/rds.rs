//! RDS: the one PostgreSQL instance, its events, backups and parameters, and rebooting it.
//! Failover itself is `world`'s. Called through the service table.

use crate::sim::wire::{ApiError, Dialect, Params, Value, object};
use crate::sim::world::World;
use crate::sim::world::names::{Az, DAY, MIN};
use crate::sim::world::state::{DbInstance, RdsEvent};

use super::{Operation, Service, marker_page};

pub(super) const SERVICE: Service = Service {
    name: "rds",
    iam_prefix: "rds",
    signing_name: "rds",
    targets: &["2014-10-31"],
    namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
    dialect: Dialect { missing: "MissingParameter", invalid: "InvalidParameterValue" },
    operations: &[
        Operation::read("DescribeDBInstances", describe_db_instances),
        Operation::read("DescribeEvents", describe_events),
        Operation::read("DescribePendingMaintenanceActions", describe_pending_maintenance_actions),
        Operation::read("DescribeDBInstanceAutomatedBackups", describe_automated_backups),
        Operation::read("DescribeDBParameters", describe_db_parameters),
        Operation::write("RebootDBInstance", reboot_db_instance),
    ],
};

fn invalid_combination(message: &str) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

fn instance_not_found(id: &str) -> ApiError {
    ApiError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")).with_status(404)
}

/// A page of `items` under `member`; RDS takes 20 to 100 records.
fn paged(params: &Params<'_>, (member, item): (&'static str, &'static str), items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxRecords", 20..=100, 100)?;
    let (items, marker) = marker_page(params, items, limit, question)?;
    Ok(object! { "Marker" => marker, member => Value::list(item, items) })
}

/// Whether the instance passes the request's filters.
fn passes(params: &Params<'_>, instance: &DbInstance) -> Result<bool, ApiError> {
    for filter in params.structures("Filters") {
        let values = filter.strings("Values");
        let found = match filter.required("Name")? {
            "db-instance-id" => values.iter().any(|value| [&instance.id, &instance.arn].iter().any(|name| name == value)),
            "dbi-resource-id" => values.contains(&instance.resource_id.as_str()),
            "engine" => values.contains(&instance.engine.as_str()),
            "db-cluster-id" | "domain" => false,
            name => return Err(ApiError::new("InvalidParameterValue", format!("Unrecognized filter name: {name}"))),
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn describe_db_instances(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let instance = &world.rds.instance;
    match params.str("DBInstanceIdentifier") {
        Some(id) if id != instance.id && id != instance.arn => return Err(instance_not_found(id)),
        _ => {}
    }
    let found = if passes(params, instance)? { vec![describe(instance)] } else { Vec::new() };
    paged(params, ("DBInstances", "DBInstance"), found, "DescribeDBInstances")
}

fn describe(instance: &DbInstance) -> Value {
    let Value::Map(mut members) = facts(instance) else { return Value::Null };
    if let Value::Map(more) = protection(instance) {
        members.extend(more);
    }
    Value::Map(members)
}

/// What it is and where it runs.
fn facts(instance: &DbInstance) -> Value {
    object! {
        "DBInstanceIdentifier" => &instance.id,
        "DBInstanceArn" => &instance.arn,
        "DbiResourceId" => &instance.resource_id,
        "DBInstanceClass" => &instance.class,
        "Engine" => &instance.engine,
        "EngineVersion" => &instance.engine_version,
        "LicenseModel" => "postgresql-license",
        "EngineLifecycleSupport" => "open-source-rds-extended-support",
        "DBInstanceStatus" => instance.status.as_str(),
        "MasterUsername" => &instance.master_user,
        "DBName" => &instance.db_name,
        "Endpoint" => object! {
            "Address" => &instance.endpoint, "Port" => instance.port, "HostedZoneId" => "Z32T0VRHXEXS0V",
        },
        "AllocatedStorage" => instance.allocated_gib,
        "MaxAllocatedStorage" => instance.max_allocated_gib,
        "StorageType" => &instance.storage_type,
        "Iops" => instance.iops,
        "StorageThroughput" => instance.throughput,
        "StorageVolumeStatus" => "none",
        "InstanceCreateTime" => Value::time(instance.created_at),
        "MultiAZ" => instance.multi_az,
        "AvailabilityZone" => instance.az.name(),
        "SecondaryAvailabilityZone" => instance.secondary_az.map(Az::name),
        "DBSecurityGroups" => Value::list::<Value>("DBSecurityGroup", []),
        "VpcSecurityGroups" => Value::list("VpcSecurityGroupMembership", instance.security_groups.iter().map(|id| {
            object! { "VpcSecurityGroupId" => id, "Status" => "active" }
        })),
        "DBParameterGroups" => Value::list("DBParameterGroup", [object! {
            "DBParameterGroupName" => &instance.parameter_group, "ParameterApplyStatus" => "in-sync",
        }]),
        "OptionGroupMemberships" => Value::list("OptionGroupMembership", [object! {
            "OptionGroupName" => "default:postgres-15", "Status" => "in-sync",
        }]),
        "DBSubnetGroup" => subnet_group(instance),
        "PubliclyAccessible" => instance.public,
        "NetworkType" => "IPV4",
    }
}

/// How it is kept safe and watched.
fn protection(instance: &DbInstance) -> Value {
    object! {
        "PreferredBackupWindow" => &instance.backup_window,
        "BackupRetentionPeriod" => instance.backup_retention_days,
        "BackupTarget" => "region",
        "PreferredMaintenanceWindow" => &instance.maintenance_window,
        "LatestRestorableTime" => Value::time(instance.latest_restorable),
        "PendingModifiedValues" => Value::EMPTY,
        "AutoMinorVersionUpgrade" => true,
        "ReadReplicaDBInstanceIdentifiers" => Value::list::<Value>("ReadReplicaDBInstanceIdentifier", []),
        "StorageEncrypted" => instance.encrypted,
        "KmsKeyId" => &instance.kms_key,
        "CACertificateIdentifier" => &instance.ca_certificate,
        "CertificateDetails" => object! {
            "CAIdentifier" => &instance.ca_certificate,
            "ValidTill" => Value::time(instance.created_at + 1000 * DAY),
        },
        "CopyTagsToSnapshot" => true,
        "MonitoringInterval" => instance.monitoring_interval,
        "MonitoringRoleArn" => &instance.monitoring_role_arn,
        "EnhancedMonitoringResourceArn" => format!(
            "arn:aws:logs:ap-southeast-2:111122223333:log-group:RDSOSMetrics:log-stream:{}", instance.resource_id,
        ),
        "PerformanceInsightsEnabled" => instance.performance_insights,
        "PerformanceInsightsKMSKeyId" => instance.performance_insights.then_some(instance.kms_key.as_str()),
        "PerformanceInsightsRetentionPeriod" => instance.performance_insights.then_some(7),
        "DatabaseInsightsMode" => "standard",
        "EnabledCloudwatchLogsExports" => Value::members(["postgresql"]),
        "IAMDatabaseAuthenticationEnabled" => false,
        "DeletionProtection" => instance.deletion_protection,
        "DBInstanceAutomatedBackupsReplications" => Value::list::<Value>("DBInstanceAutomatedBackupsReplication", []),
        "AssociatedRoles" => Value::list::<Value>("DBInstanceRole", []),
        "TagList" => Value::list("Tag", [object! { "Key" => "Environment", "Value" => "production" }]),
        "CustomerOwnedIpEnabled" => false,
        "DedicatedLogVolume" => false,
    }
}

fn subnet_group(instance: &DbInstance) -> Value {
    let zones = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"];
    let subnets = instance.subnets.iter().zip(zones).map(|(id, zone)| {
        object! {
            "SubnetIdentifier" => id,
            "SubnetAvailabilityZone" => object! { "Name" => zone },
            "SubnetStatus" => "Active",
        }
    });
    object! {
        "DBSubnetGroupName" => &instance.subnet_group,
        "DBSubnetGroupDescription" => "Database subnets of production-nextcore",
        "VpcId" => &instance.vpc_id,
        "SubnetGroupStatus" => "Complete",
        "Subnets" => Value::list("Subnet", subnets),
    }
}

fn describe_events(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (source, kind) = (params.str("SourceIdentifier"), params.str("SourceType"));
    if source.is_some() && kind.is_none() {
        return Err(invalid_combination("SourceType must be supplied when SourceIdentifier is specified."));
    }
    let (start, end) = window(world.now, params)?;
    let categories = params.strings("EventCategories");
    let found = world
        .rds
        .events
        .iter()
        .filter(|event| event.date >= start && event.date <= end)
        .filter(|event| source.is_none_or(|id| event.source_id == id))
        .filter(|event| kind.is_none_or(|kind| event.source_type == kind))
        .filter(|event| categories.is_empty() || event.categories.iter().any(|category| categories.contains(category)))
        .map(describe_event)
        .collect();
    let question = format!("DescribeEvents {source:?} {kind:?} {categories:?} {:?}", params.get("StartTime"));
    paged(params, ("Events", "Event"), found, &question)
}

/// The window of an events call: `StartTime` to `EndTime`, or the last `Duration` minutes (60 when nothing is said).
/// RDS and ElastiCache share it.
pub(super) fn window(now: i64, params: &Params<'_>) -> Result<(i64, i64), ApiError> {
    let (start, end, duration) = (params.time("StartTime")?, params.time("EndTime")?, params.int("Duration")?);
    let length = duration.unwrap_or(60).clamp(0, 14 * 24 * 60) * MIN;
    let (start, end) = match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, if duration.is_some() { start + length } else { now }),
        (None, Some(end)) => (end - length, end),
        (None, None) => (now - length, now),
    };
    if start > end {
        return Err(invalid_combination("The EndTime parameter must be later than the StartTime parameter."));
    }
    Ok((start.max(now - 14 * DAY), end))
}

fn describe_event(event: &RdsEvent) -> Value {
    object! {
        "SourceIdentifier" => &event.source_id,
        "SourceType" => event.source_type,
        "Message" => &event.message,
        "EventCategories" => Value::list("EventCategory", event.categories.iter().copied()),
        "Date" => Value::time(event.date),
        "SourceArn" => &event.source_arn,
    }
}

/// Nothing is ever pending here: the stack is patched.
fn describe_pending_maintenance_actions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    match params.str("ResourceIdentifier") {
        Some(arn) if arn != world.rds.instance.arn => {
            Err(ApiError::new("ResourceNotFoundFault", "The specified resource identifier was not found.").with_status(404))
        }
        _ => paged(
            params,
            ("PendingMaintenanceActions", "ResourcePendingMaintenanceActions"),
            Vec::new(),
            "DescribePendingMaintenanceActions",
        ),
    }
}

fn describe_automated_backups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let instance = &world.rds.instance;
    match params.str("DBInstanceIdentifier") {
        Some(id) if id != instance.id => return Err(instance_not_found(id)),
        _ => {}
    }
    let earliest = (instance.latest_restorable - i64::from(instance.backup_retention_days) * DAY).max(instance.created_at);
    let backup = object! {
        "DBInstanceArn" => &instance.arn,
        "DbiResourceId" => &instance.resource_id,
        "Region" => "ap-southeast-2",
        "DBInstanceIdentifier" => &instance.id,
        "RestoreWindow" => object! {
            "EarliestTime" => Value::time(earliest),
            "LatestTime" => Value::time(instance.latest_restorable),
        },
        "AllocatedStorage" => instance.allocated_gib,
        "Status" => "active",
        "Port" => instance.port,
        "AvailabilityZone" => instance.az.name(),
        "VpcId" => &instance.vpc_id,
        "InstanceCreateTime" => Value::time(instance.created_at),
        "MasterUsername" => &instance.master_user,
        "Engine" => &instance.engine,
        "EngineVersion" => &instance.engine_version,
        "LicenseModel" => "postgresql-license",
        "StorageType" => &instance.storage_type,
        "KmsKeyId" => &instance.kms_key,
        "Encrypted" => instance.encrypted,
        "BackupRetentionPeriod" => instance.backup_retention_days,
        "BackupTarget" => "region",
    };
    paged(params, ("DBInstanceAutomatedBackups", "DBInstanceAutomatedBackup"), vec![backup], "Backups")
}

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

fn describe_db_parameters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
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

fn reboot_db_instance(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("DBInstanceIdentifier")?;
    let force = params.bool("ForceFailover")?.unwrap_or(false);
    if force && !world.rds.instance.multi_az {
        return Err(invalid_combination("ForceFailover can be used with Multi-AZ instances only."));
    }
    Ok(object! { "DBInstance" => describe(world.reboot_db(id, force)?) })
}
