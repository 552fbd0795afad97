//! One walk through a runbook without a screen: its checks are decided, its waits waited for, its actions planned, confirmed and carried out
//! by the same code as the commands of their names. It stops at what fails, and writes down what happened.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::super::act;
use super::super::backend::Target;
use super::super::failure::{Failure, say};
use super::super::watching::{Patience, Watching, in_words};
use crate::config::Settings;
use crate::config::act::ActArgs;
use crate::config::args::Format;
use crate::config::environment::Environment;
use crate::config::runbook::RunArgs;
use nextcore_core::expression::{Answer, Expression, Language};
use nextcore_core::insight::NodeId;
use nextcore_core::model::action::Request;
use nextcore_core::model::log::{LogEvent, LogTail};
use nextcore_core::model::text::inert_lines;
use nextcore_core::runbook::{Block, Command, LogQuery, Progress, Runbook, Step, transcript, unreadable};

/// Log lines that a step shows.
const LINES: usize = 20;

/// What one command came to: what is written down of it, and the failure that ends the walk.
type Came = (String, Option<Failure>);

/// Walks through it.
pub(super) async fn run(args: &RunArgs, book: &Runbook, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    readable(book)?;
    let mut watching = Watching::begin(&Target::Aws, settings, Duration::from_secs(args.timeout), Patience::WithAll).await?;
    let values = values(args, book, &mut watching)?;
    let filled =
        book.fill(&values).map_err(|faults| Failure::usage(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let by = env.user.clone().unwrap_or_else(|| "somebody".to_owned());
    let mut progress = Progress::start(&filled, &by, watching.now());
    let first = usize::from(args.from) - 1;
    for step in 0..first.min(filled.steps.len()) {
        progress.skip(step, &by, "before --from", watching.now()).map_err(Failure::usage)?;
    }
    if first >= filled.steps.len() {
        return Err(Failure::usage(format!("--from {}: the runbook has {} steps", args.from, filled.steps.len())));
    }
    if let Some((step, _)) = args.skips.iter().find(|(step, _)| usize::from(*step) > filled.steps.len()) {
        return Err(Failure::usage(format!("--skip {step}: the runbook has {} steps", filled.steps.len())));
    }
    let mut failed = None;
    for (i, step) in filled.steps.iter().enumerate().skip(first) {
        say(&format!("\n{}. {}", i + 1, step.title));
        if let Some((_, reason)) = args.skips.iter().find(|(step, _)| usize::from(*step) == i + 1) {
            say(&format!("   skipped: {reason}"));
            progress.skip(i, &by, reason, watching.now()).map_err(Failure::usage)?;
            continue;
        }
        let walk = Walk { args, settings, env };
        failed = walk.step(i, step, &mut progress, &mut watching, &by).await;
        if failed.is_some() {
            break;
        }
    }
    let written = write(&transcript(&filled, &progress), args, &book.name, watching.now().format("%Y%m%dT%H%M%SZ").to_string(), env)?;
    say(&format!("\ntranscript: {}", written.display()));
    match failed {
        Some(failure) => Err(failure),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// A command that nobody knows is said before anything is asked, and not half way through.
fn readable(book: &Runbook) -> Result<(), Failure> {
    let language = Language::new().map_err(Failure::cannot_tell)?;
    let faults: Vec<String> = unreadable(book, &language).iter().map(ToString::to_string).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::usage(format!("{}\n  next: 'nextcore-top runbook lint'", faults.join("\n")))) }
}

/// The values that it asks for: as given, by default, the only one there is, or as somebody at a terminal says.
fn values(args: &RunArgs, book: &Runbook, watching: &mut Watching) -> Result<BTreeMap<String, String>, Failure> {
    let mut values: BTreeMap<String, String> = args.values.iter().cloned().collect();
    let asked: Vec<&str> = book.front.values.iter().map(|a| a.name.as_str()).collect();
    if let Some(unknown) = values.keys().find(|name| !asked.contains(&name.as_str())) {
        return Err(Failure::usage(format!(
            "--set {unknown}: the runbook asks for {}",
            if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") }
        )));
    }
    if book.front.values.is_empty() {
        return Ok(values);
    }
    let document = watching.document();
    for value in &book.front.values {
        if values.contains_key(&value.name) {
            continue;
        }
        let choices = value.choices(&document);
        let taken = match (&value.default, choices.as_slice()) {
            (Some(default), _) => default.clone(),
            (None, [only]) => only.clone(),
            (None, _) if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => {
                let known = if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(", ")) };
                answer(&format!("{}{known}: ", value.name))
            }
            (None, _) => {
                let known = if choices.is_empty() { "VALUE".to_owned() } else { choices.join("|") };
                return Err(Failure::usage(format!("the runbook asks for {}\n  next: --set {}={known}", value.name, value.name)));
            }
        };
        values.insert(value.name.clone(), taken);
    }
    Ok(values)
}

