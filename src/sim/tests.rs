//! The cloud as a whole: routing, errors, faults, the live tail, and that nothing panics.

use std::sync::atomic::AtomicI64;

use aws_smithy_eventstream::frame::read_message_from;
use http_body_util::BodyExt;
use proptest::prelude::*;

use super::*;

mod delivery;
mod insight;
mod rehearsal;
mod rehearsed;
mod shapes;

const START: i64 = 1_795_402_800_000;

/// A cloud whose clock the test moves.
fn cloud() -> (Arc<Cloud>, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(START));
    let clock = now.clone();
    (Cloud::new(7, Arc::new(move || clock.load(Ordering::Relaxed))), now)
}

fn authorization(service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=AKIA/20261123/ap-southeast-2/{service}/aws4_request, SignedHeaders=host, Signature=0")
}

fn json(service: &str, target: &str, body: &str) -> Request<Bytes> {
    Request::post("/")
        .header("authorization", authorization(service))
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.1")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

fn ecs(operation: &str, body: &str) -> Request<Bytes> {
    json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), body)
}

fn query(service: &str, body: &str) -> Request<Bytes> {
    Request::post("/").header("authorization", authorization(service)).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn rest(service: &str, method: &str, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", authorization(service))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

fn metrics(operation: &str, body: &'static [u8]) -> Request<Bytes> {
    Request::post(format!("/service/GraniteServiceVersion20100801/operation/{operation}"))
        .header("authorization", authorization("monitoring"))
        .body(Bytes::from_static(body))
        .unwrap()
}

fn text(response: &Response<SimBody>) -> String {
    String::from_utf8_lossy(response.body().bytes().unwrap()).into_owned()
}

#[test]
fn errors_are_the_services_own() {
    let (cloud, _) = cloud();
    for (request, status, expected) in [
        (ecs("ListServices", "{}"), 400, "ClusterNotFoundException"),
        (ecs("DescribeServices", r#"{"cluster":"production-nextcore","services":[]}"#), 400, "InvalidParameterException"),
        (ecs("ListServices", "{"), 400, "SerializationException"),
        (ecs("CreateCluster", "{}"), 400, "UnknownOperationException"),
        (query("rds", "Action=DescribeDBInstances&DBInstanceIdentifier=x&Version=2014-10-31"), 404, "<Code>DBInstanceNotFound</Code>"),
        (query("rds", "Action=DescribeDBInstances&MaxRecords=7"), 400, "<Code>InvalidParameterValue</Code>"),
        (query("rds", "Action=RebootDBInstance"), 400, "<Code>MissingParameter</Code>"),
        (query("rds", "Action=DropEverything&Version=2014-10-31"), 400, "<Code>InvalidAction</Code>"),
        (query("elasticloadbalancing", "Action=DescribeTargetHealth&TargetGroupArn=x"), 400, "<Code>TargetGroupNotFound</Code>"),
        (query("elasticache", "Action=DescribeReplicationGroups&ReplicationGroupId=x"), 404, "<Code>ReplicationGroupNotFoundFault</Code>"),
        (json("logs", "Logs_20140328.DescribeLogStreams", r#"{"logGroupName":"x"}"#), 400, "ResourceNotFoundException"),
        (json("application-autoscaling", "AnyScaleFrontendService.DescribeScalableTargets", "{}"), 400, "ValidationException"),
        (metrics("GetMetricData", &[0xa0]), 400, "MissingParameter"),
        (metrics("GetMetricData", &[0xff]), 400, "SerializationException"),
        (query("ec2", "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1"), 400, "<Errors><Error><Code>InvalidVpcID.NotFound</Code>"),
        (query("ec2", "Action=RunInstances&Version=2016-11-15"), 400, "<Code>InvalidAction</Code>"),
        (rest("route53", "GET", "/2013-04-01/hostedzone/Z1/rrset", ""), 404, "<ErrorResponse"),
        (rest("cloudfront", "GET", "/2020-05-31/distribution/E1", ""), 404, "<Code>NoSuchDistribution</Code>"),
        (rest("cloudfront", "DELETE", "/2020-05-31/distribution/E1", ""), 404, "<Code>UnknownOperationException</Code>"),
        (rest("s3", "GET", "/nope?versioning", ""), 404, "<Error><Code>NoSuchBucket</Code>"),
        (rest("s3", "GET", "/nextcore-documents?logging", ""), 501, "<Error><Code>NotImplemented</Code>"),
        (rest("s3", "PUT", "/nextcore-documents?versioning", "<V"), 400, "<Error><Code>MalformedXML</Code>"),
        (query("sqs", "Action=ListQueues&Version=2012-11-05"), 501, "<Code>InvalidAction</Code>"),
    ] {
        let name = format!("{request:?}");
        let response = cloud.handle(request);
        assert_eq!(response.status(), status, "{name}: {}", text(&response));
        assert!(text(&response).contains(expected), "{name}: {}", text(&response));
    }
}

#[test]
fn calls_without_a_signature_are_routed_by_target_path_and_version() {
    let (cloud, _) = cloud();
    for request in [
        Request::post("/").header("x-amz-target", "Logs_20140328.DescribeLogGroups").body(Bytes::new()).unwrap(),
        Request::post("/service/GraniteServiceVersion20100801/operation/ListMetrics").body(Bytes::new()).unwrap(),
        Request::post("/").body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15")).unwrap(),
        Request::get("/?Action=DescribeDBInstances&Version=2014-10-31").body(Bytes::new()).unwrap(),
        Request::post("/").body(Bytes::from_static(b"Action=DescribeVpcs&Version=2016-11-15")).unwrap(),
        Request::get("/2013-04-01/hostedzone").body(Bytes::new()).unwrap(),
        Request::get("/2020-05-31/distribution/E2NEXTCOREAI0T").body(Bytes::new()).unwrap(),
        Request::head("/").header("host", "nextcore-static.s3.ap-southeast-2.amazonaws.com").body(Bytes::new()).unwrap(),
    ] {
        assert_eq!(cloud.handle(request).status(), 200);
    }
    assert_eq!(cloud.handle(Request::get("/").body(Bytes::new()).unwrap()).status(), 501);
}

#[test]
fn cloudwatch_speaks_all_three_protocols() {
    let (cloud, _) = cloud();
    let json = json("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", "{}");
    assert!(text(&cloud.handle(json)).contains(r#""MetricAlarms":[{"#));
    let query = query("monitoring", "Action=DescribeAlarms&Version=2010-08-01&MaxRecords=1");
    assert!(text(&cloud.handle(query)).contains("<MetricAlarms><member><AlarmName>"));
    assert_eq!(cloud.handle(metrics("DescribeAlarms", &[0xa0])).headers()["smithy-protocol"], "rpc-v2-cbor");
}

#[test]
fn writes_are_told_apart_and_counted() {
    let (cloud, _) = cloud();
    cloud.handle(ecs("ListServices", r#"{"cluster":"production-nextcore"}"#));
    cloud.handle(ecs("UpdateService", r#"{"cluster":"production-nextcore","service":"web","desiredCount":4}"#));
    cloud.handle(ecs("UpdateService", r#"{"cluster":"production-nextcore","service":"nope"}"#));
    let counts: Vec<_> = cloud.requests().into_iter().map(|r| (r.operation, r.is_write, r.count)).collect();
    assert_eq!(counts, [("ListServices", false, 1), ("UpdateService", true, 2)]);
    assert_eq!(cloud.world(|world| world.ecs.services["web"].desired_count), 4);
}

#[test]
fn the_world_follows_the_clock() {
    let (cloud, now) = cloud();
    assert_eq!(cloud.world(|world| world.now), START);
    now.fetch_add(90_500, Ordering::Relaxed);
    cloud.handle(ecs("ListClusters", "{}"));
    assert_eq!(lock(&cloud.world).now, START + 90_000);
}

#[test]
fn api_faults_take_the_shape_of_each_protocol() {
    let (cloud, _) = cloud();
    let calls = || {
        [
            ecs("DescribeServices", r#"{"cluster":"production-nextcore","services":["web"]}"#),
            query("rds", "Action=DescribeDBInstances&Version=2014-10-31"),
            metrics("DescribeAlarms", &[0xa0]),
        ]
    };
    for (kind, status, expected) in [
        (FaultKind::Throttle, [400; 3], ["ThrottlingException", "<Code>Throttling</Code>", "ThrottlingException"]),
        (FaultKind::ServerError(500), [500; 3], ["InternalFailure", "<Type>Receiver</Type>", "InternalFailure"]),
        (FaultKind::ExpiredCredentials, [400, 403, 400], ["ExpiredTokenException", "<Code>ExpiredToken</Code>", "ExpiredToken"]),
        (
            FaultKind::AccessDenied,
            [400, 403, 400],
            [
                "ecs:DescribeServices on resource: arn:aws:ecs:ap-southeast-2:111122223333:cluster/production-nextcore",
                "rds:DescribeDBInstances on resource",
                "cloudwatch:DescribeAlarms on resource",
            ],
        ),
    ] {
        cloud.faults(|faults| faults.set(vec![ApiFault::always("*", "*", kind)]));
        for ((call, status), expected) in calls().into_iter().zip(status).zip(expected) {
            let response = cloud.handle(call);
            assert_eq!(response.status(), status, "{kind:?}");
            assert!(text(&response).contains(expected), "{kind:?}: {}", text(&response));
        }
    }
    cloud.faults(Faults::clear);
    assert!(calls().into_iter().all(|call| cloud.handle(call).status() == 200));
}

#[test]
fn damaged_answers_do_not_parse() {
    let (cloud, _) = cloud();
    let list = || ecs("ListServices", r#"{"cluster":"production-nextcore"}"#);
    let whole = text(&cloud.handle(list()));
    cloud.faults(|faults| faults.set(vec![ApiFault::always("ecs", "ListServices", FaultKind::Malformed)]));
    assert!(serde_json::from_str::<serde_json::Value>(&text(&cloud.handle(list()))).is_err());
    cloud.faults(|faults| faults.set(vec![ApiFault::always("ecs", "ListServices", FaultKind::Truncated)]));
    let cut = cloud.handle(list());
    assert_eq!(text(&cut).len(), whole.len() / 2);
    assert_eq!(cut.headers()["content-length"], whole.len().to_string());
}

#[tokio::test(start_paused = true)]
async fn delays_are_waited_for_by_serve_only() {
    let (cloud, _) = cloud();
    let late = |ms| FaultKind::Latency(Duration::from_millis(ms));
    cloud.faults(|faults| faults.set(vec![ApiFault::always("*", "*", late(300)), ApiFault::always("ecs", "*", late(200))]));
    let began = tokio::time::Instant::now();
    let response = cloud.handle(ecs("ListClusters", "{}"));
    assert_eq!(response.extensions().get::<Delay>(), Some(&Delay(Duration::from_millis(500))));
    assert!(began.elapsed().is_zero());
    cloud.clone().serve(ecs("ListClusters", "{}")).await;
    assert_eq!(began.elapsed(), Duration::from_millis(500));
    cloud.faults(|faults| faults.set(vec![ApiFault::always("*", "*", FaultKind::Timeout)]));
    let hung = tokio::time::timeout(Duration::from_mins(1), cloud.clone().serve(ecs("ListClusters", "{}"))).await;
    assert!(hung.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_live_tail_starts_at_once_and_updates_every_second() {
    let (cloud, now) = cloud();
    let arn = cloud.world(|world| world.logs.groups[world::names::LOG_GROUP].log_group_arn.clone());
    let body = format!(r#"{{"logGroupIdentifiers":["{arn}"]}}"#);
    let response = cloud.clone().serve(json("logs", "Logs_20140328.StartLiveTail", &body)).await;
    assert_eq!(response.headers()["content-type"], wire::eventstream::CONTENT_TYPE);
    let mut body = response.into_body();
    let (began, mut kinds, mut lines) = (tokio::time::Instant::now(), Vec::new(), 0);
    for _ in 0..5 {
        now.fetch_add(1000, Ordering::Relaxed);
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let message = read_message_from(frame).unwrap();
        let kind = message.headers().iter().find(|header| header.name().as_str() == ":event-type").unwrap();
        kinds.push((kind.value().as_string().unwrap().as_str().to_owned(), began.elapsed().as_secs()));
        let payload: serde_json::Value = serde_json::from_slice(message.payload()).unwrap();
        lines += payload["sessionResults"].as_array().map_or(0, Vec::len);
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, at)| (kind.as_str(), *at)).collect();
    let expected = [("initial-response", 0), ("sessionStart", 0), ("sessionUpdate", 1), ("sessionUpdate", 2), ("sessionUpdate", 3)];
    assert_eq!(kinds, expected);
    assert!(lines > 0);
}

#[test]
fn the_same_seed_answers_the_same() {
    let answers = || {
        let (cloud, now) = cloud();
        now.fetch_add(600_000, Ordering::Relaxed);
        let response = cloud.handle(ecs("DescribeServices", r#"{"cluster":"production-nextcore","services":["web"]}"#));
        (response.headers()["x-amzn-requestid"].clone(), text(&response))
    };
    assert_eq!(answers(), answers());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever comes in, an answer goes out.
    #[test]
    fn nothing_panics(
        service in prop::sample::select(service::SERVICES.to_vec()),
        index in 0_usize..20,
        protocol in 0_u8..4,
        names in prop::collection::vec("(cluster|services|limit|MaxRecords|StartTime|Duration|logGroupName|Marker|[A-Za-z.0-9]{0,12})", 0..4),
        values in prop::collection::vec("(production-nextcore|-1|9223372036854775807|1e308|\\[\\]|[ -~]{0,12})", 4),
        rubbish in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        thread_local!(static CLOUD: Arc<Cloud> = cloud().0);
        let operation = service.operations.get(index).map_or("Nope", |operation| operation.name);
        let target = service.targets[0];
        let pairs = || names.iter().zip(&values);
        let request = match protocol {
            0 => {
                let members: serde_json::Map<_, _> = pairs()
                    .map(|(n, v)| (n.clone(), serde_json::from_str(v).unwrap_or_else(|_| serde_json::Value::from(v.clone()))))
                    .collect();
                json(service.signing_name, &format!("{target}.{operation}"), &serde_json::Value::Object(members).to_string())
            }
            1 => {
                let mut form = form_urlencoded::Serializer::new(format!("Action={operation}"));
                form.extend_pairs(pairs());
                query(service.signing_name, &form.finish())
            }
            2 => {
                let path = names.join("/").replace(|c: char| !c.is_ascii_alphanumeric() && c != '/', "%20");
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(pairs());
                let method = ["GET", "PUT", "POST", "DELETE", "HEAD"][index % 5];
                rest(service.signing_name, method, &format!("/{target}/{path}?{}", query.finish()), values[0].as_str())
            }
            _ => Request::post(format!("/service/{target}/operation/{operation}"))
                .header("authorization", authorization(service.signing_name))
                .body(Bytes::from(rubbish))
                .unwrap(),
        };
        let status = CLOUD.with(|cloud| cloud.handle(request)).status();
        prop_assert!(status.is_success() || status.is_client_error() || status == 501, "{status}");
    }
}
