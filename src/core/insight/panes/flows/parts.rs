//! What the flows share: how a hop, an edge and the place of trouble are made from a store and its judgement. It knows no flow.

use super::{Edge, Flow, FlowPart, Hop, Trouble};
use crate::insight::health::facts::Facts;
use crate::insight::health::rules::security_groups::CLOSED;
use crate::insight::reading::{Measure, Unit};
use crate::insight::topology::entry::is_fronted;
use crate::insight::topology::paths::{CellVerdict, End, Paths, PortRange};
use crate::insight::{Judgement, NodeId};
use crate::model::cache::{ReplicationGroup, engine_title};
use crate::model::database::Database;
use crate::model::health::{Level, Reason, Verdict};
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics, Readings, SeriesId};
use crate::model::network::SecurityGroups;
use crate::model::service::Service;
use crate::model::stack::{BucketRole, ServiceSpec, Stack};
use crate::model::store::Store;
use crate::model::system::System;
use crate::model::{Time, text};

/// The scene of one moment.
pub(super) struct Parts<'a> {
    pub facts: Facts<'a>,
    pub judgement: &'a Judgement,
    pub read: Readings<'a>,
    paths: Option<Paths>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(store: &'a Store, judgement: &'a Judgement, stack: &'a Stack, now: Time) -> Self {
        Self {
            facts: Facts::new(store, stack, now),
            judgement,
            read: Readings::new(store, now),
            paths: store.get::<SecurityGroups>().map(|_| Paths::of(store, stack)),
        }
    }

    pub(super) fn store(&self) -> &'a Store {
        self.facts.store
    }

    pub(super) fn stack(&self) -> &'a Stack {
        self.facts.stack
    }

    /// A place that is a box of the diagram; its level and reason are the box's.
    pub(super) fn hop(&self, id: &str, title: &str, name: &str, node: NodeId) -> Hop {
        // Which way is closed stands on the way.
        let verdict = self.judgement.of(&node);
        let (level, reason) = verdict.map_or((Level::Unknown, None), |v| own(v, |reason| reason.ends_with(CLOSED)));
        Hop {
            id: id.to_owned(),
            title: title.to_owned(),
            name: name.to_owned(),
            node: Some(node),
            level,
            reason,
            figures: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// The services behind the load balancer, or those that are not.
    pub(super) fn fronted(&self, fronted: bool) -> impl Iterator<Item = &'a ServiceSpec> {
        let store = self.store();
        self.stack().services.iter().filter(move |s| is_fronted(store, s) == fronted)
    }

    pub(super) fn service(&self, name: &str) -> Option<&'a Service> {
        self.facts.service(name)
    }

    pub(super) fn service_hop(&self, spec: &ServiceSpec) -> Hop {
        let name = spec.name.as_str();
        let mut hop = self.hop(&service_id(spec), spec.role.title(), name, NodeId::service(name));
        if let Some(service) = self.service(name) {
            hop.facts.push(format!("{}/{} running", service.running, service.desired));
        }
        hop.figures =
            self.metrics(&[("cpu", metric::Svc::Cpu.of(name), Unit::Percent), ("memory", metric::Svc::Mem.of(name), Unit::Percent)]);
        hop
    }

    pub(super) fn database_hop(&self) -> Hop {
        // Its engine is known once it has answered.
        let engine = self.store().get::<Database>().filter(|db| !db.engine.is_empty()).map(|db| db.engine.title());
        let title = engine.map_or_else(|| "RDS".to_owned(), |engine| format!("RDS {engine}"));
        let mut hop = self.hop("db", &title, &self.stack().database, NodeId::of(System::Database));
        hop.figures = self.metrics(&[
            ("connections", metric::Db::Connections, Unit::Count),
            ("cpu", metric::Db::Cpu, Unit::Percent),
            ("load", metric::Db::Load, Unit::Count),
        ]);
        let iops = self.read.sum([metric::Db::ReadIops, metric::Db::WriteIops]);
        hop.figures.extend(iops.map(|v| Measure::new("IOPS", v, Unit::PerSecond)));
        hop
    }

    /// The cache in a part: `Cache`, ` - Celery Broker`, behind its engine's name.
    pub(super) fn cache_hop(&self, id: &str, part: &str) -> Hop {
        let title = format!("{} {part}", engine_title(self.store()));
        let mut hop = self.hop(id, &title, &self.stack().cache, NodeId::of(System::Cache));
        let ops = self.read.sum(self.cache_series(metric::Redis::Gets).chain(self.cache_series(metric::Redis::Sets)));
        hop.figures.extend(ops.map(|v| Measure::new("operations", v / 60.0, Unit::PerSecond)));
        let cpu = self.read.max(self.cache_series(metric::Redis::Engine)).or_else(|| self.read.max(self.cache_series(metric::Redis::Cpu)));
        hop.figures.extend(cpu.map(|v| Measure::new("cpu", v, Unit::Percent)));
        hop.figures.extend(self.read.max(self.cache_series(metric::Redis::Memory)).map(|v| Measure::new("memory", v, Unit::Percent)));
        hop
    }

    pub(super) fn bucket_hop(&self, role: &BucketRole, title: &str) -> Option<Hop> {
        let name = &self.stack().buckets.iter().find(|b| b.role == *role)?.name;
        let mut hop = self.hop(&format!("s3/{name}"), title, name, NodeId::named(System::Buckets, name));
        let known = self.store().get::<Metrics>().is_some();
        hop.figures = self.metrics(&[("requests", metric::S3::Requests.of(name), Unit::PerSecond)]);
        if known && hop.figures.is_empty() {
            hop.facts.push("no request metrics".to_owned());
        }
        Some(hop)
    }

    /// Series ids of every Redis node.
    fn cache_series(&self, metric: metric::Redis) -> impl Iterator<Item = SeriesId> + use<'a> {
        let groups = self.store().get::<ReplicationGroup>().into_iter().flat_map(|g| &g.node_groups);
        groups.flat_map(|s| &s.members).map(move |m| metric.of(&m.id))
    }

    /// Current figures of series, where there are any.
    pub(super) fn metrics<M: Into<SeriesId> + Clone>(&self, rows: &[(&'static str, M, Unit)]) -> Vec<Measure> {
        let current = |(label, id, unit): &(&'static str, M, Unit)| {
            let value = if *unit == Unit::PerSecond { self.read.per_second(id.clone()) } else { self.read.value(id.clone()) };
            Some(Measure::new(label, value?, *unit))
        };
        rows.iter().filter_map(current).collect()
    }

    /// Latency, and errors as a share of requests: true of every way to a place, whoever goes it.
    pub(super) fn quality(&self, latency: (&'static str, SeriesId), (errors, requests): (&SeriesId, &SeriesId)) -> Vec<Measure> {
        let mut all = self.metrics(&[(latency.0, latency.1, Unit::Seconds)]);
        all.extend(self.read.share(errors, requests).map(|v| Measure::new("5xx", v, Unit::Percent)));
        all
    }

    /// A way to the database. How much goes over it alone is not measured: connections and operations are the database's.
    pub(super) fn database_edge(&self, from: &str, label: &str) -> Edge {
        let mut edge = edge(from, "db", label);
        edge.figures =
            self.metrics(&[("read", metric::Db::ReadLatency, Unit::Seconds), ("write", metric::Db::WriteLatency, Unit::Seconds)]);
        self.permitted(&mut edge, End::Ecs, End::Rds, None);
        for (series, what) in [(metric::Db::ReadLatency, "reads"), (metric::Db::WriteLatency, "writes")] {
            self.limit(&mut edge, series, Limit::DatabaseLatency, what, crate::model::text::latency);
        }
        edge
    }

    pub(super) fn cache_edge(&self, from: &str, to: &str, label: &str) -> Edge {
        let mut edge = edge(from, to, label);
        self.permitted(&mut edge, End::Ecs, End::Redis, None);
        edge
    }

    pub(super) fn bucket_edge(&self, from: &str, bucket: &Hop, label: &str) -> Edge {
        let mut edge = edge(from, &bucket.id, label);
        let name = bucket.node.as_ref().map_or("", NodeId::name);
        let (errors, requests) = (metric::S3::Errors5xx.of(name), metric::S3::Requests.of(name));
        edge.figures = self.quality(("latency", metric::S3::Latency.of(name)), (&errors, &requests));
        // S3 counts in milliseconds.
        edge.figures.iter_mut().filter(|m| m.unit == Unit::Seconds).for_each(|m| m.value /= 1000.0);
        self.permitted(&mut edge, End::Ecs, End::Internet, None);
        // Without a gateway endpoint the way to S3 is the NAT gateway of the task's zone.
        if let Some(nat) = self.judgement.of(&NodeId::of(System::Nat)).filter(|v| v.level >= Level::Degraded) {
            worse(&mut edge, Level::Degraded, format!("NAT {}", nat.headline()));
        }
        self.share(&mut edge, "5xx", (errors, requests), Limit::Bucket5xx);
        edge
    }

    /// Whether the security groups let a way through; `port` when only one of the written ports matters.
    pub(super) fn permitted(&self, edge: &mut Edge, from: End, to: End, port: Option<i32>) {
        let Some(cell) = self.paths.as_ref().and_then(|p| p.cell(from, to)) else { return };
        if !matches!(cell.verdict, CellVerdict::Missing | CellVerdict::Half) || cell.level < Level::Down {
            return;
        }
        let wanted = port.map(PortRange::tcp);
        let closed = cell.written.iter().filter(|w| wanted.as_ref().is_none_or(|p| w.contains(p)));
        let closed: Vec<String> = closed.filter(|w| !cell.ports.iter().any(|p| p.contains(w))).map(ToString::to_string).collect();
        if !closed.is_empty() {
            let text = format!("security groups do not allow {} from {} to {}", closed.join(", "), from.title(), to.title());
            worse(edge, Level::Down, text);
        }
    }

    /// Judges an edge by a metric's limits, over the same minutes as the rules.
    pub(super) fn limit(&self, edge: &mut Edge, series: impl Into<SeriesId>, limit: Limit, what: &str, show: fn(f64) -> String) {
        let Some(window) = self.facts.window() else { return };
        let series = series.into();
        let bounds = self.facts.limits().bounds(limit);
        for (limit, level) in [(bounds.critical, Level::Down), (bounds.warn, Level::Degraded)] {
            if let Some(breach) = limit.and_then(|l| window.breach(&series, &l)) {
                worse(edge, level, format!("{what} {}{}", show(breach.value), breach.span()));
                return;
            }
        }
    }

    /// Judges an edge by its share of errors: those of the first series in the requests of the second.
    pub(super) fn share<M: Into<SeriesId>>(&self, edge: &mut Edge, what: &str, (errors, requests): (M, M), limit: Limit) {
        if let Some((critical, breach)) = self.facts.window().and_then(|w| w.share(errors, requests, &self.facts.limits().share(limit))) {
            let level = if critical { Level::Down } else { Level::Degraded };
            worse(edge, level, format!("{what} {} of requests{}", text::share(breach.value), breach.span()));
        }
    }
}

/// The level and the reason of a place without what has a place of its own in the flow.
pub(super) fn own(verdict: &Verdict, elsewhere: impl Fn(&str) -> bool) -> (Level, Option<String>) {
    let told = |r: &&Reason| !elsewhere(&r.text) && r.level >= Level::Info;
    match verdict.reasons.iter().find(told) {
        Some(worst) => (worst.level.min(verdict.level), Some(worst.text.clone())),
        None if verdict.reasons.iter().any(|r| elsewhere(&r.text)) => (Level::Healthy, None),
        None => (verdict.level, (verdict.level >= Level::Info).then(|| verdict.headline().to_owned())),
    }
}

/// How a flow calls the hop of a service.
pub(super) fn service_id(spec: &ServiceSpec) -> String {
    format!("svc/{}", spec.name)
}

pub(super) fn edge(from: &str, to: &str, label: &str) -> Edge {
    Edge { from: from.to_owned(), to: to.to_owned(), label: label.to_owned(), figures: Vec::new(), level: Level::Healthy, reason: None }
}

/// Takes the worse level with its reason.
pub(super) fn worse(edge: &mut Edge, level: Level, reason: String) {
    if level > edge.level {
        (edge.level, edge.reason) = (level, Some(reason));
    }
}

/// Puts a flow together and finds its trouble.
pub(super) fn finish(title: &'static str, hops: Vec<Hop>, edges: Vec<Edge>, notes: Vec<String>) -> Flow {
    let mut flow = Flow { title, hops, edges, trouble: None, notes };
    flow.trouble = trouble(&flow);
    flow
}

/// Every place from one on, in the order of the flow.
fn downstream(flow: &Flow, from: usize, seen: &mut Vec<FlowPart>) {
    let place = FlowPart::Hop(from);
    if seen.contains(&place) {
        return;
    }
    seen.push(place);
    let Some(hop) = flow.hops.get(from) else { return };
    for (i, edge) in flow.edges.iter().enumerate().filter(|(_, e)| e.from == hop.id) {
        seen.push(FlowPart::Edge(i));
        if let Some(next) = flow.hops.iter().position(|h| h.id == edge.to) {
            downstream(flow, next, seen);
        }
    }
}

fn trouble(flow: &Flow) -> Option<Trouble> {
    let level = |place: &FlowPart| match place {
        FlowPart::Hop(i) => flow.hops.get(*i).map_or(Level::Healthy, |h| h.level),
        FlowPart::Edge(i) => flow.edges.get(*i).map_or(Level::Healthy, |e| e.level),
    };
    let mut order = Vec::new();
    downstream(flow, 0, &mut order);
    let worst = order.iter().map(level).max().filter(|l| *l >= Level::Degraded)?;
    let first = order.iter().find(|p| level(p) == worst)?;
    let mut below = Vec::new();
    match first {
        FlowPart::Hop(i) => downstream(flow, *i, &mut below),
        FlowPart::Edge(i) => {
            below.push(*first);
            let to = flow.edges.get(*i).and_then(|e| flow.hops.iter().position(|h| h.id == e.to));
            downstream(flow, to?, &mut below);
        }
    }
    // Of equally bad places the last one downstream: what is above it suffers from it.
    let origin = below.iter().rfind(|p| level(p) == worst).unwrap_or(first);
    let text = match origin {
        FlowPart::Hop(i) => flow.hops.get(*i).map(|h| format!("{}: {}", h.title, h.reason.as_deref().unwrap_or(h.level.word()))),
        FlowPart::Edge(i) => flow.edges.get(*i).map(|e| e.reason.clone().unwrap_or_else(|| e.level.word().to_owned())),
    };
    Some(Trouble { first: *first, origin: *origin, level: worst, text: text.unwrap_or_default() })
}
