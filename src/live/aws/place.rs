//! Settles where this process looks and as whom: what flags, files and environment said, and what the AWS profile adds to it (region,
//! endpoints, variants, kind of credentials), in the order of the AWS CLI. It reads the profile files and sends nothing. Called by the shell
//! before anything else; `connect` obeys the result to the letter, so that what is shown is what is used.

use std::collections::BTreeSet;

use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::Env;

use super::connect::{ConnectError, check_endpoint, check_profile};
use super::profiles::{Profiles, expanded};
use super::{action, source};
use nextcore_core::model::connection::ConnectOptions;
use nextcore_core::model::partition::Partition;
use nextcore_core::model::place::{Chosen, CredentialSource, DUAL_STACK, Endpoint, EndpointUrl, FIPS, Place, Variant};

const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const IGNORE_ENDPOINTS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Settles it.
pub async fn find(options: &ConnectOptions) -> Result<Place, ConnectError> {
    let wanted = options.profile.as_ref().or(options.environment_profile.as_ref());
    let profiles = Profiles::read().await?;
    let wanted = wanted.map(|p| p.value.as_str());
    check_profile(&profiles, wanted)?;
    settle(options, &Sources { profiles: &profiles, selected: wanted.unwrap_or("default"), env: &Env::real() })
}

/// What the SDK itself would look at.
struct Sources<'a> {
    profiles: &'a Profiles,
    selected: &'a str,
    env: &'a Env,
}

impl Sources<'_> {
    /// A variable; an empty one is as good as none, as in the AWS CLI.
    fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).ok().filter(|value| !value.is_empty())
    }

    fn profile(&self) -> String {
        format!("profile '{}'", self.selected)
    }

    /// A line of the profile.
    fn line(&self, line: &str) -> Option<&str> {
        self.profiles.get(self.selected)?.get(line)
    }

    /// A variable, else a line of the profile.
    fn setting(&self, variable: &str, line: &str) -> Option<Chosen> {
        let variable = self.variable(variable).map(|value| Chosen::new(value, variable));
        variable.or_else(|| self.line(line).map(|value| Chosen::new(value, self.profile())))
    }

    /// The endpoint of a service, the special one before the general, the environment before the profile.
    fn endpoint(&self, service: &str) -> Option<Chosen> {
        let own = format!("{ENDPOINT_URL}_{}", service.to_uppercase().replace(' ', "_"));
        let by_variable = [own.as_str(), ENDPOINT_URL].into_iter().find_map(|name| Some(Chosen::new(self.variable(name)?, name)));
        by_variable.or_else(|| self.section(service)).or_else(|| Some(Chosen::new(self.line("endpoint_url")?, self.profile())))
    }

    /// The line of a service in the `services` section that the profile names.
    fn section(&self, service: &str) -> Option<Chosen> {
        let section = self.line("services")?;
        // The documented spelling, and the one that the SDK for Rust reads.
        ["_", "-"].into_iter().find_map(|dash| {
            let key = PropertiesKey::builder().section_key("services").section_name(section);
            let key = key.property_name(service.to_lowercase().replace(' ', dash)).sub_property_name("endpoint_url");
            let url = self.profiles.nested(&key.build().ok()?)?;
            Some(Chosen::new(url, format!("services {} of {}", self.profiles.shown(section), self.profile())))
        })
    }

    /// The profile's region, or that of the profile that it builds on.
    fn region(&self) -> Option<Chosen> {
        let mut seen = BTreeSet::new();
        let mut name = self.selected;
        while seen.insert(name) {
            let profile = self.profiles.get(name)?;
            if let Some(region) = profile.get("region").filter(|r| !r.is_empty()) {
                return Some(Chosen::new(region, format!("profile '{}'", self.profiles.shown(name))));
            }
            name = profile.get("source_profile")?;
        }
        None
    }

    /// Whom TLS trusts, where it is not whom this machine trusts; the SDK reads neither.
    fn ca_bundle(&self, options: &ConnectOptions) -> Option<Chosen> {
        let by_variable = options.ca_bundle.as_ref().map(|path| Chosen::new(path.to_string_lossy(), "AWS_CA_BUNDLE"));
        let of_profile = || self.line("ca_bundle").filter(|path| !path.is_empty());
        let of_profile = || Some(Chosen::new(expanded(of_profile()?).to_string_lossy(), format!("ca_bundle of {}", self.profile())));
        by_variable.or_else(of_profile)
    }
}

