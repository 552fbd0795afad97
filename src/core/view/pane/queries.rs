//! Logs Insights: the queries that have a name, what the last one found as a table whose columns are the query's own, and one row of it in
//! full. What it scanned and cost stands over the rows.

use ratatui::layout::Rect;

use super::{List, split, tabs};
use crate::log::insights::after;
use crate::model::text::{self, clip};
use crate::session::pane::queries::{ROW_IN_FULL, cells_shown, found, named, selected, shown};
use crate::session::query::{Found, Stage, span};
use crate::session::{Screen, first_visible};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::table::Column;
use crate::view::widget::{Ink, Phrase};

const COLUMNS: &[Column] = &[Column::left("name", 16, 0), Column::wide("finds", 30, 0), Column::left("asks for", 8, 1)];

/// Between two columns.
const GAP: u16 = 1;
/// A last column with less says nothing.
const LEAST: u16 = 8;
/// Cells of the names of one row.
const NAMES: usize = 20;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let right = Phrase::labelled("window", span(v.session), Role::Muted);
    let inner = tabs(v, screen, right, area, ink);
    match screen.panel {
        0 => list(v, screen, inner, ink),
        ROW_IN_FULL => row_in_full(v, inner, ink),
        _ => result(v, screen, inner, ink),
    }
}

fn list(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = named(v.session, &state.filter);
    let (upper, lower) = split(area, (all.len() as u16 + 2).min(area.height.saturating_sub(6)));
    let list = List { panel: 0, columns: COLUMNS, rows: all.len(), empty: "no queries" };
    list.draw(v, screen, upper, ink, |i| {
        all.get(i).map_or_else(Vec::new, |n| {
            let value = if n.wants_value() { "a value" } else { "" };
            vec![Phrase::of(n.name.clone(), Role::Title), Phrase::of(n.about.clone(), Role::Text), Phrase::of(value, Role::Muted)]
        })
    });
    let at = super::detail::selected(v, screen, 0);
    let mut lines: Vec<Phrase<'_>> = Vec::new();
    if let Some(why) = v.session.query_forbidden() {
        lines.extend(wrap(why, usize::from(area.width)).into_iter().map(|line| Phrase::of(line, Role::Warn)));
    } else {
        let how = Phrase::of("Enter", Role::Key).and(" what it may cost, then run it   ", Role::Muted);
        lines.push(how.and(":query", Role::Key).and(" to type one", Role::Muted));
    }
    lines.push(Phrase::new());
    if let Some(named) = all.get(at) {
        lines.extend(named.text.lines().map(|line| Phrase::of(line.to_owned(), Role::Text)));
    }
    ink.lines(lower, &lines);
}

/// What was asked and where it stands, then the rows.
fn result(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let (head, rows) = match &v.session.queries.stage {
        Stage::Nothing => {
            ink.prose(area, "nothing asked yet: Tab leads to the queries that have a name, :query types one", Role::Muted);
            return;
        }
        Stage::Running { question, since, answer, stopping } => {
            let far = answer.as_ref().map_or_else(|| "starting".to_owned(), |a| format!("{}: {}", a.status.word(), after(a)));
            let (keys, word) = if *stopping { ("", "stopping at AWS") } else { ("Esc", " stops it at AWS") };
            let line = Phrase::of(format!("for {}   ", text::age(*since, v.now)), Role::Text).and(keys, Role::Key).and(word, Role::Muted);
            (vec![Phrase::of(question.title(), Role::Title), Phrase::of(far, Role::Info), line], None)
        }
        Stage::Failed { question, headline, hint } => {
            let width = usize::from(area.width);
            let mut lines = vec![Phrase::of(question.title(), Role::Title)];
            lines.extend(wrap(headline, width).into_iter().map(|line| Phrase::of(line, Role::Warn)));
            let next = if hint.is_empty() { String::new() } else { format!("next: {hint}") };
            lines.extend(wrap(&next, width).into_iter().map(|line| Phrase::of(line, Role::Text)));
            (lines, None)
        }
        Stage::Found(found) => {
            let asked = &found.question.asked;
            let window = format!("{} to {} UTC", asked.from.format("%d %b %H:%M"), asked.until.format("%d %b %H:%M"));
            let line = Phrase::of(after(&found.answer), Role::Text).and(format!("  {window}"), Role::Muted);
            (vec![Phrase::of(found.question.title(), Role::Title), line], Some(found))
        }
    };
    let y = ink.lines(area, &head);
    let Some(found) = rows else { return };
    table(v, screen, found, Rect { y, height: area.bottom().saturating_sub(y), ..area }, ink);
}

