//! application/vnd.amazon.eventstream: one event or exception as one frame, by the SDK's own frame codec.
//! The only user is the live tail of CloudWatch Logs.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

use super::{Value, json};

/// The content type of the whole response.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The frame of an event of type `event`.
pub fn event(event: &'static str, payload: &Value) -> Bytes {
    frame(&[(":message-type", "event"), (":event-type", event), (":content-type", "application/json")], payload)
}

/// The frame of an exception, which ends the stream.
pub fn exception(kind: &'static str, message: &str) -> Bytes {
    frame(
        &[(":message-type", "exception"), (":exception-type", kind), (":content-type", "application/json")],
        &super::object! { "message" => message },
    )
}

fn frame(headers: &[(&'static str, &'static str)], payload: &Value) -> Bytes {
    let headers = headers.iter().map(|(name, value)| Header::new(*name, HeaderValue::String((*value).into()))).collect();
    let message = Message::new_from_parts(headers, json::encode(payload));
    let mut buffer = Vec::new();
    // Fails only on a frame above the format's 16 MiB; callers batch far below that. An empty frame is then sent.
    if write_message_to(&message, &mut buffer).is_err() {
        buffer.clear();
    }
    buffer.into()
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::read_message_from;

    use super::super::object;
    use super::*;

    #[test]
    fn frames_parse_with_the_sdk_codec() {
        let message = read_message_from(event("sessionUpdate", &object! { "sessionResults" => Value::members([1]) })).unwrap();
        assert_eq!(message.payload().as_ref(), br#"{"sessionResults":[1]}"#);
        let header = |name: &str| {
            let header = message.headers().iter().find(|header| header.name().as_str() == name).unwrap();
            header.value().as_string().unwrap().as_str().to_owned()
        };
        assert_eq!(header(":event-type"), "sessionUpdate");
        assert_eq!(header(":message-type"), "event");
    }
}
