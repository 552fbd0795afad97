//! What flags, configuration and our own environment say about where to connect and as whom, before the AWS profile is read. `config`
//! fills it; `aws::place` settles it into a `Place`.

use std::path::PathBuf;

use super::place::{Chosen, EndpointUrl};

/// Where to connect, and as whom, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// A profile that was named to this program: it decides credentials, whatever keys the environment has.
    pub profile: Option<Chosen>,
    /// The profile of the environment: keys in the environment come before it, as in the AWS CLI.
    pub environment_profile: Option<Chosen>,
    /// The region of a flag, of the stack or of the environment.
    pub region: Option<Chosen>,
    /// The region of last resort: the written architecture's, for the written architecture's own names only.
    pub seed_region: Option<String>,
    /// The stack's written region, when another one was taken nowhere: a profile that contradicts it is said.
    pub stack_region: Option<Chosen>,
    /// The endpoint of a flag or of the configuration; it comes before those of the environment and of the profile.
    pub endpoint_url: Option<(EndpointUrl, String)>,
    /// The only account that may be looked at.
    pub account: Option<Chosen>,
    /// The credentials that the environment has, by variable and in words.
    pub environment_keys: Vec<String>,
    /// What contradicts what so far.
    pub notices: Vec<String>,
    /// AWS_CA_BUNDLE: whom TLS trusts instead of the machine's own certificates.
    pub ca_bundle: Option<PathBuf>,
    /// The variables that name proxies, and hosts that are reached without one.
    pub proxies: Vec<Variable>,
}

/// A variable of the environment that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

impl Variable {
    /// The value, a URL, without the password in it.
    pub fn masked(&self) -> String {
        let (scheme, rest) = self.value.split_once("://").map_or(("", self.value.as_str()), |(s, r)| (s, r));
        let Some((user, host)) = rest.rsplit_once('@') else { return self.value.clone() };
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        match user.split_once(':') {
            Some((name, _)) => format!("{scheme}{name}:***@{host}"),
            None => format!("{scheme}***@{host}"),
        }
    }
}
