//! The pane of the edge: Route 53 with its records and health checks by checker region, CloudFront with its figures and
//! invalidations. Both are optional: what is not used is said, and is not a fault.

mod lists;

use crate::model::metric;
use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Columns, left_over, over, spread, stacked};
use super::{Panels, beside, heading, spacious, split, text};
use crate::insight::NodeId;
use crate::model::cdn::{Cdn, Distribution, DistributionStatus, ViewerProtocol};
use crate::model::dns::{Dns, ResponseCode};
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::session::Screen;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, share};
use crate::view::stack::edge::target;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Chart, Ink, Phrase, Unit};

/// From here on Route 53 and CloudFront stand beside each other.
const BESIDE: u16 = 100;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let nodes = [System::Dns, System::Cdn].map(NodeId::of);
    let inner = heading(v, &nodes, Phrase::of("Route 53 and CloudFront", Role::Title), &v.age(&[Dns::KEY, Cdn::KEY]), area, ink);
    let y = header(v, inner, ink);
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let charts = charts(v);
    let height = match rest.height {
        _ if charts.is_empty() => 0,
        h if spacious(area) => left_over(v, screen, COLUMNS, h, charts.len()),
        h if h >= 24 => (h / 4).min(7),
        _ => 0,
    };
    let (top, below) = split(rest, height);
    grid(&charts, Rect { y: top.y + 1, height: top.height.saturating_sub(2), ..top }, if spacious(area) { 40 } else { 20 }, ink);
    let beneath = if spacious(area) { spread(v, screen, &PANELS, COLUMNS, below, ink).1 } else { over(v, screen, &PANELS, below, ink) };
    if let Some(found) = lists::detail(v, screen) {
        found.draw(beneath, ink);
    }
}

const COLUMNS: &Columns = &Columns { left: &[0, 2], right: &[1], percent: 60 };

const PANELS: Panels = Panels { fresh: age, draw: lists::panel };

fn age<'a>(v: &View<'a>, panel: usize) -> Phrase<'a> {
    match panel {
        1 => freshness::<Cdn>(v),
        _ => freshness::<Dns>(v),
    }
}

/// What is used at the edge, and how it is set; returns the row behind.
fn header(v: &View<'_>, area: Rect, ink: &mut Ink<'_>) -> u16 {
    let half = if area.width >= BESIDE { area.width / 2 - 1 } else { area.width };
    let (left, right) = beside(area, half);
    let y = told(ready::<Dns>(v).map(|d| zone(v, d)), Rect { width: half, ..left }, ink);
    let right = if half < area.width { right } else { Rect { y, height: area.bottom().saturating_sub(y), ..area } };
    y.max(told(ready::<Cdn>(v).map(|c| distribution(v, c, area.height < 24)), right, ink))
}

/// The facts, or why there are none; returns the row behind.
fn told(facts: Result<Vec<(&'static str, Phrase<'_>)>, Vec<Phrase<'_>>>, area: Rect, ink: &mut Ink<'_>) -> u16 {
    match facts {
        Ok(pairs) => stacked(&pairs, area, ink),
        Err(lines) => {
            explain(&lines, area, ink);
            (area.y + lines.len() as u16).min(area.bottom())
        }
    }
}

fn zone<'a>(v: &View<'a>, dns: &'a Dns) -> Vec<(&'static str, Phrase<'a>)> {
    let Some(zone) = &dns.zone else {
        let name = v.session.stack.zone.as_str();
        return vec![("Route 53", Phrase::of(format!("not used: no hosted zone {name} in the account"), Role::Muted))];
    };
    let kind = if zone.private { Phrase::of("private", Role::Warn) } else { Phrase::of("public", Role::Muted) };
    let name = Phrase::of(zone.name.trim_end_matches('.'), Role::Title).and("  ", Role::Text).then(kind);
    vec![
        ("hosted zone", name.and("  ", Role::Text).and(zone.id.as_str(), Role::Muted)),
        ("resolves to", answer(dns)),
        ("routes to", apex(v, dns)),
    ]
}

/// `NOERROR  13.54.1.2 13.54.3.4`: what Route 53 answers for the zone's own name.
fn answer(dns: &Dns) -> Phrase<'_> {
    match &dns.answer {
        None => Phrase::of("?", Role::Unknown),
        Some((code, _)) if *code != ResponseCode::NoError => Phrase::of(code.as_str(), Role::Crit),
        Some((code, data)) if data.is_empty() => text(code.as_str()).and("  no addresses", Role::Crit),
        Some((code, data)) => text(code.as_str()).and("  ", Role::Text).and(data.join(" "), Role::Text),
    }
}

