//! Subnets as a grid of tiers and zones and as a list, and the routes of their tables: where each subnet leaves to.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{over_title, unread};
use crate::insight::topology::egress::{self, Egress};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::network::{
    NatGateways, NatState, Network, Route, RouteState, RouteTable, Routes, Subnet, SubnetState, SubnetTier, zone_letter,
};
use crate::session::Screen;
use crate::session::pane::network as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::widget::{Ink, Phrase};

/// Rows of the grid: its title, the zones, and two rows for each tier.
pub(super) const HEIGHT: u16 = 8;
/// Cells of the names of the tiers.
const TIERS: u16 = 11;
/// A cell of the grid that is narrower says nothing.
const NARROWEST: u16 = 20;

/// Where a subnet leaves to, and how bad that is.
fn exit<'a>(v: &View<'a>, subnet: &Subnet) -> (Level, Phrase<'a>) {
    let Some(routes) = v.store.get::<Routes>() else { return (Level::Unknown, Phrase::of("?", Role::Unknown)) };
    let route = routes.of(&subnet.id).and_then(RouteTable::default_route);
    match route {
        None if subnet.tier == SubnetTier::Database => (Level::Healthy, Phrase::of("isolated", Role::Muted)),
        None if subnet.tier == SubnetTier::Other => (Level::Healthy, Phrase::of("no default route", Role::Muted)),
        // Without any NAT gateway that is how it was built: what it needs of AWS it reaches by endpoints.
        None if egress::of(v.store, &v.session.stack, &subnet.zone) == Egress::Isolated => {
            (Level::Healthy, Phrase::of("no default route (isolated)", Role::Muted))
        }
        None => (Level::Down, Phrase::of("no default route", Role::Crit)),
        Some(route) => {
            let (level, words) = target(v, route, subnet);
            (level, Phrase::of(words, tone(level)))
        }
    }
}

/// Where a default route leads, for a subnet of that tier and zone.
fn target(v: &View<'_>, route: &Route, subnet: &Subnet) -> (Level, String) {
    if route.state == RouteState::Blackhole {
        return (Level::Down, format!("blackhole ({})", known_as(v, &route.target)));
    }
    let words = known_as(v, &route.target);
    let gateway = v.store.get::<NatGateways>().and_then(|n| n.get(&route.target));
    let level = match (gateway, subnet.tier) {
        (_, SubnetTier::Database) => Level::Degraded,
        (Some(g), _) if !matches!(g.state, NatState::Available | NatState::Pending | NatState::Unstated) => {
            return (Level::Down, format!("{words} {}", g.state));
        }
        (Some(g), SubnetTier::Private) if !g.zone.is_empty() && g.zone != subnet.zone => {
            let shared = matches!(egress::of(v.store, &v.session.stack, &subnet.zone), Egress::Shared { .. });
            return (if shared { Level::Healthy } else { Level::Degraded }, format!("{words} (other zone)"));
        }
        (None, SubnetTier::Public) if !route.target.starts_with("igw-") => Level::Degraded,
        _ => Level::Healthy,
    };
    (level, words)
}

/// A route's target as people call it: `NAT a`, `internet gateway`.
fn known_as(v: &View<'_>, target: &str) -> String {
    let gateway = v.store.get::<NatGateways>().and_then(|n| n.get(target));
    match gateway {
        Some(gateway) if !gateway.zone.is_empty() => format!("NAT {}", zone_letter(&gateway.zone)),
        Some(_) => "NAT".to_owned(),
        None if target.starts_with("igw-") => "internet gateway".to_owned(),
        None => target.to_owned(),
    }
}

fn level(v: &View<'_>, subnet: &Subnet) -> Level {
    let own = match subnet.state {
        SubnetState::Available | SubnetState::Unstated => {
            v.session.stack.limits.level(Limit::FreeAddresses, f64::from(subnet.free_addresses))
        }
        _ => Level::Down,
    };
    own.max(match exit(v, subnet).0 {
        Level::Unknown => Level::Healthy,
        level => level,
    })
}

