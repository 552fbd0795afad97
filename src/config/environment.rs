//! What the environment says about the terminal and the user's folders. The only reader of environment variables of our own.

use std::ffi::OsString;
use std::path::PathBuf;

use nextcore_core::model::connection::Variable;
use nextcore_core::model::place::Chosen;
use nextcore_core::theme::{Depth, Glyphs};

/// Terminals that have had all colours in every version of theirs; some put `xterm-` before their name.
const TRUE_COLOUR: [&str; 10] = ["kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "iterm", "iTerm", "rio", "mintty"];
/// In the order in which the HTTP client looks for them.
const PROXIES: [&str; 8] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// Asks for the program's own log, as `--log-level` does.
pub const LOG_VARIABLE: &str = "NEXTCORE_TOP_LOG";

/// The variables that matter, taken once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// NO_COLOR is set and not empty.
    pub no_color: bool,
    pub term: String,
    pub colorterm: String,
    /// The first of LC_ALL, LC_CTYPE, LANG that is set.
    pub locale: String,
    /// XDG_CONFIG_HOME or ~/.config.
    pub config_home: Option<PathBuf>,
    /// XDG_STATE_HOME or ~/.local/state.
    pub state_home: Option<PathBuf>,
    /// AWS_PROFILE or AWS_DEFAULT_PROFILE.
    pub aws_profile: Option<Chosen>,
    /// AWS_REGION or AWS_DEFAULT_REGION.
    pub aws_region: Option<Chosen>,
    /// The credentials of the environment, in words: `AWS_ACCESS_KEY_ID (...MPLE)`.
    pub aws_keys: Vec<String>,
    pub aws_ca_bundle: Option<PathBuf>,
    /// The variables of proxies that are set, empty ones too: an empty one switches the others of its kind off.
    pub proxies: Vec<Variable>,
    /// USER or LOGNAME.
    pub user: Option<String>,
    /// The client's address in SSH_CONNECTION.
    pub ssh_client: Option<String>,
    /// NEXTCORE_TOP_LOG.
    pub log_level: Option<String>,
    pub path: Option<OsString>,
    /// One of several stacks of the configuration.
    pub stack: Option<String>,
}

impl Environment {
    /// The process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn of_process() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let chosen = |names: &[&str]| names.iter().find_map(|name| Some(Chosen::new(var(name)?, *name)));
        let home = var("HOME").map(PathBuf::from);
        let folder = |name: &str, below: &str| var(name).map(PathBuf::from).or_else(|| home.as_ref().map(|h| h.join(below)));
        Self {
            no_color: var("NO_COLOR").is_some(),
            term: var("TERM").unwrap_or_default(),
            colorterm: var("COLORTERM").unwrap_or_default(),
            locale: var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).unwrap_or_default(),
            config_home: folder("XDG_CONFIG_HOME", ".config"),
            state_home: folder("XDG_STATE_HOME", ".local/state"),
            aws_profile: chosen(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
            aws_region: chosen(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            aws_keys: keys(var),
            aws_ca_bundle: var("AWS_CA_BUNDLE").map(PathBuf::from),
            proxies: PROXIES
                .iter()
                .filter_map(|name| Some(Variable { name: (*name).to_owned(), value: std::env::var(name).ok()? }))
                .collect(),
            user: var("USER").or_else(|| var("LOGNAME")),
            ssh_client: var("SSH_CONNECTION").and_then(|c| c.split_whitespace().next().map(ToOwned::to_owned)),
            log_level: var(LOG_VARIABLE),
            path: std::env::var_os("PATH"),
            stack: None,
        }
    }

    /// The same for one of several stacks: its records are in a folder of its own.
    #[must_use]
    pub fn of_stack(self, stack: Option<&str>) -> Self {
        Self { stack: stack.map(ToOwned::to_owned), ..self }
    }

    /// Where what this program keeps of a stack lives.
    fn state(&self) -> Option<PathBuf> {
        let own = self.state_home.as_ref()?.join("nextcore-top");
        Some(self.stack.as_ref().map_or_else(|| own.clone(), |stack| own.join("stacks").join(stack)))
    }

    /// Where the audit log lives.
    pub fn audit_folder(&self) -> Option<PathBuf> {
        self.state().map(|s| s.join("audit"))
    }

    /// Where the program's own log is written.
    pub fn log_file(&self) -> Option<PathBuf> {
        self.state_home.as_ref().map(|s| s.join("nextcore-top").join("log").join("nextcore-top.log"))
    }

    /// Where what was done by runbooks is written down.
    pub fn runs_folder(&self) -> Option<PathBuf> {
        self.state().map(|s| s.join("runbooks"))
    }

    /// Where incidents are kept.
    pub fn incidents_folder(&self) -> Option<PathBuf> {
        self.state().map(|s| s.join("incidents"))
    }

    /// Where files are saved that cannot be saved where the program was started.
    pub fn saved_folder(&self) -> Option<PathBuf> {
        self.state().map(|s| s.join("saved"))
    }

    /// Where obligations live.
    pub fn obligations_folder(&self) -> Option<PathBuf> {
        self.state().map(|s| s.join("obligations"))
    }

    /// Where those of the embedded cloud live.
    pub fn demo_obligations_folder(&self) -> Option<PathBuf> {
        self.state_home.as_ref().map(|s| s.join("nextcore-top").join("demo").join("obligations"))
    }

