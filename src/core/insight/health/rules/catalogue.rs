//! All rules in words: every row of every table, for documents, help and tests. It decides nothing.

use crate::insight::health::limits::meaning;
use crate::model::limits::{Limit, Limits};
use crate::model::system::{SYSTEMS, System};

use super::{
    Gauge, Rule, alarms, balancer, cache, cdn, dashboards, database, delivery, dns, ecr, entrance, logs, nat, network, security,
    security_groups, service, storage, target_group,
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
    for system in SYSTEMS {
        all.system(*system);
    }
    all.rows
}

/// The rows, as far as they are told.
struct Catalogue<'a> {
    limits: &'a Limits,
    rows: Vec<RuleDoc>,
}

impl Catalogue<'_> {
    /// All tables of rules about one system.
    fn system(&mut self, system: System) {
        match system {
            System::Dns => self.rules(dns::RULES).rules(dns::WRITTEN).rules(dns::CHECKS).metrics(dns::GAUGES),
            System::Cdn => self.rules(cdn::RULES).metrics(cdn::GAUGES),
            System::Vpc => self.rules(network::RULES).rules(network::SUBNETS).rules(network::WRITTEN).rules(network::ZONES),
            System::Balancer => self.rules(balancer::RULES).rules(entrance::RULES).rules(balancer::TRAFFIC).metrics(balancer::GAUGES),
            System::TargetGroup => self.rules(target_group::RULES).rules(target_group::TRAFFIC),
            System::Nat => self.rules(nat::RULES).metrics(nat::GAUGES),
            System::SecurityGroups => self.rules(security_groups::PATHS).rules(security_groups::ENDS).rules(security_groups::RULES),
            System::Service => self.rules(service::STATUS).rules(service::RULES).metrics(service::GAUGES),
            System::Cache => self.rules(cache::RULES).rules(cache::SHARDS).rules(cache::NODES).metrics(cache::GAUGES),
            System::Database => self.rules(database::RULES).metrics(database::GAUGES),
            System::Buckets => self.rules(storage::RULES).rules(storage::WRITTEN),
            System::Roles => self.rules(security::ROLES),
            System::Keys => self.rules(security::KEYS),
            System::Secrets => self.rules(security::SECRETS),
            System::Repositories => self.rules(ecr::RULES),
            System::Builds => self.rules(delivery::PROJECTS),
            System::Pipeline => self.rules(delivery::PIPELINE).rules(delivery::STAGES),
            System::Alarms => self.rules(alarms::RULES),
            System::Dashboards => self.rules(dashboards::RULES),
            // It tells what the others have done.
            System::Timeline => self,
            System::Logs => self.rules(logs::RULES),
        };
    }

    /// A limit that stands in a sentence as `{database_iops}` is told as it is configured.
    fn rules<S>(&mut self, rows: &[Rule<S>]) -> &mut Self {
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
        self
    }

    fn metrics<M>(&mut self, rows: &[Gauge<M>]) -> &mut Self {
        let doc = |row: &Gauge<M>| format!("{} {}", row.label, self.limits.words(row.limit, row.show));
        let rows: Vec<RuleDoc> = rows.iter().map(|row| RuleDoc { id: row.id, doc: doc(row) }).collect();
        self.rows.extend(rows);
        self
    }
}
