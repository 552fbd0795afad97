//! What happened before history begins: older rollouts, events, scaling activities, backups.
//! Records only; nothing here moves the physics.

use super::super::World;
use super::super::names::{CLUSTER, CONTROL, DAY, DB, HOUR, MIN, Ms, SEC, SERVICES, STACK, arn, task_definition_arn};
use super::super::state::{
    Deployment, DeploymentStatus, RdsEvent, RolloutState, ScalingActivity, ServiceDeployment, ServiceDeploymentStatus as Status,
    ServiceEvent, ServiceRevision,
};
use super::ecs::shape_of;

impl World {
    /// Rollouts of the last two weeks; the newest is in force. One of the control plane's was rolled back.
    pub(super) fn build_rollouts(&mut self, service: &str) {
        let newest = shape_of(service).revision;
        let family = format!("{STACK}-{service}");
        let mut previous: Option<String> = None;
        for back in (0..4_u32).rev() {
            let revision = newest - back;
            let Some(definition) = self.ecs.task_definitions.get(&(family.clone(), revision)).cloned() else { continue };
            let at = definition.registered_at + SEC;
            let failed = service == CONTROL && back == 1;
            let number = self.rng.ids.digits(19);
            let service_revision = arn("ecs", format_args!("service-revision/{CLUSTER}/{service}/{number}"));
            let digest = self.digest_of(&definition.image);
            self.ecs.service_revisions.push(ServiceRevision {
                arn: service_revision.clone(),
                service: service.into(),
                task_definition: definition.arn.clone(),
                container_name: service.into(),
                image: definition.image.clone(),
                image_digest: digest,
                created_at: at,
            });
            let record = self.past_record(service, at, service_revision.clone(), previous.clone(), failed);
            if back == 0 {
                let arn = record.arn.clone();
                self.put_in_force(service, &number, &definition.arn, (service_revision.clone(), arn), at);
            }
            self.ecs.service_deployments.push(record);
            if !failed {
                previous = Some(service_revision);
            }
        }
    }

    fn past_record(&mut self, service: &str, at: Ms, target: String, previous: Option<String>, failed: bool) -> ServiceDeployment {
        let took = self.rng.life.seconds(190, 320);
        let why = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        ServiceDeployment {
            arn: arn("ecs", format_args!("service-deployment/{CLUSTER}/{service}/{}", self.rng.ids.alnum(21))),
            service: service.into(),
            status: if failed { Status::RollbackSuccessful } else { Status::Successful },
            status_reason: failed.then(|| why.to_owned()),
            created_at: at,
            started_at: Some(at + 4 * SEC),
            finished_at: Some(at + took),
            stopped_at: None,
            updated_at: at + took,
            source_revisions: previous.clone().into_iter().collect(),
            target_revision: target,
            requested_tasks: 2,
            running_tasks: if failed { 0 } else { 2 },
            pending_tasks: 0,
            failure_count: if failed { 3 } else { 0 },
            failure_threshold: 3,
            breaker_status: if failed { "TRIGGERED" } else { "MONITORING_COMPLETE" },
            rollback_reason: failed.then(|| why.to_owned()),
            rollback_started_at: failed.then_some(at + 170 * SEC),
            rollback_revision: previous.filter(|_| failed),
        }
    }

    fn put_in_force(&mut self, service: &str, number: &str, definition: &str, (revision, record): (String, String), at: Ms) {
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        let id = format!("ecs-svc/{number}");
        s.current_service_deployment = Some(record.clone());
        s.current_service_revision = Some(revision.clone());
        s.deployments.push(Deployment {
            rollout_state_reason: format!("ECS deployment {id} completed."),
            id,
            status: DeploymentStatus::Primary,
            task_definition: definition.into(),
            service_revision: revision,
            service_deployment: record,
            desired_count: s.desired_count,
            running_count: s.desired_count,
            pending_count: 0,
            failed_tasks: 0,
            created_at: at,
            updated_at: at + 4 * MIN,
            rollout_state: RolloutState::Completed,
        });
    }

    /// Events, activities and backups of the last days.
    pub(super) fn build_past(&mut self) {
        let now = self.now;
        for service in SERVICES {
            let Some(last) = self.ecs.services.get(service).map(|s| s.last_steady) else { continue };
            for k in (0..11).rev() {
                let id = self.rng.ids.uuid();
                let message = format!("(service {service}) has reached a steady state.");
                if let Some(s) = self.ecs.services.get_mut(service) {
                    s.events.push_front(ServiceEvent { id, created_at: last - k * 6 * HOUR, message });
                }
            }
            let family = format!("{STACK}-{service}");
            debug_assert!(self.definition(&task_definition_arn(&family, shape_of(service).revision)).is_some());
        }
        self.past_activities();
        let arn_of = self.rds.instance.arn.clone();
        for days in (1..=7).rev() {
            let midnight = now - now.rem_euclid(DAY) - days * DAY;
            for (offset, message) in [(0, "Backing up DB instance"), (4 * MIN, "Finished DB Instance backup")] {
                self.rds.events.push_back(RdsEvent {
                    source_id: DB.into(),
                    source_arn: arn_of.clone(),
                    source_type: "db-instance",
                    date: midnight + 16 * HOUR + 7 * MIN + offset,
                    message: message.into(),
                    categories: vec!["backup"],
                });
            }
        }
    }

    /// A scale-out each morning and a scale-in each evening of the last three days.
    fn past_activities(&mut self) {
        let now = self.now;
        let mut past = Vec::new();
        for service in SERVICES {
            let base = shape_of(service).min_count();
            let Some(policy) = self.scaling.policies.get(service).cloned() else { continue };
            for days in 1..=3 {
                // 23:00 UTC is nine in the morning, 08:00 UTC six in the evening.
                let midnight = now - now.rem_euclid(DAY) - days * DAY;
                for (hour, count, alarm) in [(23, base + 1, &policy.alarm_high), (8, base, &policy.alarm_low)] {
                    let start = midnight + hour * HOUR + self.rng.life.seconds(0, 2_400);
                    if start >= now {
                        continue;
                    }
                    past.push(ScalingActivity {
                        id: self.rng.ids.uuid(),
                        service: service.into(),
                        description: format!("Setting desired count to {count}."),
                        cause: format!("monitor alarm {alarm} in state ALARM triggered policy {}", policy.name),
                        start,
                        end: Some(start + self.rng.life.seconds(40, 110)),
                        status: "Successful",
                        message: format!("Successfully set desired count to {count}. Change successfully fulfilled by ecs."),
                        not_scaled: Vec::new(),
                        goal: count,
                    });
                }
            }
        }
        past.sort_by_key(|a| std::cmp::Reverse(a.start));
        self.scaling.activities.extend(past);
    }
}
