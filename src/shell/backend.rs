//! From a target (AWS or the embedded cloud) to a running engine. Called by the TUI and by headless commands, after the first frame.

use std::sync::Arc;

use crate::aws::meter::Meter;
use crate::aws::source::{Row, SOURCES};
use crate::aws::{ConnectError, connect};
use crate::config::Settings;
use crate::config::args::World;
use crate::engine::action::Acts;
use crate::engine::clock::Clock;
use crate::engine::{Ends, Engine, Feed, Setup};
use crate::model::identity::Identity;
use crate::model::mode::Mode;
use crate::model::place::Place;
use crate::model::section::{ProblemKind, Section};
use crate::model::stack::Stack;
use crate::model::store::Store;

use super::embedded::{Embedded, demo_start};

/// What is watched.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// AWS, or the endpoint of the settings.
    Aws,
    /// The embedded cloud in this process.
    Demo(World),
}

impl Target {
    /// The stack's names: the demo's are the seed's.
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
            Self::Demo(world) => Clock::virtual_from(demo_start(), world.speed),
        }
    }

    /// Starts an engine that serves `ends`.
    pub(super) async fn start(&self, settings: &Settings, clock: Clock, ends: Ends, acts: Acts) -> Result<Engine, ConnectError> {
        Ok(Engine::start(self.setup(settings, clock, acts).await?, ends))
    }

    /// What an engine, or a runner alone, works with.
    pub(super) async fn setup(&self, settings: &Settings, clock: Clock, acts: Acts) -> Result<Setup, ConnectError> {
        Ok(match self {
            Self::Aws => {
                let meter = Meter::default();
                let clients = connect(&settings.place, &meter, &acts.authority).await?;
                Setup { clients, stack: Arc::new(settings.stack.clone()), clock, meter, jitter: rand::random(), acts }
            }
            Self::Demo(world) => {
                let seed = world.seed;
                // Three hours of history are made here: not on the thread that answers keys.
                let embedded = tokio::task::spawn_blocking(move || Embedded::new(seed, clock)).await;
                let embedded = embedded.map_err(|e| ConnectError::Files(e.to_string()))?;
                embedded.setup_with(&super::demo_stack(settings), acts)
            }
        })
    }
}

/// Whether the very first answer says that nothing will ever come: then a screen full of boxes is no help. `None` = not known yet.
pub(super) fn hopeless(store: &Store) -> Option<String> {
    let nothing_yet = store.entries().all(|(_, e)| e.value.is_none());
    let problem = store.entry(Identity::KEY)?.problem.as_ref()?;
    let fatal = matches!(problem.kind, ProblemKind::Offline | ProblemKind::Credentials | ProblemKind::Timeout | ProblemKind::WrongAccount);
    (nothing_yet && fatal).then(|| {
        // The command ends here: the engine's promise to ask again would not be kept.
        let hint = if problem.kind == ProblemKind::Timeout { "check the network, --region and --endpoint-url" } else { &problem.hint };
        if hint.is_empty() { problem.headline.clone() } else { format!("{}\n  next: {hint}", problem.headline) }
    })
}

/// Resolves with the reason once `hopeless` is certain; never, once anything has been seen.
pub(super) async fn watch_hope(mut feed: tokio::sync::watch::Receiver<Arc<Store>>) -> String {
    loop {
        let store = Arc::clone(&feed.borrow_and_update());
        if let Some(reason) = hopeless(&store) {
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
    let (feed, ends) = crate::engine::channel();
    let setup = Target::Aws.setup(settings, Target::Aws.clock(), Acts::none()).await?;
    let whose = setup.clients.credentials_of();
    Ok((feed, Engine::start_with(WHO, setup, ends), whose))
}

/// The source of the identity alone.
const WHO: &[Row] = SOURCES.split_at(1).0;
