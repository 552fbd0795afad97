//! The commands that act, without a screen: plan, carry out, follow to the end. Plans and results on stdout, progress on stderr. Exit codes:
//! 0 done, 1 failed or refused by a check, 2 usage, 3 cannot tell, 4 read-only. Decides nothing: the runner does.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::acts::acts;
use super::backend::{Target, Told};
use super::failure::{Failure, say};
use super::handoff;
use super::headless::{look, print};
use super::leaving::leave;
use crate::config::Settings;
use crate::config::act::ActArgs;
use crate::config::args::Format;
use crate::config::environment::Environment;
use nextcore_core::model::action::names::unknown;
use nextcore_core::model::obligation::Phase;
use nextcore_core::model::plan::{News, Outcome, Plan, Refusal, Run};
use nextcore_core::model::text::duration;
use nextcore_core::report;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::Setup;
use nextcore_live::engine::action::{Carried, Report, Runner, Tools};

/// Runs one action.
pub(super) async fn run(args: &ActArgs, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if let Some(text) = unknown(&args.request, &settings.stack) {
        return Err(Failure::no(text));
    }
    if !args.dry_run && !args.yes {
        let both = format!("nextcore-top {} --dry-run' shows the plan, '... --yes --write' runs it", args.request);
        return Err(Failure::usage(format!("--dry-run or --yes --write is required\n  next: '{both}")));
    }
    if args.no_wait && args.request.action == "alarm-actions off" {
        let why = "alarm actions are re-enabled by the process that disabled them: it has to wait";
        return Err(Failure::usage(format!("{why}\n  next: remove --no-wait; Ctrl-C re-enables them at once")));
    }
    let target = Target::Aws;
    let acts = acts(&target, settings, env, Authority::new(settings.mode));
    let told = Told::on_stderr();
    let setup = target.setup(settings, target.clock(), acts, &told.notices).await.map_err(Failure::cannot_tell)?;
    let runner = runner(setup);
    if args.yes {
        runner.tidy().await;
    }
    if let Some(refusal) = runner.may_write().err().filter(|_| args.yes) {
        // Whatever the stack is like: a script is to learn the same each time.
        runner.record_refusal(&args.request, &refusal).await;
        return Err(failure(&refusal));
    }
    let plan = match runner.plan(&args.request).await {
        Ok(plan) => Arc::new(plan),
        Err(refusal) => {
            if args.yes {
                runner.record_refusal(&args.request, &refusal).await;
            }
            return Err(failure(&refusal));
        }
    };
    if args.dry_run {
        print(&shown(&plan, args.format, settings)?)?;
        return Ok(ExitCode::from(u8::from(plan.is_refused())));
    }
    // Before anything is sent: a signal that comes earlier ends the program as it always would.
    let interrupts = Interrupts::new().map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    say(&report::action::plan(&plan, look(settings)));
    let typed = plan.confirmation().unwrap_or_default().to_owned();
    follow(runner, plan, &typed, args, settings, interrupts).await
}

/// A runner alone, without an engine that polls.
pub(super) fn runner(setup: Setup) -> Runner {
    let Setup { clients, stack, clock, meter, acts, .. } = setup;
    let store = watch::channel(Arc::default()).1;
    Runner::new(Tools { clients, stack, clock, meter, acts, store })
}

async fn follow(
    runner: Runner,
    plan: Arc<Plan>,
    typed: &str,
    args: &ActArgs,
    settings: &Settings,
    mut interrupts: Interrupts,
) -> Result<ExitCode, Failure> {
    let (reports_tx, mut reports) = mpsc::channel(64);
    // A task of its own: whatever becomes of this one, a request that is on its way gets its outcome.
    let (carrying, typed) = (runner.clone(), typed.to_owned());
    let mut carried = tokio::spawn(async move { carrying.carry_out(plan, &typed, &reports_tx).await });
    let mut progress = Progress::default();
    let ended = loop {
        tokio::select! {
            biased;
            Some(report) = reports.recv() => {
                let run = heard(report, &mut progress, settings, &runner).await?;
                if let Some(run) = run.filter(|run| args.no_wait && run.end.is_none() && !run.request_ids.is_empty()) {
                    return finished(&run, args, settings);
                }
            }
            ended = &mut carried => {
                // What it reported in its last breath is not dropped with it: a shell that was opened is handed over.
                while let Ok(report) = reports.try_recv() {
                    heard(report, &mut progress, settings, &runner).await?;
                }
                break ended.map_err(|e| Failure::cannot_tell(format!("the action ended unexpectedly: {e}\n  next: 'nextcore-top audit'")))?;
            }
            asked = interrupts.next() => match asked {
                Asked::Stop => stop(&runner),
                Asked::End => {
                    let is_clean = leave(&runner).await;
                    let what = if is_clean { "no longer watched: the action continues in AWS" } else { "no longer watched" };
                    return Err(Failure::cannot_tell(format!("{what}\n  next: see 'nextcore-top audit'")));
                }
            }
        }
    };
    let code = over(ended, args, settings)?;
    keep(&runner, &mut interrupts).await.map(|kept| if kept { code } else { ExitCode::from(3) })
}

