//! The response body of the embedded cloud: whole, or a live tail that goes on for as long as somebody reads.
//! Both doors (the in-process transport and the HTTP listener) poll it inside a tokio runtime.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::tail::LiveTail;

/// A body that never fails.
#[derive(Debug)]
pub struct SimBody(Kind);

#[derive(Debug)]
enum Kind {
    Full(Option<Bytes>),
    Tail(Box<LiveTail>),
}

impl SimBody {
    /// A body that is known as a whole.
    pub fn full(bytes: impl Into<Bytes>) -> SimBody {
        let bytes = bytes.into();
        SimBody(Kind::Full((!bytes.is_empty()).then_some(bytes)))
    }

    pub(super) fn tail(tail: Box<LiveTail>) -> SimBody {
        SimBody(Kind::Tail(tail))
    }

    /// The bytes, when the body is known as a whole.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Full(bytes) => Some(bytes.as_deref().unwrap_or_default()),
            Kind::Tail(_) => None,
        }
    }
}

impl Body for SimBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Tail(tail) => tail.poll(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Tail(_) => SizeHint::default(),
        }
    }
}
