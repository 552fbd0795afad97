//! The database.

use crate::insight::fixture::{World, ago, data_event, look, run};
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings, DbCluster, DbMember};
use crate::model::metric;

fn db(world: &mut World, change: impl FnOnce(&mut Database)) {
    world.edit(change);
}

fn events(world: &mut World, list: &[(i64, &str)]) {
    world.put(DatabaseEvents { events: list.iter().map(|(at, text)| data_event("production-nextcore-db", *at, text)).collect() });
}

#[test]
fn statuses() {
    for (status, level) in [
        ("available", "healthy"),
        ("backing-up", "healthy"),
        ("configuring-enhanced-monitoring", "healthy"),
        ("upgrading", "down"),
        ("starting", "down"),
        ("creating", "down"),
        ("failed", "down"),
        ("stopped", "down"),
        ("stopping", "down"),
        ("inaccessible-encryption-credentials", "down"),
        ("inaccessible-encryption-credentials-recoverable", "down"),
        ("incompatible-network", "down"),
        ("incompatible-parameters", "down"),
        ("restore-error", "down"),
        ("insufficient-capacity", "down"),
        ("rebooting", "degraded"),
        ("incompatible-option-group", "degraded"),
        ("modifying", "changing"),
        ("renaming", "changing"),
        ("moving-to-vpc", "changing"),
    ] {
        let mut world = World::healthy();
        db(&mut world, |d| d.status = status.into());
        let reason = if level == "healthy" { String::new() } else { format!("status {status}") };
        assert_eq!(look(&world.judge(), "db"), (level, reason), "{status}");
    }
    for (status, level, reason) in [
        ("storage-optimization", "healthy", "status storage-optimization"),
        ("maintenance", "degraded", "status maintenance: a short outage is likely"),
        ("levitating", "unknown", "status levitating: not known whether it serves"),
    ] {
        let mut world = World::healthy();
        db(&mut world, |d| d.status = status.into());
        assert_eq!(look(&world.judge(), "db"), (level, reason.to_owned()), "{status}");
    }
}

#[test]
fn a_full_storage_is_down_unless_it_still_has_connections() {
    run(&[
        (
            "still connected",
            |w| {
                w.series(metric::Db::Connections, &[40.0; 3]);
                db(w, |d| d.status = "storage-full".into());
            },
            "db",
            "degraded",
            "storage full: it still has connections and may be shut down, allocate more",
        ),
        (
            "nobody is connected",
            |w| {
                w.series(metric::Db::Connections, &[0.0; 30]);
                db(w, |d| d.status = "storage-full".into());
            },
            "db",
            "down",
            "storage full: it may be shut down already, allocate more",
        ),
        (
            "told to be shut down",
            |w| {
                events(
                    w,
                    &[(3, "DB instance has reached the storage-full threshold, and the database has been shut down. Allocate more.")],
                );
                db(w, |d| d.status = "storage-full".into());
            },
            "db",
            "down",
            "storage full: the database has been shut down, allocate more",
        ),
    ]);
}

/// An Aurora cluster: writer in a, readers in b and c.
fn cluster(world: &mut World, change: impl FnOnce(&mut DbCluster)) {
    let member = |(i, zone): (usize, &str)| DbMember {
        id: format!("shop-{}", i + 1),
        writer: i == 0,
        tier: Some(i as i32),
        zone: format!("ap-southeast-2{zone}"),
        status: "available".into(),
        class: "db.r6g.large".into(),
    };
    let mut cluster = DbCluster {
        id: "shop".into(),
        status: "available".into(),
        engine: "aurora-postgresql".into(),
        members: ["a", "b", "c"].into_iter().enumerate().map(member).collect(),
        ..DbCluster::default()
    };
    change(&mut cluster);
    db(world, |d| {
        if let Some(writer) = cluster.writer() {
            (d.id, d.status) = (writer.id.clone(), writer.status.clone());
        }
        (d.engine, d.multi_az, d.secondary_zone) = (cluster.engine.clone(), Some(false), None);
        d.cluster = Some(cluster);
    });
}

