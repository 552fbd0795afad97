//! Application Auto Scaling as data: scalable targets, target-tracking policies, activities.
//! No decisions here (see `autoscale` beside `state`). Read by the Application Auto Scaling handler.

use std::collections::{BTreeMap, VecDeque};

use super::super::names::Ms;

/// All of Application Auto Scaling (namespace `ecs`, dimension `ecs:service:DesiredCount`).
#[derive(Debug, Clone)]
pub struct Scaling {
    /// Scalable targets by service name.
    pub targets: BTreeMap<String, ScalableTarget>,
    /// Policies by service name.
    pub policies: BTreeMap<String, ScalingPolicy>,
    /// Activities, newest first.
    pub activities: VecDeque<ScalingActivity>,
}

#[derive(Debug, Clone)]
pub struct ScalableTarget {
    /// Service name.
    pub service: String,
    /// `service/<cluster>/<service>`.
    pub resource_id: String,
    /// Full ARN.
    pub arn: String,
    pub role_arn: String,
    /// Minimum.
    pub min: u32,
    /// Maximum.
    pub max: u32,
    /// `DynamicScalingInSuspended`.
    pub in_suspended: bool,
    /// `DynamicScalingOutSuspended`.
    pub out_suspended: bool,
    /// `ScheduledScalingSuspended`.
    pub scheduled_suspended: bool,
    /// Creation time.
    pub created_at: Ms,
}

/// A target-tracking policy on `ECSServiceAverageCPUUtilization`.
#[derive(Debug, Clone)]
pub struct ScalingPolicy {
    pub name: String,
    /// Full ARN.
    pub arn: String,
    /// Service name.
    pub service: String,
    /// Target value, percent.
    pub target_value: f64,
    /// Cooldown after scaling out, seconds.
    pub scale_out_cooldown: u32,
    /// Cooldown after scaling in, seconds.
    pub scale_in_cooldown: u32,
    /// Name of the `AlarmHigh` alarm.
    pub alarm_high: String,
    /// Name of the `AlarmLow` alarm.
    pub alarm_low: String,
    /// Creation time.
    pub created_at: Ms,
    /// Physics: last time it scaled out.
    pub last_out: Option<Ms>,
    /// Physics: last time it scaled in.
    pub last_in: Option<Ms>,
}

/// Why an activity did not scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotScaledReason {
    /// `AlreadyAtMaxCapacity`, `AlreadyAtMinCapacity`, ...
    pub code: &'static str,
    /// Maximum at that time.
    pub max: Option<u32>,
    /// Minimum at that time.
    pub min: Option<u32>,
    /// Capacity at that time.
    pub current: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct ScalingActivity {
    /// UUID.
    pub id: String,
    /// Service name.
    pub service: String,
    /// `Setting desired count to 3.`
    pub description: String,
    /// Cause text.
    pub cause: String,
    pub start: Ms,
    /// End, absent while in progress.
    pub end: Option<Ms>,
    /// `InProgress`, `Successful`.
    pub status: &'static str,
    /// Status message.
    pub message: String,
    /// Only for activities that did not scale.
    pub not_scaled: Vec<NotScaledReason>,
    /// Physics: the count asked for; the activity ends when the service runs it.
    pub goal: u32,
}
