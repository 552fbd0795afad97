//! The box of the database: status, where primary and standby are, connections, CPU, storage, restore point.

use ratatui::layout::Rect;

use super::{called, head, must_tell, service, tell};
use crate::insight::NodeId;
use crate::insight::objectives::{Aim, Kept, Objective, objectives};
use crate::model::database::{ClusterStatus, Database, DatabaseSettings, DbCluster, DbMember, Engine, InstanceStatus, Redundancy};
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::state::Serving;
use crate::model::system::System;
use crate::session::layout::{Area, Placed};
use crate::theme::Role;
use crate::view::figures::zone;
use crate::view::state::ready;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase, Unit};
use crate::view::{View, reason};

pub(super) fn title<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    let name = |v| name(v).then(called(v, node));
    match v.store.get::<Database>() {
        Some(db) => name(v).and(" ", Role::Title).and(db.version.as_str(), Role::Text).and("  ", Role::Text).then(status(db)),
        None => name(v),
    }
}

/// The engine's name; while it is not known, that of the system.
pub(crate) fn name<'a>(v: &View<'a>) -> Phrase<'a> {
    Phrase::of(v.store.get::<Database>().map_or(Engine::Unstated.title(), |db| db.engine.title()), Role::Title)
}

/// The status in its own words, a cluster's where it has one; loud when it is not `available`.
pub(crate) fn status(db: &Database) -> Phrase<'_> {
    match &db.cluster {
        Some(cluster) if db.status == InstanceStatus::Available || cluster.status.serving() == Serving::No => {
            Phrase::of(cluster.status.as_str(), loudness(cluster.status == ClusterStatus::Available, cluster.status.serving()))
        }
        _ => Phrase::of(db.status.as_str(), loudness(db.status == InstanceStatus::Available, db.status.serving())),
    }
}

fn loudness(available: bool, serving: Serving) -> Role {
    match serving {
        _ if available => Role::Text,
        Serving::No => Role::Crit,
        Serving::Unknown => Role::Unknown,
        Serving::Fully | Serving::Changing | Serving::Act => Role::Warn,
    }
}

/// `primary a ⇄ standby b`, the members of a cluster with role and zone, or that there is no standby.
pub(crate) fn zones(db: &Database, long: bool) -> Phrase<'_> {
    if let Some(cluster) = db.cluster.as_ref().filter(|c| !c.members.is_empty()) {
        return members(cluster, long);
    }
    let label = |text: &'static str| Phrase::of(if long { text } else { "" }, Role::Muted);
    let line = |text: &'static str| label(text).and(zone(&db.zone), Role::Title);
    match db.redundancy() {
        Redundancy::Standby(standby) => line("primary ").and(" ⇄ ", Role::Muted).then(label("standby ")).and(zone(standby), Role::Text),
        Redundancy::StandbyPending => line("primary ").and(" ⇄ ", Role::Muted).and("?", Role::Unknown),
        Redundancy::ReadReplica(source) if long => {
            Phrase::of("read replica of ", Role::Muted).and(source, Role::Text).and(" in ", Role::Muted).and(zone(&db.zone), Role::Title)
        }
        Redundancy::ReadReplica(_) => line("").and(" read replica", Role::Muted),
        Redundancy::SingleAz => line("").and(" single-AZ", Role::Muted),
        Redundancy::Unknown if db.cluster.is_none() => line("").and(" Multi-AZ ?", Role::Unknown),
        Redundancy::Unknown | Redundancy::Readers | Redundancy::ReadersBeside | Redundancy::NoReader => {
            line("writer ").and(" members ?", Role::Unknown)
        }
    }
}

/// `writer a ⇄ readers b c`.
fn members(cluster: &DbCluster, long: bool) -> Phrase<'_> {
    let label = |text: &'static str| Phrase::of(if long { text } else { "" }, Role::Muted);
    let place = |m: &DbMember, calm: Role| if m.serves() { calm } else { Role::Warn };
    let mut line = match cluster.writer() {
        Some(writer) => label("writer ").and(zone(&writer.zone), place(writer, Role::Title)),
        None => Phrase::of("no writer", Role::Crit),
    };
    let mut readers = cluster.readers().peekable();
    if readers.peek().is_none() {
        return line.and(" no reader", Role::Muted);
    }
    line = line.and(" ⇄ ", Role::Muted).then(label(if cluster.members.len() > 2 { "readers" } else { "reader" }));
    for (i, reader) in readers.enumerate() {
        line = line.and(if i > 0 || long { " " } else { "" }, Role::Text).and(zone(&reader.zone), place(reader, Role::Text));
    }
    line
}

