//! The stack view: the diagram of the written architecture as live boxes, or as lines under rules where there is no room for boxes.
//! Where they stand is `session::layout`'s; `face_of` says what each shows. A new box is one arm there, and one file if its drawing is new.

pub(crate) mod balancer;
pub(crate) mod cache;
pub(crate) mod database;
pub(crate) mod delivery;
pub(crate) mod edge;
mod edges;
mod lists;
pub(crate) mod monitoring;
pub(crate) mod network;
mod security;
pub(crate) mod service;
mod small;
pub(crate) mod storage;

pub(crate) use service::explain;

use ratatui::layout::Rect;

use super::View;
use super::figures::{glyph, name};
use super::reason;
use super::widget::{Ink, Phrase};
use crate::insight::NodeId;
use crate::model::health::Level;
use crate::model::network::{AvailabilityZoneState, Network, SubnetTier, Zones, zone_letter};
use crate::model::section::SectionKey;
use crate::model::system::{System, Tier};
use crate::session::layout::{Area, Layout, Look, Placed, Rule, boxes, spec};
use crate::theme::Role;
use small::Small;

/// What a box looks like inside a border and without one.
enum Face {
    /// With a drawing of its own.
    Large {
        /// What follows the glyph in the upper edge.
        title: for<'a> fn(&View<'a>, &NodeId) -> Phrase<'a>,
        /// Inside a border.
        body: fn(&View<'_>, &NodeId, Rect, &mut Ink<'_>),
        /// As lines, without a border.
        lines: fn(&View<'_>, &Placed, &mut Ink<'_>),
    },
    /// A line among others.
    Small(Small),
    /// A list under its own rule.
    List(fn(&View<'_>, &Placed, &mut Ink<'_>)),
    /// A line among others, or a list under its own rule where there is room for it.
    Either(Small, fn(&View<'_>, &Placed, &mut Ink<'_>)),
}

/// How a system's box is drawn.
fn face_of(system: System) -> &'static Face {
    match system {
        System::Dns => const { &Face::Small(edge::DNS) },
        System::Cdn => const { &Face::Small(edge::CDN) },
        System::Vpc => const { &Face::Small(network::VPC) },
        System::SecurityGroups => const { &Face::Small(network::GROUPS) },
        System::Balancer | System::TargetGroup => {
            const { &Face::Large { title: balancer::title, body: balancer::body, lines: balancer::lines } }
        }
        System::Nat => const { &Face::Small(network::NAT) },
        System::Service => const { &Face::Large { title: service::title, body: service::body, lines: service::lines } },
        System::Cache => const { &Face::Large { title: cache::title, body: cache::body, lines: cache::lines } },
        System::Database => const { &Face::Large { title: database::title, body: database::body, lines: database::lines } },
        System::Buckets => const { &Face::Small(storage::BUCKETS) },
        System::Roles => const { &Face::Small(security::ROLES) },
        System::Keys => const { &Face::Small(security::KEYS) },
        System::Secrets => const { &Face::Small(security::SECRETS) },
        System::Repositories => const { &Face::Small(delivery::REPOSITORIES) },
        System::Builds => const { &Face::Small(delivery::BUILDS) },
        System::Pipeline => const { &Face::Small(delivery::PIPELINE) },
        System::Alarms => const { &Face::Either(monitoring::ALARMS, lists::alarms) },
        System::Dashboards => const { &Face::Small(monitoring::DASHBOARDS) },
        System::Timeline => const { &Face::List(lists::timeline) },
        System::Logs => const { &Face::List(lists::logs) },
    }
}

/// Draws the whole view.
pub(crate) fn draw(v: &View<'_>, ink: &mut Ink<'_>) {
    let layout = v.session.layout();
    for rule in &layout.rules {
        draw_rule(v, &layout, rule, ink);
    }
    let mut digits = 0;
    for placed in &layout.boxes {
        let digit = spec(placed.node.system()).digit.then(|| {
            digits += 1;
            superscript(digits - 1)
        });
        let v = &v.of(&placed.node);
        match (face_of(placed.node.system()), placed.look) {
            (face, Look::Boxed) => boxed(v, placed, face, digit.flatten(), ink),
            (Face::Large { lines, .. } | Face::List(lines), _) | (Face::Either(_, lines), Look::Own) => lines(v, placed, ink),
            (Face::Small(small) | Face::Either(small, _), _) => small::line(small, v, placed, ink),
        }
    }
    if layout.boxed {
        edges::draw(v, &layout, ink);
    }
}

