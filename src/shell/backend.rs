//! From a target (AWS or the embedded cloud) to a running engine. Called by the TUI and by headless commands, after the first frame.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::config::Settings;
use crate::config::args::World;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::mode::Mode;
use nextcore_core::model::place::Place;
use nextcore_core::model::section::{ProblemKind, Section};
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;
use nextcore_live::aws::meter::Meter;
use nextcore_live::aws::notice::Notices;
use nextcore_live::aws::source::{SOURCES, SourceRow};
use nextcore_live::aws::{ConnectError, connect};
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{self, Ends, Engine, Feed, Setup};

use nextcore_core::session::Rehearsal;
use nextcore_sim::Cloud;
use nextcore_sim::world::{SCENARIOS, ScenarioRow};

use super::embedded::{Embedded, demo_start};

/// After the first attempt to connect a dashboard; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What is watched.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// AWS, or the endpoint of the settings.
    Aws,
    /// The embedded cloud in this process.
    Demo(Demo),
}

/// The embedded cloud of a demo.
#[derive(Debug, Clone)]
pub(super) struct Demo {
    world: World,
    /// The game that is played in it.
    pub(super) game: Option<u64>,
    /// Once it is made: incidents are rehearsed in it.
    pub(super) cloud: Arc<OnceLock<Arc<Cloud>>>,
}

impl Target {
    pub(super) fn demo(world: World) -> Self {
        Self::Demo(Demo { world, game: None, cloud: Arc::default() })
    }

    /// A demo in which something happens that nobody knows.
    pub(super) fn game(world: World) -> Self {
        let seed = world.seed.unwrap_or_else(|| u64::from(rand::random::<u16>()));
        Self::Demo(Demo { world: World { seed: Some(seed), ..world }, game: Some(seed), cloud: Arc::default() })
    }

    /// The embedded cloud, where there is one.
    pub(super) fn rehearsed(&self) -> Option<Demo> {
        match self {
            Self::Aws => None,
            Self::Demo(demo) => Some(demo.clone()),
        }
    }

    /// The incidents that can be rehearsed in it.
    pub(super) fn rehearsals(&self) -> Vec<Rehearsal> {
        let rows = if matches!(self, Self::Demo(_)) { SCENARIOS } else { &[] };
        let choices = |row: &ScenarioRow| row.argument.map(|a| a.choices.iter().map(|c| (*c).to_owned()).collect()).unwrap_or_default();
        rows.iter().map(|row| Rehearsal { name: row.name.to_owned(), choices: choices(row), summary: row.summary.to_owned() }).collect()
    }

    /// The stack's names: the demo's are the written architecture's.
    pub(super) fn stack(&self, settings: &Settings) -> Stack {
        match self {
            Self::Aws => settings.stack.clone(),
            Self::Demo(_) => super::demo_stack(settings),
        }
    }

    /// Where it is, and as whom we look at it; the embedded cloud is nowhere else than here.
    pub(super) fn place(&self, settings: &Settings) -> Place {
        match self {
            Self::Aws => settings.place.clone(),
            Self::Demo(_) => Place { notices: settings.lock_notice().into_iter().collect(), ..Place::default() },
        }
    }

    /// What this process may do to it: the embedded cloud is there to be tried.
    pub(super) fn mode(&self, settings: &Settings) -> Mode {
        match (self, settings.mode) {
            (Self::Demo(_), Mode::Safe) => Mode::Armed,
            (_, mode) => mode,
        }
    }

    /// The clock that the screen shows.
    pub(super) fn clock(&self) -> Clock {
        match self {
            Self::Aws => Clock::system(),
            Self::Demo(demo) => Clock::virtual_from(demo_start(), demo.world.speed),
        }
    }

    /// Starts an engine that serves `ends`; what is to be said meanwhile goes to `notices`.
    pub(super) async fn start(
        &self,
        settings: &Settings,
        clock: Clock,
        ends: Ends,
        acts: Acts,
        notices: &Notices,
    ) -> Result<Engine, ConnectError> {
        Ok(Engine::start(self.setup(settings, clock, acts, notices).await?, ends))
    }

