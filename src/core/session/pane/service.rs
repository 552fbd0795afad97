//! The pane of one ECS service: its row, and the rows of its lists.

use crate::model::Time;
use crate::model::balancer::{Target, Targets};
use crate::model::log::LogTail;
use crate::model::resource::{Kind, Resource};
use crate::model::scaling::{ScalingActivities, ScalingActivity};
use crate::model::section::Section;
use crate::model::service::TaskDefinitions;
use crate::model::service::{
    ServiceDeployment, ServiceDeploymentStatus, ServiceDeployments, ServiceEvent, Services, StoppedTasks, Task, TaskHealth, TaskStatus,
    Tasks, short_revision,
};
use crate::model::store::Store;
use crate::session::ListState;
use crate::session::Session;
use crate::session::column::{Column, Fill, SortKey, Value};
use crate::session::rows::{borrowed, stamped};

use super::{Lead, PaneId, PaneRow, Query, list, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Service,
    place: None,
    needs: &[ScalingActivities::KEY, TaskDefinitions::KEY, LogTail::KEY],
    panels: &[
        opens("Tasks", |s, q| borrowed(tasks(&s.store, q.subject, q.list), |t| &t.arn), task_log).is(task).columns(TASKS),
        list("Deployments", |s, q| borrowed(deployments(&s.store, q.subject, q.list), |d| &d.arn)).is(deployment).columns(DEPLOYMENTS),
        list("Events", |s, q| stamped(service_events(&s.store, q.subject, q.list), |e| (e.at, &e.message))),
        list("Scaling", |s, q| stamped(activities(&s.store, q.subject, q.list), |a| (a.started_at, &a.description))),
    ],
};

pub(crate) const TASKS: &[Column] = &[
    Column::left("", 1, 0),
    Column::of("task", 13, 1, Fill::Middle, 0).by(SortKey::Text),
    Column::left("status", 14, 0).by(SortKey::State),
    Column::left("health", 9, 4).by(SortKey::State),
    Column::left("target", 10, 1).by(SortKey::State),
    Column::left("zone", 4, 2).by(SortKey::Text),
    Column::left("address", 15, 6).by(SortKey::Text),
    Column::right("rev", 4, 5).by(SortKey::Number),
    Column::right("age", 7, 3).by(SortKey::Time),
    Column::of("reason", 14, 4, Fill::Left, 7).by(SortKey::Text),
];

pub(crate) const DEPLOYMENTS: &[Column] = &[
    Column::left("", 1, 0),
    Column::left("status", 20, 0).by(SortKey::State),
    Column::of("revision", 10, 1, Fill::Middle, 2).by(SortKey::Text),
    Column::left("start (UTC)", 12, 1).by(SortKey::Time),
    Column::right("took", 7, 1).by(SortKey::Number),
    Column::left("breaker", 9, 4).by(SortKey::Number),
    Column::of("reason", 16, 3, Fill::Left, 3).by(SortKey::Text),
];

fn task(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::Task { cluster: session.stack.cluster.clone() };
    tasks(&session.store, query.subject, query.list).get(index).map(|t| Resource::new(kind, t.id()).told(&t.arn))
}

/// A deployment has no name but its ARN.
fn deployment(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::ServiceDeployment { cluster: session.stack.cluster.clone(), service: query.subject.to_owned() };
    deployments(&session.store, query.subject, query.list).get(index).map(|d| Resource::by_arn(kind, &d.arn))
}

/// Enter on a task: its log lines.
fn task_log(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    tasks(&session.store, query.subject, query.list).get(index).map(|t| Lead::Logs(format!("@{}", t.id())))
}

/// Running tasks of a service by zone, then the stopped ones.
pub(crate) fn tasks<'a>(store: &'a Store, service: &str, list: &ListState) -> Vec<&'a Task> {
    let running = store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let stopped = store.get::<StoppedTasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let live = |t: &&Task| t.service == service;
    let rows = running
        .iter()
        .filter(live)
        .chain(stopped.iter().filter(live))
        .filter(|t| {
            list.filter.is_empty()
                || list.filter.matches_fields(&[
                    t.id(),
                    t.status.as_str(),
                    &t.zone,
                    t.health.as_str(),
                    &t.task_definition,
                    t.ip.as_deref().unwrap_or(""),
                    t.stopped_reason.as_deref().unwrap_or(""),
                ])
        })
        .collect();
    list.sorted(rows, TASKS, |task, column| task_value(store, task, column))
}

