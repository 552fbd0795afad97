//! Credentials of a profile or of the environment, kept and renewed: before they expire, after AWS has refused them, and after a login
//! elsewhere, without a restart. Why there are none is a type of its own, in words that say what can be done. Called by `connect`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use super::profile_chain::Role;
use super::profiles::in_shell;
use nextcore_core::model::section::ProblemKind;

/// A request that needs credentials which are on their way waits no longer than this: less than its own time-out, which knows no reason.
const PATIENCE: Duration = Duration::from_secs(3);
/// Credentials are no longer given out so shortly before their end: a request is on its way for a while.
const MARGIN: Duration = Duration::from_secs(30);
/// So long before their end new ones are fetched, while the old ones serve.
const EARLY: Duration = Duration::from_mins(5);

/// Credentials that have just come are what there is: refused, or expired by a clock that is off, they are not asked for again sooner.
const FRESH: Duration = Duration::from_secs(20);

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A role that wants a code from a device.
    #[error("MFA prompt not supported: profile '{profile}' assumes {role} with mfa_serial {serial}")]
    Mfa {
        profile: String,
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
    #[error("no usable AWS credentials: {what} timed out after {seconds} s")]
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
                "start a session elsewhere and use it: 'eval \"$(aws configure export-credentials --profile {} --format env)\"', \
                 'aws-vault exec', or 'aws sts get-session-token --serial-number {serial} --token-code CODE'; an SSO profile does not need this",
                in_shell(profile)
            ),
            Self::Sso { profile, .. } => format!("'aws sso login --profile {}'", in_shell(profile)),
            Self::Login { profile, .. } => format!("'aws login --profile {}'", in_shell(profile)),
            Self::Process { profile, .. } => format!(
                "run the credential_process of profile '{profile}' on its own: it must finish within a minute, without a terminal ('aws configure export-credentials --profile {}')",
                in_shell(profile)
            ),
            Self::Waiting { .. } => "wait, unless it prompts someone".to_owned(),
            Self::Silent { .. } => "check why it does not respond, or use a profile with its own credentials: --profile NAME".to_owned(),
            Self::Refused { next, .. } => next.clone(),
            Self::Settings { .. } => "correct ~/.aws/config, or choose another with --profile NAME".to_owned(),
            Self::Missing { flag, .. } => {
                format!("'aws sso login{flag}', set AWS_PROFILE, or try without AWS: 'nextcore-top demo'")
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

/// Where credentials are looked for.
pub(super) trait CredentialSupplier: std::fmt::Debug + Send + Sync {
    fn look(&self) -> BoxFuture<'_, Result<Credentials, Trouble>>;
    /// What is waited for meanwhile, in words.
    fn awaited(&self) -> String;
    /// The time by which credentials expire.
    fn now(&self) -> SystemTime;
    /// Whether AWS has refused the credentials since this was last asked.
    fn take_spent(&self) -> bool;
}

/// A result that is on its way, for all who wait for it.
type Coming = watch::Receiver<Option<Result<Credentials, Trouble>>>;

#[derive(Debug, Default)]
struct State {
    have: Option<Credentials>,
    /// When they came.
    since: Option<Instant>,
    coming: Option<Coming>,
    /// What the last attempt met, and until when it is not repeated.
    failed: Option<(Instant, Trouble)>,
}

/// The provider of all clients. It keeps what it has: the SDK's own cache would cut off a person who is looking for a token.
#[derive(Debug, Clone)]
pub(super) struct Renewing {
    source: Arc<dyn CredentialSupplier>,
    state: Arc<Mutex<State>>,
}

impl Renewing {
    /// Nothing is looked up yet.
    pub(super) fn new(source: impl CredentialSupplier + 'static) -> Self {
        Self { source: Arc::new(source), state: Arc::default() }
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
        let waiting = || Trouble::Waiting { what: self.source.awaited() };
        tokio::time::timeout(PATIENCE, self.hear(coming)).await.unwrap_or_else(|_| Err(waiting()))
    }

    async fn hear(&self, mut coming: Coming) -> Result<Credentials, Trouble> {
        let gone = || Trouble::Waiting { what: self.source.awaited() };
        let heard = coming.wait_for(Option::is_some).await.ok().and_then(|heard| heard.clone());
        heard.unwrap_or_else(|| Err(gone()))
    }

    /// What there is; else what is on its way, or why nothing is.
    fn have_or_fetch(&self) -> Result<Credentials, Result<Coming, Trouble>> {
        let now = self.source.now();
        let mut state = self.lock();
        let is_fresh = state.since.is_some_and(|since| since.elapsed() <= FRESH);
        if self.source.take_spent() && !is_fresh {
            state.have = None;
        }
        let left = |c: &Credentials| c.expiry().map(|until| until.duration_since(now).unwrap_or_default());
        let good = state.have.clone().filter(|c| is_fresh || left(c).is_none_or(|left| left > MARGIN));
        let early = !is_fresh && good.as_ref().is_some_and(|c| left(c).is_some_and(|left| left < EARLY));
        let rests = state.failed.as_ref().filter(|(until, _)| Instant::now() < *until).map(|(_, trouble)| trouble.clone());
        if rests.is_none() && (good.is_none() || early) && state.coming.is_none() {
            state.coming = Some(self.fetch());
        }
        match (good, &state.coming, rests) {
            (Some(good), ..) => Ok(good),
            (None, Some(coming), _) => Err(Ok(coming.clone())),
            (None, None, Some(trouble)) => Err(Err(trouble)),
            (None, None, None) => Err(Err(Trouble::Waiting { what: self.source.awaited() })),
        }
    }

    /// A task of its own: it outlives the request that began it.
    fn fetch(&self) -> Coming {
        let (told, coming) = watch::channel(None);
        let this = self.clone();
        tokio::spawn(async move {
            let result = this.source.look().await;
            {
                let mut state = this.lock();
                state.coming = None;
                match &result {
                    Ok(credentials) => {
                        (state.have, state.since, state.failed) = (Some(credentials.clone()), Some(Instant::now()), None);
                    }
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    /// After so many seconds: credentials that end so many seconds later, or never; or trouble.
    type Answer = (u64, Result<Option<u64>, Trouble>);

    /// Answers as it was told, after so long; its time is the runtime's.
    #[derive(Debug)]
    struct Script {
        began: Instant,
        looks: AtomicU32,
        spent: AtomicBool,
        answers: Mutex<VecDeque<Answer>>,
    }

    const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

    /// Each answer: after how many seconds, and in how many seconds of the script they expire (`None`: never).
    fn renewing(answers: impl IntoIterator<Item = (u64, Result<Option<u64>, Trouble>)>) -> (Renewing, Arc<Script>) {
        let answers = Mutex::new(answers.into_iter().collect());
        let script = Arc::new(Script { began: Instant::now(), looks: AtomicU32::new(0), spent: AtomicBool::new(false), answers });
        (Renewing { source: script.clone(), state: Arc::default() }, script)
    }

    impl CredentialSupplier for Script {
        fn look(&self) -> BoxFuture<'_, Result<Credentials, Trouble>> {
            Box::pin(async {
                let look = self.looks.fetch_add(1, Ordering::SeqCst) + 1;
                let (after, answer) = self.answers.lock().unwrap().pop_front().unwrap();
                tokio::time::sleep(Duration::from_secs(after)).await;
                let until = answer?.map(|s| EPOCH + Duration::from_secs(s));
                Ok(Credentials::new(format!("AKIA{look}"), "s", None, until, "script"))
            })
        }
        fn awaited(&self) -> String {
            "the oracle".to_owned()
        }
        fn now(&self) -> SystemTime {
            EPOCH + self.began.elapsed()
        }
        fn take_spent(&self) -> bool {
            self.spent.swap(false, Ordering::SeqCst)
        }
    }

    async fn key(renewing: &Renewing) -> Result<String, Trouble> {
        renewing.provide().await.map(|c| c.access_key_id().to_owned())
    }

    async fn pass(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_does_not_wait_for_a_person_and_those_that_wait_share_one_look() {
        let (renewing, script) = renewing([(50, Ok(None))]);
        let (one, other) = tokio::join!(key(&renewing), key(&renewing));
        for result in [one, other] {
            assert_eq!(result.unwrap_err(), Trouble::Waiting { what: "the oracle".to_owned() });
        }
        assert_eq!(renewing.wait().await.unwrap().access_key_id(), "AKIA1", "who has the time waits to the end");
        pass(24 * 3600).await;
        assert_eq!(
            (key(&renewing).await.unwrap().as_str(), script.looks.load(Ordering::SeqCst)),
            ("AKIA1", 1),
            "no expiry, no second look"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn new_ones_are_fetched_before_the_old_ones_end_and_nobody_waits_for_them() {
        let (renewing, _) = renewing([(0, Ok(Some(3600))), (40, Ok(Some(7200)))]);
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1");
        pass(3600 - 200).await;
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1", "the old ones serve while the new ones come");
        pass(60).await;
        assert_eq!(key(&renewing).await.unwrap(), "AKIA2");
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_renewal_that_fails_harms_nothing_until_the_end() {
        let over = || Trouble::Sso { profile: "x".to_owned(), state: "has expired".to_owned() };
        let (renewing, _) = renewing([(0, Ok(Some(3600))), (0, Err(over())), (0, Err(over())), (0, Ok(None))]);
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1");
        pass(3600 - 100).await;
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1");
        pass(90).await;
        assert_eq!(key(&renewing).await.unwrap_err(), over(), "so shortly before their end they are not given out");
        assert_eq!(key(&renewing).await.unwrap_err(), over(), "and not asked for again at once");
        pass(2).await;
        assert_eq!(key(&renewing).await.unwrap(), "AKIA4", "somebody has logged in");
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_refuses_is_asked_for_anew_but_not_at_every_refusal() {
        let (renewing, script) = renewing([(0, Ok(None)), (0, Ok(None))]);
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1");
        script.spent.store(true, Ordering::SeqCst);
        assert_eq!(key(&renewing).await.unwrap(), "AKIA1", "these have just come");
        pass(30).await;
        script.spent.store(true, Ordering::SeqCst);
        assert_eq!(key(&renewing).await.unwrap(), "AKIA2");
    }

    /// By a clock that is an hour ahead, a session of an hour has ended when it begins: AWS decides, and nobody is asked again and again.
    #[tokio::test(start_paused = true)]
    async fn credentials_that_have_just_come_are_used_whatever_this_clock_says() {
        let (renewing, script) = renewing([(0, Ok(Some(0))), (0, Ok(Some(7200)))]);
        for _ in 0..50 {
            assert_eq!(key(&renewing).await.unwrap(), "AKIA1");
        }
        pass(30).await;
        assert_eq!((key(&renewing).await.unwrap().as_str(), script.looks.load(Ordering::SeqCst)), ("AKIA2", 2));
    }

    #[test]
    fn what_cannot_pass_without_a_change_of_files_ends_a_dashboard_and_nothing_else_does() {
        let name = || "x".to_owned();
        for (trouble, heals, next) in [
            (Trouble::Mfa { profile: "a b".to_owned(), role: name(), serial: name() }, false, "--profile \"a b\""),
            (Trouble::Settings { profile: name(), cause: name() }, false, "~/.aws/config"),
            (Trouble::Sso { profile: "a b".to_owned(), state: name() }, true, "aws sso login --profile \"a b\""),
            (Trouble::Process { profile: name(), program: name(), cause: name() }, true, "within a minute"),
            (Trouble::Silent { what: name(), seconds: 4 }, true, "--profile NAME"),
            (Trouble::missing(Some("a b"), name()), true, "aws sso login --profile \"a b\""),
            (Trouble::missing(None, name()), true, "nextcore-top demo"),
        ] {
            assert_eq!(trouble.heals(), heals, "{trouble}");
            assert!(trouble.next().contains(next), "{trouble}: {}", trouble.next());
        }
    }
}
