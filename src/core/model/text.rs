//! Strings from the cloud made safe for a terminal, and figures made short for people. Sources sanitise at the door; views and reports format.

use super::Time;
pub use super::inert::{inert, inert_lines};

/// One line of foreign text without anything that a terminal obeys, hides or turns around, and without blanks at its end.
pub fn sanitize(text: &str) -> String {
    let mut out = inert(text).into_owned();
    out.truncate(out.trim_end().len());
    out
}

/// At most two units: `4s`, `1m40s`, `3h12m`, `9d04h`.
pub fn age(from: Time, now: Time) -> String {
    duration((now - from).num_seconds().max(0))
}

/// Seconds as at most two units.
pub fn duration(seconds: i64) -> String {
    let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s}s"),
        (0, 0, m) => format!("{m}m{s:02}s"),
        (0, h, m) => format!("{h}h{m:02}m"),
        (d, h, _) => format!("{d}d{h:02}h"),
    }
}

/// Reads a span: a number and one of `s`, `m`, `h` and `d`. In seconds; every flag, key and parameter that takes a span reads it here.
pub fn parse_span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = SPANS.iter().find(|(letter, _)| *letter == unit)?.1;
    let is_plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    number.parse::<i64>().ok().filter(|_| is_plain)?.checked_mul(factor)
}

/// Writes a span as `parse_span` reads it, in the greatest unit that keeps it whole: `90s`, `30m`, `2h`, `1d`.
pub fn span(seconds: i64) -> String {
    let whole = SPANS.iter().find(|(_, factor)| seconds % factor == 0 && seconds >= *factor);
    whole.map_or_else(|| format!("{seconds}s"), |(letter, factor)| format!("{}{letter}", seconds / factor))
}

/// The units of a span, in seconds.
const SPANS: [(&str, i64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// A count in at most four characters and a suffix: `842`, `1.2k`, `38k`, `4.1M`.
pub fn count(value: f64) -> String {
    scaled(value, 1000.0, &["", "k", "M", "G", "T"], "")
}

/// Bytes in binary units: `62 GiB`.
pub fn bytes(value: f64) -> String {
    scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"], " ")
}

fn scaled(value: f64, base: f64, units: &[&str], gap: &str) -> String {
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let unit_text = units.get(unit).copied().unwrap_or("");
    if unit > 0 && value.abs() < 10.0 { format!("{value:.1}{gap}{unit_text}") } else { format!("{value:.0}{gap}{unit_text}") }
}

/// A rate per second that keeps small figures readable: `0.4`, `12`, `842`, `1.2k`.
pub fn rate(value: f64) -> String {
    if value > 0.0 && value < 9.95 { format!("{value:.1}") } else { count(value) }
}

/// Seconds of latency as milliseconds or seconds: `38 ms`, `1.4 s`.
pub fn latency(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (100, "1m40s"), (11_520, "3h12m"), (792_000, "9d04h")] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("0s", 0)] {
            assert_eq!((parse_span(text), span(seconds).as_str()), (Some(seconds), text));
        }
        for wrong in ["", "m", "30", "-1m", "+1m", "1.5h", "1h30m", "30 m", "30M", "1w", "9999999999999999d", "3é"] {
            assert_eq!(parse_span(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn figures_stay_short() {
        for (value, text) in [(0.0, "0"), (842.0, "842"), (1234.0, "1.2k"), (38_400.0, "38k"), (4_100_000.0, "4.1M")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(bytes(62.0 * 1_073_741_824.0), "62 GiB");
        assert_eq!(latency(0.118), "118 ms");
        assert_eq!(rate(0.42), "0.4");
    }
}
