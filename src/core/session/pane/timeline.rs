//! The pane of what changed: its row, and the rows of its list.

use crate::input::Jump;
use crate::insight::Event;
use crate::model::alarm::AlarmHistory;
use crate::model::scaling::ScalingActivities;
use crate::model::section::Section;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::stamped;

use super::{Lead, PaneId, PaneRow, Query, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Timeline,
    place: Some(Jump::Timeline),
    needs: &[ScalingActivities::KEY, AlarmHistory::KEY],
    panels: &[opens("Timeline", |s, q| stamped(timeline(s, &q.list.filter), |e| (Some(e.at), &e.text)), node)],
};

/// Enter on an event: where it happened.
fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    timeline(session, &query.list.filter).get(index).map(|e| Lead::Node(e.node.clone()))
}

/// What changed, newest first; found by box, words and severity.
pub(crate) fn timeline<'a>(session: &'a Session, filter: &Filter) -> Vec<&'a Event> {
    let matches = |e: &&Event| filter.is_empty() || filter.matches_fields(&[&e.node.to_string(), &e.text, e.level.word()]);
    session.diary.events().iter().filter(matches).collect()
}
