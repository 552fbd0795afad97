//! What to do after the end of a run, in words: how to take it back, or where to look. Called where runs end.

use nextcore_core::model::plan::{Outcome, Plan};

/// After an end like this.
pub(super) fn after(outcome: Outcome, plan: &Plan) -> String {
    match outcome {
        Outcome::Done => plan.undo.clone(),
        Outcome::TakenBack => format!("look at {} before doing it again", plan.resource.name),
        Outcome::Failed | Outcome::Unknown => format!("look at {}; to take it back: {}", plan.resource.name, plan.undo),
    }
}

/// AWS said no: nothing has happened.
pub(super) fn after_no(plan: &Plan) -> String {
    format!("nothing has changed on {}; mend the cause and plan again", plan.resource.name)
}
