//! Who we are: the providers of credentials in the order of the AWS CLI. A profile that was named to this program is asked alone, before
//! what the machine itself offers; the environment's keys come first only where none was named. Remembers which provider answered. Called by
//! `connect`.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::Region;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;

use crate::model::place::{DUAL_STACK, FIPS, Place};

/// Which provider answered last; shared by all clones.
#[derive(Debug, Clone, Default)]
pub struct Won(Arc<Mutex<Option<String>>>);

impl Won {
    /// In words; `None` = nobody has answered yet.
    pub fn words(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, name: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_owned());
    }
}

/// Providers, asked one after the other until one has credentials.
#[derive(Debug)]
pub(super) struct Chain {
    links: Vec<(String, SharedCredentialsProvider)>,
    won: Won,
}

impl Chain {
    /// The providers of a place, reached through `http`.
    pub(super) fn of(place: &Place, http: &SharedHttpClient) -> Self {
        // An endpoint of its own has no variants: of the services that providers ask, STS is the one that may have one.
        let variants = place.endpoint_of("STS").is_none();
        let conf = ProviderConfig::without_region()
            .with_http_client(http.clone())
            .with_region(place.region.as_ref().map(|r| Region::new(r.value.clone())))
            .with_retry_config(RetryConfig::standard().with_max_attempts(1))
            .with_timeout_config(super::connect::timeouts())
            .with_use_dual_stack(Some(variants && place.uses(DUAL_STACK)))
            .with_use_fips(Some(variants && place.uses(FIPS)));
        let mut profile = ProfileFileCredentialsProvider::builder().configure(&conf);
        if let Some(name) = &place.profile {
            profile = profile.profile_name(&name.value);
        }
        let mut links = Vec::new();
        let mut link = |name: &str, provider: SharedCredentialsProvider| links.push((name.to_owned(), provider));
        let profile = SharedCredentialsProvider::new(profile.build());
        let expected = place.credentials.from.as_str();
        if place.profile_decides {
            link(expected, profile);
        } else {
            link("AWS_ACCESS_KEY_ID of the environment", SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()));
            link(if expected.starts_with("profile") { expected } else { "a profile" }, profile);
            let token = WebIdentityTokenCredentialsProvider::builder().configure(&conf).build();
            link("AWS_WEB_IDENTITY_TOKEN_FILE of the environment", SharedCredentialsProvider::new(token));
        }
        let container = EcsCredentialsProvider::builder().configure(&conf).build();
        link("the container's role", SharedCredentialsProvider::new(container));
        let instance = ImdsCredentialsProvider::builder().configure(&conf).build();
        link("the instance's role (instance metadata)", SharedCredentialsProvider::new(instance));
        Self { links, won: Won::default() }
    }

    /// Where it says which provider answered.
    pub(super) fn won(&self) -> Won {
        self.won.clone()
    }

    async fn ask(&self) -> Result {
        for (name, provider) in &self.links {
            match provider.provide_credentials().await {
                Ok(credentials) => {
                    self.won.set(name);
                    return Ok(credentials);
                }
                Err(CredentialsError::CredentialsNotLoaded(_)) => {}
                // It has been set up and fails: what comes behind it is somebody else.
                Err(error) => return Err(error),
            }
        }
        Err(CredentialsError::not_loaded("no providers in chain provided credentials"))
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.links.iter().find_map(|(_, provider)| provider.fallback_on_interrupt())
    }
}
