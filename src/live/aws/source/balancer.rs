//! ELBv2: the load balancer (60 s), its listeners, rules and target groups (5 min), and the health of every target (5 s).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::builders::DescribeTargetGroupsFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::join_all;

use super::{Context, FAST, MINUTE, Part, SLOW};
use crate::aws::convert::{text, text_opt, texts};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, Targets};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const SERVICE: &str = "Elastic Load Balancing v2";
const BALANCERS: Op = Op::read(SERVICE, "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers").on(Scope::Any);
const LISTENERS: Op = Op::read(SERVICE, "DescribeListeners", "elasticloadbalancing:DescribeListeners").on(Scope::Any);
const RULES: Op = Op::read(SERVICE, "DescribeRules", "elasticloadbalancing:DescribeRules").on(Scope::Any);
const GROUPS: Op = Op::read(SERVICE, "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups").on(Scope::Any);
const ATTRIBUTES: Op =
    Op::read(SERVICE, "DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroupAttributes").on(Scope::Any);
const HEALTH: Op = Op::read(SERVICE, "DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth").on(Scope::Any);

pub(super) struct BalancerSource;

impl super::Source for BalancerSource {
    type Out = Balancer;
    const READS: &'static [Op] = &[BALANCERS];

    fn every(_: &Store) -> Duration {
        MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<Balancer, Problem> {
        let out = cx.clients.elb.describe_load_balancers().names(&cx.stack.balancer).send().await.map_err(|e| problem_of(BALANCERS, &e))?;
        let Some(lb) = sent(BALANCERS, "load balancers", out.load_balancers.as_ref())?
            .iter()
            .find(|l| l.load_balancer_name() == Some(&cx.stack.balancer))
        else {
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: no load balancer '{}'", BALANCERS.label(), cx.stack.balancer),
                hint: "check stack.balancer in the configuration".to_owned(),
                permission: None,
            });
        };
        sent(BALANCERS, "state", lb.state().and_then(|s| s.code()))?;
        Ok(Balancer {
            arn: text(lb.load_balancer_arn()),
            name: text(lb.load_balancer_name()),
            dns_name: text(lb.dns_name()),
            hosted_zone: text(lb.canonical_hosted_zone_id()),
            state: text(lb.state().and_then(|s| s.code()).map(sdk::LoadBalancerStateEnum::as_str)).into(),
            state_reason: text_opt(lb.state().and_then(|s| s.reason())),
            scheme: text(lb.scheme().map(sdk::LoadBalancerSchemeEnum::as_str)),
            kind: text(lb.r#type().map(sdk::LoadBalancerTypeEnum::as_str)),
            vpc: text(lb.vpc_id()),
            zones: lb.availability_zones().iter().map(|z| (text(z.zone_name()), text(z.subnet_id()))).collect(),
            security_groups: texts(lb.security_groups()),
        })
    }
}

pub(super) struct RoutingSource;

impl super::Source for RoutingSource {
    type Out = Routing;
    const READS: &'static [Op] = &[LISTENERS, RULES, GROUPS, ATTRIBUTES];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<Routing, Problem> {
        let arn = cx.needs::<Balancer>()?.arn.clone();
        let (listeners, mut target_groups) = futures_util::future::try_join(listeners(&cx, &arn), target_groups(&cx, &arn)).await?;
        // Some clouds list under the balancer only what its default actions use: ask for the groups of the rules by name.
        let mut others: Vec<String> = listeners.iter().flat_map(|l| &l.rules).flat_map(|r| &r.target_groups).cloned().collect();
        others.retain(|arn| target_groups.iter().all(|g| g.arn != *arn));
        others.sort();
        others.dedup();
        if !others.is_empty() {
            let request = cx.clients.elb.describe_target_groups().set_target_group_arns(Some(others));
            target_groups.extend(described(&cx, request).await?);
            target_groups.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(Routing { listeners, target_groups })
    }
}

