//! `check EXPR`: one expression over the state of the stack, now or within a time. Exit 0 true, 1 false, 3 cannot tell. It decides nothing
//! itself: `nextcore_core::expression` does.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::backend::Target;
use super::failure::Failure;
use super::headless::print;
use super::watching::{Decided, Patience, Watching, in_words};
use crate::config::Settings;
use crate::config::args::{DEMO_SEED, Format, World};
use crate::config::runbook::CheckArgs;
use nextcore_core::expression::{Answer, Expression};

/// Decides it.
pub(super) async fn run(args: &CheckArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    // A slip of the pen is said before anything is asked.
    let expression = Expression::compile(&args.expression).map_err(|e| wrong(&args.expression, &e.to_string()))?;
    if let Some(unknown) = expression.unknown_fields().next() {
        return Err(wrong(&args.expression, &unknown.to_string()));
    }
    let target = if args.observe.demo { Target::demo(World::calm(DEMO_SEED)) } else { Target::Aws };
    let mut watching = Watching::begin(&target, settings, Duration::from_secs(args.observe.timeout), Patience::UnlessHopeless).await?;
    let decided = watching.until(&expression, Duration::from_secs(args.within.unwrap_or(0))).await;
    let decided = decided.map_err(|e| wrong(&args.expression, &e.to_string()))?;
    print(&match args.format {
        Format::Json => as_json(&args.expression, &decided),
        Format::Table | Format::Markdown => in_words(&decided),
    })?;
    Ok(ExitCode::from(decided.answer.exit_code()))
}

fn wrong(expression: &str, why: &str) -> Failure {
    Failure::cannot_tell(format!("{expression}: {why}\n  next: 'nextcore-top snapshot --schema' lists the fields"))
}

fn as_json(expression: &str, decided: &Decided) -> String {
    let missing: Vec<String> = match &decided.answer {
        Answer::CannotTell(missing) => missing.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let evidence: Vec<_> = decided.evidence.iter().map(|e| json!({ "field": e.what, "value": e.value })).collect();
    let answer = decided.answer.words();
    format!("{:#}", json!({ "expression": expression, "answer": answer, "missing": missing, "evidence": evidence }))
}
