//! Route 53: the hosted zone of the stack's name, its records, its health checks and what it answers (5 min). Optional: a zone that the
//! account does not have is an answer, not a failure.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_route53::types as sdk;
use futures_util::future::try_join_all;

use super::{Context, Part, SLOW, spare};
use crate::aws::convert::{text, text_opt, texts, time};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::{self, Pages};
use nextcore_core::model::dns::{Dns, DnsAlias, DnsHealthCheck, DnsObservation, DnsRecord, HostedZone, ResponseCode};
use nextcore_core::model::section::Problem;
use nextcore_core::model::store::Store;

const ZONES: Op = Op::read("Route 53", "ListHostedZonesByName", "route53:ListHostedZonesByName").on(Scope::Any);
const RECORDS: Op = Op::read("Route 53", "ListResourceRecordSets", "route53:ListResourceRecordSets").on(Scope::Zones);
const CHECKS: Op = Op::read("Route 53", "ListHealthChecks", "route53:ListHealthChecks").on(Scope::Any);
const STATUS: Op = Op::read("Route 53", "GetHealthCheckStatus", "route53:GetHealthCheckStatus").on(Scope::Any);
const ANSWER: Op = Op::read("Route 53", "TestDNSAnswer", "route53:TestDNSAnswer").on(Scope::Any);
/// Records kept: a zone may have thousands, the stack has a handful.
const MOST_RECORDS: usize = 3000;
const RECORDS_PER_PAGE: i32 = 300;

pub(super) struct DnsSource;

impl super::Source for DnsSource {
    type Out = Dns;
    const READS: &'static [Op] = &[ZONES, RECORDS, CHECKS, STATUS, ANSWER];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(cx: Arc<Context>) -> Result<Dns, Problem> {
        let name = format!("{}.", cx.stack.zone.trim_end_matches('.'));
        let out = cx.clients.dns.list_hosted_zones_by_name().dns_name(&name).send().await.map_err(|e| problem_of(ZONES, &e))?;
        // The answer begins at the name and goes on in the alphabet: another zone may come first. A public one is preferred.
        let same_name = || out.hosted_zones().iter().filter(|z| z.name() == name);
        let is_private = |z: &&sdk::HostedZone| z.config().is_some_and(sdk::HostedZoneConfig::private_zone);
        let Some(zone) = same_name().find(|z| !is_private(z)).or_else(|| same_name().next()) else { return Ok(Dns::default()) };
        let id = zone.id().rsplit('/').next().unwrap_or_default();
        let (records, cut_off) = cx.part(Part::judged("records", "", "records"), records(&cx, id).await)?.unwrap_or_default();
        let zone = HostedZone { id: text(Some(id)), name: text(Some(zone.name())), private: is_private(&zone) };
        let known = Dns { zone: Some(zone), records, cut_off, ..Dns::default() };
        // A zone without a record of its own name is asked for the one by which users come.
        let door = known.door().map_or(name.as_str(), |r| r.name.as_str());
        let (health_checks, answer) = futures_util::future::join(health_checks(&cx, &name, &known.records), answer(&cx, id, door)).await;
        let health_checks = cx.part(Part::judged("health checks", "", "health_checks"), health_checks)?.unwrap_or_default();
        let answer = cx.part(Part::judged("answer", "", "answer"), answer)?.flatten();
        Ok(Dns { health_checks, answer, ..known })
    }
}

/// The records, and whether there are more.
async fn records(cx: &Context, zone: &str) -> Result<(Vec<DnsRecord>, bool), Problem> {
    let (mut pages, mut found) = (Pages::of(RECORDS), Vec::new());
    let mut from: (Option<String>, Option<sdk::RrType>, Option<String>) = (None, None, None);
    let is_cut_off = loop {
        let request = cx.clients.dns.list_resource_record_sets().hosted_zone_id(zone).max_items(RECORDS_PER_PAGE);
        let request = request.set_start_record_name(from.0.take());
        let request = request.set_start_record_type(from.1.take()).set_start_record_identifier(from.2.take());
        let out = request.send().await.map_err(|e| problem_of(RECORDS, &e))?;
        found.extend(out.resource_record_sets().iter().map(record));
        if !out.is_truncated() || found.len() >= MOST_RECORDS {
            break out.is_truncated();
        }
        pages.after(Some(format!("{:?} {:?} {:?}", out.next_record_name, out.next_record_type, out.next_record_identifier)))?;
        from = (
            out.next_record_name().map(ToOwned::to_owned),
            out.next_record_type().cloned(),
            out.next_record_identifier().map(ToOwned::to_owned),
        );
    };
    found.sort_by(|a, b| (&a.name, a.kind.as_str()).cmp(&(&b.name, b.kind.as_str())));
    Ok((found, is_cut_off))
}

