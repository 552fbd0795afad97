//! Elastic Load Balancing v2: the one load balancer, its listeners, rules, target groups and target health.
//! Routing and health checking are `world`'s. Called through the service table.

use crate::wire::{ApiError, Dialect, Params, Value, object};
use crate::world::World;
use crate::world::state::{Listener, ListenerRule, RuleAction, Target, TargetGroup, TargetReason};

use super::{Operation, Service};

mod modify;

pub(super) const SERVICE: Service = Service {
    name: "elbv2",
    iam_prefix: "elasticloadbalancing",
    signing_name: "elasticloadbalancing",
    targets: &["2015-12-01"],
    namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    dialect: Dialect { missing: "ValidationError", invalid: "ValidationError" },
    operations: &[
        Operation::read("DescribeLoadBalancers", describe_load_balancers),
        Operation::read("DescribeListeners", describe_listeners),
        Operation::read("DescribeRules", describe_rules),
        Operation::read("DescribeTargetGroups", describe_target_groups),
        Operation::read("DescribeTargetGroupAttributes", describe_target_group_attributes),
        Operation::read("DescribeTargetHealth", describe_target_health),
        Operation::write("ModifyTargetGroup", modify::modify_target_group),
        Operation::write("ModifyListener", modify::modify_listener),
        Operation::write("ModifyRule", modify::modify_rule),
    ],
};

fn not_found(code: &'static str, what: &str) -> ApiError {
    ApiError::new(code, format!("One or more {what} not found"))
}

/// A page of `items` under `member`; the tokens of ELBv2 are called `Marker` and `NextMarker`.
fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("PageSize", 1..=400, 400)?;
    let (items, next) = super::marker_page(params, items, limit, question)?;
    Ok(object! { member => Value::members(items), "NextMarker" => next })
}

/// The load balancer must be ours if the request names one.
fn check_load_balancer(world: &World, params: &Params<'_>) -> Result<(), ApiError> {
    match params.str("LoadBalancerArn") {
        Some(arn) if arn != world.alb.arn => Err(not_found("LoadBalancerNotFound", "load balancers")),
        _ => Ok(()),
    }
}

/// Everything that was asked for must exist.
fn check_all(asked: &[&str], known: impl Fn(&str) -> bool, code: &'static str, what: &str) -> Result<(), ApiError> {
    if asked.iter().all(|given| known(given)) { Ok(()) } else { Err(not_found(code, what)) }
}

fn describe_load_balancers(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let alb = &world.alb;
    check_all(&params.strings("LoadBalancerArns"), |arn| arn == alb.arn, "LoadBalancerNotFound", "load balancers")?;
    if let Some(name) = params.strings("Names").iter().find(|name| **name != alb.name) {
        return Err(ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{name}]' not found")));
    }
    let zones = alb.zones.iter().map(|(az, subnet)| {
        object! { "ZoneName" => az.name(), "SubnetId" => subnet, "LoadBalancerAddresses" => Value::members::<Value>([]) }
    });
    let balancer = object! {
        "LoadBalancerArn" => &alb.arn,
        "DNSName" => &alb.dns_name,
        "CanonicalHostedZoneId" => &alb.hosted_zone_id,
        "CreatedTime" => Value::time(alb.created_at),
        "LoadBalancerName" => &alb.name,
        "Scheme" => "internet-facing",
        "VpcId" => &alb.vpc_id,
        "State" => object! { "Code" => alb.state },
        "Type" => "application",
        "AvailabilityZones" => Value::members(zones),
        "SecurityGroups" => Value::members(&alb.security_groups),
        "IpAddressType" => "ipv4",
    };
    paged(params, "LoadBalancers", vec![balancer], "DescribeLoadBalancers")
}

fn describe_listeners(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    check_load_balancer(world, params)?;
    let asked = params.strings("ListenerArns");
    if asked.is_empty() && params.str("LoadBalancerArn").is_none() {
        return Err(ApiError::new("ValidationError", "You must specify either listener ARNs or a load balancer ARN"));
    }
    let listeners = &world.alb.listeners;
    check_all(&asked, |arn| listeners.iter().any(|listener| listener.arn == arn), "ListenerNotFound", "listeners")?;
    let found = listeners
        .iter()
        .filter(|listener| asked.is_empty() || asked.contains(&listener.arn.as_str()))
        .map(|listener| describe_listener(world, listener))
        .collect();
    paged(params, "Listeners", found, &format!("DescribeListeners {asked:?}"))
}

