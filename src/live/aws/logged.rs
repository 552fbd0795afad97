//! What the program's own log says of requests: which operation, how long, how it ended, what AWS calls it. Never a header of ours, a
//! query, a body, or what an error quotes of one. Called by the gate.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::gate::Refusal;

/// Under which AWS names a request in its answer; S3 has a name of its own.
const REQUEST_IDS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];
/// AWS's own names are far shorter.
const LONGEST: usize = 64;

/// A request on its way; one that is dropped without an answer was given up by whoever waited for it.
#[derive(Debug)]
pub(super) struct Sent {
    operation: String,
    began: Instant,
    is_over: bool,
}

impl Sent {
    /// It leaves now.
    pub(super) fn now(operation: &str) -> Self {
        Self { operation: operation.to_owned(), began: Instant::now(), is_over: false }
    }

    /// It was answered, or could not be.
    pub(super) fn ended(mut self, answer: &Result<HttpResponse, ConnectorError>) {
        self.is_over = true;
        let (operation, millis) = (self.operation.as_str(), self.millis());
        match answer {
            Ok(response) => {
                let (status, request_id) = (response.status().as_u16(), request_id(response));
                if response.status().is_success() {
                    debug!(operation, status, millis, request_id, "request");
                } else {
                    let error = response.headers().get("x-amzn-errortype").map_or("-", kind_of).to_owned();
                    warn!(operation, status, millis, request_id, error, "request");
                }
            }
            Err(e) => warn!(operation, millis, failed = failed(e), "request"),
        }
    }

    fn millis(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.is_over {
            warn!(operation = self.operation, millis = self.millis(), failed = "given up: timed out", "request");
        }
    }
}

/// The gate lets something not pass. What a client that bypasses it wanted to send is not repeated.
pub(super) fn refused(why: &Refusal) {
    match why {
        Refusal::Unnamed => warn!(why = "no operation metadata", "gate refused"),
        Refusal::Unstamped(_) => warn!(why = "sent by a client that the gate does not know", "gate refused"),
        Refusal::NotAllowed { service, operation } => said(service, operation, "not among the operations of this process"),
        Refusal::NoWarrant { service, operation } => said(service, operation, "a write that no confirmed action asked for"),
        Refusal::Billed { service, operation } => said(service, operation, "a billed read, and a viewer without [logs] insights"),
        Refusal::Pinned { service, operation } => said(service, operation, "not known to be in the pinned account"),
        Refusal::Disarmed { service, operation } => said(service, operation, "a write, and not armed any more"),
    }
}

fn said(service: &str, operation: &str, why: &str) {
    warn!(operation = format!("{service}:{operation}"), why, "gate refused");
}

fn request_id(response: &HttpResponse) -> &str {
    REQUEST_IDS.iter().find_map(|name| response.headers().get(name)).filter(|id| id.len() <= LONGEST).unwrap_or("-")
}

/// `ThrottlingException` of `ThrottlingException:http://internal.amazon.com/...`.
fn kind_of(header: &str) -> &str {
    header.split(':').next().filter(|kind| kind.len() <= LONGEST).unwrap_or("-")
}

/// In which way no answer came; what the error quotes may be anything.
fn failed(e: &ConnectorError) -> &'static str {
    if e.is_timeout() {
        "timed out"
    } else if e.is_io() {
        "the connection failed"
    } else if e.is_user() {
        "not sent"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use aws_smithy_types::body::SdkBody;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged while something is done.
    fn logged(act: impl FnOnce()) -> String {
        let kept = Kept::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false).with_writer(kept.clone()).finish();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> HttpResponse {
        let body = SdkBody::from(r#"{"message":"hunter2"}"#);
        let mut response = HttpResponse::new(status.try_into().unwrap(), body);
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        response
    }

    #[test]
    fn a_request_is_told_by_operation_outcome_and_id_and_its_body_is_not() {
        let good = logged(|| Sent::now("ECS:ListTasks").ended(&Ok(answer(200, &[("x-amzn-requestid", "1-2-3")]))));
        for word in ["ECS:ListTasks", "status=200", "millis=", "1-2-3", "DEBUG"] {
            assert!(good.contains(word), "{word}: {good}");
        }
        let headers = [("x-amz-request-id", "S3ID"), ("x-amzn-errortype", "AccessDenied:http://internal/hunter2")];
        let bad = logged(|| Sent::now("S3:HeadBucket").ended(&Ok(answer(403, &headers))));
        assert!(bad.contains("S3ID") && bad.contains("AccessDenied") && bad.contains("WARN") && !bad.contains("hunter2"), "{bad}");
        let broken = logged(|| Sent::now("RDS:X").ended(&Err(ConnectorError::io("proxy http://me:hunter2@p".into()))));
        assert!(broken.contains("the connection failed") && !broken.contains("hunter2"), "{broken}");
    }

    #[test]
    fn a_request_that_nobody_waits_for_any_longer_is_told_once() {
        let dropped = logged(|| drop(Sent::now("ECS:ListTasks")));
        assert!(dropped.contains("given up") && dropped.lines().count() == 1, "{dropped}");
        assert_eq!(logged(|| Sent::now("ECS:ListTasks").ended(&Ok(answer(200, &[])))).lines().count(), 1);
    }

    #[test]
    fn a_refusal_does_not_repeat_what_a_stray_client_wanted_to_send() {
        let stray = logged(|| refused(&Refusal::Unstamped("https://x/?token=hunter2".to_owned())));
        assert!(stray.contains("gate refused") && !stray.contains("hunter2"), "{stray}");
    }
}
