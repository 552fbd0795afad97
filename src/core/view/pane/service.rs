//! The pane of one ECS service: facts, charts, tasks, deployments, ECS's own events, scaling.

use ratatui::layout::Rect;

use super::{List, Panels, beside, facts, full_text, heading, panel, spacious, split, text, widen};
use crate::insight::NodeId;
use crate::model::balancer::TargetState;
use crate::model::log::LogTail;
use crate::model::scaling::{ActivityStatus, Scaling, ScalingActivities};
use crate::model::section::Section;
use crate::model::service::{
    Service, ServiceDeployment, ServiceDeploymentStatus, ServiceDeployments, Services, Task, TaskDefinitions, TaskHealth, TaskStatus,
    Tasks, short_revision,
};
use crate::session::pane::service as service_rows;
use crate::session::{Screen, rows};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{ago, clock, zone};
use crate::view::stack::service as card;
use crate::view::state::{freshness, ready};
use crate::view::targets::Tally;
use crate::view::widget::chart::grid;
use crate::view::widget::table::{Column, Fill};
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let node = NodeId::service(&screen.subject);
    let found = v.store.get::<Services>().and_then(|s| s.get(&screen.subject));
    let mut title = Phrase::of(screen.subject.as_str(), Role::Title);
    if let Some(service) = found {
        title = title.and("  ", Role::Text).then(card::counts(service)).and("  ", Role::Text).then(card::rollout(v, service));
    }
    let inner = heading(v, &[node], title, &freshness::<Services>(v), area, ink);
    let services = match ready::<Services>(v) {
        Ok(services) => services,
        Err(lines) => return crate::view::stack::explain(&lines, inner, ink),
    };
    let Some(service) = services.get(&screen.subject) else {
        let text = format!("no ECS service {} in cluster {}; check [stack] in the configuration", screen.subject, v.session.stack.cluster);
        ink.prose(inner, &text, Role::Muted);
        return;
    };
    let y = facts(&header(v, service, inner.height < 24), inner, ink);
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    if spacious(area) {
        return all(v, screen, service, rest, ink);
    }
    let charts = super::spare(v, screen, rest.height).min(14);
    let (top, list) = split(rest, charts);
    if charts > 0 {
        grid(&card::charts(v, service), Rect { y: top.y + 1, height: top.height.saturating_sub(1), ..top }, 26, ink);
    }
    let y = PANELS.draw(v, screen, list, ink);
    let left = list.bottom().saturating_sub(y);
    if left >= 4 {
        own_log(v, screen, widen(Rect { y, height: left, ..list }), ink);
    }
}

const PANELS: Panels = Panels { fresh: age, draw: draw_panel };

/// All four panels and the charts at once.
fn all(v: &View<'_>, screen: &Screen, service: &Service, area: Rect, ink: &mut Ink<'_>) {
    let (left, right) = beside(area, area.width * 3 / 5);
    let rows_of = |panel| rows::ids(v.session, screen.pane, &screen.subject, panel).len() as u16 + 3;
    let (upper, below) = split(left, rows_of(0).clamp(6, left.height / 2));
    let (lower, log) = split(below, rows_of(2).clamp(5, below.height / 2));
    let lists = (rows_of(1).clamp(6, 16) + rows_of(3).clamp(6, 16)).min(right.height / 2);
    let (charts, below) = split(right, right.height - lists);
    let (deployments, scaling) = split(below, rows_of(1).clamp(6, below.height / 2));
    own_log(v, screen, widen(log), ink);
    grid(&card::charts(v, service), Rect { y: charts.y + 1, height: charts.height - 2, ..charts }, 30, ink);
    for (index, place) in [(0, upper), (2, lower), (1, deployments), (3, scaling)] {
        let inner = panel(v, screen, index, age(v, index), widen(place), ink);
        draw_panel(v, screen, index, inner, ink);
    }
}

/// The newest log lines of this service.
fn own_log(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let right = Phrase::of("L", Role::Key).and(" opens", Role::Muted);
    let inner = ink.rule(area, &Phrase::of("Log", Role::Muted), &right, false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match ready::<LogTail>(v) {
        Ok(tail) => super::logs::tail_of(v, tail, Some(&screen.subject), inner, ink),
        Err(lines) => crate::view::stack::explain(&lines, inner, ink),
    }
}

fn age<'a>(v: &View<'a>, panel: usize) -> Phrase<'a> {
    match panel {
        0 => freshness::<Tasks>(v),
        1 => freshness::<ServiceDeployments>(v),
        3 => freshness::<ScalingActivities>(v),
        _ => Phrase::new(),
    }
}

