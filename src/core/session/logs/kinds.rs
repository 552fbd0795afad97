//! The kinds of lines that were written of late: patterns with their counts. Kept up with the tail once the panel was opened. Which lines
//! are of one kind stands in `log::pattern`. Called by `update`; read by the panel's rows and by `view`.

use chrono::TimeDelta;

use super::lines::Lines;
use super::place::{Place, newer};
use crate::log::level::Level;
use crate::log::pattern::{ANY, Pattern, Patterns};
use crate::model::Time;
use crate::model::log::LogTail;
use crate::model::service::Services;
use crate::model::store::Store;

/// One kind of line, as the panel shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) id: String,
    pub(crate) level: Level,
    /// Lines of the last quarter of an hour.
    pub(crate) recent: u64,
    /// Against the hour before that.
    pub(crate) trend: String,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) services: String,
    pub(crate) template: String,
    /// It was not written before the last deployment.
    pub(crate) is_new: bool,
    /// The filter that shows its lines.
    pub(crate) filter: String,
}

/// The kinds that were seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds {
    patterns: Patterns,
    /// The number of the next event that was not taken in.
    next: u64,
    /// Since when lines were seen.
    since: Option<Time>,
    list: Vec<Kind>,
}

/// More rows are not listed.
const MOST: usize = 200;
/// Longer filters say no more.
const WORDS: usize = 6;

impl Kinds {
    /// Takes in the events of the tail that are new.
    pub(crate) fn observe(&mut self, tail: &LogTail, lines: &Lines) {
        if tail.total < self.next {
            *self = Self::default();
        }
        for event in newer(tail, self.next) {
            let place = Place::of(event);
            self.since = Some(self.since.map_or(place.at, |since| since.min(place.at)));
            // What is folded into another event is none of its own.
            if lines.is_head(place) {
                self.patterns.add(&event.message, event.at, event.service(), lines.level(place).0);
            }
        }
        self.next = tail.total;
    }

    /// Lists what was written in the last quarter of an hour.
    pub(crate) fn derive(&mut self, store: &Store, now: Time) {
        let deployed = store.get::<Services>().and_then(|s| s.services.iter().filter_map(|s| s.primary()?.created_at).max());
        let mut list: Vec<Kind> = Vec::new();
        for pattern in self.patterns.top() {
            let (recent, before) = pattern.of_late(now);
            if recent == 0 {
                continue;
            }
            let is_new = deployed.is_some_and(|at| self.patterns.is_new(pattern, at) == Some(true));
            // Where no line of the hour before was seen, nothing is known of it.
            let is_known = self.since.is_some_and(|since| now - since >= TimeDelta::minutes(75));
            let trend = if is_known { trend(recent, before) } else { "—".to_owned() };
            list.push(kind(pattern, recent, trend, is_new));
        }
        list.sort_by(|a, b| (b.recent, &a.id).cmp(&(a.recent, &b.id)));
        list.truncate(MOST);
        self.list = list;
    }

    pub(crate) fn list(&self) -> &[Kind] {
        &self.list
    }
}

/// A quarter of an hour against the hour before, in words that need no colour.
fn trend(recent: u64, before: u64) -> String {
    match (recent * 4, before) {
        (_, 0) => "↑ from none".to_owned(),
        (now, before) if now * 2 >= before * 3 => format!("↑ x{}", (now * 10 / before) as f64 / 10.0),
        (now, before) if now * 3 <= before * 2 => "↓ less".to_owned(),
        _ => "= as before".to_owned(),
    }
}

fn kind(pattern: &Pattern, recent: u64, trend: String, is_new: bool) -> Kind {
    let mut services: Vec<&(String, u64)> = pattern.services.iter().collect();
    services.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), name.clone()));
    let services: Vec<&str> = services.into_iter().map(|(name, _)| name.as_str()).collect();
    let template = pattern.template();
    Kind {
        id: pattern.id.to_string(),
        level: pattern.level,
        recent,
        trend,
        first: pattern.first,
        last: pattern.last,
        services: services.join(" "),
        filter: filter(&template, &pattern.sample),
        template,
        is_new,
    }
}

/// The words of a template that stand in its lines as they are: what differs is left out, so that the filter can be read and changed.
fn filter(template: &str, sample: &str) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut run = String::new();
    for word in template.split(' ').chain([ANY]) {
        let is_literal = !word.contains('<') && !word.is_empty();
        let longer = if run.is_empty() { word.to_owned() } else { format!("{run} {word}") };
        if is_literal && sample.contains(&longer) {
            run = longer;
            continue;
        }
        pieces.push(std::mem::take(&mut run));
        if is_literal && sample.contains(word) {
            word.clone_into(&mut run);
        }
        // Of a word of which a part differs the longest part that does not.
        let part = word.split(['<', '>']).step_by(2).max_by_key(|p| p.len()).unwrap_or_default();
        if !is_literal && part.len() > 3 && sample.contains(part) {
            pieces.push(part.to_owned());
        }
    }
    pieces.push(run);
    pieces.retain(|p| p.chars().filter(|c| c.is_alphanumeric()).count() > 1);
    pieces.sort_by_key(|p| std::cmp::Reverse(p.len()));
    pieces.truncate(WORDS);
    let quoted: Vec<String> = pieces.iter().map(|p| format!("\"{}\"", p.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    quoted.join(" ")
}
