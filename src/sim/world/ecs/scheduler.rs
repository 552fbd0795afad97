//! The service scheduler: keeps tasks at the desired count, rolls, replaces the unhealthy, balances zones.
//! Not the records of a rollout (see `rollout`). Called for each service every few seconds.

use super::super::World;
use super::super::names::{Az, HOUR, SEC};
use super::super::state::{RolloutState, StopCode, Task, TaskHealth, TaskStatus};

/// How long a silent target is left before the scheduler replaces its task.
const PATIENCE: i64 = 25 * SEC;
/// The same for a target that answers with the wrong code: it is alive, its dependency may come back.
const PATIENCE_WITH_ANSWERS: i64 = 45 * SEC;

/// The tasks of a service as the scheduler counts them.
struct Census {
    desired: usize,
    primary: String,
    definition: String,
    /// Wanted tasks of the primary deployment.
    mine: Vec<String>,
    /// Wanted tasks of older deployments.
    old: Vec<String>,
    healthy_mine: usize,
    healthy_all: usize,
}

fn list(ids: &[String]) -> String {
    ids.iter().map(|id| format!("(task {id})")).collect::<Vec<_>>().join(" ")
}

impl World {
    /// One look of the scheduler at a service.
    pub(in super::super) fn look_at(&mut self, service: &str) {
        self.start_pending_rollout(service);
        self.replace_unhealthy(service);
        let Some(census) = self.census(service) else { return };
        if census.mine.len() < census.desired {
            self.start_tasks(service, &census);
        } else if census.mine.len() > census.desired {
            self.stop_surplus(service, &census);
            self.end_balancing(service);
        }
        self.retire_old(service);
        self.settle(service);
    }

    fn census(&mut self, service: &str) -> Option<Census> {
        let s = self.ecs.services.get(service)?;
        let primary = s.primary()?;
        let extra = usize::from(s.rebalancing);
        let mut census = Census {
            desired: s.desired_count as usize + extra,
            primary: primary.id.clone(),
            definition: primary.task_definition.clone(),
            mine: Vec::new(),
            old: Vec::new(),
            healthy_mine: 0,
            healthy_all: 0,
        };
        let mut healthy_now = Vec::new();
        for task in self.ecs.tasks.values().filter(|t| t.service == service && t.is_wanted()) {
            let mine = task.deployment == census.primary;
            if mine {
                census.mine.push(task.id.clone());
            } else {
                census.old.push(task.id.clone());
            }
            if self.is_healthy(task) {
                census.healthy_all += 1;
                census.healthy_mine += usize::from(mine);
                if !task.was_healthy {
                    healthy_now.push(task.id.clone());
                }
            }
        }
        // Surplus of a finished rebalance goes once the extra task serves.
        if extra == 1 && census.healthy_mine == census.desired {
            census.desired -= 1;
        }
        if !healthy_now.is_empty() {
            self.note_healthy(service, &healthy_now);
        }
        Some(census)
    }

    fn note_healthy(&mut self, service: &str, ids: &[String]) {
        for id in ids {
            if let Some(task) = self.ecs.tasks.get_mut(id) {
                task.was_healthy = true;
            }
        }
        if let Some(s) = self.ecs.services.get_mut(service) {
            s.consecutive_failures = 0;
            s.backoff_until = 0;
        }
    }

    fn start_tasks(&mut self, service: &str, census: &Census) {
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        // A rollout that the circuit breaker has stopped is not tried any further.
        if s.backoff_until > self.now || s.primary().is_some_and(|d| d.rollout_state == RolloutState::Failed) {
            return;
        }
        let limit = (census.desired * s.maximum_percent as usize).div_ceil(100);
        let room = limit.saturating_sub(census.mine.len() + census.old.len());
        let count = (census.desired - census.mine.len()).min(room);
        if count == 0 {
            return;
        }
        s.steady = false;
        let ids: Vec<String> = (0..count).map(|_| self.launch(service, &census.primary, &census.definition)).collect();
        self.service_event(service, format!("(service {service}) has started {count} tasks: {}.", list(&ids)));
    }

