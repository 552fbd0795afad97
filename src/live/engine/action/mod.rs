//! The runner of actions: plan, re-check, send once, watch to the end, record. The same for the dashboard and for commands. It asks no
//! questions and draws nothing: the confirmation comes in, news go out. What an action reads and sends is `aws::action`'s.

pub mod audit;
mod carry;
mod ending;
mod hash;
mod leave;
mod logged;
mod next;
mod owe;
mod queries;
mod trail;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::obligation::Keeper;
use super::obligation::files::Files;
use crate::aws::Clients;
use crate::aws::action::{ActionRow, Desk, Draft, Handoff, may, unread};
use crate::aws::authority::Authority;
use crate::aws::meter::Meter;
use audit::Audit;
use nextcore_core::model::action::{Request, Tier};
use nextcore_core::model::audit::{AuditEntry, Told, Who};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::mode::Mode;
use nextcore_core::model::obligation::Reach;
use nextcore_core::model::plan::{News, Plan, Refusal, Run, Unfinished};
use nextcore_core::model::query;
use nextcore_core::model::section::Section;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

pub use carry::Carried;
pub use leave::Left;
use queries::Queries;

/// What the runner needs beside what every engine needs.
#[derive(Debug, Clone)]
pub struct Acts {
    /// Who may write.
    pub authority: Authority,
    /// Where it is recorded.
    pub audit: Audit,
    /// Where what is owed lives.
    pub obligations: Files,
    /// How AWS is reached: kept with what is owed.
    pub reach: Reach,
    /// Who runs this process; the ARN is asked of STS.
    pub who: Who,
    /// The process, for the log.
    pub pid: u32,
    /// `session-manager-plugin` is on the PATH.
    pub has_session_plugin: bool,
    /// Whether a process of this machine still runs.
    pub alive: fn(u32) -> bool,
}

impl Acts {
    /// For those who only look: locked, recorded nowhere.
    pub fn none() -> Self {
        Self {
            authority: Authority::new(nextcore_core::model::mode::Mode::Viewer),
            audit: Audit::memory(),
            obligations: Files::memory(),
            reach: Reach::default(),
            who: Who::default(),
            pid: 0,
            has_session_plugin: false,
            alive: |_| false,
        }
    }
}

/// What a session may ask of the runner.
#[derive(Debug, Clone)]
pub enum Order {
    /// What would it do?
    Plan(Request),
    /// Do it: the plan that was looked at, and what was typed to confirm it.
    Execute(Arc<Plan>, String),
    /// An unfinished intent was looked at.
    Seen(String),
    /// A query of Logs Insights.
    Query(query::Ask),
}

/// What the runner tells a session.
#[derive(Debug, Clone)]
pub enum Report {
    /// For the screen.
    News(News),
    /// The terminal is wanted by a session of ECS Exec.
    Handoff(Handoff),
    /// How a query of Logs Insights goes.
    Query(query::News),
}

#[derive(Debug)]
struct Inner {
    clients: Clients,
    stack: Arc<Stack>,
    clock: Clock,
    meter: Meter,
    acts: Acts,
    store: watch::Receiver<Arc<Store>>,
    /// Resources with an action under way, and what it is.
    busy: Mutex<BTreeMap<String, String>>,
    /// Carries what is owed.
    keeper: Keeper,
    /// Requests of actions that are on their way: from the intent to the outcome.
    sending: watch::Sender<usize>,
    /// The program is being closed: nothing new is sent.
    leaving: watch::Sender<bool>,
    queries: Queries,
    runs: Mutex<u64>,
    /// The newest run of each resource.
    newest: Mutex<BTreeMap<String, String>>,
}

/// Plans and carries out; cheap to clone.
#[derive(Debug, Clone)]
pub struct Runner(Arc<Inner>);

