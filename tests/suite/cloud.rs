//! The embedded cloud through the real SDK clients: every source's every operation has a handler, and every answer comes back typed.

use nextcore_core::model::stack::Stack;
use std::collections::BTreeSet;
use std::time::Duration;

use nextcore_core::model::balancer::{Routing, TargetState, Targets};
use nextcore_core::model::metric::{self, Metrics, SeriesId};
use nextcore_core::model::service::{Services, TaskStatus, Tasks};
use nextcore_core::model::store::Store;
use nextcore_live::aws::source::{SOURCES, reads};
use nextcore_live::engine::{Wish, settled};
use nextcore_sim::service::SERVICES;

use super::support::{OF_OTHER_SHAPES, watched};

#[test]
fn every_operation_of_every_source_has_a_handler() {
    for op in reads() {
        let found = SERVICES.iter().any(|s| s.iam_prefix == op.prefix() && s.operation(op.operation).is_some());
        assert!(found, "{} is polled but not embedded", op.label());
    }
}

#[tokio::test(start_paused = true)]
async fn every_source_gets_its_section_from_the_embedded_cloud() {
    let (_embedded, mut feed, _engine) = watched(7);
    // Some are asked only while a pane reads them.
    let all = SOURCES.iter().map(|row| row.key).collect();
    feed.wishes.make(Wish::Needs { all, front: BTreeSet::new(), member: None });
    let answered = |s: &std::sync::Arc<Store>| SOURCES.iter().all(|row| s.entry(row.key).is_some_and(|e| e.value.is_some()));
    let waited = tokio::time::timeout(Duration::from_secs(10), feed.store.wait_for(answered)).await;
    let store = waited.map_or_else(|_| None, |s| s.ok().map(|s| s.clone()));
    let store = store.unwrap_or_else(|| feed.store.borrow().clone());
    for row in SOURCES {
        let entry = store.entry(row.key).unwrap();
        assert!(entry.problem.is_none(), "{}: {:?}", row.key, entry.problem);
        assert!(entry.value.is_some(), "{}", row.key);
    }
    let reads = reads().filter(|op| !OF_OTHER_SHAPES.contains(&op.operation));
    let asked: BTreeSet<_> = reads.map(|op| format!("{}:{}", op.service, op.operation)).collect();
    let sent: BTreeSet<_> = store.usage.by_operation.keys().cloned().collect();
    let unsent: Vec<_> = asked.difference(&sent).collect();
    assert!(unsent.is_empty(), "never sent, so never round-tripped: {unsent:?}");
}

/// The figures of one world agree with each other, whichever service is asked.
#[tokio::test(start_paused = true)]
async fn services_tasks_targets_and_metrics_tell_one_story() {
    for seed in [1, 7, 42] {
        let (_embedded, mut feed, _engine) = watched(seed);
        let store = settled(&mut feed, &Stack::default(), Duration::from_secs(10)).await;
        let (services, tasks) = (store.get::<Services>().unwrap(), store.get::<Tasks>().unwrap());
        for service in &services.services {
            let running: Vec<_> = tasks.of(&service.name).filter(|t| t.status == TaskStatus::Running).collect();
            assert_eq!(running.len() as i32, service.running, "seed {seed}: {}", service.name);
            for arn in &service.target_groups {
                let targets = &store.get::<Targets>().unwrap().groups[arn];
                let healthy: BTreeSet<_> = targets.iter().filter(|t| t.state == TargetState::Healthy).map(|t| Some(t.id.clone())).collect();
                let ips: BTreeSet<_> = running.iter().map(|t| t.ip.clone()).collect();
                assert!(healthy.is_subset(&ips), "seed {seed}: healthy targets {healthy:?} are not all running tasks {ips:?}");
            }
        }
        let metrics = store.get::<Metrics>().unwrap();
        let last = |id: &SeriesId| metrics.get(id).and_then(|s| s.points.last()).map_or_else(|| panic!("seed {seed}: no {id}"), |p| p.1);
        let groups = &store.get::<Routing>().unwrap().target_groups;
        let by_group: f64 = groups.iter().map(|g| last(&metric::Tg::Requests.of(&g.name))).sum();
        let total = last(&metric::Alb::Requests.id());
        assert!((by_group - total).abs() <= total * 0.02, "seed {seed}: {total} requests at the balancer, {by_group} at its groups");
        assert!(metrics.get(metric::Alb::Requests).unwrap().points.len() >= 170, "seed {seed}: three hours of history");
    }
}
