//! The box of the database: status, where primary and standby are, connections, CPU, storage, restore point.

use ratatui::layout::Rect;

use super::{head, must_tell, service, tell};
use crate::insight::NodeId;
use crate::model::database::{Database, DatabaseSettings, InstanceStatus, default_max_connections};
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::system::System;
use crate::session::layout::{Area, Placed};
use crate::theme::Role;
use crate::view::figures::zone;
use crate::view::state::ready;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase, Unit};
use crate::view::{View, reason};

pub(super) fn title<'a>(v: &View<'a>, _: &NodeId) -> Phrase<'a> {
    match v.store.get::<Database>() {
        Some(db) => Phrase::of("PostgreSQL ", Role::Title).and(db.version.as_str(), Role::Text).and("  ", Role::Text).then(status(db)),
        None => Phrase::of("PostgreSQL", Role::Title),
    }
}

/// The status in its own words; loud when it is not `available`.
pub(crate) fn status(db: &Database) -> Phrase<'_> {
    let role = match db.status {
        InstanceStatus::Available => Role::Text,
        InstanceStatus::Failed
        | InstanceStatus::Stopped
        | InstanceStatus::StorageFull
        | InstanceStatus::InaccessibleEncryptionCredentials => Role::Crit,
        _ => Role::Warn,
    };
    Phrase::of(db.status.as_str(), role)
}

/// `primary a ⇄ standby b`, or that there is no standby.
pub(crate) fn zones(db: &Database, long: bool) -> Phrase<'_> {
    let label = |text: &'static str| Phrase::of(if long { text } else { "" }, Role::Muted);
    let line = label("primary ").and(zone(&db.zone), Role::Title);
    match (&db.secondary_zone, db.multi_az) {
        (Some(standby), _) => line.and(" ⇄ ", Role::Muted).then(label("standby ")).and(zone(standby), Role::Text),
        (None, true) => line.and(" ⇄ ", Role::Muted).and("?", Role::Unknown),
        (None, false) => line.and(" no standby", Role::Warn),
    }
}

/// How many connections there may be.
pub(crate) fn max_connections(v: &View<'_>, db: &Database) -> Option<i64> {
    v.store.get::<DatabaseSettings>().and_then(|s| s.max_connections).or_else(|| default_max_connections(&db.class))
}

/// `84/850`, by how full it is.
pub(crate) fn connections(v: &View<'_>, db: &Database) -> Phrase<'static> {
    let now = v.value(metric::Db::Connections);
    let max = max_connections(v, db);
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
    let lag = db.latest_restorable.map(|at| (v.now - at).num_seconds().max(0));
    let minutes = lag.map_or_else(|| "?".to_owned(), |s| if s < 90 { "1m".to_owned() } else { format!("{}m", (s + 30) / 60) });
    Phrase::of(minutes, v.graded(Limit::DatabaseRestoreLag, lag.map(|s| s as f64))).and(" ≤ 5m", Role::Muted)
}

/// Free storage of what is allocated.
pub(crate) fn storage(v: &View<'_>, db: &Database) -> Phrase<'static> {
    let free = v.value(metric::Db::Storage);
    let text = free.map_or_else(|| "?".to_owned(), |f| format!("{:.0}", f / 1_073_741_824.0));
    Phrase::of(text, v.graded(Limit::DatabaseFreeStorage, free))
        .and(format!(" of {} GiB", db.allocated_gib), Role::Muted)
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

pub(super) fn body(v: &View<'_>, _: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return service::explain(&lines, area, ink),
    };
    use metric::Db;
    let v = &v.line_of(
        System::Database,
        [Db::Connections, Db::Storage, Db::ReadLatency, Db::WriteLatency, Db::Queue, Db::Load, Db::Memory, Db::Cpu],
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
        Fact::new(1, latency("read", Db::ReadLatency)),
        Fact::new(1, latency("write", Db::WriteLatency)),
        Fact::new(2, label("queue", v.graded_cell(Limit::DatabaseQueue, Db::Queue, Unit::Count))),
        Fact::new(3, label("load", v.graded_cell(Limit::DatabaseLoad, Db::Load, Unit::Count))),
        Fact::new(4, label("memory free", v.graded_cell(Limit::DatabaseFreeMemory, Db::Memory, Unit::Bytes))),
    ];
    let mut lines = vec![fit(first, width, 2)];
    let figure = Phrase::of("cpu", Role::Muted).then(v.limited(Limit::DatabaseCpu, Db::Cpu, Unit::Percent, 6)).and(" ", Role::Text);
    let rest = width.saturating_sub(figure.width());
    if !roomy {
        lines.push(figure.then(v.spark(metric::Db::Cpu, rest.min(60), Unit::Percent)));
    }
    lines.push(fit(second, width, 2));
    if !db.pending.is_empty() {
        lines.push(Phrase::labelled("pending", db.pending.join(", "), Role::Info));
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
    let x = head(v, placed, &format!("Postgres {version}"), longest, ink);
    let db = match ready::<Database>(v) {
        Ok(db) => db,
        Err(lines) => return service::explain(&lines, Rect { x, y, width: end - x, height: h }, ink),
    };
    let v = &v.line_of(System::Database, [metric::Db::Cpu, metric::Db::Connections, metric::Db::Storage]);
    let room = usize::from(end - x);
    let spark = (room.saturating_sub(54) / 2).clamp(6, 30);
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
        Fact::new(3, label("free", v.graded_cell(Limit::DatabaseFreeStorage, metric::Db::Storage, Unit::Bytes))),
        Fact::new(4, label("PITR", restore_lag(v, db))),
    ];
    if must_tell(v, placed) {
        facts.truncate(2);
        facts.push(Fact::new(0, reason::line(v, &placed.node)));
    }
    ink.phrase(x, y, end, &fit(facts, room, 2));
    tell(v, placed, ink);
}
