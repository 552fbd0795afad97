//! Suspending and resuming: all three flags, the clamp, what is refused, and how far it has come.

use super::super::service::fixture::{World, look, plan_of, request, sent, states};
use super::*;
use nextcore_core::model::plan::Outcome;

const OFF: &str = "autoscaling suspend web";
const ON: &str = "autoscaling resume web";

fn suspend(world: &mut World, all: bool) {
    let target = world.target.as_mut().unwrap();
    (target.in_suspended, target.out_suspended, target.scheduled_suspended) = (true, all, all);
}

#[test]
fn all_three_flags_are_sent_and_the_clamp_is_said() {
    let mut world = World::calm();
    world.web().desired = 1;
    let draft = plan_of::<Suspend>(&mut world, OFF).unwrap().0;
    let flags = "DynamicScalingInSuspended=true,DynamicScalingOutSuspended=true,ScheduledScalingSuspended=true";
    assert!(draft.calls[0].cli.ends_with(flags), "{}", draft.calls[0].cli);
    assert!(draft.notes.iter().any(|n| n.contains("from 1 to 2 AT ONCE")), "{:?}", draft.notes);
    assert_eq!(draft.undo_request, Some(request(ON)));
    suspend(&mut world, false);
    let draft = plan_of::<Suspend>(&mut world, OFF).unwrap().0;
    assert_eq!(draft.changes.iter().filter(|c| c.after == "suspended").count(), 2);
}

#[test]
fn what_is_so_already_is_refused() {
    let mut world = World::calm();
    assert!(matches!(world.see(|f| Resume::draft(f, &request(ON))), Err(Refusal::Check(t)) if t.contains("nothing to do")));
    suspend(&mut world, true);
    assert!(matches!(world.see(|f| Suspend::draft(f, &request(OFF))), Err(Refusal::Check(t)) if t.contains("nothing to do")));
    assert!(world.see(|f| Resume::draft(f, &request(ON))).is_ok());
    world.target = None;
    assert!(matches!(world.see(|f| Resume::draft(f, &request(ON))), Err(Refusal::Check(t)) if t.contains("no autoscaling")));
}

#[test]
fn it_is_done_when_all_three_flags_show() {
    let mut world = World::calm();
    let run = sent::<Suspend>(&mut world, OFF, None);
    let look = |world: &mut World| look::<Suspend>(world, &run);
    assert_eq!((look(&mut world).applied, look(&mut world).end), (Some(false), None));
    suspend(&mut world, false);
    assert_eq!(look(&mut world).end, None);
    suspend(&mut world, true);
    let done = look(&mut world);
    assert_eq!((states(&done).as_str(), done.end.map(|e| e.0)), ("d", Some(Outcome::Done)));
}
