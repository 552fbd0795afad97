//! Strings from the cloud made safe for a terminal, figures made short for people, spans read and written, text cut to cells.
//! Sources sanitise at the door; rules, views and reports format here and nowhere else.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Time;
pub use super::inert::{inert, inert_lines};

/// One line of foreign text without anything that a terminal obeys, hides or turns around, and without blanks at its end.
pub fn sanitize(text: &str) -> String {
    let mut out = inert(text).into_owned();
    out.truncate(out.trim_end().len());
    out
}

/// Clocks of hosts differ by so many seconds without anything being wrong.
const USUAL_SKEW: i64 = 60;

/// At most two units: `4s`, `1m40s`, `3h12m`, `9d04h`; of a time that is still to come, `1h00m ahead`: whose clock that is, is wrong.
pub fn age(from: Time, now: Time) -> String {
    match (now - from).num_seconds() {
        ahead if is_ahead(from, now) => format!("{} ahead", duration(-ahead)),
        seconds => duration(seconds.max(0)),
    }
}

fn is_ahead(at: Time, now: Time) -> bool {
    (now - at).num_seconds() < -USUAL_SKEW
}

/// `4s ago`, `1h00m ahead`.
pub fn ago(at: Time, now: Time) -> String {
    let age = age(at, now);
    if is_ahead(at, now) { age } else { age + " ago" }
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

/// The first eight characters of an id, as AWS's console shows it.
pub fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A number of things: `1 task`, `2 tasks`.
pub(crate) fn plural(n: u32, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A percentage for a reason: `93 %`.
pub fn percent(value: f64) -> String {
    format!("{value:.0} %")
}

/// A share 0..=1 as a percentage that keeps small ones readable: `1.4 %`.
pub fn share(value: f64) -> String {
    let value = value * 100.0;
    if value < 9.95 { format!("{value:.1} %") } else { percent(value) }
}

/// At most `width` cells, with `…` at the end when something is missing.
pub(crate) fn clip(text: &str, width: usize) -> Cow<'_, str> {
    if cells(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut kept = take(text, width.saturating_sub(1));
    kept.truncate(kept.trim_end().len());
    if width > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// At most `width` cells, with `…` in the middle: both ends of an ARN say something.
pub(crate) fn clip_middle(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let head = take(text, room / 2);
    let mut tail: Vec<&str> = Vec::new();
    let mut used = head.width();
    for g in text.graphemes(true).rev() {
        if used + g.width() > room {
            break;
        }
        used += g.width();
        tail.push(g);
    }
    tail.reverse();
    Cow::Owned(format!("{head}…{}", tail.concat()))
}

/// Characters that are one cell wide whatever stands beside them.
pub(crate) fn narrow(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}' | '·' | '…' | '×' | '→' | '⇄' | '–' | '—' | '≤')
}

/// Display cells. Nearly all text of a dashboard is narrow: looking every character up took a third of a frame.
pub fn cells(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    if text.chars().all(narrow) { text.chars().count() } else { text.width() }
}

/// The head of a text that fits into so many cells.
pub fn take(text: &str, width: usize) -> String {
    // Nearly all text is ASCII: then cells are bytes, and graphemes need not be looked for.
    if let Some(head) = text.get(..width).filter(|h| h.is_ascii())
        && text.as_bytes().get(width).is_none_or(u8::is_ascii)
    {
        return head.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for g in text.graphemes(true) {
        if used + g.width() > width {
            break;
        }
        used += g.width();
        kept.push_str(g);
    }
    kept
}

/// Lines of at most `width` cells, broken between words where that is possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in words(text, width) {
        let mut rest = word;
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            if line.width() + rest.width() <= width {
                if !(line.is_empty() && rest.trim().is_empty()) {
                    line.push_str(rest);
                }
                break;
            }
            if rest.trim().is_empty() {
                break;
            }
            if !line.is_empty() && rest.width() <= width {
                lines.push(String::new());
                continue;
            }
            let head = take(rest, width - line.width().min(width));
            let cut = head.len();
            line.push_str(&head);
            rest = rest.get(cut..).unwrap_or("");
            if rest.is_empty() || cut == 0 && line.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// The words of a text; one that is longer than a line is taken apart behind its punctuation.
fn words(text: &str, width: usize) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ').flat_map(move |word| {
        let long = word.trim_end().width() > width;
        let parts = word.split_inclusive(move |c: char| long && matches!(c, '.' | '/' | ':' | '-' | '_' | '?' | '&'));
        parts.flat_map(|part| {
            let body = part.trim_end_matches(' ');
            [body, part.get(body.len()..).unwrap_or("")]
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_counts_cells_not_characters() {
        assert_eq!(clip("control-plane", 8), "control…");
        assert_eq!(clip("日本語テスト", 7), "日本語…");
        assert_eq!(clip_middle("arn:aws:ecs:x:1:service/c/web", 15), "arn:aws…e/c/web");
        assert_eq!(clip("ok", 2), "ok");
        assert_eq!(clip("ok", 0), "");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (100, "1m40s"), (11_520, "3h12m"), (792_000, "9d04h")] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_time_that_is_still_to_come_is_no_age_of_zero() {
        let now = Time::default() + chrono::TimeDelta::hours(2);
        for (seconds, text) in [(-3600, "1h00m ahead"), (-61, "1m01s ahead"), (-60, "0s ago"), (0, "0s ago"), (100, "1m40s ago")] {
            assert_eq!(ago(now - chrono::TimeDelta::seconds(seconds), now), text);
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
