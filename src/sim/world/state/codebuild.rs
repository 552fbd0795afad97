//! CodeBuild as data: the three projects and their builds with phases. No progress is made here.
//! See `delivery` beside `state` for that. Read by the CodeBuild handler.

use std::collections::{BTreeMap, VecDeque};

use super::super::metrics::Gauge;
use super::super::names::{Ms, arn};
use super::codepipeline::Commit;

/// The phases of a build in order. The last one has no length.
pub const PHASES: [&str; 11] = [
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
];

/// All of CodeBuild.
#[derive(Debug, Clone)]
pub struct CodeBuild {
    /// Projects, sorted by name.
    pub projects: Vec<Project>,
    /// Builds of all projects, oldest first.
    pub builds: VecDeque<Build>,
    /// Physics: how many builds are under way.
    pub running: usize,
    /// Physics: what the current minute's metrics will say, by project.
    pub minute: BTreeMap<String, BuildMinute>,
}

impl CodeBuild {
    /// The project called `name`.
    pub fn project(&self, name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.name == name)
    }

    /// The build with this id.
    pub fn build(&self, id: &str) -> Option<&Build> {
        self.builds.iter().rev().find(|build| build.id == id)
    }
}

/// A build project: one image of the monorepository each.
#[derive(Debug, Clone)]
pub struct Project {
    /// Name, `production-nextcore-web`.
    pub name: String,
    /// The ECS service whose image it builds.
    pub service: &'static str,
    /// The ECR repository it pushes to.
    pub repository: &'static str,
    /// Folder of the monorepository.
    pub folder: &'static str,
    /// Creation time.
    pub created_at: Ms,
    /// Last change.
    pub modified_at: Ms,
    /// Number of the next build.
    pub next_number: u64,
    /// Physics: the next build fails in its tests.
    pub fail_next: bool,
}

impl Project {
    /// Full ARN.
    pub fn arn(&self) -> String {
        arn("codebuild", format_args!("project/{}", self.name))
    }

    pub fn log_group(&self) -> String {
        format!("/aws/codebuild/{}", self.name)
    }
}

/// `builds[].buildStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildStatus {
    /// Under way.
    InProgress,
    /// All phases went well.
    Succeeded,
    /// A phase failed.
    Failed,
    /// StopBuild was called.
    Stopped,
}

impl BuildStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
        }
    }
}

/// A phase that was begun.
#[derive(Debug, Clone)]
pub struct PhaseRun {
    /// Index into [`PHASES`].
    pub phase: usize,
    /// Outcome, absent while it runs.
    pub status: Option<BuildStatus>,
    pub start: Ms,
    pub end: Option<Ms>,
    /// Status code and message of a failure.
    pub context: Option<(&'static str, String)>,
}

/// How long each phase of a build takes; drawn when the build is decided, so that a release can be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Lengths of the phases up to FINALIZING.
    pub phases: [Ms; 10],
    /// How far into POST_BUILD the image is in ECR.
    pub push_after: Ms,
    /// How long ECR then scans it.
    pub scan: Ms,
}

impl Pace {
    /// From submission to the end.
    pub fn total(&self) -> Ms {
        self.phases.iter().sum()
    }
}

/// What a build makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A new image.
    Image {
        /// Physics: its container exits with this code soon after start.
        exits_with: Option<i32>,
    },
    /// Nothing new: the commit does not touch the folder, the tests run and the running image gets the commit as one more tag.
    Unchanged {
        /// The digest of that image.
        digest: String,
    },
}

#[derive(Debug, Clone)]
pub struct Build {
    /// `<project>:<uuid>`.
    pub id: String,
    /// Number within the project.
    pub number: u64,
    /// Project name.
    pub project: String,
    pub status: BuildStatus,
    /// Phases begun so far.
    pub phases: Vec<PhaseRun>,
    /// Start.
    pub started_at: Ms,
    /// End.
    pub ended_at: Option<Ms>,
    /// `codepipeline/<pipeline>`, or the session that called StartBuild.
    pub initiator: String,
    /// Key of the source artifact in the pipeline's bucket; absent when it was cloned from GitHub.
    pub artifact: Option<String>,
    /// What was asked to be built: a branch or a commit.
    pub source_version: String,
    /// The commit that is built.
    pub commit: Commit,
    /// What it makes.
    pub work: Work,
    /// ARN of its test report, once the tests ran.
    pub report: Option<String>,
    /// Reference and digest of the image that it made, or found unchanged.
    pub image: Option<(String, String)>,
    /// The caller's idempotency token.
    pub token: Option<String>,
    /// Physics: the lengths of its phases.
    pub pace: Pace,
    /// Physics: phase that fails, status code, message.
    pub fault: Option<(usize, &'static str, String)>,
    /// Physics: lines of the current phase written so far.
    pub said: usize,
    /// Physics: when the next line is due.
    pub speaks_at: Ms,
}

impl Build {
    /// Full ARN.
    pub fn arn(&self) -> String {
        arn("codebuild", format_args!("build/{}", self.id))
    }

    /// The part of the id after the project: also the name of its log stream.
    pub fn uuid(&self) -> &str {
        self.id.split_once(':').map_or("", |(_, uuid)| uuid)
    }

    pub fn log_group(&self) -> String {
        format!("/aws/codebuild/{}", self.project)
    }

    /// `currentPhase`.
    pub fn current_phase(&self) -> &'static str {
        self.phases.last().and_then(|run| PHASES.get(run.phase)).copied().unwrap_or("SUBMITTED")
    }
}

/// What the metrics of one project will say about a minute.
#[derive(Debug, Clone, Default)]
pub struct BuildMinute {
    /// Builds begun.
    pub started: u32,
    /// Builds that succeeded.
    pub succeeded: u32,
    /// Builds that failed.
    pub failed: u32,
    /// Lengths of the builds that ended, seconds.
    pub seconds: Gauge,
}
