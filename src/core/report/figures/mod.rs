//! The key figures of a node, as short texts: what the table and the Markdown print beside its health. It judges nothing.

mod platform;

use crate::insight::NodeId;
use crate::model::Time;
use crate::model::alarm::{AlarmState, Alarms};
use crate::model::balancer::{ActionKind, Balancer, Routing, Targets};
use crate::model::cache::ReplicationGroup;
use crate::model::database::{Database, DatabaseSettings, DbCluster, Redundancy};
use crate::model::log::LogTail;
use crate::model::metric::{self, Readings, SeriesId};
use crate::model::network::zone_letter;
use crate::model::scaling::Scaling;
use crate::model::service::{Service, ServiceStatus, Services};
use crate::model::store::Store;
use crate::model::system::System;
use crate::model::text;

/// One figure: `cpu` `41 %`; the label is empty when the value speaks for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub label: &'static str,
    /// The value with its unit.
    pub value: String,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.label.is_empty() { f.write_str(&self.value) } else { write!(f, "{} {}", self.label, self.value) }
    }
}

/// The figures of one node, in the order of their worth; none while nothing is known.
pub fn figures(store: &Store, node: &NodeId, now: Time) -> Vec<Figure> {
    let own = store.members().any(|(member, _)| member == node).then(|| store.of_member(node));
    let store = own.as_ref().unwrap_or(store);
    let read = Figures { store, now, metric: Readings::new(store, now) };
    match (node.system(), node.name()) {
        (System::Dns, _) => read.dns(),
        (System::Cdn, _) => read.cdn(),
        (System::Vpc, _) => read.vpc(),
        (System::Balancer, _) => read.balancer(),
        (System::TargetGroup, name) => read.target_group(name),
        (System::Nat, "") => read.nat(),
        (System::Nat, letter) => read.nat_of(letter),
        (System::SecurityGroups, _) => read.security_groups(),
        (System::Service, name) => read.service(name),
        (System::Cache, _) => read.cache(),
        (System::Database, _) => read.database(),
        (System::Buckets, "") => read.buckets(),
        (System::Buckets, name) => read.bucket(name),
        (System::Roles, _) => read.iam(),
        (System::Keys, _) => read.kms(),
        (System::Secrets, _) => read.secrets(),
        (System::Repositories, _) => read.ecr(),
        (System::Builds, _) => read.build(),
        (System::Pipeline, _) => read.pipeline(),
        (System::Alarms, _) => read.alarms(),
        (System::Dashboards, _) => read.dashboards(),
        (System::Timeline, _) => Vec::new(),
        (System::Logs, _) => read.logs(),
    }
}

fn figure(label: &'static str, value: String) -> Figure {
    Figure { label, value }
}

fn percent(value: f64) -> String {
    format!("{value:.0} %")
}

/// (label, metric id, how it is written).
type MetricFigure = (&'static str, SeriesId, fn(f64) -> String);

struct Figures<'a> {
    store: &'a Store,
    now: Time,
    metric: Readings<'a>,
}

