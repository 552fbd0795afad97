//! From a settled place to gated clients: credentials, trust, time-outs. Tells a missing profile, region or credential apart before anything
//! is sent. Called by the shell; the embedded cloud comes in as an HTTP client.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::TlsContext;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

use super::action;
use super::authority::Authority;
use super::client::Clients;
use super::credentials::{Renewing, Trouble};
use super::gate::{AllowList, Gate, GatedClient};
use super::lookup::{self, Lookup};
use super::meter::Meter;
use super::newcomer::{Newcomers, WHO};
use super::notice::Notices;
use super::op::Kind;
use super::pin::Pin;
use super::place::services;
use super::profiles::{Profiles, Unreadable, in_shell};
use super::providers::{self, Won};
use super::proxy::{BadProxy, Proxies};
use super::skew::Skew;
use super::trust::{self, BadBundle};
use super::wire::{Observer, Wire, Witness};
use super::{discover, source, variants};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::place::{DUAL_STACK, EndpointUrl, FIPS, Place};
use nextcore_core::model::section::Problem;

/// One attempt of a poll: a mute endpoint is to be named within 5 s of the start.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// One poll with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why there are no clients. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The profile is in no file.
    #[error(
        "unknown profile '{name}': not in ~/.aws/config or ~/.aws/credentials{known}\n  next: choose one with --profile NAME, or create it with 'aws configure --profile {quoted}'"
    )]
    UnknownProfile {
        name: String,
        /// The name, for a shell.
        quoted: String,
        /// The profiles that there are, as the tail of the sentence.
        known: String,
    },
    /// The AWS configuration files do not parse.
    #[error(transparent)]
    Files(#[from] Unreadable),
    /// No region anywhere.
    #[error(
        "no region: not set by --region, [stack].region of the configuration, AWS_REGION or the profile\n  next: set region = \"...\" in [stack], or use --region"
    )]
    NoRegion,
    /// No credentials.
    #[error("{trouble}{passed_over}\n  next: {next}", next = .trouble.next())]
    Credentials {
        /// Why not.
        trouble: Trouble,
        /// What else there is and was not asked, as the tail of the sentence.
        passed_over: String,
    },
    /// TLS cannot trust anybody.
    #[error(
        "no root certificates: this machine's certificate store is empty, so no TLS connection can be trusted\n  next: install the package ca-certificates, or set SSL_CERT_FILE or AWS_CA_BUNDLE to a bundle"
    )]
    NoRoots,
    /// TLS was told to trust a bundle that cannot be used.
    #[error(transparent)]
    Bundle(#[from] BadBundle),
    /// A proxy that is none.
    #[error(transparent)]
    Proxy(#[from] BadProxy),
    /// The endpoint is not a URL.
    #[error("{origin}: '{url}' is not an http:// or https:// URL\n  next: write it as http://127.0.0.1:4566")]
    BadEndpoint {
        /// As it was written, without its password.
        url: EndpointUrl,
        /// Who says so.
        origin: String,
    },
    /// The embedded cloud has not come up.
    #[error("the embedded cloud failed to start: {0}\n  next: please report this")]
    Embedded(String),
}

impl ConnectError {
    /// What may pass without a restart (a login elsewhere, a service that comes back), as a problem for a screen that stays.
    pub fn passing(&self) -> Option<Problem> {
        let Self::Credentials { trouble, passed_over } = self else { return None };
        trouble.heals().then(|| Problem {
            kind: trouble.kind(),
            headline: format!("{trouble}{passed_over}"),
            hint: format!("{} (retried automatically)", trouble.next()),
            permission: None,
        })
    }
}

/// Connects to AWS, or to the endpoints of the place. What takes long is said meanwhile.
pub async fn connect(place: &Place, meter: &Meter, authority: &Authority, notices: &Notices) -> Result<Clients, ConnectError> {
    let Some(region) = &place.region else { return Err(ConnectError::NoRegion) };
    let profiles = Profiles::read().await?;
    let wires = Wires {
        proxies: Proxies::of(&place.proxies)?,
        trust: place.ca_bundle.as_ref().map(|bundle| trust::bundle(Path::new(&bundle.value), &bundle.origin)).transpose()?,
        skew: Skew::new(notices.clone()),
        witness: Witness::default(),
    };
    let links = providers::of(place);
    let renew: Arc<str> = Lookup::renew(&links).await.into();
    let plain = services().into_iter().all(|s| place.endpoint_of(s).is_some_and(EndpointUrl::is_plain));
    // The TLS library panics without roots; an emulator over plain HTTP needs neither.
    let rootless = wires.trust.is_none() && rustls_native_certs::load_native_certs().certs.is_empty();
    if rootless && !plain {
        return Err(ConnectError::NoRoots);
    }
    let http = if rootless { wires.plain(&renew) } else { wires.tls(&renew) };
    let mut loader = loader(http.clone(), wires.skew.clone()).profile_files(profiles.files()).region(Region::new(region.value.clone()));
    if let Some(profile) = &place.profile {
        loader = loader.profile_name(Profiles::alias(&profile.value));
    }
    let config = loader.load().await;
    // An endpoint of its own has no variants: of the services that providers ask, STS is the one that may have one. What proves who we are
    // is asked of AWS, whatever endpoint the stack has.
    let variants = place.endpoint_of("STS").is_none();
    let mut of_providers = config.to_builder();
    of_providers.set_use_dual_stack(Some(variants && place.uses(DUAL_STACK)));
    of_providers.set_use_fips(Some(variants && place.uses(FIPS)));
    let (skew, witness) = (wires.skew.clone(), wires.witness.clone());
    let of_services = variants::named(if plain { wires.plain(&renew) } else { http.clone() }, place);
    let newcomers = newcomers(&config, place, of_services.clone(), meter, authority);
    let tools = lookup::Tools { http, skew, witness, notices: notices.clone(), newcomers, config: of_providers.build() };
    let won = Won::default();
    let credentials = Renewing::new(Lookup::new(links, won.clone(), tools));
    let passed_over = || place.credentials.passed_over.iter().fold(String::new(), |all, p| all + "; skipped: " + p);
    credentials.wait().await.map_err(|trouble| ConnectError::Credentials { trouble, passed_over: passed_over() })?;
    let config = config.to_builder().credentials_provider(credentials.shared()).identity_cache(IdentityCache::no_cache()).build();
    Ok(gated(&config, place, of_services, meter, authority).told_by(won))
}

/// What all HTTP clients of a process share.
struct Wires {
    proxies: Proxies,
    trust: Option<TlsContext>,
    skew: Skew,
    witness: Witness,
}

impl Wires {
    /// For plain HTTP: an emulator that is near. No proxy is asked for it.
    fn plain(&self, renew: &Arc<str>) -> SharedHttpClient {
        self.observed(aws_smithy_http_client::Builder::new().build_http(), Proxies::none(), renew)
    }

    /// TLS by ring, and the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`), as the AWS CLI does.
    fn tls(&self, renew: &Arc<str>) -> SharedHttpClient {
        let trust = self.trust.clone().unwrap_or_default();
        let client = aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, components| {
            let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
            builder.set_connector_settings(settings.cloned());
            builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).tls_context(trust.clone()).build()
        });
        self.observed(client, self.proxies.clone(), renew)
    }

    fn observed(&self, client: SharedHttpClient, proxies: Proxies, renew: &Arc<str>) -> SharedHttpClient {
        Wire::over(client, Observer { skew: self.skew.clone(), witness: self.witness.clone(), proxies, renew: Arc::clone(renew) })
    }
}

