//! `logs`: the lines of a window from CloudWatch Logs on stdout, oldest first, and on demand those that come after (`follow`), the last ones of a
//! task, what they have in common (`patterns`), or what AWS finds in them (`query`). `read` reads, `pick` chooses, `line` writes. Exit 0 lines,
//! 1 none, 2 usage, 3 not readable.

mod follow;
mod line;
mod patterns;
mod pick;
mod query;
mod read;

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use chrono::{Local, TimeDelta, TimeZone, Utc};

use super::backend::{Target, Told};
use super::failure::{Failure, say};
use crate::config::Settings;
use crate::config::args::{DEMO_SEED, Observe, World};
use crate::config::environment::Environment;
use crate::config::logs::{LogsArgs, LogsCommand, Moment, Selection};
use follow::Seen;
use line::Lines;
use nextcore_core::model::Time;
use nextcore_core::model::log::LogEvent;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::{LogGroupSpec, Stack};
use nextcore_live::aws::Clients;
use nextcore_live::aws::source::logs::{Window, admitted, last_of_task, why};
use nextcore_live::engine::Setup;
use nextcore_live::engine::action::Acts;
use pick::Pick;
use read::Reader;

/// Lines of a task, where nobody says how many.
const OF_TASK: u64 = 200;

/// Prints them.
pub(super) async fn run(args: &LogsArgs, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    match &args.command {
        Some(LogsCommand::Patterns { selection, format, limit }) => return patterns::run(selection, *format, *limit, settings).await,
        Some(LogsCommand::Query(query)) => return query::run(query, settings).await,
        None => {}
    }
    let pick = Pick::of(&args.selection)?;
    let source = Source::open(&args.selection, settings).await?;
    let mut lines = Lines::of(args, env, args.limit);
    if let Some(task) = &args.task {
        return of_task(task, args, &source, &pick, &mut lines).await;
    }
    let (from, until) = source.window(&args.selection)?;
    let mut reader = source.reader(&args.selection, from, until, args.no_redact);
    let mut seen = Seen { from: from.max(until - follow::BACK), until, known: HashSet::new() };
    while let Some(events) = reader.next(&source.clients).await? {
        for event in events {
            if args.follow && event.at >= seen.from {
                seen.known.insert(key(&event));
            }
            let is_wanted = pick.wants(&event);
            if !lines.put(event, is_wanted)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !lines.flush()? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if args.follow {
        return follow::run(args, &source, &pick, lines, seen).await;
    }
    ended(&reader, lines.printed())
}

/// What a command that has read all it could has to say.
fn ended(reader: &Reader, found: u64) -> Result<ExitCode, Failure> {
    if reader.refused() > 0 && found == 0 {
        return Err(Failure::cannot_tell(
            "nothing was found, and not all log groups could be read\n  next: see above; or --group for one of them",
        ));
    }
    Ok(ExitCode::from(u8::from(found == 0)))
}

async fn of_task(task: &str, args: &LogsArgs, source: &Source, pick: &Pick, lines: &mut Lines) -> Result<ExitCode, Failure> {
    let most = args.limit.unwrap_or(OF_TASK) as usize;
    let mut refused = None;
    for group in &source.groups {
        match last_of_task(&source.clients, group, task, most, args.no_redact).await {
            Ok(Some(events)) => {
                for event in events {
                    let is_wanted = pick.wants(&event);
                    if !lines.put(event, is_wanted)? {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                lines.flush()?;
                return Ok(ExitCode::from(u8::from(lines.printed() == 0)));
            }
            Ok(None) => {}
            Err(problem) if is_of_group(&problem) => {
                if source.groups.len() > 1 {
                    say(&format!("nextcore-top: {}: {}", group.name, why(&problem)));
                }
                refused = Some(unreadable(&group.name, &problem));
            }
            Err(problem) => return Err(Failure::problem(&problem)),
        }
    }
    match refused {
        Some(failure) => Err(failure),
        None => Err(Failure::no(format!(
            "no stream of task '{task}' in {}\n  next: 'nextcore-top snapshot' lists tasks; a stream is there once a task has said something",
            names(&source.groups)
        ))),
    }
}

fn names(groups: &[LogGroupSpec]) -> String {
    groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A group that cannot be read, and the way that is left.
fn unreadable(group: &str, problem: &Problem) -> Failure {
    if is_of_group(problem) {
        return Failure::cannot_tell(format!("log group {group}: {}", why(problem).replacen("; ", "\n  next: ", 1)));
    }
    Failure::problem(problem)
}

/// Whether a problem is of one group, and the others may be read.
fn is_of_group(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Denied | ProblemKind::NotFound | ProblemKind::Service | ProblemKind::CutOff | ProblemKind::Malformed
    )
}

/// Where lines are read.
struct Source {
    clients: Clients,
    stack: Stack,
    groups: Vec<LogGroupSpec>,
    clock: nextcore_live::engine::clock::Clock,
    patience: Duration,
    _told: Told,
}

impl Source {
    async fn open(selection: &Selection, settings: &Settings) -> Result<Self, Failure> {
        Self::at(&selection.observe, settings, Acts::none(), |stack| groups(stack, selection)).await
    }

    /// Connects, and finds out whether the credentials are good: before that nothing is worth a try.
    async fn at(
        observe: &Observe,
        settings: &Settings,
        acts: Acts,
        groups: impl FnOnce(&Stack) -> Result<Vec<LogGroupSpec>, Failure>,
    ) -> Result<Self, Failure> {
        let Observe { demo, timeout } = *observe;
        let target = if demo { Target::demo(World::calm(DEMO_SEED)) } else { Target::Aws };
        let told = Told::on_stderr();
        let stack = target.stack(settings);
        let groups = groups(&stack)?;
        let setup = target.setup(settings, target.clock(), acts, &told.notices).await.map_err(Failure::cannot_tell)?;
        let Setup { clients, clock, .. } = setup;
        let patience = Duration::from_secs(timeout);
        tokio::time::timeout(patience, admitted(&clients))
            .await
            .map_err(|_late| {
                Failure::cannot_tell(format!("no answer within {timeout} s\n  next: a longer --timeout, or check the network"))
            })?
            .map_err(|p| Failure::problem(&p))?;
        Ok(Self { clients, stack, groups, clock, patience, _told: told })
    }

    fn window(&self, selection: &Selection) -> Result<(Time, Time), Failure> {
        self.between(selection.since, selection.until, selection.local)
    }

    fn between(&self, since: Moment, until: Option<Moment>, local: bool) -> Result<(Time, Time), Failure> {
        let now = self.clock.now();
        let from = time(since, now, local);
        let until = until.map_or(now, |m| time(m, now, local)).min(now);
        if from >= until {
            let (from, until) = (from.format("%Y-%m-%dT%H:%M:%SZ"), until.format("%Y-%m-%dT%H:%M:%SZ"));
            return Err(Failure::usage(format!(
                "--since {from} is not before --until {until}\n  next: times of day are UTC without --local"
            )));
        }
        Ok((from, until))
    }

    fn reader(&self, selection: &Selection, from: Time, until: Time, reveal: bool) -> Reader {
        let prefix = |group: &LogGroupSpec| match (&selection.stream, selection.services.as_slice()) {
            (Some(prefix), _) => Some(prefix.clone()),
            // A service's streams begin with its name where several share a group.
            (None, [service]) if group.of.is_empty() => Some(format!("{service}/")),
            _ => None,
        };
        let windows = self.groups.iter().map(|g| Window::new(g.clone(), from, until).of_streams(prefix(g)).revealed(reveal));
        Reader::new(windows.collect(), self.patience)
    }
}

/// The groups that are asked: those that can hold lines of the services that are meant.
fn groups(stack: &Stack, selection: &Selection) -> Result<Vec<LogGroupSpec>, Failure> {
    let all = stack.followed();
    if let Some(name) = &selection.group {
        let known = all.into_iter().find(|g| g.name == *name);
        return Ok(vec![known.unwrap_or_else(|| LogGroupSpec::new(name, ""))]);
    }
    if all.is_empty() {
        let next = "name log_group in [stack] of the configuration, or --group GROUP";
        return Err(Failure::cannot_tell(format!("the stack '{}' has no log group\n  next: {next}", stack.name)));
    }
    let may_hold = |g: &LogGroupSpec| g.of.is_empty() || selection.services.is_empty() || selection.services.contains(&g.of);
    let chosen: Vec<LogGroupSpec> = all.iter().filter(|g| may_hold(g)).cloned().collect();
    if chosen.is_empty() {
        let owners: Vec<&str> = all.iter().map(|g| g.of.as_str()).collect();
        return Err(Failure::usage(format!(
            "no log group has lines of '{}'; there are those of {}",
            selection.services.join(", "),
            owners.join(", ")
        )));
    }
    Ok(chosen)
}

/// The time that is meant: a time of day that has not come yet was yesterday.
pub(super) fn time(moment: Moment, now: Time, local: bool) -> Time {
    match moment {
        Moment::At(at) => at,
        Moment::Ago(seconds) => now - TimeDelta::seconds(seconds),
        Moment::Clock(clock) => {
            let today = if local {
                Local.from_local_datetime(&now.with_timezone(&Local).date_naive().and_time(clock)).earliest().map(|t| t.with_timezone(&Utc))
            } else {
                Some(now.date_naive().and_time(clock).and_utc())
            };
            let at = today.unwrap_or(now);
            if at > now { at - TimeDelta::days(1) } else { at }
        }
    }
}

/// What an event is known by, where it is met twice.
fn key(e: &LogEvent) -> (String, String, String) {
    let id = if e.id.is_empty() { format!("{} {}", e.at.timestamp_millis(), e.message) } else { e.id.clone() };
    (e.of.to_string(), e.stream.clone(), id)
}