fn settle(options: &ConnectOptions, sources: &Sources<'_>) -> Result<Place, ConnectError> {
    let mut notices = options.notices.clone();
    let (endpoints, passed_over) = endpoints(options, sources)?;
    notices.extend(passed_over);
    let profile = options.profile.clone().or_else(|| options.environment_profile.clone());
    let credentials = credentials(options, sources, &mut notices);
    let region = region(options, sources, &mut notices)?;
    let mut place = Place {
        profile_decides: options.profile.is_some(),
        profile,
        partition: Partition::of_region(&region.value),
        region: Some(region),
        endpoints,
        variants: Vec::new(),
        credentials,
        account: options.account.clone(),
        ca_bundle: sources.ca_bundle(options),
        proxies: options.proxies.clone(),
        notices,
    };
    let any_of_aws = services().into_iter().any(|s| place.endpoint_of(s).is_none());
    for (kind, variable, line) in
        [(DUAL_STACK, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"), (FIPS, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")]
    {
        match sources.setting(variable, line) {
            Some(Chosen { value, origin }) if value.eq_ignore_ascii_case("true") => {
                place.variants.push(Variant { kind, origin, obeyed: any_of_aws });
            }
            Some(Chosen { value, origin }) if !value.eq_ignore_ascii_case("false") => {
                place.notices.push(format!("{kind} endpoints: '{value}' of {origin} is neither true nor false, ignored"));
            }
            _ => {}
        }
    }
    Ok(place)
}

/// Every service that this program asks, by the name that the SDK has for it.
pub(super) fn services() -> BTreeSet<&'static str> {
    source::reads().chain(action::operations()).map(|op| op.service).collect()
}

fn region(options: &ConnectOptions, sources: &Sources<'_>, notices: &mut Vec<String>) -> Result<Chosen, ConnectError> {
    let of_profile = sources.region();
    if let (Some(stack), Some(other)) = (&options.stack_region, &of_profile)
        && stack.value != other.value
    {
        notices.push(stack.before("region", other));
    }
    let of_seed = || options.seed_region.as_ref().map(|r| Chosen::new(r.as_str(), "default (built-in)"));
    options.region.clone().or(of_profile).or_else(of_seed).ok_or(ConnectError::NoRegion)
}

/// Endpoints instead of AWS's own, grouped by where and why; and what was passed over for the configuration's.
fn endpoints(options: &ConnectOptions, sources: &Sources<'_>) -> Result<(Vec<Endpoint>, Option<String>), ConnectError> {
    let ignored =
        sources.setting(IGNORE_ENDPOINTS, "ignore_configured_endpoint_urls").is_some_and(|c| c.value.eq_ignore_ascii_case("true"));
    let configured = |service: &str| if ignored { None } else { sources.endpoint(service) };
    let mut found: Vec<Endpoint> = Vec::new();
    let mut passed_over = None;
    if let Some((url, origin)) = &options.endpoint_url {
        let other = services().into_iter().find_map(configured).filter(|other| other.value != url.secret());
        if let Some(other) = other.filter(|_| !origin.starts_with("--")) {
            let shown = |url: &EndpointUrl, origin: &str| Chosen::new(url.to_string(), origin);
            passed_over = Some(shown(url, origin).before("endpoint", &shown(&EndpointUrl::new(other.value), &other.origin)));
        }
        found.push(Endpoint { url: url.clone(), origin: origin.clone(), services: Vec::new() });
    } else {
        for service in services() {
            let Some(Chosen { value, origin }) = configured(service) else { continue };
            match found.iter_mut().find(|e| e.url.secret() == value && e.origin == origin) {
                Some(endpoint) => endpoint.services.push(service.to_owned()),
                None => found.push(Endpoint { url: EndpointUrl::new(value), origin, services: vec![service.to_owned()] }),
            }
        }
        // What is said for all services is told from what is said for some: the latter come first in `Place::endpoint_of`.
        let general = |origin: &str| origin == ENDPOINT_URL || origin == sources.profile();
        found.iter_mut().filter(|e| general(&e.origin)).for_each(|e| e.services.clear());
    }
    for endpoint in &found {
        check_endpoint(&endpoint.url, &endpoint.origin)?;
    }
    Ok((found, passed_over))
}

/// What decides who we are, as far as it can be told before anything is asked; and what does not, though it is there.
fn credentials(options: &ConnectOptions, sources: &Sources<'_>, notices: &mut Vec<String>) -> CredentialSource {
    let profile = |origin: &str| format!("{} ({origin}): {}", sources.profile(), kind(sources));
    let mut passed_over = Vec::new();
    if let Some(named) = &options.profile {
        let why = format!("{} names a profile", named.origin);
        passed_over.extend(options.environment_keys.iter().map(|k| format!("{k} of the environment: {why}")));
        let other = options.environment_profile.as_ref().filter(|p| p.value != named.value);
        passed_over.extend(other.map(|p| format!("profile '{}' ({}): {why}", p.value, p.origin)));
        return CredentialSource { from: profile(&named.origin), passed_over };
    }
    let origin = options.environment_profile.as_ref().map_or("default", |p| p.origin.as_str());
    let has_key = options.environment_keys.first().filter(|k| k.starts_with("AWS_ACCESS_KEY_ID"));
    if let Some(key) = has_key {
        if let Some(p) = &options.environment_profile {
            let name = &p.value;
            notices.push(format!("{key} decides credentials, not {}={name}: keys of the environment come first, as in the AWS CLI; --profile {name} takes the profile", p.origin));
            passed_over.push(format!("{}: keys of the environment come first, as in the AWS CLI", profile(origin)));
        }
        return CredentialSource { from: format!("{key} of the environment"), passed_over };
    }
    let from = if kind(sources) == NOTHING { "this machine's environment".to_owned() } else { profile(origin) };
    CredentialSource { from, passed_over }
}

