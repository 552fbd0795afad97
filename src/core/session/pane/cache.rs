//! The pane of Redis: its row, and the rows of its lists.

use crate::model::cache::{CacheEvents, CacheMember, DataEvent, NodeGroup, ReplicationGroup};
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, data_events, stamped};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Cache,
    place: None,
    needs: &[],
    panels: &[
        list("Nodes", |s, q| borrowed(cache_nodes(s.store_of(PaneId::Cache, q.subject), q.filter), |(_, m)| &m.id)),
        list("Events", |s, q| stamped(events(s.store_of(PaneId::Cache, q.subject), q.filter), |e| (e.at, &e.message))),
    ],
};

/// Every Redis node with its shard.
pub(crate) fn cache_nodes<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a NodeGroup, &'a CacheMember)> {
    let groups = store.get::<ReplicationGroup>().map(|g| g.node_groups.as_slice()).unwrap_or_default();
    groups
        .iter()
        .flat_map(|g| g.members.iter().map(move |m| (g, m)))
        .filter(|(g, m)| filter.matches_fields(&[&g.id, &m.id, &m.zone]))
        .collect()
}

/// Events of Redis, newest first.
pub(crate) fn events<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a DataEvent> {
    data_events(store.get::<CacheEvents>().map(|e| e.events.as_slice()), filter)
}
