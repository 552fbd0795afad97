//! Days on which nothing is told: ordinary work, and an API that fails now and then. What was done is asserted, too: a day on which nothing
//! happens proves nothing.

use nextcore_sim::fault::{ApiFault, FaultKind};
use nextcore_sim::world::state::BuildStatus;
use nextcore_sim::world::{StartBuild, World};

use super::{Act, Plan, Rehearsal, print, rehearse, rules, seeds, setting};

const HOUR: i64 = 3600;
const PIPELINE: &str = "production-nextcore";
/// Incidents about seeing, not about the stack.
const OF_SEEING: [&str; 3] = ["expired-credentials", "api-throttling", "cloudwatch-late"];

fn deploy(w: &mut World) {
    w.start_pipeline(PIPELINE, None, None, "test").unwrap();
}

fn fail_a_build(w: &mut World) {
    w.fail_next_build("production-nextcore-web");
    let order = StartBuild { project: "production-nextcore-web".into(), initiator: "test".into(), source_version: None, token: None };
    w.start_build(order).unwrap();
}

fn rotate(w: &mut World) {
    let name = w.secrets.secrets.values().find(|s| s.rotation_lambda.is_some()).map(|s| s.name.clone()).unwrap();
    w.rotate_secret(&name, None, None, true).unwrap();
}

/// At the end: what was to happen has happened.
fn has_happened(w: &mut World) {
    let since = w.start;
    let deployed = w.ecs.service_deployments.iter().filter(|d| d.created_at >= since).count();
    let failed = w.codebuild.builds.iter().filter(|b| b.started_at >= since && b.status == BuildStatus::Failed).count();
    let rotated = w.secrets.secrets.values().filter(|s| s.changed_at >= since).count();
    assert!(deployed >= 3 && failed >= 1 && rotated >= 1, "{deployed} deployments, {failed} failed builds, {rotated} rotated secrets");
}

fn has_scaled_out(w: &mut World) {
    let out = w.scaling.activities.iter().filter(|a| a.start >= w.start && a.cause.contains("AlarmHigh")).count();
    assert!(out >= 1, "nothing was scaled out");
}

/// Of long times every sixth second is looked at: answers come every fifth.
fn step(hours: i64) -> Option<i64> {
    (hours > 2).then_some(6)
}

/// A working day of so many hours: three deployments, a build that fails, a rotated secret.
async fn day(hours: i64, seed: u64) -> Rehearsal {
    let at = |share: f64| (hours as f64 * HOUR as f64 * share) as i64;
    let mut acts: Vec<Act> = vec![
        (at(0.1), deploy),
        (at(0.35), deploy),
        (at(0.6), deploy),
        (at(0.3), fail_a_build),
        (at(0.5), rotate),
        (at(1.0) - 1, has_happened),
    ];
    acts.extend((hours >= 24).then_some::<Act>((at(1.0) - 1, has_scaled_out)));
    rehearse(&Plan { seed, heal: -1, length: hours * HOUR, acts, step: step(hours), ..Plan::default() }, rules()).await
}

/// One call of twenty fails: refused, broken, never answered, or not what the protocol says.
async fn failing(hours: i64, seed: u64) -> Rehearsal {
    let kinds = [FaultKind::Throttle, FaultKind::ServerError(500), FaultKind::ServerError(503), FaultKind::Timeout, FaultKind::Malformed];
    let faults = kinds.map(|kind| ApiFault { probability: 0.0102, ..ApiFault::always("*", "*", kind) }).to_vec();
    rehearse(&Plan { seed, heal: -1, length: hours * HOUR, faults, step: step(hours), ..Plan::default() }, rules()).await
}

fn names(rehearsal: &Rehearsal) -> Vec<String> {
    rehearsal.told.iter().map(|(second, h)| format!("{second} {} {}", h.change.word(), h.incident.name)).collect()
}

fn of_the_stack(rehearsal: &Rehearsal) -> Vec<String> {
    let own = rehearsal.told.iter().filter(|(_, h)| !OF_SEEING.contains(&h.incident.rule.as_str()));
    own.map(|(second, h)| format!("{second} {} {}", h.change.word(), h.incident.name)).collect()
}

#[tokio::test(start_paused = true)]
async fn hours_of_ordinary_work_raise_nothing() {
    let rehearsal = rehearse(&Plan { seed: 11, heal: -1, length: 2 * HOUR, ..Plan::default() }, rules()).await;
    print("an ordinary morning", &rehearsal);
    assert_eq!(names(&rehearsal), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_api_that_fails_now_and_then_raises_nothing_of_the_stack() {
    let rehearsal = failing(1, 1).await;
    print("an hour with 5 % of the calls failing", &rehearsal);
    assert_eq!(of_the_stack(&rehearsal), Vec::<String>::new());
}

/// `HOURS=24 SEEDS=1`.
#[tokio::test(start_paused = true)]
#[ignore = "a virtual day: some minutes"]
async fn a_day_of_ordinary_work_raises_nothing() {
    for seed in seeds("1") {
        let rehearsal = day(setting("HOURS", "24").parse().unwrap(), seed).await;
        print(&format!("a day, seed {seed}"), &rehearsal);
        assert_eq!(names(&rehearsal), Vec::<String>::new(), "seed {seed}");
    }
}

/// `HOURS=168 SEEDS=1`.
#[tokio::test(start_paused = true)]
#[ignore = "seven virtual days: an hour"]
async fn a_week_of_an_api_that_fails_now_and_then_raises_nothing_of_the_stack() {
    for seed in seeds("1") {
        let rehearsal = failing(setting("HOURS", "168").parse().unwrap(), seed).await;
        print(&format!("failing calls, seed {seed}"), &rehearsal);
        assert_eq!(of_the_stack(&rehearsal), Vec::<String>::new(), "seed {seed}");
    }
}