async fn listeners(cx: &Context, balancer: &str) -> Result<Vec<Listener>, Problem> {
    let request = cx.clients.elb.describe_listeners().load_balancer_arn(balancer);
    let ask = |token| request.clone().set_marker(token).send();
    let found = page::all(LISTENERS, ask, |out| (out.listeners, out.next_marker)).await?;
    let answers = join_all(found.iter().map(|l| rules(cx, l.listener_arn().unwrap_or_default()))).await;
    let mut rules = Vec::new();
    for (listener, answer) in found.iter().zip(answers) {
        let name = format!("rules of listener {}", listener.port().unwrap_or_default());
        rules.push(cx.part(Part::judged(name, listener.listener_arn().unwrap_or_default(), "rules"), answer)?.unwrap_or_default());
    }
    let mut listeners: Vec<Listener> = found
        .iter()
        .zip(rules)
        .map(|(l, rules)| Listener {
            arn: text(l.listener_arn()),
            port: l.port().unwrap_or_default(),
            protocol: text(l.protocol().map(sdk::ProtocolEnum::as_str)).into(),
            default_action: l.default_actions().first().map(action_words).unwrap_or_default(),
            certificates: l.certificates().iter().map(|c| text(c.certificate_arn())).collect(),
            ssl_policy: text_opt(l.ssl_policy()),
            rules,
        })
        .collect();
    listeners.sort_by_key(|l| l.port);
    Ok(listeners)
}

