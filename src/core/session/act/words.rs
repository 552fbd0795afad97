//! A line that is typed about a step of a runbook: why it is skipped, or a note.

use super::{Act, Session, edit};
use crate::input::{Code, Key};
use crate::session::{Effect, runbook};

/// What the line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordsFor {
    /// The reason to leave a step out.
    Skip,
    Note,
}

/// The line.
#[derive(Debug, Clone)]
pub struct Words {
    pub of: WordsFor,
    /// The walk's id.
    pub walk: String,
    pub step: usize,
    /// The step's title.
    pub title: String,
    pub typed: String,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

pub(super) fn on_key(session: &mut Session, mut words: Words, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    words.wrong = None;
    match key.code {
        Code::Esc => return None,
        Code::Enter => {
            let taken = match words.of {
                WordsFor::Skip => runbook::skip(session, &words.walk, words.step, &words.typed, effects),
                WordsFor::Note => runbook::note(session, &words.walk, words.step, &words.typed, effects),
            };
            return taken.err().map(|wrong| Act::Words(Words { wrong: Some(wrong), ..words }));
        }
        _ => edit(&mut words.typed, key),
    }
    Some(Act::Words(words))
}
