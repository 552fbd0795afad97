//! A Logs Insights query from its start to its end: looked at until it is over, and stopped at AWS whoever leaves it and however, for it
//! costs money while it goes on. Not what it may cost and not its single calls: `aws::source::logs::insights`. Called by `logs query` and by
//! the runner for the dashboard.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::clock::Clock;
use crate::aws::Clients;
use crate::aws::source::logs::insights::{self, NotStarted};
use nextcore_core::model::query::{Answer, Asked, End, Status};
use nextcore_core::model::section::Problem;

/// Between looks: GetQueryResults allows a handful a second for everybody in the region.
const EVERY: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A query that is to be stopped is told so this often: meanwhile it costs money.
const TRIES: u32 = 3;

/// What a query runs with.
#[derive(Debug, Clone, Copy)]
pub struct Querying<'a> {
    pub clients: &'a Clients,
    pub clock: &'a Clock,
    /// How long it is asked again when its answers do not come.
    pub patience: Duration,
    /// Leaves secrets in the results as they are.
    pub reveal: bool,
}

impl Querying<'_> {
    /// Runs it until it is over, or until `left` resolves: then it ends at AWS first. `told` hears its id and how far it is.
    pub async fn run(&self, asked: &Asked, left: impl Future<Output = ()>, mut told: impl FnMut(&str, Option<&Answer>)) -> End {
        tokio::pin!(left);
        // Nothing cuts this short: what has no id yet cannot be stopped.
        let id = match insights::start(self.clients, asked).await {
            Ok(id) => id,
            Err(NotStarted::Malformed(problem)) => return End::Malformed(problem),
            Err(NotStarted::Failed(problem)) => return End::Failed(problem),
        };
        told(&id, None);
        let (mut well, mut pause) = (Instant::now(), EVERY);
        loop {
            let looked = tokio::select! {
                biased;
                () = &mut left => return self.stopped(&id).await,
                looked = insights::look(self.clients, &id, self.reveal) => looked,
            };
            match looked {
                Ok(answer) if answer.status.is_over() => return End::Over(answer),
                Ok(answer) => {
                    told(&id, Some(&answer));
                    (well, pause) = (Instant::now(), EVERY);
                }
                Err(problem) if problem.kind.is_passing() && well.elapsed() < self.patience => pause = (pause * 2).min(LONGEST_PAUSE),
                Err(problem) => {
                    return match self.stop(&id).await {
                        Ok(()) => End::Failed(problem),
                        Err(why) => End::GoesOn { id, why },
                    };
                }
            }
            tokio::select! {
                () = &mut left => return self.stopped(&id).await,
                () = sleep(self.clock.on_the_wall(pause)) => {}
            }
        }
    }

    /// The person leaves: the query ends first. One that ended by itself meanwhile has its results.
    async fn stopped(&self, id: &str) -> End {
        let stopped = self.stop(id).await;
        let answer = insights::look(self.clients, id, self.reveal).await.ok();
        match (stopped, answer) {
            (_, Some(answer)) if answer.status == Status::Complete => End::Over(answer),
            (Ok(()), answer) => End::Stopped(answer),
            (Err(why), _) => End::GoesOn { id: id.to_owned(), why },
        }
    }

    async fn stop(&self, id: &str) -> Result<(), Problem> {
        let mut tries = 1;
        loop {
            match insights::stop(self.clients, id).await {
                Err(problem) if problem.kind.is_passing() && tries < TRIES => {
                    tries += 1;
                    sleep(EVERY).await;
                }
                other => return other,
            }
        }
    }
}
