//! Which lines of the log are meant: services, streams, level, text. What a query means is `core::log::query`'s. Called by `logs`.

use nextcore_core::log::level::Level;
use nextcore_core::log::query::{Line, Query, fold};
use nextcore_core::log::ready::{Ready, ready};
use nextcore_core::model::log::LogEvent;

use crate::config::logs::Selection;
use crate::shell::failure::Failure;

/// A choice of lines.
pub(super) struct Pick {
    services: Vec<String>,
    stream: Option<String>,
    queries: Vec<Query>,
    nots: Vec<String>,
    level: Option<Level>,
}

impl Pick {
    /// Reads what was typed: a slip of the pen is said before anything is asked.
    pub(super) fn of(selection: &Selection) -> Result<Self, Failure> {
        let read = |text: &String| {
            Query::parse(text).map_err(|e| {
                let what = format!("--grep {text}: {} at character {}", e.what, e.at + 1);
                Failure::usage(format!("{what}\n  next: correct it, or put \"quotes\" around what is to be found as it stands"))
            })
        };
        Ok(Self {
            services: selection.services.clone(),
            stream: selection.stream.clone(),
            queries: selection.greps.iter().map(read).collect::<Result<_, _>>()?,
            nots: selection.nots.clone(),
            level: selection.level,
        })
    }

    /// Whether a line is meant.
    pub(super) fn wants(&self, event: &LogEvent) -> bool {
        if !self.is_of(event) {
            return false;
        }
        if self.queries.is_empty() && self.nots.is_empty() && self.level.is_none() {
            return true;
        }
        let Ready { level, is_json, .. } = ready(&event.message, true);
        if self.level.is_some_and(|least| level < least) {
            return false;
        }
        let folded = fold(&event.message);
        // As in a query: case counts where upper case is typed.
        let has = |text: &String| if text.chars().any(char::is_uppercase) { event.message.contains(text) } else { folded.contains(text) };
        if self.nots.iter().any(has) {
            return false;
        }
        let service = event.service();
        let line = Line { text: &event.message, folded: &folded, level, service, stream: &event.stream, is_json };
        self.queries.iter().all(|q| q.matches(&line))
    }

    /// Whether it is of a service and a stream that are meant: others are no context, either.
    pub(super) fn is_of(&self, event: &LogEvent) -> bool {
        (self.services.is_empty() || self.services.iter().any(|s| s == event.service()))
            && self.stream.as_ref().is_none_or(|prefix| event.stream.starts_with(prefix.as_str()))
    }
}
