//! The value of a named field in a line: of its JSON, or of its `key=value` pairs (logfmt). Not the list of fields: `json`. Called by
//! `query`, for each line that may have the field.

use std::borrow::Cow;

use super::json::Json;
use super::query::Line;

/// Whether any value of the field passes; `None` if the line has no such field. The path is folded.
pub(crate) fn find(line: &Line<'_>, path: &str, passes: impl Fn(&str) -> bool) -> Option<bool> {
    let mut seen = None;
    if line.is_json
        && let Some(holds) = Json::find(line.text, path, &passes)
    {
        return Some(holds);
    }
    for value in pairs(line.text, path) {
        seen = Some(seen.unwrap_or(false) || passes(&value));
    }
    seen
}

/// The values of `key=value` and `key="a value"`.
fn pairs<'a>(text: &'a str, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
    let mut from = 0;
    let key = key.to_owned();
    std::iter::from_fn(move || {
        loop {
            let equals = from + text.get(from..)?.find('=')?;
            from = equals + 1;
            let start = equals.checked_sub(key.len());
            let is_key = start.is_some_and(|start| {
                let before = start.checked_sub(1).and_then(|i| text.as_bytes().get(i)).copied().unwrap_or(b' ');
                text.get(start..equals).is_some_and(|k| k.eq_ignore_ascii_case(&key))
                    && matches!(before, b' ' | b',' | b'\n' | b'?' | b'&' | b'[' | b'{' | b'(')
            });
            if is_key {
                return Some(value(text.get(from..)?));
            }
        }
    })
}

fn value(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([' ', '\n', ',', '&', ')', ']', '}']).unwrap_or(text.len());
        return Cow::Borrowed(text.get(..end).unwrap_or(text));
    };
    let mut is_escaped = false;
    let end = inner.bytes().position(|b| {
        let closes = b == b'"' && !is_escaped;
        is_escaped = b == b'\\' && !is_escaped;
        closes
    });
    let inner = inner.get(..end.unwrap_or(inner.len())).unwrap_or(inner);
    if inner.contains('\\') { Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")) } else { Cow::Borrowed(inner) }
}
