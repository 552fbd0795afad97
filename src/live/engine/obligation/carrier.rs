//! The task that carries one obligation: waits for the answer to the call that makes it, until it is due or somebody is in a hurry, then
//! asks AWS until AWS shows that it is right. No failure ends it; only what AWS shows does. Spawned by the keeper.

use std::time::Duration;

use tokio::sync::watch;

use super::files::Hold;
use super::{Answer, Keeper};
use crate::aws::action::SendError;
use crate::aws::authority::Operator;
use crate::aws::obligation::{Shown, look, settle, write_of};
use nextcore_core::model::audit::Told;
use nextcore_core::model::obligation::{Holder, Obligation, Phase, Standing};

/// While it waits: how often it is looked whether somebody else has put it right.
const EVERY: Duration = Duration::from_mins(1);
/// While it waits: how often the clock is looked at, which goes on while a machine sleeps.
const NAP: Duration = Duration::from_secs(15);
/// While it is being put right: after a try that did not show, then twice as long, up to `EVERY`.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// So often the end is tried to be recorded before it is an end without a record.
const RECORDS: u32 = 5;

pub(super) struct Carrier {
    keeper: Keeper,
    obligation: Obligation,
    hold: Hold,
    operator: Option<Operator>,
    /// AWS has shown that it is owed.
    seen_owed: bool,
    /// AWS has accepted that it is put right.
    accepted: bool,
    /// How often in a row AWS showed that it is right.
    rights: u32,
    attempts: u32,
    retry: Duration,
    trouble: Option<String>,
    /// The last result in the audit log: only changes are recorded.
    recorded: Option<String>,
    unrecorded: u32,
}

impl Carrier {
    pub(super) fn new(keeper: Keeper, obligation: Obligation, hold: Hold, operator: Option<Operator>) -> Self {
        Self {
            keeper,
            obligation,
            hold,
            operator,
            seen_owed: false,
            accepted: false,
            rights: 0,
            attempts: 0,
            retry: FIRST_RETRY,
            trouble: None,
            recorded: None,
            unrecorded: 0,
        }
    }

    /// Carries it to its end.
    pub(super) async fn run(mut self, mut answered: watch::Receiver<Option<Answer>>) {
        // A run that ends without saying what became of its call has left that open.
        let answer = answered.wait_for(Option::is_some).await.ok().and_then(|a| a.clone()).unwrap_or(Answer::Open);
        if let Answer::Refused(text) = &answer {
            let text = format!("nothing owed: {text}");
            while !self.end(&text).await {
                tokio::time::sleep(FIRST_RETRY).await;
            }
            return;
        }
        let (mut hurry, mut poke) = (self.keeper.0.hurry.subscribe(), self.keeper.0.poke.subscribe());
        loop {
            let hurried = *hurry.borrow_and_update();
            poke.mark_unchanged();
            let due = hurried || self.obligation.due.is_some_and(|due| self.keeper.0.tools.clock.now() >= due);
            if due {
                self.put_right().await;
            }
            if let Some(text) = self.look(&answer, due).await
                && self.end(&text).await
            {
                return;
            }
            tracing::debug!(id = self.obligation.id, due, attempts = self.attempts, read = self.trouble.is_none(), "carried");
            self.publish(due);
            self.wait(due, &mut hurry, &mut poke).await;
        }
    }

    /// One try; what AWS says to it is kept, and recorded when it is something new.
    async fn put_right(&mut self) {
        let (Some(op), Some(operator)) = (write_of(&self.obligation.owed), &self.operator) else { return };
        // What was accepted may take a moment to show.
        if self.accepted && self.retry <= FIRST_RETRY * 2 {
            return;
        }
        // What was promised while armed is kept after disarming, too.
        let warrant = operator.owed(op);
        tracing::info!(id = self.obligation.id, attempt = self.attempts + 1, "puts right");
        let answer = settle(&self.keeper.0.tools.clients, &self.obligation.owed, &warrant).await;
        self.attempts += 1;
        self.accepted = answer.is_ok();
        let (result, request_ids, text) = match answer {
            Ok(receipt) => ("accepted", receipt.request_ids, String::new()),
            Err(SendError::No(text) | SendError::Half { text, .. }) => ("failed", Vec::new(), text),
            Err(SendError::Open(text)) => ("unknown", Vec::new(), text),
        };
        self.trouble = Some(text.clone()).filter(|t| !t.is_empty());
        if self.recorded.as_deref() != Some(result) {
            self.recorded = Some(result.to_owned());
            // The end is what must be recorded; a try that is not is tried again with it.
            let _ = self.keeper.record(&self.obligation.id, Told::Later { result: result.to_owned(), request_ids, text }).await;
        }
    }

