//! Settings: default < file < environment < flag, each with where it comes from. Called by `main` and `shell`; asks AWS nothing.

pub mod act;
pub mod args;
pub mod environment;
pub mod file;

use std::path::{Path, PathBuf};

use crate::model::connection::ConnectOptions;
use crate::model::mode::Mode;
use crate::model::stack::Stack;
use crate::theme::{Depth, Glyphs, Theme};
use args::Global;
use environment::Environment;
use file::{File, FileError};

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The machine's file locks, and writing was asked for.
    #[error("{path} locks this machine: nothing can be written from here\n  next: leave --write out, or act from a machine that may")]
    Locked {
        /// The machine's file.
        path: PathBuf,
    },
    /// The theme is neither built in nor a readable file.
    #[error("theme '{name}': {cause}\n  next: --theme terminal, --theme dark, or the path of a theme file")]
    Theme {
        /// As given.
        name: String,
        /// What is wrong.
        cause: String,
    },
}

/// One setting in force, for `info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The setting.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Which layer it comes from.
    pub origin: String,
}

/// Everything that flags, file and environment decide together.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The watched stack.
    pub stack: Stack,
    /// Where and as whom to connect.
    pub connect: ConnectOptions,
    /// What this process may do.
    pub mode: Mode,
    /// The look, fit for the terminal.
    pub theme: Theme,
    /// Glyph set in force.
    pub glyphs: Glyphs,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// Where it was looked for.
    pub file_default: Option<PathBuf>,
    /// Every setting and where it comes from.
    pub provenance: Vec<Provenance>,
}

const DEFAULT: &str = "default";
/// The machine's own file: whoever may write it decides for everybody on the machine.
pub const SYSTEM_FILE: &str = "/etc/nextcore-top/config.toml";

/// Picks the first value that is set, flag before environment before file, and remembers where it was.
struct Layers {
    file_origin: String,
    provenance: Vec<Provenance>,
}

impl Layers {
    fn pick<T: Clone>(
        &mut self,
        name: &'static str,
        layers: [(Option<T>, &str); 3],
        default: Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        for (value, origin) in layers {
            if let Some(value) = value {
                let origin = if origin == "file" { self.file_origin.clone() } else { origin.to_owned() };
                self.note(name, show(&value), &origin);
                return Some(value);
            }
        }
        self.note(name, default.as_ref().map_or_else(|| "-".to_owned(), show), DEFAULT);
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
    let system = file::read_system(system_file)?;
    if system.read_only && flags.write {
        return Err(ConfigError::Locked { path: system_file.to_owned() });
    }
    let file_default = env.config_home.as_ref().map(|c| c.join("nextcore-top").join("config.toml"));
    let path = flags.config.clone().or_else(|| file_default.clone().filter(|p| p.exists()));
    let file = path.as_deref().map(file::read).transpose()?.unwrap_or_default();
    let mut layers = Layers { file_origin: path.as_ref().map_or_else(String::new, |p| p.display().to_string()), provenance: Vec::new() };
    let connect = connect(flags, env, &file, &mut layers);
    let lock = system_file.display().to_string();
    let asked = flags.read_only.then_some((true, "--read-only")).or(flags.write.then_some((false, "--write")));
    let asked = asked.map_or((None, ""), |(value, flag)| (Some(value), flag));
    let read_only = [(system.read_only.then_some(true), lock.as_str()), asked, (file.read_only, "file")];
    let read_only = layers.pick("read_only", read_only, Some(false), ToString::to_string).unwrap_or_default();
    let mode = match (read_only, flags.write) {
        (true, _) => Mode::Viewer,
        (false, true) => Mode::Armed,
        (false, false) => Mode::Safe,
    };
    let mode_origin = layers.provenance.last().map_or(DEFAULT, |p| p.origin.as_str()).to_owned();
    layers.note("mode", mode.word().to_owned(), &mode_origin);
    let (theme, glyphs) = look(flags, env, &file, &mut layers)?;
    let stack_origin = if file.stack.is_some() { layers.file_origin.clone() } else { "default (the seed's names)".to_owned() };
    let mut stack = file.stack.unwrap_or_default();
    if let Some(region) = &connect.region {
        stack.region.clone_from(region);
    }
    layers.note("stack", stack.name.clone(), &stack_origin);
    Ok(Settings { stack, connect, mode, theme, glyphs, file: path, file_default, provenance: layers.provenance })
}

fn connect(flags: &Global, env: &Environment, file: &File, layers: &mut Layers) -> ConnectOptions {
    let text = |t: &String| t.clone();
    let profile_decides = flags.profile.is_some() || (env.aws_profile.is_none() && file.profile.is_some());
    let profile = [(flags.profile.clone(), "--profile"), (env.aws_profile.clone(), "AWS_PROFILE"), (file.profile.clone(), "file")];
    let profile = layers.pick("profile", profile, None, text);
    let file_region = file.stack.as_ref().map(|s| s.region.clone());
    let region = [(flags.region.clone(), "--region"), (env.aws_region.clone(), "AWS_REGION"), (file_region, "file")];
    let region = layers.pick("region", region, Some(Stack::default().region), text);
    let endpoint = [
        (flags.endpoint_url.clone(), "--endpoint-url"),
        (env.aws_endpoint_url.clone(), "AWS_ENDPOINT_URL"),
        (file.endpoint_url.clone(), "file"),
    ];
    let endpoint_url = layers.pick("endpoint_url", endpoint, None, text);
    let (ca_bundle, proxies) = (env.aws_ca_bundle.clone(), env.proxies.clone());
    if let Some(path) = &ca_bundle {
        layers.note("ca_bundle", path.display().to_string(), "AWS_CA_BUNDLE");
    }
    for proxy in proxies.iter().filter(|p| !p.value.is_empty()) {
        layers.note("proxy", proxy.masked(), &proxy.name);
    }
    ConnectOptions { profile, profile_decides, region, endpoint_url, ca_bundle, proxies }
}

fn look(flags: &Global, env: &Environment, file: &File, layers: &mut Layers) -> Result<(Theme, Glyphs), ConfigError> {
    let name = [(flags.theme.clone(), "--theme"), (None, ""), (file.theme.clone(), "file")];
    let name = layers.pick("theme", name, Some("terminal".to_owned()), ToString::to_string).unwrap_or_default();
    let ascii = [(flags.ascii.then_some(true), "--ascii"), (None, ""), (file.ascii, "file")];
    let default_ascii = env.glyphs() == Glyphs::Ascii;
    let ascii = layers.pick("ascii", ascii, Some(default_ascii), ToString::to_string).unwrap_or_default();
    let glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Unicode };
    let depth = env.depth();
    layers.note("colours", depth_words(depth).to_owned(), "TERM, COLORTERM, NO_COLOR");
    let theme = match name.as_str() {
        "terminal" => Theme::terminal(),
        "dark" => Theme::dark(),
        path => {
            let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Theme {
                name: name.clone(),
                cause: format!("neither a built-in theme nor a readable file ({e})"),
            })?;
            Theme::load(&text).map_err(|e| ConfigError::Theme { name: name.clone(), cause: e.to_string() })?
        }
    };
    Ok((theme.adapted(depth, glyphs), glyphs))
}

fn depth_words(depth: Depth) -> &'static str {
    match depth {
        Depth::Mono => "none",
        Depth::Ansi16 => "16",
        Depth::Ansi256 => "256",
        Depth::True => "true",
    }
}
