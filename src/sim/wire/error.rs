//! The one error type of the embedded cloud: a code, a message, a status and whose fault it was.
//! Rendering is the protocols' work (`wire::respond`); the services only name AWS's own code.

use std::borrow::Cow;

/// An error as AWS would return it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Error code: the shape name in JSON and CBOR, the wire code in awsQuery.
    pub code: Cow<'static, str>,
    /// The code that the awsQuery form of a service uses where it differs (CloudWatch speaks both).
    pub query_code: Option<&'static str>,
    /// Human text.
    pub message: String,
}

impl ApiError {
    /// The caller's fault, status 400.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> ApiError {
        ApiError { status: 400, code: code.into(), query_code: None, message: message.into() }
    }

    /// With another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> ApiError {
        self.status = status;
        self
    }

    /// With another code for the awsQuery form.
    #[must_use]
    pub fn with_query_code(mut self, code: &'static str) -> ApiError {
        self.query_code = Some(code);
        self
    }

    /// `Sender` or `Receiver`, as the awsQuery error body says it.
    pub fn fault(&self) -> &'static str {
        if self.status >= 500 { "Receiver" } else { "Sender" }
    }

    /// The code in awsQuery bodies and in the header that query-compatible clients dispatch on.
    pub fn query_code(&self) -> &str {
        self.query_code.unwrap_or(&self.code)
    }
}
