//! The account that the configuration pins: until STS has said that we are in it, nothing but that question leaves this process. One value
//! per process, shared by the gate (which refuses), the source of the identity (which asks) and the engine (which waits).

use tokio::sync::watch;

use nextcore_core::model::identity::Identity;
use nextcore_core::model::place::Chosen;
use nextcore_core::model::section::{Problem, ProblemKind};

/// Whether we are where we are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Nobody has said yet.
    NotYet,
    /// The pinned account.
    Ours,
    /// Another one.
    Other,
}

/// A pinned account, or none.
#[derive(Debug, Clone)]
pub struct Pin {
    account: Option<Chosen>,
    seen: watch::Sender<Seen>,
}

impl Default for Pin {
    fn default() -> Self {
        Self::of(None)
    }
}

impl Pin {
    /// Pins an account.
    pub fn of(account: Option<Chosen>) -> Self {
        let seen = if account.is_some() { Seen::NotYet } else { Seen::Ours };
        Self { account, seen: watch::channel(seen).0 }
    }

    /// Whether anything but the question who we are may leave now.
    pub fn is_open(&self) -> bool {
        *self.seen.borrow() == Seen::Ours
    }

    /// Returns once we are known to be in the pinned account.
    pub async fn opened(&self) {
        // It fails only without a sender, and this is one.
        let _ = self.seen.subscribe().wait_for(|s| *s == Seen::Ours).await;
    }

    /// Takes in who we are; an error when that is not the pinned account.
    pub fn look(&self, identity: &Identity) -> Result<(), Problem> {
        let Some(pinned) = &self.account else { return Ok(()) };
        let ours = identity.account == pinned.value;
        self.seen.send_replace(if ours { Seen::Ours } else { Seen::Other });
        if ours {
            return Ok(());
        }
        Err(Problem {
            kind: ProblemKind::WrongAccount,
            headline: format!(
                "wrong account: these credentials belong to {} ({}), but {} pins {}",
                identity.account, identity.arn, pinned.origin, pinned.value
            ),
            hint: format!("use a --profile of account {}, or correct 'account' in {}", pinned.value, pinned.origin),
            permission: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(account: &str) -> Identity {
        Identity { account: account.into(), arn: format!("arn:aws:iam::{account}:user/maya") }
    }

    #[tokio::test]
    async fn nothing_is_open_before_the_pinned_account_was_seen_nor_after_another_was() {
        let pin = Pin::of(Some(Chosen::new("111122223333", "c.toml")));
        let shared = pin.clone();
        assert!(!pin.is_open());
        let problem = shared.look(&identity("444455556666")).unwrap_err();
        assert!(!pin.is_open() && problem.kind == ProblemKind::WrongAccount);
        for word in ["444455556666", "111122223333", "c.toml"] {
            assert!(problem.headline.contains(word), "{problem:?}");
        }
        shared.look(&identity("111122223333")).unwrap();
        assert!(pin.is_open());
        pin.opened().await;
        assert!(shared.look(&identity("444455556666")).is_err() && !pin.is_open());
    }

    #[tokio::test]
    async fn without_a_pin_every_account_is_looked_at() {
        let pin = Pin::default();
        pin.opened().await;
        assert!(pin.is_open() && pin.look(&identity("444455556666")).is_ok() && pin.is_open());
    }
}
