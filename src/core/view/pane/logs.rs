//! The log tail: following or paused, filtered, wrapped or cut. Only the lines on the screen are looked at.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::layout::Rect;

use crate::log::level::Level;
use crate::model::log::{LogEvent, LogTail};
use crate::session::logs::line;
use crate::session::{LogView, Screen};
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::explain;
use crate::view::state::{ready, stale};
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Words that say how bad a line is, the worst first.
const LEVELS: &[(&str, Role)] = &[
    ("CRITICAL", Role::Crit),
    ("FATAL", Role::Crit),
    ("ERROR", Role::Crit),
    ("Traceback", Role::Crit),
    ("WARNING", Role::Warn),
    ("WARN", Role::Warn),
];

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, _: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let logs = &v.session.logs;
    let tail = ready::<LogTail>(v);
    let mut title = Phrase::of("Logs", Role::Title).and("  ", Role::Text).and(v.session.stack.log_group.as_str(), Role::Muted);
    if !logs.filter().is_empty() {
        title = title.and("  / ", Role::Muted).and(logs.filter().text(), Role::Accent);
    }
    let right = tail.as_ref().map_or_else(|_| Phrase::new(), |t| state(v, t));
    let inner = ink.rule(area, &title, &right, true);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match tail {
        Err(lines) => explain(&lines, inner, ink),
        Ok(tail) if logs.count(tail) == 0 => {
            let text = match (tail.events.is_empty(), logs.filter().is_empty()) {
                (true, _) => format!("no lines in {} in the last minutes; following", v.session.stack.log_group),
                (false, _) => format!("none of {} lines match “{}”; Esc clears the filter", tail.events.len(), logs.filter().text()),
            };
            ink.prose(inner, &text, Role::Muted);
        }
        Ok(tail) => lines(v, tail, logs, inner, ink),
    }
}

/// Position, following or paused, and how far behind.
fn state<'a>(v: &View<'a>, tail: &LogTail) -> Phrase<'a> {
    let logs = &v.session.logs;
    let old = stale::<LogTail>(v);
    let current = old.is_empty();
    let mut state = if current { Phrase::new() } else { old.and("  ", Role::Text) };
    if tail.truncated {
        state = state.and("▲ some lines not fetched  ", Role::Warn);
    }
    if logs.cursor.is_some() {
        let behind = logs.behind(tail);
        state = state.and("paused", Role::Warn);
        if behind > 0 {
            state = state.and(format!(" · {behind} new"), Role::Accent);
        }
        return state.and(format!("  {}/{}", logs.position(tail) + 1, logs.count(tail)), Role::Text);
    }
    let count = if logs.filter().is_empty() {
        format!("  {} lines", tail.events.len())
    } else {
        format!("  {} of {} lines", logs.count(tail), tail.events.len())
    };
    // Nothing is followed while nothing arrives.
    if current { state.and("following", Role::Ok).and(count, Role::Text) } else { state.and(count.trim_start().to_owned(), Role::Text) }
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
        row(v, event, None, Rect { y: area.y + i as u16, height: 1, ..area }, ink);
    }
}

fn lines(v: &View<'_>, tail: &LogTail, logs: &LogView, area: Rect, ink: &mut Ink<'_>) {
    let window = window(v, tail, logs, area);
    let number = |i| logs.number(tail, i).and_then(|n| line(tail, n));
    // The newest line stands in the last row; what wrapping leaves over is blank at the top.
    let used: u16 = window.clone().filter_map(number).map(|e| height(v, e, logs.wrap, area.width)).fold(0, u16::saturating_add);
    let above = if window.start == 0 { 0 } else { area.height.saturating_sub(used) };
    let cursor = logs.cursor.map(|_| logs.position(tail));
    let mut y = area.y + above;
    for index in window {
        let Some(event) = number(index) else { continue };
        if y >= area.bottom() {
            break;
        }
        let height = height(v, event, logs.wrap, area.width).min(area.bottom() - y);
        let place = Rect { y, height, ..area };
        row(v, event, Some(logs), place, ink);
        if cursor == Some(index) {
            ink.wash(place, Role::Selection);
        }
        y += height;
    }
}

/// Which lines are on the screen: filled from below, but from above when there are too few.
fn window(v: &View<'_>, tail: &LogTail, logs: &LogView, area: Rect) -> Range<usize> {
    let bottom = logs.bottom(tail, usize::from(area.height));
    let mut left = area.height;
    let mut first = bottom + 1;
    while let Some(index) = first.checked_sub(1) {
        let Some(event) = logs.number(tail, index).and_then(|n| line(tail, n)) else { break };
        let height = height(v, event, logs.wrap, area.width);
        if height > left && first <= bottom {
            break;
        }
        left = left.saturating_sub(height);
        first = index;
    }
    let end = if first == 0 && left > 0 { logs.count(tail) } else { bottom + 1 };
    first..end
}

/// The cells of the service column.
fn service_width(v: &View<'_>) -> u16 {
    v.session.stack.services.iter().map(|s| s.name.len()).max().unwrap_or(8).clamp(6, 16) as u16
}

fn height(v: &View<'_>, event: &LogEvent, wrapped: bool, width: u16) -> u16 {
    if !wrapped {
        return 1;
    }
    let room = usize::from(width.saturating_sub(9 + service_width(v) + 2));
    wrap(&told(v, event, event.message.as_str()), room).len().max(1) as u16
}

/// What stands in front of an event whose time has not come.
const AHEAD: &str = "(in the future) ";

