//! The pane of the load balancer: facts, charts, targets by group and zone, listeners and rules.

use crate::model::system::System;
use ratatui::layout::Rect;

use super::{List, Panels, beside, facts, heading, panel, spacious, split, text, widen};
use crate::insight::NodeId;
use crate::model::balancer::{Balancer, BalancerState, Listener, Routing, Rule, Target, TargetGroup, TargetState, Targets};
use crate::model::service::Duty;
use crate::session::Screen;
use crate::session::pane::balancer as balancer_rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::figures::zone;
use crate::view::stack::balancer as card;
use crate::view::stack::explain;
use crate::view::state::{freshness, ready};
use crate::view::widget::chart::grid;
use crate::view::widget::{Ink, Phrase};

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let title = Phrase::of("ALB ", Role::Title).and(v.stack.balancer.as_str(), Role::Text);
    let inner = heading(v, &[NodeId::of(System::Balancer)], title, &freshness::<Balancer>(v), area, ink);
    let y = match ready::<Balancer>(v) {
        Ok(balancer) => facts(&header(balancer), Rect { height: inner.height.min(if inner.height < 24 { 3 } else { 8 }), ..inner }, ink),
        Err(lines) => {
            explain(&lines, inner, ink);
            inner.y + lines.len() as u16
        }
    };
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    if spacious(area) {
        let wants = super::wants(v, screen);
        let (rules_want, right_want) = (wants.get(1).copied().unwrap_or(0), wants.iter().skip(1).sum::<u16>());
        let lists = wants.first().copied().unwrap_or(0).max(right_want).clamp(8, rest.height / 2);
        let (charts, below) = split(rest, rest.height - lists);
        grid(&card::charts(v), Rect { y: charts.y + 1, height: charts.height.saturating_sub(2), ..charts }, 40, ink);
        let (left, right) = beside(below, below.width * 3 / 5);
        let inner = panel(v, screen, 0, freshness::<Targets>(v), widen(left), ink);
        targets(v, screen, inner, ink);
        let (upper, lower) = split(right, rules_want.min(right.height / 2));
        let inner = panel(v, screen, 1, freshness::<Routing>(v), widen(upper), ink);
        rules(v, screen, inner, ink);
        let inner = panel(v, screen, 2, freshness::<Routing>(v), widen(lower), ink);
        groups(v, screen, inner, ink);
        return;
    }
    let (top, list) = split(rest, super::spare(v, screen, rest.height));
    if top.height > 0 {
        grid(&card::charts(v), Rect { y: top.y + 1, height: top.height - 1, ..top }, 24, ink);
    }
    PANELS.draw(v, screen, list, ink);
}

const PANELS: Panels = Panels {
    fresh: |v, i| if i == 0 { freshness::<Targets>(v) } else { freshness::<Routing>(v) },
    draw: |v, screen, i, area, ink| match i {
        0 => targets(v, screen, area, ink),
        1 => rules(v, screen, area, ink),
        _ => groups(v, screen, area, ink),
    },
};

fn header(b: &Balancer) -> Vec<(&'static str, Phrase<'_>)> {
    let zones = b.zones.iter().map(|(z, _)| zone(z)).collect::<Vec<_>>().join(" ");
    let state = Phrase::of(b.state.as_str(), if b.state == BalancerState::Active { Role::Text } else { Role::Warn });
    let why = b.state_reason.as_deref().map(|r| Phrase::of("  ", Role::Text).and(r, Role::Warn)).unwrap_or_default();
    vec![
        ("state", state.then(why)),
        ("scheme", text(b.scheme.as_str())),
        ("zones", text(zones)),
        ("dns", text(b.dns_name.as_str())),
        ("vpc", text(b.vpc.as_str())),
        ("security", text(b.security_groups.join(" "))),
    ]
}

