//! Epoch milliseconds to and from the ISO 8601 form of the awsQuery services. No clock: time comes in.
//! Used by the query codec and by `Params::time`.

use chrono::{DateTime, NaiveDateTime, SecondsFormat};

/// `2026-11-23T02:59:00.000Z`.
pub fn iso(epoch_ms: i64) -> String {
    DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Any of the forms that clients send: with `Z`, an offset, or neither (taken as UTC).
pub fn parse_iso(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).map_or_else(
        |_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc().timestamp_millis()),
        |at| Some(at.timestamp_millis()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_go_both_ways() {
        for (text, epoch_ms) in [("2026-11-23T02:59:00.000Z", 1_795_402_740_000), ("1970-01-01T00:00:00.001Z", 1)] {
            assert_eq!(iso(epoch_ms), text);
            assert_eq!(parse_iso(text), Some(epoch_ms));
        }
        assert_eq!(parse_iso("2026-11-23T12:59:00+10:00"), Some(1_795_402_740_000));
        assert_eq!(parse_iso("2026-11-23T02:59:00"), Some(1_795_402_740_000));
        assert_eq!(parse_iso("yesterday"), None);
    }
}
