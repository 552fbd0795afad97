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
