//! CloudWatch Logs Insights: queries that are started, watched and stopped. A query takes time, scans the lines of its window as they were when
//! it began, and tells how much that was. `parse` reads the language, `run` carries it out. Called through the table in `logs`.

mod parse;
mod run;
mod token;

use super::{find_group, invalid, not_found};
use crate::wire::{ApiError, Params, Value, object, token as opaque};
use crate::world::World;
use crate::world::names::{DAY, Ms, SEC};
use crate::world::state::LogQuery;

/// Groups that one query may ask.
const GROUPS: usize = 50;
/// Queries of an account that may run at once.
const AT_ONCE: usize = 100;
/// Rows of an answer where the query does not say how many, and at most.
const ROWS: i64 = 10_000;
/// Until a query begins to run, and the shortest run.
const SCHEDULED: Ms = SEC;
const SHORTEST: Ms = 2 * SEC;
/// What is scanned in a second.
const BYTES_A_SECOND: u64 = 2_000_000;

pub(super) fn start_query(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let groups = groups(world, params)?;
    let text = params.required("queryString")?;
    let time = |name: &'static str| params.int(name)?.ok_or_else(|| params.missing(name)).map(milliseconds);
    let (start, end) = (time("startTime")?, time("endTime")?);
    if start > end {
        return Err(invalid("Query's start time must not be after its end time."));
    }
    let most = params.int_in("limit", 1..=ROWS, ROWS)? as usize;
    let commands = parse::parse(text).map_err(|what| ApiError::new("MalformedQueryException", what))?;
    let now = world.now;
    if world.logs.queries.values().filter(|query| query.is_running(now)).count() >= AT_ONCE {
        return Err(ApiError::new("LimitExceededException", "Account maximum query concurrency limit of [100] reached."));
    }
    let lines = || {
        let of = groups.iter().filter_map(|name| world.logs.groups.get(name));
        let all = of.flat_map(|group| group.events.iter().map(move |event| (group.name.as_str(), event)));
        // Both ends belong to the window, in whole seconds.
        all.filter(move |(_, event)| event.timestamp >= start && event.timestamp < end + SEC && event.ingestion_time <= now)
    };
    let (scanned, bytes) = lines().fold((0, 0), |(n, bytes), (_, event)| (n + 1, bytes + event.message.len() as u64));
    let found = run::run(&commands, lines(), most);
    let id = opaque((now / SEC) as usize, &format!("StartQuery {text} {}", world.logs.queries.len()));
    let query = LogQuery {
        id: id.clone(),
        group: groups.first().cloned().unwrap_or_default(),
        text: text.to_owned(),
        began: now,
        takes: SHORTEST + (bytes / BYTES_A_SECOND) as Ms * SEC,
        stopped: None,
        rows: found.rows,
        matched: found.matched as u64,
        scanned,
        bytes,
    };
    world.logs.queries.retain(|_, old| old.began > now - DAY);
    world.logs.queries.insert(id.clone(), query);
    Ok(object! { "queryId" => id })
}

/// Epoch seconds, as documented; milliseconds are taken, too.
fn milliseconds(time: i64) -> Ms {
    if time.abs() < 100_000_000_000 { time * SEC } else { time }
}

/// The names of the groups that a query asks.
fn groups(world: &World, params: &Params<'_>) -> Result<Vec<String>, ApiError> {
    let (one, names, identifiers) = (params.str("logGroupName"), params.strings("logGroupNames"), params.strings("logGroupIdentifiers"));
    let ways = usize::from(one.is_some()) + usize::from(!names.is_empty()) + usize::from(!identifiers.is_empty());
    let asked: Vec<&str> = one.into_iter().chain(names).chain(identifiers).collect();
    if ways != 1 || asked.len() > GROUPS {
        return Err(invalid("Specify 1 to 50 log groups, by logGroupName, logGroupNames or logGroupIdentifiers."));
    }
    asked.into_iter().map(|given| find_group(world, given).map(|group| group.name.clone()).ok_or_else(|| not_found("log group"))).collect()
}

impl LogQuery {
    fn is_running(&self, now: Ms) -> bool {
        matches!(self.status(now), "Scheduled" | "Running")
    }

    fn status(&self, now: Ms) -> &'static str {
        match (self.stopped, now - self.began) {
            (Some(_), _) => "Cancelled",
            (None, age) if age < SCHEDULED => "Scheduled",
            (None, age) if age < SCHEDULED + self.takes => "Running",
            _ => "Complete",
        }
    }

    /// The part that was scanned by now.
    fn done(&self, now: Ms) -> f64 {
        let until = self.stopped.unwrap_or(now);
        ((until - self.began - SCHEDULED) as f64 / self.takes as f64).clamp(0.0, 1.0)
    }
}

pub(super) fn get_query_results(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let now = world.now;
    let query = required_query(world, params)?;
    let (status, done) = (query.status(now), query.done(now));
    let rows = if status == "Complete" { query.rows.as_slice() } else { &[] };
    let part = |whole: u64| Value::Float((whole as f64 * done).round());
    Ok(object! {
        "queryLanguage" => "CWLI",
        "results" => Value::members(rows.iter().map(|row| {
            Value::members(row.iter().map(|(field, value)| object! { "field" => field, "value" => value }))
        })),
        "statistics" => object! {
            "recordsMatched" => part(query.matched),
            "recordsScanned" => part(query.scanned),
            "bytesScanned" => part(query.bytes),
        },
        "status" => status,
    })
}

pub(super) fn stop_query(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let now = world.now;
    let query = required_query(world, params)?;
    if !query.is_running(now) {
        return Err(invalid("The specified query is not running."));
    }
    let id = query.id.clone();
    if let Some(query) = world.logs.queries.get_mut(&id) {
        query.stopped = Some(now);
    }
    Ok(object! { "success" => true })
}

fn required_query<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w LogQuery, ApiError> {
    world.logs.queries.get(params.required("queryId")?).ok_or_else(|| not_found("query"))
}

pub(super) fn describe_queries(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let now = world.now;
    let (group, status) = (params.str("logGroupName"), params.str("status"));
    let most = params.int_in("maxResults", 1..=1000, 1000)? as usize;
    let mut found: Vec<&LogQuery> = world
        .logs
        .queries
        .values()
        .filter(|query| group.is_none_or(|group| query.group == group) && status.is_none_or(|status| query.status(now) == status))
        .collect();
    found.sort_by_key(|query| std::cmp::Reverse(query.began));
    let described = found.into_iter().take(most).map(|query| {
        object! {
            "queryLanguage" => "CWLI",
            "queryId" => &query.id,
            "queryString" => &query.text,
            "status" => query.status(now),
            "createTime" => query.began,
            "logGroupName" => &query.group,
        }
    });
    Ok(object! { "queries" => Value::members(described) })
}

#[cfg(test)]
mod tests;
