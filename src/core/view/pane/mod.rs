//! Panes above the stack view: what they have in common, and DRAWERS, which says how each is drawn. What each needs and
//! which panels it has stands in `session::pane`. A new pane is one file and one row in each.

pub(crate) mod alarms;
mod balancer;
mod cache;
mod charts;
mod dashboards;
mod database;
mod delivery;
mod detail;
mod edge;
mod flows;
mod incidents;
mod json;
pub(crate) mod logs;
mod network;
mod problems;
mod queries;
mod runbook;
mod security;
mod service;
mod storage;
pub(crate) mod timeline;
mod verify;
mod zones;

use ratatui::layout::Rect;

use super::View;
use super::figures::clock;
use super::reason;
use super::widget::phrase::wrap;
use super::widget::table::{Column, Table};
use super::widget::{Ink, Phrase};
use crate::insight::NodeId;
use crate::model::cache::DataEvent;
use crate::model::text::clip_middle;
use crate::session::pane::{PaneId, row};
use crate::session::{Screen, rows};
use crate::theme::Role;

type Draw = fn(&View<'_>, &Screen, Rect, &mut Ink<'_>);

/// What draws a pane; the stack is drawn beneath all of them.
fn drawer(pane: PaneId) -> Draw {
    match pane {
        PaneId::Stack => |v, _, _, ink| crate::view::stack::draw(v, ink),
        PaneId::Service => service::draw,
        PaneId::Balancer => balancer::draw,
        PaneId::Cache => cache::draw,
        PaneId::Database => database::draw,
        PaneId::Alarms => alarms::draw,
        PaneId::Logs => logs::draw,
        PaneId::Timeline => timeline::draw,
        PaneId::Incidents => incidents::draw,
        PaneId::Problems => problems::draw,
        PaneId::Edge => edge::draw,
        PaneId::Network => network::draw,
        PaneId::Storage => storage::draw,
        PaneId::Security => security::draw,
        PaneId::Delivery => delivery::draw,
        PaneId::Dashboards => dashboards::draw,
        PaneId::Zones => zones::draw,
        PaneId::Flows => flows::draw,
        PaneId::Verify => verify::draw,
        PaneId::Runbooks => runbook::draw,
        PaneId::Runbook => runbook::draw_walk,
        PaneId::Charts => charts::draw,
        PaneId::Queries => queries::draw,
        PaneId::Json => json::draw,
    }
}

/// Draws the topmost pane.
pub(crate) fn draw(v: &View<'_>, screen: &Screen, body: Rect, ink: &mut Ink<'_>) {
    let v = screen.member().map_or(*v, |node| v.of(&node));
    drawer(screen.pane)(&v, screen, body, ink);
}

/// From here on all panels of a pane are shown at once.
const SPACIOUS: (u16, u16) = (150, 40);

/// Whether all panels are shown at once.
fn spacious(area: Rect) -> bool {
    area.width >= SPACIOUS.0 && area.height >= SPACIOUS.1
}

