//! Whether a load balancer serves anybody by its own listeners and rules: what is configured to answer nobody is not healthy, however well
//! its targets are. Whether targets are healthy is `target_group`'s business. Called by `balancer`.

use std::collections::BTreeSet;

use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down};
use crate::model::balancer::{Action, ActionKind, Listener, Redirect, Routing, Targets, group_name};
use crate::model::section::Section;
use crate::model::service::Service;
use crate::model::text;

use super::Rule;

/// About the listeners and their rules.
pub(crate) const RULES: &[Rule<Routing>] = &[
    Rule { id: "alb.listeners", doc: "it has a listener; none is down", needs: &[Routing::KEY], check: listeners },
    Rule {
        id: "alb.leads",
        doc: "every rule leads to somebody: not to a port without a listener, weights of 0 alone or a service scaled to 0; none is down",
        needs: &[Routing::KEY],
        check: leads,
    },
];

/// What comes of the requests that a rule takes.
enum Fate {
    /// Somebody gets them, or it cannot be told that nobody does.
    Served,
    /// They are answered here, and say nothing about who is served: a fixed response, a redirect to a listener beside it.
    Answered,
    /// Nobody gets them, and why.
    Lost(String),
}

fn listeners(_: &Facts<'_>, routing: &Routing) -> Option<Finding> {
    routing.listeners.is_empty().then(|| down("no listener: nobody is served"))
}

fn leads(facts: &Facts<'_>, routing: &Routing) -> Option<Finding> {
    let (mut served, mut lost) = (false, Vec::new());
    for (place, actions) in routing.listeners.iter().flat_map(|l| taken(facts, l)) {
        match actions.map_or(Fate::Served, |actions| fate(facts, routing, actions)) {
            Fate::Served => served = true,
            Fate::Answered => {}
            Fate::Lost(why) => lost.push(format!("{place}: {why}")),
        }
    }
    let more = if lost.len() > 1 { format!(" (and {} more)", lost.len() - 1) } else { String::new() };
    match (lost.first(), served) {
        (Some(why), true) => Some(degraded(format!("{why}{more}"))),
        (Some(why), false) => Some(down(format!("nobody is served: {why}{more}"))),
        (None, true) => None,
        (None, false) => {
            let waiting = services(facts).filter(|s| s.desired > 0 && !s.groups().is_empty()).count();
            let any = waiting > 0 && !routing.listeners.is_empty();
            let register = if waiting == 1 { "registers" } else { "register" };
            any.then(|| down(format!("no rule leads to a target group, {} {register} in one", text::plural(waiting as u32, "service"))))
        }
    }
}

fn services<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'a Service> + use<'f, 'a> {
    facts.stack.services.iter().filter_map(|spec| facts.service(&spec.name))
}

/// Where requests arrive, and what is done with them; `None` where that is not known.
fn taken<'l>(facts: &Facts<'_>, listener: &'l Listener) -> Vec<(String, Option<&'l [Action]>)> {
    let port = format!("listener {}", listener.port);
    if facts.store.unread::<Routing>(&listener.arn, "rules").is_some() {
        return vec![(port, None)];
    }
    if listener.rules.is_empty() {
        return vec![(port, Some(listener.actions.as_slice()).filter(|a| !a.is_empty()))];
    }
    let of_rule = |rule: &'l crate::model::balancer::Rule| {
        let place = [port.as_str(), &rule.conditions_in_words()].join(" ").trim_end().to_owned();
        // A document of an earlier version has only the target groups.
        (place, Some(rule.actions.as_slice()).filter(|a| !a.is_empty()))
    };
    listener.rules.iter().map(of_rule).collect()
}

/// The last action decides: those before it only look at who asks.
fn fate(facts: &Facts<'_>, routing: &Routing, actions: &[Action]) -> Fate {
    let Some(last) = actions.last() else { return Fate::Served };
    match (&last.kind, &last.redirect) {
        (ActionKind::FixedResponse, _) => Fate::Answered,
        (ActionKind::Redirect, Some(to)) => redirected(routing, to),
        (ActionKind::Forward, _) if !last.forward.is_empty() => {
            let taking: Vec<&str> = last.forward.iter().filter(|w| w.weight > 0).map(|w| w.target_group.as_str()).collect();
            if taking.is_empty() {
                return Fate::Lost("all weights are 0, no target group takes the requests".to_owned());
            }
            let stopped: Option<BTreeSet<&str>> = taking.iter().map(|group| scaled_to_zero(facts, group)).collect();
            stopped.map_or(Fate::Served, |names| {
                let names: Vec<&str> = names.into_iter().collect();
                let are = if names.len() == 1 { "is" } else { "are" };
                Fate::Lost(format!("{} {are} scaled to 0, requests get a 503", names.join(", ")))
            })
        }
        _ => Fate::Served,
    }
}

/// A redirect that keeps the host comes back to this load balancer, on a port of its own.
fn redirected(routing: &Routing, to: &Redirect) -> Fate {
    match to.port.parse::<i32>() {
        _ if !to.host.is_empty() => Fate::Served,
        Ok(port) if routing.listeners.iter().all(|l| l.port != port) => {
            Fate::Lost(format!("requests are redirected to {port}, where no listener is"))
        }
        _ => Fate::Answered,
    }
}

/// The name of what registers in a target group, if all of that is scaled to 0 and nothing is left in the group.
fn scaled_to_zero<'a>(facts: &Facts<'a>, group: &'a str) -> Option<&'a str> {
    let mut owners = services(facts).filter(|s| s.groups().contains(&group)).peekable();
    let owner = owners.peek().copied()?;
    let targets = facts.fresh::<Targets>()?.groups.get(group)?;
    let gone = owners.all(|s| s.desired == 0 && s.running == 0) && targets.iter().all(|t| t.state.is_draining());
    gone.then(|| if owner.name.is_empty() { group_name(group).unwrap_or(group) } else { owner.name.as_str() })
}
