//! The pane of Redis: its row, and the rows of its lists.

use crate::model::cache::{CacheEvents, CacheMember, DataEvent, NodeGroup, ReplicationGroup};
use crate::model::resource::{Kind, Resource};
use crate::model::store::Store;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, data_events, stamped};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Cache,
    place: None,
    needs: &[],
    panels: &[
        list("Nodes", |s, q| borrowed(cache_nodes(s.store_of(PaneId::Cache, q.subject), q.filter), |(_, m)| &m.id)).is(node),
        list("Events", |s, q| stamped(events(s.store_of(PaneId::Cache, q.subject), q.filter), |e| (e.at, &e.message))),
    ],
};

fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let store = session.store_of(PaneId::Cache, query.subject);
    let all = cache_nodes(store, query.filter);
    let (_, member) = all.get(index)?;
    let group = store.get::<ReplicationGroup>()?;
    let kind = Kind::CacheNode { engine: group.engine.as_str().to_owned(), group: group.id.clone() };
    Some(Resource::new(kind, member.dimensions().0))
}

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
