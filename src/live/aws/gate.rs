//! The gate: no request leaves unless its operation is in a table, and no write without the warrant whose ticket it carries. It fails
//! closed, twice: an interceptor on every client clears the operation and stamps the request; the one HTTP connector refuses unstamped
//! requests, so a client built around the gate cannot send, and uses the warrant up at the moment of sending, so that nothing is sent twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::BodyExt;

use super::answer;
use super::authority::{Authority, Invalid, Ticket};
use super::budget::Bound;
use super::logged::{self, Sent};
use super::meter::Meter;
use super::op::{Kind, Op};
use super::pin::Pin;
use super::skew::MayRepeat;
use super::wire::Seen;
use nextcore_core::model::place::masked;

/// Private header that marks a cleared request; stripped before it is sent.
const STAMP: &str = "x-nextcore-cleared";

/// Why the gate stopped a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The SDK did not say which operation it was: refuse rather than guess.
    #[error("blocked: request without operation metadata; report this as a bug")]
    Unnamed,
    /// Not in any table of this process.
    #[error("blocked: {service}:{operation} is not an operation of this process (read-only gate)")]
    NotAllowed {
        /// SDK service id.
        service: String,
        operation: String,
    },
    /// A write that nobody confirmed.
    #[error("blocked: {service}:{operation} writes without a confirmed action (read-only gate)")]
    NoWarrant {
        /// SDK service id.
        service: String,
        operation: String,
    },
    /// A read that costs money, in a process that only looks.
    #[error(
        "blocked: {service}:{operation} costs money and this process is read-only: a viewer may query with insights = true in [logs] of the configuration"
    )]
    Billed {
        /// SDK service id.
        service: String,
        operation: String,
    },
    /// The configuration pins an account, and it is not known yet that we are in it.
    #[error("blocked: {service}:{operation} waits until the credentials are known to be of the pinned account")]
    Pinned {
        /// SDK service id.
        service: String,
        operation: String,
    },
    /// A write that was confirmed, and the process was disarmed before it left.
    #[error("blocked: {service}:{operation} was confirmed, but this process is no longer armed (read-only gate)")]
    Disarmed {
        /// SDK service id.
        service: String,
        operation: String,
    },
    /// Sent by a client that bypassed the gate.
    #[error("blocked: {0} was sent by a client unknown to the gate")]
    Unstamped(String),
}

/// The operations that may leave this process: reads always, billed ones where the authority lets them, writes with a warrant.
#[derive(Debug, Clone)]
pub struct AllowList {
    ops: Arc<BTreeMap<(&'static str, &'static str), Kind>>,
    authority: Authority,
    pin: Pin,
}

/// The one question that a pinned account leaves open.
const WHO: (&str, &str) = ("STS", "GetCallerIdentity");

impl AllowList {
    /// Exactly these operations, under this authority.
    pub fn of<'a>(ops: impl IntoIterator<Item = &'a Op>, authority: &Authority) -> Self {
        let ops = ops.into_iter().map(|op| ((op.service, op.operation), op.kind)).collect();
        Self { ops: Arc::new(ops), authority: authority.clone(), pin: Pin::default() }
    }

    /// The same, once it is known that we are in the pinned account.
    #[must_use]
    pub fn behind(self, pin: Pin) -> Self {
        Self { pin, ..self }
    }

    /// Service and operation of everything on it, for comparisons.
    #[cfg(test)]
    pub(super) fn operations(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.ops.keys().copied()
    }

    /// Whether it is a write, which needs a warrant, or may leave.
    #[cfg(test)]
    pub(super) fn lets(&self, service: &str, operation: &str) -> bool {
        !matches!(self.check(service, operation, None), Err(Refusal::Billed { .. }))
    }

    /// Whether the operation could leave now, with this ticket.
    pub fn check(&self, service: &str, operation: &str, ticket: Option<Ticket>) -> Result<(), Refusal> {
        let decided = self.decide(service, operation, |authority| authority.allows(ticket, service, operation));
        decided.map(|_| ()).inspect_err(logged::refused)
    }

    /// Lets the operation leave: a write uses its warrant up.
    fn pass(&self, service: &str, operation: &str, ticket: Option<Ticket>) -> Result<Kind, Refusal> {
        self.decide(service, operation, |authority| authority.spend(ticket, service, operation)).inspect_err(logged::refused)
    }

    fn decide(&self, service: &str, operation: &str, may_write: impl FnOnce(&Authority) -> Result<(), Invalid>) -> Result<Kind, Refusal> {
        let open = self.pin.is_open() || (service, operation) == WHO;
        let kind = self.ops.iter().find(|((s, o), _)| *s == service && *o == operation).map(|(_, kind)| *kind);
        let (service, operation) = (service.to_owned(), operation.to_owned());
        match kind {
            None => Err(Refusal::NotAllowed { service, operation }),
            Some(_) if !open => Err(Refusal::Pinned { service, operation }),
            Some(Kind::Read) => Ok(Kind::Read),
            Some(Kind::Billed) if self.authority.may_query() => Ok(Kind::Billed),
            Some(Kind::Billed) => Err(Refusal::Billed { service, operation }),
            Some(Kind::Write) => match may_write(&self.authority) {
                Ok(()) => Ok(Kind::Write),
                Err(Invalid::Unknown) => Err(Refusal::NoWarrant { service, operation }),
                Err(Invalid::Disarmed) => Err(Refusal::Disarmed { service, operation }),
            },
        }
    }
}

