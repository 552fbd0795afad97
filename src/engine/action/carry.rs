//! Carrying a plan out: confirmation, authority, one at a time per resource, re-check, intent, one sending, outcome, watch. Nothing here
//! is tried twice: after a request has left without an answer the cloud is read again, and what it shows is said.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Report, Runner, running};
use crate::aws::action::{Desk, Receipt, Row, SendError, Sender, Sight};
use crate::aws::authority::{NotArmed, Operator, Warrant};
use crate::model::audit::{Entry, Told};
use crate::model::plan::{End, Outcome, Plan, Refusal, Run};

/// After a request without an answer: how often it is looked whether it was carried out, and how long between two looks.
const LOOKS: u32 = 4;
const BETWEEN: Duration = Duration::from_secs(4);

/// What became of a plan.
#[derive(Debug)]
pub enum Carried {
    /// It was sent; the run has an end.
    Ended(Box<Run>),
    /// Nothing was sent: something moved since the plan, here is the new one.
    Moved(Arc<Plan>),
    /// Nothing was sent.
    Refused(Refusal),
}

/// Everything holds that must hold before sending.
struct Ready {
    row: &'static Row,
    operator: Operator,
    taken: Taken,
    /// What was read for the plan.
    desk: Desk,
}

/// What a run is watched with.
struct Watching {
    row: &'static Row,
    /// What was read last; every look reads over it.
    desk: Desk,
    /// What is sent by itself later, and the warrants for it.
    later: Option<(Vec<Warrant>, Sender)>,
    taken: Option<Taken>,
}

/// A resource that is taken; given back when dropped.
struct Taken {
    runner: Runner,
    resource: String,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.runner.0.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.resource);
    }
}

impl Runner {
    /// Carries a plan out that was confirmed by typing `typed`; reports what happens until the end.
    pub async fn carry_out(&self, plan: Arc<Plan>, typed: &str, reports: &mpsc::Sender<Report>) -> Carried {
        let carried = match self.ready(&plan, typed).await {
            Ok(ready) => self.run(ready, plan.clone(), reports).await,
            Err(carried) => carried,
        };
        if let Carried::Refused(refusal) = &carried {
            self.record_refusal(&plan.request, refusal);
        }
        carried
    }

    /// Everything that must hold before anything is sent.
    async fn ready(&self, plan: &Arc<Plan>, typed: &str) -> Result<Ready, Carried> {
        let refuse = |refusal| Err(Carried::Refused(refusal));
        let Some(row) = Row::find(&plan.request.action) else {
            return refuse(Refusal::Usage(format!("no action is called '{}'", plan.request.action)));
        };
        if plan.confirmation().is_some_and(|word| word != typed) {
            return refuse(Refusal::Usage(format!("'{typed}' is not '{}': nothing was sent", plan.resource.name)));
        }
        let operator = self.operator().map_err(Carried::Refused)?;
        let taken = match self.take(plan) {
            Ok(taken) => taken,
            Err(what) => return refuse(Refusal::Check(format!("'{what}' is under way on {}: nothing was sent", plan.resource.name))),
        };
        let (fresh, desk) = self.draw_up(&plan.request).await.map_err(Carried::Refused)?;
        if fresh.hash != plan.hash {
            return Err(Carried::Moved(Arc::new(fresh)));
        }
        if fresh.is_refused() {
            let why: Vec<&str> = fresh.refusals().map(|c| c.text.as_str()).collect();
            return refuse(Refusal::Check(format!("{}: nothing was sent", why.join("; "))));
        }
        Ok(Ready { row, operator, taken, desk })
    }

    /// Whether plans can be carried out at all; says so without asking AWS anything.
    pub fn may_write(&self) -> Result<(), Refusal> {
        self.operator().map(|_| ())
    }

    fn operator(&self) -> Result<Operator, Refusal> {
        self.0.acts.authority.operator().map_err(|why| match why {
            NotArmed::Locked => Refusal::ReadOnly("this process is a viewer: it can never write".to_owned()),
            NotArmed::Safe => Refusal::ReadOnly("not armed: nothing was sent".to_owned()),
        })
    }

    fn take(&self, plan: &Plan) -> Result<Taken, String> {
        let mut busy = self.0.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(what) = busy.get(&plan.resource.arn) {
            return Err(what.clone());
        }
        busy.insert(plan.resource.arn.clone(), plan.title.clone());
        Ok(Taken { runner: self.clone(), resource: plan.resource.arn.clone() })
    }

