//! From SDK values to model values: times, and strings made safe at the door. Called by every source.

use aws_smithy_types::DateTime;

use nextcore_core::model::Time;
use nextcore_core::model::text::sanitize;

/// An SDK instant as ours; `None` if it is absent or out of range.
pub(super) fn time(at: Option<&DateTime>) -> Option<Time> {
    at.and_then(|t| Time::from_timestamp(t.secs(), t.subsec_nanos()))
}

/// Epoch milliseconds (CloudWatch Logs) as ours.
pub(super) fn millis(at: Option<i64>) -> Option<Time> {
    at.and_then(Time::from_timestamp_millis)
}

/// Our instant as the SDK's.
pub(super) fn sdk_time(at: Time) -> DateTime {
    DateTime::from_secs(at.timestamp())
}

/// A port; `None` if it is absent or none.
pub(super) fn port(number: Option<i32>) -> Option<u16> {
    number.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0)
}

/// A string from the cloud, sanitised; empty if absent.
pub(super) fn text(value: Option<&str>) -> String {
    value.map(sanitize).unwrap_or_default()
}

/// A string from the cloud, sanitised; `None` if absent or empty.
pub(super) fn text_opt(value: Option<&str>) -> Option<String> {
    value.filter(|v| !v.is_empty()).map(sanitize)
}

/// A list of strings from the cloud, sanitised.
pub(super) fn texts(values: &[String]) -> Vec<String> {
    values.iter().map(|v| sanitize(v)).collect()
}
