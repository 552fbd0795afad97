//! The stack under observation for commands that decide expressions: an engine that goes on polling, and the state document of the newest
//! store. Called by `check` and by walks through runbooks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::backend::{self, Target, Told};
use super::failure::Failure;
use crate::config::Settings;
use nextcore_core::expression::{Answer, Evidence, Expression, Facts, Language, Reading, Wrong};
use nextcore_core::insight::{self, Judgement};
use nextcore_core::model::Time;
use nextcore_core::model::section::SectionKey;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_core::report;
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{self, Engine, Feed, Wish};

/// Decisions are at least this far apart while answers pour in.
const GAP: Duration = Duration::from_millis(250);

/// What was asked before an action says nothing about after it; so long new answers are waited for.
const AFRESH: Duration = Duration::from_secs(90);

/// What is done where nothing can be seen at all: no credentials, no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It ends, with the reason.
    UnlessHopeless,
    /// It goes on: that may be what the runbook is about.
    WithAll,
}

/// A running engine and what it sees.
pub(super) struct Watching {
    feed: Feed,
    stack: Stack,
    clock: Clock,
    language: Language,
    /// When something was done to the stack last.
    acted_at: Option<Time>,
    _engine: Engine,
    _told: Told,
}

/// What was decided, and by which values.
pub(super) struct Decided {
    pub(super) answer: Answer,
    pub(super) evidence: Vec<Evidence>,
}

impl Watching {
    /// Begins to watch, and waits until every source has answered or the time is over.
    pub(super) async fn begin(target: &Target, settings: &Settings, within: Duration, patience: Patience) -> Result<Self, Failure> {
        let language = Language::new().map_err(Failure::cannot_tell)?;
        let (stack, clock) = (target.stack(settings), target.clock());
        let (mut feed, ends) = engine::channel_at(target.place(settings));
        let told = Told::on_stderr();
        let engine = target.start(settings, clock.clone(), ends, Acts::none(), &told.notices).await.map_err(Failure::cannot_tell)?;
        match patience {
            Patience::UnlessHopeless => drop(backend::first_look(&mut feed, &stack, within).await.map_err(Failure::cannot_tell)?),
            Patience::WithAll => drop(engine::settled(&mut feed, &stack, within).await),
        }
        Ok(Self { feed, stack, clock, language, acted_at: None, _engine: engine, _told: told })
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(super) fn language(&self) -> &Language {
        &self.language
    }

    /// Something was done to the stack: what is decided next rests on newer answers.
    pub(super) fn acted(&mut self) {
        self.acted_at = Some(self.clock.now());
    }

    /// Waits until what an expression reads was asked for after the last action.
    async fn afresh(&mut self, expression: &Expression) {
        let Some(since) = self.acted_at else { return };
        let reads: BTreeSet<SectionKey> = expression.sections().into_iter().map(SectionKey).collect();
        self.feed.wishes.make(Wish::Refresh(reads.clone()));
        let is_new = |store: &Arc<Store>| {
            let entries = reads.iter().filter_map(|key| store.entry(*key)).filter(|e| e.value.is_some());
            entries.into_iter().all(|e| e.at.is_some_and(|at| at > since))
        };
        let _ = timeout(AFRESH, self.feed.store.wait_for(is_new)).await;
    }

    /// The newest store and what is judged of it.
    pub(super) fn seen(&mut self) -> (Arc<Store>, Judgement) {
        let store = Arc::clone(&self.feed.store.borrow_and_update());
        let judgement = insight::judge(&store, &self.stack, self.clock.now());
        (store, judgement)
    }

    /// The state document of this moment.
    pub(super) fn document(&mut self) -> Value {
        let (store, judgement) = self.seen();
        report::json(&store, &judgement, &self.stack, self.clock.now())
    }

    /// Decides now.
    pub(super) fn decide(&mut self, expression: &Expression) -> Result<Decided, Wrong> {
        let document = self.document();
        let reading = Reading::of(&document);
        let facts = Facts::of(&self.language, &reading);
        let answer = expression.decide_in(&facts)?;
        let evidence = expression.evidence(&facts);
        Ok(Decided { answer, evidence })
    }

    /// Decides again with every answer that comes, until it is true or the time is over.
    pub(super) async fn until(&mut self, expression: &Expression, within: Duration) -> Result<Decided, Wrong> {
        self.afresh(expression).await;
        let end = Instant::now() + within;
        loop {
            let decided = self.decide(expression)?;
            if matches!(decided.answer, Answer::True) || Instant::now() >= end {
                return Ok(decided);
            }
            // Ages change without any answer, too.
            let tick = (Instant::now() + Duration::from_secs(1)).min(end);
            let _ = timeout_at(tick, self.feed.store.changed()).await;
            sleep(GAP.min(end.saturating_duration_since(Instant::now()))).await;
        }
    }
}

/// `true`, and what it was decided by or what is missing, a line each.
pub(super) fn in_words(decided: &Decided) -> String {
    let mut lines = vec![match &decided.answer {
        Answer::True => "true".to_owned(),
        Answer::False => "false".to_owned(),
        Answer::CannotTell(_) => "cannot tell".to_owned(),
    }];
    if let Answer::CannotTell(missing) = &decided.answer {
        lines.extend(missing.iter().map(|m| format!("  {m}")));
    }
    lines.extend(decided.evidence.iter().map(|e| format!("  {} = {}", e.what, e.value)));
    lines.join("\n")
}
