//! Rules about the buckets: they exist and are configured as the written architecture writes them, and their requests succeed.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::insight::health::node::Nodes;
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics};
use crate::model::section::Section;
use crate::model::stack::BucketRole;
use crate::model::storage::{Bucket, Buckets, LifecycleRule, LifecycleStatus, Versioning};
use crate::model::system::{System, SystemSpec};

use super::{Rule, apply, apply_written, failures};

/// Days after which reports expire (seed).
const REPORT_DAYS: i32 = 365;

/// About one bucket.
pub(crate) const RULES: &[Rule<Bucket>] = &[
    Rule { id: "s3.exists", doc: "the bucket exists; none is down, no permission unknown", needs: &[Buckets::KEY], check: exists },
    Rule {
        id: "s3.unread",
        doc: "every aspect can be read; one that is judged is unknown, another a note",
        needs: &[Buckets::KEY],
        check: unread,
    },
    Rule { id: "s3.5xx", doc: "5xx of requests: {bucket_5xx}", needs: &[Buckets::KEY, Metrics::KEY], check: errors },
];

/// What is written down about one.
pub(crate) const WRITTEN: &[Rule<Bucket>] = &[
    Rule { id: "s3.region", doc: "in the home region", needs: &[Buckets::KEY], check: region },
    Rule { id: "s3.versioning", doc: "versioning enabled", needs: &[Buckets::KEY], check: versioning },
    Rule { id: "s3.encryption", doc: "encrypted with KMS", needs: &[Buckets::KEY], check: encryption },
    Rule {
        id: "s3.lifecycle",
        doc: "documents: a lifecycle rule; reports: expiry after 365 days",
        needs: &[Buckets::KEY],
        check: lifecycle,
    },
    Rule { id: "s3.cors", doc: "static assets: a CORS rule", needs: &[Buckets::KEY], check: cors },
];

/// Judges every bucket, then all together.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let found = facts.store.get::<Buckets>();
    for spec in &facts.stack.buckets {
        let bucket = found.and_then(|b| b.buckets.iter().find(|b| b.name == spec.name));
        let told = || facts.fresh::<Buckets>().map(|_| Finding::new(Level::Unknown, "not in the answer"));
        let mut findings = bucket.map_or_else(|| told().into_iter().collect(), |b| apply(RULES, facts, ground.mandatory, b));
        findings.extend(bucket.into_iter().flat_map(|b| apply_written(WRITTEN, facts, ground.mandatory, b)));
        nodes.child(facts, ground, NodeId::named(System::Buckets, &spec.name), &spec.name, findings);
    }
    nodes.parent(facts, ground, NodeId::of(System::Buckets), Vec::new());
}

fn exists(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    if let Some(why) = bucket.unread("bucket") {
        return Some(Finding::new(Level::Unknown, why));
    }
    (!bucket.exists).then(|| down("missing (no such bucket)"))
}

/// Whether an aspect was read: what could not be read is not judged.
fn read(bucket: &Bucket, aspect: &str) -> bool {
    bucket.exists && bucket.unread("bucket").is_none() && bucket.unread(aspect).is_none()
}

fn region(facts: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let odd = !bucket.region.is_empty() && bucket.region != facts.stack.region;
    odd.then(|| degraded(format!("in {}, not {}", bucket.region, facts.stack.region)))
}

fn versioning(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let state = if bucket.versioning.is_empty() { "never enabled" } else { bucket.versioning.as_str() };
    (read(bucket, "versioning") && bucket.versioning != Versioning::Enabled)
        .then(|| degraded(format!("versioning {}", state.to_lowercase())))
}

fn encryption(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let words = match bucket.encryption.as_str() {
        "" => "no default encryption".to_owned(),
        with => format!("{with} instead of KMS"),
    };
    (read(bucket, "encryption") && !bucket.encryption.is_kms()).then(|| degraded(words))
}

fn lifecycle(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    if !read(bucket, "lifecycle") {
        return None;
    }
    let mut enabled = bucket.lifecycle.iter().filter(|r| r.status == LifecycleStatus::Enabled);
    let whole = |r: &LifecycleRule| r.prefix.is_empty() && r.expiration_days == Some(REPORT_DAYS);
    match &bucket.role {
        BucketRole::Documents if enabled.next().is_none() => Some(degraded("no lifecycle rule")),
        BucketRole::Reports if !enabled.any(whole) => Some(degraded(format!("no expiry after {REPORT_DAYS} days"))),
        _ => None,
    }
}

fn cors(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let missing = bucket.role == BucketRole::Static && read(bucket, "cors") && bucket.cors.is_empty();
    missing.then(|| degraded("no CORS rule"))
}

fn unread(_: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let mut all: Vec<&(String, String)> = bucket.unread.iter().filter(|(aspect, _)| aspect != "bucket").collect();
    all.sort_by_key(|(aspect, _)| !is_judged(bucket, aspect));
    let (aspect, why) = all.first()?;
    let more = if all.len() > 1 { format!(" (and {} more)", all.len() - 1) } else { String::new() };
    let level = if is_judged(bucket, aspect) { Level::Unknown } else { Level::Healthy };
    Some(Finding::new(level, format!("{aspect}: {why}{more}")))
}

/// Whether anything is said of an aspect, so that without it the bucket is not known to be as it should.
fn is_judged(bucket: &Bucket, aspect: &str) -> bool {
    match aspect {
        "versioning" | "encryption" | "public access" => true,
        "lifecycle" => matches!(bucket.role, BucketRole::Documents | BucketRole::Reports),
        "cors" => bucket.role == BucketRole::Static,
        _ => false,
    }
}

fn errors(facts: &Facts<'_>, bucket: &Bucket) -> Option<Finding> {
    let (errors, requests) = (metric::S3::Errors5xx.of(&bucket.name), metric::S3::Requests.of(&bucket.name));
    failures(facts, "5xx", errors, requests, Limit::Bucket5xx)
}
