//! One line of a block: the same words that a shell or the palette takes. It says what is asked, not whether it can be done: that is the
//! plan's. Called by `lint` and by whoever runs a step.

use crate::input::{COMMANDS, Intent, Jump};
use crate::model::action::names::nearest;
use crate::model::action::{ACTIONS, GrammarError, Request, parse, words};
use crate::model::system::NodeId;
use crate::model::text;

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `check EXPR`: it has to be true now.
    Check(String),
    /// `wait 'EXPR' 5m`: it has to become true within so many seconds.
    Wait(String, i64),
    /// `logs --service web --grep error --since 15m`.
    Logs(LogQuery),
    /// `alarms`, `zones`, `flows`: a place that a key leads to.
    Go(Jump),
    /// `open svc/web`: the pane of a box.
    Open(NodeId),
    /// `scale web 4`: a plan first, as everywhere.
    Act(Request),
}

/// Which log lines to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    pub service: Option<String>,
    /// What the lines have in them.
    pub grep: Option<String>,
    /// Seconds back from now.
    pub since: Option<i64>,
}

/// How the commands that are no actions are written.
const FORMS: &[(&str, &str)] = &[
    ("check", "check EXPR"),
    ("wait", "wait 'EXPR' SPAN"),
    ("logs", "logs [--service NAME] [--grep TEXT] [--since SPAN]"),
    ("open", "open BOX, such as db or svc/web"),
];

/// A day is the longest that anybody waits at one step.
const LONGEST: i64 = 24 * 3600;

/// Why a line is no command, and how many characters into it.
pub(super) type Refusal = (usize, String);

impl Command {
    /// Reads a line.
    pub fn parse(line: &str) -> Result<Self, String> {
        Self::read(line).map_err(|(_, message)| message)
    }

    /// The same, with the place of what is wrong.
    pub(super) fn read(line: &str) -> Result<Self, Refusal> {
        let line = line.trim();
        let (first, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(f, r)| (f, r.trim()));
        let whole = |message: String| (0, message);
        match first {
            "check" => expression(rest).map(|(text, _)| Self::Check(text)).map_err(whole),
            "wait" => wait(rest).map_err(whole),
            "logs" => logs(&words(rest)).map_err(whole),
            "open" => rest.parse().map(Self::Open).map_err(|e| whole(format!("no box '{rest}' ({e}): {}", usage("open")))),
            _ => match place(first).filter(|_| rest.is_empty()) {
                Some(jump) => Ok(Self::Go(jump)),
                None => action(line).map_err(whole),
            },
        }
    }

    /// Whether it changes something in AWS: then it is asked for, as everywhere.
    pub fn acts(&self) -> bool {
        matches!(self, Self::Act(_))
    }

    /// The expression that it decides.
    pub fn expression(&self) -> Option<&str> {
        match self {
            Self::Check(text) | Self::Wait(text, _) => Some(text),
            _ => None,
        }
    }
}

fn usage(name: &str) -> &'static str {
    FORMS.iter().find(|(n, _)| *n == name).map_or("", |(_, form)| form)
}

fn place(name: &str) -> Option<Jump> {
    COMMANDS.iter().find(|c| c.name == name).and_then(|c| match c.intent {
        Intent::Go(jump) => Some(jump),
        _ => None,
    })
}

/// An expression, in single quotes or plain, and what comes after the quotes.
fn expression(rest: &str) -> Result<(String, &str), String> {
    let (text, after) = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.rsplit_once('\'').ok_or_else(|| "the quote ' is not closed".to_owned())?,
        None => (rest, ""),
    };
    if text.trim().is_empty() {
        return Err(format!("what to check is missing: {}", usage("check")));
    }
    Ok((text.trim().to_owned(), after.trim()))
}

fn wait(rest: &str) -> Result<Command, String> {
    let quoted = if rest.starts_with('\'') { Some(expression(rest)?) } else { None };
    let (text, span) = match quoted {
        Some((text, span)) => (text, span),
        None => rest.rsplit_once(char::is_whitespace).map(|(text, span)| (text.trim().to_owned(), span)).unwrap_or_default(),
    };
    let seconds = text::parse_span(span).filter(|s| (1..=LONGEST).contains(s));
    match seconds {
        Some(seconds) if !text.is_empty() => Ok(Command::Wait(text, seconds)),
        _ => Err(format!("how long is missing, from 1s to 1d: {}", usage("wait"))),
    }
}

fn logs(words: &[String]) -> Result<Command, String> {
    let mut query = LogQuery::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, joined) = word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
        let mut value = || joined.clone().or_else(|| words.next().cloned()).ok_or_else(|| format!("the value of {name} is missing"));
        match name {
            "--service" => query.service = Some(value()?),
            "--grep" => query.grep = Some(value()?),
            "--since" => {
                let span = value()?;
                query.since = Some(text::parse_span(&span).ok_or_else(|| format!("--since '{span}': a span such as 15m or 2h"))?);
            }
            _ => return Err(format!("unexpected '{word}': {}", usage("logs"))),
        }
    }
    Ok(Command::Logs(query))
}

fn action(line: &str) -> Result<Command, String> {
    let words = words(line);
    parse(&words).map(Command::Act).map_err(|error| match error {
        GrammarError::Unknown(name) => {
            let known: Vec<&str> = FORMS.iter().map(|f| f.0).chain(places()).chain(ACTIONS.iter().map(|a| a.name)).collect();
            let first = name.split(' ').next().unwrap_or_default();
            let meant = nearest(&name, &known).or_else(|| nearest(first, &known));
            let meant = meant.map_or_else(String::new, |name| format!(": did you mean '{name}'?"));
            format!("unknown command '{}'{meant}", name.chars().take(40).collect::<String>())
        }
        other => other.to_string(),
    })
}

fn places() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().filter(|c| matches!(c.intent, Intent::Go(_))).map(|c| c.name)
}
