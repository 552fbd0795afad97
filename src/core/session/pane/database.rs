//! The pane of the database: its row, and the rows of its lists.

use crate::model::cache::DataEvent;
use crate::model::database::DatabaseEvents;
use crate::model::profile::{DatabaseHost, DatabaseLoad, LoadPart, Process};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, data_events, named, stamped};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Database,
    place: None,
    needs: &[DatabaseLoad::KEY, DatabaseHost::KEY],
    panels: &[
        list("Events", |s, q| stamped(events(s.store_of(PaneId::Database, q.subject), &q.list.filter), |e| (e.at, &e.message))),
        list("Statements", |s, q| borrowed(statements(s.store_of(PaneId::Database, q.subject), &q.list.filter), |p| &p.name)),
        list("Waits", |s, q| borrowed(waits(s.store_of(PaneId::Database, q.subject), &q.list.filter), |p| &p.name)),
        list("Processes", |s, q| named(processes(s.store_of(PaneId::Database, q.subject), q.list), |(n, p)| format!("{n} {}", p.name)))
            .columns(PROCESSES),
    ],
};

/// Cells of the bars of the processes.
pub(crate) const BAR: usize = 20;

pub(crate) const PROCESSES: &[Column] = &[
    Column::right("cpu", 7, 0).by(SortKey::Number),
    Column::left("", BAR as u16, 1),
    Column::right("memory", 7, 0).by(SortKey::Number),
    Column::of("process", 24, 1, Fill::Left, 0).by(SortKey::Text),
];

/// Events of the database, newest first.
pub(crate) fn events<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a DataEvent> {
    data_events(store.get::<DatabaseEvents>().map(|e| e.events.as_slice()), filter)
}

/// Statements by the load that they cause, most first.
pub(crate) fn statements<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a LoadPart> {
    store.get::<DatabaseLoad>().map(|l| parts(&l.statements, filter)).unwrap_or_default()
}

/// Wait events by the load that waits on them, most first.
pub(crate) fn waits<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a LoadPart> {
    store.get::<DatabaseLoad>().map(|l| parts(&l.waits, filter)).unwrap_or_default()
}

fn parts<'a>(all: &'a [LoadPart], filter: &Filter) -> Vec<&'a LoadPart> {
    all.iter().filter(|p| filter.matches("", &p.name)).collect()
}

/// Processes of the host by CPU, most first, each with its place: several have the same name.
pub(crate) fn processes<'a>(store: &'a Store, list: &ListState) -> Vec<(usize, &'a Process)> {
    let all = store.get::<DatabaseHost>().map(|h| h.processes.as_slice()).unwrap_or_default();
    let rows = all.iter().enumerate().filter(|(_, p)| list.filter.matches("", &p.name)).collect();
    list.sorted(rows, PROCESSES, |(_, process), column| match column {
        "cpu" => Value::number(process.cpu),
        "memory" => Value::number(process.memory),
        "process" => Value::text(&process.name),
        _ => Value::Unknown,
    })
}
