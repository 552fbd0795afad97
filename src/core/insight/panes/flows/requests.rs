//! The written architecture's User Request Flow: users, CloudFront, the load balancer's HTTPS listener, control plane and web portal, their data.
//! Called by `flows`.

use super::parts::{Parts, edge, finish, own, service_id, worse};
use super::{Edge, Flow, Hop};
use crate::insight::NodeId;
use crate::insight::health::rules::security_groups::CLOSED;
use crate::insight::reading::{Measure, Unit};
use crate::insight::topology::entry::{EntryPoints, entry};
use crate::insight::topology::paths::End;
use crate::model::balancer::{Balancer, Protocol, Routing, Targets, group_name};
use crate::model::cdn::{Cdn, Distribution};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::service::{Duty, Service};
use crate::model::stack::{BucketRole, Dependency, ServiceRole, ServiceSpec};
use crate::model::system::System;
use crate::model::text;

/// Draws it.
pub(super) fn flow(parts: &Parts<'_>) -> Flow {
    let mut hops = vec![users()];
    let mut edges = Vec::new();
    let mut notes = Vec::new();
    let balancer = balancer_hop(parts);
    let assets = parts.bucket_hop(&BucketRole::Static, "S3 Static Assets");
    let ways = entry(parts.store(), parts.stack());
    match parts.store().get::<Cdn>().map(|c| c.distribution.as_ref()) {
        Some(Some(distribution)) => {
            edges.push(users_edge(parts, "cdn"));
            if ways.through_cdn {
                edges.push(fetched(parts, ways));
            }
            if let Some(bucket) = assets.as_ref().filter(|b| distribution.origins.iter().any(|o| o.starts_with(&b.name))) {
                edges.push(static_edge(parts, distribution, bucket));
            }
            hops.push(cdn_hop(parts, distribution));
        }
        Some(None) => notes.push("no CloudFront: users connect to the load balancer".to_owned()),
        None if parts.stack().has(System::Cdn) => notes.push("CloudFront: unknown".to_owned()),
        None => {}
    }
    if ways.direct {
        edges.push(direct(parts, ways));
    }
    hops.push(balancer);
    let mut data: Vec<Hop> = Vec::new();
    for spec in parts.fronted(true) {
        service(parts, &mut hops, &mut edges, spec);
        for (hop, edge) in behind(parts, spec, assets.as_ref()) {
            edges.push(edge);
            if let Some(hop) = hop.filter(|h| data.iter().all(|d| d.id != h.id)) {
                data.push(hop);
            }
        }
    }
    hops.extend(data);
    hops.extend(assets);
    finish("User requests", hops, edges, notes)
}

/// What a service asks, with the ways there; the assets have their place already.
fn behind(parts: &Parts<'_>, spec: &ServiceSpec, assets: Option<&Hop>) -> Vec<(Option<Hop>, Edge)> {
    let (id, stack) = (service_id(spec), parts.stack());
    let mut all = Vec::new();
    if spec.needs(Dependency::Database) && stack.has(System::Database) {
        all.push((Some(parts.database_hop()), parts.database_edge(&id, "")));
    }
    if spec.needs(Dependency::Cache) && stack.has(System::Cache) {
        all.push((Some(parts.cache_hop("redis", "Cache")), parts.cache_edge(&id, "redis", "")));
    }
    match spec.role {
        ServiceRole::ControlPlane => {
            let documents = parts.bucket_hop(&BucketRole::Documents, "S3 Documents");
            all.extend(documents.map(|hop| (Some(hop.clone()), parts.bucket_edge(&id, &hop, ""))));
        }
        ServiceRole::Web => all.extend(assets.map(|hop| (None, parts.bucket_edge(&id, hop, "")))),
        ServiceRole::Worker | ServiceRole::Other(_) => {}
    }
    all
}

fn users() -> Hop {
    Hop {
        id: "users".to_owned(),
        title: "Users".to_owned(),
        name: String::new(),
        node: None,
        level: Level::Healthy,
        reason: None,
        figures: Vec::new(),
        facts: Vec::new(),
    }
}

