//! Application Auto Scaling at work: target tracking on the alarms, cooldowns, activities.
//! Not the alarms themselves (see `alarms`). Looked at once a minute, activities every second.

use super::World;
use super::names::{MIN, Ms, SEC, SERVICES};
use super::state::{AlarmState, NotScaledReason, ScalingActivity};

/// Scale-in leaves room: capacity is computed as if the target were this share of it, so that it does not flap.
const SCALE_IN_MARGIN: f64 = 0.85;
/// Activities kept.
const ACTIVITIES: usize = 200;

impl World {
    /// Records an activity and sets the desired count.
    pub(super) fn scale_to(&mut self, service: &str, count: u32, cause: String) {
        let id = self.rng.ids.uuid();
        let start = self.now;
        self.set_desired(service, count);
        self.scaling.activities.push_front(ScalingActivity {
            id,
            service: service.to_owned(),
            description: format!("Setting desired count to {count}."),
            cause,
            start,
            end: None,
            status: "InProgress",
            message: format!("Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs."),
            not_scaled: Vec::new(),
            goal: count,
        });
        self.scaling.activities.truncate(ACTIVITIES);
    }

    /// Ends activities that are fulfilled; once a minute lets the policies act.
    pub(super) fn step_scaling(&mut self) {
        let now = self.now;
        for activity in self.scaling.activities.iter_mut().take(12).filter(|a| a.end.is_none()) {
            let service = self.ecs.services.get(&activity.service);
            let moved_on = service.is_some_and(|s| s.desired_count != activity.goal);
            let reached = service.is_some_and(|s| s.running_count == activity.goal && s.pending_count == 0);
            if reached || moved_on {
                activity.end = Some(now);
                activity.status = "Successful";
                activity.message = format!("Successfully set desired count to {}. Change successfully fulfilled by ecs.", activity.goal);
            }
        }
        if now.rem_euclid(MIN) == 45 * SEC {
            for service in SERVICES {
                self.track_target(service);
            }
        }
    }

    fn alarm_state(&self, name: &str) -> Option<AlarmState> {
        self.alarms.iter().find(|a| a.name == name).map(|a| a.state)
    }

    /// The newest CPU average a policy can see, with its time.
    fn seen_cpu(&self, service: &str) -> Option<(Ms, f64)> {
        let dims = [("ClusterName".to_owned(), super::names::CLUSTER.to_owned()), ("ServiceName".to_owned(), service.to_owned())];
        let range = (self.now - 6 * MIN, self.now);
        let points = self.metrics.find("AWS/ECS", "CPUUtilization", &dims)?.query(self.now, "Average", 60, range);
        points.last().copied()
    }

    fn track_target(&mut self, service: &str) {
        let now = self.now;
        let Some(policy) = self.scaling.policies.get(service).cloned() else { return };
        let Some(target) = self.scaling.targets.get(service).cloned() else { return };
        let Some((running, desired)) = self.ecs.services.get(service).map(|s| (s.running_count, s.desired_count)) else {
            return;
        };
        let Some((seen_at, cpu)) = self.seen_cpu(service) else { return };
        // A point from before the last change says nothing about the capacity there is now.
        let mut done = self.scaling.activities.iter().filter(|a| a.service == service && a.not_scaled.is_empty());
        let changed = done.next().map(|a| a.end.unwrap_or(now));
        if changed.is_some_and(|at| seen_at < at) {
            return;
        }
        let since = |at: Option<Ms>| at.map_or(Ms::MAX, |at| now - at);
        let arn = |name: &str| format!("monitor alarm {name} in state ALARM triggered policy {}", policy.name);
        if self.alarm_state(&policy.alarm_high) == Some(AlarmState::Alarm) {
            if target.out_suspended || since(policy.last_out) < Ms::from(policy.scale_out_cooldown) * SEC || running < desired {
                return;
            }
            let want = (f64::from(desired) * cpu / policy.target_value).ceil() as u32;
            let want = want.max(desired + 1).clamp(target.min, target.max);
            if want > desired {
                self.scale_to(service, want, arn(&policy.alarm_high));
                self.note_scaled(service, true);
            } else if desired >= target.max {
                self.note_at_maximum(service, arn(&policy.alarm_high), target.max);
            }
        } else if self.alarm_state(&policy.alarm_low) == Some(AlarmState::Alarm) {
            let cooled = since(policy.last_in).min(since(policy.last_out)) >= Ms::from(policy.scale_in_cooldown) * SEC;
            if target.in_suspended || !cooled || self.is_rolling(service) {
                return;
            }
            let want = (f64::from(desired) * cpu / (policy.target_value * SCALE_IN_MARGIN)).ceil() as u32;
            // One at a time, but straight to the maximum from above it.
            let want = want.max(desired.saturating_sub(1)).clamp(target.min, target.max);
            if want < desired {
                self.scale_to(service, want, arn(&policy.alarm_low));
                self.note_scaled(service, false);
            }
        }
    }

    /// An activity that scaled nothing because there is no more to be had; it is told again after a while.
    fn note_at_maximum(&mut self, service: &str, cause: String, max: u32) {
        let now = self.now;
        let mut told = self.scaling.activities.iter().filter(|a| a.service == service && !a.not_scaled.is_empty());
        if told.next().is_some_and(|a| now - a.start < 5 * MIN) {
            return;
        }
        self.scaling.activities.push_front(ScalingActivity {
            id: self.rng.scenes.uuid(),
            service: service.to_owned(),
            description: "Attempting to scale due to alarm triggered".into(),
            cause,
            start: now,
            end: Some(now),
            status: "Failed",
            message: format!("Unable to scale: desired count is at the maximum capacity of {max}."),
            not_scaled: vec![NotScaledReason { code: "AlreadyAtMaxCapacity", max: Some(max), min: None, current: Some(max) }],
            goal: max,
        });
        self.scaling.activities.truncate(ACTIVITIES);
    }

    fn note_scaled(&mut self, service: &str, out: bool) {
        let now = self.now;
        if let Some(policy) = self.scaling.policies.get_mut(service) {
            if out {
                policy.last_out = Some(now);
            } else {
                policy.last_in = Some(now);
            }
        }
    }
}
