//! `watch`: no screen; a line for every change of health and every event of an incident, for logs, pipes and units of systemd. It goes on
//! through everything that the dashboard goes on through, and ends by a signal, a closed pipe, or when an expression becomes true. It judges
//! nothing itself.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command as Process;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::acts::acts;
use super::backend::Target;
use super::failure::{Failure, say};
use super::incident::Watcher;
use super::incident::folder::Folder;
use super::signals::ending;
use crate::config::Settings;
use crate::config::args::{DEMO_SEED, Format, World};
use crate::config::environment::Environment;
use crate::config::runbook::WatchArgs;
use nextcore_core::expression::{Answer, Expression, Facts, Language, Reading};
use nextcore_core::incident::{Change, Happening};
use nextcore_core::insight::{Judgement, NodeId, Watch};
use nextcore_core::model::Time;
use nextcore_core::model::health::{Level, Verdict};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::section::Section;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::model::text::inert;
use nextcore_core::report;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::{self, Wish};

const TICK: Duration = Duration::from_secs(1);

/// What ends it.
struct Until {
    language: Language,
    expression: Expression,
}

/// Watches.
pub(super) async fn run(args: &WatchArgs, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    let until = args.until.as_deref().map(compiled).transpose()?;
    let target = if args.demo { Target::demo(World::calm(DEMO_SEED)) } else { Target::Aws };
    let (stack, clock) = (target.stack(settings), target.clock());
    let (mut feed, ends) = engine::channel_at(target.place(settings));
    let acts = acts(&target, settings, env, Authority::new(nextcore_core::model::mode::Mode::Viewer));
    let (connecting, connected, ticking) = (settings.clone(), target.clone(), clock.clone());
    let mut engine = tokio::spawn(async move { connected.start_at_last(&connecting, ticking, ends, acts).await });
    let mut held = None;
    let ended = ending().map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    tokio::pin!(ended);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut watch, mut lines) = (Watch::default(), Lines { json: args.format == Format::Json, ..Lines::default() });
    let mut watcher = Watcher::new(Folder::of(&target, settings, env), settings.incidents.rules.clone());
    let mut hooks = Hooks::of(args.exec.clone(), Duration::from_secs(args.exec_timeout));
    let mut open = false;
    loop {
        tokio::select! {
            _ = &mut ended => {
                hooks.finish().await;
                return Ok(ExitCode::SUCCESS);
            }
            found = watcher.found() => {
                found.damage.iter().for_each(|why| say(&format!("nextcore-top: {why}")));
                open = found.incidents.iter().any(|i| i.is_open());
                for happening in &found.happenings {
                    hooks.run(happening);
                    if !lines.incident(happening).map_err(|e| Failure::cannot_tell(format!("stdout: {e}")))? {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
            }
            started = &mut engine, if held.is_none() => {
                let started = started.map_err(|e| Failure::cannot_tell(format!("cannot start: {e}")))?;
                held = Some(started.map_err(Failure::cannot_tell)?);
            }
            _ = tick.tick() => {
                let store = Arc::clone(&feed.store.borrow_and_update());
                let now = clock.now();
                let judgement = watch.observe(&store, &stack, now);
                feed.wishes.make(Wish::Closely(open || judgement.counts.degraded + judgement.counts.down > 0));
                watcher.offer(&store, &judgement, &stack, now);
                lines.trouble(&store);
                if !lines.tell(&judgement, now).map_err(|e| Failure::cannot_tell(format!("stdout: {e}")))? {
                    return Ok(ExitCode::SUCCESS);
                }
                if until.as_ref().is_some_and(|until| until.is_met(&store, &judgement, &stack, now)) {
                    hooks.finish().await;
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }
}

fn compiled(text: &str) -> Result<Until, Failure> {
    let wrong = |why: String| Failure::usage(format!("--until {text}: {why}\n  next: 'nextcore-top snapshot --schema' lists the fields"));
    let language = Language::new().map_err(Failure::cannot_tell)?;
    let expression = language.compile(text).map_err(|e| wrong(e.to_string()))?;
    if let Some(unknown) = expression.unknown_fields().next() {
        return Err(wrong(unknown.to_string()));
    }
    Ok(Until { language, expression })
}

impl Until {
    /// What cannot be told is not met.
    fn is_met(&self, store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> bool {
        let document = report::json(store, judgement, stack, now);
        let reading = Reading::of(&document);
        matches!(self.expression.decide_in(&Facts::of(&self.language, &reading)), Ok(Answer::True))
    }
}

/// What was said last.
#[derive(Default)]
struct Lines {
    json: bool,
    levels: BTreeMap<NodeId, Level>,
    trouble: Option<String>,
}

impl Lines {
    /// What keeps everything from being seen, on stderr, once each.
    fn trouble(&mut self, store: &Store) {
        let problem = store.entry(Identity::KEY).and_then(|e| e.problem.as_ref()).map(|p| p.headline.clone());
        if problem != self.trouble {
            say(&format!("nextcore-top: {}", problem.as_deref().unwrap_or("AWS answers again")));
            self.trouble = problem;
        }
    }

    /// A line for each node that changed; `false` where nobody reads any more.
    fn tell(&mut self, judgement: &Judgement, now: Time) -> io::Result<bool> {
        for (node, verdict) in judgement.nodes.iter().filter(|(_, v)| !v.is_loading()) {
            let before = self.levels.insert(node.clone(), verdict.level);
            // What is well from the start is no news.
            if before == Some(verdict.level) || (before.is_none() && verdict.level < Level::Unknown) {
                continue;
            }
            let line = if self.json { as_json(node, verdict, before, now) } else { in_words(node, verdict, before, now) };
            if !print(&line)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A line for something that happened to an incident; `false` where nobody reads any more.
    fn incident(&self, happening: &Happening) -> io::Result<bool> {
        print(&if self.json { event(happening) } else { told(happening) })
    }
}

/// `false` where nobody reads any more.
fn print(line: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true),
    }
}

/// `2026-11-22T22:01:09Z ✖ incident opened: RDS failover, since 22:00:41: RDS: Multi-AZ instance failover started; runbook rds-failover`.
fn told(happening: &Happening) -> String {
    let (incident, change) = (&happening.incident, happening.change);
    let sign = if matches!(change, Change::Closed | Change::Folded) { Level::Healthy.sign() } else { incident.severity.level().sign() };
    let evidence = incident.evidence.first().map_or_else(String::new, |e| format!(": {}", e.text));
    let runbook =
        if incident.runbook.is_empty() || change != Change::Opened { String::new() } else { format!("; runbook {}", incident.runbook) };
    let part = incident.part_of.as_ref().map_or_else(String::new, |of| format!(" {of}"));
    let (at, since) = (happening.at.format("%Y-%m-%dT%H:%M:%SZ"), incident.since.format("%H:%M:%S"));
    inert(&format!("{at} {sign} incident {}{part}: {}, since {since}{evidence}{runbook} [{}]", change.word(), incident.name, incident.id))
        .into_owned()
}

/// The event as one line of JSON: what `--exec` is given, too.
fn event(happening: &Happening) -> String {
    json!({ "at": happening.at, "event": "incident", "change": happening.change, "incident": *happening.incident }).to_string()
}

/// Commands that are run at events.
struct Hooks {
    command: Option<String>,
    limit: Duration,
    running: JoinSet<()>,
}

/// More at once would be a storm of their own.
const HOOKS: usize = 16;

impl Hooks {
    fn of(command: Option<String>, limit: Duration) -> Self {
        Self { command, limit, running: JoinSet::new() }
    }

    /// Begins the command for an event; how it ended is said on stderr if it did not end well.
    fn run(&mut self, happening: &Happening) {
        while self.running.try_join_next().is_some() {}
        let Some(command) = self.command.clone() else { return };
        if self.running.len() >= HOOKS {
            say(&format!("nextcore-top: --exec: {HOOKS} commands still run; none for {}", happening.incident.id));
            return;
        }
        let (input, limit, id) = (event(happening), self.limit, happening.incident.id.clone());
        self.running.spawn(async move {
            if let Err(why) = hook(&command, &input, limit).await {
                say(&format!("nextcore-top: --exec for {id}: {why}"));
            }
        });
    }

    /// Lets what runs come to its end, or to its limit.
    async fn finish(&mut self) {
        while self.running.join_next().await.is_some() {}
    }
}

async fn hook(command: &str, input: &str, limit: Duration) -> Result<(), String> {
    let mut shell = Process::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = shell.spawn().map_err(|e| format!("sh: {e}"))?;
    let done = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input is no failure.
            let _ = stdin.write_all(input.as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
        }
        child.wait().await
    };
    match timeout(limit, done).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(status.to_string()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err(format!("killed after {} s", limit.as_secs())),
    }
}

/// `2026-11-22T22:01:09Z ▲ db degraded, was healthy: failover in progress 12s`.
fn in_words(node: &NodeId, verdict: &Verdict, before: Option<Level>, now: Time) -> String {
    let was = before.map_or_else(String::new, |level| format!(", was {}", level.word()));
    let why = if verdict.reasons.is_empty() { String::new() } else { format!(": {}", verdict.headline()) };
    let at = now.format("%Y-%m-%dT%H:%M:%SZ");
    inert(&format!("{at} {} {node} {}{was}{why}", verdict.level.sign(), verdict.level.word())).into_owned()
}

fn as_json(node: &NodeId, verdict: &Verdict, before: Option<Level>, now: Time) -> String {
    let reasons: Vec<&str> = verdict.reasons.iter().map(|r| r.text.as_str()).collect();
    json!({
        "at": now,
        "event": "health",
        "node": node.to_string(),
        "from": before,
        "to": verdict.level,
        "since": verdict.since,
        "reasons": reasons,
    })
    .to_string()
}
