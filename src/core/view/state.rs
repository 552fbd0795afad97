//! How a section that has no value looks: still loading, never asked, no permission, failed. And how an old value is marked.

use super::View;
use super::widget::Phrase;
use crate::model::section::{Loadable, Section};
use crate::model::text;
use crate::theme::Role;

/// The value, or the lines that say why there is none.
pub(crate) fn ready<'a, T: Section>(v: &View<'a>) -> Result<&'a T, Vec<Phrase<'a>>> {
    let entry = v.store.entry(T::KEY);
    if entry.is_none() && !v.stack.reads(T::KEY) {
        return Err(vec![Phrase::of(format!("{}: not used by this stack", T::TITLE), Role::Muted)]);
    }
    match v.store.load::<T>(v.now) {
        Loadable::Ready(value) | Loadable::Stale { value, .. } => Ok(value),
        Loadable::Idle => Err(vec![Phrase::of(format!("Loading {}…", T::TITLE), Role::Muted)]),
        Loadable::Loading { since } => {
            let waited = since.map(|s| (v.now - s).num_seconds()).filter(|s| *s > 0);
            let waited = waited.map(|s| format!(" ({})", text::duration(s))).unwrap_or_default();
            Err(vec![Phrase::of(format!("Loading {}…{waited}", T::TITLE), Role::Muted)])
        }
        Loadable::Denied { permission } => {
            let mut lines = vec![
                Phrase::of("▲ ", Role::Warn).and(format!("access denied: {}", T::TITLE), Role::Text),
                Phrase::labelled("needs", permission, Role::Title),
            ];
            lines.extend(
                entry.and_then(|e| e.problem.as_ref()).filter(|p| !p.hint.is_empty()).map(|p| Phrase::of(p.hint.as_str(), Role::Muted)),
            );
            Err(lines)
        }
        Loadable::Failed(problem) => {
            let mut lines = vec![Phrase::of("▲ ", Role::Warn).and(problem.headline.as_str(), Role::Text)];
            if !problem.hint.is_empty() {
                lines.push(Phrase::of(problem.hint.as_str(), Role::Muted));
            }
            let retry = entry.and_then(|e| e.next_at).map(|at| (at - v.now).num_seconds()).filter(|s| *s >= 0);
            lines.extend(retry.map(|s| Phrase::of(format!("retrying in {}", text::duration(s)), Role::Muted)));
            Err(lines)
        }
    }
}

/// Why there is no value: in a word, and in full.
pub(crate) struct Missing<'a> {
    /// For a line that is shared with many others.
    pub(crate) short: Phrase<'a>,
    /// For a line.
    pub(crate) long: Phrase<'a>,
    /// For a box or a pane.
    pub(crate) lines: Vec<Phrase<'a>>,
}

/// The value, or why there is none.
pub(crate) fn known<'a, T: Section>(v: &View<'a>) -> Result<&'a T, Missing<'a>> {
    let (short, long) = match v.store.load::<T>(v.now) {
        Loadable::Denied { .. } => (Phrase::of("denied", Role::Warn), Phrase::of("access denied", Role::Warn)),
        Loadable::Failed(problem) => (Phrase::of("failed", Role::Warn), Phrase::of(problem.headline.as_str(), Role::Warn)),
        _ => (Phrase::of("…", Role::Muted), Phrase::of("loading…", Role::Muted)),
    };
    ready::<T>(v).map_err(|lines| Missing { short, long, lines })
}

/// What a title says about an old value: its age and why there is none newer.
pub(crate) fn stale<'a, T: Section>(v: &View<'a>) -> Phrase<'a> {
    match v.store.load::<T>(v.now) {
        Loadable::Stale { since, why, .. } => {
            Phrase::of(format!("◌ {} old", text::age(since, v.now)), Role::Stale).and(" · ", Role::Muted).and(why, Role::Stale)
        }
        _ => Phrase::new(),
    }
}

/// The right end of a panel's title: a warning about age, else how old it is.
pub(crate) fn freshness<'a, T: Section>(v: &View<'a>) -> Phrase<'a> {
    let stale = stale::<T>(v);
    if !stale.is_empty() {
        return stale;
    }
    let failing = v.store.entry(T::KEY).and_then(|e| e.problem.as_ref()).filter(|_| v.store.at::<T>().is_some());
    match failing {
        Some(problem) => Phrase::of("▲ ", Role::Warn).and(problem.headline.as_str(), Role::Stale),
        None => v.age(&[T::KEY]),
    }
}
