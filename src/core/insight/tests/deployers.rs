//! Services that are not rolled: two target groups that take turns, CodeDeploy, capacity that AWS takes back, a service that is gone.

use crate::insight::fixture::{World, ago, arn, look, run, stopped, target};
use crate::insight::panes::flows::{StepKind, StepState, flows};
use crate::model::balancer::{Action, ActionKind, Condition, Routing, TargetGroup, Targets, Weighted};
use crate::model::section::{ProblemKind, Section};
use crate::model::service::{Deployment, StoppedTasks, TaskSet, Tasks};

const BLUE: &str = "tg/production-nextcore-web";
const GREEN: &str = "tg/production-nextcore-web-green";
const RULE: &str = "arn:aws:elasticloadbalancing:ap-southeast-2:111122223333:listener-rule/app/production-nextcore/1/2/3";

fn green() -> String {
    arn("web").replace("nextcore-web", "nextcore-web-green")
}

/// The portal as ECS deploys it blue/green: these weights in its rule, so many healthy targets in each group.
fn turns(world: &mut World, weights: [u32; 2], healthy: [usize; 2]) {
    let groups = [arn("web"), green()];
    world.service("web", |s| {
        s.strategy = "BLUE_GREEN".into();
        s.circuit_breaker = None;
        s.deployments[0].rollout_state = "".into();
        let registered = &mut s.registrations[0];
        (registered.alternate, registered.production_rule) = (Some(green()), Some(RULE.into()));
    });
    world.edit::<Routing>(|r| {
        let rule = r.listeners[1].rules.last_mut().unwrap();
        let pairs = groups.iter().zip(weights);
        let forward = pairs.map(|(arn, weight)| Weighted { target_group: arn.clone(), weight }).collect();
        rule.arn = RULE.into();
        rule.actions = vec![Action { kind: ActionKind::Forward, forward, ..Action::default() }];
        rule.target_groups = groups.to_vec();
        r.target_groups.push(TargetGroup { arn: green(), name: "production-nextcore-web-green".into(), ..TargetGroup::default() });
    });
    world.edit::<Targets>(|t| {
        for (arn, n) in groups.iter().zip(healthy) {
            t.groups.insert(arn.clone(), (0..n).map(|i| target(&format!("10.0.11.{}", 100 + i), "healthy", None)).collect());
        }
    });
}

#[test]
fn the_group_with_the_weight_is_judged_and_the_other_is_idle() {
    for (name, weights, healthy, expected) in [
        ("blue", [100, 0], [2, 0], [("healthy", ""), ("n/a", "idle, weight 0")]),
        ("green", [0, 100], [0, 2], [("n/a", "idle, weight 0"), ("healthy", "")]),
        ("green, blue not gone yet", [0, 100], [2, 2], [("n/a", "idle, weight 0; 2 of 2 targets healthy"), ("healthy", "")]),
        ("shifting", [90, 10], [2, 2], [("healthy", ""), ("healthy", "")]),
    ] {
        let mut world = World::healthy();
        turns(&mut world, weights, healthy);
        let seen = world.judge();
        assert_eq!([BLUE, GREEN].map(|n| look(&seen, n)), expected.map(|(level, text)| (level, text.to_owned())), "{name}");
        assert_eq!([look(&seen, "svc/web").0, look(&seen, "alb").0], ["healthy", "healthy"], "{name}");
    }
}

#[test]
fn weight_on_a_group_without_targets_is_down_whatever_the_other_has() {
    for (weights, healthy, down, idle) in [([0, 100], [2, 0], GREEN, BLUE), ([100, 0], [0, 2], BLUE, GREEN)] {
        let mut world = World::healthy();
        turns(&mut world, weights, healthy);
        let seen = world.judge();
        assert_eq!(look(&seen, down), ("down", "no target registered, 2 wanted".into()));
        assert_eq!(look(&seen, idle), ("n/a", "idle, weight 0; 2 of 2 targets healthy".into()));
        assert_eq!(look(&seen, "svc/web"), ("down", "no target registered, 2 wanted".into()));
        assert_eq!(look(&seen, "alb"), ("down", format!("{}: no target registered, 2 wanted", down.trim_start_matches("tg/"))));
    }
}

