//! ElastiCache: the replication group with its shards, or a cache cluster by itself (15 s), its nodes with engine version and status (60 s),
//! and the subnets that they may be in (5 min).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticache::types as sdk;

use super::{Context, MEDIUM, MINUTE, SLOW};
use crate::aws::convert::{port, text, text_opt};
use crate::aws::error::{if_found, problem_of};
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::cache::{CacheMember, CacheNode, CacheNodes, CacheSubnets, Engine, NodeGroup, NodeRole, ReplicationGroup};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const GROUPS: Op = Op::read("ElastiCache", "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups").on(Scope::Cache);
const CLUSTERS: Op = Op::read("ElastiCache", "DescribeCacheClusters", "elasticache:DescribeCacheClusters").on(Scope::Cache);

const SUBNETS: Op = Op::read("ElastiCache", "DescribeCacheSubnetGroups", "elasticache:DescribeCacheSubnetGroups").on(Scope::Any);

const SERVERLESS: Op =
    Op::read("ElastiCache", "DescribeServerlessCaches", "elasticache:DescribeServerlessCaches").on(Scope::ServerlessCache);

pub(super) struct GroupSource;

impl super::Source for GroupSource {
    type Out = ReplicationGroup;
    const READS: &'static [Op] = &[GROUPS, CLUSTERS, SERVERLESS];

    fn every(_: &Store) -> Duration {
        MEDIUM
    }

    async fn poll(cx: Arc<Context>) -> Result<ReplicationGroup, Problem> {
        let name = &cx.stack.cache;
        // What was a cluster by itself, or a node of a group, a moment ago is asked for as that.
        let known = cx.store.get::<ReplicationGroup>();
        if known.is_none_or(|g| !g.alone && g.id == *name)
            && let Some(found) = one_group(&cx, name).await?
        {
            return Ok(found);
        }
        let Some(cluster) = one_cluster(&cx, name).await? else {
            // Something else may have the name by now.
            if known.is_some_and(|g| g.alone || g.id != *name) {
                return one_group(&cx, name).await?.ok_or_else(|| missing(name));
            }
            return Err(if is_serverless(&cx, name).await? { serverless(name) } else { missing(name) });
        };
        sent(CLUSTERS, "status", cluster.cache_cluster_status())?;
        let Some(group) = cluster.replication_group_id().filter(|id| !id.is_empty()) else { return Ok(alone(&cluster)) };
        one_group(&cx, group).await?.ok_or_else(|| missing(group))
    }
}

/// The replication group of this name, if there is one.
async fn one_group(cx: &Context, name: &str) -> Result<Option<ReplicationGroup>, Problem> {
    let request = cx.clients.cache.describe_replication_groups().replication_group_id(name);
    let Some(out) = if_found(request.send().await.map_err(|e| problem_of(GROUPS, &e)))? else { return Ok(None) };
    let all = sent(GROUPS, "replication groups", out.replication_groups.as_ref())?;
    let Some(g) = all.iter().find(|g| g.replication_group_id() == Some(name)) else { return Ok(None) };
    sent(GROUPS, "status", g.status())?;
    Ok(Some(group(g)))
}

/// The cache cluster of this name, if there is one.
async fn one_cluster(cx: &Context, name: &str) -> Result<Option<sdk::CacheCluster>, Problem> {
    let request = cx.clients.cache.describe_cache_clusters().cache_cluster_id(name).show_cache_node_info(true);
    let Some(out) = if_found(request.send().await.map_err(|e| problem_of(CLUSTERS, &e)))? else { return Ok(None) };
    let all = sent(CLUSTERS, "cache clusters", out.cache_clusters)?;
    Ok(all.into_iter().find(|c| c.cache_cluster_id() == Some(name)))
}

async fn is_serverless(cx: &Context, name: &str) -> Result<bool, Problem> {
    let request = cx.clients.cache.describe_serverless_caches().serverless_cache_name(name);
    let Some(out) = if_found(request.send().await.map_err(|e| problem_of(SERVERLESS, &e)))? else { return Ok(false) };
    Ok(out.serverless_caches().iter().any(|c| c.serverless_cache_name() == Some(name)))
}

fn missing(name: &str) -> Problem {
    Problem {
        kind: ProblemKind::NotFound,
        headline: format!("{}: no replication group, cache cluster or serverless cache '{name}'", GROUPS.label()),
        hint: "check stack.cache in the configuration".to_owned(),
        permission: None,
    }
}

/// It is there, but has neither nodes nor roles that could be shown.
fn serverless(name: &str) -> Problem {
    Problem {
        kind: ProblemKind::Service,
        headline: format!("serverless cache: not supported ('{name}')"),
        hint: "stack.cache takes a replication group or a cache cluster; \"\" = not used".to_owned(),
        permission: None,
    }
}

