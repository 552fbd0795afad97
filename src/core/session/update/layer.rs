//! Layers: opening panes, going back, help, and typing a filter.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::logs;
use crate::input::{Code, Jump, Key};
use crate::insight::NodeId;
use crate::log;
use crate::model::log::LogTail;
use crate::session::filter::Filter;
use crate::session::pane::{Lead, PANES, PaneId, Query, row};
use crate::session::{Effect, Screen, Session, Tone, act, json, layout, query, rows, runbook};

/// Longer filters are cut: a paste must not fill memory.
const LONGEST_FILTER: usize = 200;

/// Opens what is selected.
pub(super) fn open(session: &mut Session, effects: &mut Vec<Effect>) {
    let Some(Screen { pane, subject, panel }) = session.screen().cloned() else {
        let node = session.selected.clone();
        return open_node(session, &node);
    };
    if session.situation().event {
        return;
    }
    if session.situation().logs {
        return logs::open(session);
    }
    let Some(enter) = row(pane).panels.get(panel).and_then(|p| p.enter) else { return };
    let state = session.list(pane, &subject, panel);
    let position = state.position(&rows::ids(session, pane, &subject, panel));
    match enter(session, &Query { subject: &subject, list: &state }, position) {
        Some(Lead::Node(node)) => open_node(session, &node),
        Some(Lead::Logs(filter)) => open_logs(session, &filter),
        Some(Lead::Runbook(name)) => said(session, |s| s.open_runbook(&name, &BTreeMap::new(), None)),
        Some(Lead::Walk(id)) => said(session, |s| s.reopen(&id)),
        Some(Lead::Query(name)) => act::begin_query(session, &name, effects),
        Some(Lead::Panel(panel)) => {
            if let Some(screen) = session.screens.last_mut() {
                screen.panel = panel;
            }
        }
        None => {}
    }
}

/// Does something that may be refused, and says why.
fn said(session: &mut Session, what: impl FnOnce(&mut Session) -> Result<(), String>) {
    if let Err(why) = what(session) {
        super::flash(session, why, Tone::Error);
    }
}

/// Opens what a node's box opens; back on the stack view its box is the selected one.
pub(in crate::session) fn open_node(session: &mut Session, node: &NodeId) {
    if layout::nodes(&session.stack).contains(node) {
        session.selected = node.clone();
    }
    let spec = layout::spec(node.system());
    push(session, spec.pane.0, (spec.subject)(node), spec.pane.1);
}

/// Opens a pane; one that is open already is raised instead of stacked twice.
pub(in crate::session) fn push(session: &mut Session, pane: PaneId, subject: String, panel: usize) {
    if pane == PaneId::Logs {
        wake_logs(session);
    }
    session.screens.retain(|s| s.pane != pane || s.subject != subject);
    session.screens.push(Screen { pane, subject, panel });
}

/// The log takes in what came while nobody looked.
pub(in crate::session) fn wake_logs(session: &mut Session) {
    let store = Arc::clone(&session.store);
    session.logs.wake(store.get::<LogTail>());
}

/// Jumps to a place; the log shows the lines of the service that is looked at.
pub(in crate::session) fn go(session: &mut Session, place: Jump) {
    if super::moment::carry(session, place) {
        return;
    }
    if place == Jump::Logs {
        let service = match session.screen() {
            Some(Screen { pane: PaneId::Service, subject, .. }) => Some(subject.clone()),
            _ => session.pointed().and_then(|node| node.as_service().map(str::to_owned)),
        };
        return open_log(session, service, log::query::Query::default());
    }
    if place == Jump::Runbooks {
        return match session.incident_with_runbook() {
            Some((book, values, id)) => said(session, |s| s.open_runbook(&book, &values, Some(&id))),
            None => runbook::open_list(session),
        };
    }
    if let Some(pane) = PANES.iter().find(|p| p.place == Some(place)) {
        push(session, pane.id, String::new(), 0);
    }
}

/// Opens the log, filtered by this; what is no filter is looked for as it stands.
pub(in crate::session) fn open_logs(session: &mut Session, filter: &str) {
    let query = log::query::Query::parse(filter).or_else(|_| log::query::Query::literal(filter));
    open_log(session, None, query.unwrap_or_default());
}

pub(in crate::session) fn open_log(session: &mut Session, service: Option<String>, filter: log::query::Query) {
    let store = Arc::clone(&session.store);
    session.logs.open(service, filter, store.get::<LogTail>());
    push(session, PaneId::Logs, String::new(), 0);
}