/// Stays until everything that was promised is put right; a signal that asks to end does it at once.
async fn keep(runner: &Runner, interrupts: &mut Interrupts) -> Result<bool, Failure> {
    let mut changes = runner.standing();
    let mut said = std::collections::BTreeSet::new();
    loop {
        let promises = runner.promises();
        let Some(first) = promises.first() else { return Ok(true) };
        let due = first.obligation.due.map_or_else(String::new, |due| format!(" until {}", due.format("%H:%M:%SZ")));
        if said.insert(first.obligation.id.clone()) {
            say(&format!("         {}{due}; Ctrl-C restores it at once", first.obligation.owed.words()));
        }
        if let Phase::Settling { trouble: Some(trouble), .. } = &first.phase
            && said.insert(trouble.clone())
        {
            say(&format!("         {trouble}; retrying"));
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(true) },
            asked = interrupts.next() => match asked {
                Asked::Stop => stop(runner),
                Asked::End => return Ok(leave(runner).await),
            }
        }
    }
}

/// A stopped process keeps no promise: then it does not stop.
fn stop(runner: &Runner) {
    if runner.has_business() {
        return say("not suspended: a suspended process cannot restore what it owes; Ctrl-C restores it at once and quits");
    }
    // Nobody has promised anything: the stop that was asked for.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}

/// Does what a report asks for; the run, if it tells of one.
async fn heard(report: Report, progress: &mut Progress, settings: &Settings, runner: &Runner) -> Result<Option<Arc<Run>>, Failure> {
    match report {
        Report::News(News::Running(run)) => {
            progress.show(&run, settings);
            Ok(Some(run))
        }
        Report::News(_) | Report::Query(_) => Ok(None),
        Report::Handoff(session) => {
            let ended = handoff::here(&session, runner.stopped(&session.task)).await;
            ended.map_err(Failure::no).map(|()| None)
        }
    }
}

fn over(ended: Carried, args: &ActArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    match ended {
        Carried::Ended(run) => finished(&run, args, settings),
        Carried::Refused(refusal) => Err(failure(&refusal)),
        Carried::Moved(plan) => {
            say(&report::action::plan(&plan, look(settings)));
            let next = "next: check the new plan above, and run the command again";
            Err(Failure::no(format!("{}\n  {next}", Refusal::moved().text())))
        }
    }
}

fn shown(plan: &Plan, format: Format, settings: &Settings) -> Result<String, Failure> {
    match format {
        Format::Json => serde_json::to_string_pretty(plan).map_err(Failure::cannot_tell),
        Format::Table | Format::Markdown => Ok(report::action::plan(plan, look(settings))),
    }
}

fn finished(run: &Run, args: &ActArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(run).map_err(Failure::cannot_tell)?,
        Format::Table | Format::Markdown => report::action::ended(run, look(settings)),
    };
    print(&text)?;
    if let Some(why) = &run.unrecorded {
        say(&format!("nextcore-top: {}", report::action::unrecorded(run, why)));
    }
    Ok(ExitCode::from(match run.end.as_ref().map(|e| e.outcome) {
        None | Some(Outcome::Done) => 0,
        Some(Outcome::Failed | Outcome::TakenBack) => 1,
        Some(Outcome::Unknown) => 3,
    }))
}

/// A refusal as the end of a command.
fn failure(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Usage(text) => Failure::usage(text),
        Refusal::Check(text) => Failure::no(text),
        Refusal::CannotTell(text) => Failure::cannot_tell(text),
        Refusal::ReadOnly(text) => {
            Failure::read_only(format!("{text}\n  next: use --write without --read-only, where this machine allows it"))
        }
    }
}

/// Says what has changed since the last look.
#[derive(Default)]
struct Progress {
    said: Vec<String>,
    trouble: Option<String>,
}

impl Progress {
    fn show(&mut self, run: &Run, settings: &Settings) {
        let steps: Vec<String> = run.steps.iter().map(|s| report::action::step(s, look(settings))).collect();
        if steps != self.said && !steps.is_empty() {
            say(&format!("{:>7}  {}", duration(last_seen(run)), steps.join("   ")));
            self.said = steps;
        }
        if run.trouble != self.trouble {
            if let Some(trouble) = &run.trouble {
                say(&format!("         {trouble}; retrying"));
            }
            self.trouble.clone_from(&run.trouble);
        }
    }
}

fn last_seen(run: &Run) -> i64 {
    run.elapsed(run.seen_at)
}

/// What a signal asks for.
enum Asked {
    /// To end.
    End,
    /// To stop until it is continued (Ctrl-Z).
    Stop,
}

/// Ctrl-C and the other ways to be asked to end or to stop.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    stop: Signal,
}

impl Interrupts {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
            _ = self.hang_up.recv() => Asked::End,
            _ = self.stop.recv() => Asked::Stop,
        }
    }
}
