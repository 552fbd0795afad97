//! The AWS wire protocols: what a request asks ([`Call`]) and how an answer or an error is written ([`respond`]).
//! awsJson 1.0 and 1.1, awsQuery, ec2Query, rpc-v2-cbor and restXml.
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
pub mod rest;
pub mod time;
mod value;
mod xml;

pub use error::ApiError;
pub use page::{Page, offset, page, token};
pub use params::{Dialect, Params};
pub use value::Value;
pub(crate) use value::object;

/// No AWS request nests deeper; a bound keeps hostile bodies from exhausting the stack.
const MAX_DEPTH: usize = 32;

/// The one API version that is spoken in ec2Query.
const EC2_VERSION: &str = "2016-11-15";

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
    /// ec2Query.
    Ec2Query,
    /// smithy-rpc-v2-cbor.
    Cbor,
    /// restXml.
    RestXml(rest::Flavour),
}

/// What a request says, before any service is looked up.
#[derive(Debug, Clone)]
pub struct Call {
    /// The protocol it is written in.
    pub protocol: Protocol,
    /// Signing name from the credential scope of `Authorization`.
    pub signing_name: Option<String>,
    /// Region from the same scope.
    pub region: Option<String>,
    /// What names the service otherwise: target prefix, service id in the path, or API version.
    pub target: String,
    pub operation: String,
    /// The input, or why it could not be parsed.
    pub params: Result<Value, String>,
    /// How the answer travels, in restXml.
    route: Option<&'static rest::Route>,
    /// An answer to HEAD has no body, not even an error.
    head_only: bool,
}

impl Call {
    /// Reads a request; `apis` are the services that speak restXml.
    /// Nothing is refused here: what cannot be read is refused by the service in its own words.
    pub fn decode(request: &Request<Bytes>, apis: &[&'static rest::Api]) -> Call {
        let headers = request.headers();
        let (signing_name, region) = scope(headers);
        let call = |protocol, target: &str, operation: &str, params| Call {
            protocol,
            signing_name: signing_name.clone(),
            region: region.clone(),
            target: target.to_owned(),
            operation: operation.to_owned(),
            params,
            route: None,
            head_only: request.method() == http::Method::HEAD,
        };
        if let Some(target) = text(headers, "x-amz-target") {
            let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
            let content_type = match text(headers, "content-type") {
                Some("application/x-amz-json-1.0") => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            return call(Protocol::Json { content_type }, prefix, operation, json::decode(request.body()));
        }
        let segments: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
        if let ["service", service, "operation", operation] = segments.as_slice() {
            return call(Protocol::Cbor, service, operation, cbor::decode(request.body()));
        }
        if let Some(asked) = rest::decode(request, signing_name.as_deref(), apis) {
            let operation = asked.route.map_or("", |route| route.operation);
            let call = call(Protocol::RestXml(asked.api.flavour), asked.api.version, operation, asked.params);
            return Call { route: asked.route, ..call };
        }
        let form = if request.body().is_empty() { request.uri().query().unwrap_or_default().as_bytes() } else { request.body() };
        let params = query::decode(form);
        let member = |name: &str| match params.as_ref().ok().and_then(|params| params.get(name)) {
            Some(Value::Str(text)) => text.clone().into_owned(),
            _ => String::new(),
        };
        let (version, operation) = (member("Version"), member("Action"));
        let ec2 = version == EC2_VERSION || signing_name.as_deref() == Some("ec2");
        call(if ec2 { Protocol::Ec2Query } else { Protocol::Query }, &version, &operation, params)
    }
}

/// Writes the answer to `call` in its protocol. `namespace` is the XML namespace of the service.
pub fn respond(call: &Call, namespace: &str, result: &Result<Value, ApiError>, request_id: &str) -> Response<Bytes> {
    let body = match result {
        _ if call.head_only => Vec::new(),
        Ok(value) => encode(call, namespace, value, request_id),
        Err(error) => encode_error(call.protocol, namespace, error, request_id),
    };
    let content_type = match call.protocol {
        Protocol::Json { content_type } => content_type,
        Protocol::Query => "text/xml",
        Protocol::Ec2Query => "text/xml;charset=UTF-8",
        Protocol::Cbor => "application/cbor",
        Protocol::RestXml(_) => "application/xml",
    };
    let mut response = Response::new(Bytes::from(body));
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    insert(
        headers,
        if call.protocol == Protocol::RestXml(rest::Flavour::S3) { "x-amz-request-id" } else { "x-amzn-requestid" },
        request_id,
    );
    if call.protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    let status = match (result, call.route) {
        (Err(error), _) => {
            // Query-compatible clients dispatch on this header, not on the shape name in the body.
            if error.query_code.is_some() || call.protocol == Protocol::Cbor {
                insert(headers, "x-amzn-query-error", &format!("{};{}", error.query_code(), error.fault()));
            }
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST)
        }
        (Ok(value), Some(route)) => {
            let (status, travelling) = route.head(value);
            for (name, value) in travelling {
                insert(headers, name, value);
            }
            StatusCode::from_u16(status).unwrap_or_default()
        }
        (Ok(_), None) => StatusCode::OK,
    };
    if status == StatusCode::NO_CONTENT {
        // HTTP forbids the one and makes no use of the other.
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::CONTENT_TYPE);
    }
    *response.status_mut() = status;
    response
}

fn encode(call: &Call, namespace: &str, value: &Value, request_id: &str) -> Vec<u8> {
    match (call.protocol, call.route) {
        (Protocol::Json { .. }, _) => json::encode(value),
        (Protocol::Cbor, _) => cbor::encode(value),
        (Protocol::Query, _) => query::encode(&call.operation, namespace, request_id, value),
        (Protocol::Ec2Query, _) => query::encode_ec2(&call.operation, namespace, request_id, value),
        (Protocol::RestXml(_), Some(route)) => route.body(namespace, value),
        (Protocol::RestXml(_), None) => Vec::new(),
    }
}

fn encode_error(protocol: Protocol, namespace: &str, error: &ApiError, request_id: &str) -> Vec<u8> {
    match protocol {
        Protocol::Json { .. } => json::encode(&error_members(error)),
        Protocol::Cbor => cbor::encode(&error_members(error)),
        Protocol::Query | Protocol::RestXml(rest::Flavour::Versioned) => query::encode_error(error, namespace, request_id),
        Protocol::Ec2Query => query::encode_ec2_error(error, request_id),
        Protocol::RestXml(rest::Flavour::S3) => rest::encode_s3_error(error, request_id),
    }
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

/// `Credential=AKID/date/REGION/SERVICE/aws4_request`: the service and the region.
fn scope(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    let scope = text(headers, "authorization")
        .and_then(|value| value.split_once("Credential="))
        .and_then(|(_, rest)| rest.split([',', ' ']).next());
    let part = |n| scope.and_then(|scope| scope.rsplit('/').nth(n)).map(str::to_owned);
    (part(1), part(2))
}

#[cfg(test)]
mod tests;
