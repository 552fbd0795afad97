//! NAT gateways with what passes through them and who is routed through each, and the Elastic IPs of the account.

use ratatui::layout::Rect;

use super::unread;
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::network::{NatGateway, NatGateways, NatState, Network, RouteTable, Routes, Subnet, zone_letter};
use crate::session::Screen;
use crate::session::pane::network as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::pane::detail::Detail;
use crate::view::pane::{List, text};
use crate::view::widget::{Chart, Ink, Phrase, Unit};

fn level(gateway: &NatGateway) -> Level {
    match gateway.state {
        NatState::Available => Level::Healthy,
        NatState::Pending => Level::Info,
        NatState::Unstated => Level::Unknown,
        _ => Level::Down,
    }
}

/// The subnets whose default route leads to a gateway.
fn routed<'a>(v: &View<'a>, gateway: &NatGateway) -> Option<Vec<&'a Subnet>> {
    let (network, routes) = (v.store.get::<Network>()?, v.store.get::<Routes>()?);
    let through = |s: &&Subnet| routes.of(&s.id).and_then(RouteTable::default_route).is_some_and(|r| r.target == gateway.id);
    Some(network.subnets.iter().filter(through).collect())
}

/// `private a b`; loud when another zone's traffic comes through, or when traffic leads to a gateway that does not work.
fn users(v: &View<'_>, gateway: &NatGateway) -> Phrase<'static> {
    let Some(subnets) = routed(v, gateway) else { return Phrase::of("?", Role::Unknown) };
    if subnets.is_empty() {
        return Phrase::of("none", Role::Muted);
    }
    let foreign = !gateway.zone.is_empty() && subnets.iter().any(|s| s.zone != gateway.zone);
    let role = match level(gateway) {
        Level::Down => Role::Crit,
        _ if foreign => Role::Warn,
        _ => Role::Text,
    };
    Phrase::of(super::subnets::by_tier(subnets.into_iter()).join(", "), role)
}

pub(super) fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if unread::<NatGateways>(v, area, ink) {
        return;
    }
    let state = v.session.list(screen.pane, &screen.subject, super::GATEWAYS);
    let all = rows::gateways(v.store, &state);
    let list = List {
        panel: super::GATEWAYS,
        columns: rows::GATEWAYS,
        rows: all.len(),
        empty: "no NAT gateways: private subnets have no outbound route",
    };
    list.draw(v, screen, area, ink, |i| {
        let Some(gateway) = all.get(i) else { return Vec::new() };
        let (mark, role) = glyph(level(gateway));
        vec![
            Phrase::of(mark, role),
            text(if gateway.zone.is_empty() { "all" } else { zone_letter(&gateway.zone) }),
            // Where it is shortened, what all ids begin with is not worth the cells that tell them apart.
            Phrase::of(gateway.id.strip_prefix("nat-").unwrap_or(&gateway.id), Role::Muted),
            Phrase::of(gateway.state.as_str(), tone(level(gateway))),
            text(gateway.addresses.first().map_or("—", |a| a.public_ip.as_str())),
            v.cell(metric::Nat::BytesOut.of(&gateway.id), Unit::Throughput, 9),
            v.cell(metric::Nat::BytesIn.of(&gateway.id), Unit::Throughput, 9),
            v.cell(metric::Nat::Active.of(&gateway.id), Unit::Count, 5),
            v.graded_cell(Limit::NatPortErrors, metric::Nat::PortErrors.of(&gateway.id), Unit::Count),
            Phrase::of(v.figure(metric::Nat::Drops.of(&gateway.id), Unit::Count), v.graded_drops(&gateway.id)),
            users(v, gateway),
        ]
    });
}

pub(super) fn detail<'a>(v: &View<'a>, gateway: &'a NatGateway) -> Detail<'a> {
    let addresses: Vec<String> = gateway
        .addresses
        .iter()
        .map(|a| format!("{} ({}{}{})", a.public_ip, a.allocation, if a.status.is_empty() { "" } else { ", " }, a.status))
        .collect();
    let (attempts, established) = (v.value(metric::Nat::Attempts.of(&gateway.id)), v.value(metric::Nat::Established.of(&gateway.id)));
    let opened = attempts.zip(established).filter(|(a, _)| *a > 0.0).map(|(a, e)| (e / a * 100.0).min(100.0));
    let opened =
        opened.map(|share| Phrase::of(format!("{share:.0} % of the attempts succeed"), v.graded(Limit::NatEstablished, Some(share))));
    let kind = [gateway.connectivity.as_str(), gateway.availability.as_str()]
        .iter()
        .filter(|k| !k.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    Detail::new(gateway.id.clone())
        .with("state", Phrase::of(gateway.state.as_str(), tone(level(gateway))).and(format!("  {kind}"), Role::Muted))
        .maybe("failure", gateway.failure.as_deref().map(|f| Phrase::of(f, Role::Crit)))
        .with("used by", users(v, gateway))
        .with("addresses", text(if addresses.is_empty() { "none".to_owned() } else { addresses.join("  ") }))
        .with("subnet", text(gateway.subnet.as_str()).and(format!("  {}", gateway.zone), Role::Muted))
        .maybe("connections", opened)
}

/// What passes through each gateway, then what goes wrong in it.
pub(in crate::view::pane) fn charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    let all = v.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    let alive: Vec<&NatGateway> = all.iter().filter(|g| !g.state.is_going()).take(4).collect();
    let each = |label: &'static str, metric: metric::Nat, unit: Unit| {
        alive.iter().map(move |g| v.chart(format!("{label} {}", zone_letter(&g.zone)), metric.of(&g.id), unit)).collect::<Vec<_>>()
    };
    let mut charts = each("in", metric::Nat::BytesIn, Unit::Throughput);
    charts.extend(each("conns", metric::Nat::Active, Unit::Count));
    charts
}

/// Who uses an Elastic IP.
fn holder<'a>(v: &View<'a>, (ip, allocation, associated): &(String, String, bool)) -> Phrase<'a> {
    let all = v.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    let gateway = all.iter().find(|g| g.addresses.iter().any(|a| a.allocation == *allocation || a.public_ip == *ip));
    match gateway {
        Some(gateway) => text(format!("NAT {}", zone_letter(&gateway.zone))),
        None if *associated => Phrase::of("other resource in the account", Role::Muted),
        None => Phrase::of("nothing: unused, still billed", Role::Warn),
    }
}

pub(super) fn addresses(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if unread::<NatGateways>(v, area, ink) {
        return;
    }
    let state = v.session.list(screen.pane, &screen.subject, super::ADDRESSES);
    let all = rows::addresses(v.store, &state);
    let list = List { panel: super::ADDRESSES, columns: rows::ADDRESSES, rows: all.len(), empty: "no Elastic IPs in this region" };
    list.draw(v, screen, area, ink, |i| {
        let Some(address) = all.get(i) else { return Vec::new() };
        let (mark, role) = if address.2 { ("●", Role::Ok) } else { ("▲", Role::Warn) };
        vec![Phrase::of(mark, role), text(address.0.as_str()), Phrase::of(address.1.as_str(), Role::Muted), holder(v, address)]
    });
}

pub(super) fn address<'a>(v: &View<'a>, address: &'a (String, String, bool)) -> Detail<'a> {
    Detail::new(address.0.as_str())
        .with("allocation", text(address.1.as_str()))
        .with("used by", holder(v, address))
        .with("associated", if address.2 { text("yes") } else { Phrase::of("no", Role::Warn) })
}
