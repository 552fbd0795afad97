//! The lists of the edge: records, invalidations, health checks by checker region; and the selected row of each in full.

use ratatui::layout::Rect;

use crate::model::cdn::{Cdn, Invalidation, InvalidationStatus};
use crate::model::dns::{Dns, DnsHealthCheck, DnsObservation, DnsRecord};
use crate::model::metric;
use crate::session::Screen;
use crate::session::pane::edge as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock};
use crate::view::pane::detail::{Detail, selected};
use crate::view::pane::{List, text};
use crate::view::stack::edge::{passes, target};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::{Ink, Phrase, Unit};

/// One of the lists.
pub(super) fn panel(v: &View<'_>, screen: &Screen, index: usize, area: Rect, ink: &mut Ink<'_>) {
    match index {
        0 => records(v, screen, area, ink),
        1 => invalidations(v, screen, area, ink),
        _ => health_checks(v, screen, area, ink),
    }
}

/// The selected row of the focused list.
pub(super) fn detail<'a>(v: &View<'a>, screen: &Screen) -> Option<Detail<'a>> {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let at = selected(v, screen, screen.panel);
    match screen.panel {
        0 => rows::records(v.store, &state).get(at).map(|r| record(v, r)),
        1 => rows::invalidations(v.store, &state).get(at).map(|i| invalidation(v, i)),
        _ => rows::health_checks(v.store, &state).get(at).map(|(check, seen)| health_check(v, check, *seen)),
    }
}

fn records(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let dns = match ready::<Dns>(v) {
        Ok(dns) => dns,
        Err(lines) => return explain(&lines, area, ink),
    };
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = rows::records(v.store, &state);
    let empty = if dns.zone.is_some() { "no records" } else { "Route 53 not used (optional)" };
    let more = format!("more records, only {} shown", dns.records.len());
    let list = List { panel: 0, columns: rows::RECORDS, rows: all.len() + usize::from(dns.cut_off), empty };
    let last = || vec![Phrase::of(more.clone(), Role::Warn)];
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(last, |r| record_row(v, dns, r)));
}

fn record_row<'a>(v: &View<'a>, dns: &'a Dns, record: &'a DnsRecord) -> Vec<Phrase<'a>> {
    let leads = match &record.alias {
        Some(alias) => target(v, record).and("  ", Role::Text).and(if alias.evaluate_health { "" } else { "ignores health" }, Role::Warn),
        None => text(record.values.join(" ")),
    };
    vec![
        text(record.name.trim_end_matches('.')),
        text(record.kind.as_str()),
        record.ttl.map_or_else(|| Phrase::of("—", Role::Muted), |s| text(format!("{s} s"))),
        leads,
        checked(v, dns, record),
    ]
}

/// How the health check of a record stands.
fn checked<'a>(v: &View<'a>, dns: &Dns, record: &DnsRecord) -> Phrase<'a> {
    let Some(id) = &record.health_check else { return Phrase::of("—", Role::Muted) };
    match dns.health_checks.iter().find(|h| h.id == *id).and_then(|h| passes(v, h)) {
        Some(true) => text("passes"),
        Some(false) => Phrase::of("fails", Role::Crit),
        None => Phrase::of("?", Role::Unknown),
    }
}

fn record<'a>(v: &View<'a>, record: &'a DnsRecord) -> Detail<'a> {
    let detail = Detail::new(format!("{} {}", record.name, record.kind));
    let detail = match &record.alias {
        Some(alias) => detail
            .with("alias of", text(alias.dns_name.as_str()))
            .with("routes to", target(v, record))
            .with("health", if alias.evaluate_health { text("evaluates target health") } else { Phrase::of("not evaluated", Role::Warn) })
            .with("target zone", Phrase::of(alias.hosted_zone.as_str(), Role::Muted)),
        None => detail.with("values", text(record.values.join("  "))),
    };
    detail.maybe("TTL", record.ttl.map(|s| text(format!("{s} s")))).maybe("health check", record.health_check.as_deref().map(text))
}

fn invalidations(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let cdn = match ready::<Cdn>(v) {
        Ok(cdn) => cdn,
        Err(lines) => return explain(&lines, area, ink),
    };
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = rows::invalidations(v.store, &state);
    let empty = match cdn.distribution {
        Some(_) => "no recent invalidations",
        None if v.store.place.partition.has_cloudfront() => "CloudFront not used (optional)",
        None => "n/a: no CloudFront in this partition",
    };
    let list = List { panel: 1, columns: rows::INVALIDATIONS, rows: all.len(), empty };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |i| {
            let (mark, role) = if i.status == InvalidationStatus::Completed { ("●", Role::Ok) } else { ("◐", Role::Info) };
            vec![
                Phrase::of(mark, role),
                text(i.id.as_str()),
                text(i.status.as_str()),
                Phrase::of(clock(i.at, v.now), Role::Muted),
                text(ago(i.at, v.now)),
            ]
        })
    });
}

