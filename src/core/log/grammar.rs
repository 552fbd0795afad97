//! How a filter is read: a small parser whose errors name the character. What can be a path, a call or a URL is text, so that what is
//! pasted from a log is searched for and not refused. Not what a filter means: `query`. Called by `Query::parse`.

use regex::RegexBuilder;

use super::level::Level;
use super::query::{FieldTest, Glob, Leaf, Needle, Node, QueryError, Sign, Test};

/// Memory that a regular expression may take, in bytes.
pub(crate) const REGEX_LIMIT: usize = 1 << 20;
const LONGEST: usize = 2000;
const DEEPEST: usize = 32;

/// Reads a filter; `None` is the empty one.
pub(crate) fn read(text: &str) -> Result<Option<Node>, QueryError> {
    let mut parser = Parser { text, at: 0, open: Vec::new() };
    if text.len() > LONGEST {
        return Err(parser.error(LONGEST, format!("more than {LONGEST} bytes")));
    }
    parser.blanks();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let node = parser.any()?;
    if parser.rest().is_empty() { Ok(Some(node)) } else { Err(parser.error(parser.at, "a ) that closes nothing".to_owned())) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where what is open was opened: parentheses and negations.
    open: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, at: usize, what: String) -> QueryError {
        QueryError { at: self.text.get(..self.text.floor_char_boundary(at)).unwrap_or_default().chars().count(), what }
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes a word of the grammar, if it stands here by itself.
    fn takes(&mut self, word: &str) -> bool {
        let is_here = self.rest().strip_prefix(word).is_some_and(|r| r.is_empty() || r.starts_with([' ', '(', ')']));
        if is_here {
            self.at += word.len();
            self.blanks();
        }
        is_here
    }

    fn enter(&mut self, at: usize) -> Result<(), QueryError> {
        if self.open.len() >= DEEPEST {
            return Err(self.error(at, format!("nested deeper than {DEEPEST}")));
        }
        self.open.push(at);
        Ok(())
    }

    fn is_end(&self) -> bool {
        self.rest().is_empty() || self.rest().starts_with(')')
    }

    fn any(&mut self) -> Result<Node, QueryError> {
        let mut nodes = vec![self.all()?];
        while self.takes("OR") || self.takes("||") {
            nodes.push(self.all()?);
        }
        Ok(one(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, QueryError> {
        let start = self.at;
        let mut nodes = Vec::new();
        loop {
            let before = self.at;
            let is_joined = self.takes("AND") || self.takes("&&");
            if is_joined && nodes.is_empty() {
                return Err(self.error(before, "nothing before AND".to_owned()));
            }
            let at_or = self.rest().strip_prefix("OR").or_else(|| self.rest().strip_prefix("||"));
            if self.is_end() || at_or.is_some_and(|r| r.is_empty() || r.starts_with([' ', '(', ')'])) {
                if is_joined {
                    return Err(self.error(before, "nothing after AND".to_owned()));
                }
                break;
            }
            nodes.push(self.unary()?);
            self.blanks();
        }
        if nodes.is_empty() {
            let what = if self.rest().is_empty() { "something is missing" } else { "something is missing before this" };
            return Err(self.error(start, what.to_owned()));
        }
        nodes.sort_by_key(Node::cost);
        Ok(one(nodes, Node::All))
    }

    fn unary(&mut self) -> Result<Node, QueryError> {
        let at = self.at;
        let is_not = if self.takes("NOT") {
            true
        } else if self.rest().starts_with('!') {
            self.at += 1;
            true
        } else {
            false
        };
        if is_not {
            if self.is_end() || self.rest().starts_with(' ') {
                return Err(self.error(at, "nothing after the negation".to_owned()));
            }
            self.enter(at)?;
            let node = self.unary()?;
            self.open.pop();
            return Ok(Node::Not(Box::new(node)));
        }
        if self.rest().starts_with('(') {
            self.enter(at)?;
            self.at += 1;
            self.blanks();
            if self.rest().starts_with(')') {
                return Err(self.error(at, "nothing in the parentheses".to_owned()));
            }
            let node = self.any()?;
            if !self.rest().starts_with(')') {
                return Err(self.error(at, "a ( that is not closed".to_owned()));
            }
            self.at += 1;
            self.open.pop();
            return Ok(node);
        }
        self.term()
    }

    fn term(&mut self) -> Result<Node, QueryError> {
        let at = self.at;
        if self.rest().starts_with('"') {
            return self.quoted().map(|text| Node::Leaf(Leaf::Text(Needle::of(&text))));
        }
        if let Some((pattern, end)) = regex_of(self.rest()) {
            let node = self.pattern(at + 1, pattern)?;
            self.at += end;
            return Ok(node);
        }
        let word = self.word();
        if let Some((key, sign, value_at)) = key_of(word) {
            let behind = word.get(value_at..).unwrap_or_default();
            if behind.starts_with('"') {
                self.at = at + value_at;
                let value = self.quoted()?;
                return self.field(at + value_at, key, sign, &value);
            }
            let is_text = behind.is_empty() || behind.starts_with("//") || behind.starts_with(':');
            if !is_text && (matches!(sign, Sign::Is) || key.eq_ignore_ascii_case("level") || behind.parse::<f64>().is_ok()) {
                self.at = at + word.len();
                return self.field(at + value_at, key, sign, behind);
            }
        }
        self.at = at + word.len();
        if let Some(origin) = word.strip_prefix('@').filter(|o| !o.is_empty()) {
            return Ok(of_origin(origin));
        }
        Ok(Node::Leaf(Leaf::Text(Needle::of(word))))
    }

    /// Up to the blank, or to the parenthesis that closes one before the word.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let is_inside = self.open.iter().any(|at| self.text.get(*at..).is_some_and(|t| t.starts_with('(')));
        let mut inner = 0usize;
        for (at, c) in rest.char_indices() {
            match c {
                ' ' => return rest.get(..at).unwrap_or_default(),
                '(' => inner += 1,
                ')' if inner > 0 => inner -= 1,
                ')' if is_inside => return rest.get(..at).unwrap_or_default(),
                _ => {}
            }
        }
        rest
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return if out.is_empty() { Err(self.error(start, "nothing between the quotes".to_owned())) } else { Ok(out) };
                }
                '\\' => match chars.next() {
                    Some((_, c @ ('"' | '\\'))) => out.push(c),
                    Some((_, c)) => out.extend(['\\', c]),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(self.error(start, "a quote that is not closed".to_owned()))
    }

    fn pattern(&self, at: usize, pattern: &str) -> Result<Node, QueryError> {
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(!types_upper(pattern)).multi_line(true).size_limit(REGEX_LIMIT).dfa_size_limit(REGEX_LIMIT).nest_limit(50);
        builder.build().map(|regex| Node::Leaf(Leaf::Pattern(regex))).map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => self.error(at, "a regular expression that takes too much memory".to_owned()),
            e => {
                let text = e.to_string();
                let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.error(at, format!("no regular expression: {last}"))
            }
        })
    }

    fn field(&self, at: usize, key: &str, sign: Sign, value: &str) -> Result<Node, QueryError> {
        let leaf = match key.to_ascii_lowercase().as_str() {
            "level" => {
                let (is_exact, word) = value.strip_prefix('=').map_or((false, value), |w| (true, w));
                let named =
                    Level::named(word).or_else(|| Level::ALL.into_iter().find(|l| l.word().starts_with(&word.to_ascii_lowercase())));
                let level = named.filter(|_| !word.is_empty()).ok_or_else(|| {
                    let words = Level::ALL.map(Level::word).join(", ");
                    self.error(at, format!("no level: {word} (there are {words}, none)"))
                })?;
                let is_floor = sign == Sign::Is && !is_exact && level != Level::None;
                Leaf::Level(if is_floor { Sign::AtLeast } else { sign }, level)
            }
            "service" if sign == Sign::Is => Leaf::Service(Glob::of(value)),
            "stream" if sign == Sign::Is => Leaf::Stream(Glob::of(value)),
            _ => {
                let test = match sign {
                    Sign::Is => Test::Value(Glob::of(value)),
                    _ => Test::Number(sign, value.parse().map_err(|e| self.error(at, format!("no number: {value} ({e})")))?),
                };
                Leaf::Field(FieldTest::of(key, value, test))
            }
        };
        Ok(Node::Leaf(leaf))
    }
}

/// `@web`: what a service writes whose name begins so, or a stream that has such a part: a task's id.
fn of_origin(origin: &str) -> Node {
    let service = Node::Leaf(Leaf::Service(Glob::of(&format!("{origin}*"))));
    Node::Any(vec![service, Node::Leaf(Leaf::Stream(Glob::of(&format!("*/{origin}*"))))])
}

fn one(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        last => {
            nodes.extend(last);
            many(nodes)
        }
    }
}

