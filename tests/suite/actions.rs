//! Every action against the embedded cloud in virtual time: planned, carried out once, watched to its end; and what stops one. What is
//! looked at is the world, the wire and the audit log, never what the runner says of itself alone.

use std::sync::Arc;
use std::time::Duration;

use nextcore_core::model::action::{ACTIONS, Request, parse, words};
use nextcore_core::model::audit::{Told, Who};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::obligation::Reach;
use nextcore_core::model::plan::{Outcome, Plan, Refusal, Run, Verdict};
use nextcore_core::model::stack::Stack;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::action::{Acts, Carried, Report, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::obligation::files::Files;
use nextcore_sim::world::state::RouteTarget;
use nextcore_sim::world::{UpdateService, World};
use nextcore_sim::{ApiFault, FaultKind};
use nextcore_top::shell::Embedded;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::support::{self, start, task_of};

const CLUSTER: &str = "production-nextcore";

/// A runner on a world of its own.
struct Desk {
    embedded: Embedded,
    runner: Runner,
    audit: Audit,
}

fn desk(mode: Mode) -> Desk {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    on(&embedded, mode)
}

/// Another dashboard or command on the same cloud.
fn on(embedded: &Embedded, mode: Mode) -> Desk {
    let audit = Audit::memory();
    let acts = Acts {
        authority: Authority::new(mode),
        audit: audit.clone(),
        obligations: Files::memory(),
        reach: Reach::default(),
        who: Who { user: "maya".into(), ssh: Some("10.1.2.3".into()), arn: String::new() },
        pid: 1,
        has_session_plugin: true,
        alive: |_| false,
    };
    let setup = embedded.setup_with(&Stack::default(), acts);
    let store = watch::channel(Arc::default()).1;
    let tools = Tools { clients: setup.clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store };
    Desk { embedded: embedded.clone(), runner: Runner::new(tools), audit }
}

fn request(line: &str) -> Request {
    parse(&words(line)).unwrap()
}

impl Desk {
    fn world<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        self.embedded.cloud.world(f)
    }

    fn writes(&self) -> Vec<(String, u64)> {
        let all = self.embedded.cloud.requests();
        all.into_iter().filter(|r| r.is_write).map(|r| (r.operation.to_owned(), r.count)).collect()
    }

    async fn plan(&self, line: &str) -> Arc<Plan> {
        Arc::new(self.runner.plan(&request(line)).await.unwrap_or_else(|e| panic!("{line}: {e:?}")))
    }

    async fn refused(&self, line: &str) -> Refusal {
        match self.runner.plan(&request(line)).await {
            Err(refusal) => refusal,
            Ok(plan) => panic!("{line}: there is a plan: {plan:#?}"),
        }
    }

    async fn carry(&self, plan: Arc<Plan>) -> Carried {
        let typed = plan.confirmation().unwrap_or_default().to_owned();
        self.carry_typed(plan, &typed).await
    }

    async fn carry_typed(&self, plan: Arc<Plan>, typed: &str) -> Carried {
        let (reports, mut inbox) = mpsc::channel::<Report>(64);
        let reading = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
        let carried = self.runner.carry_out(plan, typed, &reports).await;
        drop(reports);
        reading.await.unwrap();
        carried
    }

    /// Plans and carries out; the run at its end.
    async fn run(&self, line: &str) -> Run {
        let plan = self.plan(line).await;
        assert!(!plan.is_refused(), "{line}: {:#?}", plan.checks);
        match self.carry(plan).await {
            Carried::Ended(run) => *run,
            other => panic!("{line}: {other:#?}"),
        }
    }

    async fn done(&self, line: &str) -> Run {
        let run = self.run(line).await;
        let end = run.end.as_ref().unwrap();
        assert_eq!(end.outcome, Outcome::Done, "{line}: {end:#?} {:#?}", run.steps);
        assert!(!run.request_ids.is_empty(), "{line}: AWS names every request");
        assert!(!end.next.is_empty() || line.starts_with("exec"), "{line}: how to take it back is said");
        run
    }

    fn told(&self) -> Vec<&'static str> {
        self.audit.read(None).0.iter().map(|e| e.told.word()).collect()
    }
}

/// Nobody else scales from now on.
fn hold_still(desk: &Desk, service: &str) {
    desk.world(|w| {
        let target = w.scaling.targets.get_mut(service).unwrap();
        (target.in_suspended, target.out_suspended) = (true, true);
    });
}

fn desired(world: &World, service: &str) -> u32 {
    world.ecs.services[service].desired_count
}

