//! The rows of every list, filtered, in the order in which they are shown. `update` moves the selection over them by
//! identity, `view` draws the visible ones: both call the same functions, so they cannot disagree.

use std::borrow::Cow;

use super::Session;
use super::filter::Filter;
use super::pane::PaneId;
use crate::insight::Event;
use crate::model::alarm::{Alarm, AlarmChange, AlarmHistory, Alarms};
use crate::model::balancer::{Listener, Routing, Rule, Target, TargetGroup, Targets};
use crate::model::cache::{CacheEvents, CacheMember, DataEvent, NodeGroup, ReplicationGroup};
use crate::model::database::DatabaseEvents;
use crate::model::scaling::{ScalingActivities, ScalingActivity};
use crate::model::service::{ServiceDeployment, ServiceDeployments, ServiceEvent, Services, StoppedTasks, Task, Tasks};
use crate::model::store::Store;

/// Running tasks of a service by zone, then the stopped ones.
pub fn tasks<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a Task> {
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
                    &t.status,
                    &t.zone,
                    &t.health,
                    &t.task_definition,
                    t.ip.as_deref().unwrap_or(""),
                    t.stopped_reason.as_deref().unwrap_or(""),
                ])
        })
        .collect()
}

/// Deployments of a service, newest first.
pub fn deployments<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ServiceDeployment> {
    let all = store.get::<ServiceDeployments>().map(|d| d.deployments.as_slice()).unwrap_or_default();
    all.iter().filter(|d| d.service == service && filter.matches_fields(&[&d.status, &d.reason, &d.target_revision])).collect()
}

/// ECS's own events of a service, newest first.
pub fn service_events<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ServiceEvent> {
    let events = store.get::<Services>().and_then(|s| s.get(service)).map(|s| s.events.as_slice()).unwrap_or_default();
    events.iter().filter(|e| filter.matches("", &e.message)).collect()
}

/// Scaling activities of a service, newest first.
pub fn activities<'a>(store: &'a Store, service: &str, filter: &Filter) -> Vec<&'a ScalingActivity> {
    let all = store.get::<ScalingActivities>().map(|a| a.activities.as_slice()).unwrap_or_default();
    all.iter().filter(|a| a.service == service && filter.matches_fields(&[&a.description, &a.cause, &a.status])).collect()
}

/// Every target with its group, by group, zone and address.
pub fn targets<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a TargetGroup, &'a Target)> {
    let (Some(routing), Some(targets)) = (store.get::<Routing>(), store.get::<Targets>()) else { return Vec::new() };
    let mut rows: Vec<(&TargetGroup, &Target)> = routing
        .target_groups
        .iter()
        .flat_map(|g| targets.groups.get(&g.arn).into_iter().flatten().map(move |t| (g, t)))
        .filter(|(g, t)| filter.matches_fields(&[&g.name, &t.id, &t.zone, &t.state, t.reason.as_deref().unwrap_or("")]))
        .collect();
    rows.sort_by(|a, b| (&a.0.name, &a.1.zone, &a.1.id).cmp(&(&b.0.name, &b.1.zone, &b.1.id)));
    rows
}

/// Every target group with its settings.
pub fn target_groups<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a TargetGroup> {
    let groups = store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default();
    groups.iter().filter(|g| filter.matches_fields(&[&g.name, &g.health_path])).collect()
}

/// Every rule with its listener, in order of evaluation.
pub fn rules<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a Listener, Option<&'a Rule>)> {
    let listeners = store.get::<Routing>().map(|r| r.listeners.as_slice()).unwrap_or_default();
    let mut rows = Vec::new();
    for listener in listeners {
        if listener.rules.is_empty() {
            rows.push((listener, None));
        }
        rows.extend(listener.rules.iter().map(|r| (listener, Some(r))));
    }
    rows.retain(|(l, r)| {
        let paths = r.map(|r| r.paths.join(" ")).unwrap_or_default();
        filter.matches_fields(&[&l.protocol, &l.default_action, &paths])
    });
    rows
}

/// Every Redis node with its shard.
pub fn cache_nodes<'a>(store: &'a Store, filter: &Filter) -> Vec<(&'a NodeGroup, &'a CacheMember)> {
    let groups = store.get::<ReplicationGroup>().map(|g| g.node_groups.as_slice()).unwrap_or_default();
    groups
        .iter()
        .flat_map(|g| g.members.iter().map(move |m| (g, m)))
        .filter(|(g, m)| filter.matches_fields(&[&g.id, &m.id, &m.zone]))
        .collect()
}

