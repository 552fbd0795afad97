//! The written architecture's Background Job Flow: the control plane queues, Redis brokers, Celery workers consume and write their results.
//! Called by `flows`.

use super::parts::{Parts, edge, finish, service_id, worse};
use super::{Edge, Flow, Hop};
use crate::insight::reading::{Measure, Unit};
use crate::insight::topology::paths::End;
use crate::model::cache::{ReplicationGroup, engine_title};
use crate::model::health::Level;
use crate::model::metric;
use crate::model::stack::{BucketRole, Dependency, ServiceRole, ServiceSpec};
use crate::model::system::System;

/// Draws it: who is behind the load balancer queues, who is not consumes.
pub(super) fn flow(parts: &Parts<'_>) -> Flow {
    let mut hops = Vec::new();
    let mut edges = Vec::new();
    let queues = |s: &&ServiceSpec| s.needs(Dependency::Cache);
    for spec in parts.fronted(true).filter(queues) {
        hops.push(parts.service_hop(spec));
        let mut queue = parts.cache_edge(&service_id(spec), "broker", "queue job");
        if let Some(evicted) = evictions(parts).filter(|n| *n > 0.0) {
            queue.figures.push(Measure::new("evictions", evicted, Unit::Count));
            worse(&mut queue, Level::Degraded, format!("{evicted:.0} evictions/min: a queued job may be lost"));
        }
        edges.push(queue);
    }
    let mut notes = Vec::new();
    if parts.stack().has(System::Cache) {
        let mut broker = parts.cache_hop("broker", "- Celery Broker");
        broker.facts.push("queue depth: not in any AWS API".to_owned());
        hops.push(broker);
        for spec in parts.fronted(false).filter(queues) {
            consumer(parts, spec, &mut hops, &mut edges);
        }
        notes.push(format!("queue depth is not in any AWS API: use LLEN in {} or a custom metric", engine_title(parts.store())));
    } else {
        notes.push("no cache: no queue to be seen".to_owned());
    }
    finish("Background jobs", hops, edges, notes)
}

/// A service that takes jobs out of the queue, and where it leaves their results.
fn consumer(parts: &Parts<'_>, spec: &ServiceSpec, hops: &mut Vec<Hop>, edges: &mut Vec<Edge>) {
    let id = service_id(spec);
    hops.push(parts.service_hop(spec));
    let mut consume = edge("broker", &id, "consume");
    parts.permitted(&mut consume, End::Ecs, End::Redis, None);
    if let Some(service) = parts.service(&spec.name).filter(|s| s.desired > 0 && s.running == 0) {
        worse(&mut consume, Level::Down, format!("0 of {} workers running: jobs are waiting", service.desired));
    }
    edges.push(consume);
    let mut data = Vec::new();
    if spec.needs(Dependency::Database) && parts.stack().has(System::Database) {
        data.push((parts.database_hop(), parts.database_edge(&id, "read/write")));
    }
    let documents = parts.bucket_hop(&BucketRole::Documents, "S3 Documents").filter(|_| spec.role == ServiceRole::Worker);
    data.extend(documents.map(|hop| (hop.clone(), parts.bucket_edge(&id, &hop, "upload/process"))));
    data.push((parts.cache_hop("results", "Cache"), parts.cache_edge(&id, "results", "results")));
    for (hop, edge) in data {
        edges.push(edge);
        if hops.iter().all(|h| h.id != hop.id) {
            hops.push(hop);
        }
    }
}

/// Evictions per minute of all nodes together.
fn evictions(parts: &Parts<'_>) -> Option<f64> {
    let members = parts.store().get::<ReplicationGroup>()?.node_groups.iter().flat_map(|g| &g.members);
    parts.read.sum(members.map(|m| metric::Redis::Evictions.of(&m.id)))
}