#[test]
fn clusters() {
    run(&[
        ("readers in other zones", |w| cluster(w, |_| ()), "db", "healthy", ""),
        (
            "the writer does not answer",
            |w| cluster(w, |c| c.members[0].status = "rebooting".into()),
            "db",
            "down",
            "writer shop-1: status rebooting",
        ),
        (
            "a reader does not answer",
            |w| cluster(w, |c| c.members[2].status = "rebooting".into()),
            "db",
            "degraded",
            "reader shop-3: status rebooting",
        ),
        (
            "a reader in a word of tomorrow",
            |w| cluster(w, |c| c.members[2].status = "levitating".into()),
            "db",
            "unknown",
            "reader shop-3: status levitating",
        ),
        ("one member", |w| cluster(w, |c| c.members.truncate(1)), "db", "healthy", "no reader: a failover takes up to 10 min"),
        (
            "readers beside the writer",
            |w| cluster(w, |c| c.members.iter_mut().for_each(|m| m.zone = "ap-southeast-2a".into())),
            "db",
            "healthy",
            "no reader in another zone",
        ),
        ("no writer", |w| cluster(w, |c| c.members[0].writer = false), "db", "down", "no writer in the cluster"),
        ("members not known", |w| cluster(w, |c| c.members.clear()), "db", "unknown", "the members of the cluster are not known"),
        ("failing over", |w| cluster(w, |c| c.status = "failing-over".into()), "db", "degraded", "cluster failing over"),
        (
            "failing over, told by an event",
            |w| {
                cluster(w, |c| c.status = "failing-over".into());
                events(w, &[(1, "Started cross AZ failover to DB instance: shop-2")]);
            },
            "db",
            "degraded",
            "failover in progress 1m00s",
        ),
        (
            "failed over",
            |w| {
                cluster(w, |_| ());
                events(w, &[(1, "Completed failover to DB instance: shop-2"), (2, "Started cross AZ failover to DB instance: shop-2")]);
            },
            "db",
            "healthy",
            "",
        ),
        ("stopped", |w| cluster(w, |c| c.status = "stopped".into()), "db", "down", "cluster status stopped"),
        (
            "upgrading tomorrow's way",
            |w| cluster(w, |c| c.status = "levitating".into()),
            "db",
            "unknown",
            "cluster status levitating: not known whether it serves",
        ),
    ]);
}

#[test]
fn replicas() {
    run(&[
        (
            "a read replica",
            |w| db(w, |d| (d.multi_az, d.secondary_zone, d.replica_of) = (Some(false), None, Some("orders".into()))),
            "db",
            "healthy",
            "read replica of orders",
        ),
        (
            "a read replica that does not replicate",
            |w| {
                db(w, |d| {
                    (d.multi_az, d.secondary_zone, d.replica_of) = (Some(false), None, Some("orders".into()));
                    d.replication_trouble = vec!["read replication error: disk full".into()];
                });
            },
            "db",
            "degraded",
            "read replica of orders: read replication error: disk full",
        ),
    ]);
}

const STARTED: &str = "Multi-AZ instance failover started";
const COMPLETED: &str = "Multi-AZ instance failover completed";

