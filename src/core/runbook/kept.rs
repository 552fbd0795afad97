//! A walk that outlives its dashboard: what it is called in the state folder, how it goes on when two dashboards or a changed file meet it,
//! and when it changed last. Called by the shell, which reads and writes it, and by the session.

use std::fmt::Write;

use super::parse::Runbook;
use super::progress::{Progress, State, StepProgress};
use crate::model::Time;

/// A file's name may have 255 bytes on every file system that matters.
const LONGEST: usize = 180;

impl Progress {
    /// What a walk is told from others by: the runbook and the values, `crash-loop service=web`.
    pub fn id(&self) -> String {
        let values = self.values.iter().map(|(name, value)| format!(" {name}={value}"));
        std::iter::once(self.runbook.clone()).chain(values).collect()
    }

    /// The same as a file's name: what means something to a file system is written in hexadecimal.
    pub fn file(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
        let mut name = String::new();
        for byte in self.id().bytes() {
            let c = char::from(byte);
            match c {
                ' ' => name.push('+'),
                c if plain(c) => name.push(c),
                _ => {
                    let _ = write!(name, "%{byte:02x}");
                }
            }
        }
        if name.len() > LONGEST {
            let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, b| (sum ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
            name.truncate(LONGEST);
            let _ = write!(name, "-{sum:016x}");
        }
        name + ".json"
    }

    /// Whether nothing was done in it.
    pub fn is_untouched(&self) -> bool {
        self.notes.is_empty() && self.steps.iter().all(|step| step.changes == 0)
    }

    /// When anything in it was changed or noted last.
    pub fn touched(&self) -> Time {
        let steps = self.steps.iter().filter_map(|s| s.changed);
        steps.chain(self.notes.iter().map(|n| n.at)).fold(self.started_at, Time::max)
    }

    /// Of two dashboards on one walk: the newer state of each step, and everything that was said and noted. A walk that was begun anew is
    /// another one, and takes the older one's place.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        if self.round != other.round || self.steps.len() != other.steps.len() {
            return if (other.round, other.touched()) > (self.round, self.touched()) { other } else { self };
        }
        let mut all = self;
        all.incident = all.incident.or(other.incident);
        for (own, theirs) in all.steps.iter_mut().zip(other.steps) {
            if (theirs.changes, theirs.changed) > (own.changes, own.changed) {
                (own.state, own.ran) = (theirs.state, theirs.ran);
                (own.changed, own.changes) = (theirs.changed, theirs.changes);
            }
            let new: Vec<_> = theirs.said.into_iter().filter(|said| !own.said.contains(said)).collect();
            own.said.extend(new);
            own.said.sort_by_key(|said| said.at);
        }
        let new: Vec<_> = other.notes.into_iter().filter(|note| !all.notes.contains(note)).collect();
        all.notes.extend(new);
        all.notes.sort_by_key(|note| note.at);
        all
    }

    /// The same walk through the runbook as it is now: a step is found again by its title, and one that is new is to do.
    #[must_use]
    pub fn refitted(mut self, runbook: &Runbook) -> Self {
        if self.fits(runbook) {
            return self;
        }
        let mut before: Vec<Option<StepProgress>> = std::mem::take(&mut self.steps).into_iter().map(Some).collect();
        let mut moved = Vec::new();
        for step in &runbook.steps {
            let at = before.iter().position(|old| old.as_ref().is_some_and(|old| old.title == step.title));
            let old = at.and_then(|at| Some((at, before.get_mut(at)?.take()?)));
            let (from, mut kept) =
                old.map_or_else(|| (None, StepProgress { title: step.title.clone(), ..Default::default() }), |(at, old)| (Some(at), old));
            // A command that went well may be another one now.
            if !kept.state.is_over() {
                kept.ran = 0;
            }
            if matches!(kept.state, State::Running { .. }) {
                kept.state = State::ToDo;
            }
            moved.push(from);
            self.steps.push(kept);
        }
        for note in &mut self.notes {
            note.step = note.step.and_then(|step| moved.iter().position(|from| *from == Some(step)));
        }
        self
    }
}
