//! The pane of the log: its row. Its lines are no list of identities, `session::logs` holds them; the kinds of lines are one.

use std::borrow::Cow;

use crate::input::Jump;
use crate::model::log::LogGroup;
use crate::model::log::LogTail;
use crate::model::section::Section;
use crate::session::Session;
use crate::session::logs::kinds::Kind;
use crate::session::rows::Ids;

use super::{Lead, PaneId, PaneRow, Panel, Query, opens};

/// The panel of the lines.
pub(crate) const LINES: &str = "Log";

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Logs,
    place: Some(Jump::Logs),
    needs: &[LogTail::KEY, LogGroup::KEY],
    panels: &[Panel { title: LINES, rows: None, enter: None, is: None, columns: &[] }, opens("Patterns", ids, open)],
};

/// The kinds of lines that are shown.
pub(crate) fn kinds<'a>(session: &'a Session, query: &Query<'_>) -> Vec<&'a Kind> {
    let fields = |k: &Kind| query.list.filter.matches_fields(&[&k.template, &k.services, k.level.word()]);
    session.logs.kinds().iter().filter(|k| fields(k)).collect()
}

fn ids<'a>(session: &'a Session, query: &Query<'_>) -> Ids<'a> {
    kinds(session, query).into_iter().map(|k| Cow::Borrowed(k.id.as_str())).collect()
}

fn open(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    kinds(session, query).get(index).map(|k| Lead::Logs(k.filter.clone()))
}
