//! The systems of the diagram: one row each says what it is called, what it rests on and where it stands. Everything that differs by
//! system elsewhere (rules, boxes, cards, figures, counts) is a `match` over [`System`], so that the compiler finds a forgotten place.
//! No thresholds and no drawing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::alarm::{AlarmHistory, Alarms};
use super::balancer::{Balancer, Routing, Targets};
use super::cache::{CacheEvents, CacheNodes, ReplicationGroup};
use super::cdn::Cdn;
use super::dashboard::Dashboards;
use super::database::{Database, DatabaseEvents, DatabaseSettings};
use super::delivery::{Builds, Pipeline, Repositories};
use super::dns::Dns;
use super::health::Level;
use super::log::{LogGroup, LogTail};
use super::metric::Metrics;
use super::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use super::scaling::{Scaling, ScalingActivities};
use super::section::{Section, SectionKey};
use super::security::{Keys, Roles, Secrets};
use super::service::{ServiceDeployments, Services, StoppedTasks, Tasks};
use super::storage::Buckets;

/// A tier of the diagram, with the heading that it has there; in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Route 53 and CloudFront.
    Edge,
    /// The VPC itself: its boxes stand on the rule above the tiers inside it.
    Vpc,
    /// Public subnets: what comes in.
    Public,
    /// Public subnets: what goes out.
    Exit,
    /// Private subnets.
    Private,
    /// Database subnets.
    Database,
    /// S3.
    Storage,
    /// Security and identity.
    Security,
    /// CI/CD.
    Delivery,
    Alarms,
    /// Dashboards and Container Insights.
    Monitoring,
    /// What changed.
    Timeline,
    /// Log tail.
    Logs,
}

