//! The pane of S3: its row, and the rows of its lists.

use crate::model::resource::{Kind, Resource};
use crate::model::section::Section;
use crate::model::storage::{Bucket, Buckets, CorsRule, LifecycleRule};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, named};

use super::{PaneId, PaneRow, list};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Storage,
    place: None,
    needs: &[Buckets::KEY],
    panels: &[
        list("Buckets", |s, q| borrowed(buckets(&s.store, q.list), |b| &b.name))
            .is(|s, q, i| buckets(&s.store, q.list).get(i).map(|b| Resource::new(Kind::Bucket, &b.name)))
            .columns(BUCKETS),
        list("Rules", |s, q| named(rules(&s.store, q.list), |(b, r)| format!("{} {}", b.name, r.name())))
            .is(|s, q, i| rules(&s.store, q.list).get(i).map(|(b, _)| Resource::new(Kind::Bucket, &b.name)))
            .columns(RULES),
    ],
};

pub(crate) const BUCKETS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("bucket", 18, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("content", 9, 1).by(SortKey::Text),
    Column::right("size", 8, 0).by(SortKey::Number),
    Column::right("objects", 7, 0).by(SortKey::Number),
    Column::left("versions", 9, 0).by(SortKey::Text),
    Column::left("lifecycle", 9, 0).by(SortKey::Number),
    Column::left("cors", 7, 2).by(SortKey::Number),
    Column::left("encryption", 10, 3).by(SortKey::Text),
    Column::left("public", 7, 2).by(SortKey::State),
    Column::left("replicas", 9, 4).by(SortKey::Number),
];

pub(crate) const RULES: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("bucket", 12, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::of("rule", 14, 1, Fill::Left, 0).by(SortKey::Text),
    Column::of("does", 24, 3, Fill::Left, 0),
    Column::of("for", 10, 1, Fill::Left, 1),
];

/// Buckets in the configured order.
pub(crate) fn buckets<'a>(store: &'a Store, list: &ListState) -> Vec<&'a Bucket> {
    let all = store.get::<Buckets>().map(|b| b.buckets.as_slice()).unwrap_or_default();
    let rows = all.iter().filter(|b| list.filter.matches_fields(&[&b.name, &b.region, b.versioning.as_str()])).collect();
    list.sorted(rows, BUCKETS, |bucket, column| bucket_value(bucket, column))
}

/// What could not be read is not known; of a bucket that is not there nothing is.
fn bucket_value(bucket: &Bucket, column: &str) -> Value {
    let read = |aspect: &str, value: Value| if bucket.exists && bucket.unread(aspect).is_none() { value } else { Value::Unknown };
    match column {
        "bucket" => Value::text(&bucket.name),
        "content" => Value::text(bucket.role.word()),
        "size" => Value::maybe(bucket.bytes),
        "objects" => Value::maybe(bucket.objects),
        "versions" => read("versioning", Value::text(bucket.versioning.as_str())),
        "lifecycle" => read("lifecycle", Value::count(bucket.lifecycle.len())),
        "cors" => read("cors", Value::count(bucket.cors.len())),
        "encryption" => read("encryption", Value::text(bucket.encryption.as_str())),
        "public" => read("public access", Value::State(u8::from(bucket.public_access_blocked != Some(true)))),
        "replicas" => read("replication", Value::count(bucket.replication.len())),
        _ => Value::Unknown,
    }
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
pub(crate) fn rules<'a>(store: &'a Store, list: &ListState) -> Vec<(&'a Bucket, Rule<'a>)> {
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
        list.filter.is_empty() || list.filter.matches_fields(&[&bucket.name, &rule.name(), &more])
    };
    list.sorted(all.iter().flat_map(of).filter(shown).collect(), RULES, |(bucket, rule), column| match column {
        "bucket" => Value::text(&bucket.name),
        "rule" => Value::text(rule.name()),
        _ => Value::Unknown,
    })
}
