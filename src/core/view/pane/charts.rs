//! The charts of one box in full: a table of its figures, and the chosen one with both axes, its limit, what happened meanwhile, and the
//! moment that is looked at, which the timeline and the log share.

use ratatui::layout::Rect;

use super::{edge, heading, network};
use crate::insight::{Event, NodeId};
use crate::model::Time;
use crate::model::cache::ReplicationGroup;
use crate::model::service::Services;
use crate::model::system::System;
use crate::session::Screen;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::name;
use crate::view::stack::{balancer, cache, database, service};
use crate::view::widget::chart::{Chart, Mark, Sign};
use crate::view::widget::table::{Column, Table};
use crate::view::widget::{Ink, Phrase};

/// From here on table and chart stand side by side.
const BESIDE: u16 = 110;
const TABLE: u16 = 57;
/// The values at the left of the chart.
const AXIS: u16 = 9;
/// Rows of a small chart with its label and a blank one: fewer show nothing, more show no more.
const SHORTEST: u16 = 5;
const TALLEST: u16 = 12;
/// Events that are told under the chart.
const TOLD: u16 = 3;

/// What stands in the table; of a moment that was chosen its value in the place of that of now.
const fn columns(value: &'static str) -> [Column; 6] {
    [
        Column::left("", 1, 0),
        Column { grow: 1, ..Column::left("figure", 12, 0) },
        Column::right(value, 8, 0),
        Column::right("least", 8, 2),
        Column::right("mean", 8, 1),
        Column::right("most", 8, 0),
    ]
}
const NOW: &[Column] = &columns("now");
const THEN: &[Column] = &columns("then");

/// The charts of a box.
fn of<'a>(v: &View<'a>, node: &NodeId) -> Vec<Chart<'a>> {
    match node.system() {
        System::Service => {
            let found = node.as_service().and_then(|name| v.store.get::<Services>()?.get(name));
            found.map(|found| service::charts(v, found)).unwrap_or_default()
        }
        System::Database => database::charts(v),
        System::Cache => v.store.get::<ReplicationGroup>().map(|group| cache::charts(v, group)).unwrap_or_default(),
        System::Balancer => balancer::charts(v),
        System::Nat => network::gateways::charts(v),
        System::Cdn => edge::charts(v),
        _ => Vec::new(),
    }
}

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let Ok(node) = screen.subject.parse::<NodeId>() else { return };
    let v = &v.of(&node);
    let window = v.session.window;
    let moment = window.cursor.map_or_else(|| "now  ← back".to_owned(), |at| at.format("%H:%M UTC").to_string());
    let right = Phrase::labelled("window", window.span.word(), Role::Text).and("  ", Role::Text).and(moment, Role::Accent);
    let inner = heading(v, std::slice::from_ref(&node), Phrase::of(name(&node), Role::Title), &right, area, ink);
    // Up to now: what CloudWatch has not told yet is a gap, and what has just happened stands over it.
    let end = window.end(v.now.timestamp());
    let charts: Vec<Chart<'_>> = of(v, &node).into_iter().map(|chart| Chart { end, ..chart }).collect();
    let Some(at) = window.chart.checked_rem_euclid(charts.len() as isize).map(isize::unsigned_abs) else {
        ink.put(inner.x, inner.y, inner.right(), "no figures of it yet", Role::Muted);
        return;
    };
    let rows = charts.len() as u16 + 1;
    let (list, plot) = if inner.width >= BESIDE {
        let list = Rect { width: TABLE, ..inner };
        (list, Rect { x: inner.x + TABLE + 2, width: inner.width - TABLE - 2, ..inner })
    } else {
        let height = rows.min(inner.height / 2);
        (Rect { height, ..inner }, Rect { y: inner.y + height, height: inner.height - height, ..inner })
    };
    table(&charts, at, window.span.seconds(), window.cursor, list, ink);
    if list.height > rows + 1 {
        others(&charts, at, window.span.seconds(), Rect { y: list.y + rows + 1, height: list.height - rows - 1, ..list }, ink);
    }
    if let Some(chart) = charts.get(at) {
        full(v, chart, window.span.seconds(), plot, ink);
    }
}

