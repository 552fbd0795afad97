//! The box of an ECS service: running of desired, bounds, CPU, memory, zones, targets, rollout.

use ratatui::layout::Rect;

use super::{head, must_tell, tell};
use crate::insight::NodeId;
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::metric::{self, SeriesId};
use crate::model::network::Network;
use crate::model::scaling::Scaling;
use crate::model::service::{RolloutState, Service, ServiceStatus, Services, TaskStatus, Tasks};
use crate::model::text;
use crate::session::layout::Placed;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::zone;
use crate::view::reason;
use crate::view::state::ready;
use crate::view::targets::Tally;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase, Unit};

/// The service of a node.
pub(crate) fn of<'a>(v: &View<'a>, node: &NodeId) -> Option<&'a Service> {
    v.store.get::<Services>()?.get(node.as_service()?)
}

/// `2/2`, loud when fewer run than should.
pub(crate) fn counts(service: &Service) -> Phrase<'static> {
    let role = match service.running {
        r if r >= service.desired => Role::Text,
        0 => Role::Crit,
        _ => Role::Warn,
    };
    Phrase::of(format!("{}/{}", service.running, service.desired), role)
}

/// `2-6` of the autoscaling bounds.
pub(crate) fn bounds(v: &View<'_>, name: &str) -> String {
    match v.store.get::<Scaling>() {
        Some(scaling) => scaling.get(name).map_or_else(|| "fixed".to_owned(), |t| format!("{}-{}", t.min, t.max)),
        None => "?".to_owned(),
    }
}

/// What the newest deployment is doing, and since when.
pub(crate) fn rollout<'a>(v: &View<'a>, service: &'a Service) -> Phrase<'a> {
    let Some(primary) = service.primary() else { return Phrase::of("no deployment", Role::Muted) };
    let since = primary.updated_at.or(primary.created_at).map(|at| text::age(at, v.now)).unwrap_or_default();
    // AWS calls the rollout steady; of a service that does not serve it would read as praise.
    let serves = v.level(&NodeId::service(&service.name)).is_none_or(|level| level < Level::Degraded);
    let settled = Phrase::of(if serves { "steady " } else { "rolled out " }, Role::Muted);
    match primary.rollout_state {
        RolloutState::InProgress => {
            let since = primary.created_at.map(|at| text::age(at, v.now)).unwrap_or_default();
            let line = Phrase::of("deploying ", Role::Info).and(format!("{}/{}", primary.running, primary.desired), Role::Text);
            let line = if primary.failed > 0 { line.and(format!(" failed {}", primary.failed), Role::Warn) } else { line };
            line.and(format!(" · {since}"), Role::Muted)
        }
        RolloutState::Failed => Phrase::of("rollout failed ", Role::Crit).and(since, Role::Muted),
        RolloutState::Completed => settled.and(since, Role::Text),
        _ if service.deployments.len() == 1 && service.running == service.desired => settled.and(since, Role::Text),
        _ => Phrase::of("rollout ? ", Role::Unknown).and(since, Role::Muted),
    }
}

/// The same where there is little room.
fn short_rollout<'a>(v: &View<'a>, service: &'a Service) -> Phrase<'a> {
    match service.deploying() {
        Some(d) => Phrase::of("deploy ", Role::Info)
            .and(format!("{}/{}", d.running, d.desired), if d.failed > 0 { Role::Warn } else { Role::Text })
            .and(format!(" {}", d.created_at.map(|at| text::age(at, v.now)).unwrap_or_default()), Role::Muted),
        None => rollout(v, service),
    }
}

/// `family:42` without the family.
pub(crate) fn revision(service: &Service) -> &str {
    service.primary().map_or("", |d| d.revision()).rsplit(':').next().unwrap_or("")
}