/// Events of Redis or the database, newest first.
pub fn data_events<'a>(store: &'a Store, pane: PaneId, filter: &Filter) -> Vec<&'a DataEvent> {
    let events = if pane == PaneId::Cache {
        store.get::<CacheEvents>().map(|e| e.events.as_slice())
    } else {
        store.get::<DatabaseEvents>().map(|e| e.events.as_slice())
    };
    events.unwrap_or_default().iter().filter(|e| filter.matches(&e.source, &e.message)).collect()
}

/// Alarms for people, worst and newest first; the scaling alarms after them when they are unfolded.
pub fn alarms<'a>(store: &'a Store, unfolded: bool, filter: &Filter) -> Vec<&'a Alarm> {
    let all = store.get::<Alarms>().map(|a| a.alarms.as_slice()).unwrap_or_default();
    let rank = |a: &Alarm| {
        (
            a.is_scaling(),
            match a.state.as_str() {
                "ALARM" => 0,
                "INSUFFICIENT_DATA" => 1,
                _ => 2,
            },
        )
    };
    let mut rows: Vec<&Alarm> =
        all.iter().filter(|a| (unfolded || !a.is_scaling()) && filter.matches_fields(&[&a.name, &a.state, &a.reason, &a.metric])).collect();
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.since.cmp(&a.since)).then(a.name.cmp(&b.name)));
    rows
}

/// State changes of alarms, newest first.
pub fn alarm_history<'a>(store: &'a Store, filter: &Filter) -> Vec<&'a AlarmChange> {
    let all = store.get::<AlarmHistory>().map(|h| h.changes.as_slice()).unwrap_or_default();
    all.iter().filter(|c| filter.matches_fields(&[&c.name, &c.summary])).collect()
}

/// What changed, newest first.
pub fn timeline<'a>(session: &'a Session, filter: &Filter) -> Vec<&'a Event> {
    session.judgement.timeline.iter().filter(|e| filter.matches(&e.node.0, &e.text)).collect()
}

/// The identities of a list's rows: what the selection holds on to and `y` copies.
pub fn ids<'a>(session: &'a Session, pane: PaneId, subject: &str, panel: usize) -> Vec<Cow<'a, str>> {
    let state = session.list(pane, subject, panel);
    let (store, filter) = (&*session.store, &state.filter);
    let at = |t: Option<crate::model::Time>, rest: &str| {
        Cow::Owned(format!("{} {rest}", t.map(|t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()))
    };
    match (pane, panel) {
        (PaneId::Service, 0) => tasks(store, subject, filter).into_iter().map(|t| Cow::Borrowed(t.arn.as_str())).collect(),
        (PaneId::Service, 1) => deployments(store, subject, filter).into_iter().map(|d| Cow::Borrowed(d.arn.as_str())).collect(),
        (PaneId::Service, 2) => service_events(store, subject, filter).into_iter().map(|e| at(e.at, &e.message)).collect(),
        (PaneId::Service, _) => activities(store, subject, filter).into_iter().map(|a| at(a.started_at, &a.description)).collect(),
        (PaneId::Balancer, 0) => {
            targets(store, filter).into_iter().map(|(g, t)| Cow::Owned(format!("{} {}:{}", g.name, t.id, t.port))).collect()
        }
        (PaneId::Balancer, 1) => rules(store, filter)
            .into_iter()
            .map(|(l, r)| Cow::Owned(format!("{} {}", l.arn, r.map_or("default", |r| r.priority.as_str()))))
            .collect(),
        (PaneId::Balancer, _) => target_groups(store, filter).into_iter().map(|g| Cow::Borrowed(g.arn.as_str())).collect(),
        (PaneId::Cache, 0) => cache_nodes(store, filter).into_iter().map(|(_, m)| Cow::Borrowed(m.id.as_str())).collect(),
        (PaneId::Cache | PaneId::Database, _) => data_events(store, pane, filter).into_iter().map(|e| at(e.at, &e.message)).collect(),
        (PaneId::Alarms, 0) => alarms(store, session.unfolded, filter).into_iter().map(|a| Cow::Borrowed(a.name.as_str())).collect(),
        (PaneId::Alarms, _) => alarm_history(store, filter).into_iter().map(|c| at(c.at, &c.name)).collect(),
        (PaneId::Timeline, _) => timeline(session, filter).into_iter().map(|e| at(Some(e.at), &e.text)).collect(),
        (PaneId::Stack | PaneId::Logs, _) => Vec::new(),
    }
}
