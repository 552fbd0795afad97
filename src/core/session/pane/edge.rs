//! The pane of the edge, Route 53 and CloudFront: its row, and the rows of its lists.

use crate::model::cdn::{Cdn, Invalidation, InvalidationStatus};
use crate::model::dns::{Dns, DnsHealthCheck, DnsObservation, DnsRecord};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Edge,
    place: None,
    needs: &[Dns::KEY, Cdn::KEY],
    panels: &[
        list("Records", |s, q| named(records(&s.store, q.list), |r| format!("{} {}", r.name, r.kind))).is(record).columns(RECORDS),
        list("Invalidations", |s, q| borrowed(invalidations(&s.store, q.list), |i| &i.id)).is(invalidation).columns(INVALIDATIONS),
        list("Health checks", |s, q| {
            named(health_checks(&s.store, q.list), |(h, o)| format!("{} {}", h.id, o.map_or("", |o| o.region.as_str())))
        })
        .is(|s, q, i| health_checks(&s.store, q.list).get(i).map(|(h, _)| Resource::new(Kind::HealthCheck, &h.id)))
        .columns(HEALTH_CHECKS),
    ],
};

pub(crate) const RECORDS: &[Column] = &[
    Column::of("name", 18, 2, Fill::Middle, 0).by(SortKey::Text),
    Column::left("type", 5, 0).by(SortKey::Text),
    Column::right("ttl", 6, 2).by(SortKey::Number),
    Column::of("routes to", 20, 3, Fill::Left, 0).by(SortKey::Text),
    Column::left("check", 7, 1).by(SortKey::Text),
];

pub(crate) const INVALIDATIONS: &[Column] = &[
    Column::left("", 1, 0),
    Column::wide("invalidation", 14, 0).by(SortKey::Text),
    Column::left("status", 11, 0).by(SortKey::State),
    Column::left("created (UTC)", 13, 1).by(SortKey::Time),
    Column::right("ago", 7, 0),
];

pub(crate) const HEALTH_CHECKS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("check", 18, 2, Fill::Left, 0).by(SortKey::Text),
    Column::left("region", 14, 0).by(SortKey::Text),
    Column::left("result", 7, 2).by(SortKey::State),
    Column::right("ago", 6, 0).by(SortKey::Time),
    Column::of("observed", 20, 3, Fill::Left, 0).by(SortKey::Text),
];

fn record(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let zone = session.store.get::<Dns>()?.zone.as_ref()?.id.clone();
    records(&session.store, query.list).get(index).map(|r| Resource::new(Kind::Record { zone }, &r.name))
}

fn invalidation(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let distribution = session.store.get::<Cdn>()?.distribution.as_ref()?.id.clone();
    invalidations(&session.store, query.list).get(index).map(|i| Resource::new(Kind::Invalidation { distribution }, &i.id))
}

/// Records of the zone, by name and type.
pub(crate) fn records<'a>(store: &'a Store, list: &ListState) -> Vec<&'a DnsRecord> {
    let all = store.get::<Dns>().map(|d| d.records.as_slice()).unwrap_or_default();
    let target = |r: &DnsRecord| r.alias.as_ref().map_or_else(|| r.values.join(" "), |a| a.dns_name.clone());
    let shown = |r: &&DnsRecord| list.filter.is_empty() || list.filter.matches_fields(&[&r.name, r.kind.as_str(), &target(r)]);
    list.sorted(all.iter().filter(shown).collect(), RECORDS, |record, column| match column {
        "name" => Value::text(&record.name),
        "type" => Value::text(record.kind.as_str()),
        "ttl" => Value::maybe(record.ttl.map(|ttl| ttl as f64)),
        "routes to" => Value::text(target(record)),
        "check" => Value::text(record.health_check.as_deref().unwrap_or_default()),
        _ => Value::Unknown,
    })
}

/// Invalidations of the distribution, newest first.
pub(crate) fn invalidations<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Invalidation> {
    let distribution = store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
    let all = distribution.map(|d| d.invalidations.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|i| list.filter.matches_fields(&[&i.id, i.status.as_str()])).collect();
    list.sorted(rows, INVALIDATIONS, |found, column| match column {
        "invalidation" => Value::text(&found.id),
        "status" => Value::State(u8::from(found.status != InvalidationStatus::Completed)),
        "created (UTC)" => Value::time(found.at),
        _ => Value::Unknown,
    })
}

/// Health checks of names in the zone with what each checker region last saw; one that no region has reported on stands alone.
pub(crate) fn health_checks<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a DnsHealthCheck, Option<&'a DnsObservation>)> {
    let all = store.get::<Dns>().map(|d| d.health_checks.as_slice()).unwrap_or_default();
    let seen = |h: &'a DnsHealthCheck| {
        let unseen = h.observations.is_empty().then_some((h, None));
        h.observations.iter().map(move |o| (h, Some(o))).chain(unseen)
    };
    let shown = |(h, o): &(&DnsHealthCheck, Option<&DnsObservation>)| {
        let (region, status) = o.map_or(("", ""), |o| (o.region.as_str(), o.status.as_str()));
        list.filter.matches_fields(&[&h.id, &h.domain, &h.path, &h.kind, region, status])
    };
    list.sorted(all.iter().flat_map(seen).filter(shown).collect(), HEALTH_CHECKS, |(check, seen), column| match (column, seen) {
        ("check", _) => Value::text(format!("{}{}", check.domain, check.path)),
        ("region", Some(seen)) => Value::text(&seen.region),
        ("result", Some(seen)) => Value::State(u8::from(!seen.passed())),
        ("ago", Some(seen)) => Value::time(seen.at),
        ("observed", Some(seen)) => Value::text(&seen.status),
        _ => Value::Unknown,
    })
}
