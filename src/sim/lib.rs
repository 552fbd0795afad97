//! The embedded cloud: the written architecture's stack behind AWS's own wire protocols, on a virtual clock.
//! One function, [`Cloud::handle`], stands behind both doors (the in-process transport and the HTTP listener).
//! `world` holds state and physics, `service` the operations, `wire` the protocols, `fault` the API faults.
//! It imports nothing of ours: it could be a crate of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

mod admin;
mod body;
pub mod fault;
mod gameday;
pub mod service;
mod tail;
pub mod wire;
pub mod world;

pub use body::SimBody;
pub use fault::{ApiFault, FaultKind, Faults};
pub use gameday::GameDay;

use fault::{Caller, Verdict};
use service::{Operation, Run, Service};
use tail::LiveTail;
use wire::{ApiError, Call, Params, Value};
use world::{InForce, Scenario, World};

/// Virtual time, epoch milliseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Longer than any client waits for an answer that never comes.
const NEVER: Duration = Duration::from_hours(1);

/// The embedded cloud.
pub struct Cloud {
    me: Weak<Cloud>,
    clock: Clock,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    requests: Mutex<BTreeMap<(&'static str, &'static str), RequestCount>>,
    seed: u64,
    served: AtomicU64,
}

/// How often an operation was called since the start, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestCount {
    /// Service name as in the service table.
    pub service: &'static str,
    /// Operation name.
    pub operation: &'static str,
    /// Whether the operation changes anything.
    pub is_write: bool,
    /// How often.
    pub count: u64,
}

/// How long the answer has to be held back; found among the extensions of the response that [`Cloud::handle`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay(pub Duration);

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Cloud {
    /// The whole stack as `seed` shapes it, at the clock's present.
    pub fn new(seed: u64, clock: Clock) -> Arc<Cloud> {
        Arc::new_cyclic(|me| Cloud {
            me: me.clone(),
            world: Mutex::new(World::new(seed, clock())),
            clock,
            faults: Mutex::new(Faults::new(seed)),
            requests: Mutex::default(),
            seed,
            served: AtomicU64::new(0),
        })
    }

    /// Answers one request at once. An injected delay is noted in the response's extensions ([`Delay`]), not waited for.
    pub fn handle(&self, request: Request<Bytes>) -> Response<SimBody> {
        let call = Call::decode(&request, service::APIS);
        let id = self.request_id();
        let Some(service) = service::find(&call) else {
            return whole(wire::respond(&call, "", &Err(service::unknown_service(&call)), &id));
        };
        let Some(operation) = service.operation(&call.operation) else {
            let error = service.unknown_operation(&call);
            return whole(wire::respond(&call, service.namespace, &Err(error), &id));
        };
        self.count(service, operation);
        let rehearsed = self.world(|world| fault::rehearsed(&world.faults, world.now));
        let verdict = lock(&self.faults).draw(service.name, operation.name, &rehearsed);
        if let Some(error) = Cloud::refusal(verdict, service, &call) {
            let response = wire::respond(&call, service.namespace, &Err(error), &id);
            return delayed(whole(response), verdict.delay);
        }
        match self.run(service, operation, &call) {
            Ok(Answer::Value(value)) => damaged(wire::respond(&call, service.namespace, &Ok(value), &id), verdict),
            Ok(Answer::Tail(tail)) => delayed(tail.into_response(&id), verdict.delay),
            Err(error) => damaged(wire::respond(&call, service.namespace, &Err(error), &id), verdict),
        }
    }

    /// [`Cloud::handle`], and the injected delay.
    pub async fn serve(self: Arc<Self>, request: Request<Bytes>) -> Response<SimBody> {
        let mut response = self.handle(request);
        if let Some(Delay(delay)) = response.extensions_mut().remove::<Delay>() {
            tokio::time::sleep(delay).await;
        }
        response
    }

    /// Looks at or changes the world, brought up to the clock first: for scenarios and tests.
    pub fn world<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        let mut world = lock(&self.world);
        world.advance_to((self.clock)());
        f(&mut world)
    }

    /// Looks at or changes the API faults in force.
    pub fn faults<R>(&self, f: impl FnOnce(&mut Faults) -> R) -> R {
        f(&mut lock(&self.faults))
    }

    /// Makes a failure happen now: one of the stack or one of the API.
    pub fn inject(&self, scenario: &Scenario) {
        self.world(|world| world.inject(scenario.clone()));
    }

    /// Ends every failure that lasts. The API faults that were set by [`Cloud::faults`] stay.
    pub fn heal(&self) {
        self.world(World::heal);
    }

    /// What was injected and is not over, oldest first.
    pub fn in_force(&self) -> Vec<InForce> {
        self.world(|world| world.in_force())
    }

    /// What was called since the start, by service and operation.
    pub fn requests(&self) -> Vec<RequestCount> {
        lock(&self.requests).values().cloned().collect()
    }

    fn run(&self, service: &Service, operation: &Operation, call: &Call) -> Result<Answer, ApiError> {
        let members = match &call.params {
            Ok(members) => members,
            Err(reason) => return Err(service::unreadable(call.protocol, reason)),
        };
        let params = Params::new(members, service.dialect).signed_for(call.region.as_deref());
        match operation.run {
            Run::Unary(handler) => self.world(|world| handler(world, &params)).map(Answer::Value),
            Run::Tail(handler) => {
                let query = self.world(|world| handler(world, &params))?;
                let cloud = self
                    .me
                    .upgrade()
                    .ok_or_else(|| ApiError::new("ServiceUnavailableException", "The embedded cloud is shutting down.").with_status(503))?;
                Ok(Answer::Tail(Box::new(LiveTail::new(cloud, query))))
            }
        }
    }

    fn count(&self, service: &Service, operation: &Operation) {
        lock(&self.requests)
            .entry((service.name, operation.name))
            .or_insert(RequestCount { service: service.name, operation: operation.name, is_write: operation.is_write, count: 0 })
            .count += 1;
    }

    fn refusal(verdict: Verdict, service: &Service, call: &Call) -> Option<ApiError> {
        let kind = verdict.kind?;
        let action = service.action(&call.operation);
        let resource = service.resource(call);
        let caller = Caller { arn: service::CALLER_ARN, action: &action, resource: &resource };
        fault::refusal(kind, call.protocol, caller)
    }

    /// A UUID by its looks; the same sequence for the same seed.
    fn request_id(&self) -> String {
        let n = self.served.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (mix(self.seed ^ mix(n)), mix(self.seed.rotate_left(32) ^ n));
        format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff, low >> 52, low & 0xffff_ffff_ffff)
    }
}