/// The interceptor half of the gate.
#[derive(Debug, Clone)]
pub struct Gate {
    allowed: AllowList,
}

impl Gate {
    /// A gate that lets these operations through.
    pub fn new(allowed: AllowList) -> Self {
        Self { allowed }
    }
}

fn named(cfg: &ConfigBag) -> Result<&Metadata, Refusal> {
    cfg.load::<Metadata>().ok_or(Refusal::Unnamed).inspect_err(logged::refused)
}

impl Intercept for Gate {
    fn name(&self) -> &'static str {
        "nextcore-gate"
    }

    // Not `read_before_execution`: client interceptors run it before the operation has stored its `Metadata`.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let metadata = named(cfg)?;
        Ok(self.allowed.check(metadata.service(), metadata.name(), cfg.load::<Ticket>().copied())?)
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let metadata = named(cfg)?;
        let ticket = cfg.load::<Ticket>().copied();
        self.allowed.check(metadata.service(), metadata.name(), ticket)?;
        let ticket = ticket.map(|t| t.to_string()).unwrap_or_default();
        let stamp = format!("{}:{}:{ticket}", metadata.service(), metadata.name());
        context.request_mut().headers_mut().try_insert(STAMP, stamp)?;
        Ok(())
    }
}

/// The connector half of the gate: wraps the real (or embedded) HTTP client.
#[derive(Debug, Clone)]
pub struct GatedClient {
    inner: SharedHttpClient,
    allowed: AllowList,
    meter: Meter,
}

impl GatedClient {
    /// Everything sent through `inner` is checked against `allowed` and counted by `meter`.
    pub fn new(inner: SharedHttpClient, allowed: AllowList, meter: Meter) -> Self {
        Self { inner, allowed, meter }
    }
}

impl HttpClient for GatedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(GatedConnector {
            inner: self.inner.http_connector(settings, components),
            allowed: self.allowed.clone(),
            meter: self.meter.clone(),
        })
    }
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    allowed: AllowList,
    meter: Meter,
}

impl HttpConnector for GatedConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let stamp = request.headers_mut().remove(STAMP);
        let cleared = match stamp.as_deref().and_then(|s| s.split_once(':')).and_then(|(s, rest)| Some((s, rest.split_once(':')?))) {
            Some((service, (operation, ticket))) => {
                self.allowed.pass(service, operation, Ticket::read(ticket)).map(|kind| (service.to_owned(), operation.to_owned(), kind))
            }
            None => Err(Refusal::Unstamped(masked(request.uri()))).inspect_err(logged::refused),
        };
        let refused = |why: BoxError| HttpConnectorFuture::ready(Err(ConnectorError::user(why)));
        let (service, operation, kind) = match cleared {
            Ok(cleared) => cleared,
            Err(refusal) => return refused(refusal.into()),
        };
        let (wait, reading) = match self.meter.budget().admit(&service, kind) {
            Ok(admitted) => admitted,
            Err(bound) => {
                tracing::warn!(operation = format!("{service}:{operation}"), "budget held");
                return refused(bound.into());
            }
        };
        let (name, meter, inner) = (format!("{service}:{operation}"), self.meter.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            if !wait.is_zero() {
                tracing::debug!(operation = name, millis = wait.as_millis() as u64, "budget delays");
                tokio::time::sleep(wait).await;
            }
            meter.sent(&name);
            let sent = Sent::now(&name);
            let answer = inner.call(request).await;
            sent.ended(&answer);
            let mut response = answer?;
            // A read that was signed at a wrong time: the next signature will be good.
            if kind != Kind::Write && response.extension::<Seen>().and_then(|s| s.clock).is_some_and(|c| c.relearnt) {
                response.add_extension(MayRepeat);
            }
            *response.body_mut() = reading.bounded(response.take_body());
            if kind != Kind::Write && response.status().is_success() {
                believed(&service, &operation, &mut response).await?;
            }
            Ok(response)
        })
    }
}

/// Reads the body of a success whole, and refuses one that is cut off or lacks what AWS always sends.
async fn believed(service: &str, operation: &str, response: &mut HttpResponse) -> Result<(), ConnectorError> {
    let body = response.take_body().collect().await.map_err(|e| match e.downcast_ref::<Bound>() {
        Some(_) => ConnectorError::other(e, None),
        None => ConnectorError::io(e),
    })?;
    let body = body.to_bytes();
    answer::check(service, operation, &body).map_err(|incomplete| {
        tracing::warn!(operation = format!("{service}:{operation}"), %incomplete, "answer refused");
        ConnectorError::other(incomplete.into(), None)
    })?;
    *response.body_mut() = SdkBody::from(body);
    Ok(())
}

#[cfg(test)]
mod tests;
