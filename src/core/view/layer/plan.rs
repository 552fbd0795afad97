//! A plan before anything is sent, and the layers round it: while it is made, why there is none, arming.

use ratatui::layout::Rect;

use super::panel::{Panel, labelled, marked, typed};
use crate::model::Time;
use crate::model::action::{Request, Spec, Tier};
use crate::model::identity::grouped;
use crate::model::mode::Mode;
use crate::model::plan::{Plan, Refusal, Verdict};
use crate::model::text;
use crate::session::act::Planned;
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// The plan with its confirmation.
pub(super) fn draw(v: &View<'_>, planned: &Planned, body: Rect, ink: &mut Ink<'_>) {
    let plan = &planned.plan;
    let mut panel = Panel::new(Phrase::of(plan.title.as_str(), Role::Title), keys(v, planned));
    panel.right = tier(plan.tier);
    panel.scroll = planned.scroll;
    let room = panel.room(body);
    panel.lines = lines(plan, room);
    if planned.moved {
        let text = "the state changed since your plan: nothing was sent, this is the new plan";
        panel.lines.splice(0..0, marked("▲", Role::Warn, text, Role::Warn, room));
    }
    panel.pinned = confirmation(v, planned, room);
    panel.draw(body, ink);
}

fn tier(tier: Tier) -> Phrase<'static> {
    Phrase::of(tier.word(), if tier == Tier::T2 { Role::Crit } else { Role::Muted })
}

fn keys(v: &View<'_>, planned: &Planned) -> &'static [(&'static str, &'static str)] {
    let plan = &planned.plan;
    match plan.confirmation() {
        _ if planned.sent => &[("Esc", "run in background")],
        _ if plan.is_refused() && plan.instead.is_some() => &[("n", "plan that instead"), ("Esc", "cancel"), ("y", "copy command")],
        _ if plan.is_refused() || !v.session.may_act() => &[("Esc", "cancel"), ("y", "copy command")],
        Some(_) => &[("Enter", "run"), ("Esc", "cancel"), ("Ctrl-Y", "copy command")],
        None if planned.go => &[("←→", "select"), ("Enter", "run"), ("Esc", "cancel"), ("y", "copy command")],
        None => &[("←→", "select"), ("Enter", "cancel"), ("y", "copy command")],
    }
}

/// The plan as lines, without its confirmation.
fn lines(plan: &Plan, room: usize) -> Vec<Phrase<'_>> {
    let resource = &plan.resource;
    let head =
        Phrase::labelled(&resource.kind, resource.name.as_str(), Role::Title).and("   ", Role::Text).and(&*resource.detail, Role::Text);
    let who = plan.principal.rsplit('/').next().unwrap_or_default();
    let place = Phrase::of(grouped(&plan.account), Role::Text).and(" ", Role::Text).and(&*plan.region, Role::Text);
    let mut lines = vec![head, place.and("   as ", Role::Muted).and(who, Role::Text), Phrase::new()];
    let widest = plan.changes.iter().map(|c| c.what.chars().count()).max().unwrap_or(0);
    for c in &plan.changes {
        let what = Phrase::of(format!("{:<widest$}  ", c.what), Role::Muted);
        lines.push(what.and(&*c.before, Role::Text).and("  →  ", Role::Accent).and(&*c.after, Role::Title));
    }
    for note in &plan.notes {
        lines.extend(wrap(note, room).into_iter().map(|l| Phrase::of(l, Role::Muted)));
    }
    lines.push(Phrase::new());
    for check in &plan.checks {
        let (mark, role) = verdict(check.verdict);
        let text = if check.verdict == Verdict::Fail { Role::Title } else { Role::Text };
        lines.extend(marked(mark, role, &check.text, text, room));
    }
    lines.push(Phrase::new());
    lines.extend(labelled("impact", &plan.expect, if plan.tier == Tier::T2 { Role::Warn } else { Role::Text }, room));
    for (i, call) in plan.calls.iter().enumerate() {
        lines.extend(labelled(if i == 0 { "runs" } else { "then" }, &call.cli, Role::Accent, room));
        lines.push(Phrase::of("         needs ", Role::Muted).and(&*call.iam, Role::Text));
    }
    lines.extend(labelled("undo", &plan.undo, Role::Text, room));
    lines.extend(labelled("scope", &plan.blast, Role::Text, room));
    lines.extend(labelled("takes", &format!("{} to {}", text::duration(plan.takes.from), text::duration(plan.takes.to)), Role::Text, room));
    lines
}