/// The first way: it suffers from DNS.
fn users_edge(parts: &Parts<'_>, to: &str) -> Edge {
    let mut edge = edge("users", to, "HTTPS");
    if to == "cdn" {
        edge.figures =
            parts.metrics(&[("requests", metric::Cdn::Requests, Unit::PerSecond), ("5xx", metric::Cdn::Errors5xx, Unit::Percent)]);
        parts.limit(&mut edge, metric::Cdn::Errors5xx, Limit::Cdn5xx, "5xx", |v| format!("{v:.1} %"));
    }
    if let Some(dns) = parts.judgement.of(&NodeId::of(System::Dns)).filter(|v| v.level >= Level::Degraded) {
        worse(&mut edge, dns.level, format!("Route 53: {}", dns.headline()));
    }
    edge
}

/// Users who come to the load balancer without CloudFront.
fn direct(parts: &Parts<'_>, ways: EntryPoints) -> Edge {
    let mut edge = balancer_edge(parts, "users");
    measured(parts, &mut edge, if ways.through_cdn { "requests, all paths" } else { "requests" });
    let dns = users_edge(parts, "alb");
    if let Some(reason) = dns.reason {
        worse(&mut edge, dns.level, reason);
    }
    edge
}

/// What CloudFront fetches from the load balancer: nothing counts it where users come past CloudFront, too.
fn fetched(parts: &Parts<'_>, ways: EntryPoints) -> Edge {
    let mut edge = balancer_edge(parts, "cdn");
    if !ways.direct {
        measured(parts, &mut edge, "requests");
    }
    edge
}

/// What CloudFront has not in its caches; its default origin in the written architecture is the bucket, but it counts all origins together.
fn static_edge(parts: &Parts<'_>, distribution: &Distribution, bucket: &Hop) -> Edge {
    let mut edge = edge("cdn", &bucket.id, "static");
    let label = if distribution.origins.len() > 1 { "misses, all origins" } else { "misses" };
    let missed = parts.read.per_second(metric::Cdn::Requests).zip(parts.read.value(metric::CdnRealtime::Hit));
    edge.figures.extend(missed.map(|(rate, hit)| Measure::new(label, rate * (1.0 - hit / 100.0).clamp(0.0, 1.0), Unit::PerSecond)));
    edge
}

/// Whether a listener takes HTTPS; before they are known, it is what the written architecture writes.
fn takes_https(parts: &Parts<'_>) -> bool {
    let routing = parts.store().get::<Routing>();
    routing.is_none_or(|r| r.listeners.iter().any(|l| l.protocol == Protocol::Https))
}

/// A way to the listener for HTTPS, or to the first of those that there are.
fn balancer_edge(parts: &Parts<'_>, from: &str) -> Edge {
    let first = parts.store().get::<Routing>().and_then(|r| r.listeners.first()).filter(|_| !takes_https(parts));
    let (label, port) = first.map_or(("HTTPS".to_owned(), 443), |l| (l.protocol.to_string(), l.port));
    let mut edge = edge(from, "alb", &label);
    parts.permitted(&mut edge, End::Internet, End::Alb, Some(port));
    edge
}

/// What the load balancer counts, as the figures of one way to it.
fn measured(parts: &Parts<'_>, edge: &mut Edge, requests: &'static str) {
    edge.figures = parts.metrics(&[(requests, metric::Alb::Requests, Unit::PerSecond), ("p95", metric::Alb::P95, Unit::Seconds)]);
    // Users do not see whose error it was.
    let errors = parts.read.share_of(&[metric::Alb::Elb5xx, metric::Alb::Target5xx], metric::Alb::Requests);
    edge.figures.extend(errors.map(|v| Measure::new("5xx", v, Unit::Percent)));
    parts.share(edge, "ALB 5xx", (metric::Alb::Elb5xx, metric::Alb::Requests), Limit::Balancer5xx);
    parts.share(edge, "target 5xx", (metric::Alb::Target5xx, metric::Alb::Requests), Limit::Target5xx);
}

fn cdn_hop(parts: &Parts<'_>, distribution: &Distribution) -> Hop {
    let mut hop = parts.hop("cdn", "CloudFront", &distribution.id, NodeId::of(System::Cdn));
    hop.figures = parts.metrics(&[("hit", metric::CdnRealtime::Hit, Unit::Percent)]);
    // CloudFront counts in milliseconds.
    hop.figures.extend(parts.read.value(metric::CdnRealtime::Latency).map(|ms| Measure::new("origin", ms / 1000.0, Unit::Seconds)));
    hop
}

