//! The DB cluster, where the world has one: describing it and failing it over. What a failover does is `world`'s.
//! Called through the table in `rds`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::names::arn;
use crate::world::state::DbCluster;

use super::paged;

fn cluster_not_found(id: &str) -> ApiError {
    ApiError::new("DBClusterNotFoundFault", format!("DBCluster {id} not found.")).with_status(404)
}

pub(super) fn describe_db_clusters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let cluster = world.rds.cluster.as_ref();
    let found = match params.str("DBClusterIdentifier") {
        Some(id) => Some(cluster.filter(|c| c.id == id).ok_or_else(|| cluster_not_found(id))?),
        None => cluster,
    };
    let mut clusters = Vec::new();
    if let Some(cluster) = found
        && passes(params, cluster, &world.rds.instance.engine)?
    {
        clusters.push(describe(world, cluster));
    }
    paged(params, ("DBClusters", "DBCluster"), clusters, "DescribeDBClusters")
}

/// Whether the cluster passes the request's filters.
fn passes(params: &Params<'_>, cluster: &DbCluster, engine: &str) -> Result<bool, ApiError> {
    for filter in params.structures("Filters") {
        let values = filter.strings("Values");
        let found = match filter.required("Name")? {
            "db-cluster-id" => values.contains(&cluster.id.as_str()),
            "engine" => values.contains(&engine),
            name => return Err(ApiError::new("InvalidParameterValue", format!("Unrecognized filter name: {name}"))),
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn describe(world: &World, cluster: &DbCluster) -> Value {
    let writer = &world.rds.instance;
    let domain = "c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com";
    let members = cluster.members.iter().map(|m| {
        object! {
            "DBInstanceIdentifier" => &m.id,
            "IsClusterWriter" => m.id == writer.id,
            "DBClusterParameterGroupStatus" => "in-sync",
            "PromotionTier" => m.tier,
        }
    });
    let zones: std::collections::BTreeSet<&str> = cluster.members.iter().map(|m| m.az.name()).collect();
    object! {
        "DBClusterIdentifier" => &cluster.id,
        "DBClusterArn" => arn("rds", format_args!("cluster:{}", cluster.id)),
        "DbClusterResourceId" => format!("cluster-{}", cluster.id.to_uppercase()),
        "Status" => cluster.status,
        "Engine" => &writer.engine,
        "EngineVersion" => &writer.engine_version,
        "EngineMode" => "provisioned",
        "DBClusterInstanceClass" => cluster.class.as_deref(),
        "Endpoint" => format!("{}.cluster-{domain}", cluster.id),
        "ReaderEndpoint" => format!("{}.cluster-ro-{domain}", cluster.id),
        "Port" => writer.port,
        "MultiAZ" => zones.len() > 1,
        "AvailabilityZones" => Value::list("AvailabilityZone", zones),
        "DBClusterMembers" => Value::list("DBClusterMember", members),
        "DBClusterParameterGroup" => "default.aurora",
        "DBSubnetGroup" => &writer.subnet_group,
        "LatestRestorableTime" => Value::time(writer.latest_restorable),
        "EarliestRestorableTime" => Value::time(writer.created_at),
        "BackupRetentionPeriod" => writer.backup_retention_days,
        "StorageEncrypted" => writer.encrypted,
        "KmsKeyId" => &writer.kms_key,
        "StorageType" => if cluster.class.is_some() { writer.storage_type.as_str() } else { "aurora" },
        "AllocatedStorage" => if cluster.class.is_some() { writer.allocated_gib } else { 1 },
        "VpcSecurityGroups" => Value::list("VpcSecurityGroupMembership", writer.security_groups.iter().map(|id| {
            object! { "VpcSecurityGroupId" => id, "Status" => "active" }
        })),
        "MasterUsername" => &writer.master_user,
        "ClusterCreateTime" => Value::time(writer.created_at),
        "DeletionProtection" => writer.deletion_protection,
    }
}

pub(super) fn failover_db_cluster(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("DBClusterIdentifier")?;
    if let Some(cluster) = &world.rds.cluster
        && cluster.class.is_some()
        && world.rds.instance.engine == "mysql"
        && params.str("TargetDBInstanceIdentifier").is_some()
    {
        return Err(super::invalid_combination("TargetDBInstanceIdentifier is not supported for RDS for MySQL Multi-AZ DB clusters."));
    }
    world.fail_over_cluster(id, params.str("TargetDBInstanceIdentifier"))?;
    let cluster = world.rds.cluster.as_ref().ok_or_else(|| cluster_not_found(id))?;
    Ok(object! { "DBCluster" => describe(world, cluster) })
}
