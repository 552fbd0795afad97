//! What a section that cannot be used means for its nodes.

use crate::model::system::{SYSTEMS, System};
use chrono::TimeDelta;

use crate::insight::fixture::{World, look};
use crate::model::alarm::Alarms;
use crate::model::balancer::{Balancer, Targets};
use crate::model::cache::ReplicationGroup;
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::Dns;
use crate::model::health::Level;
use crate::model::log::LogTail;
use crate::model::metric::{self, Metrics};
use crate::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use crate::model::scaling::Scaling;
use crate::model::section::{ProblemKind, Section, SectionKey};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{Services, Tasks};
use crate::model::stack::Stack;
use crate::model::storage::Buckets;
use crate::model::store::Store;

const MANDATORY: &[(SectionKey, &str, &str)] = &[
    (Balancer::KEY, "alb", "balancer: "),
    (Targets::KEY, "alb", "targets: "),
    (Targets::KEY, "tg/production-nextcore-web", ""),
    (Services::KEY, "svc/web", ""),
    (ReplicationGroup::KEY, "redis", ""),
    (Database::KEY, "db", ""),
    (Alarms::KEY, "alarms", ""),
    (LogTail::KEY, "logs", ""),
    (Network::KEY, "vpc", ""),
    (NatGateways::KEY, "nat", ""),
    (NatGateways::KEY, "nat/b", ""),
    (SecurityGroups::KEY, "sg", ""),
    (Buckets::KEY, "s3", ""),
    (Buckets::KEY, "s3/nextcore-static", ""),
    (Roles::KEY, "iam", ""),
    (Keys::KEY, "kms", ""),
    (Secrets::KEY, "secrets", ""),
    (Repositories::KEY, "ecr", ""),
];

/// Optional systems, and CI: a cloud that says that there is none has nothing wrong.
const LESSER: &[SectionKey] = &[Dns::KEY, Cdn::KEY, Builds::KEY, Pipeline::KEY, Dashboards::KEY];

#[test]
fn the_sections_of_a_screen_are_those_that_nodes_rest_on() {
    let all = crate::insight::sections();
    let named: Vec<SectionKey> = MANDATORY.iter().map(|(key, ..)| *key).chain(LESSER.iter().copied()).collect();
    assert!(named.iter().all(|key| all.contains(key)), "{all:?}");
    assert!([Metrics::KEY, Routes::KEY, Zones::KEY, Tasks::KEY, Scaling::KEY].iter().all(|key| all.contains(key)), "supporting ones, too");
}

#[test]
fn what_is_optional_or_ci_is_unknown_without_permission() {
    for (key, node) in [(Dns::KEY, "dns"), (Cdn::KEY, "cdn"), (Builds::KEY, "build"), (Pipeline::KEY, "pipeline")] {
        let mut world = World::healthy();
        world.forget(key);
        assert_eq!(look(&world.judge(), node), ("unknown", "loading".into()), "{key}");
        world.fail(key, ProblemKind::Denied, "x:Op: denied");
        assert_eq!(look(&world.judge(), node), ("unknown", "access denied: x:Op".into()), "{key}");
    }
}

#[test]
fn a_mandatory_section_that_cannot_be_read_makes_its_node_unknown() {
    use ProblemKind::{Denied, Malformed, NotFound, Offline, Service, Throttled, Timeout};
    for (key, node, prefix) in MANDATORY {
        for (kind, level, text) in [
            (Denied, "unknown", "access denied: x:Op"),
            (Service, "unknown", "x:Op: InternalFailure"),
            (Malformed, "unknown", "x:Op: InternalFailure"),
            (Timeout, "unknown", "x:Op: InternalFailure"),
            (Throttled, "unknown", "x:Op: InternalFailure"),
            (Offline, "unknown", "x:Op: InternalFailure"),
            (NotFound, "down", "missing (x:Op: InternalFailure)"),
        ] {
            let mut world = World::healthy();
            world.forget(*key);
            world.fail(*key, kind, "x:Op: InternalFailure");
            if *node == "tg/production-nextcore-web"
                && !world.judge().nodes.contains_key(&crate::insight::NodeId::named(System::TargetGroup, "production-nextcore-web"))
            {
                continue;
            }
            assert_eq!(look(&world.judge(), node), (level, format!("{prefix}{text}")), "{key} {kind:?}");
        }
        let mut world = World::healthy();
        world.forget(*key);
        assert_eq!(look(&world.judge(), node), ("unknown", "loading".into()), "{key}");
    }
}

/// What can happen to a section, and what its node must not be called then.
fn loses(world: &mut World, key: SectionKey, how: &str) {
    let fail = |world: &mut World, kind| world.fail(key, kind, "x:Op: no");
    match how {
        "never asked" => world.unasked(key),
        "loading" => world.forget(key),
        "denied from the start" => {
            world.forget(key);
            fail(world, ProblemKind::Denied);
        }
        "denied since" => fail(world, ProblemKind::Denied),
        "cut off" => fail(world, ProblemKind::CutOff),
        "throttled" | "malformed" | "no answer" | "not implemented" => {
            let kind = match how {
                "throttled" => ProblemKind::Throttled,
                "malformed" => ProblemKind::Malformed,
                "no answer" => ProblemKind::Timeout,
                _ => ProblemKind::Service,
            };
            fail(world, kind);
            world.later(31);
        }
        "stale" => {
            let entry = world.store.entry_mut(key);
            entry.at = entry.at.map(|at| at - TimeDelta::hours(2));
        }
        other => panic!("{other}?"),
    }
}

