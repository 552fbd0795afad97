//! Target registration and health checking, and how clients spread over the load balancer's nodes.
//! Not the requests (see `load`). Stepped once a second.

use super::World;
use super::names::SEC;
use super::state::{Target, TargetGroup, TargetReason, TargetState};

impl World {
    /// Registers a task that reached RUNNING with its service's target group.
    pub(super) fn register_target(&mut self, task_id: &str) {
        let now = self.now;
        let Some(task) = self.ecs.tasks.get(task_id) else { return };
        let (service, ip, az) = (task.service.clone(), task.private_ip.clone(), task.az);
        let pause = self.rng.life.seconds(3, 6);
        let Some(tg) = self.alb.target_groups.iter_mut().find(|g| g.service == service) else { return };
        tg.targets.push(Target {
            ip,
            port: tg.port,
            az,
            task_id: task_id.to_owned(),
            state: TargetState::Initial,
            reason: Some(TargetReason::RegistrationInProgress),
            registered_at: now,
            next_check: now + pause,
            passes: 0,
            fails: 0,
            drain_until: None,
        });
        let arn = tg.arn.clone();
        self.service_event(&service, format!("(service {service}) registered 1 targets in (target-group {arn})"));
    }

    /// Begins to drain the target of a task, if it has one.
    pub(super) fn drain_target(&mut self, task_id: &str) {
        let now = self.now;
        for tg in &mut self.alb.target_groups {
            let delay = i64::from(tg.deregistration_delay_seconds) * SEC;
            for target in tg.targets.iter_mut().filter(|t| t.task_id == task_id && t.drain_until.is_none()) {
                target.state = TargetState::Draining;
                target.reason = Some(TargetReason::DeregistrationInProgress);
                target.drain_until = Some(now + delay);
            }
        }
    }

    fn target(&self, task_id: &str) -> Option<&Target> {
        let groups = self.alb.target_groups.iter();
        groups.flat_map(|g| &g.targets).find(|t| t.task_id == task_id && t.drain_until.is_none())
    }

    /// Whether the task is registered and not draining.
    pub(super) fn has_target(&self, task_id: &str) -> bool {
        self.target(task_id).is_some()
    }

    /// Whether the task's target is healthy; `None` if it has none.
    pub(super) fn target_healthy(&self, task_id: &str) -> Option<bool> {
        if let Some(target) = self.target(task_id) {
            return Some(target.state == TargetState::Healthy);
        }
        let service = &self.ecs.tasks.get(task_id)?.service;
        let balanced = self.alb.target_groups.iter().any(|g| g.service == *service);
        // Not registered (yet) behind a load balancer means not in service; it matters only before RUNNING.
        balanced.then_some(false).filter(|_| self.ecs.tasks.get(task_id).is_some_and(super::state::Task::is_running))
    }

    /// What is wrong with the task's target, in the words of the service event.
    pub(super) fn target_trouble(&self, task_id: &str) -> Option<String> {
        let target = self.target(task_id).filter(|t| t.state == TargetState::Unhealthy)?;
        target.reason.map(TargetReason::description)
    }

    /// Share of the clients that talk to the load balancer's node in a zone. A dead zone's clients hang until
    /// DNS drops its node, about 90 s later.
    pub(super) fn node_share(&self, zone: usize) -> f64 {
        let Some((down, since)) = self.zone_fault() else { return 1.0 / 3.0 };
        if down.index() == zone {
            0.0
        } else if self.now - since < 90 * SEC {
            1.0 / 3.0
        } else {
            0.5
        }
    }

    /// Moves every target on by a second and feeds the host-count gauges.
    pub(super) fn step_targets(&mut self) {
        let now = self.now;
        let (reached, crowded) = (self.database_share() > 0.5, self.rds.instance.is_full());
        for (index, group) in self.alb.target_groups.iter_mut().enumerate() {
            group.targets.retain(|t| t.drain_until.is_none_or(|until| until > now));
            let due: Vec<usize> = (0..group.targets.len()).filter(|i| group.targets.get(*i).is_some_and(|t| t.next_check <= now)).collect();
            for i in due {
                let Some(target) = group.targets.get(i) else { continue };
                let pooled = self.ecs.tasks.get(&target.task_id).is_some_and(|t| t.leaked_connections > 60.0);
                // A task that came too late has no pool of its own to answer the check with.
                let refused = crowded && self.rng.scenes.chance(if pooled { 0.45 } else { 0.8 });
                let health_ok = index != 0 || (reached && !refused);
                let zone_down = self.faults.iter().any(|f| f.kills_zone(target.az, now));
                let answers = self.ecs.tasks.get(&target.task_id).is_some_and(|t| t.is_running() && t.boot_until <= now);
                let code = super::routing::health_code(&group.service, &group.health_path, health_ok);
                let verdict = if zone_down || self.reach.targets.get(index) == Some(&false) {
                    Err(TargetReason::Timeout)
                } else if !answers {
                    Err(TargetReason::FailedHealthChecks)
                } else if !super::routing::accepts(&group.matcher, code) {
                    Err(TargetReason::ResponseCodeMismatch(code))
                } else {
                    Ok(())
                };
                check(group, i, now, verdict);
            }
            // What waits for its turn has no figures.
            let Some(acc) = self.load.minute.groups.get_mut(index) else { continue };
            let (mut healthy, mut unhealthy) = ([0.0_f64; 3], [0.0_f64; 3]);
            for target in &group.targets {
                match target.state {
                    TargetState::Healthy => healthy[target.az.index()] += 1.0,
                    TargetState::Unhealthy => unhealthy[target.az.index()] += 1.0,
                    TargetState::Initial | TargetState::Draining => {}
                }
            }
            for zone in 0..3 {
                acc.healthy[zone].add(healthy[zone]);
                acc.unhealthy[zone].add(unhealthy[zone]);
            }
            acc.healthy_all.add(healthy.iter().sum());
            acc.unhealthy_all.add(unhealthy.iter().sum());
        }
    }
}

/// Applies the result of one health check.
fn check(group: &mut TargetGroup, index: usize, now: i64, verdict: Result<(), TargetReason>) {
    let (need_pass, need_fail) = (group.healthy_threshold, group.unhealthy_threshold);
    let interval = i64::from(group.interval_seconds) * SEC;
    let Some(target) = group.targets.get_mut(index) else { return };
    if target.state == TargetState::Draining {
        target.next_check = i64::MAX;
        return;
    }
    target.next_check = now + interval;
    if target.reason == Some(TargetReason::RegistrationInProgress) {
        target.reason = Some(TargetReason::InitialHealthChecking);
        target.next_check = now + interval / 2;
        return;
    }
    match verdict {
        Ok(()) => {
            target.passes += 1;
            target.fails = 0;
            if target.passes >= need_pass {
                target.state = TargetState::Healthy;
                target.reason = None;
            }
        }
        Err(reason) => {
            target.fails += 1;
            target.passes = 0;
            if target.fails >= need_fail {
                target.state = TargetState::Unhealthy;
                target.reason = Some(reason);
            }
        }
    }
}
