//! The database and the cache: those whose security groups let the services in, or that the services' variables speak of. Called by `discover`.

use std::collections::BTreeSet;

use super::{Candidate, Search};
use crate::aws::convert::text;
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::balancer::Balancer;
use nextcore_core::model::service::{Services, TaskDefinitions};
use nextcore_core::model::stack::{Dependency, ServiceRole};

const INSTANCES: Op = Op::read("RDS", "DescribeDBInstances", "rds:DescribeDBInstances").on(Scope::Any);
const GROUPS: Op = Op::read("ElastiCache", "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups").on(Scope::Any);
const NODES: Op = Op::read("ElastiCache", "DescribeCacheClusters", "elasticache:DescribeCacheClusters").on(Scope::Any);
#[cfg(feature = "ec2")]
const RULES: Op = Op::read("EC2", "DescribeSecurityGroupRules", "ec2:DescribeSecurityGroupRules").on(Scope::Any);

#[cfg(feature = "ec2")]
pub(super) const READS: &[Op] = &[INSTANCES, GROUPS, NODES, RULES];
#[cfg(not(feature = "ec2"))]
pub(super) const READS: &[Op] = &[INSTANCES, GROUPS, NODES];

/// Its security groups let the services in.
const REACHED: u32 = 4;
/// It stands in the VPC of the load balancer.
const NEAR: u32 = 1;
/// A name that has the cluster's in it.
const NAMED: u32 = 1;

/// What is known of a data store.
struct Seen {
    name: String,
    /// `postgres`, `redis`, ...
    engine: String,
    groups: Vec<String>,
    vpc: String,
    /// Read replicas of it.
    replicas: Vec<String>,
}

