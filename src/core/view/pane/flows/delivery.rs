//! Delivery as the architecture draws it: per service the line from GitHub to the rollback, as a row of glyphs, and step by step for the
//! selected one and for as many others as have room. Called by the flows pane.

use ratatui::layout::Rect;

use super::super::{List, split};
use crate::insight::panes::flows::{Delivery, Step, StepKind, StepState};
use crate::model::health::Level;
use crate::model::text;
use crate::session::Screen;
use crate::session::pane::flows as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::widget::table::Column;
use crate::view::widget::{Ink, Phrase};

const COLUMNS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("service", 15, 0),
    Column::left("revision", 19, 2),
    Column::left("commit", 12, 3),
    Column::left("steps", 10, 0),
    Column::wide("at", 22, 0),
    Column::right("started", 7, 1),
];

/// Every step, without air and with it.
const TIGHT: u16 = 12;
const LOOSE: u16 = 15;

/// Draws the panel.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let Some(flows) = v.session.flows() else { return };
    let state = v.session.list(screen.pane, &screen.subject, 2);
    let shown = rows::deliveries(flows, &state.filter);
    let wanted = (shown.len().max(1) as u16 + 1).min((area.height.saturating_sub(TIGHT)).max(4));
    let (upper, mut lower) = split(area, wanted);
    let list = List { panel: 2, columns: COLUMNS, rows: shown.len(), empty: "no delivery data yet" };
    list.draw(v, screen, upper, ink, |i| shown.get(i).map_or_else(Vec::new, |d| row(v, d)));
    let ids = crate::session::rows::ids(v.session, screen.pane, &screen.subject, 2);
    let at = state.position(&ids);
    // The selected one first, then the others as far as there is room.
    let order = std::iter::once(at).chain((0..shown.len()).filter(|i| *i != at));
    let height = if lower.height >= (LOOSE + 1) * (shown.len() as u16) { LOOSE } else { TIGHT };
    for delivery in order.filter_map(|i| shown.get(i)) {
        if lower.height < 4 || (lower.height < TIGHT && !std::ptr::eq(*delivery, *shown.get(at).unwrap_or(delivery))) {
            return;
        }
        let (own, rest) = split(lower, height + 1);
        steps(
            v,
            delivery,
            height == LOOSE,
            Rect { y: own.y + u16::from(lower.height > TIGHT), height: own.height.saturating_sub(1), ..own },
            ink,
        );
        lower = rest;
    }
}

/// The glyph of a step: trouble wins over progress.
fn sign(step: &Step) -> (&'static str, Role) {
    match step.state {
        _ if step.level >= Level::Degraded && step.state != StepState::Failed => glyph(step.level),
        StepState::Failed => ("✖", glyph(step.level.max(Level::Degraded)).1),
        StepState::Running => glyph(Level::Info),
        StepState::Done => glyph(Level::Healthy),
        StepState::Waiting => ("·", Role::Muted),
        StepState::Unused => ("–", Role::Muted),
        StepState::Unknown => ("?", Role::Unknown),
    }
}

fn row<'a>(v: &View<'a>, delivery: &'a Delivery) -> Vec<Phrase<'a>> {
    let level = if delivery.level >= Level::Degraded || !delivery.active { delivery.level } else { Level::Info };
    let (mark, role) = glyph(level);
    let at = match rows::telling(delivery) {
        Some(step) => Phrase::of(format!("{}: ", step.kind.title()), Role::Text).and(step.detail.as_str(), tone(step.level)),
        None => Phrase::of("done", Role::Muted),
    };
    let line = delivery.steps.iter().fold(Phrase::new(), |line, step| {
        let (mark, role) = sign(step);
        line.and(mark, role)
    });
    let or_dash = |text: &'a str| if text.is_empty() { Phrase::of("—", Role::Muted) } else { Phrase::of(text, Role::Text) };
    vec![
        Phrase::of(mark, role),
        Phrase::of(delivery.service.as_str(), Role::Text),
        or_dash(&delivery.revision),
        or_dash(&delivery.commit),
        line,
        at,
        Phrase::of(delivery.began.map_or_else(|| "—".to_owned(), |b| text::age(b, v.now)), Role::Muted),
    ]
}

