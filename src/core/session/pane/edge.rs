//! The pane of the edge, Route 53 and CloudFront: its row, and the rows of its lists.

use crate::model::cdn::{Cdn, Invalidation};
use crate::model::dns::{Dns, DnsHealthCheck, DnsObservation, DnsRecord};
use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::store::Store;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, Query, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Edge,
    place: None,
    needs: &[Dns::KEY, Cdn::KEY],
    panels: &[
        list("Records", |s, q| named(records(&s.store, q.filter), |r| format!("{} {}", r.name, r.kind))).is(record),
        list("Invalidations", |s, q| borrowed(invalidations(&s.store, q.filter), |i| &i.id)).is(invalidation),
        list("Health checks", |s, q| {
            named(health_checks(&s.store, q.filter), |(h, o)| format!("{} {}", h.id, o.map_or("", |o| o.region.as_str())))
        })
        .is(|s, q, i| health_checks(&s.store, q.filter).get(i).map(|(h, _)| Resource::new(Kind::HealthCheck, &h.id))),
    ],
};

fn record(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let zone = session.store.get::<Dns>()?.zone.as_ref()?.id.clone();
    records(&session.store, query.filter).get(index).map(|r| Resource::new(Kind::Record { zone }, &r.name))
}

fn invalidation(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let distribution = session.store.get::<Cdn>()?.distribution.as_ref()?.id.clone();
    invalidations(&session.store, query.filter).get(index).map(|i| Resource::new(Kind::Invalidation { distribution }, &i.id))
}

/// Records of the zone, by name and type.
pub(crate) fn records<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a DnsRecord> {
    let all = store.get::<Dns>().map(|d| d.records.as_slice()).unwrap_or_default();
    let target = |r: &DnsRecord| r.alias.as_ref().map_or_else(|| r.values.join(" "), |a| a.dns_name.clone());
    all.iter().filter(|r| filter.is_empty() || filter.matches_fields(&[&r.name, r.kind.as_str(), &target(r)])).collect()
}

/// Invalidations of the distribution, newest first.
pub(crate) fn invalidations<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Invalidation> {
    let distribution = store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
    let all = distribution.map(|d| d.invalidations.as_slice()).unwrap_or_default();
    all.iter().filter(|i| filter.matches_fields(&[&i.id, i.status.as_str()])).collect()
}

/// Health checks of names in the zone with what each checker region last saw; one that no region has reported on stands alone.
pub(crate) fn health_checks<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a DnsHealthCheck, Option<&'a DnsObservation>)> {
    let all = store.get::<Dns>().map(|d| d.health_checks.as_slice()).unwrap_or_default();
    let seen = |h: &'a DnsHealthCheck| {
        let unseen = h.observations.is_empty().then_some((h, None));
        h.observations.iter().map(move |o| (h, Some(o))).chain(unseen)
    };
    let shown = |(h, o): &(&DnsHealthCheck, Option<&DnsObservation>)| {
        let (region, status) = o.map_or(("", ""), |o| (o.region.as_str(), o.status.as_str()));
        filter.matches_fields(&[&h.id, &h.domain, &h.path, &h.kind, region, status])
    };
    all.iter().flat_map(seen).filter(shown).collect()
}
