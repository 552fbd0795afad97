//! Application Auto Scaling of the ECS services: bounds and policies (2 min), activities (30 s).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_applicationautoscaling::types as sdk;

use super::{Context, HALF_MINUTE, Part, TWO_MINUTES};
use crate::aws::convert::{text, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, sent};
use nextcore_core::model::scaling::{ScalableTarget, Scaling, ScalingActivities, ScalingActivity, ScalingPolicy};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const SERVICE: &str = "Application Auto Scaling";
const TARGETS: Op = Op::read(SERVICE, "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets").on(Scope::Any);
const POLICIES: Op = Op::read(SERVICE, "DescribeScalingPolicies", "application-autoscaling:DescribeScalingPolicies").on(Scope::Any);
const ACTIVITIES: Op = Op::read(SERVICE, "DescribeScalingActivities", "application-autoscaling:DescribeScalingActivities").on(Scope::Any);

/// `service/<cluster>/<service>` of this cluster → the service's name.
fn service_of<'a>(cluster: &str, resource: &'a str) -> Option<&'a str> {
    resource.strip_prefix("service/")?.strip_prefix(cluster)?.strip_prefix('/')
}

pub(super) struct TargetsSource;

impl super::Source for TargetsSource {
    type Out = Scaling;
    const READS: &'static [Op] = &[TARGETS, POLICIES];

    fn every(_: &Store) -> Duration {
        TWO_MINUTES
    }

    async fn poll(cx: Arc<Context>) -> Result<Scaling, Problem> {
        let client = &cx.clients.scaling;
        let namespace = sdk::ServiceNamespace::Ecs;
        let policies = cx.side(Part::shown("scaling policies", "", "policies"), policies(&cx).await)?.unwrap_or_default();
        let request = client.describe_scalable_targets().service_namespace(namespace);
        let ask = |token| request.clone().set_next_token(token).send();
        let mut targets = Vec::new();
        for target in page::all(TARGETS, ask, |out| (out.scalable_targets, out.next_token)).await? {
            if let Some(service) = service_of(&cx.stack.cluster, target.resource_id()) {
                targets.push(scalable(&target, service, &policies));
            }
        }
        targets.sort_by(|a, b| a.service.cmp(&b.service));
        Ok(Scaling { targets })
    }
}

async fn policies(cx: &Context) -> Result<Vec<sdk::ScalingPolicy>, Problem> {
    let request = cx.clients.scaling.describe_scaling_policies().service_namespace(sdk::ServiceNamespace::Ecs);
    let ask = |token| request.clone().set_next_token(token).send();
    page::all(POLICIES, ask, |out| (out.scaling_policies, out.next_token)).await
}

fn scalable(t: &sdk::ScalableTarget, service: &str, policies: &[sdk::ScalingPolicy]) -> ScalableTarget {
    let suspended = t.suspended_state();
    ScalableTarget {
        service: text(Some(service)),
        min: t.min_capacity(),
        max: t.max_capacity(),
        in_suspended: suspended.and_then(sdk::SuspendedState::dynamic_scaling_in_suspended).unwrap_or_default(),
        out_suspended: suspended.and_then(sdk::SuspendedState::dynamic_scaling_out_suspended).unwrap_or_default(),
        scheduled_suspended: suspended.and_then(sdk::SuspendedState::scheduled_scaling_suspended).unwrap_or_default(),
        policies: policies.iter().filter(|p| p.resource_id() == t.resource_id()).map(policy).collect(),
    }
}

fn policy(p: &sdk::ScalingPolicy) -> ScalingPolicy {
    let tracking = p.target_tracking_scaling_policy_configuration();
    let predefined = tracking
        .and_then(|t| t.predefined_metric_specification())
        .map(aws_sdk_applicationautoscaling::types::PredefinedMetricSpecification::predefined_metric_type);
    let custom = tracking.and_then(|t| t.customized_metric_specification()).and_then(|m| m.metric_name());
    ScalingPolicy {
        name: text(Some(p.policy_name())),
        kind: text(Some(p.policy_type().as_str())),
        metric: text(predefined.map(sdk::MetricType::as_str).or(custom)),
        target: tracking.map(sdk::TargetTrackingScalingPolicyConfiguration::target_value),
        alarms: p.alarms().iter().map(|a| text(Some(a.alarm_name()))).collect(),
        scale_in_disabled: tracking.and_then(sdk::TargetTrackingScalingPolicyConfiguration::disable_scale_in).unwrap_or_default(),
    }
}

pub(super) struct ActivitiesSource;

impl super::Source for ActivitiesSource {
    type Out = ScalingActivities;
    const READS: &'static [Op] = &[ACTIVITIES];

    fn every(_: &Store) -> Duration {
        HALF_MINUTE
    }

    async fn poll(cx: Arc<Context>) -> Result<ScalingActivities, Problem> {
        let request = cx.clients.scaling.describe_scaling_activities().service_namespace(sdk::ServiceNamespace::Ecs);
        let out = request.max_results(50).send().await.map_err(|e| problem_of(ACTIVITIES, &e))?;
        let mut activities: Vec<ScalingActivity> = sent(ACTIVITIES, "scaling activities", out.scaling_activities.as_ref())?
            .iter()
            .filter_map(|a| service_of(&cx.stack.cluster, a.resource_id()).map(|service| activity(a, service)))
            .collect();
        activities.sort_by_key(|a| std::cmp::Reverse(a.started_at));
        Ok(ScalingActivities { activities })
    }
}

fn activity(a: &sdk::ScalingActivity, service: &str) -> ScalingActivity {
    ScalingActivity {
        service: text(Some(service)),
        started_at: time(Some(a.start_time())),
        ended_at: time(a.end_time()),
        status: text(Some(a.status_code().as_str())).into(),
        description: text(Some(a.description())),
        cause: text(Some(a.cause())),
    }
}