enum Answer {
    Value(Value),
    Tail(Box<LiveTail>),
}

/// The finaliser of splitmix64.
fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A panic in one handler must not end the cloud for everybody else.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whole(response: Response<Bytes>) -> Response<SimBody> {
    response.map(SimBody::full)
}

fn delayed(mut response: Response<SimBody>, delay: Duration) -> Response<SimBody> {
    if !delay.is_zero() {
        response.extensions_mut().insert(Delay(delay));
    }
    response
}

/// The same answer with another body.
fn instead(response: Response<Bytes>, body: Bytes) -> Response<Bytes> {
    let mut response = response.map(|_| body);
    let length = http::HeaderValue::from(response.body().len());
    response.headers_mut().insert(http::header::CONTENT_LENGTH, length);
    response
}

/// The body with nothing in it: an empty object, or the outermost element.
fn emptied(response: &Response<Bytes>) -> Bytes {
    let kind = response.headers().get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.contains("cbor") {
        return Bytes::from_static(&[0xa0]);
    }
    if !kind.contains("xml") {
        return Bytes::from_static(b"{}");
    }
    let text = String::from_utf8_lossy(response.body());
    let root = text.split('<').find_map(|tag| tag.split(['>', ' ']).next().filter(|name| name.starts_with(|c: char| c.is_alphabetic())));
    root.map_or_else(Bytes::new, |root| Bytes::from(format!("<{root}></{root}>")))
}

/// Does to a good answer what the fault says.
fn damaged(response: Response<Bytes>, verdict: Verdict) -> Response<SimBody> {
    let response = match verdict.kind {
        Some(FaultKind::Timeout) => return delayed(whole(response), NEVER),
        Some(FaultKind::Malformed) => instead(response, Bytes::from_static(b"<<< {not what the protocol says \xff")),
        Some(FaultKind::Empty) => {
            let empty = emptied(&response);
            instead(response, empty)
        }
        // The announced length stays: over HTTP the connection breaks in the middle of the body.
        Some(FaultKind::Truncated) => response.map(|bytes| bytes.slice(..bytes.len() / 2)),
        _ => response,
    };
    delayed(whole(response), verdict.delay)
}

#[cfg(test)]
mod tests;
