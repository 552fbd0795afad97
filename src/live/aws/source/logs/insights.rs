//! Logs Insights for who asks: what a query may cost, its start, how far it is, its end. Each call asks once; who waits, retries and stops is
//! `engine::query`.

use aws_sdk_cloudwatchlogs::operation::start_query::StartQueryError;
use aws_sdk_cloudwatchlogs::types::{QueryStatistics, QueryStatus, ResultField};

use super::{GROUPS, safe};
use crate::aws::Clients;
use crate::aws::convert::{millis, text};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use nextcore_core::model::Time;
use nextcore_core::model::query::{Answer, Asked, Estimate, Row, Status, Stored};
use nextcore_core::model::section::{Problem, ProblemKind};

pub(super) const START: Op = Op::billed("CloudWatch Logs", "StartQuery", "logs:StartQuery").on(Scope::Logs);
pub(super) const RESULTS: Op = Op::read("CloudWatch Logs", "GetQueryResults", "logs:GetQueryResults").on(Scope::Any);
/// Allowed to exactly those who may start one.
pub(super) const STOP: Op = Op::billed("CloudWatch Logs", "StopQuery", "logs:StopQuery").on(Scope::Any);

/// Rows of an answer, where the query does not say how many: more would not be read to the end by a person, nor whole by the budget.
pub const MOST: i32 = 2_000;

/// What is stored of the groups in the window. A group that AWS tells nothing of is named: the query itself will say what is wrong with it.
///
/// # Errors
/// When the groups cannot be described.
pub async fn estimate(clients: &Clients, asked: &Asked, now: Time) -> Result<Estimate, Problem> {
    let mut all = Estimate::default();
    for name in &asked.groups {
        let page = clients.logs.describe_log_groups().log_group_name_prefix(name).send().await.map_err(|e| problem_of(GROUPS, &e))?;
        // A name sorts before those that it begins.
        let group = page.log_groups().iter().find(|g| g.log_group_name() == Some(name));
        match group.and_then(|g| Some((g, g.stored_bytes()?))) {
            Some((group, bytes)) => {
                let stored = Stored { bytes, since: millis(group.creation_time()), retention_days: group.retention_in_days() };
                all.bytes += stored.within(asked.from, asked.until, now);
            }
            None => all.unknown.push(name.clone()),
        }
    }
    Ok(all)
}

/// Why a query was not started.
#[derive(Debug, Clone, PartialEq)]
pub enum NotStarted {
    /// AWS does not understand it.
    Malformed(Problem),
    /// Anything else; where nobody can say whether it was, its hint says so.
    Failed(Problem),
}

/// Starts it, and says under which id it goes on whatever becomes of this process.
///
/// # Errors
/// When it was not started, or nobody can say.
pub async fn start(clients: &Clients, asked: &Asked) -> Result<String, NotStarted> {
    let request = clients.logs.start_query().set_log_group_names(Some(asked.groups.clone())).query_string(&asked.text);
    // Both ends belong to the window.
    let request = request.start_time(asked.from.timestamp()).end_time(asked.until.timestamp());
    let request = if says_how_many(&asked.text) { request } else { request.limit(MOST) };
    let started = request.send().await.map_err(|e| {
        let problem = problem_of(START, &e);
        if e.as_service_error().is_some_and(StartQueryError::is_malformed_query_exception) {
            return NotStarted::Malformed(problem);
        }
        NotStarted::Failed(match problem.kind {
            ProblemKind::Timeout | ProblemKind::Malformed => {
                Problem { hint: "AWS may have started it all the same: then it ends by itself, and is billed".to_owned(), ..problem }
            }
            _ => problem,
        })
    })?;
    Ok(started.query_id.unwrap_or_default())
}

fn says_how_many(query: &str) -> bool {
    query.split('|').any(|command| command.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("limit")))
}

/// How far it is, and what it found; `reveal` leaves secrets as they are.
///
/// # Errors
/// When it cannot be read: the query goes on.
pub async fn look(clients: &Clients, id: &str, reveal: bool) -> Result<Answer, Problem> {
    let page = clients.logs.get_query_results().query_id(id).send().await.map_err(|e| problem_of(RESULTS, &e))?;
    let row = |fields: &Vec<ResultField>| -> Row {
        fields.iter().map(|f| (text(f.field()), safe(f.value().unwrap_or_default(), reveal))).collect()
    };
    let figure = |of: fn(&QueryStatistics) -> f64| page.statistics().map_or(0.0, of);
    Ok(Answer {
        status: Status::read(page.status().map_or("", QueryStatus::as_str)),
        rows: page.results().iter().map(row).collect(),
        matched: figure(QueryStatistics::records_matched),
        scanned: figure(QueryStatistics::records_scanned),
        bytes: figure(QueryStatistics::bytes_scanned),
    })
}

/// Stops it at AWS: what it has scanned by then is billed, and no more.
///
/// # Errors
/// When it may go on.
pub async fn stop(clients: &Clients, id: &str) -> Result<(), Problem> {
    clients.logs.stop_query().query_id(id).send().await.map(|_| ()).map_err(|e| problem_of(STOP, &e))
}
