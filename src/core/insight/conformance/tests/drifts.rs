//! One change to the stack, and exactly the statements whose outcome changes. Every statement that can fail fails here at least once.

mod data;
mod network;
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::TimeDelta;

use self::data::{DATA, DELIVERY, STORAGE};
use self::network::{BALANCER, EDGE, GROUPS, NETWORK};
use self::services::SERVICES;
use super::seed::{Seed, now};
use super::{HONEST, builtin, outcomes, run};
use crate::model::alarm::{Alarm, Alarms};
use crate::model::cache::{DataEvent, ReplicationGroup};
use crate::model::database::{Database, DatabaseEvents};
use crate::model::dns::{Dns, DnsAlias};
use crate::model::network::{Network, SecurityGroups, SubnetTier};
use crate::model::service::{Service, Services, TaskDefinition, TaskDefinitions};
use crate::model::storage::{Bucket, Buckets};

/// What changes, how, and which statements then have which outcome.
type Drift = (&'static str, fn(&mut Seed), &'static [(&'static str, &'static str)]);

fn hold(drifts: &[Drift]) {
    static BEFORE: LazyLock<BTreeMap<String, &str>> = LazyLock::new(|| outcomes(&run(&builtin(), &Seed::new())));
    let statements = builtin();
    for (name, change, expected) in drifts {
        let mut seed = Seed::new();
        change(&mut seed);
        let after = outcomes(&run(&statements, &seed));
        let flipped: BTreeMap<&str, &str> = after.iter().filter(|(id, o)| BEFORE[*id] != **o).map(|(id, o)| (id.as_str(), *o)).collect();
        let expected: BTreeMap<&str, &str> = expected.iter().copied().collect();
        assert_eq!(flipped, expected, "drift: {name}");
    }
}

/// Changes where the zone's own name leads, over IPv4 and IPv6.
fn apex(seed: &mut Seed, change: fn(&mut DnsAlias)) {
    seed.edit::<Dns>(|x| x.records.iter_mut().filter(|r| r.name == "nextcore.ai.").filter_map(|r| r.alias.as_mut()).for_each(change));
}

/// What the alarms on a metric are for.
fn alarms(seed: &mut Seed, metric: &str, change: fn(&mut Alarm)) {
    seed.edit::<Alarms>(|x| x.alarms.iter_mut().filter(|a| a.metric == metric).for_each(change));
}

fn subnet(seed: &mut Seed, n: usize) {
    seed.edit::<Network>(|x| {
        x.subnets[n].cidr = "10.0.99.0/24".into();
        x.subnets[n].tier = SubnetTier::Other;
    });
}

fn unrule(seed: &mut Seed, of: usize, n: usize) {
    seed.edit::<SecurityGroups>(|x| drop(x.groups[of].rules.remove(n)));
}

fn extra(seed: &mut Seed, of: usize, more: crate::model::network::GroupRule) {
    seed.edit::<SecurityGroups>(|x| x.groups[of].rules.push(more));
}

fn service(seed: &mut Seed, n: usize, change: fn(&mut Service)) {
    seed.edit::<Services>(|x| change(&mut x.services[n]));
}

fn all_services(seed: &mut Seed, change: fn(&mut Service)) {
    seed.edit::<Services>(|x| x.services.iter_mut().for_each(change));
}

fn definitions(seed: &mut Seed, change: fn(&mut TaskDefinition)) {
    seed.edit::<TaskDefinitions>(|x| x.definitions.values_mut().for_each(change));
}

fn bucket(seed: &mut Seed, n: usize, change: fn(&mut Bucket)) {
    seed.edit::<Buckets>(|x| change(&mut x.buckets[n]));
}

fn database(seed: &mut Seed, change: fn(&mut Database)) {
    seed.edit::<Database>(change);
}

fn cache(seed: &mut Seed, change: fn(&mut ReplicationGroup)) {
    seed.edit::<ReplicationGroup>(change);
}

fn failover(seed: &mut Seed, seconds: i64) {
    let event = |at, message: &str| DataEvent { at: Some(at), message: message.into(), ..Default::default() };
    let end = now() - TimeDelta::hours(2);
    let begin = event(end - TimeDelta::seconds(seconds), "Multi-AZ instance failover started.");
    let between = event(end - TimeDelta::seconds(5), "DB instance restarted");
    seed.put(DatabaseEvents { events: vec![event(end, "Multi-AZ instance failover completed"), between, begin] });
}

#[test]
fn the_edge() {
    hold(EDGE);
}

#[test]
fn the_network() {
    hold(NETWORK);
}

#[test]
fn security_groups() {
    hold(GROUPS);
}

#[test]
fn the_balancer() {
    hold(BALANCER);
}

#[test]
fn services() {
    hold(SERVICES);
}

#[test]
fn redis_and_the_database() {
    hold(DATA);
}

#[test]
fn buckets_and_identity() {
    hold(STORAGE);
}

#[test]
fn delivery_and_monitoring() {
    hold(DELIVERY);
}

#[test]
fn every_outcome_of_every_statement_is_reached() {
    let mut seen: BTreeSet<(String, &str)> = HONEST.iter().map(|(id, o)| ((*id).to_owned(), *o)).collect();
    // The other tests hold that the tables are true.
    for (_, _, expected) in [EDGE, NETWORK, GROUPS, BALANCER, SERVICES, DATA, STORAGE, DELIVERY].into_iter().flatten() {
        seen.extend(expected.iter().map(|(id, outcome)| ((*id).to_owned(), *outcome)));
    }
    let has = |id: &str, outcome: &'static str| seen.contains(&(id.to_owned(), outcome));
    // Never decided, on purpose.
    for statement in builtin().rows().iter().filter(|s| s.pass.is_some() && s.about().id != "H01") {
        let id = statement.about().id.as_str();
        let last = if statement.about().manual.is_some() { "manual" } else { "fail" };
        assert!(has(id, last), "{id} never ends as {last}");
        assert!(statement.warn.is_none() || has(id, "warn") || TOLERATES_NOTHING.contains(&id), "{id} never warns");
        assert!(statement.when.is_none() || has(id, "n/a"), "{id} is never n/a");
    }
}

/// They share the rule of S03 and S14, with nothing that is tolerated.
const TOLERATES_NOTHING: &[&str] = &["S06", "S10", "S16", "S17", "S19", "S20"];
