//! Words to a request: `scale web 4 --hold`. One grammar for the palette, runbooks and tests; the command line is built of the same rows
//! by `config`. It knows names and forms, not what exists: that is the plan's.

use super::{ACTIONS, Param, Request, Spec, Takes};
use crate::model::text;

/// Why words are not a request. Each says what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// No action begins like this.
    #[error("unknown action '{0}'")]
    Unknown(String),
    /// Something has to be added.
    #[error("{what} is missing: {usage}")]
    Missing {
        /// The parameter.
        what: String,
        /// How it is written.
        usage: String,
    },
    /// Something is too much, or not known.
    #[error("unexpected '{word}': {usage}")]
    Extra {
        word: String,
        /// How it is written.
        usage: String,
    },
    /// A value has the wrong form.
    #[error("{param} '{value}': {wanted}")]
    Form {
        /// The parameter.
        param: String,
        /// As given.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// How an action is written: `scale SERVICE COUNT [--hold]`.
pub fn usage(spec: &Spec) -> String {
    let mut text = spec.name.to_owned();
    let mut add = |word: &str| {
        text.push(' ');
        text.push_str(word);
    };
    if !spec.subject.placeholder().is_empty() {
        add(spec.subject.placeholder());
    }
    for p in spec.params {
        let value = placeholder(p);
        let word = match (p.positional, p.takes) {
            (true, _) => value.to_owned(),
            (false, Takes::Flag) => format!("--{}", p.name),
            (false, _) => format!("--{} {value}", p.name),
        };
        add(&if is_optional(p) { format!("[{word}]") } else { word });
    }
    text
}

/// The word for a parameter's value in usage lines.
pub fn placeholder(param: &Param) -> &'static str {
    match param.takes {
        Takes::Flag => "",
        Takes::Count => "COUNT",
        Takes::Bounds => "MIN-MAX",
        Takes::Span => "SPAN",
        Takes::Revision => "REVISION",
        Takes::Zone => "ZONE",
        Takes::Reader => "INSTANCE",
        Takes::Resource => "NAME",
        Takes::Stage => "STAGE",
        Takes::Paths => "PATH...",
        Takes::Text => "TEXT",
    }
}

/// Whether a request may go without it.
pub fn is_optional(param: &Param) -> bool {
    param.takes == Takes::Flag || param.default.is_some()
}

/// Splits a line into words; a word in double quotes may hold blanks.
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quoted, mut open) = (false, false);
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                if !open {
                    words.push(String::new());
                    open = true;
                }
            }
            c if c.is_whitespace() && !quoted => open = false,
            c => {
                if !open {
                    words.push(String::new());
                    open = true;
                }
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words
}

/// The action whose name these words begin with, and how many words that takes; the longest name wins.
pub(super) fn named<S: AsRef<str>>(words: &[S]) -> Option<(&'static Spec, usize)> {
    let length = |spec: &'static Spec| spec.name.split(' ').count();
    let begins = |spec: &'static Spec| words.len() >= length(spec) && spec.name.split(' ').zip(words).all(|(n, w)| n == w.as_ref());
    ACTIONS.iter().filter(|s| begins(s)).map(|s| (s, length(s))).max_by_key(|(_, n)| *n)
}