/// One member as its pane tells it: `shop-2  zone b  available  db.r6g.large  tier 1`.
pub(crate) fn member(m: &DbMember) -> Phrase<'_> {
    let tier = m.tier.filter(|_| !m.writer).map(|t| format!("  tier {t}")).unwrap_or_default();
    Phrase::of(m.id.as_str(), Role::Text)
        .and("  zone ", Role::Muted)
        .and(zone(&m.zone), Role::Text)
        .and("  ", Role::Text)
        .and(m.status.as_str(), loudness(m.status == InstanceStatus::Available, m.status.serving()))
        .and(format!("{tier}  {}", m.class), Role::Muted)
}

/// `84/850`, by how full it is.
pub(crate) fn connections(v: &View<'_>, db: &Database) -> Phrase<'static> {
    let now = v.value(metric::Db::Connections);
    let max = db.max_connections(v.store.get::<DatabaseSettings>());
    let share = now.zip(max).map(|(n, m)| n / m as f64 * 100.0);
    let text = now.map_or_else(|| "?".to_owned(), |n| format!("{n:.0}"));
    let max = max.map_or_else(|| "?".to_owned(), |m| m.to_string());
    Phrase::of(
        format!("{text:>3}/{max}"),
        if now.is_some() && share.is_none() { Role::Text } else { v.graded(Limit::DatabaseConnections, share) },
    )
    .and(v.late_of([metric::Db::Connections]), Role::Muted)
}

/// How far point-in-time restore lags behind now.
pub(crate) fn restore_lag(v: &View<'_>, db: &Database) -> Phrase<'static> {
    match db.has_no_backups() {
        Some(true) => return Phrase::of("off", Role::Warn).and(" (no backups)", Role::Muted),
        None => return Phrase::of("?", Role::Unknown).and(" (backups not known)", Role::Muted),
        Some(false) => {}
    }
    let lag = db.latest_restorable.map(|at| (v.now - at).num_seconds().max(0));
    let minutes = lag.map_or_else(|| "?".to_owned(), |s| if s < 90 { "1m".to_owned() } else { format!("{}m", (s + 30) / 60) });
    Phrase::of(minutes, v.graded(Limit::DatabaseRestoreLag, lag.map(|s| s as f64))).and(" ≤ 5m", Role::Muted)
}

/// Free storage of what is allocated.
pub(crate) fn storage(v: &View<'_>, db: &Database) -> Phrase<'static> {
    if db.engine.is_aurora() {
        return Phrase::of("grows by itself", Role::Muted);
    }
    let free = v.value(metric::Db::Storage);
    let text = free.map_or_else(|| "?".to_owned(), |f| format!("{:.0}", f / 1_073_741_824.0));
    Phrase::of(text, v.graded(Limit::DatabaseFreeStorage, free))
        .and(format!(" of {} GiB", db.allocated_gib.map_or_else(|| "?".to_owned(), |gib| gib.to_string())), Role::Muted)
        .and(v.late_of([metric::Db::Storage]), Role::Muted)
}

fn label<'a>(label: &'static str, value: Phrase<'a>) -> Phrase<'a> {
    Phrase::of(label, Role::Muted).and(" ", Role::Text).then(value)
}

/// The charts of the database, most telling first.
pub(crate) fn charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    vec![
        v.chart("cpu", metric::Db::Cpu, Unit::Percent),
        v.chart("connections", metric::Db::Connections, Unit::Count),
        v.chart("read latency", metric::Db::ReadLatency, Unit::Latency),
        v.chart("write latency", metric::Db::WriteLatency, Unit::Latency),
        v.chart("free storage", metric::Db::Storage, Unit::Bytes),
        v.chart("load (sessions)", metric::Db::Load, Unit::Count),
        v.chart("read IOPS", metric::Db::ReadIops, Unit::Count),
        v.chart("write IOPS", metric::Db::WriteIops, Unit::Count),
        v.chart("free memory", metric::Db::Memory, Unit::Bytes),
        v.chart("cpu credits", metric::Db::Credits, Unit::Count),
        v.chart("queue", metric::Db::Queue, Unit::Count),
        v.chart("swap", metric::Db::Swap, Unit::Bytes),
    ]
}

/// From so many rows on the box says what was promised about loss and recovery, and how that stands.
const WITH_OBJECTIVES: u16 = 10;

/// How an objective stands, in its colour.
pub(crate) fn objective(o: &Objective) -> Phrase<'static> {
    let role = match o.level {
        Kept::Met => Role::Text,
        Kept::NotMet => Role::Warn,
        // No health rests on it: it is not loud.
        Kept::Unknown => Role::Muted,
    };
    Phrase::of(o.measured.clone().unwrap_or_else(|| "?".to_owned()), role).and(format!(" ({})", o.wanted), Role::Muted)
}

/// The last failover, the newest backup and the restore test; the restore point has a place of its own.
fn promises<'a>(v: &View<'a>) -> Vec<Fact<'a>> {
    let all = objectives(v.store, v.stack, v.now);
    let shown = [(Aim::Failover, "last failover"), (Aim::Backup, "backup"), (Aim::RestoreTest, "restore test")];
    let fact =
        |(rank, (aim, name)): (u8, (Aim, &'static str))| Some(Fact::new(rank, label(name, objective(all.iter().find(|o| o.aim == aim)?))));
    (0..).zip(shown).filter_map(fact).collect()
}

pub(super) fn body(v: &View<'_>, _: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return service::explain(&lines, area, ink),
    };
    let v = &v.line_of(
        System::Database,
        [
            metric::Db::Connections,
            metric::Db::Storage,
            metric::Db::ReadLatency,
            metric::Db::WriteLatency,
            metric::Db::Queue,
            metric::Db::Load,
            metric::Db::Memory,
            metric::Db::Cpu,
        ],
    );
    let width = usize::from(area.width);
    let roomy = area.height >= 6;
    let first = vec![
        Fact::new(0, zones(db, true)),
        Fact::new(0, label(if width < 80 { "conn" } else { "connections" }, connections(v, db))),
        Fact::new(2, label("free", storage(v, db))),
        Fact::new(1, label("PITR", restore_lag(v, db))),
        Fact::new(4, Phrase::of(db.class.as_str(), Role::Muted)),
    ];
    let latency =
        |name: &'static str, id: metric::Db| Phrase::of(name, Role::Muted).then(v.limited(Limit::DatabaseLatency, id, Unit::Latency, 8));
    let second = vec![
        Fact::new(1, latency("read", metric::Db::ReadLatency)),
        Fact::new(1, latency("write", metric::Db::WriteLatency)),
        Fact::new(2, label("queue", v.graded_cell(Limit::DatabaseQueue, metric::Db::Queue, Unit::Count))),
        Fact::new(3, label("load", v.graded_cell(Limit::DatabaseLoad, metric::Db::Load, Unit::Count))),
        Fact::new(4, label("memory free", v.graded_cell(Limit::DatabaseFreeMemory, metric::Db::Memory, Unit::Bytes))),
    ];
    let mut lines = vec![fit(first, width, 2)];
    let figure = Phrase::of("cpu", Role::Muted).then(v.limited(Limit::DatabaseCpu, metric::Db::Cpu, Unit::Percent, 6)).and(" ", Role::Text);
    let rest = width.saturating_sub(figure.width());
    if !roomy {
        lines.push(figure.then(v.spark(metric::Db::Cpu, rest.min(60), Unit::Percent)));
    }
    lines.push(fit(second, width, 2));
    if !db.pending.is_empty() {
        lines.push(Phrase::labelled("pending", db.pending.join(", "), Role::Info));
    }
    if area.height >= WITH_OBJECTIVES {
        lines.push(fit(promises(v), width, 2));
    }
    let y = ink.lines(area, &lines);
    if roomy {
        let rest = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
        let mut charts = charts(v);
        charts.truncate(6);
        grid(&charts, rest, 24, ink);
    }
}

