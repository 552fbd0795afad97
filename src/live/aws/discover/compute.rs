//! The cluster, its services with their task definitions, and the load balancer in front of them. Called by `discover`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Hints, Search, names};
use crate::aws::convert::{text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::balancer::{Balancer, Routing};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::service::{Service, ServiceStatus, Services, TaskDefinitions};
use nextcore_core::model::stack::{Dependency, ServiceSpec};

const CLUSTERS: Op = Op::read("ECS", "ListClusters", "ecs:ListClusters").on(Scope::Any);
const SERVICES: Op = Op::read("ECS", "ListServices", "ecs:ListServices").on(Scope::Any);
const TAGS: Op = Op::read("ECS", "ListTagsForResource", "ecs:ListTagsForResource").on(Scope::Any);
const GROUPS: Op =
    Op::read("Elastic Load Balancing v2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups").on(Scope::Any);
const BALANCERS: Op =
    Op::read("Elastic Load Balancing v2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers").on(Scope::Any);

pub(super) const READS: &[Op] = &[CLUSTERS, SERVICES, TAGS, GROUPS, BALANCERS];

/// What to do when nothing was found.
const NEXT: &str = "check --cluster, --tag and --from-alb, the account and the region ('nextcore-top info')";

/// Nothing but the search itself speaks for it.
const CERTAIN: u32 = 2;

fn short(arn: &str) -> String {
    text(arn.rsplit('/').next())
}

fn nothing(headline: String, hint: &str) -> Problem {
    Problem { kind: ProblemKind::NotFound, headline, hint: hint.to_owned(), permission: None }
}

impl Search<'_> {
    pub(super) async fn compute(&mut self, hints: &Hints) -> Result<(), Problem> {
        let groups = match &hints.balancer {
            Some(name) => Some(self.groups_of(name).await?),
            None => None,
        };
        let (cluster, services) = self.cluster(hints, groups.as_ref()).await?;
        self.found.stack.cluster = cluster;
        self.found.stack.services = services.iter().map(|s| ServiceSpec::new(s, names::service_role(s, "", false))).collect();
        self.read::<Services>().await?;
        let definitions = self.look::<TaskDefinitions>().await.unwrap_or_default();
        let all = self.store.get::<Services>().map(|s| s.services.clone()).unwrap_or_default();
        let mine = |s: &&Service| {
            groups.as_ref().is_none_or(|g| g.is_empty() || s.target_groups.is_empty() || s.target_groups.iter().any(|t| g.contains(t)))
        };
        let living: Vec<&Service> = all.iter().filter(|s| s.status != ServiceStatus::Inactive).filter(mine).collect();
        self.balancer(&living).await;
        self.services(&living, &definitions);
        Ok(())
    }

    /// The target groups of a load balancer.
    async fn groups_of(&mut self, balancer: &str) -> Result<BTreeSet<String>, Problem> {
        let elb = self.clients.elb.clone();
        let out = elb.describe_load_balancers().names(balancer).send().await.map_err(|e| problem_of(BALANCERS, &e))?;
        let found = sent(BALANCERS, "load balancers", out.load_balancers.as_ref())?.first().and_then(|l| text_opt(l.load_balancer_arn()));
        let arn = found.ok_or_else(|| nothing(format!("no load balancer '{balancer}'"), "check --from-alb, the account and the region"))?;
        let ask = |marker| elb.describe_target_groups().load_balancer_arn(&arn).set_marker(marker).send();
        let groups = page::all(GROUPS, ask, |out| (out.target_groups, out.next_marker)).await?;
        Ok(groups.iter().filter_map(|g| text_opt(g.target_group_arn())).collect())
    }

    /// The cluster and the names of its services.
    async fn cluster(&mut self, hints: &Hints, groups: Option<&BTreeSet<String>>) -> Result<(String, Vec<String>), Problem> {
        let ecs = self.clients.ecs.clone();
        let clusters = match &hints.cluster {
            Some(name) => vec![name.clone()],
            None => {
                page::all(CLUSTERS, |token| ecs.list_clusters().set_next_token(token).send(), |out| (out.cluster_arns, out.next_token))
                    .await?
            }
        };
        let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut candidates = Vec::new();
        for cluster in &clusters {
            let ask = |token| ecs.list_services().cluster(cluster).set_next_token(token).send();
            let arns = page::all(SERVICES, ask, |out| (out.service_arns, out.next_token)).await;
            let arns = arns.map_err(|p| {
                if p.kind == ProblemKind::NotFound { nothing(format!("no ECS cluster '{}'", short(cluster)), NEXT) } else { p }
            })?;
            let mut names: Vec<String> = arns.iter().map(|arn| short(arn)).collect();
            names.sort();
            let name = short(cluster);
            let mut why = format!("{} services", names.len());
            let mut weight = u32::from(!names.is_empty()) + if clusters.len() == 1 { CERTAIN } else { 0 };
            if let Some((key, value)) = &hints.tag {
                if !self.tagged(cluster, &arns, key, value).await? {
                    continue;
                }
                (why, weight) = (format!("{why}, tagged {key}={value}"), weight + CERTAIN);
            }
            if let Some(groups) = groups {
                if !self.serves(cluster, &names, groups).await? {
                    continue;
                }
                (why, weight) = (format!("{why}, behind the load balancer"), weight + CERTAIN);
            }
            services.insert(name.clone(), names);
            candidates.push(Candidate { name, why, weight });
        }
        if candidates.is_empty() {
            return Err(nothing("no ECS cluster found".to_owned(), NEXT));
        }
        let chosen = self.choose("cluster", candidates, CERTAIN);
        let chosen = chosen.ok_or_else(|| nothing("no ECS cluster chosen".to_owned(), "name it: --cluster NAME"))?;
        let of = services.remove(&chosen.name).unwrap_or_default();
        if of.is_empty() {
            return Err(nothing(format!("the cluster '{}' has no services", chosen.name), NEXT));
        }
        Ok((chosen.name, of))
    }

    /// Whether the cluster or one of its services carries a tag.
    async fn tagged(&mut self, cluster: &str, services: &[String], key: &str, value: &str) -> Result<bool, Problem> {
        let ecs = self.clients.ecs.clone();
        for arn in std::iter::once(cluster).chain(services.iter().map(String::as_str)).filter(|arn| arn.starts_with("arn:")) {
            let out = ecs.list_tags_for_resource().resource_arn(arn).send().await.map_err(|e| problem_of(TAGS, &e))?;
            if out.tags().iter().any(|t| t.key() == Some(key) && t.value() == Some(value)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a service of the cluster registers in one of these target groups.
    async fn serves(&mut self, cluster: &str, services: &[String], groups: &BTreeSet<String>) -> Result<bool, Problem> {
        let stack = &mut self.found.stack;
        stack.cluster = short(cluster);
        stack.services = services.iter().map(|s| ServiceSpec::new(s, names::service_role(s, "", false))).collect();
        if services.is_empty() {
            return Ok(false);
        }
        self.read::<Services>().await?;
        let all = self.store.get::<Services>().into_iter().flat_map(|s| &s.services);
        Ok(all.flat_map(|s| &s.target_groups).any(|t| groups.contains(t)))
    }

    /// The load balancer in front of most of the services.
    async fn balancer(&mut self, services: &[&Service]) {
        let arns: BTreeSet<String> = services.iter().flat_map(|s| s.target_groups.clone()).collect();
        if arns.is_empty() {
            self.note("balancer", "", "no service registers in a target group", true);
            return;
        }
        let elb = self.clients.elb.clone();
        let answer = elb.describe_target_groups().set_target_group_arns(Some(arns.into_iter().take(100).collect())).send().await;
        let Some(out) = self.part(answer.map_err(|e| problem_of(GROUPS, &e))) else { return };
        let mut by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for group in out.target_groups() {
            for arn in group.load_balancer_arns() {
                by.entry(arn.clone()).or_default().insert(text(group.target_group_name()));
            }
        }
        let answer = elb.describe_load_balancers().set_load_balancer_arns(Some(by.keys().cloned().collect())).send().await;
        let described = self.part(answer.map_err(|e| problem_of(BALANCERS, &e)));
        let all = described.as_ref().and_then(|out| out.load_balancers.as_deref()).unwrap_or_default().iter();
        let public: Vec<&str> =
            all.filter(|l| l.scheme().is_some_and(|s| s.as_str() == "internet-facing")).filter_map(|l| l.load_balancer_arn()).collect();
        let name = |arn: &str| text(arn.rsplit('/').nth(1));
        let candidates = by.iter().map(|(arn, groups)| {
            // Of two that forward to as many the one is meant that users reach.
            let (scheme, more) = if public.contains(&arn.as_str()) { ("internet-facing, ", 1) } else { ("", 0) };
            let why = format!("{scheme}forwards to {}", groups.iter().cloned().collect::<Vec<_>>().join(", "));
            Candidate { name: name(arn), why, weight: CERTAIN + 2 * groups.len() as u32 + more }
        });
        if let Some((chosen, others)) = self.choose_of("balancer", "other_balancers", candidates.collect(), CERTAIN) {
            self.found.stack.balancer = chosen.name;
            self.found.stack.other_balancers = others;
            self.look::<Balancer>().await;
            self.look::<Routing>().await;
        }
    }

    /// Names, roles and what each talks to; those that answer requests first, in the order of the rules.
    fn services(&mut self, services: &[&Service], definitions: &TaskDefinitions) {
        let rules: Vec<String> = self
            .store
            .get::<Routing>()
            .into_iter()
            .flat_map(|r| &r.listeners)
            .flat_map(|l| &l.rules)
            .flat_map(|r| r.target_groups.clone())
            .collect();
        let place = |s: &Service| s.target_groups.iter().filter_map(|t| rules.iter().position(|r| r == t)).min().unwrap_or(usize::MAX);
        let mut ordered: Vec<&Service> = services.to_vec();
        ordered.sort_by_key(|s| (s.target_groups.is_empty(), place(s), s.name.clone()));
        let cluster = self.found.stack.cluster.clone();
        let mut specs = Vec::new();
        for service in ordered {
            let definition = definitions.definitions.get(&service.task_definition);
            let variables = definition.into_iter().flat_map(|d| d.environment.iter().chain(d.secrets.iter().map(|(name, _)| name)));
            let uses: BTreeSet<Dependency> = variables.filter_map(|v| names::dependency(v)).collect();
            let mut spec = ServiceSpec::new(&service.name, names::service_role(&service.name, &cluster, !service.target_groups.is_empty()));
            let preset = [Dependency::Database, Dependency::Cache].into_iter().filter(|d| spec.needs(*d)).collect::<BTreeSet<_>>();
            // Without variables that name a store nothing is known against what its role does.
            if !uses.is_empty() && uses != preset {
                spec.uses = Some(uses.into_iter().collect());
            }
            specs.push(spec);
        }
        let listed: Vec<&str> = specs.iter().map(|s| s.name.as_str()).collect();
        let left: Vec<&str> = self
            .store
            .get::<Services>()
            .into_iter()
            .flat_map(|s| &s.services)
            .map(|s| s.name.as_str())
            .filter(|name| !listed.contains(name))
            .collect();
        let why = format!("ECS lists them in {cluster}");
        let why =
            if left.is_empty() { why } else { format!("{why}; left out, deleted or not behind the load balancer: {}", names::some(&left)) };
        self.note("services", listed.join(", "), why, true);
        self.found.stack.services = specs;
    }
}
