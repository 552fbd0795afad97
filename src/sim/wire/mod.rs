//! The AWS wire protocols: what a request asks ([`Call`]) and how an answer or an error is written ([`respond`]).
//! awsJson 1.0 and 1.1, awsQuery and rpc-v2-cbor; ec2Query and restXml would be two more arms of [`Protocol`].
//! Knows no service and no state; called by `sim::Cloud` only, and `Value`/`Params`/`ApiError` by the services.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

mod cbor;
mod error;
pub mod eventstream;
mod json;
mod page;
mod params;
mod query;
pub mod time;
mod value;

pub use error::ApiError;
pub use page::{Page, offset, page, token};
pub use params::{Dialect, Params};
pub use value::Value;
pub(crate) use value::object;

/// No AWS request nests deeper; a bound keeps hostile bodies from exhausting the stack.
const MAX_DEPTH: usize = 32;

/// How a request is written, and therefore how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson1_0 or awsJson1_1; they differ in the content type only.
    Json {
        /// The content type to answer with.
        content_type: &'static str,
    },
    /// awsQuery.
    Query,
    /// smithy-rpc-v2-cbor.
    Cbor,
}

/// What a request says, before any service is looked up.
#[derive(Debug, Clone)]
pub struct Call {
    /// The protocol it is written in.
    pub protocol: Protocol,
    /// Signing name from the credential scope of `Authorization`.
    pub signing_name: Option<String>,
    /// What names the service otherwise: target prefix, service id in the path, or API version.
    pub target: String,
    /// The operation.
    pub operation: String,
    /// The input, or why it could not be parsed.
    pub params: Result<Value, String>,
}

impl Call {
    /// Reads a request. Nothing is refused here: what cannot be read is refused by the service in its own words.
    pub fn decode(request: &Request<Bytes>) -> Call {
        let headers = request.headers();
        let signing_name = signing_name(headers);
        if let Some(target) = text(headers, "x-amz-target") {
            let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
            let content_type = match text(headers, "content-type") {
                Some("application/x-amz-json-1.0") => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            return Call {
                protocol: Protocol::Json { content_type },
                signing_name,
                target: prefix.to_owned(),
                operation: operation.to_owned(),
                params: json::decode(request.body()),
            };
        }
        let segments: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
        if let ["service", service, "operation", operation] = segments.as_slice() {
            return Call {
                protocol: Protocol::Cbor,
                signing_name,
                target: (*service).to_owned(),
                operation: (*operation).to_owned(),
                params: cbor::decode(request.body()),
            };
        }
        let form = if request.body().is_empty() { request.uri().query().unwrap_or_default().as_bytes() } else { request.body() };
        let params = query::decode(form);
        let member = |name: &str| match params.as_ref().ok().and_then(|params| params.get(name)) {
            Some(Value::Str(text)) => text.clone().into_owned(),
            _ => String::new(),
        };
        Call { protocol: Protocol::Query, signing_name, target: member("Version"), operation: member("Action"), params }
    }
}

/// Writes the answer to `call` in its protocol. `namespace` is the XML namespace of the service.
pub fn respond(call: &Call, namespace: &str, result: &Result<Value, ApiError>, request_id: &str) -> Response<Bytes> {
    let body = match (call.protocol, result) {
        (Protocol::Json { .. }, Ok(value)) => json::encode(value),
        (Protocol::Json { .. }, Err(error)) => json::encode(&error_members(error)),
        (Protocol::Cbor, Ok(value)) => cbor::encode(value),
        (Protocol::Cbor, Err(error)) => cbor::encode(&error_members(error)),
        (Protocol::Query, Ok(value)) => query::encode(&call.operation, namespace, request_id, value),
        (Protocol::Query, Err(error)) => query::encode_error(error, namespace, request_id),
    };
    let content_type = match call.protocol {
        Protocol::Json { content_type } => content_type,
        Protocol::Query => "text/xml",
        Protocol::Cbor => "application/cbor",
    };
    let mut response = Response::new(Bytes::from(body));
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    insert(headers, "x-amzn-requestid", request_id);
    if call.protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Err(error) = result {
        // Query-compatible clients dispatch on this header, not on the shape name in the body.
        if error.query_code.is_some() || call.protocol == Protocol::Cbor {
            insert(headers, "x-amzn-query-error", &format!("{};{}", error.query_code(), error.fault()));
        }
        *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    }
    response
}

fn error_members(error: &ApiError) -> Value {
    object! { "__type" => error.code.as_ref(), "message" => &error.message }
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Credential=AKID/date/region/SERVICE/aws4_request`: the service is the fourth part.
fn signing_name(headers: &HeaderMap) -> Option<String> {
    let (_, scope) = text(headers, "authorization")?.split_once("Credential=")?;
    let scope = scope.split([',', ' ']).next()?;
    scope.rsplit('/').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests;
