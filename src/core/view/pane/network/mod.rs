//! The pane of the network: subnets by tier and zone, routes, NAT gateways, Elastic IPs, and the paths that the security
//! groups permit. What is drawn above the lists belongs to the focused one: grid, charts or matrix.

pub(super) mod gateways;
mod groups;
mod matrix;
mod subnets;

use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Columns, Detail, keeping, left_over, over, spread};
use super::{Panels, beside, heading, spacious, split, text, widen};
use crate::insight::NodeId;
use crate::model::network::{
    AttachmentState, AvailabilityZoneState, NatGateways, Network, Routes, SecurityGroups, VpcState, Zones, zone_letter,
};
use crate::model::section::Section;
use crate::session::Screen;
use crate::session::pane::network as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Ink, Phrase};

const SUBNETS: usize = 0;
const ROUTES: usize = 1;
const GATEWAYS: usize = 2;
const GROUPS: usize = 3;
const ADDRESSES: usize = 4;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let nodes = [System::Vpc, System::Nat, System::SecurityGroups].map(NodeId::of);
    let fresh = v.age(&[Network::KEY, Routes::KEY, NatGateways::KEY, SecurityGroups::KEY]);
    let inner = heading(v, &nodes, Phrase::of("Network", Role::Title), &fresh, area, ink);
    match ready::<Network>(v) {
        Ok(network) => ink.phrase(inner.x, inner.y, inner.right(), &summary(v, network, inner.width)),
        Err(lines) => ink.phrase(inner.x, inner.y, inner.right(), lines.first().unwrap_or(&Phrase::new())),
    };
    let (_, rest) = split(inner, 1);
    if spacious(area) {
        let (top, below) = split(rest, matrix::HEIGHT.max(subnets::HEIGHT) + 2);
        let (left, right) = beside(Rect { y: top.y + 1, height: top.height - 1, ..top }, top.width / 2);
        picture(v, SUBNETS, left, ink);
        picture(v, GROUPS, right, ink);
        let (charts, below) = split(below, left_over(v, screen, COLUMNS, below.height, 4));
        picture(v, GATEWAYS, Rect { height: charts.height.saturating_sub(1), ..charts }, ink);
        let (_, beneath) = spread(v, screen, &PANELS, COLUMNS, below, ink);
        return detail(v, screen, beneath, ink);
    }
    // The groups are of little use without their paths; the other pictures wait for room.
    // At the first look both stand above the lists, which then share their place.
    let both = matches!(screen.panel, SUBNETS | ROUTES) && rest.height >= BOTH + 16;
    let height = match screen.panel {
        _ if both => BOTH,
        GROUPS if rest.height >= matrix::HEIGHT + 10 => matrix::HEIGHT,
        GROUPS if rest.height >= matrix::SHORT + 8 => matrix::SHORT,
        _ if rest.height >= 30 => matrix::HEIGHT.max(subnets::HEIGHT) + 2,
        _ => 0,
    };
    let (top, lists) = split(rest, height);
    if both {
        let (grid, paths) = split(Rect { y: top.y + 1, height: top.height - 1, ..top }, subnets::HEIGHT + 1);
        picture(v, SUBNETS, grid, ink);
        picture(v, GROUPS, paths, ink);
    } else if height > 0 {
        let blank = u16::from(height > matrix::HEIGHT);
        picture(v, screen.panel, Rect { y: top.y + blank, height: height - blank, ..top }, ink);
    }
    let beneath = match screen.panel {
        // Tabs, header and four groups; the rest is for the rules of one.
        GROUPS if lists.height < 16 => keeping(v, screen, &PANELS, lists.height.saturating_sub(6), lists, ink),
        _ => over(v, screen, &PANELS, lists, ink),
    };
    detail(v, screen, beneath, ink);
}

/// Rows of grid and matrix under each other, with a blank one around each.
const BOTH: u16 = subnets::HEIGHT + matrix::HEIGHT + 3;

const COLUMNS: &Columns = &Columns { left: &[SUBNETS, ROUTES, GATEWAYS], right: &[GROUPS, ADDRESSES], percent: 55 };

const PANELS: Panels = Panels { fresh: age, draw: panel };

fn age<'a>(v: &View<'a>, panel: usize) -> Phrase<'a> {
    match panel {
        SUBNETS => freshness::<Network>(v),
        ROUTES => freshness::<Routes>(v),
        GROUPS => freshness::<SecurityGroups>(v),
        _ => freshness::<NatGateways>(v),
    }
}