#[test]
fn rules_that_could_not_be_read_are_not_known_and_not_healthy() {
    let unread = "which target group takes the requests is not known, rules not read";
    let mut world = World::healthy();
    turns(&mut world, [100, 0], [2, 0]);
    world.edit::<Routing>(|r| r.listeners[1].rules.last_mut().unwrap().arn = "another".into());
    let seen = world.judge();
    for node in [BLUE, GREEN, "svc/web"] {
        assert_eq!(look(&seen, node), ("unknown", unread.into()), "{node}");
    }
    assert_eq!(look(&seen, "alb").0, "unknown");
    let mut world = World::healthy();
    turns(&mut world, [100, 0], [2, 0]);
    world.forget(Routing::KEY);
    world.fail(Routing::KEY, ProblemKind::Denied, "elasticloadbalancing:DescribeRules: access denied");
    let (level, text) = look(&world.judge(), BLUE);
    assert_eq!((level, text.starts_with(unread), text.contains("DescribeRules")), ("unknown", true, true), "{text}");
    // A service with one group rests on no rule.
    assert_eq!(look(&world.judge(), "svc/control-plane").0, "healthy");
}

#[test]
fn a_group_that_no_rule_names_is_idle() {
    let mut world = World::healthy();
    world.edit::<Routing>(|r| {
        let rule = r.listeners[1].rules.last_mut().unwrap();
        rule.target_groups.clear();
        rule.actions.clear();
        r.target_groups.iter_mut().for_each(|g| g.balancers = Some(Vec::new()));
    });
    world.edit::<Targets>(|t| drop(t.groups.insert(arn("web"), Vec::new())));
    let seen = world.judge();
    assert_eq!(look(&seen, BLUE), ("n/a", "no rule leads here".into()));
    assert_eq!(look(&seen, "svc/web"), ("degraded", "gets no requests: production-nextcore-web: no rule leads here".into()));
}

#[test]
fn test_traffic_is_no_traffic() {
    let mut world = World::healthy();
    turns(&mut world, [100, 0], [2, 1]);
    world.service("web", |s| s.registrations[0].test_rule = Some("test".into()));
    world.edit::<Routing>(|r| {
        let forward = vec![Weighted { target_group: green(), weight: 1 }];
        let mut test = r.listeners[1].rules[0].clone();
        (test.arn, test.priority) = ("test".into(), "7".into());
        test.actions = vec![Action { kind: ActionKind::Forward, forward, ..Action::default() }];
        test.target_groups = vec![green()];
        r.listeners[1].rules.insert(0, test);
    });
    assert_eq!(look(&world.judge(), GREEN), ("n/a", "idle, weight 0; 1 of 1 targets healthy".into()));
}

#[test]
fn a_way_names_the_host_and_the_share() {
    let mut world = World::healthy();
    turns(&mut world, [90, 10], [2, 2]);
    world.edit::<Routing>(|r| {
        let host = Condition { field: "host-header".into(), values: vec!["shop.example.com".into()], ..Condition::default() };
        r.listeners[1].rules[0].conditions = vec![host];
    });
    let drawn = flows(&world.store, &world.judge(), &world.stack, world.now);
    let label = |to: &str| drawn.requests.edges.iter().find(|e| e.from == "alb" && e.to == to).map(|e| e.label.clone()).unwrap();
    assert_eq!(label("svc/control-plane"), "shop.example.com /api/*");
    assert_eq!(label("svc/web"), "/ 90 %");
}

fn set(status: &str, group: &str, running: i32) -> TaskSet {
    TaskSet {
        id: format!("ecs-svc/{status}"),
        status: status.into(),
        started_by: "CODE_DEPLOY".into(),
        external_id: "d-1".into(),
        task_definition: "arn:aws:ecs:r:1:task-definition/production-nextcore-web:58".into(),
        desired: 2,
        running,
        stability: if running < 2 { "STABILIZING" } else { "STEADY_STATE" }.into(),
        created_at: Some(ago(30)),
        updated_at: Some(ago(20)),
        target_groups: vec![group.into()],
        ..TaskSet::default()
    }
}

/// The portal as CodeDeploy deploys it.
fn code_deploy(world: &mut World, sets: Vec<TaskSet>) {
    world.service("web", |s| {
        s.controller = "CODE_DEPLOY".into();
        s.circuit_breaker = Some((false, false));
        s.deployments = sets.iter().map(TaskSet::as_deployment).collect::<Vec<Deployment>>();
        s.task_sets = sets;
    });
}