fn describe_listener(world: &World, listener: &Listener) -> Value {
    object! {
        "ListenerArn" => &listener.arn,
        "LoadBalancerArn" => &world.alb.arn,
        "Port" => listener.port,
        "Protocol" => listener.protocol,
        "Certificates" => listener.certificate_arn.as_ref().map(|arn| Value::members([object! { "CertificateArn" => arn }])),
        "SslPolicy" => listener.ssl_policy.as_deref(),
        "DefaultActions" => Value::members([action(&listener.default_action)]),
    }
}

fn action(action: &RuleAction) -> Value {
    match action {
        RuleAction::Forward(arn) => object! {
            "Type" => "forward",
            "TargetGroupArn" => arn,
            "Order" => 1,
            "ForwardConfig" => forward_config(&[(arn.clone(), 1)]),
        },
        // The short form stands beside the long one only where there is one group.
        RuleAction::Weighted(groups) => object! { "Type" => "forward", "Order" => 1, "ForwardConfig" => forward_config(groups) },
        RuleAction::FixedResponse(code) => object! {
            "Type" => "fixed-response",
            "Order" => 1,
            "FixedResponseConfig" => object! { "StatusCode" => code.to_string(), "ContentType" => "text/plain", "MessageBody" => "" },
        },
        RuleAction::RedirectToHttps { permanent } => object! {
            "Type" => "redirect",
            "Order" => 1,
            "RedirectConfig" => object! {
                "Protocol" => "HTTPS", "Port" => "443", "Host" => "#{host}", "Path" => "/#{path}",
                "Query" => "#{query}", "StatusCode" => if *permanent { "HTTP_301" } else { "HTTP_302" },
            },
        },
    }
}

fn forward_config(groups: &[(String, u32)]) -> Value {
    object! {
        "TargetGroups" => Value::members(groups.iter().map(|(arn, weight)| object! { "TargetGroupArn" => arn, "Weight" => *weight })),
        "TargetGroupStickinessConfig" => object! { "Enabled" => false },
    }
}

fn describe_rules(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let listeners = &world.alb.listeners;
    let asked = params.strings("RuleArns");
    let rules: Vec<&ListenerRule> = match params.str("ListenerArn") {
        Some(arn) => listeners
            .iter()
            .find(|listener| listener.arn == arn)
            .map(|listener| listener.rules.iter().collect())
            .ok_or_else(|| not_found("ListenerNotFound", "listeners"))?,
        None if asked.is_empty() => {
            return Err(ApiError::new("ValidationError", "You must specify either listener rule ARNs or a listener ARN"));
        }
        None => {
            let all: Vec<&ListenerRule> = listeners.iter().flat_map(|listener| &listener.rules).collect();
            check_all(&asked, |arn| all.iter().any(|rule| rule.arn == arn), "RuleNotFound", "rules")?;
            all.into_iter().filter(|rule| asked.contains(&rule.arn.as_str())).collect()
        }
    };
    let question = format!("DescribeRules {:?} {asked:?}", params.str("ListenerArn"));
    paged(params, "Rules", rules.into_iter().map(describe_rule).collect(), &question)
}

fn describe_rule(rule: &ListenerRule) -> Value {
    let condition = |field: &str, config: &'static str, values: &Vec<String>| {
        (!values.is_empty()).then(|| {
            object! {
                "Field" => field,
                "Values" => Value::members(values),
                config => object! { "Values" => Value::members(values) },
            }
        })
    };
    let host = condition("host-header", "HostHeaderConfig", &rule.hosts);
    let path = condition("path-pattern", "PathPatternConfig", &rule.path_patterns);
    object! {
        "RuleArn" => &rule.arn,
        "Priority" => rule.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string()),
        "Conditions" => Value::members(host.into_iter().chain(path)),
        "Actions" => Value::members([action(&rule.action)]),
        "IsDefault" => rule.priority.is_none(),
    }
}

fn describe_target_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    check_load_balancer(world, params)?;
    let groups = &world.alb.target_groups;
    let (arns, names) = (params.strings("TargetGroupArns"), params.strings("Names"));
    check_all(&arns, |arn| groups.iter().any(|group| group.arn == arn), "TargetGroupNotFound", "target groups")?;
    check_all(&names, |name| groups.iter().any(|group| group.name == name), "TargetGroupNotFound", "target groups")?;
    let of_balancer = params.str("LoadBalancerArn").is_some();
    let found = groups
        .iter()
        .filter(|group| !of_balancer || is_used(world, &group.arn))
        .filter(|group| arns.is_empty() || arns.contains(&group.arn.as_str()))
        .filter(|group| names.is_empty() || names.contains(&group.name.as_str()))
        .map(|group| describe_target_group(world, group))
        .collect();
    paged(params, "TargetGroups", found, &format!("DescribeTargetGroups {arns:?} {names:?}"))
}

