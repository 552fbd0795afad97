//! The pane of problems: its row, and everything that is not healthy or cannot be seen, box by box. It judges nothing and draws nothing.
//! Called by `session` (rows, what is pointed at) and by `view`.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::incident::Incident;
use crate::input::Jump;
use crate::insight::NodeId;
use crate::model::Time;
use crate::model::health::{Level, Verdict};
use crate::model::system::System;
use crate::session::filter::Filter;
use crate::session::rows::{self, Ids};
use crate::session::{Session, layout};

use super::{Lead, PaneId, PaneRow, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Problems,
    place: Some(Jump::Problems),
    needs: &[],
    panels: &[opens("Problems", |s, q| troubles(s, &q.list.filter).iter().map(|t| t.node.to_string().into()).collect::<Ids<'_>>(), node)],
};

/// One box that is not well.
#[derive(Debug)]
pub(crate) struct Trouble<'a> {
    pub(crate) node: NodeId,
    pub(crate) level: Level,
    /// Since when it is so; none where nothing says.
    pub(crate) since: Option<Time>,
    /// All that is said of it, the worst first.
    pub(crate) reason: String,
    /// The open incident that explains it.
    pub(crate) incident: Option<&'a Incident>,
}

/// Whether a verdict is one that a person should know of: what cannot be seen is one, a first answer on its way is none.
pub(crate) fn is_trouble(verdict: &Verdict) -> bool {
    verdict.level >= Level::Unknown && !verdict.is_loading()
}

/// Enter on a row: the pane of its box.
fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    troubles(session, &query.list.filter).into_iter().nth(index).map(|t| Lead::Node(t.node))
}

/// The worst first; of those the cause before what follows from it, then what has lasted longest.
pub(crate) fn troubles<'a>(session: &'a Session, filter: &Filter) -> Vec<Trouble<'a>> {
    let mut all: Vec<Trouble<'a>> = layout::nodes(&session.stack).into_iter().filter_map(|node| trouble(session, node)).collect();
    // A box repeats what is wrong with its parts; what it does not repeat stands by itself.
    let listed: BTreeSet<System> = all.iter().map(|t| t.node.system()).collect();
    let told = |node: &NodeId| listed.contains(&node.system().spec().part_of.unwrap_or(node.system()));
    let parts: Vec<NodeId> = session.judgement.nodes.keys().filter(|node| !told(node)).cloned().collect();
    all.extend(parts.into_iter().filter_map(|node| trouble(session, node)));
    all.retain(|t| {
        if filter.is_empty() {
            return true;
        }
        let name = t.node.to_string();
        let incident = t.incident.map_or("", |i| i.name.as_str());
        filter.matches_fields(&[&name, t.node.system().spec().title, t.level.word(), &t.reason, incident])
    });
    all.sort_by_key(|t| (Reverse(t.level), part(session, t), t.since.is_none(), t.since));
    all
}

fn trouble(session: &Session, node: NodeId) -> Option<Trouble<'_>> {
    let verdict = session.judgement.of(&node).filter(|v| is_trouble(v))?;
    let said: Vec<&str> = verdict.reasons.iter().filter(|r| r.level >= Level::Unknown).map(|r| r.text.as_str()).collect();
    Some(Trouble {
        level: verdict.level,
        since: verdict.since.or_else(|| session.diary.since(&node, verdict.level)),
        reason: if said.is_empty() { verdict.headline().to_owned() } else { said.join(" · ") },
        incident: session.follows_from(&node),
        node,
    })
}

/// What failed, what nothing explains, what follows.
fn part(session: &Session, trouble: &Trouble<'_>) -> u8 {
    let failed_first = session.judgement.causes.iter().any(|c| c.then > 0 && c.node == trouble.node);
    match trouble.incident {
        Some(incident) if incident.is_about(&trouble.node) => 0,
        _ if failed_first => 0,
        None => 1,
        Some(_) => 2,
    }
}

/// How many boxes nothing is known of now: their first answers are on their way, or nothing answers any more.
pub(crate) fn unseen(session: &Session) -> usize {
    let gone = session.outage().is_some();
    let judged = |node: &NodeId| !node.system().spec().mandatory.is_empty();
    let seen = |node: &NodeId| session.judgement.of(node).is_some_and(|v| !v.is_loading() && (!gone || v.level == Level::Absent));
    layout::nodes(&session.stack).iter().filter(|node| judged(node) && !seen(node)).count()
}

impl Session {
    /// The box that is pointed at: the selected one of the stack view, or that of the selected problem. In other panes none.
    pub(crate) fn pointed(&self) -> Option<NodeId> {
        let Some(screen) = self.screen() else { return Some(self.selected.clone()) };
        if screen.pane != PaneId::Problems {
            return None;
        }
        let ids = rows::ids(self, screen.pane, &screen.subject, screen.panel);
        let at = self.list(screen.pane, &screen.subject, screen.panel).position(&ids);
        ids.get(at)?.parse().ok()
    }
}
