//! `logs --follow`: what comes after the window, by polls as the tail source makes them. It goes on through throttles, lost networks and
//! credentials that are renewed, and says so once each. Ends by a signal, a closed pipe, or after --limit lines. Called by `logs`.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;

use super::line::Lines;
use super::pick::Pick;
use super::{Source, key};
use crate::config::logs::LogsArgs;
use crate::shell::failure::{Failure, say};
use crate::shell::signals::ending;
use nextcore_core::model::Time;
use nextcore_core::model::log::{LogTail, Progress};
use nextcore_core::model::section::ProblemKind;
use nextcore_core::model::stack::{LogGroupSpec, Stack};
use nextcore_live::aws::source::logs::followed;

/// Between polls: FilterLogEvents allows 5 to 10 a second for everybody in the region.
const EVERY: Duration = Duration::from_secs(3);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The first poll looks so far back at most: what the window has printed of it is not printed again.
pub(super) const BACK: TimeDelta = TimeDelta::minutes(6);

/// What the window had of the time that the tail reads again.
pub(super) struct Seen {
    /// Lines from here on are meant.
    pub(super) from: Time,
    /// Where it ended: a large window takes longer to read than the tail looks back by itself.
    pub(super) until: Time,
    pub(super) known: HashSet<(String, String, String)>,
}

/// Follows.
pub(super) async fn run(args: &LogsArgs, source: &Source, pick: &Pick, mut lines: Lines, window: Seen) -> Result<ExitCode, Failure> {
    let stack = Stack { log_groups: source.groups.clone(), region: source.stack.region.clone(), ..Stack::none() };
    let ended = ending().map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    tokio::pin!(ended);
    let mut told = Told::default();
    let Seen { from, until, mut known } = window;
    let behind = |group: &LogGroupSpec| (group.name.clone(), Progress { began: Some(from), horizon: Some(until), ..Progress::default() });
    let mut tail = LogTail { progress: source.groups.iter().map(behind).collect(), ..LogTail::default() };
    let (mut next, mut pause) = (0, EVERY);
    loop {
        let poll = followed(&source.clients, &stack, tail.clone(), source.clock.now(), args.no_redact);
        let polled = tokio::select! {
            _ = &mut ended => return Ok(ExitCode::SUCCESS),
            polled = poll => polled,
        };
        match polled {
            Ok(newer) => {
                told.reads_again();
                told.groups(&newer);
                tail = newer;
                for event in tail.events.iter().filter(|e| e.seq >= next) {
                    // What came after the window was read is new, whatever its time.
                    if known.remove(&key(event)) || event.at < from {
                        continue;
                    }
                    if !lines.put((**event).clone(), pick.wants(event))? {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                next = tail.total;
                pause = EVERY;
            }
            Err(problem) if problem.kind == ProblemKind::WrongAccount => return Err(Failure::problem(&problem)),
            Err(problem) => {
                told.trouble(&problem.headline, &problem.hint);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        if !lines.flush()? {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::select! {
            _ = &mut ended => return Ok(ExitCode::SUCCESS),
            () = sleep(source.clock.on_the_wall(pause)) => {}
        }
    }
}

/// What was said on stderr: each once.
#[derive(Default)]
struct Told {
    trouble: Option<String>,
    groups: BTreeMap<String, String>,
    gaps: HashSet<(Time, Time)>,
}

impl Told {
    fn trouble(&mut self, headline: &str, hint: &str) {
        if self.trouble.as_deref() != Some(headline) {
            let next = if hint.is_empty() { String::new() } else { format!("\n  next: {hint}") };
            say(&format!("nextcore-top: {headline}; asked again until it is answered{next}"));
            self.trouble = Some(headline.to_owned());
        }
    }

    fn reads_again(&mut self) {
        if self.trouble.take().is_some() {
            say("nextcore-top: lines are read again; none was left out");
        }
    }

    fn groups(&mut self, tail: &LogTail) {
        for group in &tail.groups {
            match (&group.problem, self.groups.get(&group.name)) {
                (Some(problem), told) if told != Some(problem) => {
                    say(&format!("nextcore-top: {}: {problem}", group.name));
                    self.groups.insert(group.name.clone(), problem.clone());
                }
                (None, Some(_)) => {
                    say(&format!("nextcore-top: {}: read again", group.name));
                    self.groups.remove(&group.name);
                }
                _ => {}
            }
        }
        // What is still being read is no gap to speak of yet.
        for gap in tail.gaps.iter().filter(|g| !g.why.starts_with("still")) {
            if self.gaps.insert((gap.from, gap.to)) {
                let (from, to) = (gap.from.format("%H:%M:%SZ"), gap.to.format("%H:%M:%SZ"));
                say(&format!("nextcore-top: lines may be missing from {from} to {to}: {}", gap.why));
            }
        }
    }
}
