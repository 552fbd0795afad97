//! The write operations of CodeBuild and CodePipeline, with the errors that AWS gives.
//! Called by the service handlers after they have checked the form of the parameters.

use super::super::World;
use super::super::names::{MIN, Ms};
use super::super::ops::{Done, WorldError};
use super::super::state::{Build, BuildStatus, Commit, Execution, RunStatus, Work};
use super::build::Order;
use super::full_pace;
use super::pipeline::{DEPLOY, Start, unknown_commit};

/// Builds that may run at a time in the account.
const BUILDS_AT_A_TIME: usize = 20;
/// Executions that may be under way in a pipeline of mode QUEUED.
const EXECUTIONS_AT_A_TIME: usize = 50;
/// How long CodeBuild remembers an idempotency token.
const TOKEN_LIVES: Ms = 5 * MIN;

/// What StartBuild says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartBuild {
    /// Project name.
    pub project: String,
    /// Branch or commit; the head of the branch without it.
    pub source_version: Option<String>,
    /// Idempotency token.
    pub token: Option<String>,
    /// Who asks.
    pub initiator: String,
}

fn no_pipeline(name: &str) -> WorldError {
    let (region, account) = (super::super::names::REGION, super::super::names::ACCOUNT);
    let text = format!("Account '{account}' does not have a pipeline with name '{name}' in region '{region}'");
    WorldError::new("PipelineNotFoundException", text)
}

fn no_stage(name: &str) -> WorldError {
    WorldError::new("StageNotFoundException", format!("The stage {name} does not exist in the pipeline"))
}

impl World {
    /// `codebuild:StartBuild`.
    pub fn start_build(&mut self, order: StartBuild) -> Done<&Build> {
        let arn = super::super::names::arn("codebuild", format_args!("project/{}", order.project));
        let missing = || WorldError::new("ResourceNotFoundException", format!("Project cannot be found: {arn}"));
        let service = self.codebuild.project(&order.project).ok_or_else(missing)?.service;
        if let Some(index) = self.build_of_token(&order) {
            return self.codebuild.builds.get(index).ok_or_else(missing);
        }
        let running = self.codebuild.builds.iter().filter(|b| b.status == BuildStatus::InProgress).count();
        if running >= BUILDS_AT_A_TIME {
            let text = format!("Cannot have more than {BUILDS_AT_A_TIME} builds in queue for the account");
            return Err(WorldError::new("AccountLimitExceededException", text));
        }
        let version = order.source_version.unwrap_or_else(|| "main".to_owned());
        let (commit, fault) = match self.find_commit(&version) {
            Some(commit) => (commit, None),
            None => (Commit { id: version.clone(), ..self.codepipeline.head.clone() }, Some(unknown_commit(&version))),
        };
        let pace = full_pace(&mut self.rng.delivery);
        let id = self.begin_build(Order {
            service,
            at: self.now,
            initiator: order.initiator,
            artifact: None,
            source_version: version,
            commit,
            work: Work::Image { exits_with: None },
            pace,
            token: order.token,
            fault,
        });
        self.codebuild.build(&id).ok_or_else(missing)
    }

    fn build_of_token(&self, order: &StartBuild) -> Option<usize> {
        let token = order.token.as_ref()?;
        let same = |build: &Build| build.project == order.project && build.token.as_ref() == Some(token);
        self.codebuild.builds.iter().rposition(|build| same(build) && self.now - build.started_at < TOKEN_LIVES)
    }

    /// The commit that a branch, an id or the beginning of an id names.
    fn find_commit(&self, version: &str) -> Option<Commit> {
        let head = &self.codepipeline.head;
        if matches!(version, "main" | "refs/heads/main") {
            return Some(head.clone());
        }
        let known = self.codepipeline.executions.iter().rev().map(|e| &e.commit).chain([head]);
        known.into_iter().find(|commit| version.len() >= 7 && commit.id.starts_with(version)).cloned()
    }

