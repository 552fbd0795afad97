//! The pane of S3: the buckets with what they are set to and hold, their request metrics, lifecycle and CORS rules.

use crate::model::metric;
use crate::model::system::System;
use std::borrow::Cow;

use ratatui::layout::Rect;

use super::detail::{Columns, Detail, left_over, over, selected, spread};
use super::{List, Panels, heading, spacious, split, text};
use crate::insight::NodeId;
use crate::model::stack::BucketRole;
use crate::model::storage::{Bucket, Buckets, Encryption, LifecycleRule, LifecycleStatus, Versioning};
use crate::session::Screen;
use crate::session::pane::storage as rows;
use crate::session::pane::storage::Rule;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, glyph};
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Chart, Ink, Phrase, Unit};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let inner = heading(v, &[NodeId::of(System::Buckets)], Phrase::of("S3", Role::Title), &freshness::<Buckets>(v), area, ink);
    let charts = charts(v, screen);
    let height = match inner.height {
        _ if v.store.get::<Buckets>().is_none() => 0,
        h if spacious(area) => left_over(v, screen, COLUMNS, h, charts.len().max(1)),
        h if h >= 28 => h / 4,
        _ => 0,
    };
    let (top, lists) = split(inner, height);
    if height > 0 {
        requests(&charts, Rect { height: height - 1, ..top }, ink);
    }
    let beneath = if spacious(area) { spread(v, screen, &PANELS, COLUMNS, lists, ink).1 } else { over(v, screen, &PANELS, lists, ink) };
    if let Some(found) = detail(v, screen) {
        found.draw(beneath, ink);
    }
}

const COLUMNS: &Columns = &Columns { left: &[0], right: &[1], percent: 58 };

const PANELS: Panels = Panels {
    fresh: |v, _| freshness::<Buckets>(v),
    draw: |v, screen, index, area, ink| match index {
        0 => buckets(v, screen, area, ink),
        _ => rules(v, screen, area, ink),
    },
};

/// The bucket that the selected row is about.
fn chosen<'a>(v: &View<'a>, screen: &Screen) -> Option<&'a Bucket> {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let at = selected(v, screen, screen.panel);
    match screen.panel {
        0 => rows::buckets(v.store, &state).get(at).copied(),
        _ => rows::rules(v.store, &state).get(at).map(|(bucket, _)| *bucket),
    }
}

/// Whether CloudWatch has request metrics of a bucket: they are configured, and paid for, one by one.
fn measured(v: &View<'_>, bucket: &str) -> bool {
    v.series(metric::S3::Requests.of(bucket)).is_some_and(|s| !s.points.is_empty())
}

/// The request metrics of the selected bucket, or of the first that has any.
fn charts<'a>(v: &View<'a>, screen: &Screen) -> Vec<Chart<'a>> {
    let all = v.store.get::<Buckets>().map(|b| b.buckets.as_slice()).unwrap_or_default();
    let bucket = chosen(v, screen).filter(|b| measured(v, &b.name)).or_else(|| all.iter().find(|b| measured(v, &b.name)));
    let Some(bucket) = bucket else { return Vec::new() };
    let chart = |label: &str, metric: metric::S3, unit| v.chart(format!("{} {label}", bucket.role.word()), metric.of(&bucket.name), unit);
    vec![
        chart("requests", metric::S3::Requests, Unit::PerSecond),
        chart("4xx", metric::S3::Errors4xx, Unit::Count),
        chart("5xx", metric::S3::Errors5xx, Unit::Count),
        chart("first byte p95", metric::S3::Latency, Unit::Millis),
    ]
}

fn requests(charts: &[Chart<'_>], area: Rect, ink: &mut Ink<'_>) {
    if charts.is_empty() {
        let none = "no request metrics: enabled and billed per bucket (filter EntireBucket)";
        ink.prose(Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, none, Role::Muted);
    } else {
        grid(charts, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, 24, ink);
    }
}

fn buckets(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Buckets>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = rows::buckets(v.store, &state);
    let list = List { panel: 0, columns: rows::BUCKETS, rows: all.len(), empty: "no buckets configured" };
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(Vec::new, |b| bucket_row(v, b)));
}

