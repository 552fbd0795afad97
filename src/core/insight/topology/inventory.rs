//! The inventory: how many resources of which type the sections show. The written architecture says about 150; what was not seen is said, never guessed.
//! It counts what belongs to the stack, not the account. Called by the table, the Markdown, the state document and conformance.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Time;
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Routing};
use crate::model::cache::{CacheNodes, CacheSubnets, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::Database;
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::log::LogGroup;
use crate::model::network::{NatGateway, NatGateways, NatState, Network, Routes, SecurityGroups};
use crate::model::scaling::Scaling;
use crate::model::section::{Section, SectionKey};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{Cluster, Services, TaskDefinitions, Tasks};
use crate::model::stack::Stack;
use crate::model::storage::Buckets;
use crate::model::store::Store;
use crate::model::system::{SYSTEMS, System};

use crate::insight::health::standing;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Inventory {
    /// All together.
    pub total: usize,
    /// By CloudFormation's name of the type; types of which there is none are left out.
    pub by_type: BTreeMap<&'static str, usize>,
    /// Types that could not be counted.
    pub not_seen: Vec<NotSeen>,
}

/// A type that could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NotSeen {
    /// CloudFormation's name.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub why: String,
    /// The section that would show it.
    #[serde(skip)]
    section: SectionKey,
}

/// One type: its name, the section that shows it, how many there are.
struct Kind {
    name: &'static str,
    section: SectionKey,
    count: fn(&Store) -> usize,
}

const fn kind(name: &'static str, section: SectionKey, count: fn(&Store) -> usize) -> Kind {
    Kind { name, section, count }
}

/// Counts in one section, of every resource of its kind; nothing while it is not there.
fn of<T: Section>(store: &Store, count: fn(&T) -> usize) -> usize {
    store.all::<T>().map(count).sum()
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.filter(|n| !n.is_empty()).collect::<BTreeSet<_>>().len()
}

/// Gateways that are gone are listed by AWS for an hour.
fn gateways(nat: &NatGateways) -> impl Iterator<Item = &NatGateway> {
    nat.gateways.iter().filter(|g| g.state != NatState::Deleted)
}

