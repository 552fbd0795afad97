//! New credentials under a pinned account: whose they are is asked before they are handed out. The pin itself looks at the identity now and
//! then; a login elsewhere, or a file that was changed, must not lead into another account in between. Called by `lookup`.

use std::sync::{Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;

use super::client;
use super::convert::text;
use super::credentials::Trouble;
use super::error::problem_of;
use super::gate::Gate;
use super::op::{Op, Scope};
use super::pin::Pin;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::place::Place;
use nextcore_core::model::section::{Problem, ProblemKind};

/// What is asked; nothing else gets through its gate.
pub(super) const WHO: Op = Op::read("STS", "GetCallerIdentity", "sts:GetCallerIdentity").on(Scope::Any);

/// Asks it.
#[derive(Debug)]
pub(super) struct Newcomers {
    place: Place,
    config: SdkConfig,
    gate: Gate,
    /// The access key that was handed out last.
    known: Mutex<Option<String>>,
}

impl Newcomers {
    /// For this place, by a configuration whose HTTP client is behind this gate. Nothing is asked where no account is pinned.
    pub(super) fn new(place: &Place, config: SdkConfig, gate: Gate) -> Self {
        Self { place: place.clone(), config, gate, known: Mutex::default() }
    }

    /// Refuses those of another account than the pinned one. The first are let through: until who they are is known, the pin keeps everything
    /// else back.
    pub(super) async fn check(&self, new: &Credentials) -> Result<(), Trouble> {
        let Some(account) = &self.place.account else { return Ok(()) };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.as_deref().is_some_and(|known| known != new.access_key_id()) {
            let config = self.config.to_builder().credentials_provider(SharedCredentialsProvider::new(new.clone())).build();
            let answer = client::who(&config, &self.place, &self.gate).get_caller_identity().send().await;
            let out = answer.map_err(|e| refused("the new credentials could not be identified", problem_of(WHO, &e)))?;
            let identity = Identity { account: text(out.account()), arn: text(out.arn()) };
            Pin::of(Some(account.clone())).look(&identity).map_err(|p| refused("the new credentials are not used", p))?;
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.access_key_id().to_owned());
        Ok(())
    }
}

fn refused(what: &str, problem: Problem) -> Trouble {
    let Problem { kind, headline, hint, .. } = problem;
    Trouble::Refused { what: format!("{what}: {headline}"), next: hint, clock: kind == ProblemKind::Clock }
}
