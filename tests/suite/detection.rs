//! Rehearsed incidents against the rules, in virtual time: what is detected, by which name, how late, and when it is over.

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::incident::{Change, Detector, Happening, Phase, Rules, built_in};
use nextcore_core::insight::Watch;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::{Wish, settled};
use nextcore_sim::world::Scenario;
use tokio::time::sleep;

use super::support::{calm, watched};

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
    for second in -60..plan.length {
        if second == 0 {
            embedded.cloud.world(|w| plan.scenarios.iter().for_each(|s| w.inject(s.clone())));
        }
        if second == plan.heal {
            embedded.cloud.heal();
        }
        sleep(Duration::from_secs(1)).await;
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

#[expect(dead_code, reason = "in work")]
fn opened(rehearsal: &Rehearsal) -> Vec<(i64, String)> {
    rehearsal
        .told
        .iter()
        .filter(|(_, h)| h.change == Change::Opened && h.incident.phase != Phase::Closed)
        .map(|(s, h)| (*s, h.incident.rule.clone()))
        .collect()
}
