//! What changed, as this dashboard knows it: AWS's timeline, and beside it what people did from here, incidents, who took them on, and how
//! boxes fared. Made anew when one of these has changed; read by the timeline and as marks by charts. It keeps nothing beyond the session
//! but what it saw of boxes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Session;
use crate::incident::Incident;
use crate::insight::{Event, EventKind, Judgement, NodeId};
use crate::model::Time;
use crate::model::action::{Request, Spec, Subject};
use crate::model::health::Level;
use crate::model::plan::{Outcome, Run};
use crate::model::service::{StoppedTasks, Tasks};
use crate::model::store::Store;
use crate::model::system::System;

/// Changes of health that are kept.
const KEEP: usize = 500;

/// What was seen of boxes, and everything as one list.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    health: VecDeque<Event>,
    /// How each box was when something was last known of it.
    known: BTreeMap<NodeId, Level>,
    /// Tasks that ended, longer than AWS tells of them.
    stops: VecDeque<Event>,
    /// Newest first.
    all: Vec<Event>,
}

impl Diary {
    /// Newest first.
    pub(crate) fn events(&self) -> &[Event] {
        &self.all
    }

    /// Since when a box is as it is, if the change was seen from here.
    pub(super) fn since(&self, node: &NodeId, level: Level) -> Option<Time> {
        self.health.iter().find(|e| e.node == *node).filter(|e| e.level == level).map(|e| e.at)
    }

    /// How boxes fare now, and fared before.
    pub(super) fn observe(&mut self, after: &Judgement, now: Time) {
        for (node, verdict) in after.nodes.iter().filter(|(_, verdict)| !verdict.is_loading()) {
            // A note beside health is no change of it.
            let level = if verdict.level == Level::Info { Level::Healthy } else { verdict.level };
            let before = match self.known.get(node) {
                Some(before) => *before,
                // What is first learnt of a box is no change.
                None if level == Level::Unknown => continue,
                None => level,
            };
            self.known.insert(node.clone(), level);
            if before == level {
                continue;
            }
            let why = Some(verdict.headline()).filter(|why| !why.is_empty() && level != Level::Healthy);
            let text = format!("{} → {}{}", before.word(), level.word(), why.map_or_else(String::new, |why| format!(": {why}")));
            self.health.push_front(Event { at: now, node: node.clone(), level: verdict.level, text, kind: EventKind::Health });
        }
        let known: Vec<Event> = self.stops.iter().cloned().collect();
        let stops = after.timeline.iter().filter(|e| e.kind == EventKind::Stop && !known.contains(e)).cloned().collect::<Vec<_>>();
        self.stops.extend(stops);
        self.stops.make_contiguous().sort_by_key(|e| std::cmp::Reverse(e.at));
        self.health.truncate(KEEP);
        self.stops.truncate(KEEP);
    }

    fn gather<'a>(&mut self, told: &[Event], runs: impl Iterator<Item = &'a Arc<Run>>, incidents: &[Arc<Incident>], store: &Store) {
        let oldest = self.stops.iter().filter(|e| !told.contains(e)).cloned().collect::<Vec<_>>();
        let all = told.iter().chain(&self.health).cloned().chain(oldest);
        self.all = all.chain(runs.flat_map(|run| of_run(run, store))).chain(incidents.iter().flat_map(|i| of_incident(i))).collect();
        // What AWS told in one second keeps its order.
        self.all.sort_by_key(|e| std::cmp::Reverse(e.at));
    }
}

/// An action: when it was sent, and how it ended.
fn of_run(run: &Run, store: &Store) -> Vec<Event> {
    let node = done_to(&run.plan.request, store);
    let sent = format!("{} sent from here", run.plan.title);
    let mut all = vec![Event { at: run.sent_at, node: node.clone(), level: Level::Info, text: sent, kind: EventKind::Action }];
    if let Some(end) = &run.end {
        let level = if end.outcome == Outcome::Done { Level::Healthy } else { Level::Degraded };
        let text = format!("{}: {}, {}", run.plan.title, end.outcome.word(), end.text);
        all.push(Event { at: end.at, node, level, text, kind: EventKind::Action });
    }
    all
}

/// The service of a task, while AWS tells of it.
fn service_of<'a>(task: &str, store: &'a Store) -> Option<&'a str> {
    let running = store.get::<Tasks>().map_or(&[][..], |t| t.tasks.as_slice());
    let stopped = store.get::<StoppedTasks>().map_or(&[][..], |t| t.tasks.as_slice());
    running.iter().chain(stopped).find(|t| t.id().starts_with(task)).map(|t| t.service.as_str()).filter(|s| !s.is_empty())
}

