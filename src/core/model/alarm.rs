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
    /// Whether anybody is told.
    pub actions_enabled: bool,
    /// Action ARNs.
    pub actions: Vec<String>,
    /// Namespace; empty for composite alarms.
    pub namespace: String,
    pub metric: String,
    pub dimensions: Vec<(String, String)>,
    pub threshold: Option<f64>,
    /// `GreaterThanThreshold`, ...
    pub comparison: Comparison,
    /// Period, seconds.
    pub period: Option<i32>,
    /// Evaluation periods.
    pub periods: Option<i32>,
    /// Composite alarm.
    pub composite: bool,
}

impl Alarm {
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