/// The pane's heading with the health of its nodes, then their reasons; returns what is left, one column in from each side.
fn heading(v: &View<'_>, nodes: &[NodeId], title: Phrase<'_>, right: &Phrase<'_>, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let worst = nodes.iter().max_by_key(|n| v.level(n));
    let (mark, role) = worst.map_or(("", Role::Text), |n| v.badge(n));
    let title = Phrase::of(mark, role).and(" ", Role::Text).then(title);
    let inner = ink.rule(area, &title, right, false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let told = reason::height(v, nodes, inner.width, 4);
    let hidden = reason::draw(v, nodes, Rect { height: told, ..inner }, ink);
    if hidden > 0 {
        ink.put_right(inner.y + told - 1, inner.right(), &format!(" +{hidden} more"), Role::Muted);
    }
    Rect { y: inner.y + told, height: inner.height.saturating_sub(told), ..inner }
}

/// `3/48` of a list, or how many rows there are.
fn position(v: &View<'_>, screen: &Screen, panel: usize) -> Phrase<'static> {
    let state = v.session.list(screen.pane, &screen.subject, panel);
    let ids = rows::ids(v.session, screen.pane, &screen.subject, panel);
    let text = if ids.is_empty() { "0".to_owned() } else { format!("{}/{}", state.position(&ids) + 1, ids.len()) };
    let sorted = state.order.zip(row(screen.pane).panels.get(panel)).and_then(|(o, p)| Some((o, p.columns.get(o.column)?)));
    let place = match sorted {
        Some((order, column)) => Phrase::labelled("by", format!("{} {}", column.title, order.arrow()), Role::Accent).and("  ", Role::Text),
        None => Phrase::new(),
    };
    let place = place.and(text, Role::Text);
    if state.filter.is_empty() {
        place
    } else {
        Phrase::labelled("/", state.filter.text().to_owned(), Role::Accent).and("  ", Role::Text).then(place)
    }
}

/// One panel under its own rule; returns its area.
fn panel(v: &View<'_>, screen: &Screen, index: usize, right: Phrase<'_>, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let focus = screen.panel == index;
    let title = tab(screen, index, focus);
    let place = position(v, screen, index);
    let right = if right.is_empty() { place } else { place.and("  ", Role::Text).then(right) };
    let inner = ink.rule(area, &title, &right, focus);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// The focused panel alone, under a strip with the names of all.
fn tabs(v: &View<'_>, screen: &Screen, right: Phrase<'_>, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let mut title = Phrase::new();
    for index in 0..row(screen.pane).panels.len() {
        if index > 0 {
            title = title.and("  ", Role::Text);
        }
        title = title.then(tab(screen, index, screen.panel == index));
    }
    let place = position(v, screen, screen.panel);
    let right = if right.is_empty() { place } else { place.and("  ", Role::Text).then(right) };
    let inner = ink.rule(area, &title, &right, true);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// What the panels of one pane share: how old each is, and how each is drawn.
struct Panels {
    fresh: for<'a> fn(&View<'a>, usize) -> Phrase<'a>,
    draw: fn(&View<'_>, &Screen, usize, Rect, &mut Ink<'_>),
}

/// A panel needs this many rows to be worth showing beside others, and is given no more than it can fill.
const LEAST: std::ops::RangeInclusive<u16> = 4..=8;

impl Panels {
    /// All panels under each other, the focused one in full and the others as far as there is room; on small screens the
    /// focused one alone under tabs. Returns the row behind.
    fn draw(&self, v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) -> u16 {
        let all: Vec<usize> = (0..row(screen.pane).panels.len()).collect();
        if let Some(y) = self.column(v, screen, &all, area, ink) {
            return y;
        }
        let inner = tabs(v, screen, (self.fresh)(v, screen.panel), widen(area), ink);
        (self.draw)(v, screen, screen.panel, inner, ink);
        area.bottom()
    }

    /// Some of the panels under each other; `None` where there is no room for all of them.
    fn column(&self, v: &View<'_>, screen: &Screen, which: &[usize], area: Rect, ink: &mut Ink<'_>) -> Option<u16> {
        let wants = wants(v, screen);
        let wants: Vec<u16> = which.iter().map(|i| wants.get(*i).copied().unwrap_or(0)).collect();
        let mut heights: Vec<u16> = wants.iter().map(|w| (*w).clamp(*LEAST.start(), *LEAST.end())).collect();
        if heights.iter().sum::<u16>() > area.height {
            heights.fill(*LEAST.start());
        }
        let mut spare = area.height.checked_sub(heights.iter().sum())?;
        // The focused panel grows first, then the others in their order.
        let focus = which.iter().position(|i| *i == screen.panel);
        let order = focus.into_iter().chain((0..wants.len()).filter(|at| Some(*at) != focus));
        for at in order {
            if let (Some(height), Some(want)) = (heights.get_mut(at), wants.get(at)) {
                let more = want.saturating_sub(*height).min(spare);
                *height += more;
                spare -= more;
            }
        }
        let mut y = area.y;
        for (index, height) in which.iter().zip(heights) {
            let inner = panel(v, screen, *index, (self.fresh)(v, *index), widen(Rect { y, height, ..area }), ink);
            (self.draw)(v, screen, *index, inner, ink);
            y += height;
        }
        Some(y)
    }
}

/// Rule, header, rows and one blank row of each panel.
fn wants(v: &View<'_>, screen: &Screen) -> Vec<u16> {
    let rows = |panel| rows::ids(v.session, screen.pane, &screen.subject, panel).len().min(1000) as u16;
    (0..row(screen.pane).panels.len()).map(|p| rows(p) + 3).collect()
}

/// How many rows charts may take: what the lists leave, within reason.
fn spare(v: &View<'_>, screen: &Screen, height: u16) -> u16 {
    let wants = wants(v, screen);
    let all: u16 = wants.iter().map(|w| (*w).max(*LEAST.start())).fold(0, u16::saturating_add);
    let (room, least) = (height * 2 / 3, *LEAST.start() * wants.len() as u16);
    let lists = match all {
        all if all <= room => all,
        _ if least <= room && wants.len() > 1 => room,
        // Under tabs the tallest list decides for all, so that changing the tab moves nothing.
        _ => wants.into_iter().max().unwrap_or(0),
    };
    match height {
        0..14 => 0,
        h => h.saturating_sub(lists).clamp(h / 3, h * 4 / 5),
    }
}

fn tab(screen: &Screen, index: usize, focus: bool) -> Phrase<'static> {
    let panels = row(screen.pane).panels;
    let name = panels.get(index).map_or("", |p| p.title);
    let digit = ["¹", "²", "³", "⁴", "⁵"].get(index).copied().unwrap_or("");
    let name = if focus { Phrase::of(name, Role::Title) } else { Phrase::of(name, Role::Muted) };
    if panels.len() > 1 { Phrase::of(digit, if focus { Role::Accent } else { Role::Muted }).then(name) } else { name }
}

/// A list of a panel: columns, rows, and what to say when there are none.
struct List<'c> {
    panel: usize,
    columns: &'c [Column],
    rows: usize,
    empty: &'c str,
}

impl List<'_> {
    fn draw<'r>(&self, v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>, row: impl Fn(usize) -> Vec<Phrase<'r>>) {
        let state = v.session.list(screen.pane, &screen.subject, self.panel);
        if self.rows == 0 {
            let filtered = format!("no rows match “{}”; Esc clears the filter", state.filter.text());
            let text = if state.filter.is_empty() { self.empty } else { &filtered };
            ink.prose(area, text, Role::Muted);
            return;
        }
        let ids = rows::ids(v.session, screen.pane, &screen.subject, self.panel);
        let selected = Some((state.position(&ids), screen.panel == self.panel));
        Table { columns: self.columns, rows: self.rows, selected, order: state.order }.draw(area, ink, row);
    }
}

