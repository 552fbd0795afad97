//! What to do after the end of a run, in words: how to take it back, or where to look. Called where runs end.

use nextcore_core::model::plan::{Outcome, Plan};

/// After an end like this.
pub(super) fn after(outcome: Outcome, plan: &Plan) -> String {
    match outcome {
        Outcome::Done => plan.undo.clone(),
        Outcome::TakenBack => format!("check {} before retrying", plan.resource.name),
        Outcome::Failed | Outcome::Unknown => format!("check {}; to undo: {}", plan.resource.name, plan.undo),
    }
}

/// AWS said no: nothing has happened.
pub(super) fn after_no(plan: &Plan) -> String {
    format!("nothing changed on {}; fix the cause and plan again", plan.resource.name)
}
