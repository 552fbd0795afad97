//! Route 53: the hosted zone, its records, the health check, and what a name resolves to.
//! What the checkers see is `world`'s. Query parameters keep the lower-case names that they have on the wire.
//! Called through the service table.

use crate::wire::rest::{Api, Flavour, Root, Route};
use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::World;
use crate::world::state::{Answer, HostedZone, Record};

use super::{Operation, Service};

pub(super) const SERVICE: Service = Service {
    name: "route53",
    iam_prefix: "route53",
    signing_name: "route53",
    targets: &["2013-04-01"],
    namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
    dialect: Dialect { missing: "InvalidInput", invalid: "InvalidInput" },
    operations: &[
        Operation::read("ListHostedZonesByName", list_hosted_zones_by_name),
        Operation::read("ListHostedZones", list_hosted_zones),
        Operation::read("GetHostedZone", get_hosted_zone),
        Operation::read("ListResourceRecordSets", list_resource_record_sets),
        Operation::read("ListHealthChecks", list_health_checks),
        Operation::read("GetHealthCheckStatus", get_health_check_status),
        Operation::read("TestDNSAnswer", test_dns_answer),
    ],
};

pub(super) const API: Api = Api {
    signing_name: "route53",
    version: "2013-04-01",
    flavour: Flavour::Versioned,
    routes: &[
        Route::new("ListHostedZonesByName", "GET", "/hostedzonesbyname", Root::Response),
        Route::new("ListHostedZones", "GET", "/hostedzone", Root::Response),
        Route::new("GetHostedZone", "GET", "/hostedzone/{Id}", Root::Response),
        Route::new("ListResourceRecordSets", "GET", "/hostedzone/{Id}/rrset", Root::Response),
        Route::new("ListHealthChecks", "GET", "/healthcheck", Root::Response),
        Route::new("GetHealthCheckStatus", "GET", "/healthcheck/{HealthCheckId}/status", Root::Response),
        Route::new("TestDNSAnswer", "GET", "/testdnsanswer", Root::Response),
    ],
};

/// The order in which Route 53 lists names: by their labels from the right.
fn order(name: &str) -> Vec<String> {
    name.trim_end_matches('.').to_ascii_lowercase().rsplit('.').map(str::to_owned).collect()
}

fn with_dot(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}

/// `maxitems`: AWS cuts what is more than it gives.
fn limit(params: &Params<'_>, most: i64) -> Result<i64, ApiError> {
    params.int_in("maxitems", 1..=i64::MAX, most).map(|limit| limit.min(most))
}

/// The zone that is meant, by id with or without its prefix.
fn zone<'w>(world: &'w World, asked: &str) -> Result<&'w HostedZone, ApiError> {
    let zone = &world.dns.zone;
    if asked.trim_start_matches("/hostedzone/") == zone.id {
        return Ok(zone);
    }
    Err(ApiError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {asked}")).with_status(404))
}

fn describe_zone(world: &World) -> Value {
    let zone = &world.dns.zone;
    object! {
        "Id" => format!("/hostedzone/{}", zone.id),
        "Name" => &zone.name,
        "CallerReference" => &zone.caller_reference,
        "Config" => object! { "Comment" => &zone.comment, "PrivateZone" => false },
        "ResourceRecordSetCount" => world.dns.records.len(),
    }
}

fn list_hosted_zones_by_name(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (name, id) = (params.str("dnsname"), params.str("hostedzoneid"));
    if id.is_some() && name.is_none() {
        return Err(ApiError::new("InvalidInput", "A hosted zone ID may only be given together with a DNS name."));
    }
    let limit = limit(params, 100)?;
    let found = name.is_none_or(|name| order(&world.dns.zone.name) >= order(name)).then(|| describe_zone(world));
    Ok(object! {
        "HostedZones" => Value::list("HostedZone", found),
        "DNSName" => name.map(with_dot),
        "HostedZoneId" => id,
        "IsTruncated" => false,
        "MaxItems" => limit.to_string(),
    })
}

fn list_hosted_zones(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    paged(params, ("HostedZones", "HostedZone"), vec![describe_zone(world)])
}

/// A page under `member`; its tokens are called `marker` and `NextMarker`.
fn paged(params: &Params<'_>, (member, item): (&'static str, &'static str), all: Vec<Value>) -> Result<Value, ApiError> {
    let (limit, marker) = (limit(params, 100)?, params.str("marker"));
    let Page { items, next } =
        page(all, limit as usize, marker, member).ok_or_else(|| ApiError::new("InvalidInput", "The marker is not valid."))?;
    Ok(object! {
        member => Value::list(item, items),
        "Marker" => marker.unwrap_or_default(),
        "IsTruncated" => next.is_some(),
        "NextMarker" => next,
        "MaxItems" => limit.to_string(),
    })
}

fn get_hosted_zone(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let servers = &zone(world, params.required("Id")?)?.name_servers;
    Ok(object! {
        "HostedZone" => describe_zone(world),
        "DelegationSet" => object! { "NameServers" => Value::list("NameServer", servers) },
    })
}

fn list_resource_record_sets(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    zone(world, params.required("Id")?)?;
    let (name, kind) = (params.str("name"), params.str("type"));
    if kind.is_some() && name.is_none() {
        return Err(ApiError::new("InvalidInput", "The input is not valid: a type was specified without a name."));
    }
    let limit = limit(params, 300)?;
    let start = name.map(|name| (order(name), kind.unwrap_or_default()));
    let after = |record: &&Record| start.as_ref().is_none_or(|(name, kind)| (order(&record.name), record.kind) >= (name.clone(), kind));
    let mut rest = world.dns.records.iter().filter(after);
    let page: Vec<&Record> = rest.by_ref().take(limit as usize).collect();
    let next = rest.next();
    Ok(object! {
        "ResourceRecordSets" => Value::list("ResourceRecordSet", page.into_iter().map(describe_record)),
        "IsTruncated" => next.is_some(),
        "NextRecordName" => next.map(|record| record.name.as_str()),
        "NextRecordType" => next.map(|record| record.kind),
        "MaxItems" => limit.to_string(),
    })
}

