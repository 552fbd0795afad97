//! Which run of a service's delivery is shown, and what of every system belongs to it: execution, build, image, rollout. What belongs to
//! another run is left out, however new it is. Called by `delivery`; the steps of the run are in `steps`.

use chrono::TimeDelta;

use super::parts::Parts;
use crate::insight::topology::images::{digests, repository};
use crate::model::Time;
use crate::model::delivery::{
    ActionCategory, Build, BuildStatus, Builds, Image, Pipeline, PipelineAction, PipelineExecution, PipelineStage, PipelineStatus,
    Repositories, Repository,
};
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::model::service::{
    Deployment, DeploymentStatus, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus, ServiceDeployments, TaskDefinitions,
};
use crate::model::stack::ServiceSpec;

/// ECS writes a deployment and the record of it at nearly the same time; an image is pushed a little before its build ends.
const SAME: TimeDelta = TimeDelta::minutes(1);
/// A shorter tag is a version number, and no commit.
const COMMIT: usize = 7;

/// How far the run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The pipeline has begun, and nothing of it is built yet.
    Begun,
    /// Built or being built, and not rolled out yet.
    Built,
    /// Rolled out or being rolled out; perhaps undone again.
    Rolled,
}

/// What is known about one service's delivery.
pub(super) struct ServiceRun<'a> {
    pub spec: &'a ServiceSpec,
    pub service: Option<&'a Service>,
    pub stage: Stage,
    /// What the service runs, of this run or of one before it.
    pub primary: Option<&'a Deployment>,
    /// The run's own rollout, as far as ECS still shows it.
    pub rollout: Option<&'a Deployment>,
    /// The rollout was rolled back, or is on its way back: what is in place is not of this run.
    pub undone: bool,
    pub record: Option<&'a ServiceDeployment>,
    pub build: Option<&'a Build>,
    pub image: Option<&'a Image>,
    /// The digest of the image, wherever it is.
    pub digest: Option<&'a str>,
    pub repository: Option<&'a Repository>,
    /// When the repositories were read.
    pub read_at: Option<Time>,
    pub pipeline: Option<&'a Pipeline>,
    pub knows_pipeline: bool,
    pub execution: Option<&'a PipelineExecution>,
    /// How long a deployment may be in progress.
    pub patience: TimeDelta,
    pub now: Time,
}

/// Everything that is known about one service's delivery; `None` when that is nothing.
pub(super) fn line<'a>(parts: &Parts<'a>, index: usize, spec: &'a ServiceSpec) -> Option<ServiceRun<'a>> {
    let store = parts.store();
    let repository = repository(&parts.facts, &spec.role).filter(|r| r.exists);
    let project = project(parts, index, spec, repository);
    let stack = parts.stack();
    let is_built = project.is_some() || stack.repositories.iter().any(|r| r.role == spec.role);
    let delivers = !stack.projects.is_empty() || !stack.repositories.is_empty();
    // A sidecar service that others build: nothing of this delivery will ever reach it.
    if delivers && !is_built {
        return None;
    }
    let builds = store.get::<Builds>().map_or(&[][..], |b| &b.builds).iter().filter(|b| Some(b.project.as_str()) == project);
    let builds: Vec<&Build> = builds.collect();
    let newest = builds.first().copied();
    let service = parts.service(&spec.name);
    let primary = service.and_then(Service::primary);
    let record = store.get::<ServiceDeployments>().and_then(|d| newest_record(&d.deployments, &spec.name));
    if service.is_none() && newest.is_none() && record.is_none() {
        return None;
    }
    let known = store.get::<Pipeline>();
    let mut line = ServiceRun {
        spec,
        service,
        stage: Stage::Rolled,
        primary,
        rollout: primary,
        undone: false,
        record,
        build: newest,
        image: None,
        digest: None,
        repository,
        read_at: store.entry(Repositories::KEY).and_then(|e| e.at),
        pipeline: known.filter(|p| p.exists),
        knows_pipeline: known.is_some(),
        execution: None,
        patience: parts.facts.limits().span(Limit::DeploymentTime),
        now: parts.facts.now,
    };
    line.choose_rollout();
    line.stage = line.reached();
    line.choose_image(parts);
    line.choose_build(&builds);
    line.execution = line.own_execution();
    Some(line)
}

