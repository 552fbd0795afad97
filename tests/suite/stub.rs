//! A stand-in for AWS on loopback: it notes who signed each request, for where and what, and answers as the test says: an AWS error in the
//! protocol of the request, a body, silence, a closed line, or what an upstream (the embedded cloud) answers. It knows no service.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::process::{Machine, NO_METADATA};

/// How a request is encoded: its errors are encoded alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Json,
    Cbor,
    Query,
    Ec2,
    Xml,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Access key id of `Authorization`; empty = unsigned.
    pub(crate) key: String,
    /// Region of `Authorization`.
    pub(crate) region: String,
    /// Service of `Authorization`: `ecs`, `monitoring`.
    pub(crate) service: String,
    /// `DescribeServices`; of an operation that is named by its path, `GET /path`.
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
    /// Path and query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// A header by its name in lower case; empty when it was not sent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// An AWS error: status, code, message.
    Error(u16, String, String),
    /// Exactly this, with headers beside those of its length.
    Http { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Nothing, while the line stays open.
    Silence,
    /// The line is closed.
    Close,
    /// What the upstream of `Stub::before` answers.
    Upstream,
}

impl Answer {
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Error(status, code.to_owned(), message.to_owned())
    }

    /// What AWS says to who may nothing.
    pub(crate) fn denied() -> Self {
        Self::error(403, "AccessDenied", "User: arn:aws:iam::111122223333:user/nobody is not authorized to perform this")
    }

    pub(crate) fn ok(content_type: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self::Http { status: 200, headers, body: body.as_bytes().to_vec() }
    }

    /// What STS answers to GetCallerIdentity.
    pub(crate) fn identity(account: &str, arn: &str) -> Self {
        let result = format!("<UserId>AIDA</UserId><Account>{account}</Account><Arn>{arn}</Arn>");
        Self::ok(
            "text/xml",
            &format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>{result}\
                 </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
            ),
        )
    }
}

type Decide = dyn Fn(&Call) -> Answer + Send + Sync;

struct Shared {
    decide: Box<Decide>,
    upstream: Option<String>,
    calls: Mutex<Vec<Call>>,
    over: AtomicBool,
}

/// The listener; it ends with this value.
pub(crate) struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Stub {
    /// Answers every request by itself.
    pub(crate) fn start(decide: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(None, Box::new(decide))
    }

    /// In front of an endpoint over plain HTTP (`127.0.0.1:PORT`): what is not answered here is answered there.
    pub(crate) fn before(upstream: &str, decide: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(Some(upstream.to_owned()), Box::new(decide))
    }

    fn with(upstream: Option<String>, decide: Box<Decide>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { decide, upstream, calls: Mutex::default(), over: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for line in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(line), shared) = (line, Arc::clone(&serving)) else { continue };
                // A client that goes away in the middle is no failure of the stub.
                thread::spawn(move || drop(serve(&line, &shared)));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that has arrived so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its port is given back.
        drop(TcpStream::connect(self.address));
    }
}

/// Serves one line until it is closed.
fn serve(line: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(line);
    while let Some((head, call)) = read(&mut reader)? {
        let answer = (shared.decide)(&call);
        let body = call.body.clone();
        let protocol = call.protocol;
        shared.calls.lock().unwrap().push(call);
        let mut line = line;
        match answer {
            Answer::Error(status, code, message) => {
                let (content_type, body) = error(protocol, &code, &message);
                let headers =
                    vec![("content-type".to_owned(), content_type.to_owned()), ("x-amzn-requestid".to_owned(), "stub".to_owned())];
                line.write_all(&response(status, &headers, &body))?;
            }
            Answer::Http { status, headers, body } => line.write_all(&response(status, &headers, &body))?,
            Answer::Silence => return reader.read_to_end(&mut Vec::new()).map(|_| ()),
            Answer::Close => return Ok(()),
            Answer::Upstream => {
                let mut upstream = TcpStream::connect(shared.upstream.as_deref().unwrap())?;
                upstream.write_all(&head)?;
                upstream.write_all(&body)?;
                io::copy(&mut upstream, &mut line)?;
                return Ok(());
            }
        }
    }
    Ok(())
}

