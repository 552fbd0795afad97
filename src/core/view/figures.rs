//! Figures, glyphs and ages as every part of the screen writes them, so that one thing looks the same everywhere.

use std::borrow::Cow;

use super::View;
use super::widget::chart::{self, Mark};
use super::widget::{Chart, Phrase, Unit};
use crate::insight::{Counts, NodeId};
use crate::model::Time;
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, Metrics, Series, SeriesId};
use crate::model::section::{Loadable, SectionKey};
use crate::model::stack::StackHue;
use crate::model::system::System;
use crate::model::text::{self, cells};
use crate::session::LIVE;
use crate::theme::Role;

/// The glyph and the role of a level.
pub(crate) fn glyph(level: Level) -> (&'static str, Role) {
    let role = match level {
        Level::Absent => Role::Muted,
        Level::Healthy => Role::Ok,
        Level::Info => Role::Info,
        Level::Unknown => Role::Unknown,
        Level::Degraded => Role::Warn,
        Level::Down => Role::Crit,
    };
    (level.sign(), role)
}

/// The worst levels and how many nodes are at each; `None` where nothing is wrong, and some of it is still to come.
pub(crate) fn counted(counts: &Counts, loading: usize) -> Option<Phrase<'static>> {
    let total = counts.total();
    let bad = [(Level::Down, counts.down), (Level::Degraded, counts.degraded), (Level::Unknown, counts.unknown.saturating_sub(loading))];
    let mut phrase = Phrase::new();
    for (level, n) in bad.into_iter().filter(|(_, n)| *n > 0) {
        let (mark, role) = glyph(level);
        phrase = phrase.and(format!("{mark} {n} "), role);
    }
    if !phrase.is_empty() {
        return Some(phrase.and(format!("of {total}"), Role::Text));
    }
    let (level, word) = match counts.info {
        0 => (Level::Healthy, format!("all {total} healthy")),
        n => (Level::Info, format!("{n} of {total} changing")),
    };
    let (mark, role) = glyph(level);
    (loading == 0).then(|| Phrase::of(mark, role).and(format!(" {word}"), Role::Text))
}

/// A stack's own colour.
pub(crate) fn stack_role(color: StackHue) -> Role {
    match color {
        StackHue::Cyan => Role::StackCyan,
        StackHue::Magenta => Role::StackMagenta,
        StackHue::Green => Role::StackGreen,
        StackHue::Yellow => Role::StackYellow,
        StackHue::Red => Role::StackRed,
    }
}

/// The node as people call it.
pub(crate) fn name(node: &NodeId) -> Cow<'_, str> {
    let (spec, name) = (node.system().spec(), node.name());
    let own = if spec.title.is_empty() { spec.word } else { spec.title };
    match name.len() {
        0 => Cow::Borrowed(own),
        1 => Cow::Owned(format!("{own} {name}")),
        _ => Cow::Borrowed(name),
    }
}

/// The role of text about something at this level: only trouble has a colour.
pub(crate) fn tone(level: Level) -> Role {
    if level >= Level::Unknown { glyph(level).1 } else { Role::Text }
}

/// `ap-southeast-2a` as `a`.
pub(crate) fn zone(name: &str) -> &str {
    name.char_indices().last().and_then(|(i, _)| name.get(i..)).unwrap_or("?")
}

/// An age that does not move with every tick: steps of five seconds, then minutes.
pub(crate) fn coarse_age(at: Time, now: Time) -> String {
    match (now - at).num_seconds().max(0) {
        s @ 0..55 => format!("{}s", (s / 5 + 1) * 5),
        s @ 55..3600 => format!("{}m", (s + 5) / 60),
        s => text::duration(s),
    }
}

/// `3m12s ago` as it stands in lists, or a dash.
pub(crate) fn ago(at: Option<Time>, now: Time) -> String {
    at.map_or_else(|| "—".to_owned(), |at| text::age(at, now))
}

/// The same in eight cells: the day alone for what is older.
pub(crate) fn short_clock(at: Time, now: Time) -> String {
    if (now - at).num_hours() < 20 { at.format("%H:%M:%S").to_string() } else { at.format("%d %b  ").to_string() }
}

