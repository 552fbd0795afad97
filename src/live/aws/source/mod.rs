//! Sources: one file per kind of observed data, one row of `SOURCES` each. A source asks AWS and answers with a `Section`.
//! It neither schedules nor retries: the engine does. The gate, the IAM policy and the embedded cloud's coverage test read `READS`.

mod alarms;
mod balancer;
mod cache;
mod cdn;
mod cluster;
mod dashboards;
mod database;
mod delivery;
pub(in crate::aws) mod deployments;
mod dns;
mod events;
mod identity;
pub mod logs;
mod metrics;
#[cfg(feature = "ec2")]
mod network;
#[cfg(not(feature = "ec2"))]
#[path = "network_absent.rs"]
mod network;
mod profile;
mod scaling;
mod security;
pub(in crate::aws) mod services;
mod storage;
mod tasks;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Clients;
use super::meter::Meter;
use super::op::Op;
use nextcore_core::model::Time;
use nextcore_core::model::kinds::Known;
use nextcore_core::model::section::{AnySection, Problem, ProblemKind, Section, SectionKey, Unread};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::model::system::NodeId;

/// What a poll may look at.
#[derive(Debug)]
pub struct Context {
    /// Gated clients.
    pub clients: Clients,
    /// Names of the stack's resources.
    pub stack: Arc<Stack>,
    /// The one of several resources of a kind that is looked at in the place of the first; `stack` and `store` are as it sees them.
    pub member: Option<NodeId>,
    /// What is known so far: some sources build on others.
    pub store: Arc<Store>,
    /// The engine's clock at the start of the poll.
    pub now: Time,
    /// Where billed units are counted.
    pub meter: Meter,
    /// Something is not healthy: what decides that is worth a question a minute.
    pub closely: bool,
    /// How far back a person wants to read the log.
    pub older: Option<Time>,
    /// For a plan: parts that this identity may not read, which the plan can do without.
    pub side: Option<Side>,
    /// For a poll: the parts that could not be read, while the rest could.
    pub unread: Parts,
}

/// Parts of sections that a plan was not allowed to read.
pub type Side = Arc<Mutex<Vec<Problem>>>;

/// Parts of one section that could not be read.
pub type Parts = Arc<Mutex<Vec<Unread>>>;

/// What a part of a section is.
struct Part<'p> {
    /// As people call it.
    name: String,
    /// The thing of the section's list that it belongs to; empty: the section itself.
    item: &'p str,
    /// The field that it fills; empty: the whole thing.
    field: &'p str,
    /// A rule of health rests on it.
    judged: bool,
}

impl<'p> Part<'p> {
    /// A part that a rule of health rests on.
    fn judged(name: impl Into<String>, item: &'p str, field: &'p str) -> Self {
        Self { name: name.into(), item, field, judged: true }
    }

    /// A part that is only shown.
    fn shown(name: impl Into<String>, item: &'p str, field: &'p str) -> Self {
        Self { judged: false, ..Self::judged(name, item, field) }
    }
}

impl Context {
    /// A part of an answer: where the permission is missing, a poll does without it and says so. A plan rests on all that it asks for.
    fn part<T>(&self, part: Part<'_>, answer: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match answer {
            Err(problem) if problem.kind == ProblemKind::Denied && self.side.is_none() => {
                let Part { name, item, field, judged } = part;
                let unread = Unread { part: name, item: item.to_owned(), field: field.to_owned(), why: problem.why(), judged };
                let mut all = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
                if !all.contains(&unread) {
                    all.push(unread);
                }
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// The same of a part that a plan can do without: it says so, too.
    fn side<T>(&self, part: Part<'_>, answer: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match (answer, &self.side) {
            (Err(problem), Some(side)) if problem.kind == ProblemKind::Denied => {
                side.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                Ok(None)
            }
            (answer, _) => self.part(part, answer),
        }
    }

    /// Things that are asked for one by one, by name: one that may not be read is named, and the others stay. Where none may, there is no
    /// section.
    fn each<T>(&self, what: &str, answers: impl IntoIterator<Item = (String, Result<T, Problem>)>) -> Result<Vec<T>, Problem> {
        let (mut found, mut refused) = (Vec::new(), None);
        for (name, answer) in answers {
            if let Err(problem) = &answer {
                refused.get_or_insert_with(|| problem.clone());
            }
            let label = name.split(":targetgroup/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(&name);
            found.extend(self.part(Part::judged(format!("{what} {label}"), &name, ""), answer)?);
        }
        match refused.filter(|_| found.is_empty()) {
            Some(problem) => Err(problem),
            None => Ok(found),
        }
    }

    /// A section that this poll builds on, or the reason to wait for it.
    fn needs<T: Section>(&self) -> Result<&T, Problem> {
        if let Some(value) = self.store.get::<T>() {
            return Ok(value);
        }
        let problem = self.store.entry(T::KEY).and_then(|e| e.problem.as_ref());
        Err(problem.filter(|p| !p.is_waiting()).map_or_else(
            || Problem::waiting(T::KEY, T::TITLE),
            |p| Problem {
                kind: p.kind,
                headline: format!("needs {}: {}", T::TITLE, p.headline),
                hint: p.hint.clone(),
                permission: p.permission.clone(),
            },
        ))
    }

    /// Waits for a section that this poll takes into account if it can be had: one that fails is done without.
    fn after<T: Section>(&self) -> Result<(), Problem> {
        let entry = self.store.entry(T::KEY);
        let is_answered = entry.is_some_and(|e| e.value.is_some() || e.problem.as_ref().is_some_and(|p| !p.is_waiting()));
        if is_answered || !self.stack.reads(T::KEY) { Ok(()) } else { Err(Problem::waiting(T::KEY, T::TITLE)) }
    }
}

/// The source that yields a section; a build without a feature has fewer.
pub(super) fn of(key: SectionKey) -> Option<&'static SourceRow> {
    SOURCES.iter().find(|row| row.key == key)
}

/// One kind of observed data and how to fetch it.
pub trait Source: 'static {
    /// What it yields.
    type Out: Known;
    /// Every operation that it may send.
    const READS: &'static [Op];

