//! The TOML configuration file: parsed strictly, errors with file, line and key. It knows no flags and no environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use nextcore_core::insight::health::written;
use nextcore_core::model::action::names::nearest;
use nextcore_core::model::identity;
use nextcore_core::model::limits::Limits;
use nextcore_core::model::stack::{LOG_OWNERS, Stack, StackChoice, StackHue};

/// The keys of `[stack]` that say where a stack is and how it is looked at, and not which resources it has.
const NO_RESOURCES: &[&str] = &["name", "region", "account", "profile", "color", "alarm_prefix", "distribution", "log_groups"];

/// What a configuration file may say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Profile of ~/.aws/config.
    pub profile: Option<String>,
    /// Endpoint instead of AWS.
    pub endpoint_url: Option<String>,
    /// The only account that may be looked at; `stack.account` says the same.
    #[serde(default, deserialize_with = "account")]
    pub account: Option<String>,
    /// Never write.
    pub read_only: Option<bool>,
    /// Theme name or file.
    pub theme: Option<String>,
    /// ASCII only.
    pub ascii: Option<bool>,
    /// Days that the audit log is kept; 0: for ever.
    pub audit_days: Option<u32>,
    /// The stack's resources.
    pub stack: Option<Stack>,
    /// A team's own runbooks.
    pub runbooks: Option<Runbooks>,
    /// How a new incident is told outside the screen.
    #[serde(default)]
    pub incidents: Incidents,
    /// Queries of Logs Insights.
    #[serde(default)]
    pub logs: Logs,
    /// Several stacks by name, of which `--stack` chooses one.
    #[serde(default)]
    pub stacks: BTreeMap<String, Stack>,
    /// What its figures are judged by, where the defaults are not right.
    #[serde(default, deserialize_with = "written::deserialize")]
    pub limits: Limits,
    /// Whether `stack.region` is written in it, and not the default.
    #[serde(skip)]
    pub names_region: bool,
    /// The stacks of which the same is true.
    #[serde(skip)]
    regions: BTreeSet<String>,
    /// The one of `stacks` that was chosen.
    #[serde(skip)]
    pub chosen: Option<String>,
    /// All of several, to choose from.
    #[serde(skip)]
    pub choices: Vec<StackChoice>,
}

/// `[runbooks]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbooks {
    /// A folder of Markdown files; a relative one stands beside the configuration file.
    pub path: PathBuf,
}

/// `[incidents]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Incidents {
    /// What a new one does beside the screen, once a minute at most.
    pub notify: Notify,
    /// The terminal's title names what goes on.
    pub title: bool,
    /// A folder of a team's own rules, TOML files; a relative one stands beside the configuration file. One with the id of a built-in rule takes
    /// its place.
    pub rules: Option<PathBuf>,
}

/// `[logs]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logs {
    /// A viewer may run queries, too: they change nothing, and AWS bills what they scan.
    pub insights: bool,
    /// Saved queries by name; one with the name of a built-in query takes its place.
    pub queries: BTreeMap<String, String>,
}

/// How a query may begin.
const COMMANDS: &[&str] =
    &["fields", "display", "filter", "parse", "stats", "sort", "limit", "dedup", "pattern", "diff", "unmask", "unnest", "SOURCE"];

/// How a terminal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    #[default]
    Off,
    Bell,
    /// iTerm2, Windows Terminal, kitty.
    Osc9,
    /// rxvt, foot, Ghostty.
    Osc777,
}

fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    identity::deserialize_account(deserializer).map(Some)
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {cause}\n  next: correct the path, or remove --config")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        cause: std::io::Error,
    },
    /// Several stacks, and none is chosen.
    #[error("{path}: several stacks are configured: {known}\n  next: --stack NAME")]
    WhichStack {
        /// The file.
        path: PathBuf,
        known: String,
    },
    #[error("{path}: no stack '{name}'; configured: {known}\n  next: correct --stack, or write [stacks.{name}]")]
    NoSuchStack {
        /// The file.
        path: PathBuf,
        name: String,
        known: String,
    },
    /// It does not say what it should.
    #[error("{path}:{line}:{column}: {key}{what}\n  next: correct this line; 'nextcore-top info' shows the settings in force")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// `key 'x': `, or empty.
        key: String,
        /// What is wrong.
        what: String,
    },
}

