//! Credentials of a profile or of the environment, kept and renewed: before they expire, after AWS has refused them, and after a login
//! elsewhere, without a restart. Why there are none is a type of its own, in words that say what can be done. Called by `connect`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::time::TimeSource;
use tokio::sync::watch;
use tokio::time::Instant;

use super::chain::Role;
use super::lookup::Lookup;
use super::profiles::in_shell;
use crate::model::section::ProblemKind;

/// A request that needs credentials which are on their way waits no longer than this: less than its own time-out, which knows no reason.
const PATIENCE: Duration = Duration::from_secs(3);
/// Credentials are no longer given out so shortly before their end: a request is on its way for a while.
const MARGIN: Duration = Duration::from_secs(30);
/// So long before their end new ones are fetched, while the old ones serve.
const EARLY: Duration = Duration::from_mins(5);

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A role that wants a code from a device.
    #[error("MFA cannot be asked here: profile '{profile}' assumes {role} with mfa_serial {serial}")]
    Mfa {
        /// The profile.
        profile: String,
        /// The role.
        role: String,
        /// The device.
        serial: String,
    },
    /// Nobody is logged in any more.
    #[error("the SSO session of profile '{profile}' {state}")]
    Sso {
        /// The profile to log in with.
        profile: String,
        /// What is the matter with it.
        state: String,
    },
    /// A session of `aws login`.
    #[error("the login session of profile '{profile}' cannot be used: {cause}")]
    Login {
        /// The profile to log in with.
        profile: String,
        /// Why not.
        cause: String,
    },
    /// `credential_process` gave none.
    #[error("credential_process of profile '{profile}' ({program}) {cause}")]
    Process {
        /// The profile.
        profile: String,
        /// The program, without its arguments.
        program: String,
        /// What it did instead.
        cause: String,
    },
    /// They are on their way.
    #[error("waiting for {what}")]
    Waiting {
        /// From where.
        what: String,
    },
    /// Nobody answered in time.
    #[error("no usable AWS credentials: {what} did not answer within {seconds} s")]
    Silent {
        /// Who.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// Whoever gives them has answered otherwise, or could not be reached.
    #[error("{what}")]
    Refused {
        /// What was asked for, and the answer.
        what: String,
        /// What that asks for.
        next: String,
        /// The clock is the cause.
        clock: bool,
    },
    /// The files contradict themselves.
    #[error("profile '{profile}' cannot be used: {cause}")]
    Settings {
        /// The profile.
        profile: String,
        /// What is wrong.
        cause: String,
    },
    /// There are none anywhere.
    #[error("no usable AWS credentials{of}: {cause}")]
    Missing {
        /// ` of profile 'x'`.
        of: String,
        /// ` --profile x`.
        flag: String,
        /// Where was looked, or what failed.
        cause: String,
    },
}

impl Trouble {
    /// A role that wants a code.
    pub(super) fn mfa(role: &Role) -> Self {
        let serial = role.mfa.clone().unwrap_or_default();
        Self::Mfa { profile: role.profile.clone(), role: role.arn.clone(), serial }
    }

    /// None anywhere, for a profile or without one.
    pub(super) fn missing(profile: Option<&str>, cause: String) -> Self {
        let of = profile.map_or_else(String::new, |p| format!(" of profile '{p}'"));
        let flag = profile.map_or_else(String::new, |p| format!(" --profile {}", in_shell(p)));
        Self::Missing { of, flag, cause }
    }

    /// What can be done.
    pub fn next(&self) -> String {
        match self {
            Self::Mfa { profile, serial, .. } => format!(
                "begin a session elsewhere and start from it: 'eval \"$(aws configure export-credentials --profile {} --format env)\"', \
                 'aws-vault exec', or 'aws sts get-session-token --serial-number {serial} --token-code CODE'; a profile of SSO needs none of it",
                in_shell(profile)
            ),
            Self::Sso { profile, .. } => format!("'aws sso login --profile {}'", in_shell(profile)),
            Self::Login { profile, .. } => format!("'aws login --profile {}'", in_shell(profile)),
            Self::Process { profile, .. } => format!(
                "run the command of profile '{profile}' by itself: it has to answer within a minute, without a terminal ('aws configure export-credentials --profile {}')",
                in_shell(profile)
            ),
            Self::Waiting { .. } => "nothing to do here, unless it asks somebody".to_owned(),
            Self::Silent { .. } => "see why it is silent, or choose a profile with credentials of its own: --profile NAME".to_owned(),
            Self::Refused { next, .. } => next.clone(),
            Self::Settings { .. } => "correct ~/.aws/config, or choose another with --profile NAME".to_owned(),
            Self::Missing { flag, .. } => {
                format!("'aws sso login{flag}', set AWS_PROFILE, or look around without AWS: 'nextcore-top demo'")
            }
        }
    }

