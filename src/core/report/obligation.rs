//! Obligations as text for people. JSON is the model's own. Called by `obligations` and `audit --open`.

use crate::model::Time;
use crate::model::obligation::{Holder, Phase, Standing};
use crate::model::text::age;

/// One paragraph an obligation: what, since when, who carries it, what to do.
pub fn list(standing: &[Standing], now: Time) -> String {
    standing.iter().map(|s| one(s, now)).collect::<Vec<_>>().join("\n")
}

fn one(standing: &Standing, now: Time) -> String {
    let o = &standing.obligation;
    let head = format!(
        "{}   since {} ({} ago) by {}   account {}   {}   {}",
        o.owed.words(),
        o.since.format("%Y-%m-%dT%H:%M:%SZ"),
        age(o.since, now),
        o.who.user,
        o.account,
        o.region,
        o.id
    );
    let trouble = match &standing.phase {
        Phase::Settling { trouble: Some(trouble), .. } => format!("\n  {trouble}; retrying"),
        _ => String::new(),
    };
    format!("{head}\n  {}{trouble}", carried(standing, now))
}

fn carried(standing: &Standing, now: Time) -> String {
    let o = &standing.obligation;
    let undo = o.owed.undo();
    let Some(due) = o.due else { return format!("stays until someone runs: nextcore-top {undo}") };
    let due = due.format("%Y-%m-%dT%H:%M:%SZ");
    match (standing.holder, standing.is_left_behind(now)) {
        (Holder::Nobody, _) => format!("was due at {due}; its process has exited: nextcore-top obligations --settle"),
        (_, true) => format!("was due at {due}; process {} is not responding: nextcore-top obligations --settle", o.pid),
        (Holder::Us, false) => format!("restored at {due} by this process"),
        (Holder::Other, false) => format!("restored at {due} by process {}", o.pid),
    }
}
