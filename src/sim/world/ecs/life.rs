//! The life of a task: PROVISIONING to RUNNING, and by one of three ways down to STOPPED.
//! Not why tasks are wanted (see `scheduler`). Stepped once a second.

use super::super::Scenario;
use super::super::World;
use super::super::names::{HOUR, Ms, SEC};
use super::super::state::{StopCode, Task, TaskHealth, TaskStatus};

/// What the step of one task asks of the rest of the world.
enum Effect {
    Running(String),
    Failed(String),
    Cannot(String, String),
}

const NO_ROUTE: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
    retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch \
    secret: RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task \
    network configuration.";

impl World {
    /// Moves every task on by a second.
    pub(in super::super) fn step_tasks(&mut self) {
        let now = self.now;
        let lost = self.zone_fault().map(|(az, _)| az);
        let mut due = Vec::new();
        for task in self.ecs.tasks.values_mut() {
            if task.last_status == TaskStatus::Running {
                watch_container(task, now, lost == Some(task.az));
            }
            if task.next_at <= now || task.crash_at.is_some_and(|(at, _)| at <= now) {
                due.push(task.id.clone());
            }
        }
        for id in due {
            match self.step_task(&id) {
                Some(Effect::Running(id)) => self.on_running(&id),
                Some(Effect::Failed(id)) => self.on_exit(&id),
                Some(Effect::Cannot(id, why)) => self.on_cannot_start(&id, why),
                None => {}
            }
        }
        if now % (60 * SEC) == 0 {
            self.forget_tasks();
        }
    }

    fn step_task(&mut self, id: &str) -> Option<Effect> {
        let now = self.now;
        let zone = self.ecs.tasks.get(id)?.az;
        let (zone_down, nat_down) = (self.zone_down(zone.index()), self.cut_off(zone));
        let trouble = self.start_trouble(id, zone_down || nat_down);
        let life = &mut self.rng.life;
        let task = self.ecs.tasks.get_mut(id)?;
        if task.last_status == TaskStatus::Running {
            return task.crash_at.is_some_and(|(at, _)| at <= now).then(|| Effect::Failed(id.to_owned()));
        }
        if task.next_at > now {
            return None;
        }
        task.version += 1;
        match task.last_status {
            TaskStatus::Provisioning => {
                task.last_status = TaskStatus::Pending;
                task.connected = true;
                task.connectivity_at = Some(now);
                let blocked = zone_down || nat_down;
                // Without a way out the agent tries for about a minute before it gives up.
                task.next_at = now + if blocked { life.seconds(55, 80) } else { life.seconds(10, 40) };
                task.pull_started_at = (!blocked).then_some(now + SEC);
            }
            TaskStatus::Pending if trouble.is_some() => return trouble.map(|why| Effect::Cannot(id.to_owned(), why)),
            TaskStatus::Pending => {
                task.last_status = TaskStatus::Activating;
                task.pull_started_at = task.pull_started_at.or(Some(now));
                task.pull_stopped_at = Some(now);
                task.next_at = now + life.seconds(2, 10);
            }
            TaskStatus::Activating => return Some(Effect::Running(id.to_owned())),
            TaskStatus::Deactivating => {
                task.last_status = TaskStatus::Stopping;
                task.next_at = now + life.seconds(2, 9);
            }
            TaskStatus::Stopping => {
                task.last_status = TaskStatus::Deprovisioning;
                task.execution_stopped_at = Some(now);
                task.container.last_status = "STOPPED";
                task.container.exec_agent = "STOPPED";
                task.container.exit_code = task.container.exit_code.or(Some(0));
                task.next_at = now + life.seconds(5, 15);
            }
            TaskStatus::Deprovisioning => {
                task.last_status = TaskStatus::Stopped;
                task.stopped_at = Some(now);
                task.container.last_status = "STOPPED";
                task.connected = false;
                task.next_at = Ms::MAX;
            }
            TaskStatus::Running | TaskStatus::Stopped => {}
        }
        None
    }

    fn on_running(&mut self, id: &str) {
        let now = self.now;
        let Some(arn) = self.ecs.tasks.get(id).map(|t| t.task_definition.clone()) else { return };
        let exits_with = self.definition(&arn).and_then(|d| d.exits_with);
        let digest = self.resolved_image(id).map(|(_, digest)| digest).unwrap_or_default();
        let boot = self.rng.life.seconds(6, 16);
        let crash = self.rng.life.seconds(4, 9);
        let runtime = self.rng.ids.digits(10);
        if let Some(task) = self.ecs.tasks.get_mut(id) {
            task.last_status = TaskStatus::Running;
            task.started_at = Some(now);
            task.next_at = Ms::MAX;
            task.boot_until = if exits_with.is_some() { Ms::MAX } else { now + boot };
            task.crash_at = exits_with.map(|code| (now + crash, code));
            task.container.last_status = "RUNNING";
            task.container.exec_agent = "RUNNING";
            task.container.image_digest = digest;
            task.container.runtime_id = format!("{id}-{runtime}");
        }
        self.note_secrets_read(&arn);
        self.note_pull(id, now);
        self.register_target(id);
        self.log_boot(id, exits_with);
    }