/// Border, title, the reasons, and beneath them what the box says.
fn boxed(v: &View<'_>, placed: &Placed, face: &Face, digit: Option<&'static str>, ink: &mut Ink<'_>) {
    let (mark, role) = v.badge(&placed.node);
    let name = match face {
        Face::Large { title, .. } => title(v, &placed.node),
        Face::Small(small) | Face::Either(small, _) => Phrase::of(small.name, Role::Title),
        Face::List(_) => Phrase::new(),
    };
    let title = Phrase::of(digit.unwrap_or(""), Role::Muted).and(mark, role).and(" ", Role::Text).then(name);
    let focus = placed.node == *v.session.selected();
    let inner = ink.frame(rect(placed.place), &title, &age(v, &placed.node), focus);
    let told = if has_value(v, &placed.node) { reasons(v, &placed.node, inner, ink) } else { 0 };
    let rest = Rect { y: inner.y + told, height: inner.height - told, ..inner };
    match face {
        Face::Large { body, .. } => body(v, &placed.node, rest, ink),
        Face::Small(small) | Face::Either(small, _) => small::body(small, v, &placed.node, rest, ink),
        Face::List(_) => {}
    }
}

/// The reasons at the top of a box, as far as its figures leave room; returns their rows.
fn reasons(v: &View<'_>, node: &NodeId, inner: Rect, ink: &mut Ink<'_>) -> u16 {
    let nodes = std::slice::from_ref(node);
    let most = inner.height.saturating_sub(figure_rows(v, node)).clamp(1, 3);
    let told = reason::height(v, nodes, inner.width, most);
    let hidden = reason::draw(v, nodes, Rect { height: told, ..inner }, ink);
    if hidden > 0 {
        ink.put_right(inner.bottom(), inner.right(), &format!(" +{hidden} more "), Role::Muted);
    }
    told
}

/// Whether there is anything to show but why there is nothing.
fn has_value(v: &View<'_>, node: &NodeId) -> bool {
    let made_by = spec(node.system()).sections.first();
    made_by.and_then(|key| v.store.entry(*key)).is_some_and(|e| e.value.is_some())
}

/// How many rows of a box are figures that no reason may push out.
fn figure_rows(v: &View<'_>, node: &NodeId) -> u16 {
    (spec(node.system()).figures)(v.stack, v.store)
}

pub(crate) fn rect(place: Area) -> Rect {
    Rect { x: place.x, y: place.y, width: place.w, height: place.h }
}

fn superscript(index: usize) -> Option<&'static str> {
    ["¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"].get(index).copied()
}

/// What tells a box from another of its kind: the name of its resource, where there are several.
fn called<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    v.session.called(node).map_or_else(Phrase::new, |name| Phrase::of(" ", Role::Text).and(v.short(name), Role::Text))
}