fn newest_record<'a>(all: &'a [ServiceDeployment], service: &str) -> Option<&'a ServiceDeployment> {
    all.iter().filter(|d| d.service == service).max_by_key(|d| d.created_at)
}

/// The project that builds a service: the one named like its repository or itself, else the one at its place in the configuration.
fn project<'a>(parts: &Parts<'a>, index: usize, spec: &ServiceSpec, repository: Option<&Repository>) -> Option<&'a str> {
    let projects = &parts.stack().projects;
    let base = repository.and_then(|r| r.name.rsplit('/').next()).unwrap_or(&spec.name);
    let named = |p: &&String| p.ends_with(&format!("-{base}")) || p.ends_with(&format!("-{}", spec.name));
    projects.iter().find(named).or_else(|| projects.get(index)).map(String::as_str)
}

/// Whether an image carries the commit of a build as its tag, or was pushed while it ran.
fn is_of(image: &Image, build: &Build) -> bool {
    let commit = |t: &String| t.len() >= COMMIT && (build.version.starts_with(t.as_str()) || t.starts_with(build.version.as_str()));
    if !build.version.is_empty() && image.tags.iter().any(commit) {
        return true;
    }
    let (Some(pushed), Some(from)) = (image.pushed_at, build.started_at) else { return false };
    pushed >= from && build.ended_at.is_none_or(|to| pushed <= to + SAME)
}

impl<'a> ServiceRun<'a> {
    /// Anything of it is in progress.
    pub(super) fn active(&self) -> bool {
        let building = self.build.is_some_and(|b| b.status == BuildStatus::InProgress);
        let piped = self.execution.is_some_and(|e| e.status.is_open());
        building || piped || self.deploying() || self.record.is_some_and(|r| r.status == ServiceDeploymentStatus::RollbackInProgress)
    }

    pub(super) fn deploying(&self) -> bool {
        self.primary.is_some_and(|d| d.rollout_state == RolloutState::InProgress)
    }

    /// When anything of it last began.
    pub(super) fn began(&self) -> Option<Time> {
        match self.stage {
            Stage::Begun => self.execution.and_then(|e| e.started_at),
            Stage::Built => self.build.and_then(|b| b.started_at),
            Stage::Rolled => self.rolled_at(),
        }
    }

    /// When the run was rolled out.
    pub(super) fn rolled_at(&self) -> Option<Time> {
        if self.undone { self.record.and_then(|r| r.created_at) } else { self.primary.and_then(|d| d.created_at) }
    }

    /// The run has ended before it was rolled out, and will not be.
    pub(super) fn is_stuck(&self) -> bool {
        match self.stage {
            Stage::Begun => !self.execution.is_some_and(|e| e.status.is_open()),
            Stage::Built => self.build.is_some_and(|b| !matches!(b.status, BuildStatus::InProgress | BuildStatus::Succeeded)),
            Stage::Rolled => false,
        }
    }

    /// The stage that speaks of the run's source, and its action.
    pub(super) fn source(&self) -> Option<(&'a PipelineStage, &'a PipelineAction)> {
        let stages = self.pipeline?.stages.iter();
        stages.flat_map(|s| s.actions.iter().map(move |a| (s, a))).find(|(s, a)| a.category == ActionCategory::Source && self.is_in(s))
    }

    /// Whether what a stage shows is of this run.
    pub(super) fn is_in(&self, stage: &PipelineStage) -> bool {
        self.execution.is_some_and(|e| stage.execution == e.id)
    }

    /// The newest rollout. One that was rolled back is not the primary one any more: that is the one before it again.
    fn choose_rollout(&mut self) {
        let Some(record) = self.record else { return };
        let primary = self.primary.and_then(|d| d.created_at);
        let others = self.service.into_iter().flat_map(|s| &s.deployments).filter(|d| d.status != DeploymentStatus::Primary);
        let failed = others.filter(|d| d.created_at.zip(record.created_at).is_some_and(|(d, r)| d >= r - SAME));
        let failed = failed.max_by_key(|d| d.created_at);
        self.undone = record.status.is_rollback() && (failed.is_some() || primary < record.created_at.map(|at| at - SAME));
        if self.undone {
            self.rollout = failed;
        } else if record.created_at < primary.map(|at| at - SAME) {
            // The records are read less often than the services: this one is of a rollout before.
            self.record = None;
        }
    }