fn action_words(action: &sdk::Action) -> String {
    let kind = text(action.r#type().map(sdk::ActionTypeEnum::as_str));
    if let Some(redirect) = action.redirect_config() {
        let code = text(redirect.status_code().map(sdk::RedirectActionStatusCodeEnum::as_str));
        return format!("{kind} {}:{} {code}", text(redirect.protocol()), text(redirect.port()));
    }
    let names: Vec<String> = forwarded(std::slice::from_ref(action)).iter().map(|arn| group_name(arn)).collect();
    if names.is_empty() { kind } else { format!("{kind} {}", names.join(", ")) }
}

fn group_name(arn: &str) -> String {
    arn.split('/').nth(1).unwrap_or(arn).to_owned()
}

/// Target groups that the actions forward to: the short form and the weighted form name the same group twice.
fn forwarded(actions: &[sdk::Action]) -> Vec<String> {
    let mut arns = Vec::new();
    for action in actions {
        arns.extend(text_opt(action.target_group_arn()));
        let weighted =
            action.forward_config().map(aws_sdk_elasticloadbalancingv2::types::ForwardActionConfig::target_groups).unwrap_or_default();
        arns.extend(weighted.iter().filter_map(|t| text_opt(t.target_group_arn())));
    }
    arns.sort();
    arns.dedup();
    arns
}

async fn rules(cx: &Context, listener: &str) -> Result<Vec<Rule>, Problem> {
    let request = cx.clients.elb.describe_rules().listener_arn(listener);
    let ask = |token| request.clone().set_marker(token).send();
    let mut rules: Vec<Rule> = page::all(RULES, ask, |out| (out.rules, out.next_marker))
        .await?
        .iter()
        .map(|rule| Rule {
            priority: text(rule.priority()),
            paths: rule.conditions().iter().flat_map(paths).collect(),
            target_groups: forwarded(rule.actions()),
        })
        .collect();
    rules.sort_by_key(|r| r.priority.parse::<u32>().unwrap_or(u32::MAX));
    Ok(rules)
}

fn paths(condition: &sdk::RuleCondition) -> Vec<String> {
    let config =
        condition.path_pattern_config().map(aws_sdk_elasticloadbalancingv2::types::PathPatternConditionConfig::values).unwrap_or_default();
    let values = if config.is_empty() && condition.field() == Some("path-pattern") { condition.values() } else { config };
    texts(values)
}

async fn target_groups(cx: &Context, balancer: &str) -> Result<Vec<TargetGroup>, Problem> {
    described(cx, cx.clients.elb.describe_target_groups().load_balancer_arn(balancer)).await
}

async fn described(cx: &Context, request: DescribeTargetGroupsFluentBuilder) -> Result<Vec<TargetGroup>, Problem> {
    let ask = |token| request.clone().set_marker(token).send();
    let found = page::all(GROUPS, ask, |out| (out.target_groups, out.next_marker)).await?;
    let delays = join_all(found.iter().map(|g| deregistration_delay(cx, g.target_group_arn().unwrap_or_default()))).await;
    let mut groups: Vec<TargetGroup> = found.iter().zip(delays).map(|(g, delay)| target_group(g, delay)).collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(groups)
}

fn target_group(g: &sdk::TargetGroup, delay: Option<i32>) -> TargetGroup {
    TargetGroup {
        arn: text(g.target_group_arn()),
        name: text(g.target_group_name()),
        port: g.port().unwrap_or_default(),
        target_type: text(g.target_type().map(sdk::TargetTypeEnum::as_str)),
        health_path: text(g.health_check_path()),
        health_interval: g.health_check_interval_seconds().unwrap_or_default(),
        health_timeout: g.health_check_timeout_seconds().unwrap_or_default(),
        healthy_threshold: g.healthy_threshold_count().unwrap_or_default(),
        unhealthy_threshold: g.unhealthy_threshold_count().unwrap_or_default(),
        matcher: text(g.matcher().and_then(|m| m.http_code())),
        deregistration_delay: delay,
    }
}

/// Only shown: without it the rest of the routing is worth showing.
async fn deregistration_delay(cx: &Context, group: &str) -> Option<i32> {
    let answer = cx.clients.elb.describe_target_group_attributes().target_group_arn(group).send().await;
    let part = Part::shown(format!("attributes of {}", group_name(group)), group, "deregistration_delay");
    let out = cx.part(part, answer.map_err(|e| problem_of(ATTRIBUTES, &e))).ok()??;
    let attribute = out.attributes().iter().find(|a| a.key() == Some("deregistration_delay.timeout_seconds"))?;
    attribute.value()?.parse().ok()
}

pub(super) struct TargetsSource;

impl super::Source for TargetsSource {
    type Out = Targets;
    const READS: &'static [Op] = &[HEALTH];

    fn every(_: &Store) -> Duration {
        FAST
    }

    async fn poll(cx: Arc<Context>) -> Result<Targets, Problem> {
        let groups = &cx.needs::<Routing>()?.target_groups;
        let answers = join_all(groups.iter().map(|g| targets(&cx, &g.arn))).await;
        let answers = groups.iter().zip(answers).map(|(g, answer)| (g.arn.clone(), answer.map(|targets| (g.arn.clone(), targets))));
        let groups: BTreeMap<_, _> = cx.each("target health of", answers)?.into_iter().collect();
        Ok(Targets { groups })
    }
}

async fn targets(cx: &Context, group: &str) -> Result<Vec<Target>, Problem> {
    let out = cx.clients.elb.describe_target_health().target_group_arn(group).send().await.map_err(|e| problem_of(HEALTH, &e))?;
    let mut targets: Vec<Target> = sent(HEALTH, "target health descriptions", out.target_health_descriptions.as_ref())?
        .iter()
        .map(|d| {
            let (target, health) = (d.target(), d.target_health());
            Target {
                id: text(target.and_then(|t| t.id())),
                port: target.and_then(sdk::TargetDescription::port).unwrap_or_default(),
                zone: text(target.and_then(|t| t.availability_zone())),
                state: text(health.and_then(|h| h.state()).map(sdk::TargetHealthStateEnum::as_str)).into(),
                reason: text_opt(health.and_then(|h| h.reason()).map(sdk::TargetHealthReasonEnum::as_str)),
                description: text_opt(health.and_then(|h| h.description())),
            }
        })
        .collect();
    targets.sort_by(|a, b| (&a.zone, &a.id).cmp(&(&b.zone, &b.id)));
    Ok(targets)
}
