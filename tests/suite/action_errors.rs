//! Every error that AWS may answer an action with, and answers that never come: what the run says of it, what the audit log
//! keeps, and that nothing is sent twice. The one write is answered here, in the words of its protocol, written by hand and
//! not by the embedded cloud; everything else goes on to the embedded cloud.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_cbor::Encoder;
use nextcore_core::model::action::{ACTIONS, parse, words};
use nextcore_core::model::audit::{Told, Who};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::plan::{Outcome, Plan, Run};
use nextcore_core::model::stack::Stack;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::connect_in_process;
use nextcore_live::aws::op::Kind;
use nextcore_live::aws::transport::Body;
use nextcore_live::aws::transport::{Handler, in_process};
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::action::{Acts, Carried, Report, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::obligation::files::Files;
use nextcore_sim::service::APIS;
use nextcore_sim::wire::Call;
use nextcore_sim::world::{StartBuild, UpdateService, World};
use nextcore_top::shell::Embedded;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::support::{calm, start, task_of};

/// What AWS says beside the code; the answer's own words must reach the person.
const SAID: &str = "this is what AWS said about it";

/// How a service writes its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Json,
    Query,
    Ec2,
    Xml,
    Cbor,
}

/// What becomes of the one write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It is answered with this error and does not happen.
    Refused(Wire, &'static str, u16),
    /// It happens; the answer comes after so long.
    Late(Duration),
    /// It never arrives, and nobody says so.
    Lost,
    /// It happens, and its answer never comes.
    Swallowed,
    /// The same, and for so long afterwards nothing can be read: the session is over, and being renewed.
    Blind(Duration),
}

/// One action and the errors of its operation.
struct Case {
    line: &'static str,
    operation: &'static str,
    wire: Wire,
    /// What must be there for it to have a plan.
    prepare: fn(&mut World),
    errors: &'static [(&'static str, u16)],
}

const ECS_SCALE: &[(&str, u16)] = &[
    ("ServiceNotFoundException", 400),
    ("ServiceNotActiveException", 400),
    ("ClusterNotFoundException", 400),
    ("InvalidParameterException", 400),
    ("ClientException", 400),
    // What any action can be answered, once for the protocol.
    ("AccessDeniedException", 400),
    ("ThrottlingException", 400),
    ("TooManyRequestsException", 400),
    ("ExpiredTokenException", 400),
    ("UnrecognizedClientException", 400),
    ("ValidationException", 400),
];
/// `ConcurrentUpdateException` travels as 500 and is a refusal all the same.
const AUTOSCALING: &[(&str, u16)] = &[("ValidationException", 400), ("ConcurrentUpdateException", 500), ("LimitExceededException", 400)];
const PIPELINE_STOP: &[(&str, u16)] = &[
    ("PipelineNotFoundException", 400),
    ("PipelineExecutionNotStoppableException", 400),
    ("DuplicatedStopRequestException", 400),
    ("ConflictException", 400),
];
const BUILD: &[(&str, u16)] = &[("ResourceNotFoundException", 400), ("InvalidInputException", 400), ("AccountLimitExceededException", 400)];
const ALARM: &[(&str, u16)] = &[
    ("AccessDenied", 403),
    ("Throttling", 400),
    ("ExpiredToken", 403),
    ("ValidationError", 400),
    ("InvalidClientTokenId", 403),
    ("ResourceNotFound", 404),
];