/// What a task has in a column, for sorting.
fn task_value(store: &Store, task: &Task, column: &str) -> Value {
    let target = || target_of(store, task).filter(|_| task.status != TaskStatus::Stopped);
    match column {
        "task" => Value::text(task.id()),
        "status" => Value::State(match &task.status {
            TaskStatus::Running => 0,
            status if status.is_starting() => 1,
            TaskStatus::Stopped | TaskStatus::Deleted => 3,
            _ => 2,
        }),
        "health" => match task.health {
            TaskHealth::Healthy => Value::State(0),
            TaskHealth::Unhealthy => Value::State(2),
            TaskHealth::Unstated => Value::Unknown,
            _ => Value::State(1),
        },
        "target" => target().map_or(Value::Unknown, |t| Value::State(super::balancer::badness(&t.state))),
        "zone" => Value::text(&task.zone),
        "address" => Value::text(task.ip.as_deref().unwrap_or_default()),
        "rev" => Value::maybe(short_revision(&task.task_definition).rsplit(':').next().and_then(|n| n.parse::<f64>().ok())),
        "age" => Value::time(since(task)),
        "reason" => Value::text(why(store, task)),
        _ => Value::Unknown,
    }
}

/// Since when a task is what it is.
pub(crate) fn since(task: &Task) -> Option<Time> {
    if task.status == TaskStatus::Stopped { task.stopped_at } else { task.started_at.or(task.created_at) }
}

/// The target that a task's address is registered as.
pub(crate) fn target_of<'a>(store: &'a Store, task: &Task) -> Option<&'a Target> {
    let ip = task.ip.as_deref()?;
    store.get::<Targets>()?.groups.values().flatten().find(|t| t.id == ip)
}

/// Why a task stopped, or why its target is not healthy.
pub(crate) fn why(store: &Store, task: &Task) -> String {
    let failed = task.containers.iter().find(|c| c.exit_code.is_some_and(|c| c != 0));
    let stopped = task.stopped_reason.as_deref().unwrap_or("");
    if let Some(code) = failed.and_then(|c| c.exit_code) {
        return format!("exit {code}: {}", failed.and_then(|c| c.reason.as_deref()).unwrap_or(stopped));
    }
    if stopped.is_empty() { target_of(store, task).and_then(|t| t.description.clone()).unwrap_or_default() } else { stopped.to_owned() }
}

/// Deployments of a service, newest first.
pub(crate) fn deployments<'a>(store: &'a Store, service: &str, list: &ListState) -> Vec<&'a ServiceDeployment> {
    let all = store.get::<ServiceDeployments>().map(|d| d.deployments.as_slice()).unwrap_or_default();
    let shown =
        |d: &&ServiceDeployment| d.service == service && list.filter.matches_fields(&[d.status.as_str(), &d.reason, &d.target_revision]);
    list.sorted(all.iter().filter(shown).collect(), DEPLOYMENTS, |d, column| deployment_value(store, d, column))
}

fn deployment_value(store: &Store, found: &ServiceDeployment, column: &str) -> Value {
    let begun = found.started_at.or(found.created_at);
    match column {
        "status" => Value::State(match &found.status {
            ServiceDeploymentStatus::Successful => 0,
            ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress => 1,
            status if status.is_rollback() => 2,
            _ => 3,
        }),
        "revision" => Value::text(found.target_revision.rsplit('/').next().unwrap_or_default()),
        "start (UTC)" => Value::time(begun),
        "took" => Value::span(begun, found.finished_at.or_else(|| store.at::<ServiceDeployments>())),
        "breaker" => Value::maybe(found.breaker.as_ref().filter(|b| b.2 > 0).map(|b| b.1)),
        "reason" => Value::text(found.rollback_reason.as_deref().unwrap_or(&found.reason)),
        _ => Value::Unknown,
    }
}

/// ECS's own events of a service, newest first.
pub(crate) fn service_events<'a>(store: &'a Store, service: &str, list: &ListState) -> Vec<&'a ServiceEvent> {
    let events = store.get::<Services>().and_then(|s| s.get(service)).map(|s| s.events.as_slice()).unwrap_or_default();
    events.iter().filter(|e| list.filter.matches("", &e.message)).collect()
}

/// Scaling activities of a service, newest first.
pub(crate) fn activities<'a>(store: &'a Store, service: &str, list: &ListState) -> Vec<&'a ScalingActivity> {
    let all = store.get::<ScalingActivities>().map(|a| a.activities.as_slice()).unwrap_or_default();
    all.iter().filter(|a| a.service == service && list.filter.matches_fields(&[&a.description, &a.cause, a.status.as_str()])).collect()
}
