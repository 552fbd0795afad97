//! What the state document and figures say, and the exit code; `words` is what the reports look like.

mod words;

use chrono::TimeDelta;

use super::{exit_code, figures, json};
use crate::insight::Judgement;
use crate::insight::fixture::{NAT_B, RG, World, alarm, arn, target};
use crate::insight::topology::inventory::inventory;
use crate::model::alarm::{Alarm, Alarms};
use crate::model::balancer::Targets;
use crate::model::health::{Level, Reason, Verdict};
use crate::model::identity::Identity;
use crate::model::log::LogGroup;
use crate::model::metric;
use crate::model::scaling::Scaling;
use crate::model::section::{ProblemKind, Section};
use crate::model::storage::Buckets;

/// A stack with something in every column.
fn busy() -> World {
    let mut world = World::healthy();
    world.counts(metric::Alb::Requests, &[50_520.0; 20]);
    world.counts(metric::Alb::Target5xx, &[10.0; 20]);
    for (id, value) in [
        (metric::Alb::P95.id(), 0.118),
        (metric::Svc::Cpu.of("web"), 38.0),
        (metric::Svc::Mem.of("web"), 57.0),
        (metric::Db::Cpu.id(), 31.0),
        (metric::Db::Connections.id(), 84.0),
        (metric::Db::Storage.id(), 62.0 * 1_073_741_824.0),
        (metric::Logs::Events.id(), 900.0),
    ] {
        world.series(id, &[value; 20]);
    }
    world.series(metric::Redis::Memory.of(&format!("{RG}-0001-001")), &[37.0; 20]);
    world.series(metric::Redis::Gets.of(&format!("{RG}-0001-001")), &[60_000.0; 20]);
    world.edit::<Targets>(|t| {
        t.groups.insert(arn("web"), vec![target("1", "unhealthy", Some("Target.Timeout")), target("2", "healthy", None)]);
    });
    world.put(Alarms { alarms: vec![Alarm { reason: "[91.2 (x)".into(), ..alarm("high|cpu", "ALARM", 3) }] });
    world.unasked(LogGroup::KEY);
    world.forget(Scaling::KEY);
    world.fail(Scaling::KEY, ProblemKind::Denied, "application-autoscaling:DescribeScalableTargets: access denied");
    world
}

#[test]
fn the_state_document() {
    let mut world = busy();
    world.put(Identity { account: "111122223333".into(), arn: "arn:aws:sts::111122223333:assumed-role/OnCall/ops".into() });
    world.now += TimeDelta::seconds(7);
    let document = json(&world.store, &world.judge(), &world.stack, world.now);
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["as_of", "counts", "identity", "inventory", "nodes", "place", "sections", "stack", "timeline", "usage", "worst"]);
    for (path, value) in [
        ("/stack/name", serde_json::json!("production-nextcore")),
        ("/as_of", serde_json::json!("2026-11-22T22:01:16Z")),
        ("/worst", serde_json::json!("degraded")),
        ("/counts/degraded", serde_json::json!(4)),
        ("/nodes/db/level", serde_json::json!("healthy")),
        ("/nodes/svc~1web/level", serde_json::json!("degraded")),
        ("/nodes/svc~1web/reasons/0/level", serde_json::json!("degraded")),
        ("/nodes/svc~1web/reasons/0/text", serde_json::json!("1 of 2 targets unhealthy (Target.Timeout)")),
        ("/nodes/svc~1web/as_of", serde_json::json!("2026-11-22T21:59:00Z")),
        ("/nodes/db/since", serde_json::Value::Null),
        ("/sections/services/state", serde_json::json!("ready")),
        ("/sections/services/age_s", serde_json::json!(7)),
        ("/sections/services/problem", serde_json::Value::Null),
        ("/sections/services/data/services/1/name", serde_json::json!("web")),
        ("/sections/scaling/state", serde_json::json!("denied")),
        ("/sections/scaling/problem/permission", serde_json::json!("application-autoscaling:DescribeScalableTargets")),
        ("/sections/scaling/data", serde_json::Value::Null),
        ("/inventory/total", serde_json::json!(119)),
        ("/inventory/by_type/AWS::EC2::Subnet", serde_json::json!(9)),
        ("/inventory/not_seen/0/type", serde_json::json!("AWS::ApplicationAutoScaling::ScalableTarget")),
        ("/inventory/not_seen/0/why", serde_json::json!("access denied: application-autoscaling:DescribeScalableTargets")),
        ("/identity/account", serde_json::json!("111122223333")),
        ("/usage/calls_per_min", serde_json::json!(61.0)),
    ] {
        // A pointer cannot tell a missing key from null: both must be present.
        assert_eq!(document.pointer(path), Some(&value), "{path}");
    }
}

