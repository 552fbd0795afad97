//! The part of the state document that is about one box, as lines: each with its place in the document, by which it is found again when new
//! data comes. The document itself is `insight::document`'s. Filled by `derived`; read by the pane's rows and by `view`.

use serde_json::Value;

use super::filter::Filter;
use crate::model::text::inert;

/// What a line says beside its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// The beginning or the end of an object or a list.
    Bracket,
    Text,
    Number,
    /// `true`, `false`, `null`.
    Word,
}

/// One line of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its place: `sections.services.data.services.0.status`; that of a closing bracket ends in one.
    pub(crate) path: String,
    pub(crate) depth: usize,
    /// In quotes, with the colon; empty in a list.
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) token: Token,
    /// A comma follows.
    pub(crate) more: bool,
}

impl Line {
    /// Without what stands before and behind it.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.key, self.value)
    }

    fn whole(&self) -> String {
        format!("{}{}{}{}", "  ".repeat(self.depth), self.key, self.value, if self.more { "," } else { "" })
    }
}

/// The lines of a document, as `serde_json` breaks them.
pub(crate) fn lines(document: &Value) -> Vec<Line> {
    let mut all = Vec::new();
    write(document, &Place { path: String::new(), depth: 0, key: String::new(), more: false }, &mut all);
    all
}

/// The lines that a filter shows; it looks at a line alone, not at what stands over it.
pub(crate) fn shown<'a>(lines: &'a [Line], filter: &Filter) -> Vec<&'a Line> {
    lines.iter().filter(|line| filter.is_empty() || filter.matches("", &line.text())).collect()
}

/// All of it, for the clipboard.
pub(crate) fn whole(lines: &[Line]) -> String {
    lines.iter().map(Line::whole).collect::<Vec<_>>().join("\n")
}

/// Where a value stands.
struct Place {
    path: String,
    depth: usize,
    key: String,
    more: bool,
}

impl Place {
    fn line(&self, value: &str, token: Token, more: bool) -> Line {
        let value = inert(value).into_owned();
        Line { path: self.path.clone(), depth: self.depth, key: self.key.clone(), value, token, more }
    }

    /// The place of something in it; a list has no keys.
    fn inside(&self, name: &str, is_key: bool, more: bool) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let key = if is_key { format!("{}: ", inert(&Value::from(name).to_string())) } else { String::new() };
        Self { path, depth: self.depth + 1, key, more }
    }
}

fn write(value: &Value, place: &Place, into: &mut Vec<Line>) {
    match value {
        Value::Object(all) if !all.is_empty() => {
            let last = all.len() - 1;
            let inside = all.iter().enumerate().map(|(i, (key, value))| (value, place.inside(key, true, i < last)));
            nested(("{", "}"), inside, place, into);
        }
        Value::Array(all) if !all.is_empty() => {
            let last = all.len() - 1;
            let inside = all.iter().enumerate().map(|(i, value)| (value, place.inside(&i.to_string(), false, i < last)));
            nested(("[", "]"), inside, place, into);
        }
        Value::Object(_) | Value::Array(_) => into.push(place.line(&value.to_string(), Token::Bracket, place.more)),
        Value::String(_) => into.push(place.line(&value.to_string(), Token::Text, place.more)),
        Value::Number(_) => into.push(place.line(&value.to_string(), Token::Number, place.more)),
        Value::Bool(_) | Value::Null => into.push(place.line(&value.to_string(), Token::Word, place.more)),
    }
}

fn nested<'v>(brackets: (&str, &str), inside: impl Iterator<Item = (&'v Value, Place)>, place: &Place, into: &mut Vec<Line>) {
    into.push(place.line(brackets.0, Token::Bracket, false));
    for (value, place) in inside {
        write(value, &place, into);
    }
    let end = place.line(brackets.1, Token::Bracket, place.more);
    into.push(Line { path: format!("{}{}", end.path, brackets.1), key: String::new(), ..end });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn the_lines_are_those_that_serde_json_prints_and_each_has_a_place_of_its_own() {
        let document = json!({
            "name": "web", "empty": {}, "none": [], "n": 1.5, "quote\"d": "a\nb", "on": true, "off": null,
            "list": [{"id": 1}, {"id": 2}, [3, []]],
        });
        let lines = lines(&document);
        assert_eq!(whole(&lines), serde_json::to_string_pretty(&document).unwrap());
        let places: BTreeSet<&str> = lines.iter().map(|l| l.path.as_str()).collect();
        assert_eq!(places.len(), lines.len(), "the selection would jump between lines of one place");
        assert!(places.contains("list.1.id") && places.contains("list.1}"));
    }

    #[test]
    fn a_line_is_found_by_what_it_says_and_what_a_terminal_obeys_is_not_in_it() {
        let lines = lines(&json!({"status": "ACTIVE", "trick": "a\u{1b}[2J\u{202e}b"}));
        let found = |words: &str| shown(&lines, &Filter::parse(words)).iter().map(|l| l.text()).collect::<Vec<_>>();
        assert_eq!(found("status"), ["\"status\": \"ACTIVE\""]);
        assert_eq!(found("!status !trick"), ["{", "}"]);
        assert!(lines.iter().all(|l| !l.value.contains(['\u{1b}', '\u{202e}'])), "{lines:?}");
    }
}
