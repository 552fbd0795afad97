//! Each objective in each of its states, and that a stack without a database has none.

use chrono::TimeDelta;

use super::{Aim, Kept, Objective, STATED, objectives, objectives_during};
use crate::insight::fixture::{World, ago, data_event};
use crate::model::database::{Database, DatabaseEvents};
use crate::model::section::{ProblemKind, Section};

/// (case, what is put, level, measured, words of what is said).
type Case = (&'static str, fn(&mut World), Kept, Option<&'static str>, &'static str);

const STARTED: &str = "Multi-AZ instance failover started.";
const COMPLETED: &str = "Multi-AZ instance failover completed.";

/// What RDS says, in seconds after an hour ago.
fn events(world: &mut World, all: &[(i64, &str)]) {
    let event = |(after, message): &(i64, &str)| {
        let mut event = data_event("production-nextcore-db", 60, message);
        event.at = event.at.map(|at| at + TimeDelta::seconds(*after));
        event
    };
    world.put(DatabaseEvents { events: all.iter().rev().map(event).collect() });
}

fn restorable(world: &mut World, seconds: i64) {
    let at = world.now - TimeDelta::seconds(seconds);
    world.edit::<Database>(|d| d.latest_restorable = Some(at));
}

fn denied(world: &mut World) {
    world.forget(Database::KEY);
    world.fail(Database::KEY, ProblemKind::Denied, "rds:DescribeDBInstances: access denied");
}

fn find(all: &[Objective], aim: Aim) -> &Objective {
    all.iter().find(|o| o.aim == aim).unwrap()
}

fn run(aim: Aim, cases: &[Case]) {
    for (case, put, level, measured, says) in cases {
        let mut world = World::healthy();
        put(&mut world);
        let all = objectives(&world.store, &world.stack, world.now);
        let one = find(&all, aim);
        assert_eq!((one.level, one.measured.as_deref()), (*level, *measured), "{case}: {one:?}");
        assert!(one.says.contains(says) && !one.says.is_empty(), "{case}: {one:?}");
    }
}

#[test]
fn the_restore_point() {
    let no_time = |w: &mut World| w.edit::<Database>(|d| d.latest_restorable = None);
    let off = |w: &mut World| w.edit::<Database>(|d| (d.backup_retention, d.latest_restorable) = (Some(0), None));
    let replica = |w: &mut World| w.edit::<Database>(|d| (d.replica_of, d.latest_restorable) = (Some("main".into()), None));
    run(
        Aim::Rpo,
        &[
            ("fresh", |_| {}, Kept::Met, Some("4m09s"), "every 5 minutes"),
            ("exactly five minutes", |w| restorable(w, 300), Kept::Met, Some("5m00s"), ""),
            ("a second more", |w| restorable(w, 301), Kept::NotMet, Some("5m01s"), ""),
            ("no backups", off, Kept::NotMet, Some("no restore point"), "backups are off"),
            ("a read replica", replica, Kept::Unknown, None, "replica of main"),
            ("no time", no_time, Kept::Unknown, None, "no LatestRestorableTime"),
            ("denied", denied, Kept::Unknown, None, "rds:DescribeDBInstances"),
        ],
    );
}

#[test]
fn the_last_failover() {
    let single = |w: &mut World| w.edit::<Database>(|d| (d.multi_az, d.secondary_zone) = (Some(false), None));
    let given_up = |w: &mut World| events(w, &[(0, STARTED), (9, "Abandoning user requested failover since it is too soon")]);
    let cluster =
        |w: &mut World| events(w, &[(0, "Started cross AZ failover to DB instance: b"), (20, "Completed failover to DB instance: b")]);
    run(
        Aim::Failover,
        &[
            ("within the claim", |w| events(w, &[(0, STARTED), (28, COMPLETED)]), Kept::Met, Some("28s"), "60 to 120 s"),
            ("as AWS says", |w| events(w, &[(0, STARTED), (75, COMPLETED)]), Kept::NotMet, Some("1m15s"), "60 to 120 s"),
            (
                "the newest counts",
                |w| events(w, &[(-99, STARTED), (-9, COMPLETED), (0, STARTED), (28, COMPLETED)]),
                Kept::Met,
                Some("28s"),
                "",
            ),
            ("not over", |w| events(w, &[(0, STARTED)]), Kept::Unknown, None, "no end reported"),
            ("given up", given_up, Kept::Unknown, None, "no failover from start to end"),
            ("an end alone", |w| events(w, &[(9, COMPLETED)]), Kept::Unknown, None, "no failover from start to end"),
            ("of a cluster", cluster, Kept::Met, Some("20s"), ""),
            ("none", |_| {}, Kept::Unknown, Some("none in 24 h"), "of the last 24 hours"),
            ("nothing to fail over to", single, Kept::NotMet, None, "single-AZ"),
            ("no events", |w| w.forget(DatabaseEvents::KEY), Kept::Unknown, None, "database events: "),
        ],
    );
}

#[test]
fn backup_restore_test_and_region() {
    let off = |w: &mut World| w.edit::<Database>(|d| d.backup_retention = Some(0));
    run(
        Aim::Backup,
        &[
            ("a backup", |w| events(w, &[(0, "Finished DB Instance backup")]), Kept::Met, Some("1h00m ago"), "backup finished"),
            ("an old one", |w| events(w, &[(-26 * 3600, "Finished DB Instance backup")]), Kept::NotMet, Some("1d03h ago"), ""),
            ("begun only", |w| events(w, &[(0, "Backing up DB instance")]), Kept::Unknown, Some("none in 24 h"), "no finished backup"),
            ("backups are off", off, Kept::NotMet, None, "off"),
        ],
    );
    run(Aim::RestoreTest, &[("nobody can tell", |_| {}, Kept::Unknown, None, "no AWS API")]);
    let two = |w: &mut World| w.edit::<Database>(|d| d.backup_replications = vec!["arn:x".into()]);
    run(
        Aim::Rto,
        &[
            ("one region", |_| {}, Kept::Unknown, None, "no automated backup of the database is kept in another region"),
            ("two regions", two, Kept::Unknown, None, "are kept in another region"),
            ("denied", denied, Kept::Unknown, None, "rds:DescribeDBInstances"),
        ],
    );
}

#[test]
fn what_a_stack_does_not_have_is_not_asked_of_it() {
    let mut world = World::healthy();
    assert_eq!(objectives(&world.store, &world.stack, world.now).len(), STATED.len());
    world.stack.database = String::new();
    assert!(objectives(&world.store, &world.stack, world.now).is_empty());
    assert!(objectives_during(None, &world.stack, world.now, (world.now, world.now)).is_empty());
}

#[test]
fn an_incident_is_held_against_its_own_failover() {
    let mut world = World::healthy();
    events(&mut world, &[(0, STARTED), (75, COMPLETED)]);
    let during = |from, until| {
        let all = objectives_during(Some(&world.store), &world.stack, world.now, (ago(from), ago(until)));
        assert_eq!(all.iter().map(|o| o.aim).collect::<Vec<_>>(), [Aim::Rpo, Aim::Failover, Aim::Rto]);
        find(&all, Aim::Failover).clone()
    };
    assert_eq!(during(61, 50).measured.as_deref(), Some("1m15s"));
    assert_eq!(during(50, 40).level, Kept::Unknown);
    assert!(during(50, 40).says.contains("of its time"));
    let unread = objectives_during(None, &world.stack, world.now, (ago(61), ago(50)));
    assert!(unread.iter().all(|o| o.level == Kept::Unknown && o.measured.is_none()), "{unread:?}");
}
