//! After the end of a run: for some minutes it is looked whether what was done still holds, in what the engine polls anyway. An outcome
//! that stops being true is corrected: on the screen and in the audit log. Called by the runner's service of sessions.

use std::sync::PoisonError;

use tokio::sync::mpsc;

use super::{Report, Runner, logged, next, running};
use crate::aws::action::ActionRow;
use nextcore_core::model::audit::Told;
use nextcore_core::model::plan::{Outcome, Run};

impl Runner {
    /// From now on this is the run that tells what its resource is like.
    pub(super) fn begins(&self, run: &Run) {
        logged::sent(run);
        let mut newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(run.plan.resource.arn.clone(), run.id.clone());
    }

    fn is_newest(&self, run: &Run) -> bool {
        let newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.get(&run.plan.resource.arn).is_none_or(|id| *id == run.id)
    }

    /// Looks for a while whether what a run has done still holds.
    pub(super) async fn trail(&self, mut run: Run, reports: &mpsc::Sender<Report>) {
        let Some((row, lasts)) = ActionRow::find(&run.plan.request.action).and_then(|row| Some((row, row.lasts?))) else { return };
        let Some(ended) = run.end.as_ref().filter(|e| e.outcome == Outcome::Done).map(|e| e.at) else { return };
        let lasts = chrono::TimeDelta::from_std(lasts).unwrap_or_default();
        while self.0.clock.now() - ended < lasts {
            tokio::time::sleep(self.0.clock.on_the_wall(row.every)).await;
            if !self.is_newest(&run) || reports.is_closed() {
                return;
            }
            let Ok(mut desk) = self.desk().about(&run.plan.request) else { return };
            let is_newer = |key| desk.store.entry(key).and_then(|e| e.at).is_some_and(|at| at > ended);
            let polled = row.watches.iter().all(|key| is_newer(*key));
            if !polled || (row.sight)(&desk.facts(), &run).applied != Some(false) {
                continue;
            }
            // What a poll shows is read once more, with what tells who did it, before anything is taken back.
            let Ok(sight) = self.look(row, &mut desk, &run).await else { continue };
            if let Some((outcome, text)) = sight.end.filter(|(outcome, _)| *outcome != Outcome::Done) {
                run.steps = sight.steps;
                return self.correct(run, outcome, &text, reports).await;
            }
        }
    }

    async fn correct(&self, mut run: Run, outcome: Outcome, why: &str, reports: &mpsc::Sender<Report>) {
        let outcome = if outcome == Outcome::Unknown { outcome } else { Outcome::TakenBack };
        let (text, next) = (format!("no longer true: {why}"), next::after(Outcome::TakenBack, &run.plan));
        self.end(&mut run, outcome, text.clone(), next);
        run.seen_at = self.0.clock.now();
        let seconds = run.elapsed(run.seen_at);
        self.note(&mut run, Told::End { outcome: outcome.word().to_owned(), text, seconds }).await;
        let _ = reports.send(running(&run)).await;
    }
}