impl Figures<'_> {
    fn metric(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.metric.value(id)
    }

    /// Failed requests in percent, in the newest minute that has requests.
    fn failed(&self) -> Option<f64> {
        let share = |errors: metric::Alb| self.metric.share(errors, metric::Alb::Requests);
        let (own, targets) = (share(metric::Alb::Elb5xx), share(metric::Alb::Target5xx));
        // A minute with requests and without a series of errors had none.
        self.metric.value(metric::Alb::Requests).filter(|r| *r > 0.0).map(|_| own.unwrap_or(0.0) + targets.unwrap_or(0.0))
    }

    /// Figures of metrics, where there are any.
    fn metrics(&self, rows: &[MetricFigure]) -> Vec<Figure> {
        rows.iter().filter_map(|(label, id, show)| Some(figure(label, show(self.metric(id)?) + &self.late([id])))).collect()
    }

    /// The figures of one node are of one minute, or say their age.
    fn line<M: Into<SeriesId>>(&self, ids: impl IntoIterator<Item = M>) -> Self {
        Self { metric: self.metric.line(ids), ..*self }
    }

    /// ` (6m)` behind a figure that is not of the minute of its line; of several the oldest counts.
    fn late<M: Into<SeriesId>>(&self, ids: impl IntoIterator<Item = M>) -> String {
        let minute = ids.into_iter().filter_map(|id| self.metric.of(id).minute()).min();
        self.metric.late(minute).map_or_else(String::new, |age| format!(" ({}m)", (age + 30) / 60))
    }

    fn per_second(value: f64) -> String {
        format!("{}/s", text::rate(value / 60.0))
    }

    fn balancer(&self) -> Vec<Figure> {
        let this = self.line([metric::Alb::Requests, metric::Alb::P95]);
        let mut all = this.metrics(&[("", metric::Alb::Requests.id(), Self::per_second)]);
        all.extend(this.failed().map(|share| figure("5xx", format!("{share:.2} %"))));
        all.extend(this.metrics(&[("p95", metric::Alb::P95.id(), text::latency)]));
        // What is forwarded stands with its target group; what the balancer answers by itself stands nowhere else.
        let rules = self.store.get::<Routing>().into_iter().flat_map(|r| &r.listeners).flat_map(|l| &l.rules);
        for rule in rules.filter(|r| r.actions.iter().any(|a| a.kind == ActionKind::FixedResponse)) {
            let on = rule.conditions_in_words();
            all.push(figure("", format!("{}: {}", if on.is_empty() { "everything else" } else { &on }, rule.actions_in_words())));
        }
        all
    }

    /// Whether only load balancers forward to a target group that are not the stack's.
    fn is_behind_another(&self, target_group: Option<&str>) -> bool {
        let (Some(arn), Some(own)) = (target_group, self.store.get::<Balancer>()) else { return false };
        let groups = self.store.get::<Routing>().into_iter().flat_map(|r| &r.target_groups);
        let balancers = groups.filter(|g| g.arn == arn).find_map(|g| g.balancers.as_ref());
        balancers.is_some_and(|all| !all.is_empty() && !all.contains(&own.arn))
    }

    /// The load balancer of the stack, beside the first, that a target group is behind.
    fn name_behind(&self, target_group: &str) -> Option<&str> {
        let group = self.store.get::<Routing>()?.target_groups.iter().find(|g| g.arn == target_group)?;
        let own = |b: &&Balancer| group.balancers.as_ref().is_some_and(|all| all.contains(&b.arn));
        self.store.all::<Balancer>().find(own).map(|b| b.name.as_str())
    }

    fn target_group(&self, name: &str) -> Vec<Figure> {
        let mark = format!(":targetgroup/{name}/");
        let mut all = Vec::new();
        let targets = self.store.get::<Targets>();
        let arn = targets.and_then(|t| t.groups.keys().find(|arn| arn.contains(&mark)));
        if let Some((healthy, total)) = targets.zip(arn).and_then(|(t, arn)| t.healthy(arn)) {
            all.push(figure("", format!("{healthy}/{total} healthy")));
        }
        let paths = self.store.get::<Routing>().zip(arn).map(|(r, arn)| r.paths_to(arn)).unwrap_or_default();
        if !paths.is_empty() {
            all.push(figure("", paths));
        } else if self.is_behind_another(arn.map(String::as_str)) {
            let named = arn.and_then(|arn| self.store.routing_to(arn).zip(Some(arn)));
            let words = named.and_then(|(routing, arn)| Some(format!("{} behind {}", routing.paths_to(arn), self.name_behind(arn)?)));
            all.push(figure("", words.unwrap_or_else(|| "behind another load balancer".to_owned())));
        }
        let (requests, p95) = (metric::Tg::Requests.of(name), metric::Tg::P95.of(name));
        let line = self.line([&requests, &p95]);
        all.extend(line.metrics(&[("", requests, Self::per_second), ("p95", p95, text::latency)]));
        all
    }

    fn service(&self, name: &str) -> Vec<Figure> {
        let mut all = Vec::new();
        let service = self.store.get::<Services>().and_then(|s| s.get(name));
        if service.is_some_and(|s| s.status == ServiceStatus::Inactive) {
            // ECS goes on to show a deleted service for a while: its figures are over.
            return all;
        }
        if let Some(service) = service {
            all.push(figure("", format!("{}/{}", service.running, service.desired)));
        }
        if let Some(target) = self.store.get::<Scaling>().and_then(|s| s.get(name)) {
            all.push(figure("bounds", format!("{}-{}", target.min, target.max)));
        }
        let (cpu, mem) = (metric::Svc::Cpu.of(name), metric::Svc::Mem.of(name));
        all.extend(self.line([&cpu, &mem]).metrics(&[("cpu", cpu, percent), ("mem", mem, percent)]));
        if let Some(d) = service.and_then(Service::primary) {
            all.push(figure("rev", d.revision().rsplit(':').next().unwrap_or_default().to_owned()));
        }
        all
    }

    fn cache(&self) -> Vec<Figure> {
        let Some(group) = self.store.get::<ReplicationGroup>() else { return Vec::new() };
        let ids: Vec<&str> = group.node_groups.iter().flat_map(|g| &g.members).map(|m| m.id.as_str()).collect();
        let nodes = if ids.is_empty() { "nodes not listed".to_owned() } else { text::plural(ids.len() as u32, "node") };
        let shards = || text::plural(group.node_groups.len() as u32, "shard");
        let mut all = vec![figure("", if group.alone { nodes } else { format!("{} {nodes}", shards()) })];
        let of = |metrics: &[metric::Redis]| metrics.iter().flat_map(|m| ids.iter().map(|id| m.of(id))).collect::<Vec<SeriesId>>();
        let line = self.line(of(&[metric::Redis::Memory, metric::Redis::Gets, metric::Redis::Sets, metric::Redis::Lag]));
        let values = |metric: metric::Redis| ids.iter().filter_map(|id| line.metric(metric.of(id))).collect::<Vec<f64>>();
        if let Some(worst) = values(metric::Redis::Memory).into_iter().reduce(f64::max) {
            all.push(figure("mem", percent(worst) + &line.late(of(&[metric::Redis::Memory]))));
        }
        let (gets, sets) = (values(metric::Redis::Gets), values(metric::Redis::Sets));
        if !gets.is_empty() || !sets.is_empty() {
            let ops: f64 = gets.iter().chain(&sets).sum();
            all.push(figure("", format!("{} op/s{}", text::rate(ops / 60.0), line.late(of(&[metric::Redis::Gets, metric::Redis::Sets])))));
        }
        if let Some(worst) = values(metric::Redis::Lag).into_iter().reduce(f64::max) {
            all.push(figure("lag", format!("{worst:.1} s{}", line.late(of(&[metric::Redis::Lag])))));
        }
        all
    }

    fn database(&self) -> Vec<Figure> {
        let Some(db) = self.store.get::<Database>() else { return Vec::new() };
        let mut all = vec![figure("", db.status.to_string())];
        all.extend(Self::database_place(db));
        let max = db.max_connections(self.store.get::<DatabaseSettings>());
        let line = self.line([metric::Db::Connections, metric::Db::Cpu, metric::Db::Storage]);
        if let Some(used) = line.metric(metric::Db::Connections) {
            let used = max.map_or_else(|| format!("{used:.0}"), |max| format!("{used:.0}/{max}"));
            all.push(figure("conn", used + &line.late([metric::Db::Connections])));
        }
        all.extend(line.metrics(&[("cpu", metric::Db::Cpu.id(), percent), ("free", metric::Db::Storage.id(), text::bytes)]));
        match (db.has_no_backups(), db.latest_restorable) {
            (Some(true), _) => all.push(figure("PITR", "off".to_owned())),
            (None, _) => all.push(figure("PITR", "?".to_owned())),
            (Some(false), at) => all.extend(at.map(|at| figure("PITR", text::age(at, self.now)))),
        }
        all
    }

    /// Where the writes go, and where they would go.
    fn database_place(db: &Database) -> Vec<Figure> {
        let here = zone_letter(&db.zone);
        let of_cluster = |c: &DbCluster| {
            let readers: Vec<&str> = c.readers().map(|r| zone_letter(&r.zone)).collect();
            let readers = if readers.is_empty() { "no reader".to_owned() } else { format!("readers {}", readers.join(" ")) };
            figure("", if c.writer().is_some() { format!("writer {here} {readers}") } else { format!("no writer {readers}") })
        };
        let mut all: Vec<Figure> = db.cluster.iter().filter(|c| !c.members.is_empty()).map(of_cluster).collect();
        match db.redundancy() {
            Redundancy::Standby(standby) => all.push(figure("", format!("{here} ⇄ {}", zone_letter(standby)))),
            Redundancy::ReadReplica(source) => all.push(figure("", format!("{here} read replica of {source}"))),
            // That there is no standby is a reason or a note of its verdict.
            Redundancy::SingleAz | Redundancy::StandbyPending if !here.is_empty() => all.push(figure("", here.to_owned())),
            _ => {}
        }
        all
    }

    fn alarms(&self) -> Vec<Figure> {
        let Some(alarms) = self.store.get::<Alarms>() else { return Vec::new() };
        let firing = alarms.for_people().filter(|a| a.state == AlarmState::Alarm).count();
        vec![figure("", format!("{firing} of {} in alarm", alarms.for_people().count()))]
    }

    fn logs(&self) -> Vec<Figure> {
        let mut all = self.metrics(&[("", metric::Logs::Events.id(), |v| format!("{} events/min", text::count(v)))]);
        if let Some(last) = self.store.get::<LogTail>().and_then(|t| t.events.back()) {
            all.push(figure("last", text::ago(last.at, self.now)));
        }
        all
    }
}
