//! Hands the terminal to `session-manager-plugin` for ECS Exec and comes back when it ends. The plugin is on a terminal of its own, which is
//! relayed: so a shell that hangs can be left, and one whose task has stopped ends. Its arguments hold a secret: they are given to the
//! plugin and to nobody else.

use std::io::{self, IsTerminal, Write};
use std::process::ExitStatus;
use std::time::Duration;

use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::acts::SESSION_PLUGIN;
use super::signals::ending;
use super::terminal::Relayed;
use super::tty;
use nextcore_live::aws::action::Handoff;

/// How long a plugin may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a plugin has written in its last breath is waited for as long.
const LAST_BREATH: Duration = Duration::from_millis(200);
/// What is typed while the plugin does not read; more is dropped.
const TYPED_AHEAD: usize = 64 * 1024;
/// How often Ctrl-] leaves a shell, and within which time.
const PRESSES: usize = 3;
const PRESSED_WITHIN: Duration = Duration::from_secs(3);
/// Ctrl-], as terminals send it: plain, kitty's way, xterm's way.
const LEAVE: [&[u8]; 3] = [b"\x1d", b"\x1b[93;5u", b"\x1b[27;5;93~"];

/// What switches to the alternate screen (with h) and back (with l).
const SWITCHES: [&[u8]; 3] = [b"\x1b[?1049", b"\x1b[?1047", b"\x1b[?47"];

/// Opens the session on this command's own terminal, or on its streams if they are none.
pub(super) async fn here(session: &Handoff, stopped: impl Future<Output = String>) -> Result<(), String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return on_streams(session, stopped).await;
    }
    let (terminal, keys) = Relayed::take().map_err(|e| format!("cannot open the terminal: {e}"))?;
    let ended = relayed(session, keys, stopped).await;
    drop(terminal);
    ended
}

/// Runs the plugin on a terminal of its own until it ends, is left, or its task stops; says why if it did not end well. The terminal that
/// it is shown on is raw, and what is typed comes by `keys`.
pub(super) async fn relayed(session: &Handoff, keys: mpsc::Receiver<Vec<u8>>, stopped: impl Future<Output = String>) -> Result<(), String> {
    let failed = |e: &dyn std::fmt::Display| format!("{SESSION_PLUGIN}: {e}");
    let (pty, pts) = pty_process::open().map_err(|e| failed(&e))?;
    let command = pty_process::Command::new(SESSION_PLUGIN).args(&session.arguments).kill_on_drop(true);
    let (output, input) = pty.into_split();
    fit(&input);
    let notice = format!("shell in task {}; press Ctrl-] three times to leave it if it hangs\r\n", session.task);
    let _ = tty::write(notice.as_bytes());
    let plugin = match command.spawn(pts) {
        Ok(plugin) => plugin,
        Err(pty_process::Error::Io(e)) if e.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(e) => return Err(failed(&e)),
    };
    let mut relay = Relay { plugin, output, input, typed: Vec::new(), leaving: Leaving::default(), screens: Screens::default() };
    let ended = relay.run(keys, stopped).await;
    if ended.is_err() {
        relay.kill().await;
    }
    relay.drain().await;
    if relay.screens.alternate {
        // With the cursor where it was: only then is it known that there was a switch to undo.
        let _ = tty::write(b"\x1b[?1049l");
    }
    verdict(ended?)
}

fn missing() -> String {
    format!("{SESSION_PLUGIN} is not installed on this machine\n  next: install the AWS Session Manager plugin, and try again")
}

fn verdict(status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("{SESSION_PLUGIN} ended with {status}")) }
}

fn fit(input: &OwnedWritePty) {
    let (columns, rows) = tty::size();
    // A shell of the wrong size is better than none.
    let _ = input.resize(Size::new(rows, columns));
}

struct Relay {
    plugin: Child,
    output: OwnedReadPty,
    input: OwnedWritePty,
    /// Typed, and not yet read by the plugin.
    typed: Vec<u8>,
    leaving: Leaving,
    screens: Screens,
}

impl Relay {
    /// Passes bytes on in both directions; the plugin's own end, or why it is to be ended.
    async fn run(&mut self, mut keys: mpsc::Receiver<Vec<u8>>, stopped: impl Future<Output = String>) -> Result<ExitStatus, String> {
        let mut signalled = ending().map_err(|e| format!("signals: {e}"))?;
        let mut resized = signal(SignalKind::window_change()).map_err(|e| format!("signals: {e}"))?;
        let mut buffer = vec![0; 16 * 1024];
        let mut open = true;
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                biased;
                which = &mut signalled => return Err(format!("ended by signal {}", which.number())),
                why = &mut stopped => return Err(why),
                bytes = keys.recv() => {
                    let Some(bytes) = bytes else { return Err("terminal lost".to_owned()) };
                    if self.leaving.sees(&bytes, Instant::now()) {
                        return Err("shell left with Ctrl-]".to_owned());
                    }
                    self.typed.extend(bytes);
                    self.typed.truncate(TYPED_AHEAD);
                }
                read = self.output.read(&mut buffer), if open => match read {
                    Ok(n) if n > 0 => self.show(buffer.get(..n).unwrap_or_default()).map_err(|e| format!("terminal lost: {e}"))?,
                    // Nobody has the other end open: the plugin's end follows.
                    _ => open = false,
                },
                written = self.input.write(&self.typed), if !self.typed.is_empty() => match written {
                    Ok(n) => drop(self.typed.drain(..n)),
                    Err(_) => self.typed.clear(),
                },
                _ = resized.recv() => fit(&self.input),
                status = self.plugin.wait() => return status.map_err(|e| format!("{SESSION_PLUGIN}: {e}")),
            }
        }
    }

    /// What it has written before it ended; not what others go on to write.
    async fn drain(&mut self) {
        let mut buffer = vec![0; 16 * 1024];
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until
            && let Ok(Ok(n @ 1..)) = timeout(LAST_BREATH, self.output.read(&mut buffer)).await
        {
            let _ = self.show(buffer.get(..n).unwrap_or_default());
        }
    }

    /// Ends it with all that it has started: asked first, then not.
    async fn kill(&mut self) {
        let group = self.plugin.id().and_then(|id| Pid::from_raw(id as i32));
        for which in [Signal::TERM, Signal::KILL] {
            if let Some(group) = group {
                let _ = kill_process_group(group, which);
            }
            // When the plugin has ended, what it has started may not have.
            let _ = timeout(PATIENCE, self.plugin.wait()).await;
        }
    }

    fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.screens.sees(bytes);
        tty::write(bytes)
    }
}

