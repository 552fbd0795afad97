//! Every scenario by itself: a few in CI, all of them over many seeds on request, with the table of distributions.

use super::cases::{CASES, Case, Outcome, Told, find, outcome, plan};
use super::{Rehearsal, print, rehearse, rules, seeds, setting};

async fn run(cases: &[&Case], seed: u64) -> (Rehearsal, Outcome) {
    let rehearsal = rehearse(&plan(cases, seed), rules()).await;
    let outcome = outcome(cases, &rehearsal);
    (rehearsal, outcome)
}

/// One scenario with one seed, and the seconds within which the name has to come after AWS's APIs show what decides it.
async fn assert_named(scenario: &str, seed: u64, within: i64) {
    let case = find(scenario).unwrap();
    let (rehearsal, outcome) = run(&[case], seed).await;
    let faults = outcome.faults(&[case]);
    let delay = outcome.told.first().and_then(|t| t.delay);
    if !faults.is_empty() || delay.is_none_or(|d| d > within) {
        print(&format!("{scenario} seed {seed}"), &rehearsal);
    }
    assert!(faults.is_empty(), "{scenario} seed {seed}: {}", faults.join("; "));
    assert!(delay.is_some_and(|d| d <= within), "{scenario} seed {seed}: told {delay:?} s after AWS showed it, not within {within}");
}

/// The middle and the worst of some figures, and how many there are.
fn spread(mut all: Vec<i64>) -> String {
    all.sort_unstable();
    match (all.get(all.len() / 2), all.last()) {
        (Some(median), Some(worst)) => format!("{median} / {worst}"),
        _ => "—".to_owned(),
    }
}

/// One row of a table: what all seeds say of one case.
pub(super) fn row(what: &str, told: &[&Told], outcomes: &[Outcome]) -> String {
    let names = |of: fn(&Outcome) -> &Vec<String>| {
        let mut all: Vec<&String> = outcomes.iter().flat_map(of).collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        if count == 0 { "0".to_owned() } else { format!("{count}: {}", all.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ")) }
    };
    let missed = told.iter().filter(|t| t.named.is_none()).count();
    let open = told.iter().filter(|t| t.named.is_some() && t.closed.is_none()).count();
    let again: usize = told.iter().map(|t| t.again).sum();
    let closed = spread(told.iter().filter_map(|t| t.closed).collect());
    let (named, delay) = (spread(told.iter().filter_map(|t| t.named).collect()), spread(told.iter().filter_map(|t| t.delay).collect()));
    let (wrong, before, seeds) = (names(|o| &o.wrong), names(|o| &o.before), outcomes.len());
    format!("| {what} | {seeds} | {named} | {delay} | {missed} | {wrong} | {before} | {again} | {open} | {closed} |")
}

pub(super) const HEAD: &str = "| scenario | seeds | from injection: median / worst s | after AWS shows it | not named | wrong names | first told as | second incidents | not closed | closed after recovery |\n|---|---|---|---|---|---|---|---|---|---|";

#[tokio::test(start_paused = true)]
async fn a_zone_and_a_database_are_known_by_their_names_once_and_until_they_are_well() {
    assert_named("az:a", 1, 30).await;
    assert_named("rds-primary", 1, 30).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_a_gateway_a_task_and_a_deployment_are_known_by_their_names() {
    // A gateway that says it is available shows by its figures, which are asked for once a minute.
    for (scenario, seed, within) in [("redis-node", 1, 45), ("nat:a", 1, 90), ("task", 1, 30), ("bad-deploy", 1, 30)] {
        assert_named(scenario, seed, within).await;
    }
}

/// All of `CASES` over `SEEDS`: `CASES=az:a,task SEEDS=1-20 cargo test --test suite detection::matrix -- --ignored --nocapture`.
#[tokio::test(start_paused = true)]
#[ignore = "hours of rehearsals: prints the table of distributions, and asserts"]
async fn every_scenario_over_many_seeds() {
    let all: Vec<&str> = CASES.iter().map(|c| c.scenario).collect();
    let wanted = setting("CASES", &all.join(","));
    let (mut rows, mut faults) = (vec![HEAD.to_owned()], Vec::new());
    for case in wanted.split(',').map(|s| find(s).unwrap()) {
        let mut outcomes = Vec::new();
        let begun = std::time::Instant::now();
        for seed in seeds("1-20") {
            let (rehearsal, outcome) = run(&[case], seed).await;
            let wrong = outcome.faults(&[case]);
            if !wrong.is_empty() {
                print(&format!("{} seed {seed}: {}", case.scenario, wrong.join("; ")), &rehearsal);
                faults.push(format!("{} seed {seed}: {}", case.scenario, wrong.join("; ")));
            }
            outcomes.push(outcome);
        }
        let told: Vec<&Told> = outcomes.iter().flat_map(|o| &o.told).collect();
        rows.push(row(case.scenario, &told, &outcomes));
        println!("{} ({:.0?})", rows[rows.len() - 1], begun.elapsed());
    }
    println!("{}", rows.join("\n"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
