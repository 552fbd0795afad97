//! The pane of the availability zones: the architecture's high availability drawing, live, and under it what is uneven or hangs on one thing.

mod cells;
mod grid;

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::{panel, split, tab, widen};
use crate::insight::panes::zones::{Mark, ZoneMap, ZoneState};
use crate::model::balancer::{Balancer, Targets};
use crate::model::health::Level;
use crate::model::metric;
use crate::model::network::{NatGateways, Network, Zones};
use crate::model::section::Section;
use crate::model::service::Tasks;
use crate::session::pane::zones as rows;
use crate::session::{Screen, first_visible};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{glyph, tone};
use crate::view::stack::explain;
use crate::view::state::ready;
use crate::view::widget::chart::grid as charts;
use crate::view::widget::phrase::wrap;
use crate::view::widget::{Chart, Ink, Phrase, Unit};
use grid::{Grid, Style};

/// The findings get this many rows, as far as there are so many.
const FINDINGS: u16 = 8;
/// Charts smaller than this say nothing.
const CHARTS: std::ops::RangeInclusive<u16> = 5..=28;
/// From here on there are two rows of them.
const TWO_ROWS: u16 = 12;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let map = v.session.zones();
    let age = v.age(&[Tasks::KEY, Targets::KEY, Balancer::KEY, NatGateways::KEY, Network::KEY, Zones::KEY]);
    let focus = screen.panel == 0;
    let inner = ink.rule(area, &title(screen, map, focus), &age, focus);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let Some(map) = map.filter(|m| !m.zones.is_empty()) else { return nothing(v, map, inner, ink) };
    let findings = rows::findings(map, &v.session.list(screen.pane, &screen.subject, 1).filter);
    let wanted = 1 + (map.marks.len().max(1) as u16).min(FINDINGS.max(inner.height / 4));
    let (upper, _) = split(inner, inner.height.saturating_sub(wanted.min(inner.height / 3)));
    let list = v.session.list(screen.pane, &screen.subject, 0);
    let cells = rows::cells(map, &list.filter);
    let at = list.position(&crate::session::rows::ids(v.session, screen.pane, &screen.subject, 0));
    let selected = cells.get(at).cloned();
    let grid = Grid { map, style: Style::of(inner), selected, focus, shown: (!list.filter.is_empty()).then_some(cells) };
    let mut y = grid.draw(v, upper, ink);
    y = not_known(map, Rect { y, height: inner.bottom().saturating_sub(y + wanted.min(3)), ..inner }, ink);
    let spare = inner.bottom().saturating_sub(y + wanted);
    let traffic = traffic(v, map, spare);
    if grid.style != Style::Rules && spare >= *CHARTS.start() && !traffic.is_empty() {
        let height = spare.min(*CHARTS.end());
        let narrowest = (inner.width / map.zones.len() as u16).saturating_sub(4);
        charts(&traffic, Rect { y: y + 1, height: height - 1, ..inner }, narrowest, ink);
        y += height;
    }
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let below = panel(v, screen, 1, Phrase::new(), widen(rest), ink);
    list_findings(v, screen, map, &findings, below, ink);
}

fn title(screen: &Screen, map: Option<&ZoneMap>, focus: bool) -> Phrase<'static> {
    let name = tab(screen, 0, focus);
    let Some(map) = map.filter(|m| !m.zones.is_empty()) else { return name };
    let (mark, role) = glyph(map.worst().max(if map.missing.is_empty() { Level::Healthy } else { Level::Unknown }));
    let bad = map.marks.iter().filter(|m| m.level >= Level::Degraded).count();
    let count = match bad {
        0 => Phrase::of(format!("  {} zones", map.zones.len()), Role::Muted),
        1 => Phrase::of("  1 finding", Role::Warn),
        n => Phrase::of(format!("  {n} findings"), Role::Warn),
    };
    Phrase::of(mark, role).and(" ", Role::Text).then(name).then(count)
}

