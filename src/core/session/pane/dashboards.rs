//! The pane of CloudWatch dashboards and Container Insights: its row, and the rows of its lists.

use crate::insight::NodeId;
use crate::model::dashboard::{Dashboard, Dashboards};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::service::Cluster;
use crate::model::service::{Service, Services};
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::borrowed;
use crate::session::selected;

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Dashboards,
    place: None,
    needs: &[Dashboards::KEY, Cluster::KEY],
    panels: &[
        list("Dashboards", |s, q| borrowed(dashboards(&s.store, q.filter), |d| &d.name))
            .is(|s, q, i| dashboards(&s.store, q.filter).get(i).map(|d| Resource::new(Kind::Dashboard, &d.name))),
        list("Containers", |s, q| borrowed(containers(&s.store, q.filter), |c| &c.name))
            .is(|s, q, i| containers(&s.store, q.filter).get(i).map(|c| selected::of_node(s, &NodeId::service(&c.name)))),
    ],
};

/// Dashboards by name.
pub(crate) fn dashboards<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Dashboard> {
    let all = store.get::<Dashboards>().map(|d| d.dashboards.as_slice()).unwrap_or_default();
    let titles = |d: &Dashboard| d.widgets.iter().map(|w| w.title.as_str()).collect::<Vec<_>>().join(" ");
    all.iter().filter(|d| filter.is_empty() || filter.matches_fields(&[&d.name, &d.namespaces.join(" "), &titles(d)])).collect()
}

/// The services whose containers Container Insights measures.
pub(crate) fn containers<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Service> {
    let all = store.get::<Services>().map(|s| s.services.as_slice()).unwrap_or_default();
    all.iter().filter(|s| filter.matches_fields(&[&s.name, s.status.as_str()])).collect()
}
