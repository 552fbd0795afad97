//! The pane of Logs Insights: the queries that have a name, what the last one found, and one row of it in full. What runs is
//! `session::query`'s.

use std::borrow::Cow;

use crate::input::Jump;
use crate::log::insights::Named;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::query::{Found, Stage};

use super::{Lead, PaneId, PaneRow, Query, list, opens};

/// The panel of what was found.
pub(crate) const RESULT: usize = 1;
/// The panel of one row of it.
pub(crate) const ROW_IN_FULL: usize = 2;

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Queries,
    place: Some(Jump::Queries),
    needs: &[],
    panels: &[
        opens("Queries", |s, q| named(s, &q.list.filter).into_iter().map(|n| Cow::Owned(n.name)).collect(), ask),
        opens("Result", |s, q| shown(s, &q.list.filter).into_iter().map(|(n, _)| Cow::Owned(n.to_string())).collect(), in_full),
        list("Row", |s, q| cells_shown(s, &q.list.filter).into_iter().map(|(name, _)| name.into()).collect()),
    ],
};

/// The queries that have a name.
pub(crate) fn named(session: &Session, filter: &Filter) -> Vec<Named> {
    session.named_queries().into_iter().filter(|n| filter.matches(&n.name, &n.about)).collect()
}

/// What was found, if it is there.
pub(crate) fn found(session: &Session) -> Option<&Found> {
    match &session.queries.stage {
        Stage::Found(found) => Some(found),
        _ => None,
    }
}

/// Its rows that are shown.
pub(crate) fn shown<'a>(session: &'a Session, filter: &Filter) -> Vec<(usize, &'a Vec<String>)> {
    found(session).map(|found| found.rows(filter)).unwrap_or_default()
}

/// The number of the row that is selected.
pub(crate) fn selected(session: &Session) -> Option<usize> {
    let state = session.list(PaneId::Queries, "", RESULT);
    let rows = shown(session, &state.filter);
    let ids: Vec<Cow<'_, str>> = rows.iter().map(|(n, _)| Cow::Owned(n.to_string())).collect();
    rows.get(state.position(&ids)).map(|(n, _)| *n)
}

/// The cells of that row that a filter shows.
pub(crate) fn cells_shown<'a>(session: &'a Session, filter: &Filter) -> Vec<(&'a str, &'a str)> {
    cells(session).filter(|(name, value)| filter.matches_fields(&[name, value])).collect()
}

fn cells(session: &Session) -> impl Iterator<Item = (&str, &str)> {
    let row = found(session).zip(selected(session)).and_then(|(found, n)| Some((found, found.table.rows.get(n)?)));
    row.into_iter().flat_map(|(found, row)| found.table.columns.iter().zip(row)).map(|(name, value)| (name.as_str(), value.as_str()))
}

fn ask(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    named(session, &query.list.filter).into_iter().nth(index).map(|named| Lead::Query(named.name))
}

fn in_full(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    shown(session, &query.list.filter).get(index).map(|_| Lead::Panel(ROW_IN_FULL))
}
