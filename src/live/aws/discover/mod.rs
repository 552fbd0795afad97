//! Finds a stack by what its parts say of each other: services → target groups → load balancer, security groups and the names of environment
//! variables → data stores, images → repositories, the pipeline that deploys → its builds. Reads only, and no value of a variable or secret.
//! It asks whoever calls where it is not sure. Called by `init`.

mod compute;
mod data;
mod delivery;
mod edge;
mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use nextcore_core::model::Time;
use nextcore_core::model::section::{AnySection, Problem, ProblemKind, Section};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

use super::Clients;
use super::convert::text;
use super::error::problem_of;
use super::meter::Meter;
use super::newcomer::WHO;
use super::op::Op;
use super::source::Context;

/// What is known before anything is asked.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The cluster.
    pub cluster: Option<String>,
    /// A tag that the cluster or its services carry.
    pub tag: Option<(String, String)>,
    /// The load balancer whose targets are the stack's services.
    pub balancer: Option<String>,
    pub region: String,
}

/// One thing that was found, and why it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key of the configuration.
    pub key: &'static str,
    /// What it says; empty = nothing of the kind was found.
    pub value: String,
    pub why: String,
    /// Nothing else could be meant.
    pub sure: bool,
}

/// One of several that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub name: String,
    /// What speaks for it.
    pub why: String,
    /// How much; the highest is the best.
    pub weight: u32,
}

/// A question that the findings leave open.
#[derive(Debug)]
pub struct Question<'a> {
    pub key: &'static str,
    /// The best first.
    pub candidates: &'a [Candidate],
}

/// Who answers: the candidate's place, or none of them.
pub type Ask<'a> = dyn FnMut(&Question<'_>) -> Option<usize> + Send + 'a;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Found {
    pub stack: Stack,
    pub findings: Vec<Finding>,
    /// What could not be looked at: those parts are not in the stack.
    pub unread: Vec<Problem>,
}

/// The operations that only this uses.
pub fn reads() -> impl Iterator<Item = &'static Op> {
    [compute::READS, data::READS, delivery::READS, edge::READS].into_iter().flatten()
}

/// The search while it goes on.
struct Search<'a> {
    clients: Clients,
    store: Store,
    now: Time,
    meter: Meter,
    found: Found,
    /// Engines of the data stores, by name.
    engines: BTreeMap<String, String>,
    ask: &'a mut Ask<'a>,
}

impl Search<'_> {
    fn note(&mut self, key: &'static str, value: impl Into<String>, why: impl Into<String>, sure: bool) {
        self.found.findings.push(Finding { key, value: value.into(), why: why.into(), sure });
    }

    /// A part that may be refused: then it is named, and left out.
    fn part<T>(&mut self, answer: Result<T, Problem>) -> Option<T> {
        answer.map_err(|problem| self.found.unread.push(problem)).ok()
    }

    /// The best candidate; asks when something certain speaks for another, too, or nothing but a name for this one. The others are named.
    fn choose(&mut self, key: &'static str, candidates: Vec<Candidate>, certain: u32) -> Option<Candidate> {
        self.choose_of(key, "", candidates, certain).map(|(chosen, _)| chosen)
    }

    /// The same of what a stack may have several of: what something certain speaks for is taken as well, under the key `others`.
    fn choose_of(
        &mut self,
        key: &'static str,
        others: &'static str,
        mut candidates: Vec<Candidate>,
        certain: u32,
    ) -> Option<(Candidate, Vec<String>)> {
        candidates.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
        let best = candidates.first()?;
        let sure = best.weight >= certain && candidates.get(1).is_none_or(|second| second.weight < best.weight.min(certain));
        let at = if sure { Some(0) } else { (self.ask)(&Question { key, candidates: &candidates }) };
        let chosen = candidates.get(at?)?.clone();
        let taken = |c: &Candidate| !others.is_empty() && c.weight >= certain;
        let (beside, left): (Vec<&Candidate>, Vec<&Candidate>) =
            candidates.iter().filter(|c| c.name != chosen.name).partition(|c| taken(c));
        let told = |all: &[&Candidate]| {
            let all: Vec<String> = all.iter().map(|c| format!("{} ({})", c.name, c.why)).collect();
            names::some(&all.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let why =
            if left.is_empty() { chosen.why.clone() } else { format!("{}; there are others, not watched: {}", chosen.why, told(&left)) };
        let more: Vec<String> = beside.iter().map(|c| c.name.clone()).collect();
        let of_more = told(&beside);
        self.note(key, &chosen.name, why, sure);
        if !more.is_empty() {
            self.note(others, more.join(", "), of_more, true);
        }
        Some((chosen, more))
    }

    /// Polls one section of the stack as far as it is known, as the dashboard would.
    async fn read<S: Section>(&mut self) -> Result<Arc<dyn AnySection>, Problem> {
        let row = super::source::of(S::KEY).ok_or_else(|| Problem {
            kind: ProblemKind::Service,
            headline: format!("{}: not in this build", S::TITLE),
            hint: "build with the default features".to_owned(),
            permission: None,
        })?;
        let context = Context {
            clients: self.clients.clone(),
            stack: Arc::new(self.found.stack.clone()),
            member: None,
            store: Arc::new(self.store.clone()),
            now: self.now,
            meter: self.meter.clone(),
            older: None,
            closely: false,
            side: None,
            unread: super::source::Parts::default(),
        };
        let section = (row.poll)(Arc::new(context)).await?;
        let entry = self.store.entry_mut(S::KEY);
        (entry.value, entry.at) = (Some(Arc::clone(&section)), Some(self.now));
        Ok(section)
    }

    /// The same where the stack can be told without it.
    async fn look<S: Section>(&mut self) -> Option<S> {
        let answer = self.read::<S>().await;
        self.part(answer)?;
        self.store.get::<S>().cloned()
    }
}

/// The account whose credentials these are.
///
/// # Errors
/// When STS does not say.
pub async fn whose(clients: &Clients) -> Result<String, Problem> {
    let out = clients.sts.get_caller_identity().send().await.map_err(|e| problem_of(WHO, &e))?;
    Ok(text(out.account()))
}

/// Finds the stack that the hints mean.
///
/// # Errors
/// When no cluster can be chosen, or its services cannot be read: then there is no stack to tell of.
pub async fn discover<'a>(clients: Clients, meter: Meter, now: Time, hints: &Hints, ask: &'a mut Ask<'a>) -> Result<Found, Problem> {
    let found = Found { stack: Stack { region: hints.region.clone(), ..Stack::none() }, ..Found::default() };
    let mut search = Search { clients, store: Store::default(), now, meter, found, engines: BTreeMap::new(), ask };
    search.compute(hints).await?;
    search.data().await;
    search.delivery().await;
    search.edge().await;
    let stack = &mut search.found.stack;
    stack.name.clone_from(&stack.cluster);
    Ok(search.found)
}
