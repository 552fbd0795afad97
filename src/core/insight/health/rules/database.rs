//! Rules about the database: status, cluster and its members, standby, failover, point-in-time restore, saturation.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info, note};
use crate::insight::health::limits::{self, Bound};
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::topology::paths::End;
use crate::model::database::{ClusterStatus, Database, DatabaseEvents, DatabaseSettings, DbCluster, InstanceStatus, Redundancy};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::section::Section;
use crate::model::security::Keys;
use crate::model::service::Services;
use crate::model::state::Serving;
use crate::model::system::{System, SystemSpec};
use crate::model::{Time, text};

use super::security::key_trouble;
use super::{Gauge, Rule, apply, gauges, lost, security_groups, unseen};

/// About the instance.
pub(crate) const RULES: &[Rule<Database>] = &[
    Rule {
        id: "db.status",
        doc: "available or a status that serves; failed, stopped, ... are down, storage-full unless it still has connections",
        needs: &[Database::KEY],
        check: status,
    },
    Rule { id: "db.cluster", doc: "a cluster's status, and a writer in it", needs: &[Database::KEY], check: cluster },
    Rule { id: "db.readers", doc: "every reader of a cluster available", needs: &[Database::KEY], check: readers },
    Rule { id: "db.replica", doc: "a read replica replicates", needs: &[Database::KEY], check: replica },
    Rule { id: "db.failover", doc: "no failover open; {database_failover}", needs: &[DatabaseEvents::KEY], check: failover },
    Rule {
        id: "db.multi_az",
        doc: "Multi-AZ: its standby is there; single-AZ, or a cluster without a reader in another zone: a note",
        needs: &[Database::KEY],
        check: multi_az,
    },
    Rule { id: "db.pitr", doc: "point-in-time restore lags <= 5 min; {database_restore_lag}", needs: &[Database::KEY], check: pitr },
    Rule {
        id: "db.connections",
        doc: "connections of max_connections: {database_connections}",
        needs: &[Database::KEY, Metrics::KEY],
        check: connections,
    },
    Rule {
        id: "db.figures",
        doc: "CPU figures of a database that is available; without them unknown",
        needs: &[Database::KEY, Metrics::KEY],
        check: figures,
    },
    Rule {
        id: "db.lost",
        doc: "connections and free storage, while there are other figures; without them unknown",
        needs: &[Database::KEY, Metrics::KEY],
        check: lost_figures,
    },
    Rule { id: "db.limit", doc: "the connection limit is known: a note", needs: &[Database::KEY, Metrics::KEY], check: no_limit },
    Rule {
        id: "db.no_connections",
        doc: "not 0 connections while tasks run",
        needs: &[Services::KEY, Metrics::KEY],
        check: no_connections,
    },
    Rule { id: "db.surplus", doc: "no surplus credits charged for 1 h", needs: &[Metrics::KEY], check: surplus },
    Rule { id: "db.iops", doc: "read + write IOPS: {database_iops}", needs: &[Metrics::KEY], check: iops },
    Rule { id: "db.key", doc: "its KMS key is enabled: a note", needs: &[Database::KEY, Keys::KEY], check: key },
];

/// Its metrics.
pub(crate) const GAUGES: &[Gauge<metric::Db>] = &[
    Gauge { id: "db.cpu", series: metric::Db::Cpu, label: "cpu", limit: Limit::DatabaseCpu, show: text::percent },
    Gauge { id: "db.credits", series: metric::Db::Credits, label: "cpu credits", limit: Limit::DatabaseCredits, show: text::rate },
    Gauge { id: "db.storage", series: metric::Db::Storage, label: "free storage", limit: Limit::DatabaseFreeStorage, show: text::bytes },
    Gauge { id: "db.memory", series: metric::Db::Memory, label: "freeable memory", limit: Limit::DatabaseFreeMemory, show: text::bytes },
    Gauge { id: "db.swap", series: metric::Db::Swap, label: "swap", limit: Limit::DatabaseSwap, show: text::bytes },
    Gauge {
        id: "db.read_latency",
        series: metric::Db::ReadLatency,
        label: "read latency",
        limit: Limit::DatabaseLatency,
        show: text::latency,
    },
    Gauge {
        id: "db.write_latency",
        series: metric::Db::WriteLatency,
        label: "write latency",
        limit: Limit::DatabaseLatency,
        show: text::latency,
    },
    Gauge { id: "db.queue", series: metric::Db::Queue, label: "disk queue", limit: Limit::DatabaseQueue, show: text::rate },
    Gauge { id: "db.load", series: metric::Db::Load, label: "load", limit: Limit::DatabaseLoad, show: text::rate },
    Gauge { id: "db.ebs_io", series: metric::Db::EbsIo, label: "EBS IO balance", limit: Limit::DatabaseEbsBalance, show: text::percent },
    Gauge {
        id: "db.ebs_byte",
        series: metric::Db::EbsByte,
        label: "EBS byte balance",
        limit: Limit::DatabaseEbsBalance,
        show: text::percent,
    },
    Gauge {
        id: "db.xids",
        series: metric::Db::Xids,
        label: "transaction ids used",
        limit: Limit::DatabaseTransactionIds,
        show: text::count,
    },
];