/// The pattern between slashes and where it ends, if the first slash that closes stands at the end of a word: `/api/users` is a path.
fn regex_of(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix('/')?;
    let mut is_escaped = false;
    let end = inner.bytes().position(|b| {
        let closes = b == b'/' && !is_escaped;
        is_escaped = b == b'\\' && !is_escaped;
        closes
    })?;
    let behind = inner.get(end + 1..)?;
    let pattern = inner.get(..end).filter(|p| !p.is_empty())?;
    (behind.is_empty() || behind.starts_with([' ', ')'])).then_some((pattern, end + 2))
}

/// Whether upper case is typed in a pattern, other than in `\S`, `\W` and the like.
fn types_upper(pattern: &str) -> bool {
    let mut is_escaped = false;
    pattern.chars().any(|c| {
        let typed = c.is_uppercase() && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        typed
    })
}

/// The key of `key:value`, its sign, and where the value begins.
fn key_of(word: &str) -> Option<(&str, Sign, usize)> {
    let end = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'@' | b'-')).count();
    let key = word.get(..end).filter(|k| k.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@')))?;
    let signs = [(">=", Sign::AtLeast), ("<=", Sign::AtMost), (">", Sign::Above), ("<", Sign::Below), (":", Sign::Is), ("=", Sign::Is)];
    let rest = word.get(end..)?;
    let (text, sign) = signs.into_iter().find(|(text, _)| rest.starts_with(text))?;
    // `level=error` is exactly that level: the sign stays for `field` to see.
    let at = if text == "=" && key.eq_ignore_ascii_case("level") { end } else { end + text.len() };
    Some((key, sign, at))
}
