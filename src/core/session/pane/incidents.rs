//! The pane of incidents: its row, and the rows of its list.

use std::sync::Arc;

use crate::incident::{Incident, Phase};
use crate::input::Jump;
use crate::model::section::Section;
use crate::model::service::ServiceDeployments;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{self, Ids};

use super::{Lead, PaneId, PaneRow, Panel, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Incidents,
    place: Some(Jump::Incidents),
    needs: &[ServiceDeployments::KEY],
    panels: &[
        opens("Incidents", |s, q| listed(s, q.list).into_iter().map(|i| i.id.as_str().into()).collect::<Ids<'_>>(), node)
            .columns(INCIDENTS),
        Panel {
            title: "Details",
            rows: Some(|s, _| (0..told(s)).map(|at| at.to_string().into()).collect::<Ids<'_>>()),
            enter: None,
            is: None,
            columns: &[],
        },
    ],
};

pub(crate) const INCIDENTS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("what", 30, 1, Fill::Left, 0).by(SortKey::Text),
    Column::left("state", 10, 0).by(SortKey::State),
    Column::left("since (UTC)", 12, 0).by(SortKey::Time),
    Column::right("lasts", 7, 1).by(SortKey::Number),
    Column::left("acknowledged", 12, 3).by(SortKey::Text),
];

/// How many lines there are to go through of the selected incident: its evidence, what follows, what was changed, and what frames them.
fn told(session: &Session) -> usize {
    selected(session).map_or(0, |i| i.evidence.len() + i.symptoms.len() + i.changes.len().min(CHANGES) + 4)
}

/// Changes before an incident that are told with it.
pub(crate) const CHANGES: usize = 4;

/// Enter on an incident: the box where it is felt most.
fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    let all = listed(session, query.list);
    let worst = all.get(index)?.symptoms.iter().max_by_key(|s| s.level)?;
    Some(Lead::Node(worst.node.clone()))
}

/// Those that go on first, then the newest; what turned out to be part of another one is told there.
pub(crate) fn listed<'a>(session: &'a Session, list: &ListState) -> Vec<&'a Incident> {
    let alone = session.incidents.iter().filter(|i| i.part_of.is_none());
    let mut all: Vec<&Incident> = alone.map(Arc::as_ref).filter(|i| list.filter.matches(&i.rule, &i.name)).collect();
    all.sort_by_key(|i| (i.phase == Phase::Closed, std::cmp::Reverse(i.since)));
    list.sorted(all, INCIDENTS, |incident, column| match column {
        "what" => Value::text(&incident.name),
        "state" => Value::State(match (incident.phase, &incident.acknowledged) {
            (Phase::Open, None) => 3,
            (Phase::Open, Some(_)) => 2,
            (Phase::Recovering, _) => 1,
            (Phase::Closed, _) => 0,
        }),
        "since (UTC)" => Value::time(Some(incident.since)),
        "lasts" => Value::Number(incident.lasts(session.now).num_seconds() as f64),
        "acknowledged" => Value::text(incident.acknowledged.as_ref().map_or("", |a| &a.by)),
        _ => Value::Unknown,
    })
}

/// The selected one.
pub(crate) fn selected(session: &Session) -> Option<&Incident> {
    let state = session.list(PaneId::Incidents, "", 0);
    let ids = rows::ids(session, PaneId::Incidents, "", 0);
    listed(session, &state).get(state.position(&ids)).copied()
}
