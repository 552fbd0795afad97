//! `verify`: polls every source once, holds the stack against the statements and prints the verdicts. Judges nothing itself.

use std::process::ExitCode;

use super::failure::Failure;
use super::headless::{Observed, look, observe, print};
use crate::config::Settings;
use crate::config::args::{Format, VerifyArgs};
use nextcore_core::insight::conformance::{EXAMPLE, Only, Statements, verify};
use nextcore_core::{insight, report};

/// Prints every statement with its verdict.
pub(super) async fn run(args: &VerifyArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    if args.example {
        print(EXAMPLE)?;
        return Ok(ExitCode::SUCCESS);
    }
    // What is wrong with the question is said before anything is polled.
    let statements = statements(args, settings)?;
    let only = args.only.as_deref().map_or_else(|| Ok(Only::all()), |ids| Only::parse(ids, &statements)).map_err(Failure::usage)?;
    let Observed { store, stack, now } = observe(&args.observe, settings).await?;
    let judgement = insight::judge(&store, &stack, now);
    let whole = args.only.is_none() && !judgement.nodes.is_empty();
    let promised = if whole { insight::objectives::objectives(&store, &stack, now) } else { Vec::new() };
    let mut found = verify(&statements, &report::json(&store, &judgement, &stack, now), &only);
    found.elsewhere = store.place.elsewhere();
    let text = match args.format {
        Format::Table => report::conformance::table(&found, look(settings)) + &report::objectives(&promised, false),
        Format::Json => {
            let mut all = report::conformance::json(&found);
            if let Some(fields) = all.as_object_mut().filter(|_| whole) {
                fields.insert("objectives".to_owned(), serde_json::to_value(&promised).map_err(Failure::cannot_tell)?);
            }
            serde_json::to_string_pretty(&all).map_err(Failure::cannot_tell)?
        }
        Format::Markdown => report::conformance::markdown(&found) + &report::objectives(&promised, true),
    };
    print(&text)?;
    Ok(ExitCode::from(found.exit_code()))
}

/// The built-in statements, and those of the user's file.
fn statements(args: &VerifyArgs, settings: &Settings) -> Result<Statements, Failure> {
    let stack = if args.observe.demo { super::demo_stack(settings) } else { settings.stack.clone() };
    let builtin = Statements::of(&stack).map_err(Failure::cannot_tell)?;
    let Some(path) = args.file.as_deref() else {
        if builtin.rows().is_empty() {
            let next = "next: --file with statements of your own, see 'nextcore-top verify --example'";
            return Err(Failure::cannot_tell(format!("nothing is written down about the stack '{}'\n  {next}", stack.name)));
        }
        return Ok(builtin);
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::usage(format!("{name}: {e}\n  next: use a statements file, see 'nextcore-top verify --example'")))?;
    builtin.with_user(&text, &name).map_err(Failure::usage)
}
