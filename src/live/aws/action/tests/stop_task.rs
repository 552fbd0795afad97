//! Stopping a task: which one, how many are left, and the way to another in its place.

use super::super::service::fixture::{World, at, look, plan_of, sent, states, task, verdicts};
use super::*;

fn plan(world: &mut World, line: &str) -> Result<Draft, Refusal> {
    plan_of::<StopTask>(world, line).map(|(draft, _)| draft)
}

#[test]
fn a_task_is_named_by_the_beginning_of_its_id() {
    let mut world = World::calm();
    let draft = plan(&mut world, "stop-task aab").unwrap();
    assert!(draft.calls[0].cli.contains("--task aabb2"), "{}", draft.calls[0].cli);
    assert_eq!(draft.resource.arn, "arn:aws:ecs:r:1:task/production-nextcore/aabb2");
    assert!(matches!(plan(&mut world, "stop-task aa"), Err(Refusal::Usage(t)) if t.contains("aaaa1 of web, aabb2 of web")));
    assert!(matches!(plan(&mut world, "stop-task ff"), Err(Refusal::Check(t)) if t.contains("starting with 'ff'")));
    world.tasks.push(task("aab", "web", 9));
    assert_eq!(plan(&mut world, "stop-task aab").unwrap().resource.name, "aab", "the whole id is not ambiguous");
}

#[test]
fn what_will_be_left_is_said() {
    let mut world = World::calm();
    assert!(verdicts(&plan(&mut world, "stop-task aaaa1").unwrap(), Verdict::Pass).contains(&"2 healthy targets of web will remain"));
    world.healthy = 2;
    let warned = |world: &mut World, line: &str| verdicts(&plan(world, line).unwrap(), Verdict::Warn).join("|");
    assert_eq!(warned(&mut world, "stop-task aaaa1"), "only 1 healthy target of web will remain");
    assert_eq!(warned(&mut world, "stop-task cccc3"), "", "it is the sick one: both healthy ones stay");
    assert!(warned(&mut world, "stop-task dddd4").contains("no other task of celery-worker is running"));
    world.tasks.push(task("dddd5", "celery-worker", 5));
    assert_eq!(warned(&mut world, "stop-task dddd4"), "");
    world.tasks[0].desired_status = "STOPPED".into();
    assert_eq!(verdicts(&plan(&mut world, "stop-task aaaa1").unwrap(), Verdict::Fail), ["the task is already stopping"]);
}

#[test]
fn it_is_done_when_another_serves_in_its_place() {
    let mut world = World::calm();
    let run = sent::<StopTask>(&mut world, "stop-task aaa", None);
    let look = |world: &mut World| look::<StopTask>(world, &run);
    let before = look(&mut world);
    assert_eq!((before.applied, before.end), (Some(false), None));
    let mut stopping = world.tasks.remove(0);
    (stopping.status, stopping.stop_code, stopping.stopping_at) = ("DEACTIVATING".into(), Some(StopCode::UserInitiated), Some(at(1)));
    world.stopped = vec![stopping];
    let asked = look(&mut world);
    assert_eq!((states(&asked).as_str(), asked.applied, asked.end), ("ggdd", Some(true), None), "the counts are those from before");
    (world.stopped[0].status, world.stopped[0].stopped_at) = ("STOPPED".into(), Some(at(40)));
    world.now = 45;
    assert_eq!(look(&mut world).end, None, "settled by the old counts, and no other task");
    let mut other = task("eeee5", "web", 1);
    (other.status, other.created_at) = ("PENDING".into(), Some(at(42)));
    world.tasks.push(other);
    (world.web().running, world.web().pending, world.healthy) = (2, 1, 2);
    assert_eq!(states(&look(&mut world)), "dggt");
    world.tasks.last_mut().unwrap().status = "RUNNING".into();
    (world.web().running, world.web().pending) = (3, 0);
    assert_eq!(look(&mut world).end, None, "its target is not healthy yet");
    world.healthy = 3;
    assert_eq!(look(&mut world).end.map(|e| e.0), Some(Outcome::Done));
}

#[test]
fn a_task_that_something_else_stopped_was_not_stopped_by_us() {
    let mut world = World::calm();
    let run = sent::<StopTask>(&mut world, "stop-task aaa", None);
    let mut stopped = world.tasks.remove(0);
    (stopped.status, stopped.stop_code) = ("STOPPED".into(), Some("EssentialContainerExited".into()));
    world.stopped = vec![stopped];
    let sight = look::<StopTask>(&mut world, &run);
    assert_eq!((sight.applied, sight.end.map(|e| e.0)), (Some(false), Some(Outcome::Failed)));
}

#[test]
fn no_other_task_is_waited_for_where_none_is_wanted_any_more() {
    let mut world = World::calm();
    let run = sent::<StopTask>(&mut world, "stop-task aaa", None);
    let mut stopped = world.tasks.remove(0);
    (stopped.status, stopped.stop_code) = ("STOPPED".into(), Some(StopCode::UserInitiated));
    (stopped.stopping_at, stopped.stopped_at) = (Some(at(1)), Some(at(40)));
    world.stopped = vec![stopped];
    (world.web().desired, world.web().running, world.healthy, world.now) = (2, 2, 2, 101);
    assert_eq!(look::<StopTask>(&mut world, &run).end.map(|e| e.0), Some(Outcome::Done));
}

/// ECS may leave `stoppingAt` out, or tell whole seconds: a task that was there before is never the one in its place.
#[test]
fn an_older_task_is_not_in_its_place_whatever_the_clock_leaves_out() {
    let exact = |seconds: i64, millis: i64| Some(at(seconds) + chrono::TimeDelta::milliseconds(millis));
    for (stopping, other, known) in [
        // Absent: nobody can tell, and an older one is not it.
        (None, exact(-600, 0), false),
        (None, exact(5, 0), false),
        (None, None, false),
        (exact(10, 0), None, false),
        // The same whole second: before or after.
        (exact(10, 0), exact(10, 0), false),
        (exact(10, 0), exact(10, 400), false),
        (exact(10, 400), exact(10, 0), false),
        (exact(10, 400), exact(9, 900), false),
        (exact(10, 400), exact(10, 300), false),
        (exact(10, 400), exact(10, 500), true),
        (exact(10, 0), exact(11, 0), true),
    ] {
        let mut world = World::calm();
        let run = sent::<StopTask>(&mut world, "stop-task aaa", None);
        let mut stopped = world.tasks.remove(0);
        (stopped.status, stopped.stop_code) = ("STOPPED".into(), Some(StopCode::UserInitiated));
        (stopped.stopping_at, stopped.stopped_at) = (stopping, Some(at(40)));
        world.stopped = vec![stopped];
        world.tasks.retain(|t| t.service != "web");
        let mut other_task = task("eeee5", "web", 1);
        other_task.created_at = other;
        world.tasks.push(other_task);
        (world.web().desired, world.web().running, world.healthy, world.now) = (1, 1, 1, 45);
        let sight = look::<StopTask>(&mut world, &run);
        let said = sight.steps.iter().any(|s| s.text.contains(" is RUNNING") && s.text.starts_with("replacement task "));
        assert_eq!(said, known, "{stopping:?} {other:?}: {sight:#?}");
        assert_eq!(sight.end.is_some(), known, "{stopping:?} {other:?}: {sight:#?}");
        // Settled for long: whichever it is, nothing more is to come.
        world.now = 101;
        assert_eq!(look::<StopTask>(&mut world, &run).end.map(|e| e.0), Some(Outcome::Done), "{stopping:?} {other:?}");
    }
}
