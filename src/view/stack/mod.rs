//! The stack view: the diagram of the seed as live boxes, or as lines under rules where there is no room for boxes.
//! Where they stand is `session::layout`'s; CARDS says what each shows. A new kind of box is one file and one row.

pub(crate) mod balancer;
pub(crate) mod cache;
pub(crate) mod database;
mod edges;
mod lists;
pub(crate) mod service;

pub(crate) use service::explain;

use ratatui::layout::Rect;

use super::View;
use super::figures::glyph;
use super::widget::{Ink, Phrase};
use super::{reason, widget};
use crate::insight::NodeId;
use crate::model::health::Level;
use crate::session::layout::{BOXES, Kind, Layout, Place, Placed, Rule, Tier, rule_lines};
use crate::theme::Role;

/// How one kind of box is drawn.
struct Card {
    kind: Kind,
    /// What follows the glyph in the upper edge.
    title: for<'a> fn(&View<'a>, &NodeId) -> Phrase<'a>,
    /// Inside a border.
    body: fn(&View<'_>, &NodeId, Rect, &mut Ink<'_>),
    /// As lines, without a border.
    lines: fn(&View<'_>, &Placed, &mut Ink<'_>),
}

const CARDS: &[Card] = &[
    Card { kind: Kind::Balancer, title: balancer::title, body: balancer::body, lines: balancer::lines },
    Card { kind: Kind::Service, title: service::title, body: service::body, lines: service::lines },
    Card { kind: Kind::Cache, title: cache::title, body: cache::body, lines: cache::lines },
    Card { kind: Kind::Database, title: database::title, body: database::body, lines: database::lines },
    Card { kind: Kind::Alarms, title: lists::no_title, body: lists::no_body, lines: lists::alarms },
    Card { kind: Kind::Timeline, title: lists::no_title, body: lists::no_body, lines: lists::timeline },
    Card { kind: Kind::Logs, title: lists::no_title, body: lists::no_body, lines: lists::logs },
];

/// Draws the whole view.
pub(crate) fn draw(v: &View<'_>, ink: &mut Ink<'_>) {
    let layout = v.session.layout();
    for rule in &layout.rules {
        draw_rule(v, &layout, rule, ink);
    }
    for (i, placed) in layout.boxes.iter().enumerate() {
        let Some(card) = CARDS.iter().find(|c| c.kind == placed.kind) else { continue };
        if !placed.bordered {
            (card.lines)(v, placed, ink);
            continue;
        }
        let (mark, role) = v.badge(&placed.node);
        let mut title = Phrase::of(mark, role).and(" ", Role::Text).then((card.title)(v, &placed.node));
        if let Some(digit) = superscript(i) {
            title = Phrase::of(digit, Role::Muted).then(title);
        }
        let focus = placed.node == *v.session.selected();
        let inner = ink.frame(rect(placed.place), &title, &age(v, placed.kind), focus);
        let most = inner.height.saturating_sub(figure_rows(v, placed.kind)).clamp(1, 3);
        let told = reason::height(v, &placed.node, inner.width, most);
        let hidden = reason::draw(v, &placed.node, Rect { height: told, ..inner }, ink);
        if hidden > 0 {
            ink.put_right(inner.bottom(), inner.right(), &format!(" +{hidden} more "), Role::Muted);
        }
        (card.body)(v, &placed.node, Rect { y: inner.y + told, height: inner.height - told, ..inner }, ink);
    }
    if layout.boxed {
        edges::draw(v, &layout, ink);
    }
}

/// How many rows of a box are figures that no reason may push out.
fn figure_rows(v: &View<'_>, kind: Kind) -> u16 {
    match kind {
        Kind::Balancer => 1 + rule_lines(&v.session.stack, v.store),
        Kind::Service => 4,
        Kind::Cache => 3,
        _ => 2,
    }
}

pub(crate) fn rect(place: Place) -> Rect {
    Rect { x: place.x, y: place.y, width: place.w, height: place.h }
}

fn superscript(index: usize) -> Option<&'static str> {
    ["¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"].get(index).copied()
}

/// The age of what a box shows.
fn age(v: &View<'_>, kind: Kind) -> Phrase<'static> {
    BOXES.iter().find(|b| b.kind == kind).map(|b| v.age(b.sections)).unwrap_or_default()
}

fn draw_rule(v: &View<'_>, layout: &Layout, rule: &Rule, ink: &mut Ink<'_>) {
    let mut title = Phrase::of(rule.tier.title(), Role::Muted);
    let mut right = Phrase::new();
    if rule.tier == Tier::Private
        && let Some((first, shown, total)) = layout.window
    {
        title = title.and(format!(" · services {}–{} of {total}", first + 1, first + shown), Role::Text);
    }
    if !layout.boxed {
        let kinds = BOXES.iter().filter(|b| b.tier == rule.tier).flat_map(|b| b.sections).copied().collect::<Vec<_>>();
        right = v.age(&kinds);
    }
    ink.rule(rect(rule.place), &title, &right, false);
}

/// Glyph and name at the start of a line, with the selection over them; returns the column behind.
fn head(v: &View<'_>, placed: &Placed, name: &str, width: u16, ink: &mut Ink<'_>) -> u16 {
    let Place { x, y, w, .. } = placed.place;
    let (mark, role) = v.badge(&placed.node);
    ink.put(x + 1, y, x + w, mark, role);
    let name = widget::phrase::clip(name, usize::from(width));
    ink.put(x + 3, y, x + 3 + width, &name, Role::Title);
    if placed.node == *v.session.selected() {
        ink.wash(Rect { x, y, width: width + 4, height: 1 }, Role::Selection);
    }
    x + 3 + width + 2
}

/// The reasons under a line, when rows were granted for them.
fn tell(v: &View<'_>, placed: &Placed, own_rows: u16, ink: &mut Ink<'_>) {
    let Place { x, y, w, h } = placed.place;
    if h <= own_rows {
        return;
    }
    let level = v.level(&placed.node).unwrap_or(Level::Unknown);
    let at = ink.put(x + 3, y + own_rows, x + w, "└ ", glyph(level).1);
    let rows = Rect { x: at, y: y + own_rows, width: (x + w - 1).saturating_sub(at), height: h - own_rows };
    reason::wrapped(v, &placed.node, rows, ink);
}

/// Whether a line must say why itself, for want of a row below.
fn must_tell(v: &View<'_>, placed: &Placed, own_rows: u16) -> bool {
    placed.place.h <= own_rows && !reason::reasons(v, &placed.node).is_empty()
}
