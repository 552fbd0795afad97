//! The pane of S3: its row, and the rows of its lists.

use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::storage::{Bucket, Buckets, CorsRule, LifecycleRule};
use crate::model::store::Store;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Storage,
    place: None,
    needs: &[Buckets::KEY],
    panels: &[
        list("Buckets", |s, q| borrowed(buckets(&s.store, q.filter), |b| &b.name))
            .is(|s, q, i| buckets(&s.store, q.filter).get(i).map(|b| Resource::new(Kind::Bucket, &b.name))),
        list("Rules", |s, q| named(rules(&s.store, q.filter), |(b, r)| format!("{} {}", b.name, r.name())))
            .is(|s, q, i| rules(&s.store, q.filter).get(i).map(|(b, _)| Resource::new(Kind::Bucket, &b.name))),
    ],
};

/// Buckets in the configured order.
pub(crate) fn buckets<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a Bucket> {
    let all = store.get::<Buckets>().map(|b| b.buckets.as_slice()).unwrap_or_default();
    all.iter().filter(|b| filter.matches_fields(&[&b.name, &b.region, b.versioning.as_str()])).collect()
}

/// One rule of a bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule<'a> {
    /// What becomes of old objects.
    Lifecycle(&'a LifecycleRule),
    /// Which pages may read from a browser; CORS rules have no names, so they are counted.
    Cors(usize, &'a CorsRule),
    /// Where objects are copied to.
    Replication(&'a String),
}

impl Rule<'_> {
    /// What tells it from the bucket's other rules.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Lifecycle(rule) => format!("lifecycle {}", rule.id),
            Self::Cors(n, _) => format!("cors {}", n + 1),
            Self::Replication(to) => format!("replication {to}"),
        }
    }
}

/// Every rule with its bucket.
pub(crate) fn rules<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a Bucket, Rule<'a>)> {
    let all = store.get::<Buckets>().map(|b| b.buckets.as_slice()).unwrap_or_default();
    let of = |b: &'a Bucket| {
        let cors = b.cors.iter().enumerate().map(|(n, rule)| Rule::Cors(n, rule));
        b.lifecycle.iter().map(Rule::Lifecycle).chain(cors).chain(b.replication.iter().map(Rule::Replication)).map(move |r| (b, r))
    };
    let shown = |(bucket, rule): &(&Bucket, Rule<'_>)| {
        let more = match rule {
            Rule::Lifecycle(rule) => format!("{} {}", rule.prefix, rule.status),
            Rule::Cors(_, rule) => format!("{} {}", rule.origins.join(" "), rule.methods.join(" ")),
            Rule::Replication(_) => String::new(),
        };
        filter.is_empty() || filter.matches_fields(&[&bucket.name, &rule.name(), &more])
    };
    all.iter().flat_map(of).filter(shown).collect()
}
