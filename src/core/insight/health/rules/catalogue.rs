//! All rules in words: every row of every table, for documents, help and tests. It decides nothing.

use crate::insight::health::limits::meaning;
use crate::model::limits::{Limit, Limits};

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

/// Every rule with the limits of a stack, by system.
pub fn catalogue(limits: &Limits) -> Vec<RuleDoc> {
    let mut all = Catalogue { limits, rows: Vec::new() };
    all.rules(dns::RULES);
    all.rules(dns::CHECKS);
    all.metrics(dns::GAUGES);
    all.rules(cdn::RULES);
    all.metrics(cdn::GAUGES);
    all.rules(balancer::RULES);
    all.rules(balancer::TRAFFIC);
    all.metrics(balancer::GAUGES);
    all.rules(target_group::RULES);
    all.rules(target_group::TRAFFIC);
    all.rules(network::RULES);
    all.rules(network::SUBNETS);
    all.rules(network::ZONES);
    all.rules(nat::RULES);
    all.metrics(nat::GAUGES);
    all.rules(security_groups::PATHS);
    all.rules(security_groups::ENDS);
    all.rules(security_groups::RULES);
    all.rules(service::RULES);
    all.metrics(service::GAUGES);
    all.rules(cache::RULES);
    all.rules(cache::SHARDS);
    all.rules(cache::NODES);
    all.metrics(cache::GAUGES);
    all.rules(database::RULES);
    all.metrics(database::GAUGES);
    all.rules(storage::RULES);
    all.rules(security::ROLES);
    all.rules(security::KEYS);
    all.rules(security::SECRETS);
    all.rules(ecr::RULES);
    all.rules(delivery::PROJECTS);
    all.rules(delivery::PIPELINE);
    all.rules(delivery::STAGES);
    all.rules(alarms::RULES);
    all.rules(dashboards::RULES);
    all.rules(logs::RULES);
    all.rows
}

/// The rows, as far as they are told.
struct Catalogue<'a> {
    limits: &'a Limits,
    rows: Vec<RuleDoc>,
}

impl Catalogue<'_> {
    /// A limit that stands in a sentence as `{database_iops}` is told as it is configured.
    fn rules<S>(&mut self, rows: &[Rule<S>]) {
        for rule in rows {
            let mut doc = rule.doc.to_owned();
            for limit in Limit::ALL.iter().filter(|_| rule.doc.contains('{')) {
                let key = format!("{{{}}}", limit.name());
                if doc.contains(&key) {
                    doc = doc.replace(&key, &self.limits.words(*limit, |value| meaning(*limit).unit.text(value)));
                }
            }
            self.rows.push(RuleDoc { id: rule.id, doc });
        }
    }

    fn metrics<M>(&mut self, rows: &[Gauge<M>]) {
        let doc = |row: &Gauge<M>| format!("{} {}", row.label, self.limits.words(row.limit, row.show));
        let rows: Vec<RuleDoc> = rows.iter().map(|row| RuleDoc { id: row.id, doc: doc(row) }).collect();
        self.rows.extend(rows);
    }
}
