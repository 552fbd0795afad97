//! Rules about the security groups: the deviations that `paths` finds, by what they mean. It knows no rule of the seed itself.

use crate::insight::NodeId;
use crate::insight::facts::Facts;
use crate::insight::finding::{Finding, degraded, down, note};
use crate::insight::node::{Assessment, Ground, Nodes};
use crate::insight::paths::{Deviation, Paths};
use crate::model::health::Level;
use crate::model::network::SecurityGroups;
use crate::model::section::Section;

use super::{Rule, apply};

/// About one deviation.
pub(crate) const RULES: &[Rule<Deviation>] = &[
    Rule {
        id: "sg.required",
        doc: "every rule without which traffic breaks exists; a missing one is down",
        needs: &[SecurityGroups::KEY],
        check: required,
    },
    Rule { id: "sg.extra", doc: "no rule that is not written", needs: &[SecurityGroups::KEY], check: extra },
    Rule { id: "sg.known", doc: "every system's groups are known", needs: &[SecurityGroups::KEY], check: unknown },
    Rule { id: "sg.note", doc: "what the seed itself leaves open: a note", needs: &[SecurityGroups::KEY], check: noted },
];

/// Judges them.
pub(crate) fn assess(facts: &Facts<'_>, ground: &Ground, nodes: &mut Nodes) {
    let paths = facts.store.get::<SecurityGroups>().map(|groups| Paths::of(groups, &facts.stack.addresses));
    let deviations = paths.iter().flat_map(|p| &p.deviations);
    let findings = deviations.flat_map(|d| apply(RULES, facts, ground.mandatory, d)).collect();
    nodes.insert(NodeId::security_groups(), Assessment::of(facts, ground, findings));
}

fn at(deviation: &Deviation, level: Level, say: fn(String) -> Finding) -> Option<Finding> {
    (deviation.level == level).then(|| say(deviation.text.clone()))
}

fn required(_: &Facts<'_>, deviation: &Deviation) -> Option<Finding> {
    at(deviation, Level::Down, down)
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
