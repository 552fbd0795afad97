//! Delivery: ECR repositories with their images, CodeBuild projects with their builds, and the CodePipeline pipeline (optional).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::stack::ServiceRole;
use super::state::states;
use super::system::System;

states! {
    /// `imageScanStatus.status` of the ECR API's `DescribeImages`.
    pub enum ScanStatus {
        Active = "ACTIVE",
        Complete = "COMPLETE",
        Failed = "FAILED",
        FindingsUnavailable = "FINDINGS_UNAVAILABLE",
        ImageArchived = "IMAGE_ARCHIVED",
        InProgress = "IN_PROGRESS",
        LimitExceeded = "LIMIT_EXCEEDED",
        Pending = "PENDING",
        ScanEligibilityExpired = "SCAN_ELIGIBILITY_EXPIRED",
        UnsupportedImage = "UNSUPPORTED_IMAGE",
    }
}

states! {
    /// Severity of the findings of the ECR API's `DescribeImages`; `UNTRIAGED` is Amazon Inspector's.
    pub enum Severity {
        Critical = "CRITICAL",
        High = "HIGH",
        Informational = "INFORMATIONAL",
        Low = "LOW",
        Medium = "MEDIUM",
        Undefined = "UNDEFINED",
        Untriaged = "UNTRIAGED",
    }
}

states! {
    /// `buildStatus` of a build and `phaseStatus` of its phases in the CodeBuild API's `BatchGetBuilds`.
    pub enum BuildStatus {
        Failed = "FAILED",
        Fault = "FAULT",
        InProgress = "IN_PROGRESS",
        Stopped = "STOPPED",
        Succeeded = "SUCCEEDED",
        TimedOut = "TIMED_OUT",
    }
}

states! {
    /// `phaseType` and `currentPhase` of the CodeBuild API's `BatchGetBuilds`.
    pub enum PhaseType {
        Submitted = "SUBMITTED",
        Queued = "QUEUED",
        Provisioning = "PROVISIONING",
        DownloadSource = "DOWNLOAD_SOURCE",
        Install = "INSTALL",
        PreBuild = "PRE_BUILD",
        Build = "BUILD",
        PostBuild = "POST_BUILD",
        UploadArtifacts = "UPLOAD_ARTIFACTS",
        Finalizing = "FINALIZING",
        Completed = "COMPLETED",
    }
}

states! {
    /// `source.type` of the CodeBuild API's `BatchGetProjects`.
    pub enum SourceType {
        Bitbucket = "BITBUCKET",
        CodeCommit = "CODECOMMIT",
        CodePipeline = "CODEPIPELINE",
        GitHub = "GITHUB",
        GitHubEnterprise = "GITHUB_ENTERPRISE",
        GitLab = "GITLAB",
        GitLabSelfManaged = "GITLAB_SELF_MANAGED",
        NoSource = "NO_SOURCE",
        S3 = "S3",
    }
}

states! {
    /// `actionTypeId.category` of the CodePipeline API's `GetPipeline`.
    pub enum ActionCategory {
        Approval = "Approval",
        Build = "Build",
        Compute = "Compute",
        Deploy = "Deploy",
        Invoke = "Invoke",
        Source = "Source",
        Test = "Test",
    }
}

states! {
    /// `status` of the actions and stages of the CodePipeline API's `GetPipelineState`, and of its `ListPipelineExecutions`.
    pub enum PipelineStatus {
        Abandoned = "Abandoned",
        Cancelled = "Cancelled",
        Failed = "Failed",
        InProgress = "InProgress",
        Skipped = "Skipped",
        Stopped = "Stopped",
        Stopping = "Stopping",
        Succeeded = "Succeeded",
        Superseded = "Superseded",
    }
}

impl PipelineStatus {
    /// Under way, also while it is being stopped.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:…`.
    pub digest: String,
    pub tags: Vec<String>,
    pub pushed_at: Option<Time>,
    /// Last pulled, to the day.
    pub pulled_at: Option<Time>,
    pub bytes: i64,
    /// `COMPLETE`, `IN_PROGRESS`, `FAILED`, `ACTIVE`, ...; unstated = never scanned.
    pub scan_status: ScanStatus,
    /// Findings by severity.
    pub findings: BTreeMap<Severity, i32>,
}

impl Image {
    /// How many findings of that severity the scan has counted.
    pub(crate) fn count(&self, severity: &Severity) -> i32 {
        self.findings.get(severity).copied().unwrap_or_default()
    }
}

