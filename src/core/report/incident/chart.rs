//! The metrics that belong to the systems of an incident, over its time: which ones, their values in columns, and as text. A minute without
//! data is a gap, never zero. It judges nothing. Called by the post-mortem; `svg` draws the same values.

use chrono::TimeDelta;

use super::export::PostMortem;
use super::until;
use crate::incident::Incident;
use crate::insight::NodeId;
use crate::model::Time;
use crate::model::metric::{Alb, Db, Metrics, Nat, Redis, Series, SeriesId, Svc, Tg};
use crate::model::store::Store;
use crate::model::system::System;
use crate::model::text;

/// Charts that are drawn.
const MOST: usize = 4;
/// Columns of one.
pub(super) const COLUMNS: usize = 60;
/// Lines of one as text.
const LINES: usize = 4;
/// Points are a minute apart at least, and five while all is well.
const SPACING: (i64, i64) = (60, 300);
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 0 to 100; the axis is always that long.
    Percent,
    /// A number of things.
    Count,
    /// A sum of things in a minute.
    AMinute,
    /// Seconds.
    Latency,
}

impl Unit {
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Percent => text::percent(value),
            Self::Count => text::count(value),
            Self::AMinute => format!("{}/min", text::count(value)),
            Self::Latency => text::latency(value),
        }
    }
}

/// One metric over the time of an incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// The id of its series.
    pub(super) name: String,
    pub(super) unit: Unit,
    /// One a column; none where nothing was measured.
    pub(super) values: Vec<Option<f64>>,
    pub(super) from: Time,
    pub(super) until: Time,
    /// Moments to mark: their column and what they are.
    pub(super) marks: Vec<(usize, char, &'static str)>,
}

/// What became of the charts of an incident.
pub(super) struct Charts {
    pub(super) drawn: Vec<Chart>,
    /// Metrics that would belong here and have no point of this time.
    pub(super) empty: Vec<String>,
}

/// The charts of an incident; none where there is no store, or no metrics in it.
pub(super) fn charts(post: &PostMortem, systems: &[System]) -> Option<Charts> {
    let metrics = post.store?.get::<Metrics>()?;
    let incident = post.incident;
    let around = TimeDelta::minutes(10);
    let (from, until) = (incident.since - around, (until(incident, post.now) + around).min(post.now).max(incident.since + around));
    let mut charts = Charts { drawn: Vec::new(), empty: Vec::new() };
    for (id, unit) in wanted(incident, systems, metrics) {
        let values = metrics.get(&id).map(|series| columns(series, from.timestamp(), until.timestamp())).unwrap_or_default();
        if values.iter().all(Option::is_none) {
            charts.empty.push(id.to_string());
        } else if charts.drawn.len() < MOST {
            charts.drawn.push(Chart { name: id.to_string(), unit, values, from, until, marks: marks(incident, from, until) });
        }
    }
    charts.empty.truncate(MOST);
    Some(charts)
}

/// The metrics of the systems, in the order of the systems.
fn wanted(incident: &Incident, systems: &[System], metrics: &Metrics) -> Vec<(SeriesId, Unit)> {
    let nodes: Vec<NodeId> = incident.symptoms.iter().map(|s| s.node.clone()).collect();
    // The subject of a rule is a name without its system: a service, a node of the cache.
    let named = |system: System| -> Vec<String> {
        let of = nodes.iter().filter(|n| n.system() == system && !n.name().is_empty()).map(|n| n.name().to_owned());
        let mut all: Vec<String> = Some(incident.of.clone()).into_iter().filter(|of| !of.is_empty()).chain(of).collect();
        all.dedup();
        all
    };
    let mut all: Vec<(SeriesId, Unit)> = Vec::new();
    for system in systems {
        match system {
            System::Database => all.extend([(Db::Cpu.id(), Unit::Percent), (Db::Connections.id(), Unit::Count)]),
            System::Balancer => all.extend([(Alb::Requests.id(), Unit::AMinute), (Alb::Target5xx.id(), Unit::AMinute)]),
            System::TargetGroup => all.extend(known(metrics, named(*system), |n| Tg::P95.of(n), Unit::Latency)),
            System::Service => all.extend(known(metrics, named(*system), |n| Svc::Cpu.of(n), Unit::Percent)),
            System::Nat => all.extend(known(metrics, every(metrics, "nat/"), |n| Nat::PortErrors.of(n), Unit::AMinute)),
            System::Cache => {
                let own = known(metrics, named(*system), |n| Redis::Memory.of(n), Unit::Percent);
                let own =
                    if own.is_empty() { known(metrics, every(metrics, "redis/"), |n| Redis::Memory.of(n), Unit::Percent) } else { own };
                all.extend(own);
            }
            _ => {}
        }
    }
    all
}

