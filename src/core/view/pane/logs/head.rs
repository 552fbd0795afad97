//! What stands above the lines of the log: its rule with what is shown and how it is followed, the chips of filter and search, groups that
//! are not read, errors by service. Called by the pane.

use ratatui::layout::Rect;

use crate::model::log::LogTail;
use crate::model::text;
use crate::session::{LogView, Screen};
use crate::theme::Role;
use crate::view::View;
use crate::view::state::stale;
use crate::view::widget::phrase::{Fact, fit};
use crate::view::widget::{Ink, Phrase};

/// The rule of the pane; returns what is beneath it.
pub(super) fn rule(v: &View<'_>, screen: &Screen, tail: Option<&LogTail>, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let width = usize::from(area.width).saturating_sub(8);
    let tabs = super::super::tab(screen, 0, true).and("  ", Role::Text).then(super::super::tab(screen, 1, false));
    let left = width.saturating_sub(tabs.width());
    let right = tail.map_or_else(Phrase::new, |t| fit(state(v, t), left, 2));
    let room = left.saturating_sub(right.width() + 2);
    let more = tail.map_or(0, |t| t.groups.len().saturating_sub(1));
    let group = Phrase::of("  ", Role::Text).and(v.session.stack.first_log_group(), Role::Muted);
    let group = Fact::new(1, if more > 0 { group.and(format!(" +{more}"), Role::Muted) } else { group });
    let inner = ink.rule(area, &tabs.then(fit(vec![group], room, 0)), &right, true);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Following or paused, where, how far behind, and what the times are.
fn state<'a>(v: &View<'a>, tail: &LogTail) -> Vec<Fact<'a>> {
    let logs = &v.session.logs;
    let old = stale::<LogTail>(v);
    let is_current = old.is_empty();
    let mut facts = vec![Fact::new(1, old)];
    if tail.truncated {
        facts.push(Fact::new(1, Phrase::of("▲ some lines not fetched", Role::Warn)));
    }
    let (shown, all) = (logs.matches(), logs.lines().order().len());
    if logs.pin().is_some() {
        let behind = logs.behind();
        let new = if behind > 0 { format!(" · {behind} new") } else { String::new() };
        facts.push(Fact::new(0, Phrase::of("paused", Role::Warn).and(new, Role::Accent)));
        let place = if logs.shown().is_empty() { 0 } else { logs.position() + 1 };
        facts.push(Fact::new(2, Phrase::of(format!("{place}/{}", logs.shown().len()), Role::Text)));
    } else {
        // Nothing is followed while nothing arrives.
        if is_current {
            facts.push(Fact::new(0, Phrase::of("following", Role::Ok)));
        }
        let count = if shown == all { format!("{all} lines") } else { format!("{shown} of {all} lines") };
        facts.push(Fact::new(2, Phrase::of(count, Role::Text)));
    }
    if let Some(newest) = tail.events.back() {
        facts.push(Fact::new(3, Phrase::labelled("newest", text::age(newest.arrived(), v.now), Role::Text)));
    }
    if let Some(late) = tail.groups.iter().filter_map(|g| g.lateness_ms).max().filter(|ms| *ms >= 1000) {
        facts.push(Fact::new(4, Phrase::labelled("up to", text::duration(late / 1000), Role::Text).and(" late", Role::Muted)));
    }
    facts.push(Fact::new(0, Phrase::of(logs.times.label(&logs.zone, v.now), Role::Muted)));
    facts
}

