//! ListMetrics and GetMetricStatistics. Called through the table in `cloudwatch`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;

use super::{check_period, combination, dimensions, is_global, is_here, paged, render_dimensions, validation, window};

pub(super) fn list_metrics(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (namespace, name) = (params.str("Namespace"), params.str("MetricName"));
    let recent = params.one_of("RecentlyActive", &["PT3H"])?.is_some();
    let mut wanted = Vec::new();
    for filter in params.structures("Dimensions") {
        wanted.push((filter.required("Name")?.to_owned(), filter.str("Value").map(str::to_owned)));
    }
    let found = world
        .list_metrics(namespace, name, &wanted, recent)
        .into_iter()
        .filter(|series| is_here(params, series.namespace))
        .map(|series| {
            object! {
                "Namespace" => series.namespace,
                "MetricName" => series.name,
                "Dimensions" => render_dimensions(&series.dims),
            }
        })
        .collect();
    paged(params, "Metrics", found, 500, &format!("ListMetrics {namespace:?} {name:?} {wanted:?} {recent} {}", is_global(params)))
}

const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

pub(super) fn get_metric_statistics(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (namespace, name) = (params.required("Namespace")?, params.required("MetricName")?);
    let (start, end) = window(params)?;
    let period = check_period(params.int("Period")?.ok_or_else(|| params.missing("Period"))?)?;
    let points = (end - start) / 1000 / period;
    if points > 1440 {
        return Err(combination(format!(
            "You have requested up to {points} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
             requested by increasing Period, or decreasing the time range."
        )));
    }
    let (plain, extended) = (params.strings("Statistics"), params.strings("ExtendedStatistics"));
    if plain.is_empty() == extended.is_empty() {
        return Err(combination("Specify either Statistics or ExtendedStatistics, but not both."));
    }
    if let Some(unknown) = plain.iter().find(|name| !STATISTICS.contains(name)) {
        return Err(validation(format!("The value {unknown} for parameter Statistics.member.1 is invalid.")));
    }
    let dimensions = dimensions(params)?;
    let unit = world.metrics.find(namespace, name, &dimensions).map(|series| series.unit);
    let other_unit = params.str("Unit").is_some_and(|wanted| unit.is_some_and(|unit| unit != wanted));
    if other_unit || !is_here(params, namespace) {
        return Ok(object! { "Label" => name, "Datapoints" => Value::members::<Value>([]) });
    }
    let mut rows: BTreeMap<i64, Vec<(&str, f64)>> = BTreeMap::new();
    for stat in plain.iter().chain(&extended) {
        for (at, value) in world.metric_query(namespace, name, &dimensions, stat, period, start, end) {
            rows.entry(at).or_default().push((stat, value));
        }
    }
    let datapoints = rows.into_iter().map(|(at, figures)| {
        let figures = figures.into_iter().map(|(stat, value)| (Cow::from(stat.to_owned()), Value::Float(value)));
        let mut members = vec![("Timestamp".into(), Value::Time(at)), ("Unit".into(), Value::from(unit))];
        if extended.is_empty() {
            members.extend(figures);
        } else {
            members.push(("ExtendedStatistics".into(), Value::Map(figures.collect())));
        }
        Value::Map(members)
    });
    Ok(object! { "Label" => name, "Datapoints" => Value::members(datapoints) })
}