/// The request that these words are.
pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Request, GrammarError> {
    let Some((spec, used)) = named(words) else {
        let line: Vec<&str> = words.iter().take(2).map(AsRef::as_ref).collect();
        return Err(GrammarError::Unknown(line.join(" ")));
    };
    let mut rest = words.get(used..).unwrap_or_default().iter().map(AsRef::as_ref).peekable();
    let mut request = Request::new(spec.name, "");
    let mut loose = Vec::new();
    while let Some(word) = rest.next() {
        let Some(name) = word.strip_prefix("--") else {
            loose.push(word);
            continue;
        };
        let (name, joined) = name.split_once('=').map_or((name, None), |(n, v)| (n, Some(v)));
        let extra = || GrammarError::Extra { word: word.to_owned(), usage: usage(spec) };
        let param = spec.params.iter().find(|p| !p.positional && p.name == name).ok_or_else(extra)?;
        let value = match (param.takes, joined) {
            (Takes::Flag, None) => "true",
            (Takes::Flag, Some(_)) => return Err(extra()),
            (_, Some(value)) => value,
            (_, None) => rest.next().ok_or_else(|| missing(spec, &format!("the value of --{name}")))?,
        };
        request.args.insert(param.name.to_owned(), value.to_owned());
    }
    let mut loose = loose.into_iter();
    if !spec.subject.placeholder().is_empty() {
        loose.next().ok_or_else(|| missing(spec, spec.subject.placeholder()))?.clone_into(&mut request.target);
    }
    for param in spec.params.iter().filter(|p| p.positional) {
        if param.takes == Takes::Paths {
            let paths: Vec<&str> = loose.by_ref().collect();
            if !paths.is_empty() {
                request.args.insert(param.name.to_owned(), paths.join(" "));
            }
        } else if let Some(value) = loose.next() {
            request.args.insert(param.name.to_owned(), value.to_owned());
        }
    }
    if let Some(word) = loose.next() {
        return Err(GrammarError::Extra { word: word.to_owned(), usage: usage(spec) });
    }
    check(spec, &request)?;
    Ok(request)
}

fn missing(spec: &Spec, what: &str) -> GrammarError {
    GrammarError::Missing { what: what.to_owned(), usage: usage(spec) }
}

/// Whether every parameter is there and has its form.
pub fn check(spec: &Spec, request: &Request) -> Result<(), GrammarError> {
    if !spec.subject.placeholder().is_empty() && request.target.is_empty() {
        return Err(missing(spec, spec.subject.placeholder()));
    }
    for param in spec.params {
        let Some(value) = request.arg(param.name) else {
            if is_optional(param) {
                continue;
            }
            return Err(missing(spec, placeholder(param)));
        };
        form(param.takes, value).map_err(|wanted| GrammarError::Form { param: param.name.to_owned(), value: value.to_owned(), wanted })?;
    }
    Ok(())
}

fn form(takes: Takes, value: &str) -> Result<(), &'static str> {
    let fine = |good: bool, wanted: &'static str| if good { Ok(()) } else { Err(wanted) };
    match takes {
        Takes::Count => fine(count(value).is_some(), "a count such as 4, or a change such as +1 or -1"),
        Takes::Bounds => fine(bounds(value).is_some(), "min-max such as 3-6"),
        Takes::Span => fine(span(value).is_some(), "a span from 1m to 24h, such as 30m or 2h"),
        Takes::Paths => {
            fine(!value.is_empty() && value.split(' ').all(|p| p.starts_with('/')), "paths that begin with /, such as /static/*")
        }
        Takes::Flag => Ok(()),
        Takes::Revision | Takes::Zone | Takes::Reader | Takes::Resource | Takes::Stage | Takes::Text => {
            fine(!value.trim().is_empty(), "a word")
        }
    }
}

/// A count, or a change of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    To(i32),
    /// So many more or fewer.
    By(i32),
}

/// `4`, `+1`, `-1`.
pub fn count(text: &str) -> Option<Count> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i32 = text.strip_prefix('+').unwrap_or(text).parse().ok().filter(|_| plain)?;
    // AWS runs no more tasks in one service.
    let fits = number.abs() <= 5000;
    fits.then_some(if text.starts_with(['+', '-']) { Count::By(number) } else { Count::To(number) })
}

/// `3-6`.
pub fn bounds(text: &str) -> Option<(i32, i32)> {
    let (min, max) = text.split_once('-')?;
    let number = |t: &str| t.trim().parse::<u16>().ok().filter(|n| *n <= 5000).map(i32::from);
    number(min).zip(number(max)).filter(|(min, max)| min <= max)
}

/// `30m`, `2h`, in minutes: whole ones, for a day at most.
pub fn span(text: &str) -> Option<i64> {
    let seconds = text::parse_span(text).filter(|s| s % 60 == 0)?;
    Some(seconds / 60).filter(|m| (1..=24 * 60).contains(m))
}
