//! Application Auto Scaling of the ECS services: bounds, policies, suspended flags and activities.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `StatusCode` of Application Auto Scaling's `DescribeScalingActivities`.
    pub enum ActivityStatus {
        Failed = "Failed",
        InProgress = "InProgress",
        Overridden = "Overridden",
        Pending = "Pending",
        Successful = "Successful",
        Unfulfilled = "Unfulfilled",
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// The service's name.
    pub service: String,
    /// Minimum capacity.
    pub min: i32,
    /// Maximum capacity.
    pub max: i32,
    /// Dynamic scaling in suspended.
    pub in_suspended: bool,
    /// Dynamic scaling out suspended.
    pub out_suspended: bool,
    /// Scheduled scaling suspended.
    pub scheduled_suspended: bool,
    pub policies: Vec<ScalingPolicy>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScalingPolicy {
    pub name: String,
    /// `TargetTrackingScaling`, ...
    pub kind: String,
    /// `ECSServiceAverageCPUUtilization`, ...
    pub metric: String,
    /// Target value.
    pub target: Option<f64>,
    /// The alarms that it works by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// It never scales in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scale_in_disabled: bool,
}

/// aas:DescribeScalableTargets + DescribeScalingPolicies.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scaling {
    /// By service.
    pub targets: Vec<ScalableTarget>,
}

impl Section for Scaling {
    const KEY: SectionKey = SectionKey("scaling");
    const TITLE: &'static str = "autoscaling";
    const OF: Option<System> = Some(System::Service);
}

impl Scaling {
    /// The target of one service.
    pub fn get(&self, service: &str) -> Option<&ScalableTarget> {
        self.targets.iter().find(|t| t.service == service)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScalingActivity {
    /// The service's name.
    pub service: String,
    /// Begun.
    pub started_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// `Successful`, `InProgress`, `Failed`, ...
    pub status: ActivityStatus,
    /// `Setting desired count to 4.`
    pub description: String,
    /// What triggered it.
    pub cause: String,
}

/// aas:DescribeScalingActivities.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScalingActivities {
    /// Newest first.
    pub activities: Vec<ScalingActivity>,
}

impl Section for ScalingActivities {
    const KEY: SectionKey = SectionKey("scaling_activities");
    const TITLE: &'static str = "scaling activities";
    const OF: Option<System> = Some(System::Service);
}
