//! The budget at the wire, in virtual time: whatever a key, a bug or a hostile server asks for, AWS sees a few hundred requests a minute, no
//! poll reads without end, and what was not read is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use nextcore_core::insight;
use nextcore_core::model::action::{parse, words};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::section::{ProblemKind, SectionKey};
use nextcore_core::model::stack::Stack;
use nextcore_core::report;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::connect_in_process;
use nextcore_live::aws::meter::Meter;
use nextcore_live::aws::notice::Notices;
use nextcore_live::aws::source::SOURCES;
use nextcore_live::aws::transport::Body;
use nextcore_live::aws::transport::{Handler, in_process};
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, Feed, Setup, Wish, channel, settled};
use nextcore_sim::{ApiFault, FaultKind};
use nextcore_top::shell::Embedded;
use tokio::time::sleep;

use super::support::{start, watched};

/// What a server may do instead of answering.
type Twist = Arc<dyn Fn(&str, &[u8]) -> Option<http::Response<Body>> + Send + Sync>;

/// The embedded cloud with a twist, watched by an engine; counts what arrives, also what the cloud never sees.
struct Twisted {
    feed: Feed,
    engine: Engine,
    clock: Clock,
    arrived: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Twisted {
    fn start(twist: Twist) -> Self {
        let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
        let arrived: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let (cloud, counts) = (Arc::clone(&embedded.cloud), Arc::clone(&arrived));
        let handler: Handler = Arc::new(move |request| {
            let cloud = Arc::clone(&cloud);
            let target = request.headers().get("x-amz-target").and_then(|t| t.to_str().ok()).and_then(|t| t.rsplit('.').next());
            let operation = target.unwrap_or("other").to_owned();
            *counts.lock().unwrap().entry(operation.clone()).or_default() += 1;
            let twisted = twist(&operation, request.body());
            Box::pin(async move {
                match twisted {
                    Some(response) => response,
                    None => cloud.serve(request).await.map(Body::from_body_1_x),
                }
            })
        });
        let acts = Acts { authority: Authority::new(Mode::Safe), ..Acts::none() };
        let (stack, meter) = (Stack::default(), Meter::default());
        let clients = connect_in_process(in_process(handler), &stack.region, &meter, &acts.authority);
        let setup =
            Setup { clients, stack: Arc::new(stack), clock: embedded.clock.clone(), meter, notices: Notices::default(), jitter: 0, acts };
        let (feed, ends) = channel();
        let engine = Engine::start(setup, ends);
        Self { feed, engine, clock: embedded.clock, arrived }
    }

    fn count(&self, operation: &str) -> u64 {
        self.arrived.lock().unwrap().get(operation).copied().unwrap_or_default()
    }

    fn total(&self) -> u64 {
        self.arrived.lock().unwrap().values().sum()
    }

    fn problem(&self, key: &'static str) -> (Option<ProblemKind>, String) {
        let store = self.feed.store.borrow();
        let problem = store.entry(SectionKey(key)).and_then(|e| e.problem.clone());
        (problem.as_ref().map(|p| p.kind), problem.map(|p| p.headline).unwrap_or_default())
    }
}

fn json(body: impl Into<Body>) -> http::Response<Body> {
    http::Response::builder().status(200).header("content-type", "application/x-amz-json-1.1").body(body.into()).unwrap()
}

/// ListTasks that always has one page more, of tasks in this state (none: in any); counts them.
fn endless(state: &'static str, pages: &Arc<AtomicU64>) -> Twist {
    let page = Arc::clone(pages);
    Arc::new(move |operation, body| {
        (operation == "ListTasks" && String::from_utf8_lossy(body).contains(state)).then(|| {
            let n = page.fetch_add(1, Ordering::SeqCst);
            json(format!(r#"{{"taskArns":["arn:aws:ecs:ap-southeast-2:1:task/c/{n:032x}"],"nextToken":"t{n}"}}"#))
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_list_without_end_is_cut_off_and_said() {
    let pages = Arc::<AtomicU64>::default();
    let cloud = Twisted::start(endless("RUNNING", &pages));
    sleep(Duration::from_secs(25)).await;
    assert_eq!(pages.load(Ordering::SeqCst), 120);
    let (kind, said) = cloud.problem("tasks");
    assert!(kind == Some(ProblemKind::CutOff) && said.contains("more than 120 pages"), "{said}");
    assert!(cloud.total() < 480, "{} requests in 25 s", cloud.total());
    let store = cloud.feed.store.borrow().clone();
    let (stack, now) = (Stack::default(), cloud.clock.now());
    let judgement = insight::judge(&store, &stack, now);
    assert_ne!(report::exit_code(&judgement), 0, "what was not read to the end is not healthy");
    let printed = report::table(&store, &judgement, &stack, now, report::Look::default());
    assert!(printed.contains("more than 120 pages"), "{printed}");
    let document = report::json(&store, &judgement, &stack, now).to_string();
    assert!(document.contains("more than 120 pages"), "{document}");
    // It stays like this: neither is the server asked for ever, nor is anything else forgotten.
    let before = cloud.total();
    sleep(Duration::from_mins(10)).await;
    let per_minute = (cloud.total() - before) / 10;
    assert!(per_minute <= 200, "{per_minute} calls/min");
    let (kind, said) = cloud.problem("services");
    assert_eq!(kind, None, "{said}");
}

#[tokio::test(start_paused = true)]
async fn whatever_has_no_end_stays_within_the_budget() {
    let pages = Arc::<AtomicU64>::default();
    let cloud = Twisted::start(endless("", &pages));
    for _ in 0..4 {
        let before = cloud.total();
        hold_r(&cloud.feed, Duration::from_secs(25)).await;
        let sent = cloud.total() - before;
        assert!(sent < 480, "{sent} requests in 25 s");
    }
    for key in ["tasks", "stopped_tasks"] {
        let (kind, said) = cloud.problem(key);
        assert!(matches!(kind, Some(ProblemKind::CutOff | ProblemKind::Held)), "{key}: {kind:?} {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_names_itself_as_the_next_is_asked_twice_and_no_more() {
    let cloud = Twisted::start(Arc::new(|operation, _| (operation == "ListTasks").then(|| json(r#"{"taskArns":[],"nextToken":"again"}"#))));
    sleep(Duration::from_secs(25)).await;
    assert_eq!(cloud.count("ListTasks"), 2 * 2, "two sections, each asked twice");
    let (kind, said) = cloud.problem("tasks");
    assert!(kind == Some(ProblemKind::CutOff) && said.contains("repeats after"), "{said}");
}

/// A body of so many MiB, made while it is read; counts what was taken of it.
fn body(mib: u64, taken: &Arc<AtomicU64>) -> Body {
    let (taken, chunk) = (Arc::clone(taken), Bytes::from(vec![b' '; 1 << 16]));
    let mut left = mib * 16;
    let stream = futures_util::stream::poll_fn(move |_| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        taken.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        Poll::Ready(Some(Ok::<_, std::io::Error>(Frame::data(chunk.clone()))))
    });
    Body::from_body_1_x(StreamBody::new(stream))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_cut_off_while_it_is_read() {
    let taken = Arc::new(AtomicU64::new(0));
    let of_body = Arc::clone(&taken);
    let cloud = Twisted::start(Arc::new(move |operation, _| (operation == "DescribeServices").then(|| json(body(50, &of_body)))));
    sleep(Duration::from_secs(10)).await;
    let asked = cloud.count("DescribeServices");
    assert_eq!(asked, 1, "what was too large is not asked for again at once");
    let mib = taken.load(Ordering::SeqCst) as f64 / f64::from(1 << 20);
    assert!(mib < 8.2, "{mib} MiB were taken of 50");
    let (kind, said) = cloud.problem("services");
    assert!(kind == Some(ProblemKind::CutOff) && said.contains("larger than 8 MiB"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_one_poll_are_bounded_together() {
    let (taken, page) = (Arc::new(AtomicU64::new(0)), AtomicU64::new(0));
    let of_body = Arc::clone(&taken);
    let twist: Twist = Arc::new(move |operation, _| {
        (operation == "ListTasks").then(|| {
            let n = page.fetch_add(1, Ordering::SeqCst);
            let head = Bytes::from(format!(r#"{{"nextToken":"t{n}","taskArns":["#));
            let (mut parts, taken) = (vec![Bytes::from_static(b"]}"), Bytes::from(vec![b' '; 7 << 20]), head], Arc::clone(&of_body));
            let stream = futures_util::stream::poll_fn(move |_| {
                let part = parts.pop();
                taken.fetch_add(part.as_ref().map_or(0, Bytes::len) as u64, Ordering::SeqCst);
                Poll::Ready(part.map(|p| Ok::<_, std::io::Error>(Frame::data(p))))
            });
            json(Body::from_body_1_x(StreamBody::new(stream)))
        })
    });
    let cloud = Twisted::start(twist);
    sleep(Duration::from_secs(10)).await;
    let (kind, said) = cloud.problem("tasks");
    assert!(kind == Some(ProblemKind::CutOff) && said.contains("64 MiB in total"), "{said}");
    let mib = taken.load(Ordering::SeqCst) >> 20;
    assert!(mib <= 2 * 72, "{mib} MiB were taken by two polls");
}

/// Every key of the screen, asked for thirty times a second.
async fn hold_r(feed: &Feed, span: Duration) {
    let keys: BTreeSet<SectionKey> = SOURCES.iter().map(|row| row.key).collect();
    for _ in 0..span.as_millis() / 33 {
        feed.wishes.make(Wish::Refresh(keys.clone()));
        sleep(Duration::from_millis(33)).await;
    }
}

fn sent(embedded: &Embedded) -> BTreeMap<String, u64> {
    embedded.cloud.requests().into_iter().map(|r| (format!("{}:{}", r.service, r.operation), r.count)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refresh_held_down_has_a_floor_and_keeps_the_back_off() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    embedded.cloud.faults(|f| {
        f.add(ApiFault::always("elasticache", "DescribeReplicationGroups", FaultKind::Throttle));
        f.add(ApiFault::always("rds", "DescribeDBInstances", FaultKind::AccessDenied));
    });
    // Both have met their fault.
    sleep(Duration::from_secs(40)).await;
    let before = sent(&embedded);
    hold_r(&feed, Duration::from_mins(1)).await;
    let after = sent(&embedded);
    let of = |name: &str| after.get(name).copied().unwrap_or_default() - before.get(name).copied().unwrap_or_default();
    let all = after.values().sum::<u64>() - before.values().sum::<u64>();
    println!("{all} requests in a minute of R");
    assert!(all <= 520, "{all} requests in a minute");
    assert!(of("elasticache:DescribeReplicationGroups") <= 3, "throttled, and asked {} times", of("elasticache:DescribeReplicationGroups"));
    assert!(of("rds:DescribeDBInstances") <= 3, "denied, and asked {} times", of("rds:DescribeDBInstances"));
    assert!(of("ecs:DescribeServices") <= 31, "{}", of("ecs:DescribeServices"));
    // Two regions, each at most every 30 s.
    assert!(of("cloudwatch:GetMetricData") <= 6, "{} paid requests", of("cloudwatch:GetMetricData"));
    // Neither throttled by AWS nor lost: what was held back comes back by itself.
    embedded.cloud.faults(nextcore_sim::Faults::clear);
    sleep(Duration::from_mins(11)).await;
    let store = feed.store.borrow_and_update().clone();
    for (key, entry) in store.entries() {
        assert!(entry.value.is_some() && entry.problem.is_none(), "{key}: {:?}", entry.problem);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_asks_at_once_for_what_was_not_just_asked() {
    let (embedded, mut feed, _engine) = watched(7);
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    sleep(Duration::from_secs(40)).await;
    let before = sent(&embedded)["ec2:DescribeVpcs"];
    hold_r(&feed, Duration::from_millis(200)).await;
    assert_eq!(sent(&embedded)["ec2:DescribeVpcs"], before + 1, "once, at once");
}

/// What is slow to answer or lists without end costs the polls, never a plan.
#[tokio::test(start_paused = true)]
async fn polls_do_not_starve_a_plan() {
    let cloud = Twisted::start(Arc::new(|_, _| None));
    let mut feed = cloud.feed;
    settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
    hold_r(&feed, Duration::from_mins(2)).await;
    let request = parse(&words("scale web +1")).unwrap();
    for _ in 0..5 {
        let plan = cloud.engine.runner().plan(&request).await;
        assert!(plan.is_ok(), "{plan:?}");
        hold_r(&feed, Duration::from_secs(2)).await;
    }
}

/// The demo at any pace has the same schedule: its budget runs with its clock.
#[tokio::test(start_paused = true)]
async fn a_fast_clock_does_not_trip_the_budget() {
    for speed in [1.0, 20.0] {
        let embedded = Embedded::new(7, Clock::virtual_from(start(), speed));
        let (mut feed, ends) = channel();
        let _engine = Engine::start(embedded.setup(&Stack::default()), ends);
        settled(&mut feed, &Stack::default(), Duration::from_secs(5)).await;
        for _ in 0..60 {
            sleep(Duration::from_mins(1).div_f64(speed)).await;
            let store = feed.store.borrow_and_update().clone();
            let held: Vec<_> = store.entries().filter(|(_, e)| e.problem.is_some()).map(|(k, e)| (k, e.problem.clone())).collect();
            assert!(held.is_empty(), "speed {speed}: {held:?}");
        }
    }
}