    fn stop_surplus(&mut self, service: &str, census: &Census) {
        let surplus = census.mine.len() - census.desired;
        let mut chosen = Vec::new();
        for _ in 0..surplus {
            if let Some(id) = self.pick_surplus(&census.mine, &chosen) {
                chosen.push(id);
            }
        }
        let reason = format!("Scaling activity initiated by (deployment {})", census.primary);
        self.stop_group(service, &chosen, &reason);
    }

    /// The next task to give up: not serving first, then from the fullest zone, then the oldest.
    fn pick_surplus(&self, from: &[String], taken: &[String]) -> Option<String> {
        let left: Vec<&Task> = from.iter().filter(|id| !taken.contains(id)).filter_map(|id| self.ecs.tasks.get(id)).collect();
        let crowd = |az: Az| left.iter().filter(|t| t.az == az).count();
        left.iter().max_by_key(|t| (!self.is_healthy(t), crowd(t.az), -t.created_at, t.id.clone())).map(|t| t.id.clone())
    }

    /// Stops tasks on behalf of the scheduler, with the events ECS writes.
    pub(in super::super) fn stop_group(&mut self, service: &str, ids: &[String], reason: &str) {
        if ids.is_empty() {
            return;
        }
        let n = ids.len();
        let deployment = ids.first().and_then(|id| self.ecs.tasks.get(id)).map(|t| t.deployment.clone());
        let registered = ids.iter().filter(|id| self.target_healthy(id).is_some()).count();
        for id in ids {
            self.begin_stop(id, StopCode::ServiceSchedulerInitiated, reason);
        }
        if let Some(s) = self.ecs.services.get_mut(service) {
            s.steady = false;
        }
        self.service_event(service, format!("(service {service}) has stopped {n} running tasks: {}.", list(ids)));
        if registered > 0 {
            self.draining_events(service, registered, deployment.as_deref());
        }
    }

    /// The two events that go with targets leaving.
    pub(in super::super) fn draining_events(&mut self, service: &str, n: usize, deployment: Option<&str>) {
        let Some(tg) = self.alb.target_groups.iter().find(|g| g.service == service).map(|g| g.arn.clone()) else {
            return;
        };
        self.service_event(service, format!("(service {service}) deregistered {n} targets in (target-group {tg})"));
        if let Some(id) = deployment {
            self.service_event(service, format!("(service {service}, taskSet {id}) has begun draining connections on {n} tasks."));
        }
    }

    /// Replaces one task whose target or container has been unhealthy for a while.
    fn replace_unhealthy(&mut self, service: &str) {
        let now = self.now;
        let grace = self.ecs.services.get(service).and_then(|s| s.health_check_grace_seconds).unwrap_or(0);
        let target = self.alb.target_groups.iter().find(|g| g.service == service);
        let (tg, port) = target.map(|g| (g.arn.clone(), g.port)).unzip();
        let mut victim = None;
        let ids: Vec<String> = self.ecs.tasks.values().filter(|t| t.service == service && t.is_running()).map(|t| t.id.clone()).collect();
        for id in ids {
            let trouble = self.target_trouble(&id);
            let Some(task) = self.ecs.tasks.get_mut(&id) else { continue };
            let young = task.started_at.is_some_and(|at| now - at < i64::from(grace) * SEC);
            let container_bad = tg.is_none() && task.container.health == TaskHealth::Unhealthy;
            if trouble.is_none() && !container_bad {
                if task.connected {
                    task.unhealthy_since = None;
                }
                continue;
            }
            let since = *task.unhealthy_since.get_or_insert(now);
            let answers = trouble.as_ref().is_some_and(|t| t.contains("codes"));
            let patience = if answers { PATIENCE_WITH_ANSWERS } else { PATIENCE };
            if !young && now - since >= patience && victim.is_none() {
                victim = Some((id, trouble));
            }
        }
        let Some((id, trouble)) = victim else { return };
        let reason = if let (Some(tg), Some(port)) = (tg, port) {
            let why = trouble.unwrap_or_else(|| "Health checks failed".into());
            self.service_event(
                service,
                format!(
                    "(service {service}) (task {id}) (port {port}) is unhealthy in (target-group {tg}) due to \
                     (reason {why})."
                ),
            );
            format!("Task failed ELB health checks in (target-group {tg})")
        } else {
            "Task failed container health checks".to_owned()
        };
        self.stop_group(service, &[id], &reason);
    }

