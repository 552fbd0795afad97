//! JSON in a log line, the line itself or its end: checked once by serde_json, then read where it stands, so that numbers and the order of
//! keys stay as they were written. Fields by dotted path, the message, rows for the detail. What a string holds is cleaned and masked
//! again once its escapes are resolved. Called by `level`, by `query` and by the log pane.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::IgnoredAny;

pub use super::walk::Kind;
use super::walk::{Path, Walk, What, is_plain, unescaped};
use super::{clean, mask};

/// Deeper is no log line but an attack: it is text like any other.
const DEEPEST: usize = 64;
/// More fields are not listed.
const MOST_FIELDS: usize = 1000;
/// More rows are not made: the text itself is there to be copied.
const MOST_ROWS: usize = 5000;
/// Longer texts are not looked at.
const LONGEST: usize = 4 << 20;

/// A value that is no object and no list, by its path: `http.status`, `items.0.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub path: String,
    pub kind: Kind,
    at: Range<usize>,
}

impl Field {
    /// The value to be shown, compared and copied: a string without its quotes and escapes, anything else as it is written.
    pub fn text<'a>(&self, json: &Json<'a>) -> Cow<'a, str> {
        json.value(&self.path, self.at.clone(), self.kind)
    }
}

/// One row of the detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// How far it is indented.
    pub depth: usize,
    /// The whole path, as a filter takes it; of a closing bracket that of what it closes.
    pub path: String,
    /// `None` in a list, and where something closes.
    pub key: Option<String>,
    /// What is shown and what is copied; may have several lines.
    pub value: String,
    /// `None` of brackets.
    pub kind: Option<Kind>,
}

/// An object that was found in a line.
#[derive(Debug, Clone)]
pub struct Json<'a> {
    text: &'a str,
    fields: Vec<Field>,
    reveal: bool,
}

impl<'a> Json<'a> {
    /// The object that a line is, or ends with; `None` if there is none, or it is nested too deep.
    pub fn parse(line: &'a str) -> Option<Self> {
        Self::read(line, false)
    }

    /// The same with secrets as they are, for who asked to see them.
    pub fn parse_revealed(line: &'a str) -> Option<Self> {
        Self::read(line, true)
    }

    fn read(line: &'a str, reveal: bool) -> Option<Self> {
        let text = object(line)?;
        let mut fields = Vec::new();
        let mut path = Path::default();
        for token in Walk::of(text) {
            let kind = match token.what {
                What::Value(kind) => Some(kind),
                What::Close if token.is_empty => Some(Kind::Empty),
                What::Open if path.depth() >= DEEPEST => return None,
                _ => None,
            };
            path.step(text, &token);
            if let Some(kind) = kind
                && fields.len() < MOST_FIELDS
            {
                fields.push(Field { path: path.text(), kind, at: token.at.clone() });
            }
            path.leave(&token);
        }
        Some(Self { text, fields, reveal })
    }

    /// Whether any value at a path passes, in a line that is known to hold an object; `None` if there is no such path. Reads as little
    /// as it can: asked of every line of a search. The path is in lower case.
    pub(crate) fn find(line: &'a str, path: &str, passes: impl Fn(&str) -> bool) -> Option<bool> {
        let json = Self { text: shape(line)?, fields: Vec::new(), reveal: false };
        let mut seen = None;
        let mut steps = Path::default();
        for token in Walk::of(json.text) {
            steps.step(json.text, &token);
            if let What::Value(kind) = token.what
                && steps.is_at(path)
            {
                seen = Some(seen.unwrap_or(false) || passes(&json.value(path, token.at.clone(), kind)));
            }
            steps.leave(&token);
        }
        seen
    }

