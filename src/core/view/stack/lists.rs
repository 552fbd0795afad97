//! The boxes that are lists under their own title: alarms, timeline, log tail.

use ratatui::layout::Rect;

use super::{age, rect, service};
use crate::model::alarm::Alarms;
use crate::model::log::LogTail;
use crate::session::filter::Filter;
use crate::session::layout::Placed;
use crate::session::pane::timeline as timeline_rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::pane::{alarms as alarm_pane, logs as log_pane, timeline as timeline_pane};
use crate::view::state::{ready, stale};
use crate::view::widget::{Ink, Phrase};

fn focus(v: &View<'_>, placed: &Placed) -> bool {
    placed.node == *v.session.selected()
}

/// A heading that is a rule; bold and accented while it is selected.
fn heading<'a>(v: &View<'a>, placed: &Placed, name: &'static str) -> Phrase<'a> {
    Phrase::of(name, if focus(v, placed) { Role::Title } else { Role::Muted })
}

pub(super) fn alarms(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let (mark, role) = v.badge(&placed.node);
    let title = heading(v, placed, "alarms").and("  ", Role::Text).and(mark, role);
    let alarms = ready::<Alarms>(v);
    let title = match &alarms {
        Ok(alarms) => title.then(alarm_pane::summary(alarms)),
        Err(lines) if placed.place.h < 2 => title.and(" ", Role::Text).then(lines.first().cloned().unwrap_or_default()),
        Err(_) => title,
    };
    let inner = ink.rule(rect(placed.place), &title, &age(v, &placed.node), focus(v, placed));
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match alarms {
        Ok(_) => alarm_pane::brief(v, inner, ink),
        Err(lines) => service::explain(&lines, inner, ink),
    }
}

pub(super) fn timeline(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let inner = ink.rule(rect(placed.place), &heading(v, placed, "timeline"), &Phrase::new(), focus(v, placed));
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let rows = timeline_rows::timeline(v.session, &Filter::default());
    if rows.is_empty() {
        ink.put(inner.x, inner.y, inner.right(), "no changes yet", Role::Muted);
    }
    timeline_pane::draw_rows(v, &rows, inner, ink);
}

pub(super) fn logs(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let title = heading(v, placed, "logs").and(" ", Role::Text).and(v.session.stack.first_log_group(), Role::Muted);
    let old = stale::<LogTail>(v);
    let right = if old.is_empty() && v.store.at::<LogTail>().is_some() { Phrase::of("following", Role::Muted) } else { old };
    let inner = ink.rule(rect(placed.place), &title, &right, focus(v, placed));
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match ready::<LogTail>(v) {
        Ok(tail) => log_pane::tail_of(v, tail, None, inner, ink),
        Err(lines) => service::explain(&lines, inner, ink),
    }
}
