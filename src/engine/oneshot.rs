//! Every source once, one after the other, at one instant: no tasks, no jitter, so that the same world gives the same store.
//! Called by the screenshots and by tests; `snapshot` uses the real engine.

use std::sync::Arc;

use super::Setup;
use crate::aws::source::{Context, SOURCES};
use crate::model::section::ProblemKind;
use crate::model::store::Store;

/// A source may build on one that builds on another.
const ROUNDS: usize = 4;

/// Polls everything once on top of `store`.
pub async fn poll_all(setup: &Setup, mut store: Store) -> Store {
    let now = setup.clock.now();
    let mut due: Vec<_> = SOURCES.iter().collect();
    for _ in 0..ROUNDS {
        let mut waiting = Vec::new();
        for row in due {
            let cx = Context {
                clients: setup.clients.clone(),
                stack: Arc::clone(&setup.stack),
                store: Arc::new(store.clone()),
                now,
                meter: setup.meter.clone(),
            };
            match (row.poll)(Arc::new(cx)).await {
                Ok(value) => {
                    let every = (row.every)(&store);
                    let entry = store.entry_mut(row.key);
                    entry.value = Some(value);
                    entry.at = Some(now);
                    entry.asked_at.get_or_insert(now);
                    entry.problem = None;
                    entry.failing_since = None;
                    entry.interval = every;
                    entry.revision += 1;
                }
                Err(problem) => {
                    if problem.kind == ProblemKind::Waiting {
                        waiting.push(row);
                    }
                    store.fail(row.key, problem, now);
                    let every = (row.every)(&store);
                    store.entry_mut(row.key).interval = every;
                }
            }
        }
        due = waiting;
    }
    store.usage = setup.meter.usage(setup.clock.speed());
    store
}
