//! What goes on below the polls and a person has to know: a process that is waited for, a clock that is off. Said by whoever finds out,
//! shown by the engine (in the store) and, before there is one, by the shell.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// What a notice is about; a newer one about the same thing replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Credentials are being looked for.
    Credentials,
    /// This machine's clock.
    Clock,
}

/// The notices of one process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Notices(Arc<watch::Sender<BTreeMap<Topic, String>>>);

impl Default for Notices {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(BTreeMap::new())))
    }
}

impl Notices {
    /// Says something; `None` takes back what was said.
    pub fn say(&self, topic: Topic, text: Option<String>) {
        self.0.send_if_modified(|all| match text {
            Some(text) if all.get(&topic) == Some(&text) => false,
            Some(text) => {
                all.insert(topic, text);
                true
            }
            None => all.remove(&topic).is_some(),
        });
    }

    /// Everything that holds now.
    pub fn all(&self) -> Vec<String> {
        self.0.borrow().values().cloned().collect()
    }

    /// For those who wait for the next one.
    pub fn subscribe(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

/// One listener.
#[derive(Debug)]
pub struct Changes(watch::Receiver<BTreeMap<Topic, String>>);

impl Changes {
    /// What holds after the next change; waits for ever once nobody can say anything.
    pub async fn next(&mut self) -> Vec<String> {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.0.borrow_and_update().values().cloned().collect()
    }
}
