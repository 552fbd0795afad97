//! Stopping a deployment: which record, what is refused, and the statuses to the end.

use super::super::revisions::Past;
use super::super::service::fixture::{World, at, definition, look, plan_of, request, sent, states, verdicts};
use super::*;
use nextcore_core::model::service::TaskSet;

const LINE: &str = "stop-deployment web";

fn records(world: &mut World, statuses: &[(&str, &str)]) {
    let record = |(arn, status): &(&str, &str)| ServiceDeployment {
        arn: (*arn).into(),
        service: "web".into(),
        status: (*status).into(),
        reason: "Because.".into(),
        ..ServiceDeployment::default()
    };
    world.put(ServiceDeployments { deployments: statuses.iter().map(record).collect() });
}

fn rolling(past: &[u32]) -> World {
    let mut world = World::calm();
    world.web().deployments[0].rollout_state = "IN_PROGRESS".into();
    records(&mut world, &[("new", "IN_PROGRESS"), ("old", "SUCCESSFUL")]);
    let past = past.iter().map(|r| Past { definition: definition(*r), created_at: Some(at(-9000)) });
    world.put(Candidates { past: Known::Read(past.collect()), ..Candidates::default() });
    world
}

fn plan(world: &mut World) -> Result<Draft, Refusal> {
    plan_of::<StopDeployment>(world, LINE).map(|(draft, _)| draft)
}

#[test]
fn it_stops_the_open_record_and_names_the_way_back() {
    let draft = plan(&mut rolling(&[57])).unwrap();
    assert_eq!(draft.calls[0].cli, "aws ecs stop-service-deployment --service-deployment-arn new --stop-type ROLLBACK");
    let sends = plan_of::<StopDeployment>(&mut rolling(&[57]), LINE).unwrap().1;
    assert_eq!((sends.deployment.as_str(), sends.back), ("new", Some(definition(57))));
    assert_eq!(draft.permission_on, ["new"]);
    assert_eq!(verdicts(&draft, Verdict::Fail), [""; 0]);
    assert_eq!(draft.undo_request, Some(request("rollback web --to production-nextcore-web:58")));
    // A redeploy goes back to the same task definition: a rollback to it would be refused.
    assert_eq!(plan(&mut rolling(&[58])).unwrap().undo_request, Some(request("redeploy web")));
    let mut denied = rolling(&[57]);
    denied.put(Candidates { past: Known::Unread(" (ecs:ListServiceDeployments is not allowed)".into()), ..Candidates::default() });
    let draft = plan(&mut denied).unwrap();
    assert_eq!(verdicts(&draft, Verdict::Fail), [""; 0]);
    assert!(verdicts(&draft, Verdict::Unknown)[0].contains("ecs:ListServiceDeployments"), "{:?}", draft.checks);
}

#[test]
fn what_others_deploy_is_stopped_there() {
    let mut world = rolling(&[57]);
    world.web().controller = "CODE_DEPLOY".into();
    world.web().task_sets = vec![TaskSet { external_id: "d-7".into(), ..TaskSet::default() }];
    let said = "aws deploy stop-deployment --deployment-id d-7";
    assert!(matches!(plan(&mut world), Err(Refusal::Check(t)) if t.contains("deployed by CodeDeploy") && t.contains(said)));
}

#[test]
fn what_forbids_it_is_said() {
    let draft = plan(&mut rolling(&[])).unwrap();
    assert!(verdicts(&draft, Verdict::Fail)[0].contains("nothing to roll back to"));
    let mut world = rolling(&[57]);
    records(&mut world, &[("new", "STOP_REQUESTED")]);
    assert!(verdicts(&plan(&mut world).unwrap(), Verdict::Fail)[0].contains("is stopping without a rollback"));
    for (status, said) in [("ROLLBACK_IN_PROGRESS", "is already rolling back"), ("SUCCESSFUL", "no deployment of web in progress")] {
        records(&mut world, &[("new", status)]);
        assert!(matches!(plan(&mut world), Err(Refusal::Check(t)) if t.contains(said)), "{status}");
    }
}

#[test]
fn it_is_watched_through_every_status() {
    let mut world = rolling(&[57]);
    let run = sent::<StopDeployment>(&mut world, LINE, None);
    for (status, applied, end, shown) in [
        ("IN_PROGRESS", false, None, "g"),
        ("ROLLBACK_REQUESTED", true, None, "ddd"),
        ("ROLLBACK_IN_PROGRESS", true, None, "ddd"),
        ("ROLLBACK_SUCCESSFUL", true, Some(Outcome::Done), "ddd"),
        ("ROLLBACK_FAILED", true, Some(Outcome::Failed), "df"),
        ("SUCCESSFUL", false, Some(Outcome::Failed), "gf"),
        ("STOPPED", false, Some(Outcome::Failed), "gf"),
    ] {
        records(&mut world, &[("newer", "ROLLBACK_SUCCESSFUL"), ("new", status)]);
        let sight = look::<StopDeployment>(&mut world, &run);
        assert_eq!((sight.applied, states(&sight).as_str()), (Some(applied), shown), "{status}: {sight:?}");
        assert_eq!(sight.end.map(|e| e.0), end, "{status}");
    }
    records(&mut world, &[("newer", "ROLLBACK_SUCCESSFUL")]);
    assert_eq!(look::<StopDeployment>(&mut world, &run), Sight::default());
}
