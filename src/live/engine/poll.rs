//! The life of one source: poll, record, wait until it is due again, or sooner when attention or a refresh says so. Single flight by construction.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use rand::Rng;
use rand_pcg::Pcg32;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::schedule::{Look, Outcome, delay, floor, interval, jitter};
use super::{Attention, Shared};
use crate::aws::bounded;
use crate::aws::budget::Tally;
use crate::aws::source::{Context, Parts, SourceRow};
use nextcore_core::model::Time;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::section::{AnySection, Problem, ProblemKind, Section, SectionKey, Unread};
use nextcore_core::model::system::NodeId;

/// A poll made of several requests must end, too: then it counts as timed out.
const POLL_TIMEOUT: Duration = Duration::from_secs(20);
/// What nobody reads is asked again when somebody does.
const NEVER: Duration = Duration::from_hours(24 * 365);

type Refresh = watch::Receiver<(u64, Arc<BTreeSet<SectionKey>>)>;

/// Polls one source until the engine is dropped.
pub(super) async fn run(
    row: SourceRow,
    shared: Arc<Shared>,
    mut attention: watch::Receiver<Attention>,
    mut refresh: Refresh,
    mut rng: Pcg32,
) {
    let mut failures = 0;
    loop {
        if !wanted(row, shared.member.as_ref(), &mut attention).await {
            return;
        }
        // Where an account is pinned, who we are comes first; in another account nothing more is asked.
        if row.key != Identity::KEY {
            shared.clients.pin().opened().await;
        }
        if shared.snapshot().entry(row.key).is_none() {
            let now = shared.clock.now();
            shared.change(|s| s.entry_mut(row.key).asked_at = Some(now));
        }
        let begun = shared.clock.now();
        debug!(source = row.key.0, "poll begins");
        let asked = {
            let attention = attention.borrow();
            Asked { closely: attention.closely, older: attention.older }
        };
        let (result, tally) = once(row, &shared, asked).await;
        let outcome = match &result {
            Ok(_) => {
                failures = 0;
                Outcome::Good
            }
            Err(problem) => {
                failures += 1;
                Outcome::Bad { kind: problem.kind, failures }
            }
        };
        let noise = rng.random::<f64>();
        let wait = |attention: &Attention, shared: &Shared| {
            let every = (row.every)(&shared.snapshot());
            let every = row.unwell.filter(|_| attention.closely).map_or(every, |unwell| unwell.min(every));
            let interval =
                interval(every, row.closely, attention.look(&row, shared.member.as_ref()), attention.focused).max(tally.least_interval());
            let due = if row.on_demand && attention.look(&row, shared.member.as_ref()) == Look::Idle {
                NEVER
            } else {
                delay(interval, outcome).max(tally.least_interval())
            };
            (interval, jitter(due, noise))
        };
        let current = attention.borrow_and_update().clone();
        let (interval, first_wait) = wait(&current, &shared);
        let next_ms = shared.clock.on_the_wall(first_wait).as_millis() as u64;
        log(row, outcome, next_ms);
        record(row, &shared, result, begun, interval, first_wait);
        until_due(row.key, &shared, &mut attention, &mut refresh, wait).await;
    }
}

/// Waits until something reads a section that is asked on demand; `false` when nothing ever will.
async fn wanted(row: SourceRow, member: Option<&NodeId>, attention: &mut watch::Receiver<Attention>) -> bool {
    !row.on_demand || attention.wait_for(|a| a.look(&row, member) != Look::Idle).await.is_ok()
}

async fn until_due(
    key: SectionKey,
    shared: &Arc<Shared>,
    attention: &mut watch::Receiver<Attention>,
    refresh: &mut Refresh,
    wait: impl Fn(&Attention, &Shared) -> (Duration, Duration),
) {
    let ended = Instant::now();
    refresh.mark_unchanged();
    loop {
        let current = attention.borrow_and_update().clone();
        let (interval, delay) = wait(&current, shared);
        if shared.snapshot().entry(key).is_some_and(|e| e.interval != interval) {
            shared.change(|s| s.entry_mut(key).interval = interval);
        }
        tokio::select! {
            // In this order: by chance it would be another order of requests each time, and pictures are compared.
            biased;
            () = tokio::time::sleep_until(ended + shared.clock.on_the_wall(delay)) => return,
            changed = attention.changed() => if changed.is_err() { return },
            changed = refresh.changed() => {
                let asked = changed.is_err() || refresh.borrow_and_update().1.contains(&key);
                // Whoever presses a key is told the same by the same rule: see `SectionState::hold`.
                let held = shared.snapshot().entry(key).and_then(|e| e.hold(shared.clock.now()));
                if asked {
                    debug!(source = key.0, held = held.is_some(), "asked for by hand");
                }
                if asked && held.is_none() { return }
            }
        }
    }
}

