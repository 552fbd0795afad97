//! Whether a task that somebody has a shell in has stopped: asked of ECS now and then while the terminal is the shell's.

use std::time::Duration;

use super::Runner;
use nextcore_core::model::section::Section;
use nextcore_core::model::service::Task;
use nextcore_core::model::service::{StopCode, StoppedTasks, TaskStatus};

const EVERY: Duration = Duration::from_secs(5);

impl Runner {
    /// Resolves once ECS shows that this task has stopped, with the reason that it gives. Not seeing it is no end.
    pub async fn stopped(&self, task: &str) -> String {
        let mut desk = self.desk();
        loop {
            tokio::time::sleep(self.0.clock.on_the_wall(EVERY)).await;
            desk.now = self.0.clock.now();
            if desk.fetch(StoppedTasks::KEY).await.is_err() {
                continue;
            }
            let stopped = desk.store.get::<StoppedTasks>().and_then(|t| t.tasks.iter().find(|t| t.id() == task));
            if let Some(task) = stopped.filter(|t| has_stopped(t)) {
                return said(task);
            }
        }
    }
}

/// Its containers are gone; while it is stopping, what is typed may still reach it.
fn has_stopped(task: &Task) -> bool {
    task.stopped_at.is_some() || matches!(task.status, TaskStatus::Deprovisioning | TaskStatus::Stopped | TaskStatus::Deleted)
}

fn said(task: &Task) -> String {
    let reason = task.stopped_reason.as_deref().or(task.stop_code.as_ref().map(StopCode::as_str)).unwrap_or("ECS gives no reason");
    format!("task {} stopped: {reason}", task.id())
}
