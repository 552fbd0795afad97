//! What several tests need: the start of the world, and an engine on it in virtual time.

use nextcore_top::engine::clock::Clock;
use nextcore_top::engine::{Engine, Feed, channel};
use nextcore_top::model::Time;
use nextcore_top::model::stack::Stack;
use nextcore_top::shell::Embedded;

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
