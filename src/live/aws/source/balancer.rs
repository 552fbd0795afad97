//! ELBv2: the load balancer (60 s), its listeners, rules and target groups (5 min), and the health of every target (5 s).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::builders::DescribeTargetGroupsFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::{join_all, try_join_all};

use super::{Context, FAST, HALF_MINUTE, MEDIUM, MINUTE, Part, SLOW};
use crate::aws::convert::{text, text_opt, texts};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::balancer::{
    Action, Balancer, Condition, ConditionField, Listener, Redirect, Routing, Rule, Target, TargetGroup, Targets, Weighted, group_name,
};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::service::Services;
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

    /// Rules change by hand, except where a deployment moves the weights from one group to the other.
    fn every(store: &Store) -> Duration {
        let services = store.get::<Services>().map(|s| s.services.as_slice()).unwrap_or_default();
        let mut in_turns = services.iter().filter(|s| s.groups().len() > s.target_groups.len()).peekable();
        let turns = in_turns.peek().is_some();
        if in_turns.any(|s| s.deployments.len() > 1 || s.task_sets.len() > 1) {
            return MEDIUM;
        }
        let shared = |r: &Rule| r.actions.iter().any(|a| a.forward.len() > 1);
        let weighted = store.get::<Routing>().is_some_and(|r| r.listeners.iter().flat_map(|l| &l.rules).any(shared));
        if turns || weighted { HALF_MINUTE } else { SLOW }
    }

    async fn poll(cx: Arc<Context>) -> Result<Routing, Problem> {
        let arn = cx.needs::<Balancer>()?.arn.clone();
        // Which groups there are must not depend on which of two answers came first.
        cx.after::<Services>()?;
        let (listeners, mut target_groups) = futures_util::future::try_join(listeners(&cx, &arn), target_groups(&cx, &arn)).await?;
        // Some clouds list under the balancer only what its default actions use: ask for the groups of the rules by name.
        let mut others: Vec<String> = listeners.iter().flat_map(|l| &l.rules).flat_map(|r| &r.target_groups).cloned().collect();
        others.retain(|arn| target_groups.iter().all(|g| g.arn != *arn));
        others.sort();
        others.dedup();
        if !others.is_empty() {
            let request = cx.clients.elb.describe_target_groups().set_target_group_arns(Some(others));
            target_groups.extend(described(&cx, request).await?);
        }
        // No rule names what waits for its turn; its service does.
        let waiting = of_services(&cx, &target_groups.iter().map(|g| g.arn.as_str()).collect::<Vec<_>>());
        let waiting = try_join_all(waiting.iter().map(|arn| existing(described(&cx, by_arn(&cx, arn))))).await?;
        target_groups.extend(waiting.into_iter().flatten().flatten());
        target_groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Routing { listeners, target_groups })
    }
}

/// Target groups that only the services name, beside those that are known: each may be gone by now, which is no fault of the others.
fn of_services(cx: &Context, known: &[&str]) -> Vec<String> {
    let services = cx.store.get::<Services>().map(|s| s.services.as_slice()).unwrap_or_default();
    let mut arns: Vec<String> = services.iter().flat_map(|s| s.groups()).filter(|arn| !known.contains(arn)).map(str::to_owned).collect();
    arns.sort();
    arns.dedup();
    arns
}