    async fn run(&self, ready: Ready, plan: Arc<Plan>, reports: &mpsc::Sender<Report>) -> Carried {
        let Ready { row, operator, taken, mut desk } = ready;
        let id = self.next_id();
        let who = self.who();
        if let Err(e) = self.record(&id, self.intent(&plan)) {
            return Carried::Refused(Refusal::CannotTell(format!(
                "the audit log cannot be written ({e}): nothing was sent\n  next: 'nextcore-top info' shows where it lives"
            )));
        }
        let mut run = Run {
            id: id.clone(),
            plan: plan.clone(),
            sent_at: self.0.clock.now(),
            seen_at: self.0.clock.now(),
            request_ids: Vec::new(),
            steps: Vec::new(),
            trouble: None,
            end: None,
        };
        let _ = reports.send(running(&run)).await;
        let sender = Sender { clients: self.0.clients.clone(), stack: Arc::clone(&self.0.stack), who: who.user, token: id.clone() };
        let warrants = warrants(row, &operator, &plan);
        let answer = (row.send)(sender.clone(), plan.clone()).await;
        let millis = (self.0.clock.now() - run.sent_at).num_milliseconds();
        let outcome = |result: &str, ids: &[String], text: &str| Told::Outcome {
            result: result.to_owned(),
            request_ids: ids.to_vec(),
            text: text.to_owned(),
            millis,
        };
        match answer {
            Ok(receipt) => {
                let said = receipt.handoff.as_ref().map_or_else(String::new, |h| format!("session {}", h.session));
                self.note(&id, outcome("accepted", &receipt.request_ids, &said));
                self.accept(&mut run, receipt, reports).await;
            }
            Err(SendError::No(text)) => {
                self.note(&id, outcome("failed", &[], &text));
                self.end(&mut run, Outcome::Failed, text, next_after_no(&plan));
            }
            Err(SendError::Half { text, request_ids }) => {
                self.note(&id, outcome("failed", &request_ids, &text));
                run.request_ids = request_ids;
                self.end(&mut run, Outcome::Failed, text, next_after_failure(&plan));
            }
            Err(SendError::Open(text)) => self.find_out(row, &mut desk, &mut run, &text, millis).await,
        }
        if run.end.is_none() {
            let _ = reports.send(running(&run)).await;
            // What is sent by itself later keeps its warrant; what was not used of the others is taken back.
            let kept = if (row.due)(&plan).is_some() { Some((warrants, sender)) } else { None };
            let watch = Watching { row, desk, later: kept, taken: Some(taken) };
            self.watch(watch, &mut run, reports).await;
        }
        if let Some(end) = &run.end {
            let told = Told::End { outcome: end.outcome.word().to_owned(), text: end.text.clone(), seconds: run.elapsed(end.at) };
            self.note(&id, told);
        }
        let _ = reports.send(running(&run)).await;
        Carried::Ended(Box::new(run))
    }

    async fn accept(&self, run: &mut Run, receipt: Receipt, reports: &mpsc::Sender<Report>) {
        run.request_ids = receipt.request_ids;
        learn(run, receipt.facts);
        if let Some(handoff) = receipt.handoff {
            let text = format!("session {} was opened", handoff.session);
            let _ = reports.send(Report::Handoff(handoff)).await;
            self.end(run, Outcome::Done, text, String::new());
        }
    }