fn bucket_row<'a>(v: &View<'a>, bucket: &'a Bucket) -> Vec<Phrase<'a>> {
    let (mark, role) = v.level(&NodeId::named(System::Buckets, &bucket.name)).map_or(("◌", Role::Muted), glyph);
    let mut row = vec![Phrase::of(mark, role), text(bucket.name.as_str()), text(bucket.role.word())];
    if !bucket.exists {
        row.extend([Phrase::of("missing", Role::Crit), text("—")]);
        return row;
    }
    let figure = |value: Option<f64>, unit: Unit| value.map_or_else(|| Phrase::of("?", Role::Unknown), |n| text(unit.text(n)));
    let short = |aspect: &str, value: Phrase<'a>| if bucket.unread(aspect).is_some() { Phrase::of("?", Role::Unknown) } else { value };
    row.extend([
        figure(bucket.bytes, Unit::Bytes),
        figure(bucket.objects, Unit::Count),
        short("versioning", versions(bucket)),
        short("lifecycle", lifecycle(bucket)),
        short("cors", cors(bucket)),
        short("encryption", encryption(bucket)),
        short("public access", public(bucket)),
        short(
            "replication",
            text(if bucket.replication.is_empty() { Cow::Borrowed("—") } else { Cow::Owned(short_arns(&bucket.replication)) }),
        ),
    ]);
    row
}

fn versions(bucket: &Bucket) -> Phrase<'_> {
    match &bucket.versioning {
        Versioning::Enabled => text("on"),
        Versioning::Unstated => Phrase::of("never on", Role::Warn),
        other => Phrase::of(other.as_str(), Role::Warn),
    }
}

/// `365 d`: when objects expire; else how many rules there are.
fn lifecycle(bucket: &Bucket) -> Phrase<'static> {
    let enabled = || bucket.lifecycle.iter().filter(|r| r.status == LifecycleStatus::Enabled);
    let days = enabled().filter_map(|r| r.expiration_days).min();
    match (days, enabled().count(), &bucket.role) {
        (Some(days), ..) => text(format!("{days} d")),
        (None, 0, BucketRole::Static) => Phrase::of("—", Role::Muted),
        (None, 0, _) => Phrase::of("none", Role::Warn),
        (None, 1, _) => text("1 rule"),
        (None, n, _) => text(format!("{n} rules")),
    }
}

fn cors(bucket: &Bucket) -> Phrase<'static> {
    match (bucket.cors.len(), &bucket.role) {
        (0, BucketRole::Static) => Phrase::of("none", Role::Warn),
        (0, _) => Phrase::of("—", Role::Muted),
        (1, _) => text("1 rule"),
        (n, _) => text(format!("{n} rules")),
    }
}

fn encryption(bucket: &Bucket) -> Phrase<'_> {
    match &bucket.encryption {
        Encryption::Unstated => Phrase::of("none", Role::Warn),
        kms if kms.is_kms() => text(kms.as_str()),
        other => Phrase::of(other.as_str(), Role::Warn),
    }
}

fn public(bucket: &Bucket) -> Phrase<'static> {
    match bucket.public_access_blocked {
        Some(true) => text("blocked"),
        Some(false) => Phrase::of("partly", Role::Warn),
        None => Phrase::of("open", Role::Warn),
    }
}

/// Bucket names of ARNs.
fn short_arns(arns: &[String]) -> String {
    arns.iter().map(|a| a.rsplit(':').next().unwrap_or(a)).collect::<Vec<_>>().join(" ")
}

fn rules(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Buckets>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = rows::rules(v.store, &state);
    let list = List { panel: 1, columns: rows::RULES, rows: all.len(), empty: "no lifecycle, CORS or replication rules" };
    list.draw(v, screen, area, ink, |i| {
        let Some((bucket, rule)) = all.get(i) else { return Vec::new() };
        let off = matches!(rule, Rule::Lifecycle(r) if r.status != LifecycleStatus::Enabled);
        let (mark, role) = if off { ("○", Role::Muted) } else { ("●", Role::Ok) };
        let (does, to) = effect(rule);
        vec![
            Phrase::of(mark, role),
            text(v.short(&bucket.name)),
            text(rule.name()),
            Phrase::of(does, if off { Role::Muted } else { Role::Text }),
            Phrase::of(to, Role::Muted),
        ]
    });
}

/// What a rule does, and to what.
fn effect<'a>(rule: &Rule<'a>) -> (String, Cow<'a, str>) {
    match rule {
        Rule::Lifecycle(rule) => {
            let off = if rule.status == LifecycleStatus::Enabled { "" } else { " (disabled)" };
            (format!("{}{off}", outcome(rule)), Cow::Borrowed(if rule.prefix.is_empty() { "all objects" } else { &rule.prefix }))
        }
        Rule::Cors(_, rule) => (format!("allows {}", rule.methods.join(" ")), Cow::Owned(rule.origins.join(" "))),
        Rule::Replication(to) => (format!("replicates to {}", to.rsplit(':').next().unwrap_or(to)), Cow::Borrowed("new objects")),
    }
}