/// Connects to whatever answers behind `http`: the embedded cloud, in process. The environment is not looked at.
pub fn connect_in_process(http: SharedHttpClient, region: &str, meter: &Meter, authority: &Authority) -> Clients {
    let credentials = Credentials::new("AKIDEMBEDDEDCLOUD", "embedded", None, None, "embedded cloud");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .timeout_config(timeouts())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .build();
    gated(&config, &Place::default(), http, meter, authority)
}

fn loader(http: SharedHttpClient, skew: Skew) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .time_source(skew)
        // The SDK learns the skew too, once for each client, from whatever answers: added to ours it would be twice too much.
        .disable_clock_skew_correction(true)
        .no_credentials()
        // The engine backs off by itself, and every request is to be counted: the SDK sends once.
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .timeout_config(timeouts())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// What may leave this process. A viewer's gate does not even know of writes; everybody else's lets one through with a warrant. It knows of
/// billed reads, to say what allows them.
pub(super) fn allowed(authority: &Authority) -> AllowList {
    let writes = authority.mode() != Mode::Viewer;
    let found = authority.finds().then(discover::reads).into_iter().flatten();
    let ops = source::reads().chain(source::on_request()).chain(action::operations()).chain(found);
    AllowList::of(ops.filter(|op| writes || op.kind != Kind::Write), authority)
}

