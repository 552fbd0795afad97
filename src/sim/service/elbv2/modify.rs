//! Changing target groups, listeners and rules. Where requests then go is `world`'s.
//! Forwards, redirects to HTTPS and fixed responses are the actions that this balancer has. Called through the table in `elbv2`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::state::RuleAction;
use crate::world::{ModifyTargetGroup, World};

use super::{describe_listener, describe_rule, describe_target_group, not_found};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn refuse_others(params: &Params<'_>, known: &[&str]) -> Result<(), ApiError> {
    match params.names().find(|name| !known.contains(name) && !matches!(*name, "Action" | "Version")) {
        Some(unknown) => Err(ApiError::new("InvalidConfigurationRequest", format!("The embedded cloud cannot change {unknown}."))),
        None => Ok(()),
    }
}

/// The one action of a request, if it has one.
fn action(params: &Params<'_>, member: &str) -> Result<Option<RuleAction>, ApiError> {
    let actions = params.structures(member);
    let [action] = actions.as_slice() else {
        return if actions.is_empty() { Ok(None) } else { Err(ApiError::new("TooManyActions", "You can specify one action.")) };
    };
    match action.required("Type")? {
        "forward" => {
            let groups = action.structure("ForwardConfig").map(|config| config.structures("TargetGroups")).unwrap_or_default();
            if groups.len() > 1 {
                let weighted = groups.iter().map(|group| {
                    let weight = u32::try_from(group.int_in("Weight", 0..=999, 1)?).unwrap_or_default();
                    Ok((group.required("TargetGroupArn")?.to_owned(), weight))
                });
                return Ok(Some(RuleAction::Weighted(weighted.collect::<Result<_, ApiError>>()?)));
            }
            let arn = action.str("TargetGroupArn").or_else(|| groups.first().and_then(|group| group.str("TargetGroupArn")));
            Ok(Some(RuleAction::Forward(arn.ok_or_else(|| invalid("A target group ARN must be specified"))?.to_owned())))
        }
        "redirect" => {
            let config = action.structure("RedirectConfig").ok_or_else(|| invalid("A redirect config must be specified"))?;
            let code = config.one_of("StatusCode", &["HTTP_301", "HTTP_302"])?.ok_or_else(|| config.missing("StatusCode"))?;
            if config.str("Protocol") != Some("HTTPS") || config.str("Port").is_some_and(|port| port != "443") {
                return Err(ApiError::new("InvalidLoadBalancerAction", "The embedded cloud redirects to HTTPS on port 443 only."));
            }
            Ok(Some(RuleAction::RedirectToHttps { permanent: code == "HTTP_301" }))
        }
        "fixed-response" => {
            let config = action.structure("FixedResponseConfig").ok_or_else(|| invalid("A fixed response config must be specified"))?;
            let code = config.required("StatusCode")?.parse().ok().filter(|code| (200..600).contains(code));
            Ok(Some(RuleAction::FixedResponse(code.ok_or_else(|| invalid("The status code must be 2XX, 4XX or 5XX"))?)))
        }
        other => Err(ApiError::new("InvalidLoadBalancerAction", format!("The embedded cloud has no action {other}."))),
    }
}

pub(super) fn modify_target_group(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let arn = params.required("TargetGroupArn")?;
    if !world.alb.target_groups.iter().any(|group| group.arn == arn) {
        return Err(not_found("TargetGroupNotFound", "target groups"));
    }
    refuse_others(
        params,
        &[
            "TargetGroupArn",
            "HealthCheckEnabled",
            "HealthCheckPath",
            "HealthCheckIntervalSeconds",
            "HealthCheckTimeoutSeconds",
            "HealthyThresholdCount",
            "UnhealthyThresholdCount",
            "Matcher",
        ],
    )?;
    if params.bool("HealthCheckEnabled")? == Some(false) {
        let message = "Health check enabled must be true for target groups with target type 'ip'";
        return Err(ApiError::new("InvalidConfigurationRequest", message));
    }
    let path = params.str("HealthCheckPath");
    if let Some(path) = path.filter(|path| !path.starts_with('/') || path.len() > 1024) {
        return Err(invalid(format!("Health check path '{path}' must begin with a '/' character")));
    }
    let number = |name: &str, range: std::ops::RangeInclusive<i64>| -> Result<Option<u32>, ApiError> {
        params.has(name).then(|| params.int_in(name, range, 0)).transpose().map(|n| n.and_then(|n| u32::try_from(n).ok()))
    };
    let matcher = params.structure("Matcher").and_then(|matcher| matcher.str("HttpCode"));
    if let Some(matcher) = matcher.filter(|matcher| !matcher.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-'))) {
        return Err(invalid(format!("Health check matcher HTTP code '{matcher}' must be within '200-499' inclusive")));
    }
    let wanted = ModifyTargetGroup {
        health_path: path.map(str::to_owned),
        interval_seconds: number("HealthCheckIntervalSeconds", 5..=300)?,
        timeout_seconds: number("HealthCheckTimeoutSeconds", 2..=120)?,
        healthy_threshold: number("HealthyThresholdCount", 2..=10)?,
        unhealthy_threshold: number("UnhealthyThresholdCount", 2..=10)?,
        matcher: matcher.map(str::to_owned),
    };
    let changed = world.modify_target_group(arn, wanted)?.clone();
    Ok(object! { "TargetGroups" => Value::members([describe_target_group(world, &changed)]) })
}

pub(super) fn modify_listener(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let arn = params.required("ListenerArn")?;
    refuse_others(params, &["ListenerArn", "DefaultActions", "Certificates", "SslPolicy"])?;
    let certificate = params.structures("Certificates").first().and_then(|certificate| certificate.str("CertificateArn"));
    let policy = params.str("SslPolicy");
    if let Some(policy) = policy.filter(|policy| !policy.starts_with("ELBSecurityPolicy-")) {
        return Err(ApiError::new("SSLPolicyNotFound", format!("SSL policy '{policy}' not found")));
    }
    let wanted = action(params, "DefaultActions")?;
    let changed = world.modify_listener(arn, wanted, certificate.map(str::to_owned), policy.map(str::to_owned))?.clone();
    Ok(object! { "Listeners" => Value::members([describe_listener(world, &changed)]) })
}

pub(super) fn modify_rule(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let arn = params.required("RuleArn")?;
    refuse_others(params, &["RuleArn", "Conditions", "Actions"])?;
    let conditions = params.structures("Conditions");
    let patterns = match conditions.as_slice() {
        [] => None,
        [condition] => {
            let field = condition.str("Field");
            if field.is_some_and(|field| field != "path-pattern") {
                return Err(ApiError::new("InvalidConfigurationRequest", "The embedded cloud has conditions on the path only."));
            }
            let config = condition.structure("PathPatternConfig").map(|config| config.strings("Values")).unwrap_or_default();
            let values = if config.is_empty() { condition.strings("Values") } else { config };
            if values.is_empty() || values.iter().any(|value| value.is_empty() || value.len() > 128) {
                return Err(invalid("A condition must have 1 to 5 values of 1 to 128 characters"));
            }
            Some(values.into_iter().map(str::to_owned).collect())
        }
        _ => return Err(ApiError::new("InvalidConfigurationRequest", "The embedded cloud has one condition per rule.")),
    };
    let wanted = action(params, "Actions")?;
    let changed = world.modify_rule(arn, patterns, wanted)?;
    Ok(object! { "Rules" => Value::members([describe_rule(&changed)]) })
}
