//! Queries of Logs Insights on the screen: what was asked, what it may cost, how far it is, what it found. Nothing is billed before a person
//! has seen the estimate and agreed; one runs at a time. State and what changes it: `session::act::query` asks, `view` draws, the engine runs.

mod result;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::pane::PaneId;
use super::pane::queries::{self, RESULT};
use super::{Effect, Session, Tone, act, rows, update};
use crate::log::insights::{Chosen, Named, Unchosen, after, choose, listed};
use crate::model::Time;
use crate::model::query::{Answer, Ask, Asked, End, News, Status};

pub(crate) use result::Found;

/// AWS asks no more groups in one query.
const GROUPS: usize = 50;

/// Over how much of the past a query goes; more is `logs query --since`.
const SPANS: [(&str, i64); 5] = [("15m", 15), ("1h", 60), ("3h", 180), ("12h", 720), ("24h", 1440)];

/// What is asked, by the name that a person knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Of a named query, with its value; else none.
    pub(crate) name: Option<String>,
    pub(crate) asked: Asked,
}

impl Question {
    /// What it is called: its name, or its text on one line.
    pub(crate) fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.asked.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// Where the query on the screen is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stage {
    #[default]
    Nothing,
    Running {
        question: Question,
        since: Time,
        answer: Option<Answer>,
        stopping: bool,
    },
    /// What it found.
    Found(Box<Found>),
    /// It found nothing that can be shown, and why.
    Failed {
        question: Question,
        headline: String,
        hint: String,
    },
}

/// The queries of one dashboard.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    saved: BTreeMap<String, String>,
    /// This process may run what is billed.
    allowed: bool,
    /// Which of SPANS.
    span: usize,
    pub(crate) stage: Stage,
    /// Lines that were typed, the newest last.
    pub(crate) typed: Vec<String>,
}

impl Session {
    /// With these saved queries; whether this process may run any.
    #[must_use]
    pub fn querying(mut self, saved: BTreeMap<String, String>, allowed: bool) -> Self {
        self.queries = Queries { saved, allowed, span: 1, ..Queries::default() };
        self
    }

    /// The queries that have a name.
    pub(crate) fn named_queries(&self) -> Vec<Named> {
        listed(&self.queries.saved)
    }

    /// Whether one goes on at AWS.
    pub(crate) fn is_querying(&self) -> bool {
        matches!(self.queries.stage, Stage::Running { .. })
    }

    /// What keeps any query from being run here.
    pub(crate) fn query_forbidden(&self) -> Option<&'static str> {
        if !self.queries.allowed {
            return Some("queries cost money: for a viewer, [logs] insights = true in the configuration allows them");
        }
        self.stack.followed().is_empty().then_some("no log group is configured: log_group in [stack], or init finds them")
    }
}

/// What is meant by what was typed, over the window that is looked at.
pub(super) fn question(session: &Session, typed: &str) -> Result<Question, Unchosen> {
    let Chosen { name, text } = choose(&session.queries.saved, typed)?;
    let groups = session.stack.followed().into_iter().map(|g| g.name).take(GROUPS).collect();
    Ok(over(session, Question { name, asked: Asked { text, groups, from: session.now, until: session.now } }))
}

/// The same over the stretch of time that is chosen now: up to now, or round the moment that is looked at.
fn over(session: &Session, question: Question) -> Question {
    let span = TimeDelta::minutes(SPANS.get(session.queries.span).map_or(60, |s| s.1));
    let until = session.window.cursor.map_or(session.now, |at| (at + span / 2).min(session.now));
    Question { asked: Asked { from: until - span, until, ..question.asked }, ..question }
}

/// The next width of the window, for a question that is not asked yet.
pub(super) fn widen(session: &mut Session, question: Question) -> Question {
    session.queries.span = (session.queries.span + 1) % SPANS.len();
    over(session, question)
}

/// The width of the window, as it is called.
pub(crate) fn span(session: &Session) -> &'static str {
    SPANS.get(session.queries.span).map_or("", |s| s.0)
}

