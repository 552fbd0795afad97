//! Application Auto Scaling: bounds, policies and activities of the ECS services, and setting the bounds.
//! When to scale is decided in `world`. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::state::{ScalableTarget, ScalingActivity, ScalingPolicy};

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "application-autoscaling",
    iam_prefix: "application-autoscaling",
    signing_name: "application-autoscaling",
    targets: &["AnyScaleFrontendService"],
    namespace: "",
    dialect: Dialect { missing: "ValidationException", invalid: "ValidationException" },
    operations: &[
        Operation::read("DescribeScalableTargets", describe_scalable_targets),
        Operation::read("DescribeScalingPolicies", describe_scaling_policies),
        Operation::read("DescribeScalingActivities", describe_scaling_activities),
        Operation::write("RegisterScalableTarget", register_scalable_target),
        Operation::write("PutScalingPolicy", put_scaling_policy),
        Operation::write("DeleteScalingPolicy", delete_scaling_policy),
    ],
};

const DIMENSION: &str = "ecs:service:DesiredCount";

const NAMESPACES: &[&str] = &[
    "ecs",
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "sagemaker",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
];

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// Whether the request is about the only thing that scales here: the desired count of ECS services.
fn about_ecs(params: &Params<'_>) -> Result<bool, ApiError> {
    let namespace = params.one_of("ServiceNamespace", NAMESPACES)?.ok_or_else(|| params.missing("ServiceNamespace"))?;
    Ok(namespace == "ecs" && params.str("ScalableDimension").is_none_or(|dimension| dimension == DIMENSION))
}

fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("MaxResults", 1..=50, 50)?;
    let Page { items, next } = page(items, limit as usize, params.str("NextToken"), question)
        .ok_or_else(|| ApiError::new("InvalidNextTokenException", "The NextToken is invalid."))?;
    Ok(object! { member => Value::members(items), "NextToken" => next })
}

fn describe_scalable_targets(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let ours = about_ecs(params)?;
    let asked = params.strings("ResourceIds");
    let found = world
        .scaling
        .targets
        .values()
        .filter(|target| ours && (asked.is_empty() || asked.contains(&target.resource_id.as_str())))
        .map(describe_target)
        .collect();
    paged(params, "ScalableTargets", found, &format!("DescribeScalableTargets {asked:?}"))
}

fn describe_target(target: &ScalableTarget) -> Value {
    object! {
        "ServiceNamespace" => "ecs",
        "ResourceId" => &target.resource_id,
        "ScalableDimension" => DIMENSION,
        "MinCapacity" => target.min,
        "MaxCapacity" => target.max,
        "RoleARN" => &target.role_arn,
        "CreationTime" => Value::time(target.created_at),
        "SuspendedState" => object! {
            "DynamicScalingInSuspended" => target.in_suspended,
            "DynamicScalingOutSuspended" => target.out_suspended,
            "ScheduledScalingSuspended" => target.scheduled_suspended,
        },
        "ScalableTargetARN" => &target.arn,
    }
}

fn describe_scaling_policies(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let ours = about_ecs(params)?;
    let (resource, names) = (params.str("ResourceId"), params.strings("PolicyNames"));
    let found = world
        .scaling
        .policies
        .values()
        .filter(|policy| ours && resource.is_none_or(|id| resource_id(world, &policy.service) == id))
        .filter(|policy| names.is_empty() || names.contains(&policy.name.as_str()))
        .map(|policy| describe_policy(world, policy))
        .collect();
    paged(params, "ScalingPolicies", found, &format!("DescribeScalingPolicies {resource:?} {names:?}"))
}

fn resource_id<'w>(world: &'w World, service: &str) -> &'w str {
    world.scaling.targets.get(service).map_or("", |target| &target.resource_id)
}

fn describe_policy(world: &World, policy: &ScalingPolicy) -> Value {
    let alarms = [&policy.alarm_high, &policy.alarm_low].map(|name| {
        let arn = world.alarms.iter().find(|alarm| alarm.name == *name).map(|alarm| alarm.arn.as_str());
        object! { "AlarmName" => name, "AlarmARN" => arn.unwrap_or_default() }
    });
    object! {
        "PolicyARN" => &policy.arn,
        "PolicyName" => &policy.name,
        "ServiceNamespace" => "ecs",
        "ResourceId" => resource_id(world, &policy.service),
        "ScalableDimension" => DIMENSION,
        "PolicyType" => "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration" => object! {
            "TargetValue" => policy.target_value,
            "PredefinedMetricSpecification" => object! { "PredefinedMetricType" => "ECSServiceAverageCPUUtilization" },
            "ScaleOutCooldown" => policy.scale_out_cooldown,
            "ScaleInCooldown" => policy.scale_in_cooldown,
            "DisableScaleIn" => false,
        },
        "Alarms" => Value::members(alarms),
        "CreationTime" => Value::time(policy.created_at),
    }
}

