//! One look for credentials: through the providers of a place, one after the other, a profile by its chain; each with a time-out that fits
//! it and with words for its failure. Whom to ask is decided by `providers`; what is found is kept by `credentials`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{ecs, imds};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use futures_util::future::BoxFuture;

use super::credentials::{CredentialSupplier, Trouble};
use super::error::{find, innermost, problem_of};
use super::newcomer::Newcomers;
use super::notice::Notices;
use super::op::{Op, Scope};
use super::profile_chain::{Base, Chain, Role};
use super::profiles::Profiles;
use super::providers::{Link, Provider, Won};
use super::proxy::Via;
use super::skew::Skew;
use super::wire::Witness;
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::text::sanitize;

/// Keys of a file, and services that are near: the instance metadata service may take this long to say that it is not there.
const NEAR: Duration = Duration::from_secs(4);
/// Each service of AWS on the way.
const HOP: Duration = Duration::from_secs(5);

/// What is looked for, for the words of errors only.
const ASSUME: Op = Op::read("STS", "AssumeRole", "sts:AssumeRole").on(Scope::Any);
const WEB_IDENTITY: Op = Op::read("STS", "AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity").on(Scope::Any);

/// What is looked with.
#[derive(Debug)]
pub(super) struct Tools {
    /// The HTTP client beneath the gate: what proves who we are is no operation of ours.
    pub(super) http: SharedHttpClient,
    /// The clock.
    pub(super) skew: Skew,
    /// What answers have shown about the keys.
    pub(super) witness: Witness,
    /// Where it is said what is waited for.
    pub(super) notices: Notices,
    /// Whose they are, where it matters.
    pub(super) newcomers: Newcomers,
    /// Region, endpoints and time-outs of the SDK.
    pub(super) config: SdkConfig,
}

/// How to look.
#[derive(Debug)]
pub(super) struct Lookup {
    links: Vec<Link>,
    won: Won,
    tools: Tools,
    /// What is being waited for.
    awaited: Mutex<String>,
}

impl Lookup {
    /// Nothing is asked yet; who answers is remembered in `won`.
    pub(super) fn new(links: Vec<Link>, won: Won, tools: Tools) -> Self {
        Self { links, won, tools, awaited: Mutex::new("credentials".to_owned()) }
    }

    fn awaiting(&self, what: impl Into<String>) {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
    }

    /// What renews them, as far as the files say.
    pub(super) async fn renew(links: &[Link]) -> String {
        let environment = links.iter().any(|l| l.provider == Provider::Environment);
        if environment && EnvironmentVariableCredentialsProvider::new().provide_credentials().await.is_ok() {
            return "renew the environment's: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN".to_owned();
        }
        let Ok(profiles) = Profiles::read().await else { return String::new() };
        let chain = profile_of(links).and_then(|name| profiles.get(name).and_then(|_| Chain::of(&profiles, name).ok()));
        chain.filter(|c| !matches!(c.base, Base::Nothing)).map_or_else(String::new, |c| c.renew())
    }

    async fn once(&self) -> Result<Credentials, Trouble> {
        // Read each time: a login, or a correction, is seen without a restart.
        let profiles = Profiles::read().await.map_err(|e| Trouble::missing(None, e.to_string()))?;
        let mut last = String::new();
        for link in &self.links {
            match self.ask(&link.provider, &profiles).await? {
                Ok(credentials) => {
                    self.tools.newcomers.check(&credentials).await?;
                    self.won.set(&link.name);
                    return Ok(credentials);
                }
                Err(None) => {}
                Err(Some(why)) => last = why,
            }
        }
        let chosen = profile_of(&self.links).filter(|name| *name != "default");
        Err(Trouble::missing(chosen, format!("none in environment, profile, container or instance ({last})")))
    }

