//! What stands before a message: times, hosts, loggers, threads, and among them the level. A word is a level by its place and its signs
//! (`[error]`, `ERROR:`, `level=error`), never by itself. Not JSON. Called by `level`.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::level::{Level, of_syslog};

/// How far a prefix goes.
const REACH: usize = 240;
/// Words of plain prose that may stand before a level, where a time stands there too: a host, a logger, a month.
const PLAIN: usize = 3;
/// What is no level but a subject: `error rate 3`.
const SUBJECTS: &[&str] = &[
    "rate",
    "rates",
    "count",
    "counts",
    "budget",
    "budgets",
    "page",
    "pages",
    "handler",
    "handlers",
    "handling",
    "log",
    "logs",
    "free",
    "correction",
    "message",
    "messages",
    "code",
    "codes",
    "reporting",
    "tracking",
    "level",
    "levels",
    "is",
    "was",
    "mode",
];

/// The level that a line states before its message.
pub(crate) fn stated(line: &str) -> Option<Level> {
    by_first(line).or_else(|| scan(line)).or_else(|| by_key(line))
}

/// Formats that are known by how they begin.
fn by_first(line: &str) -> Option<Level> {
    let bytes = line.as_bytes();
    let first = *bytes.first()?;
    // A time in brackets says nothing of what begins behind it.
    if first == b'['
        && let Some((inner, rest)) = line.split_once("] ")
        && inner.len() < 40
        && inner.contains(':')
        && let Some((_, level)) = STARTS.iter().find(|(start, _)| rest.starts_with(start))
    {
        return Some(*level);
    }
    let digits = |from: usize, n: usize| (from..from + n).all(|i| bytes.get(i).is_some_and(u8::is_ascii_digit));
    match first {
        b'<' => {
            let number = line.get(1..)?.split_once('>')?.0;
            let pri: u64 = number.parse().ok().filter(|p| *p < 192 && number.len() <= 3)?;
            return Some(of_syslog(pri & 7));
        }
        // klog and glog: E1130 10:00:00, E20261130 10:00:00.
        b'I' | b'W' | b'E' | b'F'
            if [5, 9].iter().any(|n| digits(1, n - 1) && bytes.get(*n) == Some(&b' ') && bytes.get(n + 3) == Some(&b':')) =>
        {
            return Level::named(line.get(..1)?);
        }
        // Tornado: [E 10:00:00, [I 2026-11-30 10:00:00.
        b'[' if bytes.get(2) == Some(&b' ') && digits(3, 2) => return Level::named(line.get(1..2)?),
        // Ruby: E, [2026-11-30T10:00:00.
        b'D' | b'I' | b'W' | b'E' | b'F' if line.get(1..4) == Some(", [") => return Level::named(line.get(..1)?),
        _ => {}
    }
    for (start, level) in STARTS {
        if line.starts_with(start) {
            return Some(*level);
        }
    }
    if line.starts_with("(node:") {
        let is_error = line.contains("UnhandledPromiseRejection");
        return if is_error { Some(Level::Error) } else { line.contains("Warning:").then_some(Level::Warn) };
    }
    let is_lambda = line.ends_with(" seconds") && line.contains("Task timed out after ")
        || line.starts_with("REPORT RequestId:") && (line.contains("Status: timeout") || line.contains("Status: error"))
        || line.starts_with("RequestId:") && line.contains(" Error: ");
    if is_lambda {
        return Some(Level::Error);
    }
    redis(line)
}

/// What a line begins with, and what that means; longer ones before their beginnings.
const STARTS: &[(&str, Level)] = &[
    ("⨯", Level::Error),
    ("✖", Level::Error),
    ("❌", Level::Error),
    ("⚠", Level::Warn),
    ("✓", Level::Info),
    ("○ ", Level::Info),
    ("▲ Next.js", Level::Info),
    ("npm ERR!", Level::Error),
    ("npm error", Level::Error),
    ("npm WARN", Level::Warn),
    ("npm warn", Level::Warn),
    ("PHP Fatal error", Level::Critical),
    ("PHP Parse error", Level::Critical),
    ("PHP Warning", Level::Warn),
    ("PHP Notice", Level::Notice),
    ("PHP Deprecated", Level::Warn),
    ("START RequestId:", Level::Info),
    ("END RequestId:", Level::Info),
    ("[Error: ", Level::Error),
    ("** (", Level::Error),
    ("Out of memory: ", Level::Error),
    // Django's own, without a level.
    ("Internal Server Error: /", Level::Error),
    ("Not Found: /", Level::Warn),
    ("Bad Request: /", Level::Warn),
    ("Forbidden (", Level::Warn),
    ("Fatal error:", Level::Critical),
    ("fatal error:", Level::Critical),
];

/// `1:M 30 Nov 2026 10:00:00.000 # text`.
fn redis(line: &str) -> Option<Level> {
    let mut words = line.splitn(7, ' ');
    let (pid, role) = words.next()?.split_once(':')?;
    let is_redis = pid.bytes().all(|b| b.is_ascii_digit()) && !pid.is_empty() && matches!(role, "M" | "S" | "C" | "X");
    match words.nth(4).filter(|_| is_redis)? {
        "." => Some(Level::Debug),
        "-" => Some(Level::Info),
        "*" => Some(Level::Notice),
        "#" => Some(Level::Warn),
        _ => None,
    }
}

