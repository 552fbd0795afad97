//! Rules about Route 53: the zone's own name, where it leads, what Route 53 answers, and its health checks. Optional in the written architecture.

use crate::model::metric;
use crate::model::system::{System, SystemSpec};
use std::collections::BTreeSet;

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::balancer::Balancer;
use crate::model::cdn::Cdn;
use crate::model::dns::{Dns, DnsHealthCheck, DnsRecord, ResponseCode};
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::model::text;

use super::{Gauge, Rule, apply, apply_written, gauges};

/// About the zone.
pub(crate) const RULES: &[Rule<Dns>] = &[
    Rule { id: "dns.record", doc: "a name of the zone leads to the stack; none is down", needs: &[Dns::KEY], check: record },
    Rule { id: "dns.target", doc: "to the load balancer or to CloudFront", needs: &[Dns::KEY], check: target },
    Rule { id: "dns.answer", doc: "Route 53 answers NOERROR; NXDOMAIN is down", needs: &[Dns::KEY], check: answer },
];

/// What is written down about it.
pub(crate) const WRITTEN: &[Rule<Dns>] =
    &[Rule { id: "dns.evaluate", doc: "the alias evaluates the target's health", needs: &[Dns::KEY], check: evaluate }];

/// About one health check.
pub(crate) const CHECKS: &[Rule<DnsHealthCheck>] =
    &[Rule { id: "dns.checkers", doc: "every checker sees success", needs: &[Dns::KEY], check: checkers }];

/// Metrics of one health check, by its id.
pub(crate) const GAUGES: &[Gauge<metric::Dns>] =
    &[Gauge { id: "dns.check", series: metric::Dns::Status, label: "health check status", limit: Limit::HealthCheck, show: text::rate }];

/// Judges it.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Dns>();
    let mut findings = Vec::new();
    if let Some(dns) = found.filter(|d| d.zone.is_some()) {
        findings = apply(RULES, facts, ground.mandatory, dns);
        findings.extend(apply_written(WRITTEN, facts, ground.mandatory, dns));
        for check in &dns.health_checks {
            findings.extend(apply(CHECKS, facts, ground.mandatory, check));
            findings.extend(gauges(GAUGES, facts, &check.id).into_iter().map(|f| f.prefixed(&check.domain)));
        }
    }
    let mut assessment = Assessment::of(facts, ground, findings);
    if found.is_some_and(|d| d.zone.is_none()) {
        assessment.is_absent(format!("no zone {}", facts.stack.zone));
    }
    nodes.insert(NodeId::of(System::Dns), assessment);
}

fn record(facts: &Facts<'_>, dns: &Dns) -> Option<Finding> {
    let zone = dns.zone.as_ref().filter(|_| facts.store.unread::<Dns>("", "records").is_none())?;
    let name = zone.name.trim_end_matches('.');
    if facts.written {
        return dns.apex().is_none().then(|| down(format!("no A or AAAA record for {name}")));
    }
    let lost = dns.door().is_none() && !dns.cut_off;
    lost.then(|| down(format!("no record of {name} leads to a load balancer or to CloudFront")))
}

/// `Some(true)` = CloudFront, `Some(false)` = the load balancer.
fn leads_to(facts: &Facts<'_>, target: &str) -> Option<bool> {
    let own = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(target);
    let distribution = facts.store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
    if target.ends_with(".cloudfront.net") || distribution.is_some_and(|d| own(&d.domain)) {
        // Another distribution than the stack's is not where users should go.
        return distribution.is_none_or(|d| own(&d.domain)).then_some(true);
    }
    let balancer = facts.store.get::<Balancer>();
    match balancer.map(|b| b.dns_name.as_str()).filter(|n| !n.is_empty()) {
        Some(name) => own(name).then_some(false),
        None => Some(false),
    }
}

fn target(facts: &Facts<'_>, dns: &Dns) -> Option<Finding> {
    if facts.written {
        let record = dns.apex()?;
        let Some(alias) = &record.alias else { return Some(degraded(format!("{} is not an alias", record.host()))) };
        let target = alias.target();
        return leads_to(facts, &target)
            .is_none()
            .then(|| degraded(format!("alias target {target} is not the load balancer or CloudFront")));
    }
    // One name that leads to the stack is enough: others of the zone may be somebody else's.
    let targets: Vec<String> = dns.doors().filter_map(DnsRecord::leads).collect();
    let astray = !targets.is_empty() && targets.iter().all(|t| leads_to(facts, t).is_none());
    let door = dns.door().map(DnsRecord::host).unwrap_or_default();
    astray.then(|| degraded(format!("{door} leads to {}, which is not the load balancer or CloudFront", targets.join(", "))))
}

fn answer(_: &Facts<'_>, dns: &Dns) -> Option<Finding> {
    let (code, data) = dns.answer.as_ref()?;
    match code {
        ResponseCode::NoError if data.is_empty() => Some(down("Route 53 returns no address")),
        ResponseCode::NoError => None,
        ResponseCode::NxDomain => Some(down("Route 53 returns NXDOMAIN")),
        code => Some(degraded(format!("Route 53 returns {code}"))),
    }
}

fn evaluate(facts: &Facts<'_>, dns: &Dns) -> Option<Finding> {
    let alias = dns.apex()?.alias.as_ref()?;
    // Route 53 cannot evaluate the health of a distribution.
    let cdn = leads_to(facts, &alias.target()) == Some(true);
    (!cdn && !alias.evaluate_health).then(|| degraded("alias does not evaluate target health"))
}

fn checkers(_: &Facts<'_>, check: &DnsHealthCheck) -> Option<Finding> {
    // A region has several checkers, and only some of them may fail.
    let of = |failing: bool| check.observations.iter().filter(move |o| !failing || !o.passed());
    let regions = |failing: bool| of(failing).map(|o| o.region.as_str()).collect::<BTreeSet<_>>();
    let (failed, all) = (regions(true), regions(false));
    let place = match failed.len() {
        1 => (*failed.first()?).to_owned(),
        n => format!("{n} of {} regions", all.len()),
    };
    let (checkers, total) = (of(true).count(), check.observations.len());
    (checkers > 0).then(|| degraded(format!("health check of {}: {checkers} of {total} checkers fail ({place})", check.domain)))
}
