//! What several tests need: the start of the world, an engine on it in virtual time, and a world at rest.

use std::time::Duration;

use nextcore_core::model::Time;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, Feed, channel};
use nextcore_sim::world::World;
use nextcore_top::shell::Embedded;
use tokio::time::sleep;

/// A working Monday morning in Sydney.
pub(crate) fn start() -> Time {
    "2026-11-23T01:00:00Z".parse().unwrap()
}

/// The embedded cloud on tokio's clock, which the test has paused, and an engine that watches it.
pub(crate) fn watched(seed: u64) -> (Embedded, Feed, Engine) {
    let embedded = Embedded::new(seed, Clock::virtual_from(start(), 1.0));
    let (feed, ends) = channel();
    let engine = Engine::start(embedded.setup(&Stack::default()), ends);
    (embedded, feed, engine)
}

/// Lets the world go on until the written architecture's routine delivery of the morning is over.
pub(crate) async fn calm(embedded: &Embedded) {
    for _ in 0..80 {
        let busy = embedded.cloud.world(|w| {
            w.ecs.services.values().any(|s| s.deployments.len() > 1) || w.codepipeline.executions.iter().any(|e| e.status.is_open())
        });
        if !busy {
            return;
        }
        sleep(Duration::from_secs(30)).await;
    }
    panic!("the world never came to rest");
}

/// The id of a task of this service that runs.
pub(crate) fn task_of(world: &World, service: &str) -> String {
    world.ecs.tasks.iter().find(|(_, t)| t.service == service && t.is_running()).map(|(id, _)| id.clone()).unwrap()
}

/// Operations that are only sent for databases and caches of another shape than the embedded cloud's own: `shapes` sends them.
pub(crate) const OF_OTHER_SHAPES: &[&str] = &["DescribeDBClusters", "DescribeServerlessCaches"];
