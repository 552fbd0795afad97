//! Stores in every state that a pane can be in, made by hand, at one fixed moment. For pane snapshots and frame benchmarks.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::too_many_arguments,
    reason = "test data is known to be there"
)]

use nextcore_core::model::system::System;
use std::sync::Arc;
use std::time::Duration;

use nextcore_core::insight::{Event, Judgement, NodeId, judge};
use nextcore_core::model::Time;
use nextcore_core::model::alarm::{Alarm, AlarmChange, AlarmHistory, Alarms};
use nextcore_core::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, Targets};
use nextcore_core::model::cache::{CacheEvents, CacheMember, CacheNode, CacheNodes, DataEvent, NodeGroup, ReplicationGroup};
use nextcore_core::model::database::{Database, DatabaseEvents, DatabaseSettings};
use nextcore_core::model::health::Level;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::log::{LogEvent, LogGroup, LogTail};
use nextcore_core::model::metric::{Metrics, Series};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::scaling::{ScalableTarget, Scaling, ScalingActivities, ScalingActivity, ScalingPolicy};
use nextcore_core::model::section::{Problem, ProblemKind, SectionKey};
use nextcore_core::model::service::{
    Cluster, Container, Deployment, Registration, Service, ServiceDeployment, ServiceDeployments, ServiceEvent, Services, StoppedTasks,
    Task, TaskDefinition, TaskDefinitions, Tasks,
};
use nextcore_core::model::stack::{ServiceRole, ServiceSpec, Stack};
use nextcore_core::model::store::Store;
use nextcore_core::session::{Msg, Session, SessionOptions, update};

#[path = "fixture_systems.rs"]
mod systems;

/// The moment of every fixture.
pub(crate) fn now() -> Time {
    chrono::DateTime::from_timestamp(1_764_158_464, 0).expect("a valid time")
}

fn ago(seconds: i64) -> Time {
    now() - chrono::TimeDelta::seconds(seconds)
}

const LB: &str = "arn:aws:elasticloadbalancing:ap-southeast-2:111122223333";

fn group_arn(name: &str) -> String {
    format!("{LB}:targetgroup/{name}/73e2d6bc24d8a067")
}

/// One fixture: a stack, its store and what is judged of it.
pub(crate) struct World {
    /// The stack.
    pub(crate) stack: Stack,
    /// The store.
    pub(crate) store: Store,
    /// The judgement.
    pub(crate) judgement: Judgement,
}

impl World {
    /// With what insight says of it.
    fn judged(mut self) -> Self {
        self.judgement = judged(&self);
        self
    }

    /// A session that has seen this world.
    pub(crate) fn session(self, size: (u16, u16)) -> Session {
        let mut session = Session::new(SessionOptions { stack: self.stack, mode: Mode::Safe, simulated: true, size, now: now() });
        update(&mut session, Msg::Tick(now()));
        update(&mut session, Msg::Observed(Arc::new(self.store), self.judgement));
        session
    }
}

const FAST: Duration = Duration::from_secs(5);

/// Everything is as it should be.
pub(crate) fn healthy() -> World {
    let stack = Stack::default();
    let mut store = Store::default();
    store.put(
        Identity { account: "111122223333".into(), arn: "arn:aws:sts::111122223333:assumed-role/OnCall/maya".into() },
        ago(60),
        Duration::from_mins(15),
    );
    put_balancer(&mut store);
    put_services(&mut store, &stack);
    put_cache(&mut store);
    put_database(&mut store);
    put_alarms(&mut store);
    put_logs(&mut store, 400);
    let group = LogGroup {
        name: stack.log_group.clone(),
        arn: "arn:aws:logs:ap-southeast-2:111122223333:log-group:/ecs/production-nextcore".into(),
        retention_days: Some(30),
        ..LogGroup::default()
    };
    store.put(group, ago(200), Duration::from_mins(15));
    put_metrics(&mut store, &stack);
    systems::put(&mut store, &stack);
    store.usage.calls_per_min = 61.0;
    store.usage.dollars_per_month = 21.0;
    World { stack, store, judgement: Judgement::default() }.judged()
}

/// A new revision of the web portal is being rolled out.
pub(crate) fn deploying() -> World {
    let mut world = healthy();
    let mut services = world.store.get::<Services>().cloned().expect("services");
    if let Some(web) = services.services.get_mut(1) {
        let mut old = web.deployments.remove(0);
        old.status = "ACTIVE".into();
        web.deployments = vec![deployment("web", 119, "PRIMARY", "IN_PROGRESS", 2, 1, 100), old];
        web.running = 3;
        web.pending = 1;
    }
    world.store.put(services, ago(2), FAST);
    put_rolling(&mut world.store);
    systems::deploying(&mut world.store);
    world.judged()
}