/// A line from the terminal.
fn answer(question: &str) -> String {
    let mut err = std::io::stderr();
    let _ = write!(err, "{}", inert_lines(question));
    let _ = err.flush();
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    line.trim().to_owned()
}

struct Walk<'w> {
    args: &'w RunArgs,
    settings: &'w Settings,
    env: &'w Environment,
}

impl Walk<'_> {
    /// One step; the failure at which the walk ends. What stands after the command that failed is said all the same: it tells what to do.
    async fn step(&self, at: usize, step: &Step, progress: &mut Progress, watching: &mut Watching, by: &str) -> Option<Failure> {
        let _ = progress.begin(at, watching.now());
        let mut failed = None;
        for block in &step.blocks {
            match block {
                Block::Prose { text, .. } => say(text.trim_end()),
                Block::Shell { text, .. } => say(&format!("  by hand: {}", text.trim_end().replace('\n', "\n           "))),
                Block::Commands(lines) => {
                    for line in lines {
                        if failed.is_some() {
                            say(&format!("> {} (not run)", line.text));
                            continue;
                        }
                        say(&format!("> {}", line.text));
                        let (said, failure) = self.command(&line.text, watching).await;
                        say(&format!("  {}", said.replace('\n', "\n  ")));
                        let first = said.lines().next().unwrap_or_default();
                        let _ = progress.say(at, &line.text, first, watching.now());
                        if failure.is_some() {
                            let _ = progress.fail(at, first, watching.now());
                        }
                        failed = failure;
                    }
                }
            }
        }
        if failed.is_none() {
            let _ = progress.done(at, by, watching.now());
        }
        failed
    }

    async fn command(&self, line: &str, watching: &mut Watching) -> Came {
        match Command::parse(line) {
            Err(why) => (why.clone(), Some(Failure::usage(why))),
            Ok(Command::Check(expression)) => decided(&expression, Duration::ZERO, watching).await,
            Ok(Command::Wait(expression, seconds)) => decided(&expression, Duration::from_secs(seconds.unsigned_abs()), watching).await,
            Ok(Command::Logs(query)) => (lines(&query, watching), None),
            Ok(Command::Open(node)) => (told(&node, watching), None),
            Ok(Command::Go(_)) => ("see it in the dashboard".to_owned(), None),
            Ok(Command::Act(request)) => {
                let came = self.act(&request).await;
                watching.acted();
                came
            }
        }
    }

    /// An action by the same way as its own command: plan, confirmation, watch, audit.
    async fn act(&self, request: &Request) -> Came {
        let of = |yes: bool| ActArgs { request: request.clone(), dry_run: !yes, yes, no_wait: false, format: Format::Table };
        if !self.args.yes {
            if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
                let why = "nobody is here to confirm it: nothing was sent";
                return (why.to_owned(), Some(Failure::usage(format!("{request}: {why}\n  next: --yes --write"))));
            }
            match act::run(&of(false), self.settings, self.env).await {
                Ok(code) if code == ExitCode::SUCCESS => {}
                Ok(_) => {
                    return (
                        "a check of the plan forbids it".to_owned(),
                        Some(Failure::no(format!("{request}: a check of the plan forbids it"))),
                    );
                }
                Err(failure) => return ("no plan".to_owned(), Some(failure)),
            }
            if answer(&format!("run '{request}'? [y/N] ")) != "y" {
                return ("not confirmed: nothing was sent".to_owned(), Some(Failure::no(format!("{request}: not confirmed"))));
            }
        }
        match act::run(&of(true), self.settings, self.env).await {
            Ok(code) if code == ExitCode::SUCCESS => ("done".to_owned(), None),
            Ok(_) => (
                "it did not succeed".to_owned(),
                Some(Failure::no(format!("{request}: it did not succeed\n  next: see 'nextcore-top audit'"))),
            ),
            Err(failure) => (format!("not done: {}", failure.first_line()), Some(failure)),
        }
    }
}

