//! The configured stacks, one under the other, with where each is and how it was when it was looked at.

use ratatui::layout::Rect;

use super::panel::Panel;
use crate::insight::Counts;
use crate::model::health::Level;
use crate::model::identity::grouped;
use crate::model::mode::Mode;
use crate::model::stack::StackChoice;
use crate::model::text;
use crate::session::Glance;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{counted, glyph, stack_role};
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Draws the list.
pub(super) fn draw(v: &View<'_>, index: usize, body: Rect, ink: &mut Ink<'_>) {
    let keys: &[(&str, &str)] = &[("Enter", "change to it"), ("R", "look again"), ("Esc", "close")];
    let mut panel = Panel::new(Phrase::of("Stacks", Role::Title), keys);
    let stacks = &v.session.stacks;
    let widest = |of: fn(&StackChoice) -> usize| stacks.iter().map(of).max().unwrap_or(0);
    let (name, region) = (widest(|s| s.name.chars().count()), widest(|s| s.region.chars().count()));
    for (i, stack) in stacks.iter().enumerate() {
        let account = if stack.account.is_empty() { "any account".to_owned() } else { grouped(&stack.account) };
        let words = if i == index { Role::Selection } else { Role::Title };
        let line = Phrase::of("  ", stack_role(stack.color))
            .and(format!(" {:<name$}  {:<region$}  {account:<14} ", stack.name, stack.region), words)
            .and(" ", Role::Text);
        panel.lines.push(line.then(how(v, stack)));
    }
    // Of the selected one, in full: in its row there is no room.
    let room = panel.room(body);
    if let Some(why) = stacks.get(index).map(|s| why(v, s)).filter(|why| !why.is_empty()) {
        panel.lines.push(Phrase::new());
        panel.lines.extend(wrap(why, room).into_iter().map(|line| Phrase::of(line, Role::Text)));
    }
    if v.session.mode() == Mode::Armed {
        panel.lines.push(Phrase::new());
        panel.lines.push(Phrase::of("The other stack begins SAFE: this one is armed, not that one.", Role::Muted));
    }
    panel.scroll = index.saturating_sub(usize::from(body.height.saturating_sub(6)));
    panel.draw(body, ink);
}

/// How it is: this one as the screen says, another as it was.
fn how<'a>(v: &View<'a>, stack: &StackChoice) -> Phrase<'a> {
    if stack.current {
        return judged(&v.judgement.counts).and("  on the screen", Role::Muted);
    }
    match v.session.glances.get(&stack.name) {
        None => Phrase::of("◌ not looked at", Role::Muted),
        Some(Glance::Asking) => Phrase::of("◌ asking", Role::Muted),
        Some(Glance::Failed { at, .. }) => {
            let (mark, role) = glyph(Level::Unknown);
            Phrase::of(mark, role).and(" not seen", Role::Text).and(format!("  {}", text::age(*at, v.now)), Role::Muted)
        }
        Some(Glance::Judged { counts, at, .. }) => judged(counts).and(format!("  {}", text::age(*at, v.now)), Role::Muted),
    }
}

/// Why it is as it is: the worst of its nodes, or what kept it from being seen.
fn why<'a>(v: &View<'a>, stack: &StackChoice) -> &'a str {
    match v.session.glances.get(&stack.name) {
        Some(Glance::Failed { why, .. }) => why,
        Some(Glance::Judged { reason, .. }) => reason,
        Some(Glance::Asking) | None => "",
    }
}

fn judged<'a>(counts: &Counts) -> Phrase<'a> {
    counted(counts, 0).unwrap_or_default()
}
