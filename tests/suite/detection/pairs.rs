//! Two scenarios at once, of different systems: both have to be told by their names.

use super::cases::{Case, Outcome, find, outcome, plan};
use super::matrix::{HEAD, row};
use super::{print, rehearse, rules, seeds, setting};

/// Pairs that have to stay two. The first: database and cache of the same zone, and the zone is well.
const PAIRS: [&str; 10] = [
    "rds-primary+redis-node",
    "bad-deploy+traffic-spike",
    "nat:a+rds-primary",
    "rds-primary+crash-loop",
    "redis-node+image-pull",
    "db-cpu+task",
    "storage-filling+crash-loop",
    "oom+redis-node",
    "cloudwatch-late+bad-deploy",
    "sg-closed:ecs+redis-node",
];

fn both(pair: &str) -> Vec<&'static Case> {
    pair.split('+').map(|s| find(s).unwrap()).collect()
}

async fn run(pair: &str, seed: u64) -> (Outcome, Vec<String>) {
    let cases = both(pair);
    let rehearsal = rehearse(&plan(&cases, seed), rules()).await;
    let outcome = outcome(&cases, &rehearsal);
    let faults = outcome.faults(&cases);
    if !faults.is_empty() {
        print(&format!("{pair} seed {seed}: {}", faults.join("; ")), &rehearsal);
    }
    (outcome, faults)
}

#[tokio::test(start_paused = true)]
async fn two_causes_at_once_stay_two() {
    for (pair, seed) in [(PAIRS[0], 7), (PAIRS[1], 7)] {
        let (_, faults) = run(pair, seed).await;
        assert!(faults.is_empty(), "{pair} seed {seed}: {}", faults.join("; "));
    }
}

/// All of `PAIRS` over `SEEDS`.
#[tokio::test(start_paused = true)]
#[ignore = "hours of rehearsals: prints the table of distributions, and asserts"]
async fn ten_pairs_over_many_seeds() {
    let wanted = setting("PAIRS", &PAIRS.join(","));
    let (mut rows, mut wrong) = (vec![HEAD.to_owned()], Vec::new());
    for pair in wanted.split(',') {
        let mut outcomes = Vec::new();
        for seed in seeds("1-3") {
            let (outcome, faults) = run(pair, seed).await;
            wrong.extend(faults.into_iter().map(|fault| format!("{pair} seed {seed}: {fault}")));
            outcomes.push(outcome);
        }
        for (at, case) in both(pair).iter().enumerate() {
            let told: Vec<_> = outcomes.iter().filter_map(|o| o.told.get(at)).collect();
            rows.push(row(&format!("{pair}: {}", case.rule), &told, &outcomes));
            println!("{}", rows[rows.len() - 1]);
        }
    }
    println!("{}", rows.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
