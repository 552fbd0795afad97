//! GetMetricData: many metrics in one call, newest point first unless asked otherwise, paged by number of points.
//! Metric math is refused. Called through the table in `cloudwatch`.

use std::collections::HashSet;

use crate::wire::{ApiError, Params, Value, object, offset, token};
use crate::world::World;

use super::{check_period, dimensions, invalid_token, is_here, validation, window};

/// AWS's bound, and the default, for the points of one page.
const POINTS: i64 = 100_800;

struct Query<'a> {
    id: &'a str,
    label: String,
    points: Vec<(i64, f64)>,
}

pub(super) fn get_metric_data(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let asked = params.structures("MetricDataQueries");
    if asked.is_empty() {
        return Err(params.missing("MetricDataQueries"));
    }
    if asked.len() > 500 {
        return Err(validation("The collection MetricDataQueries must not have a size greater than 500."));
    }
    let window = window(params)?;
    let newest_first = params.one_of("ScanBy", &["TimestampDescending", "TimestampAscending"])? != Some("TimestampAscending");
    let budget = params.int_in("MaxDatapoints", 1..=POINTS, POINTS)? as usize;
    let mut ids = HashSet::new();
    let mut queries = Vec::new();
    for query in &asked {
        let id = query.required("Id")?;
        check_id(id)?;
        if !ids.insert(id) {
            return Err(validation(format!("The values for parameter id in MetricDataQueries are not unique: {id}")));
        }
        let mut answered = answer(world, query, id, window)?;
        if newest_first {
            answered.points.reverse();
        }
        if query.bool("ReturnData")?.unwrap_or(true) {
            queries.push(answered);
        }
    }
    let question = format!("GetMetricData {window:?} {newest_first} {ids:?}", ids = ids.len());
    let start = match params.str("NextToken") {
        None => 0,
        Some(given) => offset(given, &question).ok_or_else(invalid_token)?,
    };
    Ok(cut(&queries, start, budget, &question))
}

fn check_id(id: &str) -> Result<(), ApiError> {
    let mut chars = id.chars();
    let good = chars.next().is_some_and(|first| first.is_ascii_lowercase()) && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good {
        return Ok(());
    }
    Err(validation(format!(
        "The value '{id}' for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
    )))
}

fn answer<'a>(world: &World, query: &Params<'a>, id: &'a str, (start, end): (i64, i64)) -> Result<Query<'a>, ApiError> {
    if let Some(expression) = query.str("Expression") {
        return Err(validation(format!(
            "Error in expression '{id}': {expression} cannot be evaluated, the embedded cloud has no metric math."
        )));
    }
    let stat = query.structure("MetricStat").ok_or_else(|| query.missing("MetricStat"))?;
    let metric = stat.structure("Metric").ok_or_else(|| stat.missing("Metric"))?;
    let name = metric.required("MetricName")?;
    let namespace = metric.required("Namespace")?;
    let statistic = stat.required("Stat")?;
    let period = check_period(stat.int("Period")?.ok_or_else(|| stat.missing("Period"))?)?;
    let points = world.metric_query(namespace, name, &dimensions(&metric)?, statistic, period, start, end);
    let points = if is_here(query, namespace) { points } else { Vec::new() };
    Ok(Query { id, label: query.str("Label").unwrap_or(name).to_owned(), points })
}

/// The page that begins at point number `start`, counted over all queries in order.
fn cut(queries: &[Query<'_>], start: usize, budget: usize, question: &str) -> Value {
    let end = start.saturating_add(budget);
    let total: usize = queries.iter().map(|query| query.points.len()).sum();
    let (mut results, mut first) = (Vec::new(), 0);
    for query in queries {
        let last = first + query.points.len();
        // A metric without points is told once, on the page on which its turn comes.
        let here = match query.points.len() {
            0 => (start..end).contains(&first) || (first == total && end >= total),
            _ => first < end && last > start,
        };
        if here {
            let points = query.points.iter().skip(start.saturating_sub(first)).take(end.min(last) - first.max(start));
            results.push(object! {
                "Id" => query.id,
                "Label" => &query.label,
                "Timestamps" => Value::members(points.clone().map(|(at, _)| Value::Time(*at))),
                "Values" => Value::members(points.map(|(_, value)| *value)),
                "StatusCode" => if last > end { "PartialData" } else { "Complete" },
            });
        }
        first = last;
    }
    object! {
        "MetricDataResults" => Value::members(results),
        "NextToken" => (total > end).then(|| token(end, question)),
        "Messages" => Value::members::<Value>([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &'static str, points: usize) -> Query<'static> {
        Query { id, label: id.to_owned(), points: (0..points).map(|n| (n as i64, n as f64)).collect() }
    }

    #[test]
    fn pages_hold_every_point_and_every_metric_once() {
        let queries = [query("a", 5), query("none", 0), query("b", 3), query("last", 0)];
        for budget in 1..12 {
            let (mut start, mut points, mut empty) = (0, Vec::new(), Vec::new());
            loop {
                let page = cut(&queries, start, budget, "q");
                let Some(Value::List { items, .. }) = page.get("MetricDataResults") else { panic!() };
                for result in items {
                    let Some(Value::List { items, .. }) = result.get("Values") else { panic!() };
                    points.extend(items.iter().cloned());
                    if items.is_empty() {
                        empty.push(result.get("Id").cloned());
                    }
                }
                match page.get("NextToken") {
                    Some(Value::Str(next)) => start = offset(next, "q").unwrap(),
                    _ => break,
                }
            }
            assert_eq!(points.len(), 8, "budget {budget}");
            assert_eq!(empty.len(), 2, "budget {budget}: {empty:?}");
        }
    }

    #[test]
    fn ids_follow_the_pattern() {
        assert!(check_id("m1_cpu").is_ok());
        for id in ["", "M1", "1m", "m-1", "mé"] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }
}
