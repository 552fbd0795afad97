//! What the program's own log says of actions and of what they owe: phases, results, what AWS calls the requests. Not the texts, which may
//! quote an answer, and not the parameters; both are in the audit log. Called by the runner and by the audit log.

use tracing::{debug, info};

use nextcore_core::model::action::Request;
use nextcore_core::model::audit::{AuditEntry, Told};
use nextcore_core::model::plan::{Plan, Refusal, Run};

/// A plan was asked for.
pub(super) fn planned(request: &Request, answer: &Result<Plan, Refusal>) {
    let action = request.action.as_str();
    match answer {
        Ok(plan) => info!(action, resource = plan.resource.name, plan = plan.hash, refused = plan.is_refused(), "plan"),
        Err(refusal) => info!(action, why = kind(refusal), "no plan"),
    }
}

/// Somebody has confirmed it.
pub(super) fn confirmed(plan: &Plan) {
    info!(action = plan.request.action, resource = plan.resource.name, plan = plan.hash, "confirmed");
}

/// Its call leaves now.
pub(super) fn sent(run: &Run) {
    info!(id = run.id, action = run.plan.request.action, "sent");
}

/// It was looked at how far it is.
pub(super) fn watched(run: &Run) {
    debug!(id = run.id, steps = run.steps.len(), read = run.trouble.is_none(), ended = run.end.is_some(), "watch");
}

/// What the audit log is told.
pub(super) fn told(entry: &AuditEntry) {
    let id = entry.id.as_str();
    match &entry.told {
        Told::Intent { request, resource, plan, pid, .. } => info!(id, action = request.action, resource, plan, pid, "intent"),
        Told::Outcome { result, request_ids, millis, .. } => info!(id, result, request_ids = request_ids.join(" "), millis, "outcome"),
        Told::End { outcome, seconds, .. } => info!(id, outcome, seconds, "end"),
        Told::Refused { request, .. } => info!(action = request.action, "refused"),
        Told::Seen { .. } => info!(id, "looked at"),
        Told::Owed { obligation } => info!(id, due = obligation.due.map(|due| due.to_rfc3339()), "owed"),
        Told::Later { result, request_ids, .. } => info!(id, result, request_ids = request_ids.join(" "), "put right"),
        Told::Settled { .. } => info!(id, "settled"),
    }
}

/// What the audit log could not be told.
pub(super) fn not_recorded(entry: &AuditEntry, why: &std::io::Error) {
    tracing::error!(id = entry.id, what = entry.told.word(), why = %why.kind(), "not in the audit log");
}

fn kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Usage(_) => "usage",
        Refusal::Check(_) => "a check",
        Refusal::CannotTell(_) => "cannot tell",
        Refusal::ReadOnly(_) => "read-only",
    }
}
