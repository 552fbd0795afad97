//! The pane of one box's part of the state document: its row. The lines are `session::json`'s.

use super::{PaneId, PaneRow, list};
use crate::session::json::shown;
use crate::session::rows::borrowed;

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Json,
    place: None,
    needs: &[],
    panels: &[list("JSON", |s, q| borrowed(shown(s.json(), &q.list.filter), |line| &line.path))],
};
