//! `logs query`: a Logs Insights query over the stack's groups. What it may cost is said before, and asked for without --yes; what it scanned
//! afterwards. However this command ends, the query does not go on at AWS. Exit 0 results, 1 none, 2 usage, 3 not readable. Called by `logs`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use futures_util::FutureExt;

use super::Source;
use crate::config::Settings;
use crate::config::logs::{QueryArgs, QueryFormat};
use crate::shell::failure::{Failure, say};
use crate::shell::headless::print;
use crate::shell::signals::ending;
use nextcore_core::log::insights::{Table, after, before, choose, listed};
use nextcore_core::model::query::{Answer, Asked, End, Status};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::stack::LogGroupSpec;
use nextcore_core::model::text::inert;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::gate::Refusal;
use nextcore_live::aws::source::logs::insights::{self, MOST};
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::query::Querying;

/// AWS asks no more groups in one query.
const GROUPS: usize = 50;

/// Runs it, or lists those that have a name.
pub(super) async fn run(args: &QueryArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    if args.list {
        return list(settings);
    }
    let typed: Vec<&str> = args.query.iter().chain(&args.value).map(String::as_str).collect();
    let chosen = choose(&settings.queries, &typed.join(" "))
        .map_err(|why| Failure::usage(format!("{why}\n  next: 'nextcore-top logs query --list' shows the names")))?;
    let authority = Authority::querying(settings.mode, settings.insights);
    if !authority.may_query() {
        // As the gate would say it: but then nothing was asked for before.
        let refusal = Refusal::Billed { service: "CloudWatch Logs".to_owned(), operation: "StartQuery".to_owned() };
        return Err(Failure::cannot_tell(refusal));
    }
    let acts = Acts { authority, ..Acts::none() };
    let source = Source::at(&args.observe, settings, acts, |stack| {
        let own = |name: &String| LogGroupSpec::new(name, "");
        Ok(if args.groups.is_empty() { stack.followed() } else { args.groups.iter().map(own).collect() })
    })
    .await?;
    let groups: Vec<String> = source.groups.iter().map(|g| g.name.clone()).collect();
    if groups.is_empty() {
        let next = "name log_group in [stack] of the configuration, or --group GROUP";
        return Err(Failure::cannot_tell(format!("the stack '{}' has no log group\n  next: {next}", source.stack.name)));
    }
    if groups.len() > GROUPS {
        return Err(Failure::usage(format!(
            "{} log groups; one query asks {GROUPS} at most\n  next: --group, for some of them",
            groups.len()
        )));
    }
    let (from, until) = source.between(args.since, args.until, args.local)?;
    let asked = Asked { text: chosen.text, groups, from, until };
    say(&cost(&source, &asked).await?);
    if !args.yes {
        agreed()?;
    }
    let answer = carry(&source, &asked, args.no_redact).await?;
    say(&after(&answer));
    told(&answer, args.format)
}

fn list(settings: &Settings) -> Result<ExitCode, Failure> {
    let all = listed(&settings.queries);
    let width = all.iter().map(|n| n.name.chars().count()).max().unwrap_or_default();
    let lines: Vec<String> = all.iter().map(|n| format!("{:<width$}  {}", n.name, n.about)).collect();
    print(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What it may cost, in words; who may not see sizes may query all the same.
async fn cost(source: &Source, asked: &Asked) -> Result<String, Failure> {
    match insights::estimate(&source.clients, asked, source.clock.now()).await {
        Ok(estimate) => Ok(before(&estimate)),
        Err(problem) if problem.kind == ProblemKind::Denied => Ok(format!("no estimate of the cost: {}", problem.headline)),
        Err(problem) => Err(Failure::problem(&problem)),
    }
}

/// Asks on a terminal; where nobody can answer, nothing is spent.
fn agreed() -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage("a query costs money, and there is no terminal to ask on: nothing was run\n  next: --yes runs it"));
    }
    let _ = write!(std::io::stderr(), "run it? [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read.map(|_| line.trim().to_ascii_lowercase()).as_deref() {
        Ok("y" | "yes") => Ok(()),
        _ => Err(Failure::cannot_tell("not run")),
    }
}

/// From its start to its end.
async fn carry(source: &Source, asked: &Asked, reveal: bool) -> Result<Answer, Failure> {
    let ended = ending().map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    let progress = Progress { shows: std::io::stderr().is_terminal() };
    let querying = Querying { clients: &source.clients, clock: &source.clock, patience: source.patience, reveal };
    let end = querying.run(asked, ended.map(|_| ()), |_, answer| answer.into_iter().for_each(|a| progress.show(a))).await;
    progress.clear();
    match end {
        End::Over(answer) => Ok(answer),
        // A slip of the pen; everything else is not.
        End::Malformed(problem) => Err(Failure::usage(format!("{}\n  next: correct the query; nothing was scanned", problem.headline))),
        End::Failed(problem) => Err(Failure::problem(&problem)),
        End::Stopped(answer) => {
            let spent = answer.map_or_else(String::new, |answer| format!("; {}", after(&answer)));
            Err(Failure::cannot_tell(format!("the query was stopped at AWS{spent}")))
        }
        End::GoesOn { id, why } => Err(Failure::cannot_tell(goes_on(&id, &why))),
    }
}

/// A query that may go on, and how to stop it.
pub(in crate::shell) fn goes_on(id: &str, why: &Problem) -> String {
    format!("the query could not be stopped and may go on at AWS: {}\n  next: aws logs stop-query --query-id {id}", why.headline)
}

/// What it found, on stdout.
fn told(answer: &Answer, format: QueryFormat) -> Result<ExitCode, Failure> {
    if answer.status != Status::Complete {
        return Err(Failure::cannot_tell(format!(
            "the query {} at AWS\n  next: a smaller window (--since, --until)",
            answer.status.ended()
        )));
    }
    if answer.rows.is_empty() {
        say("no results");
        return Ok(ExitCode::from(1));
    }
    let table = Table::of(&answer.rows);
    print(&match format {
        QueryFormat::Table => table.text(),
        QueryFormat::Json => table.json(),
        QueryFormat::Csv => table.csv(),
    })?;
    if answer.rows.len() >= MOST as usize {
        say(&format!("nextcore-top: {} rows\n  next: '| limit N' in the query says how many are wanted", answer.rows.len()));
    }
    Ok(ExitCode::SUCCESS)
}

/// How far it is, for who waits at a terminal.
struct Progress {
    shows: bool,
}

impl Progress {
    fn show(&self, answer: &Answer) {
        if self.shows {
            let text = format!("{}: {} ... Ctrl-C stops it", answer.status.word(), after(answer));
            let _ = write!(std::io::stderr(), "\x1b[2K{}\r", inert(&text));
        }
    }

    fn clear(&self) {
        if self.shows {
            let _ = write!(std::io::stderr(), "\x1b[2K\r");
        }
    }
}
