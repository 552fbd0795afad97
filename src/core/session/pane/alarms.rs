//! The pane of alarms: its row, and the rows of its lists.

use crate::input::Jump;
use crate::model::alarm::{Alarm, AlarmChange, AlarmHistory, AlarmState, Alarms};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, stamped};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Alarms,
    place: Some(Jump::Alarms),
    needs: &[AlarmHistory::KEY],
    panels: &[
        list("Alarms", |s, q| borrowed(alarms(&s.store, s.unfolded, q.filter), |a| &a.name))
            .is(|s, q, i| alarms(&s.store, s.unfolded, q.filter).get(i).map(|a| Resource::new(Kind::Alarm, &a.name))),
        list("History", |s, q| stamped(alarm_history(&s.store, q.filter), |c| (c.at, &c.name)))
            .is(|s, q, i| alarm_history(&s.store, q.filter).get(i).map(|c| Resource::new(Kind::Alarm, &c.name))),
    ],
};

/// Alarms for people, worst and newest first; the scaling alarms after them when they are unfolded.
pub(crate) fn alarms<'a>(store: &'a Store, unfolded: bool, filter: &Filter) -> Vec<&'a Alarm> {
    let all = store.get::<Alarms>().map(|a| a.alarms.as_slice()).unwrap_or_default();
    let rank = |a: &Alarm| {
        (
            a.is_scaling(),
            match a.state {
                AlarmState::Alarm => 0,
                AlarmState::InsufficientData => 1,
                _ => 2,
            },
        )
    };
    let mut rows: Vec<&Alarm> = all
        .iter()
        .filter(|a| (unfolded || !a.is_scaling()) && filter.matches_fields(&[&a.name, a.state.as_str(), &a.reason, &a.metric]))
        .collect();
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.since.cmp(&a.since)).then(a.name.cmp(&b.name)));
    rows
}

/// State changes of alarms, newest first.
pub(crate) fn alarm_history<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a AlarmChange> {
    let all = store.get::<AlarmHistory>().map(|h| h.changes.as_slice()).unwrap_or_default();
    all.iter().filter(|c| filter.matches_fields(&[&c.name, &c.summary])).collect()
}
