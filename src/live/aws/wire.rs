//! The lowest HTTP client, beneath the gate and the credentials providers: it sees each answer before the SDK does, and notes on it what
//! an error needs to be read by: the clocks, where these keys were accepted, which proxy was on the way. It decides nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::proxy::Proxies;
use super::skew::{ClockReading, Skew};

/// An access key and the region that a request was signed for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Signed {
    /// The access key.
    pub(super) key: String,
    /// The region of the signature.
    pub(super) region: String,
}

impl Signed {
    /// Of `AWS4-HMAC-SHA256 Credential=AKID/20261129/eu-west-1/ecs/aws4_request, …`.
    fn of(request: &HttpRequest) -> Option<Self> {
        let (_, scope) = request.headers().get("authorization")?.split_once("Credential=")?;
        let mut parts = scope.split([',', ' ']).next()?.split('/');
        let (key, _date, region) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { key: key.to_owned(), region: region.to_owned() })
    }
}

/// Whether keys that are refused have been good somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Accepted {
    /// In the same region, before.
    Here,
    /// In this other region.
    Elsewhere(String),
    /// Nowhere yet.
    Nowhere,
}

#[derive(Debug, Default)]
struct Known {
    accepted: BTreeSet<Signed>,
    /// AWS has said that the credentials in use are no longer good.
    spent: bool,
}

/// What the answers have shown about the keys in use; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Known>>);

impl Witness {
    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// AWS took them.
    pub(super) fn accepted(&self, signed: &Signed) {
        self.known(|k| k.accepted.insert(signed.clone()));
    }

    /// Where these keys have been good.
    pub(super) fn of(&self, signed: &Signed) -> Accepted {
        self.known(|k| match k.accepted.iter().find(|s| s.key == signed.key && s.region != signed.region) {
            _ if k.accepted.contains(signed) => Accepted::Here,
            Some(other) => Accepted::Elsewhere(other.region.clone()),
            None => Accepted::Nowhere,
        })
    }

    /// AWS refuses the credentials as expired or unknown: what is kept of them is asked for anew.
    pub(super) fn spend(&self) {
        self.known(|k| k.spent = true);
    }

    /// Whether they were refused since this was last asked.
    pub(super) fn take_spent(&self) -> bool {
        self.known(|k| std::mem::take(&mut k.spent))
    }
}

/// What is noted on an answer.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// With which key and for which region it was signed.
    pub(super) signed: Signed,
    /// What it says about the clocks.
    pub(super) clock: Option<ClockReading>,
    /// What the answers have shown about the keys.
    pub(super) witness: Witness,
    /// What renews the credentials in use.
    pub(super) renew: Arc<str>,
}

/// What is noted with.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    /// The clock.
    pub(super) skew: Skew,
    /// The keys.
    pub(super) witness: Witness,
    /// The proxies of the environment.
    pub(super) proxies: Proxies,
    /// What renews the credentials in use, for a person.
    pub(super) renew: Arc<str>,
}

/// The observing client.
#[derive(Debug)]
pub(super) struct Wire {
    inner: SharedHttpClient,
    observer: Observer,
}

impl Wire {
    /// Observes what goes through `inner`.
    pub(super) fn over(inner: SharedHttpClient, observer: Observer) -> SharedHttpClient {
        SharedHttpClient::new(Self { inner, observer })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Observed { inner: self.inner.http_connector(settings, components), observer: self.observer.clone() })
    }
}

#[derive(Debug)]
struct Observed {
    inner: SharedHttpConnector,
    observer: Observer,
}

impl HttpConnector for Observed {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let observer = self.observer.clone();
        let signed = Signed::of(&request);
        let uri = request.uri().to_owned();
        let sent = observer.skew.sending();
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await.map_err(|e| observer.proxies.explain(&uri, e))?;
            // Unsigned requests are answered by whoever is near: their clock is not AWS's.
            if let Some(signed) = signed {
                let clock = observer.skew.read(&answer, sent);
                if answer.status().is_success() {
                    observer.witness.accepted(&signed);
                }
                answer.add_extension(Seen { signed, clock, witness: observer.witness, renew: observer.renew });
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(key: &str, region: &str) -> Signed {
        Signed { key: key.to_owned(), region: region.to_owned() }
    }

    #[test]
    fn a_request_tells_its_key_and_region() {
        let mut request = HttpRequest::get("https://sts.eu-west-1.amazonaws.com/").unwrap();
        assert_eq!(Signed::of(&request), None);
        let header = "AWS4-HMAC-SHA256 Credential=AKIA1/20261129/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0";
        request.headers_mut().insert("authorization", header);
        assert_eq!(Signed::of(&request), Some(signed("AKIA1", "eu-west-1")));
    }

    #[test]
    fn keys_are_known_by_where_they_were_accepted() {
        let witness = Witness::default();
        assert_eq!(witness.of(&signed("A", "ap-east-1")), Accepted::Nowhere);
        witness.accepted(&signed("A", "us-east-1"));
        assert_eq!(witness.of(&signed("A", "ap-east-1")), Accepted::Elsewhere("us-east-1".to_owned()));
        assert_eq!(witness.of(&signed("B", "ap-east-1")), Accepted::Nowhere, "another key is no witness");
        witness.accepted(&signed("A", "ap-east-1"));
        assert_eq!(witness.of(&signed("A", "ap-east-1")), Accepted::Here);
        witness.spend();
        assert_eq!((witness.take_spent(), witness.take_spent()), (true, false));
    }
}
