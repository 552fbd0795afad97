//! What the tests of the actions on ECS share: a small cloud built by hand, and a run of a draft.

use std::time::Duration;

use crate::aws::action::common::bench::run_of;
use crate::aws::action::{Action, Draft, Facts, Sight};
use nextcore_core::model::Time;
use nextcore_core::model::action::params::Parameters;
use nextcore_core::model::action::{Request, parse, words};
use nextcore_core::model::balancer::{Target, Targets};
use nextcore_core::model::plan::{Refusal, Run, StepState, Verdict};
use nextcore_core::model::scaling::{ScalableTarget, Scaling};
use nextcore_core::model::section::Section;
use nextcore_core::model::service::{Container, Deployment, Service, Services, StoppedTasks, Task, Tasks};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

pub(in crate::aws::action) const GROUP: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/web/1";

/// Seconds after the epoch of the tests.
pub(in crate::aws::action) fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(in crate::aws::action) fn definition(revision: u32) -> String {
    format!("arn:aws:ecs:r:1:task-definition/production-nextcore-web:{revision}")
}

pub(in crate::aws::action) fn deployment(id: &str, status: &str, state: &str, created: i64) -> Deployment {
    Deployment {
        id: id.into(),
        status: status.into(),
        rollout_state: state.into(),
        task_definition: definition(58),
        desired: 3,
        running: 3,
        created_at: Some(at(created)),
        ..Deployment::default()
    }
}

/// `web`: three tasks of revision 58, behind the balancer, settled.
pub(in crate::aws::action) fn web() -> Service {
    Service {
        name: "web".into(),
        arn: "arn:aws:ecs:r:1:service/production-nextcore/web".into(),
        status: "ACTIVE".into(),
        desired: 3,
        running: 3,
        task_definition: definition(58),
        controller: "ECS".into(),
        exec_enabled: true,
        target_groups: vec![GROUP.into()],
        circuit_breaker: Some((true, true)),
        deployments: vec![deployment("ecs-svc/1", "PRIMARY", "COMPLETED", -9000)],
        ..Service::default()
    }
}

pub(in crate::aws::action) fn task(id: &str, service: &str, ip: u8) -> Task {
    Task {
        arn: format!("arn:aws:ecs:r:1:task/production-nextcore/{id}"),
        service: service.into(),
        status: "RUNNING".into(),
        desired_status: "RUNNING".into(),
        task_definition: definition(58),
        ip: Some(format!("10.0.11.{ip}")),
        created_at: Some(at(-8000)),
        started_at: Some(at(-7900)),
        containers: vec![Container {
            name: service.into(),
            status: "RUNNING".into(),
            image_digest: Some("sha256:58".into()),
            runtime_id: Some(format!("{id}-77")),
            exec_agent: Some("RUNNING".into()),
            ..Container::default()
        }],
        ..Task::default()
    }
}

/// A cloud that a test changes as it needs.
pub(in crate::aws::action) struct World {
    pub(in crate::aws::action) services: Vec<Service>,
    pub(in crate::aws::action) tasks: Vec<Task>,
    pub(in crate::aws::action) stopped: Vec<Task>,
    pub(in crate::aws::action) healthy: usize,
    pub(in crate::aws::action) target: Option<ScalableTarget>,
    pub(in crate::aws::action) now: i64,
    pub(in crate::aws::action) plugin: bool,
    pub(in crate::aws::action) store: Store,
}

impl World {
    /// `web` with three tasks, `celery-worker` with one, autoscaling of `web` within 2-6.
    pub(in crate::aws::action) fn calm() -> Self {
        let worker = Service {
            name: "celery-worker".into(),
            arn: "arn:aws:ecs:r:1:service/production-nextcore/celery-worker".into(),
            desired: 1,
            running: 1,
            target_groups: Vec::new(),
            ..web()
        };
        Self {
            services: vec![web(), worker],
            tasks: vec![task("aaaa1", "web", 1), task("aabb2", "web", 2), task("cccc3", "web", 3), task("dddd4", "celery-worker", 4)],
            stopped: Vec::new(),
            healthy: 3,
            target: Some(ScalableTarget { service: "web".into(), min: 2, max: 6, ..ScalableTarget::default() }),
            now: 0,
            plugin: true,
            store: Store::default(),
        }
    }

    pub(in crate::aws::action) fn web(&mut self) -> &mut Service {
        &mut self.services[0]
    }

    pub(in crate::aws::action) fn put<T: Section>(&mut self, value: T) {
        self.store.put(value, at(self.now), Duration::from_secs(5));
    }

    /// Looks at it as it is now.
    pub(in crate::aws::action) fn see<T>(&mut self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let targets = (1..=3_u8).map(|n| Target {
            id: format!("10.0.11.{n}"),
            state: if usize::from(n) <= self.healthy { "healthy" } else { "unhealthy" }.into(),
            ..Target::default()
        });
        let groups = [(GROUP.to_owned(), targets.collect())].into();
        self.put(Targets { groups });
        self.put(Services { services: self.services.clone(), missing: Vec::new() });
        self.put(Tasks { tasks: self.tasks.clone() });
        self.put(StoppedTasks { tasks: self.stopped.clone() });
        self.put(Scaling { targets: self.target.clone().into_iter().collect() });
        let stack = Stack { cluster: "production-nextcore".into(), region: "ap-southeast-2".into(), ..Stack::default() };
        look(&Facts { store: &self.store, stack: &stack, now: at(self.now), has_session_plugin: self.plugin })
    }
}

pub(in crate::aws::action) fn request(line: &str) -> Request {
    parse(&words(line)).unwrap()
}

/// The texts of a verdict.
pub(in crate::aws::action) fn verdicts(draft: &Draft, verdict: Verdict) -> Vec<&str> {
    draft.checks.iter().filter(|c| c.verdict == verdict).map(|c| c.text.as_str()).collect()
}

/// What an action would do in this world.
pub(in crate::aws::action) fn plan_of<A: Action>(world: &mut World, line: &str) -> Result<(Draft, A::Params), Refusal> {
    world.see(|f| A::draft(f, &request(line)))
}

/// A run that was sent at 0, with the id of what the answer says was made.
pub(in crate::aws::action) fn sent<A: Action>(world: &mut World, line: &str, made: Option<&str>) -> Run {
    run_of(&request(line), plan_of::<A>(world, line).unwrap(), made, at(0))
}

/// One look at a run.
pub(in crate::aws::action) fn look<A: Action>(world: &mut World, run: &Run) -> Sight {
    world.see(|f| A::sight(f, run, A::Params::of(&run.plan.params).unwrap()))
}

/// The states of the steps, as letters: d(one), g(oing), t(odo), f(ailed).
pub(in crate::aws::action) fn states(sight: &Sight) -> String {
    let letter = |state| match state {
        StepState::Done => 'd',
        StepState::Doing => 'g',
        StepState::Todo => 't',
        StepState::Failed => 'f',
    };
    sight.steps.iter().map(|s| letter(s.state)).collect()
}
