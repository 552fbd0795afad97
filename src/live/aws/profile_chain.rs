//! What a profile says about where its credentials come from: its base, and the roles that are assumed one after the other from it. Pure:
//! it asks nobody. The order of precedence is the SDK's, which goes the same way. Called by `credentials`.

use aws_config::profile::Profile;

use super::credentials::Trouble;
use super::process::Process;
use super::profiles::Profiles;

/// What a chain begins with.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// Keys in the file.
    Keys {
        /// They are of a session, which may have been made with MFA.
        session: bool,
    },
    /// A program that answers with credentials.
    Process(Process),
    /// A session of IAM Identity Center, by the profile to log in with.
    Sso(String),
    /// A session of `aws login`, by the profile to log in with.
    Login(String),
    /// A token file.
    WebIdentity,
    /// `Environment`, `Ec2InstanceMetadata` or `EcsContainer`.
    Named(String),
    /// Nothing at all.
    Nothing,
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    /// The profile that says so.
    pub(super) profile: String,
    /// The role.
    pub(super) arn: String,
    /// What its owner wants to hear.
    pub(super) external_id: Option<String>,
    /// The name of the session.
    pub(super) session: Option<String>,
    /// The device whose code would be needed.
    pub(super) mfa: Option<String>,
}

/// A profile's way to credentials.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) profile: String,
    /// What it begins with.
    pub(super) base: Base,
    /// The roles in the order in which they are assumed.
    pub(super) roles: Vec<Role>,
}

impl Chain {
    /// Of a profile that there is.
    pub(super) fn of(profiles: &Profiles, name: &str) -> Result<Self, Trouble> {
        let wrong = |cause: String| Trouble::Settings { profile: name.to_owned(), cause };
        let (mut seen, mut roles): (Vec<String>, _) = (Vec::new(), Vec::new());
        let mut current = name.to_owned();
        loop {
            let profile = profiles.get(&current).ok_or_else(|| {
                let by = seen.last().map_or(name, String::as_str);
                wrong(format!("its source_profile '{current}' (set in '{by}') is in neither file"))
            })?;
            if seen.iter().any(|s| s == profile.name()) {
                return Err(wrong(format!("its source_profile is circular: {}, {current}", seen.join(", "))));
            }
            let is_first = seen.is_empty();
            seen.push(profile.name().to_owned());
            let keys = keys(profile);
            let role = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none());
            let (Some(arn), false) = (role, !is_first && keys.is_some()) else {
                let base =
                    if is_first { base(profiles, profile, &current)? } else { keys.map_or_else(|| base(profiles, profile, &current), Ok)? };
                roles.reverse();
                return Ok(Self { profile: name.to_owned(), base, roles });
            };
            let text = |key: &str| profile.get(key).map(ToOwned::to_owned);
            roles.push(Role {
                profile: current.clone(),
                arn: arn.to_owned(),
                external_id: text("external_id"),
                session: text("role_session_name"),
                mfa: text("mfa_serial"),
            });
            match (text("source_profile"), text("credential_source")) {
                (Some(_), Some(_)) => return Err(wrong(format!("'{current}' has both source_profile and credential_source"))),
                (None, None) => return Err(wrong(format!("'{current}' has role_arn but no source_profile or credential_source"))),
                (Some(source), None) if Profiles::alias(&source) != profile.name() => current = source,
                // Itself, as the base.
                _ => {
                    let base = base(profiles, profile, &current)?;
                    roles.reverse();
                    return Ok(Self { profile: name.to_owned(), base, roles });
                }
            }
        }
    }

    /// The role that cannot be assumed without a code from a device, and certainly not.
    pub(super) fn needs_mfa(&self) -> Option<Trouble> {
        let role = self.roles.iter().find(|r| r.mfa.is_some())?;
        // A session that was made elsewhere may have been made with a code.
        let may_have_it = !matches!(self.base, Base::Keys { session: false });
        (!may_have_it).then(|| Trouble::mfa(role))
    }

    /// What a person does to renew the credentials.
    pub(super) fn renew(&self) -> String {
        let profile = &self.profile;
        match &self.base {
            Base::Sso(login) => format!("renew them: 'aws sso login --profile {}'", super::profiles::in_shell(login)),
            Base::Login(login) => format!("renew them: 'aws login --profile {}'", super::profiles::in_shell(login)),
            Base::Process(process) => {
                format!("renew the credentials that credential_process of profile '{}' ({}) reads", process.profile, process.program())
            }
            Base::WebIdentity => format!("renew the token file that profile '{profile}' names"),
            Base::Named(_) => format!("check the credential source of profile '{profile}'"),
            Base::Keys { .. } | Base::Nothing => format!("renew them in profile '{profile}' (~/.aws/credentials)"),
        }
    }

    /// What is waited for, in words.
    pub(super) fn awaited(&self) -> String {
        let of = |what: &str| format!("{what} of profile '{}'", self.profile);
        match (&self.base, self.roles.last()) {
            (Base::Process(process), _) => format!("credential_process of profile '{}' ({})", process.profile, process.program()),
            (Base::Named(source), _) if source.eq_ignore_ascii_case("Ec2InstanceMetadata") => "the instance metadata service".to_owned(),
            (Base::Named(source), _) if source.eq_ignore_ascii_case("EcsContainer") => "the container's credentials endpoint".to_owned(),
            (Base::Sso(_), None) => of("the SSO portal"),
            (_, Some(role)) => format!("STS, for role {} of profile '{}'", role.arn, role.profile),
            (Base::WebIdentity, None) => of("STS, for the web identity"),
            _ => of("the credentials"),
        }
    }
}

