//! CodePipeline at work: executions enter stages in order, actions run, stages end.
//! One execution at a time is in a stage; the others wait in line (execution mode QUEUED). Not the ECS actions (see `deploy`).

use super::super::World;
use super::super::names::{Ms, SEC};
use super::super::state::{ActionRun, BuildStatus, Commit, Execution, Pace, RunStatus, StageRun, Work};
use super::build::{DOWNLOAD_SOURCE, Order};
use super::{CONNECTION, HANDOFF, INITIATOR, SOURCE_TAKES, component, full_pace, short_pace};

/// Stages by index.
pub(super) const SOURCE: usize = 0;
pub(super) const BUILD: usize = 1;
pub(super) const DEPLOY: usize = 2;

/// How an execution begins.
pub(in super::super) struct Start {
    pub(in super::super) at: Ms,
    pub(in super::super) commit: Commit,
    pub(in super::super) trigger: (&'static str, String),
    pub(in super::super) builds_all: bool,
    pub(in super::super) unknown_commit: bool,
    pub(in super::super) exits_with: Option<i32>,
    pub(in super::super) paces: Vec<(&'static str, Pace)>,
    pub(in super::super) token: Option<String>,
}

impl Start {
    /// A push to the branch that the pipeline follows.
    pub(in super::super) fn push(commit: Commit) -> Self {
        Self {
            at: commit.at,
            commit,
            trigger: ("WebhookV2", CONNECTION.to_owned()),
            builds_all: false,
            unknown_commit: false,
            exits_with: None,
            paces: Vec::new(),
            token: None,
        }
    }
}

impl World {
    /// Begins an execution and returns its id.
    pub(in super::super) fn start_execution(&mut self, start: Start) -> String {
        let id = self.rng.delivery.uuid();
        self.codepipeline.executions.push_back(Execution {
            id: id.clone(),
            status: RunStatus::InProgress,
            started_at: start.at,
            updated_at: start.at,
            trigger: start.trigger,
            commit: start.commit,
            builds_all: start.builds_all,
            rollback_of: None,
            stop_reason: None,
            token: start.token,
            stages: Vec::new(),
            artifacts: Vec::new(),
            paces: start.paces,
            unknown_commit: start.unknown_commit,
            exits_with: start.exits_with,
        });
        id
    }

    /// An execution that began in the past: the same steps, without waiting, up to `until`.
    pub(in super::super) fn past_execution(&mut self, start: Start, until: Ms) -> String {
        let mut at = start.at;
        let id = self.start_execution(start);
        let index = self.codepipeline.executions.len() - 1;
        let builds = self.codebuild.builds.len();
        while at < until {
            at += SEC;
            for build in builds..self.codebuild.builds.len() {
                self.advance_build(build, at);
            }
            self.step_execution(index, at, false);
        }
        id
    }

    pub(super) fn step_pipeline(&mut self) {
        let now = self.now;
        for index in 0..self.codepipeline.executions.len() {
            self.step_execution(index, now, true);
        }
    }

    /// One look at an execution; `in_line` makes it wait for others before it enters a stage.
    fn step_execution(&mut self, index: usize, at: Ms, in_line: bool) {
        let Some(execution) = self.codepipeline.executions.get(index).filter(|e| e.status.is_open()) else { return };
        let (stopping, ready) = (execution.status == RunStatus::Stopping, at >= execution.updated_at + HANDOFF);
        match (execution.stages.last().map(|run| run.status), execution.next_stage()) {
            (Some(RunStatus::InProgress), _) => self.step_stage(index, at),
            _ if stopping => self.finish(index, RunStatus::Stopped, at),
            (_, Some(stage)) if stage < self.codepipeline.pipeline.stages.len() => {
                if ready && (!in_line || self.may_enter(index, stage)) {
                    self.enter_stage(index, stage, at);
                }
            }
            _ => self.finish(index, RunStatus::Succeeded, at),
        }
    }

    /// Whether the way into a stage is open, nobody is in it and nobody was here before.
    fn may_enter(&self, index: usize, stage: usize) -> bool {
        let open = self.codepipeline.pipeline.stages.get(stage).is_some_and(|s| s.inbound.enabled);
        let busy =
            |e: &Execution| e.status.is_open() && e.stages.last().is_some_and(|r| r.stage == stage && r.status == RunStatus::InProgress);
        let executions = &self.codepipeline.executions;
        let first = self.codepipeline.waiting_for(stage).next().map(|e| e.id.as_str());
        open && !executions.iter().any(busy) && first == executions.get(index).map(|e| e.id.as_str())
    }

    /// Enters a stage and begins its actions.
    pub(super) fn enter_stage(&mut self, index: usize, stage: usize, at: Ms) {
        let actions = self.codepipeline.pipeline.stages.get(stage).map(|s| s.actions.clone()).unwrap_or_default();
        let actions = actions.into_iter().map(|(name, service)| self.begin_action(index, stage, (name, service), at)).collect();
        if let Some(execution) = self.codepipeline.executions.get_mut(index) {
            execution.updated_at = at;
            execution.stages.push(StageRun { stage, status: RunStatus::InProgress, started_at: at, retries: 0, actions });
        }
    }

    /// Begins one action of an execution.
    pub(super) fn begin_action(
        &mut self,
        index: usize,
        stage: usize,
        (name, service): (&'static str, Option<&'static str>),
        at: Ms,
    ) -> ActionRun {
        let mut action = self.idle_action((name, service), at);
        (action.status, action.summary) = (RunStatus::InProgress, None);
        match (stage, service) {
            (BUILD, Some(service)) => action.external_id = self.order_build(index, service, at),
            (DEPLOY, Some(service)) => self.begin_deploy(index, service, &mut action),
            _ => {}
        }
        action
    }

    /// An action that had nothing to do.
    pub(in super::super) fn idle_action(&mut self, (name, service): (&'static str, Option<&'static str>), at: Ms) -> ActionRun {
        ActionRun {
            id: self.rng.delivery.uuid(),
            name,
            service,
            status: RunStatus::Succeeded,
            started_at: at,
            updated_at: at,
            summary: Some("The service runs this image already: no deployment was needed.".into()),
            external_id: None,
            error: None,
            record: None,
            due: at + SOURCE_TAKES,
        }
    }

    /// Starts the build of one service for an execution.
    fn order_build(&mut self, index: usize, service: &'static str, at: Ms) -> Option<String> {
        let execution = self.codepipeline.executions.get(index)?;
        let changed = execution.builds_all || execution.commit.touches.contains(&service);
        let (commit, exits_with) = (execution.commit.clone(), execution.exits_with);
        let planned = execution.paces.iter().find(|(s, _)| *s == service).map(|(_, pace)| pace.clone());
        let (work, pace) = match self.running_image(service).filter(|_| !changed) {
            Some((_, digest)) => (Work::Unchanged { digest }, short_pace(&mut self.rng.delivery)),
            None => (Work::Image { exits_with }, planned.unwrap_or_else(|| full_pace(&mut self.rng.delivery))),
        };
        let artifact = format!("{}/Source/{}", self.codepipeline.pipeline.name, self.rng.delivery.alnum(7));
        let source_version = format!("arn:aws:s3:::{}/{artifact}", self.codepipeline.pipeline.bucket);
        Some(self.begin_build(Order {
            service,
            at,
            initiator: INITIATOR.to_owned(),
            artifact: Some(artifact),
            source_version,
            commit,
            work,
            pace,
            token: None,
            fault: None,
        }))
    }

    /// Reference and digest of what a service runs; before there are services, of the newest image.
    pub(super) fn running_image(&self, service: &str) -> Option<(String, String)> {
        if let Some(arn) = self.ecs.services.get(service).and_then(|s| s.current_service_revision.as_ref()) {
            let revision = self.ecs.service_revisions.iter().rfind(|r| r.arn == *arn)?;
            return Some((revision.image.clone(), revision.image_digest.clone()));
        }
        let repository = component(service).repository;
        let image = self.ecr.images.iter().rfind(|i| i.repository == repository)?;
        let tag = image.tags.first()?;
        Some((format!("{}:{tag}", super::super::state::uri(repository)), image.digest.clone()))
    }

    /// Looks at the actions of the stage that an execution is in, and ends the stage when all of them have ended.
    fn step_stage(&mut self, index: usize, at: Ms) {
        let Some((stage, mut actions)) = self
            .codepipeline
            .executions
            .get_mut(index)
            .and_then(|e| e.stages.last_mut())
            .map(|r| (r.stage, std::mem::take(&mut r.actions)))
        else {
            return;
        };
        for action in actions.iter_mut().filter(|action| action.status == RunStatus::InProgress) {
            match stage {
                SOURCE => self.watch_source(index, action, at),
                BUILD => self.watch_build(index, action, at),
                _ => self.watch_deploy(action, at),
            }
        }
        let open = actions.iter().any(|action| action.status == RunStatus::InProgress);
        let failed = actions.iter().any(|action| action.status == RunStatus::Failed);
        let Some(execution) = self.codepipeline.executions.get_mut(index) else { return };
        let Some(run) = execution.stages.last_mut() else { return };
        run.actions = actions;
        if open {
            return;
        }
        run.status = if failed { RunStatus::Failed } else { RunStatus::Succeeded };
        execution.updated_at = at;
        if failed {
            let end = if execution.status == RunStatus::Stopping { RunStatus::Stopped } else { RunStatus::Failed };
            self.finish(index, end, at);
        }
    }

    fn finish(&mut self, index: usize, status: RunStatus, at: Ms) {
        if let Some(execution) = self.codepipeline.executions.get_mut(index) {
            execution.status = status;
            execution.updated_at = at;
        }
    }

    fn watch_source(&self, index: usize, action: &mut ActionRun, at: Ms) {
        let Some(execution) = self.codepipeline.executions.get(index).filter(|_| at >= action.due) else { return };
        action.updated_at = at;
        if execution.unknown_commit {
            action.status = RunStatus::Failed;
            let text = format!("[GitHub] No commit {} found in repository nextcore/platform.", execution.commit.id);
            action.error = Some(("ConfigurationError", text));
            return;
        }
        action.status = RunStatus::Succeeded;
        action.external_id = Some(execution.commit.id.clone());
        action.summary =
            Some(format!("{{\"ProviderType\":\"GitHub\",\"CommitMessage\":\"{}\"}}", execution.commit.message.replace('"', "'")));
    }

    fn watch_build(&mut self, index: usize, action: &mut ActionRun, at: Ms) {
        let Some(build) = action.external_id.as_ref().and_then(|id| self.codebuild.build(id)) else { return };
        if build.status == BuildStatus::InProgress {
            return;
        }
        action.updated_at = at;
        let image = build.image.clone().filter(|_| build.status == BuildStatus::Succeeded);
        if let (Some((image, digest)), Some(service)) = (image, action.service) {
            action.status = RunStatus::Succeeded;
            if let Some(execution) = self.codepipeline.executions.get_mut(index) {
                execution.artifacts.retain(|(known, _, _)| *known != service);
                execution.artifacts.push((service, image, digest));
            }
            return;
        }
        let why = build.phases.iter().find_map(|run| {
            let (code, message) = run.context.as_ref()?;
            let phase = super::super::state::PHASES.get(run.phase)?;
            Some(format!(" Phase: {phase}, Code: {code}, Message: {message}"))
        });
        action.status = RunStatus::Failed;
        let text = format!("Build terminated with state: {}.{}", build.status.as_str(), why.unwrap_or_default());
        action.error = Some(("JobFailed", text));
    }
}

/// The fault of a build whose commit nobody knows.
pub(super) fn unknown_commit(version: &str) -> (usize, &'static str, String) {
    let text = format!("reference not found for primary source and source version {version}");
    (DOWNLOAD_SOURCE, "CLIENT_ERROR", text)
}
