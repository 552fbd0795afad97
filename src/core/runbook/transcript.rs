//! What was done, as Markdown for the ticket: each step with its state, who and when, what its commands said, and the notes. Facts only.
//! Called when a walk ends, and by whoever wants to see how it stands.

use super::parse::Runbook;
use super::progress::{Note, Outcome, Progress, State};
use crate::model::Time;

/// The whole walk.
pub fn transcript(runbook: &Runbook, progress: &Progress) -> String {
    let mut out = vec![format!("# {}\n\n", line(&runbook.front.title))];
    out.push(format!("Runbook `{}`, started {} by {}", progress.runbook, moment(progress.started_at), line(&progress.by)));
    if let Some(incident) = &progress.incident {
        out.push(format!(", for incident {}", line(incident)));
    }
    out.push(".\n".to_owned());
    let result = match progress.outcome() {
        Outcome::Finished => "every step is done or skipped".to_owned(),
        Outcome::Stopped(step) => format!("stopped at step {}", step + 1),
        Outcome::Open => "not finished".to_owned(),
    };
    out.push(format!("Result: {result}.\n"));
    for (name, value) in &progress.values {
        out.push(format!("- {name}: {}\n", line(value)));
    }
    for (i, step) in progress.steps.iter().enumerate() {
        out.push(format!("\n## {}. {}\n\n{}\n", i + 1, line(&step.title), state(&step.state)));
        for said in &step.said {
            out.push(format!("- {} {} → {}\n", moment(said.at), code(&said.command), line(&said.result)));
        }
        out.extend(progress.notes.iter().filter(|note| note.step == Some(i)).map(noted));
    }
    let mut rest = progress.notes.iter().filter(|note| note.step.is_none()).peekable();
    if rest.peek().is_some() {
        out.push("\n## Notes\n\n".to_owned());
        out.extend(rest.map(noted));
    }
    out.concat()
}

fn state(state: &State) -> String {
    match state {
        State::ToDo => "To do.".to_owned(),
        State::Running { since } => format!("Running since {}.", moment(*since)),
        State::Done { at, by } => format!("Done {} by {}.", moment(*at), line(by)),
        State::Failed { at, reason } => format!("**Failed** {}: {}", moment(*at), line(reason)),
        State::Skipped { at, by, reason } => format!("Skipped {} by {}: {}", moment(*at), line(by), line(reason)),
    }
}

fn noted(note: &Note) -> String {
    format!("- {} {}: {}\n", moment(note.at), line(&note.by), line(&note.text))
}

fn moment(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What people and AWS wrote, on one line and without a say in the form of the document.
fn line(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.replace('\\', "\\\\").replace('`', "\\`").replace('<', "\\<").replace('[', "\\[").replace('|', "\\|").trim().to_owned()
}

/// A command as code: with more backquotes around it than it has in it.
fn code(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let fence = if flat.contains('`') { "``" } else { "`" };
    format!("{fence}{flat}{fence}")
}
