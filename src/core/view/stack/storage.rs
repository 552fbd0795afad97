//! The box of S3: how many buckets, how large each is, and which settings of the written architecture it lacks.

use super::small::{Small, counted, fact, no_charts};
use crate::insight::NodeId;
use crate::model::storage::{Bucket, Buckets, Versioning};
use crate::model::system::System;
use crate::model::text::clip;
use crate::theme::Role;
use crate::view::figures::{glyph, tone};
use crate::view::state::{Missing, known};
use crate::view::widget::phrase::fit;
use crate::view::widget::{Fact, Phrase, Unit};
use crate::view::{View, reason};

pub(super) const BUCKETS: Small = Small { name: "S3", short: ("S3", 0), framed: true, facts: all, more: each, charts: no_charts };

fn all<'a>(v: &View<'a>, _: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let buckets = &known::<Buckets>(v)?.buckets;
    let there = buckets.iter().filter(|b| b.exists).count();
    let bytes = buckets.iter().filter_map(|b| b.bytes).reduce(|a, b| a + b);
    let mut facts = vec![Fact::new(0, counted(there, buckets.len(), ""))];
    let open = buckets.iter().filter(|b| b.exists && b.public_access_blocked == Some(false)).count();
    if open > 0 {
        facts.push(fact(0, format!("{open} public"), Role::Crit));
    }
    facts.extend(bytes.map(|b| fact(1, Unit::Bytes.text(b), Role::Text)));
    Ok(facts)
}

/// One line per bucket.
fn each<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let buckets = v.store.get::<Buckets>().map(|b| b.buckets.as_slice()).unwrap_or_default();
    let longest = buckets.iter().map(|b| b.role.word().len()).max().unwrap_or(0);
    buckets.iter().map(|b| line(v, b, longest, width)).collect()
}

fn line<'a>(v: &View<'a>, bucket: &'a Bucket, longest: usize, width: usize) -> Phrase<'a> {
    let (mark, role) = v.level(&NodeId::named(System::Buckets, &bucket.name)).map_or(("", Role::Text), glyph);
    let mut facts = vec![Fact::new(0, Phrase::of(bucket.role.word(), Role::Text).padded(longest))];
    if !mark.is_empty() {
        facts.insert(0, Fact::new(0, Phrase::of(mark, role)));
    }
    if !bucket.exists {
        facts.push(fact(0, "missing", Role::Crit));
        return fit(facts, width, 1);
    }
    if let Some(worst) = reason::reasons(v, &NodeId::named(System::Buckets, &bucket.name)).first() {
        let used: usize = facts.iter().map(|f| f.phrase.width() + 1).sum();
        facts.push(fact(0, clip(&worst.text, width.saturating_sub(used)), tone(worst.level)));
        return fit(facts, width, 1);
    }
    let figure = |value: Option<f64>, unit: Unit| value.map_or_else(|| "?".to_owned(), |v| unit.text(v));
    facts.push(fact(1, format!("{:>8}", figure(bucket.bytes, Unit::Bytes)), Role::Text));
    facts.push(Fact::new(3, Phrase::of(format!("{:>5}", figure(bucket.objects, Unit::Count)), Role::Muted)));
    match bucket.versioning {
        Versioning::Enabled => facts.push(Fact::new(5, Phrase::of("versioned", Role::Muted))),
        _ if bucket.unread("versioning").is_some() => facts.push(fact(5, "versions ?", Role::Unknown)),
        _ => facts.push(fact(2, "unversioned", Role::Warn)),
    }
    if !bucket.lifecycle.is_empty() {
        facts.push(Fact::new(6, Phrase::of("lifecycle", Role::Muted)));
    }
    if !bucket.cors.is_empty() {
        facts.push(Fact::new(6, Phrase::of("CORS", Role::Muted)));
    }
    fit(facts, width, 1)
}
