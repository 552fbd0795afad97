//! The filter of the log: words, `!not`, `"phrases"`, `/regex/`, `level:warn` (warn and worse), `service:web`, `stream:web/*`,
//! `field.path:value`, `duration_ms>500`, AND (or a blank), OR, parentheses. Case counts only where upper case is typed. What it is asked of
//! stands in `search`, how it is read in `grammar`. Called by the log pane.

use std::ops::Range;

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

use super::field;
use super::grammar;
use super::level::Level;

/// A filter that was read; the empty one lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Query {
    text: String,
    pub(crate) root: Option<Node>,
}

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at {}", at + 1)]
pub struct QueryError {
    /// Which character of the text it is, from 0.
    pub at: usize,
    pub what: String,
}

/// A line as a filter sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'a> {
    /// Cleaned and masked; with the lines that belong to it.
    pub text: &'a str,
    /// The same by `fold`.
    pub folded: &'a str,
    pub level: Level,
    pub service: &'a str,
    pub stream: &'a str,
    /// Holds an object.
    pub is_json: bool,
}

impl Query {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self { text: text.to_owned(), root: grammar::read(text)? })
    }

    /// A text as it stands, blanks and signs too; between slashes it is a regular expression.
    pub fn literal(text: &str) -> Result<Self, QueryError> {
        if text.len() > 2 && text.starts_with('/') && text.ends_with('/') {
            return Self::parse(text);
        }
        let root = (!text.is_empty()).then(|| Node::Leaf(Leaf::Text(Needle::of(text))));
        Ok(Self { text: text.to_owned(), root })
    }

    /// What one service writes.
    pub fn of_service(name: &str) -> Self {
        Self { text: format!("service:{name}"), root: Some(Node::Leaf(Leaf::Service(Glob::of(name)))) }
    }

    /// What is as bad as that, or worse.
    pub fn at_least(level: Level) -> Self {
        Self { text: format!("level:{}", level.word()), root: Some(Node::Leaf(Leaf::Level(Sign::AtLeast, level))) }
    }

    /// What all of these let through; the text stays that of the last.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut nodes: Vec<Node> = self.root.into_iter().chain(other.root).collect();
        nodes.sort_by_key(Node::cost);
        let root = if nodes.len() > 1 { Some(Node::All(nodes)) } else { nodes.pop() };
        Self { text: other.text, root }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Whether a line is shown.
    pub fn matches(&self, line: &Line<'_>) -> bool {
        self.root.as_ref().is_none_or(|root| root.holds(line))
    }

    /// The parts of a text that made it match, in order and apart.
    pub fn hits(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            root.hits(text, &mut found);
        }
        found.sort_unstable_by_key(|r: &Range<usize>| (r.start, r.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in found {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }
}

/// A text as it is compared where case does not count.
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// The lines that are shown around matches: `n` before and after each, as ranges of indices, in order and apart. Matches are sorted.
pub fn context(matches: &[usize], n: usize, total: usize) -> Vec<Range<usize>> {
    let mut shown: Vec<Range<usize>> = Vec::new();
    for &at in matches.iter().filter(|at| **at < total) {
        let range = at.saturating_sub(n)..at.saturating_add(n).saturating_add(1).min(total);
        match shown.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => shown.push(range),
        }
    }
    shown
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Leaf(Leaf),
}

#[derive(Debug, Clone)]
pub(crate) enum Leaf {
    Text(Needle),
    Pattern(Regex),
    Level(Sign, Level),
    Service(Glob),
    Stream(Glob),
    Field(FieldTest),
}

/// How two values are compared; `Is` is `:` and `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Is,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Sign {
    pub(crate) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Is => left == right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
        }
    }
}

/// A text to be found.
#[derive(Debug, Clone)]
pub(crate) struct Needle {
    /// Folded, unless case counts.
    pub(crate) finder: Box<Finder<'static>>,
    pub(crate) by_case: bool,
    /// The same, to mark it where it is shown.
    shown: Option<Regex>,
}

impl Needle {
    pub(crate) fn of(text: &str) -> Self {
        let by_case = text.chars().any(char::is_uppercase);
        // Cleaned text has its picture instead, and the index has it between its lines.
        let text = &text.replace('\0', "␀");
        let needle = if by_case { text.to_owned() } else { fold(text) };
        let shown = RegexBuilder::new(&regex::escape(text)).case_insensitive(!by_case).size_limit(grammar::REGEX_LIMIT).build().ok();
        Self { finder: Box::new(Finder::new(needle.as_bytes()).into_owned()), by_case, shown }
    }

    fn is_in(&self, line: &Line<'_>) -> bool {
        self.finder.find(if self.by_case { line.text } else { line.folded }.as_bytes()).is_some()
    }
}

/// A value in which `*` stands for anything; case does not count.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    parts: Vec<String>,
}

