//! One walk through a runbook: which step is in which state, who did it and when, and what was noted. Plain data that the shell writes to the
//! state folder, so that it is there again after a restart and for a second dashboard. Times are passed in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parse::Runbook;
use crate::model::Time;

/// The state of one step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    #[default]
    ToDo,
    Running {
        since: Time,
    },
    Done {
        at: Time,
        by: String,
    },
    /// It can be tried again.
    Failed {
        at: Time,
        reason: String,
    },
    Skipped {
        at: Time,
        by: String,
        reason: String,
    },
}

impl State {
    /// The word in lists.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ToDo => "to do",
            Self::Running { .. } => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Whether there is nothing left to do in it.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. })
    }
}

/// What one command of a step said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub at: Time,
    /// `check db.status == "available"`.
    pub command: String,
    /// `true: db.status available`.
    pub result: String,
}

/// One step of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepProgress {
    /// Its title, by which it is found again when the file has changed.
    pub title: String,
    #[serde(flatten)]
    pub state: State,
    /// What its commands said, in order.
    #[serde(default)]
    pub said: Vec<Said>,
    /// How many of its commands have gone well since it was begun: the place of the one that is next.
    #[serde(default)]
    pub ran: usize,
    /// When its state was last changed.
    #[serde(default)]
    pub changed: Option<Time>,
    /// How often it was changed: of two dashboards, whose clocks may differ, the one that has seen more is right.
    #[serde(default)]
    pub changes: u64,
}

/// What somebody wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub at: Time,
    pub by: String,
    pub text: String,
    /// The step that it is about.
    pub step: Option<usize>,
}

/// How a walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every step is done or skipped.
    Finished,
    /// A step failed.
    Stopped(usize),
    /// There is something left to do.
    Open,
}

/// One walk through a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The runbook's name.
    pub runbook: String,
    /// The values that it was filled with.
    pub values: BTreeMap<String, String>,
    pub started_at: Time,
    /// Who started it.
    pub by: String,
    /// The incident that it was taken for.
    pub incident: Option<String>,
    pub steps: Vec<StepProgress>,
    pub notes: Vec<Note>,
    /// How often it was begun anew.
    #[serde(default)]
    pub round: u64,
}

/// Why a step cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    #[error("there is no step {0}")]
    Step(usize),
    #[error("skipping a step needs a reason")]
    Reason,
    #[error("a note needs words")]
    Words,
}

impl Progress {
    /// At the beginning of a runbook that is filled in.
    pub fn start(runbook: &Runbook, by: &str, at: Time) -> Self {
        let steps = runbook.steps.iter().map(|step| StepProgress { title: step.title.clone(), ..StepProgress::default() });
        Self {
            runbook: runbook.name.clone(),
            values: runbook.values.clone(),
            started_at: at,
            by: by.to_owned(),
            incident: None,
            steps: steps.collect(),
            notes: Vec::new(),
            round: 0,
        }
    }

    /// The same from the beginning: what was done is another walk's.
    #[must_use]
    pub fn anew(&self, runbook: &Runbook, by: &str, at: Time) -> Self {
        Self { incident: self.incident.clone(), round: self.round + 1, ..Self::start(runbook, by, at) }
    }

    /// Whether it is of this runbook as it is now: a file may have changed meanwhile.
    pub fn fits(&self, runbook: &Runbook) -> bool {
        let titles = runbook.steps.iter().map(|step| step.title.as_str());
        self.runbook == runbook.name && self.steps.iter().map(|step| step.title.as_str()).eq(titles)
    }

    /// The step that is to be done next: the first that is neither done nor skipped.
    pub fn next(&self) -> Option<usize> {
        self.steps.iter().position(|step| !step.state.is_over())
    }

    /// How it stands.
    pub fn outcome(&self) -> Outcome {
        let failed = self.steps.iter().position(|step| matches!(step.state, State::Failed { .. }));
        match (failed, self.next()) {
            (Some(step), _) => Outcome::Stopped(step),
            (None, None) => Outcome::Finished,
            (None, Some(_)) => Outcome::Open,
        }
    }

    /// A step begins, goes on, or begins again when it was over.
    pub fn begin(&mut self, step: usize, at: Time) -> Result<(), ProgressError> {
        let again = self.step(step)?;
        if again.state.is_over() {
            again.ran = 0;
        }
        self.set(step, State::Running { since: at }, at)
    }

    /// One command of a step went well; there are more, which somebody has to ask for.
    pub fn advance(&mut self, step: usize, at: Time) -> Result<(), ProgressError> {
        self.step(step)?.ran += 1;
        self.set(step, State::ToDo, at)
    }

    /// What a command of a step said.
    pub fn say(&mut self, step: usize, command: &str, result: &str, at: Time) -> Result<(), ProgressError> {
        let said = Said { at, command: command.to_owned(), result: result.to_owned() };
        self.step(step)?.said.push(said);
        Ok(())
    }

    /// What was begun is to do again, from the same command on: nothing was sent after all.
    pub fn put_back(&mut self, step: usize, at: Time) -> Result<(), ProgressError> {
        self.set(step, State::ToDo, at)
    }

    pub fn done(&mut self, step: usize, by: &str, at: Time) -> Result<(), ProgressError> {
        self.set(step, State::Done { at, by: by.to_owned() }, at)
    }

    pub fn fail(&mut self, step: usize, reason: &str, at: Time) -> Result<(), ProgressError> {
        self.set(step, State::Failed { at, reason: reason.to_owned() }, at)
    }

    /// A step is left out; why has to be said.
    pub fn skip(&mut self, step: usize, by: &str, reason: &str, at: Time) -> Result<(), ProgressError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ProgressError::Reason);
        }
        self.set(step, State::Skipped { at, by: by.to_owned(), reason: reason.to_owned() }, at)
    }

    /// Goes back: this step and all after it are to do again.
    pub fn from(&mut self, step: usize, at: Time) -> Result<(), ProgressError> {
        self.step(step)?;
        for again in self.steps.iter_mut().skip(step) {
            (again.state, again.ran, again.changed) = (State::ToDo, 0, Some(at));
            again.changes += 1;
        }
        Ok(())
    }

    pub fn note(&mut self, step: Option<usize>, by: &str, text: &str, at: Time) -> Result<(), ProgressError> {
        if let Some(step) = step {
            self.step(step)?;
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(ProgressError::Words);
        }
        self.notes.push(Note { at, by: by.to_owned(), text: text.to_owned(), step });
        Ok(())
    }

    fn step(&mut self, step: usize) -> Result<&mut StepProgress, ProgressError> {
        self.steps.get_mut(step).ok_or(ProgressError::Step(step + 1))
    }

    fn set(&mut self, step: usize, state: State, at: Time) -> Result<(), ProgressError> {
        let step = self.step(step)?;
        (step.state, step.changed) = (state, Some(at));
        step.changes += 1;
        Ok(())
    }
}