const EVENT_COLUMNS: &[Column] = &[Column::left("when (UTC)", 12, 0), Column::right("ago", 7, 2), Column::wide("event", 20, 0)];

/// The events of Redis or the database.
fn data_events(v: &View<'_>, screen: &Screen, panel: usize, events: &[&DataEvent], area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, panel);
    let list = List { panel, columns: EVENT_COLUMNS, rows: events.len(), empty: "no events in the last day" };
    list.draw(v, screen, area, ink, |i| {
        events.get(i).map_or_else(Vec::new, |e| {
            vec![
                Phrase::of(clock(e.at, v.now), Role::Muted),
                Phrase::of(super::figures::ago(e.at, v.now), Role::Text),
                Phrase::of(e.message.as_str(), Role::Text),
            ]
        })
    });
    let ids = rows::ids(v.session, screen.pane, &screen.subject, panel);
    if let Some(event) = events.get(state.position(&ids)) {
        full_text(&event.message, events.len(), area, ink);
    }
}

/// A text that did not fit on its row, in full beneath the list if there is room.
fn full_text(text: &str, rows: usize, area: Rect, ink: &mut Ink<'_>) {
    let lines = wrap(text, usize::from(area.width)).len() as u16;
    let used = rows as u16 + 2;
    if usize::from(area.width) < text.len() + 40 && used + lines <= area.height {
        ink.prose(Rect { y: area.bottom() - lines, height: lines, ..area }, text, Role::Text);
    }
}

/// Label and value pairs under each other in as many columns as fit; returns the row behind them.
fn facts(pairs: &[(&str, Phrase<'_>)], area: Rect, ink: &mut Ink<'_>) -> u16 {
    const COLUMN: u16 = 44;
    let columns = (area.width / COLUMN).clamp(1, 4);
    let rows = (pairs.len() as u16).div_ceil(columns).min(area.height);
    let width = area.width / columns;
    for (i, (label, value)) in pairs.iter().enumerate() {
        let (column, line) = (i as u16 / rows.max(1), i as u16 % rows.max(1));
        if column >= columns {
            break;
        }
        let x = area.x + column * width;
        let end = (x + width - 1).min(area.right());
        ink.put(x, area.y + line, end, label, Role::Muted);
        let x = x + 15;
        match value.runs.as_slice() {
            // Host names and identifiers say most at both ends.
            [(text, role)] => ink.put(x, area.y + line, end, &clip_middle(text, usize::from(end.saturating_sub(x))), *role),
            _ => ink.phrase(x, area.y + line, end, value),
        };
    }
    area.y + rows
}

fn text<'a>(value: impl Into<std::borrow::Cow<'a, str>>) -> Phrase<'a> {
    Phrase::of(value, Role::Text)
}

/// Splits off the upper `height` rows.
fn split(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// Splits off the left `width` columns, with two blank columns between.
fn beside(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width.saturating_sub(2));
    (Rect { width, ..area }, Rect { x: area.x + width + 2, width: area.width - width - 2, ..area })
}

/// Rules reach one column further than what stands under them.
fn widen(area: Rect) -> Rect {
    Rect { x: area.x.saturating_sub(1), width: area.width + 2, ..area }
}
