//! CodeBuild at work: a build goes through its phases, says what it does, pushes its image, waits for the scan, ends.
//! Every function takes the time it is about, so that a build that lies in the past is made by the same code.

use super::super::World;
use super::super::names::{HOUR, MIN, Ms, SEC, arn};
use super::super::registry::Push;
use super::super::rng::Dice;
use super::super::state::{Build, BuildMinute, BuildStatus, Commit, PHASES, Pace, PhaseRun, Work};
use super::{component, text};

pub(super) const DOWNLOAD_SOURCE: usize = 3;
pub(super) const BUILD: usize = 6;
pub(super) const POST_BUILD: usize = 7;
const FINALIZING: usize = 9;
const COMPLETED: usize = 10;

/// What is to be built.
pub(in super::super) struct Order {
    pub(in super::super) service: &'static str,
    pub(in super::super) at: Ms,
    pub(in super::super) initiator: String,
    pub(in super::super) artifact: Option<String>,
    pub(in super::super) source_version: String,
    pub(in super::super) commit: Commit,
    pub(in super::super) work: Work,
    pub(in super::super) pace: Pace,
    pub(in super::super) token: Option<String>,
    pub(in super::super) fault: Option<(usize, &'static str, String)>,
}

/// The lengths of a build that makes an image: three to five minutes.
pub(in super::super) fn full_pace(dice: &mut Dice) -> Pace {
    let (push_after, scan) = (dice.seconds(12, 20), dice.seconds(20, 60));
    let (provisioning, download, install) = (dice.seconds(5, 12), dice.seconds(3, 7), dice.seconds(2, 5));
    let (pre_build, build) = (dice.seconds(25, 45), dice.seconds(105, 150));
    let post_build = push_after + scan + 3 * SEC;
    let phases = [0, SEC, provisioning, download, install, pre_build, build, post_build, SEC, 3 * SEC];
    Pace { phases, push_after, scan }
}

/// The lengths of a build that only runs the tests: always shorter than one that makes an image.
pub(in super::super) fn short_pace(dice: &mut Dice) -> Pace {
    let (provisioning, download, install) = (dice.seconds(5, 12), dice.seconds(3, 7), dice.seconds(2, 5));
    let (pre_build, build) = (dice.seconds(20, 35), dice.seconds(35, 60));
    let phases = [0, SEC, provisioning, download, install, pre_build, build, 2 * SEC, SEC, 3 * SEC];
    Pace { phases, push_after: Ms::MAX, scan: 0 }
}

impl World {
    /// Begins a build and returns its id.
    pub(in super::super) fn begin_build(&mut self, order: Order) -> String {
        let project = component(order.service).project;
        let id = format!("{project}:{}", self.rng.delivery.uuid());
        let mut fault = order.fault;
        let mut number = 1;
        if let Some(project) = self.project_mut(project) {
            number = project.next_number;
            project.next_number += 1;
            if std::mem::take(&mut project.fail_next) {
                fault = fault.or(Some((BUILD, "COMMAND_EXECUTION_ERROR", text::tests_failed(order.service))));
            }
        }
        self.count_build(project, order.at, |minute| minute.started += 1);
        self.codebuild.builds.push_back(Build {
            id: id.clone(),
            number,
            project: project.to_owned(),
            status: BuildStatus::InProgress,
            phases: vec![begun(0, order.at)],
            started_at: order.at,
            ended_at: None,
            initiator: order.initiator,
            artifact: order.artifact,
            source_version: order.source_version,
            commit: order.commit,
            work: order.work,
            report: None,
            image: None,
            token: order.token,
            pace: order.pace,
            fault,
            said: 0,
            speaks_at: order.at,
        });
        self.codebuild.running += 1;
        id
    }

    pub(super) fn step_builds(&mut self) {
        if self.codebuild.running == 0 {
            return;
        }
        let now = self.now;
        for index in 0..self.codebuild.builds.len() {
            self.advance_build(index, now);
        }
    }

    /// Moves a build on to `at`.
    pub(super) fn advance_build(&mut self, index: usize, at: Ms) {
        while let Some((phase, start)) = self.phase_of(index) {
            let Some(build) = self.codebuild.builds.get(index) else { return };
            let length = length_of(build, phase);
            let (end, push_at) = (start + length, start.saturating_add(build.pace.push_after));
            let makes_image = matches!(build.work, Work::Image { .. });
            let until = at.min(end);
            if phase == POST_BUILD && makes_image && build.image.is_none() && !has_failed(build) && until >= push_at {
                self.push_built(index, push_at);
            }
            self.speak(index, phase, (start, length), until);
            if at < end {
                return;
            }
            self.end_phase(index, phase, end);
        }
    }

    /// The phase of a build in progress, and when it began.
    fn phase_of(&self, index: usize) -> Option<(usize, Ms)> {
        let build = self.codebuild.builds.get(index).filter(|build| build.status == BuildStatus::InProgress)?;
        build.phases.last().map(|run| (run.phase, run.start))
    }

