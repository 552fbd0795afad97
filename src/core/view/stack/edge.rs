//! The boxes of the edge: Route 53 (where the name leads, health checks) and CloudFront (requests, hits, errors, changes).

use super::small::{Small, fact, no_charts, not_used};
use crate::insight::health::limits::{reached, says_yes};
use crate::model::balancer::Balancer;
use crate::model::cdn::{Cdn, DistributionStatus};
use crate::model::dns::{Dns, DnsHealthCheck, DnsRecord, RecordType, ResponseCode};
use crate::model::limits::Limit;
use crate::model::metric::{self, SeriesId};
use crate::theme::Role;
use crate::view::View;
use crate::view::state::{Missing, known};
use crate::view::widget::{Chart, Fact, Phrase, Unit};

pub(super) const DNS: Small = Small { name: "Route 53", short: ("Route 53", 0), framed: true, facts: dns, more: names, charts: no_charts };

pub(super) const CDN: Small =
    Small { name: "CloudFront", short: ("CloudFront", 0), framed: true, facts: cdn, more: distribution, charts: cdn_charts };

/// What a record leads to, by the name that people use.
pub(crate) fn target<'a>(v: &View<'a>, record: &'a DnsRecord) -> Phrase<'a> {
    let Some(alias) = &record.alias else {
        return Phrase::of(record.values.first().map_or("—", String::as_str), Role::Text);
    };
    let target = alias.target();
    let same = |name: &str| name.trim_end_matches('.').eq_ignore_ascii_case(&target);
    if v.store.get::<Balancer>().is_some_and(|b| same(&b.dns_name)) {
        return Phrase::of("ALB", Role::Text);
    }
    if v.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()).is_some_and(|d| same(&d.domain)) {
        return Phrase::of("CloudFront", Role::Text);
    }
    Phrase::of(target, Role::Warn)
}

/// Whether Route 53 counts the endpoint of a check as healthy; `None` = it does not say.
pub(crate) fn passes(v: &View<'_>, check: &DnsHealthCheck) -> Option<bool> {
    let seen = check.observations.len();
    let passed = check.observations.iter().filter(|o| o.passed()).count();
    match v.value(metric::Dns::Status.of(&check.id)) {
        _ if seen > 0 => Some(reached(passed, seen)),
        status => status.map(says_yes),
    }
}

fn dns<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let dns = known::<Dns>(v)?;
    let Some(zone) = &dns.zone else { return Ok(not_used(room)) };
    let leads = match dns.door() {
        Some(record) => Phrase::of(" → ", Role::Muted).then(target(v, record)),
        None => Phrase::of(" no target", Role::Crit),
    };
    let name = dns.door().map_or(zone.name.trim_end_matches('.'), |r| r.host());
    let mut facts = vec![Fact::new(0, Phrase::of(name, Role::Text).then(leads))];
    let (passing, total) = (dns.health_checks.iter().filter(|c| passes(v, c) == Some(true)).count(), dns.health_checks.len());
    // Checks that some regions see failing are worth a look before Route 53 gives the endpoint up.
    let partly = dns.health_checks.iter().any(|c| c.observations.iter().any(|o| !o.passed()));
    let role = match passing {
        n if n < total => Role::Crit,
        _ if partly => Role::Warn,
        _ => Role::Text,
    };
    if total > 0 {
        facts.push(Fact::new(
            1,
            Phrase::of(format!("{passing}/{total}"), role).and(if room < 28 { " up" } else { " checks up" }, Role::Muted),
        ));
    }
    facts.extend(
        dns.answer
            .iter()
            .filter(|(code, _)| *code != ResponseCode::NoError)
            .map(|(code, _)| fact(0, format!("returns {code}"), Role::Crit)),
    );
    Ok(facts)
}

/// The other names of the zone that lead into the stack.
fn names<'a>(v: &View<'a>, _: usize) -> Vec<Phrase<'a>> {
    let Some(dns) = v.store.get::<Dns>() else { return Vec::new() };
    let zone = dns.zone.as_ref().map_or("", |z| z.name.as_str());
    let others = dns.records.iter().filter(|r| r.alias.is_some() && r.kind == RecordType::A && r.name != zone);
    others.map(|r| Phrase::of(r.name.trim_end_matches('.'), Role::Text).and(" → ", Role::Muted).then(target(v, r))).collect()
}

const FIGURES: &[metric::Cdn] = &[metric::Cdn::Requests, metric::Cdn::Errors4xx, metric::Cdn::Errors5xx];

fn cdn<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let Some(found) = &known::<Cdn>(v)?.distribution else {
        let partition = v.store.place.partition;
        let lacks = || vec![fact(0, if room < 18 { "n/a".to_owned() } else { format!("n/a in {}", partition.id()) }, Role::Muted)];
        return Ok(if partition.has_cloudfront() { not_used(room) } else { lacks() });
    };
    let v = &v.line(FIGURES.iter().copied().map(SeriesId::from).chain([metric::CdnRealtime::Hit.id()]));
    let mut facts = Vec::new();
    if !found.enabled {
        facts.push(fact(0, "disabled", Role::Crit));
    }
    if found.status != DistributionStatus::Deployed {
        facts.push(fact(1, "deploying", Role::Info));
    }
    let wide = if room > 60 { v.spark(metric::Cdn::Requests, 12, Unit::PerSecond) } else { Phrase::new() };
    facts.push(Fact::new(0, v.cell(metric::Cdn::Requests, Unit::PerSecond, 6)));
    facts.push(Fact::new(6, wide));
    let percent = |label: &'static str, id: SeriesId, width: usize, role: Role| {
        Phrase::of(label, Role::Muted).and(format!("{:>width$}", v.figure(id, Unit::Percent)), role)
    };
    // Hits and origin latency are measured for an extra price only.
    if found.realtime_metrics {
        facts.push(Fact::new(2, percent("hit", metric::CdnRealtime::Hit.id(), 5, Role::Text)));
    }
    facts.push(Fact::new(4, percent("4xx", metric::Cdn::Errors4xx.id(), 6, v.graded(Limit::Cdn4xx, v.value(metric::Cdn::Errors4xx)))));
    facts.push(Fact::new(1, percent("5xx", metric::Cdn::Errors5xx.id(), 6, v.graded(Limit::Cdn5xx, v.value(metric::Cdn::Errors5xx)))));
    if found.invalidating > 0 {
        facts.push(Fact::new(3, Phrase::of(format!("{} invalidating", found.invalidating), Role::Info)));
    }
    Ok(facts)
}

/// Which distribution, for which names, from where.
fn distribution<'a>(v: &View<'a>, _: usize) -> Vec<Phrase<'a>> {
    let Some(found) = v.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()) else { return Vec::new() };
    let names = if found.aliases.is_empty() { found.domain.clone() } else { found.aliases.join(" ") };
    let line = Phrase::of(found.id.as_str(), Role::Muted).and("  ", Role::Text).and(names, Role::Text);
    vec![
        line.and("  from ", Role::Muted)
            .and(found.origins.iter().filter_map(|o| o.split('.').next()).collect::<Vec<_>>().join(" "), Role::Text),
    ]
}

fn cdn_charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    if v.store.get::<Cdn>().is_none_or(|c| c.distribution.is_none()) {
        return Vec::new();
    }
    vec![v.chart("requests", metric::Cdn::Requests, Unit::PerSecond), v.chart("hit rate", metric::CdnRealtime::Hit, Unit::Percent)]
}
