//! Building the stack as it is when its history begins: everything that physics does not make by itself.
//! Not physics: runs once per world. One file per half of the stack.

mod dashboards;
mod delivery;
mod ecs;
mod edge;
mod network;
mod past;
mod platform;
mod security;

pub(super) use dashboards::dashboard_arn;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::World;
use super::load::Load;
use super::metrics::MetricStore;
use super::names::{KMS_KEY, LOG_GROUP, MIN, Ms, OS_METRICS_GROUP, SEC, SERVICES, WEB, arn};
use super::network::Reach;
use super::rng::Rngs;
use super::scenario::Strain;
use super::state::{Cluster, Ecs, LogGroup, LogStream, Logs, Scaling, TaskStatus};
use super::traffic::Traffic;

/// The stack of `seed` at `begin`, to be handed over at `start`.
pub(super) fn stack(seed: u64, begin: Ms, start: Ms) -> World {
    let network = network::network(begin);
    let alb = platform::alb(&network, begin);
    let rds = platform::rds(&network, begin);
    let redis = platform::redis(&network, begin);
    let mut world = World {
        now: begin,
        start,
        seed,
        network,
        reach: Reach::default(),
        dns: edge::dns(&alb, begin),
        cdn: edge::cdn(&alb, begin),
        buckets: edge::buckets(begin),
        ecs: empty_ecs(),
        alb,
        rds,
        redis,
        logs: Logs { groups: BTreeMap::new(), queries: BTreeMap::new() },
        alarms: Vec::new(),
        alarm_history: VecDeque::new(),
        dashboards: dashboards::dashboards(begin),
        iam: security::iam(begin),
        kms: security::kms(begin),
        secrets: security::secrets(begin),
        ecr: delivery::ecr(begin),
        codebuild: delivery::codebuild(begin),
        codepipeline: delivery::codepipeline(begin),
        scaling: Scaling { targets: BTreeMap::new(), policies: BTreeMap::new(), activities: VecDeque::new() },
        metrics: MetricStore::default(),
        traffic: Traffic::default(),
        load: Load::default(),
        faults: Vec::new(),
        strain: Strain::default(),
        planned: Vec::new(),
        rng: Rngs::new(seed),
    };
    world.logs.groups.insert(LOG_GROUP.to_owned(), log_group(begin));
    world.logs.groups.insert(OS_METRICS_GROUP.to_owned(), os_metrics_group(begin));
    world.build_deliveries();
    for service in SERVICES {
        world.build_service(service);
    }
    world.close_past_deliveries();
    world.build_scaling();
    world.build_alarms();
    world.build_past();
    world.seed_streams();
    world.build_storage_past();
    // A deployment in the history, and one that a newcomer sees begin.
    world.plan_release(super::names::CONTROL, begin + 68 * MIN);
    world.plan_release(WEB, start + 150 * SEC);
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
    }
}

fn log_group(begin: Ms) -> LogGroup {
    let log_group_arn = arn("logs", format_args!("log-group:{LOG_GROUP}"));
    LogGroup {
        name: LOG_GROUP.into(),
        arn: format!("{log_group_arn}:*"),
        log_group_arn,
        retention_days: Some(30),
        class: "STANDARD",
        kms_key: Some(KMS_KEY.into()),
        created_at: begin - platform::AGE,
        stored_bytes: 1_932_735_283,
        streams: BTreeMap::new(),
        events: VecDeque::new(),
        next_id: 1,
    }
}

/// The group of Enhanced Monitoring, as RDS itself makes it: thirty days, no key of the owner.
fn os_metrics_group(begin: Ms) -> LogGroup {
    let log_group_arn = arn("logs", format_args!("log-group:{OS_METRICS_GROUP}"));
    LogGroup {
        name: OS_METRICS_GROUP.into(),
        arn: format!("{log_group_arn}:*"),
        log_group_arn,
        retention_days: Some(30),
        kms_key: None,
        stored_bytes: 153_092_417,
        ..log_group(begin)
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