/// Where a step stands in the drawing, and what leads to it.
fn place(kind: StepKind) -> (&'static str, Option<(&'static str, &'static str)>) {
    match kind {
        StepKind::Source => ("", None),
        StepKind::Pipeline => ("", Some(("│ ", "git push"))),
        StepKind::Build | StepKind::Test | StepKind::Scan => ("├─ ", None),
        StepKind::Push => ("└─ ", None),
        StepKind::Update => ("   ", Some(("   │ ", "image available"))),
        StepKind::Health | StepKind::Breaker => ("   ├─ ", None),
        StepKind::Rollback => ("   └─ ", None),
    }
}

fn steps(v: &View<'_>, delivery: &Delivery, loose: bool, area: Rect, ink: &mut Ink<'_>) {
    let mut title = Phrase::of(delivery.service.as_str(), Role::Title);
    for (label, value) in [("revision", &delivery.revision), ("commit", &delivery.commit), ("image", &delivery.digest)] {
        if !value.is_empty() {
            let value = value.get(..12).filter(|_| label == "commit").unwrap_or(value);
            title = title.and(format!("  {label} "), Role::Muted).and(value, Role::Text);
        }
    }
    ink.phrase(area.x, area.y, area.right(), &title);
    let mut y = area.y + 1;
    let at = rows::telling(delivery).map(|s| s.kind);
    for step in &delivery.steps {
        let (before, way) = place(step.kind);
        if let Some((rail, said)) = way.filter(|_| loose) {
            line(area, &mut y, &Phrase::of(rail, Role::Border).and(said, Role::Faint), ink);
        }
        if step.kind == StepKind::Build {
            if loose {
                line(area, &mut y, &Phrase::of("│ ", Role::Border).and("trigger", Role::Faint), ink);
            }
            line(area, &mut y, &build(delivery), ink);
        }
        if y >= area.bottom() {
            return;
        }
        draw_step(v, step, before, at == Some(step.kind), Rect { y, height: 1, ..area }, ink);
        y += 1;
    }
}

fn line(area: Rect, y: &mut u16, phrase: &Phrase<'_>, ink: &mut Ink<'_>) {
    if *y < area.bottom() {
        ink.phrase(area.x, *y, area.right(), phrase);
        *y += 1;
    }
}

/// The build's own line: what is worst of its steps.
fn build(delivery: &Delivery) -> Phrase<'static> {
    let own = delivery.steps.iter().filter(|s| matches!(s.kind, StepKind::Build | StepKind::Push));
    let order = [StepState::Failed, StepState::Running, StepState::Waiting, StepState::Unknown];
    let worst = own.min_by_key(|s| order.iter().position(|o| *o == s.state).unwrap_or(order.len()));
    let (mark, role) = worst.map_or(("?", Role::Unknown), sign);
    Phrase::of(mark, role).and(" CodeBuild", Role::Text)
}

fn draw_step(v: &View<'_>, step: &Step, before: &'static str, here: bool, area: Rect, ink: &mut Ink<'_>) {
    const TITLE: u16 = 24;
    const WHEN: u16 = 12;
    let (mark, role) = sign(step);
    let name = if here { Role::Title } else { Role::Text };
    let head = Phrase::of(before, Role::Border).and(mark, role).and(" ", Role::Text).and(step.kind.title(), name);
    ink.phrase(area.x, area.y, area.x + TITLE, &head);
    let took = match (step.state, step.seconds) {
        (StepState::Running, Some(s)) => Phrase::of(format!("{} so far", text::duration(s)), Role::Info),
        (_, Some(s)) if s > 0 => Phrase::labelled("took", text::duration(s), Role::Text),
        _ => Phrase::new(),
    };
    let when = step.since.filter(|_| step.state != StepState::Running).map(|at| text::ago(at, v.now));
    // What a step says may go on where it has no times.
    let mut end = area.right();
    if area.width >= 60 {
        let x = ink.phrase_right(area.y, end, &Phrase::of(when.unwrap_or_default(), Role::Muted));
        end = if took.is_empty() { x } else { end - WHEN };
    }
    if area.width >= 44 && !took.is_empty() {
        end = ink.phrase_right(area.y, end, &took);
    }
    let end = if end < area.right() { end.saturating_sub(2) } else { end };
    let (said, role) = match step.state {
        StepState::Waiting if step.detail.is_empty() => ("waiting", Role::Muted),
        StepState::Unknown if step.detail.is_empty() => ("unknown", Role::Unknown),
        StepState::Waiting | StepState::Unused | StepState::Unknown if step.level < Level::Degraded => (step.detail.as_str(), Role::Muted),
        _ => (step.detail.as_str(), tone(step.level)),
    };
    ink.put(area.x + TITLE, area.y, end, said, role);
}
