//! The six that came first, as far as names, healing and the world's own truth go.

use super::*;

#[test]
fn what_happens_at_once_is_in_force_until_it_is_made_good() {
    for text in ["rds-primary", "redis-node:0001-001", "task:web", "task:celery-worker", "bad-deploy:control-plane"] {
        play(text, |w, from| {
            assert!(w.recovered() || w.now == from);
            let listed = w.in_force();
            assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].since, listed[0].until), (1, text, from, None));
            run(w, 45 * SEC);
            assert!(!w.recovered(), "{text}");
            // Healing undoes nothing that AWS would not: it takes its time.
            w.heal();
            assert!(!w.recovered() && w.in_force().len() == 1, "{text}");
            until(w, 15 * MIN, text, |w| w.in_force().is_empty());
            until(w, 5 * MIN, text, World::recovered);
        });
    }
}

#[test]
fn what_lasts_ends_by_itself_or_when_it_is_healed() {
    for (text, lasts) in [("az:b", 30 * MIN), ("nat:c", 20 * MIN)] {
        play(text, |w, from| {
            let listed = w.in_force();
            assert_eq!((listed[0].name.as_str(), listed[0].until), (text, Some(from + lasts)));
            run(w, 4 * MIN);
            assert!(!w.recovered());
            w.heal();
            assert!(w.in_force().is_empty());
            until(w, 20 * MIN, text, World::recovered);
        });
    }
}

#[test]
fn nothing_is_begun_twice_and_much_may_be_at_once() {
    let mut w = QUIET[0].clone();
    for text in ["db-cpu", "db-cpu", "sg-closed:redis", "sg-closed:redis", "image-pull:web", "oom:web", "throttling"] {
        w.inject(Scenario::parse(text).unwrap());
    }
    let names: Vec<String> = w.in_force().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["db-cpu", "sg-closed:redis", "image-pull:web", "oom:web", "throttling"]);
    run(&mut w, 8 * MIN);
    w.heal();
    until(&mut w, 25 * MIN, "recovered", World::recovered);
    let rules = |w: &World| w.network.groups.iter().map(|g| g.rules.len()).sum::<usize>();
    assert_eq!(rules(&w), rules(&QUIET[0]));
    let images = |w: &World| w.ecr.images.iter().map(|i| i.digest.clone()).collect::<BTreeSet<_>>();
    assert!(images(&w).is_superset(&images(&QUIET[0])));
}

#[test]
fn a_world_that_nothing_is_done_to_is_as_it_was() {
    let (mut a, mut b) = (QUIET[0].clone(), QUIET[0].clone());
    b.heal();
    assert!(b.in_force().is_empty() && b.heal_changes_nothing());
    run(&mut a, 10 * MIN);
    run(&mut b, 10 * MIN);
    assert_eq!(a.digest(), b.digest());
}

impl World {
    fn heal_changes_nothing(&self) -> bool {
        self.strain.closed.is_empty() && self.strain.images.is_empty() && self.metrics.late == 0
    }
}
