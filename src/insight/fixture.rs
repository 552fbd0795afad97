//! A store in which the whole seed stack is healthy, and ways to break it: for the tests of insight and of the reports.

use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};

use crate::model::Time;
use crate::model::alarm::{Alarm, Alarms};
use crate::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, Targets};
use crate::model::cache::{CacheEvents, CacheMember, CacheNode, CacheNodes, DataEvent, NodeGroup, ReplicationGroup};
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::log::{LogEvent, LogTail};
use crate::model::metric::{Metrics, Series};
use crate::model::scaling::{ScalableTarget, Scaling};
use crate::model::section::{Problem, ProblemKind, Section, SectionKey};
use crate::model::service::{Deployment, Service, ServiceEvent, Services, StoppedTasks, Task, Tasks};
use crate::model::stack::Stack;
use crate::model::store::Store;

use super::{Judgement, NodeId, Watch, judge};

/// The moment of every test.
pub(crate) fn noon() -> Time {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 30).unwrap()
}

/// `minutes` before the moment.
pub(crate) fn ago(minutes: i64) -> Time {
    noon() - TimeDelta::minutes(minutes)
}

pub(crate) fn arn(group: &str) -> String {
    format!("arn:aws:elasticloadbalancing:ap-southeast-2:1:targetgroup/{group}/0123")
}

/// A stack and a store that tests break.
pub(crate) struct World {
    pub store: Store,
    pub stack: Stack,
    pub now: Time,
}

impl World {
    /// Everything is fetched, fresh and healthy; no metrics.
    pub(crate) fn healthy() -> Self {
        let mut world = Self { store: Store::default(), stack: Stack::default(), now: noon() };
        world.put(balancer());
        world.put(routing());
        world.put(targets());
        world.put(services());
        world.put(tasks());
        world.put(StoppedTasks::default());
        world.put(scaling());
        world.put(cache());
        world.put(cache_nodes());
        world.put(CacheEvents::default());
        world.put(database());
        world.put(DatabaseEvents::default());
        world.put(DatabaseSettings::default());
        world.put(alarms());
        world.put(tail());
        world
    }

    pub(crate) fn put<T: Section>(&mut self, value: T) {
        self.store.put(value, self.now, Duration::from_secs(10));
    }

    /// Changes one section, as a new poll would.
    pub(crate) fn edit<T: Section>(&mut self, change: impl FnOnce(&mut T)) {
        let mut value = self.store.get::<T>().unwrap().clone();
        change(&mut value);
        self.put(value);
    }

    /// The same answer once more.
    pub(crate) fn again<T: Section>(&mut self) {
        self.edit::<T>(|_| {});
    }

    pub(crate) fn service(&mut self, name: &str, change: impl FnOnce(&mut Service)) {
        self.edit::<Services>(|s| change(s.services.iter_mut().find(|s| s.name == name).unwrap()));
    }

    /// A per-minute series whose newest complete minute is the last value.
    pub(crate) fn series(&mut self, id: &str, values: &[f64]) {
        self.points(id, values, false);
    }

    /// A count of which nothing was ever published.
    pub(crate) fn empty_counts(&mut self, id: &str) {
        let mut metrics = self.store.get::<Metrics>().cloned().unwrap_or_default();
        metrics.series.insert(id.to_owned(), Series { points: Vec::new(), zero_fill: true });
        self.put(metrics);
    }

    /// A count: missing minutes are zero.
    pub(crate) fn counts(&mut self, id: &str, values: &[f64]) {
        self.points(id, values, true);
    }

    fn points(&mut self, id: &str, values: &[f64], zero_fill: bool) {
        let mut metrics = self.store.get::<Metrics>().cloned().unwrap_or_default();
        // The newest minute has just begun and is incomplete: it must be ignored.
        let open = self.now.timestamp().div_euclid(60) * 60;
        let mut points: Vec<(i64, f64)> = values.iter().rev().enumerate().map(|(i, v)| (open - 60 * (i as i64 + 1), *v)).rev().collect();
        points.push((open, if id.ends_with("/primary") { values.last().copied().unwrap_or(0.0) } else { 1e12 }));
        metrics.series.insert(id.to_owned(), Series { points, zero_fill });
        self.put(metrics);
    }

    pub(crate) fn fail(&mut self, key: SectionKey, kind: ProblemKind, headline: &str) {
        let permission = (kind == ProblemKind::Denied).then(|| headline.split(": ").next().unwrap_or(headline).to_owned());
        let problem = Problem { kind, headline: headline.to_owned(), hint: String::new(), permission };
        self.store.fail(key, problem, self.now);
    }

