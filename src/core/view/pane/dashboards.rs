//! The pane of CloudWatch dashboards and Container Insights: which dashboards there are and what they show, and what
//! Container Insights measures of each service beyond what ECS tells.

use crate::model::metric::{self, SeriesId};
use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Columns, Detail, left_over, over, selected, spread};
use super::{List, Panels, heading, spacious, split, text};
use crate::insight::NodeId;
use crate::model::dashboard::{Dashboard, Dashboards, WidgetType};
use crate::model::limits::Limit;
use crate::model::section::Section;
use crate::model::service::{Cluster, ClusterSetting, Service, Services};
use crate::session::Screen;
use crate::session::pane::dashboards as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::ago;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Chart, Ink, Phrase, Unit};

const DASHBOARDS: usize = 0;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let title = Phrase::of("Dashboards and Container Insights", Role::Title);
    let inner = heading(v, &[NodeId::of(System::Dashboards)], title, &v.age(&[Dashboards::KEY, Cluster::KEY]), area, ink);
    ink.phrase(inner.x, inner.y, inner.right(), &insights(v));
    let (_, rest) = split(inner, 1);
    let charts = charts(v);
    let height = match rest.height {
        _ if charts.is_empty() || !measured(v) => 0,
        h if spacious(area) => left_over(v, screen, COLUMNS, h, charts.len()),
        h if h >= 28 => h / 4,
        _ => 0,
    };
    let (top, lists) = split(rest, height);
    grid(&charts, Rect { y: top.y + 1, height: top.height.saturating_sub(2), ..top }, 24, ink);
    let beneath = if spacious(area) { spread(v, screen, &PANELS, COLUMNS, lists, ink).1 } else { over(v, screen, &PANELS, lists, ink) };
    if let Some(found) = detail(v, screen) {
        found.draw(beneath, ink);
    }
}

const COLUMNS: &Columns = &Columns { left: &[1], right: &[DASHBOARDS], percent: 55 };

const PANELS: Panels = Panels {
    fresh: |v, panel| if panel == DASHBOARDS { freshness::<Dashboards>(v) } else { freshness::<Services>(v) },
    draw: |v, screen, index, area, ink| match index {
        DASHBOARDS => dashboards(v, screen, area, ink),
        _ => containers(v, screen, area, ink),
    },
};

/// What the cluster's setting says; `None` = it is not known.
fn setting<'a>(v: &View<'a>) -> Option<&'a ClusterSetting> {
    v.store.get::<Cluster>()?.container_insights()
}

fn measured(v: &View<'_>) -> bool {
    setting(v).is_some_and(ClusterSetting::is_on)
}

/// Whether Container Insights is on, and what to do if not.
fn insights<'a>(v: &View<'a>) -> Phrase<'a> {
    let label = Phrase::of("Container Insights  ", Role::Muted);
    if let Err(lines) = ready::<Cluster>(v) {
        return label.then(lines.into_iter().next().unwrap_or_default());
    }
    match setting(v) {
        Some(how) if how.is_on() => {
            label.and(how.as_str(), Role::Text).and("  traffic, storage and restarts of every service", Role::Muted)
        }
        Some(other) => {
            label.and(other.as_str(), Role::Warn).and("  turned on in the cluster's settings; counts below are ECS's own", Role::Muted)
        }
        None => label.and("not set for the cluster", Role::Warn).and("  counts below are from ECS", Role::Muted),
    }
}

/// What each service receives and sends.
fn charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    let all = v.store.get::<Services>().map(|s| s.services.as_slice()).unwrap_or_default();
    let each = |label: &'static str, metric: metric::Insights| {
        all.iter().take(4).map(move |s| v.chart(format!("{} {label}", s.name), metric.of(&s.name), Unit::Bytes)).collect::<Vec<_>>()
    };
    let mut charts = each("sent/s", metric::Insights::Tx);
    charts.extend(each("received/s", metric::Insights::Rx));
    charts
}

fn dashboards(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Dashboards>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, DASHBOARDS);
    let all = rows::dashboards(v.store, &state);
    let empty = format!("no dashboards named {}…", v.session.stack.dashboard_prefix);
    let list = List { panel: DASHBOARDS, columns: rows::DASHBOARDS, rows: all.len(), empty: &empty };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |d| {
            vec![
                text(v.short(&d.name)),
                text(d.widgets.len().to_string()),
                text(ago(d.modified_at, v.now)),
                Phrase::of(d.namespaces.join("  "), Role::Muted),
            ]
        })
    });
}