impl Tier {
    /// Its heading; empty where another tier's stands for both.
    pub fn title(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Vpc | Self::Exit | Self::Alarms => "",
            Self::Public => "public",
            Self::Private => "private",
            Self::Database => "database",
            Self::Storage => "storage",
            Self::Security => "security",
            Self::Delivery => "delivery",
            Self::Monitoring => "monitoring",
            Self::Timeline => "timeline",
            Self::Logs => "logs",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct SystemSpec {
    /// First word of its node's id, and of its metrics' ids: `db`, `svc/web`, `db/cpu`.
    pub word: &'static str,
    /// Its own node as people call it; empty where every node has a name of its own.
    pub title: &'static str,
    /// Where its box stands; a part stands in the box of what it is part of.
    pub tier: Tier,
    /// The system that repeats what is wrong with this one, and whose box shows it.
    pub part_of: Option<System>,
    /// How the operations begin that read it and nothing else, as statements name their source; the longest beginning wins.
    pub operations: &'static str,
    /// Without one of these sections it cannot be judged; the first makes its box.
    pub mandatory: &'static [SectionKey],
    /// Without these it only loses rules.
    pub supporting: &'static [SectionKey],
    /// Sections that only the timeline reads of it.
    pub history: &'static [SectionKey],
    /// What it means when AWS says that a mandatory section does not exist: down, or less for what is optional or only delivers.
    pub missing: Level,
    /// Users notice when it fails; what only observes or delivers never makes a stack more than degraded.
    pub serves: bool,
}

/// What most rows share.
const PLAIN: SystemSpec = SystemSpec {
    word: "",
    title: "",
    tier: Tier::Logs,
    part_of: None,
    operations: "",
    mandatory: &[],
    supporting: &[],
    history: &[],
    missing: Level::Down,
    serves: true,
};

macro_rules! systems {
    ($($(#[$doc:meta])* $system:ident => { $($field:tt)* })+) => {
        /// A system of the diagram.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum System {
            $($(#[$doc])* $system),+
        }

        /// All systems, in the order of reports: requests enter at the top and fall to the data.
        pub const SYSTEMS: &[System] = &[$(System::$system),+];

        impl System {
            /// Its row.
            pub const fn spec(self) -> &'static SystemSpec {
                match self {
                    $(Self::$system => const { &SystemSpec { $($field)* ..PLAIN } },)+
                }
            }
        }
    };
}

systems! {
    /// Route 53.
    Dns => {
        word: "dns", operations: "route53:", title: "Route 53", tier: Tier::Edge, missing: Level::Absent,
        mandatory: &[Dns::KEY], supporting: &[Metrics::KEY],
    }
    /// CloudFront.
    Cdn => {
        word: "cdn", operations: "cloudfront:", title: "CloudFront", tier: Tier::Edge, missing: Level::Absent,
        mandatory: &[Cdn::KEY], supporting: &[Metrics::KEY], history: &[Cdn::KEY],
    }
    /// The VPC: subnets, internet gateway, routes of the public and database tiers.
    Vpc => {
        word: "vpc", operations: "ec2:", title: "VPC", tier: Tier::Vpc,
        mandatory: &[Network::KEY], supporting: &[Routes::KEY, Zones::KEY],
    }
    /// The load balancer.
    Balancer => {
        word: "alb", operations: "elbv2:", title: "ALB", tier: Tier::Public,
        mandatory: &[Balancer::KEY, Targets::KEY], supporting: &[Routing::KEY, Metrics::KEY],
    }
    /// Its target groups, one node each.
    TargetGroup => {
        word: "tg", tier: Tier::Public, part_of: Some(System::Balancer),
        mandatory: &[Targets::KEY], supporting: &[Metrics::KEY],
    }
    /// The NAT gateways: all together, and the way out of each zone.
    Nat => {
        word: "nat", operations: "ec2:DescribeNatGateways", title: "NAT", tier: Tier::Exit,
        mandatory: &[NatGateways::KEY], supporting: &[Routes::KEY, Network::KEY, Metrics::KEY],
    }
    SecurityGroups => {
        word: "sg", operations: "ec2:DescribeSecurityGroup", title: "security groups", tier: Tier::Vpc,
        mandatory: &[SecurityGroups::KEY],
    }
    /// The ECS services, one node each.
    Service => {
        word: "svc", tier: Tier::Private,
        mandatory: &[Services::KEY],
        supporting: &[Targets::KEY, Tasks::KEY, StoppedTasks::KEY, ServiceDeployments::KEY, Scaling::KEY, Metrics::KEY],
        history: &[Services::KEY, StoppedTasks::KEY, ServiceDeployments::KEY, ScalingActivities::KEY],
    }
    /// The Redis replication group.
    Cache => {
        word: "redis", operations: "elasticache:", title: "Redis", tier: Tier::Private,
        mandatory: &[ReplicationGroup::KEY], supporting: &[CacheNodes::KEY, CacheEvents::KEY, Metrics::KEY], history: &[CacheEvents::KEY],
    }
    /// The DB instance.
    Database => {
        word: "db", operations: "rds:", title: "database", tier: Tier::Database,
        mandatory: &[Database::KEY], supporting: &[DatabaseEvents::KEY, DatabaseSettings::KEY, Metrics::KEY],
        history: &[DatabaseEvents::KEY],
    }
    /// The S3 buckets: all together, and one node each.
    Buckets => {
        word: "s3", operations: "s3:", title: "S3", tier: Tier::Storage,
        mandatory: &[Buckets::KEY], supporting: &[Metrics::KEY],
    }
    /// IAM roles.
    Roles => { word: "iam", operations: "iam:", title: "IAM", tier: Tier::Security, mandatory: &[Roles::KEY], }
    /// KMS keys.
    Keys => { word: "kms", operations: "kms:", title: "KMS", tier: Tier::Security, mandatory: &[Keys::KEY], }
    /// Secrets Manager.
    Secrets => {
        word: "secrets", operations: "secretsmanager:", title: "Secrets", tier: Tier::Security,
        mandatory: &[Secrets::KEY], history: &[Secrets::KEY],
    }
    /// ECR repositories.
    Repositories => {
        word: "ecr", operations: "ecr:", title: "ECR", tier: Tier::Delivery,
        mandatory: &[Repositories::KEY], supporting: &[Tasks::KEY], history: &[Repositories::KEY],
    }
    /// CodeBuild.
    Builds => {
        word: "build", operations: "codebuild:", title: "CodeBuild", tier: Tier::Delivery, missing: Level::Degraded, serves: false,
        mandatory: &[Builds::KEY], history: &[Builds::KEY],
    }
    /// CodePipeline.
    Pipeline => {
        word: "pipeline", operations: "codepipeline:", title: "CodePipeline", tier: Tier::Delivery, missing: Level::Absent, serves: false,
        mandatory: &[Pipeline::KEY], history: &[Pipeline::KEY],
    }
    /// CloudWatch alarms.
    Alarms => {
        word: "alarms", operations: "cloudwatch:", title: "alarms", tier: Tier::Alarms, serves: false,
        mandatory: &[Alarms::KEY], history: &[Alarms::KEY, AlarmHistory::KEY],
    }
    /// CloudWatch dashboards and Container Insights.
    Dashboards => {
        word: "dashboards", operations: "cloudwatch:GetDashboard", title: "dashboards", tier: Tier::Monitoring, missing: Level::Absent, serves: false,
        mandatory: &[Dashboards::KEY],
    }
    /// What changed: it has a box and no health of its own.
    Timeline => { word: "timeline", title: "timeline", tier: Tier::Timeline, serves: false, }
    /// The log tail and its group.
    Logs => {
        word: "logs", operations: "logs:", title: "logs", tier: Tier::Logs, serves: false,
        mandatory: &[LogTail::KEY], supporting: &[LogGroup::KEY, Metrics::KEY],
    }
}

impl System {
    /// The system that this operation (`elasticache:DescribeReplicationGroups`) reads; none where it reads several.
    pub(crate) fn read_by(operation: &str) -> Option<Self> {
        let begins = |s: &&System| !s.spec().operations.is_empty() && operation.starts_with(s.spec().operations);
        SYSTEMS.iter().filter(begins).max_by_key(|s| s.spec().operations.len()).copied()
    }
}

/// A node of the diagram: a box, or a row inside one. Written `db`, `svc/web`, `nat/a`: the system's word, and the name where the system
/// has several nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    system: System,
    name: String,
}

impl NodeId {
    /// The system's own node.
    pub fn of(system: System) -> Self {
        Self { system, name: String::new() }
    }

    /// One of the system's named nodes: a service, a target group, a bucket, the way out of a zone (by its letter).
    pub fn named(system: System, name: impl Into<String>) -> Self {
        Self { system, name: name.into() }
    }

    /// An ECS service.
    pub fn service(name: &str) -> Self {
        Self::named(System::Service, name)
    }

    pub fn system(&self) -> System {
        self.system
    }

    /// Its own name; empty for the system's own node.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service's name, if this is a service.
    pub(crate) fn as_service(&self) -> Option<&str> {
        (self.system == System::Service).then_some(self.name.as_str())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.system.spec().word)?;
        if self.name.is_empty() { Ok(()) } else { write!(f, "/{}", self.name) }
    }
}

/// A text that names no node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown system {0:?}")]
pub struct NoSuchNode(String);

impl FromStr for NodeId {
    type Err = NoSuchNode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, name) = text.split_once('/').unwrap_or((text, ""));
        let system = SYSTEMS.iter().copied().find(|s| s.spec().word == word).ok_or_else(|| NoSuchNode(text.to_owned()))?;
        Ok(Self::named(system, name))
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_read_back_as_it_is_written() {
        for (text, system, name) in [("db", System::Database, ""), ("svc/web", System::Service, "web"), ("nat/a", System::Nat, "a")] {
            let node: NodeId = text.parse().unwrap();
            assert_eq!((node.system(), node.name(), node.to_string().as_str()), (system, name, text));
        }
        assert_eq!("mainframe/jobs".parse::<NodeId>().unwrap_err().to_string(), "unknown system \"mainframe/jobs\"");
    }

    #[test]
    fn no_two_systems_share_a_word() {
        let words: std::collections::BTreeSet<_> = SYSTEMS.iter().map(|s| s.spec().word).collect();
        assert_eq!(words.len(), SYSTEMS.len());
    }
}