/// Why there are no zones to draw.
fn nothing(v: &View<'_>, map: Option<&ZoneMap>, area: Rect, ink: &mut Ink<'_>) {
    let mut y = area.y;
    if let Err(lines) = ready::<Network>(v) {
        explain(&lines, area, ink);
        y += lines.len() as u16;
    } else {
        let text = "no resources of this stack in any zone: no subnets, no load balancer, no tasks, no Redis, no database";
        y = ink.prose(area, text, Role::Muted);
    }
    if let Some(map) = map {
        not_known(map, Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area }, ink);
    }
}

/// What the drawing lacks, by reason; returns the row behind.
fn not_known(map: &ZoneMap, area: Rect, ink: &mut Ink<'_>) -> u16 {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in &map.missing {
        let (what, why) = line.split_once(": ").unwrap_or((line, "unknown"));
        by_reason.entry(why).or_default().push(what);
    }
    let mut y = area.y;
    for (why, what) in by_reason {
        let text = format!("{}: {why}", what.join(", "));
        let height = (wrap(&text, usize::from(area.width.saturating_sub(2))).len() as u16).min(area.bottom().saturating_sub(y)).min(2);
        if height > 0 {
            ink.put(area.x, y, area.right(), "◌", Role::Stale);
            ink.prose(Rect { x: area.x + 2, y, width: area.width - 2, height }, &text, Role::Stale);
        }
        y += height;
    }
    y
}

/// The way out of every zone over time: a rerouted zone shows as two lines that change places.
fn traffic<'a>(v: &View<'a>, map: &ZoneMap, height: u16) -> Vec<Chart<'a>> {
    let rows: &[(&str, metric::Nat, Unit)] =
        &[("out", metric::Nat::BytesOut, Unit::Throughput), ("connections", metric::Nat::Active, Unit::Count)];
    let shown = rows.iter().take(if height < TWO_ROWS { 1 } else { 2 });
    let of = |(label, metric, unit): &(&str, metric::Nat, Unit)| {
        let chart = |z: &ZoneState| Some((z.letter.clone(), z.nat.gateway.as_ref()?.id.clone()));
        let gateways = map.zones.iter().filter_map(chart);
        gateways.map(|(zone, id)| v.chart(format!("NAT {zone} {label}"), metric.of(&id), *unit)).collect::<Vec<_>>()
    };
    shown.flat_map(of).collect()
}

fn list_findings(v: &View<'_>, screen: &Screen, map: &ZoneMap, findings: &[&Mark], area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 1);
    if findings.is_empty() {
        let filtered = format!("no finding matches “{}”; Esc clears the filter", state.filter.text());
        let text = match (state.filter.is_empty(), map.missing.is_empty()) {
            (false, _) => filtered.as_str(),
            (true, true) => "no service, cache shard or database stands in one zone only",
            (true, false) => "none in the loaded data",
        };
        ink.prose(area, text, Role::Muted);
        return;
    }
    let at = state.position(&crate::session::rows::ids(v.session, screen.pane, &screen.subject, 1));
    let height = usize::from(area.height);
    let first = first_visible(at, findings.len(), height);
    for (i, mark) in findings.iter().enumerate().skip(first).take(height) {
        let y = area.y + (i - first) as u16;
        let (sign, role) = if mark.level == Level::Healthy { ("·", Role::Muted) } else { glyph(mark.level) };
        let x = ink.put(area.x, y, area.right(), sign, role);
        let place = mark.zone.as_deref().unwrap_or("all");
        ink.put(x + 1, y, area.right(), place, Role::Muted);
        ink.put(x + 5, y, area.right(), &mark.text, tone(mark.level));
        if i == at {
            let role = if screen.panel == 1 { Role::Selection } else { Role::SelectionInactive };
            ink.wash(Rect { y, height: 1, ..widen(area) }, role);
        }
    }
}