    /// All that are no objects and no lists, in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The value at a path, case of the path aside.
    pub fn get(&self, path: &str) -> Option<Cow<'a, str>> {
        let field = self.fields.iter().find(|f| f.path.eq_ignore_ascii_case(path))?;
        Some(field.text(self))
    }

    /// The message, where it has one.
    pub fn message(&self) -> Option<Cow<'a, str>> {
        const KEYS: &[&str] =
            &["message", "msg", "@m", "@mt", "short_message", "textpayload", "jsonpayload.message", "body", "log", "event"];
        KEYS.iter().find_map(|key| self.get(key))
    }

    /// The object, a value in each row, in the order in which it was written.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut path = Path::default();
        for token in Walk::of(self.text) {
            let depth = path.depth().saturating_sub(usize::from(token.what == What::Close));
            path.step(self.text, &token);
            let key = path.key().map(|k| self.safe(k).into_owned());
            let mut row = Row { depth, path: path.text(), key, value: String::new(), kind: None };
            match token.what {
                What::Key => continue,
                What::Value(kind) => {
                    row.value = self.value(&row.path, token.at.clone(), kind).into_owned();
                    row.kind = Some(kind);
                }
                What::Open => row.value.push_str(self.text.get(token.at.clone()).unwrap_or_default()),
                What::Close if token.is_empty => {
                    if let Some(last) = rows.last_mut() {
                        last.value.push_str(self.text.get(token.at.clone()).unwrap_or_default());
                        last.kind = Some(Kind::Empty);
                    }
                    path.leave(&token);
                    continue;
                }
                What::Close => {
                    row.value.push_str(self.text.get(token.at.clone()).unwrap_or_default());
                    row.key = None;
                }
            }
            path.leave(&token);
            rows.push(row);
            if rows.len() >= MOST_ROWS {
                rows.push(Row { depth: 0, path: String::new(), key: None, value: "…".to_owned(), kind: None });
                break;
            }
        }
        rows
    }

    fn value(&self, path: &str, at: Range<usize>, kind: Kind) -> Cow<'a, str> {
        let raw = self.text.get(at).unwrap_or_default();
        if kind != Kind::Text {
            return if kind == Kind::Empty { Cow::Borrowed("") } else { Cow::Borrowed(raw) };
        }
        if !self.reveal && path.rsplit('.').find(|k| !k.bytes().all(|b| b.is_ascii_digit())).is_some_and(mask::is_secret_name) {
            return Cow::Borrowed(mask::MASK);
        }
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        if is_plain(inner) { Cow::Borrowed(inner) } else { Cow::Owned(self.safe(&unescaped(raw)).into_owned()) }
    }

    fn safe<'b>(&self, text: &'b str) -> Cow<'b, str> {
        let text = clean::clean(text, usize::MAX).text;
        if self.reveal { text } else { Cow::Owned(mask::mask(&text).into_owned()) }
    }
}

/// The part of a line that is an object: all of it, or its end.
fn object(line: &str) -> Option<&str> {
    let line = line.trim();
    if !line.ends_with('}') || line.len() > LONGEST {
        return None;
    }
    let is_json = |text: &&str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    let starts = line.match_indices('{').take_while(|(at, _)| *at < 512).take(3);
    starts
        .filter(|(at, _)| *at == 0 || line.get(..*at).is_some_and(|b| b.ends_with([' ', '\t', ':', '|'])))
        .find_map(|(at, _)| line.get(at..).filter(is_json))
}

/// The same of a line that is known to hold one.
fn shape(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with('{') { Some(line) } else { object(line) }
}

/// How often each path occurs in a set of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    counts: BTreeMap<String, u64>,
    /// Paths that found no room.
    pub dropped: u64,
}

impl Inventory {
    /// More paths are keys that hold ids.
    pub const MOST: usize = 500;

    pub fn add(&mut self, json: &Json<'_>) {
        for field in json.fields() {
            if let Some(count) = self.counts.get_mut(&field.path) {
                *count += 1;
            } else if self.counts.len() < Self::MOST {
                self.counts.insert(field.path.clone(), 1);
            } else {
                self.dropped += 1;
            }
        }
    }

    /// Most frequent first, then by name.
    pub fn list(&self) -> Vec<(&str, u64)> {
        let mut list: Vec<(&str, u64)> = self.counts.iter().map(|(path, count)| (path.as_str(), *count)).collect();
        list.sort_by_key(|(path, count)| (std::cmp::Reverse(*count), *path));
        list
    }
}
