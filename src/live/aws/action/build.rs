//! Start, retry and stop builds of CodeBuild. The build that is meant is named by its id, from the answer or from the plan; CodeBuild gets
//! a token with every start, because the SDK does not make one.

use std::time::Duration;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::names::among;
use nextcore_core::model::action::params::{RetryBuild, StartBuild, StopBuild};
use nextcore_core::model::delivery::{Build, BuildPhase, BuildStatus, Builds, PhaseType, Project, SourceType};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::plan::{Outcome, Refusal, Run, Step};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::text;

use super::common::{arn, quoted, seen, since, waited};
use super::service::failed;
use super::{Action, Draft, Facts, Receipt, SendError, Sender, Sight};

const START: Op = Op::write("CodeBuild", "StartBuild", "codebuild:StartBuild").on(Scope::Projects);
const RETRY: Op = Op::write("CodeBuild", "RetryBuild", "codebuild:RetryBuild").on(Scope::Projects);
const STOP: Op = Op::write("CodeBuild", "StopBuild", "codebuild:StopBuild").on(Scope::Projects);

const NEEDS: &[SectionKey] = &[Identity::KEY, Builds::KEY];
const WATCHES: &[SectionKey] = &[Builds::KEY];
/// A build takes minutes.
const EVERY: Duration = Duration::from_secs(10);

pub(super) struct Start;
pub(super) struct Retry;
pub(super) struct Stop;

impl Action for Start {
    type Params = StartBuild;
    const NAME: &'static str = "build start";
    const WRITES: &'static [Op] = &[START];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;
    const EVERY: Duration = EVERY;

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, StartBuild), Refusal> {
        let (builds, project) = find(facts, &request.target)?;
        let version = version(request);
        let wanted = version.map_or_else(|| "new, of the project's default version".to_owned(), |v| format!("new, of {v}"));
        let flag = version.map_or_else(String::new, |v| format!(" --source-version {}", quoted(v)));
        let plan = begin(draft(facts, project), builds, project, &wanted).must(
            project.source != SourceType::CodePipeline,
            format!("source {}", project.source),
            "its source is the pipeline: start it with pipeline start",
        );
        let before = builds.latest(&project.name).map(|b| b.id.clone());
        let params = StartBuild { project: project.name.clone(), version: version.map(ToOwned::to_owned), before };
        Ok((plan.call(&START, format!("aws codebuild start-build --project-name {}{flag}", quoted(&project.name))), params))
    }

    async fn send(sender: Sender, params: StartBuild) -> Result<Receipt, SendError> {
        let call = sender.clients.builds.start_build().project_name(&params.project).idempotency_token(&sender.token);
        let call = call.set_source_version(params.version).customize().interceptor(sender.warrant(&START)?);
        let answer = call.send().await.map_err(|e| SendError::of(START, &e))?;
        Ok(Receipt::of(&answer).made(answer.build_value().and_then(|b| b.id())))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &StartBuild) -> Sight {
        follow(facts, run, &params.project, params.before.as_deref())
    }
}

impl Action for Retry {
    type Params = RetryBuild;
    const NAME: &'static str = "build retry";
    const WRITES: &'static [Op] = &[RETRY];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;
    const EVERY: Duration = EVERY;

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, RetryBuild), Refusal> {
        let (builds, project) = find(facts, &request.target)?;
        let Some(last) = builds.latest(&project.name) else {
            let what = format!("{} was never built: nothing to retry", project.name);
            return Err(Refusal::Check(format!("{what}\n  next: build start {}", quoted(&project.name))));
        };
        let plan = begin(draft(facts, project), builds, project, &format!("{} again", commit(last)))
            .should(last.status != BuildStatus::Succeeded, format!("the last build is {}", last.status), "the last build succeeded")
            .should(
                !last.initiator.starts_with("codepipeline/"),
                format!("started by {}", last.initiator),
                "started by the pipeline: CodeBuild may refuse, and the pipeline is not updated (use pipeline retry)",
            );
        let params = RetryBuild { project: project.name.clone(), build: last.id.clone() };
        Ok((plan.call(&RETRY, format!("aws codebuild retry-build --id {}", last.id)), params))
    }

    async fn send(sender: Sender, params: RetryBuild) -> Result<Receipt, SendError> {
        let call = sender.clients.builds.retry_build().id(&params.build).idempotency_token(&sender.token);
        let answer = call.customize().interceptor(sender.warrant(&RETRY)?).send().await.map_err(|e| SendError::of(RETRY, &e))?;
        Ok(Receipt::of(&answer).made(answer.build_value().and_then(|b| b.id())))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &RetryBuild) -> Sight {
        follow(facts, run, &params.project, Some(&params.build))
    }
}

