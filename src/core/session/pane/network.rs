//! The pane of the network: its row, and the rows of its lists.

use crate::input::Jump;
use crate::model::cache::CacheSubnets;
use crate::model::metric;
use crate::model::network::Zones;
use crate::model::network::{
    NatGateway, NatGateways, NatState, Network, Route, RouteState, RouteTable, Routes, SecurityGroup, SecurityGroups, Subnet, SubnetState,
};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, figure, named};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Network,
    place: Some(Jump::Network),
    needs: &[Network::KEY, Routes::KEY, NatGateways::KEY, SecurityGroups::KEY, Zones::KEY, CacheSubnets::KEY],
    panels: &[
        list("Subnets", |s, q| borrowed(subnets(&s.store, q.list), |n| &n.id))
            .is(|s, q, i| subnets(&s.store, q.list).get(i).map(|n| Resource::new(Kind::Subnet, &n.id)))
            .columns(SUBNETS),
        list("Routes", |s, q| named(routes(&s.store, q.list), |(t, r)| format!("{} {}", t.id, r.destination)))
            .is(|s, q, i| routes(&s.store, q.list).get(i).map(|(t, _)| Resource::new(Kind::RouteTable, &t.id)))
            .columns(ROUTES),
        list("NAT gateways", |s, q| borrowed(gateways(&s.store, q.list), |g| &g.id))
            .is(|s, q, i| gateways(&s.store, q.list).get(i).map(|g| Resource::new(Kind::NatGateway, &g.id)))
            .columns(GATEWAYS),
        list("Security groups", |s, q| borrowed(groups(&s.store, q.list), |g| &g.id))
            .is(|s, q, i| groups(&s.store, q.list).get(i).map(|g| Resource::new(Kind::SecurityGroup, &g.id)))
            .columns(GROUPS),
        list("Elastic IPs", |s, q| borrowed(addresses(&s.store, q.list), |a| &a.0))
            .is(|s, q, i| addresses(&s.store, q.list).get(i).map(|(ip, id, _)| Resource::new(Kind::Address { allocation: id.clone() }, ip)))
            .columns(ADDRESSES),
    ],
};

pub(crate) const SUBNETS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("tier", 8, 0).by(SortKey::Text),
    Column::left("zone", 4, 0).by(SortKey::Text),
    Column::left("addresses", 15, 0).by(SortKey::Text),
    Column::right("free", 5, 0).by(SortKey::Number),
    Column::of("outbound via", 20, 1, Fill::Left, 0).by(SortKey::Text),
    Column::of("subnet", 15, 1, Fill::Middle, 1).by(SortKey::Text),
    Column::left("state", 9, 2).by(SortKey::State),
];

pub(crate) const ROUTES: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("table", 14, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("destination", 14, 0).by(SortKey::Text),
    Column::of("target", 16, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("state", 9, 0).by(SortKey::State),
    Column::of("used by", 14, 1, Fill::Left, 1).by(SortKey::Number),
];

pub(crate) const GATEWAYS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("zone", 4, 0).by(SortKey::Text),
    Column::of("gateway", 12, 1, Fill::Middle, 5).by(SortKey::Text),
    Column::left("state", 9, 0).by(SortKey::State),
    Column::left("address", 15, 4).by(SortKey::Text),
    Column::right("out", 9, 0).by(SortKey::Number),
    Column::right("in", 9, 0).by(SortKey::Number),
    Column::right("conns", 5, 1).by(SortKey::Number),
    Column::right("port err", 8, 2).by(SortKey::Number),
    Column::right("drops", 5, 3).by(SortKey::Number),
    Column::of("used by", 11, 1, Fill::Left, 0),
];

pub(crate) const ADDRESSES: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("address", 15, 0).by(SortKey::Text),
    Column::of("allocation", 14, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::of("used by", 20, 1, Fill::Left, 0),
];

pub(crate) const GROUPS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("protects", 9, 0).by(SortKey::Text),
    Column::of("group", 20, 2, Fill::Middle, 0).by(SortKey::Text),
    Column::left("id", 20, 2).by(SortKey::Text),
    Column::right("in", 3, 1).by(SortKey::Number),
    Column::right("out", 3, 1).by(SortKey::Number),
    Column::of("vs architecture", 16, 2, Fill::Left, 0),
];