fn describe_record(record: &Record) -> Value {
    match &record.answer {
        Answer::Values(ttl, values) => object! {
            "Name" => &record.name,
            "Type" => record.kind,
            "TTL" => *ttl,
            "ResourceRecords" => Value::list("ResourceRecord", values.iter().map(|value| object! { "Value" => value })),
        },
        Answer::Alias(alias) => object! {
            "Name" => &record.name,
            "Type" => record.kind,
            "AliasTarget" => object! {
                "HostedZoneId" => &alias.zone,
                "DNSName" => &alias.dns_name,
                "EvaluateTargetHealth" => alias.evaluate_health,
            },
        },
    }
}

fn list_health_checks(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let check = &world.dns.check;
    let config = object! {
        "Port" => 443,
        "Type" => "HTTPS",
        "ResourcePath" => &check.path,
        "FullyQualifiedDomainName" => &check.domain,
        "RequestInterval" => check.interval,
        "FailureThreshold" => check.threshold,
        "MeasureLatency" => false,
        "Inverted" => false,
        "Disabled" => false,
        "EnableSNI" => true,
    };
    let described = object! {
        "Id" => &check.id,
        "CallerReference" => &check.caller_reference,
        "HealthCheckConfig" => config,
        "HealthCheckVersion" => 1,
    };
    paged(params, ("HealthChecks", "HealthCheck"), vec![described])
}

fn get_health_check_status(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (asked, check) = (params.required("HealthCheckId")?, &world.dns.check);
    if asked != check.id {
        let message = format!("A health check with id {asked} does not exist.");
        return Err(ApiError::new("NoSuchHealthCheck", message).with_status(404));
    }
    let seen = check.checkers.iter().map(|checker| {
        object! {
            "Region" => checker.region,
            "IPAddress" => &checker.ip,
            "StatusReport" => object! { "Status" => &checker.status, "CheckedTime" => Value::time(checker.checked_at) },
        }
    });
    Ok(object! { "HealthCheckObservations" => Value::list("HealthCheckObservation", seen) })
}

fn test_dns_answer(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (asked, name, kind) = (params.required("hostedzoneid")?, params.required("recordname")?, params.required("recordtype")?);
    let zone = zone(world, asked)?;
    let name = with_dot(name);
    if name != zone.name && !name.ends_with(&format!(".{}", zone.name)) {
        return Err(ApiError::new("InvalidInput", format!("The record name {name} is not in the hosted zone {}", zone.name)));
    }
    let (code, data) = world.resolve(&name, kind);
    Ok(object! {
        "Nameserver" => &zone.name_servers[0],
        "RecordName" => name.trim_end_matches('.'),
        "RecordType" => kind,
        "RecordData" => Value::list("RecordDataEntry", data),
        "ResponseCode" => code,
        "Protocol" => "UDP",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::tests::{ask, items, text};

    #[test]
    fn records_are_listed_from_any_point_on() {
        let mut world = World::new(7, 1_795_392_000_000);
        let all = ask(&mut world, &SERVICE, "ListResourceRecordSets", object! { "Id" => "Z08452613NEXTCOREAI0" }).unwrap();
        let names = |answer: &Value| {
            let of = |record: &Value| format!("{} {}", text(record, "Name"), text(record, "Type"));
            items(answer, "ResourceRecordSets").iter().map(of).collect::<Vec<_>>()
        };
        let all = names(&all);
        assert_eq!(all.len(), 8);
        let mut sorted = all.clone();
        sorted.sort_by_key(|record| record.split_once(' ').map(|(name, kind)| (order(name), kind.to_owned())));
        assert_eq!(all, sorted, "by labels from the right, then by type");
        for start in 0..all.len() {
            let (name, kind) = all[start].split_once(' ').unwrap();
            let question = object! { "Id" => "Z08452613NEXTCOREAI0", "name" => name, "type" => kind, "maxitems" => "2" };
            let page = ask(&mut world, &SERVICE, "ListResourceRecordSets", question).unwrap();
            assert_eq!(names(&page), all[start..(start + 2).min(all.len())]);
            let next = all.get(start + 2).map(|next| next.split_once(' ').unwrap().0.to_owned()).unwrap_or_default();
            assert_eq!(text(&page, "NextRecordName"), next);
        }
        let before = object! { "Id" => "/hostedzone/Z08452613NEXTCOREAI0", "name" => "a.nextcore.ai", "maxitems" => "1" };
        assert_eq!(names(&ask(&mut world, &SERVICE, "ListResourceRecordSets", before).unwrap()), ["static.nextcore.ai. A"]);
    }

    #[test]
    fn every_route_has_an_operation_and_the_other_way_round() {
        for (api, service) in [
            (&API, &SERVICE),
            (&super::super::s3::API, &super::super::s3::SERVICE),
            (&super::super::cloudfront::API, &super::super::cloudfront::SERVICE),
        ] {
            let mut routes: Vec<&str> = api.routes.iter().map(|route| route.operation).collect();
            let mut operations: Vec<&str> = service.operations.iter().map(|operation| operation.name).collect();
            routes.sort_unstable();
            operations.sort_unstable();
            assert_eq!(routes, operations);
            assert_eq!(service.targets, [api.version]);
        }
    }
}