/// What a rolling deployment leaves behind everywhere: targets that come and go, long lists, metrics of every spacing.
fn put_rolling(store: &mut Store) {
    let mut targets = store.get::<Targets>().cloned().expect("targets");
    let web = targets.groups.get_mut(&group_arn("production-nextcore-web")).expect("the group of web");
    for (state, reason, ip) in
        [("initial", "Elb.RegistrationInProgress", "10.0.11.150"), ("draining", "Target.DeregistrationInProgress", "10.0.13.77")]
    {
        let mut target = web[0].clone();
        (target.id, target.state, target.reason) = (ip.into(), state.into(), Some(reason.into()));
        web.push(target);
    }
    store.put(targets, ago(2), FAST);
    let mut services = store.get::<Services>().cloned().expect("services");
    let web = services.services.get_mut(1).expect("web");
    let event =
        |s: i64, text: &str| ServiceEvent { id: format!("rolling-{s}"), at: Some(ago(s)), message: format!("(service web) {text}") };
    let mut events: Vec<ServiceEvent> =
        (0..12).map(|i| event(5 + i * 9, "registered 1 targets in (target-group arn:aws:elasticloadbalancing:web)")).collect();
    events.append(&mut web.events);
    web.events = events;
    store.put(services, ago(2), FAST);
    let mut deployments = store.get::<ServiceDeployments>().cloned().expect("deployments");
    let last = deployments.deployments.iter().find(|d| d.service == "web").cloned().expect("a deployment of web");
    deployments.deployments.extend((1..9).map(|i| ServiceDeployment {
        arn: format!("{}-{i}", last.arn),
        started_at: Some(ago(100_000 * i)),
        finished_at: Some(ago(100_000 * i - 170)),
        ..last.clone()
    }));
    store.put(deployments, ago(10), Duration::from_secs(30));
    let changes = (0..9).map(|i| AlarmChange {
        name: format!(
            "TargetTracking-service/production-nextcore/{}-AlarmLow-1f2e3d4c-5b6a-4789-8abc-0d1e2f3a4b{i:02}",
            ["control-plane", "web", "celery-worker"][i as usize % 3]
        ),
        at: Some(ago(2000 + 700 * i)),
        kind: "StateUpdate".into(),
        summary: if i == 3 { "Alarm updated from INSUFFICIENT_DATA to OK" } else { "Alarm updated from OK to ALARM" }.into(),
    });
    store.put(AlarmHistory { changes: changes.collect() }, ago(40), Duration::from_mins(1));
    let mut tail = store.get::<LogTail>().cloned().expect("logs");
    for event in tail.events.iter_mut().filter(|e| e.message.starts_with("Task ")) {
        event.message = format!("[2025-11-26 12:01:02,123: INFO/ForkPoolWorker-1] {}", event.message);
    }
    store.put(tail, ago(2), FAST);
    let mut metrics = store.get::<Metrics>().cloned().expect("metrics");
    let credits = metrics.series.get_mut("db/credits").expect("credits");
    // Published every five minutes, and asked for ten minutes ago.
    let last = now().timestamp() - 600;
    credits.points.retain(|p| p.0 % 300 == 0 && p.0 <= last);
    let errors = metrics.series.get_mut("alb/elb5xx").expect("errors");
    *errors = Series { points: Vec::new(), zero_fill: true, every: 0 };
    store.put(metrics, ago(20), Duration::from_mins(1));
}

/// The database fails over, the web portal loses a target, an alarm fires.
pub(crate) fn incident() -> World {
    let mut world = healthy();
    let mut db = world.store.get::<Database>().cloned().expect("database");
    db.status = "rebooting".into();
    world.store.put(db, ago(2), FAST);
    let mut targets = world.store.get::<Targets>().cloned().expect("targets");
    if let Some(target) = targets.groups.get_mut(&group_arn("production-nextcore-web")).and_then(|g| g.get_mut(1)) {
        target.state = "unhealthy".into();
        target.reason = Some("Target.Timeout".into());
        target.description = Some("Request timed out".into());
    }
    for target in targets.groups.get_mut(&group_arn("production-nextcore-api")).into_iter().flatten() {
        target.state = "unhealthy".into();
        target.reason = Some("Target.ResponseCodeMismatch".into());
        target.description = Some("Health checks failed with these codes: [503]".into());
    }
    world.store.put(targets, ago(2), FAST);
    let mut alarms = world.store.get::<Alarms>().cloned().expect("alarms");
    if let Some(alarm) = alarms.alarms.iter_mut().find(|a| a.name.contains("5xx")) {
        alarm.state = "ALARM".into();
        alarm.since = Some(ago(72));
        alarm.reason = "Threshold Crossed: 1 datapoint [412.0 (26/11/25 11:59:00)] was greater than the threshold (50.0).".into();
    }
    world.store.put(alarms, ago(2), FAST);
    let mut metrics = world.store.get::<Metrics>().cloned().expect("metrics");
    for (id, value) in [
        ("alb/target5xx", 4120.0),
        ("db/connections", 3.0),
        ("alb/p95", 4.8),
        ("tg/production-nextcore-api/5xx", 3900.0),
        ("tg/production-nextcore-api/p95", 9.1),
    ] {
        if let Some(series) = metrics.series.get_mut(id) {
            let at = series.points.last().map_or(0, |p| p.0);
            series.merge([(at, value)], 180);
        }
    }
    world.store.put(metrics, ago(20), Duration::from_mins(1));
    systems::incident(&mut world.store);
    world.judged()
}

