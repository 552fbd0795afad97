//! Alarms: their state, their history, and switching their actions. Evaluation is `world`'s.
//! Called through the table in `cloudwatch`.

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::state::{Alarm, AlarmHistoryItem};

use super::{is_global, paged, render_dimensions, validation};

const TYPES: &[&str] = &["CompositeAlarm", "MetricAlarm", "LogAlarm"];

pub(super) fn describe_alarms(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let names = params.strings("AlarmNames");
    let (prefix, action) = (params.str("AlarmNamePrefix"), params.str("ActionPrefix"));
    if !names.is_empty() && prefix.is_some() {
        return Err(validation("AlarmNamePrefix and AlarmNames cannot be specified together."));
    }
    if names.len() > 100 {
        return Err(validation("The collection AlarmNames must not have a size greater than 100."));
    }
    let state = params.one_of("StateValue", &["OK", "ALARM", "INSUFFICIENT_DATA"])?;
    let types = params.strings("AlarmTypes");
    if let Some(unknown) = types.iter().find(|kind| !TYPES.contains(kind)) {
        return Err(params.invalid("alarmTypes", unknown, &format!("Member must satisfy enum value set: {TYPES:?}")));
    }
    // Without a type only metric alarms are told; this stack has no others.
    let metric = !is_global(params) && (types.is_empty() || types.contains(&"MetricAlarm"));
    let limit = params.int_in("MaxRecords", 1..=100, 50)?;
    let found = world
        .alarms
        .iter()
        .filter(|alarm| metric && (names.is_empty() || names.contains(&alarm.name.as_str())))
        .filter(|alarm| prefix.is_none_or(|prefix| alarm.name.starts_with(prefix)))
        .filter(|alarm| state.is_none_or(|state| alarm.state.as_str() == state))
        .filter(|alarm| action.is_none_or(|prefix| alarm.alarm_actions.iter().any(|arn| arn.starts_with(prefix))))
        .map(describe)
        .collect();
    let question = format!("DescribeAlarms {names:?} {prefix:?} {action:?} {state:?} {types:?}");
    let Value::Map(mut members) = paged(params, "MetricAlarms", found, limit, &question)? else {
        return Ok(Value::EMPTY);
    };
    members.extend(["CompositeAlarms", "LogAlarms"].map(|none| (none.into(), Value::members::<Value>([]))));
    Ok(Value::Map(members))
}

fn describe(alarm: &Alarm) -> Value {
    object! {
        "AlarmName" => &alarm.name,
        "AlarmArn" => &alarm.arn,
        "AlarmDescription" => &alarm.description,
        "AlarmConfigurationUpdatedTimestamp" => Value::time(alarm.configuration_updated),
        "ActionsEnabled" => alarm.actions_enabled,
        "OKActions" => Value::members(&alarm.ok_actions),
        "AlarmActions" => Value::members(&alarm.alarm_actions),
        "InsufficientDataActions" => Value::members::<Value>([]),
        "StateValue" => alarm.state.as_str(),
        "StateReason" => &alarm.state_reason,
        "StateReasonData" => &alarm.state_reason_data,
        "StateUpdatedTimestamp" => Value::time(alarm.state_updated),
        "StateTransitionedTimestamp" => Value::time(alarm.state_transitioned),
        "MetricName" => &alarm.metric,
        "Namespace" => &alarm.namespace,
        "Statistic" => alarm.statistic,
        "Dimensions" => render_dimensions(&alarm.dimensions),
        "Period" => alarm.period,
        "Unit" => alarm.unit,
        "EvaluationPeriods" => alarm.evaluation_periods,
        "DatapointsToAlarm" => alarm.datapoints_to_alarm,
        "Threshold" => alarm.threshold,
        "ComparisonOperator" => alarm.comparison.as_str(),
        "TreatMissingData" => alarm.missing.as_str(),
    }
}

pub(super) fn describe_alarm_history(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let name = params.str("AlarmName");
    let kind = params.one_of("HistoryItemType", &["ConfigurationUpdate", "StateUpdate", "Action"])?;
    let (start, end) = (params.time("StartDate")?, params.time("EndDate")?);
    let oldest_first = params.one_of("ScanBy", &["TimestampDescending", "TimestampAscending"])? == Some("TimestampAscending");
    let limit = params.int_in("MaxRecords", 1..=100, 100)?;
    let mut found: Vec<Value> = world
        .alarm_history
        .iter()
        .filter(|item| !is_global(params) && name.is_none_or(|name| item.alarm == name))
        .filter(|item| kind.is_none_or(|kind| item.item_type == kind))
        .filter(|item| start.is_none_or(|start| item.timestamp >= start))
        .filter(|item| end.is_none_or(|end| item.timestamp <= end))
        .map(describe_item)
        .collect();
    if oldest_first {
        found.reverse();
    }
    let question = format!("DescribeAlarmHistory {name:?} {kind:?} {start:?} {end:?} {oldest_first}");
    paged(params, "AlarmHistoryItems", found, limit, &question)
}

fn describe_item(item: &AlarmHistoryItem) -> Value {
    object! {
        "AlarmName" => &item.alarm,
        "AlarmType" => "MetricAlarm",
        "Timestamp" => Value::time(item.timestamp),
        "HistoryItemType" => item.item_type,
        "HistorySummary" => &item.summary,
        "HistoryData" => &item.data,
    }
}

pub(super) fn enable_alarm_actions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    set_actions(world, params, true)
}

pub(super) fn disable_alarm_actions(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    set_actions(world, params, false)
}

/// Names that no alarm has are passed over in silence, as AWS does.
fn set_actions(world: &mut World, params: &Params<'_>, enabled: bool) -> Result<Value, ApiError> {
    let names: Vec<String> = params.strings("AlarmNames").into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(params.missing("AlarmNames"));
    }
    if names.len() > 100 {
        return Err(validation("The collection AlarmNames must not have a size greater than 100."));
    }
    world.set_alarm_actions(&names, enabled);
    Ok(Value::EMPTY)
}