async fn calm(desk: &Desk) {
    support::calm(&desk.embedded).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_is_scaled_and_scaled_back() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    hold_still(&desk, "web");
    let before = desk.world(|w| desired(w, "web"));
    let run = desk.done("scale web +2").await;
    assert_eq!(desk.world(|w| (desired(w, "web"), w.ecs.services["web"].running_count)), (before + 2, before + 2));
    assert_eq!(desk.told(), ["intent", "outcome", "end"]);
    let undo = run.plan.undo_request.clone().unwrap();
    desk.done(&undo.to_string()).await;
    assert_eq!(desk.world(|w| desired(w, "web")), before);
    assert_eq!(desk.writes(), [("UpdateService".to_owned(), 2)], "one request each, nothing twice");
    assert!(matches!(desk.refused(&format!("scale web {before}")).await, Refusal::Check(t) if t.contains("nothing to do")));
}

#[tokio::test(start_paused = true)]
async fn holding_raises_the_least_before_the_count() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let run = desk.done("scale control-plane 5 --hold").await;
    assert_eq!(run.plan.calls.len(), 2);
    desk.world(|w| assert_eq!((desired(w, "control-plane"), w.scaling.targets["control-plane"].min), (5, 5)));
}

#[tokio::test(start_paused = true)]
async fn bounds_clamp_at_once_and_autoscaling_is_suspended_and_resumed() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    desk.done("bounds web 4-8").await;
    desk.world(|w| assert_eq!((desired(w, "web"), w.scaling.targets["web"].min, w.scaling.targets["web"].max), (4, 4, 8)));
    desk.done("autoscaling suspend web").await;
    let flags = |w: &mut World| {
        let t = &w.scaling.targets["web"];
        (t.in_suspended, t.out_suspended, t.scheduled_suspended)
    };
    assert_eq!(desk.world(flags), (true, true, true));
    desk.done("autoscaling resume web").await;
    assert_eq!(desk.world(flags), (false, false, false));
}

/// e1s re-sends the desired count with every update: here another hand scales between the plan and its end.
#[tokio::test(start_paused = true)]
async fn a_redeploy_replaces_every_task_and_leaves_the_count_alone() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let old: Vec<String> =
        desk.world(|w| w.ecs.tasks.iter().filter(|(_, t)| t.service == "web" && t.is_running()).map(|(id, _)| id.clone()).collect());
    let plan = desk.plan("redeploy web").await;
    assert!(plan.calls.iter().all(|c| !c.cli.contains("desired-count")), "{:?}", plan.calls);
    desk.world(|w| {
        w.update_service(CLUSTER, "web", UpdateService { desired_count: Some(4), ..UpdateService::default() }).map(|_| ()).unwrap();
    });
    let Carried::Ended(run) = desk.carry(plan).await else { panic!("a count is nothing that a redeploy rests on") };
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{run:#?}");
    desk.world(|w| {
        assert_eq!(desired(w, "web"), 4);
        assert!(old.iter().all(|id| w.ecs.tasks.get(id).is_none_or(|t| !t.is_running())), "every old task is gone");
    });
}

/// ecs9s goes back to the revision before; that one may be the one that failed.
#[tokio::test(start_paused = true)]
async fn a_rollback_goes_to_the_last_revision_that_succeeded_and_forward_again() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let definition = |w: &mut World| w.ecs.services["web"].task_definition.clone();
    let now = desk.world(definition);
    let plan = desk.plan("rollback web").await;
    let good: Vec<String> = desk.world(|w| {
        let ok = w.ecs.service_deployments.iter().rev().filter(|d| d.service == "web" && d.status.as_str() == "SUCCESSFUL");
        let of = |arn: &String| w.ecs.service_revisions.iter().find(|r| r.arn == *arn).map(|r| r.task_definition.clone());
        ok.filter_map(|d| of(&d.target_revision)).filter(|d| *d != now).collect()
    });
    assert!(plan.checks.iter().any(|c| c.verdict == Verdict::Warn && c.text.contains("migration")), "{:#?}", plan.checks);
    let Carried::Ended(run) = desk.carry(plan).await else { panic!("not sent") };
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{run:#?}");
    assert_eq!(Some(desk.world(definition)), good.first().cloned());
    desk.done(&run.plan.undo_request.clone().unwrap().to_string()).await;
    assert_eq!(desk.world(definition), now);
}

