//! What AWS refuses and how it is said, on the built program: clocks that are off, regions that are not enabled, policies that deny,
//! proxies that are not there, and a first answer that never comes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::Value;

use super::process::{CREDENTIALS, CloudProcess, Machine, NO_METADATA};
use super::stub::{Answer, Call, Protocol, Stub, error};
use super::terminal::Window;

const AHEAD: TimeDelta = TimeDelta::minutes(90);

#[expect(clippy::disallowed_methods, reason = "the stub's own clock: AWS has the real time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn http_date(at: DateTime<Utc>) -> (String, String) {
    ("date".to_owned(), at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// An error of AWS whose clock shows `at`.
fn error_at(call: &Call, status: u16, code: &str, message: &str, at: DateTime<Utc>) -> Answer {
    let (content_type, body) = error(call.protocol, code, message);
    Answer::Http { status, headers: vec![("content-type".to_owned(), content_type.to_owned()), http_date(at)], body }
}

/// The embedded cloud's answer, under a clock that shows `at`.
fn upstream_at(cloud: &str, call: &Call, at: DateTime<Utc>) -> Answer {
    let method = if call.protocol == Protocol::Xml { call.operation.split(' ').next().unwrap() } else { "POST" };
    let headers = call.headers.iter().filter(|(name, _)| name != "connection");
    let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {} HTTP/1.1\r\n{}connection: close\r\n\r\n", call.path, headers.concat());
    let mut line = TcpStream::connect(cloud).unwrap();
    line.write_all(head.as_bytes()).unwrap();
    line.write_all(&call.body).unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).unwrap();
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().skip(1).filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()));
    let ours = ["content-length", "date", "transfer-encoding", "connection"];
    let headers = headers.filter(|(name, _)| !ours.contains(&name.as_str())).chain([http_date(at)]).collect();
    Answer::Http { status, headers, body: answer[split + 4..].to_vec() }
}

/// By how much a request's signature is older than AWS's clock.
fn age(call: &Call, at: DateTime<Utc>) -> TimeDelta {
    let signed = NaiveDateTime::parse_from_str(call.header("x-amz-date"), "%Y%m%dT%H%M%SZ").unwrap();
    at - signed.and_utc()
}

fn too_old(call: &Call, at: DateTime<Utc>) -> Answer {
    let limit = at - TimeDelta::minutes(5);
    let text = format!("Signature expired: {} is now earlier than {} ({} - 5 min.)", call.header("x-amz-date"), stamp(limit), stamp(at));
    let code = if matches!(call.protocol, Protocol::Query | Protocol::Ec2 | Protocol::Xml) {
        "SignatureDoesNotMatch"
    } else {
        "InvalidSignatureException"
    };
    error_at(call, 403, code, &text, at)
}

// The clock.

#[test]
fn a_clock_that_is_off_is_said_and_every_read_is_asked_once_more_with_the_time_learnt() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let address = cloud.address().to_owned();
    let stub = Stub::start(move |call| {
        let at = now() + AHEAD;
        if age(call, at).abs() > TimeDelta::minutes(5) { too_old(call, at) } else { upstream_at(&address, call, at) }
    });
    let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url(), "--format", "json"], &CREDENTIALS);
    ran.ends(0, &["this machine's clock is 1h30m behind AWS's", "signed with AWS's time"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["nodes"]["svc/web"]["level"], "healthy", "{}", ran.out);
    let at = now() + AHEAD;
    let (refused, taken): (Vec<Call>, Vec<Call>) = stub.calls().into_iter().partition(|c| age(c, at).abs() > TimeDelta::minutes(5));
    assert!(!refused.is_empty() && taken.len() >= refused.len(), "{} refused, {} taken", refused.len(), taken.len());
    for call in &refused {
        let same = |c: &&Call| c.operation == call.operation && c.path == call.path && c.body == call.body;
        assert!(taken.iter().filter(same).count() >= refused.iter().filter(same).count(), "not asked once more: {call:#?}");
    }
    let info = machine.run(&["info", "--endpoint-url", &stub.url()], &CREDENTIALS);
    info.ends(0, &[]);
    assert!(info.out.contains("account 111122223333") && info.out.contains("1h30m behind AWS's"), "{}", info.out);
}

#[test]
fn a_clock_that_cannot_be_put_right_is_said_with_both_times_and_no_advice_to_renew() {
    let machine = Machine::new();
    for (code, message, status) in [
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20261129T120000Z is still later than 20261129T104500Z (20261129T103000Z + 15 min.)",
            403,
        ),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403),
        ("RequestExpired", "Request has expired.", 400),
    ] {
        let stub = Stub::start(move |call| error_at(call, status, code, message, now() - AHEAD));
        let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url()], &CREDENTIALS);
        ran.ends(3, &["1h30m ahead of AWS's", message, "next:", "set this machine's clock"]).silent();
        assert!(!ran.err.contains("sso login") && !ran.err.contains("renew"), "{}", ran.err);
        let asked = stub.calls().iter().filter(|c| c.operation == "GetCallerIdentity").count();
        assert_eq!(asked, 2, "{code}: once, and once more with the time learnt");
    }
}

