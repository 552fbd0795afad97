//! The named scenarios: what AWS's APIs show of each, in which order, and that the stack recovers. Three seeds each.

use std::sync::LazyLock;

use super::*;

/// Quiet worlds of three seeds, made once: a world with its history takes a second.
static QUIET: LazyLock<[World; 3]> = LazyLock::new(|| {
    [7, 21, 99].map(|seed| {
        let mut w = World::new(seed, MONDAY);
        run(&mut w, 15 * MIN);
        w
    })
});

/// Plays a scenario in each of the worlds.
fn play(text: &str, story: impl Fn(&mut World, Ms)) {
    for quiet in QUIET.iter() {
        let mut w = quiet.clone();
        let from = w.now;
        w.inject(Scenario::parse(text).unwrap());
        story(&mut w, from);
    }
}

mod data;
mod first;
mod load;
mod paths;
mod table;
mod tasks;