/// Begins it at AWS, and shows where its results will stand.
pub(super) fn run(session: &mut Session, question: Question, effects: &mut Vec<Effect>) {
    if session.is_querying() {
        return update::flash(session, "a query goes on: Esc in its pane stops it".to_owned(), Tone::Error);
    }
    effects.push(Effect::Query(Ask::Run(question.asked.clone())));
    session.queries.stage = Stage::Running { question, since: session.now, answer: None, stopping: false };
    update::push(session, PaneId::Queries, String::new(), RESULT);
}

/// Stops the one that goes on, if one does and nobody has yet.
pub(super) fn stop(session: &mut Session, effects: &mut Vec<Effect>) -> bool {
    let Stage::Running { stopping, .. } = &mut session.queries.stage else { return false };
    if std::mem::replace(stopping, true) {
        return false;
    }
    effects.push(Effect::Query(Ask::Stop));
    update::flash(session, "stopping the query at AWS".to_owned(), Tone::Done);
    true
}

/// Sorts what was found by the next column, or turns its order round.
pub(super) fn sort(session: &mut Session, turn: bool) {
    match &mut session.queries.stage {
        Stage::Found(found) if turn => found.turn(),
        Stage::Found(found) => found.sort_next(),
        _ => update::flash(session, "nothing found yet that could be sorted".to_owned(), Tone::Done),
    }
}

/// Saves what was found as CSV: what is shown, in the order in which it is shown.
pub(super) fn save(session: &mut Session, effects: &mut Vec<Effect>) {
    let filter = session.list(PaneId::Queries, "", RESULT).filter;
    match &session.queries.stage {
        Stage::Found(found) => effects.push(Effect::Save { name: found.file_name(), text: found.csv(&filter) }),
        _ => update::flash(session, "nothing found yet that could be saved".to_owned(), Tone::Done),
    }
}

/// What `y` copies: the text of the selected query, the selected row as JSON, or the selected value.
pub(super) fn copied(session: &Session) -> Option<String> {
    let screen = session.screen()?;
    let state = session.list(screen.pane, &screen.subject, screen.panel);
    let at = state.position(&rows::ids(session, screen.pane, &screen.subject, screen.panel));
    match screen.panel {
        0 => queries::named(session, &state.filter).into_iter().nth(at).map(|named| named.text),
        RESULT => queries::found(session)?.json(queries::selected(session)?),
        _ => queries::cells_shown(session, &state.filter).get(at).map(|(_, value)| (*value).to_owned()),
    }
}

/// What the engine tells.
pub(super) fn take(session: &mut Session, news: News) {
    session.dirty = true;
    match news {
        News::Estimated(asked, estimate) => act::estimated(session, &asked, estimate),
        News::Progress(found) => {
            if let Stage::Running { answer, .. } = &mut session.queries.stage {
                *answer = Some(found);
            }
        }
        News::Ended(end) => {
            let Stage::Running { question, .. } = &session.queries.stage else { return };
            let question = question.clone();
            session.queries.stage = ended(question, end, session.now);
            if session.screen().is_none_or(|s| s.pane != PaneId::Queries) {
                update::flash(session, "the query is over: Q shows it".to_owned(), Tone::Done);
            }
        }
    }
}

fn ended(question: Question, end: End, at: Time) -> Stage {
    let failed = |question, headline: String, hint: String| Stage::Failed { question, headline, hint };
    match end {
        End::Over(answer) if answer.status == Status::Complete => Stage::Found(Box::new(Found::new(question, answer, at))),
        End::Over(answer) => {
            let headline = format!("the query {} at AWS; {}", answer.status.ended(), after(&answer));
            failed(question, headline, "a smaller window: w, before it runs".to_owned())
        }
        End::Malformed(problem) => failed(question, problem.headline, "correct the query; nothing was scanned".to_owned()),
        End::Failed(problem) => failed(question, problem.headline, problem.hint),
        End::Stopped(answer) => {
            let spent = answer.map_or_else(String::new, |answer| format!("; {}", after(&answer)));
            failed(question, format!("stopped at AWS{spent}"), String::new())
        }
        End::GoesOn { id, why } => failed(
            question,
            format!("it could not be stopped and may go on at AWS: {}", why.headline),
            format!("aws logs stop-query --query-id {id}"),
        ),
    }
}

#[cfg(test)]
mod tests;
