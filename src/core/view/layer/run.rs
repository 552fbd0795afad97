//! How a run goes: its steps, how long it has taken against how long it usually takes, and its end with the way back. And what an earlier
//! process left without an outcome.

use ratatui::layout::Rect;

use super::panel::{Panel, labelled, marked};
use crate::model::plan::{End, Outcome, Run, StepState, Unfinished};
use crate::model::text;
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Cells of the bar of time.
const BAR: usize = 30;

pub(super) fn draw(v: &View<'_>, run: &Run, body: Rect, ink: &mut Ink<'_>) {
    let undoes = run.end.is_some() && run.plan.undo_request.is_some();
    let keys: &[(&str, &str)] = match (&run.end, undoes) {
        (None, _) => &[("Esc", "run in background")],
        (Some(_), true) => &[("Esc", "close"), ("u", "plan the undo")],
        (Some(_), false) => &[("Esc", "close")],
    };
    let mut panel = Panel::new(Phrase::of(run.plan.title.as_str(), Role::Title), keys);
    let room = panel.room(body);
    panel.right = match &run.end {
        None => Phrase::of("in progress", Role::Info),
        Some(end) => Phrase::of(end.outcome.word(), outcome(end.outcome).1),
    };
    for c in &run.plan.changes {
        panel.lines.push(Phrase::labelled(&c.what, &*c.before, Role::Text).and("  →  ", Role::Accent).and(&*c.after, Role::Title));
    }
    panel.lines.push(Phrase::new());
    if run.steps.is_empty() && run.end.is_none() {
        panel.lines.push(Phrase::of("◐ ", Role::Info).and("sent, checking …", Role::Text));
    }
    for step in &run.steps {
        let (mark, role) = state(step.state);
        let words = if step.state == StepState::Todo { Role::Muted } else { Role::Text };
        panel.lines.extend(marked(mark, role, &step.text, words, room));
    }
    if let Some(trouble) = run.trouble.as_ref().filter(|_| run.end.is_none()) {
        panel.lines.extend(marked("▲", Role::Warn, &format!("{trouble}; retrying"), Role::Text, room));
    }
    if let Some(why) = &run.unrecorded {
        let happened = run.end.as_ref().map_or("sent", |e| e.outcome.word());
        let said = format!("{happened}, but not recorded: {why}");
        panel.lines.extend(marked("▲", Role::Warn, &said, Role::Text, room));
    }
    panel.lines.push(Phrase::new());
    match &run.end {
        None => panel.lines.push(time(run, run.elapsed(v.now))),
        Some(end) => ended(run, end, room, &mut panel.lines),
    }
    panel.draw(body, ink);
}

/// Elapsed time as a bar: full at what it usually takes at the most.
fn time(run: &Run, elapsed: i64) -> Phrase<'static> {
    let usual = run.plan.takes;
    let filled = ((elapsed * BAR as i64) / usual.to.max(1)).clamp(0, BAR as i64) as usize;
    let role = if elapsed > usual.to { Role::Warn } else { Role::Accent };
    let bar = Phrase::of("━".repeat(filled), role).and("─".repeat(BAR - filled), Role::Faint);
    let late = if elapsed > usual.to { "longer than usual: " } else { "usually " };
    bar.and(format!("  {}", text::duration(elapsed)), Role::Title)
        .and(format!("   {late}{} to {}", text::duration(usual.from), text::duration(usual.to)), Role::Muted)
}

fn ended<'a>(run: &'a Run, end: &'a End, room: usize, lines: &mut Vec<Phrase<'a>>) {
    let (mark, role) = outcome(end.outcome);
    lines.extend(marked(mark, role, &end.text, Role::Title, room));
    lines.extend(labelled("took", &text::duration(run.elapsed(end.at)), Role::Text, room));
    if !run.request_ids.is_empty() {
        lines.extend(labelled("request", &run.request_ids.join(" "), Role::Muted, room));
    }
    if !end.next.is_empty() {
        lines.extend(labelled(if end.outcome == Outcome::Done { "undo" } else { "next" }, &end.next, Role::Text, room));
    }
}

fn outcome(of: Outcome) -> (&'static str, Role) {
    match of {
        Outcome::Done => ("●", Role::Ok),
        Outcome::Failed => ("✖", Role::Crit),
        Outcome::TakenBack => ("▲", Role::Warn),
        Outcome::Unknown => ("?", Role::Unknown),
    }
}

fn state(of: StepState) -> (&'static str, Role) {
    match of {
        StepState::Todo => ("○", Role::Muted),
        StepState::Doing => ("◐", Role::Info),
        StepState::Done => ("●", Role::Ok),
        StepState::Failed => ("✖", Role::Crit),
    }
}

/// Intents of the audit log that have no outcome.
pub(super) fn unfinished(v: &View<'_>, list: &[Unfinished], index: usize, body: Rect, ink: &mut Ink<'_>) {
    let keys: &[(&str, &str)] = &[("Enter", "open"), ("c", "acknowledge all"), ("Esc", "close")];
    let mut panel = Panel::new(Phrase::of("Outcome unknown", Role::Warn), keys);
    let room = panel.room(body);
    let text = "The audit log has the intent but no outcome: the program ended in between. The action may have run.";
    panel.lines.extend(wrap(text, room).into_iter().map(|line| Phrase::of(line, Role::Muted)));
    panel.lines.push(Phrase::new());
    for (i, item) in list.iter().enumerate() {
        let line = format!("{}  {}   {}   by {}", item.at.format("%d %b %H:%M:%SZ"), item.title, item.request, item.who);
        let mark = Phrase::of(format!("{:>6} ago  ", text::age(item.at, v.now)), Role::Muted);
        panel.lines.push(mark.and(line, if i == index { Role::Selection } else { Role::Text }));
    }
    panel.scroll = index.saturating_sub(usize::from(body.height) / 2);
    panel.draw(body, ink);
}
