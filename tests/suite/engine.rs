//! The engine against the embedded cloud in virtual time: cadence, back-off, faults, attention, and what it costs.

use nextcore_core::model::database::Database;
use nextcore_core::model::log::LogTail;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nextcore_core::model::balancer::Targets;
use nextcore_core::model::delivery::{Pipeline, PipelineStatus};
use nextcore_core::model::health::Level;
use nextcore_core::model::section::{Loadable, ProblemKind, Section, SectionKey};
use nextcore_core::model::service::Services;
use nextcore_core::model::stack::Stack;
use nextcore_core::{insight, report};
use nextcore_live::engine::Wish;
use nextcore_live::engine::settled;
use nextcore_sim::{ApiFault, FaultKind};
use nextcore_top::shell::Embedded;
use tokio::time::sleep;

use super::support::watched;

fn sent(embedded: &Embedded) -> BTreeMap<String, u64> {
    embedded.cloud.requests().into_iter().map(|r| (format!("{}:{}", r.service, r.operation), r.count)).collect()
}

fn total(embedded: &Embedded) -> u64 {
    sent(embedded).values().sum()
}

#[tokio::test(start_paused = true)]
async fn all_sections_arrive_at_once_and_stay_fresh_for_an_hour() {
    let (embedded, mut feed, _engine) = watched(7);
    let store = settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    for (key, entry) in store.entries() {
        assert!(entry.value.is_some() && entry.problem.is_none(), "{key}: {:?}", entry.problem);
    }
    for _ in 0..60 {
        sleep(Duration::from_mins(1)).await;
        let store = feed.store.borrow_and_update().clone();
        let now = embedded.clock.now();
        for (key, entry) in store.entries() {
            assert!(!entry.is_stale(now), "{key} is stale at {now}: {:?} {:?}", entry.at, entry.interval);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_and_price_stay_inside_the_bars() {
    const HOUR: Duration = Duration::from_hours(1);
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    let before = total(&embedded);
    let batches = sent(&embedded)["cloudwatch:GetMetricData"];
    sleep(HOUR).await;
    let focused = (total(&embedded) - before) as f64 / 60.0;
    let usage = feed.store.borrow().usage.clone();
    let mut most: Vec<_> = sent(&embedded).into_iter().collect();
    most.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (operation, n) in most.iter().take(40) {
        println!("{:>6.2}/min {operation}", *n as f64 / 60.0);
    }
    println!("focused: {focused:.1} calls/min, ${:.2}/month", usage.dollars_per_month);
    assert!(focused <= 90.0, "{focused} calls/min focused");
    assert!(usage.dollars_per_month <= 21.0, "{usage:?}");
    assert!((usage.calls_per_min - focused).abs() < 25.0, "the header says {} and {focused} were sent", usage.calls_per_min);
    let batches = sent(&embedded)["cloudwatch:GetMetricData"] - batches;
    // One a minute in the home region, one in us-east-1.
    assert!((110..=122).contains(&batches), "{batches} GetMetricData in an hour");
    feed.wishes.make(Wish::Focus(false));
    sleep(Duration::from_mins(5)).await;
    let before = total(&embedded);
    sleep(HOUR).await;
    let unfocused = (total(&embedded) - before) as f64 / 60.0;
    println!("unfocused: {unfocused:.1} calls/min, ${:.2}/month", feed.store.borrow().usage.dollars_per_month);
    assert!(unfocused <= 30.0, "{unfocused} calls/min unfocused");
}

/// The busiest hour of the day is when something is released: it must not cost the budget that an incident needs.
#[tokio::test(start_paused = true)]
async fn a_delivery_under_way_costs_few_calls_more() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    // What is asked every quarter of an hour has just been asked, and is not asked again before the delivery is over.
    sleep(Duration::from_mins(17)).await;
    embedded.cloud.world(|w| w.start_pipeline("production-nextcore", None, None, "test").map(|_| ())).unwrap();
    let (mut calls, mut looks) = (0, 0_u32);
    for _ in 0..12 * 12 {
        let before = total(&embedded);
        sleep(Duration::from_secs(5)).await;
        let store = feed.store.borrow_and_update().clone();
        let moving = store.get::<Services>().is_some_and(|s| s.services.iter().any(|s| s.deploying().is_some()));
        if moving || store.get::<Pipeline>().is_some_and(|p| p.stages.iter().any(|s| s.status == PipelineStatus::InProgress)) {
            (calls, looks) = (calls + total(&embedded) - before, looks + 1);
        }
    }
    let mean = calls as f64 * 12.0 / f64::from(looks.max(1));
    println!("a delivery under way: {mean:.1} calls/min in {looks} looks");
    assert!(looks > 60, "it was seen at work in {looks} looks only");
    assert!(mean <= 100.0, "{mean} calls/min while something is delivered");
}

#[tokio::test(start_paused = true)]
async fn the_price_is_that_of_the_hour_after_two_minutes() {
    let (_embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    let mut shown = Vec::new();
    for minutes in [2, 2, 6, 10, 45] {
        sleep(Duration::from_mins(minutes)).await;
        shown.push(feed.store.borrow_and_update().usage.dollars_per_month);
    }
    let hour = shown[shown.len() - 1];
    println!("$/month after 2, 4, 10, 20 and 65 minutes: {shown:.2?}");
    assert!(shown.iter().all(|price| (price / hour - 1.0).abs() < 0.2), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn what_no_pane_shows_is_polled_rarely_and_at_once_when_a_pane_opens() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    feed.wishes.make(Wish::Needs { all: BTreeSet::new(), front: BTreeSet::new(), member: None });
    sleep(Duration::from_mins(2)).await;
    let of_targets = |e: &Embedded| sent(e).get("elbv2:DescribeTargetHealth").copied().unwrap_or_default();
    let before = of_targets(&embedded);
    sleep(Duration::from_mins(1)).await;
    let idle = of_targets(&embedded) - before;
    assert!((2..=10).contains(&idle), "{idle} polls of two target groups in a minute that nobody looks at");
    feed.wishes.make(Wish::Needs { all: BTreeSet::from([Targets::KEY]), front: BTreeSet::new(), member: None });
    let before = of_targets(&embedded);
    sleep(Duration::from_secs(11)).await;
    assert!(of_targets(&embedded) - before >= 4, "the fast cadence is back at once");
}

#[tokio::test(start_paused = true)]
async fn an_open_log_pane_is_followed_closely_within_the_same_budget() {
    let (embedded, mut feed, _engine) = watched(7);
    let store = settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    let all = store.entries().map(|(key, _)| key).collect();
    feed.wishes.make(Wish::Needs { all, front: BTreeSet::from([LogTail::KEY]), member: None });
    sleep(Duration::from_mins(2)).await;
    let of_logs = |e: &Embedded| sent(e).get("logs:FilterLogEvents").copied().unwrap_or_default();
    let (logs, all) = (of_logs(&embedded), total(&embedded));
    sleep(Duration::from_mins(10)).await;
    let (logs, all) = ((of_logs(&embedded) - logs) / 10, (total(&embedded) - all) / 10);
    assert!(logs >= 19, "{logs} log polls a minute: the tail is not followed closely");
    assert!(all <= 90, "{all} calls/min with the log pane open");
}

/// Every fault is a state of its section and goes away by itself within two intervals of the fault's end.
#[tokio::test(start_paused = true)]
async fn every_fault_is_a_state_and_every_pane_comes_back() {
    let key = Services::KEY;
    for (fault, kind) in [
        (FaultKind::Throttle, ProblemKind::Throttled),
        (FaultKind::AccessDenied, ProblemKind::Denied),
        (FaultKind::ExpiredCredentials, ProblemKind::Credentials),
        (FaultKind::ServerError(500), ProblemKind::Service),
        (FaultKind::Timeout, ProblemKind::Timeout),
        (FaultKind::Malformed, ProblemKind::Malformed),
        (FaultKind::Truncated, ProblemKind::Malformed),
        (FaultKind::Empty, ProblemKind::Malformed),
    ] {
        let (embedded, mut feed, _engine) = watched(7);
        settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
        embedded.cloud.faults(|f| f.add(ApiFault::always("ecs", "DescribeServices", fault)));
        sleep(Duration::from_secs(40)).await;
        let store = feed.store.borrow_and_update().clone();
        let problem = store.entry(key).and_then(|e| e.problem.clone());
        assert_eq!(problem.as_ref().map(|p| p.kind), Some(kind), "{fault:?}: {problem:?}");
        assert!(
            matches!(store.load::<Services>(embedded.clock.now()), Loadable::Stale { .. }),
            "{fault:?}: the last value stays, marked as stale"
        );
        let others = store.entries().filter(|(k, e)| *k != key && e.problem.is_some()).map(|(k, _)| k).collect::<Vec<SectionKey>>();
        assert!(others.is_empty(), "{fault:?} spread to {others:?}");
        embedded.cloud.faults(nextcore_sim::Faults::clear);
        sleep(Duration::from_secs(62)).await;
        let store = feed.store.borrow_and_update().clone();
        assert!(store.entry(key).is_some_and(|e| e.problem.is_none()), "{fault:?} is over and the pane is not back");
    }
}

/// Something that answers every call with an empty object, or with half of its answer: nothing is missing, nothing is healthy, nothing is
/// known.
#[tokio::test(start_paused = true)]
async fn answers_with_nothing_in_them_say_nothing() {
    for fault in [FaultKind::Empty, FaultKind::Truncated] {
        say_nothing(fault).await;
    }
}

async fn say_nothing(fault: FaultKind) {
    let (embedded, mut feed, _engine) = watched(7);
    embedded.cloud.faults(|f| f.add(ApiFault::always("*", "*", fault)));
    let store = settled(&mut feed, &Stack::default(), Duration::from_secs(15)).await;
    let judgement = insight::judge(&store, &Stack::default(), embedded.clock.now());
    // An empty answer about versioning is S3's own way to say that it was never enabled.
    let told: Vec<String> = judgement
        .nodes
        .iter()
        .filter(|(id, v)| !id.to_string().starts_with("s3") && v.level != Level::Unknown)
        .map(|(id, v)| format!("{id} {:?}: {}", v.level, v.headline()))
        .collect();
    assert!(told.is_empty(), "{fault:?}: {told:#?}");
    assert_ne!(report::exit_code(&judgement), 0);
}

/// A hanging call holds nothing up but its own section.
#[tokio::test(start_paused = true)]
async fn hanging_calls_do_not_hold_up_other_sources() {
    let (embedded, mut feed, _engine) = watched(7);
    embedded.cloud.faults(|f| f.add(ApiFault::always("rds", "*", FaultKind::Timeout)));
    sleep(Duration::from_secs(30)).await;
    let store = feed.store.borrow_and_update().clone();
    assert!(store.get::<Services>().is_some());
    assert!(store.entry(Database::KEY).is_some_and(|e| e.value.is_none() && e.problem.is_some()));
}

/// A seeded mix of every fault on every operation for ten minutes: no section is lost, and all come back.
#[tokio::test(start_paused = true)]
async fn a_storm_of_faults_passes() {
    for seed in [3_u64, 11, 2026] {
        let (embedded, mut feed, _engine) = watched(seed);
        settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
        for kind in [
            FaultKind::Throttle,
            FaultKind::ServerError(500),
            FaultKind::Timeout,
            FaultKind::Malformed,
            FaultKind::Truncated,
            FaultKind::ExpiredCredentials,
            FaultKind::AccessDenied,
        ] {
            embedded.cloud.faults(|f| f.add(ApiFault { probability: 0.12, ..ApiFault::always("*", "*", kind) }));
        }
        sleep(Duration::from_mins(10)).await;
        embedded.cloud.faults(nextcore_sim::Faults::clear);
        // Two intervals of the slowest source.
        sleep(Duration::from_secs(610)).await;
        let store = feed.store.borrow_and_update().clone();
        for (key, entry) in store.entries() {
            assert!(entry.value.is_some() && entry.problem.is_none(), "seed {seed}: {key}: {:?}", entry.problem);
        }
        assert_eq!(embedded.cloud.requests().iter().filter(|r| r.is_write).count(), 0, "seed {seed}: a dashboard only reads");
    }
}

/// A stack whose names are wrong says so for each section, and the rest works.
#[tokio::test(start_paused = true)]
async fn a_wrong_name_is_not_found_by_name() {
    use nextcore_live::engine::{Engine, channel};
    let embedded = Embedded::new(7, nextcore_live::engine::clock::Clock::virtual_from(super::support::start(), 1.0));
    let stack = Stack { database: "nope".to_owned(), cache: "nope".to_owned(), balancer: "nope".to_owned(), ..Stack::default() };
    let (mut feed, ends) = channel();
    let _engine = Engine::start(embedded.setup(&stack), ends);
    let store = settled(&mut feed, &stack, Duration::from_secs(10)).await;
    for key in ["database", "cache", "balancer"] {
        let problem = store.entry(SectionKey(key)).and_then(|e| e.problem.clone());
        assert_eq!(problem.as_ref().map(|p| p.kind), Some(ProblemKind::NotFound), "{key}: {problem:?}");
    }
    assert!(store.get::<Services>().is_some());
}
