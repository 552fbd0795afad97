//! Sparks (one row of blocks) and charts (braille, filled) of the last minutes. A minute without data is a gap, never zero.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::{Ink, Phrase};
use crate::insight::{Event, EventKind};
use crate::model::Time;
use crate::model::health::Level;
use crate::model::metric::{Reading, Series};
use crate::model::text;
use crate::theme::Role;

/// Points are a minute apart at least.
const MINUTE: i64 = 60;
/// The widest spacing that CloudWatch's own metrics have while all is well.
const WIDEST: i64 = 300;
/// How many of the newest points are looked at to learn a series' spacing.
const RECENT: usize = 16;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Bits of a braille cell's left and right dots, from the bottom up.
const DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// How a figure is written and how far its axis reaches at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// 0 to 100.
    Percent,
    /// A sum per minute, shown per second.
    PerSecond,
    /// Seconds of latency.
    Latency,
    /// Milliseconds of latency, as some services publish it.
    Millis,
    /// A number.
    Count,
    Bytes,
    /// A sum of bytes per minute, shown per second.
    Throughput,
}

impl Unit {
    /// The value as people read it; at most eight cells.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::Percent if value > 0.0 && value < 9.95 => format!("{value:.1} %"),
            Self::Percent => format!("{value:.0} %"),
            Self::PerSecond if value > 0.0 && value < 5.7 => format!("{:.2}/s", value / 60.0),
            Self::PerSecond => format!("{}/s", text::rate(value / 60.0)),
            Self::Latency if value < 0.01 => format!("{:.1} ms", value * 1000.0),
            Self::Latency => text::latency(value),
            Self::Millis => Self::Latency.text(value / 1000.0),
            Self::Count if value.fract() == 0.0 => text::count(value),
            Self::Count => text::rate(value),
            Self::Bytes => text::bytes(value),
            Self::Throughput => format!("{}/s", text::bytes(value / 60.0)),
        }
    }

    /// The top of the axis for a greatest value: steady, so that the chart does not breathe with every point.
    fn top(self, max: f64) -> f64 {
        match self {
            Self::Percent => [10.0, 25.0, 50.0, 100.0].into_iter().find(|t| max <= *t).unwrap_or(max),
            _ => nice(max),
        }
    }
}

/// The next of 1, 1.5, 2, 3, 5, 7 times a power of ten.
fn nice(max: f64) -> f64 {
    if max <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(max.log10().floor());
    let step = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0].into_iter().find(|s| max <= s * power * 1.0001).unwrap_or(10.0);
    step * power
}

/// How far the points of a series are apart: the closest of the newest ones. What is further apart is a gap.
fn spacing(series: &Series) -> i64 {
    let recent = series.points.get(series.points.len().saturating_sub(RECENT)..).unwrap_or_default();
    let closest = recent.iter().zip(recent.iter().skip(1)).map(|(a, b)| b.0 - a.0).min();
    closest.unwrap_or(MINUTE).clamp(MINUTE, WIDEST)
}

/// Where the time axis of a series ends: behind the minute that it speaks for, or shortly before `now` when it says nothing about now.
pub(crate) fn end(series: &Series, reading: Reading, now: Time) -> i64 {
    match reading {
        Reading::Value { at, .. } => at + spacing(series),
        Reading::Zero { at, .. } => at + MINUTE,
        Reading::Stale { .. } | Reading::Unknown => now.timestamp() - 2 * MINUTE,
    }
}

/// `n` values over `span` seconds, up to where the series' axis ends.
pub(crate) fn samples(series: &Series, end: i64, span: i64, n: usize) -> Vec<Option<f64>> {
    let hold = spacing(series);
    let start = end - span;
    let known = series.points.first().map_or(start, |p| p.0);
    let step = span as f64 / n.max(1) as f64;
    let mut points = series.points.iter().skip_while(|p| p.0 + hold <= start).peekable();
    let mut held: Option<(i64, f64)> = None;
    (0..n)
        .map(|i| {
            let from = start as f64 + i as f64 * step;
            let to = from + step;
            let (mut sum, mut count) = (0.0, 0_u32);
            while let Some(point) = points.next_if(|p| (p.0 as f64) < to) {
                held = Some(*point);
                sum += point.1;
                count += 1;
            }
            if count > 0 {
                return Some(sum / f64::from(count));
            }
            match held {
                Some((at, value)) if ((at + hold) as f64) > from => Some(value),
                _ if series.zero_fill && from >= known as f64 && from < end as f64 => Some(0.0),
                _ => None,
            }
        })
        .collect()
}

