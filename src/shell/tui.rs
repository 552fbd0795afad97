//! The dashboard in this terminal: takes it, draws before there is any data, connects meanwhile, and gives it back on every way out.

use std::io::{self, IsTerminal};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use futures_util::future::ready;
use futures_util::{FutureExt, StreamExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::acts::acts;
use super::backend::{Target, watch_hope};
use super::failure::Failure;
use super::handoff;
use super::keys::{self, Keyboard};
use super::leaving::leave;
use super::session_loop::{self, Host, Parts, Screen};
use super::terminal::{Guard, copy};
use crate::aws::action::Handoff;
use crate::aws::authority::Authority;
use crate::config::Settings;
use crate::config::environment::Environment;
use crate::engine::action::Runner;
use crate::engine::{self, Engine};
use crate::model::section::ProblemKind;
use crate::session::{Msg, Session, SessionOptions};
use crate::theme::Theme;

/// The terminal, and what has to be put right before it is stopped.
struct Here {
    guard: Guard,
    runner: Arc<OnceLock<Runner>>,
}

impl Host for Here {
    async fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        let promised = self.runner.get().filter(|r| !r.promises().is_empty());
        if let Some(runner) = promised {
            self.guard.give();
            leave(runner).await;
        }
        let size = self.guard.suspend().await;
        if let Some(runner) = self.runner.get() {
            runner.stay();
        }
        size.map(Some)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        copy(text)
    }

    async fn hand_over(&mut self, session: &Handoff) -> io::Result<Result<Option<(u16, u16)>, String>> {
        self.guard.give();
        let ended = handoff::run(session).await;
        let size = self.guard.take_back()?;
        Ok(ended.map(|()| Some(size)))
    }
}

impl Screen for Here {
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        Screen::draw(&mut self.guard.terminal, session, theme)
    }
}

/// Runs the dashboard until the user leaves, the line closes, or nothing can be shown without a restart. Whatever may pass is waited for.
pub(super) async fn run(target: Target, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::cannot_tell("the dashboard needs a terminal\n  next: use 'nextcore-top snapshot' in scripts and pipes"));
    }
    let place = target.place(settings);
    let (feed, ends) = engine::channel_at(place.clone());
    let mode = target.mode(settings);
    let authority = Authority::new(mode);
    let acts = acts(&target, settings, env, authority.clone());
    let parts = Parts { feed, clock: target.clock(), stack: target.stack(settings), theme: settings.theme.clone(), authority };
    let (connecting, connected, clock) = (settings.clone(), target.clone(), parts.clock.clone());
    let runner: Arc<OnceLock<Runner>> = Arc::default();
    let slot = Arc::clone(&runner);
    let engine: JoinHandle<Result<Engine, _>> = tokio::spawn(async move {
        let engine = connected.start_at_last(&connecting, clock, ends, acts).await?;
        let _ = slot.set(engine.runner().clone());
        Ok(engine)
    });
    // Signals first: one that comes while the terminal is being taken must give it back, too.
    let keyboard = Keyboard::default();
    let input = events(keyboard.clone()).map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    let guard = Guard::take(keyboard.clone()).map_err(|e| Failure::cannot_tell(format!("cannot take the terminal: {e}")))?;
    let mut here = Here { guard, runner: Arc::clone(&runner) };
    let session = Session::new(SessionOptions {
        stack: parts.stack.clone(),
        mode,
        simulated: matches!(target, Target::Demo(_)),
        size: here.guard.terminal.size().map_or((80, 24), |s| (s.width, s.height)),
        now: parts.clock.now(),
    })
    .at(place);
    let ended = {
        let wrong = watch_hope(parts.feed.store.clone(), |kind| kind == ProblemKind::WrongAccount);
        let session = session_loop::run(&mut here, input, session, parts);
        tokio::pin!(session, wrong);
        let engine = failed(engine);
        tokio::pin!(engine);
        let ended = async {
            tokio::select! {
                ended = &mut session => ended.map(|_| ()).map_err(|e| format!("the terminal is gone: {e}")),
                reason = &mut engine => Err(reason),
                // Nothing is asked of another account than the pinned one, and no wait changes whose these credentials are.
                reason = &mut wrong => Err(reason),
            }
        };
        // A bug on the screen must not skip what is owed: it is told after that was put right.
        AssertUnwindSafe(ended).catch_unwind().await
    };
    // Neither must whatever giving the terminal back runs into.
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(here)));
    let settled = match runner.get() {
        Some(runner) => leave(runner).await,
        None => true,
    };
    match ended {
        Ok(Ok(())) if settled => Ok(ExitCode::SUCCESS),
        // What is left behind was said already.
        Ok(Ok(())) => Ok(ExitCode::from(3)),
        Ok(Err(why)) => Err(Failure::cannot_tell(why)),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Keeps a started engine alive for ever; resolves only with the reason why there is none.
async fn failed(engine: JoinHandle<Result<Engine, crate::aws::ConnectError>>) -> String {
    match engine.await {
        Ok(Ok(_engine)) => std::future::pending().await,
        Ok(Err(e)) => e.to_string(),
        Err(e) => format!("cannot start: {e}"),
    }
}

/// Keys and the signals that end the program, as one stream; it ends when the terminal is closed or a signal says so.
fn events(keyboard: Keyboard) -> io::Result<impl futures_util::Stream<Item = Msg> + Unpin> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ended = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let keys = keyboard.take_while(|event| ready(event.is_ok())).filter_map(|event| ready(event.ok().and_then(keys::message)));
    Ok(keys.take_until(Box::pin(ended)))
}
