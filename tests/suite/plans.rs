//! Plans that cannot fail open, and plans that tell what will really happen: forged and disarmed ones send nothing, a side-read that is
//! denied is a line of the plan, autoscaling that is about to act is said, and an outcome that stops being true is corrected.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nextcore_core::model::action::params::Params;
use nextcore_core::model::action::{ACTIONS, Request, Tier, parse, words};
use nextcore_core::model::audit::{Told, Who};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::plan::{News, Outcome, Plan, Refusal, Run, Verdict};
use nextcore_core::model::stack::Stack;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::connect_in_process;
use nextcore_live::aws::op::Kind;
use nextcore_live::aws::transport::Body;
use nextcore_live::aws::transport::{Handler, in_process};
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::action::{Acts, Carried, Order, Report, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, Feed, channel};
use nextcore_sim::service::APIS;
use nextcore_sim::wire::Call;
use nextcore_sim::world::state::AlarmState;
use nextcore_sim::world::{StartBuild, UpdateService, World};
use nextcore_sim::{ApiFault, FaultKind};
use nextcore_top::shell::Embedded;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::support::{calm, start, task_of};

const CLUSTER: &str = "production-nextcore";

/// Disarms at the arrival of an operation, before it is answered.
type Disarms = Arc<Mutex<Option<&'static str>>>;

struct Desk {
    embedded: Embedded,
    authority: Authority,
    disarms: Disarms,
    acts: Acts,
    runner: Runner,
}

fn desk_of(seed: u64) -> Desk {
    let embedded = Embedded::new(seed, Clock::virtual_from(start(), 1.0));
    let authority = Authority::new(Mode::Armed);
    let acts = Acts {
        authority: authority.clone(),
        audit: Audit::memory(),
        who: Who { user: "maya".into(), ..Who::default() },
        has_session_plugin: true,
        ..Acts::none()
    };
    let setup = embedded.setup_with(&Stack::default(), acts.clone());
    let disarms = Disarms::default();
    let (armed, at, cloud) = (authority.clone(), Arc::clone(&disarms), Arc::clone(&embedded.cloud));
    let handler: Handler = Arc::new(move |request| {
        let operation = Call::decode(&request, APIS).operation;
        if at.lock().unwrap().is_some_and(|at| at == operation) {
            armed.disarm();
        }
        let cloud = Arc::clone(&cloud);
        Box::pin(async move { cloud.serve(request).await.map(Body::from_body_1_x) })
    });
    let clients = connect_in_process(in_process(handler), &setup.stack.region, &setup.meter, &authority);
    let store = watch::channel(Arc::default()).1;
    let tools = Tools { clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store };
    Desk { embedded, authority, disarms, acts, runner: Runner::new(tools) }
}

/// An armed runner on a world at rest.
async fn desk() -> Desk {
    let desk = desk_of(7);
    calm(&desk.embedded).await;
    desk
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

    async fn carry(&self, plan: Arc<Plan>, typed: &str) -> Carried {
        let (reports, mut inbox) = mpsc::channel::<Report>(64);
        let reading = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
        let carried = self.runner.carry_out(plan, typed, &reports).await;
        drop(reports);
        reading.await.unwrap();
        carried
    }

    async fn run(&self, line: &str) -> Run {
        let plan = self.plan(line).await;
        let typed = plan.confirmation().unwrap_or_default().to_owned();
        match self.carry(plan, &typed).await {
            Carried::Ended(run) => *run,
            other => panic!("{line}: {other:#?}"),
        }
    }
}