fn apex<'a>(v: &View<'a>, dns: &'a Dns) -> Phrase<'a> {
    let Some(record) = dns.door() else {
        return Phrase::of("none: no name of the zone leads to a load balancer or to CloudFront", Role::Crit);
    };
    let below = if dns.apex().is_none() { format!("{} → ", record.host()) } else { String::new() };
    let line = Phrase::of(below, Role::Text).then(target(v, record));
    match &record.alias {
        Some(alias) if alias.evaluate_health => line.and("  evaluates target health", Role::Muted),
        Some(_) => line.and("  ignores target health", Role::Warn),
        None => line.and("  not an alias", Role::Warn),
    }
}

fn distribution<'a>(v: &View<'a>, cdn: &'a Cdn, short: bool) -> Vec<(&'static str, Phrase<'a>)> {
    let Some(found) = &cdn.distribution else {
        let partition = v.store.place.partition;
        let lacks = format!("n/a: no CloudFront in {}", partition.id());
        let words = if partition.has_cloudfront() { "not used: no distribution serves the stack".to_owned() } else { lacks };
        return vec![("CloudFront", Phrase::of(words, Role::Muted))];
    };
    let enabled = if found.enabled { Phrase::new() } else { Phrase::of("  disabled", Role::Crit) };
    let status = Phrase::of(found.status.as_str(), if found.status == DistributionStatus::Deployed { Role::Text } else { Role::Info });
    let changed = Phrase::of(format!("  changed {} ago", ago(found.modified_at, v.now)), Role::Muted);
    let aliases = if found.aliases.is_empty() { Phrase::of("no alternate names", Role::Muted) } else { text(found.aliases.join(" ")) };
    let https = matches!(found.viewer_protocol, ViewerProtocol::RedirectToHttps | ViewerProtocol::HttpsOnly);
    let protocol = Phrase::of(found.viewer_protocol.as_str(), if https { Role::Muted } else { Role::Warn });
    let mut pairs = vec![
        ("distribution", Phrase::of(found.id.as_str(), Role::Title).and("  ", Role::Text).then(status).then(enabled).then(changed)),
        ("aliases", aliases.and("  ", Role::Text).then(protocol)),
        ("origins", text(found.origins.join(" "))),
    ];
    if short {
        // Without charts the figures stand in a row.
        pairs.pop();
        pairs.push(("traffic", figures(v, found)));
    }
    pairs
}

fn figures<'a>(v: &View<'a>, found: &Distribution) -> Phrase<'a> {
    use metric::{Cdn, CdnRealtime};
    let ids = [Cdn::Requests.id(), Cdn::Errors5xx.id(), Cdn::Errors4xx.id(), CdnRealtime::Hit.id(), CdnRealtime::Latency.id()];
    let v = &v.line(ids);
    let gap = |p: Phrase<'a>| p.and("  ", Role::Text);
    let mut line = text(v.figure(metric::Cdn::Requests, Unit::PerSecond));
    for (label, id, limit) in [("5xx", metric::Cdn::Errors5xx, Limit::Cdn5xx), ("4xx", metric::Cdn::Errors4xx, Limit::Cdn4xx)] {
        line = gap(line).then(Phrase::labelled(label, share(v.value(id)), v.graded(limit, v.value(id))).and(v.late_of([id]), Role::Muted));
    }
    if found.realtime_metrics {
        line = gap(line).then(Phrase::labelled("hit", v.figure(metric::CdnRealtime::Hit, Unit::Percent), Role::Text));
        line = gap(line).then(Phrase::labelled("origin", v.figure(metric::CdnRealtime::Latency, Unit::Millis), Role::Text));
    }
    line
}

/// Hit rate and origin latency are measured for an extra price only.
pub(super) fn charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    let Some(found) = v.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()) else { return Vec::new() };
    let mut charts = vec![
        v.chart("requests", metric::Cdn::Requests, Unit::PerSecond),
        v.chart("5xx", metric::Cdn::Errors5xx, Unit::Percent),
        v.chart("4xx", metric::Cdn::Errors4xx, Unit::Percent),
    ];
    if found.realtime_metrics {
        charts.push(v.chart("hit rate", metric::CdnRealtime::Hit, Unit::Percent));
        charts.push(v.chart("origin p95", metric::CdnRealtime::Latency, Unit::Millis));
    }
    charts.push(v.chart("downloaded", metric::Cdn::Bytes, Unit::Throughput));
    charts
}
