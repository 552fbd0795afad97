//! One event of the log as a row, or several where long lines are wrapped; what stands between rows: separators, gaps. Called by the
//! pane, and by the panes that show the end of the log.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::text::{message, shown};
use crate::log::level::Level;
use crate::model::log::{LogEvent, LogTail};
use crate::session::LogView;
use crate::session::logs::Item;
use crate::session::logs::place::{Place, event};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// The cells of a time and the blank behind it.
const CLOCK: u16 = 9;

/// The cells of the service column.
fn service_width(v: &View<'_>) -> u16 {
    v.session.stack.services.iter().map(|s| s.name.len()).max().unwrap_or(8).clamp(6, 16) as u16
}

/// Where the text begins; in the pane behind a sign for the level.
fn indent(v: &View<'_>) -> u16 {
    CLOCK + service_width(v) + 3
}

/// What is drawn of one shown event.
pub(super) struct Drawn<'t> {
    pub(super) event: &'t LogEvent,
    item: Item,
    /// What stands above it and below it.
    above: Vec<Phrase<'static>>,
    below: Vec<Phrase<'static>>,
    text: Cow<'t, str>,
    /// The rows of the text; one if it is cut.
    lines: Vec<String>,
    level: Level,
    /// Lines that are folded into it.
    folded: usize,
}

impl<'t> Drawn<'t> {
    /// The event at that index of what is shown.
    pub(super) fn of(v: &View<'_>, tail: &'t LogTail, index: usize, width: u16) -> Option<Self> {
        let logs = &v.session.logs;
        let item = *logs.shown().get(index)?;
        let event = event(tail, item.place)?;
        let (level, is_json) = logs.lines().level(item.place);
        let folded = event.message.lines().count().saturating_sub(1) + logs.lines().rest(item.place).len();
        let is_object = is_json && folded == 0;
        let text = told(v, event, shown(&event.message, is_object, logs.wrap));
        let room = usize::from(width.saturating_sub(indent(v) + if folded > 0 { 7 } else { 0 }));
        let lines = if logs.wrap { wrap(&text, room) } else { Vec::new() };
        let before = index.checked_sub(1).and_then(|i| logs.shown().get(i)).map(|i| i.place);
        let is_last = index + 1 == logs.shown().len();
        let mut above = if item.is_apart { vec![Phrase::of("─".repeat(usize::from(width)), Role::Faint)] } else { Vec::new() };
        above.extend(gaps(v, tail, before, Some(item.place)));
        let below = if is_last { gaps(v, tail, Some(item.place), None) } else { Vec::new() };
        Some(Self { event, item, above, below, text, lines, level, folded })
    }

    pub(super) fn height(&self) -> u16 {
        (self.above.len() + self.lines.len().max(1) + self.below.len()) as u16
    }

    /// Draws it from the top of the place, as far as there is room; returns where the event itself stands.
    pub(super) fn draw(&self, v: &View<'_>, place: Rect, ink: &mut Ink<'_>) -> Rect {
        let y = ink.lines(place, &self.above);
        let height = (self.lines.len().max(1) as u16).min(place.bottom().saturating_sub(y));
        let own = Rect { y, height, ..place };
        if height > 0 {
            self.draw_event(v, own, ink);
            let y = own.bottom();
            ink.lines(Rect { y, height: place.bottom() - y, ..place }, &self.below);
        }
        own
    }

