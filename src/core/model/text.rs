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
    fn figures_stay_short() {
        for (value, text) in [(0.0, "0"), (842.0, "842"), (1234.0, "1.2k"), (38_400.0, "38k"), (4_100_000.0, "4.1M")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(bytes(62.0 * 1_073_741_824.0), "62 GiB");
        assert_eq!(latency(0.118), "118 ms");
        assert_eq!(rate(0.42), "0.4");
    }
}
