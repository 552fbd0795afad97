//! CloudWatch alarms and their history.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `StateValue` of the CloudWatch API's `DescribeAlarms`.
    pub enum AlarmState {
        Ok = "OK",
        Alarm = "ALARM",
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

states! {
    /// `ComparisonOperator` of the CloudWatch API's `DescribeAlarms`.
    pub enum Comparison {
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        GreaterThanThreshold = "GreaterThanThreshold",
        GreaterThanUpperThreshold = "GreaterThanUpperThreshold",
        LessThanLowerOrGreaterThanUpperThreshold = "LessThanLowerOrGreaterThanUpperThreshold",
        LessThanLowerThreshold = "LessThanLowerThreshold",
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
        LessThanThreshold = "LessThanThreshold",
    }
}

impl Comparison {
    /// Its sign; those with a band of anomaly detection have none.
    pub(crate) fn sign(&self) -> Option<&'static str> {
        match self {
            Self::GreaterThanThreshold => Some(">"),
            Self::GreaterThanOrEqualToThreshold => Some("≥"),
            Self::LessThanThreshold => Some("<"),
            Self::LessThanOrEqualToThreshold => Some("≤"),
            _ => None,
        }
    }
}

states! {
    /// `TreatMissingData` of the CloudWatch API's `DescribeAlarms`; absent is `missing`.
    pub enum MissingData {
        Breaching = "breaching",
        NotBreaching = "notBreaching",
        Ignore = "ignore",
        Missing = "missing",
    }
}

states! {
    /// `EvaluationState` of the CloudWatch API's `DescribeAlarms`: only where an evaluation did not go as it should.
    pub enum EvaluationState {
        PartialData = "PARTIAL_DATA",
        Failure = "EVALUATION_FAILURE",
        Error = "EVALUATION_ERROR",
    }
}

states! {
    /// `HistoryItemType` of the CloudWatch API's `DescribeAlarmHistory`.
    pub enum HistoryItemType {
        Action = "Action",
        AlarmContributorAction = "AlarmContributorAction",
        AlarmContributorStateUpdate = "AlarmContributorStateUpdate",
        ConfigurationUpdate = "ConfigurationUpdate",
        StateUpdate = "StateUpdate",
    }
}

/// One alarm, metric or composite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Alarm {
    pub name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: AlarmState,
    /// AWS's sentence.
    pub reason: String,
    /// When the state last changed.
    pub since: Option<Time>,
    /// Whether anybody is told; `None` = CloudWatch does not say.
    pub actions_enabled: Option<bool>,
    /// Action ARNs.
    pub actions: Vec<String>,
    /// Namespace; empty for composite alarms.
    pub namespace: String,
    /// The metric's name, where it watches one by itself; empty for metric math and composite alarms.
    pub metric: String,
    /// Metric math: what it watches (`100*errors/requests`); a composite alarm: its rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expression: String,
    /// `Sum`, `Average`, `p99`; empty for metric math.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub statistic: String,
    pub dimensions: Vec<(String, String)>,
    pub threshold: Option<f64>,
    /// `GreaterThanThreshold`, ...
    pub comparison: Comparison,
    /// Period, seconds.
    pub period: Option<i32>,
    /// Evaluation periods.
    pub periods: Option<i32>,
    /// How many of them must be over the threshold, where not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints: Option<i32>,
    /// The threshold is a band of anomaly detection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub band: bool,
    /// What it makes of periods without data; `None`: `missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_data: Option<MissingData>,
    /// Its last evaluation did not see all, or failed: the state is not certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationState>,
    /// A composite alarm whose actions are suppressed: by what, in AWS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// Composite alarm.
    pub composite: bool,
}

impl Alarm {
    /// Its actions are switched off; what CloudWatch does not say is not that.
    pub fn is_muted(&self) -> bool {
        self.actions_enabled == Some(false)
    }

    /// What it watches: a metric, an expression, a rule.
    pub fn subject(&self) -> &str {
        if self.metric.is_empty() { &self.expression } else { &self.metric }
    }

    /// CloudWatch has no points of a count while nothing is counted: by its own policy it then says INSUFFICIENT_DATA, and all is quiet.
    pub fn is_quiet_without_data(&self) -> bool {
        let missing = matches!(self.missing_data, None | Some(MissingData::Missing));
        missing && matches!(self.statistic.as_str(), "Sum" | "SampleCount")
    }

    /// Owned by a scaling policy: it sits in ALARM at minimum capacity and is not for people.
    pub fn is_scaling(&self) -> bool {
        self.actions.iter().any(|a| a.contains(":scalingPolicy:")) || self.name.starts_with("TargetTracking-")
    }
}

/// cloudwatch:DescribeAlarms, metric and composite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Alarms {
    /// By name.
    pub alarms: Vec<Alarm>,
}

impl Section for Alarms {
    const KEY: SectionKey = SectionKey("alarms");
    const TITLE: &'static str = "alarms";
    const OF: Option<System> = Some(System::Alarms);
}

impl Alarms {
    /// The alarms that are for people.
    pub fn for_people(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter().filter(|a| !a.is_scaling())
    }
}

/// One alarm history item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmChange {
    /// Alarm name.
    pub name: String,
    /// When.
    pub at: Option<Time>,
    /// `StateUpdate`, `ConfigurationUpdate`, `Action`.
    pub kind: HistoryItemType,
    /// AWS's sentence.
    pub summary: String,
}

/// cloudwatch:DescribeAlarmHistory, state updates of the last day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmHistory {
    /// Newest first.
    pub changes: Vec<AlarmChange>,
}

impl Section for AlarmHistory {
    const KEY: SectionKey = SectionKey("alarm_history");
    const TITLE: &'static str = "alarm history";
    const OF: Option<System> = Some(System::Alarms);
}
