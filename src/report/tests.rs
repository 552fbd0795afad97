//! What the reports look like, word by word, and the exit code.

use chrono::TimeDelta;

use super::{Look, exit_code, figures, json, markdown, table};
use crate::insight::fixture::{RG, World, alarm, arn, target};
use crate::insight::{Judgement, NodeId};
use crate::model::alarm::{Alarm, Alarms};
use crate::model::balancer::Targets;
use crate::model::health::{Level, Reason, Verdict};
use crate::model::identity::Identity;
use crate::model::scaling::Scaling;
use crate::model::section::{ProblemKind, Section};

/// A stack with something in every column.
fn busy() -> World {
    let mut world = World::healthy();
    world.counts("alb/requests", &[50_520.0; 20]);
    world.counts("alb/target5xx", &[10.0; 20]);
    for (id, value) in [
        ("alb/p95", 0.118),
        ("svc/web/cpu", 38.0),
        ("svc/web/mem", 57.0),
        ("db/cpu", 31.0),
        ("db/connections", 84.0),
        ("db/storage", 62.0 * 1_073_741_824.0),
        ("logs/events", 900.0),
    ] {
        world.series(id, &[value; 20]);
    }
    world.series(&format!("redis/{RG}-0001-001/memory"), &[37.0; 20]);
    world.series(&format!("redis/{RG}-0001-001/gets"), &[60_000.0; 20]);
    world.edit::<Targets>(|t| {
        t.groups.insert(arn("web"), vec![target("1", "unhealthy", Some("Target.Timeout")), target("2", "healthy", None)]);
    });
    world.put(Alarms { alarms: vec![Alarm { reason: "[91.2 (x)".into(), ..alarm("high|cpu", "ALARM", 3) }] });
    world.forget(Scaling::KEY);
    world.fail(Scaling::KEY, ProblemKind::Denied, "application-autoscaling:DescribeScalableTargets: access denied");
    world
}

