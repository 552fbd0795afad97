//! `cloud --listen`: the embedded cloud as an AWS endpoint over HTTP/1.1 and HTTP/2. The second door of the same `handle`. It is for
//! programs of this machine: what a page in a browser sends here, by a form or by a name that was bound anew, is refused.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::embedded::Embedded;
use super::failure::Failure;
use crate::config::args::CloudArgs;
use nextcore_live::engine::clock::Clock;
use nextcore_sim::{Cloud, SimBody};

/// AWS's own limits are far below this.
const BODY_LIMIT: usize = 4 << 20;
/// Of a body that is too large, so much is still taken in: whoever sends it then reads the refusal, and not a broken connection.
const DRAIN_LIMIT: usize = 64 << 20;
/// Until the head of a request is there, and until its body is.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How an HTTP/2 client begins.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Between two looks at a beginning that may become either protocol.
const LOOK: Duration = Duration::from_millis(20);
/// After a failed accept (too many open files) wait for connections to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until a signal ends the process.
pub(super) async fn run(args: &CloudArgs) -> Result<ExitCode, Failure> {
    // Over HTTP the world keeps the wall's date: clients that sign and compare times expect today.
    let embedded = Embedded::new(args.world.seed(), Clock::virtual_from(Clock::system().now(), args.world.speed));
    let in_use =
        |e| Failure::cannot_tell(format!("cannot listen on {}: {e}\n  next: choose another with --listen 127.0.0.1:PORT", args.listen));
    let listener = TcpListener::bind(args.listen).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    // Before the address is told: whoever reads it may end this process at once.
    let cannot = |e| Failure::cannot_tell(format!("signals: {e}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    if let Some(scenario) = &args.world.scenario {
        embedded.cloud.inject(scenario);
    }
    let _ = writeln!(
        std::io::stderr(),
        "embedded cloud (seed {}, speed {}) on http://{address}\n  try: AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --region ap-southeast-2 --endpoint-url http://{address} ecs list-services --cluster production-nextcore",
        args.world.seed(),
        args.world.speed
    );
    if !address.ip().is_loopback() {
        let _ = writeln!(
            std::io::stderr(),
            "WARNING: {address} is reachable from other machines without authentication: anyone who reaches it can change this cloud\n  next: remove --listen to serve this machine only"
        );
    }
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(stream, address, peer.ip(), Arc::clone(&embedded.cloud)));
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            _ = hang_up.recv() => return Ok(ExitCode::SUCCESS),
            _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn connection(stream: TcpStream, address: SocketAddr, peer: IpAddr, cloud: Arc<Cloud>) {
    // Which protocol it is takes up to 24 bytes to tell, and hyper waits for them without a limit.
    if !timeout(HEAD_TIMEOUT, begins(&stream)).await.unwrap_or(false) {
        return;
    }
    let service = service_fn(move |request| answer(request, address, peer, Arc::clone(&cloud)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    // A client that hangs up mid-request is its own affair.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Whether enough has come to tell the protocol; `false`: the client has left.
async fn begins(stream: &TcpStream) -> bool {
    let mut start = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut start).await {
            Ok(0) | Err(_) => return false,
            Ok(n) if n == PREFACE.len() || start.get(..n) != PREFACE.get(..n) => return true,
            Ok(_) => sleep(LOOK).await,
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    address: SocketAddr,
    peer: IpAddr,
    cloud: Arc<Cloud>,
) -> Result<hyper::Response<SimBody>, Infallible> {
    let (parts, body) = request.into_parts();
    if let Err(why) = admitted(&parts.headers, &parts.uri, address.ip()) {
        return Ok(refusal(StatusCode::FORBIDDEN, &why));
    }
    let is_admin = Cloud::is_admin(parts.uri.path());
    if is_admin && !peer.to_canonical().is_loopback() {
        return Ok(refusal(StatusCode::FORBIDDEN, "incidents are injected from this machine only"));
    }
    let expects = parts.headers.contains_key(header::EXPECT);
    match timeout(BODY_TIMEOUT, whole(body, expects)).await {
        Ok(Ok(body)) if is_admin => Ok(admin(&cloud.admin(parts.method.as_str(), parts.uri.path(), &body))),
        Ok(Ok(body)) => Ok(cloud.serve(http::Request::from_parts(parts, body)).await),
        Ok(Err(Unread::TooLarge)) => {
            let why = format!("request body larger than {} MiB", BODY_LIMIT >> 20);
            Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, &why))
        }
        Ok(Err(Unread::Broken)) => Ok(refusal(StatusCode::BAD_REQUEST, "incomplete request body")),
        Err(_) => Ok(refusal(StatusCode::REQUEST_TIMEOUT, &format!("request body not complete within {} s", BODY_TIMEOUT.as_secs()))),
    }
}

/// Why there is no body.
enum Unread {
    TooLarge,
    Broken,
}

async fn whole(mut body: Incoming, expects: bool) -> Result<Bytes, Unread> {
    let is_too_large = body.size_hint().lower() > BODY_LIMIT as u64;
    if !is_too_large {
        match Limited::new(&mut body, BODY_LIMIT).collect().await {
            Ok(collected) => return Ok(collected.to_bytes()),
            Err(e) if !e.is::<LengthLimitError>() => return Err(Unread::Broken),
            Err(_) => {}
        }
    }
    // Whoever asks before sending has sent nothing yet.
    if !(is_too_large && expects) {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > DRAIN_LIMIT {
                break;
            }
        }
    }
    Err(Unread::TooLarge)
}

/// Whether a request comes from a program of this machine, or of one that knows our address; or why not.
fn admitted(headers: &HeaderMap, uri: &Uri, listen: IpAddr) -> Result<(), String> {
    let text = |name| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let host = uri.authority().map(ToString::to_string).or_else(|| text(header::HOST));
    let host = host.ok_or("no Host header")?;
    if !is_ours(&host, listen) && !is_of_aws(&host) {
        return Err(format!("Host '{host}' is not this machine: use http://127.0.0.1, http://localhost or the listen address"));
    }
    if let Some(origin) = text(header::ORIGIN) {
        let from = origin.split_once("://").map_or("", |(_, rest)| rest);
        if !is_ours(from, listen) {
            return Err(format!("Origin '{origin}' is another site: not allowed"));
        }
    }
    if text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site == "cross-site") {
        return Err("cross-site request: not allowed (Sec-Fetch-Site: cross-site)".to_owned());
    }
    Ok(())
}

