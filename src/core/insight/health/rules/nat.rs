//! Rules about the way out of each zone: its NAT gateway, its private subnets' route, and the gateway's figures.
//! A gateway's state stays `available` in most real impairments: figures and symptoms decide. Called by `node`; the service rules ask `sign`.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, info, note};
use crate::insight::health::limits;
use crate::insight::health::node::Nodes;
use crate::insight::health::window::Window;
use crate::insight::topology::egress::{self, Egress};
use crate::model::Time;
use crate::model::health::Level;
use crate::model::limits::Limit;
use crate::model::log::LogGroup;
use crate::model::metric::{self, Metrics, SeriesId};
use crate::model::network::{NatGateway, NatGateways, NatState, Network, Routes, zone_letter};
use crate::model::section::Section;
use crate::model::service::{StopCode, StoppedTasks, Task, TaskStatus, Tasks};
use crate::model::system::System;
use crate::model::system::SystemSpec;
use crate::model::text;

use super::{Gauge, Rule, apply, gauges};

/// The way out of one zone.
pub(crate) struct Way {
    zone: String,
    gateway: Option<NatGateway>,
    egress: Egress,
}

/// About one zone's way out.
pub(crate) const RULES: &[Rule<Way>] = &[
    Rule {
        id: "nat.route",
        doc: "private subnets leave through the zone's own gateway; another zone's is degraded, none or a blackhole down",
        needs: &[NatGateways::KEY, Routes::KEY, Network::KEY],
        check: route,
    },
    Rule { id: "nat.state", doc: "gateway available; failed, deleting, deleted are down", needs: &[NatGateways::KEY], check: state },
    Rule {
        id: "nat.established",
        doc: "established connections of attempts: {nat_established}",
        needs: &[NatGateways::KEY, Metrics::KEY],
        check: established,
    },
    Rule { id: "nat.drops", doc: "dropped packets: {nat_drops}", needs: &[NatGateways::KEY, Metrics::KEY], check: drops },
    Rule {
        id: "nat.silent",
        doc: "bytes in not 0 for 3 min while bytes go out or the other gateways carry traffic; that is down",
        needs: &[NatGateways::KEY, Metrics::KEY],
        check: silent,
    },
    Rule {
        id: "nat.symptoms",
        doc: "tasks fail to start in this zone only, and those that run there have fallen silent: down",
        needs: &[NatGateways::KEY, StoppedTasks::KEY, Tasks::KEY],
        check: symptoms,
    },
];

/// Metrics of one gateway, by its id.
pub(crate) const GAUGES: &[Gauge<metric::Nat>] = &[Gauge {
    id: "nat.port_errors",
    series: metric::Nat::PortErrors,
    label: "port allocation errors/min",
    limit: Limit::NatPortErrors,
    show: text::count,
}];

/// Judges every zone, then all together.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let mut changing = Vec::new();
    for zone in egress::zones(facts.store) {
        let way = Way::of(facts, zone);
        let mut findings = apply(RULES, facts, ground.mandatory, &way);
        findings.extend(way.gateway.iter().flat_map(|g| gauges(GAUGES, facts, &g.id)));
        let letter = zone_letter(&way.zone);
        // All together are no calmer than one of them.
        changing.extend(findings.iter().filter(|f| f.level == Level::Info).map(|f| f.clone().prefixed(letter)));
        let id = NodeId::named(System::Nat, letter);
        nodes.child(facts, ground, id.clone(), letter, findings);
        if way.gateway.is_none() && way.egress == Egress::Isolated {
            nodes.absent(&id, "no NAT gateway; VPC endpoints are not looked at");
        }
    }
    let none = facts.fresh::<NatGateways>().is_some_and(|n| n.gateways.is_empty());
    let written = none && facts.written && egress::zones(facts.store).is_empty();
    let findings = written.then(|| Finding { basis: vec![NatGateways::KEY], ..degraded("no NAT gateway in the VPC") });
    nodes.parent(facts, ground, NodeId::of(System::Nat), findings.into_iter().chain(changing).collect());
    if none && !facts.written {
        nodes.absent(&NodeId::of(System::Nat), "no NAT gateway; VPC endpoints are not looked at");
    }
}