/// The series of those names that exist: a symptom of a service does not mean that it has figures.
fn known(metrics: &Metrics, names: Vec<String>, id: impl Fn(&str) -> SeriesId, unit: Unit) -> Vec<(SeriesId, Unit)> {
    names.iter().map(|name| id(name)).filter(|id| metrics.get(id).is_some()).map(|id| (id, unit)).collect()
}

/// All names of which a family has series.
fn every(metrics: &Metrics, family: &str) -> Vec<String> {
    let mut names: Vec<String> =
        metrics.series.keys().filter_map(|id| Some(id.strip_prefix(family)?.split_once('/')?.0.to_owned())).collect();
    names.dedup();
    names
}

fn marks(incident: &Incident, from: Time, until: Time) -> Vec<(usize, char, &'static str)> {
    let all =
        [(Some(incident.since), 'B', "began"), (Some(incident.detected_at), 'D', "detected"), (incident.recovered_at, 'R', "recovered")];
    let span = (until - from).num_seconds().max(1);
    let column = |at: Time| usize::try_from((at - from).num_seconds() * COLUMNS as i64 / span).ok().filter(|c| *c < COLUMNS);
    all.into_iter().filter_map(|(at, sign, what)| Some((column(at?)?, sign, what))).collect()
}

/// The values of a series in columns; a point holds until the next one is due.
fn columns(series: &Series, from: i64, until: i64) -> Vec<Option<f64>> {
    let apart = series.points.iter().zip(series.points.iter().skip(1)).map(|(a, b)| b.0 - a.0).min();
    let holds = apart.unwrap_or(SPACING.0).clamp(SPACING.0, SPACING.1);
    let known = series.points.first().zip(series.points.last()).map(|(first, last)| first.0..=last.0);
    let of = |column: usize| {
        let edge = |column: usize| from + (until - from) * column as i64 / COLUMNS as i64;
        let (begins, ends) = (edge(column), edge(column + 1));
        let inside: Vec<f64> = series.points.iter().filter(|p| (begins..ends).contains(&p.0)).map(|p| p.1).collect();
        if !inside.is_empty() {
            return Some(inside.iter().sum::<f64>() / inside.len() as f64);
        }
        let held = series.points.iter().rev().find(|p| p.0 <= begins).filter(|p| p.0 + holds > begins).map(|p| p.1);
        // A count that is silent between two points was zero.
        held.or_else(|| known.as_ref().is_some_and(|known| series.zero_fill && known.contains(&begins)).then_some(0.0))
    };
    (0..COLUMNS).map(of).collect()
}

impl Chart {
    /// The least and the greatest value.
    pub(super) fn range(&self) -> (f64, f64) {
        let values = || self.values.iter().flatten().copied();
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    }

    /// Where the axis ends.
    pub(super) fn top(&self) -> f64 {
        let max = self.range().1;
        let whole = if self.unit == Unit::Percent { 100.0 } else { f64::MIN_POSITIVE };
        max.max(whole)
    }

    /// Label, area, marks, time.
    pub(super) fn lines(&self) -> Vec<String> {
        let (least, most) = self.range();
        let mut out = vec![format!(
            "{}   least {}, most {}, axis 0 to {}",
            text::sanitize(&self.name),
            self.unit.text(least),
            self.unit.text(most),
            self.unit.text(self.top())
        )];
        let steps = BLOCKS.len() - 1;
        let height = |v: f64| (v / self.top() * (LINES * steps) as f64).round().max(0.0) as usize;
        for line in (0..LINES).rev() {
            let block =
                |v: &Option<f64>| v.map_or(' ', |v| BLOCKS.get(height(v).saturating_sub(line * steps).min(steps)).copied().unwrap_or(' '));
            out.push(format!("|{}", self.values.iter().map(block).collect::<String>()));
        }
        // What was not measured is told apart from a zero.
        let mut foot: Vec<char> = self.values.iter().map(|v| if v.is_some() { '-' } else { ' ' }).collect();
        for (column, sign, _) in &self.marks {
            if let Some(place) = foot.get_mut(*column) {
                *place = *sign;
            }
        }
        out.push(format!("+{}", foot.iter().collect::<String>()));
        let (from, until) = (clock(self.from), clock(self.until));
        out.push(format!(" {from}{until:>width$}", width = COLUMNS - from.len()));
        out.iter().map(|l| l.trim_end().to_owned()).collect()
    }
}

/// The time of day at the ends of an axis.
pub(super) fn clock(at: Time) -> String {
    at.format("%H:%M:%SZ").to_string()
}

/// Why there are no charts at all.
pub(super) fn missing(store: Option<&Store>) -> &'static str {
    match store {
        None => "No metrics were read for this document.",
        Some(_) => "The metrics could not be read.",
    }
}