/// Judges it.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let mut findings = facts.store.get::<Database>().map_or_else(Vec::new, |db| apply(RULES, facts, ground.mandatory, db));
    findings.extend(gauges(GAUGES, facts, ""));
    findings.extend(security_groups::closed_to(facts, End::Rds));
    nodes.insert(NodeId::of(System::Database), Assessment::of(facts, ground, findings));
}

fn figures(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    (db.status == InstanceStatus::Available).then(|| unseen(facts, metric::Db::Cpu, "CPU figures")).flatten()
}

/// The storage of a cluster is one for all its members, and has no end.
fn lost_figures(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    if db.status != InstanceStatus::Available {
        return None;
    }
    let storage = || db.cluster.is_none().then(|| lost(facts, metric::Db::Storage, "", "free storage")).flatten();
    lost(facts, metric::Db::Connections, "", "connections").or_else(storage)
}

fn key(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    key_trouble(facts, db.kms_key.as_deref()).map(note)
}

fn status(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    let status = &db.status;
    let text = match db.cluster.as_ref().filter(|c| c.members.len() > 1) {
        Some(_) => format!("writer {}: status {status}", db.id),
        None => format!("status {status}"),
    };
    match (status.serving(), status) {
        (_, InstanceStatus::Unstated) | (Serving::Fully, _) => None,
        (_, InstanceStatus::StorageFull) => Some(storage_full(facts)),
        (_, InstanceStatus::Maintenance) => Some(degraded(format!("{text}: a short outage is likely"))),
        (
            Serving::Changing,
            InstanceStatus::StorageOptimization | InstanceStatus::StorageConfigUpgrade | InstanceStatus::StorageInitialization,
        ) => Some(note(text)),
        (Serving::Changing, _) => Some(info(text)),
        (Serving::Act, _) => Some(degraded(text)),
        (Serving::Unknown, _) => Some(Finding::new(Level::Unknown, format!("{text}: not known whether it serves"))),
        (Serving::No, InstanceStatus::Rebooting) if db.cluster.is_none() => Some(rebooting(facts)),
        (Serving::No, _) if is_failing_over(db) => Some(degraded(text).interrupting("failed over")),
        (Serving::No, _) => Some(down(text).interrupting("failed")),
    }
}

/// The cluster says itself that another member is about to take the writes.
fn is_failing_over(db: &Database) -> bool {
    db.cluster.as_ref().is_some_and(|c| c.status == ClusterStatus::FailingOver)
}

/// A reboot takes its time; one whose beginning is known from an event may go on for too long.
fn rebooting(facts: &Facts<'_>) -> Finding {
    match open_failover(facts) {
        Some(at) if facts.now - at > facts.limits().span(Limit::DatabaseFailover) => {
            down(format!("rebooting for {}", text::age(at, facts.now))).since(Some(at)).interrupting("rebooted")
        }
        Some(at) => degraded(format!("rebooting for {}", text::age(at, facts.now))).since(Some(at)).interrupting("rebooted"),
        None => degraded("status rebooting").interrupting("rebooted"),
    }
}

/// RDS shuts a full database down to keep it whole, sooner or later: connections show that it has not yet.
fn storage_full(facts: &Facts<'_>) -> Finding {
    let open =
        facts.window().and_then(|w| w.minutes(metric::Db::Connections, 1)).is_some_and(|v| v.iter().all(|v| v.is_some_and(|v| v >= 0.5)));
    let told = facts.fresh::<DatabaseEvents>().into_iter().flat_map(|e| &e.events).find(|e| {
        let message = e.message.to_lowercase();
        message.contains("storage-full") && message.contains("has been shut down")
    });
    match told {
        Some(event) => down("storage full: the database has been shut down, allocate more").since(event.at),
        None if open => degraded("storage full: it still has connections and may be shut down, allocate more"),
        None => down("storage full: it may be shut down already, allocate more"),
    }
}