/// Reads and parses a file.
pub fn read(path: &Path) -> Result<File, FileError> {
    let text = std::fs::read_to_string(path).map_err(|cause| FileError::Unreadable { path: path.to_owned(), cause })?;
    parse(path, &text)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<File, FileError> {
    let mut file: File = toml::from_str(text).map_err(|e| invalid(path, text, e.span().map_or(0, |s| s.start), e.message()))?;
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    let written = |keys: &[&str]| keys.iter().try_fold(&table, |t, key| t.get(*key)?.as_table());
    if let Some(stack) = file.stack.take() {
        let (stack, names_region) = complete(path, text, stack, written(&["stack"]), "")?;
        (file.stack, file.names_region) = (Some(stack), names_region);
    }
    for (name, stack) in std::mem::take(&mut file.stacks) {
        if !is_name(&name) {
            let what = format!("stacks.{name}: a name of letters, digits, '-' and '_' is required: it is a folder's, too");
            return Err(invalid(path, text, text.find("stacks.").unwrap_or(0), &what));
        }
        let (stack, names_region) = complete(path, text, stack, written(&["stacks", &name]), &name)?;
        file.regions.extend(names_region.then(|| name.clone()));
        file.stacks.insert(name, stack);
    }
    if let Some((name, what)) = unusable(&file.logs.queries) {
        let at = text.find("logs.queries").map_or(0, |table| table + text.get(table..).and_then(|t| t.find(name)).unwrap_or(0));
        return Err(invalid(path, text, at, &format!("logs.queries: '{name}' {what}")));
    }
    let pins = (file.account.as_deref(), file.stack.as_ref().map(|s| s.account.as_str()).filter(|a| !a.is_empty()));
    if let (Some(one), Some(other)) = pins
        && one != other
    {
        let what = format!("two accounts are pinned, {one} and {other}: remove one of the two lines");
        return Err(invalid(path, text, text.rfind("account").unwrap_or(0), &what));
    }
    Ok(file)
}

/// The first saved query that could not be asked for by its name, and why.
fn unusable(queries: &BTreeMap<String, String>) -> Option<(&str, &'static str)> {
    queries.iter().find_map(|(name, text)| {
        let what = if !is_name(name) {
            "is no name of letters, digits, '-' and '_'"
        } else if COMMANDS.contains(&name.as_str()) {
            "is a command of the query language: choose another name"
        } else if text.trim().is_empty() {
            "is empty: write the query, or remove the line"
        } else {
            return None;
        };
        Some((name.as_str(), what))
    })
}

/// What can name a folder on every machine.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

impl File {
    /// The same as if the named stack were the only one. Without a name: the one that is written, or the only one of several.
    pub fn choose(mut self, path: &Path, name: Option<&str>) -> Result<Self, FileError> {
        let known: Vec<String> = self.stacks.keys().cloned().collect();
        let name = match (name, known.as_slice()) {
            (Some(name), _) => name.to_owned(),
            (None, []) => return Ok(self),
            (None, _) if self.stack.is_some() => {
                self.choices = self.choices("");
                return Ok(self);
            }
            (None, [only]) => only.clone(),
            (None, _) => return Err(FileError::WhichStack { path: path.to_owned(), known: known.join(", ") }),
        };
        self.choices = self.choices(&name);
        let Some(stack) = self.stacks.remove(&name) else {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let meant = nearest(&name, &names).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
            let known = if known.is_empty() { "none are written".to_owned() } else { known.join(", ") + &meant };
            return Err(FileError::NoSuchStack { path: path.to_owned(), name, known });
        };
        self.names_region = self.regions.contains(&name);
        // Its own account and profile, or those of the whole configuration.
        if !stack.account.is_empty() {
            self.account = None;
        }
        self.chosen = Some(name);
        self.stack = Some(stack);
        Ok(self)
    }
}

impl File {
    /// The named stacks, of which this one is on the screen.
    fn choices(&self, current: &str) -> Vec<StackChoice> {
        let choice = |(place, (name, stack)): (usize, (&String, &Stack))| StackChoice {
            name: name.clone(),
            region: stack.region.clone(),
            account: if stack.account.is_empty() { self.account.clone().unwrap_or_default() } else { stack.account.clone() },
            color: stack.color.unwrap_or(StackHue::by_place(place)),
            current: name == current,
        };
        self.stacks.iter().enumerate().map(choice).collect()
    }
}

/// A table that names no resource speaks of the written architecture's stack; one that names any speaks of all that its stack has.
/// With it whether its region is written, and not the default.
fn complete(path: &Path, text: &str, stack: Stack, written: Option<&toml::Table>, of: &str) -> Result<(Stack, bool), FileError> {
    let region = written.and_then(|t| t.get("region")?.as_str());
    if region.is_some_and(|r| r.trim().is_empty()) {
        return Err(invalid(path, text, text.find("region").unwrap_or(0), "stack.region is empty: set it, or remove the line"));
    }
    if let Some((key, at, what)) = log_groups(&stack) {
        return Err(invalid(path, text, text.rfind(&format!("\"{at}\"")).or_else(|| text.find(key)).unwrap_or(0), &what));
    }
    if let Some((key, name)) = twice(&stack) {
        let at = text.rfind(&format!("\"{name}\"")).unwrap_or(0);
        return Err(invalid(path, text, at, &format!("stack.{key} has '{name}' twice: remove one")));
    }
    if let Some((key, first)) = headless(&stack) {
        let what = format!("stack.{key} names others of a kind of which {first} names none: {first} takes the one that is shown first");
        return Err(invalid(path, text, text.find(key).unwrap_or(0), &what));
    }
    Ok((filled(stack, written, of), region.is_some()))
}

fn filled(stack: Stack, written: Option<&toml::Table>, of: &str) -> Stack {
    let named = |name: &String, other: &str| if name.is_empty() { other.to_owned() } else { name.clone() };
    let names = |key: &String| !NO_RESOURCES.contains(&key.as_str());
    if written.is_some_and(|t| t.keys().any(names)) {
        let own = [of, &stack.cluster, &stack.balancer, &stack.database].into_iter().find(|n| !n.is_empty()).unwrap_or("stack");
        return Stack { name: named(&stack.name, own), ..stack };
    }
    let (seed, Stack { name, region, account, profile, color, alarm_prefix, distribution, log_groups, .. }) = (Stack::default(), stack);
    let name = named(&name, if of.is_empty() { &seed.name } else { of });
    Stack { name, region: named(&region, &seed.region), account, profile, color, alarm_prefix, distribution, log_groups, ..seed }
}

/// A log group that cannot be followed as it is written: the key, the word that stands for its place, and why.
fn log_groups(stack: &Stack) -> Option<(&'static str, String, String)> {
    let empty = |key, of: &str| (key, String::new(), format!("stack.{key}{of} has an empty name: name the log group, or remove it"));
    if let Some(service) = stack.services.iter().find(|s| s.log_group.as_ref().is_some_and(String::is_empty)) {
        return Some(empty("services", &format!(" '{}': log_group", service.name)));
    }
    if stack.log_groups.iter().any(|g| g.name.is_empty()) {
        return Some(empty("log_groups", ""));
    }
    let is_known = |of: &str| of.is_empty() || LOG_OWNERS.contains(&of) || stack.service(of).is_some() || stack.services.is_empty();
    let wrong = stack.log_groups.iter().find(|g| !is_known(&g.of))?;
    let what =
        format!("stack.log_groups: '{}' is of '{}': a service of the stack, or one of {}", wrong.name, wrong.of, LOG_OWNERS.join(", "));
    Some(("log_groups", wrong.of.clone(), what))
}

/// A list of others without a first one, and the key of that.
fn headless(stack: &Stack) -> Option<(&'static str, &'static str)> {
    let kinds = [
        ("other_balancers", "balancer", &stack.balancer, &stack.other_balancers),
        ("other_databases", "database", &stack.database, &stack.other_databases),
        ("other_caches", "cache", &stack.cache, &stack.other_caches),
    ];
    let wrong = kinds.into_iter().find(|(_, _, first, others)| first.is_empty() && !others.is_empty());
    wrong.map(|(key, first, ..)| (key, first))
}

/// The first list that names a resource twice, and which.
fn twice(stack: &Stack) -> Option<(&'static str, String)> {
    fn repeated<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<String> {
        let mut seen = BTreeSet::new();
        names.find(|n| !seen.insert(n.as_str())).cloned()
    }
    let lists = [
        ("services", repeated(stack.services.iter().map(|s| &s.name))),
        ("buckets", repeated(stack.buckets.iter().map(|s| &s.name))),
        ("roles", repeated(stack.roles.iter().map(|s| &s.name))),
        ("secrets", repeated(stack.secrets.iter().map(|s| &s.name))),
        ("repositories", repeated(stack.repositories.iter().map(|s| &s.name))),
        ("projects", repeated(stack.projects.iter())),
        ("log_groups", repeated([&stack.log_group].into_iter().chain(stack.log_groups.iter().map(|g| &g.name)))),
        ("other_balancers", repeated([&stack.balancer].into_iter().chain(&stack.other_balancers))),
        ("other_databases", repeated([&stack.database].into_iter().chain(&stack.other_databases))),
        ("other_caches", repeated([&stack.cache].into_iter().chain(&stack.other_caches))),
    ];
    lists.into_iter().find_map(|(key, name)| Some((key, name?)))
}

fn invalid(path: &Path, text: &str, offset: usize, what: &str) -> FileError {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let key = text.lines().nth(line - 1).and_then(|l| l.split_once('=')).map(|(k, _)| k.trim()).filter(|k| !what.contains(k));
    let key = key.map(|k| format!("key '{k}': ")).unwrap_or_default();
    let meant = meant(what).map(|name| format!(": did you mean '{name}'?")).unwrap_or_default();
    FileError::Invalid { path: path.to_owned(), line, column, key, what: format!("{}{meant}", what.replace('\n', ", ")) }
}

/// Of what the parser expected, the name that an unknown one is a slip of.
fn meant(what: &str) -> Option<&str> {
    let unknown = ["unknown field", "unknown variant"].iter().any(|begin| what.starts_with(begin));
    let mut quoted = what.split('`').skip(1).step_by(2).filter(|_| unknown);
    let wanted = quoted.next()?;
    nearest(wanted, &quoted.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nextcore_core::model::system::System;

    #[test]
    fn errors_name_file_line_and_key() {
        for (text, parts) in [
            ("profile = \"x\"\nclster = 1\n", vec!["c.toml:2:1", "clster"]),
            ("profil = \"x\"\n", vec!["c.toml:1:1", "`profil`", "did you mean 'profile'?"]),
            ("[stack]\ndatabse = \"x\"\n", vec!["c.toml:2:1", "did you mean 'database'?"]),
            ("[incidents]\nnotify = \"bel\"\n", vec!["c.toml:2:10", "did you mean 'bell'?"]),
            ("read_only = \"yes\"\n", vec!["c.toml:1:13", "read_only", "boolean"]),
            ("[stack]\ncluster = 5\n", vec!["c.toml:2:11", "cluster", "string"]),
            ("[[stack.services]]\nname = \"a\"\nrole = \"the boss\"\n", vec!["c.toml:3", "the boss", "control-plane"]),
            ("[stack]\nprojects = [\n\"a\", \"b\",\n\"a\"]\n", vec!["c.toml:4:1", "projects", "'a' twice"]),
            ("profile = \n", vec!["c.toml:1"]),
            ("account = \"1234\"\n", vec!["c.toml:1:11", "account", "twelve digits"]),
            ("theme = \"dark\"\naccount = 111122223333\n", vec!["c.toml:2:11", "account", "twelve digits", "quotes"]),
            ("account = \"\"\n", vec!["c.toml:1:11", "account", "twelve digits"]),
            ("[stack]\nname = \"x\"\naccount = \"11112222333x\"\n", vec!["c.toml:3:11", "account", "twelve digits"]),
            ("account = \"111122223333\"\n[stack]\naccount = \"444455556666\"\n", vec!["c.toml:3:1", "111122223333", "444455556666"]),
            ("[limits]\ncache_memry = { warn = 75 }\n", vec!["c.toml:2:1", "unknown limit", "did you mean cache_memory?"]),
            ("[limits]\ncache_memory = { warn = 95, critical = 90 }\n", vec!["c.toml:2:", "cache_memory", "beyond critical 90 %"]),
            ("[limits]\ndeployment_time = { warn = 10 }\n", vec!["c.toml:2:", "deployment_time", "a span such as"]),
            ("[stack]\nregion = \" \"\n", vec!["c.toml:2:1", "region", "empty"]),
            ("[stack]\nlog_groups = [\n\"a\",\n5]\n", vec!["c.toml:4:1", "log group", "name and of"]),
            ("[stack]\nlog_groups = [{ name = \"a\", off = \"db\" }]\n", vec!["c.toml:2:", "log_groups", "off"]),
            ("[stack]\nlog_groups = [{ of = \"db\" }]\n", vec!["c.toml:2:", "log_groups", "name"]),
            ("[stack]\nlog_group = \"a\"\nlog_groups = [\n\"b\",\n\"a\"]\n", vec!["c.toml:5:1", "log_groups", "'a' twice"]),
            ("[stack]\nlog_groups = [\"\"]\n", vec!["c.toml:2:", "log_groups", "empty"]),
            ("[logs]\ninsight = true\n", vec!["c.toml:2:1", "insight"]),
            ("[logs.queries]\na = \"x\"\nfilter = \"y\"\n", vec!["c.toml:3:1", "'filter' is a command"]),
            ("[logs.queries]\na = \" \"\n", vec!["c.toml:2:", "'a' is empty"]),
            ("[logs.queries]\n\"a b\" = \"x\"\n", vec!["c.toml:2:", "'a b' is no name"]),
            (
                "[stack]\nservices = [{ name = \"web\", role = \"web\" }]\nlog_groups = [{ name = \"a\", of = \"dbx\" }]\n",
                vec!["c.toml:3:", "'dbx'", "a service of the stack", "db, cache"],
            ),
        ] {
            let error = parse(Path::new("c.toml"), text).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
        }
    }

    #[test]
    fn a_stack_is_the_written_architectures_or_all_that_is_written() {
        let stack = |text: &str| parse(Path::new("c.toml"), text).unwrap().stack.unwrap();
        let seed = stack("[stack]\nname = \"staging\"\nregion = \"eu-west-1\"\naccount = \"111122223333\"\n");
        assert!(seed.is_the_seeds());
        assert_eq!((seed.name.as_str(), seed.region.as_str()), ("staging", "eu-west-1"));
        let own = stack("[stack]\ncluster = \"shop\"\ncache = \"\"\nservices = [{ name = \"beat\", role = \"celery-beat\" }]\n");
        assert!(!own.is_the_seeds());
        assert_eq!((own.name.as_str(), own.services.len()), ("shop", 1));
        let used = [System::Service, System::Vpc, System::Alarms];
        let unused = [System::Balancer, System::Cache, System::Database, System::Buckets, System::Dns, System::Pipeline, System::Logs];
        assert!(used.iter().all(|s| own.has(*s)) && unused.iter().all(|s| !own.has(*s)));
    }

    #[test]
    fn log_groups_are_names_or_tables_and_alone_they_stand_beside_the_written_architectures() {
        let stack = |text: &str| parse(Path::new("c.toml"), text).unwrap().stack.unwrap();
        let beside = stack("[stack]\nlog_groups = [\"/a\", { name = \"/b\", of = \"db\" }]\n");
        assert!(beside.is_the_seeds());
        let names: Vec<(String, String)> = beside.followed().into_iter().map(|g| (g.name, g.of)).collect();
        let wanted = [("/ecs/production-nextcore", ""), ("/a", ""), ("/b", "db")].map(|(n, o)| (n.to_owned(), o.to_owned()));
        assert_eq!(names, wanted);
        let own = stack("[stack]\ncluster = \"c\"\nservices = [{ name = \"web\", role = \"web\", log_group = \"/web\" }]\n");
        assert!(own.has(System::Logs) && own.first_log_group() == "/web");
    }

    #[test]
    fn a_region_that_is_not_written_is_told_from_one_that_is() {
        for (text, names) in [
            ("", false),
            ("[stack]\ndatabase = \"x\"\n", false),
            ("[stack]\nregion = \"ap-southeast-2\"\n", true),
            ("stack = { region = \"eu-west-1\" }\n", true),
        ] {
            assert_eq!(parse(Path::new("c.toml"), text).unwrap().names_region, names, "{text:?}");
        }
    }

    #[test]
    fn one_of_several_stacks_is_chosen_and_nothing_of_the_others_is_left() {
        let text = "account = \"999988887777\"\n[stacks.staging]\naccount = \"111122223333\"\nprofile = \"stg\"\ncluster = \"shop\"\n\
                    [stacks.production]\nregion = \"eu-west-1\"\n";
        let path = Path::new("c.toml");
        let choose = |name| parse(path, text).unwrap().choose(path, name);
        let staging = choose(Some("staging")).unwrap();
        let stack = staging.stack.unwrap();
        assert_eq!((stack.name.as_str(), stack.profile.as_str(), stack.account.as_str()), ("staging", "stg", "111122223333"));
        assert_eq!((staging.account, staging.names_region, stack.is_the_seeds()), (None, false, false));
        let production = choose(Some("production")).unwrap();
        assert_eq!((production.account.as_deref(), production.names_region), (Some("999988887777"), true));
        assert!(production.stack.unwrap().is_the_seeds(), "no resource is named");
        for (name, parts) in [
            (None, ["several stacks", "production, staging", "--stack"]),
            (Some("stagin"), ["'stagin'", "production, staging", "did you mean staging?"]),
        ] {
            let error = choose(name).unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{error}");
        }
        let only = parse(path, "[stacks.one]\ncluster = \"c\"\n").unwrap().choose(path, None).unwrap();
        assert_eq!(only.chosen.as_deref(), Some("one"));
        let error = parse(path, "[stacks.\"../up\"]\ncluster = \"c\"\n").unwrap_err().to_string();
        assert!(error.contains("../up") && error.contains("letters"), "{error}");
    }

    #[test]
    fn an_account_is_pinned_at_the_top_or_in_the_stack_with_or_without_dashes() {
        let file = parse(Path::new("c.toml"), "account = \"1111-2222-3333\"\n[stack]\naccount = \"111122223333\"\n").unwrap();
        assert_eq!((file.account.as_deref(), file.stack.unwrap().account.as_str()), (Some("111122223333"), "111122223333"));
    }
}
