//! The other stacks of the configuration: a look at each for the list of stacks, with its own account and profile and without any way to
//! write; and beginning anew with one of them. Called by the dashboard.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::backend::{self, Target};
use super::failure::Failure;
use crate::config::args::Global;
use crate::config::environment::Environment;
use crate::config::{self, Settings};
use nextcore_core::insight::{self, Judgement};
use nextcore_core::model::health::Level;
use nextcore_core::session::{Glance, Msg};
use nextcore_live::aws::notice::Notices;
use nextcore_live::aws::place;
use nextcore_live::engine;
use nextcore_live::engine::action::Acts;

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks that are on their way; dropping it ends them.
pub(super) struct Glances {
    flags: Global,
    env: Environment,
    seen: mpsc::Sender<Msg>,
    looks: JoinSet<()>,
}

impl Glances {
    /// With where what is seen arrives.
    pub(super) fn of(flags: &Global, env: &Environment) -> (Self, mpsc::Receiver<Msg>) {
        let (seen, glanced) = mpsc::channel(8);
        (Self { flags: flags.clone(), env: env.clone(), seen, looks: JoinSet::new() }, glanced)
    }

    /// Begins to look at these.
    pub(super) fn begin(&mut self, stacks: Vec<String>) {
        for stack in stacks {
            // What was said of the stack on the screen is not said of another.
            let flags =
                Global { stack: Some(stack.clone()), profile: None, region: None, write: false, read_only: true, ..self.flags.clone() };
            let (env, seen) = (self.env.clone(), self.seen.clone());
            self.looks.spawn(async move {
                let glance = match look(&flags, &env).await {
                    Ok(glance) => glance,
                    Err(why) => Glance::Failed { why: why.lines().next().unwrap_or_default().to_owned(), at: Target::Aws.clock().now() },
                };
                let _ = seen.send(Msg::Glanced(stack, glance)).await;
            });
        }
    }
}

/// One look at the stack of these flags.
async fn look(flags: &Global, env: &Environment) -> Result<Glance, String> {
    let mut settings: Settings = config::load(flags, env).map_err(|e| e.to_string())?;
    let place = place::find(&settings.connect).await.map_err(|e| e.to_string())?;
    settings.settle(place.clone());
    let clock = Target::Aws.clock();
    let (mut feed, ends) = engine::channel_at(place);
    let started = Target::Aws.start(&settings, clock.clone(), ends, Acts::none(), &Notices::default()).await;
    let _engine = started.map_err(|e| e.to_string())?;
    let store = backend::first_look(&mut feed, &settings.stack, PATIENCE).await?;
    let judgement = insight::judge(&store, &settings.stack, clock.now());
    Ok(Glance::Judged { counts: judgement.counts, reason: reason(&judgement), at: clock.now() })
}

/// What is worst about it, and of which node.
fn reason(judgement: &Judgement) -> String {
    let bad = judgement.nodes.iter().filter(|(_, v)| v.level > Level::Info);
    let worst = bad.max_by_key(|(_, v)| v.level);
    worst.map(|(node, verdict)| format!("{node}: {}", verdict.headline())).unwrap_or_default()
}

/// Ends this process in favour of one that is about another stack; returns only where that cannot be.
pub(super) fn begin_anew(stack: &str) -> Failure {
    // By its own name; where an upgrade has replaced the file meanwhile, the one that runs.
    let running = PathBuf::from("/proc/self/exe");
    let program = std::env::current_exe().map(|own| if own.exists() { own } else { running });
    let why = match program {
        Ok(program) => {
            let mut again = Command::new(program);
            if let Some(name) = std::env::args_os().next() {
                again.arg0(name);
            }
            again.args(arguments(std::env::args_os().skip(1), stack)).exec()
        }
        Err(e) => e,
    };
    Failure::cannot_tell(format!("cannot change to stack '{stack}': {why}\n  next: nextcore-top --stack {stack}"))
}

/// The same arguments about another stack: what names the old one is left out, and leave to write was given for that one.
fn arguments(given: impl Iterator<Item = OsString>, stack: &str) -> Vec<OsString> {
    const OF_ONE: [&str; 3] = ["--stack", "--profile", "--region"];
    let mut kept = Vec::new();
    let mut value_follows = false;
    for word in given {
        let text = word.to_string_lossy();
        let name = text.split('=').next().unwrap_or_default();
        if std::mem::take(&mut value_follows) || text == "--write" {
            continue;
        }
        if OF_ONE.contains(&name) {
            value_follows = !text.contains('=');
        } else {
            kept.push(word);
        }
    }
    kept.extend([OsStr::new("--stack").to_owned(), OsStr::new(stack).to_owned()]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_one_stack_is_not_said_of_the_next() {
        let case = |given: &str| {
            let words = arguments(given.split(' ').map(OsString::from), "b");
            words.into_iter().map(|w| w.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        let all = [
            ("--config c.toml --stack a", "--config c.toml --stack b"),
            ("--stack=a --write --ascii", "--ascii --stack b"),
            ("--profile p --region=eu-west-1 --endpoint-url http://h", "--endpoint-url http://h --stack b"),
            ("--read-only --stack a", "--read-only --stack b"),
        ];
        for (given, expected) in all {
            assert_eq!(case(given), expected);
        }
    }
}
