//! The text of a log row: without the time that it repeats, of JSON the message first, with what was found set off. Not where it is drawn:
//! `row`. Called by it.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use crate::log::json::{Json, Kind};
use crate::theme::Role;
use crate::view::widget::Phrase;

/// Words that say how bad a line is, the worst first.
const LEVELS: &[(&str, Role)] = &[
    ("CRITICAL", Role::Crit),
    ("FATAL", Role::Crit),
    ("ERROR", Role::Crit),
    ("Traceback", Role::Crit),
    ("WARNING", Role::Warn),
    ("WARN", Role::Warn),
];

/// A longer value is cut.
const LONGEST: usize = 60;

/// What a row shows of a message: its first line, without what stands in the row already; long values of JSON whole or cut.
pub(super) fn shown(message: &str, is_json: bool, whole: bool) -> Cow<'_, str> {
    if is_json && let Some(text) = of_json(message, if whole { usize::MAX } else { LONGEST }) {
        return Cow::Owned(text);
    }
    let first = message.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let text = bare(first);
    // Where all of it is read, it stands as it was written.
    requested(&text).filter(|_| !whole).map_or(text, Cow::Owned)
}

/// A request of an access log as it is read: its status, the request, what came of it; who asked and its logger last, for they are cut first.
fn requested(line: &str) -> Option<String> {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let (before, quoted) = line.split_once('"')?;
    let (request, after) = quoted.split_once('"')?;
    let (request, _version) = request.rsplit_once(" HTTP/")?;
    let is_request = request.split_once(' ').is_some_and(|(method, path)| METHODS.contains(&method) && !path.is_empty());
    let after = after.trim_start();
    let status = after.get(..3).filter(|s| is_request && s.bytes().all(|b| b.is_ascii_digit()))?;
    let rest = after.get(3..).filter(|rest| rest.is_empty() || rest.starts_with(' '))?;
    let before = before.trim();
    let gap = if before.is_empty() { "" } else { "  " };
    Some(format!("{status} {request}{rest}{gap}{before}"))
}

/// The message, then the other fields as `key=value`; nothing where there is no message.
fn of_json(text: &str, longest: usize) -> Option<String> {
    let json = Json::parse(text)?;
    let message = json.message()?;
    let mut out = message.lines().next().unwrap_or_default().to_owned();
    let mut is_said = false;
    for field in json.fields() {
        let value = field.text(&json);
        is_said |= value == message;
        let name = field.path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        if value == message || REPEATED.contains(&name.as_str()) || matches!(field.kind, Kind::Empty) {
            continue;
        }
        let value = value.lines().next().unwrap_or_default();
        let cut = value.chars().count() > longest;
        let value: String = value.chars().take(longest).chain(cut.then_some('…')).collect();
        let quote = if value.contains(' ') || value.is_empty() { "\"" } else { "" };
        let _ = write!(out, "  {}={quote}{value}{quote}", field.path);
    }
    is_said.then_some(out)
}

/// Fields that say what the row says already: when it was and how bad it is.
const REPEATED: &[&str] =
    &["level", "severity", "lvl", "levelname", "@l", "time", "timestamp", "@timestamp", "ts", "@t", "asctime", "datetime", "loglevel"];

/// The message without the time that many frameworks repeat in front of it; the row shows the event's own.
fn bare(message: &str) -> Cow<'_, str> {
    let bracketed = message.starts_with('[');
    let text = message.strip_prefix('[').unwrap_or(message);
    let shape = |(i, c): (usize, char)| match i {
        4 | 7 => c == '-',
        10 => c == ' ' || c == 'T',
        13 | 16 => c == ':',
        _ => c.is_ascii_digit(),
    };
    if text.chars().take(19).count() < 19 || !text.chars().take(19).enumerate().all(shape) {
        return Cow::Borrowed(message);
    }
    let rest = text.get(19..).unwrap_or("");
    let rest = rest.strip_prefix([',', '.']).map_or(rest, |r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
    let rest = zone_less(rest).trim_start_matches([':', ' ']);
    match (rest.strip_prefix(']'), rest.trim()) {
        (Some(after), _) if bracketed && !after.trim().is_empty() => Cow::Borrowed(after.trim_start()),
        (_, "" | "]") => Cow::Borrowed(message),
        // What stood with the time in the bracket stays in it.
        _ if bracketed => Cow::Owned(format!("[{rest}")),
        _ => Cow::Borrowed(rest),
    }
}

