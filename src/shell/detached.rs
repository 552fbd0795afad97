//! The keeper of a `credential_process`: this program again, started by `aws::process` in a session without a terminal. It runs the command
//! and ends it, with whatever the command has started, as soon as its own standard input is closed: when the program that waits is gone.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Signal, kill_current_process_group, setsid};

use nextcore_live::aws::process::DETACHED;

/// Runs the command of a hidden invocation; `None`: this is an ordinary one.
pub(super) fn of_arguments() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    (args.next()? == DETACHED).then(|| keep(&args.next().unwrap_or_default()))
}

fn keep(command: &OsStr) -> ExitCode {
    // Whatever asks on /dev/tty finds none: the screen is somebody else's.
    if let Err(e) = setsid() {
        let _ = writeln!(std::io::stderr(), "cannot detach from the terminal: {e}");
        return ExitCode::FAILURE;
    }
    let spawned = Command::new("sh").arg("-c").arg(command).stdin(Stdio::null()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(e) => {
            let _ = writeln!(std::io::stderr(), "sh: {e}");
            return ExitCode::FAILURE;
        }
    };
    std::thread::spawn(|| {
        let mut nothing = [0; 16];
        while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
        // The group is our own session's: the command, what it started, and this keeper.
        let _ = kill_current_process_group(Signal::KILL);
    });
    match child.wait() {
        // A shell's way to say that a signal has ended it.
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255)),
        Err(_) => ExitCode::FAILURE,
    }
}
