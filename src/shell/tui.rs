//! The dashboard in this terminal: takes it, draws before there is any data, connects meanwhile, and gives it back on every way out.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::ready;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::acts::acts;
use super::backend::Target;
use super::failure::Failure;
use super::handoff;
use super::keys::{self, Keyboard};
use super::session_loop::{self, Host, Parts, Screen};
use super::terminal::{Guard, copy};
use crate::aws::action::Handoff;
use crate::aws::authority::Authority;
use crate::config::Settings;
use crate::config::environment::Environment;
use crate::engine::action::Runner;
use crate::engine::{self, Engine};
use crate::session::{Msg, Session, SessionOptions};
use crate::theme::Theme;

/// How long the way out may take when something has to be put right.
const PUT_RIGHT: Duration = Duration::from_secs(15);

impl Host for Guard {
    async fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        Guard::suspend(self).await.map(Some)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        copy(text)
    }

    async fn hand_over(&mut self, session: &Handoff) -> io::Result<Result<Option<(u16, u16)>, String>> {
        self.give();
        let ended = handoff::run(session).await;
        let size = self.take_back()?;
        Ok(ended.map(|()| Some(size)))
    }
}

impl Screen for Guard {
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        Screen::draw(&mut self.terminal, session, theme)
    }
}

/// Runs the dashboard until the user leaves, the line closes, or nothing can be shown without a restart. Whatever may pass is waited for.
pub(super) async fn run(target: Target, settings: &Settings, env: &Environment) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::cannot_tell("the dashboard needs a terminal\n  next: use 'nextcore-top snapshot' in scripts and pipes"));
    }
    let (feed, ends) = engine::channel();
    let mode = target.mode(settings);
    let authority = Authority::new(mode);
    let acts = acts(&target, env, authority.clone());
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
    let mut guard = Guard::take(keyboard.clone()).map_err(|e| Failure::cannot_tell(format!("cannot take the terminal: {e}")))?;
    let session = Session::new(SessionOptions {
        stack: parts.stack.clone(),
        mode,
        simulated: matches!(target, Target::Demo(_)),
        size: guard.terminal.size().map_or((80, 24), |s| (s.width, s.height)),
        now: parts.clock.now(),
    });
    let ended = {
        let session = session_loop::run(&mut guard, input, session, parts);
        tokio::pin!(session);
        let engine = failed(engine);
        tokio::pin!(engine);
        tokio::select! {
            ended = &mut session => ended.map(|_| ()).map_err(|e| format!("the terminal is gone: {e}")),
            reason = &mut engine => Err(reason),
        }
    };
    drop(guard);
    if let Some(runner) = runner.get() {
        put_right(runner).await;
    }
    ended.map(|()| ExitCode::SUCCESS).map_err(Failure::cannot_tell)
}

/// Nothing stays switched off because its dashboard was closed: what would have been sent later is sent now.
async fn put_right(runner: &Runner) {
    if !runner.is_waiting() {
        return;
    }
    let _ = writeln!(io::stderr(), "switching alarm actions on again ...");
    runner.hurry();
    let done = tokio::time::timeout(PUT_RIGHT, async {
        while runner.is_waiting() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let _ = match done.await {
        Ok(()) => writeln!(io::stderr(), "done; 'nextcore-top audit' has it"),
        Err(_) => writeln!(io::stderr(), "no answer: look at the alarms; 'nextcore-top audit' shows which"),
    };
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