/// One row of blocks over the last hour.
pub(crate) fn spark(series: &Series, end: i64, width: usize, unit: Unit) -> String {
    let values = samples(series, end, 60 * MINUTE, width);
    let max = values.iter().flatten().copied().fold(0.0, f64::max);
    let min = values.iter().flatten().copied().fold(max, f64::min);
    // A spark shows the shape: its floor follows the least value, but noise of a few percent stays small.
    let least = if unit == Unit::Percent { 20.0 } else { max * 0.4 };
    let span = (max - min).max(least).max(f64::MIN_POSITIVE);
    let floor = (min - (span - (max - min)) / 2.0).max(0.0);
    let block = |v: f64| BLOCKS.get((((v - floor) / span * 7.0).round() as usize).min(7)).copied().unwrap_or(' ');
    values.into_iter().map(|v| v.map_or(' ', block)).collect()
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub(crate) struct Chart<'a> {
    /// Its name, on its first row.
    pub(crate) label: Cow<'a, str>,
    /// Its points.
    pub(crate) series: Option<&'a Series>,
    /// Where its time axis ends, in epoch seconds.
    pub(crate) end: i64,
    /// Up to where something is known: what comes later is a gap, also where a missing minute means zero.
    pub(crate) until: i64,
    /// What to say when it has no points.
    pub(crate) missing: &'static str,
    /// Its current value.
    pub(crate) value: Option<f64>,
    /// How figures are written.
    pub(crate) unit: Unit,
    /// The colour of the area.
    pub(crate) role: Role,
    /// What happened meanwhile, above the time axis.
    pub(crate) marks: Vec<Mark>,
    /// The moment that is looked at, in epoch seconds.
    pub(crate) cursor: Option<i64>,
    /// What the values should stay under: a line across, with its name.
    pub(crate) limit: Option<(f64, &'static str)>,
}

/// Something that happened, on a time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Epoch seconds.
    pub(crate) at: i64,
    pub(crate) sign: Sign,
}

/// What happened, the more important later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    Scaling,
    Deployment,
    Action,
    Failover,
    Incident,
}

impl Sign {
    pub(crate) const ALL: [Self; 5] = [Self::Scaling, Self::Deployment, Self::Action, Self::Failover, Self::Incident];

    pub(crate) fn glyph(self) -> (char, Role) {
        match self {
            Self::Scaling => ('±', Role::Muted),
            Self::Deployment => ('▾', Role::Info),
            Self::Action => ('◆', Role::Accent),
            Self::Failover => ('⇄', Role::Warn),
            Self::Incident => ('✖', Role::Crit),
        }
    }
}

impl Mark {
    /// The sign of what stands on charts.
    pub(crate) fn sign(event: &Event) -> Option<Sign> {
        Some(match event.kind {
            EventKind::Scaling => Sign::Scaling,
            EventKind::Deployment => Sign::Deployment,
            EventKind::Action => Sign::Action,
            EventKind::Failover => Sign::Failover,
            // Its end is no reason for anything.
            EventKind::Incident if event.level > Level::Info => Sign::Incident,
            _ => return None,
        })
    }
}

/// A value as a length of at most so many cells, in half cells; what is not nothing is seen.
pub(crate) fn bar(value: f64, top: f64, cells: usize) -> String {
    let halves = (value / top.max(f64::MIN_POSITIVE) * cells as f64 * 2.0).round().clamp(0.0, cells as f64 * 2.0) as usize;
    let halves = halves.max(usize::from(value > 0.0));
    format!("{}{}", "━".repeat(halves / 2), if halves % 2 == 1 { "╸" } else { "" })
}