    /// A request left, and no answer says what came of it: it is looked at, never sent again.
    async fn find_out(&self, row: &'static Row, desk: &mut Desk, run: &mut Run, why: &str, millis: i64) {
        let (mut seen, mut unread) = (None, None);
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(self.0.clock.on_the_wall(BETWEEN)).await;
            }
            match self.look(row, desk, run).await {
                Ok(sight) => {
                    seen = sight.applied.or(seen);
                    run.steps = sight.steps;
                    unread = None;
                }
                Err(trouble) => unread = Some(trouble),
            }
            if seen == Some(true) {
                break;
            }
        }
        let shows = run.steps.first().map_or_else(String::new, |s| format!(" ({})", s.text));
        let found = match seen {
            Some(true) => format!("read again: it was carried out{shows}"),
            Some(false) => format!("read again: nothing of it is to be seen{shows}"),
            None if unread.is_some() => "its outcome is not known yet: it could not be read again either".to_owned(),
            None => "what is there does not tell whose it is".to_owned(),
        };
        let text = format!("{why}; sent once, never sent again; {found}");
        let told = Told::Outcome { result: "unknown".to_owned(), request_ids: Vec::new(), text: text.clone(), millis };
        self.note(&run.id, told);
        // Nothing could be read (credentials being renewed, a line that is down): the watch goes on, and may yet see what came of it.
        if let Some(trouble) = unread.filter(|_| seen.is_none()) {
            run.trouble = Some(format!("sent, outcome not known yet: {trouble}"));
        } else if seen != Some(true) {
            self.end(run, Outcome::Unknown, text, "look at the resource before doing it again".to_owned());
        }
    }

    async fn watch(&self, watching: Watching, run: &mut Run, reports: &mpsc::Sender<Report>) {
        let Watching { row, mut desk, mut later, mut taken } = watching;
        let desk = &mut desk;
        let limit = chrono::TimeDelta::seconds(run.plan.takes.limit);
        let mut hurry = later.is_some().then(|| self.0.hurry.subscribe());
        while run.end.is_none() {
            let due = (row.due)(&run.plan).map(|s| run.sent_at + chrono::TimeDelta::seconds(s));
            let now = self.0.clock.now();
            let hurried = hurry.as_ref().is_some_and(|h| *h.borrow());
            if let Some((warrants, sender)) = later.take_if(|_| due.is_some_and(|d| now >= d) || hurried) {
                self.send_later(row, run, sender).await;
                drop(warrants);
            }
            match self.look(row, desk, run).await {
                Ok(sight) => {
                    run.trouble = None;
                    run.seen_at = self.0.clock.now();
                    run.steps = sight.steps;
                    if let Some((outcome, text)) = sight.end {
                        let next = if outcome == Outcome::Done { run.plan.undo.clone() } else { next_after_failure(&run.plan) };
                        self.end(run, outcome, text, next);
                        return;
                    }
                    // Whoever waits only for something to be sent by itself is in nobody's way.
                    if later.is_some() && sight.applied == Some(true) {
                        taken.take();
                    }
                }
                Err(trouble) => run.trouble = Some(trouble),
            }
            if self.0.clock.now() - run.sent_at > limit {
                let text = format!("not at its end after {} s, and no longer watched", limit.num_seconds());
                return self.end(run, Outcome::Unknown, text, next_after_failure(&run.plan));
            }
            let _ = reports.send(running(run)).await;
            pause(self.0.clock.on_the_wall(row.every), hurry.as_mut()).await;
        }
    }

    async fn send_later(&self, row: &'static Row, run: &mut Run, sender: Sender) {
        let (result, ids, text) = match (row.later)(sender, run.plan.clone()).await {
            Ok(receipt) => {
                learn(run, receipt.facts);
                ("accepted", receipt.request_ids, String::new())
            }
            Err(SendError::No(text)) => ("failed", Vec::new(), text),
            Err(SendError::Half { text, request_ids }) => ("failed", request_ids, text),
            Err(SendError::Open(text)) => ("unknown", Vec::new(), text),
        };
        run.request_ids.extend(ids.iter().cloned());
        self.note(&run.id, Told::Later { result: result.to_owned(), request_ids: ids, text: text.clone() });
        if result != "accepted" {
            let outcome = if result == "failed" { Outcome::Failed } else { Outcome::Unknown };
            self.end(run, outcome, text, next_after_failure(&run.plan));
        }
    }

    async fn look(&self, row: &'static Row, desk: &mut Desk, run: &Run) -> Result<Sight, String> {
        desk.now = self.0.clock.now();
        desk.fetch_all(row.watches).await.map_err(|p| p.headline)?;
        desk.now = self.0.clock.now();
        Ok((row.sight)(&desk.facts(), run))
    }

    fn end(&self, run: &mut Run, outcome: Outcome, text: String, next: String) {
        run.end = Some(End { outcome, text, next, at: self.0.clock.now() });
    }

    fn intent(&self, plan: &Plan) -> Told {
        let mut who = self.who();
        if !plan.principal.is_empty() {
            who.arn.clone_from(&plan.principal);
        }
        Told::Intent {
            who,
            pid: self.0.acts.pid,
            request: plan.request.clone(),
            title: plan.title.clone(),
            resource: plan.resource.arn.clone(),
            stack: self.0.stack.name.clone(),
            account: plan.account.clone(),
            region: plan.region.clone(),
            plan: plan.hash.clone(),
            calls: plan.calls.iter().map(|c| c.cli.clone()).collect(),
        }
    }

    fn record(&self, id: &str, told: Told) -> std::io::Result<()> {
        self.0.acts.audit.write(&Entry { at: self.0.clock.now(), id: id.to_owned(), told })
    }

    /// What happened is not undone by a log that cannot be written any more: the intent is in it.
    fn note(&self, id: &str, told: Told) {
        let _ = self.record(id, told);
    }
}

/// One warrant for each call of the plan, and no other.
fn warrants(row: &'static Row, operator: &Operator, plan: &Plan) -> Vec<Warrant> {
    let op = |call: &crate::model::plan::Call| row.writes.iter().find(|op| op.service == call.service && op.operation == call.operation);
    plan.calls.iter().filter_map(op).map(|op| operator.warrant(op)).collect()
}

/// Keeps the facts of an answer for the watch.
fn learn(run: &mut Run, facts: Vec<(String, String)>) {
    if !facts.is_empty() {
        Arc::make_mut(&mut run.plan).rests_on.extend(facts);
    }
}

async fn pause(span: Duration, hurry: Option<&mut watch::Receiver<bool>>) {
    match hurry {
        None => tokio::time::sleep(span).await,
        Some(hurry) => {
            tokio::select! {
                () = tokio::time::sleep(span) => {}
                _ = hurry.changed() => {}
            }
        }
    }
}

fn next_after_no(plan: &Plan) -> String {
    format!("nothing has changed on {}; mend the cause and plan again", plan.resource.name)
}

fn next_after_failure(plan: &Plan) -> String {
    format!("look at {}; to take it back: {}", plan.resource.name, plan.undo)
}
