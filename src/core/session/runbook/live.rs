//! Deciding expressions while data comes: what the walk on the screen says now, and what is waited for, on the screen or not. Never while a
//! frame is drawn, and with a rest in between: a state document costs more than a frame. Called by `update` as its last step.

use std::collections::BTreeSet;

use super::lines::Live;
use super::step::{Next, ended, failed};
use super::{Line, Session, Walk};
use crate::expression::{Answer, Expression, Facts, Reading};
use crate::insight::conformance::state;
use crate::model::Time;
use crate::runbook::State;
use crate::session::Effect;
use crate::session::pane::PaneId;

/// The number of the news, and the second.
pub(super) type Moment = (u64, i64);

/// While answers pour in, nothing is decided again within so many seconds.
const RESTS: i64 = 2;
/// Without any answer ages grow all the same.
const HOLDS: i64 = 5;
/// What was asked before an action says nothing about after it: so long new answers are waited for.
const AFRESH: chrono::TimeDelta = chrono::TimeDelta::seconds(90);
/// Longer evidence does not help at night.
const LONGEST: usize = 240;

/// A check or a wait that was asked for and is not decided yet.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) step: usize,
    pub(super) line: usize,
    /// When it is over: a check at once.
    pub(crate) ends: Time,
    /// It waits for its time, not only for new answers.
    pub(crate) waits: bool,
}

/// Brings the walk on the screen and all that is waited for up to date.
pub(in crate::session) fn follow(session: &mut Session, effects: &mut Vec<Effect>) {
    let open = session.screen().filter(|s| s.pane == PaneId::Runbook).map(|s| s.subject.clone());
    let moment = (session.derived.news, session.now.timestamp());
    let due = |(id, walk): (&String, &Walk)| {
        let looked_at = open.as_ref() == Some(id);
        let old = walk.decided.is_none_or(|(news, second)| match moment.1 - second {
            0..RESTS => false,
            RESTS..HOLDS => news != moment.0,
            _ => true,
        });
        // A wait ends with its time, not some seconds later.
        let over =
            walk.waiting.as_ref().is_some_and(|w| session.now >= w.ends && walk.decided.is_none_or(|(_, second)| second != moment.1));
        ((looked_at || walk.waiting.is_some()) && (old || over)).then(|| id.clone())
    };
    let due: Vec<String> = session.books.walks.iter().filter_map(due).collect();
    for id in due {
        let Some(mut walk) = session.books.walks.remove(&id) else { continue };
        decide(session, &mut walk);
        walk.decided = Some(moment);
        session.dirty = true;
        let is_over = settle(session, &mut walk, effects);
        session.books.walks.insert(id.clone(), walk);
        if let Some(next) = is_over {
            super::step::follow_up(session, &id, next);
        }
    }
}

/// What every expression of a walk says now.
fn decide(session: &Session, walk: &mut Walk) {
    let sections: BTreeSet<&'static str> = walk.sections();
    let Some(language) = session.books.language.as_ref().filter(|_| walk.steps.iter().flatten().any(|l| l.compiled().is_some())) else {
        return;
    };
    let document = state(&session.store, &session.judgement, &session.stack, session.now, &sections);
    let reading = Reading::of(&document);
    let facts = Facts::of(language, &reading);
    for line in walk.steps.iter_mut().flatten() {
        line.live = live(line, &facts).or_else(|| line.live.take());
    }
}

fn live(line: &Line, facts: &Facts) -> Option<Live> {
    let expression = line.compiled()?;
    let short = |text: String| if text.chars().count() > LONGEST { text.chars().take(LONGEST).chain(['…']).collect() } else { text };
    Some(match expression.decide_in(facts) {
        Ok(Answer::CannotTell(missing)) => {
            let why = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Live { answer: Answer::CannotTell(missing), why: short(why) }
        }
        Ok(answer) => {
            // What time it is everybody sees.
            let evidence = expression.evidence(facts).into_iter().filter(|e| e.what != "as_of");
            let seen: Vec<String> = evidence.map(|e| format!("{} = {}", e.what, e.value)).collect();
            Live { answer, why: short(seen.join(", ")) }
        }
        Err(wrong) => Live { answer: Answer::CannotTell(Vec::new()), why: short(wrong.to_string()) },
    })
}

/// Ends what is waited for, if it is decided or its time is over; what is to do then.
fn settle(session: &Session, walk: &mut Walk, effects: &mut Vec<Effect>) -> Option<Next> {
    let waiting = walk.waiting.clone()?;
    if !matches!(walk.progress.steps.get(waiting.step)?.state, State::Running { .. }) {
        walk.waiting = None;
        return None;
    }
    let line = walk.steps.get(waiting.step)?.get(waiting.line)?;
    let live = line.live.clone()?;
    let text = line.text.clone();
    let acted = session.runs.values().filter_map(|run| Some(run.end.as_ref()?.at)).max();
    let fresh = acted.is_none_or(|acted| session.now - acted > AFRESH || is_newer(session, line, acted));
    let is_true = fresh && live.answer == Answer::True;
    if !is_true && (!fresh || session.now < waiting.ends) {
        return None;
    }
    walk.waiting = None;
    let words = live.words();
    let _ = walk.progress.say(waiting.step, &text, &words, session.now);
    if is_true {
        return Some(ended(session, walk, waiting.step, effects));
    }
    let late = if waiting.waits { "not true in time: " } else { "" };
    failed(session, walk, waiting.step, &format!("{late}{words}"), effects);
    None
}

/// Whether everything that a line reads was asked for after a moment.
fn is_newer(session: &Session, line: &Line, since: Time) -> bool {
    let sections = line.compiled().map(Expression::sections).unwrap_or_default();
    let entries = session.store.entries().filter(|(key, e)| sections.contains(key.0) && e.value.is_some());
    entries.into_iter().all(|(_, e)| e.at.is_some_and(|at| at > since))
}