    /// Time passes, and every section is polled again without news.
    pub(crate) fn pass(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
        let keys: Vec<SectionKey> = self.store.entries().map(|(key, _)| key).collect();
        for key in keys {
            self.store.entry_mut(key).at = Some(self.now);
        }
    }

    /// As if it had never been answered.
    pub(crate) fn forget(&mut self, key: SectionKey) {
        let entry = self.store.entry_mut(key);
        *entry = crate::model::store::Entry { asked_at: Some(self.now), ..Default::default() };
    }

    pub(crate) fn judge(&self) -> Judgement {
        judge(&self.store, &self.stack, self.now)
    }

    pub(crate) fn observe(&self, watch: &mut Watch) -> Judgement {
        watch.observe(&self.store, &self.stack, self.now)
    }
}

/// The level's word and the first reason of a node.
pub(crate) fn look(judgement: &Judgement, node: &str) -> (&'static str, String) {
    let verdict = judgement.of(&NodeId(node.to_owned())).unwrap();
    (verdict.level.word(), verdict.reasons.first().map(|r| r.text.clone()).unwrap_or_default())
}

/// One case of a table: what breaks, the node, its level, its first reason.
pub(crate) type Case = (&'static str, fn(&mut World), &'static str, &'static str, &'static str);

/// Runs a table of cases against one-shot judgement.
pub(crate) fn run(cases: &[Case]) {
    for (name, breaks, node, level, reason) in cases {
        let mut world = World::healthy();
        breaks(&mut world);
        assert_eq!(look(&world.judge(), node), (*level, (*reason).to_owned()), "case: {name}");
    }
}

fn balancer() -> Balancer {
    let zone = |z: &str| (format!("ap-southeast-2{z}"), format!("subnet-{z}"));
    Balancer { name: "production-nextcore".into(), state: "active".into(), zones: ["a", "b", "c"].map(zone).into(), ..Default::default() }
}

fn routing() -> Routing {
    let rule = |priority: &str, paths: &[&str], group: &str| Rule {
        priority: priority.into(),
        paths: paths.iter().map(|p| (*p).to_owned()).collect(),
        target_groups: vec![arn(group)],
    };
    let rules = vec![rule("10", &["/api/*"], "control-plane"), rule("default", &[], "web")];
    let group = |name: &str| TargetGroup { arn: arn(name), name: name.into(), ..Default::default() };
    Routing {
        listeners: vec![Listener { port: 443, protocol: "HTTPS".into(), rules, ..Default::default() }],
        target_groups: vec![group("control-plane"), group("web")],
    }
}

pub(crate) fn target(ip: &str, state: &str, reason: Option<&str>) -> Target {
    Target { id: ip.into(), port: 8000, state: state.into(), reason: reason.map(str::to_owned), ..Default::default() }
}

fn targets() -> Targets {
    let pair = |a: &str, b: &str| vec![target(a, "healthy", None), target(b, "healthy", None)];
    Targets { groups: [(arn("control-plane"), pair("10.0.11.1", "10.0.12.1")), (arn("web"), pair("10.0.11.2", "10.0.12.2"))].into() }
}

fn services() -> Services {
    let service = |name: &str, n: i32, groups: Vec<String>| Service {
        name: name.into(),
        status: "ACTIVE".into(),
        desired: n,
        running: n,
        task_definition: format!("arn:aws:ecs:r:1:task-definition/{name}:7"),
        target_groups: groups,
        deployments: vec![Deployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            rollout_state: "COMPLETED".into(),
            task_definition: format!("arn:aws:ecs:r:1:task-definition/{name}:7"),
            desired: n,
            running: n,
            created_at: Some(ago(600)),
            updated_at: Some(ago(590)),
            ..Default::default()
        }],
        events: vec![event(name, 60, "has reached a steady state."), event(name, 420, "has reached a steady state.")],
        ..Default::default()
    };
    Services {
        services: vec![
            service("control-plane", 2, vec![arn("control-plane")]),
            service("web", 2, vec![arn("web")]),
            service("celery-worker", 3, vec![]),
        ],
        missing: vec![],
    }
}

/// A service event, so many minutes ago.
pub(crate) fn event(service: &str, minutes: i64, text: &str) -> ServiceEvent {
    ServiceEvent { id: format!("{service}-{minutes}"), at: Some(ago(minutes)), message: format!("(service {service}) {text}") }
}