/// `231 free`, loud when a deployment would not find room.
fn free(v: &View<'_>, subnet: &Subnet) -> Phrase<'static> {
    addresses(v, subnet).and(" free", Role::Muted)
}

fn addresses(v: &View<'_>, subnet: &Subnet) -> Phrase<'static> {
    let role = v.graded(Limit::FreeAddresses, Some(f64::from(subnet.free_addresses)));
    Phrase::of(subnet.free_addresses.to_string(), role)
}

/// Tiers from top to bottom, zones from left to right.
pub(super) fn grid(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    if area.height < HEIGHT {
        return;
    }
    let inner = over_title("Subnets by tier and zone", area, ink);
    if unread::<Network>(v, inner, ink) {
        return;
    }
    let Some(network) = v.store.get::<Network>() else { return };
    let zones: BTreeSet<&str> = network.subnets.iter().map(|s| s.zone.as_str()).collect();
    let room = inner.width.saturating_sub(TIERS) / (zones.len() as u16).max(1);
    if zones.is_empty() {
        ink.put(inner.x, inner.y, inner.right(), "no subnets", Role::Muted);
        return;
    }
    for (column, zone) in zones.iter().enumerate().take_while(|_| room >= NARROWEST) {
        let x = inner.x + TIERS + column as u16 * room;
        ink.put(x, inner.y, x + room, zone, Role::Muted);
        for (row, tier) in [SubnetTier::Public, SubnetTier::Private, SubnetTier::Database].into_iter().enumerate() {
            let y = inner.y + 1 + row as u16 * 2;
            ink.put(inner.x, y, inner.x + TIERS - 1, tier.word(), Role::Muted);
            let mut cell = network.of(tier).filter(|s| s.zone == **zone);
            let Some(subnet) = cell.next() else {
                ink.put(x, y, x + room, "—", Role::Muted);
                continue;
            };
            let (mark, role) = glyph(level(v, subnet));
            let more = cell.count();
            let more = if more > 0 { format!("  +{more}") } else { String::new() };
            let line =
                Phrase::of(mark, role).and(format!(" {:<15} ", subnet.cidr), Role::Text).then(free(v, subnet)).and(more, Role::Muted);
            ink.phrase(x, y, x + room - 1, &line);
            ink.phrase(x + 2, y + 1, x + room - 1, &Phrase::of("→ ", Role::Muted).then(exit(v, subnet).1));
        }
    }
    if room < NARROWEST {
        ink.put(inner.x, inner.y, inner.right(), "too many zones to show: see the list", Role::Muted);
    }
}

pub(super) fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if unread::<Network>(v, area, ink) {
        return;
    }
    let state = v.session.list(screen.pane, &screen.subject, super::SUBNETS);
    let all = rows::subnets(v.store, &state);
    let list = List { panel: super::SUBNETS, columns: rows::SUBNETS, rows: all.len(), empty: "no subnets" };
    list.draw(v, screen, area, ink, |i| {
        let Some(subnet) = all.get(i) else { return Vec::new() };
        let (mark, role) = glyph(level(v, subnet));
        vec![
            Phrase::of(mark, role),
            text(subnet.tier.word()),
            text(zone_letter(&subnet.zone)),
            text(subnet.cidr.as_str()),
            addresses(v, subnet),
            exit(v, subnet).1,
            Phrase::of(subnet.id.as_str(), Role::Muted),
            Phrase::of(subnet.state.as_str(), if subnet.state == SubnetState::Available { Role::Muted } else { Role::Crit }),
        ]
    });
}

pub(super) fn detail<'a>(v: &View<'a>, subnet: &'a Subnet) -> Detail<'a> {
    let table = v.store.get::<Routes>().and_then(|r| r.of(&subnet.id));
    let routes = table.map(|t| t.routes.iter().map(|r| format!("{} → {}", r.destination, r.target)).collect::<Vec<_>>().join("   "));
    let state = Phrase::of(subnet.state.as_str(), if subnet.state == SubnetState::Available { Role::Text } else { Role::Crit });
    let few = if v.is_bad(Limit::FreeAddresses, f64::from(subnet.free_addresses)) {
        Phrase::of("  a deployment needs one per task for both revisions", Role::Warn)
    } else {
        Phrase::new()
    };
    Detail::new(format!("{} {}", subnet.tier.word(), subnet.cidr))
        .with("subnet", text(subnet.id.as_str()).and("  ", Role::Text).and(subnet.zone.as_str(), Role::Muted))
        .with("state", state)
        .with("addresses", free(v, subnet).then(few))
        .with("outbound", exit(v, subnet).1)
        .maybe("route table", table.map(|t| text(t.name.as_str()).and("  ", Role::Text).and(t.id.as_str(), Role::Muted)))
        .maybe("routes", routes.map(text))
        .with(
            "public IPs",
            match subnet.public_addresses {
                Some(true) => text("auto-assigned"),
                Some(false) => text("no"),
                None => Phrase::of("?", Role::Unknown),
            },
        )
}

pub(super) fn routes(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if unread::<Routes>(v, area, ink) {
        return;
    }
    let state = v.session.list(screen.pane, &screen.subject, super::ROUTES);
    let all = rows::routes(v.store, &state);
    let list = List { panel: super::ROUTES, columns: rows::ROUTES, rows: all.len(), empty: "no route tables" };
    list.draw(v, screen, area, ink, |i| {
        let same = i > 0 && all.get(i - 1).zip(all.get(i)).is_some_and(|(a, b)| a.0.id == b.0.id);
        all.get(i).map_or_else(Vec::new, |(table, route)| route_row(v, table, route, same))
    });
}

fn route_row<'a>(v: &View<'a>, table: &'a RouteTable, route: &'a Route, same: bool) -> Vec<Phrase<'a>> {
    let lost = route.state == RouteState::Blackhole;
    let (mark, role) = if lost { ("✖", Role::Crit) } else { ("●", Role::Ok) };
    let known = known_as(v, &route.target);
    let target = Phrase::of(known.clone(), if lost { Role::Crit } else { Role::Text });
    vec![
        Phrase::of(mark, role),
        Phrase::of(v.short(&table.name), if same { Role::Faint } else { Role::Text }),
        text(route.destination.as_str()),
        if known == route.target { target } else { target.and("  ", Role::Text).and(route.target.as_str(), Role::Muted) },
        Phrase::of(route.state.as_str(), if lost { Role::Crit } else { Role::Muted }),
        Phrase::of(users(v, table), Role::Muted),
    ]
}

