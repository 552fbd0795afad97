//! Settings: default < environment < file < flag, each with where it comes from: a configuration speaks of one stack, a shell of whatever
//! it was opened for. Called by `main` and `shell`; asks AWS nothing, and leaves what an AWS profile says to `aws::place`.

pub mod act;
pub mod args;
pub mod environment;
pub mod example;
pub mod file;
pub mod incident;
pub mod lock;
pub mod logs;
pub mod program;
pub mod runbook;
pub mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use args::{Global, LogLevel};
use clap::ValueEnum;
use environment::{Environment, LOG_VARIABLE};
use file::{File, FileError};
use lock::Lock;
use nextcore_core::model::action::names::nearest;
use nextcore_core::model::connection::ConnectOptions;
use nextcore_core::model::limits::Limits;
use nextcore_core::model::mode::Mode;
use nextcore_core::model::place::{Chosen, EndpointUrl, Place};
use nextcore_core::model::stack::{Stack, StackChoice};
use nextcore_core::model::system::SYSTEMS;
use nextcore_core::theme::{Depth, Glyphs, Theme};

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file locks, and writing was asked for.
    #[error("{path} {what}\n  next: {next}")]
    Locked {
        /// The file.
        path: PathBuf,
        /// How it locks.
        what: String,
        /// What can be done.
        next: &'static str,
    },
    /// The environment asks for a log, and not in a way that is known.
    #[error("{LOG_VARIABLE} is '{value}': unknown level\n  next: off, error, warn, info or debug")]
    LogLevel {
        /// As given.
        value: String,
    },
    /// The theme is neither built in nor a readable file.
    #[error("theme '{name}': {cause}\n  next: --theme with one of {known}, or the path of a theme file; 'nextcore-top themes' shows them")]
    Theme {
        /// As given.
        name: String,
        /// What is wrong.
        cause: String,
        /// Those that come with the program.
        known: String,
    },
}

/// One setting in force, for `info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The setting.
    pub name: &'static str,
    pub value: String,
    /// Which layer it comes from.
    pub origin: String,
}

impl Provenance {
    /// For programs.
    pub fn as_json(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "value": self.value, "origin": self.origin })
    }
}

/// Everything that flags, file and environment decide together.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The watched stack.
    pub stack: Stack,
    /// Where and as whom to connect, as far as flags, files and environment say it.
    pub connect: ConnectOptions,
    /// The same with what the AWS profile says; empty until `settle`.
    pub place: Place,
    /// The machine's file.
    pub lock: Lock,
    /// What this process may do.
    pub mode: Mode,
    /// The look, fit for the terminal.
    pub theme: Theme,
    /// Glyph set in force.
    pub glyphs: Glyphs,
    /// Days that the audit log is kept; none: for ever.
    pub audit_days: Option<u32>,
    /// How much is written to the program's own log.
    pub log_level: LogLevel,
    /// The one of several stacks that was chosen: its records are its own.
    pub chosen: Option<String>,
    /// Why none was, where there are several.
    pub unchosen: Option<String>,
    /// The folder of a team's own runbooks.
    pub runbooks: Option<PathBuf>,
    /// How a new incident is told outside the screen.
    pub incidents: file::Incidents,
    /// A viewer may run billed queries, too.
    pub insights: bool,
    /// Saved queries of Logs Insights, by name.
    pub queries: BTreeMap<String, String>,
    /// The named stacks of the file, to change to.
    pub choices: Vec<StackChoice>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// Where it was looked for.
    pub file_default: Option<PathBuf>,
    /// Every setting and where it comes from.
    pub provenance: Vec<Provenance>,
}

const DEFAULT: &str = "default";
/// A year, and the month in which somebody asks about it.
const AUDIT_DAYS: u32 = 400;
/// The machine's own file: whoever may write it decides for everybody on the machine.
pub const SYSTEM_FILE: &str = "/etc/nextcore-top/config.toml";

