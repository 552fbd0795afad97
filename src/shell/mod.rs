//! The imperative shell: the only users of stdout, terminal, signals and sockets. `run` maps a command to what carries it out
//! and its result to an exit code; everything that decides anything lives elsewhere.

mod act;
mod acts;
mod audit;
mod backend;
mod check;
mod decode;
mod detached;
mod document;
mod embedded;
mod events;
mod failure;
mod game;
mod glance;
mod handoff;
mod headless;
mod incident;
mod info;
mod init;
pub mod keys;
mod leaving;
mod listen;
mod log;
mod logs;
mod obligations;
mod own;
mod policy;
mod program;
mod runbook;
mod saved;
mod screenshot;
mod sequence;
pub mod session_loop;
mod signals;
pub mod svg;
mod terminal;
mod tty;
mod tui;
mod verify;
mod watch;
mod watching;

use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::config::act::ActArgs;
use crate::config::args::{Cli, Command, Global};
use crate::config::environment::Environment;
use crate::config::incident::IncidentCommand;
use crate::config::program::VERSION;
use crate::config::runbook::RunbookCommand;
use crate::config::{self, ConfigError, Settings};
use backend::Target;
use failure::Failure;
use nextcore_live::aws::{ConnectError, place};

pub use embedded::Embedded;
pub use incident::Watcher;

/// Runs the program with the process's arguments; the only function that `main` calls.
pub fn run() -> ExitCode {
    if let Some(code) = detached::of_arguments().or_else(program::complete::of_environment) {
        return code;
    }
    let (cli, act) = match parse() {
        Ok(parsed) => parsed,
        Err(usage) => {
            // Help and version are not failures: clap knows which stream and code each deserves.
            let code = if usage.use_stderr() { 2 } else { 0 };
            if let Some(plain) = hostile(&usage) {
                failure::say(&plain);
                return ExitCode::from(code);
            }
            return if usage.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE };
        }
    };
    match execute(&cli, act.as_ref()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// What clap says, if it repeats a word that a terminal would obey.
fn hostile(usage: &clap::Error) -> Option<String> {
    let plain = usage.render().to_string();
    plain.chars().any(|c| c.is_control() && c != '\n').then_some(plain)
}

/// The whole command line: the commands, and those that act.
fn every_command() -> clap::Command {
    config::act::augment(Cli::command())
}

/// The command line; what acts is read by the table of actions.
fn parse() -> Result<(Cli, Option<ActArgs>), clap::Error> {
    let mut command = every_command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let global = Global::from_arg_matches(&matches)?;
    // Said before and after the command: clap holds only flags of one place against each other.
    if global.read_only && global.write {
        return Err(command.error(ErrorKind::ArgumentConflict, "the argument '--write' cannot be used with '--read-only'"));
    }
    match config::act::from_matches(&mut command, &matches) {
        Some(act) => Ok((Cli { global, command: None }, Some(act?))),
        None => Ok((Cli::from_arg_matches(&matches)?, None)),
    }
}

/// How to go on without a log, or with one somewhere else.
const LOG_NEXT: &str = "use '--log-level off', or a state directory only you can write (XDG_STATE_HOME); see 'nextcore-top info'";

/// A command as it is typed.
fn word(command: Option<&Command>) -> &'static str {
    match command {
        None => "dashboard",
        Some(Command::Demo(_)) => "demo",
        Some(Command::Cloud(_)) => "cloud",
        Some(Command::Snapshot(_)) => "snapshot",
        Some(Command::Check(_)) => "check",
        Some(Command::Runbook(_)) => "runbook",
        Some(Command::Incident(_)) => "incident",
        Some(Command::Watch(_)) => "watch",
        Some(Command::Verify(_)) => "verify",
        Some(Command::Logs(_)) => "logs",
        Some(Command::Events(_)) => "events",
        Some(Command::IamPolicy(_)) => "iam-policy",
        Some(Command::Audit(_)) => "audit",
        Some(Command::Obligations(_)) => "obligations",
        Some(Command::Info(_)) => "info",
        Some(Command::Init(_)) => "init",
        Some(Command::Screenshot(_)) => "screenshot",
        Some(Command::Program(_)) => "program",
    }
}