/// One layer up: help, then a filter, then a pane. On the stack view nothing is left to close.
pub(super) fn back(session: &mut Session, effects: &mut Vec<Effect>) {
    if session.help.is_some() {
        session.help = None;
    } else if session.screens.is_empty() && session.notice().is_some() {
        session.noted += 1;
    } else if runbook::leads_back(session) {
        set_filter(session, "");
        session.screens.pop();
    } else if session.situation().queries && query::stop(session, effects) {
        // It costs money while it goes on: what it has found by then stays on the screen.
    } else if session.situation().logs && session.logs.detail.is_none() && session.logs.stop_older() {
        super::flash(session, "no older lines are read".to_owned(), Tone::Done);
    } else if session.situation().logs && session.logs.back() {
        // A search, then a filter.
    } else if !filter(session).is_empty() {
        set_filter(session, "");
    } else {
        session.screens.pop();
    }
}

fn filter(session: &Session) -> String {
    match session.screen() {
        Some(s) => session.list(s.pane, &s.subject, s.panel).filter.text().to_owned(),
        None => String::new(),
    }
}

fn set_filter(session: &mut Session, text: &str) {
    let Some(Screen { pane, subject, panel }) = session.screens.last().cloned() else { return };
    let parsed = Filter::parse(text);
    let mut state = session.list(pane, &subject, panel);
    state.filter = parsed;
    session.lists.insert((pane, subject, panel), state);
}

/// Begins to edit the filter of what is on the screen.
pub(super) fn start_filter(session: &mut Session) {
    session.typing = Some(filter(session));
}

/// One key of a filter; what is typed is in force at once.
pub(super) fn type_filter(session: &mut Session, key: Key) {
    let Some(mut text) = session.typing.take() else { return };
    match key.code {
        Code::Enter => return,
        Code::Esc => return set_filter(session, ""),
        Code::Backspace => {
            text.pop();
        }
        Code::Char('u') if key.ctrl => text.clear(),
        Code::Char(c) if !key.ctrl && !key.alt && text.len() < LONGEST_FILTER => text.push(c),
        _ => {}
    }
    set_filter(session, &text);
    session.typing = Some(text);
}

/// Pasted text goes where typed text goes; elsewhere it is dropped (`false`), for it is not a row of commands.
pub(super) fn paste(session: &mut Session, pasted: &str) -> bool {
    let Some(mut text) = session.typing.take() else { return false };
    text.extend(pasted.chars().filter(|c| !c.is_control()).take(LONGEST_FILTER.saturating_sub(text.len())));
    set_filter(session, &text);
    session.typing = Some(text);
    session.dirty = true;
    true
}

/// What `y` copies: the name of what is selected; where that is nothing in AWS, the line as it stands.
pub(super) fn copied(session: &mut Session) -> Option<String> {
    if session.situation().walk {
        return runbook::copied(session);
    }
    if session.situation().queries {
        return query::copied(session);
    }
    if session.situation().logs {
        return logs::copied(session);
    }
    if let Some(found) = session.selected_resource() {
        return Some(found.name).filter(|name| !name.is_empty());
    }
    let Screen { pane, subject, panel } = session.screen()?;
    let ids = rows::ids(session, *pane, subject, *panel);
    let at = session.list(*pane, subject, *panel).position(&ids);
    let line = if *pane == PaneId::Json {
        let lines = json::shown(session.json(), &session.list(*pane, subject, *panel).filter);
        lines.get(at).map(|line| line.text())
    } else {
        ids.get(at).map(|id| id.clone().into_owned())
    };
    // A pane without a list has the name of what it is about.
    line.or_else(|| session.concerned().map(|found| found.name)).filter(|text| !text.is_empty())
}

/// Opens the part of the state document that is about the selected box.
pub(super) fn open_json(session: &mut Session) {
    match session.selected_node() {
        Some(node) => push(session, PaneId::Json, node.to_string(), 0),
        None => super::flash(session, "no box is selected".to_owned(), Tone::Done),
    }
}

/// What `Y` copies: the ARN, or the whole of a document; else why there is nothing to copy.
pub(super) fn copied_arn(session: &Session) -> Result<String, String> {
    if session.json_of().is_some() {
        return Ok(json::whole(session.json()));
    }
    let found = session.concerned().ok_or("nothing to copy here")?;
    found.arn(&session.home()).ok_or_else(|| format!("no ARN is known of {}", found.words()))
}

/// What `u` copies, or why there is nothing to copy.
pub(super) fn copied_page(session: &Session) -> Result<String, String> {
    let found = session.concerned().ok_or("nothing to copy here")?;
    found.page(&session.home()).ok_or_else(|| format!("no console page is known of {}", found.words()))
}
