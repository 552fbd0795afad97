//! Performance Insights: the operation table and what its parts share (the resource, time, groups of dimensions).
//! The load and how it is told apart are `world::insight`'s. Called through the service table; speaks CBOR and JSON.

use crate::wire::{ApiError, Dialect, Params, Value, object};
use crate::world::World;

use super::{Operation, Service};

mod catalogue;
mod dimensions;
mod keys;
mod metrics;

pub(super) const SERVICE: Service = Service {
    name: "pi",
    iam_prefix: "pi",
    signing_name: "pi",
    targets: &["PerformanceInsightsv20180227"],
    namespace: "",
    dialect: Dialect { missing: "InvalidArgumentException", invalid: "InvalidArgumentException" },
    operations: &[
        Operation::read("GetResourceMetrics", metrics::get_resource_metrics),
        Operation::read("DescribeDimensionKeys", keys::describe_dimension_keys),
        Operation::read("GetDimensionKeyDetails", keys::get_dimension_key_details),
        Operation::read("GetResourceMetadata", catalogue::get_resource_metadata),
        Operation::read("ListAvailableResourceMetrics", catalogue::list_available_resource_metrics),
        Operation::read("ListAvailableResourceDimensions", catalogue::list_available_resource_dimensions),
    ],
};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidArgumentException", message)
}

/// The identifier that the request names: the database's resource id, for which the feature must be on. Anything else is
/// "not authorized", as AWS says of resources that it does not want to tell about.
fn resource<'a>(world: &World, params: &Params<'a>) -> Result<&'a str, ApiError> {
    let kind = params.one_of("ServiceType", &["RDS", "DOCDB"])?.ok_or_else(|| params.missing("ServiceType"))?;
    let id = params.required("Identifier")?;
    let db = &world.rds.instance;
    if kind == "RDS" && id == db.resource_id && db.performance_insights {
        return Ok(id);
    }
    Err(ApiError::new("NotAuthorizedException", format!("The resource {id} for service type {kind} is not authorized for this account")))
}

/// A span of time, in whole periods around what was asked for.
#[derive(Debug, Clone, Copy)]
struct Window {
    start: i64,
    end: i64,
    period: i64,
}

const PERIODS: &[i64] = &[1, 60, 300, 3_600, 86_400];

/// `StartTime`, `EndTime` and `PeriodInSeconds`. Without a period the one that gives at most 200 points is taken.
fn window(params: &Params<'_>) -> Result<Window, ApiError> {
    let start = params.time("StartTime")?.ok_or_else(|| params.missing("StartTime"))?;
    let end = params.time("EndTime")?.ok_or_else(|| params.missing("EndTime"))?;
    if start >= end {
        return Err(invalid("The end time must be later than the start time."));
    }
    let seconds = match params.int("PeriodInSeconds")? {
        Some(period) if PERIODS.contains(&period) => period,
        Some(period) => return Err(invalid(format!("The period {period} is not valid. Valid periods are 1, 60, 300, 3600 and 86400."))),
        None => PERIODS.iter().copied().find(|period| end.saturating_sub(start) / 1000 / period <= 200).unwrap_or(86_400),
    };
    let period = seconds * 1000;
    let aligned_end = end.saturating_add(period - 1).div_euclid(period).saturating_mul(period);
    Ok(Window { start: start.div_euclid(period) * period, end: aligned_end, period })
}

/// How many entries a page has, 25 at most.
fn page_size(params: &Params<'_>) -> Result<usize, ApiError> {
    let asked = params.int_in("MaxResults", 0..=25, 25)?;
    Ok(if asked == 0 { 25 } else { asked as usize })
}

/// One page of `items` under `member`, with the members that go before it.
fn paged(params: &Params<'_>, mut answer: Value, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let page = crate::wire::page(items, page_size(params)?, params.str("NextToken"), question)
        .ok_or_else(|| invalid("The pagination token is not valid for this request."))?;
    if let (Value::Map(members), Value::Map(more)) =
        (&mut answer, object! { member => Value::members(page.items), "NextToken" => page.next })
    {
        members.extend(more);
    }
    Ok(answer)
}
