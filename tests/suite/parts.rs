//! One permission is missing: what it reads is named, and the rest of its section stays. Every source × every operation that it sends,
//! against the embedded cloud.

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::insight::judge;
use nextcore_core::model::balancer::{Balancer, Routing};
use nextcore_core::model::cache::{CacheNodes, ReplicationGroup};
use nextcore_core::model::database::Database;
use nextcore_core::model::health::Level;
use nextcore_core::model::network::Network;
use nextcore_core::model::section::{ProblemKind, Section, SectionKey};
use nextcore_core::model::service::{Services, StoppedTasks};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::storage::Buckets;
use nextcore_core::model::store::Store;
use nextcore_live::aws::source::{SOURCES, SourceRow};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, channel};
use nextcore_sim::fault::{ApiFault, FaultKind};
use nextcore_sim::service::SERVICES;
use nextcore_top::shell::Embedded;
use tokio::time::timeout;

use super::support::{OF_OTHER_SHAPES, start};

/// What a section is made of: without it there is none.
const WHOLE: &[&str] = &[
    "BatchGetProjects",
    "DescribeDBInstances",
    "DescribeKey",
    "DescribeListeners",
    "DescribeLogGroups",
    "DescribeNatGateways",
    "DescribeReplicationGroups",
    "DescribeRepositories",
    "DescribeScalableTargets",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeServiceDeployments",
    "DescribeSubnets",
    "DescribeTargetGroups",
    "DescribeTasks",
    "GetDistribution",
    "GetPipelineState",
    "GetRole",
    "ListDashboards",
    "ListDistributions",
    "ListHostedZonesByName",
    "ListServiceDeployments",
    "ListTasks",
];

/// What other sections build on.
const GROUND: &[SectionKey] =
    &[Balancer::KEY, Routing::KEY, Network::KEY, Services::KEY, Database::KEY, ReplicationGroup::KEY, CacheNodes::KEY];

/// The store once a section has answered, while this operation is denied.
async fn without(embedded: &Embedded, service: &str, operation: &str, key: SectionKey) -> Arc<Store> {
    embedded.cloud.faults(|f| f.set(vec![ApiFault::always(service, operation, FaultKind::AccessDenied)]));
    let rows: Vec<SourceRow> = SOURCES.iter().filter(|row| row.key == key || GROUND.contains(&row.key)).copied().collect();
    let (mut feed, ends) = channel();
    let _engine = Engine::start_with(rows.leak(), embedded.setup(&Stack::default()), ends);
    let answered = |s: &Arc<Store>| s.entry(key).is_some_and(|e| e.value.is_some() || e.problem.as_ref().is_some_and(|p| !p.is_waiting()));
    timeout(Duration::from_secs(20), feed.store.wait_for(answered)).await.unwrap().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn one_denied_operation_leaves_the_rest_of_the_section_and_is_named() {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    let mut odd = Vec::new();
    for row in SOURCES.iter().filter(|row| row.reads.len() > 1 && !row.on_demand) {
        // At the start no task has stopped: there is nothing to describe.
        let needless = |operation: &str| row.key == StoppedTasks::KEY && operation == "DescribeTasks";
        // A replication group is found by its own name: single clusters are not asked for.
        let elsewhere = |operation: &str| {
            OF_OTHER_SHAPES.contains(&operation) || row.key == ReplicationGroup::KEY && operation == "DescribeCacheClusters"
        };
        for op in row.reads.iter().filter(|op| !needless(op.operation) && !elsewhere(op.operation)) {
            let service = SERVICES.iter().find(|s| s.iam_prefix == op.prefix()).unwrap().name;
            let store = without(&embedded, service, op.operation, row.key).await;
            let entry = store.entry(row.key).unwrap();
            let said = match &entry.problem {
                Some(problem) if problem.kind == ProblemKind::Denied => "whole",
                Some(problem) => panic!("{} {}: {problem:?}", row.key, op.operation),
                None => "part",
            };
            let wanted = if WHOLE.contains(&op.operation) { "whole" } else { "part" };
            if said != wanted {
                odd.push(format!("{} {}: {said}", row.key, op.operation));
            }
            let of_buckets = store.get::<Buckets>().filter(|_| row.key == Buckets::KEY);
            let of_buckets = of_buckets.into_iter().flat_map(|b| &b.buckets).flat_map(|b| &b.unread).map(|(_, why)| why.clone());
            let named: Vec<String> = entry.unread.iter().map(|u| u.why.clone()).chain(of_buckets).collect();
            // The size of a bucket is measured by CloudWatch: it is `?`.
            let unnamed = op.operation == "GetMetricData";
            if said == "part" && !unnamed && !named.iter().any(|why| why.contains(op.iam)) {
                odd.push(format!("{} {}: not named: {named:?}", row.key, op.operation));
            }
        }
    }
    assert!(odd.is_empty(), "{odd:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_a_rule_rests_on_is_unknown_and_one_that_is_only_shown_is_a_note() {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    for (service, operation, key, node, level) in [
        ("iam", "ListAttachedRolePolicies", "roles", "iam", Level::Healthy),
        ("kms", "GetKeyRotationStatus", "keys", "kms", Level::Healthy),
        ("ecr", "BatchGetRepositoryScanningConfiguration", "repositories", "ecr", Level::Healthy),
        ("ecr", "DescribeImages", "repositories", "ecr", Level::Unknown),
        ("logs", "DescribeLogStreams", "log_group", "logs", Level::Unknown),
    ] {
        let store = without(&embedded, service, operation, SectionKey(key)).await;
        let alone = {
            // Only what it is about: the other sections are on their way.
            let mut judged = judge(&store, &Stack::default(), start());
            judged.nodes.remove(&node.parse().unwrap()).unwrap()
        };
        let said: Vec<_> = alone.reasons.iter().filter(|r| r.text.contains("access denied")).collect();
        assert!(!said.is_empty() && said.iter().all(|r| r.level == level), "{operation}: {alone:?}");
    }
}