    fn reached(&self) -> Stage {
        let (built, rolled) = (self.build.and_then(|b| b.started_at), self.rolled_at());
        if let Some((pipeline, newest)) = self.pipeline.and_then(|p| Some((p, p.executions.first()?))) {
            let own = |s: &&PipelineStage| s.execution == newest.id && s.actions.iter().any(|a| a.category == ActionCategory::Build);
            // Past its builds an execution has none for this service.
            let past = pipeline.stages.iter().filter(own).any(|s| s.status == PipelineStatus::Succeeded);
            let tells = newest.status.is_open() || matches!(newest.status, PipelineStatus::Failed | PipelineStatus::Stopped);
            if tells && !past && newest.started_at.is_some() && newest.started_at > built.max(rolled) {
                return Stage::Begun;
            }
        }
        if built.is_some() && built > rolled { Stage::Built } else { Stage::Rolled }
    }

    /// The image that the run delivers, never another one in its place.
    fn choose_image(&mut self, parts: &Parts<'a>) {
        let Some(repository) = self.repository else { return };
        match self.stage {
            Stage::Begun => {}
            Stage::Rolled if !self.undone => {
                self.image = self.defined(parts, repository);
                self.digest = self.image.map(|i| i.digest.as_str()).or_else(|| self.running(parts, repository));
                self.image = self.image.or_else(|| repository.image(self.digest?));
            }
            Stage::Built | Stage::Rolled => {
                let pushed = |i: &&Image| self.build.is_some_and(|b| is_of(i, b));
                self.image = repository.images.iter().filter(pushed).max_by_key(|i| i.pushed_at);
                self.digest = self.image.map(|i| i.digest.as_str());
            }
        }
    }

    /// The image that the rollout's task definition names.
    fn defined(&self, parts: &Parts<'a>, repository: &'a Repository) -> Option<&'a Image> {
        let definition = parts.store().get::<TaskDefinitions>()?.definitions.get(&self.rollout?.task_definition)?;
        let named = definition.images.iter().find_map(|(_, image)| image.strip_prefix(repository.uri.as_str()))?;
        match named.strip_prefix('@') {
            Some(digest) => repository.image(digest),
            None => repository.images.iter().find(|i| i.tags.iter().any(|t| Some(t.as_str()) == named.strip_prefix(':'))),
        }
    }

    /// The digest that a task of the rollout runs.
    fn running(&self, parts: &Parts<'a>, repository: &Repository) -> Option<&'a str> {
        let all = digests(&parts.facts, repository, &self.spec.name).into_iter();
        let own = |definition: &str| definition.is_empty() || self.rollout.is_none_or(|d| d.task_definition == definition);
        all.filter(|(_, task)| own(&task.task_definition)).map(|(digest, _)| digest).next_back()
    }

    /// The build of the run: none of one that has only begun; of one that was rolled out the one that made its image, for a newer build
    /// need not have come so far.
    fn choose_build(&mut self, builds: &[&'a Build]) {
        let of_image = self.image.and_then(|image| builds.iter().find(|b| is_of(image, b)).copied());
        let last = || builds.iter().find(|b| b.status == BuildStatus::Succeeded && b.started_at <= self.rolled_at()).copied();
        self.build = match self.stage {
            Stage::Begun => None,
            Stage::Built => self.build,
            // What is undone is what the newest build made.
            Stage::Rolled if self.undone => self.build,
            Stage::Rolled if self.image.is_some() => of_image,
            Stage::Rolled => last(),
        };
    }

    /// The execution that the run belongs to: the one that was on its way when it was built.
    fn own_execution(&self) -> Option<&'a PipelineExecution> {
        let all = &self.pipeline?.executions;
        let at = self.build.and_then(|b| b.started_at).or_else(|| self.rolled_at());
        let Some(at) = at.filter(|_| self.stage != Stage::Begun) else { return all.first() };
        all.iter().find(|e| e.started_at.is_some_and(|from| from <= at) && (e.status.is_open() || e.updated_at.is_some_and(|to| to >= at)))
    }
}