fn describe_target_group(world: &World, group: &TargetGroup) -> Value {
    object! {
        "TargetGroupArn" => &group.arn,
        "TargetGroupName" => &group.name,
        "Protocol" => "HTTP",
        "Port" => group.port,
        "VpcId" => &world.alb.vpc_id,
        "HealthCheckProtocol" => "HTTP",
        "HealthCheckPort" => "traffic-port",
        "HealthCheckEnabled" => true,
        "HealthCheckIntervalSeconds" => group.interval_seconds,
        "HealthCheckTimeoutSeconds" => group.timeout_seconds,
        "HealthyThresholdCount" => group.healthy_threshold,
        "UnhealthyThresholdCount" => group.unhealthy_threshold,
        "HealthCheckPath" => &group.health_path,
        "Matcher" => object! { "HttpCode" => &group.matcher },
        "LoadBalancerArns" => Value::members(is_used(world, &group.arn).then_some(&world.alb.arn)),
        "TargetType" => "ip",
        "ProtocolVersion" => "HTTP1",
        "IpAddressType" => "ipv4",
    }
}

/// Whether any rule forwards to it, if only with weight 0.
fn is_used(world: &World, arn: &str) -> bool {
    let rules = world.alb.listeners.iter().flat_map(|listener| &listener.rules);
    rules.flat_map(|rule| rule.action.shares()).any(|(group, _)| group == arn)
}

/// The target group that the request names.
fn target_group<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w TargetGroup, ApiError> {
    let arn = params.required("TargetGroupArn")?;
    let found = world.alb.target_groups.iter().find(|group| group.arn == arn);
    found.ok_or_else(|| not_found("TargetGroupNotFound", "target groups"))
}

fn describe_target_group_attributes(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let delay = target_group(world, params)?.deregistration_delay_seconds.to_string();
    let attributes = [
        ("stickiness.enabled", "false"),
        ("deregistration_delay.timeout_seconds", delay.as_str()),
        ("stickiness.type", "lb_cookie"),
        ("stickiness.lb_cookie.duration_seconds", "86400"),
        ("slow_start.duration_seconds", "0"),
        ("load_balancing.algorithm.type", "round_robin"),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ];
    let attribute = |(key, value): (&str, &str)| object! { "Key" => key, "Value" => value };
    Ok(object! { "Attributes" => Value::members(attributes.map(attribute)) })
}

fn describe_target_health(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let group = target_group(world, params)?;
    let include = params.strings("Include");
    let anomalies = include.contains(&"AnomalyDetection") || include.contains(&"All");
    let asked = params.structures("Targets");
    if asked.is_empty() {
        let all = group.targets.iter().map(|target| describe_health(group, target, anomalies));
        return Ok(object! { "TargetHealthDescriptions" => Value::members(all) });
    }
    let mut found = Vec::new();
    for wanted in asked {
        let (id, port) = (wanted.required("Id")?, wanted.int("Port")?);
        let registered = group.targets.iter().find(|t| t.ip == id && port.is_none_or(|port| i64::from(t.port) == port));
        found.push(registered.map_or_else(|| unused(id, port), |target| describe_health(group, target, anomalies)));
    }
    Ok(object! { "TargetHealthDescriptions" => Value::members(found) })
}

fn describe_health(group: &TargetGroup, target: &Target, anomalies: bool) -> Value {
    let anomaly = anomalies.then(|| object! { "Result" => "normal", "MitigationInEffect" => "no" });
    object! {
        "Target" => object! { "Id" => &target.ip, "Port" => target.port, "AvailabilityZone" => target.az.name() },
        "HealthCheckPort" => group.port.to_string(),
        "TargetHealth" => object! {
            "State" => target.state.as_str(),
            "Reason" => target.reason.map(TargetReason::as_str),
            "Description" => target.reason.map(TargetReason::description),
        },
        "AnomalyDetection" => anomaly,
        "AdministrativeOverride" => object! {
            "State" => "no_override",
            "Reason" => "AdministrativeOverride.NoOverride",
            "Description" => "No override is currently active on target",
        },
    }
}

fn unused(id: &str, port: Option<i64>) -> Value {
    object! {
        "Target" => object! { "Id" => id, "Port" => port },
        "TargetHealth" => object! {
            "State" => "unused",
            "Reason" => "Target.NotRegistered",
            "Description" => "Target is not registered to the target group",
        },
    }
}