/// The balancer by itself: its box also repeats what is wrong with its target groups, which have edges of their own here.
fn balancer_hop(parts: &Parts<'_>) -> Hop {
    let mut hop = parts.hop("alb", "ALB", &parts.stack().balancer, NodeId::of(System::Balancer));
    let Some(balancer) = parts.store().get::<Balancer>() else { return hop };
    if let Some(verdict) = parts.judgement.of(&NodeId::of(System::Balancer)) {
        (hop.level, hop.reason) = own(verdict, |reason| of_a_group(parts, reason) || reason.ends_with(CLOSED));
    }
    // Of another stack nothing says that it must take HTTPS.
    if parts.stack().is_the_seeds() && !takes_https(parts) {
        (hop.level, hop.reason) = (Level::Down, Some("no HTTPS listener".to_owned()));
    }
    if !balancer.zones.is_empty() {
        hop.facts.push(format!("{} zones", balancer.zones.len()));
    }
    hop
}

/// Whether a reason of the balancer is one that it repeats of a target group.
fn of_a_group(parts: &Parts<'_>, reason: &str) -> bool {
    let group = reason.split_once(": ").map(|(who, _)| NodeId::named(System::TargetGroup, who));
    group.is_some_and(|group| parts.judgement.of(&group).is_some())
}

fn service(parts: &Parts<'_>, hops: &mut Vec<Hop>, edges: &mut Vec<Edge>, spec: &ServiceSpec) {
    let id = service_id(spec);
    // Before the rules are known: what the written architecture writes.
    let path = match spec.role {
        ServiceRole::ControlPlane => "/api/*",
        ServiceRole::Web => "/",
        ServiceRole::Worker | ServiceRole::Other(_) => "",
    };
    hops.push(parts.service_hop(spec));
    let (found, routing) = (parts.service(&spec.name), parts.store().get::<Routing>());
    let Some((service, arn)) = found.and_then(|s| Some((s, s.first_group(routing)?))) else {
        edges.push(edge("alb", &id, path));
        return;
    };
    let paths = routing.map(|r| r.paths_to(arn)).filter(|p| !p.is_empty());
    let label = paths.unwrap_or_else(|| path.to_owned());
    edges.push(target_edge(parts, service, arn, edge("alb", &id, &label)));
}

fn target_edge(parts: &Parts<'_>, service: &Service, arn: &str, mut edge: Edge) -> Edge {
    let group = group_name(arn).unwrap_or(arn);
    let [errors, requests, p95] = [metric::Tg::Target5xx, metric::Tg::Requests, metric::Tg::P95].map(|m| m.of(group));
    edge.figures = parts.metrics(&[("requests", &requests, Unit::PerSecond)]);
    edge.figures.extend(parts.quality(("p95", p95.clone()), (&errors, &requests)));
    let port =
        parts.store().get::<Routing>().and_then(|r| r.target_groups.iter().find(|g| g.arn == arn)).map(|g| g.port).filter(|p| *p > 0);
    parts.permitted(&mut edge, End::Alb, End::Ecs, port);
    if let Some((healthy, total)) = parts.store().get::<Targets>().and_then(|t| t.healthy(arn)) {
        edge.figures.push(Measure::new("healthy", healthy as f64, Unit::Count));
        if healthy == 0 && service.desired > 0 && service.duty(arn, parts.store().get::<Routing>()) == Duty::Serves {
            worse(&mut edge, Level::Down, format!("0 of {total} targets healthy"));
        }
    }
    if let Some(verdict) = parts.judgement.of(&NodeId::named(System::TargetGroup, group)).filter(|v| v.level >= Level::Degraded) {
        worse(&mut edge, verdict.level, verdict.headline().to_owned());
    }
    parts.share(&mut edge, "5xx", (errors, requests), Limit::Target5xx);
    parts.limit(&mut edge, p95, Limit::TargetP95, "p95", text::latency);
    edge
}
