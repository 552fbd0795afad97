//! CloudWatch Logs: the operation table, groups and streams, and the opening of a live tail.
//! `events` reads lines, `pattern` matches them, `insights` queries them. Lines are made in `world`. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::state::{LogGroup, LogStream};

use super::{Operation, Run, Service};

mod events;
mod insights;
mod pattern;
mod tail;

pub use tail::Tail;

pub(super) const SERVICE: Service = Service {
    name: "logs",
    iam_prefix: "logs",
    signing_name: "logs",
    targets: &["Logs_20140328"],
    namespace: "",
    dialect: Dialect { missing: "InvalidParameterException", invalid: "InvalidParameterException" },
    operations: &[
        Operation::read("DescribeLogGroups", describe_log_groups),
        Operation::read("DescribeLogStreams", describe_log_streams),
        Operation::read("FilterLogEvents", events::filter_log_events),
        Operation::read("GetLogEvents", events::get_log_events),
        Operation::read("StartQuery", insights::start_query),
        Operation::read("GetQueryResults", insights::get_query_results),
        Operation::read("StopQuery", insights::stop_query),
        Operation::read("DescribeQueries", insights::describe_queries),
        Operation::write("PutRetentionPolicy", put_retention_policy),
        Operation::write("DeleteRetentionPolicy", delete_retention_policy),
        Operation { name: "StartLiveTail", is_write: false, run: Run::Tail(tail::start_live_tail) },
    ],
};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn not_found(what: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("The specified {what} does not exist."))
}

/// The log group with this name or ARN (with or without `:*`).
fn find_group<'w>(world: &'w World, given: &str) -> Option<&'w LogGroup> {
    world.logs.groups.values().find(|group| given == group.name || given == group.log_group_arn || given == group.arn)
}

/// The log group that the request names, by name or by identifier.
fn required_group<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w LogGroup, ApiError> {
    let given = match (params.str("logGroupName"), params.str("logGroupIdentifier")) {
        (Some(_), Some(_)) => return Err(invalid("LogGroup name and LogGroup Identifier cannot be passed together.")),
        (None, Some(identifier)) => identifier,
        _ => params.required("logGroupName")?,
    };
    find_group(world, given).ok_or_else(|| not_found("log group"))
}

/// The same, of a class whose lines can be read one by one.
fn readable_group<'w>(world: &'w World, params: &Params<'_>, operation: &str) -> Result<&'w LogGroup, ApiError> {
    let group = required_group(world, params)?;
    if group.class == "STANDARD" {
        return Ok(group);
    }
    let (name, class) = (&group.name, group.class);
    let said = format!("The log group {name} is of log-group-class {class}. {operation} is not supported for this log class.");
    Err(ApiError::new("InvalidOperationException", said))
}

fn paged(params: &Params<'_>, member: &'static str, items: Vec<Value>, question: &str) -> Result<Value, ApiError> {
    let limit = params.int_in("limit", 1..=50, 50)?;
    let Page { items, next } =
        page(items, limit as usize, params.str("nextToken"), question).ok_or_else(|| invalid("The specified nextToken is invalid."))?;
    Ok(object! { member => Value::members(items), "nextToken" => next })
}

fn describe_log_groups(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (prefix, part) = (params.str("logGroupNamePrefix"), params.str("logGroupNamePattern"));
    if prefix.is_some() && part.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let found = world
        .logs
        .groups
        .values()
        .filter(|group| prefix.is_none_or(|prefix| group.name.starts_with(prefix)))
        .filter(|group| part.is_none_or(|part| group.name.contains(part)))
        .filter(|group| params.str("logGroupClass").is_none_or(|class| class == group.class))
        .map(describe_group)
        .collect();
    paged(params, "logGroups", found, &format!("DescribeLogGroups {prefix:?} {part:?}"))
}

/// Times are epoch milliseconds as plain integers in this service, not timestamps.
fn describe_group(group: &LogGroup) -> Value {
    object! {
        "logGroupName" => &group.name,
        "creationTime" => group.created_at,
        "retentionInDays" => group.retention_days,
        "metricFilterCount" => 0,
        "arn" => &group.arn,
        "storedBytes" => group.stored_bytes,
        "kmsKeyId" => group.kms_key.as_deref(),
        "logGroupClass" => group.class,
        "logGroupArn" => &group.log_group_arn,
    }
}

fn describe_log_streams(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let group = required_group(world, params)?;
    let prefix = params.str("logStreamNamePrefix");
    let order = params.one_of("orderBy", &["LogStreamName", "LastEventTime"])?.unwrap_or("LogStreamName");
    let descending = params.bool("descending")?.unwrap_or(false);
    if prefix.is_some() && order == "LastEventTime" {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut streams: Vec<&LogStream> =
        group.streams.values().filter(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix))).collect();
    if order == "LastEventTime" {
        streams.sort_by_key(|stream| stream.last_event);
    }
    if descending {
        streams.reverse();
    }
    let found = streams.into_iter().map(describe_stream).collect();
    paged(params, "logStreams", found, &format!("DescribeLogStreams {} {prefix:?} {order} {descending}", group.name))
}

fn describe_stream(stream: &LogStream) -> Value {
    object! {
        "logStreamName" => stream.name.as_ref(),
        "creationTime" => stream.created_at,
        "firstEventTimestamp" => stream.first_event,
        "lastEventTimestamp" => stream.last_event,
        "lastIngestionTime" => stream.last_ingestion,
        "uploadSequenceToken" => "49039859622811003171000000000000000000000000000000000000",
        "arn" => &stream.arn,
        "storedBytes" => 0,
    }
}

/// How many days CloudWatch Logs can be told to keep.
const RETENTION: &[i64] = &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

fn put_retention_policy(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let group = params.required("logGroupName")?;
    let days = params.int("retentionInDays")?.ok_or_else(|| params.missing("retentionInDays"))?;
    if !RETENTION.contains(&days) {
        return Err(params.invalid("retentionInDays", &days.to_string(), &format!("Member must satisfy enum value set: {RETENTION:?}")));
    }
    world.set_log_retention(group, u32::try_from(days).ok())?;
    Ok(Value::EMPTY)
}

fn delete_retention_policy(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    world.set_log_retention(params.required("logGroupName")?, None)?;
    Ok(Value::EMPTY)
}
