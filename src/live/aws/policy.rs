//! The least IAM policy for this program, made of the tables that the gate uses and limited to the configured resources. Only data:
//! nothing is asked of AWS. Called by `iam-policy`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::action;
use super::op::{Kind, Op, Scope};
use super::source;
use nextcore_core::model::partition::Partition;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::system::System;

/// Where the policy is to hold.
#[derive(Debug, Clone, Copy)]
pub struct PolicyScope<'a> {
    /// Account number; `*` when it is not known.
    pub account: &'a str,
    /// The partition: its ARNs, and the services that it has.
    pub partition: Partition,
}

/// What the policy allows beside reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    pub writes: bool,
    /// Reads that are billed by what they look at.
    pub queries: bool,
}

impl Grants {
    fn allow(self, kind: Kind) -> bool {
        match kind {
            Kind::Read => true,
            Kind::Billed => self.queries,
            Kind::Write => self.writes,
        }
    }
}

/// A policy document that allows what this program can send, and nothing else.
pub fn policy(stack: &Stack, place: PolicyScope<'_>, grants: Grants) -> Value {
    let mut by_scope: BTreeMap<(Kind, Scope), BTreeSet<&str>> = BTreeMap::new();
    // Who the caller is may be asked without permission.
    let is_there = |op: &&Op| op.service != "CloudFront" || place.partition.has_cloudfront();
    // What a stack does not have has no name to allow anything on: an empty list of resources is no policy.
    let is_used = |op: &&Op| op.on.of().is_none_or(|system| stack.has(system));
    for op in operations(grants).filter(|op| op.service != "STS").filter(is_there).filter(is_used) {
        by_scope.entry((op.kind, op.on)).or_default().insert(op.iam);
    }
    let arns = Arns { stack, place };
    let statements = by_scope.into_iter().map(|((kind, scope), actions)| statement(&arns, kind, scope, &actions));
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}

fn statement(arns: &Arns<'_>, kind: Kind, scope: Scope, actions: &BTreeSet<&str>) -> Value {
    let verb = match kind {
        Kind::Read => "Read",
        Kind::Billed => "Query",
        Kind::Write => "Operate",
    };
    let sid = format!("{verb}{scope:?}");
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": arns.of(scope) });
    if let (Some(condition), Some(members)) = (arns.condition(scope), statement.as_object_mut()) {
        members.insert("Condition".to_owned(), condition);
    }
    statement
}

struct Arns<'a> {
    stack: &'a Stack,
    place: PolicyScope<'a>,
}