/// Nothing has answered yet.
pub(crate) fn loading() -> World {
    let mut store = Store::default();
    for key in keys() {
        store.entry_mut(SectionKey(key)).asked_at = Some(ago(12));
    }
    World { stack: Stack::default(), store, judgement: Judgement::default() }.judged()
}

/// No section may be read.
pub(crate) fn denied() -> World {
    let mut world = loading();
    for (key, permission) in PERMISSIONS.iter().chain(systems::PERMISSIONS) {
        let problem = Problem {
            kind: ProblemKind::Denied,
            headline: format!("{permission}: access denied"),
            hint: "attach the policy that `nextcore-top iam-policy` prints".into(),
            permission: Some((*permission).into()),
        };
        world.store.fail(SectionKey(key), problem, ago(10));
    }
    world.judged()
}

/// Nothing could ever be read, for another reason.
pub(crate) fn failed() -> World {
    let mut world = loading();
    for key in keys() {
        let problem = Problem {
            kind: ProblemKind::Offline,
            headline: "cannot reach ecs.ap-southeast-2.amazonaws.com".into(),
            hint: "check the network or --endpoint-url".into(),
            permission: None,
        };
        world.store.fail(SectionKey(key), problem, ago(10));
        world.store.entry_mut(SectionKey(key)).next_at = Some(now() + chrono::TimeDelta::seconds(8));
    }
    world.judged()
}

/// The credentials expired three minutes ago.
pub(crate) fn stale() -> World {
    let mut world = healthy();
    for key in keys() {
        let problem = Problem {
            kind: ProblemKind::Credentials,
            headline: "the credentials have expired".into(),
            hint: "run `aws sso login --profile oncall`".into(),
            permission: None,
        };
        world.store.fail(SectionKey(key), problem, ago(180));
        world.store.entry_mut(SectionKey(key)).at = Some(ago(192));
        world.store.entry_mut(SectionKey(key)).interval = FAST;
    }
    world.judged()
}

/// Answered, and there is nothing.
pub(crate) fn empty() -> World {
    let stack = Stack::default();
    let mut store = Store::default();
    let mut services = Services::default();
    services.services.push(Service { name: "web".into(), status: "ACTIVE".into(), ..Service::default() });
    services.missing.push(("control-plane".into(), "MISSING".into()));
    store.put(services, ago(2), FAST);
    store.put(Balancer { state: "active".into(), ..Balancer::default() }, ago(2), FAST);
    store.put(Routing::default(), ago(2), FAST);
    store.put(Targets::default(), ago(2), FAST);
    store.put(Tasks::default(), ago(2), FAST);
    store.put(StoppedTasks::default(), ago(2), FAST);
    store.put(ServiceDeployments::default(), ago(2), FAST);
    store.put(Scaling::default(), ago(2), FAST);
    store.put(ScalingActivities::default(), ago(2), FAST);
    store.put(ReplicationGroup { status: "available".into(), ..ReplicationGroup::default() }, ago(2), FAST);
    store.put(CacheNodes::default(), ago(2), FAST);
    store.put(CacheEvents::default(), ago(2), FAST);
    store.put(Database { status: "available".into(), ..Database::default() }, ago(2), FAST);
    store.put(DatabaseEvents::default(), ago(2), FAST);
    store.put(DatabaseSettings::default(), ago(2), FAST);
    store.put(Alarms::default(), ago(2), FAST);
    store.put(AlarmHistory::default(), ago(2), FAST);
    store.put(LogTail::default(), ago(2), FAST);
    store.put(Metrics::default(), ago(2), FAST);
    systems::empty(&mut store, &stack);
    World { stack, store, judgement: Judgement::default() }.judged()
}

/// Fifty services, a thousand tasks, a hundred thousand log lines.
pub(crate) fn huge() -> World {
    sized(50, 1000)
}

/// So many services and tasks, and a hundred thousand log lines.
pub(crate) fn sized(services: usize, tasks: usize) -> World {
    let mut world = healthy();
    world.stack.services = (0..services).map(|i| ServiceSpec { name: format!("service-{i:02}"), role: ServiceRole::Worker }).collect();
    put_services(&mut world.store, &world.stack);
    let tasks = (0..tasks).map(|i| task(&format!("service-{:02}", i % services), i, "abc".as_bytes()[i % 3] as char)).collect();
    let mut tasks = Tasks { tasks };
    tasks.tasks.sort_by(|a, b| (&a.service, &a.zone, &a.arn).cmp(&(&b.service, &b.zone, &b.arn)));
    world.store.put(tasks, ago(2), FAST);
    put_logs(&mut world.store, 100_000);
    put_metrics(&mut world.store, &world.stack);
    let mut known = world.store.get::<Services>().cloned().expect("services");
    if let Some(service) = known.services.get_mut(7) {
        service.running -= 1;
    }
    world.store.put(known, ago(2), FAST);
    world.judged()
}

const KEYS: &[&str] = &[
    "identity",
    "balancer",
    "routing",
    "targets",
    "services",
    "tasks",
    "stopped_tasks",
    "deployments",
    "scaling",
    "scaling_activities",
    "cluster",
    "cache",
    "cache_nodes",
    "cache_events",
    "database",
    "database_events",
    "database_settings",
    "alarms",
    "alarm_history",
    "metrics",
    "logs",
];

