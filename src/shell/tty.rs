//! The terminal as a device: its modes before us and raw mode, its size, bytes to it. It is never asked anything: an answer that comes
//! late would be typed into the shell. Nothing here can panic, whatever has become of the terminal.

use std::fmt;
use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};

/// What a program may have left switched on, switched off: mouse reports, focus reports, marked pastes, application keys, insert mode,
/// origin mode, margins, colours, other character sets, a hidden cursor, no wrapping.
pub(super) const RESET: &str = "\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\
\x1b[?2004l\x1b[?2026l\x1b[?1l\x1b>\x1b[4l\x1b[?5l\x1b[?69l\x1b[?6l\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[?7h\x1b[?25h";

/// Extended keys of kitty and xterm, switched off: some terminals print what they do not know of it, so it is sent only after a program
/// that may have switched them on.
pub(super) const PLAIN_KEYS: &str = "\x1b[=0u\x1b[>4m";

/// A terminal without a size (a serial line) is taken for this.
const USUAL: (u16, u16) = (80, 24);

/// The modes that the terminal had before we touched it.
#[derive(Clone)]
pub(super) struct Modes(Termios);

impl fmt::Debug for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Modes").field(&self.0.local_modes).finish()
    }
}

impl Modes {
    /// As they are now.
    pub(super) fn now() -> io::Result<Self> {
        Ok(Self(tcgetattr(stdin())?))
    }

    /// Every byte as it comes, none interpreted; made from the modes of before, not from what another program may have left.
    pub(super) fn raw(&self) -> io::Result<()> {
        self.still_raw()?;
        drop_typed();
        Ok(())
    }

    /// The same where it should be so already: what was typed is meant for us.
    pub(super) fn still_raw(&self) -> io::Result<()> {
        let mut raw = self.0.clone();
        raw.make_raw();
        set(&raw)
    }

    /// As they were; a terminal that is gone has none.
    pub(super) fn restore(&self) {
        let _ = set(&self.0);
        drop_typed();
    }
}

/// What was typed for one program is not meant for whoever reads next.
fn drop_typed() {
    let _ = tcflush(stdin(), QueueSelector::IFlush);
}

fn set(modes: &Termios) -> io::Result<()> {
    loop {
        match tcsetattr(stdin(), OptionalActions::Now, modes) {
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
            Ok(()) => return Ok(()),
        }
    }
}

/// Columns and rows.
pub(super) fn size() -> (u16, u16) {
    let size = tcgetwinsize(stdout()).map(|s| (s.ws_col, s.ws_row));
    size.ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL)
}

/// Writes all of it; the error of a terminal that is gone.
pub(super) fn write(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Somebody has left the shared terminal non-blocking.
            Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&stdout(), PollFlags::OUT)], None)?),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Throws away what the terminal has not taken, and wakes whoever waits for it to be taken.
pub(super) fn discard_output() {
    let _ = tcflush(stdout(), QueueSelector::OFlush);
    // A write that waits looks again only when something interrupts it; this means nothing else.
    let _ = kill_process(getpid(), Signal::WINCH);
}

/// Frames for this terminal: collected, and written whole.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = write(&self.0);
        self.0.clear();
        written
    }
}

/// ratatui's backend, which neither asks where the cursor is nor shows it: the first waits for an answer, the second is done when
/// a `Terminal` is dropped, where a failure is printed, which panics when stderr is gone, too.
#[derive(Debug)]
pub(super) struct Mute<W: Write>(CrosstermBackend<W>);

impl<W: Write> Mute<W> {
    /// Draws there.
    pub(super) fn new(writer: W) -> Self {
        Self(CrosstermBackend::new(writer))
    }
}

impl<W: Write> Backend for Mute<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.0.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = size();
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size { width: 0, height: 0 } })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ratatui::Terminal;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// ratatui asks where the cursor is when it clears, and writes when it is dropped: here it does neither.
    #[test]
    fn clearing_asks_nothing_and_dropping_writes_nothing() {
        let paper = Paper::default();
        let mut terminal = Terminal::new(Mute::new(paper.clone())).unwrap();
        let mark = |frame: &mut ratatui::Frame<'_>| {
            frame.buffer_mut().set_string(0, 0, "drawn", ratatui::style::Style::new());
        };
        terminal.draw(mark).unwrap();
        terminal.clear().unwrap();
        let before = paper.0.lock().unwrap().clone();
        drop(terminal);
        let after = paper.0.lock().unwrap().clone();
        assert_eq!(after, before);
        let text = String::from_utf8(after).unwrap();
        assert!(text.contains("drawn") && text.contains("\u{1b}[2J") && !text.contains("\u{1b}[6n"), "{text:?}");
    }

    /// No query among what is sent on the way in and out.
    #[test]
    fn what_is_reset_asks_nothing() {
        for sequence in [RESET, PLAIN_KEYS] {
            assert!(!sequence.ends_with('\u{1b}'));
            let ends: Vec<char> = sequence.split('\u{1b}').filter_map(|s| s.chars().last()).collect();
            assert!(ends.iter().all(|end| !matches!(end, 'n' | 'c' | 't' | 'q' | '?')), "{ends:?}");
        }
    }
}