fn execute(cli: &Cli, act: Option<&ActArgs>) -> Result<ExitCode, Failure> {
    let env = Environment::of_process();
    // Before the settings: a configuration that cannot be used is no reason to be without the manual.
    if let Some(Command::Program(command)) = &cli.command {
        return program::run(command, &cli.global, &env);
    }
    let mut settings = config::load(&cli.global, &env).map_err(|e| match e {
        ConfigError::Locked { .. } => Failure::read_only(e),
        other => Failure::cannot_tell(other),
    })?;
    let env = env.of_stack(settings.chosen.as_deref());
    // What acts has no command.
    let command = cli.command.as_ref();
    let rests = Rests::of(command);
    if let Some(why) = settings.unchosen.as_ref().filter(|_| rests.on_one_stack) {
        return Err(Failure::cannot_tell(why));
    }
    let started = log::start(settings.log_level, env.log_file());
    let (log_guard, log_trouble) = match started {
        Ok(log) => (log, None),
        // What is wrong is what it is asked for.
        Err(e) if matches!(command, Some(Command::Info(_))) => (None, Some(e.to_string())),
        Err(e) => return Err(Failure::cannot_tell(format!("cannot write the log: {e}\n  next: {LOG_NEXT}"))),
    };
    let word = act.map_or_else(|| word(command), |act| act.request.action.as_str());
    tracing::info!(version = VERSION, command = word, level = settings.log_level.word(), "started");
    let runtime = runtime()?;
    let dashboard = act.is_none() && command.is_none();
    let unsettled = if rests.on_aws { runtime.block_on(settle(&mut settings)).err() } else { None };
    match unsettled {
        // What is wrong is what it is asked for.
        Some(why) if let Some(Command::Info(args)) = command => {
            let (unsettled, log) = (why.to_string(), log_trouble.as_deref());
            return runtime.block_on(info::run(args.format, &settings, &env, info::Trouble { place: Some(&unsettled), log }));
        }
        Some(why) => return Err(Failure::cannot_tell(why)),
        // The dashboard says it on its screen.
        None if dashboard => {}
        None => settings.place.notices.iter().for_each(|notice| failure::warn(notice)),
    }
    let settings = settings;
    if rests.on_aws {
        log::chosen(&settings.place);
    }
    let next = OnceLock::new();
    let result = match (act, command) {
        (Some(act), _) => runtime.block_on(act::run(act, &settings, &env)),
        (None, Some(Command::Info(args))) => {
            runtime.block_on(info::run(args.format, &settings, &env, info::Trouble { place: None, log: log_trouble.as_deref() }))
        }
        (None, command) => without_acting(command, &cli.global, &settings, &env, &runtime, &next),
    };
    // A poll that hangs in a system call must not keep a finished program alive.
    runtime.shutdown_background();
    tracing::info!(command = word, failed = result.is_err(), "ended");
    match next.into_inner().filter(|_| result.is_ok()) {
        Some(stack) => {
            drop(log_guard);
            Err(glance::begin_anew(&stack))
        }
        None => result,
    }
}

/// What of the configuration a command depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rests {
    /// Where AWS is looked at, and as whom.
    on_aws: bool,
    /// Which of several stacks it is about.
    on_one_stack: bool,
}

impl Rests {
    const fn both(are: bool) -> Self {
        Self { on_aws: are, on_one_stack: are }
    }

    /// The dashboard and what acts depend on both.
    fn of(command: Option<&Command>) -> Self {
        match command {
            None | Some(Command::IamPolicy(_)) => Self::both(true),
            Some(Command::Snapshot(args)) => Self::both(!args.observe.demo && !args.schema),
            Some(Command::Check(args)) => Self::both(!args.observe.demo),
            Some(Command::Watch(args)) => Self::both(!args.demo),
            Some(Command::Logs(args)) => Self::both(args.asks_aws()),
            Some(Command::Events(args)) => Self::both(!args.observe.demo),
            Some(Command::Runbook(command)) => Self::both(matches!(command, RunbookCommand::Run(_))),
            // Kept in the state folder, which is the stack's; only charts are asked for anew.
            Some(Command::Incident(command)) => {
                Self { on_aws: matches!(command, IncidentCommand::Export { charts: true, .. }), on_one_stack: true }
            }
            Some(Command::Verify(args)) => Self::both(!args.example && !args.observe.demo),
            Some(Command::Init(args)) => Self { on_aws: !args.demo, on_one_stack: false },
            Some(Command::Info(_)) => Self { on_aws: true, on_one_stack: false },
            // Read from the state folder, which is the stack's.
            Some(Command::Audit(args)) => Self { on_aws: false, on_one_stack: !args.demo },
            Some(Command::Obligations(args)) => Self { on_aws: false, on_one_stack: !args.demo },
            Some(Command::Demo(_) | Command::Cloud(_) | Command::Screenshot(_) | Command::Program(_)) => Self::both(false),
        }
    }
}

