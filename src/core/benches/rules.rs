//! What it costs to ask all rules after one change of the store, at the size of the written architecture and with 50 services and 1,000 tasks:
//! the document brought up to date, every rule of every subject, folding. `cargo bench -p nextcore-core --bench rules`.

#![allow(clippy::panic, reason = "a benchmark without what it measures is none")]

#[path = "../tests/screens/fixture/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the fixtures of the pane snapshots; a benchmark needs few of them")]
mod fixture;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use divan::Bencher;
use nextcore_core::incident::{Detector, built_in};
use nextcore_core::insight::{Judgement, Watch};
use nextcore_core::model::Time;
use nextcore_core::model::metric::Metrics;
use nextcore_core::model::section::Section;
use nextcore_core::model::service::{Services, StoppedTasks};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

fn main() {
    divan::main();
}

/// A stack that is watched, and the detector of it.
struct Watched {
    store: Store,
    stack: Stack,
    judgement: Judgement,
    detector: Detector,
    now: Time,
}

const SIZES: [&str; 3] = ["seed", "seed in trouble", "50 services"];

impl Watched {
    fn of(size: &str) -> Self {
        let world = match size {
            "seed" => fixture::healthy(),
            "seed in trouble" => fixture::incident(),
            _ => fixture::huge(),
        };
        let judgement = Watch::default().observe(&world.store, &world.stack, world.now);
        let rules = built_in().map_or_else(|e| panic!("{e}"), Arc::new);
        let detector = Detector::new(rules, Vec::new());
        let mut watched = Self { store: world.store, stack: world.stack, judgement, detector, now: world.now };
        watched.ask();
        watched
    }

    /// Answered again, with what it said before.
    fn changes<T: Section + Clone>(&mut self) {
        let value = self.store.get::<T>().cloned().unwrap_or_else(|| panic!("no {}", T::TITLE));
        self.store.put(value, self.now, Duration::from_secs(5));
    }

    /// So much later that every rule is due, whether what it reads has changed or not.
    fn ask(&mut self) -> usize {
        self.now += TimeDelta::seconds(6);
        self.detector.observe(&self.store, &self.judgement, &self.stack, self.now).len()
    }
}

/// The section that most rules read.
#[divan::bench(args = SIZES, sample_count = 100)]
fn services_answer(bencher: Bencher, size: &str) {
    let mut watched = Watched::of(size);
    bencher.bench_local(|| {
        watched.changes::<Services>();
        watched.ask()
    });
}

/// The sections that are the most to write down.
#[divan::bench(args = SIZES, sample_count = 100)]
fn services_stopped_tasks_and_metrics_answer(bencher: Bencher, size: &str) {
    let mut watched = Watched::of(size);
    bencher.bench_local(|| {
        watched.changes::<Services>();
        watched.changes::<StoppedTasks>();
        watched.changes::<Metrics>();
        watched.ask()
    });
}
