//! Any `handle` function as the SDK's HTTP connector: the door through which the embedded cloud is reached in process.
//! It knows nothing of what answers; the shell brings the function.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use futures_util::future::BoxFuture;

/// The body of an answer, as the SDK reads it.
pub use aws_smithy_types::body::SdkBody as Body;

/// Answers one HTTP request.
pub type Handler = Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, http::Response<Body>> + Send + Sync>;

#[derive(Clone)]
struct InProcess(Handler);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

/// An HTTP client whose requests are answered by `handler`.
pub fn in_process(handler: Handler) -> SharedHttpClient {
    SharedHttpClient::new(InProcess(handler))
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let handler = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
            // SDK request bodies are in memory, except uploads, which this program never makes.
            let request = request.map(|body| body.bytes().map(Bytes::copy_from_slice).unwrap_or_default());
            let response = handler(request).await;
            HttpResponse::try_from(response).map_err(|e| ConnectorError::user(e.into()))
        })
    }
}