    /// The same for a dashboard: what may pass is said on its screen and tried again, until it passes.
    pub(super) async fn start_at_last(&self, settings: &Settings, clock: Clock, ends: Ends, acts: Acts) -> Result<Engine, ConnectError> {
        let notices = Notices::default();
        let mut changes = notices.subscribe();
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = self.setup(settings, clock.clone(), acts.clone(), &notices);
            tokio::pin!(attempt);
            let result = loop {
                tokio::select! {
                    result = &mut attempt => break result,
                    all = changes.next() => ends.explain(None, all, clock.now()),
                }
            };
            match result {
                Ok(setup) => return Ok(Engine::start(setup, ends)),
                Err(e) => match e.passing() {
                    Some(problem) => ends.explain(Some(problem), notices.all(), clock.now()),
                    None => return Err(e),
                },
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What an engine, or a runner alone, works with.
    pub(super) async fn setup(&self, settings: &Settings, clock: Clock, acts: Acts, notices: &Notices) -> Result<Setup, ConnectError> {
        Ok(match self {
            Self::Aws => {
                let meter = Meter::default();
                let clients = connect(&settings.place, &meter, &acts.authority, notices).await?;
                let (stack, notices) = (Arc::new(settings.stack.clone()), notices.clone());
                Setup { clients, stack, clock, meter, notices, jitter: rand::random(), acts }
            }
            Self::Demo(demo) => {
                let seed = demo.world.seed();
                // Three hours of history are made here: not on the thread that answers keys.
                let embedded = tokio::task::spawn_blocking(move || Embedded::new(seed, clock)).await;
                let embedded = embedded.map_err(|e| ConnectError::Embedded(e.to_string()))?;
                if let Some(scenario) = &demo.world.scenario {
                    embedded.cloud.inject(scenario);
                }
                let _ = demo.cloud.set(Arc::clone(&embedded.cloud));
                embedded.setup_with(&super::demo_stack(settings), acts)
            }
        })
    }
}

/// Connections that fail so often in a row fail for a reason that stays.
const OFFLINE: u64 = 2;

/// Whether a command without a screen gives up after this answer to the question who we are. What timed out is asked again as long as there
/// is time.
fn is_hopeless(kind: ProblemKind, failures: u64) -> bool {
    match kind {
        ProblemKind::Credentials | ProblemKind::Clock | ProblemKind::WrongAccount => true,
        ProblemKind::Offline => failures >= OFFLINE,
        _ => false,
    }
}

/// Whether another account than the pinned one answers: for a dashboard everything else may pass.
pub(super) fn is_another_account(kind: ProblemKind, _failures: u64) -> bool {
    kind == ProblemKind::WrongAccount
}

/// What may be over when it is asked again, if there is time.
fn is_passing(kind: ProblemKind, _failures: u64) -> bool {
    matches!(kind, ProblemKind::Offline | ProblemKind::Timeout)
}

/// The store when everything has answered or the time is over; why, if nothing has come and nothing will.
pub(super) async fn first_look(feed: &mut Feed, stack: &Stack, patience: Duration) -> Result<Arc<Store>, String> {
    let hopeless = watch_hope(feed.store.clone(), is_hopeless);
    tokio::select! {
        reason = hopeless => Err(reason),
        store = engine::settled(feed, stack, patience) => match hopeless_now(&store, is_passing) {
            Some(reason) => Err(format!("{reason}\n  (asked again for {} s)", patience.as_secs())),
            None => Ok(store),
        },
    }
}

/// Why nothing will ever come, if the question who we are was answered so. `None` = not known yet.
fn hopeless_now(store: &Store, fatal: fn(ProblemKind, u64) -> bool) -> Option<String> {
    let nothing_yet = store.entries().all(|(_, e)| e.value.is_none());
    let entry = store.entry(Identity::KEY)?;
    let problem = entry.problem.as_ref()?;
    (nothing_yet && fatal(problem.kind, entry.failures)).then(|| match problem.hint.as_str() {
        "" => problem.headline.clone(),
        hint => format!("{}\n  next: {hint}", problem.headline),
    })
}

/// Resolves with the reason once a fatal failure is certain; never, once anything has been seen.
pub(super) async fn watch_hope(mut feed: tokio::sync::watch::Receiver<Arc<Store>>, fatal: fn(ProblemKind, u64) -> bool) -> String {
    loop {
        let store = Arc::clone(&feed.borrow_and_update());
        if let Some(reason) = hopeless_now(&store, fatal) {
            return reason;
        }
        let seen = store.entries().any(|(_, e)| e.value.is_some());
        if seen || feed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// An engine that asks AWS only who we are, and where the answer to that comes from.
pub(super) async fn identified(settings: &Settings) -> Result<(Feed, Engine, Option<String>), ConnectError> {
    let (feed, ends) = nextcore_live::engine::channel();
    let told = Told::on_stderr();
    let setup = Target::Aws.setup(settings, Target::Aws.clock(), Acts::none(), &told.notices).await?;
    let whose = setup.clients.credentials_of();
    Ok((feed, Engine::start_with(WHO, setup, ends), whose))
}

/// The source of the identity alone.
const WHO: &[SourceRow] = SOURCES.split_at(1).0;

/// Notices of a command without a screen: each is a line on stderr, as long as this lives.
pub(super) struct Told {
    /// Where they are said.
    pub(super) notices: Notices,
    task: tokio::task::JoinHandle<()>,
}

impl Told {
    /// Begins to tell.
    pub(super) fn on_stderr() -> Self {
        let notices = Notices::default();
        let mut changes = notices.subscribe();
        let task = tokio::spawn(async move {
            let mut said: Vec<String> = Vec::new();
            loop {
                let all = changes.next().await;
                for new in all.iter().filter(|text| !said.contains(text)) {
                    let _ = writeln!(std::io::stderr(), "nextcore-top: {new}");
                }
                said = all;
            }
        });
        Self { notices, task }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.task.abort();
    }
}