impl Settings {
    /// Takes in what became of the wishes once the AWS profile was read.
    pub fn settle(&mut self, mut place: Place) {
        if let Some(region) = &place.region {
            self.stack.region.clone_from(&region.value);
        }
        place.notices = self.lock_notice().into_iter().chain(std::mem::take(&mut place.notices)).collect();
        self.place = place;
    }

    /// That the machine's file cannot be used, if it cannot.
    pub fn lock_notice(&self) -> Option<String> {
        let Lock::Broken(why) = &self.lock else { return None };
        Some(format!("{SYSTEM_FILE} is unusable ({why}): this machine is locked to read-only"))
    }
}

/// Picks the first value that is set and remembers where it was.
struct Layers {
    file_origin: String,
    provenance: Vec<Provenance>,
}

impl Layers {
    fn pick<T: Clone>(&mut self, name: &'static str, layers: &[(Option<T>, &str)], default: T, show: impl Fn(&T) -> String) -> T {
        for (value, origin) in layers {
            if let Some(value) = value {
                let origin = if *origin == "file" { self.file_origin.clone() } else { (*origin).to_owned() };
                self.note(name, show(value), &origin);
                return value.clone();
            }
        }
        self.note(name, show(&default), DEFAULT);
        default
    }

    fn note(&mut self, name: &'static str, value: String, origin: &str) {
        self.provenance.push(Provenance { name, value, origin: origin.to_owned() });
    }
}

/// Merges the layers.
pub fn load(flags: &Global, env: &Environment) -> Result<Settings, ConfigError> {
    load_with(flags, env, Path::new(SYSTEM_FILE))
}

/// The same with another file of the machine, for tests: the program itself has no way to name one.
pub fn load_with(flags: &Global, env: &Environment, system_file: &Path) -> Result<Settings, ConfigError> {
    let lock = Lock::read(system_file);
    if lock.holds() && flags.write {
        return Err(locked_machine(system_file, &lock));
    }
    let file_default = env.config_home.as_ref().map(|c| c.join("nextcore-top").join("config.toml"));
    let path = flags.config.clone().or_else(|| file_default.clone().filter(|p| p.exists()));
    let file = path.as_deref().map(file::read).transpose()?.unwrap_or_default();
    let (file, unchosen) = match file.clone().choose(path.as_deref().unwrap_or(Path::new("no configuration")), flags.stack.as_deref()) {
        Ok(file) => (file, None),
        // The demo and the like are about none of them.
        Err(which @ FileError::WhichStack { .. }) => (file, Some(which.to_string())),
        Err(e) => return Err(e.into()),
    };
    if let Some(path) = path.as_ref().filter(|_| file.read_only == Some(true) && flags.write) {
        return Err(ConfigError::Locked {
            path: path.clone(),
            what: "has read_only = true: writes are disabled by this configuration".to_owned(),
            next: "remove --write, or remove the line from the file",
        });
    }
    let mut layers = Layers { file_origin: path.as_ref().map_or_else(String::new, |p| p.display().to_string()), provenance: Vec::new() };
    let connect = connect(flags, env, &file, &layers.file_origin);
    let system = system_file.display().to_string();
    let asked = flags.read_only.then_some((true, "--read-only")).or(flags.write.then_some((false, "--write")));
    let asked = asked.map_or((None, ""), |(value, flag)| (Some(value), flag));
    let read_only = [(lock.holds().then_some(true), system.as_str()), asked, (file.read_only, "file")];
    let read_only = layers.pick("read_only", &read_only, false, ToString::to_string);
    let mode = match (read_only, flags.write) {
        (true, _) => Mode::Viewer,
        (false, true) => Mode::Armed,
        (false, false) => Mode::Safe,
    };
    let mode_origin = layers.provenance.last().map_or(DEFAULT, |p| p.origin.as_str()).to_owned();
    layers.note("mode", mode.word().to_owned(), &mode_origin);
    let (theme, glyphs) = look(flags, env, &file, &mut layers)?;
    let audit_days = audit_days(&file, &mut layers);
    let log_level = log_level(flags, env, &mut layers)?;
    let stack_origin = if file.stack.is_some() { layers.file_origin.clone() } else { "default (built-in names)".to_owned() };
    let mut stack = file.stack.unwrap_or_default();
    // The written architecture's own is not that of another stack: then the profile may still say it.
    stack.region = connect.region.as_ref().map(|r| r.value.clone()).or_else(|| connect.seed_region.clone()).unwrap_or_default();
    layers.note("stack", stack.name.clone(), &stack_origin);
    let unused: Vec<&str> = SYSTEMS.iter().filter(|s| !stack.has(**s)).map(|s| s.spec().word).collect();
    layers.note("not used", if unused.is_empty() { "-".to_owned() } else { unused.join(", ") }, &stack_origin);
    let groups: Vec<String> =
        stack.followed().into_iter().map(|g| if g.of.is_empty() { g.name } else { format!("{} ({})", g.name, g.of) }).collect();
    layers.note("log groups", if groups.is_empty() { "-".to_owned() } else { groups.join(", ") }, &stack_origin);
    stack.limits = limits(file.limits, &mut layers);
    let beside = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let runbooks = file.runbooks.map(|r| beside.join(r.path));
    let insights = layers.pick("logs.insights", &[(file.logs.insights.then_some(true), "file")], false, ToString::to_string);
    let queries = file.logs.queries;
    let (chosen, choices, mut incidents) = (file.chosen, file.choices, file.incidents);
    incidents.rules = incidents.rules.map(|rules| beside.join(rules));
    let (place, provenance) = (Place::default(), layers.provenance);
    Ok(Settings {
        stack,
        connect,
        place,
        lock,
        mode,
        theme,
        glyphs,
        audit_days,
        log_level,
        chosen,
        unchosen,
        runbooks,
        incidents,
        insights,
        queries,
        choices,
        file: path,
        file_default,
        provenance,
    })
}

