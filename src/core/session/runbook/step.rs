//! What keys do in a walk: run the next command of the selected step, skip it, write a note, copy its shell lines, begin anew. Each change
//! is kept at once. Called by `update` and by the layer in which a reason or a note is typed.

use super::acts::Pending;
use super::live::Waiting;
use super::{Session, Walk, page, places};
use crate::input::Jump;
use crate::runbook::{Block, Command, LogQuery, Outcome, Progress, State, transcript};
use crate::session::act::{self, Act, Words, WordsFor};
use crate::session::pane::PaneId;
use crate::session::{Effect, Tone, update};

/// Enter: the next command of the selected step, or a tick where there is none.
pub(in crate::session) fn enter(session: &mut Session, effects: &mut Vec<Effect>) {
    let Some((id, at)) = session.at_step().map(|(id, at)| (id.to_owned(), at)) else { return };
    let (now, by) = (session.now, session.books.by.clone());
    let Some(walk) = session.books.walks.get_mut(&id) else { return };
    walk.leaving = false;
    walk.ticking = walk.ticking.filter(|step| *step == at);
    if walk.is_under_way(at) {
        return update::flash(session, "this step is under way; s skips it".to_owned(), Tone::Done);
    }
    let Some(step) = walk.progress.steps.get(at) else { return };
    let ran = if step.state.is_over() { 0 } else { step.ran };
    let Some(line) = walk.steps.get(at).and_then(|lines| lines.get(ran).or(lines.last())) else {
        if matches!(step.state, State::Done { .. }) {
            return update::flash(session, "done already".to_owned(), Tone::Done);
        }
        // It runs nothing: an Enter too many must not tick what nobody has read.
        let open = walk.progress.steps.iter().take(at).filter(|s| !s.state.is_over()).count();
        if open > 0 && walk.ticking != Some(at) {
            walk.ticking = Some(at);
            return update::flash(session, format!("before this one {} open: Enter again ticks it", many(open)), Tone::Error);
        }
        let _ = walk.progress.done(at, &by, now);
        let ticked = format!("ticked: {}", walk.book.steps.get(at).map_or("", |s| s.title.as_str()));
        update::flash(session, ticked, Tone::Done);
        return over(session, &id, at, effects);
    };
    let (text, ran) = (line.text.clone(), ran.min(walk.steps.get(at).map_or(0, |lines| lines.len() - 1)));
    match line.command.clone() {
        Err(wrong) => {
            let _ = walk.progress.say(at, &text, &wrong, now);
            let _ = walk.progress.fail(at, &format!("cannot be run: {wrong}"), now);
            effects.push(walk.kept(false));
        }
        Ok(Command::Check(_)) => wait(session, &id, Waiting { step: at, line: ran, ends: now, waits: false }, effects),
        Ok(Command::Wait(_, seconds)) => {
            let ends = now + chrono::TimeDelta::seconds(seconds);
            wait(session, &id, Waiting { step: at, line: ran, ends, waits: true }, effects);
        }
        Ok(Command::Act(request)) => {
            session.books.pending = Some(Pending { walk: id, step: at, text, request: request.clone(), sent: false });
            session.act = Some(act::ask(session, request, effects));
        }
        Ok(Command::Logs(query)) => {
            looked(session, &id, at, &text, effects);
            open_logs(session, &query);
        }
        Ok(Command::Open(node)) => {
            looked(session, &id, at, &text, effects);
            update::open_node(session, &node);
        }
        Ok(Command::Go(place)) => {
            looked(session, &id, at, &text, effects);
            // Of a runbook the log is of everything, not of a box that happens to be selected.
            if place == Jump::Logs { update::open_logs(session, "") } else { update::go(session, place) }
        }
    }
}

fn many(open: usize) -> String {
    if open == 1 { "a step is".to_owned() } else { format!("{open} steps are") }
}

fn wait(session: &mut Session, id: &str, waiting: Waiting, effects: &mut Vec<Effect>) {
    let now = session.now;
    // New answers after an action: not with the next interval, but now.
    if session.runs.values().any(|run| run.end.is_some()) {
        effects.push(Effect::Refresh(session.needs()));
    }
    let Some(walk) = session.books.walks.get_mut(id) else { return };
    let _ = walk.progress.begin(waiting.step, now);
    if waiting.waits {
        effects.push(walk.kept(false));
    }
    (walk.waiting, walk.decided) = (Some(waiting), None);
}

