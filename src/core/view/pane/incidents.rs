//! Incidents: those that go on and those that are over, and the selected one in full: on what it rests, what it makes of other boxes, what was
//! changed before, what to do next.

use ratatui::layout::Rect;

use super::detail::{Detail, selected};
use super::{List, split, tabs, text};
use crate::incident::{Incident, Phase, Symptom};
use crate::model::health::Level;
use crate::model::text::duration;
use crate::session::Screen;
use crate::session::pane::incidents as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{clock, glyph, name, short_clock};
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = rows::listed(v.session, &state);
    let inner = tabs(v, screen, Phrase::new(), area, ink);
    let wanted = (all.len() as u16 + 2).clamp(3, (inner.height / 3).max(4));
    let (list, rest) = split(inner, wanted);
    let empty = "no incident is known: what goes wrong with a name, and since when, appears here";
    List { panel: 0, columns: rows::INCIDENTS, rows: all.len(), empty }
        .draw(v, screen, list, ink, |i| all.get(i).map_or_else(Vec::new, |incident| row(v, incident)));
    if let Some(incident) = all.get(selected(v, screen, 0)) {
        let mut detail = detail(v, incident);
        // The lines before the one that was gone to are above.
        let above = selected(v, screen, 1).min(detail.pairs.len().saturating_sub(1));
        detail.pairs.drain(..above);
        let more = detail.is_cut(rest).then(|| Phrase::of(if screen.panel == 1 { "↓ more" } else { "Tab ↓ more" }, Role::Key));
        detail.draw_with(&more.unwrap_or_default(), rest, ink);
    }
}

/// The sign and the look of an incident.
pub(crate) fn sign(incident: &Incident) -> (&'static str, Role) {
    match incident.phase {
        Phase::Closed => (Level::Healthy.sign(), Role::Muted),
        Phase::Recovering => glyph(Level::Info),
        Phase::Open => glyph(incident.severity.level()),
    }
}

fn row<'a>(v: &View<'a>, incident: &'a Incident) -> Vec<Phrase<'a>> {
    let (mark, role) = sign(incident);
    let tone = if incident.phase == Phase::Closed { Role::Muted } else { Role::Text };
    vec![
        Phrase::of(mark, role),
        Phrase::of(incident.name.as_str(), tone),
        Phrase::of(state(incident), if incident.phase == Phase::Open { role } else { tone }),
        Phrase::of(clock(Some(incident.since), v.now), Role::Muted),
        text(duration(incident.lasts(v.now).num_seconds().max(0))),
        Phrase::of(incident.acknowledged.as_ref().map_or("", |a| a.by.as_str()), tone),
    ]
}

/// Where it stands; that somebody has it in hand is part of that.
fn state(incident: &Incident) -> &'static str {
    match (incident.phase, &incident.acknowledged) {
        (Phase::Open, Some(_)) => "in hand",
        (phase, _) => phase.word(),
    }
}

/// What the pane says of one, the most telling first.
fn detail<'a>(v: &View<'a>, incident: &'a Incident) -> Detail<'a> {
    let cause = match incident.cause.as_str() {
        "" => Phrase::of("not known", Role::Muted),
        cause => Phrase::of(format!("{cause} ({})", incident.confidence.word()), Role::Text),
    };
    let mut detail = Detail::new(incident.name.as_str()).with("cause", cause).maybe("next", next(incident));
    for (i, line) in incident.evidence.iter().enumerate() {
        let at = line.at.map_or_else(String::new, |at| format!(", {}", short_clock(at, v.now)));
        let said = Phrase::of(format!("{} [{}{at}]", line.text, line.source), Role::Text);
        detail = detail.with(if i == 0 { "evidence" } else { "" }, said);
    }
    // What stands in the box of another one that follows, too, is told there.
    let told = |s: &&Symptom| {
        let part_of = s.node.system().spec().part_of;
        !part_of.is_some_and(|whole| incident.symptoms.iter().any(|other| other.node.system() == whole))
    };
    for (i, symptom) in incident.symptoms.iter().filter(told).enumerate() {
        let (_, role) = glyph(symptom.level);
        let over = symptom.until.map_or_else(String::new, |until| format!(", until {}", short_clock(until, v.now)));
        let role = if symptom.until.is_some() { Role::Muted } else { role };
        let said = Phrase::of(format!("{}: {}{over}", name(&symptom.node), symptom.text), role);
        detail = detail.with(if i == 0 { "follows" } else { "" }, said);
    }
    for (i, change) in incident.changes.iter().take(rows::CHANGES).enumerate() {
        let said = Phrase::of(format!("{} {}: {}", short_clock(change.at, v.now), name(&change.node), change.text), Role::Text);
        detail = detail.with(if i == 0 { "changed" } else { "" }, said);
    }
    let times = [("detected", Some(incident.detected_at)), ("recovered", incident.recovered_at), ("closed", incident.closed_at)];
    let times: Vec<String> = times.into_iter().filter_map(|(word, at)| Some(format!("{word} {}", short_clock(at?, v.now)))).collect();
    detail = detail.with("times", Phrase::of(times.join(", "), Role::Text));
    let taken = incident.acknowledged.as_ref().map(|a| Phrase::of(format!("{} at {}", a.by, short_clock(a.at, v.now)), Role::Text));
    detail.maybe("acknowledged", taken)
}

/// What to do next, with its key.
fn next(incident: &Incident) -> Option<Phrase<'_>> {
    if !incident.is_open() {
        return None;
    }
    let mut line = Phrase::new();
    if !incident.runbook.is_empty() {
        line = line.and("b", Role::Key).and(format!(" runbook {}   ", incident.runbook), Role::Text);
    }
    if incident.acknowledged.is_none() {
        line = line.and("A", Role::Key).and(" acknowledge   ", Role::Text);
    }
    Some(line.and("Enter", Role::Key).and(" the box that it is about", Role::Text))
}
