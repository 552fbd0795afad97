//! The dashboard in this terminal: takes it, draws before there is any data, connects meanwhile, and gives it back on every way out.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use futures_util::future::ready;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::backend::{Target, watch_hope};
use super::failure::Failure;
use super::keys;
use super::session_loop::{self, Host, Parts, Screen};
use super::terminal::{Guard, copy};
use crate::config::Settings;
use crate::engine::{self, Engine};
use crate::session::{Msg, Session, SessionOptions};
use crate::theme::Theme;

impl Host for Guard {
    async fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        Guard::suspend(self).await.map(Some)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        copy(text)
    }
}

impl Screen for Guard {
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        Screen::draw(&mut self.terminal, session, theme)
    }
}

/// Runs the dashboard until the user leaves, the line closes, or nothing can ever be shown.
pub(super) async fn run(target: Target, settings: &Settings) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::cannot_tell("the dashboard needs a terminal\n  next: use 'nextcore-top snapshot' in scripts and pipes"));
    }
    let (feed, ends) = engine::channel();
    let parts = Parts { feed, clock: target.clock(), stack: target.stack(settings), theme: settings.theme.clone() };
    let hope = watch_hope(parts.feed.store.clone());
    let (connecting, connected, clock) = (settings.clone(), target.clone(), parts.clock.clone());
    let engine: JoinHandle<Result<Engine, _>> = tokio::spawn(async move { connected.start(&connecting, clock, ends).await });
    // Signals first: one that comes while the terminal is being taken must give it back, too.
    let input = events().map_err(|e| Failure::cannot_tell(format!("signals: {e}")))?;
    let mut guard = Guard::take().map_err(|e| Failure::cannot_tell(format!("cannot take the terminal: {e}")))?;
    let session = Session::new(SessionOptions {
        stack: parts.stack.clone(),
        mode: settings.mode,
        simulated: matches!(target, Target::Demo(_)),
        size: guard.terminal.size().map_or((80, 24), |s| (s.width, s.height)),
        now: parts.clock.now(),
    });
    let ended = {
        let session = session_loop::run(&mut guard, input, session, parts);
        tokio::pin!(session, hope);
        let engine = failed(engine);
        tokio::pin!(engine);
        tokio::select! {
            ended = &mut session => ended.map(|_| ()).map_err(|e| format!("the terminal is gone: {e}")),
            reason = &mut engine => Err(reason),
            reason = &mut hope => Err(reason),
        }
    };
    drop(guard);
    ended.map(|()| ExitCode::SUCCESS).map_err(Failure::cannot_tell)
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
fn events() -> io::Result<impl futures_util::Stream<Item = Msg> + Unpin> {
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
    let keys = EventStream::new().take_while(|event| ready(event.is_ok())).filter_map(|event| ready(event.ok().and_then(keys::message)));
    Ok(keys.take_until(Box::pin(ended)))
}