/// What was seen on the way through a prefix.
#[derive(Default)]
struct Seen {
    /// Brackets that are open.
    depth: usize,
    plain: usize,
    time: bool,
    /// The word before was a time, or the line begins here.
    fresh: bool,
}

/// Walks the prefix word by word until the message has begun.
fn scan(line: &str) -> Option<Level> {
    let bytes = line.as_bytes();
    let mut seen = Seen { fresh: true, ..Seen::default() };
    let mut at = 0;
    while at < bytes.len().min(REACH) {
        let byte = bytes.get(at).copied().unwrap_or_default();
        if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
            let end = at + bytes.iter().skip(at).take_while(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).count();
            let word = Word { line, at, end };
            if let Some(level) = word.level(&seen) {
                return Some(level);
            }
            word.note(&mut seen);
            if seen.plain > if seen.time { PLAIN } else { 1 } {
                return None;
            }
            at = end;
            continue;
        }
        match byte {
            b']' | b')' | b'}' => seen.depth = seen.depth.saturating_sub(1),
            // A request or a message has begun.
            b'"' => return None,
            b'{' if matches!(bytes.get(at + 1), Some(b'"' | b'}' | b' ') | None) => return None,
            b'[' | b'(' | b'{' => seen.depth += 1,
            b'=' if seen.depth == 0 => {
                let key = line.get(..at).unwrap_or_default().rsplit([' ', ',']).next().unwrap_or_default();
                if KEYS.iter().any(|k| k.eq_ignore_ascii_case(key)) {
                    return None;
                }
                seen.fresh = false;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A run of letters and digits, with what stands around it.
struct Word<'a> {
    line: &'a str,
    at: usize,
    end: usize,
}

impl Word<'_> {
    fn text(&self) -> &str {
        self.line.get(self.at..self.end).unwrap_or_default()
    }

    /// The signs before and after; a blank at the ends of the line.
    fn around(&self) -> (u8, u8) {
        let bytes = self.line.as_bytes();
        let sign = |at: Option<usize>| at.and_then(|i| bytes.get(i)).copied().filter(|b| *b != b'\t').unwrap_or(b' ');
        (sign(self.at.checked_sub(1)), sign(Some(self.end)))
    }

    /// What stands behind it, without the sign right after it and blanks.
    fn rest(&self) -> &str {
        self.line.get(self.end..).unwrap_or_default()
    }

    fn next_is_subject(&self) -> bool {
        let next = self.rest().trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        SUBJECTS.iter().any(|s| s.eq_ignore_ascii_case(next))
    }

    fn level(&self, seen: &Seen) -> Option<Level> {
        let text = self.text();
        let first = *text.as_bytes().first()?;
        if !first.is_ascii_alphabetic() || text.len() > 13 || text.len() < 3 {
            return None;
        }
        let level = Level::named(text).filter(|l| *l != Level::None)?;
        let is_upper = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let is_common = !matches!(level, Level::None) && !COMMON_WORDS.iter().any(|w| w.eq_ignore_ascii_case(text));
        let (before, after) = self.around();
        let is_alone = before == b' ' || (before == b'-' && self.line.get(..self.at).is_some_and(|b| b.ends_with("|-"))) || before == b'|';
        let is_closed = matches!((before, after), (b'[', b']') | (b'(', b')') | (b'<', b'>') | (b'|', b'|'));
        let padded = before == b'[' && after == b' ' && self.rest().trim_start().starts_with(']');
        if is_closed || padded {
            return Some(level);
        }
        if seen.depth > 0 {
            // `[2026-11-30 10:00:00,000: ERROR/MainProcess]`, `[... ERROR crate]`, `[core:error]`, `[10:00:00 ERR]`.
            let is_last = after == b']' && matches!(before, b':' | b' ');
            return (is_last && (is_upper || before == b':')
                || is_upper && is_common && before != b'=' && matches!(after, b'/' | b' ' | b']' | b':'))
            .then_some(level);
        }
        if after == b':' && !self.rest().starts_with("://") && !self.rest().starts_with("::") {
            let is_joined = matches!(before, b'_' | b'-' | b'/' | b'=' | b'@');
            let is_first = seen.fresh && before == b' ' && is_common;
            return (is_upper && !is_joined || is_first || is_dotnet(text) && seen.fresh).then_some(level);
        }
        if !matches!(after, b' ' | b'|' | b'[') || !is_alone || !is_common {
            return None;
        }
        if is_upper {
            return (seen.time || seen.plain == 0).then_some(level);
        }
        let is_dashed = self.rest().trim_start().starts_with("- ");
        let is_capital = text == "Error" && self.at == 0 && !self.next_is_subject();
        let is_after_time = seen.fresh && seen.time && !self.next_is_subject();
        (seen.fresh && is_dashed || is_capital || is_after_time).then_some(level)
    }

    /// What the word says of the prefix, where it is no level.
    fn note(&self, seen: &mut Seen) {
        let text = self.text();
        let (before, after) = self.around();
        let has_digit = text.bytes().any(|b| b.is_ascii_digit());
        let is_time = has_digit && matches!(after, b':' | b'-' | b'/') && self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        seen.time |= is_time;
        let is_calendar = CALENDAR.iter().any(|c| c.eq_ignore_ascii_case(text));
        let is_plain = seen.depth == 0 && !has_digit && before == b' ' && matches!(after, b' ' | b',' | b'\'') && !is_calendar;
        seen.plain += usize::from(is_plain);
        // Inside brackets nothing is prose; behind a time, or what belongs to it, the message may begin.
        seen.fresh = (seen.fresh || seen.time && has_digit) && (has_digit || is_calendar || seen.depth > 0);
    }
}

/// Levels that are words of every day: only signs around them make them levels.
const COMMON_WORDS: &[&str] =
    &["log", "note", "system", "default", "fine", "config", "fail", "failure", "alert", "panic", "trace", "verbose", "silly"];

/// .NET's own four letters.
fn is_dotnet(text: &str) -> bool {
    matches!(text, "fail" | "crit" | "warn" | "info" | "dbug" | "trce")
}

const CALENDAR: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    "utc", "gmt", "cet", "cest", "am", "pm", "z", "t",
];

