//! The written architecture's Background Job Flow: the control plane queues, Redis brokers, Celery workers consume and write their results.
//! Called by `flows`.

use super::Flow;
use super::parts::{Parts, edge, finish, worse};
use crate::insight::reading::{Measure, Unit};
use crate::insight::topology::paths::End;
use crate::model::cache::{ReplicationGroup, engine_title};
use crate::model::health::Level;
use crate::model::metric;
use crate::model::stack::{BucketRole, ServiceRole};

/// Draws it.
pub(super) fn flow(parts: &Parts<'_>) -> Flow {
    let mut hops = Vec::new();
    let mut edges = Vec::new();
    let mut broker = parts.cache_hop("broker", "- Celery Broker");
    broker.facts.push("queue depth: not in any AWS API".to_owned());
    if let Some(name) = parts.spec(ServiceRole::ControlPlane) {
        let id = format!("svc/{name}");
        hops.push(parts.service_hop(&id, ServiceRole::ControlPlane, name));
        let mut queue = parts.cache_edge(&id, "broker", "queue job");
        if let Some(evicted) = evictions(parts).filter(|n| *n > 0.0) {
            queue.figures.push(Measure::new("evictions", evicted, Unit::Count));
            worse(&mut queue, Level::Degraded, format!("{evicted:.0} evictions/min: a queued job may be lost"));
        }
        edges.push(queue);
    }
    hops.push(broker);
    if let Some(name) = parts.spec(ServiceRole::Worker) {
        let id = format!("svc/{name}");
        hops.push(parts.service_hop(&id, ServiceRole::Worker, name));
        let mut consume = edge("broker", &id, "consume");
        parts.permitted(&mut consume, End::Ecs, End::Redis, None);
        if let Some(service) = parts.service(name).filter(|s| s.desired > 0 && s.running == 0) {
            worse(&mut consume, Level::Down, format!("0 of {} workers running: jobs are waiting", service.desired));
        }
        edges.push(consume);
        edges.push(parts.database_edge(&id, "read/write"));
        hops.push(parts.database_hop());
        if let Some(documents) = parts.bucket_hop(BucketRole::Documents, "S3 Documents") {
            edges.push(parts.bucket_edge(&id, &documents, "upload/process"));
            hops.push(documents);
        }
        edges.push(parts.cache_edge(&id, "results", "results"));
        hops.push(parts.cache_hop("results", "Cache"));
    }
    let notes = vec![format!("queue depth is not in any AWS API: use LLEN in {} or a custom metric", engine_title(parts.store()))];
    finish("Background jobs", hops, edges, notes)
}

/// Evictions per minute of all nodes together.
fn evictions(parts: &Parts<'_>) -> Option<f64> {
    let members = parts.store().get::<ReplicationGroup>()?.node_groups.iter().flat_map(|g| &g.members);
    parts.read.sum(members.map(|m| metric::Redis::Evictions.of(&m.id)))
}
