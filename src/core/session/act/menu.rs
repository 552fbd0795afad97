//! The menu of actions: those of what is selected, each with its key, and why it cannot be done where it cannot.

use super::{Act, Form, Session};
use crate::input::{Code, Key};
use crate::insight::NodeId;
use crate::model::action::{ACTIONS, Spec, Subject};
use crate::model::delivery::Builds;
use crate::model::network::{NatGateways, Network, Routes, zone_letter};
use crate::model::system::System;
use crate::session::pane::PaneId;
use crate::session::{Effect, Screen, Tone, rows, runbook, update};

/// One line of the menu.
#[derive(Debug, Clone)]
pub struct MenuItem {
    /// The action.
    pub spec: &'static Spec,
    /// What it would be done to, where that is known.
    pub target: Option<String>,
    /// Why it cannot be done.
    pub why_not: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Menu {
    /// What it is about: `web`.
    pub title: String,
    /// Its lines.
    pub entries: Vec<MenuItem>,
    /// The selected line; the one behind the last entry is that of the runbooks.
    pub index: usize,
    /// How many runbooks are about it.
    pub runbooks: usize,
}

/// What leads to the runbooks of what is selected.
pub(crate) const RUNBOOKS: char = 'R';

/// Opens the menu of what is selected, or says that nothing can be done with it.
pub(in crate::session) fn open(session: &mut Session) {
    let subjects = subjects(session);
    if let Some(run) = under_way(session, &subjects) {
        session.act = Some(Act::Running(run));
        return;
    }
    let mut entries = Vec::new();
    for (subject, target) in &subjects {
        for spec in ACTIONS.iter().filter(|s| s.subject == *subject) {
            let (store, stack) = session.in_view();
            let offer = target.as_ref().map_or(Ok(()), |t| (spec.offer)(store, stack, t));
            let offer = if target.is_none() && spec.subject.placeholder().is_empty() { (spec.offer)(store, stack, "") } else { offer };
            entries.push(MenuItem { spec, target: target.clone(), why_not: offer.err() });
        }
    }
    if entries.is_empty() {
        let text = "no actions here: select a service, Redis, the database, NAT, an alarm, the pipeline or CloudFront".to_owned();
        return update::flash(session, text, Tone::Done);
    }
    let of_box = || session.pointed().map_or("", |node| node.system().spec().title);
    let title = subjects.iter().find_map(|(_, t)| t.clone()).unwrap_or_else(|| of_box().to_owned());
    let runbooks = runbook::looked_at(session).map_or(0, |node| session.books_about(&node));
    session.act = Some(Act::Menu(Menu { title, entries, index: 0, runbooks }));
}

/// What is under way on the selection is shown before anything else can be asked for: one at a time.
fn under_way(session: &Session, subjects: &[(Subject, Option<String>)]) -> Option<String> {
    let about = |action: &str, target: &str| {
        subjects.iter().any(|(s, t)| Spec::find(action).is_some_and(|spec| spec.subject == *s) && t.as_ref().is_none_or(|t| t == target))
    };
    // Alarm actions that are off come on again by themselves: until then they can be switched on earlier.
    let waits = |action: &str| action == "alarm-actions off";
    session
        .under_way()
        .filter(|r| !waits(&r.plan.request.action))
        .find(|r| about(&r.plan.request.action, &r.plan.request.target))
        .map(|r| r.id.clone())
}

pub(super) fn on_key(session: &mut Session, mut menu: Menu, key: Key, effects: &mut Vec<Effect>) -> Option<Act> {
    let last = (menu.entries.len() + usize::from(menu.runbooks > 0)).saturating_sub(1);
    match key.code {
        Code::Esc | Code::Char('q') => return None,
        Code::Up => menu.index = menu.index.checked_sub(1).unwrap_or(last),
        Code::Down | Code::Tab => menu.index = if menu.index == last { 0 } else { menu.index + 1 },
        Code::Home => menu.index = 0,
        Code::End => menu.index = last,
        Code::Char(RUNBOOKS) if menu.runbooks > 0 => return books(session),
        Code::Enter if menu.index == menu.entries.len() => return books(session),
        Code::Enter => return Some(choose(session, menu, effects)),
        Code::Char(c) if !key.ctrl && !key.alt => {
            if let Some(at) = menu.entries.iter().position(|e| e.spec.key == c) {
                menu.index = at;
                return Some(choose(session, menu, effects));
            }
        }
        _ => {}
    }
    Some(Act::Menu(menu))
}

fn books(session: &mut Session) -> Option<Act> {
    runbook::open_list(session);
    None
}

fn choose(session: &mut Session, menu: Menu, effects: &mut Vec<Effect>) -> Act {
    let Some(entry) = menu.entries.get(menu.index).cloned() else { return Act::Menu(menu) };
    if let Some(why) = &entry.why_not {
        update::flash(session, format!("{}: {why}", entry.spec.name), Tone::Done);
        return Act::Menu(menu);
    }
    Form::begin(session, entry.spec, entry.target, effects)
}

/// What the selection can be acted on as, the nearest first.
pub(in crate::session) fn subjects(session: &Session) -> Vec<(Subject, Option<String>)> {
    if let Some(node) = session.pointed() {
        return of_box(&node);
    }
    let Some(screen) = session.screen() else { return Vec::new() };
    let row = selected_row(session, screen);
    match (screen.pane, screen.panel) {
        (PaneId::Service, panel) => {
            let task = row.filter(|_| panel == 0).map(|arn| arn.rsplit('/').next().unwrap_or_default().to_owned());
            vec![(Subject::Service, Some(screen.subject.clone())), (Subject::Task, task)]
        }
        (PaneId::Cache, _) => vec![(Subject::NodeGroup, None)],
        (PaneId::Database, _) => vec![(Subject::Database, None)],
        (PaneId::Alarms, 0) => vec![(Subject::Alarm, row)],
        (PaneId::Network, panel) => vec![(Subject::Zone, row.and_then(|id| zone_of(session, panel, &id)))],
        (PaneId::Edge, _) => vec![(Subject::Distribution, None)],
        (PaneId::Delivery, panel) => {
            let builds = session.store.get::<Builds>();
            let project = row.filter(|_| panel == 1).and_then(|id| builds?.builds.iter().find(|b| b.id == id)).map(|b| b.project.clone());
            vec![(Subject::Pipeline, None), (Subject::Project, project)]
        }
        _ => Vec::new(),
    }
}

fn of_box(node: &NodeId) -> Vec<(Subject, Option<String>)> {
    if let Some(name) = node.as_service() {
        return vec![(Subject::Service, Some(name.to_owned())), (Subject::Task, None)];
    }
    match node.system() {
        System::Database => vec![(Subject::Database, None)],
        System::Cache => vec![(Subject::NodeGroup, None)],
        System::Nat | System::Vpc => vec![(Subject::Zone, None)],
        System::Cdn => vec![(Subject::Distribution, None)],
        System::Alarms => vec![(Subject::Alarm, None)],
        System::Pipeline => vec![(Subject::Pipeline, None)],
        System::Builds => vec![(Subject::Project, None)],
        _ => Vec::new(),
    }
}

fn selected_row(session: &Session, screen: &Screen) -> Option<String> {
    let ids = rows::ids(session, screen.pane, &screen.subject, screen.panel);
    let at = session.list(screen.pane, &screen.subject, screen.panel).position(&ids);
    ids.get(at).map(|id| id.clone().into_owned())
}

/// The zone that a row of the network pane lies in.
fn zone_of(session: &Session, panel: usize, id: &str) -> Option<String> {
    let network = session.store.get::<Network>();
    let zone = match panel {
        0 => network?.subnet(id)?.zone.as_str(),
        1 => {
            let table = id.split(' ').next()?;
            let table = session.store.get::<Routes>()?.tables.iter().find(|t| t.id == table)?;
            network?.subnet(table.subnets.first()?)?.zone.as_str()
        }
        2 => session.store.get::<NatGateways>()?.get(id)?.zone.as_str(),
        _ => return None,
    };
    Some(zone_letter(zone).to_owned())
}
