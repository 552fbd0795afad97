//! Delivery: a push to the branch becomes an execution of the pipeline, builds, images and rollouts.
//! `build` is CodeBuild at work, `pipeline` CodePipeline, `deploy` its ECS actions, `ops` the write operations.
//! Stepped once a second; the planned releases of the demo begin here.

mod build;
mod deploy;
mod ops;
mod pipeline;
mod text;

use super::World;
use super::names::{CONTROL, Ms, SEC, SERVICES, WEB, WORKER};
use super::scenario::Planned;
use super::state::{Commit, Pace, Project};

pub(super) use build::{full_pace, short_pace};
pub use ops::StartBuild;
pub(super) use pipeline::Start;

/// Executions and builds that are remembered.
const EXECUTIONS: usize = 200;
const BUILDS: usize = 400;
/// From the push to the moment at which the Source action begins, and between two stages.
const HANDOFF: Ms = 2 * SEC;
/// How long the Source action takes.
const SOURCE_TAKES: Ms = 14 * SEC;
/// The pipeline's name in CodeBuild's `initiator`.
const INITIATOR: &str = "codepipeline/production-nextcore";

/// The connection to GitHub.
pub(super) const CONNECTION: &str =
    "arn:aws:codestar-connections:ap-southeast-2:111122223333:connection/7d1f3c52-9a4e-4b8e-8a6f-2c5e9b0d4f18";

/// One image of the monorepository: service, folder, repository and project.
pub(super) struct Component {
    pub(super) service: &'static str,
    pub(super) folder: &'static str,
    pub(super) repository: &'static str,
    pub(super) project: &'static str,
}

/// The three, in the order of the written architecture's drawing.
pub(super) const COMPONENTS: [Component; 3] = [
    Component { service: CONTROL, folder: "control", repository: "nextcore/control", project: "production-nextcore-control" },
    Component { service: WEB, folder: "web", repository: "nextcore/web", project: "production-nextcore-web" },
    Component { service: WORKER, folder: "worker", repository: "nextcore/worker", project: "production-nextcore-worker" },
];

/// The component that runs as `service`.
pub(super) fn component(service: &str) -> &'static Component {
    let [control, web, worker] = &COMPONENTS;
    match service {
        CONTROL => control,
        WEB => web,
        _ => worker,
    }
}

impl World {
    /// Moves builds and executions on by a second.
    pub(super) fn step_delivery(&mut self) {
        let (builds, executions) = (&mut self.codebuild.builds, &mut self.codepipeline.executions);
        while builds.len() > BUILDS && builds.front().is_some_and(|build| build.ended_at.is_some()) {
            builds.pop_front();
        }
        while executions.len() > EXECUTIONS && executions.front().is_some_and(|execution| !execution.status.is_open()) {
            executions.pop_front();
        }
        self.step_builds();
        self.step_pipeline();
    }

    /// Plans the push whose rollout will begin at `rollout_at`.
    pub(super) fn plan_release(&mut self, service: &'static str, rollout_at: Ms) {
        let pace = full_pace(&mut self.rng.delivery);
        let push_at = rollout_at - lead(&pace);
        self.plan(push_at, Planned::Release { service, pace, rollout_at });
    }

    /// A planned push arrives; in a world that is handed over the next one follows some hours later.
    pub(super) fn release(&mut self, service: &'static str, pace: Pace, rollout_at: Ms) {
        let commit = self.push_commit(vec![service], self.now);
        self.start_execution(Start { paces: vec![(service, pace)], ..Start::push(commit) });
        if rollout_at >= self.start {
            let next = SERVICES.iter().position(|s| *s == service).map_or(0, |i| (i + 1) % SERVICES.len());
            let at = rollout_at + self.rng.delivery.seconds(5 * 3_600, 8 * 3_600);
            self.plan_release(SERVICES[next], at);
        }
    }

    /// Makes the next build of a project fail in its tests.
    pub fn fail_next_build(&mut self, project: &str) {
        if let Some(project) = self.project_mut(project) {
            project.fail_next = true;
        }
    }

    /// A broken release of `service`: its build is over, its rollout begins now and will trip the circuit breaker.
    pub(super) fn broken_release(&mut self, service: &str) {
        let service = component(service).service;
        let pace = full_pace(&mut self.rng.delivery);
        let pushed_at = self.now - lead(&pace);
        let commit = self.push_commit(vec![service], pushed_at);
        let start = Start { at: pushed_at, exits_with: Some(1), paces: vec![(service, pace)], ..Start::push(commit) };
        self.past_execution(start, self.now);
    }

    /// A commit reaches the branch.
    pub(super) fn push_commit(&mut self, touches: Vec<&'static str>, at: Ms) -> Commit {
        let dice = &mut self.rng.delivery;
        let id = dice.hex(40);
        let (author, message) = text::commit(dice, &touches);
        let commit = Commit { id, message, author, at, touches };
        self.codepipeline.head = commit.clone();
        commit
    }

    fn project_mut(&mut self, name: &str) -> Option<&mut Project> {
        self.codebuild.projects.iter_mut().find(|project| project.name == name)
    }
}

/// From a push to the rollout of what it changed.
pub(super) fn lead(pace: &Pace) -> Ms {
    SOURCE_TAKES + pace.total() + 3 * HANDOFF
}