#[test]
fn figures_of_nothing_are_none() {
    let world = World { store: crate::model::store::Store::default(), ..World::healthy() };
    for (id, _) in world.judge().nodes {
        assert!(figures(&world.store, &id, world.now).is_empty(), "{id}");
    }
}

#[test]
fn figures_of_the_platform() {
    let mut world = World::healthy();
    world.unmeasured("/bytes_in");
    world.unmeasured("/bytes_out");
    world.unmeasured(metric::S3::Requests.of("nextcore-documents").as_str());
    world.counts(metric::Cdn::Requests, &[12_720.0; 5]);
    for (id, value) in [
        (metric::CdnRealtime::Hit.id(), 91.0),
        (metric::Cdn::Errors4xx.id(), 0.4),
        (metric::Cdn::Errors5xx.id(), 0.0),
        (metric::Nat::BytesIn.of("nat-015e8c1d7a39b2f60"), 600.0e6),
        (metric::Nat::BytesOut.of("nat-0b72d40f6e1c9a583"), 60.0e6),
    ] {
        world.series(id, &[value; 5]);
    }
    world.edit::<Buckets>(|b| {
        b.buckets.iter_mut().for_each(|b| (b.bytes, b.objects) = (None, None));
        (b.buckets[0].bytes, b.buckets[0].objects) = (Some(3.0e9), Some(12_000.0));
    });
    world.send("c", NAT_B, "active");
    for (node, text) in [
        ("dns", "nextcore.ai → ALB  1 health check"),
        ("cdn", "212/s  hit 91 %  4xx 0.4 %  5xx 0.0 %"),
        ("nat", "3 gateways  10 MiB/s"),
        ("nat/a", "nat-015e8c1d7a39b2f60  9.5 MiB/s"),
        ("nat/c", "nat-0c9f3a8e52d74b016  via b"),
        ("nat/z", ""),
        ("s3", "3 buckets  2.8 GiB  12k objects"),
        ("s3/nextcore-documents", "2.8 GiB  12k objects  versioned"),
        ("s3/other", ""),
        ("kms", "3/3 enabled"),
    ] {
        let shown: Vec<String> = figures(&world.store, &node.parse().unwrap(), world.now).iter().map(ToString::to_string).collect();
        assert_eq!(shown.join("  "), text, "{node}");
    }
}

