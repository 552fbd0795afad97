//! The instance itself: describing it and its subnet group, and modifying it. What a modification does is `world`'s.
//! Called through the table in `rds`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::names::{Az, DAY, OS_METRICS_GROUP, arn};
use crate::world::state::{DbClusterMember, DbInstance};
use crate::world::{ModifyDbInstance, World};

use super::{instance_not_found, paged};

/// Whether the instance passes the request's filters.
fn passes(params: &Params<'_>, instance: &DbInstance, cluster: Option<&str>) -> Result<bool, ApiError> {
    for filter in params.structures("Filters") {
        let values = filter.strings("Values");
        let found = match filter.required("Name")? {
            "db-instance-id" => values.iter().any(|value| [&instance.id, &instance.arn].iter().any(|name| name == value)),
            "dbi-resource-id" => values.contains(&instance.resource_id.as_str()),
            "engine" => values.contains(&instance.engine.as_str()),
            "db-cluster-id" => cluster.is_some_and(|id| values.contains(&id)),
            "domain" => false,
            name => return Err(ApiError::new("InvalidParameterValue", format!("Unrecognized filter name: {name}"))),
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn describe_db_instances(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cluster = world.rds.cluster.as_ref().map(|c| c.id.as_str());
    let mut all = instances(world);
    if let Some(id) = params.str("DBInstanceIdentifier") {
        all.retain(|(instance, _)| id == instance.id || id == instance.arn);
        if all.is_empty() {
            return Err(instance_not_found(id));
        }
    }
    let mut found = Vec::new();
    for (instance, tier) in &all {
        if passes(params, instance, cluster)? {
            let Value::Map(mut members) = describe(instance) else { continue };
            if let Value::Map(more) = object! { "DBClusterIdentifier" => cluster, "PromotionTier" => *tier } {
                members.extend(more);
            }
            found.push(Value::Map(members));
        }
    }
    let question = format!("DescribeDBInstances {:?}", params.str("DBInstanceIdentifier"));
    paged(params, ("DBInstances", "DBInstance"), found, &question)
}

/// The instance, or every member of the cluster with its promotion tier. A member is the writer but for what is its own.
fn instances(world: &World) -> Vec<(DbInstance, Option<u32>)> {
    let writer = &world.rds.instance;
    let Some(cluster) = &world.rds.cluster else { return vec![(writer.clone(), None)] };
    let member = |m: &DbClusterMember| {
        let reader = DbInstance {
            id: m.id.clone(),
            arn: arn("rds", format_args!("db:{}", m.id)),
            resource_id: if m.id == writer.id { writer.resource_id.clone() } else { format!("db-{}", m.id.to_uppercase()) },
            az: m.az,
            status: m.status,
            endpoint: format!("{}.c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com", m.id),
            ..writer.clone()
        };
        (reader, Some(m.tier))
    };
    cluster.members.iter().map(member).collect()
}

pub(super) fn describe(instance: &DbInstance) -> Value {
    let Value::Map(mut members) = facts(instance) else { return Value::Null };
    if let Value::Map(more) = protection(instance) {
        members.extend(more);
    }
    Value::Map(members)
}

/// What was asked for and is not in force yet.
fn pending(instance: &DbInstance) -> Value {
    object! {
        "DBInstanceClass" => instance.pending.class.as_deref(),
        "AllocatedStorage" => instance.pending.allocated_gib,
        "BackupRetentionPeriod" => instance.pending.backup_retention_days,
        "MultiAZ" => instance.pending.multi_az,
    }
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
        "LatestRestorableTime" => Value::time((instance.backup_retention_days > 0).then_some(instance.latest_restorable)),
        "PendingModifiedValues" => pending(instance),
        "AutoMinorVersionUpgrade" => true,
        "ReadReplicaSourceDBInstanceIdentifier" => instance.replica_of.as_deref(),
        "ReadReplicaDBInstanceIdentifiers" => Value::list::<Value>("ReadReplicaDBInstanceIdentifier", []),
        "StorageEncrypted" => instance.encrypted,
        "KmsKeyId" => &instance.kms_key,
        "StorageEncryptionType" => if instance.encrypted { "sse-kms" } else { "none" },
        "CACertificateIdentifier" => &instance.ca_certificate,
        "CertificateDetails" => object! {
            "CAIdentifier" => &instance.ca_certificate,
            "ValidTill" => Value::time(instance.created_at + 1000 * DAY),
        },
        "CopyTagsToSnapshot" => true,
        "MonitoringInterval" => instance.monitoring_interval,
        "MonitoringRoleArn" => (instance.monitoring_interval > 0).then_some(instance.monitoring_role_arn.as_str()),
        "EnhancedMonitoringResourceArn" => (instance.monitoring_interval > 0)
            .then(|| arn("logs", format_args!("log-group:{OS_METRICS_GROUP}:log-stream:{}", instance.resource_id))),
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
        "DBSubnetGroupArn" => arn("rds", format_args!("subgrp:{}", instance.subnet_group)),
        "SupportedNetworkTypes" => Value::members(["IPV4"]),
    }
}

pub(super) fn describe_db_subnet_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let instance = &world.rds.instance;
    match params.str("DBSubnetGroupName") {
        Some(name) if name != instance.subnet_group => {
            Err(ApiError::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist.")).with_status(404))
        }
        _ => paged(params, ("DBSubnetGroups", "DBSubnetGroup"), vec![subnet_group(instance)], "DescribeDBSubnetGroups"),
    }
}

/// What the embedded instance can be asked to change, beside saying which one and when.
const MODIFIABLE: &[&str] = &[
    "DBInstanceIdentifier",
    "ApplyImmediately",
    "BackupRetentionPeriod",
    "MultiAZ",
    "AllocatedStorage",
    "DBInstanceClass",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "EnablePerformanceInsights",
    "PubliclyAccessible",
    "DeletionProtection",
];

fn number(params: &Params<'_>, name: &str) -> Result<Option<u32>, ApiError> {
    let given = params.int(name)?;
    given.map(|n| u32::try_from(n).ok().ok_or_else(|| params.invalid(name, &n.to_string(), "Member must not be negative"))).transpose()
}

pub(super) fn modify_db_instance(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("DBInstanceIdentifier")?;
    if let Some(unknown) = params.names().find(|name| !MODIFIABLE.contains(name) && !matches!(*name, "Action" | "Version")) {
        return Err(super::invalid_combination(&format!("The embedded cloud cannot change {unknown}.")));
    }
    let wanted = ModifyDbInstance {
        backup_retention_days: number(params, "BackupRetentionPeriod")?,
        multi_az: params.bool("MultiAZ")?,
        allocated_gib: number(params, "AllocatedStorage")?,
        class: params.str("DBInstanceClass").map(str::to_owned),
        monitoring_interval: number(params, "MonitoringInterval")?,
        monitoring_role_arn: params.str("MonitoringRoleArn").map(str::to_owned),
        performance_insights: params.bool("EnablePerformanceInsights")?,
        public: params.bool("PubliclyAccessible")?,
        deletion_protection: params.bool("DeletionProtection")?,
        at_once: params.bool("ApplyImmediately")?.unwrap_or(false),
    };
    Ok(object! { "DBInstance" => describe(world.modify_db(id, wanted)?) })
}
