//! Route 53: the hosted zone, its records and its health checks. Optional in the written architecture: an account without the zone is not ill.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `Type` of the Route 53 API's `ListResourceRecordSets`.
    pub enum RecordType {
        A = "A",
        Aaaa = "AAAA",
        Caa = "CAA",
        Cname = "CNAME",
        Ds = "DS",
        Https = "HTTPS",
        Mx = "MX",
        Naptr = "NAPTR",
        Ns = "NS",
        Ptr = "PTR",
        Soa = "SOA",
        Spf = "SPF",
        Srv = "SRV",
        Sshfp = "SSHFP",
        Svcb = "SVCB",
        Tlsa = "TLSA",
        Txt = "TXT",
    }
}

states! {
    /// `ResponseCode` of the Route 53 API's `TestDNSAnswer`, which writes DNS's own codes.
    pub enum ResponseCode {
        NoError = "NOERROR",
        FormErr = "FORMERR",
        ServFail = "SERVFAIL",
        NxDomain = "NXDOMAIN",
        NotImp = "NOTIMP",
        Refused = "REFUSED",
    }
}

/// One resource record set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Fully qualified, with the trailing dot.
    pub name: String,
    /// `A`, `AAAA`, `NS`, ...
    pub kind: RecordType,
    /// Seconds; alias records have none of their own.
    pub ttl: Option<i64>,
    /// Values of a plain record.
    pub values: Vec<String>,
    /// Where an alias leads.
    pub alias: Option<DnsAlias>,
    /// Health check id.
    pub health_check: Option<String>,
}

/// The target of an alias record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DnsAlias {
    /// DNS name, as Route 53 writes it: `dualstack.name.`
    pub dns_name: String,
    /// Hosted zone id of the target.
    pub hosted_zone: String,
    /// Whether the target's health decides the answer.
    pub evaluate_health: bool,
}

impl DnsRecord {
    /// The host that it leads to, by an alias or a CNAME, in small letters.
    pub fn leads(&self) -> Option<String> {
        let cname = || self.values.first().filter(|_| self.kind.as_str() == "CNAME").map(|v| v.trim_end_matches('.').to_ascii_lowercase());
        self.alias.as_ref().map(DnsAlias::target).or_else(cname)
    }

    /// Its name without the trailing dot.
    pub fn host(&self) -> &str {
        self.name.trim_end_matches('.')
    }
}

impl DnsAlias {
    /// The target's own name: without `dualstack.` and the trailing dot, in small letters.
    pub fn target(&self) -> String {
        let name = self.dns_name.trim_end_matches('.').to_ascii_lowercase();
        name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
    }
}

/// What one checker region last saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DnsObservation {
    /// Checker region.
    pub region: String,
    /// `Success: HTTP Status Code 200, OK` or `Failure: ...`.
    pub status: String,
    /// When.
    pub at: Option<Time>,
}

impl DnsObservation {
    /// Whether the check passed.
    pub fn passed(&self) -> bool {
        self.status.starts_with("Success")
    }
}

/// One health check of the zone's names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DnsHealthCheck {
    pub id: String,
    /// `HTTPS`, `HTTP`, `TCP`, ...
    pub kind: String,
    /// The name that is checked.
    pub domain: String,
    pub path: String,
    /// By checker region.
    pub observations: Vec<DnsObservation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostedZone {
    /// Id without `/hostedzone/`.
    pub id: String,
    /// `nextcore.ai.`
    pub name: String,
    /// Private zones answer inside a VPC only.
    pub private: bool,
}

/// route53:ListHostedZonesByName, ListResourceRecordSets, ListHealthChecks, GetHealthCheckStatus, TestDNSAnswer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dns {
    /// The zone of the configured name; `None` = the account has none.
    pub zone: Option<HostedZone>,
    /// By name and type.
    pub records: Vec<DnsRecord>,
    /// The zone has more records than these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
    /// Health checks of names in the zone.
    pub health_checks: Vec<DnsHealthCheck>,
    /// What Route 53 answers for the zone's own name: response code and data.
    pub answer: Option<(ResponseCode, Vec<String>)>,
}

impl Section for Dns {
    const KEY: SectionKey = SectionKey("dns");
    const TITLE: &'static str = "Route 53";
    const OF: Option<System> = Some(System::Dns);
}

impl Dns {
    /// The alias record of the zone's own name, IPv4 first.
    pub(crate) fn apex(&self) -> Option<&DnsRecord> {
        let zone = self.zone.as_ref()?;
        [RecordType::A, RecordType::Aaaa].iter().find_map(|kind| self.records.iter().find(|r| r.name == zone.name && r.kind == *kind))
    }

    /// The records by which users may come: that of the zone's own name, then those below it that lead to a load balancer or to CloudFront.
    pub fn doors(&self) -> impl Iterator<Item = &DnsRecord> {
        let apex = self.apex();
        let below = self.records.iter().filter(move |r| apex.is_none_or(|a| a.name != r.name));
        apex.into_iter().chain(below.filter(|r| r.leads().is_some_and(|to| to.contains(".elb.") || to.ends_with(".cloudfront.net"))))
    }

    /// The first of them: what is shown of a zone.
    pub fn door(&self) -> Option<&DnsRecord> {
        self.doors().next()
    }
}
