//! What the end-to-end tests share: the built program on a machine of its own (folders, environment), the embedded cloud as a
//! process, and waiting for a condition. Every process that is started here ends with the value that owns it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_nextcore-top");
/// Credentials that any endpoint but AWS takes.
pub(crate) const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", "test")];
/// Instance metadata that refuses at once: a test on an EC2 machine must not find that machine's own role.
pub(crate) const NO_METADATA: (&str, &str) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", CLOSED);
/// An endpoint that nobody serves.
pub(crate) const CLOSED: &str = "http://127.0.0.1:1";
/// No test waits longer than this for a process to end.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A user's home and nothing else of the machine that the tests run on.
pub(crate) struct Machine {
    home: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::Builder::new().prefix("nextcore-test").tempdir().unwrap() }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Any program in this home.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.home()).stdin(Stdio::null());
        command.env("HOME", self.home()).env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("TMPDIR", self.home()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs nextcore-top to its end with these arguments and variables.
    pub(crate) fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = self.command(PROGRAM);
        command.args(args).envs(env.iter().copied());
        ran(&mut command)
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// Fails unless it ended with this code and says all of this on stderr.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "stderr does not say {word:?}: {self:#?}");
        }
        assert!(!self.err.contains("panicked") && !self.err.contains("\u{1b}["), "{self:#?}");
        self
    }

    /// Fails unless it was over in time.
    #[track_caller]
    pub(crate) fn within(&self, limit: Duration) -> &Self {
        assert!(self.took <= limit, "took {:?}, not {limit:?}: {self:#?}", self.took);
        self
    }

    /// Fails unless stdout is empty.
    #[track_caller]
    pub(crate) fn silent(&self) -> &Self {
        assert!(self.out.is_empty(), "stdout is not for messages: {self:#?}");
        self
    }
}

/// Runs a command to its end; one that hangs is killed and fails the test. Takes stdout unless the caller has placed it.
pub(crate) fn ran(command: &mut Command) -> Ran {
    ran_with(command.stdout(Stdio::piped()))
}

/// As `ran`, with the stdout that the command has.
pub(crate) fn ran_with(command: &mut Command) -> Ran {
    let began = Instant::now();
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let (done, wait) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = wait.recv_timeout(PATIENCE) else {
        signal(pid, Signal::KILL);
        panic!("{command:?} is still running after {PATIENCE:?}");
    };
    let Output { status, stdout, stderr } = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr), took: began.elapsed() }
}

/// Polls until there is a value; fails with `seen` of what was there instead.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test's own thread may block")]
pub(crate) fn eventually<T>(limit: Duration, mut look: impl FnMut() -> Option<T>, seen: impl FnOnce() -> String) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {}", seen());
        thread::sleep(LOOK_EVERY);
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.try_into().unwrap()).unwrap()
}

/// Sends a signal; a process that is gone is no error.
pub(crate) fn signal(id: u32, signal: Signal) {
    let _ = kill_process(pid(id), signal);
}

/// Whether a process still runs; one that only waits to be reaped does not.
pub(crate) fn alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let zombie = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']));
    test_kill_process(pid(id)).is_ok() && !zombie
}

/// `nextcore-top cloud` in a process of its own.
pub(crate) struct CloudProcess {
    child: Child,
    /// Where it is served.
    pub(crate) url: String,
    /// Held open: the cloud must not meet a closed stderr.
    _stderr: BufReader<ChildStderr>,
}

impl CloudProcess {
    /// On a port that was free.
    pub(crate) fn start(machine: &Machine) -> Self {
        Self::listen(machine, "127.0.0.1:0")
    }

    /// As many virtual seconds per second.
    pub(crate) fn at_speed(machine: &Machine, speed: &str) -> Self {
        Self::with(machine, &["--listen", "127.0.0.1:0", "--speed", speed])
    }

    /// On this address; returns once it answers.
    pub(crate) fn listen(machine: &Machine, address: &str) -> Self {
        Self::with(machine, &["--listen", address])
    }

    fn with(machine: &Machine, args: &[&str]) -> Self {
        let mut command = machine.command(PROGRAM);
        command.arg("cloud").args(args).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("the cloud names no URL: {line:?}")).to_owned();
        Self { child, url, _stderr: stderr }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Signals the process.
    pub(crate) fn signal(&self, which: Signal) {
        signal(self.child.id(), which);
    }

    /// Ends it by a signal and waits; the exit code.
    pub(crate) fn end(mut self, which: Signal) -> Option<i32> {
        self.signal(which);
        let limit = Duration::from_secs(5);
        eventually(limit, || self.child.try_wait().unwrap(), || "the cloud still runs".to_owned()).code()
    }
}

impl Drop for CloudProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
