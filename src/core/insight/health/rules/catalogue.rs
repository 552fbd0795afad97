//! All rules in words: every row of every table, for documents, help and tests. It decides nothing.

use crate::insight::health::limits::{Limit, Side};

use super::{
    Gauge, Rule, alarms, balancer, cache, cdn, dashboards, database, delivery, dns, ecr, logs, nat, network, security, security_groups,
    service, storage, target_group,
};

/// One rule in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDoc {
    /// Its id: `db.cpu`.
    pub id: &'static str,
    /// What it decides.
    pub doc: String,
}

/// Every rule, by system.
pub fn catalogue() -> Vec<RuleDoc> {
    let mut all = Vec::new();
    rules(&mut all, dns::RULES);
    rules(&mut all, dns::CHECKS);
    metrics(&mut all, dns::GAUGES);
    rules(&mut all, cdn::RULES);
    metrics(&mut all, cdn::GAUGES);
    rules(&mut all, balancer::RULES);
    rules(&mut all, balancer::TRAFFIC);
    metrics(&mut all, balancer::GAUGES);
    rules(&mut all, target_group::RULES);
    rules(&mut all, target_group::TRAFFIC);
    rules(&mut all, network::RULES);
    rules(&mut all, network::SUBNETS);
    rules(&mut all, network::ZONES);
    rules(&mut all, nat::RULES);
    metrics(&mut all, nat::GAUGES);
    rules(&mut all, security_groups::PATHS);
    rules(&mut all, security_groups::ENDS);
    rules(&mut all, security_groups::RULES);
    rules(&mut all, service::RULES);
    metrics(&mut all, service::GAUGES);
    rules(&mut all, cache::RULES);
    rules(&mut all, cache::SHARDS);
    rules(&mut all, cache::NODES);
    metrics(&mut all, cache::GAUGES);
    rules(&mut all, database::RULES);
    metrics(&mut all, database::GAUGES);
    rules(&mut all, storage::RULES);
    rules(&mut all, security::ROLES);
    rules(&mut all, security::KEYS);
    rules(&mut all, security::SECRETS);
    rules(&mut all, ecr::RULES);
    rules(&mut all, delivery::PROJECTS);
    rules(&mut all, delivery::PIPELINE);
    rules(&mut all, delivery::STAGES);
    rules(&mut all, alarms::RULES);
    rules(&mut all, dashboards::RULES);
    rules(&mut all, logs::RULES);
    all
}

fn rules<S>(all: &mut Vec<RuleDoc>, rows: &[Rule<S>]) {
    all.extend(rows.iter().map(|r| RuleDoc { id: r.id, doc: r.doc.to_owned() }));
}

fn metrics(all: &mut Vec<RuleDoc>, rows: &[Gauge]) {
    all.extend(rows.iter().map(|row| {
        let side = |limit: Option<Limit>, word: &str| limit.map(|l| format!("{} is {word}", bound(&l, row.show)));
        let parts: Vec<String> = [side(row.bounds.warn, "degraded"), side(row.bounds.critical, "down")].into_iter().flatten().collect();
        RuleDoc { id: row.id, doc: format!("{} {}", row.label, parts.join(", ")) }
    }));
}

/// `> 80 % 10 of 10 min`.
fn bound(limit: &Limit, show: fn(f64) -> String) -> String {
    let sign = if limit.side == Side::Above { '>' } else { '<' };
    let span = if limit.of > 1 { format!(" {} of {} min", limit.n, limit.of) } else { String::new() };
    format!("{sign} {}{span}", show(limit.value))
}