fn texts(plan: &Plan, verdict: Verdict) -> Vec<&str> {
    plan.checks.iter().filter(|c| c.verdict == verdict).map(|c| c.text.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_not_the_one_that_was_made_is_refused() {
    type Forgery = fn(&mut Plan);
    let forgeries: [(&str, Forgery); 5] = [
        ("a count of zero", |p| {
            if let Params::Scale(scale) = &mut p.params {
                scale.wanted = 0;
            }
        }),
        ("another account", |p| p.account = "444455556666".into()),
        ("without what is typed", |p| (p.tier, p.confirm) = (Tier::T0, None)),
        ("another resource", |p| p.resource.arn = "arn:aws:ecs:r:1:service/x".into()),
        ("without a hash", |p| p.hash.clear()),
    ];
    let desk = desk().await;
    // Typed, so that taking that away shows.
    let plan = desk.plan("scale web 40").await;
    for (what, forge) in forgeries {
        let mut forged = Plan::clone(&plan);
        forge(&mut forged);
        let typed = forged.confirmation().unwrap_or_default().to_owned();
        let refused = desk.carry(Arc::new(forged), &typed).await;
        assert!(matches!(&refused, Carried::Refused(Refusal::Check(t)) if t.contains("nothing was sent")), "{what}: {refused:#?}");
    }
    assert!(desk.writes().is_empty(), "{:?}", desk.writes());
}

#[tokio::test(start_paused = true)]
async fn disarming_between_the_confirmation_and_the_sending_stops_it() {
    for at in ["DescribeServices", "SimulatePrincipalPolicy"] {
        let desk = desk().await;
        let plan = desk.plan("scale web +1").await;
        *desk.disarms.lock().unwrap() = Some(at);
        let refused = desk.carry(plan, "").await;
        assert!(matches!(refused, Carried::Refused(Refusal::ReadOnly(_))), "{at}: {refused:#?}");
        assert!(desk.writes().is_empty(), "{at}: {:?}", desk.writes());
    }
    // Between two calls of one plan: the second stays here, and what the first has done is said.
    let desk = desk().await;
    *desk.disarms.lock().unwrap() = Some("RegisterScalableTarget");
    let run = desk.run("scale control-plane 5 --hold").await;
    let end = run.end.unwrap();
    assert_eq!(end.outcome, Outcome::Failed, "{end:#?}");
    assert!(end.text.contains("no longer armed") && end.text.contains("bounds were set"), "{}", end.text);
    assert_eq!(desk.writes(), [("RegisterScalableTarget".to_owned(), 1)]);
}

/// What was promised when it was confirmed leaves all the same.
#[tokio::test(start_paused = true)]
async fn disarming_does_not_leave_alarms_muted() {
    let desk = desk().await;
    let alarm = desk.world(|w| w.alarms.iter().find(|a| !a.is_scaling()).map(|a| a.name.clone()).unwrap());
    let plan = desk.plan(&format!("alarm-actions off {alarm} --for 10m")).await;
    let authority = desk.authority.clone();
    let running = tokio::spawn(async move { (desk.carry(plan, "").await, desk) });
    sleep(Duration::from_mins(1)).await;
    authority.disarm();
    let (_, desk) = running.await.unwrap();
    sleep(Duration::from_mins(10)).await;
    assert!(desk.world(|w| w.alarms.iter().find(|a| a.name == alarm).unwrap().actions_enabled), "on again");
}

/// One action, what must be there for it to have a plan, and the permissions without which nothing can be sent.
struct Case {
    line: &'static str,
    prepare: fn(&mut World),
    needs: &'static [&'static str],
}

const NOTHING: fn(&mut World) = |_| {};
const SERVICES: &[&str] = &["sts:GetCallerIdentity", "ecs:DescribeServices"];
const TARGETS: &[&str] = &["sts:GetCallerIdentity", "ecs:DescribeServices", "application-autoscaling:DescribeScalableTargets"];
const ALARMS: &[&str] = &["sts:GetCallerIdentity", "cloudwatch:DescribeAlarms"];
const TASKS: &[&str] = &["sts:GetCallerIdentity", "ecs:ListTasks", "ecs:DescribeTasks"];
const BUILDS: &[&str] =
    &["sts:GetCallerIdentity", "codebuild:BatchGetProjects", "codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds"];
const PIPELINE: &[&str] =
    &["sts:GetCallerIdentity", "codepipeline:GetPipelineState", "codepipeline:GetPipeline", "codepipeline:ListPipelineExecutions"];
const ROLLBACK: &[&str] = &["sts:GetCallerIdentity", "ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions"];
const STOP: &[&str] = &["sts:GetCallerIdentity", "ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"];
const ROUTES: &[&str] = &[
    "sts:GetCallerIdentity",
    "elasticloadbalancing:DescribeLoadBalancers",
    "ec2:DescribeSubnets",
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
];
const CDN: &[&str] = &["sts:GetCallerIdentity", "cloudfront:ListDistributions", "cloudfront:GetDistribution"];

const ROWS: &[Case] = &[
    Case { line: "scale web +1", prepare: NOTHING, needs: SERVICES },
    Case { line: "scale web +1 --hold", prepare: NOTHING, needs: TARGETS },
    Case { line: "bounds web 3-7", prepare: NOTHING, needs: TARGETS },
    Case { line: "autoscaling suspend web", prepare: NOTHING, needs: TARGETS },
    Case { line: "autoscaling resume web", prepare: |w| w.scaling.targets.get_mut("web").unwrap().in_suspended = true, needs: TARGETS },
    Case { line: "redeploy web", prepare: NOTHING, needs: SERVICES },
    Case { line: "rollback web", prepare: NOTHING, needs: ROLLBACK },
    Case { line: "rollback web --to {past}", prepare: NOTHING, needs: SERVICES },
    Case {
        line: "stop-deployment web",
        prepare: |w| {
            w.update_service(CLUSTER, "web", UpdateService { force: true, ..UpdateService::default() }).map(|_| ()).unwrap();
        },
        needs: STOP,
    },
    Case { line: "stop-task {task}", prepare: NOTHING, needs: TASKS },
    Case { line: "exec {task}", prepare: NOTHING, needs: TASKS },
    Case { line: "failover db", prepare: NOTHING, needs: &["sts:GetCallerIdentity", "rds:DescribeDBInstances"] },
    Case { line: "failover cache 0001", prepare: NOTHING, needs: &["sts:GetCallerIdentity", "elasticache:DescribeReplicationGroups"] },
    Case { line: "reroute a --via b", prepare: NOTHING, needs: ROUTES },
    Case { line: "alarm-actions off {alarm}", prepare: NOTHING, needs: ALARMS },
    Case {
        line: "alarm-actions on {alarm}",
        prepare: |w| w.alarms.iter_mut().find(|a| !a.is_scaling()).unwrap().actions_enabled = false,
        needs: ALARMS,
    },
    Case { line: "pipeline start", prepare: NOTHING, needs: PIPELINE },
    Case {
        line: "pipeline stop",
        prepare: |w| w.start_pipeline("production-nextcore", None, None, "maya").map(|_| ()).unwrap(),
        needs: PIPELINE,
    },
    Case {
        line: "pipeline retry",
        prepare: |w| {
            w.fail_next_build("production-nextcore-web");
            w.start_pipeline("production-nextcore", None, None, "maya").map(|_| ()).unwrap();
        },
        needs: PIPELINE,
    },
    Case { line: "build start production-nextcore-web", prepare: NOTHING, needs: BUILDS },
    Case { line: "build retry production-nextcore-web", prepare: NOTHING, needs: BUILDS },
    Case {
        line: "build stop production-nextcore-web",
        prepare: |w| {
            let order = StartBuild { project: "production-nextcore-web".into(), initiator: "maya".into(), ..StartBuild::default() };
            w.start_build(order).map(|_| ()).unwrap();
        },
        needs: BUILDS,
    },
    Case { line: "invalidate /static/*", prepare: NOTHING, needs: CDN },
];

/// A permission that only says more than there is to say otherwise: nothing is unknown without it.
const SILENT: &[&str] = &["cloudfront:GetMonitoringSubscription", "elasticloadbalancing:DescribeTargetGroupAttributes"];

/// What every plan reads, one denied after the other: the plan is made and names what it does not know, unless it cannot be sent without.
#[tokio::test(start_paused = true)]
async fn a_side_read_that_is_denied_is_a_line_of_the_plan() {
    let reads = || nextcore_live::aws::action::operations().chain(nextcore_live::aws::source::reads()).filter(|op| op.kind == Kind::Read);
    let iam = |service: &str, operation: &str| {
        let named = || reads().filter(|op| op.operation == operation).map(|op| op.iam);
        let of_service = named().find(|iam| iam.starts_with(&format!("{service}:")));
        of_service.or_else(|| named().next()).unwrap_or_else(|| panic!("{service}:{operation}"))
    };
    let mut wrong = Vec::new();
    for row in ROWS {
        let desk = desk().await;
        desk.world(row.prepare);
        let (task, alarm) = desk.world(|w| (task_of(w, "web"), w.alarms.iter().find(|a| !a.is_scaling()).map(|a| a.name.clone()).unwrap()));
        let mut line = row.line.replace("{task}", &task).replace("{alarm}", &alarm);
        if line.contains("{past}") {
            let plan = desk.plan("rollback web").await;
            line = line.replace("{past}", &plan.changes[0].after);
        }
        // A failed stage takes its time.
        for _ in 0..100 {
            if desk.runner.plan(&request(&line)).await.is_ok() {
                break;
            }
            sleep(Duration::from_secs(15)).await;
        }
        let before: BTreeMap<(String, String), u64> = counts(&desk);
        desk.plan(&line).await;
        let read: Vec<(String, String)> =
            counts(&desk).into_iter().filter(|(key, n)| before.get(key).is_none_or(|b| n > b)).map(|(key, _)| key).collect();
        assert!(read.len() > 2, "{line}: {read:?}");
        for (service, operation) in read {
            let permission = iam(&service, &operation);
            desk.embedded.cloud.faults(|f| f.set(vec![ApiFault::always(&*service, &*operation, FaultKind::AccessDenied)]));
            let planned = desk.runner.plan(&request(&line)).await;
            desk.embedded.cloud.faults(nextcore_sim::Faults::clear);
            let right = match (&planned, row.needs.contains(&permission)) {
                (Err(Refusal::CannotTell(text)), true) => text.contains(permission),
                (Ok(plan), false) => {
                    let said = texts(plan, Verdict::Unknown).iter().any(|t| t.contains(permission));
                    (said || SILENT.contains(&permission)) && !plan.is_refused()
                }
                _ => false,
            };
            if !right {
                let shown = planned.map(|plan| plan.checks.into_iter().map(|c| c.text).collect::<Vec<_>>());
                wrong.push(format!("{line} without {permission}: {shown:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<String> = ROWS.iter().map(|r| parse(&words(&r.line.replace("{task}", "t"))).unwrap().action).collect();
    assert_eq!(tried, ACTIONS.iter().map(|a| a.name.to_owned()).collect::<BTreeSet<_>>(), "every action is tried");
}

fn counts(desk: &Desk) -> BTreeMap<(String, String), u64> {
    desk.embedded.cloud.requests().into_iter().map(|r| ((r.service.to_owned(), r.operation.to_owned()), r.count)).collect()
}

/// And what is denied while a run is watched is left out of the look: the run still comes to its end.
#[tokio::test(start_paused = true)]
async fn a_run_comes_to_its_end_without_what_it_may_not_read() {
    for (line, service, operation) in [
        ("scale web +1", "elbv2", "DescribeTargetHealth"),
        ("failover db", "rds", "DescribeEvents"),
        ("failover cache 0001", "elasticache", "DescribeEvents"),
    ] {
        let desk = desk().await;
        desk.embedded.cloud.faults(|f| f.set(vec![ApiFault::always(service, operation, FaultKind::AccessDenied)]));
        let run = desk.run(line).await;
        let end = run.end.as_ref().unwrap();
        assert_eq!(end.outcome, Outcome::Done, "{line}: {end:#?} {:#?}", run.steps);
    }
}

/// Waits until the scale-in alarm of a service fires and there is room for one more task.
async fn scale_in_fires(desk: &Desk, service: &str) -> u32 {
    for _ in 0..600 {
        let found = desk.world(|w| {
            let alarm = w.scaling.policies[service].alarm_low.clone();
            let fires = w.alarms.iter().any(|a| a.name == alarm && a.state == AlarmState::Alarm);
            let (count, most) = (w.ecs.services[service].desired_count, w.scaling.targets[service].max);
            let policy = &w.scaling.policies[service];
            let cooled = [policy.last_in, policy.last_out].into_iter().flatten().all(|at| w.now - at > 400_000);
            (fires && cooled && count + 1 < most && w.ecs.services[service].deployments.len() == 1).then_some(count)
        });
        if let Some(count) = found {
            return count;
        }
        sleep(Duration::from_secs(30)).await;
    }
    panic!("the scale-in alarm of {service} never fired");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_autoscaling_is_about_to_take_back_is_said_and_told_so() {
    let desk = desk().await;
    let count = scale_in_fires(&desk, "web").await;
    let line = format!("scale web {}", count + 2);
    let plan = desk.plan(&line).await;
    let warned = texts(&plan, Verdict::Warn);
    assert!(
        warned.iter().any(|t| t.contains("scale-in alarm TargetTracking-") && t.contains("is firing") && t.contains("--hold")),
        "{:#?}",
        plan.checks
    );
    assert!(!plan.notes.iter().any(|n| n.contains("15 quiet minutes")), "{:?}", plan.notes);
    // Suspended, the alarm scales nothing.
    desk.world(|w| w.scaling.targets.get_mut("web").unwrap().in_suspended = true);
    let suspended = desk.plan(&line).await;
    assert!(!texts(&suspended, Verdict::Warn).iter().any(|t| t.contains("is firing")), "{:#?}", suspended.checks);
    desk.world(|w| w.scaling.targets.get_mut("web").unwrap().in_suspended = false);
    let held = desk.plan(&format!("{line} --hold")).await;
    assert!(!texts(&held, Verdict::Warn).iter().any(|t| t.contains("will be reverted")), "{:#?}", held.checks);
    let run = desk.run(&line).await;
    let end = run.end.as_ref().unwrap();
    assert_eq!(end.outcome, Outcome::TakenBack, "{end:#?} {:#?}", run.steps);
    assert!(end.text.contains(&format!("autoscaling set it back to {} at ", count + 1)) && end.text.contains("--hold"), "{}", end.text);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_a_firing_scale_out_alarm_takes_back_up_is_said() {
    let desk = desk().await;
    desk.world(|w| {
        let alarm = w.scaling.policies["web"].alarm_high.clone();
        w.alarms.iter_mut().find(|a| a.name == alarm).unwrap().state = AlarmState::Alarm;
    });
    let plan = desk.plan("scale web -1").await;
    let said = |plan: &Plan, words: &str| texts(plan, Verdict::Warn).iter().any(|t| t.contains("scale-out alarm") && t.contains(words));
    assert!(said(&plan, "raised again") && said(&plan, "autoscaling suspend web"), "{:#?}", plan.checks);
    assert!(said(desk.plan("bounds web 2-7").await.as_ref(), "adds tasks within about a minute"), "bounds");
    assert!(said(desk.plan("autoscaling suspend web").await.as_ref(), "no tasks are added while autoscaling is suspended"), "suspend");
}

#[tokio::test(start_paused = true)]
async fn a_count_with_a_digit_too_many_is_warned_priced_and_typed() {
    let desk = desk().await;
    let most = desk.world(|w| w.scaling.targets["web"].max);
    let plan = desk.plan("scale web 99").await;
    let warned = texts(&plan, Verdict::Warn).join("\n");
    assert!(warned.contains(&format!("99 is above autoscaling's max of {most}")), "{warned}");
    assert!(warned.contains("times as many") && warned.contains("a month") && warned.contains('$'), "{warned}");
    assert_eq!((plan.confirmation(), plan.tier), (Some("web"), Tier::T1));
    for typed in ["", "y", "yes", "99"] {
        let refused = desk.carry(Arc::clone(&plan), typed).await;
        assert!(matches!(refused, Carried::Refused(Refusal::Usage(_))), "{typed:?}: {refused:#?}");
    }
    let off = desk.plan("scale web 0").await;
    assert_eq!((off.confirmation(), off.tier), (Some("web"), Tier::T2), "{:#?}", off.checks);
    let wide = desk.plan("bounds web 2-60").await;
    assert_eq!(wide.confirmation(), Some("web"), "{:#?}", wide.checks);
    assert!(texts(&wide, Verdict::Warn).iter().any(|t| t.contains("a month")), "{:#?}", wide.checks);
    let none = desk.plan("bounds web 0-0").await;
    assert_eq!((none.confirmation(), none.tier), (Some("web"), Tier::T2), "{:#?}", none.checks);
    for daily in ["scale web +1", "scale web -1", "bounds web 2-7"] {
        assert_eq!(desk.plan(daily).await.confirmation(), None, "{daily}");
    }
    assert!(desk.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_running_deployment_forbids_says_what_can_be_done_instead() {
    let desk = desk().await;
    desk.world(|w| w.update_service(CLUSTER, "web", UpdateService { force: true, ..UpdateService::default() }).map(|_| ()).unwrap());
    for line in ["rollback web", "redeploy web", "scale web +1"] {
        let plan = desk.plan(line).await;
        assert!(plan.is_refused(), "{line}: {:#?}", plan.checks);
        assert_eq!(plan.instead, Some(request("stop-deployment web")), "{line}");
        let refused = desk.carry(plan, "").await;
        let Carried::Refused(Refusal::Check(text)) = refused else { panic!("{line}: {refused:#?}") };
        assert!(text.contains("next: stop-deployment web"), "{line}: {text}");
    }
}

/// A dashboard on this cloud: the runner as its sessions reach it.
fn dashboard(desk: &Desk) -> (Feed, Engine) {
    let (feed, ends) = channel();
    let setup = desk.embedded.setup_with(&Stack::default(), desk.acts.clone());
    (feed, Engine::start(setup, ends))
}

async fn heard<T>(feed: &mut Feed, minutes: u64, mut wanted: impl FnMut(News) -> Option<T>) -> Option<T> {
    let listen = async {
        while let Some(report) = feed.reports.recv().await {
            if let Report::News(news) = report
                && let Some(found) = wanted(news)
            {
                return Some(found);
            }
        }
        None
    };
    tokio::time::timeout(Duration::from_secs(minutes * 60), listen).await.ok().flatten()
}

fn ended(news: News) -> Option<Arc<Run>> {
    if let News::Running(run) = news { Some(run).filter(|r| r.end.is_some()) } else { None }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stops_being_true_corrects_itself() {
    for is_taken_back in [true, false] {
        let desk = desk().await;
        desk.world(|w| {
            let target = w.scaling.targets.get_mut("web").unwrap();
            (target.in_suspended, target.out_suspended) = (true, true);
        });
        let (mut feed, _engine) = dashboard(&desk);
        feed.orders.send(Order::Plan(request("scale web +1"))).await.unwrap();
        let plan = heard(&mut feed, 2, |news| if let News::Planned(plan) = news { Some(plan) } else { None }).await.unwrap();
        feed.orders.send(Order::Execute(plan, String::new())).await.unwrap();
        let run = heard(&mut feed, 10, ended).await.unwrap();
        assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{run:#?}");
        sleep(Duration::from_mins(1)).await;
        if is_taken_back {
            desk.world(|w| {
                let count = w.ecs.services["web"].desired_count - 1;
                w.update_service(CLUSTER, "web", UpdateService { desired_count: Some(count), ..UpdateService::default() })
                    .map(|_| ())
                    .unwrap();
            });
        }
        let corrected = heard(&mut feed, 6, ended).await;
        let told: Vec<String> = desk
            .acts
            .audit
            .read(None)
            .0
            .into_iter()
            .filter_map(|e| if let Told::End { outcome, .. } = e.told { Some(outcome) } else { None })
            .collect();
        if !is_taken_back {
            assert!(corrected.is_none(), "{corrected:#?}");
            assert_eq!(told, ["done"]);
            continue;
        }
        let end = corrected.expect("an outcome that is not true any more is corrected").end.clone().unwrap();
        assert_eq!(end.outcome, Outcome::TakenBack, "{end:#?}");
        assert!(end.text.starts_with("no longer true: the desired count is "), "{}", end.text);
        assert_eq!(told, ["done", "taken back"]);
    }
}

/// The undo of a run is no correction of it.
#[tokio::test(start_paused = true)]
async fn what_this_dashboard_does_next_is_no_correction() {
    let desk = desk().await;
    let (mut feed, _engine) = dashboard(&desk);
    for line in ["bounds web 2-7", "bounds web 2-6"] {
        feed.orders.send(Order::Plan(request(line))).await.unwrap();
        let plan = heard(&mut feed, 2, |news| if let News::Planned(plan) = news { Some(plan) } else { None }).await.unwrap();
        feed.orders.send(Order::Execute(plan, String::new())).await.unwrap();
        let run = heard(&mut feed, 10, ended).await.unwrap();
        assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Done), "{line}: {run:#?}");
    }
    let corrected = heard(&mut feed, 6, ended).await;
    assert!(corrected.is_none(), "{corrected:#?}");
}