impl Search<'_> {
    pub(super) async fn data(&mut self) {
        if let Some(seen) = self.databases().await {
            let keys = ("database", "other_databases");
            (self.found.stack.database, self.found.stack.other_databases) = self.nearest(keys, Dependency::Database, seen).await;
        }
        if let Some(seen) = self.caches().await {
            let keys = ("cache", "other_caches");
            (self.found.stack.cache, self.found.stack.other_caches) = self.nearest(keys, Dependency::Cache, seen).await;
        }
        self.tidy();
    }

    async fn databases(&mut self) -> Option<Vec<Seen>> {
        let rds = self.clients.rds.clone();
        let ask = |marker| rds.describe_db_instances().set_marker(marker).send();
        let answer = page::all(INSTANCES, ask, |out| (out.db_instances, out.marker)).await;
        let all = self.part(answer)?;
        // A replica is asked beside its source, and not instead of it.
        let primary = all.iter().filter(|d| d.read_replica_source_db_instance_identifier().is_none_or(str::is_empty));
        let seen = primary.map(|d| Seen {
            // A cluster is failed over and judged as a whole.
            name: text(d.db_cluster_identifier().filter(|c| !c.is_empty()).or_else(|| d.db_instance_identifier())),
            engine: text(d.engine()),
            groups: d.vpc_security_groups().iter().map(|g| text(g.vpc_security_group_id())).collect(),
            vpc: text(d.db_subnet_group().and_then(|g| g.vpc_id())),
            replicas: Vec::new(),
        });
        let mut names = BTreeSet::new();
        let mut found: Vec<Seen> = seen.filter(|s| names.insert(s.name.clone())).collect();
        for one in &mut found {
            let of = |d: &&aws_sdk_rds::types::DbInstance| d.read_replica_source_db_instance_identifier() == Some(&one.name);
            one.replicas = all.iter().filter(of).map(|d| text(d.db_instance_identifier())).collect();
        }
        Some(found)
    }

    async fn caches(&mut self) -> Option<Vec<Seen>> {
        let cache = self.clients.cache.clone();
        let ask = |marker| cache.describe_replication_groups().set_marker(marker).send();
        let answer = page::all(GROUPS, ask, |out| (out.replication_groups, out.marker)).await;
        let groups = self.part(answer)?;
        let ask = |marker| cache.describe_cache_clusters().set_marker(marker).send();
        let answer = page::all(NODES, ask, |out| (out.cache_clusters, out.marker)).await;
        let nodes = self.part(answer)?;
        let of = |id: &str| nodes.iter().find(move |n| n.replication_group_id() == Some(id));
        let seen = groups.iter().map(|g| {
            let id = text(g.replication_group_id());
            let node = of(&id);
            Seen {
                groups: node
                    .into_iter()
                    .flat_map(aws_sdk_elasticache::types::CacheCluster::security_groups)
                    .map(|g| text(g.security_group_id()))
                    .collect(),
                engine: text(g.engine().or_else(|| node.and_then(|n| n.engine()))),
                name: id,
                vpc: String::new(),
                replicas: Vec::new(),
            }
        });
        let alone = nodes.iter().filter(|n| n.replication_group_id().is_none_or(str::is_empty)).map(|n| Seen {
            name: text(n.cache_cluster_id()),
            engine: text(n.engine()),
            groups: n.security_groups().iter().map(|g| text(g.security_group_id())).collect(),
            vpc: String::new(),
            replicas: Vec::new(),
        });
        Some(seen.chain(alone).collect())
    }

    /// Those that the services reach, by what their groups say, the first of them alone; empty when there is none.
    async fn nearest(
        &mut self,
        (key, others): (&'static str, &'static str),
        dependency: Dependency,
        seen: Vec<Seen>,
    ) -> (String, Vec<String>) {
        let (vpc, cluster) = (self.store.get::<Balancer>().map(|b| b.vpc.clone()).unwrap_or_default(), self.found.stack.cluster.clone());
        let used = self.found.stack.services.iter().any(|s| s.uses.is_some() && s.needs(dependency));
        let (mut candidates, mut passed_over) = (Vec::new(), Vec::new());
        for one in seen.into_iter().filter(|s| s.vpc.is_empty() || vpc.is_empty() || s.vpc == vpc) {
            let reached = lets_in(self, &one.groups).await;
            let named = one.name.contains(super::names::token(&cluster));
            let why = match (reached, named) {
                (true, _) => "its security group lets the services in",
                (false, true) => "its name has the cluster's in it",
                (false, false) => "it stands in the same VPC",
            };
            let near = u32::from(!one.vpc.is_empty() && one.vpc == vpc) * NEAR;
            let weight = u32::from(reached) * REACHED + near + u32::from(named) * NAMED;
            if weight > NEAR || used {
                let replicas = if one.replicas.is_empty() { String::new() } else { format!("; replicas {}", one.replicas.join(", ")) };
                self.engines.insert(one.name.clone(), one.engine.clone());
                candidates.push(Candidate { name: one.name, why: format!("{}, {why}{replicas}", one.engine), weight });
            } else {
                passed_over.push(format!("{} ({})", one.name, one.engine));
            }
        }
        if candidates.is_empty() {
            let beside: Vec<&str> = passed_over.iter().map(String::as_str).collect();
            let beside = if beside.is_empty() { String::new() } else { format!("; not watched: {}", super::names::some(&beside)) };
            self.note(key, "", format!("none that the services reach{beside}"), true);
            return (String::new(), Vec::new());
        }
        self.choose_of(key, others, candidates, REACHED).map(|(c, others)| (c.name, others)).unwrap_or_default()
    }

    /// Whether all variables of a service that speak of a database name an engine that this one is not.
    fn is_of_another(&self, service: &str, engine: &str) -> bool {
        let found = self.store.get::<Services>().and_then(|s| s.get(service));
        let definition = found.zip(self.store.get::<TaskDefinitions>()).and_then(|(s, d)| d.definitions.get(&s.task_definition));
        let Some(definition) = definition else { return false };
        let variables = definition.environment.iter().chain(definition.secrets.iter().map(|(name, _)| name));
        let mut about = variables.filter(|v| super::names::dependency(v) == Some(Dependency::Database)).peekable();
        about.peek().is_some() && about.all(|v| !super::names::is_of_engine(v, engine))
    }

    /// What the stack does not have no service talks to.
    fn tidy(&mut self) {
        let (database, cache) = (!self.found.stack.database.is_empty(), !self.found.stack.cache.is_empty());
        let engine = self.engines.get(&self.found.stack.database).cloned().unwrap_or_default();
        let strangers: Vec<String> =
            self.found.stack.services.iter().map(|s| s.name.clone()).filter(|s| self.is_of_another(s, &engine)).collect();
        for spec in &mut self.found.stack.services {
            if let Some(uses) = &mut spec.uses {
                uses.retain(|d| *d != Dependency::Database || !strangers.contains(&spec.name));
                uses.retain(|d| match d {
                    Dependency::Database => database,
                    Dependency::Cache => cache,
                });
            }
            let nothing = spec.uses.as_ref().is_some_and(Vec::is_empty);
            if nothing && matches!(spec.role, ServiceRole::Web | ServiceRole::Other(_)) {
                spec.uses = None;
            }
        }
    }
}

/// Whether one of these groups has a rule that lets the services' groups in.
#[cfg(feature = "ec2")]
async fn lets_in(search: &mut Search<'_>, groups: &[String]) -> bool {
    let services = search.store.get::<Services>().into_iter().flat_map(|s| &s.services);
    let own: BTreeSet<String> = services.flat_map(|s| s.security_groups.clone()).collect();
    if groups.is_empty() || groups.iter().any(|g| own.contains(g)) {
        return !groups.is_empty();
    }
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-id").set_values(Some(groups.to_vec())).build();
    let request = search.clients.ec2.describe_security_group_rules().filters(filter);
    let ask = |token| request.clone().set_next_token(token).send();
    let answer = page::all(RULES, ask, |out| (out.security_group_rules, out.next_token)).await;
    let rules = search.part(answer).unwrap_or_default();
    let from =
        |r: &aws_sdk_ec2::types::SecurityGroupRule| r.referenced_group_info().and_then(|g| g.group_id()).is_some_and(|g| own.contains(g));
    rules.iter().any(|r| !r.is_egress().unwrap_or_default() && from(r))
}

/// Without EC2 nothing is known of the groups.
#[cfg(not(feature = "ec2"))]
fn lets_in(_: &mut Search<'_>, _: &[String]) -> std::future::Ready<bool> {
    std::future::ready(false)
}