fn record(r: &sdk::ResourceRecordSet) -> DnsRecord {
    DnsRecord {
        // Route 53 writes `*` and other signs in octal.
        name: text(Some(&r.name().replace("\\052", "*"))),
        kind: text(Some(r.r#type().as_str())).into(),
        ttl: r.ttl(),
        values: r.resource_records().iter().map(|v| text(Some(v.value()))).collect(),
        alias: r.alias_target().map(|a| DnsAlias {
            dns_name: text(Some(a.dns_name())),
            hosted_zone: text(Some(a.hosted_zone_id())),
            evaluate_health: a.evaluate_target_health(),
        }),
        health_check: text_opt(r.health_check_id()),
    }
}

/// The health checks of names in the zone, and those that its records name.
async fn health_checks(cx: &Context, zone: &str, records: &[DnsRecord]) -> Result<Vec<DnsHealthCheck>, Problem> {
    let request = cx.clients.dns.list_health_checks();
    let ask = |token| request.clone().set_marker(token).send();
    let mut found = page::all(CHECKS, ask, |out| (Some(out.health_checks), out.next_marker.filter(|_| out.is_truncated))).await?;
    found.retain(|check| {
        let domain = check.health_check_config().and_then(|c| c.fully_qualified_domain_name()).unwrap_or_default();
        let of_zone = format!("{domain}.") == zone || format!("{domain}.").ends_with(&format!(".{zone}"));
        of_zone || records.iter().any(|r| r.health_check.as_deref() == Some(check.id()))
    });
    let seen = try_join_all(found.iter().map(|c| observations(cx, c.id()))).await?;
    let with_status = found.iter().zip(seen).map(|(check, observations)| {
        let config = check.health_check_config();
        DnsHealthCheck {
            id: text(Some(check.id())),
            kind: text(config.map(|c| c.r#type().as_str())),
            domain: text(config.and_then(|c| c.fully_qualified_domain_name())),
            path: text(config.and_then(|c| c.resource_path())),
            observations,
        }
    });
    Ok(with_status.collect())
}

/// What the checkers saw. A calculated check and one of an alarm have none: Route 53 refuses to say, and the rest is still known.
async fn observations(cx: &Context, check: &str) -> Result<Vec<DnsObservation>, Problem> {
    let out = cx.clients.dns.get_health_check_status().health_check_id(check).send().await.map_err(|e| problem_of(STATUS, &e));
    let out = cx.part(Part::judged(format!("status of health check {check}"), check, "observations"), spare(out))?.flatten();
    Ok(out.map(|o| o.health_check_observations().iter().map(observation).collect()).unwrap_or_default())
}

fn observation(o: &sdk::HealthCheckObservation) -> DnsObservation {
    DnsObservation {
        region: text(o.region().map(sdk::HealthCheckRegion::as_str)),
        status: text(o.status_report().and_then(|s| s.status())),
        at: time(o.status_report().and_then(|s| s.checked_time())),
    }
}

/// Route 53 answers for public zones only.
async fn answer(cx: &Context, zone: &str, name: &str) -> Result<Option<(ResponseCode, Vec<String>)>, Problem> {
    let request = cx.clients.dns.test_dns_answer().hosted_zone_id(zone).record_name(name).record_type(sdk::RrType::A);
    let out = request.send().await.map_err(|e| problem_of(ANSWER, &e));
    Ok(spare(out)?.map(|o| (text(Some(o.response_code())).into(), texts(o.record_data()))))
}