pub(crate) fn task(service: &str, id: &str, ip: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:r:1:task/production-nextcore/{id}"),
        service: service.into(),
        status: "RUNNING".into(),
        desired_status: "RUNNING".into(),
        health: "HEALTHY".into(),
        ip: Some(ip.into()),
        created_at: Some(ago(600)),
        started_at: Some(ago(599)),
        ..Default::default()
    }
}

fn tasks() -> Tasks {
    Tasks {
        tasks: vec![
            task("control-plane", "c0000000000000001", "10.0.11.1"),
            task("control-plane", "c0000000000000002", "10.0.12.1"),
            task("web", "w0000000000000001", "10.0.11.2"),
            task("web", "w0000000000000002", "10.0.12.2"),
            task("celery-worker", "k0000000000000001", "10.0.11.3"),
            task("celery-worker", "k0000000000000002", "10.0.12.3"),
            task("celery-worker", "k0000000000000003", "10.0.13.3"),
        ],
    }
}

/// A task that stopped so many minutes ago.
pub(crate) fn stopped(service: &str, minutes: i64, code: &str, reason: &str) -> Task {
    Task {
        status: "STOPPED".into(),
        stop_code: Some(code.into()),
        stopped_reason: Some(reason.into()),
        stopped_at: Some(ago(minutes)),
        ..task(service, &format!("dead{minutes:04}00000000"), "10.0.11.9")
    }
}

fn scaling() -> Scaling {
    let target = |service: &str, min, max| ScalableTarget { service: service.into(), min, max, ..Default::default() };
    Scaling { targets: vec![target("control-plane", 2, 6), target("web", 2, 6), target("celery-worker", 3, 9)] }
}

pub(crate) const RG: &str = "production-nextcore-redis";

fn cache() -> ReplicationGroup {
    let shard = |id: &str, a: &str, b: &str| NodeGroup {
        id: id.into(),
        status: "available".into(),
        slots: String::new(),
        members: [("001", a), ("002", b)]
            .map(|(n, z)| CacheMember { id: format!("{RG}-{id}-{n}"), zone: format!("ap-southeast-2{z}"), role: None })
            .into(),
    };
    ReplicationGroup {
        id: RG.into(),
        status: "available".into(),
        cluster_enabled: true,
        multi_az: "enabled".into(),
        automatic_failover: "enabled".into(),
        node_groups: vec![shard("0001", "a", "b"), shard("0002", "b", "a")],
        ..Default::default()
    }
}

fn cache_nodes() -> CacheNodes {
    let node = |id: &str| CacheNode { id: format!("{RG}-{id}"), status: "available".into(), ..Default::default() };
    CacheNodes { nodes: ["0001-001", "0001-002", "0002-001", "0002-002"].map(node).into() }
}

/// An event of the data tier, so many minutes ago.
pub(crate) fn data_event(source: &str, minutes: i64, message: &str) -> DataEvent {
    DataEvent { source: source.into(), at: Some(ago(minutes)), message: message.into(), categories: vec![] }
}

fn database() -> Database {
    Database {
        id: "production-nextcore-db".into(),
        status: "available".into(),
        engine: "postgres".into(),
        version: "15.7".into(),
        class: "db.t3.large".into(),
        multi_az: true,
        zone: "ap-southeast-2a".into(),
        secondary_zone: Some("ap-southeast-2b".into()),
        latest_restorable: Some(ago(3)),
        ..Default::default()
    }
}

pub(crate) fn alarm(name: &str, state: &str, minutes: i64) -> Alarm {
    Alarm {
        name: name.into(),
        state: state.into(),
        since: Some(ago(minutes)),
        actions_enabled: true,
        metric: "CPUUtilization".into(),
        threshold: Some(80.0),
        comparison: "GreaterThanThreshold".into(),
        ..Default::default()
    }
}

fn alarms() -> Alarms {
    Alarms { alarms: vec![alarm("high-cpu", "OK", 900), alarm("TargetTracking-service/x-AlarmLow-1", "ALARM", 500)] }
}

fn tail() -> LogTail {
    let line = LogEvent {
        id: "1".into(),
        at: noon() - TimeDelta::seconds(4),
        stream: "web/web/w0000000000000001".into(),
        message: "GET /".into(),
    };
    LogTail { events: [line].into(), total: 1, truncated: false }
}