    fn end_phase(&mut self, index: usize, phase: usize, end: Ms) {
        let report = (phase == BUILD).then(|| self.rng.delivery.uuid());
        let Some(build) = self.codebuild.builds.get_mut(index) else { return };
        let fault = build.fault.as_ref().filter(|(at, _, _)| *at == phase).map(|(_, code, message)| (*code, message.clone()));
        let failed = fault.is_some();
        if let Some(run) = build.phases.last_mut() {
            run.status = Some(if failed { BuildStatus::Failed } else { BuildStatus::Succeeded });
            run.end = Some(end);
            run.context = fault;
        }
        if let Some(id) = report {
            build.report = Some(arn("codebuild", format_args!("report/{}-tests:{id}", build.project)));
        }
        let pushes = phase == POST_BUILD && !has_failed(build) && build.image.is_none();
        // A failure before BUILD ends the build; after a failed BUILD the POST_BUILD commands still run.
        let next = if failed && phase < BUILD { FINALIZING } else { phase + 1 };
        build.phases.push(begun(next, end));
        (build.said, build.speaks_at) = (0, end);
        let status = if has_failed(build) { BuildStatus::Failed } else { BuildStatus::Succeeded };
        if pushes {
            self.push_built(index, end);
        }
        if next == COMPLETED {
            self.end_build(index, status, end);
        }
    }

    /// Closes a build.
    fn end_build(&mut self, index: usize, status: BuildStatus, at: Ms) {
        let Some(build) = self.codebuild.builds.get_mut(index) else { return };
        build.status = status;
        build.ended_at = Some(at);
        self.codebuild.running = self.codebuild.running.saturating_sub(1);
        let (project, seconds) = (build.project.clone(), (at - build.started_at) as f64 / 1_000.0);
        self.count_build(&project, at, |minute| {
            minute.succeeded += u32::from(status == BuildStatus::Succeeded);
            minute.failed += u32::from(status == BuildStatus::Failed);
            minute.seconds.add(seconds);
        });
    }

    /// Ends a build in the middle of its phase.
    pub(super) fn stop_build_at(&mut self, index: usize) {
        let now = self.now;
        let Some(build) = self.codebuild.builds.get_mut(index).filter(|build| build.status == BuildStatus::InProgress) else { return };
        if let Some(run) = build.phases.last_mut() {
            (run.status, run.end) = (Some(BuildStatus::Stopped), Some(now));
        }
        build.phases.push(begun(COMPLETED, now));
        self.end_build(index, BuildStatus::Stopped, now);
    }

    fn push_built(&mut self, index: usize, at: Ms) {
        let Some(build) = self.codebuild.builds.get(index) else { return };
        let Some(project) = self.codebuild.project(&build.project) else { return };
        let (repository, tag, scan) = (project.repository, build.commit.id.clone(), build.pace.scan);
        let (exits_with, known) = match &build.work {
            Work::Image { exits_with } => (*exits_with, None),
            Work::Unchanged { digest } => (None, Some(digest.clone())),
        };
        // An image that is no longer in the registry cannot be tagged: then it is built again after all.
        let tagged = known.filter(|digest| self.tag_image(repository, digest, &tag));
        let digest = tagged.unwrap_or_else(|| self.push_image(&Push { repository, tag: &tag, at, scan, exits_with }));
        let image = format!("{}:{tag}", super::super::state::uri(repository));
        if let Some(build) = self.codebuild.builds.get_mut(index) {
            build.image = Some((image, digest));
        }
    }

    /// Writes the lines of a phase that are due at `until`.
    fn speak(&mut self, index: usize, phase: usize, (start, length): (Ms, Ms), until: Ms) {
        let Some(build) = self.codebuild.builds.get(index).filter(|build| build.speaks_at <= until) else { return };
        let lines = text::phase_lines(build, phase, PHASES.get(phase).copied().unwrap_or_default());
        let due_at = |line: usize| start + length * line as Ms / lines.len().max(1) as Ms;
        let (group, stream, said) = (build.log_group(), build.uuid().to_owned(), build.said);
        let due = (said..lines.len()).take_while(|line| due_at(*line) <= until).count();
        for (offset, line) in lines.iter().skip(said).take(due).enumerate() {
            let at = due_at(said + offset);
            self.append_log(&group, &stream, at, text::container(at, line));
        }
        if let Some(build) = self.codebuild.builds.get_mut(index) {
            build.said += due;
            build.speaks_at = if build.said < lines.len() { due_at(build.said) } else { Ms::MAX };
        }
    }

    /// Counts towards the metrics of the minute; what lies in the past becomes a point of its own.
    fn count_build(&mut self, project: &str, at: Ms, count: impl Fn(&mut BuildMinute)) {
        if at >= self.now - HOUR {
            count(self.codebuild.minute.entry(project.to_owned()).or_default());
            return;
        }
        let mut minute = BuildMinute::default();
        count(&mut minute);
        self.publish_builds(at - at.rem_euclid(MIN), project, &minute);
    }
}

fn begun(phase: usize, start: Ms) -> PhaseRun {
    PhaseRun { phase, status: None, start, end: None, context: None }
}

/// Whether a phase has failed so far.
pub(super) fn has_failed(build: &Build) -> bool {
    build.phases.iter().any(|run| run.status == Some(BuildStatus::Failed))
}

/// How long a phase takes: a failed build has nothing to push, a fault stops its phase early.
fn length_of(build: &Build, phase: usize) -> Ms {
    let planned = build.pace.phases.get(phase).copied().unwrap_or(0);
    if phase == POST_BUILD && has_failed(build) {
        return SEC.min(planned);
    }
    match &build.fault {
        Some((at, _, _)) if *at == phase => (planned * 2 / 3).max(SEC),
        _ => planned,
    }
}