/// `30 d → STANDARD_IA, expires after 365 d`.
fn outcome(rule: &LifecycleRule) -> String {
    let mut parts = rule.transitions.clone();
    parts.extend(rule.expiration_days.map(|d| format!("expires after {d} d")));
    parts.extend(rule.noncurrent_days.map(|d| format!("old versions expire after {d} d")));
    if parts.is_empty() { "cleanup only".to_owned() } else { parts.join(", ") }
}

fn detail<'a>(v: &View<'a>, screen: &Screen) -> Option<Detail<'a>> {
    if screen.panel == 1 {
        let state = v.session.list(screen.pane, &screen.subject, 1);
        let (bucket, rule) = *rows::rules(v.store, &state).get(selected(v, screen, 1))?;
        let (does, to) = effect(&rule);
        return Some(Detail::new(format!("{}  {}", bucket.name, rule.name())).with("does", text(does)).with("for", text(to)));
    }
    chosen(v, screen).map(|bucket| full(v, bucket))
}

/// Everything that is known of a bucket, and what is not and why.
fn full<'a>(v: &View<'a>, bucket: &'a Bucket) -> Detail<'a> {
    let mut detail = Detail::new(bucket.name.as_str());
    for (aspect, why) in &bucket.unread {
        detail = detail.with("not read", Phrase::of(format!("{aspect}: {why}"), Role::Warn));
    }
    if !bucket.exists {
        return detail.with("state", Phrase::of("no such bucket in this account", Role::Crit));
    }
    let known = |aspect: &str| bucket.unread(aspect).is_none();
    let amount = bucket.bytes.zip(bucket.objects).map(|(bytes, objects)| {
        text(format!("{} in {} objects", Unit::Bytes.text(bytes), Unit::Count.text(objects)))
            .and(format!("  measured {} ago", ago(bucket.measured_at, v.now)), Role::Muted)
    });
    let rules: Vec<String> = bucket.lifecycle.iter().map(|r| format!("{}: {}", r.id, outcome(r))).collect();
    let origins: Vec<String> = bucket.cors.iter().map(|r| format!("{} for {}", r.methods.join(" "), r.origins.join(" "))).collect();
    let key = bucket.kms_key.as_deref().unwrap_or_default();
    let home = bucket.region.is_empty() || bucket.region == v.session.stack.region;
    let [refused, failed] = [metric::S3::Errors4xx, metric::S3::Errors5xx].map(|e| v.figure(e.of(&bucket.name), Unit::Count));
    let requests = measured(v, &bucket.name).then(|| {
        let rate = v.figure(metric::S3::Requests.of(&bucket.name), Unit::PerSecond);
        text(format!("{rate}  4xx {refused}/min  5xx {failed}/min"))
    });
    detail
        .with("content", amount.unwrap_or_else(|| Phrase::of("? (measured once a day)", Role::Unknown)))
        .maybe("versions", known("versioning").then(|| versions(bucket)))
        .maybe("lifecycle", known("lifecycle").then(|| if rules.is_empty() { lifecycle(bucket) } else { text(rules.join("; ")) }))
        .maybe("cors", known("cors").then(|| if origins.is_empty() { cors(bucket) } else { text(origins.join("; ")) }))
        .maybe("encryption", known("encryption").then(|| encryption(bucket).and("  ", Role::Text).and(key, Role::Muted)))
        .maybe("public", known("public access").then(|| public(bucket)))
        .with("requests", requests.unwrap_or_else(|| Phrase::of("request metrics not configured", Role::Muted)))
        .maybe("replicas", (!bucket.replication.is_empty()).then(|| text(bucket.replication.join(" "))))
        .with("region", Phrase::of(bucket.region.as_str(), if home { Role::Muted } else { Role::Warn }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifecycle_rule_says_everything_that_it_does() {
        let rule = LifecycleRule {
            transitions: vec!["30 d → STANDARD_IA".into()],
            expiration_days: Some(365),
            noncurrent_days: Some(90),
            ..LifecycleRule::default()
        };
        assert_eq!(outcome(&rule), "30 d → STANDARD_IA, expires after 365 d, old versions expire after 90 d");
        assert_eq!(outcome(&LifecycleRule::default()), "cleanup only");
    }

    #[test]
    fn what_the_seed_asks_of_a_bucket_is_loud_only_where_it_asks() {
        let role = |p: Phrase<'_>| p.runs.first().map(|r| r.1);
        let bucket = |role| Bucket { exists: true, ..Bucket::named("b", role) };
        assert_eq!(role(cors(&bucket(BucketRole::Static))), Some(Role::Warn));
        assert_eq!(role(cors(&bucket(BucketRole::Reports))), Some(Role::Muted));
        assert_eq!(role(lifecycle(&bucket(BucketRole::Reports))), Some(Role::Warn));
        assert_eq!(role(lifecycle(&bucket(BucketRole::Static))), Some(Role::Muted));
    }
}
