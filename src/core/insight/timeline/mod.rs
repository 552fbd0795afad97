//! The timeline: what every source says about the past, in one list, newest first, shortened and without repetition.
//! It reads the last good values, however old. Called by `watch`.

pub(crate) mod phrase;

use std::collections::HashMap;

use crate::model::alarm::{Alarm, AlarmHistory, AlarmState, Alarms, HistoryItemType};
use crate::model::cache::{CacheEvents, DataEvent};
use crate::model::cdn::{Cdn, Invalidation};
use crate::model::database::DatabaseEvents;
use crate::model::delivery::{Build, BuildStatus, Builds, Image, Pipeline, PipelineExecution, PipelineStatus, Repositories, Repository};
use crate::model::health::Level;
use crate::model::scaling::{ActivityStatus, ScalingActivities, ScalingActivity};
use crate::model::security::{Secret, Secrets};
use crate::model::service::{
    Deployment, Service, ServiceDeployment, ServiceDeploymentStatus, ServiceDeployments, ServiceEvent, Services, StoppedTasks, Task,
};
use crate::model::store::Store;
use crate::model::system::{SYSTEMS, System};
use crate::model::{Time, text};

use crate::insight::health::rules::alarms::short_reason;
use crate::insight::health::rules::delivery::build_cause;
use crate::insight::health::rules::service::{is_failure, stop_cause};
use crate::insight::judgement::{Event, EventKind, NodeId};
use crate::insight::topology::images::short_digest;

/// Lines that are kept.
const KEEP: usize = 500;
/// Lines that are written out before repetition is taken away.
const CANDIDATES: usize = 2 * KEEP;
/// Two sources that tell of the same thing differ by at most this.
const SAME: chrono::TimeDelta = chrono::TimeDelta::seconds(120);
/// The last timeline, and of which data it was made.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    revisions: Vec<u64>,
    events: Vec<Event>,
}

