//! The pane of the three flows of the architecture: user request, background job, delivery. All at once where there is room, else one under
//! tabs that show how each of them does.

mod delivery;
mod tree;

use ratatui::layout::Rect;

use super::{beside, panel, spacious, split, tabs, widen};
use crate::insight::panes::flows::{Flow, FlowPart, Flows, Hop};
use crate::model::balancer::Targets;
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::health::Level;
use crate::model::metric::Metrics;
use crate::model::section::Section;
use crate::model::service::{ServiceDeployments, Services};
use crate::session::Screen;
use crate::session::pane::flows as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::glyph;
use crate::view::state::ready;
use crate::view::widget::{Ink, Phrase};
use tree::Tree;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let Some(flows) = v.session.flows() else { return };
    if !spacious(area) {
        let inner = tabs(v, screen, summary(flows), area, ink);
        return one(v, screen, screen.panel, inner, ink);
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let (left, right) = beside(inner, inner.width / 2);
    let need =
        |i: usize| rows::flow(flows, i).map_or(4, |f| Tree { flow: f, selected: None, focus: false, shown: None }.height(left.width)) + 4;
    let (requests, jobs) = (need(0), need(1));
    let (upper, lower) = split(left, (requests + left.height.saturating_sub(requests + jobs) / 2).min(left.height * 3 / 4));
    for (index, place) in [upper, lower, right].into_iter().enumerate() {
        let inner = panel(v, screen, index, age(v, index), widen(place), ink);
        one(v, screen, index, inner, ink);
    }
}

fn one(v: &View<'_>, screen: &Screen, index: usize, area: Rect, ink: &mut Ink<'_>) {
    if let Some(flow) = v.session.flows().and_then(|f| rows::flow(f, index)) {
        return draw_flow(v, screen, flow, index, area, ink);
    }
    let rest = lacking(v, &[why::<Services>, why::<Builds>, why::<Repositories>, why::<Pipeline>], area, ink);
    delivery::draw(v, screen, rest, ink);
}

fn age(v: &View<'_>, index: usize) -> Phrase<'static> {
    match index {
        2 => v.age(&[Services::KEY, ServiceDeployments::KEY, Builds::KEY, Pipeline::KEY, Repositories::KEY]),
        _ => v.age(&[Metrics::KEY, Services::KEY, Targets::KEY]),
    }
}

/// How each flow does, in the order of the tabs: what is wrong behind another tab is seen, too.
fn summary(flows: &Flows) -> Phrase<'static> {
    let of = |flow: &Flow| flow.trouble.as_ref().map_or(calm(flow), |t| t.level);
    let delivery = flows.deliveries.iter().map(|d| d.level).max().unwrap_or(Level::Unknown);
    let levels = [("¹", of(&flows.requests)), ("²", of(&flows.jobs)), ("³", delivery)];
    levels.into_iter().fold(Phrase::new(), |line, (digit, level)| {
        let (mark, role) = glyph(level);
        line.and(if digit == "¹" { "" } else { " " }, Role::Text).and(digit, Role::Muted).and(mark, role)
    })
}

/// The level of a flow without trouble.
fn calm(flow: &Flow) -> Level {
    let all = flow.hops.iter().filter(|h| h.node.is_some()).map(|h| h.level).chain(flow.edges.iter().map(|e| e.level));
    all.filter(|l| *l < Level::Degraded).max().unwrap_or(Level::Unknown)
}

fn draw_flow(v: &View<'_>, screen: &Screen, flow: &Flow, index: usize, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, index);
    let places = rows::places(v.session, index, &state.filter);
    let ids = crate::session::rows::ids(v.session, screen.pane, &screen.subject, index);
    let selected: Option<&Hop> = places.get(state.position(&ids)).copied();
    let mut area = area;
    if let Some(trouble) = &flow.trouble {
        let y = ink_trouble(flow, trouble, Rect { height: area.height.min(2), ..area }, ink);
        area = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    }
    area = lacking(v, &[why::<Metrics>, why::<Services>], area, ink);
    let tree = Tree { flow, selected, focus: screen.panel == index, shown: (!state.filter.is_empty()).then_some(places) };
    let mut y = tree.draw(area, ink) + 1;
    for note in &flow.notes {
        if y < area.bottom() {
            y = ink.prose(Rect { y, height: area.bottom() - y, ..area }, note, Role::Muted);
        }
    }
}

/// Where a flow fails, in words; returns the row behind.
fn ink_trouble(flow: &Flow, trouble: &crate::insight::panes::flows::Trouble, area: Rect, ink: &mut Ink<'_>) -> u16 {
    let (mark, role) = glyph(trouble.level);
    let origin = match trouble.origin {
        FlowPart::Hop(_) => trouble.text.clone(),
        FlowPart::Edge(_) => format!("{}: {}", place(flow, trouble.origin), trouble.text),
    };
    let text = if trouble.first == trouble.origin { origin } else { format!("{origin}; first seen at {}", place(flow, trouble.first)) };
    ink.put(area.x, area.y, area.right(), mark, role);
    ink.prose(Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area }, &text, role)
}

/// A place of a flow as people call it.
fn place(flow: &Flow, place: FlowPart) -> String {
    let title = |id: &str| flow.hops.iter().find(|h| h.id == id).map_or_else(String::new, |h| h.title.clone());
    match place {
        FlowPart::Hop(i) => flow.hops.get(i).map_or_else(String::new, |h| h.title.clone()),
        FlowPart::Edge(i) => flow.edges.get(i).map_or_else(String::new, |e| format!("{} → {}", title(&e.from), title(&e.to))),
    }
}

/// Why there is no value of a section, in one line.
type Why = for<'a> fn(&View<'a>) -> Option<Phrase<'a>>;

fn why<'a, T: Section>(v: &View<'a>) -> Option<Phrase<'a>> {
    // What the stack does not use is no gap.
    ready::<T>(v).err().filter(|_| v.session.stack.reads(T::KEY)).map(|lines| {
        let mut all = lines.into_iter().take(2);
        let first = all.next().unwrap_or_default();
        all.fold(first, |line, next| line.and(" · ", Role::Muted).then(next))
    })
}

/// What cannot be drawn, and why, each in a line of its own; returns what is left beneath.
fn lacking(v: &View<'_>, sections: &[Why], area: Rect, ink: &mut Ink<'_>) -> Rect {
    let lines: Vec<Phrase<'_>> = sections.iter().filter_map(|why| why(v)).collect();
    let y = ink.lines(Rect { height: area.height.min(4), ..area }, &lines);
    Rect { y, height: area.bottom().saturating_sub(y), ..area }
}
