//! The box of the load balancer: requests, errors, latency, and each rule with the target group behind it.

use ratatui::layout::Rect;

use super::{head, must_tell, service, tell};
use crate::insight::NodeId;
use crate::model::balancer::{Balancer, BalancerState, Routing, TargetGroup};
use crate::model::limits::Limit;
use crate::model::metric;
use crate::session::layout::{Area, Placed};
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::{share, zone};
use crate::view::reason;
use crate::view::state::ready;
use crate::view::targets::Tally;
use crate::view::widget::chart::grid;
use crate::view::widget::phrase::fit;
use crate::view::widget::{Chart, Fact, Ink, Phrase, Unit};

pub(super) fn title<'a>(v: &View<'a>, _: &NodeId) -> Phrase<'a> {
    let name = v.stack.balancer.as_str();
    let state =
        v.store.get::<Balancer>().filter(|b| b.state != BalancerState::Active).map(|b| Phrase::of(format!("  {}", b.state), Role::Warn));
    Phrase::of("ALB ", Role::Title).and(name, Role::Text).then(state.unwrap_or_default())
}

/// Requests, errors, latency; `spark` cells of trend behind the requests.
fn figures<'a>(v: &View<'a>, spark: usize) -> Vec<Fact<'a>> {
    use metric::Alb;
    let v = &v.line([Alb::Requests, Alb::P50, Alb::P95, Alb::P99, Alb::Active]);
    let errors = v.error_share();
    let latency = |label: &'static str, id: Alb, limit: Option<Limit>| {
        let cell = limit.map_or_else(|| v.cell(id, Unit::Latency, 8), |limit| v.limited(limit, id, Unit::Latency, 8));
        Phrase::of(label, Role::Muted).then(cell)
    };
    let requests = v.cell(metric::Alb::Requests, Unit::PerSecond, 7);
    let requests =
        if spark > 0 { requests.and(" ", Role::Text).then(v.spark(metric::Alb::Requests, spark, Unit::PerSecond)) } else { requests };
    vec![
        Fact::new(0, requests),
        Fact::new(
            1,
            Phrase::of("5xx", Role::Muted).then(View::aged(
                share(errors),
                v.graded_errors(errors),
                v.late_share(&[Alb::Elb5xx, Alb::Target5xx], Alb::Requests),
                7,
            )),
        ),
        Fact::new(
            4,
            Phrase::of("4xx", Role::Muted).then(View::aged(
                share(v.share_of(&[Alb::Target4xx], Alb::Requests)),
                Role::Text,
                v.late_share(&[Alb::Target4xx], Alb::Requests),
                7,
            )),
        ),
        Fact::new(5, latency("p50", Alb::P50, Some(Limit::BalancerP50))),
        Fact::new(2, latency("p95", Alb::P95, None)),
        Fact::new(3, latency("p99", Alb::P99, Some(Limit::BalancerP99))),
        Fact::new(6, Phrase::labelled("connections", format!("{:>4}", v.figure(metric::Alb::Active, Unit::Count)), Role::Text)),
    ]
}

/// Target groups that some rule leads to, in the order of the configured services.
fn groups<'a>(v: &View<'a>, routing: &'a Routing) -> Vec<&'a TargetGroup> {
    let rank = |g: &TargetGroup| {
        let owner = owner(v, g);
        v.session.stack.services.iter().position(|s| Some(s.name.as_str()) == owner).unwrap_or(usize::MAX)
    };
    let mut groups: Vec<&TargetGroup> = routing.target_groups.iter().filter(|g| !routing.paths_to(&g.arn).is_empty()).collect();
    groups.sort_by_key(|g| (rank(g), g.name.clone()));
    groups
}

/// The service that registers its tasks in a group.
fn owner<'a>(v: &View<'a>, group: &TargetGroup) -> Option<&'a str> {
    v.owner(&group.arn).map(|s| s.name.as_str())
}

/// `2/2 healthy`, in the colour of what is missing.
fn healthy(v: &View<'_>, arn: &str) -> Phrase<'static> {
    v.targets_of(arn).map_or_else(|| Phrase::of("?/?", Role::Unknown), Tally::share).and(" healthy", Role::Muted)
}

fn rule_line<'a>(v: &View<'a>, routing: &'a Routing, group: &'a TargetGroup, width: usize) -> Phrase<'a> {
    let [errors, requests, p95] = [metric::Tg::Target5xx, metric::Tg::Requests, metric::Tg::P95].map(|m| m.of(&group.name));
    let v = &v.line([&requests, &p95]);
    let late = v.late_share(&[&errors], &requests);
    let errors = v.share_of(&[errors], &requests);
    let name = owner(v, group).unwrap_or(group.name.as_str());
    let paths = routing.paths_to(&group.arn);
    let longest = routing.target_groups.iter().map(|g| routing.paths_to(&g.arn).len()).max().unwrap_or(6);
    let column = longest.clamp(6, width / 6);
    let names = routing.target_groups.iter().map(|g| owner(v, g).unwrap_or(g.name.as_str()).len()).max().unwrap_or(8).clamp(8, width / 4);
    let facts = vec![
        Fact::new(0, Phrase::of(crate::model::text::clip(&paths, column).into_owned(), Role::Accent).padded(column)),
        Fact::new(0, Phrase::of(crate::model::text::clip(name, names), Role::Text).padded(names)),
        Fact::new(0, healthy(v, &group.arn).padded(13)),
        Fact::new(1, v.cell(&requests, Unit::PerSecond, 7)),
        Fact::new(4, v.spark(&requests, 16, Unit::PerSecond)),
        Fact::new(2, Phrase::of("p95", Role::Muted).then(v.limited(Limit::TargetP95, &p95, Unit::Latency, 8))),
        Fact::new(3, Phrase::of("5xx", Role::Muted).then(View::aged(share(errors), v.graded_errors(errors), late, 7))),
        Fact::new(5, v.targets_by_zone(&group.arn)),
        Fact::new(6, v.targets_of(&group.arn).map(Tally::extra).unwrap_or_default()),
    ];
    fit(facts, width, 2)
}