/// Time of day for the last hours, day and time for what is older.
pub(crate) fn clock(at: Option<Time>, now: Time) -> String {
    match at {
        Some(at) if (now - at).num_hours() < 20 => at.format("%H:%M:%S").to_string(),
        Some(at) => at.format("%d %b %H:%M").to_string(),
        None => "—".to_owned(),
    }
}

impl<'a> View<'a> {
    /// A name without the stack's own in front: on its screen that says nothing.
    pub(crate) fn short<'n>(&self, name: &'n str) -> &'n str {
        name.strip_prefix(self.session.stack.name.as_str()).and_then(|n| n.strip_prefix('-')).filter(|n| !n.is_empty()).unwrap_or(name)
    }

    /// An alarm's name without the stack's; of a scaling alarm what tells it from the others: service, side, and the
    /// beginning of its identifier.
    pub(crate) fn alarm_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let scaling = name.strip_prefix("TargetTracking-service/").and_then(|n| n.split_once('/')).map(|(_, n)| n);
        let Some(rest) = scaling else { return Cow::Borrowed(self.short(name)) };
        let sides = ["-AlarmHigh-", "-AlarmLow-"];
        let at = sides.iter().find_map(|s| rest.find(s).map(|at| at + s.len()));
        let parts = at.and_then(|at| rest.split_at_checked(at));
        match parts.and_then(|(head, id)| Some((head, id, id.get(..4)?))) {
            Some((head, id, begin)) if id.len() > 8 => Cow::Owned(format!("TargetTracking…{head}{begin}…")),
            _ => Cow::Owned(format!("TargetTracking…{rest}")),
        }
    }

    /// The role of a figure by its limits: bad ones take the colour of what they mean, good ones stay calm.
    pub(crate) fn graded(&self, limit: Limit, value: Option<f64>) -> Role {
        value.map_or(Role::Unknown, |value| tone(self.session.stack.limits.level(limit, value)))
    }

    /// Whether a figure is worth a word by its limits.
    pub(crate) fn is_bad(&self, limit: Limit, value: f64) -> bool {
        self.session.stack.limits.level(limit, value) > Level::Healthy
    }

    /// The role of a share of 5xx that balancer and targets answered together.
    pub(crate) fn graded_errors(&self, share: Option<f64>) -> Role {
        let worst =
            |share| [Limit::Balancer5xx, Limit::Target5xx].map(|limit| self.session.stack.limits.level(limit, share)).into_iter().max();
        share.and_then(worst).map_or(Role::Unknown, tone)
    }

    /// The role of the packets that a NAT gateway drops; without its traffic they say nothing.
    pub(crate) fn graded_drops(&self, gateway: &str) -> Role {
        let value = |metric: metric::Nat| self.value(metric.of(gateway));
        let Some(dropped) = value(metric::Nat::Drops) else { return Role::Unknown };
        let carried = value(metric::Nat::BytesIn).zip(value(metric::Nat::BytesOut)).map(|(to, from)| to + from);
        carried.map_or(Role::Text, |bytes| tone(self.session.stack.limits.level_of_drops(dropped, bytes)))
    }

    /// The series of that id.
    pub(crate) fn series(&self, id: impl Into<SeriesId>) -> Option<&'a Series> {
        self.readings.series(id)
    }

    /// The current value of that id.
    pub(crate) fn value(&self, id: impl Into<SeriesId>) -> Option<f64> {
        self.readings.value(id)
    }

    /// The view for figures that stand on one line: all of one minute, or each with its age.
    pub(crate) fn line<M: Into<SeriesId>>(&self, ids: impl IntoIterator<Item = M>) -> Self {
        Self { readings: self.readings.line(ids), ..*self }
    }

    /// The same in the box of a node: if it stopped serving, figures of before that say their minute.
    pub(crate) fn line_of<M: Into<SeriesId>>(&self, node: System, ids: impl IntoIterator<Item = M>) -> Self {
        let event = self.judgement.causes.iter().find(|c| c.node.system() == node).map(|c| c.at);
        Self { event, ..self.line(ids) }
    }

    /// ` 6m` behind a figure that is not of the minute of its line, ` 02:30` behind one of before the event.
    fn late(&self, minute: Option<i64>) -> String {
        let begun = minute.and_then(|at| Time::from_timestamp(at, 0));
        if let Some(before) = begun.filter(|at| self.event.is_some_and(|event| *at + chrono::TimeDelta::minutes(1) <= event)) {
            return format!(" {}", before.format("%H:%M"));
        }
        self.readings.late(minute).map_or_else(String::new, |age| format!(" {}", short_age(age)))
    }

    /// The same behind a share of several counts.
    pub(crate) fn late_share(&self, parts: &[impl Into<SeriesId> + Clone], whole: impl Into<SeriesId>) -> String {
        let parts: Vec<SeriesId> = parts.iter().map(|id| id.clone().into()).collect();
        self.late(self.readings.minute_of(&parts, &whole.into()))
    }

    /// The same behind what is made of several figures: the oldest counts.
    pub(crate) fn late_of<M: Into<SeriesId>>(&self, ids: impl IntoIterator<Item = M>) -> String {
        self.late(ids.into_iter().filter_map(|id| self.readings.of(id).minute()).min())
    }

    /// The current value as text; `?` when it is not known.
    pub(crate) fn figure(&self, id: impl Into<SeriesId>, unit: Unit) -> String {
        let id = id.into();
        written(self.value(&id), unit) + &self.late_of([&id])
    }

    /// The current value in the role that its limits give it.
    pub(crate) fn graded_cell(&self, limit: Limit, id: impl Into<SeriesId>, unit: Unit) -> Phrase<'static> {
        self.judged(Some(limit), id.into(), unit, 0)
    }

    /// The current value right-aligned in `width` cells.
    pub(crate) fn cell(&self, id: impl Into<SeriesId>, unit: Unit, width: usize) -> Phrase<'static> {
        self.judged(None, id.into(), unit, width)
    }

    /// The same in the role that its limits give it: a bad figure is loud at once, whatever the verdict waits for.
    pub(crate) fn limited(&self, limit: Limit, id: impl Into<SeriesId>, unit: Unit, width: usize) -> Phrase<'static> {
        self.judged(Some(limit), id.into(), unit, width)
    }

    /// A figure and its age, right-aligned together.
    pub(crate) fn aged(figure: String, role: Role, late: String, width: usize) -> Phrase<'static> {
        let used = cells(&late);
        // The blanks before it part it from its label: where they are used up, one stays.
        let gap = usize::from(width > 0 && used > 0 && cells(&figure) + used >= width);
        let rest = width.saturating_sub(used + gap);
        Phrase::of(format!("{:gap$}{figure:>rest$}", ""), role).and(late, Role::Muted)
    }

    fn judged(&self, limit: Option<Limit>, id: SeriesId, unit: Unit, width: usize) -> Phrase<'static> {
        let value = self.value(&id);
        let role = match limit {
            Some(limit) => self.graded(limit, value),
            None if value.is_some() => Role::Text,
            None => Role::Unknown,
        };
        Self::aged(written(value, unit), role, self.late_of([&id]), width)
    }

    /// One row of blocks over the last hour.
    pub(crate) fn spark(&self, id: impl Into<SeriesId>, width: usize, unit: Unit) -> Phrase<'static> {
        let id = id.into();
        let blocks = self.series(&id).map_or_else(|| " ".repeat(width), |s| chart::spark(s, self.axis_end(&id, s), width, unit));
        Phrase::of(blocks, Role::Series1)
    }

    /// Where the time axis of a series ends.
    fn axis_end(&self, id: &SeriesId, series: &Series) -> i64 {
        chart::end(series, self.readings.of(id), self.now)
    }

    /// What stands on every chart: what was deployed, what failed over, which incidents began, what was done from here.
    fn marks(&self) -> Vec<Mark> {
        let events = self.session.diary.events().iter();
        let mut marks: Vec<Mark> = events.filter_map(|e| Some(Mark { at: e.at.timestamp(), sign: Mark::sign(e)? })).collect();
        marks.dedup();
        marks
    }

    /// A chart of that id.
    pub(crate) fn chart(&self, label: impl Into<Cow<'a, str>>, id: impl Into<SeriesId>, unit: Unit) -> Chart<'a> {
        let id = id.into();
        let series = self.series(&id);
        let missing = match self.store.load::<Metrics>(self.now) {
            Loadable::Denied { .. } => "access denied",
            Loadable::Failed(_) => "unreadable",
            Loadable::Idle | Loadable::Loading { .. } => "loading…",
            _ => "no data yet",
        };
        Chart {
            missing,
            label: label.into(),
            series,
            end: series.map_or(0, |s| self.axis_end(&id, s)),
            until: series.map_or(0, |s| self.axis_end(&id, s)),
            value: self.value(&id),
            unit,
            role: Role::Series1,
            marks: self.marks(),
            cursor: self.session.window.cursor.map(|at| at.timestamp()),
            limit: None,
        }
    }

    /// The level of a node; `None` before anything is known.
    pub(crate) fn level(&self, node: &NodeId) -> Option<Level> {
        self.judgement.of(node).map(|v| v.level)
    }

    /// The glyph of a node, a ring of dots before anything is known.
    pub(crate) fn badge(&self, node: &NodeId) -> (&'static str, Role) {
        let known = self.judgement.of(node).filter(|v| !v.is_loading());
        // When every call fails, what was well a moment ago is not known to be.
        let level = |level| if level == Level::Healthy && self.session.outage().is_some() { Level::Unknown } else { level };
        known.map_or(("◌", Role::Muted), |v| glyph(level(v.level)))
    }

    /// The age of what a node shows: of the oldest that it is judged by.
    pub(crate) fn age_of(&self, nodes: &[NodeId], sections: &[SectionKey]) -> Phrase<'static> {
        let judged = nodes.iter().filter_map(|n| self.judgement.of(n)?.as_of).min();
        self.older(judged, sections)
    }

    /// The age of the oldest of these sections; amber once any of them is stale, with how long exactly.
    pub(crate) fn age(&self, sections: &[SectionKey]) -> Phrase<'static> {
        self.older(None, sections)
    }

    fn older(&self, judged: Option<Time>, sections: &[SectionKey]) -> Phrase<'static> {
        let entries = || sections.iter().filter_map(|k| self.store.entry(*k));
        if let Some(at) = entries().filter(|e| e.is_stale(self.now)).filter_map(|e| e.at).min() {
            return Phrase::of(format!("◌ {}", text::age(at, self.now)), Role::Stale);
        }
        // What is read every minute or hour says nothing about how live the box is.
        let live = entries().filter(|e| e.interval <= LIVE).filter_map(|e| e.at).min();
        let oldest = live.or_else(|| entries().filter_map(|e| e.at).min());
        match oldest.map(|at| judged.map_or(at, |judged| at.min(judged))) {
            Some(at) => Phrase::of(coarse_age(at, self.now), Role::Muted),
            None => Phrase::of("…", Role::Muted),
        }
    }

    /// Percent of a count that others are, read as the flows and the reports read it: of one minute that is over, never of two.
    /// Nothing is free of them, as far as they are known.
    pub(crate) fn share_of(&self, parts: &[impl Into<SeriesId> + Clone], whole: impl Into<SeriesId>) -> Option<f64> {
        let whole = whole.into();
        let share = self.readings.share_of(parts, &whole);
        let known = || parts.iter().all(|id| self.value(id.clone()).is_some());
        share.or_else(|| self.value(&whole).filter(|n| *n <= 0.0 && known()).map(|_| 0.0))
    }

    /// 5xx answers of balancer and targets as a share of all requests.
    pub(crate) fn error_share(&self) -> Option<f64> {
        self.share_of(&[metric::Alb::Elb5xx, metric::Alb::Target5xx], metric::Alb::Requests)
    }
}

/// Whole minutes, then hours.
fn short_age(seconds: i64) -> String {
    if seconds < 3600 { format!("{}m", (seconds + 30) / 60) } else { text::duration(seconds) }
}

/// A value as text; `?` when it is not known.
fn written(value: Option<f64>, unit: Unit) -> String {
    value.map_or_else(|| "?".to_owned(), |v| unit.text(v))
}

/// `0.02 %`, `12 %`: shares keep two digits that matter.
pub(crate) fn share(value: Option<f64>) -> String {
    match value {
        None => "?".to_owned(),
        Some(0.0) => "0 %".to_owned(),
        Some(v) if v < 9.95 => format!("{v:.2} %"),
        Some(v) => format!("{v:.0} %"),
    }
}
