//! Rules about one target group that a service registers in: healthy targets against what the service wants, errors.
//! Its findings count for the group, for the balancer and for the service.

use crate::model::system::{System, SystemSpec};
use std::collections::BTreeMap;

use crate::model::balancer::{Routing, Target, TargetGroup, TargetState, Targets, group_name};
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::section::Section;
use crate::model::text;

use super::{Rule, apply, failures};
use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info, note};
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::health::standing;
use crate::model::service::{Duty, Service};

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
    /// Whether requests come to it.
    pub duty: Duty,
    /// Rules that were not read and may lead to it, and why not.
    pub unread: Option<String>,
}

impl Group {
    fn targets<'a>(&self, facts: &Facts<'a>) -> Option<&'a [Target]> {
        facts.store.get::<Targets>()?.groups.get(&self.arn).map(Vec::as_slice)
    }

    /// Everything that its rules find; nothing about the targets of a group that takes no requests, or of which nobody knows that.
    pub(crate) fn findings(&self, facts: &Facts<'_>, ground: &SystemSpec) -> Vec<Finding> {
        match self.duty {
            Duty::Serves => {
                let mut findings = apply(RULES, facts, ground.mandatory, self);
                findings.extend(apply(TRAFFIC, facts, ground.mandatory, self));
                let text = |unread| format!("whether a rule leads here is not known: {unread}");
                let unread = self.unread.as_ref().map(|unread| Finding::new(Level::Unknown, text(unread)));
                findings.extend(unread.map(|finding| Finding { basis: vec![Routing::KEY], ..finding }));
                findings
            }
            Duty::Unread => {
                let why = standing::explain(facts.store.entry(Routing::KEY), facts.now).map_or_else(String::new, |why| format!(": {why}"));
                let text = format!("which target group takes the requests is not known, rules not read{why}");
                vec![Finding { basis: vec![Routing::KEY], ..Finding::new(Level::Unknown, text) }]
            }
            _ => Vec::new(),
        }
    }

    /// No request can come to it: no rule leads to it, or only such as lead to nobody. A group that waits for its turn is not cut off.
    fn is_cut_off(&self, facts: &Facts<'_>) -> bool {
        let nobody =
            || facts.store.get::<Routing>().is_some_and(|r| r.share(&self.arn, &[]) == Some(0.0) && !r.is_beside_another(&self.arn));
        self.duty == Duty::NoRule || (self.duty == Duty::NoWeight && nobody())
    }

    /// `idle, weight 0; 2 of 2 targets healthy`; nothing for a group that takes requests.
    fn idle(&self, facts: &Facts<'_>) -> Option<String> {
        if self.duty == Duty::Serves && self.desired == 0 && self.targets(facts).is_some_and(|t| counts(t).3 == 0) {
            return Some("its service is scaled to 0: requests get a 503".to_owned());
        }
        let words = self.duty.idle_words()?;
        let (healthy, _, _, total) = self.targets(facts).map(counts).unwrap_or_default();
        Some(if total == 0 { words.to_owned() } else { format!("{words}; {healthy} of {total} targets healthy") })
    }
}

/// About the targets; a service shares these.
pub(crate) const RULES: &[Rule<Group>] = &[
    Rule {
        id: "tg.empty",
        doc: "where a rule sends requests: desired > 0 and no healthy target is down",
        needs: &[Targets::KEY],
        check: empty,
    },
    Rule { id: "tg.unhealthy", doc: "any unhealthy target is degraded", needs: &[Targets::KEY], check: unhealthy },
    Rule { id: "tg.short", doc: "healthy < desired is degraded; initial alone is not a failure", needs: &[Targets::KEY], check: short },
    Rule { id: "tg.initial", doc: "a target that is initial {task_start}", needs: &[Targets::KEY], check: initial },
];

/// About its traffic; a service shares these, too.
pub(crate) const TRAFFIC: &[Rule<Group>] =
    &[Rule { id: "tg.5xx", doc: "5xx of requests (min 20 req/min): {target_5xx}", needs: &[Metrics::KEY], check: errors }];

/// The groups that a service may be reached by.
pub(crate) fn groups_of(facts: &Facts<'_>, service: &Service) -> Vec<Group> {
    // Where two take turns, what was read too long ago may be the other way round by now.
    let routing = if service.takes_turns() { facts.fresh::<Routing>() } else { facts.store.get::<Routing>() };
    let named = |arn: &str| {
        // Of several load balancers, the one whose rules name it says what it does.
        let routing = if routing.is_some_and(|r| r.share(arn, &[]).is_none()) { facts.store.routing_to(arn).or(routing) } else { routing };
        let set = service.task_sets.iter().find(|s| s.target_groups.iter().any(|g| g == arn));
        let desired = set.map_or(service.desired, |s| s.desired).max(0) as usize;
        let name = group_name(arn)?.to_owned();
        // What was not read may be the rule that leads to it.
        let unread = unread_rules(facts).filter(|_| matches!(service.duty(arn, routing), Duty::NoRule | Duty::NoWeight));
        let duty = service.duty(arn, routing.filter(|_| unread.is_none()));
        Some(Group { arn: arn.to_owned(), name, service: service.name.clone(), desired, duty, unread })
    };
    service.groups().into_iter().filter_map(named).collect()
}

