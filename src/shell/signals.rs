//! The signals that end the program. Every one that may be caught is: a terminal that is left raw is of no use to anybody.

use std::io;
use std::time::Duration;

use futures_util::future::select_all;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::tty;

/// Asked to leave in the usual way: no failure.
const USUAL: [Signal; 3] = [Signal::TERM, Signal::HUP, Signal::INT];
/// What would end a process that does not catch it. Not those that a fault of the processor raises: they would be raised again for ever.
/// An `abort` of our own raises its signal twice, and the second time it ends us.
const OTHERS: [Signal; 12] = [
    Signal::QUIT,
    Signal::ABORT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::VTALARM,
    Signal::PROF,
    Signal::IO,
    Signal::POWER,
    Signal::STKFLT,
];

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending(Signal);

impl Ending {
    /// The exit code of a program that it ended: as a shell says it; 0 for those that only ask.
    pub(super) fn code(self) -> u8 {
        if USUAL.contains(&self.0) { 0 } else { 128 + self.0.as_raw() as u8 }
    }

    /// As people call it.
    pub(super) fn number(self) -> i32 {
        self.0.as_raw()
    }
}

/// How long a terminal may take what is written while the program is to end.
const UNTIL_DISCARDED: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(200);

/// A line that stands still (a frozen terminal, a broken network) must not keep a program that is to end: from a second after such a
/// signal on, what the terminal does not take is thrown away. Runs beside the thread that draws, for that one waits.
pub(super) async fn clear_the_way() {
    let Ok(ending) = ending() else { return };
    ending.await;
    tokio::time::sleep(UNTIL_DISCARDED).await;
    loop {
        tty::discard_output();
        tokio::time::sleep(EVERY).await;
    }
}

/// Resolves with the first of them that comes from now on.
pub(super) fn ending() -> io::Result<impl Future<Output = Ending> + Send + Unpin> {
    let caught = USUAL.into_iter().chain(OTHERS).map(|which| {
        let mut stream = signal(SignalKind::from_raw(which.as_raw()))?;
        Ok(Box::pin(async move {
            stream.recv().await;
            Ending(which)
        }))
    });
    let caught: Vec<_> = caught.collect::<io::Result<_>>()?;
    Ok(Box::pin(async move { select_all(caught).await.0 }))
}