fn response(status: u16, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The head as it is passed on, asking for the line to be closed; and the request. `None` = the client has closed the line.
fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<(Vec<u8>, Call)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut head = first.clone();
    for (name, value) in headers.iter().filter(|(n, _)| n != "connection") {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("connection: close\r\n\r\n");
    Ok(Some((head.into_bytes(), call(&first, headers, body))))
}

fn call(first: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Call {
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_owned());
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    // `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`
    let scope = header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest.split(',').next().unwrap_or_default());
    let scope: Vec<&str> = scope.split('/').collect();
    let part = |n: usize| scope.get(n).copied().unwrap_or_default().to_owned();
    let form = header("content-type").starts_with("application/x-www-form-urlencoded");
    let action = form_urlencoded::parse(&body).find(|(name, _)| form && name == "Action").map(|(_, value)| value.into_owned());
    let target = header("x-amz-target").rsplit('.').next().unwrap_or_default().to_owned();
    let (protocol, operation) = match (&action, path.split_once("/operation/")) {
        (Some(action), _) => (if part(3) == "ec2" { Protocol::Ec2 } else { Protocol::Query }, action.clone()),
        (None, Some((_, operation))) if header("smithy-protocol") == "rpc-v2-cbor" => (Protocol::Cbor, operation.to_owned()),
        _ if !target.is_empty() => (Protocol::Json, target),
        _ => (Protocol::Xml, format!("{method} {path}")),
    };
    Call { key: part(0), region: part(2), service: part(3), operation, protocol, path, headers, body }
}

/// An AWS error in a protocol: its content type and body.
pub(crate) fn error(protocol: Protocol, code: &str, message: &str) -> (&'static str, Vec<u8>) {
    let inner = format!("<Code>{code}</Code><Message>{message}</Message>");
    match protocol {
        Protocol::Json => {
            ("application/x-amz-json-1.1", serde_json::json!({ "__type": code, "message": message }).to_string().into_bytes())
        }
        Protocol::Cbor => {
            let mut cbor = aws_smithy_cbor::Encoder::new(Vec::new());
            cbor.map(2).str("__type").str(code).str("message").str(message);
            ("application/cbor", cbor.into_writer())
        }
        Protocol::Query | Protocol::Xml => (
            "text/xml",
            format!("<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>stub</RequestId></ErrorResponse>").into(),
        ),
        Protocol::Ec2 => {
            ("text/xml", format!("<Response><Errors><Error>{inner}</Error></Errors><RequestID>stub</RequestID></Response>").into())
        }
    }
}

/// The stub itself: an error that it makes is read by the SDK in each protocol, and it sees what was signed.
#[test]
fn the_stub_speaks_every_protocol_and_notes_who_signed() {
    let machine = Machine::new();
    let stub = Stub::start(|call| match call.service.as_str() {
        "sts" => Answer::identity("111122223333", "arn:aws:iam::111122223333:user/nobody"),
        "monitoring" => Answer::error(400, "InternalFailure", "said in CBOR"),
        "logs" => Answer::Close,
        "kms" => Answer::Silence,
        _ => Answer::denied(),
    });
    let env = [("AWS_ACCESS_KEY_ID", "AKIDSTUB"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "ap-southeast-2"), NO_METADATA];
    let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url(), "--format", "json", "--timeout", "6"], &env);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:#?}"));
    let text = document.to_string();
    for said in ["ecs:DescribeClusters: access denied", "rds:DescribeDBInstances: access denied", "s3:", "said in CBOR"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let calls = stub.calls();
    for protocol in [Protocol::Json, Protocol::Cbor, Protocol::Query, Protocol::Xml] {
        assert!(calls.iter().any(|c| c.protocol == protocol), "{protocol:?}: {calls:#?}");
    }
    assert!(cfg!(not(feature = "ec2")) || calls.iter().any(|c| c.protocol == Protocol::Ec2), "{calls:#?}");
    for call in &calls {
        assert_eq!(call.key, "AKIDSTUB", "{call:#?}");
        let told = [&call.region, &call.service, &call.operation].iter().all(|part| !part.is_empty());
        assert!(told && call.path.starts_with('/'), "{call:#?}");
        assert!(call.header("user-agent").contains("aws-sdk-rust"), "{call:#?}");
    }
    assert!(calls.iter().any(|c| c.operation == "GetCallerIdentity" && c.body.starts_with(b"Action=")), "{calls:#?}");
}

#[test]
fn the_stub_passes_on_what_it_does_not_answer() {
    let machine = Machine::new();
    let cloud = super::process::CloudProcess::start(&machine);
    let stub = Stub::before(cloud.address(), |call| if call.service == "kms" { Answer::denied() } else { Answer::Upstream });
    let env = [("AWS_ACCESS_KEY_ID", "AKIDSTUB"), ("AWS_SECRET_ACCESS_KEY", "x"), NO_METADATA];
    let ran = machine.run(&["snapshot", "--endpoint-url", &stub.url(), "--format", "json"], &env);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:#?}"));
    assert_eq!(document["nodes"]["svc/web"]["level"], "healthy", "{}", ran.out);
    assert!(ran.out.contains("kms:") && ran.out.contains("access denied"), "{}", ran.out);
}