/// The rules that could not be read, of any load balancer, and why not.
fn unread_rules(facts: &Facts<'_>) -> Option<String> {
    let members = facts.stack.members();
    let others = members.filter_map(|node| facts.store.entry_of(&node, Routing::KEY)).collect::<Vec<_>>();
    let entries = facts.store.entry(Routing::KEY).into_iter().chain(others);
    let mut unread = entries.flat_map(|e| &e.unread).filter(|u| u.field == "rules");
    unread.next().map(|u| format!("{}: {}", u.part, u.why))
}

/// Judges every group of every configured service; the balancer is the parent.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let all = facts.stack.services.iter().filter_map(|spec| facts.service(&spec.name)).flat_map(|s| groups_of(facts, s));
    for group in all.filter(|group| !is_of_another(facts, &group.arn)) {
        let id = NodeId::named(System::TargetGroup, &group.name);
        let findings = group.findings(facts, ground);
        match group.idle(facts) {
            None => nodes.child(facts, ground, id, &group.name, findings),
            Some(words) => {
                let mut assessment = Assessment::of(facts, ground, findings);
                assessment.is_absent(words);
                nodes.insert(id, assessment);
            }
        }
    }
    for group in unowned(facts) {
        let findings = unanswered(facts, group).into_iter().collect();
        nodes.child(facts, ground, NodeId::named(System::TargetGroup, &group.name), &group.name, findings);
    }
}

/// Whether only other load balancers of the stack forward to it: they have nodes of their own, and it counts for them.
fn is_of_another(facts: &Facts<'_>, arn: &str) -> bool {
    let group = facts.store.get::<Routing>().and_then(|r| r.target_groups.iter().find(|g| g.arn == arn));
    let behind = group.and_then(|g| g.balancers.as_deref()).unwrap_or_default();
    let named = |balancer: &String| facts.stack.other_balancers.iter().any(|name| balancer.contains(&format!("/{name}/")));
    !behind.is_empty() && behind.iter().all(named)
}

/// Target groups that a rule sends requests to and no service of the stack registers in: another's, or one that was left behind.
fn unowned<'a>(facts: &Facts<'a>) -> Vec<&'a TargetGroup> {
    let Some(routing) = facts.store.get::<Routing>() else { return Vec::new() };
    let services = facts.stack.services.iter().filter_map(|spec| facts.service(&spec.name));
    let owned: Vec<&str> = services.flat_map(Service::groups).collect();
    let sent = |g: &&TargetGroup| routing.share(&g.arn, &[]).is_some_and(|s| s > 0.0);
    routing.target_groups.iter().filter(sent).filter(|g| !owned.contains(&g.arn.as_str())).collect()
}

/// Requests that a rule sends where nobody answers fail, whoever the group belongs to; how many targets it should have is not known here.
fn unanswered(facts: &Facts<'_>, group: &TargetGroup) -> Option<Finding> {
    let on = facts.store.get::<Routing>().map(|r| r.paths_to(&group.arn)).unwrap_or_default();
    let Some(targets) = facts.store.get::<Targets>()?.groups.get(&group.arn) else {
        return Some(Finding::new(Level::Unknown, "no target health returned"));
    };
    // A function is not checked unless its owner asks for that.
    if group.target_type == "lambda" && !targets.is_empty() {
        return None;
    }
    if let Some(words) = unchecked(targets) {
        return Some(Finding::new(Level::Unknown, words));
    }
    let (healthy, _, _, total) = counts(targets);
    let what = if total == 0 { "no target registered".to_owned() } else { format!("0 of {total} targets healthy{}", why(targets.iter())) };
    (healthy == 0).then(|| degraded(format!("{what}: requests for {on} fail")))
}

/// What a service finds by its groups: what is wrong with those that serve it, and which do not.
pub(crate) fn of_service(facts: &Facts<'_>, ground: &SystemSpec, service: &Service) -> Vec<Finding> {
    let groups = groups_of(facts, service);
    let mut findings: Vec<Finding> = groups.iter().flat_map(|g| g.findings(facts, ground)).collect();
    let reached = groups.iter().any(|g| !g.is_cut_off(facts));
    for group in groups {
        let Some(words) = group.idle(facts) else { continue };
        let text = format!("{}: {words}", group.name);
        findings.push(match reached {
            true => note(text),
            false if service.desired > 0 => degraded(format!("gets no requests: {text}")),
            false => info(format!("gets no requests: {text}")),
        });
    }
    findings
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

/// Targets of which the load balancer does not say how they are: it serves them, whether they answer or not.
fn unchecked(targets: &[Target]) -> Option<String> {
    let mut in_service = targets.iter().filter(|t| !t.state.is_draining()).peekable();
    in_service.peek()?;
    if !in_service.clone().all(|t| t.state == TargetState::Unavailable) {
        return None;
    }
    let disabled = in_service.clone().all(|t| t.reason.as_deref() == Some("Target.HealthCheckDisabled"));
    let targets = text::plural(in_service.clone().count() as u32, "target");
    Some(if disabled {
        format!("health checks are disabled: {targets} not checked")
    } else {
        format!("health of {targets} not known{}", why(in_service))
    })
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
    if let Some(words) = unchecked(targets) {
        return Some(Finding::new(Level::Unknown, words));
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
    failures(facts, "5xx", errors, requests, Limit::Target5xx)
}
