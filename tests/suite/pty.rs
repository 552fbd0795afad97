//! A pseudo-terminal whose other end is the test: it shows what the program draws, types at the pace of a slow line, answers questions
//! late or never, and goes away with or without a hang-up.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Pts, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use rustix::termios::{LocalModes, Termios, tcgetattr};

use super::process::{Machine, PROGRAM, alive, eventually, signal};

/// No test waits longer than this for something to be on the screen.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What asks a terminal where its cursor is.
const WHERE: &[u8] = b"\x1b[6n";

/// What becomes of `ESC[6n`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answers {
    /// No answer ever comes.
    Never,
    /// It comes so late.
    After(Duration),
}

/// How a program is on its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belongs {
    /// It is its controlling terminal: a closed one means SIGHUP.
    Controlling,
    /// Only its three streams are on it: a closed one is said by nobody.
    Streams,
}

struct Seen {
    raw: Vec<u8>,
    parser: vt100::Parser,
}

/// A program on a pseudo-terminal.
pub(crate) struct Line {
    pty: Option<Arc<Pty>>,
    child: Child,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    stalled: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    /// Held where a terminal must outlive the program: its modes are looked at afterwards.
    pts: Option<Pts>,
}

impl Line {
    /// nextcore-top with these arguments on a terminal of 100 × 30 that never answers.
    pub(crate) fn top(machine: &Machine, args: &[&str]) -> Self {
        let mut command = machine.command(PROGRAM);
        command.args(args);
        Self::open(command, Belongs::Controlling, Answers::Never)
    }

