//! Rules about the log group: whether events still arrive while tasks run.

use crate::insight::NodeId;
use crate::insight::health::facts::Facts;
use crate::insight::health::finding::{Finding, degraded};
use crate::insight::health::node::{Assessment, Nodes};
use crate::model::limits::Limit;
use crate::model::log::{LogGroup, LogTail};
use crate::model::metric::{self, PUBLISH_LAG};
use crate::model::section::Section;
use crate::model::service::{Services, Task, TaskStatus, Tasks};
use crate::model::system::{System, SystemSpec};
use crate::model::{Time, text};

use super::{Rule, apply};

/// About the group.
pub(crate) const RULES: &[Rule<LogTail>] = &[
    Rule { id: "logs.silent", doc: "the last event while tasks run: {log_silence}", needs: &[LogTail::KEY, Services::KEY], check: silent },
    Rule {
        id: "logs.task",
        doc: "the last line of every running task: {log_silence}",
        needs: &[LogTail::KEY, LogGroup::KEY, Tasks::KEY],
        check: task_silent,
    },
];

/// Judges the group.
pub(crate) fn assess(facts: &Facts<'_>, ground: &SystemSpec, nodes: &mut Nodes) {
    let findings = facts.store.get::<LogTail>().map_or_else(Vec::new, |tail| apply(RULES, facts, ground.mandatory, tail));
    nodes.insert(NodeId::of(System::Logs), Assessment::of(facts, ground, findings));
}

/// The newest event, by anything that tells: the tail, the streams, the metric.
fn newest(facts: &Facts<'_>, tail: &LogTail) -> Option<Time> {
    let tailed = tail.events.back().map(|e| e.arrived());
    let streams = facts.fresh::<LogGroup>().and_then(|g| g.streams.iter().filter_map(|s| s.last(facts.now)).max());
    let counted = facts.window().and_then(|w| w.latest(metric::Logs::Events)).filter(|n| *n > 0.0).map(|_| facts.now - PUBLISH_LAG);
    tailed.max(streams).max(counted)
}

fn silent(facts: &Facts<'_>, tail: &LogTail) -> Option<Finding> {
    let tasks = facts.running();
    if tasks == 0 {
        return None;
    }
    match newest(facts, tail) {
        Some(at) if facts.now - at > facts.limits().span(Limit::LogSilence) => {
            Some(degraded(format!("no log events for {} while {tasks} tasks run", text::age(at, facts.now))).since(Some(at)))
        }
        // Nothing at all: only once the tasks had time to say something.
        None => {
            let oldest = facts.stack.services.iter().flat_map(|s| facts.tasks_of(&s.name)).filter_map(|t| t.started_at).min()?;
            (facts.now - oldest > facts.limits().span(Limit::LogSilence))
                .then(|| degraded(format!("no log events while {tasks} tasks run")))
        }
        Some(_) => None,
    }
}

/// AWS corrects `lastIngestionTime` late, and streams are polled seldom: they are held against the time when they were fetched.
fn task_silent(facts: &Facts<'_>, tail: &LogTail) -> Option<Finding> {
    let fetched = facts.store.at::<LogGroup>()?;
    let streams = &facts.fresh::<LogGroup>()?.streams;
    let silent = |task: &&Task| {
        let started =
            task.status == TaskStatus::Running && task.started_at.is_some_and(|at| fetched - at > facts.limits().span(Limit::LogSilence));
        let stream = streams.iter().find(|s| s.name.ends_with(task.id())).and_then(|s| s.last(facts.now));
        let quiet = stream.is_some_and(|at| fetched - at > facts.limits().span(Limit::LogSilence));
        let recent = |at: Time| facts.now - at <= facts.limits().span(Limit::LogSilence);
        started && quiet && !tail.events.iter().rev().any(|e| recent(e.arrived()) && e.stream.ends_with(task.id()))
    };
    let services = || facts.stack.services.iter().flat_map(|s| facts.tasks_of(&s.name));
    let quiet: Vec<&Task> = services().filter(silent).collect();
    let first = quiet.first()?;
    let since = streams.iter().find(|s| s.name.ends_with(first.id())).and_then(|s| s.last(facts.now));
    let total = services().filter(|t| t.status == TaskStatus::Running).count();
    let text = format!("{} of {total} tasks silent for 5 min ({} {})", quiet.len(), first.service, text::short_id(first.id()));
    Some(degraded(text).since(since))
}
