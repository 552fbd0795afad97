//! Commands without a screen poll every source once (`observe`); `snapshot` prints the state on stdout. Progress and problems go to
//! stderr. Judges nothing itself.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::backend::{self, Target};
use super::failure::Failure;
use crate::config::Settings;
use crate::config::args::{DEMO_SEED, Format, Observe, SnapshotArgs, World};
use nextcore_core::model::Time;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::model::text::{inert, inert_lines};
use nextcore_core::{insight, report};
use nextcore_live::engine;
use nextcore_live::engine::action::Acts;

/// The stack as it was seen once.
pub(super) struct Observed {
    /// Every section.
    pub(super) store: Arc<Store>,
    /// What was watched.
    pub(super) stack: Stack,
    /// When.
    pub(super) now: Time,
}

/// Polls every source once.
pub(super) async fn observe(args: &Observe, settings: &Settings) -> Result<Observed, Failure> {
    let target = if args.demo { Target::demo(World::calm(DEMO_SEED)) } else { Target::Aws };
    let stack = target.stack(settings);
    let progress = std::io::stderr().is_terminal();
    if progress {
        let _ = write!(std::io::stderr(), "{}\r", inert(&format!("polling {} in {} ...", stack.name, stack.region)));
    }
    let clock = target.clock();
    let (mut feed, ends) = engine::channel_at(target.place(settings));
    let told = backend::Told::on_stderr();
    let _engine = target.start(settings, clock.clone(), ends, Acts::none(), &told.notices).await.map_err(Failure::cannot_tell)?;
    let store = backend::first_look(&mut feed, &stack, Duration::from_secs(args.timeout)).await.map_err(Failure::cannot_tell)?;
    if progress {
        let _ = write!(std::io::stderr(), "\x1b[2K\r");
    }
    let missing: Vec<_> = engine::unanswered(&store, &stack).collect();
    if !missing.is_empty() {
        let _ = writeln!(std::io::stderr(), "no answer within {} s (--timeout): {}", args.timeout, missing.join(", "));
    }
    Ok(Observed { store, stack, now: clock.now() })
}

/// Prints the state once.
pub(super) async fn snapshot(args: &SnapshotArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    if args.schema {
        print(&serde_json::to_string_pretty(&nextcore_core::expression::schema()).map_err(Failure::cannot_tell)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Observed { store, stack, now } = observe(&args.observe, settings).await?;
    let judgement = insight::judge(&store, &stack, now);
    let text = match args.format {
        Format::Table => report::table(&store, &judgement, &stack, now, look(settings)),
        Format::Json => {
            let document = report::json(&store, &judgement, &stack, now);
            serde_json::to_string_pretty(&document).map_err(Failure::cannot_tell)?
        }
        Format::Markdown => report::markdown(&store, &judgement, &stack, now),
    };
    print(&text)?;
    Ok(ExitCode::from(report::exit_code(&judgement)))
}

/// As wide as the terminal; as wide as needed in a pipe.
pub(super) fn look(settings: &Settings) -> report::Look {
    let width = std::io::stdout().is_terminal().then(|| super::tty::size().0);
    report::Look { ascii: settings.glyphs == nextcore_core::theme::Glyphs::Ascii, width }
}

/// Writes to stdout, whatever is in the text; a closed pipe (`| head`) is the reader's way to say that it has enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{}", inert_lines(text.trim_end())) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|e| Failure::cannot_tell(format!("stdout: {e}"))),
    }
}

/// One object per line; of nothing no line.
pub(super) fn print_lines(rows: impl Iterator<Item = serde_json::Value>) -> Result<(), Failure> {
    let lines: Vec<String> = rows.map(|row| row.to_string()).collect();
    if lines.is_empty() { Ok(()) } else { print(&lines.join("\n")) }
}