/// The gate goes in after credentials have been resolved: their providers use the plain HTTP client.
fn gated(config: &SdkConfig, place: &Place, http: SharedHttpClient, meter: &Meter, authority: &Authority) -> Clients {
    let pin = Pin::of(place.account.clone());
    let allowed = allowed(authority).behind(pin.clone());
    let http = SharedHttpClient::new(GatedClient::new(http, allowed.clone(), meter.clone()));
    let config = config.to_builder().http_client(http).build();
    Clients::new(&config, place, &Gate::new(allowed), pin)
}

/// Asks one question, behind a gate that knows no other.
fn newcomers(config: &SdkConfig, place: &Place, http: SharedHttpClient, meter: &Meter, authority: &Authority) -> Newcomers {
    let allowed = AllowList::of([&WHO], authority);
    let http = SharedHttpClient::new(GatedClient::new(http, allowed.clone(), meter.clone()));
    Newcomers::new(place, config.to_builder().http_client(http).build(), Gate::new(allowed))
}

/// Refuses what is no URL; `origin` says where it comes from.
pub(super) fn check_endpoint(url: &EndpointUrl, origin: &str) -> Result<(), ConnectError> {
    // `http` keeps a port that is no port as part of the authority: then the request would go to the default port.
    let usable = |u: http::Uri| {
        let port_is_one = u.authority().is_some_and(|a| u.port_u16().is_some() || a.as_str().ends_with(a.host()));
        matches!(u.scheme_str(), Some("http" | "https")) && u.host().is_some_and(|h| !h.is_empty()) && port_is_one
    };
    let valid = url.secret().parse::<http::Uri>().is_ok_and(usable);
    if valid { Ok(()) } else { Err(ConnectError::BadEndpoint { url: url.clone(), origin: origin.to_owned() }) }
}

