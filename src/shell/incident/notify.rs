//! A new incident told outside the screen: the terminal's title, a bell or a notification, as the configuration says. At most one a minute.
//! Called by the dashboard.

use tokio::time::{Duration, Instant};

use super::super::tty;
use crate::config::file::{Incidents, Notify};
use nextcore_core::incident::{Change, Happening, Severity};
use nextcore_core::model::text::inert;

/// Who is told more often stops looking.
const GAP: Duration = Duration::from_mins(1);

/// What tells.
#[derive(Debug)]
pub(in super::super) struct Teller {
    how: Incidents,
    stack: String,
    told_at: Option<Instant>,
}

impl Teller {
    /// Keeps the title that the terminal has, where it will be changed.
    pub(in super::super) fn begin(how: Incidents, stack: &str) -> Self {
        if how.title {
            let _ = tty::write(b"\x1b[22;2t");
        }
        Self { how, stack: stack.to_owned(), told_at: None }
    }

    /// Tells what began; the title follows what goes on.
    pub(in super::super) fn tell(&mut self, happenings: &[Happening]) {
        for h in happenings {
            if self.how.title {
                let over = matches!(h.change, Change::Closed | Change::Folded);
                let what = if over {
                    self.stack.clone()
                } else {
                    format!("{} {}: {}", h.incident.severity.level().sign(), self.stack, h.incident.name)
                };
                let _ = tty::write(format!("\x1b]2;{}\x07", inert(&what)).as_bytes());
            }
        }
        let new = happenings.iter().find(|h| h.change == Change::Opened && h.incident.severity > Severity::Notice);
        let Some(new) = new.filter(|_| self.told_at.is_none_or(|at| at.elapsed() >= GAP)) else { return };
        self.told_at = Some(Instant::now());
        let text = inert(&format!("{}: {}", self.stack, new.incident.name)).replace(';', ",");
        let _ = match self.how.notify {
            Notify::Off => Ok(()),
            Notify::Bell => tty::write(b"\x07"),
            Notify::Osc9 => tty::write(format!("\x1b]9;{text}\x07").as_bytes()),
            Notify::Osc777 => tty::write(format!("\x1b]777;notify;nextcore-top;{text}\x07").as_bytes()),
        };
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if self.how.title {
            let _ = tty::write(b"\x1b[23;2t");
        }
    }
}
