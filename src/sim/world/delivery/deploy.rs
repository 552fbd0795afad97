//! The ECS actions of the Deploy stage: a new revision of the task definition, its rollout, and how that ends.
//! Not the rollout itself (see `ecs::rollout`).

use super::super::World;
use super::super::names::{MIN, Ms, task_definition_arn};
use super::super::state::{ActionRun, RunStatus, ServiceDeployment, ServiceDeploymentStatus as Status, TaskDefinition};
use super::component;

/// How long the action waits for a rollout.
const PATIENCE: Ms = 60 * MIN;

impl World {
    /// Begins the deployment of what an execution built for a service.
    pub(super) fn begin_deploy(&mut self, index: usize, service: &'static str, action: &mut ActionRun) {
        let artifacts = self.codepipeline.executions.get(index).map(|e| e.artifacts.as_slice()).unwrap_or_default();
        let Some((_, image, digest)) = artifacts.iter().find(|(known, _, _)| *known == service).cloned() else {
            action.status = RunStatus::Failed;
            action.error = Some(("ConfigurationError", "Did not find the image definition file imagedefinitions.json.".into()));
            return;
        };
        if self.running_image(service).is_some_and(|(_, running)| running == digest) {
            *action = self.idle_action((action.name, action.service), action.started_at);
            return;
        }
        action.record = self.deploy_image(service, image);
        let primary = self.ecs.services.get(service).and_then(|s| s.primary());
        action.external_id = primary.map(|deployment| deployment.id.clone());
        action.summary = Some("Deployment in progress.".into());
    }

    /// Registers a task definition that runs `image`, and begins its rollout. Returns the ARN of the service deployment.
    fn deploy_image(&mut self, service: &str, image: String) -> Option<String> {
        let current = self.ecs.services.get(service).map(|s| s.task_definition.clone())?;
        let base = self.definition(&current).cloned()?;
        let newest = self.ecs.task_definitions.range((base.family.clone(), 0)..=(base.family.clone(), u32::MAX));
        let revision = newest.last().map_or(1, |((_, r), _)| r + 1);
        let exits_with = self.ecr.by_reference(&image).and_then(|i| i.exits_with);
        let arn = task_definition_arn(&base.family, revision);
        let definition = TaskDefinition { arn: arn.clone(), revision, image, registered_at: self.now, exits_with, ..base.clone() };
        self.ecs.task_definitions.insert((base.family, revision), definition);
        Some(self.begin_rollout(service, &arn))
    }

    /// Ends the action when the rollout has ended.
    pub(super) fn watch_deploy(&self, action: &mut ActionRun, at: Ms) {
        let record = action.record.as_ref().and_then(|arn| self.ecs.service_deployments.iter().rfind(|d| d.arn == *arn));
        let Some(record) = record else { return };
        if record.finished_at.is_some() || at - action.started_at > PATIENCE {
            conclude(action, record, at);
        }
    }

    /// The Deploy stage of an execution of the past, from the records of its service deployments.
    pub(in super::super) fn past_deploy(&self, action: &mut ActionRun, began: Ms) -> Ms {
        let service = action.service.unwrap_or_default();
        let mine = |d: &&ServiceDeployment| d.service == service && (0..MIN).contains(&(d.created_at - began));
        let Some(record) = self.ecs.service_deployments.iter().rfind(mine) else { return began };
        let ended = record.finished_at.unwrap_or(began);
        action.external_id = record.target_revision.rsplit('/').next().map(|number| format!("ecs-svc/{number}"));
        conclude(action, record, ended);
        ended
    }
}

/// The outcome of an action from that of its rollout.
fn conclude(action: &mut ActionRun, record: &ServiceDeployment, at: Ms) {
    action.updated_at = at;
    let repository = component(&record.service).repository;
    action.summary = None;
    let error = match record.status {
        Status::Successful => {
            action.status = RunStatus::Succeeded;
            action.summary = Some(format!("Deployed {repository} to the service {}.", record.service));
            return;
        }
        Status::RollbackSuccessful | Status::RollbackFailed if record.breaker_status == "TRIGGERED" => {
            "ECS Deployment Circuit Breaker was triggered: tasks failed to start. The service was rolled back.".to_owned()
        }
        Status::RollbackSuccessful | Status::RollbackFailed => "The ECS deployment was stopped and rolled back.".to_owned(),
        Status::Stopped => "The ECS deployment was replaced by a newer deployment of the service.".to_owned(),
        _ => "The ECS deployment did not reach a steady state in time.".to_owned(),
    };
    action.status = RunStatus::Failed;
    action.error = Some(("JobFailed", error));
}
