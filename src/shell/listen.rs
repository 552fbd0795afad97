//! `cloud --listen`: the embedded cloud as an AWS endpoint over HTTP/1.1 and HTTP/2. The second door of the same `handle`.

use std::convert::Infallible;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use super::embedded::Embedded;
use super::failure::Failure;
use crate::config::args::CloudArgs;
use crate::engine::clock::Clock;
use crate::sim::{Cloud, SimBody};

/// AWS's own limits are far below this.
const BODY_LIMIT: usize = 4 << 20;
/// After a failed accept (too many open files) wait for connections to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until a signal ends the process.
pub(super) async fn run(args: &CloudArgs) -> Result<ExitCode, Failure> {
    // Over HTTP the world keeps the wall's date: clients that sign and compare times expect today.
    let embedded = Embedded::new(args.world.seed, Clock::virtual_from(Clock::system().now(), args.world.speed));
    let in_use =
        |e| Failure::cannot_tell(format!("cannot listen on {}: {e}\n  next: choose another with --listen 127.0.0.1:PORT", args.listen));
    let listener = TcpListener::bind(args.listen).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    // Before the address is told: whoever reads it may end this process at once.
    let cannot = |e| Failure::cannot_tell(format!("signals: {e}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let _ = writeln!(
        std::io::stderr(),
        "embedded cloud (seed {}, speed {}) on http://{address}\n  try: AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --region ap-southeast-2 --endpoint-url http://{address} ecs list-services --cluster production-nextcore",
        args.world.seed,
        args.world.speed
    );
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&embedded.cloud)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            _ = hang_up.recv() => return Ok(ExitCode::SUCCESS),
            _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn connection(stream: TcpStream, cloud: Arc<Cloud>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&cloud)));
    // A client that hangs up mid-request is its own affair.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: hyper::Request<Incoming>, cloud: Arc<Cloud>) -> Result<hyper::Response<SimBody>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    Ok(cloud.serve(http::Request::from_parts(parts, body)).await)
}
