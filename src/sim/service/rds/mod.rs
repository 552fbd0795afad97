//! RDS: the one instance or cluster, its events, backups and parameters, rebooting it and failing it over.
//! Failover itself is `world`'s. Called through the service table.

use crate::wire::{ApiError, Dialect, Params, Value, object};
use crate::world::World;
use crate::world::names::{DAY, MIN};
use crate::world::state::RdsEvent;

use super::{Operation, Service, marker_page};

mod cluster;
mod instance;
mod parameters;

pub(super) const SERVICE: Service = Service {
    name: "rds",
    iam_prefix: "rds",
    signing_name: "rds",
    targets: &["2014-10-31"],
    namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
    dialect: Dialect { missing: "MissingParameter", invalid: "InvalidParameterValue" },
    operations: &[
        Operation::read("DescribeDBInstances", instance::describe_db_instances),
        Operation::read("DescribeDBClusters", cluster::describe_db_clusters),
        Operation::read("DescribeDBSubnetGroups", instance::describe_db_subnet_groups),
        Operation::read("DescribeEvents", describe_events),
        Operation::read("DescribePendingMaintenanceActions", describe_pending_maintenance_actions),
        Operation::read("DescribeDBInstanceAutomatedBackups", describe_automated_backups),
        Operation::read("DescribeDBParameters", parameters::describe_db_parameters),
        Operation::write("FailoverDBCluster", cluster::failover_db_cluster),
        Operation::write("ModifyDBInstance", instance::modify_db_instance),
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
pub(in super::super) fn window(now: i64, params: &Params<'_>) -> Result<(i64, i64), ApiError> {
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
    // Without automated backups there is nothing to restore from.
    if instance.backup_retention_days == 0 {
        return paged(params, ("DBInstanceAutomatedBackups", "DBInstanceAutomatedBackup"), Vec::new(), "Backups");
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

fn reboot_db_instance(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("DBInstanceIdentifier")?;
    let force = params.bool("ForceFailover")?.unwrap_or(false);
    if force && !world.rds.instance.multi_az {
        return Err(invalid_combination("ForceFailover can be used with Multi-AZ instances only."));
    }
    Ok(object! { "DBInstance" => instance::describe(world.reboot_db(id, force)?) })
}
