//! The delivery half: repositories, projects, the pipeline, and what went through it in the last two weeks.
//! The past is made by the same steps as the present, only faster; its deployments come from the records of ECS.

use std::collections::{BTreeMap, VecDeque};

use super::super::World;
use super::super::delivery::{COMPONENTS, CONNECTION, Start, component, full_pace};
use super::super::names::{CONTROL, DAY, HOUR, KMS_ECR, Ms, REGION, SEC, SERVICES, STACK, WEB, arn};
use super::super::state::{
    CodeBuild, CodePipeline, Commit, Ecr, LogGroup, Pipeline, Project, Repository, RunStatus, Stage, StageRun, Transition, uri,
};
use super::platform::AGE;

const DEPLOY: usize = 2;

/// What went through the pipeline: how long before the beginning it was deployed, what it touched, whose tests failed.
/// The revisions of the task definitions in `ecs` were made at the times of the four that touch everything.
const PAST: [(Ms, &[&str], Option<&str>); 10] = [
    (12 * DAY + 3 * HOUR, &SERVICES, None),
    (10 * DAY + 6 * HOUR, &[], None),
    (8 * DAY + 3 * HOUR, &SERVICES, None),
    (6 * DAY + 22 * HOUR, &[], None),
    (5 * DAY + 20 * HOUR, &[WEB], Some(WEB)),
    (4 * DAY + 3 * HOUR, &SERVICES, None),
    (3 * DAY + 2 * HOUR, &SERVICES, None),
    (2 * DAY + 4 * HOUR, &[], None),
    (DAY + 5 * HOUR, &[CONTROL], Some(CONTROL)),
    (20 * HOUR, &[], None),
];

/// The repositories, empty.
pub(super) fn ecr(begin: Ms) -> Ecr {
    let repository = |name: &str| Repository {
        name: name.to_owned(),
        scan_on_push: true,
        tag_mutability: "MUTABLE",
        kms_key: KMS_ECR.to_owned(),
        created_at: begin - AGE,
    };
    Ecr { repositories: COMPONENTS.iter().map(|c| repository(c.repository)).collect(), images: Vec::new() }
}

/// The projects, without builds.
pub(super) fn codebuild(begin: Ms) -> CodeBuild {
    let project = |(index, part): (usize, &super::super::delivery::Component)| Project {
        name: part.project.to_owned(),
        service: part.service,
        repository: part.repository,
        folder: part.folder,
        created_at: begin - AGE + 2 * HOUR,
        modified_at: begin - 34 * DAY,
        next_number: 318 + 3 * index as u64,
        fail_next: false,
    };
    CodeBuild {
        projects: COMPONENTS.iter().enumerate().map(project).collect(),
        builds: VecDeque::new(),
        running: 0,
        minute: BTreeMap::new(),
    }
}

/// The pipeline, without executions.
pub(super) fn codepipeline(begin: Ms) -> CodePipeline {
    let stage = |name: &'static str, category, provider, actions| Stage {
        name,
        category,
        provider,
        actions,
        inbound: Transition { enabled: true, reason: None, changed: None },
    };
    let each = |names: [&'static str; 3]| names.into_iter().zip(COMPONENTS.iter().map(|c| Some(c.service))).collect();
    let stages = vec![
        stage("Source", "Source", "CodeStarSourceConnection", vec![("GitHub", None)]),
        stage("Build", "Build", "CodeBuild", each(["BuildControl", "BuildWeb", "BuildWorker"])),
        stage("Deploy", "Deploy", "ECS", each(["DeployControl", "DeployWeb", "DeployWorker"])),
    ];
    let pipeline = Pipeline {
        name: STACK.to_owned(),
        version: 6,
        created_at: begin - AGE + 3 * HOUR,
        updated_at: begin - 34 * DAY,
        bucket: format!("codepipeline-{REGION}-548201937465"),
        connection: CONNECTION.to_owned(),
        stages,
    };
    let head = Commit { id: String::new(), message: String::new(), author: "", at: begin - AGE, touches: Vec::new() };
    CodePipeline { pipeline, executions: VecDeque::new(), head }
}

impl World {
    /// Log groups of the projects, and the pipeline's past up to the end of its builds.
    pub(super) fn build_deliveries(&mut self) {
        let begin = self.now;
        for project in self.codebuild.projects.iter().map(Project::log_group) {
            let log_group_arn = arn("logs", format_args!("log-group:{project}"));
            let group = LogGroup {
                name: project.clone(),
                arn: format!("{log_group_arn}:*"),
                log_group_arn,
                retention_days: Some(90),
                kms_key: None,
                stored_bytes: 48_213_904,
                ..super::log_group(begin)
            };
            self.logs.groups.insert(project, group);
        }
        for (age, touches, fails) in PAST {
            let pace = full_pace(&mut self.rng.delivery);
            let deploy_at = begin - age;
            let pushed_at = deploy_at - super::super::delivery::lead(&pace);
            if let Some(service) = fails {
                self.fail_next_build(component(service).project);
            }
            let commit = self.push_commit(touches.to_vec(), pushed_at);
            let paces = touches.iter().map(|service| (*service, pace.clone())).collect();
            // A failed one ends by itself, the others stand before the Deploy stage.
            let until = if fails.is_some() { deploy_at + 60 * SEC } else { deploy_at - SEC };
            self.past_execution(Start { paces, ..Start::push(commit) }, until);
        }
    }

    /// The image that the release before `at` made for a service.
    pub(super) fn released_image(&self, service: &str, at: Ms) -> String {
        let repository = component(service).repository;
        let image = self.ecr.images.iter().rfind(|i| i.repository == repository && i.pushed_at < at);
        let tag = image.and_then(|i| i.tags.first()).map(String::as_str).unwrap_or_default();
        format!("{}:{tag}", uri(repository))
    }

    /// The tasks of a past rollout pulled its image, unless newer ones have since.
    fn pulled_then(&mut self, service: &str, tag: &str, began: Ms) {
        let repository = component(service).repository;
        let image = self.ecr.images.iter_mut().find(|i| i.repository == repository && i.tags.iter().any(|t| t == tag));
        if let Some(image) = image {
            image.pulled_at = image.pulled_at.or(Some(began + 40 * SEC));
        }
    }

    /// The Deploy stages of the past, now that the records of the rollouts are there.
    pub(super) fn close_past_deliveries(&mut self) {
        for index in 0..self.codepipeline.executions.len() {
            let Some(execution) = self.codepipeline.executions.get(index).filter(|e| e.status == RunStatus::InProgress) else { continue };
            let (touches, began) = (execution.commit.touches.clone(), execution.updated_at + 2 * SEC);
            let tag = execution.commit.id.clone();
            let (mut actions, mut ended, mut status) = (Vec::new(), began, RunStatus::Succeeded);
            let names = self.codepipeline.pipeline.stages.get(DEPLOY).map(|s| s.actions.clone()).unwrap_or_default();
            for (name, service) in names {
                let touched = service.is_some_and(|s| touches.contains(&s));
                let mut action = self.idle_action((name, service), began);
                if touched {
                    self.pulled_then(service.unwrap_or_default(), &tag, began);
                    ended = ended.max(self.past_deploy(&mut action, began));
                }
                if action.status == RunStatus::Failed {
                    status = RunStatus::Failed;
                }
                actions.push(action);
            }
            if let Some(execution) = self.codepipeline.executions.get_mut(index) {
                (execution.status, execution.updated_at) = (status, ended);
                execution.stages.push(StageRun { stage: DEPLOY, status, started_at: began, retries: 0, actions });
            }
        }
    }
}
