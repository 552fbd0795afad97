//! ECS physics: task lives, the service scheduler, rollouts with their records, placement.
//! Not the state (see `state::ecs`). Stepped once a second by the world; the write operations call in here too.

mod life;
mod place;
mod rollout;
mod scheduler;

use super::World;
use super::names::{HOUR, Ms};
use super::state::{Service, ServiceEvent, Task, TaskHealth, TaskStatus};

/// Events a service keeps.
const EVENTS: usize = 100;

impl World {
    /// Writes a service event.
    pub(super) fn service_event(&mut self, service: &str, message: String) {
        let id = self.rng.ids.uuid();
        let created_at = self.now;
        if let Some(s) = self.ecs.services.get_mut(service) {
            s.events.push_front(ServiceEvent { id, created_at, message });
            s.events.truncate(EVENTS);
        }
    }

    /// Looks at every service that is due, then refreshes the counts.
    pub(super) fn step_services(&mut self) {
        for name in super::names::SERVICES {
            if self.ecs.services.get(name).is_some_and(|s| s.next_look <= self.now) {
                let pause = self.rng.life.seconds(3, 6);
                if let Some(s) = self.ecs.services.get_mut(name) {
                    s.next_look = self.now + pause;
                }
                self.look_at(name);
            }
        }
        self.count_tasks();
    }

    /// Refreshes running and pending counts of services, deployments and open service deployments.
    pub(super) fn count_tasks(&mut self) {
        let ecs = &mut self.ecs;
        for service in ecs.services.values_mut() {
            (service.running_count, service.pending_count) = (0, 0);
            for d in &mut service.deployments {
                (d.running_count, d.pending_count) = (0, 0);
            }
        }
        for task in ecs.tasks.values() {
            let (running, starting) = (task.is_running(), task.is_starting());
            if !running && !starting {
                continue;
            }
            let Some(service) = ecs.services.get_mut(&task.service) else { continue };
            let deployment = service.deployments.iter_mut().find(|d| d.id == task.deployment);
            if running {
                service.running_count += 1;
            } else {
                service.pending_count += 1;
            }
            if let Some(d) = deployment {
                if running {
                    d.running_count += 1;
                } else {
                    d.pending_count += 1;
                }
            }
        }
        for record in ecs.service_deployments.iter_mut().rev().take(12).filter(|r| r.finished_at.is_none()) {
            // During a rollback the primary deployment is not the record's target any more.
            let mut all = ecs.services.get(&record.service).into_iter().flat_map(|s| &s.deployments);
            let target = all.find(|d| d.service_revision == record.target_revision);
            (record.running_tasks, record.pending_tasks) = target.map_or((0, 0), |d| (d.running_count, d.pending_count));
        }
    }

    /// Whether the task serves: running, booted and healthy where it is checked.
    pub(super) fn is_healthy(&self, task: &Task) -> bool {
        if !task.is_running() || task.boot_until > self.now {
            return false;
        }
        self.target_healthy(&task.id).unwrap_or(task.container.health == TaskHealth::Healthy)
    }

    /// Forgets tasks that stopped more than an hour ago.
    pub(super) fn forget_tasks(&mut self) {
        let before: Ms = self.now - HOUR;
        self.ecs.tasks.retain(|_, t| t.last_status != TaskStatus::Stopped || t.stopped_at.is_some_and(|at| at > before));
    }
}

impl Service {
    /// The deployment being rolled out or in force.
    pub fn primary(&self) -> Option<&super::state::Deployment> {
        self.deployments.first()
    }
}