    fn draw_event(&self, v: &View<'_>, own: Rect, ink: &mut Ink<'_>) {
        let logs = &v.session.logs;
        let muted = self.item.is_context;
        self.gutter(logs, own, ink);
        head(v, self.event, self.level, muted, own, ink);
        let x = own.x + indent(v);
        let (sign, role) = match self.level {
            Level::Critical | Level::Error => ('✖', Role::Crit),
            Level::Warn => ('▲', Role::Warn),
            _ => (' ', Role::Text),
        };
        ink.dot(x - 2, own.y, sign, if muted { Role::Muted } else { role });
        let mut end = own.right();
        if self.folded > 0 {
            let mark = format!(" +{}", self.folded);
            end = end.saturating_sub(mark.len() as u16);
            ink.put(end, own.y, own.right(), &mark, Role::Accent);
        }
        let plain = if muted { Role::Muted } else { Role::Text };
        let put = |y: u16, text: &str, ink: &mut Ink<'_>| {
            let filtered = if muted { Vec::new() } else { logs.whole_filter().hits(text) };
            ink.phrase(x, y, end, &message(text, plain, [&filtered, &logs.search().hits(text)]));
        };
        if logs.wrap {
            for (y, line) in (own.y..own.bottom()).zip(&self.lines) {
                put(y, line, ink);
            }
        } else {
            let from = self.text.char_indices().nth(logs.shift).map_or(self.text.len(), |(at, _)| at);
            put(own.y, self.text.get(from..).unwrap_or_default(), ink);
            if logs.shift > 0 {
                ink.dot(x - 1, own.y, '‹', Role::Accent);
            }
        }
    }

    /// Marked, late, or beside a match: one sign in front of the row, the most important first.
    fn gutter(&self, logs: &LogView, own: Rect, ink: &mut Ink<'_>) {
        let x = own.x.saturating_sub(1);
        if logs.marks.contains(&self.item.place) {
            ink.dot(x, own.y, '▸', Role::Accent);
        } else if self.event.late {
            ink.dot(x, own.y, '◂', Role::Info);
        } else if self.item.is_context {
            ink.dot(x, own.y, '┆', Role::Faint);
        }
    }
}

/// Spans in which lines may be missing, between two shown events.
fn gaps(v: &View<'_>, tail: &LogTail, after: Option<Place>, before: Option<Place>) -> Vec<Phrase<'static>> {
    let logs = &v.session.logs;
    let clock = |at| logs.times.clock(&logs.zone, at, v.now).trim_start().to_owned();
    let is_here = |g: &&crate::model::log::LogGap| match (after, before) {
        (Some(after), Some(before)) => g.from >= after.at && g.from < before.at,
        (Some(after), None) => g.from >= after.at,
        (None, Some(before)) => g.from < before.at && g.to >= before.at,
        (None, None) => true,
    };
    let words = |g: &crate::model::log::LogGap| format!("── {} to {}: lines may be missing: {}", clock(g.from), clock(g.to), g.why);
    tail.gaps.iter().filter(is_here).map(|g| Phrase::of(words(g), Role::Warn)).collect()
}

/// What stands in front of an event whose time has not come.
const AHEAD: &str = "(in the future) ";

/// The text, with a mark where its time has not come.
fn told<'m>(v: &View<'_>, event: &LogEvent, text: Cow<'m, str>) -> Cow<'m, str> {
    if event.received.is_some() && event.at > v.now { Cow::Owned(format!("{AHEAD}{text}")) } else { text }
}

/// Time and service.
fn head(v: &View<'_>, event: &LogEvent, level: Level, muted: bool, own: Rect, ink: &mut Ink<'_>) {
    const SERIES: [Role; 4] = [Role::Series1, Role::Series2, Role::Series3, Role::Series4];
    let service = event.service();
    let index = v.session.stack.services.iter().position(|s| s.name == service);
    let role = index.and_then(|i| SERIES.get(i % SERIES.len())).copied().unwrap_or(Role::Muted);
    let clock = match level {
        _ if muted => Role::Muted,
        Level::Critical | Level::Error => Role::Crit,
        Level::Warn => Role::Warn,
        _ => Role::Muted,
    };
    let logs = &v.session.logs;
    ink.put(own.x, own.y, own.right(), &logs.times.clock(&logs.zone, event.at, v.now), clock);
    ink.put(own.x + CLOCK, own.y, own.x + CLOCK + service_width(v), service, if muted { Role::Muted } else { role });
}

/// The row of an event where other panes show the end of the log.
pub(super) fn plain(v: &View<'_>, event: &LogEvent, place: Rect, ink: &mut Ink<'_>) {
    let level = Level::of(&event.message);
    head(v, event, level, false, place, ink);
    let text = told(v, event, shown(&event.message, event.message.ends_with('}'), false));
    ink.phrase(place.x + indent(v) - 1, place.y, place.right(), &message(&text, Role::Text, [&[], &[]]));
}
