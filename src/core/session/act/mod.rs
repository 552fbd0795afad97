//! The layers above the body: menu, form, plan, arming, progress, palette, what a runbook asks for. State and what keys do to it; nothing is sent from
//! here but effects, and no effect executes anything but a plan that was on the screen. Called by `update`; drawn by `view::layer`.

mod choice;
mod form;
mod meant;
mod menu;
mod news;
mod palette;
mod plan;
mod query;
mod rehearse;
mod stacks;
mod values;
mod words;

use std::sync::Arc;

use super::{Effect, Session, runbook};
use crate::input::{Code, Key};
use crate::model::Time;
use crate::model::action::Request;
use crate::model::mode::Mode;
use crate::model::plan::{Plan, Refusal, Run, Unfinished};

pub use form::{Field, Form};
pub(crate) use menu::RUNBOOKS;
pub use menu::{Menu, MenuItem};
pub(super) use menu::{open as open_menu, subjects};
pub(super) use news::take as take_news;
pub(super) use palette::open as open_palette;
pub use palette::{Palette, Suggestion};
pub(super) use plan::paste;
pub use query::Querying;
pub(super) use query::{begin as begin_query, estimated};
pub use values::Values;
pub use words::{Words, WordsFor};

/// Longer input is cut: a paste must not fill memory.
const LONGEST: usize = 200;
/// A query is a small program.
const LONGEST_QUERY: usize = 4000;

/// What lies above the body.
#[derive(Debug, Clone)]
pub enum Act {
    /// The actions of what is selected.
    Menu(Menu),
    /// The parameters of one.
    Form(Form),
    /// A plan is being made.
    Planning {
        /// Of what.
        request: Request,
        /// Since when.
        since: Time,
    },
    /// A plan to look at.
    Planned(Planned),
    /// Why there is none, or why it was not sent.
    Refused {
        /// What was asked for.
        request: Request,
        /// Why not.
        refusal: Refusal,
    },
    /// Typing the stack's name, to be armed; the plan that waits for it, if one does.
    Arming {
        /// What is typed.
        typed: String,
        /// What is wrong with it.
        wrong: bool,
        /// Where it leads back to.
        back: Option<Box<Planned>>,
    },
    /// How a run goes, by its id.
    Running(String),
    /// Commands by name.
    Palette(Palette),
    /// What a runbook asks for.
    Values(Values),
    /// A reason or a note about a step of a runbook.
    Words(Words),
    /// A query of Logs Insights, before it runs.
    Query(Querying),
    /// What is owed.
    Owed {
        /// The selected one.
        index: usize,
    },
    /// The configured stacks.
    Stacks {
        /// The selected one.
        index: usize,
    },
    /// Intents without an outcome.
    Unfinished {
        /// All of them.
        list: Vec<Unfinished>,
        /// The selected one.
        index: usize,
    },
}

/// A plan on the screen, and how far its confirmation is.
#[derive(Debug, Clone)]
pub struct Planned {
    pub plan: Arc<Plan>,
    /// It replaces one that something moved away under.
    pub moved: bool,
    /// What is typed to confirm an outage.
    pub typed: String,
    /// Said about what was typed.
    pub wrong: Option<&'static str>,
    /// The button to go on has the focus; else the one to leave.
    pub go: bool,
    /// It was confirmed: the answer is on its way.
    pub sent: bool,
    /// Rows scrolled, where it is longer than the screen.
    pub scroll: usize,
}

impl Planned {
    /// A plan, not confirmed.
    pub fn new(plan: Arc<Plan>, moved: bool) -> Self {
        Self { plan, moved, typed: String::new(), wrong: None, go: false, sent: false, scroll: 0 }
    }
}

impl Session {
    /// The layer of actions, if one is open.
    pub fn act(&self) -> Option<&Act> {
        self.act.as_ref()
    }

    /// A run by its id.
    pub fn run(&self, id: &str) -> Option<&Arc<Run>> {
        self.runs.get(id)
    }

    /// The runs that have no end yet, oldest first.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.runs.values().filter(|r| r.end.is_none())
    }

    /// Whether plans can be carried out at all in this process.
    pub(crate) fn may_act(&self) -> bool {
        self.mode != Mode::Viewer
    }
}