    /// Where walks through runbooks on the embedded cloud are kept.
    pub fn demo_runs_folder(&self) -> Option<PathBuf> {
        self.state_home.as_ref().map(|s| s.join("nextcore-top").join("demo").join("runbooks"))
    }

    /// Where the audit log of the embedded cloud lives.
    pub fn demo_audit_folder(&self) -> Option<PathBuf> {
        self.state_home.as_ref().map(|s| s.join("nextcore-top").join("demo").join("audit"))
    }

    /// Whether a program is on the PATH.
    pub fn finds(&self, program: &str) -> bool {
        self.path.as_ref().is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join(program).is_file()))
    }

    /// How many colours the terminal has.
    pub fn depth(&self) -> Depth {
        // SSH passes TERM on, and COLORTERM as a rule not: these are known by their name.
        let by_name = TRUE_COLOUR.iter().any(|name| self.term.strip_prefix("xterm-").unwrap_or(&self.term).starts_with(name));
        let said = ["truecolor", "24bit"].iter().any(|word| self.colorterm.eq_ignore_ascii_case(word));
        let in_name = ["-direct", "-truecolor", "-24bit", "-24bits"].iter().any(|end| self.term.ends_with(end));
        if self.no_color || self.term == "dumb" || self.term.is_empty() {
            Depth::Mono
        } else if said || by_name || in_name {
            Depth::True
        } else if self.term.contains("256col") {
            Depth::Ansi256
        } else {
            Depth::Ansi16
        }
    }

    /// Unicode unless the locale or the terminal says that it cannot be shown.
    pub fn glyphs(&self) -> Glyphs {
        let locale = self.locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        // No locale at all is the usual state of a container, and its terminal the user's own.
        let plain_locale = !locale.is_empty() && !utf8;
        if plain_locale || matches!(self.term.as_str(), "linux" | "dumb" | "vt100" | "vt220") { Glyphs::Ascii } else { Glyphs::Unicode }
    }
}

/// The credentials that the environment itself has. Of a key only its end is shown.
fn keys(var: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let key = var("AWS_ACCESS_KEY_ID").map(|id| {
        let end: String = id.chars().skip(id.chars().count().saturating_sub(4)).collect();
        format!("AWS_ACCESS_KEY_ID (...{end})")
    });
    key.into_iter().chain(var("AWS_WEB_IDENTITY_TOKEN_FILE").map(|_| "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_access_key_only_the_end_is_kept() {
        let with = |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.to_owned());
        assert_eq!(keys(with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")), ["AWS_ACCESS_KEY_ID (...MPLE)"]);
        assert_eq!(keys(with("AWS_ACCESS_KEY_ID", "ab")), ["AWS_ACCESS_KEY_ID (...ab)"]);
        assert_eq!(keys(with("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")), ["AWS_WEB_IDENTITY_TOKEN_FILE"]);
        assert!(keys(|_| None).is_empty());
    }

    fn env(no_color: bool, term: &str, colorterm: &str, locale: &str) -> Environment {
        Environment {
            no_color,
            term: term.to_owned(),
            colorterm: colorterm.to_owned(),
            locale: locale.to_owned(),
            ..Environment::default()
        }
    }

    #[test]
    fn depth_and_glyphs_follow_the_terminal() {
        for (e, depth, glyphs) in [
            (env(false, "xterm-256color", "", "en_AU.UTF-8"), Depth::Ansi256, Glyphs::Unicode),
            (env(false, "xterm-256color", "truecolor", "C.utf8"), Depth::True, Glyphs::Unicode),
            (env(true, "xterm-256color", "truecolor", "C.utf8"), Depth::Mono, Glyphs::Unicode),
            (env(false, "linux", "", "en_AU.UTF-8"), Depth::Ansi16, Glyphs::Ascii),
            (env(false, "xterm", "", "C"), Depth::Ansi16, Glyphs::Ascii),
            (env(false, "xterm", "", ""), Depth::Ansi16, Glyphs::Unicode),
            (env(false, "dumb", "", "C.utf8"), Depth::Mono, Glyphs::Ascii),
        ] {
            assert_eq!((e.depth(), e.glyphs()), (depth, glyphs), "{e:?}");
        }
        // Over SSH, where COLORTERM is lost.
        for (depth, terms) in [
            (
                Depth::True,
                &["xterm-kitty", "xterm-ghostty", "ghostty", "alacritty", "foot", "foot-extra", "wezterm", "contour", "iterm2", "rio"][..],
            ),
            (Depth::True, &["xterm-direct", "alacritty-direct", "foot-direct", "tmux-direct", "xterm-truecolor", "mintty"]),
            (Depth::Ansi256, &["screen-256color", "tmux-256color", "st-256color", "rxvt-unicode-256color", "vte-256color"]),
            (Depth::Ansi256, &["konsole-256color", "screen.xterm-256color", "putty-256color", "nsterm-256color"]),
            (Depth::Ansi16, &["xterm", "screen", "tmux", "rxvt", "vt100", "linux"]),
        ] {
            for term in terms {
                assert_eq!(env(false, term, "", "C.utf8").depth(), depth, "{term}");
            }
        }
        assert_eq!(env(true, "xterm-kitty", "", "C.utf8").depth(), Depth::Mono);
        assert_eq!(env(false, "xterm", "TrueColor", "C.utf8").depth(), Depth::True);
    }
}
