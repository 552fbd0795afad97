//! The pane of the log tail: its row. Its lines are no list of identities: `session::logs` holds them.

use crate::input::Jump;
use crate::model::log::LogGroup;
use crate::model::log::LogTail;
use crate::model::section::Section;

use super::{PaneId, PaneRow, Panel};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Logs,
    place: Some(Jump::Logs),
    needs: &[LogTail::KEY, LogGroup::KEY],
    panels: &[Panel { title: "Log", rows: None, enter: None }],
};
