//! The architecture held against the embedded cloud, through the real SDK: what it is as the written architecture writes it, and what each drift of the
//! world flips - exactly the rows that it should.
#![allow(clippy::indexing_slicing, reason = "test data is known to be there")]

use std::collections::BTreeMap;
use std::time::Duration;

use nextcore_core::insight;
use nextcore_core::insight::conformance::{Only, Outcome, Statements, verify};
use nextcore_core::model::stack::Stack;
use nextcore_core::report;
use nextcore_live::engine::settled;
use nextcore_sim::world::names::{CONTROL, DB, LOG_GROUP, REDIS, WEB};
use nextcore_sim::world::state::{Peer, Permission, Versioning};
use nextcore_sim::world::{Az, DeploymentChange, ModifyDbInstance, ModifyTargetGroup, UpdateService, World};

use super::support::watched;

type Verdicts = BTreeMap<String, Outcome>;

/// The verdicts on a world that drifted before anybody looked.
async fn verdicts(drift: impl FnOnce(&mut World)) -> Verdicts {
    let (embedded, mut feed, _engine) = watched(7);
    embedded.cloud.world(drift);
    let store = settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    let (stack, now) = (Stack::default(), embedded.clock.now());
    let document = report::json(&store, &insight::judge(&store, &stack, now), &stack, now);
    let found = verify(&Statements::builtin().unwrap(), &document, &Only::all());
    found.rows.iter().map(|row| (row.about.id.clone(), row.outcome)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_embedded_stack_is_what_the_seed_says_except_where_the_seed_contradicts_itself() {
    let verdicts = verdicts(|_| {}).await;
    let of = |outcome: Outcome| -> Vec<&str> { verdicts.iter().filter(|(_, o)| **o == outcome).map(|(id, _)| id.as_str()).collect() };
    assert!(verdicts.len() > 140, "{}", verdicts.len());
    assert!(of(Outcome::Unknown).is_empty(), "cannot tell: {:?}", of(Outcome::Unknown));
    // No copy in another region: the RTO of a region fail-over cannot be kept.
    assert_eq!(of(Outcome::Fail), ["H03"]);
    // Where the architecture contradicts itself, or AWS: each of them explained.
    assert_eq!(of(Outcome::Warn), ["A13", "C09", "C10", "E36", "H02", "H05", "S09"]);
    // How long the deployment took.
    assert_eq!(of(Outcome::Manual), ["H04"]);
}

/// What is done to the world, and the rows that change by it.
type Drift = (&'static str, fn(&mut World), &'static [(&'static str, Outcome)]);

fn anywhere() -> Peer {
    Peer::Cidr("0.0.0.0/0".to_owned())
}

fn db(world: &mut World, change: ModifyDbInstance) {
    world.modify_db(DB, ModifyDbInstance { at_once: true, ..change }).unwrap();
}

fn group(world: &World, index: usize) -> String {
    world.alb.target_groups[index].arn.clone()
}

const DRIFTS: &[Drift] = &[
    (
        "SSH opened to the world on the load balancer",
        |w| {
            let group = w.network.alb_sg.clone();
            w.open_security_group(&group, false, vec![(Permission::tcp(22, anywhere()), None)]).unwrap();
        },
        &[("S03", Outcome::Fail)],
    ),
    (
        "the database's inbound rule revoked",
        |w| {
            let (rds, ecs) = (w.network.rds_sg.clone(), w.network.ecs_sg.clone());
            w.close_security_group(&rds, false, &[Permission::tcp(5432, Peer::Group(ecs))]).unwrap();
        },
        &[("S15", Outcome::Fail)],
    ),
    ("versioning suspended", |w| w.set_versioning("nextcore-documents", Versioning::Suspended).unwrap(), &[("B04", Outcome::Fail)]),
    ("the reports never expire", |w| w.drop_lifecycle("nextcore-reports").unwrap(), &[("B09", Outcome::Fail)]),
    ("no CORS", |w| w.drop_cors("nextcore-static").unwrap(), &[("B08", Outcome::Fail)]),
    ("no encryption", |w| w.set_encryption("nextcore-reports", None).unwrap(), &[("B12", Outcome::Fail)]),
    (
        "retention shrunk",
        |w| db(w, ModifyDbInstance { backup_retention_days: Some(1), ..ModifyDbInstance::default() }),
        &[("D08", Outcome::Fail)],
    ),
    (
        "the database made public",
        |w| db(w, ModifyDbInstance { public: Some(true), ..ModifyDbInstance::default() }),
        &[("D13", Outcome::Fail)],
    ),
    (
        "Enhanced Monitoring off",
        |w| db(w, ModifyDbInstance { monitoring_interval: Some(0), ..ModifyDbInstance::default() }),
        &[("D09", Outcome::Fail)],
    ),
    ("zone a sent through the gateway of zone b", |w| w.route_through(Az::A, Az::B).unwrap(), &[("V21", Outcome::Warn)]),
    ("a route into nothing", |w| w.blackhole_route(Az::A), &[("V21", Outcome::Fail)]),
    (
        "no internet gateway, and so no way out of the public subnets",
        |w| w.attach_internet_gateway(false),
        &[("V14", Outcome::Fail), ("V15", Outcome::Fail)],
    ),
    ("the distribution disabled", |w| w.enable_distribution(false), &[("CF01", Outcome::Fail)]),
    ("no record for the name", |w| w.change_alias("nextcore.ai.", None), &[("R02", Outcome::Fail)]),
    ("images not scanned any more", |w| w.set_scan_on_push("nextcore/control", false).unwrap(), &[("P04", Outcome::Fail)]),
    ("logs kept for ever", |w| w.set_log_retention(LOG_GROUP, None).unwrap(), &[("M01", Outcome::Warn)]),
    ("a dashboard deleted", |w| w.delete_dashboards(&["production-nextcore-database-performance"]), &[("M07", Outcome::Fail)]),
    (
        "Container Insights off",
        |w| {
            w.set_container_insights("disabled");
        },
        &[("E32", Outcome::Fail)],
    ),
    (
        "another health check path",
        |w| {
            let group = group(w, 1);
            w.modify_target_group(&group, ModifyTargetGroup { health_path: Some("/".into()), ..ModifyTargetGroup::default() }).unwrap();
        },
        &[("A11", Outcome::Fail)],
    ),
    (
        "autoscaling without a policy",
        |w| {
            let name = w.scaling.policies[WEB].name.clone();
            w.delete_scaling_policy(WEB, &name).unwrap();
        },
        &[("E20", Outcome::Fail)],
    ),
    (
        "no automatic rollback",
        |w| {
            let deployment = DeploymentChange { circuit_breaker: Some((true, false)), ..DeploymentChange::default() };
            let change = UpdateService { deployment: Some(deployment), ..UpdateService::default() };
            w.update_service("production-nextcore", CONTROL, change).unwrap();
        },
        &[("E24", Outcome::Fail)],
    ),
    (
        "Redis without Multi-AZ",
        |w| {
            w.modify_replication_group(REDIS, Some(false), None).unwrap();
        },
        &[("C05", Outcome::Fail)],
    ),
    (
        "a key about to be deleted",
        |w| {
            w.schedule_key_deletion("alias/production-nextcore-s3", 7).unwrap();
        },
        &[("K02", Outcome::Fail)],
    ),
    (
        "a secret deleted",
        |w| {
            w.delete_secret("production-nextcore/redis_url", Some(7)).unwrap();
        },
        &[("X03", Outcome::Fail)],
    ),
];

#[tokio::test(start_paused = true)]
async fn a_drift_flips_exactly_the_rows_that_it_should() {
    let calm = verdicts(|_| {}).await;
    let mut wrong = Vec::new();
    for (name, drift, expected) in DRIFTS {
        let drifted = verdicts(drift).await;
        let flipped: Vec<(&str, Outcome)> =
            drifted.iter().filter(|(id, outcome)| calm.get(*id) != Some(outcome)).map(|(id, outcome)| (id.as_str(), *outcome)).collect();
        if flipped != *expected {
            wrong.push(format!("{name}: {flipped:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
