//! ElastiCache: the one replication group (or cache cluster by itself), its nodes and events, serverless caches, and testing a failover.
//! Failover itself is `world`'s. In cluster mode no role is told: only the metrics know. Called through the service table.

use crate::wire::{ApiError, Dialect, Params, Value, object, page};
use crate::world::World;
use crate::world::names::arn;
use crate::world::state::{CacheMode, RedisEvent, RedisNode};

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
        Operation::read("DescribeServerlessCaches", describe_serverless_caches),
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
    let alone = world.redis.group.mode == CacheMode::Alone;
    match params.str("ReplicationGroupId") {
        Some(id) if alone || id != world.redis.group.id => Err(group_not_found(id)),
        _ if alone => paged(params, ("ReplicationGroups", "ReplicationGroup"), Vec::new(), "DescribeReplicationGroups"),
        _ => paged(params, ("ReplicationGroups", "ReplicationGroup"), vec![describe_group(world)], "DescribeReplicationGroups"),
    }
}

fn describe_group(world: &World) -> Value {
    let group = &world.redis.group;
    let clustered = group.mode == CacheMode::Cluster;
    object! {
        "ReplicationGroupId" => &group.id,
        "Description" => &group.description,
        "Status" => group.status,
        "PendingModifiedValues" => Value::EMPTY,
        "MemberClusters" => Value::list("ClusterId", world.redis.nodes.iter().map(|node| node.id.as_str())),
        "NodeGroups" => Value::list("NodeGroup", group.node_groups.iter().map(|(id, slots)| node_group(world, id, slots))),
        "AutomaticFailover" => "enabled",
        "MultiAZ" => if group.multi_az { "enabled" } else { "disabled" },
        "ConfigurationEndpoint" => clustered
            .then(|| object! { "Address" => &group.configuration_endpoint, "Port" => group.port }),
        "SnapshotRetentionLimit" => group.snapshot_retention_days,
        "SnapshotWindow" => &group.snapshot_window,
        "ClusterEnabled" => clustered,
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
        "ClusterMode" => if clustered { "enabled" } else { "disabled" },
        "Engine" => &group.engine,
    }
}

fn node_group(world: &World, id: &str, slots: &str) -> Value {
    let group = &world.redis.group;
    let clustered = group.mode == CacheMode::Cluster;
    let members = world.redis.nodes.iter().filter(|node| node.node_group == id).map(|node| {
        object! {
            "CacheClusterId" => &node.id,
            "CacheNodeId" => "0001",
            "PreferredAvailabilityZone" => node.az.name(),
            "CurrentRole" => (!clustered).then_some(if node.primary { "primary" } else { "replica" }),
            "ReadEndpoint" => (!clustered).then(|| object! { "Address" => &node.endpoint, "Port" => group.port }),
        }
    });
    let endpoint =
        |kind: &str| object! { "Address" => format!("{kind}.{}.x9t2bq.apse2.cache.amazonaws.com", group.id), "Port" => group.port };
    object! {
        "NodeGroupId" => id,
        "Status" => group.status,
        "Slots" => clustered.then_some(slots),
        "PrimaryEndpoint" => (!clustered).then(|| endpoint("master")),
        "ReaderEndpoint" => (!clustered).then(|| endpoint("replica")),
        "NodeGroupMembers" => Value::list("NodeGroupMember", members),
    }
}

fn describe_cache_clusters(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = params.str("CacheClusterId");
    let nodes = params.bool("ShowCacheNodeInfo")?.unwrap_or(false);
    // All our nodes belong to the replication group, unless there is none.
    let alone = params.bool("ShowCacheClustersNotInReplicationGroups")?.unwrap_or(false);
    let by_itself = world.redis.group.mode == CacheMode::Alone;
    let count = if by_itself { 1 } else { world.redis.nodes.len() };
    let found: Vec<Value> = world
        .redis
        .nodes
        .iter()
        .take(count)
        .filter(|node| (!alone || by_itself) && asked.is_none_or(|id| node.id == id))
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
    let by_itself = group.mode == CacheMode::Alone;
    let of = if by_itself { world.redis.nodes.as_slice() } else { std::slice::from_ref(node) };
    let configuration = (group.engine == "memcached")
        .then(|| object! { "Address" => format!("{}.cfg.x9t2bq.apse2.cache.amazonaws.com", group.id), "Port" => group.port });
    let nodes = with_nodes.then(|| {
        Value::list(
            "CacheNode",
            of.iter().enumerate().map(|(i, node)| {
                object! {
                    "CacheNodeId" => format!("{:04}", i + 1),
                    "CacheNodeStatus" => node.status.as_str(),
                    "CacheNodeCreateTime" => Value::time(node.created_at),
                    "Endpoint" => object! { "Address" => &node.endpoint, "Port" => group.port },
                    "ParameterGroupStatus" => "in-sync",
                    "CustomerAvailabilityZone" => node.az.name(),
                }
            }),
        )
    });
    object! {
        "CacheClusterId" => &node.id,
        "ClientDownloadLandingPage" => "https://console.aws.amazon.com/elasticache/home#client-download:",
        "CacheNodeType" => &group.node_type,
        "ConfigurationEndpoint" => configuration,
        "Engine" => &group.engine,
        "EngineVersion" => &group.engine_version,
        "CacheClusterStatus" => node.status.as_str(),
        "NumCacheNodes" => of.len() as i64,
        "PreferredAvailabilityZone" => if of.iter().any(|n| n.az != node.az) { "Multiple" } else { node.az.name() },
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
        "ReplicationGroupId" => (!by_itself).then_some(group.id.as_str()),
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

fn describe_serverless_caches(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let known = &world.redis.serverless;
    let asked = params.str("ServerlessCacheName");
    if let Some(name) = asked.filter(|name| !known.iter().any(|k| k == name)) {
        return Err(ApiError::new("ServerlessCacheNotFoundFault", format!("Serverless Cache {name} not found")).with_status(404));
    }
    let limit = params.int_in("MaxResults", 1..=50, 50)?;
    let found: Vec<Value> =
        known.iter().filter(|name| asked.is_none_or(|id| id == name.as_str())).map(|name| describe_serverless(name)).collect();
    let page = page(found, limit as usize, params.str("NextToken"), "DescribeServerlessCaches")
        .ok_or_else(|| ApiError::new("InvalidParameterValue", "The token provided is not valid."))?;
    Ok(object! { "NextToken" => page.next, "ServerlessCaches" => Value::members(page.items) })
}

fn describe_serverless(name: &str) -> Value {
    object! {
        "ServerlessCacheName" => name,
        "Status" => "available",
        "Engine" => "valkey",
        "MajorEngineVersion" => "8",
        "FullEngineVersion" => "8.0",
        "ARN" => arn("elasticache", format_args!("serverlesscache:{name}")),
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
