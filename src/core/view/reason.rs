//! Why a node is not healthy, in as many lines as there are.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::View;
use super::figures::{glyph, name, tone};
use super::widget::phrase::wrap;
use super::widget::{Ink, Phrase};
use crate::incident::Incident;
use crate::insight::NodeId;
use crate::model::health::{Level, Reason};
use crate::model::text::clip;
use crate::theme::Role;

/// The reasons that a person should read, worst first: no notes, and not again what the banner says of everything.
pub(crate) fn reasons<'a>(v: &View<'a>, node: &NodeId) -> &'a [Reason] {
    let Some(verdict) = v.judgement.of(node).filter(|j| j.level >= Level::Unknown && !j.is_loading()) else { return &[] };
    if verdict.level == Level::Unknown && v.session.blocked().is_some() {
        return &[];
    }
    let notes = verdict.reasons.partition_point(|r| r.level >= Level::Unknown);
    verdict.reasons.get(..notes).unwrap_or_default()
}

/// What a node is to an incident: what it is about has failed, the others follow.
fn part_in(incident: &Incident, node: &NodeId) -> &'static str {
    if incident.is_about(node) { "" } else { "follows from: " }
}

/// The reasons of several nodes with the name of each in front; of one node as they are.
fn told<'a>(v: &View<'a>, nodes: &[NodeId]) -> Vec<(Level, Cow<'a, str>)> {
    let named = |node: &NodeId, r: &'a Reason| match nodes.len() {
        1 => Cow::Borrowed(r.text.as_str()),
        _ => Cow::Owned(format!("{}: {}", name(node), r.text)),
    };
    let mut all: Vec<_> = nodes.iter().flat_map(|n| reasons(v, n).iter().map(move |r| (r.level, named(n, r)))).collect();
    all.sort_by_key(|r| std::cmp::Reverse(r.0));
    if let Some((node, incident)) = nodes.iter().find_map(|n| Some((n, v.session.follows_from(n)?))) {
        all.insert(0, (incident.severity.level(), Cow::Owned(format!("{}{}", part_in(incident, node), incident.name))));
    }
    all
}

/// The reasons wrapped under each other, worst first; returns how many of them had no room.
pub(crate) fn draw(v: &View<'_>, nodes: &[NodeId], area: Rect, ink: &mut Ink<'_>) -> usize {
    let mut y = area.y;
    let all = told(v, nodes);
    for (i, (level, text)) in all.iter().enumerate() {
        if y >= area.bottom() {
            return all.len() - i;
        }
        let (mark, role) = glyph(*level);
        ink.put(area.x, y, area.right(), mark, role);
        let rest = Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: area.bottom() - y };
        y = ink.prose(rest, text, tone(*level));
    }
    0
}

/// All reasons behind each other, wrapped at the words.
pub(crate) fn wrapped(v: &View<'_>, node: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let follows = v.session.follows_from(node).map(|i| format!("{}{}", part_in(i, node), i.name));
    let own = reasons(v, node).iter().map(|r| r.text.as_str());
    let text = follows.as_deref().into_iter().chain(own).collect::<Vec<_>>().join(" · ");
    let worst = reasons(v, node).first().map_or(Role::Text, |r| tone(r.level));
    if area.height == 1 {
        ink.phrase(area.x, area.y, area.right(), &line(v, node));
    } else {
        ink.prose(area, &text, worst);
    }
}

/// How many rows the reasons take in that width, at most `most`.
pub(crate) fn height(v: &View<'_>, nodes: &[NodeId], width: u16, most: u16) -> u16 {
    let width = usize::from(width.saturating_sub(2));
    let rows: usize = told(v, nodes).iter().map(|r| wrap(&r.1, width).len()).sum();
    (rows as u16).min(most)
}

/// The worst reason in exactly so many cells.
pub(crate) fn clipped<'a>(v: &View<'a>, node: &NodeId, width: usize) -> Phrase<'a> {
    let worst = reasons(v, node).first();
    worst.map(|r| Phrase::of(clip(&r.text, width), tone(r.level))).unwrap_or_default().padded(width)
}

/// All reasons on one line.
pub(crate) fn line<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    let mut line = Phrase::new();
    if let Some(incident) = v.session.follows_from(node) {
        line = line.and(part_in(incident, node), Role::Muted).and(incident.name.as_str(), Role::Text).and(" · ", Role::Muted);
    }
    for (i, reason) in reasons(v, node).iter().enumerate() {
        if i > 0 {
            line = line.and(" · ", Role::Muted);
        }
        line = line.and(reason.text.as_str(), tone(reason.level));
    }
    line
}
