//! The seed's CI/CD Flow, per service: the newest build, image, deployment and the pipeline's newest execution, as one row of steps.
//! It judges no more than the nodes do: CI is never worse than degraded. Called by `flows`; the steps themselves are in `steps`.

use super::Delivery;
use super::parts::Parts;
use super::steps::{self, Line};
use crate::insight::images::{digests, repository, short_digest};
use crate::model::Time;
use crate::model::delivery::{Build, Builds, Image, Pipeline, PipelineAction, PipelineExecution, Repository};
use crate::model::health::Level;
use crate::model::service::{Deployment, ServiceDeployment, ServiceDeployments, Task};
use crate::model::stack::ServiceSpec;

/// Services that are drawn: those in progress, then the newest.
const DRAWN: usize = 12;

/// Draws them.
pub(super) fn deliveries(parts: &Parts<'_>) -> Vec<Delivery> {
    let mut lines: Vec<Line<'_>> = parts.stack().services.iter().enumerate().filter_map(|(i, spec)| line(parts, i, spec)).collect();
    lines.sort_by_key(|l| (std::cmp::Reverse(l.active()), std::cmp::Reverse(l.began())));
    lines.iter().take(DRAWN).map(|line| delivery(parts, line)).collect()
}

/// Everything that is known about one service's delivery; `None` when that is nothing.
fn line<'a>(parts: &Parts<'a>, index: usize, spec: &'a ServiceSpec) -> Option<Line<'a>> {
    let store = parts.store();
    let repository = repository(&parts.facts, spec.role).filter(|r| r.exists);
    let build = project(parts, index, spec, repository).and_then(|p| store.get::<Builds>()?.latest(p));
    let service = parts.service(&spec.name);
    let record = store.get::<ServiceDeployments>().and_then(|d| newest(&d.deployments, &spec.name));
    let pipeline = store.get::<Pipeline>();
    let any = service.is_some() || build.is_some() || record.is_some();
    any.then(|| Line {
        spec,
        service,
        deployment: service.and_then(|s| s.primary()),
        record,
        build,
        repository,
        pipeline: pipeline.filter(|p| p.exists),
        knows_pipeline: pipeline.is_some(),
        now: parts.facts.now,
    })
}

fn newest<'a>(all: &'a [ServiceDeployment], service: &str) -> Option<&'a ServiceDeployment> {
    all.iter().filter(|d| d.service == service).max_by_key(|d| d.created_at)
}

/// The project that builds a service: the one named like its repository or itself, else the one at its place in the configuration.
fn project<'a>(parts: &Parts<'a>, index: usize, spec: &ServiceSpec, repository: Option<&Repository>) -> Option<&'a str> {
    let projects = &parts.stack().projects;
    let base = repository.and_then(|r| r.name.rsplit('/').next()).unwrap_or(&spec.name);
    let named = |p: &&String| p.ends_with(&format!("-{base}")) || p.ends_with(&format!("-{}", spec.name));
    projects.iter().find(named).or_else(|| projects.get(index)).map(String::as_str)
}

fn delivery(parts: &Parts<'_>, line: &Line<'_>) -> Delivery {
    let image = image(parts, line);
    let steps = steps::all(parts, line, image);
    let at = steps.iter().position(|s| s.state == super::StepState::Failed);
    let at = at.or_else(|| steps.iter().position(|s| s.state == super::StepState::Running));
    let digest = image.map(|i| i.digest.as_str()).or_else(|| running_digest(parts, line));
    Delivery {
        service: line.spec.name.clone(),
        role: line.spec.role,
        active: line.active(),
        revision: line.deployment.map(|d| d.revision().to_owned()).unwrap_or_default(),
        commit: commit(line),
        digest: digest.map(short_digest).unwrap_or_default().to_owned(),
        at,
        began: line.began(),
        level: steps.iter().map(|s| s.level).max().unwrap_or(Level::Healthy),
        steps,
    }
}

fn commit(line: &Line<'_>) -> String {
    let built = line.build.map(|b| b.version.as_str()).filter(|v| !v.is_empty());
    built.or_else(|| source(line).map(|a| a.revision.as_str())).unwrap_or_default().to_owned()
}

/// The pipeline's first source action.
pub(super) fn source<'a>(line: &Line<'a>) -> Option<&'a PipelineAction> {
    line.pipeline?.stages.iter().flat_map(|s| &s.actions).find(|a| a.category == "Source")
}

/// The pipeline's newest execution.
pub(super) fn execution<'a>(line: &Line<'a>) -> Option<&'a PipelineExecution> {
    line.pipeline?.executions.first()
}

/// The digest that a task of the newest deployment runs.
fn running_digest<'a>(parts: &Parts<'a>, line: &Line<'a>) -> Option<&'a str> {
    let repository = line.repository?;
    let newest = |d: &Deployment, t: &Task| t.task_definition.is_empty() || d.task_definition == t.task_definition;
    let all = digests(&parts.facts, repository, &line.spec.name).into_iter();
    all.filter(|(_, t)| line.deployment.is_none_or(|d| newest(d, t))).map(|(digest, _)| digest).next_back()
}

/// The image that is delivered: what the build pushed, else what the newest deployment runs, else the newest.
fn image<'a>(parts: &Parts<'a>, line: &Line<'a>) -> Option<&'a Image> {
    let repository = line.repository?;
    let newest = repository.images.iter().max_by_key(|i| i.pushed_at);
    let begun = line.build.filter(|_| line.is_rebuilding()).and_then(|b: &Build| b.started_at);
    if let Some(begun) = begun {
        return newest.filter(|i| i.pushed_at.is_some_and(|at: Time| at >= begun));
    }
    running_digest(parts, line).and_then(|d| repository.image(d)).or(newest)
}
