//! Rules about CodeBuild and CodePipeline: the last finished run succeeded. Never worse than degraded: CI does not page.
//! The pipeline is optional in the written architecture. Called by `node`.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, info};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::delivery::{Build, BuildStatus, Builds, Pipeline, PipelineAction, PipelineStage, PipelineStatus};
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::model::system::{System, SystemSpec};
use crate::model::text;

use super::{Rule, apply, named};

/// A configured project, by name.
type Project = String;

/// About one project.
pub(crate) const PROJECTS: &[Rule<Project>] = &[
    Rule { id: "build.exists", doc: "the project exists", needs: &[Builds::KEY], check: project_exists },
    Rule { id: "build.last", doc: "the last finished build SUCCEEDED", needs: &[Builds::KEY], check: last_build },
    Rule { id: "build.running", doc: "a build in progress is info", needs: &[Builds::KEY], check: building },
];

/// About the pipeline.
pub(crate) const PIPELINE: &[Rule<Pipeline>] = &[
    Rule { id: "pipeline.last", doc: "the last finished execution Succeeded", needs: &[Pipeline::KEY], check: last_execution },
    Rule { id: "pipeline.running", doc: "an execution in progress is info", needs: &[Pipeline::KEY], check: executing },
];

/// About one stage.
pub(crate) const STAGES: &[Rule<PipelineStage>] = &[
    Rule { id: "pipeline.transition", doc: "no transition disabled", needs: &[Pipeline::KEY], check: transition },
    Rule { id: "pipeline.approval", doc: "an approval that waits is info, {approval_time}", needs: &[Pipeline::KEY], check: approval },
];

/// Judges the projects.
pub(crate) fn assess_builds(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let names = facts.stack.projects.iter().map(String::as_str);
    let found = |name: &str| facts.store.get::<Builds>().map(|_| name.to_owned());
    nodes.insert(NodeId::of(System::Builds), named::<Builds, Project>(facts, ground, PROJECTS, names, found));
}

/// Judges the pipeline.
pub(crate) fn assess_pipeline(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Pipeline>();
    let mut findings = Vec::new();
    if let Some(pipeline) = found.filter(|p| p.exists) {
        findings = apply(PIPELINE, facts, ground.mandatory, pipeline);
        for stage in &pipeline.stages {
            findings.extend(apply(STAGES, facts, ground.mandatory, stage).into_iter().map(|f| f.prefixed(&stage.name)));
        }
    }
    let mut assessment = Assessment::of(facts, ground, findings);
    if found.is_some_and(|p| !p.exists) {
        assessment.is_absent(format!("no pipeline {}", facts.stack.pipeline));
    }
    nodes.insert(NodeId::of(System::Pipeline), assessment);
}

fn project_exists(facts: &Facts<'_>, project: &Project) -> Option<Finding> {
    let all = facts.store.get::<Builds>()?;
    let there = all.projects.iter().any(|p| p.name == *project) && !all.missing.contains(project);
    (!there).then(|| degraded("missing"))
}

/// Why a build failed: the phase and its words.
pub(crate) fn build_cause(build: &Build) -> String {
    match build.failed_phase() {
        Some(phase) if !phase.message.is_empty() => format!(" in {}: {}", phase.kind, text::clip(&phase.message, 80)),
        Some(phase) => format!(" in {}", phase.kind),
        None => String::new(),
    }
}

fn last_build(facts: &Facts<'_>, project: &Project) -> Option<Finding> {
    let builds = &facts.store.get::<Builds>()?.builds;
    // A build that somebody stopped says nothing about the code.
    let last = builds.iter().find(|b| b.project == *project && !matches!(b.status, BuildStatus::InProgress | BuildStatus::Stopped))?;
    (last.status != BuildStatus::Succeeded)
        .then(|| degraded(format!("last build {}{}", last.status, build_cause(last))).since(last.ended_at))
}

fn building(facts: &Facts<'_>, project: &Project) -> Option<Finding> {
    let build = facts.store.get::<Builds>()?.latest(project).filter(|b| b.status == BuildStatus::InProgress)?;
    let spent = build.started_at.map_or_else(String::new, |at| format!(" for {}", text::age(at, facts.now)));
    Some(info(format!("build {}{spent}", build.phase)).since(build.started_at))
}

fn last_execution(_: &Facts<'_>, pipeline: &Pipeline) -> Option<Finding> {
    let last = pipeline.executions.iter().find(|e| matches!(e.status, PipelineStatus::Succeeded | PipelineStatus::Failed))?;
    if last.status == PipelineStatus::Succeeded {
        return None;
    }
    let failed = pipeline.stages.iter().find(|s| s.status == PipelineStatus::Failed && s.execution == last.id);
    let action = failed.and_then(|s| s.actions.iter().find(|a| a.status == PipelineStatus::Failed));
    let place = failed.map_or_else(String::new, |s| format!(" in {}", s.name));
    let why = action.map(|a: &PipelineAction| a.summary.as_str()).filter(|s| !s.is_empty());
    let why = why.map_or_else(String::new, |s| format!(": {}", text::clip(s, 80)));
    Some(degraded(format!("last execution failed{place}{why}")).since(last.updated_at))
}

fn executing(facts: &Facts<'_>, pipeline: &Pipeline) -> Option<Finding> {
    let execution = pipeline.executions.first().filter(|e| e.status.is_open())?;
    let stage =
        pipeline.stages.iter().find(|s| s.status == PipelineStatus::InProgress).map_or_else(String::new, |s| format!(" in {}", s.name));
    let spent = execution.started_at.map_or_else(String::new, |at| format!(" for {}", text::age(at, facts.now)));
    Some(info(format!("execution in progress{stage}{spent}")).since(execution.started_at))
}

fn transition(_: &Facts<'_>, stage: &PipelineStage) -> Option<Finding> {
    if stage.transition_enabled {
        return None;
    }
    let why = if stage.disabled_reason.is_empty() { String::new() } else { format!(": {}", text::clip(&stage.disabled_reason, 80)) };
    Some(degraded(format!("transition disabled{why}")))
}

fn approval(facts: &Facts<'_>, stage: &PipelineStage) -> Option<Finding> {
    let action = stage.actions.iter().find(|a| a.awaits_approval)?;
    let waited = action.changed_at.map_or_else(String::new, |at| format!(" for {}", text::age(at, facts.now)));
    let words = format!("{} waits for approval{waited}", action.name);
    match action.changed_at.filter(|at| facts.now - *at > facts.limits().span(Limit::ApprovalTime)) {
        Some(at) => Some(degraded(words).since(Some(at + facts.limits().span(Limit::ApprovalTime)))),
        None => Some(info(words).since(action.changed_at)),
    }
}
