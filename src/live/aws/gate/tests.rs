//! The gate at the wire: nothing outside the tables leaves this process, whichever client tries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::aws::authority::{Authority, Ticket};
use crate::aws::gate::{AllowList, Gate, GatedClient};
use crate::aws::meter::Meter;
use crate::aws::op::{Kind, Op, Scope};
use crate::aws::source::reads;
use crate::aws::transport::Body;
use crate::aws::transport::{Handler, in_process};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::region::Region;
use nextcore_core::model::mode::Mode;

/// An HTTP client that counts what reaches it and answers with an empty JSON object.
fn counting() -> (SharedHttpClient, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let handler: Handler = Arc::new(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        assert!(request.headers().keys().all(|k| !k.as_str().starts_with("x-nextcore")), "the stamp must not leave the process");
        Box::pin(async { http::Response::builder().status(200).body(Body::from(r#"{"services":[],"failures":[]}"#)).unwrap() })
    });
    (in_process(handler), count)
}

fn config(http: SharedHttpClient) -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new("ap-southeast-2"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(http)
}

fn viewer() -> Authority {
    Authority::new(Mode::Viewer)
}

fn gated(http: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(GatedClient::new(http, AllowList::of(reads(), &viewer()), Meter::default()))
}

#[tokio::test]
async fn a_read_of_the_tables_goes_through_and_a_write_does_not() {
    let (http, count) = counting();
    let gate = Gate::new(AllowList::of(reads(), &viewer()));
    let client = aws_sdk_ecs::Client::from_conf(config(gated(http)).interceptor(gate).build());
    client.describe_services().cluster("c").services("s").send().await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let refused = client.update_service().cluster("c").service("s").desired_count(0).send().await.unwrap_err();
    assert!(format!("{refused:?}").contains("NotAllowed"), "{refused:?}");
    let refused = client.list_services().cluster("c").send().await.unwrap_err();
    assert!(format!("{refused:?}").contains("ListServices"), "a read that is in no table is refused too: {refused:?}");
    assert_eq!(count.load(Ordering::SeqCst), 1, "nothing else was sent");
}

#[tokio::test]
async fn a_client_built_around_the_gate_cannot_send() {
    let (http, count) = counting();
    let client = aws_sdk_ecs::Client::from_conf(config(gated(http)).build());
    let refused = client.describe_services().cluster("c").services("s").send().await.unwrap_err();
    assert!(format!("{refused:?}").contains("Unstamped"), "{refused:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// A stamp put on by hand is no way around: the connector checks the operation that it names again.
#[tokio::test]
async fn a_gate_with_a_wider_list_cannot_send_past_the_connector() {
    const UPDATE: Op = Op::write("ECS", "UpdateService", "ecs:UpdateService").on(Scope::Any);
    let (http, count) = counting();
    let client = aws_sdk_ecs::Client::from_conf(config(gated(http)).interceptor(Gate::new(AllowList::of([&UPDATE], &viewer()))).build());
    client.update_service().cluster("c").service("s").send().await.unwrap_err();
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn every_source_only_reads() {
    for op in reads() {
        assert_eq!(op.kind, Kind::Read, "{}", op.label());
        assert!(!["GetSecretValue", "Decrypt"].contains(&op.operation), "{} discloses", op.label());
    }
}

/// In no mode does a write leave by itself: a confirmed plan buys one warrant for one request.
#[tokio::test]
async fn without_a_warrant_no_write_leaves_in_any_mode_and_with_one_exactly_one_does() {
    const UPDATE: Op = Op::write("ECS", "UpdateService", "ecs:UpdateService").on(Scope::Any);
    for mode in [Mode::Viewer, Mode::Safe, Mode::Armed] {
        let authority = Authority::new(mode);
        let (http, count) = counting();
        let allowed = AllowList::of(reads().chain([&UPDATE]), &authority);
        let http = SharedHttpClient::new(GatedClient::new(http, allowed.clone(), Meter::default()));
        let client = aws_sdk_ecs::Client::from_conf(config(http).interceptor(Gate::new(allowed)).build());
        let send = || client.update_service().cluster("c").service("s").desired_count(0).send();
        let refused = send().await.unwrap_err();
        assert!(format!("{refused:?}").contains("NoWarrant"), "{mode:?}: {refused:?}");
        assert_eq!(count.load(Ordering::SeqCst), 0, "{mode:?}");
        let Ok(operator) = authority.operator() else {
            assert_ne!(mode, Mode::Armed);
            continue;
        };
        let (warrant, other) = (operator.warrant(&UPDATE), operator.warrant(&UPDATE));
        let with =
            |ticket: Ticket| client.update_service().cluster("c").service("s").desired_count(0).customize().interceptor(ticket).send();
        let refused = send().await.unwrap_err();
        assert!(format!("{refused:?}").contains("NoWarrant"), "another run's warrant is nobody else's: {refused:?}");
        with(warrant.ticket()).await.unwrap();
        with(warrant.ticket()).await.unwrap_err();
        let unused = operator.warrant(&UPDATE);
        let ticket = unused.ticket();
        drop(unused);
        with(ticket).await.unwrap_err();
        assert_eq!(count.load(Ordering::SeqCst), 1, "one warrant, one request");
        let of_another = client.stop_task().cluster("c").task("t").customize().interceptor(other.ticket()).send().await;
        assert!(of_another.is_err(), "and one operation");
        authority.disarm();
        let refused = with(other.ticket()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("Disarmed"), "{refused:?}");
        assert_eq!(count.load(Ordering::SeqCst), 1);
        let owed = operator.owed(&UPDATE);
        with(owed.ticket()).await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2, "what is owed leaves all the same");
    }
}
