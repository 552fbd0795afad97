//! The box of Redis: shards with the roles and zones of their nodes, memory, traffic, failover.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::{called, head, must_tell, service, tell};
use crate::insight::NodeId;
use crate::insight::topology::roles::redis_roles;
use crate::model::cache::{AutomaticFailover, CacheNodes, CacheStatus, Engine, NodeGroup, ReplicationGroup, engine_title};
use crate::model::limits::Limit;
use crate::model::metric::{self, SeriesId};
use crate::model::system::System;
use crate::session::layout::{Area, Placed};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::zone;
use crate::view::reason;
use crate::view::state::ready;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase, Unit};

pub(super) fn title<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    let version = v.store.get::<CacheNodes>().and_then(|n| n.nodes.first()).map(|n| n.version.as_str());
    Phrase::of(engine_title(v.store), Role::Title).then(called(v, node)).and(" ", Role::Text).and(version.unwrap_or(""), Role::Text)
}

/// The figures of its lines.
const LINE: &[metric::Redis] = {
    use metric::Redis;
    &[Redis::Memory, Redis::Engine, Redis::Gets, Redis::Sets, Redis::Lag, Redis::HitRate]
};

/// The sum or the greatest of a figure over all nodes (of one role, if asked).
pub(crate) fn over_nodes(v: &View<'_>, group: &ReplicationGroup, metric: metric::Redis, fold: fn(f64, f64) -> f64) -> Option<f64> {
    let nodes = group.node_groups.iter().flat_map(|g| &g.members);
    nodes.filter_map(|m| v.value(metric.of(&m.id))).reduce(fold)
}

/// The series of a figure over all nodes.
fn ids<'g>(group: &'g ReplicationGroup, metrics: &'g [metric::Redis]) -> impl Iterator<Item = SeriesId> + 'g {
    let nodes = || group.node_groups.iter().flat_map(|g| &g.members);
    metrics.iter().flat_map(move |metric| nodes().map(|m| metric.of(&m.id)))
}

/// Commands per second: reads and writes of all nodes.
pub(crate) fn commands(v: &View<'_>, group: &ReplicationGroup) -> Option<f64> {
    let [gets, sets] = [metric::Redis::Gets, metric::Redis::Sets].map(|metric| over_nodes(v, group, metric, |a, b| a + b));
    gets.or(sets).map(|_| gets.unwrap_or(0.0) + sets.unwrap_or(0.0))
}

/// `P` primary, `R` replica, `N` a node without a role, `?` not known; the node's own state behind it.
fn member<'a>(v: &View<'a>, roles: &BTreeMap<String, bool>, id: &str, place: &'a str) -> Phrase<'a> {
    // The nodes of Memcached have no roles.
    let plain = v.store.get::<ReplicationGroup>().is_some_and(|g| g.engine == Engine::Memcached);
    let role = match roles.get(id) {
        _ if plain => ("N", Role::Text),
        Some(true) => ("P", Role::Title),
        Some(false) => ("R", Role::Text),
        None => ("?", Role::Unknown),
    };
    let status = v.store.get::<CacheNodes>().and_then(|n| n.nodes.iter().find(|n| n.id == id)).map(|n| n.status.as_str());
    let mark = match status {
        Some("available") => ("●", Role::Ok),
        Some(_) => ("▲", Role::Warn),
        None => ("?", Role::Unknown),
    };
    Phrase::of(role.0, role.1).and(format!(" {} ", zone(place)), Role::Muted).and(mark.0, mark.1)
}

