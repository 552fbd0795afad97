//! A load balancer that is configured to serve nobody, and the services that no rule leads to.

use crate::insight::fixture::{World, arn, look, run, target};
use crate::model::balancer::{Action, ActionKind, Routing, Rule, Targets};
use crate::model::section::{Section, Unread};

/// Lets every rule and every default action of the stack do something else.
fn each_rule(world: &mut World, change: impl Fn(&mut Rule)) {
    world.edit::<Routing>(|r| r.listeners.iter_mut().flat_map(|l| &mut l.rules).for_each(change));
}

fn without_weight(rule: &mut Rule) {
    rule.actions.iter_mut().flat_map(|a| &mut a.forward).for_each(|w| w.weight = 0);
}

/// The rules answer themselves, and the target groups are behind nobody.
fn answer(world: &mut World) {
    each_rule(world, |rule| {
        if rule.actions.iter().any(|a| a.kind == ActionKind::Forward) {
            rule.actions = vec![Action { kind: ActionKind::FixedResponse, status_code: Some("404".into()), ..Action::default() }];
            rule.target_groups.clear();
        }
    });
    world.edit::<Routing>(|r| r.listeners.iter_mut().for_each(|l| l.actions = l.rules.last().unwrap().actions.clone()));
}

fn park(world: &mut World, service: &str) {
    world.service(service, |s| (s.desired, s.running) = (0, 0));
    world.edit::<Targets>(|t| drop(t.groups.insert(arn(service), vec![target("10.0.11.56", "draining", None)])));
}

#[test]
fn a_load_balancer_that_serves_nobody_is_down() {
    run(&[
        ("no listener", |w| w.edit::<Routing>(|r| r.listeners.clear()), "alb", "down", "no listener: nobody is served"),
        (
            "a redirect to a port without a listener",
            |w| w.edit::<Routing>(|r| r.listeners.truncate(1)),
            "alb",
            "down",
            "nobody is served: listener 80: requests are redirected to 443, where no listener is",
        ),
        (
            "weights of 0 alone",
            |w| each_rule(w, without_weight),
            "alb",
            "down",
            "nobody is served: listener 443 /api/*: all weights are 0, no target group takes the requests (and 1 more)",
        ),
        (
            "a service that is scaled to 0 behind the default rule",
            |w| park(w, "web"),
            "alb",
            "degraded",
            "listener 443: web is scaled to 0, requests get a 503",
        ),
        (
            "all of them",
            |w| ["web", "control-plane"].into_iter().for_each(|s| park(w, s)),
            "alb",
            "down",
            "nobody is served: listener 443 /api/*: control-plane is scaled to 0, requests get a 503 (and 1 more)",
        ),
        ("no rule to any group", answer, "alb", "down", "no rule leads to a target group, 2 services register in one"),
        (
            "a maintenance page in front of what is stopped",
            |w| {
                for s in ["web", "control-plane"] {
                    park(w, s);
                }
                answer(w);
            },
            "alb",
            "healthy",
            "",
        ),
        (
            "a redirect to another host",
            |w| {
                w.edit::<Routing>(|r| {
                    r.listeners.truncate(1);
                    let rule = &mut r.listeners[0].rules[0];
                    rule.actions[0].redirect.as_mut().unwrap().host = "www.example.com".into();
                });
            },
            "alb",
            "healthy",
            "",
        ),
    ]);
}

#[test]
fn a_service_that_no_request_can_reach_is_degraded() {
    run(&[
        (
            "no rule leads to its group",
            answer,
            "svc/web",
            "degraded",
            "gets no requests: production-nextcore-web: no rule leads here; 2 of 2 targets healthy",
        ),
        ("its group says so", answer, "tg/production-nextcore-web", "n/a", "no rule leads here; 2 of 2 targets healthy"),
        (
            "its only group has weight 0",
            |w| each_rule(w, without_weight),
            "svc/web",
            "degraded",
            "gets no requests: production-nextcore-web: idle, weight 0; 2 of 2 targets healthy",
        ),
    ]);
}

#[test]
fn rules_that_were_not_read_serve_nobody_for_certain() {
    let mut world = World::healthy();
    world.edit::<Routing>(|r| r.listeners.iter_mut().for_each(|l| l.rules.clear()));
    let listeners = world.store.get::<Routing>().unwrap().listeners.clone();
    world.store.entry_mut(Routing::KEY).unread = listeners
        .iter()
        .map(|l| Unread {
            part: format!("rules of listener {}", l.port),
            item: l.arn.clone(),
            field: "rules".into(),
            why: "access denied: elasticloadbalancing:DescribeRules".into(),
            judged: true,
        })
        .collect();
    let unread = "rules of listener 80: access denied: elasticloadbalancing:DescribeRules";
    let judgement = world.judge();
    let (level, why) = look(&judgement, "alb");
    assert!(level == "unknown" && why.contains(unread), "{why}");
    // Nor does any service get no requests, nor is a group idle, for all that is known.
    for node in ["svc/control-plane", "tg/production-nextcore-api"] {
        let (level, why) = look(&judgement, node);
        assert!(level == "unknown" && why.contains("is not known: rules of listener 80: access denied"), "{node}: {level} {why}");
    }
    // What the targets say for certain stands all the same.
    world.edit::<crate::model::balancer::Targets>(|t| {
        for target in t.groups.values_mut().flatten() {
            target.state = crate::model::balancer::TargetState::Unhealthy;
        }
    });
    assert_eq!(look(&world.judge(), "svc/control-plane").0, "down");
}
