//! Actions: one file each (or one for twins), one row of `ROWS` each. An action reads afresh (`gather`), drafts a plan (`draft`, pure),
//! sends what the plan says (`send`) and says from fresh reads how far it has come (`sight`, pure). Confirming, warrants, sending once,
//! watching and the audit log are the engine's. The gate and the IAM policy read `operations`.

mod alarm;
mod autoscaling;
mod bounds;
mod build;
mod cache;
mod common;
mod database;
mod draft;
mod exec;
mod invalidate;
mod permission;
mod pipeline;
mod redeploy;
mod reroute;
mod revisions;
mod rollback;
mod rollout;
mod scale;
mod send;
mod service;
mod stop_deployment;
mod stop_task;
mod surprise;
mod task;
mod tracking;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Clients;
use super::meter::Meter;
use super::op::Op;
use super::source::{self, Context, Side};
use nextcore_core::model::Time;
use nextcore_core::model::action::params::{Parameters, Params};
use nextcore_core::model::action::{Request, Spec};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Check, Outcome, Plan, Refusal, Run, Step, Verdict};
use nextcore_core::model::section::{Problem, ProblemKind, Section, SectionKey};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::model::system::NodeId;

pub use draft::Draft;
pub use permission::may;
pub use send::{Handoff, Receipt, SendError, Sender, Warrants};

/// Where fresh facts are gathered: the sections of sources, read now.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Gated clients.
    pub clients: Clients,
    /// The stack's names.
    pub stack: Arc<Stack>,
    /// The one of several resources of a kind that it is about; `stack` and `store` are as it sees them.
    pub member: Option<NodeId>,
    /// Counts billed units.
    pub meter: Meter,
    /// What was known, overlaid with what was read.
    pub store: Store,
    /// The engine's clock.
    pub now: Time,
    /// `session-manager-plugin` is on this machine's PATH.
    pub has_session_plugin: bool,
    /// Parts of sections that this identity may not read.
    pub side: Side,
}

impl Desk {
    /// The desk for a request that names one of several databases or caches.
    pub fn about(self, request: &Request) -> Result<Self, Refusal> {
        let Some(node) = request.resource() else { return Ok(self) };
        if let Some(stack) = self.stack.of_member(&node) {
            let store = self.store.of_member(&node);
            return Ok(Self { stack: Arc::new(stack), store, member: Some(node), ..self });
        }
        let all: Vec<&str> = self.stack.all(node.system()).collect();
        if all.first().is_some_and(|first| *first == node.name()) {
            return Ok(self);
        }
        Err(Refusal::Usage(format!("--of {}: the stack has {}", node.name(), all.join(", "))))
    }

    /// Reads a section now, by the source that yields it; first what that builds on, where it is not known.
    pub async fn fetch(&mut self, key: SectionKey) -> Result<(), Problem> {
        let mut keys = vec![key];
        while let Some(key) = keys.last().copied() {
            match self.read(key).await {
                Ok(()) => {
                    keys.pop();
                }
                Err(problem) => match problem.kind {
                    ProblemKind::Waiting(Some(first)) if !keys.contains(&first) && source::of(first).is_some() => keys.push(first),
                    _ => return Err(problem),
                },
            }
        }
        Ok(())
    }

    async fn read(&mut self, key: SectionKey) -> Result<(), Problem> {
        let Some(row) = source::of(key) else { return Ok(()) };
        let cx = Context {
            older: None,
            closely: false,
            clients: self.clients.clone(),
            stack: Arc::clone(&self.stack),
            member: self.member.clone(),
            store: Arc::new(self.store.clone()),
            now: self.now,
            meter: self.meter.clone(),
            side: Some(Arc::clone(&self.side)),
            unread: Arc::default(),
        };
        let value = (row.poll)(Arc::new(cx)).await?;
        let entry = self.store.entry_mut(key);
        entry.value = Some(value);
        entry.unread = Vec::new();
        entry.at = Some(self.now);
        entry.problem = None;
        Ok(())
    }

    /// The checks that could not be made because a part of a section may not be read.
    pub fn unread_parts(&self) -> Vec<Check> {
        let side = self.side.lock().unwrap_or_else(PoisonError::into_inner);
        let mut permissions: Vec<&str> = side.iter().map(|p| p.permission.as_deref().unwrap_or(&p.headline)).collect();
        permissions.sort_unstable();
        permissions.dedup();
        let check = |permission| Check { verdict: Verdict::Unknown, text: format!("{permission} is not allowed") };
        permissions.into_iter().map(check).collect()
    }

