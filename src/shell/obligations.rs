//! `obligations`: lists what is owed in the state folder, and `--settle` puts right what nobody carries any more: each with the profile and
//! at the endpoint by which it was made, unless flags say otherwise. For people, cron and boot units. Exit codes: 0 nothing is left
//! behind, 1 something is, 3 cannot tell, 4 read-only.

use std::process::ExitCode;
use std::time::Duration;

use super::act::runner;
use super::acts::{acts, obligations};
use super::backend::{Target, Told};
use super::failure::Failure;
use super::headless::print;
use super::leaving::unsettled;
use crate::config::args::{Format, Global, ObligationsArgs, World};
use crate::config::environment::Environment;
use crate::config::{self, Settings};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::obligation::{Holder, Phase, Standing};
use nextcore_core::report;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::clock::Clock;

/// What is owed, as the folder shows it; damage is said on stderr.
pub(super) fn found(target: &Target, env: &Environment) -> Vec<Standing> {
    look(target, env).0
}

fn look(target: &Target, env: &Environment) -> (Vec<Standing>, bool) {
    let found = obligations(target, env).list();
    for line in &found.damage {
        say(&format!("{line}\n  next: check that file: its obligation may still be owed"));
    }
    let holder = |held: bool| if held { Holder::Other } else { Holder::Nobody };
    let standing =
        found.obligations.into_iter().map(|(obligation, held)| Standing { obligation, holder: holder(held), phase: Phase::Waiting });
    (standing.collect(), !found.damage.is_empty())
}

/// Lists or settles.
pub(super) async fn run(args: &ObligationsArgs, flags: &Global, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    let target = if args.demo { Target::demo(World::calm(0)) } else { Target::Aws };
    let (standing, damaged) = look(&target, env);
    if args.settle {
        if settings.mode == Mode::Viewer {
            return Err(Failure::read_only(
                "read-only (VIEWER): this process cannot write\n  next: run --settle without --read-only, where this machine allows it",
            ));
        }
        return settle(args, flags, env, &standing, damaged).await;
    }
    show(&standing, args.format)?;
    let left = standing.iter().any(|s| s.is_left_behind(Clock::system().now()));
    Ok(ExitCode::from(match (damaged, left) {
        (true, _) => 3,
        (false, true) => 1,
        (false, false) => 0,
    }))
}

fn show(standing: &[Standing], format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => standing.iter().try_for_each(|s| print(&serde_json::to_string(s).map_err(Failure::cannot_tell)?)),
        Format::Table | Format::Markdown if standing.is_empty() => {
            say("nothing owed");
            Ok(())
        }
        Format::Table | Format::Markdown => print(&report::obligation::list(standing, Clock::system().now())),
    }
}

async fn settle(
    args: &ObligationsArgs,
    flags: &Global,
    env: &Environment,
    standing: &[Standing],
    damaged: bool,
) -> Result<ExitCode, Failure> {
    let now = Clock::system().now();
    let left: Vec<&Standing> = standing.iter().filter(|s| s.is_left_behind(now)).collect();
    if left.is_empty() {
        say("nothing orphaned");
    }
    let mut all = !damaged;
    for one in left {
        match put_right(args, flags, env, one).await {
            Ok(text) => print(&text)?,
            Err(why) => {
                say(&why);
                all = false;
            }
        }
    }
    Ok(ExitCode::from(if all { 0 } else { 3 }))
}

/// One obligation, the way its account was reached when it was made.
async fn put_right(args: &ObligationsArgs, flags: &Global, env: &Environment, left: &Standing) -> Result<String, String> {
    let (about, flags) = (&left.obligation, flags.clone());
    let flags = Global {
        profile: flags.profile.or_else(|| about.reach.profile.clone()),
        endpoint_url: flags.endpoint_url.or_else(|| about.reach.endpoint_url.clone()),
        region: flags.region.or_else(|| Some(about.region.clone())),
        ..flags
    };
    let named = |e: &dyn std::fmt::Display| format!("{}: {e}", about.owed.words());
    let mut settings = config::load(&flags, env).map_err(|e| named(&e))?;
    super::settle(&mut settings).await.map_err(|e| named(&e))?;
    let target = Target::Aws;
    // Asked for on the command line, and confirmed when it was made: that is its arming. A viewer does not come here.
    let acts = acts(&target, &settings, env, Authority::new(Mode::Armed));
    let told = Told::on_stderr();
    let setup = target.setup(&settings, target.clock(), acts, &told.notices).await.map_err(|e| named(&e))?;
    let runner = runner(setup);
    if !runner.adopt(left).await.map_err(|e| named(&e.text()))? {
        return Ok(format!("already settled: {}", about.owed.words()));
    }
    let mut changes = runner.standing();
    let settled = async { while !runner.promises().is_empty() && changes.changed().await.is_ok() {} };
    let _ = tokio::time::timeout(Duration::from_secs(args.timeout), settled).await;
    match runner.promises().first() {
        None => Ok(format!("done: {}", about.owed.righted())),
        Some(standing) => Err(unsettled(standing)),
    }
}

/// A dead stderr is no reason to stop.
fn say(text: &str) {
    super::failure::say(&format!("nextcore-top: {text}"));
}