/// Whether an authority names this machine: by loopback, or by an address that it listens on. A name can be bound to any address.
fn is_ours(authority: &str, listen: IpAddr) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() else { return false };
    address.is_loopback() || address == listen || listen.is_unspecified()
}

/// A client that was told to resolve AWS's own names to us: `bucket.s3.region.amazonaws.com`. Nobody else's page can have such a name.
fn is_of_aws(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|domain| host.ends_with(domain))
}

/// What the admin door says, as JSON.
fn admin((status, said): &(u16, serde_json::Value)) -> hyper::Response<SimBody> {
    let mut response = hyper::Response::new(SimBody::full(format!("{said:#}\n")));
    *response.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn refusal(status: StatusCode, why: &str) -> hyper::Response<SimBody> {
    let mut response = hyper::Response::new(SimBody::full(format!("{why}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    // What is left of the request is not read.
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_served() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let everywhere: IpAddr = "0.0.0.0".parse().unwrap();
        let lan: IpAddr = "10.1.2.3".parse().unwrap();
        for (listen, host, origin, is_served) in [
            (loopback, Some("127.0.0.1:4566"), None, true),
            (loopback, Some("localhost:4566"), None, true),
            (loopback, Some("LOCALHOST"), None, true),
            (loopback, Some("bucket.localhost:4566"), None, true),
            (loopback, Some("[::1]:4566"), None, true),
            (loopback, Some("127.0.0.1:4566"), Some("http://localhost:3000"), true),
            (loopback, Some("evil.example:4566"), None, false),
            (loopback, Some("localhost.evil.example"), None, false),
            (loopback, Some("10.1.2.3:4566"), None, false),
            (loopback, None, None, false),
            (loopback, Some("127.0.0.1:4566"), Some("http://evil.example"), false),
            (loopback, Some("127.0.0.1:4566"), Some("http://127.0.0.1.evil.example"), false),
            (loopback, Some("127.0.0.1:4566"), Some("null"), false),
            (loopback, Some("user@evil.example"), None, false),
            (lan, Some("10.1.2.3:4566"), None, true),
            (lan, Some("10.1.2.4:4566"), None, false),
            (everywhere, Some("10.1.2.3:4566"), None, true),
            (everywhere, Some("evil.example:4566"), None, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let answer = admitted(&headers, &Uri::from_static("/"), listen);
            assert_eq!(answer.is_ok(), is_served, "{listen} {host:?} {origin:?}: {answer:?}");
        }
        let rebound = Uri::from_static("http://evil.example/");
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "127.0.0.1".parse().unwrap());
        assert!(admitted(&headers, &rebound, loopback).is_err(), "HTTP/2 and absolute targets name whom they mean in the target");
    }

    /// A client that begins like this and then says nothing more, in virtual time; how long it was borne.
    async fn mute(start: &'static [u8]) -> Duration {
        use tokio::io::AsyncWriteExt;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        client.write_all(start).await.unwrap();
        let embedded = Embedded::new(7, Clock::system());
        let began = tokio::time::Instant::now();
        timeout(Duration::from_mins(5), connection(stream, address, address.ip(), embedded.cloud)).await.unwrap();
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_holds_a_connection_by_saying_nothing() {
        for start in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n", b"GET"] {
            let borne = mute(start).await;
            assert!(borne <= 3 * HEAD_TIMEOUT, "{:?}: {borne:?}", String::from_utf8_lossy(start));
        }
    }
}
