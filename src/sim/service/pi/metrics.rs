//! GetResourceMetrics: the load over time, whole or told apart by a group of dimensions, and the counters.
//! Called through the table in `pi`.

use std::collections::BTreeMap;

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::insight::SAMPLE;
use crate::world::state::DbSample;

use super::catalogue::{COUNTERS, Counter, LOAD, STATISTICS};
use super::dimensions::{By, Filter, Key};
use super::{Window, invalid, paged, resource, window};

/// Values by start of period.
type Series = BTreeMap<i64, f64>;

/// What one query asks for.
enum Metric {
    Load,
    Counter(&'static Counter, &'static str),
}

/// Whether `name` is the load.
pub(super) fn is_load(name: &str) -> bool {
    LOAD.iter().any(|(known, _, _)| *known == name)
}

fn parse(name: &str) -> Result<Metric, ApiError> {
    if is_load(name) {
        return Ok(Metric::Load);
    }
    let (head, stat) = name.rsplit_once('.').unwrap_or((name, ""));
    let counter = COUNTERS.iter().find(|counter| counter.name == head);
    match (counter, STATISTICS.iter().find(|known| **known == stat)) {
        (Some(counter), Some(stat)) => Ok(Metric::Counter(counter, stat)),
        (None, _) if !head.starts_with("db.load") && !COUNTERS.iter().any(|counter| counter.name == name) => {
            Err(invalid(format!("This metric is not a known metric: {name} is not valid for current resource")))
        }
        _ => Err(invalid("The specified statistic is not a known statistic")),
    }
}

/// The samples of a window, each with the periods that it falls into.
pub(super) fn samples(world: &World, window: Window) -> impl Iterator<Item = &DbSample> {
    let before = move |sample: &&DbSample| sample.t < window.end && sample.t + SAMPLE <= world.now;
    world.rds.insight.samples.iter().skip_while(move |sample| sample.t + SAMPLE <= window.start).take_while(before)
}

/// The starts of the periods that a sample has a part in: one, or each of its seconds.
fn periods(sample: &DbSample, window: Window) -> impl Iterator<Item = i64> {
    let (period, first) = (window.period, sample.t);
    let count = if period < SAMPLE { SAMPLE / period } else { 1 };
    (0..count).map(move |n| (first + n * period).div_euclid(period) * period).filter(move |at| *at >= window.start && *at < window.end)
}

/// Means by period of what `read` finds in each sample.
fn means(world: &World, window: Window, read: impl Fn(&DbSample) -> f64) -> BTreeMap<i64, Vec<f64>> {
    let mut found: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for sample in samples(world, window) {
        let value = read(sample);
        for at in periods(sample, window) {
            found.entry(at).or_default().push(value);
        }
    }
    found
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The load of the window: in total, and by key, most first.
struct Told {
    total: Series,
    keys: Vec<(Key, Series)>,
}

fn tell(world: &World, window: Window, filter: &Filter, by: Option<&By>) -> Told {
    let db = &world.rds.instance;
    if filter.is_empty() && by.is_none() {
        let total = means(world, window, |sample| sample.figures.load());
        return Told { total: total.into_iter().map(|(at, values)| (at, mean(&values))).collect(), keys: Vec::new() };
    }
    let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
    let (mut total, mut keys) = (Series::new(), BTreeMap::<Key, Series>::new());
    for sample in samples(world, window) {
        let parts: Vec<_> = sample.parts().into_iter().filter(|part| filter.passes(part, db)).collect();
        for at in periods(sample, window) {
            *counts.entry(at).or_default() += 1.0;
            *total.entry(at).or_default() += parts.iter().map(|part| part.load).sum::<f64>();
            for part in by.iter().flat_map(|_| &parts) {
                if let Some(by) = by {
                    *keys.entry(by.key(part, db)).or_default().entry(at).or_default() += part.load;
                }
            }
        }
    }
    let scale = |series: &mut Series| series.iter_mut().for_each(|(at, value)| *value /= counts.get(at).copied().unwrap_or(1.0));
    scale(&mut total);
    keys.values_mut().for_each(scale);
    let mut keys: Vec<(Key, Series)> = keys.into_iter().collect();
    keys.sort_by(|(_, a), (_, b)| b.values().sum::<f64>().total_cmp(&a.values().sum::<f64>()));
    keys.truncate(by.map_or(0, |by| by.limit));
    Told { total, keys }
}

fn points(series: &Series, shift: i64) -> Value {
    Value::members(series.iter().map(|(at, value)| object! { "Timestamp" => Value::Time(at + shift), "Value" => *value }))
}

pub(super) fn get_resource_metrics(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = resource(world, params)?;
    let window = window(params)?;
    let queries = params.structures("MetricQueries");
    if queries.is_empty() || queries.len() > 15 {
        return Err(invalid("MetricQueries must have 1 to 15 items."));
    }
    // A point is dated by the end of its period unless the request says otherwise.
    let at_start = params.one_of("PeriodAlignment", &["END_TIME", "START_TIME"])? == Some("START_TIME");
    let shift = if at_start { 0 } else { window.period };
    let mut list = Vec::new();
    let mut question = format!("GetResourceMetrics {window:?} {shift}");
    for query in &queries {
        let name = query.required("Metric")?;
        let by = query.structure("GroupBy").map(|group| By::parse(&group)).transpose()?;
        let filter = Filter::parse(query)?;
        question = format!("{question} {name} {:?} {:?}", query.get("GroupBy"), query.get("Filter"));
        match parse(name)? {
            Metric::Load => {
                let told = tell(world, window, &filter, by.as_ref());
                list.push(object! { "Key" => object! { "Metric" => name }, "DataPoints" => points(&told.total, shift) });
                list.extend(told.keys.iter().map(|(key, series)| {
                    object! { "Key" => object! { "Metric" => name, "Dimensions" => key.render() }, "DataPoints" => points(series, shift) }
                }));
            }
            Metric::Counter(..) if by.is_some() || !filter.is_empty() => {
                return Err(invalid(format!("The metric {name} cannot be grouped or filtered")));
            }
            Metric::Counter(counter, stat) => {
                let db = &world.rds.instance;
                let series = means(world, window, |sample| (counter.read)(&sample.figures, db));
                let series = series.into_iter().map(|(at, values)| (at, combine(stat, &values))).collect();
                list.push(object! { "Key" => object! { "Metric" => name }, "DataPoints" => points(&series, shift) });
            }
        }
    }
    let answer = object! {
        "AlignedStartTime" => Value::Time(window.start),
        "AlignedEndTime" => Value::Time(window.end),
        "Identifier" => id,
    };
    paged(params, answer, "MetricList", list, &question)
}

fn combine(stat: &str, values: &[f64]) -> f64 {
    match stat {
        "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "sum" => values.iter().sum(),
        _ => mean(values),
    }
}