/// One repository with its newest images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    pub name: String,
    /// The service that runs its images.
    pub role: ServiceRole,
    /// `false` = no repository of that name.
    pub exists: bool,
    /// `111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/nextcore/web`.
    pub uri: String,
    /// `MUTABLE` or `IMMUTABLE`.
    pub tag_mutability: String,
    /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN`, `MANUAL`; empty if AWS does not say.
    pub scan_frequency: String,
    /// `KMS` or `AES256`.
    pub encryption: String,
    /// Images in the repository.
    pub image_count: usize,
    /// The newest, and those that tasks run.
    pub images: Vec<Image>,
}

impl Repository {
    /// By digest.
    pub fn image(&self, digest: &str) -> Option<&Image> {
        self.images.iter().find(|i| i.digest == digest)
    }
}

/// ecr:DescribeRepositories, BatchGetRepositoryScanningConfiguration, DescribeImages, DescribeRegistry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Repositories {
    /// In the configured order.
    pub repositories: Vec<Repository>,
    /// Regions that the registry replicates to.
    pub replicates_to: Vec<String>,
}

impl Section for Repositories {
    const KEY: SectionKey = SectionKey("repositories");
    const TITLE: &'static str = "ECR repositories";
    const OF: Option<System> = Some(System::Repositories);
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuildPhase {
    /// `PRE_BUILD`, ...
    pub kind: PhaseType,
    /// `SUCCEEDED`, `FAILED`, ...; unstated while it runs.
    pub status: BuildStatus,
    pub seconds: Option<i64>,
    /// AWS's words when it failed.
    pub message: String,
}

impl BuildPhase {
    /// It has ended, and not well.
    pub fn has_failed(&self) -> bool {
        !matches!(self.status, BuildStatus::Unstated | BuildStatus::Succeeded | BuildStatus::InProgress)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Build {
    /// `project:uuid`.
    pub id: String,
    pub project: String,
    /// `SUCCEEDED`, `FAILED`, `IN_PROGRESS`, ...
    pub status: BuildStatus,
    /// The phase it is in.
    pub phase: PhaseType,
    /// Begun.
    pub started_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// Who began it.
    pub initiator: String,
    /// Commit.
    pub version: String,
    /// Phases in order.
    pub phases: Vec<BuildPhase>,
    /// Test reports.
    pub reports: Vec<String>,
    /// (log group, log stream).
    pub logs: Option<(String, String)>,
}

impl Build {
    /// The phase in which it failed.
    pub fn failed_phase(&self) -> Option<&BuildPhase> {
        self.phases.iter().find(|p| p.has_failed())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Project {
    pub name: String,
    /// May run docker; `None` = CodeBuild does not say.
    pub privileged: Option<bool>,
    /// `GITHUB`, `CODEPIPELINE`, ...
    pub source: SourceType,
    /// Service role ARN.
    pub service_role: String,
}

/// codebuild:BatchGetProjects, ListBuildsForProject, BatchGetBuilds of the configured projects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Builds {
    /// In the configured order; those that exist.
    pub projects: Vec<Project>,
    /// Names that CodeBuild does not know.
    pub missing: Vec<String>,
    /// Newest first, of all projects.
    pub builds: Vec<Build>,
}

impl Section for Builds {
    const KEY: SectionKey = SectionKey("builds");
    const TITLE: &'static str = "builds";
    const OF: Option<System> = Some(System::Builds);
}

impl Builds {
    /// The newest build of a project.
    pub fn latest(&self, project: &str) -> Option<&Build> {
        self.builds.iter().find(|b| b.project == project)
    }
}

/// One action of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PipelineAction {
    pub name: String,
    /// `Source`, `Build`, `Deploy`, `Approval`, ...
    pub category: ActionCategory,
    /// `CodeStarSourceConnection`, `CodeBuild`, `ECS`, ...
    pub provider: String,
    /// `Succeeded`, `Failed`, `InProgress`, ...; unstated = never ran.
    pub status: PipelineStatus,
    /// AWS's summary or error message.
    pub summary: String,
    /// Last change.
    pub changed_at: Option<Time>,
    /// Revision that it worked on.
    pub revision: String,
    /// It waits for a person.
    pub awaits_approval: bool,
}

impl PipelineAction {
    /// The summary in words. Sources by connection wrap the commit message into JSON (`{"ProviderType":"GitHub","CommitMessage":"…"}`): its
    /// first line.
    pub fn says(&self) -> Cow<'_, str> {
        let wrapped = Some(self.summary.as_str()).filter(|s| s.starts_with('{'));
        let wrapped = wrapped.and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok());
        let message = wrapped.as_ref().and_then(|w| w.get("CommitMessage")).and_then(serde_json::Value::as_str);
        message.map_or(Cow::Borrowed(self.summary.as_str()), |m| Cow::Owned(m.lines().next().unwrap_or_default().to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PipelineStage {
    pub name: String,
    /// `Succeeded`, `Failed`, `InProgress`, `Stopped`, ...; unstated = never ran.
    pub status: PipelineStatus,
    /// Execution id.
    pub execution: String,
    /// Executions may enter.
    pub transition_enabled: bool,
    /// Why they may not.
    pub disabled_reason: String,
    /// In run order.
    pub actions: Vec<PipelineAction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PipelineExecution {
    pub id: String,
    /// `Succeeded`, `Failed`, `InProgress`, ...
    pub status: PipelineStatus,
    /// Begun.
    pub started_at: Option<Time>,
    /// Last change.
    pub updated_at: Option<Time>,
    /// `Webhook`, `StartPipelineExecution`, ...
    pub trigger: String,
    /// Commit message.
    pub revision: String,
}

/// codepipeline:GetPipeline, GetPipelineState, ListPipelineExecutions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pipeline {
    /// The configured name.
    pub name: String,
    /// `false` = no pipeline of that name: it is optional.
    pub exists: bool,
    /// Of the pipeline's structure.
    pub version: i32,
    /// In order.
    pub stages: Vec<PipelineStage>,
    /// Newest first.
    pub executions: Vec<PipelineExecution>,
}

impl Pipeline {
    /// Whether what a stage shows is of an earlier execution than what a stage before it shows: the newer one has not come so far.
    pub(crate) fn is_earlier(&self, stage: &PipelineStage) -> bool {
        let begun = |id: &str| self.executions.iter().find(|e| e.id == id).and_then(|e| e.started_at);
        let own = begun(&stage.execution);
        let before = self.stages.iter().take_while(|s| s.name != stage.name).map(|s| s.execution.as_str());
        let mut newer = before.filter(|id| !id.is_empty() && *id != stage.execution).filter_map(begun);
        // An execution that is no longer listed is older than those that are; a roll-back enters a later stage only.
        !stage.execution.is_empty() && newer.any(|at| own.is_none_or(|own| at > own))
    }
}

impl Section for Pipeline {
    const KEY: SectionKey = SectionKey("pipeline");
    const TITLE: &'static str = "pipeline";
    const OF: Option<System> = Some(System::Pipeline);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_back_from_a_document_with_the_words_that_ecr_wrote() {
        let findings = [("CRITICAL", 2), ("HIGH", 5), ("LOW", 1), ("TOMORROW", 3)];
        let image = Image { findings: findings.map(|(word, n)| (word.into(), n)).into(), ..Default::default() };
        let written = serde_json::to_value(&image).unwrap();
        assert_eq!(written["findings"], serde_json::json!({"CRITICAL": 2, "HIGH": 5, "LOW": 1, "TOMORROW": 3}));
        assert_eq!(serde_json::from_value::<Image>(written).unwrap(), image);
        assert_eq!(serde_json::from_str::<Image>(&serde_json::to_string(&image).unwrap()).unwrap(), image);
        assert_eq!((image.count(&Severity::Critical), image.count(&Severity::Medium)), (2, 0));
    }

    #[test]
    fn a_summary_that_wraps_a_commit_message_says_its_first_line() {
        for (summary, says) in [
            (r#"{"ProviderType":"GitHub","CommitMessage":"fix the header\n\nlong text"}"#, "fix the header"),
            ("Deployment in progress.", "Deployment in progress."),
            (r#"{"no":"message"}"#, r#"{"no":"message"}"#),
            ("{broken", "{broken"),
            ("", ""),
        ] {
            let action = PipelineAction { summary: summary.into(), ..Default::default() };
            assert_eq!(action.says(), says);
        }
    }

    #[test]
    fn a_stage_that_the_newest_execution_has_not_reached_is_of_an_earlier_one() {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(1_700_000_000 + seconds, 0);
        let execution = |id: &str, seconds| PipelineExecution { id: id.into(), started_at: at(seconds), ..Default::default() };
        let stage = |name: &str, id: &str| PipelineStage { name: name.into(), execution: id.into(), ..Default::default() };
        let earlier = |ids: [&str; 3]| {
            let stages = vec![stage("Source", ids[0]), stage("Build", ids[1]), stage("Deploy", ids[2])];
            let pipeline = Pipeline { stages, executions: vec![execution("new", 100), execution("old", 0)], ..Default::default() };
            pipeline.stages.iter().map(|s| pipeline.is_earlier(s)).collect::<Vec<_>>()
        };
        assert_eq!(earlier(["new", "new", "old"]), [false, false, true]);
        assert_eq!(earlier(["new", "old", "old"]), [false, true, true]);
        assert_eq!(earlier(["old", "old", "old"]), [false; 3]);
        assert_eq!(earlier(["old", "old", "new"]), [false; 3], "rolled back by an execution of its own");
        assert_eq!(earlier(["new", "new", "long gone"]), [false, false, true]);
        assert_eq!(earlier(["new", "", ""]), [false; 3], "never ran");
    }
}