/// What a runner works with.
#[derive(Debug)]
pub struct Tools {
    /// Gated clients.
    pub clients: Clients,
    /// The stack's names.
    pub stack: Arc<Stack>,
    pub clock: Clock,
    /// Counts what the clients send.
    pub meter: Meter,
    /// Authority, log, who.
    pub acts: Acts,
    /// What the engine knows already.
    pub store: watch::Receiver<Arc<Store>>,
}

impl Runner {
    /// A runner with these tools.
    pub fn new(tools: Tools) -> Self {
        let Tools { clients, stack, clock, meter, acts, store } = tools;
        meter.budget().pace(clock.speed());
        let keeper = Keeper::new(super::obligation::Tools {
            clients: clients.clone(),
            clock: clock.clone(),
            audit: acts.audit.clone(),
            files: acts.obligations.clone(),
        });
        let (sending, leaving) = (watch::channel(0).0, watch::channel(false).0);
        let (busy, runs, newest, queries) = (Mutex::default(), Mutex::default(), Mutex::default(), Queries::default());
        Self(Arc::new(Inner { clients, stack, clock, meter, acts, store, busy, keeper, sending, leaving, queries, runs, newest }))
    }

    fn desk(&self) -> Desk {
        Desk {
            clients: self.0.clients.clone(),
            stack: Arc::clone(&self.0.stack),
            member: None,
            meter: self.0.meter.clone(),
            store: Store::clone(&self.0.store.borrow()),
            now: self.0.clock.now(),
            has_session_plugin: self.0.acts.has_session_plugin,
            side: Arc::default(),
        }
    }

    /// What a request would do, from fresh reads.
    pub async fn plan(&self, request: &Request) -> Result<Plan, Refusal> {
        let answer = self.draw_up(request).await.map(|(plan, _)| plan);
        logged::planned(request, &answer);
        answer
    }

    /// The plan, and the desk with everything that was read for it.
    async fn draw_up(&self, request: &Request) -> Result<(Plan, Desk), Refusal> {
        let unknown = || Refusal::Usage(format!("unknown action '{}'", request.action));
        let row = ActionRow::find(&request.action).ok_or_else(unknown)?;
        let spec = row.spec().ok_or_else(unknown)?;
        nextcore_core::model::action::check(spec, request).map_err(|e| Refusal::Usage(e.to_string()))?;
        let mut desk = self.desk().about(request)?;
        // Whatever the action reads: in whose name it would be done is asked first, and afresh each time.
        desk.fetch(Identity::KEY).await.map_err(|p| unread(&p))?;
        desk = (row.gather)(desk, request.clone()).await?;
        desk.now = self.0.clock.now();
        let (draft, params) = (row.draft)(&desk.facts(), request)?;
        let permitted = may(&desk, &draft.calls, &draft.permission_on).await;
        let unread = || Refusal::CannotTell("caller identity unknown (sts:GetCallerIdentity): a plan needs its account".to_owned());
        let identity = desk.store.get::<Identity>().ok_or_else(unread)?;
        let object = draft.object.clone().unwrap_or_else(|| draft.resource.name.clone());
        let title = if object.is_empty() { spec.title.to_owned() } else { format!("{} {object}", spec.title) };
        let Draft {
            resource,
            changes,
            notes,
            mut checks,
            expect,
            blast,
            undo,
            undo_request,
            instead,
            calls,
            owes,
            takes,
            tier,
            typed,
            rests_on,
            ..
        } = draft;
        let tier = tier.unwrap_or(spec.tier);
        let confirm = (typed || tier == Tier::T2).then(|| resource.name.clone());
        if confirm.as_ref().is_some_and(String::is_empty) {
            return Err(Refusal::CannotTell(format!("{title}: no name to type for confirmation")));
        }
        checks.extend(desk.unread_parts());
        checks.push(permitted);
        let mut plan = Plan {
            request: request.clone(),
            title,
            tier,
            confirm,
            resource,
            account: identity.account.clone(),
            region: desk.stack.region.clone(),
            principal: identity.arn.clone(),
            changes,
            notes,
            checks,
            expect,
            blast,
            undo,
            undo_request,
            instead,
            calls,
            owes,
            takes,
            params,
            rests_on,
            made_at: desk.now,
            hash: String::new(),
        };
        plan.hash = hash::of(&plan)?;
        Ok((plan, desk))
    }

