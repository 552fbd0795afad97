//! The pane of one ECS service: its row, and the rows of its lists.

use crate::model::log::LogTail;
use crate::model::resource::{Kind, Resource};
use crate::model::scaling::{ScalingActivities, ScalingActivity};
use crate::model::section::Section;
use crate::model::service::TaskDefinitions;
use crate::model::service::{ServiceDeployment, ServiceDeployments, ServiceEvent, Services, StoppedTasks, Task, Tasks};
use crate::model::store::Store;
use crate::session::Session;
use crate::session::filter::Filter;
use crate::session::rows::{borrowed, stamped};

use super::{Lead, PaneId, PaneRow, Query, list, opens};

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Service,
    place: None,
    needs: &[ScalingActivities::KEY, TaskDefinitions::KEY, LogTail::KEY],
    panels: &[
        opens("Tasks", |s, q| borrowed(tasks(&s.store, q.subject, q.filter), |t| &t.arn), task_log).is(task),
        list("Deployments", |s, q| borrowed(deployments(&s.store, q.subject, q.filter), |d| &d.arn)).is(deployment),
        list("Events", |s, q| stamped(service_events(&s.store, q.subject, q.filter), |e| (e.at, &e.message))),
        list("Scaling", |s, q| stamped(activities(&s.store, q.subject, q.filter), |a| (a.started_at, &a.description))),
    ],
};

fn task(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::Task { cluster: session.stack.cluster.clone() };
    tasks(&session.store, query.subject, query.filter).get(index).map(|t| Resource::new(kind, t.id()).told(&t.arn))
}

/// A deployment has no name but its ARN.
fn deployment(session: &Session, query: &Query<'_>, index: usize) -> Option<Resource> {
    let kind = Kind::ServiceDeployment { cluster: session.stack.cluster.clone(), service: query.subject.to_owned() };
    deployments(&session.store, query.subject, query.filter).get(index).map(|d| Resource::by_arn(kind, &d.arn))
}

/// Enter on a task: its log lines.
fn task_log(session: &Session, query: &Query<'_>, index: usize) -> Option<Lead> {
    tasks(&session.store, query.subject, query.filter).get(index).map(|t| Lead::Logs(format!("@{}", t.id())))
}

/// Running tasks of a service by zone, then the stopped ones.
pub(crate) fn tasks<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a Task> {
    let running = store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let stopped = store.get::<StoppedTasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
    let live = |t: &&Task| t.service == service;
    running
        .iter()
        .filter(live)
        .chain(stopped.iter().filter(live))
        .filter(|t| {
            filter.is_empty()
                || filter.matches_fields(&[
                    t.id(),
                    t.status.as_str(),
                    &t.zone,
                    t.health.as_str(),
                    &t.task_definition,
                    t.ip.as_deref().unwrap_or(""),
                    t.stopped_reason.as_deref().unwrap_or(""),
                ])
        })
        .collect()
}

/// Deployments of a service, newest first.
pub(crate) fn deployments<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ServiceDeployment> {
    let all = store.get::<ServiceDeployments>().map(|d| d.deployments.as_slice()).unwrap_or_default();
    all.iter().filter(|d| d.service == service && filter.matches_fields(&[d.status.as_str(), &d.reason, &d.target_revision])).collect()
}

/// ECS's own events of a service, newest first.
pub(crate) fn service_events<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ServiceEvent> {
    let events = store.get::<Services>().and_then(|s| s.get(service)).map(|s| s.events.as_slice()).unwrap_or_default();
    events.iter().filter(|e| filter.matches("", &e.message)).collect()
}

/// Scaling activities of a service, newest first.
pub(crate) fn activities<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ScalingActivity> {
    let all = store.get::<ScalingActivities>().map(|a| a.activities.as_slice()).unwrap_or_default();
    all.iter().filter(|a| a.service == service && filter.matches_fields(&[&a.description, &a.cause, a.status.as_str()])).collect()
}
