//! Tables of cases for every rule, sequences for hysteresis, and the timeline.

mod balancer;
mod cache;
mod database;
mod deliveries;
mod delivery;
mod deployers;
mod edge;
mod entrance;
mod figures;
mod flows;
mod members;
mod network;
mod observers;
mod paths;
mod platform;
mod sections;
mod security;
mod service;
mod shapes;
mod timeline;
mod unlisted;
mod untold;
mod watch;
mod window;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use crate::insight::fixture::{HEALTHY, World};
use crate::insight::{Counts, catalogue};
use crate::model::health::Level;
use crate::model::limits::Limits;

#[test]
fn the_healthy_stack_is_healthy_in_every_node() {
    let judgement = World::healthy().judge();
    let noted = |(id, v): &(&super::NodeId, &crate::model::health::Verdict)| id.to_string() == "sg" && v.reasons.len() == 1;
    let odd: Vec<_> = judgement.nodes.iter().filter(|(_, v)| v.level != Level::Healthy || !v.reasons.is_empty()).collect();
    assert!(odd.iter().all(noted), "{odd:?}");
    // The written architecture contradicts itself here, and says so as a note.
    assert!(odd.iter().all(|(_, v)| v.level == Level::Healthy && v.headline().starts_with("inter-task traffic is blocked")), "{odd:?}");
    let names: BTreeSet<String> = judgement.nodes.keys().map(ToString::to_string).collect();
    let names: Vec<String> = names.into_iter().collect();
    assert_eq!(
        names,
        [
            "alarms",
            "alb",
            "build",
            "cdn",
            "dashboards",
            "db",
            "dns",
            "ecr",
            "iam",
            "kms",
            "logs",
            "nat",
            "nat/a",
            "nat/b",
            "nat/c",
            "pipeline",
            "redis",
            "s3",
            "s3/nextcore-documents",
            "s3/nextcore-reports",
            "s3/nextcore-static",
            "secrets",
            "sg",
            "svc/celery-worker",
            "svc/control-plane",
            "svc/web",
            "tg/production-nextcore-api",
            "tg/production-nextcore-web",
            "vpc",
        ]
    );
    assert_eq!((judgement.worst, judgement.counts), (Level::Healthy, Counts { healthy: 29, ..Counts::default() }));
    // As old as the oldest figure that it is judged by; what has none is of the last answer.
    let age = |node: &str| (crate::insight::fixture::now() - judgement.of(&node.parse().unwrap()).unwrap().as_of.unwrap()).num_seconds();
    assert_eq!(["vpc", "svc/web", "alb", "db"].map(age), [0, 129, 189, 309]);
}

#[test]
fn rules_have_unique_ids_and_words() {
    let all = catalogue(&Limits::default());
    let ids: BTreeSet<&str> = all.iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|r| r.id.contains('.') && r.doc.len() > 5), "{all:#?}");
    let cpu = all.iter().find(|r| r.id == "db.cpu").unwrap();
    assert_eq!(cpu.doc, "cpu > 80 % 10 of 10 min is degraded, > 95 % 10 of 10 min is down");
}

/// A document carries the verdicts of the session that wrote it: they are what is said of its store by itself.
#[test]
fn what_was_judged_when_a_document_was_written_is_judged_of_it_again() {
    for text in [HEALTHY, include_str!("../../tests/documents/deploying.json")] {
        let written: serde_json::Value = serde_json::from_str(text).unwrap();
        let judgement = World::read(text).judge();
        let then = written["nodes"].as_object().unwrap().iter();
        let then: BTreeMap<String, Level> = then.map(|(id, v)| (id.clone(), serde_json::from_value(v["level"].clone()).unwrap())).collect();
        let again: BTreeMap<String, Level> = judgement.nodes.iter().map(|(id, v)| (id.to_string(), v.level)).collect();
        assert_eq!(again, then);
    }
}
