//! One event in full: what is known of it, then its JSON a value in each row, or its whole text. Which row is selected, and what of it is
//! copied. Called by `update`; drawn by `view`.

use std::sync::Arc;

use super::place::{Place, event};
use super::{LogView, times};
use crate::log::json::Json;
use crate::log::level::Level;
use crate::model::log::{LogEvent, LogTail};
use crate::model::text::{self, wrap};
use crate::session::Session;

/// An event that is open; it stays so when its line is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) event: Arc<LogEvent>,
    /// With all lines that belong to it.
    pub(crate) text: String,
    pub(crate) level: Level,
    /// The selected line of the body.
    pub(crate) at: usize,
}

/// A line of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BodyLine {
    /// Cells in front of it.
    pub(crate) indent: usize,
    /// The key of a value, padded to its neighbours; blank where a value goes on.
    pub(crate) key: String,
    pub(crate) text: String,
    /// What `y` copies of it; `None` = the whole event.
    value: Option<String>,
}

/// Longer keys are not aligned with.
const WIDEST_KEY: usize = 24;

impl Detail {
    /// The body in lines of that width.
    pub(crate) fn body(&self, width: usize) -> Vec<BodyLine> {
        match Json::parse(&self.text) {
            Some(json) => of_json(&json, width),
            None => self.text.lines().flat_map(|line| plain(line, width)).collect(),
        }
    }

    /// What is known of it, label by label.
    pub(crate) fn facts(&self, session: &Session) -> Vec<(&'static str, String)> {
        let event = &self.event;
        let own = session.stack.followed().into_iter().find(|g| !event.of.is_empty() && g.of == *event.of);
        let group = own.map_or_else(|| session.stack.first_log_group().to_owned(), |g| g.name);
        let mut facts = vec![
            ("time", format!("{} UTC  ({})", times::whole(event.at), text::ago(event.at, session.now))),
            ("local", times::whole_local(&session.logs.zone, event.at)),
            ("service", event.service().to_owned()),
            ("group", group),
            ("stream", event.stream.clone()),
            ("id", event.id.clone()),
            ("level", self.level.word().to_owned()),
        ];
        if let Some(received) = event.received {
            let ahead = text::duration((event.at - received).num_seconds().max(0));
            facts.push(("received", format!("{} UTC: its time lies {ahead} ahead", times::whole(received))));
        }
        if event.late {
            facts.push(("late", "came after newer lines had been shown, and was put into its place".to_owned()));
        }
        facts
    }

    /// What `y` copies.
    pub(crate) fn copied(&self, width: usize) -> String {
        self.body(width).into_iter().nth(self.at).and_then(|line| line.value).unwrap_or_else(|| self.text.clone())
    }
}

fn plain(line: &str, width: usize) -> Vec<BodyLine> {
    // A trace says by its indentation what belongs to what.
    let indent = line.chars().take_while(|c| *c == ' ').count().min(width / 2);
    let body = |text: String| BodyLine { indent, key: String::new(), text, value: None };
    wrap(line.trim_start(), width.saturating_sub(indent)).into_iter().map(body).collect()
}

fn of_json(json: &Json<'_>, width: usize) -> Vec<BodyLine> {
    let rows = json.rows();
    let widest = |depth: usize| {
        let keys = rows.iter().filter(|r| r.depth == depth).filter_map(|r| r.key.as_ref());
        keys.map(|k| text::cells(k)).filter(|w| *w <= WIDEST_KEY).max().unwrap_or_default()
    };
    let deepest = rows.iter().map(|r| r.depth).max().unwrap_or_default();
    let widths: Vec<usize> = (0..=deepest).map(widest).collect();
    let mut lines = Vec::new();
    for row in &rows {
        let indent = (row.depth * 2).min(width / 2);
        let column = widths.get(row.depth).copied().unwrap_or_default();
        let key = row.key.as_ref().map(|k| format!("{k}{}  ", " ".repeat(column.saturating_sub(text::cells(k))))).unwrap_or_default();
        let room = width.saturating_sub(indent + text::cells(&key)).max(8);
        let value = row.kind.map(|_| row.value.clone());
        let pieces = row.value.lines().flat_map(|line| wrap(line, room)).collect::<Vec<_>>();
        let pieces = if pieces.is_empty() { vec![String::new()] } else { pieces };
        for (i, piece) in pieces.into_iter().enumerate() {
            let key = if i == 0 { key.clone() } else { " ".repeat(text::cells(&key)) };
            lines.push(BodyLine { indent, key, text: piece, value: value.clone() });
        }
    }
    lines
}

impl LogView {
    /// Opens the event under the cursor.
    pub(crate) fn open_event(&mut self, tail: &LogTail) {
        let Some(place) = self.shown().get(self.position()).map(|i| i.place) else { return };
        let Some(event) = held(tail, place) else { return };
        self.pause();
        let (level, text) = (self.lines().level(place).0, self.text(tail, place).unwrap_or_default());
        self.detail = Some(Detail { event, text, level, at: 0 });
    }
}

fn held(tail: &LogTail, place: Place) -> Option<Arc<LogEvent>> {
    let seq = event(tail, place)?.seq;
    let at = tail.events.partition_point(|e| Place::of(e) < place);
    tail.events.get(at).filter(|e| e.seq == seq).cloned()
}

impl Session {
    /// The cells of a line of an open event.
    pub(crate) fn detail_width(&self) -> usize {
        usize::from(self.size.0).saturating_sub(2)
    }
}
