//! The pane of the log tail: its row. Its lines are no list of identities: `session::logs` holds them.

use crate::input::Place;

use super::{PaneId, PaneRow, Panel, k};

/// Its row.
pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Logs,
    place: Some(Place::Logs),
    needs: &[k("logs"), k("log_group")],
    panels: &[Panel { title: "Log", rows: None, enter: None }],
};
