//! The places that were open, as a browser keeps them: one may go back to the one before and forward again. It knows what was open, not what
//! that shows. `update` notes where one is after every message; `[` and `]` walk along it. Esc is another thing: it closes what is on top.

use super::pane::PaneId;
use super::{Screen, Session, Tone, update};

/// So many places are remembered.
const KEEP: usize = 50;

/// The open panes of each place, the topmost last; none on the stack view.
#[derive(Debug)]
pub(super) struct Trail {
    places: Vec<Vec<Screen>>,
    at: usize,
}

impl Default for Trail {
    fn default() -> Self {
        Self { places: vec![Vec::new()], at: 0 }
    }
}

impl Trail {
    /// Notes where one is: another place than before cuts off what was forward.
    pub(super) fn note(&mut self, open: &[Screen]) {
        if self.places.get(self.at).is_some_and(|here| here.last() == open.last()) {
            return self.stay(open);
        }
        self.places.truncate(self.at + 1);
        self.places.push(open.to_vec());
        if self.places.len() > KEEP {
            self.places.remove(0);
        }
        self.at = self.places.len() - 1;
    }

    /// It is the same place still: another of its panels has the focus, or something beneath it was closed.
    pub(super) fn stay(&mut self, open: &[Screen]) {
        if let Some(here) = self.places.get_mut(self.at).filter(|here| here.as_slice() != open) {
            *here = open.to_vec();
        }
    }

    fn step(&mut self, by: isize) -> Option<Vec<Screen>> {
        let to = self.at.checked_add_signed(by)?;
        let open = self.places.get(to)?.clone();
        self.at = to;
        Some(open)
    }
}

/// One place back or forward, or says that there is none.
pub(super) fn walk(session: &mut Session, by: isize) {
    let Some(open) = session.trail.step(by) else {
        let words = if by < 0 { "nothing further back" } else { "nothing further forward" };
        return update::flash(session, words.to_owned(), Tone::Done);
    };
    if open.last().is_some_and(|screen| screen.pane == PaneId::Logs) {
        update::wake_logs(session);
    }
    session.screens = open;
}
