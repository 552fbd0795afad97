//! The screen: a pure function from a session to cells. Header, body (stack view or a pane), hint line, layers above.
//! No clock, no colours, no terminal: time is the session's, looks are roles. Called by `shell`.

mod figures;
mod frame;
mod layer;
mod pane;
mod reason;
mod stack;
mod state;
mod targets;
#[cfg(test)]
mod tests;
mod widget;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::metric::Readings;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::session::{SMALLEST, Session};
use crate::theme::Theme;
use widget::Ink;

/// What every part of the screen may read.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) session: &'a Session,
    pub(crate) stack: &'a Stack,
    pub(crate) store: &'a Store,
    pub(crate) judgement: &'a Judgement,
    pub(crate) readings: Readings<'a>,
    pub(crate) now: Time,
    /// When what is drawn stopped serving: figures of before say their minute.
    pub(crate) event: Option<Time>,
}

impl View<'_> {
    /// The view of one node: of a resource beside the first of its kind, its own sections and names stand in the place of the first one's.
    pub(crate) fn of(&self, node: &NodeId) -> Self {
        let Some(lens) = self.session.lenses.get(node) else { return *self };
        let readings = Readings::new(&lens.store, self.now);
        Self { stack: &lens.stack, store: &lens.store, judgement: &lens.judgement, readings, ..*self }
    }
}

/// Draws everything.
pub fn draw(session: &Session, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = View {
        session,
        stack: &session.stack,
        store: &session.store,
        judgement: &session.judgement,
        readings: Readings::new(&session.store, session.now),
        now: session.now,
        event: None,
    };
    let area = area.intersection(buf.area);
    let mut ink = Ink { buf, theme };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        layer::too_small::draw(area, &mut ink);
    } else {
        frame::header(&view, Rect { height: 1, ..area }, &mut ink);
        let body = frame::banner(&view, Rect { y: area.y + 1, height: area.height - 2, ..area }, &mut ink);
        match session.screen() {
            None => stack::draw(&view, &mut ink),
            Some(screen) => pane::draw(&view, screen, body, &mut ink),
        }
        frame::hints(&view, Rect { y: area.bottom() - 1, height: 1, ..area }, &mut ink);
        if session.help.is_some() {
            layer::help::draw(&view, body, &mut ink);
        }
        layer::act(&view, body, &mut ink);
    }
    theme.glyphs.apply(area, buf);
}
