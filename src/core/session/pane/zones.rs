//! The pane of the availability zones: its row, the cells of the drawing in the order in which they are walked through, and the findings.

use crate::input::Jump;
use crate::insight::NodeId;
use crate::insight::panes::zones::{Mark, ZoneMap, ZoneState, ZoneSystem};
use crate::model::network::NatGateways;
use crate::model::network::Network;
use crate::model::network::Routes;
use crate::model::network::Zones;
use crate::model::resource::Resource;
use crate::model::section::Section;
use crate::model::system::System;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::named;
use crate::session::selected;

use super::{Lead, PaneId, PaneRow, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Zones,
    place: Some(Jump::Zones),
    needs: &[Zones::KEY, Network::KEY, NatGateways::KEY, Routes::KEY],
    panels: &[
        opens("Availability zones", |s, q| named(s.zones().map_or_else(Vec::new, |m| cells(m, &q.list.filter)), identity), cell_node)
            .is(cell),
        opens("Findings", |s, q| named(s.zones().map_or_else(Vec::new, |m| findings(m, &q.list.filter)), |m| told(m)), finding_node),
    ],
};

/// One system in one zone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell<'a> {
    pub zone: &'a ZoneState,
    /// What stands there.
    pub system: ZoneSystem,
}

/// The systems of a zone from top to bottom, as the architecture draws them.
pub(crate) fn systems(zone: &ZoneState) -> impl Iterator<Item = ZoneSystem> {
    let services = zone.services.iter().map(|s| ZoneSystem::Service(s.name.clone()));
    let of = |system: System| zone.others.iter().filter(move |m| m.node.system() == system).map(|m| ZoneSystem::Member(m.node.clone()));
    let front = [ZoneSystem::Balancer].into_iter().chain(of(System::Balancer)).chain([ZoneSystem::Nat]);
    let caches = [ZoneSystem::Redis].into_iter().chain(of(System::Cache)).chain([ZoneSystem::Addresses]);
    let databases = [ZoneSystem::Database].into_iter().chain(of(System::Database));
    front.chain(services).chain(caches).chain(databases).filter(|s| !zone.unused.contains(s))
}

/// The cells of the drawing: down one zone, then down the next.
pub(crate) fn cells<'a>(map: &'a ZoneMap, filter: &Filter) -> Vec<Cell<'a>> {
    let all = map.zones.iter().flat_map(|zone| systems(zone).map(move |system| Cell { zone, system }));
    all.filter(|c| filter.is_empty() || filter.matches_fields(&[&c.zone.name, word(&c.system)])).collect()
}

/// What the spread over the zones shows, worst first.
pub(crate) fn findings<'a>(map: &'a ZoneMap, filter: &Filter) -> Vec<&'a Mark> {
    let all = map.marks.iter();
    all.filter(|m| filter.is_empty() || filter.matches_fields(&[&m.text, m.level.word(), word(&m.system)])).collect()
}

/// What people call a system.
pub(crate) fn word(system: &ZoneSystem) -> &str {
    match system {
        ZoneSystem::Zone => "zone",
        ZoneSystem::Balancer => "ALB",
        ZoneSystem::Nat => "NAT",
        ZoneSystem::Service(name) => name,
        ZoneSystem::Redis => "Redis",
        ZoneSystem::Database => "database",
        ZoneSystem::Member(node) => node.name(),
        ZoneSystem::Addresses => "addresses",
    }
}

/// The zone and what is there.
fn identity(cell: &Cell<'_>) -> String {
    let gateway = cell.zone.nat.gateway.as_ref().filter(|_| cell.system == ZoneSystem::Nat).map(|g| g.id.as_str());
    format!("{} {}", cell.zone.name, gateway.unwrap_or(word(&cell.system)))
}

fn told(mark: &Mark) -> String {
    mark.text.clone()
}

fn cell(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let all = cells(session.zones()?, &query.list.filter);
    all.get(index).map(|c| selected::of_node(session, &node(&c.system, &c.zone.letter)))
}

/// Enter on a cell: its system.
fn cell_node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = cells(session.zones()?, &query.list.filter);
    all.get(index).map(|c| Lead::Node(node(&c.system, &c.zone.letter)))
}

/// Enter on a finding: the system that it is about.
fn finding_node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = findings(session.zones()?, &query.list.filter);
    all.get(index).map(|m| Lead::Node(node(&m.system, m.zone.as_deref().unwrap_or_default())))
}

/// The box of a system.
fn node(system: &ZoneSystem, letter: &str) -> NodeId {
    match system {
        ZoneSystem::Zone | ZoneSystem::Addresses => NodeId::of(System::Vpc),
        ZoneSystem::Balancer => NodeId::of(System::Balancer),
        ZoneSystem::Nat => NodeId::named(System::Nat, letter),
        ZoneSystem::Service(name) => NodeId::service(name),
        ZoneSystem::Redis => NodeId::of(System::Cache),
        ZoneSystem::Database => NodeId::of(System::Database),
        ZoneSystem::Member(node) => node.clone(),
    }
}
