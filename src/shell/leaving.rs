//! The way out of whatever acts: requests that are on their way get their outcome, promises are put right and seen to be, and what could
//! not be is said. Called by the dashboard, by the commands that act and by `obligations`; a dead stderr is no reason to stop.

use std::time::Duration;

use nextcore_core::model::obligation::Standing;
use nextcore_live::engine::action::Runner;

/// How long the way out may take: longer than any request.
const PATIENCE: Duration = Duration::from_secs(25);

/// Leaves nothing behind, or says what; `false` = something is.
pub(super) async fn leave(runner: &Runner) -> bool {
    let is_waited_for = runner.has_business();
    let promises = runner.promises();
    for standing in &promises {
        say(&format!("restoring: {} ...", standing.obligation.owed.words()));
    }
    if runner.is_querying() {
        say("stopping the query at AWS ...");
    }
    if promises.is_empty() && is_waited_for {
        say("waiting for the response to the sent request ...");
    }
    let left = runner.leave(PATIENCE).await;
    for standing in &promises {
        let obligation = &standing.obligation;
        if !left.promises.iter().any(|s| s.obligation.id == obligation.id) {
            say(&format!("done: {}", obligation.owed.righted()));
        }
    }
    for standing in &left.promises {
        say(&unsettled(standing));
    }
    if left.unanswered > 0 {
        say("no response to the sent request: outcome unknown\n  next: see 'nextcore-top audit'");
    }
    for id in &left.queries {
        say(&format!("a query may go on at AWS, and is billed\n  next: aws logs stop-query --query-id {id}"));
    }
    left.promises.is_empty() && left.unanswered == 0 && left.queries.is_empty()
}

/// What stays as it should not, why, and what to do.
pub(super) fn unsettled(standing: &Standing) -> String {
    use nextcore_core::model::obligation::Phase;
    let owed = &standing.obligation.owed;
    let why = match &standing.phase {
        Phase::Settling { trouble: Some(trouble), .. } => format!(": {trouble}"),
        _ => String::new(),
    };
    format!(
        "STILL OWED: {}{why}\n  next: 'nextcore-top obligations --settle', or 'nextcore-top {} --yes --write'",
        owed.words(),
        owed.undo()
    )
}

/// A dead stderr is no reason to stop.
fn say(text: &str) {
    super::failure::say(&format!("nextcore-top: {text}"));
}
