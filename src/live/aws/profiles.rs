//! The profiles of `~/.aws/config` and `~/.aws/credentials`. The SDK passes over names that are quoted or have spaces in them, which the
//! AWS CLI writes and reads: here each such name gets an alias that the SDK can read. Called by `connect` and `credentials`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::PathBuf;

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_runtime::fs_util::{Os, home_dir};
use aws_types::os_shim_internal::{Env, Fs};

/// The files cannot be read, or do not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the AWS configuration: {0}\n  next: correct the file, or point AWS_CONFIG_FILE at another")]
pub struct Unreadable(String);

/// All profiles, by the names that people use.
#[derive(Debug, Clone)]
pub(super) struct Profiles {
    set: ProfileSet,
    files: EnvConfigFiles,
    /// Alias to name, of those that have one.
    names: BTreeMap<String, String>,
}

impl Profiles {
    /// Reads the files that the environment names, or the usual ones. A file that is not there is empty.
    pub(super) async fn read() -> Result<Self, Unreadable> {
        let (first, config) = text_of("AWS_CONFIG_FILE", "~/.aws/config").await?;
        let (second, credentials) = text_of("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials").await?;
        match Self::parse(&config, &credentials).await {
            Err(Unreadable(why)) => {
                // Of contents the SDK knows no path.
                let path = if Self::parse(&config, "").await.is_err() { first } else { second };
                Err(Unreadable(format!("{}: {why}", path.display())))
            }
            parsed => parsed,
        }
    }

    pub(super) async fn parse(config: &str, credentials: &str) -> Result<Self, Unreadable> {
        let mut names = BTreeMap::new();
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, canonical(config, true, &mut names))
            .with_contents(EnvConfigFileKind::Credentials, canonical(credentials, false, &mut names))
            .build();
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &files, Some("default".into()))
            .await
            .map_err(|e| Unreadable(super::error::innermost(&e)))?;
        Ok(Self { set, files, names })
    }

    /// The same files for the SDK: profiles are called by their aliases there.
    pub(super) fn files(&self) -> EnvConfigFiles {
        self.files.clone()
    }

    /// What the SDK calls the profile.
    pub(super) fn alias(name: &str) -> String {
        alias(unquoted(name))
    }

    /// A profile by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.set.get_profile(&Self::alias(name))
    }

    /// A name as people write it, where the files now have the SDK's.
    pub(super) fn shown<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.get(name).map_or(name, String::as_str)
    }

    /// A line of a section that is no profile, below a heading of its own: `endpoint_url` of a service.
    pub(super) fn nested(&self, key: &PropertiesKey) -> Option<&str> {
        self.set.other_sections().get(key).map(String::as_str)
    }

    /// The name of a session that a profile speaks of, if there is such a session.
    pub(super) fn has_session(&self, name: &str) -> bool {
        self.set.sso_session(&Self::alias(name)).is_some()
    }

    /// Every name, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.set.profiles().map(|alias| self.shown(alias)).collect();
        names.sort_unstable();
        names
    }
}

/// A name as it is written on a command line; in double quotes where they do, for hints stand in single ones.
pub(super) fn in_shell(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./%@:+,=".contains(c));
    if plain {
        name.to_owned()
    } else if name.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", name.replace('\'', "'\\''"))
    } else {
        format!("\"{name}\"")
    }
}

/// A path of the files, with the home folder in place of `~`.
pub(super) fn expanded(path: &str) -> PathBuf {
    let home = path.strip_prefix("~/").and_then(|rest| Some(PathBuf::from(home_dir(&Env::real(), Os::real())?).join(rest)));
    home.unwrap_or_else(|| PathBuf::from(path))
}

async fn text_of(variable: &str, usual: &str) -> Result<(PathBuf, String), Unreadable> {
    let env = Env::real();
    let path = env.get(variable).ok().filter(|p| !p.is_empty()).unwrap_or_else(|| usual.to_owned());
    let path = expanded(&path);
    match Fs::real().read_to_end(&path).await {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok((path, text)),
            Err(e) => Err(Unreadable(format!("{}: {e}", path.display()))),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => Ok((path, String::new())),
        Err(e) => Err(Unreadable(format!("{}: {e}", path.display()))),
    }
}

/// The same file with names that the SDK reads.
fn canonical(text: &str, prefixed: bool, names: &mut BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let renamed = section(line, prefixed, names).or_else(|| reference(line));
        out.push_str(renamed.as_deref().unwrap_or(line));
        out.push('\n');
    }
    out
}