/// `level=error`, `severity="ERROR"`, and syslog's `kern.err`.
fn by_key(line: &str) -> Option<Level> {
    let word = |text: &'_ str| -> Option<Level> {
        let text = text.trim_start_matches('"');
        let end = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        Level::named(text.get(..end)?)
    };
    // Behind hundreds of pairs nothing is looked for, and no such key is longer.
    for at in memchr::memchr_iter(b'=', line.as_bytes()).take(100) {
        let before = line.get(line.ceil_char_boundary(at.saturating_sub(12))..at).unwrap_or_default();
        let key = before.rsplit([' ', ',', '{', '[', '|']).next().unwrap_or_default();
        let is_level = KEYS.iter().any(|k| k.eq_ignore_ascii_case(key));
        if is_level && let Some(level) = word(line.get(at + 1..).unwrap_or_default()) {
            return Some(level);
        }
    }
    for token in line.get(..line.floor_char_boundary(REACH)).unwrap_or_default().split([' ', '<', '>', ':']).take(8) {
        if let Some((facility, severity)) = token.split_once('.')
            && FACILITIES.contains(&facility)
        {
            return Level::named(severity);
        }
    }
    None
}

const KEYS: &[&str] = &["level", "at", "lvl", "severity", "log.level", "levelname", "loglevel"];

const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "authpriv", "syslog", "lpr", "news", "uucp", "cron", "ftp", "local0", "local1", "local2",
    "local3", "local4", "local5", "local6", "local7",
];

/// What the status of an answer says: 5xx is an error, 4xx a warning (as Django has it), anything else nothing bad.
pub(crate) fn status(line: &str) -> Level {
    match access(line).and_then(|s| s.as_bytes().first().copied()) {
        Some(b'5') => Level::Error,
        Some(b'4') => Level::Warn,
        Some(_) => Level::Info,
        None => Level::None,
    }
}

static STATUS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" status="));
static HTTP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" HTTP/"));

/// The status in a line of an access log: gunicorn, nginx, Envoy, uvicorn, a load balancer, Next.js, gin.
fn access(line: &str) -> Option<&str> {
    let is_status = |s: &&str| matches!(s.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9']);
    let first = |s: &'_ str| -> usize { s.bytes().take_while(u8::is_ascii_digit).count() };
    if let Some(("http" | "https" | "h2" | "ws" | "wss" | "grpcs", rest)) = line.split_once(' ')
        && let Some(status) = rest.split(' ').nth(7).filter(is_status)
    {
        return Some(status);
    }
    if let Some(at) = HTTP.find(line.as_bytes())
        && let Some((_, rest)) = line.get(at..)?.split_once('"')
    {
        let rest = rest.trim_start();
        return if rest.is_empty() { haproxy(line) } else { rest.get(..first(rest)).filter(is_status) };
    }
    if let Some(rest) = line.strip_prefix("[GIN] ") {
        return rest.split('|').nth(1).map(str::trim).filter(is_status);
    }
    if let Some(at) = STATUS.find(line.as_bytes()) {
        let rest = line.get(at + STATUS.needle().len()..)?;
        return rest.get(..first(rest)).filter(is_status);
    }
    let mut words = line.split_ascii_whitespace();
    let is_method = matches!(words.next()?, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS");
    let status = words.nth(1).filter(|_| is_method).filter(is_status)?;
    let timed = words.next().is_none_or(|w| w == "in" || w == "-" || w.starts_with(|c: char| c.is_ascii_digit()));
    timed.then_some(status)
}

/// `fe be/s1 0/0/0/1/1 503 212 ... "GET / HTTP/1.1"`: the status stands behind the five times.
fn haproxy(line: &str) -> Option<&str> {
    let mut words = line.split(' ').skip_while(|w| w.matches('/').count() != 4 || !w.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    words.nth(1).filter(|s| matches!(s.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9']))
}