/// Subnets by tier and zone.
pub(crate) fn subnets<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Subnet> {
    let all = store.get::<Network>().map(|n| n.subnets.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|s| list.filter.matches_fields(&[&s.id, &s.cidr, &s.zone, s.tier.word()])).collect();
    let way = |s: &Subnet| store.get::<Routes>().and_then(|r| r.of(&s.id)).and_then(RouteTable::default_route);
    list.sorted(rows, SUBNETS, |subnet, column| match column {
        "tier" => Value::text(subnet.tier.word()),
        "zone" => Value::text(&subnet.zone),
        "addresses" => Value::text(&subnet.cidr),
        "free" => Value::number(subnet.free_addresses),
        "outbound via" => Value::text(way(subnet).map_or("", |route| &route.target)),
        "subnet" => Value::text(&subnet.id),
        "state" => Value::State(u8::from(subnet.state != SubnetState::Available)),
        _ => Value::Unknown,
    })
}

/// Every route with its table.
pub(crate) fn routes<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a RouteTable, &'a Route)> {
    let tables = store.get::<Routes>().map(|r| r.tables.as_slice()).unwrap_or_default();
    let all = tables.iter().flat_map(|t| t.routes.iter().map(move |r| (t, r)));
    let shown = all.filter(|(t, r)| list.filter.matches_fields(&[&t.id, &t.name, &r.destination, &r.target, r.state.as_str()]));
    list.sorted(shown.collect(), ROUTES, |(table, route), column| match column {
        "table" => Value::text(&table.name),
        "destination" => Value::text(&route.destination),
        "target" => Value::text(&route.target),
        "state" => Value::State(u8::from(route.state == RouteState::Blackhole)),
        "used by" => Value::count(table.subnets.len()),
        _ => Value::Unknown,
    })
}

/// NAT gateways by zone.
pub(crate) fn gateways<'a>(store: &'a Store, list: &ListState) -> Vec<&'a NatGateway> {
    let all = store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|g| list.filter.matches_fields(&[&g.id, &g.zone, g.state.as_str(), &g.subnet])).collect();
    list.sorted(rows, GATEWAYS, |gateway, column| match column {
        "zone" => Value::text(&gateway.zone),
        "gateway" => Value::text(&gateway.id),
        "state" => Value::State(match gateway.state {
            NatState::Available => 0,
            NatState::Pending | NatState::Unstated => 1,
            _ => 2,
        }),
        "address" => Value::text(gateway.addresses.first().map_or("", |a| &a.public_ip)),
        "out" => figure(store, metric::Nat::BytesOut.of(&gateway.id)),
        "in" => figure(store, metric::Nat::BytesIn.of(&gateway.id)),
        "conns" => figure(store, metric::Nat::Active.of(&gateway.id)),
        "port err" => figure(store, metric::Nat::PortErrors.of(&gateway.id)),
        "drops" => figure(store, metric::Nat::Drops.of(&gateway.id)),
        _ => Value::Unknown,
    })
}

/// Security groups by role.
pub(crate) fn groups<'a>(store: &'a Store, list: &ListState) -> Vec<&'a SecurityGroup> {
    let all = store.get::<SecurityGroups>().map(|g| g.groups.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|g| list.filter.matches_fields(&[&g.id, &g.name])).collect();
    list.sorted(rows, GROUPS, |group, column| match column {
        "protects" => Value::text(group.roles.iter().map(|r| r.title()).collect::<Vec<_>>().join(" ")),
        "group" => Value::text(&group.name),
        "id" => Value::text(&group.id),
        "in" => Value::count(group.rules.iter().filter(|r| !r.egress).count()),
        "out" => Value::count(group.rules.iter().filter(|r| r.egress).count()),
        _ => Value::Unknown,
    })
}

/// Elastic IPs: those that nothing uses first, for they only cost money.
pub(crate) fn addresses<'a>(store: &'a Store, list: &ListState) -> Vec<&'a (String, String, bool)> {
    let all = store.get::<NatGateways>().map(|n| n.elastic_ips.as_slice()).unwrap_or_default();
    let mut rows: Vec<_> = all.iter().filter(|(ip, allocation, _)| list.filter.matches_fields(&[ip, allocation])).collect();
    rows.sort_by_key(|(_, _, associated)| *associated);
    list.sorted(rows, ADDRESSES, |(ip, allocation, _), column| match column {
        "address" => Value::text(ip),
        "allocation" => Value::text(allocation),
        _ => Value::Unknown,
    })
}
