//! Rules about the security groups: the deviations that `paths` finds, by what they mean, and what a closed path means for the systems
//! at its ends. It knows no rule of the written architecture itself.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded, down, note};
use crate::insight::health::node::{Assessment, Nodes};
use crate::insight::topology::paths::{ClosedPath, Deviation, End, Paths};
use crate::model::health::Level;
use crate::model::network::SecurityGroups;
use crate::model::section::Section;
use crate::model::system::System;
use crate::model::system::SystemSpec;

use super::{Rule, apply};

/// How a system says that a way which it needs is closed; the way itself stands before it.
pub(crate) const CLOSED: &str = "closed by security groups";

/// About one path that is closed.
pub(crate) const PATHS: &[Rule<ClosedPath>] = &[Rule {
    id: "sg.required",
    doc: "every rule without which traffic breaks exists; a missing one is down",
    needs: &[SecurityGroups::KEY],
    check: required,
}];

/// The ways to one system that are closed.
pub(crate) struct Doors {
    closed: Vec<ClosedPath>,
}

/// About the system at the end of paths.
pub(crate) const ENDS: &[Rule<Doors>] = &[Rule {
    id: "sg.reachable",
    doc: "the security groups let in everybody who needs the system; a closed path is down",
    needs: &[SecurityGroups::KEY],
    check: reachable,
}];

/// About one other deviation: a missing required rule is told by its path.
pub(crate) const RULES: &[Rule<Deviation>] = &[
    Rule { id: "sg.extra", doc: "no rule that is not written", needs: &[SecurityGroups::KEY], check: extra },
    Rule { id: "sg.known", doc: "every system's groups are known", needs: &[SecurityGroups::KEY], check: unknown },
    Rule { id: "sg.note", doc: "what the seed itself leaves open: a note", needs: &[SecurityGroups::KEY], check: noted },
];

/// Judges them.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let paths = facts.store.get::<SecurityGroups>().map(|_| Paths::of(facts.store, facts.stack));
    let deviations = paths.iter().flat_map(|p| &p.deviations);
    let mut findings: Vec<Finding> = facts.closed.iter().flat_map(|p| apply(PATHS, facts, ground.mandatory, p)).collect();
    findings.extend(deviations.flat_map(|d| apply(RULES, facts, ground.mandatory, d)));
    nodes.insert(NodeId::of(System::SecurityGroups), Assessment::of(facts, ground, findings));
}

fn at(deviation: &Deviation, level: Level, say: fn(String) -> Finding) -> Option<Finding> {
    (deviation.level == level).then(|| say(deviation.text.clone()))
}

fn required(_: &Facts<'_>, path: &ClosedPath) -> Option<Finding> {
    (!path.missing.is_empty()).then(|| down(format!("{} missing ({})", path.name(), path.where_missing())))
}

/// What is closed towards a system, for the system's own node.
pub(crate) fn closed_to(facts: &Facts<'_>, end: End) -> Vec<Finding> {
    let closed = facts.closed.iter().filter(|p| p.to == end).cloned().collect();
    apply(ENDS, facts, &[], &Doors { closed })
}

/// Closed paths in the words of a system that needs them; degraded, for what still runs behind a closed door.
pub(crate) fn refused<'a>(closed: impl Iterator<Item = &'a ClosedPath>) -> Option<Finding> {
    let names: Vec<String> = closed.map(ClosedPath::name).collect();
    (!names.is_empty()).then(|| degraded(format!("{} {CLOSED}", names.join(", "))))
}

fn reachable(_: &Facts<'_>, doors: &Doors) -> Option<Finding> {
    let finding = refused(doors.closed.iter())?;
    // Port 80 only leads to 443: without it a part of the users is lost.
    let redirect = doors.closed.iter().all(|p| p.port == 80);
    Some(Finding { level: if redirect { Level::Degraded } else { Level::Down }, ..finding })
}

fn extra(_: &Facts<'_>, deviation: &Deviation) -> Option<Finding> {
    at(deviation, Level::Degraded, degraded)
}

fn unknown(_: &Facts<'_>, deviation: &Deviation) -> Option<Finding> {
    at(deviation, Level::Unknown, |text| Finding::new(Level::Unknown, text))
}

fn noted(_: &Facts<'_>, deviation: &Deviation) -> Option<Finding> {
    at(deviation, Level::Healthy, note)
}
