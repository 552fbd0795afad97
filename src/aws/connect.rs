//! From a settled place to gated clients: credentials, trust, time-outs. Tells a missing profile, region or credential apart before anything
//! is sent. Called by the shell; the embedded cloud comes in as an HTTP client.

use std::time::Duration;

use aws_config::profile::ProfileSet;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};

use super::action;
use super::authority::Authority;
use super::client::Clients;
use super::gate::{AllowList, Gate, GatedClient};
use super::meter::Meter;
use super::op::Kind;
use super::pin::Pin;
use super::place::services;
use super::providers::Chain;
use super::{source, variants};
use crate::model::mode::Mode;
use crate::model::place::{EndpointUrl, Place};

/// One attempt of a poll (AWS map §1: about 5 s): a mute endpoint is to be named within 5 s of the start.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// One poll with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Looking for credentials: the instance metadata service alone may take this long to say that it is not there.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(4);

/// Why there are no clients. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The profile is in no file.
    #[error(
        "unknown profile '{name}': it is in neither ~/.aws/config nor ~/.aws/credentials{known}\n  next: choose one with --profile NAME, or create it with 'aws configure --profile {name}'"
    )]
    UnknownProfile {
        /// The name.
        name: String,
        /// The profiles that there are, as the tail of the sentence.
        known: String,
    },
    /// The AWS configuration files do not parse.
    #[error("the AWS configuration cannot be read: {0}\n  next: correct the file, or point AWS_CONFIG_FILE at another")]
    Files(String),
    /// No region anywhere.
    #[error(
        "no region: neither --region, [stack].region of the configuration, AWS_REGION nor the profile names one\n  next: say where the stack is: region = \"...\" below [stack], or --region"
    )]
    NoRegion,
    /// No provider had credentials.
    #[error(
        "no usable AWS credentials{profile}: {cause}\n  next: 'aws sso login{profile_flag}', set AWS_PROFILE, or look around without AWS: 'nextcore-top demo'"
    )]
    NoCredentials {
        /// ` of profile 'x'`.
        profile: String,
        /// ` --profile x`.
        profile_flag: String,
        /// The innermost cause.
        cause: String,
    },
    /// TLS cannot trust anybody.
    #[error(
        "no root certificates: this machine's certificate store is empty, so no TLS connection can be trusted\n  next: install the package ca-certificates, or set SSL_CERT_FILE to a bundle"
    )]
    NoRoots,
    /// The endpoint is not a URL.
    #[error("{origin}: '{url}' is not an http:// or https:// URL\n  next: write it as http://127.0.0.1:4566")]
    BadEndpoint {
        /// As it was written, without its password.
        url: EndpointUrl,
        /// Who says so.
        origin: String,
    },
}

/// Connects to AWS, or to the endpoints of the place.
pub async fn connect(place: &Place, meter: &Meter, authority: &Authority) -> Result<Clients, ConnectError> {
    let plain = services().into_iter().all(|s| place.endpoint_of(s).is_some_and(EndpointUrl::is_plain));
    // The TLS library panics without roots; an emulator over plain HTTP needs neither.
    let http = match (rustls_native_certs::load_native_certs().certs.is_empty(), plain) {
        (false, _) => tls_client(),
        (true, true) => plain_client(),
        (true, false) => return Err(ConnectError::NoRoots),
    };
    let Some(region) = &place.region else { return Err(ConnectError::NoRegion) };
    let chain = Chain::of(place, &http);
    let won = chain.won();
    let mut loader = loader(http.clone()).region(Region::new(region.value.clone())).credentials_provider(chain);
    if let Some(profile) = &place.profile {
        loader = loader.profile_name(&profile.value);
    }
    let config = loader.load().await;
    check_credentials(&config, place).await?;
    let http = variants::named(if plain { plain_client() } else { http }, place);
    Ok(gated(&config, place, http, meter, authority).told_by(won))
}

fn plain_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// TLS by ring, and the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`), as the AWS CLI does.
fn tls_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build()
    })
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

fn loader(http: SharedHttpClient) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        // The engine backs off by itself, and every request is to be counted: the SDK sends once.
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .timeout_config(timeouts())
}

/// Of every request, those of credential providers, too.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// The gate goes in after credentials have been resolved: their providers use the plain HTTP client.
fn gated(config: &SdkConfig, place: &Place, http: SharedHttpClient, meter: &Meter, authority: &Authority) -> Clients {
    // A viewer's gate does not even know of writes; everybody else's lets one through with a warrant.
    let writes = authority.mode() != Mode::Viewer;
    let ops = source::reads().chain(action::operations()).filter(|op| writes || op.kind == Kind::Read);
    let pin = Pin::of(place.account.clone());
    let allowed = AllowList::of(ops, authority).behind(pin.clone());
    let http = SharedHttpClient::new(GatedClient::new(http, allowed.clone(), meter.clone()));
    let config = config.to_builder().http_client(http).build();
    Clients::new(&config, place, &Gate::new(allowed), pin)
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

/// The profiles of the AWS configuration, this one selected. An unknown one would otherwise be a silent fall-through to other credentials:
/// the wrong account.
pub(super) async fn profiles(name: Option<&str>) -> Result<ProfileSet, ConnectError> {
    let files = EnvConfigFiles::default();
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), &files, name.map(|n| n.to_owned().into()))
        .await
        .map_err(|e| ConnectError::Files(cause_of(&e)))?;
    let chosen = profiles.selected_profile();
    if profiles.get_profile(chosen).is_some() || (name.is_none() && chosen == "default") {
        return Ok(profiles);
    }
    let mut names: Vec<&str> = profiles.profiles().collect();
    names.sort_unstable();
    let known = if names.is_empty() { " (there are no profiles)".to_owned() } else { format!(" (there are: {})", names.join(", ")) };
    Err(ConnectError::UnknownProfile { name: chosen.to_owned(), known })
}

async fn check_credentials(config: &SdkConfig, place: &Place) -> Result<(), ConnectError> {
    let name = place.profile.as_ref().map(|p| &p.value);
    let (profile, profile_flag) = name.map_or_else(Default::default, |p| (format!(" of profile '{p}'"), format!(" --profile {p}")));
    let passed_over: String = place.credentials.passed_over.iter().map(|p| format!("; not asked: {p}")).collect();
    let fail = |cause: String| {
        let cause = format!("{cause}{passed_over}");
        ConnectError::NoCredentials { profile: profile.clone(), profile_flag: profile_flag.clone(), cause }
    };
    let Some(provider) = config.credentials_provider() else { return Err(fail("no provider is configured".to_owned())) };
    match tokio::time::timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(fail(cause_of(&e))),
        Err(_) => Err(fail(format!("no provider answered within {} s", CREDENTIALS_TIMEOUT.as_secs()))),
    }
}

/// The innermost cause, which says most.
pub(super) fn cause_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
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
            assert_eq!(check_endpoint(&EndpointUrl::new(url), "--endpoint-url").is_ok(), valid, "{url}");
        }
    }
}