pub(super) fn lines(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let Area { x: left, y, w, h } = placed.place;
    let end = left + w - 1;
    let longest = v.session.stack.services.iter().map(|s| s.name.len()).max().unwrap_or(8).clamp(14, 24) as u16;
    let version = v.store.get::<Database>().map(|d| d.version.as_str()).unwrap_or_default();
    let engine = v.store.get::<Database>().map_or(Engine::Unstated.short(), |d| d.engine.short());
    let name = v.session.called(&placed.node).map_or_else(|| format!("{engine} {version}"), |name| v.short(name).to_owned());
    let x = head(v, placed, &name, longest, ink);
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return service::explain(&lines, Rect { x, y, width: end - x, height: h }, ink),
    };
    let v = &v.line_of(System::Database, [metric::Db::Cpu, metric::Db::Connections, metric::Db::Storage]);
    let room = usize::from(end - x);
    let spark = (room.saturating_sub(54) / 2).clamp(6, 30);
    let free = label("free", v.graded_cell(Limit::DatabaseFreeStorage, metric::Db::Storage, Unit::Bytes));
    let mut facts = vec![
        Fact::new(0, zones(db, false).padded(5)),
        Fact::new(0, if db.status == InstanceStatus::Available { Phrase::new() } else { status(db) }),
        Fact::new(
            2,
            Phrase::of("cpu", Role::Muted)
                .then(v.limited(Limit::DatabaseCpu, metric::Db::Cpu, Unit::Percent, 6))
                .and(" ", Role::Text)
                .then(v.spark(metric::Db::Cpu, spark, Unit::Percent)),
        ),
        Fact::new(1, label("conn", connections(v, db))),
        Fact::new(3, if db.engine.is_aurora() { Phrase::new() } else { free }),
        Fact::new(4, label("PITR", restore_lag(v, db))),
    ];
    if must_tell(v, placed) {
        facts.truncate(2);
        facts.push(Fact::new(0, reason::line(v, &placed.node)));
    }
    ink.phrase(x, y, end, &fit(facts, room, 2));
    tell(v, placed, ink);
}
