//! What keys do on a plan and on a run. A plan is left by default: going on takes a second key, an outage the resource's name.

use std::sync::Arc;

use super::{Act, LONGEST, Planned, Session, ask, edit};
use crate::input::{Code, Key};
use crate::model::mode::Mode;
use crate::session::{Effect, Tone, runbook, update};

pub(super) fn on_key(session: &mut Session, mut planned: Planned, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let copies = key == Key::ctrl('y') || (key == Key::char('y') && planned.plan.confirmation().is_none());
    match key.code {
        Code::Esc => return None,
        _ if planned.sent => {}
        _ if copies => {
            let calls: Vec<&str> = planned.plan.calls.iter().map(|c| c.cli.as_str()).collect();
            effects.push(Effect::Copy(calls.join("\n")));
            update::flash(session, "copied command".to_owned(), Tone::Done);
        }
        Code::Up | Code::PageUp => planned.scroll = planned.scroll.saturating_sub(1),
        Code::Down | Code::PageDown => planned.scroll += 1,
        Code::Char('n') if planned.plan.is_refused() && planned.plan.instead.is_some() => {
            return planned.plan.instead.clone().map(|request| ask(session, request, effects));
        }
        _ if planned.plan.is_refused() || !session.may_act() => {
            if matches!(key.code, Code::Enter | Code::Char('q')) {
                return None;
            }
        }
        Code::Enter => return enter(session, planned, effects),
        Code::Left | Code::Right | Code::Tab | Code::BackTab if planned.plan.confirmation().is_none() => planned.go = !planned.go,
        _ if planned.plan.confirmation().is_some() => {
            planned.wrong = None;
            edit(&mut planned.typed, key);
        }
        _ => {}
    }
    Some(Act::Planned(planned))
}

fn enter(session: &mut Session, mut planned: Planned, effects: &mut Vec<Effect>) -> Option<Act> {
    let plan = Arc::clone(&planned.plan);
    let confirmed = match plan.confirmation() {
        Some(word) => planned.typed == word,
        None if !planned.go => return None,
        None => true,
    };
    if session.mode == Mode::Safe && (confirmed || planned.typed.is_empty()) {
        return Some(Act::Arming { typed: String::new(), wrong: false, back: Some(Box::new(planned)) });
    }
    if !confirmed {
        planned.wrong = Some("wrong name: nothing was sent");
        return Some(Act::Planned(planned));
    }
    planned.sent = true;
    runbook::sent(session, &plan, effects);
    effects.push(Effect::Execute(plan, planned.typed.clone()));
    Some(Act::Planned(planned))
}

/// Pasted text. A line break in it is no Enter, and a name that came with one does not confirm.
pub(in crate::session) fn paste(session: &mut Session, pasted: &str) -> bool {
    let clean = !pasted.chars().any(char::is_control);
    let take = |text: &mut String| text.extend(pasted.chars().filter(|c| !c.is_control()).take(LONGEST.saturating_sub(text.len())));
    if super::query::paste(session, pasted) {
        session.dirty = true;
        return true;
    }
    match session.act.as_mut() {
        None => return false,
        Some(Act::Planned(planned)) if planned.plan.confirmation().is_some() && !planned.sent => {
            if clean {
                take(&mut planned.typed);
                planned.wrong = None;
            } else {
                planned.typed.clear();
                planned.wrong = Some("pasted with a line break: type the name");
            }
        }
        Some(Act::Arming { typed, wrong, .. }) => {
            if clean {
                take(typed);
            } else {
                typed.clear();
            }
            *wrong = !clean;
        }
        Some(Act::Form(form)) => {
            if let Some(field) = form.fields.get_mut(form.at).filter(|f| !f.fixed && !f.flag) {
                take(&mut field.value);
            }
        }
        Some(Act::Values(values)) => {
            if let Some(field) = values.fields.get_mut(values.at).filter(|f| !f.fixed) {
                take(&mut field.value);
            }
        }
        Some(Act::Words(words)) => take(&mut words.typed),
        Some(Act::Palette(palette)) => palette.paste(pasted),
        Some(_) => {}
    }
    session.dirty = true;
    true
}

pub(super) fn on_run_key(session: &mut Session, id: String, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let run = session.runs.get(&id).cloned();
    let ended = run.as_ref().is_some_and(|r| r.end.is_some());
    match key.code {
        // The run goes on; the header and `x` lead back to it.
        Code::Esc | Code::Char('q') => None,
        Code::Enter if ended => None,
        Code::Char('u') => match run.as_ref().filter(|_| ended).and_then(|r| r.plan.undo_request.clone()) {
            Some(undo) => Some(ask(session, undo, effects)),
            None => Some(Act::Running(id)),
        },
        _ => Some(Act::Running(id)),
    }
}
