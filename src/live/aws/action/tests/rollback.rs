//! Rolling back: which revision is chosen, what is refused, what the plan says of the difference.

use super::super::revisions::{Past, Registered};
use super::super::service::fixture::{World, at, definition, deployment, look, plan_of, request, sent, verdicts};
use super::*;
use nextcore_core::model::plan::Outcome;

fn registered(revision: u32, status: &str) -> Registered {
    let definition = TaskDefinition {
        arn: definition(revision),
        cpu: if revision > 56 { "512" } else { "256" }.into(),
        memory: "1024".into(),
        images: vec![("web".into(), format!("1.dkr.ecr.r.amazonaws.com/nextcore/web:v{revision}"))],
        environment: if revision > 57 { vec!["DEBUG".into(), "NEW_FLAG".into()] } else { vec!["DEBUG".into(), "OLD_FLAG".into()] },
        secrets: if revision > 57 { vec![("STRIPE_KEY".into(), "arn:s".into())] } else { Vec::new() },
        ..TaskDefinition::default()
    };
    Registered { status: status.into(), definition }
}

/// 58 runs; 57 was rolled back, so it is not among the successful ones; 58 was deployed twice.
fn world(wanted: Option<Registered>) -> World {
    let mut world = World::calm();
    let past = [(58, -9000), (58, -9500), (56, -20_000), (55, -30_000)];
    let past = past.map(|(revision, created)| Past { definition: definition(revision), created_at: Some(at(created)) });
    let current = Known::Read(Some(registered(58, "ACTIVE")));
    world.put(Candidates { past: Known::Read(past.to_vec()), current, wanted: Known::Read(wanted) });
    world
}

fn plan(world: &mut World, line: &str) -> Result<Draft, Refusal> {
    plan_of::<Rollback>(world, line).map(|(draft, _)| draft)
}

#[test]
fn the_last_successful_one_is_not_the_one_before() {
    let draft = plan(&mut world(Some(registered(56, "ACTIVE"))), "rollback web").unwrap();
    let sends = plan_of::<Rollback>(&mut world(Some(registered(56, "ACTIVE"))), "rollback web").unwrap().1;
    assert_eq!((sends.deploys, sends.before.as_deref()), (Deploys::Definition(definition(56)), Some("ecs-svc/1")));
    assert_eq!(draft.rests_on["current"], definition(58));
    assert!(draft.calls[0].cli.ends_with("--service web --task-definition production-nextcore-web:56"), "{}", draft.calls[0].cli);
    assert_eq!(draft.undo_request, Some(request("rollback web --to production-nextcore-web:58")));
    let mut world = world(None);
    let facts = world.see(|f| wanted(f.need::<Services>().unwrap().get("web").unwrap(), &request("rollback web"), f.need().unwrap()));
    assert_eq!(facts, Ok(definition(56)));
}

#[test]
fn the_difference_is_told_by_name() {
    let draft = plan(&mut world(Some(registered(56, "ACTIVE"))), "rollback web").unwrap();
    assert_eq!(
        draft.notes,
        [
            "image of web: nextcore/web:v58 → nextcore/web:v56",
            "CPU units: 512 → 256",
            "environment added: OLD_FLAG",
            "environment removed: NEW_FLAG",
            "secrets removed: STRIPE_KEY",
        ]
    );
    assert!(verdicts(&draft, Verdict::Warn).contains(&"database migrations are not undone: is the older code compatible?"));
}

#[test]
fn a_revision_may_be_chosen_and_must_be_active() {
    for line in ["rollback web --to 57", "rollback web --to web:57", "rollback web --to production-nextcore-web:57"] {
        let draft = plan(&mut world(Some(registered(57, "ACTIVE"))), line).unwrap();
        let sends = plan_of::<Rollback>(&mut world(Some(registered(57, "ACTIVE"))), line).unwrap().1;
        assert_eq!(sends.deploys, Deploys::Definition(definition(57)));
        assert!(verdicts(&draft, Verdict::Warn).iter().any(|t| t.contains("not in the last 20 successful")), "{:?}", draft.checks);
    }
    let draft = plan(&mut world(Some(registered(57, "INACTIVE"))), "rollback web --to 57").unwrap();
    assert!(verdicts(&draft, Verdict::Fail).iter().any(|t| t.contains("is INACTIVE")));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |line: &str| plan(&mut world(None), line).unwrap_err();
    for (line, said) in [
        ("rollback web --to newest", "last-successful, or a revision such as 57"),
        ("rollback web --to 0", "last-successful, or a revision"),
        ("rollback web --to control-plane:57", "web runs production-nextcore-web, not control-plane"),
    ] {
        assert!(matches!(refused(line), Refusal::Usage(t) if t.contains(said)), "{line}");
    }
    assert!(matches!(refused("rollback web --to 58"), Refusal::Check(t) if t.contains("nothing to do")));
    assert!(matches!(refused("rollback web --to 99"), Refusal::Check(t) if t.contains("no task definition production-nextcore-web:99")));
    let mut elsewhere = world(None);
    elsewhere.web().controller = "EXTERNAL".into();
    assert!(matches!(plan(&mut elsewhere, "rollback web"), Err(Refusal::Check(t)) if t.contains("deployed by an external controller")));
    let mut world = World::calm();
    let past = Known::Read(vec![Past { definition: definition(58), created_at: None }]);
    world.put(Candidates { past, ..Candidates::default() });
    assert!(matches!(plan(&mut world, "rollback web"), Err(Refusal::Check(t)) if t.contains("no successful deployment of another")));
}

#[test]
fn a_running_deployment_forbids_it() {
    let mut world = world(Some(registered(56, "ACTIVE")));
    world.web().deployments[0].rollout_state = "IN_PROGRESS".into();
    let draft = plan(&mut world, "rollback web").unwrap();
    assert!(verdicts(&draft, Verdict::Fail).iter().any(|t| t.contains("is in progress")));
}

#[test]
fn without_an_answer_only_a_new_deployment_of_what_was_wanted_is_ours() {
    let line = "rollback web";
    let mut world = world(Some(registered(56, "ACTIVE")));
    let run = sent::<Rollback>(&mut world, line, None);
    // Somebody's redeploy of 58 at the same moment.
    world.web().deployments.insert(0, deployment("ecs-svc/2", "PRIMARY", "COMPLETED", 1));
    world.web().deployments[1].status = "ACTIVE".into();
    let other = look::<Rollback>(&mut world, &run);
    assert_eq!((other.applied, other.end), (Some(false), None));
    world.web().deployments[0].task_definition = definition(56);
    let ours = look::<Rollback>(&mut world, &run);
    assert_eq!(ours.end.map(|e| e.0), Some(Outcome::Done));
}
