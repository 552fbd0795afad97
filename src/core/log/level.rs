//! The level of a log line, by what its writer says in the formats that services write, by a status of 5xx, or by the shape of a stack
//! trace. Not by words in a message: `0 errors` is no error. Called once for each line, after it was cleaned.

use super::json;
use super::{prefix, trace};

/// How bad a line is; the order is that of `level:warn` (warn and worse).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// The line says none.
    #[default]
    None,
    Trace,
    Debug,
    Info,
    Notice,
    Warn,
    Error,
    Critical,
}

impl Level {
    /// All that a line can say, mildest first.
    pub const ALL: [Self; 7] = [Self::Trace, Self::Debug, Self::Info, Self::Notice, Self::Warn, Self::Error, Self::Critical];

    /// The word for it, as it is typed in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level that a word means, in any case; `None` if it means none.
    pub fn named(word: &str) -> Option<Self> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..word.len())?;
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        named(lower)
    }

    /// Of a line, or of the lines of an event.
    pub fn of(text: &str) -> Self {
        Self::and_json(text).0
    }

    /// The level, and whether the line holds an object: both are known once it was parsed.
    pub(crate) fn and_json(text: &str) -> (Self, bool) {
        let head = head(text);
        let json = json::Json::parse(text);
        let by_status = prefix::status(head);
        if let Some(level) = json.as_ref().and_then(of_json) {
            return (level.max(by_status), true);
        }
        let stated = prefix::stated(head).or_else(|| second(text)).unwrap_or_default();
        let known = if by_status >= Self::Warn || stated == Self::None { stated.max(by_status) } else { stated };
        let level = if known == Self::None && trace::is_trace(text) { Self::Error } else { known };
        (level, json.is_some())
    }
}

/// No word for a level is longer.
const LONGEST: usize = 13;

/// Words for levels, as writers have them, in lower case.
fn named(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"trace" | b"finer" | b"finest" | b"silly" | b"trce" | b"trc" | b"vrb" | b"t" | b"trac" => Level::Trace,
        b"debug" | b"verbose" | b"fine" | b"config" | b"dbg" | b"dbug" | b"debg" | b"debug1" | b"debug2" | b"debug3" | b"debug4"
        | b"debug5" | b"d" | b"d1" | b"d2" | b"debu" => Level::Debug,
        b"info" | b"information" | b"informational" | b"log" | b"note" | b"system" | b"default" | b"inf" | b"i" => Level::Info,
        b"notice" => Level::Notice,
        b"warn" | b"warning" | b"wrn" | b"w" => Level::Warn,
        b"error" | b"err" | b"eror" | b"severe" | b"failure" | b"fail" | b"e" | b"erro" => Level::Error,
        b"critical" | b"fatal" | b"fata" | b"pani" | b"crit" | b"panic" | b"dpanic" | b"alert" | b"emerg" | b"emergency" | b"ftl"
        | b"f" | b"c" => Level::Critical,
        b"none" => Level::None,
        _ => return None,
    })
}

/// The first line that says something, up to what a prefix and a request can take.
fn head(text: &str) -> &str {
    let line = text.trim_start_matches(['\n', ' ']).lines().next().unwrap_or_default();
    line.get(..line.floor_char_boundary(HEAD)).unwrap_or(line)
}

const HEAD: usize = 4096;

/// Java's own logging writes the level on a line of its own: `SEVERE: it broke`.
fn second(text: &str) -> Option<Level> {
    let line = text.lines().nth(1)?;
    let (word, _) = line.split_once(": ")?;
    Level::named(word).filter(|_| word.len() > 3 && word.bytes().all(|b| b.is_ascii_uppercase()))
}

/// syslog's severities.
pub(crate) fn of_syslog(severity: u64) -> Level {
    match severity {
        0..=2 => Level::Critical,
        3 => Level::Error,
        4 => Level::Warn,
        5 => Level::Notice,
        6 => Level::Info,
        _ => Level::Debug,
    }
}

/// Keys whose value is the level, in lower case, best first.
const KEYS: &[&str] = &[
    "level",
    "severity",
    "lvl",
    "log.level",
    "loglevel",
    "log_level",
    "levelname",
    "level_name",
    "severitytext",
    "severity_text",
    "severitynumber",
    "severity_number",
    "@l",
    "s",
    "priority",
];

/// Keys that hold a stack trace.
const TRACES: &[&str] =
    &["exception", "exc_info", "stack", "stack_trace", "stacktrace", "error.stack_trace", "err.stack", "error.stack", "traceback"];

/// Keys that hold the status of an answer.
const STATUS: &[&str] =
    &["status", "status_code", "statuscode", "http.status_code", "http.response.status_code", "res.statuscode", "httprequest.status"];

fn of_json(json: &json::Json<'_>) -> Option<Level> {
    let mut best: Option<(usize, Level)> = None;
    let mut is_failed = false;
    let mut has_trace = false;
    for field in json.fields() {
        let path = field.path.as_str();
        if let Some(rank) = KEYS.iter().position(|k| k.eq_ignore_ascii_case(path))
            && best.is_none_or(|(b, _)| rank < b)
            && let Some(level) = value(path, &field.text(json))
        {
            best = Some((rank, level));
        }
        let is = |keys: &[&str]| keys.iter().any(|k| k.eq_ignore_ascii_case(path));
        is_failed |= is(STATUS) && matches!(field.text(json).as_bytes(), [b'5', b'0'..=b'9', b'0'..=b'9']);
        has_trace |= is(TRACES) && field.text(json).len() > 4;
    }
    match best {
        Some((_, level)) if is_failed => Some(level.max(Level::Error)),
        Some((_, level)) => Some(level),
        None if is_failed || has_trace => Some(Level::Error),
        // What a shipper wrapped: the line is in a field.
        None => json.message().and_then(|m| prefix::stated(head(&m))),
    }
}

/// The level of a value: a word, or a number of pino, of syslog or of OpenTelemetry.
fn value(key: &str, value: &str) -> Option<Level> {
    let Ok(number) = value.parse::<u64>() else {
        // Single letters are Mongo's.
        return Level::named(value).filter(|_| value.len() > 1 || key == "s");
    };
    if key.to_ascii_lowercase().starts_with("severity") && key.len() > 8 {
        return match number {
            1..=4 => Some(Level::Trace),
            5..=8 => Some(Level::Debug),
            9..=12 => Some(Level::Info),
            13..=16 => Some(Level::Warn),
            17..=20 => Some(Level::Error),
            21..=24 => Some(Level::Critical),
            _ => None,
        };
    }
    match number {
        0..=7 => Some(of_syslog(number)),
        8..=19 => Some(Level::Trace),
        20..=29 => Some(Level::Debug),
        30..=39 => Some(Level::Info),
        40..=49 => Some(Level::Warn),
        50..=59 => Some(Level::Error),
        60..=99 => Some(Level::Critical),
        _ => None,
    }
}