impl Action for Stop {
    type Params = StopBuild;
    const NAME: &'static str = "build stop";
    const WRITES: &'static [Op] = &[STOP];
    const NEEDS: &'static [SectionKey] = NEEDS;
    const WATCHES: &'static [SectionKey] = WATCHES;

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, StopBuild), Refusal> {
        let (builds, project) = find(facts, &request.target)?;
        let Some(build) = running(builds, &project.name) else {
            return Err(Refusal::Check(format!("no build of {} in progress: nothing to stop", project.name)));
        };
        let by_pipeline = build.initiator.starts_with("codepipeline/");
        let others = builds.builds.iter().filter(|b| b.project == project.name && is_running(b) && b.id != build.id).count();
        let mut plan = draft(facts, project)
            .change(&format!("build {}", short(&build.id)), &build.status, BuildStatus::Stopped)
            .should(!by_pipeline, "no pipeline waits for it", "the pipeline is waiting for it: its stage will fail")
            .note(format!("started by {}, commit {}", build.initiator, commit(build)));
        if others > 0 {
            plan = plan.note(format!("{others} more builds of this project in progress: they continue"));
        }
        plan.object = Some(format!("{}, build {}", project.name, short(&build.id)));
        let name = quoted(&project.name);
        let undo = if by_pipeline {
            (
                "pipeline retry, after its stage has failed: a build retried on its own does not continue the pipeline".to_owned(),
                Request::new("pipeline retry", ""),
            )
        } else {
            (format!("build retry {name}"), Request::new(Retry::NAME, &project.name))
        };
        let params = StopBuild { project: project.name.clone(), build: build.id.clone() };
        let plan = plan
            .reach("no image is produced, unless already pushed", "this build only; running tasks do not change")
            .undo(undo.0, Some(undo.1))
            .call(&STOP, format!("aws codebuild stop-build --id {}", build.id))
            .takes(2, 30, 180);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: StopBuild) -> Result<Receipt, SendError> {
        let call = sender.clients.builds.stop_build().id(&params.build).customize().interceptor(sender.warrant(&STOP)?);
        let answer = call.send().await.map_err(|e| SendError::of(STOP, &e))?;
        Ok(Receipt::of(&answer))
    }

    fn sight(facts: &Facts<'_>, run: &Run, params: &StopBuild) -> Sight {
        let Some(builds) = facts.store.get::<Builds>() else { return Sight::default() };
        let id = params.build.as_str();
        let Some(build) = builds.builds.iter().find(|b| b.id == id) else { return unlisted(builds, &params.project, id) };
        let stopped = build.status == BuildStatus::Stopped;
        let asked = stopped || seen(run, 0);
        let steps = vec![Step::new(format!("build {} {}", short(id), build.status), stopped, true)];
        let end = if stopped {
            Some((Outcome::Done, format!("build {} of {} stopped", short(id), build.project)))
        } else {
            let text = format!("build {} had ended as {} before it was stopped", short(id), build.status);
            (!is_running(build)).then_some((Outcome::Failed, text))
        };
        Sight { steps, applied: Some(asked), end }
    }
}

/// The project of this name.
fn find<'a>(facts: &Facts<'a>, name: &str) -> Result<(&'a Builds, &'a Project), Refusal> {
    let builds = facts.need::<Builds>()?;
    let project = builds.projects.iter().find(|p| p.name == name).ok_or_else(|| {
        let known: Vec<&str> = builds.projects.iter().map(|p| p.name.as_str()).collect();
        let what = format!("no project '{name}' in the configured stack");
        Refusal::Check(among(&what, name, &known))
    })?;
    Ok((builds, project))
}

