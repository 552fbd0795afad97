//! Route 53 as data: the hosted zone with its records, and the health check with what its checkers saw.
//! No checking here (see `world::edge::dns`). Read by the Route 53 handler.

use super::super::names::Ms;

/// All of Route 53.
#[derive(Debug, Clone)]
pub struct Dns {
    /// The one hosted zone.
    pub zone: HostedZone,
    /// Its records, in the order in which Route 53 lists them.
    pub records: Vec<Record>,
    /// The health check of the site.
    pub check: HealthCheck,
}

impl Dns {
    /// The record of this name and type.
    pub fn record(&self, name: &str, kind: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name && record.kind == kind)
    }

    /// Whether the site's name is an alias of this load balancer.
    pub fn leads_to(&self, balancer: &str) -> bool {
        let Some(Answer::Alias(alias)) = self.record(&self.zone.name, "A").map(|record| &record.answer) else { return false };
        let name = alias.dns_name.trim_end_matches('.');
        name.strip_prefix("dualstack.").unwrap_or(name).eq_ignore_ascii_case(balancer)
    }
}

#[derive(Debug, Clone)]
pub struct HostedZone {
    /// Id without the `/hostedzone/` in front.
    pub id: String,
    /// Name with the dot at its end.
    pub name: String,
    /// What made it unique when it was made.
    pub caller_reference: String,
    pub comment: String,
    /// The name servers that it was delegated to.
    pub name_servers: [String; 4],
}

/// A resource record set.
#[derive(Debug, Clone)]
pub struct Record {
    /// Name with the dot at its end.
    pub name: String,
    /// Type.
    pub kind: &'static str,
    /// What it answers.
    pub answer: Answer,
}

/// What a record answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Values for this many seconds.
    Values(u32, Vec<String>),
    /// What another AWS resource answers.
    Alias(AliasTarget),
}

/// The target of an alias record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasTarget {
    /// Hosted zone of the target.
    pub zone: String,
    /// Name of the target with the dot at its end.
    pub dns_name: String,
    /// Whether the answer depends on the target's health.
    pub evaluate_health: bool,
}

#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// UUID.
    pub id: String,
    /// What made it unique when it was made.
    pub caller_reference: String,
    /// Name that is checked.
    pub domain: String,
    /// Path that is checked.
    pub path: String,
    /// Seconds between two checks of one checker.
    pub interval: u32,
    /// Failures in a row after which a checker calls the site unhealthy, and successes the other way.
    pub threshold: u32,
    pub checkers: Vec<Checker>,
}

/// One of the places from which the site is checked.
#[derive(Debug, Clone)]
pub struct Checker {
    /// Region in which it stands.
    pub region: &'static str,
    /// Its address.
    pub ip: String,
    /// What it saw last, in Route 53's words.
    pub status: String,
    /// When.
    pub checked_at: Ms,
    /// Whether it calls the site healthy.
    pub healthy: bool,
    /// Physics: when it looks again.
    pub next_at: Ms,
    /// Physics: looks in a row that contradict `healthy`.
    pub against: u32,
}
