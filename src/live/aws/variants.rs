//! Dual-stack and FIPS endpoints do not exist for every service and region: when one cannot be reached, the error says who asked for it.
//! Wraps the HTTP client of a place that has such a wish; called by `connect`.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use nextcore_core::model::place::{Place, Variant};

/// The client of a place: as it is, unless the place wants a variant of AWS's endpoints.
pub(super) fn named(http: SharedHttpClient, place: &Place) -> SharedHttpClient {
    let wishes = wishes(place);
    if wishes.is_empty() { http } else { SharedHttpClient::new(Named { http, wishes }) }
}

fn wishes(place: &Place) -> String {
    let one = |v: &Variant| format!("{} asks for {} endpoints", v.origin, v.kind);
    place.variants.iter().filter(|v| v.obeyed).map(one).collect::<Vec<_>>().join(", ")
}

#[derive(Debug)]
struct Named {
    http: SharedHttpClient,
    wishes: String,
}

impl HttpClient for Named {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(NamedConnector { connector, wishes: self.wishes.clone() })
    }
}

#[derive(Debug)]
struct NamedConnector {
    connector: SharedHttpConnector,
    wishes: String,
}

/// An endpoint that was not reached, and who asked for it.
#[derive(Debug, thiserror::Error)]
#[error("({host}: {wishes}, not available for every service and region)")]
pub(super) struct Unreached {
    source: ConnectorError,
    host: String,
    wishes: String,
}

impl HttpConnector for NamedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let host = request.uri().parse::<http::Uri>().ok().and_then(|u| u.host().map(ToOwned::to_owned)).unwrap_or_default();
        let (answer, wishes) = (self.connector.call(request), self.wishes.clone());
        HttpConnectorFuture::new(async move {
            answer.await.map_err(|error| {
                if !error.is_timeout() && !error.is_user() {
                    ConnectorError::io(Box::new(Unreached { source: error, host, wishes }))
                } else {
                    error
                }
            })
        })
    }
}
