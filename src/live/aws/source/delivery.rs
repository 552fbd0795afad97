//! Delivery: ECR repositories with their newest images (15 min, two while something is delivered), CodeBuild (5 min, 30 s while it builds),
//! and CodePipeline (30 s, 20 s while it runs), which is optional: a pipeline that does not exist is an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_codebuild::types as build;
use aws_sdk_codepipeline::types as pipe;
use aws_sdk_ecr::types as ecr;
use futures_util::future::join_all;

use super::{Context, HALF_MINUTE, Part, QUARTER, SLOW, TWO_MINUTES, spare};
use crate::aws::convert::{text, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::delivery::{
    ActionCategory, Build, BuildPhase, BuildStatus, Builds, Image, Pipeline, PipelineAction, PipelineExecution, PipelineStage,
    PipelineStatus, Project, Repositories, Repository,
};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::service::Tasks;
use nextcore_core::model::stack::{Named, ServiceRole};
use nextcore_core::model::store::Store;

const REPOSITORIES: Op = Op::read("ECR", "DescribeRepositories", "ecr:DescribeRepositories").on(Scope::Repositories);
const SCANNING: Op =
    Op::read("ECR", "BatchGetRepositoryScanningConfiguration", "ecr:BatchGetRepositoryScanningConfiguration").on(Scope::Repositories);
const IMAGES: Op = Op::read("ECR", "DescribeImages", "ecr:DescribeImages").on(Scope::Repositories);
const REGISTRY: Op = Op::read("ECR", "DescribeRegistry", "ecr:DescribeRegistry").on(Scope::Any);
const PROJECTS: Op = Op::read("CodeBuild", "BatchGetProjects", "codebuild:BatchGetProjects").on(Scope::Projects);
const LIST_BUILDS: Op = Op::read("CodeBuild", "ListBuildsForProject", "codebuild:ListBuildsForProject").on(Scope::Projects);
const BUILDS: Op = Op::read("CodeBuild", "BatchGetBuilds", "codebuild:BatchGetBuilds").on(Scope::Projects);
const PIPELINE: Op = Op::read("CodePipeline", "GetPipeline", "codepipeline:GetPipeline").on(Scope::Pipeline);
const STATE: Op = Op::read("CodePipeline", "GetPipelineState", "codepipeline:GetPipelineState").on(Scope::Pipeline);
const EXECUTIONS: Op = Op::read("CodePipeline", "ListPipelineExecutions", "codepipeline:ListPipelineExecutions").on(Scope::Pipeline);

/// Newest images kept of a repository, beside those that tasks run.
const NEWEST_IMAGES: usize = 10;
const IMAGES_PER_PAGE: i32 = 1000;
/// Newest builds kept of a project.
const BUILDS_PER_PROJECT: usize = 5;
const EXECUTIONS_KEPT: i32 = 15;
/// While a pipeline runs: its state and its executions are two calls.
const CLOSE: Duration = Duration::from_secs(20);

/// Whether the pipeline or a build is at work.
fn delivering(store: &Store) -> bool {
    let running = |p: &Pipeline| p.stages.iter().any(|s| s.status == PipelineStatus::InProgress);
    store.get::<Pipeline>().is_some_and(running) || building(store)
}

/// Whether something is built, or about to be: a stage that only deploys makes no builds and no images.
fn building(store: &Store) -> bool {
    let deploys = |s: &PipelineStage| !s.actions.is_empty() && s.actions.iter().all(|a| a.category == ActionCategory::Deploy);
    let staged = |p: &Pipeline| p.stages.iter().any(|s| s.status == PipelineStatus::InProgress && !deploys(s));
    let running = |b: &Builds| b.builds.iter().any(|b| b.status == BuildStatus::InProgress);
    store.get::<Pipeline>().is_some_and(staged) || store.get::<Builds>().is_some_and(running)
}

pub(super) struct RepositoriesSource;

impl super::Source for RepositoriesSource {
    type Out = Repositories;
    const READS: &'static [Op] = &[REPOSITORIES, SCANNING, IMAGES, REGISTRY];

    fn every(store: &Store) -> Duration {
        if delivering(store) { TWO_MINUTES } else { QUARTER }
    }

    async fn poll(cx: Arc<Context>) -> Result<Repositories, Problem> {
        if cx.stack.repositories.is_empty() {
            return Ok(Repositories::default());
        }
        let answers = join_all(cx.stack.repositories.iter().map(|spec| repository(&cx, spec))).await;
        let repositories = cx.each("repository", cx.stack.repositories.iter().map(|r| r.name.clone()).zip(answers))?;
        let registry = spare(cx.clients.ecr.describe_registry().send().await.map_err(|e| problem_of(REGISTRY, &e)));
        let registry = cx.part(Part::shown("replication of the registry", "", "replicates_to"), registry)?.flatten();
        let rules =
            registry.as_ref().and_then(|r| r.replication_configuration()).map(ecr::ReplicationConfiguration::rules).unwrap_or_default();
        let replicates_to = rules.iter().flat_map(ecr::ReplicationRule::destinations).map(|d| text(Some(d.region()))).collect();
        Ok(Repositories { repositories, replicates_to })
    }
}

async fn repository(cx: &Context, spec: &Named<ServiceRole>) -> Result<Repository, Problem> {
    let mut repository = Repository {
        name: spec.name.clone(),
        role: spec.role.clone(),
        exists: false,
        uri: String::new(),
        tag_mutability: String::new(),
        scan_frequency: String::new(),
        encryption: String::new(),
        image_count: 0,
        images: Vec::new(),
    };
    // One by one: a name that is unknown fails the call for all.
    let ecr = &cx.clients.ecr;
    let out = match ecr.describe_repositories().repository_names(&spec.name).send().await.map_err(|e| problem_of(REPOSITORIES, &e)) {
        Ok(out) => out,
        Err(p) if p.kind == ProblemKind::NotFound => return Ok(repository),
        Err(p) => return Err(p),
    };
    let Some(found) = sent(REPOSITORIES, "repositories", out.repositories.as_ref())?.first() else { return Ok(repository) };
    repository.exists = true;
    repository.uri = text(found.repository_uri());
    repository.tag_mutability = text(found.image_tag_mutability().map(ecr::ImageTagMutability::as_str));
    repository.encryption = text(found.encryption_configuration().map(|e| e.encryption_type().as_str()));
    let scanning = ecr.batch_get_repository_scanning_configuration().repository_names(&spec.name).send().await;
    let scanning = spare(scanning.map_err(|e| problem_of(SCANNING, &e)));
    let part = Part::shown(format!("scanning of {}", spec.name), &spec.name, "scan_frequency");
    let scanning = cx.part(part, scanning)?.flatten();
    let frequency = scanning.as_ref().and_then(|s| s.scanning_configurations().first()).and_then(|c| c.scan_frequency());
    // The older setting of the repository itself says it where the registry does not.
    let on_push = found.image_scanning_configuration().is_some_and(ecr::ImageScanningConfiguration::scan_on_push);
    repository.scan_frequency = text(frequency.map(ecr::ScanFrequency::as_str).or_else(|| on_push.then_some("SCAN_ON_PUSH")));
    let listed = images(cx, &mut repository).await;
    cx.part(Part::judged(format!("images of {}", spec.name), &spec.name, "images"), listed)?;
    Ok(repository)
}

async fn images(cx: &Context, repository: &mut Repository) -> Result<(), Problem> {
    let tasks = cx.store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let running: BTreeSet<&str> = tasks.iter().flat_map(|t| &t.containers).filter_map(|c| c.image_digest.as_deref()).collect();
    // A repository may keep 100,000 images: as many a page as there can be.
    let request = cx.clients.ecr.describe_images().repository_name(&repository.name).max_results(IMAGES_PER_PAGE);
    let ask = |token| request.clone().set_next_token(token).send();
    let mut all = page::all(IMAGES, ask, |out| (out.image_details, out.next_token)).await?;
    repository.image_count = all.len();
    all.sort_by_key(|i| std::cmp::Reverse(i.image_pushed_at().map(aws_smithy_types::DateTime::secs)));
    let kept = all.iter().enumerate().filter(|(n, i)| *n < NEWEST_IMAGES || i.image_digest().is_some_and(|d| running.contains(d)));
    repository.images = kept.map(|(_, i)| image(i)).collect();
    Ok(())
}

fn image(i: &ecr::ImageDetail) -> Image {
    let summary = i.image_scan_findings_summary().and_then(|s| s.finding_severity_counts());
    Image {
        digest: text(i.image_digest()),
        tags: texts(i.image_tags()),
        pushed_at: time(i.image_pushed_at()),
        pulled_at: time(i.last_recorded_pull_time()),
        bytes: i.image_size_in_bytes().unwrap_or_default(),
        scan_status: text(i.image_scan_status().and_then(|s| s.status()).map(ecr::ScanStatus::as_str)).into(),
        findings: summary
            .map(|c| c.iter().map(|(s, n)| (text(Some(s.as_str())).into(), *n)).collect::<BTreeMap<_, _>>())
            .unwrap_or_default(),
    }
}

pub(super) struct BuildsSource;

impl super::Source for BuildsSource {
    type Out = Builds;
    const READS: &'static [Op] = &[PROJECTS, LIST_BUILDS, BUILDS];

    fn every(store: &Store) -> Duration {
        // A pipeline tells sooner that something is built.
        let told = store.get::<Pipeline>().is_some_and(|p| p.exists);
        match (building(store), told) {
            (true, _) => HALF_MINUTE,
            (false, true) => SLOW,
            (false, false) => TWO_MINUTES,
        }
    }

    async fn poll(cx: Arc<Context>) -> Result<Builds, Problem> {
        let client = &cx.clients.builds;
        if cx.stack.projects.is_empty() {
            return Ok(Builds::default());
        }
        let before = cx.store.get::<Builds>();
        // What a project is changes with a release of its own: the first answer serves until one is missing.
        let mut builds = match before {
            Some(old) if old.missing.is_empty() => Builds { builds: Vec::new(), ..old.clone() },
            _ => {
                let request = client.batch_get_projects().set_names(Some(cx.stack.projects.clone()));
                let out = request.send().await.map_err(|e| problem_of(PROJECTS, &e))?;
                Builds {
                    projects: sent(PROJECTS, "projects", out.projects.as_ref())?.iter().map(project).collect(),
                    missing: texts(out.projects_not_found()),
                    builds: Vec::new(),
                }
            }
        };
        let lists = join_all(builds.projects.iter().map(|p| client.list_builds_for_project().project_name(&p.name).send())).await;
        let mut listed = Vec::new();
        for (project, list) in builds.projects.iter().zip(lists) {
            let part = Part::judged(format!("builds of {}", project.name), "", "builds");
            listed.extend(cx.part(part, list.map_err(|e| problem_of(LIST_BUILDS, &e)))?);
        }
        let ids: Vec<String> = listed.iter().flat_map(|l| l.ids().iter().take(BUILDS_PER_PROJECT)).cloned().collect();
        // A build that has ended does not change any more.
        let ended = |id: &String| before.and_then(|b| b.builds.iter().find(|b| b.id == *id)).filter(|b| b.ended_at.is_some());
        let (known, unknown): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| ended(id).is_some());
        builds.builds = known.into_iter().filter_map(|id| ended(id).cloned()).collect();
        if !unknown.is_empty() {
            let request = client.batch_get_builds().set_ids(Some(unknown.into_iter().cloned().collect()));
            let out = cx.part(Part::judged("builds", "", "builds"), request.send().await.map_err(|e| problem_of(BUILDS, &e)))?;
            builds
                .builds
                .extend(out.iter().flat_map(aws_sdk_codebuild::operation::batch_get_builds::BatchGetBuildsOutput::builds).map(one_build));
        }
        builds.builds.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
        Ok(builds)
    }
}

