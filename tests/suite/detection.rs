//! Rehearsed incidents against the rules, in virtual time: what is detected, by which name, how late, and when it is over.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "who writes a rule chooses rehearsals by the environment and reads what is told"
)]

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::incident::{Change, Detector, Happening, Phase, Rules, built_in};
use nextcore_core::insight::Watch;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::{Wish, settled};
use nextcore_sim::world::Scenario;
use tokio::time::sleep;

use super::support::{calm, watched};

/// Seconds between two looks.
const STEP: i64 = 3;

/// What was told in one rehearsal; seconds count from the injection.
#[derive(Debug)]
struct Rehearsal {
    told: Vec<(i64, Happening)>,
    /// When the world was as it should be again, after it was healed.
    recovered: Option<i64>,
    /// Seconds that all rules took at one observation: the mean and the worst, in milliseconds.
    cost: (f64, f64),
}

struct Plan {
    seed: u64,
    scenarios: Vec<Scenario>,
    /// Seconds after the injection at which the causes are taken away.
    heal: i64,
    /// Seconds that are watched.
    length: i64,
}

async fn rehearse(plan: &Plan, rules: Arc<Rules>) -> Rehearsal {
    let (embedded, mut feed, _engine) = watched(plan.seed);
    let stack = Stack::default();
    settled(&mut feed, &stack, Duration::from_secs(5)).await;
    calm(&embedded).await;
    sleep(Duration::from_mins(3)).await;
    let (mut watch, mut detector) = (Watch::default(), Detector::new(rules, Vec::new()));
    let mut rehearsal = Rehearsal { told: Vec::new(), recovered: None, cost: (0.0, 0.0) };
    let mut costs = Vec::new();
    for second in -60_i64..plan.length {
        if second == 0 {
            embedded.cloud.world(|w| plan.scenarios.iter().for_each(|s| w.inject(s.clone())));
        }
        if second == plan.heal {
            embedded.cloud.heal();
        }
        sleep(Duration::from_secs(1)).await;
        // Rules are asked every third second: the loop asks at most as often as answers come.
        if second % STEP != 0 {
            continue;
        }
        let store = feed.store.borrow_and_update().clone();
        let now = embedded.clock.now();
        let judgement = watch.observe(&store, &stack, now);
        let begun = std::time::Instant::now();
        let told = detector.observe(&store, &judgement, &stack, now);
        costs.push(begun.elapsed().as_secs_f64() * 1000.0);
        let unwell = judgement.counts.degraded + judgement.counts.down > 0 || detector.incidents().iter().any(|i| i.is_open());
        feed.wishes.make(Wish::Closely(unwell));
        rehearsal.told.extend(told.into_iter().map(|h| (second, h)));
        if second > 0 && rehearsal.recovered.is_none() && embedded.cloud.world(|w| w.recovered()) {
            rehearsal.recovered = Some(second);
        }
        if second > 0 && !embedded.cloud.world(|w| w.recovered()) {
            rehearsal.recovered = None;
        }
    }
    rehearsal.cost = (costs.iter().sum::<f64>() / costs.len() as f64, costs.iter().copied().fold(0.0, f64::max));
    rehearsal
}

/// The rules of the folder that the environment names, for who writes one; else the program's.
fn rules() -> Arc<Rules> {
    let Ok(folder) = std::env::var("NEXTCORE_TOP_TEST_RULES") else { return Arc::new(built_in().unwrap()) };
    let order: Vec<String> = built_in().unwrap().rows().iter().map(|r| r.id.clone()).collect();
    let files: Vec<(String, String)> =
        order.iter().map(|id| (id.clone(), std::fs::read_to_string(format!("{folder}/{id}.toml")).unwrap())).collect();
    Arc::new(Rules::read(files.iter().map(|(id, text)| (id.as_str(), text.as_str()))).unwrap_or_else(|e| panic!("{e}")))
}

fn print(what: &str, rehearsal: &Rehearsal) {
    println!("== {what}: recovered {:?}, rules take {:.2} ms, {:.2} at most", rehearsal.recovered, rehearsal.cost.0, rehearsal.cost.1);
    for (second, h) in &rehearsal.told {
        let i = &h.incident;
        println!(
            "  {second:>5} {:<10} {} [{}] {} | {} | {}",
            h.change.word(),
            i.name,
            i.rule,
            i.since.format("%H:%M:%S"),
            i.evidence.iter().map(|e| e.text.as_str()).collect::<Vec<_>>().join("; "),
            i.consequences()
        );
        if let Some(of) = &i.part_of {
            println!("        of {of}");
        }
    }
}