/// One key while a layer is open.
pub(super) fn on_key(session: &mut Session, key: Key, effects: &mut Vec<Effect>) {
    let Some(act) = session.act.take() else { return };
    let next = match act {
        Act::Menu(menu) => menu::on_key(session, menu, key, effects),
        Act::Form(form) => form::on_key(session, form, key, effects),
        Act::Planned(planned) => plan::on_key(session, planned, key, effects),
        Act::Arming { typed, back, .. } => arming(session, typed, back, key, effects),
        Act::Palette(palette) => palette::on_key(session, palette, key, effects),
        Act::Values(values) => values::on_key(session, values, key),
        Act::Words(words) => words::on_key(session, words, key, effects),
        Act::Query(querying) => query::on_key(session, querying, key, effects),
        Act::Running(id) => plan::on_run_key(session, id, key, effects),
        Act::Owed { index } => owed(session, index, key, effects),
        Act::Stacks { index } => stacks::on_key(session, index, key, effects),
        Act::Unfinished { list, index } => unfinished(session, list, index, key, effects),
        other @ (Act::Planning { .. } | Act::Refused { .. }) => match key.code {
            Code::Esc | Code::Enter | Code::Char('q') => None,
            _ => Some(other),
        },
    };
    // What a layer opens for itself (a pane) may have set another one.
    if session.act.is_none() {
        session.act = next;
    }
    if session.act.is_none() {
        runbook::left(session);
    }
}

/// Asks for a plan and waits for it.
pub(super) fn ask(session: &Session, request: Request, effects: &mut Vec<Effect>) -> Act {
    effects.push(Effect::Plan(request.clone()));
    Act::Planning { request, since: session.now }
}

fn arming(session: &mut Session, mut typed: String, back: Option<Box<Planned>>, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    match key.code {
        Code::Esc => return back.map(|p| Act::Planned(*p)),
        Code::Enter if typed == session.stack.name => {
            effects.push(Effect::Arm);
            return back.map(|p| Act::Planned(*p));
        }
        Code::Enter => return Some(Act::Arming { typed, wrong: true, back }),
        _ => edit(&mut typed, key),
    }
    Some(Act::Arming { typed, wrong: false, back })
}

/// The way out of each is an ordinary plan: nothing is sent from the list.
fn owed(session: &Session, index: usize, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let last = session.owed.len().saturating_sub(1);
    match key.code {
        Code::Down | Code::Char('j') => Some(Act::Owed { index: (index + 1).min(last) }),
        Code::Up | Code::Char('k') => Some(Act::Owed { index: index.saturating_sub(1) }),
        Code::Enter => session.owed.get(index.min(last)).map(|s| ask(session, s.obligation.owed.undo(), effects)),
        Code::Esc | Code::Char('q') => None,
        _ => Some(Act::Owed { index }),
    }
}

fn unfinished(session: &mut Session, list: Vec<Unfinished>, index: usize, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let seen = |effects: &mut Vec<Effect>, item: &Unfinished| effects.push(Effect::Seen(item.id.clone()));
    match key.code {
        Code::Down | Code::Char('j') => Some(Act::Unfinished { index: (index + 1).min(list.len().saturating_sub(1)), list }),
        Code::Up | Code::Char('k') => Some(Act::Unfinished { index: index.saturating_sub(1), list }),
        Code::Enter => {
            let mut list = list;
            if index < list.len() {
                let item = list.remove(index);
                seen(effects, &item);
                session.look_at(&item.request);
            }
            None
        }
        Code::Esc => None,
        Code::Char('c') => {
            for item in &list {
                seen(effects, item);
            }
            None
        }
        _ => Some(Act::Unfinished { list, index }),
    }
}

/// One key of a line of text.
fn edit(text: &mut String, key: Key) {
    edit_within(text, key, LONGEST);
}

fn edit_within(text: &mut String, key: Key, longest: usize) {
    match key.code {
        Code::Backspace => {
            text.pop();
        }
        Code::Char('u') if key.ctrl => text.clear(),
        Code::Char(c) if !key.ctrl && !key.alt && text.len() < longest => text.push(c),
        _ => {}
    }
}

#[cfg(test)]
pub(super) mod tests;