    /// `codebuild:RetryBuild`.
    pub fn retry_build(&mut self, id: &str, token: Option<String>, initiator: String) -> Done<&Build> {
        let build = self.codebuild.build(id).ok_or_else(|| no_build(id))?;
        if build.status == BuildStatus::InProgress {
            return Err(WorldError::new("InvalidInputException", format!("Build {id} is in progress and cannot be retried.")));
        }
        let (project, commit) = (build.project.clone(), build.commit.id.clone());
        self.start_build(StartBuild { project, source_version: Some(commit), token, initiator })
    }

    /// `codebuild:StopBuild`. A build that has ended stays as it is.
    pub fn stop_build(&mut self, id: &str) -> Done<&Build> {
        let index = self.codebuild.builds.iter().rposition(|build| build.id == id).ok_or_else(|| no_build(id))?;
        self.stop_build_at(index);
        self.codebuild.builds.get(index).ok_or_else(|| no_build(id))
    }

    /// Whether the pipeline is there.
    pub fn check_pipeline(&self, name: &str) -> Done<()> {
        if self.codepipeline.pipeline.name == name { Ok(()) } else { Err(no_pipeline(name)) }
    }

    fn stage_index(&self, pipeline: &str, stage: &str) -> Done<usize> {
        self.check_pipeline(pipeline)?;
        self.codepipeline.pipeline.stage(stage).ok_or_else(|| no_stage(stage))
    }

    fn room_for_execution(&self) -> Done<()> {
        let open = self.codepipeline.executions.iter().filter(|e| e.status.is_open()).count();
        if open < EXECUTIONS_AT_A_TIME {
            return Ok(());
        }
        let text = format!("The pipeline has reached the limit of {EXECUTIONS_AT_A_TIME} concurrent executions.");
        Err(WorldError::new("ConcurrentPipelineExecutionsLimitExceededException", text))
    }

    /// `codepipeline:StartPipelineExecution`: builds every image of the newest (or given) commit. Returns the execution's id.
    pub fn start_pipeline(&mut self, name: &str, commit: Option<&str>, token: Option<String>, who: &str) -> Done<String> {
        self.check_pipeline(name)?;
        let again = self.codepipeline.executions.iter().find(|e| token.is_some() && e.token == token);
        if let Some(execution) = again {
            return Ok(execution.id.clone());
        }
        self.room_for_execution()?;
        let found = self.find_commit(commit.unwrap_or("main"));
        let unknown_commit = found.is_none();
        let head = self.codepipeline.head.clone();
        let commit = found.unwrap_or_else(|| Commit { id: commit.unwrap_or_default().to_owned(), ..head });
        let trigger = ("StartPipelineExecution", who.to_owned());
        Ok(self.start_execution(Start { at: self.now, trigger, builds_all: true, unknown_commit, token, ..Start::push(commit) }))
    }

    /// `codepipeline:StopPipelineExecution`. Abandoned actions are no longer watched; what they began goes on.
    pub fn stop_pipeline(&mut self, name: &str, id: &str, abandon: bool, reason: Option<&str>) -> Done<()> {
        self.check_pipeline(name)?;
        let now = self.now;
        let open = self.codepipeline.executions.iter_mut().find(|e| e.id == id && e.status.is_open());
        let Some(execution) = open else {
            let text = format!("The pipeline execution {id} is not in progress and cannot be stopped.");
            return Err(WorldError::new("PipelineExecutionNotStoppableException", text));
        };
        if execution.status == RunStatus::Stopping && !abandon {
            let text = format!("The pipeline execution {id} is already being stopped.");
            return Err(WorldError::new("DuplicatedStopRequestException", text));
        }
        execution.status = RunStatus::Stopping;
        execution.stop_reason = reason.map(str::to_owned);
        execution.updated_at = now;
        let run = execution.stages.last_mut().filter(|run| run.status == RunStatus::InProgress);
        if let Some(run) = run.filter(|_| abandon) {
            run.status = RunStatus::Stopped;
            for action in run.actions.iter_mut().filter(|action| action.status == RunStatus::InProgress) {
                (action.status, action.updated_at) = (RunStatus::Abandoned, now);
            }
        }
        Ok(())
    }