#[test]
fn of_task_sets_the_primary_one_serves() {
    let mut world = World::healthy();
    code_deploy(&mut world, vec![set("PRIMARY", &arn("web"), 2), set("ACTIVE", &green(), 1)]);
    world.edit::<Targets>(|t| drop(t.groups.insert(green(), vec![target("10.0.11.99", "unhealthy", None)])));
    let seen = world.judge();
    assert_eq!(look(&seen, GREEN), ("n/a", "idle, not the primary task set; 0 of 1 targets healthy".into()));
    assert_eq!(look(&seen, BLUE), ("healthy", String::new()));
    assert_eq!(look(&seen, "svc/web"), ("changing", "CODE_DEPLOY deployment 1/2 in progress 30m00s".into()));
    assert_eq!(look(&seen, "alb").0, "healthy");
}

#[test]
fn steps_of_a_deployment_that_is_not_of_ecs_are_its_task_sets_or_not_applicable() {
    let told = |world: &World| {
        let drawn = flows(&world.store, &world.judge(), &world.stack, world.now);
        let web = drawn.deliveries.into_iter().find(|d| d.service == "web").unwrap();
        let kinds = [StepKind::Update, StepKind::Health, StepKind::Breaker, StepKind::Rollback];
        kinds.map(|kind| web.steps.iter().find(|s| s.kind == kind).map(|s| (s.state, s.detail.clone())).unwrap())
    };
    let na = |by: &str| (StepState::Unused, format!("n/a ({by})"));
    let mut world = World::healthy();
    code_deploy(&mut world, vec![set("PRIMARY", &arn("web"), 2)]);
    let [update, _, breaker, rollback] = told(&world);
    assert_eq!(update, (StepState::Done, "production-nextcore-web:58 2/2 running".into()));
    assert_eq!([breaker, rollback], [na("CODE_DEPLOY"), na("CODE_DEPLOY")]);
    world.service("web", |s| {
        s.controller = "EXTERNAL".into();
        (s.task_sets, s.deployments) = (Vec::new(), Vec::new());
    });
    assert_eq!(told(&world), [na("EXTERNAL"), na("EXTERNAL"), na("EXTERNAL"), na("EXTERNAL")]);
    let mut world = World::healthy();
    turns(&mut world, [100, 0], [2, 0]);
    assert_eq!(told(&world)[2], na("BLUE_GREEN"));
}

#[test]
fn tasks_that_nothing_checks_are_not_called_healthy() {
    let mut world = World::healthy();
    world.service("celery-worker", |s| s.deployments[0].created_at = Some(ago(1)));
    world.edit::<Tasks>(|t| t.tasks.iter_mut().filter(|t| t.service == "celery-worker").for_each(|t| t.health = "UNKNOWN".into()));
    let drawn = flows(&world.store, &world.judge(), &world.stack, world.now);
    let worker = drawn.deliveries.into_iter().find(|d| d.service == "celery-worker").unwrap();
    let health = worker.steps.iter().find(|s| s.kind == StepKind::Health).unwrap();
    assert_eq!(health.state, StepState::Unused);
    assert!(health.detail.starts_with("not health-checked, "), "{}", health.detail);
}

#[test]
fn what_became_of_the_service_itself() {
    let inactive = |w: &mut World| {
        w.service("web", |s| {
            s.status = "INACTIVE".into();
            (s.desired, s.running) = (0, 0);
            s.deployments.clear();
        });
    };
    run(&[
        ("deleted", inactive, "svc/web", "down", "deleted"),
        (
            "going",
            |w| {
                w.service("web", |s| {
                    s.status = "DRAINING".into();
                    (s.desired, s.running) = (0, 1);
                });
            },
            "svc/web",
            "changing",
            "draining: deleted, 1 task left",
        ),
        (
            "AWS takes spot capacity back",
            |w| {
                let gone = |n| stopped("web", n, "SpotInterruption", "Your Spot Task was interrupted.");
                w.edit::<StoppedTasks>(|t| t.tasks.extend((1..6).map(gone)));
            },
            "svc/web",
            "healthy",
            "",
        ),
    ]);
    let mut world = World::healthy();
    inactive(&mut world);
    assert_eq!(world.judge().of(&"svc/web".parse().unwrap()).unwrap().reasons.len(), 1, "nothing else is said of it");
}
