//! What the runner reports, taken into the session: a plan that is waited for, a run that moves on, an end that nobody looks at.

use std::sync::Arc;

use super::{Act, Planned, Session};
use crate::insight::NodeId;
use crate::model::action::{Request, Spec, Subject};
use crate::model::obligation::Standing;
use crate::model::plan::{News, Outcome, Plan, Refusal, Run};
use crate::session::pane::PaneId;
use crate::session::{Effect, Tone, runbook, update};

/// Ended runs that are kept to be looked at again.
const KEPT: usize = 20;

/// Takes one piece of news in.
pub(in crate::session) fn take(session: &mut Session, news: News, effects: &mut Vec<Effect>) {
    session.dirty = true;
    match news {
        News::Planned(plan) => planned(session, plan),
        News::Moved(plan) => {
            runbook::moved(session, effects);
            session.act = Some(Act::Planned(Planned::new(plan, true)));
        }
        News::Refused(request, refusal) => {
            runbook::on_refused(session, &request, &refusal, effects);
            refused(session, request, refusal);
        }
        News::Running(run) => running(session, run, effects),
        News::Owed(list) => owed(session, list),
        News::Unfinished(list) => {
            if session.act.is_none() {
                session.act = Some(Act::Unfinished { list, index: 0 });
            }
        }
    }
}

/// What a process has left behind is offered once: whoever starts the next dashboard is to know of it.
fn owed(session: &mut Session, list: Arc<Vec<Standing>>) {
    session.owed = list;
    let left = |s: &&Standing| s.is_left_behind(session.now) && !session.offered.contains(&s.obligation.id);
    let new: Vec<String> = session.owed.iter().filter(left).map(|s| s.obligation.id.clone()).collect();
    if new.is_empty() || session.act.is_some() {
        return;
    }
    let index = session.owed.iter().position(|s| Some(&s.obligation.id) == new.first()).unwrap_or_default();
    session.offered.extend(new);
    session.act = Some(Act::Owed { index });
}

/// A plan that nobody waits for any more is dropped.
fn planned(session: &mut Session, plan: Arc<Plan>) {
    if matches!(&session.act, Some(Act::Planning { request, .. }) if *request == plan.request) {
        session.act = Some(Act::Planned(Planned::new(plan, false)));
    }
}

fn refused(session: &mut Session, request: Request, refusal: Refusal) {
    let waits = match &session.act {
        Some(Act::Planning { request: asked, .. }) => *asked == request,
        Some(Act::Planned(planned)) => planned.sent && planned.plan.request == request,
        _ => false,
    };
    if waits {
        session.act = Some(Act::Refused { request, refusal });
    } else {
        update::flash(session, format!("{request}: {}", refusal.text().replace('\n', " ")), Tone::Error);
    }
}

fn running(session: &mut Session, run: Arc<Run>, effects: &mut Vec<Effect>) {
    let (is_new, ended) = (!session.runs.contains_key(&run.id), run.end.is_some());
    let waits = matches!(&session.act, Some(Act::Planned(p)) if p.sent && p.plan.hash == run.plan.hash);
    let watched = matches!(&session.act, Some(Act::Running(id)) if *id == run.id);
    if waits {
        session.act = Some(Act::Running(run.id.clone()));
    } else if ended
        && !watched
        && let Some(end) = &run.end
    {
        let tone = if end.outcome == Outcome::Done { Tone::Done } else { Tone::Error };
        let unrecorded = run.unrecorded.as_ref().map(|why| format!(" (not recorded: {why})")).unwrap_or_default();
        update::flash(session, format!("{}: {}, {}{unrecorded}", run.plan.title, end.outcome.word(), end.text), tone);
    }
    runbook::on_run(session, &run, is_new, effects);
    if is_new || ended {
        // What the action changes is on the screen with the next answer, not with the next interval.
        effects.push(Effect::Refresh(session.needs()));
    }
    session.runs.insert(run.id.clone(), run);
    while session.runs.len() > KEPT {
        let Some(oldest) = session.runs.iter().find(|(_, r)| r.end.is_some()).map(|(id, _)| id.clone()) else { break };
        session.runs.remove(&oldest);
    }
}

impl Session {
    /// Opens what a request is about.
    pub(super) fn look_at(&mut self, request: &Request) {
        let (pane, subject) = match Spec::find(&request.action).map(|s| s.subject) {
            Some(Subject::Service) => (PaneId::Service, request.target.clone()),
            Some(Subject::Database) => (PaneId::Database, String::new()),
            Some(Subject::NodeGroup) => (PaneId::Cache, String::new()),
            Some(Subject::Zone) => (PaneId::Network, String::new()),
            Some(Subject::Alarm) => (PaneId::Alarms, String::new()),
            Some(Subject::Pipeline | Subject::Project) => (PaneId::Delivery, String::new()),
            Some(Subject::Distribution) => (PaneId::Edge, String::new()),
            Some(Subject::Task) | None => (PaneId::Timeline, String::new()),
        };
        if pane == PaneId::Service {
            self.selected = NodeId::service(&subject);
        }
        update::push(self, pane, subject, 0);
    }
}