fn draft(facts: &Facts<'_>, project: &Project) -> Draft {
    Draft::of("CodeBuild project", &project.name, &arn(facts, "codebuild", &format!("project/{}", project.name)))
        .detail(format!("source {}", project.source))
}

/// What starting and retrying share.
fn begin(plan: Draft, builds: &Builds, project: &Project, wanted: &str) -> Draft {
    let latest = builds.latest(&project.name);
    let busy = running(builds, &project.name).map_or_else(String::new, |b| format!("build {} is in progress", short(&b.id)));
    let name = quoted(&project.name);
    plan.change("newest build", latest.map_or("none", |b| short(&b.id)), wanted)
        .must(busy.is_empty(), "no build in progress", busy)
        .reach("running tasks do not change", "a successful build pushes an image: tasks started from a mutable tag get the new one")
        .undo(format!("build stop {name} while it runs; a pushed image stays"), Some(Request::new(Stop::NAME, &project.name)))
        .takes(120, 600, 3600)
        .rests("latest", latest.map_or("none", |b| b.id.as_str()))
}

/// The version that was asked for, if it is not the project's own.
fn version(request: &Request) -> Option<&str> {
    request.arg("version").filter(|v| *v != "default")
}

fn is_running(build: &Build) -> bool {
    build.status == BuildStatus::InProgress
}

fn running<'a>(builds: &'a Builds, project: &str) -> Option<&'a Build> {
    builds.builds.iter().find(|b| b.project == project && is_running(b))
}

/// `9c1f0e2a` of `project:9c1f0e2a-…`.
fn short(id: &str) -> &str {
    let id = id.rsplit(':').next().unwrap_or(id);
    id.split('-').next().unwrap_or(id)
}

/// The commit of a build, as people read one.
fn commit(build: &Build) -> &str {
    if build.version.is_empty() { "its version" } else { build.version.get(..12).unwrap_or(&build.version) }
}

/// The build that was started, to its end.
fn follow(facts: &Facts<'_>, run: &Run, project: &str, before: Option<&str>) -> Sight {
    let Some(builds) = facts.store.get::<Builds>() else { return Sight::default() };
    let Some(id) = run.made.as_deref() else { return without_answer(builds, run, project, before) };
    let Some(build) = builds.builds.iter().find(|b| b.id == id) else { return unlisted(builds, project, id) };
    let mut steps = vec![Step::new(format!("build {} {}", short(id), build.status), true, true)];
    steps.extend(build.phases.iter().filter(|p| p.kind != PhaseType::Completed).map(phase_step));
    let took = text::duration(waited(facts, run));
    let end = match &build.status {
        BuildStatus::InProgress | BuildStatus::Unstated => None,
        BuildStatus::Succeeded => Some((Outcome::Done, format!("build {} of {} succeeded: {took}", short(id), build.project))),
        status => {
            let why = build.failed_phase().map_or_else(String::new, |p| match p.message.as_str() {
                "" => format!(" in {}", p.kind),
                said => format!(" in {}: {said}", p.kind),
            });
            Some((Outcome::Failed, format!("build {} of {} ended as {status}{why}", short(id), build.project)))
        }
    };
    Sight { steps, applied: Some(true), end }
}

fn phase_step(phase: &BuildPhase) -> Step {
    let text = match phase.seconds {
        Some(s) => format!("{} {}", phase.kind, text::duration(s)),
        None => phase.kind.to_string(),
    };
    if phase.has_failed() {
        failed(format!("{text} {}", phase.status))
    } else {
        Step::new(text, phase.status == BuildStatus::Succeeded, true)
    }
}

fn unlisted(builds: &Builds, project: &str, id: &str) -> Sight {
    let listed = builds.builds.iter().filter(|b| b.project == project).count();
    let text = format!("build {} is not in the {listed} listed builds", short(id));
    Sight { steps: vec![Step::new(text, false, true)], applied: None, end: None }
}

