//! Plans, runs and the audit log as text for people. JSON is the model's own. Called by the commands that act and by `audit`.

use std::fmt::Write as _;

use crate::model::audit::{AuditEntry, Told};
use crate::model::health::Level;
use crate::model::plan::{Outcome, Plan, Run, Step, StepState, Verdict};
use crate::model::text::{duration, sanitize};

use super::Look;
use super::table::glyph;

/// The marks of a look: a check's verdict, or a step's state.
fn mark(ascii: bool, unicode: &'static str, plain: &'static str) -> &'static str {
    if ascii { plain } else { unicode }
}

fn verdict(of: Verdict, ascii: bool) -> &'static str {
    match of {
        Verdict::Pass => glyph(Level::Healthy, ascii),
        Verdict::Warn => glyph(Level::Degraded, ascii),
        Verdict::Unknown => "?",
        Verdict::Fail => glyph(Level::Down, ascii),
    }
}

fn arrow(ascii: bool) -> &'static str {
    mark(ascii, "→", "->")
}

/// A plan, whole.
pub fn plan(plan: &Plan, look: Look) -> String {
    let mut text = format!("{}   {}\n", plan.title, plan.tier.word().replace('·', mark(look.ascii, "·", "-")));
    let resource = &plan.resource;
    let _ = writeln!(text, "  {} {}   {}", resource.kind, resource.name, resource.detail);
    let _ = writeln!(text, "  {}   account {}   {}   as {}\n", resource.arn, plan.account, plan.region, plan.principal);
    for change in &plan.changes {
        let _ = writeln!(text, "  {}   {}  {}  {}", change.what, change.before, arrow(look.ascii), change.after);
    }
    for note in &plan.notes {
        let _ = writeln!(text, "  {note}");
    }
    text.push('\n');
    for check in &plan.checks {
        let _ = writeln!(text, "  {} {}", verdict(check.verdict, look.ascii), check.text);
    }
    let (from, to) = (duration(plan.takes.from), duration(plan.takes.to));
    let _ = write!(text, "\n  impact   {}\n  scope    {}\n  takes    {from} to {to}\n  undo     {}\n", plan.expect, plan.blast, plan.undo);
    for (i, call) in plan.calls.iter().enumerate() {
        let label = if i == 0 { "runs" } else { "then" };
        let _ = writeln!(text, "  {label:<8} {}\n           needs {}", call.cli, call.iam);
    }
    if let Some(instead) = plan.instead.as_ref().filter(|_| plan.is_refused()) {
        let _ = writeln!(text, "  instead  {instead}");
    }
    if let Some(word) = plan.confirmation() {
        let _ = writeln!(text, "  confirm  by typing {word}");
    }
    let _ = write!(text, "  plan     {}", plan.hash);
    text
}

/// One step, for a line of progress.
pub fn step(step: &Step, look: Look) -> String {
    let sign = match step.state {
        StepState::Todo => mark(look.ascii, "○", "-"),
        StepState::Doing => glyph(Level::Info, look.ascii),
        StepState::Done => glyph(Level::Healthy, look.ascii),
        StepState::Failed => glyph(Level::Down, look.ascii),
    };
    format!("{sign} {}", step.text)
}

/// What became of a run.
pub fn ended(run: &Run, look: Look) -> String {
    let Some(end) = &run.end else {
        return format!("accepted  {}  request {}", run.plan.title, run.request_ids.join(", "));
    };
    let sign = match end.outcome {
        Outcome::Done => glyph(Level::Healthy, look.ascii),
        Outcome::Failed => glyph(Level::Down, look.ascii),
        Outcome::TakenBack => glyph(Level::Degraded, look.ascii),
        Outcome::Unknown => "?",
    };
    let mut text = format!("{sign} {}: {} ({})", end.outcome.word(), end.text, duration(run.elapsed(end.at)));
    // What did not come about is not told as if it had.
    for change in run.plan.changes.iter().filter(|_| end.outcome == Outcome::Done) {
        let _ = write!(text, "\n  {}   {}  {}  {}", change.what, change.before, arrow(look.ascii), change.after);
    }
    if !run.request_ids.is_empty() {
        let _ = write!(text, "\n  request  {}", run.request_ids.join(", "));
    }
    if let Some(why) = &run.unrecorded {
        let _ = write!(text, "\n  audit    {}", unrecorded(run, why));
    }
    if !end.next.is_empty() {
        let label = if end.outcome == Outcome::Done { "undo" } else { "next" };
        let _ = write!(text, "\n  {label:<8} {}", end.next);
    }
    text
}

/// That it happened, and is not in the log.
pub fn unrecorded(run: &Run, why: &str) -> String {
    let happened = run.end.as_ref().map_or("sent", |e| e.outcome.word());
    format!("{happened}, but not recorded: the audit log has the intent {} and no outcome ({})", run.id, why.replace('\n', " "))
}

/// The audit log, one line an entry.
pub fn audit(entries: &[AuditEntry]) -> String {
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(entry: &AuditEntry) -> String {
    let at = entry.at.format("%Y-%m-%dT%H:%M:%SZ");
    let head = format!("{at}  {:<8} {:<26}", entry.told.word(), entry.id);
    let rest = match &entry.told {
        Told::Intent { who, request, resource, account, .. } => {
            let ssh = who.ssh.as_ref().map(|s| format!(" from {s}")).unwrap_or_default();
            format!("{request}   {}{ssh} as {}   {resource}   account {account}", who.user, who.arn)
        }
        Told::Outcome { result, request_ids, text, millis } => {
            format!("{result} in {millis} ms   {}   {text}", request_ids.join(", "))
        }
        Told::Later { result, request_ids, text } => format!("{result}   {}   {text}", request_ids.join(", ")),
        Told::Owed { obligation } => {
            let due = obligation.due.map_or_else(String::new, |due| format!(", restored at {}", due.format("%Y-%m-%dT%H:%M:%SZ")));
            format!("{}{due}   {}   account {}", obligation.owed.words(), obligation.who.user, obligation.account)
        }
        Told::Settled { text } => text.clone(),
        Told::End { outcome, text, seconds } => format!("{outcome} after {}   {text}", duration(*seconds)),
        Told::Refused { who, request, text } => format!("{request}   {}   {}", who.user, text.replace('\n', " ")),
        Told::Seen { who } => format!("acknowledged by {}", who.user),
    };
    // Whoever could write into the file could write anything.
    sanitize(&format!("{head} {}", rest.trim()))
}
