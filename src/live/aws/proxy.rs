//! The proxies that the environment names: refused when malformed (the HTTP client would go without one, silently), and named when a
//! connection through one fails. Passwords in them are masked. Called by `connect` and by `wire`.

use std::sync::Arc;

use aws_smithy_runtime_api::client::result::ConnectorError;
use hyper_util::client::proxy::matcher::Matcher;

use nextcore_core::model::connection::Variable;

/// A proxy of the environment that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid proxy in {name}: '{value}' {cause}\n  next: write it as http://HOST:PORT, or unset {name}")]
pub struct BadProxy {
    name: String,
    value: String,
    cause: &'static str,
}

/// A connection that failed on the way through a proxy.
#[derive(Debug, thiserror::Error)]
#[error("via proxy {proxy} ({name}): {cause}")]
pub(super) struct Via {
    /// Which, without its password.
    pub(super) proxy: String,
    /// Which variable names it.
    pub(super) name: String,
    cause: String,
}

/// Which requests go through which proxy.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    matcher: Arc<Matcher>,
    variables: Arc<[Variable]>,
}

const HTTP: &[&str] = &["HTTP_PROXY", "http_proxy"];
const HTTPS: &[&str] = &["HTTPS_PROXY", "https_proxy"];
const ALL: &[&str] = &["ALL_PROXY", "all_proxy"];
const NONE: &[&str] = &["NO_PROXY", "no_proxy"];
const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

impl Proxies {
    /// The proxies of these variables. The first name of each kind that is set wins, as the HTTP client reads them.
    pub(super) fn of(variables: &[Variable]) -> Result<Self, BadProxy> {
        let first = |names: &[&str]| names.iter().find_map(|n| variables.iter().find(|v| v.name == *n));
        let value = |names: &[&str]| first(names).map(|v| v.value.clone()).unwrap_or_default();
        for variable in [HTTP, HTTPS, ALL].into_iter().filter_map(first) {
            check(variable)?;
        }
        if let Some(variable) = first(NONE) {
            check_exceptions(variable)?;
        }
        let matcher = Matcher::builder().all(value(ALL)).http(value(HTTP)).https(value(HTTPS)).no(value(NONE)).build();
        let used = [HTTP, HTTPS, ALL].into_iter().filter_map(first).filter(|v| !v.value.is_empty()).cloned().collect();
        Ok(Self { matcher: Arc::new(matcher), variables: used })
    }

    /// No proxy at all.
    pub(super) fn none() -> Self {
        Self { matcher: Arc::new(Matcher::builder().build()), variables: Arc::default() }
    }

    /// The variable whose proxy a request to `uri` goes through.
    fn on_the_way_to(&self, uri: &str) -> Option<&Variable> {
        let uri: http::Uri = uri.parse().ok()?;
        self.matcher.intercept(&uri)?;
        let names = if uri.scheme_str() == Some("https") { HTTPS } else { HTTP };
        let of = |names: &[&str]| self.variables.iter().find(|v| names.contains(&v.name.as_str()));
        of(names).or_else(|| of(ALL))
    }

    /// The same failure, with the proxy that was on the way.
    pub(super) fn explain(&self, uri: &str, error: ConnectorError) -> ConnectorError {
        let Some(variable) = self.on_the_way_to(uri).filter(|_| !error.is_user()) else { return error };
        let timeout = error.is_timeout();
        let cause = super::error::innermost(&error);
        let via = Via { proxy: variable.masked(), name: variable.name.clone(), cause }.into();
        if timeout { ConnectorError::timeout(via) } else { ConnectorError::io(via) }
    }
}

/// What the HTTP client would pass over in silence.
fn check(variable: &Variable) -> Result<(), BadProxy> {
    let bad = |cause| Err(BadProxy { name: variable.name.clone(), value: variable.masked(), cause });
    if variable.value.is_empty() {
        return Ok(());
    }
    let Ok(uri) = variable.value.parse::<http::Uri>() else { return bad("is not a URL") };
    if uri.scheme_str().is_some_and(|s| !SCHEMES.contains(&s)) {
        return bad("has a scheme that is not one of http, https, socks4, socks5");
    }
    let Some(authority) = uri.authority() else { return bad("has no host") };
    if authority.host().is_empty() {
        return bad("has no host");
    }
    let host_port = authority.as_str().rsplit('@').next().unwrap_or_default();
    if uri.port_u16().is_none() && !host_port.ends_with(authority.host()) {
        return bad("has an invalid port");
    }
    Ok(())
}

/// `NO_PROXY` is a list of hosts: a URL in it never matches.
fn check_exceptions(variable: &Variable) -> Result<(), BadProxy> {
    let wrong = variable.value.split(',').map(str::trim).find(|host| host.contains("://") || host.contains(char::is_whitespace));
    match wrong {
        None => Ok(()),
        Some(host) => Err(BadProxy {
            name: variable.name.clone(),
            value: Variable { name: String::new(), value: host.to_owned() }.masked(),
            cause: "is not a host: use a comma-separated list of hosts, domains and networks",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> Vec<Variable> {
        pairs.iter().map(|(name, value)| Variable { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_name_and_value_without_its_password() {
        for (name, value, shown) in [
            ("HTTPS_PROXY", "http://proxy:99999", Some("http://proxy:99999")),
            ("https_proxy", "ftp://proxy:21", Some("ftp://proxy:21")),
            ("HTTP_PROXY", "http://", Some("http://")),
            ("ALL_PROXY", "http://ops:se cret@proxy", Some("http://ops:***@proxy")),
            ("HTTPS_PROXY", "http://ops:secret@proxy:port", Some("http://ops:***@proxy:port")),
            ("NO_PROXY", "https://sts.amazonaws.com", Some("https://sts.amazonaws.com")),
            ("NO_PROXY", "localhost internal", Some("localhost internal")),
            ("HTTPS_PROXY", "http://ops:secret@proxy:3128", None),
            ("HTTPS_PROXY", "proxy:3128", None),
            ("HTTPS_PROXY", "", None),
            ("NO_PROXY", "localhost, 10.0.0.0/8, .internal,*", None),
        ] {
            let result = Proxies::of(&set(&[(name, value)]));
            match (result, shown) {
                (Ok(_), None) => {}
                (Err(bad), Some(shown)) => {
                    let text = bad.to_string();
                    assert!(text.contains(name) && text.contains(&format!("'{shown}'")) && !text.contains("secret"), "{text}");
                }
                (result, _) => panic!("{name}={value}: {result:?}"),
            }
        }
    }

    #[test]
    fn the_variable_on_the_way_is_the_one_that_the_client_uses() {
        let both = set(&[("HTTPS_PROXY", "http://a:1"), ("ALL_PROXY", "http://b:2"), ("NO_PROXY", "169.254.169.254,.internal")]);
        let proxies = Proxies::of(&both).unwrap();
        let name = |uri: &str| proxies.on_the_way_to(uri).map(|v| v.name.as_str());
        assert_eq!(name("https://ecs.eu-west-1.amazonaws.com/"), Some("HTTPS_PROXY"));
        assert_eq!(name("http://127.0.0.1:4566/"), Some("ALL_PROXY"));
        assert_eq!(name("http://169.254.169.254/latest"), None);
        assert_eq!(name("https://x.internal/"), None);
        let failed = proxies.explain("https://a.b/", ConnectorError::io("connection refused".into()));
        let text = super::super::error::innermost(&failed);
        assert!(text.contains("http://a:1") && text.contains("HTTPS_PROXY") && text.contains("connection refused"), "{text}");
    }
}
