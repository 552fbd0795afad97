//! What of a line is its own (times, numbers, ids, addresses, quoted strings) taken out, so that lines of one kind are equal or nearly so.
//! Not the grouping: `pattern`. Called by it for every line.

use std::borrow::Cow;

use super::json::Json;

/// Longer texts are told apart by their beginning.
const REACH: usize = 600;
/// More words are one.
const MOST: usize = 48;
/// A longer string between quotes is a quote that was not closed.
const QUOTED: usize = 300;

/// The words of a line with what varies taken out; of JSON those of its message, or its keys.
pub(crate) fn words(text: &str) -> Vec<String> {
    let line = match Json::parse(text) {
        Some(json) => match json.message() {
            Some(message) => Cow::Owned(message.into_owned()),
            None => Cow::Owned(json.fields().iter().take(MOST).map(|f| f.path.as_str()).collect::<Vec<_>>().join(" ")),
        },
        None => Cow::Borrowed(text),
    };
    let line = line.trim_start_matches(['\n', ' ']).lines().next().unwrap_or_default();
    let line = line.get(..line.floor_char_boundary(REACH)).unwrap_or_default();
    let plain = unquoted(line);
    let mut words: Vec<String> = plain.split_ascii_whitespace().take(MOST).map(word).collect();
    // When it was says nothing of what it was.
    let times = words.iter().take_while(|w| w.trim_matches(['[', ']', ',']) == "<time>").count();
    if times < words.len() {
        words.drain(..times);
    }
    words
}

/// Strings between quotes are taken out, but not what was asked of a web server.
fn unquoted(line: &str) -> Cow<'_, str> {
    if !line.contains(['"', '\'']) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let Some(quote) = quoted.chars().next() else { break };
        let inner = quoted.get(1..).unwrap_or_default();
        let is_apostrophe = quote == '\'' && before.ends_with(|c: char| c.is_alphanumeric());
        let end = inner.find(quote).filter(|end| *end <= QUOTED && !is_apostrophe);
        let Some(end) = end else {
            out.push(quote);
            rest = inner;
            continue;
        };
        let string = inner.get(..end).unwrap_or_default();
        let is_request =
            string.split_once(' ').is_some_and(|(method, _)| method.len() <= 7 && method.bytes().all(|b| b.is_ascii_uppercase()));
        if is_request {
            out.push_str(string);
        } else {
            out.push_str("<str>");
        }
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A word with what varies in it taken out.
fn word(text: &str) -> String {
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        // What is asked behind a `?` is another one each time.
        return text
            .split_once('?')
            .filter(|(path, _)| path.contains('/'))
            .map_or_else(|| text.to_owned(), |(path, _)| format!("{path}?<query>"));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'+')).count();
        if run > 0 {
            let piece = rest.get(..run).unwrap_or_default();
            let core = piece.trim_end_matches([':', '.', '-']);
            variable(core, &mut out);
            out.push_str(piece.get(core.len()..).unwrap_or_default());
            rest = rest.get(run..).unwrap_or_default();
        } else {
            let Some(c) = rest.chars().next() else { break };
            if c == '?' && out.contains('/') {
                out.push_str("?<query>");
                break;
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            // Python writes the milliseconds behind a comma.
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if c == ',' && digits > 0 && out.ends_with("<time>") {
                rest = rest.get(digits..).unwrap_or_default();
            } else {
                out.push(c);
            }
        }
    }
    out
}

/// Writes a run of letters, digits and the signs inside of ids and times.
fn variable(piece: &str, out: &mut String) {
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        out.push_str(piece);
    } else if is_id(piece) {
        out.push_str("<id>");
    } else if let Some(behind) = address(piece) {
        out.push_str("<ip>");
        out.push_str(if behind.is_empty() { "" } else { ":<n>" });
    } else if is_time(piece) {
        out.push_str("<time>");
    } else {
        parts(piece, out);
    }
}

/// A UUID, a digest, or a long mixture of letters and digits.
fn is_id(piece: &str) -> bool {
    let is_hex = piece.len() >= 8 && piece.bytes().all(|b| b.is_ascii_hexdigit()) && !piece.bytes().all(|b| b.is_ascii_digit());
    let groups: Vec<&str> = piece.split('-').collect();
    let is_pointer = piece.strip_prefix("0x").is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_hexdigit()));
    let is_uuid = groups.len() == 5 && piece.len() == 36 && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()));
    let is_trace =
        groups.len() == 3 && groups.iter().all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_hexdigit())) && piece.len() >= 20;
    let is_mixed =
        piece.len() >= 16 && piece.bytes().all(|b| b.is_ascii_alphanumeric()) && piece.bytes().filter(u8::is_ascii_digit).count() >= 3;
    is_hex || is_pointer || is_uuid || is_trace || is_mixed
}

/// What stands behind an address.
fn address(piece: &str) -> Option<&str> {
    let is_v6 = piece.contains("::") || piece.matches(':').count() == 7;
    if is_v6 && piece.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
        return Some("");
    }
    let (host, port) = piece.split_once(':').unwrap_or((piece, ""));
    let is_number = |t: &str| !t.is_empty() && t.len() <= 3 && t.bytes().all(|b| b.is_ascii_digit());
    (host.split('.').count() == 4 && host.split('.').all(is_number) && port.bytes().all(|b| b.is_ascii_digit())).then_some(port)
}

/// `2026-11-30`, `10:00:00.123`, `2026-11-30T10:00:00Z`.
fn is_time(piece: &str) -> bool {
    let signs = piece.bytes().filter(|b| matches!(b, b':' | b'-')).count();
    let rest_is_time = piece.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'-' | b'.' | b'+' | b'T' | b'Z'));
    (signs >= 2 || matches!(piece.as_bytes(), [a, b, b':', c, d] if [a, b, c, d].iter().all(|d| d.is_ascii_digit())))
        && rest_is_time
        && piece.starts_with(|c: char| c.is_ascii_digit())
}

/// Numbers out of what is no whole id: `worker-12` is `worker-<n>`, `35ms` is `<n>ms`; `http2` and `utf8` stay.
fn parts(piece: &str, out: &mut String) {
    let bytes = piece.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let is_digit = byte.is_ascii_digit();
        let kind = |b: &u8| b.is_ascii_digit() == is_digit;
        let mut end = at + bytes.iter().skip(at).take_while(|b| kind(b)).count();
        if is_digit {
            let behind_letter = at.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphabetic);
            if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
                end += 1 + bytes.iter().skip(end + 1).take_while(|b| b.is_ascii_digit()).count();
            }
            if behind_letter && end - at < 3 {
                out.push_str(piece.get(at..end).unwrap_or_default());
            } else {
                out.push_str("<n>");
            }
        } else {
            out.push_str(piece.get(at..end).unwrap_or_default());
        }
        at = end;
    }
}