impl Arns<'_> {
    fn here(&self, service: &str, rest: impl std::fmt::Display) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.place.partition.id(), self.stack.region, self.place.account)
    }

    fn global(&self, service: &str, rest: impl std::fmt::Display) -> String {
        format!("arn:{}:{service}::{}:{rest}", self.place.partition.id(), self.place.account)
    }

    /// `log-group:NAME` and what is in it.
    fn log_group(&self, name: &str) -> Vec<String> {
        vec![self.here("logs", format_args!("log-group:{name}")), self.here("logs", format_args!("log-group:{name}:*"))]
    }

    fn of(&self, scope: Scope) -> Vec<String> {
        let stack = self.stack;
        let names = |names: &mut dyn Iterator<Item = &str>, arn: &dyn Fn(&str) -> String| names.map(arn).collect::<Vec<_>>();
        match scope {
            Scope::Any | Scope::InCluster => vec!["*".to_owned()],
            Scope::Cluster => {
                let cluster = &stack.cluster;
                let parts = ["service", "task", "service-deployment", "service-revision"];
                let inside = parts.map(|part| self.here("ecs", format_args!("{part}/{cluster}/*")));
                std::iter::once(self.here("ecs", format_args!("cluster/{cluster}"))).chain(inside).collect()
            }
            Scope::ScalableTargets => vec![self.here("application-autoscaling", "scalable-target/*")],
            Scope::Database => {
                let of = |name| ["db", "cluster"].map(|kind| self.here("rds", format_args!("{kind}:{name}")));
                stack.all(System::Database).flat_map(of).collect()
            }
            // The members of a cluster are listed without naming one: that is allowed on all instances or not at all.
            Scope::Databases => ["db:*", "cluster:*"].map(|all| self.here("rds", all)).to_vec(),
            Scope::Parameters => vec![self.here("rds", "pg:*")],
            // The nodes are listed without naming one: that is allowed on all clusters or not at all.
            Scope::Cache => {
                let groups = stack.all(System::Cache).map(|name| self.here("elasticache", format_args!("replicationgroup:{name}")));
                groups.chain([self.here("elasticache", "cluster:*")]).collect()
            }
            Scope::ServerlessCache => {
                stack.all(System::Cache).map(|name| self.here("elasticache", format_args!("serverlesscache:{name}"))).collect()
            }
            Scope::Insights => vec![self.here("pi", "metrics/rds/*")],
            Scope::Logs => stack.followed().iter().flat_map(|group| self.log_group(&group.name)).collect(),
            Scope::DatabaseLogs => self.log_group("RDSOSMetrics"),
            Scope::Alarms => vec![self.here("cloudwatch", format_args!("alarm:{}*", stack.alarm_prefix))],
            Scope::Dashboards => vec![self.global("cloudwatch", format_args!("dashboard/{}*", stack.dashboard_prefix))],
            Scope::Buckets => {
                names(&mut stack.buckets.iter().map(|b| b.name.as_str()), &|name| format!("arn:{}:s3:::{name}", self.place.partition.id()))
            }
            Scope::Roles => {
                names(&mut stack.roles.iter().map(|r| r.name.as_str()), &|name| self.global("iam", format_args!("role/{name}")))
            }
            Scope::Keys => self.keys(),
            // Secrets Manager adds a hyphen and six characters to the name.
            Scope::Secrets => names(&mut stack.secrets.iter().map(|s| s.name.as_str()), &|name| {
                self.here("secretsmanager", format_args!("secret:{name}-??????"))
            }),
            Scope::Repositories => {
                names(&mut stack.repositories.iter().map(|r| r.name.as_str()), &|name| self.here("ecr", format_args!("repository/{name}")))
            }
            Scope::Projects => {
                names(&mut stack.projects.iter().map(String::as_str), &|name| self.here("codebuild", format_args!("project/{name}")))
            }
            Scope::Pipeline => {
                vec![self.here("codepipeline", &stack.pipeline), self.here("codepipeline", format_args!("{}/*", stack.pipeline))]
            }
            Scope::Zones => vec![format!("arn:{}:route53:::hostedzone/*", self.place.partition.id())],
            Scope::Distribution => {
                let id = if stack.distribution.is_empty() { "*" } else { &stack.distribution };
                vec![self.global("cloudfront", format_args!("distribution/{id}"))]
            }
            Scope::RouteTables => vec![self.here("ec2", "route-table/*")],
        }
    }

    /// A key that is configured by alias has no ARN that could be written down: the alias is the condition.
    fn keys(&self) -> Vec<String> {
        let arn = |name: &str| match name {
            alias if alias.starts_with("alias/") => self.here("kms", "key/*"),
            arn if arn.starts_with("arn:") => arn.to_owned(),
            id => self.here("kms", format_args!("key/{id}")),
        };
        self.stack.keys.iter().map(|k| arn(&k.name)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn condition(&self, scope: Scope) -> Option<Value> {
        match scope {
            Scope::InCluster => {
                Some(json!({ "ArnEquals": { "ecs:cluster": self.here("ecs", format_args!("cluster/{}", self.stack.cluster)) } }))
            }
            Scope::ScalableTargets => Some(json!({ "StringEquals": { "application-autoscaling:service-namespace": "ecs" } })),
            Scope::RouteTables => Some(json!({ "StringEquals": { "aws:ResourceTag/Stack": self.stack.name } })),
            Scope::Keys if self.stack.keys.iter().all(|k| k.name.starts_with("alias/")) => {
                let aliases: Vec<&str> = self.stack.keys.iter().map(|k| k.name.as_str()).collect();
                Some(json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": aliases } }))
            }
            _ => None,
        }
    }
}

/// Every operation that the policy is made of: all reads, for plans may be looked at by everybody, and what is granted beside them.
pub fn operations(grants: Grants) -> impl Iterator<Item = &'static Op> {
    source::reads().chain(source::on_request()).chain(action::operations()).filter(move |op| grants.allow(op.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::authority::Authority;
    use crate::aws::connect::allowed;
    use nextcore_core::model::mode::Mode;

    const PLACE: PolicyScope<'static> = PolicyScope { account: "111122223333", partition: Partition::Aws };
    const VIEWER: Grants = Grants { writes: false, queries: false };
    const OPERATOR: Grants = Grants { writes: true, queries: true };

    fn actions(policy: &Value) -> BTreeSet<String> {
        let statements = policy["Statement"].as_array().unwrap().iter();
        statements.flat_map(|s| s["Action"].as_array().unwrap().clone()).map(|a| a.as_str().unwrap().to_owned()).collect()
    }

    /// The gate is the one that `connect` puts before every client; of the tables only the IAM names of its operations are taken.
    #[test]
    fn it_allows_exactly_what_the_gate_lets_through() {
        let iam: BTreeMap<(&str, &str), BTreeSet<&str>> =
            source::reads().chain(source::on_request()).chain(action::operations()).fold(BTreeMap::new(), |mut all, op| {
                all.entry((op.service, op.operation)).or_default().insert(op.iam);
                all
            });
        let querying = Grants { queries: true, ..VIEWER };
        for (mode, insights, grants) in
            [(Mode::Viewer, false, VIEWER), (Mode::Viewer, true, querying), (Mode::Safe, false, OPERATOR), (Mode::Armed, false, OPERATOR)]
        {
            let gate = allowed(&Authority::querying(mode, insights));
            let passing = gate.operations().filter(|(service, op)| *service != "STS" && gate.lets(service, op));
            let wanted: BTreeSet<String> = passing.flat_map(|op| iam[&op].iter().map(|action| (*action).to_owned())).collect();
            assert!(wanted.len() > 40, "{wanted:?}");
            assert_eq!(actions(&policy(&Stack::default(), PLACE, grants)), wanted, "{mode:?}");
        }
    }

    #[test]
    fn a_viewer_may_write_nothing_and_nobody_may_read_a_secret() {
        let writes: BTreeSet<&str> = action::ROWS.iter().flat_map(|row| row.writes).map(|op| op.iam).collect();
        let viewer = actions(&policy(&Stack::default(), PLACE, VIEWER));
        assert!(viewer.iter().all(|a| !writes.contains(a.as_str())), "{viewer:?}");
        assert!(writes.len() > 10 && source::reads().all(|op| op.kind == Kind::Read));
        assert!(
            action::ROWS.iter().all(|r| r.writes.iter().all(|op| op.kind == Kind::Write) && r.reads.iter().all(|op| op.kind == Kind::Read))
        );
        assert!(operations(OPERATOR).all(|op| op.operation != "GetSecretValue"));
    }

    #[test]
    fn every_arn_is_of_the_partition_and_what_it_lacks_is_left_out() {
        for partition in Partition::ALL {
            let text = policy(&Stack::default(), PolicyScope { partition, ..PLACE }, OPERATOR).to_string();
            let mut arns = text.split("arn:").skip(1);
            assert!(arns.all(|arn| arn.starts_with(&format!("{}:", partition.id()))), "{partition:?}: {text}");
            assert_eq!(text.contains("cloudfront:"), partition.has_cloudfront(), "{partition:?}");
        }
    }

    #[test]
    fn a_cluster_is_read_by_everybody_and_failed_over_by_operators() {
        let reads = ["rds:DescribeDBClusters", "elasticache:DescribeServerlessCaches"];
        let (viewer, operator) = (actions(&policy(&Stack::default(), PLACE, VIEWER)), actions(&policy(&Stack::default(), PLACE, OPERATOR)));
        assert!(reads.iter().all(|action| viewer.contains(*action)), "{viewer:?}");
        assert!(operator.contains("rds:FailoverDBCluster") && !viewer.contains("rds:FailoverDBCluster"), "{operator:?}");
    }

    #[test]
    fn what_a_stack_does_not_have_is_not_allowed() {
        let stack = Stack { cluster: "C".into(), services: Stack::default().services, ..Stack::none() };
        for grants in [VIEWER, OPERATOR] {
            let policy = policy(&stack, PLACE, grants);
            for statement in policy["Statement"].as_array().unwrap() {
                let resources = statement["Resource"].as_array().unwrap();
                assert!(!resources.is_empty(), "IAM refuses this: {statement}");
                assert!(resources.iter().all(|r| !r.as_str().unwrap().ends_with(':')), "a name that is none: {statement}");
            }
            assert!(actions(&policy).iter().all(|a| !a.starts_with("s3:") && !a.starts_with("codepipeline:")), "{policy}");
        }
    }

    #[test]
    fn it_is_limited_to_the_configured_resources() {
        let stack = Stack { database: "other-db".into(), cluster: "C".into(), ..Stack::default() };
        let text = policy(&stack, PLACE, OPERATOR).to_string();
        for arn in [
            "arn:aws:rds:ap-southeast-2:111122223333:db:other-db",
            "arn:aws:rds:ap-southeast-2:111122223333:cluster:other-db",
            "arn:aws:ecs:ap-southeast-2:111122223333:service/C/*",
            "arn:aws:s3:::nextcore-documents",
            "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:production-nextcore/database_url-??????",
            "arn:aws:iam::111122223333:role/production-nextcore-codebuild",
        ] {
            assert!(text.contains(arn), "{arn} in {text}");
        }
        assert!(!text.contains("production-nextcore-db"));
    }
}
