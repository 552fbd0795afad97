//! The list of runbooks: walks that are under way, then those of the selected box, then the others, and what the selected one is for.
//! A walk itself is drawn by `walk`.

mod walk;

use ratatui::layout::Rect;

use super::detail::Detail;
use super::{List, beside, position, spacious, split, text};
use crate::insight::NodeId;
use crate::model::text as words;
use crate::runbook::{Asked, Outcome, Progress, Runbook};
use crate::session::runbook::{BookRow, over};
use crate::session::{Screen, rows};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::table::{Column, Fill};
use crate::view::widget::{Ink, Phrase};

pub(super) use walk::draw as draw_walk;

const COLUMNS: &[Column] =
    &[Column::left("", 1, 0), Column::of("name", 22, 1, Fill::Left, 0), Column::of("what", 26, 3, Fill::Left, 0), Column::left("", 18, 2)];

/// Draws the list.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let node = screen.subject.parse::<NodeId>().ok();
    let title = Phrase::of("Runbooks", Role::Title);
    let title = match &node {
        Some(node) => title.and("  those for ", Role::Muted).and(crate::view::figures::name(node), Role::Text).and(" first", Role::Muted),
        None => title,
    };
    let inner = ink.rule(area, &title, &position(v, screen, 0), true);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let Some(library) = v.session.library() else {
        ink.prose(inner, "Loading runbooks…", Role::Muted);
        return;
    };
    let inner = faults(v, inner, ink);
    let filter = v.session.list(screen.pane, &screen.subject, 0).filter;
    let shown = v.session.book_rows(&screen.subject, &filter);
    let wanted = shown.len() as u16 + 1;
    let (upper, lower) =
        if spacious(area) { beside(inner, inner.width * 3 / 5) } else { split(inner, wanted.min(inner.height.saturating_sub(9))) };
    let list = List { panel: 0, columns: COLUMNS, rows: shown.len(), empty: "no runbooks" };
    list.draw(v, screen, upper, ink, |i| match shown.get(i) {
        Some(BookRow::Walk(progress)) => of_walk(v, progress, library.get(&progress.runbook)),
        Some(BookRow::Book(book, about)) => of_book(book, *about, library.is_own(&book.name)),
        None => Vec::new(),
    });
    let ids = rows::ids(v.session, screen.pane, &screen.subject, 0);
    match shown.get(v.session.list(screen.pane, &screen.subject, 0).position(&ids)) {
        Some(BookRow::Walk(progress)) => {
            if let Some(book) = library.get(&progress.runbook) {
                detail(book, Some(progress), lower, ink);
            }
        }
        Some(BookRow::Book(book, _)) => detail(book, None, lower, ink),
        None => {}
    }
}

/// What could not be read, on top: somebody misses a runbook of theirs.
fn faults(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) -> Rect {
    let read = v.session.library().map(|l| l.faults().iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap_or_default();
    let all: Vec<&str> = v.session.books.refused.iter().map(String::as_str).chain(read.iter().map(String::as_str)).collect();
    let Some(first) = all.first() else { return area };
    let more = if all.len() > 1 { format!(" (+{} more: nextcore-top runbook lint)", all.len() - 1) } else { String::new() };
    let y = ink.prose(Rect { height: area.height.min(3), ..area }, &format!("▲ not read: {first}{more}"), Role::Warn);
    Rect { y, height: area.bottom().saturating_sub(y), ..area }
}

fn of_walk<'a>(v: &View<'_>, progress: &'a Progress, book: Option<&'a Runbook>) -> Vec<Phrase<'a>> {
    let (done, all) = over(progress);
    let (mark, role) = match progress.outcome() {
        Outcome::Finished => ("●", Role::Ok),
        Outcome::Stopped(_) => ("✖", Role::Warn),
        Outcome::Open => ("◐", Role::Info),
    };
    let stands = match progress.outcome() {
        Outcome::Stopped(step) => format!("stopped at {}", step + 1),
        _ => format!("{done}/{all} steps"),
    };
    let values = progress.values.values().cloned().collect::<Vec<_>>().join(" ");
    let name = Phrase::of(progress.runbook.as_str(), Role::Title).and(" ", Role::Text).and(values, Role::Text);
    let what = Phrase::of(format!("{} ago by {}", words::age(progress.started_at, v.now), progress.by), Role::Muted);
    let title = book.map_or_else(Phrase::new, |b| Phrase::of(b.front.title.as_str(), Role::Text).and("  ", Role::Text));
    vec![Phrase::of(mark, role), name, title.then(what), text(stands)]
}

fn of_book(book: &Runbook, about: bool, own: bool) -> Vec<Phrase<'_>> {
    let mark = if about { Phrase::of("▸", Role::Accent) } else { Phrase::new() };
    let asks: Vec<&str> = book.front.values.iter().map(|a| a.name.as_str()).collect();
    let mut right = if own { Phrase::of("own", Role::Text).and("  ", Role::Text) } else { Phrase::new() };
    if !asks.is_empty() {
        right = right.and("asks ", Role::Muted).and(asks.join(", "), Role::Text);
    }
    vec![mark, Phrase::of(book.name.as_str(), Role::Title), text(plain(&book.front.title, &book.front.values)), right]
}

/// A title before it is filled in: the value's name stands for it.
fn plain(text: &str, values: &[Asked]) -> String {
    values.iter().fold(text.to_owned(), |text, asked| text.replace(&format!("{{{{{}}}}}", asked.name), &asked.name))
}

/// What the selected one is for, and how far its walk is.
fn detail(book: &Runbook, progress: Option<&Progress>, area: Rect, ink: &mut Ink<'_>) {
    let front = &book.front;
    let steps: Vec<String> = book.steps.iter().enumerate().map(|(i, s)| format!("{}. {}", i + 1, plain(&s.title, &front.values))).collect();
    let own = |text: String| Phrase::of(text, Role::Text);
    let mut detail = Detail::new(plain(&front.title, &front.values)).with("when", own(plain(&front.when, &front.values)));
    if let Some(progress) = progress {
        let values: Vec<String> = progress.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
        detail = detail.maybe("with", (!values.is_empty()).then(|| own(values.join(", "))));
        detail = detail.maybe("incident", progress.incident.clone().map(own));
    }
    detail = detail.with("steps", own(steps.join("   ")));
    detail = detail.maybe("for", (!front.incidents.is_empty()).then(|| own(front.incidents.join(", "))));
    detail = detail.maybe("owner", (!front.owner.is_empty()).then(|| own(front.owner.clone())));
    detail.draw(area, ink);
}
