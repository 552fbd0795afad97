//! `watch`: no screen; a line for every change of health, for logs, pipes and units of systemd. It goes on through everything that the
//! dashboard goes on through, and ends by a signal, a closed pipe, or when an expression becomes true. It judges nothing itself.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::acts::acts;
use super::backend::Target;
use super::failure::{Failure, say};
use super::signals::ending;
use crate::config::Settings;
use crate::config::args::{Format, World};
use crate::config::environment::Environment;
use crate::config::runbook::WatchArgs;
use nextcore_core::expression::{Answer, Expression, Facts, Language, Reading};
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
/// The world of the demo, as `demo` shows it.
const DEMO_SEED: u64 = 7;

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
    loop {
        tokio::select! {
            _ = &mut ended => return Ok(ExitCode::SUCCESS),
            started = &mut engine, if held.is_none() => {
                let started = started.map_err(|e| Failure::cannot_tell(format!("cannot start: {e}")))?;
                held = Some(started.map_err(Failure::cannot_tell)?);
            }
            _ = tick.tick() => {
                let store = Arc::clone(&feed.store.borrow_and_update());
                let now = clock.now();
                let judgement = watch.observe(&store, &stack, now);
                feed.wishes.make(Wish::Closely(judgement.counts.degraded + judgement.counts.down > 0));
                lines.trouble(&store);
                if !lines.tell(&judgement, now).map_err(|e| Failure::cannot_tell(format!("stdout: {e}")))? {
                    return Ok(ExitCode::SUCCESS);
                }
                if until.as_ref().is_some_and(|until| until.is_met(&store, &judgement, &stack, now)) {
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
            let mut out = io::stdout().lock();
            match writeln!(out, "{line}").and_then(|()| out.flush()) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(false),
                other => other?,
            }
        }
        Ok(true)
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