    /// The credentials of one; or nothing, and why, where it has not been set up. One that has and fails is an error: what comes behind it is
    /// somebody else.
    async fn ask(&self, provider: &Provider, profiles: &Profiles) -> Result<Result<Credentials, Option<String>>, Trouble> {
        let config = self.provider_config();
        match provider {
            Provider::Environment => {
                self.awaiting("the keys of the environment");
                match EnvironmentVariableCredentialsProvider::new().provide_credentials().await {
                    Ok(credentials) => Ok(Ok(credentials)),
                    Err(CredentialsError::CredentialsNotLoaded(_)) => Ok(Err(None)),
                    Err(e) => Err(Trouble::missing(None, format!("those of the environment: {}", innermost(&e)))),
                }
            }
            Provider::Profile(name) if name == "default" && profiles.get(name).is_none() => Ok(Err(None)),
            Provider::Profile(name) => match Chain::of(profiles, name)? {
                // A profile that only has settings: what comes next serves it, as with the AWS CLI.
                Chain { base: Base::Nothing, roles, .. } if roles.is_empty() => Ok(Err(None)),
                chain => self.chain(profiles, &chain).await.map(Ok),
            },
            Provider::WebIdentity => {
                let web = WebIdentityTokenCredentialsProvider::builder().configure(&config).build();
                self.machine("STS, for the web identity of AWS_WEB_IDENTITY_TOKEN_FILE", &web, HOP).await
            }
            Provider::Container => {
                let container = ecs::EcsCredentialsProvider::builder().configure(&config).build();
                self.machine("the container's credentials endpoint", &container, NEAR).await
            }
            Provider::Instance => {
                let instance = imds::credentials::ImdsCredentialsProvider::builder().configure(&config).build();
                self.machine("the instance metadata service", &instance, NEAR).await
            }
        }
    }

    /// What the machine itself offers.
    async fn machine(
        &self,
        what: &str,
        provider: &dyn ProvideCredentials,
        patience: Duration,
    ) -> Result<Result<Credentials, Option<String>>, Trouble> {
        self.awaiting(what);
        match tokio::time::timeout(patience, provider.provide_credentials()).await {
            Ok(Ok(credentials)) => Ok(Ok(credentials)),
            Ok(Err(e @ CredentialsError::CredentialsNotLoaded(_))) => Ok(Err(Some(format!("{what}: {}", sanitize(&innermost(&e)))))),
            Ok(Err(e)) => Err(refused(&e, profile_of(&self.links), what)),
            Err(_) => Err(Trouble::Silent { what: what.to_owned(), seconds: patience.as_secs() }),
        }
    }

    async fn chain(&self, profiles: &Profiles, chain: &Chain) -> Result<Credentials, Trouble> {
        if let Some(trouble) = chain.needs_mfa() {
            return Err(trouble);
        }
        self.awaiting(chain.awaited());
        if let Base::Process(process) = &chain.base {
            let mut credentials = process.run(&self.tools.notices).await.map_err(|cause| Trouble::Process {
                profile: process.profile.clone(),
                program: process.program(),
                cause,
            })?;
            for role in &chain.roles {
                credentials = self.assume(role, credentials).await?;
            }
            return Ok(credentials);
        }
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.provider_config())
            .profile_files(profiles.files())
            .profile_name(Profiles::alias(&chain.profile))
            .build();
        let hops = chain.roles.len() + usize::from(matches!(chain.base, Base::Sso(_) | Base::Login(_) | Base::WebIdentity));
        let patience = if hops == 0 { NEAR } else { HOP * u32::try_from(hops).unwrap_or(1) };
        match tokio::time::timeout(patience, provider.provide_credentials()).await {
            Ok(result) => result.map_err(|e| explain(chain, &e)),
            Err(_) => Err(Trouble::Silent { what: chain.awaited(), seconds: patience.as_secs() }),
        }
    }

    async fn assume(&self, role: &Role, from: Credentials) -> Result<Credentials, Trouble> {
        let mut builder = AssumeRoleProvider::builder(&role.arn).configure(&self.tools.config);
        if let Some(id) = &role.external_id {
            builder = builder.external_id(id);
        }
        if let Some(name) = &role.session {
            builder = builder.session_name(name);
        }
        let what = format!("STS, for role {} of profile '{}'", role.arn, role.profile);
        self.awaiting(what.clone());
        let provider = builder.build_from_provider(from).await;
        match tokio::time::timeout(HOP, provider.provide_credentials()).await {
            Ok(result) => result.map_err(|e| not_assumed(std::slice::from_ref(role), &role.profile, &e)),
            Err(_) => Err(Trouble::Silent { what, seconds: HOP.as_secs() }),
        }
    }

    fn provider_config(&self) -> ProviderConfig {
        let config = &self.tools.config;
        ProviderConfig::empty()
            .with_http_client(self.tools.http.clone())
            .with_time_source(self.tools.skew.clone())
            .with_sleep_impl(TokioSleep::new())
            .with_region(config.region().cloned())
            .with_use_fips(config.use_fips())
            .with_use_dual_stack(config.use_dual_stack())
            .with_behavior_version(Some(aws_config::BehaviorVersion::latest()))
            .with_retry_config(RetryConfig::standard().with_max_attempts(1))
            .with_timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
    }
}

