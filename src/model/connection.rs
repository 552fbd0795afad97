//! Where to connect and as whom, as flags, environment and files decide it. `config` fills it, `aws` uses it.

use std::path::PathBuf;

/// Where to connect, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The profile; `None` = the SDK's default chain.
    pub profile: Option<String>,
    /// Whether the profile was named to this program: then it decides credentials, whatever keys the environment has.
    pub profile_decides: bool,
    /// The region; `None` = the profile's.
    pub region: Option<String>,
    /// The endpoint instead of AWS.
    pub endpoint_url: Option<String>,
    /// AWS_CA_BUNDLE: whom TLS trusts instead of the machine's own certificates.
    pub ca_bundle: Option<PathBuf>,
    /// The variables that name proxies, and hosts that are reached without one.
    pub proxies: Vec<Variable>,
}

/// A variable of the environment that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
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
