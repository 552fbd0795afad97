//! Where to connect and as whom, as flags, environment and files decide it. `config` fills it, `aws` uses it.

/// Where to connect, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The profile; `None` = the SDK's default chain.
    pub profile: Option<String>,
    /// The region; `None` = the profile's.
    pub region: Option<String>,
    /// The endpoint instead of AWS.
    pub endpoint_url: Option<String>,
}