/// `None` for what does not exist any more.
async fn existing<T>(answer: impl Future<Output = Result<T, Problem>>) -> Result<Option<T>, Problem> {
    match answer.await {
        Err(problem) if problem.kind == ProblemKind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

fn by_arn(cx: &Context, arn: &str) -> DescribeTargetGroupsFluentBuilder {
    cx.clients.elb.describe_target_groups().target_group_arns(arn)
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
        .map(|(l, rules)| {
            let actions = in_order(l.default_actions());
            Listener {
                arn: text(l.listener_arn()),
                port: l.port().unwrap_or_default(),
                protocol: text(l.protocol().map(sdk::ProtocolEnum::as_str)).into(),
                default_action: actions.iter().map(Action::words).collect::<Vec<_>>().join(", "),
                actions,
                certificates: l.certificates().iter().map(|c| text(c.certificate_arn())).collect(),
                ssl_policy: text_opt(l.ssl_policy()),
                rules,
            }
        })
        .collect();
    listeners.sort_by_key(|l| l.port);
    Ok(listeners)
}

fn in_order(actions: &[sdk::Action]) -> Vec<Action> {
    let mut actions: Vec<&sdk::Action> = actions.iter().collect();
    actions.sort_by_key(|a| a.order());
    actions.into_iter().map(action).collect()
}

fn action(a: &sdk::Action) -> Action {
    // The part of the request that a redirect keeps is written as a placeholder of the same name.
    let changed = |value: Option<&str>, kept: &[&str]| text(value.filter(|v| !kept.contains(v)));
    Action {
        kind: text(a.r#type().map(sdk::ActionTypeEnum::as_str)).into(),
        forward: weights(a),
        redirect: a.redirect_config().map(|r| Redirect {
            protocol: changed(r.protocol(), &["#{protocol}"]),
            port: changed(r.port(), &["#{port}"]),
            host: changed(r.host(), &["#{host}"]),
            path: changed(r.path(), &["/#{path}"]),
            query: changed(r.query(), &["#{query}"]),
            status_code: text(r.status_code().map(sdk::RedirectActionStatusCodeEnum::as_str)),
        }),
        status_code: a.fixed_response_config().and_then(|f| text_opt(f.status_code())),
    }
}

/// Where an action forwards to: the weighted form says it all, the short form names one group of it.
fn weights(action: &sdk::Action) -> Vec<Weighted> {
    let groups = action.forward_config().map(sdk::ForwardActionConfig::target_groups).unwrap_or_default();
    let weighted = groups.iter().filter_map(|t| {
        // AWS sends every weight; 1 is what it makes of one that was left out.
        let weight = u32::try_from(t.weight().unwrap_or(1)).unwrap_or_default();
        Some(Weighted { target_group: text_opt(t.target_group_arn())?, weight })
    });
    let weighted: Vec<Weighted> = weighted.collect();
    if !weighted.is_empty() {
        return weighted;
    }
    text_opt(action.target_group_arn()).map(|target_group| Weighted { target_group, weight: 1 }).into_iter().collect()
}

async fn rules(cx: &Context, listener: &str) -> Result<Vec<Rule>, Problem> {
    let request = cx.clients.elb.describe_rules().listener_arn(listener);
    let ask = |token| request.clone().set_marker(token).send();
    let found = page::all(RULES, ask, |out| (out.rules, out.next_marker)).await?;
    let mut rules: Vec<Rule> = found.iter().map(rule).collect();
    rules.sort_by_key(|r| r.priority.parse::<u32>().unwrap_or(u32::MAX));
    Ok(rules)
}

fn rule(rule: &sdk::Rule) -> Rule {
    let all: Vec<Condition> = rule.conditions().iter().map(condition).collect();
    let is_path = |c: &&Condition| c.field == ConditionField::PathPattern;
    let paths = all.iter().filter(is_path).flat_map(|c| c.values.clone()).collect();
    // What of a path is a pattern stands with the paths.
    let conditions = all.into_iter().map(|c| if is_path(&&c) { Condition { values: Vec::new(), ..c } } else { c });
    let conditions = conditions.filter(|c| !is_path(&c) || !c.regexes.is_empty()).collect();
    let actions = in_order(rule.actions());
    let mut target_groups: Vec<String> = actions.iter().flat_map(|a| &a.forward).map(|w| w.target_group.clone()).collect();
    target_groups.sort();
    target_groups.dedup();
    Rule { arn: text(rule.rule_arn()), priority: text(rule.priority()), paths, conditions, target_groups, actions }
}

/// A condition: its values stand in the list that all kinds share, or in the one of its kind.
fn condition(c: &sdk::RuleCondition) -> Condition {
    let header = c.http_header_config();
    let pairs = c.query_string_config().map(sdk::QueryStringConditionConfig::values).unwrap_or_default();
    let pair = |p: &sdk::QueryStringKeyValuePair| [p.key(), p.value()].map(|part| text(part)).into_iter().filter(|p| !p.is_empty());
    let lists = [
        c.host_header_config().map(sdk::HostHeaderConditionConfig::values),
        c.path_pattern_config().map(sdk::PathPatternConditionConfig::values),
        header.map(sdk::HttpHeaderConditionConfig::values),
        c.http_request_method_config().map(sdk::HttpRequestMethodConditionConfig::values),
        c.source_ip_config().map(sdk::SourceIpConditionConfig::values),
    ];
    let own = lists.into_iter().flatten().flat_map(texts);
    let mut values: Vec<String> = own.chain(pairs.iter().map(|p| pair(p).collect::<Vec<_>>().join("="))).collect();
    let regexes = [
        c.host_header_config().map(sdk::HostHeaderConditionConfig::regex_values),
        c.path_pattern_config().map(sdk::PathPatternConditionConfig::regex_values),
        header.map(sdk::HttpHeaderConditionConfig::regex_values),
    ];
    let mut regexes: Vec<String> = regexes.into_iter().flatten().flat_map(texts).collect();
    if values.is_empty() && regexes.is_empty() {
        (values, regexes) = (texts(c.values()), texts(c.regex_values()));
    }
    Condition { field: text(c.field()).into(), name: header.and_then(|h| text_opt(h.http_header_name())), values, regexes }
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
        balancers: g.load_balancer_arns.as_ref().map(|arns| texts(arns)),
    }
}

/// Only shown: without it the rest of the routing is worth showing.
async fn deregistration_delay(cx: &Context, group: &str) -> Option<i32> {
    let answer = cx.clients.elb.describe_target_group_attributes().target_group_arn(group).send().await;
    let part = Part::shown(format!("attributes of {}", group_name(group).unwrap_or(group)), group, "deregistration_delay");
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
        let known: Vec<&str> = cx.needs::<Routing>()?.target_groups.iter().map(|g| g.arn.as_str()).collect();
        let more = of_services(&cx, &known);
        let listed = join_all(known.iter().map(|arn| targets(&cx, arn))).await;
        let listed =
            known.iter().zip(listed).map(|(arn, answer)| ((*arn).to_owned(), answer.map(|targets| Some(((*arn).to_owned(), targets)))));
        let named = join_all(more.iter().map(|arn| existing(targets(&cx, arn)))).await;
        let named =
            more.iter().zip(named).map(|(arn, answer)| (arn.clone(), answer.map(|found| found.map(|targets| (arn.clone(), targets)))));
        let groups: BTreeMap<_, _> = cx.each("target health of", listed.chain(named))?.into_iter().flatten().collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(name: &str) -> String {
        format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}/1")
    }

    fn tuple(name: &str, weight: i32) -> sdk::TargetGroupTuple {
        sdk::TargetGroupTuple::builder().target_group_arn(arn(name)).weight(weight).build()
    }

    #[test]
    fn actions_are_read_in_their_order_and_weights_before_the_short_form() {
        let both = sdk::Action::builder()
            .r#type(sdk::ActionTypeEnum::Forward)
            .order(2)
            .target_group_arn(arn("blue"))
            .forward_config(sdk::ForwardActionConfig::builder().target_groups(tuple("blue", 0)).target_groups(tuple("green", 5)).build())
            .build();
        let login = sdk::Action::builder().r#type("authenticate-oidc".into()).order(1).build();
        let short = sdk::Action::builder().r#type(sdk::ActionTypeEnum::Forward).target_group_arn(arn("blue")).build();
        let moved = sdk::RedirectActionConfig::builder()
            .protocol("HTTPS")
            .port("443")
            .host("#{host}")
            .path("/#{path}")
            .query("#{query}")
            .status_code(sdk::RedirectActionStatusCodeEnum::Http301)
            .build();
        let moved = sdk::Action::builder().r#type(sdk::ActionTypeEnum::Redirect).redirect_config(moved).build();
        let words = |actions: &[sdk::Action]| in_order(actions).iter().map(Action::words).collect::<Vec<_>>();
        assert_eq!(words(&[both, login]), ["authenticate-oidc", "forward blue 0 %, green 100 %"]);
        assert_eq!(words(&[short]), ["forward blue"]);
        assert_eq!(words(&[moved]), ["redirect HTTPS:443 HTTP_301"]);
    }

    #[test]
    fn conditions_are_read_from_the_shared_list_and_from_their_own() {
        let of = |field: &str| sdk::RuleCondition::builder().field(field);
        let pair = sdk::QueryStringKeyValuePair::builder().key("version").value("2").build();
        let header = sdk::HttpHeaderConditionConfig::builder().http_header_name("User-Agent").values("*Mobile*").build();
        let read = rule(
            &sdk::Rule::builder()
                .priority("7")
                .conditions(of("path-pattern").values("/api/*").build())
                .conditions(
                    of("host-header").host_header_config(sdk::HostHeaderConditionConfig::builder().values("a.example").build()).build(),
                )
                .conditions(of("query-string").query_string_config(sdk::QueryStringConditionConfig::builder().values(pair).build()).build())
                .conditions(of("http-header").http_header_config(header).build())
                .conditions(of("moon-phase").values("full").build())
                .build(),
        );
        assert_eq!(read.paths, ["/api/*"]);
        let said: Vec<(&str, Option<&str>, &str)> =
            read.conditions.iter().map(|c| (c.field.as_str(), c.name.as_deref(), c.values[0].as_str())).collect();
        let expected = [
            ("host-header", None, "a.example"),
            ("query-string", None, "version=2"),
            ("http-header", Some("User-Agent"), "*Mobile*"),
            ("moon-phase", None, "full"),
        ];
        assert_eq!(said, expected);
    }
}
