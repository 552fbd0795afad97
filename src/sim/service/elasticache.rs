//! ElastiCache: the one replication group, its nodes and events, and testing a failover.
//! Failover itself is `world`'s. In cluster mode no role is told: only the metrics know. Called through the service table.

use crate::wire::{ApiError, Dialect, Params, Value, object};
use crate::world::World;
use crate::world::names::arn;
use crate::world::state::{RedisEvent, RedisNode};

use super::rds::window;
use super::{Operation, Service, marker_page};

pub(super) const SERVICE: Service = Service {
    name: "elasticache",
    iam_prefix: "elasticache",
    signing_name: "elasticache",
    targets: &["2015-02-02"],
    namespace: "http://elasticache.amazonaws.com/doc/2015-02-02/",
    dialect: Dialect { missing: "MissingParameter", invalid: "InvalidParameterValue" },
    operations: &[
        Operation::read("DescribeReplicationGroups", describe_replication_groups),
        Operation::read("DescribeCacheClusters", describe_cache_clusters),
        Operation::read("DescribeEvents", describe_events),
        Operation::read("DescribeUpdateActions", describe_update_actions),
        Operation::read("DescribeCacheSubnetGroups", describe_cache_subnet_groups),
        Operation::write("TestFailover", test_failover),
        Operation::write("ModifyReplicationGroup", modify_replication_group),
    ],
};

fn group_not_found(id: &str) -> ApiError {
    ApiError::new("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found.")).with_status(404)
}

/// A page of `items` under `member`; ElastiCache takes 20 to 100 records.
fn paged(params: &Params<'_>, (member, item): (&'static str, &'static str), items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxRecords", 20..=100, 100)?;
    let (items, marker) = marker_page(params, items, limit, question)?;
    Ok(object! { "Marker" => marker, member => Value::list(item, items) })
}

fn describe_replication_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    match params.str("ReplicationGroupId") {
        Some(id) if id != world.redis.group.id => Err(group_not_found(id)),
        _ => paged(params, ("ReplicationGroups", "ReplicationGroup"), vec![describe_group(world)], "DescribeReplicationGroups"),
    }
}

fn describe_group(world: &World) -> Value {
    let group = &world.redis.group;
    object! {
        "ReplicationGroupId" => &group.id,
        "Description" => &group.description,
        "Status" => group.status,
        "PendingModifiedValues" => Value::EMPTY,
        "MemberClusters" => Value::list("ClusterId", world.redis.nodes.iter().map(|node| node.id.as_str())),
        "NodeGroups" => Value::list("NodeGroup", group.node_groups.iter().map(|(id, slots)| node_group(world, id, slots))),
        "AutomaticFailover" => "enabled",
        "MultiAZ" => if group.multi_az { "enabled" } else { "disabled" },
        "ConfigurationEndpoint" => object! { "Address" => &group.configuration_endpoint, "Port" => group.port },
        "SnapshotRetentionLimit" => group.snapshot_retention_days,
        "SnapshotWindow" => &group.snapshot_window,
        "ClusterEnabled" => true,
        "CacheNodeType" => &group.node_type,
        "AuthTokenEnabled" => group.auth_token,
        "AuthTokenLastModifiedDate" => Value::time(group.auth_token_modified),
        "TransitEncryptionEnabled" => group.transit_encryption,
        "TransitEncryptionMode" => group.transit_encryption.then_some("required"),
        "AtRestEncryptionEnabled" => group.at_rest_encryption,
        "KmsKeyId" => &group.kms_key,
        "ARN" => &group.arn,
        "UserGroupIds" => Value::members::<Value>([]),
        "LogDeliveryConfigurations" => Value::list::<Value>("LogDeliveryConfiguration", []),
        "ReplicationGroupCreateTime" => Value::time(group.created_at),
        "DataTiering" => "disabled",
        "AutoMinorVersionUpgrade" => true,
        "NetworkType" => "ipv4",
        "IpDiscovery" => "ipv4",
        "ClusterMode" => "enabled",
        "Engine" => "redis",
    }
}

