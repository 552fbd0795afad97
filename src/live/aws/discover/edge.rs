//! What stands around the stack: the zone whose name leads to it, its keys, buckets, alarms and dashboards. Called by `discover`.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm};

use super::{Candidate, Question, Search, names};
use crate::aws::convert::text;
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::balancer::Balancer;
use nextcore_core::model::database::Database;
use nextcore_core::model::stack::{KeyUse, Named};

const ZONES: Op = Op::read("Route 53", "ListHostedZones", "route53:ListHostedZones").on(Scope::Any);
const RECORDS: Op = Op::read("Route 53", "ListResourceRecordSets", "route53:ListResourceRecordSets").on(Scope::Any);
const ALIASES: Op = Op::read("KMS", "ListAliases", "kms:ListAliases").on(Scope::Any);
const SECRET: Op = Op::read("Secrets Manager", "DescribeSecret", "secretsmanager:DescribeSecret").on(Scope::Any);
const BUCKETS: Op = Op::read("S3", "ListBuckets", "s3:ListAllMyBuckets").on(Scope::Any);
const ENCRYPTION: Op = Op::read("S3", "GetBucketEncryption", "s3:GetEncryptionConfiguration").on(Scope::Any);
const ALARMS: Op = Op::read("CloudWatch", "DescribeAlarms", "cloudwatch:DescribeAlarms").on(Scope::Any);
const DASHBOARDS: Op = Op::read("CloudWatch", "ListDashboards", "cloudwatch:ListDashboards").on(Scope::Any);

pub(super) const READS: &[Op] = &[ZONES, RECORDS, ALIASES, SECRET, BUCKETS, ENCRYPTION, ALARMS, DASHBOARDS];

/// Zones that are looked into.
const MOST: usize = 50;
/// Pages of records that are looked through in each.
const RECORD_PAGES: usize = 20;