    /// How it is counted.
    pub fn kind(&self) -> ProblemKind {
        if matches!(self, Self::Refused { clock: true, .. }) { ProblemKind::Clock } else { ProblemKind::Credentials }
    }

    /// Whether it may pass without a restart.
    pub fn heals(&self) -> bool {
        !matches!(self, Self::Mfa { .. } | Self::Settings { .. })
    }
}

/// A result that is on its way, for all who wait for it.
type Coming = watch::Receiver<Option<Result<Credentials, Trouble>>>;

#[derive(Debug, Default)]
struct State {
    have: Option<Credentials>,
    coming: Option<Coming>,
    /// What the last attempt met, and until when it is not repeated.
    failed: Option<(Instant, Trouble)>,
}

/// The provider of all clients. It keeps what it has: the SDK's own cache would cut off a person who is looking for a token.
#[derive(Debug, Clone)]
pub(super) struct Renewing {
    lookup: Arc<Lookup>,
    state: Arc<Mutex<State>>,
}

impl Renewing {
    /// Nothing is looked up yet.
    pub(super) fn new(lookup: Lookup) -> Self {
        Self { lookup: Arc::new(lookup), state: Arc::default() }
    }

    /// For the SDK.
    pub(super) fn shared(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as the lookup itself does.
    pub(super) async fn wait(&self) -> Result<Credentials, Trouble> {
        match self.have_or_fetch() {
            Ok(credentials) => Ok(credentials),
            Err(Ok(coming)) => self.hear(coming).await,
            Err(Err(trouble)) => Err(trouble),
        }
    }

    /// The same, for a request that has little time.
    async fn provide(&self) -> Result<Credentials, Trouble> {
        let coming = match self.have_or_fetch() {
            Ok(credentials) => return Ok(credentials),
            Err(Ok(coming)) => coming,
            Err(Err(trouble)) => return Err(trouble),
        };
        let waiting = || Trouble::Waiting { what: self.lookup.awaited() };
        tokio::time::timeout(PATIENCE, self.hear(coming)).await.unwrap_or_else(|_| Err(waiting()))
    }

    async fn hear(&self, mut coming: Coming) -> Result<Credentials, Trouble> {
        let gone = || Trouble::Waiting { what: self.lookup.awaited() };
        let heard = coming.wait_for(Option::is_some).await.map_err(|_| gone())?.clone();
        heard.unwrap_or_else(|| Err(gone()))
    }

    /// What there is; else what is on its way, or why nothing is.
    fn have_or_fetch(&self) -> Result<Credentials, Result<Coming, Trouble>> {
        let now = self.lookup.tools.skew.now();
        let mut state = self.lock();
        if self.lookup.tools.witness.take_spent() {
            state.have = None;
        }
        let left = |c: &Credentials| c.expiry().map(|until| until.duration_since(now).unwrap_or_default());
        let good = state.have.clone().filter(|c| left(c).is_none_or(|left| left > MARGIN));
        let early = good.as_ref().is_some_and(|c| left(c).is_some_and(|left| left < EARLY));
        let rests = state.failed.as_ref().filter(|(until, _)| Instant::now() < *until).map(|(_, trouble)| trouble.clone());
        if rests.is_none() && (good.is_none() || early) && state.coming.is_none() {
            state.coming = Some(self.fetch());
        }
        match (good, &state.coming, rests) {
            (Some(good), ..) => Ok(good),
            (None, Some(coming), _) => Err(Ok(coming.clone())),
            (None, None, Some(trouble)) => Err(Err(trouble)),
            (None, None, None) => Err(Err(Trouble::Waiting { what: self.lookup.awaited() })),
        }
    }

    /// A task of its own: it outlives the request that began it.
    fn fetch(&self) -> Coming {
        let (told, coming) = watch::channel(None);
        let this = self.clone();
        tokio::spawn(async move {
            let result = this.lookup.run().await;
            {
                let mut state = this.lock();
                state.coming = None;
                match &result {
                    Ok(credentials) => (state.have, state.failed) = (Some(credentials.clone()), None),
                    Err(trouble) => state.failed = Some((Instant::now() + rest(trouble), trouble.clone())),
                }
            }
            let _ = told.send(Some(result));
        });
        coming
    }
}

/// How long a failure stands before it is tried again: a process may bother a person each time.
fn rest(trouble: &Trouble) -> Duration {
    match trouble {
        Trouble::Process { .. } => Duration::from_secs(20),
        Trouble::Silent { .. } | Trouble::Refused { .. } => Duration::from_secs(5),
        _ => Duration::from_millis(1500),
    }
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.provide().await.map_err(CredentialsError::provider_error) })
    }
}
