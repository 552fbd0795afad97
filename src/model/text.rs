//! Strings from the cloud made safe for a terminal, and figures made short for people. Sources sanitise at the door; views and reports format.

use super::Time;

/// Replaces control, escape and bidirectional-override characters: nothing from the cloud may move a cursor or reorder a line.
pub fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Drops the rest of an ANSI sequence: CSI up to its final byte, OSC up to BEL or ST, else one character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next();
                    break;
                }
            }
        }
        Some(_) => {
            chars.next();
        }
        None => {}
    }
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
    fn cloud_text_cannot_move_the_cursor() {
        for (raw, safe) in [
            ("plain", "plain"),
            ("a\u{1b}[2Jb", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{1b}", "a"),
            ("line\r\nnext", "line  next"),
            ("\u{202e}evil", "\u{fffd}evil"),
            ("nul\u{0}", "nul\u{fffd}"),
            ("日本語 ok", "日本語 ok"),
        ] {
            assert_eq!(sanitize(raw), safe, "{raw:?}");
        }
    }

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
