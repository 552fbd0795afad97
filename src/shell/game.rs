//! A game day: one incident that nobody knows, at a time that nobody knows, in the embedded cloud. It watches the world beside the loop and what
//! the person does through the loop, and tells the truth and a score when the dashboard has been left. Called by `tui`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::session_loop::Deed;
use nextcore_core::incident::{Change, Happening, Incident, Severity};
use nextcore_core::model::Time;
use nextcore_core::model::action::{Request, parse, words};
use nextcore_core::model::text::duration;
use nextcore_core::runbook::{Block, Library};
use nextcore_core::session::{Msg, Tone};
use nextcore_live::engine::clock::Clock;
use nextcore_sim::{Cloud, GameDay};
use tokio::sync::mpsc;

/// How often the world is looked at, of its own time.
const LOOK: Duration = Duration::from_secs(1);
/// So long all must be well before it counts.
const STAYS: i64 = 30;
/// What nobody has mended by then ends by itself.
const LONGEST: i64 = 45 * 60;

/// What was done and seen until now.
#[derive(Debug, Default)]
struct Play {
    injected: Option<Time>,
    /// When users were first not served, and since when they are again.
    broke: Option<Time>,
    well_since: Option<Time>,
    recovered: Option<Time>,
    /// Healed by nobody: its time was up.
    timed_out: bool,
    named: Option<(Time, String)>,
    noticed: Option<(Time, &'static str)>,
    acted: Option<(Time, String)>,
    /// Actions that no runbook of what was open has.
    astray: Vec<String>,
}

/// One game.
#[derive(Debug, Clone)]
pub(super) struct Game {
    seed: u64,
    clock: Clock,
    day: GameDay,
    began: Time,
    library: Arc<Library>,
    play: Arc<Mutex<Play>>,
}

impl Game {
    /// That of a seed, from now on.
    pub(super) fn begin(seed: u64, clock: Clock) -> Self {
        let began = clock.now();
        Self { seed, clock, day: GameDay::new(seed), began, library: Arc::new(Library::builtin()), play: Arc::default() }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Play) -> R) -> R {
        change(&mut self.play.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets it happen and watches the world until all is well again; says so once.
    pub(super) async fn watch(mut self, cloud: Arc<OnceLock<Arc<Cloud>>>, over: mpsc::Sender<Msg>) {
        loop {
            tokio::time::sleep(self.clock.on_the_wall(LOOK)).await;
            let Some(cloud) = cloud.get() else { continue };
            let now = self.clock.now();
            if let Some(scenario) = self.day.due((now - self.began).num_milliseconds()) {
                cloud.inject(&scenario);
                self.change(|play| play.injected = Some(now));
                continue;
            }
            let serves = cloud.world(|world| world.serves());
            let Some(injected) = self.change(|play| play.injected) else { continue };
            if self.change(|play| play.look(serves, now)) {
                let _ = over.send(Msg::Flash("the game is over: q shows what it was and how it went".to_owned(), Tone::Error)).await;
                return;
            }
            if (now - injected).num_seconds() >= LONGEST && !self.change(|play| std::mem::replace(&mut play.timed_out, true)) {
                cloud.heal();
            }
        }
    }

    /// What the dashboard told.
    pub(super) fn told(&self, happenings: &[Happening]) {
        let new = happenings.iter().find(|h| h.change == Change::Opened && h.incident.severity > Severity::Notice);
        let Some(new) = new else { return };
        let now = self.clock.now();
        self.change(|play| {
            if play.injected.is_some() {
                play.named.get_or_insert_with(|| (now, new.incident.name.clone()));
            }
        });
    }

    /// What the person does. Before it has happened there is nothing to notice, and every change is one too many.
    pub(super) fn did(&self, deed: &Deed<'_>, incidents: &[Arc<Incident>]) {
        let now = self.clock.now();
        self.change(|play| match deed {
            Deed::Acknowledges => play.notice(now, "acknowledged"),
            Deed::Walks => play.notice(now, "opened a runbook"),
            Deed::Plans => play.notice(now, "asked for a plan"),
            Deed::Does(request) => {
                play.notice(now, "acted");
                if play.injected.is_some() && self.fits(request, incidents) {
                    play.acted.get_or_insert_with(|| (now, request.to_string()));
                } else {
                    play.astray.push(request.to_string());
                }
            }
        });
    }

    /// Whether a runbook of what is open has such an action.
    fn fits(&self, request: &Request, incidents: &[Arc<Incident>]) -> bool {
        let open = incidents.iter().filter(|i| i.is_open());
        let books = open.flat_map(|i| self.library.for_incident(&i.rule));
        let blocks = books.flat_map(|book| &book.steps).flat_map(|step| &step.blocks);
        // What is asked for stands as `{service}`: which one fits is not for us to say.
        let is_it = |line: &str| parse(&words(line)).is_ok_and(|own| own.action == request.action);
        blocks.into_iter().any(|block| match block {
            Block::Commands(lines) => lines.iter().any(|line| is_it(&line.text)),
            // What a shell is shown for may be done here as well; whether a plan is only looked at is no part of an action.
            Block::Shell { text, .. } => {
                let own = text.lines().filter_map(|line| line.trim().strip_prefix("nextcore-top "));
                own.into_iter().any(|line| is_it(line.trim_end_matches("--dry-run")))
            }
            Block::Prose { .. } => false,
        })
    }

    /// The truth and the score.
    pub(super) fn score(&self) -> String {
        self.change(|play| play.score(self.seed, &self.day, self.began))
    }
}

impl Play {
    fn notice(&mut self, now: Time, how: &'static str) {
        if self.injected.is_some() {
            self.noticed.get_or_insert((now, how));
        }
    }

    /// Takes in whether users are served; true when it is over.
    fn look(&mut self, serves: bool, now: Time) -> bool {
        if !serves {
            self.broke.get_or_insert(now);
            self.well_since = None;
            return false;
        }
        let Some(broke) = self.broke else { return self.timed_out };
        let since = *self.well_since.get_or_insert(now);
        let over = now > broke && (now - since).num_seconds() >= STAYS;
        if over {
            self.recovered = Some(since);
        }
        over
    }

    fn score(&self, seed: u64, day: &GameDay, began: Time) -> String {
        let mut out = format!("game day of seed {seed} (again: nextcore-top demo --game-day --seed {seed})\n");
        let Some(injected) = self.injected else {
            let _ = writeln!(out, "  left before anything happened: {} after {}", day.scenario(), duration(day.after() / 1000));
            return out;
        };
        let after = |at: Time| duration((at - injected).num_seconds().max(0));
        let mut line = |what: &str, told: String| {
            let _ = writeln!(out, "  {what:<22}{told}");
        };
        line("what happened", format!("{}, {} after the start", day.scenario(), duration((injected - began).num_seconds())));
        let named = self.named.as_ref();
        line("named on the screen", named.map_or_else(|| "not".to_owned(), |(at, name)| format!("after {}: {name}", after(*at))));
        line("noticed", self.noticed.map_or_else(|| "not".to_owned(), |(at, how)| format!("after {} ({how})", after(at))));
        let acted = self.acted.as_ref();
        line("acted", acted.map_or_else(|| "not".to_owned(), |(at, what)| format!("after {}: {what}", after(*at))));
        let recovered = match (self.recovered, self.broke) {
            (Some(at), _) if self.timed_out => format!("after {}, when it was over by itself", after(at)),
            (Some(at), _) => format!("after {}", after(at)),
            (None, None) => "users were served all the time".to_owned(),
            (None, Some(_)) => "not yet".to_owned(),
        };
        line("recovered", recovered);
        line("actions astray", if self.astray.is_empty() { "none".to_owned() } else { self.astray.join(", ") });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        chrono::DateTime::from_timestamp(1_764_158_400 + second, 0).unwrap()
    }

    #[test]
    fn it_is_over_when_users_have_been_served_again_for_a_while() {
        let mut play = Play { injected: Some(at(0)), ..Play::default() };
        assert!(!play.look(true, at(5)), "nothing is broken yet");
        assert!(!play.look(false, at(10)) && !play.look(true, at(20)) && !play.look(false, at(30)), "it came back for a moment");
        assert!(!play.look(true, at(100)) && !play.look(true, at(129)));
        assert!(play.look(true, at(130)));
        assert_eq!((play.broke, play.recovered), (Some(at(10)), Some(at(100))));
    }

    #[test]
    fn the_score_says_the_truth_and_every_time() {
        let day = GameDay::new(3);
        let mut play = Play { injected: Some(at(60)), ..Play::default() };
        play.notice(at(90), "acknowledged");
        play.notice(at(95), "opened a runbook");
        play.acted = Some((at(120), "failover db".to_owned()));
        play.astray.push("scale web 9".to_owned());
        (play.broke, play.recovered) = (Some(at(61)), Some(at(200)));
        let told = play.score(3, &day, at(0));
        for part in
            ["--seed 3", &day.scenario().to_string(), "1m00s after the start", "after 30s (acknowledged)", "after 1m00s: failover db"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(told.contains("after 2m20s") && told.contains("scale web 9") && told.contains("named on the screen   not"), "{told}");
        let early = Play::default().score(3, &day, at(0));
        assert!(early.contains("left before anything happened") && early.contains(&day.scenario().to_string()), "{early}");
    }

    #[test]
    fn an_action_fits_where_a_runbook_of_what_is_open_has_it() {
        let game = Game::begin(1, Clock::system());
        let json = r#"{"id":"x","rule":"RULE","name":"N","severity":"critical","since":"2026-11-23T01:00:00Z","detected_at":"2026-11-23T01:00:09Z"}"#;
        let open = |rule: &str| vec![Arc::new(serde_json::from_str::<Incident>(&json.replace("RULE", rule)).unwrap())];
        assert!(game.fits(&Request::new("rollback", "web"), &open("bad-deployment")));
        assert!(!game.fits(&Request::new("failover db", ""), &open("bad-deployment")) && !game.fits(&Request::new("rollback", "web"), &[]));
        game.did(&Deed::Does(&Request::new("rollback", "web")), &open("bad-deployment"));
        assert_eq!(game.change(|play| (play.acted.clone(), play.astray.len())), (None, 1), "nothing had happened yet");
    }
}
