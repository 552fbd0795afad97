//! The tail of all followed groups by FilterLogEvents: which of them are asked, how many pages are read, and what is said of one that cannot
//! be read while the others can. What is new is `merge`'s. Called by the engine.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::back::read_back;
use super::merge::{Batch, Taken, merge, start};
use super::{FILTER, taken};
use crate::aws::Clients;
use crate::aws::error::problem_of;
use crate::aws::op::Op;
use crate::aws::page::Pages;
use crate::aws::source::{Context, Source, TWENTY};
use nextcore_core::model::Time;
use nextcore_core::model::log::{Followed, LogTail};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::{LogGroupSpec, Stack};
use nextcore_core::model::store::Store;

/// Pages of up to 1 MB or 10,000 events that one poll reads of a group.
const PAGES: usize = 5;
/// How soon a group that refuses is asked again: doubled up to the longest.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(20);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

pub(in crate::aws::source) struct TailSource;

impl Source for TailSource {
    type Out = LogTail;
    const READS: &'static [Op] = &[FILTER];
    // FilterLogEvents allows 5 to 10 a second for everybody in the region.
    const CLOSELY: Option<Duration> = Some(Duration::from_secs(3));

    fn every(_: &Store) -> Duration {
        TWENTY
    }

    async fn poll(cx: Arc<Context>) -> Result<LogTail, Problem> {
        let tail = cx.store.get::<LogTail>().cloned().unwrap_or_default();
        let mut tail = read_groups(&cx.clients, &cx.stack, tail, cx.now, false).await?;
        if let Some(wanted) = cx.older {
            older(&cx, &mut tail, wanted).await;
        }
        Ok(tail)
    }
}

/// Reads what is new of every group. One that refuses says so and the others go on; where none can be read, it is a problem of all.
pub(super) async fn read_groups(clients: &Clients, stack: &Stack, mut tail: LogTail, now: Time, reveal: bool) -> Result<LogTail, Problem> {
    let groups = stack.followed();
    tail.groups = groups.iter().map(|group| followed(&tail, group)).collect();
    let (mut batches, mut refused, mut is_over) = (Vec::new(), None, false);
    for group in &groups {
        let progress = tail.progress.get(&group.name).cloned().unwrap_or_default();
        if is_over || progress.again.is_some_and(|at| now < at) {
            continue;
        }
        let problem = match read(clients, group, start(&progress, now), now, reveal).await {
            Ok(batch) => {
                batches.push(batch);
                None
            }
            Err(problem) => Some(problem),
        };
        // What concerns all of them is not asked again for each.
        is_over = problem.as_ref().is_some_and(|p| !is_of_group(p.kind));
        told(&mut tail, group, problem.as_ref(), now);
        refused = refused.or(problem);
    }
    match refused.filter(|_| batches.is_empty()) {
        Some(problem) => Err(problem),
        None => Ok(merge(tail, batches, now)),
    }
}

/// Reads on what a person wants of the past. What passes is tried again with the next poll, anything else ends it.
async fn older(cx: &Context, tail: &mut LogTail, wanted: Time) {
    let is_read = |group: &LogGroupSpec| tail.groups.iter().any(|g| g.name == group.name && g.problem.is_none());
    let groups: Vec<LogGroupSpec> = cx.stack.followed().into_iter().filter(is_read).collect();
    let began = groups.iter().filter_map(|g| tail.progress.get(&g.name)?.began).min();
    tail.back.to = tail.back.to.or(began);
    if let Err(problem) = read_back(&cx.clients, &groups, tail, wanted).await
        && !problem.kind.is_passing()
    {
        tail.back.end = Some(problem.headline);
    }
}

/// What was known of a group.
fn followed(tail: &LogTail, group: &LogGroupSpec) -> Followed {
    let known = tail.groups.iter().find(|g| g.name == group.name).cloned();
    known.unwrap_or_else(|| Followed { name: group.name.clone(), ..Followed::default() })
}

/// Whether it is about this group, and the others may be read.
fn is_of_group(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Denied | ProblemKind::NotFound | ProblemKind::Service | ProblemKind::Malformed | ProblemKind::CutOff)
}

/// Notes how a group was read, and when it is asked again if it refuses.
fn told(tail: &mut LogTail, group: &LogGroupSpec, problem: Option<&Problem>, now: Time) {
    let progress = tail.progress.entry(group.name.clone()).or_default();
    if problem.is_some_and(|p| is_of_group(p.kind)) {
        progress.failures += 1;
        let pause = FIRST_PAUSE * 2_i32.pow(progress.failures.saturating_sub(1).min(8));
        // A poll comes a little early or late: it is not to miss its turn by that.
        progress.again = Some(now + pause.min(LONGEST_PAUSE) - TimeDelta::seconds(1));
    } else {
        (progress.failures, progress.again) = (0, None);
    }
    if let Some(followed) = tail.groups.iter_mut().find(|g| g.name == group.name) {
        followed.problem = problem.map(sentence);
    }
}

/// Why a group is not read, and the way that is left.
pub(super) fn sentence(problem: &Problem) -> String {
    let headline = problem.headline.as_str();
    if is_of_class(problem) {
        return "its log class does not allow FilterLogEvents; read it with Logs Insights".to_owned();
    }
    match problem.kind {
        ProblemKind::NotFound => "no such log group; check its name in the configuration, the account and the region".to_owned(),
        ProblemKind::Denied => match &problem.permission {
            Some(permission) => format!("access denied; it needs {permission} ('nextcore-top iam-policy' prints the policy)"),
            None => joined(headline, &problem.hint),
        },
        _ => joined(headline, &problem.hint),
    }
}

fn joined(headline: &str, hint: &str) -> String {
    if hint.is_empty() { format!("{headline}; asked again within 5 minutes") } else { format!("{headline}; {hint}") }
}

/// `INFREQUENT_ACCESS` and `DELIVERY` are read by Logs Insights only.
pub(super) fn is_of_class(problem: &Problem) -> bool {
    let said = problem.headline.to_ascii_lowercase();
    problem.kind == ProblemKind::Service
        && (said.contains("log-group-class") || said.contains("log class") || said.contains("infrequent_access"))
}

/// A few pages of a group. What was read before a page failed is kept: the next poll goes on behind it.
async fn read(clients: &Clients, group: &LogGroupSpec, from: Time, now: Time, reveal: bool) -> Result<Batch, Problem> {
    let request = clients.logs.filter_log_events().log_group_name(&group.name).start_time(from.timestamp_millis());
    let (mut pages, mut token) = (Pages::of(FILTER), None);
    let mut batch = Batch { group: group.name.clone(), start: from, ..Batch::default() };
    let of: Arc<str> = group.of.as_str().into();
    while batch.pages < PAGES {
        let answer = request.clone().set_next_token(token.take()).send().await.map_err(|e| problem_of(FILTER, &e));
        let next = match answer {
            Ok(page) => {
                batch.pages += 1;
                batch.events.extend(page.events().iter().map(|e| {
                    let (event, ingested) = taken(e, &of, now, reveal);
                    Taken::new(event, ingested)
                }));
                pages.after(page.next_token)
            }
            Err(problem) => Err(problem),
        };
        match next {
            Ok(Some(next)) => token = Some(next),
            Ok(None) => return Ok(batch),
            Err(problem) if batch.events.is_empty() => return Err(problem),
            Err(problem) => {
                batch.cut = Some(problem.headline);
                return Ok(batch);
            }
        }
    }
    batch.cut = Some(format!("more than {PAGES} pages in one poll"));
    Ok(batch)
}
