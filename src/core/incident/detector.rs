//! The detector: a fold over stores that opens incidents, folds them into one another, follows them and closes them. All memory is here; it
//! can be made anew from what the state folder kept. Called by the session loop and by `watch`, never while a frame is drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use super::course::{begin, happenings, know_better, refresh};
use super::document::Document;
use super::fold::{self, Users};
use super::record::{Change, Incident, Phase};
use super::rule::{LIMIT, Rule, Rules, UNEXPLAINED};
use super::scene::{Moment, Values, ask, subjects};
use super::tell::Telling;
use super::track::{State, Step, Track};
use crate::expression::{Answer, Facts, Reading};
use crate::insight::{Judgement, NodeId};
use crate::model::Time;
use crate::model::database::{Database, DatabaseSettings};
use crate::model::health::Verdict;
use crate::model::metric::Metrics;
use crate::model::stack::Stack;
use crate::model::store::Store;

/// Incidents that are over and remembered.
const REMEMBERED: usize = 200;
/// A rule of which nothing has changed is asked again after this: time itself may decide it.
const AGAIN: TimeDelta = TimeDelta::seconds(5);
/// An incident that was opened so long before another one may still be part of it.
const TOGETHER: TimeDelta = TimeDelta::minutes(10);

/// What happened to an incident at an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    pub at: Time,
    pub change: Change,
    pub incident: Arc<Incident>,
}

/// Rule and subject.
type Key = (usize, String);

/// The detector of one stack.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<Rules>,
    wanted: BTreeSet<&'static str>,
    document: Document,
    tracks: BTreeMap<Key, Track>,
    asked_at: Vec<Option<Time>>,
    /// The newest first; those that are not over are never forgotten.
    incidents: Vec<Arc<Incident>>,
}

/// What one observation works with.
struct Look<'l> {
    store: &'l Store,
    judgement: &'l Judgement,
    document: &'l Json,
    moment: Moment<'l>,
    users: Users,
}

impl Detector {
    /// With what the state folder kept: what was open is open, and what is over does not open again.
    pub fn new(rules: Arc<Rules>, kept: Vec<Incident>) -> Self {
        let mut detector = Self {
            wanted: rules.sections(),
            document: Document::default(),
            tracks: BTreeMap::new(),
            asked_at: vec![None; rules.rows().len()],
            incidents: Vec::new(),
            rules,
        };
        detector.take_in(kept);
        detector
    }

    /// Takes in incidents that somebody else who watches the same stack has written down.
    pub fn take_in(&mut self, kept: Vec<Incident>) {
        for incident in kept {
            if let Some(own) = self.incidents.iter_mut().find(|i| i.id == incident.id) {
                if own.acknowledged.is_none() && incident.acknowledged.is_some() {
                    Arc::make_mut(own).acknowledged = incident.acknowledged;
                }
                continue;
            }
            let Some(rule) = self.rules.rows().iter().position(|r| r.id == incident.rule) else {
                self.incidents.push(Arc::new(incident));
                continue;
            };
            let track = self.tracks.entry((rule, incident.of.clone())).or_default();
            match incident.phase {
                Phase::Closed => track.closed_at = track.closed_at.max(incident.closed_at),
                Phase::Open | Phase::Recovering if track.is_open() => continue,
                Phase::Open | Phase::Recovering => track.state = State::Open,
            }
            self.incidents.push(Arc::new(incident));
        }
        self.incidents.sort_by_key(|i| std::cmp::Reverse(i.since));
    }

    /// All that are known, the newest first.
    pub fn incidents(&self) -> &[Arc<Incident>] {
        &self.incidents
    }