#[test]
fn an_expired_token_is_renewed_and_not_taken_for_a_clock() {
    let machine = Machine::new();
    for (code, message) in
        [("RequestExpired", "Request has expired."), ("ExpiredToken", "The security token included in the request is expired")]
    {
        let stub = Stub::start(move |call| error_at(call, 400, code, message, now()));
        let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url()], &CREDENTIALS);
        ran.ends(3, &["have expired", message, "AWS_SESSION_TOKEN"]).silent();
        assert!(!ran.err.contains("clock") && !ran.err.contains("automatically"), "{}", ran.err);
    }
}

#[test]
fn a_wrong_secret_key_is_no_clock_and_no_expiry() {
    let machine = Machine::new();
    let message = "The request signature we calculated does not match the signature you provided.";
    let stub = Stub::start(move |call| error_at(call, 403, "SignatureDoesNotMatch", message, now()));
    let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url()], &CREDENTIALS);
    ran.ends(3, &["the secret key does not match the access key", message]).silent();
    assert!(!ran.err.contains("clock") && !ran.err.contains("sso login"), "{}", ran.err);
}

#[test]
fn a_write_that_is_refused_for_its_time_is_not_sent_again() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let address = cloud.address().to_owned();
    let stub = Stub::start(move |call| match call.operation.as_str() {
        "UpdateService" => too_old(call, now() + AHEAD),
        _ => upstream_at(&address, call, now()),
    });
    let ran = machine.run(&["scale", "web", "+1", "--yes", "--write", "--endpoint-url", &stub.url()], &CREDENTIALS);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("1h30m behind AWS's") && said.contains("nothing changed on"), "{said}");
    assert_eq!(stub.calls().iter().filter(|c| c.operation == "UpdateService").count(), 1);
}

// Region and keys.

#[test]
fn keys_that_only_this_region_refuses_ask_whether_it_is_enabled() {
    let machine = Machine::new();
    let message = "The security token included in the request is invalid.";
    let stub = Stub::start(move |call| match (call.region.as_str(), call.operation.as_str()) {
        ("us-east-1", "GetCallerIdentity") => Answer::identity("111122223333", "arn:aws:iam::111122223333:user/ops"),
        _ if call.protocol == Protocol::Json => Answer::error(400, "UnrecognizedClientException", message),
        _ => Answer::error(403, "InvalidClientTokenId", message),
    });
    let ran = machine.run(&["snapshot", "--region", "ap-east-1", "--endpoint-url", &stub.url()], &CREDENTIALS);
    let words = [message, "region ap-east-1", "accepted in us-east-1", "is the region enabled for this account?", "get-region-opt-status"];
    ran.ends(3, &words).silent();
    assert!(!ran.err.contains("renew") && !ran.err.contains("sso login"), "{}", ran.err);
    let gone = Stub::start(move |_| Answer::error(403, "InvalidClientTokenId", message));
    let ran = machine.run(&["snapshot", "--region", "ap-east-1", "--endpoint-url", &gone.url()], &CREDENTIALS);
    ran.ends(3, &[message, "check that the access key exists"]).silent();
    assert!(!ran.err.contains("accepted in"), "{}", ran.err);
}

#[test]
fn a_region_or_a_service_that_is_off_has_words_of_its_own() {
    let machine = Machine::new();
    for (code, message, words) in [
        ("RegionDisabledException", "STS is not activated in this region for account:111122223333.", "is not enabled for this account"),
        ("OptInRequired", "You are not subscribed to this service.", "not a permission problem"),
    ] {
        let stub = Stub::start(move |_| Answer::error(403, code, message));
        let ran = machine.run(&["info", "--endpoint-url", &stub.url()], &CREDENTIALS);
        ran.ends(0, &[]);
        assert!(ran.out.contains(message) && ran.out.contains(words), "{}", ran.out);
    }
}

// Denials.