fn node_group(world: &World, id: &str, slots: &str) -> Value {
    let members = world.redis.nodes.iter().filter(|node| node.node_group == id).map(|node| {
        object! {
            "CacheClusterId" => &node.id,
            "CacheNodeId" => "0001",
            "PreferredAvailabilityZone" => node.az.name(),
        }
    });
    object! {
        "NodeGroupId" => id,
        "Status" => world.redis.group.status,
        "Slots" => slots,
        "NodeGroupMembers" => Value::list("NodeGroupMember", members),
    }
}

fn describe_cache_clusters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = params.str("CacheClusterId");
    let nodes = params.bool("ShowCacheNodeInfo")?.unwrap_or(false);
    // All our nodes belong to the replication group.
    let alone = params.bool("ShowCacheClustersNotInReplicationGroups")?.unwrap_or(false);
    let found: Vec<Value> = world
        .redis
        .nodes
        .iter()
        .filter(|node| !alone && asked.is_none_or(|id| node.id == id))
        .map(|node| describe_cluster(world, node, nodes))
        .collect();
    match asked {
        Some(id) if found.is_empty() => {
            Err(ApiError::new("CacheClusterNotFound", format!("CacheCluster not found: {id}")).with_status(404))
        }
        _ => paged(params, ("CacheClusters", "CacheCluster"), found, &format!("DescribeCacheClusters {asked:?} {alone}")),
    }
}

fn describe_cluster(world: &World, node: &RedisNode, with_nodes: bool) -> Value {
    let group = &world.redis.group;
    let nodes = with_nodes.then(|| {
        Value::list(
            "CacheNode",
            [object! {
                "CacheNodeId" => "0001",
                "CacheNodeStatus" => node.status.as_str(),
                "CacheNodeCreateTime" => Value::time(node.created_at),
                "Endpoint" => object! { "Address" => &node.endpoint, "Port" => group.port },
                "ParameterGroupStatus" => "in-sync",
                "CustomerAvailabilityZone" => node.az.name(),
            }],
        )
    });
    object! {
        "CacheClusterId" => &node.id,
        "ClientDownloadLandingPage" => "https://console.aws.amazon.com/elasticache/home#client-download:",
        "CacheNodeType" => &group.node_type,
        "Engine" => "redis",
        "EngineVersion" => &group.engine_version,
        "CacheClusterStatus" => node.status.as_str(),
        "NumCacheNodes" => 1,
        "PreferredAvailabilityZone" => node.az.name(),
        "CacheClusterCreateTime" => Value::time(node.created_at),
        "PreferredMaintenanceWindow" => &group.maintenance_window,
        "PendingModifiedValues" => Value::EMPTY,
        "CacheSecurityGroups" => Value::list::<Value>("CacheSecurityGroup", []),
        "CacheParameterGroup" => object! {
            "CacheParameterGroupName" => &group.parameter_group,
            "ParameterApplyStatus" => "in-sync",
            "CacheNodeIdsToReboot" => Value::list::<Value>("CacheNodeId", []),
        },
        "CacheSubnetGroupName" => &group.subnet_group,
        "CacheNodes" => nodes,
        "AutoMinorVersionUpgrade" => true,
        "SecurityGroups" => Value::members(group.security_groups.iter().map(|id| object! {
            "SecurityGroupId" => id, "Status" => "active",
        })),
        "ReplicationGroupId" => &group.id,
        "SnapshotRetentionLimit" => group.snapshot_retention_days,
        "SnapshotWindow" => &group.snapshot_window,
        "AuthTokenEnabled" => group.auth_token,
        "AuthTokenLastModifiedDate" => Value::time(group.auth_token_modified),
        "TransitEncryptionEnabled" => group.transit_encryption,
        "AtRestEncryptionEnabled" => group.at_rest_encryption,
        "ARN" => arn("elasticache", format_args!("cluster:{}", node.id)),
        "ReplicationGroupLogDeliveryEnabled" => false,
        "NetworkType" => "ipv4",
        "IpDiscovery" => "ipv4",
    }
}

