//! What a run owes: registered before anything of it leaves, and told what became of its call. Called while a plan is carried out.

use super::Runner;
use crate::aws::action::{Receipt, SendError};
use crate::aws::authority::Operator;
use crate::engine::obligation::{Answer, Ticket};
use nextcore_core::model::audit::Told;
use nextcore_core::model::obligation::{Obligation, Owed};
use nextcore_core::model::plan::{Plan, Refusal};

impl Runner {
    /// Registers what the plan owes, before anything of it leaves.
    pub(super) async fn owe(&self, id: &str, plan: &Plan, operator: &Operator) -> Result<Option<Ticket>, Refusal> {
        let Some(owed) = &plan.owes else { return Ok(None) };
        let failed = match self.0.keeper.register(self.obligation(id, plan, owed), operator).await {
            Ok(ticket) => return Ok(Some(ticket)),
            Err(e) => e,
        };
        let text = format!("cannot register the obligation ({failed}): nothing was sent");
        let told = Told::Outcome { result: "failed".to_owned(), request_ids: Vec::new(), text: text.clone(), millis: 0 };
        // The refusal says it; the log has the intent.
        let _ = self.record(id, told).await;
        Err(Refusal::CannotTell(format!("{text}\n  next: 'nextcore-top info' shows the state directory")))
    }

    fn obligation(&self, id: &str, plan: &Plan, owed: &Owed) -> Obligation {
        let since = self.0.clock.now();
        Obligation {
            id: id.to_owned(),
            owed: owed.clone(),
            since,
            due: owed.after().map(|seconds| since + chrono::TimeDelta::seconds(seconds)),
            who: self.who(),
            pid: self.0.acts.pid,
            stack: self.0.stack.name.clone(),
            account: plan.account.clone(),
            region: plan.region.clone(),
            reach: self.0.acts.reach.clone(),
        }
    }
}

/// What became of the call, for the obligation that it makes.
pub(super) fn made(answer: &Result<Receipt, SendError>) -> Answer {
    match answer {
        Ok(_) => Answer::Accepted,
        Err(SendError::No(text)) => Answer::Refused(text.clone()),
        // The first of several calls may be the one that owes.
        Err(SendError::Half { .. } | SendError::Open(_)) => Answer::Open,
    }
}
