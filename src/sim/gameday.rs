//! A game day: one scenario that nobody knows, at a time that nobody knows, both from a seed.
//! Pure: it holds no clock and injects nothing. Scoring is somebody else's.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::world::names::{MIN, Ms, SEC};
use super::world::{SCENARIOS, Scenario};

/// Within how much virtual time after its start the incident happens.
const EARLIEST: Ms = 2 * MIN;
const LATEST: Ms = 10 * MIN;
/// Without TLS only a redirect is lost: nobody would notice.
const DULL: &str = "alb-80";

/// What will happen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameDay {
    scenario: Scenario,
    after: Ms,
    done: bool,
}

impl GameDay {
    /// The game day of a seed: any scenario that a person can notice and do something about, with any argument.
    pub fn new(seed: u64) -> GameDay {
        let mut dice = Pcg64Mcg::seed_from_u64(seed ^ 0x6761_6d65_6461_7921);
        let after = dice.random_range(EARLIEST / SEC..=LATEST / SEC) * SEC;
        let rows: Vec<_> = SCENARIOS.iter().filter(|row| row.playable).collect();
        let row = rows.get(dice.random_range(0..rows.len().max(1)));
        let argument = row.and_then(|row| row.argument).map(|argument| {
            let choices: Vec<&str> = argument.choices.iter().copied().filter(|choice| *choice != DULL).collect();
            choices.get(dice.random_range(0..choices.len().max(1))).copied().unwrap_or(argument.default)
        });
        let name = row.map_or("az", |row| row.name);
        let text = argument.map_or_else(|| name.to_owned(), |argument| format!("{name}:{argument}"));
        GameDay { scenario: Scenario::parse(&text).unwrap_or(Scenario::RdsPrimaryFailure), after, done: false }
    }

    /// The scenario if its time has come, once. `now` is the virtual time since the game day began.
    pub fn due(&mut self, now: Ms) -> Option<Scenario> {
        if self.done || now < self.after {
            return None;
        }
        self.done = true;
        Some(self.scenario.clone())
    }

    /// What happens, for when the truth is told.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// How long after the game day's beginning it happens.
    pub const fn after(&self) -> Ms {
        self.after
    }
}