/// The age of what a box shows.
fn age(v: &View<'_>, node: &NodeId) -> Phrase<'static> {
    v.age_of(std::slice::from_ref(node), spec(node.system()).sections)
}

fn draw_rule(v: &View<'_>, layout: &Layout, rule: &Rule, ink: &mut Ink<'_>) {
    let place = rect(rule.place);
    let mut title = Phrase::new();
    for tier in rule.tiers.iter().filter(|t| !t.title().is_empty()) {
        let gap = if title.is_empty() { "" } else { " · " };
        title = title.and(gap, Role::Muted).and(tier.title(), Role::Muted);
    }
    let sections: Vec<SectionKey> =
        boxes().iter().filter(|(s, _)| rule.tiers.contains(&s.spec().tier)).flat_map(|(_, b)| b.sections).copied().collect();
    let bordered = layout.boxes.iter().any(|b| b.look == Look::Boxed && rule.tiers.contains(&b.node.system().spec().tier));
    let nodes: Vec<NodeId> =
        layout.boxes.iter().map(|b| &b.node).filter(|n| rule.tiers.contains(&n.system().spec().tier)).cloned().collect();
    let age = if bordered { Phrase::new() } else { v.age_of(&nodes, &sections) };
    let blocks = rule.tiers.iter().map(|t| heading(v, *t, place.width - rule.taken)).find(|p| !p.is_empty()).unwrap_or_default();
    // Under boxes the flows are written on the rule: what it says by itself makes room for them.
    let mut right = Vec::new();
    let crowded = rule.tiers.contains(&Tier::Private) && place.width < 150;
    if bordered && !crowded {
        right.push(blocks);
    } else if !bordered && !blocks.is_empty() {
        title = title.and(" ", Role::Text).then(blocks);
    }
    if rule.tiers.contains(&Tier::Private)
        && let Some((first, shown, total)) = layout.window
    {
        title = title.and(format!(" · services {}–{} of {total}", first + 1, first + shown), Role::Text);
    }
    if rule.tiers.contains(&Tier::Public) {
        right.push(zones(v));
    }
    let parts: Vec<Phrase<'_>> = right.into_iter().chain([age]).filter(|p| !p.is_empty()).collect();
    let right = parts.into_iter().reduce(|a, b| a.and("  ", Role::Text).then(b)).unwrap_or_default();
    // The line goes on under what stands on it.
    ink.rule(place, &Phrase::new(), &Phrase::new(), false);
    ink.rule(Rect { x: place.x + rule.taken, width: place.width - rule.taken, ..place }, &title, &right, false);
}

/// The addresses of a tier of the VPC, as far as there is room.
fn heading<'a>(v: &View<'a>, tier: Tier, width: u16) -> Phrase<'a> {
    let plan = &v.session.stack.addresses;
    let (planned, tier) = match tier {
        Tier::Public => (&plan.public, SubnetTier::Public),
        Tier::Private => (&plan.private, SubnetTier::Private),
        Tier::Database => (&plan.database, SubnetTier::Database),
        _ => return Phrase::new(),
    };
    if width < 50 {
        return Phrase::new();
    }
    let there = || v.store.get::<Network>().into_iter().flat_map(|n| n.of(tier)).map(|s| s.cidr.clone()).collect::<Vec<_>>();
    Phrase::of(if planned.is_empty() { network::blocks(&there()) } else { network::blocks(planned) }, Role::Muted)
}

/// `a ● b ● c ●` of the availability zones; loud when AWS calls one impaired.
fn zones<'a>(v: &View<'a>) -> Phrase<'a> {
    let zones = v.store.get::<Zones>().map(|z| z.zones.as_slice()).unwrap_or_default();
    let subnets = v.store.get::<Network>().map(|n| n.subnets.as_slice()).unwrap_or_default();
    // Before the subnets are known, all of the region.
    let used = |zone: &str| subnets.is_empty() || subnets.iter().any(|s| s.zone == zone && s.tier != SubnetTier::Other);
    let mut line = Phrase::new();
    for zone in zones.iter().filter(|z| used(&z.name)) {
        let (mark, role) = match zone.state {
            AvailabilityZoneState::Available | AvailabilityZoneState::Unstated => ("●", Role::Ok),
            _ => ("✖", Role::Crit),
        };
        line = line.and(zone_letter(&zone.name), Role::Muted).and(" ", Role::Text).and(mark, role).and("  ", Role::Text);
    }
    line.runs.pop();
    line
}

/// Glyph and name at the start of a line, with the selection over them; returns the column behind.
fn head(v: &View<'_>, placed: &Placed, name: &str, width: u16, ink: &mut Ink<'_>) -> u16 {
    let Area { x, y, w, .. } = placed.place;
    let (mark, role) = v.badge(&placed.node);
    ink.put(x + 1, y, x + w, mark, role);
    let name = crate::model::text::clip(name, usize::from(width));
    ink.put(x + 3, y, x + 3 + width, &name, Role::Title);
    if placed.node == *v.session.selected() {
        ink.wash(Rect { x, y, width: width + 4, height: 1 }, Role::Selection);
    }
    x + 3 + width + 2
}

/// The reasons under a line, in the rows granted for them.
fn tell(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let Area { x, y, w, h } = placed.told;
    if h == 0 {
        return;
    }
    let level = v.level(&placed.node).unwrap_or(Level::Unknown);
    let mut at = ink.put(x + 3, y, x + w, "└ ", glyph(level).1);
    // Under several boxes it must be said whose reason it is.
    if placed.look == Look::Chip {
        at = ink.put(at, y, x + w, &name(&placed.node), Role::Muted) + 1;
    }
    let rows = Rect { x: at, y, width: (x + w - 1).saturating_sub(at), height: h };
    reason::wrapped(v, &placed.node, rows, ink);
}

/// Whether a line must say why itself, for want of a row below.
fn must_tell(v: &View<'_>, placed: &Placed) -> bool {
    placed.told.h == 0 && !reason::reasons(v, &placed.node).is_empty()
}