impl Search<'_> {
    pub(super) async fn edge(&mut self) {
        self.zone().await;
        self.buckets().await;
        self.keys().await;
        self.alarms().await;
        self.dashboards().await;
    }

    /// The zone with a record that leads to the load balancer.
    async fn zone(&mut self) {
        let Some(balancer) = self.store.get::<Balancer>().map(|b| b.dns_name.to_ascii_lowercase()).filter(|n| !n.is_empty()) else {
            return;
        };
        let dns = self.clients.dns.clone();
        let ask = |marker| dns.list_hosted_zones().set_marker(marker).send();
        let answer = page::all(ZONES, ask, |out| (Some(out.hosted_zones), out.next_marker.filter(|_| out.is_truncated))).await;
        let Some(zones) = self.part(answer) else { return };
        let leads = |target: &str| target.trim_end_matches('.').to_ascii_lowercase().trim_start_matches("dualstack.") == balancer;
        for zone in zones.iter().take(MOST) {
            let Some(records) = self.records(zone.id()).await else { return };
            let alias = records.iter().find(|r| r.alias_target().is_some_and(|a| leads(a.dns_name())));
            let cname = || records.iter().find(|r| r.resource_records().iter().any(|v| leads(v.value())));
            if let Some(record) = alias.or_else(cname) {
                let name = zone.name().trim_end_matches('.').to_owned();
                self.found.stack.zone.clone_from(&name);
                self.note("zone", name, format!("{} leads to the load balancer", record.name().trim_end_matches('.')), true);
                return;
            }
        }
        let looked = if zones.len() > MOST { format!("none of the first {MOST} hosted zones") } else { "no hosted zone".to_owned() };
        self.note("zone", "", format!("{looked} leads to the load balancer"), zones.len() <= MOST);
    }

    /// The records of a zone, up to some pages of them.
    async fn records(&mut self, zone: &str) -> Option<Vec<aws_sdk_route53::types::ResourceRecordSet>> {
        let mut found = Vec::new();
        let mut from = (None, None, None);
        for _ in 0..RECORD_PAGES {
            let request = self.clients.dns.list_resource_record_sets().hosted_zone_id(zone).set_start_record_name(from.0);
            let request = request.set_start_record_type(from.1).set_start_record_identifier(from.2);
            let answer = request.send().await.map_err(|e| problem_of(RECORDS, &e));
            let out = self.part(answer)?;
            found.extend(out.resource_record_sets().iter().cloned());
            if !out.is_truncated() {
                break;
            }
            from = (out.next_record_name, out.next_record_type, out.next_record_identifier);
        }
        Some(found)
    }

    /// The buckets whose name has the stack's word in it: nothing else says whose they are.
    async fn buckets(&mut self) {
        let answer = self.clients.s3.list_buckets().send().await.map_err(|e| problem_of(BUCKETS, &e));
        let Some(out) = self.part(answer) else { return };
        let cluster = self.found.stack.cluster.clone();
        let word = names::token(&cluster);
        let mut found: Vec<String> = out
            .buckets()
            .iter()
            .filter_map(|b| b.name())
            .filter(|n| n.split(['-', '_', '.']).any(|p| p == word))
            .map(str::to_owned)
            .collect();
        found.sort_by_key(|n| (names::bucket_role(n, &cluster), n.clone()));
        if found.is_empty() {
            self.note("buckets", "", format!("no bucket has '{word}' in its name"), true);
            return;
        }
        let why = format!("their names have '{word}' in them");
        let candidate = Candidate { name: found.join(", "), why: why.clone(), weight: 1 };
        if (self.ask)(&Question { key: "buckets", candidates: std::slice::from_ref(&candidate) }).is_none() {
            return;
        }
        self.note("buckets", candidate.name, why, false);
        self.found.stack.buckets = found.into_iter().map(|name| Named { role: names::bucket_role(&name, &cluster), name }).collect();
    }

    /// The customer keys by which the database, the buckets and the secrets are encrypted, by their alias where they have one.
    async fn keys(&mut self) {
        let mut used: Vec<(KeyUse, String)> = Vec::new();
        if !self.found.stack.database.is_empty() {
            let key = self.look::<Database>().await.and_then(|d| d.kms_key);
            used.extend(key.map(|key| (KeyUse::Rds, key)));
        }
        for bucket in self.found.stack.buckets.clone() {
            // A bucket that is not encrypted by a key of ours answers with an error, and none of our business.
            let Ok(out) = self.clients.s3.get_bucket_encryption().bucket(&bucket.name).send().await else { continue };
            let rules = out
                .server_side_encryption_configuration()
                .map(aws_sdk_s3::types::ServerSideEncryptionConfiguration::rules)
                .unwrap_or_default();
            let keys = rules.iter().filter_map(|r| r.apply_server_side_encryption_by_default()?.kms_master_key_id());
            used.extend(keys.map(|key| (KeyUse::S3, key.to_owned())));
        }
        for secret in self.found.stack.secrets.clone() {
            let answer = self.clients.secrets.describe_secret().secret_id(&secret.name).send().await.map_err(|e| problem_of(SECRET, &e));
            let Some(out) = self.part(answer) else { continue };
            used.extend(out.kms_key_id().map(|key| (KeyUse::Secrets, key.to_owned())));
        }
        let kms = self.clients.kms.clone();
        let answer = page::all(ALIASES, |marker| kms.list_aliases().set_marker(marker).send(), |out| (out.aliases, out.next_marker)).await;
        let Some(aliases) = self.part(answer) else { return };
        let mut seen = BTreeSet::new();
        for (role, key) in used {
            let id = key.rsplit('/').next().unwrap_or_default();
            let alias = aliases.iter().find(|a| a.target_key_id() == Some(id)).map(|a| text(a.alias_name()));
            let name = if key.starts_with("alias/") { key } else { alias.unwrap_or(key) };
            if !name.starts_with("alias/aws/") && seen.insert(name.clone()) {
                self.found.stack.keys.push(Named { name, role });
            }
        }
        let all: Vec<&str> = self.found.stack.keys.iter().map(|k| k.name.as_str()).collect();
        let why = if all.is_empty() {
            "no customer key is named by database, buckets or secrets"
        } else {
            "the database, the buckets and the secrets name them"
        };
        self.note("keys", all.join(", "), why, true);
    }

    /// A prefix, when there are alarms of others and several of ours have one in common.
    async fn alarms(&mut self) {
        let client = self.clients.cloudwatch.clone();
        let answer = page::all(
            ALARMS,
            |token| {
                let request = client.describe_alarms().alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
                request.set_next_token(token).send()
            },
            |out| {
                let metric = out.metric_alarms().iter().map(|a| (text(a.alarm_name()), values_of(a)));
                let composite = out.composite_alarms().iter().map(|a| (text(a.alarm_name()), vec![text(a.alarm_rule())]));
                (Some(metric.chain(composite).collect::<Vec<_>>()), out.next_token)
            },
        )
        .await;
        let Some(all) = self.part(answer) else { return };
        let stack = &self.found.stack;
        let resources = [&stack.cluster, &stack.balancer, &stack.database, &stack.cache].into_iter().filter(|n| !n.is_empty());
        let mut resources: Vec<String> = resources.cloned().collect();
        resources.extend(stack.services.iter().map(|s| s.name.clone()));
        let own = |value: &String| resources.iter().any(|r| value.split('/').any(|part| part == r || part.starts_with(&format!("{r}-"))));
        let mut ours: Vec<&str> = all.iter().filter(|(_, values)| values.iter().any(own)).map(|(name, _)| name.as_str()).collect();
        // A composite alarm is about what those are about that its rule names.
        let of_ours = |rule: &String| ours.iter().any(|name| rule.contains(&format!("\"{name}\"")));
        let composite: Vec<&str> = all.iter().filter(|(_, values)| values.iter().any(of_ours)).map(|(name, _)| name.as_str()).collect();
        ours.extend(composite);
        ours.sort_unstable();
        ours.dedup();
        // One name alone is no prefix: the next alarm would be missed.
        let prefix = if ours.len() > 1 { names::common_prefix(&ours) } else { String::new() };
        let (n, of) = (ours.len(), all.len());
        if n == of || prefix.is_empty() {
            self.note("alarm_prefix", "", format!("all alarms of the account: {n} of {of} are about this stack"), n == of);
            return;
        }
        let beside: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with(&prefix)).collect();
        let why = format!("{n} of {of} alarms are about this stack, and begin so; not watched: {}", names::some(&beside));
        self.found.stack.alarm_prefix.clone_from(&prefix);
        self.note("alarm_prefix", prefix, why, true);
    }

    async fn dashboards(&mut self) {
        let client = self.clients.cloudwatch.clone();
        let answer = page::all(
            DASHBOARDS,
            |token| client.list_dashboards().set_next_token(token).send(),
            |out| (out.dashboard_entries, out.next_token),
        )
        .await;
        let Some(all) = self.part(answer) else { return };
        let cluster = self.found.stack.cluster.clone();
        let ours: Vec<&str> = all.iter().filter_map(|d| d.dashboard_name()).filter(|n| n.contains(names::token(&cluster))).collect();
        let prefix =
            if ours.iter().all(|n| n.starts_with(&cluster)) && !ours.is_empty() { cluster.clone() } else { names::common_prefix(&ours) };
        let why = if ours.is_empty() { "no dashboard has the cluster's name".to_owned() } else { ours.join(", ") };
        self.found.stack.dashboard_prefix.clone_from(&prefix);
        self.note("dashboard_prefix", prefix, why, true);
    }
}

/// The values of an alarm's dimensions, also those of metric math.
fn values_of(alarm: &MetricAlarm) -> Vec<String> {
    let inner = alarm.metrics().iter().filter_map(|q| q.metric_stat()?.metric()).flat_map(aws_sdk_cloudwatch::types::Metric::dimensions);
    alarm.dimensions().iter().chain(inner).filter_map(|d| d.value()).map(str::to_owned).collect()
}