fn targets(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Some(problem) = ready::<Targets>(v).err().or_else(|| ready::<Routing>(v).err()) {
        return explain(&problem, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 0);
    let all = balancer_rows::targets(v.store, &state);
    let list = List { panel: 0, columns: balancer_rows::TARGETS, rows: all.len(), empty: "no registered targets" };
    list.draw(v, screen, area, ink, |i| {
        let same = i > 0 && all.get(i - 1).zip(all.get(i)).is_some_and(|(a, b)| a.0.arn == b.0.arn);
        all.get(i).map_or_else(Vec::new, |(g, t)| target_row(v, g, t, same))
    });
}

fn target_row<'a>(v: &View<'a>, group: &'a TargetGroup, target: &'a Target, same: bool) -> Vec<Phrase<'a>> {
    let (mark, role) = match target.state {
        TargetState::Healthy => ("●", Role::Ok),
        TargetState::Initial | TargetState::Draining => ("◐", Role::Info),
        TargetState::Unhealthy | TargetState::UnhealthyDraining => ("▲", Role::Warn),
        _ => ("?", Role::Unknown),
    };
    vec![
        Phrase::of(mark, role),
        // The name of a group stands once; the rows under it are its targets.
        Phrase::of(v.short(&group.name), if same { Role::Faint } else { Role::Text }),
        text(if target.zone.is_empty() { "—" } else { zone(&target.zone) }),
        text(format!("{}:{}", target.id, target.port)),
        Phrase::of(target.state.as_str(), if target.state.is_unhealthy() { Role::Warn } else { Role::Text }),
        text(target.reason.as_deref().unwrap_or("")),
        Phrase::of(target.description.as_deref().unwrap_or(""), Role::Muted),
    ]
}

fn rules(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Routing>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 1);
    let all = balancer_rows::rules(v.store, &state);
    let list = List { panel: 1, columns: balancer_rows::RULES, rows: all.len(), empty: "no listeners" };
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(Vec::new, |(l, r)| rule_row(l, *r)));
}

fn rule_row<'a>(listener: &'a Listener, rule: Option<&'a Rule>) -> Vec<Phrase<'a>> {
    let (conditions, action) = balancer_rows::rule_words(listener, rule);
    vec![
        text(format!("{}:{}", listener.protocol, listener.port)),
        Phrase::of(rule.map_or("default", |r| r.priority.as_str()), Role::Muted),
        Phrase::of(conditions, Role::Accent),
        text(action),
    ]
}

fn groups(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    if let Err(lines) = ready::<Routing>(v) {
        return explain(&lines, area, ink);
    }
    let state = v.session.list(screen.pane, &screen.subject, 2);
    let all = balancer_rows::target_groups(v.store, &state);
    let list = List { panel: 2, columns: balancer_rows::GROUPS, rows: all.len(), empty: "no target groups" };
    list.draw(v, screen, area, ink, |i| all.get(i).map_or_else(Vec::new, |g| group_row(v, g)));
}

fn group_row<'a>(v: &View<'a>, group: &'a TargetGroup) -> Vec<Phrase<'a>> {
    let seconds = |n: i32| text(format!("{n} s"));
    vec![
        text(v.short(&group.name)),
        text(format!("{}:{}", group.target_type, group.port)),
        healthy_words(v, group),
        text(group.health_path.as_str()),
        seconds(group.health_interval),
        seconds(group.health_timeout),
        text(format!("{}×, {}×", group.healthy_threshold, group.unhealthy_threshold)),
        text(group.matcher.as_str()),
        group.deregistration_delay.map_or_else(|| text("?"), seconds),
    ]
}

/// How many targets are healthy; `idle` where that is none and no rule sends requests.
fn healthy_words<'a>(v: &View<'a>, group: &TargetGroup) -> Phrase<'a> {
    let duty = v.owner(&group.arn).map(|s| s.duty(&group.arn, v.store.get::<Routing>()));
    match v.store.get::<Targets>().and_then(|t| t.healthy(&group.arn)) {
        Some((0, 0)) if duty.is_some_and(Duty::is_idle) => Phrase::of("idle", Role::Muted),
        Some((healthy, _)) => text(healthy.to_string()),
        None => text("?"),
    }
}
