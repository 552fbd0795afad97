//! Sequences: two to go down, one to degrade, two to recover; and since when.

use crate::model::metric;
use crate::model::system::System;
use chrono::TimeDelta;

use crate::insight::fixture::{World, ago, alarm, data_event, look, now};
use crate::insight::{NodeId, Watch};
use crate::model::alarm::Alarms;
use crate::model::database::{Database, DatabaseEvents};
use crate::model::health::Level;
use crate::model::network::SecurityGroups;
use crate::model::section::{ProblemKind, Section};
use crate::model::service::Services;

fn level(world: &World, watch: &mut Watch) -> &'static str {
    look(&world.observe(watch), "svc/web").0
}

fn running(world: &mut World, n: i32) {
    world.later(5);
    world.service("web", |s| s.running = n);
}

#[test]
fn sequences_of_answers() {
    // Running tasks of two in each answer, and what is shown after it.
    for (answers, shown) in [
        (&[2, 0, 0][..], &["healthy", "degraded", "down"][..]),
        (&[2, 0, 2, 2], &["healthy", "degraded", "degraded", "healthy"]),
        (&[2, 0, 0, 2, 2], &["healthy", "degraded", "down", "down", "healthy"]),
        (&[2, 0, 0, 2, 0, 2, 2], &["healthy", "degraded", "down", "down", "down", "down", "healthy"]),
        (&[2, 0, 0, 1, 1, 2, 2], &["healthy", "degraded", "down", "down", "degraded", "degraded", "healthy"]),
        (&[2, 1, 2, 2], &["healthy", "degraded", "degraded", "healthy"]),
        (&[2, 1, 2, 1, 2, 2], &["healthy", "degraded", "degraded", "degraded", "degraded", "healthy"]),
        (&[2, 1, 0, 0], &["healthy", "degraded", "degraded", "down"]),
        (&[2, 0, 1, 0, 0], &["healthy", "degraded", "degraded", "degraded", "down"]),
        (&[0, 0], &["degraded", "down"]),
        (&[1], &["degraded"]),
    ] {
        let (mut world, mut watch) = (World::healthy(), Watch::default());
        let seen: Vec<&str> = answers
            .iter()
            .map(|n| {
                running(&mut world, *n);
                level(&world, &mut watch);
                // Looking again at the same answer changes nothing.
                level(&world, &mut watch)
            })
            .collect();
        assert_eq!(seen, shown, "{answers:?}");
    }
}

#[test]
fn what_does_not_flicker_counts_at_once_as_in_a_snapshot() {
    // Down at a first look, and when it comes later.
    let at_once = |node: &str, breaks: &dyn Fn(&mut World)| {
        let mut world = World::healthy();
        breaks(&mut world);
        let first = look(&world.observe(&mut Watch::default()), node);
        assert_eq!(first, look(&world.judge(), node), "{node}: as `snapshot` says");
        let (mut world, mut watch) = (World::healthy(), Watch::default());
        world.observe(&mut watch);
        world.now += TimeDelta::seconds(5);
        breaks(&mut world);
        [first.0, look(&world.observe(&mut watch), node).0]
    };
    let closed = |world: &mut World| world.edit::<SecurityGroups>(|g| g.groups[3].rules.clear());
    assert_eq!(at_once("sg", &closed), ["down", "down"], "a rule that is read every five minutes");
    assert_eq!(at_once("redis", &closed), ["down", "down"], "whatever else the node rests on");
    let failing = |world: &mut World| {
        world.counts(metric::Tg::Requests.of("production-nextcore-web"), &[600.0; 3]);
        world.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[60.0; 3]);
    };
    assert_eq!(at_once("svc/web", &failing), ["down", "down"], "errors of three minutes");
    let mut world = World::healthy();
    world.service("web", |s| s.running = 0);
    failing(&mut world);
    assert_eq!(look(&world.observe(&mut Watch::default()), "svc/web").0, "down", "one reason that holds is enough");
}

#[test]
fn other_sections_do_not_confirm() {
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    running(&mut world, 0);
    assert_eq!(level(&world, &mut watch), "degraded");
    world.again::<Database>();
    world.again::<Alarms>();
    assert_eq!(level(&world, &mut watch), "degraded");
    world.again::<Services>();
    assert_eq!(level(&world, &mut watch), "down");
}

#[test]
fn a_missing_resource_is_down_after_two_failed_polls() {
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    world.observe(&mut watch);
    for expected in ["degraded", "down"] {
        world.now += TimeDelta::seconds(5);
        world.fail(Database::KEY, ProblemKind::NotFound, "rds:DescribeDBInstances: DBInstanceNotFound");
        assert_eq!(look(&world.observe(&mut watch), "db").0, expected);
    }
}

#[test]
fn knowledge_lost_and_found_is_immediate() {
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    world.forget(Services::KEY);
    assert_eq!(level(&world, &mut watch), "unknown");
    world.put(World::healthy().store.get::<Services>().unwrap().clone());
    assert_eq!(level(&world, &mut watch), "healthy");
    world.later(40);
    world.store.entry_mut(Services::KEY).at = Some(world.now - TimeDelta::seconds(40));
    assert_eq!(level(&world, &mut watch), "unknown");
    world.again::<Services>();
    assert_eq!(level(&world, &mut watch), "healthy");
}