fn panel(v: &View<'_>, screen: &Screen, index: usize, area: Rect, ink: &mut Ink<'_>) {
    match index {
        SUBNETS => subnets::list(v, screen, area, ink),
        ROUTES => subnets::routes(v, screen, area, ink),
        GATEWAYS => gateways::list(v, screen, area, ink),
        GROUPS => groups::list(v, screen, area, ink),
        _ => gateways::addresses(v, screen, area, ink),
    }
}

/// What shows the whole of a list's matter at one glance.
fn picture(v: &View<'_>, panel: usize, area: Rect, ink: &mut Ink<'_>) {
    match panel {
        GROUPS => matrix::draw(v, area, ink),
        GATEWAYS | ADDRESSES => grid(&gateways::charts(v), area, 24, ink),
        _ => subnets::grid(v, area, ink),
    }
}

fn detail(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let at = super::detail::selected(v, screen, screen.panel);
    let found: Option<Detail<'_>> = match screen.panel {
        SUBNETS => rows::subnets(v.store, &state).get(at).map(|s| subnets::detail(v, s)),
        ROUTES => rows::routes(v.store, &state).get(at).map(|(t, r)| subnets::route(v, t, r)),
        GATEWAYS => rows::gateways(v.store, &state).get(at).map(|g| gateways::detail(v, g)),
        GROUPS => {
            if let Some(group) = rows::groups(v.store, &state).get(at) {
                groups::rules(v, group, area, ink);
            }
            None
        }
        _ => rows::addresses(v.store, &state).get(at).map(|a| gateways::address(v, a)),
    };
    if let Some(found) = found {
        found.draw(area, ink);
    }
}

/// Block, state, way to the internet, zones: what there is of it fits on one line.
fn summary<'a>(v: &View<'a>, network: &'a Network, width: u16) -> Phrase<'a> {
    let state = match &network.state {
        VpcState::Available => text(network.state.as_str()),
        VpcState::Unstated => Phrase::of("?", Role::Unknown),
        other => Phrase::of(other.as_str(), Role::Crit),
    };
    let block = if network.cidr.is_empty() { Phrase::of("?", Role::Unknown) } else { Phrase::of(network.cidr.as_str(), Role::Title) };
    let facts = vec![
        Fact::new(0, block),
        Fact::new(1, state),
        Fact::new(3, Phrase::of(network.vpc.as_str(), Role::Muted)),
        Fact::new(0, internet(network)),
        Fact::new(0, zones(v)),
        Fact::new(2, text(network.subnets.len().to_string()).and(" subnets", Role::Muted)),
    ];
    fit(facts, usize::from(width), 3)
}

/// The internet gateway, if the VPC has one.
fn internet(network: &Network) -> Phrase<'_> {
    let Some(gateway) = network.internet_gateways.first() else { return Phrase::of("no internet gateway", Role::Crit) };
    let state = gateway.attachments.iter().find(|(vpc, _)| *vpc == network.vpc).map(|(_, state)| state);
    match state {
        Some(state) if state.is_attached() || *state == AttachmentState::Unstated => {
            Phrase::of("● ", Role::Ok).and(gateway.id.as_str(), Role::Text)
        }
        Some(state) => Phrase::of(format!("✖ {} {state}", gateway.id), Role::Crit),
        None => Phrase::of(format!("✖ {} not attached", gateway.id), Role::Crit),
    }
}

/// `a ● b ● c ✖ impaired`.
fn zones<'a>(v: &View<'a>) -> Phrase<'a> {
    let Ok(known) = ready::<Zones>(v) else { return Phrase::of("zones ?", Role::Unknown) };
    let one = |line: Phrase<'a>, zone: &'a crate::model::network::Zone| {
        let gap = if line.is_empty() { line } else { line.and(" ", Role::Text) };
        let line = gap.and(zone_letter(&zone.name), Role::Muted).and(" ", Role::Text);
        match &zone.state {
            AvailabilityZoneState::Available | AvailabilityZoneState::Unstated => line.and("●", Role::Ok),
            state => line.and("✖ ", Role::Crit).and(state.as_str(), Role::Crit),
        }
    };
    known.zones.iter().fold(Phrase::new(), one)
}

/// The reasons why a section has no value, where a list or picture would stand.
fn unread<T: Section>(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) -> bool {
    match ready::<T>(v) {
        Ok(_) => false,
        Err(lines) => {
            explain(&lines, area, ink);
            true
        }
    }
}

/// A title over a picture.
fn over_title(title: &'static str, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let inner = ink.rule(widen(area), &Phrase::of(title, Role::Muted), &Phrase::new(), false);
    Rect { x: area.x, width: area.width, ..inner }
}