/// `[profile "two words"]` as `[profile two%20words]`; `None` when there is nothing to do.
fn section(line: &str, prefixed: bool, names: &mut BTreeMap<String, String>) -> Option<String> {
    let inside = line.trim_end().strip_prefix('[')?;
    let (inside, _) = inside.rsplit_once(']')?;
    let inside = inside.trim();
    let (prefix, name) = match inside.split_once([' ', '\t']) {
        Some((prefix @ ("profile" | "sso-session" | "services"), name)) if prefixed => (Some(prefix), name.trim()),
        _ if prefixed => return None,
        _ => (None, inside),
    };
    let name = unquoted(name);
    let alias = alias(name);
    if alias == name && !inside.contains(['"', '\'']) {
        return None;
    }
    names.insert(alias.clone(), name.to_owned());
    Some(prefix.map_or_else(|| format!("[{alias}]"), |prefix| format!("[{prefix} {alias}]")))
}

/// A setting whose value is the name of a section.
fn reference(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let is_name =
        !key.starts_with([' ', '\t']) && ["source_profile", "sso_session", "services"].contains(&key.trim().to_ascii_lowercase().as_str());
    let value = value.split(" #").next().and_then(|v| v.split(" ;").next()).unwrap_or(value).trim();
    (is_name && alias(unquoted(value)) != value).then(|| format!("{} = {}", key.trim(), alias(unquoted(value))))
}

fn unquoted(name: &str) -> &str {
    let within = |quote: char| name.strip_prefix(quote).and_then(|n| n.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(name)
}

/// The characters that the SDK allows in a name, and a percent code for each other.
fn alias(name: &str) -> String {
    let mut alias = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c) {
            alias.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(alias, "%{byte:02X}");
            }
        }
    }
    alias
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[default]
region = eu-west-1
[profile plain]
region = eu-west-2
[profile \"two words\"]
region = eu-west-3
sso_session = \"my company\"
[profile 'single quoted']
source_profile = two words
role_arn = arn:aws:iam::1:role/R
[profile no quotes at all] # why not
region = eu-north-1
[profile \"quoted\"]
region = us-east-2
[sso-session \"my company\"]
sso_region = eu-west-1
";

    #[tokio::test]
    async fn quoted_and_spaced_names_are_read_listed_and_referred_to() {
        let credentials = "[plain]\naws_access_key_id = A\n[two words]\naws_access_key_id = B\n[é]\naws_access_key_id = C\n";
        let profiles = Profiles::parse(CONFIG, credentials).await.unwrap();
        let names = ["default", "no quotes at all", "plain", "quoted", "single quoted", "two words", "é"];
        assert_eq!(profiles.names(), names);
        let get = |profile: &str, key: &str| profiles.get(profile).and_then(|p| p.get(key)).map(ToOwned::to_owned);
        for (profile, key, value) in [
            ("plain", "region", "eu-west-2"),
            ("two words", "region", "eu-west-3"),
            ("two words", "aws_access_key_id", "B"),
            ("\"two words\"", "region", "eu-west-3"),
            ("no quotes at all", "region", "eu-north-1"),
            ("quoted", "region", "us-east-2"),
            ("é", "aws_access_key_id", "C"),
        ] {
            assert_eq!(get(profile, key).as_deref(), Some(value), "{profile} {key}");
        }
        let source = get("single quoted", "source_profile").unwrap();
        assert_eq!(profiles.get(&source).and_then(|p| p.get("region")), Some("eu-west-3"), "{source}");
        assert!(profiles.has_session(&get("two words", "sso_session").unwrap()));
        assert!(profiles.get("three words").is_none());
    }

    #[tokio::test]
    async fn a_file_that_does_not_parse_is_an_error() {
        let text = Profiles::parse("[profile x\nregion = y\n", "").await.unwrap_err().to_string();
        assert!(text.contains("line 1") && text.contains("next:"), "{text}");
    }

    #[test]
    fn a_name_is_quoted_for_the_shell_where_it_must_be() {
        for (name, shown) in [
            ("oncall", "oncall"),
            ("two words", "\"two words\""),
            ("o'neil", "\"o'neil\""),
            ("", "\"\""),
            ("a$b", "'a$b'"),
            ("$'", "'$'\\'''"),
        ] {
            assert_eq!(in_shell(name), shown);
        }
    }
}