impl CredentialSupplier for Lookup {
    /// Once more if the clock was found to be off meanwhile.
    fn look(&self) -> BoxFuture<'_, Result<Credentials, Trouble>> {
        Box::pin(async {
            let before = self.tools.skew.offset();
            match self.once().await {
                Err(_) if self.tools.skew.offset() != before => self.once().await,
                result => result,
            }
        })
    }

    fn awaited(&self) -> String {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> SystemTime {
        self.tools.skew.now()
    }

    fn take_spent(&self) -> bool {
        self.tools.witness.take_spent()
    }
}

/// The profile among these, as far as one was chosen.
fn profile_of(links: &[Link]) -> Option<&str> {
    links.iter().find_map(|l| if let Provider::Profile(name) = &l.provider { Some(name.as_str()) } else { None })
}

/// Why a chain of the SDK gave none.
fn explain(chain: &Chain, error: &CredentialsError) -> Trouble {
    if find::<SdkError<AssumeRoleError, HttpResponse>>(error).is_some() {
        let profile = chain.roles.last().map_or(&chain.profile, |r| &r.profile);
        return not_assumed(&chain.roles, profile, error);
    }
    let cause = sanitize(&innermost(error));
    match &chain.base {
        Base::Sso(_) | Base::Login(_) if find::<ConnectorError>(error).is_some() => unreached(&chain.awaited(), error),
        Base::Sso(profile) => sso(profile, error, &cause),
        Base::Login(profile) => Trouble::Login { profile: profile.clone(), cause },
        _ => refused(error, Some(&chain.profile), &chain.awaited()),
    }
}

/// The token of a login is looked for in a file; the portal answers with names of errors that only the SDK's text has.
fn sso(profile: &str, error: &CredentialsError, cause: &str) -> Trouble {
    let (profile, low) = (profile.to_owned(), cause.to_ascii_lowercase());
    let absent = find::<std::io::Error>(error).is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound);
    // With a named session the SDK hides why it has no token.
    if absent || low.contains("failed to load the cached sso token") {
        return Trouble::Sso { profile, state: "was not found: not logged in, or ~/.aws/sso/cache is unreadable".to_owned() };
    }
    if low.contains("forbidden") || low.contains("no access") {
        let next = "use a role assigned to this user (sso_role_name, sso_account_id), or request it in IAM Identity Center".to_owned();
        return Trouble::Refused { what: format!("SSO role of profile '{profile}' is not assigned: {cause}"), next, clock: false };
    }
    let over = low.contains("expired") || low.contains("unauthorized") || low.contains("not found or invalid");
    Trouble::Sso { profile, state: if over { "has expired".to_owned() } else { format!("cannot be used: {cause}") } }
}

fn not_assumed(roles: &[Role], profile: &str, error: &CredentialsError) -> Trouble {
    let Some(said) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) else { return refused(error, Some(profile), "STS") };
    let problem = problem_of(ASSUME, said);
    let with_mfa = roles.iter().find(|r| r.mfa.is_some()).filter(|_| problem.kind == ProblemKind::Denied);
    with_mfa.map_or_else(|| of_problem(&format!("the role of profile '{profile}' cannot be assumed"), problem), Trouble::mfa)
}

fn of_problem(what: &str, problem: Problem) -> Trouble {
    Trouble::Refused { what: format!("{what}: {}", problem.headline), next: problem.hint, clock: problem.kind == ProblemKind::Clock }
}

fn refused(error: &CredentialsError, profile: Option<&str>, what: &str) -> Trouble {
    if let Some(said) = find::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>(error) {
        return of_problem("the role of the web identity cannot be assumed", problem_of(WEB_IDENTITY, said));
    }
    if find::<ConnectorError>(error).is_some() {
        return unreached(what, error);
    }
    Trouble::missing(profile, sanitize(&innermost(error)))
}

fn unreached(what: &str, error: &CredentialsError) -> Trouble {
    let (cause, next) = match find::<Via>(error) {
        Some(via) => (via.to_string(), format!("is the proxy {} up? it is set by {}; use NO_PROXY to exclude hosts", via.proxy, via.name)),
        None => (innermost(error), "check the network".to_owned()),
    };
    Trouble::Refused { what: format!("no usable AWS credentials: {what} cannot be reached: {}", sanitize(&cause)), next, clock: false }
}
