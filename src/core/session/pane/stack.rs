//! The diagram as a pane: what it reads beyond what every screen does. Its boxes are `session::layout`'s.

use super::{PaneId, PaneRow, k};

/// Its row.
pub(super) const ROW: &PaneRow = &PaneRow { id: PaneId::Stack, place: None, needs: &[k("scaling_activities"), k("logs")], panels: &[] };
