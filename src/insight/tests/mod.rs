//! Tables of cases for every rule, sequences for hysteresis, and the timeline.

mod balancer;
mod cache;
mod database;
mod observers;
mod sections;
mod service;
mod timeline;
mod watch;

use std::collections::BTreeSet;

use super::fixture::World;
use super::{Counts, catalogue};
use crate::model::health::Level;

#[test]
fn the_healthy_stack_is_healthy_in_every_node() {
    let judgement = World::healthy().judge();
    let odd: Vec<_> = judgement.nodes.iter().filter(|(_, v)| v.level != Level::Healthy || !v.reasons.is_empty()).collect();
    assert!(odd.is_empty(), "{odd:?}");
    let names: Vec<String> = judgement.nodes.keys().map(ToString::to_string).collect();
    assert_eq!(
        names,
        ["alarms", "alb", "db", "logs", "redis", "svc/celery-worker", "svc/control-plane", "svc/web", "tg/control-plane", "tg/web"]
    );
    assert_eq!((judgement.worst, judgement.counts), (Level::Healthy, Counts { healthy: 10, ..Counts::default() }));
    assert!(judgement.nodes.values().all(|v| v.as_of == Some(super::fixture::noon())));
}

#[test]
fn rules_have_unique_ids_and_words() {
    let all = catalogue();
    let ids: BTreeSet<&str> = all.iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|r| r.id.contains('.') && r.doc.len() > 5), "{all:#?}");
    let cpu = all.iter().find(|r| r.id == "db.cpu").unwrap();
    assert_eq!(cpu.doc, "cpu > 80 % 10 of 10 min is degraded, > 95 % 10 of 10 min is down");
}