#[test]
fn each_kind_of_policy_that_denies_is_named_in_the_snapshot() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let scp = "arn:aws:organizations::999988887777:policy/o-abc/service_control_policy/p-1a2b3c4d";
    let denied = |reason: &str| {
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/OnCall/maya is not authorized to perform: ecs:DescribeServices on resource: arn:aws:ecs:ap-southeast-2:111122223333:service/c/web {reason}"
        )
    };
    for (text, words) in [
        (denied(&format!("with an explicit deny in a service control policy: {scp}")), "service control policy p-1a2b3c4d"),
        (
            denied("because no permissions boundary allows the ecs:DescribeServices action"),
            "no permissions boundary allows ecs:DescribeServices",
        ),
        (denied("because no session policy allows the ecs:DescribeServices action"), "no session policy allows"),
        (denied("because no VPC endpoint policy allows the ecs:DescribeServices action"), "no VPC endpoint policy allows"),
        (denied("because no identity-based policy allows the ecs:DescribeServices action"), "access denied: ecs:DescribeServices"),
        (
            "User: x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:ap-southeast-2:1:key/k-1".to_owned(),
            "kms:Decrypt on arn:aws:kms",
        ),
    ] {
        let message = text.clone();
        let stub = Stub::before(cloud.address(), move |call| match call.operation.as_str() {
            "DescribeServices" => Answer::error(400, "AccessDeniedException", &message),
            _ => Answer::Upstream,
        });
        let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url(), "--format", "json"], &CREDENTIALS);
        assert!(ran.out.contains(words), "{text}: {words}: {}", ran.out);
    }
}

/// The first answer decides nothing: a cold call that hangs is asked again within `--timeout`.
#[test]
fn a_first_question_that_hangs_is_asked_again_as_long_as_there_is_time() {
    let machine = Machine::new();
    let cloud = super::process::CloudProcess::start(&machine);
    let stub = |hangs: usize| {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        Stub::before(cloud.address(), move |call| {
            let first = call.operation == "GetCallerIdentity" && asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < hangs;
            if first { Answer::Silence } else { Answer::Upstream }
        })
    };
    // An account is pinned: nothing else is asked before it is known.
    let file = machine.file("c.toml", "account = \"111122223333\"\n");
    let args =
        |url: &str| ["snapshot", "--endpoint-url", url, "--config", &file.display().to_string(), "--timeout", "12"].map(str::to_owned);
    let run = |url: String| {
        let args = args(&url);
        machine.run(&args.each_ref().map(String::as_str), &CREDENTIALS)
    };
    let once = run(stub(1).url());
    assert!(once.out.contains("control-plane") && once.err.is_empty(), "{once:#?}");
    run(stub(usize::MAX).url()).ends(3, &["timed out", "asked again for 12 s", "next:"]).silent();
}

// Proxies.

#[test]
fn a_proxy_that_is_none_or_is_dead_is_named_with_its_variable_and_without_its_password() {
    let machine = Machine::new();
    let with = |name: &'static str, value: &'static str| [CREDENTIALS[0], CREDENTIALS[1], NO_METADATA, (name, value)];
    for (name, value, shown) in [
        ("HTTPS_PROXY", "http://ops:hunter2@proxy:99999", "http://ops:***@proxy:99999"),
        ("https_proxy", "gopher://proxy", "gopher://proxy"),
        ("NO_PROXY", "https://sts.amazonaws.com", "https://sts.amazonaws.com"),
    ] {
        let ran = machine.run(&["snapshot"], &with(name, value));
        ran.ends(3, &[name, shown, "next:"]).silent().within(Duration::from_secs(5));
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    let ran = machine.run(&["snapshot", "--endpoint-url", "https://aws.invalid"], &with("HTTPS_PROXY", "http://ops:hunter2@127.0.0.1:1"));
    ran.ends(3, &["cannot reach the endpoint", "http://ops:***@127.0.0.1:1", "HTTPS_PROXY", "next:"]).silent();
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

// The first answer.

#[test]
fn a_dashboard_stays_while_the_first_answers_do_not_come_and_goes_on_when_they_do() {
    let Some(window) = Window::open(120, 40) else { return };
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap();
    window.line(&format!("AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=x sh watched --endpoint-url http://{address}"));
    window.shows("timed out");
    // The command would have ended by now.
    drop(mute);
    window.shows("cannot reach the endpoint");
    let machine = Machine::new();
    let _cloud = CloudProcess::listen(&machine, &address.to_string());
    window.until_within(Duration::from_secs(40), "the identity", |s| s.contains("1111-2222-3333"));
    window.press(&["q"]);
    window.shows("exit code 0");
}

#[test]
fn a_dashboard_without_credentials_stays_says_it_and_finds_them_without_a_restart() {
    let Some(window) = Window::open(120, 40) else { return };
    let cloud = CloudProcess::start(&window.machine);
    let (name, value) = NO_METADATA;
    window.line(&format!("{name}={value} sh watched --endpoint-url {}", cloud.url));
    window.shows("no usable AWS credentials");
    window.machine.file(".aws/credentials", "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = x\n");
    window.until_within(Duration::from_secs(40), "the identity", |s| s.contains("1111-2222-3333"));
    window.press(&["q"]);
    window.shows("exit code 0");
}