const PERMISSIONS: &[(&str, &str)] = &[
    ("balancer", "elasticloadbalancing:DescribeLoadBalancers"),
    ("routing", "elasticloadbalancing:DescribeListeners"),
    ("targets", "elasticloadbalancing:DescribeTargetHealth"),
    ("services", "ecs:DescribeServices"),
    ("tasks", "ecs:DescribeTasks"),
    ("stopped_tasks", "ecs:ListTasks"),
    ("deployments", "ecs:ListServiceDeployments"),
    ("scaling", "application-autoscaling:DescribeScalableTargets"),
    ("scaling_activities", "application-autoscaling:DescribeScalingActivities"),
    ("cache", "elasticache:DescribeReplicationGroups"),
    ("cache_nodes", "elasticache:DescribeCacheClusters"),
    ("cache_events", "elasticache:DescribeEvents"),
    ("database", "rds:DescribeDBInstances"),
    ("database_events", "rds:DescribeEvents"),
    ("alarms", "cloudwatch:DescribeAlarms"),
    ("alarm_history", "cloudwatch:DescribeAlarmHistory"),
    ("metrics", "cloudwatch:GetMetricData"),
    ("logs", "logs:FilterLogEvents"),
];

/// Every section that is asked for.
fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().copied().chain(systems::PERMISSIONS.iter().map(|p| p.0))
}

/// What insight says of it, with a timeline of some days.
fn judged(world: &World) -> Judgement {
    let mut judgement = judge(&world.store, &world.stack, now());
    judgement.timeline.clear();
    let event = |s, node: &str, level, text: &str| Event { at: ago(s), node: node.parse().unwrap(), level, text: text.into() };
    if judgement.of(&NodeId::of(System::Nat)).is_some_and(|v| v.level == Level::Down) {
        judgement.timeline.extend([
            event(48, "alarms", Level::Degraded, "production-nextcore-alb-5xx OK → ALARM"),
            event(66, "svc/control-plane", Level::Down, "targets 2/2 → 0/2 healthy (Target.ResponseCodeMismatch)"),
            event(72, "db", Level::Degraded, "Multi-AZ instance failover started."),
        ]);
    }
    judgement.timeline.extend([
        event(1900, "svc/celery-worker", Level::Info, "autoscaling set the desired count from 4 to 3"),
        event(2400, "svc/celery-worker", Level::Info, "stopped 1 task"),
        event(11_300, "svc/control-plane", Level::Healthy, "deployment completed"),
        event(11_420, "svc/control-plane", Level::Info, "started 2 tasks"),
        event(11_470, "svc/control-plane", Level::Info, "deployment of control-plane:118 began"),
        event(40_000, "db", Level::Info, "Finished DB Instance backup"),
        event(40_180, "db", Level::Info, "Backing up DB instance"),
        event(88_000, "redis", Level::Healthy, "Failover complete: production-nextcore-redis-0001-002 is primary"),
    ]);
    judgement
}

fn put_balancer(store: &mut Store) {
    let balancer = Balancer {
        arn: format!("{LB}:loadbalancer/app/production-nextcore/50dc6c495c0c9188"),
        name: "production-nextcore".into(),
        dns_name: "production-nextcore-1234567890.ap-southeast-2.elb.amazonaws.com".into(),
        state: "active".into(),
        scheme: "internet-facing".into(),
        kind: "application".into(),
        vpc: "vpc-0a1b2c3d4e5f60718".into(),
        hosted_zone: "Z1GM3OXH4ZPM65".into(),
        zones: ["a", "b", "c"].map(|z| (format!("ap-southeast-2{z}"), format!("subnet-public-{z}"))).to_vec(),
        security_groups: vec!["sg-0alb".into()],
        ..Balancer::default()
    };
    store.put(balancer, ago(3), FAST);
    let group = |name: &str, port, path: &str| TargetGroup {
        arn: group_arn(name),
        name: name.into(),
        port,
        target_type: "ip".into(),
        health_path: path.into(),
        health_interval: 30,
        matcher: "200".into(),
        ..TargetGroup::default()
    };
    let rule = |priority: &str, paths: &[&str], name: &str| Rule {
        priority: priority.into(),
        paths: paths.iter().map(|p| (*p).into()).collect(),
        target_groups: vec![group_arn(name)],
    };
    let listeners = vec![
        Listener {
            arn: format!("{LB}:listener/80"),
            port: 80,
            protocol: "HTTP".into(),
            default_action: "redirect → HTTPS:443 HTTP_301".into(),
            ..Listener::default()
        },
        Listener {
            arn: format!("{LB}:listener/443"),
            port: 443,
            protocol: "HTTPS".into(),
            default_action: "forward → production-nextcore-web".into(),
            rules: vec![rule("10", &["/api/*"], "production-nextcore-api"), rule("default", &[], "production-nextcore-web")],
            certificates: vec!["arn:aws:acm:ap-southeast-2:111122223333:certificate/0a1b2c3d".into()],
            ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".into()),
        },
    ];
    let target_groups = vec![group("production-nextcore-api", 8000, "/api/health/"), group("production-nextcore-web", 3000, "/health")];
    store.put(Routing { listeners, target_groups }, ago(30), Duration::from_mins(1));
    let target = |ip: &str, port, zone: &str| Target {
        id: ip.into(),
        port,
        zone: format!("ap-southeast-2{zone}"),
        state: "healthy".into(),
        ..Target::default()
    };
    let groups = [
        (group_arn("production-nextcore-api"), vec![target("10.0.11.10", 8000, "a"), target("10.0.12.11", 8000, "b")]),
        (group_arn("production-nextcore-web"), vec![target("10.0.11.20", 3000, "a"), target("10.0.12.21", 3000, "b")]),
    ];
    store.put(Targets { groups: groups.into() }, ago(2), FAST);
}

