//! The pane of Redis: facts, charts, nodes by shard with role, zone, memory, lag and link, and its events.

use crate::model::metric;
use crate::model::system::System;
use ratatui::layout::Rect;

use super::{List, Panels, beside, data_events, facts, heading, panel, spacious, split, text, widen};
use crate::insight::NodeId;
use crate::insight::health::limits::says_yes;
use crate::insight::topology::roles::redis_roles;
use crate::model::cache::{AutomaticFailover, CacheEvents, CacheNodes, CacheStatus, Engine, MultiAz, ReplicationGroup, engine_title};
use crate::model::limits::Limit;
use crate::session::Screen;
use crate::session::pane::cache as cache_rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::zone;
use crate::view::stack::cache as card;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Ink, Phrase, Unit};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let version = v.store.get::<CacheNodes>().and_then(|n| n.nodes.first()).map(|n| n.version.as_str()).unwrap_or_default();
    let title = Phrase::of(engine_title(v.store), Role::Title)
        .and(" ", Role::Title)
        .and(version, Role::Text)
        .and("  ", Role::Text)
        .and(v.stack.cache.as_str(), Role::Muted);
    let inner = heading(v, &[NodeId::of(System::Cache)], title, &freshness::<ReplicationGroup>(v), area, ink);
    let group = match ready::<ReplicationGroup>(v) {
        Ok(group) => group,
        Err(lines) => return explain(&lines, inner, ink),
    };
    let y = facts(&header(group), Rect { height: inner.height.min(if inner.height < 24 { 4 } else { 8 }), ..inner }, ink);
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let charts = card::charts(v, group);
    if spacious(area) {
        let lists = super::wants(v, screen).into_iter().max().unwrap_or(0).clamp(8, rest.height / 2);
        let (top, below) = split(rest, rest.height - lists);
        grid(&charts, Rect { y: top.y + 1, height: top.height.saturating_sub(2), ..top }, 40, ink);
        let (left, right) = beside(below, below.width * 3 / 5);
        let inner = panel(v, screen, 0, freshness::<CacheNodes>(v), widen(left), ink);
        nodes(v, screen, inner, ink);
        let inner = panel(v, screen, 1, freshness::<CacheEvents>(v), widen(right), ink);
        events(v, screen, inner, ink);
        return;
    }
    let (top, list) = split(rest, super::spare(v, screen, rest.height));
    if top.height > 0 {
        grid(&charts, Rect { y: top.y + 1, height: top.height - 1, ..top }, 24, ink);
    }
    PANELS.draw(v, screen, list, ink);
}

const PANELS: Panels = Panels {
    fresh: |v, i| if i == 0 { freshness::<CacheNodes>(v) } else { freshness::<CacheEvents>(v) },
    draw: |v, screen, i, area, ink| if i == 0 { nodes(v, screen, area, ink) } else { events(v, screen, area, ink) },
};

fn header(g: &ReplicationGroup) -> Vec<(&'static str, Phrase<'_>)> {
    let yes = |on: Option<bool>| match on {
        Some(true) => text("on"),
        Some(false) => Phrase::of("off", Role::Warn),
        None => Phrase::of("?", Role::Unknown),
    };
    let wanted = |holds: bool| if holds { Role::Text } else { Role::Warn };
    let (failover, multi_az) = match g.no_failover() {
        Some(_) => (Phrase::of("none", Role::Muted), Phrase::of("—", Role::Muted)),
        None => (
            Phrase::of(g.automatic_failover.as_str(), wanted(g.automatic_failover == AutomaticFailover::Enabled)),
            Phrase::of(g.multi_az.as_str(), wanted(g.multi_az == MultiAz::Enabled)),
        ),
    };
    let mut pairs = vec![
        ("status", Phrase::of(g.status.as_str(), wanted(g.status == CacheStatus::Available))),
        ("failover", failover),
        ("multi-AZ", multi_az),
        ("node type", text(g.node_type.as_str())),
        ("auth", yes(g.auth_token)),
        ("in transit", yes(g.transit_encryption)),
        ("at rest", yes(g.at_rest_encryption)),
    ];
    if let Some(endpoint) = &g.endpoint {
        pairs.push(("endpoint", text(endpoint.as_str())));
    }
    pairs
}

fn nodes(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = cache_rows::cache_nodes(v.store, &state);
    let roles = redis_roles(v.store, v.now);
    let known = v.store.get::<CacheNodes>();
    let plain = v.store.get::<ReplicationGroup>().is_some_and(|g| g.engine == Engine::Memcached);
    let list = List { panel: 0, columns: cache_rows::NODES, rows: all.len(), empty: "no nodes" };
    list.draw(v, screen, area, ink, |i| {
        let Some((shard, member)) = all.get(i) else { return Vec::new() };
        let id = |metric: metric::Redis| metric.of(&member.id);
        let primary = roles.get(&member.id).copied();
        let status = known.and_then(|n| n.nodes.iter().find(|n| n.id == member.id)).map(|n| &n.status);
        let (mark, role) = match status {
            Some(CacheStatus::Available) => ("●", Role::Ok),
            Some(_) => ("▲", Role::Warn),
            None => ("?", Role::Unknown),
        };
        let (memory, lag, link) = (v.value(id(metric::Redis::Memory)), v.value(id(metric::Redis::Lag)), v.value(id(metric::Redis::Link)));
        let replica = primary == Some(false);
        let link = match link {
            Some(up) if replica => Phrase::of(if says_yes(up) { "up" } else { "down" }, if says_yes(up) { Role::Text } else { Role::Crit }),
            _ => Phrase::of("—", Role::Muted),
        };
        vec![
            Phrase::of(mark, role),
            text(shard.id.as_str()),
            text(v.short(&member.id)),
            match primary {
                _ if plain => Phrase::of("—", Role::Muted),
                Some(true) => Phrase::of("primary", Role::Title),
                Some(false) => text("replica"),
                None => Phrase::of("?", Role::Unknown),
            },
            text(zone(&member.zone)),
            Phrase::of(
                status.map_or("?", CacheStatus::as_str),
                if status == Some(&CacheStatus::Available) { Role::Text } else { Role::Warn },
            ),
            Phrase::of(v.figure(id(metric::Redis::Memory), Unit::Percent), v.graded(Limit::CacheMemory, memory)),
            text(v.figure(id(metric::Redis::Engine), Unit::Percent)),
            text(v.figure(id(metric::Redis::Gets), Unit::PerSecond)),
            text(v.figure(id(metric::Redis::Sets), Unit::PerSecond)),
            text(v.figure(id(metric::Redis::Connections), Unit::Count)),
            if replica {
                Phrase::of(lag.map_or_else(|| "?".to_owned(), |l| format!("{l:.1} s")), v.graded(Limit::CacheLag, lag))
            } else {
                Phrase::of("—", Role::Muted)
            },
            link,
            text(v.figure(id(metric::Redis::Evictions), Unit::Count)),
            v.spark(id(metric::Redis::Engine), 20, Unit::Percent),
        ]
    });
}

fn events(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    match ready::<CacheEvents>(v) {
        Ok(_) => {
            let state = v.session.list(screen.pane, &screen.subject, 1);
            data_events(v, screen, 1, &cache_rows::events(v.store, &state), area, ink);
        }
        Err(lines) => explain(&lines, area, ink),
    }
}