    /// Records that somebody asked for something that was not sent; a log that cannot be written does not change that.
    pub async fn record_refusal(&self, request: &Request, why: &Refusal) {
        let told = Told::Refused { who: self.who(), request: request.clone(), text: why.text().to_owned() };
        let _ = self.0.acts.audit.write(&AuditEntry { at: self.0.clock.now(), id: self.next_id(), told }).await;
    }

    /// Drops what the audit log need not keep any longer; a viewer leaves it as it is.
    pub async fn tidy(&self) {
        if self.0.acts.authority.mode() != Mode::Viewer {
            self.0.acts.audit.prune(self.0.clock.now()).await;
        }
    }

    /// Intents without an outcome, of processes that are gone.
    pub async fn unfinished(&self) -> Vec<Unfinished> {
        self.0.acts.audit.unfinished(self.0.clock.now(), self.0.acts.alive).await
    }

    /// Serves one session until its orders end.
    pub(super) async fn serve(self, mut orders: mpsc::Receiver<Order>, reports: mpsc::Sender<Report>) {
        self.tidy().await;
        let unfinished = self.unfinished().await;
        if !unfinished.is_empty() {
            let _ = reports.send(Report::News(News::Unfinished(unfinished))).await;
        }
        let (mut standing, news) = (self.standing(), reports.clone());
        // What was found before anybody listened is news, too.
        standing.mark_changed();
        let told = tokio::spawn(async move {
            while standing.changed().await.is_ok() {
                let list = Arc::clone(&standing.borrow_and_update());
                if news.send(Report::News(News::Owed(list))).await.is_err() {
                    return;
                }
            }
        });
        while let Some(order) = orders.recv().await {
            let (runner, reports) = (self.clone(), reports.clone());
            // A plan that waits for a slow answer holds up neither the next order nor a run.
            tokio::spawn(async move {
                match order {
                    Order::Plan(request) => {
                        let news = match runner.plan(&request).await {
                            Ok(plan) => News::Planned(Arc::new(plan)),
                            Err(refusal) => News::Refused(request, refusal),
                        };
                        let _ = reports.send(Report::News(news)).await;
                    }
                    Order::Execute(plan, typed) => {
                        let request = plan.request.clone();
                        let news = match runner.carry_out(plan, &typed, &reports).await {
                            Carried::Ended(run) => {
                                let run = runner.record_at_last(*run, &reports).await;
                                return runner.trail(run, &reports).await;
                            }
                            Carried::Moved(plan) => News::Moved(plan),
                            Carried::Refused(refusal) => News::Refused(request, refusal),
                        };
                        let _ = reports.send(Report::News(news)).await;
                    }
                    Order::Seen(id) => {
                        let told = Told::Seen { who: runner.who() };
                        let _ = runner.0.acts.audit.write(&AuditEntry { at: runner.0.clock.now(), id, told }).await;
                    }
                    Order::Query(ask) => runner.query(ask, &reports).await,
                }
            });
        }
        told.abort();
    }

    fn who(&self) -> Who {
        let arn = self.0.store.borrow().get::<Identity>().map(|i| i.arn.clone());
        Who { arn: arn.unwrap_or_else(|| self.0.acts.who.arn.clone()), ..self.0.acts.who.clone() }
    }

    /// Unique on this machine: the moment, the process, the number of the run.
    fn next_id(&self) -> String {
        let mut runs = self.0.runs.lock().unwrap_or_else(PoisonError::into_inner);
        *runs += 1;
        format!("{}-{}-{}", self.0.clock.now().format("%Y%m%dT%H%M%S%3f"), self.0.acts.pid, runs)
    }
}

/// A run, as news.
fn running(run: &Run) -> Report {
    Report::News(News::Running(Arc::new(run.clone())))
}