/// No answer came back: a build that is newer may be ours, a webhook's or somebody else's.
fn without_answer(builds: &Builds, run: &Run, project: &str, before: Option<&str>) -> Sight {
    let newer = builds.latest(project).filter(|b| Some(b.id.as_str()) != before && since(b.started_at, run));
    let (text, applied) = match newer {
        Some(b) => (format!("possibly build {}: started by {}", short(&b.id), b.initiator), None),
        None => ("no newer build".to_owned(), Some(false)),
    };
    Sight { steps: vec![Step::new(text, false, true)], applied, end: None }
}

#[cfg(test)]
mod tests {
    use super::super::common::bench::{Bench, at, refusal, texts};
    use super::*;
    use nextcore_core::model::plan::Verdict;

    const WEB: &str = "production-nextcore-web";
    const OLD: &str = "production-nextcore-web:aaaa1111-0";
    const NEW: &str = "production-nextcore-web:bbbb2222-0";

    fn build(id: &str, status: &str, started: i64) -> Build {
        Build {
            id: id.into(),
            project: WEB.into(),
            status: status.into(),
            started_at: Some(at(started)),
            initiator: "maya".into(),
            version: "0123456789abcdef0123".into(),
            ..Build::default()
        }
    }

    fn builds(all: Vec<Build>) -> Builds {
        let project = Project { name: WEB.into(), source: "GITHUB".into(), ..Project::default() };
        Builds { projects: vec![project], missing: Vec::new(), builds: all }
    }

    fn request(action: &str) -> Request {
        Request::new(action, WEB)
    }

    #[test]
    fn the_plans_name_project_version_and_build() {
        let bench = Bench::new().with(builds(vec![build(OLD, "FAILED", -900)]));
        let draft = bench.draft::<Start>(&request("build start")).unwrap();
        assert!(draft.checks.iter().all(|c| c.verdict == Verdict::Pass), "{:?}", draft.checks);
        assert_eq!(draft.calls[0].cli, "aws codebuild start-build --project-name production-nextcore-web");
        assert_eq!(draft.permission_on, ["arn:aws:codebuild:ap-southeast-2:111122223333:project/production-nextcore-web"]);
        let of = bench.draft::<Start>(&request("build start").with("version", "v1.2")).unwrap();
        assert!(of.calls[0].cli.ends_with(" --source-version v1.2") && of.changes[0].after == "new, of v1.2");
        let retry = bench.draft::<Retry>(&request("build retry")).unwrap();
        assert!(texts(&retry, Verdict::Warn).is_empty());
        assert_eq!(bench.params::<Retry>(&request("build retry")).build, OLD);
        assert_eq!(retry.calls[0].cli, format!("aws codebuild retry-build --id {OLD}"));
        assert_eq!(retry.changes[0].after, "0123456789ab again");
        let bench = bench.with(builds(vec![build(NEW, "IN_PROGRESS", -9)]));
        let stop = bench.draft::<Stop>(&request("build stop")).unwrap();
        assert_eq!(stop.calls[0].cli, format!("aws codebuild stop-build --id {NEW}"));
        assert_eq!(bench.params::<Stop>(&request("build stop")).build, NEW);
    }

    #[test]
    fn what_forbids_them() {
        let bench = Bench::new().with(builds(vec![build(NEW, "IN_PROGRESS", -9), build(OLD, "SUCCEEDED", -900)]));
        assert_eq!(refusal(&bench.draft::<Start>(&request("build start")).unwrap()), "build bbbb2222 is in progress");
        assert_eq!(refusal(&bench.draft::<Retry>(&request("build retry")).unwrap()), "build bbbb2222 is in progress");
        let unknown = bench.draft::<Start>(&Request::new("build start", "other")).unwrap_err();
        assert!(unknown.text().contains("choose one of production-nextcore-web"), "{unknown:?}");
        let mut own = builds(Vec::new());
        own.projects[0].source = "CODEPIPELINE".into();
        assert!(refusal(&bench.with(own).draft::<Start>(&request("build start")).unwrap()).contains("pipeline start"));
        let idle = Bench::new().with(builds(Vec::new()));
        assert!(idle.draft::<Retry>(&request("build retry")).unwrap_err().text().contains("never built"));
        assert!(idle.draft::<Stop>(&request("build stop")).unwrap_err().text().contains("nothing to stop"));
    }

