//! The diagram as a pane: what it reads beyond what every screen does. Its boxes are `session::layout`'s.

use super::{PaneId, PaneRow};
use crate::model::log::LogTail;
use crate::model::scaling::ScalingActivities;
use crate::model::section::Section;

pub(super) const ROW: &PaneRow = &PaneRow { id: PaneId::Stack, place: None, needs: &[ScalingActivities::KEY, LogTail::KEY], panels: &[] };
