//! Asking for a query of Logs Insights: its text or its value is typed, what it may cost is shown, and only then Enter runs it. Nothing is
//! billed from here but by that Enter.

use super::palette::Suggestion;
use super::{Act, LONGEST_QUERY, Session, edit_within};
use crate::input::{Code, Key};
use crate::model::Time;
use crate::model::query::{Ask, Asked, Estimate};
use crate::model::section::Problem;
use crate::session::query::{self, Question};
use crate::session::{Effect, Tone, update};

/// Its word in the palette.
pub(super) const WORD: &str = "query";

/// How far the asking is.
#[derive(Debug, Clone)]
pub enum Querying {
    /// A query, or the name of one and its value.
    Typing {
        typed: String,
        wrong: Option<String>,
        /// How far back in what was typed before.
        back: usize,
    },
    /// AWS is asked how much is stored.
    Estimating { question: Question, since: Time },
    /// It waits for the person.
    Asking { question: Question, estimate: Result<Estimate, Problem> },
}

/// Opens the line to type one.
fn open(session: &mut Session, typed: String) {
    match session.query_forbidden() {
        Some(why) => update::flash(session, why.to_owned(), Tone::Error),
        None => session.act = Some(Act::Query(Querying::Typing { typed, wrong: None, back: 0 })),
    }
}

/// Begins with a query of this name; one that wants a value is asked for it.
pub(in crate::session) fn begin(session: &mut Session, name: &str, effects: &mut Vec<Effect>) {
    let wants_value = session.named_queries().iter().any(|n| n.name == name && n.wants_value());
    if wants_value || session.query_forbidden().is_some() {
        return open(session, format!("{name} "));
    }
    match query::question(session, name) {
        Ok(question) => session.act = Some(estimate(session, question, effects)),
        Err(why) => update::flash(session, why.to_string(), Tone::Error),
    }
}

/// `query` opens the line, `query NAME` or a whole query goes on to its cost.
pub(super) fn by_line(session: &mut Session, line: &str, effects: &mut Vec<Effect>) -> Result<Option<Act>, String> {
    let typed = line.strip_prefix(WORD).unwrap_or_default().trim().to_owned();
    if let Some(why) = session.query_forbidden() {
        return Err(why.to_owned());
    }
    if typed.is_empty() {
        open(session, typed);
        return Ok(session.act.take());
    }
    let question = query::question(session, &typed).map_err(|why| why.to_string())?;
    remember(session, typed);
    Ok(Some(estimate(session, question, effects)))
}

/// The names after `query `.
pub(super) fn suggestions(session: &Session, line: &str) -> Vec<Suggestion> {
    let Some(rest) = line.strip_prefix(WORD).and_then(|rest| rest.strip_prefix(' ')) else { return Vec::new() };
    let named = session.named_queries().into_iter().filter(|n| n.name.starts_with(rest));
    named.map(|n| Suggestion { text: format!("{WORD} {}{}", n.name, if n.wants_value() { " " } else { "" }), doc: n.about }).collect()
}

pub(super) fn on_key(session: &mut Session, querying: Querying, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let next = match (querying, key.code) {
        (_, Code::Esc) | (Querying::Asking { .. } | Querying::Estimating { .. }, Code::Char('q' | 'n')) => return None,
        (Querying::Typing { typed, .. }, Code::Enter) if typed.trim().is_empty() => return None,
        (Querying::Typing { typed, back, .. }, Code::Enter) => match query::question(session, &typed) {
            Ok(question) => {
                remember(session, typed);
                return Some(estimate(session, question, effects));
            }
            Err(why) => Querying::Typing { typed, wrong: Some(why.to_string()), back },
        },
        // As in a shell: up brings back what was typed before.
        (Querying::Typing { typed, back, .. }, Code::Up) => {
            let back = (back + 1).min(session.queries.typed.len());
            let earlier = session.queries.typed.iter().rev().nth(back.wrapping_sub(1)).cloned();
            Querying::Typing { typed: earlier.unwrap_or(typed), wrong: None, back }
        }
        (Querying::Typing { mut typed, back, .. }, _) => {
            edit_within(&mut typed, key, LONGEST_QUERY);
            Querying::Typing { typed, wrong: None, back }
        }
        (Querying::Asking { question, .. }, Code::Enter | Code::Char('y')) => {
            query::run(session, question, effects);
            return None;
        }
        (Querying::Asking { question, .. } | Querying::Estimating { question, .. }, Code::Char('w')) => {
            let question = query::widen(session, question);
            return Some(estimate(session, question, effects));
        }
        (other, _) => other,
    };
    Some(Act::Query(next))
}

/// Pasted text goes where typed text goes, as one line.
pub(super) fn paste(session: &mut Session, pasted: &str) -> bool {
    let Some(Act::Query(Querying::Typing { typed, .. })) = &mut session.act else { return false };
    let pasted = pasted.split(['\n', '\r']).collect::<Vec<_>>().join(" ");
    typed.extend(pasted.chars().filter(|c| !c.is_control()).take(LONGEST_QUERY.saturating_sub(typed.len())));
    true
}

/// What it may cost has come, if it is still wanted.
pub(in crate::session) fn estimated(session: &mut Session, asked: &Asked, estimate: Result<Estimate, Problem>) {
    if let Some(Act::Query(Querying::Estimating { question, .. })) = &session.act
        && question.asked == *asked
    {
        session.act = Some(Act::Query(Querying::Asking { question: question.clone(), estimate }));
    }
}

fn estimate(session: &Session, question: Question, effects: &mut Vec<Effect>) -> Act {
    effects.push(Effect::Query(Ask::Estimate(question.asked.clone())));
    Act::Query(Querying::Estimating { question, since: session.now })
}

fn remember(session: &mut Session, typed: String) {
    let typed = typed.trim().to_owned();
    session.queries.typed.retain(|t| *t != typed);
    session.queries.typed.push(typed);
}