impl Chart<'_> {
    /// Draws label, figure and area; needs two rows.
    pub(crate) fn draw(&self, area: Rect, ink: &mut Ink<'_>) {
        if area.height < 2 || area.width < 8 {
            return;
        }
        let plot = Rect { y: area.y + 1, height: area.height - 1, ..area };
        // Two dots a cell: an hour fills 30 cells at a dot a minute; wide charts show more of the past instead.
        let hours = (i64::from(area.width) * 2 / 60).clamp(1, 3);
        let Some(series) = self.series.filter(|s| self.value.is_some() || !s.points.is_empty()) else {
            ink.phrase(area.x, area.y, area.right(), &Phrase::labelled(&self.label, "?", Role::Unknown));
            ink.put(plot.x, plot.y, plot.right(), self.missing, Role::Faint);
            return;
        };
        let span = hours * 60 * MINUTE;
        let max = self.values(series, span, usize::from(area.width) * 2).iter().flatten().copied().fold(0.0, f64::max);
        let figure = self.value.map_or_else(|| "?".to_owned(), |v| self.unit.text(v));
        let x = ink.put(area.x, area.y, area.right(), &self.label, Role::Muted);
        let x = ink.put(x + 1, area.y, area.right(), &figure, Role::Title);
        let scale = format!("max {}  {hours}h", self.unit.text(max));
        if x + scale.len() as u16 + 1 < area.right() {
            ink.put_right(area.y, area.right(), &scale, Role::Faint);
        }
        self.plot(plot, span, ink);
    }

    /// The plot alone, over so many seconds: the line, its limit, what happened, the moment that is looked at. The top of its axis.
    pub(crate) fn plot(&self, plot: Rect, span: i64, ink: &mut Ink<'_>) -> f64 {
        let values = self.series.map(|s| self.values(s, span, usize::from(plot.width) * 2)).unwrap_or_default();
        let max = values.iter().flatten().copied().fold(0.0, f64::max);
        let top = self.unit.top(self.limit.map_or(max, |(limit, _)| max.max(limit)));
        if let Some((limit, name)) = self.limit {
            let row = (limit / top * f64::from(plot.height * 4 - 1)).round() as u16 / 4;
            let y = plot.bottom() - 1 - row.min(plot.height - 1);
            (plot.left()..plot.right()).for_each(|x| ink.dot(x, y, '╌', Role::Faint));
            ink.put_right(y, plot.right(), &format!(" {name}"), Role::Muted);
        }
        self.draw_marks(plot, span, ink);
        self.line(plot, &values, top, ink);
        top
    }

    fn values(&self, series: &Series, span: i64, n: usize) -> Vec<Option<f64>> {
        let step = span as f64 / n.max(1) as f64;
        let known = ((self.until - (self.end - span)) as f64 / step).ceil().max(0.0) as usize;
        let mut values = samples(series, self.end, span, n);
        values.iter_mut().skip(known).for_each(|value| *value = None);
        values
    }

    /// The least, mean and greatest value of the shown time; none without a value.
    pub(crate) fn summary(&self, span: i64) -> Option<(f64, f64, f64)> {
        let minutes = usize::try_from(span / MINUTE).unwrap_or(0);
        let values: Vec<f64> = self.values(self.series?, span, minutes).into_iter().flatten().collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some((least, values.iter().sum::<f64>() / values.len() as f64, most))
    }

    /// The value of a minute.
    pub(crate) fn value_at(&self, at: i64) -> Option<f64> {
        let minute = at - at.rem_euclid(MINUTE);
        if minute >= self.until {
            return None;
        }
        samples(self.series?, minute + MINUTE, MINUTE, 1).into_iter().next().flatten()
    }

    /// A line through the values, joined where neighbours are known; a dot is a quarter of a row high.
    fn line(&self, plot: Rect, values: &[Option<f64>], top: f64, ink: &mut Ink<'_>) {
        let dots = plot.height * 4;
        let level = |v: f64| ((v / top * f64::from(dots - 1)).round() as u16).min(dots - 1);
        let mut before: Option<u16> = None;
        let mut cells = vec![0_u32; usize::from(plot.width) * usize::from(plot.height)];
        for (i, value) in values.iter().enumerate() {
            let Some(here) = value.map(level) else {
                before = None;
                continue;
            };
            // Up to (not including) where the neighbour ended, so that steep slopes stay one dot wide.
            let (low, high) = match before {
                Some(b) if b < here => (b + 1, here),
                Some(b) if b > here => (here, b - 1),
                _ => (here, here),
            };
            for dot in low..=high {
                let row = usize::from((dots - 1 - dot) / 4);
                let bit = DOTS.get(i % 2).and_then(|d| d.get(usize::from(dot % 4))).copied().unwrap_or(0);
                if let Some(cell) = cells.get_mut(row * usize::from(plot.width) + i / 2) {
                    *cell |= bit;
                }
            }
            before = Some(here);
        }
        for (i, bits) in cells.into_iter().enumerate().filter(|(_, bits)| *bits > 0) {
            let (x, y) = (i as u16 % plot.width, i as u16 / plot.width);
            if let Some(c) = char::from_u32(0x2800 + bits) {
                ink.dot(plot.x + x, plot.y + y, c, self.role);
            }
        }
    }

    /// What happened, and the moment that is looked at.
    fn draw_marks(&self, plot: Rect, span: i64, ink: &mut Ink<'_>) {
        let end = self.end;
        let column = |at: i64| {
            let inside = at > end - span && at <= end;
            inside.then(|| plot.x + ((at - (end - span)) * i64::from(plot.width) / span).clamp(0, i64::from(plot.width) - 1) as u16)
        };
        if let Some(x) = self.cursor.and_then(column) {
            (plot.top()..plot.bottom()).for_each(|y| ink.dot(x, y, '│', Role::Accent));
        }
        // The more important ones are drawn last, and stay.
        for sign in Sign::ALL {
            let (glyph, role) = sign.glyph();
            for x in self.marks.iter().filter(|m| m.sign == sign).filter_map(|m| column(m.at)) {
                ink.dot(x, plot.y, glyph, role);
            }
        }
    }
}

