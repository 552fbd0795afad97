//! Which line belongs to the event of the line before: stack traces of Python, Java, Node, Go, Rust, Ruby and .NET, indented lines, JSON
//! spread over lines, Postgres's DETAIL and STATEMENT. Decided line by line for each stream, since streams are mixed. Not the level, and
//! nothing is kept of a text. Called for each line in the order of its time.

use std::collections::HashMap;

use super::level::Level;
use super::{prefix, trace};
use crate::model::Time;

/// What a line is to the event before it in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It begins an event.
    Head,
    /// It belongs to the last event of its stream.
    Rest,
}

/// An event has no more lines; what follows begins another one.
pub const MOST_LINES: usize = 1000;
/// Lines that belong together are written together, in milliseconds.
const GAP: i64 = 5000;
/// More streams are not remembered.
const MOST_STREAMS: usize = 4096;

/// What is open in each stream.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    streams: HashMap<String, Open>,
}

impl Folder {
    /// What this line of that level is; a text of several lines is an event that goes on.
    pub fn part(&mut self, stream: &str, at: Time, text: &str, level: Level) -> Part {
        if let Some(open) = self.streams.get_mut(stream) {
            let gap = (at - open.at).num_milliseconds().abs();
            if gap <= GAP && open.lines < MOST_LINES && open.takes(text) {
                open.at = open.at.max(at);
                text.lines().for_each(|line| open.follow(line));
                return Part::Rest;
            }
            *open = Open::of(text, at, level);
            return Part::Head;
        }
        if self.streams.len() >= MOST_STREAMS
            && let Some(oldest) = self.streams.iter().min_by_key(|(_, open)| open.at).map(|(name, _)| name.clone())
        {
            self.streams.remove(&oldest);
        }
        self.streams.insert(stream.to_owned(), Open::of(text, at, level));
        Part::Head
    }
}

/// The level of an event, where a line of it is added to what is known of it: a stack trace makes an error of what says nothing.
pub fn level_with(known: Level, rest: &str) -> Level {
    if known == Level::None && trace::is_trace(rest) { Level::Error } else { known }
}

/// What kind of event is open, as far as that decides what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// A traceback; `done` once its exception was named.
    Python {
        done: bool,
    },
    Go,
    Rust,
    /// Node shows the source before the error.
    Node,
    Json,
}

#[derive(Debug, Clone)]
struct Open {
    kind: Kind,
    at: Time,
    lines: usize,
    level: Level,
    /// Its first line has a prefix.
    is_stated: bool,
    /// `[123]` of the prefix: Postgres writes lines of several processes to one log.
    process: Option<String>,
    depth: Depth,
}

impl Open {
    fn of(text: &str, at: Time, level: Level) -> Self {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let mut open = Self {
            kind: Kind::Plain,
            at,
            lines: 1,
            level,
            is_stated: level >= Level::Warn && is_head(head),
            process: process(head),
            depth: Depth::default(),
        };
        if head.starts_with(['{', '[']) {
            open.depth.read(head);
            if open.depth.open > 0 && head.trim_end().ends_with(['{', '[', ',']) {
                open.kind = Kind::Json;
            }
        }
        if open.kind == Kind::Plain {
            open.turn(head);
            let is_source = head.rsplit_once(':').is_some_and(|(file, line)| {
                [".js", ".ts", ".mjs", ".cjs"].iter().any(|e| file.ends_with(e))
                    && !line.is_empty()
                    && line.bytes().all(|b| b.is_ascii_digit())
            });
            if is_source && !head.contains(' ') {
                open.kind = Kind::Node;
            }
        }
        lines.for_each(|line| open.follow(line));
        open
    }

    /// Looks for what begins a trace.
    fn turn(&mut self, line: &str) {
        let text = line.trim_start();
        if text.contains("Traceback (most recent call last)")
            || text.starts_with("During handling of")
            || text.starts_with("The above exception")
        {
            self.kind = Kind::Python { done: false };
        } else if text.starts_with("panic: ") || text.starts_with("fatal error: ") || text.starts_with("goroutine ") && text.contains('[') {
            self.kind = Kind::Go;
        } else if text.starts_with("thread '") && text.contains(" panicked at ") {
            self.kind = Kind::Rust;
        }
    }

