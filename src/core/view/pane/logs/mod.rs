//! The pane of the log: following or paused, filtered, searched, wrapped or cut. Only the lines on the screen are looked at. What stands
//! above them: `head`; one of them: `row`.

mod detail;
mod head;
mod patterns;
mod row;
mod text;

use std::ops::Range;

use ratatui::layout::Rect;

use crate::model::log::{LogEvent, LogTail};
use crate::session::Screen;
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::Ink;
use row::Drawn;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    match &v.session.logs.detail {
        _ if screen.panel > 0 => return patterns::draw(v, screen, area, ink),
        Some(event) => return detail::draw(v, event, area, ink),
        None => {}
    }
    let tail = ready::<LogTail>(v);
    let inner = head::rule(v, screen, tail.as_ref().ok().copied(), area, ink);
    match tail {
        Err(lines) => explain(&lines, inner, ink),
        Ok(tail) => {
            let y = ink.lines(inner, &head::rows(v, tail, inner));
            let inner = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
            if v.session.logs.shown().is_empty() { nothing(v, tail, inner, ink) } else { lines(v, tail, inner, ink) }
        }
    }
}

/// Why there are no lines.
fn nothing(v: &View<'_>, tail: &LogTail, area: Rect, ink: &mut Ink<'_>) {
    let filter = v.session.logs.filter();
    let text = match (tail.events.is_empty(), filter.is_empty()) {
        (true, _) => format!("no lines in {} in the last minutes; following", v.session.stack.first_log_group()),
        (false, false) => format!("none of {} lines match “{}”; Esc clears the filter", tail.events.len(), filter.text()),
        (false, true) => format!("none of {} lines are of that kind; Esc shows all", tail.events.len()),
    };
    ink.prose(area, &text, Role::Muted);
}

/// How far back the lines of one service are looked for: a frame must not read the whole tail.
const LOOK_BACK: usize = 4000;

/// The newest lines, of one service if asked, without the state of the log pane.
pub(crate) fn tail_of(v: &View<'_>, tail: &LogTail, service: Option<&str>, area: Rect, ink: &mut Ink<'_>) {
    let wanted = |e: &&LogEvent| service.is_none_or(|s| e.service() == s);
    let newest: Vec<&LogEvent> =
        tail.events.iter().map(AsRef::as_ref).rev().take(LOOK_BACK).filter(wanted).take(usize::from(area.height)).collect();
    if newest.is_empty() {
        ink.put(area.x, area.y, area.right(), "no log lines in the last minutes", Role::Muted);
    }
    for (i, event) in newest.into_iter().rev().enumerate() {
        row::plain(v, event, Rect { y: area.y + i as u16, height: 1, ..area }, ink);
    }
}

fn lines(v: &View<'_>, tail: &LogTail, area: Rect, ink: &mut Ink<'_>) {
    let logs = &v.session.logs;
    let window = window(v, tail, area);
    let drawn: Vec<(usize, Drawn<'_>)> = window.clone().filter_map(|i| Some((i, Drawn::of(v, tail, i, area.width)?))).collect();
    // The newest line stands in the last row; what wrapping leaves over is blank at the top.
    let used: u16 = drawn.iter().map(|(_, d)| d.height()).fold(0, u16::saturating_add);
    let above = if window.start == 0 { 0 } else { area.height.saturating_sub(used) };
    let cursor = logs.pin().map(|_| logs.position());
    let mut y = area.y + above;
    for (index, row) in drawn {
        if y >= area.bottom() {
            break;
        }
        let height = row.height().min(area.bottom() - y);
        let own = row.draw(v, Rect { y, height, ..area }, ink);
        if cursor == Some(index) {
            ink.wash(own, Role::Selection);
        }
        y += height;
    }
}

/// Which lines are on the screen: filled from below, but from above when there are too few.
fn window(v: &View<'_>, tail: &LogTail, area: Rect) -> Range<usize> {
    let logs = &v.session.logs;
    let mut bottom = logs.bottom(usize::from(area.height));
    // What is wrapped below the cursor must not push it off the screen.
    if logs.pin().is_some() {
        let at = logs.position();
        let mut room = (area.height / 2).max(1);
        let fits = |i: &usize| {
            let height = Drawn::of(v, tail, *i, area.width).map_or(1, |row| row.height());
            let is_first = *i == at;
            let has_room = is_first || height <= room;
            room = room.saturating_sub(if is_first { 0 } else { height });
            has_room
        };
        bottom = (at..=bottom).take_while(fits).last().unwrap_or(at);
    }
    let mut left = area.height;
    let mut first = bottom + 1;
    while let Some(index) = first.checked_sub(1) {
        let Some(row) = Drawn::of(v, tail, index, area.width) else { break };
        let height = row.height();
        if height > left && first <= bottom {
            break;
        }
        left = left.saturating_sub(height);
        first = index;
    }
    let end = if first == 0 && left > 0 { logs.shown().len() } else { bottom + 1 };
    first..end
}