/// A cache cluster by itself, as a group of one: its nodes replicate nothing.
fn alone(c: &sdk::CacheCluster) -> ReplicationGroup {
    let engine: Engine = text(c.engine()).into();
    let endpoint = c.configuration_endpoint().or_else(|| c.cache_nodes().first().and_then(|n| n.endpoint()));
    // The one node of Redis or Valkey takes the writes; those of Memcached have no roles.
    let role = (engine != Engine::Memcached).then_some(NodeRole::Primary);
    let member = |n: &sdk::CacheNode| CacheMember { id: node_id(c, n), zone: text(n.customer_availability_zone()), role: role.clone() };
    ReplicationGroup {
        id: text(c.cache_cluster_id()),
        alone: true,
        cluster_enabled: Some(false),
        status: text(c.cache_cluster_status()).into(),
        auth_token: c.auth_token_enabled(),
        transit_encryption: c.transit_encryption_enabled(),
        at_rest_encryption: c.at_rest_encryption_enabled(),
        node_type: text(c.cache_node_type()),
        endpoint: text_opt(endpoint.and_then(sdk::Endpoint::address)),
        port: port(endpoint.and_then(sdk::Endpoint::port)),
        node_groups: vec![NodeGroup {
            id: "0001".to_owned(),
            status: text(c.cache_cluster_status()).into(),
            slots: String::new(),
            members: c.cache_nodes().iter().map(member).collect(),
        }],
        engine,
        ..ReplicationGroup::default()
    }
}

/// The cluster's id, and the node's where it may have several.
fn node_id(c: &sdk::CacheCluster, n: &sdk::CacheNode) -> String {
    let id = text(c.cache_cluster_id());
    if c.engine() == Some(Engine::Memcached.as_str()) { format!("{id}/{}", text(n.cache_node_id())) } else { id }
}

fn group(g: &sdk::ReplicationGroup) -> ReplicationGroup {
    // Without cluster mode there is one node group, and its primary has the endpoint.
    let endpoint = g.configuration_endpoint().or_else(|| g.node_groups().first().and_then(|n| n.primary_endpoint()));
    ReplicationGroup {
        id: text(g.replication_group_id()),
        alone: false,
        engine: text(g.engine()).into(),
        status: text(g.status()).into(),
        cluster_enabled: g.cluster_enabled(),
        multi_az: text(g.multi_az().map(sdk::MultiAzStatus::as_str)).into(),
        automatic_failover: text(g.automatic_failover().map(sdk::AutomaticFailoverStatus::as_str)).into(),
        auth_token: g.auth_token_enabled(),
        transit_encryption: g.transit_encryption_enabled(),
        at_rest_encryption: g.at_rest_encryption_enabled(),
        kms_key: text_opt(g.kms_key_id()),
        node_type: text(g.cache_node_type()),
        endpoint: text_opt(endpoint.and_then(sdk::Endpoint::address)),
        port: port(endpoint.and_then(sdk::Endpoint::port)),
        node_groups: g.node_groups().iter().map(node_group).collect(),
    }
}

fn node_group(n: &sdk::NodeGroup) -> NodeGroup {
    NodeGroup {
        id: text(n.node_group_id()),
        status: text(n.status()).into(),
        slots: text(n.slots()),
        members: n
            .node_group_members()
            .iter()
            .map(|m| CacheMember {
                id: text(m.cache_cluster_id()),
                zone: text(m.preferred_availability_zone()),
                role: text_opt(m.current_role()).map(Into::into),
            })
            .collect(),
    }
}

pub(super) struct NodesSource;

impl super::Source for NodesSource {
    type Out = CacheNodes;
    const READS: &'static [Op] = &[CLUSTERS];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<CacheNodes, Problem> {
        let of = cx.needs::<ReplicationGroup>()?;
        if of.alone {
            let cluster = one_cluster(&cx, &of.id).await?;
            return Ok(CacheNodes { nodes: cluster.iter().flat_map(nodes_of).collect() });
        }
        let group = of.id.clone();
        let mut nodes = Vec::new();
        let request = cx.clients.cache.describe_cache_clusters().show_cache_node_info(true);
        let ask = |token| request.clone().set_marker(token).send();
        for cluster in page::all(CLUSTERS, ask, |out| (out.cache_clusters, out.marker)).await? {
            if cluster.replication_group_id() == Some(&group) {
                nodes.push(node(&cluster));
            }
        }
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(CacheNodes { nodes })
    }
}

/// The nodes of a cluster by itself, each with its own status.
fn nodes_of(c: &sdk::CacheCluster) -> Vec<CacheNode> {
    let own = |n: &sdk::CacheNode| CacheNode {
        id: node_id(c, n),
        status: text_opt(n.cache_node_status()).map_or_else(|| node(c).status, Into::into),
        zone: text(n.customer_availability_zone()),
        ..node(c)
    };
    c.cache_nodes().iter().map(own).collect()
}

fn node(c: &sdk::CacheCluster) -> CacheNode {
    CacheNode {
        id: text(c.cache_cluster_id()),
        status: text(c.cache_cluster_status()).into(),
        engine: text(c.engine()).into(),
        version: text(c.engine_version()),
        zone: text(c.preferred_availability_zone()),
        security_groups: c.security_groups().iter().map(|s| text(s.security_group_id())).collect(),
        subnet_group: text_opt(c.cache_subnet_group_name()),
    }
}

pub(super) struct SubnetsSource;

impl super::Source for SubnetsSource {
    type Out = CacheSubnets;
    const READS: &'static [Op] = &[SUBNETS];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<CacheSubnets, Problem> {
        let Some(group) = cx.needs::<CacheNodes>()?.nodes.iter().find_map(|n| n.subnet_group.clone()) else {
            return Ok(CacheSubnets::default());
        };
        let request = cx.clients.cache.describe_cache_subnet_groups().cache_subnet_group_name(&group);
        let out = request.send().await.map_err(|e| problem_of(SUBNETS, &e))?;
        let subnets = out.cache_subnet_groups().iter().flat_map(sdk::CacheSubnetGroup::subnets);
        Ok(CacheSubnets { group, subnets: subnets.map(|s| text(s.subnet_identifier())).collect() })
    }
}