/// What is certain about the way out of a zone being broken, in words: for those who suffer from it.
pub(super) fn sign(facts: &Facts<'_>, zone: &str) -> Option<String> {
    let way = Way::of(facts, zone.to_owned());
    match &way.egress {
        Egress::Blackhole { .. } | Egress::Broken { .. } | Egress::Nowhere { .. } => return Some(way.egress.words()),
        _ => {}
    }
    let figures = way.gateway.iter().flat_map(|g| gauges(GAUGES, facts, &g.id)).next();
    figures.or_else(|| silent(facts, &way)).or_else(|| established(facts, &way)).map(|f| format!("the NAT gateway: {}", f.text))
}

impl Way {
    fn of(facts: &Facts<'_>, zone: String) -> Self {
        Self { gateway: egress::own_gateway(facts.store, &zone).cloned(), egress: egress::of(facts.store, facts.stack, &zone), zone }
    }

    /// The route leads to this gateway and says already how it is.
    fn leads_to(&self, gateway: &NatGateway) -> bool {
        matches!(&self.egress, Egress::Broken { gateway: id, .. } | Egress::Pending { gateway: id } if *id == gateway.id)
    }

    fn series(&self, metric: metric::Nat) -> Option<SeriesId> {
        Some(metric.of(&self.gateway.as_ref()?.id))
    }
}

/// Why a gateway failed, as AWS says.
fn failure(gateway: &NatGateway) -> String {
    gateway.failure.as_deref().filter(|f| !f.is_empty()).map_or_else(String::new, |f| format!(": {}", text::clip(f, 80)))
}

fn route(_: &Facts<'_>, way: &Way) -> Option<Finding> {
    let level = way.egress.level();
    let why = way.gateway.as_ref().filter(|g| way.leads_to(g)).map_or_else(String::new, failure);
    let found = (level >= Level::Info && level != Level::Unknown).then(|| Finding::new(level, way.egress.words() + &why))?;
    Some(if level == Level::Down { found.interrupting("failed") } else { found })
}

fn state(_: &Facts<'_>, way: &Way) -> Option<Finding> {
    let carried = matches!(way.egress, Egress::Rerouted { .. } | Egress::Own { .. } | Egress::Elsewhere { .. });
    let Some(gateway) = &way.gateway else {
        // The route says more: what carries the zone, or that nothing does.
        let by_design = matches!(way.egress, Egress::Shared { .. } | Egress::Isolated);
        return (!by_design && (way.egress == Egress::Unknown || carried)).then(|| degraded("no NAT gateway in this zone"));
    };
    if way.leads_to(gateway) {
        return None;
    }
    let text = format!("{} {}{}", gateway.id, gateway.state, failure(gateway));
    match gateway.state {
        NatState::Available | NatState::Unstated => None,
        NatState::Pending => Some(info(text)),
        // Its zone goes another way already.
        _ if carried => Some(degraded(text)),
        _ => Some(down(text).interrupting("failed")),
    }
}

fn established(facts: &Facts<'_>, way: &Way) -> Option<Finding> {
    let minutes = limits::NAT_MINUTES;
    let window = facts.window()?;
    let shares =
        window.both(way.series(metric::Nat::Attempts)?, way.series(metric::Nat::Established)?, minutes)?.into_iter().map(|(a, e)| {
            let attempts = a.filter(|a| *a >= limits::NAT_ATTEMPTS_FLOOR)?;
            Some(e? / attempts)
        });
    let shares: Vec<f64> = shares.collect::<Option<_>>()?;
    let bad = shares.iter().all(|s| facts.limits().level(Limit::NatEstablished, s * 100.0) > Level::Healthy);
    bad.then(|| {
        degraded(format!(
            "{} of connection attempts established for {minutes} min",
            text::percent(shares.first().copied().unwrap_or(0.0) * 100.0)
        ))
    })
}

fn drops(facts: &Facts<'_>, way: &Way) -> Option<Finding> {
    let window = facts.window()?;
    let minutes = limits::NAT_MINUTES;
    let dropped = window.minutes(way.series(metric::Nat::Drops)?, minutes)?;
    let bytes = |metric| window.latest(way.series(metric)?);
    let carried = bytes(metric::Nat::BytesIn)? + bytes(metric::Nat::BytesOut)?;
    let is_bad = |d: &f64| facts.limits().level_of_drops(*d, carried) > Level::Healthy;
    let bad: Vec<f64> = dropped.into_iter().flatten().filter(is_bad).collect();
    (bad.len() >= 2).then(|| degraded(format!("{} packets/min dropped", text::count(bad.first().copied().unwrap_or(0.0)))))
}