impl Glob {
    pub(crate) fn of(text: &str) -> Self {
        Self { parts: fold(text).split('*').map(str::to_owned).collect() }
    }

    /// What every value begins with.
    fn start(&self) -> &str {
        self.parts.first().map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn matches(&self, value: &str) -> bool {
        let value = fold(value);
        let Some((first, rest)) = self.parts.split_first() else { return value.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return value == *first };
        let Some(mut left) = value.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            match left.split_once(part.as_str()) {
                Some((_, behind)) => left = behind,
                None => return false,
            }
        }
        left.ends_with(last.as_str())
    }
}

/// `field.path:value`, `field.path>500`.
#[derive(Debug, Clone)]
pub(crate) struct FieldTest {
    pub(crate) path: String,
    pub(crate) test: Test,
    /// The last part of the path, folded: without it in the text there is no such field.
    key: Box<Finder<'static>>,
    /// `path:value`, as a line without fields may have it.
    plain: [String; 2],
}

#[derive(Debug, Clone)]
pub(crate) enum Test {
    Value(Glob),
    Number(Sign, f64),
}

impl FieldTest {
    /// Whether the key stands anywhere before a sign and a value that could pass: told without reading the line.
    fn may_hold(&self, folded: &str) -> bool {
        let length = self.key.needle().len();
        self.key.find_iter(folded.as_bytes()).any(|at| {
            let behind = folded.get(at + length..).unwrap_or_default().trim_start_matches('"').trim_start();
            let Some(value) = behind.strip_prefix([':', '=']) else { return false };
            let value = value.trim_start().trim_start_matches('"');
            match &self.test {
                Test::Value(glob) => value.starts_with(glob.start()),
                Test::Number(..) => {
                    value.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+' || c == '.') && {
                        let end = value.find([',', '}', ']', ' ', '"', '\n', '&', ')']).unwrap_or(value.len());
                        self.test.holds(value.get(..end).unwrap_or_default())
                    }
                }
            }
        })
    }

    pub(crate) fn of(path: &str, value: &str, test: Test) -> Self {
        let path = fold(path);
        // A place in a list is not written down.
        let key = path.rsplit('.').next().filter(|k| !k.bytes().all(|b| b.is_ascii_digit())).unwrap_or_default();
        let plain = [format!("{path}:{}", fold(value)), format!("{path}={}", fold(value))];
        Self { key: Box::new(Finder::new(key.as_bytes()).into_owned()), test, plain, path }
    }

    fn holds(&self, line: &Line<'_>) -> bool {
        let folded = line.folded;
        // An escape in JSON may stand for what is typed.
        if !self.key.needle().is_empty() && !folded.contains('\\') && !self.may_hold(folded) {
            return false;
        }
        match field::find(line, &self.path, |value| self.test.holds(value)) {
            Some(holds) => holds,
            None => matches!(self.test, Test::Value(_)) && self.plain.iter().any(|p| has_word(folded, p)),
        }
    }
}

/// Whether a text holds this, not as the end of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@'))
    })
}

impl Test {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Value(glob) => glob.matches(value),
            Self::Number(sign, right) => {
                value.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<f64>().is_ok_and(|left| sign.holds(left, *right))
            }
        }
    }
}

impl Node {
    pub(crate) fn holds(&self, line: &Line<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|n| n.holds(line)),
            Self::Any(nodes) => nodes.iter().any(|n| n.holds(line)),
            Self::Not(node) => !node.holds(line),
            Self::Leaf(leaf) => leaf.holds(line),
        }
    }

    /// What it costs to ask, to ask the cheap ones first.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().map(Self::cost).fold(0, usize::saturating_add),
            Self::Not(node) => node.cost(),
            Self::Leaf(Leaf::Level(..) | Leaf::Service(_) | Leaf::Stream(_)) => 1,
            Self::Leaf(Leaf::Text(_)) => 2,
            Self::Leaf(Leaf::Pattern(_)) => 20,
            Self::Leaf(Leaf::Field(_)) => 40,
        }
    }

    fn hits(&self, text: &str, found: &mut Vec<Range<usize>>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|n| n.hits(text, found)),
            Self::Leaf(Leaf::Text(Needle { shown: Some(regex), .. }) | Leaf::Pattern(regex)) => {
                found.extend(regex.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty()));
            }
            Self::Not(_) | Self::Leaf(_) => {}
        }
    }
}

impl Leaf {
    pub(crate) fn holds(&self, line: &Line<'_>) -> bool {
        match self {
            Self::Text(needle) => needle.is_in(line),
            Self::Pattern(regex) => regex.is_match(line.text),
            Self::Level(sign, level) => sign.holds(line.level, *level),
            Self::Service(glob) => glob.matches(line.service),
            Self::Stream(glob) => glob.matches(line.stream),
            Self::Field(test) => test.holds(line),
        }
    }
}
