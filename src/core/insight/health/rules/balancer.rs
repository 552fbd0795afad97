//! The load balancer's own rules: state, zones, traffic, errors, latency. Its target groups are `target_group`'s business.

use std::collections::BTreeSet;

use crate::model::balancer::{Balancer, BalancerState, Routing};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::network::{Network, zone_letter};
use crate::model::section::Section;
use crate::model::stack::Stack;
use crate::model::system::System;
use crate::model::text;

use super::{Gauge, Rule, apply, entrance, failures, gauges, security_groups};
use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info};
use crate::insight::health::limits;
use crate::insight::health::node::Nodes;
use crate::insight::health::window::Breach;
use crate::insight::topology::entry::balancer_nodes;
use crate::insight::topology::paths::End;
use crate::model::system::SystemSpec;

/// About the balancer.
pub(crate) const RULES: &[Rule<Balancer>] = &[
    Rule { id: "alb.state", doc: "active; active_impaired is degraded, failed is down", needs: &[Balancer::KEY], check: state },
    Rule {
        id: "alb.zones",
        doc: "a node in three zones, or in every zone of its services' subnets",
        needs: &[Balancer::KEY],
        check: zones,
    },
];

/// About its traffic, whatever its description says.
pub(crate) const TRAFFIC: &[Rule<Stack>] = &[
    Rule {
        id: "alb.traffic",
        doc: "requests of the 15 min mean: {balancer_traffic}; none for 3 min is down",
        needs: &[Metrics::KEY],
        check: traffic,
    },
    Rule { id: "alb.elb5xx", doc: "5xx of the balancer of requests: {balancer_5xx}", needs: &[Metrics::KEY], check: elb5xx },
    Rule { id: "alb.target5xx", doc: "5xx of targets of requests: {target_5xx}", needs: &[Metrics::KEY], check: target5xx },
];

/// Its metrics.
pub(crate) const GAUGES: &[Gauge<metric::Alb>] = &[
    Gauge { id: "alb.p99", series: metric::Alb::P99, label: "p99", limit: Limit::BalancerP99, show: text::latency },
    Gauge { id: "alb.p50", series: metric::Alb::P50, label: "p50", limit: Limit::BalancerP50, show: text::latency },
    Gauge {
        id: "alb.connerr",
        series: metric::Alb::ConnectionErrors,
        label: "target connection errors/min",
        limit: Limit::BalancerConnectionErrors,
        show: text::count,
    },
    Gauge {
        id: "alb.rejected",
        series: metric::Alb::Rejected,
        label: "rejected connections/min",
        limit: Limit::BalancerRejected,
        show: text::count,
    },
];

/// Judges it; the target groups are its children.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let mut findings = facts.store.get::<Balancer>().map_or_else(Vec::new, |b| apply(RULES, facts, ground.mandatory, b));
    let routing = facts.store.get::<Routing>();
    findings.extend(routing.into_iter().flat_map(|r| apply(entrance::RULES, facts, ground.mandatory, r)));
    nodes.take_below(&mut findings);
    findings.extend(apply(TRAFFIC, facts, ground.mandatory, facts.stack));
    findings.extend(gauges(GAUGES, facts, ""));
    findings.extend(security_groups::closed_to(facts, End::Alb));
    nodes.parent(facts, ground, NodeId::of(System::Balancer), findings);
}

fn state(_: &Facts<'_>, balancer: &Balancer) -> Option<Finding> {
    let why = balancer.state_reason.as_deref().filter(|r| !r.is_empty()).map_or_else(String::new, |r| format!(": {}", text::clip(r, 80)));
    match &balancer.state {
        BalancerState::Active | BalancerState::Unstated => None,
        BalancerState::Provisioning => Some(info("provisioning")),
        BalancerState::Failed => Some(down(format!("state failed{why}"))),
        other => Some(degraded(format!("state {other}{why}"))),
    }
}

fn zones(facts: &Facts<'_>, balancer: &Balancer) -> Option<Finding> {
    let n = balancer.zones.len();
    if facts.written {
        // A cloud that names no zone at all says nothing about them.
        return (n > 0 && n < limits::BALANCER_ZONES).then(|| degraded(format!("in {n} of {} zones", limits::BALANCER_ZONES)));
    }
    // Targets in a zone that the load balancer does not serve get no requests.
    let fronted = facts.stack.services.iter().filter_map(|s| facts.service(&s.name)).filter(|s| !s.target_groups.is_empty());
    let ids: BTreeSet<&str> = fronted.flat_map(|s| &s.subnets).map(String::as_str).collect();
    let network = facts.fresh::<Network>()?;
    let zones = ids.into_iter().filter_map(|id| Some(network.subnet(id)?.zone.as_str()));
    let served: Vec<&str> = balancer_nodes(facts.store).into_iter().map(|(zone, _)| zone).collect();
    let without: BTreeSet<&str> = zones.filter(|zone| !served.contains(zone)).collect();
    let letters: Vec<&str> = without.into_iter().map(zone_letter).collect();
    (n > 0 && !letters.is_empty()).then(|| degraded(format!("no node in zone {}, where its services have subnets", letters.join(", "))))
}

fn traffic(facts: &Facts<'_>, _: &Stack) -> Option<Finding> {
    let window = facts.window()?;
    let mean = window.mean_before(metric::Alb::Requests, limits::TRAFFIC_MINUTES, limits::TRAFFIC_MEAN_MINUTES)?;
    let recent: Vec<f64> = window.minutes(metric::Alb::Requests, limits::TRAFFIC_MINUTES)?.into_iter().collect::<Option<_>>()?;
    let minutes = limits::TRAFFIC_MINUTES;
    if mean <= limits::TRAFFIC_FLOOR {
        return None;
    }
    if recent.iter().all(|r| *r <= 0.0) {
        return Some(down(format!("no requests for {minutes} min (mean {}/min)", text::count(mean))));
    }
    let low = recent.iter().all(|r| facts.limits().level(Limit::BalancerTraffic, r / mean * 100.0) > Level::Healthy);
    low.then(|| {
        let now = recent.first().copied().unwrap_or_default();
        degraded(format!("requests {}/min for {minutes} min, mean {}/min", text::count(now), text::count(mean)))
    })
}

/// Words a share of failed requests.
pub(crate) fn failed(what: &str, (critical, breach): (bool, Breach)) -> Finding {
    let text = format!("{what} {} of requests{}", text::share(breach.value), breach.span());
    if critical { down(text) } else { degraded(text) }
}

fn elb5xx(facts: &Facts<'_>, _: &Stack) -> Option<Finding> {
    failures(facts, "ALB 5xx", metric::Alb::Elb5xx, metric::Alb::Requests, Limit::Balancer5xx)
}

fn target5xx(facts: &Facts<'_>, _: &Stack) -> Option<Finding> {
    failures(facts, "target 5xx", metric::Alb::Target5xx, metric::Alb::Requests, Limit::Target5xx)
}
