//! Rollouts: deployments, service deployments, service revisions, the circuit breaker and the way back.
//! Not which task starts when (see `scheduler`). Called by the write operations and by the scheduler.

use super::super::World;
use super::super::names::{CLUSTER, Ms, WEB, arn};
use super::super::state::{
    Deployment, DeploymentStatus, RolloutState, ServiceDeployment, ServiceDeploymentStatus as Status, ServiceRevision,
};

/// Failures that trip the circuit breaker for a desired count: half of it, at least 3, at most 200.
pub(super) fn breaker_threshold(desired: u32) -> u32 {
    desired.div_ceil(2).clamp(3, 200)
}

impl World {
    /// Begins to roll `definition` out and returns the ARN of the service deployment.
    pub(in super::super) fn begin_rollout(&mut self, service: &str, definition: &str) -> String {
        let now = self.now;
        let number = self.rng.ids.digits(19);
        let revision = arn("ecs", format_args!("service-revision/{CLUSTER}/{service}/{number}"));
        let record = arn("ecs", format_args!("service-deployment/{CLUSTER}/{service}/{}", self.rng.ids.alnum(21)));
        let image = self.definition(definition).map(|d| d.image.clone()).unwrap_or_default();
        let image_digest = self.digest_of(&image);
        self.ecs.service_revisions.push(ServiceRevision {
            arn: revision.clone(),
            service: service.to_owned(),
            task_definition: definition.to_owned(),
            container_name: service.to_owned(),
            image,
            image_digest,
            created_at: now,
        });
        for open in self.ecs.service_deployments.iter_mut().filter(|d| d.service == service && d.finished_at.is_none()) {
            open.status = Status::Stopped;
            open.status_reason = Some("Service deployment stopped because of a new deployment.".into());
            (open.finished_at, open.stopped_at, open.updated_at) = (Some(now), Some(now), now);
        }
        // A new portal brings its static files along.
        if service == WEB && self.ecs.services.get(service).is_some_and(|s| s.task_definition != definition) {
            self.deliver_static();
        }
        let Some(s) = self.ecs.services.get_mut(service) else { return record };
        let id = format!("ecs-svc/{number}");
        let source_revisions = s.primary().map(|d| d.service_revision.clone()).into_iter().collect();
        for d in &mut s.deployments {
            d.status = DeploymentStatus::Active;
            d.updated_at = now;
        }
        s.deployments.insert(
            0,
            Deployment {
                rollout_state_reason: format!("ECS deployment {id} in progress."),
                id,
                status: DeploymentStatus::Primary,
                task_definition: definition.to_owned(),
                service_revision: revision.clone(),
                service_deployment: record.clone(),
                desired_count: s.desired_count,
                running_count: 0,
                pending_count: 0,
                failed_tasks: 0,
                created_at: now,
                updated_at: now,
                rollout_state: RolloutState::InProgress,
            },
        );
        definition.clone_into(&mut s.task_definition);
        s.current_service_deployment = Some(record.clone());
        s.current_service_revision = Some(revision.clone());
        s.consecutive_failures = 0;
        s.backoff_until = 0;
        s.rebalancing = false;
        s.steady = false;
        let desired = s.desired_count;
        self.ecs.service_deployments.push(ServiceDeployment {
            arn: record.clone(),
            service: service.to_owned(),
            status: Status::Pending,
            status_reason: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: now,
            source_revisions,
            target_revision: revision,
            requested_tasks: desired,
            running_tasks: 0,
            pending_tasks: 0,
            failure_count: 0,
            failure_threshold: breaker_threshold(desired),
            breaker_status: "MONITORING",
            rollback_reason: None,
            rollback_started_at: None,
            rollback_revision: None,
        });
        record
    }

    fn record(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.ecs.service_deployments.iter_mut().rev().find(|d| d.arn == arn)
    }

    /// PENDING to IN_PROGRESS, ROLLBACK_REQUESTED to ROLLBACK_IN_PROGRESS.
    pub(super) fn start_pending_rollout(&mut self, service: &str) {
        let now = self.now;
        let Some(arn) = self.ecs.services.get(service).and_then(|s| s.current_service_deployment.clone()) else {
            return;
        };
        let Some(record) = self.record(&arn) else { return };
        match record.status {
            Status::Pending => {
                record.status = Status::InProgress;
                record.started_at = Some(now);
                record.updated_at = now;
            }
            Status::RollbackRequested => {
                self.roll_back(service, &arn, "Service deployment rolled back because StopServiceDeployment was called.");
            }
            _ => {}
        }
    }

    /// Counts a failed start against the deployment in progress; trips the breaker at its threshold.
    pub(super) fn count_failure(&mut self, service: &str, deployment: &str) {
        let now = self.now;
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        let (breaker, rolls_back) = (s.circuit_breaker, s.circuit_breaker_rollback);
        let Some(d) = s.deployments.first_mut().filter(|d| d.id == deployment && d.rollout_state == RolloutState::InProgress) else {
            return;
        };
        d.failed_tasks += 1;
        d.updated_at = now;
        let (failed, arn) = (d.failed_tasks, d.service_deployment.clone());
        let Some(record) = self.record(&arn).filter(|r| r.status.is_open()) else { return };
        record.failure_count = failed;
        if !breaker || failed < record.failure_threshold {
            return;
        }
        record.breaker_status = "TRIGGERED";
        if !rolls_back {
            record.status = Status::Stopped;
            record.status_reason = Some("Service deployment stopped because the circuit breaker threshold was exceeded.".into());
            (record.finished_at, record.stopped_at, record.updated_at) = (Some(now), Some(now), now);
            self.give_up(service, deployment);
            return;
        }
        self.roll_back(service, &arn, "Service deployment rolled back because the circuit breaker threshold was exceeded.");
    }