fn draw_panel(v: &View<'_>, screen: &Screen, index: usize, area: Rect, ink: &mut Ink<'_>) {
    match index {
        0 => tasks(v, screen, area, ink),
        1 => deployments(v, screen, area, ink),
        2 => events(v, screen, area, ink),
        _ => scaling(v, screen, area, ink),
    }
}

fn header<'a>(v: &View<'a>, service: &'a Service, short: bool) -> Vec<(&'static str, Phrase<'a>)> {
    let percent = |p: Option<i32>| p.map_or_else(|| "—".to_owned(), |p| format!("{p} %"));
    let none = if service.groups().is_empty() { "— no load balancer" } else { "— takes no requests now, or not known" };
    let targets = v.targets_of_service(service).map_or_else(|| Phrase::of(none, Role::Muted), Tally::sentence);
    let mut pairs = vec![
        ("bounds", text(card::bounds(v, &service.name)).then(policies(v, &service.name))),
        ("targets", targets),
        ("revision", text(short_revision(&service.task_definition))),
        ("pending", text(service.pending.to_string())),
    ];
    if short {
        return pairs;
    }
    let breaker = match service.circuit_breaker {
        _ if !service.may_have_breaker() => Phrase::of(format!("n/a ({})", service.deployer()), Role::Muted),
        Some((true, true)) => text("on, rolls back"),
        Some((true, false)) => text("on, no rollback"),
        Some((false, _)) => Phrase::of("off", Role::Warn),
        None => Phrase::of("unknown", Role::Unknown),
    };
    let definition = v.store.get::<TaskDefinitions>().and_then(|d| d.definitions.get(&service.task_definition));
    let size = definition.map_or_else(|| Phrase::of("?", Role::Unknown), |d| text(format!("{} cpu units, {} MiB", d.cpu, d.memory)));
    let image = definition.and_then(|d| d.images.first()).map_or_else(
        || Phrase::of("?", Role::Unknown),
        |(_, i)| text(i.rsplit('/').next().and_then(|i| i.rsplit(':').next()).unwrap_or(i)),
    );
    pairs.extend([
        ("launch", text(format!("{} {}", service.launch_type, service.platform_version))),
        ("size", size),
        ("image", image),
        ("breaker", breaker),
        ("rolling", text(format!("{} to {}", percent(service.minimum_healthy), percent(service.maximum)))),
        ("grace period", text(service.grace_period.map_or_else(|| "—".to_owned(), |g| format!("{g} s")))),
        ("exec", text(if service.exec_enabled { "enabled" } else { "off" })),
        ("public ip", text(service.assign_public_ip.to_lowercase())),
    ]);
    pairs
}

fn policies<'a>(v: &View<'a>, service: &str) -> Phrase<'a> {
    let Some(target) = v.store.get::<Scaling>().and_then(|s| s.get(service)) else { return Phrase::new() };
    let mut line = Phrase::new();
    for policy in &target.policies {
        let metric = if policy.metric.contains("CPU") {
            "cpu"
        } else if policy.metric.contains("Memory") {
            "mem"
        } else {
            policy.metric.as_str()
        };
        line = line
            .and("  ", Role::Text)
            .and(metric, Role::Muted)
            .and(policy.target.map(|t| format!(" {t:.0} %")).unwrap_or_default(), Role::Text);
    }
    if target.in_suspended || target.out_suspended || target.scheduled_suspended {
        line = line.and("  suspended", Role::Warn);
    }
    line
}