/// Those that need something to be under way come last: all are tried on one world, which none of them changes.
const ROWS: &[Case] = &[
    Case { line: "scale web +1", operation: "UpdateService", wire: Wire::Json, prepare: |_| {}, errors: ECS_SCALE },
    Case { line: "bounds web 3-7", operation: "RegisterScalableTarget", wire: Wire::Json, prepare: |_| {}, errors: AUTOSCALING },
    Case { line: "autoscaling suspend web", operation: "RegisterScalableTarget", wire: Wire::Json, prepare: |_| {}, errors: AUTOSCALING },
    Case {
        line: "redeploy web",
        operation: "UpdateService",
        wire: Wire::Json,
        prepare: |_| {},
        errors: &[
            ("ServiceNotFoundException", 400),
            ("ServiceNotActiveException", 400),
            ("ClusterNotFoundException", 400),
            ("InvalidParameterException", 400),
            ("ClientException", 400),
            ("PlatformUnknownException", 400),
            ("PlatformTaskDefinitionIncompatibilityException", 400),
            ("UnsupportedFeatureException", 400),
        ],
    },
    Case {
        line: "rollback web",
        operation: "UpdateService",
        wire: Wire::Json,
        prepare: |_| {},
        errors: &[("ClientException", 400), ("InvalidParameterException", 400), ("ServiceNotActiveException", 400)],
    },
    Case {
        line: "stop-task {task}",
        operation: "StopTask",
        wire: Wire::Json,
        prepare: |_| {},
        errors: &[("InvalidParameterException", 400), ("ClusterNotFoundException", 400), ("ClientException", 400)],
    },
    Case {
        line: "exec {task}",
        operation: "ExecuteCommand",
        wire: Wire::Json,
        prepare: |_| {},
        errors: &[("TargetNotConnectedException", 400), ("InvalidParameterException", 400), ("ClientException", 400)],
    },
    Case {
        line: "failover db",
        operation: "RebootDBInstance",
        wire: Wire::Query,
        prepare: |_| {},
        errors: &[
            ("InvalidDBInstanceState", 400),
            ("DBInstanceNotFound", 404),
            ("KMSKeyNotAccessibleFault", 400),
            ("InvalidParameterCombination", 400),
            ("AccessDenied", 403),
            ("AuthorizationError", 403),
            ("NotAuthorized", 400),
            ("Throttling", 400),
            ("ExpiredToken", 403),
            ("SignatureDoesNotMatch", 403),
            ("ValidationError", 400),
        ],
    },
    Case {
        line: "failover cache 0001",
        operation: "TestFailover",
        wire: Wire::Query,
        prepare: |_| {},
        errors: &[
            ("TestFailoverNotAvailableFault", 400),
            ("APICallRateForCustomerExceeded", 400),
            ("InvalidReplicationGroupState", 400),
            ("InvalidCacheClusterState", 400),
            ("NodeGroupNotFoundFault", 404),
            ("ReplicationGroupNotFoundFault", 404),
            ("InvalidParameterCombination", 400),
        ],
    },
    Case {
        line: "reroute a --via b",
        operation: "ReplaceRoute",
        wire: Wire::Ec2,
        prepare: |_| {},
        errors: &[
            ("InvalidRoute.NotFound", 400),
            ("InvalidNatGatewayID.NotFound", 400),
            ("UnauthorizedOperation", 403),
            ("DryRunOperation", 412),
            ("RequestLimitExceeded", 503),
            ("RequestExpired", 400),
            ("AuthFailure", 401),
            ("ValidationError", 400),
        ],
    },
    Case {
        line: "alarm-actions off {alarm} --for 10m",
        operation: "DisableAlarmActions",
        wire: Wire::Cbor,
        prepare: |_| {},
        errors: ALARM,
    },
    Case {
        line: "pipeline start",
        operation: "StartPipelineExecution",
        wire: Wire::Json,
        prepare: |_| {},
        errors: &[
            ("PipelineNotFoundException", 400),
            ("ConflictException", 400),
            ("ConcurrentPipelineExecutionsLimitExceededException", 400),
        ],
    },
    Case { line: "build start production-nextcore-web", operation: "StartBuild", wire: Wire::Json, prepare: |_| {}, errors: BUILD },
    Case { line: "build retry production-nextcore-web", operation: "RetryBuild", wire: Wire::Json, prepare: |_| {}, errors: BUILD },
    Case {
        line: "invalidate /static/* /media/*",
        operation: "CreateInvalidation",
        wire: Wire::Xml,
        prepare: |_| {},
        errors: &[
            ("TooManyInvalidationsInProgress", 400),
            ("BatchTooLarge", 413),
            ("InconsistentQuantities", 400),
            ("NoSuchDistribution", 404),
            ("InvalidArgument", 400),
            ("AccessDenied", 403),
            ("Throttling", 400),
            ("ExpiredToken", 403),
            ("ValidationError", 400),
        ],
    },
    Case {
        line: "autoscaling resume web",
        operation: "RegisterScalableTarget",
        wire: Wire::Json,
        prepare: |w| w.scaling.targets.get_mut("web").unwrap().in_suspended = true,
        errors: AUTOSCALING,
    },
    Case {
        line: "alarm-actions on {alarm}",
        operation: "EnableAlarmActions",
        wire: Wire::Cbor,
        prepare: |w| w.alarms.iter_mut().find(|a| !a.is_scaling()).unwrap().actions_enabled = false,
        errors: ALARM,
    },
    Case {
        line: "build stop production-nextcore-web",
        operation: "StopBuild",
        wire: Wire::Json,
        prepare: |w| {
            let order = StartBuild { project: "production-nextcore-web".into(), initiator: "maya".into(), ..StartBuild::default() };
            w.start_build(order).map(|_| ()).unwrap();
        },
        errors: &[("ResourceNotFoundException", 400), ("InvalidInputException", 400)],
    },
    Case {
        line: "stop-deployment web",
        operation: "StopServiceDeployment",
        wire: Wire::Json,
        prepare: |w| {
            let redeploy = UpdateService { force: true, ..UpdateService::default() };
            w.update_service("production-nextcore", "web", redeploy).map(|_| ()).unwrap();
        },
        errors: &[
            ("ConflictException", 400),
            ("ServiceDeploymentNotFoundException", 400),
            ("UnsupportedFeatureException", 400),
            ("InvalidParameterException", 400),
        ],
    },
    Case {
        line: "pipeline retry",
        operation: "RetryStageExecution",
        wire: Wire::Json,
        prepare: |w| {
            w.fail_next_build("production-nextcore-web");
            w.start_pipeline("production-nextcore", None, None, "maya").map(|_| ()).unwrap();
        },
        errors: &[
            ("StageNotRetryableException", 400),
            ("NotLatestPipelineExecutionException", 400),
            ("StageNotFoundException", 400),
            ("ConflictException", 400),
            ("UnableToRollbackStageException", 400),
        ],
    },
    Case {
        line: "pipeline stop",
        operation: "StopPipelineExecution",
        wire: Wire::Json,
        prepare: |w| w.start_pipeline("production-nextcore", None, None, "maya").map(|_| ()).unwrap(),
        errors: PIPELINE_STOP,
    },
];