const DNS: &[Kind] = &[
    kind("AWS::Route53::HostedZone", Dns::KEY, |s| of(s, |d: &Dns| usize::from(d.zone.is_some()))),
    kind("AWS::Route53::RecordSet", Dns::KEY, |s| of(s, |d: &Dns| d.records.len())),
    kind("AWS::Route53::HealthCheck", Dns::KEY, |s| of(s, |d: &Dns| d.health_checks.len())),
];
const CDN: &[Kind] = &[kind("AWS::CloudFront::Distribution", Cdn::KEY, |s| of(s, |c: &Cdn| usize::from(c.distribution.is_some())))];
const VPC: &[Kind] = &[
    kind("AWS::EC2::VPC", Network::KEY, |s| of(s, |n: &Network| usize::from(!n.vpc.is_empty()))),
    kind("AWS::EC2::Subnet", Network::KEY, |s| of(s, |n: &Network| n.subnets.len())),
    kind("AWS::EC2::InternetGateway", Network::KEY, |s| of(s, |n: &Network| n.internet_gateways.len())),
    kind("AWS::EC2::VPCGatewayAttachment", Network::KEY, |s| {
        of(s, |n: &Network| n.internet_gateways.iter().map(|g| g.attachments.iter().filter(|(vpc, _)| *vpc == n.vpc).count()).sum())
    }),
    kind("AWS::EC2::RouteTable", Routes::KEY, |s| of(s, |r: &Routes| r.tables.len())),
    kind("AWS::EC2::Route", Routes::KEY, |s| {
        of(s, |r: &Routes| r.tables.iter().flat_map(|t| &t.routes).filter(|r| r.target != "local").count())
    }),
    kind("AWS::EC2::SubnetRouteTableAssociation", Routes::KEY, |s| of(s, |r: &Routes| r.tables.iter().map(|t| t.subnets.len()).sum())),
];
const BALANCER: &[Kind] = &[
    kind("AWS::ElasticLoadBalancingV2::LoadBalancer", Balancer::KEY, |s| of(s, |_: &Balancer| 1)),
    kind("AWS::ElasticLoadBalancingV2::Listener", Routing::KEY, |s| of(s, |r: &Routing| r.listeners.len())),
    // The default rule is part of its listener.
    kind("AWS::ElasticLoadBalancingV2::ListenerRule", Routing::KEY, |s| {
        of(s, |r: &Routing| r.listeners.iter().flat_map(|l| &l.rules).filter(|r| r.priority != "default").count())
    }),
    kind("AWS::CertificateManager::Certificate", Routing::KEY, |s| {
        of(s, |r: &Routing| distinct(r.listeners.iter().flat_map(|l| &l.certificates).map(String::as_str)))
    }),
];
const TARGET_GROUP: &[Kind] = &[kind("AWS::ElasticLoadBalancingV2::TargetGroup", Routing::KEY, |s| {
    // Each load balancer has those of all services.
    distinct(s.all::<Routing>().flat_map(|r| &r.target_groups).map(|g| g.arn.as_str()))
})];
const NAT: &[Kind] = &[
    kind("AWS::EC2::NatGateway", NatGateways::KEY, |s| of(s, |n: &NatGateways| gateways(n).count())),
    // Elastic IPs are listed for the whole account: those of the stack are the gateways'.
    kind("AWS::EC2::EIP", NatGateways::KEY, |s| {
        of(s, |n: &NatGateways| distinct(gateways(n).flat_map(|g| &g.addresses).map(|a| a.allocation.as_str())))
    }),
];
const SECURITY_GROUPS: &[Kind] = &[
    kind("AWS::EC2::SecurityGroup", SecurityGroups::KEY, |s| of(s, |g: &SecurityGroups| g.groups.len())),
    kind("AWS::EC2::SecurityGroupIngress", SecurityGroups::KEY, |s| of(s, |g: &SecurityGroups| rules(g, false))),
    kind("AWS::EC2::SecurityGroupEgress", SecurityGroups::KEY, |s| of(s, |g: &SecurityGroups| rules(g, true))),
];
const SERVICE: &[Kind] = &[
    kind("AWS::ECS::Cluster", Cluster::KEY, |s| of(s, |_: &Cluster| 1)),
    kind("AWS::ECS::Service", Services::KEY, |s| of(s, |v: &Services| v.services.len())),
    kind("AWS::ECS::Task", Tasks::KEY, |s| of(s, |t: &Tasks| t.tasks.len())),
    kind("AWS::ECS::TaskDefinition", TaskDefinitions::KEY, |s| of(s, |d: &TaskDefinitions| d.definitions.len())),
    kind("AWS::ApplicationAutoScaling::ScalableTarget", Scaling::KEY, |s| of(s, |v: &Scaling| v.targets.len())),
    kind("AWS::ApplicationAutoScaling::ScalingPolicy", Scaling::KEY, |s| {
        of(s, |v: &Scaling| v.targets.iter().map(|t| t.policies.len()).sum())
    }),
];
const CACHE: &[Kind] = &[
    kind("AWS::ElastiCache::ReplicationGroup", ReplicationGroup::KEY, |s| of(s, |g: &ReplicationGroup| usize::from(!g.alone))),
    kind("AWS::ElastiCache::CacheCluster", CacheNodes::KEY, |s| of(s, CacheNodes::clusters)),
    kind("AWS::ElastiCache::SubnetGroup", CacheSubnets::KEY, |s| distinct(s.all::<CacheSubnets>().map(|g| g.group.as_str()))),
];
const DATABASE: &[Kind] = &[
    kind("AWS::RDS::DBCluster", Database::KEY, |s| of(s, |d: &Database| usize::from(d.cluster.is_some()))),
    kind("AWS::RDS::DBInstance", Database::KEY, |s| of(s, |d: &Database| d.cluster.as_ref().map_or(1, |c| c.members.len().max(1)))),
    kind("AWS::RDS::DBSubnetGroup", Database::KEY, |s| {
        // It is not named in the section: those in the same subnets share one.
        s.all::<Database>().filter(|d| !d.subnets.is_empty()).map(|d| &d.subnets).collect::<BTreeSet<_>>().len()
    }),
    kind("AWS::RDS::DBParameterGroup", Database::KEY, |s| distinct(s.all::<Database>().filter_map(|d| d.parameter_group.as_deref()))),
];
const BUCKETS: &[Kind] = &[kind("AWS::S3::Bucket", Buckets::KEY, |s| of(s, |b: &Buckets| b.buckets.iter().filter(|b| b.exists).count()))];
const ROLES: &[Kind] = &[kind("AWS::IAM::Role", Roles::KEY, |s| of(s, |r: &Roles| r.roles.iter().filter(|r| r.exists).count()))];
const KEYS: &[Kind] = &[
    kind("AWS::KMS::Key", Keys::KEY, |s| of(s, |k: &Keys| distinct(k.keys.iter().filter(|k| k.exists).map(|k| k.arn.as_str())))),
    kind("AWS::KMS::Alias", Keys::KEY, |s| of(s, |k: &Keys| k.keys.iter().filter(|k| k.exists && k.name.contains("alias/")).count())),
];
const SECRETS: &[Kind] = &[kind("AWS::SecretsManager::Secret", Secrets::KEY, |s| {
    of(s, |v: &Secrets| v.secrets.iter().filter(|s| s.exists && s.deleted_at.is_none()).count())
})];
const REPOSITORIES: &[Kind] =
    &[kind("AWS::ECR::Repository", Repositories::KEY, |s| of(s, |r: &Repositories| r.repositories.iter().filter(|r| r.exists).count()))];