    fn on_exit(&mut self, id: &str) {
        let now = self.now;
        let leave = self.rng.life.seconds(5, 15);
        if let Some(task) = self.ecs.tasks.get_mut(id) {
            let code = task.crash_at.take().map_or(1, |(_, code)| code);
            task.last_status = TaskStatus::Deprovisioning;
            task.stopping = true;
            task.stopping_at = Some(now);
            task.execution_stopped_at = Some(now);
            task.stop_code = Some(StopCode::EssentialContainerExited);
            task.stopped_reason = Some("Essential container in task exited".into());
            task.container.last_status = "STOPPED";
            task.container.exec_agent = "STOPPED";
            task.container.exit_code = Some(code);
            if code == 137 {
                task.container.reason = Some("OutOfMemoryError: Container killed due to memory usage".into());
            }
            task.next_at = now + leave;
        }
        self.log_exit(id);
        self.lose_in_flight(id);
        let registered = self.has_target(id);
        self.drain_target(id);
        if let Some((service, deployment)) =
            self.ecs.tasks.get(id).filter(|_| registered).map(|t| (t.service.clone(), t.deployment.clone()))
        {
            self.draining_events(&service, 1, Some(&deployment));
        }
        self.note_failure(id);
    }

    /// The requests that a task was at work on when a lasting cause ended it: the balancer answers them with 502.
    fn lose_in_flight(&mut self, id: &str) {
        let Some(task) = self.ecs.tasks.get(id) else { return };
        let (service, zone) = (task.service.clone(), task.az.index());
        let lasting = [Scenario::CrashLoop { service: service.clone() }, Scenario::OutOfMemory { service }];
        if self.target_healthy(id) == Some(true) && lasting.iter().any(|scenario| self.in_force_now(scenario)) {
            let lost = self.rng.scenes.between(2.0, 9.0).round();
            if let Some(sum) = self.load.minute.elb_502.get_mut(zone) {
                *sum += lost;
            }
        }
    }

    /// Why a task that is due to leave PENDING cannot start.
    fn start_trouble(&self, id: &str, blocked: bool) -> Option<String> {
        let task = self.ecs.tasks.get(id).filter(|t| t.last_status == TaskStatus::Pending && t.next_at <= self.now)?;
        if blocked {
            return Some(NO_ROUTE.to_owned());
        }
        self.secret_trouble(&task.task_definition).or_else(|| self.image_trouble(id))
    }

    fn on_cannot_start(&mut self, id: &str, why: String) {
        let now = self.now;
        let leave = self.rng.life.seconds(5, 15);
        if let Some(task) = self.ecs.tasks.get_mut(id) {
            task.last_status = TaskStatus::Deprovisioning;
            task.stopping = true;
            task.stopping_at = Some(now);
            task.execution_stopped_at = Some(now);
            task.stop_code = Some(StopCode::TaskFailedToStart);
            task.stopped_reason = Some(why);
            task.container.last_status = "STOPPED";
            task.next_at = now + leave;
        }
        self.tell_pull_failure(id);
        self.note_failure(id);
    }

    /// An image that cannot be pulled is also told of among the service's events; the same words only once in six hours.
    fn tell_pull_failure(&mut self, id: &str) {
        let Some(task) = self.ecs.tasks.get(id) else { return };
        let Some(why) = task.stopped_reason.as_ref().filter(|why| why.starts_with("CannotPullContainerError")) else { return };
        let service = task.service.clone();
        let text = format!("(service {service}) was unable to place a task. Reason: {why}.");
        let since = self.now - 6 * HOUR;
        let told = self.ecs.services.get(&service).is_some_and(|s| s.events.iter().any(|e| e.created_at > since && e.message == text));
        if !told {
            self.service_event(&service, text);
        }
    }

    /// Tells a task to stop: drain, SIGTERM, gone.
    pub(in super::super) fn begin_stop(&mut self, id: &str, code: StopCode, reason: &str) {
        let now = self.now;
        let in_service = self.target_healthy(id).is_some();
        let pause = if in_service { 30 * SEC } else { self.rng.life.seconds(1, 3) };
        if let Some(task) = self.ecs.tasks.get_mut(id).filter(|t| !t.stopping) {
            let ran = task.last_status == TaskStatus::Running;
            task.stopping = true;
            task.stopping_at = Some(now);
            task.stop_code = Some(code);
            task.stopped_reason = Some(reason.to_owned());
            task.crash_at = None;
            task.version += 1;
            task.last_status = if ran { TaskStatus::Deactivating } else { TaskStatus::Deprovisioning };
            task.next_at = now + if ran { pause } else { 5 * SEC };
        }
        self.drain_target(id);
    }

    /// A task ended that nobody told to: failure counts, back-off, circuit breaker.
    fn note_failure(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.ecs.tasks.get(id) else { return };
        let (service, deployment, never_served) = (task.service.clone(), task.deployment.clone(), !task.was_healthy);
        let react = self.rng.life.seconds(2, 6);
        let Some(s) = self.ecs.services.get_mut(&service) else { return };
        s.next_look = s.next_look.min(now + react);
        s.steady = false;
        if !never_served {
            return;
        }
        s.consecutive_failures += 1;
        let failures = s.consecutive_failures;
        if failures >= 3 {
            // ECS slows its restarts down, in the end to one per several minutes.
            let wait = 20 * SEC * (1 << (failures - 3).min(4));
            s.backoff_until = now + wait.min(240 * SEC);
        }
        if failures == 3 || (failures > 3 && failures % 5 == 0) {
            self.service_event(
                &service,
                format!(
                    "(service {service}) is unable to consistently start tasks successfully. For more information, \
                     see the Troubleshooting section of the Amazon ECS Developer Guide."
                ),
            );
        }
        self.count_failure(&service, &deployment);
    }
}

/// The container health check of a running task.
fn watch_container(task: &mut Task, now: Ms, zone_down: bool) {
    if zone_down {
        task.connected = false;
        let since = *task.unhealthy_since.get_or_insert(now);
        if now - since > 45 * SEC {
            task.container.health = TaskHealth::Unhealthy;
        }
    } else if task.boot_until.saturating_add(8 * SEC) <= now {
        task.connected = true;
        if task.container.health != TaskHealth::Healthy {
            task.unhealthy_since = None;
            task.container.health = TaskHealth::Healthy;
        }
    }
}