#[test]
fn failover_and_redundancy() {
    run(&[
        ("failing over", |w| events(w, &[(2, STARTED)]), "db", "degraded", "failover in progress 2m00s"),
        ("failing over for too long", |w| events(w, &[(4, STARTED)]), "db", "down", "failover in progress 4m00s"),
        ("failed over", |w| events(w, &[(1, COMPLETED), (2, "DB instance restarted"), (3, STARTED)]), "db", "healthy", ""),
        ("events in any order", |w| events(w, &[(3, STARTED), (1, COMPLETED)]), "db", "healthy", ""),
        ("an end that was never reported", |w| events(w, &[(16, STARTED)]), "db", "healthy", ""),
        (
            "a user's, abandoned",
            |w| {
                events(
                    w,
                    &[
                        (1, "Abandoning user requested failover since a failover recently occurred on the database instance."),
                        (2, "The user requested a failover of the DB instance."),
                    ],
                );
            },
            "db",
            "healthy",
            "",
        ),
        (
            "rebooting for too long",
            |w| {
                events(w, &[(5, STARTED)]);
                db(w, |d| d.status = "rebooting".into());
            },
            "db",
            "down",
            "rebooting for 5m00s",
        ),
        ("single zone by design", |w| db(w, |d| (d.multi_az, d.secondary_zone) = (Some(false), None)), "db", "healthy", "single-AZ"),
        ("no standby", |w| db(w, |d| d.secondary_zone = None), "db", "degraded", "no standby zone"),
        ("PITR jitter", |w| db(w, |d| d.latest_restorable = Some(ago(6))), "db", "healthy", "point-in-time restore 6m00s behind"),
        ("PITR late", |w| db(w, |d| d.latest_restorable = Some(ago(9))), "db", "degraded", "point-in-time restore 9m00s behind"),
        (
            "PITR stuck",
            |w| db(w, |d| d.latest_restorable = Some(ago(34))),
            "db",
            "degraded",
            "point-in-time restore 34m00s behind: backup critical",
        ),
        ("a cloud without PITR", |w| db(w, |d| d.latest_restorable = None), "db", "healthy", ""),
        ("no backups", |w| db(w, |d| d.backup_retention = Some(0)), "db", "healthy", "no automated backups: nothing to restore from"),
        (
            "neither a retention nor a point to restore to",
            |w| db(w, |d| (d.backup_retention, d.latest_restorable) = (None, None)),
            "db",
            "unknown",
            "not known whether it has automated backups",
        ),
        ("a point to restore to", |w| db(w, |d| d.backup_retention = None), "db", "healthy", ""),
        (
            "not said whether it is Multi-AZ",
            |w| db(w, |d| (d.multi_az, d.secondary_zone) = (None, None)),
            "db",
            "unknown",
            "not known whether it is Multi-AZ",
        ),
    ]);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table of cases")]
fn saturation() {
    const GIB: f64 = 1_073_741_824.0;
    const MIB: f64 = 1_048_576.0;
    run(&[
        ("cpu", |w| w.series(metric::Db::Cpu, &[85.0; 10]), "db", "degraded", "cpu 85 % for 10 min"),
        ("cpu for nine minutes", |w| w.series(metric::Db::Cpu, &[85.0; 9]), "db", "healthy", ""),
        ("cpu, full", |w| w.series(metric::Db::Cpu, &[97.0; 10]), "db", "down", "cpu 97 % for 10 min"),
        ("credits", |w| w.series(metric::Db::Credits, &[80.0]), "db", "degraded", "cpu credits 80"),
        (
            "surplus for an hour",
            |w| w.series(metric::Db::Surplus, &[2.0; 60]),
            "db",
            "degraded",
            "surplus cpu credits charged for 1 h (2.0)",
        ),
        ("surplus for half an hour", |w| w.series(metric::Db::Surplus, &[2.0; 30]), "db", "healthy", ""),
        ("connections", |w| w.series(metric::Db::Connections, &[700.0; 3]), "db", "degraded", "connections 700 of 851 (82 %)"),
        ("connections, full", |w| w.series(metric::Db::Connections, &[830.0; 3]), "db", "down", "connections 830 of 851 (98 %)"),
        (
            "connections of a parameter group",
            |w| {
                w.put(DatabaseSettings { max_connections: Some(100), ..Default::default() });
                w.series(metric::Db::Connections, &[84.0; 3]);
            },
            "db",
            "degraded",
            "connections 84 of 100 (84 %)",
        ),
        (
            "connections of a cluster whose own parameter group may set another number",
            |w| {
                cluster(w, |c| c.parameter_group = Some("shop-cluster".into()));
                w.series(metric::Db::Connections, &[830.0; 3]);
            },
            "db",
            "healthy",
            "connection limit of Aurora PostgreSQL on db.t3.large not known: connections not judged",
        ),
        (
            "connections of another engine",
            |w| {
                db(w, |d| (d.engine, d.port) = ("mysql".into(), Some(5432)));
                w.series(metric::Db::Connections, &[600.0; 3]);
            },
            "db",
            "degraded",
            "connections 600 of 645 (93 %)",
        ),
        (
            "connections of which the limit is not known",
            |w| {
                db(w, |d| (d.engine, d.class, d.port) = ("aurora-mysql".into(), "db.serverless".into(), Some(5432)));
                w.series(metric::Db::Connections, &[600.0; 3]);
            },
            "db",
            "healthy",
            "connection limit of Aurora MySQL on db.serverless not known: connections not judged",
        ),
        (
            "connections dropped",
            |w| w.series(metric::Db::Connections, &[80.0, 80.0, 0.0, 0.0]),
            "db",
            "down",
            "0 connections for 2 min while 7 tasks run",
        ),
        ("never connected", |w| w.series(metric::Db::Connections, &[0.0; 30]), "db", "healthy", ""),
        ("storage", |w| w.series(metric::Db::Storage, &[15.0 * GIB]), "db", "degraded", "free storage 15 GiB"),
        ("storage, nearly none", |w| w.series(metric::Db::Storage, &[8.0 * GIB]), "db", "down", "free storage 8.0 GiB"),
        ("memory", |w| w.series(metric::Db::Memory, &[700.0 * MIB]), "db", "degraded", "freeable memory 700 MiB"),
        ("memory, nearly none", |w| w.series(metric::Db::Memory, &[300.0 * MIB]), "db", "down", "freeable memory 300 MiB"),
        ("swap", |w| w.series(metric::Db::Swap, &[300.0 * MIB; 3]), "db", "degraded", "swap 300 MiB for 3 min"),
        ("slow reads", |w| w.series(metric::Db::ReadLatency, &[0.030; 5]), "db", "degraded", "read latency 30 ms for 5 min"),
        ("very slow writes", |w| w.series(metric::Db::WriteLatency, &[0.060; 5]), "db", "down", "write latency 60 ms for 5 min"),
        ("queue", |w| w.series(metric::Db::Queue, &[14.0; 3]), "db", "degraded", "disk queue 14 in 3 of 5 min"),
        (
            "iops",
            |w| {
                w.series(metric::Db::ReadIops, &[1500.0; 5]);
                w.series(metric::Db::WriteIops, &[1100.0; 5]);
            },
            "db",
            "degraded",
            "2.6k IOPS for 5 min",
        ),
        ("load", |w| w.series(metric::Db::Load, &[2.5; 5]), "db", "degraded", "load 2.5 for 5 min"),
        ("load, twice the cores", |w| w.series(metric::Db::Load, &[4.5; 10]), "db", "down", "load 4.5 for 10 min"),
        ("EBS IO balance", |w| w.series(metric::Db::EbsIo, &[12.0]), "db", "degraded", "EBS IO balance 12 %"),
        ("EBS byte balance", |w| w.series(metric::Db::EbsByte, &[12.0]), "db", "degraded", "EBS byte balance 12 %"),
        ("transaction ids", |w| w.series(metric::Db::Xids, &[6.0e8]), "db", "degraded", "transaction ids used 600M"),
        ("transaction ids, half of all", |w| w.series(metric::Db::Xids, &[1.1e9]), "db", "down", "transaction ids used 1.1G"),
    ]);
}
