//! What the rows of all lists share: their identities, which the selection holds on to and `y` copies. Which rows a list has
//! stands with its pane in `session::pane`; `update` moves over them and `view` draws them by the same functions.

use std::borrow::Cow;

use super::Session;
use super::column::Value;
use super::filter::Filter;
use super::pane::{PaneId, Query, row};
use crate::model::Time;
use crate::model::cache::DataEvent;
use crate::model::metric::{Metrics, Readings, SeriesId};
use crate::model::store::Store;

/// The identities of a list's rows.
pub(crate) type Ids<'a> = Vec<Cow<'a, str>>;

/// The identities of a panel's rows, as its pane's row says.
pub(crate) fn ids<'a>(session: &'a Session, pane: PaneId, subject: &str, panel: usize) -> Ids<'a> {
    let Some(rows) = row(pane).panels.get(panel).and_then(|p| p.rows) else { return Vec::new() };
    let state = session.list(pane, subject, panel);
    rows(session, &Query { subject, list: &state })
}

/// Rows that carry an identity of their own.
pub(super) fn borrowed<'a, T>(rows: Vec<T>, id: fn(&T) -> &'a String) -> Ids<'a> {
    rows.iter().map(|r| Cow::Borrowed(id(r).as_str())).collect()
}

/// Rows whose identity is put together.
pub(super) fn named<'a, T>(rows: Vec<T>, id: fn(&T) -> String) -> Ids<'a> {
    rows.iter().map(|r| Cow::Owned(id(r))).collect()
}

/// Rows that are told apart by when they happened and what they say.
pub(super) fn stamped<'a, T>(rows: Vec<&'a T>, id: fn(&'a T) -> (Option<Time>, &'a String)) -> Ids<'a> {
    let text = |r| {
        let (at, text) = id(r);
        format!("{} {text}", at.map(|t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default())
    };
    rows.into_iter().map(|r| Cow::Owned(text(r))).collect()
}

/// A figure as it was when the figures were read, for sorting.
pub(super) fn figure(store: &Store, id: SeriesId) -> Value {
    let value = store.at::<Metrics>().and_then(|at| Readings::new(store, at).value(id));
    Value::maybe(value)
}

/// Events of Redis or the database that are shown, newest first.
pub(super) fn data_events<'a>(events: Option<&'a [DataEvent]>, filter: &Filter) -> Vec<&'a DataEvent> {
    events.unwrap_or_default().iter().filter(|e| filter.matches(&e.source, &e.message)).collect()
}
