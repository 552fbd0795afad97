//! Bounds: what the call clamps at once, what is refused, and how far it has come.

use super::super::service::fixture::{World, look, plan_of, request, sent, states, verdicts};
use super::*;

#[test]
fn a_plan_says_what_the_call_does_to_the_count_at_once() {
    for (line, changes, said) in [
        ("bounds web 3-6", vec![("autoscaling min", "2", "3")], "within 3-6: it stays as it is"),
        ("bounds web 4-6", vec![("autoscaling min", "2", "4"), ("desired count", "3", "4")], "from 3 to 4 AT ONCE: 3 is below"),
        ("bounds web 1-2", vec![("autoscaling min", "2", "1"), ("autoscaling max", "6", "2"), ("desired count", "3", "2")], "above"),
    ] {
        let draft = plan_of::<Bounds>(&mut World::calm(), line).unwrap().0;
        let got: Vec<_> = draft.changes.iter().map(|c| (c.what.as_str(), c.before.as_str(), c.after.as_str())).collect();
        assert_eq!(got, changes, "{line}");
        assert!(draft.notes.iter().any(|n| n.contains(said)), "{line}: {:?}", draft.notes);
        assert_eq!(draft.undo_request, Some(request("bounds web 2-6")));
    }
}

#[test]
fn what_varies_by_itself_does_not_move_the_plan() {
    let mut world = World::calm();
    let line = "bounds web 2-8";
    let (first, sends) = plan_of::<Bounds>(&mut world, line).unwrap();
    (world.web().desired, world.web().running) = (4, 3);
    let (second, still) = plan_of::<Bounds>(&mut world, line).unwrap();
    assert_eq!((first.rests_on, first.changes, sends), (second.rests_on, second.changes, still));
}

#[test]
fn nothing_to_do_and_no_autoscaling_are_refused() {
    let refused = |world: &mut World, line: &str| plan_of::<Bounds>(world, line).unwrap_err();
    let mut world = World::calm();
    assert!(matches!(refused(&mut world, "bounds web 2-6"), Refusal::Check(t) if t.contains("nothing to do")));
    assert!(matches!(refused(&mut world, "bounds celery-worker 2-6"), Refusal::Check(t) if t.contains("no autoscaling")));
    assert!(matches!(refused(&mut world, "bounds wbe 2-6"), Refusal::Check(t) if t.contains("no service 'wbe'")));
    world.web().status = "DRAINING".into();
    let draft = plan_of::<Bounds>(&mut world, "bounds web 2-7").unwrap().0;
    assert_eq!(verdicts(&draft, Verdict::Fail), ["the service is DRAINING"]);
}

#[test]
fn it_is_done_when_the_bounds_show_and_the_count_has_followed() {
    let mut world = World::calm();
    let run = sent::<Bounds>(&mut world, "bounds web 4-6", None);
    let look = |world: &mut World| look::<Bounds>(world, &run);
    let before = look(&mut world);
    assert_eq!((states(&before).as_str(), before.applied, before.end), ("g", Some(false), None));
    world.target.as_mut().unwrap().min = 4;
    (world.web().desired, world.web().pending) = (4, 1);
    let moving = look(&mut world);
    assert_eq!((states(&moving).as_str(), moving.applied, moving.end), ("ddgt", Some(true), None));
    (world.web().running, world.web().pending, world.healthy) = (4, 0, 3);
    assert_eq!(look(&mut world).end, None, "a target is not healthy yet");
    // A fourth target: the fixture has three, so the group of the service is left out.
    world.web().target_groups.clear();
    assert_eq!(look(&mut world).end.map(|e| e.0), Some(Outcome::Done));
    world.target.as_mut().unwrap().min = 2;
    world.now = 31;
    assert_eq!(look(&mut world).end.map(|e| e.0), Some(Outcome::Failed), "somebody has set it back");
}