const BUILDS: &[Kind] = &[kind("AWS::CodeBuild::Project", Builds::KEY, |s| of(s, |b: &Builds| b.projects.len()))];
const PIPELINE: &[Kind] = &[kind("AWS::CodePipeline::Pipeline", Pipeline::KEY, |s| of(s, |p: &Pipeline| usize::from(p.exists)))];
const ALARMS: &[Kind] = &[
    kind("AWS::CloudWatch::Alarm", Alarms::KEY, |s| of(s, |a: &Alarms| a.alarms.iter().filter(|a| !a.composite).count())),
    kind("AWS::CloudWatch::CompositeAlarm", Alarms::KEY, |s| of(s, |a: &Alarms| a.alarms.iter().filter(|a| a.composite).count())),
];
const DASHBOARDS: &[Kind] = &[kind("AWS::CloudWatch::Dashboard", Dashboards::KEY, |s| of(s, |d: &Dashboards| d.dashboards.len()))];
const LOGS: &[Kind] = &[kind("AWS::Logs::LogGroup", LogGroup::KEY, |s| of(s, |_: &LogGroup| 1))];

/// The types of a system.
fn kinds(system: System) -> &'static [Kind] {
    match system {
        System::Dns => DNS,
        System::Cdn => CDN,
        System::Vpc => VPC,
        System::Balancer => BALANCER,
        System::TargetGroup => TARGET_GROUP,
        System::Nat => NAT,
        System::SecurityGroups => SECURITY_GROUPS,
        System::Service => SERVICE,
        System::Cache => CACHE,
        System::Database => DATABASE,
        System::Buckets => BUCKETS,
        System::Roles => ROLES,
        System::Keys => KEYS,
        System::Secrets => SECRETS,
        System::Repositories => REPOSITORIES,
        System::Builds => BUILDS,
        System::Pipeline => PIPELINE,
        System::Alarms => ALARMS,
        System::Dashboards => DASHBOARDS,
        System::Timeline => &[],
        System::Logs => LOGS,
    }
}

/// Every type, in the order of the diagram.
fn all() -> impl Iterator<Item = &'static Kind> {
    SYSTEMS.iter().flat_map(|s| kinds(*s))
}

/// Rules of one direction; a group that two systems carry is counted once.
fn rules(groups: &SecurityGroups, egress: bool) -> usize {
    groups.groups.iter().flat_map(|g| &g.rules).filter(|r| r.egress == egress).count()
}

/// Counts everything that the store shows.
pub(crate) fn inventory(store: &Store, stack: &Stack, now: Time) -> Inventory {
    let mut inventory = Inventory::default();
    for kind in all().filter(|k| stack.reads(k.section)) {
        let entry = store.entry(kind.section);
        if entry.is_none_or(|e| e.value.is_none()) {
            let why = standing::explain(entry, now).unwrap_or_else(|| "not polled".to_owned());
            inventory.not_seen.push(NotSeen { kind: kind.name, why, section: kind.section });
            continue;
        }
        let count = (kind.count)(store);
        if count > 0 {
            inventory.total += count;
            inventory.by_type.insert(kind.name, count);
        }
    }
    inventory
}

/// `EC2` and `Subnet` of `AWS::EC2::Subnet`.
fn parts(kind: &'static str) -> (&'static str, &'static str) {
    kind.strip_prefix("AWS::").and_then(|rest| rest.split_once("::")).unwrap_or(("", kind))
}

impl Inventory {
    /// `108 resources of 38 types`.
    pub(crate) fn summary(&self) -> String {
        format!("{} resources, {} types", self.total, self.by_type.len())
    }

    /// The types of each AWS service with their counts, in the order of the written architecture's diagram: `EC2`, [(`Subnet`, 9), ...].
    pub(crate) fn by_service(&self) -> Vec<(&'static str, Vec<(&'static str, usize)>)> {
        let mut services: Vec<(&str, Vec<(&str, usize)>)> = Vec::new();
        for kind in all() {
            let Some(count) = self.by_type.get(kind.name) else { continue };
            let (service, name) = parts(kind.name);
            match services.iter_mut().find(|(known, _)| *known == service) {
                Some((_, types)) => types.push((name, *count)),
                None => services.push((service, vec![(name, *count)])),
            }
        }
        services
    }

    /// What could not be counted: section, its types, why. Types of one section are missing together, for one reason.
    pub(crate) fn unseen(&self) -> Vec<(String, Vec<&'static str>, &str)> {
        let mut sections: Vec<(String, Vec<&str>, &str)> = Vec::new();
        for gone in &self.not_seen {
            let (section, (_, name)) = (gone.section.0.replace('_', " "), parts(gone.kind));
            match sections.iter_mut().find(|(known, _, _)| *known == section) {
                Some((_, types, _)) => types.push(name),
                None => sections.push((section, vec![name], &gone.why)),
            }
        }
        sections
    }
}