    /// Whether a line belongs here.
    fn takes(&self, text: &str) -> bool {
        let line = text.lines().next().unwrap_or_default();
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            return true;
        }
        let indent = line.len() - trimmed.len();
        if indent > 1 || indent == 1 && !is_head(trimmed) {
            return true;
        }
        if trace::is_frame(line) || self.lines > 1 && is_closing(trimmed) {
            return true;
        }
        if trimmed.starts_with("Traceback (most recent call last)") {
            return self.kind == Kind::Python { done: false }
                || self.lines == 1 && (self.level == Level::None || self.level >= Level::Warn);
        }
        if self.is_stated && self.lines == 1 && self.level >= Level::Warn && trace::is_exception(trimmed) {
            // Java's loggers write the exception below the line, and not indented.
            return true;
        }
        if is_postgres(line) {
            return self.level != Level::None && process(line) == self.process || self.kind == Kind::Python { done: true };
        }
        match self.kind {
            Kind::Plain => false,
            Kind::Python { done } => !done && (trace::is_exception(trimmed) || !is_head(trimmed)),
            Kind::Go => is_go(trimmed),
            Kind::Rust => self.lines == 1 && !trimmed.starts_with("thread '"),
            Kind::Node => self.lines < 8 && trace::is_exception(trimmed) || trimmed.starts_with("Node.js v"),
            Kind::Json => trimmed.starts_with(['}', ']', '"']),
        }
    }

    fn follow(&mut self, line: &str) {
        self.lines += 1;
        if self.kind == Kind::Json {
            self.depth.read(line);
            if self.depth.open == 0 {
                self.kind = Kind::Plain;
            }
            return;
        }
        let is_named = !line.is_empty() && !line.starts_with(' ') && !trace::is_frame(line);
        match &mut self.kind {
            // The last line of a group of exceptions.
            Kind::Python { done } if line.trim_start().starts_with("+---") => *done = true,
            Kind::Python { done } if is_named && !line.starts_with("Traceback") => *done = true,
            _ => self.turn(line),
        }
        if trace::is_frame(line) && (line.starts_with("During handling of") || line.starts_with("The above exception")) {
            self.kind = Kind::Python { done: false };
        }
    }
}

/// Whether a line looks like the first one of an event.
fn is_head(line: &str) -> bool {
    let is_stamped = line.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '[' | '{' | '<'));
    let is_stated = prefix::stated(line).is_some() || prefix::status(line) != Level::None;
    is_stamped || is_stated && !trace::is_exception(line)
}

fn is_closing(text: &str) -> bool {
    text.len() <= 3 && text.starts_with(['}', ')', ']']) && text.bytes().all(|b| b"})];,".contains(&b))
}

/// What Postgres writes below an error, with or without its prefix.
fn is_postgres(line: &str) -> bool {
    const BELOW: &[&str] = &["DETAIL:  ", "HINT:  ", "STATEMENT:  ", "CONTEXT:  ", "QUERY:  ", "LOCATION:  "];
    let start = line.get(..line.floor_char_boundary(200)).unwrap_or_default();
    BELOW.iter().any(|b| {
        start
            .find(b)
            .is_some_and(|at| at == 0 || start.get(..at).is_some_and(|before| before.ends_with([' ', ':']) && before.contains(']')))
    })
}

/// `[123]` of a prefix.
fn process(line: &str) -> Option<String> {
    let start = line.get(..line.floor_char_boundary(120))?;
    start.split('[').skip(1).find_map(|piece| {
        let (inner, _) = piece.split_once(']')?;
        (!inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit())).then(|| inner.to_owned())
    })
}

/// What stands in the trace of a goroutine at the beginning of a line.
fn is_go(line: &str) -> bool {
    const WORDS: &[&str] = &["goroutine ", "created by ", "exit status ", "[signal ", "runtime stack:", "panic: "];
    let is_call = line.ends_with(')') && line.split_once('(').is_some_and(|(name, _)| !name.contains(' ') && name.contains('.'));
    WORDS.iter().any(|w| line.starts_with(w)) || is_call
}

/// How many brackets are open, strings aside.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    open: usize,
    in_string: bool,
}

impl Depth {
    fn read(&mut self, line: &str) {
        let mut is_escaped = false;
        for byte in line.bytes() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if self.in_string => is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.open += 1,
                b'}' | b']' if !self.in_string => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
        // No string goes over a line.
        self.in_string = false;
    }
}
