//! Rules as data: the built-in ones can be read and keep quiet where nothing is wrong; a bad one is refused with file, line and the right word;
//! what opens, follows, folds and closes over stores.

mod course;
mod hostile;
mod zone;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::insight::fixture::World;
use crate::runbook;
use crate::session::pane::ALWAYS;

pub(super) fn detector() -> Detector {
    Detector::new(Arc::new(built_in().unwrap_or_else(|e| panic!("{e}"))), Vec::new())
}

/// What is open by rule and subject after a world was looked at for so many seconds.
pub(super) fn watched(detector: &mut Detector, world: &mut World, seconds: i64) -> Vec<String> {
    for _ in 0..seconds {
        let judgement = world.judge();
        detector.observe(&world.store, &judgement, &world.stack, world.now);
        world.later(1);
    }
    let open = detector.incidents().iter().filter(|i| i.is_open());
    open.map(|i| format!("{} {}", i.rule, i.of).trim().to_owned()).collect()
}

#[test]
fn nothing_is_told_of_a_healthy_stack_and_of_one_that_deploys() {
    let deploying = include_str!("../../tests/documents/deploying.json");
    for (what, mut world) in [("healthy", World::healthy()), ("deploying", World::read(deploying))] {
        assert_eq!(watched(&mut detector(), &mut world, 30), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_redis_failover_is_told_of_the_recorded_incident() {
    let mut world = World::read(include_str!("../../tests/documents/incident.json"));
    let mut detector = detector();
    watched(&mut detector, &mut world, 20);
    let told: Vec<&str> = detector.incidents().iter().filter(|i| i.part_of.is_none()).map(|i| i.rule.as_str()).collect();
    assert!(!told.is_empty() && !told.contains(&"unexplained"), "{told:?}");
}

#[test]
fn every_rule_has_a_runbook_of_the_library_and_reads_what_every_screen_asks_for() {
    let rules = built_in().unwrap();
    let books = runbook::Library::builtin();
    let always: BTreeSet<&str> = ALWAYS.iter().map(|key| key.0).collect();
    let asked: BTreeSet<&str> = crate::insight::sections().into_iter().map(|key| key.0).collect();
    for rule in rules.rows() {
        let known = rule.runbook.is_empty() || books.get(&rule.runbook).is_some();
        assert!(known, "{}: no runbook `{}`", rule.id, rule.runbook);
        assert!(rule.aws.starts_with("https://docs.aws.amazon.com/"), "{}: {}", rule.id, rule.aws);
        let asked_for: Vec<&str> = rule.values.iter().map(|(name, _)| name.as_str()).collect();
        let book = books.get(&rule.runbook);
        let unknown = asked_for.iter().find(|name| book.is_some_and(|b| !b.front.values.iter().any(|v| v.name == ***name)));
        assert_eq!(unknown, None, "{}: its runbook does not ask for that", rule.id);
    }
    let unasked: Vec<&str> = rules.sections().into_iter().filter(|key| !asked.contains(key) && !always.contains(key)).collect();
    assert_eq!(unasked, Vec::<&str>::new(), "nobody polls these while the stack view is open");
}