/// An unknown profile would otherwise be a silent fall-through to other credentials: the wrong account.
pub(super) fn check_profile(profiles: &Profiles, name: Option<&str>) -> Result<(), ConnectError> {
    let Some(name) = name else { return Ok(()) };
    if profiles.get(name).is_some() {
        return Ok(());
    }
    let names: Vec<String> = profiles.names().into_iter().map(in_shell).collect();
    let known = if names.is_empty() { " (no profiles found)".to_owned() } else { format!(" (known: {})", names.join(", ")) };
    Err(ConnectError::UnknownProfile { name: name.to_owned(), quoted: in_shell(name), known })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program's own clients, whatever calls them: no mode sends a write that was not confirmed, a viewer's gate does not know it.
    #[tokio::test]
    async fn the_clients_of_this_process_send_no_write_of_their_own() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        use aws_smithy_types::body::SdkBody;

        for (mode, why) in [(Mode::Viewer, "NotAllowed"), (Mode::Safe, "NoWarrant"), (Mode::Armed, "NoWarrant")] {
            let count = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&count);
            let handler: crate::aws::transport::Handler = Arc::new(move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                Box::pin(async { http::Response::new(SdkBody::from(r#"{"services":[],"failures":[]}"#)) })
            });
            let http = crate::aws::transport::in_process(handler);
            let clients = connect_in_process(http, "ap-southeast-2", &Meter::default(), &Authority::new(mode));
            let refused = [
                format!("{:?}", clients.ecs.update_service().service("web").desired_count(0).send().await.unwrap_err()),
                format!("{:?}", clients.rds.reboot_db_instance().db_instance_identifier("db").send().await.unwrap_err()),
                format!("{:?}", clients.cache.test_failover().replication_group_id("r").node_group_id("1").send().await.unwrap_err()),
                format!("{:?}", clients.cloudwatch.disable_alarm_actions().alarm_names("a").send().await.unwrap_err()),
            ];
            for refusal in refused {
                assert!(refusal.contains(why), "{mode:?}: {refusal}");
            }
            clients.ecs.describe_services().services("web").send().await.unwrap();
            assert_eq!(count.load(Ordering::SeqCst), 1, "{mode:?}: only the read left");
        }
    }

    #[tokio::test]
    async fn a_viewer_sends_no_billed_read_unless_the_configuration_lets_it() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        use aws_smithy_types::body::SdkBody;

        use crate::aws::source::logs::insights::{NotStarted, look, start, stop};
        use nextcore_core::model::Time;
        use nextcore_core::model::query::Asked;

        for (mode, insights, lets) in
            [(Mode::Viewer, false, false), (Mode::Viewer, true, true), (Mode::Safe, false, true), (Mode::Armed, false, true)]
        {
            let count = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&count);
            let handler: crate::aws::transport::Handler = Arc::new(move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                let answer = r#"{"queryId":"q","success":true,"status":"Running","results":[]}"#;
                Box::pin(async move { http::Response::new(SdkBody::from(answer)) })
            });
            let http = crate::aws::transport::in_process(handler);
            let authority = Authority::querying(mode, insights);
            let clients = connect_in_process(http, "ap-southeast-2", &Meter::default(), &authority);
            let (from, until) = (Time::default(), Time::default());
            let asked = Asked { text: "fields @message".to_owned(), groups: vec!["g".to_owned()], from, until };
            let why = |(NotStarted::Malformed(why) | NotStarted::Failed(why))| why;
            let started = start(&clients, &asked).await.map(|_| ()).map_err(why);
            let billed = [started, stop(&clients, "q").await];
            assert_eq!(count.load(Ordering::SeqCst), if lets { 2 } else { 0 }, "{mode:?} {insights}");
            for answer in billed {
                match answer {
                    Ok(()) => assert!(lets, "{mode:?} {insights}"),
                    Err(problem) => {
                        assert!(!lets && problem.headline.contains("insights = true in [logs]"), "{mode:?} {insights}: {problem:?}");
                    }
                }
            }
            look(&clients, "q", false).await.unwrap();
        }
    }

    /// A login elsewhere in mid-session, a file that was changed: the new keys sign nothing but the question whose they are.
    #[tokio::test]
    async fn new_credentials_of_another_account_than_the_pinned_one_are_not_handed_out() {
        use std::sync::{Arc, Mutex};

        use aws_smithy_types::body::SdkBody;

        use nextcore_core::model::place::Chosen;

        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        let handler: crate::aws::transport::Handler = Arc::new(move |request| {
            let signed = request.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
            let account = if signed.contains("AKIDTHEIRS") { "444455556666" } else { "111122223333" };
            noted.lock().unwrap().push(signed);
            let answer = format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/maya</Arn><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            );
            Box::pin(async { http::Response::new(SdkBody::from(answer)) })
        });
        let http = crate::aws::transport::in_process(handler);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-southeast-2"))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        let (meter, authority) = (Meter::default(), Authority::new(Mode::Viewer));
        let key = |id: &str| Credentials::new(id, "s", None, None, "test");
        let count = || asked.lock().unwrap().len();
        let place = Place { account: Some(Chosen::new("111122223333", "c.toml")), ..Place::default() };
        let pinned = newcomers(&config, &place, http.clone(), &meter, &authority);
        pinned.check(&key("AKIDFIRST")).await.unwrap();
        pinned.check(&key("AKIDFIRST")).await.unwrap();
        assert_eq!(count(), 0, "before it is known who they are, the pin keeps everything back");
        let trouble = pinned.check(&key("AKIDTHEIRS")).await.unwrap_err().to_string();
        for words in ["not used", "444455556666", "111122223333", "c.toml"] {
            assert!(trouble.contains(words), "{words}: {trouble}");
        }
        assert!(pinned.check(&key("AKIDTHEIRS")).await.is_err(), "nor when they come again");
        pinned.check(&key("AKIDSECOND")).await.unwrap();
        assert_eq!(count(), 3);
        newcomers(&config, &Place::default(), http, &meter, &authority).check(&key("AKIDTHEIRS")).await.unwrap();
        assert_eq!(count(), 3, "nothing is asked where no account is pinned");
    }

    #[test]
    fn an_endpoint_is_an_http_url_with_a_port_that_is_one() {
        for (url, valid) in [
            ("http://127.0.0.1:4566", true),
            ("https://localhost", true),
            ("http://[::1]:4566", true),
            ("http://127.0.0.1:99999", false),
            ("http://127.0.0.1:", false),
            ("127.0.0.1:4566", false),
            ("ftp://127.0.0.1", false),
            ("http://", false),
        ] {
            assert_eq!(check_endpoint(&EndpointUrl::new(url), "--endpoint-url").is_ok(), valid, "{url}");
        }
    }
}
