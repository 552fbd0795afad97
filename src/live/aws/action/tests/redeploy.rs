//! Redeploying: what is checked, that no count is sent, and how far it has come, at every turn that a deployment can take.

use super::super::service::fixture::{World, at, definition, deployment, look, plan_of, sent, states, task, verdicts};
use super::*;
use nextcore_core::model::delivery::{Image, Repository};
use nextcore_core::model::plan::Outcome;
use nextcore_core::model::service::{ServiceEvent, TaskSet};
use nextcore_core::model::stack::ServiceRole;

const LINE: &str = "redeploy web";
const URI: &str = "111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/nextcore/web";

fn known(world: &mut World, tags: &[(&str, &str)], count: usize) {
    let image = |(tag, digest): &(&str, &str)| Image { digest: (*digest).into(), tags: vec![(*tag).into()], ..blank() };
    let repository = Repository {
        name: "nextcore/web".into(),
        role: ServiceRole::Web,
        exists: true,
        uri: URI.into(),
        tag_mutability: String::new(),
        scan_frequency: String::new(),
        encryption: String::new(),
        image_count: count,
        images: tags.iter().map(image).collect(),
    };
    world.put(Repositories { repositories: vec![repository], replicates_to: Vec::new() });
    let definition =
        TaskDefinition { arn: definition(58), images: vec![("web".into(), format!("{URI}:v58"))], ..TaskDefinition::default() };
    world.put(TaskDefinitions { definitions: [(definition.arn.clone(), definition)].into() });
}

fn blank() -> Image {
    Image {
        digest: String::new(),
        tags: Vec::new(),
        pushed_at: None,
        pulled_at: None,
        bytes: 0,
        scan_status: "".into(),
        findings: [].into(),
    }
}

fn plan(world: &mut World) -> Draft {
    plan_of::<Redeploy>(world, LINE).unwrap().0
}

#[test]
fn a_plan_sends_no_count_and_says_what_it_found() {
    let mut world = World::calm();
    let draft = plan(&mut world);
    assert_eq!(draft.calls[0].cli, "aws ecs update-service --cluster production-nextcore --service web --force-new-deployment");
    assert!(verdicts(&draft, Verdict::Unknown).iter().any(|t| t.contains("cannot check that they can be pulled")));
    known(&mut world, &[("v58", "sha256:58")], 1);
    let draft = plan(&mut world);
    assert!(verdicts(&draft, Verdict::Pass).contains(&"image nextcore/web:v58 is in ECR (sha256:58)"), "{:?}", draft.checks);
    assert_eq!(verdicts(&draft, Verdict::Fail), [""; 0]);
    known(&mut world, &[("v58", "sha256:59")], 1);
    assert!(verdicts(&plan(&mut world), Verdict::Warn).iter().any(|t| t.contains("now points to another image")));
    known(&mut world, &[("v57", "sha256:57")], 9);
    assert!(verdicts(&plan(&mut world), Verdict::Unknown).iter().any(|t| t.contains("can still be pulled")));
}

#[test]
fn what_forbids_it_is_said() {
    let refusals = |change: fn(&mut World), said: &str| {
        let mut world = World::calm();
        change(&mut world);
        let draft = plan(&mut world);
        assert!(verdicts(&draft, Verdict::Fail).iter().any(|t| t.contains(said)), "{said}: {:?}", draft.checks);
    };
    refusals(|w| w.web().deployments[0].rollout_state = "IN_PROGRESS".into(), "is in progress (3/3)");
    refusals(|w| w.web().status = "INACTIVE".into(), "the service is INACTIVE");
    refusals(|w| known(w, &[("v57", "sha256:57")], 1), "is no longer in ECR");
    for (controller, said, next) in [
        (
            "CODE_DEPLOY",
            "is deployed by CodeDeploy",
            "aws deploy create-deployment; to go back: aws deploy stop-deployment --deployment-id d-7",
        ),
        ("EXTERNAL", "is deployed by an external controller", "the tool that makes its task sets"),
        ("NEXT_YEAR", "is deployed by NEXT_YEAR", "deploy there"),
    ] {
        let mut world = World::calm();
        world.web().controller = controller.into();
        world.web().task_sets = vec![TaskSet { external_id: "d-7".into(), ..TaskSet::default() }];
        let refused = plan_of::<Redeploy>(&mut world, LINE).err();
        assert!(matches!(refused, Some(Refusal::Check(t)) if t.contains(said) && t.contains(next)), "{controller}");
    }
    let mut world = World::calm();
    (world.web().running, world.healthy) = (2, 2);
    assert_eq!(verdicts(&plan(&mut world), Verdict::Warn), ["only 2/3 tasks running", "only 2 healthy targets of 3"]);
    world.web().desired = 0;
    assert!(matches!(plan_of::<Redeploy>(&mut world, LINE), Err(Refusal::Check(t)) if t.contains("no task to replace")));
}