const NOTHING: &str = "no credentials of its own";

/// How a profile comes by credentials, without any that are secret: in the order in which the SDK looks.
fn kind(sources: &Sources<'_>) -> String {
    let get = |line: &str| sources.line(line).filter(|v| !v.is_empty());
    let shown = |name| sources.profiles.shown(name);
    if let Some(role) = get("role_arn") {
        let by = get("source_profile").map(|p| format!(" by profile '{}'", shown(p)));
        let by = by.or_else(|| get("credential_source").map(|s| format!(" by {s}")));
        return format!("role {role}{}", by.unwrap_or_default());
    }
    if let Some(session) = get("sso_session").or_else(|| get("sso_start_url")) {
        return format!(
            "SSO {}, role {} of account {}",
            shown(session),
            get("sso_role_name").unwrap_or("?"),
            get("sso_account_id").unwrap_or("?")
        );
    }
    if get("credential_process").is_some() {
        return "credential_process".to_owned();
    }
    if let Some(session) = get("login_session") {
        return format!("console session {session}");
    }
    match get("aws_access_key_id") {
        Some(id) => format!("access key ...{}", id.chars().skip(id.chars().count().saturating_sub(4)).collect::<String>()),
        None => NOTHING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[profile a]\nregion = eu-west-1\nendpoint_url = http://general\nservices = s\nuse_fips_endpoint = true\n\
                        [services s]\nelastic_load_balancing_v2 =\n  endpoint_url = http://elb\ncloudwatch-logs =\n  endpoint_url = http://logs\n\
                        [profile b]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = a\n\
                        [profile c]\nsource_profile = d\n[profile d]\nsource_profile = c\n";

    async fn settled(profile: &str, env: &[(&str, &str)], options: ConnectOptions) -> Result<Place, ConnectError> {
        let profiles = Profiles::parse(FILE, "").await.unwrap();
        settle(&options, &Sources { profiles: &profiles, selected: profile, env: &Env::from_slice(env) })
    }

    fn at<'a>(place: &'a Place, service: &str) -> &'a str {
        place.endpoint_of(service).map_or("aws", EndpointUrl::secret)
    }

    #[tokio::test]
    async fn endpoints_come_in_the_order_of_the_aws_cli() {
        for (env, ecs, elb, logs) in [
            (&[][..], "http://general", "http://elb", "http://logs"),
            (&[("AWS_ENDPOINT_URL", "http://all")], "http://all", "http://all", "http://all"),
            (&[("AWS_ENDPOINT_URL_ECS", "http://ecs")], "http://ecs", "http://elb", "http://logs"),
            (
                &[("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://x"), ("AWS_ENDPOINT_URL", "http://all")],
                "http://all",
                "http://all",
                "http://x",
            ),
            (&[("AWS_ENDPOINT_URL", "")], "http://general", "http://elb", "http://logs"),
            (&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")], "aws", "aws", "aws"),
        ] {
            let place = settled("a", env, ConnectOptions::default()).await.unwrap();
            let found = (at(&place, "ECS"), at(&place, "Elastic Load Balancing v2"), at(&place, "CloudWatch Logs"));
            assert_eq!(found, (ecs, elb, logs), "{env:?}");
        }
    }

    #[tokio::test]
    async fn the_programs_own_endpoint_is_that_of_every_service_and_has_no_variants() {
        let endpoint_url = Some((EndpointUrl::new("http://own"), "c.toml".to_owned()));
        let options = ConnectOptions { endpoint_url, ..ConnectOptions::default() };
        let place = settled("a", &[("AWS_USE_DUALSTACK_ENDPOINT", "true")], options).await.unwrap();
        assert!(services().into_iter().all(|s| at(&place, s) == "http://own"));
        assert_eq!(place.variants.len(), 2);
        assert!(!place.uses(DUAL_STACK) && !place.uses(FIPS) && place.notices[0].contains("c.toml"), "{place:#?}");
        let place = settled("b", &[("AWS_USE_DUALSTACK_ENDPOINT", "true")], ConnectOptions::default()).await.unwrap();
        assert!(place.uses(DUAL_STACK) && !place.uses(FIPS) && place.endpoints.is_empty());
    }

    #[tokio::test]
    async fn a_role_is_where_its_source_is_and_a_circle_is_nowhere() {
        let place = settled("b", &[], ConnectOptions::default()).await.unwrap();
        assert_eq!(place.region.unwrap(), Chosen::new("eu-west-1", "profile 'a'"));
        assert!(matches!(settled("c", &[], ConnectOptions::default()).await, Err(ConnectError::NoRegion)));
    }
}
