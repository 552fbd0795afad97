//! The panes of runbooks: the list of them with the walks that are under way, and one walk. Their rows, and what Enter does in the list;
//! what it does in a walk is `session::runbook`'s.

use crate::input::Jump;
use crate::session::Session;
use crate::session::runbook::BookRow;

use super::{Lead, PaneId, PaneRow, Query, list, opens};

pub(super) const LIST: &PaneRow = &PaneRow {
    id: PaneId::Runbooks,
    place: Some(Jump::Runbooks),
    needs: &[],
    panels: &[opens("Runbooks", |s, q| s.book_rows(q.subject, &q.list.filter).iter().map(|r| r.identity().into()).collect(), open)],
};

/// Its expressions say what it needs: `session::runbook`.
pub(super) const WALK: &PaneRow = &PaneRow {
    id: PaneId::Runbook,
    place: None,
    needs: &[],
    panels: &[list("Steps", |s, q| {
        let steps = s.walk(q.subject).map_or(0, |walk| walk.steps.len());
        (1..=steps).map(|n| n.to_string().into()).collect()
    })],
};

fn open(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    match session.book_rows(query.subject, &query.list.filter).get(index)? {
        BookRow::Walk(progress) => Some(Lead::Walk(progress.id())),
        BookRow::Book(book, _) => Some(Lead::Runbook(book.name.clone())),
    }
}