    /// Leaves a rollout where it is: its tasks are not started again, what is older goes on.
    fn give_up(&mut self, service: &str, deployment: &str) {
        let now = self.now;
        let Some(d) = self.ecs.services.get_mut(service).and_then(|s| s.deployments.first_mut()) else { return };
        d.rollout_state = RolloutState::Failed;
        d.rollout_state_reason = "ECS deployment circuit breaker: tasks failed to start.".into();
        d.updated_at = now;
        self.service_event(service, format!("(service {service}) (deployment {deployment}) deployment failed: tasks failed to start."));
    }

    /// Goes back to the last revision that was completely deployed.
    fn roll_back(&mut self, service: &str, record_arn: &str, reason: &str) {
        let now = self.now;
        let tripped = reason.contains("circuit breaker");
        let pause = self.rng.life.seconds(8, 15);
        let Some(source) = self.record(record_arn).and_then(|r| r.source_revisions.first().cloned()) else { return };
        let Some(revision) = self.ecs.service_revisions.iter().find(|r| r.arn == source).cloned() else { return };
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        let desired = s.desired_count;
        let mut failed_id = String::new();
        for d in &mut s.deployments {
            if d.status == DeploymentStatus::Primary {
                d.rollout_state = RolloutState::Failed;
                d.rollout_state_reason = if tripped {
                    "ECS deployment circuit breaker: tasks failed to start.".into()
                } else {
                    format!("ECS deployment {} stopped by user.", d.id)
                };
                failed_id.clone_from(&d.id);
            }
            d.status = DeploymentStatus::Active;
            d.desired_count = 0;
            d.updated_at = now;
        }
        let index = s.deployments.iter().position(|d| d.service_revision == source);
        let mut back = match index {
            Some(i) => s.deployments.remove(i),
            None => revived(&revision, now),
        };
        back.status = DeploymentStatus::Primary;
        record_arn.clone_into(&mut back.service_deployment);
        back.desired_count = desired;
        back.updated_at = now;
        back.rollout_state = RolloutState::InProgress;
        back.rollout_state_reason = if tripped {
            format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", back.id)
        } else {
            format!("ECS deployment {} in progress.", back.id)
        };
        let back_id = back.id.clone();
        s.task_definition.clone_from(&back.task_definition);
        s.current_service_revision = Some(source.clone());
        s.deployments.insert(0, back);
        s.next_look = now + pause;
        (s.consecutive_failures, s.backoff_until, s.steady) = (0, 0, false);
        if let Some(record) = self.record(record_arn) {
            record.status = Status::RollbackInProgress;
            record.status_reason = Some(reason.to_owned());
            record.rollback_reason = Some(reason.to_owned());
            record.rollback_started_at = Some(now);
            record.rollback_revision = Some(source);
            record.updated_at = now;
        }
        if tripped {
            let text = format!("(service {service}) (deployment {failed_id}) deployment failed: tasks failed to start.");
            self.service_event(service, text);
        }
        self.service_event(service, format!("(service {service}) rolling back to (deployment {back_id})."));
    }

    /// The rollout reached its end: COMPLETED, and its record SUCCESSFUL or ROLLBACK_SUCCESSFUL.
    pub(super) fn complete_rollout(&mut self, service: &str) {
        let now = self.now;
        let Some(s) = self.ecs.services.get_mut(service) else { return };
        let Some(d) = s.deployments.first_mut() else { return };
        d.rollout_state = RolloutState::Completed;
        d.rollout_state_reason = format!("ECS deployment {} completed.", d.id);
        d.updated_at = now;
        let (id, arn, running) = (d.id.clone(), d.service_deployment.clone(), d.running_count);
        if let Some(record) = self.record(&arn).filter(|r| r.finished_at.is_none()) {
            record.status = if record.status == Status::RollbackInProgress {
                Status::RollbackSuccessful
            } else {
                record.breaker_status = "MONITORING_COMPLETE";
                record.running_tasks = running;
                Status::Successful
            };
            record.pending_tasks = 0;
            record.finished_at = Some(now);
            record.updated_at = now;
        }
        self.service_event(service, format!("(service {service}) (deployment {id}) deployment completed."));
    }

    /// Whether the service is rolling now.
    pub(in super::super) fn is_rolling(&self, service: &str) -> bool {
        self.ecs.services.get(service).and_then(|s| s.primary()).is_some_and(|d| d.rollout_state == RolloutState::InProgress)
    }
}

/// The deployment of a revision whose own entry is gone already.
fn revived(revision: &ServiceRevision, now: Ms) -> Deployment {
    Deployment {
        id: revision.arn.rsplit('/').next().map(|n| format!("ecs-svc/{n}")).unwrap_or_default(),
        status: DeploymentStatus::Primary,
        task_definition: revision.task_definition.clone(),
        service_revision: revision.arn.clone(),
        service_deployment: String::new(),
        desired_count: 0,
        running_count: 0,
        pending_count: 0,
        failed_tasks: 0,
        created_at: revision.created_at,
        updated_at: now,
        rollout_state: RolloutState::InProgress,
        rollout_state_reason: String::new(),
    }
}