/// A column of a result: which, where it begins, how wide it is, whether it holds numbers.
struct Place {
    column: usize,
    x: u16,
    width: u16,
    numeric: bool,
}

/// Columns in the query's order, as many as there is room for; the last one takes what is left.
fn places(found: &Found, area: Rect) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut x = area.x;
    for column in 0..found.table.columns.len() {
        let room = area.right().saturating_sub(x);
        // Its heading may carry an arrow.
        let wanted = found.table.width(column) as u16 + 2;
        if room < wanted.min(LEAST) {
            break;
        }
        let width = wanted.min(room);
        places.push(Place { column, x, width, numeric: found.table.is_numeric(column) });
        x += width + GAP;
    }
    if let Some(last) = places.last_mut().filter(|last| !last.numeric) {
        last.width = area.right().saturating_sub(last.x);
    }
    places
}

fn table(v: &View<'_>, screen: &Screen, found: &Found, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let rows = shown(v.session, &state.filter);
    if rows.is_empty() || area.height < 2 {
        let text = if state.filter.is_empty() { "no results".to_owned() } else { format!("no rows match “{}”", state.filter.text()) };
        ink.prose(area, &text, Role::Muted);
        return;
    }
    let places = places(found, area);
    let put = |y: u16, place: &Place, text: &str, role: Role, ink: &mut Ink<'_>| {
        let text = clip(&text.replace('\n', " "), usize::from(place.width)).into_owned();
        if place.numeric {
            ink.put_right(y, place.x + place.width, &text, role);
        } else {
            ink.put(place.x, y, place.x + place.width, &text, role);
        }
    };
    for place in &places {
        let Some(name) = found.table.columns.get(place.column) else { continue };
        match found.sorted.filter(|(column, _)| *column == place.column) {
            Some((_, descending)) => put(area.y, place, &format!("{name} {}", if descending { "▾" } else { "▴" }), Role::Accent, ink),
            None => put(area.y, place, name, Role::Muted, ink),
        }
    }
    let hidden = found.table.columns.len() - places.len();
    if hidden > 0 {
        ink.put_right(area.y, area.right(), &format!(" +{hidden} columns: Enter"), Role::Key);
    }
    let height = usize::from(area.height - 1);
    let at = selected(v.session).and_then(|n| rows.iter().position(|(i, _)| *i == n)).unwrap_or(0);
    let first = first_visible(at, rows.len(), height);
    for (line, (i, (_, row))) in rows.iter().enumerate().skip(first).take(height).enumerate() {
        let y = area.y + 1 + line as u16;
        for place in &places {
            put(y, place, row.get(place.column).map_or("", String::as_str), Role::Text, ink);
        }
        if i == at {
            ink.wash(Rect { y, height: 1, ..area }, Role::Selection);
        }
    }
}

/// Every value of the selected row, wrapped.
fn row_in_full(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) {
    if found(v.session).is_none() {
        ink.prose(area, "no row: the result is empty", Role::Muted);
        return;
    }
    let state = v.session.list(crate::session::pane::PaneId::Queries, "", ROW_IN_FULL);
    let shown = cells_shown(v.session, &state.filter);
    let ids: Vec<std::borrow::Cow<'_, str>> = shown.iter().map(|(name, _)| (*name).into()).collect();
    let at = state.position(&ids);
    let room = usize::from(area.width).saturating_sub(NAMES + 2).max(10);
    let mut lines: Vec<Phrase<'_>> = Vec::new();
    // What was gone to stands first where not all of it has room.
    let first = if shown.len() > usize::from(area.height) { at } else { 0 };
    for (i, (name, value)) in shown.iter().enumerate().skip(first) {
        let label = format!("{:<NAMES$}  ", clip(name, NAMES));
        let wrapped: Vec<String> = value.lines().flat_map(|line| wrap(line, room)).collect();
        let looks = if i == at { Role::Selection } else { Role::Muted };
        lines.push(Phrase::of(label, looks).and(wrapped.first().cloned().unwrap_or_default(), Role::Text));
        lines.extend(wrapped.into_iter().skip(1).map(|line| Phrase::of(" ".repeat(NAMES + 2), Role::Text).and(line, Role::Text)));
    }
    ink.lines(area, &lines);
}