/// A place was opened: that is all that the command asks for.
fn looked(session: &mut Session, id: &str, at: usize, text: &str, effects: &mut Vec<Effect>) {
    let Some(mut walk) = session.books.walks.remove(id) else { return };
    let _ = walk.progress.begin(at, session.now);
    let _ = walk.progress.say(at, text, "opened", session.now);
    let next = ended(session, &mut walk, at, effects);
    session.books.walks.insert(id.to_owned(), walk);
    // What was opened is on the screen now: what comes next stands in the step.
    if let Next::Step(next) = next {
        go_on(session, id, next);
    }
}

fn open_logs(session: &mut Session, query: &LogQuery) {
    let service = query.service.as_ref().map(|s| format!("@{s}"));
    let words: Vec<&str> = service.as_deref().into_iter().chain(query.grep.as_deref()).collect();
    update::open_logs(session, &words.join(" "));
}

/// What is to do after a command that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// This step.
    Step(usize),
    /// The next command of the same step: what of it is done, and which that is.
    Command(String),
}

/// A command of a step went well: the step goes on, or is done.
pub(super) fn ended(session: &Session, walk: &mut Walk, at: usize, effects: &mut Vec<Effect>) -> Next {
    let _ = walk.progress.advance(at, session.now);
    let lines = walk.steps.get(at).map_or(&[][..], Vec::as_slice);
    let (ran, all) = (walk.progress.steps.get(at).map_or(0, |step| step.ran), lines.len());
    let next = lines.get(ran).map(|line| format!("{ran} of {all} in this step: Enter runs {}", line.text));
    let is_last = next.is_none();
    if is_last {
        let _ = walk.progress.done(at, &session.books.by, session.now);
    }
    effects.push(walk.kept(is_last && walk.progress.outcome() == Outcome::Finished));
    next.map_or_else(|| Next::Step(following(&walk.progress, at)), Next::Command)
}

/// A command of a step went wrong.
pub(super) fn failed(session: &Session, walk: &mut Walk, at: usize, why: &str, effects: &mut Vec<Effect>) {
    let _ = walk.progress.fail(at, why, session.now);
    effects.push(walk.kept(false));
}

/// The next step that is to do, from here on or from the beginning; the same one if there is none.
fn following(progress: &Progress, at: usize) -> usize {
    let open = |step: &usize| progress.steps.get(*step).is_some_and(|s| !s.state.is_over());
    (at + 1..progress.steps.len()).find(open).or_else(|| (0..at).find(open)).unwrap_or(at)
}

/// Goes on with what is next.
pub(super) fn follow_up(session: &mut Session, id: &str, next: Next) {
    match next {
        Next::Step(step) => go_on(session, id, step),
        Next::Command(told) => update::flash(session, told, Tone::Done),
    }
}

/// Selects a step of a walk, and says so when nothing is left.
fn go_on(session: &mut Session, id: &str, next: usize) {
    session.select_step(id, next);
    let finished = session.books.walks.get(id).is_some_and(|w| w.progress.outcome() == Outcome::Finished);
    if finished {
        update::flash(session, "every step is done or skipped".to_owned(), Tone::Done);
    }
}

/// A step was ticked or skipped by hand.
fn over(session: &mut Session, id: &str, at: usize, effects: &mut Vec<Effect>) {
    let Some(walk) = session.books.walks.get(id) else { return };
    effects.push(walk.kept(walk.progress.outcome() == Outcome::Finished));
    let next = following(&walk.progress, at);
    go_on(session, id, next);
}

/// Asks for the reason to leave the selected step out.
pub(in crate::session) fn start_skip(session: &mut Session) {
    type_words(session, WordsFor::Skip);
}

/// Asks for a note on the selected step.
pub(in crate::session) fn start_note(session: &mut Session) {
    type_words(session, WordsFor::Note);
}

fn type_words(session: &mut Session, of: WordsFor) {
    let Some((id, at)) = session.at_step().map(|(id, at)| (id.to_owned(), at)) else { return };
    let title = session.walk(&id).and_then(|w| w.book.steps.get(at)).map(|s| s.title.clone()).unwrap_or_default();
    session.act = Some(Act::Words(Words { of, walk: id, step: at, title, typed: String::new(), wrong: None }));
}

/// The reason was typed.
pub(in crate::session) fn skip(session: &mut Session, id: &str, at: usize, reason: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    let (now, by) = (session.now, session.books.by.clone());
    let Some(walk) = session.books.walks.get_mut(id) else { return Ok(()) };
    walk.progress.skip(at, &by, reason, now).map_err(|e| e.to_string())?;
    walk.waiting = walk.waiting.take().filter(|w| w.step != at);
    walk.acting = walk.acting.take().filter(|a| a.step != at);
    over(session, id, at, effects);
    Ok(())
}