/// `private a b`: the subnets of a table by tier and zone.
fn users(v: &View<'_>, table: &RouteTable) -> String {
    let subnets: Vec<Option<&Subnet>> = table.subnets.iter().map(|id| v.store.get::<Network>().and_then(|n| n.subnet(id))).collect();
    let mut words = by_tier(subnets.iter().flatten().copied());
    let unknown = subnets.iter().filter(|s| s.is_none()).count();
    if unknown > 0 {
        words.push(format!("{unknown} other"));
    }
    if table.main {
        words.push("main".to_owned());
    }
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// `private a b` of some subnets, one part for each tier.
pub(super) fn by_tier<'s>(subnets: impl Iterator<Item = &'s Subnet>) -> Vec<String> {
    let mut all: Vec<(SubnetTier, &str)> = subnets.map(|s| (s.tier, zone_letter(&s.zone))).collect();
    all.sort_unstable();
    let parts = all.chunk_by(|a, b| a.0 == b.0);
    parts.filter_map(|p| Some(format!("{} {}", p.first()?.0.word(), p.iter().map(|(_, z)| *z).collect::<Vec<_>>().join(" ")))).collect()
}

pub(super) fn route<'a>(v: &View<'a>, table: &'a RouteTable, route: &'a Route) -> Detail<'a> {
    let lost = route.state == RouteState::Blackhole;
    let state = Phrase::of(route.state.as_str(), if lost { Role::Crit } else { Role::Text });
    let lost = if lost { Phrase::of("  the target is gone: outbound traffic is dropped", Role::Crit) } else { Phrase::new() };
    Detail::new(format!("{} → {}", route.destination, route.target))
        .with("target", text(known_as(v, &route.target)))
        .with("state", state.then(lost))
        .with("table", text(table.name.as_str()).and("  ", Role::Text).and(table.id.as_str(), Role::Muted))
        .with("used by", text(users(v, table)))
        .maybe("subnets", (!table.subnets.is_empty()).then(|| Phrase::of(table.subnets.join(" "), Role::Muted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_of_a_table_are_told_by_tier_and_zone() {
        let subnet = |tier, zone: &str| Subnet { tier, zone: format!("ap-southeast-2{zone}"), ..Subnet::default() };
        let subnets = [subnet(SubnetTier::Private, "b"), subnet(SubnetTier::Public, "c"), subnet(SubnetTier::Private, "a")];
        assert_eq!(by_tier(subnets.iter()), ["public c", "private a b"]);
    }
}
