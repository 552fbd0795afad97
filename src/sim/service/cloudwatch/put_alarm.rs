//! Making, changing and deleting metric alarms. What they then do is `world::alarms`'s.
//! Composite alarms, metric math and anomaly bands are refused. Called through the table in `cloudwatch`.

use crate::wire::{ApiError, Params, Value};
use crate::world::World;
use crate::world::names::arn;
use crate::world::state::{Alarm, AlarmState, Comparison, MissingData};

use super::{check_period, combination, dimensions, validation};

const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
const PERCENTILES: &[&str] = &["p50", "p90", "p95", "p99", "p99.9"];
const UNITS: &[&str] = &["Seconds", "Bytes", "Megabytes", "Percent", "Count", "Bytes/Second", "Count/Second", "None"];
const COMPARISONS: [Comparison; 4] = [Comparison::GreaterOrEqual, Comparison::Greater, Comparison::Less, Comparison::LessOrEqual];
const MISSING: [MissingData; 4] = [MissingData::Missing, MissingData::NotBreaching, MissingData::Breaching, MissingData::Ignore];

fn texts(params: &Params<'_>, name: &str) -> Vec<String> {
    params.strings(name).into_iter().map(str::to_owned).collect()
}

/// A number that must be there; whole numbers come as integers in CBOR requests of some clients.
fn threshold(params: &Params<'_>) -> Result<f64, ApiError> {
    match params.get("Threshold") {
        Some(Value::Float(number)) => Ok(*number),
        Some(Value::Int(number)) => Ok(*number as f64),
        Some(Value::Str(text)) => text.parse().ok().ok_or_else(|| validation(format!("The value {text} of Threshold is not a number."))),
        _ => Err(params.missing("Threshold")),
    }
}

fn count(params: &Params<'_>, name: &str) -> Result<Option<u32>, ApiError> {
    let number = params.int(name)?;
    number
        .map(|n| {
            u32::try_from(n).ok().filter(|n| *n >= 1).ok_or_else(|| validation(format!("The value {n} of {name} must be at least 1.")))
        })
        .transpose()
}

pub(super) fn put_metric_alarm(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = params.required("AlarmName")?;
    if params.has("Metrics") || params.has("ThresholdMetricId") || params.has("EvaluationCriteria") {
        return Err(validation("The embedded cloud has alarms on single metrics only."));
    }
    let plain = params.one_of("Statistic", STATISTICS)?;
    let extended = params.one_of("ExtendedStatistic", PERCENTILES)?;
    let ((Some(statistic), None) | (None, Some(statistic))) = (plain, extended) else {
        return Err(combination("Exactly one of Statistic and ExtendedStatistic must be given."));
    };
    let periods = count(params, "EvaluationPeriods")?.ok_or_else(|| params.missing("EvaluationPeriods"))?;
    let to_alarm = count(params, "DatapointsToAlarm")?.unwrap_or(periods);
    if to_alarm > periods {
        return Err(validation("DatapointsToAlarm must not be greater than EvaluationPeriods."));
    }
    let period = check_period(params.int("Period")?.ok_or_else(|| params.missing("Period"))?)?;
    if period < 60 {
        return Err(validation("The metrics of this stack have a resolution of 60 seconds."));
    }
    let operator = params.required("ComparisonOperator")?;
    let comparison = COMPARISONS.into_iter().find(|known| known.as_str() == operator);
    let missing = params.str("TreatMissingData").unwrap_or("missing");
    let missing = MISSING.into_iter().find(|known| known.as_str() == missing);
    let mut dimensions = dimensions(params)?;
    dimensions.sort_unstable();
    let alarm = Alarm {
        name: name.to_owned(),
        arn: arn("cloudwatch", format_args!("alarm:{name}")),
        description: params.str("AlarmDescription").unwrap_or_default().to_owned(),
        actions_enabled: params.bool("ActionsEnabled")?.unwrap_or(true),
        alarm_actions: texts(params, "AlarmActions"),
        ok_actions: texts(params, "OKActions"),
        namespace: params.required("Namespace")?.to_owned(),
        metric: params.required("MetricName")?.to_owned(),
        dimensions,
        statistic,
        unit: params.one_of("Unit", UNITS)?,
        period: u32::try_from(period).unwrap_or(u32::MAX),
        evaluation_periods: periods,
        datapoints_to_alarm: to_alarm,
        threshold: threshold(params)?,
        comparison: comparison.ok_or_else(|| validation(format!("The value {operator} of ComparisonOperator is not supported.")))?,
        missing: missing
            .ok_or_else(|| validation("The value of TreatMissingData is not one of breaching, notBreaching, ignore, missing."))?,
        state: AlarmState::InsufficientData,
        state_reason: "Unchecked: Initial alarm creation".into(),
        state_reason_data: String::new(),
        state_updated: world.now,
        state_transitioned: world.now,
        configuration_updated: world.now,
    };
    world.put_alarm(alarm);
    Ok(Value::EMPTY)
}

/// All of them, or none when one does not exist.
pub(super) fn delete_alarms(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let names = params.strings("AlarmNames");
    if names.len() > 100 {
        return Err(validation("The collection AlarmNames must not have a size greater than 100."));
    }
    if let Some(unknown) = names.iter().find(|name| !world.alarms.iter().any(|alarm| alarm.name == **name)) {
        return Err(ApiError::new("ResourceNotFound", format!("Unknown alarm: {unknown}")).with_status(404));
    }
    world.delete_alarms(&names);
    Ok(Value::EMPTY)
}