/// `targets 2/2`, or nothing for a service behind no balancer.
fn target_fact(v: &View<'_>, service: &Service) -> Phrase<'static> {
    let share = v.targets_of_service(service).map(Tally::share);
    share.map(|s| Phrase::of("targets ", Role::Muted).then(s)).unwrap_or_default()
}

/// Running tasks by zone: `a ●●  b ●  c –`, each zone in which the service has a subnet.
fn zones<'a>(v: &View<'a>, name: &str) -> Phrase<'a> {
    let Some(tasks) = v.store.get::<Tasks>() else { return Phrase::new() };
    let subnets = v.store.get::<Services>().and_then(|s| s.get(name)).map(|s| s.subnets.as_slice()).unwrap_or_default();
    let network = v.store.get::<Network>();
    let own = subnets.iter().filter_map(|id| Some(zone(&network?.subnet(id)?.zone)));
    let mut by_zone: std::collections::BTreeMap<&str, usize> = own.map(|letter| (letter, 0)).collect();
    for task in tasks.tasks.iter().filter(|t| t.service == name && t.status == TaskStatus::Running) {
        *by_zone.entry(zone(&task.zone)).or_default() += 1;
    }
    let mut line = Phrase::new();
    for (zone, n) in by_zone {
        let dots = match n {
            0 => Phrase::of("–", Role::Muted),
            1..=3 => Phrase::of("●".repeat(n), Role::Text),
            n => Phrase::of(format!("●×{n}"), Role::Text),
        };
        line = line.and(zone, Role::Muted).and(" ", Role::Text).then(dots).and("  ", Role::Text);
    }
    line
}

/// The charts of a service, most telling first.
pub(crate) fn charts<'a>(v: &View<'a>, service: &Service) -> Vec<Chart<'a>> {
    let name = &service.name;
    let mut charts =
        vec![v.chart("cpu", metric::Svc::Cpu.of(name), Unit::Percent), v.chart("memory", metric::Svc::Mem.of(name), Unit::Percent)];
    if let Some(group) = group_name(v, service) {
        charts.push(v.chart("requests", metric::Tg::Requests.of(group), Unit::PerSecond));
        charts.push(v.chart("p95", metric::Tg::P95.of(group), Unit::Latency));
    }
    charts
}

/// The name of the service's target group: of the one that takes its requests, where there are two.
pub(crate) fn group_name<'a>(v: &View<'a>, service: &Service) -> Option<&'a str> {
    let routing = v.store.get::<crate::model::balancer::Routing>()?;
    let arn = service.first_group(Some(routing))?;
    routing.target_groups.iter().find(|g| g.arn == arn).map(|g| g.name.as_str())
}

pub(super) fn title<'a>(v: &View<'a>, node: &NodeId) -> Phrase<'a> {
    let spec = v.session.stack.services.iter().find(|s| Some(s.name.as_str()) == node.as_service());
    let name = Phrase::of(spec.map_or("", |s| s.name.as_str()), Role::Title);
    of(v, node)
        .filter(|s| s.status != ServiceStatus::Inactive)
        .map_or_else(|| name.clone(), |s| name.clone().and("  ", Role::Text).then(counts(s)))
}

pub(super) fn body(v: &View<'_>, node: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    let Some(service) = found(v, node, area, ink) else { return };
    let width = usize::from(area.width);
    let name = service.name.as_str();
    let mut first = vec![Fact::new(0, Phrase::labelled("bounds", bounds(v, name), Role::Text)), Fact::new(1, target_fact(v, service))];
    first.push(Fact::new(3, v.targets_of_service(service).map(Tally::extra).unwrap_or_default()));
    if service.pending > 0 {
        first.push(Fact::new(2, Phrase::labelled("pending", service.pending.to_string(), Role::Info)));
    }
    let state = vec![Fact::new(0, rollout(v, service)), Fact::new(1, Phrase::labelled("rev", revision(service), Role::Text))];
    let charts = charts(v, service);
    let zones = zones(v, name);
    // With room for charts the sparks would say the same twice.
    let roomy = area.height >= 9;
    let mut lines = vec![fit(first, width, 2), fit(state, width, 2)];
    if roomy {
        lines.push(zones);
    } else {
        let line = v.line([metric::Svc::Cpu, metric::Svc::Mem].map(|m| m.of(name)));
        for (label, id, limit) in
            [("cpu", metric::Svc::Cpu.of(name), Limit::ServiceCpu), ("mem", metric::Svc::Mem.of(name), Limit::ServiceMemory)]
        {
            let figure = Phrase::of(label, Role::Muted).then(line.limited(limit, &id, Unit::Percent, 6)).and(" ", Role::Text);
            let spark = v.spark(&id, width.saturating_sub(figure.width()), Unit::Percent);
            lines.push(figure.then(spark));
        }
        lines.swap(1, 2);
        lines.swap(2, 3);
        lines.push(zones);
    }
    let y = ink.lines(area, &lines);
    if roomy {
        let rest = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
        grid(&charts, rest, 30, ink);
    }
}

