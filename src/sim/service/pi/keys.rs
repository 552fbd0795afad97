//! DescribeDimensionKeys: who makes the load of a span, most first, told apart once or twice. GetDimensionKeyDetails: the
//! whole text of a statement. Called through the table in `pi`.

use std::collections::BTreeMap;

use crate::wire::{ApiError, Params, Value, object};
use crate::world::World;
use crate::world::insight::STATEMENTS;

use super::dimensions::{By, Filter, Key};
use super::metrics::{is_load, samples};
use super::{invalid, paged, resource, window};

/// The largest `limit` of what was found.
fn top(found: BTreeMap<Key, f64>, limit: usize) -> Vec<(Key, f64)> {
    let mut keys: Vec<(Key, f64)> = found.into_iter().collect();
    keys.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    keys.truncate(limit);
    keys
}

pub(super) fn describe_dimension_keys(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    resource(world, params)?;
    let window = window(params)?;
    let metric = params.required("Metric")?;
    if !is_load(metric) {
        return Err(invalid(format!("The metric {metric} is not valid. Valid metrics are db.load.avg and db.sampledload.avg.")));
    }
    if let Some(more) = params.strings("AdditionalMetrics").first() {
        return Err(invalid(format!("The additional metric {more} is not valid for current resource")));
    }
    let by = By::parse(&params.structure("GroupBy").ok_or_else(|| params.missing("GroupBy"))?)?;
    let partition = params.structure("PartitionBy").map(|group| By::parse(&group)).transpose()?;
    let filter = Filter::parse(params)?;
    let db = &world.rds.instance;
    let mut count = 0.0;
    let (mut totals, mut partitions) = (BTreeMap::<Key, f64>::new(), BTreeMap::<Key, f64>::new());
    let mut crossed = BTreeMap::<(Key, Key), f64>::new();
    for sample in samples(world, window) {
        count += 1.0;
        for part in sample.parts().into_iter().filter(|part| filter.passes(part, db)) {
            let key = by.key(&part, db);
            if let Some(partition) = &partition {
                let other = partition.key(&part, db);
                *partitions.entry(other.clone()).or_default() += part.load;
                *crossed.entry((key.clone(), other)).or_default() += part.load;
            }
            *totals.entry(key).or_default() += part.load;
        }
    }
    let columns = top(partitions, partition.as_ref().map_or(0, |by| by.limit));
    let keys = top(totals, by.limit).into_iter().map(|(key, total)| {
        let cells = columns.iter().map(|(column, _)| {
            let load = crossed.get(&(key.clone(), column.clone())).copied().unwrap_or(0.0);
            Value::Float(load / count)
        });
        object! {
            "Dimensions" => key.render(),
            "Total" => total / count,
            "Partitions" => partition.is_some().then(|| Value::members(cells)),
        }
    });
    let keys = keys.collect();
    let answer = object! {
        "AlignedStartTime" => Value::Time(window.start),
        "AlignedEndTime" => Value::Time(window.end),
        "PartitionKeys" => partition.is_some().then(|| Value::members(columns.iter().map(|(key, _)| object! { "Dimensions" => key.render() }))),
    };
    let question =
        format!("DescribeDimensionKeys {window:?} {:?} {:?} {:?}", params.get("GroupBy"), params.get("PartitionBy"), params.get("Filter"));
    paged(params, answer, "Keys", keys, &question)
}

pub(super) fn get_dimension_key_details(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    resource(world, params)?;
    let (group, id) = (params.required("Group")?, params.required("GroupIdentifier")?);
    if !matches!(group, "db.sql" | "db.sql_tokenized") {
        return Err(invalid(format!("This group is not a known group: {group} is not valid for current resource")));
    }
    let statement = STATEMENTS
        .iter()
        .find(|statement| statement.id() == id)
        .ok_or_else(|| invalid(format!("The group identifier {id} is not a known identifier of the group {group}")))?;
    let asked = params.strings("RequestedDimensions");
    if let Some(unknown) = asked.iter().find(|name| !matches!(**name, "statement" | "db.sql.statement" | "db.sql_tokenized.statement")) {
        return Err(invalid(format!("The dimension {unknown} is not valid for the group {group}")));
    }
    let text = object! { "Dimension" => format!("{group}.statement"), "Value" => statement.sql, "Status" => "AVAILABLE" };
    Ok(object! { "Dimensions" => Value::members([text]) })
}
