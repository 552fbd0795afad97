//! Stacks that are not rolled, on the real loop against the embedded cloud: rules as they are and beyond one page, target groups that take
//! turns, CodeDeploy, a service that was made anew.

use std::collections::BTreeSet;
use std::time::Duration;

use nextcore_core::insight::{self, Judgement};
use nextcore_core::model::balancer::{Routing, Targets};
use nextcore_core::model::service::{Controller, Services, StoppedTasks, Strategy};
use nextcore_core::model::stack::Stack;
use nextcore_core::report;
use nextcore_live::engine::{Feed, settled};
use nextcore_sim::world::state::{ListenerRule, RuleAction};
use nextcore_top::shell::Embedded;
use tokio::time::sleep;

use super::support::{calm, watched};

/// The rules are read every five minutes at the latest.
const READ_ANEW: Duration = Duration::from_secs(330);

fn judged(embedded: &Embedded, feed: &Feed) -> Judgement {
    insight::judge(&feed.store.borrow(), &Stack::default(), embedded.clock.now())
}

fn look(judgement: &Judgement, node: &str) -> (&'static str, String) {
    let verdict = judgement.of(&node.parse().unwrap()).unwrap();
    (verdict.level.word(), verdict.reasons.first().map(|r| r.text.clone()).unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn rules_are_read_as_they_are_beyond_one_page() {
    const MORE: u32 = 450;
    let (embedded, mut feed, _engine) = watched(7);
    embedded.cloud.world(|w| {
        w.make_blue_green("web");
        w.weigh(|weights| (weights[0].1, weights[1].1) = (90, 10));
        let rules = &mut w.alb.listeners.iter_mut().find(|l| l.protocol == "HTTPS").unwrap().rules;
        let api = rules[0].clone();
        let one = |n: u32, host: String, action: RuleAction| ListenerRule {
            arn: format!("{}{n}", api.arn),
            priority: Some(1000 + n),
            hosts: vec![host],
            action,
            ..api.clone()
        };
        let tenants = (0..MORE).map(|n| one(n, format!("t{n}.example.com"), api.action.clone()));
        let more: Vec<ListenerRule> = tenants.chain([one(MORE, "old.example.com".into(), RuleAction::FixedResponse(503))]).collect();
        let last = rules.len() - 1;
        rules.splice(last..last, more);
    });
    let store = settled(&mut feed, &Stack::default(), Duration::from_secs(10)).await;
    let rules = &store.get::<Routing>().unwrap().listeners[1].rules;
    assert_eq!(rules.len(), MORE as usize + 3);
    let distinct: BTreeSet<String> = rules.iter().map(|r| format!("{:?} {:?} {:?}", r.conditions, r.paths, r.actions)).collect();
    assert_eq!(distinct.len(), rules.len(), "no two alike");
    let words = |at: usize| rules[at].actions.iter().map(nextcore_core::model::balancer::Action::words).collect::<Vec<_>>();
    assert_eq!(words(rules.len() - 1), ["forward production-nextcore-web 90 %, production-nextcore-web-green 10 %"]);
    let fixed = &rules[rules.len() - 2];
    assert_eq!(
        (fixed.conditions[0].values.as_slice(), fixed.paths.as_slice()),
        (&["old.example.com".to_owned()][..], &["/api/*".to_owned()][..])
    );
    let now = embedded.clock.now();
    let table = report::table(&store, &insight::judge(&store, &Stack::default(), now), &Stack::default(), now, report::Look::default());
    for said in ["old.example.com /api/*: 503 fixed response", "/ 90 %", "/ 10 %"] {
        assert!(table.contains(said), "{said}: {table}");
    }
}

#[tokio::test(start_paused = true)]
async fn blue_and_green_take_turns() {
    const BLUE: &str = "tg/production-nextcore-web";
    const GREEN: &str = "tg/production-nextcore-web-green";
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    calm(&embedded).await;
    embedded.cloud.world(|w| w.make_blue_green("web"));
    sleep(READ_ANEW).await;
    let strategy = feed.store.borrow().get::<Services>().unwrap().get("web").unwrap().strategy.clone();
    assert_eq!(strategy, Strategy::BlueGreen);
    let seen = judged(&embedded, &feed);
    assert_eq!((look(&seen, GREEN), look(&seen, BLUE).0), (("n/a", "idle, weight 0".into()), "healthy"));
    embedded.cloud.world(|w| w.turn_over("web"));
    sleep(READ_ANEW).await;
    let seen = judged(&embedded, &feed);
    assert_eq!((look(&seen, BLUE), look(&seen, GREEN).0), (("n/a", "idle, weight 0".into()), "healthy"));
    assert_ne!(look(&seen, "svc/web").0, "down");
    // All weight on the group that has no targets any more.
    embedded.cloud.world(|w| {
        w.weigh(|weights| {
            let (a, b) = weights.split_at_mut(1);
            std::mem::swap(&mut a[0].1, &mut b[0].1);
        });
    });
    sleep(READ_ANEW).await;
    let seen = judged(&embedded, &feed);
    assert_eq!([look(&seen, BLUE).0, look(&seen, "svc/web").0, look(&seen, "alb").0], ["down"; 3]);
    assert_eq!(look(&seen, GREEN).0, "n/a");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_no_rule_names_is_asked_for_by_its_service() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    calm(&embedded).await;
    let green = embedded.cloud.world(|w| {
        w.make_blue_green("web");
        w.weigh(|_| {});
        // Only the service names it.
        let registered = w.ecs.services["web"].load_balancer.clone().unwrap();
        let blue = RuleAction::Forward(registered.target_group_arn.clone());
        for listener in &mut w.alb.listeners {
            for rule in listener.rules.iter_mut().filter(|r| matches!(r.action, RuleAction::Weighted(_))) {
                rule.action = blue.clone();
            }
        }
        registered.blue_green.unwrap().alternate_target_group_arn
    });
    sleep(READ_ANEW).await;
    let store = feed.store.borrow().clone();
    assert!(store.get::<Targets>().unwrap().groups.contains_key(&green));
    assert!(store.get::<Routing>().unwrap().target_groups.iter().any(|g| g.arn == green));
    assert_eq!(look(&judged(&embedded, &feed), "tg/production-nextcore-web-green"), ("n/a", "no rule leads here".into()));
    // What is gone is left out, and takes nothing with it.
    embedded.cloud.world(|w| w.alb.target_groups.retain(|g| g.arn != green));
    sleep(READ_ANEW).await;
    let store = feed.store.borrow().clone();
    assert!(!store.get::<Targets>().unwrap().groups.contains_key(&green));
    assert_eq!(look(&judged(&embedded, &feed), "tg/production-nextcore-web").0, "healthy");
}

#[tokio::test(start_paused = true)]
async fn task_sets_and_capacity_providers_arrive_and_old_rows_go() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    calm(&embedded).await;
    embedded.cloud.world(|w| {
        w.make_code_deploy("web");
        let worker = w.ecs.services.get_mut("celery-worker").unwrap();
        worker.deployer.capacity = vec![("FARGATE_SPOT".into(), 4, 0), ("FARGATE".into(), 1, 1)];
    });
    sleep(Duration::from_mins(1)).await;
    let store = feed.store.borrow().clone();
    let services = store.get::<Services>().unwrap();
    let web = services.get("web").unwrap();
    assert_eq!((&web.controller, web.task_sets.len(), web.deployments.len()), (&Controller::CodeDeploy, 1, 1));
    assert_eq!(services.get("celery-worker").unwrap().launch_type, "FARGATE_SPOT weight 4, FARGATE weight 1 base 1");
    assert_eq!(look(&judged(&embedded, &feed), "svc/web").0, "healthy");
    let of_web = |feed: &Feed| feed.store.borrow().get::<StoppedTasks>().unwrap().tasks.iter().filter(|t| t.service == "web").count();
    assert!(of_web(&feed) > 0, "the morning's delivery has stopped some");
    embedded.cloud.world(|w| {
        let now = w.now;
        w.ecs.services.get_mut("web").unwrap().created_at = now;
    });
    sleep(READ_ANEW).await;
    assert_eq!(of_web(&feed), 0);
    let store = feed.store.borrow().clone();
    let made = store.get::<Services>().unwrap().get("web").unwrap().clone();
    assert!(made.events.iter().all(|e| e.at >= made.created_at));
}