fn shard<'a>(v: &View<'a>, roles: &BTreeMap<String, bool>, group: &'a NodeGroup, width: usize) -> Phrase<'a> {
    let memory = group.members.iter().filter_map(|m| v.value(metric::Redis::Memory.of(&m.id))).reduce(f64::max);
    let mut facts =
        vec![Fact::new(0, Phrase::of(group.id.as_str(), if group.status == CacheStatus::Available { Role::Text } else { Role::Warn }))];
    // The primary first, wherever it is.
    let mut members: Vec<_> = group.members.iter().collect();
    members.sort_by_key(|m| (roles.get(&m.id) != Some(&true), m.id.as_str()));
    facts.extend(members.into_iter().map(|m| Fact::new(2, member(v, roles, &m.id, &m.zone))));
    let text = memory.map_or_else(|| "?".to_owned(), |m| Unit::Percent.text(m));
    facts.push(Fact::new(1, Phrase::of(format!("{text:>6}"), v.graded(Limit::CacheMemory, memory))));
    fit(facts, width, 2)
}

/// What the group as a whole is doing.
fn state(group: &ReplicationGroup) -> Phrase<'_> {
    let status = if group.status == CacheStatus::Available {
        Phrase::new()
    } else {
        Phrase::of(group.status.as_str(), Role::Warn).and("  ", Role::Text)
    };
    if group.no_failover().is_some() {
        return status.and("no failover", Role::Muted);
    }
    let failover = match &group.automatic_failover {
        AutomaticFailover::Enabled => Phrase::labelled("failover", "auto", Role::Text),
        other => Phrase::labelled("failover", other.as_str(), Role::Warn),
    };
    status.then(failover)
}

fn traffic<'a>(v: &View<'a>, group: &ReplicationGroup) -> Vec<Fact<'a>> {
    let ops = commands(v, group).map_or_else(|| "?".to_owned(), |c| crate::model::text::rate(c / 60.0));
    let lag = over_nodes(v, group, metric::Redis::Lag, f64::max);
    let hit = over_nodes(v, group, metric::Redis::HitRate, f64::min);
    let late = |metrics: &[metric::Redis]| v.late_of(ids(group, metrics));
    let lag = Phrase::labelled("lag", lag.map_or_else(|| "?".to_owned(), |l| format!("{l:.1} s")), v.graded(Limit::CacheLag, lag));
    let hit = Phrase::labelled("hit", hit.map_or_else(|| "?".to_owned(), |h| Unit::Percent.text(h)), Role::Text);
    let ops = Phrase::of(format!("{ops:>4}"), Role::Text).and(" cmd/s", Role::Muted);
    vec![
        Fact::new(0, ops.and(late(&[metric::Redis::Gets, metric::Redis::Sets]), Role::Muted)),
        Fact::new(1, lag.and(late(&[metric::Redis::Lag]), Role::Muted)),
        Fact::new(2, hit.and(late(&[metric::Redis::HitRate]), Role::Muted)),
    ]
}

/// The charts of Redis: of the busiest node, for that is the one that hurts first.
pub(crate) fn charts<'a>(v: &View<'a>, group: &ReplicationGroup) -> Vec<Chart<'a>> {
    let ids = || group.node_groups.iter().flat_map(|g| &g.members).map(|m| m.id.as_str());
    let worst = |metric: metric::Redis| {
        let value = |id: &&str| v.value(metric.of(id)).unwrap_or(-1.0);
        metric.of(ids().max_by(|a, b| value(a).total_cmp(&value(b))).unwrap_or_default())
    };
    vec![
        v.chart("memory", worst(metric::Redis::Memory), Unit::Percent),
        v.chart("engine cpu", worst(metric::Redis::Engine), Unit::Percent),
        v.chart("gets", worst(metric::Redis::Gets), Unit::PerSecond),
        v.chart("lag", worst(metric::Redis::Lag), Unit::Latency),
        v.chart("connections", worst(metric::Redis::Connections), Unit::Count),
        v.chart("evictions", worst(metric::Redis::Evictions), Unit::PerSecond),
    ]
}

