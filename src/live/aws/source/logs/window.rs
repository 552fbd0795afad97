//! Log lines that somebody asks for: a window of one group page by page, the end of one task's stream, and the tail without an engine. Reads
//! only, by the same clients, gate and meter as the polls. Called by the commands about logs.

use std::sync::Arc;

use super::tail::{read_groups, sentence};
use super::{EVENTS, FILTER, STREAMS, safe, taken};
use crate::aws::Clients;
use crate::aws::convert::{millis, text};
use crate::aws::error::problem_of;
use crate::aws::source::identity;
use nextcore_core::model::Time;
use nextcore_core::model::log::{LogEvent, LogTail};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::{LogGroupSpec, Stack};

/// Pages of streams in which that of a task is looked for: the newest thousand.
const STREAM_PAGES: usize = 20;

/// Who we are: where an account is pinned, nothing else is asked before.
///
/// # Errors
/// When the credentials cannot be used, or are of another account.
pub async fn admitted(clients: &Clients) -> Result<(), Problem> {
    identity::who(clients).await.map(|_| ())
}

/// The tail once more, as its source reads it; `reveal` leaves secrets as they are.
///
/// # Errors
/// When no group can be read.
pub async fn followed(clients: &Clients, stack: &Stack, tail: LogTail, now: Time, reveal: bool) -> Result<LogTail, Problem> {
    read_groups(clients, stack, tail, now, reveal).await
}

/// Why a group is not read, and the way that is left.
pub fn why(problem: &Problem) -> String {
    sentence(problem)
}

/// The lines of one group between two times, oldest first.
#[derive(Debug)]
pub struct Window {
    group: LogGroupSpec,
    prefix: Option<String>,
    from: Time,
    until: Time,
    reveal: bool,
    token: Option<String>,
    is_over: bool,
}

impl Window {
    pub fn new(group: LogGroupSpec, from: Time, until: Time) -> Self {
        Self { group, prefix: None, from, until, reveal: false, token: None, is_over: false }
    }

    /// Only streams whose name begins so.
    #[must_use]
    pub fn of_streams(self, prefix: Option<String>) -> Self {
        Self { prefix, ..self }
    }

    /// Leaves secrets as they are.
    #[must_use]
    pub fn revealed(self, reveal: bool) -> Self {
        Self { reveal, ..self }
    }

    /// Whether the last page was read.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub fn group(&self) -> &LogGroupSpec {
        &self.group
    }

    /// The next page, which may be empty; `None` after the last. One that failed may be asked for again.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn next(&mut self, clients: &Clients) -> Result<Option<Vec<LogEvent>>, Problem> {
        if self.is_over {
            return Ok(None);
        }
        let request = clients.logs.filter_log_events().log_group_name(&self.group.name);
        let request = request.start_time(self.from.timestamp_millis()).end_time(self.until.timestamp_millis());
        let request = request.set_log_stream_name_prefix(self.prefix.clone()).set_next_token(self.token.clone());
        let page = request.send().await.map_err(|e| problem_of(FILTER, &e))?;
        let next = page.next_token().filter(|t| !t.is_empty()).map(str::to_owned);
        if next.is_some() && next == self.token {
            return Err(Problem {
                kind: ProblemKind::CutOff,
                headline: format!("{}: the list does not end: it repeats a page", FILTER.label()),
                hint: "ask for a smaller window (--since, --until)".to_owned(),
                permission: None,
            });
        }
        self.is_over = next.is_none();
        self.token = next;
        let of: Arc<str> = self.group.of.as_str().into();
        let mut events: Vec<LogEvent> = page.events().iter().map(|e| taken(e, &of, self.until, self.reveal).0).collect();
        events.sort_by_key(|e| e.at);
        Ok(Some(events))
    }
}

/// The last lines of a task, running or stopped: its stream ends with its id. `None` where the group has no such stream.
///
/// # Errors
/// When the streams or the lines cannot be read.
pub async fn last_of_task(
    clients: &Clients,
    group: &LogGroupSpec,
    task: &str,
    most: usize,
    reveal: bool,
) -> Result<Option<Vec<LogEvent>>, Problem> {
    let Some(stream) = stream_of(clients, group, task).await? else { return Ok(None) };
    let limit = i32::try_from(most.clamp(1, 10_000)).unwrap_or(10_000);
    let request = clients.logs.get_log_events().log_group_name(&group.name).log_stream_name(&stream).start_from_head(false).limit(limit);
    let page = request.send().await.map_err(|e| problem_of(EVENTS, &e))?;
    let of: Arc<str> = group.of.as_str().into();
    let event = |e: &aws_sdk_cloudwatchlogs::types::OutputLogEvent| LogEvent {
        at: millis(e.timestamp()).unwrap_or_default(),
        of: Arc::clone(&of),
        stream: stream.clone(),
        message: safe(e.message().unwrap_or_default(), reveal),
        ..LogEvent::default()
    };
    Ok(Some(page.events().iter().map(event).collect()))
}

async fn stream_of(clients: &Clients, group: &LogGroupSpec, task: &str) -> Result<Option<String>, Problem> {
    let request = clients.logs.describe_log_streams().log_group_name(&group.name).descending(true).limit(50);
    let request = request.order_by(aws_sdk_cloudwatchlogs::types::OrderBy::LastEventTime);
    let mut token = None;
    for _ in 0..STREAM_PAGES {
        let page = request.clone().set_next_token(token.take()).send().await.map_err(|e| problem_of(STREAMS, &e))?;
        let is_its = |name: &&str| name.rsplit('/').next().is_some_and(|last| last == task || task.len() >= 8 && last.starts_with(task));
        if let Some(name) = page.log_streams().iter().filter_map(|s| s.log_stream_name()).find(is_its) {
            return Ok(Some(text(Some(name))));
        }
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok(None)
}
