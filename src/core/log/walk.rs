//! The tokens of a text that is known to be JSON, in their order, and the path at which each stands; no text is copied that need not be.
//! Knows nothing of secrets. Called by `json`.

use std::borrow::Cow;
use std::ops::Range;

use super::clean;

/// A longer path is cut: an object of many fields would repeat it in each.
const LONGEST: usize = 500;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    Null,
    /// `{}` or `[]`.
    Empty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Open,
    Close,
    Key,
    Value(Kind),
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) what: What,
    pub(crate) at: Range<usize>,
    /// What opens here is a list, or what closes here was one.
    is_list: bool,
    /// What closes here had nothing in it.
    pub(crate) is_empty: bool,
}

/// The tokens of a text that is known to be JSON.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Of what is open: whether it is a list, and whether it is empty so far.
    open: Vec<(bool, bool)>,
    wants_key: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, open: Vec::new(), wants_key: false }
    }

    fn end_of_string(&self, from: usize) -> usize {
        let mut at = from + 1;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 2,
                b'"' => return at + 1,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }
}

impl Iterator for Walk<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let from = self.at;
            let byte = *self.bytes.get(from)?;
            self.at += 1;
            let mut token = Token { what: What::Open, at: from..from + 1, is_list: false, is_empty: false };
            match byte {
                b',' => self.wants_key = self.open.last().is_some_and(|(is_list, _)| !is_list),
                b'}' | b']' => {
                    let (is_list, is_empty) = self.open.pop()?;
                    self.wants_key = false;
                    return Some(Token { what: What::Close, is_list, is_empty, ..token });
                }
                b' ' | b'\n' | b'\t' | b'\r' | b':' => {}
                _ => {
                    if let Some(last) = self.open.last_mut() {
                        last.1 = false;
                    }
                    match byte {
                        b'{' | b'[' => {
                            self.open.push((byte == b'[', true));
                            self.wants_key = byte == b'{';
                            token.is_list = byte == b'[';
                            return Some(token);
                        }
                        b'"' => self.at = self.end_of_string(from),
                        _ => self.at += self.bytes.iter().skip(self.at).take_while(|b| !b" \n\t\r,:]}".contains(b)).count(),
                    }
                    token.at = from..self.at;
                    token.what = match byte {
                        b'"' if self.wants_key => What::Key,
                        b'"' => What::Value(Kind::Text),
                        b't' | b'f' => What::Value(Kind::Bool),
                        b'n' => What::Value(Kind::Null),
                        _ => What::Value(Kind::Number),
                    };
                    self.wants_key = false;
                    return Some(token);
                }
            }
        }
    }
}

/// Where the walk is: a step for each object and list that is open.
#[derive(Default)]
pub(crate) struct Path<'a> {
    steps: Vec<Step<'a>>,
}

enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(crate) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Takes a token in, before it is looked at.
    pub(crate) fn step(&mut self, text: &'a str, token: &Token) {
        match token.what {
            What::Key => {
                let raw = text.get(token.at.clone()).unwrap_or_default();
                let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
                let name =
                    if is_plain(inner) { Cow::Borrowed(inner) } else { Cow::Owned(clean::clean(&unescaped(raw), 200).text.into_owned()) };
                if let Some(last) = self.steps.last_mut() {
                    *last = Step::Key(name);
                }
            }
            What::Close => {
                self.steps.pop();
            }
            What::Open | What::Value(_) => {}
        }
    }

    /// Goes on behind a token.
    pub(crate) fn leave(&mut self, token: &Token) {
        match token.what {
            What::Open => self.steps.push(if token.is_list { Step::Index(0) } else { Step::Key(Cow::Borrowed("")) }),
            What::Close | What::Value(_) => {
                if let Some(Step::Index(index)) = self.steps.last_mut() {
                    *index += 1;
                }
            }
            What::Key => {}
        }
    }

    pub(crate) fn key(&self) -> Option<&str> {
        match self.steps.last() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Whether this is the path, which is in lower case.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let mut rest = Some(path);
        for step in &self.steps {
            let index;
            let name: &str = match step {
                Step::Key(key) => key,
                Step::Index(at) => {
                    index = at.to_string();
                    &index
                }
            };
            let Some(head) = rest.and_then(|r| r.get(..name.len())).filter(|h| h.eq_ignore_ascii_case(name)) else { return false };
            let behind = rest.and_then(|r| r.get(head.len()..)).unwrap_or_default();
            rest = if behind.is_empty() { None } else { behind.strip_prefix('.') };
            if rest.is_none() && !behind.is_empty() {
                return false;
            }
        }
        rest.is_none()
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for step in &self.steps {
            if !out.is_empty() {
                out.push('.');
            }
            let name = match step {
                Step::Key(key) => Cow::Borrowed(key.as_ref()),
                Step::Index(index) => Cow::Owned(index.to_string()),
            };
            let room = name.floor_char_boundary(LONGEST.saturating_sub(out.len()));
            out.push_str(name.get(..room).unwrap_or_default());
            if room < name.len() {
                out.push('…');
                break;
            }
        }
        out
    }
}

/// Nothing in it stands for something else, or is to be cleaned.
pub(crate) fn is_plain(inner: &str) -> bool {
    inner.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'\\')
}

pub(crate) fn unescaped(raw: &str) -> String {
    // A half of a surrogate pair is refused by serde_json: then it stays as it is written.
    serde_json::from_str(raw).unwrap_or_else(|_| raw.trim_matches('"').to_owned())
}