#[test]
fn a_held_level_keeps_its_reasons_and_says_so() {
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    running(&mut world, 1);
    world.observe(&mut watch);
    running(&mut world, 2);
    let seen = world.observe(&mut watch);
    let verdict = seen.of(&NodeId::service("web")).unwrap();
    assert_eq!(verdict.headline(), "running 1 of 2");
    assert_eq!(verdict.reasons.last().unwrap().text, "improved in the last poll, one more to confirm");
    assert_eq!((seen.worst, seen.counts.degraded), (Level::Degraded, 1));
}

#[test]
fn since_is_the_clouds_own_time_stamp_or_the_moment_of_the_change() {
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    let since = |world: &World, watch: &mut Watch, node: NodeId| world.observe(watch).of(&node).unwrap().since;
    assert_eq!(since(&world, &mut watch, NodeId::service("web")), Some(super::service::first_steady()), "the first steady state");
    assert_eq!(since(&world, &mut watch, NodeId::of(System::Database)), None, "a first look is no change");
    running(&mut world, 1);
    let changed = world.now;
    assert_eq!(since(&world, &mut watch, NodeId::service("web")), Some(changed));
    running(&mut world, 1);
    assert_eq!(since(&world, &mut watch, NodeId::service("web")), Some(changed));
    world.put(Alarms { alarms: vec![alarm("high-cpu", "ALARM", 3)] });
    assert_eq!(since(&world, &mut watch, NodeId::of(System::Alarms)), Some(ago(3)));
    world.put(DatabaseEvents { events: vec![data_event("db", 1, "Multi-AZ instance failover started")] });
    assert_eq!(since(&world, &mut watch, NodeId::of(System::Database)), Some(ago(1)));
    world.service("celery-worker", |s| {
        s.deployments[0].rollout_state = "IN_PROGRESS".into();
        s.deployments[0].created_at = Some(ago(2));
    });
    assert_eq!(since(&world, &mut watch, NodeId::service("celery-worker")), Some(ago(2)));
    assert!(world.now > now());
}

#[test]
fn a_verdict_ends_with_the_figures_that_it_rests_on() {
    let web = |metric: metric::Tg| metric.of("production-nextcore-web");
    let (mut world, mut watch) = (World::healthy(), Watch::default());
    world.counts(web(metric::Tg::Requests), &[600.0; 3]);
    world.counts(web(metric::Tg::Target5xx), &[60.0; 3]);
    assert_eq!(level(&world, &mut watch), "down");
    world.counts(web(metric::Tg::Target5xx), &[0.0; 3]);
    assert_eq!(level(&world, &mut watch), "healthy", "they were watched for minutes: no second look");
    // What is held for another reason does not go on saying what figures no longer say.
    world.counts(web(metric::Tg::Target5xx), &[60.0; 3]);
    world.service("web", |s| s.running = 0);
    world.observe(&mut watch);
    running(&mut world, 0);
    world.observe(&mut watch);
    world.counts(web(metric::Tg::Target5xx), &[0.0; 3]);
    running(&mut world, 2);
    let seen = world.observe(&mut watch);
    let verdict = seen.of(&NodeId::service("web")).unwrap();
    assert!(verdict.level == Level::Down && verdict.reasons.iter().all(|r| !r.text.contains("5xx")), "{verdict:?}");
}

#[test]
fn what_fails_after_the_database_says_so_and_the_cause_comes_first() {
    let told = |first: &str| {
        let (mut world, mut watch) = (World::healthy(), Watch::default());
        world.observe(&mut watch);
        let fail_over = |world: &mut World| {
            let event = data_event("db", 0, "Multi-AZ instance failover started");
            let event = crate::model::cache::DataEvent { at: Some(world.now), ..event };
            world.put(DatabaseEvents { events: vec![event] });
        };
        let lose = |world: &mut World| world.service("control-plane", |s| s.running = 1);
        let steps: [&dyn Fn(&mut World); 2] = if first == "db" { [&fail_over, &lose] } else { [&lose, &fail_over] };
        for step in steps {
            world.later(20);
            step(&mut world);
            world.observe(&mut watch);
        }
        world.service("web", |s| s.running = 1);
        world.observe(&mut watch)
    };
    let seen = told("db");
    let text = |judgement: &crate::insight::Judgement, node: &str| look(judgement, node).1;
    assert_eq!(text(&seen, "svc/control-plane"), "running 1 of 2, after the database failed over at 22:01");
    assert_eq!(text(&seen, "svc/web"), "running 1 of 2", "it does not rest on the database");
    assert_eq!(seen.cause().map(crate::insight::Cause::words).as_deref(), Some("the database failed over at 22:01"));
    let other = told("svc");
    assert_eq!((text(&other, "svc/control-plane"), other.cause()), ("running 1 of 2".into(), None), "what failed before is no consequence");
}