fn deployment(service: &str, revision: i32, status: &str, state: &str, desired: i32, running: i32, age: i64) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{revision}"),
        status: status.into(),
        rollout_state: state.into(),
        rollout_reason: String::new(),
        task_definition: format!("arn:aws:ecs:ap-southeast-2:111122223333:task-definition/{service}:{revision}"),
        desired,
        running,
        pending: desired - running,
        failed: 0,
        created_at: Some(ago(age)),
        updated_at: Some(ago(age)),
    }
}

fn task(service: &str, i: usize, zone: char) -> Task {
    let subnet = zone as u32 - 'a' as u32 + 11;
    Task {
        arn: format!("arn:aws:ecs:ap-southeast-2:111122223333:task/production-nextcore/{i:04x}9f8e7d6c5b4a39281706f5e4d3c2{i:04x}"),
        service: service.into(),
        status: "RUNNING".into(),
        desired_status: "RUNNING".into(),
        health: "HEALTHY".into(),
        zone: format!("ap-southeast-2{zone}"),
        task_definition: format!("arn:aws:ecs:ap-southeast-2:111122223333:task-definition/{service}:118"),
        ip: Some(format!("10.0.{subnet}.{}", 10 + i)),
        created_at: Some(ago(273_900)),
        started_at: Some(ago(273_860)),
        containers: vec![Container {
            name: service.into(),
            status: "RUNNING".into(),
            image_digest: Some(systems::digest("9f8e7d6")),
            ..Container::default()
        }],
        ..Task::default()
    }
}

