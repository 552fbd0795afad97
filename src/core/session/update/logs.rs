//! What keys do in the log: searching, filtering, following. Its state stands in `session::logs`. Called by `update`.

use super::flash;
use crate::input::{Code, Intent, Key};
use crate::session::logs::Ask;
use crate::session::{Session, Tone};

/// Carries out what a key means there.
pub(super) fn carry(session: &mut Session, intent: Intent, key: Key) {
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
        _ => {}
    }
}

/// Pasted text goes where typed text goes.
pub(super) fn paste(session: &mut Session, text: &str) -> bool {
    let taken = session.logs.paste(text);
    session.dirty |= taken;
    taken
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
