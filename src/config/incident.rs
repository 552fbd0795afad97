//! The command line of `incident`, as clap reads it. Decides nothing.

use std::path::PathBuf;

use clap::Subcommand;

use super::args::Format;

/// `incident`.
#[derive(Debug, Clone, Subcommand)]
pub enum IncidentCommand {
    /// List the incidents that are kept, the newest first
    List {
        /// Output format; JSON: one line per incident
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print everything that is known of one
    Show {
        /// Its id, or how it begins; `last` is the newest
        id: String,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the rules that recognise incidents, with a team's own; a bad one is refused with file and line
    Rules {
        /// Output format; JSON: one line per rule
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print a post-mortem draft as Markdown
    Export {
        /// Its id, or how it begins; `last` is the newest
        id: String,
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Poll once for charts and for what AWS still tells of its time
        #[arg(long)]
        charts: bool,
        /// Seconds to wait for sources that do not respond
        #[arg(long, default_value_t = 15, value_name = "SECONDS", requires = "charts", value_parser = clap::value_parser!(u64).range(1..=300))]
        timeout: u64,
    },
}
