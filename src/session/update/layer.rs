//! Layers: opening panes, going back, help, and typing a filter.

use std::sync::Arc;

use crate::input::{Code, Key, Place};
use crate::insight::NodeId;
use crate::model::balancer::Balancer;
use crate::model::database::Database;
use crate::model::log::LogTail;
use crate::model::service::Services;
use crate::session::filter::Filter;
use crate::session::pane::PaneId;
use crate::session::{Screen, Session, logs, rows};

/// Longer filters are cut: a paste must not fill memory.
const LONGEST_FILTER: usize = 200;

/// Opens what is selected.
pub(super) fn open(session: &mut Session) {
    match session.screen().cloned() {
        None => {
            let node = session.selected.clone();
            open_node(session, &node);
        }
        Some(Screen { pane: PaneId::Service, subject, panel: 0 }) => {
            let ids = rows::ids(session, PaneId::Service, &subject, 0);
            let state = session.list(PaneId::Service, &subject, 0);
            let task = ids.get(state.position(&ids)).and_then(|arn| arn.rsplit('/').next()).map(|id| format!("@{id}"));
            if let Some(filter) = task {
                open_logs(session, &filter);
            }
        }
        Some(Screen { pane: PaneId::Timeline, subject, panel }) => {
            let state = session.list(PaneId::Timeline, &subject, panel);
            let ids = rows::ids(session, PaneId::Timeline, &subject, panel);
            let node = rows::timeline(session, &state.filter).get(state.position(&ids)).map(|e| e.node.clone());
            if let Some(node) = node {
                open_node(session, &node);
            }
        }
        Some(_) => {}
    }
}

fn open_node(session: &mut Session, node: &NodeId) {
    let (pane, subject) = match (node.as_service(), node.0.split('/').next()) {
        (Some(service), _) => (PaneId::Service, service.to_owned()),
        (None, Some("alb" | "tg")) => (PaneId::Balancer, String::new()),
        (None, Some("redis")) => (PaneId::Cache, String::new()),
        (None, Some("db")) => (PaneId::Database, String::new()),
        (None, Some("alarms")) => (PaneId::Alarms, String::new()),
        (None, Some("logs")) => (PaneId::Logs, String::new()),
        (None, _) => (PaneId::Timeline, String::new()),
    };
    push(session, pane, subject);
}

/// Opens a pane; one that is open already is raised instead of stacked twice.
fn push(session: &mut Session, pane: PaneId, subject: String) {
    session.screens.retain(|s| s.pane != pane || s.subject != subject);
    session.screens.push(Screen { pane, subject, panel: 0 });
}

/// Jumps to a place.
pub(super) fn go(session: &mut Session, place: Place) {
    match place {
        Place::Logs => {
            let service = match session.screen() {
                Some(Screen { pane: PaneId::Service, subject, .. }) => Some(subject.clone()),
                Some(_) => None,
                None => session.selected.as_service().map(str::to_owned),
            };
            let filter = service.map(|s| format!("@{s}")).unwrap_or_default();
            open_logs(session, &filter);
        }
        Place::Alarms => push(session, PaneId::Alarms, String::new()),
        Place::Timeline => push(session, PaneId::Timeline, String::new()),
    }
}

fn open_logs(session: &mut Session, filter: &str) {
    let store = Arc::clone(&session.store);
    session.logs.set_filter(Filter::parse(filter), store.get::<LogTail>());
    session.logs.follow();
    push(session, PaneId::Logs, String::new());
}

/// One layer up: help, then a filter, then a pane. On the stack view nothing is left to close.
pub(super) fn back(session: &mut Session) {
    if session.help {
        session.help = false;
    } else if !filter(session).is_empty() {
        set_filter(session, "");
    } else {
        session.screens.pop();
    }
}

fn filter(session: &Session) -> String {
    match session.screen() {
        Some(s) if s.pane == PaneId::Logs => session.logs.filter().text().to_owned(),
        Some(s) => session.list(s.pane, &s.subject, s.panel).filter.text().to_owned(),
        None => String::new(),
    }
}

fn set_filter(session: &mut Session, text: &str) {
    let Some(Screen { pane, subject, panel }) = session.screens.last().cloned() else { return };
    let parsed = Filter::parse(text);
    if pane == PaneId::Logs {
        let store = Arc::clone(&session.store);
        return session.logs.set_filter(parsed, store.get::<LogTail>());
    }
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

/// Pasted text goes where typed text goes; elsewhere it is dropped, for it is not a row of commands.
pub(super) fn paste(session: &mut Session, pasted: &str) {
    let Some(mut text) = session.typing.take() else { return };
    text.extend(pasted.chars().filter(|c| !c.is_control()).take(LONGEST_FILTER.saturating_sub(text.len())));
    set_filter(session, &text);
    session.typing = Some(text);
    session.dirty = true;
}

/// What `y` copies: the selected ARN, name or log line.
pub(super) fn copied(session: &Session) -> Option<String> {
    let store = &session.store;
    if let Some(Screen { pane, subject, panel }) = session.screen() {
        if *pane == PaneId::Logs {
            let tail = store.get::<LogTail>()?;
            let number = session.logs.number(tail, session.logs.position(tail))?;
            return logs::line(tail, number).map(|e| e.message.clone());
        }
        let ids = rows::ids(session, *pane, subject, *panel);
        let at = session.list(*pane, subject, *panel).position(&ids);
        return ids.get(at).map(|id| id.clone().into_owned());
    }
    let node = &session.selected;
    if let Some(name) = node.as_service() {
        return Some(store.get::<Services>().and_then(|s| s.get(name)).map_or_else(|| name.to_owned(), |s| s.arn.clone()));
    }
    match node.0.as_str() {
        "alb" => Some(store.get::<Balancer>().map_or_else(|| session.stack.balancer.clone(), |b| b.arn.clone())),
        "redis" => Some(session.stack.cache.clone()),
        "db" => Some(store.get::<Database>().and_then(|d| d.endpoint.clone()).unwrap_or_else(|| session.stack.database.clone())),
        "logs" => Some(session.stack.log_group.clone()),
        _ => None,
    }
}