    /// `codepipeline:RetryStageExecution`; `all` runs every action of the stage again, not only the failed ones.
    pub fn retry_stage(&mut self, name: &str, stage: &str, id: &str, all: bool) -> Done<()> {
        let stage = self.stage_index(name, stage)?;
        let now = self.now;
        let not_retryable = |why: &str| WorldError::new("StageNotRetryableException", format!("The stage cannot be retried: {why}"));
        let latest = self.codepipeline.latest_in(stage).map(|(execution, run)| (execution.id.clone(), run.status));
        let index = self.codepipeline.executions.iter().position(|e| e.id == id);
        let index = index.ok_or_else(|| not_retryable("there is no such execution"))?;
        match latest {
            Some((latest, _)) if latest != id => {
                let text = "The pipeline execution is not the latest in this stage.";
                return Err(WorldError::new("NotLatestPipelineExecutionException", text));
            }
            Some((_, RunStatus::Failed | RunStatus::Stopped)) => {}
            _ => return Err(not_retryable("it has no failed action")),
        }
        let Some(execution) = self.codepipeline.executions.get_mut(index) else { return Ok(()) };
        let Some(run) = execution.stages.last_mut().filter(|run| run.stage == stage) else {
            return Err(not_retryable("the execution has left it"));
        };
        (execution.status, execution.stop_reason, execution.updated_at) = (RunStatus::InProgress, None, now);
        (run.status, run.retries) = (RunStatus::InProgress, run.retries + 1);
        let mut actions = std::mem::take(&mut run.actions);
        for action in actions.iter_mut().filter(|action| all || action.status != RunStatus::Succeeded) {
            *action = self.begin_action(index, stage, (action.name, action.service), now);
        }
        if let Some(run) = self.codepipeline.executions.get_mut(index).and_then(|e| e.stages.last_mut()) {
            run.actions = actions;
        }
        Ok(())
    }

    /// `codepipeline:RollbackStage`: a new execution that runs the stage with what an older one built.
    pub fn rollback_stage(&mut self, name: &str, stage: &str, target: &str, who: &str) -> Done<String> {
        let stage_index = self.stage_index(name, stage)?;
        let missing = || WorldError::new("PipelineExecutionNotFoundException", format!("No pipeline execution with id {target}"));
        let execution = self.codepipeline.execution(target).ok_or_else(missing)?;
        let refused =
            |why: &str| Err(WorldError::new("UnableToRollbackStageException", format!("Unable to roll back the stage {stage}: {why}")));
        let succeeded = |e: &Execution| e.stages.iter().any(|run| run.stage == stage_index && run.status == RunStatus::Succeeded);
        if stage_index != DEPLOY {
            return refused("only a deployment can be rolled back.");
        }
        if !succeeded(execution) || execution.rollback_of.is_some() {
            return refused("the target execution did not succeed in it.");
        }
        let (_, run) = self.codepipeline.latest_in(stage_index).ok_or_else(missing)?;
        if run.status == RunStatus::InProgress {
            return refused("it has an execution in progress.");
        }
        let (commit, artifacts) = (execution.commit.clone(), execution.artifacts.clone());
        let at = self.now;
        let id = self.start_execution(Start { at, trigger: ("ManualRollback", who.to_owned()), ..Start::push(commit) });
        let index = self.codepipeline.executions.len().saturating_sub(1);
        if let Some(execution) = self.codepipeline.executions.get_mut(index) {
            execution.rollback_of = Some(target.to_owned());
            execution.artifacts = artifacts;
        }
        self.enter_stage(index, stage_index, at);
        Ok(id)
    }

    /// `codepipeline:DisableStageTransition` (with a reason) and `EnableStageTransition`, for the way into a stage.
    pub fn set_transition(&mut self, name: &str, stage: &str, reason: Option<&str>, who: &str) -> Done<()> {
        let stage = self.stage_index(name, stage)?;
        let now = self.now;
        if let Some(stage) = self.codepipeline.pipeline.stages.get_mut(stage) {
            stage.inbound.enabled = reason.is_none();
            stage.inbound.reason = reason.map(str::to_owned);
            stage.inbound.changed = Some((who.to_owned(), now));
        }
        Ok(())
    }
}

fn no_build(id: &str) -> WorldError {
    let arn = super::super::names::arn("codebuild", format_args!("build/{id}"));
    WorldError::new("ResourceNotFoundException", format!("Build with id {arn} does not exist"))
}