#[test]
fn the_table() {
    let world = busy();
    let judgement = world.judge();
    insta::assert_snapshot!(table(&world.store, &judgement, &world.stack, world.now, Look::default()), @r#"
    production-nextcore ap-southeast-2  degraded  10 nodes: 4 degraded  2026-03-01T12:00:30Z
     STATE       NODE               FIGURES                                                           REASON                                          SINCE  AGE
     ▲ degraded  alb                842/s  5xx 0.02 %  p95 118 ms                                     web: 1 of 2 targets unhealthy (Target.Timeout)         0s
     ● healthy   tg/control-plane   2/2 healthy  /api/*                                                                                                      0s
     ▲ degraded  tg/web             1/2 healthy  /                                                    1 of 2 targets unhealthy (Target.Timeout)              0s
     ● healthy   svc/control-plane  2/2  rev 7                                                                                                        7h00m  0s
     ▲ degraded  svc/web            2/2  cpu 38 %  mem 57 %  rev 7                                    1 of 2 targets unhealthy (Target.Timeout)              0s
     ● healthy   svc/celery-worker  3/3  rev 7                                                                                                        7h00m  0s
     ● healthy   redis              2 shards 4 nodes  mem 37 %  1.0k op/s                                                                                    0s
     ● healthy   db                 available  a ⇄ b  conn 84/851  cpu 31 %  free 62 GiB  PITR 3m00s                                                         0s
     ▲ degraded  alarms             1 of 1 in alarm                                                   alarm high|cpu: CPUUtilization 91.2 > 80        3m00s  0s
     ● healthy   logs               900 events/min  last 4s ago                                                                                              0s
    scaling: denied, no permission: application-autoscaling:DescribeScalableTargets
    "#);
}

#[test]
fn the_table_in_ascii_has_only_ascii() {
    let world = busy();
    let text = table(&world.store, &world.judge(), &world.stack, world.now, Look { ascii: true, width: Some(100) });
    assert!(text.is_ascii(), "{text}");
    assert!(text.lines().all(|l| l.len() <= 140), "{text}");
    insta::assert_snapshot!(text, @r#"
    production-nextcore ap-southeast-2  degraded  10 nodes: 4 degraded  2026-03-01T12:00:30Z
     STATE       NODE               FIGURES                      REASON                      SINCE  AGE
     ! degraded  alb                842/s  5xx 0.02 %            web: 1 of 2 targets                0s
                                    p95 118 ms                   unhealthy (Target.Timeout)
     . healthy   tg/control-plane   2/2 healthy  /api/*                                             0s
     ! degraded  tg/web             1/2 healthy  /               1 of 2 targets unhealthy           0s
                                                                 (Target.Timeout)
     . healthy   svc/control-plane  2/2  rev 7                                               7h00m  0s
     ! degraded  svc/web            2/2  cpu 38 %  mem 57 %      1 of 2 targets unhealthy           0s
                                    rev 7                        (Target.Timeout)
     . healthy   svc/celery-worker  3/3  rev 7                                               7h00m  0s
     . healthy   redis              2 shards 4 nodes  mem 37 %                                      0s
                                    1.0k op/s
     . healthy   db                 available  a <-> b                                              0s
                                    conn 84/851  cpu 31 %
                                    free 62 GiB  PITR 3m00s
     ! degraded  alarms             1 of 1 in alarm              alarm high|cpu:             3m00s  0s
                                                                 CPUUtilization 91.2 > 80
     . healthy   logs               900 events/min  last 4s ago                                     0s
    scaling: denied, no permission: application-autoscaling:DescribeScalableTargets
    "#);
}

#[test]
fn the_markdown() {
    let world = busy();
    insta::assert_snapshot!(markdown(&world.store, &world.judge(), &world.stack, world.now), @r#"
    # production-nextcore ap-southeast-2  degraded  10 nodes: 4 degraded  2026-03-01T12:00:30Z

    | State | Node | Figures | Reason | Since | Age |
    |---|---|---|---|---|---|
    | degraded | `alb` | 842/s, 5xx 0.02 %, p95 118 ms | web: 1 of 2 targets unhealthy (Target.Timeout) |  | 0s |
    | healthy | `tg/control-plane` | 2/2 healthy, /api/\* |  |  | 0s |
    | degraded | `tg/web` | 1/2 healthy, / | 1 of 2 targets unhealthy (Target.Timeout) |  | 0s |
    | healthy | `svc/control-plane` | 2/2, rev 7 |  | 7h00m | 0s |
    | degraded | `svc/web` | 2/2, cpu 38 %, mem 57 %, rev 7 | 1 of 2 targets unhealthy (Target.Timeout) |  | 0s |
    | healthy | `svc/celery-worker` | 3/3, rev 7 |  | 7h00m | 0s |
    | healthy | `redis` | 2 shards 4 nodes, mem 37 %, 1.0k op/s |  |  | 0s |
    | healthy | `db` | available, a ⇄ b, conn 84/851, cpu 31 %, free 62 GiB, PITR 3m00s |  |  | 0s |
    | degraded | `alarms` | 1 of 1 in alarm | alarm high\|cpu: CPUUtilization 91.2 \> 80 | 3m00s | 0s |
    | healthy | `logs` | 900 events/min, last 4s ago |  |  | 0s |

    ## Not as it should be

    - `scaling` denied: no permission: application-autoscaling:DescribeScalableTargets

    ## Last changes

    - 2026-03-01 11:57:30Z `alarms` alarm high\|cpu: ALARM (CPUUtilization 91.2 \> 80) (degraded)
    - 2026-03-01 05:00:30Z `svc/control-plane` steady state (healthy)
    - 2026-03-01 05:00:30Z `svc/web` steady state (healthy)
    - 2026-03-01 05:00:30Z `svc/celery-worker` steady state (healthy)
    - 2026-03-01 02:00:30Z `svc/control-plane` deployment of control-plane:7 started (changing)
    - 2026-03-01 02:00:30Z `svc/web` deployment of web:7 started (changing)
    - 2026-03-01 02:00:30Z `svc/celery-worker` deployment of celery-worker:7 started (changing)
    "#);
}

#[test]
fn the_state_document() {
    let mut world = busy();
    world.put(Identity { account: "111122223333".into(), arn: "arn:aws:sts::111122223333:assumed-role/OnCall/ops".into() });
    world.now += TimeDelta::seconds(7);
    let document = json(&world.store, &world.judge(), &world.stack, world.now);
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["as_of", "counts", "identity", "nodes", "sections", "stack", "timeline", "usage", "worst"]);
    for (path, value) in [
        ("/stack/name", serde_json::json!("production-nextcore")),
        ("/as_of", serde_json::json!("2026-03-01T12:00:37Z")),
        ("/worst", serde_json::json!("degraded")),
        ("/counts/degraded", serde_json::json!(4)),
        ("/nodes/db/level", serde_json::json!("healthy")),
        ("/nodes/svc~1web/level", serde_json::json!("degraded")),
        ("/nodes/svc~1web/reasons/0/level", serde_json::json!("degraded")),
        ("/nodes/svc~1web/reasons/0/text", serde_json::json!("1 of 2 targets unhealthy (Target.Timeout)")),
        ("/nodes/svc~1web/as_of", serde_json::json!("2026-03-01T12:00:30Z")),
        ("/nodes/db/since", serde_json::Value::Null),
        ("/sections/services/state", serde_json::json!("ready")),
        ("/sections/services/age_s", serde_json::json!(7)),
        ("/sections/services/problem", serde_json::Value::Null),
        ("/sections/services/data/services/1/name", serde_json::json!("web")),
        ("/sections/scaling/state", serde_json::json!("denied")),
        ("/sections/scaling/problem/permission", serde_json::json!("application-autoscaling:DescribeScalableTargets")),
        ("/sections/scaling/data", serde_json::Value::Null),
        ("/identity/account", serde_json::json!("111122223333")),
        ("/usage/calls_per_min", serde_json::json!(0.0)),
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
fn exit_codes() {
    for (levels, code) in [
        (&[("alb", Level::Healthy), ("db", Level::Healthy)][..], 0),
        (&[("alb", Level::Healthy), ("svc/web", Level::Info), ("svc/w", Level::Absent)], 0),
        (&[("alb", Level::Healthy), ("db", Level::Degraded)], 1),
        (&[("alb", Level::Unknown), ("db", Level::Degraded)], 1),
        (&[("alb", Level::Down), ("db", Level::Degraded), ("redis", Level::Unknown)], 2),
        (&[("alb", Level::Healthy), ("db", Level::Unknown)], 3),
        (&[("alb", Level::Healthy), ("logs", Level::Unknown), ("alarms", Level::Unknown)], 0),
        (&[("alb", Level::Healthy), ("alarms", Level::Degraded)], 1),
        (&[], 3),
    ] {
        let verdict = |level: Level| Verdict { level, reasons: vec![Reason::new(level, "x")], since: None, as_of: None };
        let nodes = levels.iter().map(|(id, level)| (NodeId((*id).to_owned()), verdict(*level))).collect();
        assert_eq!(exit_code(&Judgement { nodes, ..Judgement::default() }), code, "{levels:?}");
    }
}
