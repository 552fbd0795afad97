//! What is done to a raw line before it is kept: cleaned, masked, clipped, its level and whether it holds JSON. Not the folding of lines into
//! events: `event`. Called once for each line as it arrives, and again for its detail.

use std::borrow::Cow;

use super::json::Json;
use super::level::Level;
use super::{clean, mask};

/// Bytes of a line that are kept; the rest opens in the detail.
pub const KEPT: usize = 8 << 10;
/// Bytes that the detail shows.
pub const DETAIL: usize = 1 << 20;
/// So far behind the end of what is kept a secret is looked for that begins in it.
const BEHIND: usize = 4 << 10;

/// A line made ready to be kept, found and shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ready {
    /// With a mark at its end, where it was clipped.
    pub text: String,
    pub level: Level,
    /// Holds an object that is whole.
    pub is_json: bool,
    /// Bytes that were clipped.
    pub more: usize,
}

/// Makes a line ready; `reveal` leaves secrets as they are, for who asked to see them.
pub fn ready(raw: &str, reveal: bool) -> Ready {
    let looked = clean::clean(raw, KEPT + BEHIND);
    let masked = if reveal { looked.text } else { mask_of(looked.text) };
    let end = masked.floor_char_boundary(KEPT);
    let more = looked.more + masked.len().saturating_sub(end);
    if more == 0 {
        let (level, is_json) = Level::and_json(&masked);
        return Ready { text: masked.into_owned(), level, is_json, more };
    }
    // The level of JSON may stand anywhere in it.
    let whole = raw.get(..raw.floor_char_boundary(DETAIL)).unwrap_or(raw);
    let mut text = masked.get(..end).unwrap_or_default().to_owned();
    text.push_str(&clean::mark(more));
    Ready { text, level: Level::of(whole), is_json: false, more }
}

fn mask_of(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => mask::mask(text),
        Cow::Owned(text) => match mask::mask(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(masked) => Cow::Owned(masked),
        },
    }
}

/// All of a line for its detail: rows of JSON, or its lines, up to a megabyte.
pub fn detail(raw: &str, reveal: bool) -> Vec<String> {
    let json = if reveal { Json::parse_revealed(raw) } else { Json::parse(raw) };
    if let Some(json) = json {
        let mut lines = Vec::new();
        for row in json.rows() {
            let key = row.key.map(|k| format!("{k}: ")).unwrap_or_default();
            lines.extend(row.value.split('\n').enumerate().map(|(i, value)| {
                let lead = if i == 0 { key.as_str() } else { "  " };
                format!("{}{lead}{value}", "  ".repeat(row.depth))
            }));
        }
        return lines;
    }
    let looked = clean::clean(raw, DETAIL);
    let mut text = if reveal { looked.text.into_owned() } else { mask_of(looked.text).into_owned() };
    if looked.more > 0 {
        text.push_str(&clean::mark(looked.more));
    }
    text.split('\n').map(str::to_owned).collect()
}