#[test]
fn what_varies_by_itself_does_not_move_the_plan() {
    let mut world = World::calm();
    let first = plan(&mut world);
    (world.web().desired, world.web().running, world.healthy) = (5, 4, 2);
    world.tasks.push(task("eeee5", "web", 5));
    let second = plan(&mut world);
    assert_eq!((first.rests_on, first.changes, first.calls), (second.rests_on, second.changes, second.calls));
}

/// A cloud in which the new deployment has just begun, and the run that began it.
fn begun(answered: bool) -> (World, Run) {
    let mut world = World::calm();
    let run = sent::<Redeploy>(&mut world, LINE, answered.then_some("ecs-svc/2"));
    world.web().deployments[0].status = "ACTIVE".into();
    let mut new = deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS", 1);
    new.running = 0;
    world.web().deployments.insert(0, new);
    (world, run)
}

#[test]
fn it_is_done_when_the_new_deployment_is_completed_and_never_by_the_old_one() {
    for answered in [true, false] {
        let mut before = World::calm();
        let (mut world, run) = begun(answered);
        let look = |world: &mut World| look::<Redeploy>(world, &run);
        let stale = look(&mut before);
        assert_eq!((stale.applied, stale.end.clone()), (Some(answered), None), "the old one is COMPLETED");
        let early = look(&mut world);
        assert_eq!((states(&early).as_str(), early.applied, early.end), ("dgtt", Some(true), None));
        let new = &mut world.web().deployments[0];
        (new.running, new.failed) = (3, 1);
        world.web().deployments[1].running = 1;
        let late = look(&mut world);
        assert_eq!((states(&late).as_str(), late.end), ("ddgdg", None));
        world.web().deployments.truncate(1);
        world.web().deployments[0].rollout_state = "COMPLETED".into();
        let done = look(&mut world);
        assert_eq!(done.end.map(|e| e.0), Some(Outcome::Done));
        assert!(done.steps.iter().all(|s| s.state == nextcore_core::model::plan::StepState::Done), "{:?}", done.steps);
    }
}

#[test]
fn a_deployment_that_fails_says_why() {
    let (mut world, run) = begun(true);
    let end = |world: &mut World| look::<Redeploy>(world, &run).end.unwrap();
    let failing = &mut world.web().deployments[0];
    (failing.rollout_state, failing.failed) = ("FAILED".into(), 3);
    failing.rollout_reason = "ECS deployment circuit breaker: tasks failed to start.".into();
    let (outcome, text) = end(&mut world);
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(text, "deployment ecs-svc/2 failed: ECS deployment circuit breaker: tasks failed to start (3 tasks failed to start)");
    // Rolled back: the old one is in force again and COMPLETED, the new one is gone; the event tells.
    world.web().deployments.remove(0);
    world.web().deployments[0].status = "PRIMARY".into();
    let message = "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.".to_owned();
    world.web().events.push(ServiceEvent { id: "1".into(), at: Some(at(90)), message });
    let (outcome, text) = end(&mut world);
    assert_eq!((outcome, text.contains("tasks failed to start; web is on production-nextcore-web:58")), (Outcome::Failed, true), "{text}");
    world.web().events.clear();
    world.now = 31;
    assert!(end(&mut world).1.contains("was rolled back: web is on "));
}

#[test]
fn another_deployment_that_takes_over_is_not_taken_for_ours() {
    let (mut world, run) = begun(true);
    world.web().deployments[0].status = "ACTIVE".into();
    world.web().deployments.insert(0, deployment("ecs-svc/3", "PRIMARY", "COMPLETED", 20));
    let (outcome, text) = look::<Redeploy>(&mut world, &run).end.unwrap();
    assert_eq!((outcome, text.contains("was replaced by ecs-svc/3")), (Outcome::Failed, true), "{text}");
}