/// One line before it is written out: sorting 50,000 of them must be cheap.
#[derive(Clone, Copy)]
enum Record<'a> {
    Service(&'a Service, usize, &'a ServiceEvent),
    Begun(&'a Service, &'a Deployment),
    Deployed(&'a ServiceDeployment),
    Stopped(&'a Task),
    Scaled(&'a ScalingActivity),
    Alarm(&'a Alarm),
    Change(&'a str, &'a str),
    Database(&'a DataEvent),
    Cache(&'a DataEvent),
    Platform(Platform<'a>),
}

/// What is the same event, told by another source.
enum Twin {
    /// The same words at the same second: `started 1 task` twice in two minutes is two starts.
    Exact,
    /// These words at nearly the same time.
    Near(String),
}

/// A line of delivery, edge or secrets.
#[derive(Clone, Copy)]
enum Platform<'a> {
    Executing(&'a PipelineExecution),
    Executed(&'a PipelineExecution),
    Built(&'a Build),
    Pushed(&'a Repository, &'a Image),
    Invalidated(&'a Invalidation),
    Rotated(&'a Secret),
}

impl Timeline {
    /// The timeline of a store; made anew only when one of its sections has answered.
    pub(crate) fn of(&mut self, store: &Store, now: Time) -> Vec<Event> {
        let revisions: Vec<u64> =
            SYSTEMS.iter().flat_map(|s| s.spec().history).map(|key| store.entry(*key).map_or(0, |e| e.revision)).collect();
        if revisions != self.revisions || self.events.is_empty() {
            self.events = build(store, now);
            self.revisions = revisions;
        }
        self.events.clone()
    }
}

impl Timeline {
    /// What a resource beside the first of its kind tells of itself.
    pub(crate) fn of_member(&mut self, node: &NodeId, store: &Store, now: Time) -> impl Iterator<Item = Event> {
        let own = NodeId::of(node.system());
        let renamed = node.clone();
        self.of(store, now).into_iter().filter(move |e| e.node == own).map(move |e| Event { node: renamed.clone(), ..e })
    }
}

fn build(store: &Store, now: Time) -> Vec<Event> {
    let mut lines = Vec::new();
    from_ecs(store, &mut lines);
    let alarms = store.get::<Alarms>();
    lines.extend(alarms.iter().flat_map(|a| a.for_people()).filter_map(|a| Some((a.since?, Record::Alarm(a)))));
    let scaling = |name: &str| {
        name.starts_with("TargetTracking-") || alarms.is_some_and(|a| a.alarms.iter().any(|a| a.name == name && a.is_scaling()))
    };
    let changes = store.get::<AlarmHistory>().map_or(&[][..], |h| h.changes.as_slice());
    let changes = changes.iter().filter(|c| c.kind == HistoryItemType::StateUpdate && !scaling(&c.name));
    lines.extend(changes.filter_map(|c| Some((c.at?, Record::Change(&c.name, &c.summary)))));
    let events = store.get::<DatabaseEvents>().map_or(&[][..], |e| e.events.as_slice());
    lines.extend(events.iter().filter_map(|e| Some((e.at?, Record::Database(e)))));
    let events = store.get::<CacheEvents>().map_or(&[][..], |e| e.events.as_slice());
    lines.extend(events.iter().filter_map(|e| Some((e.at?, Record::Cache(e)))));
    from_platform(store, &mut lines);
    // A cloud whose clock runs ahead must not pin a line to the top for ever.
    lines.retain(|(at, _)| *at <= now + SAME);
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    lines.truncate(CANDIDATES);
    distinct(lines.into_iter().filter(|(_, record)| !record.repeats()).map(|(at, record)| record.write(at)))
}

/// What every source says about this time, the newest first, as far as the store still holds it.
pub(crate) fn between(store: &Store, from: Time, until: Time) -> Vec<Event> {
    let mut events = build(store, until);
    events.retain(|e| (from..=until).contains(&e.at));
    events
}

fn from_ecs<'a>(store: &'a Store, lines: &mut Vec<(Time, Record<'a>)>) {
    for service in store.get::<Services>().map_or(&[][..], |s| s.services.as_slice()) {
        let events = service.events.iter().enumerate().filter_map(|(i, e)| Some((e.at?, Record::Service(service, i, e))));
        lines.extend(events);
        let begun = service.deployments.iter().filter_map(|d| Some((d.created_at?, Record::Begun(service, d))));
        lines.extend(begun);
    }
    let deployed = store.get::<ServiceDeployments>().map_or(&[][..], |d| d.deployments.as_slice());
    lines.extend(deployed.iter().filter_map(|d| Some((d.finished_at?, Record::Deployed(d)))));
    let stopped = store.get::<StoppedTasks>().map_or(&[][..], |t| t.tasks.as_slice());
    let stopped = stopped.iter().filter(|t| !t.service.is_empty());
    lines.extend(stopped.filter_map(|t| Some((t.stopped_at.or(t.stopping_at)?, Record::Stopped(t)))));
    let scaled = store.get::<ScalingActivities>().map_or(&[][..], |a| a.activities.as_slice());
    lines.extend(scaled.iter().filter_map(|a| Some((a.started_at?, Record::Scaled(a)))));
}

/// What somebody or something changed in this time, the newest first: deployments, scaling, images, builds, secrets. What only tells how the
/// stack is (alarms, tasks that stopped, events of a failover) is not among it.
pub(crate) fn changes(store: &Store, from: Time, until: Time) -> Vec<Event> {
    let mut lines = Vec::new();
    for service in store.get::<Services>().map_or(&[][..], |s| s.services.as_slice()) {
        lines.extend(service.deployments.iter().filter_map(|d| Some((d.created_at?, Record::Begun(service, d)))));
    }
    let deployed = store.get::<ServiceDeployments>().map_or(&[][..], |d| d.deployments.as_slice());
    lines.extend(deployed.iter().filter_map(|d| Some((d.finished_at?, Record::Deployed(d)))));
    let scaled = store.get::<ScalingActivities>().map_or(&[][..], |a| a.activities.as_slice());
    lines.extend(scaled.iter().filter_map(|a| Some((a.started_at?, Record::Scaled(a)))));
    from_platform(store, &mut lines);
    lines.retain(|(at, _)| (from..=until).contains(at));
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    distinct(lines.into_iter().map(|(at, record)| record.write(at)))
}

/// Deliveries, and what changes beside them: what is polled seldom tells of it late.
fn from_platform<'a>(store: &'a Store, lines: &mut Vec<(Time, Record<'a>)>) {
    let mut add = |at: Option<Time>, line: Platform<'a>| lines.extend(at.map(|at| (at, Record::Platform(line))));
    for execution in store.get::<Pipeline>().map_or(&[][..], |p| p.executions.as_slice()) {
        add(execution.started_at, Platform::Executing(execution));
        let ended = !execution.status.is_open();
        add(execution.updated_at.filter(|_| ended), Platform::Executed(execution));
    }
    let builds = store.get::<Builds>().map_or(&[][..], |b| b.builds.as_slice());
    for build in builds {
        add(build.ended_at, Platform::Built(build));
    }
    for repository in store.get::<Repositories>().map_or(&[][..], |r| r.repositories.as_slice()) {
        for image in &repository.images {
            add(image.pushed_at, Platform::Pushed(repository, image));
        }
    }
    let distribution = store.get::<Cdn>().and_then(|c| c.distribution.as_ref());
    let invalidations = distribution.map_or(&[][..], |d| d.invalidations.as_slice());
    for invalidation in invalidations {
        add(invalidation.at, Platform::Invalidated(invalidation));
    }
    let secrets = store.get::<Secrets>().map_or(&[][..], |s| s.secrets.as_slice());
    for secret in secrets {
        add(secret.rotated_at, Platform::Rotated(secret));
    }
}

/// Drops a line that another source has told already: same node, same words, at nearly the same time.
fn distinct(events: impl Iterator<Item = (Event, Twin)>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    let mut last: HashMap<(NodeId, String), Time> = HashMap::new();
    for (event, twin) in events {
        let (words, slack) = match twin {
            Twin::Near(words) => (words, SAME),
            Twin::Exact => (event.text.clone(), chrono::TimeDelta::zero()),
        };
        let told = last.insert((event.node.clone(), words), event.at).is_some_and(|newer| newer - event.at <= slack);
        if !told {
            kept.push(event);
        }
        if kept.len() == KEEP {
            break;
        }
    }
    kept
}

impl Record<'_> {
    /// A steady state that follows a steady state: AWS repeats it every six hours.
    fn repeats(&self) -> bool {
        let Self::Service(service, i, event) = self else { return false };
        let steady = |e: &ServiceEvent| e.message.contains("steady state");
        steady(event) && service.events.get(i + 1).is_some_and(steady)
    }

    /// How another line of the same event is known, when this one says `text`.
    fn twin(&self, text: &str) -> Twin {
        match self {
            // The current state of an alarm knows its reason, its history does not.
            Self::Alarm(alarm) => Twin::Near(transition(&alarm.name, &alarm.state).1),
            Self::Change(..) => Twin::Near(text.to_owned()),
            Self::Deployed(d) if d.status == ServiceDeploymentStatus::Successful => Twin::Near(text.to_owned()),
            Self::Service(_, _, event) if phrase::is_told_twice(phrase::SERVICE, &event.message) => Twin::Near(text.to_owned()),
            Self::Database(event) | Self::Cache(event) if phrase::is_told_twice(phrase::DATA, &event.message) => {
                Twin::Near(text.to_owned())
            }
            _ => Twin::Exact,
        }
    }

    fn write(self, at: Time) -> (Event, Twin) {
        let (node, level, text) = match self {
            Self::Service(service, _, event) => {
                let (level, text) = phrase::read(phrase::SERVICE, &event.message);
                (NodeId::service(&service.name), level, text)
            }
            Self::Begun(service, d) => (NodeId::service(&service.name), Level::Info, format!("deployment of {} started", d.revision())),
            Self::Deployed(d) => {
                let (level, text) = deployed(d);
                (NodeId::service(&d.service), level, text)
            }
            Self::Stopped(task) => {
                let level = if is_failure(task) { Level::Degraded } else { Level::Info };
                (NodeId::service(&task.service), level, format!("task {} stopped: {}", text::short_id(task.id()), stop_cause(task)))
            }
            Self::Scaled(a) => {
                let level = if a.status == ActivityStatus::Failed { Level::Degraded } else { Level::Info };
                (NodeId::service(&a.service), level, scaled(a))
            }
            Self::Alarm(alarm) => {
                let why = if alarm.state == AlarmState::Alarm { short_reason(alarm) } else { String::new() };
                let (level, text) = transition(&alarm.name, &alarm.state);
                (NodeId::of(System::Alarms), level, if why.is_empty() { text } else { format!("{text} ({why})") })
            }
            Self::Change(name, summary) => {
                let to = summary.rsplit(" to ").next().unwrap_or(summary).trim_end_matches('.').trim();
                let (level, text) = transition(name, &to.into());
                (NodeId::of(System::Alarms), level, text)
            }
            Self::Database(event) => {
                let (level, text) = phrase::read(phrase::DATA, &event.message);
                (NodeId::of(System::Database), level, text)
            }
            Self::Cache(event) => {
                let (level, text) = phrase::read(phrase::DATA, &event.message);
                let named = matches!(text.as_str(), "recovering" | "finished recovery");
                (NodeId::of(System::Cache), level, if named { format!("{} {text}", event.source) } else { text })
            }
            Self::Platform(line) => line.write(),
        };
        let (twin, kind) = (self.twin(&text), self.kind(level));
        (Event { at, node, level, text, kind }, twin)
    }

    fn kind(self, level: Level) -> EventKind {
        match self {
            Self::Begun(..) | Self::Deployed(_) => EventKind::Deployment,
            Self::Stopped(_) => EventKind::Stop,
            Self::Scaled(_) => EventKind::Scaling,
            Self::Alarm(_) | Self::Change(..) => EventKind::Alarm,
            Self::Database(_) | Self::Cache(_) if level >= Level::Degraded => EventKind::Failover,
            Self::Platform(Platform::Rotated(_)) => EventKind::Secret,
            Self::Platform(Platform::Invalidated(_)) | Self::Service(..) | Self::Database(_) | Self::Cache(_) => EventKind::Note,
            Self::Platform(_) => EventKind::Delivery,
        }
    }
}

impl Platform<'_> {
    fn write(self) -> (NodeId, Level, String) {
        match self {
            Self::Executing(e) => (NodeId::of(System::Pipeline), Level::Info, format!("execution started{}", quoted(&e.revision))),
            Self::Executed(e) => {
                let (level, word) = match &e.status {
                    PipelineStatus::Succeeded => (Level::Healthy, "succeeded"),
                    PipelineStatus::Failed => (Level::Degraded, "failed"),
                    other => (Level::Info, other.as_str()),
                };
                (NodeId::of(System::Pipeline), level, format!("execution {}{}", word.to_lowercase(), quoted(&e.revision)))
            }
            Self::Built(b) => {
                let version = b.version.get(..8).unwrap_or(&b.version);
                let of = if version.is_empty() { b.project.clone() } else { format!("{} at {version}", b.project) };
                match &b.status {
                    BuildStatus::Succeeded => (NodeId::of(System::Builds), Level::Healthy, format!("built {of}")),
                    BuildStatus::Stopped => (NodeId::of(System::Builds), Level::Info, format!("build of {of} stopped")),
                    status => (NodeId::of(System::Builds), Level::Degraded, format!("build of {of} {status}{}", build_cause(b))),
                }
            }
            Self::Pushed(r, i) => {
                let tag = i.tags.first().map_or("untagged", String::as_str);
                (
                    NodeId::of(System::Repositories),
                    Level::Info,
                    format!("pushed {}:{} ({})", r.name, text::clip(tag, 40), short_digest(&i.digest)),
                )
            }
            Self::Invalidated(i) => (NodeId::of(System::Cdn), Level::Info, format!("invalidation {} created", i.id)),
            Self::Rotated(s) => (NodeId::of(System::Secrets), Level::Info, format!("rotated {}", s.name)),
        }
    }
}

/// `: Search by policy number`, or nothing.
fn quoted(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", text::clip(words, 60)) }
}

fn deployed(d: &ServiceDeployment) -> (Level, String) {
    let why = d.rollback_reason.as_deref().filter(|r| !r.is_empty()).unwrap_or(&d.reason).trim_end_matches('.');
    let why = if why.is_empty() { String::new() } else { format!(": {}", text::clip(why, 80)) };
    match &d.status {
        ServiceDeploymentStatus::Successful => (Level::Healthy, "deployment completed".to_owned()),
        ServiceDeploymentStatus::RollbackSuccessful => (Level::Degraded, format!("deployment rolled back{why}")),
        ServiceDeploymentStatus::Stopped => (Level::Info, format!("deployment stopped{why}")),
        status => (Level::Degraded, format!("deployment {}{why}", status.as_str().to_lowercase().replace('_', " "))),
    }
}

/// `desired count → 4 (AlarmHigh)`.
fn scaled(a: &ScalingActivity) -> String {
    let what = a.description.trim_end_matches('.').replacen("Setting desired count to ", "desired count → ", 1);
    let cause = ["AlarmHigh", "AlarmLow", "minimum capacity", "maximum capacity"].iter().find(|c| a.cause.contains(**c));
    let failed = if a.status == ActivityStatus::Failed { " failed" } else { "" };
    format!("{}{failed}{}", text::clip(&what, 80), cause.map_or_else(String::new, |c| format!(" ({c})")))
}

fn transition(name: &str, state: &AlarmState) -> (Level, String) {
    let level = match state {
        AlarmState::Alarm => Level::Degraded,
        AlarmState::Ok => Level::Healthy,
        _ => Level::Info,
    };
    (level, format!("alarm {name}: {}", state.as_str().replace('_', " ")))
}