/// The note was typed.
pub(in crate::session) fn note(session: &mut Session, id: &str, at: usize, text: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    let (now, by) = (session.now, session.books.by.clone());
    let Some(walk) = session.books.walks.get_mut(id) else { return Ok(()) };
    walk.progress.note(Some(at), &by, text, now).map_err(|e| e.to_string())?;
    effects.push(walk.kept(false));
    Ok(())
}

/// Begins the walk anew; what is done in it is told first, and is written down.
pub(in crate::session) fn again(session: &mut Session, effects: &mut Vec<Effect>) {
    let Some(id) = session.at_step().map(|(id, _)| id.to_owned()) else { return };
    let (now, by) = (session.now, session.books.by.clone());
    let Some(walk) = session.books.walks.get_mut(&id) else { return };
    let (over, all) = walk.count();
    if walk.progress.is_untouched() {
        return update::flash(session, "nothing is done yet".to_owned(), Tone::Done);
    }
    if over < all && !walk.leaving {
        walk.leaving = true;
        return update::flash(session, format!("press r again to begin anew: {over} of {all} steps are done or skipped"), Tone::Error);
    }
    // One that is over was written down when it ended.
    let text = (over < all).then(|| transcript(&walk.book, &walk.progress));
    walk.progress = walk.progress.anew(&walk.book, &by, now);
    (walk.waiting, walk.acting, walk.leaving) = (None, None, false);
    effects.push(Effect::Keep(Box::new(super::Kept { progress: walk.progress.clone(), transcript: text })));
    session.select_step(&id, 0);
}

/// What `y` copies: the next block of shell lines of the selected step; where there is none, its next command.
pub(in crate::session) fn copied(session: &mut Session) -> Option<String> {
    let (id, at) = session.at_step().map(|(id, at)| (id.to_owned(), at))?;
    let walk = session.books.walks.get_mut(&id)?;
    let shells: Vec<&str> = walk.book.steps.get(at)?.blocks.iter().filter_map(shell).collect();
    let next = walk.copied.filter(|(step, _)| *step == at).map_or(0, |(_, n)| (n + 1) % shells.len().max(1));
    if let Some(text) = shells.get(next) {
        walk.copied = Some((at, next));
        return Some((*text).to_owned());
    }
    let ran = walk.progress.steps.get(at)?.ran;
    let lines = walk.steps.get(at)?;
    lines.get(ran).or(lines.last()).map(|line| line.text.clone())
}

fn shell(block: &Block) -> Option<&str> {
    if let Block::Shell { text, .. } = block { Some(text) } else { None }
}

/// What is said of what was copied: `copied block 1 of 2: aws rds …`.
pub(in crate::session) fn told(session: &Session, text: &str) -> String {
    let block = session.at_step().and_then(|(id, at)| {
        let walk = session.walk(id)?;
        let all = walk.book.steps.get(at)?.blocks.iter().filter_map(shell).count();
        walk.copied.filter(|(step, _)| *step == at && all > 1).map(|(_, n)| format!(" {} of {all}", n + 1))
    });
    format!("copied{}: {}", block.unwrap_or_default(), text.lines().next().unwrap_or_default())
}

/// Pages of the selected step's text.
pub(in crate::session) fn scroll(session: &mut Session, down: bool) {
    let Some((id, at)) = session.at_step().map(|(id, at)| (id.to_owned(), at)) else { return };
    let line = session.banner().is_some() || session.reminder().is_some() || session.notice().is_some();
    let size = (session.size.0, session.size.1.saturating_sub(2 + u16::from(line)));
    let Some(walk) = session.walk(&id) else { return };
    let room = places(size, walk).page;
    let rows = page::lines(walk, at, session.now, usize::from(room.w)).len();
    let (height, rows) = (usize::from(room.h), rows.saturating_sub(usize::from(room.h)));
    let by = height.saturating_sub(1).max(1);
    if let Some(walk) = session.books.walks.get_mut(&id) {
        walk.scroll = if down { (walk.scroll + by).min(rows) } else { walk.scroll.min(rows).saturating_sub(by) };
    }
}

/// Whether the log that is open was opened by a step: one goes back to it at once.
pub(in crate::session) fn leads_back(session: &Session) -> bool {
    matches!(session.screens.as_slice(), [.., under, top] if under.pane == PaneId::Runbook && top.pane == PaneId::Logs)
}
