//! What each rehearsal has to be called, and what is made of what was told: the right name and when, other names, second incidents, ends.

use std::collections::BTreeMap;

use nextcore_core::incident::{Change, Incident, Phase};
use nextcore_sim::world::Scenario;

use super::{Fact, Plan, Rehearsal, facts};

/// One scenario and its name.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) scenario: &'static str,
    pub(super) rule: &'static str,
    /// The subject of the rule; empty where it has none.
    pub(super) of: &'static str,
    pub(super) fact: Fact,
    /// Seconds after which the cause is taken away (what AWS mends by itself is not waited for), and that are watched at most.
    pub(super) heal: i64,
    pub(super) length: i64,
}

const fn case(scenario: &'static str, rule: &'static str, of: &'static str, fact: Fact, (heal, length): (i64, i64)) -> Case {
    Case { scenario, rule, of, fact, heal, length }
}

/// All that can be rehearsed.
pub(super) const CASES: &[Case] = &[
    case("az:a", "az-failure", "ap-southeast-2a", facts::zone_a, (420, 1500)),
    case("rds-primary", "rds-failover", "", facts::database_failover, (60, 1200)),
    case("redis-node", "redis-node", "production-nextcore-redis-0001-001", facts::cache_node, (60, 1200)),
    case("nat:a", "nat-gateway", "nat/a", facts::gateway_a, (480, 1500)),
    case("task", "task-failure", "web", facts::task_of_web, (60, 600)),
    case("bad-deploy", "bad-deployment", "control-plane", facts::deployment_of_control, (600, 1500)),
    case("crash-loop", "crash-loop", "web", facts::loop_of_web, (420, 1500)),
    case("oom", "out-of-memory", "celery-worker", facts::memory_of_worker, (600, 2100)),
    case("db-cpu", "database-cpu", "", facts::database_cpu, (480, 1500)),
    case("db-connections", "database-connections", "", facts::database_connections, (480, 1500)),
    case("storage-filling", "storage-filling", "", facts::storage, (900, 2400)),
    case("redis-memory", "redis-memory", "", facts::cache_memory, (900, 3000)),
    case("traffic-spike", "traffic-spike", "", facts::spike, (900, 2400)),
    case("worker-backlog", "worker-backlog", "celery-worker", facts::backlog, (900, 3000)),
    case("expired-credentials", "expired-credentials", "", facts::at_once, (180, 600)),
    case("throttling", "api-throttling", "", facts::storm, (300, 900)),
    case("cloudwatch-late", "cloudwatch-late", "", facts::late, (720, 1500)),
    case("sg-closed:ecs", "security-group", "", facts::at_once, (420, 1500)),
    case("image-pull", "image-pull", "control-plane", facts::image, (420, 1500)),
];

pub(super) fn find(scenario: &str) -> Option<&'static Case> {
    CASES.iter().find(|c| c.scenario == scenario)
}

/// Several of them at once.
pub(super) fn plan(cases: &[&Case], seed: u64) -> Plan {
    Plan {
        seed,
        scenarios: cases.iter().map(|c| Scenario::parse(c.scenario).unwrap()).collect(),
        facts: cases.iter().map(|c| c.fact).collect(),
        heal: cases.iter().map(|c| c.heal).max().unwrap(),
        length: cases.iter().map(|c| c.length).max().unwrap(),
        ends: true,
        ..Plan::default()
    }
}

/// What one rehearsal says of one of its cases.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// Seconds from the injection to the right name.
    pub(super) named: Option<i64>,
    /// The same from the moment at which AWS's APIs showed what decides it. Negative where something else told it before.
    pub(super) delay: Option<i64>,
    /// Incidents of the same name that were opened after the first.
    pub(super) again: usize,
    /// From the world's recovery to the end of the incident; none where it was not closed.
    pub(super) closed: Option<i64>,
}

/// What one rehearsal says of all of its cases.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) told: Vec<Told>,
    /// Rules whose incident stood beside the right ones: each is wrong.
    pub(super) wrong: Vec<String>,
    /// Rules that were told first of what is part of a right one now: right in itself, and not the cause's name.
    pub(super) before: Vec<String>,
}

/// One incident over the rehearsal: under which rule it was opened, and what it was in the end.
struct Course<'r> {
    opened_as: &'r str,
    last: &'r Incident,
}

pub(super) fn outcome(cases: &[&Case], rehearsal: &Rehearsal) -> Outcome {
    let mut courses: BTreeMap<&str, Course> = BTreeMap::new();
    for (_, h) in &rehearsal.told {
        let course = courses.entry(&h.incident.id).or_insert(Course { opened_as: &h.incident.rule, last: &h.incident });
        course.last = &h.incident;
    }
    let is = |case: &Case, incident: &Incident| incident.rule == case.rule && incident.of == case.of;
    let mut outcome = Outcome::default();
    for course in courses.values() {
        let known = |rule: &str| cases.iter().any(|c| c.rule == rule);
        if course.last.part_of.is_some() || course.last.rule != course.opened_as {
            outcome.before.extend(Some(course.opened_as.to_owned()).filter(|rule| !known(rule)));
        }
        if course.last.part_of.is_none() && !cases.iter().any(|c| is(c, course.last)) {
            outcome.wrong.push(format!("{} {}", course.last.rule, course.last.of).trim().to_owned());
        }
    }
    for (at, case) in cases.iter().enumerate() {
        let alone = |incident: &Incident| is(case, incident) && incident.part_of.is_none();
        let own = courses.values().filter(|c| alone(c.last)).count();
        let id = rehearsal.told.iter().find(|(second, h)| *second > 0 && alone(&h.incident)).map(|(_, h)| h.incident.id.clone());
        let right = id.as_ref().and_then(|id| courses.get(id.as_str())).is_some_and(|c| alone(c.last));
        let named =
            rehearsal.told.iter().find(|(second, h)| *second > 0 && alone(&h.incident)).map(|(second, _)| *second).filter(|_| right);
        let shown = rehearsal.shown.get(at).copied().flatten();
        let closed = |(second, h): &&(i64, nextcore_core::incident::Happening)| {
            (h.change == Change::Closed && h.incident.phase == Phase::Closed && alone(&h.incident)).then_some(*second)
        };
        let over = courses.values().filter(|c| alone(c.last)).all(|c| c.last.phase == Phase::Closed);
        let closed = rehearsal.told.iter().rev().find_map(|told| closed(&told)).filter(|_| over);
        outcome.told.push(Told {
            named,
            delay: named.zip(shown).map(|(named, shown)| named - shown),
            again: own.saturating_sub(1),
            closed: closed.zip(rehearsal.recovered).map(|(closed, well)| closed - well),
        });
    }
    outcome
}

impl Outcome {
    /// What is wrong with it, in words; nothing where all is as it has to be. `before` is no fault.
    pub(super) fn faults(&self, cases: &[&Case]) -> Vec<String> {
        let mut faults: Vec<String> = self.wrong.iter().map(|rule| format!("{rule} stands beside it")).collect();
        for (case, told) in cases.iter().zip(&self.told) {
            let mut say = |wrong: bool, what: &str| faults.extend(wrong.then(|| format!("{}: {what}", case.scenario)));
            say(told.named.is_none(), "not told by its name");
            say(told.again > 0, "told twice");
            say(told.named.is_some() && told.closed.is_none(), "not closed");
        }
        faults
    }
}