/// The zones that leave through a gateway.
fn served<'a>(facts: &Facts<'a>, gateway: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let (store, stack) = (facts.store, facts.stack);
    egress::zones(store).into_iter().filter(move |zone| egress::of(store, stack, zone).gateway() == Some(gateway))
}

/// Whether a series is zero in the newest minutes.
fn is_silent(window: &Window<'_>, id: SeriesId, minutes: usize) -> bool {
    window.minutes(id, minutes).is_some_and(|v| v.iter().all(|v| v.is_some_and(|v| v <= 0.0)))
}

fn silent(facts: &Facts<'_>, way: &Way) -> Option<Finding> {
    let (window, gateway) = (facts.window()?, way.gateway.as_ref()?);
    let minutes = limits::NAT_MINUTES;
    if !is_silent(window, way.series(metric::Nat::BytesIn)?, minutes) {
        return None;
    }
    // In the same minutes: what went out before the silence says nothing about it.
    let out = window.both(way.series(metric::Nat::BytesIn)?, way.series(metric::Nat::BytesOut)?, minutes).unwrap_or_default();
    let since = window.since_zero(way.series(metric::Nat::BytesIn)?);
    if out.iter().any(|(_, out)| out.is_some_and(|v| v > 0.0)) {
        return Some(down(format!("no inbound traffic for {minutes} min while bytes go out")).since(since).interrupting("failed"));
    }
    // Without tasks behind it a gateway has nothing to carry.
    let zones: Vec<String> = served(facts, &gateway.id).collect();
    let busy = facts.store.get::<Tasks>()?.tasks.iter().any(|t| t.status == TaskStatus::Running && zones.contains(&t.zone));
    let others = &facts.store.get::<NatGateways>()?.gateways;
    let others = others.iter().filter(|g| g.id != gateway.id && g.state == NatState::Available);
    let carried = others.filter_map(|g| window.latest(metric::Nat::BytesIn.of(&g.id))).any(|v| v > 0.0);
    let text = format!("no inbound traffic for {minutes} min, other gateways have traffic");
    (busy && carried).then(|| down(text).since(since).interrupting("failed"))
}

/// Tasks that could not start in a zone, while none failed so elsewhere.
fn failed_starts(facts: &Facts<'_>, zone: &str) -> usize {
    let stopped = facts.fresh::<StoppedTasks>().map_or(&[][..], |t| &t.tasks);
    let recent = |at: Option<Time>| at.is_some_and(|at| facts.now - at <= limits::STOPS_WINDOW);
    let failed = stopped.iter().filter(|t| t.stop_code == Some(StopCode::TaskFailedToStart) && recent(t.stopped_at.or(t.stopping_at)));
    let (here, elsewhere): (Vec<&Task>, Vec<&Task>) = failed.partition(|t| t.zone == zone);
    if elsewhere.is_empty() { here.len() } else { 0 }
}

fn symptoms(facts: &Facts<'_>, way: &Way) -> Option<Finding> {
    let failed = failed_starts(facts, &way.zone);
    if failed == 0 {
        return None;
    }
    let text = format!("{} failed to start, in this zone only", text::plural(failed as u32, "task"));
    match quiet(facts, &way.zone) {
        Some(n) => Some(down(format!("{text}, and {} there silent", text::plural(n as u32, "running task")))),
        None => Some(note(text)),
    }
}

/// How many tasks of a zone run without a log line for five minutes, if all of them do and others elsewhere log.
fn quiet(facts: &Facts<'_>, zone: &str) -> Option<usize> {
    let (group, fetched) = (facts.fresh::<LogGroup>()?, facts.store.at::<LogGroup>()?);
    let mut silent = 0;
    for stream in &group.streams {
        let id = stream.name.rsplit('/').next().unwrap_or_default();
        let tasks = &facts.fresh::<Tasks>()?.tasks;
        let Some(task) = tasks.iter().find(|t| t.id() == id && t.status == TaskStatus::Running) else { continue };
        let last = stream.last(facts.now)?;
        let old = fetched - last > facts.limits().span(Limit::LogSilence);
        if (task.zone == zone) != old {
            return None;
        }
        silent += usize::from(old);
    }
    (silent > 0).then_some(silent)
}
