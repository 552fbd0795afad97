//! Carrying a plan out: confirmation, authority, one at a time per resource, re-check, intent, what it owes, one sending, outcome, watch.
//! Nothing here is tried twice: after a request has left without an answer the cloud is read again, and what it shows is said.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::owe::made;
use super::{Report, Runner, hash, logged, next, running};
use crate::aws::action::{ActionRow, Desk, Receipt, SendError, Sender, Sight, Warrants};
use crate::aws::authority::{NotArmed, Operator, Warrant};
use crate::aws::op::Op;
use nextcore_core::model::audit::{AuditEntry, Told};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Call, End, Outcome, Plan, Refusal, Run};

/// After a request without an answer: how often it is looked whether it was carried out, and how long between two looks.
const LOOKS: u32 = 4;
const BETWEEN: Duration = Duration::from_secs(4);

/// What is not recorded is tried again after this, so often before a command ends, and so often in a dashboard.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
const TRIES: u32 = 3;
const TRIES_AFTERWARDS: u32 = 600;

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
    row: &'static ActionRow,
    operator: Operator,
    taken: Taken,
    /// What is sent: drawn up right before it, and the same as what was confirmed.
    plan: Arc<Plan>,
    /// What was read for it.
    desk: Desk,
}

/// What a run is watched with.
struct Watching {
    row: &'static ActionRow,
    /// What was read last; every look reads over it.
    desk: Desk,
    _taken: Taken,
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
            Ok(ready) => {
                logged::confirmed(&plan);
                self.run(ready, reports).await
            }
            Err(carried) => carried,
        };
        match &carried {
            Carried::Ended(_) => {}
            Carried::Refused(refusal) => self.record_refusal(&plan.request, refusal).await,
            Carried::Moved(_) => self.record_refusal(&plan.request, &Refusal::moved()).await,
        }
        carried
    }

    /// Everything that must hold before anything is sent.
    async fn ready(&self, plan: &Arc<Plan>, typed: &str) -> Result<Ready, Carried> {
        let refuse = |refusal| Err(Carried::Refused(refusal));
        let Some(row) = ActionRow::find(&plan.request.action) else {
            return refuse(Refusal::Usage(format!("unknown action '{}'", plan.request.action)));
        };
        let confirmed = hash::checked(plan).map_err(Carried::Refused)?;
        if let Some(word) = plan.confirmation().filter(|word| *word != typed) {
            return refuse(Refusal::Usage(format!("'{typed}' is not '{word}': nothing was sent")));
        }
        let operator = self.operator().map_err(Carried::Refused)?;
        let taken = match self.take(plan) {
            Ok(taken) => taken,
            Err(what) => return refuse(Refusal::Check(format!("'{what}' is in progress on {}: nothing was sent", plan.resource.name))),
        };
        let (fresh, desk) = self.draw_up(&plan.request).await.map_err(Carried::Refused)?;
        if let Some(why) = other_identity(plan, &fresh) {
            return refuse(Refusal::Check(why));
        }
        if fresh.hash != confirmed {
            return Err(Carried::Moved(Arc::new(fresh)));
        }
        if fresh.is_refused() {
            let why: Vec<&str> = fresh.refusals().map(|c| c.text.as_str()).collect();
            let next = fresh.instead.as_ref().map_or_else(String::new, |request| format!("\n  next: {request}"));
            return refuse(Refusal::Check(format!("{}: nothing was sent{next}", why.join("; "))));
        }
        // Drawing it up takes time, and a person may have disarmed meanwhile.
        self.operator().map_err(Carried::Refused)?;
        Ok(Ready { row, operator, taken, plan: Arc::new(fresh), desk })
    }

    /// Whether plans can be carried out at all; says so without asking AWS anything.
    pub fn may_write(&self) -> Result<(), Refusal> {
        self.operator().map(|_| ())
    }

    pub(super) fn operator(&self) -> Result<Operator, Refusal> {
        self.0.acts.authority.operator().map_err(|why| match why {
            NotArmed::Locked => Refusal::ReadOnly("read-only (VIEWER): this process cannot write".to_owned()),
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

    async fn run(&self, ready: Ready, reports: &mpsc::Sender<Report>) -> Carried {
        let Ready { row, operator, taken, plan, mut desk } = ready;
        let warrants = match warrants(row, &operator, &plan) {
            Ok(warrants) => warrants,
            Err(refusal) => return Carried::Refused(refusal),
        };
        let id = self.next_id();
        let who = self.who();
        // Whoever leaves says so first and then waits for this: what is on its way gets its outcome, and nothing begins behind its back.
        let sending = self.sending();
        if self.is_leaving() {
            return Carried::Refused(Refusal::Check("the program is quitting: nothing was sent".to_owned()));
        }
        if let Err(e) = self.record(&id, self.intent(&plan)).await {
            return Carried::Refused(Refusal::CannotTell(format!(
                "the audit log cannot be written ({e}): nothing was sent\n  next: 'nextcore-top info' shows where it is"
            )));
        }
        let ticket = match self.owe(&id, &plan, &operator).await {
            Ok(ticket) => ticket,
            Err(refusal) => return Carried::Refused(refusal),
        };
        let mut run = Run {
            id: id.clone(),
            plan: plan.clone(),
            sent_at: self.0.clock.now(),
            seen_at: self.0.clock.now(),
            request_ids: Vec::new(),
            made: None,
            steps: Vec::new(),
            trouble: None,
            unrecorded: None,
            end: None,
        };
        self.begins(&run);
        tell(reports, &run);
        let (clients, stack) = (self.0.clients.clone(), Arc::clone(&self.0.stack));
        let answer = (row.send)(Sender { clients, stack, who: who.user, token: id.clone(), warrants }, plan.clone()).await;
        if let Some(ticket) = &ticket {
            ticket.answered(made(&answer));
        }
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
                self.note(&mut run, outcome("accepted", &receipt.request_ids, &said)).await;
                self.accept(&mut run, receipt, reports).await;
            }
            Err(SendError::No(text)) => {
                self.note(&mut run, outcome("failed", &[], &text)).await;
                self.end(&mut run, Outcome::Failed, text, next::after_no(&plan));
            }
            Err(SendError::Half { text, request_ids }) => {
                self.note(&mut run, outcome("failed", &request_ids, &text)).await;
                run.request_ids = request_ids;
                self.end(&mut run, Outcome::Failed, text, next::after(Outcome::Failed, &plan));
            }
            Err(SendError::Open(text)) => self.find_out(row, &mut desk, &mut run, &text, millis).await,
        }
        drop(sending);
        if run.end.is_none() {
            tell(reports, &run);
            self.watch(Watching { row, desk, _taken: taken }, &mut run, reports).await;
        }
        // What was done may have settled what somebody else owes.
        self.0.keeper.poke();
        if let Some(end) = &run.end {
            let told = Told::End { outcome: end.outcome.word().to_owned(), text: end.text.clone(), seconds: run.elapsed(end.at) };
            self.note(&mut run, told).await;
        }
        let _ = reports.send(running(&run)).await;
        self.settle_record(&mut run, TRIES).await;
        Carried::Ended(Box::new(run))
    }

    /// Tries so often to write what is not recorded yet.
    async fn settle_record(&self, run: &mut Run, tries: u32) {
        for _ in 0..tries {
            if run.unrecorded.is_none() {
                return;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
            run.unrecorded = self.0.acts.audit.settle().await;
        }
    }

    /// Goes on trying for a while after a run's end; says when it is recorded after all.
    pub(super) async fn record_at_last(&self, mut run: Run, reports: &mpsc::Sender<Report>) -> Run {
        if run.unrecorded.is_some() {
            let _ = reports.send(running(&run)).await;
            self.settle_record(&mut run, TRIES_AFTERWARDS).await;
            let _ = reports.send(running(&run)).await;
        }
        run
    }

    async fn accept(&self, run: &mut Run, receipt: Receipt, reports: &mpsc::Sender<Report>) {
        run.request_ids = receipt.request_ids;
        run.made = receipt.made;
        if let Some(handoff) = receipt.handoff {
            let text = format!("session {} was opened", handoff.session);
            let _ = reports.send(Report::Handoff(handoff)).await;
            self.end(run, Outcome::Done, text, String::new());
        }
    }

    /// A request left, and no answer says what came of it: it is looked at, never sent again.
    async fn find_out(&self, row: &'static ActionRow, desk: &mut Desk, run: &mut Run, why: &str, millis: i64) {
        let (mut seen, mut unread) = (None, None);
        for look in 0..LOOKS {
            if look > 0 {
                // Whoever leaves gets what is known by then.
                if self.is_leaving() {
                    break;
                }
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
            Some(true) => format!("checked: it was done{shows}"),
            Some(false) => format!("checked: no effect visible{shows}"),
            None if unread.is_some() => "outcome not known yet: the check failed, too".to_owned(),
            None => "checked: cannot tell whether this call did it".to_owned(),
        };
        let text = format!("{why}; sent once, not retried; {found}");
        let told = Told::Outcome { result: "unknown".to_owned(), request_ids: Vec::new(), text: text.clone(), millis };
        self.note(run, told).await;
        // Nothing could be read (credentials being renewed, a line that is down): the watch goes on, and may yet see what came of it.
        if let Some(trouble) = unread.filter(|_| seen.is_none()) {
            run.trouble = Some(format!("sent, outcome not known yet: {trouble}"));
        } else if seen != Some(true) {
            self.end(run, Outcome::Unknown, text, "check the resource before retrying".to_owned());
        }
    }

    async fn watch(&self, watching: Watching, run: &mut Run, reports: &mpsc::Sender<Report>) {
        let Watching { row, mut desk, _taken } = watching;
        let limit = chrono::TimeDelta::seconds(run.plan.takes.limit);
        while run.end.is_none() {
            match self.look(row, &mut desk, run).await {
                Ok(sight) => {
                    run.trouble = None;
                    if run.unrecorded.is_some() {
                        run.unrecorded = self.0.acts.audit.settle().await;
                    }
                    run.seen_at = self.0.clock.now();
                    run.steps = sight.steps;
                    if let Some((outcome, text)) = sight.end {
                        let next = next::after(outcome, &run.plan);
                        self.end(run, outcome, text, next);
                        return;
                    }
                }
                Err(trouble) => run.trouble = Some(trouble),
            }
            if self.0.clock.now() - run.sent_at > limit {
                let text = format!("not finished after {} s, no longer watched", limit.num_seconds());
                return self.end(run, Outcome::Unknown, text, next::after(Outcome::Failed, &run.plan));
            }
            logged::watched(run);
            tell(reports, run);
            tokio::time::sleep(self.0.clock.on_the_wall(row.every)).await;
        }
    }

    pub(super) async fn look(&self, row: &'static ActionRow, desk: &mut Desk, run: &Run) -> Result<Sight, String> {
        desk.now = self.0.clock.now();
        desk.fetch_all(row.watches).await.map_err(|p| p.headline)?;
        for key in row.beside {
            desk.try_fetch(*key).await;
            // What may never be read is left out of the look; whatever else went wrong with it passes.
            desk.is_denied_or_known(*key)?;
        }
        desk.now = self.0.clock.now();
        let sight = (row.sight)(&desk.facts(), run);
        if row.explains.is_empty() || sight.end.as_ref().is_none_or(|(outcome, _)| *outcome == Outcome::Done) {
            return Ok(sight);
        }
        for key in row.explains {
            desk.try_fetch(*key).await;
        }
        Ok((row.sight)(&desk.facts(), run))
    }

    pub(super) fn end(&self, run: &mut Run, outcome: Outcome, text: String, next: String) {
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

    pub(super) async fn record(&self, id: &str, told: Told) -> std::io::Result<()> {
        self.0.acts.audit.write(&AuditEntry { at: self.0.clock.now(), id: id.to_owned(), told }).await
    }

    /// What happened is not undone by a log that cannot be written any more: the intent is in it, and the run says what is not.
    pub(super) async fn note(&self, run: &mut Run, told: Told) {
        let entry = AuditEntry { at: self.0.clock.now(), id: run.id.clone(), told };
        run.unrecorded = self.0.acts.audit.keep(entry).await;
    }
}

/// That the plan was made with the credentials of somebody else, if it was.
fn other_identity(plan: &Plan, fresh: &Plan) -> Option<String> {
    let who = |plan: &Plan| Identity { account: plan.account.clone(), arn: plan.principal.clone() };
    let (planned, now) = (who(plan), who(fresh));
    (!planned.is_same(&now)).then(|| {
        let (was, is) = (format!("{} of account {}", planned.arn, planned.account), format!("{} of account {}", now.arn, now.account));
        format!("the plan was made as {was}, but the caller is now {is}: nothing was sent\n  next: check the identity, and plan again")
    })
}

/// One warrant for each call of the plan, and no other. A call that the action does not know is no call of its plan.
fn warrants(row: &'static ActionRow, operator: &Operator, plan: &Plan) -> Result<Warrants, Refusal> {
    let one = |call: &Call| {
        let is_it = |op: &&Op| op.service == call.service && op.operation == call.operation;
        let foreign = || Refusal::Check(format!("{} does not send {}: nothing was sent; report this as a bug", row.name, call.operation));
        let op = row.writes.iter().find(is_it).ok_or_else(foreign)?;
        Ok(operator.warrant(op))
    };
    plan.calls.iter().map(one).collect::<Result<Vec<Warrant>, Refusal>>().map(Warrants::from)
}

/// A step on the way; a session that does not listen (it has lent its terminal) does not hold the run up, and hears of the next one.
fn tell(reports: &mpsc::Sender<Report>, run: &Run) {
    let _ = reports.try_send(running(run));
}
