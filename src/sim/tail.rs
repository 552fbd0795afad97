//! The live tail of CloudWatch Logs: an event stream that sends `sessionStart` at once (clients wait for a first frame)
//! and then, every second, what was ingested since, even if that is nothing. `service::logs` decides what matches.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use tokio::time::{Instant, Interval, interval_at};

use super::service::logs::Tail;
use super::wire::{Value, eventstream};
use super::{Cloud, SimBody};

const EVERY: Duration = Duration::from_secs(1);

/// One session.
pub(super) struct LiveTail {
    cloud: Arc<Cloud>,
    tail: Tail,
    interval: Option<Interval>,
    queued: VecDeque<Bytes>,
}

impl std::fmt::Debug for LiveTail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveTail").finish_non_exhaustive()
    }
}

impl LiveTail {
    pub(super) fn new(cloud: Arc<Cloud>, tail: Tail) -> LiveTail {
        // botocore insists on the initial response; the Rust SDK takes it or leaves it.
        let queued = VecDeque::from([
            eventstream::event("initial-response", &Value::EMPTY),
            eventstream::event("sessionStart", &tail.session_start()),
        ]);
        LiveTail { cloud, tail, interval: None, queued }
    }

    pub(super) fn into_response(self: Box<Self>, request_id: &str) -> Response<SimBody> {
        let mut response = Response::new(SimBody::tail(self));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(eventstream::CONTENT_TYPE));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }

    /// The next frame. The stream has no end of its own short of AWS's three-hour limit.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(frame) = self.queued.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if self.tail.finished() {
            return Poll::Ready(None);
        }
        let interval = self.interval.get_or_insert_with(|| interval_at(Instant::now() + EVERY, EVERY));
        ready!(interval.poll_tick(context));
        let (cloud, tail) = (&self.cloud, &mut self.tail);
        let frame = match cloud.world(|world| tail.update(world)) {
            Some(update) => eventstream::event("sessionUpdate", &update),
            None => eventstream::exception("SessionTimeoutException", "The session has reached its time limit."),
        };
        Poll::Ready(Some(frame))
    }
}