fn table(charts: &[Chart<'_>], at: usize, span: i64, cursor: Option<Time>, area: Rect, ink: &mut Ink<'_>) {
    let shown = Table { columns: if cursor.is_some() { THEN } else { NOW }, rows: charts.len(), selected: Some((at, true)), order: None };
    shown.draw(area, ink, |i| {
        let Some(chart) = charts.get(i) else { return Vec::new() };
        let figure =
            |value: Option<f64>, role| value.map_or_else(|| Phrase::of("?", Role::Unknown), |v| Phrase::of(chart.unit.text(v), role));
        let summary = chart.summary(span);
        let now = cursor.map_or(chart.value, |at| chart.value_at(at.timestamp()));
        vec![
            Phrase::of(if i == at { "▸" } else { " " }, Role::Accent),
            Phrase::of(chart.label.to_string(), if i == at { Role::Title } else { Role::Text }),
            figure(now, Role::Title),
            figure(summary.map(|s| s.0), Role::Muted),
            figure(summary.map(|s| s.1), Role::Muted),
            figure(summary.map(|s| s.2), Role::Text),
        ]
    });
}

/// The other figures of the box over the same time, where there is room beneath the table: what moves together is seen together.
fn others(charts: &[Chart<'_>], at: usize, span: i64, area: Rect, ink: &mut Ink<'_>) {
    let height = (area.height / (charts.len().max(2) as u16 - 1)).min(TALLEST);
    if height < SHORTEST {
        return;
    }
    for ((_, chart), i) in charts.iter().enumerate().filter(|(i, _)| *i != at).zip(0..area.height / height) {
        let place = Rect { y: area.y + i * height, height: height - 1, ..area };
        ink.put(place.x, place.y, place.right(), &chart.label, Role::Muted);
        let plot = Rect { y: place.y + 1, height: place.height - 1, ..place };
        if chart.series.is_some() {
            let top = chart.plot(plot, span, ink);
            ink.put_right(place.y, place.right(), &format!("0 to {}", chart.unit.text(top)), Role::Faint);
        } else {
            ink.put(plot.x, plot.y, plot.right(), chart.missing, Role::Faint);
        }
    }
}

/// One chart with its axes, and what happened in the time that it shows.
fn full(v: &View<'_>, chart: &Chart<'_>, span: i64, area: Rect, ink: &mut Ink<'_>) {
    let told = told(v, chart, span);
    let below = 1 + (told.len() as u16).min(TOLD);
    if area.height < below + 4 || area.width < AXIS + 12 {
        return;
    }
    let plot = Rect { x: area.x + AXIS, y: area.y + 1, width: area.width - AXIS, height: area.height - 1 - below };
    let cursor = v.session.window.cursor;
    let value = cursor.map_or(chart.value, |at| chart.value_at(at.timestamp())).map_or_else(|| "?".to_owned(), |v| chart.unit.text(v));
    let when = cursor.map_or_else(|| "now".to_owned(), |at| at.format("at %H:%M UTC").to_string());
    let head = Phrase::of(chart.label.to_string(), Role::Title).and("  ", Role::Text).and(value, Role::Title).and("  ", Role::Text);
    ink.phrase(area.x, area.y, area.right(), &head.and(when, Role::Muted));
    if chart.series.is_none_or(|s| s.points.is_empty() && !s.zero_fill) {
        ink.put(plot.x, plot.y, plot.right(), chart.missing, Role::Muted);
        return;
    }
    let top = chart.plot(plot, span, ink);
    for (row, value) in [(plot.y, top), (plot.y + plot.height / 2, top / 2.0), (plot.bottom() - 1, 0.0)] {
        ink.put_right(row, plot.x - 1, &chart.unit.text(value), Role::Muted);
    }
    ticks(chart.end, span, Rect { y: plot.bottom(), height: 1, ..plot }, ink);
    for (i, (mark, text)) in told.iter().take(usize::from(TOLD)).enumerate() {
        let (glyph, role) = mark.glyph();
        let y = plot.bottom() + 1 + i as u16;
        let x = ink.put(area.x, y, area.right(), &glyph.to_string(), role);
        ink.put(x + 1, y, area.right(), text, Role::Text);
    }
}

/// The marks of the shown time by their names: those around the moment that is looked at first, else the newest.
fn told(v: &View<'_>, chart: &Chart<'_>, span: i64) -> Vec<(Sign, String)> {
    let shown = |e: &&Event| (chart.end - span..=chart.end.max(v.now.timestamp())).contains(&e.at.timestamp());
    let mut events: Vec<(Sign, &Event)> = v.session.diary.events().iter().filter(shown).filter_map(|e| Some((Mark::sign(e)?, e))).collect();
    match v.session.window.cursor {
        Some(at) => events.sort_by_key(|(_, e)| (e.at.timestamp() - at.timestamp()).abs()),
        None => events.sort_by_key(|(sign, e)| std::cmp::Reverse((*sign, e.at))),
    }
    events.truncate(usize::from(TOLD));
    events.sort_by_key(|(_, e)| e.at);
    let words = |e: &Event| format!("{}  {}  {}", e.at.format("%H:%M:%S"), name(&e.node), e.text);
    events.into_iter().map(|(sign, e)| (sign, words(e))).collect()
}

/// Times under a plot: whole quarters of an hour, or what the width has room for.
fn ticks(end: i64, span: i64, row: Rect, ink: &mut Ink<'_>) {
    const LABEL: i64 = 9;
    let wanted = i64::from(row.width) / LABEL;
    let step = [60, 300, 900, 1800, 3600].into_iter().find(|step| span / step <= wanted.max(1)).unwrap_or(span);
    let first = (end - span).div_euclid(step) * step + step;
    let mut free = row.x;
    for at in (0..).map(|i| first + i * step).take_while(|at| *at <= end) {
        let x = row.x + ((at - (end - span)) * i64::from(row.width) / span).clamp(0, i64::from(row.width) - 1) as u16;
        let Some(time) = Time::from_timestamp(at, 0) else { continue };
        let from = x.saturating_sub(2).min(row.right().saturating_sub(5));
        if from >= free {
            free = ink.put(from, row.y, row.right(), &time.format("%H:%M").to_string(), Role::Muted) + 1;
        }
    }
    ink.put_right(row.y, row.x - 1, "UTC", Role::Faint);
}
