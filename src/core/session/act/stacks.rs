//! Changing to another configured stack: a list of all with how each is, or its name in the palette. The program begins anew with the other:
//! nothing of one stack is ever shown, asked or recorded under the name of another.

use super::palette::Suggestion;
use super::{Act, Session};
use crate::input::{Code, Key};
use crate::model::Time;
use crate::session::{Effect, Glance, Tone, update};

/// Its word in the palette.
pub(super) const WORD: &str = "stack";

/// What was seen of another stack within this time is not asked again: a look costs as much as a minute of watching.
const FRESH: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// `stack` opens the list, `stack NAME` changes to one.
pub(super) fn by_line(session: &mut Session, line: &str, effects: &mut Vec<Effect>) -> Result<Option<Act>, String> {
    if session.stacks.is_empty() {
        let text = "one stack is configured; several are [stacks.NAME] of the configuration".to_owned();
        update::flash(session, text, Tone::Done);
        return Ok(None);
    }
    let name = line.strip_prefix(WORD).unwrap_or_default().trim();
    if name.is_empty() {
        let index = session.stacks.iter().position(|s| s.current).unwrap_or(0);
        glance(session, effects);
        return Ok(Some(Act::Stacks { index }));
    }
    let Some(index) = session.stacks.iter().position(|s| s.name == name) else {
        let known: Vec<&str> = session.stacks.iter().map(|s| s.name.as_str()).collect();
        return Err(format!("no stack '{name}'; configured: {}", known.join(", ")));
    };
    // What keeps it from leaving is said beneath the list, where Enter says it again.
    Ok(if change(session, index, effects) { None } else { Some(Act::Stacks { index }) })
}

/// The names after `stack `.
pub(super) fn suggestions(session: &Session, line: &str) -> Vec<Suggestion> {
    let Some(rest) = line.strip_prefix(WORD).and_then(|rest| rest.strip_prefix(' ')) else { return Vec::new() };
    let others = session.stacks.iter().filter(|s| !s.current && s.name.starts_with(rest));
    others.map(|s| Suggestion { text: format!("{WORD} {}", s.name), doc: s.region.clone() }).collect()
}

pub(super) fn on_key(session: &mut Session, index: usize, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let last = session.stacks.len().saturating_sub(1);
    match key.code {
        Code::Down | Code::Char('j') | Code::Tab => Some(Act::Stacks { index: if index >= last { 0 } else { index + 1 } }),
        Code::Up | Code::Char('k') => Some(Act::Stacks { index: index.checked_sub(1).unwrap_or(last) }),
        Code::Char('R') => {
            glance(session, effects);
            Some(Act::Stacks { index })
        }
        Code::Enter if session.stacks.get(index).is_some_and(|s| s.current) => None,
        Code::Enter => {
            change(session, index, effects);
            Some(Act::Stacks { index })
        }
        Code::Esc | Code::Char('q') => {
            session.leaving = false;
            None
        }
        _ => Some(Act::Stacks { index }),
    }
}

/// Whether it goes on with that one, or is on it.
fn change(session: &mut Session, index: usize, effects: &mut Vec<Effect>) -> bool {
    let Some(name) = session.stacks.get(index).filter(|s| !s.current).map(|s| s.name.clone()) else { return true };
    let leaves = update::may_leave(session, &format!("press Enter again to change to {name}"));
    if leaves {
        effects.push(Effect::Switch(name));
    }
    leaves
}

/// Asks for a look at the others.
fn glance(session: &mut Session, effects: &mut Vec<Effect>) {
    let now = session.now;
    let is_due = |glance: Option<&Glance>| glance.is_none_or(|g| seen_at(g).is_some_and(|at| now - at >= FRESH));
    let due = session.stacks.iter().filter(|s| !s.current && is_due(session.glances.get(&s.name)));
    let names: Vec<String> = due.map(|s| s.name.clone()).collect();
    if !names.is_empty() {
        session.glances.extend(names.iter().map(|name| (name.clone(), Glance::Asking)));
        effects.push(Effect::Glance(names));
    }
}

fn seen_at(glance: &Glance) -> Option<Time> {
    match glance {
        Glance::Asking => None,
        Glance::Judged { at, .. } | Glance::Failed { at, .. } => Some(*at),
    }
}