    #[test]
    fn what_the_pipeline_started_is_warned_of() {
        let by_pipeline = |status: &str| Build { initiator: "codepipeline/production-nextcore".into(), ..build(OLD, status, -90) };
        let bench = Bench::new().with(builds(vec![by_pipeline("SUCCEEDED")]));
        assert_eq!(texts(&bench.draft::<Retry>(&request("build retry")).unwrap(), Verdict::Warn).len(), 2);
        let bench = bench.with(builds(vec![by_pipeline("IN_PROGRESS")]));
        assert_eq!(
            texts(&bench.draft::<Stop>(&request("build stop")).unwrap(), Verdict::Warn),
            ["the pipeline is waiting for it: its stage will fail"]
        );
    }

    #[test]
    fn the_build_of_the_answer_is_followed_to_its_end() {
        let mut bench = Bench::new().with(builds(vec![build(OLD, "SUCCEEDED", -900)]));
        let mut run = bench.sent::<Start>(&request("build start"), Some(NEW));
        assert_eq!(bench.look::<Start>(&mut run), (None, None), "the old one's success is not ours");
        assert_eq!(run.steps[0].text, "build bbbb2222 is not in the 1 listed builds");
        let phase = |kind: &str, status: &str, message: &str| BuildPhase {
            kind: kind.into(),
            status: status.into(),
            seconds: (!status.is_empty()).then_some(12),
            message: message.into(),
        };
        bench.later(60);
        let phases = vec![phase("PRE_BUILD", "SUCCEEDED", ""), phase("BUILD", "", "")];
        bench.put(builds(vec![Build { phases, ..build(NEW, "IN_PROGRESS", 1) }, build(OLD, "SUCCEEDED", -900)]));
        assert_eq!(bench.look::<Start>(&mut run), (Some(true), None));
        assert_eq!(run.steps[1].text, "PRE_BUILD 12s");
        bench.later(300);
        bench.put(builds(vec![build(NEW, "SUCCEEDED", 1)]));
        let done = format!("build bbbb2222 of {WEB} succeeded: 5m00s");
        assert_eq!(bench.look::<Start>(&mut run).1, Some((Outcome::Done, done)));
        let phases = vec![phase("BUILD", "FAILED", "exit status 1")];
        bench.put(builds(vec![Build { phases, ..build(NEW, "FAILED", 1) }]));
        let broken = format!("build bbbb2222 of {WEB} ended as FAILED in BUILD: exit status 1");
        assert_eq!(bench.look::<Start>(&mut run).1, Some((Outcome::Failed, broken)));
    }

    #[test]
    fn without_an_answer_no_build_is_taken_for_ours() {
        let mut bench = Bench::new().with(builds(vec![build(OLD, "SUCCEEDED", -900)]));
        let mut run = bench.sent::<Start>(&request("build start"), None);
        assert_eq!(bench.look::<Start>(&mut run), (Some(false), None));
        bench.put(builds(vec![build(NEW, "SUCCEEDED", 2), build(OLD, "SUCCEEDED", -900)]));
        assert_eq!(bench.look::<Start>(&mut run), (None, None));
    }

    #[test]
    fn stopped_is_the_end_and_another_end_is_a_failure() {
        let mut bench = Bench::new().with(builds(vec![build(NEW, "IN_PROGRESS", -9)]));
        let mut run = bench.sent::<Stop>(&request("build stop"), None);
        assert_eq!(bench.look::<Stop>(&mut run), (Some(false), None));
        bench.put(builds(vec![build(NEW, "FAILED", -9)]));
        assert_eq!(bench.look::<Stop>(&mut run).1.unwrap().0, Outcome::Failed);
        bench.put(builds(vec![build(NEW, "STOPPED", -9)]));
        let done = format!("build bbbb2222 of {WEB} stopped");
        assert_eq!(bench.look::<Stop>(&mut run), (Some(true), Some((Outcome::Done, done))));
    }
}