#[tokio::test(start_paused = true)]
async fn a_running_deployment_is_stopped_and_rolled_back() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let before = desk.world(|w| w.ecs.services["web"].task_definition.clone());
    assert!(matches!(desk.runner.plan(&request("stop-deployment web")).await, Err(Refusal::Check(_))), "there is none to stop");
    desk.world(|w| w.update_service(CLUSTER, "web", UpdateService { force: true, ..UpdateService::default() }).map(|_| ()).unwrap());
    sleep(Duration::from_secs(20)).await;
    desk.done("stop-deployment web").await;
    assert_eq!(desk.world(|w| w.ecs.services["web"].task_definition.clone()), before);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_stopped_and_another_takes_its_place() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let task = desk.world(|w| task_of(w, "celery-worker"));
    let run = desk.done(&format!("stop-task {}", task.get(..12).unwrap())).await;
    desk.world(|w| {
        assert!(w.ecs.tasks.get(&task).is_none_or(|t| !t.is_running()));
        assert_eq!(w.ecs.services["celery-worker"].running_count, desired(w, "celery-worker"));
    });
    assert!(run.plan.calls[0].cli.contains("maya") || run.plan.calls[0].cli.contains("reason"), "{:?}", run.plan.calls);
}

#[tokio::test(start_paused = true)]
async fn the_database_fails_over_to_its_standby_and_not_twice() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let zones = |w: &mut World| (w.rds.instance.az, w.rds.instance.secondary_az);
    let (primary, standby) = desk.world(zones);
    let plan = desk.plan("failover db").await;
    assert_eq!(plan.confirmation(), Some("production-nextcore-db"));
    for typed in ["", "production-nextcore", "production-nextcore-db\n", "PRODUCTION-NEXTCORE-DB"] {
        let refused = desk.carry_typed(plan.clone(), typed).await;
        assert!(matches!(refused, Carried::Refused(Refusal::Usage(_))), "{typed:?}");
    }
    assert!(desk.writes().is_empty());
    let Carried::Ended(run) = desk.carry(plan).await else { panic!("not sent") };
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{run:#?}");
    // AWS may show the swap late.
    sleep(Duration::from_mins(1)).await;
    assert_eq!(desk.world(zones), (standby.unwrap(), Some(primary)));
    let again = desk.plan("failover db").await;
    assert!(again.is_refused(), "one in half an hour is enough: {:#?}", again.checks);
    let refused = desk.carry(again).await;
    assert!(matches!(refused, Carried::Refused(Refusal::Check(_))), "{refused:#?}");
    assert_eq!(desk.writes(), [("RebootDBInstance".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_node_group_fails_over_and_the_next_waits_for_it() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let primary = |w: &mut World| w.redis.nodes.iter().find(|n| n.node_group == "0001" && n.primary).map(|n| n.id.clone());
    let before = desk.world(primary);
    let plan = desk.plan("failover cache 0001").await;
    let other = on(&desk.embedded, Mode::Armed);
    let running = tokio::spawn(async move { (desk.carry(plan).await, desk) });
    sleep(Duration::from_secs(90)).await;
    let second = other.runner.plan(&request("failover cache 0002")).await;
    assert!(second.as_ref().map_or(true, Plan::is_refused), "never another shard before recovery: {second:#?}");
    let (Carried::Ended(run), desk) = running.await.unwrap() else { panic!("not sent") };
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{run:#?}");
    assert_ne!(desk.world(primary), before);
}

#[tokio::test(start_paused = true)]
async fn a_zone_goes_out_through_another_and_comes_home() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let nat_of = |w: &mut World| {
        let subnet = w.network.subnets.iter().find(|s| s.cidr == "10.0.11.0/24").map(|s| s.id.clone()).unwrap();
        match w.network.table_of(&subnet).and_then(|t| t.default_route()).map(|r| r.target.clone()) {
            Some(RouteTarget::Nat(id)) => id,
            other => panic!("{other:?}"),
        }
    };
    let home = desk.world(nat_of);
    desk.done("reroute a --via b").await;
    let away = desk.world(nat_of);
    assert_ne!(away, home);
    desk.done("reroute a --via a").await;
    assert_eq!(desk.world(nat_of), home);
}

#[tokio::test(start_paused = true)]
async fn paths_are_invalidated_until_it_is_completed() {
    let desk = desk(Mode::Armed);
    desk.done("invalidate /static/* /media/*").await;
    let done = desk.world(|w| w.cdn.invalidations.iter().find(|i| i.paths.contains(&"/media/*".to_owned())).map(|i| i.done));
    assert_eq!(done, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_and_a_build_run_to_their_end() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let before = desk.world(|w| w.codebuild.builds.len());
    desk.done("build start production-nextcore-web").await;
    assert!(desk.world(|w| w.codebuild.builds.len()) > before);
    let count = desk.world(|w| w.codepipeline.executions.len());
    desk.done("pipeline start").await;
    assert!(desk.world(|w| w.codepipeline.executions.len()) > count);
}

/// A shell: the secret goes to the plugin alone.
#[tokio::test(start_paused = true)]
async fn a_shell_is_handed_over_and_its_token_is_kept_nowhere() {
    let desk = desk(Mode::Armed);
    calm(&desk).await;
    let task = desk.world(|w| task_of(w, "web"));
    let plan = desk.plan(&format!("exec {task}")).await;
    let (reports, mut inbox) = mpsc::channel::<Report>(64);
    let carried = desk.runner.carry_out(plan, "", &reports).await;
    drop(reports);
    let mut handed = None;
    while let Some(report) = inbox.recv().await {
        if let Report::Handoff(handoff) = report {
            handed = Some(handoff);
        }
    }
    let handoff = handed.expect("the terminal is handed over");
    let json: serde_json::Value = serde_json::from_str(&handoff.arguments[0]).unwrap();
    let token = json["TokenValue"].as_str().unwrap();
    let target = &handoff.arguments[4];
    assert!(target.contains(&format!("ecs:{CLUSTER}_{task}_")), "{target}");
    let everywhere = format!("{handoff:?} {carried:?} {:?}", desk.audit.read(None).0);
    assert!(!token.is_empty() && !everywhere.contains(token), "{everywhere}");
}

/// What happens to the one request, and how the run ends then.
#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_request_it_is_sent_once_and_told_truly() {
    for (fault, outcome, applied, word) in [
        (FaultKind::Throttle, Outcome::Failed, false, "failed"),
        (FaultKind::ExpiredCredentials, Outcome::Failed, false, "failed"),
        (FaultKind::AccessDenied, Outcome::Failed, false, "failed"),
        (FaultKind::ServerError(500), Outcome::Unknown, false, "unknown"),
        (FaultKind::ServerError(503), Outcome::Unknown, false, "unknown"),
        (FaultKind::Timeout, Outcome::Done, true, "unknown"),
        (FaultKind::Malformed, Outcome::Done, true, "unknown"),
        (FaultKind::Truncated, Outcome::Done, true, "unknown"),
    ] {
        let desk = desk(Mode::Armed);
        calm(&desk).await;
        let before = desk.world(|w| desired(w, "web"));
        let plan = desk.plan("scale web +1").await;
        desk.embedded.cloud.faults(|f| f.add(ApiFault::always("ecs", "UpdateService", fault)));
        let Carried::Ended(run) = desk.carry(plan).await else { panic!("{fault:?}: not sent") };
        let end = run.end.as_ref().unwrap();
        assert_eq!(end.outcome, outcome, "{fault:?}: {end:#?}");
        assert_eq!(desk.world(|w| desired(w, "web")) == before + 1, applied, "{fault:?}");
        assert_eq!(desk.writes(), [("UpdateService".to_owned(), 1)], "{fault:?}");
        let results: Vec<String> = desk
            .audit
            .read(None)
            .0
            .into_iter()
            .filter_map(|e| if let Told::Outcome { result, .. } = e.told { Some(result) } else { None })
            .collect();
        assert_eq!(results, [word], "{fault:?}");
        if outcome == Outcome::Unknown {
            assert!(end.text.contains("not retried") && end.text.contains("checked: "), "{fault:?}: {}", end.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_moved_since_the_plan_stops_it_and_shows_the_new_one() {
    let first = desk(Mode::Armed);
    calm(&first).await;
    hold_still(&first, "web");
    let second = on(&first.embedded, Mode::Armed);
    let before = first.world(|w| desired(w, "web"));
    let plan = first.plan("scale web +1").await;
    second.done(&format!("scale web {}", before + 3)).await;
    let Carried::Moved(fresh) = first.carry(plan).await else { panic!("it was sent") };
    assert_eq!(fresh.changes[0].before, (before + 3).to_string(), "counted from what is there now");
    assert_eq!(first.world(|w| desired(w, "web")), before + 3);
    assert_eq!(first.told(), ["refused"], "it was asked for, and not sent");
}

#[tokio::test(start_paused = true)]
async fn a_second_operator_sees_the_deployment_of_the_first() {
    let first = desk(Mode::Armed);
    calm(&first).await;
    let second = on(&first.embedded, Mode::Armed);
    let plan = first.plan("redeploy web").await;
    let running = tokio::spawn(async move { (first.carry(plan).await, first) });
    sleep(Duration::from_secs(15)).await;
    for line in ["redeploy web", "scale web 6"] {
        let plan = second.plan(line).await;
        assert!(plan.refusals().any(|c| c.text.contains("deployment")), "{line}: {:#?}", plan.checks);
        assert!(matches!(second.carry(plan).await, Carried::Refused(Refusal::Check(_))), "{line}");
    }
    let (_, first) = running.await.unwrap();
    assert_eq!(first.writes(), [("UpdateService".to_owned(), 1)]);
    assert_eq!(second.told(), ["refused", "refused"]);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_on_a_resource_in_one_process() {
    let desk = Arc::new(desk(Mode::Armed));
    calm(&desk).await;
    let (a, b) = (desk.plan("scale web +1").await, desk.plan("bounds web 3-7").await);
    let other = Arc::clone(&desk);
    let running = tokio::spawn(async move { other.carry(a).await });
    sleep(Duration::from_secs(5)).await;
    let refused = desk.carry(b).await;
    assert!(matches!(&refused, Carried::Refused(Refusal::Check(t)) if t.contains("is in progress on")), "{refused:#?}");
    assert!(matches!(running.await.unwrap(), Carried::Ended(_)));
}

#[tokio::test(start_paused = true)]
async fn without_authority_plans_are_made_and_nothing_is_ever_sent() {
    for mode in [Mode::Viewer, Mode::Safe] {
        let desk = desk(mode);
        calm(&desk).await;
        let (web, project) = (desk.world(|w| task_of(w, "web")), "production-nextcore-web");
        let alarm = desk.world(|w| w.alarms.iter().find(|a| !a.is_scaling()).map(|a| a.name.clone()).unwrap());
        let mut planned = Vec::new();
        for line in [
            "scale web 5".to_owned(),
            "bounds web 3-7".to_owned(),
            "autoscaling suspend web".to_owned(),
            "redeploy web".to_owned(),
            "rollback web".to_owned(),
            format!("stop-task {web}"),
            format!("exec {web}"),
            "failover db".to_owned(),
            "failover cache 0001".to_owned(),
            "reroute a --via b".to_owned(),
            format!("alarm-actions off {alarm}"),
            "pipeline start".to_owned(),
            format!("build start {project}"),
            format!("build retry {project}"),
            "invalidate /*".to_owned(),
        ] {
            let plan = desk.plan(&line).await;
            planned.push(plan.request.action.clone());
            let refused = desk.carry(plan).await;
            assert!(matches!(refused, Carried::Refused(Refusal::ReadOnly(_))), "{mode:?} {line}: {refused:#?}");
        }
        assert!(desk.writes().is_empty(), "{mode:?}: {:?}", desk.writes());
        let never: Vec<&str> = ACTIONS.iter().map(|a| a.name).filter(|n| !planned.iter().any(|p| p == n)).collect();
        assert_eq!(
            never,
            ["autoscaling resume", "stop-deployment", "alarm-actions on", "pipeline retry", "pipeline stop", "build stop"],
            "all others were tried"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_written_stops_everything() {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    let mut desk = on(&embedded, Mode::Armed);
    let acts = Acts { audit: Audit::missing(), ..Acts::none() };
    let setup = embedded.setup_with(&Stack::default(), Acts { authority: Authority::new(Mode::Armed), ..acts });
    let store = watch::channel(Arc::default()).1;
    desk.runner =
        Runner::new(Tools { clients: setup.clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store });
    calm(&desk).await;
    let plan = desk.plan("scale web +1").await;
    let refused = desk.carry(plan).await;
    assert!(matches!(&refused, Carried::Refused(Refusal::CannotTell(t)) if t.contains("audit log")), "{refused:#?}");
    assert!(desk.writes().is_empty());
}

/// Every action has its row in the engine's table, and every operation that it may send is one of the embedded cloud.
#[test]
fn the_two_tables_of_actions_are_one() {
    let rows: Vec<&str> = nextcore_live::aws::action::ROWS.iter().map(|r| r.name).collect();
    let mut specs: Vec<&str> = ACTIONS.iter().map(|a| a.name).collect();
    let mut sorted = rows.clone();
    sorted.sort_unstable();
    specs.sort_unstable();
    assert_eq!(sorted, specs);
    let embedded: Vec<&str> = nextcore_sim::service::SERVICES.iter().flat_map(|s| s.operations).map(|o| o.name).collect();
    for op in nextcore_live::aws::action::operations() {
        assert!(embedded.contains(&op.operation), "{} is not embedded", op.label());
    }
}