fn locked_machine(path: &Path, lock: &Lock) -> ConfigError {
    let (what, next) = match lock {
        Lock::Broken(why) => (
            format!("is unusable ({why}): this machine is locked to read-only"),
            "fix the file, remove --write, or use a machine that may write",
        ),
        Lock::Locked | Lock::Open => ("locks this machine to read-only".to_owned(), "remove --write, or use a machine that may write"),
    };
    ConfigError::Locked { path: path.to_owned(), what, next }
}

/// Who and where: flag, then file, then environment. What contradicts the file is said: it is a fact of the stack.
fn connect(flags: &Global, env: &Environment, file: &File, origin: &str) -> ConnectOptions {
    let flag = |value: &Option<String>, name: &str| value.as_ref().map(|v| Chosen::new(v, name));
    let written = |value: Option<&String>| value.map(|v| Chosen::new(v, origin));
    let mut notices = Vec::new();
    let mut contradicted = |what: &str, taken: Option<&Chosen>, other: Option<&Chosen>| {
        if let (Some(taken), Some(other)) = (taken, other)
            && taken.value != other.value
        {
            notices.push(taken.before(what, other));
        }
    };
    let own = file.stack.as_ref().map(|s| &s.profile).filter(|p| !p.is_empty());
    let (asked, stands) = (flag(&flags.profile, "--profile"), written(own.or(file.profile.as_ref())));
    contradicted("profile", asked.as_ref(), stands.as_ref());
    if asked.is_none() {
        contradicted("profile", stands.as_ref(), env.aws_profile.as_ref());
    }
    let profile = asked.or(stands);
    let stack = file.stack.as_ref();
    let (asked, stands) = (flag(&flags.region, "--region"), written(stack.filter(|_| file.names_region).map(|s| &s.region)));
    contradicted("region", asked.as_ref(), stands.as_ref());
    if asked.is_none() {
        contradicted("region", stands.as_ref(), env.aws_region.as_ref());
    }
    let stack_region = if asked.is_none() { stands.clone() } else { None };
    let endpoint = flag(&flags.endpoint_url, "--endpoint-url").or_else(|| written(file.endpoint_url.as_ref()));
    let pinned = file.account.as_ref().or_else(|| stack.map(|s| &s.account)).filter(|a| !a.is_empty());
    ConnectOptions {
        profile,
        environment_profile: env.aws_profile.clone(),
        region: asked.or(stands).or_else(|| env.aws_region.clone()),
        seed_region: stack.is_none_or(Stack::is_the_seeds).then(|| Stack::default().region),
        stack_region,
        endpoint_url: endpoint.map(|e| (EndpointUrl::new(e.value), e.origin)),
        account: written(pinned),
        environment_keys: env.aws_keys.clone(),
        ca_bundle: env.aws_ca_bundle.clone(),
        proxies: env.proxies.clone(),
        notices,
    }
}