/// Which ports it listens on, and where.
fn listeners<'a>(v: &View<'a>) -> Phrase<'a> {
    if v.store.get::<Routing>().is_none_or(|r| r.listeners.is_empty()) {
        return Phrase::of("no listeners", Role::Muted);
    }
    let mut line = Phrase::of("listens", Role::Muted);
    for listener in v.store.get::<Routing>().into_iter().flat_map(|r| &r.listeners) {
        line = line.and(format!(" {}:{}", listener.protocol, listener.port), Role::Text);
        // What is forwarded stands with its target group.
        if listener.rules.iter().filter(|r| r.priority == "default").all(|r| r.target_groups.is_empty()) {
            line = line.and(format!(" {}", listener.default_action), Role::Muted);
        }
    }
    let balancer = v.store.get::<Balancer>();
    let zones = balancer.map(|b| b.zones.iter().map(|(z, _)| zone(z)).collect::<Vec<_>>().join(" ")).unwrap_or_default();
    let scheme = balancer.map_or("", |b| b.scheme.as_str());
    line.and("  zones ", Role::Muted).and(zones, Role::Text).and("  ", Role::Text).and(scheme, Role::Muted)
}

/// The charts of the balancer, most telling first.
pub(crate) fn charts<'a>(v: &View<'a>) -> Vec<Chart<'a>> {
    vec![
        v.chart("requests", metric::Alb::Requests, Unit::PerSecond),
        v.chart("p95", metric::Alb::P95, Unit::Latency),
        v.chart("target 5xx", metric::Alb::Target5xx, Unit::PerSecond),
        v.chart("ALB 5xx", metric::Alb::Elb5xx, Unit::PerSecond),
        v.chart("p99", metric::Alb::P99, Unit::Latency),
        v.chart("connections", metric::Alb::Active, Unit::Count),
    ]
}

pub(super) fn body(v: &View<'_>, _: &NodeId, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Balancer>(v) {
        return service::explain(&lines, area, ink);
    }
    let width = usize::from(area.width);
    let mut lines = vec![fit(figures(v, if width > 110 { 20 } else { 12 }), width, 2)];
    match ready::<Routing>(v) {
        Ok(routing) => lines.extend(groups(v, routing).into_iter().take(4).map(|g| rule_line(v, routing, g, width))),
        Err(why) => lines.extend(why),
    }
    lines.push(listeners(v));
    let y = ink.lines(area, &lines);
    let rest = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
    let mut charts = charts(v);
    charts.truncate(3);
    grid(&charts, rest, 30, ink);
}

pub(super) fn lines(v: &View<'_>, placed: &Placed, ink: &mut Ink<'_>) {
    let Area { x: left, y, w, h } = placed.place;
    let end = left + w - 1;
    let name = v.session.called(&placed.node).map_or_else(|| "ALB".to_owned(), |name| format!("ALB {}", v.short(name)));
    let x = head(v, placed, &name, name.chars().count() as u16, ink);
    let rest = Rect { x, y, width: end.saturating_sub(x), height: h };
    if let Err(lines) = ready::<Balancer>(v) {
        return service::explain(&lines, rest, ink);
    }
    let room = usize::from(rest.width);
    let wide = left + placed.band.w - 1;
    let groups = match ready::<Routing>(v) {
        Ok(routing) => Ok((routing, groups(v, routing))),
        Err(lines) => Err(lines),
    };
    if must_tell(v, placed) {
        let facts = figures(v, 0).into_iter().take(2).chain([Fact::new(0, reason::line(v, &placed.node))]);
        ink.phrase(x, y, end, &fit(facts.collect(), room, 2));
    } else {
        ink.phrase(x, y, end, &fit(figures(v, (room / 7).clamp(6, 30)), room, 2));
    }
    match groups {
        Ok((routing, groups)) => {
            let last = groups.len().min(4);
            for (i, group) in groups.into_iter().take(4).enumerate() {
                let row = y + 1 + i as u16;
                ink.put(left + 3, row, wide, if i + 1 == last { "└" } else { "├" }, Role::Border);
                ink.phrase(left + 5, row, wide, &rule_line(v, routing, group, usize::from(placed.band.w - 6)));
            }
        }
        Err(lines) => service::explain(&lines, Rect { x: left + 5, y: y + 1, width: placed.band.w - 6, height: h.saturating_sub(1) }, ink),
    }
    tell(v, placed, ink);
}