/// Which screen the plugin has switched to.
#[derive(Debug, Default)]
struct Screens {
    alternate: bool,
    recent: Vec<u8>,
}

impl Screens {
    fn sees(&mut self, bytes: &[u8]) {
        self.recent.extend_from_slice(bytes);
        for at in 0..self.recent.len() {
            let from_here = self.recent.get(at..).unwrap_or_default();
            match SWITCHES.iter().find_map(|switch| from_here.strip_prefix(*switch)?.first()) {
                Some(b'h') => self.alternate = true,
                Some(b'l') => self.alternate = false,
                _ => {}
            }
        }
        let longest = SWITCHES.iter().map(|switch| switch.len()).max().unwrap_or_default();
        self.recent.drain(..self.recent.len().saturating_sub(longest));
    }
}

/// Recognises the keys that leave a shell.
#[derive(Debug, Default)]
struct Leaving {
    recent: Vec<u8>,
    since: Option<Instant>,
}

impl Leaving {
    /// Whether these bytes complete them.
    fn sees(&mut self, bytes: &[u8], now: Instant) -> bool {
        if self.since.is_none_or(|since| now - since > PRESSED_WITHIN) {
            self.recent.clear();
            self.since = Some(now);
        }
        self.recent.extend_from_slice(bytes);
        let pressed = LEAVE.iter().any(|key| self.recent.windows(key.len() * PRESSES).any(|w| w == key.repeat(PRESSES)));
        let longest = LEAVE.iter().map(|key| key.len() * PRESSES).max().unwrap_or_default();
        self.recent.drain(..self.recent.len().saturating_sub(longest));
        pressed
    }
}

/// Without a terminal: the plugin on the streams that we have.
async fn on_streams(session: &Handoff, stopped: impl Future<Output = String>) -> Result<(), String> {
    let mut signalled = ending().map_err(|e| format!("signals: {e}"))?;
    let _ = io::stdout().flush();
    let mut plugin = match Command::new(SESSION_PLUGIN).args(&session.arguments).kill_on_drop(true).spawn() {
        Ok(plugin) => plugin,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(e) => return Err(format!("{SESSION_PLUGIN}: {e}")),
    };
    let why = tokio::select! {
        status = plugin.wait() => return verdict(status.map_err(|e| format!("{SESSION_PLUGIN}: {e}"))?),
        why = stopped => why,
        which = &mut signalled => format!("ended by signal {}", which.number()),
    };
    let _ = plugin.kill().await;
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_to_the_alternate_screen_is_seen_however_it_is_cut() {
        let after = |reads: &[&[u8]]| {
            let mut screens = Screens::default();
            for read in reads {
                screens.sees(read);
            }
            screens.alternate
        };
        assert!(after(&[b"text\x1b[?10", b"49", b"hmore"]) && after(&[b"\x1b[?47h"]) && after(&[b"\x1b[?1049l\x1b[?1049h"]));
        assert!(!after(&[b"\x1b[?1049h", b"text", b"\x1b[?104", b"9l"]) && !after(&[b"[?1049h", b"\x1b[?1048h"]));
    }

    #[tokio::test(start_paused = true)]
    async fn three_presses_leave_however_they_are_sent_and_cut() {
        for key in LEAVE {
            let (mut leaving, now) = (Leaving::default(), Instant::now());
            let thrice = key.repeat(3);
            let (last, before) = thrice.split_last().unwrap();
            assert!(before.iter().all(|byte| !leaving.sees(&[*byte], now)), "{key:?}");
            assert!(leaving.sees(&[*last], now + Duration::from_secs(2)), "{key:?}");
            assert!(Leaving::default().sees(&[b"ls\r".as_slice(), &thrice].concat(), now));
        }
        let (mut leaving, now) = (Leaving::default(), Instant::now());
        assert!(!leaving.sees(b"\x1d\x1d", now) && !leaving.sees(b"\x1d", now + Duration::from_secs(9)), "too slow");
        assert!(!Leaving::default().sees(b"\x1dx\x1d\x1d", now), "something between them");
    }
}
