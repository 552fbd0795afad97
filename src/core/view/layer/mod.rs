//! What lies above the body: help, what is said on a screen that is too small, and the layers of actions.

mod ask;
pub(super) mod help;
mod owed;
mod panel;
mod plan;
mod query;
mod run;
mod stacks;
pub(super) mod too_small;

use ratatui::layout::Rect;

use super::View;
use super::widget::Ink;
use crate::session::act::Act;

/// Draws the layer of actions, if one is open.
pub(super) fn act(v: &View<'_>, body: Rect, ink: &mut Ink<'_>) {
    match v.session.act() {
        None => {}
        Some(Act::Menu(menu)) => ask::menu(menu, body, ink),
        Some(Act::Form(form)) => ask::form(form, body, ink),
        Some(Act::Planning { request, since }) => plan::planning(v, request, *since, body, ink),
        Some(Act::Planned(planned)) => plan::draw(v, planned, body, ink),
        Some(Act::Refused { request, refusal }) => plan::refused(request, refusal, body, ink),
        Some(Act::Arming { typed, wrong, .. }) => plan::arming(v, typed, *wrong, body, ink),
        Some(Act::Running(id)) => {
            if let Some(found) = v.session.run(id) {
                run::draw(v, found, body, ink);
            }
        }
        Some(Act::Palette(palette)) => ask::palette(v, palette, body, ink),
        Some(Act::Values(values)) => ask::values(values, body, ink),
        Some(Act::Words(words)) => ask::words(words, body, ink),
        Some(Act::Query(querying)) => query::draw(v, querying, body, ink),
        Some(Act::Stacks { index }) => stacks::draw(v, *index, body, ink),
        Some(Act::Owed { index }) => owed::draw(v, *index, body, ink),
        Some(Act::Unfinished { list, index }) => run::unfinished(v, list, *index, body, ink),
    }
}
