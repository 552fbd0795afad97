//! What keys do in the log: searching, filtering, following. Its state stands in `session::logs`. Called by `update`.

use std::sync::Arc;

use super::flash;
use crate::input::{Code, Intent, Key};
use crate::model::log::LogTail;
use crate::session::logs::Ask;
use crate::session::{Effect, Session, Tone};

/// Carries out what a key means there.
pub(super) fn carry(session: &mut Session, intent: Intent, key: Key, effects: &mut Vec<Effect>) {
    let logs = &mut session.logs;
    match intent {
        Intent::Follow if logs.pin().is_some() => logs.follow(),
        Intent::Follow => logs.pause(),
        Intent::Wrap => logs.wrap = !logs.wrap,
        Intent::Search => logs.start(Ask::Search),
        Intent::Query => logs.start(Ask::Filter),
        Intent::Match => next_match(session, key.code == Code::Char('n')),
        Intent::Context => context(session, key),
        Intent::Problems => logs.toggle_problems(),
        Intent::Times => logs.times = logs.times.next(),
        Intent::GoTo => logs.start(Ask::Time),
        Intent::Mark => mark(session, key.code == Code::Char('m')),
        Intent::Save => save(session, effects),
        Intent::Older => older(session),
        _ => {}
    }
}

/// Pasted text goes where typed text goes.
pub(super) fn paste(session: &mut Session, text: &str) -> bool {
    let taken = session.logs.paste(text);
    session.dirty |= taken;
    taken
}

fn older(session: &mut Session) {
    // The lines that are looked at stay where they are while others come above them.
    session.logs.pause();
    if let Some(words) = session.logs.want_older(session.now) {
        flash(session, words, Tone::Error);
    }
}

/// What is wanted of the past is said to the engine, and to the person once it is there.
pub(super) fn follow_older(session: &mut Session, effects: &mut Vec<Effect>) {
    if let Some(words) = session.logs.older_done(session.now) {
        flash(session, words, Tone::Done);
    }
    effects.extend(session.logs.tell_older());
}

fn next_match(session: &mut Session, forward: bool) {
    let text = session.logs.search().text().to_owned();
    if text.is_empty() {
        return flash(session, "nothing is searched for: / searches".to_owned(), Tone::Done);
    }
    match session.logs.next_hit(forward) {
        None => flash(session, format!("no line has “{text}”"), Tone::Done),
        Some(true) if forward => flash(session, "past the last match: on from the first".to_owned(), Tone::Done),
        Some(true) => flash(session, "past the first match: on from the last".to_owned(), Tone::Done),
        Some(false) => {}
    }
}

fn mark(session: &mut Session, here: bool) {
    if here {
        session.logs.toggle_mark();
    } else if !session.logs.next_mark() {
        flash(session, "no marked line is shown: m marks one".to_owned(), Tone::Done);
    }
}

fn save(session: &mut Session, effects: &mut Vec<Effect>) {
    let tail = session.store.get::<LogTail>().filter(|_| !session.logs.shown().is_empty());
    match tail.map(|tail| session.logs.saved(tail, session.now)) {
        Some((name, text)) => effects.push(Effect::Save { name, text }),
        None => flash(session, "no lines to save".to_owned(), Tone::Done),
    }
}

/// Opens the event under the cursor.
pub(super) fn open(session: &mut Session) {
    let store = Arc::clone(&session.store);
    if let Some(tail) = store.get::<LogTail>() {
        session.logs.open_event(tail);
    }
}

/// What `y` copies: of an open event what is selected, else the event under the cursor.
pub(super) fn copied(session: &Session) -> Option<String> {
    let logs = &session.logs;
    match &logs.detail {
        Some(detail) => Some(detail.copied(session.detail_width())),
        None => logs.text(session.store.get::<LogTail>()?, logs.shown().get(logs.position())?.place),
    }
}

fn context(session: &mut Session, key: Key) {
    let now = session.logs.context();
    let lines = match key.code {
        Code::Char('+') => now + 1,
        Code::Char('-') => now.saturating_sub(1),
        _ => 0,
    };
    session.logs.set_context(lines);
    let words = match (session.logs.context(), session.logs.whole_filter().is_empty()) {
        (0, _) => "no lines round matches".to_owned(),
        (n, false) => format!("{n} before and after each match"),
        (n, true) => format!("{n} before and after each match, once there is a filter"),
    };
    flash(session, words, Tone::Done);
}
