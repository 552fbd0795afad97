//! The pane of alarms: its row, and the rows of its lists.

use crate::input::Jump;
use crate::model::alarm::{Alarm, AlarmChange, AlarmHistory, AlarmState, Alarms};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, stamped};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Alarms,
    place: Some(Jump::Alarms),
    needs: &[AlarmHistory::KEY],
    panels: &[
        list("Alarms", |s, q| borrowed(alarms(&s.store, s.unfolded, q.list), |a| &a.name))
            .is(|s, q, i| alarms(&s.store, s.unfolded, q.list).get(i).map(|a| Resource::new(Kind::Alarm, &a.name)))
            .columns(ALARMS),
        list("History", |s, q| stamped(alarm_history(&s.store, q.list), |c| (c.at, &c.name)))
            .is(|s, q, i| alarm_history(&s.store, q.list).get(i).map(|c| Resource::new(Kind::Alarm, &c.name)))
            .columns(HISTORY),
    ],
};

pub(crate) const ALARMS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("alarm", 24, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("state", 7, 0).by(SortKey::State),
    Column::right("since", 7, 0).by(SortKey::Time),
    Column::of("metric", 16, 1, Fill::Left, 2).by(SortKey::Text),
    Column::left("limit", 18, 0).by(SortKey::Number),
    Column::left("notify", 6, 3).by(SortKey::State),
    Column::of("reason", 40, 2, Fill::Left, 4).by(SortKey::Text),
];

pub(crate) const HISTORY: &[Column] = &[
    Column::left("when (UTC)", 12, 0).by(SortKey::Time),
    Column::of("alarm", 28, 4, Fill::Middle, 0).by(SortKey::Text),
    Column::of("change", 12, 1, Fill::Left, 0).by(SortKey::Text),
];

/// Alarms for people, worst and newest first; the scaling alarms after them when they are unfolded.
pub(crate) fn alarms<'a>(store: &'a Store, unfolded: bool, list: &ListState) -> Vec<&'a Alarm> {
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
        .filter(|a| (unfolded || !a.is_scaling()) && list.filter.matches_fields(&[&a.name, a.state.as_str(), &a.reason, &a.metric]))
        .collect();
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.since.cmp(&a.since)).then(a.name.cmp(&b.name)));
    list.sorted(rows, ALARMS, |alarm, column| alarm_value(alarm, column))
}

fn alarm_value(alarm: &Alarm, column: &str) -> Value {
    match column {
        "alarm" => Value::text(&alarm.name),
        "state" => Value::State(match alarm.state {
            AlarmState::Ok => 0,
            // At the minimum of its service a scaling alarm is always in ALARM.
            AlarmState::Alarm if alarm.is_scaling() => 1,
            AlarmState::Alarm => 3,
            _ => 2,
        }),
        "since" => Value::time(alarm.since),
        "metric" => Value::text(alarm.subject()),
        "limit" => Value::maybe(alarm.threshold.filter(|_| !alarm.composite)),
        "notify" => Value::State(match alarm.actions_enabled {
            Some(true) if !alarm.actions.is_empty() => 0,
            None if !alarm.actions.is_empty() => 1,
            _ => 2,
        }),
        "reason" => Value::text(&alarm.reason),
        _ => Value::Unknown,
    }
}

/// State changes of alarms, newest first.
pub(crate) fn alarm_history<'a>(store: &'a Store, list: &ListState) -> Vec<&'a AlarmChange> {
    let all = store.get::<AlarmHistory>().map(|h| h.changes.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|c| list.filter.matches_fields(&[&c.name, &c.summary])).collect();
    list.sorted(rows, HISTORY, |change, column| match column {
        "when (UTC)" => Value::time(change.at),
        "alarm" => Value::text(&change.name),
        "change" => Value::text(&change.summary),
        _ => Value::Unknown,
    })
}