    /// Any program.
    pub(crate) fn open(mut command: Command, belongs: Belongs, answers: Answers) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(30, 100)).unwrap();
        let stream = || Stdio::from(pts.as_fd().try_clone_to_owned().unwrap());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = match belongs {
            Belongs::Streams => command.spawn().unwrap(),
            Belongs::Controlling => pty_process::blocking::Command::from(command).spawn_borrowed(&pts).unwrap(),
        };
        let pty = Arc::new(pty);
        let seen = Arc::new(Mutex::new(Seen { raw: Vec::new(), parser: vt100::Parser::new(30, 100, 0) }));
        let stop = Arc::new(AtomicBool::new(false));
        let stalled = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (pty, seen, stop, stalled) = (Arc::clone(&pty), Arc::clone(&seen), Arc::clone(&stop), Arc::clone(&stalled));
            move || follow(&pty, &seen, (&stop, &stalled), answers)
        });
        Self { pty: Some(pty), child, seen, stop, stalled, reader: Some(reader), pts: Some(pts) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the terminal shows.
    pub(crate) fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// Every byte that was written since the start.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// What the terminal knows of itself.
    pub(crate) fn state<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen().parser.screen())
    }

    /// Types all of it at once.
    pub(crate) fn types(&self, keys: impl AsRef<[u8]>) {
        let mut pty = self.pty.as_deref().expect("the line is closed");
        pty.write_all(keys.as_ref()).unwrap();
    }

    /// Types one byte at a time.
    #[expect(clippy::disallowed_methods, reason = "a test's own thread may block")]
    pub(crate) fn drips(&self, keys: impl AsRef<[u8]>, gap: Duration) {
        for byte in keys.as_ref() {
            self.types([*byte]);
            thread::sleep(gap);
        }
    }

    /// The first screen that fulfils the condition.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, fulfilled: impl Fn(&str) -> bool) -> String {
        let look = || Some(self.screen()).filter(|s| fulfilled(s));
        eventually(LIMIT, look, || format!("no {what} on the screen:\n{}", self.screen()))
    }

    #[track_caller]
    pub(crate) fn shows(&self, what: &str) -> String {
        self.until(what, |s| s.contains(what))
    }

    /// The terminal's modes.
    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(self.pts.as_ref().expect("the line is closed")).unwrap()
    }

    /// Whether it is as a shell needs it.
    pub(crate) fn is_cooked(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Waits until the last bytes of a program that has ended are taken in: a shell's modes, and the shell's own screen.
    #[track_caller]
    pub(crate) fn is_given_back(&self) {
        let back = || (self.is_cooked() && !self.state(vt100::Screen::alternate_screen)).then_some(());
        eventually(LIMIT, back, || format!("{:?}\n{}", self.modes(), self.screen()));
    }

    /// Signals the program.
    pub(crate) fn signal(&self, which: Signal) {
        signal(self.pid(), which);
    }

    pub(crate) fn alive(&self) -> bool {
        alive(self.pid())
    }

    /// From now on nothing that is written is taken.
    pub(crate) fn stalls(&self) {
        self.stalled.store(true, Ordering::SeqCst);
    }

    /// Closes the other end, as a broken connection does.
    pub(crate) fn close(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.pts = None;
        self.pty = None;
    }

    /// How the program ended; fails if it has not by then.
    #[track_caller]
    pub(crate) fn ended(&mut self, limit: Duration) -> ExitStatus {
        self.ended_having_used(limit).0
    }

    /// How it ended, and the seconds of a processor that it has used from now on.
    #[track_caller]
    pub(crate) fn ended_having_used(&mut self, limit: Duration) -> (ExitStatus, f64) {
        let (before, pid) = (used(self.pid()).unwrap_or_default(), self.pid());
        let mut most = before;
        let (child, seen) = (&mut self.child, &self.seen);
        let mut look = || {
            // Before it is reaped, or there is nothing left to read.
            most = used(pid).map_or(most, |now| now.max(most));
            child.try_wait().unwrap()
        };
        let screen = || seen.lock().unwrap().parser.screen().contents();
        let status = eventually(limit, &mut look, || format!("it still runs:\n{}", screen()));
        (status, most - before)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds of a processor that a process has used, until it is reaped.
fn used(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u32 = fields.iter().skip(11).take(2).filter_map(|f| f.parse::<u32>().ok()).sum();
    Some(f64::from(ticks) / 100.0)
}

/// Takes in what the program writes until the line is closed.
fn follow(pty: &Arc<Pty>, seen: &Mutex<Seen>, (stop, stalled): (&AtomicBool, &AtomicBool), answers: Answers) {
    let mut buffer = [0; 8192];
    let mut due: Option<Instant> = None;
    let pause = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    while !stop.load(Ordering::SeqCst) {
        if due.is_some_and(|at| at <= Instant::now()) {
            due = None;
            let _ = (&**pty).write_all(b"\x1b[12;40R");
        }
        if stalled.load(Ordering::SeqCst) {
            idle();
            continue;
        }
        let mut fds = [PollFd::new(&**pty, PollFlags::IN)];
        if !matches!(poll(&mut fds, Some(&pause)), Ok(n) if n > 0) {
            continue;
        }
        let Ok(n @ 1..) = (&**pty).read(&mut buffer) else {
            // Nobody has the other end open: the program is gone, or has yet to begin.
            idle();
            continue;
        };
        let mut seen = seen.lock().unwrap();
        seen.raw.extend_from_slice(&buffer[..n]);
        seen.parser.process(&buffer[..n]);
        if let (Answers::After(late), true) = (answers, buffer[..n].windows(WHERE.len()).any(|w| w == WHERE)) {
            due = Some(Instant::now() + late);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own thread may block")]
pub(crate) fn idle() {
    thread::sleep(LOOK_EVERY);
}

#[test]
fn a_line_shows_what_is_drawn_and_says_how_it_ended() {
    let machine = Machine::new();
    let mut line = Line::top(&machine, &["demo", "--seed", "7"]);
    line.shows("celery-worker");
    assert!(!line.is_cooked() && line.state(vt100::Screen::alternate_screen) && line.alive());
    line.types("q");
    assert_eq!(line.ended(Duration::from_secs(5)).code(), Some(0));
    line.is_given_back();
}
