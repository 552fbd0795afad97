//! Flows between boxes: requests from the balancer to the services, connections from the services to the data.
//! EDGES says which; each carries a live figure on the rule that it crosses, and warns where its end does not work.

use super::{network, service};
use crate::insight::NodeId;
use crate::insight::topology::entry::{entry, is_fronted};
use crate::model::balancer::Routing;
use crate::model::health::Level;
use crate::model::metric::{self, SeriesId};
use crate::model::stack::{Dependency, ServiceSpec, Stack};
use crate::model::system::System;
use crate::session::layout::{Area, Layout};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::widget::{Ink, Phrase, Unit};

/// The label of an edge that ends at a node.
type Label = for<'a> fn(&View<'a>, &NodeId) -> Phrase<'a>;

/// One flow between services and another node.
struct Edge {
    /// Which services.
    of: fn(&View<'_>, &ServiceSpec) -> bool,
    /// Whether it begins at the service (else it ends there).
    outward: bool,
    /// The other end.
    other: System,
    /// What it carries.
    label: Label,
}

/// The flows of the written architecture, as far as both ends have boxes.
const EDGES: &[Edge] = &[
    Edge { of: |v, s| is_fronted(v.store, s), outward: false, other: System::Balancer, label: requests },
    Edge { of: |_, s| s.needs(Dependency::Database), outward: true, other: System::Database, label: connections },
    Edge { of: |v, s| s.needs(Dependency::Cache) && !is_fronted(v.store, s), outward: true, other: System::Cache, label: nothing },
];

fn requests<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    let Some(found) = service::of(v, node) else { return Phrase::new() };
    let Some(group) = service::group_name(v, found) else { return Phrase::new() };
    let paths = v.store.get::<Routing>().and_then(|r| Some(r.paths_to(found.first_group(Some(r))?))).unwrap_or_default();
    let path = Phrase::of(paths, Role::Muted);
    v.value(metric::Tg::Requests.of(group))
        .map_or_else(|| path.clone(), |r| path.clone().and(" ", Role::Text).and(Unit::PerSecond.text(r), Role::Text))
}

fn connections<'a>(v: &View<'a>, from: &NodeId) -> Phrase<'a> {
    let first = v.session.stack.services.iter().find(|s| s.needs(Dependency::Database)).map(|s| NodeId::service(&s.name));
    if first.as_ref() != Some(from) {
        return Phrase::new();
    }
    v.value(metric::Db::Connections)
        .map(|n| Phrase::of(Unit::Count.text(n), Role::Text).and(" connections total", Role::Muted))
        .unwrap_or_default()
}

fn nothing<'a>(_: &View<'a>, _: &NodeId) -> Phrase<'a> {
    Phrase::new()
}

/// Draws the edges over rules and borders that are there already.
pub(super) fn draw(v: &View<'_>, layout: &Layout, ink: &mut Ink<'_>) {
    ends(v, layout, ink);
    let stack: &Stack = &v.session.stack;
    for edge in EDGES {
        for spec in stack.services.iter().filter(|s| (edge.of)(v, s)) {
            let (service, other) = (NodeId::service(&spec.name), NodeId::of(edge.other));
            let (from, to) = if edge.outward { (service.clone(), other) } else { (other, service.clone()) };
            let (Some(a), Some(b)) = (layout.place(&from), layout.place(&to)) else { continue };
            let role = edge_role(v, &to);
            let x = layout.place(&service).map_or(a.x, |p| p.x + p.w / 2);
            if b.y == a.y + a.h + 1 && x > b.x + 1 && x + 2 < b.x + b.w && x > a.x && x + 1 < a.x + a.w {
                down(a, x, &(edge.label)(v, &service), role, ink);
            } else if b.y == a.y && b.x == a.x + a.w {
                ink.dot(b.x.saturating_sub(1), a.y + a.h / 2, '▸', role);
            } else if b.y == a.y && b.x == a.x + a.w + 1 {
                ink.dot(b.x - 1, a.y + a.h / 2, '▸', role);
            }
        }
    }
}

