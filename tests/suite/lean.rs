//! The build without the network of the stack: its sections say that it was left out, nothing of Amazon EC2 is asked, and the rest is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use nextcore_core::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use nextcore_core::model::section::Section;
use nextcore_core::model::service::Services;
use nextcore_core::model::store::Store;
use nextcore_live::aws::source::{SOURCES, reads};
use nextcore_live::engine::Wish;

use super::process::{Machine, NO_METADATA};
use super::support::watched;

#[tokio::test(start_paused = true)]
async fn the_network_says_that_it_was_left_out_and_everything_else_is_watched() {
    let left_out = BTreeSet::from([Network::KEY, Zones::KEY, NatGateways::KEY, Routes::KEY, SecurityGroups::KEY]);
    let (_embedded, mut feed, _engine) = watched(7);
    let all = SOURCES.iter().map(|row| row.key).collect();
    feed.wishes.make(Wish::Needs { all, front: BTreeSet::new(), member: None });
    let answered = |s: &Arc<Store>| SOURCES.iter().all(|row| s.entry(row.key).is_some_and(|e| e.value.is_some() || e.problem.is_some()));
    let store = tokio::time::timeout(Duration::from_secs(10), feed.store.wait_for(answered)).await.unwrap().unwrap().clone();
    for key in &left_out {
        let problem = store.entry(*key).unwrap().problem.as_ref().unwrap();
        assert!(problem.headline.contains("built without Amazon EC2"), "{key}: {problem:?}");
    }
    assert!(store.get::<Services>().is_some_and(|s| !s.services.is_empty()));
    assert!(reads().all(|op| op.service != "EC2"));
}

#[test]
fn its_policy_asks_for_nothing_of_the_network() {
    let policy = Machine::new().run(&["iam-policy"], &[NO_METADATA]);
    policy.ends(0, &[]);
    assert!(policy.out.contains("ecs:ListTasks") && !policy.out.contains("ec2:"), "{}", policy.out);
}