const LOST: [&str; 9] = [
    "never asked",
    "loading",
    "denied from the start",
    "denied since",
    "cut off",
    "throttled",
    "malformed",
    "no answer",
    "not implemented",
];

#[test]
fn no_node_is_called_healthy_while_an_input_of_its_verdict_is_not_current() {
    for system in SYSTEMS {
        let spec = system.spec();
        for key in spec.mandatory.iter().chain(spec.supporting) {
            for how in LOST.iter().chain(&["stale"]) {
                let mut world = World::healthy();
                loses(&mut world, *key, how);
                let seen = world.judge();
                for (id, verdict) in seen.nodes.iter().filter(|(id, _)| id.system() == *system) {
                    assert_eq!(verdict.level, Level::Unknown, "{id} without {key}, {how}: {:?}", verdict.reasons);
                    let why = verdict.headline();
                    let known = [&key.0.replace('_', " "), "access denied: x:Op", "x:Op: no", "stale for", "loading"];
                    assert!(known.iter().any(|k| why.contains(k)), "{id} does not say that {key} is not seen: {why}");
                }
            }
        }
    }
}

#[test]
fn what_another_input_decides_stays_decided() {
    let mut world = World::healthy();
    world.service("web", |s| s.running = 0);
    world.fail(Metrics::KEY, ProblemKind::Denied, "cloudwatch:GetMetricData: denied");
    assert_eq!(look(&world.judge(), "svc/web").0, "down", "no figure is needed to see that nothing runs");
    let mut world = World::healthy();
    world.counts(metric::Alb::Requests, &[600.0; 3]);
    world.counts(metric::Alb::Target5xx, &[60.0; 3]);
    assert_eq!(look(&world.judge(), "alb").0, "down");
    world.fail(Metrics::KEY, ProblemKind::Denied, "cloudwatch:GetMetricData: denied");
    assert_eq!(look(&world.judge(), "alb").0, "unknown", "the errors are not gone because nobody may count them");
}

#[test]
fn one_failed_poll_is_no_news_and_a_refusal_is() {
    for (kind, at_once, later) in [
        (ProblemKind::Timeout, "healthy", "unknown"),
        (ProblemKind::Throttled, "healthy", "unknown"),
        (ProblemKind::Service, "healthy", "unknown"),
        (ProblemKind::Denied, "unknown", "unknown"),
        (ProblemKind::Credentials, "unknown", "unknown"),
        (ProblemKind::CutOff, "unknown", "unknown"),
    ] {
        let mut world = World::healthy();
        world.fail(DatabaseSettings::KEY, kind, "rds:DescribeDBParameters: no");
        assert_eq!(look(&world.judge(), "db").0, at_once, "{kind:?}");
        world.later(31);
        assert_eq!(look(&world.judge(), "db").0, later, "{kind:?}, half a minute later");
    }
}

#[test]
fn stale_is_unknown_and_says_what_was_seen_last() {
    let mut world = World::healthy();
    world.service("web", |s| s.running = 1);
    world.fail(Services::KEY, ProblemKind::Timeout, "ecs:DescribeServices: no answer in 5 s");
    assert_eq!(look(&world.judge(), "svc/web"), ("degraded", "running 1 of 2".into()), "the last answer is still current");
    world.now += TimeDelta::seconds(31);
    let seen = world.judge();
    assert_eq!(look(&seen, "svc/web"), ("unknown", "stale for 31s: ecs:DescribeServices: no answer in 5 s".into()));
    let reasons: Vec<&str> = seen.nodes[&crate::insight::NodeId::service("web")].reasons.iter().map(|r| r.text.as_str()).collect();
    assert!(reasons.contains(&"last seen: running 1 of 2"), "{reasons:?}");
    assert!(seen.nodes[&crate::insight::NodeId::service("web")].as_of.is_some());
}

#[test]
fn a_resource_that_vanishes_is_missing_before_it_is_stale() {
    let mut world = World::healthy();
    world.fail(Database::KEY, ProblemKind::NotFound, "rds:DescribeDBInstances: DBInstanceNotFound");
    assert_eq!(look(&world.judge(), "db"), ("down", "missing (rds:DescribeDBInstances: DBInstanceNotFound)".into()));
}

#[test]
fn stale_metrics_decide_nothing() {
    let mut world = World::healthy();
    world.series(metric::Db::Cpu, &[97.0; 10]);
    world.now += TimeDelta::minutes(7);
    let restorable = world.now - TimeDelta::minutes(3);
    world.edit::<Database>(|d| d.latest_restorable = Some(restorable));
    world.again::<DatabaseEvents>();
    world.again::<DatabaseSettings>();
    assert_eq!(look(&world.judge(), "db"), ("unknown", "metrics: stale for 7m00s: not loaded yet".into()));
}

#[test]
fn an_empty_store_is_unknown_and_not_a_crash() {
    let judgement = crate::insight::judge(&Store::default(), &Stack::default(), crate::insight::fixture::now());
    assert_eq!(judgement.worst, Level::Unknown);
    assert_eq!(judgement.counts.unknown, 24);
    assert!(judgement.nodes.values().all(|v| v.headline() == "loading" && v.as_of.is_none()));
}
