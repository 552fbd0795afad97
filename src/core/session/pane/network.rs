//! The pane of the network: its row, and the rows of its lists.

use crate::input::Jump;
use crate::model::cache::CacheSubnets;
use crate::model::network::Zones;
use crate::model::network::{NatGateway, NatGateways, Network, Route, RouteTable, Routes, SecurityGroup, SecurityGroups, Subnet};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Network,
    place: Some(Jump::Network),
    needs: &[Network::KEY, Routes::KEY, NatGateways::KEY, SecurityGroups::KEY, Zones::KEY, CacheSubnets::KEY],
    panels: &[
        list("Subnets", |s, q| borrowed(subnets(&s.store, q.filter), |n| &n.id))
            .is(|s, q, i| subnets(&s.store, q.filter).get(i).map(|n| Resource::new(Kind::Subnet, &n.id))),
        list("Routes", |s, q| named(routes(&s.store, q.filter), |(t, r)| format!("{} {}", t.id, r.destination)))
            .is(|s, q, i| routes(&s.store, q.filter).get(i).map(|(t, _)| Resource::new(Kind::RouteTable, &t.id))),
        list("NAT gateways", |s, q| borrowed(gateways(&s.store, q.filter), |g| &g.id))
            .is(|s, q, i| gateways(&s.store, q.filter).get(i).map(|g| Resource::new(Kind::NatGateway, &g.id))),
        list("Security groups", |s, q| borrowed(groups(&s.store, q.filter), |g| &g.id))
            .is(|s, q, i| groups(&s.store, q.filter).get(i).map(|g| Resource::new(Kind::SecurityGroup, &g.id))),
        list("Elastic IPs", |s, q| borrowed(addresses(&s.store, q.filter), |a| &a.0)).is(|s, q, i| {
            addresses(&s.store, q.filter).get(i).map(|(ip, id, _)| Resource::new(Kind::Address { allocation: id.clone() }, ip))
        }),
    ],
};

/// Subnets by tier and zone.
pub(crate) fn subnets<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Subnet> {
    let all = store.get::<Network>().map(|n| n.subnets.as_slice()).unwrap_or_default();
    all.iter().filter(|s| filter.matches_fields(&[&s.id, &s.cidr, &s.zone, s.tier.word()])).collect()
}

/// Every route with its table.
pub(crate) fn routes<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a RouteTable, &'a Route)> {
    let tables = store.get::<Routes>().map(|r| r.tables.as_slice()).unwrap_or_default();
    let all = tables.iter().flat_map(|t| t.routes.iter().map(move |r| (t, r)));
    all.filter(|(t, r)| filter.matches_fields(&[&t.id, &t.name, &r.destination, &r.target, r.state.as_str()])).collect()
}

/// NAT gateways by zone.
pub(crate) fn gateways<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a NatGateway> {
    let all = store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    all.iter().filter(|g| filter.matches_fields(&[&g.id, &g.zone, g.state.as_str(), &g.subnet])).collect()
}

/// Security groups by role.
pub(crate) fn groups<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a SecurityGroup> {
    let all = store.get::<SecurityGroups>().map(|g| g.groups.as_slice()).unwrap_or_default();
    all.iter().filter(|g| filter.matches_fields(&[&g.id, &g.name])).collect()
}

/// Elastic IPs: those that nothing uses first, for they only cost money.
pub(crate) fn addresses<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a (String, String, bool)> {
    let all = store.get::<NatGateways>().map(|n| n.elastic_ips.as_slice()).unwrap_or_default();
    let mut rows: Vec<_> = all.iter().filter(|(ip, allocation, _)| filter.matches_fields(&[ip, allocation])).collect();
    rows.sort_by_key(|(_, _, associated)| *associated);
    rows
}