#[test]
fn the_inventory_counts_what_is_seen_and_says_what_is_not() {
    let mut world = World::healthy();
    world.unasked(LogGroup::KEY);
    let of = |world: &World, kind: &str| inventory(&world.store, &world.stack, world.now).by_type.get(kind).copied().unwrap_or_default();
    for (kind, n) in [
        ("AWS::EC2::VPC", 1),
        ("AWS::EC2::Subnet", 9),
        ("AWS::EC2::NatGateway", 3),
        ("AWS::EC2::EIP", 3),
        ("AWS::EC2::RouteTable", 6),
        ("AWS::EC2::Route", 4),
        ("AWS::EC2::SubnetRouteTableAssociation", 9),
        ("AWS::EC2::SecurityGroupIngress", 7),
        ("AWS::EC2::SecurityGroupEgress", 5),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", 1),
        ("AWS::ECS::Task", 7),
        ("AWS::ElastiCache::CacheCluster", 4),
        ("AWS::KMS::Alias", 3),
        ("AWS::CloudWatch::Alarm", 15),
        ("AWS::CodePipeline::Pipeline", 1),
    ] {
        assert_eq!(of(&world, kind), n, "{kind}");
    }
    let before = inventory(&world.store, &world.stack, world.now);
    assert_eq!(before.total, before.by_type.values().sum::<usize>());
    // An address that no gateway of the stack has is somebody else's; a gateway that is gone is none.
    world.edit::<crate::model::network::NatGateways>(|n| {
        n.elastic_ips.push(("203.0.113.1".into(), "eipalloc-x".into(), true));
        n.gateways[2].state = "deleted".into();
    });
    assert_eq!((of(&world, "AWS::EC2::EIP"), of(&world, "AWS::EC2::NatGateway")), (2, 2));
    // What is optional and absent is seen: there is none.
    world.edit::<crate::model::delivery::Pipeline>(|p| p.exists = false);
    world.forget(Buckets::KEY);
    world.fail(Buckets::KEY, ProblemKind::Denied, "s3:ListBucket: denied");
    let after = inventory(&world.store, &world.stack, world.now);
    assert!(!after.by_type.contains_key("AWS::CodePipeline::Pipeline"));
    let unseen: Vec<(&str, &str)> = after.not_seen.iter().map(|n| (n.kind, n.why.as_str())).collect();
    assert_eq!(unseen, [("AWS::S3::Bucket", "access denied: s3:ListBucket"), ("AWS::Logs::LogGroup", "not polled")]);
    assert_eq!(after.total, before.total - 3 - 1 - 1 - 1);
    let told =
        [("buckets".to_owned(), vec!["Bucket"], "access denied: s3:ListBucket"), ("log group".to_owned(), vec!["LogGroup"], "not polled")];
    assert_eq!(after.unseen(), told);
}

#[test]
fn exit_codes() {
    for (levels, code) in [
        (&[("alb", Level::Healthy), ("db", Level::Healthy)][..], 0),
        (&[("alb", Level::Healthy), ("svc/web", Level::Info), ("svc/w", Level::Absent)], 0),
        (&[("alb", Level::Healthy), ("db", Level::Degraded)], 1),
        (&[("alb", Level::Unknown), ("db", Level::Degraded)], 1),
        (&[("alb", Level::Down), ("db", Level::Degraded), ("redis", Level::Unknown)], 2),
        (&[("alb", Level::Healthy), ("db", Level::Unknown)], 3),
        (&[("alb", Level::Healthy), ("logs", Level::Unknown), ("alarms", Level::Unknown)], 0),
        (&[("alb", Level::Healthy), ("dns", Level::Absent), ("cdn", Level::Absent)], 0),
        (&[("alb", Level::Healthy), ("nat", Level::Unknown)], 3),
        (&[("alb", Level::Healthy), ("kms", Level::Down)], 2),
        // What only observes or delivers never pages by itself.
        (&[("alb", Level::Healthy), ("alarms", Level::Down)], 1),
        (&[("alb", Level::Healthy), ("build", Level::Degraded)], 1),
        (&[("alb", Level::Unknown), ("alarms", Level::Down)], 1),
        (&[("alb", Level::Healthy), ("build", Level::Unknown), ("pipeline", Level::Unknown), ("dashboards", Level::Unknown)], 0),
        (&[("alb", Level::Healthy), ("alarms", Level::Degraded)], 1),
        (&[], 3),
    ] {
        let verdict = |level: Level| Verdict { level, reasons: vec![Reason::new(level, "x")], since: None, as_of: None };
        let nodes = levels.iter().map(|(id, level)| (id.parse().unwrap(), verdict(*level))).collect();
        assert_eq!(exit_code(&Judgement { nodes, ..Judgement::default() }), code, "{levels:?}");
    }
}

#[test]
fn a_deleted_service_has_no_figures() {
    let mut world = World::healthy();
    let of_web = |world: &World| figures(&world.store, &"svc/web".parse().unwrap(), world.now).len();
    assert!(of_web(&world) > 0);
    world.service("web", |s| s.status = "INACTIVE".into());
    assert_eq!(of_web(&world), 0);
}
