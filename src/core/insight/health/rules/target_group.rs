//! Rules about one target group that a service registers in: healthy targets against what the service wants, errors.
//! Its findings count for the group, for the balancer and for the service.

use crate::model::system::{System, SystemSpec};
use std::collections::BTreeMap;

use crate::model::balancer::{Target, TargetState, Targets};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::section::Section;
use crate::model::text;

use super::balancer::failed;
use super::{Rule, apply};
use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info};
use crate::insight::health::node::Nodes;
use crate::insight::timeline::phrase::group_name;
use crate::model::service::Service;

/// A target group of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// ARN: the key of the target health.
    pub arn: String,
    pub name: String,
    /// The service that registers in it.
    pub service: String,
    /// What its service wants.
    pub desired: usize,
}

impl Group {
    fn targets<'a>(&self, facts: &Facts<'a>) -> Option<&'a [Target]> {
        facts.store.get::<Targets>()?.groups.get(&self.arn).map(Vec::as_slice)
    }
}

/// About the targets; a service shares these.
pub(crate) const RULES: &[Rule<Group>] = &[
    Rule { id: "tg.empty", doc: "desired > 0 and no healthy target is down", needs: &[Targets::KEY], check: empty },
    Rule { id: "tg.unhealthy", doc: "any unhealthy target is degraded", needs: &[Targets::KEY], check: unhealthy },
    Rule { id: "tg.short", doc: "healthy < desired is degraded; initial alone is not a failure", needs: &[Targets::KEY], check: short },
    Rule { id: "tg.initial", doc: "a target that is initial {task_start}", needs: &[Targets::KEY], check: initial },
];

/// About its traffic; a service shares these, too.
pub(crate) const TRAFFIC: &[Rule<Group>] =
    &[Rule { id: "tg.5xx", doc: "5xx of requests (min 20 req/min): {target_5xx}", needs: &[Metrics::KEY], check: errors }];

/// The groups that a service registers in.
pub(crate) fn groups_of(service: &Service) -> Vec<Group> {
    let desired = service.desired.max(0) as usize;
    let named = |arn: &String| {
        let name = group_name(arn)?.to_owned();
        Some(Group { arn: arn.clone(), name, service: service.name.clone(), desired })
    };
    service.target_groups.iter().filter_map(named).collect()
}

/// Judges every group of every configured service; the balancer is the parent.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    for group in facts.stack.services.iter().filter_map(|spec| facts.service(&spec.name)).flat_map(groups_of) {
        let mut findings = apply(RULES, facts, ground.mandatory, &group);
        findings.extend(apply(TRAFFIC, facts, ground.mandatory, &group));
        nodes.child(facts, ground, NodeId::named(System::TargetGroup, &group.name), &group.name, findings);
    }
}

fn counts(targets: &[Target]) -> (usize, usize, usize, usize) {
    let of = |state: TargetState| targets.iter().filter(|t| t.state == state).count();
    let bad = targets.iter().filter(|t| t.state.is_unhealthy()).count();
    let draining = of(TargetState::Draining);
    (of(TargetState::Healthy), bad, of(TargetState::Initial), targets.len() - draining)
}

/// `(Target.Timeout)`, `(2 Target.Timeout, 1 Target.FailedHealthChecks)`.
fn why<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for target in targets {
        *reasons.entry(target.reason.as_deref().unwrap_or_default()).or_default() += 1;
    }
    reasons.remove("");
    let words: Vec<String> = match reasons.len() {
        0 => return String::new(),
        1 => reasons.into_keys().map(str::to_owned).collect(),
        _ => reasons.into_iter().map(|(reason, n)| format!("{n} {reason}")).collect(),
    };
    format!(" ({})", words.join(", "))
}

fn empty(facts: &Facts<'_>, group: &Group) -> Option<Finding> {
    // A group whose health was not asked (a cloud that does not list it under the balancer) is not a group without targets.
    let Some(targets) = group.targets(facts) else {
        let why = facts.store.unread::<Targets>(&group.arn, "");
        let why = why.map_or_else(|| "no target health returned".to_owned(), |why| format!("target health: {why}"));
        return Some(Finding::new(Level::Unknown, why));
    };
    let (healthy, _, _, total) = counts(targets);
    if group.desired == 0 || healthy > 0 {
        return None;
    }
    if targets.is_empty() {
        return Some(down(format!("no target registered, {} wanted", group.desired)));
    }
    Some(down(format!("0 of {total} targets healthy{}", why(targets.iter()))))
}

fn unhealthy(facts: &Facts<'_>, group: &Group) -> Option<Finding> {
    let targets = group.targets(facts)?;
    let (healthy, bad, _, total) = counts(targets);
    (bad > 0 && healthy > 0).then(|| {
        degraded(format!("{bad} of {} targets unhealthy{}", total.max(bad), why(targets.iter().filter(|t| t.state.is_unhealthy()))))
    })
}

fn short(facts: &Facts<'_>, group: &Group) -> Option<Finding> {
    let (healthy, bad, initial, _) = counts(group.targets(facts)?);
    if healthy == 0 || healthy + bad >= group.desired {
        return None;
    }
    if healthy + bad + initial >= group.desired {
        return Some(info(format!("{} starting", text::plural(initial as u32, "target"))));
    }
    Some(degraded(format!("{healthy} of {} wanted targets healthy", group.desired)))
}

fn initial(facts: &Facts<'_>, group: &Group) -> Option<Finding> {
    let slow = group.targets(facts)?.iter().filter(|t| t.state == TargetState::Initial).find_map(|t| {
        let started = facts.tasks_of(&group.service).find(|k| k.ip.as_deref() == Some(&t.id))?.started_at?;
        (facts.now - started > facts.limits().span(Limit::TaskStart)).then_some((t, started))
    });
    let (target, started) = slow?;
    Some(
        degraded(format!("target {} still initial {} after start", target.id, text::age(started, facts.now)))
            .since(Some(started + facts.limits().span(Limit::TaskStart))),
    )
}

fn errors(facts: &Facts<'_>, group: &Group) -> Option<Finding> {
    let (errors, requests) = (metric::Tg::Target5xx.of(&group.name), metric::Tg::Requests.of(&group.name));
    facts.window()?.share(errors, requests, &facts.limits().share(Limit::Target5xx)).map(|b| failed("5xx", b))
}
