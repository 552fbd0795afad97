//! The result types of judgement: node ids, verdicts by node, counts, timeline events. The rules live beside this file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::model::health::{Level, Verdict};

/// A box of the diagram, or a row inside one: `dns`, `cdn`, `alb`, `tg/<name>`, `vpc`, `nat`, `nat/<zone letter>`, `sg`, `svc/<name>`,
/// `redis`, `redis/<node>`, `db`, `s3`, `s3/<bucket>`, `iam`, `kms`, `secrets`, `ecr`, `build`, `pipeline`, `alarms`, `dashboards`, `logs`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub String);

impl NodeId {
    /// The load balancer.
    pub fn balancer() -> Self {
        Self("alb".to_owned())
    }
    /// An ECS service.
    pub fn service(name: &str) -> Self {
        Self(format!("svc/{name}"))
    }
    /// A target group, by name.
    pub fn target_group(name: &str) -> Self {
        Self(format!("tg/{name}"))
    }
    /// The Redis replication group.
    pub fn cache() -> Self {
        Self("redis".to_owned())
    }
    /// The database.
    pub fn database() -> Self {
        Self("db".to_owned())
    }
    /// All alarms together.
    pub fn alarms() -> Self {
        Self("alarms".to_owned())
    }
    /// The log group.
    pub fn logs() -> Self {
        Self("logs".to_owned())
    }
    /// Route 53.
    pub fn dns() -> Self {
        Self("dns".to_owned())
    }
    /// CloudFront.
    pub fn cdn() -> Self {
        Self("cdn".to_owned())
    }
    /// The VPC: subnets, internet gateway, routes of the public and database tiers.
    pub fn vpc() -> Self {
        Self("vpc".to_owned())
    }
    /// The security groups.
    pub fn security_groups() -> Self {
        Self("sg".to_owned())
    }
    /// All NAT gateways together.
    pub fn nat() -> Self {
        Self("nat".to_owned())
    }
    /// The way out of one zone, by its letter.
    pub fn nat_of(zone_letter: &str) -> Self {
        Self(format!("nat/{zone_letter}"))
    }
    /// All buckets together.
    pub fn buckets() -> Self {
        Self("s3".to_owned())
    }
    /// One bucket.
    pub fn bucket(name: &str) -> Self {
        Self(format!("s3/{name}"))
    }
    /// IAM roles.
    pub fn iam() -> Self {
        Self("iam".to_owned())
    }
    /// KMS keys.
    pub fn kms() -> Self {
        Self("kms".to_owned())
    }
    /// Secrets Manager.
    pub fn secrets() -> Self {
        Self("secrets".to_owned())
    }
    /// ECR repositories.
    pub fn ecr() -> Self {
        Self("ecr".to_owned())
    }
    /// CodeBuild.
    pub fn build() -> Self {
        Self("build".to_owned())
    }
    /// CodePipeline.
    pub fn pipeline() -> Self {
        Self("pipeline".to_owned())
    }
    /// CloudWatch dashboards.
    pub fn dashboards() -> Self {
        Self("dashboards".to_owned())
    }
    /// The service's name, if this is a service.
    pub fn as_service(&self) -> Option<&str> {
        self.0.strip_prefix("svc/")
    }
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many nodes are at each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Down.
    pub down: usize,
    /// Degraded.
    pub degraded: usize,
    /// Unknown.
    pub unknown: usize,
    /// Changing on purpose.
    pub info: usize,
    /// Healthy.
    pub healthy: usize,
    /// Optional and absent.
    pub absent: usize,
}

impl Counts {
    /// All nodes that exist.
    pub fn total(&self) -> usize {
        self.down + self.degraded + self.unknown + self.info + self.healthy
    }
}

/// One line of the timeline: what changed, where, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Time,
    /// The box that it belongs to.
    pub node: NodeId,
    /// How bad it is by itself.
    pub level: Level,
    /// The source's sentence, shortened: `started 1 task`, `failover completed`.
    pub text: String,
}

/// The judgement of one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Judgement {
    /// Every node of the diagram that has a source.
    pub nodes: BTreeMap<NodeId, Verdict>,
    /// Nodes by level.
    pub counts: Counts,
    /// The worst level of any node.
    pub worst: Level,
    /// Newest first.
    pub timeline: Vec<Event>,
}

impl Judgement {
    /// The verdict on a node; `None` before anything is known of it.
    pub fn of(&self, node: &NodeId) -> Option<&Verdict> {
        self.nodes.get(node)
    }
}