/// Finds out where and as whom.
async fn settle(settings: &mut Settings) -> Result<(), ConnectError> {
    let place = place::find(&settings.connect).await?;
    settings.settle(place);
    Ok(())
}

fn without_acting(
    command: Option<&Command>,
    flags: &Global,
    settings: &Settings,
    env: &Environment,
    runtime: &tokio::runtime::Runtime,
    next: &OnceLock<String>,
) -> Result<ExitCode, Failure> {
    match command {
        None => runtime.block_on(tui::run(Target::Aws, flags, settings, env, next)),
        Some(Command::Demo(rehearsal)) => {
            let world = rehearsal.world.clone();
            let target = if rehearsal.game_day { Target::game(world) } else { Target::demo(world) };
            runtime.block_on(tui::run(target, flags, settings, env, next))
        }
        Some(Command::Cloud(args)) => runtime.block_on(listen::run(args)),
        Some(Command::Watch(args)) => runtime.block_on(watch::run(args, settings, env)),
        Some(Command::Check(args)) => runtime.block_on(check::run(args, settings)),
        Some(Command::Logs(args)) => runtime.block_on(logs::run(args, settings, env)),
        Some(Command::Events(args)) => runtime.block_on(events::run(args, settings)),
        Some(Command::Runbook(command)) => runtime.block_on(runbook::run(command, settings, env)),
        Some(Command::Incident(command)) => runtime.block_on(incident::command::run(command, settings, env)),
        Some(Command::Snapshot(args)) => runtime.block_on(headless::snapshot(args, settings)),
        Some(Command::Verify(args)) => runtime.block_on(verify::run(args, settings)),
        Some(Command::IamPolicy(args)) => policy::run(args, settings),
        Some(Command::Info(args)) => runtime.block_on(info::run(args.format, settings, env, info::Trouble::default())),
        Some(Command::Init(args)) => runtime.block_on(init::run(args, settings)),
        Some(Command::Audit(args)) => audit::run(args, env),
        Some(Command::Obligations(args)) => runtime.block_on(obligations::run(args, flags, settings, env)),
        Some(Command::Screenshot(args)) => screenshot::run(args),
        Some(Command::Program(command)) => program::run(command, flags, env),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Failure::cannot_tell(format!("cannot start: {e}")))
}

/// The settings that the demo uses: its stack is the written architecture's, whatever the user's file names.
fn demo_stack(settings: &Settings) -> nextcore_core::model::stack::Stack {
    nextcore_core::model::stack::Stack {
        alarm_prefix: settings.stack.alarm_prefix.clone(),
        ..nextcore_core::model::stack::Stack::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn what_a_command_rests_on() {
        for (line, on_aws, on_one_stack) in [
            ("", true, true),
            ("demo", false, false),
            ("snapshot", true, true),
            ("snapshot --demo", false, false),
            ("snapshot --schema", false, false),
            ("check true", true, true),
            ("check --demo true", false, false),
            ("watch", true, true),
            ("watch --demo", false, false),
            ("logs", true, true),
            ("logs --demo", false, false),
            ("logs patterns --demo", false, false),
            ("logs query errors", true, true),
            ("logs query --list", false, false),
            ("events", true, true),
            ("events --demo", false, false),
            ("incident list", false, true),
            ("incident export x --charts", true, true),
            ("runbook list", false, false),
            ("runbook run rds-failover", true, true),
            ("verify", true, true),
            ("verify --example", false, false),
            ("iam-policy", true, true),
            ("info", true, false),
            ("init", true, false),
            ("init --demo", false, false),
            ("audit", false, true),
            ("audit --demo", false, false),
            ("obligations", false, true),
            ("screenshot", false, false),
            ("keys", false, false),
        ] {
            let cli = Cli::try_parse_from(std::iter::once("nextcore-top").chain(line.split_whitespace())).unwrap();
            assert_eq!(Rests::of(cli.command.as_ref()), Rests { on_aws, on_one_stack }, "{line}");
        }
    }
}
