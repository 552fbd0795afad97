//! A failure of the database read second by second: what each box says against what is true in the world, and how late it is.

use std::time::Duration;

use nextcore_core::insight::{Judgement, NodeId, Watch};
use nextcore_core::model::health::Level;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::system::System;
use nextcore_live::engine::{Wish, settled};
use nextcore_sim::world::state::{DbStatus, TargetState};
use nextcore_sim::world::{Scenario, World};
use tokio::time::sleep;

use super::support::{calm, watched};

/// CloudWatch shows a minute when it is over, and we ask once a minute.
const METRIC_DELAY: u32 = 60;
/// Control-plane facts are polled every 5 s while something is wrong; two polls make a change certain.
const POLLS: u32 = 15;

/// What is true in one second.
struct Truth {
    /// The database takes connections, has its standby, and RDS calls it available.
    database: bool,
    /// Nearly no request fails, and every target is healthy.
    served: bool,
}

fn truth(w: &World) -> Truth {
    let failed: u32 = w.load.errors.iter().sum();
    let served: u32 = w.load.served.iter().sum();
    let targets = w.alb.target_groups.iter().flat_map(|g| &g.targets);
    let healthy = targets.filter(|t| !matches!(t.state, TargetState::Draining)).all(|t| t.state == TargetState::Healthy);
    Truth {
        database: w.rds.instance.accepting && w.rds.instance.secondary_az.is_some() && w.rds.instance.status == DbStatus::Available,
        served: healthy && f64::from(failed) < 0.05 * f64::from(served.max(1)),
    }
}

/// Seconds for which a box said the wrong thing at a stretch: the longest of them.
#[derive(Debug, Default, Clone, Copy)]
struct Stretch {
    now: u32,
    longest: u32,
}

impl Stretch {
    fn add(&mut self, wrong: bool) {
        self.now = if wrong { self.now + 1 } else { 0 };
        self.longest = self.longest.max(self.now);
    }
}

#[derive(Debug, Default)]
struct Read {
    false_green: [Stretch; 2],
    false_red: [Stretch; 2],
}

impl Read {
    fn add(&mut self, truth: &Truth, judgement: &Judgement) {
        let level = |node: &NodeId| judgement.of(node).map_or(Level::Unknown, |v| v.level);
        let (db, api) = (NodeId::of(System::Database), NodeId::service("control-plane"));
        for (i, (true_now, node)) in [(truth.database, &db), (truth.served, &api)].into_iter().enumerate() {
            self.false_green[i].add(!true_now && level(node) <= Level::Info);
            self.false_red[i].add(true_now && level(node) >= Level::Degraded);
        }
    }
}

async fn read(seed: u64, fail: impl FnOnce(&mut World)) -> Read {
    let (embedded, mut feed, _engine) = watched(seed);
    let stack = Stack::default();
    settled(&mut feed, &stack, Duration::from_secs(5)).await;
    calm(&embedded).await;
    sleep(Duration::from_mins(2)).await;
    let (mut watch, mut read, mut fail) = (Watch::default(), Read::default(), Some(fail));
    for second in 0..960 {
        if second == 60 {
            embedded.cloud.world(|w| fail.take().unwrap()(w));
        }
        sleep(Duration::from_secs(1)).await;
        let store = feed.store.borrow_and_update().clone();
        let judgement = watch.observe(&store, &stack, embedded.clock.now());
        feed.wishes.make(Wish::Closely(judgement.counts.degraded + judgement.counts.down > 0));
        read.add(&embedded.cloud.world(|w| truth(w)), &judgement);
    }
    read
}

#[tokio::test(start_paused = true)]
async fn no_box_is_falsely_green_or_red_for_longer_than_a_minute_while_the_database_fails_over() {
    for seed in [5, 7, 11] {
        for (what, by_hand) in [("failover by hand", true), ("host failure", false)] {
            let fail = |w: &mut World| {
                if by_hand {
                    w.reboot_db("production-nextcore-db", true).unwrap();
                } else {
                    w.inject(Scenario::RdsPrimaryFailure);
                }
            };
            let read = read(seed, fail).await;
            let longest = |all: [Stretch; 2]| all.map(|s| s.longest);
            let (green, red) = (longest(read.false_green), longest(read.false_red));
            println!("seed {seed}, {what}: longest false green of database and API {green:?} s, longest false red {red:?} s");
            assert!(green.iter().chain(&red).all(|s| *s <= METRIC_DELAY + POLLS), "seed {seed}, {what}: green {green:?}, red {red:?}");
        }
    }
}
