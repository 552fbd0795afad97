//! What the rules look at: a store at one moment, indexed once so that 500 services and 10,000 tasks stay cheap. It judges nothing.

use std::collections::{BTreeMap, HashMap};

use crate::model::Time;
use crate::model::health::Level;
use crate::model::limits::Limits;
use crate::model::metric::{Metrics, Series, Silence};
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Service, Services, StoppedTasks, Task, Tasks};
use crate::model::stack::Stack;
use crate::model::standing::Standing;
use crate::model::store::Store;

use crate::insight::health::finding::Finding;
use crate::insight::health::window::Window;
use crate::insight::topology::paths::{ClosedPath, Paths};
use crate::insight::topology::roles::redis_roles;

/// Tasks by service: they come sorted by service, so that whole runs are kept and not one entry a task.
type ByService<'a> = HashMap<&'a str, Vec<&'a [Task]>>;

/// The facts of one moment.
pub(crate) struct Facts<'a> {
    pub store: &'a Store,
    pub stack: &'a Stack,
    pub now: Time,
    /// Something is written down about this stack: its numbers count, and not only what it needs to serve.
    pub written: bool,
    /// Redis roles by node.
    pub roles: BTreeMap<String, bool>,
    /// Paths that traffic needs and that the security groups do not let through.
    pub closed: Vec<ClosedPath>,
    window: Option<Window<'a>>,
    standings: BTreeMap<SectionKey, Standing>,
    services: HashMap<&'a str, &'a Service>,
    tasks: ByService<'a>,
    stopped: ByService<'a>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(store: &'a Store, stack: &'a Stack, now: Time) -> Self {
        let mut facts = Self {
            store,
            stack,
            now,
            written: stack.is_the_seeds(),
            roles: redis_roles(store, now),
            closed: Paths::closed(store, stack),
            window: None,
            standings: store.entries().map(|(key, entry)| (key, Standing::of(Some(entry), now))).collect(),
            services: HashMap::new(),
            tasks: HashMap::new(),
            stopped: HashMap::new(),
        };
        facts.window = facts.fresh::<Metrics>().map(|m| Window::new(m, now));
        for service in store.get::<Services>().iter().flat_map(|s| &s.services) {
            facts.services.insert(&service.name, service);
        }
        facts.tasks = by_service(facts.fresh::<Tasks>().map_or(&[], |t| &t.tasks));
        facts.stopped = by_service(facts.fresh::<StoppedTasks>().map_or(&[], |t| &t.tasks));
        facts
    }

    /// Those of one resource beside the first of its kind. Which services use it is not written anywhere, so no path to it is missed.
    pub(crate) fn of_member(store: &'a Store, stack: &'a Stack, now: Time) -> Self {
        Self { closed: Vec::new(), ..Self::new(store, stack, now) }
    }

    /// What the stack's figures are judged by.
    pub(crate) fn limits(&self) -> &'a Limits {
        &self.stack.limits
    }

    pub(crate) fn standing(&self, key: SectionKey) -> Standing {
        self.standings.get(&key).copied().unwrap_or(Standing::Idle)
    }

    /// A section's value if it is current.
    pub(crate) fn fresh<T: Section>(&self) -> Option<&'a T> {
        (self.standing(T::KEY) == Standing::Ready).then(|| self.store.get::<T>()).flatten()
    }

    /// The metrics, if they are current.
    pub(crate) fn window(&self) -> Option<&Window<'a>> {
        self.window.as_ref()
    }

    /// That CloudWatch has no figures at all of a system whose rules rest on them: how it does is not seen. What never had any is not missed.
    pub(crate) fn silence(&self, word: &str) -> Option<Finding> {
        let silence = self.window()?.silence()?;
        let own = |id: &str| id.strip_prefix(word).is_some_and(|rest| rest.starts_with('/'));
        // What is asked for every minute is published by everything of its kind.
        let expected = |s: &Series| !s.points.is_empty() || s.zero_fill || s.every == 60;
        let series = &self.store.get::<Metrics>()?.series;
        let missed = series.iter().any(|(id, s)| own(id) && expected(s));
        let text = match silence {
            Silence::For(age) => format!("no data from CloudWatch for {} min", age / 60),
            Silence::Always => "no data from CloudWatch".to_owned(),
        };
        missed.then(|| Finding { basis: vec![Metrics::KEY], ..Finding::new(Level::Unknown, text) })
    }

    pub(crate) fn service(&self, name: &str) -> Option<&'a Service> {
        self.services.get(name).copied()
    }

    /// Tasks of a service that should run.
    pub(crate) fn tasks_of(&self, service: &str) -> impl Iterator<Item = &'a Task> + Clone + use<'a, '_> {
        runs(&self.tasks, service)
    }

    /// Recently stopped tasks of a service.
    pub(crate) fn stopped_of(&self, service: &str) -> impl Iterator<Item = &'a Task> + Clone + use<'a, '_> {
        runs(&self.stopped, service)
    }

    /// How many tasks of the configured services run.
    pub(crate) fn running(&self) -> i32 {
        self.stack.services.iter().filter_map(|s| self.service(&s.name)).map(|s| s.running).sum()
    }
}

fn by_service(tasks: &[Task]) -> ByService<'_> {
    let mut all = ByService::new();
    for run in tasks.chunk_by(|a, b| a.service == b.service) {
        if let Some(first) = run.first() {
            all.entry(first.service.as_str()).or_default().push(run);
        }
    }
    all
}

fn runs<'a, 'f>(all: &'f ByService<'a>, service: &str) -> impl Iterator<Item = &'a Task> + Clone + use<'a, 'f> {
    all.get(service).into_iter().flatten().copied().flatten()
}