    /// Stops old tasks as far as the minimum healthy percentage allows.
    fn retire_old(&mut self, service: &str) {
        let Some(census) = self.census(service) else { return };
        if census.old.is_empty() {
            return;
        }
        let Some(s) = self.ecs.services.get(service) else { return };
        let floor = (census.desired * s.minimum_healthy_percent as usize).div_ceil(100);
        let mut spare = census.healthy_all.saturating_sub(floor);
        let mut chosen = Vec::new();
        for id in &census.old {
            let Some(task) = self.ecs.tasks.get(id) else { continue };
            if !self.is_healthy(task) {
                // Starting or broken: costs nothing.
                chosen.push(id.clone());
            } else if spare > 0 {
                spare -= 1;
                chosen.push(id.clone());
            }
        }
        let reason = format!("Scaling activity initiated by (deployment {})", census.primary);
        self.stop_group(service, &chosen, &reason);
    }

    /// Ends a rollout, writes the steady state, drops finished deployments, keeps zones balanced.
    fn settle(&mut self, service: &str) {
        let Some(census) = self.census(service) else { return };
        let lingering: Vec<String> = self
            .ecs
            .tasks
            .values()
            .filter(|t| t.service == service && t.last_status < TaskStatus::Deprovisioning)
            .map(|t| t.deployment.clone())
            .collect();
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        let mut index = 0;
        s.deployments.retain(|d| {
            index += 1;
            index == 1 || lingering.contains(&d.id)
        });
        let full = census.old.is_empty() && census.mine.len() == census.desired && census.healthy_mine == census.desired && !s.rebalancing;
        let rolling = s.primary().is_some_and(|d| d.rollout_state == RolloutState::InProgress);
        let settled = s.deployments.len() == 1;
        let due = !s.steady || self.now - s.last_steady >= 6 * HOUR;
        if full && rolling {
            self.complete_rollout(service);
        }
        if full && settled && due {
            if let Some(s) = self.ecs.services.get_mut(service) {
                s.steady = true;
                s.last_steady = self.now;
            }
            self.service_event(service, format!("(service {service}) has reached a steady state."));
        }
        if census.old.is_empty() && census.healthy_mine >= census.desired {
            self.balance_zones(service);
        }
    }

    /// Availability-zone rebalancing: one task more where one is missing, then one less where there are too many.
    fn balance_zones(&mut self, service: &str) {
        if Az::ALL.iter().any(|az| self.zone_down(az.index()) || self.cut_off(*az)) {
            return;
        }
        let (spread, text) = self.zone_spread(service);
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        if spread >= 2 && !s.rebalancing && s.steady {
            s.rebalancing = true;
            s.steady = false;
            let text = format!("service ({service}) is not AZ balanced with {text} AZ Rebalancing in progress.");
            self.service_event(service, text);
        }
    }

    /// The surplus task of a rebalance is gone.
    fn end_balancing(&mut self, service: &str) {
        let (spread, text) = self.zone_spread(service);
        let Some(s) = self.ecs.services.get_mut(service).filter(|s| s.rebalancing) else { return };
        s.rebalancing = false;
        if spread < 2 {
            self.service_event(service, format!("service ({service}) is AZ balanced with {text}"));
        }
    }

    /// The difference between the fullest and the emptiest zone, and the zones in the words of the events.
    fn zone_spread(&self, service: &str) -> (usize, String) {
        let mut counts = [0_usize; 3];
        for task in self.ecs.tasks.values().filter(|t| t.service == service && t.is_wanted()) {
            counts[task.az.index()] += 1;
        }
        let [a, b, c] = counts;
        let text = format!("{a} tasks in {}, {b} tasks in {} and {c} in {}.", Az::A, Az::B, Az::C);
        // A zone without a subnet of the service takes none of its tasks.
        let asked = self.ecs.services.get(service).map_or(&[][..], |s| &s.subnets);
        let subnets = self.network.subnets.iter().filter(|subnet| asked.contains(&subnet.id));
        let open: Vec<usize> = subnets.map(|subnet| counts[subnet.az.index()]).collect();
        let spread = open.iter().max().zip(open.iter().min()).map_or(0, |(most, least)| most - least);
        (spread, text)
    }
}