fn project(p: &build::Project) -> Project {
    Project {
        name: text(p.name()),
        privileged: p.environment().and_then(build::ProjectEnvironment::privileged_mode),
        source: text(p.source().map(|s| s.r#type().as_str())).into(),
        service_role: text(p.service_role()),
    }
}

fn one_build(b: &build::Build) -> Build {
    let phase = |p: &build::BuildPhase| BuildPhase {
        kind: text(p.phase_type().map(build::BuildPhaseType::as_str)).into(),
        status: text(p.phase_status().map(build::StatusType::as_str)).into(),
        seconds: p.duration_in_seconds(),
        message: p
            .contexts()
            .iter()
            .filter_map(|c| c.message())
            .map(|m| text(Some(m)))
            .filter(|m| !m.is_empty())
            .collect::<Vec<_>>()
            .join("; "),
    };
    let logs = b.logs().map(|l| (text(l.group_name()), text(l.stream_name())));
    Build {
        id: text(b.id()),
        project: text(b.project_name()),
        status: text(b.build_status().map(build::StatusType::as_str)).into(),
        phase: text(b.current_phase()).into(),
        started_at: time(b.start_time()),
        ended_at: time(b.end_time()),
        initiator: text(b.initiator()),
        version: text(b.resolved_source_version().or(b.source_version())),
        phases: b.phases().iter().map(phase).collect(),
        reports: texts(b.report_arns()),
        logs: logs.filter(|(group, _)| !group.is_empty()),
    }
}

pub(super) struct PipelineSource;

impl super::Source for PipelineSource {
    type Out = Pipeline;
    const READS: &'static [Op] = &[PIPELINE, STATE, EXECUTIONS];

    fn every(store: &Store) -> Duration {
        match store.get::<Pipeline>() {
            Some(p) if !p.exists => TWO_MINUTES,
            _ if delivering(store) => CLOSE,
            _ => HALF_MINUTE,
        }
    }

    async fn poll(cx: Arc<Context>) -> Result<Pipeline, Problem> {
        let client = &cx.clients.pipeline;
        let name = &cx.stack.pipeline;
        let absent = Pipeline { name: name.clone(), ..Pipeline::default() };
        if name.is_empty() {
            return Ok(absent);
        }
        let state = match client.get_pipeline_state().name(name).send().await.map_err(|e| problem_of(STATE, &e)) {
            Ok(out) => out,
            Err(p) if p.kind == ProblemKind::NotFound => return Ok(absent),
            Err(p) => return Err(p),
        };
        sent(STATE, "stage states", state.stage_states.as_ref())?;
        let before = cx.store.get::<Pipeline>().filter(|p| p.exists);
        let mut version = state.pipeline_version().unwrap_or_default();
        // What the actions are is told by another operation, and changes with the pipeline's version only.
        let kinds = if let Some(old) = before.filter(|p| p.version == version && p.version > 0) {
            kinds_of(old)
        } else {
            let out = client.get_pipeline().name(name).send().await.map_err(|e| problem_of(PIPELINE, &e));
            let out = cx.part(Part::judged("kinds of its actions", "", "version"), out)?;
            if out.is_none() {
                // Not known, and so asked for again.
                version = 0;
            }
            kinds(out.as_ref().and_then(|o| o.pipeline()))
        };
        let stages: Vec<PipelineStage> = state.stage_states().iter().map(|s| stage(s, &kinds)).collect();
        // The list of executions changes when the stages do, and once more when an execution ends after its last stage.
        let open = |p: &Pipeline| p.executions.iter().any(|e| e.status.is_open());
        let listed = cx.store.unread::<Pipeline>("", "executions").is_none();
        let unchanged = before
            .filter(|_| listed)
            .filter(|old| !open(old) && old.stages == stages && stages.iter().all(|s| s.status != PipelineStatus::InProgress));
        let executions = if let Some(old) = unchanged {
            old.executions.clone()
        } else {
            let request = client.list_pipeline_executions().pipeline_name(name).max_results(EXECUTIONS_KEPT);
            let out = request.send().await.map_err(|e| problem_of(EXECUTIONS, &e));
            let out = cx.part(Part::judged("executions", "", "executions"), out)?;
            out.iter()
                .flat_map(
                    aws_sdk_codepipeline::operation::list_pipeline_executions::ListPipelineExecutionsOutput::pipeline_execution_summaries,
                )
                .map(execution)
                .collect()
        };
        Ok(Pipeline { name: name.clone(), exists: true, version, stages, executions })
    }
}

/// (stage, action) → (category, provider).
type Kinds = BTreeMap<(String, String), (ActionCategory, String)>;

fn kinds(pipeline: Option<&pipe::PipelineDeclaration>) -> Kinds {
    let stages = pipeline.map(pipe::PipelineDeclaration::stages).unwrap_or_default();
    let pairs = stages.iter().flat_map(|s| s.actions().iter().map(move |a| (s, a))).map(|(s, a)| {
        let id = a.action_type_id();
        let kind = (text(id.map(|i| i.category().as_str())).into(), text(id.map(pipe::ActionTypeId::provider)));
        ((text(Some(s.name())), text(Some(a.name()))), kind)
    });
    pairs.collect()
}

fn kinds_of(pipeline: &Pipeline) -> Kinds {
    let pairs = pipeline.stages.iter().flat_map(|s| s.actions.iter().map(move |a| (s, a)));
    pairs.map(|(s, a)| ((s.name.clone(), a.name.clone()), (a.category.clone(), a.provider.clone()))).collect()
}

fn stage(s: &pipe::StageState, kinds: &Kinds) -> PipelineStage {
    let name = text(s.stage_name());
    let inbound = s.inbound_transition_state();
    PipelineStage {
        status: text(s.latest_execution().map(|e| e.status().as_str())).into(),
        execution: text(s.latest_execution().map(pipe::StageExecution::pipeline_execution_id)),
        transition_enabled: inbound.is_none_or(pipe::TransitionState::enabled),
        disabled_reason: text(inbound.and_then(|t| t.disabled_reason())),
        actions: s.action_states().iter().map(|a| action(a, &name, kinds)).collect(),
        name,
    }
}

fn action(a: &pipe::ActionState, stage: &str, kinds: &Kinds) -> PipelineAction {
    let name = text(a.action_name());
    let (category, provider) = kinds.get(&(stage.to_owned(), name.clone())).cloned().unwrap_or_default();
    let latest = a.latest_execution();
    let status: PipelineStatus = text(latest.and_then(|l| l.status()).map(pipe::ActionExecutionStatus::as_str)).into();
    let error = latest.and_then(|l| l.error_details()).and_then(|e| e.message());
    PipelineAction {
        awaits_approval: category == ActionCategory::Approval
            && status == PipelineStatus::InProgress
            && latest.and_then(|l| l.token()).is_some(),
        summary: text(error.or(latest.and_then(|l| l.summary()))),
        changed_at: time(latest.and_then(|l| l.last_status_change())),
        revision: text(a.current_revision().map(pipe::ActionRevision::revision_id)),
        name,
        category,
        provider,
        status,
    }
}

fn execution(e: &pipe::PipelineExecutionSummary) -> PipelineExecution {
    PipelineExecution {
        id: text(e.pipeline_execution_id()),
        status: text(e.status().map(pipe::PipelineExecutionStatus::as_str)).into(),
        started_at: time(e.start_time()),
        updated_at: time(e.last_update_time()),
        trigger: text(e.trigger().and_then(|t| t.trigger_type()).map(pipe::TriggerType::as_str)),
        revision: e.source_revisions().first().and_then(|r| r.revision_summary()).map(commit_message).unwrap_or_default(),
    }
}

/// The first line of the commit message, which sources by connection wrap into JSON: `{"ProviderType":"GitHub","CommitMessage":"…"}`.
fn commit_message(summary: &str) -> String {
    let wrapped = serde_json::from_str::<serde_json::Value>(summary).ok();
    let message = wrapped.as_ref().and_then(|w| w.get("CommitMessage")).and_then(serde_json::Value::as_str).unwrap_or(summary);
    text(message.lines().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_its_commit_message_however_it_is_wrapped() {
        for (summary, message) in [
            (r#"{"ProviderType":"GitHub","CommitMessage":"fix the header\n\nlong text"}"#, "fix the header"),
            ("Amazon S3 version id: x", "Amazon S3 version id: x"),
            (r#"{"Other":1}"#, r#"{"Other":1}"#),
            ("", ""),
        ] {
            assert_eq!(commit_message(summary), message);
        }
    }
}
