//! Asking for a query of Logs Insights: the line to type it, and what it may cost before it runs.

use ratatui::layout::Rect;

use super::panel::{Panel, labelled, marked};
use crate::log::insights::before;
use crate::model::query::Estimate;
use crate::model::section::Problem;
use crate::model::text;
use crate::session::act::Querying;
use crate::session::query::{Question, span};
use crate::theme::Role;
use crate::view::View;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Ink, Phrase};

/// Lines of a query that are shown; the rest is its author's.
const TEXT: usize = 6;

pub(super) fn draw(v: &View<'_>, querying: &Querying, body: Rect, ink: &mut Ink<'_>) {
    match querying {
        Querying::Typing { typed, wrong, .. } => typing(typed, wrong.as_deref(), body, ink),
        Querying::Estimating { question, since } => {
            let waits = format!("asking how much is stored, for {}", text::age(*since, v.now));
            asking(v, question, &marked("◔", Role::Info, &waits, Role::Text, room(body)), &[("w", "window"), ("Esc", "cancel")], body, ink);
        }
        Querying::Asking { question, estimate } => {
            let keys: &[(&str, &str)] = &[("Enter", "run it"), ("w", "window"), ("Esc", "do not")];
            asking(v, question, &cost(estimate, room(body)), keys, body, ink);
        }
    }
}

fn panel<'a>(title: &'a str, keys: &'a [(&'a str, &'a str)]) -> Panel<'a> {
    let mut panel = Panel::new(Phrase::of(title, Role::Title), keys);
    panel.width = 84;
    panel
}

fn room(body: Rect) -> usize {
    panel("", &[]).room(body)
}

fn typing(typed: &str, wrong: Option<&str>, body: Rect, ink: &mut Ink<'_>) {
    let mut panel = panel("Logs Insights query", &[("Enter", "what it may cost"), ("↑", "earlier ones"), ("Esc", "cancel")]);
    let room = panel.room(body);
    // What is typed goes on in the next line: nothing of it is out of sight.
    panel.lines.extend(wrap(&format!("{typed}█"), room).into_iter().map(|line| Phrase::of(line, Role::Title)));
    panel.lines.push(Phrase::new());
    panel.lines.extend(match wrong {
        Some(wrong) => marked("▲", Role::Warn, wrong, Role::Text, room),
        None => {
            wrap("A name of the list with its value, or a whole query: filter @message like /timeout/ | stats count() by bin(5m)", room)
                .into_iter()
                .map(|line| Phrase::of(line, Role::Muted))
                .collect()
        }
    });
    panel.draw(body, ink);
}

fn asking<'a>(v: &View<'a>, question: &'a Question, costs: &[Phrase<'a>], keys: &'a [(&'a str, &'a str)], body: Rect, ink: &mut Ink<'_>) {
    let mut panel = panel("Run this query?", keys);
    let room = panel.room(body);
    if let Some(name) = &question.name {
        panel.lines.push(Phrase::of(name.as_str(), Role::Title));
    }
    let asked = &question.asked;
    panel.lines.extend(asked.text.lines().flat_map(|line| wrap(line, room)).take(TEXT).map(|line| Phrase::of(line, Role::Text)));
    panel.lines.push(Phrase::new());
    let window = format!("{}: {} to {} UTC", span(v.session), asked.from.format("%d %b %H:%M"), asked.until.format("%d %b %H:%M"));
    panel.lines.extend(labelled("window", &window, Role::Text, room));
    panel.lines.extend(labelled("groups", &asked.groups.join(", "), Role::Text, room));
    panel.lines.push(Phrase::new());
    panel.lines.extend_from_slice(costs);
    panel.draw(body, ink);
}

/// What it may cost; who may not see sizes may query all the same.
fn cost<'a>(estimate: &Result<Estimate, Problem>, room: usize) -> Vec<Phrase<'a>> {
    match estimate {
        Ok(estimate) => labelled("cost", &before(estimate), Role::Text, room),
        Err(problem) => marked("▲", Role::Warn, &format!("no estimate of the cost: {}", problem.headline), Role::Text, room),
    }
}
