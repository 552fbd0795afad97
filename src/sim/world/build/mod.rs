//! Building the stack as it is when its history begins: everything that physics does not make by itself.
//! Not physics: runs once per world. One file per half of the stack.

mod ecs;
mod past;
mod platform;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::World;
use super::load::Load;
use super::metrics::MetricStore;
use super::names::{KMS_KEY, LOG_GROUP, MIN, Ms, SEC, SERVICES, WEB, arn};
use super::rng::Rngs;
use super::scenario::Planned;
use super::state::{Cluster, Ecs, LogGroup, LogStream, Logs, Scaling, TaskStatus};
use super::traffic::Traffic;

/// The stack of `seed` at `begin`, to be handed over at `start`.
pub(super) fn stack(seed: u64, begin: Ms, start: Ms) -> World {
    let network = platform::network();
    let alb = platform::alb(&network, begin);
    let rds = platform::rds(&network, begin);
    let redis = platform::redis(&network, begin);
    let mut world = World {
        now: begin,
        start,
        seed,
        network,
        ecs: empty_ecs(),
        alb,
        rds,
        redis,
        logs: Logs { groups: BTreeMap::new() },
        alarms: Vec::new(),
        alarm_history: VecDeque::new(),
        scaling: Scaling { targets: BTreeMap::new(), policies: BTreeMap::new(), activities: VecDeque::new() },
        metrics: MetricStore::default(),
        traffic: Traffic::default(),
        load: Load::default(),
        faults: Vec::new(),
        planned: Vec::new(),
        rng: Rngs::new(seed),
    };
    world.logs.groups.insert(LOG_GROUP.to_owned(), log_group(begin));
    for service in SERVICES {
        world.build_service(service);
    }
    world.build_scaling();
    world.build_alarms();
    world.build_past();
    world.seed_streams();
    // A deployment in the history, and one that a newcomer sees begin.
    world.plan(begin + 68 * MIN, Planned::Deploy { service: super::names::CONTROL.into() });
    world.plan(start + 150 * SEC, Planned::Deploy { service: WEB.into() });
    world
}

fn empty_ecs() -> Ecs {
    Ecs {
        cluster: Cluster {
            arn: arn("ecs", format_args!("cluster/{}", super::names::CLUSTER)),
            name: super::names::CLUSTER.into(),
            status: "ACTIVE".into(),
            settings: vec![("containerInsights".into(), "enabled".into())],
            capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".into()],
        },
        services: BTreeMap::new(),
        tasks: BTreeMap::new(),
        task_definitions: BTreeMap::new(),
        service_deployments: Vec::new(),
        service_revisions: Vec::new(),
        images: Vec::new(),
    }
}

fn log_group(begin: Ms) -> LogGroup {
    let log_group_arn = arn("logs", format_args!("log-group:{LOG_GROUP}"));
    LogGroup {
        name: LOG_GROUP.into(),
        arn: format!("{log_group_arn}:*"),
        log_group_arn,
        retention_days: 30,
        kms_key: KMS_KEY.into(),
        created_at: begin - platform::AGE,
        stored_bytes: 1_932_735_283,
        streams: BTreeMap::new(),
        events: VecDeque::new(),
        next_id: 1,
    }
}

impl World {
    /// The streams of the tasks that run when history begins.
    fn seed_streams(&mut self) {
        let Some(group) = self.logs.groups.get_mut(LOG_GROUP) else { return };
        for task in self.ecs.tasks.values().filter(|t| t.last_status == TaskStatus::Running) {
            let name = task.log_stream();
            let since = task.started_at.unwrap_or(self.now);
            let stream = LogStream {
                name: Arc::from(name.as_str()),
                arn: arn("logs", format_args!("log-group:{LOG_GROUP}:log-stream:{name}")),
                created_at: since,
                first_event: Some(since + SEC),
                last_event: Some(self.now - SEC),
                last_ingestion: Some(self.now),
            };
            group.streams.insert(name, stream);
        }
    }
}
