//! The pane of incidents: its row, and the rows of its list.

use std::sync::Arc;

use crate::incident::{Incident, Phase};
use crate::input::Jump;
use crate::model::section::Section;
use crate::model::service::ServiceDeployments;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{self, Ids};

use super::{Lead, PaneId, PaneRow, Panel, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Incidents,
    place: Some(Jump::Incidents),
    needs: &[ServiceDeployments::KEY],
    panels: &[
        opens("Incidents", |s, q| listed(s, q.filter).into_iter().map(|i| i.id.as_str().into()).collect::<Ids<'_>>(), node),
        Panel {
            title: "Details",
            rows: Some(|s, _| (0..told(s)).map(|at| at.to_string().into()).collect::<Ids<'_>>()),
            enter: None,
            is: None,
        },
    ],
};

/// How many lines there are to go through of the selected incident: its evidence, what follows, what was changed, and what frames them.
fn told(session: &Session) -> usize {
    selected(session).map_or(0, |i| i.evidence.len() + i.symptoms.len() + i.changes.len().min(CHANGES) + 4)
}

/// Changes before an incident that are told with it.
pub(crate) const CHANGES: usize = 4;

/// Enter on an incident: the box where it is felt most.
fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = listed(session, query.filter);
    let worst = all.get(index)?.symptoms.iter().max_by_key(|s| s.level)?;
    Some(Lead::Node(worst.node.clone()))
}

/// Those that go on first, then the newest; what turned out to be part of another one is told there.
pub(crate) fn listed<'a>(session: &'a Session, filter: &Filter) -> Vec<&'a Incident> {
    let alone = session.incidents.iter().filter(|i| i.part_of.is_none());
    let mut all: Vec<&Incident> = alone.map(Arc::as_ref).filter(|i| filter.matches(&i.rule, &i.name)).collect();
    all.sort_by_key(|i| (i.phase == Phase::Closed, std::cmp::Reverse(i.since)));
    all
}

/// The selected one.
pub(crate) fn selected(session: &Session) -> Option<&Incident> {
    let state = session.list(PaneId::Incidents, "", 0);
    let ids = rows::ids(session, PaneId::Incidents, "", 0);
    listed(session, &state.filter).get(state.position(&ids)).copied()
}
