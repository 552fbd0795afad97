//! Where a process looks and as whom, once flags, configuration, environment and AWS profile are settled; each with its origin. Pure data:
//! `config` and `aws` settle it, the header, `info` and the reports show it. What is secret in it is masked by its own type.

use serde::{Serialize, Serializer};

use super::connection::Variable;
use super::partition::Partition;

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chosen {
    pub value: String,
    /// `--region`, a file, `AWS_REGION`, `profile 'oncall'`.
    pub origin: String,
}

impl Chosen {
    /// A value of this origin.
    pub fn new(value: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { value: value.into(), origin: origin.into() }
    }

    /// A contradiction in words, what matters first: which was taken, which was not, and who decided it.
    pub fn before(&self, what: &str, other: &Self) -> String {
        format!("using {what} {}, not {} from {} (set by {})", self.value, other.value, other.origin, self.origin)
    }
}

/// The URL of an endpoint. It may carry a password: whoever prints it sees the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// As it was written.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// With its password; for the connection only.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Nothing of it is encrypted.
    pub fn is_plain(&self) -> bool {
        self.0.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
    }

    /// Host and port, for where room is short.
    pub fn host(&self) -> String {
        let masked = masked(&self.0);
        let rest = masked.split_once("://").map_or(masked.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default().trim_start_matches("***@").to_owned()
    }
}

impl std::fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl std::fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EndpointUrl({self})")
    }
}

impl Serialize for EndpointUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A URL without what proves who one is: user and password before the host, and the query behind the path.
pub fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or((String::new(), url), |(scheme, rest)| (format!("{scheme}://"), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password with a slash in it is no URL any more, and a password all the same.
    let is_odd = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err());
    let secret = if is_odd { rest.rfind('@') } else { authority.rfind('@') };
    let rest = secret.and_then(|at| rest.get(at + 1..)).map_or_else(|| rest.to_owned(), |shown| format!("***@{shown}"));
    let rest = rest.split_once('?').map_or_else(|| rest.clone(), |(before, _)| format!("{before}?***"));
    super::text::sanitize(&format!("{scheme}{rest}"))
}

/// An endpoint instead of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// Where.
    pub url: EndpointUrl,
    /// Who says so.
    pub origin: String,
    /// The services that are asked there; empty = all of them.
    pub services: Vec<String>,
}

impl Endpoint {
    /// Which services, in words.
    pub fn whose(&self) -> String {
        if self.services.is_empty() { "all services".to_owned() } else { self.services.join(", ") }
    }
}

/// A wish for another kind of AWS's own endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// `dual-stack` or `FIPS`.
    pub kind: &'static str,
    /// The variable or the profile.
    pub origin: String,
    /// Whether any service is asked at such an endpoint: a custom endpoint has no variants.
    pub obeyed: bool,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CredentialSource {
    /// What decides: `profile 'oncall' (--profile)`.
    pub from: String,
    /// What else there was and was not asked, and why.
    pub passed_over: Vec<String>,
}

/// Where this process looks and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Place {
    /// The profile of ~/.aws/config.
    pub profile: Option<Chosen>,
    /// Whether the profile was named to this program: then it decides credentials, whatever keys the environment has.
    #[serde(skip)]
    pub profile_decides: bool,
    pub region: Option<Chosen>,
    /// The region's partition.
    pub partition: Partition,
    /// Endpoints instead of AWS's own; none = AWS.
    pub endpoints: Vec<Endpoint>,
    /// Dual-stack and FIPS endpoints, where asked for.
    pub variants: Vec<Variant>,
    /// Where credentials come from.
    pub credentials: CredentialSource,
    /// The only account that may be looked at.
    pub account: Option<Chosen>,
    /// The certificates that TLS trusts instead of the machine's own.
    #[serde(skip)]
    pub ca_bundle: Option<Chosen>,
    /// The variables that name proxies.
    #[serde(skip)]
    pub proxies: Vec<Variable>,
    /// What contradicts what, and which was taken: said once.
    pub notices: Vec<String>,
}

impl Place {
    /// The endpoint of a service of the SDK; `None` = AWS's own.
    pub fn endpoint_of(&self, service: &str) -> Option<&EndpointUrl> {
        let is_its = |e: &&Endpoint| e.services.iter().any(|s| s == service);
        let of_all = |e: &&Endpoint| e.services.is_empty();
        self.endpoints.iter().find(is_its).or_else(|| self.endpoints.iter().find(of_all)).map(|e| &e.url)
    }

    /// Whether an obeyed variant is this one.
    pub fn uses(&self, kind: &str) -> bool {
        self.variants.iter().any(|v| v.kind == kind && v.obeyed)
    }

    /// Endpoints in one line, for a report; `None` = AWS's own.
    pub fn elsewhere(&self) -> Option<String> {
        let one = |e: &Endpoint| {
            let whose = if e.services.is_empty() { String::new() } else { format!("{} at ", e.services.join(", ")) };
            format!("{whose}{} ({})", e.url, e.origin)
        };
        let all: Vec<String> = self.endpoints.iter().map(one).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// The name of the endpoints that answer over IPv6, too.
pub const DUAL_STACK: &str = "dual-stack";
/// The name of the endpoints with validated cryptography.
pub const FIPS: &str = "FIPS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_an_endpoint_is_shown() {
        for (url, shown, host) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566", "127.0.0.1:4566"),
            (
                "https://vpce-1.ecs.eu-west-1.vpce.amazonaws.com/",
                "https://vpce-1.ecs.eu-west-1.vpce.amazonaws.com/",
                "vpce-1.ecs.eu-west-1.vpce.amazonaws.com",
            ),
            ("http://ops:hunter2@127.0.0.1:4566/x", "http://***@127.0.0.1:4566/x", "127.0.0.1:4566"),
            ("http://hunter2@localhost", "http://***@localhost", "localhost"),
            ("http://ops:hunter2@[::1]:4566", "http://***@[::1]:4566", "[::1]:4566"),
            ("http://ops:a@hunter2@localhost", "http://***@localhost", "localhost"),
            ("http://ops:hun/ter2@localhost/x", "http://***@localhost/x", "localhost"),
            ("http://localhost/?token=hunter2", "http://localhost/?***", "localhost"),
            ("ops:hunter2@localhost:4566", "***@localhost:4566", "localhost:4566"),
            ("localhost:4566", "localhost:4566", "localhost:4566"),
            ("", "", ""),
        ] {
            let endpoint = EndpointUrl::new(url);
            assert_eq!((endpoint.to_string().as_str(), endpoint.host().as_str()), (shown, host), "{url}");
            assert!(!format!("{endpoint:?}").contains("hunter2") && !serde_json::to_string(&endpoint).unwrap().contains("hunter2"));
            assert_eq!(endpoint.secret(), url);
        }
    }

    #[test]
    fn a_service_with_an_endpoint_of_its_own_is_asked_there() {
        let endpoint = |url: &str, services: &[&str]| Endpoint {
            url: EndpointUrl::new(url),
            origin: "x".into(),
            services: services.iter().map(|s| (*s).to_owned()).collect(),
        };
        let place = Place { endpoints: vec![endpoint("http://all", &[]), endpoint("http://ecs", &["ECS"])], ..Place::default() };
        let at = |service: &str| place.endpoint_of(service).map(EndpointUrl::secret);
        assert_eq!((at("ECS"), at("RDS")), (Some("http://ecs"), Some("http://all")));
        assert_eq!(Place::default().endpoint_of("ECS"), None);
        assert_eq!(place.elsewhere().unwrap(), "http://all (x); ECS at http://ecs (x)");
    }
}