    /// Whether a section is known, or is one that this identity may not read; else what went wrong with it.
    pub fn is_denied_or_known(&self, key: SectionKey) -> Result<(), String> {
        let problem = self.store.entry(key).filter(|e| e.value.is_none()).and_then(|e| e.problem.as_ref());
        problem.filter(|p| p.kind != ProblemKind::Denied).map_or(Ok(()), |p| Err(p.headline.clone()))
    }

    /// Reads sections now, in this order. Who we are was asked before, for every plan.
    pub async fn fetch_all(&mut self, keys: &[SectionKey]) -> Result<(), Problem> {
        let known = self.store.entry(Identity::KEY).is_some_and(|e| e.value.is_some() && e.at == Some(self.now));
        for key in keys.iter().filter(|key| !(known && **key == Identity::KEY)) {
            self.fetch(*key).await?;
        }
        Ok(())
    }

    /// Reads a section now; not knowing it is no obstacle. What it would have shown is then a check that could not be made, and why:
    /// an older answer does not stand in for it.
    pub async fn try_fetch(&mut self, key: SectionKey) {
        if let Err(problem) = self.fetch(key).await {
            let entry = self.store.entry_mut(key);
            entry.value = None;
            entry.problem = Some(problem);
        }
    }

    /// The same, if it is not known well enough already.
    pub async fn glance(&mut self, key: SectionKey) {
        let fresh = self.store.entry(key).is_some_and(|e| e.value.is_some() && !e.is_stale(self.now));
        if !fresh {
            self.try_fetch(key).await;
        }
    }

    /// The facts for `draft` and `sight`.
    pub fn facts(&self) -> Facts<'_> {
        Facts { store: &self.store, stack: &self.stack, now: self.now, has_session_plugin: self.has_session_plugin }
    }
}

/// What a draft and a sight are made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Sections, read now where the action says so.
    pub store: &'a Store,
    /// The stack's names.
    pub stack: &'a Stack,
    /// The moment of reading.
    pub now: Time,
    /// `session-manager-plugin` is on this machine's PATH.
    pub has_session_plugin: bool,
}

impl<'a> Facts<'a> {
    /// A section that the action cannot do without.
    pub fn need<T: Section>(&self) -> Result<&'a T, Refusal> {
        self.store.get::<T>().ok_or_else(|| Refusal::CannotTell(format!("could not read {}", T::TITLE)))
    }

    /// Why a section is not known, as the end of a sentence that says what is not known for it.
    pub fn why(&self, key: SectionKey) -> String {
        let problem = self.store.entry(key).filter(|e| e.value.is_none()).and_then(|e| e.problem.as_ref());
        problem.map_or_else(String::new, because)
    }

    /// The caller's account; empty while it is not known.
    pub fn account(&self) -> &'a str {
        self.store.get::<Identity>().map_or("", |i| i.account.as_str())
    }
}

/// How far a run has come, by one look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// The way to the end.
    pub steps: Vec<Step>,
    /// Whether the cloud shows that the request was carried out; `None` = it cannot be seen.
    pub applied: Option<bool>,
    /// The end, if this is one.
    pub end: Option<(Outcome, String)>,
}

/// For so long it is looked whether a setting stays as it was set: autoscaling acts within minutes.
pub(crate) const LASTS: Duration = Duration::from_mins(5);

/// One thing that can be done.
pub trait Action: 'static {
    /// What its plans send: nothing is sent that is not in it.
    type Params: Parameters;
    /// Its row in `model::action`.
    const NAME: &'static str;
    /// Every write that it may send.
    const WRITES: &'static [Op];
    /// Reads of its own, beside those of sources.
    const READS: &'static [Op] = &[];
    /// The sections that it rests on, read afresh in this order.
    const NEEDS: &'static [SectionKey];
    /// The sections by which it is watched, read at every look in this order.
    const WATCHES: &'static [SectionKey];
    /// Sections that a look shows where they may be read: without the permission they are left out of it.
    const BESIDE: &'static [SectionKey] = &[];
    /// Between two looks.
    const EVERY: Duration = Duration::from_secs(5);
    /// Sections that tell who has moved what an action had set: read once, where it is not as it was set.
    const EXPLAINS: &'static [SectionKey] = &[];
    /// How long after its end it is looked whether that still holds: what others, or AWS itself, may take back.
    const LASTS: Option<Duration> = None;

    /// Reads what the draft needs.
    fn gather(desk: &mut Desk, request: &Request) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = request;
        async move { desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p)) }
    }

    /// What it would do, and what is sent for it.
    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, Self::Params), Refusal>;

    /// Sends what the plan says, in its order. Each request leaves at most once: the engine gives one warrant for each call of the plan.
    fn send(sender: Sender, params: Self::Params) -> impl Future<Output = Result<Receipt, SendError>> + Send;

    /// How far it has come.
    fn sight(facts: &Facts<'_>, run: &Run, params: &Self::Params) -> Sight;
}