fn put_services(store: &mut Store, stack: &Stack) {
    let (mut services, mut tasks, mut scaling) = (Services::default(), Tasks::default(), Scaling::default());
    let mut deployments = ServiceDeployments::default();
    let mut definitions = TaskDefinitions::default();
    for (i, spec) in stack.services.iter().enumerate() {
        let desired = if spec.role == ServiceRole::Worker { 3 } else { 2 };
        let group = match spec.role {
            ServiceRole::ControlPlane => Some("production-nextcore-api"),
            ServiceRole::Web => Some("production-nextcore-web"),
            ServiceRole::Worker => None,
        };
        let age = [273_600, 43_200, 33_120].get(i).copied().unwrap_or(86_400);
        let current = deployment(&spec.name, 118, "PRIMARY", "COMPLETED", desired, desired, age);
        let event = |s: i64, n: usize, text: &str| ServiceEvent {
            id: format!("{n}"),
            at: Some(ago(s)),
            message: format!("(service {}) {text}", spec.name),
        };
        let port = if spec.role == ServiceRole::Web { 3000 } else { 8000 };
        let registration = group.map(|g| Registration { target_group: group_arn(g), container: spec.name.clone(), port });
        services.services.push(Service {
            name: spec.name.clone(),
            role: Some(spec.role),
            registrations: registration.into_iter().collect(),
            controller: "ECS".into(),
            subnets: ["a", "b", "c"].map(|z| format!("subnet-private-{z}")).to_vec(),
            security_groups: vec!["sg-0ecs".into()],
            arn: format!("arn:aws:ecs:ap-southeast-2:111122223333:service/production-nextcore/{}", spec.name),
            status: "ACTIVE".into(),
            desired,
            running: desired,
            task_definition: current.task_definition.clone(),
            launch_type: "FARGATE".into(),
            platform_version: "1.4.0".into(),
            exec_enabled: true,
            grace_period: Some(60),
            target_groups: group.map(group_arn).into_iter().collect(),
            assign_public_ip: "DISABLED".into(),
            circuit_breaker: Some((true, true)),
            minimum_healthy: Some(100),
            maximum: Some(200),
            strategy: "ROLLING".into(),
            events: vec![
                event(1200, 1, "has reached a steady state."),
                event(22_800, 2, "has reached a steady state."),
                event(age - 60, 3, "(deployment ecs-svc/118) deployment completed."),
                event(age - 20, 4, "has started 2 tasks: (task 5f1c0d8e7b6a4f3c9d2e1f0a8b7c6d5e) (task 0a1b2c3d4e5f60718293a4b5c6d7e8f9)."),
            ],
            deployments: vec![current],
            ..Service::default()
        });
        for n in 0..desired as usize {
            let mut task = task(&spec.name, i * 10 + n, ['a', 'b', 'c'][n % 3]);
            task.ip = Some(format!("10.0.{}.{}", 11 + n, (i + 1) * 10 + n));
            tasks.tasks.push(task);
        }
        let policy = |metric: &str, target| ScalingPolicy {
            name: metric.into(),
            kind: "TargetTrackingScaling".into(),
            metric: metric.into(),
            target: Some(target),
            ..ScalingPolicy::default()
        };
        scaling.targets.push(ScalableTarget {
            service: spec.name.clone(),
            min: desired,
            max: desired * 3,
            policies: vec![policy("ECSServiceAverageCPUUtilization", 70.0), policy("ECSServiceAverageMemoryUtilization", 80.0)],
            ..ScalableTarget::default()
        });
        deployments.deployments.push(ServiceDeployment {
            arn: format!("arn:aws:ecs:ap-southeast-2:111122223333:service-deployment/production-nextcore/{}/Ab3dEf", spec.name),
            service: spec.name.clone(),
            status: "SUCCESSFUL".into(),
            created_at: Some(ago(age + 170)),
            started_at: Some(ago(age + 160)),
            finished_at: Some(ago(age)),
            target_revision: format!(
                "arn:aws:ecs:ap-southeast-2:111122223333:service-revision/production-nextcore/{}/4980306466373577095",
                spec.name
            ),
            breaker: Some(("MONITORING_COMPLETE".into(), 0, 3)),
            ..ServiceDeployment::default()
        });
        let arn = format!("arn:aws:ecs:ap-southeast-2:111122223333:task-definition/{}:118", spec.name);
        let repository = stack.repositories.iter().find(|r| r.role == spec.role).map_or("?", |r| r.name.as_str());
        let image = format!("111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/{repository}:9f8e7d6");
        let web = spec.role == ServiceRole::Web;
        let secret = |name: &str, of: &str| {
            (name.to_owned(), format!("arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:production-nextcore/{of}-AbCdEf"))
        };
        let definition = TaskDefinition {
            arn: arn.clone(),
            cpu: if web { "512" } else { "1024" }.into(),
            memory: if web { "1024" } else { "2048" }.into(),
            ports: if spec.role == ServiceRole::Worker { Vec::new() } else { vec![port] },
            log_driver: Some("awslogs".into()),
            log_group: Some(stack.log_group.clone()),
            log_prefix: Some(spec.name.clone()),
            task_role: Some("arn:aws:iam::111122223333:role/production-nextcore-ecs-task".into()),
            execution_role: Some("arn:aws:iam::111122223333:role/production-nextcore-ecs-execution".into()),
            secrets: vec![
                secret("DATABASE_URL", "database_url"),
                secret("DJANGO_SECRET_KEY", "django_secret_key"),
                secret("REDIS_URL", "redis_url"),
            ],
            images: vec![(spec.name.clone(), image)],
            ..TaskDefinition::default()
        };
        definitions.definitions.insert(arn, definition);
    }
    let mut stopped = task("celery-worker", 77, 'c');
    stopped.status = "STOPPED".into();
    stopped.stopped_at = Some(ago(2400));
    stopped.stopped_reason = Some("Scaling activity initiated by (deployment ecs-svc/118)".into());
    store.put(StoppedTasks { tasks: vec![stopped] }, ago(9), Duration::from_secs(30));
    store.put(
        Cluster {
            name: stack.cluster.clone(),
            status: "ACTIVE".into(),
            running: 7,
            services: 3,
            settings: [("containerInsights".to_owned(), "enabled".to_owned())].into(),
            ..Cluster::default()
        },
        ago(20),
        Duration::from_mins(1),
    );
    store.put(services, ago(2), FAST);
    store.put(tasks, ago(2), FAST);
    store.put(scaling, ago(30), Duration::from_mins(1));
    store.put(deployments, ago(10), Duration::from_secs(30));
    store.put(definitions, ago(100), Duration::from_mins(15));
    let activity = ScalingActivity {
        service: "celery-worker".into(),
        started_at: Some(ago(1900)),
        ended_at: Some(ago(1870)),
        status: "Successful".into(),
        description: "Setting desired count to 3.".into(),
        cause: "monitor alarm TargetTracking-service/production-nextcore/celery-worker-AlarmLow-1f2e in state ALARM triggered policy cpu"
            .into(),
    };
    store.put(ScalingActivities { activities: vec![activity] }, ago(12), Duration::from_secs(30));
}

