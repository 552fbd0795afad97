//! The written architecture's CI/CD Flow, per service: the newest run of its delivery as one row of steps.
//! It judges no more than the nodes do: CI is never worse than degraded. Called by `flows`; what belongs to a run is in `run`, the steps
//! themselves are in `steps`.

use super::Delivery;
use super::parts::Parts;
use super::run::{ServiceRun, Stage, line};
use super::steps;
use crate::insight::topology::images::short_digest;
use crate::model::health::Level;

/// Services that are drawn: those in progress, then the newest.
const DRAWN: usize = 12;

/// Draws them.
pub(super) fn deliveries(parts: &Parts<'_>) -> Vec<Delivery> {
    let mut lines: Vec<ServiceRun<'_>> = parts.stack().services.iter().enumerate().filter_map(|(i, spec)| line(parts, i, spec)).collect();
    lines.sort_by_key(|l| (std::cmp::Reverse(l.active()), std::cmp::Reverse(l.began())));
    lines.iter().take(DRAWN).map(|line| delivery(parts, line)).collect()
}

fn delivery(parts: &Parts<'_>, line: &ServiceRun<'_>) -> Delivery {
    let steps = steps::all(parts, line);
    let at = steps.iter().position(|s| s.state == super::StepState::Failed);
    let at = at.or_else(|| steps.iter().position(|s| s.state == super::StepState::Running));
    // Before it is rolled out a run has no revision: the one in place is not its own.
    let rollout = line.rollout.filter(|_| line.stage == Stage::Rolled);
    Delivery {
        service: line.spec.name.clone(),
        role: line.spec.role.clone(),
        active: line.active(),
        revision: rollout.map(|d| d.revision().to_owned()).unwrap_or_default(),
        commit: commit(line),
        digest: line.digest.map(short_digest).unwrap_or_default().to_owned(),
        at,
        began: line.began(),
        level: steps.iter().map(|s| s.level).max().unwrap_or(Level::Healthy),
        steps,
    }
}

fn commit(line: &ServiceRun<'_>) -> String {
    let built = line.build.map(|b| b.version.as_str()).filter(|v| !v.is_empty());
    built.or_else(|| line.source().map(|(_, action)| action.revision.as_str())).unwrap_or_default().to_owned()
}
