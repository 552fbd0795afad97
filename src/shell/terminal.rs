//! The terminal: raw mode, alternate screen, marked pastes, focus events, and their undoing on every way out: normal end, error, signal,
//! panic, suspend, a shell in a container. No step of it can panic or wait for an answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use ratatui::Terminal;
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::keys::Keyboard;
use super::tty::{self, Frames, Modes, Mute, PLAIN_KEYS, RESET};
use nextcore_core::model::text::inert_lines;

/// How long a stop may take to come.
const STOP_PATIENCE: Duration = Duration::from_millis(500);
/// The screen is ours: marked pastes, focus events, no cursor.
const READY: &str = "\x1b[?2004h\x1b[?1004h\x1b[?25l\x1b[2J";
const TO_ALTERNATE: &str = "\x1b[?1049h";
const FROM_ALTERNATE: &str = "\x1b[?1049l";
/// The same without moving the cursor, for a program that has left it on.
const FROM_FOREIGN_ALTERNATE: &str = "\x1b[?1047l";

/// Not ours.
const FREE: u8 = 0;
/// Raw, and its screen is ours.
const OURS: u8 = 1;
/// Raw, and its screen is another program's.
const LENT: u8 = 2;

/// Whether the terminal is ours, and how it was before.
#[derive(Debug)]
struct Held {
    modes: Modes,
    state: AtomicU8,
}

impl Held {
    fn enter(&self) -> io::Result<()> {
        let switch = if self.state.swap(OURS, Ordering::SeqCst) == OURS {
            self.modes.still_raw()?;
            ""
        } else {
            self.modes.raw()?;
            TO_ALTERNATE
        };
        tty::write([switch, RESET, READY].concat().as_bytes())
    }

    fn lend(&self) -> io::Result<()> {
        self.leave();
        self.state.store(LENT, Ordering::SeqCst);
        self.modes.raw()
    }

    /// Every step is tried: a terminal that is half restored is as bad as one that is not. Once: what is printed then stays.
    fn leave(&self) {
        let undo = match self.state.swap(FREE, Ordering::SeqCst) {
            OURS => [RESET, FROM_ALTERNATE].concat(),
            LENT => scrub(),
            _ => return,
        };
        let _ = tty::write(undo.as_bytes());
        self.modes.restore();
    }
}

/// A terminal in our hands; given back when dropped.
pub(super) struct Guard {
    /// Where frames go.
    pub(super) terminal: Terminal<Mute<Frames>>,
    held: Arc<Held>,
    keyboard: Keyboard,
    /// The process was stopped from outside and goes on: the screen is to be drawn anew.
    continued: Arc<AtomicBool>,
}

impl Guard {
    /// Takes the terminal.
    pub(super) fn take(keyboard: Keyboard, continued: Arc<AtomicBool>) -> io::Result<Self> {
        let held = Arc::new(Held { modes: Modes::now()?, state: AtomicU8::new(FREE) });
        restore_on_panic(thread::current().id(), Arc::clone(&held));
        // Before the first step: what fails halfway is undone, too.
        let guard = Self { terminal: Terminal::new(Mute::new(Frames::default()))?, held, keyboard, continued };
        guard.held.enter()?;
        Ok(guard)
    }

    /// Gives the screen to another program whose keys we pass on: they come from here.
    pub(super) fn give(&mut self) -> io::Result<mpsc::Receiver<Vec<u8>>> {
        self.held.lend()?;
        Ok(self.keyboard.divert())
    }

    /// Takes it again, whatever the program has made of it; answers with the size that it has then.
    pub(super) fn take_back(&mut self) -> io::Result<(u16, u16)> {
        tty::write(scrub().as_bytes())?;
        self.again()
    }

    fn again(&mut self) -> io::Result<(u16, u16)> {
        self.held.enter()?;
        self.terminal.clear()?;
        Ok(tty::size())
    }

    /// Gives the terminal back for good or until `suspend` takes it again.
    pub(super) fn let_go(&self) {
        self.held.leave();
    }

    /// Gives the terminal back, stops the process until `fg`, takes it again; answers with the size that it has then.
    pub(super) async fn suspend(&mut self) -> io::Result<(u16, u16)> {
        let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        self.held.leave();
        kill_current_process_group(Signal::TSTP)?;
        // The stop may come a moment after the call returns: what follows must run after `fg`, not before the stop. Without job
        // control nothing stops us, and nothing continues us.
        let _ = tokio::time::timeout(STOP_PATIENCE, continued.recv()).await;
        self.again()
    }

    /// After a stop that was not ours, whoever had the terminal meanwhile has set it as they like.
    pub(super) fn mend(&mut self) -> io::Result<()> {
        if self.continued.swap(false, Ordering::SeqCst) {
            self.again()?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.held.leave();
    }
}

/// What undoes whatever another program has left on, on whichever screen it has left us.
fn scrub() -> String {
    [PLAIN_KEYS, RESET, FROM_FOREIGN_ALTERNATE, PLAIN_KEYS, RESET].concat()
}

/// The terminal for a shell in a container and nothing else: raw while this lives, as it was before afterwards.
pub(super) struct Relayed(Modes, Keyboard);

impl Relayed {
    /// Takes the terminal; its keys come from the receiver.
    pub(super) fn take() -> io::Result<(Self, mpsc::Receiver<Vec<u8>>)> {
        let modes = Modes::now()?;
        modes.raw()?;
        let (keyboard, keys) = match Keyboard::open() {
            Ok(opened) => opened,
            Err(e) => {
                modes.restore();
                return Err(e);
            }
        };
        Ok((Self(modes, keyboard), keys))
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        let Self(modes, _keyboard) = self;
        let _ = tty::write(scrub().as_bytes());
        modes.restore();
    }
}

/// Before a panic of the drawing thread is printed, the terminal is given back. Polls panic on other threads and are caught there.
fn restore_on_panic(drawing: ThreadId, held: Arc<Held>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == drawing {
            held.leave();
            before(info);
        }
    }));
}

/// OSC 52: the user's clipboard, through SSH and tmux (`set-clipboard on`). What is pasted from it must not type either.
pub(super) fn copy(text: &str) -> io::Result<()> {
    use crossterm::Command;
    use crossterm::clipboard::CopyToClipboard;
    let mut sequence = String::new();
    CopyToClipboard::to_clipboard_from(inert_lines(text)).write_ansi(&mut sequence).map_err(io::Error::other)?;
    tty::write(sequence.as_bytes())
}