/// The service, or why there is none, drawn into the area.
fn found<'a>(v: &View<'a>, node: &NodeId, area: Rect, ink: &mut Ink<'_>) -> Option<&'a Service> {
    let name = node.as_service().unwrap_or("");
    match ready::<Services>(v) {
        Err(lines) => {
            explain(&lines, area, ink);
            None
        }
        Ok(services) => {
            let service = services.get(name);
            if service.is_none() {
                let why = services.missing.iter().find(|m| m.0 == name).map_or("not found", |m| m.1.as_str());
                ink.prose(area, &format!("no such ECS service ({why}) in cluster {}", v.session.stack.cluster), Role::Muted);
            }
            if service.is_some_and(|s| s.status == ServiceStatus::Inactive) {
                ink.prose(area, &format!("deleted from cluster {}", v.session.stack.cluster), Role::Muted);
                return None;
            }
            service
        }
    }
}

/// Lines that say why there is nothing, wrapped.
pub(crate) fn explain(lines: &[Phrase<'_>], area: Rect, ink: &mut Ink<'_>) {
    let mut y = area.y;
    for line in lines {
        if y >= area.bottom() {
            return;
        }
        if line.width() <= usize::from(area.width) {
            ink.phrase(area.x, y, area.right(), line);
            y += 1;
            continue;
        }
        let text: String = line.runs.iter().map(|(t, _)| t.as_ref()).collect();
        let role = line.runs.last().map_or(Role::Text, |r| r.1);
        y = ink.prose(Rect { y, height: area.bottom() - y, ..area }, &text, role);
    }
}

pub(super) fn lines(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let place = placed.place;
    let end = place.x + place.w - 1;
    let name = placed.node.as_service().unwrap_or("");
    let longest = v.session.stack.services.iter().map(|s| s.name.len()).max().unwrap_or(8).clamp(14, 24) as u16;
    let x = head(v, placed, name, longest, ink);
    let room = usize::from(end.saturating_sub(x));
    let rest = Rect { x, y: place.y, width: end.saturating_sub(x), height: place.h };
    let Some(service) = found(v, &placed.node, rest, ink) else { return tell(v, placed, ink) };
    let narrow = room < 75;
    // Every row reserves the same width for its last word, so that the columns stand under each other.
    let last_width = if narrow { 17 } else { 26 };
    let fixed = 14 + last_width + if room >= 90 { 15 } else { 0 } + if room >= 100 { 10 } else { 0 };
    let graphs = room.saturating_sub(fixed + 2);
    let two = graphs >= 38;
    let spark = if two { graphs / 2 - 12 } else { graphs.saturating_sub(23) }.clamp(4, 30);
    let (cpu, mem) = (metric::Svc::Cpu.of(name), metric::Svc::Mem.of(name));
    let v = &v.line([&cpu, &mem]);
    let figure =
        |label: &'static str, id: &SeriesId, limit: Limit| Phrase::of(label, Role::Muted).then(v.limited(limit, id, Unit::Percent, 6));
    let graph = |label: &'static str, id: &SeriesId, limit: Limit| {
        figure(label, id, limit).and(" ", Role::Text).then(v.spark(id, spark, Unit::Percent))
    };
    let told = must_tell(v, placed);
    let last = match (told, narrow) {
        (true, true) => reason::line(v, &placed.node),
        (true, false) => reason::clipped(v, &placed.node, last_width),
        (false, true) => short_rollout(v, service).padded(last_width),
        (false, false) => rollout(v, service).padded(last_width),
    };
    // A reason outranks memory and bounds: it is what the line is read for now.
    let (graph_rank, last_rank) = if told && narrow { (3, 0) } else { (1, 2) };
    let facts = vec![
        Fact::new(0, counts(service).padded(5)),
        Fact::new(5, Phrase::of(bounds(v, name), Role::Muted).padded(5)),
        Fact::new(graph_rank, graph("cpu", &cpu, Limit::ServiceCpu)),
        Fact::new(4, if two { graph("mem", &mem, Limit::ServiceMemory) } else { figure("mem", &mem, Limit::ServiceMemory) }),
        Fact::new(6, target_fact(v, service).padded(if room >= 90 { 13 } else { 0 })),
        Fact::new(last_rank, last),
        Fact::new(7, Phrase::labelled("rev", revision(service), Role::Text).padded(8)),
    ];
    ink.phrase(x, place.y, end, &fit(facts, room, 2));
    if v.level(&placed.node).is_some_and(|l| l >= Level::Unknown) {
        tell(v, placed, ink);
    }
}