fn tasks(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Tasks>(v) {
        return crate::view::stack::explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let tasks = service_rows::tasks(v.store, &screen.subject, &state);
    let empty = format!("no running or recently stopped tasks of {}", screen.subject);
    let list = List { panel: 0, columns: service_rows::TASKS, rows: tasks.len(), empty: &empty };
    list.draw(v, screen, area, ink, |i| tasks.get(i).map_or_else(Vec::new, |t| task_row(v, t)));
    let ids = rows::ids(v.session, screen.pane, &screen.subject, 0);
    if let Some(task) = tasks.get(state.position(&ids)) {
        full_text(&service_rows::why(v.store, task), tasks.len(), area, ink);
    }
}

fn task_row<'a>(v: &View<'a>, task: &'a Task) -> Vec<Phrase<'a>> {
    let stopped = task.status == TaskStatus::Stopped;
    let target = service_rows::target_of(v.store, task);
    let (mark, role) = match (&task.status, &task.health, target.map(|t| &t.state)) {
        (TaskStatus::Stopped, ..) => ("○", Role::Muted),
        (TaskStatus::Running, TaskHealth::Unhealthy, _)
        | (TaskStatus::Running, _, Some(TargetState::Unhealthy | TargetState::UnhealthyDraining)) => ("▲", Role::Warn),
        (TaskStatus::Running, _, target) if !matches!(target, Some(TargetState::Initial | TargetState::Draining)) => ("●", Role::Ok),
        _ => ("◐", Role::Info),
    };
    let calm = if stopped { Role::Muted } else { Role::Text };
    let since = service_rows::since(task);
    let target_state = target.map_or("—", |t| t.state.as_str());
    vec![
        Phrase::of(mark, role),
        Phrase::of(task.id(), calm),
        Phrase::of(task.status.as_str().to_lowercase(), calm),
        Phrase::of(
            if task.health.is_empty() { "—".to_owned() } else { task.health.as_str().to_lowercase() },
            if task.health == TaskHealth::Unhealthy { Role::Warn } else { calm },
        ),
        Phrase::of(
            if stopped { "—" } else { target_state },
            if target.is_some_and(|t| t.state == TargetState::Unhealthy) { Role::Warn } else { calm },
        ),
        Phrase::of(zone(&task.zone), calm),
        Phrase::of(task.ip.as_deref().unwrap_or("—"), calm),
        Phrase::of(short_revision(&task.task_definition).rsplit(':').next().unwrap_or(""), calm),
        Phrase::of(ago(since, v.now), calm),
        Phrase::of(service_rows::why(v.store, task), if stopped { Role::Muted } else { Role::Text }),
    ]
}

fn deployments(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<ServiceDeployments>(v) {
        return crate::view::stack::explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = service_rows::deployments(v.store, &screen.subject, &state);
    let list = List { panel: 1, columns: service_rows::DEPLOYMENTS, rows: all.len(), empty: "no deployments in the last 90 days" };
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(Vec::new, |d| deployment_row(v, d)));
}

fn deployment_row<'a>(v: &View<'a>, d: &'a ServiceDeployment) -> Vec<Phrase<'a>> {
    let (mark, role) = match &d.status {
        ServiceDeploymentStatus::Successful => ("●", Role::Ok),
        ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress => ("◐", Role::Info),
        status if status.is_rollback() => ("▲", Role::Warn),
        _ => ("✖", Role::Crit),
    };
    let begun = d.started_at.or(d.created_at);
    let took = begun.map(|b| crate::model::text::age(b, d.finished_at.unwrap_or(v.now)));
    let breaker = d.breaker.as_ref().filter(|b| b.2 > 0).map_or_else(|| "—".to_owned(), |(_, n, of)| format!("{n} of {of}"));
    vec![
        Phrase::of(mark, role),
        text(d.status.as_str().to_lowercase().replace('_', " ")),
        Phrase::of(d.target_revision.rsplit('/').next().unwrap_or(""), Role::Text),
        Phrase::of(clock(begun, v.now), Role::Muted),
        text(took.unwrap_or_else(|| "—".to_owned())),
        text(breaker),
        text(d.rollback_reason.as_deref().unwrap_or(&d.reason)),
    ]
}

fn events(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let state = v.session.list(screen.pane, &screen.subject, 2);
    let events = service_rows::service_events(v.store, &screen.subject, &state);
    let list = List { panel: 2, columns: super::EVENT_COLUMNS, rows: events.len(), empty: "no events for this service" };
    list.draw(v, screen, area, ink, |i| {
        events
            .get(i)
            .map_or_else(Vec::new, |e| vec![Phrase::of(clock(e.at, v.now), Role::Muted), text(ago(e.at, v.now)), text(e.message.as_str())])
    });
    let ids = rows::ids(v.session, screen.pane, &screen.subject, 2);
    if let Some(event) = events.get(state.position(&ids)) {
        full_text(&event.message, events.len(), area, ink);
    }
}

const SCALING: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("when (UTC)", 12, 0),
    Column::left("activity", 30, 0),
    Column::of("reason", 20, 1, Fill::Left, 1),
];

fn scaling(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<ScalingActivities>(v) {
        return crate::view::stack::explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 3);
    let all = service_rows::activities(v.store, &screen.subject, &state);
    let bounds = card::bounds(v, &screen.subject);
    let empty = format!("no recent scaling; bounds {bounds} ({})", ScalingActivities::TITLE);
    let list = List { panel: 3, columns: SCALING, rows: all.len(), empty: &empty };
    list.draw(v, screen, area, ink, |i| {
        all.get(i).map_or_else(Vec::new, |a| {
            let (mark, role) = match a.status {
                ActivityStatus::Successful => ("●", Role::Ok),
                ActivityStatus::Failed => ("▲", Role::Warn),
                _ => ("◐", Role::Info),
            };
            vec![
                Phrase::of(mark, role),
                Phrase::of(clock(a.started_at, v.now), Role::Muted),
                text(a.description.as_str()),
                Phrase::of(a.cause.as_str(), Role::Muted),
            ]
        })
    });
}
