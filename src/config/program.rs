//! The command line of what is about the program itself, as clap reads it: `keys`, `themes`, `config`, `completions` and `man`; with it the
//! version and the table of exit codes. Decides nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What was built, of which commit, for which target.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("NEXTCORE_TOP_COMMIT"), " ", env!("NEXTCORE_TOP_TARGET"), ")");

/// What a script may rely on; no line is wider than a narrow terminal.
pub const EXIT_CODES: &str = "\
Exit codes:
  every command         0 done; 2 wrong usage; 3 settings, credentials or the
                        endpoint unusable: nothing can be told; 4 read-only
  snapshot              0 healthy, 1 degraded, 2 down, 3 cannot tell
  check                 0 true, 1 false, 3 cannot tell
  logs, events          0 found, 1 none, 3 cannot tell
  verify                0 all pass, 1 one fails, 3 cannot tell or none decided
  runbook lint          0 nothing wrong, 1 something is
  runbook run           0 at its end, 1 stopped at what failed, 3 cannot tell
  audit, incident       0 listed, 3 damaged: what could be read is listed
  obligations           0 nothing left behind, 1 something is, 3 cannot tell
  config check          0 can be used, 2 cannot: with file, line and key
  screenshot --check    0 current, 1 stale
  scale, redeploy, ...  0 done, 1 failed or blocked by a check, 3 sent, but the
                        outcome is unknown, 4 read-only";

/// What is about the program itself: none of it reads a stack, or asks AWS.
#[derive(Debug, Clone, Subcommand)]
pub enum ProgramCommand {
    /// List the keys of the dashboard
    Keys(ListArgs),
    /// List the themes, or show how each role looks in one
    Themes(ThemesArgs),
    /// The configuration: check it, or print an example with every key
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script for a shell; services, stacks, themes and runbooks are completed from the configuration
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write one page per command
    Man {
        /// Directory to write a page per command to
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// `themes`.
#[derive(Debug, Clone, Args)]
pub struct ThemesArgs {
    /// Show this one: a name, or the path of a theme file
    #[arg(value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// Output format; JSON: one line per theme, or per role of one
    #[arg(long, value_enum, default_value_t)]
    pub format: Listing,
}

/// `config`.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration that would be used, and what it names; exit 0 with the origin of each setting, or 2 with file, line and key
    Check(ListArgs),
    /// Print a configuration with every key, commented out
    Example,
}

/// A list, and nothing to choose but its format.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Output format; JSON: one line per row
    #[arg(long, value_enum, default_value_t)]
    pub format: Listing,
}

/// Output of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Listing {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

/// The shells that can ask what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}