fn describe_events(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (source, kind) = (params.str("SourceIdentifier"), params.str("SourceType"));
    if source.is_some() && kind.is_none() {
        return Err(ApiError::new("InvalidParameterCombination", "SourceType must be supplied when SourceIdentifier is specified."));
    }
    let (start, end) = window(world.now, params)?;
    let found = world
        .redis
        .events
        .iter()
        .filter(|event| event.date >= start && event.date <= end)
        .filter(|event| source.is_none_or(|id| event.source_id == id))
        .filter(|event| kind.is_none_or(|kind| event.source.as_str() == kind))
        .map(describe_event)
        .collect();
    let question = format!("DescribeEvents {source:?} {kind:?} {:?}", params.get("StartTime"));
    paged(params, ("Events", "Event"), found, &question)
}

fn describe_event(event: &RedisEvent) -> Value {
    object! {
        "SourceIdentifier" => &event.source_id,
        "SourceType" => event.source.as_str(),
        "Message" => &event.message,
        "Date" => Value::time(event.date),
    }
}

/// Nothing is ever due here: the stack is patched.
fn describe_update_actions(_: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxRecords", 10..=50, 50)?;
    let (items, marker) = marker_page(params, Vec::new(), limit, "DescribeUpdateActions")?;
    Ok(object! { "Marker" => marker, "UpdateActions" => Value::list("UpdateAction", items) })
}

fn describe_cache_subnet_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let group = &world.redis.group;
    match params.str("CacheSubnetGroupName") {
        Some(name) if name != group.subnet_group => {
            return Err(ApiError::new("CacheSubnetGroupNotFoundFault", format!("Cache Subnet Group {name} does not exist.")));
        }
        _ => {}
    }
    let zones = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"];
    let subnets = group.subnets.iter().zip(zones).map(|(id, zone)| {
        object! { "SubnetIdentifier" => id, "SubnetAvailabilityZone" => object! { "Name" => zone } }
    });
    let described = object! {
        "CacheSubnetGroupName" => &group.subnet_group,
        "CacheSubnetGroupDescription" => "Cache subnets of production-nextcore",
        "VpcId" => &group.vpc_id,
        "Subnets" => Value::list("Subnet", subnets),
        "ARN" => arn("elasticache", format_args!("subnetgroup:{}", group.subnet_group)),
    };
    paged(params, ("CacheSubnetGroups", "CacheSubnetGroup"), vec![described], "DescribeCacheSubnetGroups")
}

fn test_failover(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("ReplicationGroupId")?;
    let node_group = params.required("NodeGroupId")?;
    world.test_failover(id, node_group)?;
    Ok(object! { "ReplicationGroup" => describe_group(world) })
}

/// What the embedded group can be asked to change; the rest is told apart from it.
const MODIFIABLE: &[&str] =
    &["ReplicationGroupId", "ApplyImmediately", "AutomaticFailoverEnabled", "MultiAZEnabled", "SnapshotRetentionLimit"];

fn modify_replication_group(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = params.required("ReplicationGroupId")?;
    let combination = |message: String| ApiError::new("InvalidParameterCombination", message);
    if let Some(unknown) = params.names().find(|name| !MODIFIABLE.contains(name) && !matches!(*name, "Action" | "Version")) {
        return Err(combination(format!("The embedded cloud cannot change {unknown}.")));
    }
    // In cluster mode AWS does not let go of the failover, only of the zones.
    if params.bool("AutomaticFailoverEnabled")? == Some(false) {
        let message = "Turning off automatic failover for replication group with cluster mode enabled is not supported.";
        return Err(combination(message.to_owned()));
    }
    let days = params.int("SnapshotRetentionLimit")?;
    let days = days
        .map(|days| {
            u32::try_from(days)
                .ok()
                .filter(|days| *days <= 35)
                .ok_or_else(|| params.invalid("snapshotRetentionLimit", &days.to_string(), "Member must be between 0 and 35"))
        })
        .transpose()?;
    world.modify_replication_group(id, params.bool("MultiAZEnabled")?, days)?;
    Ok(object! { "ReplicationGroup" => describe_group(world) })
}
