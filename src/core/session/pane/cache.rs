//! The pane of Redis: its row, and the rows of its lists.

use crate::insight::topology::roles::redis_roles;
use crate::model::cache::{CacheEvents, CacheMember, CacheNodes, CacheStatus, DataEvent, NodeGroup, ReplicationGroup};
use crate::model::metric;
use crate::model::resource::{Kind, Resource};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, data_events, figure, stamped};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Cache,
    place: None,
    needs: &[],
    panels: &[
        list("Nodes", |s, q| borrowed(cache_nodes(s.store_of(PaneId::Cache, q.subject), q.list), |(_, m)| &m.id)).is(node).columns(NODES),
        list("Events", |s, q| stamped(events(s.store_of(PaneId::Cache, q.subject), q.list), |e| (e.at, &e.message))),
    ],
};

pub(crate) const NODES: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("shard", 5, 0).by(SortKey::Text),
    Column::of("node", 12, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("role", 7, 0).by(SortKey::Text),
    Column::left("zone", 4, 0).by(SortKey::Text),
    Column::left("status", 10, 6).by(SortKey::State),
    Column::right("memory", 7, 1).by(SortKey::Number),
    Column::right("engine", 7, 2).by(SortKey::Number),
    Column::right("gets", 7, 4).by(SortKey::Number),
    Column::right("sets", 7, 4).by(SortKey::Number),
    Column::right("conns", 6, 5).by(SortKey::Number),
    Column::right("lag", 7, 2).by(SortKey::Number),
    Column::left("link", 5, 3),
    Column::right("evicted", 8, 7).by(SortKey::Number),
    Column::left("last hour", 20, 8),
];

fn node(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let store = session.store_of(PaneId::Cache, query.subject);
    let all = cache_nodes(store, query.list);
    let (_, member) = all.get(index)?;
    let group = store.get::<ReplicationGroup>()?;
    let kind = Kind::CacheNode { engine: group.engine.as_str().to_owned(), group: group.id.clone() };
    Some(Resource::new(kind, member.dimensions().0))
}

/// Every Redis node with its shard.
pub(crate) fn cache_nodes<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a NodeGroup, &'a CacheMember)> {
    let groups = store.get::<ReplicationGroup>().map(|g| g.node_groups.as_slice()).unwrap_or_default();
    let rows = groups
        .iter()
        .flat_map(|g| g.members.iter().map(move |m| (g, m)))
        .filter(|(g, m)| list.filter.matches_fields(&[&g.id, &m.id, &m.zone]))
        .collect();
    list.sorted(rows, NODES, |(shard, member), column| node_value(store, shard, member, column))
}

fn node_value(store: &Store, shard: &NodeGroup, member: &CacheMember, column: &str) -> Value {
    let of = |metric: metric::Redis| figure(store, metric.of(&member.id));
    let primary = || store.at::<CacheNodes>().and_then(|at| redis_roles(store, at).get(&member.id).copied());
    let status = || store.get::<CacheNodes>().and_then(|n| n.nodes.iter().find(|n| n.id == member.id)).map(|n| &n.status);
    match column {
        "shard" => Value::text(&shard.id),
        "node" => Value::text(&member.id),
        "role" => primary().map_or(Value::Unknown, |primary| Value::text(if primary { "primary" } else { "replica" })),
        "zone" => Value::text(&member.zone),
        "status" => status().map_or(Value::Unknown, |s| Value::State(u8::from(*s != CacheStatus::Available))),
        "memory" => of(metric::Redis::Memory),
        "engine" => of(metric::Redis::Engine),
        "gets" => of(metric::Redis::Gets),
        "sets" => of(metric::Redis::Sets),
        "conns" => of(metric::Redis::Connections),
        "lag" if primary() == Some(false) => of(metric::Redis::Lag),
        "evicted" => of(metric::Redis::Evictions),
        _ => Value::Unknown,
    }
}

/// Events of Redis, newest first.
pub(crate) fn events<'a>(store: &'a Store, list: &ListState) -> Vec<&'a DataEvent> {
    data_events(store.get::<CacheEvents>().map(|e| e.events.as_slice()), &list.filter)
}