    /// The interval while the open pane is about it, if that is to be shorter.
    const CLOSELY: Option<Duration> = None;

    /// The interval while something is not healthy, if that is to be shorter.
    const UNWELL: Option<Duration> = None;

    /// How soon after a poll began it may be asked for again by hand, where that costs money; others follow their interval.
    const FLOOR: Option<Duration> = None;

    /// Asked only while something on the screen reads it; all others are kept up, slowly, when nobody looks.
    const ON_DEMAND: bool = false;

    /// How long to wait between polls while something on the screen needs it.
    fn every(store: &Store) -> Duration;

    /// Asks once.
    fn poll(cx: Arc<Context>) -> impl Future<Output = Result<Self::Out, Problem>> + Send;
}

/// A poll whose kind is erased.
pub type Poll = BoxFuture<'static, Result<Arc<dyn AnySection>, Problem>>;

/// A row of `SOURCES`.
#[derive(Debug, Clone, Copy)]
pub struct SourceRow {
    /// The section that it yields.
    pub key: SectionKey,
    /// The section's name in a sentence.
    pub title: &'static str,
    /// Every operation that it may send.
    pub reads: &'static [Op],
    /// The interval while the open pane is about it.
    pub closely: Option<Duration>,
    /// The interval while something is not healthy.
    pub unwell: Option<Duration>,
    /// How soon it may be asked for again by hand, if its interval does not say.
    pub floor: Option<Duration>,
    /// Asked only while something on the screen reads it.
    pub on_demand: bool,
    /// The interval.
    pub every: fn(&Store) -> Duration,
    /// Asks once.
    pub poll: fn(Arc<Context>) -> Poll,
}

const fn row<S: Source>() -> SourceRow {
    SourceRow {
        key: S::Out::KEY,
        title: S::Out::TITLE,
        reads: S::READS,
        closely: S::CLOSELY,
        unwell: S::UNWELL,
        floor: S::FLOOR,
        on_demand: S::ON_DEMAND,
        every: S::every,
        poll: erased::<S>,
    }
}

fn erased<S: Source>(cx: Arc<Context>) -> Poll {
    Box::pin(async move { S::poll(cx).await.map(|section| Arc::new(section) as Arc<dyn AnySection>) })
}

/// Every source of the program.
pub const SOURCES: &[SourceRow] = &[
    row::<identity::IdentitySource>(),
    row::<balancer::BalancerSource>(),
    row::<balancer::RoutingSource>(),
    row::<balancer::TargetsSource>(),
    row::<cluster::ClusterSource>(),
    row::<services::ServicesSource>(),
    row::<services::DefinitionsSource>(),
    row::<tasks::RunningSource>(),
    row::<tasks::StoppedSource>(),
    row::<deployments::DeploymentsSource>(),
    row::<scaling::TargetsSource>(),
    row::<scaling::ActivitiesSource>(),
    row::<cache::GroupSource>(),
    row::<cache::NodesSource>(),
    row::<events::CacheSource>(),
    row::<database::InstanceSource>(),
    row::<database::SettingsSource>(),
    row::<events::DatabaseSource>(),
    row::<alarms::AlarmsSource>(),
    row::<alarms::HistorySource>(),
    row::<metrics::MetricsSource>(),
    row::<logs::TailSource>(),
    row::<logs::GroupSource>(),
    row::<cache::SubnetsSource>(),
    row::<dns::DnsSource>(),
    row::<cdn::CdnSource>(),
    row::<network::VpcSource>(),
    row::<network::ZonesSource>(),
    row::<network::NatSource>(),
    row::<network::RoutesSource>(),
    row::<network::GroupsSource>(),
    row::<storage::StorageSource>(),
    row::<security::RolesSource>(),
    row::<security::KeysSource>(),
    row::<security::SecretsSource>(),
    row::<delivery::RepositoriesSource>(),
    row::<delivery::BuildsSource>(),
    row::<delivery::PipelineSource>(),
    row::<dashboards::DashboardsSource>(),
    row::<profile::LoadSource>(),
    row::<profile::HostSource>(),
];

/// Every read operation of every source: what the gate lets through.
pub fn reads() -> impl Iterator<Item = &'static Op> {
    SOURCES.iter().flat_map(|row| row.reads)
}

/// What is read because a person asks for it, beside the polls.
pub fn on_request() -> impl Iterator<Item = &'static Op> {
    logs::ON_REQUEST.iter()
}

/// An answer that its section can do without: `None` where the service has no such operation, or does not apply it to this resource.
/// A missing permission, and whatever concerns the whole poll, stays a problem of the section.
fn spare<T>(answer: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(out) => Ok(Some(out)),
        Err(p) if p.kind == ProblemKind::Service => Ok(None),
        Err(p) => Err(p),
    }
}

const FAST: Duration = Duration::from_secs(5);
const MEDIUM: Duration = Duration::from_secs(15);
const TWENTY: Duration = Duration::from_secs(20);
const HALF_MINUTE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);
const TWO_MINUTES: Duration = Duration::from_mins(2);
const SLOW: Duration = Duration::from_mins(5);
const QUARTER: Duration = Duration::from_mins(15);