/// Refusals whose words are ours: what is missing is said by the name of the permission.
const DENIED: &[&str] = &["AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"];
const EXPIRED: &[&str] = &["ExpiredTokenException", "ExpiredToken", "RequestExpired"];

fn error(wire: Wire, code: &str, status: u16) -> http::Response<Body> {
    let sender = if status < 500 { "Sender" } else { "Receiver" };
    let xml = format!(
        "<?xml version=\"1.0\"?><ErrorResponse><Error><Type>{sender}</Type><Code>{code}</Code><Message>{SAID}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    );
    let (content_type, body) = match wire {
        // A name space before the code, as ECS has.
        Wire::Json => {
            ("application/x-amz-json-1.1", format!("{{\"__type\":\"com.amazonaws.service#{code}\",\"message\":\"{SAID}\"}}").into_bytes())
        }
        Wire::Query => ("text/xml", xml.into_bytes()),
        Wire::Xml => ("application/xml", xml.into_bytes()),
        Wire::Ec2 => (
            "text/xml;charset=UTF-8",
            format!("<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>{SAID}</Message></Error></Errors><RequestID>r-1</RequestID></Response>").into_bytes(),
        ),
        Wire::Cbor => {
            let mut encoder = Encoder::new(Vec::new());
            encoder.map(2).str("__type").str(&format!("com.amazonaws.cloudwatch#{code}")).str("message").str(SAID);
            ("application/cbor", encoder.into_writer())
        }
    };
    let mut response = http::Response::builder().status(status).header("content-type", content_type).header("x-amzn-requestid", "r-1");
    if wire == Wire::Cbor {
        response = response.header("smithy-protocol", "rpc-v2-cbor").header("x-amzn-query-error", format!("{code};{sender}"));
    }
    response.body(Body::from(body)).unwrap()
}

/// The wire between a runner and its embedded cloud.
#[derive(Default)]
pub(super) struct Tap {
    fate: Mutex<Option<(&'static str, Fate)>>,
    sent: Mutex<Vec<String>>,
    blind_until: Mutex<Option<tokio::time::Instant>>,
}

impl Tap {
    fn handler(self: &Arc<Self>, embedded: &Embedded) -> Handler {
        let (tap, cloud) = (Arc::clone(self), Arc::clone(&embedded.cloud));
        Arc::new(move |request| {
            let operation = Call::decode(&request, APIS).operation;
            let fate = tap.fate.lock().unwrap().filter(|(of, _)| *of == operation).map(|(_, fate)| fate);
            tap.sent.lock().unwrap().push(operation);
            let blind = tap.blind_until.lock().unwrap().is_some_and(|until| tokio::time::Instant::now() < until);
            if let Some(Fate::Blind(span)) = fate {
                *tap.blind_until.lock().unwrap() = Some(tokio::time::Instant::now() + span);
            }
            let cloud = Arc::clone(&cloud);
            Box::pin(async move {
                match fate {
                    None if blind => error(Wire::Json, "ExpiredTokenException", 400),
                    None => cloud.serve(request).await.map(Body::from_body_1_x),
                    Some(Fate::Refused(wire, code, status)) => error(wire, code, status),
                    Some(Fate::Late(span)) => {
                        let answer = cloud.serve(request).await.map(Body::from_body_1_x);
                        sleep(span).await;
                        answer
                    }
                    Some(Fate::Lost) => std::future::pending().await,
                    Some(Fate::Swallowed | Fate::Blind(_)) => {
                        cloud.serve(request).await;
                        std::future::pending().await
                    }
                }
            })
        })
    }

    /// From now on, and forgets what was sent.
    pub(super) fn fate(&self, operation: &'static str, fate: Fate) {
        *self.fate.lock().unwrap() = Some((operation, fate));
        self.sent.lock().unwrap().clear();
    }

    /// Nothing is held back any more.
    pub(super) fn mend(&self) {
        *self.fate.lock().unwrap() = None;
    }

    /// The writes that left, in their order.
    pub(super) fn writes(&self) -> Vec<String> {
        let writes: BTreeSet<&str> =
            nextcore_live::aws::action::operations().filter(|op| op.kind == Kind::Write).map(|op| op.operation).collect();
        self.sent.lock().unwrap().iter().filter(|op| writes.contains(op.as_str())).cloned().collect()
    }
}

pub(super) struct Desk {
    pub(super) embedded: Embedded,
    pub(super) tap: Arc<Tap>,
    pub(super) runner: Runner,
    pub(super) audit: Audit,
    authority: Authority,
}

/// An armed runner on a world at rest.
pub(super) async fn desk() -> Desk {
    desk_with(Files::memory()).await
}

/// The same, with another place for what is owed.
pub(super) async fn desk_with(obligations: Files) -> Desk {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    let (tap, audit) = (Arc::new(Tap::default()), Audit::memory());
    let authority = Authority::new(Mode::Armed);
    let acts = Acts {
        authority: authority.clone(),
        audit: audit.clone(),
        who: Who { user: "maya".into(), ..Who::default() },
        has_session_plugin: true,
        obligations,
        ..Acts::none()
    };
    let setup = embedded.setup_with(&Stack::default(), acts);
    let clients = connect_in_process(in_process(tap.handler(&embedded)), &setup.stack.region, &setup.meter, &setup.acts.authority);
    let store = watch::channel(Arc::default()).1;
    let tools = Tools { clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store };
    calm(&embedded).await;
    Desk { embedded, tap, runner: Runner::new(tools), audit, authority }
}

impl Desk {
    /// The line with the ids of this world in it.
    pub(super) fn line(&self, line: &str) -> String {
        let (task, alarm) = self.embedded.cloud.world(|w| {
            let alarm = w.alarms.iter().find(|a| !a.is_scaling()).map(|a| a.name.clone()).unwrap();
            (task_of(w, "web"), alarm)
        });
        line.replace("{task}", &task).replace("{alarm}", &alarm)
    }

    /// A plan that nothing forbids, as soon as there is one.
    pub(super) async fn plan(&self, line: &str) -> Arc<Plan> {
        let mut last = String::new();
        for _ in 0..120 {
            match self.runner.plan(&parse(&words(line)).unwrap()).await {
                Ok(plan) if !plan.is_refused() => return Arc::new(plan),
                other => last = format!("{other:#?}"),
            }
            sleep(Duration::from_secs(15)).await;
        }
        panic!("{line}: never a plan: {last}");
    }

    pub(super) async fn run(&self, line: &str) -> Run {
        // A table of errors takes longer than an arming.
        self.authority.arm().unwrap();
        let plan = self.plan(line).await;
        let typed = plan.confirmation().unwrap_or_default().to_owned();
        let (reports, mut inbox) = mpsc::channel::<Report>(64);
        let reading = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
        let carried = self.runner.carry_out(plan, &typed, &reports).await;
        drop(reports);
        reading.await.unwrap();
        match carried {
            Carried::Ended(run) => *run,
            other => panic!("{line}: {other:#?}"),
        }
    }

    /// The audit log's lines of a run: the word, and the result or outcome.
    fn told(&self, run: &Run) -> Vec<(&'static str, String)> {
        // What an action owes is `obligations`' to look at.
        let is_own = |told: &Told| !matches!(told, Told::Owed { .. } | Told::Later { .. } | Told::Settled { .. });
        let of_run = self.audit.read(None).0.into_iter().filter(|e| e.id == run.id && is_own(&e.told));
        let with = |told: &Told| match told {
            Told::Outcome { result, .. } | Told::Later { result, .. } => result.clone(),
            Told::End { outcome, .. } => outcome.clone(),
            _ => String::new(),
        };
        of_run.map(|e| (e.told.word(), with(&e.told))).collect()
    }

    /// How many writes have reached the world over the wire.
    fn arrived(&self) -> u64 {
        self.embedded.cloud.requests().iter().filter(|r| r.is_write).map(|r| r.count).sum()
    }
}

fn lines(parts: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    parts.iter().map(|(word, with)| (*word, (*with).to_owned())).collect()
}

#[track_caller]
fn told_truly(what: &str, code: &str, text: &str) {
    let expected = if DENIED.contains(&code) { "access denied; allow " } else { code };
    assert!(text.contains(expected) || text.contains(SAID), "{what}: {text}");
    if EXPIRED.contains(&code) {
        assert!(text.contains("renew them"), "{what}: {text}");
    }
    for false_promise in ["retried automatically", "retried at a slower pace", "polled less often"] {
        assert!(!text.contains(false_promise), "{what}: an action is never sent again: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_aws_refuses_an_action_with_it_has_failed_and_was_sent_once() {
    let desk = desk().await;
    for row in ROWS {
        desk.embedded.cloud.world(row.prepare);
        let line = desk.line(row.line);
        desk.plan(&line).await;
        for &(code, status) in row.errors {
            let what = format!("{line}: {code} {status}");
            desk.tap.fate(row.operation, Fate::Refused(row.wire, code, status));
            let run = desk.run(&line).await;
            let end = run.end.as_ref().unwrap();
            assert_eq!(end.outcome, Outcome::Failed, "{what}: {end:#?}");
            told_truly(&what, code, &end.text);
            assert!(end.next.contains("nothing changed on"), "{what}: {}", end.next);
            assert_eq!(desk.tap.writes(), [row.operation], "{what}: exactly one request");
            assert_eq!(desk.told(&run), lines(&[("intent", ""), ("outcome", "failed"), ("end", "failed")]), "{what}");
            assert_eq!(desk.arrived(), 0, "{what}: the world has not seen it");
        }
    }
}

/// A server's failure says nothing about whether it happened.
#[tokio::test(start_paused = true)]
async fn a_failure_of_the_service_itself_is_unknown_and_sent_once() {
    let desk = desk().await;
    for (line, operation, wire, code, status) in [
        ("bounds web 3-7", "RegisterScalableTarget", Wire::Json, "InternalServiceException", 500),
        ("scale web +1", "UpdateService", Wire::Json, "ServerException", 500),
        ("failover db", "RebootDBInstance", Wire::Query, "InternalFailure", 500),
        ("reroute a --via b", "ReplaceRoute", Wire::Ec2, "Unavailable", 503),
        ("invalidate /static/*", "CreateInvalidation", Wire::Xml, "ServiceUnavailable", 503),
        ("alarm-actions off {alarm} --for 10m", "DisableAlarmActions", Wire::Cbor, "InternalFailure", 500),
    ] {
        let line = desk.line(line);
        desk.tap.fate(operation, Fate::Refused(wire, code, status));
        let run = desk.run(&line).await;
        let end = run.end.as_ref().unwrap();
        assert_eq!(end.outcome, Outcome::Unknown, "{line}: {end:#?}");
        told_truly(&line, code, &end.text);
        assert!(end.text.contains("not retried") && end.text.contains("checked: "), "{line}: {}", end.text);
        assert_eq!(desk.tap.writes(), [operation], "{line}");
        assert_eq!(desk.told(&run), lines(&[("intent", ""), ("outcome", "unknown"), ("end", "unknown")]), "{line}");
        assert_eq!(desk.arrived(), 0, "{line}");
    }
}

/// One action of each protocol; `None`: the cloud does not show whose it is, so that nothing is guessed.
const LOSSES: &[(&str, &str, Option<&[&str]>)] = &[
    ("scale web +1", "UpdateService", Some(&["UpdateService"])),
    ("failover db", "RebootDBInstance", Some(&["RebootDBInstance"])),
    ("reroute a --via b", "ReplaceRoute", Some(&["ReplaceRoute"])),
    ("alarm-actions off {alarm} --for 10m", "DisableAlarmActions", Some(&["DisableAlarmActions"])),
    ("invalidate /lost/*", "CreateInvalidation", None),
];

#[tokio::test(start_paused = true)]
async fn a_request_that_never_arrives_is_unknown_and_not_sent_again() {
    let desk = desk().await;
    for (line, operation, _) in LOSSES {
        let line = desk.line(line);
        desk.tap.fate(operation, Fate::Lost);
        let run = desk.run(&line).await;
        let end = run.end.as_ref().unwrap();
        assert_eq!(end.outcome, Outcome::Unknown, "{line}: {end:#?}");
        assert!(end.text.contains("timed out") && end.text.contains("not retried"), "{line}: {}", end.text);
        assert_eq!(desk.tap.writes(), [*operation], "{line}");
        assert_eq!(desk.told(&run), lines(&[("intent", ""), ("outcome", "unknown"), ("end", "unknown")]), "{line}");
        assert_eq!(desk.arrived(), 0, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_answer_is_lost_is_read_again_and_followed_to_its_end() {
    for (line, operation, seen) in LOSSES {
        let desk = desk().await;
        let line = desk.line(line);
        desk.tap.fate(operation, Fate::Swallowed);
        let run = desk.run(&line).await;
        let end = run.end.as_ref().unwrap();
        let Some(writes) = seen else {
            assert_eq!(end.outcome, Outcome::Unknown, "{line}: {end:#?}");
            assert_eq!(desk.tap.writes(), [*operation], "{line}");
            continue;
        };
        assert_eq!(end.outcome, Outcome::Done, "{line}: {end:#?}");
        assert!(!end.text.contains("someone else"), "{line}: {}", end.text);
        assert_eq!(desk.tap.writes(), *writes, "{line}");
        let told: Vec<_> = desk.told(&run).into_iter().filter(|(word, _)| *word != "later").collect();
        assert_eq!(told, lines(&[("intent", ""), ("outcome", "unknown"), ("end", "done")]), "{line}");
    }
}

/// Credentials that are renewed meanwhile: what was sent has not failed, and is followed as soon as anything can be read.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_an_action_is_sent_leaves_its_outcome_open_until_it_is_seen() {
    let desk = desk().await;
    desk.tap.fate("UpdateService", Fate::Blind(Duration::from_mins(1)));
    let run = desk.run("scale web +1").await;
    let end = run.end.as_ref().unwrap();
    assert_eq!(end.outcome, Outcome::Done, "{end:#?}");
    assert_eq!(desk.tap.writes(), ["UpdateService"]);
    assert_eq!(desk.told(&run), lines(&[("intent", ""), ("outcome", "unknown"), ("end", "done")]));
    let said = desk.audit.read(None).0.into_iter().find_map(|e| if let Told::Outcome { text, .. } = e.told { Some(text) } else { None });
    assert!(said.as_ref().is_some_and(|text| text.contains("outcome not known yet")), "{said:?}");
}

/// The bounds of a hold are set and stay set when the count is refused: that is said, and not that nothing has changed.
#[tokio::test(start_paused = true)]
async fn half_of_a_hold_is_told_as_half() {
    let desk = desk().await;
    desk.tap.fate("UpdateService", Fate::Refused(Wire::Json, "ClientException", 400));
    let run = desk.run("scale control-plane 5 --hold").await;
    let end = run.end.as_ref().unwrap();
    assert_eq!(end.outcome, Outcome::Failed, "{end:#?}");
    assert!(end.text.contains("ClientException") && end.text.contains("the autoscaling bounds were set"), "{}", end.text);
    assert!(!end.next.contains("nothing changed on"), "{}", end.next);
    assert_eq!(desk.tap.writes(), ["RegisterScalableTarget", "UpdateService"]);
    let (least, count) =
        desk.embedded.cloud.world(|w| (w.scaling.targets["control-plane"].min, w.ecs.services["control-plane"].desired_count));
    assert!(least == 5 && count >= 5, "RegisterScalableTarget clamps at once: {least} {count}");
    assert_eq!(desk.told(&run), lines(&[("intent", ""), ("outcome", "failed"), ("end", "failed")]));
}

/// And when the bounds are refused, the count is never sent.
#[tokio::test(start_paused = true)]
async fn a_hold_whose_bounds_are_refused_scales_nothing() {
    let desk = desk().await;
    desk.tap.fate("RegisterScalableTarget", Fate::Refused(Wire::Json, "ValidationException", 400));
    let run = desk.run("scale control-plane 5 --hold").await;
    assert_eq!(run.end.as_ref().map(|e| e.outcome), Some(Outcome::Failed));
    assert_eq!(desk.tap.writes(), ["RegisterScalableTarget"]);
    assert_eq!(desk.arrived(), 0);
}

#[test]
fn no_action_is_left_out_of_the_table_of_errors() {
    let tried: BTreeSet<String> = ROWS.iter().map(|r| parse(&words(r.line)).unwrap().action).collect();
    let all: BTreeSet<String> = ACTIONS.iter().map(|a| a.name.to_owned()).collect();
    assert_eq!(tried, all);
}