pub(super) fn body(v: &View<'_>, _: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let group = match ready::<ReplicationGroup>(v) {
        Ok(group) => group,
        Err(lines) => return service::explain(&lines, area, ink),
    };
    let v = &v.line_of(System::Cache, ids(group, LINE));
    let width = usize::from(area.width);
    let roles = redis_roles(v.store, v.now);
    let roomy = area.height >= 9;
    let shards = group.node_groups.iter().take(usize::from(area.height.saturating_sub(2).max(1)));
    let mut lines: Vec<Phrase<'_>> = shards.map(|s| shard(v, &roles, s, width)).collect();
    lines.push(fit(traffic(v, group), width, 2));
    if !roomy {
        let engine = over_nodes(v, group, metric::Redis::Engine, f64::max);
        let first = group.node_groups.iter().flat_map(|g| &g.members).next().map_or("", |m| m.id.as_str());
        let text = engine.map_or_else(|| "?".to_owned(), |e| Unit::Percent.text(e));
        let figure = Phrase::of("cpu", Role::Muted).and(format!("{text:>6} "), v.graded(Limit::CacheEngineCpu, engine));
        let spark = v.spark(metric::Redis::Engine.of(first), width.saturating_sub(figure.width()), Unit::Percent);
        lines.push(figure.then(spark));
    }
    lines.push(state(group));
    let y = ink.lines(area, &lines);
    if roomy {
        let rest = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
        grid(&charts(v, group), rest, 30, ink);
    }
}

pub(super) fn lines(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let Area { x: left, y, w, h } = placed.place;
    let end = left + w - 1;
    let longest = v.session.stack.services.iter().map(|s| s.name.len()).max().unwrap_or(8).clamp(14, 24) as u16;
    let version = v.store.get::<CacheNodes>().and_then(|n| n.nodes.first()).map(|n| n.version.as_str()).unwrap_or_default();
    let name =
        v.session.called(&placed.node).map_or_else(|| format!("{} {version}", engine_title(v.store)), |name| v.short(name).to_owned());
    let x = head(v, placed, &name, longest, ink);
    let group = match ready::<ReplicationGroup>(v) {
        Ok(group) => group,
        Err(lines) => return service::explain(&lines, Rect { x, y, width: end - x, height: h }, ink),
    };
    let v = &v.line_of(System::Cache, ids(group, LINE));
    let roles = redis_roles(v.store, v.now);
    let room = usize::from(end - x);
    let nodes: usize = group.node_groups.iter().map(|g| g.members.len()).sum();
    let primaries = group.node_groups.iter().flat_map(|g| g.members.iter().filter(|m| roles.get(&m.id) == Some(&true)));
    let places: Vec<&str> = primaries.map(|m| zone(&m.zone)).collect();
    let memory = over_nodes(v, group, metric::Redis::Memory, f64::max);
    let text = memory.map_or_else(|| "?".to_owned(), |m| Unit::Percent.text(m));
    let shape = match nodes {
        0 => Phrase::of("nodes ?", Role::Unknown),
        _ => Phrase::of(format!("{}×{}", group.node_groups.len(), nodes / group.node_groups.len().max(1)), Role::Text),
    };
    let mut facts = vec![
        Fact::new(0, shape.padded(5)),
        Fact::new(3, Phrase::labelled("primaries", if places.is_empty() { "?".to_owned() } else { places.join(" ") }, Role::Text)),
        Fact::new(
            1,
            Phrase::of("mem", Role::Muted)
                .and(format!("{text:>6}"), v.graded(Limit::CacheMemory, memory))
                .and(v.late_of(ids(group, &[metric::Redis::Memory])), Role::Muted),
        ),
    ];
    facts.extend(traffic(v, group).into_iter().map(|f| Fact { rank: f.rank + 2, ..f }));
    facts.push(Fact::new(6, state(group)));
    if must_tell(v, placed) {
        facts.truncate(1);
        facts.push(Fact::new(0, reason::line(v, &placed.node)));
    }
    ink.phrase(x, y, end, &fit(facts, room, 2));
    tell(v, placed, ink);
}
