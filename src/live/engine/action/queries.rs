//! Queries of Logs Insights that a session asks for, one at a time. Running one and stopping it is `engine::query`; leaving the program stops
//! the one that goes on. Called by the runner.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Report, Runner};
use crate::aws::source::logs::insights;
use crate::engine::query::Querying;
use nextcore_core::model::query::{Ask, End, News};

/// How long a query is asked for when its answers do not come; nobody sees its end otherwise.
const PATIENCE: Duration = Duration::from_mins(1);

/// The one that goes on, and who wants it to end.
#[derive(Debug)]
pub(super) struct Queries {
    /// Its id; empty before AWS has given one.
    running: watch::Sender<Option<String>>,
    /// Counts how often one was told to stop.
    stops: watch::Sender<u64>,
    /// Those that could not be stopped.
    unstopped: Mutex<Vec<String>>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { running: watch::channel(None).0, stops: watch::channel(0).0, unstopped: Mutex::default() }
    }
}

impl Runner {
    /// Whether a query goes on that leaving would stop.
    pub fn is_querying(&self) -> bool {
        self.0.queries.running.borrow().is_some()
    }

    /// The ids of queries that go on at AWS whatever was done.
    pub(super) fn queries_left(&self) -> Vec<String> {
        let unstopped = self.0.queries.unstopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        unstopped.into_iter().chain(self.0.queries.running.borrow().clone()).collect()
    }

    /// Until no query goes on.
    pub(super) async fn queries_over(&self) {
        let _ = self.0.queries.running.subscribe().wait_for(Option::is_none).await;
    }

    pub(super) async fn query(&self, ask: Ask, reports: &mpsc::Sender<Report>) {
        let news = match ask {
            Ask::Estimate(asked) => {
                let estimate = insights::estimate(&self.0.clients, &asked, self.0.clock.now()).await;
                News::Estimated(asked, estimate)
            }
            Ask::Stop => {
                self.0.queries.stops.send_modify(|n| *n += 1);
                return;
            }
            Ask::Run(asked) => {
                // A second one would be a second bill that nobody can stop from the screen.
                let free = |running: &mut Option<String>| running.is_none().then(|| *running = Some(String::new())).is_some();
                if self.is_leaving() || !self.0.queries.running.send_if_modified(free) {
                    return;
                }
                let querying = Querying { clients: &self.0.clients, clock: &self.0.clock, patience: PATIENCE, reveal: false };
                let end = querying
                    .run(&asked, self.told_to_stop(), |id, answer| {
                        self.0.queries.running.send_replace(Some(id.to_owned()));
                        // The next one says more than a late one.
                        if let Some(answer) = answer {
                            let _ = reports.try_send(Report::Query(News::Progress(answer.clone())));
                        }
                    })
                    .await;
                if let End::GoesOn { id, .. } = &end {
                    self.0.queries.unstopped.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
                }
                self.0.queries.running.send_replace(None);
                News::Ended(end)
            }
        };
        let _ = reports.send(Report::Query(news)).await;
    }

    /// Heard from now on: who says so while AWS is still being told to begin is not to say it again.
    fn told_to_stop(&self) -> impl Future<Output = ()> + use<> {
        let (mut stops, mut leaving) = (self.0.queries.stops.subscribe(), self.0.leaving.subscribe());
        async move {
            tokio::select! {
                _ = stops.changed() => {}
                _ = leaving.wait_for(|leaving| *leaving) => {}
            }
        }
    }
}
