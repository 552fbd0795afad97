//! What a field of a form can be, from what is known: services, running tasks, node groups, zones, alarms, stages, revisions.

use crate::model::action::{Spec, Subject, Takes};
use crate::model::alarm::Alarms;
use crate::model::cache::ReplicationGroup;
use crate::model::database::Database;
use crate::model::delivery::Pipeline;
use crate::model::network::{NatGateways, zone_letter};
use crate::model::service::{TaskDefinitions, TaskStatus, Tasks, short_revision};
use crate::session::Session;

/// The values that the target of an action can have; `of` narrows tasks to a service.
pub(super) fn targets(session: &Session, subject: Subject, of: Option<&str>) -> Vec<String> {
    let store = &session.store;
    match subject {
        Subject::Service => session.stack.services.iter().map(|s| s.name.clone()).collect(),
        Subject::Task => {
            let tasks = store.get::<Tasks>().map(|t| t.tasks.as_slice()).unwrap_or_default();
            let mine = |service: &str| of.is_none_or(|o| o == service);
            tasks.iter().filter(|t| t.status == TaskStatus::Running && mine(&t.service)).map(|t| t.id().to_owned()).collect()
        }
        Subject::NodeGroup => {
            session.in_view().0.get::<ReplicationGroup>().map(|g| g.node_groups.iter().map(|n| n.id.clone()).collect()).unwrap_or_default()
        }
        Subject::Zone => zones(session),
        Subject::Alarm => store.get::<Alarms>().map(|a| a.for_people().map(|a| a.name.clone()).collect()).unwrap_or_default(),
        Subject::Project => session.stack.projects.clone(),
        Subject::Database | Subject::Pipeline | Subject::Distribution => Vec::new(),
    }
}

/// The values that a parameter can have; none where anything of its form can be typed.
pub(super) fn values(session: &Session, spec: &Spec, takes: Takes, target: &str) -> Vec<String> {
    match takes {
        Takes::Resource => spec.subject.system().map(|system| session.resources(system)).unwrap_or_default(),
        Takes::Zone => std::iter::once("auto".to_owned()).chain(zones(session)).collect(),
        Takes::Reader => {
            let cluster = session.in_view().0.get::<Database>().and_then(|d| d.cluster.as_ref());
            cluster.map_or_else(Vec::new, |c| std::iter::once("auto".to_owned()).chain(c.readers().map(|r| r.id.clone())).collect())
        }
        Takes::Stage => {
            let stages = session.store.get::<Pipeline>().map(|p| p.stages.as_slice()).unwrap_or_default();
            std::iter::once("failed".to_owned()).chain(stages.iter().map(|s| s.name.clone())).collect()
        }
        Takes::Revision => revisions(session, target),
        _ => Vec::new(),
    }
}

fn zones(session: &Session) -> Vec<String> {
    let gateways = session.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default();
    let mut letters: Vec<String> = gateways.iter().map(|g| zone_letter(&g.zone).to_owned()).filter(|l| !l.is_empty()).collect();
    letters.sort();
    letters.dedup();
    letters
}

/// The last successful one, then the revisions that are known of the service.
fn revisions(session: &Session, service: &str) -> Vec<String> {
    let services = session.store.get::<crate::model::service::Services>();
    let current = services.and_then(|s| s.get(service)).map(|s| short_revision(&s.task_definition).to_owned()).unwrap_or_default();
    let family = current.split(':').next().unwrap_or_default();
    let known = session
        .store
        .get::<TaskDefinitions>()
        .map(|d| d.definitions.keys().map(|arn| short_revision(arn).to_owned()).collect::<Vec<String>>())
        .unwrap_or_default();
    let mine = known.into_iter().filter(|r| *r != current && r.split(':').next() == Some(family));
    std::iter::once("last-successful".to_owned()).chain(mine).collect()
}