fn look(flags: &Global, env: &Environment, file: &File, layers: &mut Layers) -> Result<(Theme, Glyphs), ConfigError> {
    let name = [(flags.theme.clone(), "--theme"), (file.theme.clone(), "file")];
    let name = layers.pick("theme", &name, "terminal".to_owned(), ToString::to_string);
    let ascii = [(flags.ascii.then_some(true), "--ascii"), (file.ascii, "file")];
    let default_ascii = env.glyphs() == Glyphs::Ascii;
    let ascii = layers.pick("ascii", &ascii, default_ascii, ToString::to_string);
    let glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Unicode };
    let depth = env.depth();
    layers.note("colours", depth_words(depth).to_owned(), "TERM, COLORTERM, NO_COLOR");
    Ok((theme(&name)?.adapted(depth, glyphs), glyphs))
}

/// One that comes with the program, or the file of that path.
pub fn theme(name: &str) -> Result<Theme, ConfigError> {
    if let Some(theme) = Theme::shipped(name) {
        return Ok(theme);
    }
    let known: Vec<&str> = Theme::names().collect();
    let error = |cause: String| ConfigError::Theme { name: name.to_owned(), cause, known: known.join(", ") };
    let meant = nearest(name, &known).map(|name| format!(": did you mean {name}?")).unwrap_or_default();
    let text = std::fs::read_to_string(name).map_err(|e| error(format!("not a built-in theme or a readable file ({e}){meant}")))?;
    Theme::load(&text).map_err(|e| error(e.to_string()))
}

fn audit_days(file: &File, layers: &mut Layers) -> Option<u32> {
    let show = |days: &u32| if *days == 0 { "0 (forever)".to_owned() } else { days.to_string() };
    let days = layers.pick("audit_days", &[(file.audit_days, "file")], AUDIT_DAYS, show);
    (days > 0).then_some(days)
}

fn limits(written: Limits, layers: &mut Layers) -> Limits {
    let names: Vec<&str> = written.names().collect();
    let origin = if names.is_empty() { DEFAULT.to_owned() } else { layers.file_origin.clone() };
    layers.note("limits", if names.is_empty() { "documented defaults".to_owned() } else { names.join(", ") }, &origin);
    written
}

/// The flag, then the environment: what is asked for now, not what is a fact of the stack.
fn log_level(flags: &Global, env: &Environment, layers: &mut Layers) -> Result<LogLevel, ConfigError> {
    let known = |value: &String| LogLevel::from_str(value, true).map_err(|_unknown| ConfigError::LogLevel { value: value.clone() });
    let variable = if flags.log_level.is_some() { None } else { env.log_level.as_ref().map(known).transpose()? };
    let asked = [(flags.log_level, "--log-level"), (variable, LOG_VARIABLE)];
    Ok(layers.pick("log_level", &asked, LogLevel::Off, |level| level.word().to_owned()))
}

fn depth_words(depth: Depth) -> &'static str {
    match depth {
        Depth::Mono => "none",
        Depth::Ansi16 => "16",
        Depth::Ansi256 => "256",
        Depth::True => "true",
    }
}
