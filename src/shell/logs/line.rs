//! How `logs` writes a line: text with time and service, an object of JSON, or the message alone; and the lines around a match. Text of the cloud
//! is safe already when it comes here. Called by `logs`.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use chrono::{Local, SecondsFormat};
use serde_json::{Map, Value, json};

use crate::config::environment::Environment;
use crate::config::logs::{LogFormat, LogsArgs};
use crate::shell::failure::Failure;
use nextcore_core::log::json::Json;
use nextcore_core::log::level::Level;
use nextcore_core::log::ready::ready;
use nextcore_core::model::Time;
use nextcore_core::model::log::LogEvent;
use nextcore_core::model::text::{inert, inert_lines};
use nextcore_core::theme::Depth;

const DIM: &str = "\x1b[2m";
const CYAN: &str = "\x1b[36m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Lines on their way to stdout.
pub(super) struct Lines {
    out: BufWriter<Stdout>,
    format: LogFormat,
    fields: Vec<String>,
    local: bool,
    colours: bool,
    reveal: bool,
    limit: Option<u64>,
    printed: u64,
    /// Lines around a match: so many, those before the next one, and how many are owed behind the last.
    context: usize,
    before: VecDeque<LogEvent>,
    behind: usize,
    is_apart: bool,
}

impl Lines {
    pub(super) fn of(args: &LogsArgs, env: &Environment, limit: Option<u64>) -> Self {
        let colours = io::stdout().is_terminal() && !args.no_color && env.depth() != Depth::Mono && args.format == LogFormat::Text;
        Self {
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
            format: args.format,
            fields: args.fields.clone(),
            local: args.selection.local,
            colours,
            reveal: args.no_redact,
            limit,
            printed: 0,
            context: args.context.into(),
            before: VecDeque::new(),
            behind: 0,
            is_apart: false,
        }
    }

    /// How many lines that were meant were printed.
    pub(super) fn printed(&self) -> u64 {
        self.printed
    }

    /// Takes the next line; `false` where nobody wants more.
    pub(super) fn put(&mut self, event: LogEvent, is_wanted: bool) -> Result<bool, Failure> {
        if !is_wanted {
            if self.behind > 0 {
                self.behind -= 1;
                return self.write(&event);
            }
            if self.context > 0 {
                if self.before.len() == self.context {
                    self.before.pop_front();
                    self.is_apart = self.printed > 0;
                }
                self.before.push_back(event);
            }
            return Ok(true);
        }
        if std::mem::take(&mut self.is_apart) && self.format == LogFormat::Text && !self.told("--\n")? {
            return Ok(false);
        }
        for event in std::mem::take(&mut self.before) {
            if !self.write(&event)? {
                return Ok(false);
            }
        }
        self.behind = self.context;
        self.printed += 1;
        if !self.write(&event)? {
            return Ok(false);
        }
        if self.limit.is_some_and(|limit| self.printed >= limit) {
            self.flush()?;
            return Ok(false);
        }
        Ok(true)
    }

    /// What was written is seen; `false` where nobody reads any more.
    pub(super) fn flush(&mut self) -> Result<bool, Failure> {
        open(self.out.flush())
    }

    fn write(&mut self, event: &LogEvent) -> Result<bool, Failure> {
        let text = match self.format {
            LogFormat::Text => self.text(event),
            LogFormat::Json => self.object(event).to_string(),
            LogFormat::Raw if self.fields.is_empty() => inert_lines(&event.message),
            LogFormat::Raw => inert_lines(&self.fields_of(&event.message).map_or_else(|| event.message.clone(), |f| told(&f))),
        };
        self.told(&format!("{text}\n"))
    }

    fn told(&mut self, text: &str) -> Result<bool, Failure> {
        open(self.out.write_all(text.as_bytes()))
    }

    /// `2026-11-30T14:02:11.123Z web  message`; what follows its first line is indented.
    fn text(&self, event: &LogEvent) -> String {
        let message = self.fields_of(&event.message).map_or_else(|| event.message.clone(), |f| told(&f));
        let message = inert_lines(&message).replace('\n', "\n    ");
        let (at, service) = (self.time(event.at), inert(event.service()).into_owned());
        if !self.colours {
            return format!("{at} {service}  {message}");
        }
        let message = match ready(&event.message, true).level {
            Level::Error | Level::Critical => format!("{RED}{message}{PLAIN}"),
            Level::Warn => format!("{YELLOW}{message}{PLAIN}"),
            _ => message,
        };
        format!("{DIM}{at}{PLAIN} {CYAN}{service}{PLAIN}  {message}")
    }

    fn object(&self, event: &LogEvent) -> Value {
        let level = ready(&event.message, true).level;
        let mut object = json!({
            "at": self.time(event.at),
            "service": event.service(),
            "level": (level != Level::None).then(|| level.word()),
            "stream": event.stream,
            "message": event.message,
        });
        if let Some(members) = object.as_object_mut() {
            if event.late {
                members.insert("late".to_owned(), true.into());
            }
            if let Some(fields) = self.fields_of(&event.message) {
                members.insert("fields".to_owned(), fields.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Map<_, _>>().into());
            }
        }
        object
    }

    /// The fields that are asked for, of a line that has any of them.
    fn fields_of(&self, message: &str) -> Option<Vec<(String, String)>> {
        if self.fields.is_empty() {
            return None;
        }
        let json = if self.reveal { Json::parse_revealed(message) } else { Json::parse(message) }?;
        let found = self.fields.iter().filter_map(|name| Some((name.clone(), json.get(name)?.into_owned())));
        let found: Vec<(String, String)> = found.collect();
        (!found.is_empty()).then_some(found)
    }

    fn time(&self, at: Time) -> String {
        if self.local {
            at.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Millis, false)
        } else {
            at.to_rfc3339_opts(SecondsFormat::Millis, true)
        }
    }
}

/// `status=500 path=/x`.
fn told(fields: &[(String, String)]) -> String {
    fields.iter().fold(String::new(), |mut out, (name, value)| {
        let space = if out.is_empty() { "" } else { " " };
        let _ = write!(out, "{space}{name}={value}");
        out
    })
}

/// `false` where nobody reads any more: that is no failure.
fn open(written: io::Result<()>) -> Result<bool, Failure> {
    match written {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(Failure::cannot_tell(format!("stdout: {e}"))),
    }
}