fn cluster(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    let cluster = db.cluster.as_ref()?;
    if cluster.status == ClusterStatus::FailingOver {
        let begun = open_failover(facts);
        let late = begun.is_some_and(|at| facts.now - at > facts.limits().span(Limit::DatabaseFailover));
        // With its beginning known the failover's own rule says how long it has gone on.
        return begun
            .is_none()
            .then(|| degraded("cluster failing over").interrupting("failed over"))
            .or_else(|| late.then(|| down("cluster still failing over")));
    }
    if !cluster.members.is_empty() && cluster.writer().is_none() {
        return Some(down("no writer in the cluster").interrupting("failed"));
    }
    let text = format!("cluster status {}", cluster.status);
    match cluster.status.serving() {
        _ if cluster.status.is_empty() => Some(Finding::new(Level::Unknown, "cluster status not known")),
        Serving::Fully => cluster.members.is_empty().then(|| Finding::new(Level::Unknown, "the members of the cluster are not known")),
        Serving::Changing if cluster.status == ClusterStatus::StorageOptimization => Some(note(text)),
        Serving::Changing => Some(info(text)),
        Serving::Act => Some(degraded(format!("{text}: a short outage is likely"))),
        Serving::No => Some(down(text)),
        Serving::Unknown => Some(Finding::new(Level::Unknown, format!("{text}: not known whether it serves"))),
    }
}

/// Readers that do not answer: the writes go on, with less to fall back on.
fn readers(_: &Facts<'_>, db: &Database) -> Option<Finding> {
    let all = db.cluster.iter().flat_map(DbCluster::readers);
    let (mut gone, mut unsure) = (Vec::new(), Vec::new());
    for reader in all {
        let text = format!("reader {}: status {}", reader.id, reader.status);
        match reader.status.serving() {
            Serving::Fully | Serving::Changing => {}
            Serving::Unknown => {
                unsure.push(if reader.status.is_empty() { format!("reader {}: status not known", reader.id) } else { text });
            }
            Serving::Act | Serving::No => gone.push(text),
        }
    }
    if !gone.is_empty() {
        return Some(degraded(gone.join(", ")));
    }
    (!unsure.is_empty()).then(|| Finding::new(Level::Unknown, unsure.join(", ")))
}

fn replica(_: &Facts<'_>, db: &Database) -> Option<Finding> {
    let source = db.replica_of.as_ref()?;
    if db.replication_trouble.is_empty() {
        return Some(note(format!("read replica of {source}")));
    }
    Some(degraded(format!("read replica of {source}: {}", db.replication_trouble.join(", "))))
}

/// When the failover began that has not been reported as completed.
fn open_failover(facts: &Facts<'_>) -> Option<Time> {
    let events = &facts.fresh::<DatabaseEvents>()?.events;
    let newest = |test: fn(&str) -> bool| events.iter().filter(|e| test(&e.message.to_lowercase())).filter_map(|e| e.at).max();
    let begun = newest(|m| m.contains("failover") && m.contains("started"))
        .or_else(|| newest(|m| m.contains("requested a failover")))
        .filter(|at| facts.now - *at <= limits::DB_FAILOVER_FORGET)?;
    let ended = newest(is_failover_end);
    ended.is_none_or(|e| e < begun).then_some(begun)
}

/// A failover that has come to an end, good or bad.
fn is_failover_end(message: &str) -> bool {
    let failed = message.contains("failed") || message.contains("completed") || message.contains("abandoning");
    (message.contains("failover") && failed) || message.contains("promoting previous primary again")
}

fn failover(facts: &Facts<'_>, _: &Database) -> Option<Finding> {
    let at = open_failover(facts)?;
    let text = format!("failover in progress {}", text::age(at, facts.now));
    let finding = if facts.now - at > facts.limits().span(Limit::DatabaseFailover) { down(text) } else { degraded(text) };
    Some(finding.since(Some(at)).interrupting("failed over"))
}