    /// The end, if AWS shows one.
    async fn look(&mut self, answer: &Answer, due: bool) -> Option<String> {
        let shown = match look(&self.keeper.0.tools.clients, &self.obligation.owed).await {
            Ok(shown) => shown,
            Err(problem) => {
                self.trouble = Some(problem.headline);
                return None;
            }
        };
        match shown {
            Shown::Owed => {
                (self.seen_owed, self.rights) = (true, 0);
                None
            }
            Shown::Gone => Some("the resource is gone".to_owned()),
            Shown::Right => {
                self.rights += 1;
                // A call without an answer may still arrive, and what CloudWatch shows may be of before it.
                let certain = self.seen_owed || (*answer == Answer::Accepted && self.accepted);
                let often = self.rights > if due { 1 } else { 2 };
                if certain || often { Some(self.words().await) } else { None }
            }
        }
    }

    async fn words(&self) -> String {
        let was_due = self.obligation.due.is_some_and(|d| self.keeper.0.tools.clock.now() >= d);
        let by = if self.attempts == 0 { self.keeper.put_right_by(&self.obligation).await } else { None };
        let how = match (self.attempts > 0, self.seen_owed, was_due) {
            (false, ..) if by.is_some() => by.as_deref().unwrap_or_default(),
            (false, true, _) => "restored by someone else",
            (false, false, _) => "already restored",
            (true, _, true) => "restored when due",
            (true, _, false) => "restored early: this process is quitting",
        };
        format!("{}: {how}", self.obligation.owed.righted())
    }

    /// Records the end and removes it from the folder; `false` = not recorded, to be tried again.
    async fn end(&mut self, text: &str) -> bool {
        let told = Told::Settled { text: text.to_owned() };
        if let Err(e) = self.keeper.record(&self.obligation.id, told).await {
            self.unrecorded += 1;
            self.trouble = Some(format!("{text}, but the audit log cannot be written: {e}"));
            if self.unrecorded < RECORDS {
                return false;
            }
        }
        // What cannot be removed is found again, and closed by whoever looks at it next.
        let _ = self.keeper.0.tools.files.settle(&self.hold);
        self.keeper.forget(&self.obligation.id);
        true
    }

    fn publish(&self, due: bool) {
        let settling = due && write_of(&self.obligation.owed).is_some();
        let phase = if settling { Phase::Settling { attempts: self.attempts, trouble: self.trouble.clone() } } else { Phase::Waiting };
        self.keeper.show(Standing { obligation: self.obligation.clone(), holder: Holder::Us, phase });
    }

    async fn wait(&mut self, due: bool, hurry: &mut watch::Receiver<bool>, poke: &mut watch::Receiver<u64>) {
        let clock = &self.keeper.0.tools.clock;
        if due && self.obligation.due.is_some() {
            let span = self.retry;
            self.retry = (self.retry * 2).min(EVERY);
            tokio::time::sleep(clock.on_the_wall(span)).await;
            return;
        }
        let until = clock.now() + EVERY;
        let until = self.obligation.due.map_or(until, |due| due.min(until));
        loop {
            let left = (until - clock.now()).to_std().unwrap_or_default();
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                () = tokio::time::sleep(clock.on_the_wall(left.min(NAP))) => {}
                _ = hurry.changed() => return,
                _ = poke.changed() => return,
            }
        }
    }
}