/// The rows above the lines; none where there is nothing to say.
pub(super) fn rows<'a>(v: &View<'a>, tail: &'a LogTail, area: Rect) -> Vec<Phrase<'a>> {
    let logs = &v.session.logs;
    let width = usize::from(area.width);
    let mut rows: Vec<Phrase<'a>> = groups(tail).into_iter().collect();
    let chips = fit(chips(logs), width, 3);
    if !chips.is_empty() {
        rows.push(chips);
    }
    if area.width >= 100 && area.height >= 20 {
        rows.extend(errors(v, width));
    }
    if let Some((reached, wanted)) = logs.older() {
        let clock = |at| logs.times.clock(&logs.zone, at, v.now).trim_start().to_owned();
        let far = reached.map_or_else(String::new, |at| format!(", now at {}", clock(at)));
        let line = Phrase::of("◔ ", Role::Info).and(format!("reading back to {}{far}   ", clock(wanted)), Role::Text);
        rows.push(line.and("Esc", Role::Key).and(" stops it", Role::Muted));
    }
    if let Some(lost) = logs.lost() {
        let words = format!("── {lost} older lines were dropped, the one you were at among them");
        rows.push(Phrase::of(words, Role::Warn));
    }
    rows
}

/// One sentence about the groups that are not read.
fn groups(tail: &LogTail) -> Option<Phrase<'_>> {
    let mut failing = tail.groups.iter().filter_map(|g| Some((g, g.problem.as_ref()?)));
    let (group, problem) = failing.next()?;
    let more = failing.count();
    let more = if more > 0 { format!("  (+{more} more groups)") } else { String::new() };
    Some(Phrase::of("◌ ", Role::Stale).and(format!("{} is not read: {problem}{more}", group.name), Role::Text))
}

/// What decides which lines are shown, and what is searched for.
fn chips(logs: &LogView) -> Vec<Fact<'_>> {
    let mut facts = Vec::new();
    if let Some(service) = logs.service() {
        facts.push(Fact::new(1, Phrase::labelled("service", service, Role::Accent)));
    }
    if logs.problems() {
        facts.push(Fact::new(1, Phrase::of("warnings and worse", Role::Accent)));
    }
    if !logs.filter().is_empty() {
        facts.push(Fact::new(0, Phrase::labelled("filter", logs.filter().text(), Role::Accent)));
    }
    if logs.context() > 0 && !logs.whole_filter().is_empty() {
        facts.push(Fact::new(2, Phrase::labelled("with", format!("{} before and after", logs.context()), Role::Text)));
    }
    if !logs.search().is_empty() {
        let at = logs.hits().binary_search(&logs.position()).ok().filter(|_| logs.pin().is_some());
        let count = match (at, logs.hits().len()) {
            (_, 0) => "  none".to_owned(),
            (Some(at), n) => format!("  {}/{n}", at + 1),
            (None, 1) => "  1 match".to_owned(),
            (None, n) => format!("  {n} matches"),
        };
        facts.push(Fact::new(0, Phrase::labelled("search", logs.search().text(), Role::Match).and(count, Role::Text)));
    }
    facts
}

/// Minutes of a row of errors.
const MINUTES: usize = 30;

/// The errors of each service in the last half hour, a block for each minute.
fn errors<'a>(v: &View<'a>, width: usize) -> Option<Phrase<'a>> {
    let rows = v.session.logs.lines().rates.of(v.now, MINUTES);
    let most = rows.iter().flat_map(|(_, counts)| counts).max().copied().filter(|n| *n > 0)?;
    let mut facts = vec![Fact::new(0, Phrase::of("errors a minute", Role::Muted))];
    for (i, (service, counts)) in rows.into_iter().enumerate() {
        let blocks: String = counts.iter().map(|n| block(*n, most)).collect();
        let now = counts.last().copied().unwrap_or_default();
        let phrase = Phrase::of(service, Role::Text).and(" ", Role::Text).and(blocks, Role::Series1);
        facts.push(Fact::new(1 + i.min(200) as u8, phrase.and(format!(" {now}"), Role::Text)));
    }
    Some(fit(facts, width, 3))
}

/// A block as high as a count is, against the highest.
fn block(count: u32, most: u32) -> char {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match count {
        0 => ' ',
        n => BLOCKS.get((u64::from(n) * 7 / u64::from(most.max(1))) as usize).copied().unwrap_or('█'),
    }
}