/// The message, with a mark where its time has not come.
fn told<'m>(v: &View<'_>, event: &LogEvent, message: impl Into<Cow<'m, str>>) -> Cow<'m, str> {
    let message = message.into();
    if event.received.is_some() && event.at > v.now { Cow::Owned(format!("{AHEAD}{message}")) } else { message }
}

/// The message without the time that many frameworks repeat in front of it; the row shows the event's own.
fn bare(message: &str) -> Cow<'_, str> {
    let bracketed = message.starts_with('[');
    let text = message.strip_prefix('[').unwrap_or(message);
    let shape = |(i, c): (usize, char)| match i {
        4 | 7 => c == '-',
        10 => c == ' ' || c == 'T',
        13 | 16 => c == ':',
        _ => c.is_ascii_digit(),
    };
    if text.chars().take(19).count() < 19 || !text.chars().take(19).enumerate().all(shape) {
        return Cow::Borrowed(message);
    }
    let rest = text.get(19..).unwrap_or("");
    let rest = rest.strip_prefix([',', '.']).map_or(rest, |r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
    let rest = zone_less(rest).trim_start_matches([':', ' ']);
    match (rest.strip_prefix(']'), rest.trim()) {
        (Some(after), _) if bracketed && !after.trim().is_empty() => Cow::Borrowed(after.trim_start()),
        (_, "" | "]") => Cow::Borrowed(message),
        // What stood with the time in the bracket stays in it.
        _ if bracketed => Cow::Owned(format!("[{rest}")),
        _ => Cow::Borrowed(rest),
    }
}

/// Without `Z`, `+0000` or ` +00:00` in front.
fn zone_less(text: &str) -> &str {
    let offset = text.trim_start_matches(' ');
    match offset.strip_prefix(['+', '-']) {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')
        }
        _ => text.strip_prefix('Z').unwrap_or(text),
    }
}

fn row(v: &View<'_>, event: &LogEvent, logs: Option<&LogView>, place: Rect, ink: &mut Ink<'_>) {
    const SERIES: [Role; 4] = [Role::Series1, Role::Series2, Role::Series3, Role::Series4];
    let service = event.service();
    let index = v.session.stack.services.iter().position(|s| s.name == service);
    let role = index.and_then(|i| SERIES.get(i % SERIES.len())).copied().unwrap_or(Role::Muted);
    let width = service_width(v);
    let clock = match Level::of(&event.message) {
        Level::Critical | Level::Error => Role::Crit,
        Level::Warn => Role::Warn,
        _ => Role::Muted,
    };
    ink.put(place.x, place.y, place.right(), &event.at.format("%H:%M:%S").to_string(), clock);
    ink.put(place.x + 9, place.y, place.x + 9 + width, service, role);
    let x = place.x + 9 + width + 2;
    if place.height > 1 {
        let lines = wrap(&told(v, event, event.message.as_str()), usize::from(place.right().saturating_sub(x)));
        for (i, line) in lines.iter().take(usize::from(place.height)).enumerate() {
            ink.phrase(x, place.y + i as u16, place.right(), &message(line, logs));
        }
        return;
    }
    let text = if logs.is_some_and(|l| l.wrap) { Cow::Borrowed(event.message.as_str()) } else { bare(&event.message) };
    ink.phrase(x, place.y, place.right(), &message(&told(v, event, text), logs));
}

/// The message with its level word and what the filter found set off.
fn message<'a>(text: &'a str, logs: Option<&LogView>) -> Phrase<'a> {
    let mut spans: Vec<(usize, usize, Role)> = LEVELS
        .iter()
        .find_map(|(word, role)| text.find(word).filter(|at| whole(text, *at, word.len())).map(|at| (at, at + word.len(), *role)))
        .into_iter()
        .collect();
    spans.extend(logs.into_iter().flat_map(|l| l.filter().hits(text)).map(|(a, b)| (a, b, Role::Match)));
    spans.sort_unstable_by_key(|s| s.0);
    let mut phrase = Phrase::new();
    let mut at = 0;
    for (from, to, role) in spans {
        if from < at {
            continue;
        }
        phrase = phrase.and(text.get(at..from).unwrap_or(""), Role::Text).and(text.get(from..to).unwrap_or(""), role);
        at = to;
    }
    phrase.and(text.get(at..).unwrap_or(""), Role::Text)
}

/// Whether the word stands alone: `ERRORS=0` is not an error.
fn whole(text: &str, at: usize, len: usize) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let after = text.get(at + len..).and_then(|t| t.chars().next());
    !letter(before) && !letter(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_is_taken_off() {
        for (message, left) in [
            ("[2026-11-22 22:03:25,123: INFO/ForkPoolWorker-1] Task x", "[INFO/ForkPoolWorker-1] Task x"),
            ("[2026-11-22 22:03:25 +0000] [12] [INFO] Booting worker", "[12] [INFO] Booting worker"),
            ("2026-11-22 22:03:25,123 INFO gunicorn.access 10.0.1.9", "INFO gunicorn.access 10.0.1.9"),
            ("2026-11-22T22:03:25.123Z GET /", "GET /"),
            ("2026-11-22 22:03:25 200 OK", "200 OK"),
            ("[2026-11-22 22:03:25]", "[2026-11-22 22:03:25]"),
            ("2026-11-22 22:03:25", "2026-11-22 22:03:25"),
            ("[INFO] ready", "[INFO] ready"),
            ("plain", "plain"),
        ] {
            assert_eq!(bare(message), left);
        }
    }
}