fn describe_scaling_activities(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let ours = about_ecs(params)?;
    let resource = params.str("ResourceId");
    let all = params.bool("IncludeNotScaledActivities")?.unwrap_or(false);
    let found = world
        .scaling
        .activities
        .iter()
        .filter(|activity| ours && (all || activity.not_scaled.is_empty()))
        .filter(|activity| resource.is_none_or(|id| resource_id(world, &activity.service) == id))
        .map(|activity| describe_activity(world, activity))
        .collect();
    paged(params, "ScalingActivities", found, &format!("DescribeScalingActivities {resource:?} {all}"))
}

fn describe_activity(world: &World, activity: &ScalingActivity) -> Value {
    let reasons = activity.not_scaled.iter().map(|reason| {
        object! {
            "Code" => reason.code,
            "MaxCapacity" => reason.max,
            "MinCapacity" => reason.min,
            "CurrentCapacity" => reason.current,
        }
    });
    object! {
        "ActivityId" => &activity.id,
        "ServiceNamespace" => "ecs",
        "ResourceId" => resource_id(world, &activity.service),
        "ScalableDimension" => DIMENSION,
        "Description" => &activity.description,
        "Cause" => &activity.cause,
        "StartTime" => Value::time(activity.start),
        "EndTime" => Value::time(activity.end),
        "StatusCode" => activity.status,
        "StatusMessage" => &activity.message,
        "NotScaledReasons" => (!activity.not_scaled.is_empty()).then(|| Value::members(reasons)),
    }
}

fn register_scalable_target(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let ours = about_ecs(params)?;
    let resource = params.required("ResourceId")?;
    params.required("ScalableDimension")?;
    if !ours {
        return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
    }
    let capacity = |name: &str| -> Result<Option<u32>, ApiError> {
        let number = params.int(name)?;
        number.map(|n| u32::try_from(n).ok().ok_or_else(|| invalid(format!("{name} must not be negative")))).transpose()
    };
    let (min, max) = (capacity("MinCapacity")?, capacity("MaxCapacity")?);
    let suspended = params.structure("SuspendedState");
    let flag = |name: &str| suspended.map_or(Ok(None), |state| state.bool(name));
    let flags = (flag("DynamicScalingInSuspended")?, flag("DynamicScalingOutSuspended")?, flag("ScheduledScalingSuspended")?);
    let target = world.register_scalable_target(resource, min, max, flags)?;
    Ok(object! { "ScalableTargetARN" => &target.arn })
}

/// The service whose desired count the request is about.
fn scaled_service<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w str, ApiError> {
    let ours = about_ecs(params)?;
    let resource = params.required("ResourceId")?;
    params.required("ScalableDimension")?;
    let found = world.scaling.targets.values().find(|target| ours && target.resource_id == resource);
    found
        .map(|target| target.service.as_str())
        .ok_or_else(|| ApiError::new("ObjectNotFoundException", format!("No scalable target registered for resource ID: {resource}")))
}

/// Target tracking on the CPU of the service, which is what this stack scales by.
fn put_scaling_policy(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let service = scaled_service(world, params)?.to_owned();
    let name = params.required("PolicyName")?;
    if params.str("PolicyType").unwrap_or("StepScaling") != "TargetTrackingScaling" {
        return Err(invalid("The embedded cloud has target tracking policies only."));
    }
    let tracking = params
        .structure("TargetTrackingScalingPolicyConfiguration")
        .ok_or_else(|| params.missing("TargetTrackingScalingPolicyConfiguration"))?;
    let metric = tracking.structure("PredefinedMetricSpecification").and_then(|metric| metric.str("PredefinedMetricType"));
    if metric != Some("ECSServiceAverageCPUUtilization") {
        return Err(invalid("The embedded cloud tracks ECSServiceAverageCPUUtilization only."));
    }
    let target = match tracking.get("TargetValue") {
        Some(Value::Float(number)) => *number,
        Some(Value::Int(number)) => *number as f64,
        _ => return Err(tracking.missing("TargetValue")),
    };
    if !(1.0..=100.0).contains(&target) {
        return Err(invalid("TargetValue must be between 1 and 100 for a metric in percent."));
    }
    let seconds = |name: &str, default: u32| -> Result<u32, ApiError> {
        let number = tracking.int(name)?;
        number.map_or(Ok(default), |n| u32::try_from(n).ok().ok_or_else(|| invalid(format!("{name} must not be negative"))))
    };
    let cooldowns = (seconds("ScaleOutCooldown", 300)?, seconds("ScaleInCooldown", 300)?);
    world.put_scaling_policy(&service, name, target, cooldowns)?;
    let policy = world.scaling.policies.get(&service).map(|policy| describe_policy(world, policy));
    let member = |name: &str| policy.as_ref().and_then(|policy| policy.get(name)).cloned();
    Ok(object! { "PolicyARN" => member("PolicyARN"), "Alarms" => member("Alarms") })
}

fn delete_scaling_policy(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let service = scaled_service(world, params)?.to_owned();
    world.delete_scaling_policy(&service, params.required("PolicyName")?)?;
    Ok(Value::EMPTY)
}