fn put_cache(store: &mut Store) {
    let member = |shard: &str, n: &str, zone: &str| CacheMember {
        id: format!("production-nextcore-redis-{shard}-{n}"),
        zone: format!("ap-southeast-2{zone}"),
        role: Some(if n == "001" { "primary" } else { "replica" }.into()),
    };
    let shard = |id: &str, slots: &str, a: &str, b: &str| NodeGroup {
        id: id.into(),
        status: "available".into(),
        slots: slots.into(),
        members: vec![member(id, "001", a), member(id, "002", b)],
    };
    let node_groups = vec![shard("0001", "0-8191", "a", "b"), shard("0002", "8192-16383", "b", "a")];
    let nodes = node_groups.iter().flat_map(|g| &g.members);
    let nodes = nodes.map(|m| CacheNode {
        id: m.id.clone(),
        status: "available".into(),
        engine: "redis".into(),
        version: "7.0.7".into(),
        zone: m.zone.clone(),
        ..CacheNode::default()
    });
    store.put(CacheNodes { nodes: nodes.collect() }, ago(4), FAST);
    let group = ReplicationGroup {
        id: "production-nextcore-redis".into(),
        status: "available".into(),
        cluster_enabled: true,
        multi_az: "enabled".into(),
        automatic_failover: "enabled".into(),
        auth_token: true,
        transit_encryption: true,
        at_rest_encryption: true,
        node_type: "cache.t3.medium".into(),
        kms_key: None,
        endpoint: Some("clustercfg.production-nextcore-redis.abc123.apse2.cache.amazonaws.com".into()),
        node_groups,
    };
    store.put(group, ago(4), FAST);
    let event = |s, text: &str| DataEvent {
        source: "production-nextcore-redis".into(),
        at: Some(ago(s)),
        message: text.into(),
        categories: Vec::new(),
    };
    let events = vec![
        event(88_000, "Failover to replica node production-nextcore-redis-0001-002 completed"),
        event(88_030, "Test Failover API called for node group 0001"),
    ];
    store.put(CacheEvents { events }, ago(20), Duration::from_secs(30));
}

fn put_database(store: &mut Store) {
    let db = Database {
        id: "production-nextcore-db".into(),
        status: "available".into(),
        engine: "postgres".into(),
        version: "15.7".into(),
        class: "db.t3.large".into(),
        multi_az: true,
        zone: "ap-southeast-2a".into(),
        secondary_zone: Some("ap-southeast-2b".into()),
        latest_restorable: Some(ago(190)),
        allocated_gib: 100,
        storage_type: "gp3".into(),
        encrypted: true,
        backup_retention: 7,
        monitoring_interval: 60,
        monitoring_role: Some("arn:aws:iam::111122223333:role/rds-monitoring-role".into()),
        encryption_type: "sse-kms".into(),
        kms_key: Some("arn:aws:kms:ap-southeast-2:111122223333:key/rds".into()),
        resource_id: Some("db-ABCDEFGHIJKL01234".into()),
        security_groups: vec!["sg-0rds".into()],
        subnets: ["a", "b", "c"].map(|z| (format!("subnet-database-{z}"), format!("ap-southeast-2{z}"))).to_vec(),
        performance_insights: true,
        endpoint: Some("production-nextcore-db.cluster-abc.ap-southeast-2.rds.amazonaws.com".into()),
        parameter_group: Some("production-nextcore-pg15".into()),
        ..Database::default()
    };
    store.put(db, ago(3), FAST);
    let event = |s, text: &str| DataEvent {
        source: "production-nextcore-db".into(),
        at: Some(ago(s)),
        message: text.into(),
        categories: vec!["backup".into()],
    };
    let events = vec![event(40_000, "Finished DB Instance backup"), event(40_180, "Backing up DB instance")];
    store.put(DatabaseEvents { events }, ago(15), Duration::from_secs(30));
    let settings = DatabaseSettings {
        max_connections: None,
        maintenance: vec!["system-update: New Operating System update is available".into()],
        earliest_restorable: Some(ago(604_800)),
        allowed_extensions: None,
    };
    store.put(settings, ago(900), Duration::from_hours(1));
}

fn put_alarms(store: &mut Store) {
    let alarm = |name: &str, metric: &str, threshold, since| Alarm {
        name: name.into(),
        state: "OK".into(),
        reason: "Threshold Crossed: 1 datapoint was not greater than the threshold.".into(),
        since: Some(ago(since)),
        actions_enabled: true,
        actions: vec!["arn:aws:sns:ap-southeast-2:111122223333:oncall".into()],
        namespace: "AWS/ECS".into(),
        metric: metric.into(),
        threshold: Some(threshold),
        comparison: "GreaterThanThreshold".into(),
        period: Some(60),
        periods: Some(3),
        ..Alarm::default()
    };
    let mut alarms = vec![
        alarm("production-nextcore-control-plane-cpu-high", "CPUUtilization", 80.0, 273_000),
        alarm("production-nextcore-control-plane-memory-high", "MemoryUtilization", 85.0, 273_000),
        alarm("production-nextcore-alb-5xx", "HTTPCode_Target_5XX_Count", 50.0, 90_000),
        alarm("production-nextcore-db-cpu-high", "CPUUtilization", 80.0, 500_000),
    ];
    for service in ["control-plane", "web", "celery-worker"] {
        let mut low = alarm(&format!("TargetTracking-service/production-nextcore/{service}-AlarmLow-1f2e"), "CPUUtilization", 63.0, 20_000);
        low.state = "ALARM".into();
        low.comparison = "LessThanThreshold".into();
        alarms.push(low);
    }
    store.put(Alarms { alarms }, ago(6), Duration::from_secs(15));
    let change = AlarmChange {
        name: "production-nextcore-alb-5xx".into(),
        at: Some(ago(90_000)),
        kind: "StateUpdate".into(),
        summary: "Alarm updated from ALARM to OK".into(),
    };
    store.put(AlarmHistory { changes: vec![change] }, ago(40), Duration::from_mins(1));
}