/// What comes from the users, and what leaves through the NAT gateways.
fn ends(v: &View<'_>, layout: &Layout, ink: &mut Ink<'_>) {
    let (balancer, cdn) = (NodeId::of(System::Balancer), NodeId::of(System::Cdn));
    let rate = |label: &'static str, id: SeriesId| {
        let figure = v.value(id).map(|r| Phrase::of(Unit::PerSecond.text(r), Role::Text));
        match figure {
            Some(figure) if label.is_empty() => figure,
            Some(figure) => Phrase::of(label, Role::Muted).and(" ", Role::Text).then(figure),
            None => Phrase::of(label, Role::Muted),
        }
    };
    if let Some(place) = layout.place(&cdn).filter(|p| p.y > 1 && v.level(&cdn) != Some(Level::Absent)) {
        let x = place.x + place.w / 2;
        ink.dot(x, place.y - 1, '▾', edge_role(v, &cdn));
        beside(x, place.y - 1, place.x + place.w, &rate("users", metric::Cdn::Requests.id()), ink);
    }
    if let Some(to) = layout.place(&balancer) {
        // From Route 53 if its name leads to it, else through CloudFront if that fetches from it, else from outside.
        let used = |node: &NodeId| layout.place(node).filter(|p| to.y == p.y + p.h + 1 && v.level(node) != Some(Level::Absent));
        let ways = entry(v.store, &v.session.stack);
        let from = used(&NodeId::of(System::Dns)).filter(|_| ways.direct).or_else(|| used(&cdn).filter(|_| ways.through_cdn));
        let x = from.map_or(to.x, |p| p.x + 4).clamp(to.x + 40.min(to.w / 2), to.x + to.w.saturating_sub(26).max(to.w / 2));
        let role = edge_role(v, &balancer);
        if let Some(from) = from.filter(|p| x > p.x && x < p.x + p.w) {
            ink.dot(x, from.y + from.h - 1, '┬', role);
            ink.thread(x, from.y + from.h, role);
        }
        ink.dot(x, to.y, '▾', role);
        // The age at the right end stays readable.
        let end = (to.x + to.w).saturating_sub(12);
        let label = rate("requests", metric::Alb::Requests.id());
        let fits = usize::from(end.saturating_sub(x)) >= label.width() + 3;
        beside(x, to.y, end, &if fits { label } else { rate("", metric::Alb::Requests.id()) }, ink);
    }
    let nat = NodeId::of(System::Nat);
    if let Some(place) = layout.place(&nat)
        && let Some(rate) = network::egress_rate(v)
    {
        let (x, y) = (place.x + 3, place.y + place.h);
        let role = edge_role(v, &nat);
        ink.dot(x, y, '▴', role);
        let label = Phrase::of("out ", Role::Muted).and(Unit::Throughput.text(rate), Role::Text);
        beside(x, y, place.x + place.w, &label, ink);
    }
}

/// A flow is as bad as the place where it ends.
fn edge_role(v: &View<'_>, to: &NodeId) -> Role {
    match v.level(to) {
        Some(level) if level >= Level::Degraded => glyph(level).1,
        _ => Role::Accent,
    }
}

/// From the lower edge of `a` through the rule beneath it.
fn down(a: Area, x: u16, label: &Phrase<'_>, role: Role, ink: &mut Ink<'_>) {
    ink.dot(x, a.y + a.h - 1, '┬', role);
    // What is written on the rule stays.
    if ink.is_rule(x, a.y + a.h) {
        ink.dot(x, a.y + a.h, '▾', role);
        let room = x + 1..x + 3 + label.width() as u16;
        if room.into_iter().all(|x| ink.is_rule(x, a.y + a.h)) {
            beside(x, a.y + a.h, x + 40, label, ink);
        }
    }
}

fn beside(x: u16, y: u16, end: u16, label: &Phrase<'_>, ink: &mut Ink<'_>) {
    if !label.is_empty() {
        let at = ink.put(x + 1, y, end, " ", Role::Text);
        let at = ink.phrase(at, y, end, label);
        ink.put(at, y, end, " ", Role::Text);
    }
}
