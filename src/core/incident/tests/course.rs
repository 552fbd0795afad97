//! What opens, what follows, what is part of what, and when it is over: over stores that change by hand.

use super::{detector, watched};
use crate::incident::{Confidence, Detector, Phase, Rules};
use crate::insight::Watch;
use crate::insight::fixture::{World, ago, now};
use crate::model::cache::{DataEvent, ReplicationGroup};
use crate::model::database::{Database, DatabaseEvents};
use crate::model::section::{ProblemKind, Section};
use std::sync::Arc;

fn told(message: &str, minutes: i64) -> DataEvent {
    DataEvent { at: Some(ago(minutes)), source: "production-nextcore-db".into(), message: message.into(), ..DataEvent::default() }
}

/// A failover that began two minutes ago and is not over.
fn failing_over() -> World {
    let mut world = World::healthy();
    world.put(DatabaseEvents {
        events: vec![told("Multi-AZ instance failover started", 2), told("The primary host of the RDS Multi-AZ instance is unhealthy.", 2)],
    });
    world.edit::<Database>(|db| db.secondary_zone = None);
    world
}

#[test]
fn a_failover_is_told_by_its_name_with_its_beginning_its_cause_and_its_end() {
    let (mut world, mut detector) = (failing_over(), detector());
    assert_eq!(watched(&mut detector, &mut world, 3), ["rds-failover"], "an unhealthy host is no zone");
    let incident = detector.incidents().first().cloned().unwrap();
    assert_eq!(incident.since, ago(2), "as AWS says, not when it was seen");
    assert_eq!(incident.confidence, Confidence::Certain);
    assert!(incident.evidence.iter().any(|e| e.text.contains("primary host") && e.source == "database events"), "{:?}", incident.evidence);
    world.put(DatabaseEvents {
        events: vec![told("Multi-AZ instance failover started", 2), told("Multi-AZ instance failover completed", 1)],
    });
    world.edit::<Database>(|db| (db.zone, db.secondary_zone) = ("ap-southeast-2b".into(), Some("ap-southeast-2a".into())));
    watched(&mut detector, &mut world, 20);
    assert_eq!(detector.incidents().first().map(|i| i.phase), Some(Phase::Recovering));
    assert_eq!(watched(&mut detector, &mut world, 80), Vec::<String>::new());
    let over = detector.incidents().first().unwrap();
    assert!(over.recovered_at < over.closed_at, "when it was well stands beside when that was believed");
    assert_eq!(watched(&mut detector, &mut world, 60), Vec::<String>::new(), "what is over does not open by its own old events");
    assert_eq!(detector.incidents().len(), 1);
}

#[test]
fn what_cannot_be_seen_neither_opens_nor_closes() {
    let (mut world, mut detector) = (failing_over(), detector());
    world.fail(DatabaseEvents::KEY, ProblemKind::Denied, "rds:DescribeEvents: access denied");
    world.fail(Database::KEY, ProblemKind::Denied, "rds:DescribeDBInstances: access denied");
    assert_eq!(watched(&mut detector, &mut world, 12), Vec::<String>::new());
    let (mut world, mut open) = (failing_over(), super::detector());
    watched(&mut open, &mut world, 12);
    world.edit::<Database>(|db| db.secondary_zone = Some("ap-southeast-2b".into()));
    world.fail(DatabaseEvents::KEY, ProblemKind::Denied, "rds:DescribeEvents: access denied");
    world.fail(Database::KEY, ProblemKind::Denied, "rds:DescribeDBInstances: access denied");
    assert_eq!(watched(&mut open, &mut world, 120), ["rds-failover"], "it is not over because nobody sees it");
}

#[test]
fn a_restart_knows_what_was_open_and_what_is_over() {
    let (mut world, mut first) = (failing_over(), detector());
    watched(&mut first, &mut world, 12);
    let kept = first.incidents().iter().map(|i| (**i).clone()).collect();
    let rules = Arc::new(super::built_in().unwrap());
    let mut second = Detector::new(Arc::clone(&rules), kept);
    assert_eq!(watched(&mut second, &mut world, 12), ["rds-failover"]);
    assert_eq!(second.incidents().len(), 1, "the same one, not another");
    let mut over = (**second.incidents().first().unwrap()).clone();
    (over.phase, over.closed_at) = (Phase::Closed, Some(now()));
    let mut third = Detector::new(rules, vec![over]);
    let mut later = failing_over();
    assert_eq!(watched(&mut third, &mut later, 12), Vec::<String>::new(), "its events are of before its end");
}

/// A rule that the database's status closes.
fn rule(id: &str, opens: &str, more: &str) -> String {
    format!(
        "id = \"{id}\"\nname = \"{id}\"\nseverity = \"warning\"\nsystems = []\naws = \"https://docs.aws.amazon.com/\"\nopens = '{opens}'\ncloses = 'db.status == \"available\"'\n{more}"
    )
}

#[test]
fn what_is_seen_better_takes_over_and_keeps_its_id() {
    let less = rule("less", "db.status == \"failed\" || db.status == \"rebooting\"", "");
    let more = rule("more", "db.status == \"failed\"", "takes_over = [\"less\"]\n");
    let rules = Rules::read([("less.toml", less.as_str()), ("more.toml", more.as_str())]).unwrap();
    let mut detector = Detector::new(Arc::new(rules), Vec::new());
    let mut world = World::healthy();
    world.edit::<Database>(|db| db.status = "rebooting".into());
    assert_eq!(watched(&mut detector, &mut world, 3), ["less"]);
    let id = detector.incidents().first().unwrap().id.clone();
    world.edit::<Database>(|db| db.status = "failed".into());
    assert_eq!(watched(&mut detector, &mut world, 3), ["more"]);
    assert_eq!((detector.incidents().len(), &detector.incidents().first().unwrap().id), (1, &id));
}

#[test]
fn what_an_incident_leaves_behind_is_no_incident_of_its_own() {
    let opens = "redis.status == \"modifying\"";
    let named = rule("named", opens, "explains = [\"db\", \"svc/*\"]\n").replace("'db.status", "'redis.status");
    let rest = include_str!("../rules/unexplained.toml");
    let rules = Rules::read([("named.toml", named.as_str()), ("unexplained.toml", rest)]).unwrap();
    let (mut detector, mut world, mut watch) = (Detector::new(Arc::new(rules), Vec::new()), World::healthy(), Watch::default());
    let mut open = |world: &mut World, seconds: i64| {
        for _ in 0..seconds {
            let judgement = world.observe(&mut watch);
            detector.observe(&world.store, &judgement, &world.stack, world.now);
            // A level is believed of two answers.
            world.again::<Database>();
            world.later(1);
        }
        let open = detector.incidents().iter().filter(|i| i.is_open());
        open.map(|i| i.rule.clone()).collect::<Vec<_>>()
    };
    open(&mut world, 5);
    world.edit::<ReplicationGroup>(|group| group.status = "modifying".into());
    world.edit::<Database>(|db| db.status = "failed".into());
    assert_eq!(open(&mut world, 70), ["named"]);
    world.edit::<ReplicationGroup>(|group| group.status = "available".into());
    assert_eq!(open(&mut world, 120), Vec::<String>::new(), "the database still fails, and it failed with what is over");
    assert_eq!(open(&mut world, 600), ["unexplained"], "not for ever");
}