fn keys(profile: &Profile) -> Option<Base> {
    let session = profile.get("aws_session_token").is_some();
    (profile.get("aws_access_key_id").is_some() && profile.get("aws_secret_access_key").is_some()).then_some(Base::Keys { session })
}

fn base(profiles: &Profiles, profile: &Profile, name: &str) -> Result<Base, Trouble> {
    let has = |key: &str| profile.get(key).is_some();
    let sso = ["sso_account_id", "sso_region", "sso_role_name", "sso_start_url", "sso_session"];
    if let Some(source) = profile.get("credential_source") {
        return Ok(Base::Named(source.to_owned()));
    }
    if has("role_arn") && has("web_identity_token_file") {
        return Ok(Base::WebIdentity);
    }
    if sso.iter().any(|key| has(key)) {
        if let Some(session) = profile.get("sso_session").filter(|s| !profiles.has_session(s)) {
            let cause = format!("its sso_session '{session}' has no [sso-session {session}] section");
            return Err(Trouble::Settings { profile: name.to_owned(), cause });
        }
        return Ok(Base::Sso(name.to_owned()));
    }
    if has("login_session") {
        return Ok(Base::Login(name.to_owned()));
    }
    if let Some(command) = profile.get("credential_process") {
        return Ok(Base::Process(Process { profile: name.to_owned(), command: command.to_owned() }));
    }
    Ok(keys(profile).unwrap_or(Base::Nothing))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[profile nothing]
region = eu-west-1
[profile process]
credential_process = /opt/tool --secret x
[profile role]
role_arn = arn:aws:iam::1:role/R
source_profile = process
external_id = E
[profile second]
role_arn = arn:aws:iam::2:role/S
source_profile = role
[profile mfa]
role_arn = arn:aws:iam::1:role/M
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/maya
[profile mfa-session]
role_arn = arn:aws:iam::1:role/M
source_profile = session
mfa_serial = arn:aws:iam::1:mfa/maya
[profile itself]
role_arn = arn:aws:iam::1:role/I
source_profile = itself
credential_process = /opt/own
[profile round]
role_arn = arn:aws:iam::1:role/X
source_profile = trip
[profile trip]
role_arn = arn:aws:iam::1:role/Y
source_profile = round
[profile lost]
role_arn = arn:aws:iam::1:role/X
source_profile = nowhere
[profile both]
role_arn = arn:aws:iam::1:role/X
source_profile = keys
credential_source = Environment
[profile neither]
role_arn = arn:aws:iam::1:role/X
[profile instance]
role_arn = arn:aws:iam::1:role/X
credential_source = Ec2InstanceMetadata
[profile sso]
sso_session = corp
sso_account_id = 1
sso_role_name = R
[profile sso-role]
role_arn = arn:aws:iam::1:role/X
source_profile = sso
[profile sso-lost]
sso_session = gone
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://x
";
    const CREDENTIALS: &str = "\
[keys]
aws_access_key_id = A
aws_secret_access_key = B
[session]
aws_access_key_id = A
aws_secret_access_key = B
aws_session_token = C
";

    async fn profiles() -> Profiles {
        Profiles::parse(CONFIG, CREDENTIALS).await.unwrap()
    }

    #[tokio::test]
    async fn a_chain_is_followed_from_the_profile_to_its_base() {
        let profiles = profiles().await;
        for (name, base, roles, renew) in [
            ("nothing", "Nothing", &[][..], "~/.aws/credentials"),
            ("process", "Process", &[], "credential_process of profile 'process' (/opt/tool)"),
            ("role", "Process", &["arn:aws:iam::1:role/R"], "credential_process"),
            ("second", "Process", &["arn:aws:iam::1:role/R", "arn:aws:iam::2:role/S"], "credential_process"),
            ("itself", "Process", &["arn:aws:iam::1:role/I"], "/opt/own"),
            ("mfa", "Keys", &["arn:aws:iam::1:role/M"], "profile 'mfa'"),
            ("instance", "Named", &["arn:aws:iam::1:role/X"], "check the credential source of"),
            ("sso", "Sso", &[], "aws sso login --profile sso"),
            ("sso-role", "Sso", &["arn:aws:iam::1:role/X"], "aws sso login --profile sso'"),
        ] {
            let chain = Chain::of(&profiles, name).unwrap();
            let found: Vec<&str> = chain.roles.iter().map(|r| r.arn.as_str()).collect();
            assert!(format!("{:?}", chain.base).starts_with(base) && found == roles, "{name}: {chain:?}");
            assert!(chain.renew().contains(renew), "{name}: {}", chain.renew());
            assert!(!format!("{} {}", chain.renew(), chain.awaited()).contains("--secret"), "arguments may be secrets");
        }
        assert_eq!(Chain::of(&profiles, "role").unwrap().roles[0].external_id.as_deref(), Some("E"));
    }

    #[tokio::test]
    async fn what_leads_nowhere_is_named() {
        let profiles = profiles().await;
        for (name, words) in [
            ("round", "circular"),
            ("lost", "'nowhere'"),
            ("both", "both source_profile and credential_source"),
            ("neither", "no source_profile or credential_source"),
            ("sso-lost", "[sso-session gone]"),
        ] {
            let text = Chain::of(&profiles, name).unwrap_err().to_string();
            assert!(text.contains(words) && text.contains(name), "{name}: {text}");
        }
    }

    #[tokio::test]
    async fn mfa_is_refused_where_nothing_can_have_asked_for_it() {
        let profiles = profiles().await;
        let text = Chain::of(&profiles, "mfa").unwrap().needs_mfa().unwrap().to_string();
        assert!(text.starts_with("MFA prompt not supported") && text.contains("arn:aws:iam::1:mfa/maya"), "{text}");
        assert_eq!(Chain::of(&profiles, "mfa-session").unwrap().needs_mfa(), None);
        assert_eq!(Chain::of(&profiles, "role").unwrap().needs_mfa(), None);
    }
}
