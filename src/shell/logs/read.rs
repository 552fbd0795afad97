//! Windows of several log groups as one, oldest first: a line is handed out once no group can have an older one. A page that AWS does not give now
//! is asked for again within the patience. Called by `logs`.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{is_of_group, unreadable};
use crate::shell::failure::{Failure, say};
use nextcore_core::model::Time;
use nextcore_core::model::log::LogEvent;
use nextcore_core::model::section::Problem;
use nextcore_core::model::text::inert;
use nextcore_live::aws::Clients;
use nextcore_live::aws::source::logs::{Window, why};

/// Windows of so many pages are read without a word.
const SILENT: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// One group's window and what was read of it.
struct Part {
    window: Window,
    ahead: VecDeque<LogEvent>,
    is_over: bool,
}

/// All of them.
pub(super) struct Reader {
    parts: Vec<Part>,
    pages: usize,
    refused: usize,
    problem: Option<(String, Problem)>,
    patience: Duration,
    shows: bool,
}

impl Reader {
    pub(super) fn new(windows: Vec<Window>, patience: Duration) -> Self {
        let parts = windows.into_iter().map(|window| Part { window, ahead: VecDeque::new(), is_over: false }).collect();
        Self { parts, pages: 0, refused: 0, problem: None, patience, shows: std::io::stderr().is_terminal() }
    }

    /// How many groups could not be read.
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// The next lines, in the order of their time; `None` after the last. Where no group can be read, it is a failure.
    pub(super) async fn next(&mut self, clients: &Clients) -> Result<Option<Vec<LogEvent>>, Failure> {
        for i in 0..self.parts.len() {
            while self.parts.get(i).is_some_and(|p| p.ahead.is_empty() && !p.is_over) {
                self.page(i, clients).await?;
            }
        }
        if let Some((group, problem)) = self.problem.as_ref().filter(|_| self.refused == self.parts.len()) {
            self.cleared();
            return Err(unreadable(group, problem));
        }
        // Up to where every group that goes on is known.
        let known = self.parts.iter().filter(|p| !p.is_over).filter_map(|p| p.ahead.back()).map(|e| e.at).min();
        let mut events: Vec<LogEvent> = Vec::new();
        for part in &mut self.parts {
            let n = part.ahead.partition_point(|e| known.is_none_or(|known| e.at <= known));
            events.extend(part.ahead.drain(..n));
        }
        events.sort_by_key(|e| e.at);
        self.progress(events.last().map(|e| e.at));
        if events.is_empty() {
            self.cleared();
            return Ok(None);
        }
        Ok(Some(events))
    }

    /// One more page of a group.
    async fn page(&mut self, i: usize, clients: &Clients) -> Result<(), Failure> {
        let (began, mut pause) = (Instant::now(), FIRST_PAUSE);
        let Some(part) = self.parts.get_mut(i) else { return Ok(()) };
        loop {
            match part.window.next(clients).await {
                Ok(Some(events)) => {
                    part.ahead.extend(events);
                    self.pages += 1;
                    return Ok(());
                }
                Ok(None) => {
                    part.is_over = true;
                    return Ok(());
                }
                Err(problem) if problem.kind.is_passing() && began.elapsed() < self.patience => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(problem) if is_of_group(&problem) => {
                    part.is_over = true;
                    self.refused += 1;
                    let name = self.parts.get(i).map(|p| p.window.group().name.clone()).unwrap_or_default();
                    if self.parts.len() > 1 {
                        self.cleared();
                        say(&format!("nextcore-top: {name}: {}", why(&problem)));
                    }
                    self.problem = Some((name, problem));
                    return Ok(());
                }
                Err(problem) => {
                    self.cleared();
                    return Err(Failure::problem(&problem));
                }
            }
        }
    }

    /// How far it is, for who waits at a terminal.
    fn progress(&self, at: Option<Time>) {
        if let Some(at) = at.filter(|_| self.shows && self.pages > SILENT) {
            let text = inert(&format!("{} pages read, up to {} ...", self.pages, at.format("%Y-%m-%dT%H:%M:%SZ"))).into_owned();
            let _ = write!(std::io::stderr(), "\x1b[2K{text}\r");
        }
    }

    fn cleared(&self) {
        if self.shows && self.pages > SILENT {
            let _ = write!(std::io::stderr(), "\x1b[2K\r");
        }
    }
}
