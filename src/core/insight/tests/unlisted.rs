//! What was not listed, not checked or not allowed to be read is neither well nor down.

use crate::insight::fixture::{NAT_C, World, arn, look, run, target};
use crate::model::balancer::{Balancer, Routing, Targets};
use crate::model::cache::ReplicationGroup;
use crate::model::dashboard::Dashboards;
use crate::model::network::{NatGateways, Network};
use crate::model::section::{ProblemKind, Section, Unread};
use crate::model::service::Tasks;
use crate::model::storage::Buckets;
use crate::report::figures;

fn denied(world: &mut World, aspect: &str) {
    world.edit::<Buckets>(|b| b.buckets[0].unread.push((aspect.to_owned(), "access denied: s3:Get".to_owned())));
}

fn web(world: &mut World, state: &str, reason: Option<&str>) {
    let all = vec![target("10.0.11.56", state, reason), target("10.0.12.157", state, reason)];
    world.edit::<Targets>(|t| drop(t.groups.insert(arn("web"), all)));
}

#[test]
fn nodes_that_are_not_listed_are_not_down() {
    run(&[
        (
            "of a cache cluster by itself",
            |w| {
                w.edit::<ReplicationGroup>(|g| {
                    g.alone = true;
                    g.node_groups.truncate(1);
                    g.node_groups[0].members.clear();
                });
            },
            "redis",
            "unknown",
            "nodes not listed",
        ),
        (
            "of a shard",
            |w| w.edit::<ReplicationGroup>(|g| g.node_groups[0].members.clear()),
            "redis",
            "unknown",
            "shard 0001: nodes not listed",
        ),
    ]);
}

#[test]
fn tasks_that_are_not_listed_or_not_checked_are_not_known() {
    run(&[
        (
            "none of those that run",
            |w| w.edit::<Tasks>(|t| t.tasks.retain(|t| t.service != "web")),
            "svc/web",
            "unknown",
            "tasks not listed: 2 running",
        ),
        (
            "the health of all",
            |w| w.edit::<Tasks>(|t| t.tasks.iter_mut().for_each(|t| t.health = "UNKNOWN".into())),
            "svc/web",
            "unknown",
            "health of 2 tasks UNKNOWN",
        ),
        ("the health of one", |w| w.first_task("web", |t| t.health = "UNKNOWN".into()), "svc/web", "healthy", ""),
    ]);
}

#[test]
fn targets_that_are_not_checked_are_not_down() {
    let unchecked = "health checks are disabled: 2 targets not checked";
    for (node, reason) in [
        ("tg/production-nextcore-web", unchecked.to_owned()),
        ("svc/web", unchecked.to_owned()),
        ("alb", format!("production-nextcore-web: {unchecked}")),
    ] {
        let mut world = World::healthy();
        web(&mut world, "unavailable", Some("Target.HealthCheckDisabled"));
        assert_eq!(look(&world.judge(), node), ("unknown", reason), "{node}");
    }
    run(&[(
        "the load balancer cannot say",
        |w| web(w, "unavailable", Some("Elb.InternalError")),
        "tg/production-nextcore-web",
        "unknown",
        "health of 2 targets not known (Elb.InternalError)",
    )]);
}

#[test]
fn aspects_of_a_bucket_that_are_denied_count_for_all_of_them() {
    for aspect in ["versioning", "encryption", "public access"] {
        let mut world = World::healthy();
        denied(&mut world, aspect);
        let name = world.store.get::<Buckets>().unwrap().buckets[0].name.clone();
        assert_eq!(look(&world.judge(), "s3"), ("unknown", format!("{name}: {aspect}: access denied: s3:Get")));
    }
    run(&[("what nothing rests on", |w| denied(w, "replication"), "s3", "healthy", "")]);
}

#[test]
fn dashboards_that_were_not_read_are_not_said_to_show_nothing() {
    let mut world = World::healthy();
    world.edit::<Dashboards>(|d| d.dashboards.iter_mut().for_each(|d| d.namespaces.clear()));
    assert_eq!(look(&world.judge(), "dashboards").1, "no dashboard shows service health");
    let name = world.store.get::<Dashboards>().unwrap().dashboards[0].name.clone();
    world.store.entry_mut(Dashboards::KEY).unread = vec![Unread {
        part: format!("widgets of {name}"),
        item: name,
        field: "widgets".into(),
        why: "access denied: cloudwatch:GetDashboard".into(),
        judged: false,
    }];
    let texts: Vec<String> = world.judge().of(&"dashboards".parse().unwrap()).unwrap().reasons.iter().map(|r| r.text.clone()).collect();
    let why = "access denied: cloudwatch:GetDashboard";
    assert!(texts.contains(&format!("not known whether a dashboard shows service health: {why}")), "{texts:?}");
    assert!(!texts.iter().any(|t| t.starts_with("no dashboard")), "{texts:?}");
}

#[test]
fn what_rests_on_something_missing_says_only_that() {
    let mut world = World::healthy();
    let root = "elasticloadbalancing:DescribeLoadBalancers: not found";
    for (key, headline) in [
        (Balancer::KEY, root.to_owned()),
        (Routing::KEY, format!("needs load balancer: {root}")),
        (Targets::KEY, format!("needs listeners and rules: needs load balancer: {root}")),
    ] {
        world.forget(key);
        world.fail(key, ProblemKind::NotFound, &headline);
    }
    let seen = world.judge();
    assert_eq!(look(&seen, "alb"), ("down", format!("balancer: missing ({root})")));
    let texts: Vec<&str> = seen.nodes.values().flat_map(|v| &v.reasons).map(|r| r.text.as_str()).collect();
    assert!(texts.contains(&"targets: needs the load balancer"), "{texts:?}");
    assert_eq!(texts.iter().filter(|t| t.contains("missing")).count(), 1, "{texts:?}");
}

#[test]
fn all_gateways_together_are_no_calmer_than_one_of_them() {
    let gateway = |w: &mut World, state: &str| {
        w.edit::<NatGateways>(|n| n.gateways.iter_mut().filter(|g| g.id == NAT_C).for_each(|g| g.state = state.into()));
    };
    let mut world = World::healthy();
    gateway(&mut world, "pending");
    assert_eq!(look(&world.judge(), "nat"), ("changing", format!("c: {NAT_C} is being created")));
    gateway(&mut world, "deleted");
    let seen = world.judge();
    let said = &seen.of(&"nat/c".parse().unwrap()).unwrap().reasons;
    assert_eq!(said.iter().filter(|r| r.text.contains("deleted")).count(), 1, "{said:?}");
}

#[test]
fn free_addresses_are_the_least_of_the_subnets_that_tasks_are_put_in() {
    let mut world = World::healthy();
    let used = world.store.get::<crate::model::service::Services>().unwrap().services[0].subnets.clone();
    world.edit::<Network>(|n| {
        for subnet in &mut n.subnets {
            subnet.free_addresses = if used.contains(&subnet.id) { 250 } else { 4091 };
            subnet.tier = crate::model::network::SubnetTier::Other;
        }
    });
    let said = figures(&world.store, &"vpc".parse().unwrap(), world.now);
    assert!(said.iter().any(|f| f.to_string() == "free for tasks ≥ 250"), "{said:?}");
}