    /// Asks every rule. What the same store says twice changes nothing.
    pub fn observe(&mut self, store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> Vec<Happening> {
        let rules = Arc::clone(&self.rules);
        let mut document = std::mem::take(&mut self.document);
        document.update(store, judgement, stack, now, &self.wanted);
        let before: Vec<Arc<Incident>> = self.incidents.clone();
        {
            let reading = Reading::of(document.json());
            let limit = limit(store);
            let mut facts = Facts::of(&rules.language, &reading);
            facts.bind(LIMIT, &limit);
            let moment = Moment { metrics: store.get::<Metrics>(), now };
            let look = Look { store, judgement, document: document.json(), moment, users: Users::new(store, stack) };
            for (at, rule) in rules.rows().iter().enumerate().filter(|(_, r)| !r.is_of_the_rest()) {
                if self.is_due(at, rule, &document, now) {
                    self.ask(at, rule, &facts, &look);
                }
            }
            self.fold(&rules, &look);
            let rest = fold::rest(judgement, &self.follow(&rules, &look), &look.users, now);
            let mut facts = facts.scope();
            facts.bind(UNEXPLAINED, &rest);
            for (at, rule) in rules.rows().iter().enumerate().filter(|(_, r)| r.is_of_the_rest()) {
                self.ask(at, rule, &facts, &look);
            }
            self.fold(&rules, &look);
            self.follow(&rules, &look);
        }
        self.document = document;
        self.forget();
        happenings(&before, &self.incidents, now)
    }

    fn is_due(&mut self, at: usize, rule: &Rule, document: &Document, now: Time) -> bool {
        let read = rule.sections.iter().any(|key| document.fresh.contains(key)) || (rule.reads_health && document.judged_anew);
        let waits = self.tracks.iter().any(|((r, _), t)| *r == at && matches!(t.state, State::Met(_) | State::Recovering(_)));
        let Some(asked) = self.asked_at.get_mut(at) else { return false };
        let due = read || waits || asked.is_none_or(|asked| now - asked >= AGAIN);
        if due {
            *asked = Some(now);
        }
        due
    }

    /// Asks a rule about each of its subjects, and about those of which an incident is open.
    fn ask(&mut self, at: usize, rule: &Rule, facts: &Facts, look: &Look) {
        let Some(mut all) = subjects(rule, facts) else { return };
        let open = self.tracks.iter().filter(|((r, _), t)| *r == at && t.is_open()).map(|((_, of), _)| of.clone());
        let gone: Vec<String> = open.filter(|of| !all.contains(of)).collect();
        all.extend(gone);
        for it in all {
            let mut track = self.tracks.remove(&(at, it.clone())).unwrap_or_default();
            let values = Values::of(rule, facts, &it, &mut track, look.moment);
            let scene = values.scene(rule, facts);
            self.take(rule, &it, &mut track, &scene, look);
            drop(scene);
            self.tracks.insert((at, it), track);
        }
    }

    fn take(&mut self, rule: &Rule, it: &str, track: &mut Track, scene: &Facts, look: &Look) {
        let now = look.moment.now;
        let opens = if track.is_open() { Answer::True } else { ask(&rule.opens, scene) };
        // What never began needs no end.
        let closes = if opens == Answer::True { ask(&rule.closes, scene) } else { Answer::False };
        if !track.is_open() && opens == Answer::True && self.is_part_of_an_open_one(rule, it, scene, look.document) {
            track.state = State::Quiet;
            return;
        }
        let step = track.step(&opens, &closes, rule.holds, rule.closes_after, now);
        if step == Step::Opens {
            let incident = begin(rule, it, Telling::of(rule, scene, look.document, it, Some((look.store, now))), look.store, now);
            if let Some(own) = self.taken_over(rule, it, now) {
                know_better(Arc::make_mut(own), incident);
                return;
            }
            let incident = self.told_apart(incident);
            self.incidents.insert(0, Arc::new(incident));
            return;
        }
        let Some(incident) = self.incidents.iter_mut().find(|i| i.rule == rule.id && i.of == it && i.phase != Phase::Closed) else {
            return;
        };
        match step {
            Step::Recovers => {
                let incident = Arc::make_mut(incident);
                incident.phase = Phase::Recovering;
                incident.recovered_at = Some(now);
            }
            Step::Reopens => {
                let incident = Arc::make_mut(incident);
                incident.phase = Phase::Open;
                incident.recovered_at = None;
            }
            Step::Closes => {
                let incident = Arc::make_mut(incident);
                incident.phase = Phase::Closed;
                incident.recovered_at.get_or_insert(now);
                incident.closed_at = Some(now);
            }
            Step::Nothing if track.state == State::Open && ask(&rule.opens, scene) == Answer::True => {
                let heard = Some((look.store, incident.since));
                refresh(incident, Telling::of(rule, scene, look.document, it, heard));
            }
            Step::Nothing | Step::Opens => {}
        }
    }

    /// With an id that no other one has.
    fn told_apart(&self, mut incident: Incident) -> Incident {
        let plain = incident.id.clone();
        let mut number = 2;
        while self.incidents.iter().any(|i| i.id == incident.id) {
            incident.id = format!("{plain}-{number}");
            number += 1;
        }
        incident
    }

    /// The open incident of a rule that saw less, of the same subject: it is this one, better known.
    fn taken_over(&mut self, rule: &Rule, it: &str, now: Time) -> Option<&mut Arc<Incident>> {
        let at = self.incidents.iter().position(|i| i.is_open() && i.of == it && rule.takes_over.contains(&i.rule))?;
        let less = self.incidents.get(at)?.rule.clone();
        let row = self.rules.rows().iter().position(|r| r.id == less)?;
        if let Some(track) = self.tracks.get_mut(&(row, it.to_owned())) {
            (track.state, track.closed_at) = (State::Quiet, Some(now));
        }
        self.incidents.get_mut(at)
    }

    /// An open incident already says what this rule would say.
    fn is_part_of_an_open_one(&self, rule: &Rule, it: &str, scene: &Facts, document: &Json) -> bool {
        let above: Vec<&Arc<Incident>> = self.incidents.iter().filter(|i| i.is_open() && self.folds(i, rule, it)).collect();
        if above.is_empty() {
            return false;
        }
        let telling = Telling::of(rule, scene, document, it, None);
        above.into_iter().any(|i| same_zone(&i.zone, &telling.zone))
    }

    fn folds(&self, above: &Incident, rule: &Rule, it: &str) -> bool {
        let has = |ids: &[String]| ids.contains(&rule.id);
        self.rules.get(&above.rule).is_some_and(|r| has(&r.folds) || (above.of == it && (has(&r.folds_same) || has(&r.takes_over))))
    }

    /// Makes what turned out to be part of another incident a part of it.
    fn fold(&mut self, rules: &Rules, look: &Look) {
        let open: Vec<Arc<Incident>> = self.incidents.iter().filter(|i| i.is_open()).cloned().collect();
        for part in &open {
            let Some(rule) = rules.get(&part.rule) else { continue };
            let above = open.iter().find(|i| {
                let near = i.id != part.id && part.detected_at >= i.detected_at - TOGETHER;
                let folds = self.folds(i, rule, &part.of) && same_zone(&i.zone, &part.zone);
                near && (folds || (rule.is_of_the_rest() && takes(rules, i, part, look)))
            });
            let id = above.map(|a| a.id.clone());
            if let (Some(id), Some(own)) = (id, self.incidents.iter_mut().find(|i| i.id == part.id)) {
                let own = Arc::make_mut(own);
                own.part_of = Some(id);
                own.phase = Phase::Closed;
                own.closed_at = Some(look.moment.now);
                let key = rules.rows().iter().position(|r| r.id == part.rule).map(|at| (at, part.of.clone()));
                if let Some(track) = key.and_then(|key| self.tracks.get_mut(&key)) {
                    (track.state, track.closed_at) = (State::Quiet, Some(look.moment.now));
                }
            }
        }
    }

    /// Notes what follows from each open incident; returns all that is explained, by what is over, too.
    fn follow(&mut self, rules: &Rules, look: &Look) -> BTreeSet<NodeId> {
        let mut left: BTreeMap<&NodeId, &Verdict> = fold::unwell(look.judgement).collect();
        let mut explained = BTreeSet::new();
        for (at, rule) in rules.rows().iter().enumerate() {
            let mine: Vec<String> =
                self.tracks.iter().filter(|((r, _), t)| *r == at && t.is_open()).map(|((_, of), _)| of.clone()).collect();
            for of in mine {
                let found = self.incidents.iter_mut().find(|i| i.rule == rule.id && i.of == of && i.is_open());
                let Some(incident) = found else { continue };
                let follows = |node: &NodeId, verdict: &Verdict| fold::follows(rule, incident, node, verdict, &look.users);
                let following: BTreeMap<&NodeId, &Verdict> =
                    left.iter().filter(|(node, v)| follows(node, v)).map(|(node, v)| (*node, *v)).collect();
                left.retain(|node, _| !following.contains_key(node));
                explained.extend(following.keys().map(|node| (*node).clone()));
                let mut noted = Incident::clone(incident);
                fold::note(&mut noted, &following, look.moment.now);
                if noted != **incident {
                    *incident = Arc::new(noted);
                }
            }
        }
        for over in self.incidents.iter().filter(|i| !i.is_open() && i.part_of.is_none()) {
            let Some(rule) = rules.get(&over.rule).filter(|rule| !rule.is_of_the_rest()) else { continue };
            let left = left.iter().filter(|(node, v)| fold::lingers(rule, over, node, v, &look.users, look.moment.now));
            explained.extend(left.map(|(node, _)| (*node).clone()));
        }
        explained
    }

    fn forget(&mut self) {
        let mut over = 0;
        self.incidents.retain(|i| {
            over += usize::from(i.phase == Phase::Closed);
            i.phase != Phase::Closed || over <= REMEMBERED
        });
    }
}

/// What nothing explained is a part of an incident that explains its node.
fn takes(rules: &Rules, above: &Incident, part: &Incident, look: &Look) -> bool {
    let Ok(node) = part.of.parse::<NodeId>() else { return false };
    let named = rules.get(&above.rule).filter(|rule| !rule.is_of_the_rest());
    let verdict = look.judgement.of(&node);
    named.zip(verdict).is_some_and(|(rule, verdict)| fold::follows(rule, above, &node, verdict, &look.users))
}

/// What the rules may know of limits that no API tells in so many words.
fn limit(store: &Store) -> Json {
    let database = store.get::<Database>();
    json!({ "db_connections": database.and_then(|db| db.max_connections(store.get::<DatabaseSettings>())) })
}

fn same_zone(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}