/// What was built in one zone is not degraded for it: whether it should be is for the written architecture to say.
fn multi_az(_: &Facts<'_>, db: &Database) -> Option<Finding> {
    match db.redundancy() {
        Redundancy::Standby(_) | Redundancy::Readers | Redundancy::ReadReplica(_) => None,
        // The cluster's own rule says what is not known of its members.
        Redundancy::Unknown => db.cluster.is_none().then(|| Finding::new(Level::Unknown, "not known whether it is Multi-AZ")),
        Redundancy::StandbyPending => Some(degraded("no standby zone")),
        Redundancy::SingleAz => Some(note("single-AZ")),
        Redundancy::NoReader => Some(note("no reader: a failover takes up to 10 min")),
        Redundancy::ReadersBeside => Some(note("no reader in another zone")),
    }
}

fn pitr(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    match db.has_no_backups() {
        Some(true) => return Some(note("no automated backups: nothing to restore from")),
        None => return Some(Finding::new(Level::Unknown, "not known whether it has automated backups")),
        Some(false) => {}
    }
    let at = db.latest_restorable?;
    let lag = facts.now - at;
    let is_bad = |limit: Limit| facts.limits().level_of_span(limit, lag) > Level::Healthy;
    let text = format!("point-in-time restore {} behind", text::age(at, facts.now));
    let since = Some(at + limits::PITR_HEALTHY);
    if is_bad(Limit::DatabaseBackupLag) {
        Some(degraded(format!("{text}: backup critical")).since(since))
    } else if is_bad(Limit::DatabaseRestoreLag) {
        Some(degraded(text).since(since))
    } else {
        (lag > limits::PITR_HEALTHY).then(|| note(text))
    }
}

fn max_connections(facts: &Facts<'_>, db: &Database) -> Option<i64> {
    db.max_connections(facts.store.get::<DatabaseSettings>())
}

/// Connections that cannot be held against a limit are not judged; that is said.
fn no_limit(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    let counted = facts.window()?.minutes(metric::Db::Connections, 1).is_some_and(|v| v.iter().any(Option::is_some));
    let unknown = counted && max_connections(facts, db).is_none();
    unknown.then(|| note(format!("connection limit of {} on {} not known: connections not judged", db.engine.title(), db.class)))
}

fn connections(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    let max = max_connections(facts, db)?;
    let window = facts.window()?;
    let bounds = facts.limits().bounds(Limit::DatabaseConnections);
    // The limits are in percent of the maximum: scaled here to connections.
    let breach = |limit: Option<Bound>| {
        let limit = limit.map(|l| Bound { value: l.value / 100.0 * max as f64, ..l })?;
        window.breach(metric::Db::Connections, &limit)
    };
    let say = |value: f64| format!("connections {value:.0} of {max} ({})", text::percent(value / max as f64 * 100.0));
    if let Some(b) = breach(bounds.critical) {
        return Some(down(say(b.value)));
    }
    breach(bounds.warn).map(|b| degraded(say(b.value)))
}

fn no_connections(facts: &Facts<'_>, _: &Database) -> Option<Finding> {
    let running = facts.running();
    let minutes = limits::DB_NO_CONNECTION_MINUTES;
    let values = facts.window()?.minutes(metric::Db::Connections, minutes)?;
    let dropped = running > 0 && values.iter().all(|v| v.is_some_and(|v| v < 0.5));
    // A database that never had a connection has not lost any.
    let had = facts.window()?.mean_before(metric::Db::Connections, minutes, 30).is_some_and(|m| m >= 0.5);
    (dropped && had)
        .then(|| down(format!("0 connections for {minutes} min while {running} tasks run")).interrupting("lost its connections"))
}

fn surplus(facts: &Facts<'_>, _: &Database) -> Option<Finding> {
    let charged = facts.window()?.positive_throughout(metric::Db::Surplus, limits::DB_SURPLUS_SPAN.num_seconds())?;
    Some(degraded(format!("surplus cpu credits charged for 1 h ({})", text::rate(charged))))
}

fn iops(facts: &Facts<'_>, _: &Database) -> Option<Finding> {
    let breach =
        facts.window()?.breach_of_sum(metric::Db::ReadIops, metric::Db::WriteIops, &facts.limits().bounds(Limit::DatabaseIops).warn?)?;
    Some(degraded(format!("{} IOPS{}", text::count(breach.value), breach.span())))
}