/// For who writes a rule: SCENARIOS="az:a,nat" SEEDS="1,2" HEAL=900 LENGTH=2400.
#[tokio::test(start_paused = true)]
#[ignore = "prints what is told of rehearsals; nothing is asserted"]
async fn print_rehearsals() {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let seeds: Vec<u64> = setting("SEEDS", "5").split(',').map(|s| s.parse().unwrap()).collect();
    for scenario in setting("SCENARIOS", "rds-primary").split(',') {
        for seed in &seeds {
            let scenarios = scenario.split('+').map(|s| Scenario::parse(s).unwrap()).collect();
            let plan = Plan {
                seed: *seed,
                scenarios,
                heal: setting("HEAL", "900").parse().unwrap(),
                length: setting("LENGTH", "2400").parse().unwrap(),
            };
            let begun = std::time::Instant::now();
            let rehearsal = rehearse(&plan, rules()).await;
            print(&format!("{scenario} seed {seed} ({:.0?})", begun.elapsed()), &rehearsal);
        }
    }
}

/// By which name an incident has to be known, and what it may be called before it is seen in full.
struct Case {
    scenario: &'static str,
    rule: &'static str,
    /// Names of its parts: each is folded into it, or becomes it.
    parts: &'static [&'static str],
    heal: i64,
    length: i64,
}

const fn case(scenario: &'static str, rule: &'static str, parts: &'static [&'static str], heal: i64, length: i64) -> Case {
    Case { scenario, rule, parts, heal, length }
}

/// The five failures that the written architecture names, and a bad deployment. All scenarios and more seeds: `print_rehearsals`.
const CASES: &[Case] = &[
    case("az:a", "az-failure", &["rds-failover", "redis-node"], 600, 1200),
    case("rds-primary", "rds-failover", &[], 600, 700),
    case("redis-node", "redis-node", &[], 600, 1000),
    case("nat:a", "nat-gateway", &["task-failure", "image-pull"], 400, 700),
    case("task", "task-failure", &[], 300, 360),
    case("bad-deploy", "bad-deployment", &[], 300, 420),
];

fn check(case: &Case, rehearsal: &Rehearsal) {
    print(case.scenario, rehearsal);
    let opened = rehearsal.told.iter().filter(|(_, h)| h.change == Change::Opened);
    let (own, others): (Vec<_>, Vec<_>) = opened.partition(|(_, h)| h.incident.rule == case.rule);
    assert_eq!(own.len(), 1, "{}: one incident for one cause", case.scenario);
    for (second, h) in others {
        let known = case.parts.contains(&h.incident.rule.as_str());
        assert!(*second >= 0 && known, "{}: {} was told at {second}", case.scenario, h.incident.name);
        let part = rehearsal.told.iter().any(|(_, later)| later.incident.id == h.incident.id && later.incident.part_of.is_some());
        assert!(part, "{}: {} stands beside it", case.scenario, h.incident.name);
    }
    let last = rehearsal.told.iter().rev().find(|(_, h)| h.incident.rule == case.rule).map(|(_, h)| h.incident.phase);
    assert_eq!(last, Some(Phase::Closed), "{}: the world has recovered at {:?}", case.scenario, rehearsal.recovered);
}

async fn all(cases: &[Case]) {
    for case in cases {
        let scenarios = vec![Scenario::parse(case.scenario).unwrap()];
        let plan = Plan { seed: 7, scenarios, heal: case.heal, length: case.length };
        check(case, &rehearse(&plan, rules()).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_and_a_database_are_known_by_their_names_once_and_until_they_are_well() {
    all(&CASES[..2]).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_a_gateway_a_task_and_a_deployment_are_known_by_their_names() {
    all(&CASES[2..]).await;
}

#[tokio::test(start_paused = true)]
async fn two_causes_at_once_stay_two() {
    let scenarios = ["rds-primary", "crash-loop:web"].map(|s| Scenario::parse(s).unwrap()).to_vec();
    let rehearsal = rehearse(&Plan { seed: 7, scenarios, heal: 400, length: 420 }, rules()).await;
    print("rds-primary and crash-loop:web", &rehearsal);
    for rule in ["rds-failover", "crash-loop"] {
        let alone = |h: &Happening| h.incident.rule == rule && h.incident.part_of.is_none();
        assert!(rehearsal.told.iter().any(|(_, h)| alone(h)), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_hours_of_ordinary_work_raise_nothing() {
    let rehearsal = rehearse(&Plan { seed: 11, scenarios: Vec::new(), heal: -1, length: 7200 }, rules()).await;
    print("an ordinary morning", &rehearsal);
    assert!(rehearsal.told.is_empty());
}
