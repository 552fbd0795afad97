//! Rules about CloudFront: the distribution serves, is deployed, and its viewers see few errors. Optional in the written architecture.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::cdn::{Cdn, Distribution, DistributionStatus};
use crate::model::limits::Limit;
use crate::model::metric;
use crate::model::section::Section;
use crate::model::system::{System, SystemSpec};
use crate::model::text;

use super::{Gauge, Rule, apply, gauges};

/// About the distribution.
pub(crate) const RULES: &[Rule<Distribution>] = &[
    Rule { id: "cdn.enabled", doc: "enabled; disabled is down", needs: &[Cdn::KEY], check: enabled },
    Rule { id: "cdn.deployed", doc: "Deployed; InProgress is info, {cdn_deployment}", needs: &[Cdn::KEY], check: deployed },
    Rule { id: "cdn.invalidating", doc: "no invalidation in progress", needs: &[Cdn::KEY], check: invalidating },
];

/// Its metrics.
pub(crate) const GAUGES: &[Gauge<metric::Cdn>] = &[
    Gauge { id: "cdn.5xx", series: metric::Cdn::Errors5xx, label: "5xx", limit: Limit::Cdn5xx, show: text::percent },
    Gauge { id: "cdn.4xx", series: metric::Cdn::Errors4xx, label: "4xx", limit: Limit::Cdn4xx, show: text::percent },
];

/// Judges it.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Cdn>();
    let mut findings = Vec::new();
    if let Some(distribution) = found.and_then(|c| c.distribution.as_ref()) {
        findings = apply(RULES, facts, ground.mandatory, distribution);
        findings.extend(gauges(GAUGES, facts, ""));
    }
    let mut assessment = Assessment::of(facts, ground, findings);
    if found.is_some_and(|c| c.distribution.is_none()) {
        let partition = facts.store.place.partition;
        let lacks = (!partition.has_cloudfront()).then(|| format!("n/a: no CloudFront in {}", partition.id()));
        assessment.is_absent(lacks.unwrap_or_else(|| "no distribution for the stack".to_owned()));
    }
    nodes.insert(NodeId::of(System::Cdn), assessment);
}

fn enabled(_: &Facts<'_>, distribution: &Distribution) -> Option<Finding> {
    (!distribution.enabled).then(|| down("disabled"))
}

fn deployed(facts: &Facts<'_>, distribution: &Distribution) -> Option<Finding> {
    if matches!(distribution.status, DistributionStatus::Deployed | DistributionStatus::Unstated) {
        return None;
    }
    let at = distribution.modified_at;
    let spent = at.map_or_else(String::new, |at| format!(" for {}", text::age(at, facts.now)));
    let words = format!("{}{spent}", distribution.status);
    match at.filter(|at| facts.now - *at > facts.limits().span(Limit::CdnDeployment)) {
        Some(at) => Some(degraded(words).since(Some(at + facts.limits().span(Limit::CdnDeployment)))),
        None => Some(info(words).since(at)),
    }
}

fn invalidating(_: &Facts<'_>, distribution: &Distribution) -> Option<Finding> {
    let n = distribution.invalidating;
    (n > 0).then(|| info(format!("{} in progress", text::plural(n as u32, "invalidation"))))
}