fn put_logs(store: &mut Store, n: u64) {
    const LINES: &[(&str, &str)] = &[
        ("web", "GET /policies 200 41 ms"),
        ("control-plane", "GET /api/policies/?page=2 200 118 ms user=8812"),
        ("control-plane", "WARNING slow query 412 ms policies.search_vector @@ plainto_tsquery"),
        ("celery-worker", "Task documents.embed_document[5f1c0d8e] succeeded in 2.31s"),
        ("web", "GET /_next/static/chunks/main.js 200 3 ms"),
        ("control-plane", "POST /api/documents/ 201 244 ms user=1207"),
        (
            "celery-worker",
            "ERROR Task documents.ocr[0a1b2c3d] raised TimeoutError: deadline of 30 s exceeded while reading page 14 of 212 from s3://production-nextcore-documents/policies/日本語.pdf",
        ),
        ("web", "GET / 200 61 ms"),
    ];
    let events = (0..n)
        .map(|i| {
            let (service, text) = LINES[(i % LINES.len() as u64) as usize];
            LogEvent {
                id: format!("{i}"),
                at: ago((n - i) as i64 / 2),
                stream: format!("{service}/{service}/0009f8e7d6c5b4a3"),
                message: text.into(),
            }
        })
        .collect();
    store.put(LogTail { events, total: n, truncated: false }, ago(2), FAST);
}

fn put_metrics(store: &mut Store, stack: &Stack) {
    let mut metrics = Metrics::default();
    let last = now().timestamp() / 60 * 60 - 120;
    let mut add = |id: String, base: f64, swing: f64| {
        let seed = id.bytes().fold(7_u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        let points = (0..180_i64)
            .map(|m| {
                let noise = (seed.wrapping_mul(m as u64 + 3).wrapping_mul(2_654_435_761) >> 20) % 1000;
                let wave = ((m as f64 + (seed % 60) as f64) / 23.0).sin();
                (last - (179 - m) * 60, (base + swing * (0.6 * wave + 0.4 * (noise as f64 / 500.0 - 1.0))).max(0.0))
            })
            .collect();
        metrics.series.insert(id, Series { points, zero_fill: false, every: 0 });
    };
    let gib = 1_073_741_824.0;
    for (id, base, swing) in [
        ("alb/requests", 50_500.0, 9000.0),
        ("alb/target5xx", 8.0, 6.0),
        ("alb/elb5xx", 0.0, 0.6),
        ("alb/target4xx", 550.0, 120.0),
        ("alb/p50", 0.038, 0.006),
        ("alb/p95", 0.118, 0.02),
        ("alb/p99", 0.402, 0.09),
        ("alb/active", 1240.0, 150.0),
        ("tg/production-nextcore-api/requests", 18_600.0, 3000.0),
        ("tg/production-nextcore-api/5xx", 6.0, 5.0),
        ("tg/production-nextcore-api/p95", 0.142, 0.03),
        ("tg/production-nextcore-web/requests", 31_900.0, 6000.0),
        ("tg/production-nextcore-web/5xx", 2.0, 2.0),
        ("tg/production-nextcore-web/p95", 0.061, 0.01),
        ("db/cpu", 31.0, 9.0),
        ("db/connections", 84.0, 8.0),
        ("db/storage", 62.0 * gib, 0.2 * gib),
        ("db/memory", 2.1 * gib, 0.2 * gib),
        ("db/swap", 0.0, 0.0),
        ("db/read_latency", 0.0004, 0.0002),
        ("db/write_latency", 0.0012, 0.0004),
        ("db/queue", 0.1, 0.1),
        ("db/read_iops", 120.0, 40.0),
        ("db/write_iops", 210.0, 60.0),
        ("db/load", 0.7, 0.3),
        ("db/credits", 560.0, 20.0),
    ] {
        add(id.to_owned(), base, swing);
    }
    for (id, base, swing) in systems::series() {
        add(id, base, swing);
    }
    for (i, spec) in stack.services.iter().enumerate() {
        add(format!("svc/{}/cpu", spec.name), [41.0, 38.0, 22.0][i % 3], 12.0);
        add(format!("svc/{}/mem", spec.name), [63.0, 57.0, 48.0][i % 3], 4.0);
    }
    for shard in ["0001", "0002"] {
        for node in ["001", "002"] {
            let id = format!("redis/production-nextcore-redis-{shard}-{node}");
            let primary = node == "001";
            add(format!("{id}/memory"), if shard == "0001" { 37.0 } else { 35.0 }, 2.0);
            add(format!("{id}/engine"), if primary { 6.0 } else { 2.0 }, 2.0);
            add(format!("{id}/gets"), if primary { 24_000.0 } else { 0.0 }, 4000.0);
            add(format!("{id}/sets"), if primary { 9000.0 } else { 0.0 }, 1500.0);
            add(format!("{id}/connections"), 34.0, 4.0);
            add(format!("{id}/hit_rate"), 96.0, 2.0);
            add(format!("{id}/evictions"), 0.0, 0.0);
            if !primary {
                add(format!("{id}/lag"), 0.2, 0.1);
                add(format!("{id}/link"), 1.0, 0.0);
            }
        }
    }
    store.put(metrics, ago(20), Duration::from_mins(1));
}
