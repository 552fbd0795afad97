//! ElastiCache: the replication group with its shards (15 s), its nodes with engine version and status (60 s), and the subnets that
//! they may be in (5 min).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticache::types as sdk;

use super::{Context, MEDIUM, MINUTE, SLOW};
use crate::aws::convert::{text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::cache::{CacheMember, CacheNode, CacheNodes, CacheSubnets, NodeGroup, ReplicationGroup};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const GROUPS: Op = Op::read("ElastiCache", "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups").on(Scope::Cache);
const CLUSTERS: Op = Op::read("ElastiCache", "DescribeCacheClusters", "elasticache:DescribeCacheClusters").on(Scope::Cache);

const SUBNETS: Op = Op::read("ElastiCache", "DescribeCacheSubnetGroups", "elasticache:DescribeCacheSubnetGroups").on(Scope::Any);

pub(super) struct GroupSource;

impl super::Source for GroupSource {
    type Out = ReplicationGroup;
    const READS: &'static [Op] = &[GROUPS];

    fn every(_: &Store) -> Duration {
        MEDIUM
    }

    async fn poll(cx: Arc<Context>) -> Result<ReplicationGroup, Problem> {
        let request = cx.clients.cache.describe_replication_groups().replication_group_id(&cx.stack.cache);
        let out = request.send().await.map_err(|e| problem_of(GROUPS, &e))?;
        let Some(g) = sent(GROUPS, "replication groups", out.replication_groups.as_ref())?
            .iter()
            .find(|g| g.replication_group_id() == Some(&cx.stack.cache))
        else {
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: no replication group '{}'", GROUPS.label(), cx.stack.cache),
                hint: "check stack.cache in the configuration".to_owned(),
                permission: None,
            });
        };
        sent(GROUPS, "status", g.status())?;
        Ok(group(g))
    }
}

fn group(g: &sdk::ReplicationGroup) -> ReplicationGroup {
    ReplicationGroup {
        id: text(g.replication_group_id()),
        status: text(g.status()).into(),
        cluster_enabled: g.cluster_enabled().unwrap_or_default(),
        multi_az: text(g.multi_az().map(sdk::MultiAzStatus::as_str)).into(),
        automatic_failover: text(g.automatic_failover().map(sdk::AutomaticFailoverStatus::as_str)).into(),
        auth_token: g.auth_token_enabled().unwrap_or_default(),
        transit_encryption: g.transit_encryption_enabled().unwrap_or_default(),
        at_rest_encryption: g.at_rest_encryption_enabled().unwrap_or_default(),
        kms_key: text_opt(g.kms_key_id()),
        node_type: text(g.cache_node_type()),
        endpoint: text_opt(g.configuration_endpoint().and_then(|e| e.address())),
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
        let group = cx.needs::<ReplicationGroup>()?.id.clone();
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

fn node(c: &sdk::CacheCluster) -> CacheNode {
    CacheNode {
        id: text(c.cache_cluster_id()),
        status: text(c.cache_cluster_status()).into(),
        engine: text(c.engine()),
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