/// What has to be done for it to be sent, or why it cannot be.
fn confirmation<'a>(v: &View<'a>, planned: &'a Planned, room: usize) -> Vec<Phrase<'a>> {
    let plan = &planned.plan;
    let mut lines = vec![Phrase::new()];
    if planned.sent {
        lines.push(Phrase::of("◐ ", Role::Info).and("checking that nothing has changed, then sending …", Role::Text));
        return lines;
    }
    if plan.is_refused() {
        lines.extend(marked("✖", Role::Crit, "blocked by a failed check: nothing can be sent", Role::Text, room));
        if let Some(instead) = &plan.instead {
            lines.extend(labelled("instead", &instead.to_string(), Role::Accent, room));
        }
        return lines;
    }
    match v.session.mode() {
        Mode::Viewer => {
            lines.extend(marked("●", Role::BadgeViewer, "VIEWER: read-only, plans cannot be run", Role::Text, room));
            return lines;
        }
        Mode::Safe => lines.extend(marked("●", Role::BadgeSafe, "SAFE: running it asks you to arm first", Role::Muted, room)),
        Mode::Armed => {}
    }
    if let Some(word) = plan.confirmation() {
        lines.push(Phrase::of("type ", Role::Text).and(word, Role::Title).and(" and press Enter", Role::Text));
        lines.push(typed("›", &planned.typed));
        lines.extend(planned.wrong.map(|w| Phrase::of(w, Role::Warn)));
    } else {
        lines.push(button("Cancel", !planned.go).and("   ", Role::Text).then(button("Run", planned.go)));
    }
    lines
}

fn button(word: &'static str, focus: bool) -> Phrase<'static> {
    let role = if focus { Role::Selection } else { Role::Muted };
    Phrase::of(format!("[ {word} ]"), role)
}

fn verdict(of: Verdict) -> (&'static str, Role) {
    match of {
        Verdict::Pass => ("●", Role::Ok),
        Verdict::Warn => ("▲", Role::Warn),
        Verdict::Unknown => ("?", Role::Unknown),
        Verdict::Fail => ("✖", Role::Crit),
    }
}

/// While the plan is made.
pub(super) fn planning(v: &View<'_>, request: &Request, since: Time, body: Rect, ink: &mut Ink<'_>) {
    let mut panel = Panel::new(Phrase::of(title(request), Role::Title), &[("Esc", "cancel")]);
    let waited = (v.now - since).num_seconds();
    let age = if waited > 0 { format!(" {}", text::duration(waited)) } else { String::new() };
    panel.lines = vec![Phrase::of("◐ ", Role::Info).and(format!("reading the current state …{age}"), Role::Text)];
    panel.draw(body, ink);
}

/// Why there is no plan, or why it was not sent.
pub(super) fn refused(request: &Request, refusal: &Refusal, body: Rect, ink: &mut Ink<'_>) {
    let mut panel = Panel::new(Phrase::of(title(request), Role::Title), &[("Esc", "cancel")]);
    let room = panel.room(body);
    let (mark, role) = match refusal {
        Refusal::CannotTell(_) => ("?", Role::Unknown),
        Refusal::Usage(_) | Refusal::Check(_) | Refusal::ReadOnly(_) => ("✖", Role::Crit),
    };
    for (i, line) in refusal.text().lines().enumerate() {
        let sign = if i == 0 { mark } else { " " };
        panel.lines.extend(marked(sign, role, line.trim(), Role::Text, room));
    }
    panel.draw(body, ink);
}

fn title(request: &Request) -> String {
    let spec = Spec::find(&request.action);
    let title = spec.map_or(request.action.as_str(), |s| s.title);
    if request.target.is_empty() { title.to_owned() } else { format!("{title} {}", request.target) }
}

/// Typing the stack's name, to be armed.
pub(super) fn arming(v: &View<'_>, line: &str, wrong: bool, body: Rect, ink: &mut Ink<'_>) {
    let mut panel = Panel::new(Phrase::of("Arm this dashboard", Role::Title), &[("Enter", "arm"), ("Esc", "cancel")]);
    panel.width = 76;
    let room = panel.room(body);
    let text = "While armed, confirmed plans are run. Back to safe after 15 idle minutes.";
    panel.lines.extend(wrap(text, room).into_iter().map(|l| Phrase::of(l, Role::Muted)));
    panel.lines.push(Phrase::new());
    panel.lines.push(
        Phrase::of("type the stack name, ", Role::Text).and(v.session.stack_name(), Role::Title).and(", and press Enter", Role::Text),
    );
    panel.lines.push(typed("›", line));
    if wrong {
        panel.lines.push(Phrase::of("wrong name", Role::Warn));
    }
    panel.draw(body, ink);
}
