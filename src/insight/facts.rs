//! What the rules look at: a store at one moment, indexed once so that 500 services and 10,000 tasks stay cheap. It judges nothing.

use std::collections::{BTreeMap, HashMap};

use crate::model::Time;
use crate::model::metric::Metrics;
use crate::model::section::{Section, SectionKey};
use crate::model::service::{Service, Services, StoppedTasks, Task, Tasks};
use crate::model::stack::Stack;
use crate::model::store::Store;

use super::roles::redis_roles;
use super::standing::Standing;
use super::window::Window;

/// The facts of one moment.
pub(crate) struct Facts<'a> {
    pub store: &'a Store,
    pub stack: &'a Stack,
    pub now: Time,
    /// Redis roles by node.
    pub roles: BTreeMap<String, bool>,
    window: Option<Window<'a>>,
    services: HashMap<&'a str, &'a Service>,
    tasks: HashMap<&'a str, Vec<&'a Task>>,
    stopped: HashMap<&'a str, Vec<&'a Task>>,
    by_ip: HashMap<&'a str, &'a Task>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(store: &'a Store, stack: &'a Stack, now: Time) -> Self {
        let mut facts = Self {
            store,
            stack,
            now,
            roles: redis_roles(store),
            window: None,
            services: HashMap::new(),
            tasks: HashMap::new(),
            stopped: HashMap::new(),
            by_ip: HashMap::new(),
        };
        facts.window = facts.fresh::<Metrics>().map(|m| Window::new(m, now));
        for service in store.get::<Services>().iter().flat_map(|s| &s.services) {
            facts.services.insert(&service.name, service);
        }
        for task in facts.fresh::<Tasks>().iter().flat_map(|t| &t.tasks) {
            facts.tasks.entry(&task.service).or_default().push(task);
            if let Some(ip) = &task.ip {
                facts.by_ip.insert(ip, task);
            }
        }
        for task in facts.fresh::<StoppedTasks>().iter().flat_map(|t| &t.tasks) {
            facts.stopped.entry(&task.service).or_default().push(task);
        }
        facts
    }

    pub(crate) fn standing(&self, key: SectionKey) -> Standing {
        Standing::of(self.store.entry(key), self.now)
    }

    /// A section's value if it is current.
    pub(crate) fn fresh<T: Section>(&self) -> Option<&'a T> {
        (self.standing(T::KEY) == Standing::Ready).then(|| self.store.get::<T>()).flatten()
    }

    /// The metrics, if they are current.
    pub(crate) fn window(&self) -> Option<&Window<'a>> {
        self.window.as_ref()
    }

    pub(crate) fn service(&self, name: &str) -> Option<&'a Service> {
        self.services.get(name).copied()
    }

    /// Tasks of a service that should run.
    pub(crate) fn tasks_of(&self, service: &str) -> &[&'a Task] {
        self.tasks.get(service).map_or(&[], Vec::as_slice)
    }

    /// Recently stopped tasks of a service.
    pub(crate) fn stopped_of(&self, service: &str) -> &[&'a Task] {
        self.stopped.get(service).map_or(&[], Vec::as_slice)
    }

    /// The task behind a target.
    pub(crate) fn task_at(&self, ip: &str) -> Option<&'a Task> {
        self.by_ip.get(ip).copied()
    }

    /// Tasks of the configured services that run; from the services if the tasks are not known.
    pub(crate) fn running(&self) -> i32 {
        self.stack.services.iter().filter_map(|s| self.service(&s.name)).map(|s| s.running).sum()
    }
}
