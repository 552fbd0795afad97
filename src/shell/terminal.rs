//! The terminal: raw mode, alternate screen, bracketed paste, focus events, and their undoing on every way out:
//! normal end, error, panic, suspend. Owns stdout while it lives.

use std::io::{self, Stdout, Write, stdout};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{SignalKind, signal};

use super::keys::Keyboard;

/// How long a stop may take to come.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// A terminal in our hands; given back when dropped.
pub(super) struct Guard {
    /// Where frames go.
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
    keyboard: Keyboard,
}

impl Guard {
    /// Takes the terminal.
    pub(super) fn take(keyboard: Keyboard) -> io::Result<Self> {
        restore_on_panic(thread::current().id());
        enter()?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(Self { terminal, keyboard })
    }

    /// Gives the terminal to another program.
    pub(super) fn give(&mut self) {
        self.keyboard.let_go();
        leave();
    }

    /// Takes it again; answers with the size that it has then.
    pub(super) fn take_back(&mut self) -> io::Result<(u16, u16)> {
        enter()?;
        self.keyboard.take_back();
        self.terminal.clear()?;
        crossterm::terminal::size()
    }

    /// Gives the terminal back, stops the process until `fg`, takes it again; answers with the size that it has then.
    pub(super) async fn suspend(&mut self) -> io::Result<(u16, u16)> {
        let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        leave();
        kill_current_process_group(Signal::TSTP)?;
        // The stop may come a moment after the call returns: what follows must run after `fg`, not before the stop. Without job
        // control nothing stops us, and nothing continues us.
        let _ = tokio::time::timeout(STOP_PATIENCE, continued.recv()).await;
        self.take_back()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange, cursor::Hide)
}

/// Every step is tried: a terminal that is half restored is as bad as one that is not.
fn leave() {
    let _ = execute!(stdout(), DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}

/// Before a panic of the drawing thread is printed, the terminal is given back. Polls panic on other threads and are caught there.
fn restore_on_panic(drawing: ThreadId) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == drawing {
            leave();
            before(info);
        }
    }));
}

/// OSC 52: the user's clipboard, through SSH and tmux (`set-clipboard on`).
pub(super) fn copy(text: &str) -> io::Result<()> {
    use crossterm::clipboard::CopyToClipboard;
    execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
}