/// Fills an area with as many of the charts as have room, evenly, in their order of importance.
pub(crate) fn grid(charts: &[Chart<'_>], area: Rect, narrowest: u16, ink: &mut Ink<'_>) {
    const LOWEST: u16 = 3;
    const TALLEST: u16 = 9;
    if area.height < LOWEST || area.width < 12 || charts.is_empty() {
        return;
    }
    let fitting = ((area.width + 2) / (narrowest + 2)).clamp(1, charts.len() as u16);
    // Few charts are drawn side by side first; rows are added only while they stay readable.
    let rows = (charts.len() as u16).div_ceil(fitting).min((area.height + 1) / (LOWEST + 1)).max(1);
    let wanted = (area.height / TALLEST).clamp(rows, (charts.len() as u16).min(rows.max(area.height / TALLEST)));
    let rows = wanted.max(1);
    let across = (charts.len() as u16).div_ceil(rows).min(fitting);
    let rows = rows.min((charts.len() as u16).div_ceil(across));
    let shown = charts.iter().take(usize::from(rows * across));
    for (i, chart) in shown.enumerate() {
        let (row, column) = (i as u16 / across, i as u16 % across);
        let here = across.min((charts.len() as u16).min(rows * across) - row * across);
        let part = |total: u16, n: u16, i: u16| (u32::from(total) * u32::from(i) / u32::from(n.max(1))) as u16;
        let (x, x2) = (part(area.width + 2, here, column), part(area.width + 2, here, column + 1));
        let (y, y2) = (part(area.height, rows, row), part(area.height, rows, row + 1));
        let place = Rect { x: area.x + x, y: area.y + y, width: x2 - x - 2, height: y2 - y };
        chart.draw(place, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_gaps_and_zero_filled_series_are_zero() {
        let series = Series { points: vec![(0, 5.0), (60, 5.0), (240, 5.0)], zero_fill: false, every: 0 };
        let values = samples(&series, 300, 300, 5);
        assert_eq!(values, [Some(5.0), Some(5.0), None, None, Some(5.0)]);
        let series = Series { zero_fill: true, ..series };
        assert_eq!(samples(&series, 300, 300, 5), [Some(5.0), Some(5.0), Some(0.0), Some(0.0), Some(5.0)]);
    }

    #[test]
    fn a_series_holds_its_value_over_its_own_spacing_and_no_longer() {
        let points = [0, 300, 600, 1500, 1800].map(|t| (t, 7.0)).to_vec();
        let values = samples(&Series { points, zero_fill: false, every: 0 }, 2100, 2100, 35);
        let gap = 15..25;
        for (minute, value) in values.iter().enumerate() {
            assert_eq!(value.is_none(), gap.contains(&minute), "minute {minute}");
        }
    }

    #[test]
    fn an_axis_ends_behind_the_minute_that_is_known() {
        let series = Series { points: vec![(0, 5.0), (300, 5.0)], zero_fill: true, every: 300 };
        let now = chrono::DateTime::from_timestamp(900, 0).unwrap();
        for (reading, ends) in [
            (Reading::Value { value: 5.0, at: 300 }, 600),
            (Reading::Zero { since: Some(360), at: 660 }, 720),
            (Reading::Stale { value: 5.0, at: 300 }, 780),
            (Reading::Unknown, 780),
        ] {
            assert_eq!(end(&series, reading, now), ends, "{reading:?}");
        }
    }

    #[test]
    fn a_count_without_a_point_is_a_flat_zero() {
        let series = Series { points: Vec::new(), zero_fill: true, every: 0 };
        assert_eq!(samples(&series, 7200, 3600, 4), [Some(0.0); 4]);
        assert_eq!(samples(&Series { zero_fill: false, ..series }, 7200, 3600, 4), [None; 4]);
    }

    #[test]
    fn a_spark_has_its_width_whatever_there_is() {
        for n in 1..60 {
            let none = Series::default();
            assert_eq!(spark(&none, 0, n, Unit::Percent).chars().count(), n);
            let series = Series { points: (0..60).map(|m| (m * 60, m as f64)).collect(), zero_fill: false, every: 0 };
            assert_eq!(spark(&series, 3600, n, Unit::Percent).chars().count(), n);
        }
    }

    #[test]
    fn a_bar_never_leaves_its_cells_and_shows_what_is_not_nothing() {
        assert_eq!(bar(0.0, 2.0, 4), "");
        assert_eq!(bar(0.001, 2.0, 4), "╸");
        assert_eq!(bar(1.0, 2.0, 4), "━━");
        assert_eq!(bar(9.0, 2.0, 4), "━━━━");
        assert_eq!(bar(1.0, 0.0, 4), "━━━━");
    }

    /// The axis goes on to now, CloudWatch has told less: no drop to zero stands at its end.
    #[test]
    fn what_is_not_told_yet_is_no_zero() {
        let series = Series { points: (0..60).map(|m| (m * 60, 5.0)).collect(), zero_fill: true, every: 0 };
        let chart = Chart {
            label: "requests".into(),
            series: Some(&series),
            end: 3720,
            until: 3600,
            missing: "",
            value: Some(5.0),
            unit: Unit::Count,
            role: Role::Series1,
            marks: Vec::new(),
            cursor: None,
            limit: None,
        };
        assert_eq!(chart.summary(3600), Some((5.0, 5.0, 5.0)));
        assert_eq!((chart.value_at(3599), chart.value_at(3600), chart.value_at(3660)), (Some(5.0), None, None));
        assert_eq!(Chart { until: 3720, ..chart }.summary(3600).map(|s| s.0), Some(0.0), "what is told as nothing is zero");
    }

    #[test]
    fn axes_are_round() {
        for (unit, max, top) in [(Unit::Percent, 31.0, 50.0), (Unit::Count, 84.0, 100.0), (Unit::Count, 0.0, 1.0)] {
            assert!((unit.top(max) - top).abs() < 1e-9, "{max}");
        }
    }
}