/// What attention asks of one poll.
#[derive(Debug, Clone, Copy)]
struct Asked {
    closely: bool,
    older: Option<Time>,
}

/// A section, and the parts of it that could not be read.
type Answer = Result<(Arc<dyn AnySection>, Vec<Unread>), Problem>;

/// One poll, and what it has used of the budget.
async fn once(row: SourceRow, shared: &Arc<Shared>, asked: Asked) -> (Answer, Arc<Tally>) {
    let tally = Arc::new(Tally::default());
    let answer = ask(row, shared, asked, &tally).await;
    // A source may do without one answer or another; what we did not let it ask is no such answer.
    let answer = match tally.bound().filter(|_| answer.is_ok()) {
        Some(bound) => Err(bounded(row.title, &bound)),
        None => answer,
    };
    (answer, tally)
}

async fn ask(row: SourceRow, shared: &Arc<Shared>, Asked { closely, older }: Asked, tally: &Arc<Tally>) -> Answer {
    let parts = Parts::default();
    let cx = Context {
        side: None,
        unread: Arc::clone(&parts),
        closely,
        older,
        clients: shared.clients.clone(),
        stack: Arc::clone(&shared.stack),
        member: shared.member.clone(),
        store: shared.snapshot(),
        now: shared.clock.now(),
        meter: shared.meter.clone(),
    };
    // A task of its own: a bug in one source is a problem of one section, not the end of the dashboard.
    let (budget, of_task) = (shared.meter.budget().clone(), Arc::clone(tally));
    let mut task = tokio::spawn(async move {
        let _polling = budget.polling(&of_task);
        (row.poll)(Arc::new(cx)).await
    });
    let failed =
        |kind, what: String| Err(Problem { kind, headline: format!("{}: {what}", row.title), hint: String::new(), permission: None });
    match tokio::time::timeout(POLL_TIMEOUT, &mut task).await {
        Ok(Ok(result)) => result.map(|value| (value, std::mem::take(&mut *parts.lock().unwrap_or_else(PoisonError::into_inner)))),
        Ok(Err(_)) => failed(ProblemKind::Malformed, "the poll ended unexpectedly; please report this".to_owned()),
        Err(_) => {
            task.abort();
            failed(ProblemKind::Timeout, format!("timed out after {} s", POLL_TIMEOUT.as_secs()))
        }
    }
}

/// The kind of a problem, never its words: they may quote an answer.
fn log(row: SourceRow, outcome: Outcome, next_ms: u64) {
    let source = row.key.0;
    match outcome {
        Outcome::Good => debug!(source, next_ms, "poll ends"),
        // One section waits for another: so it begins.
        Outcome::Bad { kind: ProblemKind::Waiting(_), failures } => debug!(source, failures, next_ms, "poll waits"),
        Outcome::Bad { kind, failures } => warn!(source, ?kind, failures, next_ms, "poll backs off"),
    }
}

fn record(row: SourceRow, shared: &Shared, result: Answer, begun: Time, interval: Duration, wait: Duration) {
    let key = row.key;
    let now = shared.clock.now();
    shared.change(|store| {
        match result {
            Ok((value, unread)) => {
                let entry = store.entry_mut(key);
                entry.value = Some(value);
                entry.unread = unread;
                entry.at = Some(now);
                entry.problem = None;
                entry.failing_since = None;
                entry.revision += 1;
            }
            Err(problem) => store.fail(key, problem, now),
        }
        let entry = store.entry_mut(key);
        entry.interval = interval;
        entry.begun_at = Some(begun);
        entry.floor = row.floor.unwrap_or_else(|| floor(interval));
        entry.next_at = TimeDelta::from_std(wait).ok().map(|w| now + w);
    });
}