async fn decided(text: &str, within: Duration, watching: &mut Watching) -> Came {
    let compiled: Result<Expression, _> = watching.language().compile(text);
    let answer = match compiled {
        Ok(expression) => watching.until(&expression, within).await,
        Err(e) => Err(e),
    };
    match answer {
        Err(e) => (e.to_string(), Some(Failure::cannot_tell(format!("{text}: {e}")))),
        Ok(decided) => {
            let words = in_words(&decided);
            let failure = match &decided.answer {
                Answer::True => None,
                Answer::False => Some(Failure::no(format!("{text}: false"))),
                Answer::CannotTell(_) => Some(Failure::cannot_tell(format!("{text}: {}", words.replace('\n', " ")))),
            };
            (words, failure)
        }
    }
}

/// How a box is.
fn told(node: &NodeId, watching: &mut Watching) -> String {
    let (_, judgement) = watching.seen();
    match judgement.of(node) {
        None => format!("{node}: this stack has none"),
        Some(verdict) => {
            let reasons = verdict.reasons.iter().map(|r| format!("\n{}: {}", r.level.word(), r.text));
            format!("{node}: {}{}", verdict.level.word(), reasons.collect::<String>())
        }
    }
}

/// The last lines that a query finds.
fn lines(query: &LogQuery, watching: &mut Watching) -> String {
    let (store, _) = watching.seen();
    let Some(tail) = store.get::<LogTail>() else { return "no log lines were read".to_owned() };
    let since = query.since.map(|s| watching.now() - chrono::TimeDelta::seconds(s));
    // As somebody looks for a word at night: in whatever case it was written.
    let grep = query.grep.as_ref().map(|g| g.to_lowercase());
    let fits = |e: &LogEvent| {
        let of_service = query.service.as_ref().is_none_or(|s| e.service() == s || e.stream.split('/').any(|part| part == s));
        of_service && grep.as_ref().is_none_or(|g| e.message.to_lowercase().contains(g.as_str()))
    };
    let found: Vec<String> = tail
        .events
        .iter()
        .filter(|e| since.is_none_or(|since| e.at >= since) && fits(e))
        .map(|e| format!("{} {}  {}", e.at.format("%H:%M:%SZ"), e.service(), e.message))
        .collect();
    if found.is_empty() {
        return format!("no such line among the last {}", tail.events.len());
    }
    found.iter().skip(found.len().saturating_sub(LINES)).cloned().collect::<Vec<_>>().join("\n")
}

/// Writes the transcript where it is asked for, or to the state folder.
fn write(text: &str, args: &RunArgs, name: &str, at: String, env: &Environment) -> Result<PathBuf, Failure> {
    let path = match (&args.transcript, env.runs_folder()) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.join(format!("{name}-{at}.md")),
        (None, None) => return Err(Failure::cannot_tell("no place for the transcript\n  next: --transcript FILE")),
    };
    let told = |e| Failure::cannot_tell(format!("transcript {}: {e}\n  next: --transcript FILE", path.display()));
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(told)?;
    }
    fs::write(&path, text).map_err(told)?;
    Ok(path)
}
