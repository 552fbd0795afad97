//! The pane of CloudWatch dashboards and Container Insights: its row, and the rows of its lists.

use crate::insight::NodeId;
use crate::model::dashboard::{Dashboard, Dashboards};
use crate::model::metric;
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::service::Cluster;
use crate::model::service::{Service, Services};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, figure};
use crate::session::selected;

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Dashboards,
    place: None,
    needs: &[Dashboards::KEY, Cluster::KEY],
    panels: &[
        list("Dashboards", |s, q| borrowed(dashboards(&s.store, q.list), |d| &d.name))
            .is(|s, q, i| dashboards(&s.store, q.list).get(i).map(|d| Resource::new(Kind::Dashboard, &d.name)))
            .columns(DASHBOARDS),
        list("Containers", |s, q| borrowed(containers(&s.store, q.list), |c| &c.name))
            .is(|s, q, i| containers(&s.store, q.list).get(i).map(|c| selected::of_node(s, &NodeId::service(&c.name))))
            .columns(CONTAINERS),
    ],
};

pub(crate) const DASHBOARDS: &[Column] = &[
    Column::of("dashboard", 20, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::right("widgets", 7, 0).by(SortKey::Number),
    Column::right("changed", 7, 1).by(SortKey::Time),
    Column::of("shows", 24, 2, Fill::Left, 0).by(SortKey::Text),
];

pub(crate) const CONTAINERS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("service", 13, 1, Fill::Left, 0).by(SortKey::Text),
    Column::right("running", 7, 0).by(SortKey::Number),
    Column::right("pending", 7, 1).by(SortKey::Number),
    Column::right("received", 10, 0).by(SortKey::Number),
    Column::left("", 10, 2),
    Column::right("sent", 10, 0).by(SortKey::Number),
    Column::left("", 10, 2),
    Column::right("disk read", 9, 1).by(SortKey::Number),
    Column::right("restarts", 8, 0).by(SortKey::Number),
];

/// Dashboards by name.
pub(crate) fn dashboards<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Dashboard> {
    let all = store.get::<Dashboards>().map(|d| d.dashboards.as_slice()).unwrap_or_default();
    let titles = |d: &Dashboard| d.widgets.iter().map(|w| w.title.as_str()).collect::<Vec<_>>().join(" ");
    let shown = |d: &&Dashboard| list.filter.is_empty() || list.filter.matches_fields(&[&d.name, &d.namespaces.join(" "), &titles(d)]);
    list.sorted(all.iter().filter(shown).collect(), DASHBOARDS, |dashboard, column| match column {
        "dashboard" => Value::text(&dashboard.name),
        "widgets" => Value::count(dashboard.widgets.len()),
        "changed" => Value::time(dashboard.modified_at),
        "shows" => Value::text(dashboard.namespaces.join(" ")),
        _ => Value::Unknown,
    })
}

/// The services whose containers Container Insights measures.
pub(crate) fn containers<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Service> {
    let all = store.get::<Services>().map(|s| s.services.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|s| list.filter.matches_fields(&[&s.name, s.status.as_str()])).collect();
    list.sorted(rows, CONTAINERS, |service, column| match column {
        "service" => Value::text(&service.name),
        "running" => Value::number(service.running),
        "pending" => Value::number(service.pending),
        "received" => figure(store, metric::Insights::Rx.of(&service.name)),
        "sent" => figure(store, metric::Insights::Tx.of(&service.name)),
        "disk read" => figure(store, metric::Insights::StorageRead.of(&service.name)),
        "restarts" => figure(store, metric::Insights::Restarts.of(&service.name)),
        _ => Value::Unknown,
    })
}
