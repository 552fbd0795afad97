//! CloudWatch alarms as data, and their history. No evaluation here (see `alarms` beside `state`).
//! Read by the CloudWatch handler.

use super::super::names::Ms;

/// `StateValue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

impl AlarmState {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// `ComparisonOperator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanThreshold`
    Greater,
    /// `GreaterThanOrEqualToThreshold`
    GreaterOrEqual,
    /// `LessThanThreshold`
    Less,
    /// `LessThanOrEqualToThreshold`
    LessOrEqual,
}

impl Comparison {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greater => "GreaterThanThreshold",
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// The words AWS uses in state reasons.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Greater => "greater than",
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    /// Whether `value` breaches `threshold`.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

/// `TreatMissingData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// `missing`
    Missing,
    /// `notBreaching`
    NotBreaching,
    /// `breaching`
    Breaching,
    /// `ignore`
    Ignore,
}

impl MissingData {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotBreaching => "notBreaching",
            Self::Breaching => "breaching",
            Self::Ignore => "ignore",
        }
    }
}

/// A metric alarm.
#[derive(Debug, Clone)]
pub struct Alarm {
    pub name: String,
    /// Full ARN.
    pub arn: String,
    pub description: String,
    /// Whether actions are on.
    pub actions_enabled: bool,
    /// `AlarmActions`: the SNS topic, or the scaling policy's ARN.
    pub alarm_actions: Vec<String>,
    /// `OKActions`.
    pub ok_actions: Vec<String>,
    pub namespace: String,
    pub metric: String,
    /// Dimensions as (name, value), sorted by name.
    pub dimensions: Vec<(String, String)>,
    /// `Average`, `Sum`, `Maximum`.
    pub statistic: &'static str,
    /// Unit, if set.
    pub unit: Option<&'static str>,
    /// Seconds per datapoint.
    pub period: u32,
    /// `EvaluationPeriods`.
    pub evaluation_periods: u32,
    /// `DatapointsToAlarm`.
    pub datapoints_to_alarm: u32,
    pub threshold: f64,
    pub comparison: Comparison,
    /// Treatment of missing data.
    pub missing: MissingData,
    pub state: AlarmState,
    /// `StateReason`, as AWS writes it.
    pub state_reason: String,
    /// `StateReasonData`, a JSON text.
    pub state_reason_data: String,
    /// `StateUpdatedTimestamp`.
    pub state_updated: Ms,
    /// `StateTransitionedTimestamp`.
    pub state_transitioned: Ms,
    /// `AlarmConfigurationUpdatedTimestamp`.
    pub configuration_updated: Ms,
}

impl Alarm {
    /// Whether it belongs to a target-tracking policy.
    pub fn is_scaling(&self) -> bool {
        self.alarm_actions.iter().any(|a| a.contains(":scalingPolicy:"))
    }
}

/// An item of an alarm's history.
#[derive(Debug, Clone)]
pub struct AlarmHistoryItem {
    pub alarm: String,
    /// Time.
    pub timestamp: Ms,
    /// `StateUpdate`, `ConfigurationUpdate` or `Action`.
    pub item_type: &'static str,
    /// Summary text.
    pub summary: String,
    /// JSON text.
    pub data: String,
}
