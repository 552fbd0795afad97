//! A chart as a small SVG that needs nothing else: lines, marks and text. It stands on one line, for a blank line would end the HTML that it
//! is in. Called by the post-mortem.

use std::fmt::Write as _;

use super::chart::{COLUMNS, Chart, clock};
use crate::model::text::sanitize;

/// Of the drawing, and of the area in it, in pixels.
const SIZE: (usize, usize) = (640, 130);
const AREA: (usize, usize, usize, usize) = (10, 20, 620, 90);

/// The whole drawing.
pub(super) fn svg(chart: &Chart) -> String {
    let (left, top, width, height) = AREA;
    let bottom = top + height;
    let name = escaped(&chart.name);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" font-family=\"sans-serif\" font-size=\"11\"><title>{name}</title>",
        SIZE.0, SIZE.1, SIZE.0, SIZE.1
    );
    let _ = write!(out, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#999\"/>");
    let head = format!("{name}, 0 to {}", escaped(&chart.unit.text(chart.top())));
    let _ = write!(out, "<text x=\"{left}\" y=\"14\">{head}</text>");
    for (column, sign, what) in &chart.marks {
        let x = across(*column);
        let _ = write!(out, "<line x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#c33\"><title>{what}</title></line>");
        let _ = write!(out, "<text x=\"{x}\" y=\"14\" fill=\"#c33\" text-anchor=\"middle\">{sign}</text>");
    }
    for line in lines(chart) {
        let _ = write!(out, "<polyline points=\"{line}\" fill=\"none\" stroke=\"#26c\" stroke-width=\"1.5\"/>");
    }
    let y = bottom + 14;
    let _ = write!(out, "<text x=\"{left}\" y=\"{y}\">{}</text>", clock(chart.from));
    let _ = write!(out, "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text></svg>", left + width, clock(chart.until));
    out
}

/// The middle of a column.
fn across(column: usize) -> usize {
    AREA.0 + (2 * column + 1) * AREA.2 / (2 * COLUMNS)
}

/// The points of each stretch without a gap; one alone is drawn as a short line, or nobody would see it.
fn lines(chart: &Chart) -> Vec<String> {
    let up = |value: f64| AREA.1 as f64 + AREA.3 as f64 * (1.0 - (value / chart.top()).clamp(0.0, 1.0));
    let mut all: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for (column, value) in chart.values.iter().enumerate() {
        match (value, all.last_mut()) {
            (Some(value), Some(line)) => line.push((across(column), up(*value))),
            _ => all.push(Vec::new()),
        }
    }
    let written = |line: &Vec<(usize, f64)>| {
        let more = if let [(x, y)] = line.as_slice() { Some((x + 3, *y)) } else { None };
        line.iter().copied().chain(more).map(|(x, y)| format!("{x},{y:.1}")).collect::<Vec<_>>().join(" ")
    };
    all.iter().filter(|line| !line.is_empty()).map(written).collect()
}

/// Text of XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitize(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
