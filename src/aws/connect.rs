//! From options to gated clients: profile, region, endpoint, credentials, time-outs. Tells a missing profile, region or credential apart
//! before anything is sent. Called by the shell; the embedded cloud comes in as an HTTP client.

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
use aws_types::origin::Origin;

use super::action;
use super::authority::Authority;
use super::client::Clients;
use super::credentials::{Renewing, Trouble};
use super::gate::{AllowList, Gate, GatedClient};
use super::lookup::{self, Lookup, Wanted};
use super::meter::Meter;
use super::notice::Notices;
use super::op::Kind;
use super::profiles::{self, Profiles, Unreadable, in_shell};
use super::proxy::{BadProxy, Proxies};
use super::skew::Skew;
use super::source;
use super::trust::{self, BadBundle};
use super::wire::{Observer, Wire, Witness};
use crate::model::connection::ConnectOptions;
use crate::model::mode::Mode;
use crate::model::section::Problem;

/// One attempt of a poll (AWS map §1: about 5 s): a mute endpoint is to be named within 5 s of the start.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// One poll with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Why there are no clients. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The profile is in no file.
    #[error(
        "unknown profile '{name}': it is in neither ~/.aws/config nor ~/.aws/credentials{known}\n  next: choose one with --profile NAME, or create it with 'aws configure --profile {quoted}'"
    )]
    UnknownProfile {
        /// The name.
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
    #[error("no region: neither --region, the configuration, AWS_REGION nor the profile names one\n  next: --region ap-southeast-2")]
    NoRegion,
    /// No credentials.
    #[error("{0}\n  next: {next}", next = .0.next())]
    Credentials(#[from] Trouble),
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
    #[error("--endpoint-url '{0}' is not an http:// or https:// URL\n  next: write it as http://127.0.0.1:4566")]
    BadEndpoint(String),
    /// The embedded cloud has not come up.
    #[error("the embedded cloud does not start: {0}\n  next: please report this")]
    Embedded(String),
}

impl ConnectError {
    /// What may pass without a restart (a login elsewhere, a service that comes back), as a problem for a screen that stays.
    pub fn passing(&self) -> Option<Problem> {
        let Self::Credentials(trouble) = self else { return None };
        trouble.heals().then(|| Problem {
            kind: trouble.kind(),
            headline: trouble.to_string(),
            hint: format!("{} (tried again by itself)", trouble.next()),
            permission: None,
        })
    }
}

/// Connects to AWS, or to the endpoint of the options. What takes long is said meanwhile.
pub async fn connect(options: &ConnectOptions, meter: &Meter, authority: &Authority, notices: &Notices) -> Result<Clients, ConnectError> {
    let profiles = Profiles::read().await?;
    check_profile(&profiles, options)?;
    if let Some(url) = &options.endpoint_url {
        check_endpoint(url)?;
    }
    let wires = Wires {
        proxies: Proxies::of(&options.proxies)?,
        trust: trust_of(&profiles, options)?,
        skew: Skew::new(notices.clone()),
        witness: Witness::default(),
    };
    let wanted = match &options.profile {
        Some(name) if options.profile_decides => Wanted::Profile(name.clone()),
        profile => Wanted::Usual(profile.clone()),
    };
    let renew: Arc<str> = Lookup::renew(&wanted).await.into();
    let plain = options.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://"));
    // The TLS library panics without roots; an emulator over plain HTTP needs neither.
    let rootless = wires.trust.is_none() && rustls_native_certs::load_native_certs().certs.is_empty();
    if rootless && !plain {
        return Err(ConnectError::NoRoots);
    }
    let http = if rootless { wires.plain(&renew) } else { wires.tls(&renew) };
    let mut loader = loader(http.clone(), wires.skew.clone()).profile_files(profiles.files());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(Profiles::alias(profile));
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let asked = if let Some(url) = &options.endpoint_url { loader.endpoint_url(url) } else { loader };
    let config = asked.load().await;
    if config.region().is_none() {
        return Err(ConnectError::NoRegion);
    }
    // What proves who we are is asked of AWS, whatever endpoint the stack has.
    let mut of_providers = config.to_builder();
    if options.endpoint_url.is_some() {
        of_providers.set_endpoint_url(None);
        // Else the flag would still come before what the environment says of STS.
        of_providers.insert_origin("endpoint_url", Origin::unknown());
    }
    let (skew, witness) = (wires.skew.clone(), wires.witness.clone());
    let tools = lookup::Tools { http: http.clone(), skew, witness, notices: notices.clone(), config: of_providers.build() };
    let credentials = Renewing::new(Lookup::new(wanted, tools));
    credentials.wait().await?;
    let config = config.to_builder().credentials_provider(credentials.shared()).identity_cache(IdentityCache::no_cache()).build();
    Ok(gated(&config, if plain { wires.plain(&renew) } else { http }, meter, authority))
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

/// The bundle of the environment, or of the profile: the SDK knows neither.
fn trust_of(profiles: &Profiles, options: &ConnectOptions) -> Result<Option<TlsContext>, BadBundle> {
    if let Some(path) = &options.ca_bundle {
        return trust::bundle(path, "AWS_CA_BUNDLE").map(Some);
    }
    let name = options.profile.as_deref().unwrap_or("default");
    let of_profile = profiles.get(name).and_then(|p| p.get("ca_bundle"));
    of_profile.map(|path| trust::bundle(&profiles::expanded(path), &format!("ca_bundle of profile '{name}'"))).transpose()
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
    gated(&config, http, meter, authority)
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

/// The gate goes in after credentials have been resolved: their providers use the plain HTTP client.
fn gated(config: &SdkConfig, http: SharedHttpClient, meter: &Meter, authority: &Authority) -> Clients {
    // A viewer's gate does not even know of writes; everybody else's lets one through with a warrant.
    let writes = authority.mode() != Mode::Viewer;
    let ops = source::reads().chain(action::operations()).filter(|op| writes || op.kind == Kind::Read);
    let allowed = AllowList::of(ops, authority);
    let http = SharedHttpClient::new(GatedClient::new(http, allowed.clone(), meter.clone()));
    let config = config.to_builder().http_client(http).build();
    Clients::new(&config, &Gate::new(allowed))
}

fn check_endpoint(url: &str) -> Result<(), ConnectError> {
    // `http` keeps a port that is no port as part of the authority: then the request would go to the default port.
    let usable = |u: http::Uri| {
        let port_is_one = u.authority().is_some_and(|a| u.port_u16().is_some() || a.as_str().ends_with(a.host()));
        matches!(u.scheme_str(), Some("http" | "https")) && u.host().is_some_and(|h| !h.is_empty()) && port_is_one
    };
    let valid = url.parse::<http::Uri>().is_ok_and(usable);
    if valid { Ok(()) } else { Err(ConnectError::BadEndpoint(url.to_owned())) }
}

/// An unknown profile would otherwise be a silent fall-through to other credentials: the wrong account.
fn check_profile(profiles: &Profiles, options: &ConnectOptions) -> Result<(), ConnectError> {
    let Some(name) = &options.profile else { return Ok(()) };
    if profiles.get(name).is_some() {
        return Ok(());
    }
    let names: Vec<String> = profiles.names().into_iter().map(in_shell).collect();
    let known = if names.is_empty() { " (there are no profiles)".to_owned() } else { format!(" (there are: {})", names.join(", ")) };
    Err(ConnectError::UnknownProfile { name: name.clone(), quoted: in_shell(name), known })
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
                Box::pin(async { http::Response::new(SdkBody::from("{}")) })
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
            assert_eq!(check_endpoint(url).is_ok(), valid, "{url}");
        }
    }
}