fn containers(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Services>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = rows::containers(v.store, &state);
    let list = List { panel: 1, columns: rows::CONTAINERS, rows: all.len(), empty: "no services" };
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(Vec::new, |s| container_row(v, s)));
}

/// Bytes each second.
fn rate(v: &View<'_>, id: SeriesId) -> Phrase<'static> {
    v.value(id).map_or_else(|| Phrase::of("?", Role::Unknown), |b| text(format!("{}/s", Unit::Bytes.text(b))))
}

fn container_row<'a>(v: &View<'a>, service: &'a Service) -> Vec<Phrase<'a>> {
    let (mark, role) = v.badge(&NodeId::service(&service.name));
    let short = service.running < service.desired;
    vec![
        Phrase::of(mark, role),
        text(service.name.as_str()),
        Phrase::of(format!("{}/{}", service.running, service.desired), if short { Role::Warn } else { Role::Text }),
        Phrase::of(service.pending.to_string(), if service.pending > 0 { Role::Info } else { Role::Text }),
        rate(v, metric::Insights::Rx.of(&service.name)),
        v.spark(metric::Insights::Rx.of(&service.name), 10, Unit::Bytes),
        rate(v, metric::Insights::Tx.of(&service.name)),
        v.spark(metric::Insights::Tx.of(&service.name), 10, Unit::Bytes),
        Phrase::of(v.figure(metric::Insights::StorageRead.of(&service.name), Unit::Bytes), Role::Text),
        v.graded_cell(Limit::ContainerRestarts, metric::Insights::Restarts.of(&service.name), Unit::Count),
    ]
}

fn detail<'a>(v: &View<'a>, screen: &Screen) -> Option<Detail<'a>> {
    let state = v.session.list(screen.pane, &screen.subject, screen.panel);
    let at = selected(v, screen, screen.panel);
    match screen.panel {
        DASHBOARDS => rows::dashboards(v.store, &state).get(at).map(|d| dashboard(v, d)),
        _ => rows::containers(v.store, &state).get(at).map(|s| container(v, s)),
    }
}

/// The widgets of a dashboard in reading order.
fn dashboard<'a>(v: &View<'a>, found: &'a Dashboard) -> Detail<'a> {
    let changed = found.modified_at.map(|at| text(format!("{} ago, {}", ago(Some(at), v.now), at.format("%d %b %Y"))));
    let detail = Detail::new(found.name.as_str()).maybe("changed", changed).with("namespaces", text(found.namespaces.join("  ")));
    found.widgets.iter().fold(detail, |detail, widget| {
        let title = if widget.title.is_empty() { "(no title)" } else { widget.title.as_str() };
        detail.with(kind(&widget.kind), text(title).and("  ", Role::Text).and(widget.metrics.join(", "), Role::Muted))
    })
}

/// A kind of widget as a label.
fn kind(kind: &WidgetType) -> &'static str {
    match kind {
        WidgetType::Metric => "metrics",
        WidgetType::Log => "log query",
        WidgetType::Alarm => "alarms",
        WidgetType::Text => "text",
        WidgetType::Explorer => "explorer",
        _ => "widget",
    }
}

fn container<'a>(v: &View<'a>, service: &'a Service) -> Detail<'a> {
    let count = |metric: metric::Insights| v.figure(metric.of(&service.name), Unit::Count);
    let measured = text(format!("{} running, {} pending", count(metric::Insights::Running), count(metric::Insights::Pending)));
    Detail::new(service.name.as_str())
        .with("ECS counts", text(format!("{} of {} running, {} pending", service.running, service.desired, service.pending)))
        .with("insights", measured.and("  mean of the last minutes", Role::Muted))
        .with(
            "network",
            Phrase::of("received ", Role::Muted)
                .then(rate(v, metric::Insights::Rx.of(&service.name)))
                .and("  sent ", Role::Muted)
                .then(rate(v, metric::Insights::Tx.of(&service.name))),
        )
        .with("storage", text(v.figure(metric::Insights::StorageRead.of(&service.name), Unit::Bytes)).and("  read", Role::Muted))
        .with("restarts", v.graded_cell(Limit::ContainerRestarts, metric::Insights::Restarts.of(&service.name), Unit::Count))
}
