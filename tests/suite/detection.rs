//! Rehearsed incidents against the rules, in virtual time: what is detected, by which name, how late, and when it is over. Here is the rehearsal
//! itself; `facts` says when AWS's APIs first show what a rule opens on, `cases` what is expected, `matrix`, `pairs` and `quiet` are the tests.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "who writes a rule chooses rehearsals by the environment and reads what is told"
)]

mod cases;
mod facts;
mod matrix;
mod pairs;
mod quiet;

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::incident::{Detector, Happening, Rules, built_in};
use nextcore_core::insight::Watch;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, Wish, channel, settled};
use nextcore_sim::fault::ApiFault;
use nextcore_sim::world::{Ms, Scenario, World};
use nextcore_top::shell::Embedded;
use tokio::time::sleep;

use super::support::{calm, start};

/// Seconds between two looks: the loop asks at most as often as answers come.
const STEP: i64 = 3;
/// When the watch begins: what changes was seen before it did.
const BEFORE: i64 = -30;
/// What is over is watched for so much longer: a second incident would be told then.
const AFTERWARDS: i64 = 60;

/// Whether AWS's APIs show it, for an injection at this moment.
type Fact = fn(&World, Ms) -> bool;

/// What was told in one rehearsal; seconds count from the injection.
#[derive(Debug, Default)]
struct Rehearsal {
    told: Vec<(i64, Happening)>,
    /// When AWS's APIs first showed each of the plan's facts.
    shown: Vec<Option<i64>>,
    /// When the world was as it should be again, after it was healed.
    recovered: Option<i64>,
    /// Seconds that all rules took at one observation: the mean and the worst, in milliseconds.
    cost: (f64, f64),
    /// Seconds that were watched.
    watched: i64,
}

/// What is done to the world at a second.
type Act = (i64, fn(&mut World));

#[derive(Default)]
struct Plan {
    seed: u64,
    scenarios: Vec<Scenario>,
    facts: Vec<Fact>,
    /// Seconds after the injection at which the causes are taken away.
    heal: i64,
    /// Seconds that are watched at most.
    length: i64,
    /// Whether it ends when the world is well and nothing is open any more.
    ends: bool,
    /// Seconds between two looks, where days are watched.
    step: Option<i64>,
    acts: Vec<Act>,
    faults: Vec<ApiFault>,
}

async fn rehearse(plan: &Plan, rules: Arc<Rules>) -> Rehearsal {
    let embedded = Embedded::new(plan.seed, Clock::virtual_from(start(), 1.0));
    // Nobody watches the routine delivery of the morning.
    calm(&embedded).await;
    let stack = Stack::default();
    let (mut feed, ends) = channel();
    let _engine = Engine::start(embedded.setup(&stack), ends);
    settled(&mut feed, &stack, Duration::from_secs(5)).await;
    sleep(Duration::from_secs(20)).await;
    embedded.cloud.faults(|f| f.set(plan.faults.clone()));
    let (mut watch, mut detector) = (Watch::default(), Detector::new(rules, Vec::new()));
    let mut rehearsal = Rehearsal { shown: vec![None; plan.facts.len()], ..Rehearsal::default() };
    let (mut costs, mut injected, mut well_for) = ((0.0, 0.0_f64, 0_u32), Ms::MAX, 0);
    for second in BEFORE..plan.length {
        if second == 0 {
            injected = embedded.cloud.world(|w| {
                plan.scenarios.iter().for_each(|s| w.inject(s.clone()));
                w.now
            });
        }
        if second == plan.heal {
            embedded.cloud.heal();
        }
        for (_, act) in plan.acts.iter().filter(|(at, _)| *at == second) {
            embedded.cloud.world(act);
        }
        sleep(Duration::from_secs(1)).await;
        if second >= 0 {
            for (shown, fact) in rehearsal.shown.iter_mut().zip(&plan.facts).filter(|(shown, _)| shown.is_none()) {
                *shown = embedded.cloud.world(|w| fact(w, injected)).then_some(second + 1);
            }
        }
        if second % plan.step.unwrap_or(STEP) != 0 {
            continue;
        }
        let store = feed.store.borrow_and_update().clone();
        let now = embedded.clock.now();
        let judgement = watch.observe(&store, &stack, now);
        let begun = std::time::Instant::now();
        let told = detector.observe(&store, &judgement, &stack, now);
        let cost = begun.elapsed().as_secs_f64() * 1000.0;
        costs = (costs.0 + cost, costs.1.max(cost), costs.2 + 1);
        let open = detector.incidents().iter().any(|i| i.is_open());
        feed.wishes.make(Wish::Closely(judgement.counts.degraded + judgement.counts.down > 0 || open));
        rehearsal.told.extend(told.into_iter().map(|h| (second + 1, h)));
        rehearsal.watched = second + 1;
        if second > 0 {
            let well = embedded.cloud.world(|w| w.recovered());
            rehearsal.recovered = if well { rehearsal.recovered.or(Some(second + 1)) } else { None };
            well_for = if well && !open && second > plan.heal { well_for + STEP } else { 0 };
            if plan.ends && well_for > AFTERWARDS {
                break;
            }
        }
    }
    rehearsal.cost = (costs.0 / f64::from(costs.2.max(1)), costs.1);
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

/// A setting of the environment.
fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Seeds as in `SEEDS=1,5,7-20`.
fn seeds(default: &str) -> Vec<u64> {
    let text = setting("SEEDS", default);
    let part = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        from.parse::<u64>().unwrap()..=to.parse().unwrap()
    };
    text.split(',').flat_map(part).collect()
}

fn print(what: &str, rehearsal: &Rehearsal) {
    let (mean, worst) = rehearsal.cost;
    let (shown, well, of) = (&rehearsal.shown, rehearsal.recovered, rehearsal.watched);
    println!("== {what}: shown {shown:?}, well {well:?} of {of}, rules take {mean:.2} ms, {worst:.2} at most");
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

/// For who writes a rule: SCENARIOS="az:a,nat+task" SEEDS="1,2" HEAL=900 LENGTH=2400.
#[tokio::test(start_paused = true)]
#[ignore = "prints what is told of rehearsals; nothing is asserted"]
async fn print_rehearsals() {
    for scenario in setting("SCENARIOS", "rds-primary").split(',') {
        for seed in seeds("5") {
            let scenarios = scenario.split('+').map(|s| Scenario::parse(s).unwrap()).collect();
            let (heal, length) = (setting("HEAL", "900").parse().unwrap(), setting("LENGTH", "2400").parse().unwrap());
            let facts = scenario.split('+').filter_map(|s| Some(cases::find(s)?.fact)).collect();
            let plan = Plan { seed, scenarios, facts, heal, length, ..Plan::default() };
            let begun = std::time::Instant::now();
            let rehearsal = rehearse(&plan, rules()).await;
            print(&format!("{scenario} seed {seed} ({:.0?})", begun.elapsed()), &rehearsal);
        }
    }
}