fn invalidation<'a>(v: &View<'a>, found: &'a Invalidation) -> Detail<'a> {
    let at = found.at.map(|at| at.format("%d %b %Y %H:%M:%SZ").to_string());
    Detail::new(format!("invalidation {}", found.id))
        .with(
            "status",
            Phrase::of(found.status.as_str(), if found.status == InvalidationStatus::Completed { Role::Text } else { Role::Info }),
        )
        .with("created", text(at.unwrap_or_else(|| "?".to_owned())).and(format!("  {} ago", ago(found.at, v.now)), Role::Muted))
}

fn health_checks(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let dns = match ready::<Dns>(v) {
        Ok(dns) => dns,
        Err(lines) => return explain(&lines, area, ink),
    };
    let state = v.session.list(screen.pane, &screen.subject, 2);
    let all = rows::health_checks(v.store, &state);
    let empty = if dns.zone.is_some() { "no health checks for this zone" } else { "Route 53 not used (optional)" };
    let list = List { panel: 2, columns: rows::HEALTH_CHECKS, rows: all.len(), empty };
    list.draw(v, screen, area, ink, |i| {
        let same = i > 0 && all.get(i - 1).zip(all.get(i)).is_some_and(|(a, b)| a.0.id == b.0.id);
        all.get(i).map_or_else(Vec::new, |(check, seen)| check_row(v, check, *seen, same))
    });
}

fn check_row<'a>(v: &View<'a>, check: &'a DnsHealthCheck, seen: Option<&'a DnsObservation>, same: bool) -> Vec<Phrase<'a>> {
    let name = Phrase::of(format!("{}{}", check.domain, check.path), if same { Role::Faint } else { Role::Text });
    let Some(seen) = seen else {
        return vec![
            Phrase::of("?", Role::Unknown),
            name,
            Phrase::of("—", Role::Muted),
            Phrase::of("?", Role::Unknown),
            text("—"),
            Phrase::of("no region has reported yet", Role::Muted),
        ];
    };
    let (mark, role, word) = if seen.passed() { ("●", Role::Ok, "ok") } else { ("▲", Role::Warn, "failed") };
    vec![
        Phrase::of(mark, role),
        name,
        text(seen.region.as_str()),
        Phrase::of(word, if seen.passed() { Role::Text } else { Role::Warn }),
        text(ago(seen.at, v.now)),
        Phrase::of(words(&seen.status), if seen.passed() { Role::Muted } else { Role::Warn }),
    ]
}

/// What a checker saw, without the result that stands beside it.
fn words(status: &str) -> &str {
    status.split_once(": ").map_or(status, |(_, rest)| rest)
}

fn health_check<'a>(v: &View<'a>, check: &'a DnsHealthCheck, seen: Option<&'a DnsObservation>) -> Detail<'a> {
    let (passed, all) = (check.observations.iter().filter(|o| o.passed()).count(), check.observations.len());
    let counted = match passes(v, check) {
        Some(true) => text("healthy"),
        Some(false) => Phrase::of("unhealthy", Role::Crit),
        None => Phrase::of("?", Role::Unknown),
    };
    let percent = v.figure(metric::Dns::Percent.of(&check.id), Unit::Percent);
    Detail::new(format!("health check {}", check.id))
        .with("checks", text(format!("{} {}{}", check.kind, check.domain, check.path)))
        .with("verdict", counted.and(format!("  {passed} of {all} regions pass, {percent} of the checkers"), Role::Muted))
        .maybe("region", seen.map(|o| text(o.region.as_str()).and(format!("  {} ago", ago(o.at, v.now)), Role::Muted)))
        .maybe("observed", seen.map(|o| Phrase::of(o.status.as_str(), if o.passed() { Role::Text } else { Role::Warn })))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_result_is_not_said_twice() {
        for (status, said) in [
            ("Success: HTTP Status Code 200, OK", "HTTP Status Code 200, OK"),
            ("Failure: Connection timed out", "Connection timed out"),
            ("odd", "odd"),
        ] {
            assert_eq!(words(status), said);
        }
    }
}
