//! The terminal: raw mode, alternate screen, bracketed paste, focus events, and their undoing on every way out:
//! normal end, error, panic, suspend. Owns stdout while it lives.

use std::io::{self, Stdout, Write, stdout};
use std::thread::{self, ThreadId};

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};

/// A terminal in our hands; given back when dropped.
pub(super) struct Guard {
    /// Where frames go.
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Guard {
    /// Takes the terminal.
    pub(super) fn take() -> io::Result<Self> {
        restore_on_panic(thread::current().id());
        enter()?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(Self { terminal })
    }

    /// Gives the terminal back, stops the process until `fg`, takes it again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave();
        kill_current_process_group(Signal::TSTP)?;
        enter()?;
        // A stopped job is not told that the window has changed: tell ourselves, so that the size comes in as usual.
        kill_process(getpid(), Signal::WINCH)?;
        self.terminal.clear()
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
