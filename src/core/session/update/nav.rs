//! Moving: between boxes by their places on the screen, between panels, along lists, through the log.

use crate::model::system::System;
use std::borrow::Cow;

use crate::input::Dir;
use crate::insight::NodeId;
use crate::session::column::Order;
use crate::session::layout::{self, Area};
use crate::session::pane::{self, PaneId};
use crate::session::{Screen, Session, rows};

/// One step in a direction.
pub(super) fn go(session: &mut Session, dir: Dir) {
    let Some(screen) = session.screen() else { return between_boxes(session, dir) };
    if screen.pane == PaneId::Charts {
        return super::moment::go(session, dir);
    }
    let logs = screen.pane == PaneId::Logs && screen.panel == 0;
    match dir {
        Dir::Up => scroll(session, -1),
        Dir::Down => scroll(session, 1),
        Dir::Left | Dir::Right if logs => session.logs.sideways(dir == Dir::Right),
        Dir::Left => step(session, -1),
        Dir::Right => step(session, 1),
    }
}

fn between_boxes(session: &mut Session, dir: Dir) {
    let layout = session.layout();
    let order = reading_order(session);
    let Some(from) = layout.place(&session.selected) else {
        session.selected = order.into_iter().next().unwrap_or_else(|| NodeId::of(System::Balancer));
        return;
    };
    // A window over many services moves on before the selection leaves it.
    if layout.window.is_some()
        && let Some(next) = neighbour_service(session, &order, dir)
        && layout.place(&next).is_none()
    {
        session.selected = next;
        return;
    }
    let nearest = layout
        .boxes
        .iter()
        .filter(|b| b.node != session.selected)
        .filter_map(|b| distance(from, b.place, dir).map(|d| (d, &b.node)))
        .min_by_key(|(d, _)| *d);
    if let Some((_, node)) = nearest {
        session.selected = node.clone();
    }
}

fn neighbour_service(session: &Session, order: &[NodeId], dir: Dir) -> Option<NodeId> {
    let at = order.iter().position(|n| *n == session.selected)?;
    session.selected.as_service()?;
    let next = match dir {
        Dir::Up => at.checked_sub(1)?,
        Dir::Down => at + 1,
        Dir::Left | Dir::Right => return None,
    };
    order.get(next).filter(|n| n.as_service().is_some()).cloned()
}

/// How far a box is in a direction, if it is there at all: first the gap, then how little the two face each other.
fn distance(from: Area, to: Area, dir: Dir) -> Option<(i32, i32)> {
    let span = |p: Area, horizontal: bool| {
        let (a, n) = if horizontal { (p.x, p.w) } else { (p.y, p.h) };
        (i32::from(a), i32::from(a) + i32::from(n))
    };
    let along = matches!(dir, Dir::Left | Dir::Right);
    let (f, t) = (span(from, along), span(to, along));
    let gap = match dir {
        Dir::Left | Dir::Up => f.0 - t.1,
        Dir::Right | Dir::Down => t.0 - f.1,
    };
    if gap < 0 {
        return None;
    }
    let (fa, ta) = (span(from, !along), span(to, !along));
    let apart = (ta.0 - fa.1).max(fa.0 - ta.1).max(-1) + 1;
    // Where one faces several, the first of them in reading order: edges are compared, not middles.
    let off = (fa.0 - ta.0).abs();
    // A box that faces us wins over a nearer one that does not.
    Some((gap + apart * 4, off))
}

fn reading_order(session: &Session) -> Vec<NodeId> {
    let layout = session.layout();
    let placed = |n: &NodeId| layout.boxes.iter().any(|b| b.node == *n);
    layout::wishes(&session.stack, &session.store, &session.judgement)
        .into_iter()
        .filter(|w| w.node.system() == System::Service || placed(&w.node))
        .map(|w| w.node)
        .collect()
}

/// To the next or previous box or panel in reading order, round the end.
pub(super) fn step(session: &mut Session, by: isize) {
    if let Some(screen) = session.screens.last_mut() {
        let panels = pane::row(screen.pane).panels.len().max(1);
        screen.panel = (screen.panel + panels).saturating_add_signed(by) % panels;
        return session.trail.stay(&session.screens);
    }
    let order = reading_order(session);
    let at = order.iter().position(|n| *n == session.selected).unwrap_or(0);
    let next = (at + order.len()).saturating_add_signed(by) % order.len().max(1);
    if let Some(node) = order.get(next) {
        session.selected = node.clone();
    }
}

/// To the box or panel of that number.
pub(super) fn jump(session: &mut Session, index: usize) {
    if let Some(screen) = session.screens.last_mut() {
        if index < pane::row(screen.pane).panels.len() {
            screen.panel = index;
        }
        return session.trail.stay(&session.screens);
    }
    let wishes = layout::wishes(&session.stack, &session.store, &session.judgement);
    let placed = session.layout();
    // What is not on the screen has no digit, but for services that scroll.
    let here = |n: &&NodeId| n.as_service().is_some() || placed.place(n).is_some();
    if let Some(node) = layout::numbered(&wishes).filter(here).nth(index) {
        session.selected = node.clone();
    }
}

/// Moves along the focused list or the log; on the stack view, to the first or last box.
pub(super) fn scroll(session: &mut Session, rows: isize) {
    let Some(Screen { pane, subject, panel }) = session.screens.last().cloned() else {
        let order = reading_order(session);
        let node = if rows < 0 { order.first() } else { order.last() };
        session.selected = node.cloned().unwrap_or_else(|| NodeId::of(System::Balancer));
        return;
    };
    if pane == PaneId::Logs && panel == 0 {
        let width = session.detail_width();
        return if session.logs.detail.is_some() { session.logs.scroll_event(rows, width) } else { session.logs.scroll(rows) };
    }
    let mut state = session.list(pane, &subject, panel);
    let ids = rows::ids(session, pane, &subject, panel);
    let at = state.position(&ids).saturating_add_signed(rows);
    state.select(&ids, at);
    session.lists.insert((pane, subject, panel), state);
}

/// Sorts the focused table by its next column, or turns the order round. What is selected stays so.
pub(super) fn sort(session: &mut Session, turn: bool) -> Option<&'static str> {
    let Screen { pane, subject, panel } = session.screen().cloned()?;
    let columns = pane::row(pane).panels.get(panel).map_or(&[][..], |p| p.columns);
    let mut list = session.list(pane, &subject, panel);
    match (turn, list.order) {
        _ if columns.is_empty() => return Some("not sorted: this is no table"),
        (true, None) => return Some("sorted by no column yet: o sorts by the first"),
        (true, Some(order)) => list.order = Some(order.turned()),
        (false, order) => list.order = Order::next(order, columns),
    }
    session.lists.insert((pane, subject.clone(), panel), list.clone());
    list.index = list.position(&rows::ids(session, pane, &subject, panel));
    session.lists.insert((pane, subject, panel), list);
    None
}

/// After new data: the selection of every open list stays on the same thing, or falls to its neighbour.
pub(super) fn hold_selection(session: &mut Session) {
    let keys: Vec<_> = session.lists.keys().cloned().collect();
    for key in keys {
        let ids = rows::ids(session, key.0, &key.1, key.2);
        let mut state = session.list(key.0, &key.1, key.2);
        let at = state.position(&ids);
        let moved = state.id.as_deref() != ids.get(at).map(Cow::as_ref);
        state.index = at;
        if moved && state.id.is_some() {
            state.select(&ids, at);
        }
        session.lists.insert(key, state);
    }
}
