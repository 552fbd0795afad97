//! One walk through a runbook: the steps with their states and what their checks say now, and the selected step as text beside or beneath
//! them. What the text says is `session::runbook`'s.

use ratatui::layout::Rect;

use super::super::List;
use super::super::detail::selected;
use crate::expression::Answer;
use crate::model::text::{age, duration};
use crate::runbook::State;
use crate::session::Screen;
use crate::session::runbook::{Kind, Live, PageLine, Walk, lines, places, together};
use crate::theme::Role;
use crate::view::View;
use crate::view::stack::rect;
use crate::view::widget::phrase::fit;
use crate::view::widget::table::{Column, Fill};
use crate::view::widget::{Fact, Ink, Phrase};

const COLUMNS: &[Column] = &[
    Column::left("", 1, 0),
    Column::right("", 2, 0),
    Column::of("step", 20, 1, Fill::Left, 0),
    Column::left("state", 7, 0),
    Column::left("now", 5, 0),
];

/// Draws the pane.
pub(in crate::view::pane) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let Some(walk) = v.session.walk(&screen.subject) else {
        ink.rule(area, &Phrase::of("Runbook", Role::Title), &Phrase::new(), true);
        return;
    };
    let right = headline(v, walk, area.width / 2);
    ink.rule(area, &Phrase::of(walk.book.front.title.as_str(), Role::Title), &right, true);
    let places = places((area.width, area.height), walk);
    let at = |place| {
        let place = rect(place);
        Rect { x: area.x + place.x, y: area.y + place.y, ..place }.intersection(area)
    };
    let list = List { panel: 0, columns: COLUMNS, rows: walk.steps.len(), empty: "no steps" };
    list.draw(v, screen, at(places.list), ink, |i| step(v, walk, i));
    page(v, walk, selected(v, screen, 0), (at(places.head), at(places.page)), ink);
}

/// How far it is, since when, by whom, with which values.
fn headline<'a>(v: &View<'_>, walk: &'a Walk, room: u16) -> Phrase<'a> {
    let progress = &walk.progress;
    let (done, all) = walk.count();
    let values = progress.values.iter().fold(Phrase::new(), |phrase, (name, value)| {
        let gap = if phrase.is_empty() { "" } else { "  " };
        phrase.and(gap, Role::Text).and(name.as_str(), Role::Muted).and(" ", Role::Text).and(value.as_str(), Role::Text)
    });
    let since = format!("{} ago", age(progress.started_at, v.now));
    let facts = vec![
        Fact::new(1, values),
        Fact::new(2, progress.incident.as_deref().map_or_else(Phrase::new, |i| Phrase::labelled("for", i, Role::Text))),
        Fact::new(0, Phrase::of(format!("{done}/{all}"), Role::Text).and(" steps", Role::Muted)),
        Fact::new(3, Phrase::labelled("begun", since, Role::Text).and(" by ", Role::Muted).and(progress.by.as_str(), Role::Text)),
    ];
    fit(facts, usize::from(room), 3)
}

fn step<'a>(v: &View<'_>, walk: &'a Walk, at: usize) -> Vec<Phrase<'a>> {
    let (Some(step), Some(progress)) = (walk.book.steps.get(at), walk.progress.steps.get(at)) else { return Vec::new() };
    let (mark, role) = sign(&progress.state);
    let waiting = walk.waiting.as_ref().filter(|w| w.step == at && w.waits);
    let word = match waiting {
        Some(waiting) => Phrase::of(duration((waiting.ends - v.now).num_seconds().max(0)), Role::Info),
        None => Phrase::of(progress.state.word(), if progress.state.is_over() { Role::Muted } else { Role::Text }),
    };
    let title = if progress.state.is_over() { Role::Muted } else { Role::Text };
    let now = walk.steps.get(at).and_then(|lines| together(lines)).map_or_else(Phrase::new, says);
    vec![Phrase::of(mark, role), Phrase::of((at + 1).to_string(), Role::Muted), Phrase::of(step.title.as_str(), title), word, now]
}

/// In five cells: what cannot be told is a question mark, and says why in the text.
fn says(live: &Live) -> Phrase<'static> {
    match live.answer {
        Answer::True => Phrase::of("true", Role::Title),
        Answer::False => Phrase::of("false", Role::Text),
        Answer::CannotTell(_) => Phrase::of("?", Role::Unknown),
    }
}

fn sign(state: &State) -> (&'static str, Role) {
    match state {
        State::ToDo => ("○", Role::Muted),
        State::Running { .. } => ("◐", Role::Info),
        State::Done { .. } => ("●", Role::Ok),
        State::Failed { .. } => ("✖", Role::Warn),
        State::Skipped { .. } => ("–", Role::Muted),
    }
}

/// The selected step as text under its heading, as far as there is room; what is above and beneath is said.
fn page(v: &View<'_>, walk: &Walk, at: usize, (head, area): (Rect, Rect), ink: &mut Ink<'_>) {
    let Some(step) = walk.book.steps.get(at) else { return };
    let lines = lines(walk, at, v.now, usize::from(area.width));
    let height = usize::from(area.height);
    let first = walk.scroll.min(lines.len().saturating_sub(height));
    let shown = first + height.min(lines.len() - first);
    let place = if lines.len() > height {
        Phrase::of("PgUp PgDn ", Role::Key).and(format!("{}-{shown} of {}", first + 1, lines.len()), Role::Accent)
    } else {
        Phrase::new()
    };
    ink.rule(head, &Phrase::of(format!("{}. {}", at + 1, step.title), Role::Title), &place, false);
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(first)) {
        ink.phrase(area.x, y, area.right(), &drawn(line));
    }
}

fn drawn(line: &PageLine) -> Phrase<'_> {
    let role = match line.kind {
        Kind::Prose | Kind::Note | Kind::Command => Role::Text,
        Kind::Muted | Kind::False => Role::Muted,
        Kind::Failed => Role::Warn,
        Kind::Next | Kind::True => Role::Title,
        Kind::CannotTell => Role::Unknown,
        Kind::Shell => Role::Accent,
    };
    Phrase::of(line.text.as_str(), role)
}
