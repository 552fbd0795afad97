//! The two large structures of CodeBuild, a project and a build, as they look on the wire. Called by its operations.

use crate::wire::{Value, object};
use crate::world::World;
use crate::world::names::{ACCOUNT, REGION, STACK};
use crate::world::state::{Build, BuildStatus, PHASES, PhaseRun, Project, uri};

const PROVISIONING: usize = 2;
const DOWNLOAD_SOURCE: usize = 3;
const IMAGE: &str = "aws/codebuild/amazonlinux2-x86_64-standard:5.0";
const REPOSITORY: &str = "https://github.com/nextcore/platform.git";

fn role() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{STACK}-codebuild")
}

/// The key that CodeBuild uses for artifacts when nobody chose one.
fn artifact_key() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3")
}

fn environment(project: &Project) -> Value {
    let variable = |name: &'static str, value: &str| object! { "name" => name, "value" => value, "type" => "PLAINTEXT" };
    object! {
        "type" => "LINUX_CONTAINER",
        "image" => IMAGE,
        "computeType" => "BUILD_GENERAL1_MEDIUM",
        "environmentVariables" => Value::members([
            variable("REPOSITORY_URI", &uri(project.repository)),
            variable("CONTAINER_NAME", project.service),
            variable("FOLDER", project.folder),
        ]),
        // Building an image needs a docker daemon.
        "privilegedMode" => true,
        "imagePullCredentialsType" => "CODEBUILD",
    }
}

fn buildspec(project: &Project) -> String {
    format!("{}/buildspec.yml", project.folder)
}

fn github(project: &Project) -> Value {
    object! {
        "type" => "GITHUB",
        "location" => REPOSITORY,
        "gitCloneDepth" => 1,
        "gitSubmodulesConfig" => object! { "fetchSubmodules" => false },
        "buildspec" => buildspec(project),
        "reportBuildStatus" => false,
        "insecureSsl" => false,
    }
}

pub(super) fn project(project: &Project) -> Value {
    object! {
        "name" => &project.name,
        "arn" => project.arn(),
        "description" => format!("Tests {}/, builds and pushes its image", project.folder),
        "source" => github(project),
        "secondarySources" => Value::members::<Value>([]),
        "sourceVersion" => "main",
        "secondarySourceVersions" => Value::members::<Value>([]),
        "artifacts" => object! { "type" => "NO_ARTIFACTS" },
        "secondaryArtifacts" => Value::members::<Value>([]),
        "cache" => object! { "type" => "LOCAL", "modes" => Value::members(["LOCAL_DOCKER_LAYER_CACHE"]) },
        "environment" => environment(project),
        "serviceRole" => role(),
        "timeoutInMinutes" => 30,
        "queuedTimeoutInMinutes" => 60,
        "encryptionKey" => artifact_key(),
        "tags" => Value::members([object! { "key" => "Stack", "value" => STACK }]),
        "created" => Value::time(project.created_at),
        "lastModified" => Value::time(project.modified_at),
        "badge" => object! { "badgeEnabled" => false },
        "logsConfig" => object! {
            "cloudWatchLogs" => object! { "status" => "ENABLED", "groupName" => project.log_group() },
            "s3Logs" => object! { "status" => "DISABLED", "encryptionDisabled" => false },
        },
        "projectVisibility" => "PRIVATE",
    }
}

fn phase(run: &PhaseRun) -> Value {
    let context = |code: &str, message: &str| Value::members([object! { "statusCode" => code, "message" => message }]);
    object! {
        "phaseType" => PHASES.get(run.phase).copied(),
        "phaseStatus" => run.status.map(BuildStatus::as_str),
        "startTime" => Value::time(run.start),
        "endTime" => Value::time(run.end),
        "durationInSeconds" => run.end.map(|end| (end - run.start) / 1_000),
        "contexts" => run.end.map(|_| run.context.as_ref().map_or_else(|| context("", ""), |(code, message)| context(code, message))),
    }
}

/// Where the build writes to; before it has a container there is nowhere, and AWS says `null` in the link.
fn logs(build: &Build) -> Value {
    let running = build.phases.iter().any(|run| run.phase == PROVISIONING && (run.end.is_some() || build.ended_at.is_some()));
    let (group, stream) = (build.log_group(), build.uuid());
    let console = format!("https://console.aws.amazon.com/cloudwatch/home?region={REGION}#logsV2:log-groups/log-group");
    let destination = object! { "status" => "ENABLED", "groupName" => &group };
    if !running {
        return object! { "deepLink" => format!("{console}/null/log-events/null"), "cloudWatchLogs" => destination };
    }
    object! {
        "groupName" => &group,
        "streamName" => stream,
        "deepLink" => format!("{console}/{}/log-events/{stream}", group.replace('/', "$252F")),
        "cloudWatchLogsArn" => format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:{stream}"),
        "cloudWatchLogs" => destination,
        "s3Logs" => object! { "status" => "DISABLED", "encryptionDisabled" => false },
    }
}

fn exported(build: &Build) -> Value {
    let variable = |name: &'static str, value: &str| object! { "name" => name, "value" => value };
    let variables = build.image.iter().flat_map(|(image, digest)| {
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        [variable("IMAGE_URI", image), variable("IMAGE_TAG", tag), variable("IMAGE_DIGEST", digest)]
    });
    Value::members(variables)
}

pub(super) fn build(world: &World, build: &Build) -> Value {
    let project = world.codebuild.project(&build.project);
    let fetched = build.phases.iter().any(|run| run.phase == DOWNLOAD_SOURCE && run.status == Some(BuildStatus::Succeeded));
    let by_pipeline = build.artifact.is_some();
    let source = match project {
        Some(project) if by_pipeline => object! { "type" => "CODEPIPELINE", "buildspec" => buildspec(project), "insecureSsl" => false },
        Some(project) => github(project),
        None => object! { "type" => "NO_SOURCE" },
    };
    let artifacts = if by_pipeline {
        object! { "location" => format!("arn:aws:s3:::{}/{}", world.codepipeline.pipeline.bucket, build.project), "encryptionDisabled" => false }
    } else {
        object! { "location" => "" }
    };
    object! {
        "id" => &build.id,
        "arn" => build.arn(),
        "buildNumber" => build.number,
        "startTime" => Value::time(build.started_at),
        "endTime" => Value::time(build.ended_at),
        "currentPhase" => build.current_phase(),
        "buildStatus" => build.status.as_str(),
        "sourceVersion" => &build.source_version,
        "resolvedSourceVersion" => fetched.then_some(build.commit.id.as_str()),
        "projectName" => &build.project,
        "phases" => Value::members(build.phases.iter().map(phase)),
        "source" => source,
        "secondarySources" => Value::members::<Value>([]),
        "secondarySourceVersions" => Value::members::<Value>([]),
        "artifacts" => artifacts,
        "cache" => object! { "type" => "LOCAL", "modes" => Value::members(["LOCAL_DOCKER_LAYER_CACHE"]) },
        "environment" => project.map(environment),
        "serviceRole" => role(),
        "logs" => logs(build),
        "timeoutInMinutes" => 30,
        "queuedTimeoutInMinutes" => 60,
        "buildComplete" => build.ended_at.is_some(),
        "initiator" => &build.initiator,
        "encryptionKey" => artifact_key(),
        "exportedEnvironmentVariables" => exported(build),
        "reportArns" => Value::members(build.report.iter()),
    }
}
