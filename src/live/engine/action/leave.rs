//! The way out: what is on its way gets its outcome, what is promised is put right, and what an earlier process has left is taken over.
//! Called by the shell when a dashboard or a command ends, and by `obligations`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Runner;
use crate::aws::action::unread;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::obligation::Standing;
use nextcore_core::model::plan::Refusal;
use nextcore_core::model::section::Section;

/// What leaving has left behind.
#[derive(Debug, Clone)]
pub struct Left {
    /// Promises that AWS does not show as kept.
    pub promises: Vec<Standing>,
    /// Requests without an outcome.
    pub unanswered: usize,
    /// Queries that could not be stopped and may go on at AWS, by their ids.
    pub queries: Vec<String>,
}

/// A request of an action that is on its way; over when dropped.
pub(super) struct Sending(Runner);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.0.sending.send_modify(|n| *n = n.saturating_sub(1));
    }
}

impl Runner {
    /// What this process has promised and not yet put right.
    pub fn promises(&self) -> Vec<Standing> {
        self.0.keeper.promises()
    }

    /// Everything that is owed, as it changes.
    pub fn standing(&self) -> watch::Receiver<Arc<Vec<Standing>>> {
        self.0.keeper.standing()
    }

    /// Whether leaving now would leave something behind: a promise, or a request without its outcome.
    pub fn has_business(&self) -> bool {
        *self.0.sending.borrow() > 0 || !self.promises().is_empty()
    }

    /// The way out of the program: nothing new is sent, what is on its way gets its outcome, what is promised is put right now and seen
    /// to be. Answers with what is still owed after so long.
    pub async fn leave(&self, patience: Duration) -> Left {
        self.0.leaving.send_replace(true);
        let (mut sending, mut standing) = (self.0.sending.subscribe(), self.0.keeper.standing());
        self.0.keeper.hurry();
        let everything = async {
            let _ = sending.wait_for(|n| *n == 0).await;
            self.queries_over().await;
            while !self.promises().is_empty() && standing.changed().await.is_ok() {}
        };
        let _ = tokio::time::timeout(patience, everything).await;
        Left { promises: self.promises(), unanswered: *self.0.sending.borrow(), queries: self.queries_left() }
    }

    /// It is not the end after all: the process was only stopped for a while.
    pub fn stay(&self) {
        self.0.leaving.send_replace(false);
        self.0.keeper.calm();
    }

    pub(super) fn is_leaving(&self) -> bool {
        *self.0.leaving.borrow()
    }

    /// From the intent to the outcome.
    pub(super) fn sending(&self) -> Sending {
        self.0.sending.send_modify(|n| *n += 1);
        Sending(self.clone())
    }

    /// Puts right what another process has left behind, if this is the account that it is about; `false` = it is settled already.
    pub async fn adopt(&self, left: &Standing) -> Result<bool, Refusal> {
        let operator = self.operator()?;
        let mut desk = self.desk();
        desk.fetch(Identity::KEY).await.map_err(|p| unread(&p))?;
        let account = desk.store.get::<Identity>().map(|i| i.account.clone()).unwrap_or_default();
        let about = &left.obligation;
        if account != about.account {
            let what = format!("{}: this is about account {}, but the credentials are for {account}", about.id, about.account);
            return Err(Refusal::CannotTell(format!("{what}\n  next: --profile NAME of that account")));
        }
        let failed = |e: std::io::Error| Refusal::CannotTell(format!("obligation {}: {e}", about.id));
        self.0.keeper.adopt(left, &operator).await.map_err(failed)
    }

    /// Watches the state folder for what other processes have left; for dashboards.
    pub(in crate::engine) fn scan(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.keeper.clone().scan(self.0.store.clone())
    }
}
