//! What is owed, one under the other: what stands as it should not, since when, who puts it right and when. The way out of each is a plan
//! like any other; nothing is sent from here.

use ratatui::layout::Rect;

use super::panel::{Panel, marked};
use crate::model::Time;
use crate::model::obligation::{Holder, Phase, Standing};
use crate::model::text;
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::{Ink, Phrase};

/// Draws the list.
pub(super) fn draw(v: &View<'_>, index: usize, body: Rect, ink: &mut Ink<'_>) {
    let keys: &[(&str, &str)] = &[("Enter", "plan the restore"), ("Esc", "close")];
    let left = v.session.owed.iter().any(|s| s.is_left_behind(v.now));
    let (title, role) = if left { ("Orphaned", Role::Crit) } else { ("Owed", Role::Title) };
    let mut panel = Panel::new(Phrase::of(title, role), keys);
    let room = panel.room(body);
    if v.session.owed.is_empty() {
        panel.lines.push(Phrase::of("nothing owed", Role::Muted));
    }
    for (i, standing) in v.session.owed.iter().enumerate() {
        let (mark, mark_role) = mark(standing, v.now);
        let since = format!("{} for {}", standing.obligation.owed.words(), text::age(standing.obligation.since, v.now));
        let words = if i == index { Role::Selection } else { Role::Title };
        panel.lines.extend(marked(mark, mark_role, &since, words, room));
        panel.lines.extend(marked(" ", Role::Text, &who(standing, v.now), Role::Muted, room));
    }
    panel.scroll = (index * 2).saturating_sub(usize::from(body.height) / 2);
    panel.draw(body, ink);
}

fn mark(standing: &Standing, now: Time) -> (&'static str, Role) {
    match (standing.is_left_behind(now), standing.is_reminder()) {
        (true, _) => ("✖", Role::Crit),
        (false, true) => ("▲", Role::Warn),
        (false, false) => ("◔", Role::Info),
    }
}

fn who(standing: &Standing, now: Time) -> String {
    let o = &standing.obligation;
    let by = format!("by {} in account {} {}", o.who.user, o.account, o.region);
    let Some(due) = o.due else { return format!("{by}; stays until someone runs: {}", o.owed.undo()) };
    let due = due.format("%d %b %H:%M:%SZ");
    match (&standing.phase, standing.holder, standing.is_left_behind(now)) {
        (Phase::Settling { attempts, trouble: Some(trouble) }, ..) => format!("{by}; due {due}, tried {attempts} times: {trouble}"),
        (Phase::Settling { .. }, ..) => format!("{by}; due {due}, restoring"),
        (_, Holder::Us, _) => format!("{by}; restored at {due} by this dashboard"),
        (_, Holder::Nobody, _) => format!("{by}; was due {due}; the process that should restore it has exited"),
        (_, Holder::Other, true) => format!("{by}; was due {due}; process {} is not responding", o.pid),
        (_, Holder::Other, false) => format!("{by}; restored at {due} by process {}", o.pid),
    }
}