/// Without `Z`, `+0000` or ` +00:00` in front.
fn zone_less(text: &str) -> &str {
    let offset = text.trim_start_matches(' ');
    match offset.strip_prefix(['+', '-']) {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')
        }
        _ => text.strip_prefix('Z').unwrap_or(text),
    }
}

/// The text with its level word and what was found set off; what was searched for lies above what the filter found.
pub(super) fn message<'a>(text: &'a str, plain: Role, found: [&[Range<usize>]; 2]) -> Phrase<'a> {
    let [filtered, searched] = found;
    let mut spans: Vec<(usize, usize, Role)> = Vec::new();
    let below = if searched.is_empty() { Role::Match } else { Role::Accent };
    spans.extend(searched.iter().map(|r| (r.start, r.end, Role::Match)));
    spans.extend(filtered.iter().map(|r| (r.start, r.end, below)));
    if plain == Role::Text {
        let level = LEVELS
            .iter()
            .find_map(|(word, role)| text.find(word).filter(|at| whole(text, *at, word.len())).map(|at| (at, at + word.len(), *role)));
        spans.extend(level);
    }
    // Of spans that lie over each other the first one stays.
    let mut apart: Vec<(usize, usize, Role)> = Vec::new();
    for span in spans {
        if apart.iter().all(|a| span.1 <= a.0 || span.0 >= a.1) {
            apart.push(span);
        }
    }
    apart.sort_unstable_by_key(|s| s.0);
    let mut phrase = Phrase::new();
    let mut at = 0;
    for (from, to, role) in apart {
        phrase = phrase.and(text.get(at..from).unwrap_or(""), plain).and(text.get(from..to).unwrap_or(""), role);
        at = to;
    }
    phrase.and(text.get(at..).unwrap_or(""), plain)
}

/// Whether the word stands alone: `ERRORS=0` is not an error.
fn whole(text: &str, at: usize, len: usize) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let after = text.get(at + len..).and_then(|t| t.chars().next());
    !letter(before) && !letter(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_is_taken_off() {
        for (message, left) in [
            ("[2026-11-22 22:03:25,123: INFO/ForkPoolWorker-1] Task x", "[INFO/ForkPoolWorker-1] Task x"),
            ("[2026-11-22 22:03:25 +0000] [12] [INFO] Booting worker", "[12] [INFO] Booting worker"),
            ("2026-11-22 22:03:25,123 INFO gunicorn.access 10.0.1.9", "INFO gunicorn.access 10.0.1.9"),
            ("2026-11-22T22:03:25.123Z GET /", "GET /"),
            ("2026-11-22 22:03:25 200 OK", "200 OK"),
            ("[2026-11-22 22:03:25]", "[2026-11-22 22:03:25]"),
            ("2026-11-22 22:03:25", "2026-11-22 22:03:25"),
            ("[INFO] ready", "[INFO] ready"),
            ("plain", "plain"),
        ] {
            assert_eq!(bare(message), left);
        }
    }

    #[test]
    fn of_a_request_the_status_comes_first_and_its_writer_last() {
        for (line, shown) in [
            (
                r#"INFO gunicorn.access 10.0.1.9 "GET /api/search/?q=a HTTP/1.1" 503 155 3301ms request_id=7"#,
                "503 GET /api/search/?q=a 155 3301ms request_id=7  INFO gunicorn.access 10.0.1.9",
            ),
            (
                r#"10.0.1.9 - - [22/Nov/2026:22:03:25 +0000] "POST / HTTP/2" 201 155 "-" "curl/8""#,
                r#"201 POST / 155 "-" "curl/8"  10.0.1.9 - - [22/Nov/2026:22:03:25 +0000]"#,
            ),
            (r#""HEAD / HTTP/1.1" 200"#, "200 HEAD /"),
        ] {
            assert_eq!(requested(line).as_deref(), Some(shown));
        }
        for other in [
            r#"user said "GET / HTTP/1.1" is slow"#,
            r#"upstream error "GET /api HTTP/1.1""#,
            r#""BREW /pot HTTP/1.1" 418"#,
            r#""GET / HTTP/1.1" 2000"#,
            "GET / 200 in 3ms",
        ] {
            assert_eq!(requested(other), None);
        }
    }
}
