//! Rules about the database: status, Multi-AZ, failover, point-in-time restore, saturation.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, note};
use crate::insight::health::limits::{self, Bound};
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::topology::paths::End;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings, InstanceStatus, default_max_connections};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::section::Section;
use crate::model::security::Keys;
use crate::model::service::Services;
use crate::model::system::{System, SystemSpec};
use crate::model::{Time, text};

use super::security::key_trouble;
use super::{Gauge, Rule, apply, gauges, security_groups};

/// About the instance.
pub(crate) const RULES: &[Rule<Database>] = &[
    Rule {
        id: "db.status",
        doc: "available or a status that serves; failed, stopped, storage-full, ... are down",
        needs: &[Database::KEY],
        check: status,
    },
    Rule { id: "db.failover", doc: "no failover open; {database_failover}", needs: &[DatabaseEvents::KEY], check: failover },
    Rule { id: "db.multi_az", doc: "Multi-AZ with a standby", needs: &[Database::KEY], check: multi_az },
    Rule { id: "db.pitr", doc: "point-in-time restore lags <= 5 min; {database_restore_lag}", needs: &[Database::KEY], check: pitr },
    Rule {
        id: "db.connections",
        doc: "connections of max_connections: {database_connections}",
        needs: &[Database::KEY, Metrics::KEY],
        check: connections,
    },
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

fn key(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    key_trouble(facts, db.kms_key.as_deref()).map(note)
}

fn status(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
    let status = &db.status;
    if status.is_empty() || status.serves() {
        return None;
    }
    if status.is_broken() {
        return Some(down(format!("status {status}")).interrupting("failed"));
    }
    // A reboot whose beginning is known from an event, and which goes on for too long.
    let begun = (*status == InstanceStatus::Rebooting).then(|| open_failover(facts)).flatten();
    match begun {
        Some(at) if facts.now - at > facts.limits().span(Limit::DatabaseFailover) => {
            Some(down(format!("rebooting for {}", text::age(at, facts.now))).since(Some(at)).interrupting("rebooted"))
        }
        Some(at) => Some(degraded(format!("rebooting for {}", text::age(at, facts.now))).since(Some(at)).interrupting("rebooted")),
        None if *status == InstanceStatus::Rebooting => Some(degraded(format!("status {status}")).interrupting("rebooted")),
        None => Some(degraded(format!("status {status}"))),
    }
}

/// When the failover began that has not been reported as completed.
fn open_failover(facts: &Facts<'_>) -> Option<Time> {
    let events = &facts.fresh::<DatabaseEvents>()?.events;
    let newest = |test: fn(&str) -> bool| events.iter().filter(|e| test(&e.message.to_lowercase())).filter_map(|e| e.at).max();
    let begun = newest(|m| m.contains("failover") && m.contains("started"))
        .or_else(|| newest(|m| m.contains("requested a failover")))
        .filter(|at| facts.now - *at <= limits::DB_FAILOVER_FORGET)?;
    let ended = newest(|m| m.contains("failover") && (m.contains("completed") || m.contains("abandoning")));
    ended.is_none_or(|e| e < begun).then_some(begun)
}

fn failover(facts: &Facts<'_>, _: &Database) -> Option<Finding> {
    let at = open_failover(facts)?;
    let text = format!("failover in progress {}", text::age(at, facts.now));
    let finding = if facts.now - at > facts.limits().span(Limit::DatabaseFailover) { down(text) } else { degraded(text) };
    Some(finding.since(Some(at)).interrupting("failed over"))
}

fn multi_az(_: &Facts<'_>, db: &Database) -> Option<Finding> {
    if !db.multi_az {
        return Some(degraded("not Multi-AZ"));
    }
    let standby = db.secondary_zone.as_deref().is_some_and(|z| !z.is_empty());
    (!standby).then(|| degraded("no standby zone"))
}

fn pitr(facts: &Facts<'_>, db: &Database) -> Option<Finding> {
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

/// `max_connections` of the parameter group, else of the class.
fn max_connections(facts: &Facts<'_>, db: &Database) -> Option<i64> {
    let set = facts.store.get::<DatabaseSettings>().and_then(|s| s.max_connections);
    set.or_else(|| default_max_connections(&db.class)).filter(|m| *m > 0)
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
