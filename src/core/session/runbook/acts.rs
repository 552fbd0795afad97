//! A step whose command is an action: the same plan, confirmation and watch as everywhere; here only is remembered for which step, so that
//! its end ticks it. What is left before it was sent leaves the step as it was. Called by the layers of actions and by what the runner tells.

use std::sync::Arc;

use super::Session;
use super::step::{ended, failed, follow_up};
use crate::model::action::Request;
use crate::model::plan::{Outcome, Plan, Refusal, Run};
use crate::session::Effect;

/// The action that a step has asked for.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) walk: String,
    pub(super) step: usize,
    /// As it is written.
    pub(super) text: String,
    pub(super) request: Request,
    /// It was confirmed: what comes now is its run.
    pub(super) sent: bool,
}

/// The run of a step's action.
#[derive(Debug, Clone)]
pub(super) struct Acting {
    pub(super) step: usize,
    text: String,
    run: String,
}

/// The layer was closed: what was not sent is not done.
pub(in crate::session) fn left(session: &mut Session) {
    session.books.pending = session.books.pending.take().filter(|p| p.sent);
}

/// A plan was confirmed: the step's own, or another one that was asked for instead.
pub(in crate::session) fn sent(session: &mut Session, plan: &Plan, effects: &mut Vec<Effect>) {
    let now = session.now;
    let Some(mut pending) = session.books.pending.take().filter(|p| p.request == plan.request) else { return };
    pending.sent = true;
    if let Some(walk) = session.books.walks.get_mut(&pending.walk) {
        let _ = walk.progress.begin(pending.step, now);
        effects.push(walk.kept(false));
    }
    session.books.pending = Some(pending);
}

/// The state moved away under a plan that was confirmed: nothing was sent, and the new plan waits for a confirmation of its own.
pub(in crate::session) fn moved(session: &mut Session, effects: &mut Vec<Effect>) {
    let now = session.now;
    let Some(pending) = session.books.pending.as_mut().filter(|p| p.sent) else { return };
    pending.sent = false;
    if let Some(walk) = session.books.walks.get_mut(&pending.walk) {
        let _ = walk.progress.put_back(pending.step, now);
        effects.push(walk.kept(false));
    }
}

/// There is no plan, or it was not sent after all.
pub(in crate::session) fn on_refused(session: &mut Session, request: &Request, refusal: &Refusal, effects: &mut Vec<Effect>) {
    let Some(pending) = session.books.pending.take_if(|p| p.request == *request) else { return };
    let Some(mut walk) = session.books.walks.remove(&pending.walk) else { return };
    let why = refusal.text().lines().next().unwrap_or_default().to_owned();
    let _ = walk.progress.say(pending.step, &pending.text, &format!("not sent: {why}"), session.now);
    failed(session, &mut walk, pending.step, &format!("not sent: {why}"), effects);
    session.books.walks.insert(pending.walk, walk);
}

/// A run moves on: it is the step's if the step has just sent it.
pub(in crate::session) fn on_run(session: &mut Session, run: &Arc<Run>, is_new: bool, effects: &mut Vec<Effect>) {
    if is_new && let Some(pending) = session.books.pending.take_if(|p| p.sent && p.request == run.plan.request) {
        let acting = Acting { step: pending.step, text: pending.text, run: run.id.clone() };
        if let Some(walk) = session.books.walks.get_mut(&pending.walk) {
            walk.acting = Some(acting);
        }
    }
    let Some(end) = &run.end else { return };
    let of_run = session.books.walks.iter().find(|(_, w)| w.acting.as_ref().is_some_and(|a| a.run == run.id)).map(|(id, _)| id.clone());
    let Some((id, mut walk)) = of_run.and_then(|id| session.books.walks.remove_entry(&id)) else { return };
    let mut next = None;
    if let Some(acting) = walk.acting.take() {
        let words = format!("{}: {}", end.outcome.word(), end.text);
        let _ = walk.progress.say(acting.step, &acting.text, &words, session.now);
        if end.outcome == Outcome::Done {
            next = Some(ended(session, &mut walk, acting.step, effects));
        } else {
            failed(session, &mut walk, acting.step, &words, effects);
        }
    }
    session.books.walks.insert(id.clone(), walk);
    if let Some(next) = next {
        follow_up(session, &id, next);
    }
}