/// The parameters of a plan, if it is one of this action.
fn params<A: Action>(plan: &Plan) -> Result<A::Params, SendError> {
    let other = || SendError::No(format!("the plan has no parameters of '{}': nothing was sent; report this as a bug", A::NAME));
    A::Params::of(&plan.params).cloned().ok_or_else(other)
}

/// A problem of a read, as the end of a sentence that says what is not known for it.
pub(crate) fn because(problem: &Problem) -> String {
    match &problem.permission {
        Some(permission) => format!(" ({permission} is not allowed)"),
        None => format!(" ({})", problem.headline),
    }
}

/// A problem of a read, as the reason why there is no plan.
pub(crate) fn unread(problem: &Problem) -> Refusal {
    let hint = if problem.hint.is_empty() { String::new() } else { format!("\n  next: {}", problem.hint) };
    Refusal::CannotTell(format!("{}{hint}", problem.headline))
}

type Drafting = fn(&Facts<'_>, &Request) -> Result<(Draft, Params), Refusal>;
type Sending = BoxFuture<'static, Result<Receipt, SendError>>;

/// A row of `ROWS`: an action whose type is erased.
#[derive(Debug, Clone, Copy)]
pub struct ActionRow {
    pub name: &'static str,
    /// Every write that it may send.
    pub writes: &'static [Op],
    /// Reads of its own.
    pub reads: &'static [Op],
    /// The sections by which it is watched.
    pub watches: &'static [SectionKey],
    /// Those that are looked at where they may be read.
    pub beside: &'static [SectionKey],
    /// Between two looks.
    pub every: Duration,
    /// Those that tell who has moved what was set.
    pub explains: &'static [SectionKey],
    /// How long after its end it is looked whether that still holds.
    pub lasts: Option<Duration>,
    /// Reads what the draft needs; gives the desk back.
    pub gather: fn(Desk, Request) -> BoxFuture<'static, Result<Desk, Refusal>>,
    /// What it would do.
    pub draft: Drafting,
    pub send: fn(Sender, Arc<Plan>) -> Sending,
    /// How far it has come.
    pub sight: fn(&Facts<'_>, &Run) -> Sight,
}

impl ActionRow {
    /// The row of a request.
    pub fn find(name: &str) -> Option<&'static Self> {
        ROWS.iter().find(|r| r.name == name)
    }

    /// What everybody knows of it.
    pub fn spec(&self) -> Option<&'static Spec> {
        Spec::find(self.name)
    }
}

const fn row<A: Action>() -> ActionRow {
    ActionRow {
        name: A::NAME,
        writes: A::WRITES,
        reads: A::READS,
        watches: A::WATCHES,
        beside: A::BESIDE,
        every: A::EVERY,
        explains: A::EXPLAINS,
        lasts: A::LASTS,
        gather: |mut desk, request| {
            Box::pin(async move {
                A::gather(&mut desk, &request).await?;
                Ok(desk)
            })
        },
        draft: |facts, request| A::draft(facts, request).map(|(draft, params)| (draft, params.into())),
        send: |sender, plan| Box::pin(async move { A::send(sender, params::<A>(&plan)?).await }),
        sight: |facts, run| A::Params::of(&run.plan.params).map_or_else(Sight::default, |params| A::sight(facts, run, params)),
    }
}

/// Every action of the program.
pub const ROWS: &[ActionRow] = &[
    row::<scale::Scale>(),
    row::<bounds::Bounds>(),
    row::<autoscaling::Suspend>(),
    row::<autoscaling::Resume>(),
    row::<redeploy::Redeploy>(),
    row::<rollback::Rollback>(),
    row::<stop_deployment::StopDeployment>(),
    row::<stop_task::StopTask>(),
    row::<exec::Exec>(),
    row::<database::FailOver>(),
    row::<cache::FailOver>(),
    row::<reroute::Reroute>(),
    row::<alarm::Off>(),
    row::<alarm::On>(),
    row::<pipeline::Start>(),
    row::<pipeline::Retry>(),
    row::<pipeline::Stop>(),
    row::<build::Start>(),
    row::<build::Retry>(),
    row::<build::Stop>(),
    row::<invalidate::Invalidate>(),
];

/// Every operation of every action: what the gate lets through beside the sources' reads.
pub fn operations() -> impl Iterator<Item = &'static Op> {
    ROWS.iter().flat_map(|row| row.reads.iter().chain(row.writes)).chain(permission::READS)
}