/// The box to which something was done.
fn done_to(request: &Request, store: &Store) -> NodeId {
    let subject = Spec::find(&request.action).map(|spec| spec.subject);
    match subject {
        Some(Subject::Service) => NodeId::service(&request.target),
        Some(Subject::Task) => service_of(&request.target, store).map_or_else(|| NodeId::of(System::Alarms), NodeId::service),
        Some(Subject::Database) => NodeId::of(System::Database),
        Some(Subject::NodeGroup) => NodeId::of(System::Cache),
        Some(Subject::Zone) => NodeId::of(System::Nat),
        Some(Subject::Alarm) | None => NodeId::of(System::Alarms),
        Some(Subject::Pipeline) => NodeId::of(System::Pipeline),
        Some(Subject::Project) => NodeId::of(System::Builds),
        Some(Subject::Distribution) => NodeId::of(System::Cdn),
    }
}

/// An incident: its beginning, who took it on, and its end.
fn of_incident(incident: &Incident) -> Vec<Event> {
    let node = place(incident);
    let event = |at, level, text, kind| Event { at, node: node.clone(), level, text, kind };
    let mut all = vec![event(incident.since, incident.severity.level(), format!("incident: {}", incident.name), EventKind::Incident)];
    if let Some(acknowledged) = &incident.acknowledged {
        let text = format!("{}: acknowledged by {}", incident.name, acknowledged.by);
        all.push(event(acknowledged.at, Level::Info, text, EventKind::Acknowledged));
    }
    if let Some(at) = incident.closed_at {
        all.push(event(at, Level::Healthy, format!("incident over: {}", incident.name), EventKind::Incident));
    }
    all
}

/// The box that an incident is about.
fn place(incident: &Incident) -> NodeId {
    let own = incident.symptoms.iter().filter(|s| incident.is_about(&s.node)).max_by_key(|s| s.level);
    let worst = own.or_else(|| incident.symptoms.iter().max_by_key(|s| s.level));
    worst.map_or_else(|| NodeId::of(System::Alarms), |s| s.node.clone())
}

/// Brings the list up to date.
pub(super) fn gather(session: &mut Session) {
    let Session { diary, judgement, runs, incidents, store, .. } = session;
    diary.gather(&judgement.timeline, runs.values(), incidents, store);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::fixture::World;
    use crate::model::health::{Reason, ReasonKind, Verdict};

    fn at(second: i64) -> Time {
        Time::from_timestamp(1_764_158_400 + second, 0).unwrap()
    }

    fn judged(level: Level, why: &str) -> Judgement {
        let mut judgement = World::healthy().judge();
        let node = NodeId::of(System::Database);
        let kind = if why == "loading" { ReasonKind::Loading } else { ReasonKind::Seen };
        let verdict = Verdict { level, reasons: vec![Reason { kind, ..Reason::new(level, why) }], ..judgement.nodes[&node].clone() };
        judgement.nodes = [(node, verdict)].into();
        judgement
    }

    #[test]
    fn a_change_of_health_is_told_once_with_its_reason_and_the_first_word_of_a_box_is_none() {
        let mut diary = Diary::default();
        let seen = [
            (Level::Unknown, "loading"),
            (Level::Healthy, ""),
            (Level::Info, "a note"),
            (Level::Degraded, "failover in progress"),
            (Level::Degraded, "failover in progress 10s"),
            (Level::Unknown, "denied"),
            (Level::Healthy, ""),
        ];
        for (second, (level, why)) in (0..).zip(seen) {
            diary.observe(&judged(level, why), at(second));
        }
        let told: Vec<(i64, &str)> = diary.health.iter().map(|e| ((e.at - at(0)).num_seconds(), e.text.as_str())).collect();
        assert_eq!(told, [(6, "unknown → healthy"), (5, "degraded → unknown: denied"), (3, "healthy → degraded: failover in progress")]);
    }

    #[test]
    fn a_task_that_ended_stays_when_aws_tells_of_it_no_more() {
        let mut diary = Diary::default();
        let stop =
            Event { at: at(0), node: NodeId::service("web"), level: Level::Degraded, text: "task 1 stopped".into(), kind: EventKind::Stop };
        let told = Judgement { timeline: vec![stop.clone()], ..judged(Level::Healthy, "") };
        diary.observe(&told, at(1));
        diary.observe(&told, at(2));
        diary.gather(&told.timeline, std::iter::empty(), &[], &Store::default());
        assert_eq!(diary.events(), std::slice::from_ref(&stop), "once");
        diary.observe(&judged(Level::Healthy, ""), at(3));
        diary.gather(&[], std::iter::empty(), &[], &Store::default());
        assert_eq!(diary.events(), [stop]);
    }
}
